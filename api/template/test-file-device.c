/* SPDX-License-Identifier: MIT */
/* The adapter in a host that stands still: time passes, plans and faults come when the test says
 * so. */
#include <glib/gstdio.h>
#include <harness/cfx-harness.h>
#include <math.h>

#define ASSET 7

typedef struct {
    CfxHarness *host;
    char *folder, *power, *limit, *keyfile;
} Fixture;

static void
put(const char *path, const char *text)
{
    g_autoptr(GError) error = NULL;
    g_file_set_contents(path, text, -1, &error);
    g_assert_no_error(error);
}

static void
assert_file(const char *path, const char *expected)
{
    g_autofree char *text = NULL;
    g_assert_true(g_file_get_contents(path, &text, NULL, NULL));
    g_assert_cmpstr(text, ==, expected);
}

static void
set_up(Fixture *self, gconstpointer data)
{
    self->folder = g_dir_make_tmp("file-device-XXXXXX", NULL);
    self->power = g_build_filename(self->folder, "power", NULL);
    self->limit = g_build_filename(self->folder, "limit", NULL);
    self->keyfile = g_strdup_printf(
        "power-file=%s\nlimit-file=%s\nidentity=heater\ninterval=5s\n", self->power, self->limit);
    self->host = cfx_harness_new("boiler");
    put(self->power, "1500\n");
}

static void
tear_down(Fixture *self, gconstpointer data)
{
    cfx_harness_free(self->host);
    g_remove(self->power);
    g_remove(self->limit);
    g_rmdir(self->folder);
    g_free(self->power);
    g_free(self->limit);
    g_free(self->keyfile);
    g_free(self->folder);
}

static void
start(Fixture *self)
{
    g_autoptr(GError) error = NULL;
    cfx_harness_start(self->host, cfx_plugin_query_v1(), "file-device", self->keyfile, &error);
    g_assert_no_error(error);
}

static void
test_measures(Fixture *self, gconstpointer data)
{
    guint n;
    cfx_harness_bind(self->host, ASSET, "heater", 0);
    start(self);
    g_assert_cmpfloat(cfx_harness_belief(self->host, ASSET, CFX_HARNESS_START_US)->value, ==, 1500);
    put(self->power, " 2000.5 ");
    cfx_harness_advance(self->host, 5 * CFX_SECOND);
    cfx_harness_beliefs(self->host, &n);
    g_assert_cmpuint(n, ==, 2);
    const CfxHarnessBelief *belief = cfx_harness_belief(self->host, ASSET, CFX_TIME_MIN);
    g_assert_cmpfloat(belief->value, ==, 2000.5);
    g_assert_cmpint(belief->start_us, ==, CFX_HARNESS_START_US + 5 * CFX_SECOND);
    const CfxDevice *device = cfx_harness_device(self->host, ASSET);
    g_assert_cmpfloat(device->power_w, ==, 2000.5);
    g_assert_cmpuint(device->flags & CFX_DEVICE_CONNECTED, !=, 0);
    g_assert_cmpuint(device->flags & CFX_DEVICE_STEERABLE, ==, 0);
}

static void
test_lost_and_found(Fixture *self, gconstpointer data)
{
    const char *reason;
    guint n;
    cfx_harness_bind(self->host, ASSET, "heater", 0);
    start(self);
    g_remove(self->power);
    cfx_harness_advance(self->host, 20 * CFX_SECOND);
    g_assert_cmpuint(cfx_harness_health(self->host, &reason), ==, CFX_HEALTH_DEGRADED);
    g_assert_nonnull(strstr(reason, "No such file"));
    cfx_harness_notice(self->host, "file-device.lost", &n);
    g_assert_cmpuint(n, ==, 1); /* once, not at each reading */
    g_assert_cmpuint(cfx_harness_device(self->host, ASSET)->flags & CFX_DEVICE_CONNECTED, ==, 0);
    put(self->power, "0");
    cfx_harness_advance(self->host, 5 * CFX_SECOND);
    g_assert_cmpuint(cfx_harness_health(self->host, NULL), ==, CFX_HEALTH_OK);
    g_assert_nonnull(cfx_harness_notice(self->host, "file-device.found", NULL));
    g_assert_cmpuint(cfx_harness_device(self->host, ASSET)->flags & CFX_DEVICE_CONNECTED, !=, 0);
}

static void
test_nonsense_in_the_file(Fixture *self, gconstpointer data)
{
    const char *reason;
    cfx_harness_bind(self->host, ASSET, "heater", 0);
    put(self->power, "1500 W please");
    start(self);
    g_assert_cmpuint(cfx_harness_health(self->host, &reason), ==, CFX_HEALTH_DEGRADED);
    g_assert_nonnull(strstr(reason, "\"1500 W please\" is not a number"));
    g_assert_null(cfx_harness_belief(self->host, ASSET, CFX_TIME_MIN));
}

static void
test_obeys_plans(Fixture *self, gconstpointer data)
{
    const double powers[] = { 3000, 1000 };
    guint n;
    cfx_harness_bind(self->host, ASSET, "heater", 0);
    start(self);
    cfx_harness_plan(self->host, ASSET, 15 * CFX_MINUTE, powers, 2, 500, CFX_PLAN_FAIL_SAFE_ONLY);
    assert_file(self->limit, "500\n");
    cfx_harness_plan(self->host, ASSET, 15 * CFX_MINUTE, powers, 2, 500, 0);
    assert_file(self->limit, "3000\n");
    const CfxHarnessApplied *applied = cfx_harness_applied(self->host, ASSET, NULL);
    g_assert_cmpuint(applied->applied.state, ==, CFX_APPLIED_INSTALLED);
    g_assert_cmpint(applied->applied.version, ==, 2);
    g_assert_cmpfloat(applied->allowed_w[0], ==, 3000);
    g_assert_cmpuint(cfx_harness_device(self->host, ASSET)->flags & CFX_DEVICE_STEERABLE, !=, 0);
    cfx_harness_advance(self->host, 15 * CFX_MINUTE);
    assert_file(self->limit, "1000\n");
    /* nobody plans any more: its fail-safe power, for ever */
    cfx_harness_advance(self->host, 15 * CFX_MINUTE);
    assert_file(self->limit, "500\n");
    cfx_harness_applied(self->host, ASSET, &n);
    g_assert_cmpuint(n, ==, 4);
}

static void
test_limit_cannot_be_written(Fixture *self, gconstpointer data)
{
    const double power = 3000;
    cfx_harness_bind(self->host, ASSET, "heater", 0);
    g_free(self->keyfile);
    self->keyfile = g_strdup_printf(
        "power-file=%s\nlimit-file=%s/none/limit\nidentity=heater\n", self->power, self->folder);
    start(self);
    cfx_harness_plan(self->host, ASSET, CFX_HOUR, &power, 1, 500, 0);
    const CfxHarnessApplied *applied = cfx_harness_applied(self->host, ASSET, NULL);
    g_assert_cmpuint(applied->applied.state, ==, CFX_APPLIED_REFUSED);
    g_assert_nonnull(strstr(applied->applied.words, "No such file"));
    g_assert_cmpuint(applied->applied.n_allowed, ==, 0); /* it counts at its rating */
}

static void
test_knocks_until_bound(Fixture *self, gconstpointer data)
{
    guint n;
    start(self);
    g_assert_cmpstr(cfx_harness_knock(self->host, &n)->identity, ==, "heater");
    g_assert_cmpuint(n, ==, 1);
    g_assert_null(cfx_harness_device(self->host, ASSET));
    cfx_harness_bind(self->host, ASSET, "heater", 0);
    cfx_harness_run(self->host);
    g_assert_nonnull(cfx_harness_device(self->host, ASSET));
}

static void
test_command(Fixture *self, gconstpointer data)
{
    g_autoptr(GError) error = NULL;
    cfx_harness_bind(self->host, ASSET, "heater", 0);
    start(self);
    g_autofree char *answer = cfx_harness_command(self->host, ASSET, "Read", NULL, &error);
    g_assert_no_error(error);
    g_assert_cmpstr(answer, ==, "{\"power_w\":1500.0,\"limit_w\":null}");
    g_assert_null(cfx_harness_command(self->host, ASSET, "Explode", NULL, &error));
    g_assert_error(error, CFX_ERROR, CFX_ERROR_NOT_SUPPORTED);
}

static void
test_configuration(Fixture *self, gconstpointer data)
{
    g_autoptr(GError) missing = NULL;
    g_autoptr(GError) range = NULL;
    g_autoptr(GError) live = NULL;
    const CfxPluginInfo *info = cfx_plugin_query_v1();
    g_assert_false(cfx_harness_start(self->host, info, "file-device", "interval=1s\n", &missing));
    g_assert_cmpstr(
        missing->message,
        ==,
        "\"power-file\" is missing, which plugin \"file-device\" requires: File in which "
        "the device's power stands, in W.");
    g_assert_false(cfx_harness_start(
        self->host, info, "file-device", "power-file=/x\ninterval=1ms\n", &range));
    g_assert_cmpstr(range->message,
                    ==,
                    "interval=1ms is shorter than 100ms, the least that plugin \"file-device\" "
                    "accepts");
    start(self);
    g_autofree char *slower = g_strconcat(self->keyfile, "max-power=22 kW\n", NULL);
    g_assert_false(cfx_harness_reload(self->host, slower, &live));
    g_assert_error(live, CFX_ERROR, CFX_ERROR_NOT_SUPPORTED);
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    const struct {
        const char *name;
        void (*test)(Fixture *self, gconstpointer data);
    } tests[] = {
        { "/file-device/measures", test_measures },
        { "/file-device/lost-and-found", test_lost_and_found },
        { "/file-device/nonsense-in-the-file", test_nonsense_in_the_file },
        { "/file-device/obeys-plans", test_obeys_plans },
        { "/file-device/limit-cannot-be-written", test_limit_cannot_be_written },
        { "/file-device/knocks-until-bound", test_knocks_until_bound },
        { "/file-device/command", test_command },
        { "/file-device/configuration", test_configuration },
    };
    for (gsize i = 0; i < G_N_ELEMENTS(tests); i++)
        g_test_add(tests[i].name, Fixture, NULL, set_up, tests[i].test, tear_down);
    return g_test_run();
}
