/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What the parts of core/dbus share. */
#pragma once

#include "cfx-bus.h"

#define CFX_BUS_NAME "org.cariflex.Cariflex1"
#define CFX_BUS_PATH "/org/cariflex/Cariflex1"
/* what we are called on the private socket */
#define CFX_BUS_UNIQUE ":1.0"
/* annotation of each method: "read", or the polkit action that it takes */
#define CFX_BUS_ACTION "org.cariflex.Action"
#define CFX_BUS_ACTION_READ "read"

typedef struct {
    const CfxBusMethod *methods;
    gpointer data;
} CfxBusTable;

typedef struct _CfxBusTree CfxBusTree;
typedef struct _CfxBusManaged CfxBusManaged;
typedef struct _CfxBusLink CfxBusLink;
typedef struct _CfxBusServer CfxBusServer;
typedef struct _CfxBusRemote CfxBusRemote;

struct _CfxBus {
    CfxLoop *loop;
    char *version;
    GDBusNodeInfo *node; /* of the top */
    GDBusNodeInfo *manager;
    GPtrArray *links; /* (element-type CfxBusLink) owned */
    GArray *tables;   /* (element-type CfxBusTable) */
    CfxBusTree *tree;
    CfxBusManaged *managed;
    CfxBusServer *server;
    CfxBusRemote *remote;    /* NULL: none */
    GCancellable *cancelled; /* at the end */
    guint n_checks;          /* authorizations that are being asked for */
};

/* Interfaces of a file of data/dbus. */
GDBusNodeInfo *cfx_bus_node_load(const char *interface, GError **error);
/* The action of a method; methods without one are for root alone. */
const char *cfx_bus_action(const GDBusMethodInfo *method);

/* --- a connection: cfx-bus-link.c ------------------------------------------------------------ */

struct _CfxBusLink {
    CfxBus *bus;
    GDBusConnection *connection;
    CfxBusType type;            /* CFX_BUS_NONE: a peer on the private socket */
    GArray *objects, *subtrees; /* (element-type guint) registrations */
    /* what was sent and has not left us yet */
    gboolean is_flushing;
    gint64 flush_us; /* REAL */
    GCancellable *cancelled;
    void (*lost)(CfxBusLink *link); /* (nullable) it has been closed; it is freed behind */
};

/* Serves the tree there. NULL: it could not. */
CfxBusLink *cfx_bus_link_new(CfxBus *bus, GDBusConnection *connection, CfxBusType type);
/* Closes it. */
void cfx_bus_link_free(CfxBusLink *link);
/* Emits on all connections; `arguments` floating or not. */
void cfx_bus_emit(
    CfxBus *bus, const char *path, const char *interface, const char *name, GVariant *arguments);
/* Closes connections that have not read for long: what is sent to them is kept in memory. */
extern gint64 cfx_bus_patience_us; /* shorter in tests */
void cfx_bus_check_links(CfxBus *bus);
extern const GDBusInterfaceVTable cfx_bus_vtable; /* user data: CfxBusLink */

/* --- objects: cfx-bus-tree.c ----------------------------------------------------------------- */

typedef struct _CfxBusObject CfxBusObject;

CfxBusTree *cfx_bus_tree_new(CfxBus *bus);
void cfx_bus_tree_free(CfxBusTree *tree);
gboolean cfx_bus_tree_add(CfxBusTree *tree, const CfxBusKind *kind, gpointer data, GError **error);
/* Looks at all objects, and tells what has changed; not while GetManagedObjects is answered. */
void cfx_bus_tree_update(CfxBusTree *tree);
/* Looks from now on, while somebody is connected. */
void cfx_bus_tree_watch(CfxBusTree *tree);

/* Folders, and the kinds that are no folders. */
gsize cfx_bus_tree_n_kinds(const CfxBusTree *tree);
const CfxBusKind *cfx_bus_tree_kind(const CfxBusTree *tree, gsize i);
char **cfx_bus_tree_elements(CfxBusTree *tree, const char *folder_path);
/* NULL: there is none */
CfxBusObject *cfx_bus_tree_find(CfxBusTree *tree, const char *path);
GDBusInterfaceInfo **cfx_bus_object_interfaces(const CfxBusObject *object); /* (transfer full) */
/* TRUE: the object has that interface. */
gboolean cfx_bus_object_property(
    CfxBusObject *object, const char *interface, const char *name, GVariant **ret, GError **error);
const CfxBusObjectMethod *cfx_bus_object_method(const CfxBusObject *object,
                                                const char *interface,
                                                const char *name,
                                                gpointer *ret_data,
                                                gint64 *ret_key);
/* What was told last of each, {oa{sa{sv}}}; nobody changes them. (element-type GVariant) */
GPtrArray *cfx_bus_tree_entries(CfxBusTree *tree);

/* GetManagedObjects: cfx-bus-managed.c */
CfxBusManaged *cfx_bus_managed_new(CfxBus *bus);
void cfx_bus_managed_free(CfxBusManaged *self);
/* Answers, later. @invocation: (transfer full) */
void cfx_bus_managed_ask(CfxBusManaged *self, GDBusMethodInvocation *invocation);
/* An answer is being written: no changes are told now. */
gboolean cfx_bus_managed_is_busy(const CfxBusManaged *self);

/* --- views: cfx-bus-view.c ------------------------------------------------------------------- */

/* what a table says of an interface, with the types of its XML */
typedef struct {
    const CfxBusInterface *interface;
    GDBusNodeInfo *node;
    GDBusInterfaceInfo *info; /* of node */
    char *types;              /* one for each property */
} CfxBusFace;

gboolean cfx_bus_face_init(CfxBusFace *face, const CfxBusInterface *interface, GError **error);
void cfx_bus_face_clear(CfxBusFace *face);
GVariant *cfx_bus_face_value(const CfxBusFace *face, gsize property, gconstpointer view);
/* a{sv} of all, or of what differs; NULL: nothing does */
GVariant *cfx_bus_face_all(const CfxBusFace *face, gconstpointer view);
GVariant *cfx_bus_face_changed(const CfxBusFace *face, gconstpointer before, gconstpointer now);
/* a copy with texts of its own */
gpointer cfx_bus_face_keep(const CfxBusFace *face, gconstpointer view);
void cfx_bus_face_drop(const CfxBusFace *face, gpointer kept);

/* --- the private socket: cfx-bus-server.c ---------------------------------------------------- */

CfxBusServer *cfx_bus_server_new(CfxBus *bus, const char *path, GError **error);
void cfx_bus_server_start(CfxBusServer *server);
void cfx_bus_server_free(CfxBusServer *server);
/* For clients that expect a bus: cfx-bus-hello.c. 0: it failed. */
guint cfx_bus_hello_register(GDBusConnection *connection, GError **error);

/* --- the message bus: cfx-bus-remote.c, cfx-bus-polkit.c ------------------------------------- */

void cfx_bus_remote_free(CfxBusRemote *remote);

/* Whether the caller, and who it is, may do that; done comes once, later. error NULL: it may; never
 * so when the bus has ended. */
typedef void (*CfxBusAuthorized)(gpointer data, uid_t user, const GError *error);
void cfx_bus_authorize(CfxBusLink *link,
                       GDBusMethodInvocation *invocation,
                       const char *action,
                       CfxBusAuthorized done,
                       gpointer data);
