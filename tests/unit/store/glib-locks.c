/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * For a build under ThreadSanitizer: GLib's locks are futexes of its own, which that tool cannot
 * see. These take their place, on pthreads, which it knows.
 */
#include <glib.h>
#include <pthread.h>
#include <stdlib.h>

/* Locks that were never initialised (static ones) get theirs at the first use. */
#define LOCK_OF(type, make)                                                                        \
    static pthread_##type##_t *type##_of(gpointer *place)                                          \
    {                                                                                              \
        pthread_##type##_t *lock = __atomic_load_n(place, __ATOMIC_ACQUIRE);                       \
        if (lock != NULL)                                                                          \
            return lock;                                                                           \
        pthread_##type##_t *mine = calloc(1, sizeof(*mine));                                       \
        make(mine);                                                                                \
        gpointer none = NULL;                                                                      \
        if (__atomic_compare_exchange_n(                                                           \
                place, &none, mine, FALSE, __ATOMIC_ACQ_REL, __ATOMIC_ACQUIRE))                    \
            return mine;                                                                           \
        free(mine);                                                                                \
        return none;                                                                               \
    }

static void
make_mutex(pthread_mutex_t *mutex)
{
    pthread_mutex_init(mutex, NULL);
}

static void
make_rwlock(pthread_rwlock_t *lock)
{
    pthread_rwlock_init(lock, NULL);
}

static void
make_cond(pthread_cond_t *cond)
{
    pthread_condattr_t attributes;

    pthread_condattr_init(&attributes);
    pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC);
    pthread_cond_init(cond, &attributes);
}

LOCK_OF(mutex, make_mutex)
LOCK_OF(rwlock, make_rwlock)
LOCK_OF(cond, make_cond)

void
g_mutex_init(GMutex *mutex)
{
    mutex->p = NULL;
}

void
g_mutex_clear(GMutex *mutex)
{
    if (mutex->p != NULL) {
        pthread_mutex_destroy(mutex->p);
        free(mutex->p);
    }
    mutex->p = NULL;
}

void
g_mutex_lock(GMutex *mutex)
{
    pthread_mutex_lock(mutex_of(&mutex->p));
}

gboolean
g_mutex_trylock(GMutex *mutex)
{
    return pthread_mutex_trylock(mutex_of(&mutex->p)) == 0;
}

void
g_mutex_unlock(GMutex *mutex)
{
    pthread_mutex_unlock(mutex_of(&mutex->p));
}

void
g_cond_init(GCond *cond)
{
    cond->p = NULL;
}

void
g_cond_clear(GCond *cond)
{
    if (cond->p != NULL) {
        pthread_cond_destroy(cond->p);
        free(cond->p);
    }
    cond->p = NULL;
}

void
g_cond_wait(GCond *cond, GMutex *mutex)
{
    pthread_cond_wait(cond_of(&cond->p), mutex_of(&mutex->p));
}

gboolean
g_cond_wait_until(GCond *cond, GMutex *mutex, gint64 end_time)
{
    const struct timespec until = { end_time / 1000000, end_time % 1000000 * 1000 };

    return pthread_cond_timedwait(cond_of(&cond->p), mutex_of(&mutex->p), &until) == 0;
}

void
g_cond_signal(GCond *cond)
{
    pthread_cond_signal(cond_of(&cond->p));
}

void
g_cond_broadcast(GCond *cond)
{
    pthread_cond_broadcast(cond_of(&cond->p));
}

void
g_rw_lock_init(GRWLock *lock)
{
    lock->p = NULL;
}

void
g_rw_lock_clear(GRWLock *lock)
{
    if (lock->p != NULL) {
        pthread_rwlock_destroy(lock->p);
        free(lock->p);
    }
    lock->p = NULL;
}

void
g_rw_lock_writer_lock(GRWLock *lock)
{
    pthread_rwlock_wrlock(rwlock_of(&lock->p));
}

void
g_rw_lock_writer_unlock(GRWLock *lock)
{
    pthread_rwlock_unlock(rwlock_of(&lock->p));
}

void
g_rw_lock_reader_lock(GRWLock *lock)
{
    pthread_rwlock_rdlock(rwlock_of(&lock->p));
}

void
g_rw_lock_reader_unlock(GRWLock *lock)
{
    pthread_rwlock_unlock(rwlock_of(&lock->p));
}
