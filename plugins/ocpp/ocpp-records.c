/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "ocpp-records.h"

#include "ocpp-transaction.h"

#include <math.h>

/* ended transactions are remembered so long, for events that come late */
#define LATE_EVENTS_US (2 * CFX_DAY)

/* --- tables of the documents ---------------------------------------------------------------- */

typedef struct {
    CfxJsonArray at_us, w;
} CurveDoc;

static const CfxJsonField curve_fields[] = {
    CFX_JSON_LIST("at_us", INT, REQUIRED, CurveDoc, at_us, .min_items = 1),
    CFX_JSON_LIST("w", REAL, NULLABLE_ITEMS, CurveDoc, w, .min_items = 1),
};
static const CfxJsonTable curve_table = CFX_JSON_TABLE(CurveDoc, curve_fields, 0);

/* the car that is there: what it stated is told once, and must outlive this process */
typedef struct {
    gint64 needs_us, needs_hash, departure_us, phases;
    gint32 phases_are_stated;
    double need_wh, current_a, min_current_a, power_w, cable_current_a, soc_ratio;
} CarDoc;

static const CfxJsonField car_fields[] = {
    CFX_JSON_FIELD("needs_us", INT, OPTIONAL, CarDoc, needs_us),
    CFX_JSON_FIELD("needs_hash", INT, OPTIONAL, CarDoc, needs_hash),
    CFX_JSON_FIELD("departure_us", INT, OPTIONAL, CarDoc, departure_us),
    CFX_JSON_FIELD("phases", INT, OPTIONAL, CarDoc, phases),
    CFX_JSON_FIELD("phases_stated", BOOL, OPTIONAL, CarDoc, phases_are_stated),
    CFX_JSON_FIELD("need_wh", REAL, OPTIONAL, CarDoc, need_wh),
    CFX_JSON_FIELD("current_a", REAL, OPTIONAL, CarDoc, current_a),
    CFX_JSON_FIELD("min_current_a", REAL, OPTIONAL, CarDoc, min_current_a),
    CFX_JSON_FIELD("power_w", REAL, OPTIONAL, CarDoc, power_w),
    CFX_JSON_FIELD("cable_current_a", REAL, OPTIONAL, CarDoc, cable_current_a),
    CFX_JSON_FIELD("soc_ratio", REAL, OPTIONAL, CarDoc, soc_ratio),
};
static const CfxJsonTable car_table = CFX_JSON_TABLE(CarDoc, car_fields, CFX_JSON_OPEN);

typedef struct {
    gint64 id;
    double fail_safe_w, rated_w;
    gint64 supply_phases;
    CfxJsonArray connectors; /* gint64 */
    CfxJsonArray problems;   /* CfxJsonText */
    CurveDoc *standard, *tx, *external;
    CurveDoc *standard_doubt, *tx_doubt, *substitute;
    CarDoc *car;
    CfxJsonText tx_id;
    gint64 external_source;
    gint32 is_refused;
} EvseDoc;

static const CfxJsonField evse_fields[] = {
    CFX_JSON_FIELD("id", INT, REQUIRED, EvseDoc, id),
    CFX_JSON_LIST("connectors", INT, OPTIONAL, EvseDoc, connectors),
    CFX_JSON_LIST("problems", TEXT, OPTIONAL, EvseDoc, problems),
    CFX_JSON_FIELD("rated_w", REAL, OPTIONAL, EvseDoc, rated_w),
    CFX_JSON_FIELD("supply_phases", INT, OPTIONAL, EvseDoc, supply_phases),
    CFX_JSON_FIELD("fail_safe_w", REAL, OPTIONAL, EvseDoc, fail_safe_w),
    CFX_JSON_FIELD("default", OBJECT, OPTIONAL, EvseDoc, standard, .table = &curve_table),
    CFX_JSON_FIELD("tx", OBJECT, OPTIONAL, EvseDoc, tx, .table = &curve_table),
    CFX_JSON_FIELD(
        "default_doubt", OBJECT, OPTIONAL, EvseDoc, standard_doubt, .table = &curve_table),
    CFX_JSON_FIELD("tx_doubt", OBJECT, OPTIONAL, EvseDoc, tx_doubt, .table = &curve_table),
    CFX_JSON_FIELD("substitute", OBJECT, OPTIONAL, EvseDoc, substitute, .table = &curve_table),
    CFX_JSON_FIELD("tx_id", TEXT, OPTIONAL, EvseDoc, tx_id),
    CFX_JSON_FIELD("refused", BOOL, OPTIONAL, EvseDoc, is_refused),
    CFX_JSON_FIELD("external", OBJECT, OPTIONAL, EvseDoc, external, .table = &curve_table),
    CFX_JSON_FIELD("external_source", INT, OPTIONAL, EvseDoc, external_source),
    CFX_JSON_FIELD("car", OBJECT, OPTIONAL, EvseDoc, car, .table = &car_table),
};
static const CfxJsonTable evse_table = CFX_JSON_TABLE(EvseDoc, evse_fields, CFX_JSON_OPEN);

typedef struct {
    CfxJsonText identity, vendor, model, serial, firmware;
    gint32 is_accepted;
    gint64 boot_us, takes_a, takes_w, max_periods, max_stack_level, get_items, set_items;
    CfxJsonArray evses; /* EvseDoc */
} StationDoc;

static const CfxJsonField station_fields[] = {
    CFX_JSON_FIELD("identity", TEXT, REQUIRED, StationDoc, identity),
    CFX_JSON_FIELD("accepted", BOOL, REQUIRED, StationDoc, is_accepted),
    CFX_JSON_FIELD("vendor", TEXT, OPTIONAL, StationDoc, vendor),
    CFX_JSON_FIELD("model", TEXT, OPTIONAL, StationDoc, model),
    CFX_JSON_FIELD("serial", TEXT, OPTIONAL, StationDoc, serial),
    CFX_JSON_FIELD("firmware", TEXT, OPTIONAL, StationDoc, firmware),
    CFX_JSON_FIELD("boot_us", INT, OPTIONAL, StationDoc, boot_us),
    CFX_JSON_FIELD("takes_a", INT, OPTIONAL, StationDoc, takes_a),
    CFX_JSON_FIELD("takes_w", INT, OPTIONAL, StationDoc, takes_w),
    CFX_JSON_FIELD("max_periods", INT, OPTIONAL, StationDoc, max_periods),
    CFX_JSON_FIELD("max_stack_level", INT, OPTIONAL, StationDoc, max_stack_level),
    CFX_JSON_FIELD("get_items", INT, OPTIONAL, StationDoc, get_items),
    CFX_JSON_FIELD("set_items", INT, OPTIONAL, StationDoc, set_items),
    CFX_JSON_LIST("evses", OBJECT, OPTIONAL, StationDoc, evses, .table = &evse_table),
};
static const CfxJsonTable station_table = CFX_JSON_TABLE(StationDoc, station_fields, CFX_JSON_OPEN);

typedef struct {
    CfxJsonText id, identity, token, closed_by;
    gint64 evse, started_us, ended_us, last_us, first_seq, last_seq, end_seq;
    gint64 state, stopped_reason;
    gint32 is_incomplete, was_offline;
    CfxJsonArray seqs; /* gint64: first, last, first, last, … */
    double begin_wh, last_wh;
} TransactionDoc;

static const CfxJsonField transaction_fields[] = {
    CFX_JSON_FIELD("id", TEXT, REQUIRED, TransactionDoc, id),
    CFX_JSON_FIELD("identity", TEXT, REQUIRED, TransactionDoc, identity),
    CFX_JSON_FIELD("evse", INT, REQUIRED, TransactionDoc, evse),
    CFX_JSON_FIELD("started_us", INT, REQUIRED, TransactionDoc, started_us),
    CFX_JSON_FIELD("ended_us", INT, OPTIONAL, TransactionDoc, ended_us),
    CFX_JSON_FIELD("last_us", INT, OPTIONAL, TransactionDoc, last_us),
    CFX_JSON_FIELD("token", TEXT, OPTIONAL, TransactionDoc, token),
    CFX_JSON_FIELD("state", INT, OPTIONAL, TransactionDoc, state),
    CFX_JSON_FIELD("stopped_reason", INT, OPTIONAL, TransactionDoc, stopped_reason),
    CFX_JSON_FIELD("incomplete", BOOL, OPTIONAL, TransactionDoc, is_incomplete),
    CFX_JSON_FIELD("offline", BOOL, OPTIONAL, TransactionDoc, was_offline),
    CFX_JSON_FIELD("first_seq", INT, OPTIONAL, TransactionDoc, first_seq),
    CFX_JSON_FIELD("last_seq", INT, OPTIONAL, TransactionDoc, last_seq),
    CFX_JSON_FIELD("end_seq", INT, OPTIONAL, TransactionDoc, end_seq),
    CFX_JSON_LIST("seqs", INT, OPTIONAL, TransactionDoc, seqs),
    CFX_JSON_FIELD("begin_wh", REAL, OPTIONAL, TransactionDoc, begin_wh),
    CFX_JSON_FIELD("last_wh", REAL, OPTIONAL, TransactionDoc, last_wh),
    CFX_JSON_FIELD("closed_by", TEXT, OPTIONAL, TransactionDoc, closed_by),
};
static const CfxJsonTable transaction_table =
    CFX_JSON_TABLE(TransactionDoc, transaction_fields, CFX_JSON_OPEN);

typedef struct {
    gint64 rung_default, rung_tx;
    CfxJsonText name;
} ModelDoc;

static const CfxJsonField model_fields[] = {
    CFX_JSON_FIELD("name", TEXT, REQUIRED, ModelDoc, name),
    CFX_JSON_FIELD("default", INT, REQUIRED, ModelDoc, rung_default),
    CFX_JSON_FIELD("tx", INT, REQUIRED, ModelDoc, rung_tx),
};
static const CfxJsonTable model_table = CFX_JSON_TABLE(ModelDoc, model_fields, CFX_JSON_OPEN);

/* --- writing -------------------------------------------------------------------------------- */

static void
put_text(CfxJsonWriter *doc, const char *name, const char *text)
{
    if (text != NULL)
        cfx_json_member_text(doc, name, text);
}

static void
put_real(CfxJsonWriter *doc, const char *name, double value)
{
    if (isfinite(value))
        cfx_json_member_real(doc, name, value);
}

static void
put_curve(CfxJsonWriter *doc, const char *name, const OcppCurve *curve)
{
    if (curve == NULL || curve->n == 0)
        return;
    cfx_json_name(doc, name);
    cfx_json_begin_object(doc);
    cfx_json_name(doc, "at_us");
    cfx_json_begin_array(doc);
    for (gsize i = 0; i < curve->n; i++)
        cfx_json_int(doc, curve->steps[i].at_us);
    cfx_json_end_array(doc);
    cfx_json_name(doc, "w");
    cfx_json_begin_array(doc);
    for (gsize i = 0; i < curve->n; i++)
        cfx_json_real(doc, curve->steps[i].w);
    cfx_json_end_array(doc);
    cfx_json_end_object(doc);
}

/* what was sent and is not answered: who reads this later will not get the answer */
static void
put_doubt(CfxJsonWriter *doc, const char *name, const OcppProfileSlot *at, gint64 now_us)
{
    g_autofree OcppCurve *curve = ocpp_curve_copy(at->doubt);

    if (at->sent != NULL && curve != NULL) {
        g_free(curve);
        curve = ocpp_curve_higher(at->sent, at->doubt, now_us);
    }
    put_curve(doc, name, curve != NULL ? curve : at->sent);
}

static void
put_car(CfxJsonWriter *doc, const OcppEvse *evse)
{
    cfx_json_name(doc, "car");
    cfx_json_begin_object(doc);
    cfx_json_member_int(doc, "needs_us", evse->needs_us);
    cfx_json_member_int(doc, "needs_hash", evse->needs_hash);
    cfx_json_member_int(doc, "departure_us", evse->departure_us);
    cfx_json_member_int(doc, "phases", evse->phases.n);
    cfx_json_member_bool(doc, "phases_stated", evse->phases.is_stated);
    put_real(doc, "need_wh", evse->need_wh);
    put_real(doc, "current_a", evse->car_current_a);
    put_real(doc, "min_current_a", evse->car_min_current_a);
    put_real(doc, "power_w", evse->car_power_w);
    put_real(doc, "cable_current_a", evse->cable_current_a);
    put_real(doc, "soc_ratio", evse->soc_ratio);
    cfx_json_end_object(doc);
}

static void
put_evse(CfxJsonWriter *doc, const OcppEvse *evse)
{
    const OcppProfileSlot *tx = &evse->slots[OCPP_SLOT_TX];
    gint64 now_us = cfx_now_site(evse->station->instance->host);

    cfx_json_begin_object(doc);
    cfx_json_member_int(doc, "id", evse->id);
    cfx_json_name(doc, "connectors");
    cfx_json_begin_array(doc);
    for (int i = 0; i < OCPP_CONNECTORS_MAX; i++)
        cfx_json_int(doc, evse->connector[i]);
    cfx_json_end_array(doc);
    cfx_json_name(doc, "problems");
    cfx_json_begin_array(doc);
    for (guint i = 0; i < evse->problems->len; i++)
        cfx_json_text(doc, g_ptr_array_index(evse->problems, i));
    cfx_json_end_array(doc);
    put_real(doc, "rated_w", evse->rated_w);
    cfx_json_member_int(doc, "supply_phases", evse->supply_phases);
    put_real(doc, "fail_safe_w", evse->accepted_fail_safe_w);
    put_curve(doc, "default", evse->slots[OCPP_SLOT_DEFAULT].installed);
    put_doubt(doc, "default_doubt", &evse->slots[OCPP_SLOT_DEFAULT], now_us);
    if (tx->transaction != NULL) {
        put_curve(doc, "tx", tx->installed);
        put_doubt(doc, "tx_doubt", tx, now_us);
        put_text(doc, "tx_id", tx->transaction);
    }
    put_curve(doc, "substitute", evse->substitute);
    cfx_json_member_bool(doc, "refused", evse->slots[OCPP_SLOT_DEFAULT].is_refused);
    if (evse->external != NULL) {
        put_curve(doc, "external", evse->external);
        cfx_json_member_int(doc, "external_source", evse->external_source);
    }
    put_car(doc, evse);
    cfx_json_end_object(doc);
}

void
ocpp_records_put_station(OcppStation *station)
{
    OcppStore *store = &station->instance->store;
    const OcppLimits *limits = &station->limits;
    CfxJsonWriter *doc = ocpp_store_record(
        store, "ocpp.station", ocpp_instance_key(station->instance, station->identity, NULL));

    cfx_json_member_text(doc, "identity", station->identity);
    cfx_json_member_bool(doc, "accepted", station->is_accepted);
    put_text(doc, "vendor", station->vendor);
    put_text(doc, "model", station->model);
    put_text(doc, "serial", station->serial);
    put_text(doc, "firmware", station->firmware);
    cfx_json_member_int(doc, "boot_us", station->boot_us);
    cfx_json_member_int(doc, "takes_a", limits->takes_a);
    cfx_json_member_int(doc, "takes_w", limits->takes_w);
    cfx_json_member_int(doc, "max_periods", limits->max_periods);
    cfx_json_member_int(doc, "max_stack_level", limits->max_stack_level);
    cfx_json_member_int(doc, "get_items", limits->get_items);
    cfx_json_member_int(doc, "set_items", limits->set_items);
    cfx_json_name(doc, "evses");
    cfx_json_begin_array(doc);
    for (guint i = 0; i < station->evses->len; i++)
        put_evse(doc, g_ptr_array_index(station->evses, i));
    cfx_json_end_array(doc);
    ocpp_store_end(store);
    ocpp_store_key(store, "identity", station->identity, 0);
    ocpp_store_key(store, "instance", station->instance->host->instance, 0);
}

void
ocpp_records_put_transaction(OcppStation *station, const OcppTransaction *transaction)
{
    OcppStore *store = &station->instance->store;
    CfxJsonWriter *doc =
        ocpp_store_record(store,
                          "ocpp.transaction",
                          ocpp_instance_key(station->instance, station->identity, transaction->id));

    cfx_json_member_text(doc, "id", transaction->id);
    cfx_json_member_text(doc, "identity", station->identity);
    cfx_json_member_int(doc, "evse", transaction->evse_id);
    cfx_json_member_int(doc, "started_us", transaction->started_us);
    if (transaction->ended_us != 0)
        cfx_json_member_int(doc, "ended_us", transaction->ended_us);
    cfx_json_member_int(doc, "last_us", transaction->last_us);
    put_text(doc, "token", transaction->token);
    cfx_json_member_int(doc, "state", transaction->state);
    cfx_json_member_int(doc, "stopped_reason", transaction->stopped_reason);
    cfx_json_member_bool(doc, "incomplete", transaction->is_incomplete);
    cfx_json_member_bool(doc, "offline", transaction->was_offline);
    cfx_json_member_int(doc, "first_seq", transaction->first_seq);
    cfx_json_member_int(doc, "last_seq", transaction->last_seq);
    cfx_json_member_int(doc, "end_seq", transaction->end_seq);
    cfx_json_name(doc, "seqs");
    cfx_json_begin_array(doc);
    for (guint i = 0; i < 2 * transaction->seqs->len; i++)
        cfx_json_int(doc, ((const gint64 *)(const void *)transaction->seqs->data)[i]);
    cfx_json_end_array(doc);
    put_real(doc, "begin_wh", transaction->begin_wh);
    put_real(doc, "last_wh", transaction->last_wh);
    put_text(doc, "closed_by", transaction->closed_by);
    ocpp_store_end(store);
    ocpp_store_key(store, "identity", station->identity, 0);
    ocpp_store_key(store, "instance", station->instance->host->instance, 0);
    /* the open ones lie behind every ended one */
    ocpp_store_key(
        store, "ended_us", NULL, transaction->ended_us != 0 ? transaction->ended_us : CFX_TIME_MAX);
}

void
ocpp_records_put_model(OcppInstance *instance, const char *name, const guint rungs[])
{
    OcppStore *store = &instance->store;
    CfxJsonWriter *doc =
        ocpp_store_record(store, "ocpp.model", ocpp_instance_key(instance, name, NULL));

    cfx_json_member_text(doc, "name", name);
    cfx_json_member_int(doc, "default", rungs[OCPP_SLOT_DEFAULT]);
    cfx_json_member_int(doc, "tx", rungs[OCPP_SLOT_TX]);
    ocpp_store_end(store);
    ocpp_store_key(store, "instance", instance->host->instance, 0);
}

/* --- reading -------------------------------------------------------------------------------- */

static gboolean
decode(OcppInstance *instance, const CfxRecord *record, const CfxJsonTable *table, gpointer to)
{
    gsize size = record->doc_size;
    char *copy;
    CfxJsonError error;

    cfx_arena_clear(&instance->arena);
    copy = cfx_arena_alloc(&instance->arena, size);
    if (copy == NULL)
        return FALSE;
    memcpy(copy, record->doc, size);
    if (cfx_json_decode_text(
            copy, size, CFX_JSON_READ_SKIP_UNKNOWN, table, to, &instance->arena, &error))
        return TRUE;
    cfx_log(instance->host,
            CFX_LOG_WARNING,
            "record %s %s: %s: %s",
            record->collection,
            record->key,
            error.path,
            error.message);
    return FALSE;
}

static OcppCurve *
read_curve(const CurveDoc *doc)
{
    g_autofree OcppStep *steps = NULL;

    if (doc == NULL || doc->at_us.n == 0 || doc->at_us.n != doc->w.n)
        return NULL;
    steps = g_new(OcppStep, doc->at_us.n);
    for (gsize i = 0; i < doc->at_us.n; i++)
        steps[i] = (OcppStep){ *CFX_JSON_ITEM(&doc->at_us, gint64, i),
                               *CFX_JSON_ITEM(&doc->w, double, i) };
    return ocpp_curve_new(steps, doc->at_us.n);
}

static void
take_car(OcppEvse *evse, const CarDoc *doc)
{
    evse->needs_us = MAX(doc->needs_us, 0);
    evse->needs_hash = MAX(doc->needs_hash, 0);
    evse->departure_us = MAX(doc->departure_us, 0);
    ocpp_phases_state(&evse->phases, (gint32)CLAMP(doc->phases, 0, 3));
    evse->phases.is_stated &= doc->phases_are_stated == 1;
    evse->need_wh = doc->need_wh;
    evse->car_current_a = doc->current_a;
    evse->car_min_current_a = doc->min_current_a;
    evse->car_power_w = doc->power_w;
    evse->cable_current_a = doc->cable_current_a;
    evse->soc_ratio = doc->soc_ratio;
}

static void
take_evse(OcppEvse *evse, const EvseDoc *doc)
{
    OcppProfileSlot *standard = &evse->slots[OCPP_SLOT_DEFAULT], *tx = &evse->slots[OCPP_SLOT_TX];

    for (gsize i = 0; i < MIN(doc->connectors.n, OCPP_CONNECTORS_MAX); i++)
        evse->connector[i] = (gint32)*CFX_JSON_ITEM(&doc->connectors, gint64, i);
    for (gsize i = 0; i < doc->problems.n; i++)
        g_ptr_array_add(evse->problems,
                        cfx_json_text_dup(*CFX_JSON_ITEM(&doc->problems, CfxJsonText, i)));
    evse->rated_w = doc->rated_w;
    if (doc->supply_phases != CFX_JSON_NO_INT)
        evse->supply_phases = (gint32)doc->supply_phases;
    evse->accepted_fail_safe_w = doc->fail_safe_w;
    standard->installed = read_curve(doc->standard);
    standard->doubt = read_curve(doc->standard_doubt);
    standard->is_refused = doc->is_refused == 1;
    tx->installed = doc->tx_id.text != NULL ? read_curve(doc->tx) : NULL;
    tx->doubt = doc->tx_id.text != NULL ? read_curve(doc->tx_doubt) : NULL;
    tx->transaction = cfx_json_text_dup(doc->tx_id);
    evse->substitute = read_curve(doc->substitute);
    evse->external = read_curve(doc->external);
    evse->external_source = (gint32)MAX(doc->external_source, 0);
    if (doc->car != NULL)
        take_car(evse, doc->car);
}

static void
take_station(OcppInstance *instance, const CfxRecord *record)
{
    StationDoc doc;
    OcppStation *station;

    if (!decode(instance, record, &station_table, &doc))
        return;
    station = ocpp_instance_station(instance, doc.identity.text);
    if (station == NULL)
        return;
    station->is_accepted = doc.is_accepted == 1;
    station->vendor = cfx_json_text_dup(doc.vendor);
    station->model = cfx_json_text_dup(doc.model);
    station->serial = cfx_json_text_dup(doc.serial);
    station->firmware = cfx_json_text_dup(doc.firmware);
    station->boot_us = MAX(doc.boot_us, 0);
    station->limits = (OcppLimits){ .takes_a = (gint32)MAX(doc.takes_a, -1),
                                    .takes_w = (gint32)MAX(doc.takes_w, -1),
                                    .max_periods = MAX(doc.max_periods, 0),
                                    .max_stack_level = MAX(doc.max_stack_level, 0),
                                    .get_items = MAX(doc.get_items, 0),
                                    .set_items = MAX(doc.set_items, 0) };
    for (gsize i = 0; i < doc.evses.n; i++) {
        const EvseDoc *evse_doc = CFX_JSON_ITEM(&doc.evses, EvseDoc, i);
        OcppEvse *evse = ocpp_station_evse(station, evse_doc->id);

        if (evse != NULL)
            take_evse(evse, evse_doc);
    }
}

/* whether anybody heard of its end is not known: the newest end of an EVSE is told once more */
static void
tell_end(OcppEvse *evse, const OcppTransaction *transaction)
{
    if (evse->ended_is_due && evse->ended_us >= transaction->ended_us)
        return;
    evse->ended_is_due = TRUE;
    g_free(evse->ended);
    evse->ended = g_strdup(transaction->id);
    evse->ended_us = transaction->ended_us;
    evse->ended_wh = ocpp_transaction_energy(transaction);
}

static void
take_transaction(OcppInstance *instance, const CfxRecord *record)
{
    TransactionDoc doc;
    OcppStation *station;
    OcppTransaction *transaction;
    OcppEvse *evse;

    if (!decode(instance, record, &transaction_table, &doc))
        return;
    station = ocpp_instance_station(instance, doc.identity.text);
    if (station == NULL)
        return;
    transaction = ocpp_transaction_new(doc.id.text);
    transaction->evse_id = doc.evse;
    transaction->started_us = doc.started_us;
    transaction->ended_us = doc.ended_us != CFX_JSON_NO_TIME ? doc.ended_us : 0;
    transaction->last_us = doc.last_us;
    transaction->token = cfx_json_text_dup(doc.token);
    transaction->closed_by = cfx_json_text_dup(doc.closed_by);
    transaction->state = (gint32)CLAMP(doc.state, 0, OCPP_CHARGING_IDLE);
    transaction->stopped_reason = (gint32)CLAMP(doc.stopped_reason, -1, 18);
    transaction->is_incomplete = doc.is_incomplete == 1;
    transaction->was_offline = doc.was_offline == 1;
    transaction->first_seq = doc.first_seq;
    transaction->last_seq = doc.last_seq;
    transaction->end_seq = doc.end_seq;
    transaction->begin_wh = doc.begin_wh;
    transaction->last_wh = doc.last_wh;
    if (doc.seqs.n / 2 > 0)
        g_array_append_vals(transaction->seqs, doc.seqs.items, (guint)(doc.seqs.n / 2));
    ocpp_transaction_add(station, transaction);
    evse = ocpp_station_evse(station, transaction->evse_id);
    if (evse != NULL && ocpp_transaction_is_open(transaction)) {
        evse->transaction = transaction;
        evse->energy_wh = transaction->last_wh;
    } else if (evse != NULL) {
        tell_end(evse, transaction);
    }
}

static void
take_model(OcppInstance *instance, const CfxRecord *record)
{
    ModelDoc doc;
    guint rungs[OCPP_N_SLOTS];

    if (!decode(instance, record, &model_table, &doc))
        return;
    rungs[OCPP_SLOT_DEFAULT] = (guint)CLAMP(doc.rung_default, 0, OCPP_RUNG_REFUSED - 1);
    rungs[OCPP_SLOT_TX] = (guint)CLAMP(doc.rung_tx, 0, OCPP_RUNG_REFUSED - 1);
    ocpp_ladder_load(&instance->ladder, doc.name.text, rungs);
}

typedef struct {
    OcppInstance *instance;
    CfxDone done;
    gpointer data;
    guint pending;
    GError *error;
} Load;

static void
load_done(Load *load, const GError *error)
{
    if (error != NULL && load->error == NULL)
        load->error = g_error_copy(error);
    if (--load->pending > 0)
        return;
    load->done(load->data, load->error);
    g_clear_error(&load->error);
    g_free(load);
}

static void
stations_read(gpointer data, const CfxRecords *result, const GError *error)
{
    Load *load = data;

    for (gsize i = 0; error == NULL && i < result->n; i++)
        take_station(load->instance, result->records[i]);
    load_done(load, error);
}

static void
transactions_read(gpointer data, const CfxRecords *result, const GError *error)
{
    Load *load = data;

    for (gsize i = 0; error == NULL && i < result->n; i++)
        take_transaction(load->instance, result->records[i]);
    load_done(load, error);
}

static void
models_read(gpointer data, const CfxRecords *result, const GError *error)
{
    Load *load = data;

    for (gsize i = 0; error == NULL && i < result->n; i++)
        take_model(load->instance, result->records[i]);
    load_done(load, error);
}

void
ocpp_records_load(OcppInstance *instance, CfxDone done, gpointer data)
{
    const CfxHost *host = instance->host;
    const char *name = host->instance;
    const CfxTerm ours = { .name = "instance", .texts = &name, .n_texts = 1 };
    const CfxTerm recent = { .name = "ended_us",
                             .from = cfx_now_site(host) - LATE_EVENTS_US,
                             .to = CFX_TIME_MAX };
    const CfxTerm *terms[] = { &ours, &recent };
    CfxRecordQuery query = {
        .struct_size = sizeof(query), .collection = "ocpp.station", .terms = terms, .n_terms = 1
    };
    Load *load = g_new0(Load, 1);

    *load = (Load){ .instance = instance, .done = done, .data = data, .pending = 3 };
    host->data->read_records(host, &query, stations_read, load);
    query.collection = "ocpp.model";
    host->data->read_records(host, &query, models_read, load);
    query.collection = "ocpp.transaction";
    query.n_terms = 2;
    query.order = "ended_us";
    host->data->read_records(host, &query, transactions_read, load);
}
