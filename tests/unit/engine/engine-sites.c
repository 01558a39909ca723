/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Sites that come, change and go: refused ones, such as cannot be read, and those that share
 * stations; under all of it their limits hold.
 */
#include "engine-scene.h"

#include "apply/cfx-apply.h"
#include "plan/cfx-trigger.h"
#include "recover/cfx-recover.h"
#include "session/cfx-session.h"

/* the limit is known, and too low for the fail-safe powers: no plan any more, but the limit holds
 */
static void
test_refused_keeps_its_limit(void)
{
    FixtureSetup setup = { .fail_safe_w = F_W, .stations = 5, .scheduler = &fake_ops };
    Fixture *f = fixture_of(setup);

    fixture_start(f);
    plug(f, 0, "a", 22);
    plug(f, 1, "b", 15);
    setup.fail_safe_w = 11000;
    fixture_change(f, &setup);
    g_assert_cmpint(fixture_site(f)->state, ==, CFX_SITE_REFUSED);
    g_assert_cmpfloat(fixture_worst_w(f, f->site_us) + BASE_W, <=, LIMIT_W + 5);
    guint solves = fake_n_solves;
    cut_to(f, f->site_us - f->site_us % CFX_MINUTE, 60, 50);
    g_assert_cmpuint(fake_n_solves, ==, solves);
    g_assert_cmpfloat(fixture_worst_w(f, f->site_us) + BASE_W, <=, 35005);
    /* what stations have accepted goes on under the limit; nobody gets more */
    fixture_advance(f, 2 * CFX_HOUR);
    g_assert_cmpfloat(fixture_worst_w(f, f->site_us) + BASE_W, <=, LIMIT_W + 5);
    fixture_free(f);
}

/* the daemon is killed while a site must not be steered: what it had planned is cut even so */
static void
test_refused_after_crash(void)
{
    FixtureSetup setup = { .fail_safe_w = F_W, .stations = 5, .scheduler = &fake_ops };
    Fixture *f = fixture_of(setup);

    fixture_start(f);
    plug(f, 0, "a", 22);
    plug(f, 1, "b", 15);
    setup.fail_safe_w = 11000;
    fixture_change(f, &setup);
    fixture_crash(f);
    start_engine(f);
    g_assert_cmpint(fixture_site(f)->state, ==, CFX_SITE_REFUSED);
    for (guint i = 0; i < 5; i++)
        comes(f, i);
    cut_to(f, f->site_us - f->site_us % CFX_MINUTE, 60, 50);
    g_assert_cmpfloat(fixture_worst_w(f, f->site_us) + BASE_W, <=, 35005);
    fixture_advance(f, 2 * CFX_HOUR);
    g_assert_cmpfloat(fixture_worst_w(f, f->site_us) + BASE_W, <=, LIMIT_W + 5);
    fixture_free(f);
}

/* A site that must not be steered any more finds a car at a station of which nothing is known: not
 * what it was sent before the crash, perhaps not even what it can draw. That is no permission. */
static void
test_refused_and_unknown(void)
{
    for (int unrated = 0; unrated < 2; unrated++) {
        FixtureSetup setup = { .fail_safe_w = F_W, .stations = 5, .unrated = unrated };
        Fixture *f = fixture_of(setup);

        f->stations[0].answers = FALSE;
        for (guint i = 0; i < 5 && unrated; i++)
            f->stations[i].device.power_max_w = NAN;
        fixture_start(f);
        plug(f, 0, "a", 22);
        g_assert_false(fixture_device(f, 0)->has_allowed);
        setup.station_attributes[4] = "\"fail-safe-power\":\"60 kW\"";
        fixture_change(f, &setup);
        fixture_crash(f);
        f->stations[0].answers = TRUE;
        start_engine(f);
        g_assert_cmpint(fixture_site(f)->state, ==, CFX_SITE_REFUSED);
        for (guint i = 0; i < 5; i++)
            comes(f, i);
        fixture_advance(f, CFX_HOUR);
        g_assert_cmpint(fixture_device(f, 0)->applied_state, ==, CFX_APPLIED_INSTALLED);
        g_assert_true(f->stations[0].has_tx);
        g_assert_cmpfloat(fixture_allowed_w(f, 0, f->site_us), <=, F_W);
        g_assert_cmpfloat(cfx_curve_at(&fixture_device(f, 0)->desired, f->site_us), <=, F_W);
        g_assert_cmpfloat(fixture_worst_w(f, f->site_us) + BASE_W, <=, LIMIT_W + 5);
        fixture_free(f);
    }
}

/* The contract is lowered so far that the site must not be steered, then the daemon is killed: with
 * no signal and no edge of the limit to come, the limit holds for good. */
static void
test_refused_contract(void)
{
    FixtureSetup setup = { .fail_safe_w = F_W, .stations = 5, .scheduler = &fake_ops };
    Fixture *f = fixture_of(setup);

    fixture_start(f);
    plug(f, 0, "a", 22);
    plug(f, 1, "b", 15);
    fixture_crash(f);
    setup.flex_context =
        "{\"site-power-capacity\":\"100 kW\",\"site-consumption-capacity\":\"35 kW\"}";
    fixture_change(f, &setup);
    start_engine(f);
    g_assert_cmpint(fixture_site(f)->state, ==, CFX_SITE_REFUSED);
    for (guint i = 0; i < 5; i++)
        comes(f, i);
    for (guint m = 0; m < 180; m++) {
        g_assert_cmpfloat(fixture_worst_w(f, f->site_us) + BASE_W, <=, 35005);
        fixture_advance(f, CFX_MINUTE);
    }
    fixture_free(f);
}

/* its limit goes missing while a plan is solved: that plan is no permission, and no crash */
static void
test_limit_goes_while_solving(void)
{
    FixtureSetup setup = { .fail_safe_w = F_W, .stations = 4, .scheduler = &fake_ops };
    Fixture *f = fixture_of(setup);

    fixture_start(f);
    plug(f, 0, "a", 22);
    f->hangs = TRUE;
    plug(f, 1, "b", 22);
    g_assert_nonnull(fixture_site(f)->run);
    setup.flex_context = "{\"site-power-capacity\":\"100 kW\"}";
    fixture_change(f, &setup);
    g_assert_cmpint(fixture_site(f)->state, ==, CFX_SITE_REFUSED);
    fixture_release(f);
    fixture_run(f);
    g_assert_null(fixture_site(f)->run);
    g_assert_cmpfloat(fixture_worst_w(f, f->site_us), ==, 0);
    fixture_advance(f, CFX_HOUR);
    g_assert_cmpfloat(fixture_worst_w(f, f->site_us), ==, 0);
    fixture_free(f);
}

/* a store that cannot be read is no empty one: a hold and a limit of the grid may be in it */
static void
test_store_unreadable(void)
{
    Fixture *f = fixture(3);
    const CfxHoldAsk ask = { .where = "CP001", .max = "5 kW", .length = "2h" };

    fixture_start(f);
    plug(f, 0, "a", 22);
    plug(f, 1, "b", 22);
    cut_to(f, f->site_us - f->site_us % CFX_MINUTE, 60, 50);
    g_free(cfx_engine_hold_set(f->engine, &ask, NULL));
    fixture_run(f);
    fixture_crash(f);
    f->read_fails = TRUE;
    start_engine(f);
    for (guint i = 0; i < 3; i++)
        comes(f, i);
    g_assert_cmpint(fixture_site(f)->state, ==, CFX_SITE_LOADING);
    wait_real(f, 20 * G_USEC_PER_SEC);
    g_assert_cmpint(fixture_site(f)->state, ==, CFX_SITE_LOADING);
    g_assert_cmpfloat(fixture_worst_w(f, f->site_us) + BASE_W, <=, 35005);
    f->read_fails = FALSE;
    wait_real(f, 6 * G_USEC_PER_SEC);
    g_assert_cmpint(fixture_site(f)->state, ==, CFX_SITE_READY);
    g_assert_cmpuint(fixture_site(f)->holds->len, ==, 1);
    g_assert_cmpfloat(cfx_curve_at(&fixture_site(f)->limit, f->site_us), ==, 35000);
    g_assert_cmpfloat(fixture_worst_w(f, f->site_us) + BASE_W, <=, 35005);
    g_assert_cmpfloat(fixture_allowed_w(f, 0, f->site_us), <=, 5000);
    fixture_free(f);
}

/* new sensors of a site that runs: it goes on under the limits that it knows, and asks again */
static void
test_new_sensors_unreadable(void)
{
    const FixtureSetup with = { .fail_safe_w = F_W, .stations = 3, .scheduler = &fake_ops };
    FixtureSetup without = with;
    Fixture *f = fixture_of(with);

    without.site_attributes = "\"sensors\":{\"price\":[84],\"demand-response\":87}";
    fixture_change(f, &without);
    fixture_start(f);
    plug(f, 0, "a", 22);
    plug(f, 1, "b", 22);
    cut_to(f, f->site_us - f->site_us % CFX_MINUTE, 60, 50);
    g_assert_cmpfloat(fixture_worst_w(f, f->site_us) + BASE_W, >, 50000);
    f->read_fails = TRUE;
    fixture_change(f, &with);
    g_assert_cmpint(fixture_site(f)->state, ==, CFX_SITE_READY);
    fixture_believe(
        f, SOURCE_SIGNAL, SENSOR_DEMAND_RESPONSE, f->site_us - f->site_us % CFX_MINUTE, 0, 1, 2);
    fixture_run(f);
    g_assert_cmpfloat(fixture_worst_w(f, f->site_us) + BASE_W, <=, 35005);
    fixture_believe(
        f, SOURCE_SIGNAL, SENSOR_DEMAND_RESPONSE, f->site_us - f->site_us % CFX_MINUTE, 0, 1, 0);
    fixture_run(f);
    f->read_fails = FALSE;
    wait_real(f, 6 * G_USEC_PER_SEC);
    g_assert_cmpfloat(cfx_curve_at(&fixture_site(f)->limit, f->site_us), ==, 35000);
    fixture_free(f);
}

/* a site goes while a turn is posted for it, or while its plan is being solved */
static void
test_site_goes(void)
{
    const FixtureSetup two = {
        .fail_safe_w = F_W, .stations = 5, .second = 2, .scheduler = &fake_ops
    };
    FixtureSetup one = two;
    Fixture *f = fixture_of(two);

    one.second = 0;
    fixture_start(f);
    plug(f, 3, "d", 22);
    cfx_apply_pump(cfx_engine_site(f->engine, 2));
    fixture_change(f, &one);
    g_assert_cmpuint(fixture_site(f)->devices->len, ==, 5);
    g_assert_null(cfx_engine_site(f->engine, 2));

    fixture_change(f, &two);
    fixture_plug(f, 3, "e", 20000, f->site_us + 10 * CFX_HOUR);
    CfxSite *site = cfx_engine_site(f->engine, 2);
    while (site->run == NULL)
        g_assert_true(fixture_turn(f));
    fixture_change(f, &one);
    g_assert_null(cfx_engine_site(f->engine, 2));
    replan(f);
    assert_under(f, LIMIT_W, BASE_W);

    /* its values are being read as well, and come before the plan does */
    fixture_change(f, &two);
    f->hangs = TRUE;
    fixture_plug(f, 3, "f", 20000, f->site_us + 10 * CFX_HOUR);
    fixture_run(f);
    site = cfx_engine_site(f->engine, 2);
    g_assert_nonnull(site->run);
    cfx_recover_beliefs(site);
    fixture_change(f, &one);
    g_assert_true(cfx_engine_site(f->engine, 2) == site);
    g_assert_cmpuint(site->slot_timer, ==, 0);
    fixture_advance(f, CFX_HOUR);
    /* whatever was started meanwhile goes with it */
    cfx_trigger_clock(site);
    fixture_release(f);
    fixture_run(f);
    g_assert_null(cfx_engine_site(f->engine, 2));
    fixture_advance(f, CFX_HOUR);
    fixture_free(f);
}

/* A site that goes and comes back while it is read is another one: what was asked for the first is
 * no answer to the second. */
static void
test_site_comes_back(void)
{
    const FixtureSetup two = { .stations = 5, .second = 2 };
    FixtureSetup one = two;
    Fixture *f = fixture_of(two);

    one.second = 0;
    one.stations = 3;
    fixture_change(f, &one);
    start_engine(f);
    fixture_remodel(f, &two);
    guint reads = g_queue_get_length(&f->queue);
    g_assert_cmpuint(cfx_engine_site(f->engine, 2)->loads, >, 1);
    fixture_remodel(f, &one);
    fixture_remodel(f, &two);
    guint loads = cfx_engine_site(f->engine, 2)->loads;
    while (reads-- > 0)
        g_assert_true(fixture_turn(f));
    g_assert_cmpint(cfx_engine_site(f->engine, 2)->state, ==, CFX_SITE_LOADING);
    g_assert_cmpuint(cfx_engine_site(f->engine, 2)->loads, ==, loads);
    fixture_run(f);
    g_assert_cmpint(cfx_engine_site(f->engine, 2)->state, ==, CFX_SITE_READY);
    g_assert_cmpuint(cfx_engine_site(f->engine, 2)->loads, ==, 0);
    fixture_free(f);
}

static void
note_done(gpointer data, const GError *error)
{
    g_assert_no_error(error);
    (*(guint *)data)++;
}

/* the start waits for a site that goes away meanwhile, and nothing else moves */
static void
test_goes_at_the_start(void)
{
    const FixtureSetup two = { .stations = 5, .second = 2 };
    FixtureSetup one = two;
    Fixture *f = fixture_of(two);
    guint n_done = 0;

    one.second = 0;
    one.stations = 3;     /* the first site is as it was */
    f->read_fails = TRUE; /* the first site is tried again later: the start does not wait for it */
    cfx_engine_start(f->engine, note_done, &n_done);
    while (fixture_site(f)->load_timer == 0)
        g_assert_true(fixture_turn(f));
    g_assert_cmpuint(cfx_engine_site(f->engine, 2)->loads, >, 0);
    fixture_remodel(f, &one);
    g_assert_cmpuint(n_done, ==, 0);
    fixture_run(f);
    g_assert_cmpuint(n_done, ==, 1);
    fixture_free(f);
}

static double
sum_of(const Fixture *f, guint first, guint end)
{
    double sum_w = 0;

    for (guint i = first; i < end; i++)
        sum_w += fixture_allowed_w(f, i, f->site_us);
    return sum_w;
}

static void
test_two_sites(void)
{
    const FixtureSetup setup = {
        .fail_safe_w = F_W, .stations = 5, .second = 2, .scheduler = &fake_ops
    };
    Fixture *f = fixture_of(setup);

    fixture_start(f);
    plug(f, 0, "a", 22);
    plug(f, 1, "b", 22);
    plug(f, 3, "d", 22);
    plug(f, 4, "e", 22);
    g_assert_cmpfloat_with_epsilon(sum_of(f, 0, 3), 44000 + F_W, 150);
    g_assert_cmpfloat_with_epsilon(sum_of(f, 3, 5), 44000, 150);
    cut_to(f, f->site_us - f->site_us % CFX_MINUTE, 60, 50);
    g_assert_cmpfloat(sum_of(f, 0, 3) + BASE_W, <=, 35005);
    g_assert_cmpfloat_with_epsilon(sum_of(f, 3, 5), 44000, 150);

    /* a station moves to the other site with what it has */
    FixtureSetup moved = setup;
    moved.second = 3;
    fixture_change(f, &moved);
    CfxSite *second = cfx_engine_site(f->engine, 2);
    g_assert_cmpuint(second->devices->len, ==, 3);
    g_assert_cmpuint(fixture_site(f)->devices->len, ==, 2);
    g_assert_true(fixture_device(f, 2)->site == second);
    g_assert_true(fixture_device(f, 2)->has_allowed);
    moved.second = 1;
    fixture_change(f, &moved);
    g_assert_cmpuint(second->devices->len, ==, 1);
    g_assert_cmpuint(fixture_site(f)->devices->len, ==, 4);
    g_assert_true(fixture_device(f, 3)->site == fixture_site(f));
    g_assert_cmpstr(fixture_session(f, 3)->id, ==, "d");
    replan(f);
    fixture_free(f);
}

/* an adapter takes no slice that is older than the last: a station that comes from a site which has
 * sent many is steered all the same, and after a restart too */
static void
test_moves_with_versions(void)
{
    const FixtureSetup setup = { .fail_safe_w = F_W, .stations = 3, .second = 1 };
    FixtureSetup moved = setup;
    Fixture *f = fixture_of(setup);

    moved.second = 2;
    fixture_start(f);
    fixture_site(f)->version += 5000;
    plug(f, 1, "a", 10);
    g_assert_cmpint(f->stations[1].version, >, cfx_engine_site(f->engine, 2)->version);
    fixture_change(f, &(FixtureSetup){ .fail_safe_w = F_W, .stations = 3 });
    fixture_change(f, &moved); /* the site that it comes to is read from the store first */
    for (int k = 0; k < 2; k++) {
        fixture_unplug(f, 1);
        fixture_run(f);
        plug(f, 1, k == 0 ? "b" : "c", 22); /* the fixture asserts that versions rise */
        g_assert_cmpfloat_with_epsilon(fixture_allowed_w(f, 1, f->site_us), 22000, 150);
        fixture_crash(f);
        fixture_start(f);
    }
    fixture_free(f);
}

/* the model changes while a solve runs on the devices of before */
static void
test_change_under_a_solve(void)
{
    const FixtureSetup all = { .fail_safe_w = F_W, .stations = 3, .scheduler = &fake_ops };
    FixtureSetup fewer = all;
    Fixture *f = fixture_of(all);

    fewer.stations = 2;
    fixture_start(f);
    plug(f, 2, "c", 10);
    plug(f, 0, "a", 10);
    for (int k = 0; k < 4; k++) {
        static const char *const names[] = { "v", "x", "y", "z" };
        fixture_plug(f, 0, names[k], 20000, f->site_us + 10 * CFX_HOUR);
        /* the report is taken in, the plan starts; its solve is still in the queue */
        while (fixture_site(f)->run == NULL)
            g_assert_true(fixture_turn(f));
        fixture_change(f, k % 2 == 0 ? &fewer : &all);
        g_assert_cmpuint(fixture_site(f)->devices->len, ==, k % 2 == 0 ? 2 : 3);
    }
    replan(f);
    fixture_free(f);
}

/* a site may be ready long before its first station is approved */
static void
test_first_station_later(void)
{
    /* without sensors: nothing has to be read for it */
    const FixtureSetup with = { .fail_safe_w = F_W,
                                .stations = 1,
                                .station_attributes = { "\"sensors\":{}" },
                                .scheduler = &fake_ops };
    FixtureSetup without = with;
    Fixture *f = fixture_of(with);

    without.stations = 0;
    fixture_change(f, &without);
    start_engine(f);
    fixture_advance(f, CFX_HOUR);
    fixture_change(f, &with);
    comes(f, 0);
    guint solves = fake_n_solves;
    fixture_advance(f, CFX_HOUR);
    g_assert_cmpuint(fake_n_solves, >=, solves + 4);
    g_assert_cmpint(fixture_site(f)->repeat_timer, !=, 0);
    fixture_free(f);
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/engine/sites/refused-keeps-its-limit", test_refused_keeps_its_limit);
    g_test_add_func("/engine/sites/refused-after-crash", test_refused_after_crash);
    g_test_add_func("/engine/sites/refused-and-unknown", test_refused_and_unknown);
    g_test_add_func("/engine/sites/refused-contract", test_refused_contract);
    g_test_add_func("/engine/sites/limit-goes-while-solving", test_limit_goes_while_solving);
    g_test_add_func("/engine/sites/store-unreadable", test_store_unreadable);
    g_test_add_func("/engine/sites/new-sensors-unreadable", test_new_sensors_unreadable);
    g_test_add_func("/engine/sites/site-goes", test_site_goes);
    g_test_add_func("/engine/sites/comes-back", test_site_comes_back);
    g_test_add_func("/engine/sites/goes-at-the-start", test_goes_at_the_start);
    g_test_add_func("/engine/sites/two-sites", test_two_sites);
    g_test_add_func("/engine/sites/moves-with-versions", test_moves_with_versions);
    g_test_add_func("/engine/sites/change-under-a-solve", test_change_under_a_solve);
    g_test_add_func("/engine/sites/first-station-later", test_first_station_later);
    return g_test_run();
}
