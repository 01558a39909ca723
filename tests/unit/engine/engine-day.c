/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A day of the site, from noon to noon, with the real scheduler and stations that obey. */
#include "engine-fixture.h"

#include "session/cfx-session.h"

#include <json-glib/json-glib.h>

#define NOON FIXTURE_START
#define BASE_MAX_W 16000.0
#define BASE_W 15000.0
#define F_W 4140.0

typedef struct {
    guint station;
    const char *session;
    gint arrive_min, leave_min, by_min; /* minutes after noon */
    double need_wh;                     /* 0: says nothing */
    double room_wh;
    double max_w;
    guint phases;
} Car;

static const Car cars[] = {
    { 0, "van", 40, 330, 320, 14000, 20000, 11000, 3 },
    { 1, "visitor", 80, 280, 0, 0, 12000, 7360, 1 },
    { 2, "night", 362, 1150, 1140, 22000, 30000, 22000, 3 },
    { 3, "teacher", 340, 1125, 1110, 18000, 25000, 11000, 3 },
    { 4, "nurse", 375, 1190, 1170, 25000, 30000, 11000, 3 },
    { 5, "small", 330, 1115, 1095, 15000, 20000, 3680, 1 },
    { 6, "baker", 405, 1155, 1140, 16000, 25000, 11000, 3 },
    { 7, "office", 445, 1210, 1170, 20000, 30000, 11000, 3 },
    { 8, "family", 510, 1240, 1200, 15000, 22000, 11000, 3 },
    { 9, "tourist", 550, 1300, 0, 0, 17000, 3680, 1 },
};

static gint64
minute(gint m)
{
    return NOON + m * CFX_MINUTE;
}

static double
price_at(gint m)
{
    gint hour = (m / 60 + 12) % 24;

    return hour >= 18 && hour < 22 ? 240 : hour < 6 ? 90 : hour < 9 ? 150 : 130;
}

/* one minute of the world: cars draw what they may */
static double
world_minute(Fixture *f, gint m)
{
    double sum_w = BASE_W;

    for (gsize i = 0; i < G_N_ELEMENTS(cars); i++) {
        const Car *car = &cars[i];
        FixtureStation *station = &f->stations[car->station];
        if (g_strcmp0(station->device.session, car->session) != 0)
            continue;
        double w = fixture_allowed_w(f, car->station, f->site_us);
        double per_phase = w / (car->phases * 230);
        w = MIN(per_phase * car->phases * 230, car->max_w);
        if (per_phase < 6 - 1e-6 || station->device.stock_wh >= car->room_wh)
            w = 0;
        station->device.power_w = w;
        station->device.stock_wh += w / 60;
        station->register_wh += w / 60;
        sum_w += w;
        if (w > 0)
            station->device.flags |= CFX_DEVICE_CHARGING;
        else
            station->device.flags &= ~(guint32)CFX_DEVICE_CHARGING;
        if (station->device.stock_wh >= car->room_wh)
            station->device.flags |= CFX_DEVICE_FULL;
        if (m % 5 == 0 && station->online)
            fixture_report(f, car->station);
    }
    return sum_w;
}

static void
arrivals(Fixture *f, gint m)
{
    for (gsize i = 0; i < G_N_ELEMENTS(cars); i++) {
        const Car *car = &cars[i];
        if (car->arrive_min == m) {
            f->stations[car->station].device.current_max_a = car->max_w / car->phases / 230;
            fixture_plug(f,
                         car->station,
                         car->session,
                         car->need_wh > 0 ? car->need_wh : NAN,
                         car->by_min > 0 ? minute(car->by_min) : 0);
            f->stations[car->station].device.phases = car->phases;
            fixture_report(f, car->station);
        }
        if (car->leave_min == m)
            fixture_unplug(f, car->station);
    }
}

static double
limit_at(gint m)
{
    return m >= 390 && m < 480 ? 35000 : m >= 1035 && m < 1080 ? 35000 : 70000;
}

typedef struct {
    gint crash_min;   /* 0: none */
    gint offline_min; /* of station 2; 0: none */
} Day;

static void
run_day(const Day *day)
{
    const CfxSchedulerOps *ops = fixture_real_scheduler();
    if (ops == NULL) {
        g_test_skip("no scheduler module");
        return;
    }
    FixtureSetup setup = { .fail_safe_w = F_W, .stations = 10, .scheduler = ops };
    Fixture *f = fixture_new(&setup);
    double import_wh = 100000, cost = 0;
    double worst_over_w = -INFINITY;

    for (gint m = 0; m < 1440; m += 15)
        fixture_believe(f, SOURCE_SIGNAL, SENSOR_PRICE, minute(m), 0, 1, price_at(m));
    for (gint m = 0; m < 2160; m += 15)
        fixture_believe(f, SOURCE_FORECAST, SENSOR_BASE, minute(m), 0, 1, BASE_W);
    fixture_believe(f, SOURCE_METER, SENSOR_IMPORT, minute(0), 0, 1, import_wh);
    fixture_believe(f, SOURCE_METER, SENSOR_EXPORT, minute(0), 0, 1, 5000);
    fixture_start(f);

    for (gint m = 0; m < 1440; m++) {
        if (m == 300) /* 17:00: announces 18:30 to 20:00 */
            fixture_believe(f, SOURCE_SIGNAL, SENSOR_LOAD_CONTROL, minute(390), CFX_MINUTE, 90, 50);
        if (m == 930)
            fixture_believe(
                f, SOURCE_SIGNAL, SENSOR_DEMAND_RESPONSE, minute(1035), CFX_MINUTE, 45, 2);
        if (day->offline_min != 0 && (m == day->offline_min || m == day->offline_min + 15)) {
            f->stations[2].online = m != day->offline_min;
            fixture_report(f, 2);
        }
        if (m == day->crash_min && m != 0) {
            fixture_crash(f);
            fixture_start(f);
        }
        arrivals(f, m);
        fixture_run(f);
        /* at every instant what stations may draw lies under the limit */
        for (gint s = 0; s < 60; s += 5) {
            gint64 us = minute(m) + s * CFX_SECOND;
            double over_w = fixture_worst_w(f, us) + BASE_MAX_W - limit_at(m);
            if (over_w > worst_over_w)
                worst_over_w = over_w;
            if (over_w > 1 && g_getenv("CFX_TEST_LOG") != NULL)
                g_printerr("# minute %d second %d over by %.0f W\n", m, s, over_w);
        }
        double w = world_minute(f, m);
        import_wh += w / 60;
        cost += w / 60 / 1e6 * price_at(m);
        fixture_advance(f, CFX_MINUTE);
        fixture_believe(f, SOURCE_METER, SENSOR_IMPORT, minute(m + 1), 0, 1, import_wh);
        fixture_believe(f, SOURCE_METER, SENSOR_EXPORT, minute(m + 1), 0, 1, 5000);
        fixture_run(f);
    }
    g_assert_cmpfloat(worst_over_w, <=, 1);

    g_autoptr(GError) error = NULL;
    g_autofree char *json = fixture_report_json(f, 0, 0, &error);
    g_assert_no_error(error);
    if (g_getenv("CFX_TEST_LOG") != NULL)
        g_printerr("# %s\n", json);
    g_autoptr(JsonParser) parser = json_parser_new();
    g_assert_true(json_parser_load_from_data(parser, json, -1, NULL));
    JsonObject *report = json_node_get_object(json_parser_get_root(parser));
    JsonObject *site = json_object_get_object_member(report, "site");
    g_assert_cmpfloat_with_epsilon(json_object_get_double_member(site, "cost"), cost, cost * 1e-3);
    g_assert_cmpint(json_object_get_int_member(site, "minutes_over_limit"), ==, 0);
    JsonObject *plans = json_object_get_object_member(report, "plans");
    g_assert_cmpint(json_object_get_int_member(plans, "count"), >, 50);
    g_assert_cmpfloat(json_object_get_double_member(plans, "worst_gap"), <=, 1e-3);

    JsonArray *sessions = json_object_get_array_member(report, "sessions");
    g_assert_cmpuint(json_array_get_length(sessions), ==, G_N_ELEMENTS(cars));
    for (guint i = 0; i < json_array_get_length(sessions); i++) {
        JsonObject *session = json_array_get_object_element(sessions, i);
        const Car *car = &cars[i];
        double delivered = json_object_get_double_member(session, "delivered_kwh");
        if (car->need_wh > 0) {
            g_assert_cmpstr(json_object_get_string_member(session, "need"), ==, "stated");
            g_assert_cmpfloat(delivered, >=, car->need_wh / 1e3 - 0.1);
            g_assert_cmpfloat(json_object_get_double_member(session, "promised_kwh"),
                              >=,
                              car->need_wh / 1e3 - 0.1);
        } else {
            g_assert_cmpstr(json_object_get_string_member(session, "need"), ==, "assumed");
            g_assert_true(json_object_get_null_member(session, "promised_kwh"));
            g_assert_cmpfloat(delivered, >=, MIN(15, car->room_wh / 1e3) - 0.2);
        }
    }
    fixture_free(f);
}

static void
test_plain(void)
{
    const Day day = { 0, 0 };

    run_day(&day);
}

static void
test_crash(void)
{
    const Day day = { 470, 0 };

    run_day(&day);
}

static void
test_offline(void)
{
    const Day day = { 0, 560 };

    run_day(&day);
}

/* A need that fits in the night on one phase is promised whole, and comes on one phase, wherever
 * the cheap hours lie. */
static void
test_unknown_phases(void)
{
    const CfxSchedulerOps *ops = fixture_real_scheduler();
    if (ops == NULL) {
        g_test_skip("no scheduler module");
        return;
    }
    FixtureSetup setup = { .fail_safe_w = F_W, .stations = 10, .scheduler = ops };
    Fixture *f = fixture_new(&setup);
    const gint arrive_min = 407, by_min = 1140;
    FixtureStation *station = &f->stations[6];

    for (gint m = 0; m < 2160; m += 15) {
        gboolean is_cheap = m >= 840 && m < 960; /* 02:00 to 04:00 */
        fixture_believe(f, SOURCE_SIGNAL, SENSOR_PRICE, minute(m), 0, 1, is_cheap ? 30 : 130);
        fixture_believe(f, SOURCE_FORECAST, SENSOR_BASE, minute(m), 0, 1, BASE_W);
    }
    fixture_start(f);
    fixture_advance(f, arrive_min * CFX_MINUTE);
    station->device.current_max_a = 16;
    f->car_phases = 0;
    fixture_plug(f, 6, "baker", 16000, minute(by_min));
    fixture_run(f);
    for (gint m = arrive_min; m < by_min; m++) {
        g_assert_cmpfloat(fixture_session(f, 6)->promised_wh, ==, 16000);
        double w = fixture_allowed_w(f, 6, f->site_us) / 3;
        station->device.power_w = w;
        station->device.stock_wh += w / 60;
        station->register_wh += w / 60;
        if (m % 5 == 0)
            fixture_report(f, 6);
        fixture_advance(f, CFX_MINUTE);
    }
    g_assert_cmpfloat(station->device.stock_wh, >=, 16000);
    fixture_free(f);
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/engine/day/plain", test_plain);
    g_test_add_func("/engine/day/crash", test_crash);
    g_test_add_func("/engine/day/offline", test_offline);
    g_test_add_func("/engine/day/unknown-phases", test_unknown_phases);
    return g_test_run();
}
