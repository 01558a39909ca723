/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The file is made here and given to the daemon open: so it lies where the caller may write,
 * whatever the daemon may, and belongs to the caller. Until it is whole it is called FILE.part.
 */
#include "ctl-json.h"
#include "ctl-options.h"

#include <errno.h>
#include <fcntl.h>
#include <glib/gi18n-lib.h>
#include <glib/gstdio.h>
#include <signal.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#define PART ".part"
#define PROGRESS_US (G_USEC_PER_SEC / 2)

/* for a signal's handler */
static const char *part_path;

static void
broken_off(int number)
{
    unlink(part_path);
    _exit(128 + number);
}

static int
fail(const char *path, const char *what)
{
    g_autoptr(GError) error = g_error_new(G_IO_ERROR, G_IO_ERROR_FAILED, "%s: %s", path, what);
    return ctl_fail(&ctl_verb_backup, error);
}

/* --- how far it is --------------------------------------------------------------------------- */

typedef struct {
    int file;
    GMutex lock;
    GCond end;
    gboolean has_ended;
} Progress;

/* for a person who waits at a terminal */
static gpointer
show_progress(gpointer data)
{
    Progress *self = data;
    gboolean is_shown = FALSE;
    struct stat info;
    g_mutex_lock(&self->lock);
    gint64 until = g_get_monotonic_time() + PROGRESS_US;
    while (!self->has_ended) {
        if (g_cond_wait_until(&self->end, &self->lock, until))
            continue;
        until = g_get_monotonic_time() + PROGRESS_US;
        g_autofree char *size = fstat(self->file, &info) == 0 && info.st_size > 0
                                    ? g_format_size((guint64)info.st_size)
                                    : NULL;
        if (size != NULL)
            fprintf(stderr, _("\r%s written "), size);
        else
            fprintf(stderr, "\r%s ", _("the daemon makes its snapshot"));
        is_shown = TRUE;
    }
    g_mutex_unlock(&self->lock);
    if (is_shown)
        fprintf(stderr, "\r%-40s\r", "");
    return NULL;
}

static char *
call(const CtlWhere *where, int file, GError **error)
{
    Progress progress = { .file = file };
    g_mutex_init(&progress.lock);
    g_cond_init(&progress.end);
    GThread *thread =
        isatty(STDERR_FILENO) != 0 ? g_thread_new("progress", show_progress, &progress) : NULL;
    char *json = ctl_call_with_file(where, "Backup", file, error);
    g_mutex_lock(&progress.lock);
    progress.has_ended = TRUE;
    g_cond_signal(&progress.end);
    g_mutex_unlock(&progress.lock);
    if (thread != NULL)
        g_thread_join(thread);
    g_cond_clear(&progress.end);
    g_mutex_clear(&progress.lock);
    return json;
}

/* --- the file --------------------------------------------------------------------------------- */

/* Never over another one, also one that has come meanwhile. */
static gboolean
give_name(const char *part, const char *path)
{
    if (renameat2(AT_FDCWD, part, AT_FDCWD, path, RENAME_NOREPLACE) == 0)
        return TRUE;
    /* not every file system knows how */
    if ((errno != EINVAL && errno != ENOSYS) || access(path, F_OK) == 0)
        return FALSE;
    return g_rename(part, path) == 0;
}

/* the name, too, is to outlive a loss of power */
static void
sync_folder(const char *path)
{
    g_autofree char *folder = g_path_get_dirname(path);
    int fd = g_open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC, 0);
    if (fd < 0)
        return;
    fsync(fd);
    close(fd);
}

static int
begin(const char *path, const char *part)
{
    struct stat info;
    if (lstat(path, &info) == 0) {
        fail(path, _("is there already, and a backup writes over nothing: name another file"));
        return -1;
    }
    int file = g_open(part, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    if (file < 0 && errno == EEXIST)
        fail(part,
             _("is there already: another backup is being made, or one was cut off; then remove "
               "it"));
    else if (file < 0)
        fail(part, g_strerror(errno));
    return file;
}

static gboolean
show(const char *path, const char *json, GError **error)
{
    g_autoptr(JsonObject) answer = ctl_json_object(json, error);
    if (answer == NULL)
        return FALSE;
    g_autofree char *size = g_format_size((guint64)ctl_json_real(answer, "size"));
    printf(_("%s: %s in %.1f s\n"), path, size, ctl_json_real(answer, "took_ms") / 1000);
    return TRUE;
}

static int
back_up(const CtlOptions *options, const char *path)
{
    g_autoptr(GError) error = NULL;
    g_autofree char *part = g_strconcat(path, PART, NULL);
    int file = begin(path, part);
    if (file < 0)
        return 1;
    part_path = part;
    signal(SIGINT, broken_off);
    signal(SIGTERM, broken_off);
    signal(SIGHUP, broken_off);
    g_autofree char *json = call(&options->where, file, &error);
    close(file);
    int status = json == NULL             ? ctl_fail(&ctl_verb_backup, error)
                 : !give_name(part, path) ? fail(path, g_strerror(errno))
                                          : 0;
    if (status != 0) {
        g_unlink(part);
        return status;
    }
    sync_folder(path);
    if (options->json)
        printf("%s\n", json);
    else if (!show(path, json, &error))
        return ctl_fail(&ctl_verb_backup, error);
    return 0;
}

static int
run(int argc, char **argv)
{
    g_auto(CtlOptions) options = { 0 };
    if (!ctl_options_parse(&ctl_verb_backup, NULL, 1, 1, &argc, &argv, &options))
        return 2;
    return back_up(&options, argv[1]);
}

const CtlVerb ctl_verb_backup = {
    "backup",
    N_("FILE"),
    N_("Copies all that is stored into a new file, while the daemon runs"),
    "  cariflexctl backup /srv/backups/today.db",
    run,
};
