/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Making, hashing and comparing secrets. Secrets that machines made have at least 128 random bits:
 * a salted SHA-256 is enough, and 1 000 stations may reconnect at once. What people choose gets
 * yescrypt, which takes tens of milliseconds: in the pool only. [any]
 */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

/* characters that 128 bits have in base64url */
#define CFX_SECRET_MACHINE_LENGTH 22
/* longer texts are no secrets and are not hashed */
#define CFX_SECRET_LENGTH_MAX 256

/* 128 random bits (or more), as text without padding that fits in a URL. (transfer full) */
char *cfx_secret_new(gsize bytes);
/* @bytes random ones as hex. (transfer full) */
char *cfx_salt_new(gsize bytes);

/* SHA-256 of salt and secret as hex. (transfer full) */
char *cfx_secret_hash_fast(const char *salt, const char *secret);
/* The whole "$y$…" text; NULL with an error where libcrypt refuses. (transfer full) */
char *cfx_secret_hash_slow(const char *secret, GError **error);

gboolean cfx_secret_check_fast(const char *salt, const char *hash, const char *secret);
gboolean cfx_secret_check_slow(const char *hash, const char *secret);

/* In a time that depends on the lengths only. */
gboolean cfx_secret_equal(const char *a, const char *b);

G_END_DECLS
