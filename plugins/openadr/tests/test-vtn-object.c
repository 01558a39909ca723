/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <string.h>

#include <cariflex/cfx-types.h>

#include "vtn-object.h"

static VtnObject *
parse(VtnKind kind, gboolean is_business, const char *json, GError **error)
{
    return vtn_object_parse(kind, json, strlen(json), is_business, "ven-1", error);
}

/* Numbers, sentinels and infinity come back as they were written. */
static void
test_as_written(void)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(VtnObject) event = parse(
        VTN_EVENT,
        TRUE,
        "{\"id\":\"mine\",\"programID\":\"p1\",\"priority\":null,\"targets\":[\"a\",\"b\"],"
        "\"intervalPeriod\":{\"start\":\"0001-01-01T00:00:00Z\",\"duration\":\"P9999Y\"},"
        "\"intervals\":[{\"id\":0,\"payloads\":[{\"type\":\"PRICE\",\"values\":[0.10, 1]}]}]}",
        &error);
    g_autoptr(GString) text = g_string_new(NULL);
    char *shown[] = { (char *)"b", NULL };

    g_assert_no_error(error);
    event->id = g_strdup("e1");
    vtn_object_write(event, NULL, text);
    g_assert_nonnull(strstr(text->str, "\"values\":[0.10, 1]"));
    g_assert_nonnull(strstr(text->str, "\"duration\":\"P9999Y\""));
    g_assert_nonnull(strstr(text->str, "\"targets\":[\"a\",\"b\"]"));
    g_assert_nonnull(strstr(text->str, "\"id\":\"e1\""));
    g_assert_null(strstr(text->str, "mine"));
    g_assert_null(strstr(text->str, "priority"));
    g_string_truncate(text, 0);
    vtn_object_write(event, shown, text);
    g_assert_nonnull(strstr(text->str, "\"targets\":[\"b\"]"));
    g_autofree char *doc = vtn_object_doc(event);
    g_autoptr(VtnObject) again = vtn_object_from_doc(VTN_EVENT, doc, strlen(doc), &error);
    g_assert_no_error(error);
    g_autofree char *twice = vtn_object_doc(again);
    g_assert_cmpstr(doc, ==, twice);
}

static const struct {
    VtnKind kind;
    gboolean is_business;
    const char *json, *message;
} bad[] = {
    { VTN_PROGRAM, TRUE, "{}", "programName: is required" },
    { VTN_PROGRAM, TRUE, "{\"programName\":\"\"}", "programName: is empty or too long" },
    { VTN_PROGRAM, TRUE, "[]", "the body is not a JSON object" },
    { VTN_EVENT,
      TRUE,
      "{\"programID\":\"a b\"}",
      "programID: is not 1 to 128 of the characters A-Z a-z 0-9 _ -" },
    { VTN_EVENT,
      TRUE,
      "{\"programID\":\"a\",\"intervals\":[{\"id\":0}]}",
      "intervals.0.payloads: is required" },
    { VTN_EVENT,
      TRUE,
      "{\"programID\":\"a\",\"intervals\":[{\"id\":\"0\",\"payloads\":[]}]}",
      "intervals.0.id: is not an integer" },
    { VTN_EVENT,
      TRUE,
      "{\"programID\":\"a\",\"intervalPeriod\":{\"start\":\"tomorrow\"}}",
      "intervalPeriod.start: is not an RFC 3339 date-time" },
    { VTN_EVENT,
      TRUE,
      "{\"programID\":\"a\",\"intervalPeriod\":{\"duration\":\"1h\"}}",
      "intervalPeriod.duration: is not an ISO 8601 duration" },
    { VTN_EVENT, TRUE, "{\"programID\":\"a\",\"priority\":-1}", "priority: is out of range" },
    { VTN_VEN, TRUE, "{\"venName\":\"v\"}", "clientID: is required" },
};

static void
test_bad(void)
{
    for (gsize i = 0; i < G_N_ELEMENTS(bad); i++) {
        g_autoptr(GError) error = NULL;
        g_autoptr(VtnObject) object = parse(bad[i].kind, bad[i].is_business, bad[i].json, &error);
        g_assert_null(object);
        g_assert_error(error, CFX_ERROR, CFX_ERROR_INVALID);
        g_assert_cmpstr(error->message, ==, bad[i].message);
    }
}

static void
test_deep(void)
{
    g_autoptr(GString) json = g_string_new("{\"programName\":");
    g_autoptr(GError) error = NULL;

    for (guint i = 0; i < 100000; i++)
        g_string_append_c(json, '[');
    g_autoptr(VtnObject) object = parse(VTN_PROGRAM, TRUE, json->str, &error);
    g_assert_null(object);
    g_assert_error(error, CFX_ERROR, CFX_ERROR_INVALID);
}

/* A VEN cannot give itself targets, and owns what it makes. */
static void
test_by_ven(void)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(VtnObject) ven = parse(
        VTN_VEN, FALSE, "{\"venName\":\"v\",\"clientID\":\"other\",\"targets\":[\"x\"]}", &error);

    g_assert_no_error(error);
    g_assert_null(ven->targets);
    g_assert_cmpstr(ven->client_id, ==, "ven-1");
}

static void
test_end(void)
{
    static const struct {
        const char *json;
        gint64 end_us;
    } cases[] = {
        { "{\"programID\":\"p\",\"intervalPeriod\":{\"start\":\"1970-01-01T00:00:00Z\","
          "\"duration\":\"PT1H\"},\"intervals\":[{\"id\":0,\"payloads\":[]},"
          "{\"id\":1,\"payloads\":[]}]}",
          2 * CFX_HOUR },
        { "{\"programID\":\"p\",\"intervals\":[{\"id\":0,\"payloads\":[],\"intervalPeriod\":"
          "{\"start\":\"1970-01-01T05:00:00Z\",\"duration\":\"PT1H\"}}]}",
          6 * CFX_HOUR },
        { "{\"programID\":\"p\",\"intervalPeriod\":{\"start\":\"1970-01-01T00:00:00Z\","
          "\"duration\":\"P9999Y\"},\"intervals\":[{\"id\":0,\"payloads\":[]}]}",
          G_MAXINT64 },
        { "{\"programID\":\"p\",\"duration\":\"PT5H\",\"intervalPeriod\":{\"start\":"
          "\"1970-01-01T00:00:00Z\",\"duration\":\"PT1H\"},\"intervals\":[{\"id\":0,"
          "\"payloads\":[]}]}",
          5 * CFX_HOUR },
        { "{\"programID\":\"p\"}", G_MAXINT64 },
    };

    for (gsize i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autoptr(GError) error = NULL;
        g_autoptr(VtnObject) event = parse(VTN_EVENT, TRUE, cases[i].json, &error);
        g_assert_no_error(error);
        g_assert_cmpint(event->end_us, ==, cases[i].end_us);
    }
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/openadr/vtn-object/as-written", test_as_written);
    g_test_add_func("/openadr/vtn-object/bad", test_bad);
    g_test_add_func("/openadr/vtn-object/deep", test_deep);
    g_test_add_func("/openadr/vtn-object/by-ven", test_by_ven);
    g_test_add_func("/openadr/vtn-object/end", test_end);
    return g_test_run();
}
