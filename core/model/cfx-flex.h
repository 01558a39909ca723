/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What the JSON of an asset says to the host, as plain structs: limits, prices, signals of a site;
 * powers, currents and fail-safe power of a device. Members and attributes are those of the import
 * format (data/doc/import-format.md). What is not given is NAN, 0 or NULL. [any]
 *
 * Parsing never gives up at the first mistake: all problems are added to @problems (element-type
 * utf8, owned; nullable) as "attributes.base-load-max: …"; a member with a mistake counts as not
 * given.
 */
#pragma once

#include <cariflex/cfx-model.h>

G_BEGIN_DECLS

/* a number that is configured or comes from a sensor */
typedef struct {
    gint64 sensor; /* 0: the value counts */
    double value;  /* NAN: not given */
} CfxFlexValue;

typedef struct {
    char currency[8];
    double rate; /* units of the site's currency for one of `currency` */
    char *date, *source;
} CfxFlexRate;

#define CFX_FLEX_LEVELS 4

/* of a site */
typedef struct {
    gint64 asset;
    char *zone;
    char currency[8];
    double power_capacity_w;       /* physical: site-power-capacity */
    double consumption_capacity_w; /* contract: site-consumption-capacity */
    double production_capacity_w;  /* contract: site-production-capacity */
    /* currency/MWh. In this order: the sensors, the last known day, the constant */
    gint64 *price_sensors;
    gsize n_price_sensors;
    double price_fallback;
    CfxFlexValue production_price; /* currency/MWh; 0 where nothing is said */
    double tariff;                 /* currency/MWh that a driver pays; NAN: no price */
    /* sensors by role; 0: none */
    gint64 load_control, demand_response, import_limit;
    const char *bad_limit; /* role of a limit whose sensor is of no use (static); NULL: none */
    gint64 site_power, live_power, effective_limit;
    gint64 base_load_forecast, pv_forecast;
    gint64 import_register, export_register;
    double level_percent[CFX_FLEX_LEVELS]; /* remaining per cent at demand response level 0…3 */
    double base_load_max_w, base_load_expected_w;
    gboolean accepts_unknown_tokens;
    gboolean offline_start; /* idle EVSEs may start without us: they count at fail-safe power */
    CfxFlexRate *rates;
    gsize n_rates;
} CfxFlexContext;

/* kWh in stock for each kWh drawn: below the first nothing is stored, above the second no heat pump
 * is; what is given back is never more than there was */
#define CFX_EFFICIENCY_MIN 0.01
#define CFX_EFFICIENCY_MAX 10.0

/* of an EVSE, a battery, …; what a charging station says holds for its EVSEs */
typedef struct {
    gint64 asset, site;      /* site 0: below none */
    double power_max_w;      /* power-capacity */
    double production_max_w; /* production-capacity; 0 where nothing is said */
    double fail_safe_w;
    gboolean in_service; /* FALSE: it is not installed, or taken out; it is allowed nothing */
    guint phases;        /* wired, 1 or 3 */
    double voltage_v;
    double min_current_a, max_current_a; /* per phase */
    double need_wh, minimum_wh;          /* assumed when nobody says anything */
    gint departure_minute;               /* of the site's day; -1: unknown */
    gint64 power_sensor, live_power_sensor, stock_sensor;
    double stock_min_wh, stock_max_wh;              /* soc-min, soc-max */
    double charge_efficiency, discharge_efficiency; /* 1 where nothing is said */
} CfxFlexModel;

/* Returns: (transfer full) never NULL */
CfxFlexContext *
cfx_flex_context_parse(const CfxModel *model, const CfxAsset *site, GPtrArray *problems);
void cfx_flex_context_free(CfxFlexContext *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(CfxFlexContext, cfx_flex_context_free)

/* Fills @ret, which owns nothing. */
void cfx_flex_model_parse(const CfxModel *model,
                          const CfxAsset *device,
                          CfxFlexModel *ret,
                          GPtrArray *problems);

/* The least power that the device can draw when it draws: min-current × wired phases × voltage. */
double cfx_flex_model_least_w(const CfxFlexModel *self, guint phases);

/* Whether the site may be steered: its limits and base load are there and the fail-safe powers of
 * its @devices fit under them. FALSE with CFX_ERROR_CONFIG. */
gboolean cfx_flex_may_steer(const CfxFlexContext *site,
                            const CfxFlexModel *devices,
                            gsize n_devices,
                            GError **error);

G_END_DECLS
