/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "cfx-bus-methods.h"
#include "cfx-engine.h"

#include <kit/cfx-time.h>
#include <string.h>

static void
devices(gpointer data, GVariant *arguments, CfxBusCall *call)
{
    cfx_bus_reply(call, cfx_engine_devices_json(data));
}

static void
sessions(gpointer data, GVariant *arguments, CfxBusCall *call)
{
    cfx_bus_reply(call, cfx_engine_sessions_json(data));
}

/* a text or an error */
static void
reply(CfxBusCall *call, char *json, const GError *error)
{
    if (json != NULL)
        cfx_bus_reply(call, json);
    else
        cfx_bus_fail(call, error);
}

static void
session_set(gpointer data, GVariant *arguments, CfxBusCall *call)
{
    const char *where, *need, *by;
    g_autoptr(GError) error = NULL;
    g_variant_get(arguments, "(&s&s&s)", &where, &need, &by);
    if (cfx_engine_session_set(
            data, where, *need != '\0' ? need : NULL, *by != '\0' ? by : NULL, &error))
        cfx_bus_reply(call, NULL);
    else
        cfx_bus_fail(call, error);
}

static void
plan(gpointer data, GVariant *arguments, CfxBusCall *call)
{
    gint64 site;
    g_autoptr(GError) error = NULL;
    g_variant_get(arguments, "(x)", &site);
    char *json = cfx_engine_plan_json(data, site, &error);
    reply(call, json, error);
}

static gboolean
read_time(GVariant *options, const char *name, gint64 *to, GError **error)
{
    const char *text;
    if (!g_variant_lookup(options, name, "&s", &text) || cfx_time_parse(text, -1, to))
        return TRUE;
    g_set_error(error,
                CFX_ERROR,
                CFX_ERROR_INVALID,
                "%s: \"%s\" is not an instant as 2025-10-01T16:00:00Z",
                name,
                text);
    return FALSE;
}

static gboolean
check_options(GVariant *options, GError **error)
{
    for (gsize i = 0; i < g_variant_n_children(options); i++) {
        const char *name;
        g_autoptr(GVariant) value = NULL;
        g_variant_get_child(options, i, "{&sv}", &name, &value);
        const char *type = strcmp(name, "site") == 0                                ? "x"
                           : strcmp(name, "start") == 0 || strcmp(name, "end") == 0 ? "s"
                                                                                    : NULL;
        if (type != NULL && g_variant_is_of_type(value, G_VARIANT_TYPE(type)))
            continue;
        g_set_error(error,
                    CFX_ERROR,
                    CFX_ERROR_INVALID,
                    "%s: is no option of Report, or of another type",
                    name);
        return FALSE;
    }
    return TRUE;
}

static void
report(gpointer data, GVariant *arguments, CfxBusCall *call)
{
    gint64 site = 0, start = 0, end = 0;
    char *json = NULL;
    g_autoptr(GVariant) options = NULL;
    g_autoptr(GError) error = NULL;
    g_variant_get(arguments, "(@a{sv})", &options);
    g_variant_lookup(options, "site", "x", &site);
    if (check_options(options, &error) && read_time(options, "start", &start, &error) &&
        read_time(options, "end", &end, &error))
        json = cfx_engine_report_json(data, site, start, end, &error);
    reply(call, json, error);
}

static void
commands(gpointer data, GVariant *arguments, CfxBusCall *call)
{
    const char *where;
    g_autoptr(GError) error = NULL;
    g_variant_get(arguments, "(&s)", &where);
    char *json = cfx_engine_commands_json(data, where, &error);
    reply(call, json, error);
}

static void
command_answered(gpointer data, GBytes *answer, const GError *error)
{
    gsize size = 0;
    const char *text = answer != NULL ? g_bytes_get_data(answer, &size) : NULL;
    reply(data, error == NULL ? g_strndup(text, size) : NULL, error);
}

/* the bus has asked whether the caller may */
static void
command(gpointer data, GVariant *arguments, CfxBusCall *call)
{
    const char *where, *name, *text;
    g_variant_get(arguments, "(&s&s&s)", &where, &name, &text);
    g_autoptr(GBytes) args = *text != '\0' ? g_bytes_new(text, strlen(text)) : NULL;
    cfx_engine_command(data, CFX_ROLE_ADMIN, where, name, args, command_answered, call);
}

const CfxBusMethod cfx_bus_engine_methods[] = {
    { "Devices", devices }, { "Sessions", sessions }, { "SessionSet", session_set },
    { "Plan", plan },       { "Report", report },     { "Commands", commands },
    { "Command", command }, { NULL, NULL },
};
