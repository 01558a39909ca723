/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "flow-interior.h"
#include "flow-cholesky.h"
#include "flow-columns.h"
#include "flow-vector.h"

#include <math.h>
#include <string.h>

#define NONE G_MAXUINT32
#define MAX_ITERATIONS 100
#define FIXED 1e-9 /* an interval narrower than this is a number */

typedef struct {
    guint32 device, begin, end; /* slots in which it has rows or variables */
    gboolean has_rows;
    guint32 *up, *down;            /* column of u, of v, or NONE; by slot − begin */
    guint32 *stock;                /* first column of s; end − begin + 1 */
    double *rhs, *y, *dy, *primal; /* by slot − begin */
    double *pivot, *lower;         /* T = L·D·Lᵀ */
    double *per_up, *per_down;     /* k_c, k_v */
    guint32 first_row, end_row;    /* rows of the site system in its slots */
} Block;

typedef struct {
    const FlowLp *lp;
    const FlowModel *model;
    FlowColumns c;
    Block *blocks;
    guint32 n_blocks, n_rows;
    guint32 *piece;                       /* n_rows + 1: first column of a row's pieces */
    double *rhs, *y, *dy, *primal;        /* of the rows */
    double *best_x, *best_y, *best_stock; /* the last: D × J, y of the blocks */
    double *matrix;
    guint32 stride;
    double *scratch, *inverse;
    GPtrArray *arena;
} Interior;

static gpointer
take(Interior *self, gsize n, gsize size)
{
    gpointer memory = g_malloc0_n(n + 1, size);
    g_ptr_array_add(self->arena, memory);
    return memory;
}

static guint32
add_column(Interior *self, double length, double cost, double curve)
{
    FlowColumns *c = &self->c;
    c->length[c->n] = length;
    c->cost[c->n] = cost;
    c->curve[c->n] = curve;
    return c->n++;
}

static double
weight_of(const Interior *self, guint32 node, guint32 device)
{
    return self->model->weights[(gsize)node * self->model->n_devices + device];
}

/* The stock of slot j as variables side by side, split at the wishes; returns what is fixed. */
static double
add_stock(Interior *self, guint32 d, guint32 j, guint32 end)
{
    const FlowLp *lp = self->lp;
    const FlowDevice *device = &self->model->devices[d];
    double low = device->empty[j], high = device->full[j];
    double slope = j + 1 == end ? -lp->end_value[d] : 0, at = low;
    guint32 first = lp->first_wish[d], last = lp->first_wish[d + 1];
    for (guint32 k = first; k < last; k++) {
        if (lp->wishes[k].slot == j)
            slope -= lp->wishes[k].price;
    }
    for (guint32 k = first; k < last; k++) {
        const FlowWish *wish = &lp->wishes[k];
        if (wish->slot != j)
            continue;
        double level = MIN(wish->level, high);
        if (level - at > FIXED) {
            double length = level - at;
            add_column(self, length, slope - wish->curve * length, wish->curve);
            at = level;
        }
        slope += wish->price;
    }
    if (high - at > FIXED)
        add_column(self, high - at, slope, 0);
    return low;
}

/* The variables u and v of a slot, and how they act on the stock. */
static void
add_power(Interior *self, Block *block, guint32 i)
{
    const FlowDevice *device = &self->model->devices[block->device];
    guint32 j = block->begin + i;
    double hours = self->model->hours[j];
    double price = hours * self->lp->price[(gsize)block->device * self->model->n_slots + j];
    double up = MAX(device->ceil[j], 0) - MAX(device->floor[j], 0);
    double down = MAX(-device->floor[j], 0) - MAX(-device->ceil[j], 0);
    gboolean is_free = device->ceil[j] - device->floor[j] > FIXED;
    block->up[i] = is_free && up > FIXED ? add_column(self, up, price, 0) : NONE;
    block->down[i] = is_free && down > FIXED ? add_column(self, down, -price, 0) : NONE;
    if (!device->has_stock)
        return;
    block->per_up[i] = device->share[j] * hours * device->charge;
    block->per_down[i] = device->share[j] * hours / device->discharge;
}

static gboolean
add_block(Interior *self, guint32 d)
{
    const FlowLp *lp = self->lp;
    const FlowDevice *device = &self->model->devices[d];
    guint32 n_slots = self->model->n_slots, begin = n_slots, end = 0;
    for (guint32 j = 0; j < n_slots; j++) {
        if (device->ceil[j] - device->floor[j] > FIXED) {
            begin = MIN(begin, j);
            end = j + 1;
        }
    }
    if (end == 0)
        return FALSE;
    if (device->has_stock) {
        for (guint32 k = lp->first_wish[d]; k < lp->first_wish[d + 1]; k++)
            end = MAX(end, lp->wishes[k].slot + 1);
        if (lp->end_value[d] != 0)
            end = n_slots;
    }
    guint32 width = end - begin;
    Block *block = &self->blocks[self->n_blocks++];
    block->device = d;
    block->begin = begin;
    block->end = end;
    block->has_rows = device->has_stock;
    block->up = take(self, width, sizeof(guint32));
    block->down = take(self, width, sizeof(guint32));
    block->stock = take(self, width + 1, sizeof(guint32));
    block->rhs = take(self, width, sizeof(double));
    block->y = take(self, width, sizeof(double));
    block->dy = take(self, width, sizeof(double));
    block->primal = take(self, width, sizeof(double));
    block->pivot = take(self, width, sizeof(double));
    block->lower = take(self, width, sizeof(double));
    block->per_up = take(self, width, sizeof(double));
    block->per_down = take(self, width, sizeof(double));
    while (block->first_row < self->n_rows && lp->rows[block->first_row].slot < begin)
        block->first_row++;
    block->end_row = block->first_row;
    while (block->end_row < self->n_rows && lp->rows[block->end_row].slot < end)
        block->end_row++;
    for (guint32 i = 0; i < width; i++)
        add_power(self, block, i);
    /* what happens before its first free slot is fixed */
    double before = device->start;
    for (guint32 j = 0; j < begin && device->has_stock; j++)
        before = device->keep[j] * before +
                 schedule_change(self->model->problem, d, j, device->floor[j]);
    for (guint32 i = 0; i < width && device->has_stock; i++) {
        guint32 j = begin + i;
        block->stock[i] = self->c.n;
        double low = add_stock(self, d, j, n_slots);
        block->stock[i + 1] = self->c.n;
        block->rhs[i] = device->share[j] * self->model->hours[j] * device->gain[j] +
                        block->per_up[i] * MAX(device->floor[j], 0) -
                        block->per_down[i] * MAX(-device->ceil[j], 0) - low +
                        device->keep[j] * before;
        before = low;
    }
    return TRUE;
}

static void
add_row(Interior *self, guint32 r)
{
    const FlowLp *lp = self->lp;
    const FlowModel *model = self->model;
    const FlowRow *row = &lp->rows[r];
    self->piece[r] = self->c.n;
    for (guint32 k = row->start; k < row->end; k++)
        add_column(self, lp->piece_width[k], model->hours[row->slot] * lp->piece_price[k], 0);
    self->piece[r + 1] = self->c.n;
    self->rhs[r] = row->low - model->nodes[row->node].base[row->slot];
    for (guint32 d = 0; d < model->n_devices; d++) {
        const FlowDevice *device = &model->devices[d];
        double low = device->floor[row->slot], high = device->ceil[row->slot];
        double fixed = MAX(low, 0) - MAX(-high, 0);
        self->rhs[r] -= weight_of(self, row->node, d) * fixed;
    }
}

static void
build(Interior *self)
{
    const FlowLp *lp = self->lp;
    const FlowModel *model = self->model;
    gsize wishes = lp->first_wish[model->n_devices];
    gsize pieces = self->n_rows > 0 ? lp->rows[self->n_rows - 1].end : 0;
    gsize n = 3 * (gsize)model->n_devices * model->n_slots + wishes + pieces;
    FlowColumns *c = &self->c;
    double **columns[] = { &c->x,          &c->length,    &c->cost,    &c->curve,   &c->low_price,
                           &c->high_price, &c->residual,  &c->theta,   &c->xi,      &c->step,
                           &c->low_step,   &c->high_step, &c->low_aim, &c->high_aim };
    for (guint i = 0; i < G_N_ELEMENTS(columns); i++)
        *columns[i] = take(self, n, sizeof(double));
    self->best_x = take(self, n, sizeof(double));
    self->best_y = take(self, self->n_rows, sizeof(double));
    self->best_stock = take(self, (gsize)model->n_devices * model->n_slots, sizeof(double));
    self->blocks = take(self, model->n_devices, sizeof(Block));
    self->piece = take(self, self->n_rows + 1, sizeof(guint32));
    self->rhs = take(self, self->n_rows, sizeof(double));
    self->y = take(self, self->n_rows, sizeof(double));
    self->dy = take(self, self->n_rows, sizeof(double));
    self->primal = take(self, self->n_rows, sizeof(double));
    self->scratch = take(self, MAX(self->n_rows, model->n_slots), sizeof(double));
    self->inverse = take(self, self->n_rows, sizeof(double));
    self->stride = (self->n_rows + 3) & ~3u;
    self->matrix = take(self, (gsize)self->n_rows * self->stride, sizeof(double));
    for (guint32 d = 0; d < model->n_devices; d++)
        add_block(self, d);
    for (guint32 r = 0; r < self->n_rows; r++)
        add_row(self, r);
}

/* sum of a block's stock variables at slot i */
static inline double
stock_sum(const Block *block, const double *of, guint32 i)
{
    double sum = 0;
    for (guint32 k = block->stock[i]; k < block->stock[i + 1]; k++)
        sum += of[k];
    return sum;
}

static inline double
power_of(const Block *block, const double *of, guint32 i)
{
    double power = 0;
    if (block->up[i] != NONE)
        power += of[block->up[i]];
    if (block->down[i] != NONE)
        power -= of[block->down[i]];
    return power;
}

/* device rows of A·of, subtracted from `from` into `to` */
static void
rows_of_block(
    const Interior *self, const Block *block, const double *of, const double *from, double *to)
{
    const FlowDevice *device = &self->model->devices[block->device];
    double before = 0;
    for (guint32 i = 0; i < block->end - block->begin; i++) {
        double stock = stock_sum(block, of, i);
        double sum = stock - device->keep[block->begin + i] * before;
        if (block->up[i] != NONE)
            sum -= block->per_up[i] * of[block->up[i]];
        if (block->down[i] != NONE)
            sum += block->per_down[i] * of[block->down[i]];
        to[i] = from[i] - sum;
        before = stock;
    }
}

static void
rows_of_site(const Interior *self, const double *of, const double *from, double *to)
{
    for (guint32 r = 0; r < self->n_rows; r++) {
        to[r] = from[r];
        for (guint32 k = self->piece[r]; k < self->piece[r + 1]; k++)
            to[r] += of[k];
    }
    for (guint32 b = 0; b < self->n_blocks; b++) {
        const Block *block = &self->blocks[b];
        for (guint32 r = block->first_row; r < block->end_row; r++) {
            const FlowRow *row = &self->lp->rows[r];
            double weight = weight_of(self, row->node, block->device);
            if (weight != 0)
                to[r] -= weight * power_of(block, of, row->slot - block->begin);
        }
    }
}

/* Aᵀ·y added to `to`, times `sign` */
static void
columns_of(const Interior *self, const double *site_y, gsize y_offset, double sign, double *to)
{
    for (guint32 b = 0; b < self->n_blocks; b++) {
        const Block *block = &self->blocks[b];
        const FlowDevice *device = &self->model->devices[block->device];
        const double *y = y_offset == 0 ? block->y : block->dy;
        guint32 width = block->end - block->begin;
        for (guint32 i = 0; i < width && block->has_rows; i++) {
            double next = i + 1 < width ? device->keep[block->begin + i + 1] * y[i + 1] : 0;
            for (guint32 k = block->stock[i]; k < block->stock[i + 1]; k++)
                to[k] += sign * (y[i] - next);
            if (block->up[i] != NONE)
                to[block->up[i]] -= sign * block->per_up[i] * y[i];
            if (block->down[i] != NONE)
                to[block->down[i]] += sign * block->per_down[i] * y[i];
        }
        for (guint32 r = block->first_row; r < block->end_row; r++) {
            const FlowRow *row = &self->lp->rows[r];
            double value = sign * weight_of(self, row->node, block->device) * site_y[r];
            guint32 i = row->slot - block->begin;
            if (block->up[i] != NONE)
                to[block->up[i]] += value;
            if (block->down[i] != NONE)
                to[block->down[i]] -= value;
        }
    }
    for (guint32 r = 0; r < self->n_rows; r++) {
        for (guint32 k = self->piece[r]; k < self->piece[r + 1]; k++)
            to[k] -= sign * site_y[r];
    }
}

/* T = L·D·Lᵀ of a device's rows */
static void
factor_block(const Interior *self, Block *block)
{
    const FlowDevice *device = &self->model->devices[block->device];
    const double *theta = self->c.theta;
    double before = 0; /* θ of the stock one slot earlier */
    for (guint32 i = 0; i < block->end - block->begin && block->has_rows; i++) {
        double keep = device->keep[block->begin + i], stock = stock_sum(block, theta, i);
        double diagonal = stock + keep * keep * before;
        if (block->up[i] != NONE)
            diagonal += block->per_up[i] * block->per_up[i] * theta[block->up[i]];
        if (block->down[i] != NONE)
            diagonal += block->per_down[i] * block->per_down[i] * theta[block->down[i]];
        double pivot = diagonal;
        if (i > 0) {
            double beside = -keep * before;
            block->lower[i - 1] = beside / block->pivot[i - 1];
            pivot -= block->lower[i - 1] * beside;
        }
        /* a row without variables fixes nothing */
        if (diagonal <= 0)
            pivot = 1;
        block->pivot[i] = MAX(pivot, 1e-14 * diagonal);
        before = stock;
    }
}

static void
solve_block(const Block *block, double *vector)
{
    guint32 width = block->end - block->begin;
    for (guint32 i = 1; i < width; i++)
        vector[i] -= block->lower[i - 1] * vector[i - 1];
    for (guint32 i = 0; i < width; i++)
        vector[i] /= block->pivot[i];
    for (guint32 i = width - 1; i-- > 0;)
        vector[i] -= block->lower[i] * vector[i + 1];
}

/* how a unit of slot i's power acts on its own row, times its θ */
static inline double
coupling(const Interior *self, const Block *block, guint32 i)
{
    double sum = 0;
    if (block->up[i] != NONE)
        sum -= block->per_up[i] * self->c.theta[block->up[i]];
    if (block->down[i] != NONE)
        sum -= block->per_down[i] * self->c.theta[block->down[i]];
    return block->has_rows ? sum : 0;
}

FLOW_VECTOR static void
scale_and_add(
    double *restrict row, double *restrict inverse, double scale, double factor, guint32 n)
{
    for (guint32 k = 0; k < n; k++) {
        inverse[k] *= scale;
        row[k] += factor * inverse[k];
    }
}

static void
scale(double *inverse, double by, guint32 n)
{
    for (guint32 k = 0; k < n; k++)
        inverse[k] *= by;
}

/*
 * Adds diag(C) − E·T⁻¹·E of one device. The rows of T⁻¹ come from the last slot backwards, each by
 * one multiplication from the one below; `inverse` holds the present one, times E.
 */
static void
add_to_matrix(Interior *self, const Block *block)
{
    const FlowRow *rows = self->lp->rows;
    double *inverse = self->inverse, corner = 0;
    guint32 r = block->end_row, device = block->device;
    for (guint32 i = block->end - block->begin; i-- > 0;) {
        double lower = i + 1 < block->end - block->begin ? block->lower[i] : 0;
        corner = block->has_rows ? 1 / block->pivot[i] + lower * lower * corner : 0;
        guint32 above = r; /* rows of later slots begin here */
        while (r > block->first_row && rows[r - 1].slot == block->begin + i)
            r--;
        if (r == above) {
            scale(inverse + above, -lower, block->end_row - above);
            continue;
        }
        double direct = 0, e = coupling(self, block, i);
        if (block->up[i] != NONE)
            direct += self->c.theta[block->up[i]];
        if (block->down[i] != NONE)
            direct += self->c.theta[block->down[i]];
        direct -= e * e * corner;
        scale(inverse + above, -lower, block->end_row - above);
        for (guint32 k = r; k < above; k++) {
            double weight = weight_of(self, rows[k].node, device);
            double *row = self->matrix + (gsize)k * self->stride;
            inverse[k] = weight * corner * e;
            if (weight == 0)
                continue;
            for (guint32 m = k; m < above; m++)
                row[m] += weight * weight_of(self, rows[m].node, device) * direct;
            scale_and_add(row + above, inverse + above, 1, -weight * e, block->end_row - above);
        }
    }
}

static void
factor(Interior *self)
{
    memset(self->matrix, 0, sizeof(double) * self->n_rows * self->stride);
    for (guint32 r = 0; r < self->n_rows; r++) {
        double sum = 0;
        for (guint32 k = self->piece[r]; k < self->piece[r + 1]; k++)
            sum += self->c.theta[k];
        self->matrix[(gsize)r * self->stride + r] = sum;
    }
    for (guint32 b = 0; b < self->n_blocks; b++) {
        factor_block(self, &self->blocks[b]);
        add_to_matrix(self, &self->blocks[b]);
    }
    flow_cholesky_factor(self->matrix, self->n_rows, self->stride);
}

/* From the aims (r_l, r_u) in low_aim, high_aim: the direction in step, low_step, high_step. */
static void
find_direction(Interior *self)
{
    FlowColumns *c = &self->c;
    double *weighted = c->step;
    flow_columns_weigh(c);
    /* A·Θ·Aᵀ·dy = r_p + A·Θ·ξ */
    rows_of_site(self, weighted, self->primal, self->dy);
    for (guint32 b = 0; b < self->n_blocks; b++) {
        Block *block = &self->blocks[b];
        if (!block->has_rows)
            continue;
        rows_of_block(self, block, weighted, block->primal, block->dy);
        double *half = self->scratch;
        memcpy(half, block->dy, sizeof(double) * (block->end - block->begin));
        solve_block(block, half);
        for (guint32 r = block->first_row; r < block->end_row; r++) {
            guint32 i = self->lp->rows[r].slot - block->begin;
            double weight = weight_of(self, self->lp->rows[r].node, block->device);
            if (weight != 0)
                self->dy[r] -= weight * coupling(self, block, i) * half[i];
        }
    }
    flow_cholesky_solve(self->matrix, self->n_rows, self->stride, self->dy);
    for (guint32 b = 0; b < self->n_blocks; b++) {
        Block *block = &self->blocks[b];
        if (!block->has_rows)
            continue;
        for (guint32 r = block->first_row; r < block->end_row; r++) {
            guint32 i = self->lp->rows[r].slot - block->begin;
            double weight = weight_of(self, self->lp->rows[r].node, block->device);
            if (weight != 0)
                block->dy[i] -= weight * coupling(self, block, i) * self->dy[r];
        }
        solve_block(block, block->dy);
    }
    for (guint32 k = 0; k < c->n; k++)
        c->step[k] = -c->xi[k];
    columns_of(self, self->dy, 1, 1, c->step);
    flow_columns_direct(c);
}

static double
largest(const double *of, guint32 n)
{
    double most = 0;
    for (guint32 k = 0; k < n; k++)
        most = MAX(most, fabs(of[k]));
    return most;
}

typedef struct {
    double complement, primal, dual, objective;
} State;

static State
measure(Interior *self)
{
    FlowColumns *c = &self->c;
    State state = { 0 };
    for (guint32 k = 0; k < c->n; k++)
        state.objective += c->cost[k] * c->x[k];
    state.complement = flow_columns_complement(c);
    flow_columns_residual(c);
    columns_of(self, self->y, 0, -1, c->residual);
    rows_of_site(self, c->x, self->rhs, self->primal);
    state.primal = largest(self->primal, self->n_rows);
    for (guint32 b = 0; b < self->n_blocks; b++) {
        Block *block = &self->blocks[b];
        if (!block->has_rows)
            continue;
        rows_of_block(self, block, c->x, block->rhs, block->primal);
        state.primal = MAX(state.primal, largest(block->primal, block->end - block->begin));
    }
    state.dual = largest(c->residual, c->n);
    return state;
}

static void
advance(Interior *self, double primal, double dual)
{
    flow_columns_advance(&self->c, primal, dual);
    for (guint32 r = 0; r < self->n_rows; r++)
        self->y[r] += dual * self->dy[r];
    for (guint32 b = 0; b < self->n_blocks; b++) {
        Block *block = &self->blocks[b];
        for (guint32 i = 0; i < block->end - block->begin && block->has_rows; i++)
            block->y[i] += dual * block->dy[i];
    }
}

static void
iterate(Interior *self, double complement)
{
    FlowColumns *c = &self->c;
    double average = complement / (2.0 * c->n), alpha_p, alpha_d;
    flow_columns_predict(c);
    factor(self);
    find_direction(self);
    flow_columns_lengths(c, &alpha_p, &alpha_d);
    alpha_p = MIN(alpha_p, 1);
    alpha_d = MIN(alpha_d, 1);
    double share = flow_columns_complement_after(c, alpha_p, alpha_d) / complement;
    flow_columns_correct(c, share * share * share * average);
    find_direction(self);
    flow_columns_lengths(c, &alpha_p, &alpha_d);
    advance(self, MIN(1, 0.995 * alpha_p), MIN(1, 0.995 * alpha_d));
}

/* The iterate with the smallest error, for when rounding takes over. */
static void
remember(Interior *self)
{
    memcpy(self->best_x, self->c.x, sizeof(double) * self->c.n);
    memcpy(self->best_y, self->y, sizeof(double) * self->n_rows);
    for (guint32 b = 0; b < self->n_blocks; b++) {
        const Block *block = &self->blocks[b];
        gsize first = (gsize)block->device * self->model->n_slots + block->begin;
        memcpy(self->best_stock + first, block->y, sizeof(double) * (block->end - block->begin));
    }
}

static void
write_answer(const Interior *self, FlowLpAnswer *answer)
{
    const FlowModel *model = self->model;
    guint32 n_slots = model->n_slots;
    for (guint32 d = 0; d < model->n_devices; d++) {
        const FlowDevice *device = &model->devices[d];
        for (guint32 j = 0; j < n_slots; j++)
            answer->power[(gsize)d * n_slots + j] = (device->floor[j] + device->ceil[j]) / 2;
    }
    for (gsize i = 0; i < (gsize)model->n_devices * n_slots; i++)
        answer->stock_price[i] = -self->best_stock[i];
    for (guint32 b = 0; b < self->n_blocks; b++) {
        const Block *block = &self->blocks[b];
        const FlowDevice *device = &model->devices[block->device];
        double *power = answer->power + (gsize)block->device * n_slots;
        double *stock_price = answer->stock_price + (gsize)block->device * n_slots;
        for (guint32 j = block->begin; j-- > 0;)
            stock_price[j] = device->keep[j + 1] * stock_price[j + 1];
        for (guint32 j = block->begin; j < block->end; j++) {
            guint32 i = j - block->begin;
            if (block->up[i] == NONE && block->down[i] == NONE)
                continue;
            double fixed = MAX(device->floor[j], 0) - MAX(-device->ceil[j], 0);
            power[j] =
                CLAMP(fixed + power_of(block, self->best_x, i), device->floor[j], device->ceil[j]);
        }
    }
    for (guint32 r = 0; r < self->n_rows; r++)
        answer->row_price[r] = -self->best_y[r] / model->hours[self->lp->rows[r].slot];
}

gboolean
flow_interior(const FlowLp *lp,
              double gap,
              gboolean (*is_late)(gpointer data),
              gpointer data,
              FlowLpAnswer *answer)
{
    Interior self = { .lp = lp, .model = lp->model, .n_rows = lp->n_rows };
    self.arena = g_ptr_array_new_with_free_func(g_free);
    build(&self);
    FlowColumns *c = &self.c;
    double price = 0, base = largest(self.rhs, self.n_rows);
    for (guint32 k = 0; k < c->n; k++) {
        c->x[k] = c->length[k] / 2;
        price = MAX(price, fabs(c->cost[k]));
    }
    double start = 0;
    for (guint32 k = 0; k < c->n; k++)
        start += fabs(c->cost[k]) / c->n;
    for (guint32 k = 0; k < c->n; k++)
        c->low_price[k] = c->high_price[k] = MAX(start, 1e-3 * price);
    gboolean in_time = TRUE;
    double least_error = INFINITY;
    answer->is_converged = FALSE;
    for (answer->iterations = 0; answer->iterations < MAX_ITERATIONS; answer->iterations++) {
        State state = measure(&self);
        /* 1 and below: done */
        double error = MAX(state.primal / (1e-8 * (1 + base)), state.dual / (1e-9 * (1 + price)));
        /* on its way the objective may pass 0: it is known to the complement only */
        double scale = MAX(fabs(state.objective), state.complement);
        error = MAX(error, state.complement / (gap * (1 + scale)));
        /* an empty interior lets rounding grow without end once it is reached */
        if (!isfinite(error) || error > 1e4 * least_error)
            break;
        if (error < least_error) {
            least_error = error;
            remember(&self);
        }
        if (error <= 1 || c->n == 0) {
            answer->is_converged = TRUE;
            break;
        }
        if (is_late != NULL && is_late(data)) {
            in_time = FALSE;
            break;
        }
        iterate(&self, state.complement);
    }
    write_answer(&self, answer);
    g_ptr_array_unref(self.arena);
    return in_time;
}
