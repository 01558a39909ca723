/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The files of the page: compiled in, compressed when they were built. */
#pragma once

#include "ui.h"

G_BEGIN_DECLS

UiFiles *ui_files_new(void);
void ui_files_free(UiFiles *self);

/* Answers GET and HEAD of a path below /ui/ ("" is index.html). */
void ui_files_serve(const Ui *ui, const CfxRequest *request, const char *path);

G_END_DECLS
