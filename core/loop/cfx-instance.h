/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * One instance of a factory: what a configuration group names. The CfxHost that a plugin gets is
 * its first member, so that a service finds its caller by a cast. Instances live as long as the
 * process; what a create() made comes and goes, counted by `generation`.
 */
#pragma once

#include "cfx-loop.h"

#include <cariflex/cfx-adapter.h>
#include <cariflex/cfx-scheduler.h>
#include <cariflex/cfx-storage.h>

typedef enum {
    CFX_INSTANCE_LOADED,   /* not started yet */
    CFX_INSTANCE_STARTING, /* start() has not been finished */
    CFX_INSTANCE_RUNNING,
    CFX_INSTANCE_DEGRADED, /* runs, and says that something is wrong */
    CFX_INSTANCE_FAILED,   /* waits to be tried again, or not to be (reason says which) */
    CFX_INSTANCE_STOPPING,
    CFX_INSTANCE_STOPPED,
    CFX_INSTANCE_LEFT_BEHIND, /* did not stop in time; never destroyed */
} CfxInstanceState;

typedef struct _CfxInstance {
    CfxHost host;                /* first */
    char *name;                  /* "depot" */
    char *group;                 /* "adapter:depot" */
    const char *kind;            /* "adapter", "storage", "scheduler", "host" */
    const CfxPluginInfo *info;   /* NULL: internal */
    CfxFactory factory;          /* zero-filled copy */
    CfxAdapterOps adapter;       /* zero-filled copy, kind adapter */
    CfxStorageOps storage;       /* zero-filled copy, kind storage */
    CfxSchedulerOps scheduler;   /* zero-filled copy, kind scheduler */
    const CfxSchedulerOps *scheduler_ops; /* the copy */
    gpointer self;               /* what create() returned; NULL when there is none */
    CfxLoop *home;
    CfxConfig *config; /* borrowed from the configuration; NULL: internal */
    guint64
        generation; /* rises with each create() and at its end; older completions are cancelled */
    gint64 source;  /* id of its own source, set by the register; 0: none */

    /*< private >*/
    GMutex lock;   /* of state and reason */
    guint32 state; /* cfx_instance_state() */
    char *reason;
    GHashTable *parts;   /* static string → Part */
    GHashTable *secrets; /* key → GBytes */
    guint working;       /* functions of work() that have not come back */
    guint64 slow_calls;  /* calls that took longer than CFX_INSTANCE_SLOW_US */
    CfxMetric *slow_metric;
} CfxInstance;

/* A call into a LOOP instance that takes longer is logged and counted. */
#define CFX_INSTANCE_SLOW_US (50 * 1000)

/* kind: static string. The host tables but `base` are NULL until somebody sets them. [main] */
CfxInstance *cfx_instance_new(const char *kind, const char *name, CfxLoop *home);
/* The core itself as a caller of its own tables: an instance of kind "host" that is RUNNING. */
CfxInstance *cfx_instance_new_internal(const char *name, CfxLoop *home);
/* At the end of the process, when no thread knows it any more. */
void cfx_instance_free(CfxInstance *instance);

static inline CfxInstance *
cfx_instance_of(const CfxHost *host)
{
    return (CfxInstance *)(gpointer)(guintptr)host;
}

/* Private data of a part of the core. `part` is a static string: "store", "web". [home] */
void cfx_instance_part_set(CfxInstance *instance,
                           const char *part,
                           gpointer data,
                           GDestroyNotify destroy);
gpointer cfx_instance_part(CfxInstance *instance, const char *part);

/* Hooks that drop timers, watches, routes and operations of an instance: called [home] after its
 * stop() was finished (or gave up) and before destroy(); operations are completed with CANCELLED.
 */
typedef void (*CfxInstanceStopFunc)(gpointer data, CfxInstance *instance);
void cfx_instance_add_stop_hook(CfxInstanceStopFunc func, gpointer data);
void cfx_instance_run_stop_hooks(CfxInstance *instance);
/* For tests. */
void cfx_instance_remove_stop_hooks(gpointer data);

/* State. [any] The reason is copied; get's is (transfer full) (nullable). */
void cfx_instance_set_state(CfxInstance *instance, CfxInstanceState state, const char *reason);
CfxInstanceState cfx_instance_state(CfxInstance *instance, char **ret_reason);
const char *cfx_instance_state_name(CfxInstanceState state);
/* Whether it takes new requests, commands and plans now: RUNNING or DEGRADED. [any] */
gboolean cfx_instance_is_up(CfxInstance *instance);
/* Whether completions may still be called for an operation of that generation. [home] */
gboolean cfx_instance_is_alive(const CfxInstance *instance, guint64 generation);

/* Brackets every call into a LOOP instance: gint64 t = enter(i); plugin(); leave(i, t, "message").
 * [home] */
gint64 cfx_instance_enter(CfxInstance *instance);
void cfx_instance_leave(CfxInstance *instance, gint64 entered_us, const char *what);

/* Content of a CFX_KEY_SECRET_FILE key, set by whoever loaded the configuration. [main] */
void cfx_instance_set_secret(CfxInstance *instance, const char *key, GBytes *secret);

/* The base table, for CfxHost.base. */
const CfxBaseApi *cfx_base_api(void);
/* What base.status answers. func [any] */
typedef GBytes *(*CfxStatusFunc)(gpointer data);
void cfx_base_api_set_status(CfxStatusFunc func, gpointer data);
