/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The little of a host that the world needs: a log, clocks and timers on the default context. */
#pragma once

#include <cariflex/cfx-host.h>

extern const CfxHost fake_host;
/* Ends with the world's day. */
extern GMainLoop *fake_host_loop;

void fake_host_open(void);
void fake_host_close(void);
