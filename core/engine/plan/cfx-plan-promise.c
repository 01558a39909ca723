/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What a plan brings each car by its departure becomes its promise, and what stands in the way of
 * more its cause. */
#include "plan/cfx-plan.h"

#include "report/cfx-story.h"

#define SAME_W 1.0
/* room that no car can use: less than the grain of currents and least powers */
#define GRAIN_W 200.0

typedef enum { IN_WAY_HOLD, IN_WAY_SIGNAL, IN_WAY_SITE, N_IN_WAY } InWay;

static const char *const in_way_names[N_IN_WAY] = { "hold", "load-control", "site-limit" };

/* what a limit of the site is due to in a slot */
static InWay
kind_of_limit(const CfxPlanInputs *inputs, guint j)
{
    if (inputs->limit_w[j] < inputs->signal_w[j] - SAME_W)
        return IN_WAY_HOLD;
    return inputs->signal_w[j] < MIN(inputs->contracted_w[j], inputs->physical_w[j]) - SAME_W
               ? IN_WAY_SIGNAL
               : IN_WAY_SITE;
}

/* what keeps row @i from its highest power in slot @j; N_IN_WAY: nothing does */
static InWay
in_way(const CfxPlanProblem *problem, const double *power_w, guint i, guint j)
{
    const CfxPlanInputs *inputs = problem->inputs;
    const CfxProblemRow *row = &g_array_index(problem->rows, CfxProblemRow, i);
    double left_w = problem->room_w[j], got_w = power_w[(gsize)i * inputs->n + j];

    if (problem->cap_w[(gsize)row->index * inputs->n + j] <= got_w + SAME_W)
        return IN_WAY_HOLD;
    if (!cfx_problem_has_right(row, inputs->level[j]))
        return IN_WAY_SIGNAL;
    for (guint k = 0; k < problem->rows->len; k++)
        left_w -= power_w[(gsize)k * inputs->n + j];
    if (left_w <= (got_w > 0 ? GRAIN_W : MAX(row->least_w, GRAIN_W)))
        return kind_of_limit(inputs, j);
    return N_IN_WAY;
}

const char *
cfx_plan_cause_of_shortage(const CfxPlanProblem *problem,
                           const double *power_w,
                           guint i,
                           double short_wh)
{
    const CfxPlanInputs *inputs = problem->inputs;
    const CfxProblemRow *row = &g_array_index(problem->rows, CfxProblemRow, i);
    const CfxEngineDevice *device = row->device;
    double most_wh = 0, sure_wh = 0, lost_wh[N_IN_WAY] = { 0 };
    double wanted_wh = device->session->need_wh.value - device->session->stock_wh;
    guint worst = 0;

    for (guint j = 0; j <= row->by_slot; j++) {
        double hours = inputs->hours[j] * cfx_problem_presence(inputs, j, row->leaves_us);
        double lost = row->max_w * hours - power_w[(gsize)i * inputs->n + j] * inputs->hours[j];
        most_wh += row->max_w * hours;
        sure_wh += row->one_phase_w * hours;
        InWay what = lost > 0 ? in_way(problem, power_w, i, j) : N_IN_WAY;
        if (what < N_IN_WAY)
            lost_wh[what] += lost / row->spread;
    }
    if (device->undrawn_wh >= short_wh / 2)
        return "car-draws-less";
    if (most_wh < wanted_wh)
        return "too-little-time";
    if (sure_wh < wanted_wh)
        return "phases-unknown";
    /* the one that could be lifted first, if without it the better part would be there */
    for (guint k = 0; k < N_IN_WAY; k++) {
        if (lost_wh[k] >= short_wh / 2)
            return in_way_names[k];
        if (lost_wh[k] > lost_wh[worst])
            worst = k;
    }
    return lost_wh[worst] > 0 ? in_way_names[worst] : NULL;
}

/* what the car has left lying of what the last plan let it draw */
static void
note_undrawn(CfxEngineDevice *device, gint64 now_us)
{
    double stock_wh = device->session->stock_wh;

    if (!device->desires_plan || isnan(device->planned_stock_wh) || device->desired.n == 0 ||
        now_us <= device->planned_at_us)
        return;
    /* what has not been sent, or not been accepted, is not the car's doing */
    if (!device->has_allowed ||
        cfx_curve_at(&device->allowed, now_us) < cfx_curve_at(&device->desired, now_us) - GRAIN_W)
        return;
    double planned_wh = device->planned_stock_wh +
                        cfx_curve_energy_wh(&device->desired,
                                            MAX(device->planned_at_us, device->desired.at_us[0]),
                                            MAX(now_us, device->desired.at_us[0] + 1));
    if (planned_wh > stock_wh)
        device->undrawn_wh += planned_wh - stock_wh;
}

/* What a car has said while the plan was solved the plan does not know: it neither keeps nor breaks
 * that, and the next one, which is on its way, will say. */
static gboolean
is_asked(const CfxProblemRow *row)
{
    const CfxSession *session = row->session;

    return row->need_wh.from == session->need_wh.from &&
           (row->need_wh.value == session->need_wh.value || isnan(session->need_wh.value)) &&
           row->departure_us == session->departure_us;
}

void
cfx_plan_promise(CfxSite *site, CfxPlanRun *run, const double *power_w)
{
    const CfxPlanProblem *problem = run->problem;
    const CfxPlanInputs *inputs = problem->inputs;
    /* what was cut short does not say what is possible */
    gboolean is_whole =
        run->solution.status != CFX_SOLVED_CANCELLED && run->solution.status != CFX_SOLVED_DEADLINE;

    for (guint i = 0; i < problem->rows->len; i++) {
        const CfxProblemRow *row = &g_array_index(problem->rows, CfxProblemRow, i);
        CfxEngineDevice *device = row->device;
        CfxSession *session = device->session;
        double planned_wh = session->stock_wh;
        for (guint j = 0; j <= row->by_slot; j++)
            planned_wh += power_w[(gsize)i * inputs->n + j] / row->spread * inputs->hours[j];
        double before_wh = session->promised_wh;
        double short_wh = session->need_wh.value - planned_wh;
        if (short_wh < CFX_SESSION_TOLERANCE_WH)
            device->undrawn_wh = 0; /* the plan makes up for it */
        note_undrawn(device, MAX(run->now_us, device->state.at_us));
        if (!is_asked(row))
            continue;
        const char *cause = is_whole && short_wh > 0
                                ? cfx_plan_cause_of_shortage(problem, power_w, i, short_wh)
                                : NULL;
        gboolean is_new = cfx_session_promise(session, planned_wh, run->now_us, cause);
        /* a car states its need some seconds after it was plugged in */
        gboolean is_heard = cfx_from_is_stated(session->need_wh.from) ||
                            run->now_us - session->arrival_us > CFX_MINUTE;
        if (!session->was_told && is_heard)
            cfx_story_plugged(site, session);
        else if (session->was_told && is_new)
            cfx_story_promise(site, session, before_wh);
        session->was_told = session->was_told || is_heard;
        if (session->is_changed || is_new)
            cfx_session_write(session, site->engine);
    }
}
