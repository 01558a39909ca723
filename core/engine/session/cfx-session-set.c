/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A person's entry for the car that is plugged in now. */
#include "session/cfx-session.h"

#include "cfx-day.h"
#include "device/cfx-device-table.h"
#include "plan/cfx-trigger.h"

#include <kit/cfx-quantity.h>
#include <kit/cfx-time.h>

/* a need beyond this is a slip of the pen */
#define NEED_MAX_WH 1e6

static gboolean
parse_by(const CfxSite *site, const char *by, gint64 now_us, gint64 *ret_us, GError **error)
{
    int minute = cfx_day_parse_minute(by);

    if (minute >= 0)
        *ret_us = cfx_day_next(site->flex->zone, now_us, minute);
    else if (!cfx_time_parse(by, -1, ret_us)) {
        g_set_error(error,
                    CFX_ERROR,
                    CFX_ERROR_INVALID,
                    "by: \"%s\" is no time; write 07:00 or 2026-11-24T07:00:00Z",
                    by);
        return FALSE;
    }
    if (*ret_us <= now_us) {
        g_set_error(error, CFX_ERROR, CFX_ERROR_INVALID, "by: %s is over", by);
        return FALSE;
    }
    return TRUE;
}

gboolean
cfx_engine_session_set(
    CfxEngine *self, const char *where, const char *need, const char *by, GError **error)
{
    CfxEngineDevice *device = cfx_device_find(self, where, error);
    gint64 now_us = cfx_now_site(self->host), by_us = 0;
    double need_wh = NAN;

    if (device == NULL)
        return FALSE;
    if (device->session == NULL) {
        g_set_error(error, CFX_ERROR, CFX_ERROR_NOT_FOUND, "%s: no car is plugged in", where);
        return FALSE;
    }
    if (need != NULL) {
        g_autoptr(GError) problem = NULL;
        if (!cfx_quantity_in(need, -1, "Wh", &need_wh, &problem)) {
            g_set_error(error, CFX_ERROR, CFX_ERROR_INVALID, "need: %s", problem->message);
            return FALSE;
        }
        if (!(need_wh >= 0 && need_wh <= NEED_MAX_WH)) {
            g_set_error(error,
                        CFX_ERROR,
                        CFX_ERROR_INVALID,
                        "need: %s is not between 0 and 1000 kWh",
                        need);
            return FALSE;
        }
    }
    if (by != NULL && !parse_by(device->site, by, now_us, &by_us, error))
        return FALSE;

    CfxStatement *entry = &device->session->said[CFX_FROM_ENTRY];
    if (need != NULL)
        entry->need_wh = need_wh;
    if (by != NULL)
        entry->departure_us = by_us;
    cfx_session_choose(device->session);
    cfx_session_write(device->session, self);
    cfx_trigger_need(device, "need");
    return TRUE;
}
