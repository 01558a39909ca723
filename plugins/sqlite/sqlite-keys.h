/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Secondary keys of a record as one blob beside it: their order stays, and a record whose keys did
 * not change needs no work in the index.
 *
 * Per key: 't' or 'n', name, NUL, then the text and NUL, or 8 bytes of the number (native endian).
 */
#pragma once

#include <cariflex/cfx-types.h>

G_BEGIN_DECLS

void sqlite_keys_pack(const CfxKey *keys, gsize n, GByteArray *to);

/* Reads one key that points into the blob. FALSE at its end or where it is damaged. */
gboolean sqlite_keys_next(const guint8 **at, const guint8 *end, CfxKey *ret);

G_END_DECLS
