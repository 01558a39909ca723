/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What the files of the register share. */
#pragma once

#include "cfx-register.h"

#include "cfx-instance.h"
#include "cfx-model-builder.h"
#include "cfx-register-items.h"

#include <kit/cfx-json.h>
#include <kit/cfx-time.h>

G_BEGIN_DECLS

#define CFX_REGISTER_FIRST_ID 1000
#define CFX_REGISTER_KNOCKS_MAX 256

/* proof of who somebody is; texts are interned or owned, as it stands in cfx.credential */
typedef struct {
    char *kind;   /* "password", "token" */
    char *scheme; /* "sha256", "yescrypt" */
    char *salt;   /* hex; "" for yescrypt, whose hash holds it */
    char *hash;
} CfxCredential;

typedef struct {
    char *right;           /* "read" … "admin" */
    gint64 asset, account; /* one of them; account: or CFX_EVERY_ACCOUNT */
} CfxGrant;

#define CFX_EVERY_ACCOUNT ((gint64)-1)
#define CFX_N_LINK_PEOPLE 3

/* replaced as a whole, never changed */
typedef struct {
    gint64 id, account;
    char *name; /* interned */
    char *kind;
    GPtrArray *credentials; /* (element-type CfxCredential) */
    GPtrArray *grants;      /* (element-type CfxGrant) */
} CfxPrincipal;

typedef struct {
    char *key; /* "ISO14443:MQ-9004", the value in upper case */
    char *token, *type, *name;
    gint64 account;
    CfxTokenStatus status;
    double need_wh, minimum_wh;
    gint departure_minute;
    char *preferences; /* JSON object as it was given */
} CfxIdToken;

typedef struct {
    char *hash;
    gint64 principal, expires_us; /* system's UTC; CFX_TIME_MAX: never */
    gboolean is_issued;           /* by login() or for a link, not imported */
    gboolean is_once;             /* of a link: only good for another one */
} CfxBearer;

typedef struct {
    char *instance, *identity, *kind, *vendor, *model, *serial, *peer;
    guint evses;
    gint64 first_us, last_us; /* SITE */
    gint64 written_us;        /* when its record was written last */
    guint64 count;
} CfxKnocked;

struct _CfxRegister {
    CfxInstance *self;
    const CfxHost *host;
    void (*tell)(gpointer data, const CfxModel *model);
    gpointer tell_data;

    GMutex model_lock; /* of `model`, for [any] */
    const CfxModel *model;
    const CfxModel *previous; /* borrowed pointers live until the next change */
    CfxModelBuilder *builder;
    gint64 next_id[6]; /* by CFX_MODEL_… */
    gint64 next_principal;
    GHashTable *source_of; /* source id -> name of its principal, interned */

    GRWLock people_lock;                          /* of principals and by_id, for [any] */
    GHashTable *principals;                       /* name -> CfxPrincipal */
    GHashTable *by_id;                            /* id -> CfxPrincipal */
    CfxPrincipal *link_people[CFX_N_LINK_PEOPLE]; /* in by_id only */
    GHashTable *bearers;                          /* hash -> CfxBearer */
    GHashTable *tokens;                           /* key -> CfxIdToken */
    GHashTable *failures;                         /* identity -> Failure, cfx-register-login.c */
    GQueue knocks;                                /* CfxKnocked, latest first */
    gint64 knocks_since_us;                       /* REAL; of knocks_logged */
    guint knocks_logged;
    char *salt; /* of bearer tokens, hex */

    GQueue waiting; /* operations that change something, one at a time */
    gboolean is_busy;
};

/* --- cfx-register.c ------------------------------------------------------------------------- */

/* The register of this process, for tables whose functions get only a host; NULL: none. */
CfxRegister *cfx_register_get(void);
/* Runs func(data) when no other operation is under way; it ends with cfx_register_next(). */
void cfx_register_serial(CfxRegister *self, CfxFunc func, gpointer data);
void cfx_register_next(CfxRegister *self);
/* An id of that kind that was never given. */
gint64 cfx_register_id(CfxRegister *self, guint32 kind);
/* Takes the builder's state as the present model and tells everybody. */
void cfx_register_publish(CfxRegister *self);
/* Reference of the present model. [any] (transfer full) */
const CfxModel *cfx_register_model_ref(CfxRegister *self);

/* --- cfx-register-api.c --------------------------------------------------------------------- */

void cfx_register_tell_instances(CfxRegister *self);
void cfx_register_api_end(CfxRegister *self);

/* --- cfx-register-draft.c: a set of changes, stored together, then in force ------------------ */

typedef struct _CfxDraft CfxDraft;

CfxDraft *cfx_draft_new(CfxRegister *reg);
void cfx_draft_free(CfxDraft *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(CfxDraft, cfx_draft_free)
/* Item is copied; its principal (sources only, nullable) interned. */
void cfx_draft_put(CfxDraft *self, guint32 kind, gconstpointer item, const char *principal);
void cfx_draft_remove(CfxDraft *self, guint32 kind, gint64 id);
/* (transfer full) the rest */
void cfx_draft_principal(CfxDraft *self, CfxPrincipal *principal);
void cfx_draft_token(CfxDraft *self, CfxIdToken *token);
void cfx_draft_bearer(CfxDraft *self, CfxBearer *bearer);
void cfx_draft_drop_bearer(CfxDraft *self, const char *hash);
void cfx_draft_record(
    CfxDraft *self, const char *collection, const char *key, guint32 flags, GBytes *doc);
gboolean cfx_draft_is_empty(const CfxDraft *self);
/* What the model would be. (transfer full) */
const CfxModel *cfx_draft_preview(CfxDraft *self);
/* The problems that the changes would bring; FALSE: there are some, one a line in `error`. */
gboolean cfx_draft_check(CfxDraft *self, GError **error);
/* Stores, then puts it in force, then calls done. Takes the draft; done never comes at once. */
void cfx_draft_commit(CfxDraft *self, CfxDone done, gpointer data);
/* Puts it in force now and stores behind it. */
void cfx_draft_commit_now(CfxDraft *self);

/* --- cfx-register-people.c ------------------------------------------------------------------ */

CfxPrincipal *cfx_principal_new(gint64 id, const char *name, const char *kind, gint64 account);
void cfx_principal_free(CfxPrincipal *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(CfxPrincipal, cfx_principal_free)
CfxCredential *cfx_principal_credential(const CfxPrincipal *self, const char *kind);
void cfx_credential_free(CfxCredential *self);
void cfx_principal_set_credential(CfxPrincipal *self, CfxCredential *credential);
gboolean cfx_principal_equal(const CfxPrincipal *a, const CfxPrincipal *b);
void cfx_principal_add_grant(CfxPrincipal *self, const char *right, gint64 asset, gint64 account);
/* 0: there is no such right */
guint32 cfx_right_parse(const char *name);
const CfxPrincipal *cfx_register_principal(CfxRegister *self, const char *name);
void cfx_register_take_principal(CfxRegister *self, CfxPrincipal *principal);
/* Reads and writes the records. */
CfxPrincipal *cfx_principal_read(const char *doc, gsize size);
GBytes *cfx_principal_write(const CfxPrincipal *self);
GBytes *cfx_credentials_write(const CfxPrincipal *self);
void cfx_credentials_read(CfxPrincipal *self, const char *doc, gsize size);

void cfx_id_token_free(CfxIdToken *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(CfxIdToken, cfx_id_token_free)
char *cfx_id_token_key(const char *type, const char *value);
CfxIdToken *cfx_id_token_read(const char *doc, gsize size);
GBytes *cfx_id_token_write(const CfxIdToken *self);
gboolean cfx_id_token_equal(const CfxIdToken *a, const CfxIdToken *b);

/* --- cfx-register-login.c ------------------------------------------------------------------- */

void cfx_bearer_free(CfxBearer *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(CfxBearer, cfx_bearer_free)
char *cfx_register_bearer_hash(CfxRegister *self, const char *token);
/* Expired tokens go, and of a principal with too many the one that ends first. */
void cfx_register_drop_old_tokens(CfxRegister *self, gint64 principal, CfxDraft *draft);
/* All that were issued to it go. */
void cfx_register_drop_tokens(CfxRegister *self, gint64 principal, CfxDraft *draft);
/* Makes tokens of kind "token" of a principal known. */
void cfx_register_index_credentials(CfxRegister *self, const CfxPrincipal *principal);

/* --- cfx-register-link.c -------------------------------------------------------------------- */

void cfx_register_add_link_people(CfxRegister *self);

/* --- cfx-register-knock.c ------------------------------------------------------------------- */

void cfx_knocked_free(CfxKnocked *self);
void cfx_register_write_knock(CfxJsonWriter *json, const CfxKnocked *self);
void cfx_register_read_knock(CfxRegister *self, const char *doc, gsize size);
void cfx_register_forget_knock(CfxRegister *self, const char *instance, const char *identity);

G_END_DECLS
