/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Links by which a person signs in at a page without a password: for whoever may talk to us here. */
#include "cfx-bus-methods.h"
#include "cfx-daemon.h"
#include "cfx-register.h"
#include "cfx-web.h"

#include <json-glib/json-glib.h>
#include <string.h>

typedef struct {
    CfxDaemon *daemon;
    CfxBusCall *call;
} Ask;

typedef struct {
    JsonBuilder *builder;
    const char *token;
} Links;

static void
add_link(gpointer data, const char *title, const char *url)
{
    const Links *links = data;
    /* behind the # it stays in the browser: no log, no Referer */
    g_autofree char *whole = g_strdup_printf("%s#token=%s", url, links->token);
    json_builder_begin_object(links->builder);
    json_builder_set_member_name(links->builder, "title");
    json_builder_add_string_value(links->builder, title);
    json_builder_set_member_name(links->builder, "url");
    json_builder_add_string_value(links->builder, whole);
    json_builder_end_object(links->builder);
}

static char *
answer_of(CfxDaemon *daemon, const char *made)
{
    g_autoptr(JsonNode) root = json_from_string(made, NULL);
    JsonObject *object = json_node_get_object(root);
    g_autoptr(JsonBuilder) builder = json_builder_new();
    Links links = { builder, json_object_get_string_member(object, "token") };
    json_builder_begin_array(builder);
    cfx_web_pages(daemon->web, add_link, &links);
    json_builder_end_array(builder);
    json_object_set_member(object, "links", json_builder_get_root(builder));
    return json_to_string(root, FALSE);
}

static void
made_cb(gpointer data, const char *json, const GError *error)
{
    Ask *ask = data;
    if (error != NULL)
        cfx_bus_fail(ask->call, error);
    else
        cfx_bus_reply(ask->call, answer_of(ask->daemon, json));
    g_free(ask);
}

static void
count_page(gpointer data, const char *title, const char *url)
{
    ++*(guint *)data;
}

static void
sign_in_link(gpointer data, GVariant *arguments, CfxBusCall *call)
{
    CfxDaemon *daemon = data;
    const char *role;
    gint64 seconds;
    guint pages = 0;
    g_variant_get(arguments, "(&sx)", &role, &seconds);
    if (daemon->web != NULL)
        cfx_web_pages(daemon->web, count_page, &pages);
    if (daemon->reg == NULL || pages == 0) {
        g_autoptr(GError) error = g_error_new_literal(
            CFX_ERROR, CFX_ERROR_NOT_FOUND, "this daemon serves no page to sign in at");
        cfx_bus_fail(call, error);
        return;
    }
    Ask *ask = g_new(Ask, 1);
    *ask = (Ask){ daemon, call };
    cfx_register_link(
        daemon->reg, role, CLAMP(seconds, 0, G_MAXINT32) * G_USEC_PER_SEC, made_cb, ask);
}

const CfxBusMethod cfx_bus_login_methods[] = {
    { "SignInLink", sign_in_link },
    { NULL, NULL },
};
