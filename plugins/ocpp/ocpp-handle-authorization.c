/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Block C: authorization. */
#include "ocpp-dispatch.h"

#include "ocpp-token.h"

#include <math.h>

static void
finish_authorize(OcppAnswer *answer, CfxJsonWriter *to)
{
    OcppIdTokenInfo info;
    OcppAuthorizeAnswer payload = { .info = &info, .certificate_status = -1 };

    cfx_json_clear(&ocpp_id_token_info_table, &info);
    info.status = answer->token_status;
    ocpp_frame_write_result(
        to, cfx_json_text_of(answer->id), ocpp_action_find("Authorize")->answer, &payload);
}

static void
checked(gpointer data, gint32 status, const GError *error)
{
    OcppAnswer *answer = data;

    answer->token_status = status;
    answer->is_failed |= error != NULL;
    ocpp_answer_done(answer);
}

static void
handle_authorize(OcppRequest *request, gconstpointer payload)
{
    const OcppAuthorize *authorize = payload;

    request->answer->finish = finish_authorize;
    ocpp_answer_wait(request->answer);
    ocpp_token_check(request->station, authorize->id_token, checked, request->answer);
}

const OcppHandler ocpp_authorization_handlers[] = {
    { "Authorize", handle_authorize, sizeof(OcppAuthorize) },
    { NULL, NULL, 0 },
};
