/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What we know of a charging station: who it is, its EVSEs, its transactions, its calls. One struct
 * for each; the verbs are in the files that the comments name. All on the instance's home thread.
 */
#pragma once

#include <cariflex/cfx-adapter.h>
#include <cariflex/cfx-data.h>
#include <cariflex/cfx-model.h>
#include <cariflex/cfx-web.h>

#include "ocpp-curve.h"
#include "ocpp-meter.h"
#include "ocpp-messages.h"
#include "ocpp-phases.h"

G_BEGIN_DECLS

#define OCPP_CONNECTORS_MAX 8
#define OCPP_REPEATS 4
#define OCPP_CLOCK_SAMPLES 4
#define OCPP_LEAST_CURRENT_A 6.0

typedef struct _OcppInstance OcppInstance; /* ocpp-instance.h */
typedef struct _OcppStation OcppStation;
typedef struct _OcppEvse OcppEvse;
typedef struct _OcppCall OcppCall;       /* ocpp-call.h */
typedef struct _OcppAnswer OcppAnswer;   /* ocpp-answer.h */
typedef struct _OcppOnboard OcppOnboard; /* ocpp-onboard.h */

/* a car's transaction: ocpp-transaction.h */
typedef struct {
    char *id;
    gint64 evse_id;              /* 0: not told yet */
    gint64 started_us, ended_us; /* ended 0: open */
    gint64 last_us;              /* of the newest event */
    GArray *seqs; /* of gint64 pairs (first, last), ascending: which events have come */
    gint64 first_seq, last_seq, end_seq; /* -1: none */
    gint32 state;                        /* OCPP_CHARGING_… of the newest event */
    gint32 stopped_reason;               /* -1: none */
    gboolean is_incomplete;              /* its Started event never came */
    gboolean was_offline;
    char *token;              /* "type:value", NULL: none yet */
    double begin_wh, last_wh; /* register, NAN unknown */
    char *closed_by;          /* NULL, "event" or "abandoned" */
} OcppTransaction;

/* the two profiles that an EVSE gets from us: ocpp-steer.h */
enum { OCPP_SLOT_DEFAULT, OCPP_SLOT_TX, OCPP_N_SLOTS };

typedef struct {
    OcppCurve *installed;  /* accepted, or read back; NULL: none that we know of */
    OcppCurve *sent;       /* on the wire now, without an answer yet */
    OcppCurve *doubt;      /* the most of what was sent before and never answered; NULL: nothing */
    char *transaction;     /* of the TX slot: whose profile `installed` or `sent` is */
    gint64 epoch, version; /* of the slice that `installed` fulfils */
    gint64 sent_epoch, sent_version, sent_trace, sent_real_us, answered_real_us;
    gint32 phases, sent_phases; /* that `installed` and `sent` name: 1, 2; 0: none, so three */
    guint rung;                 /* ocpp-ladder.h */
    guint attempts;             /* without an answer */
    gboolean is_refused;        /* at the end of the ladder */
    gboolean must_send;         /* whatever we believe: it has booted */
    gboolean is_sure;           /* accepted or read back since it booted */
} OcppProfileSlot;

struct _OcppEvse {
    OcppStation *station;
    gint64 id, asset;
    gboolean is_bound; /* FALSE: taken out of the register */
    gint64 power_sensor, energy_sensor, stock_sensor;
    /* registered: from the asset's attributes */
    double voltage_v, min_current_a, registered_current_a;
    gint32 registered_phases;
    /* reported */
    gint32 connector[OCPP_CONNECTORS_MAX]; /* OCPP_CONNECTOR_…, -1 unknown; index: connector - 1 */
    GPtrArray *problems; /* (element-type utf8) "COMPONENT/CONNECTOR" that report one */
    double rated_w;      /* EVSE.Power, NAN unknown */
    gint32 supply_phases;
    OcppTransaction *transaction;         /* open, or NULL */
    gint64 belief_us;                     /* of its newest belief */
    gint64 reading_us;                    /* of the newest reading */
    double power_w, energy_wh, soc_ratio; /* newest */
    OcppPhases phases;                    /* of the car */
    double cable_current_a;               /* NAN unknown */
    /* what the car stated: NotifyEVChargingNeeds */
    gint64 needs_us;   /* 0: nothing */
    gint64 needs_hash; /* of what it said, to know it again */
    double need_wh, car_current_a, car_min_current_a, car_power_w;
    gint64 departure_us;
    /* what others allow: NotifyChargingLimit */
    OcppCurve *external; /* NULL: no limit */
    gint32 external_source;
    CfxTimer external_timer;
    /* what we want: ocpp-steer.h */
    CfxPlan plan; /* kept; owner NULL and version 0: none */
    gsize plan_row;
    gint64 plan_epoch, plan_version;
    gboolean plan_is_for_tx; /* it came while the transaction was open */
    guint sending;           /* the slot that `is_busy` is about */
    OcppCurve *substitute; /* a plan that may go on as default after its transaction; NULL: none */
    gint64 accepted_us;    /* SITE: when the last one was accepted */
    gboolean disobeys;     /* it draws more than it has accepted, and that was said */
    OcppProfileSlot slots[OCPP_N_SLOTS];
    gboolean is_busy;   /* a SetChargingProfile for it is queued or on its way */
    gboolean is_queued; /* in the instance's list of work */
    CfxTimer steer_timer;
    double accepted_fail_safe_w; /* NAN: the station has not accepted one */
    gboolean ended_is_due;       /* the next report ends a session */
    char *ended;
    gint64 ended_us;
    double ended_wh;
    char *words; /* the station's own, on its state or refusal; NULL */
};

/* what the station's device model says about its limits: ocpp-variables.h */
typedef struct {
    gint32 takes_a, takes_w; /* -1 unknown */
    gint64 max_periods, max_stack_level;
    gint64 get_items, set_items; /* per message */
} OcppLimits;

/* an answer that may have to be given again */
typedef struct {
    guint64 hash;
    char *text; /* NULL: not answered yet */
    gsize size;
} OcppRepeat;

struct _OcppStation {
    OcppInstance *instance;
    int refs;
    char *identity;
    gint64 asset;      /* of the station itself, for notices; 0 unknown */
    gboolean is_bound; /* FALSE: taken out of the register */
    /* connection */
    CfxSocket *socket;  /* NULL: offline */
    guint64 connection; /* counts */
    gint64 left_us;     /* SITE: when it went; 0: it has not been here yet */
    GQueue answers;     /* OcppAnswer, in the order of their calls */
    OcppRepeat repeats[OCPP_REPEATS];
    guint next_repeat;
    GQueue calls; /* OcppCall, waiting */
    OcppCall *in_flight;
    CfxTimer call_timer;
    /* registration */
    gboolean is_accepted;
    gboolean is_booting;   /* its BootNotification is not answered yet: no calls */
    CfxTimer settle_timer; /* it has connected; will it boot? until that is clear: no calls */
    char *vendor, *model, *serial, *firmware;
    gint32 boot_reason;
    gint64 boot_us;
    OcppLimits limits;
    GPtrArray *evses;         /* OcppEvse, by id */
    GPtrArray *transactions;  /* OcppTransaction: open ones and the last ended */
    OcppCurve *installer_max; /* ChargingStationMaxProfile that is not ours; NULL: none */
    enum { OCPP_MAX_UNREAD, OCPP_MAX_KNOWN, OCPP_MAX_UNREADABLE } max_is;
    gboolean is_reading; /* its profiles are being read back: nothing is changed */
    guint n_onboards;
    OcppOnboard *onboard;  /* the sequence that runs after a boot or reconnect; NULL: done */
    gboolean doubt_is_due; /* what was sent will be stored */
    gint64 last_change_us; /* SITE: last profile that raised something */
    gint64 clock_samples[OCPP_CLOCK_SAMPLES];
    guint n_clock_samples;
    GString *inventory; /* parts of the report that is coming in; NULL: none */
    gint64 inventory_id;
};

OcppStation *ocpp_station_new(OcppInstance *instance, const char *identity);
OcppStation *ocpp_station_ref(OcppStation *self);
void ocpp_station_unref(OcppStation *self);

OcppEvse *ocpp_station_evse(OcppStation *self, gint64 id); /* NULL: not bound */
OcppEvse *ocpp_station_add_evse(OcppStation *self, gint64 id);
void ocpp_station_remove_evse(OcppStation *self, OcppEvse *evse);

/* The name under which a model's peculiarities are kept: "vendor/model/firmware". (transfer full)
 */
char *ocpp_station_model_name(const OcppStation *self);

/* A fresh message of the station carried this time: learn how far its clock is off. */
void ocpp_station_saw_clock(OcppStation *self, gint64 its_us, gint64 our_us);
/* How far its clock is ahead of ours, where it is more than 30 s; else 0. */
gint64 ocpp_station_clock_off(const OcppStation *self);

/* Phases in use, 0 unknown; voltage; the least and the highest current. */
gint32 ocpp_evse_phases(const OcppEvse *self);
double ocpp_evse_max_current(const OcppEvse *self); /* INFINITY unknown */
double ocpp_evse_min_current(const OcppEvse *self);

G_END_DECLS
