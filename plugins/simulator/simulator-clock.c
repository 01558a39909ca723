/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "simulator-clock.h"

#include <errno.h>
#include <fcntl.h>
#include <glib/gstdio.h>
#include <math.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include <kit/cfx-clock-page.h>

struct _SimClock {
    CfxClockPage *page; /* shared with the readers */
    gint64 ceiling_us;
    gint64 real_us, site_us; /* the anchor */
    double rate;
};

static void
put(SimClock *self)
{
    cfx_clock_page_write(self->page, self->real_us, self->site_us, self->rate, self->ceiling_us);
}

static gboolean
fail(GError **error, const char *path, const char *what)
{
    int code = errno;
    g_set_error(error,
                G_FILE_ERROR,
                (int)g_file_error_from_errno(code),
                "clock page %s: %s: %s",
                path,
                what,
                g_strerror(code));
    return FALSE;
}

static gboolean
map_page(SimClock *self, int fd)
{
    void *at = mmap(NULL, sizeof(CfxClockPage), PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    if (at == MAP_FAILED)
        return FALSE;
    self->page = at;
    return TRUE;
}

/* A page at rest that is there already may have been mapped by a daemon: it is used again. */
static gboolean
take_page(SimClock *self, const char *path)
{
    CfxClockPage found;
    int fd = g_open(path, O_RDWR | O_CLOEXEC, 0);
    if (fd < 0)
        return FALSE;
    gboolean usable = pread(fd, &found, sizeof found, 0) == (gssize)sizeof found &&
                      found.version == CFX_CLOCK_PAGE_VERSION && (found.sequence & 1) == 0 &&
                      found.rate == 0 && found.site_us <= self->site_us && map_page(self, fd);
    close(fd);
    if (usable)
        put(self);
    return usable;
}

static gboolean
make_page(SimClock *self, const char *beside, const char *path, GError **error)
{
    g_unlink(beside);
    int fd = g_open(beside, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0644);
    if (fd < 0)
        return fail(error, beside, "open");
    gboolean made = ftruncate(fd, sizeof(CfxClockPage)) == 0 && map_page(self, fd);
    int code = errno;
    close(fd);
    errno = code;
    if (!made)
        return fail(error, beside, "map");
    self->page->version = CFX_CLOCK_PAGE_VERSION;
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
    if (take_page(self, path) || make_page(self, beside, path, error))
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
        munmap(self->page, sizeof(CfxClockPage));
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
sim_clock_due(const SimClock *self)
{
    if (self->ceiling_us <= self->site_us)
        return self->real_us;
    if (self->rate <= 0)
        return G_MAXINT64;
    return self->real_us + (gint64)ceil((double)(self->ceiling_us - self->site_us) / self->rate);
}
