/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <kit/cfx-json.h>

#include <math.h>
#include <string.h>

static void
test_check(void)
{
    static const char *const good[] = {
        "0",
        "-0.5e+3",
        "\"\"",
        "\"\\u00e9\\ud83d\\ude00\\n\\/\"",
        "\"é\"",
        "[]",
        "{}",
        " [ 1 , [ ] , { \"a\" : null } ] \n",
        "true",
        "[false,null]",
        "{\"a\":1,\"a\":2}",
        "123456789012345678901234567890",
        "1e400",
    };
    static const char *const bad[] = {
        "",
        " ",
        "01",
        "1.",
        ".5",
        "1e",
        "+1",
        "'a'",
        "\"a",
        "\"\\x\"",
        "[1,]",
        "{\"a\":1,}",
        "[1 2]",
        "{a:1}",
        "[1}",
        "{\"a\"}",
        "\"\\ud83d\"",
        "nul",
        "True",
        "NaN",
        "[",
        "]",
        "1 2",
        "\"\n\"",
        "--1",
        "-",
        "{,}",
        "[,1]",
        "\"\xff\"",
        "\"\xc0\x80\"",
        "\"\xed\xa0\x80\"",
        "\"\\u12g4\"",
        "/**/1",
    };

    for (gsize i = 0; i < G_N_ELEMENTS(good); i++) {
        g_autoptr(GError) error = NULL;

        g_test_message("%s", good[i]);
        cfx_json_check(good[i], strlen(good[i]), 8, &error);
        g_assert_no_error(error);
    }
    for (gsize i = 0; i < G_N_ELEMENTS(bad); i++) {
        g_autoptr(GError) error = NULL;

        g_test_message("bad %" G_GSIZE_FORMAT, i);
        g_assert_false(cfx_json_check(bad[i], strlen(bad[i]), 8, &error));
        g_assert_nonnull(error);
    }
}

static void
test_depth(void)
{
    g_autofree char *deep = g_strnfill(100000, '[');
    g_autoptr(GError) error = NULL;

    g_assert_true(cfx_json_check("[[[]]]", 6, 3, NULL));
    g_assert_false(cfx_json_check("[[[[]]]]", 8, 3, &error));
    g_assert_nonnull(error);
    g_assert_cmpstr(error->message, ==, "nested too deeply (at byte 3)");
    g_assert_false(cfx_json_check(deep, 100000, 64, NULL));
}

static void
test_frame(void)
{
    char text[] = "[2,\"id-1\", \"Heartbeat\" ,{\"a\":[1,{\"b\":\"x\\\"]\"}]}] ";
    CfxJsonReader reader;
    CfxJsonText id, action, payload;
    gint64 type = 0;

    cfx_json_reader_init(&reader, text, strlen(text), 16, CFX_JSON_READ_STRICT);
    g_assert_true(cfx_json_enter_array(&reader));
    g_assert_true(cfx_json_next_element(&reader) && cfx_json_read_int(&reader, &type));
    g_assert_true(cfx_json_next_element(&reader) && cfx_json_read_text(&reader, &id));
    g_assert_true(cfx_json_next_element(&reader) && cfx_json_read_text(&reader, &action));
    g_assert_true(cfx_json_next_element(&reader));
    g_assert_cmpint(cfx_json_peek(&reader), ==, CFX_JSON_KIND_OBJECT);
    g_assert_true(cfx_json_skip(&reader, &payload));
    g_assert_false(cfx_json_next_element(&reader));
    g_assert_true(cfx_json_finish(&reader));
    g_assert_cmpint(type, ==, 2);
    g_assert_cmpstr(id.text, ==, "id-1");
    g_assert_cmpstr(action.text, ==, "Heartbeat");
    g_assert_cmpmem(payload.text, payload.size, "{\"a\":[1,{\"b\":\"x\\\"]\"}]}", 22);
}

static void
test_text(void)
{
    char text[] = "\"a\\u00e9\\n\\ud83d\\ude00z\"rest";
    CfxJsonReader reader;
    CfxJsonText value;

    /* the buffer has no NUL where it is said to end */
    cfx_json_reader_init(&reader, text, strlen(text) - 4, 4, CFX_JSON_READ_STRICT);
    g_assert_true(cfx_json_read_text(&reader, &value));
    g_assert_true(cfx_json_finish(&reader));
    g_assert_cmpstr(value.text, ==, "aé\n😀z");
    g_assert_cmpuint(value.size, ==, strlen("aé\n😀z"));
}

static void
test_nul(void)
{
    char text[] = "\"a\\u0000b\"";
    CfxJsonReader reader;
    CfxJsonText value;

    /* nor where nobody reads it: another reader would see a shorter text */
    g_assert_false(cfx_json_check(text, strlen(text), 4, NULL));
    cfx_json_reader_init(&reader, text, strlen(text), 4, CFX_JSON_READ_STRICT);
    g_assert_false(cfx_json_read_text(&reader, &value));
    g_assert_cmpint(reader.error.code, ==, CFX_JSON_ERROR_SYNTAX);
}

static void
test_numbers(void)
{
    static const struct {
        const char *text;
        double value;
    } cases[] = {
        { "0", 0 },
        { "-0", 0 },
        { "0.1", 0.1 },
        { "1e22", 1e22 },
        { "1e23", 1e23 },
        { "123456789012345678", 123456789012345678.0 },
        { "9007199254740993", 9007199254740992.0 },
        { "2.2250738585072011e-308", 2.2250738585072011e-308 },
        { "1.7976931348623157e308", 1.7976931348623157e308 },
        { "0.30000000000000004", 0.30000000000000004 },
        { "179769313486231570000000000000000000000000000000000000000000000000000000000000000000000"
          "0000000000000000000000000000000000000000000000000000000000000000000000000000.5",
          1.7976931348623157e162 },
    };

    for (gsize i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autofree char *text = g_strdup(cases[i].text);
        CfxJsonReader reader;
        double value = 9;

        g_test_message("%s", cases[i].text);
        cfx_json_reader_init(&reader, text, strlen(text), 1, CFX_JSON_READ_STRICT);
        g_assert_true(cfx_json_read_real(&reader, &value));
        g_assert_cmpfloat(value, ==, cases[i].value);
    }
}

static gboolean
read_int(const char *number, gint64 *ret, CfxJsonErrorCode *ret_code)
{
    g_autofree char *text = g_strdup(number);
    CfxJsonReader reader;
    gboolean is_read;

    cfx_json_reader_init(&reader, text, strlen(text), 1, CFX_JSON_READ_STRICT);
    is_read = cfx_json_read_int(&reader, ret);
    *ret_code = reader.error.code;
    return is_read;
}

static void
test_integers(void)
{
    CfxJsonErrorCode code;
    gint64 value = 0;

    g_assert_true(read_int("-42", &value, &code));
    g_assert_cmpint(value, ==, -42);
    g_assert_true(read_int("1.0", &value, &code));
    g_assert_cmpint(value, ==, 1);
    g_assert_true(read_int("12e2", &value, &code));
    g_assert_cmpint(value, ==, 1200);
    g_assert_true(read_int("9007199254740993", &value, &code));
    g_assert_cmpint(value, ==, G_GINT64_CONSTANT(9007199254740993));
    g_assert_false(read_int("1.5", &value, &code));
    g_assert_cmpint(code, ==, CFX_JSON_ERROR_TYPE);
    g_assert_false(read_int("1e300", &value, &code));
    g_assert_cmpint(code, ==, CFX_JSON_ERROR_CONSTRAINT);
    g_assert_false(read_int("\"1\"", &value, &code));
    g_assert_cmpint(code, ==, CFX_JSON_ERROR_TYPE);
    g_assert_false(read_int("", &value, &code));
    g_assert_cmpint(code, ==, CFX_JSON_ERROR_SYNTAX);
}

static void
test_write(void)
{
    char first[16];
    g_auto(CfxJsonWriter) writer = { 0 };

    cfx_json_writer_init(&writer, first, sizeof(first));
    cfx_json_begin_object(&writer);
    cfx_json_member_text(&writer, "text", "a\"\\\n\x01é");
    cfx_json_member_int(&writer, "int", G_MININT64);
    cfx_json_member_bool(&writer, "bool", TRUE);
    cfx_json_member_time(&writer, "time", 1759320000 * G_GINT64_CONSTANT(1000000));
    cfx_json_name(&writer, "list");
    cfx_json_begin_array(&writer);
    cfx_json_begin_array(&writer);
    cfx_json_end_array(&writer);
    cfx_json_null(&writer);
    cfx_json_raw(&writer, "{\"x\":1}", 7);
    cfx_json_end_array(&writer);
    cfx_json_end_object(&writer);
    g_assert_cmpstr(
        cfx_json_writer_end(&writer),
        ==,
        "{\"text\":\"a\\\"\\\\\\n\\u0001é\",\"int\":-9223372036854775808,"
        "\"bool\":true,\"time\":\"2025-10-01T12:00:00Z\",\"list\":[[],null,{\"x\":1}]}");
}

static void
test_write_real(void)
{
    static const struct {
        double value;
        const char *text;
    } cases[] = {
        { 0, "0" },
        { 22000, "22000" },
        { -7.9, "-7.9" },
        { 0.1 + 0.2, "0.30000000000000004" },
        { 0.000001, "0.000001" },
        { 1e-7, "1e-07" },
        { 1e300, "1.0000000000000001e+300" },
        { 123456.789, "123456.789" },
        { 1.0 / 3, "0.33333333333333331" },
        { 1e15, "1e+15" },
        { NAN, "null" },
        { INFINITY, "null" },
    };

    for (gsize i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_auto(CfxJsonWriter) writer = { 0 };

        cfx_json_writer_init(&writer, NULL, 0);
        cfx_json_real(&writer, cases[i].value);
        g_test_message("%s", cases[i].text);
        if (isfinite(cases[i].value))
            g_assert_cmpfloat(
                g_ascii_strtod(cfx_json_writer_end(&writer), NULL), ==, cases[i].value);
        if (fabs(cases[i].value) < 1e200)
            g_assert_cmpstr(cfx_json_writer_end(&writer), ==, cases[i].text);
    }
}

static void
test_steal(void)
{
    char first[64];
    g_auto(CfxJsonWriter) writer = { 0 };
    g_autoptr(GBytes) small = NULL;
    g_autoptr(GBytes) large = NULL;

    cfx_json_writer_init(&writer, first, sizeof(first));
    cfx_json_int(&writer, 5);
    small = cfx_json_writer_steal(&writer);
    g_assert_cmpmem(g_bytes_get_data(small, NULL), g_bytes_get_size(small), "5", 1);
    cfx_json_begin_array(&writer);
    for (int i = 0; i < 100; i++)
        cfx_json_int(&writer, 1);
    cfx_json_end_array(&writer);
    large = cfx_json_writer_steal(&writer);
    g_assert_cmpuint(g_bytes_get_size(large), ==, 201);
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/kit/json/check", test_check);
    g_test_add_func("/kit/json/depth", test_depth);
    g_test_add_func("/kit/json/frame", test_frame);
    g_test_add_func("/kit/json/text", test_text);
    g_test_add_func("/kit/json/nul", test_nul);
    g_test_add_func("/kit/json/numbers", test_numbers);
    g_test_add_func("/kit/json/integers", test_integers);
    g_test_add_func("/kit/json/write", test_write);
    g_test_add_func("/kit/json/write-real", test_write_real);
    g_test_add_func("/kit/json/steal", test_steal);
    return g_test_run();
}
