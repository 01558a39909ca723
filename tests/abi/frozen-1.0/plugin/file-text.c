/* SPDX-License-Identifier: MIT */
#include "file-text.h"

#include <cariflex/cfx-abi.h>
#include <errno.h>
#include <fcntl.h>
#include <math.h>
#include <unistd.h>

#define SIZE_MAX_BYTES 64 /* what comes from outside has a limit */

gboolean
file_text_read(const char *path, double *ret, GError **error)
{
    char text[SIZE_MAX_BYTES + 1], *end;
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    gssize size = fd >= 0 ? read(fd, text, sizeof text) : -1;
    int code = errno;
    if (fd >= 0)
        close(fd);
    if (size < 0) {
        g_set_error(error, CFX_ERROR, CFX_ERROR_UNAVAILABLE, "%s: %s", path, g_strerror(code));
        return FALSE;
    }
    if (size > SIZE_MAX_BYTES) {
        g_set_error(
            error, CFX_ERROR, CFX_ERROR_PEER, "%s: more than %d bytes", path, SIZE_MAX_BYTES);
        return FALSE;
    }
    text[size] = '\0';
    g_strstrip(text);
    *ret = g_ascii_strtod(text, &end);
    if (end == text || *end != '\0' || !isfinite(*ret)) {
        g_set_error(error, CFX_ERROR, CFX_ERROR_PEER, "%s: \"%s\" is not a number", path, text);
        return FALSE;
    }
    return TRUE;
}

gboolean
file_text_write(const char *path, double value, GError **error)
{
    char number[G_ASCII_DTOSTR_BUF_SIZE];
    g_ascii_formatd(number, sizeof number, "%.0f", value);
    g_autofree char *text = g_strconcat(number, "\n", NULL);
    return g_file_set_contents_full(path, text, -1, G_FILE_SET_CONTENTS_CONSISTENT, 0644, error);
}
