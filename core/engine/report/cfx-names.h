/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Words for people and programs. */
#pragma once

#include "cfx-engine-private.h"

const char *cfx_site_state_name(const CfxSite *site);        /* "steered" */
const char *cfx_applied_name(const CfxEngineDevice *device); /* "installed" */
