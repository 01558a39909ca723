/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * After a start, whatever ended the last run: sessions, what devices may still draw, versions and
 * timelines come back from the store before the first plan.
 */
#pragma once

#include "cfx-engine-private.h"

/* Reads what is stored of a site; it is READY, or REFUSED, when all has come. */
void cfx_recover_site(CfxSite *site);
/* Whether the site may be steered; its state and problem are set. */
void cfx_recover_check(CfxSite *site);
/* Reads the beliefs of sensors that became the site's. */
void cfx_recover_beliefs(CfxSite *site);
