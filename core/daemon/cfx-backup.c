/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "cfx-backup.h"

#include "cfx-pool.h"
#include "cfx-store.h"

#include <errno.h>
#include <fcntl.h>
#include <glib/gstdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define FOLDER "backup.tmp"
/* the storage may put more beside it, of names that begin so; nothing else is ever removed */
#define SNAPSHOT "snapshot"
#define CHUNK (256 * 1024)

typedef struct _CfxBackup Backup;
struct _CfxBackup {
    CfxDaemon *daemon;
    char *folder, *snapshot;
    int file;
    guint64 size;
    GCancellable *cancellable;
    GError *error;
    CfxBackupDone done;
    gpointer data;
};

static char *
folder_of(const CfxDaemon *daemon)
{
    const char *state_dir = cfx_config_text(&daemon->setup->host->checked->config, "state-dir");
    return g_build_filename(state_dir, FOLDER, NULL);
}

static void
clear(const char *folder)
{
    g_autoptr(GDir) dir = g_dir_open(folder, 0, NULL);
    const char *name;
    while (dir != NULL && (name = g_dir_read_name(dir)) != NULL) {
        g_autofree char *path = g_build_filename(folder, name, NULL);
        if (g_str_has_prefix(name, SNAPSHOT))
            g_unlink(path);
    }
    g_rmdir(folder);
}

static GError *
stopping(void)
{
    return g_error_new_literal(CFX_ERROR, CFX_ERROR_CANCELLED, "the daemon is stopping");
}

static void
fail_errno(Backup *self, const char *what)
{
    int code = errno;
    if (self->error == NULL)
        self->error =
            g_error_new(CFX_ERROR,
                        code == ENOSPC || code == EDQUOT ? CFX_ERROR_FULL : CFX_ERROR_FAILED,
                        "%s: %s",
                        what,
                        g_strerror(code));
}

/* --- in a thread ---------------------------------------------------------------------------- */

/* a pipe could keep the thread waiting for good; what is not empty may be an older backup */
static gboolean
is_empty_file(int file)
{
    struct stat info;
    int flags = fcntl(file, F_GETFL);
    return flags >= 0 && (flags & O_ACCMODE) != O_RDONLY && (flags & O_PATH) == 0 &&
           fstat(file, &info) == 0 && S_ISREG(info.st_mode) && info.st_size == 0;
}

static void
prepare(gpointer data)
{
    Backup *self = data;
    if (!is_empty_file(self->file)) {
        self->error = g_error_new_literal(
            CFX_ERROR, CFX_ERROR_INVALID, "file: must be empty, regular and open for writing");
        return;
    }
    clear(self->folder);
    if (g_mkdir_with_parents(self->folder, 0700) != 0)
        fail_errno(self, self->folder);
}

static gboolean
write_whole(int file, const char *at, gsize size)
{
    while (size > 0) {
        gssize n = write(file, at, size);
        if (n < 0 && errno != EINTR)
            return FALSE;
        at += MAX(n, 0);
        size -= (gsize)MAX(n, 0);
    }
    return TRUE;
}

static void
copy(Backup *self)
{
    g_autofree char *chunk = g_malloc(CHUNK);
    gssize n = 0;
    int from = g_open(self->snapshot, O_RDONLY | O_CLOEXEC, 0);
    if (from < 0)
        fail_errno(self, self->snapshot);
    while (self->error == NULL && !g_cancellable_is_cancelled(self->cancellable) &&
           (n = read(from, chunk, CHUNK)) != 0) {
        if (n < 0 && errno != EINTR)
            fail_errno(self, self->snapshot);
        else if (n > 0 && !write_whole(self->file, chunk, (gsize)n))
            fail_errno(self, "writing the copy");
        self->size += (guint64)MAX(n, 0);
    }
    if (self->error == NULL && g_cancellable_is_cancelled(self->cancellable))
        self->error = stopping();
    if (self->error == NULL && fdatasync(self->file) != 0)
        fail_errno(self, "writing the copy");
    if (from >= 0)
        close(from);
}

/* also where nothing is to be copied: it clears up */
static void
conclude(gpointer data)
{
    Backup *self = data;
    if (self->error == NULL)
        copy(self);
    clear(self->folder);
    close(self->file);
}

/* --- at home -------------------------------------------------------------------------------- */

static void
concluded_cb(gpointer data, const GError *error)
{
    Backup *self = data;
    self->daemon->backup = NULL;
    self->done(self->data, self->size, self->error);
    g_clear_error(&self->error);
    g_object_unref(self->cancellable);
    g_free(self->snapshot);
    g_free(self->folder);
    g_free(self);
}

static void
snapshot_cb(gpointer data, const GError *error)
{
    Backup *self = data;
    if (self->error == NULL && g_cancellable_is_cancelled(self->cancellable))
        self->error = stopping();
    if (error != NULL && self->error == NULL)
        self->error = g_error_copy(error);
    cfx_pool_run(conclude, self, self->daemon->loop, concluded_cb, self);
}

static void
prepared_cb(gpointer data, const GError *error)
{
    Backup *self = data;
    if (self->error != NULL)
        snapshot_cb(self, self->error);
    else
        cfx_store_backup(self->daemon->store,
                         &self->daemon->self->host,
                         self->snapshot,
                         self->cancellable,
                         snapshot_cb,
                         self);
}

void
cfx_backup_make(CfxDaemon *daemon, int file, CfxBackupDone done, gpointer data)
{
    if (daemon->backup != NULL) {
        g_autoptr(GError) error = g_error_new_literal(
            CFX_ERROR, CFX_ERROR_CONFLICT, "a backup is being made already; wait for its end");
        close(file);
        done(data, 0, error);
        return;
    }
    Backup *self = g_new0(Backup, 1);
    self->daemon = daemon;
    self->folder = folder_of(daemon);
    self->snapshot = g_build_filename(self->folder, SNAPSHOT, NULL);
    self->file = file;
    self->cancellable = g_cancellable_new();
    self->done = done;
    self->data = data;
    daemon->backup = self;
    cfx_pool_run(prepare, self, daemon->loop, prepared_cb, self);
}

void
cfx_backup_cancel(CfxDaemon *daemon)
{
    if (daemon->backup != NULL)
        g_cancellable_cancel(daemon->backup->cancellable);
}

void
cfx_backup_clear(const CfxDaemon *daemon)
{
    g_autofree char *folder = folder_of(daemon);
    clear(folder);
}
