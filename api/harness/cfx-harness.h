/* SPDX-License-Identifier: MIT */
/**
 * @file cfx-harness.h
 * A host for unit tests of a plugin: one instance, one thread, clocks that stand until they are
 * moved.
 *
 * Whatever the instance asks for is kept and done in the order of asking, but only inside
 * cfx_harness_run() and the functions here that say that they run. What it commits, reports and
 * answers can be looked at; what the world does (time, plans, commands, requests, messages of a
 * WebSocket, answers of other servers) is said by the test. What the real host refuses is refused
 * here in the same words.
 *
 * Pointers that are returned belong to the harness and are good until the next function that runs,
 * unless something else is said. Everything is used by the thread of the test alone. Link with
 * `pkg-config --libs cariflex-harness-1`.
 */
#pragma once

#include <cariflex/cfx.h>

G_BEGIN_DECLS

typedef struct _CfxHarness CfxHarness;

/** 2025-10-01T12:00:00Z: what the SITE clock of a new harness shows. */
#define CFX_HARNESS_START_US G_GINT64_CONSTANT(1759320000000000)

/** A host for an instance of that name ("depot" of [adapter:depot]). */
CfxHarness *cfx_harness_new(const char *instance);
/** Stops and destroys the instance where that is still to do, and frees all. */
void cfx_harness_free(CfxHarness *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(CfxHarness, cfx_harness_free)

/** The host as the instance sees it; for tests of parts that are no whole plugin. */
CfxHost *cfx_harness_host(CfxHarness *self);

/** @name Life @{ */

/**
 * Makes an instance and starts it as the host would: checks `keyfile` against the factory's schema,
 * create(), start(), and runs until the start is finished.
 * @param info what the plugin's cfx_plugin_query_v1() returns
 * @param factory name of the factory
 * @param keyfile lines of its group: "listener=internal\ninterval=10s\n"; paths in it that are
 *   relative count from the working directory
 * @return FALSE with the first mistake of the keyfile, or the error of create() or start()
 */
gboolean cfx_harness_start(CfxHarness *self,
                           const CfxPluginInfo *info,
                           const char *factory,
                           const char *keyfile,
                           GError **error);
/** What create() returned; NULL when there is no instance. */
gpointer cfx_harness_self(CfxHarness *self);
/** New values of its keys, as with SIGHUP: a changed key that is not CFX_KEY_LIVE is an error. */
gboolean cfx_harness_reload(CfxHarness *self, const char *keyfile, GError **error);
/** stop(), CANCELLED for what it waits for, destroy(). What was recorded stays to be looked at. */
void cfx_harness_stop(CfxHarness *self);

/** Checks lines of a group against a schema without an instance; good as long as the harness. */
const CfxConfig *cfx_harness_config(CfxHarness *self,
                                    const CfxFactory *factory,
                                    const char *keyfile,
                                    GError **error);
/** @} */

/** @name Time @{ */

/** Does all that is due now. */
void cfx_harness_run(CfxHarness *self);
/** Moves both clocks and runs; timers come one by one, each at its own instant. */
void cfx_harness_advance(CfxHarness *self, gint64 us);
/** Moves one clock: SITE time that is simulated goes faster than REAL time. */
void cfx_harness_advance_clock(CfxHarness *self, guint32 clock, gint64 us);
/** Both clocks are so much further at once, as after a sleep of the machine or on a simulated clock
 *  that is fast; then runs. What is overdue comes once, the longest overdue first. */
void cfx_harness_jump(CfxHarness *self, gint64 site_us, gint64 real_us);
/** Sets the SITE clock; timers that become due come with the next run. */
void cfx_harness_set_site_us(CfxHarness *self, gint64 us);
/** How many timers wait. */
guint cfx_harness_n_timers(CfxHarness *self);
/** @} */

/** @name What it said of itself @{ */
/** CFX_HEALTH_OK or CFX_HEALTH_DEGRADED; `reason` (nullable) gets why, or NULL. */
guint32 cfx_harness_health(CfxHarness *self, const char **reason);
/** Last log message of that level; NULL: none. */
const char *cfx_harness_logged(CfxHarness *self, guint32 level, guint *n);
/** Value of a metric; labels do not count. NAN: no such metric. */
double cfx_harness_metric(CfxHarness *self, const char *name);
/** A secret for a key of type CFX_KEY_SECRET_FILE, instead of a file. */
void cfx_harness_set_secret(CfxHarness *self, const char *key, const char *secret);
/** @} */

/** @name What it stored @{ */

typedef struct {
    gint64 sensor, source, start_us, belief_us; /**< source 0: its own */
    double probability, value;
} CfxHarnessBelief;

typedef struct {
    char *topic, *doc;
    gint64 asset, at_us;
    guint32 flags;
} CfxHarnessNotice;

/** All beliefs in the order of committing. */
const CfxHarnessBelief *cfx_harness_beliefs(CfxHarness *self, guint *n);
/** The belief that was committed last for that sensor and start; CFX_TIME_MIN: any. NULL: none. */
const CfxHarnessBelief *cfx_harness_belief(CfxHarness *self, gint64 sensor, gint64 start_us);
/** The document of a record; NULL: there is none. */
const char *cfx_harness_record(CfxHarness *self, const char *collection, const char *key);
/** Puts a record there, as an earlier life would have. */
void
cfx_harness_put_record(CfxHarness *self, const char *collection, const char *key, const char *doc);
/** Puts a belief there, of a source that is not the instance's, and tells who watches. */
void cfx_harness_put_belief(
    CfxHarness *self, gint64 sensor, gint64 source, gint64 start_us, double value);
/** The last notice of that topic (NULL: any); NULL: none. `n` (nullable): how many there are. */
const CfxHarnessNotice *cfx_harness_notice(CfxHarness *self, const char *topic, guint *n);
/** How many commits were taken. */
guint cfx_harness_n_commits(CfxHarness *self);
/** `trace` and `received_us` (both nullable) of the last commit. */
void cfx_harness_last_commit(CfxHarness *self, gint64 *trace, gint64 *received_us);
/** TRUE: commits stay unfinished until FALSE is said, as with a slow disk. */
void cfx_harness_hold_commits(CfxHarness *self, gboolean hold);
/** All commits fail with that message (CFX_ERROR_UNAVAILABLE); NULL: they work again. */
void cfx_harness_fail_commits(CfxHarness *self, const char *message);
/** @} */

/** @name What there is
 * Items are copied; one whose id is there already is replaced. Each makes a new snapshot, and who
 * watches the model hears of it with the next run. @{ */
void cfx_harness_add_account(CfxHarness *self, const CfxAccount *account);
void cfx_harness_add_asset(CfxHarness *self, const CfxAsset *asset);
void cfx_harness_add_sensor(CfxHarness *self, const CfxSensor *sensor);
void cfx_harness_add_source(CfxHarness *self, const CfxSource *source);
void cfx_harness_add_binding(CfxHarness *self, const CfxBinding *binding);
/** An asset below another, with a sensor of W for its power and a binding of the instance to it:
 *  what most tests of an adapter need. The sensor's and binding's ids are the asset's. */
void cfx_harness_bind(CfxHarness *self, gint64 asset, const char *identity, gint64 unit);
/** @} */

/** @name Devices, plans, commands @{ */

typedef struct {
    CfxApplied applied; /**< as it was said; texts and columns are the harness's */
    const gint64 *allowed_us;
    const double *allowed_w;
} CfxHarnessApplied;

/** The last report of a device; NULL: none, or gone. */
const CfxDevice *cfx_harness_device(CfxHarness *self, gint64 asset);
guint cfx_harness_n_reports(CfxHarness *self);
/** The last thing that was said of a plan at that device (0: any); NULL: nothing. */
const CfxHarnessApplied *cfx_harness_applied(CfxHarness *self, gint64 asset, guint *n);
/** The last one who knocked; NULL: nobody. */
const CfxKnock *cfx_harness_knock(CfxHarness *self, guint *n);
/** The last need that a person stated through the instance; NULL: none. Each is taken. */
const CfxNeedAsk *cfx_harness_need(CfxHarness *self, guint *n);

/** Hands in a plan, as it is, and runs. Its site, epoch and version are the test's. */
void cfx_harness_apply(CfxHarness *self, const CfxPlan *plan);
/** Hands in a plan for one device and runs: `n` slots of `step_us` from now on, with that power,
 * and behind them the fail-safe power. Versions rise. `flags`: CFX_PLAN_URGENT… */
void cfx_harness_plan(CfxHarness *self,
                      gint64 asset,
                      gint64 step_us,
                      const double *power_w,
                      gsize n,
                      double fail_safe_w,
                      guint32 flags);
/** Sends a command and runs. @return its answer (transfer full), "" for none; NULL with its error,
 *  or with CFX_ERROR_UNAVAILABLE when it has not been answered yet. */
char *cfx_harness_command(
    CfxHarness *self, gint64 asset, const char *name, const char *args, GError **error);
/** @} */

/** @name Web @{ */

typedef struct {
    guint32 status;   /**< 0: not answered yet; 101: upgraded */
    const char *type; /**< Content-Type; NULL: none */
    const char *body; /**< NUL-terminated, "" for none */
    gsize body_size;
    const CfxPair *headers; /**< ended by one whose name is NULL */
    const char *protocol;   /**< of a WebSocket; NULL: none agreed */
    CfxSocket *socket;      /**< NULL: no WebSocket */
} CfxHarnessReply;

/** What another server answers. status 0: it cannot be reached. `body` NULL: empty. */
typedef struct {
    guint32 status;
    const char *body;
} CfxHarnessAnswer;
typedef CfxHarnessAnswer (*CfxHarnessServer)(gpointer data, const CfxHttpCall *call);

/** Makes a request to the route that fits, as the host would after its checks of role and size, and
 *  runs. `body` (nullable). @return good as long as the harness; it is filled when the instance
 *  answers, now or later. */
const CfxHarnessReply *
cfx_harness_request(CfxHarness *self, const char *method, const char *path, const char *body);
/** The same with all that a request has: headers, role, protocols. Copied. `body` may be NULL. */
const CfxHarnessReply *cfx_harness_request_full(CfxHarness *self, const CfxRequest *request);

/** A message of the peer; runs. */
void cfx_harness_socket_message(CfxSocket *socket, const char *text);
void cfx_harness_socket_binary(CfxSocket *socket, const void *bytes, gsize size);
/** The next message that was sent to the peer and not looked at yet; NULL: none. */
const char *cfx_harness_socket_sent(CfxSocket *socket);
/** The peer is gone; runs. */
void cfx_harness_socket_gone(CfxSocket *socket, guint32 code, const char *reason);
/** Code with which the instance closed it; 0: it is open. */
guint32 cfx_harness_socket_code(CfxSocket *socket);

/** Who answers http(). */
void cfx_harness_set_server(CfxHarness *self, CfxHarnessServer server, gpointer data);
/** Somebody who may log in; `login` is copied. `password` (nullable): what is right; `token` of
 *  `login` (nullable): a bearer token that is right. */
void cfx_harness_add_login(CfxHarness *self,
                           const char *user,
                           const char *password,
                           const CfxLogin *login);
/** What may() says: rights (CFX_RIGHT_… bits) of a principal (0: all) on all assets. */
void cfx_harness_set_rights(CfxHarness *self, gint64 principal, guint32 rights);
/** @} */

G_END_DECLS
