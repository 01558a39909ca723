/* SPDX-License-Identifier: MIT */
/* Files that somebody names: read no further than what reads them can use. */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

/*
 * Reads a file and stops one byte behind `max`: a `ret_size` above `max` says that the file is
 * larger. What has no end (/dev/zero) costs no more than that. A 0 follows the text.
 *
 * Errors are G_FILE_ERROR and name the path.
 */
gboolean
cfx_file_read(const char *path, gsize max, char **ret_text, gsize *ret_size, GError **error);

G_END_DECLS
