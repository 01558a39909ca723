/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What the register says of an EVSE and of the site above it. */
#pragma once

#include "ocpp-station.h"

G_BEGIN_DECLS

/* `offline-start` of the site above an asset: whether idle EVSEs may start while we are away. */
gboolean ocpp_site_starts_offline(const CfxHost *host, gint64 asset);
/* `unknown-token` of the site above an asset; without one unknown tokens are refused. */
gboolean ocpp_site_accepts_unknown(const CfxHost *host, gint64 asset);

/* Attributes of the EVSE's asset, or of the station's above it. */
void ocpp_site_read_evse(const CfxModel *model, OcppEvse *evse);

G_END_DECLS
