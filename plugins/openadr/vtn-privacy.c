/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What a VEN may see: its own objects, and programs and events that name one of its targets. */
#include "vtn-server.h"

static void
add_targets(GStrvBuilder *to, char *const *targets)
{
    for (char *const *target = targets; target != NULL && *target != NULL; target++)
        g_strv_builder_add(to, *target);
}

char **
vtn_grants(VtnServer *self, const char *client)
{
    g_autoptr(GStrvBuilder) grants = g_strv_builder_new();
    GPtrArray *vens = self->objects[VTN_VEN], *resources = self->objects[VTN_RESOURCE];

    for (guint i = 0; i < vens->len; i++) {
        const VtnObject *ven = g_ptr_array_index(vens, i);
        if (g_strcmp0(ven->client_id, client) == 0)
            add_targets(grants, ven->targets);
    }
    for (guint i = 0; i < resources->len; i++) {
        const VtnObject *resource = g_ptr_array_index(resources, i);
        const VtnObject *ven = vtn_server_find(self, VTN_VEN, resource->ven_id);
        if (ven != NULL && g_strcmp0(ven->client_id, client) == 0)
            add_targets(grants, resource->targets);
    }
    return g_strv_builder_end(grants);
}

static gboolean
shares_target(const VtnObject *object, char *const *grants)
{
    for (char **target = object->targets; target != NULL && *target != NULL; target++) {
        if (g_strv_contains((const char *const *)grants, *target))
            return TRUE;
    }
    return FALSE;
}

gboolean
vtn_may_see(const VtnVisit *visit, const VtnObject *object, char *const *grants)
{
    if (visit->is_business)
        return TRUE;
    if (object->kind == VTN_VEN || object->kind == VTN_RESOURCE)
        return g_strcmp0(object->client_id, visit->client) == 0;
    if (object->targets != NULL && !shares_target(object, grants))
        return FALSE;
    if (object->kind != VTN_EVENT)
        return TRUE;
    /* an event of a program that is hidden stays hidden */
    const VtnObject *program = vtn_server_find(visit->server, VTN_PROGRAM, object->program_id);
    return program == NULL || program->targets == NULL || shares_target(program, grants);
}
