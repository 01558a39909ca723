/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Runs the simulated outside without a daemon around it, against whatever stands at the addresses:
 *     run-world KEY=VALUE…      (the keys of the plugin's schema)
 * It ends with the world's day, or by SIGINT and SIGTERM.
 */
#include <stdlib.h>
#include <string.h>

#include <glib-unix.h>

#include "fake-host.h"
#include "simulator-world.h"

static const char *
value_of(int argc, char **argv, const char *key, const char *otherwise)
{
    gsize n = strlen(key);
    for (int i = 1; i < argc; i++)
        if (strncmp(argv[i], key, n) == 0 && argv[i][n] == '=')
            return argv[i] + n + 1;
    if (otherwise == NULL) {
        g_printerr("run-world: %s=… is missing\n", key);
        exit(2);
    }
    return otherwise;
}

static gboolean
quit(gpointer data)
{
    g_main_loop_quit(fake_host_loop);
    return G_SOURCE_CONTINUE;
}

int
main(int argc, char **argv)
{
    SimOptions options = {
        .world = value_of(argc, argv, "world", NULL),
        .prices = value_of(argc, argv, "prices", NULL),
        .page = value_of(argc, argv, "page", NULL),
        .log = value_of(argc, argv, "log", NULL),
        .secrets = value_of(argc, argv, "secrets", NULL),
        .ocpp = value_of(argc, argv, "ocpp", NULL),
        .api = value_of(argc, argv, "api", NULL),
        .vtn = value_of(argc, argv, "vtn", NULL),
        .health = value_of(argc, argv, "health", NULL),
        .start = value_of(argc, argv, "start", "2025-10-01"),
        .seed = g_ascii_strtoull(value_of(argc, argv, "seed", "1"), NULL, 10),
        .rate = g_ascii_strtod(value_of(argc, argv, "rate", "1440"), NULL),
        .days = (guint)g_ascii_strtoull(value_of(argc, argv, "days", "1"), NULL, 10),
        .meter_us = 20 * CFX_SECOND,
        .warm_us = 20 * CFX_MINUTE,
        .settle_us = 10 * CFX_MINUTE,
        .away_us = 10 * CFX_SECOND,
        .faults = TRUE,
    };
    g_autoptr(GError) error = NULL;
    fake_host_open();
    g_unix_signal_add(SIGINT, quit, NULL);
    g_unix_signal_add(SIGTERM, quit, NULL);
    SimWorld *world = sim_world_new(&fake_host, &options, &error);
    if (!sim_world_start(world, &error)) {
        g_printerr("run-world: %s\n", error->message);
        return 1;
    }
    g_main_loop_run(fake_host_loop);
    sim_world_stop(world);
    fake_host_close();
    sim_world_free(world);
    return 0;
}
