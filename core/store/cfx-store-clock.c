/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A store is real or simulated, never both: a record says which.
 */
#include "cfx-store.h"

#include <string.h>

#define COLLECTION "cfx.store"
#define KEY "clock"

typedef struct {
    const CfxHost *host;
    gboolean is_simulated;
    CfxDone done;
    gpointer data;
} Claim;

static const char *
document(gboolean is_simulated)
{
    return is_simulated ? "{\"clock\":\"simulated\"}" : "{\"clock\":\"real\"}";
}

static void
finish(Claim *claim, const GError *error)
{
    claim->done(claim->data, error);
    g_free(claim);
}

static void
marked(gpointer data, const CfxCommitted *result, const GError *error)
{
    finish(data, error);
}

static void
mark(Claim *claim)
{
    const char *doc = document(claim->is_simulated);
    const CfxRecord record = {
        .struct_size = sizeof(record),
        .collection = COLLECTION,
        .key = KEY,
        .doc = doc,
        .doc_size = strlen(doc),
        .expect = CFX_EXPECT_NEW,
    };
    const CfxRecord *one = &record;
    const CfxCommit commit = { .struct_size = sizeof(commit), .records = &one, .n_records = 1 };

    cfx_commit(claim->host, &commit, marked, claim);
}

static void
found(gpointer data, const CfxRecords *records, const GError *error)
{
    Claim *claim = data;
    g_autoptr(GError) other = NULL;

    if (error != NULL) {
        finish(claim, error);
        return;
    }
    if (records->n == 0) {
        mark(claim);
        return;
    }
    if (strcmp(records->records[0]->doc, document(claim->is_simulated)) != 0)
        other = g_error_new(CFX_ERROR,
                            CFX_ERROR_CONFIG,
                            "this store was written with a %s clock and the clock is %s now: give "
                            "it a store of its own, or the clock that it had",
                            claim->is_simulated ? "real" : "simulated",
                            claim->is_simulated ? "simulated" : "real");
    finish(claim, other);
}

void
cfx_store_claim_clock(const CfxHost *host, gboolean is_simulated, CfxDone done, gpointer data)
{
    static const char *const key = KEY;
    const CfxRecordQuery query = {
        .struct_size = sizeof(query), .collection = COLLECTION, .keys = &key, .n_keys = 1
    };
    Claim *claim = g_new(Claim, 1);

    *claim = (Claim){ host, is_simulated, done, data };
    host->data->read_records(host, &query, found, claim);
}
