/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Answers and errors in the shape of API.md. */
#pragma once

#include "ui.h"

#include <kit/cfx-json.h>

G_BEGIN_DECLS

/* Each ends the visit's request. @json: emptied; @more: (nullable) further headers */
void ui_answer_json(const Ui *ui, const CfxRequest *request, guint status, CfxJsonWriter *json, const CfxPair *more);
void ui_answer_error(const Ui *ui,
                     const CfxRequest *request,
                     guint status,
                     const char *code,
                     const char *message,
                     const char *hint);
void ui_answer_not_found(const Ui *ui, const CfxRequest *request, const char *what);
/* An error of the host or of a device. */
void ui_answer_gerror(const Ui *ui, const CfxRequest *request, const GError *error);

/* {"error": {…}} */
void ui_error_write(CfxJsonWriter *json, const char *code, const char *message, const char *hint);

/* The host's own refusals: CfxRoute.refuse */
GBytes *ui_answer_refuse(gpointer data,
                         const CfxRequest *request,
                         guint32 status,
                         const char *reason,
                         const char **type);

/* 204: it was done, and there is nothing to say. */
void ui_answer_nothing(const Ui *ui, const CfxRequest *request);
/* Headers that keep a page to itself; @pairs has room for UI_SAFE_HEADERS more. */
#define UI_SAFE_HEADERS 7
guint ui_safe_headers(CfxPair *pairs);

G_END_DECLS
