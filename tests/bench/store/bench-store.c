/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Beliefs per second, committed: through the host (copy, units, queue, group, newest values,
 * completion) and through the storage alone with groups of the same size. One number a line, and
 * their ratio, both from this run.
 *
 *     bench-store MODULE.so [BELIEFS]
 */
#include "store-fixture.h"

#include <stdlib.h>

#define SENSORS 3
#define COMMITS_A_TURN 64

typedef struct {
    gsize rows;
    gint64 sensor[1000], start[1000];
    double value[1000];
    CfxBeliefs beliefs;
    const CfxBeliefs *one;
    gint64 next;
} Batch;

/* Values as stations send them: the sensors by turns, time going on. */
static void
fill(Batch *batch)
{
    for (gsize i = 0; i < batch->rows; i++) {
        batch->sensor[i] = 1 + (gint64)(i % SENSORS);
        batch->start[i] = SITE_START + (batch->next + (gint64)i) / SENSORS * CFX_SECOND;
        batch->value[i] = (double)(batch->next + (gint64)i);
    }
    batch->next += (gint64)batch->rows;
}

static void
batch_init(Batch *batch, gsize rows)
{
    static const gint64 source = 11;

    *batch = (Batch){ .rows = rows };
    batch->beliefs = (CfxBeliefs){ .struct_size = sizeof(CfxBeliefs),
                                   .n = rows,
                                   .sensor = { batch->sensor, 1 },
                                   .source = { &source, 0 },
                                   .start_us = { batch->start, 1 },
                                   .belief_us = { batch->start, 1 },
                                   .value = { batch->value, 1 } };
    batch->one = &batch->beliefs;
}

static gint outstanding;

static void
done(gpointer data, const CfxCommitted *result, const GError *error)
{
    g_assert_no_error(error);
    outstanding--;
}

static double
through_host(gsize total, gsize rows)
{
    g_autoptr(Fixture) fixture = fixture_new();
    Batch batch;
    gint64 began = g_get_monotonic_time();

    batch_init(&batch, rows);
    for (gsize sent = 0; sent < total;) {
        for (int i = 0; i < COMMITS_A_TURN && sent < total; i++, sent += rows) {
            fill(&batch);
            const CfxCommit commit = { .struct_size = sizeof(commit),
                                       .beliefs = &batch.one,
                                       .n_beliefs = 1 };
            outstanding++;
            cfx_commit(&fixture->depot->host, &commit, done, NULL);
        }
        while (outstanding > 4 * COMMITS_A_TURN || g_main_context_pending(NULL))
            g_main_context_iteration(NULL, TRUE);
    }
    while (outstanding > 0)
        g_main_context_iteration(NULL, TRUE);
    return (double)total / (double)(g_get_monotonic_time() - began) * 1e6;
}

/* [writer] The module's own commit, on a thread that does nothing else. */
static double
through_storage(gsize total, gsize rows, const CfxStorageOps *ops, gpointer self)
{
    g_autofree Batch *batches = g_new(Batch, COMMITS_A_TURN);
    CfxCommit commits[COMMITS_A_TURN];
    const CfxCommit *pointers[COMMITS_A_TURN];
    CfxCommitted results[COMMITS_A_TURN], *result_pointers[COMMITS_A_TURN];
    GError *errors[COMMITS_A_TURN], *error = NULL;
    gint64 began = g_get_monotonic_time(), revision = 1, next = 0;

    for (int i = 0; i < COMMITS_A_TURN; i++)
        batch_init(&batches[i], rows);
    for (gsize sent = 0; sent < total;) {
        gsize n = 0;
        for (; n < COMMITS_A_TURN && sent < total; n++, sent += rows) {
            batches[n].next = next;
            fill(&batches[n]);
            next = batches[n].next;
            commits[n] = (CfxCommit){ .struct_size = sizeof(CfxCommit),
                                      .beliefs = &batches[n].one,
                                      .n_beliefs = 1,
                                      .revision = revision++ };
            batches[n].one = &batches[n].beliefs;
            pointers[n] = &commits[n];
            results[n] = (CfxCommitted){ .struct_size = sizeof(CfxCommitted) };
            result_pointers[n] = &results[n];
            errors[n] = NULL;
        }
        ops->commit(self, pointers, n, result_pointers, errors, &error);
        g_assert_no_error(error);
    }
    return (double)total / (double)(g_get_monotonic_time() - began) * 1e6;
}

int
main(int argc, char **argv)
{
    const gsize rows[] = { 1, 10, 1000 };
    gsize total = argc > 2 ? strtoul(argv[2], NULL, 10) : 200000;
    int program_and_module = 2;

    fixture_init(&program_and_module, &argv);
    for (gsize i = 0; i < G_N_ELEMENTS(rows); i++) {
        double alone = fixture_alone(total, rows[i], through_storage);
        double host = through_host(total, rows[i]);
        g_print("beliefs a commit: %4zu  storage alone: %8.0f/s  through the host: %8.0f/s"
                "  ratio: %.2f\n",
                rows[i],
                alone,
                host,
                host / alone);
    }
    return 0;
}
