/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "plan/cfx-trigger.h"

#include "guard/cfx-guard.h"
#include "ingest/cfx-ingest.h"
#include "plan/cfx-plan.h"
#include "session/cfx-session.h"

#include <kit/cfx-time.h>

/* stock news beyond the lesser of these sets a plan off */
#define STOCK_WH 500.0
#define STOCK_SHARE 0.05
#define POWER_W 100.0

static void
start(CfxSite *site)
{
    site->start_posted = FALSE;
    if (site->is_dirty)
        cfx_plan_start(site);
}

void
cfx_trigger(CfxSite *site, const CfxCause *cause, gboolean cuts)
{
    CfxEngine *engine = site->engine;

    if (site->state != CFX_SITE_READY || engine->is_stopping)
        return;

    /* what the grid says counts more for the trace than what else came in the same turn */
    if (!site->is_dirty || (cause->is_event && !site->dirty_cause.is_event))
        site->dirty_cause = *cause;
    site->is_dirty = TRUE;
    if (site->dirty_cause.trace == 0)
        site->dirty_cause.trace = cfx_engine_next_trace(engine);
    if (site->dirty_cause.received_us == 0)
        site->dirty_cause.received_us = cfx_now_real(engine->host);

    if (site->run != NULL) {
        if (cuts)
            cfx_plan_cancel(site);
        return; /* joins the next one, which starts when this one has ended */
    }
    if (!site->start_posted) {
        site->start_posted = TRUE;
        cfx_engine_post(site, start);
    }
}

void
cfx_trigger_need(CfxEngineDevice *device, const char *text)
{
    CfxCause cause = { .cause = text };

    cfx_trigger(device->site, &cause, FALSE);
}

static gboolean
differs(double a, double b, double by)
{
    if (isnan(a) || isnan(b))
        return isnan(a) != isnan(b);
    return fabs(a - b) > by;
}

/* what the plan thought would be in the car by now */
static gboolean
stock_is_news(const CfxEngineDevice *device)
{
    const CfxSession *session = device->session;
    gint64 now_us = device->state.at_us;

    if (session == NULL || !device->desires_plan || isnan(device->planned_stock_wh) ||
        now_us <= device->planned_at_us || !isfinite(device->state.stock_wh))
        return FALSE;
    double planned_wh = device->planned_stock_wh +
                        cfx_curve_energy_wh(&device->desired, device->planned_at_us, now_us);
    double share_wh = STOCK_SHARE * fmax(session->need_wh.value, 0);
    return fabs(device->state.stock_wh - planned_wh) > fmin(STOCK_WH, fmax(share_wh, 100));
}

/* the car has what it needs, and the plan would go on to the end of its slot */
static gboolean
is_satisfied(const CfxEngineDevice *device, const CfxDevice *before)
{
    const CfxSession *session = device->session;

    return session != NULL && device->desires_plan && isfinite(session->need_wh.value) &&
           before->stock_wh < session->need_wh.value &&
           device->state.stock_wh >= session->need_wh.value;
}

void
cfx_trigger_device(CfxEngineDevice *device,
                   const CfxDevice *before,
                   gboolean is_first,
                   gint64 real_us)
{
    const CfxDevice *now = &device->state;
    const guint32 watched = CFX_DEVICE_CONNECTED | CFX_DEVICE_PLUGGED | CFX_DEVICE_STEERABLE |
                            CFX_DEVICE_BLOCKED | CFX_DEVICE_FAULTED;
    guint32 changed = (before->flags ^ now->flags) & watched;
    gboolean is_lost = (changed & CFX_DEVICE_CONNECTED & before->flags) != 0 && !is_first;
    CfxCause cause = { .received_us = real_us };

    if (is_lost)
        cause.cause = "device-lost";
    else if (is_first || changed != 0)
        cause.cause = "device";
    else if (before->phases != now->phases ||
             differs(before->power_max_w, now->power_max_w, POWER_W) ||
             differs(before->current_max_a, now->current_max_a, 0.1) ||
             differs(before->external_w, now->external_w, POWER_W))
        cause.cause = "device-bounds";
    else if (is_satisfied(device, before))
        cause.cause = "need-met";
    else if (stock_is_news(device))
        cause.cause = "stock";
    if (cause.cause != NULL)
        cfx_trigger(device->site, &cause, is_lost);
}

static void
edge(gpointer data)
{
    CfxSite *site = data;
    CfxCause cause = { .cause = "clock" };

    site->slot_timer = 0;
    cfx_ingest_forget(site);
    /* what lies further ahead than the curve of the limit comes into it as time goes on */
    if (site->state != CFX_SITE_LOADING) {
        cfx_ingest_limit(site);
        /* it cuts ahead of a solve: a scheduler that hangs, or errs, does not loosen a limit */
        cfx_guard_clip(site, &cause);
    }
    cfx_trigger(site, &cause, FALSE);
    cfx_trigger_clock(site);
}

void
cfx_trigger_clock(CfxSite *site)
{
    const CfxHost *host = site->engine->host;
    gint64 next_us = cfx_time_floor(cfx_now_site(host), CFX_SLOT) + CFX_SLOT;

    cfx_timer_clear(host, &site->slot_timer);
    if (!site->engine->is_stopping)
        site->slot_timer = host->base->timer_start(host, CFX_CLOCK_SITE, next_us, edge, site);
}
