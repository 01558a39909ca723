/* SPDX-License-Identifier: MIT */
/* What the web table keeps. */
#pragma once

#include "cfx-harness-private.h"

struct _CfxHarnessWeb {
    GPtrArray *routes;   /* Route */
    GPtrArray *requests; /* Request */
    GPtrArray *sockets;  /* CfxSocket */
    GPtrArray *users;    /* User */
    GHashTable *rights;  /* principal → rights */
    CfxHarnessServer server;
    gpointer server_data;
};

/* The functions of the table that reach for others. */
void
cfx_harness_http(const CfxHost *host, const CfxHttpCall *http, CfxHttpDone done, gpointer data);
void cfx_harness_login(const CfxHost *host,
                       const char *user,
                       const char *password,
                       gint64 lifetime_us,
                       CfxLoginDone done,
                       gpointer data);
void cfx_harness_logout(const CfxHost *host, const char *token);
gboolean cfx_harness_may(const CfxHost *host, gint64 principal, guint32 right, gint64 asset);
void cfx_harness_user_free(gpointer user);
