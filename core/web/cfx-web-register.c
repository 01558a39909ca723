/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Identities as the register knows them. */
#include "cfx-register.h"
#include "cfx-web.h"

static gboolean
register_bearer(gpointer data, const char *token, CfxLogin *ret)
{
    return cfx_register_bearer(data, token, ret);
}

static void
register_login(gpointer data,
               const char *user,
               const char *password,
               gint64 lifetime_us,
               CfxLoginDone done,
               gpointer done_data)
{
    cfx_register_login(data, user, password, lifetime_us, done, done_data);
}

static gboolean
register_may(gpointer data, gint64 principal, guint32 right, gint64 asset)
{
    return cfx_register_may(data, principal, right, asset);
}

static void
register_logout(gpointer data, const char *token)
{
    cfx_register_revoke(data, token);
}

CfxWebAuth
cfx_web_auth_of_register(CfxRegister *reg)
{
    return (CfxWebAuth){
        .data = reg,
        .bearer = register_bearer,
        .login = register_login,
        .may = register_may,
        .logout = register_logout,
    };
}
