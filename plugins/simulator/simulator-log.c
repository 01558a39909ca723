/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "simulator-log.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "simulator-text.h"

struct _SimLog {
    FILE *file;
    GString *line;
    gboolean bulky; /* a line that comes by the thousand: it may wait in the buffer */
    gboolean story; /* the others go to standard output too */
    gboolean is_closed;
    gint64 last_us;
};

SimLog *
sim_log_new(const char *path, gboolean story, GError **error)
{
    FILE *file = fopen(path, "we");
    if (file == NULL) {
        int code = errno;
        g_set_error(error,
                    G_FILE_ERROR,
                    (int)g_file_error_from_errno(code),
                    "the world's log %s: %s",
                    path,
                    g_strerror(code));
        return NULL;
    }
    SimLog *self = g_new0(SimLog, 1);
    self->file = file;
    self->line = g_string_new(NULL);
    self->story = story;
    self->last_us = G_MININT64;
    return self;
}

void
sim_log_free(SimLog *self)
{
    if (self == NULL)
        return;
    fclose(self->file);
    g_string_free(self->line, TRUE);
    g_free(self);
}

GString *
sim_log_begin(SimLog *self,
              gint64 site_us,
              gint64 real_us,
              const char *who,
              const char *dir,
              const char *what)
{
    static const char *const bulky[] = { "frame", "http", "meter", "evse", NULL };
    self->last_us = MAX(self->last_us, site_us);
    self->bulky = g_strv_contains(bulky, what);
    g_string_assign(self->line, "");
    sim_text_open(self->line, NULL, '{');
    sim_text_integer(self->line, "site_us", self->last_us);
    sim_text_integer(self->line, "real_us", real_us);
    sim_text_string(self->line, "who", who);
    sim_text_string(self->line, "dir", dir);
    sim_text_string(self->line, "what", what);
    return self->line;
}

void
sim_log_close(SimLog *self)
{
    self->is_closed = TRUE;
    fflush(self->file);
}

void
sim_log_end(SimLog *self)
{
    if (self->is_closed)
        return;
    sim_text_close(self->line, '}');
    g_string_append_c(self->line, '\n');
    fwrite(self->line->str, 1, self->line->len, self->file);
    if (self->bulky)
        return;
    fflush(self->file);
    if (!self->story)
        return;
    fwrite(self->line->str, 1, self->line->len, stdout);
    fflush(stdout);
}
