/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "schedule-case.h"

#include <math.h>

static double
between(GRand *random, double low, double high)
{
    return g_rand_double_range(random, low, high);
}

static gboolean
chance(GRand *random, double of)
{
    return g_rand_double(random) < of;
}

/* A car: present for a while, one way, with nested targets. */
static void
random_car(ScheduleCase *self, GRand *random, guint32 d, guint flags)
{
    guint32 n_slots = self->problem.n_slots;
    guint32 arrive = g_rand_int_range(random, 0, MAX(n_slots * 2 / 3, 1));
    guint32 leave = g_rand_int_range(random, arrive + 1, n_slots + 1);
    gboolean three = chance(random, 0.6);
    double rate = three ? (chance(random, 0.5) ? 22 : 11) : 7.36;
    double least = three ? 4.14 : 1.38, hours = 0;
    self->charge[d] = chance(random, 0.5) ? 1 : between(random, 0.85, 0.98);
    for (guint32 j = 0; j < n_slots; j++) {
        gsize cell = (gsize)d * n_slots + j;
        gboolean here = j >= arrive && j < leave;
        self->high[cell] = here ? rate : 0;
        self->least[cell] = flags & CASE_LEAST_RATE ? least : 0;
        hours += here ? self->hours[j] : 0;
    }
    double most = hours * rate * self->charge[d];
    double share = flags & CASE_SCARCE ? between(random, 0.3, 1.2) : between(random, 0.02, 0.6);
    double wanted = most * share;
    double room = flags & CASE_LEAST_RATE ? 0.3 * least + 0.5 : 0;
    for (guint32 j = 0; j < n_slots; j++) {
        self->empty[(gsize)d * n_slots + j] = 0;
        self->full[(gsize)d * n_slots + j] = wanted * between(random, 1, 1.01) + room;
    }
    double full = self->full[(gsize)d * n_slots];
    for (guint32 j = 0; j < n_slots; j++)
        self->full[(gsize)d * n_slots + j] = full;
    if (chance(random, 0.5))
        schedule_case_target(self,
                             d,
                             g_rand_int_range(random, arrive, leave),
                             CFX_TARGET_MINIMUM,
                             wanted * between(random, 0.1, 0.3),
                             1);
    if (chance(random, 0.6))
        schedule_case_target(self,
                             d,
                             leave - 1,
                             CFX_TARGET_PROMISED,
                             wanted * between(random, 0.5, 1),
                             flags & CASE_SCARCE ? g_rand_int_range(random, 1, 4) : 1);
    schedule_case_target(self, d, leave - 1, CFX_TARGET_ASKED, wanted, 1);
}

static void
random_storage(ScheduleCase *self, GRand *random, guint32 d, guint flags)
{
    guint32 n_slots = self->problem.n_slots;
    double capacity = between(random, 3, 30), rate = between(random, 1, 10);
    double keep = flags & CASE_LEAKAGE ? between(random, 0.9, 1) : 1;
    gboolean is_heat = chance(random, 0.3) && flags & CASE_HARD;
    self->charge[d] = is_heat ? between(random, 2, 4) : between(random, 0.7, 1);
    self->discharge[d] = chance(random, 0.3) ? 1 : between(random, 0.6, 1);
    self->stock0[d] = capacity * between(random, 0.1, 0.9);
    self->end_value[d] = chance(random, 0.5) ? between(random, 0, 0.2) : 0;
    for (guint32 j = 0; j < n_slots; j++) {
        gsize cell = (gsize)d * n_slots + j;
        self->keep[cell] = keep;
        self->high[cell] = chance(random, 0.1) ? 0 : rate;
        self->low[cell] = flags & CASE_TWO_WAY && !is_heat ? -rate * between(random, 0.3, 1) : 0;
        self->empty[cell] = 0;
        self->full[cell] = capacity;
        if ((flags & CASE_HARD) == 0)
            continue;
        if (chance(random, 0.03))
            self->low[cell] = self->high[cell] * between(random, 0, 1);
        self->gain[cell] = is_heat || chance(random, 0.2) ? -between(random, 0, rate / 2) : 0;
        if (chance(random, 0.03))
            self->empty[cell] = capacity * between(random, 0.2, 0.9);
        if (chance(random, 0.03))
            self->full[cell] = capacity * between(random, 0.9, 1);
        self->bias[cell] = chance(random, 0.2) ? between(random, -0.02, 0.02) : 0;
    }
}

/* A roof that may be curtailed. */
static void
random_roof(ScheduleCase *self, GRand *random, guint32 d)
{
    guint32 n_slots = self->problem.n_slots;
    double most = between(random, 3, 20);
    for (guint32 j = 0; j < n_slots; j++) {
        double sun = sin(G_PI * (j + 0.5) / n_slots * 2 - 0.7);
        self->low[(gsize)d * n_slots + j] = -most * MAX(sun, 0);
    }
}

static void
random_prices(ScheduleCase *self, GRand *random, guint flags)
{
    guint32 n_slots = self->problem.n_slots;
    CfxProblemNode *site = self->nodes->pdata[0];
    double *buy = schedule_case_row(self, &site->buy, 0);
    double *sell = schedule_case_row(self, &site->sell, 0);
    double *base = (double *)site->base_kw.at;
    double load = between(random, 0, 15), price = 0.2;
    guint32 hold = chance(random, 0.5) ? 4 : 1;
    for (guint32 j = 0; j < n_slots; j++) {
        if (j % hold == 0)
            price = between(random, flags & CASE_NEGATIVE_PRICES ? -0.1 : 0.03, 0.4);
        buy[j] = price;
        sell[j] = flags & CASE_SELL ? price - between(random, 0, 0.1) : price;
        base[j] = load * between(random, 0.8, 1.2);
        if (flags & CASE_SELL && chance(random, 0.3))
            base[j] -= between(random, 0, 25);
    }
}

static void
random_limits(ScheduleCase *self, GRand *random, guint flags)
{
    guint32 n_slots = self->problem.n_slots;
    const CfxProblemNode *site = self->nodes->pdata[0];
    double rating = 0;
    for (guint32 d = 0; d < self->problem.n_devices; d++) {
        double most = 0;
        for (guint32 j = 0; j < n_slots; j++)
            most = MAX(most, self->high[(gsize)d * n_slots + j]);
        rating += most;
    }
    schedule_case_limit(self, 0, CFX_LIMIT_PHYSICAL, FALSE, rating + 60);
    double share = flags & CASE_SCARCE  ? between(random, 0.05, 0.4)
                   : flags & CASE_TIGHT ? between(random, 0.3, 0.8)
                                        : 2;
    schedule_case_limit(self, 0, CFX_LIMIT_CONTRACTED, FALSE, 20 + share * rating);
    if (flags & (CASE_TIGHT | CASE_SCARCE)) {
        schedule_case_limit(self, 0, CFX_LIMIT_SIGNAL, FALSE, INFINITY);
        double *signal = schedule_case_limit_row(self, 2);
        guint32 from = g_rand_int_range(random, 0, n_slots);
        double cut = (20 + share * rating) * between(random, 0.4, 0.8);
        for (guint32 j = from; j < MIN(from + n_slots / 8 + 1, n_slots); j++)
            signal[j] = flags & CASE_SCARCE ? cut : MAX(cut, cfx_real_at(site->base_kw, j) + 5);
    }
    if (flags & CASE_SELL && flags & CASE_SCARCE)
        schedule_case_limit(self, 0, CFX_LIMIT_CONTRACTED, TRUE, between(random, 0, 10));
}

static void
random_tree(ScheduleCase *self, GRand *random, guint flags)
{
    guint32 n_devices = self->problem.n_devices, first = self->nodes->len;
    double load = between(random, 5, 30);
    if (flags & CASE_TREE) {
        for (guint i = 0; i < 2; i++) {
            schedule_case_node(self, 0);
            schedule_case_limit(self, first + i, CFX_LIMIT_PHYSICAL, FALSE, load);
        }
        for (guint32 d = 0; d < n_devices; d++)
            self->home[d] = g_rand_int_range(random, 0, 3) == 0 ? 0 : first + d % 2;
    }
    if (flags & CASE_PHASES) {
        guint32 phase = self->nodes->len;
        for (guint i = 0; i < 3; i++) {
            schedule_case_node(self, 0);
            schedule_case_limit(self, phase + i, CFX_LIMIT_PHYSICAL, FALSE, load / 2);
        }
        for (guint32 d = 0; d < n_devices; d++) {
            gint32 only = g_rand_int_range(random, 0, 6);
            for (gint32 i = 0; i < 3; i++) {
                if (only >= 3 || only == i)
                    schedule_case_weight(self, d, phase + i, only >= 3 ? 1.0 / 3 : 1);
            }
        }
    }
}

ScheduleCase *
schedule_case_random(GRand *random, guint32 n_devices, guint32 n_slots, guint flags)
{
    ScheduleCase *self = schedule_case_new(n_devices, n_slots, 0.25);
    if (flags & CASE_UNEVEN) {
        schedule_case_set_hours(self, 0, between(random, 0.02, 0.25));
        for (guint32 j = 1; j < n_slots; j++)
            schedule_case_set_hours(self, j, chance(random, 0.2) ? 1 : 0.25);
    }
    for (guint32 d = 0; d < n_devices; d++) {
        double kind = flags & CASE_CARS_ONLY ? 0 : g_rand_double(random);
        if (flags & CASE_STORAGES_ONLY)
            kind = 0.7;
        if (kind < 0.6)
            random_car(self, random, d, flags);
        else if (kind < 0.9 || (flags & CASE_SELL) == 0)
            random_storage(self, random, d, flags);
        else
            random_roof(self, random, d);
    }
    random_prices(self, random, flags);
    random_limits(self, random, flags);
    if (flags & (CASE_TREE | CASE_PHASES))
        random_tree(self, random, flags);
    schedule_case_ready(self);
    return self;
}
