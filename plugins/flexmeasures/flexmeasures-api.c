/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Which request is which, and who asks. FlexMeasures' clients send their token bare in the
 * Authorization header, so the route decides on identity itself.
 */
#include "flexmeasures-api.h"

#include <string.h>

#include <kit/cfx-json.h>

#include "flexmeasures-answer.h"
#include "flexmeasures-body.h"

/* --- who asks ------------------------------------------------------------------------------ */

typedef void (*FmServe)(FmVisit *visit);

typedef struct {
    FmVisit visit;
    FmServe serve;
} Arrival;

static void
arrived_cb(gpointer data, const CfxLogin *login, const GError *error)
{
    g_autofree Arrival *arrival = data;
    FmVisit *visit = &arrival->visit;

    if (error != NULL && g_error_matches(error, CFX_ERROR, CFX_ERROR_FULL)) {
        fm_answer_plain(visit->api->host, visit->request, 429, error->message);
        return;
    }
    if (error != NULL) {
        fm_answer_unauthorized(visit->api->host, visit->request);
        return;
    }
    visit->principal = login->principal;
    visit->source = login->source;
    arrival->serve(g_memdup2(visit, sizeof *visit));
}

static void
with_identity(FmApi *self, const CfxRequest *request, gint64 sensor_id, FmServe serve)
{
    const char *token = request->authorization;

    if (token != NULL && g_ascii_strncasecmp(token, "Bearer ", 7) == 0)
        token += 7;
    if (token == NULL || *token == '\0') {
        fm_answer_unauthorized(self->host, request);
        return;
    }
    Arrival *arrival = g_new0(Arrival, 1);
    arrival->visit.api = self;
    arrival->visit.request = request;
    arrival->visit.sensor_id = sensor_id;
    arrival->serve = serve;
    self->host->web->login(self->host, token, NULL, 0, arrived_cb, arrival);
}

const CfxSensor *
fm_visit_sensor(FmVisit *visit, guint32 right, const CfxModel **ret_model)
{
    const CfxHost *host = visit->api->host;
    const CfxModel *model = host->model->get(host);
    const CfxSensor *sensor = cfx_model_sensor(model, visit->sensor_id);

    if (sensor == NULL) {
        g_autofree char *message =
            g_strdup_printf("Sensor with id %" G_GINT64_FORMAT " not found.", visit->sensor_id);
        fm_answer_plain(host, visit->request, 404, message);
        g_bytes_unref(model->owner);
        return NULL;
    }
    if (!host->web->may(host, visit->principal, right, sensor->asset)) {
        fm_answer_forbidden(host, visit->request);
        g_bytes_unref(model->owner);
        return NULL;
    }
    *ret_model = model;
    return sensor;
}

/* --- tokens -------------------------------------------------------------------------------- */

typedef struct {
    FmApi *api;
    const CfxRequest *request;
    char *email;
} TokenAsk;

static void
answer_errors(FmApi *self, const CfxRequest *request, guint status, const char *text)
{
    g_auto(CfxJsonWriter) json;

    cfx_json_writer_init(&json, NULL, 0);
    cfx_json_begin_object(&json);
    cfx_json_name(&json, "errors");
    cfx_json_begin_array(&json);
    cfx_json_text(&json, text);
    cfx_json_end_array(&json);
    cfx_json_end_object(&json);
    fm_answer_json(self->host, request, status, &json);
}

static void
token_made_cb(gpointer data, const CfxLogin *login, const GError *error)
{
    TokenAsk *ask = data;

    if (error == NULL) {
        g_auto(CfxJsonWriter) json;
        cfx_json_writer_init(&json, NULL, 0);
        cfx_json_begin_object(&json);
        cfx_json_member_text(&json, "auth_token", login->token);
        cfx_json_member_int(&json, "user_id", login->principal);
        cfx_json_end_object(&json);
        fm_answer_json(ask->api->host, ask->request, 200, &json);
    } else if (g_error_matches(error, CFX_ERROR, CFX_ERROR_NOT_FOUND)) {
        g_autofree char *text = g_strdup_printf("User with email '%s' does not exist", ask->email);
        answer_errors(ask->api, ask->request, 404, text);
    } else if (g_error_matches(error, CFX_ERROR, CFX_ERROR_AUTH)) {
        answer_errors(ask->api, ask->request, 401, "User password does not match.");
    } else {
        guint status = g_error_matches(error, CFX_ERROR, CFX_ERROR_FULL) ? 429 : 500;
        answer_errors(ask->api, ask->request, status, error->message);
    }
    g_free(ask->email);
    g_free(ask);
}

static void
request_token(FmApi *self, const CfxRequest *request)
{
    gsize size = 0;
    const char *bytes = g_bytes_get_data(request->body, &size);
    g_autofree char *text = g_strndup(bytes != NULL ? bytes : "", size);
    g_autofree char *email = NULL, *password = NULL;
    CfxJsonReader json;
    CfxJsonText name, value;

    cfx_json_reader_init(&json, text, size, 4, CFX_JSON_READ_STRICT);
    if (cfx_json_peek(&json) == CFX_JSON_KIND_OBJECT && cfx_json_enter_object(&json)) {
        while (cfx_json_next_member(&json, &name)) {
            char **to = name.size == 5 && memcmp(name.text, "email", 5) == 0      ? &email
                        : name.size == 8 && memcmp(name.text, "password", 8) == 0 ? &password
                                                                                  : NULL;
            if (to == NULL) {
                cfx_json_skip(&json, NULL);
            } else if (cfx_json_read_text(&json, &value)) {
                g_free(*to);
                *to = g_strndup(value.text, value.size);
            }
        }
    }
    if (!cfx_json_finish(&json)) {
        answer_errors(self, request, 400, "Please provide a JSON object with email and password.");
        return;
    }
    if (email == NULL || password == NULL) {
        answer_errors(self,
                      request,
                      400,
                      email == NULL ? "Please provide the 'email' parameter."
                                    : "Please provide the 'password' parameter.");
        return;
    }
    TokenAsk *ask = g_new0(TokenAsk, 1);
    ask->api = self;
    ask->request = request;
    ask->email = g_steal_pointer(&email);
    self->host->web->login(
        self->host, ask->email, password, self->token_lifetime_us, token_made_cb, ask);
}

/* --- discovery ----------------------------------------------------------------------------- */

static void
answer_versions(FmApi *self, const CfxRequest *request)
{
    g_auto(CfxJsonWriter) json;

    cfx_json_writer_init(&json, NULL, 0);
    cfx_json_begin_object(&json);
    cfx_json_member_text(&json,
                         "message",
                         "For these API versions a public endpoint is available, listing its "
                         "service. For example: /api/v3_0.");
    cfx_json_name(&json, "versions");
    cfx_json_begin_array(&json);
    cfx_json_text(&json, "v3_0");
    cfx_json_end_array(&json);
    cfx_json_member_text(&json, "flexmeasures_version", "1.0.0");
    cfx_json_end_object(&json);
    fm_answer_json(self->host, request, 200, &json);
}

typedef struct {
    FmApi *api;
    const CfxRequest *request;
} ReadyAsk;

static void
ready_cb(gpointer data, const CfxRecords *records, const GError *error)
{
    g_autofree ReadyAsk *ask = data;
    g_auto(CfxJsonWriter) json;

    cfx_json_writer_init(&json, NULL, 0);
    cfx_json_begin_object(&json);
    cfx_json_member_bool(&json, "database_sql", error == NULL);
    cfx_json_end_object(&json);
    fm_answer_json(ask->api->host, ask->request, error == NULL ? 200 : 503, &json);
}

/* Whether the store answers. */
static void
answer_ready(FmApi *self, const CfxRequest *request)
{
    const CfxRecordQuery query = { .struct_size = sizeof query,
                                   .collection = "cfx.account",
                                   .limit = 1 };
    ReadyAsk *ask = g_new(ReadyAsk, 1);

    *ask = (ReadyAsk){ self, request };
    self->host->data->read_records(self->host, &query, ready_cb, ask);
}

static void
answer_ping(FmApi *self, const CfxRequest *request)
{
    g_auto(CfxJsonWriter) json;

    cfx_json_writer_init(&json, NULL, 0);
    cfx_json_begin_object(&json);
    cfx_json_member_text(&json, "message", "ok");
    cfx_json_end_object(&json);
    fm_answer_json(self->host, request, 200, &json);
}

/* --- which request ------------------------------------------------------------------------- */

typedef struct {
    const char *method, *path;
    void (*serve)(FmApi *self, const CfxRequest *request);
} Plain;

static const Plain plain[] = {
    { "GET", "/api", answer_versions },
    { "GET", "/api/v3_0/health/ready", answer_ready },
    { "GET", "/api/ops/ping", answer_ping },
    { "POST", "/api/requestAuthToken", request_token },
};

typedef struct {
    const char *method, *rest;
    FmServe serve;
} OfSensor;

static const OfSensor of_sensor[] = {
    { "POST", "/data", fm_post_data },
    { "GET", "/data", fm_get_data },
    { "GET", "", fm_get_sensor },
};

#define SENSORS "/api/v3_0/sensors/"

static gboolean
serve_sensor(FmApi *self, const CfxRequest *request, const char *path, gboolean *ret_known)
{
    char *rest = NULL;
    const char *digits = path + strlen(SENSORS);

    if (!g_str_has_prefix(path, SENSORS) || !g_ascii_isdigit(*digits))
        return FALSE;
    gint64 id = g_ascii_strtoll(digits, &rest, 10);
    for (gsize i = 0; i < G_N_ELEMENTS(of_sensor); i++) {
        if (strcmp(rest, of_sensor[i].rest) != 0)
            continue;
        *ret_known = TRUE;
        if (strcmp(request->method, of_sensor[i].method) == 0) {
            with_identity(self, request, id, of_sensor[i].serve);
            return TRUE;
        }
    }
    return FALSE;
}

static void
handle_cb(gpointer data, const CfxRequest *request)
{
    FmApi *self = data;
    gboolean is_known = FALSE;
    g_autofree char *path = g_strdup(request->path);

    if (strlen(path) > 1 && g_str_has_suffix(path, "/"))
        path[strlen(path) - 1] = '\0';
    for (gsize i = 0; i < G_N_ELEMENTS(plain); i++) {
        if (strcmp(path, plain[i].path) != 0)
            continue;
        is_known = TRUE;
        if (strcmp(request->method, plain[i].method) == 0) {
            plain[i].serve(self, request);
            return;
        }
    }
    if (serve_sensor(self, request, path, &is_known))
        return;
    if (is_known)
        fm_answer_plain(
            self->host, request, 405, "The method is not allowed for the requested URL.");
    else
        fm_answer_plain(self->host, request, 404, "The requested URL was not found on the server.");
}

gboolean
fm_api_mount(FmApi *self, GError **error)
{
    static const char *const paths[] = { "/api", "/api/" };

    for (gsize i = 0; i < G_N_ELEMENTS(paths); i++) {
        const CfxRoute route = {
            .struct_size = sizeof route,
            .role = CFX_ROLE_PLUGIN,
            .method = "*",
            .path = paths[i],
            .body_max = FM_BODY_SIZE_MAX,
            .handle = handle_cb,
            .refuse = fm_answer_refuse,
        };
        if (!self->host->web->route(self->host, self->listener, &route, self, error))
            return FALSE;
    }
    return TRUE;
}
