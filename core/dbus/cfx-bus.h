/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The daemon on D-Bus: one tree of objects, served on a private socket in the run folder (for
 * whoever runs as our user or as root) and on a message bus (where polkit decides). It has no
 * logic of its own: methods and objects come as tables, from the parts that know. [main]
 */
#pragma once

#include "cfx-loop.h"

typedef struct _CfxBus CfxBus;
/* One call that waits for its answer; answered exactly once. */
typedef struct _CfxBusCall CfxBusCall;

/* --- life ----------------------------------------------------------------------------------- */

/* Takes the path; who connects before cfx_bus_start() is hung up on. NULL with `error`: the path is
 * too long, taken by a running daemon, or not ours to write. */
CfxBus *cfx_bus_new(CfxLoop *loop, const char *path, const char *version, GError **error);
void cfx_bus_start(CfxBus *bus);
/* No more calls; connections are closed and the socket is removed. */
void cfx_bus_free(CfxBus *bus);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(CfxBus, cfx_bus_free)

/* --- methods of the top, org.cariflex.Cariflex1 ---------------------------------------------- */

typedef struct {
    const char *name; /* of the interface's method */
    void (*handle)(gpointer data, GVariant *arguments, CfxBusCall *call);
} CfxBusMethod;

/* A table ended by a NULL name; static. What no table has is answered NotSupported. */
void cfx_bus_add(CfxBus *bus, const CfxBusMethod *methods, gpointer data);

/* Answers with a text; json (transfer full). Where the method has no result it must be NULL. */
void cfx_bus_reply(CfxBusCall *call, char *json);
/* Answers with a tuple of the method's results; floating. */
void cfx_bus_reply_tuple(CfxBusCall *call, GVariant *results);
/* Answers with an error; it stays the caller's. */
void cfx_bus_fail(CfxBusCall *call, const GError *error);

/* What an argument of type h stands for: a descriptor of the caller's own, to close; -1 with
 * `error`: nothing came with the call. */
int cfx_bus_take_file(const CfxBusCall *call, gint32 handle, GError **error);

/* Who calls: "root", the name of the daemon's own user, "uid 1000", or a name on the bus where that
 * is all that is known. (transfer full) */
char *cfx_bus_caller(const CfxBusCall *call);

/* "org.cariflex.Error.NotFound" of CFX_ERROR_NOT_FOUND. */
char *cfx_bus_error_name(const GError *error);

/* --- objects -------------------------------------------------------------------------------- */

/* Where a property's value lies in the view: const char * (s, o), gboolean (b), double (d),
 * gint64 (x), guint64 (t), guint32 (u). The type stands in the interface's XML. Texts each have a
 * place of their own. */
typedef struct {
    const char *name;
    gsize offset;
} CfxBusProperty;

typedef struct {
    const char *name;
    void (*handle)(gpointer data, gint64 key, GVariant *arguments, CfxBusCall *call);
} CfxBusObjectMethod;

/* One interface of a kind of objects; static. */
typedef struct {
    const char *name;                 /* "Site" of org.cariflex.Cariflex1.Site */
    const CfxBusProperty *properties; /* ended by a NULL name */
    gsize view_size;                  /* at most CFX_BUS_VIEW_MAX */
    /* Fills a view, from memory; texts are lent until the next turn. FALSE: the object is gone. */
    gboolean (*read)(gpointer data, gint64 key, gpointer view);
    const CfxBusObjectMethod *methods; /* (nullable) ended by a NULL name */
} CfxBusInterface;

#define CFX_BUS_VIEW_MAX 512

/* Objects that are alike; static. */
typedef struct {
    const char *folder;                       /* "site": they are at …/site/ELEMENT */
    const CfxBusInterface *const *interfaces; /* ended by NULL */
    /* (nullable) appends their keys (gint64); NULL: there is one, at …/FOLDER, of key 0 */
    void (*list)(gpointer data, GArray *keys);
    /* (nullable) its name, escaped for a path by the tree (transfer full); NULL: its key */
    char *(*element)(gpointer data, gint64 key);
} CfxBusKind;

/* Before cfx_bus_start(). What changes is told twice a second at most. */
void cfx_bus_add_kind(CfxBus *bus, const CfxBusKind *kind, gpointer data);

/* The path of an object, whether or not it is there. (transfer full) */
char *cfx_bus_path(const char *folder, const char *element);

/* --- message bus ---------------------------------------------------------------------------- */

typedef enum {
    CFX_BUS_NONE,
    CFX_BUS_SYSTEM,
    CFX_BUS_SESSION,
} CfxBusType;

/* Serves the tree there too, under the name org.cariflex.Cariflex1; tries again, with growing
 * pauses, for as long as there is no such bus or it does not let us in. After cfx_bus_start(). */
void cfx_bus_connect(CfxBus *bus, CfxBusType type);
