/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Profiles: what a station is sent, what it may draw by what it has answered. */
#include "station-fixture.h"

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

/* a station that is mute for long is asked again, ever more seldom, until it has taken it */
static void
test_repeated(Fixture *fixture, gconstpointer data)
{
    FakeHost *fake = fixture->fake;
    guint n = 0;

    onboard(fixture);
    fake_host_advance(fake, 10 * CFX_SECOND);
    begin_transaction(fixture);
    apply(fixture, 2, 0, 0, 0);
    for (int i = 0; i < 38; i++) {
        const char *frame;

        while ((frame = fake_host_next(fake)) != NULL)
            n += strstr(frame, "SetChargingProfile") != NULL;
        fake_host_advance(fake, 31 * CFX_SECOND);
    }
    /* twenty minutes: some eight times, and not a hundred */
    g_assert_cmpuint(n, >=, 6);
    g_assert_cmpuint(n, <=, 20);
    for (int i = 0; i < 9; i++) {
        fake_host_advance(fake, CFX_MINUTE);
        answer_all(fixture);
    }
    g_assert_cmpuint(fake_host_applied(fake)->head.state, ==, CFX_APPLIED_INSTALLED);
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
    g_assert_nonnull(
        strstr(answer_call(fixture, "SetChargingProfile", rejected), "ChargingStationMaxProfile"));
    g_assert_cmpuint(fake_host_applied(fake)->head.state, ==, CFX_APPLIED_REFUSED);
    g_assert_cmpstr(fake_host_applied(fake)->words, ==, "Rejected, No");
    g_assert_cmpuint(fake_host_applied(fake)->head.n_allowed, ==, 0);
    g_assert_cmpuint(fake_host_device(fake, 11)->flags & CFX_DEVICE_STEERABLE, ==, 0);
    g_assert_cmpuint(fake->n_logged[CFX_LOG_WARNING], ==, 1);
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

/* the car may go at any time, also while nobody can tell us: the next one has the default */
static void
test_offline_default(Fixture *fixture, gconstpointer data)
{
    FakeHost *fake = fixture->fake;

    onboard(fixture);
    fake_host_advance(fake, 10 * CFX_SECOND);
    begin_transaction(fixture);
    apply(fixture, 2, 0, 0, 0);
    answer_call(fixture, "SetChargingProfile", ACCEPTED);
    g_assert_cmpfloat(allowed_now_w(fixture), ==, 4140);
    fake_host_disconnect(fake);
    g_assert_cmpfloat(allowed_now_w(fixture), ==, 4140);
    g_assert_cmpuint(fake_host_connect(fake, "CP001", "ocpp2.0.1"), ==, 101);
    fake_host_advance(fake, CFX_SECOND);
    read_back(fixture,
              PROFILE("130", "TxDefaultProfile", "", "6") "," PROFILE(
                  "120", "TxProfile", "\"transactionId\":\"t1\",", "0"));
    g_assert_cmpfloat(allowed_now_w(fixture), ==, 4140);
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

int
main(int argc, char **argv)
{
    static const FixtureTest tests[] = {
        { "outstanding", test_outstanding },
        { "repeated", test_repeated },
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
    };

    return fixture_run_tests(argc, argv, "/ocpp/steer", tests, G_N_ELEMENTS(tests));
}
