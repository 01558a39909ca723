/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The objects. While somebody is connected, all of them are looked at twice a second and compared
 * with what was told last: so nobody has to think of telling, what changes with the clock is seen
 * too, and no object tells more often than that. A look at a device costs a microsecond or two.
 */
#include "cfx-bus-private.h"

#include <cariflex/cfx-abi.h>
#include <string.h>

#define PAUSE_US (500 * 1000)
#define PROPERTIES "org.freedesktop.DBus.Properties"
#define OBJECT_MANAGER "org.freedesktop.DBus.ObjectManager"

typedef struct {
    const CfxBusKind *kind;
    gpointer data;
    char *path;          /* of the folder, or of the one object */
    GArray *faces;       /* (element-type CfxBusFace) */
    GHashTable *objects; /* key → CfxBusObject */
} Kind;

struct _CfxBusObject {
    Kind *kind;
    gint64 key;
    char *path;
    gpointer *kept;  /* what was told last, of each face */
    GVariant *entry; /* the same as {oa{sa{sv}}}, where somebody has asked; NULL: not */
    guint64 seen;    /* the last pass that found it */
};

struct _CfxBusTree {
    CfxBus *bus;
    GPtrArray *kinds;    /* (element-type Kind) */
    GHashTable *objects; /* path → CfxBusObject */
    guint64 pass;
    CfxTimer timer;
};

/* room for a view of any interface, aligned for all */
typedef union {
    gint64 align;
    char bytes[CFX_BUS_VIEW_MAX];
} View;

static void
object_free(gpointer data)
{
    CfxBusObject *object = data;
    for (guint i = 0; i < object->kind->faces->len; i++) {
        if (object->kept[i] != NULL)
            cfx_bus_face_drop(&g_array_index(object->kind->faces, CfxBusFace, i), object->kept[i]);
    }
    g_clear_pointer(&object->entry, g_variant_unref);
    g_free(object->kept);
    g_free(object->path);
    g_free(object);
}

static void
kind_free(gpointer data)
{
    Kind *kind = data;
    g_hash_table_unref(kind->objects);
    for (guint i = 0; i < kind->faces->len; i++)
        cfx_bus_face_clear(&g_array_index(kind->faces, CfxBusFace, i));
    g_array_unref(kind->faces);
    g_free(kind->path);
    g_free(kind);
}

CfxBusTree *
cfx_bus_tree_new(CfxBus *bus)
{
    CfxBusTree *tree = g_new0(CfxBusTree, 1);
    tree->bus = bus;
    tree->kinds = g_ptr_array_new_with_free_func(kind_free);
    tree->objects = g_hash_table_new(g_str_hash, g_str_equal);
    return tree;
}

void
cfx_bus_tree_free(CfxBusTree *tree)
{
    if (tree == NULL)
        return;
    cfx_loop_timer_stop(tree->bus->loop, tree->timer);
    g_hash_table_unref(tree->objects);
    g_ptr_array_unref(tree->kinds);
    g_free(tree);
}

gboolean
cfx_bus_tree_add(CfxBusTree *tree, const CfxBusKind *kind, gpointer data, GError **error)
{
    Kind *item = g_new0(Kind, 1);
    item->kind = kind;
    item->data = data;
    item->path = g_strconcat(CFX_BUS_PATH "/", kind->folder, NULL);
    item->faces = g_array_new(FALSE, TRUE, sizeof(CfxBusFace));
    item->objects = g_hash_table_new_full(g_int64_hash, g_int64_equal, NULL, object_free);
    g_ptr_array_add(tree->kinds, item);
    for (gsize i = 0; kind->interfaces[i] != NULL; i++) {
        g_array_set_size(item->faces, item->faces->len + 1);
        if (!cfx_bus_face_init(
                &g_array_index(item->faces, CfxBusFace, i), kind->interfaces[i], error))
            return FALSE;
    }
    return TRUE;
}

gsize
cfx_bus_tree_n_kinds(const CfxBusTree *tree)
{
    return tree->kinds->len;
}

const CfxBusKind *
cfx_bus_tree_kind(const CfxBusTree *tree, gsize i)
{
    return ((const Kind *)g_ptr_array_index(tree->kinds, i))->kind;
}

/* --- a look at all -------------------------------------------------------------------------- */

static CfxBusFace *
face_at(const CfxBusObject *object, guint i)
{
    return &g_array_index(object->kind->faces, CfxBusFace, i);
}

static gboolean
face_read(const CfxBusObject *object, guint i, View *view)
{
    return face_at(object, i)->interface->read(object->kind->data, object->key, view);
}

/* {interface: {property: value}} as they were told last */
static GVariant *
object_values(const CfxBusObject *object)
{
    GVariantBuilder builder;
    g_variant_builder_init(&builder, G_VARIANT_TYPE("a{sa{sv}}"));
    for (guint i = 0; i < object->kind->faces->len; i++) {
        const CfxBusFace *face = face_at(object, i);
        g_variant_builder_add(
            &builder, "{s@a{sv}}", face->info->name, cfx_bus_face_all(face, object->kept[i]));
    }
    return g_variant_builder_end(&builder);
}

static char *
path_of(const Kind *kind, gint64 key)
{
    if (kind->kind->list == NULL)
        return g_strdup(kind->path);
    if (kind->kind->element == NULL)
        return g_strdup_printf("%s/%" G_GINT64_FORMAT, kind->path, key);
    g_autofree char *element = kind->kind->element(kind->data, key);
    return cfx_bus_path(kind->kind->folder, element);
}

static void
object_new(CfxBusTree *tree, Kind *kind, gint64 key)
{
    View view;
    CfxBusObject *object = g_new0(CfxBusObject, 1);
    *object = (CfxBusObject){ .kind = kind, .key = key, .seen = tree->pass };
    object->path = path_of(kind, key);
    object->kept = g_new0(gpointer, kind->faces->len);
    for (guint i = 0; i < kind->faces->len; i++) {
        if (!face_read(object, i, &view)) {
            object_free(object);
            return;
        }
        object->kept[i] = cfx_bus_face_keep(face_at(object, i), &view);
    }
    g_hash_table_insert(kind->objects, &object->key, object);
    g_hash_table_insert(tree->objects, object->path, object);
    if (tree->bus->links->len > 0)
        cfx_bus_emit(tree->bus,
                     CFX_BUS_PATH,
                     OBJECT_MANAGER,
                     "InterfacesAdded",
                     g_variant_new("(o@a{sa{sv}})", object->path, object_values(object)));
}

static void
object_update(CfxBusTree *tree, CfxBusObject *object)
{
    View view;
    for (guint i = 0; i < object->kind->faces->len; i++) {
        const CfxBusFace *face = face_at(object, i);
        if (!face_read(object, i, &view))
            return; /* not seen: it goes */
        GVariant *changed = cfx_bus_face_changed(face, object->kept[i], &view);
        if (changed == NULL)
            continue;
        cfx_bus_face_drop(face, object->kept[i]);
        object->kept[i] = cfx_bus_face_keep(face, &view);
        g_clear_pointer(&object->entry, g_variant_unref);
        cfx_bus_emit(tree->bus,
                     object->path,
                     PROPERTIES,
                     "PropertiesChanged",
                     g_variant_new("(s@a{sv}as)", face->info->name, changed, NULL));
    }
    object->seen = tree->pass;
}

static void
object_removed(CfxBusTree *tree, const CfxBusObject *object)
{
    GVariantBuilder names;
    g_variant_builder_init(&names, G_VARIANT_TYPE_STRING_ARRAY);
    for (guint i = 0; i < object->kind->faces->len; i++)
        g_variant_builder_add(&names, "s", face_at(object, i)->info->name);
    cfx_bus_emit(tree->bus,
                 CFX_BUS_PATH,
                 OBJECT_MANAGER,
                 "InterfacesRemoved",
                 g_variant_new("(oas)", object->path, &names));
}

static void
kind_update(CfxBusTree *tree, Kind *kind, GArray *keys)
{
    const gint64 one = 0;
    GHashTableIter iter;
    gpointer value;
    g_array_set_size(keys, 0);
    if (kind->kind->list != NULL)
        kind->kind->list(kind->data, keys);
    else
        g_array_append_val(keys, one);
    for (guint i = 0; i < keys->len; i++) {
        gint64 key = g_array_index(keys, gint64, i);
        CfxBusObject *object = g_hash_table_lookup(kind->objects, &key);
        if (object != NULL)
            object_update(tree, object);
        else
            object_new(tree, kind, key);
    }
    g_hash_table_iter_init(&iter, kind->objects);
    while (g_hash_table_iter_next(&iter, NULL, &value)) {
        CfxBusObject *object = value;
        if (object->seen == tree->pass)
            continue;
        object_removed(tree, object);
        g_hash_table_remove(tree->objects, object->path);
        g_hash_table_iter_remove(&iter);
    }
}

void
cfx_bus_tree_update(CfxBusTree *tree)
{
    if (cfx_bus_managed_is_busy(tree->bus->managed))
        return;
    g_autoptr(GArray) keys = g_array_new(FALSE, FALSE, sizeof(gint64));
    tree->pass++;
    for (guint i = 0; i < tree->kinds->len; i++)
        kind_update(tree, g_ptr_array_index(tree->kinds, i), keys);
}

static void
look_cb(gpointer data)
{
    CfxBusTree *tree = data;
    tree->timer = 0;
    cfx_bus_check_links(tree->bus);
    if (tree->bus->links->len == 0)
        return;
    cfx_bus_tree_update(tree);
    cfx_bus_tree_watch(tree);
}

void
cfx_bus_tree_watch(CfxBusTree *tree)
{
    CfxLoop *loop = tree->bus->loop;
    if (tree->timer == 0)
        tree->timer = cfx_loop_timer_start(
            loop, CFX_CLOCK_REAL, cfx_loop_now(loop, CFX_CLOCK_REAL) + PAUSE_US, look_cb, tree);
}

/* --- who asks ------------------------------------------------------------------------------- */

char *
cfx_bus_path(const char *folder, const char *element)
{
    GString *path = g_string_new(CFX_BUS_PATH "/");
    g_string_append(path, folder);
    g_string_append_c(path, '/');
    if (*element == '\0')
        g_string_append_c(path, '_');
    for (const char *c = element; *c != '\0'; c++) {
        if (g_ascii_isalnum(*c))
            g_string_append_c(path, *c);
        else
            g_string_append_printf(path, "_%02x", (guint)(guchar)*c);
    }
    return g_string_free(path, FALSE);
}

CfxBusObject *
cfx_bus_tree_find(CfxBusTree *tree, const char *path)
{
    return g_hash_table_lookup(tree->objects, path);
}

char **
cfx_bus_tree_elements(CfxBusTree *tree, const char *folder_path)
{
    g_autoptr(GStrvBuilder) elements = g_strv_builder_new();
    GHashTableIter iter;
    gpointer value;
    for (guint i = 0; i < tree->kinds->len; i++) {
        const Kind *kind = g_ptr_array_index(tree->kinds, i);
        if (kind->kind->list == NULL || strcmp(kind->path, folder_path) != 0)
            continue;
        g_hash_table_iter_init(&iter, kind->objects);
        while (g_hash_table_iter_next(&iter, NULL, &value))
            g_strv_builder_add(elements, strrchr(((CfxBusObject *)value)->path, '/') + 1);
    }
    return g_strv_builder_end(elements);
}

GDBusInterfaceInfo **
cfx_bus_object_interfaces(const CfxBusObject *object)
{
    guint n = object->kind->faces->len;
    GDBusInterfaceInfo **infos = g_new0(GDBusInterfaceInfo *, n + 1);
    for (guint i = 0; i < n; i++)
        infos[i] = g_dbus_interface_info_ref(face_at(object, i)->info);
    return infos;
}

gboolean
cfx_bus_object_property(
    CfxBusObject *object, const char *interface, const char *name, GVariant **ret, GError **error)
{
    View view;
    for (guint i = 0; i < object->kind->faces->len; i++) {
        const CfxBusFace *face = face_at(object, i);
        if (strcmp(face->info->name, interface) != 0)
            continue;
        for (gsize p = 0; face->types[p] != '\0'; p++) {
            if (strcmp(face->interface->properties[p].name, name) != 0)
                continue;
            /* as it is now; one that is just going shows what it was */
            gconstpointer from = face_read(object, i, &view) ? &view : object->kept[i];
            *ret = cfx_bus_face_value(face, p, from);
            return TRUE;
        }
    }
    g_set_error(
        error, G_DBUS_ERROR, G_DBUS_ERROR_UNKNOWN_PROPERTY, "there is no property %s", name);
    return FALSE;
}

const CfxBusObjectMethod *
cfx_bus_object_method(const CfxBusObject *object,
                      const char *interface,
                      const char *name,
                      gpointer *ret_data,
                      gint64 *ret_key)
{
    *ret_data = object->kind->data;
    *ret_key = object->key;
    for (guint i = 0; i < object->kind->faces->len; i++) {
        const CfxBusFace *face = face_at(object, i);
        if (strcmp(face->info->name, interface) != 0 || face->interface->methods == NULL)
            continue;
        for (const CfxBusObjectMethod *m = face->interface->methods; m->name != NULL; m++) {
            if (strcmp(m->name, name) == 0)
                return m;
        }
    }
    return NULL;
}

/* flat: small, and nothing is left to be done with it by those who read it */
static GVariant *
object_entry(CfxBusObject *object)
{
    if (object->entry == NULL) {
        object->entry =
            g_variant_ref_sink(g_variant_new("{o@a{sa{sv}}}", object->path, object_values(object)));
        g_variant_get_data(object->entry);
    }
    return g_variant_ref(object->entry);
}

GPtrArray *
cfx_bus_tree_entries(CfxBusTree *tree)
{
    GPtrArray *entries = g_ptr_array_new_with_free_func((GDestroyNotify)g_variant_unref);
    GHashTableIter iter;
    gpointer value;
    g_hash_table_iter_init(&iter, tree->objects);
    while (g_hash_table_iter_next(&iter, NULL, &value))
        g_ptr_array_add(entries, object_entry(value));
    return entries;
}
