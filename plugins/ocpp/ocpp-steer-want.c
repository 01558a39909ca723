/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What the station should have, what it may draw, and what of both the host is told. */
#include "ocpp-steer-private.h"

#include <math.h>

/* a profile that lowers nothing in this time may wait */
#define SOON_US CFX_MINUTE

/* --- ids ------------------------------------------------------------------------------------ */

gint64
ocpp_steer_profile_id(const OcppEvse *evse, gint32 purpose)
{
    return 100 * evse->id + 10 * purpose;
}

gboolean
ocpp_steer_is_ours(const OcppStation *station, gint64 profile_id)
{
    for (guint i = 0; i < station->evses->len; i++) {
        const OcppEvse *evse = g_ptr_array_index(station->evses, i);

        if (profile_id / 100 == evse->id && profile_id % 100 % 10 == 0 && profile_id % 100 >= 10 &&
            profile_id % 100 <= 30)
            return TRUE;
    }
    return FALSE;
}

/* --- what is wanted, and what is allowed ---------------------------------------------------- */

gboolean
ocpp_steer_has_plan(const OcppEvse *evse)
{
    return evse->plan.owner != NULL;
}

gint64
ocpp_steer_plan_flags(const OcppEvse *evse)
{
    return evse->plan.flags.at != NULL ? cfx_int_at(evse->plan.flags, evse->plan_row) : 0;
}

gboolean
ocpp_steer_has_tx_profile(const OcppEvse *evse)
{
    const OcppProfileSlot *tx = &evse->slots[OCPP_SLOT_TX];

    return evse->transaction != NULL && tx->transaction != NULL &&
           strcmp(tx->transaction, evse->transaction->id) == 0;
}

void
ocpp_steer_raise(OcppCurve **curve, const OcppCurve *by, gint64 now_us)
{
    OcppCurve *both;

    if (by == NULL)
        return;
    both = *curve != NULL ? ocpp_curve_higher(*curve, by, now_us) : ocpp_curve_copy(by);
    g_free(*curve);
    *curve = both;
}

/* @base: (nullable) what is in force for certain, or NULL where that is unknown */
static OcppCurve *
most_of(const OcppProfileSlot *at, const OcppCurve *base, gint64 now_us)
{
    OcppCurve *curve;

    if (base == NULL)
        return NULL;
    curve = ocpp_curve_from(base, now_us);
    ocpp_steer_raise(&curve, at->sent, now_us);
    ocpp_steer_raise(&curve, at->doubt, now_us);
    return curve;
}

/* what holds without a transaction; NULL: not known */
static OcppCurve *
idle_of(const OcppEvse *evse, gint64 now_us)
{
    const OcppProfileSlot *standard = &evse->slots[OCPP_SLOT_DEFAULT];
    OcppCurve *idle = most_of(standard, standard->installed, now_us);

    if (idle != NULL)
        ocpp_steer_raise(&idle, evse->substitute, now_us);
    return idle;
}

OcppCurve *
ocpp_steer_allowed(const OcppEvse *evse, gint64 now_us)
{
    const OcppProfileSlot *tx = &evse->slots[OCPP_SLOT_TX];
    g_autofree OcppCurve *idle = idle_of(evse, now_us);

    if (!ocpp_steer_has_tx_profile(evse))
        return g_steal_pointer(&idle);
    return most_of(tx, tx->installed != NULL ? tx->installed : idle, now_us);
}

/* What it may draw whatever happens: its car may leave, and the next one begins with the default.
 * NULL: not known */
static OcppCurve *
may_draw(const OcppEvse *evse, gint64 now_us)
{
    g_autofree OcppCurve *allowed = ocpp_steer_allowed(evse, now_us);
    g_autofree OcppCurve *idle = idle_of(evse, now_us);

    if (allowed == NULL || idle == NULL)
        return NULL;
    ocpp_steer_raise(&allowed, idle, now_us);
    return g_steal_pointer(&allowed);
}

/* the schedule that a slot should have now */
OcppScheduleText *
ocpp_steer_schedule(OcppEvse *evse, guint slot, gint64 now_us, OcppLadderShape *shape)
{
    OcppStation *station = evse->station;
    g_autofree OcppCurve *wanted =
        slot == OCPP_SLOT_TX ? ocpp_profile_wanted(&evse->plan, evse->plan_row, now_us)
                             : ocpp_profile_fail_safe(&evse->plan, evse->plan_row, now_us);

    ocpp_ladder_shape(evse, slot, evse->slots[slot].rung, shape);
    if (shape->purpose == OCPP_PURPOSE_STATION_MAX && station->installer_max != NULL) {
        OcppCurve *capped = ocpp_curve_lower(wanted, station->installer_max, now_us);

        g_free(wanted);
        wanted = capped;
    }
    return ocpp_profile_schedule(wanted, &shape->rules, now_us);
}

/* On the last rung default and plan are one profile: while there is a plan, its end is the default.
 */
static gboolean
is_under_plan(const OcppEvse *evse)
{
    const OcppProfileSlot *standard = &evse->slots[OCPP_SLOT_DEFAULT];
    const OcppProfileSlot *tx = &evse->slots[OCPP_SLOT_TX];

    return standard->rung == OCPP_RUNG_AS_STATION_MAX && tx->rung == OCPP_RUNG_AS_STATION_MAX &&
           !standard->must_send && ocpp_steer_has_tx_profile(evse) && tx->installed != NULL;
}

static gboolean
may_have(const OcppEvse *evse, guint slot)
{
    if (!ocpp_steer_has_plan(evse) || evse->slots[OCPP_SLOT_DEFAULT].is_refused ||
        evse->slots[slot].is_refused)
        return FALSE;
    if (evse->slots[slot].rung == OCPP_RUNG_AS_STATION_MAX &&
        evse->station->max_is != OCPP_MAX_KNOWN)
        return FALSE; /* before we have read the installer's we might override it */
    if (slot == OCPP_SLOT_DEFAULT)
        return !is_under_plan(evse);
    return evse->transaction != NULL && evse->plan_is_for_tx &&
           (ocpp_steer_plan_flags(evse) & CFX_PLAN_FAIL_SAFE_ONLY) == 0;
}

static gint32
named_phases(const OcppScheduleText *schedule)
{
    return schedule->n_phases != CFX_JSON_NO_INT ? (gint32)schedule->n_phases : 0;
}

/* Whether the station must be told something about a slot. @ret_lowers: (nullable) soon less */
gboolean
ocpp_steer_needs(OcppEvse *evse, guint slot, gint64 now_us, gboolean *ret_lowers)
{
    const OcppProfileSlot *at = &evse->slots[slot];
    g_autoptr(OcppScheduleText) schedule = NULL;
    g_autofree OcppCurve *allowed = NULL;
    OcppLadderShape shape;
    gboolean is_installed;

    if (!may_have(evse, slot))
        return FALSE;
    schedule = ocpp_steer_schedule(evse, slot, now_us, &shape);
    is_installed = at->installed != NULL &&
                   (slot == OCPP_SLOT_DEFAULT || ocpp_steer_has_tx_profile(evse)) &&
                   (shape.rules.unit == OCPP_UNIT_W || at->phases == named_phases(schedule)) &&
                   ocpp_curve_is_same(schedule->curve, at->installed, now_us);
    if (is_installed && at->sent == NULL && at->doubt == NULL && !at->must_send)
        return FALSE;
    allowed = ocpp_steer_allowed(evse, now_us);
    if (ret_lowers != NULL)
        *ret_lowers =
            allowed == NULL || at->must_send ||
            ocpp_curve_is_lower_somewhere(schedule->curve, allowed, now_us, now_us + SOON_US);
    return TRUE;
}

static gboolean
needs_any(OcppEvse *evse, gint64 now_us)
{
    return ocpp_steer_needs(evse, OCPP_SLOT_DEFAULT, now_us, NULL) ||
           ocpp_steer_needs(evse, OCPP_SLOT_TX, now_us, NULL);
}

/* --- telling the host ----------------------------------------------------------------------- */

static guint32
state_of(OcppEvse *evse, gint64 now_us, gboolean is_lost)
{
    if (is_lost)
        return CFX_APPLIED_LOST;
    if (evse->slots[OCPP_SLOT_DEFAULT].is_refused ||
        (evse->slots[OCPP_SLOT_TX].is_refused && evse->transaction != NULL))
        return CFX_APPLIED_REFUSED;
    if (!ocpp_steer_has_plan(evse))
        return evse->slots[OCPP_SLOT_DEFAULT].installed != NULL ? CFX_APPLIED_INSTALLED
                                                                : CFX_APPLIED_WAITING;
    return evse->is_busy || needs_any(evse, now_us) ? CFX_APPLIED_WAITING : CFX_APPLIED_INSTALLED;
}

void
ocpp_steer_tell(OcppEvse *evse, const char *words, gboolean is_lost)
{
    const CfxHost *host = evse->station->instance->host;
    gint64 now_us = cfx_now_site(host);
    g_autofree OcppCurve *allowed = may_draw(evse, now_us);
    const OcppProfileSlot *slot = &evse->slots[evse->sending];
    CfxApplied applied = {
        .struct_size = sizeof(applied),
        .state = state_of(evse, now_us, is_lost),
        .asset = evse->asset,
        .words = words,
        .fail_safe_w = evse->accepted_fail_safe_w,
    };
    const CfxApplied *list = &applied;

    if (evse->asset == 0)
        return;
    if (ocpp_steer_has_plan(evse)) {
        applied.epoch = evse->plan_epoch;
        applied.version = evse->plan_version;
        applied.trace = evse->plan.trace;
    }
    if (slot->sent_version == evse->plan_version && slot->sent_epoch == evse->plan_epoch) {
        applied.sent_real_us = slot->sent_real_us;
        applied.answered_real_us = slot->answered_real_us;
    }
    /* one that refuses counts at its rating */
    if (allowed != NULL && applied.state != CFX_APPLIED_REFUSED) {
        applied.n_allowed = allowed->n;
        applied.allowed_us =
            (CfxInts){ &allowed->steps[0].at_us, sizeof(OcppStep) / sizeof(gint64) };
        applied.allowed_w = (CfxReals){ &allowed->steps[0].w, sizeof(OcppStep) / sizeof(double) };
    }
    host->devices->applied(host, &list, 1);
}
