/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A step of the order, written as a linear programme for the interior point method. */
#include "flow-solver.h"

#include <math.h>

#define PIECE_MARGIN 1.0 /* kW beyond what a node can have: keeps the row's interior open */
#define FIXED_PRICE 1e3  /* of what earlier steps have fixed, against prices of 1 … 64 */
#define LIMIT_PRICE 1e5
#define EVENNESS 1e-3 /* how much dearer the last kWh that lacks is than the first */

typedef struct {
    FlowSolver *solver;
    FlowStep step;
    guint32 tier;
    FlowLp lp;
    GArray *rows, *widths, *prices;
} Builder;

static int
compare_reals(gconstpointer a, gconstpointer b)
{
    double left = *(const double *)a, right = *(const double *)b;
    return (left > right) - (left < right);
}

/* Where a limit begins to cost in this step, and how much; FALSE: it does not count. */
static gboolean
limit_price(const Builder *self, const FlowLimit *limit, guint32 j, double *from, double *price)
{
    *from = limit->sign * limit->allowed[j];
    *price = limit->sign * LIMIT_PRICE;
    if (self->step == FLOW_STEP_MONEY)
        *price = limit->sign * 10 * self->solver->lack_price;
    if (self->step == FLOW_STEP_BREACH && limit->tier == self->tier) {
        *from = limit->sign * limit->max[j];
        *price = limit->sign;
    }
    return isfinite(*from) && (self->step != FLOW_STEP_BREACH || limit->tier <= self->tier);
}

static double
slope_at(const Builder *self, guint32 g, guint32 j, double n)
{
    const FlowModel *model = self->solver->model;
    const FlowNode *node = &model->nodes[g];
    double slope = 0, from, price;
    if (self->step == FLOW_STEP_MONEY)
        slope = n > 0 ? node->buy[j] : node->sell[j];
    for (guint32 i = 0; i < model->n_limits; i++) {
        const FlowLimit *limit = &model->limits[i];
        if (limit->node == g && limit_price(self, limit, j, &from, &price) &&
            limit->sign * (n - from) > 0)
            slope += price;
    }
    return slope;
}

/* Adds the row of (g, j), or its one price to all devices below it. */
static void
add_node(Builder *self, guint32 g, guint32 j)
{
    FlowSolver *solver = self->solver;
    const FlowModel *model = solver->model;
    const FlowNode *node = &model->nodes[g];
    double low = node->low[j], high = node->high[j], from, price, *cuts = solver->cuts;
    guint32 n = 0;
    if (high - low <= 1e-9)
        high = low;
    cuts[n++] = low;
    if (self->step == FLOW_STEP_MONEY && node->buy[j] != node->sell[j] && low < 0 && high > 0)
        cuts[n++] = 0;
    for (guint32 i = 0; i < model->n_limits; i++) {
        const FlowLimit *limit = &model->limits[i];
        if (limit->node == g && limit_price(self, limit, j, &from, &price) && from > low + 1e-9 &&
            from < high - 1e-9)
            cuts[n++] = from;
    }
    cuts[n++] = high;
    qsort(cuts, n, sizeof(double), compare_reals);
    double first = slope_at(self, g, j, (cuts[0] + cuts[1]) / 2), slope = first;
    FlowRow row = { .node = g, .slot = j, .low = low - PIECE_MARGIN, .start = self->prices->len };
    double begin = row.low;
    for (guint32 k = 1; k < n; k++) {
        double next = k + 1 < n ? slope_at(self, g, j, (cuts[k] + cuts[k + 1]) / 2) : INFINITY;
        if (next - slope <= 0)
            continue;
        double end = k + 1 < n ? cuts[k] : high + PIECE_MARGIN, width = end - begin;
        if (k + 1 == n && self->prices->len == row.start)
            break; /* one price all over */
        g_array_append_val(self->widths, width);
        g_array_append_val(self->prices, slope);
        begin = end;
        slope = next;
    }
    row.end = self->prices->len;
    if (row.end > row.start) {
        g_array_append_val(self->rows, row);
        return;
    }
    solver->node_price[(gsize)g * model->n_slots + j] = first;
    for (guint32 d = 0; d < model->n_devices && first != 0; d++)
        self->lp.price[(gsize)d * model->n_slots + j] +=
            first * model->weights[(gsize)g * model->n_devices + d];
}

double
flow_target_grade(const FlowModel *model, const FlowTarget *target)
{
    /* one step for each lighter weight of its tier: equals can be exchanged one for one, and
     * efficiencies differ by less than a step */
    double grade = 1;
    for (guint32 i = 0; i < model->n_targets; i++) {
        const FlowTarget *other = &model->targets[i];
        gboolean is_new = other->tier == target->tier && other->weight < target->weight;
        for (guint32 k = 0; is_new && k < i; k++)
            is_new =
                model->targets[k].tier != other->tier || model->targets[k].weight != other->weight;
        if (is_new)
            grade *= 1.5;
    }
    return grade;
}

static void
add_wishes(Builder *self, GArray *wishes, guint32 d)
{
    const FlowModel *model = self->solver->model;
    const FlowDevice *device = &model->devices[d];
    for (guint32 k = device->first_target; k < device->first_target + device->n_targets; k++) {
        const FlowTarget *target = &model->targets[k];
        FlowWish wish = { .slot = target->slot, .level = target->level };
        if (self->step == FLOW_STEP_MONEY) {
            wish.price = self->solver->lack_price;
        } else if (self->step == FLOW_STEP_NEED && target->tier < self->tier) {
            wish.price = FIXED_PRICE;
        } else if (self->step == FLOW_STEP_NEED && target->tier == self->tier) {
            wish.price = MIN(flow_target_grade(model, target), 64);
            wish.curve = EVENNESS * wish.price / target->share;
        }
        if (wish.price > 0 && wish.level > device->empty[wish.slot])
            g_array_append_val(wishes, wish);
    }
}

/* Wishes of a slot must ascend: a level that the steps lowered may have passed another. */
static int
compare_wishes(gconstpointer a, gconstpointer b)
{
    const FlowWish *left = a, *right = b;
    if (left->slot != right->slot)
        return left->slot < right->slot ? -1 : 1;
    return (left->level > right->level) - (left->level < right->level);
}

gboolean
flow_lp_solve(FlowSolver *solver, FlowStep step, guint32 tier)
{
    FlowModel *model = solver->model;
    gsize cells = (gsize)model->n_devices * model->n_slots;
    Builder self = { .solver = solver, .step = step, .tier = tier };
    g_autofree double *price = g_new0(double, cells + 1);
    g_autofree double *end_value = g_new0(double, model->n_devices + 1);
    g_autofree guint32 *first_wish = g_new0(guint32, model->n_devices + 1);
    g_autoptr(GArray) wishes = g_array_new(FALSE, FALSE, sizeof(FlowWish));
    self.rows = g_array_new(FALSE, FALSE, sizeof(FlowRow));
    self.widths = g_array_new(FALSE, FALSE, sizeof(double));
    self.prices = g_array_new(FALSE, FALSE, sizeof(double));
    self.lp.model = model;
    self.lp.price = price;
    for (guint32 d = 0; d < model->n_devices; d++) {
        const FlowDevice *device = &model->devices[d];
        for (guint32 j = 0; step == FLOW_STEP_MONEY && j < model->n_slots; j++)
            price[(gsize)d * model->n_slots + j] =
                device->bias[j] +
                (solver->tilt != NULL ? solver->tilt[(gsize)d * model->n_slots + j] : 0);
        end_value[d] = step == FLOW_STEP_MONEY ? device->end_value : 0;
        first_wish[d] = wishes->len;
        add_wishes(&self, wishes, d);
        if (wishes->len > first_wish[d])
            qsort(&g_array_index(wishes, FlowWish, first_wish[d]),
                  wishes->len - first_wish[d],
                  sizeof(FlowWish),
                  compare_wishes);
    }
    first_wish[model->n_devices] = wishes->len;
    for (guint32 j = 0; j < model->n_slots; j++) {
        for (guint32 g = 0; g < model->n_nodes; g++)
            add_node(&self, g, j);
    }
    self.lp.end_value = end_value;
    self.lp.wishes = (FlowWish *)(gpointer)wishes->data;
    self.lp.first_wish = first_wish;
    self.lp.rows = (FlowRow *)(gpointer)self.rows->data;
    self.lp.n_rows = solver->n_rows = self.rows->len;
    self.lp.piece_width = (double *)(gpointer)self.widths->data;
    self.lp.piece_price = (double *)(gpointer)self.prices->data;
    g_autofree double *row_price = g_new0(double, self.rows->len + 1);
    FlowLpAnswer answer = { .power = solver->power,
                            .row_price = row_price,
                            .stock_price = solver->stock_price };
    /* who lacks how much hangs on a curve that is nearly flat; a tree only asks how much in all */
    double gap = step == FLOW_STEP_NEED && !solver->is_deciding ? 1e-12 : 1e-9;
    gboolean in_time = flow_interior(&self.lp, gap, flow_clock_is_late, &solver->clock, &answer);
    for (guint32 r = 0; r < self.rows->len && step == FLOW_STEP_MONEY; r++) {
        const FlowRow *row = &self.lp.rows[r];
        const FlowNode *node = &model->nodes[row->node];
        double *to = &solver->node_price[(gsize)row->node * model->n_slots + row->slot];
        double near = 1e-5 * model->price_scale;
        *to = row_price[r];
        /* a price that is nearly the tariff is the tariff, else its noise would break ties */
        if (fabs(*to - node->buy[row->slot]) < near)
            *to = node->buy[row->slot];
        else if (fabs(*to - node->sell[row->slot]) < near)
            *to = node->sell[row->slot];
    }
    flow_nodes_follow(solver);
    g_array_unref(self.rows);
    g_array_unref(self.widths);
    g_array_unref(self.prices);
    return in_time;
}
