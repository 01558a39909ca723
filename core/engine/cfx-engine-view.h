/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What people see of sites, their plans and devices, as plain values that cost next to nothing to
 * fill: for the objects on the bus. [main]
 *
 * Power is in W towards the device, energy in Wh, times are UTC of the site's clock. NAN and 0 for
 * times: not known. Texts are the engine's, never NULL, good until the next turn.
 */
#pragma once

#include "cfx-engine.h"

G_BEGIN_DECLS

typedef struct {
    gint64 asset;
    const char *name, *state, *problem, *zone, *currency;
    double power_w; /* at the meter, import positive */
    double limit_w, contract_w;
    double signal_percent;
    double price; /* currency/kWh */
    gboolean price_is_assumed;
    guint32 n_devices, n_sessions;
} CfxSiteView;

/* plan 0: there is none yet */
typedef struct {
    gint64 plan, version;
    gint64 made_us, start_us, end_us;
    const char *scheduler, *cause;
    double cost, bound, gap;
    double breach_wh, shortfall_wh;
    gint64 solve_us; /* how long the scheduler took, REAL */
} CfxPlanView;

typedef struct {
    gint64 asset, site;
    gint64 unit;                                    /* EVSE, as its adapter numbers it */
    const char *station, *identity, *instance;      /* instance "": nobody speaks for it now */
    gboolean is_connected, is_plugged, is_charging; /* as its adapter says */
    gboolean is_full, is_steerable, is_faulted;
    double measured_w, desired_w, sent_w, allowed_w, fail_safe_w;
    const char *installed, *words; /* what became of what was sent; its own words */
    guint32 phases;                /* 0: not known */
    const char *session;           /* "": nobody is plugged in */
    double need_wh, promised_wh, stock_wh;
    const char *need_grade; /* stated, learned, assumed; "": no session */
    gint64 departure_us, reported_us;
} CfxDeviceView;

/* Appends the assets of all sites, and of all devices below them (element-type gint64). */
void cfx_engine_list_sites(CfxEngine *self, GArray *to);
void cfx_engine_list_devices(CfxEngine *self, GArray *to);

/* FALSE: there is no such site or device. */
gboolean cfx_engine_view_site(CfxEngine *self, gint64 asset, CfxSiteView *to);
gboolean cfx_engine_view_plan(CfxEngine *self, gint64 site, CfxPlanView *to);
gboolean cfx_engine_view_device(CfxEngine *self, gint64 asset, CfxDeviceView *to);

G_END_DECLS
