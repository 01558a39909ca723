/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Talks to the simulated world of a demo over its own socket (data/doc/world-control.md). */
#pragma once

#include <json-glib/json-glib.h>

/*
 * Sends a request to the socket at @path, or where that is NULL to the newest demo that runs.
 * Returns: (transfer full): the answer's JSON; NULL with an error that says what to do
 */
char *ctl_world_call(const char *path, JsonObject *ask, GError **error);
