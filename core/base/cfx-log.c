/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "cfx-log.h"

#include <kit/cfx-time.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

static const char *const level_names[] = {
    [CFX_LOG_DEBUG] = "debug",     [CFX_LOG_INFO] = "info",         [CFX_LOG_MESSAGE] = "message",
    [CFX_LOG_WARNING] = "warning", [CFX_LOG_CRITICAL] = "critical",
};
/* priorities of syslog, as the journal reads them in "<4>" */
static const int priorities[] = {
    [CFX_LOG_DEBUG] = 7,   [CFX_LOG_INFO] = 6,     [CFX_LOG_MESSAGE] = 5,
    [CFX_LOG_WARNING] = 4, [CFX_LOG_CRITICAL] = 2,
};

static guint32 lowest = CFX_LOG_MESSAGE;
static gboolean for_journal;
static guint64 counts[G_N_ELEMENTS(level_names)];
static GMutex lock; /* of the site clock, and keeps lines whole */
static CfxLogClock site_clock;
static gpointer site_data;

void
cfx_log_set_level(guint32 level)
{
    g_atomic_int_set((gint *)&lowest, (gint)level);
}

guint32
cfx_log_level(void)
{
    return (guint32)g_atomic_int_get((gint *)&lowest);
}

void
cfx_log_set_site_clock(CfxLogClock clock, gpointer data)
{
    g_autoptr(GMutexLocker) locker G_GNUC_UNUSED = g_mutex_locker_new(&lock);
    site_clock = clock;
    site_data = data;
}

guint64
cfx_log_count(guint32 level)
{
    return level < G_N_ELEMENTS(counts) ? __atomic_load_n(&counts[level], __ATOMIC_RELAXED) : 0;
}

/* control characters of peers' texts must not move the terminal's cursor */
static void
append_plain(GString *line, const char *text)
{
    for (const char *c = text; *c != '\0'; c++)
        g_string_append_c(line, (guchar)*c < 0x20 || *c == 0x7f ? ' ' : *c);
}

static void
append_times(GString *line)
{
    char text[CFX_TIME_TEXT_SIZE];
    if (!for_journal) {
        cfx_time_format(g_get_real_time() / 1000 * 1000, text);
        g_string_append_printf(line, "%s ", text);
    }
    if (site_clock != NULL) {
        cfx_time_format(site_clock(site_data) / CFX_TIME_SECOND * CFX_TIME_SECOND, text);
        g_string_append_printf(line, "[%s] ", text);
    }
}

void
cfx_log_write(guint32 level, const char *who, const CfxPair *fields, const char *message)
{
    if (level == 0 || level >= G_N_ELEMENTS(level_names))
        level = CFX_LOG_WARNING;
    __atomic_add_fetch(&counts[level], 1, __ATOMIC_RELAXED);
    if (level < cfx_log_level())
        return;
    g_autoptr(GString) line = g_string_sized_new(160);
    g_autoptr(GMutexLocker) locker G_GNUC_UNUSED = g_mutex_locker_new(&lock);
    if (for_journal)
        g_string_append_printf(line, "<%d>", priorities[level]);
    append_times(line);
    if (!for_journal && level != CFX_LOG_MESSAGE)
        g_string_append_printf(line, "%s: ", level_names[level]);
    g_string_append_printf(line, "%s: ", who != NULL ? who : "cariflex");
    append_plain(line, message);
    for (; fields != NULL && fields->name != NULL; fields++) {
        g_string_append_printf(line, " %s=", fields->name);
        append_plain(line, fields->value != NULL ? fields->value : "");
    }
    g_string_append_c(line, '\n');
    (void)!write(STDERR_FILENO, line->str, line->len);
}

void
cfx_log_say(guint32 level, const char *who, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    g_autofree char *message = g_strdup_vprintf(format, arguments);
    va_end(arguments);
    cfx_log_write(level, who, NULL, message);
}

/* messages of GLib and of libraries that use its log */
static GLogWriterOutput
glib_writer(GLogLevelFlags flags, const GLogField *fields, gsize n_fields, gpointer data)
{
    const char *message = "", *domain = "glib";
    for (gsize i = 0; i < n_fields; i++) {
        if (fields[i].length >= 0)
            continue;
        if (strcmp(fields[i].key, "MESSAGE") == 0)
            message = fields[i].value;
        else if (strcmp(fields[i].key, "GLIB_DOMAIN") == 0)
            domain = fields[i].value;
    }
    guint32 level = CFX_LOG_DEBUG;
    if (flags & (G_LOG_LEVEL_ERROR | G_LOG_LEVEL_CRITICAL))
        level = CFX_LOG_CRITICAL;
    else if (flags & G_LOG_LEVEL_WARNING)
        level = CFX_LOG_WARNING;
    else if (flags & G_LOG_LEVEL_MESSAGE)
        level = CFX_LOG_MESSAGE;
    else if (flags & G_LOG_LEVEL_INFO)
        level = CFX_LOG_INFO;
    cfx_log_write(level, domain, NULL, message);
    return G_LOG_WRITER_HANDLED;
}

/* whether stderr is the stream that the journal reads: JOURNAL_STREAM names its device and inode,
 * and is inherited by children whose stderr goes elsewhere */
static gboolean
stderr_is_journal(void)
{
    return g_log_writer_is_journald(STDERR_FILENO) && g_getenv("JOURNAL_STREAM") != NULL;
}

void
cfx_log_init(guint32 level)
{
    static gboolean has_writer;
    cfx_log_set_level(level);
    for_journal = stderr_is_journal();
    if (!has_writer)
        g_log_set_writer_func(glib_writer, NULL, NULL);
    has_writer = TRUE;
}
