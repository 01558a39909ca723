/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Random days of a site like the demo's. */
#pragma once

#include "schedule-case.h"

#include <math.h>

enum { DAY = 97 };

static double
between(GRand *random, double low, double high)
{
    return g_rand_double_range(random, low, high);
}

static void
add_car(ScheduleCase *made, GRand *random, guint32 d, gboolean has_rate)
{
    gboolean one_phase = g_rand_double(random) < 0.25;
    double rate = one_phase ? 3.68 : d < 5 ? 22 : 11, least = one_phase ? 1.38 : 4.14;
    guint32 leave = g_rand_int_range(random, 20, 60);
    double wanted = MIN(between(random, 8, 60), 0.9 * 0.25 * leave * rate);
    double promised = wanted * between(random, 0.7, 1);
    made->stock0[d] = g_rand_boolean(random) ? 0 : wanted * between(random, 0, 0.6);
    for (guint32 j = 0; j < DAY; j++) {
        gsize cell = (gsize)d * DAY + j;
        made->high[cell] = j < leave ? rate : 0;
        made->least[cell] = j < leave && has_rate ? least : 0;
        made->full[cell] = wanted + 0.25 * least + 0.1;
    }
    schedule_case_target(made, d, leave - 1, CFX_TARGET_MINIMUM, MIN(5, wanted), 1);
    schedule_case_target(made, d, leave - 1, CFX_TARGET_PROMISED, promised, d + 1);
    schedule_case_target(made, d, leave - 1, CFX_TARGET_ASKED, wanted, 1);
}

/* A day of a site like the demo's: a roof, a load-control event, a contract that binds. */
static ScheduleCase *
site_day(GRand *random, gboolean has_rates)
{
    guint32 n_cars = g_rand_int_range(random, 4, 11);
    ScheduleCase *made = schedule_case_new(n_cars, DAY, 0.25);
    CfxProblemNode *site = made->nodes->pdata[0];
    double *buy = schedule_case_row(made, &site->buy, 0);
    schedule_case_row(made, &site->sell, 0.06);
    schedule_case_set_hours(made, 0, between(random, 0.01, 0.25));
    schedule_case_limit(made, 0, CFX_LIMIT_PHYSICAL, FALSE, 100);
    schedule_case_limit(made, 0, CFX_LIMIT_CONTRACTED, FALSE, 42);
    schedule_case_limit(made, 0, CFX_LIMIT_SIGNAL, FALSE, INFINITY);
    schedule_case_limit(made, 0, CFX_LIMIT_CONTRACTED, TRUE, 36);
    double *signal = schedule_case_limit_row(made, 2);
    guint32 event = g_rand_int_range(random, 0, DAY), begin = g_rand_int_range(random, 0, 96);
    for (guint32 j = event; j < MIN(event + 8, DAY); j++)
        signal[j] = 35;
    for (guint32 j = 0; j < DAY; j++) {
        double hour = (begin + j) % 96 / 4.0, sun = MAX(sin((hour - 6) / 12 * G_PI), 0);
        ((double *)site->base_kw.at)[j] = 14 + 1.2 * sin(hour) - 18 * sun * between(random, 0.7, 1);
        buy[j] = 0.15 + 0.06 * sin((hour - 14) / 12 * G_PI) + 0.04 * sin(hour / 3);
        buy[j] += 0.005 * (j % 4);
    }
    for (guint32 d = 0; d < n_cars; d++)
        add_car(made, random, d, has_rates);
    schedule_case_ready(made);
    return made;
}
