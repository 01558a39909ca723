/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The story of the day: what happened, as notices cfx.story.* with members for programs and a
 * sentence for people. data/doc of the notices: README.md in core/engine.
 */
#pragma once

#include "cfx-engine-private.h"

void cfx_story_plugged(CfxSite *site, const CfxSession *session);
void cfx_story_promise(CfxSite *site, const CfxSession *session, double before_wh);
void cfx_story_full(CfxSite *site, const CfxSession *session);
void cfx_story_left(CfxSite *site, const CfxSession *session);
void cfx_story_lost(CfxEngineDevice *device, gboolean is_back);
void cfx_story_refused(CfxEngineDevice *device);
/* It begins, runs out, or was ended. */
void cfx_story_hold(CfxSite *site, const CfxHold *hold);
void cfx_story_limit(CfxSite *site, double before_w, double percent);
