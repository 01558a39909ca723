/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <cariflex/cfx-abi.h>

extern const CfxFactory openadr_ven_factory;
