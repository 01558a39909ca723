/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Commands: who is meant, what is refused before any adapter hears of it, what is offered. */
#include "engine-fixture.h"

#include "command/cfx-command.h"

#include <json-glib/json-glib.h>

static guint n_commands;

static void
adapter_command(gpointer self, gint64 asset, const char *name, GBytes *args, CfxCall *call)
{
    n_commands++;
}

static const CfxCommandInfo look = { .struct_size = sizeof(CfxCommandInfo),
                                     .role = CFX_ROLE_READ,
                                     .name = "Look",
                                     .title = "Look at it",
                                     .schema = "{\"type\":\"object\"}" };
static const CfxCommandInfo restart = { .struct_size = sizeof(CfxCommandInfo),
                                        .role = CFX_ROLE_OPERATE,
                                        .name = "Restart",
                                        .title = "Restart it",
                                        .schema = "{\"type\":\"object\"}" };
static const CfxCommandInfo *const commands[] = { &look, &restart };

static Fixture *
fixture(guint n)
{
    const FixtureSetup setup = { .stations = n, .fail_safe_w = 4140 };
    Fixture *f = fixture_new(&setup);

    f->adapter->adapter.n_commands = G_N_ELEMENTS(commands);
    f->adapter->adapter.commands = commands;
    f->adapter->adapter.command = adapter_command;
    fixture_start(f);
    for (guint i = 0; i < n; i++)
        fixture_report(f, i);
    fixture_run(f);
    return f;
}

static void
failed(gpointer data, GBytes *answer, const GError *error)
{
    g_assert_null(answer);
    *(GError **)data = g_error_copy(error);
}

/* @words: of the refusal */
static void
assert_refused(
    Fixture *f, guint32 role, const char *where, const char *name, CfxError code, const char *words)
{
    g_autoptr(GError) error = NULL;

    cfx_engine_command(f->engine, role, where, name, NULL, failed, &error);
    fixture_run(f);
    g_assert_error(error, CFX_ERROR, (gint)code);
    g_assert_cmpstr(error->message, ==, words);
    g_assert_cmpuint(n_commands, ==, 0);
}

static void
test_refusals(void)
{
    Fixture *f = fixture(1);

    n_commands = 0;
    assert_refused(f,
                   CFX_ROLE_ADMIN,
                   "CP099",
                   "Look",
                   CFX_ERROR_NOT_FOUND,
                   "CP099: no such station; `cariflexctl stations` lists them");
    assert_refused(f,
                   CFX_ROLE_ADMIN,
                   "CP001",
                   "Restat",
                   CFX_ERROR_NOT_SUPPORTED,
                   "CP001: ocpp knows no command \"Restat\"; did you mean \"Restart\"?");
    assert_refused(
        f, CFX_ROLE_READ, "CP001", "Restart", CFX_ERROR_AUTH, "Restart needs the role \"operate\"");
    f->adapter->adapter.command = NULL;
    assert_refused(
        f, CFX_ROLE_ADMIN, "CP001", "Look", CFX_ERROR_UNAVAILABLE, "nobody speaks for CP001 now");
    fixture_free(f);
}

static void
test_offered(void)
{
    Fixture *f = fixture(2);
    static const char *const wheres[] = { "", "CP002", "CP002/1", "12" };

    for (guint i = 0; i < G_N_ELEMENTS(wheres); i++) {
        g_autoptr(GError) error = NULL;
        g_autofree char *json = cfx_engine_commands_json(f->engine, wheres[i], &error);
        g_assert_no_error(error);
        g_autoptr(JsonNode) node = json_from_string(json, &error);
        g_assert_no_error(error);
        JsonArray *list = json_object_get_array_member(json_node_get_object(node), "commands");
        g_assert_cmpuint(json_array_get_length(list), ==, 2);
        JsonObject *one = json_array_get_object_element(list, 1);
        g_assert_cmpstr(json_object_get_string_member(one, "adapter"), ==, "ocpp");
        g_assert_cmpstr(json_object_get_string_member(one, "name"), ==, "Restart");
        g_assert_cmpstr(json_object_get_string_member(one, "role"), ==, "operate");
        JsonObject *schema = json_object_get_object_member(one, "schema");
        g_assert_cmpstr(json_object_get_string_member(schema, "type"), ==, "object");
    }
    g_autoptr(GError) error = NULL;
    g_assert_null(cfx_engine_commands_json(f->engine, "CP099", &error));
    g_assert_error(error, CFX_ERROR, CFX_ERROR_NOT_FOUND);
    fixture_free(f);
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/engine/command/refusals", test_refusals);
    g_test_add_func("/engine/command/offered", test_offered);
    return g_test_run();
}
