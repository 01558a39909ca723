/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "recover/cfx-recover.h"

#include "apply/cfx-apply.h"
#include "guard/cfx-guard.h"
#include "hold/cfx-hold.h"
#include "ingest/cfx-ingest.h"
#include "plan/cfx-plan.h"
#include "plan/cfx-trigger.h"
#include "session/cfx-session.h"

#include <json-glib/json-glib.h>

/* what could not be read is tried again after so long (REAL) */
#define AGAIN (5 * CFX_SECOND)
/* how far ahead beliefs are read: a signal that is announced early must not be forgotten */
#define AHEAD (400 * CFX_DAY)

/* one read under way (transfer full) */
static CfxSiteHandle *
load_new(CfxSite *site)
{
    CfxSiteHandle *load = g_new(CfxSiteHandle, 1);

    *load = cfx_site_handle(site);
    site->loads++;
    return load;
}

static CfxSite *
load_site(const CfxSiteHandle *load)
{
    return load->engine->is_stopping ? NULL : cfx_site_of_handle(*load);
}

/* What could not be read is not nothing: a limit, a hold or a profile may be in it. Nobody steers a
 * site before it is known; one that is steered already goes on with what it knows. */
static void
note_failure(CfxSite *site, const GError *error)
{
    if (error == NULL)
        return;
    if (!site->load_failed)
        cfx_log(site->engine->host,
                CFX_LOG_WARNING,
                "site %s: what is stored cannot be read, it is tried again: %s",
                site->name,
                error->message);
    site->load_failed = TRUE;
    if (site->was_loaded)
        return;
    g_free(site->problem);
    site->problem = g_strdup_printf("what is stored cannot be read: %s", error->message);
}

static void
load_again(gpointer data)
{
    CfxSite *site = data;

    site->load_timer = 0;
    site->load_failed = FALSE;
    if (site->was_loaded)
        cfx_recover_beliefs(site);
    else
        cfx_recover_site(site);
}

/* --- whether the site may be steered -----------------------------------------------------------
 */

void
cfx_recover_check(CfxSite *site)
{
    guint n = site->devices->len;
    g_autofree CfxFlexModel *models = g_new0(CfxFlexModel, n + 1);
    g_autofree double *fail_safe_w = g_new0(double, n + 1);
    g_autoptr(GError) error = NULL;

    cfx_problem_fail_safe(site, fail_safe_w);
    for (guint i = 0; i < n; i++) {
        const CfxEngineDevice *device = g_ptr_array_index(site->devices, i);
        models[i] = device->flex;
        models[i].fail_safe_w = fail_safe_w[i];
    }
    g_clear_pointer(&site->problem, g_free);
    if (cfx_flex_may_steer(site->flex, models, n, &error)) {
        site->state = CFX_SITE_READY;
        return;
    }
    site->state = CFX_SITE_REFUSED;
    site->problem = g_strdup(error->message);
    if (n > 0)
        cfx_log(site->engine->host,
                CFX_LOG_WARNING,
                "site %s is not steered: %s",
                site->name,
                error->message);
}

static void
load_ended(CfxSite *site)
{
    CfxCause cause = { .cause = "start" };

    if (--site->loads > 0)
        return;
    if (cfx_model_asset(site->engine->model, site->asset) == NULL) {
        cfx_engine_site_ended(site); /* it waits for its plan to end, and starts nothing more */
        return;
    }
    if (site->load_failed) {
        cfx_timer_clear(site->engine->host, &site->load_timer);
        site->load_timer =
            cfx_timer_after(site->engine->host, CFX_CLOCK_REAL, AGAIN, load_again, site);
    }
    if (site->load_failed && !site->was_loaded) {
        cfx_engine_site_ended(site);
        return;
    }
    site->was_loaded = TRUE;
    cfx_recover_check(site);
    cfx_hold_curve(site, &site->hold);
    cfx_ingest_limit(site);
    cfx_hold_watch(site);
    cfx_meter_slots(site);
    if (site->state == CFX_SITE_READY && site->devices->len > 0) {
        cfx_apply_next_version(site); /* what is reserved is stored from the first moment on */
        cfx_trigger_clock(site);
        cfx_apply_repeat_start(site);
        cfx_trigger(site, &cause, FALSE);
    } else if (site->devices->len > 0) {
        cfx_trigger_clock(site); /* the guard looks some minutes ahead, and again at each slot */
        cfx_guard_clip(site, &cause);
        cfx_apply_repeat_start(site);
    }
    cfx_engine_site_ended(site);
}

/* --- records -----------------------------------------------------------------------------------
 */

static JsonObject *
object_of(JsonParser *parser, const CfxRecord *record)
{
    if (!json_parser_load_from_data(parser, record->doc, (gssize)record->doc_size, NULL))
        return NULL;
    JsonNode *root = json_parser_get_root(parser);
    return root != NULL && JSON_NODE_HOLDS_OBJECT(root) ? json_node_get_object(root) : NULL;
}

static void
site_came(gpointer data, const CfxRecords *records, const GError *error)
{
    g_autofree CfxSiteHandle *load = data;
    CfxSite *site = load_site(load);
    g_autoptr(JsonParser) parser = json_parser_new();
    if (site == NULL)
        return;

    note_failure(site, error);
    for (gsize i = 0; records != NULL && i < records->n; i++) {
        JsonObject *object = object_of(parser, records->records[i]);
        if (object == NULL)
            continue;
        site->epoch = json_object_get_int_member_with_default(object, "epoch", 1);
        /* beyond everything that may have been given out, here or at the site of a device that came
         */
        site->version_reserved = json_object_get_int_member_with_default(object, "version", 0);
        site->version = MAX(site->version, site->version_reserved);
    }
    load_ended(site);
}

static void
sessions_came(gpointer data, const CfxRecords *records, const GError *error)
{
    g_autofree CfxSiteHandle *load = data;
    CfxSite *site = load_site(load);
    if (site == NULL)
        return;

    note_failure(site, error);
    for (gsize i = 0; records != NULL && i < records->n; i++) {
        g_autoptr(GError) problem = NULL;
        const CfxRecord *record = records->records[i];
        CfxSession *session = cfx_session_parse(record->doc, record->doc_size, &problem);
        if (session == NULL) {
            cfx_log(load->engine->host,
                    CFX_LOG_WARNING,
                    "session %s cannot be read: %s",
                    record->key,
                    problem->message);
            continue;
        }
        CfxEngineDevice *device = cfx_engine_device(load->engine, session->asset);
        if (session->ended_us == 0 && device != NULL && device->session == NULL)
            device->session = session;
        else if (session->ended_us != 0 && !g_hash_table_contains(site->ended, session->key))
            g_hash_table_replace(site->ended, session->key, session);
        else
            cfx_session_free(session);
    }
    load_ended(site);
}

static void
holds_came(gpointer data, const CfxRecords *records, const GError *error)
{
    g_autofree CfxSiteHandle *load = data;
    CfxSite *site = load_site(load);
    if (site == NULL)
        return;

    note_failure(site, error);
    for (gsize i = 0; records != NULL && i < records->n; i++) {
        g_autoptr(GError) problem = NULL;
        const CfxRecord *record = records->records[i];
        g_autoptr(CfxHold) hold = cfx_hold_parse(record->doc, record->doc_size, &problem);
        if (hold == NULL) {
            cfx_log(load->engine->host,
                    CFX_LOG_WARNING,
                    "hold %s cannot be read: %s",
                    record->key,
                    problem->message);
            continue;
        }
        load->engine->last_hold = MAX(load->engine->last_hold, hold->id);
        /* the last one ever may be of another site, or long over */
        if (hold->site == site->asset && !cfx_hold_find(site, hold->id) &&
            cfx_hold_over_us(hold) > cfx_now_site(load->engine->host) - CFX_ENGINE_PAST)
            g_ptr_array_add(site->holds, g_steal_pointer(&hold));
    }
    load_ended(site);
}

static void
take_allowed(CfxEngineDevice *device, JsonObject *object)
{
    JsonNode *at = json_object_get_member(object, "at_us");
    JsonNode *w = json_object_get_member(object, "w");
    JsonNode *fail_safe = json_object_get_member(object, "fail_safe_w");

    /* what the adapter has said since is newer */
    if (device->has_allowed || at == NULL || w == NULL || !JSON_NODE_HOLDS_ARRAY(at) ||
        !JSON_NODE_HOLDS_ARRAY(w))
        return;
    JsonArray *instants = json_node_get_array(at), *powers = json_node_get_array(w);
    guint n = MIN(json_array_get_length(instants), json_array_get_length(powers));
    g_autofree gint64 *at_us = g_new0(gint64, n + 1);
    g_autofree double *w_at = g_new0(double, n + 1);
    for (guint i = 0; i < n; i++) {
        /* null stands for what is no number: it must not read as 0 */
        JsonNode *power = json_array_get_element(powers, i);
        at_us[i] = json_array_get_int_element(instants, i);
        w_at[i] = JSON_NODE_HOLDS_VALUE(power) ? json_node_get_double(power) : NAN;
    }
    cfx_apply_set_allowed(device, (CfxInts){ at_us, 1 }, (CfxReals){ w_at, 1 }, n);
    device->has_allowed = device->allowed.n > 0 &&
                          json_object_get_boolean_member_with_default(object, "known", FALSE);
    device->is_refused = json_object_get_boolean_member_with_default(object, "refused", FALSE);
    device->applied_version = json_object_get_int_member_with_default(object, "version", 0);
    if (fail_safe != NULL && JSON_NODE_HOLDS_VALUE(fail_safe))
        device->fail_safe_accepted_w = json_node_get_double(fail_safe);
}

static void
allowed_came(gpointer data, const CfxRecords *records, const GError *error)
{
    g_autofree CfxSiteHandle *load = data;
    CfxSite *site = load_site(load);
    g_autoptr(JsonParser) parser = json_parser_new();
    if (site == NULL)
        return;

    note_failure(site, error);
    for (gsize i = 0; records != NULL && i < records->n; i++) {
        JsonObject *object = object_of(parser, records->records[i]);
        CfxEngineDevice *device =
            object != NULL
                ? cfx_engine_device(load->engine,
                                    json_object_get_int_member_with_default(object, "asset", 0))
                : NULL;
        if (device != NULL)
            take_allowed(device, object);
    }
    load_ended(site);
}

static void
registers_came(gpointer data, const CfxRecords *records, const GError *error)
{
    g_autofree CfxSiteHandle *load = data;
    CfxSite *site = load_site(load);
    g_autoptr(JsonParser) parser = json_parser_new();
    if (site == NULL)
        return;

    note_failure(site, error);
    for (gsize i = 0; records != NULL && i < records->n; i++) {
        JsonObject *object = object_of(parser, records->records[i]);
        if (object != NULL)
            cfx_register_read(load->engine, object);
    }
    load_ended(site);
}

static void
beliefs_came(gpointer data, const CfxBeliefs *beliefs, const GError *error)
{
    g_autofree CfxSiteHandle *load = data;
    CfxSite *site = load_site(load);
    if (site == NULL)
        return;

    note_failure(site, error);
    if (beliefs != NULL)
        cfx_ingest_add(site, beliefs);
    load_ended(site);
}

/* --- reads -------------------------------------------------------------------------------------
 */

void
cfx_recover_beliefs(CfxSite *site)
{
    const CfxHost *host = site->engine->host;
    g_autoptr(GArray) sensors = cfx_ingest_sensors(site);
    gint64 now_us = cfx_now_site(host);
    CfxBeliefQuery query = {
        .struct_size = sizeof query,
        .mode = CFX_BELIEFS_NEWEST,
        .sensors = (const gint64 *)(gpointer)sensors->data,
        .n_sensors = sensors->len,
        .start_us = now_us - CFX_ENGINE_PAST,
        .end_us = now_us + AHEAD,
        .horizon_us = CFX_TIME_MIN,
    };

    host->data->read_beliefs(host, &query, beliefs_came, load_new(site));
    /* the last known day of prices may be longer ago, or a long event have begun */
    query.n_sensors = 1;
    query.end_us = query.start_us;
    for (guint i = 0; i < sensors->len; i++) {
        query.sensors = &g_array_index(sensors, gint64, i);
        query.start_us =
            now_us - cfx_ingest_past_us(site, cfx_ingest_timeline(site, *query.sensors));
        if (query.start_us < query.end_us)
            host->data->read_beliefs(host, &query, beliefs_came, load_new(site));
    }
}

static void
read_records(
    CfxSite *site, const char *collection, const CfxTerm *a, const CfxTerm *b, CfxRecordsDone done)
{
    const CfxTerm *const terms[] = { a, b };
    const CfxHost *host = site->engine->host;
    CfxRecordQuery query = {
        .struct_size = sizeof query,
        .collection = collection,
        .terms = terms,
        .n_terms = b != NULL ? 2 : 1,
    };

    host->data->read_records(host, &query, done, load_new(site));
}

void
cfx_recover_site(CfxSite *site)
{
    const CfxHost *host = site->engine->host;
    gint64 now_us = cfx_now_site(host);
    g_autofree char *key = g_strdup_printf("%" G_GINT64_FORMAT, site->asset);
    const char *key_at = key;
    CfxRecordQuery by_key = {
        .struct_size = sizeof by_key,
        .collection = CFX_SITE_COLLECTION,
        .keys = &key_at,
        .n_keys = 1,
    };
    const CfxTerm of_site = { .name = "site", .from = site->asset, .to = site->asset };
    const CfxTerm open = { .name = "ended", .from = 0, .to = 0 };
    const CfxTerm recent = { .name = "ended", .from = now_us - 48 * CFX_HOUR, .to = CFX_TIME_MAX };

    const CfxTerm held = { .name = "over", .from = now_us - CFX_ENGINE_PAST, .to = CFX_TIME_MAX };
    CfxRecordQuery last_hold = {
        .struct_size = sizeof last_hold,
        .flags = CFX_QUERY_DESCENDING,
        .collection = CFX_HOLD_COLLECTION,
        .order = "number",
        .limit = 1,
    };

    site->state = CFX_SITE_LOADING;
    site->loads++; /* until all are asked */
    host->data->read_records(host, &by_key, site_came, load_new(site));
    read_records(site, CFX_ALLOWED_COLLECTION, &of_site, NULL, allowed_came);
    read_records(site, CFX_SESSION_COLLECTION, &of_site, &open, sessions_came);
    read_records(site, CFX_SESSION_COLLECTION, &of_site, &recent, sessions_came);
    read_records(site, CFX_REGISTER_COLLECTION, &of_site, NULL, registers_came);
    read_records(site, CFX_HOLD_COLLECTION, &of_site, &held, holds_came);
    host->data->read_records(host, &last_hold, holds_came, load_new(site));
    cfx_recover_beliefs(site);
    site->loads--;
}
