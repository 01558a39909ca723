/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Beliefs: every one, the newest of each source, or the best of all.
 *
 * The rows of a sensor come ordered by start, source, belief time and probability; what a mode
 * chooses is chosen while they pass by.
 */
#include <math.h>

#include "sqlite-reader.h"
#include "sqlite-store.h"

#define BATCH 1024
#define QUERY_FLAGS (CFX_QUERY_RAW | CFX_QUERY_KEEP_NO_VALUE)

typedef struct {
    gint64 start, source, belief;
    double probability, value;
} Row;

typedef struct {
    const CfxBeliefQuery *query;
    const CfxSink *sink;
    GHashTable *types;   /* (nullable) source id → type, where the query asks for types */
    GHashTable *sources; /* (nullable) set of source ids, where the query names some */
    gint64 sensor;
    gsize left; /* rows that may still be given */
    gboolean enough;
    gboolean has_source_best, has_event_best;
    Row source_best, event_best;
    gsize n; /* rows gathered */
    gint64 start[BATCH], source[BATCH], belief[BATCH];
    double probability[BATCH], value[BATCH];
} Choice;

static void
hand_over(Choice *self)
{
    CfxBeliefs beliefs = {
        .struct_size = sizeof(beliefs),
        .flags = CFX_BELIEFS_RAW,
        .n = self->n,
        .sensor = { &self->sensor, 0 },
        .source = { self->source, 1 },
        .start_us = { self->start, 1 },
        .belief_us = { self->belief, 1 },
        .probability = { self->probability, 1 },
        .value = { self->value, 1 },
    };
    const CfxBeliefs *batch = &beliefs;

    if (self->n > 0 && !self->sink->beliefs(self->sink->data, &batch, 1))
        self->enough = TRUE;
    self->n = 0;
}

static void
give(Choice *self, const Row *row)
{
    if (self->enough || (isnan(row->value) && (self->query->flags & CFX_QUERY_KEEP_NO_VALUE) == 0))
        return;
    self->start[self->n] = row->start;
    self->source[self->n] = row->source;
    self->belief[self->n] = row->belief;
    self->probability[self->n] = row->probability;
    self->value[self->n] = row->value;
    self->n++;
    self->left--;
    if (self->n == BATCH || self->left == 0)
        hand_over(self);
    if (self->left == 0)
        self->enough = TRUE;
}

static void
end_of_event(Choice *self)
{
    if (self->has_event_best)
        give(self, &self->event_best);
    self->has_event_best = FALSE;
}

/* A source without a value has nothing to say about the event; the others still have. */
static gboolean
is_better(const Row *a, const Row *b)
{
    if (isnan(a->value) != isnan(b->value))
        return isnan(b->value);
    if (a->belief != b->belief)
        return a->belief > b->belief;
    return a->source > b->source;
}

static void
end_of_source(Choice *self)
{
    if (!self->has_source_best)
        return;
    self->has_source_best = FALSE;
    if (self->query->mode == CFX_BELIEFS_NEWEST) {
        give(self, &self->source_best);
        return;
    }
    if (self->has_event_best && self->event_best.start != self->source_best.start)
        end_of_event(self);
    if (!self->has_event_best || is_better(&self->source_best, &self->event_best))
        self->event_best = self->source_best;
    self->has_event_best = TRUE;
}

/* Of one belief time, the row nearest to the median stands for the event. */
static void
choose(Choice *self, const Row *row)
{
    const Row *best = &self->source_best;

    if (self->has_source_best && (best->start != row->start || best->source != row->source))
        end_of_source(self);
    if (!self->has_source_best || row->belief > best->belief ||
        fabs(row->probability - 0.5) < fabs(best->probability - 0.5))
        self->source_best = *row;
    self->has_source_best = TRUE;
}

static gboolean
is_wanted(const Choice *self, gint64 source)
{
    if (self->sources != NULL && !g_hash_table_contains(self->sources, &source))
        return FALSE;
    if (self->types == NULL)
        return TRUE;
    return (GPOINTER_TO_UINT(g_hash_table_lookup(self->types, &source)) &
            self->query->source_types) != 0;
}

static gboolean
scan_sensor(SqliteReader *self, Choice *choice, gint64 sensor, GError **error)
{
    const CfxBeliefQuery *query = choice->query;
    sqlite3_stmt *scan = self->scan;
    gint64 known_until = query->known_until_us != 0 ? query->known_until_us : CFX_TIME_MAX;
    GError *local = NULL;
    Row row;

    choice->sensor = sensor;
    sqlite3_bind_int64(scan, 1, sensor);
    sqlite3_bind_int64(scan, 2, query->start_us);
    sqlite3_bind_int64(scan, 3, query->end_us);
    sqlite3_bind_int64(scan, 4, known_until);
    if (query->horizon_us == CFX_TIME_MIN)
        sqlite3_bind_null(scan, 5);
    else
        sqlite3_bind_int64(scan, 5, query->horizon_us);
    while (!choice->enough && sqlite_db_row(scan, &local)) {
        row.source = sqlite3_column_int64(scan, 1);
        if (!is_wanted(choice, row.source))
            continue;
        row.start = sqlite3_column_int64(scan, 0);
        row.belief = sqlite3_column_int64(scan, 2);
        row.probability = sqlite3_column_double(scan, 3);
        row.value = sqlite_db_real(scan, 4);
        if (query->mode == CFX_BELIEFS_ALL)
            give(choice, &row);
        else
            choose(choice, &row);
    }
    sqlite_db_reset(scan);
    if (local != NULL) {
        g_propagate_error(error, local);
        return FALSE;
    }
    end_of_source(choice);
    end_of_event(choice);
    hand_over(choice);
    return TRUE;
}

/* --- which sensors and sources ------------------------------------------------------------- */

static int
compare_ids(gconstpointer a, gconstpointer b)
{
    gint64 x = *(const gint64 *)a, y = *(const gint64 *)b;

    return (x > y) - (x < y);
}

static GArray *
sorted_ids(const gint64 *ids, gsize n)
{
    GArray *sorted = g_array_new(FALSE, FALSE, sizeof(gint64));
    gsize kept = 0;

    if (n > 0)
        g_array_append_vals(sorted, ids, (guint)n);
    g_array_sort(sorted, compare_ids);
    for (gsize i = 0; i < n; i++) {
        gint64 id = g_array_index(sorted, gint64, i);
        if (kept == 0 || g_array_index(sorted, gint64, kept - 1) != id)
            g_array_index(sorted, gint64, kept++) = id;
    }
    g_array_set_size(sorted, (guint)kept);
    return sorted;
}

/* All sensors that have beliefs: one step down the tree for each. NULL: error is set. */
static GArray *
all_sensors(SqliteReader *self, GError **error)
{
    g_autoptr(GArray) ids = g_array_new(FALSE, FALSE, sizeof(gint64));
    GError *local = NULL;
    gint64 last = G_MININT64;

    for (;;) {
        sqlite3_bind_int64(self->next_sensor, 1, last);
        gboolean found = sqlite_db_row(self->next_sensor, &local) &&
                         sqlite3_column_type(self->next_sensor, 0) != SQLITE_NULL;
        if (found)
            last = sqlite3_column_int64(self->next_sensor, 0);
        sqlite_db_reset(self->next_sensor);
        if (local != NULL) {
            g_propagate_error(error, local);
            return NULL;
        }
        if (!found)
            return g_steal_pointer(&ids);
        g_array_append_val(ids, last);
    }
}

static gboolean
load_types(SqliteReader *self, Choice *choice, GError **error)
{
    GError *local = NULL;

    if (choice->query->source_types == 0 || choice->query->source_types == CFX_SOURCE_ANY)
        return TRUE;
    choice->types = g_hash_table_new_full(g_int64_hash, g_int64_equal, g_free, NULL);
    while (sqlite_db_row(self->source_types, &local)) {
        gint64 id = sqlite3_column_int64(self->source_types, 0);
        guint type = (guint)sqlite3_column_int64(self->source_types, 1);
        g_hash_table_insert(choice->types, g_memdup2(&id, sizeof(id)), GUINT_TO_POINTER(type));
    }
    if (local == NULL)
        return TRUE;
    g_propagate_error(error, local);
    return FALSE;
}

static void
load_sources(Choice *choice)
{
    const CfxBeliefQuery *query = choice->query;

    if (query->sources == NULL)
        return;
    choice->sources = g_hash_table_new_full(g_int64_hash, g_int64_equal, g_free, NULL);
    for (gsize i = 0; i < query->n_sources; i++)
        g_hash_table_add(choice->sources, g_memdup2(&query->sources[i], sizeof(gint64)));
}

static gboolean
check_query(const CfxBeliefQuery *query, GError **error)
{
    const char *wrong = NULL;

    if ((query->flags & ~QUERY_FLAGS) != 0)
        wrong = "flags: unknown bit";
    else if (query->mode < CFX_BELIEFS_NEWEST || query->mode > CFX_BELIEFS_ALL)
        wrong = "mode: not NEWEST, BEST or ALL";
    if (wrong == NULL)
        return TRUE;
    g_set_error_literal(error, CFX_ERROR, CFX_ERROR_INVALID, wrong);
    return FALSE;
}

static void
choice_init(Choice *self, const CfxBeliefQuery *query, const CfxSink *sink)
{
    self->query = query;
    self->sink = sink;
    self->types = NULL;
    self->sources = NULL;
    self->left = query->limit != 0 ? query->limit : G_MAXSIZE;
    self->enough = FALSE;
    self->has_source_best = self->has_event_best = FALSE;
    self->n = 0;
}

static void
choice_clear(Choice *self)
{
    g_clear_pointer(&self->types, g_hash_table_unref);
    g_clear_pointer(&self->sources, g_hash_table_unref);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Choice, choice_clear)

static gboolean
read_all(SqliteReader *self, const CfxBeliefQuery *query, const CfxSink *sink, GError **error)
{
    g_auto(Choice) choice;

    choice_init(&choice, query, sink);
    load_sources(&choice);
    if (!load_types(self, &choice, error))
        return FALSE;
    g_autoptr(GArray) ids = query->n_sensors > 0 ? sorted_ids(query->sensors, query->n_sensors)
                                                 : all_sensors(self, error);
    if (ids == NULL)
        return FALSE;
    for (guint i = 0; i < ids->len && !choice.enough; i++) {
        if (!scan_sensor(self, &choice, g_array_index(ids, gint64, i), error))
            return FALSE;
    }
    return TRUE;
}

/* What many sensors say belongs to one state of the database. */
static gboolean
in_one_snapshot(SqliteReader *self, const CfxSink *sink, GError **error)
{
    if (g_cancellable_is_cancelled(sink->cancellable)) {
        g_set_error_literal(error, CFX_ERROR, CFX_ERROR_CANCELLED, "cancelled before it began");
        return FALSE;
    }
    return sqlite_db_run(self->db, "BEGIN", error);
}

gboolean
sqlite_reader_beliefs(gpointer data,
                      const CfxBeliefQuery *query,
                      const CfxSink *sink,
                      GError **error)
{
    SqliteReader *self = data;

    if (!check_query(query, error) || !in_one_snapshot(self, sink, error))
        return FALSE;
    sqlite_reader_begin(self, sink->cancellable);
    gboolean read = read_all(self, query, sink, error);
    sqlite_reader_end(self);
    sqlite3_exec(self->db, "COMMIT", NULL, NULL, NULL);
    return read;
}

/* --- newest values ------------------------------------------------------------------------- */

/* FALSE without error: the sensor has no event before that instant. */
static gboolean
newest_start(SqliteReader *self, gint64 sensor, gint64 until_us, gint64 *ret, GError **error)
{
    sqlite3_stmt *newest = self->newest_start;

    sqlite3_bind_int64(newest, 1, sensor);
    sqlite3_bind_int64(newest, 2, until_us);
    if (!sqlite_db_row(newest, error))
        return FALSE;
    gboolean found = sqlite3_column_type(newest, 0) != SQLITE_NULL;
    *ret = sqlite3_column_int64(newest, 0);
    sqlite_db_reset(newest);
    return found;
}

/* Walks back from now to the first event that was not withdrawn. */
static gboolean
latest_of(SqliteReader *self, gint64 sensor, gint64 now_us, const CfxSink *sink, GError **error)
{
    gint64 start = now_us;
    GError *local = NULL;

    while (newest_start(self, sensor, start, &start, &local)) {
        CfxBeliefQuery query = {
            .struct_size = sizeof(query),
            .mode = CFX_BELIEFS_BEST,
            .start_us = start,
            .end_us = start + 1,
            .horizon_us = CFX_TIME_MIN,
            .limit = 1,
        };
        g_auto(Choice) choice;
        choice_init(&choice, &query, sink);
        if (!scan_sensor(self, &choice, sensor, error))
            return FALSE;
        if (choice.left == 0 || start == G_MININT64)
            return TRUE;
        start--;
    }
    if (local != NULL)
        g_propagate_error(error, local);
    return local == NULL;
}

static gboolean
latest_of_all(SqliteReader *self, gint64 now_us, const CfxSink *sink, GError **error)
{
    g_autoptr(GArray) ids = all_sensors(self, error);

    if (ids == NULL)
        return FALSE;
    for (guint i = 0; i < ids->len; i++) {
        if (!latest_of(self, g_array_index(ids, gint64, i), now_us, sink, error))
            return FALSE;
    }
    return TRUE;
}

gboolean
sqlite_reader_latest(gpointer data, gint64 now_us, const CfxSink *sink, GError **error)
{
    SqliteReader *self = data;

    if (!in_one_snapshot(self, sink, error))
        return FALSE;
    sqlite_reader_begin(self, sink->cancellable);
    gboolean read = latest_of_all(self, now_us, sink, error);
    sqlite_reader_end(self);
    sqlite3_exec(self->db, "COMMIT", NULL, NULL, NULL);
    return read;
}
