/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "schedule-oracle.h"

#include <glpk.h>
#include <math.h>

typedef struct {
    const CfxProblem *p;
    const OracleQuestion *q;
    glp_prob *lp;
    int *up, *down, *stock; /* D × J: first column of … */
} Oracle;

static double
grid(CfxGrid of, guint32 d, guint32 j, double neutral)
{
    return of.at == NULL ? neutral : of.at[(gsize)d * of.row + (gsize)j * of.col];
}

static double
column(CfxReals of, guint32 i, double neutral)
{
    return of.at == NULL ? neutral : of.at[(gint64)i * of.step];
}

static double
weight_of(const CfxProblem *p, guint32 d, guint32 g)
{
    for (guint32 i = 0; i < p->n_weights; i++) {
        if (p->weights[i]->device == d && p->weights[i]->node == g)
            return p->weights[i]->weight;
    }
    gint32 at = p->device_node.at == NULL ? 0 : (gint32)p->device_node.at[d * p->device_node.step];
    while (at >= 0 && at != (gint32)g)
        at = p->nodes[at]->parent;
    return at >= 0 ? 1 : 0;
}

static void
bound_column(glp_prob *lp, int c, double low, double high)
{
    int type = isinf(low) && isinf(high) ? GLP_FR
               : isinf(low)              ? GLP_UP
               : isinf(high)             ? GLP_LO
               : low == high             ? GLP_FX
                                         : GLP_DB;
    glp_set_col_bnds(lp, c, type, low, high);
}

static int
add_column(Oracle *o, double low, double high, double cost)
{
    int c = glp_add_cols(o->lp, 1);
    bound_column(o->lp, c, low, high);
    glp_set_obj_coef(o->lp, c, cost);
    return c;
}

static void
add_row(Oracle *o, int type, double low, double high, int n, const int *at, const double *value)
{
    int r = glp_add_rows(o->lp, 1);
    glp_set_row_bnds(o->lp, r, type, low, high);
    glp_set_mat_row(o->lp, r, n, at, value);
}

/* u ≤ high·z and, with a least rate, u ≥ least·z; v ≤ −low·(1 − z) */
static void
add_binary(Oracle *o, int up, int down, double high, double low, double least)
{
    int z = glp_add_cols(o->lp, 1);
    glp_set_col_kind(o->lp, z, GLP_BV);
    int at[3] = { 0, up, z };
    double most[3] = { 0, 1, -high }, lowest[3] = { 0, 1, -least }, sign[3] = { 0, 1, -low };
    add_row(o, GLP_UP, 0, 0, 2, at, most);
    if (least > 0)
        add_row(o, GLP_LO, 0, 0, 2, at, lowest);
    at[1] = down;
    if (low < 0)
        add_row(o, GLP_UP, 0, -low, 2, at, sign);
}

static void
add_device(Oracle *o, guint32 d)
{
    const CfxProblem *p = o->p;
    gboolean is_money = o->q->what == ORACLE_MONEY;
    int before = 0;
    for (guint32 j = 0; j < p->n_slots; j++) {
        gsize cell = (gsize)d * p->n_slots + j;
        double low = grid(p->power_min_kw, d, j, 0), high = grid(p->power_max_kw, d, j, 0);
        double least = grid(p->least_kw, d, j, 0), hours = p->hours[j];
        double bias = is_money ? hours * grid(p->bias, d, j, 0) : 0;
        if (o->q->is_discrete && high < least)
            high = MIN(high, 0);
        if (o->q->is_discrete && low > 0)
            low = MAX(low, least);
        o->up[cell] = add_column(o, MAX(low, 0), MAX(high, 0), bias);
        o->down[cell] = add_column(o, MAX(-high, 0), MAX(-low, 0), -bias);
        gboolean is_rated = least > 0 && low <= 0 && high > 0;
        if (o->q->is_discrete && (is_rated || (low < 0 && high > 0)))
            add_binary(o, o->up[cell], o->down[cell], MAX(high, 0), low, is_rated ? least : 0);
        double worth = is_money && j + 1 == p->n_slots ? -column(p->end_value, d, 0) : 0;
        o->stock[cell] = add_column(o,
                                    grid(p->stock_min_kwh, d, j, -INFINITY),
                                    grid(p->stock_max_kwh, d, j, INFINITY),
                                    worth);
        double keep = grid(p->keep, d, j, 1);
        double left = keep == 1 ? 1 : expm1(log(keep)) / log(keep);
        int at[5] = { 0, o->stock[cell], o->up[cell], o->down[cell], before };
        double value[5] = { 0,
                            1,
                            -left * hours * column(p->charge_eff, d, 1),
                            left * hours / column(p->discharge_eff, d, 1),
                            -keep };
        double right = left * hours * grid(p->gain_kw, d, j, 0);
        if (j == 0)
            right += keep * column(p->stock0_kwh, d, 0);
        add_row(o, GLP_FX, right, right, j == 0 ? 3 : 4, at, value);
        before = o->stock[cell];
    }
}

static void
add_node(Oracle *o, guint32 g, guint32 j)
{
    const CfxProblem *p = o->p;
    double hours = p->hours[j];
    gboolean is_money = o->q->what == ORACLE_MONEY;
    double buy = is_money ? column(p->nodes[g]->buy, j, 0) : 0;
    double sell = is_money ? column(p->nodes[g]->sell, j, 0) : 0;
    int imported = add_column(o, 0, INFINITY, hours * buy);
    int exported = add_column(o, 0, INFINITY, -hours * sell);
    g_autofree int *at = g_new0(int, 2 * p->n_devices + 4);
    g_autofree double *value = g_new0(double, 2 * p->n_devices + 4);
    int n = 0;
    for (guint32 d = 0; d < p->n_devices; d++) {
        double weight = weight_of(p, d, g);
        if (weight == 0)
            continue;
        at[++n] = o->up[(gsize)d * p->n_slots + j];
        value[n] = weight;
        at[++n] = o->down[(gsize)d * p->n_slots + j];
        value[n] = -weight;
    }
    at[++n] = imported;
    value[n] = -1;
    at[++n] = exported;
    value[n] = 1;
    double base = column(p->nodes[g]->base_kw, j, 0);
    add_row(o, GLP_FX, -base, -base, n, at, value);
    for (guint32 i = 0; i < p->n_limits; i++) {
        const CfxProblemLimit *limit = p->limits[i];
        double max = column(limit->max_kw, j, INFINITY);
        if (limit->node != g || isinf(max))
            continue;
        gboolean counts = o->q->what == ORACLE_BREACH && limit->tier == o->q->tier;
        double most = INFINITY;
        if (!counts && o->q->breach_kw != NULL)
            most = o->q->breach_kw[(gsize)i * p->n_slots + j] + 1e-7;
        if (o->q->what == ORACLE_BREACH && limit->tier > o->q->tier)
            most = INFINITY;
        int over = add_column(o, 0, most, counts ? hours : 0);
        gboolean exports = (limit->flags & CFX_LIMIT_EXPORT) != 0;
        int where[4] = { 0, imported, exported, over };
        double sign[4] = { 0, exports ? -1 : 1, exports ? 1 : -1, -1 };
        add_row(o, GLP_UP, 0, max, 3, where, sign);
    }
}

static void
add_targets(Oracle *o)
{
    const CfxProblem *p = o->p;
    for (guint32 i = 0; i < p->n_targets; i++) {
        const CfxProblemTarget *target = p->targets[i];
        gboolean counts = o->q->what == ORACLE_LACK && target->tier == o->q->tier;
        double most = INFINITY;
        if (!counts && o->q->shortfall_kwh != NULL)
            most = o->q->shortfall_kwh[i] + 1e-7;
        if (o->q->what == ORACLE_BREACH || (o->q->what == ORACLE_LACK && target->tier > o->q->tier))
            most = INFINITY;
        int lack = add_column(o, 0, most, counts ? 1 : 0);
        int at[3] = { 0, o->stock[(gsize)target->device * p->n_slots + target->slot], lack };
        double value[3] = { 0, 1, 1 };
        add_row(o, GLP_LO, target->wanted_kwh, 0, 2, at, value);
    }
}

static gboolean
solve_linear(Oracle *o, double *value)
{
    glp_smcp how;
    glp_init_smcp(&how);
    how.msg_lev = GLP_MSG_OFF;
    how.presolve = GLP_ON;
    how.tol_bnd = how.tol_dj = 1e-9;
    int failed = glp_simplex(o->lp, &how);
    if (failed == GLP_ENOPFS || failed == GLP_ENODFS)
        return FALSE;
    *value = glp_get_obj_val(o->lp);
    return failed == 0 && glp_get_status(o->lp) == GLP_OPT;
}

static gboolean
solve_integer(Oracle *o, double *value, gboolean *is_exact)
{
    glp_iocp how;
    glp_init_iocp(&how);
    how.msg_lev = GLP_MSG_OFF;
    how.presolve = GLP_ON;
    how.mip_gap = o->q->gap;
    how.tm_lim = 1000 * (int)MAX(o->q->seconds, 1);
    int failed = glp_intopt(o->lp, &how);
    int status = glp_mip_status(o->lp);
    *is_exact = failed == 0 && status == GLP_OPT;
    if (failed == GLP_ENOPFS || status == GLP_NOFEAS)
        return FALSE;
    *value = glp_mip_obj_val(o->lp);
    return *is_exact || status == GLP_FEAS;
}

gboolean
schedule_oracle_ask(const CfxProblem *problem,
                    const OracleQuestion *question,
                    double *value,
                    gboolean *is_exact)
{
    gsize cells = (gsize)problem->n_devices * problem->n_slots + 1;
    g_autofree int *up = g_new0(int, cells);
    g_autofree int *down = g_new0(int, cells);
    g_autofree int *stock = g_new0(int, cells);
    Oracle o = { problem, question, glp_create_prob(), up, down, stock };
    glp_term_out(GLP_OFF);
    glp_set_obj_dir(o.lp, GLP_MIN);
    for (guint32 d = 0; d < problem->n_devices; d++)
        add_device(&o, d);
    for (guint32 g = 0; g < problem->n_nodes; g++) {
        for (guint32 j = 0; j < problem->n_slots; j++)
            add_node(&o, g, j);
    }
    add_targets(&o);
    *is_exact = TRUE;
    gboolean is_possible =
        question->is_discrete ? solve_integer(&o, value, is_exact) : solve_linear(&o, value);
    glp_delete_prob(o.lp);
    return is_possible;
}
