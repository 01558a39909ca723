/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The state of EVSEs as the host wants it: CfxDevice. */
#pragma once

#include "ocpp-instance.h"

G_BEGIN_DECLS

/* Fills a report; texts are lent by the EVSE. */
void ocpp_report_fill(OcppEvse *evse, gint64 now_us, CfxDevice *ret);

/* Reports one EVSE, or all of a station. */
void ocpp_report_evse(OcppEvse *evse);
void ocpp_report_station(OcppStation *station);

/* The worst status of its connectors, OCPP_CONNECTOR_…, -1 unknown. */
gint32 ocpp_report_status(const OcppEvse *evse);

/* The highest power of the EVSE alone, NAN unknown. */
double ocpp_report_rated_w(const OcppEvse *evse);

G_END_DECLS
