/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Devices: what they report, and the profile that they have accepted. */
#include "ui-json.h"
#include "ui-site.h"

#include <math.h>

static const char *
state_word(const CfxDevice *state)
{
    if (state->asset == 0)
        return "unknown";
    return (state->flags & CFX_DEVICE_CONNECTED) == 0 ? "offline"
           : (state->flags & CFX_DEVICE_FAULTED) != 0 ? "faulted"
           : (state->flags & CFX_DEVICE_BLOCKED) != 0 ? "unavailable"
           : (state->flags & CFX_DEVICE_CHARGING) != 0 ? "charging"
           : (state->flags & CFX_DEVICE_FULL) != 0     ? "full"
           : (state->flags & CFX_DEVICE_PLUGGED) != 0  ? "plugged"
                                                       : "available";
}

static void
put_flags(CfxJsonWriter *json, guint32 flags)
{
    static const struct {
        const char *name;
        guint32 flag;
    } names[] = {
        { "connected", CFX_DEVICE_CONNECTED }, { "plugged", CFX_DEVICE_PLUGGED },
        { "charging", CFX_DEVICE_CHARGING },   { "full", CFX_DEVICE_FULL },
        { "steerable", CFX_DEVICE_STEERABLE }, { "faulted", CFX_DEVICE_FAULTED },
        { "blocked", CFX_DEVICE_BLOCKED },
    };

    for (gsize i = 0; i < G_N_ELEMENTS(names); i++)
        cfx_json_member_bool(json, names[i].name, (flags & names[i].flag) != 0);
}

static void
put_count(CfxJsonWriter *json, const char *name, guint32 count)
{
    cfx_json_name(json, name);
    if (count != 0)
        cfx_json_int(json, count);
    else
        cfx_json_null(json);
}

void
ui_device_write(const UiSite *self,
                const UiDevice *device,
                const CfxDevice *state,
                CfxJsonWriter *json)
{
    ui_item_begin(json, "device", device->asset);
    cfx_json_member_int(json, "site", self->asset);
    cfx_json_member_int(json, "station", device->station);
    cfx_json_member_text(json, "station_name", device->station_name);
    cfx_json_member_text(json, "name", device->name);
    cfx_json_member_int(json, "evse", device->evse);
    cfx_json_member_text(json, "place", device->place);
    cfx_json_member_text(json, "state", state_word(state));
    put_flags(json, state->flags);
    ui_put_kilo(json, "power_kw", state->power_w);
    ui_put_kilo(json, "energy_kwh", state->energy_wh);
    ui_put_kilo(json, "power_max_kw", state->power_max_w);
    ui_put_kilo(json, "power_least_kw", state->power_least_w);
    ui_put_kilo(json, "external_kw", state->external_w);
    put_count(json, "phases", state->phases);
    ui_put_real(json, "voltage_v", state->voltage_v);
    ui_put_real(json, "current_max_a", state->current_max_a);
    ui_put_real(json, "soc_percent", state->soc_ratio * 100);
    ui_put_kilo(json, "stock_kwh", device->session != NULL ? state->stock_wh : NAN);
    cfx_json_member_text(json, "session", device->session);
    cfx_json_member_text(json, "token", state->token);
    cfx_json_member_text(json, "words", state->words);
    ui_put_time(json, "reported", state->at_us);
    ui_put_real(json, "clock_off_s", (double)state->clock_off_us / (double)CFX_SECOND);
    cfx_json_name(json, "profile");
    if (device->profile != NULL)
        cfx_json_raw(json, device->profile, strlen(device->profile));
    else
        cfx_json_null(json);
    cfx_json_end_object(json);
}

/* --- states ------------------------------------------------------------------------------------ */

static void
clear_state(CfxDevice *state)
{
    *state = (CfxDevice){ .struct_size = sizeof *state };
    state->power_w = state->power_min_w = state->power_max_w = state->power_least_w = NAN;
    state->energy_wh = state->stock_wh = state->external_w = state->voltage_v = NAN;
    state->current_max_a = state->soc_ratio = NAN;
}

void
ui_site_devices_tick(UiSite *self)
{
    const CfxHost *host = self->ui->host;
    guint n = self->devices->len;
    g_autofree gint64 *assets = g_new(gint64, n + 1);
    g_autofree CfxDevice *states = g_new0(CfxDevice, n + 1);
    g_autofree CfxDevice **to = g_new(CfxDevice *, n + 1);
    g_auto(CfxJsonWriter) json;

    for (guint i = 0; i < n; i++) {
        assets[i] = ((const UiDevice *)self->devices->pdata[i])->asset;
        clear_state(&states[i]);
        to[i] = &states[i];
    }
    if (n > 0)
        host->devices->state(host, assets, n, to);
    cfx_json_writer_init(&json, NULL, 0);
    for (guint i = 0; i < n; i++) {
        UiDevice *device = self->devices->pdata[i];
        g_autofree char *id = g_strdup_printf("%" G_GINT64_FORMAT, device->asset);
        if (states[i].asset == 0)
            clear_state(&states[i]);
        device->stock_wh = states[i].stock_wh;
        ui_device_write(self, device, &states[i], &json);
        if (ui_items_put(self->items, "device", id, &json))
            self->dirty |= UI_DIRTY_PROFILES | UI_DIRTY_SESSIONS;
    }
}

/* --- profiles ---------------------------------------------------------------------------------- */

static const char *
applied_word(gint64 state)
{
    static const char *const words[] = { "unknown", "waiting", "installed",
                                         "clamped", "refused", "lost" };

    return state >= 0 && state < (gint64)G_N_ELEMENTS(words) ? words[state] : "unknown";
}

static void
put_curve(CfxJsonWriter *json, JsonObject *doc)
{
    JsonArray *at = ui_json_array(doc, "at_us"), *w = ui_json_array(doc, "w");
    guint n = at != NULL && w != NULL ? MIN(json_array_get_length(at), json_array_get_length(w)) : 0;

    cfx_json_name(json, "allowed");
    cfx_json_begin_array(json);
    for (guint i = 0; i < n; i++) {
        JsonNode *power = json_array_get_element(w, i);
        cfx_json_begin_array(json);
        cfx_json_int(json, json_array_get_int_element(at, i) / CFX_SECOND);
        if (JSON_NODE_HOLDS_VALUE(power))
            cfx_json_real(json, round(json_node_get_double(power)) / 1000);
        else
            cfx_json_null(json);
        cfx_json_end_array(json);
    }
    cfx_json_end_array(json);
}

static void
take_profile(UiSite *self, const CfxRecord *record)
{
    g_autoptr(JsonObject) doc = ui_json_parse(record->doc, record->doc_size);
    gint64 asset = ui_json_int(doc, "asset");
    UiDevice *device = g_hash_table_lookup(self->by_asset, &asset);
    g_auto(CfxJsonWriter) json;

    if (device == NULL)
        return;
    cfx_json_writer_init(&json, NULL, 0);
    cfx_json_begin_object(&json);
    cfx_json_member_text(&json,
                         "state",
                         ui_json_bool(doc, "known") ? applied_word(ui_json_int(doc, "state"))
                                                    : "unknown");
    cfx_json_member_int(&json, "version", ui_json_int(doc, "version"));
    cfx_json_member_bool(&json, "refused", ui_json_bool(doc, "refused"));
    ui_put_kilo(&json, "fail_safe_kw", ui_json_real(doc, "fail_safe_w"));
    ui_put_copy(&json, "words", doc, "words");
    put_curve(&json, doc);
    cfx_json_end_object(&json);
    g_free(device->profile);
    device->profile = g_strdup(cfx_json_writer_end(&json));
}

static void
profiles_cb(gpointer data, const CfxRecords *records, const GError *error)
{
    g_autoptr(UiSite) self = data;

    if (self->is_closed)
        return;
    for (gsize i = 0; error == NULL && i < records->n; i++)
        take_profile(self, records->records[i]);
    ui_site_read_over(self, UI_DIRTY_PROFILES, error);
}

void
ui_site_profiles_read(UiSite *self)
{
    const CfxHost *host = self->ui->host;
    const CfxTerm of_site = { .name = "site", .from = self->asset, .to = self->asset };
    const CfxTerm *const terms[] = { &of_site };
    const CfxRecordQuery query = {
        .struct_size = sizeof query,
        .collection = "cfx.allowed",
        .terms = terms,
        .n_terms = G_N_ELEMENTS(terms),
    };

    host->data->read_records(host, &query, profiles_cb, ui_site_ref(self));
}
