/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "sqlite-keys.h"

#include <string.h>

void
sqlite_keys_pack(const CfxKey *keys, gsize n, GByteArray *to)
{
    g_byte_array_set_size(to, 0);
    for (gsize i = 0; i < n; i++) {
        const CfxKey *key = &keys[i];
        g_byte_array_append(to, (const guint8 *)(key->text != NULL ? "t" : "n"), 1);
        g_byte_array_append(to, (const guint8 *)key->name, (guint)strlen(key->name) + 1);
        if (key->text != NULL)
            g_byte_array_append(to, (const guint8 *)key->text, (guint)strlen(key->text) + 1);
        else
            g_byte_array_append(to, (const guint8 *)&key->number, sizeof(key->number));
    }
}

static const char *
take_text(const guint8 **at, const guint8 *end)
{
    const guint8 *nul = memchr(*at, 0, (gsize)(end - *at));
    const char *text = (const char *)*at;

    if (nul == NULL)
        return NULL;
    *at = nul + 1;
    return text;
}

gboolean
sqlite_keys_next(const guint8 **at, const guint8 *end, CfxKey *ret)
{
    if (end - *at < 2)
        return FALSE;
    guint8 type = *(*at)++;
    ret->text = NULL;
    ret->number = 0;
    ret->name = take_text(at, end);
    if (ret->name == NULL)
        return FALSE;
    if (type == 't') {
        ret->text = take_text(at, end);
        return ret->text != NULL;
    }
    if (end - *at < (gssize)sizeof(ret->number))
        return FALSE;
    memcpy(&ret->number, *at, sizeof(ret->number));
    *at += sizeof(ret->number);
    return TRUE;
}
