/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Reading members of the free JSON of an asset, with all problems collected. Inside core/model. */
#pragma once

#include <json-glib/json-glib.h>

G_BEGIN_DECLS

#define CFX_FLEX_DEPTH 32

typedef struct {
    JsonNode *root;      /* (nullable) */
    JsonObject *object;  /* (nullable) nothing is given */
    const char *where;   /* "attributes" */
    GPtrArray *problems; /* (nullable) */
} CfxFlexJson;

/* @text: (nullable) JSON object */
void
cfx_flex_json_init(CfxFlexJson *self, const char *where, const char *text, GPtrArray *problems);
void cfx_flex_json_clear(CfxFlexJson *self);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(CfxFlexJson, cfx_flex_json_clear)

void cfx_flex_json_problem(const CfxFlexJson *self, const char *name, const char *format, ...)
    G_GNUC_PRINTF(3, 4);

/* NULL: not given */
JsonNode *cfx_flex_json_member(const CfxFlexJson *self, const char *name);
const char *cfx_flex_json_text(const CfxFlexJson *self, const char *name);
/* a quantity in @unit that is not negative; NAN: not given */
double cfx_flex_json_quantity(const CfxFlexJson *self, const char *name, const char *unit);
/* the same, negative ones too */
double cfx_flex_json_price(const CfxFlexJson *self, const char *name, const char *unit);
/* a bare number, or a quantity without dimension ("90 %"); NAN: not given */
double cfx_flex_json_ratio(const CfxFlexJson *self, const char *name);
gint64 cfx_flex_json_int(const CfxFlexJson *self, const char *name, gint64 def);
gboolean cfx_flex_json_bool(const CfxFlexJson *self, const char *name, gboolean def);

G_END_DECLS
