/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "cfx-problems.h"

CfxProblems *
cfx_problems_new(void)
{
    CfxProblems *problems = g_new(CfxProblems, 1);
    problems->texts = g_ptr_array_new_with_free_func(g_free);
    return problems;
}

void
cfx_problems_free(CfxProblems *problems)
{
    if (problems == NULL)
        return;
    g_ptr_array_unref(problems->texts);
    g_free(problems);
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
    g_ptr_array_add(problems->texts, g_string_free(text, FALSE));
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
