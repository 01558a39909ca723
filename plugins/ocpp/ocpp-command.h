/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Commands of people: passed to the station as they are, answered with its own answer. What is left
 * out is filled in from the EVSE that the command is for.
 */
#pragma once

#include "ocpp-instance.h"

G_BEGIN_DECLS

#define OCPP_N_COMMANDS 9
#define OCPP_MEMBER_NOTES 4

/* a member that is not as in the protocol: it may be left out, as the text says; NULL: it must */
typedef struct {
    const char *member, *text;
} OcppMemberNote;

typedef struct {
    const char *name, *title;
    guint32 role;
    OcppMemberNote notes[OCPP_MEMBER_NOTES];
} OcppCommand;

extern const OcppCommand ocpp_command_table[OCPP_N_COMMANDS];

const OcppCommand *ocpp_command_find(const char *name); /* NULL: there is none */
const OcppMemberNote *ocpp_command_note(const OcppCommand *command, const char *member);

/* For CfxAdapterOps: OCPP_N_COMMANDS of them, for ever. */
const CfxCommandInfo *const *ocpp_command_infos(void);

/*
 * The payload that goes to the station. NULL with INVALID: the message begins with the path of the
 * member that is wrong. (transfer full)
 */
char *ocpp_command_payload(
    OcppEvse *evse, const OcppCommand *command, const char *args, gsize size, GError **error);

void
ocpp_command(OcppInstance *instance, gint64 asset, const char *name, GBytes *args, CfxCall *call);

G_END_DECLS
