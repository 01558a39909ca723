/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Options a{sv} of the control socket's methods: unknown ones are refused. */
#pragma once

#include <gio/gio.h>

typedef struct {
    const char *name, *type; /* type: D-Bus signature */
} CfxBusOption;

/* @allowed: ended by a NULL name. Returns: FALSE with INVALID that begins with the option's name.
 */
gboolean cfx_bus_options_check(GVariant *options,
                               const char *method,
                               const CfxBusOption *allowed,
                               GError **error);

/* An instant in ISO 8601 with its zone; *to stays where the option is absent. */
gboolean cfx_bus_option_time(GVariant *options, const char *name, gint64 *to, GError **error);
/* A duration as "PT15M" or "15min", more than nothing; *to stays where the option is absent. */
gboolean cfx_bus_option_span(GVariant *options, const char *name, gint64 *to, GError **error);
