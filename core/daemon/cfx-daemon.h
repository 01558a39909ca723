/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The running daemon: what it consists of, and the steps that bring each part up and down. A step
 * is a file of its own, cfx-step-<part>.c; only it knows the part.
 */
#pragma once

#include "cfx-clock.h"
#include "cfx-instance.h"
#include "cfx-setup.h"

typedef struct _CfxDaemon {
    CfxSetup *setup;
    GPtrArray *setups; /* (element-type CfxSetup) older ones, whose values instances may hold */
    GMainLoop *main;
    CfxClock *clock;
    CfxLoop *loop;
    CfxInstance *self; /* the host as a caller of its own tables */
    int status;        /* exit status */

    CfxInstance *storage;             /* NULL: none */
    GPtrArray *adapters, *schedulers; /* (element-type CfxInstance) */
    struct _CfxStore *store;          /* NULL: none */
    struct _CfxRegister *reg;         /* NULL: no store */
    struct _CfxEngine *engine;        /* NULL: no store */
    struct _CfxWeb *web;              /* NULL: no listener */
    struct _CfxBus *bus;
    struct _CfxBackup *backup; /* NULL: none is being made */
    gint64 started_us;         /* REAL */
    gboolean is_ready, is_stopping;

    guint step;      /* the one that is being started, or stopped */
    guint n_started; /* steps that are up */
    CfxTimer patience;
    guint waiting; /* instances whose stop is awaited */
    CfxDone step_done;
    gpointer step_data;
} CfxDaemon;

typedef struct {
    const char *name;
    /* done(data, error) comes once, perhaps inside; an error ends the daemon. */
    void (*start)(CfxDaemon *daemon, CfxDone done, gpointer data);
    /* (nullable) also after a start that failed; done(data, NULL) comes once */
    void (*stop)(CfxDaemon *daemon, CfxDone done, gpointer data);
    /* (nullable) frees what it holds, when all have stopped */
    void (*release)(CfxDaemon *daemon);
} CfxStep;

extern const CfxStep cfx_step_adapters, cfx_step_schedulers;
extern const CfxStep cfx_step_store, cfx_step_register, cfx_step_engine, cfx_step_web, cfx_step_bus,
    cfx_step_socket;

/* Runs until a signal or a part that fails. @setup: (transfer full). Returns: the exit status. */
int cfx_daemon_run(CfxSetup *setup);

/* Reads the keyfiles again and takes over what may change while it runs.
 * Returns: (transfer full) (element-type utf8) what takes a restart; NULL with CONFIG: all
 * mistakes, and everything stays as it was. Both are logged too. */
GPtrArray *cfx_daemon_reload(CfxDaemon *daemon, GError **error);

/* Orderly stop; again: nothing. */
void cfx_daemon_stop(CfxDaemon *daemon, int status);

/* Stops instances side by side; done(data, NULL) when all have ended. */
void
cfx_daemon_stop_instances(CfxDaemon *daemon, GPtrArray *instances, CfxDone done, gpointer data);

/* "starting", "ready" or "stopping" */
const char *cfx_daemon_state_name(const CfxDaemon *daemon);
/* What `cariflexctl status --json` shows. (transfer full) */
char *cfx_daemon_status_json(CfxDaemon *daemon);
/* The same, for base.status of instances. [any] */
void cfx_daemon_status_serve(CfxDaemon *daemon);
