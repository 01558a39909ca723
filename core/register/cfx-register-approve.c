/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A person says yes to a station: assets, sensors, bindings, principal and password, at once. */
#include "cfx-register-private.h"

#include "cfx-register-secret.h"
#include "cfx-tree.h"

#include <kit/cfx-json.h>
#include <math.h>
#include <string.h>

#define EVSES_MAX 64

typedef struct {
    CfxRegister *reg;
    char *instance, *identity, *name;
    CfxApproveHow how;
    CfxRegisterTextDone done;
    gpointer data;
    char *password;
    CfxJsonWriter answer;
} Approval;

static void
approval_end(Approval *self, const GError *error)
{
    CfxRegister *reg = self->reg;

    if (error != NULL)
        self->done(self->data, NULL, error);
    else
        self->done(self->data, cfx_json_writer_end(&self->answer), NULL);
    if (self->password != NULL)
        explicit_bzero(self->password, strlen(self->password));
    if (self->answer.text != NULL)
        explicit_bzero(self->answer.text, self->answer.size);
    g_free(self->password);
    g_free(self->instance);
    g_free(self->identity);
    g_free(self->name);
    cfx_json_writer_clear(&self->answer);
    g_free(self);
    cfx_register_next(reg);
}

static const CfxAsset *
find_site(Approval *self, GError **error)
{
    const CfxModel *model = self->reg->model;
    const CfxAsset *site = NULL;
    guint count = 0;

    for (gsize i = 0; i < model->n_assets; i++) {
        if (strcmp(model->assets[i]->type, "site") != 0)
            continue;
        if (self->how.site == model->assets[i]->id)
            return model->assets[i];
        site = model->assets[i];
        count++;
    }
    if (self->how.site == 0 && count == 1)
        return site;
    if (self->how.site != 0)
        g_set_error(error,
                    CFX_ERROR,
                    CFX_ERROR_NOT_FOUND,
                    "there is no site %" G_GINT64_FORMAT,
                    self->how.site);
    else
        g_set_error_literal(error,
                            CFX_ERROR,
                            CFX_ERROR_INVALID,
                            count == 0 ? "there is no site yet: import one first"
                                       : "there are several sites: say which one");
    return NULL;
}

/* Whether nobody of that identity is in already. */
static gboolean
check_free(Approval *self, const CfxAsset *site, GError **error)
{
    const CfxModel *model = self->reg->model;

    for (gsize i = 0; i < model->n_bindings; i++) {
        if (strcmp(model->bindings[i]->identity, self->identity) != 0 ||
            strcmp(model->bindings[i]->instance, self->instance) != 0)
            continue;
        g_set_error(error,
                    CFX_ERROR,
                    CFX_ERROR_CONFLICT,
                    "\"%s\" is bound already, to asset %" G_GINT64_FORMAT,
                    self->identity,
                    model->bindings[i]->asset);
        return FALSE;
    }
    if (cfx_register_principal(self->reg, self->identity) != NULL) {
        g_set_error(error,
                    CFX_ERROR,
                    CFX_ERROR_CONFLICT,
                    "there is a principal \"%s\" already",
                    self->identity);
        return FALSE;
    }
    if (cfx_asset_child(model, site->account, site->id, self->name) != NULL) {
        g_set_error(error,
                    CFX_ERROR,
                    CFX_ERROR_CONFLICT,
                    "site \"%s\" has a \"%s\" already; give it another name",
                    site->name,
                    self->name);
        return FALSE;
    }
    return TRUE;
}

static gint64
put_sensor(Approval *self,
           CfxDraft *draft,
           gint64 asset,
           const char *name,
           const char *unit,
           gint64 resolution_us,
           const char *zone)
{
    CfxSensor sensor = { .struct_size = sizeof(sensor),
                         .id = cfx_register_id(self->reg, CFX_MODEL_SENSOR),
                         .asset = asset,
                         .name = name,
                         .unit = unit,
                         .resolution_us = resolution_us,
                         .zone = zone };

    cfx_draft_put(draft, CFX_MODEL_SENSOR, &sensor, NULL);
    return sensor.id;
}

static char *
evse_attributes(const CfxApproveHow *how, gint64 power, gint64 live, gint64 stock)
{
    char fail_safe[G_ASCII_DTOSTR_BUF_SIZE], current[G_ASCII_DTOSTR_BUF_SIZE];

    g_ascii_dtostr(fail_safe, sizeof(fail_safe), isnan(how->fail_safe_w) ? 0 : how->fail_safe_w);
    g_ascii_dtostr(current, sizeof(current), isnan(how->max_current_a) ? 32 : how->max_current_a);
    return g_strdup_printf("{\"sensors\":{\"power\":%" G_GINT64_FORMAT
                           ",\"live-power\":%" G_GINT64_FORMAT ",\"stock\":%" G_GINT64_FORMAT
                           "},\"fail-safe-power\":\"%s W\",\"phases\":%u,\"min-current\":\"6 A\","
                           "\"max-current\":\"%s A\",\"voltage\":\"230 V\"}",
                           power,
                           live,
                           stock,
                           fail_safe,
                           how->phases == 0 ? 3 : how->phases,
                           current);
}

static void
put_evse(Approval *self, CfxDraft *draft, const CfxAsset *station, guint unit, const char *zone)
{
    char capacity[G_ASCII_DTOSTR_BUF_SIZE];
    g_autofree char *name = g_strdup_printf("EVSE %u", unit);
    g_autofree char *attributes = NULL, *flex = NULL;
    CfxAsset evse = { .struct_size = sizeof(evse),
                      .id = cfx_register_id(self->reg, CFX_MODEL_ASSET),
                      .parent = station->id,
                      .account = station->account,
                      .type = "evse",
                      .name = name,
                      .latitude = NAN,
                      .longitude = NAN };
    CfxBinding binding = { .struct_size = sizeof(binding),
                           .id = cfx_register_id(self->reg, CFX_MODEL_BINDING),
                           .asset = evse.id,
                           .instance = self->instance,
                           .identity = self->identity,
                           .unit = unit };
    gint64 power = put_sensor(self, draft, evse.id, "power", "kW", 15 * CFX_MINUTE, zone);
    gint64 live = put_sensor(self, draft, evse.id, "live power", "kW", 0, zone);
    gint64 stock = put_sensor(self, draft, evse.id, "stock", "kWh", 0, zone);

    g_ascii_dtostr(
        capacity, sizeof(capacity), isnan(self->how.power_max_w) ? 22e3 : self->how.power_max_w);
    attributes = evse_attributes(&self->how, power, live, stock);
    flex =
        g_strdup_printf("{\"power-capacity\":\"%s W\",\"production-capacity\":\"0 kW\"}", capacity);
    evse.attributes = attributes;
    evse.flex_model = flex;
    evse.flex_context = "{}";
    binding.power_sensor = live;
    cfx_draft_put(draft, CFX_MODEL_ASSET, &evse, NULL);
    cfx_draft_put(draft, CFX_MODEL_BINDING, &binding, NULL);

    cfx_json_begin_object(&self->answer);
    cfx_json_member_int(&self->answer, "unit", unit);
    cfx_json_member_int(&self->answer, "asset", evse.id);
    cfx_json_member_int(&self->answer, "binding", binding.id);
    cfx_json_member_int(&self->answer, "power_sensor", power);
    cfx_json_member_int(&self->answer, "live_power_sensor", live);
    cfx_json_member_int(&self->answer, "stock_sensor", stock);
    cfx_json_end_object(&self->answer);
}

static void
put_principal(Approval *self, CfxDraft *draft, gint64 account, gint64 station)
{
    CfxPrincipal *principal =
        cfx_principal_new(self->reg->next_principal++, self->identity, "station", account);
    CfxCredential *credential = g_new0(CfxCredential, 1);

    self->password = cfx_secret_new(16);
    credential->kind = g_strdup("password");
    credential->scheme = g_strdup("sha256");
    credential->salt = cfx_salt_new(16);
    credential->hash = cfx_secret_hash_fast(credential->salt, self->password);
    cfx_principal_set_credential(principal, credential);
    cfx_principal_add_grant(principal, "post", station, 0);
    cfx_draft_principal(draft, principal);
}

static void
approval_stored(gpointer data, const GError *error)
{
    Approval *self = data;

    if (error == NULL)
        cfx_register_forget_knock(self->reg, self->instance, self->identity);
    approval_end(self, error);
}

static void
fill_draft(Approval *self, CfxDraft *draft, const CfxAsset *site, guint evses)
{
    const CfxAccount *account = cfx_model_account(self->reg->model, site->account);
    const char *zone = account != NULL ? account->zone : "UTC";
    CfxAsset station = { .struct_size = sizeof(station),
                         .id = cfx_register_id(self->reg, CFX_MODEL_ASSET),
                         .parent = site->id,
                         .account = site->account,
                         .type = "charging-station",
                         .name = self->name,
                         .external_id = self->identity,
                         .latitude = NAN,
                         .longitude = NAN,
                         .attributes = "{}",
                         .flex_model = "{}",
                         .flex_context = "{}" };

    cfx_draft_put(draft, CFX_MODEL_ASSET, &station, NULL);
    cfx_json_begin_object(&self->answer);
    cfx_json_member_text(&self->answer, "identity", self->identity);
    cfx_json_member_text(&self->answer, "instance", self->instance);
    cfx_json_member_int(&self->answer, "asset", station.id);
    cfx_json_member_int(&self->answer, "site", site->id);
    cfx_json_name(&self->answer, "evses");
    cfx_json_begin_array(&self->answer);
    for (guint unit = 1; unit <= evses; unit++)
        put_evse(self, draft, &station, unit, zone);
    cfx_json_end_array(&self->answer);
    put_principal(self, draft, site->account, station.id);
    cfx_json_member_text(&self->answer, "password", self->password);
    cfx_json_end_object(&self->answer);
}

static void
approval_run(gpointer data)
{
    Approval *self = data;
    g_autoptr(CfxDraft) draft = cfx_draft_new(self->reg);
    g_autoptr(GError) error = NULL;
    const CfxAsset *site;
    guint evses = self->how.evses;

    for (GList *link = self->reg->knocks.head; link != NULL; link = link->next) {
        const CfxKnocked *knocked = link->data;

        if (strcmp(knocked->identity, self->identity) != 0 ||
            (self->instance != NULL && strcmp(knocked->instance, self->instance) != 0))
            continue;
        if (self->instance == NULL)
            self->instance = g_strdup(knocked->instance);
        if (evses == 0)
            evses = knocked->evses;
        break;
    }
    if (self->instance == NULL) {
        g_set_error(&error,
                    CFX_ERROR,
                    CFX_ERROR_NOT_FOUND,
                    "nobody called \"%s\" has been at the door; say which adapter it will use",
                    self->identity);
        approval_end(self, error);
        return;
    }
    site = find_site(self, &error);
    if (site == NULL || !check_free(self, site, &error)) {
        approval_end(self, error);
        return;
    }
    fill_draft(self, draft, site, CLAMP(evses, 1, EVSES_MAX));
    if (!cfx_draft_check(draft, &error)) {
        approval_end(self, error);
        return;
    }
    cfx_draft_commit(g_steal_pointer(&draft), approval_stored, self);
}

void
cfx_register_approve(CfxRegister *self,
                     const char *instance,
                     const char *identity,
                     const CfxApproveHow *how,
                     CfxRegisterTextDone done,
                     gpointer data)
{
    static const CfxApproveHow usual = { .power_max_w = NAN,
                                         .fail_safe_w = NAN,
                                         .max_current_a = NAN };
    Approval *approval = g_new0(Approval, 1);

    approval->reg = self;
    approval->how = how != NULL ? *how : usual;
    approval->instance = g_strdup(instance);
    approval->identity = g_strdup(identity);
    approval->name = g_strdup(approval->how.name != NULL ? approval->how.name : identity);
    approval->how.name = NULL;
    approval->done = done;
    approval->data = data;
    cfx_json_writer_init(&approval->answer, NULL, 0);
    cfx_register_serial(self, approval_run, approval);
}
