/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "cfx-call.h"

/* References: one of the plugin until finish, one of the answer until it was delivered, and those
 * that the waiting party takes. */
typedef struct {
    CfxCall call; /* first */
    gint references;
    CfxLoop *home;
    CfxTimer timer;
    CfxCallDone done;
    gpointer data;
    gint is_finished; /* by the plugin */
    gint is_answered; /* the answer is on its way or delivered */
    GBytes *answer;
    GError *error;
} Call;

CfxCall *
cfx_call_ref(CfxCall *call)
{
    g_atomic_int_inc(&((Call *)call)->references);
    return call;
}

void
cfx_call_unref(CfxCall *call)
{
    Call *self = (Call *)call;
    if (call == NULL || !g_atomic_int_dec_and_test(&self->references))
        return;
    g_clear_pointer(&self->answer, g_bytes_unref);
    g_clear_error(&self->error);
    g_object_unref(self->call.cancellable);
    g_free(self);
}

static void
deliver(gpointer data)
{
    Call *self = data;
    if (self->timer != 0)
        cfx_loop_timer_stop(self->home, self->timer);
    self->done(self->data, self->answer, self->error);
    cfx_call_unref(&self->call);
}

/* FALSE: somebody was faster, and the arguments are still the caller's */
static gboolean
answer(Call *self, GBytes *bytes, GError *error)
{
    if (!g_atomic_int_compare_and_exchange(&self->is_answered, 0, 1))
        return FALSE;
    self->answer = bytes;
    self->error = error;
    cfx_loop_post(self->home, deliver, self);
    return TRUE;
}

static void
call_finish(CfxCall *call, GBytes *bytes, GError *error)
{
    Call *self = (Call *)call;
    if (!g_atomic_int_compare_and_exchange(&self->is_finished, 0, 1)) {
        g_critical("a call was finished twice");
        g_clear_pointer(&bytes, g_bytes_unref);
        g_clear_error(&error);
        return;
    }
    if (!answer(self, bytes, error)) {
        g_clear_pointer(&bytes, g_bytes_unref);
        g_clear_error(&error);
    }
    cfx_call_unref(call);
}

static const CfxCallOps ops = { sizeof(CfxCallOps), 0, call_finish };

static void
deadline_cb(gpointer data)
{
    Call *self = data;
    self->timer = 0;
    g_cancellable_cancel(self->call.cancellable);
    GError *error =
        g_error_new_literal(CFX_ERROR, CFX_ERROR_UNAVAILABLE, "no answer within its time");
    if (!answer(self, NULL, error))
        g_error_free(error);
}

CfxCall *
cfx_call_new(CfxLoop *home, gint64 deadline_us, CfxCallDone done, gpointer data)
{
    Call *self = g_new0(Call, 1);
    self->call.ops = &ops;
    self->call.cancellable = g_cancellable_new();
    self->call.deadline_us = deadline_us;
    self->references = 2;
    self->home = home;
    self->done = done;
    self->data = data;
    if (deadline_us != 0)
        self->timer = cfx_loop_timer_start(home, CFX_CLOCK_REAL, deadline_us, deadline_cb, self);
    return &self->call;
}
