/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The computing parts alone: profiles, curves, meter values, transactions, handshakes, clocks. */
#include "ocpp-door.h"
#include "ocpp-phases.h"
#include "ocpp-frame.h"
#include "ocpp-profile.h"
#include "ocpp-transaction.h"

#include <math.h>

#define T0 G_GINT64_CONSTANT(1759320000000000) /* 2025-10-01T12:00:00Z */
#define QUARTER (15 * CFX_MINUTE)

/* --- profiles ------------------------------------------------------------------------------- */

/* a slice with one device */
typedef struct {
    CfxPlan plan;
    gint64 edges[9], delay[8], asset;
    double power[8], fail_safe[8];
} Slice;

static void
make_slice(Slice *slice, gsize n, const double *power, double fail_safe_w)
{
    *slice = (Slice){ .asset = 11 };
    for (gsize j = 0; j <= n; j++)
        slice->edges[j] = T0 + (gint64)j * QUARTER;
    for (gsize j = 0; j < n; j++) {
        slice->power[j] = power[j];
        slice->fail_safe[j] = fail_safe_w;
    }
    slice->plan = (CfxPlan){ .struct_size = sizeof(CfxPlan),
                             .n_slots = n,
                             .edges_us = { slice->edges, 1 },
                             .raise_delay_us = { slice->delay, 1 },
                             .n_devices = 1,
                             .asset = { &slice->asset, 1 },
                             .power_w = { slice->power, 8, 1 },
                             .fail_safe_w = { slice->fail_safe, 8, 1 } };
}

static const OcppProfileRules amperes = { .unit = OCPP_UNIT_A,
                                          .phases = 3,
                                          .voltage_v = 230,
                                          .min_current_a = 6,
                                          .max_current_a = INFINITY };

static OcppScheduleText *
convert(Slice *slice, const OcppProfileRules *rules, gint64 now_us)
{
    g_autofree OcppCurve *wanted = ocpp_profile_wanted(&slice->plan, 0, now_us);

    return ocpp_profile_schedule(wanted, rules, now_us);
}

static void
assert_periods(const OcppScheduleText *schedule,
               gsize n,
               const gint64 *starts,
               const double *limits)
{
    for (gsize i = 0; i < schedule->n; i++)
        g_test_message(
            "%" G_GINT64_FORMAT " s: %g", schedule->periods[i].start_s, schedule->periods[i].limit);
    g_assert_cmpuint(schedule->n, ==, n);
    for (gsize i = 0; i < n; i++) {
        g_assert_cmpint(schedule->periods[i].start_s, ==, starts[i]);
        g_assert_cmpfloat(schedule->periods[i].limit, ==, limits[i]);
    }
}

static void
test_rounding(void)
{
    /* 22 kW are 31.88 A; 4.2 kW 6.08; 4.1 kW 5.94, which is too little; 6 A to the last bit */
    const double power[] = { 22000, 4200, 4100, 6 * 690.0 };
    const gint64 starts[] = { 0, 900, 1800, 2700, 3600 };
    const double limits[] = { 31.8, 6, 0, 6, 7.9 };
    g_autoptr(OcppScheduleText) schedule = NULL;
    Slice slice;

    make_slice(&slice, 4, power, 5500);
    schedule = convert(&slice, &amperes, T0);
    g_assert_cmpint(schedule->start_us, ==, T0);
    g_assert_cmpint(schedule->n_phases, ==, CFX_JSON_NO_INT);
    assert_periods(schedule, 5, starts, limits);
    g_assert_cmpfloat_with_epsilon(ocpp_curve_at(schedule->curve, T0), 31.8 * 690, 1e-6);
    g_assert_cmpfloat_with_epsilon(
        ocpp_curve_at(schedule->curve, CFX_TIME_MAX - 1), 7.9 * 690, 1e-6);
}

/* it must not start without us: its default is nothing, and its plan ends in the fail-safe power */
static void
test_no_default(void)
{
    const double power[] = { 11040, 0 };
    const gint64 flags = CFX_PLAN_NO_DEFAULT;
    g_autofree OcppCurve *idle = NULL, *plan = NULL;
    Slice slice;

    make_slice(&slice, 2, power, 4140);
    slice.plan.flags = (CfxInts){ &flags, 0 };
    idle = ocpp_profile_fail_safe(&slice.plan, 0, T0);
    plan = ocpp_profile_wanted(&slice.plan, 0, T0);
    g_assert_cmpuint(idle->n, ==, 1);
    g_assert_cmpfloat(ocpp_curve_at(idle, T0), ==, 0);
    g_assert_cmpfloat(ocpp_curve_at(plan, CFX_TIME_MAX - 1), ==, 4140);
}

static void
test_never_above(void)
{
    /* whatever is asked, what is allowed lies nowhere above it */
    for (guint seed = 0; seed < 500; seed++) {
        g_autoptr(GRand) random = g_rand_new_with_seed(seed);
        OcppProfileRules rules = amperes;
        g_autofree OcppCurve *wanted = NULL;
        g_autoptr(OcppScheduleText) schedule = NULL;
        gint64 now_us = T0 + g_rand_int_range(random, 0, 3600) * CFX_SECOND + 1234;
        double power[8];
        Slice slice;

        for (int j = 0; j < 8; j++)
            power[j] = g_rand_double_range(random, -1000, 25000);
        make_slice(&slice, 8, power, g_rand_double_range(random, 0, 8000));
        for (int j = 0; j < 8; j++)
            slice.delay[j] = g_rand_int_range(random, 0, 20) * CFX_SECOND / 2;
        rules.phases = g_rand_int_range(random, 0, 4);
        rules.unit = g_rand_int_range(random, 0, 2);
        rules.max_periods = (gsize)g_rand_int_range(random, 0, 6);
        wanted = ocpp_profile_wanted(&slice.plan, 0, now_us);
        schedule = ocpp_profile_schedule(wanted, &rules, now_us);
        g_assert_cmpuint(schedule->n, >, 0);
        g_assert_cmpint(schedule->periods[0].start_s, ==, 0);
        if (rules.max_periods > 0)
            g_assert_cmpuint(schedule->n, <=, rules.max_periods);
        for (gint64 at = now_us; at < now_us + 3 * CFX_HOUR; at += CFX_SECOND / 2)
            g_assert_cmpfloat(
                ocpp_curve_at(schedule->curve, at), <=, ocpp_curve_at(wanted, at) + 1e-3);
        for (gsize i = 1; i < schedule->n; i++)
            g_assert_cmpint(schedule->periods[i - 1].start_s, <, schedule->periods[i].start_s);
    }
}

static void
test_raise_delay(void)
{
    const double power[] = { 6900, 11040, 6900 };
    const gint64 starts[] = { 0, 910, 1800, 2700 };
    const double limits[] = { 10, 16, 10, 6 };
    g_autoptr(OcppScheduleText) schedule = NULL;
    Slice slice;

    make_slice(&slice, 3, power, 4140);
    slice.delay[1] = slice.delay[2] = 10 * CFX_SECOND;
    schedule = convert(&slice, &amperes, T0);
    assert_periods(schedule, 4, starts, limits);
}

static void
test_past_slots(void)
{
    const double power[] = { 22000, 6900, 11040 };
    const gint64 starts[] = { 0, 900, 1800 };
    const double limits[] = { 10, 16, 6 };
    g_autoptr(OcppScheduleText) schedule = NULL;
    Slice slice;

    make_slice(&slice, 3, power, 4140);
    schedule = convert(&slice, &amperes, T0 + QUARTER + CFX_MINUTE);
    g_assert_cmpint(schedule->start_us, ==, T0 + QUARTER);
    assert_periods(schedule, 3, starts, limits);
    /* a slice that is over leaves the fail-safe power */
    g_clear_pointer(&schedule, ocpp_schedule_free);
    schedule = convert(&slice, &amperes, T0 + CFX_DAY);
    assert_periods(schedule, 1, starts, limits + 2);
}

static void
test_merge(void)
{
    const double power[] = { 6900, 11040, 8280, 9660, 5520 };
    const gint64 starts[] = { 0, 900, 1800, 4500 };
    const double limits[] = { 10, 16, 8, 6 };
    OcppProfileRules rules = amperes;
    g_autoptr(OcppScheduleText) schedule = NULL;
    Slice slice;

    make_slice(&slice, 5, power, 4140);
    rules.max_periods = 4;
    schedule = convert(&slice, &rules, T0);
    assert_periods(schedule, 4, starts, limits);
    g_clear_pointer(&schedule, ocpp_schedule_free);
    rules.max_periods = 1;
    schedule = convert(&slice, &rules, T0);
    assert_periods(schedule, 1, starts, limits + 3);
}

static void
test_phases(void)
{
    const double power[] = { 3680 };
    const gint64 starts[] = { 0, 900 };
    const double one[] = { 16, 6 }, watts[] = { 3680, 0 };
    OcppProfileRules rules = amperes;
    g_autoptr(OcppScheduleText) schedule = NULL;
    Slice slice;

    make_slice(&slice, 1, power, 1380);
    rules.phases = 1;
    schedule = convert(&slice, &rules, T0);
    g_assert_cmpint(schedule->n_phases, ==, 1);
    assert_periods(schedule, 2, starts, one);
    g_clear_pointer(&schedule, ocpp_schedule_free);
    /* in watts the same power is nothing on three phases */
    rules.unit = OCPP_UNIT_W;
    schedule = convert(&slice, &rules, T0);
    g_assert_cmpfloat(schedule->periods[0].limit, ==, watts[0]);
    rules.phases = 0;
    g_clear_pointer(&schedule, ocpp_schedule_free);
    schedule = convert(&slice, &rules, T0);
    assert_periods(schedule, 1, starts, watts + 1);
}

static void
test_no_permission(void)
{
    const double power[] = { NAN, INFINITY, -5 };
    const gint64 starts[] = { 0 };
    const double limits[] = { 0 };
    g_autoptr(OcppScheduleText) schedule = NULL;
    Slice slice;

    make_slice(&slice, 3, power, NAN);
    schedule = convert(&slice, &amperes, T0);
    assert_periods(schedule, 1, starts, limits);
}

static void
test_clock_off(void)
{
    const double power[] = { 6900 };
    OcppProfileRules rules = amperes;
    g_autoptr(OcppScheduleText) schedule = NULL;
    Slice slice;

    make_slice(&slice, 1, power, 4140);
    rules.clock_off_us = 90 * CFX_SECOND;
    schedule = convert(&slice, &rules, T0);
    g_assert_cmpint(schedule->start_us, ==, T0 + 90 * CFX_SECOND);
    g_assert_cmpint(schedule->curve->steps[0].at_us, ==, T0);
}

static void
test_read_back(void)
{
    const double power[] = { 22000, 6900 };
    g_autoptr(OcppScheduleText) schedule = NULL;
    g_autofree OcppCurve *curve = NULL;
    Slice slice;
    gint32 phases;
    OcppSchedule wire;
    OcppProfile profile = { .kind = OCPP_KIND_ABSOLUTE,
                            .valid_from_us = CFX_JSON_NO_TIME,
                            .valid_to_us = CFX_JSON_NO_TIME,
                            .schedules = { &wire, 1 } };

    make_slice(&slice, 2, power, 4140);
    schedule = convert(&slice, &amperes, T0);
    wire = (OcppSchedule){ .start_us = schedule->start_us,
                           .duration_s = CFX_JSON_NO_INT,
                           .rate_unit = schedule->unit,
                           .periods = { schedule->periods, schedule->n } };
    curve = ocpp_profile_read(&profile, &amperes, &phases);
    g_assert_nonnull(curve);
    g_assert_true(ocpp_curve_is_same(curve, schedule->curve, T0));
    g_assert_cmpint(phases, ==, 0);
    schedule->periods[0].n_phases = 1;
    g_free(curve);
    curve = ocpp_profile_read(&profile, &amperes, &phases);
    g_assert_cmpint(phases, ==, 1);
    wire.duration_s = 3600;
    g_assert_null(ocpp_profile_read(&profile, &amperes, &phases));
}

/* --- curves --------------------------------------------------------------------------------- */

static void
test_curves(void)
{
    const OcppStep a_steps[] = { { 0, 10 }, { 100, 30 }, { 200, 10 } };
    const OcppStep b_steps[] = { { 50, 20 } };
    g_autofree OcppCurve *a = ocpp_curve_new(a_steps, 3), *b = ocpp_curve_new(b_steps, 1);
    g_autofree OcppCurve *higher = ocpp_curve_higher(a, b, 60), *from = ocpp_curve_from(a, 150);
    g_autofree OcppCurve *lower = ocpp_curve_lower(a, b, 60);

    g_assert_true(isnan(ocpp_curve_at(b, 49)));
    g_assert_cmpfloat(ocpp_curve_at(a, 199), ==, 30);
    g_assert_cmpfloat(ocpp_curve_at(higher, 60), ==, 20);
    g_assert_cmpfloat(ocpp_curve_at(higher, 150), ==, 30);
    g_assert_cmpfloat(ocpp_curve_at(higher, 1000), ==, 20);
    g_assert_cmpfloat(ocpp_curve_at(lower, 150), ==, 20);
    g_assert_cmpfloat(ocpp_curve_at(lower, 1000), ==, 10);
    g_assert_cmpint(from->steps[0].at_us, ==, 100);
    g_assert_true(ocpp_curve_is_lower_somewhere(a, b, 60, 90));
    g_assert_false(ocpp_curve_is_lower_somewhere(a, b, 100, 200));
    g_assert_true(ocpp_curve_is_same(a, from, 150));
    g_assert_false(ocpp_curve_is_same(a, b, 60));
}

/* --- meter values --------------------------------------------------------------------------- */

static OcppReading
read_meter(const char *json)
{
    g_autofree char *copy = g_strdup(json);
    g_auto(CfxArena) arena = { 0 };
    CfxJsonError error = { 0 };
    OcppMeterValue meter;
    OcppReading reading;

    cfx_arena_init(&arena, NULL, 0, 0);
    if (!cfx_json_decode_text(
            copy, strlen(copy), 0, &ocpp_meter_value_table, &meter, &arena, &error))
        g_error("%s: %s", error.path, error.message);
    ocpp_meter_read(&meter, 230, &reading);
    return reading;
}

#define METER(samples) "{\"timestamp\":\"2025-10-01T12:00:00Z\",\"sampledValue\":[" samples "]}"

static void
test_meter(void)
{
    OcppReading reading = read_meter(METER(
        "{\"value\":1.5,\"unitOfMeasure\":{\"unit\":\"kWh\"}},"
        "{\"value\":36,\"measurand\":\"Power.Active.Import\",\"unitOfMeasure\":{\"unit\":\"W\","
        "\"multiplier\":2}},{\"value\":55,\"measurand\":\"SoC\"}"));

    g_assert_cmpint(reading.at_us, ==, T0);
    g_assert_cmpfloat(reading.energy_wh, ==, 1500);
    g_assert_cmpfloat_with_epsilon(reading.power_w, 3600, 1e-9);
    g_assert_cmpfloat_with_epsilon(reading.soc_ratio, 0.55, 1e-12);
    g_assert_false(reading.is_begin);

    /* of phases the sum; a total stands above them */
    reading = read_meter(
        METER("{\"value\":1000,\"measurand\":\"Power.Active.Import\",\"phase\":\"L1\"},"
              "{\"value\":1100,\"measurand\":\"Power.Active.Import\",\"phase\":\"L2-N\"},"
              "{\"value\":500,\"measurand\":\"Power.Active.Export\"}"));
    g_assert_cmpfloat(reading.power_w, ==, 1600);
    g_assert_true(isnan(reading.energy_wh));

    /* without a power the currents tell it, and the phases that are in use */
    reading = read_meter(METER("{\"value\":16,\"measurand\":\"Current.Import\",\"phase\":\"L1\"},"
                               "{\"value\":0.1,\"measurand\":\"Current.Import\",\"phase\":\"L2\"},"
                               "{\"value\":232,\"measurand\":\"Voltage\",\"phase\":\"L1-N\"}"));
    g_assert_cmpfloat_with_epsilon(reading.power_w, 16.1 * 232, 1e-9);
    g_assert_cmpint(reading.phases, ==, 1);
}

/* --- transactions --------------------------------------------------------------------------- */

static void
test_numbers(void)
{
    OcppTransaction *transaction = ocpp_transaction_new("t");

    g_assert_true(ocpp_transaction_note(transaction, 5));
    g_assert_true(ocpp_transaction_note(transaction, 7));
    g_assert_cmpint(ocpp_transaction_gaps(transaction), ==, 1);
    g_assert_true(ocpp_transaction_note(transaction, 10));
    g_assert_cmpint(ocpp_transaction_gaps(transaction), ==, 3);
    g_assert_false(ocpp_transaction_note(transaction, 7));
    g_assert_true(ocpp_transaction_note(transaction, 6));
    g_assert_true(ocpp_transaction_note(transaction, 9));
    g_assert_true(ocpp_transaction_note(transaction, 8));
    g_assert_cmpint(ocpp_transaction_gaps(transaction), ==, 0);
    g_assert_cmpuint(transaction->seqs->len, ==, 1);
    for (gint64 seq = 5; seq <= 10; seq++)
        g_assert_false(ocpp_transaction_note(transaction, seq));
    ocpp_transaction_free(transaction);
}

static void
test_order(void)
{
    OcppTransaction *transaction = ocpp_transaction_new("t");
    OcppTransactionInfo info = { .charging_state = OCPP_CHARGING_SUSPENDED_EV,
                                 .stopped_reason = -1 };
    OcppTransactionEvent event = {
        .event_type = OCPP_EVENT_UPDATED, .seq_no = 3, .timestamp_us = T0 + 3, .info = &info
    };

    /* the newer one came first: the older one changes no state, but it tells the start */
    g_assert_true(ocpp_transaction_event(transaction, &event));
    g_assert_true(transaction->is_incomplete);
    info.charging_state = OCPP_CHARGING_EV_CONNECTED;
    event.event_type = OCPP_EVENT_STARTED;
    event.seq_no = 0;
    event.timestamp_us = T0;
    g_assert_false(ocpp_transaction_event(transaction, &event));
    g_assert_cmpint(transaction->state, ==, OCPP_CHARGING_SUSPENDED_EV);
    g_assert_cmpint(transaction->started_us, ==, T0);
    g_assert_false(transaction->is_incomplete);
    event.event_type = OCPP_EVENT_ENDED;
    event.seq_no = 4;
    event.timestamp_us = T0 + 4;
    g_assert_true(ocpp_transaction_event(transaction, &event));
    g_assert_false(ocpp_transaction_is_open(transaction));
    /* a late one does not open it again */
    event.event_type = OCPP_EVENT_UPDATED;
    event.seq_no = 5;
    info.charging_state = OCPP_CHARGING_CHARGING;
    ocpp_transaction_event(transaction, &event);
    g_assert_false(ocpp_transaction_is_open(transaction));
    g_assert_cmpint(transaction->state, ==, OCPP_CHARGING_IDLE);
    ocpp_transaction_free(transaction);
}

/* --- handshake and clock -------------------------------------------------------------------- */

static void
test_identity(void)
{
    static const struct {
        const char *path, *identity;
    } cases[] = {
        { "/ocpp/CP001", "CP001" },
        { "/ocpp/CP001/", "CP001" },
        { "/ocpp/any/prefix/CP001", "CP001" },
        { "/ocpp/RDAM%7C123", "RDAM|123" },
        { "/ocpp/RDAM%20123", "RDAM 123" },
        { "/ocpp/x%2541", "x%41" },
        { "/ocpp/", NULL },
        { "/ocpp/a%3Ab", NULL },
        { "/ocpp/a%2Fb", NULL },
        { "/ocpp/%00", NULL },
        { "/ocpp/%ff", NULL },
        { "/ocpp/%0a", NULL },
        { "/ocpp/0123456789012345678901234567890123456789012345678", NULL },
        { "/other/CP001", NULL },
    };

    for (gsize i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autofree char *identity = ocpp_door_identity(cases[i].path, "/ocpp/");

        g_test_message("%s", cases[i].path);
        g_assert_cmpstr(identity, ==, cases[i].identity);
    }
}

static void
test_basic(void)
{
    g_autofree char *user = NULL, *password = NULL;

    g_assert_true(ocpp_door_basic("basic Q1AwMDE6YTpi", &user, &password));
    g_assert_cmpstr(user, ==, "CP001");
    g_assert_cmpstr(password, ==, "a:b");
    g_assert_false(ocpp_door_basic(NULL, &user, &password));
    g_assert_false(ocpp_door_basic("Bearer abc", &user, &password));
    g_assert_false(ocpp_door_basic("Basic Q1AwMDE=", &user, &password));
    g_assert_false(ocpp_door_basic("Basic Q1AAMDE6YQ==", &user, &password));
}

static void
test_phases_learned(void)
{
    OcppPhases phases = { 0 };

    /* a car that ramps up: the first samples show less */
    g_assert_false(ocpp_phases_see(&phases, 1, T0));
    g_assert_false(ocpp_phases_see(&phases, 3, T0 + 10 * CFX_SECOND));
    g_assert_false(ocpp_phases_see(&phases, 3, T0 + 20 * CFX_SECOND));
    g_assert_false(ocpp_phases_see(&phases, 3, T0 + 30 * CFX_SECOND));
    g_assert_cmpint(phases.n, ==, 0);
    g_assert_true(ocpp_phases_see(&phases, 3, T0 + 40 * CFX_SECOND));
    g_assert_cmpint(phases.n, ==, 3);
    /* one odd sample, sent three times */
    for (int i = 0; i < 3; i++)
        g_assert_false(ocpp_phases_see(&phases, 1, T0 + 100 * CFX_SECOND));
    g_assert_cmpint(phases.n, ==, 3);
    g_assert_false(ocpp_phases_see(&phases, 0, T0 + 160 * CFX_SECOND));
    g_assert_false(ocpp_phases_see(&phases, 1, T0 + 220 * CFX_SECOND));
    g_assert_true(ocpp_phases_see(&phases, 1, T0 + 280 * CFX_SECOND));
    g_assert_cmpint(phases.n, ==, 1);
    /* more than was known: unknown at once, known when it lasts */
    g_assert_true(ocpp_phases_see(&phases, 3, T0 + 340 * CFX_SECOND));
    g_assert_cmpint(phases.n, ==, 0);
    ocpp_phases_state(&phases, 1);
    g_assert_cmpint(phases.n, ==, 0);
    phases = (OcppPhases){ 0 };
    /* a statement stands against fewer phases, not against more */
    ocpp_phases_state(&phases, 2);
    for (int i = 0; i < 5; i++)
        g_assert_false(ocpp_phases_see(&phases, 1, T0 + (400 + i * 60) * CFX_SECOND));
    g_assert_cmpint(phases.n, ==, 2);
    g_assert_true(ocpp_phases_see(&phases, 3, T0 + 800 * CFX_SECOND));
    g_assert_cmpint(phases.n, ==, 0);
    ocpp_phases_state(&phases, 2);
    g_assert_cmpint(phases.n, ==, 0);
}

static void
test_clock(void)
{
    OcppStation *station = ocpp_station_new(NULL, "CP001");

    for (int i = 0; i < 3; i++)
        ocpp_station_saw_clock(station, T0 - CFX_HOUR, T0);
    g_assert_cmpint(ocpp_station_clock_off(station), ==, 0);
    /* one fresh message shows that the others had only waited */
    ocpp_station_saw_clock(station, T0 - CFX_SECOND, T0);
    g_assert_cmpint(ocpp_station_clock_off(station), ==, 0);
    for (int i = 0; i < 4; i++)
        ocpp_station_saw_clock(station, T0 + 40 * CFX_SECOND, T0);
    g_assert_cmpint(ocpp_station_clock_off(station), ==, 40 * CFX_SECOND);
    ocpp_station_unref(station);
}

static void
test_hash(void)
{
    g_assert_cmpuint(ocpp_frame_hash("[2,\"1\"]", 7), !=, ocpp_frame_hash("[2,\"2\"]", 7));
    g_assert_cmpuint(ocpp_frame_hash("12345678", 8), !=, ocpp_frame_hash("12345679", 8));
    g_assert_cmpuint(ocpp_frame_hash("123456789", 9), ==, ocpp_frame_hash("123456789", 9));
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/ocpp/profile/rounding", test_rounding);
    g_test_add_func("/ocpp/profile/never-above", test_never_above);
    g_test_add_func("/ocpp/profile/no-default", test_no_default);
    g_test_add_func("/ocpp/profile/raise-delay", test_raise_delay);
    g_test_add_func("/ocpp/profile/past-slots", test_past_slots);
    g_test_add_func("/ocpp/profile/merge", test_merge);
    g_test_add_func("/ocpp/profile/phases", test_phases);
    g_test_add_func("/ocpp/profile/no-permission", test_no_permission);
    g_test_add_func("/ocpp/profile/clock-off", test_clock_off);
    g_test_add_func("/ocpp/profile/read-back", test_read_back);
    g_test_add_func("/ocpp/curve", test_curves);
    g_test_add_func("/ocpp/meter", test_meter);
    g_test_add_func("/ocpp/transaction/numbers", test_numbers);
    g_test_add_func("/ocpp/transaction/order", test_order);
    g_test_add_func("/ocpp/door/identity", test_identity);
    g_test_add_func("/ocpp/door/basic", test_basic);
    g_test_add_func("/ocpp/station/clock", test_clock);
    g_test_add_func("/ocpp/station/phases", test_phases_learned);
    g_test_add_func("/ocpp/frame/hash", test_hash);
    return g_test_run();
}
