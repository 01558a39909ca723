/* SPDX-License-Identifier: MIT */
/* "did you mean": the known word nearest to one that somebody mistyped. */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

/* (nullable) The word of `words` (NULL-terminated) that is near enough to be meant. Borrowed. */
const char *cfx_suggest(const char *const *words, const char *wrong);

G_END_DECLS
