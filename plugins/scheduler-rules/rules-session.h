/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <cariflex/cfx-scheduler.h>

extern const CfxSchedulerOps rules_scheduler_ops;
