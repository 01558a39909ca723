/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Frames and messages of OCPP: every frame is accepted or refused by a known code, and what is
 * accepted is encoded, framed and decoded again to the same bytes.
 */
#include "ocpp-frame.h"

#include <string.h>

int LLVMFuzzerTestOneInput(const guint8 *data, size_t size);

/* the payload again as a frame of its own */
static void
check_again(const CfxJsonTable *table, gconstpointer payload)
{
    g_auto(CfxJsonWriter) first = { 0 };
    g_auto(CfxJsonWriter) second = { 0 };
    g_auto(CfxArena) arena = { 0 };
    g_autofree char *copy = NULL;
    gpointer again;
    OcppFrame frame;

    cfx_json_writer_init(&first, NULL, 0);
    cfx_json_writer_init(&second, NULL, 0);
    cfx_arena_init(&arena, NULL, 0, 1 << 20);
    ocpp_frame_write_call(&first, "x", "x", table, payload);
    copy = g_memdup2(first.text, first.size);
    again = cfx_arena_alloc(&arena, table->size);
    g_assert_true(ocpp_frame_begin(&frame, copy, first.size));
    if (!ocpp_frame_payload(&frame, table, again, &arena))
        g_error("%s: %s", cfx_json_writer_end(&first), frame.words);
    ocpp_frame_write_call(&second, "x", "x", table, again);
    g_assert_cmpmem(first.text, first.size, second.text, second.size);
}

int
LLVMFuzzerTestOneInput(const guint8 *data, size_t size)
{
    g_autofree char *copy = g_memdup2(data, size);
    g_auto(CfxArena) arena = { 0 };
    const OcppAction *action = NULL;
    const CfxJsonTable *table = NULL;
    gpointer payload = NULL;
    OcppFrame frame;

    cfx_arena_init(&arena, NULL, 0, 1 << 20);
    if (!ocpp_frame_begin(&frame, copy, size)) {
        g_assert_cmpstr(ocpp_error_name(frame.error), !=, "");
        g_assert_nonnull(frame.id.text);
        return 0;
    }
    if (frame.type == OCPP_CALL_ERROR)
        return 0;
    /* an answer has its action's name as its id here: its own frame does not tell it */
    action = ocpp_action_find(frame.type == OCPP_CALL ? frame.action.text : frame.id.text);
    if (action != NULL)
        table = frame.type == OCPP_CALL ? action->request : action->answer;
    if (table != NULL)
        payload = cfx_arena_alloc(&arena, table->size);
    if (!ocpp_frame_payload(&frame, table, payload, &arena)) {
        g_assert_cmpstr(ocpp_error_name(frame.error), !=, "");
        return 0;
    }
    if (table != NULL)
        check_again(table, payload);
    return 0;
}
