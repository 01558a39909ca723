/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What the headers of a request say of the browser: its cookie, and whose page asks. Pure. */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

/* longer tokens are none of ours */
#define UI_TOKEN_MAX 256

/* The name of our cookie: cookies know no ports, so two daemons on one host need two names.
 * @host: (nullable) the Host header. (transfer full) */
char *ui_cookie_name(const char *host);
/* The value of a cookie in a Cookie header; NULL: it is not there. (transfer full) */
char *ui_cookie_find(const char *header, const char *name);

/*
 * Whether a page of this very host asks.
 * @origin: (nullable) the Origin header; browsers send it with everything that changes something
 * @host: (nullable) the Host header
 * @allowed: (nullable) further origins, "https://grid.example", ended by NULL
 */
gboolean ui_origin_is_ours(const char *origin, const char *host, const char *const *allowed);

G_END_DECLS
