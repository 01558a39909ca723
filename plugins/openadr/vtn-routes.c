/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Which request is which, who asks, and with what scope. */
#include <string.h>

#include "vtn-server.h"

#define BODY_MAX (1u << 20)

static const struct {
    const char *path;
    VtnKind kind;
    guint32 read, write;
} collections[] = {
    { "programs", VTN_PROGRAM, VTN_READ_ALL | VTN_READ_TARGETS, VTN_WRITE_PROGRAMS },
    { "events", VTN_EVENT, VTN_READ_ALL | VTN_READ_TARGETS, VTN_WRITE_EVENTS },
    { "vens", VTN_VEN, VTN_READ_ALL | VTN_READ_VEN_OBJECTS, VTN_WRITE_VENS },
    { "resources", VTN_RESOURCE, VTN_READ_ALL | VTN_READ_VEN_OBJECTS, VTN_WRITE_VENS },
};

/* parts of the standard that this version does not serve */
static const char *const later[] = { "reports", "subscriptions", "notifiers", NULL };

static void
serve(VtnVisit *visit, gsize collection, const char *id)
{
    const CfxRequest *request = visit->request;
    VtnKind kind = collections[collection].kind;
    gboolean is_get = strcmp(request->method, "GET") == 0;
    guint32 needed = is_get ? collections[collection].read : collections[collection].write;
    g_autofree char *own = g_strdup(id);

    if ((visit->scopes & needed) == 0)
        vtn_problem(visit->server, request, 403, "the token does not have the scope for this");
    else if (is_get && id == NULL)
        return vtn_list(visit, kind);
    else if (is_get)
        return vtn_get(visit, kind, own);
    else if (id == NULL && strcmp(request->method, "POST") == 0)
        return vtn_post(visit, kind);
    else if (id != NULL && strcmp(request->method, "PUT") == 0)
        return vtn_put(visit, kind, own);
    else if (id != NULL && strcmp(request->method, "DELETE") == 0)
        return vtn_delete(visit, kind, own);
    else
        vtn_problem(visit->server, request, 405, "the method is not allowed here");
    vtn_visit_free(visit);
}

typedef struct {
    VtnServer *server;
    const CfxRequest *request;
    gsize collection;
    char *id;
    guint32 scopes;
} Arrival;

static void
arrived_cb(gpointer data, const CfxLogin *login, const GError *error)
{
    Arrival *arrival = data;
    VtnServer *self = arrival->server;

    if (error != NULL) {
        vtn_problem(self, arrival->request, 401, "the token is not known or has expired");
    } else {
        VtnVisit *visit = g_new0(VtnVisit, 1);
        visit->server = self;
        visit->request = arrival->request;
        visit->client = g_strdup(login->identity);
        visit->scopes = arrival->scopes;
        visit->is_business =
            (self->account == 0 || login->account == self->account) &&
            self->host->web->may(self->host, login->principal, CFX_RIGHT_CHANGE, 0);
        /* what a role may not, no token of it may */
        visit->scopes &= vtn_scopes_of_role(visit->is_business);
        serve(visit, arrival->collection, arrival->id);
    }
    g_free(arrival->id);
    g_free(arrival);
}

static void
with_identity(VtnServer *self, const CfxRequest *request, gsize collection, const char *id)
{
    const char *header = request->authorization;

    if (header == NULL || g_ascii_strncasecmp(header, "Bearer ", 7) != 0) {
        vtn_problem(self, request, 401, "a bearer token is needed: see /auth/server");
        return;
    }
    guint32 scopes = vtn_token_scopes(self, header + 7);
    if (scopes == 0) {
        vtn_problem(self, request, 401, "the token is not known or has expired");
        return;
    }
    Arrival *arrival = g_new0(Arrival, 1);
    arrival->server = self;
    arrival->request = request;
    arrival->collection = collection;
    arrival->id = g_strdup(id);
    arrival->scopes = scopes;
    self->host->web->login(self->host, header + 7, NULL, 0, arrived_cb, arrival);
}

static void
handle_cb(gpointer data, const CfxRequest *request)
{
    VtnServer *self = data;
    const char *rest = request->path + strlen(self->base);
    g_auto(GStrv) parts = g_strsplit(*rest == '/' ? rest + 1 : rest, "/", 4);
    guint n = g_strv_length(parts);
    gboolean is_get = strcmp(request->method, "GET") == 0;

    if (n == 2 && strcmp(parts[0], "auth") == 0) {
        if (is_get && strcmp(parts[1], "server") == 0)
            return vtn_token_server(self, request);
        if (strcmp(request->method, "POST") == 0 && strcmp(parts[1], "token") == 0)
            return vtn_token_serve(self, request);
    }
    if (n >= 1 && g_strv_contains(later, parts[0])) {
        vtn_problem(self, request, 501, "this VTN does not serve this part of OpenADR yet");
        return;
    }
    for (gsize i = 0; n >= 1 && n <= 2 && i < G_N_ELEMENTS(collections); i++) {
        if (strcmp(parts[0], collections[i].path) != 0)
            continue;
        const char *id = n == 2 && *parts[1] != '\0' ? parts[1] : NULL;
        if (id != NULL && !vtn_id_is_valid(id))
            break;
        with_identity(self, request, i, id);
        return;
    }
    vtn_problem(self, request, 404, "there is nothing at this path");
}

gboolean
vtn_server_mount(VtnServer *self, GError **error)
{
    g_autofree char *path = g_strconcat(self->base, "/", NULL);
    const CfxRoute route = {
        .struct_size = sizeof route,
        .role = CFX_ROLE_PLUGIN,
        .method = "*",
        .path = path,
        .body_max = BODY_MAX,
        .handle = handle_cb,
        .refuse = vtn_problem_refuse,
    };

    return self->host->web->route(self->host, self->listener, &route, self, error);
}
