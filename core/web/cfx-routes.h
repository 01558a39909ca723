/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What a listener serves: the longest path that fits, then the method. */
#pragma once

#include "cfx-instance.h"

#include <cariflex/cfx-web.h>

G_BEGIN_DECLS

/** A route that is mounted. Requests hold it while they need its refuse(). */
typedef struct {
    gatomicrefcount refs;
    CfxRoute route; /**< our copy, texts included */
    gpointer data;  /**< the plugin's */
    CfxInstance *owner;
    guint64 generation;
} CfxMount;

CfxMount *cfx_mount_new(CfxInstance *owner, const CfxRoute *route, gpointer data);
CfxMount *cfx_mount_ref(CfxMount *self);
void cfx_mount_unref(CfxMount *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(CfxMount, cfx_mount_unref)
/** Whether its functions may be called: the instance that mounted it still lives. [home] */
gboolean cfx_mount_is_alive(const CfxMount *self);

typedef struct _CfxRoutes CfxRoutes;

/** All functions [any]. */
CfxRoutes *cfx_routes_new(void);
void cfx_routes_free(CfxRoutes *self);

/** Takes a reference. FALSE: an equal path and method is taken; *ret_owner says by which instance.
 */
gboolean cfx_routes_add(CfxRoutes *self, CfxMount *mount, const char **ret_owner);
void cfx_routes_remove_owner(CfxRoutes *self, const CfxInstance *owner);

/** Calls func with each mount that is a page for people. */
void cfx_routes_pages(CfxRoutes *self,
                      void (*func)(gpointer data, const CfxMount *mount),
                      gpointer data);

/**
 * The mount that serves a request (transfer full). HEAD is served by GET. NULL: no path fits, or
 * (then *ret_allow is set, transfer full) the path is there with other methods.
 */
CfxMount *cfx_routes_find(CfxRoutes *self, const char *method, const char *path, char **ret_allow);

G_END_DECLS
