/* SPDX-License-Identifier: MIT */
/**
 * @file cfx.h
 * Everything, for authors of plugins.
 */
#pragma once

#include <cariflex/cfx-abi.h>
#include <cariflex/cfx-adapter.h>
#include <cariflex/cfx-config.h>
#include <cariflex/cfx-data.h>
#include <cariflex/cfx-host.h>
#include <cariflex/cfx-model.h>
#include <cariflex/cfx-scheduler.h>
#include <cariflex/cfx-storage.h>
#include <cariflex/cfx-types.h>
#include <cariflex/cfx-web.h>
