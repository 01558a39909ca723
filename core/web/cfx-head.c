/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "cfx-head.h"

#include <string.h>

gsize
cfx_head_end(const char *bytes, gsize size)
{
    const char *end = bytes + size;
    for (const char *at = bytes; (at = memchr(at, '\n', (gsize)(end - at))) != NULL;) {
        at++;
        if (at < end && *at == '\n')
            return (gsize)(at + 1 - bytes);
        if (end - at >= 2 && at[0] == '\r' && at[1] == '\n')
            return (gsize)(at + 2 - bytes);
    }
    return 0;
}

static gboolean
is_token(const char *text, gsize size)
{
    static const char OTHERS[] = "!#$%&'*+-.^_`|~";
    for (gsize i = 0; i < size; i++) {
        if (!g_ascii_isalnum(text[i]) && memchr(OTHERS, text[i], sizeof OTHERS - 1) == NULL)
            return FALSE;
    }
    return size > 0;
}

static gboolean
is_name(const char *text, gsize size, const char *name)
{
    return size == strlen(name) && g_ascii_strncasecmp(text, name, size) == 0;
}

typedef struct {
    guint lengths, encodings, hosts;
    guint status;
} Seen;

static gboolean
fail(Seen *seen, guint status)
{
    seen->status = status;
    return FALSE;
}

static gboolean
is_number(const char *text, gsize size)
{
    for (gsize i = 0; i < size; i++) {
        if (!g_ascii_isdigit(text[i]))
            return FALSE;
    }
    return size > 0 && size <= 18;
}

/* How long a body is must be said once, and so that there are no two opinions. */
static gboolean
check_header(Seen *seen, const char *name, gsize name_size, const char *value, gsize value_size)
{
    if (is_name(name, name_size, "content-length")) {
        if (seen->lengths++ > 0 || !is_number(value, value_size))
            return fail(seen, 400);
    } else if (is_name(name, name_size, "transfer-encoding")) {
        if (seen->encodings++ > 0 || !is_name(value, value_size, "chunked"))
            return fail(seen, 501);
    } else if (is_name(name, name_size, "host")) {
        if (seen->hosts++ > 0)
            return fail(seen, 400);
    }
    return seen->lengths == 0 || seen->encodings == 0 ? TRUE : fail(seen, 400);
}

static gboolean
check_line(Seen *seen, const char *line, gsize size)
{
    const char *colon = memchr(line, ':', size);
    /* also refuses a line that begins with a blank: it would go on with the one before */
    if (colon == NULL || !is_token(line, (gsize)(colon - line)))
        return fail(seen, 400);
    const char *value = colon + 1, *end = line + size;
    while (value < end && (*value == ' ' || *value == '\t'))
        value++;
    while (end > value && (end[-1] == ' ' || end[-1] == '\t'))
        end--;
    for (const char *at = value; at < end; at++) {
        if (((guchar)*at < ' ' && *at != '\t') || *at == 0x7F)
            return fail(seen, 400);
    }
    return check_header(seen, line, (gsize)(colon - line), value, (gsize)(end - value));
}

/* "METHOD target HTTP/1.x" */
static gboolean
check_request(Seen *seen, const char *line, gsize size)
{
    const char *end = line + size;
    const char *target = memchr(line, ' ', size);
    if (target == NULL || !is_token(line, (gsize)(target - line)))
        return fail(seen, 400);
    target++;
    const char *version = memchr(target, ' ', (gsize)(end - target));
    if (version == NULL || version == target)
        return fail(seen, 400);
    for (const char *at = target; at < version; at++) {
        if ((guchar)*at <= ' ' || *at == 0x7F)
            return fail(seen, 400);
        if (*at == '%' && (!g_ascii_isxdigit(at[1]) || !g_ascii_isxdigit(at[2])))
            return fail(seen, 400); /* a blank follows the target: at[2] can be read */
    }
    version++;
    gboolean is_known = end - version == 8 && memcmp(version, "HTTP/1.", 7) == 0 &&
                        (version[7] == '0' || version[7] == '1');
    return is_known ? TRUE : fail(seen, 400);
}

guint
cfx_head_check(const char *bytes, gsize size, const CfxHeadLimits *limits)
{
    Seen seen = { 0 };
    if (size > limits->size)
        return 431;
    const char *end = bytes + size;
    guint n = 0;
    for (const char *at = bytes; at < end; n++) {
        const char *feed = memchr(at, '\n', (gsize)(end - at));
        if (feed == NULL)
            return 400;
        gsize line = (gsize)(feed - at);
        if (line > 0 && at[line - 1] == '\r')
            line--;
        if (n == 0) {
            if (!check_request(&seen, at, line))
                return seen.status;
        } else if (line == 0) {
            return feed + 1 == end ? 0 : 400;
        } else if (n > limits->lines) {
            return 431;
        } else if (!check_line(&seen, at, line)) {
            return seen.status;
        }
        at = feed + 1;
    }
    return 400;
}
