/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Talks to the daemon over its control socket, or over a message bus. */
#pragma once

#include <gio/gio.h>

/* Where the daemon is looked for: at a socket (--socket, else $CARIFLEX_SOCKET), on a bus (--bus);
 * both NULL: at /run/cariflex/bus, and where that may not be used, on the system bus. */
typedef struct {
    char *socket;
    char *bus; /* "system" or "session" */
} CtlWhere;

/*
 * Calls a method; `arguments` is floating or NULL.
 * Returns: the JSON of its answer, "" where it has none; NULL with an error that says what to do
 */
char *ctl_call(const CtlWhere *where, const char *method, GVariant *arguments, GError **error);

/* The same of a method that takes a file, as its only argument, and as long as it needs. */
char *ctl_call_with_file(const CtlWhere *where, const char *method, int file, GError **error);
