/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Asking for a password at the terminal, where no desktop would. */
#pragma once

#include <gio/gio.h>

/* Starts polkit's agent for this process and waits until it is there. NULL: there is no terminal,
 * no need (root) or no such program. */
GSubprocess *ctl_agent_start(void);
/* Ends it, gives the terminal back. (nullable) */
void ctl_agent_stop(GSubprocess *agent);
