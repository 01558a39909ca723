/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "cfx-pool.h"

#include "cfx-log.h"

typedef struct {
    CfxFunc func;
    gpointer data;
    CfxLoop *home;
    CfxDone done;
    gpointer done_data;
} Work;

static GMutex lock;
static GThreadPool *pool;

static void
work_done(gpointer data)
{
    g_autofree Work *work = data;
    work->done(work->done_data, NULL);
}

static void
work_run(gpointer data, gpointer user_data)
{
    Work *work = data;
    work->func(work->data);
    if (work->done != NULL)
        cfx_loop_post(work->home, work_done, work);
    else
        g_free(work);
}

void
cfx_pool_run(CfxFunc func, gpointer data, CfxLoop *home, CfxDone done, gpointer done_data)
{
    Work *work = g_new(Work, 1);
    *work = (Work){ func, data, home, done, done_data };
    g_autoptr(GMutexLocker) locker G_GNUC_UNUSED = g_mutex_locker_new(&lock);
    if (pool == NULL)
        pool = g_thread_pool_new(work_run, NULL, (gint)MAX(2, g_get_num_processors()), FALSE, NULL);
    g_autoptr(GError) error = NULL;
    /* an error means that no further thread could be made; the work is queued all the same */
    if (!g_thread_pool_push(pool, work, &error))
        cfx_log_say(CFX_LOG_WARNING, "pool", "no new thread: %s", error->message);
}

void
cfx_pool_finish(void)
{
    g_mutex_lock(&lock);
    GThreadPool *old = g_steal_pointer(&pool);
    g_mutex_unlock(&lock);
    if (old != NULL)
        g_thread_pool_free(old, FALSE, TRUE);
}
