/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Arguments of a command: what was left out is put in, then the table of the message checks all. */
#include "ocpp-command.h"

#include "ocpp-frame.h"

#include <kit/cfx-suggest.h>

#define COMPOSITE_S 86400
#define ARGS_MAX (32 * 1024)

/* --- what is left out ----------------------------------------------------------------------- */

/* Writes the value of a member that is not there. FALSE: it stays away */
static gboolean
fill(OcppEvse *evse, const char *member, CfxJsonWriter *to)
{
    OcppInstance *instance = evse->station->instance;

    if (strcmp(member, "evseId") == 0) {
        cfx_json_member_int(to, member, evse->id);
    } else if (strcmp(member, "connectorId") == 0) {
        cfx_json_member_int(to, member, 1);
    } else if (strcmp(member, "remoteStartId") == 0) {
        cfx_json_member_int(to, member, instance->next_request_id++);
    } else if (strcmp(member, "duration") == 0) {
        cfx_json_member_int(to, member, COMPOSITE_S);
    } else if (strcmp(member, "type") == 0) {
        cfx_json_member_text(to, member, "OnIdle");
    } else if (strcmp(member, "transactionId") == 0 && evse->transaction != NULL) {
        cfx_json_member_text(to, member, evse->transaction->id);
    } else if (strcmp(member, "evse") == 0 && evse->station->evses->len > 1) {
        cfx_json_name(to, member);
        cfx_json_begin_object(to);
        cfx_json_member_int(to, "id", evse->id);
        cfx_json_end_object(to);
    } else {
        return FALSE;
    }
    return TRUE;
}

/* a reset is the station's unless an EVSE is named */
static gboolean
is_filled(const OcppCommand *command, const OcppMemberNote *note)
{
    return note->text != NULL &&
           !(strcmp(command->name, "Reset") == 0 && strcmp(note->member, "evseId") == 0);
}

/* Returns: (element-type utf8) names of the members that are there; NULL: no object */
static GPtrArray *
members_of(const char *args, gsize size)
{
    g_autoptr(GPtrArray) names = g_ptr_array_new_with_free_func(g_free);
    g_autofree char *copy = g_memdup2(args, size);
    CfxJsonReader reader;
    CfxJsonText name;

    cfx_json_reader_init(&reader, copy, size, OCPP_DEPTH_MAX, CFX_JSON_READ_STRICT);
    if (!cfx_json_enter_object(&reader))
        return NULL;
    while (cfx_json_next_member(&reader, &name)) {
        g_ptr_array_add(names, cfx_json_text_dup(name));
        if (!cfx_json_skip(&reader, NULL))
            return NULL;
    }
    return cfx_json_finish(&reader) ? g_steal_pointer(&names) : NULL;
}

/* the same object, what is filled in first */
static char *
complete(OcppEvse *evse, const OcppCommand *command, const char *args, gsize size, GPtrArray *names)
{
    g_auto(CfxJsonWriter) to = { 0 };
    const char *begin = (const char *)memchr(args, '{', size) + 1;
    gsize length = (gsize)(args + size - begin);

    while (begin[--length] != '}')
        ;
    cfx_json_writer_init(&to, NULL, 0);
    cfx_json_begin_object(&to);
    for (guint i = 0; i < OCPP_MEMBER_NOTES && command->notes[i].member != NULL; i++) {
        const OcppMemberNote *note = &command->notes[i];

        if (is_filled(command, note) &&
            !g_ptr_array_find_with_equal_func(names, note->member, g_str_equal, NULL))
            fill(evse, note->member, &to);
    }
    return g_strdup_printf("%s%s%.*s}",
                           cfx_json_writer_end(&to),
                           to.size > 1 && names->len > 0 ? "," : "",
                           (int)length,
                           begin);
}

/* --- what is wrong -------------------------------------------------------------------------- */

static const CfxJsonField *
find_field(const CfxJsonTable *table, const char *name)
{
    for (guint i = 0; i < table->n_fields; i++) {
        if (strcmp(table->fields[i].name, name) == 0)
            return &table->fields[i];
    }
    return NULL;
}

/* the table of the object that the last part of a path belongs to; @ret_last: that part */
static const CfxJsonTable *
table_at(const CfxJsonTable *table, char **parts, const char **ret_last)
{
    for (guint i = 0; parts[i] != NULL; i++) {
        const CfxJsonField *field;

        *ret_last = parts[i];
        if (parts[i + 1] == NULL)
            return table;
        if (g_ascii_isdigit(*parts[i]))
            continue;
        field = find_field(table, parts[i]);
        if (field == NULL || field->table == NULL)
            return NULL;
        table = field->table;
    }
    return NULL;
}

/* what would be right there; "" where nothing can be said */
static char *
advice(const CfxJsonTable *table, const CfxJsonError *error)
{
    g_auto(GStrv) parts = g_strsplit(error->path, ".", -1);
    g_autoptr(GPtrArray) words = g_ptr_array_new();
    g_autofree char *list = NULL;
    const char *last = NULL, *near;
    const CfxJsonField *field;

    table = table_at(table, parts, &last);
    if (table == NULL)
        return g_strdup("");
    field = find_field(table, last);
    if (field != NULL && field->words != NULL) {
        list = g_strjoinv(", ", (char **)field->words);
        return g_strdup_printf("; there is: %s", list);
    }
    if (error->code != CFX_JSON_ERROR_UNKNOWN)
        return g_strdup("");
    for (guint i = 0; i < table->n_fields; i++) {
        if (strcmp(table->fields[i].name, "customData") != 0)
            g_ptr_array_add(words, (gpointer)table->fields[i].name);
    }
    g_ptr_array_add(words, NULL);
    near = cfx_suggest((const char *const *)words->pdata, last);
    if (near != NULL)
        return g_strdup_printf("; did you mean \"%s\"?", near);
    list = g_strjoinv(", ", (char **)words->pdata);
    return g_strdup_printf("; there is: %s", list);
}

static gboolean
refuse(GError **error, const char *path, const char *words)
{
    g_set_error(error, CFX_ERROR, CFX_ERROR_INVALID, "%s: %s", path, words);
    return FALSE;
}

/* names of variables have no case */
static gboolean
is_password(CfxJsonText name)
{
    static const char password[] = "BasicAuthPassword";

    return name.size == sizeof(password) - 1 &&
           g_ascii_strncasecmp(name.text, password, name.size) == 0;
}

/* what the protocol allows and this system does not */
static gboolean
check_meaning(OcppEvse *evse, const OcppCommand *command, gconstpointer payload, GError **error)
{
    if (strcmp(command->name, "RequestStartTransaction") == 0 &&
        ((const OcppRequestStart *)payload)->profile != NULL)
        return refuse(error, "chargingProfile", "profiles are the planner's; leave it out");
    if (strcmp(command->name, "SetVariables") == 0) {
        const OcppSetVariables *set = payload;

        for (gsize i = 0; i < set->data.n; i++) {
            const OcppSetVariableData *data = CFX_JSON_ITEM(&set->data, OcppSetVariableData, i);
            g_autofree char *path =
                g_strdup_printf("setVariableData.%" G_GSIZE_FORMAT ".variable", i);

            if (is_password(data->variable->name))
                return refuse(error, path, "the register has the station's password as well");
        }
    }
    return TRUE;
}

char *
ocpp_command_payload(
    OcppEvse *evse, const OcppCommand *command, const char *args, gsize size, GError **error)
{
    const CfxJsonTable *table = ocpp_action_find(command->name)->request;
    g_autoptr(GError) syntax = NULL;
    g_autoptr(GPtrArray) names = NULL;
    g_autofree char *payload = NULL, *copy = NULL, *remedy = NULL;
    g_auto(CfxArena) arena = { 0 };
    CfxJsonError wrong;
    gpointer decoded;

    if (size > ARGS_MAX) {
        refuse(error, "arguments", "longer than 32 KiB");
        return NULL;
    }
    if (!cfx_json_check(args, size, OCPP_DEPTH_MAX - 2, &syntax) ||
        (names = members_of(args, size)) == NULL) {
        refuse(error,
               "arguments",
               syntax != NULL ? syntax->message : "must be a JSON object, as {\"evseId\": 1}");
        return NULL;
    }
    if (strcmp(command->name, "RequestStopTransaction") == 0 && evse->transaction == NULL &&
        !g_ptr_array_find_with_equal_func(names, "transactionId", g_str_equal, NULL)) {
        refuse(error, "transactionId", "missing, and we know of no transaction there");
        return NULL;
    }
    payload = complete(evse, command, args, size, names);
    copy = g_strdup(payload);
    cfx_arena_init(&arena, NULL, 0, 0);
    decoded = cfx_arena_alloc(&arena, table->size);
    if (cfx_json_decode_text(
            copy, strlen(copy), CFX_JSON_READ_STRICT, table, decoded, &arena, &wrong))
        return check_meaning(evse, command, decoded, error) ? g_steal_pointer(&payload) : NULL;
    remedy = advice(table, &wrong);
    g_set_error(error,
                CFX_ERROR,
                CFX_ERROR_INVALID,
                "%s: %s%s",
                wrong.path[0] != '\0' ? wrong.path : "arguments",
                wrong.message,
                remedy);
    return NULL;
}
