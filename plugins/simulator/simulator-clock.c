/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "simulator-clock.h"

#include <errno.h>
#include <fcntl.h>
#include <glib/gstdio.h>
#include <math.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

typedef struct {
    guint32 version, reserved;
    guint64 sequence;
    gint64 monotonic_us, site_us;
    double rate;
    gint64 ceiling_us;
} Page;
G_STATIC_ASSERT(sizeof(Page) == 48);

#define PAGE_VERSION 1u

struct _SimClock {
    Page *page;   /* shared with the readers */
    gint64 ceiling_us;
    gint64 real_us, site_us; /* the anchor */
    double rate;
};

static void
put(SimClock *self)
{
    Page *page = self->page;
    guint64 sequence = page->sequence;
    __atomic_store_n(&page->sequence, sequence + 1, __ATOMIC_RELAXED);
    __atomic_thread_fence(__ATOMIC_RELEASE);
    __atomic_store_n(&page->monotonic_us, self->real_us, __ATOMIC_RELAXED);
    __atomic_store_n(&page->site_us, self->site_us, __ATOMIC_RELAXED);
    __atomic_store(&page->rate, &self->rate, __ATOMIC_RELAXED);
    __atomic_store_n(&page->ceiling_us, self->ceiling_us, __ATOMIC_RELAXED);
    __atomic_store_n(&page->sequence, sequence + 2, __ATOMIC_RELEASE);
}

static gboolean
fail(GError **error, const char *path, const char *what)
{
    int code = errno;
    g_set_error(error, G_FILE_ERROR, (int)g_file_error_from_errno(code), "clock page %s: %s: %s",
                path, what, g_strerror(code));
    return FALSE;
}

static gboolean
make_page(SimClock *self, const char *beside, const char *path, GError **error)
{
    g_unlink(beside);
    int fd = g_open(beside, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0644);
    if (fd < 0)
        return fail(error, beside, "open");
    gboolean grown = ftruncate(fd, sizeof(Page)) == 0;
    void *at = grown ? mmap(NULL, sizeof(Page), PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0)
                     : MAP_FAILED;
    int code = errno;
    close(fd);
    errno = code;
    if (at == MAP_FAILED)
        return fail(error, beside, "map");
    self->page = at;
    self->page->version = PAGE_VERSION;
    put(self);
    if (g_rename(beside, path) != 0)
        return fail(error, path, "rename");
    return TRUE;
}

SimClock *
sim_clock_new(const char *path, gint64 site_us, gint64 real_us, GError **error)
{
    SimClock *self = g_new0(SimClock, 1);
    self->site_us = self->ceiling_us = site_us;
    self->real_us = real_us;
    g_autofree char *beside = g_strconcat(path, ".new", NULL);
    if (make_page(self, beside, path, error))
        return self;
    sim_clock_free(self);
    return NULL;
}

void
sim_clock_free(SimClock *self)
{
    if (self == NULL)
        return;
    if (self->page != NULL)
        munmap(self->page, sizeof(Page));
    g_free(self);
}

gint64
sim_clock_now(const SimClock *self, gint64 real_us)
{
    double elapsed_us = real_us > self->real_us ? (double)(real_us - self->real_us) : 0;
    double ahead_us = elapsed_us * self->rate;
    gint64 room_us = self->ceiling_us - self->site_us;
    return ahead_us >= (double)room_us ? self->ceiling_us : self->site_us + (gint64)ahead_us;
}

void
sim_clock_set(SimClock *self, gint64 real_us, double rate, gint64 ceiling_us)
{
    self->site_us = sim_clock_now(self, real_us);
    self->real_us = MAX(real_us, self->real_us);
    self->rate = CLAMP(rate, 0, SIM_RATE_MAX);
    self->ceiling_us = MAX(ceiling_us, self->site_us);
    put(self);
}

gint64
sim_clock_ceiling(const SimClock *self)
{
    return self->ceiling_us;
}

gint64
sim_clock_due(const SimClock *self)
{
    if (self->ceiling_us <= self->site_us)
        return self->real_us;
    if (self->rate <= 0)
        return G_MAXINT64;
    return self->real_us +
           (gint64)ceil((double)(self->ceiling_us - self->site_us) / self->rate);
}
