/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "hold/cfx-hold.h"

#include "apply/cfx-apply.h"
#include "cfx-tree.h"
#include "guard/cfx-guard.h"
#include "ingest/cfx-ingest.h"
#include "plan/cfx-trigger.h"
#include "report/cfx-story.h"

void
cfx_hold_free(CfxHold *self)
{
    g_free(self->where);
    g_free(self->reason);
    g_free(self->by);
    g_free(self->ended_by);
    g_free(self);
}

CfxHold *
cfx_hold_find(const CfxSite *site, gint64 id)
{
    for (guint i = 0; i < site->holds->len; i++) {
        CfxHold *hold = g_ptr_array_index(site->holds, i);
        if (hold->id == id)
            return hold;
    }
    return NULL;
}

gint64
cfx_hold_over_us(const CfxHold *self)
{
    return self->ended_us != 0 ? self->ended_us : self->until_us;
}

gboolean
cfx_hold_is_on(const CfxHold *self, gint64 us)
{
    return us >= self->from_us && us < cfx_hold_over_us(self);
}

gboolean
cfx_hold_covers(const CfxSite *site, const CfxHold *self, const CfxEngineDevice *device)
{
    return self->asset != site->asset &&
           cfx_asset_is_below(site->engine->model, device->asset, self->asset);
}

void
cfx_hold_curve(const CfxSite *site, CfxCurve *to)
{
    cfx_curve_reset(to);
    cfx_curve_append(to, CFX_TIME_MIN, INFINITY);
    for (guint i = 0; i < site->holds->len; i++) {
        const CfxHold *hold = g_ptr_array_index(site->holds, i);
        g_auto(CfxCurve) one = CFX_CURVE_INIT;
        if (hold->asset != site->asset)
            continue;
        cfx_curve_append(&one, CFX_TIME_MIN, INFINITY);
        cfx_curve_append(&one, hold->from_us, hold->max_w);
        cfx_curve_append(&one, cfx_hold_over_us(hold), INFINITY);
        cfx_curve_lower(to, &one);
    }
}

void
cfx_hold_changed(CfxSite *site)
{
    CfxCause cause = { .cause = "hold" };

    cfx_hold_curve(site, &site->hold);
    if (site->state == CFX_SITE_LOADING)
        return;
    cfx_ingest_limit(site);
    cfx_guard_clip(site, &cause);
    cfx_trigger(site, &cause, TRUE);
}

/* --- the end of holds --------------------------------------------------------------------------
 */

static void
due(gpointer data)
{
    CfxSite *site = data;

    site->hold_timer = 0;
    cfx_hold_watch(site);
}

void
cfx_hold_watch(CfxSite *site)
{
    const CfxHost *host = site->engine->host;
    gint64 now_us = cfx_now_site(host), next_us = CFX_TIME_MAX;
    gboolean any = FALSE;

    cfx_timer_clear(host, &site->hold_timer);
    for (guint i = site->holds->len; i > 0; i--) {
        CfxHold *hold = g_ptr_array_index(site->holds, i - 1);
        if (hold->ended_us == 0 && hold->until_us <= now_us) {
            hold->ended_us = hold->until_us;
            cfx_hold_write(hold, site->engine);
            cfx_story_hold(site, hold);
            any = TRUE;
        } else if (hold->ended_us == 0) {
            next_us = MIN(next_us, hold->until_us);
        } else if (hold->ended_us < now_us - CFX_ENGINE_PAST) {
            g_ptr_array_remove_index(site->holds, i - 1);
        }
    }
    if (next_us != CFX_TIME_MAX && !site->engine->is_stopping)
        site->hold_timer = host->base->timer_start(host, CFX_CLOCK_SITE, next_us, due, site);
    if (any)
        cfx_hold_changed(site);
}
