/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What a person says that the car at a device needs. */
#include "ui-answer.h"
#include "ui-body.h"

#include <string.h>

static void
stored_cb(gpointer data, const GError *error)
{
    g_autoptr(UiVisit) visit = data;

    if (error != NULL)
        ui_answer_gerror(visit->ui, visit->request, error);
    else
        ui_answer_nothing(visit->ui, visit->request);
}

void
ui_device_need_post(UiVisit *data)
{
    g_autoptr(UiVisit) visit = data;
    const CfxHost *host = visit->ui->host;
    gsize size = 0;
    const char *bytes = g_bytes_get_data(visit->request->body, &size);
    g_autofree char *text = g_strndup(bytes != NULL ? bytes : "", size);
    g_auto(UiNeed) need = { 0 };
    g_autoptr(GError) error = NULL;

    if (!ui_device_may(visit, CFX_RIGHT_CONTROL))
        return;
    if (!ui_need_parse(text, size, &need, &error)) {
        ui_answer_error(visit->ui,
                        visit->request,
                        400,
                        "syntax",
                        error->message,
                        "Send {\"need_kwh\": 20, \"by\": \"07:00\"}, or one of them.");
        return;
    }
    cfx_log(host,
            CFX_LOG_MESSAGE,
            "%s states a need at device %" G_GINT64_FORMAT,
            visit->identity,
            visit->id);
    const CfxNeedAsk ask = { .struct_size = sizeof ask,
                             .role = visit->role,
                             .asset = visit->id,
                             .need_wh = need.need_kwh * 1e3,
                             .by = need.by };
    host->devices->session_set(host, &ask, stored_cb, g_steal_pointer(&visit));
}
