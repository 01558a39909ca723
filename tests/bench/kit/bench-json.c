/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* One MeterValues message of OCPP 2.0.1: our tables against json-glib. Prints one line. */
#include <kit/cfx-jsonmsg.h>

#include <json-glib/json-glib.h>
#include <string.h>

typedef struct {
    CfxJsonText unit;
    gint64 multiplier;
} Unit;

typedef struct {
    double value;
    CfxJsonText context, measurand, phase, location;
    Unit *unit;
} Sampled;

typedef struct {
    gint64 at_us;
    CfxJsonArray sampled;
} Meter;

typedef struct {
    gint64 evse;
    CfxJsonArray meters;
} Message;

static const CfxJsonField unit_fields[] = {
    CFX_JSON_FIELD("unit", TEXT, OPTIONAL, Unit, unit, .max = 20),
    CFX_JSON_FIELD("multiplier", INT, OPTIONAL, Unit, multiplier),
};
static const CfxJsonTable unit_table = CFX_JSON_TABLE(Unit, unit_fields, 0);
static const CfxJsonField sampled_fields[] = {
    CFX_JSON_FIELD("value", REAL, REQUIRED, Sampled, value),
    CFX_JSON_FIELD("context", TEXT, OPTIONAL, Sampled, context),
    CFX_JSON_FIELD("measurand", TEXT, OPTIONAL, Sampled, measurand),
    CFX_JSON_FIELD("phase", TEXT, OPTIONAL, Sampled, phase),
    CFX_JSON_FIELD("location", TEXT, OPTIONAL, Sampled, location),
    CFX_JSON_FIELD("unitOfMeasure", OBJECT, OPTIONAL, Sampled, unit, .table = &unit_table),
};
static const CfxJsonTable sampled_table = CFX_JSON_TABLE(Sampled, sampled_fields, 0);
static const CfxJsonField meter_fields[] = {
    CFX_JSON_FIELD("timestamp", TIME, REQUIRED, Meter, at_us),
    CFX_JSON_LIST("sampledValue", OBJECT, REQUIRED, Meter, sampled, .table = &sampled_table),
};
static const CfxJsonTable meter_table = CFX_JSON_TABLE(Meter, meter_fields, 0);
static const CfxJsonField message_fields[] = {
    CFX_JSON_FIELD("evseId", INT, REQUIRED, Message, evse),
    CFX_JSON_LIST("meterValue", OBJECT, REQUIRED, Message, meters, .table = &meter_table),
};
static const CfxJsonTable message_table = CFX_JSON_TABLE(Message, message_fields, 0);

static GString *
make_message(void)
{
    static const char *const measurands[] = {
        "Energy.Active.Import.Register", "Power.Active.Import", "Current.Import", "Voltage"
    };
    GString *json = g_string_new("{\"evseId\":1,\"meterValue\":[{\"timestamp\":"
                                 "\"2025-10-01T12:00:00.000Z\",\"sampledValue\":[");

    for (int i = 0; i < 10; i++)
        g_string_append_printf(json,
                               "%s{\"value\":%d.5,\"context\":\"Sample.Periodic\",\"measurand\":"
                               "\"%s\",\"phase\":\"L%d\",\"location\":\"Outlet\","
                               "\"unitOfMeasure\":{\"unit\":\"Wh\",\"multiplier\":0}}",
                               i > 0 ? "," : "",
                               1000 + i,
                               measurands[i % 4],
                               i % 3 + 1);
    g_string_append(json, "]}]}");
    return json;
}

static double
time_ours(const GString *json, int n)
{
    g_autofree char *buffer = g_malloc(json->len);
    char stack[4096];
    double sum = 0;
    gint64 start = g_get_monotonic_time();

    for (int i = 0; i < n; i++) {
        CfxArena arena;
        CfxJsonError error;
        Message message;

        memcpy(buffer, json->str, json->len);
        cfx_arena_init(&arena, stack, sizeof(stack), 0);
        if (!cfx_json_decode_text(buffer, json->len, 0, &message_table, &message, &arena, &error))
            g_error("%s: %s", error.path, error.message);
        sum += (double)message.meters.n;
        cfx_arena_clear(&arena);
    }
    if (sum < n)
        g_error("not decoded");
    return (double)(g_get_monotonic_time() - start) / n;
}

static double
time_json_glib(const GString *json, int n)
{
    gint64 start = g_get_monotonic_time();

    for (int i = 0; i < n; i++) {
        g_autoptr(JsonParser) parser = json_parser_new_immutable();
        g_autoptr(GError) error = NULL;

        if (!json_parser_load_from_data(parser, json->str, (gssize)json->len, &error))
            g_error("%s", error->message);
    }
    return (double)(g_get_monotonic_time() - start) / n;
}

int
main(void)
{
    g_autoptr(GString) json = NULL;
    double ours, theirs;

    json = make_message();
    ours = time_ours(json, 20000);
    theirs = time_json_glib(json, 2000);
    g_print("MeterValues, %" G_GSIZE_FORMAT
            " bytes: tables %.2f us, json-glib %.2f us, ratio %.1f\n",
            json->len,
            ours,
            theirs,
            theirs / ours);
    return 0;
}
