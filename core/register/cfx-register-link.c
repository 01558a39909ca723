/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Sign-in links: tokens that work once, made by whoever may talk to the control socket, for people
 * who have no password here. They stand for one of three principals that every register has beside
 * its records; these have numbers but no names, so nobody can log in as one of them.
 */
#include "cfx-register-private.h"

#include "cfx-register-secret.h"

#include <string.h>

/* a link is opened now or not at all */
#define LIFETIME_MAX_US CFX_DAY

static const struct {
    gint64 id;
    const char *role, *name, *right;
} people[] = {
    { -1, "viewer", "viewer (by link)", "read" },
    { -2, "operator", "operator (by link)", "control" },
    { -3, "admin", "admin (by link)", "admin" },
};

typedef struct {
    CfxRegister *reg;
    char *token;
    gint64 expires_us;
    CfxRegisterTextDone done;
    gpointer data;
} Link;

void
cfx_register_add_link_people(CfxRegister *self)
{
    g_rw_lock_writer_lock(&self->people_lock);
    for (gsize i = 0; i < G_N_ELEMENTS(people); i++) {
        CfxPrincipal *principal = cfx_principal_new(people[i].id, people[i].name, "link", 0);

        cfx_principal_add_grant(principal, people[i].right, 0, CFX_EVERY_ACCOUNT);
        self->link_people[i] = principal;
        g_hash_table_replace(self->by_id, &principal->id, principal);
    }
    g_rw_lock_writer_unlock(&self->people_lock);
}

static void
link_end(Link *self, const GError *error)
{
    g_auto(CfxJsonWriter) json;

    cfx_json_writer_init(&json, NULL, 0);
    if (error == NULL) {
        cfx_json_begin_object(&json);
        cfx_json_member_text(&json, "token", self->token);
        cfx_json_member_time(&json, "expires", self->expires_us);
        cfx_json_end_object(&json);
    }
    self->done(self->data, error == NULL ? cfx_json_writer_end(&json) : NULL, error);
    g_free(self->token);
    g_free(self);
}

static void
link_stored(gpointer data, const GError *error)
{
    link_end(data, error);
}

typedef struct {
    Link *link;
    GError *error;
} Refused;

static void
refuse(gpointer data)
{
    Refused *refused = data;

    link_end(refused->link, refused->error);
    g_error_free(refused->error);
    g_free(refused);
}

static void
refuse_later(Link *link, GError *error)
{
    Refused *refused = g_new(Refused, 1);

    *refused = (Refused){ link, error };
    link->reg->host->base->post(link->reg->host, refuse, refused);
}

void
cfx_register_link(CfxRegister *self,
                  const char *role,
                  gint64 lifetime_us,
                  CfxRegisterTextDone done,
                  gpointer data)
{
    Link *link = g_new0(Link, 1);
    CfxBearer *bearer;
    CfxDraft *draft;
    gint64 who = 0;

    *link = (Link){ .reg = self, .done = done, .data = data };
    for (gsize i = 0; i < G_N_ELEMENTS(people); i++)
        if (strcmp(people[i].role, role) == 0)
            who = people[i].id;
    if (who == 0 || lifetime_us <= 0 || lifetime_us > LIFETIME_MAX_US) {
        refuse_later(link,
                     who == 0
                         ? g_error_new(CFX_ERROR,
                                       CFX_ERROR_INVALID,
                                       "role: \"%s\" is none of viewer, operator, admin",
                                       role)
                         : g_error_new_literal(CFX_ERROR,
                                               CFX_ERROR_INVALID,
                                               "lifetime: a link works for up to one day"));
        return;
    }
    link->token = cfx_secret_new(24);
    link->expires_us = g_get_real_time() + lifetime_us;
    bearer = g_new0(CfxBearer, 1);
    bearer->hash = cfx_register_bearer_hash(self, link->token);
    bearer->principal = who;
    bearer->expires_us = link->expires_us;
    bearer->is_issued = TRUE;
    bearer->is_once = TRUE;
    draft = cfx_draft_new(self);
    cfx_register_drop_old_tokens(self, who, draft);
    cfx_draft_bearer(draft, bearer);
    cfx_draft_commit(draft, link_stored, link);
}
