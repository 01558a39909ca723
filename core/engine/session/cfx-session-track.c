/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* From what devices report to the sessions of their cars. */
#include "session/cfx-session.h"

#include "apply/cfx-apply.h"
#include "cfx-day.h"
#include "plan/cfx-trigger.h"
#include "report/cfx-story.h"

#define FULL_AFTER (10 * CFX_MINUTE)
#define KEPT (48 * CFX_HOUR)

/* of what it may draw: below this share a car counts as drawing next to nothing */
#define LOW_SHARE 0.2

static gint64
next_departure(const CfxSite *site, gint64 arrival_us, gint minute)
{
    return minute < 0 ? 0 : cfx_day_next(site->flex->zone, arrival_us, minute);
}

/* what the register and the EVSE say: known at plug-in */
static void
hear_others(CfxEngineDevice *device, CfxSession *session)
{
    CfxSite *site = device->site;
    const CfxEnginePorts *ports = &site->engine->ports;
    CfxEnginePreference preference = { NAN, NAN, -1 };

    if (session->token != NULL && ports->preference != NULL &&
        ports->preference(ports->data, session->token, &preference))
        session->said[CFX_FROM_TOKEN] = (CfxStatement){
            preference.need_wh,
            preference.minimum_wh,
            next_departure(site, session->arrival_us, preference.departure_minute),
        };
    session->said[CFX_FROM_EVSE] = (CfxStatement){
        device->flex.need_wh,
        device->flex.minimum_wh,
        next_departure(site, session->arrival_us, device->flex.departure_minute),
    };
}

static gboolean
same_real(double a, double b)
{
    return a == b || (isnan(a) && isnan(b));
}

static void
hear_car(CfxEngineDevice *device, CfxSession *session, gboolean is_new)
{
    const CfxDevice *state = &device->state;
    CfxStatement said = { state->need_wh, state->minimum_wh, state->departure_us };
    CfxStatement *old = &session->said[CFX_FROM_CAR];
    double need_wh = session->need_wh.value;
    gint64 departure_us = session->departure_us;

    if (g_strcmp0(session->token, state->token) != 0 && state->token != NULL) {
        g_free(session->token);
        session->token = g_strdup(state->token);
        hear_others(device, session);
        session->is_changed = TRUE;
    }
    if (g_strcmp0(session->car, state->car) != 0 && state->car != NULL) {
        g_free(session->car);
        session->car = g_strdup(state->car);
        session->is_changed = TRUE;
    }
    /* what a car has stated stays until it states something else: an adapter that has just started
     * need not know it */
    if (isnan(said.need_wh))
        said.need_wh = old->need_wh;
    if (isnan(said.minimum_wh))
        said.minimum_wh = old->minimum_wh;
    if (said.departure_us == 0)
        said.departure_us = old->departure_us;
    if (!same_real(old->need_wh, said.need_wh) || !same_real(old->minimum_wh, said.minimum_wh) ||
        old->departure_us != said.departure_us) {
        *old = said;
        session->is_changed = TRUE;
    }
    /* phases are those of the car: a report that does not show them does not unsay them */
    if (state->phases != 0 && session->phases != state->phases) {
        session->phases = state->phases;
        session->is_changed = TRUE;
    }
    if (isfinite(state->current_max_a) &&
        !same_real(session->current_max_a, state->current_max_a)) {
        session->current_max_a = state->current_max_a;
        session->is_changed = TRUE;
    }
    cfx_session_choose(session);
    if (is_new || !same_real(need_wh, session->need_wh.value) ||
        departure_us != session->departure_us)
        cfx_trigger_need(device, is_new ? "plugged-in" : "need");
}

static void
open_session(CfxEngineDevice *device)
{
    const CfxDevice *state = &device->state;
    gint64 now_us = cfx_now_site(device->site->engine->host);
    gint64 arrival_us = state->arrival_us != 0 ? state->arrival_us : now_us;
    CfxSession *session =
        cfx_session_new(device->site->asset, device->asset, state->session, arrival_us);

    g_free(session->label);
    session->label = g_strdup(device->label);
    session->token = g_strdup(state->token);
    session->car = g_strdup(state->car);
    device->session = session;
    device->low_since_us = 0;
    device->clamp_w = NAN;
    device->undrawn_wh = 0;
    hear_others(device, session);
}

/* why a car did not get what it asked for, where no plan has said it */
static const char *
cause_at_end(const CfxEngineDevice *device, const CfxSession *session, gint64 ended_us)
{
    if (session->cause != NULL)
        return session->cause;
    if (session->is_full)
        return "car-full";
    if (session->departure_us != 0 && ended_us < session->departure_us - CFX_MINUTE)
        return "left-early";
    if (device->is_refused)
        return "not-steerable";
    if (!cfx_engine_device_is(device, CFX_DEVICE_CONNECTED))
        return "station-offline";
    return "car-draws-less";
}

void
cfx_session_end(CfxEngineDevice *device, gint64 ended_us, double delivered_wh)
{
    CfxSession *session = g_steal_pointer(&device->session);
    CfxSite *site = device->site;

    session->ended_us = ended_us;
    session->delivered_wh = isfinite(delivered_wh) ? delivered_wh : session->stock_wh;
    if (cfx_session_shortfall_wh(session) > CFX_SESSION_TOLERANCE_WH)
        session->cause = cause_at_end(device, session, ended_us);
    else
        session->cause = NULL;
    cfx_session_write(session, site->engine);
    cfx_story_left(site, session);
    g_hash_table_replace(site->ended, session->key, session);
    device->clamp_w = NAN;
    device->low_since_us = 0;
    cfx_trigger_need(device, "unplugged");

    /* forget what nobody asks for any more */
    GHashTableIter iter;
    gpointer value;
    g_hash_table_iter_init(&iter, site->ended);
    while (g_hash_table_iter_next(&iter, NULL, &value)) {
        const CfxSession *old = value;
        if (old->ended_us < ended_us - KEPT)
            g_hash_table_iter_remove(&iter);
    }
}

gboolean
cfx_session_watch_full(CfxEngineDevice *device, gint64 now_us)
{
    const CfxDevice *state = &device->state;
    CfxSession *session = device->session;
    double allowed_w = cfx_apply_car_w(device, now_us);
    gboolean may_draw = allowed_w >= cfx_engine_device_least_w(device) * 0.99;
    gboolean is_low = (state->flags & CFX_DEVICE_FULL) != 0 ||
                      (may_draw && isfinite(state->power_w) &&
                       state->power_w < LOW_SHARE * cfx_engine_device_least_w(device));

    if (!is_low && may_draw && state->power_w > 0) {
        device->low_since_us = 0;
        if (session->is_full)
            session->is_changed = TRUE;
        session->is_full = FALSE;
    } else if (is_low && session->stock_wh > 0) {
        if (device->low_since_us == 0)
            device->low_since_us = now_us;
        if (!session->is_full && now_us - device->low_since_us >= FULL_AFTER) {
            session->is_full = TRUE;
            session->is_changed = TRUE;
            return TRUE;
        }
    } else if (!session->is_full) {
        device->low_since_us = 0;
    }
    return FALSE;
}

void
cfx_session_device(CfxEngineDevice *device, const CfxDevice *before)
{
    const CfxDevice *state = &device->state;
    CfxSession *session = device->session;
    gint64 now_us = cfx_now_site(device->site->engine->host);
    gboolean is_new = FALSE;

    if (session != NULL) {
        gboolean has_ended = state->ended != NULL && g_str_equal(state->ended, session->id);
        gboolean is_other = state->session != NULL && !g_str_equal(state->session, session->id);
        /* a station that is away has not lost its car */
        gboolean is_empty = state->session == NULL && (state->flags & CFX_DEVICE_PLUGGED) == 0 &&
                            (state->flags & CFX_DEVICE_CONNECTED) != 0;
        if (has_ended)
            cfx_session_end(
                device, state->ended_us != 0 ? state->ended_us : now_us, state->ended_wh);
        else if (is_other || is_empty)
            cfx_session_end(device, now_us, NAN);
        session = device->session;
    }
    if (session == NULL && state->session != NULL) {
        /* a session that had ended before may be reported once more */
        g_autofree char *key =
            g_strdup_printf("%" G_GINT64_FORMAT "/%s", device->asset, state->session);
        if (g_hash_table_contains(device->site->ended, key))
            return;
        open_session(device);
        session = device->session;
        is_new = TRUE;
    }
    if (session == NULL)
        return;

    if (isfinite(state->stock_wh))
        session->stock_wh = MAX(state->stock_wh, 0);
    hear_car(device, session, is_new);
    if (cfx_session_watch_full(device, now_us)) {
        cfx_story_full(device->site, session);
        cfx_trigger_need(device, "full");
    }
    if (session->is_changed)
        cfx_session_write(session, device->site->engine);
}
