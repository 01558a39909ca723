/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "cfx-problems.h"

typedef struct {
    const char *file; /* interned */
    guint line;
} Place;

CfxProblems *
cfx_problems_new(void)
{
    CfxProblems *problems = g_new(CfxProblems, 1);
    problems->texts = g_ptr_array_new_with_free_func(g_free);
    problems->places = g_array_new(FALSE, FALSE, sizeof(Place));
    return problems;
}

void
cfx_problems_free(CfxProblems *problems)
{
    if (problems == NULL)
        return;
    g_ptr_array_unref(problems->texts);
    g_array_unref(problems->places);
    g_free(problems);
}

/* Before what was found in later lines of the same file. */
static gint
position_of(const CfxProblems *problems, const Place *place)
{
    guint position = problems->texts->len;

    for (guint i = position; place->file != NULL && i > 0; i--) {
        const Place *other = &g_array_index(problems->places, Place, i - 1);
        if (other->file == place->file && other->line <= place->line)
            break;
        if (other->file == place->file)
            position = i - 1;
    }
    return (gint)position;
}

void
cfx_problems_add(
    CfxProblems *problems, const char *file, guint line, const char *group, const char *format, ...)
{
    GString *text = g_string_new(NULL);
    if (file != NULL)
        g_string_append_printf(text, "%s:", file);
    if (file != NULL && line > 0)
        g_string_append_printf(text, "%u:", line);
    if (file != NULL)
        g_string_append_c(text, ' ');
    if (group != NULL)
        g_string_append_printf(text, "[%s] ", group);
    va_list arguments;
    va_start(arguments, format);
    g_string_append_vprintf(text, format, arguments);
    va_end(arguments);
    const Place place = { g_intern_string(file), line };
    gint position = position_of(problems, &place);
    g_ptr_array_insert(problems->texts, position, g_string_free(text, FALSE));
    g_array_insert_val(problems->places, position, place);
}

char *
cfx_problems_text(const CfxProblems *problems)
{
    if (problems->texts->len == 0)
        return NULL;
    GString *all = g_string_new(NULL);
    for (guint i = 0; i < problems->texts->len; i++)
        g_string_append_printf(
            all, "%s%s", i > 0 ? "\n" : "", (const char *)g_ptr_array_index(problems->texts, i));
    return g_string_free(all, FALSE);
}
