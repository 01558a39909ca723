/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The reader against json-glib: what ours accepts, json-glib accepts with the same values; what
 * json-glib accepts beyond that must be one of the things in which it is known to be lenient. What
 * is read is written again and read a second time.
 */
#include <kit/cfx-json.h>

#include <json-glib/json-glib.h>
#include <math.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const guint8 *data, size_t size);

/* The same value in both; the writer gets a copy. FALSE: it holds a text that we refuse. */
static gboolean
compare(CfxJsonReader *reader, JsonNode *node, CfxJsonWriter *writer)
{
    CfxJsonText text;
    gboolean is_true;
    double real;
    guint n = 0;

    switch (cfx_json_peek(reader)) {
    case CFX_JSON_KIND_OBJECT:
        g_assert_true(node == NULL || JSON_NODE_HOLDS_OBJECT(node));
        g_assert_true(cfx_json_enter_object(reader));
        cfx_json_begin_object(writer);
        while (cfx_json_next_member(reader, &text)) {
            g_autofree char *name = g_strndup(text.text, text.size);
            JsonNode *member = NULL;

            /* of a repeated member json-glib keeps the last: ours meets the others too */
            if (node != NULL)
                member = json_object_get_member(json_node_get_object(node), name);
            if (node != NULL)
                g_assert_nonnull(member);
            cfx_json_name(writer, name);
            if (!compare(reader, NULL, writer))
                return FALSE;
        }
        cfx_json_end_object(writer);
        return reader->error.code == CFX_JSON_ERROR_NONE;
    case CFX_JSON_KIND_ARRAY:
        g_assert_true(node == NULL || JSON_NODE_HOLDS_ARRAY(node));
        g_assert_true(cfx_json_enter_array(reader));
        cfx_json_begin_array(writer);
        while (cfx_json_next_element(reader)) {
            JsonNode *element = NULL;

            if (node != NULL) {
                g_assert_cmpuint(n, <, json_array_get_length(json_node_get_array(node)));
                element = json_array_get_element(json_node_get_array(node), n++);
            }
            if (!compare(reader, element, writer))
                return FALSE;
        }
        cfx_json_end_array(writer);
        if (node != NULL && reader->error.code == CFX_JSON_ERROR_NONE)
            g_assert_cmpuint(n, ==, json_array_get_length(json_node_get_array(node)));
        return reader->error.code == CFX_JSON_ERROR_NONE;
    case CFX_JSON_KIND_TEXT:
        if (!cfx_json_read_text(reader, &text))
            return FALSE;
        g_assert_cmpuint(strlen(text.text), ==, text.size);
        g_assert_true(g_utf8_validate(text.text, (gssize)text.size, NULL));
        if (node != NULL)
            g_assert_cmpstr(text.text, ==, json_node_get_string(node));
        cfx_json_text_sized(writer, text.text, text.size);
        return TRUE;
    case CFX_JSON_KIND_NUMBER:
        if (!cfx_json_read_real(reader, &real))
            return FALSE;
        /* json-glib wraps integers beyond 64 bits */
        if (node != NULL && fabs(real) < 9e18)
            g_assert_cmpfloat(json_node_get_double(node), ==, real);
        cfx_json_real(writer, real);
        return TRUE;
    case CFX_JSON_KIND_NULL:
        g_assert_true(node == NULL || JSON_NODE_HOLDS_NULL(node));
        g_assert_true(cfx_json_read_null(reader));
        cfx_json_null(writer);
        return TRUE;
    default:
        if (!cfx_json_read_bool(reader, &is_true))
            return FALSE;
        if (node != NULL)
            g_assert_cmpint(json_node_get_boolean(node), ==, is_true);
        cfx_json_bool(writer, is_true);
        return TRUE;
    }
}

/* what json-glib takes although RFC 8259 does not have it */
static gboolean
may_be_lenient(const guint8 *data, size_t size)
{
    gboolean is_blank = TRUE;

    for (size_t i = 0; i < size; i++) {
        guint8 c = data[i];

        if (!g_ascii_isspace(c))
            is_blank = FALSE;
        /* quotes of another kind, escapes, controls and bytes beyond ASCII inside of strings,
         * identifiers, leading zeros and other forms of numbers */
        if (c == '\'' || c == '\\' || c < 0x20 || c >= 0x7f || g_ascii_isalpha(c) || c == '$' ||
            c == '_' || c == '/' || c == '#' || c == '0' || c == '-' || c == '+' || c == '.')
            return TRUE;
    }
    return is_blank;
}

int
LLVMFuzzerTestOneInput(const guint8 *data, size_t size)
{
    g_autoptr(GError) error = NULL;
    gboolean is_good = cfx_json_check((const char *)data, size, 64, &error);

    g_assert_true(is_good == (error == NULL));
    if (!is_good && size < 4096 && !may_be_lenient(data, size) &&
        strstr(error->message, "deeply") == NULL &&
        strstr(error->message, "goes on behind") == NULL) {
        g_autoptr(JsonParser) parser = json_parser_new();

        if (json_parser_load_from_data(parser, (const char *)data, (gssize)size, NULL))
            g_error("json-glib takes what we refuse: %s", error->message);
    }
    if (is_good) {
        g_autoptr(JsonParser) parser = json_parser_new();
        g_autofree char *copy = g_memdup2(data, size), *twice = NULL;
        g_auto(CfxJsonWriter) first = { 0 };
        g_auto(CfxJsonWriter) second = { 0 };
        CfxJsonReader reader;

        cfx_json_reader_init(&reader, copy, size, 64, CFX_JSON_READ_STRICT);
        if (!json_parser_load_from_data(parser, (const char *)data, (gssize)size, NULL))
            return 0; /* NUL in a string, say: ours must only survive it */
        cfx_json_writer_init(&first, NULL, 0);
        cfx_json_writer_init(&second, NULL, 0);
        if (!compare(&reader, json_parser_get_root(parser), &first))
            return 0;
        g_assert_true(cfx_json_finish(&reader));
        twice = g_memdup2(first.text, first.size);
        cfx_json_reader_init(&reader, twice, first.size, 64, CFX_JSON_READ_STRICT);
        g_assert_true(compare(&reader, NULL, &second));
        g_assert_cmpmem(first.text, first.size, second.text, second.size);
    }
    return 0;
}
