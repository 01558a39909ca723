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

/* need_wh: NaN: unchanged; by: (nullable) unchanged */
static gboolean
state_need(CfxEngine *self,
           CfxEngineDevice *device,
           const char *where,
           double need_wh,
           const char *by,
           GError **error)
{
    gint64 now_us = cfx_now_site(self->host), by_us = 0;

    if (device->session == NULL) {
        g_set_error(error, CFX_ERROR, CFX_ERROR_NOT_FOUND, "%s: no car is plugged in", where);
        return FALSE;
    }
    if (!isnan(need_wh) && !(need_wh >= 0 && need_wh <= NEED_MAX_WH)) {
        g_set_error(error,
                    CFX_ERROR,
                    CFX_ERROR_INVALID,
                    "need: %g kWh is not between 0 and 1000 kWh",
                    need_wh * 1e-3);
        return FALSE;
    }
    if (by != NULL && !parse_by(device->site, by, now_us, &by_us, error))
        return FALSE;

    CfxStatement *entry = &device->session->said[CFX_FROM_ENTRY];
    if (!isnan(need_wh))
        entry->need_wh = need_wh;
    if (by != NULL)
        entry->departure_us = by_us;
    cfx_session_choose(device->session);
    cfx_session_write(device->session, self);
    cfx_trigger_need(device, "need");
    return TRUE;
}

gboolean
cfx_engine_session_set(
    CfxEngine *self, const char *where, const char *need, const char *by, GError **error)
{
    CfxEngineDevice *device = cfx_device_find(self, where, error);
    g_autoptr(GError) problem = NULL;
    double need_wh = NAN;

    if (device == NULL)
        return FALSE;
    if (need != NULL && !cfx_quantity_in(need, -1, "Wh", &need_wh, &problem)) {
        g_set_error(error, CFX_ERROR, CFX_ERROR_INVALID, "need: %s", problem->message);
        return FALSE;
    }
    return state_need(self, device, where, need_wh, by, error);
}

/* --- for plugins -------------------------------------------------------------------------------
 */

typedef struct {
    CfxInstance *caller;
    guint64 generation;
    CfxDone done;
    gpointer data;
    GError *error; /* it was refused */
} Told;

static void
told(gpointer data, const GError *error)
{
    Told *self = data;

    if (cfx_instance_is_alive(self->caller, self->generation))
        self->done(self->data, self->error != NULL ? self->error : error);
    g_clear_error(&self->error);
    g_free(self);
}

static void
refused(gpointer data)
{
    told(data, NULL);
}

static gboolean
is_allowed(CfxEngine *self, const CfxNeedAsk *ask, CfxEngineDevice **ret, GError **error)
{
    *ret = cfx_engine_device(self, ask->asset);
    if (ask->role < CFX_ROLE_OPERATE)
        g_set_error_literal(
            error, CFX_ERROR, CFX_ERROR_AUTH, "a need takes the role \"operator\"");
    else if (*ret == NULL)
        g_set_error(error,
                    CFX_ERROR,
                    CFX_ERROR_NOT_FOUND,
                    "asset %" G_GINT64_FORMAT " is not bound to a device",
                    ask->asset);
    else if (isnan(ask->need_wh) && ask->by == NULL)
        g_set_error_literal(
            error, CFX_ERROR, CFX_ERROR_INVALID, "need: neither it nor by is given");
    else
        return TRUE;
    return FALSE;
}

void
cfx_session_api_set(const CfxHost *host, const CfxNeedAsk *ask, CfxDone done, gpointer data)
{
    CfxEngine *self = cfx_engine_the();
    CfxInstance *caller = cfx_instance_of(host);
    CfxNeedAsk mine = { .need_wh = NAN };
    CfxEngineDevice *device = NULL;
    Told *answer = g_new0(Told, 1);

    cfx_struct_copy(&mine, sizeof mine, ask);
    *answer = (Told){ caller, caller->generation, done, data, NULL };
    if (is_allowed(self, &mine, &device, &answer->error) &&
        state_need(self, device, device->label, mine.need_wh, mine.by, &answer->error))
        cfx_engine_when_stored(self, told, answer);
    else
        self->host->base->post(self->host, refused, answer);
}
