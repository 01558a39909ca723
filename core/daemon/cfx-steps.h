/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The order of the steps, ended by NULL. */
#pragma once

#include "cfx-daemon.h"

extern const CfxStep *const cfx_steps_start[];
extern const CfxStep *const cfx_steps_stop[];
