/* SPDX-License-Identifier: MIT */
/**
 * @file cfx-model.h
 * Who and what there is: accounts, assets, sensors, sources, bindings, as an immutable snapshot.
 *
 * Ids below 1000 are given by an import file; ids made at run time start at 1000.
 */
#pragma once

#include <cariflex/cfx-host.h>

G_BEGIN_DECLS

/** Who owns. */
typedef struct {
    guint32 struct_size, flags;
    gint64 id; /**< of the account; 1 … 999 from an import */
    const char *name;     /**< unique */
    const char *zone;     /**< IANA time zone of its days */
    const char *currency; /**< ISO 4217; (nullable) */
} CfxAccount;
CFX_ASSERT_TIGHT(CfxAccount, currency);

/** A thing in a tree. */
typedef struct {
    guint32 struct_size, flags;
    gint64 id; /**< of the asset */
    gint64 parent;            /**< asset above; 0: none */
    gint64 account;           /**< its owner */
    const char *type;         /**< "site", "charging-station", "evse", "battery", "pv", "meter", … */
    const char *name;         /**< unique among the children of its parent */
    const char *external_id;  /**< (nullable) somebody else's name for it */
    double latitude, longitude; /**< degrees WGS 84; NAN: unknown */
    const char *attributes;   /**< JSON object */
    const char *flex_model;   /**< JSON object, FlexMeasures' member names */
    const char *flex_context; /**< JSON object, FlexMeasures' member names */
} CfxAsset;
CFX_ASSERT_TIGHT(CfxAsset, flex_context);

/** @name CfxSensor.flags @{ */
#define CFX_SENSOR_PRODUCTION_POSITIVE 1u /**< its stored values count production as positive */
/** @} */

/** One time series of an asset. */
typedef struct {
    guint32 struct_size, flags;
    gint64 id; /**< of the sensor */
    gint64 asset;          /**< whose it is */
    const char *name;      /**< unique among the sensors of its asset */
    const char *unit;      /**< "kW", "kWh", "EUR/MWh", "%", "" for a plain number */
    gint64 resolution_us;  /**< length of an event; 0: instantaneous */
    const char *zone;      /**< IANA time zone */
    const char *knowledge; /**< (nullable) when an event is known: "ex-post", "ex-ante:PT12H" */
    const char *attributes; /**< JSON object */
} CfxSensor;
CFX_ASSERT_TIGHT(CfxSensor, attributes);

/** Who believes. */
typedef struct {
    guint32 struct_size, type; /**< type: one CFX_SOURCE_… bit */
    gint64 id;            /**< of the source */
    gint64 account;       /**< 0: the host's own */
    const char *name;     /**< of the principal, instance or model */
    const char *instance; /**< (nullable) the plugin instance whose own source it is */
} CfxSource;
CFX_ASSERT_TIGHT(CfxSource, instance);

/** Ties what an adapter speaks with to an asset. */
typedef struct {
    guint32 struct_size, flags;
    gint64 id; /**< of the binding */
    gint64 asset;         /**< the EVSE, battery or heat pump */
    const char *instance; /**< adapter instance: "depot" */
    const char *identity; /**< the peer's identity there: "CP001" */
    gint64 unit;          /**< EVSE id at the station, 1…; 0: the peer as a whole */
    gint64 power_sensor;  /**< live power is written here; 0: nowhere */
    gint64 energy_sensor; /**< energy register; 0: nowhere */
    gint64 stock_sensor;  /**< stock of the storage; 0: nowhere */
} CfxBinding;
CFX_ASSERT_TIGHT(CfxBinding, stock_sensor);

/** Immutable snapshot: arrays of pointers sorted by id. Items are shared between versions. */
typedef struct {
    guint32 struct_size, flags;
    guint64 version; /**< rises with each change */
    const CfxAccount *const *accounts; /**< by id, like the rest */
    const CfxAsset *const *assets;     /**< see cfx_model_asset() */
    const CfxSensor *const *sensors;   /**< see cfx_model_sensor() */
    const CfxSource *const *sources;   /**< see cfx_model_source() */
    const CfxBinding *const *bindings; /**< see cfx_model_binding() */
    gsize n_accounts, n_assets, n_sensors, n_sources, n_bindings; /**< lengths of the lists */
    GBytes *owner; /**< keeps all of it alive */
} CfxModel;
CFX_ASSERT_TIGHT(CfxModel, owner);

/** @name CfxModelChange.kind @{ */
#define CFX_MODEL_ACCOUNT 1u
#define CFX_MODEL_ASSET 2u
#define CFX_MODEL_SENSOR 3u
#define CFX_MODEL_SOURCE 4u
#define CFX_MODEL_BINDING 5u
/** @} */
/** @name CfxModelChange.flags @{ */
#define CFX_MODEL_DELETE 1u /**< the item of that id goes away */
/** @} */

/** Adds (id 0: a new id is made), replaces or deletes one item. */
typedef struct {
    guint32 struct_size, flags;
    guint32 kind, reserved; /**< CFX_MODEL_ACCOUNT…; 0 */
    const void *item; /**< CfxAccount, CfxAsset, CfxSensor, CfxSource or CfxBinding, by kind */
} CfxModelChange;
CFX_ASSERT_TIGHT(CfxModelChange, item);

/** Ids of the changed items in the order of the changes, and the model that came of it. */
typedef struct {
    guint32 struct_size, flags;
    const gint64 *ids;     /**< one for each change */
    gsize n;               /**< number of ids */
    const CfxModel *model; /**< lent; model->owner keeps it */
} CfxModelChanged;
CFX_ASSERT_TIGHT(CfxModelChanged, model);

typedef void (*CfxModelDone)(gpointer data, const CfxModelChanged *result, const GError *error);

struct _CfxModelApi {
    guint32 struct_size, flags;
    /** The present snapshot. [any] (transfer full): end with g_bytes_unref(model->owner). */
    const CfxModel *(*get)(const CfxHost *host);
    /** Changes all or nothing; done when it is stored and in force. [home] */
    void (*change)(const CfxHost *host, const CfxModelChange *const *changes, gsize n,
                   CfxModelDone done, gpointer data);
    /** Calls func after each change. [home] Returns a handle for unwatch. Error is always NULL. */
    guint64 (*watch)(const CfxHost *host, CfxModelDone func, gpointer data);
    /** Ends a watch. [home] */
    void (*unwatch)(const CfxHost *host, guint64 watch);
    /** Factor and offset from one unit to another: to = from * scale + offset; power becomes
     *  energy over `resolution_us` where both are asked. [any] INVALID where they do not fit. */
    gboolean (*unit)(const CfxHost *host, const char *from, const char *to, gint64 resolution_us,
                     double *scale, double *offset, GError **error);
};
CFX_ASSERT_TIGHT(CfxModelApi, unit);

#define CFX_MODEL_FIND(name, Type, array, count)                        \
    /** Item of that id, or NULL. [any] */                              \
    static inline const Type *name(const CfxModel *model, gint64 id)    \
    {                                                                   \
        gsize low = 0, high = model->count;                             \
        while (low < high) {                                            \
            gsize middle = (low + high) / 2;                            \
            if (model->array[middle]->id < id)                          \
                low = middle + 1;                                       \
            else                                                        \
                high = middle;                                          \
        }                                                               \
        return low < model->count && model->array[low]->id == id ? model->array[low] : NULL; \
    }
CFX_MODEL_FIND(cfx_model_account, CfxAccount, accounts, n_accounts)
CFX_MODEL_FIND(cfx_model_asset, CfxAsset, assets, n_assets)
CFX_MODEL_FIND(cfx_model_sensor, CfxSensor, sensors, n_sensors)
CFX_MODEL_FIND(cfx_model_source, CfxSource, sources, n_sources)
CFX_MODEL_FIND(cfx_model_binding, CfxBinding, bindings, n_bindings)
#undef CFX_MODEL_FIND

G_END_DECLS
