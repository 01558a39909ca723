/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "ctl-client.h"
#include "ctl-json.h"
#include "ctl-options.h"
#include "ctl-table.h"

#include <glib/gi18n-lib.h>
#include <stdio.h>
#include <string.h>

static const CtlColumn columns[] = {
    { N_("COMMAND"), "name", CTL_TEXT },
    { N_("WHAT IT DOES"), "title", CTL_TEXT },
    { N_("ROLE"), "role", CTL_TEXT },
    { N_("ADAPTER"), "adapter", CTL_TEXT },
    { NULL, NULL, CTL_TEXT },
};

static gboolean
show_list(const char *json, GError **error)
{
    g_autoptr(JsonObject) answer = ctl_json_object(json, error);
    if (answer == NULL)
        return FALSE;
    ctl_table_print(ctl_json_list(answer, "commands"), columns, _("it knows no commands"));
    return TRUE;
}

static void
print_members(JsonObject *schema)
{
    JsonObject *members = ctl_json_in(schema, "properties");
    g_autoptr(GList) names = members != NULL ? json_object_get_members(members) : NULL;
    for (GList *l = names; l != NULL; l = l->next) {
        JsonObject *member = ctl_json_in(members, l->data);
        const char *type = ctl_json_text(member, "type");
        const char *words = ctl_json_text(member, "description");
        printf("  %-24s %-8s %s\n",
               (const char *)l->data,
               type != NULL ? type : "",
               words != NULL ? words : "");
        JsonArray *choices = ctl_json_list(member, "enum");
        for (guint i = 0; choices != NULL && i < json_array_get_length(choices); i++)
            printf("%s%s", i == 0 ? "      " : ", ", json_array_get_string_element(choices, i));
        if (choices != NULL)
            printf("\n");
    }
}

/* What a command takes: its schema, for a person. */
static int
explain(const CtlOptions *options, const char *where, const char *name)
{
    g_autoptr(GError) error = NULL;
    g_autofree char *json =
        ctl_call(&options->where, "Commands", g_variant_new("(s)", where), &error);
    g_autoptr(JsonObject) answer = json != NULL ? ctl_json_object(json, &error) : NULL;
    if (answer == NULL)
        return ctl_fail(&ctl_verb_command, error);
    JsonArray *list = ctl_json_list(answer, "commands");
    for (guint i = 0; list != NULL && i < json_array_get_length(list); i++) {
        JsonObject *command = json_array_get_object_element(list, i);
        if (g_strcmp0(ctl_json_text(command, "name"), name) != 0)
            continue;
        printf("%s: %s\n", name, ctl_json_text(command, "title"));
        print_members(ctl_json_in(command, "schema"));
        return 0;
    }
    fprintf(stderr, _("cariflexctl command: %s knows no command %s\n"), where, name);
    return 1;
}

/* "type=Immediate": JSON where it is JSON that is no bare word, else a text. */
static gboolean
put_pair(JsonObject *to, const char *pair, GError **error)
{
    const char *equals = strchr(pair, '=');
    if (equals == NULL || equals == pair) {
        g_set_error(error,
                    G_IO_ERROR,
                    G_IO_ERROR_INVALID_ARGUMENT,
                    _("\"%s\": write NAME=VALUE, or one JSON object"),
                    pair);
        return FALSE;
    }
    g_autofree char *name = g_strndup(pair, (gsize)(equals - pair));
    g_autoptr(JsonNode) node = json_from_string(equals + 1, NULL);
    if (node != NULL)
        json_object_set_member(to, name, g_steal_pointer(&node));
    else
        json_object_set_string_member(to, name, equals + 1);
    return TRUE;
}

/* The arguments as one JSON object. (transfer full) */
static char *
arguments_of(int argc, char **argv, GError **error)
{
    if (argc == 1 && argv[0][0] == '{')
        return g_strdup(argv[0]);
    g_autoptr(JsonObject) object = json_object_new();
    for (int i = 0; i < argc; i++)
        if (!put_pair(object, argv[i], error))
            return NULL;
    g_autoptr(JsonNode) node = json_node_init_object(json_node_alloc(), object);
    return json_to_string(node, FALSE);
}

static gboolean
show_answer(const char *json, GError **error)
{
    g_autoptr(JsonNode) node = json_from_string(json, error);
    if (node == NULL)
        return FALSE;
    g_autofree char *text = json_to_string(node, TRUE);
    printf("%s\n", text);
    return TRUE;
}

static int
run(int argc, char **argv)
{
    g_auto(CtlOptions) options = { 0 };
    gboolean wants_schema = FALSE;
    const GOptionEntry entries[] = {
        { "explain",
          0,
          0,
          G_OPTION_ARG_NONE,
          &wants_schema,
          N_("Show what the command takes, and send nothing"),
          NULL },
        { NULL, 0, 0, 0, NULL, NULL, NULL },
    };
    g_autoptr(GError) error = NULL;
    if (!ctl_options_parse(&ctl_verb_command, entries, 0, 64, &argc, &argv, &options))
        return 2;
    const char *where = argc > 1 ? argv[1] : "";
    if (argc < 3)
        return ctl_run(
            &ctl_verb_command, &options, "Commands", g_variant_new("(s)", where), show_list);
    if (wants_schema)
        return explain(&options, where, argv[2]);
    g_autofree char *arguments = arguments_of(argc - 3, argv + 3, &error);
    if (arguments == NULL) {
        ctl_fail(&ctl_verb_command, error);
        return 2;
    }
    return ctl_run(&ctl_verb_command,
                   &options,
                   "Command",
                   g_variant_new("(sss)", where, argv[2], arguments),
                   show_answer);
}

const CtlVerb ctl_verb_command = {
    "command",
    N_("[STATION [COMMAND [NAME=VALUE… | JSON]]]"),
    N_("Asks something of a station, and shows its own answer"),
    "  cariflexctl command CP003\n"
    "  cariflexctl command CP003 Reset --explain\n"
    "  cariflexctl command CP003 Reset type=OnIdle\n"
    "  cariflexctl command CP003 GetVariables "
    "'{\"getVariableData\":[{\"component\":{\"name\":\"OCPPCommCtrlr\"},"
    "\"variable\":{\"name\":\"HeartbeatInterval\"}}]}'",
    run,
};
