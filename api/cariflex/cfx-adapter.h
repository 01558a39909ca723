/* SPDX-License-Identifier: MIT */
/**
 * @file cfx-adapter.h
 * Devices, plans and commands: the adapter kind, "cariflex.adapter/1".
 *
 * An adapter turns what its peer says into beliefs, device reports and notices, and turns plans and
 * commands into what its peer understands. It computes no plan and knows no other adapter.
 */
#pragma once

#include <cariflex/cfx-host.h>

G_BEGIN_DECLS

/** @name CfxDevice.flags @{ */
#define CFX_DEVICE_CONNECTED 1u  /**< the adapter can talk to it now */
#define CFX_DEVICE_PLUGGED 2u    /**< EVSE: a car is there */
#define CFX_DEVICE_CHARGING 4u   /**< energy flows */
#define CFX_DEVICE_FULL 8u       /**< the car says that it wants no more */
#define CFX_DEVICE_STEERABLE 16u /**< it has accepted its fail-safe power and obeys plans */
#define CFX_DEVICE_FAULTED 32u   /**< it reports a fault */
#define CFX_DEVICE_BLOCKED 64u   /**< out of service: it will not draw power */
/** Bits from here on have no meaning in this version; a report with one is refused. */
#define CFX_DEVICE_KNOWN 127u
/** @} */

/**
 * The whole state of a device, each time. Numbers that are not known are NAN, instants and ids 0.
 * The share that a device without a plan may draw is the engine's business.
 */
typedef struct {
    guint32 struct_size, flags; /**< flags: CFX_DEVICE_… */
    gint64 asset;           /**< what it is bound to */
    gint64 at_us;           /**< when this was true */
    double power_w;         /**< measured now */
    double power_min_w;     /**< least possible (negative: it can give) */
    double power_max_w;     /**< most possible, of device, cable and car; of the station alone if idle */
    double power_least_w;   /**< it draws 0 or at least this */
    double energy_wh;       /**< its energy register, import */
    double stock_wh;        /**< storage: in it now. EVSE: AC energy of this session since plug-in */
    double stock_min_wh, stock_max_wh; /**< bounds of stock_wh */
    double charge_efficiency, discharge_efficiency; /**< 0.01…1; charging of heat pumps
                                                         to 10; beyond: taken for unknown */
    double leakage_per_hour; /**< share of the stock that is lost in an hour, 0…1 */
    double external_w;      /**< limit that somebody else put on it; INFINITY: none */
    guint32 phases, evses;  /**< phases in use 1…3, 0 unknown; evses: of its station */
    double voltage_v;       /**< phase to neutral */
    double current_max_a;   /**< per phase: the car's or cable's limit */
    const char *session;    /**< (nullable) session id: the transaction's */
    const char *token;      /**< (nullable) idToken of the session, "type:value" */
    const char *car;        /**< (nullable) identity of the car itself, where it told one */
    gint64 arrival_us;      /**< start of the session */
    double need_wh;         /**< what the car stated to want, from plug-in on, AC Wh */
    double minimum_wh;      /**< of it, what the car needs at the least */
    gint64 departure_us;    /**< what the car stated */
    double soc_ratio;       /**< state of charge 0…1 where the car told it */
    gint64 ended_us;        /**< when the last session ended, for the report that ends it */
    const char *ended;      /**< (nullable) id of the session that ended with this report */
    double ended_wh;        /**< energy that it had got, from its registers */
    const char *words;      /**< (nullable) the device's own words on its state */
    gint64 clock_off_us;    /**< how far its clock is ahead of ours */
} CfxDevice;
CFX_ASSERT_TIGHT(CfxDevice, clock_off_us);

/** @name CfxPlan.kind @{ */
#define CFX_PLAN_APPLIED 1u
#define CFX_PLAN_ADVISORY 2u
#define CFX_PLAN_SHADOW 3u
/** @} */

/** @name Flags of a device in a plan @{ */
#define CFX_PLAN_URGENT 1 /**< a cut by the guard: before anything else */
#define CFX_PLAN_LOWERS 2 /**< nowhere above what the device is allowed now */
#define CFX_PLAN_FAIL_SAFE_ONLY 4 /**< no plan yet: make the fail-safe power the device's default */
/** Its default is nothing: it must not start without us. fail_safe_w only ends its plan, open-ended. */
#define CFX_PLAN_NO_DEFAULT 8
/** @} */

/**
 * Power of devices over slots: a view. An adapter gets the slice with its changed devices. A device
 * drops what has an (epoch, version) below the one it has. After the last slot the fail-safe power
 * holds, open-ended.
 */
typedef struct {
    guint32 struct_size, kind;  /**< kind: CFX_PLAN_… */
    gint64 id;                  /**< plan id */
    gint64 epoch, version;      /**< of the site */
    gint64 site;                /**< asset */
    gint64 trace;               /**< trace id of what set it off */
    gint64 made_us;             /**< SITE time of the plan */
    gsize n_slots;              /**< J */
    CfxInts edges_us;           /**< J + 1 */
    CfxInts raise_delay_us;     /**< J: an increase at that slot's start comes so much later */
    gsize n_devices;            /**< D */
    CfxInts asset;              /**< D, ascending */
    CfxGrid power_w;            /**< D × J */
    CfxGrid fail_safe_w;        /**< D × J, lowered where a known event lowers it; last one open-ended */
    CfxInts not_before_us;      /**< D, REAL: not on the wire earlier; 0: at once */
    CfxInts flags;              /**< D, CFX_PLAN_URGENT… */
    CfxGrid marginal;           /**< D × J, currency/MWh; at NULL: unknown */
    double cost, bound, gap;    /**< of the site's plan in its currency; gap NAN: not certified */
    GBytes *owner;              /**< keeps the columns alive */
} CfxPlan;
CFX_ASSERT_TIGHT(CfxPlan, owner);

/** Keeps a plan beyond the call: copies the smaller size, stamps our own, takes the owner. [any] */
static inline void
cfx_plan_keep(CfxPlan *mine, const CfxPlan *plan)
{
    cfx_struct_copy(mine, sizeof *mine, plan);
    if (mine->owner != NULL)
        g_bytes_ref(mine->owner);
}

/** Drops a kept plan. [any] */
static inline void
cfx_plan_drop(CfxPlan *mine)
{
    g_clear_pointer(&mine->owner, g_bytes_unref);
}

/** Row of an asset in a plan, or -1. [any] */
static inline gssize
cfx_plan_row(const CfxPlan *plan, gint64 asset)
{
    gsize low = 0, high = plan->n_devices;
    while (low < high) {
        gsize middle = (low + high) / 2;
        if (cfx_int_at(plan->asset, middle) < asset)
            low = middle + 1;
        else
            high = middle;
    }
    return low < plan->n_devices && cfx_int_at(plan->asset, low) == asset ? (gssize)low : -1;
}

/** @name CfxApplied.state @{ */
#define CFX_APPLIED_WAITING 1u   /**< on its way, or it cannot be reached now */
#define CFX_APPLIED_INSTALLED 2u /**< accepted by the device */
#define CFX_APPLIED_CLAMPED 3u   /**< accepted, but lower than asked: see allowed */
#define CFX_APPLIED_REFUSED 4u   /**< refused for good: it is not steerable */
#define CFX_APPLIED_LOST 5u      /**< it was accepted and is gone */
/** @} */

/**
 * What became of a plan at a device. `allowed` is the curve of power that it may draw now, whatever
 * happens: each value holds from its instant to the next, the last one for ever. While an answer is
 * outstanding it is the higher of old and sent at each instant. While a car is there it is the
 * higher of its plan and of the device's default: another car may come before anybody hears of it.
 */
typedef struct {
    guint32 struct_size, state; /**< state: CFX_APPLIED_… */
    gint64 asset;              /**< the device */
    gint64 epoch, version;     /**< the slice it speaks of; 0 0: what was read back from the device */
    gint64 trace;              /**< of that slice */
    const char *words;         /**< (nullable) the device's own words */
    gsize n_allowed;           /**< 0: unknown, the device counts at its rating */
    CfxInts allowed_us;        /**< ascending; the first at or before now */
    CfxReals allowed_w;        /**< W from that instant on */
    gint64 sent_real_us;       /**< REAL: on the wire; 0: not sent */
    gint64 answered_real_us;   /**< REAL: its answer came; 0: none yet */
    double fail_safe_w;        /**< fail-safe power that it has accepted as its default; NAN: none */
} CfxApplied;
CFX_ASSERT_TIGHT(CfxApplied, fail_safe_w);

/** Somebody unknown at the door. */
typedef struct {
    guint32 struct_size, evses; /**< evses: 0 unknown */
    const char *kind;           /**< "charging-station" */
    const char *identity;       /**< how it calls itself */
    const char *vendor, *model, *serial; /**< (nullable) */
    const char *peer;                    /**< address */
} CfxKnock;
CFX_ASSERT_TIGHT(CfxKnock, peer);

/** A command that an adapter's devices understand. Static data. */
typedef struct {
    guint32 struct_size, role; /**< role: the least that may send it */
    const char *name;          /**< "Reset" */
    const char *title;         /**< for people */
    const char *schema;        /**< JSON Schema of the arguments */
} CfxCommandInfo;
CFX_ASSERT_TIGHT(CfxCommandInfo, schema);

/** Asks for a plan. */
typedef struct {
    guint32 struct_size, kind; /**< kind: CFX_PLAN_APPLIED or CFX_PLAN_ADVISORY */
    gint64 site;               /**< asset */
    gint64 trace;              /**< 0: a new one */
    gint64 start_us, end_us;   /**< 0 0: the site's usual horizon */
    const char *cause;         /**< (nullable) for the plan's record */
} CfxPlanAsk;
CFX_ASSERT_TIGHT(CfxPlanAsk, cause);

/** What a person says that the car needs which is plugged in now. */
typedef struct {
    guint32 struct_size;
    guint32 role;   /**< CFX_ROLE_… of the person, whom the caller has checked; at least OPERATE */
    gint64 asset;   /**< the device */
    double need_wh; /**< from plug-in on, 0 to 1e6 Wh; NaN: unchanged */
    const char *by; /**< "07:00", the next one on the site's clock, or ISO 8601; (nullable) unchanged */
} CfxNeedAsk;
CFX_ASSERT_TIGHT(CfxNeedAsk, by);

typedef void (*CfxPlanDone)(gpointer data, const CfxPlan *plan, const GError *error);
/** Answer of a command: the device's own, JSON text, lent. */
typedef void (*CfxAnswerDone)(gpointer data, GBytes *answer, const GError *error);

struct _CfxDeviceApi {
    guint32 struct_size, flags;
    /** The whole state of devices. [home] Copied; sent on at the end of the turn. */
    void (*report)(const CfxHost *host, const CfxDevice *const *devices, gsize n);
    /** No longer bound to me. A lost connection is a report() without CONNECTED instead. [home] */
    void (*gone)(const CfxHost *host, const gint64 *assets, gsize n);
    /** Somebody unknown wants in; a person may approve. [home] */
    void (*knock)(const CfxHost *host, const CfxKnock *knock);
    /** What became of a plan. [home] */
    void (*applied)(const CfxHost *host, const CfxApplied *const *applied, gsize n);
    /** Last reported state; the caller stamps to[i]->struct_size; texts are interned or NULL. FALSE:
     *  at least one is unknown (its asset is set to 0). [any] */
    gboolean (*state)(const CfxHost *host, const gint64 *assets, gsize n, CfxDevice *const *to);
    /** Commands that a device's adapter knows. [any] Static. */
    const CfxCommandInfo *const *(*commands)(const CfxHost *host, gint64 asset, guint32 *n);
    /** Sends a command to a device, for an operator. [home] args: JSON object. */
    void (*command)(const CfxHost *host, gint64 asset, const char *name, GBytes *args,
                    CfxAnswerDone done, gpointer data);
    /** Asks for a plan; done when it is stored. [home] INVALID names the member. */
    void (*ask)(const CfxHost *host, const CfxPlanAsk *ask, CfxPlanDone done, gpointer data);
    /** The site's plan in force; NOT_FOUND: none yet. [home] */
    void (*current)(const CfxHost *host, gint64 site, CfxPlanDone done, gpointer data);
    /** Calls func with each new applied plan of a site (0: any). [home] Returns a handle. */
    guint64 (*watch)(const CfxHost *host, gint64 site, CfxPlanDone func, gpointer data);
    /** Ends a watch. [home] */
    void (*unwatch)(const CfxHost *host, guint64 watch);
    /** As command(), for somebody of that role (CFX_ROLE_…) whom the caller has checked. [home] */
    void (*command_as)(const CfxHost *host, guint32 role, gint64 asset, const char *name,
                       GBytes *args, CfxAnswerDone done, gpointer data);
    /** States a need for the session at a device; done when it is stored. [home] INVALID names the
     *  member, AUTH: that role may not, NOT_FOUND: no car is plugged in. */
    void (*session_set)(const CfxHost *host, const CfxNeedAsk *ask, CfxDone done, gpointer data);
};
CFX_ASSERT_TIGHT(CfxDeviceApi, session_set);

/** What an adapter implements; every member may be NULL. All [home]. */
typedef struct {
    guint32 struct_size, n_commands;       /**< n_commands: length of commands */
    const CfxCommandInfo *const *commands; /**< that command() understands; (nullable) */
    /** A plan with my changed devices: keep it, report applied() for each. */
    void (*apply)(gpointer self, const CfxPlan *plan);
    /** A command to one of my devices; finish with its own answer (JSON text). */
    void (*command)(gpointer self, gint64 asset, const char *name, GBytes *args, CfxCall *call);
} CfxAdapterOps;
CFX_ASSERT_TIGHT(CfxAdapterOps, command);

G_END_DECLS
