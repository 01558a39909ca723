/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What the VTN has told: events and programs, in memory and as records. */
#include "ven.h"

#include "ven-json.h"

#include <kit/cfx-json.h>
#include <string.h>

void
oadr_program_free(OadrProgram *self)
{
    g_free(self->id);
    g_free(self->name);
    g_free(self->raw);
    g_clear_pointer(&self->descriptors, g_array_unref);
    g_free(self);
}

void
oadr_row_free(OadrRow *self)
{
    if (self == NULL)
        return;
    g_free(self->key);
    g_free(self->doc);
    g_free(self);
}

void
oadr_news_free(OadrNews *self)
{
    if (self == NULL)
        return;
    g_free(self->doc);
    g_free(self);
}

/* --- records ---------------------------------------------------------------------------------- */

/* What waits for the same key is overtaken. */
static void
add_row(OadrVen *self, const char *collection, const char *id, char *doc, gint64 end_us)
{
    OadrRow *row = g_new0(OadrRow, 1);

    row->collection = collection;
    row->key = g_strdup_printf("%s/%s", self->host->instance, id);
    row->doc = doc;
    row->end_us = end_us;
    for (guint i = 0; i < self->rows->len; i++) {
        const OadrRow *old = self->rows->pdata[i];

        if (strcmp(old->collection, collection) == 0 && strcmp(old->key, row->key) == 0) {
            g_ptr_array_remove_index(self->rows, i);
            break;
        }
    }
    g_ptr_array_add(self->rows, row);
}

static void
add_known_row(OadrVen *self, const OadrKnown *known)
{
    add_row(self,
            "openadr.known-event",
            known->event->id,
            oadr_known_doc(self, known),
            oadr_event_end(known->event, known->known_us, known->offsets));
}

static void
add_news(OadrVen *self, const OadrEvent *event, const char *what)
{
    const OadrProgram *program = g_hash_table_lookup(self->programs, event->program);
    OadrNews *news = g_new0(OadrNews, 1);
    g_auto(CfxJsonWriter) json;

    cfx_json_writer_init(&json, NULL, 0);
    cfx_json_begin_object(&json);
    cfx_json_member_text(&json, "instance", self->host->instance);
    cfx_json_member_text(&json, "what", what);
    cfx_json_member_text(&json, "event", event->id);
    cfx_json_member_text(&json, "name", event->name);
    cfx_json_member_text(&json, "program", program != NULL ? program->name : event->program);
    cfx_json_end_object(&json);
    news->topic = "openadr.event";
    news->doc = g_strdup(cfx_json_writer_end(&json));
    g_ptr_array_add(self->news, news);
    cfx_log(self->host,
            CFX_LOG_MESSAGE,
            "event %s%s%s%s: %s",
            event->id,
            event->name != NULL ? " (" : "",
            event->name != NULL ? event->name : "",
            event->name != NULL ? ")" : "",
            what);
}

/* --- events ----------------------------------------------------------------------------------- */

static OadrKnown *
find_known(const OadrVen *self, const char *id)
{
    for (guint i = 0; i < self->known->len; i++) {
        OadrKnown *known = self->known->pdata[i];

        if (strcmp(known->event->id, id) == 0)
            return known;
    }
    return NULL;
}

/* Offsets that still fit are kept, so that a change of a price does not move the event. */
static void
draw_offsets(OadrKnown *self, const OadrKnown *old)
{
    gboolean fits;

    self->n_offsets = oadr_event_n_random(self->event);
    fits = old != NULL && old->n_offsets == self->n_offsets;
    self->offsets = g_new0(gint64, MAX(self->n_offsets, 1));
    for (guint i = 0; i < self->n_offsets; i++) {
        gint64 bound_us = oadr_event_random_bound(self->event, i);

        if (fits && oadr_event_random_bound(old->event, i) == bound_us)
            self->offsets[i] = old->offsets[i];
        else
            self->offsets[i] = (gint64)g_random_double_range(-(double)bound_us, (double)bound_us);
    }
}

static OadrKnown *
known_new(const OadrVen *self, JsonNode *node, GError **error)
{
    g_autoptr(OadrEvent) event = NULL;
    OadrKnown *known;

    if (!JSON_NODE_HOLDS_OBJECT(node)) {
        oadr_json_fail(error, "event", "it is no object");
        return NULL;
    }
    event = oadr_event_parse(json_node_get_object(node), error);
    if (event == NULL)
        return NULL;
    if (event->id == NULL || *event->id == '\0') {
        oadr_json_fail(error, "id", "it is missing");
        return NULL;
    }
    known = g_new0(OadrKnown, 1);
    known->event = g_steal_pointer(&event);
    known->raw = json_to_string(node, FALSE);
    known->known_us = cfx_now_site(self->host);
    return known;
}

/* Takes one event of a poll over. @kept: the events that this poll has named */
static gboolean
digest_event(OadrVen *self, JsonNode *node, GPtrArray *kept)
{
    g_autoptr(GError) error = NULL;
    OadrKnown *known = known_new(self, node, &error), *old;

    if (known == NULL) {
        const char *id = NULL;

        g_ptr_array_add(self->refused, g_strdup(error->message));
        cfx_log(self->host, CFX_LOG_WARNING, "an event is left out: %s", error->message);
        /* what was understood of it before stays in force */
        if (JSON_NODE_HOLDS_OBJECT(node) &&
            oadr_json_text(json_node_get_object(node), "", "id", TRUE, 128, &id, NULL) &&
            (old = find_known(self, id)) != NULL)
            g_ptr_array_add(kept, old);
        return FALSE;
    }
    old = find_known(self, known->event->id);
    if (old != NULL && strcmp(old->raw, known->raw) == 0) {
        oadr_known_free(known);
        g_ptr_array_add(kept, old);
        return FALSE;
    }
    draw_offsets(known, old);
    add_known_row(self, known);
    add_news(self, known->event, old != NULL ? "changed" : "new");
    if (old != NULL)
        g_ptr_array_remove(self->known, old);
    g_ptr_array_add(self->known, known);
    g_ptr_array_add(kept, known);
    return TRUE;
}

/* What the poll did not name any more is cancelled, or over. Between two pages a list may have
 * become shorter, and one was passed over that is still there: then the next poll has to say so
 * again. */
static gboolean
drop_gone(OadrVen *self, const GPtrArray *kept, gboolean is_one_page)
{
    gboolean is_changed = FALSE;

    self->is_unsure = FALSE;

    for (guint i = self->known->len; i-- > 0;) {
        OadrKnown *known = self->known->pdata[i];
        gint64 end_us = oadr_event_end(known->event, known->known_us, known->offsets);

        if (g_ptr_array_find((GPtrArray *)kept, known, NULL)) {
            known->is_missing = FALSE;
            continue;
        }
        if (!is_one_page && !known->is_missing) {
            known->is_missing = self->is_unsure = TRUE;
            continue;
        }
        add_row(self, "openadr.known-event", known->event->id, NULL, 0);
        add_news(self, known->event, end_us <= cfx_now_site(self->host) ? "over" : "cancelled");
        g_ptr_array_remove_index(self->known, i);
        is_changed = TRUE;
    }
    return is_changed;
}

/* --- programs --------------------------------------------------------------------------------- */

static OadrProgram *
program_new(JsonNode *node)
{
    const char *id = NULL, *name = NULL;
    OadrProgram *program;
    GArray *descriptors;

    if (!JSON_NODE_HOLDS_OBJECT(node) ||
        !oadr_json_text(json_node_get_object(node), "", "id", TRUE, 128, &id, NULL) ||
        !oadr_json_text(json_node_get_object(node), "", "programName", FALSE, 128, &name, NULL))
        return NULL;
    descriptors = oadr_descriptors_parse(json_node_get_object(node), NULL);
    if (descriptors == NULL)
        return NULL;
    program = g_new0(OadrProgram, 1);
    program->id = g_strdup(id);
    program->name = g_strdup(name != NULL ? name : id);
    program->raw = json_to_string(node, FALSE);
    program->descriptors = descriptors;
    return program;
}

static gboolean
digest_program(OadrVen *self, JsonNode *node, GHashTable *kept)
{
    OadrProgram *program = program_new(node);
    const OadrProgram *old;

    if (program == NULL)
        return FALSE;
    g_hash_table_add(kept, g_strdup(program->id));
    old = g_hash_table_lookup(self->programs, program->id);
    if (old != NULL && strcmp(old->raw, program->raw) == 0) {
        oadr_program_free(program);
        return FALSE;
    }
    add_row(self, "openadr.known-program", program->id, g_strdup(program->raw), 0);
    g_hash_table_replace(self->programs, program->id, program);
    return TRUE;
}

static gboolean
drop_programs(OadrVen *self, GHashTable *kept)
{
    GHashTableIter iter;
    gpointer id;
    gboolean is_changed = FALSE;

    g_hash_table_iter_init(&iter, self->programs);
    while (g_hash_table_iter_next(&iter, &id, NULL)) {
        if (g_hash_table_contains(kept, id))
            continue;
        add_row(self, "openadr.known-program", id, NULL, 0);
        g_hash_table_iter_remove(&iter);
        is_changed = TRUE;
    }
    return is_changed;
}

void
oadr_ven_link(OadrVen *self)
{
    for (guint i = 0; i < self->known->len; i++) {
        OadrKnown *known = self->known->pdata[i];
        const OadrProgram *program = g_hash_table_lookup(self->programs, known->event->program);

        known->descriptors = program != NULL ? program->descriptors : NULL;
    }
}

gboolean
oadr_ven_digest(OadrVen *self,
                const GPtrArray *programs,
                const GPtrArray *events,
                gboolean is_one_page)
{
    g_autoptr(GHashTable) kept_programs =
        g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
    g_autoptr(GPtrArray) kept = g_ptr_array_new();
    gboolean is_changed = FALSE;

    g_ptr_array_set_size(self->refused, 0);
    for (guint i = 0; i < programs->len; i++)
        is_changed |= digest_program(self, programs->pdata[i], kept_programs);
    for (guint i = 0; i < events->len; i++)
        is_changed |= digest_event(self, events->pdata[i], kept);
    is_changed |= drop_gone(self, kept, is_one_page);
    is_changed |= drop_programs(self, kept_programs);
    oadr_ven_link(self);
    return is_changed;
}

/* --- after a restart -------------------------------------------------------------------------- */

void
oadr_ven_load_known(OadrVen *self, const CfxRecord *record)
{
    g_autoptr(JsonNode) node = oadr_json_parse(record->doc, record->doc_size, NULL);
    JsonNode *event, *offsets;
    const char *text;
    OadrKnown *known;

    if (node == NULL || !JSON_NODE_HOLDS_OBJECT(node))
        return;
    event = oadr_json_member(json_node_get_object(node), "event");
    offsets = oadr_json_member(json_node_get_object(node), "offsets_us");
    known = event != NULL ? known_new(self, event, NULL) : NULL;
    if (known == NULL)
        return;
    if (!oadr_json_text(json_node_get_object(node), "", "known", TRUE, 64, &text, NULL) ||
        !cfx_time_parse(text, -1, &known->known_us))
        known->known_us = cfx_now_site(self->host);
    draw_offsets(known, NULL);
    for (guint i = 0; offsets != NULL && JSON_NODE_HOLDS_ARRAY(offsets) && i < known->n_offsets &&
                      i < json_array_get_length(json_node_get_array(offsets));
         i++)
        known->offsets[i] = json_array_get_int_element(json_node_get_array(offsets), i);
    g_ptr_array_add(self->known, known);
}

void
oadr_ven_load_program(OadrVen *self, const CfxRecord *record)
{
    g_autoptr(JsonNode) node = oadr_json_parse(record->doc, record->doc_size, NULL);
    OadrProgram *program = node != NULL ? program_new(node) : NULL;

    if (program != NULL)
        g_hash_table_replace(self->programs, program->id, program);
}
