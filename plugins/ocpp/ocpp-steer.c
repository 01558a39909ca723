/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "ocpp-steer-private.h"

#include <math.h>

#define STEPS_A_TURN 256
#define RETRY_US (10 * CFX_SECOND)
#define RETRY_MAX_US (5 * CFX_MINUTE)
/* a car may take so long to follow, and meters differ so much */
#define OBEY_US CFX_MINUTE
#define OBEY_W 300
#define OBEY_SHARE 1.05

/* --- whose turn it is ----------------------------------------------------------------------- */

static void
look_again(gpointer data)
{
    OcppEvse *evse = data;

    evse->steer_timer = 0;
    ocpp_steer_mark(evse, FALSE);
}

static void
wait_until(OcppEvse *evse, guint32 clock, gint64 at_us)
{
    const CfxHost *host = evse->station->instance->host;

    cfx_timer_clear(host, &evse->steer_timer);
    evse->steer_timer = host->base->timer_start(host, clock, at_us, look_again, evse);
}

/* what is wanted is sent until it is installed, ever more seldom */
static gint64
retry_us(const OcppProfileSlot *at)
{
    return MIN(RETRY_US << MIN(at->attempts - 1, 5), RETRY_MAX_US);
}

/* FALSE: not now; a timer looks again */
static gboolean
may_send(OcppEvse *evse, guint slot, gboolean lowers)
{
    const CfxHost *host = evse->station->instance->host;
    gint64 pause_us = evse->station->instance->change_pause_us;
    gint64 since = evse->station->last_change_us + pause_us;
    gint64 not_before = evse->plan.not_before_us.at != NULL
                            ? cfx_int_at(evse->plan.not_before_us, evse->plan_row)
                            : 0;

    if (evse->slots[slot].attempts > 0 && !evse->slots[slot].must_send) {
        gint64 again_us = evse->slots[slot].sent_real_us + retry_us(&evse->slots[slot]);

        if (cfx_now_real(host) < again_us) {
            wait_until(evse, CFX_CLOCK_REAL, again_us);
            return FALSE;
        }
    }
    if (lowers || (ocpp_steer_plan_flags(evse) & CFX_PLAN_URGENT) != 0)
        return TRUE;
    if (not_before > cfx_now_real(host)) {
        wait_until(evse, CFX_CLOCK_REAL, not_before);
        return FALSE;
    }
    /* time that went backwards is a new clock */
    if (cfx_now_site(host) < since && cfx_now_site(host) >= evse->station->last_change_us) {
        wait_until(evse, CFX_CLOCK_SITE, since);
        return FALSE;
    }
    return TRUE;
}

/* While a transaction runs its own profile is what counts, but the fail-safe power comes first. */
static guint
slot_at(const OcppEvse *evse, guint i)
{
    const OcppProfileSlot *standard = &evse->slots[OCPP_SLOT_DEFAULT];
    gboolean is_default_first = standard->installed == NULL || standard->must_send;

    return (i == 0) == is_default_first ? OCPP_SLOT_DEFAULT : OCPP_SLOT_TX;
}

/* The slot to send now, -1: none. */
gint
ocpp_steer_next_slot(OcppEvse *evse, gint64 now_us, gboolean *ret_lowers)
{
    for (guint i = 0; i < OCPP_N_SLOTS; i++) {
        guint slot = slot_at(evse, i);

        *ret_lowers = FALSE;
        if (ocpp_steer_needs(evse, slot, now_us, ret_lowers) && may_send(evse, slot, *ret_lowers))
            return (gint)slot;
    }
    return -1;
}

static void
look(OcppEvse *evse)
{
    OcppStation *station = evse->station;
    gboolean lowers = FALSE, is_urgent;
    gint slot;

    if (evse->is_busy || station->socket == NULL || !station->is_accepted || station->is_booting ||
        station->settle_timer != 0 || !ocpp_steer_has_plan(evse))
        return;
    is_urgent = (ocpp_steer_plan_flags(evse) & CFX_PLAN_URGENT) != 0;
    if (station->is_reading && !is_urgent)
        return;
    slot = ocpp_steer_next_slot(evse, cfx_now_site(station->instance->host), &lowers);
    if (slot < 0)
        return;
    cfx_timer_clear(station->instance->host, &evse->steer_timer);
    evse->is_busy = TRUE;
    ocpp_call_build(station,
                    is_urgent ? OCPP_PRIORITY_URGENT
                    : lowers  ? OCPP_PRIORITY_LOWER
                              : OCPP_PRIORITY_NORMAL,
                    "SetChargingProfile",
                    ocpp_steer_build,
                    ocpp_steer_answered,
                    evse);
}

static void
work(gpointer data)
{
    OcppInstance *instance = data;
    guint n = 0;

    instance->work_is_posted = FALSE;
    if (instance->is_stopping)
        return;
    for (int i = 0; i < 2; i++) {
        while (instance->work[i]->len > 0 && n++ < STEPS_A_TURN) {
            OcppEvse *evse = g_ptr_array_remove_index(instance->work[i], 0);

            evse->is_queued = FALSE;
            look(evse);
            ocpp_calls_pump(evse->station);
        }
    }
    if (instance->work[0]->len + instance->work[1]->len > 0 && !instance->work_is_posted) {
        instance->work_is_posted = TRUE;
        instance->host->base->post(instance->host, work, instance);
    }
}

void
ocpp_steer_mark(OcppEvse *evse, gboolean is_urgent)
{
    OcppInstance *instance = evse->station->instance;

    if (evse->is_queued && is_urgent)
        g_ptr_array_remove(instance->work[1], evse);
    if (evse->is_queued && !is_urgent)
        return;
    if (!g_ptr_array_find(instance->work[0], evse, NULL))
        g_ptr_array_add(instance->work[is_urgent ? 0 : 1], evse);
    evse->is_queued = TRUE;
    if (instance->work_is_posted || instance->is_stopping)
        return;
    instance->work_is_posted = TRUE;
    instance->host->base->post(instance->host, work, instance);
}

void
ocpp_steer_forget(OcppEvse *evse)
{
    OcppInstance *instance = evse->station->instance;

    g_ptr_array_remove(instance->work[0], evse);
    g_ptr_array_remove(instance->work[1], evse);
    cfx_timer_clear(instance->host, &evse->steer_timer);
}

/* --- what happens --------------------------------------------------------------------------- */

static void
take_row(OcppEvse *evse, const CfxPlan *plan, gsize row)
{
    gboolean is_older = plan->epoch < evse->plan_epoch ||
                        (plan->epoch == evse->plan_epoch && plan->version < evse->plan_version);

    if (ocpp_steer_has_plan(evse) && is_older)
        return;
    cfx_plan_drop(&evse->plan);
    cfx_plan_keep(&evse->plan, plan);
    evse->plan_row = row;
    evse->plan_epoch = plan->epoch;
    evse->plan_version = plan->version;
    evse->plan_is_for_tx = evse->transaction != NULL;
    for (guint i = 0; i < OCPP_N_SLOTS; i++) {
        if (evse->slots[i].attempts >= OCPP_STEER_ATTEMPTS)
            evse->slots[i].attempts = 0;
    }
    ocpp_steer_tell(evse, NULL, FALSE);
    ocpp_steer_mark(evse, (ocpp_steer_plan_flags(evse) & CFX_PLAN_URGENT) != 0);
}

void
ocpp_steer_apply(OcppInstance *instance, const CfxPlan *plan)
{
    for (gsize row = 0; row < plan->n_devices; row++) {
        OcppEvse *evse = ocpp_instance_evse(instance, cfx_int_at(plan->asset, row));

        if (evse != NULL)
            take_row(evse, plan, row);
    }
}

void
ocpp_steer_transaction_began(OcppEvse *evse)
{
    evse->plan_is_for_tx = FALSE;
    evse->slots[OCPP_SLOT_TX].attempts = 0;
    evse->slots[OCPP_SLOT_TX].is_refused = FALSE;
    evse->slots[OCPP_SLOT_TX].rung =
        ocpp_ladder_first(&evse->station->instance->ladder, evse->station, OCPP_SLOT_TX);
    ocpp_steer_tell(evse, NULL, FALSE);
}

static void
cleared(OcppStation *station, gpointer data, const OcppCallResult *result)
{
    OcppEvse *evse = data;
    OcppStatusAnswer answer;

    /* Unknown says that it is gone as well; the rest is found when profiles are read back */
    if (!ocpp_call_decode(station,
                          result,
                          ocpp_action_find("ClearChargingProfile")->answer,
                          &answer,
                          &station->instance->arena) ||
        station->instance->is_stopping)
        return;
    g_clear_pointer(&evse->substitute, g_free);
    ocpp_steer_tell(evse, NULL, FALSE);
}

void
ocpp_steer_clear(OcppEvse *evse, gint32 purpose)
{
    OcppClearProfile clear = { .profile_id = ocpp_steer_profile_id(evse, purpose) };

    ocpp_call_send(evse->station,
                   OCPP_PRIORITY_LOWER,
                   "ClearChargingProfile",
                   ocpp_action_find("ClearChargingProfile")->request,
                   &clear,
                   cleared,
                   evse);
}

/* A TxProfile goes with its transaction; what stood for one on the ladder does not. */
static void
clear_substitute(OcppEvse *evse)
{
    OcppProfileSlot *standard = &evse->slots[OCPP_SLOT_DEFAULT];
    const OcppProfileSlot *tx = &evse->slots[OCPP_SLOT_TX];
    gint64 now_us = cfx_now_site(evse->station->instance->host);
    gboolean is_max = tx->rung == OCPP_RUNG_AS_STATION_MAX;

    if (tx->rung < OCPP_RUNG_AS_DEFAULT ||
        (tx->installed == NULL && tx->sent == NULL && tx->doubt == NULL))
        return;
    /* until it is gone it stands for the default; above a default it is a ceiling and no more */
    if (!is_max || standard->rung == OCPP_RUNG_AS_STATION_MAX) {
        ocpp_steer_raise(&evse->substitute, tx->installed, now_us);
        ocpp_steer_raise(&evse->substitute, tx->sent, now_us);
        ocpp_steer_raise(&evse->substitute, tx->doubt, now_us);
    }
    /* the default takes its place, and there is no moment without either */
    if (is_max && standard->rung == OCPP_RUNG_AS_STATION_MAX)
        standard->must_send = TRUE;
    else
        ocpp_steer_clear(evse, is_max ? 1 : 2);
}

void
ocpp_steer_transaction_ended(OcppEvse *evse)
{
    OcppProfileSlot *tx = &evse->slots[OCPP_SLOT_TX];

    clear_substitute(evse);
    g_clear_pointer(&tx->installed, g_free);
    g_clear_pointer(&tx->sent, g_free);
    g_clear_pointer(&tx->doubt, g_free);
    g_clear_pointer(&tx->transaction, g_free);
    tx->is_refused = FALSE;
    evse->plan_is_for_tx = FALSE;
    ocpp_steer_tell(evse, NULL, FALSE);
    ocpp_steer_mark(evse, FALSE);
}

void
ocpp_steer_connected(OcppStation *station, gboolean has_booted)
{
    for (guint i = 0; i < station->evses->len; i++) {
        OcppEvse *evse = g_ptr_array_index(station->evses, i);

        for (guint slot = 0; slot < OCPP_N_SLOTS; slot++) {
            evse->slots[slot].attempts = 0;
            evse->slots[slot].is_refused = FALSE;
            evse->slots[slot].is_sure &= !has_booted;
            evse->slots[slot].rung = ocpp_ladder_first(&station->instance->ladder, station, slot);
        }
        evse->slots[OCPP_SLOT_DEFAULT].must_send |= has_booted;
        ocpp_steer_mark(evse, FALSE);
    }
}

/* @named: phases that the profile names; 0: three, and more there are not */
static void
scale(OcppCurve *curve, gint32 named, gint32 now)
{
    for (gsize i = 0; curve != NULL && named > 0 && i < curve->n; i++)
        curve->steps[i].w *= (now > 0 ? now : 3) / (double)named;
}

void
ocpp_steer_phases_changed(OcppEvse *evse, gint32 before)
{
    OcppProfileSlot *tx = &evse->slots[OCPP_SLOT_TX];
    gint32 now = ocpp_evse_phases(evse);
    OcppLadderShape shape;

    ocpp_ladder_shape(evse, OCPP_SLOT_TX, tx->rung, &shape);
    /* fewer phases than were counted: what is installed was counted too high, and that is safe */
    if (shape.rules.unit == OCPP_UNIT_A && before > 0 && (now == 0 || now > before)) {
        scale(tx->installed, tx->phases, now);
        scale(tx->sent, tx->sent_phases, now);
        scale(tx->doubt, before, now);
    }
    ocpp_steer_tell(evse, NULL, FALSE);
    ocpp_steer_mark(evse, FALSE);
}

/* The highest power that it was allowed in the last minute, NAN unknown. */
static double
allowed_lately(const OcppEvse *evse, gint64 at_us)
{
    g_autofree OcppCurve *allowed = ocpp_steer_allowed(evse, at_us - OBEY_US);
    double w = NAN;

    for (gsize i = 0; allowed != NULL && i < allowed->n && allowed->steps[i].at_us <= at_us; i++)
        w = isnan(w) ? allowed->steps[i].w : MAX(w, allowed->steps[i].w);
    return w;
}

void
ocpp_steer_check(OcppEvse *evse, gint64 at_us, double power_w)
{
    OcppStation *station = evse->station;
    double w = allowed_lately(evse, at_us);
    gboolean was_so = evse->disobeys;

    if (isnan(w) || at_us < evse->accepted_us + OBEY_US)
        return;
    evse->disobeys = power_w > w * OBEY_SHARE + OBEY_W;
    if (!evse->disobeys || was_so)
        return;
    cfx_log(station->instance->host,
            CFX_LOG_WARNING,
            "station %s, EVSE %" G_GINT64_FORMAT " draws %.1f kW and has accepted %.1f kW",
            station->identity,
            evse->id,
            power_w / 1000,
            w / 1000);
}

void
ocpp_steer_clock_changed(OcppStation *station)
{
    for (guint i = 0; i < station->evses->len; i++) {
        OcppEvse *evse = g_ptr_array_index(station->evses, i);

        for (guint slot = 0; slot < OCPP_N_SLOTS; slot++)
            evse->slots[slot].must_send |= evse->slots[slot].installed != NULL;
        ocpp_steer_mark(evse, FALSE);
    }
}

gboolean
ocpp_steer_is_safe(const OcppStation *station)
{
    for (guint i = 0; i < station->evses->len; i++) {
        const OcppEvse *evse = g_ptr_array_index(station->evses, i);
        const OcppProfileSlot *standard = &evse->slots[OCPP_SLOT_DEFAULT];

        if (standard->must_send || (standard->installed == NULL && !standard->is_refused))
            return FALSE;
    }
    return TRUE;
}
