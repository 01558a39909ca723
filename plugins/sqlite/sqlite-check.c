/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "sqlite-check.h"

#define COMMIT_FLAGS (CFX_COMMIT_BULK | CFX_COMMIT_SKIP_SAME | CFX_COMMIT_NO_REPLACE)
#define RECORD_FLAGS (CFX_RECORD_DELETE | CFX_RECORD_PRIVATE)
/* an index in 16 bits, beside a revision in the 47 bits above them */
#define MOST_NOTICES 65535
#define HIGHEST_REVISION (G_MAXINT64 >> 16)

static gboolean
invalid(GError **error, const char *list, gsize i, const char *what)
{
    if (list != NULL)
        g_set_error(
            error, CFX_ERROR, CFX_ERROR_INVALID, "%s.%" G_GSIZE_FORMAT ".%s", list, i, what);
    else
        g_set_error_literal(error, CFX_ERROR, CFX_ERROR_INVALID, what);
    return FALSE;
}

static gboolean
check_record(const CfxRecord *record, gsize i, GError **error)
{
    if ((record->flags & ~RECORD_FLAGS) != 0)
        return invalid(error, "records", i, "flags: unknown bit");
    if (record->collection == NULL || *record->collection == '\0')
        return invalid(error, "records", i, "collection: missing");
    if (record->key == NULL || *record->key == '\0')
        return invalid(error, "records", i, "key: missing");
    if (record->doc == NULL && (record->flags & CFX_RECORD_DELETE) == 0)
        return invalid(error, "records", i, "doc: missing");
    if (record->expect < CFX_EXPECT_ANY)
        return invalid(error, "records", i, "expect: no revision");
    for (gsize k = 0; k < record->n_keys; k++) {
        if (record->keys[k].name == NULL)
            return invalid(error, "records", i, "keys: one has no name");
    }
    return TRUE;
}

static gboolean
check_beliefs(const CfxBeliefs *beliefs, gsize i, GError **error)
{
    if ((beliefs->flags & ~CFX_BELIEFS_RAW) != 0)
        return invalid(error, "beliefs", i, "flags: unknown bit");
    if (beliefs->n == 0)
        return TRUE;
    if (beliefs->sensor.at == NULL)
        return invalid(error, "beliefs", i, "sensor: missing");
    if (beliefs->source.at == NULL)
        return invalid(error, "beliefs", i, "source: missing");
    if (beliefs->start_us.at == NULL)
        return invalid(error, "beliefs", i, "start_us: missing");
    if (beliefs->belief_us.at == NULL)
        return invalid(error, "beliefs", i, "belief_us: missing");
    if (beliefs->value.at == NULL)
        return invalid(error, "beliefs", i, "value: missing");
    for (gsize r = 0; beliefs->probability.at != NULL && r < beliefs->n; r++) {
        double probability = cfx_real_at(beliefs->probability, r);
        if (!(probability >= 0 && probability <= 1))
            return invalid(error, "beliefs", i, "probability: not from 0 to 1");
    }
    return TRUE;
}

gboolean
sqlite_check_commit(const CfxCommit *commit, GError **error)
{
    if ((commit->flags & ~COMMIT_FLAGS) != 0)
        return invalid(error, NULL, 0, "flags: unknown bit");
    if (commit->revision < 1 || commit->revision > HIGHEST_REVISION)
        return invalid(error, NULL, 0, "revision: not from 1 to 2^47 - 1");
    if (commit->n_notices > MOST_NOTICES)
        return invalid(error, NULL, 0, "notices: more than 65535");
    for (gsize i = 0; i < commit->n_records; i++) {
        if (!check_record(commit->records[i], i, error))
            return FALSE;
    }
    for (gsize i = 0; i < commit->n_beliefs; i++) {
        if (!check_beliefs(commit->beliefs[i], i, error))
            return FALSE;
    }
    for (gsize i = 0; i < commit->n_notices; i++) {
        const CfxNotice *notice = commit->notices[i];
        if ((notice->flags & ~CFX_NOTICE_TRANSIENT) != 0)
            return invalid(error, "notices", i, "flags: unknown bit");
        if (notice->topic == NULL || *notice->topic == '\0')
            return invalid(error, "notices", i, "topic: missing");
    }
    return TRUE;
}
