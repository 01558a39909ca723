/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Names of the error codes, for logs, D-Bus and status. */
#pragma once

#include <cariflex/cfx-abi.h>

/* "unavailable" of CFX_ERROR_UNAVAILABLE. [any] */
const char *cfx_error_name(int code);

/* The code of an error; errors of other domains and NULL count as CFX_ERROR_FAILED. [any] */
CfxError cfx_error_code(const GError *error);

/* Whether an operation that failed so may be tried again later. [any] */
gboolean cfx_error_may_retry(const GError *error);
