/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* One poll: token endpoint, token, pages of programs, pages of events; then again. */
#include "ven.h"

#include "ven-json.h"

#include <string.h>

#define PAGE 50
#define PAGES_MAX 100
#define ANSWER_MAX (4 * 1024 * 1024)
#define PAUSE_FIRST_US (CFX_SECOND / 4)
#define PAUSE_MAX_US (30 * CFX_SECOND)

static void next_step(OadrVen *self);

static void
poll_again(gpointer data)
{
    OadrVen *self = data;

    self->timer = 0;
    oadr_ven_poll(self);
}

void
oadr_ven_poll_clear(OadrVen *self)
{
    cfx_timer_clear(self->host, &self->timer);
    g_clear_pointer(&self->programs_got, g_ptr_array_unref);
    g_clear_pointer(&self->events_got, g_ptr_array_unref);
    g_clear_pointer(&self->checksum, g_checksum_free);
}

/* --- ends ------------------------------------------------------------------------------------- */

/* The next try is soon, in REAL time; polling itself goes by SITE time. */
static void
poll_failed(OadrVen *self, const char *why)
{
    gint64 pause_us = PAUSE_FIRST_US << MIN(self->failures, 7);

    self->is_polling = FALSE;
    self->failures++;
    self->host->base->metric_add(self->failures_metric, 1);
    g_free(self->failure);
    self->failure = g_strdup(why);
    if (self->failures == 1)
        cfx_log(self->host, CFX_LOG_INFO, "poll: %s", why);
    oadr_ven_poll_clear(self);
    oadr_ven_tell_health(self);
    oadr_ven_update(self, 0); /* known events run on, and the horizon moves */
    self->timer =
        cfx_timer_after(self->host, CFX_CLOCK_REAL, MIN(pause_us, PAUSE_MAX_US), poll_again, self);
}

static void
poll_went_well(OadrVen *self)
{
    const char *sum = g_checksum_get_string(self->checksum);
    gboolean is_news = FALSE;

    self->is_polling = FALSE;
    self->failures = 0;
    g_clear_pointer(&self->failure, g_free);
    self->answered_us = cfx_now_site(self->host);
    self->answered_real_us = cfx_now_real(self->host);
    self->host->base->metric_add(self->polls_metric, 1);
    self->host->base->metric_add(self->age_metric, (double)self->answered_us / CFX_SECOND);
    if (g_strcmp0(sum, self->last_sum) != 0) {
        gboolean is_one_page = self->events_got->len < PAGE;
        is_news = oadr_ven_digest(self, self->programs_got, self->events_got, is_one_page);
        g_free(self->last_sum);
        self->last_sum = self->is_unsure ? NULL : g_strdup(sum);
    }
    oadr_ven_poll_clear(self);
    oadr_ven_update(self, is_news ? self->answered_real_us : 0);
    oadr_ven_tell_health(self);
    self->timer = self->host->base->timer_start(
        self->host, CFX_CLOCK_SITE, self->poll_began_us + self->poll_us, poll_again, self);
}

/* --- calls ------------------------------------------------------------------------------------ */

static void
call(OadrVen *self,
     const char *method,
     const char *url,
     const char *body,
     const char *authorization,
     CfxHttpDone done)
{
    CfxPair headers[] = { { "Accept", "application/json" },
                          { authorization != NULL ? "Authorization" : NULL, authorization },
                          { NULL, NULL } };
    g_autoptr(GBytes) bytes = body != NULL ? g_bytes_new(body, strlen(body)) : NULL;
    CfxHttpCall http = { .struct_size = sizeof(http),
                         .method = method,
                         .url = url,
                         .headers = headers,
                         .body = bytes,
                         .body_type = body != NULL ? "application/x-www-form-urlencoded" : NULL,
                         .timeout_us = self->timeout_us,
                         .answer_max = ANSWER_MAX };

    self->host->web->http(self->host, &http, done, self);
}

/* The JSON of an answer; NULL: the poll has failed, and was told so. (transfer full) */
static JsonNode *
answer_of(OadrVen *self, const char *what, const CfxHttpAnswer *answer, const GError *error)
{
    g_autoptr(GError) local = NULL;
    g_autofree char *why = NULL;
    JsonNode *node;
    gsize size;
    const char *text;

    if (!self->is_running)
        return NULL;
    if (error != NULL) {
        why = g_strdup_printf("%s: %s", what, error->message);
        poll_failed(self, why);
        return NULL;
    }
    if (answer->status != 200) {
        why = g_strdup_printf("%s: the VTN answers %u", what, answer->status);
        poll_failed(self, why);
        return NULL;
    }
    text = g_bytes_get_data(answer->body, &size);
    node = oadr_json_parse(text != NULL ? text : "", size, &local);
    if (node == NULL) {
        why = g_strdup_printf("%s: the answer is no JSON: %s", what, local->message);
        poll_failed(self, why);
    }
    return node;
}

/* --- token ------------------------------------------------------------------------------------ */

/* A secret goes no less safely than the base address says. */
static gboolean
is_acceptable(const OadrVen *self, const char *token_url)
{
    return g_str_has_prefix(token_url, "https://") ||
           (g_str_has_prefix(token_url, "http://") && g_str_has_prefix(self->url, "http://"));
}

static void
got_server(gpointer data, const CfxHttpAnswer *answer, const GError *error)
{
    OadrVen *self = data;
    g_autoptr(JsonNode) node = answer_of(self, "auth/server", answer, error);
    const char *url = NULL;

    if (node == NULL)
        return;
    if (!JSON_NODE_HOLDS_OBJECT(node) ||
        !oadr_json_text(json_node_get_object(node), "", "tokenURL", TRUE, 8000, &url, NULL) ||
        !is_acceptable(self, url)) {
        poll_failed(self, "auth/server: there is no usable tokenURL in the answer");
        return;
    }
    self->token_url = g_strdup(url);
    next_step(self);
}

static void
got_token(gpointer data, const CfxHttpAnswer *answer, const GError *error)
{
    OadrVen *self = data;
    g_autoptr(JsonNode) node = NULL;
    const char *token = NULL;
    JsonNode *lifetime;
    double seconds;

    if (self->is_running && error == NULL && (answer->status == 400 || answer->status == 401)) {
        poll_failed(self, "auth/token: the VTN does not accept client-id and client-secret-file");
        return;
    }
    node = answer_of(self, "auth/token", answer, error);
    if (node == NULL) {
        if (error == NULL && self->fixed_token_url == NULL)
            g_clear_pointer(&self->token_url, g_free); /* it may have moved */
        return;
    }
    if (!JSON_NODE_HOLDS_OBJECT(node) ||
        !oadr_json_text(json_node_get_object(node), "", "access_token", TRUE, 4096, &token, NULL)) {
        poll_failed(self, "auth/token: there is no access_token in the answer");
        return;
    }
    self->token = g_strdup(token);
    self->token_until_us = 0;
    lifetime = oadr_json_member(json_node_get_object(node), "expires_in");
    if (lifetime != NULL && oadr_json_is_number(lifetime, &seconds) && seconds > 0)
        self->token_until_us =
            cfx_now_real(self->host) + (gint64)(MIN(seconds, 1e8) / 2 * CFX_SECOND);
    next_step(self);
}

static void
ask_token(OadrVen *self)
{
    g_autofree char *id = g_uri_escape_string(self->client_id, NULL, FALSE);
    g_autofree char *secret =
        g_uri_escape_string(self->secret != NULL ? self->secret : "", NULL, FALSE);
    g_autofree char *body = g_strdup_printf("grant_type=client_credentials&client_id=%s"
                                            "&client_secret=%s&scope=read_targets%%20"
                                            "read_ven_objects",
                                            id,
                                            secret);

    call(self, "POST", self->token_url, body, NULL, got_token);
}

/* --- pages ------------------------------------------------------------------------------------ */

static void
got_page(OadrVen *self,
         const char *what,
         GPtrArray *to,
         GBytes *body,
         JsonNode *node,
         gboolean *ret_is_last)
{
    JsonArray *array = json_node_get_array(node);
    guint n = json_array_get_length(array);
    gsize size;
    const guchar *bytes = g_bytes_get_data(body, &size);

    g_checksum_update(self->checksum, (const guchar *)what, (gssize)strlen(what));
    g_checksum_update(self->checksum, bytes, (gssize)size);
    for (guint i = 0; i < n; i++)
        g_ptr_array_add(to, json_node_ref(json_array_get_element(array, i)));
    *ret_is_last = n < PAGE;
}

static void
got_objects(OadrVen *self,
            const char *what,
            GPtrArray *to,
            const CfxHttpAnswer *answer,
            const GError *error,
            gboolean *ret_is_last)
{
    g_autoptr(JsonNode) node = NULL;
    g_autofree char *why = NULL;

    *ret_is_last = FALSE;
    if (self->is_running && error == NULL && answer->status == 401 && self->token != NULL &&
        !self->has_retried) {
        /* once: it may have expired */
        self->has_retried = TRUE;
        g_clear_pointer(&self->token, g_free);
        next_step(self);
        return;
    }
    node = answer_of(self, what, answer, error);
    if (node == NULL)
        return;
    if (!JSON_NODE_HOLDS_ARRAY(node)) {
        why = g_strdup_printf("%s: the answer is no list", what);
        poll_failed(self, why);
        return;
    }
    got_page(self, what, to, answer->body, node, ret_is_last);
    self->skip += PAGE;
    if (!*ret_is_last && self->skip < PAGES_MAX * PAGE) {
        next_step(self);
    } else if (!*ret_is_last) {
        why = g_strdup_printf("%s: there are more than %u", what, PAGES_MAX * PAGE);
        poll_failed(self, why);
    }
}

static void
got_programs(gpointer data, const CfxHttpAnswer *answer, const GError *error)
{
    OadrVen *self = data;
    gboolean is_last;

    got_objects(self, "programs", self->programs_got, answer, error, &is_last);
    if (!is_last)
        return;
    self->skip = 0;
    self->events_got = g_ptr_array_new_with_free_func((GDestroyNotify)json_node_unref);
    next_step(self);
}

static void
got_events(gpointer data, const CfxHttpAnswer *answer, const GError *error)
{
    OadrVen *self = data;
    gboolean is_last;

    got_objects(self, "events", self->events_got, answer, error, &is_last);
    if (is_last)
        poll_went_well(self);
}

/* What this poll needs next. */
static void
next_step(OadrVen *self)
{
    g_autofree char *url = NULL, *authorization = NULL;
    gboolean is_events = self->events_got != NULL;

    if (self->client_id != NULL && self->token_url == NULL) {
        url = g_strconcat(self->url, "/auth/server", NULL);
        call(self, "GET", url, NULL, NULL, got_server);
        return;
    }
    if (self->client_id != NULL && self->token == NULL) {
        ask_token(self);
        return;
    }
    url = g_strdup_printf(
        "%s/%s?skip=%u&limit=%u", self->url, is_events ? "events" : "programs", self->skip, PAGE);
    if (self->token != NULL)
        authorization = g_strconcat("Bearer ", self->token, NULL);
    call(self, "GET", url, NULL, authorization, is_events ? got_events : got_programs);
}

void
oadr_ven_poll(OadrVen *self)
{
    if (self->is_polling || !self->is_running)
        return;
    self->is_polling = TRUE;
    self->has_retried = FALSE;
    self->poll_began_us = cfx_now_site(self->host);
    self->skip = 0;
    if (self->token_until_us != 0 && self->token_until_us <= cfx_now_real(self->host))
        g_clear_pointer(&self->token, g_free);
    if (self->fixed_token_url != NULL && self->token_url == NULL)
        self->token_url = g_strdup(self->fixed_token_url);
    self->programs_got = g_ptr_array_new_with_free_func((GDestroyNotify)json_node_unref);
    self->checksum = g_checksum_new(G_CHECKSUM_SHA256);
    next_step(self);
}
