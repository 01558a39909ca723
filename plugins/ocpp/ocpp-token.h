/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Whether a driver's idToken may charge: the register's tokens, and what the site says of others.
 */
#pragma once

#include "ocpp-instance.h"

G_BEGIN_DECLS

/* @status: OCPP_AUTHORIZATION_…; @error: it could not be looked up */
typedef void (*OcppTokenDone)(gpointer data, gint32 status, const GError *error);

/* @done comes later, never before this has returned. */
void
ocpp_token_check(OcppStation *station, const OcppIdToken *token, OcppTokenDone done, gpointer data);

G_END_DECLS
