/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Whether a commit is well formed, before anything of it is written.
 */
#pragma once

#include <cariflex/cfx-storage.h>

G_BEGIN_DECLS

gboolean sqlite_check_commit(const CfxCommit *commit, GError **error);

G_END_DECLS
