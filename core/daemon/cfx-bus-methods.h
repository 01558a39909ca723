/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Methods of the control socket, by the part that answers them. */
#pragma once

#include "cfx-bus.h"

extern const CfxBusMethod cfx_bus_register_methods[]; /* data: CfxRegister */
extern const CfxBusMethod cfx_bus_engine_methods[];   /* data: CfxEngine */
