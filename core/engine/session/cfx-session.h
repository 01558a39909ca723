/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Who wants what: a car's stay at an EVSE, its need, what we promised and what it got.
 */
#pragma once

#include "cfx-engine-private.h"

#define CFX_SESSION_COLLECTION "cfx.session"
/* what is less than this is no shortfall */
#define CFX_SESSION_TOLERANCE_WH 100.0

/* where a field comes from, the strongest first; entry, car and token are "stated" */
typedef enum {
    CFX_FROM_ENTRY,   /* a person, for this session */
    CFX_FROM_CAR,     /* the car itself */
    CFX_FROM_TOKEN,   /* preference of its idToken */
    CFX_FROM_HISTORY, /* learned */
    CFX_FROM_EVSE,    /* default of the EVSE: assumed */
    CFX_FROM_NOBODY,  /* unknown: assumed */
    CFX_N_FROM
} CfxFrom;

/* what one of them says; NAN and 0: nothing */
typedef struct {
    double need_wh, minimum_wh;
    gint64 departure_us;
} CfxStatement;

typedef struct {
    double value; /* NAN: nobody said */
    CfxFrom from;
} CfxField;

/* a promise that was raised has parts of several ages; each is a level above the one before */
typedef struct {
    double wh;
    gint64 us;
} CfxPromise;
#define CFX_PROMISES_MAX 6

struct _CfxSession {
    gint64 asset, site;
    char *id, *key;    /* of the transaction; of the record */
    char *label;       /* of the station */
    char *token, *car; /* nullable */
    gint64 arrival_us;
    gint64 ended_us; /* 0: still there */

    CfxStatement said[CFX_N_FROM];
    CfxField need_wh, minimum_wh; /* AC Wh since plug-in */
    gint64 departure_us;          /* 0: unknown */
    CfxFrom departure_from;
    guint32 phases;       /* that were ever seen; 0: unknown */
    double current_max_a; /* that was ever said; NAN: unknown */

    double stock_wh;    /* drawn since plug-in */
    double promised_wh; /* NAN: nothing was promised */
    gint64 promised_us; /* when it last changed */
    CfxPromise promises[CFX_PROMISES_MAX];
    guint n_promises;    /* the last one's level is promised_wh */
    const char *cause;   /* static: why a promise fell or something is short; NULL */
    double delivered_wh; /* NAN: not ended */
    gboolean is_full;
    gboolean was_told;   /* its story has begun */
    gboolean is_changed; /* the record is behind */
};

CfxSession *cfx_session_new(gint64 site, gint64 asset, const char *id, gint64 arrival_us);
void cfx_session_free(CfxSession *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(CfxSession, cfx_session_free)

/* Chooses each field: the first in the order of CfxFrom that says something. */
void cfx_session_choose(CfxSession *self);
const char *cfx_from_name(CfxFrom from);  /* "entry", "car", … */
const char *cfx_from_grade(CfxFrom from); /* "stated", "learned", "assumed" */
gboolean cfx_from_is_stated(CfxFrom from);

/* When it is counted to leave: its departure; once that is over, the next half hour after it.
 * 0: unknown. */
gint64 cfx_session_leaves_us(const CfxSession *self, gint64 now_us);

/*
 * A plan shows @planned_wh in the car at its departure. Makes the promise, raises it, or lets it
 * fall, for which @cause (static) must be named. Nothing without a stated need.
 * Returns: whether the promise changed
 */
gboolean cfx_session_promise(CfxSession *self, double planned_wh, gint64 now_us, const char *cause);

/* What is missing of what was asked; NAN: nothing was stated. */
double cfx_session_shortfall_wh(const CfxSession *self);

/* A device has reported. */
void cfx_session_device(CfxEngineDevice *device, const CfxDevice *before);
/* The session ends: the record is closed and kept among the ended ones. */
void cfx_session_end(CfxEngineDevice *device, gint64 ended_us, double delivered_wh);
/* Whether the car counts as full: its device reports SuspendedEV, or power that falls, for long
 * enough. */
gboolean cfx_session_watch_full(CfxEngineDevice *device, gint64 now_us);

/* Records: cfx-session-record.c */
void cfx_session_write(CfxSession *self, CfxEngine *engine);
CfxSession *cfx_session_parse(const char *doc, gsize size, GError **error);
char *cfx_session_json(const CfxSession *self);

/* CfxDeviceApi.session_set */
void cfx_session_api_set(const CfxHost *host, const CfxNeedAsk *ask, CfxDone done, gpointer data);
