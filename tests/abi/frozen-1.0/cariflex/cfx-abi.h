/* SPDX-License-Identifier: MIT */
/**
 * @file cfx-abi.h
 * What a plugin exports and how the host calls it: descriptor, factory, call token, errors.
 *
 * Five sentences hold for the whole contract.
 *  1. Home. Each instance has one home thread. All calls into it and all its completions, timers,
 *     sockets and watches come there, one at a time. Storage readers and scheduler sessions are
 *     objects of their own with the same rule.
 *  2. No re-entry. No service calls back before it has returned. A completion comes exactly once;
 *     with CFX_ERROR_CANCELLED if the instance stops first.
 *  3. Borrowed in, copied in, kept by owner. Arguments live until the function returns (those of a
 *     call with a CfxCall: until it is finished). What a plugin gives to a service is copied before
 *     it returns. To keep a view, use its `_keep`.
 *  4. Growth. Every struct but the frozen ones starts with `struct_size`; members are only
 *     appended; unknown flag bits are refused; a member that is NULL is not offered. Arrays of
 *     growing structs travel as arrays of pointers.
 *  5. Units. See cfx-types.h.
 *
 * In comments `[home]` means the instance's own thread, `[any]` any thread. Names that end in `Api`
 * are offered by the host, names that end in `Ops` are implemented by a plugin.
 */
#pragma once

#include <string.h>

#include <gio/gio.h>

G_BEGIN_DECLS

/** ABI major. It is in the name of the entry point; a change of it is another contract. */
#define CFX_ABI_MAJOR 1
/** ABI minor. Raised whenever something is appended. */
#define CFX_ABI_MINOR 0
/** major << 16 | minor, as stored in CfxPluginInfo.abi. */
#define CFX_ABI_VERSION ((CFX_ABI_MAJOR << 16) | CFX_ABI_MINOR)

/** Name of the only symbol that a plugin exports. */
#define CFX_PLUGIN_ENTRY "cfx_plugin_query_v1"

#define CFX_EXPORT __attribute__((visibility("default")))

/** A struct of the ABI ends where its last member ends: a member in tail padding could not be told. */
#define CFX_ASSERT_TIGHT(type, last) \
    G_STATIC_ASSERT(sizeof(type) == G_STRUCT_OFFSET(type, last) + sizeof(((type *)0)->last))

/** Whether the other side's struct is large enough to hold pointer member `m` and offers it. */
#define CFX_HAS(p, m) \
    ((p)->struct_size >= G_STRUCT_OFFSET(__typeof__(*(p)), m) + sizeof((p)->m) && (p)->m != NULL)

/** Size that a struct has when `m` is its last member: what an older side may have given. */
#define CFX_SIZE_UPTO(type, m) (G_STRUCT_OFFSET(type, m) + sizeof(((type *)0)->m))

/**
 * Copies a struct of the other side, which begins with its size, into one of ours: what it has not
 * is 0 here, what we do not know stays behind, and the size is ours. Never copy by assignment. [any]
 */
static inline void
cfx_struct_copy(gpointer to, gsize size, gconstpointer from)
{
    guint32 ours = (guint32)size, given;
    memcpy(&given, from, sizeof given);
    memset(to, 0, size);
    memcpy(to, from, MIN(given, size));
    memcpy(to, &ours, sizeof ours);
}

typedef struct _CfxHost CfxHost;
typedef struct _CfxConfig CfxConfig;
typedef struct _CfxConfigKey CfxConfigKey;
typedef struct _CfxCall CfxCall;

/**
 * Error codes: the code tells the host what to do, the message tells the operator what happened.
 * Errors of other domains count as CFX_ERROR_FAILED.
 */
typedef enum {
    CFX_ERROR_FAILED = 0,        /**< something else; retried with growing pauses */
    CFX_ERROR_CONFIG = 1,        /**< the configuration is wrong; not retried */
    CFX_ERROR_UNAVAILABLE = 2,   /**< a peer or resource is away; retried with growing pauses */
    CFX_ERROR_AUTH = 3,          /**< credentials were not accepted */
    CFX_ERROR_PEER = 4,          /**< the other side broke its protocol */
    CFX_ERROR_INVALID = 5,       /**< an argument is wrong; message: "path.of.member: what" */
    CFX_ERROR_CONFLICT = 6,      /**< an expected revision was not there, or a name is taken */
    CFX_ERROR_NOT_FOUND = 7,     /**< no such thing */
    CFX_ERROR_NOT_SUPPORTED = 8, /**< the other side does not offer it */
    CFX_ERROR_CANCELLED = 9,     /**< stopped before it was done */
    CFX_ERROR_FULL = 10,         /**< a queue or store has no room now; try again later */
} CfxError;

/** Error domain, looked up by name so that nothing is linked. [any] */
static inline GQuark
cfx_error_quark(void)
{
    return g_quark_from_static_string("cfx-error-quark");
}
#define CFX_ERROR (cfx_error_quark())

/** What the host does for a call. */
typedef struct {
    guint32 struct_size, flags; /**< flags: none yet */
    /** Ends the call. [any], exactly once. `answer` and `error` are (transfer full) (nullable). */
    void (*finish)(CfxCall *call, GBytes *answer, GError *error);
} CfxCallOps;
CFX_ASSERT_TIGHT(CfxCallOps, finish);

/** Token of a call that may take time. Frozen. Made and freed by the host; read only. */
struct _CfxCall {
    const CfxCallOps *ops;     /**< use cfx_call_finish() */
    GCancellable *cancellable; /**< triggered when nobody waits any more */
    gint64 deadline_us;        /**< REAL time after which the answer is not awaited; 0: none */
};

/** Ends a call: exactly once, from any thread. Both arguments (transfer full) (nullable). */
static inline void
cfx_call_finish(CfxCall *call, GBytes *answer, GError *error)
{
    call->ops->finish(call, answer, error);
}

/** Completion without a result. [home] `error` is borrowed and NULL on success. */
typedef void (*CfxDone)(gpointer data, const GError *error);
/** A function to run. */
typedef void (*CfxFunc)(gpointer data);

/** @name CfxFactory.threading @{ */
#define CFX_THREAD_LOOP 1u   /**< must not block; lives in an event loop */
#define CFX_THREAD_WORKER 2u /**< may block; always has a thread of its own */
/** @} */

/** @name CfxFactory.kind @{ */
#define CFX_KIND_ADAPTER "cariflex.adapter/1"
#define CFX_KIND_STORAGE "cariflex.storage/1"
#define CFX_KIND_SCHEDULER "cariflex.scheduler/1"
/** @} */

/**
 * Makes instances of one kind of thing. Static data. All functions are called [home].
 * Life: create, start, (reload…), stop, destroy. A failed start is followed by destroy, and later
 * by a new create when the error code allows it.
 */
typedef struct {
    guint32 struct_size;
    guint32 threading;        /**< CFX_THREAD_LOOP or CFX_THREAD_WORKER */
    const char *kind;         /**< "cariflex.adapter/1": the kind with its own major */
    const char *name;         /**< "openadr-ven": the keyfile says plugin=openadr-ven */
    const char *summary;      /**< one line for people; (nullable) */
    const CfxConfigKey *keys; /**< schema of the configuration group; (nullable) if n_keys is 0 */
    gsize n_keys;             /**< number of keys */
    gsize key_size;           /**< sizeof(CfxConfigKey) as the plugin was compiled */
    const void *ops;          /**< CfxAdapterOps, CfxStorageOps or CfxSchedulerOps, by kind */
    /** Makes an instance. No I/O. `host` and `config` live until destroy. NULL with `error` set. */
    gpointer (*create)(const CfxHost *host, const CfxConfig *config, GError **error);
    /** Begins work; finish the call when ready to serve. */
    void (*start)(gpointer self, CfxCall *call);
    /** Ends work; all services still answer. At most 1 s, then the instance is left behind. */
    void (*stop)(gpointer self, CfxCall *call);
    /** The last call; calls no service. */
    void (*destroy)(gpointer self);
    /** (nullable) New values of keys marked CFX_KEY_LIVE. FALSE with NOT_SUPPORTED: restart me. */
    gboolean (*reload)(gpointer self, const CfxConfig *config, GError **error);
} CfxFactory;
CFX_ASSERT_TIGHT(CfxFactory, reload);

/** What a module is. Static data; returned by the entry point without running other code. */
typedef struct {
    guint32 struct_size;
    guint32 abi;          /**< CFX_ABI_VERSION it was compiled against */
    guint32 min_host_abi; /**< oldest CFX_ABI_VERSION of a host that it can live with */
    guint32 flags;        /**< none yet: 0 */
    const char *id;       /**< "openadr": prefix of its collections and notice topics */
    const char *name;     /**< for people */
    const char *version;  /**< its own version */
    const char *license;  /**< SPDX expression */
    const CfxFactory *const *factories; /**< NULL-terminated */
    const char *build;                  /**< (nullable) exact build; asked of provisional kinds */
} CfxPluginInfo;
CFX_ASSERT_TIGHT(CfxPluginInfo, build);

/** The entry point's type. [any] */
typedef const CfxPluginInfo *(*CfxPluginQuery)(void);

/** Declared here so that a plugin's definition has a prototype. */
CFX_EXPORT const CfxPluginInfo *cfx_plugin_query_v1(void);

G_END_DECLS
