/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <kit/cfx-jsonmsg.h>

#include <math.h>
#include <string.h>

typedef struct {
    gint64 id;
    gint64 connector;
} Evse;

typedef struct {
    gint64 at_us;
    double value;
    CfxJsonText unit;
} Sample;

typedef struct {
    guint64 has;
    gint32 kind;
    gint32 is_offline;
    gint64 number;
    double ratio;
    CfxJsonText name;
    gint64 at_us;
    Evse *evse;
    CfxJsonArray samples; /* Sample */
    CfxJsonArray values;  /* double */
    CfxJsonArray tags;    /* CfxJsonText */
    CfxJsonText data;
    CfxJsonText custom;
    CfxJsonText note;
} Message;

static const char *const kinds[] = { "Started", "Updated", "Ended", NULL };

static const CfxJsonField evse_fields[] = {
    CFX_JSON_FIELD("id", INT, REQUIRED, Evse, id, .min = 0, .max = INFINITY),
    CFX_JSON_FIELD("connectorId", INT, OPTIONAL, Evse, connector),
};
static const CfxJsonTable evse_table = CFX_JSON_TABLE(Evse, evse_fields, 0);

static const CfxJsonField sample_fields[] = {
    CFX_JSON_FIELD("timestamp", TIME, REQUIRED, Sample, at_us),
    CFX_JSON_FIELD("value", REAL, REQUIRED, Sample, value),
    CFX_JSON_FIELD("unit", TEXT, OPTIONAL, Sample, unit, .max = 5),
};
static const CfxJsonTable sample_table = CFX_JSON_TABLE(Sample, sample_fields, 0);

static const CfxJsonField message_fields[] = {
    CFX_JSON_FIELD("kind", ENUM, REQUIRED, Message, kind, .words = kinds),
    CFX_JSON_FIELD("offline", BOOL, OPTIONAL, Message, is_offline),
    CFX_JSON_FIELD("number", INT, OPTIONAL, Message, number, .min = 1, .max = 10),
    CFX_JSON_FIELD("ratio", REAL, OPTIONAL, Message, ratio, .min = -1, .max = 1),
    CFX_JSON_FIELD("name", TEXT, OPTIONAL, Message, name, .min = 1, .max = 4),
    CFX_JSON_FIELD("at", TIME, OPTIONAL, Message, at_us),
    CFX_JSON_FIELD("evse", OBJECT, OPTIONAL, Message, evse, .table = &evse_table),
    CFX_JSON_LIST("samples",
                  OBJECT,
                  OPTIONAL,
                  Message,
                  samples,
                  .table = &sample_table,
                  .min_items = 1,
                  .max_items = 3),
    CFX_JSON_LIST("values", REAL, NULLABLE_ITEMS, Message, values),
    CFX_JSON_LIST("tags", TEXT, OPTIONAL, Message, tags, .max = 3),
    CFX_JSON_FIELD("data", RAW, OPTIONAL, Message, data),
    CFX_JSON_FIELD("customData", RAW_OBJECT, OPTIONAL, Message, custom),
    CFX_JSON_FIELD("note", TEXT, NULLABLE, Message, note),
};
static const CfxJsonTable message_table = {
    .name = "Message",
    .fields = message_fields,
    .n_fields = G_N_ELEMENTS(message_fields),
    .flags = CFX_JSON_HAS,
    .size = sizeof(Message),
    .has_offset = G_STRUCT_OFFSET(Message, has),
};

/* decodes a copy that has no byte behind its end, so that a sanitizer sees each step too far */
static gboolean
decode(const char *json,
       CfxJsonReadFlags flags,
       Message *message,
       CfxArena *arena,
       char **ret_buffer,
       CfxJsonError *error)
{
    gsize size = strlen(json);

    *ret_buffer = g_memdup2(json, size);
    memset(error, 0, sizeof(*error));
    return cfx_json_decode_text(*ret_buffer, size, flags, &message_table, message, arena, error);
}

static void
test_decode(void)
{
    g_auto(CfxArena) arena = { 0 };
    g_autofree char *buffer = NULL;
    CfxJsonError error;
    Message message;

    cfx_arena_init(&arena, NULL, 0, 0);
    g_assert_true(
        decode("{\"kind\":\"Updated\",\"offline\":true,\"number\":10,\"ratio\":-0.5,\"name\":"
               "\"\\u00e9ab\","
               "\"at\":\"2025-10-01T12:00:00Z\",\"evse\":{\"id\":1},\"samples\":[{\"timestamp\":"
               "\"2025-10-01T12:00:00Z\",\"value\":1.5,\"unit\":\"kW\"},{\"value\":2,\"timestamp\":"
               "\"2025-10-01T12:00:01Z\"}],\"values\":[1,null,3],\"tags\":[],\"data\":[1,{}],"
               "\"customData\":{\"vendorId\":\"x\"},\"note\":null}",
               CFX_JSON_READ_STRICT,
               &message,
               &arena,
               &buffer,
               &error));
    g_assert_cmpint(message.kind, ==, 1);
    g_assert_cmpint(message.is_offline, ==, 1);
    g_assert_cmpint(message.number, ==, 10);
    g_assert_cmpfloat(message.ratio, ==, -0.5);
    g_assert_cmpstr(message.name.text, ==, "éab");
    g_assert_cmpint(message.at_us, ==, G_GINT64_CONSTANT(1759320000000000));
    g_assert_cmpint(message.evse->id, ==, 1);
    g_assert_cmpint(message.evse->connector, ==, CFX_JSON_NO_INT);
    g_assert_cmpuint(message.samples.n, ==, 2);
    g_assert_cmpfloat(CFX_JSON_ITEM(&message.samples, Sample, 0)->value, ==, 1.5);
    g_assert_cmpstr(CFX_JSON_ITEM(&message.samples, Sample, 0)->unit.text, ==, "kW");
    g_assert_null(CFX_JSON_ITEM(&message.samples, Sample, 1)->unit.text);
    g_assert_cmpuint(message.values.n, ==, 3);
    g_assert_true(isnan(*CFX_JSON_ITEM(&message.values, double, 1)));
    g_assert_nonnull(message.tags.items);
    g_assert_cmpuint(message.tags.n, ==, 0);
    g_assert_cmpmem(message.data.text, message.data.size, "[1,{}]", 6);
    g_assert_cmpmem(message.custom.text, message.custom.size, "{\"vendorId\":\"x\"}", 16);
    g_assert_null(message.note.text);
    g_assert_cmpuint(message.has, ==, (1 << 13) - 1);
}

static void
test_absent(void)
{
    g_auto(CfxArena) arena = { 0 };
    g_autofree char *buffer = NULL;
    CfxJsonError error;
    Message message;

    cfx_arena_init(&arena, NULL, 0, 0);
    memset(&message, 0x5a, sizeof(message));
    g_assert_true(decode("{\"kind\":\"Ended\"}", 0, &message, &arena, &buffer, &error));
    g_assert_cmpint(message.is_offline, ==, -1);
    g_assert_cmpint(message.number, ==, CFX_JSON_NO_INT);
    g_assert_true(isnan(message.ratio));
    g_assert_null(message.name.text);
    g_assert_cmpint(message.at_us, ==, CFX_JSON_NO_TIME);
    g_assert_null(message.evse);
    g_assert_null(message.samples.items);
    g_assert_null(message.data.text);
    g_assert_cmpuint(message.has, ==, 1);
}

static void
test_errors(void)
{
    static const struct {
        const char *json;
        CfxJsonErrorCode code;
        const char *path;
    } cases[] = {
        { "{}", CFX_JSON_ERROR_MISSING, "kind" },
        { "[]", CFX_JSON_ERROR_TYPE, "" },
        { "{\"kind\":1}", CFX_JSON_ERROR_TYPE, "kind" },
        { "{\"kind\":null}", CFX_JSON_ERROR_TYPE, "kind" },
        { "{\"kind\":\"x\"}", CFX_JSON_ERROR_CONSTRAINT, "kind" },
        { "{\"kind\":\"Ended\",\"kind\":\"Ended\"}", CFX_JSON_ERROR_DUPLICATE, "kind" },
        { "{\"kind\":\"Ended\",\"other\":1}", CFX_JSON_ERROR_UNKNOWN, "other" },
        { "{\"kind\":\"Ended\",\"offline\":\"true\"}", CFX_JSON_ERROR_TYPE, "offline" },
        { "{\"kind\":\"Ended\",\"offline\":null}", CFX_JSON_ERROR_TYPE, "offline" },
        { "{\"kind\":\"Ended\",\"number\":11}", CFX_JSON_ERROR_CONSTRAINT, "number" },
        { "{\"kind\":\"Ended\",\"number\":1.5}", CFX_JSON_ERROR_TYPE, "number" },
        { "{\"kind\":\"Ended\",\"ratio\":-1.01}", CFX_JSON_ERROR_CONSTRAINT, "ratio" },
        { "{\"kind\":\"Ended\",\"name\":\"ééééé\"}", CFX_JSON_ERROR_CONSTRAINT, "name" },
        { "{\"kind\":\"Ended\",\"name\":\"\"}", CFX_JSON_ERROR_CONSTRAINT, "name" },
        { "{\"kind\":\"Ended\",\"at\":\"noon\"}", CFX_JSON_ERROR_CONSTRAINT, "at" },
        { "{\"kind\":\"Ended\",\"evse\":{}}", CFX_JSON_ERROR_MISSING, "evse.id" },
        { "{\"kind\":\"Ended\",\"evse\":{\"id\":-1}}", CFX_JSON_ERROR_CONSTRAINT, "evse.id" },
        { "{\"kind\":\"Ended\",\"evse\":[]}", CFX_JSON_ERROR_TYPE, "evse" },
        { "{\"kind\":\"Ended\",\"samples\":[]}", CFX_JSON_ERROR_OCCURRENCE, "samples" },
        { "{\"kind\":\"Ended\",\"samples\":[{\"value\":1}]}",
          CFX_JSON_ERROR_MISSING,
          "samples.0.timestamp" },
        { "{\"kind\":\"Ended\",\"tags\":[\"abc\",\"abcd\"]}", CFX_JSON_ERROR_CONSTRAINT, "tags.1" },
        { "{\"kind\":\"Ended\",\"customData\":[]}", CFX_JSON_ERROR_TYPE, "customData" },
        { "{\"kind\":\"Ended\",\"data\":[1,]}", CFX_JSON_ERROR_SYNTAX, "data" },
        { "{\"kind\":\"Ended\"", CFX_JSON_ERROR_SYNTAX, "" },
        { "{\"kind\":\"Ended\"} x", CFX_JSON_ERROR_SYNTAX, "" },
        { "{\"kind\":\"Ended\",\"data\":"
          "[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[",
          CFX_JSON_ERROR_DEPTH,
          "data" },
    };

    for (gsize i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_auto(CfxArena) arena = { 0 };
        g_autofree char *buffer = NULL;
        CfxJsonError error;
        Message message;

        cfx_arena_init(&arena, NULL, 0, 0);
        g_test_message("%s", cases[i].json);
        g_assert_false(decode(cases[i].json, 0, &message, &arena, &buffer, &error));
        g_assert_cmpstr(cfx_json_error_name(error.code), ==, cfx_json_error_name(cases[i].code));
        g_assert_cmpstr(error.path, ==, cases[i].path);
    }
}

static void
test_lenient(void)
{
    g_auto(CfxArena) arena = { 0 };
    g_autofree char *buffer = NULL;
    CfxJsonError error;
    Message message;

    cfx_arena_init(&arena, NULL, 0, 0);
    g_assert_true(
        decode("{\"x\":[{}],\"kind\":\"Ended\",\"kind\":\"Started\",\"evse\":null,"
               "\"samples\":null}",
               CFX_JSON_READ_SKIP_UNKNOWN | CFX_JSON_READ_NULL_ABSENT | CFX_JSON_READ_ANY_DUPLICATE,
               &message,
               &arena,
               &buffer,
               &error));
    g_assert_cmpint(message.kind, ==, 0);
    g_assert_null(message.evse);
    g_assert_null(message.samples.items);
}

static void
test_size(void)
{
    g_auto(CfxArena) arena = { 0 };
    g_autofree char *buffer = NULL;
    g_autoptr(GString) json = g_string_new("{\"kind\":\"Ended\",\"values\":[0");
    CfxJsonError error;
    Message message;

    for (int i = 0; i < 5000; i++)
        g_string_append(json, ",1");
    g_string_append(json, "]}");
    cfx_arena_init(&arena, NULL, 0, 16384);
    g_assert_false(decode(json->str, 0, &message, &arena, &buffer, &error));
    g_assert_cmpint(error.code, ==, CFX_JSON_ERROR_SIZE);
    g_assert_cmpstr(error.path, ==, "values");
}

static void
test_encode(void)
{
    g_auto(CfxJsonWriter) writer = { 0 };
    Evse evse = { 2, CFX_JSON_NO_INT };
    Sample samples[] = { { 1, 2.5, { 0 } }, { 0, 1, { (char *)"W", 1 } } };
    double values[] = { 1, NAN };
    Message message;

    cfx_json_clear(&message_table, &message);
    message.kind = 0;
    message.name = cfx_json_text_of("a\"");
    message.evse = &evse;
    message.samples = (CfxJsonArray){ samples, 2 };
    message.values = (CfxJsonArray){ values, 2 };
    message.tags = (CfxJsonArray){ values, 0 };
    message.data = cfx_json_text_of("{\"a\": 1}");
    cfx_json_writer_init(&writer, NULL, 0);
    cfx_json_encode(&writer, &message_table, &message);
    g_assert_cmpstr(
        cfx_json_writer_end(&writer),
        ==,
        "{\"kind\":\"Started\",\"name\":\"a\\\"\",\"evse\":{\"id\":2},\"samples\":[{\"timestamp\":"
        "\"1970-01-01T00:00:00.000001Z\",\"value\":2.5},{\"timestamp\":\"1970-01-01T00:00:00Z\","
        "\"value\":1,\"unit\":\"W\"}],\"values\":[1,null],\"tags\":[],\"data\":{\"a\": 1}}");
}

static void
test_arena(void)
{
    char first[100];
    g_auto(CfxArena) arena = { 0 };
    char *a, *b, *c;

    cfx_arena_init(&arena, first + 1, 99, 8192);
    a = cfx_arena_alloc(&arena, 10);
    g_assert_true(a > first && a < first + 100);
    g_assert_cmpuint((gsize)a % 16, ==, 0);
    memset(a, 'x', 10);
    g_assert_true(cfx_arena_grow(&arena, a, 10, 40) == a);
    g_assert_cmpint(a[20], ==, 0);
    b = cfx_arena_alloc(&arena, 100);
    g_assert_false(b >= first && b < first + 100);
    c = cfx_arena_grow(&arena, a, 40, 200);
    g_assert_true(c != a && c[9] == 'x' && c[10] == 0);
    g_assert_null(cfx_arena_alloc(&arena, 8193));
    cfx_arena_clear(&arena);
    g_assert_true(cfx_arena_alloc(&arena, 10) == a);
    g_assert_cmpuint(arena.heap_size, ==, 0);
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/kit/jsonmsg/decode", test_decode);
    g_test_add_func("/kit/jsonmsg/absent", test_absent);
    g_test_add_func("/kit/jsonmsg/errors", test_errors);
    g_test_add_func("/kit/jsonmsg/lenient", test_lenient);
    g_test_add_func("/kit/jsonmsg/size", test_size);
    g_test_add_func("/kit/jsonmsg/encode", test_encode);
    g_test_add_func("/kit/arena", test_arena);
    return g_test_run();
}
