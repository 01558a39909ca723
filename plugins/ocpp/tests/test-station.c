/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What a station says, and what the host and the store hear of it. */
#include "station-fixture.h"

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

/* where nobody may start without us the station is told so */
static void
test_offline_start(Fixture *fixture, gconstpointer data)
{
    CfxAsset *site = g_ptr_array_index(fixture->fake->assets, 0);
    GString *asked = g_string_new(NULL);

    site->attributes = "{\"offline-start\":false}";
    onboard(fixture);
    for (guint i = 0; i < fixture->fake->sent->len; i++)
        g_string_append(asked, g_ptr_array_index(fixture->fake->sent, i));
    g_assert_nonnull(strstr(asked->str,
                            "{\"attributeValue\":\"false\",\"component\":{\"name\":\"AuthCtrlr\"},"
                            "\"variable\":{\"name\":\"LocalAuthorizeOffline\"}}"));
    g_assert_nonnull(strstr(asked->str, "OfflineTxForUnknownIdEnabled"));
    g_string_free(asked, TRUE);
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
    /* then its plan is nothing, but its car may leave and the next one begins with the default */
    g_assert_cmpfloat_with_epsilon(g_array_index(fake_host_applied(fake)->w, double, 1), 4140, 1);

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
    static const FixtureTest tests[] = {
        { "door", test_door },
        { "gate", test_gate },
        { "errors", test_errors },
        { "boot", test_boot },
        { "offline-start", test_offline_start },
        { "durable", test_durable },
        { "repeat", test_repeat },
        { "session", test_session },
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

    return fixture_run_tests(argc, argv, "/ocpp/station", tests, G_N_ELEMENTS(tests));
}
