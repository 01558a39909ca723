/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A backup of the storage while the daemon runs. The storage makes its snapshot in a folder of ours
 * below state-dir, and that is copied into a file which the caller has opened: the daemon itself
 * may write nowhere else. Both happen in threads. [main]
 */
#pragma once

#include "cfx-daemon.h"

/* error NULL: `size` bytes are in the file, and on the disk. */
typedef void (*CfxBackupDone)(gpointer data, guint64 size, const GError *error);

/*
 * @file: an empty regular file, open for writing; closed when it is done
 * @done: comes once, later. CONFLICT: another one is being made; INVALID: not such a file; else
 *   what the storage or the disk says, and the file is of no use
 */
void cfx_backup_make(CfxDaemon *daemon, int file, CfxBackupDone done, gpointer data);

/* The one that is being made ends soon, with CANCELLED. */
void cfx_backup_cancel(CfxDaemon *daemon);

/* Removes what a killed daemon has left of one. */
void cfx_backup_clear(const CfxDaemon *daemon);
