/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "ui-origin.h"

#include <string.h>

char *
ui_cookie_name(const char *host)
{
    const char *colon = host != NULL ? strrchr(host, ':') : NULL;
    const char *bracket = host != NULL ? strrchr(host, ']') : NULL;

    /* the colons of [::1] are no port's */
    if (colon == NULL || (bracket != NULL && bracket > colon) || strlen(colon + 1) > 5 ||
        strspn(colon + 1, "0123456789") != strlen(colon + 1) || colon[1] == '\0')
        return g_strdup("cariflex");
    return g_strdup_printf("cariflex_%s", colon + 1);
}

char *
ui_cookie_find(const char *header, const char *name)
{
    gsize length = strlen(name);

    while (header != NULL && *header != '\0') {
        const char *end = strchrnul(header, ';');

        header += strspn(header, " \t");
        if ((gsize)(end - header) > length && header[length] == '=' &&
            strncmp(header, name, length) == 0) {
            char *value = g_strndup(header + length + 1, (gsize)(end - header) - length - 1);
            return g_strchomp(value);
        }
        header = *end == ';' ? end + 1 : end;
    }
    return NULL;
}

/* the part behind "http://" or "https://", without the scheme's own port; NULL: no such thing */
static char *
authority_of(const char *origin)
{
    gboolean is_tls = g_ascii_strncasecmp(origin, "https://", 8) == 0;
    const char *port = is_tls ? ":443" : ":80";

    if (!is_tls && g_ascii_strncasecmp(origin, "http://", 7) != 0)
        return NULL;
    char *authority = g_ascii_strdown(origin + (is_tls ? 8 : 7), -1);
    if (g_str_has_suffix(authority, port))
        authority[strlen(authority) - strlen(port)] = '\0';
    return authority;
}

static gboolean
is_host(const char *authority, const char *origin, const char *host)
{
    g_autofree char *own = g_ascii_strdown(host, -1);
    const char *port = g_ascii_strncasecmp(origin, "https://", 8) == 0 ? ":443" : ":80";

    if (g_str_has_suffix(own, port))
        own[strlen(own) - strlen(port)] = '\0';
    return *authority != '\0' && strcmp(authority, own) == 0;
}

gboolean
ui_origin_is_ours(const char *origin, const char *host, const char *const *allowed)
{
    g_autofree char *authority = origin != NULL ? authority_of(origin) : NULL;

    if (authority == NULL)
        return FALSE;
    for (; allowed != NULL && *allowed != NULL; allowed++) {
        if (g_ascii_strcasecmp(*allowed, origin) == 0)
            return TRUE;
    }
    return host != NULL && is_host(authority, origin, host);
}
