/* SPDX-License-Identifier: MIT */
/*
 * One device behind two files: somebody writes its power into one, and reads from the other how
 * much it may draw. The files are touched in the host's pool, so the loop never waits for a disk.
 */
#pragma once

#include <cariflex/cfx.h>

typedef struct {
    const CfxHost *host;
    const char *identity, *power_file, *limit_file; /* the configuration's; limit_file nullable */
    double power_max_w;
    gint64 interval_us;
    CfxTimer poll, edge;
    guint64 watch;              /* of the model */
    gint64 asset, power_sensor; /* of the binding; 0: nobody has bound it yet */
    gboolean has_knocked, is_reading, is_writing, is_lost, is_steerable;
    double power_w;   /* last reading; NAN: none */
    CfxPlan plan;     /* kept; owner NULL: none */
    double written_w; /* what the limit file says; NAN: nothing yet */
} FileDevice;

FileDevice *file_device_new(const CfxHost *host, const CfxConfig *config);
void file_device_set(FileDevice *self, const CfxConfig *config); /* live keys */
void file_device_start(FileDevice *self);
void file_device_stop(FileDevice *self);
void file_device_free(FileDevice *self);

void file_device_apply(FileDevice *self, const CfxPlan *plan);
/* What the command "Read" answers. (transfer full) */
GBytes *file_device_describe(const FileDevice *self);
