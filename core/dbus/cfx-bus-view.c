/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Views as properties: by the type that the XML names and the place that the table names. */
#include "cfx-bus-private.h"

#include <cariflex/cfx-abi.h>
#include <math.h>
#include <string.h>

static gboolean
find_type(CfxBusFace *face, const CfxBusProperty *property, char *type)
{
    const GDBusPropertyInfo *info =
        g_dbus_interface_info_lookup_property(face->info, property->name);
    if (info == NULL || strlen(info->signature) != 1 ||
        strchr("sobdxtu", info->signature[0]) == NULL)
        return FALSE;
    *type = info->signature[0];
    return TRUE;
}

gboolean
cfx_bus_face_init(CfxBusFace *face, const CfxBusInterface *interface, GError **error)
{
    g_autofree char *name = g_strconcat(CFX_BUS_NAME ".", interface->name, NULL);
    gsize n = 0, n_info = 0;
    face->interface = interface;
    face->node = cfx_bus_node_load(name, error);
    if (face->node == NULL)
        return FALSE;
    face->info = face->node->interfaces[0];
    while (face->info->properties != NULL && face->info->properties[n_info] != NULL)
        n_info++;
    face->types = g_new0(char, n_info + 1);
    while (interface->properties[n].name != NULL && n < n_info &&
           find_type(face, &interface->properties[n], &face->types[n]))
        n++;
    if (n == n_info && interface->properties[n].name == NULL &&
        interface->view_size <= CFX_BUS_VIEW_MAX)
        return TRUE;
    g_set_error(error,
                CFX_ERROR,
                CFX_ERROR_FAILED,
                "%s: its properties are not those of its XML, from the %" G_GSIZE_FORMAT "th on",
                name,
                n + 1);
    return FALSE;
}

void
cfx_bus_face_clear(CfxBusFace *face)
{
    g_clear_pointer(&face->node, g_dbus_node_info_unref);
    g_clear_pointer(&face->types, g_free);
}

static gconstpointer
at(const CfxBusFace *face, gsize i, gconstpointer view)
{
    return (const char *)view + face->interface->properties[i].offset;
}

static const char *
text_at(gconstpointer place)
{
    const char *text = *(const char *const *)place;
    return text != NULL ? text : "";
}

/* texts come from peers and files */
static GVariant *
text_value(const char *text)
{
    if (g_utf8_validate(text, -1, NULL))
        return g_variant_new_string(text);
    return g_variant_new_take_string(g_utf8_make_valid(text, -1));
}

GVariant *
cfx_bus_face_value(const CfxBusFace *face, gsize property, gconstpointer view)
{
    gconstpointer place = at(face, property, view);
    switch (face->types[property]) {
    case 's':
        return text_value(text_at(place));
    case 'o':
        return g_variant_new_object_path(*text_at(place) != '\0' ? text_at(place) : "/");
    case 'b':
        return g_variant_new_boolean(*(const gboolean *)place);
    case 'd':
        return g_variant_new_double(*(const double *)place);
    case 'x':
        return g_variant_new_int64(*(const gint64 *)place);
    case 't':
        return g_variant_new_uint64(*(const guint64 *)place);
    default:
        return g_variant_new_uint32(*(const guint32 *)place);
    }
}

static gboolean
is_same(char type, gconstpointer a, gconstpointer b)
{
    double x, y;
    switch (type) {
    case 's':
    case 'o':
        return strcmp(text_at(a), text_at(b)) == 0;
    case 'b':
        return !*(const gboolean *)a == !*(const gboolean *)b;
    case 'd':
        x = *(const double *)a;
        y = *(const double *)b;
        return x == y || (isnan(x) && isnan(y));
    case 'x':
    case 't':
        return memcmp(a, b, sizeof(gint64)) == 0;
    default:
        return memcmp(a, b, sizeof(guint32)) == 0;
    }
}

static GVariant *
values(const CfxBusFace *face, gconstpointer before, gconstpointer now)
{
    GVariantBuilder builder;
    gsize n = 0;
    for (gsize i = 0; face->types[i] != '\0'; i++) {
        if (before != NULL && is_same(face->types[i], at(face, i, before), at(face, i, now)))
            continue;
        if (n++ == 0)
            g_variant_builder_init(&builder, G_VARIANT_TYPE_VARDICT);
        g_variant_builder_add(&builder,
                              "{sv}",
                              face->interface->properties[i].name,
                              cfx_bus_face_value(face, i, now));
    }
    return n > 0 ? g_variant_builder_end(&builder) : NULL;
}

GVariant *
cfx_bus_face_all(const CfxBusFace *face, gconstpointer view)
{
    GVariant *all = values(face, NULL, view);
    return all != NULL ? all : g_variant_new("a{sv}", NULL);
}

GVariant *
cfx_bus_face_changed(const CfxBusFace *face, gconstpointer before, gconstpointer now)
{
    return values(face, before, now);
}

static char **
text_in(const CfxBusFace *face, gsize i, gpointer view)
{
    if (face->types[i] != 's' && face->types[i] != 'o')
        return NULL;
    return (char **)(gpointer)((char *)view + face->interface->properties[i].offset);
}

gpointer
cfx_bus_face_keep(const CfxBusFace *face, gconstpointer view)
{
    gpointer kept = g_memdup2(view, face->interface->view_size);
    for (gsize i = 0; face->types[i] != '\0'; i++) {
        char **text = text_in(face, i, kept);
        if (text != NULL)
            *text = g_strdup(*text);
    }
    return kept;
}

void
cfx_bus_face_drop(const CfxBusFace *face, gpointer kept)
{
    for (gsize i = 0; face->types[i] != '\0'; i++) {
        char **text = text_in(face, i, kept);
        if (text != NULL)
            g_free(*text);
    }
    g_free(kept);
}
