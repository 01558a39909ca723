/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What it takes to ask a running daemon with a site in it: round trips on the control socket and on
 * a message bus of our own, each beside org.freedesktop.DBus.Peer.Ping, which GLib answers by
 * itself; what the daemon's looks at its objects cost while somebody listens; `cariflexctl status`
 * as a process, beside one that does nothing.
 *
 *     bench-dbus CARIFLEXD CARIFLEXCTL [DEVICES]     up to 490; CARIFLEX_PLUGIN_DIR names the
 * plugins
 */
#include <gio/gio.h>
#include <glib/gstdio.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define NAME "org.cariflex.Cariflex1"
#define TOP "/org/cariflex/Cariflex1"
#define ROUNDS 2000
#define RUNS 60

static char *folder;

static int
compare(gconstpointer a, gconstpointer b)
{
    gint64 x = *(const gint64 *)a, y = *(const gint64 *)b;
    return (x > y) - (x < y);
}

static void
print(const char *what, GArray *times, double reference_us)
{
    g_array_sort(times, compare);
    double p50 = (double)g_array_index(times, gint64, times->len / 2) / 1000;
    double p99 = (double)g_array_index(times, gint64, times->len * 99 / 100) / 1000;
    printf("  %-38s p50 %8.1f us  p99 %8.1f us  %5.2f of the reference\n",
           what,
           p50,
           p99,
           reference_us > 0 ? p50 / reference_us : 1.0);
}

static double
median_us(GArray *times)
{
    g_array_sort(times, compare);
    return (double)g_array_index(times, gint64, times->len / 2) / 1000;
}

static gint64
now_ns(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return now.tv_sec * G_GINT64_CONSTANT(1000000000) + now.tv_nsec;
}

static char *
file_of(const char *name, const char *text)
{
    char *path = g_build_filename(folder, name, NULL);
    g_autoptr(GError) error = NULL;
    if (text != NULL && !g_file_set_contents(path, text, -1, &error))
        g_error("%s", error->message);
    return path;
}

/* a site with that many charging stations */
static char *
site_json(guint n)
{
    GString *assets = g_string_new(NULL), *bindings = g_string_new(NULL);
    for (guint i = 0; i < n; i++) {
        guint id = 10 + 2 * i;
        g_string_append_printf(
            assets,
            ",{\"id\":%u,\"name\":\"CP%04u\",\"account\":1,\"parent\":1,\"type\":\"charging-"
            "station\"},"
            "{\"id\":%u,\"name\":\"EVSE 1\",\"account\":1,\"parent\":%u,\"type\":\"evse\","
            "\"attributes\":{\"fail-safe-power\":\"0 kW\",\"phases\":3,\"min-current\":\"6 A\","
            "\"max-current\":\"32 A\",\"voltage\":\"230 V\"},"
            "\"flex_model\":{\"power-capacity\":\"22 kW\",\"production-capacity\":\"0 kW\"}}",
            id,
            i,
            id + 1,
            id);
        g_string_append_printf(
            bindings,
            "%s{\"id\":%u,\"instance\":\"ocpp\",\"identity\":\"CP%04u\",\"unit\":1,\"asset\":%u}",
            i > 0 ? "," : "",
            i + 1,
            i,
            id + 1);
    }
    char *text = g_strdup_printf(
        "{\"format\":\"cariflex-import\",\"version\":1,\"accounts\":[{\"id\":1,\"name\":\"Site\","
        "\"zone\":\"Europe/Paris\",\"currency\":\"EUR\"}],\"assets\":[{\"id\":1,\"name\":\"Depot\","
        "\"account\":1,\"type\":\"site\",\"attributes\":{\"zone\":\"Europe/"
        "Paris\",\"currency\":\"EUR\","
        "\"base-load-max\":\"10 kW\",\"price-fallback\":\"180 EUR/MWh\"},\"flex_context\":"
        "{\"site-power-capacity\":\"900 kW\",\"site-consumption-capacity\":\"600 kW\"}}%s],"
        "\"bindings\":[%s]}",
        assets->str,
        bindings->str);
    g_string_free(assets, TRUE);
    g_string_free(bindings, TRUE);
    return text;
}

static GSubprocess *
spawn(const char *const *argv)
{
    g_autoptr(GError) error = NULL;
    GSubprocess *process = g_subprocess_newv(
        argv, G_SUBPROCESS_FLAGS_STDOUT_SILENCE | G_SUBPROCESS_FLAGS_STDERR_SILENCE, &error);
    if (process == NULL)
        g_error("%s", error->message);
    return process;
}

static void
wait_for(const char *path)
{
    for (int i = 0; i < 3000 && !g_file_test(path, G_FILE_TEST_EXISTS); i++)
        g_usleep(10000);
}

static GDBusConnection *
connect_to(const char *path, GDBusConnectionFlags flags)
{
    g_autofree char *address = g_strdup_printf("unix:path=%s", path);
    g_autoptr(GError) error = NULL;
    GDBusConnection *connection = NULL;
    for (int i = 0; i < 500 && connection == NULL; i++) { /* it may still be starting */
        g_clear_error(&error);
        connection = g_dbus_connection_new_for_address_sync(
            address, G_DBUS_CONNECTION_FLAGS_AUTHENTICATION_CLIENT | flags, NULL, NULL, &error);
        if (connection == NULL)
            g_usleep(20000);
    }
    if (connection == NULL)
        g_error("%s", error->message);
    return connection;
}

static GVariant *
call(GDBusConnection *connection,
     const char *path,
     const char *interface,
     const char *method,
     GVariant *arguments,
     GError **error)
{
    const char *name = g_dbus_connection_get_unique_name(connection) != NULL ? NAME : NULL;
    return g_dbus_connection_call_sync(connection,
                                       name,
                                       path,
                                       interface,
                                       method,
                                       arguments,
                                       NULL,
                                       G_DBUS_CALL_FLAGS_NONE,
                                       60000,
                                       NULL,
                                       error);
}

static void
timed(GDBusConnection *connection,
      GArray *times,
      const char *path,
      const char *interface,
      const char *method,
      GVariant *arguments)
{
    g_autoptr(GError) error = NULL;
    gint64 began = now_ns();
    g_autoptr(GVariant) answer = call(connection, path, interface, method, arguments, &error);
    gint64 took = now_ns() - began;
    if (answer == NULL)
        g_error("%s: %s", method, error->message);
    g_array_append_val(times, took);
}

#define PROPERTIES "org.freedesktop.DBus.Properties"

static void
bench_calls(const char *where, GDBusConnection *connection, const char *device)
{
    GArray *times[4];
    for (gsize i = 0; i < G_N_ELEMENTS(times); i++)
        times[i] = g_array_new(FALSE, FALSE, sizeof(gint64));
    for (guint i = 0; i < ROUNDS; i++) {
        timed(connection, times[0], TOP, "org.freedesktop.DBus.Peer", "Ping", NULL);
        timed(connection,
              times[1],
              TOP "/site/1",
              PROPERTIES,
              "Get",
              g_variant_new("(ss)", NAME ".Site", "Limit"));
        timed(connection,
              times[2],
              device,
              PROPERTIES,
              "GetAll",
              g_variant_new("(s)", NAME ".Device"));
        timed(connection, times[3], TOP, NAME, "Status", NULL);
    }
    double reference = median_us(times[0]);
    printf("%s, %d rounds:\n", where, ROUNDS);
    print("Peer.Ping (the reference)", times[0], reference);
    print("Get of a property of a site", times[1], reference);
    print("GetAll of a device (27 properties)", times[2], reference);
    print("Status (JSON)", times[3], reference);
    for (gsize i = 0; i < G_N_ELEMENTS(times); i++)
        g_array_unref(times[i]);
}

/* CPU of the daemon's main thread, ns */
static gint64
cpu_ns(GSubprocess *daemon)
{
    g_autofree char *path =
        g_strdup_printf("/proc/%s/schedstat", g_subprocess_get_identifier(daemon));
    g_autofree char *text = NULL;
    return g_file_get_contents(path, &text, NULL, NULL) ? g_ascii_strtoll(text, NULL, 10) : 0;
}

static double
idle_us(GSubprocess *daemon)
{
    g_usleep(1500 * 1000);
    gint64 cpu = cpu_ns(daemon), began = now_ns();
    g_usleep(5000 * 1000);
    return (double)(cpu_ns(daemon) - cpu) / ((double)(now_ns() - began) / 1e9) / 1000;
}

static void
bench_process(const char *what, const char *const *argv, double *reference_us)
{
    g_autoptr(GArray) times = g_array_new(FALSE, FALSE, sizeof(gint64));
    for (guint i = 0; i < RUNS; i++) {
        gint64 began = now_ns();
        g_autoptr(GSubprocess) process = spawn(argv);
        if (!g_subprocess_wait_check(process, NULL, NULL))
            g_error("%s failed", argv[0]);
        gint64 took = now_ns() - began;
        g_array_append_val(times, took);
    }
    if (*reference_us == 0)
        *reference_us = median_us(times);
    print(what, times, *reference_us);
}

int
main(int argc, char **argv)
{
    g_autoptr(GError) error = NULL;
    if (argc < 3) {
        fprintf(stderr, "usage: bench-dbus CARIFLEXD CARIFLEXCTL [DEVICES]\n");
        return 2;
    }
    guint n = argc > 3 ? (guint)atoi(argv[3]) : 10;
    folder = g_dir_make_tmp("cfx-bench-XXXXXX", &error);
    g_autofree char *bus = file_of("bus", NULL), *run = file_of("run", NULL);
    g_autofree char *socket = g_build_filename(run, "bus", NULL);
    g_autofree char *bus_text = g_strdup_printf(
        "<busconfig><type>session</type><listen>unix:path=%s</listen><auth>EXTERNAL</auth>"
        "<policy context='default'><allow send_destination='*'/><allow own='*'/>"
        "<allow eavesdrop='false'/></policy></busconfig>",
        bus);
    g_autofree char *text = g_strdup_printf(
        "[host]\nrun-dir=%s\nstate-dir=%s\n[dbus]\nbus=system\n[storage:main]\nplugin=sqlite\n"
        "path=%s/x.db\n[listener:a]\naddress=127.0.0.1:0\n[adapter:ocpp]\nplugin=ocpp\nlistener=a\n"
        "[scheduler:flow]\nplugin=scheduler-flow\n[planner]\nscheduler=flow\n",
        run,
        run,
        folder);
    g_autofree char *bus_config = file_of("bus.conf", bus_text), *config = file_of("x.conf", text);
    g_autofree char *bus_option = g_strdup_printf("--config-file=%s", bus_config);
    g_autofree char *bus_address = g_strdup_printf("unix:path=%s", bus);
    g_autofree char *site = site_json(n);
    g_setenv("DBUS_SYSTEM_BUS_ADDRESS", bus_address, TRUE);
    g_setenv("CARIFLEX_SOCKET", socket, TRUE);

    g_autoptr(GSubprocess) bus_daemon = spawn((const char *const[]){
        "setpriv", "--pdeathsig", "KILL", "dbus-daemon", bus_option, "--nofork", NULL });
    wait_for(bus);
    g_autoptr(GSubprocess) daemon = spawn((const char *const[]){
        "setpriv", "--pdeathsig", "KILL", argv[1], "--config", config, NULL });
    wait_for(socket);
    GDBusConnection *peer = connect_to(socket, 0);
    g_autoptr(GVariant) answer =
        call(peer, TOP, NAME, "Import", g_variant_new("(sa{ss})", site, NULL), &error);
    if (answer == NULL)
        g_error("%s", error->message);
    GDBusConnection *member = connect_to(bus, G_DBUS_CONNECTION_FLAGS_MESSAGE_BUS_CONNECTION);
    gint64 until = now_ns() + 20 * G_GINT64_CONSTANT(1000000000);
    while (call(member, TOP, "org.freedesktop.DBus.Peer", "Ping", NULL, NULL) == NULL) {
        if (now_ns() > until)
            g_error("the daemon did not come to the bus");
        g_usleep(100 * 1000);
    }

    printf("%u devices\n", n);
    bench_calls("control socket", peer, TOP "/device/11");
    bench_calls("message bus", member, TOP "/device/11");
    g_autoptr(GArray) all = g_array_new(FALSE, FALSE, sizeof(gint64));
    for (guint i = 0; i < 50; i++)
        timed(peer, all, TOP, "org.freedesktop.DBus.ObjectManager", "GetManagedObjects", NULL);
    print("GetManagedObjects (of itself)", all, 0);

    printf("the daemon's main thread, nothing happening:\n");
    printf("  looking at all objects                 %8.1f us of CPU a second\n", idle_us(daemon));
    double reference = 0;
    printf("processes, %d runs:\n", RUNS);
    bench_process("true (the reference)", (const char *const[]){ "true", NULL }, &reference);
    bench_process(
        "cariflexctl status", (const char *const[]){ argv[2], "status", NULL }, &reference);
    bench_process("cariflexctl status --bus system",
                  (const char *const[]){ argv[2], "status", "--bus", "system", NULL },
                  &reference);

    g_dbus_connection_close_sync(member, NULL, NULL);
    g_dbus_connection_close_sync(peer, NULL, NULL);
    g_subprocess_force_exit(bus_daemon);
    g_subprocess_wait(bus_daemon, NULL, NULL);
    g_usleep(500 * 1000);
    printf("  without anybody connected              %8.1f us of CPU a second\n", idle_us(daemon));
    g_subprocess_send_signal(daemon, 15);
    g_subprocess_wait(daemon, NULL, NULL);
    const char *const rm[] = { "rm", "-rf", folder, NULL };
    g_autoptr(GSubprocess) clean = spawn(rm);
    g_subprocess_wait(clean, NULL, NULL);
    return 0;
}
