/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "cfx-error.h"

static const char *const names[] = {
    [CFX_ERROR_FAILED] = "failed",
    [CFX_ERROR_CONFIG] = "config",
    [CFX_ERROR_UNAVAILABLE] = "unavailable",
    [CFX_ERROR_AUTH] = "auth",
    [CFX_ERROR_PEER] = "peer",
    [CFX_ERROR_INVALID] = "invalid",
    [CFX_ERROR_CONFLICT] = "conflict",
    [CFX_ERROR_NOT_FOUND] = "not-found",
    [CFX_ERROR_NOT_SUPPORTED] = "not-supported",
    [CFX_ERROR_CANCELLED] = "cancelled",
    [CFX_ERROR_FULL] = "full",
};

const char *
cfx_error_name(int code)
{
    return code >= 0 && (gsize)code < G_N_ELEMENTS(names) ? names[code] : names[CFX_ERROR_FAILED];
}

CfxError
cfx_error_code(const GError *error)
{
    if (error == NULL || error->domain != CFX_ERROR)
        return CFX_ERROR_FAILED;
    return error->code >= 0 && (gsize)error->code < G_N_ELEMENTS(names) ? (CfxError)error->code
                                                                        : CFX_ERROR_FAILED;
}

gboolean
cfx_error_may_retry(const GError *error)
{
    switch (cfx_error_code(error)) {
    case CFX_ERROR_CONFIG:
    case CFX_ERROR_CANCELLED:
    case CFX_ERROR_NOT_SUPPORTED:
        return FALSE;
    default:
        return TRUE;
    }
}
