/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "cfx-bus-methods.h"
#include "cfx-bus-options.h"
#include "cfx-engine.h"

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

typedef struct {
    CfxBusCall *call;
    char *json; /* nullable */
} Answer;

static void
stored(gpointer data, const GError *error)
{
    g_autofree Answer *answer = data;

    if (error == NULL) {
        cfx_bus_reply(answer->call, answer->json);
        return;
    }
    g_autoptr(GError) local = g_error_copy(error);
    g_prefix_error(&local, "in force, but not stored, so that a restart forgets it: ");
    cfx_bus_fail(answer->call, local);
    g_free(answer->json);
}

void
cfx_bus_reply_when_stored(CfxEngine *engine, CfxBusCall *call, char *json)
{
    Answer *answer = g_new0(Answer, 1);

    *answer = (Answer){ call, json };
    cfx_engine_when_stored(engine, stored, answer);
}

static void
session_set(gpointer data, GVariant *arguments, CfxBusCall *call)
{
    const char *where, *need, *by;
    g_autoptr(GError) error = NULL;
    g_variant_get(arguments, "(&s&s&s)", &where, &need, &by);
    if (cfx_engine_session_set(
            data, where, *need != '\0' ? need : NULL, *by != '\0' ? by : NULL, &error))
        cfx_bus_reply_when_stored(data, call, NULL);
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

static const CfxBusOption report_options[] = {
    { "site", "x" }, { "start", "s" }, { "end", "s" }, { NULL, NULL }
};

static void
reported(gpointer data, const char *json, const GError *error)
{
    reply(data, g_strdup(json), error);
}

static void
report(gpointer data, GVariant *arguments, CfxBusCall *call)
{
    gint64 site = 0, start = 0, end = 0;
    g_autoptr(GVariant) options = NULL;
    g_autoptr(GError) error = NULL;
    g_variant_get(arguments, "(@a{sv})", &options);
    g_variant_lookup(options, "site", "x", &site);
    if (cfx_bus_options_check(options, "Report", report_options, &error) &&
        cfx_bus_option_time(options, "start", &start, &error) &&
        cfx_bus_option_time(options, "end", &end, &error))
        cfx_engine_report(data, site, start, end, reported, call);
    else
        cfx_bus_fail(call, error);
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
