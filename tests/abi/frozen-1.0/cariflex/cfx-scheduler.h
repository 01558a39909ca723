/* SPDX-License-Identifier: MIT */
/**
 * @file
 * @brief The kind "cariflex.scheduler/1": what turns prices, limits and needs into powers.
 *
 * A scheduler plugin implements #CfxSchedulerOps. Its instance is configuration only; the work is
 * done by *sessions*: a session is one solver object (one for a site, another for a shadow). It is
 * entered by one thread at a time, but not always by the same one, and everything in it is
 * synchronous. A scheduler is given `host->base` alone and never calls back while it solves.
 *
 * The host lends a #CfxProblem. It keeps every array that the problem points to alive and changes
 * any of it only between two calls into the session; what it changed it names in `update()`. So a
 * scheduler copies nothing that it does not want to copy.
 *
 * **Units** (here alone in the whole ABI): kW, kWh, hours, and the site's currency per kWh or per
 * kW. Power is positive towards the device and into the site (consumption, charging, import).
 * Power is constant inside a slot; stock is what is there at the END of a slot. `±INFINITY` means
 * no limit where a member says so; NAN is an error anywhere in a problem.
 *
 * **Order** in which a plan is good: (1) least breach of limits, the strongest tier first, needs
 * ignored; (2) least shortfall of targets, the strongest tier first; (3) least cost; (4) ties:
 * charge sooner, lower device row first. Each step is taken with the results of the steps before
 * it held fixed, and `bound` and `gap` speak about step (3) alone. So there is always a plan.
 *
 * **Result** depends on the problem, the seed and the ABI version only: not on threads, time, the
 * machine, or what the session solved before; unless a deadline or a cancel cut it short, which
 * the status then says.
 *
 * Since: 1.0, whole file.
 */

#pragma once

#include <cariflex/cfx-types.h>

G_BEGIN_DECLS

/**
 * @name What a problem may need and a scheduler may know
 *
 * The host sets in CfxProblem.needs each bit that the problem really uses and compares it with
 * CfxSchedulerOps.features before `load()`. A device with a part outside the features is planned
 * as fixed load by the host; a node term outside them is refused by name. A scheduler may trust
 * the bits, and never drops what it does not know. What a bit names is neutral where it is absent.
 */
/**@{*/
#define CFX_NEED_STOCK (1u << 0)      /**< a device has stock bounds, gain or leakage */
#define CFX_NEED_DISCHARGE (1u << 1)  /**< a device with stock has a negative power_min */
#define CFX_NEED_TARGETS (1u << 2)    /**< n_targets > 0 */
#define CFX_NEED_LEAST_RATE (1u << 3) /**< a least_kw above 0 */
#define CFX_NEED_END_VALUE (1u << 4)  /**< an end_value other than 0 */
#define CFX_NEED_BIAS (1u << 5)       /**< a bias other than 0 */
#define CFX_NEED_SELL (1u << 6)       /**< a node whose sell price differs from its buy price */
#define CFX_NEED_TREE (1u << 7)       /**< more than one node */
#define CFX_NEED_WEIGHTS (1u << 8)    /**< n_weights > 0: phases, shares */
#define CFX_NEED_PEAK (1u << 9)       /**< a peak_price above 0 */
#define CFX_NEED_SELL_ABOVE_BUY (1u << 10) /**< sell > buy in a slot: not convex */
/** Bits from here on have no meaning in this version and are refused. */
#define CFX_NEED_KNOWN ((1u << 11) - 1u)
/**@}*/

/**
 * @name Tiers of limits, strongest first
 *
 * The least breach is found tier by tier in this order. A tier of the problem is any number below
 * CFX_LIMIT_TIERS; unused tiers cost nothing.
 */
/**@{*/
#define CFX_LIMIT_PHYSICAL 0u   /**< copper: the connection, a fuse */
#define CFX_LIMIT_EXTERNAL 1u   /**< a limit that a station got from elsewhere */
#define CFX_LIMIT_CONTRACTED 2u /**< the contract */
#define CFX_LIMIT_SIGNAL 3u     /**< the contract times a load-control signal, dynamic limits */
#define CFX_LIMIT_HOLD 4u       /**< an operator's hold */
#define CFX_LIMIT_TIERS 5u
/**@}*/

/** @name Tiers of targets, strongest first */
/**@{*/
#define CFX_TARGET_MINIMUM 0u  /**< what a car must have to be of use */
#define CFX_TARGET_PROMISED 1u /**< what we said it will get */
#define CFX_TARGET_ASKED 2u    /**< what it would like */
#define CFX_TARGET_TIERS 3u
/**@}*/

/** CfxProblemLimit.flags: the limit is on export, that is on −N. Without it: on import, N. */
#define CFX_LIMIT_EXPORT (1u << 0)

/**
 * A wish for stock: `wanted_kwh` in the device at the end of `slot`.
 *
 * Its shortfall is max(0, wanted_kwh − stock at the end of the slot). Targets of a device
 * are levels of the same stock and may be nested: minimum 5, promised 20, asked 30 kWh.
 * A least rate makes small rests unreachable from below; let CfxProblem.stock_max_kwh reach
 * above the highest target by what a slot at the least rate brings, or a rest is left over.
 */
typedef struct {
    guint32 struct_size; /**< sizeof as the host knows it; at least up to `weight` */
    guint32 device;      /**< row of the device, below n_devices; it must have a stock */
    guint32 slot;        /**< 0 … n_slots − 1; the end of this slot is meant */
    guint32 tier;        /**< CFX_TARGET_* */
    double wanted_kwh;   /**< finite; at or below the stock already there: nothing is wanted */
    /**
     * Order inside a tier, 0 < weight < INFINITY: when not all can be met, a higher weight is
     * met first (an older promise has the higher weight), equal weights share the shortfall in
     * proportion to what each could have alone above the levels of stronger tiers.
     */
    double weight;
} CfxProblemTarget;
CFX_ASSERT_TIGHT(CfxProblemTarget, weight);

/**
 * One limit of a node, for all slots. A node may have several, of the same or of different tiers
 * (physical and contracted and signal); they hold side by side. A limit that changes inside a
 * slot is given with its strictest value.
 */
typedef struct {
    guint32 struct_size; /**< sizeof as the host knows it; at least up to `max_kw` */
    guint32 flags;       /**< CFX_LIMIT_EXPORT or 0; other bits are refused */
    guint32 node;        /**< row of the node, below n_nodes */
    guint32 tier;        /**< CFX_LIMIT_* */
    /** per slot: N ≤ max_kw, with CFX_LIMIT_EXPORT −N ≤ max_kw. ≥ 0; INFINITY: none */
    CfxReals max_kw;
} CfxProblemLimit;
CFX_ASSERT_TIGHT(CfxProblemLimit, max_kw);

/**
 * A point of the grid where power adds up: the site, a sub-board, a charging station, a phase.
 *
 * The power of node g in slot j is
 *
 *     N[g][j] = base_kw[g][j] + Σ over devices d of w[g][d] · p[d][j]
 *
 * where w is the weight from CfxProblem.weights if one is given for (d, g), else 1 if g is the
 * device's node or above it, else 0. `base_kw` is ALL inflexible power that node g measures: that
 * of the nodes below it is included by the host and not added again.
 *
 * The money of a node is Σ over slots of hours · (buy · max(N, 0) − sell · max(−N, 0)),
 * plus peak_price · max(0, largest N − peak_base_kw). Usually only the site has prices.
 */
typedef struct {
    guint32 struct_size; /**< sizeof as the host knows it; at least up to `peak_base_kw` */
    gint32 parent;       /**< row of the node above, below this node's own row; −1: none */
    CfxReals base_kw;    /**< per slot, finite, any sign */
    CfxReals buy;        /**< per slot, currency/kWh, finite, may be negative; at NULL: 0 */
    CfxReals sell;       /**< per slot, currency/kWh earned for export, finite; at NULL: 0 */
    double peak_price;   /**< currency/kW on the highest slot, ≥ 0; 0: none */
    double peak_base_kw; /**< peak that is already paid for, ≥ 0 */
} CfxProblemNode;
CFX_ASSERT_TIGHT(CfxProblemNode, peak_base_kw);

/** How much a device counts in one node; replaces what the tree would give (there: 1 or 0). */
typedef struct {
    guint32 struct_size; /**< sizeof as the host knows it; at least up to `weight` */
    guint32 device;      /**< row of the device, below n_devices */
    guint32 node;        /**< row of the node, below n_nodes; this node alone, not those above */
    guint32 reserved;    /**< 0 */
    double weight;       /**< ≥ 0 and finite; a car on phase 1 alone: 1 in L1, 0 in L2 and L3 */
} CfxProblemWeight;
CFX_ASSERT_TIGHT(CfxProblemWeight, weight);

/**
 * A planning problem, lent by the host from `load()` until the next `load()` or `close()`.
 *
 * Lists of devices are columns with strides (a step or `col` of 0 is one value for all), so that
 * what all devices share stands once. A column or grid whose `at` is NULL has the neutral value
 * that its comment names. The stock of a device follows
 *
 *     s[j] = a·s[j−1] + b·h[j]·( charge_eff·u − v/discharge_eff + gain_kw )
 *     p = u − v,  u, v ≥ 0, one of them 0;  a = keep;  b = (a − 1)/ln a, or 1 for a = 1
 *
 * with h = hours and s[−1] = stock0_kwh. A device has a stock if at least one of its stock bounds
 * is finite; its targets and end_value need one. Without a stock only its power counts
 * (a PV inverter that may be curtailed: power_min = −what the sun gives, power_max = 0).
 */
typedef struct {
    guint32 struct_size; /**< sizeof as the host knows it; at least up to `weights` */
    guint32 needs;       /**< CFX_NEED_* */
    gint64 version;      /**< the host's own count of changes, told back in CfxSolution */
    guint32 n_devices;   /**< D, may be 0 */
    guint32 n_slots;     /**< J, at least 1 */
    guint32 n_nodes;     /**< G, at least 1; row 0 is the site, parents stand before children */
    guint32 n_limits;    /**< L, may be 0 */
    guint32 n_targets;   /**< may be 0 */
    guint32 n_weights;   /**< may be 0 */

    const gint64 *edge_us; /**< J + 1 edges of the slots, UTC µs of SITE time, ascending */
    const double *hours;   /**< J lengths in hours, > 0, equal to the difference of the edges */

    CfxInts device_id;      /**< the asset of each device; distinct. Ties are broken by row */
    CfxInts device_node;    /**< row of the node it hangs at; at NULL: 0 */
    CfxReals stock0_kwh;    /**< stock when slot 0 begins; at NULL: 0 */
    CfxReals charge_eff;    /**< stock gained per kWh drawn, > 0, > 1 for a heat pump; NULL: 1 */
    CfxReals discharge_eff; /**< kWh delivered per kWh of stock, > 0, ≤ 1; NULL: 1 */
    CfxReals end_value;     /**< worth of a kWh of stock at the horizon, currency/kWh; NULL: 0 */

    CfxGrid keep;     /**< share of stock left after the slot, 0 < keep ≤ 1; NULL: 1 */
    CfxGrid least_kw; /**< p is ≤ 0 or ≥ least_kw; ≥ 0; 0: none. Where power_max_kw is below
                       *   it, only p ≤ 0 is left: the host scales both when presence ends
                       *   inside a slot. NULL: 0 */
    CfxGrid power_min_kw;  /**< finite, ≤ power_max_kw; NULL: 0 */
    CfxGrid power_max_kw;  /**< finite; exact: a plan never leaves [min, max]. NULL: 0 */
    CfxGrid stock_min_kwh; /**< at the end of the slot; −INFINITY: none; NULL: −INFINITY */
    CfxGrid stock_max_kwh; /**< at the end of the slot; INFINITY: none; NULL: INFINITY */
    CfxGrid gain_kw;       /**< gained (+) or used (−) on the stock's side, finite; NULL: 0 */
    CfxGrid bias;          /**< a price of the device's own on p, currency/kWh, finite; NULL: 0 */

    const CfxProblemTarget *const *targets; /**< n_targets */
    const CfxProblemNode *const *nodes;     /**< n_nodes */
    const CfxProblemLimit *const *limits;   /**< n_limits */
    const CfxProblemWeight *const *weights; /**< n_weights; a pair (device, node) at most once */
} CfxProblem;
CFX_ASSERT_TIGHT(CfxProblem, weights);

/** @name CfxDelta.what */
/**@{*/
#define CFX_DELTA_DEVICE                                                                           \
    1u                     /**< row `index`: any of its columns, grids, targets in [first, end)    \
                            */
#define CFX_DELTA_NODE 2u  /**< node `index`: base, prices or limits in [first, end) */
#define CFX_DELTA_ADDED 3u /**< a device was inserted as row `index`; later rows moved up */
#define CFX_DELTA_REMOVED                                                                          \
    4u /**< the device in row `index` was taken out; later rows moved down                         \
        */
#define CFX_DELTA_SLOTS                                                                            \
    5u /**< `index` slots left at the front, as many as needed came at the end */
/**@}*/

/**
 * One change of the lent problem since the last call, in the order in which they were made; rows
 * are those after the deltas before it. All slots: first 0, end n_slots. Frozen: never grows.
 */
typedef struct {
    guint32 what;  /**< CFX_DELTA_* */
    guint32 index; /**< row, or number of slots */
    guint32 first; /**< first slot that changed */
    guint32 end;   /**< slot after the last that changed */
} CfxDelta;
CFX_ASSERT_TIGHT(CfxDelta, end);

/** How to solve; lives until `solve()` returns. */
typedef struct {
    guint32 struct_size;       /**< sizeof as the host knows it; at least up to `seed` */
    guint32 threads;           /**< at most so many threads; 0 or 1: the caller's alone */
    GCancellable *cancellable; /**< nullable; looked at least each ms */
    gint64 deadline_us;        /**< REAL (g_get_monotonic_time()); 0: none; looked at each ms */
    double gap_wanted;         /**< stop at once when the gap is at most this; ≥ 0 */
    double gap_acceptable;     /**< worth more work while the gap is above this; ≥ gap_wanted */
    guint64 seed;              /**< of anything random inside */
} CfxSolveHow;
CFX_ASSERT_TIGHT(CfxSolveHow, seed);

/** @name CfxSolution.status: there is a plan with each of them */
/**@{*/
#define CFX_SOLVED_NOTHING 0u /**< not solved; what the host sets before */
#define CFX_SOLVED_OPTIMAL 1u /**< gap ≤ gap_wanted */
#define CFX_SOLVED_FEASIBLE                                                                        \
    2u /**< all that the scheduler tries was tried; gap above gap_wanted or NAN */
#define CFX_SOLVED_SOFTENED                                                                        \
    3u                          /**< a device's own bounds contradict each other: see where_*; its \
                                 *   stock bound was moved to the nearest that can be reached */
#define CFX_SOLVED_CANCELLED 4u /**< cut short by the cancellable: the best plan so far */
#define CFX_SOLVED_DEADLINE 5u  /**< cut short by the deadline: the best plan so far */
/**@}*/

/**
 * The host's buffers for a result, kept between solves. The host sets struct_size, the pointers and
 * the capacities; a NULL buffer is not filled. Rows of a grid follow each other without gap:
 * power_kw[d · n_slots + j]. All is written by `solve()`, whatever the status; when it returns
 * FALSE nothing in it is of use.
 */
typedef struct {
    guint32 struct_size; /**< sizeof as the host knows it; at least up to `reason_size` */
    guint32 status;      /**< CFX_SOLVED_* */
    gint64 version;      /**< CfxProblem.version that was solved */
    gint64 time_us;      /**< real time spent in solve() */

    double cost;  /**< money of this plan: nodes + bias − end_value · last stock; tie-breaks and
                   *   penalties are no part of it */
    double bound; /**< no plan with the same breach and shortfall costs less; −INFINITY: unknown */
    double gap;   /**< (cost − bound)/(1 + |cost|), at least 0; NAN: no bound */

    double *power_kw;    /**< D × J, within the bounds, 0 or at least the least rate */
    double *stock_kwh;   /**< D × J, end of slot; NAN for a device without a stock */
    double *node_kw;     /**< G × J, N of each node */
    double *node_price;  /**< G × J, currency/kWh: what one kWh more would cost here; it is above
                          *   the buy price where a limit is full. Not unique. NAN: unknown */
    double *stock_value; /**< D × J, currency/kWh of stock at the end of the slot: what the plan
                          *   would pay for it; cut the lowest first. NAN: unknown */

    double *breach_kw;          /**< L × J, how far each limit is exceeded, ≥ 0 */
    double *breach_tier_kwh;    /**< CFX_LIMIT_TIERS sums of hours · breach */
    double *shortfall_kwh;      /**< n_targets, ≥ 0 */
    double *shortfall_tier_kwh; /**< CFX_TARGET_TIERS sums */

    guint32 *changed;     /**< rows of devices whose power differs from this session's last
                           *   solution, ascending; all rows after load(). Capacity n_devices */
    guint32 n_changed;    /**< how many; also counted when `changed` is NULL */
    guint32 where_device; /**< SOFTENED: first device that contradicts itself; G_MAXUINT32: none */
    guint32 where_slot;   /**< … and the slot where it shows */
    guint32 reserved;     /**< 0 */
    double where_kwh;     /**< … by how much */

    char *reason;      /**< text for people about the status, NUL-terminated, cut to fit */
    gsize reason_size; /**< bytes of `reason`, with the NUL; 0: none */
} CfxSolution;
CFX_ASSERT_TIGHT(CfxSolution, reason_size);

/**
 * What a scheduler plugin implements; CfxFactory.ops of kind CFX_KIND_SCHEDULER, static.
 * [home] the instance's thread; [session] any thread of the pool, one at a time per session.
 */
typedef struct {
    guint32 struct_size; /**< sizeof as the plugin knows it; at least up to `solve` */
    guint32 features;    /**< CFX_NEED_* that it knows */

    /** [home] A new session of the instance `self`; NULL with an error. (transfer full) to
     *  `close`. The instance outlives its sessions. */
    gpointer (*open)(gpointer self, GError **error);

    /** [session] Ends a session; the problem lent to it is free afterwards. */
    void (*close)(gpointer session);

    /**
     * [session] Takes a problem on loan, in place of the one before. Checks it whole: INVALID
     * names member, device or node, and slot ("device 3 slot 17: power_max_kw is not a number");
     * NOT_SUPPORTED if `needs` holds a bit outside the features. After FALSE the session holds no
     * problem.
     */
    gboolean (*load)(gpointer session, const CfxProblem *problem, GError **error);

    /**
     * [session] The lent problem (the same struct; its members may be new) was changed as the
     * deltas say. Checks what changed as load() does; after FALSE the session holds no problem and
     * the host loads again.
     */
    gboolean (*update)(gpointer session, const CfxDelta *deltas, gsize n, GError **error);

    /**
     * [session] Solves what is loaded. TRUE: a plan, the best so far also when cut short. FALSE:
     * nothing is loaded (CONFLICT), or the session could not work at all (FAILED).
     */
    gboolean (*solve)(gpointer session,
                      const CfxSolveHow *how,
                      CfxSolution *solution,
                      GError **error);

    /**
     * [session] Why the last solution does what it does with this device in this slot, in a
     * sentence of English; NULL: nothing to say. (transfer full) (nullable). Optional: may be
     * NULL.
     */
    char *(*explain)(gpointer session, guint32 device, guint32 slot);
} CfxSchedulerOps;
CFX_ASSERT_TIGHT(CfxSchedulerOps, explain);

G_END_DECLS
