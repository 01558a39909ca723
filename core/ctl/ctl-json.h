/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Looking into answers; what is not there is "" or NAN, so that older daemons are shown too. */
#pragma once

#include <json-glib/json-glib.h>

/* The object that a text is. */
JsonObject *ctl_json_object(const char *json, GError **error); /* (transfer full) */

/* Members, borrowed; NULL or NAN where they are not there or of another type. */
JsonObject *ctl_json_in(JsonObject *object, const char *name);
JsonArray *ctl_json_list(JsonObject *object, const char *name);
const char *ctl_json_text(JsonObject *object, const char *name);
double ctl_json_real(JsonObject *object, const char *name);
