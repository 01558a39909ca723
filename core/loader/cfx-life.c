/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "cfx-life.h"

#include "cfx-call.h"
#include "cfx-error.h"
#include "cfx-log.h"

#define SLOW_START_US (30 * CFX_SECOND)
#define WORK_LOOK_US (20 * 1000)

typedef struct {
    CfxInstance *instance;
    CfxLifeFunc changed;
    gpointer changed_data;
    guint failures;
    gboolean is_starting; /* start() was called and has not been finished */
    gboolean is_stopping;
    gboolean is_gone; /* stop() is done with, or left behind: late answers do not count */
    gint64 stop_until_us;
    CfxCall *start; /* (owned) (nullable) */
    CfxTimer retry, watch;
    GError *error; /* (nullable) why the start failed, until it is destroyed */
    GArray *done;  /* (element-type Waiting) who waits for the stop */
} Life;

typedef struct {
    CfxFunc func;
    gpointer data;
} Waiting;

static void begin(gpointer data);
static void stop_now(Life *life);

static void
life_free(gpointer data)
{
    Life *life = data;
    g_array_unref(life->done);
    g_clear_error(&life->error);
    g_free(life);
}

static Life *
life_of(CfxInstance *instance)
{
    Life *life = cfx_instance_part(instance, "life");
    if (life == NULL) {
        life = g_new0(Life, 1);
        life->instance = instance;
        life->done = g_array_new(FALSE, FALSE, sizeof(Waiting));
        cfx_instance_part_set(instance, "life", life, life_free);
    }
    return life;
}

guint
cfx_life_failures(CfxInstance *instance)
{
    return life_of(instance)->failures;
}

static void
tell(Life *life, gboolean is_up)
{
    if (life->changed != NULL)
        life->changed(life->changed_data, life->instance, is_up);
}

/* From here on no service calls back into it, and what comes late is dropped. */
static void
forget(Life *life)
{
    __atomic_add_fetch(&life->instance->generation, 1, __ATOMIC_RELEASE);
    life->instance->self = NULL;
}

static void
destroy(Life *life)
{
    CfxInstance *instance = life->instance;
    gpointer self = instance->self;
    forget(life);
    gint64 entered = cfx_instance_enter(instance);
    instance->factory.destroy(self);
    cfx_instance_leave(instance, entered, "destroy()");
}

/* 1 s, 2 s, 4 s … 60 s, each up to a tenth longer so that instances do not come in step */
static gint64
pause_us(guint failures)
{
    gint64 pause = CFX_LIFE_PAUSE_FIRST_US << MIN(failures - 1, 10);
    pause = MIN(pause, CFX_LIFE_PAUSE_LONGEST_US);
    return pause + (gint64)g_random_int_range(0, 1000) * (pause / 10000);
}

static void
failed(Life *life, const GError *error)
{
    CfxInstance *instance = life->instance;
    life->failures++;
    if (!cfx_error_may_retry(error)) {
        g_autofree char *reason = g_strdup_printf("%s; not tried again", error->message);
        cfx_instance_set_state(instance, CFX_INSTANCE_FAILED, reason);
        return;
    }
    gint64 pause = pause_us(life->failures);
    g_autofree char *reason = g_strdup_printf("%s; attempt %u comes in %.1f s",
                                              error->message,
                                              life->failures + 1,
                                              (double)pause / CFX_SECOND);
    cfx_instance_set_state(instance, CFX_INSTANCE_FAILED, reason);
    life->retry = cfx_loop_timer_start(instance->home,
                                       CFX_CLOCK_REAL,
                                       cfx_loop_now(instance->home, CFX_CLOCK_REAL) + pause,
                                       begin,
                                       life);
}

static void
finish_stop(Life *life)
{
    life->is_stopping = FALSE;
    g_autoptr(GArray) waiting = g_steal_pointer(&life->done);
    life->done = g_array_new(FALSE, FALSE, sizeof(Waiting));
    for (guint i = 0; i < waiting->len; i++) {
        Waiting *w = &g_array_index(waiting, Waiting, i);
        cfx_loop_post(life->instance->home, w->func, w->data);
    }
}

static void
leave_behind(Life *life, const char *what)
{
    CfxInstance *instance = life->instance;
    life->is_gone = TRUE;
    cfx_instance_run_stop_hooks(instance);
    forget(life);
    g_autofree char *reason =
        g_strdup_printf("%s within %d ms", what, (int)(CFX_LIFE_STOP_US / 1000));
    cfx_instance_set_state(instance, CFX_INSTANCE_LEFT_BEHIND, reason);
    finish_stop(life);
}

/* work() that still runs uses the plugin's data */
static void
destroy_when_idle(gpointer data)
{
    Life *life = data;
    CfxInstance *instance = life->instance;
    gint64 now = cfx_loop_now(instance->home, CFX_CLOCK_REAL);
    if (instance->working > 0 && now >= life->stop_until_us) {
        leave_behind(life, "its functions in the pool did not come back");
        return;
    }
    if (instance->working > 0) {
        cfx_loop_timer_start(
            instance->home, CFX_CLOCK_REAL, now + WORK_LOOK_US, destroy_when_idle, life);
        return;
    }
    /* completions of work() may have asked for more */
    cfx_instance_run_stop_hooks(instance);
    destroy(life);
    g_autoptr(GError) error = g_steal_pointer(&life->error);
    if (life->is_stopping || error == NULL) {
        cfx_instance_set_state(instance, CFX_INSTANCE_STOPPED, NULL);
        finish_stop(life);
    } else {
        failed(life, error);
    }
}

static void
stopped_cb(gpointer data, GBytes *answer, const GError *error)
{
    Life *life = data;
    if (life->is_gone)
        return;
    life->is_gone = TRUE;
    if (error != NULL && cfx_error_code(error) == CFX_ERROR_UNAVAILABLE &&
        cfx_loop_now(life->instance->home, CFX_CLOCK_REAL) >= life->stop_until_us) {
        leave_behind(life, "it did not stop");
        return;
    }
    if (error != NULL)
        cfx_log_say(CFX_LOG_WARNING, life->instance->name, "stop: %s", error->message);
    cfx_instance_run_stop_hooks(life->instance);
    /* behind what it has posted itself */
    cfx_loop_post(life->instance->home, destroy_when_idle, life);
}

static void
stop_now(Life *life)
{
    CfxInstance *instance = life->instance;
    CfxCall *call = cfx_call_new(instance->home, life->stop_until_us, stopped_cb, life);
    gint64 entered = cfx_instance_enter(instance);
    instance->factory.stop(instance->self, call);
    cfx_instance_leave(instance, entered, "stop()");
}

static void
slow_start_cb(gpointer data)
{
    Life *life = data;
    life->watch = 0;
    cfx_log_say(CFX_LOG_WARNING,
                life->instance->name,
                "start() has not been finished for %d s",
                (int)(SLOW_START_US / CFX_SECOND));
}

static void
started_cb(gpointer data, GBytes *answer, const GError *error)
{
    Life *life = data;
    CfxInstance *instance = life->instance;
    life->is_starting = FALSE;
    g_clear_pointer(&life->start, cfx_call_unref);
    cfx_loop_timer_stop(instance->home, life->watch);
    if (life->is_gone)
        return;
    if (error == NULL && life->is_stopping) {
        stop_now(life);
    } else if (error == NULL) {
        life->failures = 0;
        cfx_instance_set_state(instance, CFX_INSTANCE_RUNNING, NULL);
        tell(life, TRUE);
    } else {
        life->is_gone = life->is_stopping;
        life->error = g_error_copy(error);
        if (!life->is_stopping)
            life->stop_until_us = cfx_loop_now(instance->home, CFX_CLOCK_REAL) + CFX_LIFE_STOP_US;
        cfx_instance_run_stop_hooks(instance);
        cfx_loop_post(instance->home, destroy_when_idle, life);
    }
}

static void
begin(gpointer data)
{
    Life *life = data;
    CfxInstance *instance = life->instance;
    g_autoptr(GError) error = NULL;
    life->retry = 0;
    cfx_instance_set_state(instance, CFX_INSTANCE_STARTING, NULL);
    __atomic_add_fetch(&instance->generation, 1, __ATOMIC_RELEASE);
    gint64 entered = cfx_instance_enter(instance);
    instance->self = instance->factory.create(&instance->host, instance->config, &error);
    cfx_instance_leave(instance, entered, "create()");
    if (instance->self == NULL) {
        if (error == NULL)
            error = g_error_new_literal(CFX_ERROR, CFX_ERROR_FAILED, "create() gave nothing");
        cfx_instance_run_stop_hooks(instance);
        failed(life, error);
        return;
    }
    life->is_starting = TRUE;
    life->start = cfx_call_ref(cfx_call_new(instance->home, 0, started_cb, life));
    life->watch = cfx_loop_timer_start(instance->home,
                                       CFX_CLOCK_REAL,
                                       cfx_loop_now(instance->home, CFX_CLOCK_REAL) + SLOW_START_US,
                                       slow_start_cb,
                                       life);
    entered = cfx_instance_enter(instance);
    instance->factory.start(instance->self, life->start);
    cfx_instance_leave(instance, entered, "start()");
}

void
cfx_life_start(CfxInstance *instance, CfxLifeFunc changed, gpointer data)
{
    Life *life = life_of(instance);
    if (instance->self != NULL || life->retry != 0 || life->is_stopping)
        return;
    life->changed = changed;
    life->changed_data = data;
    life->is_gone = FALSE;
    begin(life);
}

static void
start_overdue_cb(gpointer data)
{
    Life *life = data;
    if (life->is_starting && !life->is_gone)
        leave_behind(life, "its start() did not end");
}

void
cfx_life_stop(CfxInstance *instance, CfxFunc done, gpointer data)
{
    Life *life = life_of(instance);
    Waiting waiting = { done, data };
    g_array_append_val(life->done, waiting);
    if (life->is_stopping)
        return;
    cfx_loop_timer_stop(instance->home, life->retry);
    life->retry = 0;
    if (instance->self == NULL) {
        if (cfx_instance_state(instance, NULL) != CFX_INSTANCE_LEFT_BEHIND)
            cfx_instance_set_state(instance, CFX_INSTANCE_STOPPED, NULL);
        finish_stop(life);
        return;
    }
    gboolean was_up = cfx_instance_is_up(instance);
    life->is_stopping = TRUE;
    life->stop_until_us = cfx_loop_now(instance->home, CFX_CLOCK_REAL) + CFX_LIFE_STOP_US;
    cfx_instance_set_state(instance, CFX_INSTANCE_STOPPING, NULL);
    if (was_up)
        tell(life, FALSE);
    if (life->is_starting) {
        g_cancellable_cancel(life->start->cancellable);
        cfx_loop_timer_stop(instance->home, life->watch);
        life->watch = cfx_loop_timer_start(
            instance->home, CFX_CLOCK_REAL, life->stop_until_us, start_overdue_cb, life);
    } else if (life->error == NULL) {
        stop_now(life);
    } /* else its start has just failed, and destroy_when_idle() is on its way */
}
