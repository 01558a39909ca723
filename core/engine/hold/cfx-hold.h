/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What an operator holds back: a bound with an expiry on a site, a station or an EVSE. A hold only
 * lowers; it ends by the site's clock, or when somebody ends it.
 */
#pragma once

#include "cfx-engine-private.h"

#include <kit/cfx-json.h>

#define CFX_HOLD_COLLECTION "cfx.hold"

struct _CfxHold {
    gint64 id;
    gint64 site, asset; /* asset: the site itself, a station or an EVSE */
    char *where;        /* as people call it: "Martinique", "CP003" */
    double max_w;
    gint64 from_us, until_us;
    char *reason;    /* nullable */
    char *by;        /* who set it */
    gint64 ended_us; /* 0: it runs, or nobody has noted its end yet */
    char *ended_by;  /* NULL: it ran out */
};

void cfx_hold_free(CfxHold *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(CfxHold, cfx_hold_free)
CfxHold *cfx_hold_find(const CfxSite *site, gint64 id);
/* When it is or was over. */
gint64 cfx_hold_over_us(const CfxHold *self);
gboolean cfx_hold_is_on(const CfxHold *self, gint64 us);
/* Whether it bounds this device, alone or together with its neighbours. */
gboolean cfx_hold_covers(const CfxSite *site, const CfxHold *self, const CfxEngineDevice *device);

/* What is held became other: the bound of the site, its limit, the plan in force, the next plan. */
void cfx_hold_changed(CfxSite *site);
/* The holds of a site as a curve from the past on that is known; INFINITY: none. */
void cfx_hold_curve(const CfxSite *site, CfxCurve *to);
/* Notes what has run out, and waits for the next one. */
void cfx_hold_watch(CfxSite *site);

/*
 * What holds below the site leave to each device in each slot of a plan: @cap_w (devices × slots)
 * becomes the most that it may be planned with, @fail_safe_w is lowered. Under one bound the cars
 * that are there come first, with their least power, then the fail-safe powers of idle places; what
 * is left is shared equally.
 */
void cfx_hold_caps(
    const CfxSite *site, const gint64 *edge_us, guint n_slots, double *fail_safe_w, double *cap_w);
/* Cuts what is desired of @devices (element-type CfxEngineDevice) to what is held below the site,
 * beside what the others under the same hold may draw. @cut: set TRUE for those that were cut */
void cfx_hold_clip(CfxSite *site,
                   GPtrArray *devices,
                   CfxCurve *curves,
                   const double *least_w,
                   gint64 now_us,
                   gint64 until_us,
                   gboolean *cut);
/* Whether device @i may rise to @wanted_w at @us beside its neighbours; @counted: what each device
 * of the site counts with. */
gboolean
cfx_hold_fits(const CfxSite *site, const CfxCurve *counted, guint i, gint64 us, double wanted_w);

/* Records: cfx-hold-record.c */
void cfx_hold_write(const CfxHold *self, CfxEngine *engine);
CfxHold *cfx_hold_parse(const char *doc, gsize size, GError **error);
void cfx_hold_put(const CfxHold *self, CfxJsonWriter *to, gint64 now_us);
/* The array "holds" of those that run on the site now. */
void cfx_hold_put_site(const CfxSite *site, CfxJsonWriter *to);
