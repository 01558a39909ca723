/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* One instance of the API, and a request on its way through it. */
#pragma once

#include <cariflex/cfx.h>

typedef struct {
    const CfxHost *host;
    const char *listener;
    gint64 token_lifetime_us;
} FmApi;

/* Serves /api/ on the listener. */
gboolean fm_api_mount(FmApi *self, GError **error);

/* A request whose sender is known. Freed by its answer. */
typedef struct {
    FmApi *api;
    const CfxRequest *request;
    gint64 principal, source;
    gint64 sensor_id;
} FmVisit;

/* The sensor that a visit is about, if it is there and the right is given; NULL: it was answered.
 * @model: (transfer full) on success, to be ended with g_bytes_unref(model->owner) */
const CfxSensor *fm_visit_sensor(FmVisit *visit, guint32 right, const CfxModel **ret_model);

/* POST and GET /api/v3_0/sensors/<id>/data. [home] They take the visit. */
void fm_post_data(FmVisit *visit);
void fm_get_data(FmVisit *visit);
/* GET /api/v3_0/sensors/<id> */
void fm_get_sensor(FmVisit *visit);
