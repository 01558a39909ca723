/* SPDX-License-Identifier: MIT */
/* Whether an instance may commit what it asks to commit: the rules and words of the host. */
#include "cfx-harness-private.h"

#include <string.h>

#define COMMIT_FLAGS (CFX_COMMIT_BULK | CFX_COMMIT_SKIP_SAME | CFX_COMMIT_NO_REPLACE)
#define RECORD_FLAGS (CFX_RECORD_DELETE | CFX_RECORD_PRIVATE)

static gboolean G_GNUC_PRINTF(5, 6)
    fail(GError **error, CfxError code, const char *list, gsize index, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    g_autofree char *text = g_strdup_vprintf(format, arguments);
    va_end(arguments);
    g_set_error(error, CFX_ERROR, code, "%s.%" G_GSIZE_FORMAT ".%s", list, index, text);
    return FALSE;
}

/* "ocpp.station" of the plugin "ocpp", "depot/CP001" of the instance "depot" */
static gboolean
begins_with(const char *text, const char *word, char separator)
{
    gsize size = strlen(word);
    return strncmp(text, word, size) == 0 && text[size] == separator && text[size + 1] != '\0';
}

static gboolean
check_record(CfxHarness *self, const CfxRecord *record, gsize i, GError **error)
{
    if (record->struct_size < sizeof(CfxRecord))
        return fail(error, CFX_ERROR_INVALID, "records", i, "struct_size: too small");
    if ((record->flags & ~RECORD_FLAGS) != 0)
        return fail(error, CFX_ERROR_INVALID, "records", i, "flags: unknown bit");
    if (record->collection == NULL || *record->collection == '\0')
        return fail(error, CFX_ERROR_INVALID, "records", i, "collection: missing");
    if (record->key == NULL || *record->key == '\0')
        return fail(error, CFX_ERROR_INVALID, "records", i, "key: missing");
    if (record->doc == NULL && (record->flags & CFX_RECORD_DELETE) == 0)
        return fail(error, CFX_ERROR_INVALID, "records", i, "doc: missing");
    if (self->info != NULL && !begins_with(record->collection, self->info->id, '.'))
        return fail(error,
                    CFX_ERROR_AUTH,
                    "records",
                    i,
                    "collection: \"%s\" does not begin with \"%s.\"",
                    record->collection,
                    self->info->id);
    if (self->info != NULL && !begins_with(record->key, self->instance, '/'))
        return fail(error,
                    CFX_ERROR_AUTH,
                    "records",
                    i,
                    "key: \"%s\" does not begin with \"%s/\"",
                    record->key,
                    self->instance);
    return TRUE;
}

static gboolean
check_beliefs(CfxHarness *self, const CfxBeliefs *beliefs, gsize i, GError **error)
{
    if (beliefs->struct_size < sizeof(CfxBeliefs))
        return fail(error, CFX_ERROR_INVALID, "beliefs", i, "struct_size: too small");
    if ((beliefs->flags & ~CFX_BELIEFS_RAW) != 0)
        return fail(error, CFX_ERROR_INVALID, "beliefs", i, "flags: unknown bit");
    if (beliefs->n > 0 && beliefs->sensor.at == NULL)
        return fail(error, CFX_ERROR_INVALID, "beliefs", i, "sensor: missing");
    if (beliefs->n > 0 && beliefs->start_us.at == NULL)
        return fail(error, CFX_ERROR_INVALID, "beliefs", i, "start_us: missing");
    if (beliefs->n > 0 && beliefs->value.at == NULL)
        return fail(error, CFX_ERROR_INVALID, "beliefs", i, "value: missing");
    const CfxModel *model = self->host.model->get(&self->host);
    gboolean is_right = TRUE;
    for (gsize k = 0; k < beliefs->n && model->n_sensors > 0 && is_right; k++) {
        gint64 sensor = cfx_int_at(beliefs->sensor, k);
        if (cfx_model_sensor(model, sensor) == NULL)
            is_right = fail(error,
                            CFX_ERROR_NOT_FOUND,
                            "beliefs",
                            i,
                            "sensor: there is no sensor %" G_GINT64_FORMAT,
                            sensor);
    }
    g_bytes_unref(model->owner);
    return is_right;
}

static gboolean
check_notice(CfxHarness *self, const CfxNotice *notice, gsize i, GError **error)
{
    if (notice->struct_size < sizeof(CfxNotice))
        return fail(error, CFX_ERROR_INVALID, "notices", i, "struct_size: too small");
    if ((notice->flags & ~CFX_NOTICE_TRANSIENT) != 0)
        return fail(error, CFX_ERROR_INVALID, "notices", i, "flags: unknown bit");
    if (notice->topic == NULL || *notice->topic == '\0')
        return fail(error, CFX_ERROR_INVALID, "notices", i, "topic: missing");
    if (self->info != NULL && !begins_with(notice->topic, self->info->id, '.'))
        return fail(error,
                    CFX_ERROR_AUTH,
                    "notices",
                    i,
                    "topic: \"%s\" does not begin with \"%s.\"",
                    notice->topic,
                    self->info->id);
    return TRUE;
}

gboolean
cfx_harness_check_commit(CfxHarness *self, const CfxCommit *commit, GError **error)
{
    const char *wrong = NULL;
    if (commit->struct_size < sizeof(CfxCommit))
        wrong = "struct_size: too small";
    else if ((commit->flags & ~COMMIT_FLAGS) != 0)
        wrong = "flags: unknown bit";
    if (wrong != NULL) {
        g_set_error_literal(error, CFX_ERROR, CFX_ERROR_INVALID, wrong);
        return FALSE;
    }
    for (gsize i = 0; i < commit->n_records; i++) {
        if (!check_record(self, commit->records[i], i, error))
            return FALSE;
    }
    for (gsize i = 0; i < commit->n_beliefs; i++) {
        if (!check_beliefs(self, commit->beliefs[i], i, error))
            return FALSE;
    }
    for (gsize i = 0; i < commit->n_notices; i++) {
        if (!check_notice(self, commit->notices[i], i, error))
            return FALSE;
    }
    return TRUE;
}
