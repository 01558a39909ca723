/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "simulator-profile.h"

#include <math.h>
#include <string.h>

#include "simulator-json.h"

#define SECOND G_GINT64_CONSTANT(1000000)
#define DAY (86400 * SECOND)
/* ten years: no schedule is longer, and sums stay far from overflow */
#define SPAN_MAX_S (3650.0 * 86400)

static void
profile_free(SimProfile *self)
{
    g_free(self->transaction);
    g_clear_pointer(&self->periods, g_array_unref);
    g_clear_pointer(&self->node, json_node_unref);
    g_free(self);
}
G_DEFINE_AUTOPTR_CLEANUP_FUNC(SimProfile, profile_free)

SimProfileSet *
sim_profile_set_new(const SimProfileRules *rules)
{
    SimProfileSet *self = g_new0(SimProfileSet, 1);
    self->rules = *rules;
    self->profiles = g_ptr_array_new_with_free_func((GDestroyNotify)profile_free);
    return self;
}

void
sim_profile_set_free(SimProfileSet *self)
{
    if (self == NULL)
        return;
    g_ptr_array_unref(self->profiles);
    g_free(self);
}

const char *
sim_purpose_name(SimPurpose purpose)
{
    static const char *const names[] = { "ChargingStationMaxProfile",
                                         "TxDefaultProfile",
                                         "TxProfile" };
    return names[purpose];
}

static const char *
read_purpose(SimProfile *self, JsonObject *json)
{
    const char *purpose = sim_json_string(json, "chargingProfilePurpose");
    const char *kind = sim_json_string(json, "chargingProfileKind");
    if (purpose == NULL || kind == NULL)
        return "MissingParam";
    if (strcmp(purpose, "ChargingStationMaxProfile") == 0)
        self->purpose = SIM_PURPOSE_MAX;
    else if (strcmp(purpose, "TxDefaultProfile") == 0)
        self->purpose = SIM_PURPOSE_TX_DEFAULT;
    else if (strcmp(purpose, "TxProfile") == 0)
        self->purpose = SIM_PURPOSE_TX;
    else
        return "InvalidProfile";
    if (strcmp(kind, "Absolute") == 0)
        self->kind = SIM_KIND_ABSOLUTE;
    else if (strcmp(kind, "Recurring") == 0)
        self->kind = SIM_KIND_RECURRING;
    else if (strcmp(kind, "Relative") == 0)
        self->kind = SIM_KIND_RELATIVE;
    else
        return "InvalidProfile";
    if (self->kind == SIM_KIND_RECURRING) {
        const char *recurrency = sim_json_string(json, "recurrencyKind");
        if (g_strcmp0(recurrency, "Daily") != 0 && g_strcmp0(recurrency, "Weekly") != 0)
            return "InvalidProfile";
        self->recurrence_us = recurrency[0] == 'D' ? DAY : 7 * DAY;
    }
    return NULL;
}

static gboolean
read_optional_time(JsonObject *json, const char *name, gint64 *ret_us)
{
    return !json_object_has_member(json, name) || sim_json_time(json, name, ret_us);
}

static const char *
read_periods(SimProfile *self, JsonArray *array, const SimProfileRules *rules)
{
    guint n = json_array_get_length(array);
    if (n == 0)
        return "InvalidSchedule";
    if (n > rules->periods_max)
        return "TooManyElements";
    self->periods = g_array_sized_new(FALSE, FALSE, sizeof(SimPeriod), n);
    for (guint i = 0; i < n; i++) {
        JsonObject *json = sim_json_item(array, i);
        SimPeriod period = { .phases = 3 };
        gint64 start_s = 0, phases = 3;
        if (json == NULL || !sim_json_integer(json, "startPeriod", &start_s) ||
            !sim_json_real(json, "limit", &period.limit))
            return "InvalidSchedule";
        if (json_object_has_member(json, "numberPhases") &&
            !sim_json_integer(json, "numberPhases", &phases))
            return "InvalidSchedule";
        if (json_object_has_member(json, "phaseToUse"))
            return "UnsupportedParam";
        if (phases < 1 || phases > 3 || period.limit < 0 || start_s < 0 || start_s > SPAN_MAX_S)
            return "InvalidSchedule";
        period.phases = (int)phases;
        period.offset_us = start_s * SECOND;
        gint64 before = i == 0 ? -1 : g_array_index(self->periods, SimPeriod, i - 1).offset_us;
        if (i == 0 ? start_s != 0 : period.offset_us <= before)
            return "InvalidSchedule";
        g_array_append_val(self->periods, period);
    }
    return NULL;
}

static const char *
read_schedule(SimProfile *self, JsonObject *json, const SimProfileRules *rules)
{
    JsonArray *schedules = sim_json_array(json, "chargingSchedule");
    if (schedules == NULL || json_array_get_length(schedules) != 1)
        return "InvalidSchedule";
    JsonObject *schedule = sim_json_item(schedules, 0);
    JsonArray *periods = sim_json_array(schedule, "chargingSchedulePeriod");
    const char *unit = sim_json_string(schedule, "chargingRateUnit");
    if (periods == NULL || unit == NULL)
        return "InvalidSchedule";
    if (strcmp(unit, "W") == 0)
        self->in_watts = TRUE;
    else if (strcmp(unit, "A") != 0)
        return "InvalidSchedule";
    if (self->in_watts && !rules->takes_watts)
        return "UnsupportedRateUnit";
    gboolean has_start = json_object_has_member(schedule, "startSchedule");
    if (has_start == (self->kind == SIM_KIND_RELATIVE))
        return "InvalidSchedule";
    if (has_start && !sim_json_time(schedule, "startSchedule", &self->start_us))
        return "InvalidSchedule";
    self->duration_us = G_MAXINT64;
    gint64 duration_s;
    if (json_object_has_member(schedule, "duration")) {
        if (!sim_json_integer(schedule, "duration", &duration_s) || duration_s < 0 ||
            duration_s > SPAN_MAX_S)
            return "InvalidSchedule";
        self->duration_us = duration_s * SECOND;
    }
    return read_periods(self, periods, rules);
}

static const char *
check_place(const SimProfile *self, const SimProfileRules *rules, const SimTransaction *transaction)
{
    if (self->evse < 0 || self->evse > rules->evses)
        return "UnknownEvse";
    if (self->stack < 0 || self->stack > rules->stack_max)
        return "InvalidStackLevel";
    if (self->purpose == SIM_PURPOSE_MAX && (self->evse != 0 || self->kind == SIM_KIND_RELATIVE))
        return "InvalidProfile";
    if (self->purpose != SIM_PURPOSE_TX)
        return self->transaction == NULL ? NULL : "InvalidProfile";
    if (self->transaction == NULL)
        return "MissingParam";
    if (self->evse == 0)
        return "InvalidProfile";
    if (transaction == NULL || g_strcmp0(transaction->transaction, self->transaction) != 0)
        return "TxNotFound";
    return NULL;
}

static SimProfile *
read_profile(const SimProfileRules *rules,
             int evse,
             JsonObject *json,
             const SimTransaction *transaction,
             const char **ret_reason)
{
    g_autoptr(SimProfile) self = g_new0(SimProfile, 1);
    self->evse = evse;
    self->valid_from_us = G_MININT64;
    self->valid_to_us = G_MAXINT64;
    self->transaction = g_strdup(sim_json_string(json, "transactionId"));
    if (!sim_json_integer(json, "id", &self->id) ||
        !sim_json_integer(json, "stackLevel", &self->stack)) {
        *ret_reason = "MissingParam";
        return NULL;
    }
    if (!read_optional_time(json, "validFrom", &self->valid_from_us) ||
        !read_optional_time(json, "validTo", &self->valid_to_us)) {
        *ret_reason = "InvalidProfile";
        return NULL;
    }
    *ret_reason = read_purpose(self, json);
    if (*ret_reason == NULL)
        *ret_reason = check_place(self, rules, transaction);
    if (*ret_reason == NULL)
        *ret_reason = read_schedule(self, json, rules);
    if (*ret_reason != NULL)
        return NULL;
    self->node = json_node_new(JSON_NODE_OBJECT);
    json_node_set_object(self->node, json);
    return g_steal_pointer(&self);
}

static gboolean
is_rival(const SimProfile *a, const SimProfile *b)
{
    gboolean shared = a->evse == b->evse ||
                      (a->purpose == SIM_PURPOSE_TX_DEFAULT && (a->evse == 0 || b->evse == 0));
    return a->id != b->id && a->purpose == b->purpose && a->stack == b->stack && shared &&
           g_strcmp0(a->transaction, b->transaction) == 0 && a->valid_from_us < b->valid_to_us &&
           b->valid_from_us < a->valid_to_us;
}

const char *
sim_profile_set_put(SimProfileSet *self,
                    int evse,
                    JsonObject *json,
                    const SimTransaction *transaction)
{
    const char *reason = NULL;
    g_autoptr(SimProfile) profile = read_profile(&self->rules, evse, json, transaction, &reason);
    if (profile == NULL)
        return reason;
    guint same = self->profiles->len;
    for (guint i = 0; i < self->profiles->len; i++) {
        const SimProfile *other = g_ptr_array_index(self->profiles, i);
        if (is_rival(profile, other))
            return "DuplicateProfile";
        if (other->id == profile->id)
            same = i;
    }
    if (same == self->profiles->len && same >= self->rules.profiles_max)
        return "TooManyElements";
    if (same < self->profiles->len)
        g_ptr_array_remove_index(self->profiles, same);
    g_ptr_array_add(self->profiles, g_steal_pointer(&profile));
    return NULL;
}

static gboolean
clear_matches(const SimProfile *profile, gint64 id, JsonObject *criteria)
{
    if (id != 0)
        return profile->id == id;
    gint64 number;
    if (sim_json_integer(criteria, "evseId", &number) && number != profile->evse)
        return FALSE;
    if (sim_json_integer(criteria, "stackLevel", &number) && number != profile->stack)
        return FALSE;
    const char *purpose = sim_json_string(criteria, "chargingProfilePurpose");
    return purpose == NULL || strcmp(purpose, sim_purpose_name(profile->purpose)) == 0;
}

guint
sim_profile_set_clear(
    SimProfileSet *self, gint64 id, JsonObject *criteria, SimProfileFunc gone, gpointer data)
{
    guint n = 0;
    if (id == 0 && criteria == NULL)
        return 0;
    for (guint i = self->profiles->len; i-- > 0;) {
        const SimProfile *profile = g_ptr_array_index(self->profiles, i);
        if (!clear_matches(profile, id, criteria))
            continue;
        gone(data, profile);
        g_ptr_array_remove_index(self->profiles, i);
        n++;
    }
    return n;
}

guint
sim_profile_set_end(SimProfileSet *self,
                    const char *transaction,
                    SimProfileFunc gone,
                    gpointer data)
{
    guint n = 0;
    for (guint i = self->profiles->len; i-- > 0;) {
        const SimProfile *profile = g_ptr_array_index(self->profiles, i);
        if (profile->purpose != SIM_PURPOSE_TX || g_strcmp0(profile->transaction, transaction) != 0)
            continue;
        gone(data, profile);
        g_ptr_array_remove_index(self->profiles, i);
        n++;
    }
    return n;
}

static gboolean
lists_number(JsonArray *array, gint64 number)
{
    for (guint i = 0; i < json_array_get_length(array); i++) {
        JsonNode *node = json_array_get_element(array, i);
        if (JSON_NODE_HOLDS_VALUE(node) && json_node_get_value_type(node) == G_TYPE_INT64 &&
            json_node_get_int(node) == number)
            return TRUE;
    }
    return FALSE;
}

static gboolean
lists_text(JsonArray *array, const char *text)
{
    for (guint i = 0; i < json_array_get_length(array); i++) {
        JsonNode *node = json_array_get_element(array, i);
        if (JSON_NODE_HOLDS_VALUE(node) && json_node_get_value_type(node) == G_TYPE_STRING &&
            strcmp(json_node_get_string(node), text) == 0)
            return TRUE;
    }
    return FALSE;
}

gboolean
sim_profile_matches(const SimProfile *self, int evse, JsonObject *criterion)
{
    gint64 stack;
    const char *purpose = sim_json_string(criterion, "chargingProfilePurpose");
    JsonArray *ids = sim_json_array(criterion, "chargingProfileId");
    JsonArray *sources = sim_json_array(criterion, "chargingLimitSource");
    if (evse >= 0 && evse != self->evse)
        return FALSE;
    if (purpose != NULL && strcmp(purpose, sim_purpose_name(self->purpose)) != 0)
        return FALSE;
    if (sim_json_integer(criterion, "stackLevel", &stack) && stack != self->stack)
        return FALSE;
    if (ids != NULL && !lists_number(ids, self->id))
        return FALSE;
    return sources == NULL || lists_text(sources, "CSO");
}

/* Value of one profile at an instant; NAN: none. Lowers *next to the instant after which that may
 * change. */
static double
value_at(const SimProfileSet *self,
         const SimProfile *profile,
         const SimTransaction *transaction,
         gint64 at_us,
         gint64 *next_us)
{
    if (at_us < profile->valid_from_us) {
        *next_us = MIN(*next_us, profile->valid_from_us);
        return NAN;
    }
    if (at_us >= profile->valid_to_us)
        return NAN;
    *next_us = MIN(*next_us, profile->valid_to_us);
    gint64 start_us = profile->start_us;
    if (profile->kind == SIM_KIND_RELATIVE)
        start_us = transaction != NULL ? transaction->started_us : at_us;
    if (profile->kind == SIM_KIND_RECURRING && at_us >= start_us) {
        start_us += (at_us - start_us) / profile->recurrence_us * profile->recurrence_us;
        *next_us = MIN(*next_us, start_us + profile->recurrence_us);
    }
    if (at_us < start_us) {
        *next_us = MIN(*next_us, start_us);
        return NAN;
    }
    gint64 offset_us = at_us - start_us;
    if (offset_us >= profile->duration_us)
        return NAN;
    if (profile->duration_us != G_MAXINT64)
        *next_us = MIN(*next_us, start_us + profile->duration_us);
    const SimPeriod *period = NULL;
    for (guint i = 0; i < profile->periods->len; i++) {
        const SimPeriod *candidate = &g_array_index(profile->periods, SimPeriod, i);
        if (candidate->offset_us > offset_us) {
            *next_us = MIN(*next_us, start_us + candidate->offset_us);
            break;
        }
        period = candidate;
    }
    if (!profile->in_watts)
        return period->limit;
    return period->limit / (self->rules.voltage_v * period->phases);
}

/* The highest stack level that has a value; the EVSE's own before the station's. NAN: none. */
static double
purpose_at(const SimProfileSet *self,
           SimPurpose purpose,
           int evse,
           const SimTransaction *transaction,
           gint64 at_us,
           gint64 *next_us)
{
    double best = NAN;
    gint64 best_stack = -1;
    int best_evse = 0;
    for (guint i = 0; i < self->profiles->len; i++) {
        const SimProfile *profile = g_ptr_array_index(self->profiles, i);
        if (profile->purpose != purpose || (profile->evse != 0 && profile->evse != evse))
            continue;
        if (purpose == SIM_PURPOSE_TX &&
            g_strcmp0(profile->transaction,
                      transaction == NULL ? NULL : transaction->transaction) != 0)
            continue;
        double value = value_at(self, profile, transaction, at_us, next_us);
        if (isnan(value) || profile->stack < best_stack ||
            (profile->stack == best_stack && profile->evse < best_evse))
            continue;
        best = value;
        best_stack = profile->stack;
        best_evse = profile->evse;
    }
    return best;
}

double
sim_profile_set_limit(const SimProfileSet *self,
                      int evse,
                      const SimTransaction *transaction,
                      gint64 at_us,
                      gint64 *ret_next_us)
{
    gint64 next_us = G_MAXINT64;
    double base = NAN;
    if (transaction != NULL)
        base = purpose_at(self, SIM_PURPOSE_TX, evse, transaction, at_us, &next_us);
    double fallback = purpose_at(self, SIM_PURPOSE_TX_DEFAULT, evse, transaction, at_us, &next_us);
    double ceiling = purpose_at(self, SIM_PURPOSE_MAX, evse, transaction, at_us, &next_us);
    if (isnan(base))
        base = fallback;
    if (ret_next_us != NULL)
        *ret_next_us = next_us;
    return MIN(isnan(base) ? INFINITY : base, isnan(ceiling) ? INFINITY : ceiling);
}
