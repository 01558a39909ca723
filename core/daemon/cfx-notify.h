/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Tells the service manager how we are: a datagram to $NOTIFY_SOCKET. Without one, nothing. */
#pragma once

#include "cfx-loop.h"

/* "READY=1", "STOPPING=1", "STATUS=…"; lines joined by a newline. */
void cfx_notify(const char *state);

/* Feeds the watchdog from the loop, as often as $WATCHDOG_USEC asks. */
void cfx_notify_watchdog(CfxLoop *loop);
