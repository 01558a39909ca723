/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Lists with their filters, and single objects. */
#include <string.h>

#include "vtn-server.h"

#define LIMIT_MAX 50

typedef struct {
    gint64 skip, limit;
    char *program_id, *ven_id, *name;
    char **targets; /* NULL: none asked for */
    gboolean only_active;
} VtnFilter;

static void
filter_clear(VtnFilter *self)
{
    g_free(self->program_id);
    g_free(self->ven_id);
    g_free(self->name);
    g_strfreev(self->targets);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(VtnFilter, filter_clear)

static const char *
name_parameter(VtnKind kind)
{
    return kind == VTN_VEN ? "venName" : kind == VTN_RESOURCE ? "resourceName" : "";
}

static gboolean
read_parameter(VtnFilter *self,
               VtnKind kind,
               const char *name,
               char *value,
               GStrvBuilder *targets,
               const char **ret_problem)
{
    if (strcmp(name, "skip") == 0 &&
        !g_ascii_string_to_signed(value, 10, 0, G_MAXINT32, &self->skip, NULL)) {
        *ret_problem = "skip: is not an integer of 0 or more";
        return FALSE;
    }
    if (strcmp(name, "limit") == 0 &&
        !g_ascii_string_to_signed(value, 10, 0, LIMIT_MAX, &self->limit, NULL)) {
        *ret_problem = "limit: is not an integer from 0 to 50";
        return FALSE;
    }
    if (strcmp(name, "active") == 0)
        self->only_active = strcmp(value, "true") == 0;
    if (strcmp(name, "targets") == 0)
        g_strv_builder_add(targets, value);
    char **keep = strcmp(name, "programID") == 0            ? &self->program_id
                  : strcmp(name, "venID") == 0              ? &self->ven_id
                  : strcmp(name, name_parameter(kind)) == 0 ? &self->name
                                                            : NULL;
    if (keep != NULL) {
        g_free(*keep);
        *keep = g_strdup(value);
    }
    return TRUE;
}

static gboolean
read_filter(const char *query, VtnKind kind, VtnFilter *ret, const char **ret_problem)
{
    g_auto(GStrv) parts = g_strsplit(query != NULL ? query : "", "&", 64);
    g_autoptr(GStrvBuilder) targets = g_strv_builder_new();
    gboolean has_targets = FALSE;

    memset(ret, 0, sizeof *ret);
    ret->limit = LIMIT_MAX;
    for (char **part = parts; *part != NULL; part++) {
        char *equals = strchr(*part, '=');
        if (equals == NULL)
            continue;
        *equals = '\0';
        g_strdelimit(equals + 1, "+", ' '); /* how forms and most clients write a space */
        g_autofree char *value = g_uri_unescape_string(equals + 1, NULL);
        if (value == NULL) {
            *ret_problem = "the query is not percent-encoded";
            return FALSE;
        }
        has_targets |= strcmp(*part, "targets") == 0;
        if (!read_parameter(ret, kind, *part, value, targets, ret_problem))
            return FALSE;
    }
    ret->targets = has_targets ? g_strv_builder_end(targets) : NULL;
    return TRUE;
}

static gboolean
has_any(const VtnObject *object, char *const *targets)
{
    for (char **target = object->targets; target != NULL && *target != NULL; target++) {
        if (g_strv_contains((const char *const *)targets, *target))
            return TRUE;
    }
    return FALSE;
}

static gboolean
matches(const VtnFilter *filter, const VtnObject *object, gint64 now_us)
{
    if (filter->program_id != NULL && g_strcmp0(object->program_id, filter->program_id) != 0)
        return FALSE;
    if (filter->ven_id != NULL && g_strcmp0(object->ven_id, filter->ven_id) != 0)
        return FALSE;
    if (filter->name != NULL && g_strcmp0(object->name, filter->name) != 0)
        return FALSE;
    if (filter->only_active && object->kind == VTN_EVENT && object->end_us <= now_us)
        return FALSE;
    return filter->targets == NULL || has_any(object, filter->targets);
}

/* The grants that a query leaves: those that it names, or all. */
static char **
narrow(char *const *grants, char *const *asked)
{
    g_autoptr(GStrvBuilder) left = g_strv_builder_new();

    for (char *const *grant = grants; *grant != NULL; grant++) {
        if (asked == NULL || g_strv_contains((const char *const *)asked, *grant))
            g_strv_builder_add(left, *grant);
    }
    return g_strv_builder_end(left);
}

void
vtn_list(VtnVisit *data, VtnKind kind)
{
    g_autoptr(VtnVisit) visit = data;
    VtnServer *self = visit->server;
    g_auto(VtnFilter) filter = { 0 };
    const char *problem = NULL;
    gint64 now_us = cfx_now_site(self->host), skip = 0, n = 0;

    if (!read_filter(visit->request->query, kind, &filter, &problem)) {
        vtn_problem(self, visit->request, 400, problem);
        return;
    }
    g_auto(GStrv) grants = visit->is_business ? NULL : vtn_grants(self, visit->client);
    g_auto(GStrv) shown = grants != NULL ? narrow(grants, filter.targets) : NULL;
    gboolean hides = shown != NULL && (kind == VTN_PROGRAM || kind == VTN_EVENT);
    g_string_assign(self->text, "[");
    for (guint i = 0; i < self->objects[kind]->len && n < filter.limit; i++) {
        const VtnObject *object = g_ptr_array_index(self->objects[kind], i);
        if (!vtn_may_see(visit, object, shown) || !matches(&filter, object, now_us) ||
            skip++ < filter.skip)
            continue;
        if (n++ > 0)
            g_string_append_c(self->text, ',');
        vtn_object_write(object, hides ? shown : NULL, self->text);
    }
    g_string_append_c(self->text, ']');
    vtn_answer_text(self, visit->request, 200, self->text->str);
}

void
vtn_get(VtnVisit *data, VtnKind kind, const char *id)
{
    g_autoptr(VtnVisit) visit = data;
    VtnServer *self = visit->server;
    const VtnObject *object = vtn_server_find(self, kind, id);
    g_auto(GStrv) grants = visit->is_business ? NULL : vtn_grants(self, visit->client);

    if (object == NULL || !vtn_may_see(visit, object, grants)) {
        vtn_problem(self, visit->request, 404, "there is no such object");
        return;
    }
    vtn_answer_object(self,
                      visit->request,
                      200,
                      object,
                      kind == VTN_PROGRAM || kind == VTN_EVENT ? grants : NULL);
}
