/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Records, beliefs and notices in memory, behind the data table. Completions come in a later turn
 * of the caller's loop, in order. For tests of what stands right of the store. */
#pragma once

#include <cariflex/cfx-data.h>

typedef struct {
    GHashTable *records; /* "collection\nkey" -> doc (text) */
    GPtrArray *log;      /* (element-type utf8) each write: "put cfx.asset 1" */
    guint commits;
    gint64 revision;
    char *failure; /* commits fail with that text while it is set */
} FakeData;

extern FakeData fake_data;
const CfxDataApi *fake_data_api(void);
void fake_data_reset(void);
/* Document of a record, or NULL. */
const char *fake_data_doc(const char *collection, const char *key);
