/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Schemas of OpenADR 3.1's objects, as tables. */
#pragma once

#include <json-glib/json-glib.h>

#include "vtn-object.h"

/* Whether a body fits the schema of its kind; unknown members are passed over, null is absent.
 * CFX_ERROR_INVALID: "intervals.0.payloads: is required" */
gboolean vtn_schema_check(VtnKind kind, gboolean is_business, JsonObject *object, GError **error);
