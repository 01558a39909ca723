/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Lets a person touch the simulated outside while it runs (data/doc/world-control.md): a socket
 * that takes one JSON object in a line and answers with one.
 */
#pragma once

#include "simulator-days.h"

#define SIM_REMOTE_LINE 4096

typedef struct _SimRemote SimRemote;

/* Listens at a path of the file system that only this user can open. */
SimRemote *sim_remote_new(SimWorld *world, SimDays *days, const char *path, GError **error);
void sim_remote_free(SimRemote *self);

/* Does what a line asks. Returns: the answer, one line without its end. (transfer full) */
char *sim_remote_do(SimWorld *world, SimDays *days, const char *line, gsize size);
