/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Answers in FlexMeasures' words and shapes. Each ends the request. */
#pragma once

#include <cariflex/cfx-web.h>
#include <kit/cfx-json.h>

/* @json: an object that the writer holds; it is emptied */
void
fm_answer_json(const CfxHost *host, const CfxRequest *request, guint status, CfxJsonWriter *json);
void fm_answer_unauthorized(const CfxHost *host, const CfxRequest *request);
void fm_answer_forbidden(const CfxHost *host, const CfxRequest *request);
void fm_answer_replacement(const CfxHost *host, const CfxRequest *request);
/* {"message": …, "status": 404} and the like */
void
fm_answer_plain(const CfxHost *host, const CfxRequest *request, guint status, const char *message);
/* 422: the text stands under the location (NULL: at the top) and the field */
void fm_answer_invalid(const CfxHost *host,
                       const CfxRequest *request,
                       const char *location,
                       const char *field,
                       const char *text);

/* The host's own refusals in FlexMeasures' shape: CfxRoute.refuse */
GBytes *fm_answer_refuse(gpointer data,
                         const CfxRequest *request,
                         guint32 status,
                         const char *reason,
                         const char **type);
