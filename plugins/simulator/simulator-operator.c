/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "simulator-operator.h"

#include <string.h>

#include "simulator-http.h"
#include "simulator-json.h"
#include "simulator-text.h"

#define NAME "operator"
#define SECRET "grid-operator"
#define PAUSE_FIRST_US (250 * (gint64)1000)
#define PAUSE_MAX_US (2 * CFX_SECOND)
#define SLOT (15 * CFX_MINUTE)

typedef struct {
    char *name, *program;
    gboolean is_price;
    gint64 start_us, end_us, slot_us;
    const char *type;    /* payload type; lives longer */
    GArray *values;      /* (element-type double), one a slot */
    gint64 not_after_us; /* an event that has ended need not be published */
} Publication;

struct _SimOperator {
    SimWorld *world;
    SimPrices prices;
    double scale;         /* from the file's price per MWh to what is published per kWh */
    const char *currency; /* as published */
    char *secret, *token_url, *authorization;
    GHashTable *programs; /* (key-type utf8) (value-type utf8): name → id */
    GQueue publications;  /* (element-type Publication) */
    gboolean is_busy;
    gint64 pause_us;
    CfxTimer pause;
    guint64 first; /* id of the first try of what is tried again */
};

static void step(SimOperator *self);

static void
publication_free(Publication *publication)
{
    g_free(publication->name);
    g_free(publication->program);
    g_array_unref(publication->values);
    g_free(publication);
}

SimOperator *
sim_operator_new(SimWorld *world, const SimPrices *prices, GError **error)
{
    const SimOptions *options = sim_world_options(world);
    g_autofree char *secret = sim_world_secret(world, SECRET, error);
    if (secret == NULL)
        return NULL;
    gboolean is_same =
        options->currency == NULL || strcmp(options->currency, prices->currency) == 0;
    if (!is_same && !(options->currency_rate > 0)) {
        g_set_error(error,
                    CFX_ERROR,
                    CFX_ERROR_CONFIG,
                    "prices are in %s and published in %s: set currency-rate",
                    prices->currency,
                    options->currency);
        return NULL;
    }
    SimOperator *self = g_new0(SimOperator, 1);
    self->world = world;
    self->prices = *prices;
    self->currency = is_same ? self->prices.currency : options->currency;
    self->scale = (is_same ? 1 : options->currency_rate) / 1000;
    self->secret = g_steal_pointer(&secret);
    self->programs = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, g_free);
    g_queue_init(&self->publications);
    return self;
}

void
sim_operator_free(SimOperator *self)
{
    if (self == NULL)
        return;
    cfx_timer_clear(sim_world_host(self->world), &self->pause);
    g_queue_clear_full(&self->publications, (GDestroyNotify)publication_free);
    g_hash_table_unref(self->programs);
    g_free(self->secret);
    g_free(self->token_url);
    g_free(self->authorization);
    g_free(self);
}

static void
pause_cb(gpointer data)
{
    SimOperator *self = data;
    self->pause = 0;
    step(self);
}

static void
later(SimOperator *self, guint64 id)
{
    if (self->first == 0)
        self->first = id;
    self->pause_us = CLAMP(self->pause_us * 2, PAUSE_FIRST_US, PAUSE_MAX_US);
    self->pause = cfx_timer_after(
        sim_world_host(self->world), CFX_CLOCK_REAL, self->pause_us, pause_cb, self);
}

static void
went_well(SimOperator *self)
{
    self->pause_us = 0;
    self->first = 0;
    step(self);
}

static void
ask(SimOperator *self, const char *method, const char *path, const char *body, SimHttpDone done)
{
    g_autofree char *url = g_strconcat(sim_world_options(self->world)->vtn, path, NULL);
    SimRequest request = {
        .who = NAME,
        .method = method,
        .url = url,
        .authorization = self->authorization,
        .body = body,
        .again = self->first,
    };
    self->is_busy = TRUE;
    sim_http_send(self->world, &request, done, self);
}

/* An answer that ends this step badly: the token is asked for anew, and the step tried again. */
static void
went_badly(SimOperator *self, guint64 id, guint status)
{
    if (status == 401 || status == 403)
        g_clear_pointer(&self->authorization, g_free);
    if (status >= 400 && status < 500 && status != 429)
        cfx_log(sim_world_host(self->world),
                CFX_LOG_WARNING,
                "operator: the VTN answers %u; see the world's log",
                status);
    later(self, id);
}

/* --- token --------------------------------------------------------------------------------- */

static void
token_done(gpointer data, guint64 id, guint status, JsonNode *body)
{
    SimOperator *self = data;
    JsonObject *object =
        body != NULL && JSON_NODE_HOLDS_OBJECT(body) ? json_node_get_object(body) : NULL;
    const char *token = sim_json_string(object, "access_token");
    self->is_busy = FALSE;
    if (status != 200 || token == NULL) {
        went_badly(self, id, status);
        return;
    }
    self->authorization = g_strconcat("Bearer ", token, NULL);
    went_well(self);
}

static void
get_token(SimOperator *self)
{
    g_autofree char *secret = g_uri_escape_string(self->secret, NULL, FALSE);
    g_autofree char *body =
        g_strconcat("grant_type=client_credentials&client_id=" SECRET "&client_secret=",
                    secret,
                    "&scope=read_all+write_programs+write_events",
                    NULL);
    SimRequest request = {
        .who = NAME,
        .method = "POST",
        .url = self->token_url,
        .type = "application/x-www-form-urlencoded",
        .body = body,
        .is_secret = TRUE,
        .again = self->first,
    };
    self->is_busy = TRUE;
    sim_http_send(self->world, &request, token_done, self);
}

static void
server_done(gpointer data, guint64 id, guint status, JsonNode *body)
{
    SimOperator *self = data;
    JsonObject *object =
        body != NULL && JSON_NODE_HOLDS_OBJECT(body) ? json_node_get_object(body) : NULL;
    const char *url = sim_json_string(object, "tokenURL");
    self->is_busy = FALSE;
    /* the secret goes nowhere but to the machine that we run on */
    if (status != 200 || url == NULL ||
        !(g_str_has_prefix(url, "http://127.0.0.1:") ||
          g_str_has_prefix(url, "http://localhost:") || g_str_has_prefix(url, "http://[::1]:"))) {
        went_badly(self, id, status);
        return;
    }
    self->token_url = g_strdup(url);
    went_well(self);
}

/* --- programs ------------------------------------------------------------------------------ */

static void
learn_program(SimOperator *self, JsonObject *object)
{
    const char *name = sim_json_string(object, "programName"), *id = sim_json_string(object, "id");
    if (name != NULL && id != NULL)
        g_hash_table_replace(self->programs, g_strdup(name), g_strdup(id));
}

static void
programs_done(gpointer data, guint64 id, guint status, JsonNode *body)
{
    SimOperator *self = data;
    const Publication *publication = g_queue_peek_head(&self->publications);
    JsonArray *array =
        body != NULL && JSON_NODE_HOLDS_ARRAY(body) ? json_node_get_array(body) : NULL;
    self->is_busy = FALSE;
    for (guint i = 0; array != NULL && i < json_array_get_length(array); i++)
        learn_program(self, sim_json_item(array, i));
    if (status == 200 && publication != NULL &&
        g_hash_table_contains(self->programs, publication->program))
        went_well(self);
    else
        went_badly(self, id, status);
}

static void
program_done(gpointer data, guint64 id, guint status, JsonNode *body)
{
    SimOperator *self = data;
    self->is_busy = FALSE;
    if (status == 409) { /* it is there from an earlier run */
        ask(self, "GET", "/programs?limit=50", NULL, programs_done);
        return;
    }
    if (status != 201 || body == NULL || !JSON_NODE_HOLDS_OBJECT(body)) {
        went_badly(self, id, status);
        return;
    }
    learn_program(self, json_node_get_object(body));
    went_well(self);
}

static void
descriptor(GString *to, const char *type, const char *units, const char *currency)
{
    sim_text_open(to, NULL, '{');
    sim_text_string(to, "objectType", "EVENT_PAYLOAD_DESCRIPTOR");
    sim_text_string(to, "payloadType", type);
    if (units != NULL)
        sim_text_string(to, "units", units);
    if (currency != NULL)
        sim_text_string(to, "currency", currency);
    sim_text_close(to, '}');
}

static void
descriptors(SimOperator *self, const Publication *publication, GString *to)
{
    sim_text_open(to, "payloadDescriptors", '[');
    if (publication->is_price) {
        descriptor(to, "PRICE", "KWH", self->currency);
    } else {
        descriptor(to, "x-loadControlCapacity", NULL, NULL);
        descriptor(to, "SIMPLE", NULL, NULL);
    }
    sim_text_close(to, ']');
}

static void
post_program(SimOperator *self, const Publication *publication)
{
    g_autoptr(GString) body = g_string_new(NULL);
    sim_text_open(body, NULL, '{');
    sim_text_string(body, "programName", publication->program);
    descriptors(self, publication, body);
    sim_text_close(body, '}');
    ask(self, "POST", "/programs", body->str, program_done);
}

/* --- events -------------------------------------------------------------------------------- */

static void
put_value(GString *to, const char *name, const char *type, double value)
{
    if (strcmp(type, "SIMPLE") == 0)
        sim_text_integer(to, name, (gint64)value);
    else
        sim_text_real(to, name, value);
}

static void
log_published(SimOperator *self, const Publication *publication, const char *event)
{
    GString *line = sim_world_log(self->world, NAME, "note", "published");
    sim_text_string(line, "kind", publication->is_price ? "prices" : "load-control");
    sim_text_string(line, "event", event);
    sim_text_string(line, "name", publication->name);
    sim_text_string(line, "program", publication->program);
    sim_text_integer(line, "start_us", publication->start_us);
    sim_text_integer(line, "end_us", publication->end_us);
    if (publication->is_price) {
        sim_text_string(line, "currency", self->currency);
        sim_text_string(line, "units", "KWH");
    }
    sim_text_open(line, "intervals", '[');
    for (guint i = 0; i < publication->values->len; i++) {
        gint64 start_us = publication->start_us + i * publication->slot_us;
        sim_text_open(line, NULL, '{');
        sim_text_integer(line, "start_us", start_us);
        sim_text_integer(line, "end_us", start_us + publication->slot_us);
        sim_text_string(line, "type", publication->type);
        put_value(line, "value", publication->type, g_array_index(publication->values, double, i));
        sim_text_close(line, '}');
    }
    sim_text_close(line, ']');
    sim_world_logged(self->world);
}

static void
event_done(gpointer data, guint64 id, guint status, JsonNode *body)
{
    SimOperator *self = data;
    self->is_busy = FALSE;
    if (status != 201 || body == NULL || !JSON_NODE_HOLDS_OBJECT(body)) {
        if (status == 404 || status == 409)
            g_hash_table_remove_all(self->programs); /* gone: look again */
        went_badly(self, id, status);
        return;
    }
    Publication *publication = g_queue_pop_head(&self->publications);
    log_published(self, publication, sim_json_string(json_node_get_object(body), "id"));
    publication_free(publication);
    went_well(self);
}

static void
post_event(SimOperator *self, const Publication *publication, const char *program)
{
    g_autoptr(GString) body = g_string_new(NULL);
    g_autofree char *duration =
        g_strdup_printf("PT%" G_GINT64_FORMAT "M", publication->slot_us / CFX_MINUTE);
    sim_text_open(body, NULL, '{');
    sim_text_string(body, "programID", program);
    sim_text_string(body, "eventName", publication->name);
    descriptors(self, publication, body);
    sim_text_open(body, "intervalPeriod", '{');
    sim_text_stamp(body, "start", publication->start_us);
    sim_text_string(body, "duration", duration);
    sim_text_close(body, '}');
    sim_text_open(body, "intervals", '[');
    for (guint i = 0; i < publication->values->len; i++) {
        sim_text_open(body, NULL, '{');
        sim_text_integer(body, "id", i);
        sim_text_open(body, "payloads", '[');
        sim_text_open(body, NULL, '{');
        sim_text_string(body, "type", publication->type);
        sim_text_open(body, "values", '[');
        put_value(body, NULL, publication->type, g_array_index(publication->values, double, i));
        sim_text_close(body, ']');
        sim_text_close(body, '}');
        sim_text_close(body, ']');
        sim_text_close(body, '}');
    }
    sim_text_close(body, ']');
    sim_text_close(body, '}');
    ask(self, "POST", "/events", body->str, event_done);
}

static void
drop_ended(SimOperator *self)
{
    gint64 now_us = sim_world_now(self->world);
    for (Publication *first;
         (first = g_queue_peek_head(&self->publications)) != NULL && first->not_after_us <= now_us;)
        publication_free(g_queue_pop_head(&self->publications));
}

/* What is to be done next, one request at a time. */
static void
step(SimOperator *self)
{
    if (self->is_busy || self->pause != 0)
        return;
    drop_ended(self);
    const Publication *publication = g_queue_peek_head(&self->publications);
    if (publication == NULL)
        return;
    if (self->token_url == NULL) {
        ask(self, "GET", "/auth/server", NULL, server_done);
        return;
    }
    if (self->authorization == NULL) {
        get_token(self);
        return;
    }
    const char *program = g_hash_table_lookup(self->programs, publication->program);
    if (program == NULL)
        post_program(self, publication);
    else
        post_event(self, publication, program);
}

void
sim_operator_publish_prices(SimOperator *self, gint64 at_us)
{
    const SimScene *scene = sim_world_scene(self->world);
    Publication *publication = g_new0(Publication, 1);
    publication->is_price = TRUE;
    publication->program = g_strdup(scene->price_program);
    publication->start_us = sim_scene_clock(scene, at_us, 0, 0);
    publication->end_us = sim_scene_clock(scene, at_us, 1, 0);
    publication->not_after_us = publication->end_us;
    publication->slot_us = SLOT;
    publication->type = "PRICE";
    publication->values = g_array_new(FALSE, FALSE, sizeof(double));
    for (gint64 t = publication->start_us; t < publication->end_us; t += SLOT) {
        double value = sim_prices_at(&self->prices, sim_scene_minute(scene, t)) * self->scale;
        g_array_append_val(publication->values, value);
    }
    g_autoptr(GDateTime) time = g_date_time_new_from_unix_utc(publication->start_us / CFX_SECOND);
    g_autoptr(GDateTime) local = g_date_time_to_timezone(time, scene->zone);
    g_autofree char *date = g_date_time_format(local, "%Y-%m-%d");
    publication->name = g_strconcat("day-ahead ", date, NULL);
    g_queue_push_tail(&self->publications, publication);
    step(self);
}

void
sim_operator_publish_control(SimOperator *self, const SimControl *control)
{
    Publication *publication = g_new0(Publication, 1);
    publication->program = g_strdup(control->program);
    publication->name = g_strdup(control->name);
    publication->start_us = control->start_us;
    publication->end_us = publication->not_after_us = control->end_us;
    publication->slot_us = control->end_us - control->start_us;
    publication->type = g_intern_string(control->type);
    publication->values = g_array_new(FALSE, FALSE, sizeof(double));
    g_array_append_val(publication->values, control->value);
    g_queue_push_tail(&self->publications, publication);
    step(self);
}
