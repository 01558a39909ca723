/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What a page may send: bodies, messages of its socket, queries, and the headers that are read. */
#include "ui-body.h"
#include "ui-origin.h"

#include <stdint.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* a copy of exactly so many bytes: whoever reads beyond is caught */
static char *
copy_of(const uint8_t *data, size_t size)
{
    char *text = g_malloc(size + 1);

    memcpy(text, data, size);
    text[size] = '\0';
    return text;
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    g_autofree char *a = copy_of(data, size), *b = copy_of(data, size), *c = copy_of(data, size);
    g_autofree char *text = copy_of(data, size), *d = copy_of(data, size);
    g_autoptr(GError) sign_in_error = NULL, command_error = NULL, message_error = NULL;
    g_autoptr(GError) need_error = NULL;
    g_auto(UiSignIn) sign_in = { 0 };
    g_auto(UiCommand) command = { 0 };
    g_auto(UiNeed) need = { 0 };
    UiMessage message;

    if (ui_sign_in_parse(a, size, &sign_in, &sign_in_error) == (sign_in_error != NULL))
        g_abort();
    if (ui_command_parse(b, size, &command, &command_error) == (command_error != NULL))
        g_abort();
    if (ui_message_parse(c, size, &message, &message_error) == (message_error != NULL))
        g_abort();
    if (ui_need_parse(d, size, &need, &need_error) == (need_error != NULL))
        g_abort();
    g_autofree char *since G_GNUC_UNUSED = ui_query_find(text, "since");
    g_autofree char *name G_GNUC_UNUSED = ui_cookie_name(text);
    g_autofree char *value G_GNUC_UNUSED = ui_cookie_find(text, "cariflex_8060");
    g_autofree char *mine = g_strconcat("http://", text, NULL);
    ui_origin_is_ours(text, text, NULL);
    ui_origin_is_ours(mine, text, NULL);
    return 0;
}
