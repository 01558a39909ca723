/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The web as the daemon sees it: listeners, the table for plugins, health and metrics. All
 * functions are called on the main loop's thread. There is one web in a process.
 */
#pragma once

#include "cfx-instance.h"

#include <cariflex/cfx-web.h>

G_BEGIN_DECLS

typedef struct _CfxWeb CfxWeb;
typedef struct _CfxRegister CfxRegister;

/** Who knows identities. */
typedef struct {
    gpointer data;
    /** Whom a bearer token belongs to, at once; texts live until the next turn. */
    gboolean (*bearer)(gpointer data, const char *token, CfxLogin *ret);
    /** As CfxWebApi.login; done never before it has returned. */
    void (*login)(gpointer data,
                  const char *user,
                  const char *password,
                  gint64 lifetime_us,
                  CfxLoginDone done,
                  gpointer done_data);
    /** [any] */
    gboolean (*may)(gpointer data, gint64 principal, guint32 right, gint64 asset);
    void (*logout)(gpointer data, const char *token);
} CfxWebAuth;

CfxWebAuth cfx_web_auth_of_register(CfxRegister *reg);

/** @auth: (nullable) copied; NULL: nobody is known, as in a host without storage. */
CfxWeb *cfx_web_new(CfxLoop *main, const CfxWebAuth *auth);
/** After all instances have been stopped. */
void cfx_web_free(CfxWeb *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(CfxWeb, cfx_web_free)

/** The table for plugins. */
const CfxWebApi *cfx_web_api(void);

/** Schema of a [listener:NAME] group. */
const CfxConfigKey *cfx_web_listener_keys(gsize *ret_n);
/**
 * What a schema cannot say of a group: addresses, networks, and that beside a simulated clock a
 * listener must be a loopback one. What is wrong: texts that begin with the key; none: an empty
 * list (transfer full).
 */
char **cfx_web_listener_problems(const CfxConfig *config, gboolean is_simulated);

/** Opens a listener. CONFIG: as above; CONFLICT: the port is taken, and how to help. */
gboolean cfx_web_listen(CfxWeb *self, const char *name, const CfxConfig *config, GError **error);
/** The port it listens on (address=…:0 takes a free one); 0: no such listener. */
guint16 cfx_web_port(const CfxWeb *self, const char *name);
/** Takes no new connections: the first step of a stop of the host. */
void cfx_web_stop_listening(CfxWeb *self);

/** The store has no room: WebSockets are not read from. */
void cfx_web_set_pressure(CfxWeb *self, gboolean is_on);

/** What /health/live, /health/ready and /metrics say. */
typedef struct {
    gpointer data;
    /** FALSE: not ready; *ret_json (nullable, transfer full) is the body for the internal zone. */
    gboolean (*ready)(gpointer data, char **ret_json);
    /** (nullable) Brings gauges up to date before cfx_metric_text() is asked. */
    void (*refresh)(gpointer data);
} CfxWebMonitor;
/** Serves them on listeners that have health=yes or metrics=yes. Before the first listen(). */
void cfx_web_set_monitor(CfxWeb *self, const CfxWebMonitor *monitor);

/** Calls func with the title and address of each page that people open. */
typedef void (*CfxWebPageFunc)(gpointer data, const char *title, const char *url);
void cfx_web_pages(CfxWeb *self, CfxWebPageFunc func, gpointer data);

/** For status: {"listeners":[{"name":…,"address":…,"connections":…,…}],"pages":[{"title":…,"url":…}]}
 *  (transfer full) */
char *cfx_web_status_json(CfxWeb *self);

G_END_DECLS
