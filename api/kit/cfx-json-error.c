/* SPDX-License-Identifier: MIT */
#include "cfx-json.h"

#include "cfx-quantity.h"

const char *
cfx_json_error_name(CfxJsonErrorCode code)
{
    static const char *const names[] = { "none",       "syntax",     "missing", "type",
                                         "constraint", "occurrence", "unknown", "duplicate",
                                         "depth",      "size" };

    return (gsize)code < G_N_ELEMENTS(names) ? names[code] : "none";
}

void
cfx_json_error_set(GError **error, const CfxJsonError *from)
{
    if (from->path[0] == '\0')
        g_set_error(error,
                    CFX_KIT_ERROR,
                    CFX_KIT_ERROR_INVALID,
                    "%s (at byte %" G_GSIZE_FORMAT ")",
                    from->message,
                    from->offset);
    else
        g_set_error(
            error, CFX_KIT_ERROR, CFX_KIT_ERROR_INVALID, "%s: %s", from->path, from->message);
}
