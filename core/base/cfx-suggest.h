/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* "did you mean": the known word nearest to one that somebody mistyped. */
#pragma once

#include <glib.h>

/* (nullable) The word of `words` (NULL-terminated) that is near enough to be meant. Borrowed. */
const char *cfx_suggest(const char *const *words, const char *wrong);
