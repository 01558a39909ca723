/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What a page sends: bodies of posts, and messages of its socket. Pure; see API.md. */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

#define UI_BODY_MAX 65536
#define UI_MESSAGE_MAX 4096
#define UI_NO_ECHO G_MININT64

typedef struct {
    char *user, *password; /* both, or the token */
    char *token;
} UiSignIn;

typedef struct {
    char *name;
    char *arguments; /* JSON object; "{}" if it was left out */
} UiCommand;

typedef struct {
    double need_kwh; /* NaN: unchanged */
    char *by;        /* (nullable) unchanged */
} UiNeed;

typedef enum { UI_MESSAGE_PING, UI_MESSAGE_SITE } UiMessageType;

typedef struct {
    UiMessageType type;
    gint64 echo; /* UI_NO_ECHO: none */
    gint64 site;
} UiMessage;

void ui_sign_in_clear(UiSignIn *self);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(UiSignIn, ui_sign_in_clear)
void ui_command_clear(UiCommand *self);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(UiCommand, ui_command_clear)
void ui_need_clear(UiNeed *self);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(UiNeed, ui_need_clear)

/* @text: changed while it is read. FALSE: `error` says where and what is wrong. */
gboolean ui_sign_in_parse(char *text, gsize size, UiSignIn *ret, GError **error);
gboolean ui_command_parse(char *text, gsize size, UiCommand *ret, GError **error);
gboolean ui_need_parse(char *text, gsize size, UiNeed *ret, GError **error);
gboolean ui_message_parse(char *text, gsize size, UiMessage *ret, GError **error);

/* Value of a member of a query; NULL: not there. Nothing is decoded. (transfer full) */
char *ui_query_find(const char *query, const char *name);

G_END_DECLS
