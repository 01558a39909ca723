/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Variables of the device model that matter to us: what is asked, what is set, and what an answer
 * or a report says about the station's limits.
 */
#pragma once

#include "ocpp-instance.h"

G_BEGIN_DECLS

/* Takes one value in. Texts are compared without case, as OCPP wants it. */
void ocpp_variables_take(OcppStation *station,
                         const OcppComponent *component,
                         const OcppVariable *variable,
                         CfxJsonText value,
                         const OcppCharacteristics *characteristics);

/* One message of GetVariables for our limits, from number *at on; *at is moved behind what fits.
 * Returns: FALSE if there is nothing left to ask. Made in @arena. */
gboolean
ocpp_variables_ask(OcppStation *station, guint *at, OcppGetVariables *ret, CfxArena *arena);

/* One message of SetVariables with the instance's settings, in the same way. */
gboolean
ocpp_variables_set(OcppStation *station, guint *at, OcppSetVariables *ret, CfxArena *arena);

/* "AvailabilityState" of a connector, EVSE or station as OCPP_CONNECTOR_…, -1: no such word */
gint32 ocpp_variables_availability(CfxJsonText value);

/* Whether a name is this word, without regard to case. */
gboolean ocpp_variables_is(CfxJsonText name, const char *word);

G_END_DECLS
