/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* One device: all that is known of it, its station's last messages, and commands to it. */
#include "ui-answer.h"
#include "ui-body.h"
#include "ui-json.h"
#include "ui-site.h"

#include <kit/cfx-quantity.h>
#include <math.h>
#include <string.h>

/* what an adapter that keeps its stations' messages answers from memory */
#define MESSAGES "StationMessages"

static UiDevice *
device_of(const UiVisit *visit, UiSite *site)
{
    return site != NULL ? g_hash_table_lookup(site->by_asset, &visit->id) : NULL;
}

static gint64
site_of(const UiVisit *visit)
{
    const CfxHost *host = visit->ui->host;
    const CfxModel *model = host->model->get(host);
    gint64 site = ui_model_site_of(model, visit->id);

    g_bytes_unref(model->owner);
    return site;
}

gboolean
ui_device_may(const UiVisit *visit, guint32 right)
{
    const CfxHost *host = visit->ui->host;

    if (!host->web->may(host, visit->principal, CFX_RIGHT_READ, visit->id)) {
        ui_answer_not_found(visit->ui, visit->request, "device");
        return FALSE;
    }
    if (!host->web->may(host, visit->principal, right, visit->id)) {
        ui_answer_error(visit->ui,
                        visit->request,
                        403,
                        "role",
                        "you may see this device and not command it",
                        "Sign in as somebody who may control it.");
        return FALSE;
    }
    return TRUE;
}

/* --- all of it --------------------------------------------------------------------------------- */

typedef struct {
    UiVisit *visit;
    UiSite *site;
    char *identity, *adapter; /* of its binding; (nullable) */
} Look;

static void
look_free(Look *self)
{
    ui_visit_free(self->visit);
    ui_site_unref(self->site);
    g_free(self->identity);
    g_free(self->adapter);
    g_free(self);
}
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Look, look_free)

static void
put_station(CfxJsonWriter *json, const Look *look, const UiDevice *device, JsonObject *record)
{
    cfx_json_name(json, "station");
    cfx_json_begin_object(json);
    cfx_json_member_int(json, "id", device->station);
    cfx_json_member_text(json, "name", device->station_name);
    cfx_json_member_text(json, "place", device->place);
    cfx_json_member_text(json, "identity", look->identity);
    cfx_json_member_text(json, "adapter", look->adapter);
    ui_put_copy(json, "vendor", record, "vendor");
    ui_put_copy(json, "model", record, "model");
    ui_put_copy(json, "serial", record, "serial");
    ui_put_copy(json, "firmware", record, "firmware");
    ui_put_time(json, "booted", ui_json_int(record, "boot_us"));
    cfx_json_end_object(json);
}

static void
put_register(CfxJsonWriter *json, const Look *look, const CfxModel *model)
{
    const CfxAsset *asset = cfx_model_asset(model, look->visit->id);
    g_autoptr(JsonObject) flex =
        asset != NULL && asset->flex_model != NULL
            ? ui_json_parse(asset->flex_model, strlen(asset->flex_model))
            : NULL;
    const char *capacity = ui_json_text(flex, "power-capacity");
    double rated_w = NAN;

    if (capacity == NULL || !cfx_quantity_in(capacity, -1, "W", &rated_w, NULL))
        rated_w = NAN;
    ui_put_kilo(json, "rated_kw", rated_w);
    cfx_json_name(json, "sensors");
    cfx_json_begin_array(json);
    for (gsize i = 0; i < model->n_sensors; i++) {
        const CfxSensor *sensor = model->sensors[i];
        if (sensor->asset != look->visit->id)
            continue;
        cfx_json_begin_object(json);
        cfx_json_member_int(json, "id", sensor->id);
        cfx_json_member_text(json, "name", sensor->name);
        cfx_json_member_text(json, "unit", sensor->unit);
        cfx_json_end_object(json);
    }
    cfx_json_end_array(json);
}

static void
put_item(CfxJsonWriter *json, const char *name, const UiSite *site, const char *kind, const char *id)
{
    gsize size = 0;
    const char *item = id != NULL ? ui_items_find(site->items, kind, id, &size) : NULL;

    cfx_json_name(json, name);
    if (item != NULL)
        cfx_json_raw(json, item, size);
    else
        cfx_json_null(json);
}

static void
station_cb(gpointer data, const CfxRecords *records, const GError *error)
{
    g_autoptr(Look) look = data;
    const UiVisit *visit = look->visit;
    const CfxHost *host = visit->ui->host;
    UiDevice *device = device_of(visit, look->site);
    g_autofree char *id = g_strdup_printf("%" G_GINT64_FORMAT, visit->id);
    g_autoptr(JsonObject) record = NULL;
    g_auto(CfxJsonWriter) json;

    cfx_json_writer_init(&json, NULL, 0);
    if (error != NULL) {
        ui_answer_gerror(visit->ui, visit->request, error);
        return;
    }
    if (records->n == 1)
        record = ui_json_parse(records->records[0]->doc, records->records[0]->doc_size);
    const CfxModel *model = host->model->get(host);
    cfx_json_begin_object(&json);
    cfx_json_member_time(&json, "now", cfx_now_site(host));
    put_item(&json, "device", look->site, "device", id);
    put_item(&json, "session", look->site, "session", device->session);
    put_station(&json, look, device, record);
    put_register(&json, look, model);
    cfx_json_end_object(&json);
    g_bytes_unref(model->owner);
    ui_answer_json(visit->ui, visit->request, 200, &json, NULL);
}

static void
find_binding(Look *look)
{
    const CfxHost *host = look->visit->ui->host;
    const CfxModel *model = host->model->get(host);

    for (gsize i = 0; i < model->n_bindings; i++) {
        if (model->bindings[i]->asset != look->visit->id)
            continue;
        look->identity = g_strdup(model->bindings[i]->identity);
        look->adapter = g_strdup(model->bindings[i]->instance);
        break;
    }
    g_bytes_unref(model->owner);
}

static void
device_loaded_cb(gpointer data, UiSite *site)
{
    g_autoptr(UiVisit) visit = data;
    const CfxHost *host = visit->ui->host;

    if (site == NULL || device_of(visit, site) == NULL) {
        ui_answer_not_found(visit->ui, visit->request, "device");
        return;
    }
    ui_site_tick(site);
    Look *look = g_new0(Look, 1);
    *look = (Look){ .visit = g_steal_pointer(&visit), .site = ui_site_ref(site) };
    find_binding(look);
    g_autofree char *key = g_strdup_printf("%s/%s", look->adapter, look->identity);
    const char *const keys[] = { key };
    const CfxRecordQuery query = {
        .struct_size = sizeof query, .collection = "ocpp.station", .keys = keys, .n_keys = 1
    };
    host->data->read_records(host, &query, station_cb, look);
}

void
ui_device_get(UiVisit *data)
{
    g_autoptr(UiVisit) visit = data;

    if (!ui_device_may(visit, CFX_RIGHT_READ))
        return;
    UiSite *site = ui_site_get(visit->ui, site_of(visit));
    if (site == NULL)
        ui_answer_not_found(visit->ui, visit->request, "device");
    else
        ui_site_when_loaded(site, device_loaded_cb, g_steal_pointer(&visit));
}

/* --- commands ---------------------------------------------------------------------------------- */

static void
put_command(CfxJsonWriter *json, const CfxCommandInfo *info, guint32 role)
{
    cfx_json_begin_object(json);
    cfx_json_member_text(json, "name", info->name);
    cfx_json_member_text(json, "title", info->title);
    cfx_json_member_text(json, "role", ui_role_name(MAX(info->role, CFX_ROLE_OPERATE)));
    cfx_json_member_bool(json, "allowed", role >= info->role);
    cfx_json_name(json, "schema");
    if (info->schema != NULL)
        cfx_json_raw(json, info->schema, strlen(info->schema));
    else
        cfx_json_raw(json, "{}", 2);
    cfx_json_end_object(json);
}

void
ui_device_commands_get(UiVisit *data)
{
    g_autoptr(UiVisit) visit = data;
    const CfxHost *host = visit->ui->host;
    guint32 n = 0;
    CfxDevice state = { .struct_size = sizeof state }, *to = &state;
    g_auto(CfxJsonWriter) json;

    cfx_json_writer_init(&json, NULL, 0);
    if (!ui_device_may(visit, CFX_RIGHT_CONTROL))
        return;
    host->devices->state(host, &visit->id, 1, &to);
    const CfxCommandInfo *const *commands = host->devices->commands(host, visit->id, &n);
    cfx_json_begin_object(&json);
    cfx_json_member_bool(
        &json, "connected", state.asset != 0 && (state.flags & CFX_DEVICE_CONNECTED) != 0);
    cfx_json_name(&json, "commands");
    cfx_json_begin_array(&json);
    for (guint32 i = 0; i < n; i++) {
        if (strcmp(commands[i]->name, MESSAGES) != 0)
            put_command(&json, commands[i], visit->role);
    }
    cfx_json_end_array(&json);
    cfx_json_end_object(&json);
    ui_answer_json(visit->ui, visit->request, 200, &json, NULL);
}

static void
commanded_cb(gpointer data, GBytes *answer, const GError *error)
{
    g_autoptr(UiVisit) visit = data;
    gsize size = 0;
    const char *text = answer != NULL ? g_bytes_get_data(answer, &size) : NULL;
    g_auto(CfxJsonWriter) json;

    cfx_json_writer_init(&json, NULL, 0);
    if (error != NULL) {
        ui_answer_gerror(visit->ui, visit->request, error);
        return;
    }
    cfx_json_begin_object(&json);
    cfx_json_name(&json, "answer");
    if (size > 0 && cfx_json_check(text, size, 32, NULL))
        cfx_json_raw(&json, text, size);
    else
        cfx_json_null(&json);
    cfx_json_end_object(&json);
    ui_answer_json(visit->ui, visit->request, 200, &json, NULL);
}

void
ui_device_command_post(UiVisit *data)
{
    g_autoptr(UiVisit) visit = data;
    const CfxHost *host = visit->ui->host;
    gsize size = 0;
    const char *bytes = g_bytes_get_data(visit->request->body, &size);
    g_autofree char *text = g_strndup(bytes != NULL ? bytes : "", size);
    g_auto(UiCommand) command = { 0 };
    g_autoptr(GError) error = NULL;

    if (!ui_device_may(visit, CFX_RIGHT_CONTROL))
        return;
    if (!ui_command_parse(text, size, &command, &error)) {
        ui_answer_error(visit->ui,
                        visit->request,
                        400,
                        "syntax",
                        error->message,
                        "Send {\"command\": NAME, \"arguments\": {…}}.");
        return;
    }
    g_autoptr(GBytes) arguments = g_bytes_new(command.arguments, strlen(command.arguments));
    cfx_log(host,
            CFX_LOG_MESSAGE,
            "%s sends %s to device %" G_GINT64_FORMAT,
            visit->identity,
            command.name,
            visit->id);
    UiVisit *waiting = g_steal_pointer(&visit);
    host->devices->command_as(
        host, waiting->role, waiting->id, command.name, arguments, commanded_cb, waiting);
}

/* --- messages ---------------------------------------------------------------------------------- */

static void
messages_cb(gpointer data, GBytes *answer, const GError *error)
{
    g_autoptr(UiVisit) visit = data;
    gsize size = 0;
    const char *text = answer != NULL ? g_bytes_get_data(answer, &size) : NULL;
    g_auto(CfxJsonWriter) json;

    cfx_json_writer_init(&json, NULL, 0);
    if (error != NULL || !cfx_json_check(text, size, 32, NULL)) {
        g_autoptr(GError) no_json =
            error == NULL ? g_error_new_literal(CFX_ERROR, CFX_ERROR_PEER, "the adapter answered no JSON")
                          : NULL;
        ui_answer_gerror(visit->ui, visit->request, error != NULL ? error : no_json);
        return;
    }
    cfx_json_raw(&json, text, size);
    ui_answer_json(visit->ui, visit->request, 200, &json, NULL);
}

void
ui_device_messages_get(UiVisit *data)
{
    g_autoptr(UiVisit) visit = data;
    const CfxHost *host = visit->ui->host;

    if (!ui_device_may(visit, CFX_RIGHT_CONTROL))
        return;
    UiVisit *waiting = g_steal_pointer(&visit);
    host->devices->command_as(
        host, waiting->role, waiting->id, MESSAGES, NULL, messages_cb, waiting);
}
