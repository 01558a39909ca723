/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "plan/cfx-plan.h"

void
cfx_plan_block_init(CfxPlanBlock *self, gsize n_devices, gsize n_slots)
{
    gsize n_cells = n_devices * n_slots;
    gsize n_integers = n_slots + 1 + n_slots + 3 * n_devices;
    gsize n_reals = 3 * n_cells;
    gint64 *block = g_malloc0(n_integers * sizeof(gint64) + n_reals * sizeof(double));
    double *reals = (double *)(gpointer)(block + n_integers);

    memset(self, 0, sizeof *self);
    self->edges_us = block;
    self->raise_delay_us = self->edges_us + n_slots + 1;
    self->asset = self->raise_delay_us + n_slots;
    self->not_before_us = self->asset + n_devices;
    self->flags = self->not_before_us + n_devices;
    self->power_w = reals;
    self->fail_safe_w = self->power_w + n_cells;
    self->marginal = self->fail_safe_w + n_cells;

    guint32 row = (guint32)n_slots;
    self->view = (CfxPlan){
        .struct_size = sizeof(CfxPlan),
        .n_slots = n_slots,
        .n_devices = n_devices,
        .edges_us = { self->edges_us, 1 },
        .raise_delay_us = { self->raise_delay_us, 1 },
        .asset = { self->asset, 1 },
        .power_w = { self->power_w, row, 1 },
        .fail_safe_w = { self->fail_safe_w, row, 1 },
        .not_before_us = { self->not_before_us, 1 },
        .flags = { self->flags, 1 },
        .marginal = { self->marginal, row, 1 },
        .cost = NAN,
        .bound = NAN,
        .gap = NAN,
        .owner = g_bytes_new_take(block, n_integers * sizeof(gint64) + n_reals * sizeof(double)),
    };
}

void
cfx_site_plan_free(CfxSitePlan *self)
{
    cfx_plan_drop(&self->view);
    g_free(self->scheduler);
    g_free(self->base_w);
    g_free(self->limit_w);
    g_free(self->buy);
    g_free(self->sell);
    g_free(self->assumed);
    g_free(self);
}

void
cfx_ask_answer(GPtrArray *asks, const CfxPlan *plan, const GError *error)
{
    for (guint i = 0; i < asks->len; i++) {
        CfxAsk *ask = g_ptr_array_index(asks, i);
        if (ask->instance == NULL || cfx_instance_is_alive(ask->instance, ask->generation))
            ask->done(ask->data, plan, error);
    }
}

typedef struct {
    GPtrArray *asks;
    CfxPlan plan;
    GError *error;
} Later;

static void
answer_now(gpointer data)
{
    Later *later = data;

    cfx_ask_answer(later->asks, later->error == NULL ? &later->plan : NULL, later->error);
    g_ptr_array_unref(later->asks);
    cfx_plan_drop(&later->plan);
    g_clear_error(&later->error);
    g_free(later);
}

void
cfx_ask_later(CfxEngine *engine, GPtrArray *asks, const CfxPlan *plan, const GError *error)
{
    Later *later = g_new0(Later, 1);

    later->asks = g_ptr_array_ref(asks);
    later->error = error != NULL ? g_error_copy(error) : NULL;
    if (plan != NULL)
        cfx_plan_keep(&later->plan, plan);
    engine->host->base->post(engine->host, answer_now, later);
}
