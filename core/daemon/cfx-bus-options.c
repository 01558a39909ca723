/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "cfx-bus-options.h"

#include <cariflex/cfx-abi.h>
#include <kit/cfx-time.h>
#include <string.h>

static const CfxBusOption *
find(const CfxBusOption *allowed, const char *name)
{
    for (; allowed->name != NULL; allowed++)
        if (strcmp(allowed->name, name) == 0)
            return allowed;
    return NULL;
}

gboolean
cfx_bus_options_check(GVariant *options,
                      const char *method,
                      const CfxBusOption *allowed,
                      GError **error)
{
    for (gsize i = 0; i < g_variant_n_children(options); i++) {
        const char *name;
        g_autoptr(GVariant) value = NULL;
        g_variant_get_child(options, i, "{&sv}", &name, &value);
        const CfxBusOption *option = find(allowed, name);
        if (option != NULL && g_variant_is_of_type(value, G_VARIANT_TYPE(option->type)))
            continue;
        g_set_error(error,
                    CFX_ERROR,
                    CFX_ERROR_INVALID,
                    "%s: is no option of %s, or of another type",
                    name,
                    method);
        return FALSE;
    }
    return TRUE;
}

gboolean
cfx_bus_option_time(GVariant *options, const char *name, gint64 *to, GError **error)
{
    const char *text;
    if (!g_variant_lookup(options, name, "&s", &text) || cfx_time_parse(text, -1, to))
        return TRUE;
    g_set_error(error,
                CFX_ERROR,
                CFX_ERROR_INVALID,
                "%s: \"%s\" is not an instant as 2025-10-01T16:00:00Z",
                name,
                text);
    return FALSE;
}

gboolean
cfx_bus_option_span(GVariant *options, const char *name, gint64 *to, GError **error)
{
    const char *text;
    gint64 span_us;
    if (!g_variant_lookup(options, name, "&s", &text))
        return TRUE;
    if (!cfx_duration_parse_us(text, -1, &span_us) || span_us <= 0) {
        g_set_error(error,
                    CFX_ERROR,
                    CFX_ERROR_INVALID,
                    "%s: \"%s\" is not a duration as 15min or PT15M",
                    name,
                    text);
        return FALSE;
    }
    *to = span_us;
    return TRUE;
}
