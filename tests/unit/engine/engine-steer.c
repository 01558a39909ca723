/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The chain around a scheduler of the test's own: who is told what, in which order. */
#include "engine-fake.h"

#include "apply/cfx-apply.h"
#include "session/cfx-session.h"

#include <json-glib/json-glib.h>

#define F_W 4140.0

static Fixture *
fixture(guint stations)
{
    FixtureSetup setup = { .fail_safe_w = F_W, .stations = stations, .scheduler = &fake_ops };

    fake_reset();
    return fixture_new(&setup);
}

static void
plug(Fixture *f, guint i, const char *session, double kw)
{
    fake_wished_kw[i] = kw;
    fixture_plug(f, i, session, 20000, f->site_us + 10 * CFX_HOUR);
    fixture_run(f);
}

/* a plan that is worth a message */
static void
replan(Fixture *f)
{
    fixture_advance(f, CFX_SLOT - f->site_us % CFX_SLOT);
}

/* --- tests
 * ------------------------------------------------------------------------------------------- */

static void
test_first_call(void)
{
    Fixture *f = fixture(2);

    fixture_start(f);
    for (guint i = 0; i < 2; i++) {
        g_assert_cmpuint(f->stations[i].slices, ==, 1);
        g_assert_cmpint(f->stations[i].flags & CFX_PLAN_FAIL_SAFE_ONLY, !=, 0);
        g_assert_cmpfloat(fixture_allowed_w(f, i, f->site_us), ==, F_W);
    }
    /* nothing new, nothing sent */
    fixture_advance(f, 2 * CFX_HOUR);
    g_assert_cmpuint(f->stations[0].slices, ==, 1);
    fixture_free(f);
}

static void
test_rating_until_accepted(void)
{
    Fixture *f = fixture(4);

    f->stations[0].answers = FALSE;
    fixture_start(f);
    /* one of 22 kW that has accepted nothing, two idle: 70 - 16 - 22 - 2 x 4.14 */
    plug(f, 1, "a", 22);
    g_assert_cmpfloat_with_epsilon(fake_room_kw, 54 - 22 - 2 * F_W / 1e3, 1e-6);
    fixture_answer(f, 0);
    fixture_report(f, 0);
    fixture_run(f);
    g_assert_cmpfloat_with_epsilon(fake_room_kw, 54 - 3 * F_W / 1e3, 1e-6);
    fixture_free(f);
}

static void
test_offline_counts(void)
{
    Fixture *f = fixture(2);

    fixture_start(f);
    plug(f, 0, "a", 22);
    g_assert_cmpfloat_with_epsilon(fixture_allowed_w(f, 0, f->site_us), 22000, 70);
    f->stations[0].online = FALSE;
    fixture_report(f, 0);
    fixture_run(f);
    plug(f, 1, "b", 22);
    g_assert_cmpfloat_with_epsilon(fake_room_kw, 54 - 22, 0.1);
    /* the whole host goes and comes back before the station does: its share is kept */
    fixture_crash(f);
    cfx_engine_start(f->engine, NULL, NULL);
    fixture_run(f);
    fixture_report(f, 1);
    fixture_run(f);
    g_assert_cmpfloat_with_epsilon(fake_room_kw, 54 - 22, 0.1);
    g_assert_nonnull(fixture_session(f, 0));
    g_assert_cmpstr(fixture_session(f, 0)->id, ==, "a");
    fixture_free(f);
}

static void
test_versions_survive(void)
{
    Fixture *f = fixture(1);

    fixture_start(f);
    plug(f, 0, "a", 10);
    gint64 version = f->stations[0].version;
    g_assert_cmpint(version, >, 0);
    double promised_wh = fixture_session(f, 0)->promised_wh;
    fixture_crash(f);
    /* the adapter, too, has forgotten what the car said */
    f->stations[0].device.need_wh = NAN;
    f->stations[0].device.departure_us = 0;
    fixture_start(f);
    g_assert_cmpint(fixture_session(f, 0)->need_wh.from, ==, CFX_FROM_CAR);
    g_assert_cmpfloat(fixture_session(f, 0)->need_wh.value, ==, 20000);
    g_assert_cmpint(fixture_session(f, 0)->departure_from, ==, CFX_FROM_CAR);
    replan(f);
    /* the fixture itself refuses versions that do not rise */
    g_assert_cmpint(f->stations[0].version, >, version);
    g_assert_cmpfloat(fixture_session(f, 0)->promised_wh, ==, promised_wh);
    fixture_free(f);
}

static void
test_decrease_first(void)
{
    Fixture *f = fixture(5);

    fixture_start(f);
    plug(f, 0, "a", 22);
    plug(f, 1, "b", 15);
    /* 37 kW and three idle ones: 49.4 of 54. Now they change places */
    fake_wished_kw[0] = 5;
    fake_wished_kw[1] = 22;
    f->stations[0].answers = FALSE;
    f->stations[2].online = TRUE;
    plug(f, 2, "c", 10);
    /* the first is told less; while it is silent nobody gets its power */
    g_assert_nonnull(f->stations[0].waiting.owner);
    g_assert_cmpfloat_with_epsilon(fixture_allowed_w(f, 0, f->site_us), 22000, 70);
    g_assert_cmpfloat(fixture_sum_w(f, f->site_us) + 16000, <=, 70001);
    g_assert_cmpfloat(fixture_allowed_w(f, 1, f->site_us), <, 16000);
    fixture_answer(f, 0);
    g_assert_cmpfloat_with_epsilon(fixture_allowed_w(f, 0, f->site_us), 5000, 70);
    g_assert_cmpfloat_with_epsilon(fixture_allowed_w(f, 1, f->site_us), 22000, 70);
    g_assert_cmpfloat_with_epsilon(fixture_allowed_w(f, 2, f->site_us), 10000, 70);
    g_assert_cmpfloat(fixture_sum_w(f, f->site_us) + 16000, <=, 70001);
    fixture_free(f);
}

static void
test_cut_at_once(void)
{
    Fixture *f = fixture(3);

    fixture_start(f);
    plug(f, 0, "a", 20);
    plug(f, 1, "b", 20);
    g_assert_cmpfloat(fixture_sum_w(f, f->site_us), >, 40000);
    /* the solver fails from now on: the cut does not need it */
    fake_fails = TRUE;
    fixture_believe(f,
                    SOURCE_SIGNAL,
                    SENSOR_LOAD_CONTROL,
                    f->site_us - f->site_us % CFX_MINUTE,
                    CFX_MINUTE,
                    60,
                    50);
    fixture_run(f);
    g_assert_cmpint(f->stations[0].all_flags & CFX_PLAN_URGENT, !=, 0);
    g_assert_cmpfloat(fixture_sum_w(f, f->site_us) + 16000, <=, 35001);
    g_assert_cmpfloat(fixture_sum_w(f, f->site_us), >, 10000);
    g_assert_cmpuint(fixture_count_notices(f, "cfx.story.limit"), ==, 1);
    fixture_free(f);
}

/* what cannot be told to draw less keeps its share, and the others make room for it */
static void
test_cut_beside_offline(void)
{
    Fixture *f = fixture(3);

    fixture_start(f);
    plug(f, 0, "a", 10);
    plug(f, 1, "b", 20);
    fake_fails = TRUE;
    f->stations[0].online = FALSE;
    fixture_report(f, 0);
    fixture_run(f);
    fixture_believe(f,
                    SOURCE_SIGNAL,
                    SENSOR_LOAD_CONTROL,
                    f->site_us - f->site_us % CFX_MINUTE,
                    CFX_MINUTE,
                    60,
                    50);
    fixture_run(f);
    g_assert_cmpfloat_with_epsilon(fixture_allowed_w(f, 0, f->site_us), 10000, 70);
    g_assert_cmpfloat(fixture_sum_w(f, f->site_us) + 16000, <=, 35001);
    g_assert_cmpfloat(fixture_allowed_w(f, 1, f->site_us), >, F_W);
    fixture_free(f);
}

/* so does what an operator holds back, of one station and of the whole site */
static void
test_hold_cuts_at_once(void)
{
    Fixture *f = fixture(2);
    const CfxHoldAsk of_station = { .where = "CP001", .max = "7 kW", .length = "1h" };
    const CfxHoldAsk of_site = { .where = "Martinique", .max = "30 kW", .length = "1h" };

    fixture_start(f);
    plug(f, 0, "a", 20);
    plug(f, 1, "b", 20);
    fake_fails = TRUE;
    g_free(cfx_engine_hold_set(f->engine, &of_station, NULL));
    fixture_run(f);
    g_assert_cmpfloat(fixture_allowed_w(f, 0, f->site_us), <=, 7000);
    g_assert_cmpfloat(fixture_allowed_w(f, 0, f->site_us), >, F_W);
    g_assert_cmpfloat(fixture_allowed_w(f, 1, f->site_us), >, 19000);
    g_free(cfx_engine_hold_set(f->engine, &of_site, NULL));
    fixture_run(f);
    g_assert_cmpfloat(fixture_sum_w(f, f->site_us) + 16000, <=, 30001);
    fixture_free(f);
}

static void
test_event_lowers_fail_safe(void)
{
    Fixture *f = fixture(10);
    gint64 start_us = f->site_us + 2 * CFX_HOUR;

    fixture_start(f);
    fixture_believe(f, SOURCE_SIGNAL, SENSOR_LOAD_CONTROL, start_us, CFX_MINUTE, 60, 50);
    fixture_run(f);
    /* ten times 4.14 kW and the base load do not fit under 35 kW: the default dips, and comes back
     */
    for (guint i = 0; i < 10; i++) {
        g_assert_cmpfloat(fixture_allowed_w(f, i, start_us - 1), ==, F_W);
        g_assert_cmpfloat(fixture_allowed_w(f, i, start_us), ==, 0);
        g_assert_cmpfloat(fixture_allowed_w(f, i, start_us + CFX_HOUR), ==, F_W);
    }
    fixture_free(f);
}

static void
test_refuses_to_be_steered(void)
{
    Fixture *f = fixture(2);

    fixture_start(f);
    f->stations[0].refuses = TRUE;
    plug(f, 0, "a", 10);
    g_assert_cmpuint(fixture_count_notices(f, "cfx.story.refused"), ==, 1);
    /* it counts with its rating from now on */
    plug(f, 1, "b", 10);
    g_assert_cmpfloat_with_epsilon(fake_room_kw, 54 - 22, 1e-6);
    fixture_free(f);
}

static void
test_site_refused(void)
{
    FixtureSetup setup = { .fail_safe_w = 6000, .stations = 10, .scheduler = &fake_ops };
    Fixture *f = fixture_new(&setup);
    g_autoptr(GError) error = NULL;

    fixture_start(f);
    CfxSite *site = fixture_site(f);
    g_assert_cmpint(site->state, ==, CFX_SITE_REFUSED);
    /* ten times 6 kW and 16 kW are more than 70: the text has the numbers */
    g_assert_nonnull(strstr(site->problem, "70"));
    g_assert_nonnull(strstr(site->problem, "76"));
    g_assert_cmpuint(f->stations[0].slices, ==, 0);
    g_assert_null(cfx_engine_plan_json(f->engine, 0, &error));
    g_assert_error(error, CFX_ERROR, CFX_ERROR_NOT_FOUND);
    fixture_free(f);
}

static void
test_limit_is_missing(void)
{
    FixtureSetup setup = { .fail_safe_w = F_W,
                           .stations = 2,
                           .scheduler = &fake_ops,
                           .flex_context = "{\"site-power-capacity\":\"100 kW\"}" };
    Fixture *f = fixture_new(&setup);

    fixture_start(f);
    g_assert_cmpint(fixture_site(f)->state, ==, CFX_SITE_REFUSED);
    g_assert_nonnull(strstr(fixture_site(f)->problem, "site-consumption-capacity"));
    fixture_free(f);
}

static void
test_token_and_entry(void)
{
    Fixture *f = fixture(2);
    g_autoptr(GError) error = NULL;

    f->preferred_token = "ISO14443:MQ-1";
    f->preference = (CfxEnginePreference){ 18000, 6000, 6 * 60 + 30 };
    fixture_start(f);
    g_assert_false(cfx_engine_session_set(f->engine, "CP001", "20kWh", NULL, &error));
    g_assert_error(error, CFX_ERROR, CFX_ERROR_NOT_FOUND);
    g_clear_error(&error);
    f->stations[0].device.token = "ISO14443:MQ-1";
    fixture_plug(f, 0, "a", NAN, 0);
    fixture_run(f);
    const CfxSession *session = fixture_session(f, 0);
    g_assert_cmpint(session->need_wh.from, ==, CFX_FROM_TOKEN);
    g_assert_cmpfloat(session->need_wh.value, ==, 18000);
    /* 06:30 on Martinique is 10:30Z */
    gint64 by_us = 0;
    g_assert_true(cfx_time_parse("2025-06-03T10:30:00Z", -1, &by_us));
    g_assert_cmpint(session->departure_us, ==, by_us);

    g_assert_true(cfx_engine_session_set(f->engine, "CP001", "20kWh", "07:00", &error));
    g_assert_no_error(error);
    g_assert_cmpint(session->need_wh.from, ==, CFX_FROM_ENTRY);
    g_assert_cmpint(session->departure_us, ==, by_us + 30 * CFX_MINUTE);
    static const char *const wrong[][3] = {
        { "CP009", "20kWh", NULL },    { "CP001", "20", NULL },
        { "CP001", "-5 kWh", NULL },   { "CP001", NULL, "25:00" },
        { "CP001", "20 kW", "07:00" }, { "CP001", NULL, "2020-01-01T00:00:00Z" },
    };
    for (gsize i = 0; i < G_N_ELEMENTS(wrong); i++) {
        g_assert_false(
            cfx_engine_session_set(f->engine, wrong[i][0], wrong[i][1], wrong[i][2], &error));
        g_assert_nonnull(error);
        g_clear_error(&error);
    }
    g_assert_cmpfloat(session->need_wh.value, ==, 20000);
    fixture_free(f);
}

static void
need_told(gpointer data, const GError *error)
{
    *(gint *)data = error != NULL ? error->code : -2;
}

/* by a plugin, for a person whose role it says */
static void
test_state_by_plugin(void)
{
    Fixture *f = fixture(1);
    const CfxDeviceApi *api = cfx_engine_device_api();
    const CfxHost *host = &f->adapter->host;
    CfxNeedAsk ask = { .struct_size = sizeof ask, .role = CFX_ROLE_OPERATE, .need_wh = 21000 };
    gint said = -1;

    fixture_start(f);
    ask.asset = f->stations[0].device.asset;
    api->session_set(host, &ask, need_told, &said);
    g_assert_cmpint(said, ==, -1); /* never before it has returned */
    fixture_run(f);
    g_assert_cmpint(said, ==, CFX_ERROR_NOT_FOUND); /* no car */
    fixture_plug(f, 0, "a", NAN, 0);
    fixture_run(f);
    const CfxSession *session = fixture_session(f, 0);
    const struct {
        guint32 role;
        double need_wh;
        const char *by;
        gint asset, code;
    } wrong[] = {
        { CFX_ROLE_READ, 21000, NULL, 0, CFX_ERROR_AUTH },
        { CFX_ROLE_OPERATE, NAN, NULL, 0, CFX_ERROR_INVALID },
        { CFX_ROLE_OPERATE, -1, NULL, 0, CFX_ERROR_INVALID },
        { CFX_ROLE_OPERATE, 1e6 + 1, NULL, 0, CFX_ERROR_INVALID },
        { CFX_ROLE_OPERATE, INFINITY, NULL, 0, CFX_ERROR_INVALID },
        { CFX_ROLE_OPERATE, 21000, "25:00", 0, CFX_ERROR_INVALID },
        { CFX_ROLE_OPERATE, 21000, NULL, 4711, CFX_ERROR_NOT_FOUND },
    };
    for (gsize i = 0; i < G_N_ELEMENTS(wrong); i++) {
        CfxNeedAsk bad = { .struct_size = sizeof bad,
                           .role = wrong[i].role,
                           .asset = wrong[i].asset != 0 ? wrong[i].asset : ask.asset,
                           .need_wh = wrong[i].need_wh,
                           .by = wrong[i].by };
        api->session_set(host, &bad, need_told, &said);
        fixture_run(f);
        g_assert_cmpint(said, ==, wrong[i].code);
        g_assert_cmpint(session->need_wh.from, !=, CFX_FROM_ENTRY);
    }
    ask.by = "07:00";
    api->session_set(host, &ask, need_told, &said);
    fixture_run(f);
    g_assert_cmpint(said, ==, -2);
    g_assert_cmpint(session->need_wh.from, ==, CFX_FROM_ENTRY);
    g_assert_cmpfloat(session->need_wh.value, ==, 21000);
    /* what is not given stays */
    gint64 by_us = session->departure_us;
    ask.by = NULL;
    ask.need_wh = 8000;
    api->session_set(host, &ask, need_told, &said);
    fixture_run(f);
    g_assert_cmpfloat(session->need_wh.value, ==, 8000);
    g_assert_cmpint(session->departure_us, ==, by_us);
    fixture_free(f);
}

static void
test_full(void)
{
    Fixture *f = fixture(1);

    fixture_start(f);
    plug(f, 0, "a", 11);
    FixtureStation *station = &f->stations[0];
    station->device.stock_wh = 9000;
    station->device.power_w = 0;
    station->device.flags |= CFX_DEVICE_FULL;
    fixture_report(f, 0);
    fixture_run(f);
    g_assert_false(fixture_session(f, 0)->is_full);
    fixture_advance(f, 11 * CFX_MINUTE);
    fixture_report(f, 0);
    fixture_run(f);
    g_assert_true(fixture_session(f, 0)->is_full);
    /* it keeps 6 A */
    g_assert_cmpfloat_with_epsilon(fixture_allowed_w(f, 0, f->site_us), 4140, 1);
    /* it draws again: it is a car with a need */
    station->device.flags &= ~(guint32)CFX_DEVICE_FULL;
    station->device.power_w = 4000;
    fixture_report(f, 0);
    fixture_run(f);
    g_assert_false(fixture_session(f, 0)->is_full);
    fixture_free(f);
}

static void
test_early_leave(void)
{
    Fixture *f = fixture(2);

    fixture_start(f);
    plug(f, 0, "a", 11);
    f->stations[0].device.stock_wh = 4000;
    fixture_advance(f, CFX_HOUR);
    fixture_unplug(f, 0);
    fixture_run(f);
    g_assert_null(fixture_session(f, 0));
    g_autoptr(GError) error = NULL;
    g_autofree char *json = cfx_engine_sessions_json(f->engine);
    g_autoptr(JsonParser) parser = json_parser_new();
    g_assert_true(json_parser_load_from_data(parser, json, -1, &error));
    JsonArray *sessions = json_object_get_array_member(
        json_node_get_object(json_parser_get_root(parser)), "sessions");
    g_assert_cmpuint(json_array_get_length(sessions), ==, 1);
    JsonObject *session = json_array_get_object_element(sessions, 0);
    g_assert_cmpstr(json_object_get_string_member(session, "cause"), ==, "left-early");
    g_assert_cmpfloat(json_object_get_double_member(session, "delivered_wh"), ==, 4000);
    g_assert_cmpfloat(json_object_get_double_member(session, "promised_wh"), ==, 20000);
    /* what is told again of a session that has ended does not open it */
    f->stations[0].device.session = "a";
    fixture_report(f, 0);
    fixture_run(f);
    g_assert_null(fixture_session(f, 0));
    fixture_free(f);
}

static void
plan_came(gpointer data, const CfxPlan *plan, const GError *error)
{
    g_assert_no_error(error);
    g_assert_cmpint(plan->site, ==, 1);
    (*(guint *)data)++;
}

static void
plan_failed(gpointer data, const CfxPlan *plan, const GError *error)
{
    g_assert_null(plan);
    *(gint *)data = error->code;
}

static void
test_ask(void)
{
    Fixture *f = fixture(1);
    guint asked = 0, watched = 0;
    gint code = -1;
    const CfxDeviceApi *api = cfx_engine_device_api();
    CfxPlanAsk ask = { .struct_size = sizeof ask, .kind = CFX_PLAN_APPLIED, .site = 1 };

    fixture_start(f);
    guint64 watch = api->watch(&f->adapter->host, 1, plan_came, &watched);
    api->ask(&f->adapter->host, &ask, plan_came, &asked);
    g_assert_cmpuint(asked, ==, 0); /* never before it has returned */
    fixture_run(f);
    g_assert_cmpuint(asked, ==, 1);
    g_assert_cmpuint(watched, ==, 1);
    api->current(&f->adapter->host, 0, plan_came, &asked);
    fixture_run(f);
    g_assert_cmpuint(asked, ==, 2);
    ask.site = 99;
    api->ask(&f->adapter->host, &ask, plan_failed, &code);
    fixture_run(f);
    g_assert_cmpint(code, ==, CFX_ERROR_INVALID);
    fake_fails = TRUE;
    ask.site = 1;
    api->ask(&f->adapter->host, &ask, plan_failed, &code);
    fixture_run(f);
    g_assert_cmpint(code, ==, CFX_ERROR_FAILED);
    api->unwatch(&f->adapter->host, watch);
    fixture_free(f);
}

static void
test_leading_edge(void)
{
    Fixture *f = fixture(2);

    fixture_start(f);
    guint before = fake_n_solves;
    /* news of one turn make one plan; what comes while it runs makes one more */
    fake_wished_kw[0] = fake_wished_kw[1] = 5;
    fixture_plug(f, 0, "a", 20000, f->site_us + 10 * CFX_HOUR);
    fixture_plug(f, 1, "b", 20000, f->site_us + 10 * CFX_HOUR);
    fixture_run(f);
    g_assert_cmpuint(fake_n_solves - before, >=, 1);
    g_assert_cmpuint(fake_n_solves - before, <=, 2);
    /* a new plan that changes nothing sends nothing */
    guint slices = f->stations[0].slices;
    replan(f);
    replan(f);
    g_assert_cmpuint(fake_n_solves - before, >=, 3);
    g_assert_cmpuint(f->stations[0].slices, ==, slices);
    fixture_free(f);
}

static void
test_state(void)
{
    Fixture *f = fixture(1);
    CfxDevice device = { .struct_size = sizeof device };
    CfxDevice *to = &device;
    gint64 asset = FIXTURE_FIRST_ASSET;

    fixture_start(f);
    plug(f, 0, "a", 5);
    g_assert_true(cfx_engine_device_api()->state(&f->adapter->host, &asset, 1, &to));
    g_assert_cmpstr(device.session, ==, "a");
    asset = 4711;
    g_assert_false(cfx_engine_device_api()->state(&f->adapter->host, &asset, 1, &to));
    g_assert_cmpint(device.asset, ==, 0);
    g_autofree char *json = cfx_engine_devices_json(f->engine);
    g_autoptr(JsonNode) node = json_from_string(json, NULL);
    g_assert_nonnull(node);
    fixture_free(f);
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/engine/apply/first-call", test_first_call);
    g_test_add_func("/engine/apply/rating-until-accepted", test_rating_until_accepted);
    g_test_add_func("/engine/apply/decrease-first", test_decrease_first);
    g_test_add_func("/engine/apply/event-lowers-fail-safe", test_event_lowers_fail_safe);
    g_test_add_func("/engine/apply/refused", test_refuses_to_be_steered);
    g_test_add_func("/engine/guard/cut-beside-offline", test_cut_beside_offline);
    g_test_add_func("/engine/plan/offline-counts", test_offline_counts);
    g_test_add_func("/engine/plan/leading-edge", test_leading_edge);
    g_test_add_func("/engine/plan/ask", test_ask);
    g_test_add_func("/engine/guard/cut-at-once", test_cut_at_once);
    g_test_add_func("/engine/guard/hold-cuts-at-once", test_hold_cuts_at_once);
    g_test_add_func("/engine/recover/versions", test_versions_survive);
    g_test_add_func("/engine/site/fail-safe-sum", test_site_refused);
    g_test_add_func("/engine/site/limit-missing", test_limit_is_missing);
    g_test_add_func("/engine/session/token-and-entry", test_token_and_entry);
    g_test_add_func("/engine/session/full", test_full);
    g_test_add_func("/engine/session/early-leave", test_early_leave);
    g_test_add_func("/engine/device/state", test_state);
    g_test_add_func("/engine/device/state-by-plugin", test_state_by_plugin);
    return g_test_run();
}
