/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "simulator-text.h"

#include <math.h>
#include <string.h>

#include "simulator-json.h"

static void
quote(GString *to, const char *text)
{
    g_string_append_c(to, '"');
    for (const guchar *p = (const guchar *)text; *p != '\0'; p++) {
        if (*p == '"' || *p == '\\')
            g_string_append_printf(to, "\\%c", *p);
        else if (*p < 0x20 || *p == 0x7f)
            g_string_append_printf(to, "\\u%04x", *p);
        else
            g_string_append_c(to, (char)*p);
    }
    g_string_append_c(to, '"');
}

static void
begin(GString *to, const char *name)
{
    if (to->len > 0 && strchr("{[,:", to->str[to->len - 1]) == NULL)
        g_string_append_c(to, ',');
    if (name == NULL)
        return;
    quote(to, name);
    g_string_append_c(to, ':');
}

void
sim_text_open(GString *to, const char *name, char bracket)
{
    begin(to, name);
    g_string_append_c(to, bracket);
}

void
sim_text_close(GString *to, char bracket)
{
    g_string_append_c(to, bracket);
}

void
sim_text_string(GString *to, const char *name, const char *value)
{
    begin(to, name);
    if (value == NULL)
        g_string_append(to, "null");
    else
        quote(to, value);
}

void
sim_text_integer(GString *to, const char *name, gint64 value)
{
    begin(to, name);
    g_string_append_printf(to, "%" G_GINT64_FORMAT, value);
}

void
sim_text_real(GString *to, const char *name, double value)
{
    char text[G_ASCII_DTOSTR_BUF_SIZE + 320];
    begin(to, name);
    if (!isfinite(value)) {
        g_string_append(to, "null");
        return;
    }
    g_ascii_formatd(text, sizeof text, "%.6f", value);
    gsize n = strlen(text);
    while (text[n - 1] == '0' && text[n - 2] != '.')
        text[--n] = '\0';
    g_string_append(to, strcmp(text, "-0.0") == 0 ? "0.0" : text);
}

void
sim_text_boolean(GString *to, const char *name, gboolean value)
{
    begin(to, name);
    g_string_append(to, value ? "true" : "false");
}

void
sim_text_null(GString *to, const char *name)
{
    begin(to, name);
    g_string_append(to, "null");
}

void
sim_text_raw(GString *to, const char *name, const char *json)
{
    begin(to, name);
    for (const char *p = json; *p != '\0'; p++)
        g_string_append_c(to, *p == '\n' || *p == '\r' ? ' ' : *p);
}

void
sim_text_stamp(GString *to, const char *name, gint64 at_us)
{
    g_autofree char *text = sim_json_stamp(at_us);
    sim_text_string(to, name, text);
}
