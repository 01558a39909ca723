/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The door: a handshake on "/ocpp/IDENTITY" becomes a connection of a station, or a refusal. The
 * host checks the password; here is decided who may come in at all, and with which protocol.
 */
#pragma once

#include "ocpp-instance.h"

G_BEGIN_DECLS

#define OCPP_PROTOCOL "ocpp2.0.1"
#define OCPP_IDENTITY_MAX 48

gboolean ocpp_door_open(OcppInstance *instance, GError **error);

/* The identity in a raw path below @prefix: one segment, decoded once. NULL: none that is legal.
 * (transfer full) */
char *ocpp_door_identity(const char *path, const char *prefix);

/* User and password of an Authorization header. FALSE: none of the Basic scheme. (transfer full) */
gboolean ocpp_door_basic(const char *authorization, char **ret_user, char **ret_password);

/* Ends the connection of a station that is no longer ours, or that another one takes over. */
void ocpp_door_close(OcppStation *station, guint32 code, const char *reason);

G_END_DECLS
