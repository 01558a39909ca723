/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* When an event is over, for the query `active`. */
#pragma once

#include <json-glib/json-glib.h>

/* G_MAXINT64: it does not end, or nothing tells when. The object fits the schema. */
gint64 vtn_timing_end(JsonObject *event);
