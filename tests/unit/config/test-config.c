/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "cfx-schema.h"

#include <glib/gstdio.h>
#include <math.h>
#include <string.h>

static const CfxConfigKey keys[] = {
    { .name = "listener",
      .type = CFX_KEY_LISTENER,
      .flags = CFX_KEY_REQUIRED,
      .summary = "where stations come in" },
    { .name = "heartbeat", .type = CFX_KEY_DURATION, .def = "5min", .min = "10s", .max = "1d" },
    { .name = "power", .type = CFX_KEY_POWER, .def = "22 kW", .min = "0 W", .max = "1 MW" },
    { .name = "energy", .type = CFX_KEY_ENERGY },
    { .name = "count", .type = CFX_KEY_INTEGER, .def = "3", .min = "1" },
    { .name = "share", .type = CFX_KEY_REAL },
    { .name = "strict", .type = CFX_KEY_BOOLEAN, .def = "no" },
    { .name = "unknown", .type = CFX_KEY_CHOICE, .def = "refuse", .choices = "accept|refuse" },
    { .name = "tags", .type = CFX_KEY_LIST },
    { .name = "file", .type = CFX_KEY_FILE },
    { .name = "url", .type = CFX_KEY_URL },
    { .name = "secret-file", .type = CFX_KEY_SECRET_FILE },
    { .name = "site", .type = CFX_KEY_ID },
    { .name = "since", .type = CFX_KEY_TIME },
};

static const char *const also[] = { "plugin", NULL };
static const CfxSchema schema = {
    keys, G_N_ELEMENTS(keys), sizeof(CfxConfigKey), "plugin \"ocpp\"", also
};

typedef struct {
    CfxProblems *problems;
    CfxSettings *settings;
    CfxChecked *checked;
} Fixture;

static void
fixture_read(Fixture *f, const char *text)
{
    f->problems = cfx_problems_new();
    f->settings = cfx_settings_new();
    cfx_settings_read_text(f->settings, "/etc/x/a.conf", text, strlen(text), f->problems);
}

static void
fixture_check(Fixture *f, const char *text)
{
    fixture_read(f, text);
    f->checked = cfx_schema_check(f->settings,
                                  cfx_settings_group(f->settings, "adapter:depot"),
                                  "adapter:depot",
                                  &schema,
                                  f->problems);
}

static void
fixture_clear(Fixture *f)
{
    cfx_checked_free(f->checked);
    cfx_settings_free(f->settings);
    cfx_problems_free(f->problems);
    memset(f, 0, sizeof *f);
}

/* one mistake, one exact text */
static void
assert_problem(const char *text, const char *expected)
{
    Fixture f = { 0 };
    fixture_check(&f, text);
    g_autofree char *got = cfx_problems_text(f.problems);
    g_assert_cmpstr(got, ==, expected);
    fixture_clear(&f);
}

#define GOOD "[listener:in]\n[adapter:depot]\nlistener=in\n"

static void
test_values(void)
{
    Fixture f = { 0 };
    fixture_check(
        &f,
        "# a comment\n; another\n\n[listener:in]\n[adapter:depot]\n plugin = ocpp\n"
        "listener=in\nheartbeat = 30 s\npower=11 kW\nenergy=1.5 MWh\ncount=7\nshare=0.25\n"
        "strict=YES\nunknown=accept\ntags=a; b ;;c,d\nfile=sub/x\n"
        "url=https://example.org/x\nsite=12\nsince=2025-10-01T12:00:00Z\n");
    const CfxConfig *config = &f.checked->config;
    g_autofree char *problems = cfx_problems_text(f.problems);
    g_assert_cmpstr(problems, ==, NULL);
    g_assert_cmpstr(config->group, ==, "adapter:depot");
    g_assert_cmpstr(cfx_config_text(config, "listener"), ==, "in");
    g_assert_cmpint(cfx_config_number(config, "heartbeat"), ==, 30 * CFX_SECOND);
    g_assert_cmpfloat(cfx_config_real(config, "power"), ==, 11000);
    g_assert_cmpfloat(cfx_config_real(config, "energy"), ==, 1.5e6);
    g_assert_cmpint(cfx_config_number(config, "count"), ==, 7);
    g_assert_cmpfloat(cfx_config_real(config, "share"), ==, 0.25);
    g_assert_cmpint(cfx_config_number(config, "strict"), ==, 1);
    g_assert_cmpstr(cfx_config_text(config, "unknown"), ==, "accept");
    g_assert_cmpint(cfx_config_number(config, "unknown"), ==, 0);
    g_assert_cmpstr(cfx_config_text(config, "tags"), ==, "a;b;c;d");
    g_assert_cmpstr(cfx_config_text(config, "file"), ==, "/etc/x/sub/x");
    g_assert_cmpstr(cfx_config_text(config, "url"), ==, "https://example.org/x");
    g_assert_cmpint(cfx_config_number(config, "site"), ==, 12);
    g_assert_cmpint(cfx_config_number(config, "since"), ==, G_GINT64_CONSTANT(1759320000000000));
    fixture_clear(&f);
}

static void
test_defaults(void)
{
    Fixture f = { 0 };
    fixture_check(&f, GOOD);
    const CfxConfig *config = &f.checked->config;
    g_assert_cmpint(cfx_config_number(config, "heartbeat"), ==, 5 * CFX_MINUTE);
    g_assert_cmpfloat(cfx_config_real(config, "power"), ==, 22000);
    g_assert_cmpstr(cfx_config_text(config, "unknown"), ==, "refuse");
    g_assert_cmpint(cfx_config_number(config, "unknown"), ==, 1);
    g_assert_cmpint(isnan(cfx_config_real(config, "energy")), !=, 0);
    g_assert_cmpstr(cfx_config_text(config, "file"), ==, NULL);
    g_assert_cmpint(config->given[0], ==, 1);
    g_assert_cmpint(config->given[1], ==, 0);
    fixture_clear(&f);
}

static void
test_messages(void)
{
    assert_problem(GOOD "heartbeat=2s\n",
                   "/etc/x/a.conf:4: [adapter:depot] heartbeat=2s is shorter than 10s, the least "
                   "that plugin \"ocpp\" accepts");
    assert_problem(GOOD "heartbeat=2d\n",
                   "/etc/x/a.conf:4: [adapter:depot] heartbeat=2d is longer than 1d, the most that "
                   "plugin \"ocpp\" accepts");
    assert_problem(GOOD "power=2 MW\n",
                   "/etc/x/a.conf:4: [adapter:depot] power=2 MW is more than 1 MW, the most that "
                   "plugin \"ocpp\" accepts");
    assert_problem(GOOD "count=0\n",
                   "/etc/x/a.conf:4: [adapter:depot] count=0 is less than 1, the least that plugin "
                   "\"ocpp\" accepts");
    assert_problem(GOOD "listner=in\n",
                   "/etc/x/a.conf:4: [adapter:depot] unknown key \"listner\"; did you mean "
                   "\"listener\"?");
    assert_problem(
        GOOD "zzz=1\n",
        "/etc/x/a.conf:4: [adapter:depot] unknown key \"zzz\"; plugin \"ocpp\" has no such "
        "key");
    assert_problem(
        "[listener:in]\n[adapter:depot]\n",
        "/etc/x/a.conf:2: [adapter:depot] \"listener\" is missing, which plugin \"ocpp\" "
        "requires: where stations come in");
    assert_problem("[listener:in]\n[listener:out]\n[adapter:depot]\nlistener=inn\n",
                   "/etc/x/a.conf:4: [adapter:depot] listener=inn names no listener: there is no "
                   "group [listener:inn]; there is \"in\", \"out\"");
    assert_problem(GOOD "count=many\n",
                   "/etc/x/a.conf:4: [adapter:depot] count=many is not a whole number");
    assert_problem(GOOD "strict=perhaps\n",
                   "/etc/x/a.conf:4: [adapter:depot] strict=perhaps is neither \"yes\" nor \"no\"");
    assert_problem(GOOD "unknown=ask\n",
                   "/etc/x/a.conf:4: [adapter:depot] unknown=ask is none of: accept, refuse");
    assert_problem(GOOD "heartbeat=soon\n",
                   "/etc/x/a.conf:4: [adapter:depot] heartbeat=soon is not a duration; write for "
                   "example \"30s\", \"5min\" or \"PT5M\"");
    assert_problem(
        GOOD "url=ftp://x/\n",
        "/etc/x/a.conf:4: [adapter:depot] url=ftp://x/ is not an address that begins with "
        "http:// or https:// and names a host");
    assert_problem(GOOD "site=-1\n",
                   "/etc/x/a.conf:4: [adapter:depot] site=-1 is not an id: a whole number from 1");
    assert_problem(GOOD "share=nan\n",
                   "/etc/x/a.conf:4: [adapter:depot] share=nan is not a number");
}

/* all at once, in the order of the schema, unknown keys last */
static void
test_all_at_once(void)
{
    Fixture f = { 0 };
    fixture_check(&f, "[adapter:depot]\nheartbeat=x\ncount=x\nnonsense=1\n");
    g_assert_cmpuint(f.problems->texts->len, ==, 4);
    fixture_clear(&f);
}

static void
test_syntax(void)
{
    static const struct {
        const char *text, *problem;
    } cases[] = {
        { "a=1\n", "/etc/x/a.conf:1: stands before the first [group]" },
        { "[x]\nhello\n",
          "/etc/x/a.conf:2: [x] neither a group, a key=value nor a comment (which begins with "
          "\"#\")" },
        { "[x\n", "/etc/x/a.conf:1: the group's name does not end with \"]\"" },
        { "[a b]\n",
          "/etc/x/a.conf:1: a group is named [kind] or [kind:name], with letters, digits, \"-\", "
          "\"_\" and \".\"" },
        { "[]\n",
          "/etc/x/a.conf:1: a group is named [kind] or [kind:name], with letters, digits, \"-\", "
          "\"_\" and \".\"" },
        { "[x]\n=1\n", "/etc/x/a.conf:2: [x] what stands before \"=\" is no name of a key" },
        { "[x]\na=1\na=2\n",
          "/etc/x/a.conf:3: [x] \"a\" is given again; line 2 has it already: remove one of them" },
        { "[x]\n# \xff\n", "/etc/x/a.conf:2: is not UTF-8; save it as UTF-8" },
    };
    for (gsize i = 0; i < G_N_ELEMENTS(cases); i++) {
        Fixture f = { 0 };
        fixture_read(&f, cases[i].text);
        g_autofree char *got = cfx_problems_text(f.problems);
        g_assert_cmpstr(got, ==, cases[i].problem);
        fixture_clear(&f);
    }
}

/* as Windows' editors save UTF-8 */
static void
test_byte_order_mark(void)
{
    Fixture f = { 0 };
    fixture_read(&f,
                 "\xef\xbb\xbf"
                 "[x]\na=1\n");
    g_assert_cmpuint(f.problems->texts->len, ==, 0);
    g_assert_cmpstr(cfx_settings_get(cfx_settings_group(f.settings, "x"), "a")->text, ==, "1");
    fixture_clear(&f);
    fixture_read(&f, "\xef\xbb\xbf");
    g_assert_cmpuint(f.problems->texts->len, ==, 0);
    fixture_clear(&f);
}

/* a file of more than 1 MiB is refused, and not read on: this one has no end */
static void
test_size(void)
{
    g_autoptr(CfxProblems) problems = cfx_problems_new();
    g_autoptr(CfxSettings) settings = cfx_settings_new();
    cfx_settings_read_file(settings, "/dev/zero", problems);
    g_autofree char *text = cfx_problems_text(problems);
    g_assert_cmpstr(text, ==, "/dev/zero: is larger than 1 MiB: not a keyfile");
}

/* later files replace key by key, and a problem names the file that it comes from */
static void
test_drop_ins(void)
{
    g_autoptr(GError) error = NULL;
    g_autofree char *dir = g_dir_make_tmp("cfx-config-XXXXXX", &error);
    g_autofree char *second = g_build_filename(dir, "20-b.conf", NULL);
    g_autofree char *first = g_build_filename(dir, "10-a.conf", NULL);
    g_autofree char *other = g_build_filename(dir, "note.txt", NULL);
    g_file_set_contents(second, "[x]\na=2\n", -1, &error);
    g_file_set_contents(first, "[x]\na=1\nb=1\n", -1, &error);
    g_file_set_contents(other, "nonsense", -1, &error);
    g_assert_no_error(error);
    g_autoptr(CfxProblems) problems = cfx_problems_new();
    g_autoptr(CfxSettings) settings = cfx_settings_new();
    cfx_settings_read_dir(settings, dir, problems);
    cfx_settings_read_dir(settings, "/nonexistent", problems);
    const CfxSettingsGroup *group = cfx_settings_group(settings, "x");
    g_assert_cmpuint(problems->texts->len, ==, 0);
    g_assert_cmpstr(cfx_settings_get(group, "a")->text, ==, "2");
    g_assert_cmpstr(cfx_settings_get(group, "a")->file, ==, second);
    g_assert_cmpstr(cfx_settings_get(group, "b")->text, ==, "1");
    cfx_settings_read_file(settings, "/nonexistent/x.conf", problems);
    g_assert_cmpuint(problems->texts->len, ==, 1);
    /* a folder that cannot be read is no empty folder */
    cfx_settings_read_dir(settings, other, problems);
    g_assert_cmpuint(problems->texts->len, ==, 2);
    g_assert_nonnull(strstr(g_ptr_array_index(problems->texts, 1), "note.txt: "));
    g_unlink(second);
    g_unlink(first);
    g_unlink(other);
    g_rmdir(dir);
}

/* a secret comes from a file or a credential, and is nowhere in a message */
static void
test_secrets(void)
{
    g_autoptr(GError) error = NULL;
    g_autofree char *dir = g_dir_make_tmp("cfx-secret-XXXXXX", &error);
    g_autofree char *path = g_build_filename(dir, "ven", NULL);
    g_autofree char *empty = g_build_filename(dir, "empty", NULL);
    g_file_set_contents(path, "hush\r\n", -1, &error);
    g_file_set_contents(empty, "\n", -1, &error);
    g_assert_no_error(error);
    g_autofree char *by_path = g_strdup_printf(GOOD "secret-file=%s\n", path);
    g_autofree char *by_empty = g_strdup_printf(GOOD "secret-file=%s\n", empty);
    Fixture f = { 0 };
    fixture_check(&f, by_path);
    GBytes *secret = g_hash_table_lookup(f.checked->secrets, "secret-file");
    g_assert_cmpmem(g_bytes_get_data(secret, NULL), g_bytes_get_size(secret), "hush", 4);
    g_assert_cmpstr(cfx_config_text(&f.checked->config, "secret-file"), ==, NULL);
    fixture_clear(&f);

    g_setenv("CREDENTIALS_DIRECTORY", dir, TRUE);
    fixture_check(&f, GOOD "secret-file=ven\n");
    g_assert_nonnull(g_hash_table_lookup(f.checked->secrets, "secret-file"));
    g_assert_cmpuint(f.problems->texts->len, ==, 0);
    fixture_clear(&f);
    g_unsetenv("CREDENTIALS_DIRECTORY");

    assert_problem(GOOD "secret-file=s3cr3t-by-mistake\n",
                   "/etc/x/a.conf:4: [adapter:depot] secret-file names a file that cannot be read "
                   "(no such file); a secret stands in a file of its own, not in the keyfile");
    assert_problem(by_empty,
                   "/etc/x/a.conf:4: [adapter:depot] secret-file names a file that is empty");
    g_unlink(path);
    g_unlink(empty);
    g_rmdir(dir);
}

/* the schema of a plugin that was compiled with a larger CfxConfigKey */
static void
test_stride(void)
{
    static const struct {
        CfxConfigKey key;
        gint64 later[3];
    } larger[] = {
        { { .name = "a", .type = CFX_KEY_INTEGER, .def = "4" }, { 0 } },
        { { .name = "b", .type = CFX_KEY_INTEGER, .def = "5" }, { 0 } },
    };
    const CfxSchema strided = { &larger[0].key, 2, sizeof larger[0], "x", NULL };
    Fixture f = { 0 };
    fixture_read(&f, "[x]\na=1\n");
    f.checked = cfx_schema_check(
        f.settings, cfx_settings_group(f.settings, "x"), "x", &strided, f.problems);
    g_assert_cmpuint(f.problems->texts->len, ==, 0);
    g_assert_cmpint(cfx_config_number(&f.checked->config, "a"), ==, 1);
    g_assert_cmpint(cfx_config_number(&f.checked->config, "b"), ==, 5);
    fixture_clear(&f);
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/config/values", test_values);
    g_test_add_func("/config/defaults", test_defaults);
    g_test_add_func("/config/messages", test_messages);
    g_test_add_func("/config/all-at-once", test_all_at_once);
    g_test_add_func("/config/syntax", test_syntax);
    g_test_add_func("/config/byte-order-mark", test_byte_order_mark);
    g_test_add_func("/config/size", test_size);
    g_test_add_func("/config/drop-ins", test_drop_ins);
    g_test_add_func("/config/secrets", test_secrets);
    g_test_add_func("/config/stride", test_stride);
    return g_test_run();
}
