/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A stored object of the VTN: program, event, ven or resource. What a client wrote comes back as it
 * was written, number by number, so its members are kept as text.
 */
#pragma once

#include <glib.h>
#include <json-glib/json-glib.h>

typedef enum {
    VTN_PROGRAM,
    VTN_EVENT,
    VTN_VEN,
    VTN_RESOURCE,
    VTN_N_KINDS,
} VtnKind;

typedef struct {
    gatomicrefcount refs;
    VtnKind kind;
    char *id;
    gint64 created_us, modified_us;
    char *members;  /* ",\"programName\":…": all but the metadata and targets, as written */
    char **targets; /* NULL: none */
    /* what filters and links look at; each NULL or "" where the kind has none */
    char *name;       /* programName, eventName, venName, resourceName */
    char *program_id; /* event */
    char *ven_id;     /* resource */
    char *client_id;  /* ven, resource */
    gint64 end_us;    /* event: when its last interval has passed; G_MAXINT64: never */
} VtnObject;

VtnObject *vtn_object_ref(VtnObject *self);
void vtn_object_unref(VtnObject *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(VtnObject, vtn_object_unref)

const char *vtn_kind_name(VtnKind kind);       /* "EVENT" */
const char *vtn_kind_collection(VtnKind kind); /* "openadr.event" */

/* Checks a body by the schema of its kind and reads it.
 * @owner: (nullable) client id that a VEN's own objects get
 * Returns: NULL with an error of CFX_ERROR_INVALID: "path: what" */
VtnObject *vtn_object_parse(VtnKind kind,
                            const char *json,
                            gsize size,
                            gboolean is_business,
                            const char *owner,
                            GError **error);

/* The object as a client sees it. @shown: (nullable) targets that may be seen; NULL: all */
void vtn_object_write(const VtnObject *self, char *const *shown, GString *to);
/* The stored form, and back. */
char *vtn_object_doc(const VtnObject *self);
VtnObject *vtn_object_from_doc(VtnKind kind, const char *doc, gsize size, GError **error);

gboolean vtn_id_is_valid(const char *id);
