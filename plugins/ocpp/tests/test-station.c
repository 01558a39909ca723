/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A station against the whole adapter, with a host of tests around it. */
#include "fake-host.h"

#include "ocpp-instance.h"
#include "ocpp-frame.h"

#include <math.h>

#define AT "2025-10-01T12:00:00Z"

typedef struct {
    FakeHost *fake;
    const CfxFactory *factory;
    const CfxAdapterOps *ops;
    gpointer instance;
    CfxValue values[8];
    CfxConfig config;
    double power[8], fail_safe[8], fail_safe_w;
    gint64 edges[9], asset, flags, not_before, delay[8];
    guint next_id;
} Fixture;

static void
call_finished(CfxCall *call, GBytes *answer, GError *error)
{
    g_assert_no_error(error);
    call->deadline_us = 1; /* says that it was finished */
}

static const CfxCallOps call_ops = { .struct_size = sizeof(CfxCallOps), .finish = call_finished };

static void
start_instance(Fixture *fixture)
{
    g_autoptr(GError) error = NULL;
    CfxCall call = { .ops = &call_ops };

    fixture->instance = fixture->factory->create(&fixture->fake->host, &fixture->config, &error);
    g_assert_no_error(error);
    fixture->factory->start(fixture->instance, &call);
    fake_host_run(fixture->fake);
    g_assert_cmpint(call.deadline_us, ==, 1);
}

static void
stop_instance(Fixture *fixture)
{
    CfxCall call = { .ops = &call_ops };

    fixture->factory->stop(fixture->instance, &call);
    g_assert_cmpint(call.deadline_us, ==, 1);
    if (fixture->fake->socket_ops != NULL)
        fake_host_disconnect(fixture->fake);
    fake_host_run(fixture->fake);
    fixture->factory->destroy(fixture->instance);
    g_array_set_size(fixture->fake->timers, 0);
}

static void
set_up(Fixture *fixture, gconstpointer data)
{
    const CfxPluginInfo *info = cfx_plugin_query_v1();

    fixture->fail_safe_w = 4140;
    fixture->factory = info->factories[0];
    fixture->ops = fixture->factory->ops;
    fixture->values[0].text = "internal";
    fixture->values[1].number = 300 * CFX_SECOND;
    fixture->values[2].number = 60 * CFX_SECOND;
    fixture->values[3].number = 30 * CFX_SECOND;
    fixture->values[4].number = 10 * CFX_SECOND;
    fixture->config = (CfxConfig){ .struct_size = sizeof(CfxConfig),
                                   .keys = fixture->factory->keys,
                                   .key_size = fixture->factory->key_size,
                                   .n_values = fixture->factory->n_keys,
                                   .values = fixture->values };
    fixture->fake = fake_host_new();
    fake_host_add_station(fixture->fake, "CP001");
    start_instance(fixture);
}

static void
tear_down(Fixture *fixture, gconstpointer data)
{
    stop_instance(fixture);
    fake_host_free(fixture->fake);
}

/* --- what a station does -------------------------------------------------------------------- */

static void
send_call(Fixture *fixture, const char *action, const char *payload)
{
    g_autofree char *frame =
        g_strdup_printf("[2,\"s%u\",\"%s\",%s]", ++fixture->next_id, action, payload);

    fake_host_receive(fixture->fake, frame);
}

/* the next frame must answer the last call with this payload */
static void
expect_result(Fixture *fixture, const char *payload)
{
    g_autofree char *frame = g_strdup_printf("[3,\"s%u\",%s]", fixture->next_id, payload);

    g_assert_cmpstr(fake_host_next(fixture->fake), ==, frame);
}

static void
expect_error(Fixture *fixture, const char *id, const char *code)
{
    g_autofree char *start = g_strdup_printf("[4,\"%s\",\"%s\",", id, code);
    const char *frame = fake_host_next(fixture->fake);

    g_assert_nonnull(frame);
    g_assert_true(g_str_has_prefix(frame, start));
}

/* The next frame must be a call of that action; answers it. Returns: its text */
static const char *
answer_call(Fixture *fixture, const char *action, const char *payload)
{
    const char *frame = fake_host_next(fixture->fake);
    g_auto(GStrv) parts = NULL;
    g_autofree char *answer = NULL;

    g_assert_nonnull(frame);
    parts = g_strsplit(frame, "\"", 5);
    g_assert_cmpstr(parts[0], ==, "[2,");
    g_assert_cmpstr(parts[3], ==, action);
    answer = g_strdup_printf("[3,\"%s\",%s]", parts[1], payload);
    fake_host_receive(fixture->fake, answer);
    return frame;
}

static void
expect_nothing(Fixture *fixture)
{
    g_assert_cmpstr(fake_host_next(fixture->fake), ==, NULL);
}

static void
boot(Fixture *fixture)
{
    g_assert_cmpuint(fake_host_connect(fixture->fake, "CP001", "ocpp2.0.1"), ==, 101);
    send_call(
        fixture,
        "BootNotification",
        "{\"reason\":\"PowerUp\",\"chargingStation\":{\"model\":\"M\",\"vendorName\":\"V\"}}");
    expect_result(fixture,
                  "{\"currentTime\":\"2025-10-01T12:00:00Z\",\"interval\":300,"
                  "\"status\":\"Accepted\"}");
}

/* a slice of the host: two slots of a quarter hour from now on */
static void
apply(Fixture *fixture, gint64 version, double first_w, double second_w, gint64 flags)
{
    CfxPlan plan = { .struct_size = sizeof(plan),
                     .kind = CFX_PLAN_APPLIED,
                     .epoch = 1,
                     .version = version,
                     .site = 1,
                     .trace = 77,
                     .n_slots = 2,
                     .edges_us = { fixture->edges, 1 },
                     .n_devices = 1,
                     .asset = { &fixture->asset, 0 },
                     .power_w = { fixture->power, 2, 1 },
                     .fail_safe_w = { fixture->fail_safe, 2, 1 },
                     .flags = { &fixture->flags, 0 } };

    fixture->asset = 11;
    fixture->flags = flags;
    fixture->power[0] = first_w;
    fixture->power[1] = second_w;
    fixture->fail_safe[0] = fixture->fail_safe[1] = fixture->fail_safe_w;
    for (int i = 0; i < 3; i++)
        fixture->edges[i] =
            fixture->fake->site_us / (900 * CFX_SECOND) * (900 * CFX_SECOND) + i * 900 * CFX_SECOND;
    plan.owner = g_bytes_new_static("", 0);
    fixture->ops->apply(fixture->instance, &plan);
    g_bytes_unref(plan.owner);
    fake_host_run(fixture->fake);
}

#define ACCEPTED "{\"status\":\"Accepted\"}"
#define UNKNOWN_VARIABLE                                                                           \
    "{\"attributeStatus\":\"UnknownVariable\",\"component\":{\"name\":\"x\"},\"variable\":"        \
    "{\"name\":\"y\"}}"

/* Answers what is asked until nothing more comes; profiles that are read back are not supported. */
static void
answer_all(Fixture *fixture)
{
    static const struct {
        const char *action, *answer;
    } answers[] = {
        { "SetChargingProfile", ACCEPTED },
        { "ClearChargingProfile", ACCEPTED },
        { "GetVariables", "{\"getVariableResult\":[" UNKNOWN_VARIABLE "]}" },
        { "SetVariables", "{\"setVariableResult\":[" UNKNOWN_VARIABLE "]}" },
        { "GetBaseReport", "{\"status\":\"NotSupported\"}" },
    };
    const char *frame;

    while ((frame = fake_host_next(fixture->fake)) != NULL) {
        g_auto(GStrv) parts = g_strsplit(frame, "\"", 5);
        g_autofree char *answer = g_strdup_printf("[4,\"%s\",\"NotSupported\",\"\",{}]", parts[1]);

        for (gsize i = 0; i < G_N_ELEMENTS(answers); i++) {
            if (strcmp(parts[3], answers[i].action) != 0)
                continue;
            g_free(answer);
            answer = g_strdup_printf("[3,\"%s\",%s]", parts[1], answers[i].answer);
        }
        fake_host_receive(fixture->fake, answer);
    }
}

/* a station that is ready, and silence */
static void
onboard(Fixture *fixture)
{
    boot(fixture);
    apply(fixture, 1, 0, 0, CFX_PLAN_FAIL_SAFE_ONLY);
    answer_all(fixture);
}

static void
begin_transaction(Fixture *fixture)
{
    send_call(fixture,
              "TransactionEvent",
              "{\"eventType\":\"Started\",\"timestamp\":\"" AT "\",\"triggerReason\":"
              "\"CablePluggedIn\",\"seqNo\":0,\"transactionInfo\":{\"transactionId\":\"t1\","
              "\"chargingState\":\"EVConnected\"},\"evse\":{\"id\":1,\"connectorId\":1},"
              "\"meterValue\":[{\"timestamp\":\"" AT "\",\"sampledValue\":[{\"value\":1000,"
              "\"context\":\"Transaction.Begin\"}]}]}");
    expect_result(fixture, "{}");
}

/* --- tests ---------------------------------------------------------------------------------- */

static void
test_door(Fixture *fixture, gconstpointer data)
{
    FakeHost *fake = fixture->fake;

    g_assert_cmpuint(fake_host_connect(fake, "CP999", "ocpp2.0.1"), ==, 404);
    g_assert_cmpuint(fake->knocks->len, ==, 1);
    g_assert_cmpstr(g_ptr_array_index(fake->knocks, 0), ==, "CP999");
    g_assert_cmpuint(fake_host_connect(fake, "a%3Ab", "ocpp2.0.1"), ==, 404);
    g_assert_cmpuint(fake->knocks->len, ==, 1);
    fake->login_code = CFX_ERROR_AUTH + 1;
    g_assert_cmpuint(fake_host_connect(fake, "CP001", "ocpp2.0.1"), ==, 401);
    fake->login_code = CFX_ERROR_FULL + 1;
    g_assert_cmpuint(fake_host_connect(fake, "CP001", "ocpp2.0.1"), ==, 429);
    fake->login_code = 0;
    /* nothing in common: let in without a protocol, and closed */
    g_assert_cmpuint(fake_host_connect(fake, "CP001", "ocpp2.1"), ==, 101);
    g_assert_cmpstr(fake->last_protocol, ==, "");
    g_assert_cmpuint(fake->close_code, ==, 1002);
    fake_host_disconnect(fake);
    g_assert_cmpuint(fake_host_connect(fake, "CP001", "ocpp2.0.1"), ==, 101);
    g_assert_cmpstr(fake->last_protocol, ==, "ocpp2.0.1");
}

static void
test_gate(Fixture *fixture, gconstpointer data)
{
    fake_host_connect(fixture->fake, "CP001", "ocpp2.0.1");
    send_call(fixture, "Heartbeat", "{}");
    expect_error(fixture, "s1", "SecurityError");
    g_assert_cmpuint(fake_host_device(fixture->fake, 11)->flags & CFX_DEVICE_CONNECTED, ==, 0);
}

static void
test_errors(Fixture *fixture, gconstpointer data)
{
    static const struct {
        const char *frame, *id, *code;
    } cases[] = {
        { "nonsense", "-1", "RpcFrameworkError" },
        { "{}", "-1", "RpcFrameworkError" },
        { "[2]", "-1", "RpcFrameworkError" },
        { "[2,17,\"Heartbeat\",{}]", "-1", "RpcFrameworkError" },
        { "[2,\"\",\"Heartbeat\",{}]", "-1", "RpcFrameworkError" },
        { "[2,\"a\",\"Heartbeat\"]", "a", "RpcFrameworkError" },
        { "[2,\"a\",\"Heartbeat\",[]]", "a", "RpcFrameworkError" },
        { "[2,\"a\",\"Heartbeat\",{},1]", "a", "RpcFrameworkError" },
        { "[2,\"a\",\"Heartbeat\",{}", "a", "RpcFrameworkError" },
        { "[9,\"a\",\"Heartbeat\",{}]", "a", "MessageTypeNotSupported" },
        { "[2,\"a\",\"MakeCoffee\",{}]", "a", "NotImplemented" },
        { "[2,\"a\",\"Reset\",{\"type\":\"Immediate\"}]", "a", "NotSupported" },
        { "[2,\"a\",\"Heartbeat\",{\"x\":1}]", "a", "FormatViolation" },
        { "[2,\"a\",\"StatusNotification\",{}]", "a", "OccurrenceConstraintViolation" },
        { "[2,\"a\",\"MeterValues\",{\"evseId\":1,\"meterValue\":[]}]",
          "a",
          "OccurrenceConstraintViolation" },
        { "[2,\"a\",\"MeterValues\",{\"evseId\":\"1\",\"meterValue\":[]}]",
          "a",
          "TypeConstraintViolation" },
        { "[2,\"a\",\"Authorize\",{\"idToken\":{\"idToken\":\"x\",\"type\":\"y\"}}]",
          "a",
          "PropertyConstraintViolation" },
        { "[2,\"a\",\"DataTransfer\",{\"vendorId\":\"x\",\"data\":[[[[[[[[[[[[[[[[[[[[[[[[[[[[]]]]]"
          "]]]]"
          "]]]]]]]]]]]]]]]]]]]}]",
          "a",
          "FormatViolation" },
    };

    onboard(fixture);
    for (gsize i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_test_message("%s", cases[i].frame);
        fake_host_receive(fixture->fake, cases[i].frame);
        expect_error(fixture, cases[i].id, cases[i].code);
    }
    /* errors and answers that nobody waits for are not answered */
    fake_host_receive(fixture->fake, "[4,\"zz\",\"GenericError\",\"\",{}]");
    fake_host_receive(fixture->fake, "[3,\"zz\",{}]");
    expect_nothing(fixture);
}

static void
test_boot(Fixture *fixture, gconstpointer data)
{
    FakeHost *fake = fixture->fake;
    const char *frame;

    boot(fixture);
    /* nothing goes out before the fail-safe power is known */
    expect_nothing(fixture);
    g_assert_cmpuint(fake_host_device(fake, 11)->flags, ==, CFX_DEVICE_CONNECTED);
    g_assert_cmpuint(fake_host_applied(fake)->head.n_allowed, ==, 0);
    apply(fixture, 1, 0, 0, CFX_PLAN_FAIL_SAFE_ONLY);
    frame = answer_call(fixture, "SetChargingProfile", ACCEPTED);
    g_assert_nonnull(
        strstr(frame,
               ",\"SetChargingProfile\",{\"evseId\":1,\"chargingProfile\":{\"id\":130,"
               "\"stackLevel\":0,\"chargingProfilePurpose\":\"TxDefaultProfile\","
               "\"chargingProfileKind\":\"Absolute\",\"chargingSchedule\":[{\"id\":130,"
               "\"startSchedule\":\"" AT "\",\"chargingRateUnit\":\"A\","
               "\"chargingSchedulePeriod\":[{\"startPeriod\":0,\"limit\":6}]}]}}]"));
    g_assert_cmpfloat(fake_host_applied(fake)->head.fail_safe_w, ==, 4140);
    g_assert_cmpuint(fake_host_applied(fake)->head.state, ==, CFX_APPLIED_INSTALLED);
    g_assert_cmpfloat(g_array_index(fake_host_applied(fake)->w, double, 0), ==, 4140);
    g_assert_cmpuint(
        fake_host_device(fake, 11)->flags, ==, CFX_DEVICE_CONNECTED | CFX_DEVICE_STEERABLE);
    g_assert_nonnull(
        strstr(fake_host_record(fake, "ocpp.station", "depot/CP001"), "\"fail_safe_w\":4140"));
    g_assert_nonnull(fake_host_notice(fake, "ocpp.boot"));
}

static void
test_durable(Fixture *fixture, gconstpointer data)
{
    FakeHost *fake = fixture->fake;

    onboard(fixture);
    fake->holds_commits = TRUE;
    send_call(fixture,
              "StatusNotification",
              "{\"timestamp\":\"" AT "\",\"connectorStatus\":\"Occupied\",\"evseId\":1,"
              "\"connectorId\":1}");
    expect_nothing(fixture);
    /* and what needs no storing waits behind it */
    fake_host_receive(fake, "[2,\"h\",\"Heartbeat\",{}]");
    expect_nothing(fixture);
    fake_host_release(fake);
    expect_result(fixture, "{}");
    g_assert_cmpstr(fake_host_next(fake), ==, "[3,\"h\",{\"currentTime\":\"" AT "\"}]");
    /* what cannot be stored is not acknowledged */
    fake->holds_commits = FALSE;
    fake->commit_error = g_error_new(CFX_ERROR, CFX_ERROR_FULL, "no room");
    send_call(fixture,
              "StatusNotification",
              "{\"timestamp\":\"" AT "\",\"connectorStatus\":\"Faulted\",\"evseId\":1,"
              "\"connectorId\":1}");
    expect_error(fixture, "s3", "InternalError");
}

static void
test_repeat(Fixture *fixture, gconstpointer data)
{
    FakeHost *fake = fixture->fake;
    guint n_commits;

    onboard(fixture);
    begin_transaction(fixture);
    n_commits = fake->n_commits;
    fixture->next_id--;
    begin_transaction(fixture); /* byte for byte */
    g_assert_cmpuint(fake->n_commits, ==, n_commits);
    /* the same event in another message is answered and changes nothing */
    begin_transaction(fixture);
    g_assert_cmpuint(fake->n_commits, ==, n_commits);
}

static void
test_session(Fixture *fixture, gconstpointer data)
{
    FakeHost *fake = fixture->fake;
    const CfxDevice *device;
    const char *frame;

    onboard(fixture);
    fake_host_advance(fake, 10 * CFX_SECOND);
    begin_transaction(fixture);
    device = fake_host_device(fake, 11);
    g_assert_cmpuint(device->flags & CFX_DEVICE_PLUGGED, !=, 0);
    g_assert_cmpstr(device->session, ==, "t1");
    g_assert_cmpfloat(device->stock_wh, ==, 0);
    send_call(
        fixture,
        "NotifyEVChargingNeeds",
        "{\"evseId\":1,\"chargingNeeds\":{\"requestedEnergyTransfer\":\"AC_three_phase\","
        "\"departureTime\":\"2025-10-02T05:00:00Z\",\"acChargingParameters\":{\"energyAmount\":"
        "22000,\"evMinCurrent\":6,\"evMaxCurrent\":16,\"evMaxVoltage\":230}}}");
    expect_result(fixture, "{\"status\":\"Accepted\"}");
    device = fake_host_device(fake, 11);
    g_assert_cmpfloat(device->need_wh, ==, 22000);
    g_assert_cmpint(device->departure_us, ==, G_GINT64_CONSTANT(1759381200000000));
    g_assert_cmpfloat(device->current_max_a, ==, 16);
    g_assert_cmpfloat_with_epsilon(device->power_max_w, 16 * 690, 1e-6);
    g_assert_cmpuint(device->phases, ==, 3);

    apply(fixture, 2, 11040, 0, 0);
    frame = answer_call(fixture, "SetChargingProfile", ACCEPTED);
    g_assert_nonnull(strstr(frame, "\"chargingProfilePurpose\":\"TxProfile\""));
    g_assert_nonnull(strstr(frame, "\"transactionId\":\"t1\""));
    g_assert_nonnull(
        strstr(frame,
               "\"chargingSchedulePeriod\":[{\"startPeriod\":0,\"limit\":16},"
               "{\"startPeriod\":900,\"limit\":0},{\"startPeriod\":1800,\"limit\":6}]"));
    g_assert_null(strstr(frame, "duration"));
    g_assert_cmpuint(fake_host_applied(fake)->head.state, ==, CFX_APPLIED_INSTALLED);
    g_assert_cmpint(fake_host_applied(fake)->head.version, ==, 2);
    g_assert_cmpint(fake_host_applied(fake)->head.trace, ==, 77);
    g_assert_cmpfloat_with_epsilon(g_array_index(fake_host_applied(fake)->w, double, 0), 11040, 1);

    send_call(
        fixture,
        "TransactionEvent",
        "{\"eventType\":\"Updated\",\"timestamp\":\"2025-10-01T12:05:00Z\",\"triggerReason\":"
        "\"MeterValuePeriodic\",\"seqNo\":1,\"transactionInfo\":{\"transactionId\":\"t1\","
        "\"chargingState\":\"Charging\"},\"meterValue\":[{\"timestamp\":"
        "\"2025-10-01T12:05:00Z\",\"sampledValue\":[{\"value\":1.9,\"unitOfMeasure\":{\"unit\":"
        "\"kWh\"}},{\"value\":10.8,\"measurand\":\"Power.Active.Import\",\"unitOfMeasure\":"
        "{\"unit\":\"kW\"}}]}]}");
    expect_result(fixture, "{}");
    device = fake_host_device(fake, 11);
    g_assert_cmpfloat_with_epsilon(device->power_w, 10800, 1e-6);
    g_assert_cmpfloat_with_epsilon(device->stock_wh, 900, 1e-6);
    g_assert_cmpuint(device->flags & CFX_DEVICE_CHARGING, !=, 0);
    g_assert_cmpint(g_array_index(fake->beliefs, FakeBelief, 0).sensor, ==, 111);
    g_assert_cmpfloat_with_epsilon(g_array_index(fake->beliefs, FakeBelief, 0).value, 10800, 1e-6);

    send_call(fixture,
              "TransactionEvent",
              "{\"eventType\":\"Ended\",\"timestamp\":\"2025-10-01T12:10:00Z\",\"triggerReason\":"
              "\"EVDeparted\",\"seqNo\":2,\"transactionInfo\":{\"transactionId\":\"t1\","
              "\"stoppedReason\":\"EVDisconnected\"},\"meterValue\":[{\"timestamp\":"
              "\"2025-10-01T12:10:00Z\",\"sampledValue\":[{\"value\":2800,\"context\":"
              "\"Transaction.End\"}]}]}");
    expect_result(fixture, "{}");
    device = fake_host_device(fake, 11);
    g_assert_null(device->session);
    g_assert_cmpstr(device->ended, ==, "t1");
    g_assert_cmpfloat_with_epsilon(device->ended_wh, 1800, 1e-6);
    g_assert_cmpfloat(device->power_w, ==, 0);
    g_assert_cmpuint(device->flags & CFX_DEVICE_PLUGGED, ==, 0);
    /* the profile went with the transaction: the default is what is allowed now */
    g_assert_cmpfloat(g_array_index(fake_host_applied(fake)->w, double, 0), ==, 4140);
    g_assert_nonnull(strstr(fake_host_record(fake, "ocpp.transaction", "depot/CP001/t1"),
                            "\"closed_by\":\"event\""));
}

static void
test_outstanding(Fixture *fixture, gconstpointer data)
{
    FakeHost *fake = fixture->fake;
    const FakeApplied *applied;

    onboard(fixture);
    fake_host_advance(fake, 10 * CFX_SECOND);
    begin_transaction(fixture);
    apply(fixture, 2, 11040, 11040, 0);
    answer_call(fixture, "SetChargingProfile", ACCEPTED);
    fake_host_advance(fake, 20 * CFX_SECOND);
    apply(fixture, 3, 4140, 4140, 0);
    g_assert_nonnull(fake_host_next(fake));
    /* without an answer both may be in force */
    applied = fake_host_applied(fake);
    g_assert_cmpuint(applied->head.state, ==, CFX_APPLIED_WAITING);
    g_assert_cmpfloat_with_epsilon(g_array_index(applied->w, double, 0), 11040, 1);
    fake_host_advance(fake, 31 * CFX_SECOND);
    applied = fake_host_applied(fake);
    g_assert_cmpfloat_with_epsilon(g_array_index(applied->w, double, 0), 11040, 1);
    /* and it is tried again */
    answer_call(fixture, "SetChargingProfile", ACCEPTED);
    applied = fake_host_applied(fake);
    g_assert_cmpuint(applied->head.state, ==, CFX_APPLIED_INSTALLED);
    g_assert_cmpfloat_with_epsilon(g_array_index(applied->w, double, 0), 4140, 1);
}

static void
test_disobedience(Fixture *fixture, gconstpointer data)
{
    FakeHost *fake = fixture->fake;
    guint n_warnings;

    onboard(fixture);
    fake_host_advance(fake, 10 * CFX_SECOND);
    begin_transaction(fixture);
    apply(fixture, 2, 11040, 11040, 0);
    answer_call(fixture, "SetChargingProfile", ACCEPTED);
    apply(fixture, 3, 4140, 4140, 0);
    answer_call(fixture, "SetChargingProfile", ACCEPTED);
    n_warnings = fake->n_logged[CFX_LOG_WARNING];
    /* just after it was told a car may still draw what it drew */
    send_call(
        fixture,
        "MeterValues",
        "{\"evseId\":1,\"meterValue\":[{\"timestamp\":\"2025-10-01T12:00:40Z\",\"sampledValue\":"
        "[{\"value\":11000,\"measurand\":\"Power.Active.Import\"}]}]}");
    expect_result(fixture, "{}");
    g_assert_cmpuint(fake->n_logged[CFX_LOG_WARNING], ==, n_warnings);
    for (int i = 2; i < 4; i++) {
        g_autofree char *payload =
            g_strdup_printf("{\"evseId\":1,\"meterValue\":[{\"timestamp\":\"2025-10-01T12:0%d:"
                            "00Z\",\"sampledValue\":"
                            "[{\"value\":11000,\"measurand\":\"Power.Active.Import\"}]}]}",
                            i);

        send_call(fixture, "MeterValues", payload);
        expect_result(fixture, "{}");
        g_assert_cmpuint(fake->n_logged[CFX_LOG_WARNING], ==, n_warnings + 1);
    }
    g_assert_cmpstr(fake_host_device(fake, 11)->words, ==, "it draws more than it has accepted");
}

static void
test_clock(Fixture *fixture, gconstpointer data)
{
    FakeHost *fake = fixture->fake;

    onboard(fixture);
    for (int i = 0; i < 4; i++) {
        g_autofree char *payload = g_strdup_printf(
            "{\"timestamp\":\"2025-10-01T12:02:0%dZ\",\"connectorStatus\":\"%s\",\"evseId\":1,"
            "\"connectorId\":1}",
            i,
            i % 2 == 0 ? "Occupied" : "Available");

        send_call(fixture, "StatusNotification", payload);
        if (i < 3)
            expect_result(fixture, "{}");
    }
    /* two minutes ahead: what it holds is sent again, by its own clock */
    g_assert_cmpint(fake_host_device(fake, 11)->clock_off_us, >, 120 * CFX_SECOND);
    g_assert_nonnull(strstr(answer_call(fixture, "SetChargingProfile", ACCEPTED),
                            "\"startSchedule\":\"2025-10-01T12:02:03Z\""));
    expect_result(fixture, "{}");
    g_assert_cmpuint(fake->n_logged[CFX_LOG_WARNING], ==, 1);
}

static void
test_old_slice(Fixture *fixture, gconstpointer data)
{
    onboard(fixture);
    begin_transaction(fixture);
    apply(fixture, 5, 4140, 4140, 0);
    answer_call(fixture, "SetChargingProfile", ACCEPTED);
    apply(fixture, 4, 11040, 11040, 0);
    expect_nothing(fixture);
    g_assert_cmpint(fake_host_applied(fixture->fake)->head.version, ==, 5);
}

static void
test_pause(Fixture *fixture, gconstpointer data)
{
    FakeHost *fake = fixture->fake;

    onboard(fixture);
    fake_host_advance(fake, 10 * CFX_SECOND);
    begin_transaction(fixture);
    apply(fixture, 2, 6900, 6900, 0);
    answer_call(fixture, "SetChargingProfile", ACCEPTED);
    /* a second increase waits, a decrease does not */
    apply(fixture, 3, 11040, 11040, 0);
    expect_nothing(fixture);
    apply(fixture, 4, 5520, 5520, 0);
    answer_call(fixture, "SetChargingProfile", ACCEPTED);
    apply(fixture, 5, 8280, 8280, 0);
    expect_nothing(fixture);
    fake_host_advance(fake, 10 * CFX_SECOND);
    g_assert_nonnull(strstr(answer_call(fixture, "SetChargingProfile", ACCEPTED), "\"limit\":12"));
}

static void
test_ladder(Fixture *fixture, gconstpointer data)
{
    static const char rejected[] =
        "{\"status\":\"Rejected\",\"statusInfo\":{\"reasonCode\":\"No\"}}";
    FakeHost *fake = fixture->fake;

    boot(fixture);
    apply(fixture, 1, 0, 0, CFX_PLAN_FAIL_SAFE_ONLY);
    answer_call(fixture, "SetChargingProfile", rejected);
    g_assert_nonnull(
        strstr(answer_call(fixture, "SetChargingProfile", rejected), "\"chargingRateUnit\":\"W\""));
    answer_call(fixture, "SetChargingProfile", rejected);
    g_assert_nonnull(strstr(answer_call(fixture, "SetChargingProfile", rejected),
                            "\"startSchedule\":\"2025-10-01T11:59:00Z\""));
    g_assert_nonnull(
        strstr(answer_call(fixture, "SetChargingProfile", rejected), "\"stackLevel\":1"));
    /* the installer's ceiling is read before one of ours may override it */
    expect_nothing(fixture);
    fake_host_advance(fake, 2 * CFX_SECOND);
    answer_call(fixture, "GetChargingProfiles", "{\"status\":\"NoProfiles\"}");
    answer_call(fixture, "GetVariables", "{\"getVariableResult\":[" UNKNOWN_VARIABLE "]}");
    g_assert_nonnull(
        strstr(answer_call(fixture, "SetChargingProfile", rejected), "ChargingStationMaxProfile"));
    g_assert_cmpuint(fake_host_applied(fake)->head.state, ==, CFX_APPLIED_REFUSED);
    g_assert_cmpstr(fake_host_applied(fake)->words, ==, "Rejected, No");
    g_assert_cmpuint(fake_host_applied(fake)->head.n_allowed, ==, 0);
    g_assert_cmpuint(fake_host_device(fake, 11)->flags & CFX_DEVICE_STEERABLE, ==, 0);
    g_assert_cmpuint(fake->n_logged[CFX_LOG_WARNING], ==, 1);
}

/* what is allowed now, by the last word to the host */
static double
allowed_now_w(Fixture *fixture)
{
    const FakeApplied *applied = fake_host_applied(fixture->fake);

    return applied->head.n_allowed > 0 ? g_array_index(applied->w, double, 0) : NAN;
}

#define PROFILE(its_id, its_purpose, its_transaction, its_limit)                                   \
    "{\"id\":" its_id ",\"stackLevel\":0,\"chargingProfilePurpose\":\"" its_purpose                \
    "\"," its_transaction "\"chargingProfileKind\":\"Absolute\",\"chargingSchedule\":[{\"id\":1,"  \
    "\"startSchedule\":\"" AT "\",\"chargingRateUnit\":\"A\",\"chargingSchedulePeriod\":["         \
    "{\"startPeriod\":0,\"limit\":" its_limit "}]}]}"

/* The next call must ask for the profiles; tells these. */
static void
read_back(Fixture *fixture, const char *profiles)
{
    const char *frame = answer_call(fixture, "GetChargingProfiles", ACCEPTED);
    g_auto(GStrv) parts = g_strsplit(frame, "\"requestId\":", 2);
    g_autofree char *report =
        g_strdup_printf("{\"requestId\":%d,\"chargingLimitSource\":\"CSO\",\"evseId\":1,"
                        "\"chargingProfile\":[%s]}",
                        atoi(parts[1]),
                        profiles);

    send_call(fixture, "ReportChargingProfiles", report);
}

/* a car on a plan of 4140 W, and a plan of 11040 W that was sent and is not answered */
static void
leave_unanswered(Fixture *fixture)
{
    onboard(fixture);
    fake_host_advance(fixture->fake, 10 * CFX_SECOND);
    begin_transaction(fixture);
    apply(fixture, 2, 4140, 4140, 0);
    answer_call(fixture, "SetChargingProfile", ACCEPTED);
    fake_host_advance(fixture->fake, 20 * CFX_SECOND);
    apply(fixture, 3, 11040, 11040, 0);
    g_assert_nonnull(fake_host_next(fixture->fake));
}

/* a Rejected says nothing of what was sent before and never answered */
static void
test_doubt(Fixture *fixture, gconstpointer data)
{
    FakeHost *fake = fixture->fake;

    leave_unanswered(fixture);
    fake_host_advance(fake, 31 * CFX_SECOND);
    apply(fixture, 4, 5520, 5520, 0);
    answer_call(fixture, "SetChargingProfile", "{\"status\":\"Rejected\"}");
    g_assert_cmpfloat_with_epsilon(allowed_now_w(fixture), 11040, 1);
    read_back(fixture,
              PROFILE("130", "TxDefaultProfile", "", "6") "," PROFILE(
                  "120", "TxProfile", "\"transactionId\":\"t1\",", "6"));
    expect_result(fixture, "{}");
    g_assert_nonnull(strstr(answer_call(fixture, "SetChargingProfile", ACCEPTED), "\"W\""));
    g_assert_cmpfloat_with_epsilon(allowed_now_w(fixture), 5520, 1);
    g_assert_cmpuint(fake_host_applied(fake)->head.state, ==, CFX_APPLIED_INSTALLED);
}

static void
test_doubt_restart(Fixture *fixture, gconstpointer data)
{
    FakeHost *fake = fixture->fake;

    leave_unanswered(fixture);
    /* stored without waiting for an answer: this process may be killed now */
    g_assert_nonnull(strstr(fake_host_record(fake, "ocpp.station", "depot/CP001"), "tx_doubt"));
    stop_instance(fixture);
    start_instance(fixture);
    g_assert_cmpfloat_with_epsilon(allowed_now_w(fixture), 11040, 1);
    fake->n_read = fake->sent->len;
    g_assert_cmpuint(fake_host_connect(fake, "CP001", "ocpp2.0.1"), ==, 101);
    fake_host_advance(fake, CFX_SECOND);
    read_back(fixture, PROFILE("130", "TxDefaultProfile", "", "6"));
    g_assert_cmpfloat_with_epsilon(allowed_now_w(fixture), 4140, 1);
}

/* the car may go while nobody can tell us: the next one has the default */
static void
test_offline_default(Fixture *fixture, gconstpointer data)
{
    FakeHost *fake = fixture->fake;

    onboard(fixture);
    fake_host_advance(fake, 10 * CFX_SECOND);
    begin_transaction(fixture);
    apply(fixture, 2, 0, 0, 0);
    answer_call(fixture, "SetChargingProfile", ACCEPTED);
    g_assert_cmpfloat(allowed_now_w(fixture), ==, 0);
    fake_host_disconnect(fake);
    g_assert_cmpfloat(allowed_now_w(fixture), ==, 4140);
    g_assert_cmpuint(fake_host_connect(fake, "CP001", "ocpp2.0.1"), ==, 101);
    fake_host_advance(fake, CFX_SECOND);
    read_back(fixture,
              PROFILE("130", "TxDefaultProfile", "", "6") "," PROFILE(
                  "120", "TxProfile", "\"transactionId\":\"t1\",", "0"));
    g_assert_cmpfloat(allowed_now_w(fixture), ==, 0);
}

/* a station that has booted and does not take its fail-safe power again counts at its rating */
static void
test_boot_again(Fixture *fixture, gconstpointer data)
{
    FakeHost *fake = fixture->fake;

    onboard(fixture);
    fake_host_disconnect(fake);
    boot(fixture);
    g_assert_cmpfloat(allowed_now_w(fixture), ==, 4140);
    answer_call(fixture, "SetChargingProfile", "{\"status\":\"Rejected\"}");
    g_assert_cmpuint(fake_host_applied(fake)->head.n_allowed, ==, 0);
    answer_call(fixture, "SetChargingProfile", ACCEPTED);
    g_assert_cmpfloat_with_epsilon(allowed_now_w(fixture), 4140, 1);
}

/* a car that wants more than it was given has not lost what it was given */
static void
test_car_plan(Fixture *fixture, gconstpointer data)
{
    onboard(fixture);
    fake_host_advance(fixture->fake, 10 * CFX_SECOND);
    begin_transaction(fixture);
    apply(fixture, 2, 11040, 11040, 0);
    answer_call(fixture, "SetChargingProfile", ACCEPTED);
    send_call(fixture,
              "NotifyEVChargingSchedule",
              "{\"evseId\":1,\"timeBase\":\"" AT
              "\",\"chargingSchedule\":{\"id\":1,\"chargingRateUnit\":\"A\","
              "\"chargingSchedulePeriod\":[{\"startPeriod\":0,\"limit\":32}]}}");
    g_assert_cmpfloat_with_epsilon(allowed_now_w(fixture), 11040, 1);
    expect_result(fixture, "{\"status\":\"Rejected\"}");
    g_assert_nonnull(strstr(answer_call(fixture, "SetChargingProfile", ACCEPTED), "TxProfile"));
}

/* a plan that stands in for a TxProfile does not end with its transaction */
static void
test_substitute(Fixture *fixture, gconstpointer data)
{
    static const char rejected[] = "{\"status\":\"Rejected\"}";

    onboard(fixture);
    fake_host_advance(fixture->fake, 10 * CFX_SECOND);
    begin_transaction(fixture);
    apply(fixture, 2, 11040, 11040, 0);
    for (int i = 0; i < 5; i++) {
        answer_call(fixture, "SetChargingProfile", rejected);
        fake_host_advance(fixture->fake, 10 * CFX_SECOND);
    }
    g_assert_nonnull(
        strstr(answer_call(fixture, "SetChargingProfile", ACCEPTED), "TxDefaultProfile"));
    send_call(fixture,
              "TransactionEvent",
              "{\"eventType\":\"Ended\",\"timestamp\":\"2025-10-01T12:10:00Z\",\"triggerReason\":"
              "\"EVDeparted\",\"seqNo\":1,\"transactionInfo\":{\"transactionId\":\"t1\"}}");
    g_assert_cmpfloat_with_epsilon(allowed_now_w(fixture), 11040, 10);
    g_assert_nonnull(strstr(answer_call(fixture, "ClearChargingProfile", ACCEPTED), "120"));
    g_assert_cmpfloat(allowed_now_w(fixture), ==, 4140);
}

/* amperes on each phase, @minute minutes after the start */
static void
draw(Fixture *fixture, int minute, double l1_a, double l2_a, double l3_a)
{
    g_autofree char *payload = g_strdup_printf(
        "{\"evseId\":1,\"meterValue\":[{\"timestamp\":\"2025-10-01T12:%02d:00Z\",\"sampledValue\":["
        "{\"value\":%g,\"measurand\":\"Current.Import\",\"phase\":\"L1\"},"
        "{\"value\":%g,\"measurand\":\"Current.Import\",\"phase\":\"L2\"},"
        "{\"value\":%g,\"measurand\":\"Current.Import\",\"phase\":\"L3\"}]}]}",
        minute,
        l1_a,
        l2_a,
        l3_a);

    send_call(fixture, "MeterValues", payload);
}

/* one odd sample decides nothing; what shows more phases than were counted is counted at once */
static void
test_phases(Fixture *fixture, gconstpointer data)
{
    FakeHost *fake = fixture->fake;

    onboard(fixture);
    fake_host_advance(fake, 10 * CFX_SECOND);
    begin_transaction(fixture);
    apply(fixture, 2, 6900, 6900, 0);
    g_assert_nonnull(strstr(answer_call(fixture, "SetChargingProfile", ACCEPTED), "\"limit\":10}"));
    draw(fixture, 1, 6, 0.2, 0.1);
    expect_result(fixture, "{}");
    g_assert_cmpuint(fake_host_device(fake, 11)->phases, ==, 0);
    expect_nothing(fixture);
    draw(fixture, 2, 10, 0.2, 0.1);
    expect_result(fixture, "{}");
    draw(fixture, 3, 10, 0.2, 0.1);
    expect_result(fixture, "{}");
    g_assert_cmpuint(fake_host_device(fake, 11)->phases, ==, 1);
    fake_host_advance(fake, 10 * CFX_SECOND);
    g_assert_nonnull(strstr(answer_call(fixture, "SetChargingProfile", ACCEPTED),
                            "\"limit\":30,\"numberPhases\":1"));
    g_assert_cmpfloat_with_epsilon(allowed_now_w(fixture), 6900, 1);
    draw(fixture, 4, 30, 30, 30);
    g_assert_cmpuint(fake_host_device(fake, 11)->phases, ==, 0);
    g_assert_cmpfloat_with_epsilon(allowed_now_w(fixture), 20700, 1);
    fake_host_run(fake);
    g_assert_nonnull(strstr(answer_call(fixture, "SetChargingProfile", ACCEPTED), "\"limit\":10}"));
    g_assert_cmpfloat_with_epsilon(allowed_now_w(fixture), 6900, 1);
}

/* what the default allows must not depend on the car that is there when it is sent */
static void
test_default_phases(Fixture *fixture, gconstpointer data)
{
    onboard(fixture);
    begin_transaction(fixture);
    send_call(
        fixture,
        "TransactionEvent",
        "{\"eventType\":\"Updated\",\"timestamp\":\"" AT "\",\"triggerReason\":"
        "\"ChargingStateChanged\",\"seqNo\":1,\"numberOfPhasesUsed\":1,\"cableMaxCurrent\":13,"
        "\"transactionInfo\":{\"transactionId\":\"t1\",\"chargingState\":\"Charging\"}}");
    expect_result(fixture, "{}");
    g_assert_cmpuint(fake_host_device(fixture->fake, 11)->phases, ==, 1);
    fixture->fail_safe_w = 5520;
    apply(fixture, 2, 0, 0, CFX_PLAN_FAIL_SAFE_ONLY);
    fake_host_advance(fixture->fake, 10 * CFX_SECOND);
    g_assert_nonnull(strstr(answer_call(fixture, "SetChargingProfile", ACCEPTED), "\"limit\":8}"));
}

static void
test_ladder_remembered(Fixture *fixture, gconstpointer data)
{
    FakeHost *fake = fixture->fake;

    boot(fixture);
    apply(fixture, 1, 0, 0, CFX_PLAN_FAIL_SAFE_ONLY);
    answer_call(fixture,
                "SetChargingProfile",
                "{\"status\":\"Rejected\",\"statusInfo\":{\"reasonCode\":\"InvalidStackLevel\"}}");
    g_assert_nonnull(
        strstr(answer_call(fixture, "SetChargingProfile", ACCEPTED), "\"stackLevel\":1"));
    g_assert_nonnull(strstr(fake_host_record(fake, "ocpp.model", "depot/V/M/"), "\"default\":4"));
    /* a restart later the model is known */
    stop_instance(fixture);
    start_instance(fixture);
    fake->n_read = fake->sent->len;
    boot(fixture);
    apply(fixture, 2, 0, 0, CFX_PLAN_FAIL_SAFE_ONLY);
    g_assert_nonnull(
        strstr(answer_call(fixture, "SetChargingProfile", ACCEPTED), "\"stackLevel\":1"));
}

static void
test_reconnect(Fixture *fixture, gconstpointer data)
{
    FakeHost *fake = fixture->fake;
    const char *frame;
    g_auto(GStrv) parts = NULL;
    g_autofree char *report = NULL;

    onboard(fixture);
    begin_transaction(fixture);
    apply(fixture, 2, 11040, 11040, 0);
    fake_host_advance(fake, 10 * CFX_SECOND);
    answer_call(fixture, "SetChargingProfile", ACCEPTED);
    fake_host_disconnect(fake);
    g_assert_cmpuint(fake_host_device(fake, 11)->flags & CFX_DEVICE_CONNECTED, ==, 0);
    /* its share stays */
    g_assert_cmpfloat_with_epsilon(g_array_index(fake_host_applied(fake)->w, double, 0), 11040, 1);
    g_assert_cmpuint(fake_host_connect(fake, "CP001", "ocpp2.0.1"), ==, 101);
    expect_nothing(fixture);
    fake_host_advance(fake, CFX_SECOND);
    frame = answer_call(fixture, "GetChargingProfiles", ACCEPTED);
    parts = g_strsplit(frame, "\"requestId\":", 2);
    report = g_strdup_printf(
        "{\"requestId\":%d,\"chargingLimitSource\":\"CSO\",\"evseId\":1,\"chargingProfile\":["
        "{\"id\":130,\"stackLevel\":0,\"chargingProfilePurpose\":\"TxDefaultProfile\","
        "\"chargingProfileKind\":\"Absolute\",\"chargingSchedule\":[{\"id\":130,\"startSchedule\":"
        "\"" AT "\",\"chargingRateUnit\":\"A\",\"chargingSchedulePeriod\":[{\"startPeriod\":0,"
        "\"limit\":6.0}]}]},"
        "{\"id\":7,\"stackLevel\":9,\"chargingProfilePurpose\":\"TxDefaultProfile\","
        "\"chargingProfileKind\":\"Relative\",\"chargingSchedule\":[{\"id\":7,"
        "\"chargingRateUnit\":\"A\",\"chargingSchedulePeriod\":[{\"startPeriod\":0,"
        "\"limit\":32}]}]}]}",
        atoi(parts[1]));
    send_call(fixture, "ReportChargingProfiles", report);
    /* somebody else's profile goes; the TxProfile is gone and comes back */
    g_assert_nonnull(strstr(answer_call(fixture, "ClearChargingProfile", ACCEPTED),
                            "{\"chargingProfileId\":7}"));
    expect_result(fixture, "{}");
    g_assert_nonnull(strstr(answer_call(fixture, "SetChargingProfile", ACCEPTED), "TxProfile"));
    g_assert_cmpuint(fake_host_applied(fake)->head.state, ==, CFX_APPLIED_INSTALLED);
}

static void
test_restart(Fixture *fixture, gconstpointer data)
{
    FakeHost *fake = fixture->fake;
    const CfxDevice *device;

    onboard(fixture);
    begin_transaction(fixture);
    apply(fixture, 2, 11040, 11040, 0);
    fake_host_advance(fake, 10 * CFX_SECOND);
    answer_call(fixture, "SetChargingProfile", ACCEPTED);
    stop_instance(fixture);
    g_hash_table_remove_all(fake->devices);
    start_instance(fixture);
    device = fake_host_device(fake, 11);
    g_assert_cmpstr(device->session, ==, "t1");
    g_assert_cmpuint(device->flags, ==, CFX_DEVICE_PLUGGED | CFX_DEVICE_STEERABLE);
    g_assert_cmpfloat_with_epsilon(g_array_index(fake_host_applied(fake)->w, double, 0), 11040, 1);
    g_assert_cmpfloat(fake_host_applied(fake)->head.fail_safe_w, ==, 4140);
    /* it reconnects without a boot and goes on; what came before is known */
    fake->n_read = fake->sent->len;
    g_assert_cmpuint(fake_host_connect(fake, "CP001", "ocpp2.0.1"), ==, 101);
    fake->n_read = fake->sent->len;
    fixture->next_id = 100;
    begin_transaction(fixture);
    g_assert_cmpstr(fake_host_device(fake, 11)->session, ==, "t1");
}

/* what the car has stated and what others allow is told once */
static void
test_restart_needs(Fixture *fixture, gconstpointer data)
{
    FakeHost *fake = fixture->fake;

    onboard(fixture);
    begin_transaction(fixture);
    send_call(
        fixture,
        "NotifyEVChargingNeeds",
        "{\"evseId\":1,\"chargingNeeds\":{\"requestedEnergyTransfer\":\"AC_three_phase\","
        "\"departureTime\":\"2100-01-01T07:00:00Z\",\"acChargingParameters\":{"
        "\"energyAmount\":20000,\"evMinCurrent\":6,\"evMaxCurrent\":16,\"evMaxVoltage\":400}}}");
    double need_wh = fake_host_device(fake, 11)->need_wh;
    gint64 departure_us = fake_host_device(fake, 11)->departure_us;
    g_assert_cmpfloat(need_wh, >=, 20000);
    g_assert_cmpint(departure_us, !=, 0);
    send_call(fixture,
              "NotifyChargingLimit",
              "{\"evseId\":1,\"chargingLimit\":{\"chargingLimitSource\":\"EMS\"},"
              "\"chargingSchedule\":[{\"id\":1,\"chargingRateUnit\":\"W\","
              "\"chargingSchedulePeriod\":[{\"startPeriod\":0,\"limit\":5000}]}]}");
    g_assert_cmpfloat(fake_host_device(fake, 11)->external_w, ==, 5000);
    stop_instance(fixture);
    g_hash_table_remove_all(fake->devices);
    start_instance(fixture);
    g_assert_cmpfloat(fake_host_device(fake, 11)->need_wh, ==, need_wh);
    g_assert_cmpint(fake_host_device(fake, 11)->departure_us, ==, departure_us);
    g_assert_cmpint(fake_host_device(fake, 11)->phases, ==, 3);
    g_assert_cmpfloat(fake_host_device(fake, 11)->external_w, ==, 5000);
}

#define NEEDS(its_wh)                                                                              \
    "{\"evseId\":1,\"chargingNeeds\":{\"requestedEnergyTransfer\":\"AC_three_phase\","             \
    "\"departureTime\":\"2100-01-01T07:00:00Z\",\"acChargingParameters\":{"                        \
    "\"energyAmount\":" its_wh ",\"evMinCurrent\":6,\"evMaxCurrent\":16,\"evMaxVoltage\":400}}}"

/* what is told again because its answer got lost asks for no more than it did */
static void
test_needs_again(Fixture *fixture, gconstpointer data)
{
    FakeHost *fake = fixture->fake;

    onboard(fixture);
    begin_transaction(fixture);
    send_call(fixture, "NotifyEVChargingNeeds", NEEDS("20000"));
    g_assert_cmpfloat(fake_host_device(fake, 11)->need_wh, ==, 20000);
    for (int i = 1; i < 7; i++) {
        g_autofree char *event = g_strdup_printf(
            "{\"eventType\":\"Updated\",\"timestamp\":\"2025-10-01T12:0%d:00Z\",\"triggerReason\":"
            "\"MeterValuePeriodic\",\"seqNo\":%d,\"transactionInfo\":{\"transactionId\":\"t1\","
            "\"chargingState\":\"Charging\"},\"meterValue\":[{\"timestamp\":"
            "\"2025-10-01T12:0%d:00Z\",\"sampledValue\":[{\"value\":%d}]}]}",
            i,
            i,
            i,
            1000 + 200 * i);

        send_call(fixture, "TransactionEvent", event);
    }
    g_assert_cmpfloat(fake_host_device(fake, 11)->stock_wh, ==, 1200);
    send_call(fixture, "NotifyEVChargingNeeds", NEEDS("20000"));
    g_assert_cmpfloat(fake_host_device(fake, 11)->need_wh, ==, 20000);
    /* nor after a restart */
    stop_instance(fixture);
    g_hash_table_remove_all(fake->devices);
    start_instance(fixture);
    g_assert_cmpuint(fake_host_connect(fake, "CP001", "ocpp2.0.1"), ==, 101);
    send_call(fixture, "NotifyEVChargingNeeds", NEEDS("20000"));
    g_assert_cmpfloat(fake_host_device(fake, 11)->need_wh, ==, 20000);
    /* another statement counts from now on */
    send_call(fixture, "NotifyEVChargingNeeds", NEEDS("25000"));
    g_assert_cmpfloat(fake_host_device(fake, 11)->need_wh, ==, 26200);
}

static void
tell_problem(Fixture *fixture, const char *component, const char *value)
{
    g_autofree char *event = g_strdup_printf(
        "{\"generatedAt\":\"" AT "\",\"seqNo\":0,\"eventData\":[{\"eventId\":1,\"timestamp\":\"" AT
        "\",\"trigger\":\"Delta\",\"actualValue\":\"%s\",\"eventNotificationType\":"
        "\"HardWiredNotification\",\"component\":{\"name\":\"%s\"%s},\"variable\":"
        "{\"name\":\"Problem\"}}]}",
        value,
        component,
        strcmp(component, "Connector") == 0 ? ",\"evse\":{\"id\":1,\"connectorId\":1}" : "");

    send_call(fixture, "NotifyEvent", event);
}

static gboolean
is_faulted(Fixture *fixture)
{
    return (fake_host_device(fixture->fake, 11)->flags & CFX_DEVICE_FAULTED) != 0;
}

/* a fault is told once and must outlive us; each of several must go before it is over */
static void
test_problems(Fixture *fixture, gconstpointer data)
{
    onboard(fixture);
    tell_problem(fixture, "TokenReader", "true");
    g_assert_false(is_faulted(fixture));
    tell_problem(fixture, "Connector", "true");
    g_assert_true(is_faulted(fixture));
    tell_problem(fixture, "ChargingStation", "true");
    tell_problem(fixture, "Connector", "false");
    g_assert_true(is_faulted(fixture));
    stop_instance(fixture);
    g_hash_table_remove_all(fixture->fake->devices);
    start_instance(fixture);
    g_assert_true(is_faulted(fixture));
    g_assert_cmpuint(fake_host_connect(fixture->fake, "CP001", "ocpp2.0.1"), ==, 101);
    tell_problem(fixture, "ChargingStation", "false");
    g_assert_false(is_faulted(fixture));
}

static void
test_lost_end(Fixture *fixture, gconstpointer data)
{
    FakeHost *fake = fixture->fake;

    onboard(fixture);
    begin_transaction(fixture);
    send_call(fixture,
              "TransactionEvent",
              "{\"eventType\":\"Started\",\"timestamp\":\"2025-10-01T13:00:00Z\",\"triggerReason\":"
              "\"CablePluggedIn\",\"seqNo\":0,\"transactionInfo\":{\"transactionId\":\"t2\","
              "\"chargingState\":\"EVConnected\"},\"evse\":{\"id\":1}}");
    expect_result(fixture, "{}");
    g_assert_cmpstr(fake_host_device(fake, 11)->session, ==, "t2");
    g_assert_nonnull(strstr(fake_host_record(fake, "ocpp.transaction", "depot/CP001/t1"),
                            "\"closed_by\":\"abandoned\""));
}

static void
test_offline_events(Fixture *fixture, gconstpointer data)
{
    FakeHost *fake = fixture->fake;

    onboard(fixture);
    /* what happened while nobody listened comes in one go, with a gap */
    send_call(fixture,
              "TransactionEvent",
              "{\"eventType\":\"Updated\",\"offline\":true,\"timestamp\":\"2025-10-01T11:10:00Z\","
              "\"triggerReason\":\"MeterValuePeriodic\",\"seqNo\":3,\"transactionInfo\":"
              "{\"transactionId\":\"t0\",\"chargingState\":\"Charging\"},\"evse\":{\"id\":1}}");
    expect_result(fixture, "{}");
    g_assert_nonnull(
        strstr(fake_host_notice(fake, "ocpp.transaction")->doc, "\"event\":\"found\""));
    send_call(fixture,
              "TransactionEvent",
              "{\"eventType\":\"Ended\",\"offline\":true,\"timestamp\":\"2025-10-01T11:30:00Z\","
              "\"triggerReason\":\"EVDeparted\",\"seqNo\":6,\"transactionInfo\":"
              "{\"transactionId\":\"t0\"},\"evse\":{\"id\":1}}");
    expect_result(fixture, "{}");
    g_assert_nonnull(
        strstr(fake_host_notice(fake, "ocpp.transaction")->doc, "\"missing_events\":2"));
    g_assert_nonnull(strstr(fake_host_record(fake, "ocpp.transaction", "depot/CP001/t0"),
                            "\"incomplete\":true"));
    g_assert_cmpstr(fake_host_device(fake, 11)->ended, ==, "t0");
}

static void
test_token(Fixture *fixture, gconstpointer data)
{
    FakeHost *fake = fixture->fake;
    FakeRecord *record = g_new0(FakeRecord, 1);

    onboard(fixture);
    *record = (FakeRecord){ g_strdup("cfx.token"),
                            g_strdup("ISO14443:DEADBEEF"),
                            g_strdup("{\"token\":\"deadbeef\",\"status\":\"accepted\"}") };
    g_hash_table_insert(fake->records, g_strdup("cfx.token ISO14443:DEADBEEF"), record);
    send_call(
        fixture, "Authorize", "{\"idToken\":{\"idToken\":\"deadBEEF\",\"type\":\"ISO14443\"}}");
    expect_result(fixture, "{\"idTokenInfo\":{\"status\":\"Accepted\"}}");
    send_call(fixture, "Authorize", "{\"idToken\":{\"idToken\":\"x\",\"type\":\"ISO14443\"}}");
    expect_result(fixture, "{\"idTokenInfo\":{\"status\":\"Unknown\"}}");
    send_call(
        fixture, "Authorize", "{\"idToken\":{\"idToken\":\"\",\"type\":\"NoAuthorization\"}}");
    expect_result(fixture, "{\"idTokenInfo\":{\"status\":\"Accepted\"}}");
}

static void
test_others(Fixture *fixture, gconstpointer data)
{
    FakeHost *fake = fixture->fake;

    onboard(fixture);
    send_call(fixture, "DataTransfer", "{\"vendorId\":\"x\",\"data\":[1,{\"a\":null}]}");
    expect_result(fixture, "{\"status\":\"UnknownVendorId\"}");
    send_call(fixture,
              "SecurityEventNotification",
              "{\"type\":\"StartupOfTheDevice\",\"timestamp\":\"" AT "\"}");
    expect_result(fixture, "{}");
    g_assert_nonnull(strstr(fake_host_notice(fake, "ocpp.security")->doc, "StartupOfTheDevice"));
    send_call(fixture, "FirmwareStatusNotification", "{\"status\":\"Idle\"}");
    expect_result(fixture, "{}");
    send_call(fixture, "LogStatusNotification", "{\"status\":\"Idle\",\"requestId\":0}");
    expect_result(fixture, "{}");
    send_call(fixture,
              "NotifyEvent",
              "{\"generatedAt\":\"" AT
              "\",\"seqNo\":0,\"eventData\":[{\"eventId\":1,\"timestamp\":\"" AT
              "\",\"trigger\":\"Delta\",\"actualValue\":\"Faulted\",\"eventNotificationType\":"
              "\"HardWiredNotification\",\"component\":{\"name\":\"Connector\",\"evse\":{\"id\":1,"
              "\"connectorId\":1}},\"variable\":{\"name\":\"AvailabilityState\"}}]}");
    expect_result(fixture, "{}");
    g_assert_cmpuint(fake_host_device(fake, 11)->flags & CFX_DEVICE_FAULTED, !=, 0);
    send_call(
        fixture,
        "NotifyChargingLimit",
        "{\"evseId\":1,\"chargingLimit\":{\"chargingLimitSource\":\"SO\"},\"chargingSchedule\":"
        "[{\"id\":1,\"chargingRateUnit\":\"A\",\"chargingSchedulePeriod\":[{\"startPeriod\":0,"
        "\"limit\":10}]}]}");
    expect_result(fixture, "{}");
    g_assert_cmpfloat_with_epsilon(fake_host_device(fake, 11)->external_w, 6900, 1e-6);
    send_call(fixture, "ClearedChargingLimit", "{\"chargingLimitSource\":\"SO\"}");
    expect_result(fixture, "{}");
    g_assert_true(fake_host_device(fake, 11)->external_w > 1e300);
    send_call(fixture,
              "NotifyReport",
              "{\"requestId\":1,\"generatedAt\":\"" AT
              "\",\"seqNo\":0,\"reportData\":[{\"component\":"
              "{\"name\":\"EVSE\",\"evse\":{\"id\":1}},\"variable\":{\"name\":\"Power\"},"
              "\"variableAttribute\":[{\"value\":\"0\"}],\"variableCharacteristics\":{\"dataType\":"
              "\"decimal\",\"supportsMonitoring\":false,\"unit\":\"W\",\"maxLimit\":11000}}]}");
    expect_result(fixture, "{}");
    g_assert_cmpfloat(fake_host_device(fake, 11)->power_max_w, ==, 11000);
    g_assert_nonnull(fake_host_record(fake, "ocpp.inventory", "depot/CP001"));
}

static void
test_takeover(Fixture *fixture, gconstpointer data)
{
    FakeHost *fake = fixture->fake;
    const CfxSocketOps *old_ops;
    gpointer old_data;

    onboard(fixture);
    old_ops = fake->socket_ops;
    old_data = fake->socket_data;
    g_assert_cmpuint(fake_host_connect(fake, "CP001", "ocpp2.0.1"), ==, 101);
    g_assert_cmpuint(fake->close_code, ==, 1000);
    g_assert_true(fake->socket_data != old_data);
    g_assert_cmpuint(fake_host_device(fake, 11)->flags & CFX_DEVICE_CONNECTED, !=, 0);
    /* the fake has one socket for all, so that the old one's end is told apart by a null */
    old_ops->closed(old_data, NULL, 1000, "taken over");
    g_assert_cmpuint(fake_host_device(fake, 11)->flags & CFX_DEVICE_CONNECTED, !=, 0);
}

int
main(int argc, char **argv)
{
    static const struct {
        const char *name;
        void (*test)(Fixture *, gconstpointer);
    } tests[] = {
        { "door", test_door },
        { "gate", test_gate },
        { "errors", test_errors },
        { "boot", test_boot },
        { "durable", test_durable },
        { "repeat", test_repeat },
        { "session", test_session },
        { "outstanding", test_outstanding },
        { "disobedience", test_disobedience },
        { "clock", test_clock },
        { "old-slice", test_old_slice },
        { "pause", test_pause },
        { "ladder", test_ladder },
        { "ladder-remembered", test_ladder_remembered },
        { "doubt", test_doubt },
        { "doubt-restart", test_doubt_restart },
        { "offline-default", test_offline_default },
        { "boot-again", test_boot_again },
        { "car-plan", test_car_plan },
        { "substitute", test_substitute },
        { "phases", test_phases },
        { "default-phases", test_default_phases },
        { "reconnect", test_reconnect },
        { "restart", test_restart },
        { "restart-needs", test_restart_needs },
        { "needs-again", test_needs_again },
        { "problems", test_problems },
        { "lost-end", test_lost_end },
        { "offline-events", test_offline_events },
        { "token", test_token },
        { "others", test_others },
        { "takeover", test_takeover },
    };

    g_test_init(&argc, &argv, NULL);
    for (gsize i = 0; i < G_N_ELEMENTS(tests); i++) {
        g_autofree char *path = g_strdup_printf("/ocpp/station/%s", tests[i].name);

        g_test_add(path, Fixture, NULL, set_up, tests[i].test, tear_down);
    }
    return g_test_run();
}
