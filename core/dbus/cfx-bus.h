/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The control socket: a private D-Bus server in the run folder, for whoever runs as our user or as
 * root. It has no logic of its own: methods come as tables, from the parts that know. [main]
 */
#pragma once

#include <cariflex/cfx-abi.h>

typedef struct _CfxBus CfxBus;
/* One call that waits for its answer; answered exactly once. */
typedef struct _CfxBusCall CfxBusCall;

typedef struct {
    const char *name; /* of the interface's method */
    void (*handle)(gpointer data, GVariant *arguments, CfxBusCall *call);
} CfxBusMethod;

/* Takes the path; who connects waits until cfx_bus_start(). NULL with `error`: the path is too
 * long, taken by a running daemon, or not ours to write. */
CfxBus *cfx_bus_new(const char *path, const char *version, GError **error);
void cfx_bus_start(CfxBus *bus);
/* No more calls; connections are closed and the socket is removed. */
void cfx_bus_free(CfxBus *bus);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(CfxBus, cfx_bus_free)

/* A table ended by a NULL name; static. What no table has is answered NotSupported. */
void cfx_bus_add(CfxBus *bus, const CfxBusMethod *methods, gpointer data);

/* Answers with a text; json (transfer full). Where the method has no result it must be NULL. */
void cfx_bus_reply(CfxBusCall *call, char *json);
/* Answers with an error; it stays the caller's. */
void cfx_bus_fail(CfxBusCall *call, const GError *error);

/* "org.cariflex.Error.NotFound" of CFX_ERROR_NOT_FOUND. */
char *cfx_bus_error_name(const GError *error);
