/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* HTTP as the gateways and the operator speak it: logged, owed, bounded. */
#pragma once

#include <json-glib/json-glib.h>

#include "simulator-world.h"

typedef struct {
    const char *who; /* lives longer */
    const char *method, *url;
    const char *authorization; /* value of the header; NULL: none */
    const char *type;          /* content type; NULL: application/json */
    const char *body;          /* NULL: none */
    gboolean is_secret;        /* the body is not logged, nor the answer's */
    guint64 again;             /* id of the first try; 0: this is it */
} SimRequest;

/* status 0: no answer. `body` where it was JSON. Does not come after the world's stop. */
typedef void (*SimHttpDone)(gpointer data, guint64 id, guint status, JsonNode *body);

/* Returns the id of the request. */
guint64 sim_http_send(SimWorld *world, const SimRequest *request, SimHttpDone done, gpointer data);
