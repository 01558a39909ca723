/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "engine-fake.h"

double fake_wished_kw[FIXTURE_STATIONS];
guint fake_n_loads, fake_n_updates, fake_n_solves;
gboolean fake_fails, fake_is_wild;
double fake_room_kw, fake_export_kw;
guint fake_tiers;

void
fake_reset(void)
{
    memset(fake_wished_kw, 0, sizeof fake_wished_kw);
    fake_n_loads = fake_n_updates = fake_n_solves = 0;
    fake_fails = fake_is_wild = FALSE;
}

static gpointer
fake_open(gpointer self, GError **error)
{
    return g_new0(const CfxProblem *, 1);
}

static void
fake_close(gpointer session)
{
    g_free(session);
}

static gboolean
fake_load(gpointer session, const CfxProblem *problem, GError **error)
{
    *(const CfxProblem **)session = problem;
    fake_n_loads++;
    return TRUE;
}

static gboolean
fake_update(gpointer session, const CfxDelta *deltas, gsize n, GError **error)
{
    fake_n_updates++;
    return TRUE;
}

static gboolean
fake_solve(gpointer session, const CfxSolveHow *how, CfxSolution *solution, GError **error)
{
    const CfxProblem *problem = *(const CfxProblem **)session;

    fake_n_solves++;
    if (fake_fails) {
        g_set_error_literal(error, CFX_ERROR, CFX_ERROR_FAILED, "out of ideas");
        return FALSE;
    }
    fake_room_kw = fake_export_kw = INFINITY;
    fake_tiers = 0;
    for (guint l = 0; l < problem->n_limits; l++) {
        double kw = cfx_real_at(problem->limits[l]->max_kw, 0);
        g_assert_true(kw >= 0);
        fake_tiers |= 1u << problem->limits[l]->tier;
        if ((problem->limits[l]->flags & CFX_LIMIT_EXPORT) != 0) {
            fake_export_kw = kw;
            continue;
        }
        fake_room_kw = MIN(fake_room_kw, kw - cfx_real_at(problem->nodes[0]->base_kw, 0));
    }
    for (guint d = 0; d < problem->n_devices; d++) {
        gint64 asset = cfx_int_at(problem->device_id, d);
        for (guint j = 0; j < problem->n_slots; j++)
            solution->power_kw[d * problem->n_slots + j] =
                fake_is_wild ? fake_wished_kw[asset - FIXTURE_FIRST_ASSET]
                             : MIN(fake_wished_kw[asset - FIXTURE_FIRST_ASSET],
                                   cfx_grid_at(problem->power_max_kw, d, j));
    }
    solution->status = CFX_SOLVED_OPTIMAL;
    solution->cost = solution->bound = solution->gap = 0;
    return TRUE;
}

const CfxSchedulerOps fake_ops = {
    .struct_size = sizeof(CfxSchedulerOps),
    .features = CFX_NEED_KNOWN,
    .open = fake_open,
    .close = fake_close,
    .load = fake_load,
    .update = fake_update,
    .solve = fake_solve,
};
