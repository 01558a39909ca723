/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "ui-body.h"

#include <cariflex/cfx-abi.h>
#include <kit/cfx-jsonmsg.h>
#include <math.h>
#include <string.h>

static gboolean
decode(char *text, gsize size, const CfxJsonTable *table, gpointer to, GError **error)
{
    g_auto(CfxArena) arena = { 0 };
    CfxJsonError problem = { 0 };
    char room[512];

    cfx_arena_init(&arena, room, sizeof room, UI_BODY_MAX);
    if (cfx_json_decode_text(text, size, 0, table, to, &arena, &problem))
        return TRUE;
    g_set_error(error,
                CFX_ERROR,
                CFX_ERROR_INVALID,
                "%s%s%s",
                problem.path,
                *problem.path != '\0' ? ": " : "",
                problem.message);
    return FALSE;
}

/* --- sign-in --------------------------------------------------------------------------------- */

typedef struct {
    CfxJsonText user, password, token;
} SignIn;

static const CfxJsonField sign_in_fields[] = {
    CFX_JSON_FIELD("user", TEXT, OPTIONAL, SignIn, user, .max = 255),
    CFX_JSON_FIELD("password", TEXT, OPTIONAL, SignIn, password, .max = 255),
    CFX_JSON_FIELD("token", TEXT, OPTIONAL, SignIn, token, .max = 255),
};
static const CfxJsonTable sign_in_table = CFX_JSON_TABLE(SignIn, sign_in_fields, 0);

static void
wipe(char *text)
{
    if (text != NULL)
        explicit_bzero(text, strlen(text));
    g_free(text);
}

void
ui_sign_in_clear(UiSignIn *self)
{
    g_clear_pointer(&self->user, g_free);
    g_clear_pointer(&self->password, wipe);
    g_clear_pointer(&self->token, wipe);
}

gboolean
ui_sign_in_parse(char *text, gsize size, UiSignIn *ret, GError **error)
{
    SignIn body;
    const char *missing = NULL;

    *ret = (UiSignIn){ 0 };
    if (!decode(text, size, &sign_in_table, &body, error))
        return FALSE;
    if (body.token.text != NULL && (body.user.text != NULL || body.password.text != NULL))
        missing = "token: stands alone, without user and password";
    else if (body.token.text == NULL && body.user.text == NULL)
        missing = "user: it is missing";
    else if (body.token.text == NULL && body.password.text == NULL)
        missing = "password: it is missing";
    if (missing != NULL) {
        g_set_error_literal(error, CFX_ERROR, CFX_ERROR_INVALID, missing);
        return FALSE;
    }
    ret->user = cfx_json_text_dup(body.user);
    ret->password = cfx_json_text_dup(body.password);
    ret->token = cfx_json_text_dup(body.token);
    return TRUE;
}

/* --- commands -------------------------------------------------------------------------------- */

typedef struct {
    CfxJsonText command, arguments;
} Command;

static const CfxJsonField command_fields[] = {
    CFX_JSON_FIELD("command", TEXT, REQUIRED, Command, command, .max = 64),
    CFX_JSON_FIELD("arguments", RAW_OBJECT, OPTIONAL, Command, arguments),
};
static const CfxJsonTable command_table = CFX_JSON_TABLE(Command, command_fields, 0);

void
ui_command_clear(UiCommand *self)
{
    g_clear_pointer(&self->name, g_free);
    g_clear_pointer(&self->arguments, g_free);
}

gboolean
ui_command_parse(char *text, gsize size, UiCommand *ret, GError **error)
{
    Command body;

    *ret = (UiCommand){ 0 };
    if (!decode(text, size, &command_table, &body, error))
        return FALSE;
    ret->name = cfx_json_text_dup(body.command);
    ret->arguments =
        body.arguments.text != NULL ? cfx_json_text_dup(body.arguments) : g_strdup("{}");
    return TRUE;
}

/* --- needs ----------------------------------------------------------------------------------- */

typedef struct {
    double need_kwh;
    CfxJsonText by;
} Need;

static const CfxJsonField need_fields[] = {
    CFX_JSON_FIELD("need_kwh", REAL, NULLABLE, Need, need_kwh),
    CFX_JSON_FIELD("by", TEXT, NULLABLE, Need, by, .max = 40),
};
static const CfxJsonTable need_table = CFX_JSON_TABLE(Need, need_fields, 0);

void
ui_need_clear(UiNeed *self)
{
    g_clear_pointer(&self->by, g_free);
}

gboolean
ui_need_parse(char *text, gsize size, UiNeed *ret, GError **error)
{
    Need body;

    *ret = (UiNeed){ .need_kwh = NAN };
    if (!decode(text, size, &need_table, &body, error))
        return FALSE;
    if (isnan(body.need_kwh) && body.by.text == NULL) {
        g_set_error_literal(
            error, CFX_ERROR, CFX_ERROR_INVALID, "need_kwh: it is missing, and so is by");
        return FALSE;
    }
    *ret = (UiNeed){ body.need_kwh, cfx_json_text_dup(body.by) };
    return TRUE;
}

/* --- messages of the socket ------------------------------------------------------------------- */

typedef struct {
    gint32 type;
    gint64 echo, site;
} Message;

static const char *const message_types[] = { "ping", "site", NULL };
static const CfxJsonField message_fields[] = {
    CFX_JSON_FIELD("type", ENUM, REQUIRED, Message, type, .words = message_types),
    CFX_JSON_FIELD("echo", INT, NULLABLE, Message, echo),
    CFX_JSON_FIELD("site", INT, OPTIONAL, Message, site),
};
static const CfxJsonTable message_table = CFX_JSON_TABLE(Message, message_fields, 0);

gboolean
ui_message_parse(char *text, gsize size, UiMessage *ret, GError **error)
{
    Message message;

    *ret = (UiMessage){ 0 };
    if (!decode(text, size, &message_table, &message, error))
        return FALSE;
    if (message.type == UI_MESSAGE_SITE && message.site == CFX_JSON_NO_INT) {
        g_set_error_literal(error, CFX_ERROR, CFX_ERROR_INVALID, "site: it is missing");
        return FALSE;
    }
    *ret = (UiMessage){
        .type = (UiMessageType)message.type,
        .echo = message.echo == CFX_JSON_NO_INT ? UI_NO_ECHO : message.echo,
        .site = message.site == CFX_JSON_NO_INT ? 0 : message.site,
    };
    return TRUE;
}

/* --- queries ---------------------------------------------------------------------------------- */

char *
ui_query_find(const char *query, const char *name)
{
    gsize length = strlen(name);

    while (query != NULL && *query != '\0') {
        const char *end = strchrnul(query, '&');

        if ((gsize)(end - query) > length && query[length] == '=' &&
            strncmp(query, name, length) == 0)
            return g_strndup(query + length + 1, (gsize)(end - query) - length - 1);
        query = *end == '&' ? end + 1 : end;
    }
    return NULL;
}
