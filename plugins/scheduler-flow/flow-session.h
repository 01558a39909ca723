/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <cariflex/cfx-scheduler.h>

extern const CfxSchedulerOps flow_scheduler_ops;
