/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A site of 70 kW with the fake scheduler, and what happens to it, a line each. */
#pragma once

#include "engine-fake.h"

#define F_W 4140.0
#define BASE_W 16000.0
#define LIMIT_W 70000.0

static inline Fixture *
fixture_of(FixtureSetup setup)
{
    setup.fail_safe_w = setup.fail_safe_w > 0 ? setup.fail_safe_w : F_W;
    setup.scheduler = &fake_ops;
    fake_reset();
    return fixture_new(&setup);
}

static inline Fixture *
fixture(guint stations)
{
    return fixture_of((FixtureSetup){ .stations = stations });
}

static inline void
plug(Fixture *f, guint i, const char *session, double kw)
{
    fake_wished_kw[i] = kw;
    fixture_plug(f, i, session, 180000, f->site_us + 10 * CFX_HOUR);
    fixture_run(f);
}

static inline void
replan(Fixture *f)
{
    fixture_advance(f, CFX_SLOT - f->site_us % CFX_SLOT);
}

static inline void
start_engine(Fixture *f)
{
    cfx_engine_start(f->engine, NULL, NULL);
    fixture_run(f);
}

static inline void
comes(Fixture *f, guint i)
{
    fixture_report(f, i);
    fixture_run(f);
}

/* real time passes, and the site's does not */
static inline void
wait_real(Fixture *f, gint64 us)
{
    for (gint64 end_us = f->real_us + us; f->real_us < end_us;) {
        f->real_us += G_USEC_PER_SEC;
        fixture_run(f);
    }
}

static inline void
goes_offline(Fixture *f, guint i)
{
    f->stations[i].online = FALSE;
    comes(f, i);
}

/* the highest that may be drawn, with the highest base load, from now to the end of tomorrow */
static inline void
assert_under(const Fixture *f, double limit_w, double base_w)
{
    for (gint64 us = f->site_us; us < f->site_us + 30 * CFX_HOUR; us += CFX_MINUTE)
        g_assert_cmpfloat(fixture_worst_w(f, us) + base_w, <=, limit_w + 5);
}

static inline void
cut_to(Fixture *f, gint64 start_us, guint minutes, double percent)
{
    fixture_believe(f, SOURCE_SIGNAL, SENSOR_LOAD_CONTROL, start_us, CFX_MINUTE, minutes, percent);
    fixture_run(f);
}
