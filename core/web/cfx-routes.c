/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "cfx-routes.h"

#include <string.h>

struct _CfxRoutes {
    GMutex lock;
    GHashTable *paths; /* path → (element-type CfxMount) GPtrArray */
    gsize longest;     /* of all paths that were ever there */
};

CfxMount *
cfx_mount_new(CfxInstance *owner, const CfxRoute *route, gpointer data)
{
    CfxMount *self = g_new0(CfxMount, 1);
    g_atomic_ref_count_init(&self->refs);
    memcpy(&self->route, route, MIN(route->struct_size, sizeof self->route));
    self->route.struct_size = sizeof self->route;
    self->route.method = g_strdup(route->method);
    self->route.path = g_strdup(route->path);
    self->route.page = g_strdup(self->route.page);
    self->data = data;
    self->owner = owner;
    self->generation = owner->generation;
    return self;
}

CfxMount *
cfx_mount_ref(CfxMount *self)
{
    g_atomic_ref_count_inc(&self->refs);
    return self;
}

void
cfx_mount_unref(CfxMount *self)
{
    if (self == NULL || !g_atomic_ref_count_dec(&self->refs))
        return;
    g_free((char *)self->route.method);
    g_free((char *)self->route.path);
    g_free((char *)self->route.page);
    g_free(self);
}

gboolean
cfx_mount_is_alive(const CfxMount *self)
{
    return cfx_instance_is_alive(self->owner, self->generation);
}

CfxRoutes *
cfx_routes_new(void)
{
    CfxRoutes *self = g_new0(CfxRoutes, 1);
    g_mutex_init(&self->lock);
    self->paths =
        g_hash_table_new_full(g_str_hash, g_str_equal, g_free, (GDestroyNotify)g_ptr_array_unref);
    return self;
}

void
cfx_routes_free(CfxRoutes *self)
{
    if (self == NULL)
        return;
    g_hash_table_unref(self->paths);
    g_mutex_clear(&self->lock);
    g_free(self);
}

gboolean
cfx_routes_add(CfxRoutes *self, CfxMount *mount, const char **ret_owner)
{
    g_autoptr(GMutexLocker) G_GNUC_UNUSED locker = g_mutex_locker_new(&self->lock);
    GPtrArray *mounts = g_hash_table_lookup(self->paths, mount->route.path);
    if (mounts == NULL) {
        mounts = g_ptr_array_new_with_free_func((GDestroyNotify)cfx_mount_unref);
        g_hash_table_insert(self->paths, g_strdup(mount->route.path), mounts);
        self->longest = MAX(self->longest, strlen(mount->route.path));
    }
    for (guint i = 0; i < mounts->len; i++) {
        const CfxMount *other = mounts->pdata[i];
        if (strcmp(other->route.method, mount->route.method) == 0) {
            *ret_owner = other->owner->name;
            return FALSE;
        }
    }
    g_ptr_array_add(mounts, cfx_mount_ref(mount));
    return TRUE;
}

void
cfx_routes_remove_owner(CfxRoutes *self, const CfxInstance *owner)
{
    g_autoptr(GMutexLocker) G_GNUC_UNUSED locker = g_mutex_locker_new(&self->lock);
    GHashTableIter iter;
    GPtrArray *mounts;
    g_hash_table_iter_init(&iter, self->paths);
    while (g_hash_table_iter_next(&iter, NULL, (gpointer *)&mounts)) {
        for (guint i = mounts->len; i > 0; i--) {
            const CfxMount *mount = mounts->pdata[i - 1];
            if (mount->owner == owner)
                g_ptr_array_remove_index(mounts, i - 1);
        }
        if (mounts->len == 0)
            g_hash_table_iter_remove(&iter);
    }
}

void
cfx_routes_pages(CfxRoutes *self, void (*func)(gpointer data, const CfxMount *mount), gpointer data)
{
    g_autoptr(GMutexLocker) G_GNUC_UNUSED locker = g_mutex_locker_new(&self->lock);
    GHashTableIter iter;
    GPtrArray *mounts;
    g_hash_table_iter_init(&iter, self->paths);
    while (g_hash_table_iter_next(&iter, NULL, (gpointer *)&mounts)) {
        for (guint i = 0; i < mounts->len; i++) {
            const CfxMount *mount = mounts->pdata[i];
            if (mount->route.page != NULL)
                func(data, mount);
        }
    }
}

static CfxMount *
with_method(const GPtrArray *mounts, const char *method)
{
    for (guint i = 0; i < mounts->len; i++) {
        CfxMount *mount = mounts->pdata[i];
        if (strcmp(mount->route.method, method) == 0)
            return mount;
    }
    return NULL;
}

/* "GET, HEAD, POST" */
static char *
allow_of(const GPtrArray *mounts)
{
    g_autoptr(GString) allow = g_string_new(NULL);
    for (guint i = 0; i < mounts->len; i++) {
        const CfxMount *mount = mounts->pdata[i];
        g_string_append_printf(allow, "%s%s", allow->len > 0 ? ", " : "", mount->route.method);
        if (strcmp(mount->route.method, "GET") == 0)
            g_string_append(allow, ", HEAD");
    }
    g_string_append(allow, ", OPTIONS");
    return g_strdup(allow->str);
}

CfxMount *
cfx_routes_find(CfxRoutes *self, const char *method, const char *path, char **ret_allow)
{
    *ret_allow = NULL;
    g_autoptr(GMutexLocker) G_GNUC_UNUSED locker = g_mutex_locker_new(&self->lock);
    const GPtrArray *mounts = g_hash_table_lookup(self->paths, path);
    /* nothing is above that is longer: a path of thousands of slashes is not climbed */
    g_autofree char *above = g_strndup(path, self->longest + 1);
    gsize size = strlen(above);
    while (mounts == NULL && size > 0) {
        /* cut to the last slash, that one kept */
        gsize cut = size - 1;
        while (cut > 0 && above[cut - 1] != '/')
            cut--;
        above[cut] = 0;
        size = cut;
        if (size > 0)
            mounts = g_hash_table_lookup(self->paths, above);
    }
    if (mounts == NULL)
        return NULL;
    CfxMount *mount = with_method(mounts, method);
    if (mount == NULL && strcmp(method, "HEAD") == 0)
        mount = with_method(mounts, "GET");
    if (mount == NULL)
        mount = with_method(mounts, "*");
    if (mount != NULL)
        return cfx_mount_ref(mount);
    *ret_allow = allow_of(mounts);
    return NULL;
}
