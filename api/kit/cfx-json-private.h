/* SPDX-License-Identifier: MIT */
/* What the files of the JSON library share. */
#pragma once

#include <kit/cfx-json.h>

G_BEGIN_DECLS

/* a number as written: mantissa * 10^exponent */
typedef struct {
    guint64 mantissa;
    gint32 exponent;
    gboolean is_negative;
    gboolean is_integer; /* no point, no exponent, and it fits into a gint64 */
    gboolean is_exact;   /* no digit of the mantissa was left out */
    const char *text;
    gsize size;
} CfxJsonNumber;

/* at a quote: unescapes in place */
gboolean cfx_json_scan_text(CfxJsonReader *self, CfxJsonText *ret);
/* at a quote: only checks */
gboolean cfx_json_pass_text(CfxJsonReader *self);
/* at a digit or a minus sign */
gboolean cfx_json_scan_number(CfxJsonReader *self, CfxJsonNumber *ret);
double cfx_json_number_real(const CfxJsonNumber *number);

G_END_DECLS
