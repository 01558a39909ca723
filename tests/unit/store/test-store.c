/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "store-fixture.h"

#include <math.h>
#include <string.h>

static void
check_beliefs(CfxInstance *instance, gint64 sensor, guint32 flags, const char *expected)
{
    g_autofree char *text = get_beliefs(instance, sensor, flags);

    g_assert_cmpstr(text, ==, expected);
}

static void
check_records(CfxInstance *instance, const char *collection, const char *expected)
{
    g_autofree char *text = get_records(instance, collection);

    g_assert_cmpstr(text, ==, expected);
}

/* W towards the device inside, the sensor's unit and sign in the store. */
static void
test_units(void)
{
    g_autoptr(Fixture) fixture = fixture_new();
    g_auto(Outcome) one = { 0 }, two = { 0 }, three = { 0 };

    g_assert_cmpint(put_belief(fixture->depot, 1, 0, 0, 7000, &one), ==, 1);
    g_assert_cmpint(put_belief(fixture->depot, 2, 0, 0, -5000, &two), ==, 2);
    g_assert_cmpint(put_belief(fixture->depot, 3, 0, 0, 27.5, &three), ==, 3);
    g_assert_cmpint(one.done, ==, 0); /* no service calls back before it has returned */
    fixture_wait(&three.done);
    g_assert_cmpint(one.code, ==, -1);
    g_assert_cmpuint(one.result.stored, ==, 1);
    g_assert_cmpint(one.result.revision, ==, 1);
    check_beliefs(fixture->depot, 1, 0, "1 11 0 7000");
    check_beliefs(fixture->depot, 1, CFX_QUERY_RAW, "1 11 0 7");
    check_beliefs(fixture->depot, 2, 0, "2 11 0 -5000");
    check_beliefs(fixture->depot, 2, CFX_QUERY_RAW, "2 11 0 5");
    check_beliefs(fixture->depot, 3, 0, "3 11 0 27.5");
}

static void
test_order(void)
{
    g_autoptr(Fixture) fixture = fixture_new();
    Outcome outcomes[20] = { 0 };

    for (int i = 0; i < 20; i++)
        g_assert_cmpint(put_belief(fixture->depot, 1, 0, i, i, &outcomes[i]), ==, i + 1);
    fixture_wait(&outcomes[19].done);
    for (int i = 0; i < 20; i++) {
        g_assert_cmpint(outcomes[i].done, ==, 1);
        g_assert_cmpint(outcomes[i].order, ==, i + 1);
    }
    /* a turn's commits are one transaction */
    g_assert_cmpint(fixture->faults.groups, ==, 1);
}

static void
refused(Outcome *outcome, gint64 revision, int code, const char *message)
{
    g_assert_cmpint(revision, ==, 0);
    g_assert_cmpint(outcome->done, ==, 0);
    fixture_wait(&outcome->done);
    g_assert_cmpint(outcome->code, ==, code);
    g_assert_cmpstr(outcome->message, ==, message);
    outcome_clear(outcome);
    *outcome = (Outcome){ 0 };
}

static void
test_permissions(void)
{
    g_autoptr(Fixture) fixture = fixture_new();
    CfxInstance *depot = fixture->depot;
    g_auto(Outcome) outcome = { 0 };

    refused(&outcome,
            put_belief(depot, 1, 13, 0, 1, &outcome),
            CFX_ERROR_AUTH,
            "beliefs.0.source: 13 belongs to the instance \"other\"");
    refused(&outcome,
            put_belief(depot, 1, 99, 0, 1, &outcome),
            CFX_ERROR_NOT_FOUND,
            "beliefs.0.source: there is no source 99");
    refused(&outcome,
            put_belief(depot, 77, 0, 0, 1, &outcome),
            CFX_ERROR_NOT_FOUND,
            "beliefs.0.sensor: there is no sensor 77");
    refused(&outcome,
            put_record(depot, "cfx.asset", "depot/1", CFX_EXPECT_ANY, &outcome),
            CFX_ERROR_AUTH,
            "records.0.collection: \"cfx.asset\" does not begin with \"ocpp.\"");
    refused(&outcome,
            put_record(depot, "ocpp.station", "depotCP001", CFX_EXPECT_ANY, &outcome),
            CFX_ERROR_AUTH,
            "records.0.key: \"depotCP001\" does not begin with \"depot/\"");
    refused(&outcome,
            put_notice(depot, "ocppx.status", 0, &outcome),
            CFX_ERROR_AUTH,
            "notices.0.topic: \"ocppx.status\" does not begin with \"ocpp.\"");
    refused(&outcome,
            put_notice(depot, "ocpp.status", 1u << 20, &outcome),
            CFX_ERROR_INVALID,
            "notices.0.flags: unknown bit");
    fixture->depot->source = 0;
    refused(&outcome,
            put_belief(depot, 1, 0, 0, 1, &outcome),
            CFX_ERROR_INVALID,
            "beliefs.0.source: this instance has none of its own yet");
    /* what a principal posts comes under the principal's source; the host may write everything */
    put_belief(depot, 1, 12, 0, 1000, NULL);
    put_record(depot, "ocpp.station", "depot/CP001", CFX_EXPECT_NEW, NULL);
    put_record(fixture->host, "cfx.asset", "1", CFX_EXPECT_NEW, &outcome);
    fixture_wait(&outcome.done);
    g_assert_cmpint(outcome.code, ==, -1);
    check_beliefs(depot, 1, 0, "1 12 0 1000");
}

static void
test_private(void)
{
    g_autoptr(Fixture) fixture = fixture_new();
    g_auto(Outcome) outcome = { 0 };

    put_record(fixture->depot, "ocpp.secret", "depot/a", CFX_EXPECT_NEW, NULL);
    put_record(fixture->host, "ocpp.secret", "other/a", CFX_EXPECT_NEW, NULL);
    put_record(fixture->host, "cfx.secret", "a", CFX_EXPECT_NEW, &outcome);
    fixture_wait(&outcome.done);
    check_records(fixture->depot, "ocpp.secret", "depot/a@1");
    check_records(fixture->depot, "cfx.secret", "");
    check_records(fixture->host, "ocpp.secret", "depot/a@1 | other/a@2");
}

/* The revision that commit() returned is what the next `expect` names, before it is stored. */
static void
test_expect_in_flight(void)
{
    g_autoptr(Fixture) fixture = fixture_new();
    g_auto(Outcome) wrong = { 0 }, right = { 0 };
    gint64 revision = put_record(fixture->depot, "ocpp.x", "depot/a", CFX_EXPECT_NEW, NULL);

    put_record(fixture->depot, "ocpp.x", "depot/a", revision + 7, &wrong);
    put_record(fixture->depot, "ocpp.x", "depot/a", revision, &right);
    fixture_wait(&right.done);
    g_assert_cmpint(wrong.code, ==, CFX_ERROR_CONFLICT);
    g_assert_cmpint(right.code, ==, -1);
    check_records(fixture->depot, "ocpp.x", "depot/a@3");
}

static void
test_lost_answer(void)
{
    g_autoptr(Fixture) fixture = fixture_new();
    g_auto(Outcome) outcome = { 0 }, second = { 0 };
    CfxStoreStatus status;

    fixture->faults.fail_after = 2;
    put_record(fixture->depot, "ocpp.x", "depot/a", CFX_EXPECT_NEW, &outcome);
    put_record(fixture->depot, "ocpp.x", "depot/a", CFX_EXPECT_NEW, &second);
    fixture_wait(&second.done);
    g_assert_cmpint(outcome.code, ==, -1);
    g_assert_cmpint(outcome.done, ==, 1);
    g_assert_cmpint(second.code, ==, CFX_ERROR_CONFLICT);
    g_assert_cmpstr(fixture->faults.log, ==, "1,2;1,2;1,2;");
    check_records(fixture->depot, "ocpp.x", "depot/a@1");
    cfx_store_status(fixture->store, &status);
    g_assert_cmpuint(status.repeats, ==, 2);
    g_assert_cmpuint(status.commits, ==, 2);
    g_assert_cmpuint(status.refused, ==, 1);
    g_assert_cmpuint(status.queued, ==, 0);
    g_assert_cmpuint(status.queued_bytes, ==, 0);
    g_assert_false(status.failing);
}

static void
test_hopeless(void)
{
    g_autoptr(Fixture) fixture = fixture_new();
    g_auto(Outcome) outcome = { 0 }, next = { 0 };

    fixture->faults.fail_before = 1;
    fixture->faults.code = CFX_ERROR_INVALID;
    put_record(fixture->depot, "ocpp.x", "depot/a", CFX_EXPECT_NEW, &outcome);
    fixture_wait(&outcome.done);
    g_assert_cmpint(outcome.code, ==, CFX_ERROR_INVALID);
    put_record(fixture->depot, "ocpp.x", "depot/a", CFX_EXPECT_NEW, &next);
    fixture_wait(&next.done);
    g_assert_cmpint(next.code, ==, -1);
}

static void
note_pressure(gpointer data, gboolean on)
{
    *(int *)data = on ? 1 : 2;
}

static void
test_pressure_and_full(void)
{
    g_autoptr(Fixture) fixture = fixture_new();
    const CfxStoreLimits limits = { 20000, 40000, 0 };
    g_auto(Outcome) last = { 0 }, full = { 0 }, core = { 0 };
    CfxStoreStatus status;
    int pressure = 0;
    gint64 revision;

    cfx_store_set_limits(fixture->store, &limits);
    cfx_store_watch_pressure(fixture->store, note_pressure, &pressure);
    g_atomic_int_set(&fixture->faults.hold, 1);
    while ((revision = put_belief(fixture->depot, 1, 0, 0, 1, &full)) != 0)
        ;
    fixture_wait(&pressure);
    g_assert_cmpint(pressure, ==, 1);
    fixture_wait(&full.done);
    g_assert_cmpint(full.code, ==, CFX_ERROR_FULL);
    cfx_store_status(fixture->store, &status);
    g_assert_true(status.pressure);
    g_assert_cmpuint(status.queued_bytes, >, 40000);
    /* the core still gets its plans stored */
    g_assert_cmpint(put_record(fixture->host, "cfx.plan", "1", CFX_EXPECT_ANY, &core), >, 0);
    pressure = 0;
    g_atomic_int_set(&fixture->faults.hold, 0);
    fixture_wait(&core.done);
    fixture_wait(&pressure);
    g_assert_cmpint(pressure, ==, 2);
    g_assert_cmpint(put_belief(fixture->depot, 1, 0, 0, 2, &last), >, 0);
    fixture_wait(&last.done);
    cfx_store_status(fixture->store, &status);
    g_assert_cmpuint(status.queued_bytes, ==, 0);
}

/* Slices of at most 2 000 rows, and whoever else commits does not wait for all of them. */
static void
test_bulk(void)
{
    g_autoptr(Fixture) fixture = fixture_new();
    g_auto(Outcome) bulk = { 0 }, small = { 0 }, next = { 0 };

    g_atomic_int_set(&fixture->faults.hold, 1);
    g_assert_cmpint(put_many(fixture->host, CFX_COMMIT_BULK, 1, 9001, &bulk), ==, 5);
    g_assert_cmpint(put_belief(fixture->depot, 3, 0, 0, 1, &small), ==, 6);
    while (g_atomic_int_get(&fixture->faults.groups) == 0)
        g_main_context_iteration(NULL, FALSE);
    g_atomic_int_set(&fixture->faults.hold, 0);
    fixture_wait(&small.done);
    fixture_wait(&bulk.done);
    g_assert_cmpint(small.order, <, bulk.order);
    g_assert_cmpint(bulk.code, ==, -1);
    g_assert_cmpuint(bulk.result.stored, ==, 9001);
    g_assert_cmpint(bulk.result.revision, ==, 5);
    g_assert_cmpint(fixture->faults.largest, ==, 2000);
    check_records(fixture->host, "test.bulk", "end@5");
    g_assert_nonnull(strstr(fixture->faults.log, "1;"));
    put_belief(fixture->depot, 3, 0, 1, 1, &next);
    fixture_wait(&next.done);
    g_assert_cmpint(next.result.revision, ==, 7);
}

/* The first slice that is refused ends a bulk commit; what went before it stays. */
static void
test_bulk_refused(void)
{
    g_autoptr(Fixture) fixture = fixture_new();
    g_auto(Outcome) before = { 0 }, bulk = { 0 }, next = { 0 };
    const gint64 at = 3000 * CFX_MINUTE;
    CfxStoreStatus status;

    put_belief(fixture->host, 1, 0, at, 77000, &before);
    put_many(fixture->host, CFX_COMMIT_BULK | CFX_COMMIT_NO_REPLACE, 1, 9000, &bulk);
    fixture_wait(&bulk.done);
    g_assert_cmpint(bulk.code, ==, CFX_ERROR_CONFLICT);
    check_records(fixture->host, "test.bulk", "");
    put_belief(fixture->host, 1, 0, 0, 1, &next);
    fixture_wait(&next.done);
    cfx_store_status(fixture->store, &status);
    g_assert_cmpuint(status.beliefs, ==, 1 + 2000 + 1);
    g_assert_cmpuint(status.queued, ==, 0);
}

/* While the writer is busy, the commits of all turns gather in one batch. */
static void
test_gathers(void)
{
    g_autoptr(Fixture) fixture = fixture_new();
    g_auto(Outcome) last = { 0 };

    g_atomic_int_set(&fixture->faults.hold, 1);
    for (int i = 0; i < 50; i++) {
        put_belief(fixture->depot, 1, 0, i, i, i == 49 ? &last : NULL);
        while (g_main_context_iteration(NULL, FALSE))
            ;
        while (g_atomic_int_get(&fixture->faults.groups) == 0)
            g_main_context_iteration(NULL, FALSE);
    }
    g_atomic_int_set(&fixture->faults.hold, 0);
    fixture_wait(&last.done);
    g_assert_cmpint(fixture->faults.groups, ==, 3);
}

/* A commit that builds on a bulk commit's record waits for it, and does not fail. */
static void
test_expect_of_bulk(void)
{
    g_autoptr(Fixture) fixture = fixture_new();
    g_auto(Outcome) bulk = { 0 }, small = { 0 };
    gint64 revision = put_many(fixture->host, CFX_COMMIT_BULK, 1, 6000, &bulk);

    put_record(fixture->host, "test.bulk", "end", revision, &small);
    fixture_wait(&small.done);
    g_assert_cmpint(small.code, ==, -1);
    g_assert_cmpint(bulk.done, ==, 1);
    g_assert_cmpint(bulk.order, <, small.order);
}

static void
count_call(gpointer data, const CfxNotices *notices, const GError *error)
{
    (*(int *)data)++;
}

static void
failed_read(gpointer data, const CfxRecords *records, const GError *error)
{
    g_assert_null(records);
    g_assert_error(error, CFX_ERROR, CFX_ERROR_CANCELLED);
    (*(int *)data)++;
}

static void
test_instance_stops(void)
{
    g_autoptr(Fixture) fixture = fixture_new();
    const CfxHost *host = &fixture->depot->host;
    const CfxRecordQuery query = { .struct_size = sizeof(query), .collection = "ocpp.x" };
    g_auto(Outcome) held = { 0 }, never = { 0 }, other = { 0 };
    int calls = 0, reads = 0;

    host->data->watch_notices(host, "ocpp.", count_call, &calls);
    g_atomic_int_set(&fixture->faults.hold, 1);
    put_notice(fixture->depot, "ocpp.status", 0, &held);
    put_belief(fixture->depot, 99, 0, 0, 0, &never);
    put_record(fixture->host, "cfx.x", "1", CFX_EXPECT_ANY, &other);
    host->data->read_records(host, &query, failed_read, &reads);
    cfx_instance_run_stop_hooks(fixture->depot);
    g_assert_cmpint(held.done, ==, 1);
    g_assert_cmpint(held.code, ==, CFX_ERROR_CANCELLED);
    g_assert_cmpint(never.done, ==, 1);
    g_assert_cmpint(reads, ==, 1);
    fixture->depot->generation++;
    g_atomic_int_set(&fixture->faults.hold, 0);
    fixture_wait(&other.done);
    check_records(fixture->host, "cfx.x", "1@2");
    g_assert_cmpint(held.done, ==, 1);
    g_assert_cmpint(never.done, ==, 1);
    g_assert_cmpint(reads, ==, 1);
    g_assert_cmpint(calls, ==, 0);
    g_assert_cmpint(other.code, ==, -1);
}

/* --- watches ------------------------------------------------------------------------------- */

typedef struct {
    int calls;
    GString *text;
    const Outcome *after; /* must have been told before */
} Seen;

static void
see_beliefs(gpointer data, const CfxBeliefs *beliefs, const GError *error)
{
    Seen *seen = data;
    g_autofree char *text = beliefs_text(beliefs);

    g_assert_no_error(error);
    if (seen->after != NULL)
        g_assert_cmpint(seen->after->done, ==, 1);
    g_string_append_printf(seen->text, "[%s]", text);
    seen->calls++;
}

static void
see_notices(gpointer data, const CfxNotices *notices, const GError *error)
{
    Seen *seen = data;

    g_assert_no_error(error);
    for (gsize i = 0; i < notices->n; i++)
        g_string_append_printf(seen->text,
                               "%s %" G_GINT64_FORMAT ".%" G_GINT64_FORMAT " %s;",
                               notices->notices[i]->topic,
                               notices->notices[i]->sequence >> 16,
                               notices->notices[i]->sequence & 0xffff,
                               notices->notices[i]->doc);
    seen->calls++;
}

static void
test_watches(void)
{
    g_autoptr(Fixture) fixture = fixture_new();
    const CfxHost *host = &fixture->host->host;
    const gint64 sensors[] = { 1, 2, 1 };
    g_auto(Outcome) outcome = { 0 }, again = { 0 };
    Seen beliefs = { 0, g_string_new(NULL), &outcome };
    Seen prefix = { 0, g_string_new(NULL), NULL };
    Seen exact = { 0, g_string_new(NULL), NULL };

    guint64 watch = host->data->watch_beliefs(host, sensors, 3, see_beliefs, &beliefs);
    host->data->watch_notices(host, "ocpp.", see_notices, &prefix);
    host->data->watch_notices(host, "ocpp.status", see_notices, &exact);
    put_belief(fixture->depot, 1, 0, 0, 1000, NULL);
    put_belief(fixture->depot, 3, 0, 0, 20, NULL);
    put_notice(fixture->depot, "ocpp.status", CFX_NOTICE_TRANSIENT, NULL);
    put_notice(fixture->depot, "ocpp.status.more", 0, NULL);
    put_belief(fixture->depot, 2, 0, 0, -2000, &outcome);
    fixture_wait(&beliefs.calls);
    g_assert_cmpstr(beliefs.text->str, ==, "[1 11 0 1000 | 2 11 0 -2000]");
    g_assert_cmpstr(prefix.text->str, ==, "ocpp.status 3.0 {};ocpp.status.more 4.0 {};");
    g_assert_cmpstr(exact.text->str, ==, "ocpp.status 3.0 {};");
    g_assert_cmpint(prefix.calls, ==, 1);
    /* what was refused is told to nobody */
    put_record(fixture->depot, "ocpp.x", "depot/a", 99, &again);
    fixture_wait(&again.done);
    host->data->unwatch(host, watch);
    host->data->unwatch(host, watch);
    outcome_clear(&again);
    again = (Outcome){ 0 };
    put_belief(fixture->depot, 1, 0, 0, 1, &again);
    fixture_wait(&again.done);
    g_main_context_iteration(NULL, FALSE);
    g_assert_cmpint(beliefs.calls, ==, 1);
    g_string_free(beliefs.text, TRUE);
    g_string_free(prefix.text, TRUE);
    g_string_free(exact.text, TRUE);
}

static void
test_watch_early(void)
{
    g_autoptr(Fixture) fixture = fixture_new();
    const gint64 sensors[] = { 1 };
    Seen seen = { 0, g_string_new(NULL), NULL };
    g_auto(Outcome) outcome = { 0 };
    guint64 watch = cfx_store_watch_early(fixture->store, sensors, 1, see_beliefs, &seen);

    put_belief(fixture->depot, 1, 0, 0, 3000, NULL);
    g_assert_cmpstr(seen.text->str, ==, "[1 11 0 3000]"); /* before it is stored */
    put_belief(fixture->depot, 2, 0, 0, 3000, NULL);
    put_belief(fixture->depot, 99, 0, 0, 3000, NULL);
    g_assert_cmpint(seen.calls, ==, 1);
    cfx_store_unwatch_early(fixture->store, watch);
    put_belief(fixture->depot, 1, 0, 0, 3000, &outcome);
    fixture_wait(&outcome.done);
    g_assert_cmpint(seen.calls, ==, 1);
    g_string_free(seen.text, TRUE);
}

typedef struct {
    CfxInstance *depot;
    Seen seen;
} Committer;

static void
commit_early(gpointer data, const CfxBeliefs *beliefs, const GError *error)
{
    Committer *self = data;

    see_beliefs(&self->seen, beliefs, error);
    if (self->seen.calls < 5)
        put_belief(self->depot, 2, 0, 0, 3000, NULL);
}

/* What is called early commits something else: it is not told of the same again, without an end. */
static void
test_watch_early_commits(void)
{
    g_autoptr(Fixture) fixture = fixture_new();
    const gint64 sensors[] = { 1 };
    Committer committer = { fixture->depot, { 0, g_string_new(NULL), NULL } };
    guint64 watch = cfx_store_watch_early(fixture->store, sensors, 1, commit_early, &committer);

    put_belief(fixture->depot, 1, 0, 0, 3000, NULL);
    g_assert_cmpint(committer.seen.calls, ==, 1);
    g_assert_cmpstr(committer.seen.text->str, ==, "[1 11 0 3000]");
    cfx_store_unwatch_early(fixture->store, watch);
    g_string_free(committer.seen.text, TRUE);
}

/* --- newest values ------------------------------------------------------------------------- */

static void
check_latest(Fixture *fixture, gint64 sensor, double value, gint64 at_us)
{
    double found;
    gint64 start;

    fixture->depot->host.data->latest(&fixture->depot->host, &sensor, 1, &found, &start);
    if (isnan(value)) {
        g_assert_true(isnan(found));
        g_assert_cmpint(start, ==, CFX_TIME_MIN);
    } else {
        g_assert_cmpfloat(found, ==, value);
        g_assert_cmpint(start - SITE_START, ==, at_us);
    }
}

static void
test_latest(void)
{
    g_autoptr(Fixture) fixture = fixture_new();
    g_auto(Outcome) outcome = { 0 }, withdrawn = { 0 };

    check_latest(fixture, 1, NAN, 0);
    put_belief(fixture->depot, 1, 0, -CFX_HOUR, 1000, NULL);
    put_belief(fixture->depot, 1, 0, 0, 2000, NULL);
    put_belief(fixture->depot, 1, 0, CFX_HOUR, 3000, NULL);
    put_belief(fixture->depot, 2, 0, 0, -4000, &outcome);
    fixture_wait(&outcome.done);
    for (int round = 0; round < 2; round++) {
        fixture_now(fixture, SITE_START);
        check_latest(fixture, 1, 2000, 0);
        check_latest(fixture, 2, -4000, 0);
        fixture_now(fixture, SITE_START + CFX_HOUR);
        check_latest(fixture, 1, 3000, CFX_HOUR);
        fixture_now(fixture, SITE_START);
        fixture_restart(fixture);
    }
    fixture_now(fixture, SITE_START + 1);
    put_belief(fixture->depot, 1, 0, 0, NAN, &withdrawn);
    fixture_wait(&withdrawn.done);
    check_latest(fixture, 1, NAN, 0); /* at the restart only the newest had been loaded */
}

/* --- series -------------------------------------------------------------------------------- */

typedef struct {
    int done;
    char *text;
} Series;

static void
got_series(gpointer data, const CfxSeries *series, const GError *error)
{
    Series *got = data;
    GString *text = g_string_new(error != NULL ? error->message : series->unit);

    for (gsize i = 0; error == NULL && i < series->n; i++)
        g_string_append_printf(text, " %g", cfx_real_at(series->value, i));
    got->text = g_string_free(text, FALSE);
    got->done++;
}

static void
check_series(Fixture *fixture, CfxSeriesQuery query, const char *expected)
{
    Series got = { 0 };
    const CfxHost *host = &fixture->depot->host;

    query.struct_size = sizeof(query);
    query.start_us += SITE_START;
    host->data->read_series(host, &query, got_series, &got);
    fixture_wait(&got.done);
    g_assert_cmpstr(got.text, ==, expected);
    g_free(got.text);
}

static void
test_series(void)
{
    g_autoptr(Fixture) fixture = fixture_new();
    const gint64 quarter = 15 * CFX_MINUTE;

    for (int i = 0; i < 4; i++) {
        put_belief(fixture->depot, 1, 0, i * quarter, 1000 * (i + 1), NULL);
        put_belief(fixture->depot, 3, 0, i * CFX_MINUTE, 10 * i, NULL);
    }
    g_auto(Outcome) outcome = { 0 };
    put_belief(fixture->depot, 2, 0, 0, -8000, &outcome);
    fixture_wait(&outcome.done);
    check_series(fixture,
                 (CfxSeriesQuery){ .sensor = 1, .step_us = 2 * quarter, .n = 3 },
                 "W 1500 3500 nan");
    check_series(
        fixture,
        (CfxSeriesQuery){ .sensor = 1, .start_us = 5 * CFX_MINUTE, .step_us = quarter, .n = 4 },
        "W 1333.33 2333.33 3333.33 4000");
    check_series(fixture,
                 (CfxSeriesQuery){ .sensor = 1, .step_us = 5 * CFX_MINUTE, .n = 4, .unit = "kW" },
                 "kW 1 1 1 2");
    check_series(
        fixture,
        (CfxSeriesQuery){ .sensor = 1, .how = CFX_SERIES_MAX, .step_us = 4 * quarter, .n = 1 },
        "W 4000");
    check_series(
        fixture,
        (CfxSeriesQuery){ .sensor = 2, .flags = CFX_QUERY_RAW, .step_us = quarter, .n = 1 },
        "kW 8");
    check_series(fixture, (CfxSeriesQuery){ .sensor = 2, .step_us = quarter, .n = 1 }, "W -8000");
    check_series(fixture,
                 (CfxSeriesQuery){ .sensor = 3,
                                   .how = CFX_SERIES_LAST,
                                   .start_us = CFX_MINUTE + CFX_SECOND,
                                   .step_us = CFX_HOUR,
                                   .n = 2 },
                 "°C 10 30");
    check_series(fixture,
                 (CfxSeriesQuery){ .sensor = 3,
                                   .how = CFX_SERIES_LAST,
                                   .start_us = -CFX_SECOND,
                                   .step_us = CFX_SECOND,
                                   .n = 2 },
                 "°C nan 0");
    check_series(fixture,
                 (CfxSeriesQuery){ .sensor = 1, .step_us = quarter, .n = 1, .unit = "°C" },
                 "unit: \"W\" does not convert to \"°C\"");
    check_series(fixture,
                 (CfxSeriesQuery){ .sensor = 99, .step_us = quarter, .n = 1 },
                 "sensor: there is no sensor 99");
    check_series(fixture, (CfxSeriesQuery){ .sensor = 1, .n = 1 }, "step_us: not above 0");
    check_series(fixture,
                 (CfxSeriesQuery){ .sensor = 1, .n = 9, .step_us = G_MAXINT64 / 4 },
                 "n: the grid is longer than time");
}

/* --- what nobody knows is refused ------------------------------------------------------------ */

typedef struct {
    int done;
    char *message; /* NULL: no error */
} Answered;

static void
answered(Answered *to, const GError *error)
{
    to->done = 1;
    to->message = error != NULL ? g_strdup(error->message) : NULL;
}

static void
answered_beliefs(gpointer data, const CfxBeliefs *result, const GError *error)
{
    answered(data, error);
}

static void
answered_records(gpointer data, const CfxRecords *result, const GError *error)
{
    answered(data, error);
}

static void
answered_notices(gpointer data, const CfxNotices *result, const GError *error)
{
    answered(data, error);
}

static void
check_answered(Answered *of, const char *message)
{
    fixture_wait(&of->done);
    g_assert_cmpstr(of->message, ==, message);
    g_clear_pointer(&of->message, g_free);
    of->done = 0;
}

static void
test_unknown_bits(void)
{
    g_autoptr(Fixture) fixture = fixture_new();
    const CfxHost *host = &fixture->depot->host;
    Answered answer = { 0 };
    CfxBeliefQuery beliefs = {
        .struct_size = sizeof beliefs, .flags = CFX_QUERY_TOTAL, .mode = CFX_BELIEFS_BEST
    };
    CfxRecordQuery records = {
        .struct_size = sizeof records, .flags = 1u << 20, .collection = "ocpp.station"
    };
    CfxNoticeQuery notices = { .struct_size = sizeof notices, .flags = 1u << 20 };

    host->data->read_beliefs(host, &beliefs, answered_beliefs, &answer);
    check_answered(&answer, "flags: unknown bit");
    beliefs.flags = 0;
    beliefs.mode = 9;
    host->data->read_beliefs(host, &beliefs, answered_beliefs, &answer);
    check_answered(&answer, "mode: not NEWEST, BEST or ALL");
    host->data->read_records(host, &records, answered_records, &answer);
    check_answered(&answer, "flags: unknown bit");
    records.flags = 0;
    records.struct_size -= 8;
    host->data->read_records(host, &records, answered_records, &answer);
    check_answered(&answer, "struct_size: too small");
    host->data->read_notices(host, &notices, answered_notices, &answer);
    check_answered(&answer, "flags: unknown bit");
    notices.flags = CFX_QUERY_DESCENDING;
    host->data->read_notices(host, &notices, answered_notices, &answer);
    check_answered(&answer, NULL);
}

/* --- the end ------------------------------------------------------------------------------- */

static void
told(gpointer data, const GError *error)
{
    *(int *)data = 1;
}

static void
test_stop_drains(void)
{
    g_autoptr(Fixture) fixture = fixture_new();
    g_auto(Outcome) outcome = { 0 }, bulk = { 0 }, late = { 0 };
    int stopped = 0;

    put_belief(fixture->depot, 1, 0, 0, 1000, &outcome);
    put_many(fixture->host, CFX_COMMIT_BULK, 2, 6000, &bulk);
    cfx_store_stop(fixture->store, told, &stopped);
    g_assert_cmpint(put_belief(fixture->depot, 1, 0, 1, 1000, &late), ==, 0);
    fixture_wait(&stopped);
    g_assert_cmpint(outcome.code, ==, -1);
    g_assert_cmpint(outcome.done, ==, 1);
    g_assert_cmpint(bulk.done, ==, 1);
    g_assert_cmpuint(bulk.result.stored, ==, 6000);
    g_assert_cmpint(late.code, ==, CFX_ERROR_UNAVAILABLE);
    stopped = 0;
    cfx_store_start(fixture->store, told, &stopped);
    fixture_wait(&stopped);
    check_beliefs(fixture->depot, 1, 0, "1 11 0 1000");
}

/* A storage that fails does not keep the host from ending. */
static void
test_stop_with_failing_storage(void)
{
    g_autoptr(Fixture) fixture = fixture_new();
    g_auto(Outcome) outcome = { 0 };
    int stopped = 0;

    g_atomic_int_set(&fixture->faults.fail_before, 1000000);
    put_belief(fixture->depot, 1, 0, 0, 1000, &outcome);
    while (g_atomic_int_get(&fixture->faults.groups) < 2)
        g_main_context_iteration(NULL, FALSE);
    g_assert_cmpint(cfx_instance_state(fixture->storage, NULL), ==, CFX_INSTANCE_DEGRADED);
    cfx_store_stop(fixture->store, told, &stopped);
    fixture_wait(&stopped);
    g_assert_cmpint(outcome.code, ==, CFX_ERROR_UNAVAILABLE);
    g_atomic_int_set(&fixture->faults.fail_before, 0);
    stopped = 0;
    cfx_store_start(fixture->store, told, &stopped);
    fixture_wait(&stopped);
}

static void
failed_start(gpointer data, const GError *error)
{
    g_assert_error(error, CFX_ERROR, CFX_ERROR_CONFIG);
    *(int *)data = 1;
}

static void
test_start_fails(void)
{
    g_autoptr(Fixture) fixture = fixture_new();
    g_auto(Outcome) outcome = { 0 };
    CfxValue *path = (CfxValue *)(gpointer)&fixture->storage->config->values[0];
    const char *right = path->text;
    int done = 0;

    cfx_store_stop(fixture->store, told, &done);
    fixture_wait(&done);
    done = 0;
    cfx_store_stop(fixture->store, told, &done); /* a second time: there is nothing to stop */
    fixture_wait(&done);
    path->text = "/nonexistent/folder/store.db";
    done = 0;
    cfx_store_start(fixture->store, failed_start, &done);
    fixture_wait(&done);
    g_assert_cmpint(put_belief(fixture->depot, 1, 0, 1, 1000, &outcome), ==, 0);
    fixture_wait(&outcome.done);
    path->text = right;
    done = 0;
    cfx_store_start(fixture->store, told, &done);
    fixture_wait(&done);
}

static void
claimed(gpointer data, const GError *error)
{
    *(int *)data = error != NULL ? error->code : -1;
}

static void
test_claim_clock(void)
{
    g_autoptr(Fixture) fixture = fixture_new();
    const CfxHost *host = &fixture->host->host;
    int code = 0;

    cfx_store_claim_clock(host, TRUE, claimed, &code);
    fixture_wait(&code);
    g_assert_cmpint(code, ==, -1);
    fixture_restart(fixture);
    code = 0;
    cfx_store_claim_clock(host, FALSE, claimed, &code);
    fixture_wait(&code);
    g_assert_cmpint(code, ==, CFX_ERROR_CONFIG);
    code = 0;
    cfx_store_claim_clock(host, TRUE, claimed, &code);
    fixture_wait(&code);
    g_assert_cmpint(code, ==, -1);
}

static void
test_backup(void)
{
    g_autoptr(Fixture) fixture = fixture_new();
    g_autofree char *path = g_build_filename(fixture->dir, "copy.db", NULL);
    g_auto(Outcome) outcome = { 0 };
    int code = 0;

    put_belief(fixture->depot, 1, 0, 0, 1000, &outcome);
    fixture_wait(&outcome.done);
    cfx_store_backup(fixture->store, &fixture->host->host, path, NULL, claimed, &code);
    fixture_wait(&code);
    g_assert_cmpint(code, ==, -1);
    g_assert_true(g_file_test(path, G_FILE_TEST_EXISTS));
    code = 0;
    cfx_store_backup(fixture->store, &fixture->host->host, path, NULL, claimed, &code);
    fixture_wait(&code);
    g_assert_cmpint(code, ==, CFX_ERROR_CONFLICT);

    /* who asked for it may end it */
    g_autofree char *other = g_build_filename(fixture->dir, "other.db", NULL);
    g_autoptr(GCancellable) cancellable = g_cancellable_new();
    g_cancellable_cancel(cancellable);
    code = 0;
    cfx_store_backup(fixture->store, &fixture->host->host, other, cancellable, claimed, &code);
    fixture_wait(&code);
    g_assert_cmpint(code, ==, CFX_ERROR_CANCELLED);
    g_assert_false(g_file_test(other, G_FILE_TEST_EXISTS));
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    fixture_init(&argc, &argv);
    g_test_add_func("/store/units", test_units);
    g_test_add_func("/store/order", test_order);
    g_test_add_func("/store/permissions", test_permissions);
    g_test_add_func("/store/private", test_private);
    g_test_add_func("/store/expect-in-flight", test_expect_in_flight);
    g_test_add_func("/store/lost-answer", test_lost_answer);
    g_test_add_func("/store/hopeless", test_hopeless);
    g_test_add_func("/store/pressure-and-full", test_pressure_and_full);
    g_test_add_func("/store/bulk", test_bulk);
    g_test_add_func("/store/bulk-refused", test_bulk_refused);
    g_test_add_func("/store/gathers", test_gathers);
    g_test_add_func("/store/expect-of-bulk", test_expect_of_bulk);
    g_test_add_func("/store/instance-stops", test_instance_stops);
    g_test_add_func("/store/watches", test_watches);
    g_test_add_func("/store/watch-early", test_watch_early);
    g_test_add_func("/store/watch-early-commits", test_watch_early_commits);
    g_test_add_func("/store/latest", test_latest);
    g_test_add_func("/store/series", test_series);
    g_test_add_func("/store/unknown-bits", test_unknown_bits);
    g_test_add_func("/store/stop-drains", test_stop_drains);
    g_test_add_func("/store/stop-with-failing-storage", test_stop_with_failing_storage);
    g_test_add_func("/store/start-fails", test_start_fails);
    g_test_add_func("/store/claim-clock", test_claim_clock);
    g_test_add_func("/store/backup", test_backup);
    return g_test_run();
}
