/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The factory "openadr-ven": configuration and life. */
#include "ven-factory.h"
#include "ven.h"

#include <string.h>

static const CfxConfigKey keys[] = {
    { "url",
      CFX_KEY_URL,
      CFX_KEY_REQUIRED,
      .summary = "Address of the VTN with its base path, as http://127.0.0.1:8062/openadr3/3.1.0" },
    { "client-id",
      CFX_KEY_TEXT,
      .summary = "Who we are at the VTN; absent: no token is asked for" },
    { "client-secret-file", CFX_KEY_SECRET_FILE, .summary = "File with our secret at the VTN" },
    { "token-url",
      CFX_KEY_URL,
      .summary = "Token endpoint; absent: the VTN is asked at /auth/server" },
    { "site", CFX_KEY_ID, CFX_KEY_REQUIRED, .summary = "Asset that the signals are meant for" },
    { "poll-interval",
      CFX_KEY_DURATION,
      .def = "1min",
      .min = "100ms",
      .max = "1d",
      .summary = "How often the VTN is asked, in the site's time" },
    { "timeout",
      CFX_KEY_DURATION,
      .def = "10s",
      .min = "1s",
      .max = "5min",
      .summary = "How long an answer of the VTN is waited for" },
    { "horizon",
      CFX_KEY_DURATION,
      .def = "48h",
      .min = "1h",
      .max = "14d",
      .summary = "How far ahead signals are written" },
    { "price-sensor", CFX_KEY_ID, .def = "0", .summary = "0: the first `price` of the site" },
    { "load-control-sensor", CFX_KEY_ID, .def = "0", .summary = "0: the site's `load-control`" },
    { "demand-response-sensor",
      CFX_KEY_ID,
      .def = "0",
      .summary = "0: the site's `demand-response`" },
    { "import-limit-sensor", CFX_KEY_ID, .def = "0", .summary = "0: the site's `import-limit`" },
    { "rate",
      CFX_KEY_LIST,
      .summary = "Currency rates, FROM:TO:RATE:YYYY-MM-DD:SOURCE; before those of the site" },
    { "offset-sign",
      CFX_KEY_CHOICE,
      .def = "negative-is-less",
      .choices = "negative-is-less|positive-is-less",
      .summary = "What CONTROL_LEVEL_OFFSET_PERCENT means; the standard contradicts itself" },
};

static gboolean
parse_rates(OadrVen *self, const CfxConfig *config, GError **error)
{
    const char *text = cfx_config_text(config, "rate");
    g_auto(GStrv) items = g_strsplit(text != NULL ? text : "", ";", -1);

    for (char **item = items; *item != NULL; item++) {
        OadrRate rate;

        if (*g_strstrip(*item) == '\0')
            continue;
        if (!oadr_rate_parse(*item, &rate, error))
            return FALSE;
        g_array_append_val(self->own_rates, rate);
    }
    return TRUE;
}

static void ven_destroy(gpointer data);

static gpointer
ven_create(const CfxHost *host, const CfxConfig *config, GError **error)
{
    static const char *const sensors[OADR_N_OUTPUTS] = {
        "price-sensor", "load-control-sensor", "demand-response-sensor", "import-limit-sensor"
    };
    OadrVen *self = g_new0(OadrVen, 1);
    char *url;

    self->host = host;
    url = g_strdup(cfx_config_text(config, "url"));
    while (g_str_has_suffix(url, "/"))
        url[strlen(url) - 1] = '\0';
    self->url = url;
    self->client_id = cfx_config_text(config, "client-id");
    self->fixed_token_url = cfx_config_text(config, "token-url");
    self->site = cfx_config_number(config, "site");
    self->poll_us = cfx_config_number(config, "poll-interval");
    self->timeout_us = cfx_config_number(config, "timeout");
    self->horizon_us = cfx_config_number(config, "horizon");
    for (int i = 0; i < OADR_N_OUTPUTS; i++)
        self->configured[i] = cfx_config_number(config, sensors[i]);
    self->offset_sign = cfx_config_number(config, "offset-sign") == 0 ? 1 : -1;
    self->own_rates = g_array_new(FALSE, FALSE, sizeof(OadrRate));
    g_array_set_clear_func(self->own_rates, (GDestroyNotify)oadr_rate_clear);
    self->rates = g_array_new(FALSE, FALSE, sizeof(OadrRate));
    g_array_set_clear_func(self->rates, (GDestroyNotify)oadr_rate_clear);
    self->known = g_ptr_array_new_with_free_func((GDestroyNotify)oadr_known_free);
    self->programs =
        g_hash_table_new_full(g_str_hash, g_str_equal, NULL, (GDestroyNotify)oadr_program_free);
    self->rows = g_ptr_array_new_with_free_func((GDestroyNotify)oadr_row_free);
    self->news = g_ptr_array_new_with_free_func((GDestroyNotify)oadr_news_free);
    self->refused = g_ptr_array_new_with_free_func(g_free);
    if (host->data == NULL || host->model == NULL || host->web == NULL) {
        g_set_error_literal(
            error, CFX_ERROR, CFX_ERROR_CONFIG, "openadr-ven needs a [storage:…] group");
        ven_destroy(self);
        return NULL;
    }
    if (!parse_rates(self, config, error)) {
        ven_destroy(self);
        return NULL;
    }
    return self;
}

static void
ven_destroy(gpointer data)
{
    OadrVen *self = data;

    g_free((char *)self->url);
    if (self->secret != NULL)
        explicit_bzero(self->secret, strlen(self->secret));
    g_free(self->secret);
    g_free(self->token_url);
    g_free(self->token);
    g_free(self->failure);
    g_free(self->last_sum);
    g_free(self->problem);
    g_clear_pointer(&self->programs_got, g_ptr_array_unref);
    g_clear_pointer(&self->events_got, g_ptr_array_unref);
    g_clear_pointer(&self->checksum, g_checksum_free);
    g_ptr_array_unref(self->known);
    g_hash_table_unref(self->programs);
    g_ptr_array_unref(self->rows);
    g_ptr_array_unref(self->news);
    g_ptr_array_unref(self->refused);
    g_array_unref(self->own_rates);
    g_array_unref(self->rates);
    for (int i = 0; i < OADR_N_OUTPUTS; i++)
        oadr_grid_clear(&self->written[i]);
    g_free(self);
}

/* --- start ------------------------------------------------------------------------------------ */

typedef struct {
    OadrVen *ven;
    CfxCall *call;
} Start;

static void
model_changed(gpointer data, const CfxModelChanged *result, const GError *error)
{
    OadrVen *self = data;

    oadr_ven_resolve(self);
    oadr_ven_update(self, 0);
    oadr_ven_tell_health(self);
}

static void
source_changed(gpointer data, const CfxModelChanged *result, const GError *error)
{
    OadrVen *self = data;

    if (error != NULL)
        cfx_log(self->host,
                CFX_LOG_WARNING,
                "our source cannot be given the type signal: %s",
                error->message);
}

/* What a market or a grid operator says is no measurement. */
static void
claim_source(OadrVen *self)
{
    const CfxModel *model = self->host->model->get(self->host);
    CfxSource source = { 0 };
    CfxModelChange change = { .struct_size = sizeof(change),
                              .kind = CFX_MODEL_SOURCE,
                              .item = &source };
    const CfxModelChange *changes[] = { &change };

    for (gsize i = 0; i < model->n_sources; i++)
        if (g_strcmp0(model->sources[i]->instance, self->host->instance) == 0)
            source = *model->sources[i];
    if (source.id != 0 && source.type != CFX_SOURCE_SIGNAL) {
        source.struct_size = sizeof(source);
        source.type = CFX_SOURCE_SIGNAL;
        self->host->model->change(self->host, changes, 1, source_changed, self);
    }
    g_bytes_unref(model->owner);
}

static void
started(Start *start, const GError *error)
{
    g_autofree Start *owned = start;
    OadrVen *self = owned->ven;

    if (error != NULL) {
        self->is_running = FALSE;
        cfx_call_finish(owned->call,
                        NULL,
                        g_error_new(CFX_ERROR,
                                    CFX_ERROR_UNAVAILABLE,
                                    "known events cannot be read: %s",
                                    error->message));
        return;
    }
    oadr_ven_link(self);
    claim_source(self);
    oadr_ven_resolve(self);
    self->watch = self->host->model->watch(self->host, model_changed, self);
    oadr_ven_update(self, 0);
    oadr_ven_poll(self);
    cfx_call_finish(owned->call, NULL, NULL);
}

static void
events_read(gpointer data, const CfxRecords *result, const GError *error)
{
    Start *start = data;

    for (gsize i = 0; error == NULL && i < result->n; i++)
        oadr_ven_load_known(start->ven, result->records[i]);
    started(start, error);
}

static void
read_all(OadrVen *self, const char *collection, CfxRecordsDone done, gpointer data)
{
    const char *texts[] = { self->host->instance };
    CfxTerm term = { .name = "instance", .texts = texts, .n_texts = 1 };
    const CfxTerm *terms[] = { &term };
    CfxRecordQuery query = {
        .struct_size = sizeof(query), .collection = collection, .terms = terms, .n_terms = 1
    };

    self->host->data->read_records(self->host, &query, done, data);
}

static void
programs_read(gpointer data, const CfxRecords *result, const GError *error)
{
    Start *start = data;

    if (error != NULL) {
        started(start, error);
        return;
    }
    for (gsize i = 0; i < result->n; i++)
        oadr_ven_load_program(start->ven, result->records[i]);
    read_all(start->ven, "openadr.known-event", events_read, start);
}

static void
ven_start(gpointer data, CfxCall *call)
{
    OadrVen *self = data;
    CfxPair labels[] = { { "instance", self->host->instance }, { NULL, NULL } };
    Start *start;

    if (self->client_id != NULL) {
        GError *error = NULL;
        g_autoptr(GBytes) secret =
            self->host->base->secret(self->host, "client-secret-file", &error);

        if (secret == NULL) {
            g_prefix_error(&error, "client-id is given: ");
            cfx_call_finish(call, NULL, error);
            return;
        }
        self->secret = g_strndup(g_bytes_get_data(secret, NULL), g_bytes_get_size(secret));
    }
    self->is_running = TRUE;
    self->age_metric = self->host->base->metric(self->host,
                                                CFX_METRIC_GAUGE,
                                                "cariflex_openadr_answered_seconds",
                                                "Site time of the last good answer of the VTN",
                                                labels);
    self->polls_metric = self->host->base->metric(
        self->host, CFX_METRIC_COUNTER, "cariflex_openadr_polls_total", "Good polls", labels);
    self->failures_metric = self->host->base->metric(self->host,
                                                     CFX_METRIC_COUNTER,
                                                     "cariflex_openadr_failures_total",
                                                     "Polls that failed",
                                                     labels);
    start = g_new(Start, 1);
    *start = (Start){ self, call };
    read_all(self, "openadr.known-program", programs_read, start);
}

static void
ven_stop(gpointer data, CfxCall *call)
{
    OadrVen *self = data;

    self->is_running = FALSE;
    oadr_ven_poll_clear(self);
    if (self->watch != 0)
        self->host->model->unwatch(self->host, self->watch);
    cfx_call_finish(call, NULL, NULL);
}

static const CfxAdapterOps ops = { .struct_size = sizeof(ops) };

const CfxFactory openadr_ven_factory = {
    .struct_size = sizeof(openadr_ven_factory),
    .threading = CFX_THREAD_LOOP,
    .kind = CFX_KIND_ADAPTER,
    .name = "openadr-ven",
    .summary = "Takes prices and load control from a VTN of OpenADR 3.1",
    .keys = keys,
    .n_keys = G_N_ELEMENTS(keys),
    .key_size = sizeof(CfxConfigKey),
    .ops = &ops,
    .create = ven_create,
    .start = ven_start,
    .stop = ven_stop,
    .destroy = ven_destroy,
};
