/* SPDX-License-Identifier: MIT */
#include "cfx-file.h"

#include <errno.h>
#include <fcntl.h>
#include <glib/gstdio.h>
#include <unistd.h>

#define CHUNK 16384

static gboolean
read_all(int fd, gsize max, GString *text)
{
    while (text->len <= max) {
        gsize had = text->len, wanted = MIN(CHUNK, max + 1 - had);
        g_string_set_size(text, had + wanted);
        gssize n = read(fd, text->str + had, wanted);
        g_string_set_size(text, had + (n > 0 ? (gsize)n : 0));
        if (n == 0 || (n < 0 && errno != EINTR))
            return n == 0;
    }
    return TRUE;
}

gboolean
cfx_file_read(const char *path, gsize max, char **ret_text, gsize *ret_size, GError **error)
{
    GString *text = g_string_new(NULL);
    int fd = g_open(path, O_RDONLY | O_CLOEXEC, 0);
    gboolean is_read = fd >= 0 && read_all(fd, max, text);
    int code = errno;
    if (fd >= 0)
        close(fd);
    if (!is_read) {
        g_autofree char *name = g_filename_display_name(path);
        g_set_error(
            error, G_FILE_ERROR, g_file_error_from_errno(code), "%s: %s", name, g_strerror(code));
        g_string_free(text, TRUE);
        return FALSE;
    }
    *ret_size = text->len;
    *ret_text = g_string_free(text, FALSE);
    return TRUE;
}
