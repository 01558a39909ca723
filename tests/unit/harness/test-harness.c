/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The fake host of api/harness/ keeps the promises of the real one: order, refusals, one answer. */
#include <harness/cfx-harness-problem.h>
#include <harness/cfx-harness.h>
#include <math.h>
#include <string.h>

/* --- a small plugin that does what a test tells it --- */

typedef struct {
    const CfxHost *host;
    GString *log; /* what came, in order */
} Toy;

static Toy toy;
static gboolean toy_never_stops;

static gpointer
toy_create(const CfxHost *host, const CfxConfig *config, GError **error)
{
    toy.host = host;
    if (cfx_config_number(config, "fail") == 1) {
        g_set_error_literal(error, CFX_ERROR, CFX_ERROR_CONFIG, "told to fail");
        return NULL;
    }
    return &toy;
}

static void
toy_start(gpointer self, CfxCall *call)
{
    cfx_call_finish(call, NULL, NULL);
}

static void
toy_stop(gpointer self, CfxCall *call)
{
    if (!toy_never_stops)
        cfx_call_finish(call, NULL, NULL);
}

static void
toy_destroy(gpointer self)
{
    g_string_append(toy.log, "destroyed ");
}

static gboolean
toy_reload(gpointer self, const CfxConfig *config, GError **error)
{
    g_string_append_printf(
        toy.log, "pace %" G_GINT64_FORMAT " ", cfx_config_number(config, "pace"));
    return TRUE;
}

static const CfxConfigKey keys[] = {
    { .name = "fail", .type = CFX_KEY_BOOLEAN, .def = "no" },
    { .name = "pace", .type = CFX_KEY_INTEGER, .def = "1", .max = "9", .flags = CFX_KEY_LIVE },
    { .name = "secret-file", .type = CFX_KEY_SECRET_FILE },
};
static const CfxAdapterOps ops = { .struct_size = sizeof ops };
static const CfxFactory factory = { .struct_size = sizeof factory,
                                    .threading = CFX_THREAD_LOOP,
                                    .kind = CFX_KIND_ADAPTER,
                                    .name = "toy",
                                    .keys = keys,
                                    .n_keys = G_N_ELEMENTS(keys),
                                    .key_size = sizeof(CfxConfigKey),
                                    .ops = &ops,
                                    .create = toy_create,
                                    .start = toy_start,
                                    .stop = toy_stop,
                                    .destroy = toy_destroy,
                                    .reload = toy_reload };
static const CfxFactory *const factories[] = { &factory, NULL };
static const CfxPluginInfo info = { .struct_size = sizeof info,
                                    .abi = CFX_ABI_VERSION,
                                    .id = "toy",
                                    .name = "Toy",
                                    .version = "1",
                                    .license = "MIT",
                                    .factories = factories };

typedef struct {
    CfxHarness *harness;
    const CfxHost *host;
} Fixture;

static void
set_up(Fixture *self, gconstpointer data)
{
    g_autoptr(GError) error = NULL;
    toy.log = g_string_new(NULL);
    toy_never_stops = FALSE;
    self->harness = cfx_harness_new("depot");
    cfx_harness_start(self->harness, &info, "toy", "", &error);
    g_assert_no_error(error);
    self->host = cfx_harness_host(self->harness);
}

static void
tear_down(Fixture *self, gconstpointer data)
{
    cfx_harness_free(self->harness);
    g_string_free(toy.log, TRUE);
}

static void
say(gpointer word)
{
    g_string_append_printf(toy.log, "%s ", (const char *)word);
}

static gpointer
word(const char *text)
{
    return (gpointer)(guintptr)text;
}

/* --- time --- */

static void
test_time(Fixture *self, gconstpointer data)
{
    const CfxBaseApi *base = self->host->base;
    cfx_timer_after(self->host, CFX_CLOCK_REAL, 3 * CFX_SECOND, say, word("three"));
    cfx_timer_after(self->host, CFX_CLOCK_SITE, CFX_SECOND, say, word("one"));
    CfxTimer stopped = cfx_timer_after(self->host, CFX_CLOCK_SITE, CFX_SECOND, say, word("never"));
    base->timer_stop(self->host, stopped);
    base->timer_stop(self->host, stopped); /* a stale handle is harmless */
    base->post(self->host, say, word("posted"));
    g_assert_cmpstr(toy.log->str, ==, "");
    cfx_harness_run(self->harness);
    g_assert_cmpstr(toy.log->str, ==, "posted ");
    cfx_harness_advance(self->harness, 5 * CFX_SECOND);
    g_assert_cmpstr(toy.log->str, ==, "posted one three ");
    g_assert_cmpint(
        base->now(self->host, CFX_CLOCK_SITE), ==, CFX_HARNESS_START_US + 5 * CFX_SECOND);
    cfx_timer_after(self->host, CFX_CLOCK_REAL, CFX_SECOND, say, word("real"));
    cfx_harness_advance_clock(self->harness, CFX_CLOCK_SITE, CFX_HOUR);
    g_assert_cmpuint(cfx_harness_n_timers(self->harness), ==, 1);
}

static void
work_done(gpointer data, const GError *error)
{
    say(word("done"));
}

static void
test_work(Fixture *self, gconstpointer data)
{
    self->host->base->work(self->host, say, word("worked"), work_done);
    g_assert_cmpstr(toy.log->str, ==, "");
    cfx_harness_run(self->harness);
    g_assert_cmpstr(toy.log->str, ==, "worked done ");
}

/* --- storing --- */

static void
committed(gpointer data, const CfxCommitted *result, const GError *error)
{
    if (error != NULL)
        g_string_append_printf(toy.log, "%s. ", error->message);
    else
        g_string_append_printf(toy.log, "stored %" G_GUINT64_FORMAT ". ", result->stored);
}

static gint64
commit_notice(Fixture *self, const char *topic, guint32 flags)
{
    const CfxNotice notice = { .struct_size = sizeof notice,
                               .flags = flags,
                               .topic = topic,
                               .at_us = CFX_TIME_MIN,
                               .doc = "{}",
                               .doc_size = 2 };
    const CfxNotice *const notices[] = { &notice };
    const CfxCommit commit = { .struct_size = sizeof commit, .notices = notices, .n_notices = 1 };
    gint64 revision = cfx_commit(self->host, &commit, committed, NULL);
    cfx_harness_run(self->harness);
    return revision;
}

static gint64
commit_record(Fixture *self, const char *collection, const char *key, gint64 expect)
{
    const CfxRecord record = { .struct_size = sizeof record,
                               .collection = collection,
                               .key = key,
                               .doc = "{\"a\":1}",
                               .doc_size = 7,
                               .expect = expect };
    const CfxRecord *const records[] = { &record };
    const CfxCommit commit = { .struct_size = sizeof commit, .records = records, .n_records = 1 };
    gint64 revision = cfx_commit(self->host, &commit, committed, NULL);
    cfx_harness_run(self->harness);
    return revision;
}

static void
test_commits(Fixture *self, gconstpointer data)
{
    guint n;
    g_assert_cmpint(commit_notice(self, "toy.news", 0), >, 0);
    g_assert_cmpint(
        cfx_harness_notice(self->harness, "toy.", NULL)->at_us, ==, CFX_HARNESS_START_US);
    g_assert_cmpint(commit_notice(self, "other.news", 0), ==, 0);
    g_assert_cmpint(commit_notice(self, "toy.news", 64), ==, 0);
    g_assert_cmpstr(toy.log->str,
                    ==,
                    "stored 0. notices.0.topic: \"other.news\" does not begin with \"toy.\". "
                    "notices.0.flags: unknown bit. ");
    cfx_harness_notice(self->harness, NULL, &n);
    g_assert_cmpuint(n, ==, 1);
    g_assert_cmpstr(cfx_harness_logged(self->harness, CFX_LOG_CRITICAL, &n),
                    ==,
                    "commit refused: notices.0.flags: unknown bit");
    g_assert_cmpuint(cfx_harness_n_commits(self->harness), ==, 1);
}

static void
test_records(Fixture *self, gconstpointer data)
{
    gint64 revision = commit_record(self, "toy.thing", "depot/a", CFX_EXPECT_NEW);
    g_assert_cmpstr(cfx_harness_record(self->harness, "toy.thing", "depot/a"), ==, "{\"a\":1}");
    commit_record(self, "toy.thing", "depot/a", revision);
    g_string_truncate(toy.log, 0);
    commit_record(self, "toy.thing", "depot/a", revision); /* it has moved on */
    commit_record(self, "toy.thing", "other/a", CFX_EXPECT_ANY);
    g_assert_cmpstr(toy.log->str,
                    ==,
                    "records.0.expect: another revision is there. "
                    "records.0.key: \"other/a\" does not begin with \"depot/\". ");
}

static void
records_read(gpointer data, const CfxRecords *result, const GError *error)
{
    for (gsize i = 0; i < result->n; i++)
        say(word(result->records[i]->key));
}

static void
test_reads_records(Fixture *self, gconstpointer data)
{
    const char *const wanted[] = { "depot/b" };
    CfxRecordQuery query = { .struct_size = sizeof query, .collection = "toy.thing" };
    cfx_harness_put_record(self->harness, "toy.thing", "depot/b", "{}");
    cfx_harness_put_record(self->harness, "toy.thing", "depot/a", "{}");
    cfx_harness_put_record(self->harness, "toy.other", "depot/c", "{}");
    self->host->data->read_records(self->host, &query, records_read, NULL);
    query.keys = wanted;
    query.n_keys = 1;
    self->host->data->read_records(self->host, &query, records_read, NULL);
    g_assert_cmpstr(toy.log->str, ==, ""); /* never before it has returned */
    cfx_harness_run(self->harness);
    g_assert_cmpstr(toy.log->str, ==, "depot/a depot/b depot/b ");
}

static void
test_held_and_failing(Fixture *self, gconstpointer data)
{
    cfx_harness_hold_commits(self->harness, TRUE);
    commit_notice(self, "toy.a", 0);
    g_assert_cmpstr(toy.log->str, ==, "");
    cfx_harness_hold_commits(self->harness, FALSE);
    cfx_harness_run(self->harness);
    cfx_harness_fail_commits(self->harness, "disk full");
    commit_notice(self, "toy.b", 0);
    g_assert_cmpstr(toy.log->str, ==, "stored 0. disk full. ");
    g_assert_null(cfx_harness_notice(self->harness, "toy.b", NULL));
    cfx_harness_fail_commits(self->harness, NULL);
    cfx_harness_hold_commits(self->harness, TRUE);
    commit_notice(self, "toy.c", 0);
    g_string_truncate(toy.log, 0);
    cfx_harness_stop(self->harness);
    g_assert_cmpstr(toy.log->str, ==, "it was stopped. destroyed ");
}

static void
beliefs_came(gpointer data, const CfxBeliefs *result, const GError *error)
{
    for (gsize i = 0; i < result->n; i++)
        g_string_append_printf(toy.log, "%.0f ", cfx_real_at(result->value, i));
}

static void
test_watches(Fixture *self, gconstpointer data)
{
    const gint64 sensor = 5;
    double value;
    gint64 start_us;
    guint64 watch = self->host->data->watch_beliefs(self->host, &sensor, 1, beliefs_came, NULL);
    cfx_harness_put_belief(self->harness, 5, 9, CFX_HARNESS_START_US, 70);
    cfx_harness_put_belief(self->harness, 6, 9, CFX_HARNESS_START_US, 71);
    cfx_harness_run(self->harness);
    self->host->data->unwatch(self->host, watch);
    cfx_harness_put_belief(self->harness, 5, 9, CFX_HARNESS_START_US + CFX_HOUR, 72);
    cfx_harness_run(self->harness);
    g_assert_cmpstr(toy.log->str, ==, "70 ");
    self->host->data->latest(self->host, &sensor, 1, &value, &start_us);
    g_assert_cmpfloat(value, ==, 70); /* the other has not begun */
}

/* --- the model --- */

static void
changed(gpointer data, const CfxModelChanged *result, const GError *error)
{
    g_string_append_printf(toy.log, "asset %" G_GINT64_FORMAT " ", result->ids[0]);
}

static void
test_model(Fixture *self, gconstpointer data)
{
    const CfxAsset asset = { .struct_size = sizeof asset, .name = "new", .type = "pv" };
    const CfxModelChange change = { .struct_size = sizeof change,
                                    .kind = CFX_MODEL_ASSET,
                                    .item = &asset };
    const CfxModelChange *const changes[] = { &change };
    double scale, offset;
    const CfxModel *before = self->host->model->get(self->host);
    self->host->model->change(self->host, changes, 1, changed, NULL);
    cfx_harness_run(self->harness);
    g_assert_cmpstr(toy.log->str, ==, "asset 1000 ");
    g_assert_cmpuint(before->n_assets, ==, 0); /* a snapshot stays as it was */
    const CfxModel *after = self->host->model->get(self->host);
    g_assert_cmpstr(cfx_model_asset(after, 1000)->name, ==, "new");
    g_bytes_unref(before->owner);
    g_bytes_unref(after->owner);
    g_assert_true(self->host->model->unit(self->host, "kW", "W", 0, &scale, &offset, NULL));
    g_assert_cmpfloat(scale, ==, 1000);
}

/* --- web --- */

static const CfxRequest *waiting;

static void
handle(gpointer data, const CfxRequest *request)
{
    const CfxPair headers[] = { { "Content-Type", "text/plain" }, { NULL, NULL } };
    if (strcmp(request->path, "/toy/later") == 0) {
        waiting = request;
        return;
    }
    g_autofree char *text =
        g_strdup_printf("%s %s", request->path, request->query != NULL ? request->query : "-");
    g_autoptr(GBytes) body = g_bytes_new(text, strlen(text));
    toy.host->web->respond(request, 200, headers, body);
}

static void
route(Fixture *self,
      const char *method,
      const char *path,
      void (*func)(gpointer, const CfxRequest *))
{
    g_autoptr(GError) error = NULL;
    const CfxRoute route = {
        .struct_size = sizeof route, .method = method, .path = path, .body_max = 16, .handle = func
    };
    self->host->web->route(self->host, "public", &route, NULL, &error);
    g_assert_no_error(error);
}

static void
test_requests(Fixture *self, gconstpointer data)
{
    route(self, "GET", "/toy/", handle);
    const CfxHarnessReply *reply = cfx_harness_request(self->harness, "GET", "/toy/a?b=c", NULL);
    g_assert_cmpuint(reply->status, ==, 200);
    g_assert_cmpstr(reply->body, ==, "/toy/a b=c");
    g_assert_cmpstr(reply->type, ==, "text/plain");
    g_assert_cmpuint(cfx_harness_request(self->harness, "PUT", "/toy/a", NULL)->status, ==, 405);
    g_assert_cmpuint(cfx_harness_request(self->harness, "GET", "/boy", NULL)->status, ==, 404);
    g_assert_cmpuint(
        cfx_harness_request(self->harness, "GET", "/toy/a", "more than 16 bytes")->status, ==, 413);
    reply = cfx_harness_request(self->harness, "GET", "/toy/later", NULL);
    g_assert_cmpuint(reply->status, ==, 0);
    self->host->web->respond(waiting, 204, NULL, NULL);
    g_assert_cmpuint(reply->status, ==, 204);
}

static void
socket_message(gpointer data, CfxSocket *socket, char *text, gsize size)
{
    g_autofree char *echo = g_ascii_strup(text, (gssize)size);
    toy.host->web->send(socket, echo, size);
    if (strcmp(text, "bye") == 0)
        toy.host->web->close(socket, 1000, "bye");
}

static void
socket_closed(gpointer data, CfxSocket *socket, guint32 code, const char *reason)
{
    g_string_append_printf(toy.log, "closed %u ", code);
}

static const CfxSocketOps socket_ops = { .struct_size = sizeof socket_ops,
                                         .message = socket_message,
                                         .closed = socket_closed };

static void
upgrade(gpointer data, const CfxRequest *request)
{
    toy.host->web->upgrade(request, request->protocols[0], &socket_ops, NULL);
}

static void
test_sockets(Fixture *self, gconstpointer data)
{
    const char *const protocols[] = { "toy1", NULL };
    const CfxRequest request = {
        .struct_size = sizeof request, .method = "GET", .path = "/ws", .protocols = protocols
    };
    route(self, "GET", "/ws", upgrade);
    const CfxHarnessReply *reply = cfx_harness_request_full(self->harness, &request);
    g_assert_cmpuint(reply->status, ==, 101);
    g_assert_cmpstr(reply->protocol, ==, "toy1");
    cfx_harness_socket_message(reply->socket, "hello");
    g_assert_cmpstr(cfx_harness_socket_sent(reply->socket), ==, "HELLO");
    g_assert_null(cfx_harness_socket_sent(reply->socket));
    cfx_harness_socket_message(reply->socket, "bye");
    g_assert_cmpuint(cfx_harness_socket_code(reply->socket), ==, 1000);
    const CfxHarnessReply *other = cfx_harness_request_full(self->harness, &request);
    cfx_harness_socket_gone(other->socket, 1006, "gone");
    cfx_harness_request_full(self->harness, &request);
    cfx_harness_stop(self->harness);
    g_assert_cmpstr(toy.log->str, ==, "closed 1000 closed 1006 closed 1001 destroyed ");
}

static CfxHarnessAnswer
server(gpointer data, const CfxHttpCall *call)
{
    return strcmp(call->url, "http://x/ok") == 0 ? (CfxHarnessAnswer){ 200, "fine" }
                                                 : (CfxHarnessAnswer){ 0, NULL };
}

static void
answered(gpointer data, const CfxHttpAnswer *result, const GError *error)
{
    if (error != NULL)
        say(error->message);
    else
        g_string_append_printf(toy.log, "%u ", result->status);
}

static void
logged_in(gpointer data, const CfxLogin *result, const GError *error)
{
    say(error != NULL ? error->message : word(result->identity));
}

static void
test_others(Fixture *self, gconstpointer data)
{
    const CfxLogin login = {
        .struct_size = sizeof login, .principal = 3, .identity = "anna", .token = "t0ken"
    };
    CfxHttpCall call = { .struct_size = sizeof call, .method = "GET", .url = "http://x/ok" };
    cfx_harness_set_server(self->harness, server, NULL);
    self->host->web->http(self->host, &call, answered, NULL);
    call.url = "http://y/";
    self->host->web->http(self->host, &call, answered, NULL);
    cfx_harness_add_login(self->harness, "anna", "right", &login);
    self->host->web->login(self->host, "anna", "right", 0, logged_in, NULL);
    self->host->web->login(self->host, "anna", "wrong", 0, logged_in, NULL);
    self->host->web->login(self->host, "otto", "right", 0, logged_in, NULL);
    self->host->web->login(self->host, "t0ken", NULL, 0, logged_in, NULL);
    cfx_harness_run(self->harness);
    g_assert_cmpstr(
        toy.log->str, ==, "200 connection refused anna wrong password nobody of that name anna ");
    g_assert_false(self->host->web->may(self->host, 3, CFX_RIGHT_READ, 1));
    cfx_harness_set_rights(self->harness, 3, CFX_RIGHT_READ);
    g_assert_true(self->host->web->may(self->host, 3, CFX_RIGHT_READ, 1));
    g_assert_false(self->host->web->may(self->host, 3, CFX_RIGHT_CONTROL, 1));
}

/* --- configuration and life --- */

static void
test_configuration(Fixture *self, gconstpointer data)
{
    const struct {
        const char *keyfile, *message;
    } wrong[] = {
        { "pase=1", "unknown key \"pase\"; plugin \"toy\" has no such key" },
        { "pace=x", "pace=x is not a whole number" },
        { "pace=10", "pace=10 is more than 9, the most that plugin \"toy\" accepts" },
        { "pace=1\npace=2", "\"pace\" is given again" },
        { "fail=yes", "told to fail" },
        { "secret-file=/nonexistent",
          "secret-file names a file that cannot be read (no such file); a secret stands in a file "
          "of "
          "its own, not in the keyfile" },
    };
    g_autoptr(GError) error = NULL;
    for (gsize i = 0; i < G_N_ELEMENTS(wrong); i++) {
        g_autoptr(CfxHarness) other = cfx_harness_new("other");
        g_autoptr(GError) found = NULL;
        g_assert_false(cfx_harness_start(other, &info, "toy", wrong[i].keyfile, &found));
        g_assert_cmpstr(found->message, ==, wrong[i].message);
        g_assert_error(found, CFX_ERROR, CFX_ERROR_CONFIG);
    }
    g_assert_true(cfx_harness_reload(self->harness, "pace=3", &error));
    g_assert_no_error(error);
    g_assert_cmpstr(toy.log->str, ==, "pace 3 ");
    cfx_harness_set_secret(self->harness, "secret-file", "hush");
    g_autoptr(GBytes) secret = self->host->base->secret(self->host, "secret-file", NULL);
    g_assert_cmpmem(g_bytes_get_data(secret, NULL), g_bytes_get_size(secret), "hush", 4);
}

static void
test_never_stops(Fixture *self, gconstpointer data)
{
    if (g_test_subprocess()) {
        toy_never_stops = TRUE;
        cfx_harness_stop(self->harness);
        return;
    }
    g_test_trap_subprocess(NULL, 0, 0);
    g_test_trap_assert_failed();
    g_test_trap_assert_stderr("*stop() was not finished within a second*");
}

static void
test_metrics(Fixture *self, gconstpointer data)
{
    const CfxBaseApi *base = self->host->base;
    CfxMetric *count = base->metric(self->host, CFX_METRIC_COUNTER, "toys", "Toys", NULL);
    base->metric_add(count, 2);
    base->metric_add(count, 3);
    g_assert_cmpfloat(cfx_harness_metric(self->harness, "toys"), ==, 5);
    g_assert_true(isnan(cfx_harness_metric(self->harness, "none")));
}

/* a member that is new in a table and missing here would crash a plugin in its own test */
static void
test_all_is_offered(Fixture *self, gconstpointer data)
{
    const struct {
        gconstpointer table;
        gsize size;
    } tables[] = {
        { self->host->base, sizeof(CfxBaseApi) },       { self->host->data, sizeof(CfxDataApi) },
        { self->host->model, sizeof(CfxModelApi) },     { self->host->web, sizeof(CfxWebApi) },
        { self->host->devices, sizeof(CfxDeviceApi) },
    };
    for (gsize i = 0; i < G_N_ELEMENTS(tables); i++) {
        for (gsize at = 8; at < tables[i].size; at += sizeof(gpointer)) {
            gpointer member;
            memcpy(&member, (const char *)tables[i].table + at, sizeof member);
            g_test_message("table %" G_GSIZE_FORMAT " at %" G_GSIZE_FORMAT, i, at);
            g_assert_nonnull(member);
        }
    }
}

/* --- problems for schedulers --- */

static void
test_problem(Fixture *self, gconstpointer data)
{
    g_autoptr(CfxHarnessProblem) made = cfx_harness_problem_new(2, 4, 0.25);
    const CfxProblem *problem = &made->problem;
    g_assert_cmpuint(problem->needs, ==, 0);
    g_assert_cmpint(problem->edge_us[4] - problem->edge_us[0], ==, CFX_HOUR);
    made->full[0] = 30;
    cfx_harness_problem_target(made, 0, 3, CFX_TARGET_ASKED, 5, 1);
    cfx_harness_problem_limit(made, 0, CFX_LIMIT_PHYSICAL, FALSE, 10);
    cfx_harness_problem_ready(made);
    g_assert_cmpuint(problem->needs, ==, CFX_NEED_STOCK | CFX_NEED_TARGETS);
    g_assert_cmpfloat(cfx_real_at(problem->limits[0]->max_kw, 3), ==, 10);
    g_autoptr(CfxHarnessSolution) answer = cfx_harness_solution_new(problem);
    g_assert_nonnull(answer->solution.power_kw);
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    const struct {
        const char *name;
        void (*test)(Fixture *self, gconstpointer data);
    } tests[] = {
        { "/harness/time", test_time },
        { "/harness/work", test_work },
        { "/harness/commits", test_commits },
        { "/harness/records", test_records },
        { "/harness/reads-records", test_reads_records },
        { "/harness/held-and-failing", test_held_and_failing },
        { "/harness/watches", test_watches },
        { "/harness/model", test_model },
        { "/harness/requests", test_requests },
        { "/harness/sockets", test_sockets },
        { "/harness/others", test_others },
        { "/harness/configuration", test_configuration },
        { "/harness/never-stops", test_never_stops },
        { "/harness/metrics", test_metrics },
        { "/harness/all-is-offered", test_all_is_offered },
        { "/harness/problem", test_problem },
    };
    for (gsize i = 0; i < G_N_ELEMENTS(tests); i++)
        g_test_add(tests[i].name, Fixture, NULL, set_up, tests[i].test, tear_down);
    return g_test_run();
}
