/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The tables, as numbered migrations.
 */
#pragma once

#include "sqlite-db.h"

G_BEGIN_DECLS

/* The newest version that this plugin knows. */
#define SQLITE_SCHEMA_VERSION 2

/*
 * Brings the file from whatever older version it has to @version, each step in a transaction of its
 * own. Refuses a newer file and one that is not ours.
 */
gboolean sqlite_schema_migrate(sqlite3 *db, int version, GError **error);

/* Refuses the same files, and writes nothing. */
gboolean sqlite_schema_check(sqlite3 *db, GError **error);

G_END_DECLS
