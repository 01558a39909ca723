/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "cfx-loop.h"

#include "cfx-instance.h"
#include "cfx-log.h"
#include "cfx-wheel.h"

#include <errno.h>
#include <sys/eventfd.h>
#include <unistd.h>

#define EVENTS_A_TURN 256
#define SITE_TICK_US 1000              /* a simulated clock is looked at so often */
#define CIVIL_TICK_US (1000 * 1000)    /* the system's may be stepped: look again after so long */
#define HANDLE_SITE ((guint64)1 << 63) /* of a timer handle: which wheel */

struct _CfxLoopFd {
    int fd;
    CfxLoopFdFunc func;
    gpointer data;
    gboolean is_removed;
};

typedef struct {
    CfxFunc func;
    gpointer data;
    CfxInstance *owner;
    guint64 generation; /* of the owner, when it was posted */
} Item;

typedef struct {
    GSource source;
    CfxLoop *loop;
} LoopSource;

struct _CfxLoop {
    GMainContext *context;
    CfxClock *clock;
    LoopSource *source;
    gpointer epoll_tag;
    int epoll_fd, event_fd;
    CfxWheel *site, *real;
    GArray *ends;       /* (element-type Item) */
    GPtrArray *garbage; /* (element-type CfxLoopFd) removed ones, freed when no event names them */
    gboolean is_dispatching;

    GMutex lock;   /* of inbox */
    GArray *inbox; /* (element-type Item) */
    GArray *spare; /* what inbox is swapped with */
};

static guint64
instance_generation(CfxInstance *owner)
{
    return owner != NULL ? __atomic_load_n(&owner->generation, __ATOMIC_ACQUIRE) : 0;
}

/* runs a function, on behalf of its owner if it has one */
static void
run(CfxInstance *owner, guint64 generation, CfxFunc func, gpointer data, const char *what)
{
    if (owner == NULL) {
        func(data);
        return;
    }
    if (!cfx_instance_is_alive(owner, generation))
        return;
    gint64 entered = cfx_instance_enter(owner);
    func(data);
    cfx_instance_leave(owner, entered, what);
}

static gint64
wheel_real_time(const CfxLoop *loop, const CfxWheel *wheel, guint32 which, gint64 real_now)
{
    gint64 next = cfx_wheel_next(wheel);
    if (next == CFX_TIME_MAX)
        return -1;
    gint64 now = cfx_clock_now(loop->clock, which);
    if (next <= now)
        return 0;
    if (cfx_clock_is_simulated(loop->clock))
        return which == CFX_CLOCK_SITE ? real_now + SITE_TICK_US
                                       : real_now + MIN(next - now, CIVIL_TICK_US);
    gint64 wait = which == CFX_CLOCK_SITE ? MIN(next - now, CIVIL_TICK_US) : next - now;
    return real_now + wait;
}

static gboolean
loop_prepare(GSource *source, gint *timeout)
{
    CfxLoop *loop = ((LoopSource *)source)->loop;
    *timeout = -1;
    if (loop->ends->len > 0)
        return TRUE;
    gint64 real_now = g_get_monotonic_time();
    gint64 site = wheel_real_time(loop, loop->site, CFX_CLOCK_SITE, real_now);
    gint64 real = wheel_real_time(loop, loop->real, CFX_CLOCK_REAL, real_now);
    if (site == 0 || real == 0)
        return TRUE;
    gint64 next = site < 0 ? real : real < 0 ? site : MIN(site, real);
    if (next >= 0)
        *timeout = (gint)MIN((next - real_now + 999) / 1000, G_MAXINT);
    return FALSE;
}

static gboolean
wheel_is_due(const CfxLoop *loop, const CfxWheel *wheel, guint32 which)
{
    gint64 next = cfx_wheel_next(wheel);
    return next != CFX_TIME_MAX && next <= cfx_clock_now(loop->clock, which);
}

static gboolean
loop_check(GSource *source)
{
    CfxLoop *loop = ((LoopSource *)source)->loop;
    return loop->ends->len > 0 || g_source_query_unix_fd(source, loop->epoll_tag) != 0 ||
           wheel_is_due(loop, loop->real, CFX_CLOCK_REAL) ||
           wheel_is_due(loop, loop->site, CFX_CLOCK_SITE);
}

static void
dispatch_fds(CfxLoop *loop)
{
    struct epoll_event events[EVENTS_A_TURN];
    int n = epoll_wait(loop->epoll_fd, events, EVENTS_A_TURN, 0);
    for (int i = 0; i < n; i++) {
        CfxLoopFd *handle = events[i].data.ptr;
        if (handle == NULL) {
            guint64 count;
            (void)!read(loop->event_fd, &count, sizeof count);
        } else if (!handle->is_removed) {
            handle->func(handle->data, events[i].events);
        }
    }
}

static void
dispatch_wheel(CfxLoop *loop, CfxWheel *wheel, guint32 which)
{
    if (cfx_wheel_count(wheel) == 0)
        return;
    cfx_wheel_collect(wheel, cfx_clock_now(loop->clock, which));
    CfxFunc func;
    gpointer data, owner;
    while (cfx_wheel_pop(wheel, &func, &data, &owner)) {
        CfxInstance *instance = owner;
        run(instance, instance_generation(instance), func, data, "timer");
    }
}

static void
dispatch_inbox(CfxLoop *loop)
{
    g_mutex_lock(&loop->lock);
    GArray *items = loop->inbox;
    loop->inbox = loop->spare;
    loop->spare = NULL; /* a nested swap would be a bug: turns do not nest */
    g_mutex_unlock(&loop->lock);
    for (guint i = 0; i < items->len; i++) {
        const Item *item = &g_array_index(items, Item, i);
        run(item->owner, item->generation, item->func, item->data, "posted function");
    }
    g_array_set_size(items, 0);
    loop->spare = items;
}

static void
dispatch_ends(CfxLoop *loop)
{
    /* by index: they may ask for more, which then move the array */
    for (guint i = 0; i < loop->ends->len; i++) {
        Item item = g_array_index(loop->ends, Item, i);
        g_array_index(loop->ends, Item, i).func = NULL;
        item.func(item.data);
    }
    g_array_set_size(loop->ends, 0);
}

static gboolean
loop_dispatch(GSource *source, GSourceFunc func, gpointer data)
{
    CfxLoop *loop = ((LoopSource *)source)->loop;
    loop->is_dispatching = TRUE;
    dispatch_fds(loop);
    dispatch_wheel(loop, loop->site, CFX_CLOCK_SITE);
    dispatch_wheel(loop, loop->real, CFX_CLOCK_REAL);
    dispatch_inbox(loop);
    dispatch_ends(loop);
    g_ptr_array_set_size(loop->garbage, 0);
    loop->is_dispatching = FALSE;
    return G_SOURCE_CONTINUE;
}

static GSourceFuncs source_funcs = { .prepare = loop_prepare,
                                     .check = loop_check,
                                     .dispatch = loop_dispatch };

CfxLoop *
cfx_loop_new(CfxClock *clock, GMainContext *context)
{
    CfxLoop *loop = g_new0(CfxLoop, 1);
    loop->clock = clock;
    loop->context = g_main_context_ref(context != NULL ? context : g_main_context_default());
    loop->site = cfx_wheel_new(cfx_clock_now(clock, CFX_CLOCK_SITE));
    loop->real = cfx_wheel_new(cfx_clock_now(clock, CFX_CLOCK_REAL));
    loop->ends = g_array_new(FALSE, FALSE, sizeof(Item));
    loop->inbox = g_array_new(FALSE, FALSE, sizeof(Item));
    loop->spare = g_array_new(FALSE, FALSE, sizeof(Item));
    loop->garbage = g_ptr_array_new_with_free_func(g_free);
    g_mutex_init(&loop->lock);
    loop->epoll_fd = epoll_create1(EPOLL_CLOEXEC);
    loop->event_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    struct epoll_event event = { .events = EPOLLIN, .data.ptr = NULL };
    if (loop->epoll_fd < 0 || loop->event_fd < 0 ||
        epoll_ctl(loop->epoll_fd, EPOLL_CTL_ADD, loop->event_fd, &event) != 0)
        cfx_log_say(CFX_LOG_CRITICAL, "loop", "no epoll set: %s", g_strerror(errno));
    loop->source = (LoopSource *)g_source_new(&source_funcs, sizeof(LoopSource));
    loop->source->loop = loop;
    g_source_set_static_name(&loop->source->source, "[cariflex] loop");
    loop->epoll_tag = g_source_add_unix_fd(&loop->source->source, loop->epoll_fd, G_IO_IN);
    g_source_attach(&loop->source->source, loop->context);
    return loop;
}

CfxLoop *
cfx_loop_new_main(CfxClock *clock)
{
    return cfx_loop_new(clock, NULL);
}

void
cfx_loop_free(CfxLoop *loop)
{
    if (loop == NULL)
        return;
    g_source_destroy(&loop->source->source);
    g_source_unref(&loop->source->source);
    close(loop->epoll_fd);
    close(loop->event_fd);
    cfx_wheel_free(loop->site);
    cfx_wheel_free(loop->real);
    g_array_unref(loop->ends);
    g_array_unref(loop->inbox);
    g_clear_pointer(&loop->spare, g_array_unref);
    g_ptr_array_unref(loop->garbage);
    g_mutex_clear(&loop->lock);
    g_main_context_unref(loop->context);
    g_free(loop);
}

GMainContext *
cfx_loop_context(const CfxLoop *loop)
{
    return loop->context;
}

CfxClock *
cfx_loop_clock(const CfxLoop *loop)
{
    return loop->clock;
}

gint64
cfx_loop_now(const CfxLoop *loop, guint32 clock)
{
    return cfx_clock_now(loop->clock, clock);
}

CfxLoopFd *
cfx_loop_fd_add(CfxLoop *loop, int fd, guint32 events, CfxLoopFdFunc func, gpointer data)
{
    CfxLoopFd *handle = g_new0(CfxLoopFd, 1);
    handle->fd = fd;
    handle->func = func;
    handle->data = data;
    struct epoll_event event = { .events = events, .data.ptr = handle };
    if (epoll_ctl(loop->epoll_fd, EPOLL_CTL_ADD, fd, &event) != 0) {
        g_free(handle);
        return NULL;
    }
    return handle;
}

void
cfx_loop_fd_modify(CfxLoop *loop, CfxLoopFd *handle, guint32 events)
{
    struct epoll_event event = { .events = events, .data.ptr = handle };
    if (epoll_ctl(loop->epoll_fd, EPOLL_CTL_MOD, handle->fd, &event) != 0)
        cfx_log_say(CFX_LOG_WARNING, "loop", "fd %d: %s", handle->fd, g_strerror(errno));
}

void
cfx_loop_fd_remove(CfxLoop *loop, CfxLoopFd *handle)
{
    epoll_ctl(loop->epoll_fd, EPOLL_CTL_DEL, handle->fd, NULL);
    handle->is_removed = TRUE;
    /* events of this turn may still name it */
    if (loop->is_dispatching)
        g_ptr_array_add(loop->garbage, handle);
    else
        g_free(handle);
}

CfxTimer
cfx_loop_timer_start_for(
    CfxLoop *loop, CfxInstance *owner, guint32 clock, gint64 at_us, CfxFunc func, gpointer data)
{
    if (clock == CFX_CLOCK_SITE)
        return cfx_wheel_start(loop->site, at_us, func, data, owner) | HANDLE_SITE;
    return cfx_wheel_start(loop->real, at_us, func, data, owner);
}

CfxTimer
cfx_loop_timer_start(CfxLoop *loop, guint32 clock, gint64 at_us, CfxFunc func, gpointer data)
{
    return cfx_loop_timer_start_for(loop, NULL, clock, at_us, func, data);
}

void
cfx_loop_timer_stop(CfxLoop *loop, CfxTimer timer)
{
    cfx_wheel_stop(timer & HANDLE_SITE ? loop->site : loop->real, timer & ~HANDLE_SITE);
}

void
cfx_loop_timer_stop_all(CfxLoop *loop, CfxInstance *owner)
{
    cfx_wheel_stop_all(loop->site, owner);
    cfx_wheel_stop_all(loop->real, owner);
}

gsize
cfx_loop_timers(const CfxLoop *loop)
{
    return cfx_wheel_count(loop->site) + cfx_wheel_count(loop->real);
}

void
cfx_loop_post_for(CfxLoop *loop, CfxInstance *owner, CfxFunc func, gpointer data)
{
    Item item = { func, data, owner, instance_generation(owner) };
    g_mutex_lock(&loop->lock);
    gboolean was_empty = loop->inbox->len == 0;
    g_array_append_val(loop->inbox, item);
    g_mutex_unlock(&loop->lock);
    if (was_empty) {
        guint64 one = 1;
        (void)!write(loop->event_fd, &one, sizeof one);
    }
}

void
cfx_loop_post(CfxLoop *loop, CfxFunc func, gpointer data)
{
    cfx_loop_post_for(loop, NULL, func, data);
}

void
cfx_loop_end_of_turn(CfxLoop *loop, CfxFunc func, gpointer data)
{
    for (guint i = 0; i < loop->ends->len; i++) {
        const Item *item = &g_array_index(loop->ends, Item, i);
        if (item->func == func && item->data == data)
            return;
    }
    Item item = { func, data, NULL, 0 };
    g_array_append_val(loop->ends, item);
}
