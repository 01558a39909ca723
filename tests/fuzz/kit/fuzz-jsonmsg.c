/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A table with a member of each kind: what decodes is encoded, decoded again and the same. */
#include <kit/cfx-jsonmsg.h>

#include <math.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const guint8 *data, size_t size);

typedef struct _Node Node;
struct _Node {
    gint32 flag, word;
    gint64 number, at_us;
    double real;
    CfxJsonText text, raw, object;
    Node *child;
    CfxJsonArray children; /* Node */
    CfxJsonArray reals, texts, numbers;
};

static const char *const words[] = { "a", "b", "long word", NULL };
static const CfxJsonTable table;
static const CfxJsonField fields[] = {
    CFX_JSON_FIELD("f", BOOL, OPTIONAL, Node, flag),
    CFX_JSON_FIELD("w", ENUM, NULLABLE, Node, word, .words = words),
    CFX_JSON_FIELD("n", INT, OPTIONAL, Node, number, .min = -1000, .max = 1e12),
    CFX_JSON_FIELD("t", TIME, OPTIONAL, Node, at_us),
    CFX_JSON_FIELD("r", REAL, OPTIONAL, Node, real),
    CFX_JSON_FIELD("s", TEXT, OPTIONAL, Node, text, .max = 9),
    CFX_JSON_FIELD("x", RAW, OPTIONAL, Node, raw),
    CFX_JSON_FIELD("o", RAW_OBJECT, OPTIONAL, Node, object),
    CFX_JSON_FIELD("c", OBJECT, OPTIONAL, Node, child, .table = &table),
    CFX_JSON_LIST("cs", OBJECT, OPTIONAL, Node, children, .table = &table, .max_items = 9),
    CFX_JSON_LIST("rs", REAL, NULLABLE_ITEMS, Node, reals),
    CFX_JSON_LIST("ss", TEXT, OPTIONAL, Node, texts),
    CFX_JSON_LIST("ns", INT, OPTIONAL, Node, numbers, .min_items = 1),
};
static const CfxJsonTable table = CFX_JSON_TABLE(Node, fields, 0);

int
LLVMFuzzerTestOneInput(const guint8 *data, size_t size)
{
    g_autofree char *copy = g_memdup2(data, size), *again = NULL;
    g_auto(CfxArena) arena = { 0 };
    g_auto(CfxJsonWriter) first = { 0 };
    g_auto(CfxJsonWriter) second = { 0 };
    CfxJsonError error = { 0 };
    Node node;
    char stack[512];

    cfx_arena_init(&arena, stack, sizeof(stack), 1 << 20);
    if (!cfx_json_decode_text(copy, size, 0, &table, &node, &arena, &error)) {
        g_assert_cmpint(error.code, !=, CFX_JSON_ERROR_NONE);
        g_assert_cmpuint(error.offset, <=, size);
        return 0;
    }
    cfx_json_writer_init(&first, NULL, 0);
    cfx_json_encode(&first, &table, &node);
    again = g_memdup2(first.text, first.size);
    g_assert_true(cfx_json_decode_text(again, first.size, 0, &table, &node, &arena, &error));
    cfx_json_writer_init(&second, NULL, 0);
    cfx_json_encode(&second, &table, &node);
    g_assert_cmpmem(first.text, first.size, second.text, second.size);
    return 0;
}
