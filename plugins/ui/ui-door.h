/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "ui.h"

G_BEGIN_DECLS

/* A header of a request by its name in lower case, or NULL. */
const char *ui_header(const CfxRequest *request, const char *name);

G_END_DECLS
