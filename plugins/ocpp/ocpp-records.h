/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What of a station outlives us: records `ocpp.station` (who it is, what it has accepted),
 * `ocpp.transaction` (open and ended ones), `ocpp.model` (rungs of the ladder), `ocpp.inventory`
 * (the device model as reported).
 */
#pragma once

#include "ocpp-instance.h"

G_BEGIN_DECLS

/* Put the present state into the instance's store. */
void ocpp_records_put_station(OcppStation *station);
void ocpp_records_put_transaction(OcppStation *station, const OcppTransaction *transaction);
void ocpp_records_put_model(OcppInstance *instance, const char *name, const guint rungs[]);

/* Reads everything back into the stations that the model has; done(data, error) at the end. */
void ocpp_records_load(OcppInstance *instance, CfxDone done, gpointer data);

G_END_DECLS
