/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Who somebody is: passwords and bearer tokens. */
#include "cfx-register-private.h"

#include "cfx-register-secret.h"

#include <string.h>

/* so many wrong passwords of one identity are answered, then it has to wait */
#define FAILURES_MAX 10
#define FAILURES_WINDOW_US (60 * CFX_SECOND)
#define FAILURES_REMEMBERED 4096
/* slow hashes that may be under way: the rest is told to come again */
#define SLOW_MAX 32
#define TOKENS_MAX 64 /* that one principal may hold; the one that ends first goes */

typedef struct {
    gint64 since_us; /* REAL */
    guint count;
} Failure;

typedef struct {
    CfxRegister *reg;
    char *user, *password;
    gint64 lifetime_us;
    CfxLoginDone done;
    gpointer data;
    char *hash;     /* to compare with, slow */
    gboolean is_ok; /* written in the pool */
    gint64 principal;
    char *token;
    gint64 expires_us; /* of it, or of the one that was shown */
    char *spent;       /* hash of the link's token that this login uses up */
    GError *error;
} Login;

static guint slow_under_way;

void
cfx_bearer_free(CfxBearer *self)
{
    if (self == NULL)
        return;
    g_free(self->hash);
    g_free(self);
}

char *
cfx_register_bearer_hash(CfxRegister *self, const char *token)
{
    return cfx_secret_hash_fast(self->salt, token);
}

static gboolean
is_imported_of(gpointer key, gpointer value, gpointer data)
{
    const CfxBearer *bearer = value;
    const CfxPrincipal *principal = data;

    return !bearer->is_issued && bearer->principal == principal->id;
}

void
cfx_register_index_credentials(CfxRegister *self, const CfxPrincipal *principal)
{
    const CfxCredential *token = cfx_principal_credential(principal, "token");
    CfxBearer *bearer;

    g_hash_table_foreach_remove(self->bearers, is_imported_of, (gpointer)principal);
    if (token == NULL)
        return;
    bearer = g_new0(CfxBearer, 1);
    bearer->hash = g_strdup(token->hash);
    bearer->principal = principal->id;
    bearer->expires_us = CFX_TIME_MAX;
    g_hash_table_replace(self->bearers, bearer->hash, bearer);
}

/* The asset that a principal stands for: what it is bound to, else what its first grant names. */
static gint64
asset_of(CfxRegister *self, const CfxPrincipal *who)
{
    for (guint i = 0; i < who->grants->len; i++)
        if (((const CfxGrant *)who->grants->pdata[i])->asset != 0)
            return ((const CfxGrant *)who->grants->pdata[i])->asset;
    return 0;
}

static void
fill(CfxRegister *self, const CfxPrincipal *who, CfxLogin *ret)
{
    *ret = (CfxLogin){ .struct_size = sizeof(*ret),
                       .role = cfx_register_role(self, who->id),
                       .principal = who->id,
                       .account = who->account,
                       .identity = who->name,
                       .asset = asset_of(self, who) };
    /* a station's values have its adapter's source */
    if (strcmp(who->kind, "station") == 0)
        return;
    for (guint i = 0; i < who->grants->len; i++) {
        const CfxGrant *grant = who->grants->pdata[i];

        if ((cfx_right_parse(grant->right) & CFX_RIGHT_POST) == 0)
            continue;
        ret->source = cfx_register_source_of_principal(self, who->id);
        return;
    }
}

/* NULL: unknown or expired */
static const CfxBearer *
bearer_of(CfxRegister *self, const char *token)
{
    g_autofree char *hash = NULL;
    const CfxBearer *bearer;

    if (token == NULL || *token == '\0' || strlen(token) > CFX_SECRET_LENGTH_MAX ||
        self->salt == NULL)
        return NULL;
    hash = cfx_register_bearer_hash(self, token);
    bearer = g_hash_table_lookup(self->bearers, hash);
    return bearer != NULL && bearer->expires_us > g_get_real_time() ? bearer : NULL;
}

gboolean
cfx_register_bearer(CfxRegister *self, const char *token, CfxLogin *ret)
{
    const CfxBearer *bearer = bearer_of(self, token);
    const CfxPrincipal *who;

    if (bearer == NULL || bearer->is_once)
        return FALSE;
    who = g_hash_table_lookup(self->by_id, &bearer->principal);
    if (who == NULL)
        return FALSE;
    fill(self, who, ret);
    ret->expires_us = bearer->expires_us != CFX_TIME_MAX ? bearer->expires_us : 0;
    return TRUE;
}

void
cfx_register_revoke(CfxRegister *self, const char *token)
{
    g_autofree char *hash = cfx_register_bearer_hash(self, token);
    CfxDraft *draft;

    if (!g_hash_table_contains(self->bearers, hash))
        return;
    draft = cfx_draft_new(self);
    cfx_draft_drop_bearer(draft, hash);
    cfx_draft_commit_now(draft);
}

/* --- failures --------------------------------------------------------------------------------- */

static gboolean
is_old(gpointer key, gpointer value, gpointer now_us)
{
    return ((Failure *)value)->since_us + FAILURES_WINDOW_US <= *(gint64 *)now_us;
}

/* Whether there were too many failures already. */
static gboolean
has_failed_often(CfxRegister *self, const char *user)
{
    Failure *failure = g_hash_table_lookup(self->failures, user);
    gint64 now_us = cfx_now_real(self->host);

    return failure != NULL && failure->count >= FAILURES_MAX &&
           failure->since_us + FAILURES_WINDOW_US > now_us;
}

static void
note_failure(CfxRegister *self, const char *user)
{
    Failure *failure = g_hash_table_lookup(self->failures, user);
    gint64 now_us = cfx_now_real(self->host);

    if (failure == NULL) {
        if (g_hash_table_size(self->failures) >= FAILURES_REMEMBERED)
            g_hash_table_foreach_remove(self->failures, is_old, &now_us);
        if (g_hash_table_size(self->failures) >= FAILURES_REMEMBERED)
            return;
        failure = g_new0(Failure, 1);
        failure->since_us = now_us;
        g_hash_table_insert(self->failures, g_strdup(user), failure);
    }
    if (failure->since_us + FAILURES_WINDOW_US <= now_us)
        *failure = (Failure){ .since_us = now_us };
    failure->count++;
}

/* --- login ------------------------------------------------------------------------------------ */

static void
login_free(Login *self)
{
    if (self->password != NULL)
        explicit_bzero(self->password, strlen(self->password));
    g_free(self->password);
    g_free(self->user);
    g_free(self->hash);
    g_free(self->token);
    g_free(self->spent);
    g_clear_error(&self->error);
    g_free(self);
}

static void
login_answer(gpointer data)
{
    Login *self = data;
    const CfxPrincipal *who = g_hash_table_lookup(self->reg->by_id, &self->principal);
    CfxLogin login;

    if (self->error == NULL && who == NULL)
        g_set_error_literal(
            &self->error, CFX_ERROR, CFX_ERROR_NOT_FOUND, "there is nobody of that name");
    if (self->error != NULL) {
        self->done(self->data, NULL, self->error);
    } else {
        fill(self->reg, who, &login);
        login.token = self->token;
        login.expires_us = self->expires_us;
        self->done(self->data, &login, NULL);
    }
    login_free(self);
}

static void
token_stored(gpointer data, const GError *error)
{
    Login *self = data;

    if (error != NULL)
        self->error = g_error_copy(error);
    login_answer(self);
}

void
cfx_register_drop_old_tokens(CfxRegister *self, gint64 principal, CfxDraft *draft)
{
    gint64 now_us = g_get_real_time();
    const CfxBearer *first = NULL;
    GHashTableIter iter;
    gpointer value;
    guint count = 0;

    g_hash_table_iter_init(&iter, self->bearers);
    while (g_hash_table_iter_next(&iter, NULL, &value)) {
        const CfxBearer *bearer = value;

        if (!bearer->is_issued)
            continue;
        if (bearer->expires_us <= now_us) {
            cfx_draft_drop_bearer(draft, bearer->hash);
        } else if (bearer->principal == principal) {
            count++;
            if (first == NULL || bearer->expires_us < first->expires_us)
                first = bearer;
        }
    }
    if (count >= TOKENS_MAX)
        cfx_draft_drop_bearer(draft, first->hash);
}

void
cfx_register_drop_tokens(CfxRegister *self, gint64 principal, CfxDraft *draft)
{
    GHashTableIter iter;
    gpointer value;

    g_hash_table_iter_init(&iter, self->bearers);
    while (g_hash_table_iter_next(&iter, NULL, &value)) {
        const CfxBearer *bearer = value;

        if (bearer->is_issued && bearer->principal == principal)
            cfx_draft_drop_bearer(draft, bearer->hash);
    }
}

static void
login_succeeded(Login *self)
{
    CfxRegister *reg = self->reg;
    CfxBearer *bearer;
    CfxDraft *draft;

    g_hash_table_remove(reg->failures, self->user);
    if (self->lifetime_us <= 0) {
        login_answer(self);
        return;
    }
    self->token = cfx_secret_new(24);
    bearer = g_new0(CfxBearer, 1);
    bearer->hash = cfx_register_bearer_hash(reg, self->token);
    bearer->principal = self->principal;
    self->expires_us = bearer->expires_us = g_get_real_time() + self->lifetime_us;
    bearer->is_issued = TRUE;
    draft = cfx_draft_new(reg);
    cfx_register_drop_old_tokens(reg, self->principal, draft);
    if (self->spent != NULL)
        cfx_draft_drop_bearer(draft, self->spent);
    cfx_draft_bearer(draft, bearer);
    cfx_draft_commit(draft, token_stored, self);
}

static void
login_failed(Login *self, CfxError code, const char *message)
{
    g_set_error_literal(&self->error, CFX_ERROR, code, message);
    login_answer(self);
}

static void
wrong(Login *self)
{
    note_failure(self->reg, self->user);
    if (has_failed_often(self->reg, self->user))
        login_failed(self, CFX_ERROR_FULL, "too many wrong passwords; wait a minute");
    else
        login_failed(self, CFX_ERROR_AUTH, "the password is wrong");
}

static void
check_slowly(gpointer data)
{
    Login *self = data;

    self->is_ok = cfx_secret_check_slow(self->hash, self->password);
}

static void
checked_slowly(gpointer data, const GError *error)
{
    Login *self = data;

    slow_under_way--;
    if (error != NULL) {
        self->error = g_error_copy(error);
        login_answer(self);
    } else if (self->is_ok) {
        login_succeeded(self);
    } else {
        wrong(self);
    }
}

static void
login_by_token(Login *self)
{
    const CfxBearer *bearer = bearer_of(self->reg, self->user);

    if (bearer == NULL || (bearer->is_once && self->lifetime_us <= 0)) {
        login_failed(self, CFX_ERROR_AUTH, "the token is unknown or has expired");
        return;
    }
    self->principal = bearer->principal;
    self->expires_us = bearer->expires_us != CFX_TIME_MAX ? bearer->expires_us : 0;
    if (bearer->is_once) {
        /* used up from here on, whoever else shows it while the store writes */
        self->spent = g_strdup(bearer->hash);
        g_hash_table_remove(self->reg->bearers, self->spent);
    }
    login_succeeded(self);
}

static void
login_run(gpointer data)
{
    Login *self = data;
    const CfxPrincipal *who;
    const CfxCredential *credential;

    if (self->password == NULL) {
        login_by_token(self);
        return;
    }
    who = g_hash_table_lookup(self->reg->principals, self->user);
    credential = who != NULL ? cfx_principal_credential(who, "password") : NULL;
    if (who == NULL) {
        login_failed(self, CFX_ERROR_NOT_FOUND, "there is nobody of that name");
        return;
    }
    self->principal = who->id;
    if (credential == NULL) {
        wrong(self);
    } else if (strcmp(credential->scheme, "sha256") == 0) {
        /* it cannot be guessed: the right one passes whatever others have tried */
        if (cfx_secret_check_fast(credential->salt, credential->hash, self->password))
            login_succeeded(self);
        else
            wrong(self);
    } else if (has_failed_often(self->reg, self->user) || slow_under_way >= SLOW_MAX) {
        login_failed(self, CFX_ERROR_FULL, "too many wrong passwords; wait a minute");
    } else {
        slow_under_way++;
        self->hash = g_strdup(credential->hash);
        self->reg->host->base->work(self->reg->host, check_slowly, self, checked_slowly);
    }
}

void
cfx_register_login(CfxRegister *self,
                   const char *user,
                   const char *password,
                   gint64 lifetime_us,
                   CfxLoginDone done,
                   gpointer data)
{
    Login *login = g_new0(Login, 1);

    login->reg = self;
    login->user = g_strdup(user != NULL ? user : "");
    login->password = g_strdup(password);
    login->lifetime_us = lifetime_us;
    login->done = done;
    login->data = data;
    self->host->base->post(self->host, login_run, login);
}
