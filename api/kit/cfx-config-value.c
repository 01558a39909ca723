/* SPDX-License-Identifier: MIT */
/* One value of each type of key. */
#include "cfx-config-value.h"

#include <kit/cfx-file.h>
#include <kit/cfx-quantity.h>
#include <kit/cfx-time.h>
#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#define SECRET_MAX (64 * 1024)

static char *
read_boolean(const char *text, CfxValue *ret)
{
    static const char *const words[] = { "false", "true", "no", "yes", "off", "on", "0", "1" };
    for (guint i = 0; i < G_N_ELEMENTS(words); i++) {
        if (g_ascii_strcasecmp(words[i], text) == 0) {
            ret->number = i % 2;
            return NULL;
        }
    }
    return g_strdup("is neither \"yes\" nor \"no\"");
}

static char *
read_integer(const char *text, CfxValue *ret)
{
    g_autoptr(GError) error = NULL;
    if (g_ascii_string_to_signed(text, 10, G_MININT64, G_MAXINT64, &ret->number, &error))
        return NULL;
    return g_strdup("is not a whole number");
}

static char *
read_id(const char *text, CfxValue *ret)
{
    g_autoptr(GError) error = NULL;
    if (g_ascii_string_to_signed(text, 10, 0, G_MAXINT64, &ret->number, &error))
        return NULL;
    return g_strdup("is not an id: a whole number from 1");
}

static char *
read_real(const char *text, CfxValue *ret)
{
    char *end = NULL;
    ret->real = g_ascii_strtod(text, &end);
    return end != text && *end == '\0' && isfinite(ret->real) ? NULL : g_strdup("is not a number");
}

static char *
read_duration(const char *text, CfxValue *ret)
{
    if (cfx_duration_parse_us(text, -1, &ret->number))
        return NULL;
    return g_strdup("is not a duration; write for example \"30s\", \"5min\" or \"PT5M\"");
}

static char *
read_time(const char *text, CfxValue *ret)
{
    if (cfx_time_parse(text, -1, &ret->number))
        return NULL;
    return g_strdup("is not an instant; write for example \"2025-10-01T12:00:00Z\"");
}

static char *
read_quantity(const char *text, const char *unit, const char *example, CfxValue *ret)
{
    g_autoptr(GError) error = NULL;
    if (cfx_quantity_in(text, -1, unit, &ret->real, &error))
        return NULL;
    return g_strdup_printf(
        "is not understood (%s); write for example \"%s\"", error->message, example);
}

static char *
read_choice(const CfxConfigKey *key, const char *text, CfxValue *ret, char **ret_text)
{
    g_auto(GStrv) choices = g_strsplit(key->choices != NULL ? key->choices : "", "|", -1);
    for (guint i = 0; choices[i] != NULL; i++) {
        if (strcmp(choices[i], text) == 0) {
            ret->number = i;
            *ret_text = g_strdup(text);
            return NULL;
        }
    }
    g_autofree char *list = g_strjoinv(", ", choices);
    return g_strdup_printf("is none of: %s", list);
}

/* items joined by one semicolon; commas separate too */
static char *
read_list(const char *text)
{
    g_auto(GStrv) items = g_strsplit_set(text, ";,", -1);
    GString *list = g_string_new(NULL);
    for (guint i = 0; items[i] != NULL; i++) {
        const char *item = g_strstrip(items[i]);
        if (*item != '\0')
            g_string_append_printf(list, "%s%s", list->len > 0 ? ";" : "", item);
    }
    return g_string_free(list, FALSE);
}

static char *
resolve(const char *text, const char *base)
{
    return g_path_is_absolute(text) || base == NULL ? g_strdup(text)
                                                    : g_build_filename(base, text, NULL);
}

static char *
read_url(const char *text, char **ret_text)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(GUri) uri = g_uri_parse(text, G_URI_FLAGS_NONE, &error);
    if (uri == NULL)
        return g_strdup_printf("is not an address (%s)", error->message);
    const char *scheme = g_uri_get_scheme(uri), *host = g_uri_get_host(uri);
    if ((strcmp(scheme, "http") != 0 && strcmp(scheme, "https") != 0) || host == NULL ||
        *host == '\0')
        return g_strdup("is not an address that begins with http:// or https:// and names a host");
    *ret_text = g_strdup(text);
    return NULL;
}

char *
cfx_config_read_value(const CfxConfigKey *key, const char *text, const char *base, CfxValue *ret)
{
    char *made = NULL, *problem = NULL;
    *ret = (CfxValue){ NULL, 0, NAN };
    switch (key->type) {
    case CFX_KEY_TEXT:
    case CFX_KEY_LISTENER:
        made = g_strdup(text);
        break;
    case CFX_KEY_BOOLEAN:
        problem = read_boolean(text, ret);
        break;
    case CFX_KEY_INTEGER:
        problem = read_integer(text, ret);
        break;
    case CFX_KEY_REAL:
        problem = read_real(text, ret);
        break;
    case CFX_KEY_DURATION:
        problem = read_duration(text, ret);
        break;
    case CFX_KEY_POWER:
        problem = read_quantity(text, "W", "22 kW", ret);
        break;
    case CFX_KEY_ENERGY:
        problem = read_quantity(text, "Wh", "5 kWh", ret);
        break;
    case CFX_KEY_CHOICE:
        problem = read_choice(key, text, ret, &made);
        break;
    case CFX_KEY_LIST:
        made = read_list(text);
        break;
    case CFX_KEY_FILE:
        made = resolve(text, base);
        break;
    case CFX_KEY_URL:
        problem = read_url(text, &made);
        break;
    case CFX_KEY_SECRET_FILE:
        break;
    case CFX_KEY_ID:
        problem = read_id(text, ret);
        break;
    case CFX_KEY_TIME:
        problem = read_time(text, ret);
        break;
    default:
        problem = g_strdup_printf("has type %u, which this host does not know", key->type);
    }
    ret->text = made;
    return problem;
}

static gboolean
is_real(guint32 type)
{
    return type == CFX_KEY_REAL || type == CFX_KEY_POWER || type == CFX_KEY_ENERGY;
}

static gboolean
is_number(guint32 type)
{
    return type == CFX_KEY_INTEGER || type == CFX_KEY_DURATION || type == CFX_KEY_ID ||
           type == CFX_KEY_TIME;
}

/* -1, 0, 1: the value lies below, in, above what the text of a bound says */
static int
compare_bound(const CfxConfigKey *key, const CfxValue *value, const char *bound)
{
    CfxValue limit;
    g_autofree char *problem = cfx_config_read_value(key, bound, NULL, &limit);
    g_free((char *)(guintptr)limit.text);
    if (problem != NULL)
        return 0;
    if (is_real(key->type))
        return value->real < limit.real ? -1 : value->real > limit.real;
    return value->number < limit.number ? -1 : value->number > limit.number;
}

char *
cfx_config_check_bounds(const CfxConfigKey *key, const CfxValue *value, const char *who)
{
    gboolean is_duration = key->type == CFX_KEY_DURATION;
    if (!is_real(key->type) && !is_number(key->type))
        return NULL;
    if (key->min != NULL && compare_bound(key, value, key->min) < 0)
        return g_strdup_printf("is %s than %s, the least that %s accepts",
                               is_duration ? "shorter" : "less",
                               key->min,
                               who);
    if (key->max != NULL && compare_bound(key, value, key->max) > 0)
        return g_strdup_printf("is %s than %s, the most that %s accepts",
                               is_duration ? "longer" : "more",
                               key->max,
                               who);
    return NULL;
}

GBytes *
cfx_config_read_secret(const char *text, const char *base, char **ret_problem)
{
    const char *credentials = g_getenv("CREDENTIALS_DIRECTORY");
    g_autofree char *path = NULL;
    if (credentials != NULL && *text != '\0' && strchr(text, '/') == NULL) {
        path = g_build_filename(credentials, text, NULL);
        if (!g_file_test(path, G_FILE_TEST_EXISTS))
            g_clear_pointer(&path, g_free);
    }
    if (path == NULL)
        path = resolve(text, base);
    g_autoptr(GError) error = NULL;
    g_autofree char *content = NULL;
    gsize size;
    /* the message names the path, and the path may be a secret that somebody put there */
    if (!cfx_file_read(path, SECRET_MAX, &content, &size, &error)) {
        int code = error->domain == G_FILE_ERROR ? error->code : -1;
        *ret_problem =
            g_strdup_printf("names a file that cannot be read (%s); a secret stands in a "
                            "file of its own, not in the keyfile",
                            code == G_FILE_ERROR_NOENT   ? "no such file"
                            : code == G_FILE_ERROR_ACCES ? "permission denied"
                            : code == G_FILE_ERROR_ISDIR ? "it is a folder"
                                                         : "reading failed");
        return NULL;
    }
    if (size > SECRET_MAX) {
        *ret_problem = g_strdup("names a file of more than 64 KiB: not a secret");
        return NULL;
    }
    if (size > 0 && content[size - 1] == '\n')
        size--;
    if (size > 0 && content[size - 1] == '\r')
        size--;
    if (size == 0) {
        *ret_problem = g_strdup("names a file that is empty");
        return NULL;
    }
    return g_bytes_new(content, size);
}
