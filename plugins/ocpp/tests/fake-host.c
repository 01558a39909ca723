/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "fake-host.h"

typedef struct {
    CfxFunc func;
    gpointer data;
} Posted;

typedef struct {
    guint64 id;
    guint32 clock;
    gint64 at_us;
    CfxFunc func;
    gpointer data;
} Timer;

typedef struct {
    CfxCommitDone done;
    gpointer data;
    gint64 revision;
} Commit;

static FakeHost *
fake(const CfxHost *host)
{
    return (FakeHost *)(gpointer)host;
}

/* there is one at a time: what gets no host finds it here */
static FakeHost *the_host;

/* --- base ----------------------------------------------------------------------------------- */

static void
base_log(const CfxHost *host, guint32 level, const CfxPair *fields, const char *message)
{
    fake(host)->n_logged[level]++;
    g_test_message("log %u: %s", level, message);
}

static guint32
base_log_level(const CfxHost *host)
{
    return CFX_LOG_DEBUG;
}

static gint64
base_now(const CfxHost *host, guint32 clock)
{
    return clock == CFX_CLOCK_SITE ? fake(host)->site_us : fake(host)->real_us;
}

static CfxTimer
base_timer_start(const CfxHost *host, guint32 clock, gint64 at_us, CfxFunc func, gpointer data)
{
    Timer timer = { ++fake(host)->next_timer, clock, at_us, func, data };

    g_array_append_val(fake(host)->timers, timer);
    return timer.id;
}

static void
base_timer_stop(const CfxHost *host, CfxTimer timer)
{
    GArray *timers = fake(host)->timers;

    for (guint i = 0; i < timers->len; i++) {
        if (g_array_index(timers, Timer, i).id != timer)
            continue;
        g_array_remove_index(timers, i);
        return;
    }
}

static void
base_post(const CfxHost *host, CfxFunc func, gpointer data)
{
    Posted *posted = g_new(Posted, 1);

    *posted = (Posted){ func, data };
    g_queue_push_tail(&fake(host)->posted, posted);
}

static CfxMetric *
base_metric(
    const CfxHost *host, guint32 type, const char *name, const char *help, const CfxPair *labels)
{
    return NULL;
}

static void
base_metric_add(CfxMetric *metric, double value)
{
}

static const CfxBaseApi base_api = {
    .struct_size = sizeof(CfxBaseApi),
    .log = base_log,
    .log_level = base_log_level,
    .now = base_now,
    .timer_start = base_timer_start,
    .timer_stop = base_timer_stop,
    .post = base_post,
    .metric = base_metric,
    .metric_add = base_metric_add,
};

/* --- data ----------------------------------------------------------------------------------- */

static void
record_free(gpointer data)
{
    FakeRecord *record = data;

    g_free(record->collection);
    g_free(record->key);
    g_free(record->doc);
    g_free(record);
}

static void
notice_free(gpointer data)
{
    FakeNotice *notice = data;

    g_free(notice->topic);
    g_free(notice->doc);
    g_free(notice);
}

static void
keep_record(FakeHost *self, const CfxRecord *record)
{
    FakeRecord *mine = g_new0(FakeRecord, 1);

    mine->collection = g_strdup(record->collection);
    mine->key = g_strdup(record->key);
    mine->doc = g_strndup(record->doc, record->doc_size);
    g_hash_table_replace(
        self->records, g_strdup_printf("%s %s", record->collection, record->key), mine);
}

static void
keep_beliefs(FakeHost *self, const CfxBeliefs *beliefs)
{
    for (gsize i = 0; i < beliefs->n; i++) {
        FakeBelief belief = { cfx_int_at(beliefs->sensor, i),
                              cfx_int_at(beliefs->start_us, i),
                              cfx_real_at(beliefs->value, i) };

        g_array_append_val(self->beliefs, belief);
    }
}

static void
commit_done(gpointer data)
{
    Commit *commit = data;
    const CfxCommitted result = { .struct_size = sizeof(result), .revision = commit->revision };

    if (commit->done != NULL)
        commit->done(
            commit->data, the_host->commit_error == NULL ? &result : NULL, the_host->commit_error);
    g_free(commit);
}

static gint64
data_commit(const CfxHost *host, const CfxCommit *commit, CfxCommitDone done, gpointer data)
{
    FakeHost *self = fake(host);
    Commit *mine = g_new(Commit, 1);

    self->n_commits++;
    *mine = (Commit){ done, data, ++self->revision };
    for (gsize i = 0; i < commit->n_records; i++)
        keep_record(self, commit->records[i]);
    for (gsize i = 0; i < commit->n_beliefs; i++)
        keep_beliefs(self, commit->beliefs[i]);
    for (gsize i = 0; i < commit->n_notices; i++) {
        FakeNotice *notice = g_new0(FakeNotice, 1);

        notice->topic = g_strdup(commit->notices[i]->topic);
        notice->doc = g_strndup(commit->notices[i]->doc, commit->notices[i]->doc_size);
        notice->asset = commit->notices[i]->asset;
        g_ptr_array_add(self->notices, notice);
    }
    if (self->holds_commits)
        g_queue_push_tail(&self->held, mine);
    else
        base_post(host, commit_done, mine);
    return self->revision;
}

typedef struct {
    FakeHost *self;
    char *collection, *key;
    CfxRecordsDone done;
    gpointer data;
} Read;

static void
read_done(gpointer data)
{
    Read *read = data;
    g_autoptr(GPtrArray) found = g_ptr_array_new_with_free_func(g_free);
    GHashTableIter iter;
    gpointer value;
    CfxRecords result = { .struct_size = sizeof(result) };

    g_hash_table_iter_init(&iter, read->self->records);
    while (g_hash_table_iter_next(&iter, NULL, &value)) {
        FakeRecord *mine = value;
        CfxRecord *record;

        if (strcmp(mine->collection, read->collection) != 0 ||
            (read->key != NULL && strcmp(read->key, mine->key) != 0))
            continue;
        record = g_new0(CfxRecord, 1);
        *record = (CfxRecord){ .struct_size = sizeof(*record),
                               .collection = mine->collection,
                               .key = mine->key,
                               .doc = mine->doc,
                               .doc_size = strlen(mine->doc) };
        g_ptr_array_add(found, record);
    }
    result.records = (const CfxRecord *const *)found->pdata;
    result.n = found->len;
    read->done(read->data, &result, NULL);
    g_free(read->collection);
    g_free(read->key);
    g_free(read);
}

static void
data_read_records(const CfxHost *host,
                  const CfxRecordQuery *query,
                  CfxRecordsDone done,
                  gpointer data)
{
    Read *read = g_new0(Read, 1);

    *read = (Read){ fake(host),
                    g_strdup(query->collection),
                    query->n_keys > 0 ? g_strdup(query->keys[0]) : NULL,
                    done,
                    data };
    base_post(host, read_done, read);
}

static const CfxDataApi data_api = {
    .struct_size = sizeof(CfxDataApi),
    .commit = data_commit,
    .read_records = data_read_records,
};

/* --- model ---------------------------------------------------------------------------------- */

static const CfxModel *
model_get(const CfxHost *host)
{
    FakeHost *self = fake(host);
    CfxModel *model = g_new0(CfxModel, 1);

    model->struct_size = sizeof(*model);
    model->assets = (const CfxAsset *const *)self->assets->pdata;
    model->n_assets = self->assets->len;
    model->bindings = (const CfxBinding *const *)self->bindings->pdata;
    model->n_bindings = self->bindings->len;
    model->owner = g_bytes_new_take(model, sizeof(*model));
    return model;
}

static guint64
model_watch(const CfxHost *host, CfxModelDone func, gpointer data)
{
    return 1;
}

static void
model_unwatch(const CfxHost *host, guint64 watch)
{
}

static const CfxModelApi model_api = {
    .struct_size = sizeof(CfxModelApi),
    .get = model_get,
    .watch = model_watch,
    .unwatch = model_unwatch,
};

/* --- web ------------------------------------------------------------------------------------ */

static CfxSocket *const the_socket = (CfxSocket *)&the_host;

static gboolean
web_route(
    const CfxHost *host, const char *listener, const CfxRoute *route, gpointer data, GError **error)
{
    fake(host)->route = *route;
    fake(host)->route_data = data;
    return TRUE;
}

static void
web_respond(const CfxRequest *request, guint32 status, const CfxPair *headers, GBytes *body)
{
    the_host->last_status = status;
}

static CfxSocket *
web_upgrade(const CfxRequest *request, const char *protocol, const CfxSocketOps *ops, gpointer data)
{
    the_host->last_status = 101;
    g_free(the_host->last_protocol);
    the_host->last_protocol = g_strdup(protocol != NULL ? protocol : "");
    the_host->socket_ops = ops;
    the_host->socket_data = data;
    return the_socket;
}

static gsize
web_send(CfxSocket *socket, const char *text, gsize size)
{
    g_ptr_array_add(the_host->sent, g_strndup(text, size));
    return 0;
}

static void
web_close(CfxSocket *socket, guint32 code, const char *reason)
{
    the_host->close_code = code;
}

typedef struct {
    FakeHost *self;
    CfxLoginDone done;
    gpointer data;
} Login;

static void
login_done(gpointer data)
{
    g_autofree Login *login = data;
    const CfxLogin result = { .struct_size = sizeof(result), .principal = 1 };
    g_autoptr(GError) error = NULL;

    if (login->self->login_code != 0)
        error = g_error_new(CFX_ERROR, (gint)login->self->login_code - 1, "not accepted");
    login->done(login->data, error == NULL ? &result : NULL, error);
}

static void
web_login(const CfxHost *host,
          const char *user,
          const char *password,
          gint64 lifetime_us,
          CfxLoginDone done,
          gpointer data)
{
    Login *login = g_new(Login, 1);

    *login = (Login){ fake(host), done, data };
    base_post(host, login_done, login);
}

static const CfxWebApi web_api = {
    .struct_size = sizeof(CfxWebApi),
    .route = web_route,
    .respond = web_respond,
    .upgrade = web_upgrade,
    .send = web_send,
    .close = web_close,
    .login = web_login,
};

/* --- devices -------------------------------------------------------------------------------- */

static void
devices_report(const CfxHost *host, const CfxDevice *const *devices, gsize n)
{
    for (gsize i = 0; i < n; i++) {
        gint64 *key = g_memdup2(&devices[i]->asset, sizeof(gint64));
        CfxDevice *copy = g_memdup2(devices[i], sizeof(CfxDevice));

        copy->session = g_intern_string(copy->session);
        copy->token = g_intern_string(copy->token);
        copy->ended = g_intern_string(copy->ended);
        copy->words = g_intern_string(copy->words);
        g_hash_table_replace(fake(host)->devices, key, copy);
    }
}

static void
devices_gone(const CfxHost *host, const gint64 *assets, gsize n)
{
    for (gsize i = 0; i < n; i++)
        g_hash_table_remove(fake(host)->devices, &assets[i]);
}

static void
devices_knock(const CfxHost *host, const CfxKnock *knock)
{
    g_ptr_array_add(fake(host)->knocks, g_strdup(knock->identity));
}

static void
applied_free(gpointer data)
{
    FakeApplied *applied = data;

    g_array_unref(applied->at_us);
    g_array_unref(applied->w);
    g_free(applied->words);
    g_free(applied);
}

static void
devices_applied(const CfxHost *host, const CfxApplied *const *applied, gsize n)
{
    for (gsize i = 0; i < n; i++) {
        FakeApplied *mine = g_new0(FakeApplied, 1);

        mine->head = *applied[i];
        mine->words = g_strdup(applied[i]->words);
        mine->at_us = g_array_new(FALSE, FALSE, sizeof(gint64));
        mine->w = g_array_new(FALSE, FALSE, sizeof(double));
        for (gsize k = 0; k < applied[i]->n_allowed; k++) {
            gint64 at_us = cfx_int_at(applied[i]->allowed_us, k);
            double w = cfx_real_at(applied[i]->allowed_w, k);

            g_array_append_val(mine->at_us, at_us);
            g_array_append_val(mine->w, w);
        }
        g_ptr_array_add(fake(host)->applied, mine);
    }
}

static const CfxDeviceApi device_api = {
    .struct_size = sizeof(CfxDeviceApi),
    .report = devices_report,
    .gone = devices_gone,
    .knock = devices_knock,
    .applied = devices_applied,
};

/* --- for tests ------------------------------------------------------------------------------ */

FakeHost *
fake_host_new(void)
{
    FakeHost *self = g_new0(FakeHost, 1);

    self->host = (CfxHost){ .struct_size = sizeof(CfxHost),
                            .abi = CFX_ABI_VERSION,
                            .instance = "depot",
                            .base = &base_api,
                            .data = &data_api,
                            .model = &model_api,
                            .web = &web_api,
                            .devices = &device_api };
    self->site_us = G_GINT64_CONSTANT(1759320000000000); /* 2025-10-01T12:00:00Z */
    self->real_us = 1000000;
    g_queue_init(&self->posted);
    g_queue_init(&self->held);
    self->timers = g_array_new(FALSE, FALSE, sizeof(Timer));
    self->records = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, record_free);
    self->notices = g_ptr_array_new_with_free_func(notice_free);
    self->beliefs = g_array_new(FALSE, FALSE, sizeof(FakeBelief));
    self->devices = g_hash_table_new_full(g_int64_hash, g_int64_equal, g_free, g_free);
    self->applied = g_ptr_array_new_with_free_func(applied_free);
    self->knocks = g_ptr_array_new_with_free_func(g_free);
    self->sent = g_ptr_array_new_with_free_func(g_free);
    self->assets = g_ptr_array_new_with_free_func(g_free);
    self->bindings = g_ptr_array_new_with_free_func(g_free);
    the_host = self;
    return self;
}

void
fake_host_free(FakeHost *self)
{
    g_array_unref(self->timers);
    g_hash_table_unref(self->records);
    g_ptr_array_unref(self->notices);
    g_array_unref(self->beliefs);
    g_hash_table_unref(self->devices);
    g_ptr_array_unref(self->applied);
    g_ptr_array_unref(self->knocks);
    g_ptr_array_unref(self->sent);
    g_ptr_array_unref(self->assets);
    g_ptr_array_unref(self->bindings);
    g_clear_error(&self->commit_error);
    g_free(self->last_protocol);
    g_free(self);
}

static void
add_asset(FakeHost *self, gint64 id, gint64 parent, const char *type, const char *attributes)
{
    CfxAsset *asset = g_new0(CfxAsset, 1);

    *asset = (CfxAsset){ .struct_size = sizeof(*asset),
                         .id = id,
                         .parent = parent,
                         .type = type,
                         .name = type,
                         .attributes = attributes };
    g_ptr_array_add(self->assets, asset);
}

void
fake_host_add_station(FakeHost *self, const char *identity)
{
    CfxBinding *binding = g_new0(CfxBinding, 1);

    add_asset(self, 1, 0, "site", "{\"unknown-token\":\"refuse\"}");
    add_asset(self, 10, 1, "charging-station", "{}");
    add_asset(
        self,
        11,
        10,
        "evse",
        "{\"phases\":3,\"min-current\":\"6 A\",\"max-current\":\"32 A\",\"voltage\":\"230 V\"}");
    *binding = (CfxBinding){ .struct_size = sizeof(*binding),
                             .id = 1,
                             .asset = 11,
                             .instance = "depot",
                             .identity = identity,
                             .unit = 1,
                             .power_sensor = 111 };
    g_ptr_array_add(self->bindings, binding);
}

static gboolean
fire_timer(FakeHost *self)
{
    for (guint i = 0; i < self->timers->len; i++) {
        Timer timer = g_array_index(self->timers, Timer, i);

        if (timer.at_us > base_now(&self->host, timer.clock))
            continue;
        g_array_remove_index(self->timers, i);
        timer.func(timer.data);
        return TRUE;
    }
    return FALSE;
}

void
fake_host_run(FakeHost *self)
{
    do {
        Posted *posted;

        while ((posted = g_queue_pop_head(&self->posted)) != NULL) {
            posted->func(posted->data);
            g_free(posted);
        }
    } while (fire_timer(self));
}

void
fake_host_advance(FakeHost *self, gint64 us)
{
    self->site_us += us;
    self->real_us += us;
    fake_host_run(self);
}

void
fake_host_release(FakeHost *self)
{
    Commit *commit;

    while ((commit = g_queue_pop_head(&self->held)) != NULL)
        base_post(&self->host, commit_done, commit);
    fake_host_run(self);
}

guint
fake_host_connect(FakeHost *self, const char *identity, const char *protocol)
{
    g_autofree char *path = g_strdup_printf("/ocpp/%s", identity);
    g_autofree char *pair = g_strdup_printf("%s:secret", identity);
    g_autofree char *encoded = g_base64_encode((const guchar *)pair, strlen(pair));
    g_autofree char *authorization = g_strdup_printf("Basic %s", encoded);
    const char *protocols[] = { "ocpp1.6", protocol, NULL };
    const CfxRequest request = { .struct_size = sizeof(request),
                                 .method = "GET",
                                 .path = path,
                                 .peer = "127.0.0.1",
                                 .authorization = authorization,
                                 .protocols = protocols };

    self->last_status = 0;
    self->route.handle(self->route_data, &request);
    fake_host_run(self);
    return self->last_status;
}

void
fake_host_disconnect(FakeHost *self)
{
    self->socket_ops->closed(self->socket_data, the_socket, 1006, "gone");
    self->socket_ops = NULL;
    fake_host_run(self);
}

void
fake_host_receive(FakeHost *self, const char *frame)
{
    g_autofree char *copy = g_strdup(frame);

    self->socket_ops->message(self->socket_data, the_socket, copy, strlen(copy));
    fake_host_run(self);
}

const char *
fake_host_next(FakeHost *self)
{
    return self->n_read < self->sent->len ? g_ptr_array_index(self->sent, self->n_read++) : NULL;
}

const char *
fake_host_record(FakeHost *self, const char *collection, const char *key)
{
    g_autofree char *name = g_strdup_printf("%s %s", collection, key);
    FakeRecord *record = g_hash_table_lookup(self->records, name);

    return record != NULL ? record->doc : NULL;
}

const FakeNotice *
fake_host_notice(FakeHost *self, const char *topic)
{
    for (guint i = self->notices->len; i-- > 0;) {
        FakeNotice *notice = g_ptr_array_index(self->notices, i);

        if (strcmp(notice->topic, topic) == 0)
            return notice;
    }
    return NULL;
}

const CfxDevice *
fake_host_device(FakeHost *self, gint64 asset)
{
    return g_hash_table_lookup(self->devices, &asset);
}

const FakeApplied *
fake_host_applied(FakeHost *self)
{
    return self->applied->len > 0 ? g_ptr_array_index(self->applied, self->applied->len - 1) : NULL;
}
