/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Whether an instance may commit what it asks to commit, and read what was found.
 */
#include "cfx-store-private.h"

#include <string.h>

#define COMMIT_FLAGS (CFX_COMMIT_BULK | CFX_COMMIT_SKIP_SAME | CFX_COMMIT_NO_REPLACE)
#define RECORD_FLAGS (CFX_RECORD_DELETE | CFX_RECORD_PRIVATE)
#define MOST_NOTICES 65535

typedef struct {
    CfxInstance *instance;
    const CfxModel *model;
    GError **error;
    const char *list; /* "records" */
    gsize index;
} Check;

static gboolean G_GNUC_PRINTF(3, 4) fail(const Check *check, CfxError code, const char *format, ...)
{
    va_list arguments;

    va_start(arguments, format);
    g_autofree char *what = g_strdup_vprintf(format, arguments);
    va_end(arguments);
    if (check->list != NULL)
        g_set_error(check->error,
                    CFX_ERROR,
                    code,
                    "%s.%" G_GSIZE_FORMAT ".%s",
                    check->list,
                    check->index,
                    what);
    else
        g_set_error_literal(check->error, CFX_ERROR, code, what);
    return FALSE;
}

/* the core itself: it may write everything */
static gboolean
is_core(const CfxInstance *instance)
{
    return instance->info == NULL;
}

/* "ocpp.station" of the plugin "ocpp" */
static gboolean
is_own_name(const CfxInstance *instance, const char *name)
{
    const char *id = instance->info->id;
    gsize size = strlen(id);

    return strncmp(name, id, size) == 0 && name[size] == '.' && name[size + 1] != '\0';
}

/* "depot/CP001" of the instance "depot" */
static gboolean
is_own_key(const CfxInstance *instance, const char *key)
{
    gsize size = strlen(instance->name);

    return strncmp(key, instance->name, size) == 0 && key[size] == '/' && key[size + 1] != '\0';
}

static gboolean
check_record(const Check *check, const CfxRecord *record)
{
    if (record == NULL || record->struct_size < CFX_SIZE_UPTO(CfxRecord, revision))
        return fail(check, CFX_ERROR_INVALID, "struct_size: too small");
    if ((record->flags & ~RECORD_FLAGS) != 0)
        return fail(check, CFX_ERROR_INVALID, "flags: unknown bit");
    if (record->collection == NULL || record->collection[0] == '\0')
        return fail(check, CFX_ERROR_INVALID, "collection: missing");
    if (record->key == NULL || record->key[0] == '\0')
        return fail(check, CFX_ERROR_INVALID, "key: missing");
    if (record->doc == NULL && (record->flags & CFX_RECORD_DELETE) == 0)
        return fail(check, CFX_ERROR_INVALID, "doc: missing");
    if (record->expect < CFX_EXPECT_ANY)
        return fail(check, CFX_ERROR_INVALID, "expect: no revision");
    for (gsize i = 0; i < record->n_keys; i++) {
        if (record->keys[i].name == NULL)
            return fail(check, CFX_ERROR_INVALID, "keys.%" G_GSIZE_FORMAT ".name: missing", i);
    }
    if (is_core(check->instance))
        return TRUE;
    if (!is_own_name(check->instance, record->collection))
        return fail(check,
                    CFX_ERROR_AUTH,
                    "collection: \"%s\" does not begin with \"%s.\"",
                    record->collection,
                    check->instance->info->id);
    if (!is_own_key(check->instance, record->key))
        return fail(check,
                    CFX_ERROR_AUTH,
                    "key: \"%s\" does not begin with \"%s/\"",
                    record->key,
                    check->instance->name);
    return TRUE;
}

/* A plugin speaks for itself, and for principals: a web adapter posts what they post. */
static gboolean
check_source(const Check *check, gint64 source)
{
    if (source == 0) {
        if (check->instance->source != 0)
            return TRUE;
        return fail(check, CFX_ERROR_INVALID, "source: this instance has none of its own yet");
    }
    if (is_core(check->instance) || source == check->instance->source)
        return TRUE;
    const CfxSource *known = check->model != NULL ? cfx_model_source(check->model, source) : NULL;
    if (known == NULL)
        return fail(
            check, CFX_ERROR_NOT_FOUND, "source: there is no source %" G_GINT64_FORMAT, source);
    if (known->instance != NULL && *known->instance != '\0')
        return fail(check,
                    CFX_ERROR_AUTH,
                    "source: %" G_GINT64_FORMAT " belongs to the instance \"%s\"",
                    source,
                    known->instance);
    return TRUE;
}

/* how many different values there may be: a column of step 0 has one */
static gsize
distinct(CfxInts column, gsize n)
{
    return column.at == NULL ? 0 : column.step == 0 ? MIN(n, 1) : n;
}

static gboolean
check_beliefs(const Check *check, const CfxBeliefs *beliefs)
{
    gint64 last = 0;

    if (beliefs == NULL || beliefs->struct_size < CFX_SIZE_UPTO(CfxBeliefs, owner))
        return fail(check, CFX_ERROR_INVALID, "struct_size: too small");
    if ((beliefs->flags & ~CFX_BELIEFS_RAW) != 0)
        return fail(check, CFX_ERROR_INVALID, "flags: unknown bit");
    if (beliefs->n == 0)
        return TRUE;
    if (beliefs->sensor.at == NULL)
        return fail(check, CFX_ERROR_INVALID, "sensor: missing");
    if (beliefs->start_us.at == NULL)
        return fail(check, CFX_ERROR_INVALID, "start_us: missing");
    if (beliefs->value.at == NULL)
        return fail(check, CFX_ERROR_INVALID, "value: missing");
    for (gsize i = 0; check->model != NULL && i < distinct(beliefs->sensor, beliefs->n); i++) {
        gint64 sensor = cfx_int_at(beliefs->sensor, i);
        if (sensor != last && cfx_model_sensor(check->model, sensor) == NULL)
            return fail(
                check, CFX_ERROR_NOT_FOUND, "sensor: there is no sensor %" G_GINT64_FORMAT, sensor);
        last = sensor;
    }
    if (beliefs->source.at == NULL)
        return check_source(check, 0);
    for (gsize i = 0; i < distinct(beliefs->source, beliefs->n); i++) {
        gint64 source = cfx_int_at(beliefs->source, i);
        if ((i == 0 || source != last) && !check_source(check, source))
            return FALSE;
        last = source;
    }
    return TRUE;
}

static gboolean
check_notice(const Check *check, const CfxNotice *notice)
{
    if (notice == NULL || notice->struct_size < CFX_SIZE_UPTO(CfxNotice, doc_size))
        return fail(check, CFX_ERROR_INVALID, "struct_size: too small");
    if ((notice->flags & ~CFX_NOTICE_TRANSIENT) != 0)
        return fail(check, CFX_ERROR_INVALID, "flags: unknown bit");
    if (notice->topic == NULL || notice->topic[0] == '\0')
        return fail(check, CFX_ERROR_INVALID, "topic: missing");
    if (is_core(check->instance) || is_own_name(check->instance, notice->topic))
        return TRUE;
    return fail(check,
                CFX_ERROR_AUTH,
                "topic: \"%s\" does not begin with \"%s.\"",
                notice->topic,
                check->instance->info->id);
}

gboolean
cfx_store_check(CfxInstance *instance,
                const CfxModel *model,
                const CfxCommit *commit,
                GError **error)
{
    Check check = { instance, model, error, NULL, 0 };

    if (commit->struct_size < CFX_SIZE_UPTO(CfxCommit, received_us))
        return fail(&check, CFX_ERROR_INVALID, "struct_size: too small");
    if ((commit->flags & ~COMMIT_FLAGS) != 0)
        return fail(&check, CFX_ERROR_INVALID, "flags: unknown bit");
    if (commit->n_notices > MOST_NOTICES)
        return fail(&check, CFX_ERROR_INVALID, "notices: more than %d", MOST_NOTICES);
    check.list = "records";
    for (check.index = 0; check.index < commit->n_records; check.index++) {
        if (!check_record(&check, commit->records[check.index]))
            return FALSE;
    }
    check.list = "beliefs";
    for (check.index = 0; check.index < commit->n_beliefs; check.index++) {
        if (!check_beliefs(&check, commit->beliefs[check.index]))
            return FALSE;
    }
    check.list = "notices";
    for (check.index = 0; check.index < commit->n_notices; check.index++) {
        if (!check_notice(&check, commit->notices[check.index]))
            return FALSE;
    }
    return TRUE;
}

gboolean
cfx_store_may_read(CfxInstance *instance, const CfxRecord *record)
{
    if ((record->flags & CFX_RECORD_PRIVATE) == 0 || is_core(instance))
        return TRUE;
    return is_own_name(instance, record->collection) && is_own_key(instance, record->key);
}
