/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Depth first around the slope merge. A merge gives a bound and at most a few slots in which the
 * power lies between 0 and the least rate, or in which it burns; such a slot is decided both ways,
 * the nearer first.
 */
#include "flow-merge-private.h"

#include <math.h>
#include <string.h>

typedef struct {
    guint32 slot;
    guint8 before;
} Decision;

/* The slot that breaks its rule the most; n_slots if none does. `first`: what to try first. */
static guint32
find_broken(const FlowWork *work, const FlowTask *task, guint8 *first, guint8 *second)
{
    const FlowDevice *device = task->device;
    guint32 n_slots = task->cost->n_slots, worst = n_slots;
    double most = 0;
    for (guint32 j = 0; j < n_slots; j++) {
        double power = work->power[j], least = device->least[j];
        if (work->burns[j] > 1e-7) {
            double score = 2 + work->burns[j];
            if (score > most) {
                most = score;
                worst = j;
                *first = power > 0 ? FLOW_UP : FLOW_OFF;
                *second = power > 0 ? FLOW_OFF : FLOW_UP;
            }
        } else if (power > 1e-7 && power < least - 1e-7) {
            double score = MIN(power, least - power) / least + 1e-3;
            if (score > most) {
                most = score;
                worst = j;
                *first = power >= least / 2 ? FLOW_ON : FLOW_OFF;
                *second = power >= least / 2 ? FLOW_OFF : FLOW_ON;
            }
        }
    }
    return worst;
}

static void
keep_best(FlowWork *work, const FlowTask *task, double *power)
{
    for (guint32 j = 0; j < task->cost->n_slots; j++) {
        power[j] = work->power[j];
        if (power[j] > 0 && task->device->least[j] > 0)
            power[j] = power[j] <= 1e-7 ? 0 : MAX(power[j], task->device->least[j]);
    }
}

/*
 * A first answer at once: all broken slots are decided the same way (least rates all down or all
 * up, signs as they are), again and again until none is broken. Leaves the states as they were.
 */
static void
round_all(FlowWork *work, const FlowTask *task, guint8 decision, FlowAnswer *best, double *power)
{
    const FlowDevice *device = task->device;
    guint32 n_slots = task->cost->n_slots;
    g_autofree guint8 *state = g_memdup2(work->state, n_slots);
    for (guint i = 0; i < 8; i++) {
        FlowAnswer answer = flow_merge(work, task, state, work->power, work->burns);
        if (!answer.is_possible || answer.cost >= best->cost)
            return;
        gboolean is_broken = FALSE;
        for (guint32 j = 0; j < n_slots; j++) {
            double at = work->power[j];
            if (work->burns[j] > 1e-7)
                state[j] = at > 0 ? FLOW_UP : FLOW_OFF;
            else if (at > 1e-7 && at < device->least[j] - 1e-7)
                state[j] = decision;
            else
                continue;
            is_broken = TRUE;
        }
        if (!is_broken) {
            *best = answer;
            keep_best(work, task, power);
            return;
        }
    }
}

static void
push(FlowWork *work, double bound, guint32 depth, guint32 slot, guint8 decision)
{
    FlowNodeOfTree node = { bound, depth, slot, decision };
    g_array_append_val(work->stack, node);
}

static gboolean
is_kept(const FlowWork *work, const FlowTask *task)
{
    guint8 first, second;
    return find_broken(work, task, &first, &second) == task->cost->n_slots;
}

/* A slot may be decided twice: its sign, then its least rate. */
#define MAX_DEPTH(n_slots) (2 * (n_slots) + 2)

FlowAnswer
flow_branch(FlowWork *work,
            const FlowTask *task,
            guint32 max_nodes,
            double enough,
            gboolean (*is_late)(gpointer data),
            gpointer data,
            double *power)
{
    guint32 n_slots = task->cost->n_slots, depth = 0;
    FlowAnswer best = { INFINITY, INFINITY, FALSE };
    double pruned = INFINITY, root = -INFINITY;
    g_autofree Decision *path = g_new(Decision, MAX_DEPTH(n_slots));
    if (task->fixed != NULL)
        memcpy(work->state, task->fixed, n_slots);
    else
        memset(work->state, FLOW_FREE, n_slots);
    g_array_set_size(work->stack, 0);
    push(work, -INFINITY, 0, n_slots, FLOW_FREE);
    for (guint32 nodes = 0; work->stack->len > 0 && nodes < max_nodes; nodes++) {
        FlowNodeOfTree node = g_array_index(work->stack, FlowNodeOfTree, work->stack->len - 1);
        g_array_set_size(work->stack, work->stack->len - 1);
        if (node.bound >= best.cost - enough) {
            pruned = MIN(pruned, node.bound);
            continue;
        }
        if (nodes > 0 && is_late != NULL && is_late(data)) {
            pruned = MIN(pruned, node.bound);
            break;
        }
        while (depth > node.depth) {
            depth--;
            work->state[path[depth].slot] = path[depth].before;
        }
        if (node.slot < n_slots) {
            path[depth].slot = node.slot;
            path[depth].before = work->state[node.slot];
            work->state[node.slot] = node.decision;
            depth++;
        }
        FlowAnswer answer = flow_merge(work, task, work->state, work->power, work->burns);
        if (node.slot == n_slots) {
            root = answer.cost;
            if (!answer.is_possible)
                return answer;
            if (!is_kept(work, task)) {
                round_all(work, task, FLOW_ON, &best, power);
                round_all(work, task, FLOW_OFF, &best, power);
                if (best.cost <= root + enough)
                    break;
                /* the answer of the root again */
                flow_merge(work, task, work->state, work->power, work->burns);
            }
        }
        if (!answer.is_possible || answer.cost >= best.cost - enough) {
            pruned = MIN(pruned, answer.cost);
            continue;
        }
        guint8 first = FLOW_OFF, second = FLOW_ON;
        guint32 slot = find_broken(work, task, &first, &second);
        if (slot == n_slots) {
            best.cost = answer.cost;
            best.is_possible = TRUE;
            keep_best(work, task, power);
            if (best.cost <= root + enough)
                break;
        } else if (depth + 1 < MAX_DEPTH(n_slots)) {
            push(work, answer.cost, depth, slot, second);
            push(work, answer.cost, depth, slot, first);
        }
    }
    best.bound = MIN(best.cost, pruned);
    for (guint i = 0; i < work->stack->len; i++)
        best.bound = MIN(best.bound, g_array_index(work->stack, FlowNodeOfTree, i).bound);
    best.bound = MAX(best.bound, root);
    best.bound = MIN(best.bound, best.cost);
    return best;
}
