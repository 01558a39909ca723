/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "cfx-register-secret.h"

#include <cariflex/cfx-abi.h>
#include <crypt.h>
#include <errno.h>
#include <string.h>
#include <sys/random.h>

static void
random_fill(guint8 *to, gsize size)
{
    for (gsize done = 0; done < size;) {
        gssize got = getrandom(to + done, size - done, 0);

        if (got > 0)
            done += (gsize)got;
        else if (errno != EINTR)
            g_critical("getrandom: %s", g_strerror(errno)); /* and again: never go on without */
    }
}

char *
cfx_secret_new(gsize bytes)
{
    g_autofree guint8 *random = g_malloc(bytes);
    char *text;
    gsize length;

    random_fill(random, bytes);
    text = g_base64_encode(random, bytes);
    length = strlen(text);
    while (length > 0 && text[length - 1] == '=')
        text[--length] = '\0';
    for (gsize i = 0; i < length; i++) {
        if (text[i] == '+')
            text[i] = '-';
        else if (text[i] == '/')
            text[i] = '_';
    }
    explicit_bzero(random, bytes);
    return text;
}

char *
cfx_salt_new(gsize bytes)
{
    g_autofree guint8 *random = g_malloc(bytes);
    GString *text = g_string_sized_new(bytes * 2);

    random_fill(random, bytes);
    for (gsize i = 0; i < bytes; i++)
        g_string_append_printf(text, "%02x", random[i]);
    return g_string_free(text, FALSE);
}

char *
cfx_secret_hash_fast(const char *salt, const char *secret)
{
    g_autoptr(GChecksum) sum = g_checksum_new(G_CHECKSUM_SHA256);

    g_checksum_update(sum, (const guchar *)salt, (gssize)strlen(salt));
    g_checksum_update(sum, (const guchar *)":", 1);
    g_checksum_update(sum, (const guchar *)secret, (gssize)strlen(secret));
    return g_strdup(g_checksum_get_string(sum));
}

char *
cfx_secret_hash_slow(const char *secret, GError **error)
{
    g_autofree struct crypt_data *data = g_new0(struct crypt_data, 1);
    char random[16], setting[CRYPT_GENSALT_OUTPUT_SIZE];
    const char *hash = NULL;

    random_fill((guint8 *)random, sizeof(random));
    if (strlen(secret) <= CFX_SECRET_LENGTH_MAX &&
        crypt_gensalt_rn("$y$", 0, random, sizeof(random), setting, sizeof(setting)) != NULL)
        hash = crypt_rn(secret, setting, data, sizeof(*data));
    if (hash == NULL || *hash == '*') {
        g_set_error_literal(error, CFX_ERROR, CFX_ERROR_FAILED, "libcrypt cannot hash a password");
        return NULL;
    }
    return g_strdup(hash);
}

gboolean
cfx_secret_equal(const char *a, const char *b)
{
    gsize n = strlen(a), m = strlen(b);
    guint8 differs = n != m;

    for (gsize i = 0; i < n; i++)
        differs |= (guint8)(a[i] ^ b[m > 0 ? i % m : 0]);
    return differs == 0;
}

gboolean
cfx_secret_check_fast(const char *salt, const char *hash, const char *secret)
{
    g_autofree char *found = NULL;

    if (strlen(secret) > CFX_SECRET_LENGTH_MAX)
        return FALSE;
    found = cfx_secret_hash_fast(salt, secret);
    return cfx_secret_equal(found, hash);
}

gboolean
cfx_secret_check_slow(const char *hash, const char *secret)
{
    g_autofree struct crypt_data *data = g_new0(struct crypt_data, 1);
    const char *found;

    if (strlen(secret) > CFX_SECRET_LENGTH_MAX)
        return FALSE;
    found = crypt_rn(secret, hash, data, sizeof(*data));
    return found != NULL && *found != '*' && cfx_secret_equal(found, hash);
}
