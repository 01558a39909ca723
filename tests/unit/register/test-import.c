/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "register-fixture.h"

#include "cfx-flex.h"
#include "cfx-tree.h"

#include <string.h>

static const char site[] =
    "{\"format\":\"cariflex-import\",\"version\":1,\"accounts\":[{\"id\":2,\"name\":\"site\","
    "\"zone\":\"America/Martinique\",\"currency\":\"EUR\"}],\"assets\":[{\"id\":1,\"name\":\"M\","
    "\"account\":2,\"type\":\"site\",\"attributes\":{\"zone\":\"Europe/Paris\",\"currency\":"
    "\"EUR\"}},{\"id\":2,\"name\":\"PV\",\"account\":2,\"type\":\"pv\",\"parent\":1}],"
    "\"sensors\":[{\"id\":41,\"asset\":2,\"name\":\"power\",\"unit\":\"kW\",\"resolution\":"
    "\"PT15M\",\"consumption_is_positive\":false}],\"sources\":[{\"id\":1,\"name\":\"g\",\"type\":"
    "\"gateway\",\"account\":2,\"principal\":\"gate\"}],\"principals\":[{\"name\":\"gate\","
    "\"kind\":\"gateway\",\"account\":2,\"credentials\":[{\"kind\":\"token\",\"secret\":\"g\"}],"
    "\"grants\":[{\"right\":\"post\",\"asset\":1}]},{\"name\":\"eve\",\"kind\":\"person\","
    "\"account\":2,\"credentials\":[{\"kind\":\"password\",\"secret\":\"eve\"}],\"grants\":[{"
    "\"right\":\"control\",\"account\":2}]},{\"name\":\"CP1\",\"kind\":\"station\",\"account\":2,"
    "\"credentials\":[{\"kind\":\"password\",\"generate\":true}]}],\"tokens\":[{\"token\":"
    "\"mq-1\",\"type\":\"ISO14443\",\"account\":2,\"preferences\":{\"need\":\"20 kWh\","
    "\"departure\":\"07:00\"}}]}";
static const CfxPair secrets[] = { { "g", "0123456789abcdefghijkl\n" },
                                   { "eve", "short" },
                                   { NULL, NULL } };

static void
test_round_trip(void)
{
    Fixture f;
    const CfxSensor *sensor;
    CfxToken token;
    CfxLogin login;
    g_autofree char *generated = NULL;
    guint commits;

    fake_data_reset();
    fixture_open(&f);
    fixture_import_ok(&f, site, secrets);
    g_assert_nonnull(strstr(f.text, "\"assets\":{\"new\":2,\"changed\":0,\"same\":0}"));
    generated = g_strndup(strstr(f.text, "\"secret\":\"") + 10, 22);
    sensor = cfx_model_sensor(cfx_register_model(f.reg), 41);
    g_assert_nonnull(sensor);
    g_assert_cmpstr(sensor->zone, ==, "Europe/Paris"); /* its site's */
    g_assert_cmpuint(sensor->flags, ==, CFX_SENSOR_PRODUCTION_POSITIVE);
    g_assert_cmpint(sensor->resolution_us, ==, 15 * CFX_MINUTE);

    /* the same file again changes nothing and shows nothing */
    commits = fake_data.commits;
    fixture_import_ok(&f, site, secrets);
    g_assert_nonnull(strstr(f.text, "\"principals\":{\"new\":0,\"changed\":0,\"same\":3}"));
    g_assert_nonnull(strstr(f.text, "\"tokens\":{\"new\":0,\"changed\":0,\"same\":1}"));
    g_assert_nonnull(strstr(f.text, "\"generated\":[]"));
    g_assert_cmpuint(fake_data.commits, ==, commits);
    fixture_close(&f);

    /* all of it comes back after a restart */
    fixture_open(&f);
    g_assert_cmpuint(cfx_register_model(f.reg)->n_assets, ==, 2);
    fixture_import_ok(&f, site, secrets);
    g_assert_nonnull(strstr(f.text, "\"sources\":{\"new\":0,\"changed\":0,\"same\":1}"));
    g_assert_nonnull(strstr(f.text, "\"principals\":{\"new\":0,\"changed\":0,\"same\":3}"));
    g_assert_cmpuint(fake_data.commits, ==, commits);
    g_assert_true(cfx_register_token(f.reg, "ISO14443:MQ-1", &token));
    g_assert_cmpint(token.status, ==, CFX_TOKEN_ACCEPTED);
    g_assert_cmpfloat(token.need_wh, ==, 20e3);
    g_assert_cmpint(token.departure_minute, ==, 420);
    g_assert_false(cfx_register_token(f.reg, "ISO14443:MQ-2", &token));
    g_assert_false(cfx_register_token(f.reg, "nothing", &token));
    g_assert_true(cfx_register_bearer(f.reg, "0123456789abcdefghijkl", &login));
    g_assert_cmpstr(login.identity, ==, "gate");
    g_assert_cmpint(login.source, ==, 1);
    g_assert_cmpuint(login.role, ==, CFX_ROLE_READ);
    g_assert_false(cfx_register_bearer(f.reg, "0123456789abcdefghijkL", &login));
    fixture_login(&f, "CP1", generated, 0);
    g_assert_no_error(f.error);
    fixture_close(&f);
}

static void
test_no_secret_in_records(void)
{
    GHashTableIter iter;
    gpointer doc;
    Fixture f;

    fake_data_reset();
    fixture_open(&f);
    fixture_import_ok(&f, site, secrets);
    g_hash_table_iter_init(&iter, fake_data.records);
    while (g_hash_table_iter_next(&iter, NULL, &doc)) {
        g_assert_null(strstr(doc, "0123456789abcdefghijkl"));
        g_assert_null(strstr(doc, "short"));
    }
    g_assert_nonnull(strstr(fake_data_doc("cfx.credential", "principal/eve"), "$y$"));
    fixture_close(&f);
}

static void
assert_problem(Fixture *f, const char *json, const char *expect)
{
    fixture_import(f, json, secrets);
    g_assert_error(f->error, CFX_ERROR, CFX_ERROR_INVALID);
    if (strcmp(f->error->message, expect) != 0)
        g_error("\"%s\"\ninstead of\n\"%s\"", f->error->message, expect);
}

#define HEAD "{\"format\":\"cariflex-import\",\"version\":1,"
#define ACCOUNT "\"accounts\":[{\"id\":1,\"name\":\"a\",\"zone\":\"UTC\"}],"

static void
test_problems(void)
{
    Fixture f;

    fake_data_reset();
    fixture_open(&f);
    assert_problem(&f, "{}", "format: it is not \"cariflex-import\"");
    assert_problem(
        &f, "{\"format\":\"cariflex-import\",\"version\":2}", "version: only version 1 is known");
    assert_problem(&f, HEAD "\"sensor\":[]}", "sensor: there is no such member");
    assert_problem(&f, HEAD "\"sensors\":{}}", "sensors: it is no list");
    /* all at once, by path */
    assert_problem(
        &f,
        HEAD ACCOUNT "\"assets\":[{\"id\":5,\"name\":\"x\",\"account\":9,\"type\":\"site\","
                     "\"attributes\":{\"zone\":\"Mars\"}}],\"sensors\":[{\"id\":7,\"asset\":5,"
                     "\"name\":\"p\",\"unit\":\"kilowatts\",\"resolution\":\"PT15M\"}]}",
        "assets[0].account: 9 does not exist\nassets[0].attributes.zone: \"Mars\" is no time "
        "zone\nsensors[0].unit: \"kilowatts\" is not a unit\nsensors[0].zone: \"Mars\" is no time "
        "zone");
    assert_problem(&f,
                   HEAD "\"assets\":[{\"id\":1000,\"name\":\"x\",\"account\":1,\"type\":\"pv\","
                        "\"colour\":1},7]}",
                   "assets[0].colour: there is no such member\nassets[0].id: ids from 1000 on are "
                   "made by the host; choose one up to 999\nassets[1]: it is no object");
    assert_problem(&f,
                   HEAD ACCOUNT "\"principals\":[{\"name\":\"p\",\"kind\":\"gateway\",\"account\":"
                                "1,\"credentials\":[{\"kind\":\"token\",\"secret\":\"eve\"},{"
                                "\"kind\":\"password\",\"secret\":\"x\"}]}]}",
                   "principals[0].credentials[0].secret: a machine's secret has at least 128 "
                   "random bits (22 characters)\nprincipals[0].credentials[1].secret: there is no "
                   "secret \"x\"; give its folder with --secrets");
    assert_problem(&f,
                   HEAD ACCOUNT "\"principals\":[{\"name\":\"p\",\"kind\":\"king\",\"account\":1,"
                                "\"grants\":[{\"right\":\"rule\",\"asset\":1},{\"right\":\"read\"}]"
                                "}]}",
                   "principals[0].grants[0].right: \"rule\" is no right\nprincipals[0].grants[1]: "
                   "give either asset or account\nprincipals[0].kind: \"king\" is no kind of a "
                   "principal");
    assert_problem(&f,
                   HEAD ACCOUNT "\"tokens\":[{\"token\":\"a\",\"type\":\"eMAID\",\"account\":1,"
                                "\"preferences\":{\"need\":\"5 kW\",\"departure\":\"25:00\"}},{"
                                "\"token\":\"A\",\"type\":\"eMAID\",\"account\":1}]}",
                   "tokens[0].preferences.need: \"5 kW\" is not a quantity in \"Wh\"\n"
                   "tokens[0].preferences.departure: \"25:00\" is no clock time\n"
                   "tokens[1].token: \"A\" is there twice");
    assert_problem(&f,
                   HEAD ACCOUNT "\"assets\":[{\"id\":5,\"name\":\"x\",\"account\":1,\"type\":"
                                "\"battery\",\"flex_model\":{\"charging-efficiency\":90}}]}",
                   "assets[0].flex_model.charging-efficiency: it is not from 1 % to 1000 %; give "
                   "the share that is kept, as 0.9 or \"90 %\", of a heat pump its coefficient of "
                   "performance, as 3.2");
    /* what cannot be read hides no other mistake, and is not told as missing again */
    assert_problem(&f,
                   HEAD ACCOUNT
                   "\"assets\":[{\"id\":5,\"account\":1,\"type\":\"pv\"}],\"sensors\":[{"
                   "\"id\":7,\"asset\":5,\"name\":\"p\",\"unit\":\"kilowatts\","
                   "\"resolution\":\"PT15M\",\"zone\":\"UTC\"}]}",
                   "assets[0].name: it is missing\nsensors[0].unit: \"kilowatts\" is not a unit");
    g_assert_cmpuint(cfx_register_model(f.reg)->n_assets, ==, 0);
    fixture_close(&f);
}

static void
test_depth_and_size(void)
{
    g_autoptr(GString) deep = g_string_new(HEAD "\"assets\":");
    g_autofree char *large = g_malloc0(5 * 1024 * 1024);
    Fixture f;

    fake_data_reset();
    fixture_open(&f);
    for (int i = 0; i < 80000; i++)
        g_string_append_c(deep, '[');
    fixture_import(&f, deep->str, NULL);
    g_assert_error(f.error, CFX_ERROR, CFX_ERROR_INVALID);
    memset(large, ' ', 5 * 1024 * 1024 - 1);
    fixture_import(&f, large, NULL);
    g_assert_error(f.error, CFX_ERROR, CFX_ERROR_INVALID);
    g_assert_cmpstr(f.error->message, ==, "(file): it is larger than 4 MiB");
    fixture_close(&f);
}

static void
test_failed_store(void)
{
    Fixture f;

    fake_data_reset();
    fixture_open(&f);
    fake_data.failure = g_strdup("the disk is full");
    fixture_import(&f, site, secrets);
    g_assert_error(f.error, CFX_ERROR, CFX_ERROR_UNAVAILABLE);
    g_assert_cmpuint(cfx_register_model(f.reg)->n_assets, ==, 0);
    g_clear_pointer(&fake_data.failure, g_free);
    fixture_import_ok(&f, site, secrets);
    g_assert_cmpuint(cfx_register_model(f.reg)->n_assets, ==, 2);
    fixture_close(&f);
}

/* The demo's own file, with secrets of the right length. */
static void
test_demo(void)
{
    g_autofree char *path = g_build_filename(g_getenv("CFX_DEMO_DIR"), "site.json", NULL);
    g_autofree char *json = NULL;
    static const char *const names[] = { "CP001",      "CP002", "CP003",         "CP004",
                                         "CP005",      "CP006", "CP007",         "CP008",
                                         "CP009",      "CP010", "gateway-site",  "gateway-weather",
                                         "forecaster", "judge", "grid-operator", "ven-martinique",
                                         "operator" };
    CfxPair pairs[G_N_ELEMENTS(names) + 1] = { { NULL, NULL } };
    g_autoptr(GPtrArray) problems = g_ptr_array_new_with_free_func(g_free);
    g_autoptr(CfxFlexContext) context = NULL;
    g_autoptr(GError) error = NULL;
    const CfxModel *model;
    CfxFlexModel devices[10];
    Fixture f;

    g_file_get_contents(path, &json, NULL, &error);
    g_assert_no_error(error);
    for (gsize i = 0; i < G_N_ELEMENTS(names); i++)
        pairs[i] = (CfxPair){ names[i], "AAAAAAAAAAAAAAAAAAAAAA" };
    fake_data_reset();
    fixture_open(&f);
    fixture_import_ok(&f, json, pairs);
    model = cfx_register_model(f.reg);
    g_assert_cmpuint(model->n_bindings, ==, 10);
    context = cfx_flex_context_parse(model, cfx_model_asset(model, 1), problems);
    for (int i = 0; i < 10; i++)
        cfx_flex_model_parse(
            model, cfx_model_asset(model, model->bindings[i]->asset), &devices[i], problems);
    g_assert_cmpuint(problems->len, ==, 0);
    g_assert_cmpint(context->load_control, ==, 86);
    g_assert_true(cfx_flex_may_steer(context, devices, 10, &error));
    g_assert_no_error(error);
    fixture_import_ok(&f, json, pairs);
    g_assert_null(strstr(f.text, "\"new\":1"));
    fixture_close(&f);
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/register/import/round-trip", test_round_trip);
    g_test_add_func("/register/import/no-secret", test_no_secret_in_records);
    g_test_add_func("/register/import/problems", test_problems);
    g_test_add_func("/register/import/limits", test_depth_and_size);
    g_test_add_func("/register/import/failed-store", test_failed_store);
    g_test_add_func("/register/import/demo", test_demo);
    return g_test_run();
}
