/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Talks to the daemon over its control socket. */
#pragma once

#include <gio/gio.h>

/* Where the socket is: --socket, else $CARIFLEX_SOCKET, else /run/cariflex/bus. */
const char *ctl_socket_path(const char *given);

/*
 * Calls a method; `arguments` is floating or NULL.
 * Returns: the JSON of its answer, "" where it has none; NULL with an error that says what to do
 */
char *ctl_call(const char *socket, const char *method, GVariant *arguments, GError **error);
