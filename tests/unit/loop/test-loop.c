/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "cfx-call.h"
#include "cfx-instance.h"
#include "cfx-loop.h"
#include "cfx-pool.h"

#include <sys/eventfd.h>
#include <unistd.h>

#define START (G_GINT64_CONSTANT(1759320000) * 1000000)

typedef struct {
    CfxClock *clock;
    GMainContext *context;
    CfxLoop *loop;
    GString *log; /* a letter for each function that ran */
    CfxLoopFd *fds[2];
    int raw[2];
} Fixture;

typedef struct {
    Fixture *fixture;
    char letter;
} Say;

static void
setup(Fixture *f, gconstpointer data)
{
    f->clock = cfx_clock_new_fake(START, 1000);
    f->context = g_main_context_new();
    f->loop = cfx_loop_new(f->clock, f->context);
    f->log = g_string_new(NULL);
}

static void
teardown(Fixture *f, gconstpointer data)
{
    cfx_loop_free(f->loop);
    cfx_clock_free(f->clock);
    g_main_context_unref(f->context);
    g_string_free(f->log, TRUE);
}

static void
turn(Fixture *f)
{
    while (g_main_context_iteration(f->context, FALSE))
        ;
}

static void
say(gpointer data)
{
    const Say *s = data;
    g_string_append_c(s->fixture->log, s->letter);
}

static void
test_timers(Fixture *f, gconstpointer data)
{
    Say a = { f, 'a' }, b = { f, 'b' }, c = { f, 'c' };
    cfx_loop_timer_start(f->loop, CFX_CLOCK_SITE, START + 10 * CFX_SECOND, say, &b);
    cfx_loop_timer_start(f->loop, CFX_CLOCK_SITE, START + 5 * CFX_SECOND, say, &a);
    CfxTimer real = cfx_loop_timer_start(f->loop, CFX_CLOCK_REAL, 1000 + CFX_SECOND, say, &c);
    turn(f);
    g_assert_cmpstr(f->log->str, ==, "");
    cfx_clock_fake_set(f->clock, START + CFX_MINUTE, 1000);
    turn(f);
    g_assert_cmpstr(f->log->str, ==, "ab");
    cfx_loop_timer_stop(f->loop, real);
    cfx_clock_fake_set(f->clock, START + CFX_MINUTE, 1000 + CFX_MINUTE);
    turn(f);
    g_assert_cmpstr(f->log->str, ==, "ab");
    g_assert_cmpuint(cfx_loop_timers(f->loop), ==, 0);
}

static void
rearm(gpointer data)
{
    Say *s = data;
    say(s);
    cfx_loop_timer_start(s->fixture->loop, CFX_CLOCK_SITE, START, rearm, s);
}

/* a timer that starts itself for an instant in the past comes once a turn and starves nobody */
static void
test_past_timer(Fixture *f, gconstpointer data)
{
    Say a = { f, 'a' };
    cfx_loop_timer_start(f->loop, CFX_CLOCK_SITE, START - 1, rearm, &a);
    g_main_context_iteration(f->context, FALSE);
    g_assert_cmpstr(f->log->str, ==, "a");
    g_main_context_iteration(f->context, FALSE);
    g_assert_cmpstr(f->log->str, ==, "aa");
}

static void
fd_ready(gpointer data, guint32 events)
{
    Fixture *f = data;
    /* each removes both: whichever comes first, the other must not come */
    g_string_append_c(f->log, 'f');
    for (int i = 0; i < 2; i++) {
        cfx_loop_fd_remove(f->loop, f->fds[i]);
        close(f->raw[i]);
    }
}

static void
test_fd_removed_in_callback(Fixture *f, gconstpointer data)
{
    for (int i = 0; i < 2; i++) {
        f->raw[i] = eventfd(1, EFD_NONBLOCK | EFD_CLOEXEC);
        f->fds[i] = cfx_loop_fd_add(f->loop, f->raw[i], EPOLLIN, fd_ready, f);
        g_assert_nonnull(f->fds[i]);
    }
    turn(f);
    g_assert_cmpstr(f->log->str, ==, "f");
}

static void
fd_count(gpointer data, guint32 events)
{
    Fixture *f = data;
    g_string_append_c(f->log, events & EPOLLOUT ? 'o' : 'i');
    guint64 count;
    g_assert_cmpint(read(f->raw[0], &count, sizeof count), ==, sizeof count);
}

static void
test_fd(Fixture *f, gconstpointer data)
{
    guint64 one = 1;
    f->raw[0] = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
    f->fds[0] = cfx_loop_fd_add(f->loop, f->raw[0], EPOLLIN, fd_count, f);
    turn(f);
    g_assert_cmpstr(f->log->str, ==, "");
    g_assert_cmpint(write(f->raw[0], &one, sizeof one), ==, sizeof one);
    turn(f);
    g_assert_cmpstr(f->log->str, ==, "i");
    cfx_loop_fd_modify(f->loop, f->fds[0], 0);
    g_assert_cmpint(write(f->raw[0], &one, sizeof one), ==, sizeof one);
    turn(f);
    g_assert_cmpstr(f->log->str, ==, "i");
    cfx_loop_fd_remove(f->loop, f->fds[0]);
    close(f->raw[0]);
}

static gpointer
post_many(gpointer data)
{
    Fixture *f = data;
    static Say a;
    a = (Say){ f, 'p' };
    for (int i = 0; i < 1000; i++)
        cfx_loop_post(f->loop, say, &a);
    return NULL;
}

static void
test_post_from_thread(Fixture *f, gconstpointer data)
{
    GThread *thread = g_thread_new("poster", post_many, f);
    while (f->log->len < 1000)
        g_main_context_iteration(f->context, TRUE);
    g_thread_join(thread);
    turn(f);
    g_assert_cmpuint(f->log->len, ==, 1000);
}

static void
end_again(gpointer data)
{
    Say *s = data;
    say(s);
    if (s->letter == 'x') {
        s->letter = 'y';
        cfx_loop_end_of_turn(s->fixture->loop, end_again, s);
    }
}

static void
ask_for_end(gpointer data)
{
    Say *s = data;
    cfx_loop_end_of_turn(s->fixture->loop, end_again, s);
    cfx_loop_end_of_turn(s->fixture->loop, end_again, s); /* runs once */
}

/* the end of the turn comes behind the inbox, and what it asks for belongs to the same turn */
static void
test_end_of_turn(Fixture *f, gconstpointer data)
{
    Say x = { f, 'x' }, p = { f, 'p' };
    cfx_loop_post(f->loop, ask_for_end, &x);
    cfx_loop_post(f->loop, say, &p);
    g_main_context_iteration(f->context, FALSE);
    g_assert_cmpstr(f->log->str, ==, "pxy");
    /* asked for from outside a turn, it comes with the next */
    x.letter = 'z';
    cfx_loop_end_of_turn(f->loop, end_again, &x);
    turn(f);
    g_assert_cmpstr(f->log->str, ==, "pxyz");
}

/* nothing reaches an instance that has ended, or the next one of its name */
static void
test_owned(Fixture *f, gconstpointer data)
{
    CfxInstance *instance = cfx_instance_new_internal("x", f->loop);
    const CfxHost *host = &instance->host;
    Say a = { f, 'a' }, b = { f, 'b' };
    host->base->post(host, say, &a);
    host->base->timer_start(host, CFX_CLOCK_SITE, START + 1, say, &b);
    instance->generation++;
    cfx_instance_run_stop_hooks(instance);
    cfx_clock_fake_set(f->clock, START + 10, 1000);
    turn(f);
    g_assert_cmpstr(f->log->str, ==, "");
    host->base->post(host, say, &a);
    turn(f);
    g_assert_cmpstr(f->log->str, ==, "a");
    cfx_instance_free(instance);
}

static void
call_done(gpointer data, GBytes *answer, const GError *error)
{
    Fixture *f = data;
    g_string_append(f->log, error != NULL ? error->message : "ok");
}

static void
test_call_deadline(Fixture *f, gconstpointer data)
{
    CfxCall *call = cfx_call_new(f->loop, 2000, call_done, f);
    cfx_clock_fake_set(f->clock, START, 3000);
    turn(f);
    g_assert_cmpstr(f->log->str, ==, "no answer within its time");
    g_assert_cmpint(g_cancellable_is_cancelled(call->cancellable), ==, TRUE);
    cfx_call_finish(call, NULL, NULL); /* however late */
    turn(f);
    g_assert_cmpstr(f->log->str, ==, "no answer within its time");
}

static void
test_call_finish(Fixture *f, gconstpointer data)
{
    CfxCall *call = cfx_call_new(f->loop, 2000, call_done, f);
    cfx_call_finish(call, g_bytes_new("x", 1), NULL);
    g_assert_cmpstr(f->log->str, ==, ""); /* never inside */
    turn(f);
    cfx_clock_fake_set(f->clock, START, 3000);
    turn(f);
    g_assert_cmpstr(f->log->str, ==, "ok");
}

static void
work_done(gpointer data, const GError *error)
{
    Say *s = data;
    say(s);
}

static void
work_func(gpointer data)
{
    ((Say *)data)->letter = 'w';
}

static void
test_pool(Fixture *f, gconstpointer data)
{
    Say a = { f, 'a' };
    cfx_pool_run(work_func, &a, f->loop, work_done, &a);
    while (f->log->len == 0)
        g_main_context_iteration(f->context, TRUE);
    g_assert_cmpstr(f->log->str, ==, "w");
    cfx_pool_finish();
}

#define ADD(path, func) g_test_add(path, Fixture, NULL, setup, func, teardown)

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    ADD("/loop/timers", test_timers);
    ADD("/loop/past-timer", test_past_timer);
    ADD("/loop/fd", test_fd);
    ADD("/loop/fd-removed-in-callback", test_fd_removed_in_callback);
    ADD("/loop/post-from-thread", test_post_from_thread);
    ADD("/loop/end-of-turn", test_end_of_turn);
    ADD("/loop/owned", test_owned);
    ADD("/loop/call-deadline", test_call_deadline);
    ADD("/loop/call-finish", test_call_finish);
    ADD("/loop/pool", test_pool);
    return g_test_run();
}
