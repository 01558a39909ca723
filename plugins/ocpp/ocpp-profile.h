/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A slice of a plan as a charging schedule, and a schedule as a curve: pure computation.
 */
#pragma once

#include <cariflex/cfx-adapter.h>

#include "ocpp-curve.h"
#include "ocpp-messages.h"

G_BEGIN_DECLS

/* what a station and a car make of a schedule */
typedef struct {
    gint32 unit;          /* OCPP_UNIT_A or OCPP_UNIT_W */
    gint32 phases;        /* 1 to 3 in use; 0 unknown: three, because this is a limit */
    double voltage_v;     /* phase to neutral */
    double min_current_a; /* below it nothing flows */
    double max_current_a; /* of EVSE, cable, car; INFINITY: unknown */
    gsize max_periods;    /* 0: as many as there are */
    gint64 clock_off_us;  /* how far the station's clock is ahead of ours */
    gint64 start_past_us; /* the schedule starts so much before now */
} OcppProfileRules;

/* a schedule that goes on the wire */
typedef struct {
    gint64 start_us; /* by the station's clock; whole seconds */
    gint32 unit;
    gint64 n_phases; /* CFX_JSON_NO_INT: left out */
    gsize n;
    OcppSchedulePeriod *periods; /* ready for encoding */
    OcppCurve *curve;            /* what it allows, by our clock */
} OcppScheduleText;

void ocpp_schedule_free(OcppScheduleText *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(OcppScheduleText, ocpp_schedule_free)

/* What the slice's row wants of a transaction: its power, then the fail-safe power for ever.
 * (transfer full) */
OcppCurve *ocpp_profile_wanted(const CfxPlan *plan, gsize row, gint64 now_us);
/* What it wants of an EVSE without a plan: its fail-safe power, lowered by known events. */
OcppCurve *ocpp_profile_fail_safe(const CfxPlan *plan, gsize row, gint64 now_us);

/* The schedule that allows nowhere more than @wanted. (transfer full) */
OcppScheduleText *
ocpp_profile_schedule(const OcppCurve *wanted, const OcppProfileRules *rules, gint64 now_us);

/*
 * What a profile that a station reports allows by our clock. Absolute ones only.
 * @ret_phases: that its first period names; 0: three, or none
 * Returns: (transfer full) (nullable) NULL where it is none that we would send
 */
OcppCurve *
ocpp_profile_read(const OcppProfile *profile, const OcppProfileRules *rules, gint32 *ret_phases);

/* One limit of a schedule in W. */
double
ocpp_profile_limit_w(double limit, gint32 unit, gint64 n_phases, const OcppProfileRules *rules);

G_END_DECLS
