/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Looking into documents of other hands; what is missing or of another type is NULL, 0 or NAN. */
#pragma once

#include <json-glib/json-glib.h>
#include <kit/cfx-json.h>

G_BEGIN_DECLS

/* The object that a text is, bounded in size and depth; NULL: it is none. (transfer full) */
JsonObject *ui_json_parse(const char *text, gsize size);

JsonObject *ui_json_object(JsonObject *in, const char *name);
JsonArray *ui_json_array(JsonObject *in, const char *name);
/* Element i that is an object, or NULL. */
JsonObject *ui_json_element(JsonArray *in, guint i);
const char *ui_json_text(JsonObject *in, const char *name);
double ui_json_real(JsonObject *in, const char *name);
gint64 ui_json_int(JsonObject *in, const char *name);
gboolean ui_json_bool(JsonObject *in, const char *name);
/* An instant as text; CFX_TIME_MIN: none. */
gint64 ui_json_time(JsonObject *in, const char *name);

/* Writes: numbers in thousands, rounded to three digits; instants, null where there is none. */
void ui_put_kilo(CfxJsonWriter *to, const char *name, double value);
void ui_put_real(CfxJsonWriter *to, const char *name, double value);
void ui_put_time(CfxJsonWriter *to, const char *name, gint64 us);
void ui_put_id(CfxJsonWriter *to, const char *name, gint64 id); /* 0: null */
/* A text of the document under another name. */
void ui_put_copy(CfxJsonWriter *to, const char *name, JsonObject *from, const char *member);

G_END_DECLS
