/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Time, agenda and debts of the simulated outside; what happens in it is in simulator-days.c. */
#include "simulator-world.h"

#include <sys/timerfd.h>
#include <unistd.h>

#include <glib-unix.h>

#include "simulator-clock.h"
#include "simulator-days.h"
#include "simulator-remote.h"
#include "simulator-text.h"

#define DEBT_SITE_US (5 * CFX_SECOND)
#define DEBT_REAL_US CFX_SECOND

typedef struct {
    guint64 id;
    gint64 at_us;
    CfxFunc func;
    gpointer data;
} Item;

typedef struct {
    guint64 id;
    const char *who;
    gint64 site_us, real_us; /* when it arose */
    gboolean is_given_up;
} Debt;

struct _SimWorld {
    const CfxHost *host;
    SimOptions options;
    SimScene *scene;
    SimLog *log;
    SimClock *clock;
    SoupSession *session;
    GCancellable *stopped;
    SimDays *days;
    SimRemote *remote;

    GSequence *agenda; /* (element-type Item), by instant, then by id */
    GArray *debts;     /* (element-type Debt) */
    gint64 now_us;     /* what has happened, has happened up to here */
    guint64 last_id, last_number, given_up;
    double rate;
    gboolean is_held, is_paused, is_running;
    int timer_fd;
    GSource *timer;
};

static void plan(SimWorld *self);

const CfxHost *
sim_world_host(SimWorld *self)
{
    return self->host;
}

const SimOptions *
sim_world_options(SimWorld *self)
{
    return &self->options;
}

const SimScene *
sim_world_scene(SimWorld *self)
{
    return self->scene;
}

SoupSession *
sim_world_session(SimWorld *self)
{
    return self->session;
}

GCancellable *
sim_world_stopped(SimWorld *self)
{
    return self->stopped;
}

guint64
sim_world_number(SimWorld *self)
{
    return ++self->last_number;
}

guint64
sim_world_given_up(SimWorld *self)
{
    return self->given_up;
}

gint64
sim_world_now(SimWorld *self)
{
    return self->now_us;
}

char *
sim_world_secret(SimWorld *self, const char *name, GError **error)
{
    g_autofree char *path = g_build_filename(self->options.secrets, name, NULL);
    char *text = NULL;
    if (!g_file_get_contents(path, &text, NULL, error)) {
        g_prefix_error(error, "secret of %s: ", name);
        return NULL;
    }
    return g_strchomp(text);
}

/* --- the log ------------------------------------------------------------------------------- */

GString *
sim_world_log(SimWorld *self, const char *who, const char *dir, const char *what)
{
    return sim_log_begin(self->log, self->now_us, cfx_now_real(self->host), who, dir, what);
}

void
sim_world_logged(SimWorld *self)
{
    sim_log_end(self->log);
}

void
sim_world_close_log(SimWorld *self)
{
    sim_log_close(self->log);
}

/* --- the agenda ---------------------------------------------------------------------------- */

static int
by_instant(gconstpointer a, gconstpointer b, gpointer data)
{
    const Item *first = a, *second = b;
    if (first->at_us != second->at_us)
        return first->at_us < second->at_us ? -1 : 1;
    return first->id < second->id ? -1 : first->id > second->id;
}

guint64
sim_world_at(SimWorld *self, gint64 at_us, CfxFunc func, gpointer data)
{
    Item *item = g_new(Item, 1);
    *item = (Item){ ++self->last_id, MAX(at_us, self->now_us), func, data };
    g_sequence_insert_sorted(self->agenda, item, by_instant, NULL);
    guint64 id = item->id;
    plan(self);
    return id;
}

void
sim_world_cancel(SimWorld *self, guint64 *handle)
{
    if (*handle == 0)
        return;
    for (GSequenceIter *i = g_sequence_get_begin_iter(self->agenda); !g_sequence_iter_is_end(i);
         i = g_sequence_iter_next(i))
        if (((Item *)g_sequence_get(i))->id == *handle) {
            g_sequence_remove(i);
            break;
        }
    *handle = 0;
}

static void
move_to(SimWorld *self, gint64 at_us)
{
    if (at_us <= self->now_us)
        return;
    sim_days_flow(self->days, at_us - self->now_us);
    self->now_us = at_us;
}

void
sim_world_catch_up(SimWorld *self)
{
    if (self->is_running)
        return;
    self->is_running = TRUE;
    for (;;) {
        gint64 clock_us = sim_clock_now(self->clock, cfx_now_real(self->host));
        GSequenceIter *first = g_sequence_get_begin_iter(self->agenda);
        if (g_sequence_iter_is_end(first)) {
            move_to(self, clock_us);
            break;
        }
        Item item = *(Item *)g_sequence_get(first);
        if (item.at_us > clock_us || self->is_held || self->is_paused) {
            move_to(self, clock_us);
            break;
        }
        g_sequence_remove(first);
        move_to(self, item.at_us);
        item.func(item.data);
    }
    self->is_running = FALSE;
    plan(self);
}

/* --- debts and the clock ------------------------------------------------------------------- */

guint64
sim_world_owe(SimWorld *self, const char *who)
{
    Debt debt = { ++self->last_id, who, self->now_us, cfx_now_real(self->host), FALSE };
    g_array_append_val(self->debts, debt);
    plan(self);
    return debt.id;
}

void
sim_world_paid(SimWorld *self, guint64 *debt)
{
    if (*debt == 0)
        return;
    for (guint i = 0; i < self->debts->len; i++)
        if (g_array_index(self->debts, Debt, i).id == *debt) {
            g_array_remove_index(self->debts, i);
            break;
        }
    *debt = 0;
    plan(self);
}

static void
give_up(SimWorld *self, Debt *debt, gint64 real_us)
{
    debt->is_given_up = TRUE;
    self->given_up++;
    GString *line = sim_world_log(self, "world", "note", "gave-up");
    sim_text_string(line, "for", debt->who);
    sim_text_real(line, "waited_ms", (double)(real_us - debt->real_us) / 1000);
    sim_world_logged(self);
}

static void
arm(SimWorld *self, gint64 real_us)
{
    struct itimerspec spec = { 0 };
    if (real_us != G_MAXINT64) {
        spec.it_value.tv_sec = real_us / CFX_SECOND;
        spec.it_value.tv_nsec = MAX(1, real_us % CFX_SECOND * 1000);
    }
    timerfd_settime(self->timer_fd, TFD_TIMER_ABSTIME, &spec, NULL);
}

/* Sets the ceiling to what has to be done next, or to where a debt lets time go, and wakes up
 * there. */
static void
plan(SimWorld *self)
{
    if (self->is_running || self->clock == NULL)
        return;
    gint64 real_us = cfx_now_real(self->host), wake_us = G_MAXINT64;
    gint64 ceiling_us = self->now_us + CFX_DAY;
    gboolean is_own = FALSE;
    GSequenceIter *first = g_sequence_get_begin_iter(self->agenda);
    if (!g_sequence_iter_is_end(first)) {
        ceiling_us = ((Item *)g_sequence_get(first))->at_us;
        is_own = TRUE;
    }
    for (guint i = 0; i < self->debts->len; i++) {
        Debt *debt = &g_array_index(self->debts, Debt, i);
        if (debt->is_given_up)
            continue;
        if (real_us >= debt->real_us + DEBT_REAL_US) {
            give_up(self, debt, real_us);
            continue;
        }
        wake_us = MIN(wake_us, debt->real_us + DEBT_REAL_US);
        if (debt->site_us + DEBT_SITE_US < ceiling_us) {
            ceiling_us = debt->site_us + DEBT_SITE_US;
            is_own = FALSE;
        }
    }
    if (self->is_held || self->is_paused) {
        ceiling_us = self->now_us;
        is_own = FALSE;
    }
    sim_clock_set(self->clock, real_us, self->rate, ceiling_us);
    if (is_own)
        wake_us = MIN(wake_us, sim_clock_due(self->clock));
    arm(self, wake_us);
}

static gboolean
timer_cb(gint fd, GIOCondition condition, gpointer data)
{
    guint64 count;
    SimWorld *self = data;
    if (read(fd, &count, sizeof count) == (gssize)sizeof count)
        sim_world_catch_up(self);
    return G_SOURCE_CONTINUE;
}

void
sim_world_hold(SimWorld *self, gboolean is_held)
{
    sim_world_catch_up(self);
    self->is_held = is_held;
    plan(self);
}

void
sim_world_pause(SimWorld *self, gboolean is_paused)
{
    sim_world_catch_up(self);
    if (is_paused == self->is_paused)
        return;
    self->is_paused = is_paused;
    GString *line = sim_world_log(self, "world", "note", "pause");
    sim_text_boolean(line, "paused", is_paused);
    sim_world_logged(self);
    plan(self);
}

gboolean
sim_world_is_paused(const SimWorld *self)
{
    return self->is_paused;
}

void
sim_world_set_rate(SimWorld *self, double rate)
{
    if (rate == self->options.rate)
        return;
    self->options.rate = rate;
    GString *line = sim_world_log(self, "world", "note", "rate");
    sim_text_real(line, "rate", rate);
    sim_world_logged(self);
}

void
sim_world_pace(SimWorld *self, double rate)
{
    self->rate = CLAMP(rate, 0, SIM_RATE_MAX);
    plan(self);
}

void
sim_world_missed(SimWorld *self)
{
    sim_days_missed(self->days);
}

void
sim_world_station_changed(SimWorld *self)
{
    sim_days_station_changed(self->days);
}

/* --- life ---------------------------------------------------------------------------------- */

SimWorld *
sim_world_new(const CfxHost *host, const SimOptions *options, GError **error)
{
    SimWorld *self = g_new0(SimWorld, 1);
    self->host = host;
    self->options = *options;
    self->timer_fd = -1;
    self->agenda = g_sequence_new(g_free);
    self->debts = g_array_new(FALSE, FALSE, sizeof(Debt));
    self->stopped = g_cancellable_new();
    return self;
}

static SoupSession *
make_session(void)
{
    /* loopback only: no proxy of the environment comes between */
    SoupSession *session = soup_session_new_with_options(
        "proxy-resolver", NULL, "timeout", 10u, "max-conns", 64, "max-conns-per-host", 32, NULL);
    soup_session_remove_feature_by_type(session, SOUP_TYPE_WEBSOCKET_EXTENSION_MANAGER);
    return session;
}

gboolean
sim_world_start(SimWorld *self, GError **error)
{
    gint64 noon_us;
    self->scene = sim_scene_load(self->options.world, error);
    if (self->scene == NULL)
        return FALSE;
    if (!sim_scene_noon(self->scene, self->options.start, &noon_us)) {
        g_set_error(
            error, CFX_ERROR, CFX_ERROR_CONFIG, "start: \"%s\" is not a date", self->options.start);
        return FALSE;
    }
    self->now_us = noon_us - self->options.warm_us;
    self->log = sim_log_new(self->options.log, self->options.story, error);
    if (self->log == NULL)
        return FALSE;
    self->clock = sim_clock_new(self->options.page, self->now_us, cfx_now_real(self->host), error);
    if (self->clock == NULL)
        return FALSE;
    self->timer_fd = timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC | TFD_NONBLOCK);
    self->timer = g_unix_fd_source_new(self->timer_fd, G_IO_IN);
    g_source_set_static_name(self->timer, "[cariflex] world");
    g_source_set_callback(self->timer, G_SOURCE_FUNC(timer_cb), self, NULL);
    g_source_attach(self->timer, self->host->base->context(self->host));
    self->is_held = TRUE;
    self->session = make_session();
    self->days = sim_days_new(self, noon_us, error);
    if (self->days == NULL || !sim_days_start(self->days, error))
        return FALSE;
    if (self->options.control == NULL)
        return TRUE;
    self->remote = sim_remote_new(self, self->days, self->options.control, error);
    return self->remote != NULL;
}

void
sim_world_stop(SimWorld *self)
{
    g_cancellable_cancel(self->stopped);
    g_clear_pointer(&self->remote, sim_remote_free);
    g_clear_pointer(&self->days, sim_days_free);
    if (self->clock != NULL)
        sim_clock_set(self->clock, cfx_now_real(self->host), 0, self->now_us);
    if (self->timer != NULL)
        g_source_destroy(self->timer);
    g_clear_pointer(&self->timer, g_source_unref);
    if (self->session != NULL)
        soup_session_abort(self->session);
    g_clear_object(&self->session);
    g_clear_pointer(&self->clock, sim_clock_free);
    g_clear_pointer(&self->log, sim_log_free);
    if (self->timer_fd >= 0)
        close(self->timer_fd);
    self->timer_fd = -1;
}

void
sim_world_free(SimWorld *self)
{
    if (self == NULL)
        return;
    g_sequence_free(self->agenda);
    g_array_unref(self->debts);
    g_clear_pointer(&self->scene, sim_scene_free);
    g_clear_object(&self->stopped);
    g_free(self);
}
