/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "flow-merge.h"
#include "flow-merge-private.h"

#include <math.h>
#include <string.h>

FlowCost *
flow_cost_new(guint32 n_slots, guint32 pieces_per_slot)
{
    FlowCost *cost = g_new0(FlowCost, 1);
    cost->n_slots = n_slots;
    /* each may be split at 0 */
    cost->capacity = n_slots * (pieces_per_slot + 1);
    cost->start = g_new0(guint32, n_slots + 1);
    cost->low = g_new0(double, n_slots + 1);
    cost->price = g_new0(double, cost->capacity + 1);
    cost->width = g_new0(double, cost->capacity + 1);
    return cost;
}

void
flow_cost_free(FlowCost *cost)
{
    if (cost == NULL)
        return;
    g_free(cost->start);
    g_free(cost->low);
    g_free(cost->price);
    g_free(cost->width);
    g_free(cost);
}

void
flow_cost_begin(FlowCost *cost, guint32 slot, double low)
{
    if (slot == 0)
        cost->start[0] = 0;
    cost->start[slot + 1] = cost->start[slot];
    cost->low[slot] = low;
    cost->slot = slot;
    cost->at = low;
}

void
flow_cost_add(FlowCost *cost, double width, double price)
{
    if (cost->at < 0 && cost->at + width > 0) {
        double rest = cost->at + width;
        flow_cost_add(cost, -cost->at, price);
        cost->at = 0;
        width = rest;
    }
    if (width <= 0)
        return;
    guint32 i = cost->start[cost->slot + 1];
    g_assert(i < cost->capacity);
    cost->price[i] = price;
    cost->width[i] = width;
    cost->at += width;
    cost->start[cost->slot + 1] = i + 1;
}

FlowWork *
flow_work_new(guint32 n_slots, guint32 pieces_per_slot)
{
    FlowWork *work = g_new0(FlowWork, 1);
    gsize pieces = (gsize)n_slots * (pieces_per_slot + 1) + 1;
    work->capacity = 4 * pieces + 64;
    work->segments = g_new(FlowSegment, work->capacity);
    work->used = g_new(double, pieces);
    work->unit = g_new(double, pieces);
    work->best = g_new(double, n_slots + 1);
    work->power = g_new(double, n_slots + 1);
    work->burns = g_new(double, n_slots + 1);
    work->state = g_new0(guint8, n_slots + 1);
    work->stack = g_array_new(FALSE, FALSE, sizeof(FlowNodeOfTree));
    return work;
}

void
flow_work_free(FlowWork *work)
{
    if (work == NULL)
        return;
    g_free(work->segments);
    g_free(work->used);
    g_free(work->unit);
    g_free(work->best);
    g_free(work->power);
    g_free(work->burns);
    g_free(work->state);
    g_array_unref(work->stack);
    g_free(work);
}

/* First of [begin, end) whose slope is above `slope`: equals keep the order of their coming. */
static guint32
find_place(const FlowWork *work, double slope)
{
    guint32 begin = work->begin, end = work->end;
    while (begin < end) {
        guint32 middle = begin + (end - begin) / 2;
        if (work->segments[middle].slope <= slope)
            begin = middle + 1;
        else
            end = middle;
    }
    return begin;
}

/* Moves the shorter side; returns where the segment is, which may be one left of `place`. */
static guint32
insert_at(FlowWork *work, guint32 place, FlowSegment segment)
{
    if ((place - work->begin < work->end - place && work->begin > 0) ||
        work->end == work->capacity) {
        memmove(work->segments + work->begin - 1,
                work->segments + work->begin,
                sizeof(FlowSegment) * (place - work->begin));
        work->begin--;
        work->segments[--place] = segment;
    } else {
        memmove(work->segments + place + 1,
                work->segments + place,
                sizeof(FlowSegment) * (work->end - place));
        work->end++;
        work->segments[place] = segment;
    }
    return place;
}

/* Uses `length` (stored) of the leftmost segment; returns its cost. */
static double
use_left(FlowWork *work, double length)
{
    FlowSegment *left = &work->segments[work->begin];
    double price = left->slope * length;
    if (length >= left->length) {
        work->used[left->piece] += left->length / work->unit[left->piece];
        work->sum -= left->length;
        work->begin++;
    } else {
        work->used[left->piece] += length / work->unit[left->piece];
        work->sum -= length;
        left->length -= length;
    }
    return price;
}

/* The segments of slot j; returns the stock change at their left end and adds its cost. */
static double
open_slot(FlowWork *work, const FlowTask *task, guint32 j, guint8 state, double *total)
{
    const FlowCost *cost = task->cost;
    const FlowDevice *device = task->device;
    double hours = task->model->hours[j], share = device->share[j];
    double per_kw = share * hours, power = cost->low[j];
    double change = power >= 0 ? power * device->charge : power / device->discharge;
    change = per_kw * (change + device->gain[j]);
    double at_least = state == FLOW_ON ? device->least[j] : state == FLOW_UP ? 0 : -INFINITY;
    for (guint32 i = cost->start[j]; i < cost->start[j + 1]; i++) {
        gboolean charges = power >= 0;
        double width = cost->width[i], price = cost->price[i];
        double gain = charges ? device->charge : 1 / device->discharge;
        work->used[i] = 0;
        power += width;
        if (charges && state == FLOW_OFF)
            continue;
        if (at_least > power - width) {
            double forced = MIN(width, at_least - (power - width));
            work->used[i] = forced;
            change += per_kw * gain * forced;
            *total += hours * price * forced;
            width -= forced;
        }
        if (width <= 0)
            continue;
        work->unit[i] = per_kw * gain / work->factor;
        FlowSegment segment = { .slope = price / (gain * share) * work->factor,
                                .length = width * work->unit[i],
                                .piece = i };
        insert_at(work, find_place(work, segment.slope), segment);
        work->sum += segment.length;
    }
    return change;
}

/* Lowers the slopes left of a level by its price; returns what lies below it already costs. */
static double
bend(FlowWork *work, double stock, const FlowHinge *hinge)
{
    double reach = (hinge->level - stock) / work->factor;
    if (reach <= 0)
        return 0;
    double left = reach, lower = hinge->price * work->factor;
    guint32 i = work->begin;
    for (; i < work->end && left > 0; i++) {
        if (work->segments[i].length > left) {
            FlowSegment rest = work->segments[i];
            rest.length -= left;
            work->segments[i].length = left;
            i = insert_at(work, i + 1, rest) - 1;
        }
        left -= work->segments[i].length;
        work->segments[i].slope -= lower;
    }
    return hinge->price * (hinge->level - stock);
}

FlowAnswer
flow_merge(FlowWork *work, const FlowTask *task, const guint8 *state, double *power, double *burns)
{
    const FlowDevice *device = task->device;
    const FlowCost *cost = task->cost;
    guint32 n_slots = cost->n_slots, hinge = 0;
    double stock = device->start, total = 0;
    work->begin = work->end = work->capacity / 2;
    work->factor = 1;
    work->sum = 0;
    for (guint32 j = 0; j < n_slots; j++) {
        work->factor *= device->keep[j];
        stock = device->keep[j] * stock;
        stock += open_slot(work, task, j, state != NULL ? state[j] : FLOW_FREE, &total);
        double tolerance = 1e-7 + 1e-9 * fabs(stock);
        double need = task->empty[j] - stock;
        if (need > 0) {
            double left = need / work->factor;
            while (left > 0 && work->begin < work->end) {
                double length = MIN(left, work->segments[work->begin].length);
                total += use_left(work, length);
                left -= length;
            }
            if (left * work->factor > tolerance)
                return (FlowAnswer){ INFINITY, INFINITY, FALSE };
            stock = task->empty[j];
        }
        double excess = stock + work->sum * work->factor - task->full[j];
        if (excess > 0) {
            double left = excess / work->factor;
            while (left > 0 && work->begin < work->end) {
                FlowSegment *right = &work->segments[work->end - 1];
                double length = MIN(left, right->length);
                left -= length;
                work->sum -= length;
                right->length -= length;
                if (right->length <= 0)
                    work->end--;
            }
            if (left * work->factor > tolerance)
                return (FlowAnswer){ INFINITY, INFINITY, FALSE };
        }
        for (; hinge < task->n_hinges && task->hinges[hinge].slot == j; hinge++)
            total += bend(work, stock, &task->hinges[hinge]);
    }
    double worth = task->end_value * work->factor, start_length = 0;
    while (work->begin < work->end && work->segments[work->begin].slope < worth) {
        start_length += work->segments[work->begin].length;
        total += use_left(work, work->segments[work->begin].length);
    }
    total -= task->end_value * (stock + start_length * work->factor);
    for (guint32 j = 0; j < n_slots; j++) {
        double at = cost->low[j], up = 0, down = 0, sum = at;
        for (guint32 i = cost->start[j]; i < cost->start[j + 1]; i++) {
            double width = cost->width[i];
            double used = work->used[i] > width * (1 - 1e-12) ? width : work->used[i];
            if (at < 0)
                down += width - used;
            else
                up += used;
            at += width;
            sum += used;
        }
        power[j] = fabs(sum) < 1e-9 ? 0 : sum;
        if (burns != NULL)
            burns[j] = MIN(up, down);
    }
    return (FlowAnswer){ total, total, TRUE };
}
