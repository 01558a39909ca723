/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The tree of objects on the control socket, with objects of the test's own. */
#include "cfx-bus-private.h"

#include <cariflex/cfx-abi.h>
#include <glib/gstdio.h>
#include <math.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#define SITE CFX_BUS_NAME ".Site"

/* what the test's sites are: as many as `n`, all alike */
typedef struct {
    gint64 asset;
    const char *name, *state, *problem, *zone, *currency;
    double power_w;
    guint32 n;
    gboolean is_assumed;
} View;

static guint n_sites;
static View shown;

static gboolean
read_site(gpointer data, gint64 key, gpointer view)
{
    View *to = view;
    *to = shown;
    to->asset = key;
    return key <= n_sites;
}

static void
list_sites(gpointer data, GArray *keys)
{
    for (gint64 key = 1; key <= n_sites; key++)
        g_array_append_val(keys, key);
}

#define AT(name, member)                                                                           \
    {                                                                                              \
        name, G_STRUCT_OFFSET(View, member)                                                        \
    }
static const CfxBusProperty properties[] = {
    AT("Asset", asset),     AT("Name", name),     AT("State", state),
    AT("Problem", problem), AT("Zone", zone),     AT("Currency", currency),
    AT("Power", power_w),   AT("Limit", power_w), AT("Contract", power_w),
    AT("Signal", power_w),  AT("Price", power_w), AT("PriceAssumed", is_assumed),
    AT("Devices", n),       AT("Sessions", n),    { NULL, 0 },
};
static const CfxBusInterface site = { "Site", properties, sizeof(View), read_site, NULL };
static const CfxBusInterface *const sites_interfaces[] = { &site, NULL };
static const CfxBusKind sites = { "site", sites_interfaces, list_sites, NULL };

typedef struct {
    CfxClock *clock;
    CfxLoop *loop;
    char *folder, *path;
    CfxBus *bus;
    GDBusConnection *client;
    GPtrArray *heard; /* (element-type utf8) "path member arguments" */
} Fixture;

static void
heard(GDBusConnection *connection,
      const char *sender,
      const char *path,
      const char *interface,
      const char *member,
      GVariant *arguments,
      gpointer data)
{
    Fixture *f = data;
    g_autofree char *text = g_variant_print(arguments, FALSE);
    g_ptr_array_add(f->heard, g_strdup_printf("%s %s %s", path, member, text));
}

static void
got_client(GObject *source, GAsyncResult *result, gpointer data)
{
    Fixture *f = data;
    g_autoptr(GError) error = NULL;
    f->client = g_dbus_connection_new_for_address_finish(result, &error);
    g_assert_no_error(error);
}

static void
turn_until(gboolean (*is_done)(Fixture *f), Fixture *f)
{
    gint64 until = g_get_monotonic_time() + 30 * G_USEC_PER_SEC;
    while (!is_done(f)) {
        g_assert_cmpint(g_get_monotonic_time(), <, until);
        g_main_context_iteration(NULL, FALSE);
        g_usleep(500);
    }
}

static gboolean
has_client(Fixture *f)
{
    return f->client != NULL && f->bus->links->len > 0;
}

static void
set_up(Fixture *f, gconstpointer data)
{
    g_autoptr(GError) error = NULL;
    n_sites = 2;
    shown = (View){ .name = "Depot", .power_w = NAN, .n = 3 };
    f->clock = cfx_clock_new_real();
    f->loop = cfx_loop_new_main(f->clock);
    f->folder = g_dir_make_tmp("cfx-bus-XXXXXX", NULL);
    f->path = g_build_filename(f->folder, "bus", NULL);
    f->heard = g_ptr_array_new_with_free_func(g_free);
    f->bus = cfx_bus_new(f->loop, f->path, "1.2.3", &error);
    g_assert_no_error(error);
    cfx_bus_add_kind(f->bus, &sites, NULL);
    cfx_bus_start(f->bus);
    g_autofree char *address = g_strdup_printf("unix:path=%s", f->path);
    g_dbus_connection_new_for_address(
        address, G_DBUS_CONNECTION_FLAGS_AUTHENTICATION_CLIENT, NULL, NULL, got_client, f);
    turn_until(has_client, f);
    g_dbus_connection_signal_subscribe(
        f->client, NULL, NULL, NULL, NULL, NULL, G_DBUS_SIGNAL_FLAGS_NONE, heard, f, NULL);
}

static void
tear_down(Fixture *f, gconstpointer data)
{
    g_clear_pointer(&f->bus, cfx_bus_free);
    g_clear_object(&f->client);
    while (g_main_context_iteration(NULL, FALSE))
        ;
    g_assert_false(g_file_test(f->path, G_FILE_TEST_EXISTS));
    g_rmdir(f->folder);
    cfx_loop_free(f->loop);
    cfx_clock_free(f->clock);
    g_ptr_array_unref(f->heard);
    g_free(f->folder);
    g_free(f->path);
}

static guint wanted;

static gboolean
heard_enough(Fixture *f)
{
    return f->heard->len >= wanted;
}

static const char *
hear(Fixture *f, guint i)
{
    wanted = i + 1;
    turn_until(heard_enough, f);
    return g_ptr_array_index(f->heard, i);
}

static void
test_changes(Fixture *f, gconstpointer data)
{
    n_sites = 1;
    shown.power_w = 500;
    const char *changed =
        CFX_BUS_PATH "/site/1 PropertiesChanged ('" SITE
                     "', {'Power': <500.0>, 'Limit': <500.0>, 'Contract': <500.0>, "
                     "'Signal': <500.0>, 'Price': <500.0>}, [])";
    g_assert_cmpstr(hear(f, 0), ==, changed);
    g_assert_cmpstr(hear(f, 1),
                    ==,
                    CFX_BUS_PATH " InterfacesRemoved ('" CFX_BUS_PATH "/site/2', ['" SITE "'])");
    /* the same again, and what is not known, are no news */
    shown.name = "Depot";
    cfx_bus_tree_update(f->bus->tree);
    shown.power_w = NAN;
    g_assert_nonnull(strstr(hear(f, 2), "'Power': <nan>"));
    shown.power_w = -NAN;
    cfx_bus_tree_update(f->bus->tree);
    n_sites = 2;
    g_assert_nonnull(strstr(hear(f, 3), "InterfacesAdded ('" CFX_BUS_PATH "/site/2'"));
    g_assert_cmpuint(f->heard->len, ==, 4);
}

static void
test_bad_text(Fixture *f, gconstpointer data)
{
    shown.name = "a\xff"
                 "b";
    g_assert_nonnull(strstr(hear(f, 0), "'Name': <'a\357\277\275b'>"));
    shown.name = NULL;
    g_assert_nonnull(strstr(hear(f, 2), "'Name': <''>"));
}

static void
test_wrong_table(Fixture *f, gconstpointer data)
{
    static const CfxBusProperty few[] = { AT("Asset", asset), { NULL, 0 } };
    static const CfxBusProperty other[] = { AT("Asset", asset), AT("Nmae", name), { NULL, 0 } };
    static const CfxBusInterface wrong[] = {
        { "Site", few, sizeof(View), read_site, NULL },
        { "Site", other, sizeof(View), read_site, NULL },
        { "Nothing", few, sizeof(View), read_site, NULL },
    };
    for (gsize i = 0; i < G_N_ELEMENTS(wrong); i++) {
        CfxBusFace face = { 0 };
        g_autoptr(GError) error = NULL;
        g_assert_false(cfx_bus_face_init(&face, &wrong[i], &error));
        g_assert_nonnull(error);
        cfx_bus_face_clear(&face);
    }
}

static void
test_paths(void)
{
    static const struct {
        const char *element, *path;
    } cases[] = { { "ocpp", "/instance/ocpp" },
                  { "flow-1", "/instance/flow_2d1" },
                  { "a_b", "/instance/a_5fb" },
                  { "", "/instance/_" },
                  { "\303\251", "/instance/_c3_a9" } };
    for (gsize i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autofree char *path = cfx_bus_path("instance", cases[i].element);
        g_assert_true(g_variant_is_object_path(path));
        g_assert_cmpstr(path + strlen(CFX_BUS_PATH), ==, cases[i].path);
    }
}

static void
test_error_names(void)
{
    g_autoptr(GError) error = g_error_new_literal(CFX_ERROR, CFX_ERROR_NOT_FOUND, "x");
    g_autofree char *name = cfx_bus_error_name(error);
    g_assert_cmpstr(name, ==, "org.cariflex.Error.NotFound");
}

/* --- a client that connects and never reads --------------------------------------------------- */

static void
say(int fd, const char *text, gsize size)
{
    g_assert_cmpint(write(fd, text, size), ==, (gssize)size);
}

static gboolean
has_two(Fixture *f)
{
    return f->bus->links->len == 2;
}

static gboolean
has_one(Fixture *f)
{
    static guint turn;
    shown.n = ++turn; /* there is always news */
    return f->bus->links->len == 1;
}

static void
test_deaf_client(Fixture *f, gconstpointer data)
{
    struct sockaddr_un address = { .sun_family = AF_UNIX };
    g_autofree char *user = g_strdup_printf("%u", geteuid());
    GString *auth = g_string_new("AUTH EXTERNAL ");
    for (const char *c = user; *c != '\0'; c++)
        g_string_append_printf(auth, "%02x", (guint)*c);
    g_string_append(auth, "\r\nBEGIN\r\n");
    g_strlcpy(address.sun_path, f->path, sizeof address.sun_path);
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    g_assert_cmpint(connect(fd, (struct sockaddr *)&address, sizeof address), ==, 0);
    say(fd, "", 1);
    say(fd, auth->str, auth->len);
    turn_until(has_two, f);
    cfx_bus_patience_us = CFX_SECOND / 2;
    n_sites = 2000;
    turn_until(has_one, f);
    cfx_bus_patience_us = 10 * CFX_SECOND;
    /* who reads is still served */
    g_ptr_array_set_size(f->heard, 0);
    n_sites = 0;
    g_assert_nonnull(hear(f, 0));
    close(fd);
    g_string_free(auth, TRUE);
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add("/bus/changes", Fixture, NULL, set_up, test_changes, tear_down);
    g_test_add("/bus/bad-text", Fixture, NULL, set_up, test_bad_text, tear_down);
    g_test_add("/bus/wrong-table", Fixture, NULL, set_up, test_wrong_table, tear_down);
    g_test_add("/bus/deaf-client", Fixture, NULL, set_up, test_deaf_client, tear_down);
    g_test_add_func("/bus/paths", test_paths);
    g_test_add_func("/bus/error-names", test_error_names);
    return g_test_run();
}
