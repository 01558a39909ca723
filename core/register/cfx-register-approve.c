/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A person says yes to a station: assets, sensors, bindings, principal and password, at once. */
#include "cfx-register-evse.h"

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
    CfxEvsePlace place = { &station, self->instance, self->identity, zone, &self->how };
    for (guint unit = 1; unit <= evses; unit++)
        cfx_evse_put(self->reg, draft, &place, unit, &self->answer);
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
