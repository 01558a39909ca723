/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "cfx-setup.h"

/* What groups say of each other. */
void cfx_setup_check_together(CfxSetup *setup);
