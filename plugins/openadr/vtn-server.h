/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * One VTN. Its objects are kept in memory and in the store; a write is answered when it is stored,
 * and one write waits for the one before, so that names stay unique and links whole.
 */
#pragma once

#include <cariflex/cfx.h>

#include "vtn-object.h"

/* Scopes; a token holds some of those of its role. */
enum {
    VTN_READ_ALL = 1 << 0,
    VTN_READ_TARGETS = 1 << 1,
    VTN_READ_VEN_OBJECTS = 1 << 2,
    VTN_WRITE_PROGRAMS = 1 << 3,
    VTN_WRITE_EVENTS = 1 << 4,
    VTN_WRITE_REPORTS = 1 << 5,
    VTN_WRITE_SUBSCRIPTIONS = 1 << 6,
    VTN_WRITE_VENS = 1 << 7,
};

typedef struct {
    const CfxHost *host;
    const char *listener, *base, *url; /* url: (nullable) how clients reach us */
    gint64 token_lifetime_us, account;
    GPtrArray *objects[VTN_N_KINDS]; /* VtnObject, oldest first */
    GHashTable *by_id;               /* id → VtnObject, borrowed from objects */
    GHashTable *tokens;              /* SHA-256 of a token → VtnToken */
    GQueue writes;                   /* VtnWrite; the head is under way */
    GString *text;                   /* answers are made here */
} VtnServer;

/* Who asks, and what it may. */
typedef struct {
    VtnServer *server;
    const CfxRequest *request;
    char *client;
    guint32 scopes;
    gboolean is_business;
} VtnVisit;

void vtn_visit_free(VtnVisit *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(VtnVisit, vtn_visit_free)

/* Loads what is stored; then done. */
void vtn_server_load(VtnServer *self, CfxDone done, gpointer data);
gboolean vtn_server_mount(VtnServer *self, GError **error);

/* --- objects (vtn-store.c) */
VtnObject *vtn_server_find(VtnServer *self, VtnKind kind, const char *id);
VtnObject *vtn_server_by_name(VtnServer *self, VtnKind kind, const char *name, const char *ven_id);

/* what a queued write does when its turn comes; it begins the commit or answers at once */
typedef void (*VtnWriteFunc)(VtnVisit *visit, VtnObject *object);
/* Takes the visit; object (nullable). */
void vtn_server_queue(VtnServer *self, VtnVisit *visit, VtnObject *object, VtnWriteFunc func);
/* The running write is over without a commit: it was answered. */
void vtn_server_next(VtnServer *self);
/* The instance goes: what still waits is forgotten, the host answers it. */
void vtn_server_drop_writes(VtnServer *self);
/* Stores an object (or removes it), answers, and lets the next write run. @old: (nullable) what it
 * replaces */
void vtn_server_store(
    VtnServer *self, VtnVisit *visit, VtnObject *object, VtnObject *old, gboolean is_delete);

/* --- tokens (vtn-token.c) */
#define VTN_TOKENS "openadr.token" /* their collection */
/* A record as it was stored. */
void vtn_token_load(VtnServer *self, const CfxRecord *record);
void vtn_token_serve(VtnServer *self, const CfxRequest *request);
/* Scopes of a token that this VTN has made; 0: it is not ours or has expired. */
guint32 vtn_token_scopes(VtnServer *self, const char *token);
guint32 vtn_scopes_of_role(gboolean is_business);
void vtn_token_server(VtnServer *self, const CfxRequest *request);

/* --- requests on objects (vtn-read.c, vtn-write.c). They take the visit. */
void vtn_list(VtnVisit *visit, VtnKind kind);
void vtn_get(VtnVisit *visit, VtnKind kind, const char *id);
void vtn_post(VtnVisit *visit, VtnKind kind);
void vtn_put(VtnVisit *visit, VtnKind kind, const char *id);
void vtn_delete(VtnVisit *visit, VtnKind kind, const char *id);

/* --- privacy (vtn-privacy.c) */
/* Targets that a VEN was granted. (transfer full) never NULL */
char **vtn_grants(VtnServer *self, const char *client);
/* Whether the visitor may see the object; @grants: of a VEN, NULL for the business logic */
gboolean vtn_may_see(const VtnVisit *visit, const VtnObject *object, char *const *grants);

/* --- answers (vtn-answer.c) */
void vtn_answer_object(VtnServer *self,
                       const CfxRequest *request,
                       guint status,
                       const VtnObject *object,
                       char *const *shown);
void vtn_answer_text(VtnServer *self, const CfxRequest *request, guint status, const char *json);
void vtn_problem(VtnServer *self, const CfxRequest *request, guint status, const char *detail);
GBytes *vtn_problem_refuse(gpointer data,
                           const CfxRequest *request,
                           guint32 status,
                           const char *reason,
                           const char **type);
