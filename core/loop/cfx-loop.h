/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A home loop: a GMainContext with one GSource that holds an epoll set, a timer wheel for each
 * clock, an inbox and what is due at the end of the turn. A turn handles ready fds, then due
 * timers, then the inbox, then end-of-turn functions.
 */
#pragma once

#include "cfx-clock.h"

#include <cariflex/cfx-host.h>
#include <sys/epoll.h>

typedef struct _CfxLoop CfxLoop;
typedef struct _CfxLoopFd CfxLoopFd;
typedef void (*CfxLoopFdFunc)(gpointer data, guint32 epoll_events);

/* On the default main context. `clock` is borrowed and outlives the loop. */
CfxLoop *cfx_loop_new_main(CfxClock *clock);
/* On a context of its own; whoever owns the thread iterates it. */
CfxLoop *cfx_loop_new(CfxClock *clock, GMainContext *context);
/* [home], not from inside a callback. What is still in the inbox is dropped. */
void cfx_loop_free(CfxLoop *loop);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(CfxLoop, cfx_loop_free)

GMainContext *cfx_loop_context(const CfxLoop *loop);     /* [any] */
CfxClock *cfx_loop_clock(const CfxLoop *loop);           /* [any] */
gint64 cfx_loop_now(const CfxLoop *loop, guint32 clock); /* [any] */

/* [home] Watches an fd: EPOLLIN, EPOLLOUT, EPOLLRDHUP, EPOLLET… `func` gets what epoll reported.
 * The fd stays the caller's: remove it here before it is closed. NULL: epoll refused it (errno). */
CfxLoopFd *
cfx_loop_fd_add(CfxLoop *loop, int fd, guint32 events, CfxLoopFdFunc func, gpointer data);
void cfx_loop_fd_modify(CfxLoop *loop, CfxLoopFd *handle, guint32 events);
/* [home] Safe inside its own callback and inside others of the same turn; func does not come any
 * more. */
void cfx_loop_fd_remove(CfxLoop *loop, CfxLoopFd *handle);

/* [home] Calls func(data) once, at that instant of CFX_CLOCK_SITE or CFX_CLOCK_REAL or soon after,
 * in the order of the instants. Past instants come next turn. */
CfxTimer
cfx_loop_timer_start(CfxLoop *loop, guint32 clock, gint64 at_us, CfxFunc func, gpointer data);
/* [home] A stale handle and 0 are harmless. */
void cfx_loop_timer_stop(CfxLoop *loop, CfxTimer timer);
/* [home] How many timers wait. */
gsize cfx_loop_timers(const CfxLoop *loop);

/* [any] Runs func(data) on the home thread, later, in the order of posting. */
void cfx_loop_post(CfxLoop *loop, CfxFunc func, gpointer data);

/* [home] Runs func(data) once at the end of this turn; asked twice for the same func and data, it
 * runs once. Functions asked for by such functions run in the same turn. */
void cfx_loop_end_of_turn(CfxLoop *loop, CfxFunc func, gpointer data);

/* Owned variants for what instances ask: func runs inside cfx_instance_enter()/leave() of `owner`
 * and is dropped when the owner has been stopped. */
struct _CfxInstance;
CfxTimer cfx_loop_timer_start_for(CfxLoop *loop,
                                  struct _CfxInstance *owner,
                                  guint32 clock,
                                  gint64 at_us,
                                  CfxFunc func,
                                  gpointer data);
void cfx_loop_timer_stop_all(CfxLoop *loop, struct _CfxInstance *owner);
void cfx_loop_post_for(CfxLoop *loop, struct _CfxInstance *owner, CfxFunc func, gpointer data);
