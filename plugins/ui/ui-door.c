/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Which request is which, and who asks. A page shows itself by a cookie, a script by a bearer token.
 * A cookie comes along with whatever makes a browser call us, so what changes something, and the
 * WebSocket, must also come from one of our own pages: its Origin says so.
 */
#include "ui-answer.h"
#include "ui-door.h"
#include "ui-files.h"
#include "ui-origin.h"

#include <string.h>

#define ROOT "/ui/"
#define API "api/"

typedef struct {
    const char *method, *path; /* below /ui/api/; a star stands for an id */
    guint32 role;              /* CFX_ROLE_ANY: who is not signed in too */
    void (*serve)(UiVisit *visit);
} Entry;

static const Entry entries[] = {
    { "POST", "session", CFX_ROLE_ANY, ui_session_post },
    { "GET", "session", CFX_ROLE_READ, ui_session_get },
    { "DELETE", "session", CFX_ROLE_READ, ui_session_delete },
    { "GET", "sites", CFX_ROLE_READ, ui_sites_get },
    { "GET", "map", CFX_ROLE_READ, ui_map_get },
    { "GET", "live", CFX_ROLE_READ, ui_live_get },
    { "GET", "sites/*/snapshot", CFX_ROLE_READ, ui_snapshot_get },
    { "GET", "sites/*/history", CFX_ROLE_READ, ui_history_get },
    { "GET", "devices/*", CFX_ROLE_READ, ui_device_get },
    { "GET", "devices/*/messages", CFX_ROLE_OPERATE, ui_device_messages_get },
    { "GET", "devices/*/commands", CFX_ROLE_OPERATE, ui_device_commands_get },
    { "POST", "devices/*/command", CFX_ROLE_OPERATE, ui_device_command_post },
    { "POST", "devices/*/need", CFX_ROLE_OPERATE, ui_device_need_post },
    { "GET", "knocks", CFX_ROLE_OPERATE, ui_knocks_get },
};

const char *
ui_header(const CfxRequest *request, const char *name)
{
    for (const CfxPair *pair = request->headers; pair != NULL && pair->name != NULL; pair++) {
        if (strcmp(pair->name, name) == 0)
            return pair->value;
    }
    return NULL;
}

const char *
ui_role_name(guint32 role)
{
    return role >= CFX_ROLE_ADMIN     ? "admin"
           : role >= CFX_ROLE_OPERATE ? "operator"
           : role >= CFX_ROLE_READ    ? "viewer"
                                      : "nobody";
}

void
ui_visit_free(UiVisit *self)
{
    if (self == NULL)
        return;
    g_free(self->identity);
    g_free(self->token);
    g_free(self);
}

/* --- who asks ---------------------------------------------------------------------------------- */

typedef struct {
    UiVisit *visit;
    const Entry *entry;
} Arrival;

static void
refuse_signed_out(const Ui *self, const CfxRequest *request)
{
    ui_answer_error(self,
                    request,
                    401,
                    "signed-out",
                    "you are not signed in, or no longer",
                    "Sign in with your name and password, or by a new link: cariflexctl login");
}

static void
arrived_cb(gpointer data, const CfxLogin *login, const GError *error)
{
    g_autofree Arrival *arrival = data;
    g_autoptr(UiVisit) visit = arrival->visit;
    const Ui *self = visit->ui;

    if (error != NULL) {
        if (g_error_matches(error, CFX_ERROR, CFX_ERROR_AUTH))
            refuse_signed_out(self, visit->request);
        else
            ui_answer_gerror(self, visit->request, error);
        return;
    }
    if (login->role < arrival->entry->role) {
        g_autofree char *message = g_strdup_printf("this takes the role %s, and you are %s",
                                                   ui_role_name(arrival->entry->role),
                                                   ui_role_name(login->role));
        ui_answer_error(self,
                        visit->request,
                        403,
                        "role",
                        message,
                        "Sign in as somebody with a higher role.");
        return;
    }
    visit->principal = login->principal;
    visit->role = login->role;
    visit->expires_us = login->expires_us;
    visit->identity = g_strdup(login->identity);
    arrival->entry->serve(g_steal_pointer(&visit));
}

static gboolean
changes_something(const CfxRequest *request)
{
    return request->protocols != NULL ||
           (strcmp(request->method, "GET") != 0 && strcmp(request->method, "HEAD") != 0);
}

static gboolean
refuse_foreign(const Ui *self, const CfxRequest *request)
{
    if (!changes_something(request) ||
        ui_origin_is_ours(ui_header(request, "origin"),
                          ui_header(request, "host"),
                          (const char *const *)self->origins))
        return FALSE;
    ui_answer_error(self,
                    request,
                    403,
                    "origin",
                    "this request does not come from a page of this host",
                    "Behind a proxy, name its address in the key \"origins\".");
    return TRUE;
}

static void
serve(Ui *self, const CfxRequest *request, const Entry *entry, gint64 id)
{
    g_autofree char *name = ui_cookie_name(ui_header(request, "host"));
    g_autofree char *token = NULL;
    const char *bearer = request->authorization;

    if (bearer != NULL && g_ascii_strncasecmp(bearer, "Bearer ", 7) == 0)
        token = g_strdup(bearer + 7);
    else
        bearer = NULL;
    if (bearer == NULL && refuse_foreign(self, request))
        return;
    if (token == NULL)
        token = ui_cookie_find(ui_header(request, "cookie"), name);
    UiVisit *visit = g_new0(UiVisit, 1);
    visit->ui = self;
    visit->request = request;
    visit->id = id;
    if (entry->role == CFX_ROLE_ANY) {
        entry->serve(visit);
        return;
    }
    if (token == NULL || *token == '\0' || strlen(token) > UI_TOKEN_MAX) {
        refuse_signed_out(self, request);
        ui_visit_free(visit);
        return;
    }
    visit->token = g_steal_pointer(&token);
    Arrival *arrival = g_new(Arrival, 1);
    *arrival = (Arrival){ visit, entry };
    self->host->web->login(self->host, visit->token, NULL, 0, arrived_cb, arrival);
}

/* --- which request ----------------------------------------------------------------------------- */

/* Whether a path fits, "sites/12/history" and "sites/<star>/history". */
static gboolean
fits(const char *pattern, const char *path, gint64 *ret_id)
{
    for (; *pattern != '\0'; pattern++) {
        if (*pattern != '*') {
            if (*pattern != *path++)
                return FALSE;
            continue;
        }
        gsize digits = strspn(path, "0123456789");
        if (digits == 0 || digits > 18)
            return FALSE;
        *ret_id = g_ascii_strtoll(path, NULL, 10);
        path += digits;
    }
    return *path == '\0';
}

static void
serve_api(Ui *self, const CfxRequest *request, const char *path)
{
    const char *method = strcmp(request->method, "HEAD") == 0 ? "GET" : request->method;
    gboolean is_there = FALSE;

    for (gsize i = 0; i < G_N_ELEMENTS(entries); i++) {
        gint64 id = 0;
        if (!fits(entries[i].path, path, &id))
            continue;
        is_there = TRUE;
        if (strcmp(entries[i].method, method) == 0) {
            serve(self, request, &entries[i], id);
            return;
        }
    }
    if (is_there)
        ui_answer_error(self, request, 405, "method", "this method is not served here", NULL);
    else
        ui_answer_not_found(self, request, "path");
}

static void
handle(gpointer data, const CfxRequest *request)
{
    const char *path = request->path + strlen(ROOT);

    if (g_str_has_prefix(path, API))
        serve_api(data, request, path + strlen(API));
    else
        ui_files_serve(data, request, path);
}

static void
redirect(gpointer data, const CfxRequest *request)
{
    static const CfxPair there[] = { { "Location", ROOT }, { NULL, NULL } };
    const Ui *self = data;

    self->host->web->respond(request, 308, there, NULL);
}

gboolean
ui_door_open(Ui *self, GError **error)
{
    const CfxRoute all = {
        .struct_size = sizeof all,
        .role = CFX_ROLE_PLUGIN,
        .method = "*",
        .path = ROOT,
        .handle = handle,
        .refuse = ui_answer_refuse,
        .page = "Cariflex",
    };
    const CfxRoute bare = {
        .struct_size = sizeof bare,
        .role = CFX_ROLE_ANY,
        .method = "GET",
        .path = "/ui",
        .handle = redirect,
    };

    return self->host->web->route(self->host, self->listener, &all, self, error) &&
           self->host->web->route(self->host, self->listener, &bare, self, error);
}
