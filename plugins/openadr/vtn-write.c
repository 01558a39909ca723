/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Creating, replacing and deleting objects. */
#include <string.h>

#include "vtn-server.h"

/* Answers and frees the visit; the next write runs. */
static void
refuse_write(VtnVisit *visit, VtnObject *object, guint status, const char *detail)
{
    VtnServer *self = visit->server;

    vtn_problem(self, visit->request, status, detail);
    vtn_visit_free(visit);
    if (object != NULL)
        vtn_object_unref(object);
    vtn_server_next(self);
}

/* The ven of a resource. A VEN need not name it where it has only one; what it replaces stays where
 * it is. */
static const VtnObject *
find_ven(VtnVisit *visit, VtnObject *resource, const VtnObject *old)
{
    const GPtrArray *vens = visit->server->objects[VTN_VEN];
    const VtnObject *only = NULL;

    if (resource->ven_id == NULL && old != NULL)
        resource->ven_id = g_strdup(old->ven_id);
    if (resource->ven_id != NULL)
        return vtn_server_find(visit->server, VTN_VEN, resource->ven_id);
    for (guint i = 0; i < vens->len; i++) {
        const VtnObject *ven = g_ptr_array_index(vens, i);
        if (g_strcmp0(ven->client_id, visit->client) != 0)
            continue;
        if (only != NULL)
            return NULL;
        only = ven;
    }
    if (only != NULL)
        resource->ven_id = g_strdup(only->id);
    return only;
}

/* NULL: the object may stand; else why not. @old: (nullable) what it replaces */
static const char *
find_conflict(VtnVisit *visit, VtnObject *object, const VtnObject *old, guint *ret_status)
{
    VtnServer *self = visit->server;
    const VtnObject *twin = NULL, *ven = NULL;

    *ret_status = 409;
    switch (object->kind) {
    case VTN_PROGRAM:
    case VTN_VEN:
        twin = vtn_server_by_name(self, object->kind, object->name, NULL);
        if (twin != NULL && twin != old)
            return "the name is taken";
        return NULL;
    case VTN_EVENT:
        if (vtn_server_find(self, VTN_PROGRAM, object->program_id) == NULL)
            return "programID: there is no such program";
        return NULL;
    case VTN_RESOURCE:
        ven = find_ven(visit, object, old);
        if (ven == NULL && object->ven_id == NULL) {
            *ret_status = 400;
            return "venID: is required unless the client has exactly one ven";
        }
        if (ven == NULL || (!visit->is_business && g_strcmp0(ven->client_id, visit->client) != 0)) {
            *ret_status = 404;
            return "venID: there is no such ven";
        }
        if (object->client_id != NULL && g_strcmp0(ven->client_id, object->client_id) != 0) {
            *ret_status = 400;
            return "clientID: is not that of the ven";
        }
        if (object->client_id == NULL)
            object->client_id = g_strdup(ven->client_id);
        twin = vtn_server_by_name(self, VTN_RESOURCE, object->name, object->ven_id);
        return twin != NULL && twin != old ? "the name is taken in this ven" : NULL;
    case VTN_N_KINDS:
        break;
    }
    return NULL;
}

static VtnObject *
parse_body(VtnVisit *visit, VtnKind kind)
{
    g_autoptr(GError) error = NULL;
    gsize size = 0;
    const char *bytes = g_bytes_get_data(visit->request->body, &size);
    VtnObject *object = vtn_object_parse(
        kind, bytes != NULL ? bytes : "", size, visit->is_business, visit->client, &error);

    if (object == NULL)
        vtn_problem(visit->server, visit->request, 400, error->message);
    return object;
}

static void
create_cb(VtnVisit *visit, VtnObject *object)
{
    guint status = 0;
    const char *problem = find_conflict(visit, object, NULL, &status);

    if (problem != NULL) {
        refuse_write(visit, object, status, problem);
        return;
    }
    object->id = g_uuid_string_random();
    object->created_us = object->modified_us = cfx_now_site(visit->server->host);
    vtn_server_store(visit->server, visit, object, NULL, FALSE);
}

void
vtn_post(VtnVisit *data, VtnKind kind)
{
    g_autoptr(VtnVisit) visit = data;
    VtnServer *self = visit->server;
    VtnObject *object = parse_body(visit, kind);

    if (object != NULL)
        vtn_server_queue(self, g_steal_pointer(&visit), object, create_cb);
}

/* What the visitor may change; else it is answered. */
static VtnObject *
find_own(VtnVisit *visit, VtnKind kind, const char *id)
{
    VtnObject *old = vtn_server_find(visit->server, kind, id);

    if (old == NULL || !vtn_may_see(visit, old, NULL))
        return NULL;
    return old;
}

static void
replace_cb(VtnVisit *visit, VtnObject *object)
{
    VtnObject *old = find_own(visit, object->kind, object->id);
    guint status = 0;

    if (old == NULL) {
        refuse_write(visit, object, 404, "there is no such object");
        return;
    }
    const char *problem = find_conflict(visit, object, old, &status);
    if (problem != NULL) {
        refuse_write(visit, object, status, problem);
        return;
    }
    if (!visit->is_business && object->targets == NULL)
        object->targets = g_strdupv(old->targets);
    object->created_us = old->created_us;
    object->modified_us = MAX(cfx_now_site(visit->server->host), old->modified_us + 1000);
    vtn_server_store(visit->server, visit, object, old, FALSE);
}

void
vtn_put(VtnVisit *data, VtnKind kind, const char *id)
{
    g_autoptr(VtnVisit) visit = data;
    VtnServer *self = visit->server;
    VtnObject *object;

    if (find_own(visit, kind, id) == NULL) {
        vtn_problem(visit->server, visit->request, 404, "there is no such object");
        return;
    }
    object = parse_body(visit, kind);
    if (object == NULL)
        return;
    object->id = g_strdup(id);
    vtn_server_queue(self, g_steal_pointer(&visit), object, replace_cb);
}

/* Whether something links to the object. */
static gboolean
is_used(VtnServer *self, const VtnObject *object)
{
    VtnKind below = object->kind == VTN_PROGRAM ? VTN_EVENT : VTN_RESOURCE;

    if (object->kind != VTN_PROGRAM && object->kind != VTN_VEN)
        return FALSE;
    for (guint i = 0; i < self->objects[below]->len; i++) {
        const VtnObject *other = g_ptr_array_index(self->objects[below], i);
        const char *link = below == VTN_EVENT ? other->program_id : other->ven_id;
        if (g_strcmp0(link, object->id) == 0)
            return TRUE;
    }
    return FALSE;
}

static void
delete_cb(VtnVisit *visit, VtnObject *object)
{
    VtnServer *self = visit->server;
    VtnObject *now = vtn_server_find(self, object->kind, object->id);

    if (now == NULL) {
        refuse_write(visit, object, 404, "there is no such object");
        return;
    }
    if (is_used(self, now)) {
        refuse_write(visit,
                     object,
                     409,
                     object->kind == VTN_PROGRAM ? "the program has events: delete them first"
                                                 : "the ven has resources: delete them first");
        return;
    }
    vtn_object_unref(object);
    vtn_server_store(self, visit, vtn_object_ref(now), now, TRUE);
}

void
vtn_delete(VtnVisit *data, VtnKind kind, const char *id)
{
    g_autoptr(VtnVisit) visit = data;
    VtnServer *self = visit->server;
    VtnObject *old = find_own(visit, kind, id);

    if (old == NULL) {
        vtn_problem(visit->server, visit->request, 404, "there is no such object");
        return;
    }
    vtn_server_queue(self, g_steal_pointer(&visit), vtn_object_ref(old), delete_cb);
}
