/* SPDX-License-Identifier: MIT */
/* Numbers in small text files. These functions block: call them in the pool. */
#pragma once

#include <glib.h>

/* Reads one number. Returns: FALSE with an error that says what is wrong with the file. */
gboolean file_text_read(const char *path, double *ret, GError **error);

/* Writes one number; who reads the file sees the old text or the new one, never half of it. */
gboolean file_text_write(const char *path, double value, GError **error);
