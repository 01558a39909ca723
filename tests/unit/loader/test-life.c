/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Lives of instances, on clocks that the test moves. */
#include "cfx-life.h"
#include "cfx-log.h"

#include <string.h>

#define START (G_GINT64_CONSTANT(1759320000) * 1000000)

typedef struct {
    CfxClock *clock;
    GMainContext *context;
    CfxLoop *loop;
    CfxInstance *instance;
    GString *log;
    gint64 real_us;
    gboolean is_stopped;
    /* what the plugin does */
    GError *create_error, *start_error;
    gboolean keeps_start, keeps_stop, blocks_work;
    CfxCall *start_call, *stop_call;
    GMutex block;
} Fixture;

static Fixture *now; /* of the plugin under test, which has no other way to it */

static void
say(const char *word)
{
    g_string_append_printf(now->log, "%s%s", now->log->len > 0 ? " " : "", word);
}

static gpointer
plugin_create(const CfxHost *host, const CfxConfig *config, GError **error)
{
    say("create");
    if (now->create_error != NULL) {
        g_propagate_error(error, g_error_copy(now->create_error));
        return NULL;
    }
    return now;
}

static void
plugin_start(gpointer self, CfxCall *call)
{
    say("start");
    if (now->keeps_start)
        now->start_call = call;
    else
        cfx_call_finish(
            call, NULL, now->start_error != NULL ? g_error_copy(now->start_error) : NULL);
}

static void
plugin_stop(gpointer self, CfxCall *call)
{
    say("stop");
    if (now->keeps_stop)
        now->stop_call = call;
    else
        cfx_call_finish(call, NULL, NULL);
}

static void
plugin_destroy(gpointer self)
{
    say("destroy");
}

static void
hook(gpointer data, CfxInstance *instance)
{
    say("hook");
}

static void
setup(Fixture *f, gconstpointer data)
{
    now = f;
    f->real_us = CFX_HOUR;
    f->clock = cfx_clock_new_fake(START, f->real_us);
    f->context = g_main_context_new();
    f->loop = cfx_loop_new(f->clock, f->context);
    f->instance = cfx_instance_new("adapter", "depot", f->loop);
    f->instance->factory = (CfxFactory){ .struct_size = sizeof(CfxFactory),
                                         .create = plugin_create,
                                         .start = plugin_start,
                                         .stop = plugin_stop,
                                         .destroy = plugin_destroy };
    f->log = g_string_new(NULL);
    g_mutex_init(&f->block);
    cfx_instance_add_stop_hook(hook, f);
}

static void
teardown(Fixture *f, gconstpointer data)
{
    cfx_instance_remove_stop_hooks(f);
    cfx_loop_free(f->loop);
    cfx_instance_free(f->instance);
    cfx_clock_free(f->clock);
    g_main_context_unref(f->context);
    g_string_free(f->log, TRUE);
    g_clear_error(&f->create_error);
    g_clear_error(&f->start_error);
    g_mutex_clear(&f->block);
}

static void
turn(Fixture *f)
{
    while (g_main_context_iteration(f->context, FALSE))
        ;
}

static void
pass(Fixture *f, gint64 us)
{
    f->real_us += us;
    cfx_clock_fake_set(f->clock, START, f->real_us);
    turn(f);
}

static void
stopped(gpointer data)
{
    Fixture *f = data;
    f->is_stopped = TRUE;
}

static CfxInstanceState
state(Fixture *f)
{
    return cfx_instance_state(f->instance, NULL);
}

static void
test_whole_life(Fixture *f, gconstpointer data)
{
    cfx_life_start(f->instance, NULL, NULL);
    g_assert_cmpint(state(f), ==, CFX_INSTANCE_STARTING);
    turn(f);
    g_assert_cmpint(state(f), ==, CFX_INSTANCE_RUNNING);
    f->instance->host.base->health(&f->instance->host, CFX_HEALTH_DEGRADED, "no route");
    g_assert_cmpint(state(f), ==, CFX_INSTANCE_DEGRADED);
    g_assert_cmpint(cfx_instance_is_up(f->instance), ==, TRUE);
    cfx_life_stop(f->instance, stopped, f);
    g_assert_cmpint(f->is_stopped, ==, FALSE); /* never inside */
    turn(f);
    g_assert_cmpint(f->is_stopped, ==, TRUE);
    g_assert_cmpint(state(f), ==, CFX_INSTANCE_STOPPED);
    g_assert_cmpstr(f->log->str, ==, "create start stop hook hook destroy");
    g_assert_null(f->instance->self);
}

/* away: again after 1, 2, 4 … 60 s of REAL time, each up to a tenth longer */
static void
test_growing_pauses(Fixture *f, gconstpointer data)
{
    f->start_error = g_error_new_literal(CFX_ERROR, CFX_ERROR_UNAVAILABLE, "nobody there");
    cfx_life_start(f->instance, NULL, NULL);
    turn(f);
    gint64 pause = CFX_SECOND;
    for (guint attempt = 1; attempt < 10; attempt++) {
        g_autofree char *reason = NULL;
        g_assert_cmpint(cfx_instance_state(f->instance, &reason), ==, CFX_INSTANCE_FAILED);
        g_assert_cmpint(g_str_has_prefix(reason, "nobody there; attempt "), ==, TRUE);
        g_assert_cmpuint(cfx_life_failures(f->instance), ==, attempt);
        g_assert_cmpuint(f->instance->self == NULL, ==, TRUE);
        g_string_truncate(f->log, 0);
        pass(f, pause - 1);
        g_assert_cmpstr(f->log->str, ==, "");
        pass(f, pause / 10 + 2);
        g_assert_cmpstr(f->log->str, ==, "create start hook hook destroy");
        pause = MIN(2 * pause, 60 * CFX_SECOND);
    }
    g_clear_error(&f->start_error);
    pass(f, 2 * CFX_MINUTE);
    g_assert_cmpint(state(f), ==, CFX_INSTANCE_RUNNING);
    g_assert_cmpuint(cfx_life_failures(f->instance), ==, 0);
}

/* a wrong configuration does not get better by waiting */
static void
test_not_retried(Fixture *f, gconstpointer data)
{
    g_autofree char *reason = NULL;
    f->create_error = g_error_new_literal(CFX_ERROR, CFX_ERROR_CONFIG, "no such site");
    cfx_life_start(f->instance, NULL, NULL);
    turn(f);
    cfx_instance_state(f->instance, &reason);
    g_assert_cmpstr(reason, ==, "no such site; not tried again");
    pass(f, CFX_DAY);
    g_assert_cmpstr(f->log->str, ==, "create hook");
    cfx_life_stop(f->instance, stopped, f);
    turn(f);
    g_assert_cmpint(f->is_stopped, ==, TRUE);
}

/* one that does not stop is left behind, never destroyed, and hears nothing any more */
static void
test_left_behind(Fixture *f, gconstpointer data)
{
    f->keeps_stop = TRUE;
    cfx_life_start(f->instance, NULL, NULL);
    turn(f);
    cfx_life_stop(f->instance, stopped, f);
    pass(f, CFX_LIFE_STOP_US - 1);
    g_assert_cmpint(f->is_stopped, ==, FALSE);
    pass(f, 1);
    g_assert_cmpint(f->is_stopped, ==, TRUE);
    g_assert_cmpint(state(f), ==, CFX_INSTANCE_LEFT_BEHIND);
    cfx_call_finish(f->stop_call, NULL, NULL);
    turn(f);
    g_assert_cmpstr(f->log->str, ==, "create start stop hook");
}

/* stopped while it starts: asked to give up, then destroyed without stop() */
static void
test_stop_while_starting(Fixture *f, gconstpointer data)
{
    f->keeps_start = TRUE;
    cfx_life_start(f->instance, NULL, NULL);
    turn(f);
    cfx_life_stop(f->instance, stopped, f);
    turn(f);
    g_assert_cmpint(g_cancellable_is_cancelled(f->start_call->cancellable), ==, TRUE);
    cfx_call_finish(
        f->start_call, NULL, g_error_new_literal(CFX_ERROR, CFX_ERROR_CANCELLED, "gave up"));
    turn(f);
    g_assert_cmpint(f->is_stopped, ==, TRUE);
    g_assert_cmpstr(f->log->str, ==, "create start hook hook destroy");
}

static void
test_stop_while_waiting(Fixture *f, gconstpointer data)
{
    f->start_error = g_error_new_literal(CFX_ERROR, CFX_ERROR_UNAVAILABLE, "nobody there");
    cfx_life_start(f->instance, NULL, NULL);
    turn(f);
    cfx_life_stop(f->instance, stopped, f);
    turn(f);
    g_assert_cmpint(f->is_stopped, ==, TRUE);
    g_string_truncate(f->log, 0);
    pass(f, CFX_HOUR);
    g_assert_cmpstr(f->log->str, ==, "");
}

static void
blocked(gpointer data)
{
    Fixture *f = data;
    g_mutex_lock(&f->block);
    g_mutex_unlock(&f->block);
}

static void
blocked_done(gpointer data, const GError *error)
{
    say("worked");
}

/* what runs in the pool uses the plugin's memory: destroy() waits for it */
static void
test_destroy_waits_for_work(Fixture *f, gconstpointer data)
{
    const CfxHost *host = &f->instance->host;
    cfx_life_start(f->instance, NULL, NULL);
    turn(f);
    g_mutex_lock(&f->block);
    host->base->work(host, blocked, f, blocked_done);
    cfx_life_stop(f->instance, stopped, f);
    turn(f);
    g_assert_cmpint(f->is_stopped, ==, FALSE);
    g_mutex_unlock(&f->block);
    while (strstr(f->log->str, "worked") == NULL)
        g_main_context_iteration(f->context, TRUE);
    pass(f, 100 * 1000);
    g_assert_cmpint(f->is_stopped, ==, TRUE);
    g_assert_cmpstr(f->log->str, ==, "create start stop hook worked hook destroy");
}

#define ADD(path, func) g_test_add(path, Fixture, NULL, setup, func, teardown)

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    cfx_log_init(CFX_LOG_CRITICAL);
    ADD("/life/whole", test_whole_life);
    ADD("/life/growing-pauses", test_growing_pauses);
    ADD("/life/not-retried", test_not_retried);
    ADD("/life/left-behind", test_left_behind);
    ADD("/life/stop-while-starting", test_stop_while_starting);
    ADD("/life/stop-while-waiting", test_stop_while_waiting);
    ADD("/life/destroy-waits-for-work", test_destroy_waits_for_work);
    return g_test_run();
}
