/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Logins that plugins ask for: to the register on the main thread and back to the instance's home.
 */
#include "cfx-web-private.h"

typedef struct {
    CfxLogins *logins;
    GList link;
    CfxInstance *owner; /* NULL: it has stopped, and was told */
    guint64 generation;
    char *user, *password;
    gint64 lifetime_us;
    CfxLoginDone done;
    gpointer data;
    CfxLogin result; /* texts are ours */
    GError *error;
} Login;

struct _CfxLogins {
    gatomicrefcount refs; /* one of each login: a slow hash may come back after the web's end */
    CfxWeb *web;          /* NULL: it has ended */
    GMutex lock;
    GQueue all; /* (element-type Login) */
};

CfxLogins *
cfx_logins_new(CfxWeb *web)
{
    CfxLogins *self = g_new0(CfxLogins, 1);
    g_atomic_ref_count_init(&self->refs);
    self->web = web;
    g_mutex_init(&self->lock);
    return self;
}

static void
logins_unref(CfxLogins *self)
{
    if (!g_atomic_ref_count_dec(&self->refs))
        return;
    g_mutex_clear(&self->lock);
    g_free(self);
}

static void
wipe(char *text)
{
    for (char *at = text; at != NULL && *at != 0; at++)
        *at = 0;
    g_free(text);
}

static void
login_free(Login *self)
{
    g_free(self->user);
    wipe(self->password);
    g_free((char *)self->result.identity);
    wipe((char *)self->result.token);
    g_clear_error(&self->error);
    logins_unref(self->logins);
    g_free(self);
}

void
cfx_logins_free(CfxLogins *self)
{
    self->web = NULL;
    logins_unref(self);
}

/* [home] */
static void
deliver_cb(gpointer data)
{
    Login *self = data;
    g_mutex_lock(&self->logins->lock);
    CfxInstance *owner = self->owner;
    if (owner != NULL)
        g_queue_unlink(&self->logins->all, &self->link);
    g_mutex_unlock(&self->logins->lock);
    if (owner != NULL && cfx_instance_is_alive(owner, self->generation)) {
        gint64 entered = cfx_instance_enter(owner);
        self->done(self->data, self->error == NULL ? &self->result : NULL, self->error);
        cfx_instance_leave(owner, entered, "login");
    }
    login_free(self);
}

/* [main] */
static void
answered_cb(gpointer data, const CfxLogin *result, const GError *error)
{
    Login *self = data;
    if (self->logins->web == NULL) {
        login_free(self);
        return;
    }
    if (result != NULL) {
        self->result = *result;
        self->result.struct_size = sizeof self->result;
        self->result.identity = g_strdup(result->identity);
        self->result.token = g_strdup(result->token);
    } else {
        self->error = g_error_copy(error);
    }
    g_mutex_lock(&self->logins->lock);
    CfxLoop *home = self->owner != NULL ? self->owner->home : self->logins->web->main;
    g_mutex_unlock(&self->logins->lock);
    cfx_web_run_home(self->logins->web, home, deliver_cb, self);
}

static void
ask_cb(gpointer data)
{
    Login *self = data;
    const CfxWebAuth *auth = &self->logins->web->auth;
    auth->login(auth->data, self->user, self->password, self->lifetime_us, answered_cb, self);
}

void
cfx_login_call(CfxLogins *self,
               CfxInstance *owner,
               const char *user,
               const char *password,
               gint64 lifetime_us,
               CfxLoginDone done,
               gpointer data)
{
    Login *login = g_new0(Login, 1);
    g_atomic_ref_count_inc(&self->refs);
    login->logins = self;
    login->owner = owner;
    login->generation = owner->generation;
    login->user = g_strdup(user);
    login->password = g_strdup(password);
    login->lifetime_us = lifetime_us;
    login->done = done;
    login->data = data;
    login->link.data = login;
    g_mutex_lock(&self->lock);
    g_queue_push_tail_link(&self->all, &login->link);
    g_mutex_unlock(&self->lock);
    if (self->web->auth.login != NULL) {
        cfx_web_run_main(self->web, ask_cb, login);
        return;
    }
    login->error = g_error_new_literal(
        CFX_ERROR, CFX_ERROR_NOT_SUPPORTED, "this host knows nobody: it has no storage");
    cfx_loop_post(owner->home, deliver_cb, login);
}

void
cfx_logins_drop_owner(CfxLogins *self, const CfxInstance *owner)
{
    g_autoptr(GError) error =
        g_error_new_literal(CFX_ERROR, CFX_ERROR_CANCELLED, "the instance stops");
    g_autoptr(GPtrArray) mine = g_ptr_array_new();
    g_mutex_lock(&self->lock);
    for (GList *link = self->all.head, *next; link != NULL; link = next) {
        Login *login = link->data;
        next = link->next;
        if (login->owner != owner)
            continue;
        g_queue_unlink(&self->all, link);
        login->owner = NULL; /* what comes back later finds nobody */
        g_ptr_array_add(mine, login);
    }
    g_mutex_unlock(&self->lock);
    for (guint i = 0; i < mine->len; i++) {
        Login *login = mine->pdata[i];
        login->done(login->data, NULL, error);
    }
}
