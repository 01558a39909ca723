/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Open pages. Twice a second each site that somebody looks at is brought up to date; what pages lack
 * is then written once for all that have seen the same, and each is handed the same bytes.
 */
#pragma once

#include "ui.h"

G_BEGIN_DECLS

UiPages *ui_pages_new(Ui *ui);
/* Closes all sockets: the daemon stops. */
void ui_pages_close(UiPages *self);
void ui_pages_free(UiPages *self);

/* The clock of the pages runs while somebody looks. */
void ui_pages_wake(Ui *ui);
/* Somebody has signed out: whatever is open by that token ends. */
void ui_pages_signed_out(Ui *ui, const char *token);
/* The register has changed: sites are made anew, pages get a whole snapshot. */
void ui_pages_renew(Ui *ui);

G_END_DECLS
