/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <math.h>
#include <string.h>

#include "simulator-json.h"
#include "simulator-profile.h"

#define SECOND G_GINT64_CONSTANT(1000000)
/* 2025-10-01T16:00:00Z */
#define T0 (G_GINT64_CONSTANT(1759334400) * SECOND)

static const SimProfileRules rules = {
    .evses = 1,
    .stack_max = 8,
    .periods_max = 4,
    .profiles_max = 3,
    .takes_watts = TRUE,
    .voltage_v = 230,
};
static const SimTransaction transaction = { "tx", T0 };

static const char *
put(SimProfileSet *set, int evse, const char *text)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(JsonNode) node = sim_json_parse(text, strlen(text), &error);
    g_assert_no_error(error);
    return sim_profile_set_put(set, evse, json_node_get_object(node), &transaction);
}

static double
limit(SimProfileSet *set, gboolean running, gint64 second, gint64 *ret_next_s)
{
    gint64 next_us;
    double value = sim_profile_set_limit(
        set, 1, running ? &transaction : NULL, T0 + second * SECOND, &next_us);
    if (ret_next_s != NULL)
        *ret_next_s = next_us == G_MAXINT64 ? -1 : (next_us - T0) / SECOND;
    return value;
}

#define MAX_PROFILE                                                                                \
    "{\"id\":1,\"stackLevel\":0,\"chargingProfilePurpose\":\"ChargingStationMaxProfile\","         \
    "\"chargingProfileKind\":\"Absolute\",\"chargingSchedule\":[{\"id\":1,\"startSchedule\":"      \
    "\"2025-10-01T16:00:00Z\",\"duration\":600,\"chargingRateUnit\":\"A\","                        \
    "\"chargingSchedulePeriod\":[{\"startPeriod\":0,\"limit\":20}]}]}"
#define DEFAULT_PROFILE                                                                            \
    "{\"id\":2,\"stackLevel\":0,\"chargingProfilePurpose\":\"TxDefaultProfile\","                  \
    "\"chargingProfileKind\":\"Absolute\",\"chargingSchedule\":[{\"id\":1,\"startSchedule\":"      \
    "\"2025-10-01T12:00:00-04:00\",\"chargingRateUnit\":\"A\","                                    \
    "\"chargingSchedulePeriod\":[{\"startPeriod\":0,\"limit\":6}]}]}"
#define TX_PROFILE(id, stack, unit, periods)                                                       \
    "{\"id\":" id ",\"stackLevel\":" stack ",\"chargingProfilePurpose\":\"TxProfile\","            \
    "\"transactionId\":\"tx\",\"chargingProfileKind\":\"Relative\",\"chargingSchedule\":[{"        \
    "\"id\":1,\"chargingRateUnit\":\"" unit "\",\"chargingSchedulePeriod\":[" periods "]}]}"

static void
test_composite(void)
{
    gint64 next;
    g_autoptr(SimProfileSet) set = sim_profile_set_new(&rules);
    g_assert_true(isinf(limit(set, FALSE, 0, &next)));
    g_assert_cmpint(next, ==, -1);
    g_assert_null(put(set, 0, MAX_PROFILE));
    g_assert_null(put(
        set,
        1,
        TX_PROFILE(
            "3", "1", "A", "{\"startPeriod\":0,\"limit\":16},{\"startPeriod\":300,\"limit\":32}")));
    /* the worked example of the protocol's reference: 0:16, 300:20, 600:32 */
    g_assert_cmpfloat(limit(set, TRUE, 0, &next), ==, 16);
    g_assert_cmpint(next, ==, 300);
    g_assert_cmpfloat(limit(set, TRUE, 300, &next), ==, 20);
    g_assert_cmpint(next, ==, 600);
    g_assert_cmpfloat(limit(set, TRUE, 600, &next), ==, 32);
    g_assert_cmpint(next, ==, -1);
    /* without the transaction only the station's ceiling is left */
    g_assert_cmpfloat(limit(set, FALSE, 10, NULL), ==, 20);
}

static void
test_default_and_end(void)
{
    gint64 next;
    g_autoptr(SimProfileSet) set = sim_profile_set_new(&rules);
    g_assert_null(put(set, 1, DEFAULT_PROFILE));
    g_assert_true(isinf(limit(set, FALSE, -1, &next)));
    g_assert_cmpint(next, ==, 0);
    g_assert_cmpfloat(limit(set, FALSE, 1e8, &next), ==, 6);
    g_assert_cmpint(next, ==, -1);
    g_assert_null(put(set, 1, TX_PROFILE("3", "1", "W", "{\"startPeriod\":0,\"limit\":6900}")));
    g_assert_cmpfloat_with_epsilon(limit(set, TRUE, 5, NULL), 10, 1e-9);
    /* a later stack level wins, the lower one is still there */
    g_assert_null(put(set, 1, TX_PROFILE("4", "2", "A", "{\"startPeriod\":0,\"limit\":0}")));
    g_assert_cmpfloat(limit(set, TRUE, 5, NULL), ==, 0);
}

static void
count(gpointer data, const SimProfile *profile)
{
    ++*(guint *)data;
}

static void
test_clear(void)
{
    guint n = 0;
    g_autoptr(SimProfileSet) set = sim_profile_set_new(&rules);
    g_assert_null(put(set, 1, DEFAULT_PROFILE));
    g_assert_null(put(set, 1, TX_PROFILE("3", "1", "A", "{\"startPeriod\":0,\"limit\":9}")));
    g_assert_cmpuint(sim_profile_set_clear(set, 7, NULL, count, &n), ==, 0);
    g_assert_cmpuint(sim_profile_set_end(set, "other", count, &n), ==, 0);
    g_assert_cmpuint(sim_profile_set_end(set, "tx", count, &n), ==, 1);
    const char *criteria = "{\"chargingProfilePurpose\":\"TxDefaultProfile\"}";
    g_autoptr(JsonNode) node = sim_json_parse(criteria, strlen(criteria), NULL);
    g_assert_nonnull(node);
    g_assert_cmpuint(sim_profile_set_clear(set, 0, json_node_get_object(node), count, &n), ==, 1);
    g_assert_cmpuint(n, ==, 2);
    g_assert_cmpuint(set->profiles->len, ==, 0);
}

static void
test_refusals(void)
{
    g_autoptr(SimProfileSet) set = sim_profile_set_new(&rules);
    g_assert_cmpstr(put(set, 1, MAX_PROFILE), ==, "InvalidProfile");
    g_assert_cmpstr(put(set, 2, DEFAULT_PROFILE), ==, "UnknownEvse");
    g_assert_cmpstr(put(set, 1, "{}"), ==, "MissingParam");
    g_assert_cmpstr(put(set, 1, TX_PROFILE("3", "9", "A", "{\"startPeriod\":0,\"limit\":9}")),
                    ==,
                    "InvalidStackLevel");
    g_assert_cmpstr(put(set, 1, TX_PROFILE("3", "1", "A", "{\"startPeriod\":5,\"limit\":9}")),
                    ==,
                    "InvalidSchedule");
    g_assert_cmpstr(put(set, 1, TX_PROFILE("3", "1", "A", "{\"startPeriod\":0,\"limit\":-1}")),
                    ==,
                    "InvalidSchedule");
    g_assert_cmpstr(
        put(set,
            1,
            TX_PROFILE(
                "3", "1", "A", "{\"startPeriod\":0,\"limit\":9},{\"startPeriod\":0,\"limit\":9}")),
        ==,
        "InvalidSchedule");
    g_assert_cmpstr(
        put(set,
            1,
            TX_PROFILE("3",
                       "1",
                       "A",
                       "{\"startPeriod\":0,\"limit\":9},{\"startPeriod\":1,\"limit\":9},"
                       "{\"startPeriod\":2,\"limit\":9},{\"startPeriod\":3,\"limit\":9},"
                       "{\"startPeriod\":4,\"limit\":9}")),
        ==,
        "TooManyElements");
    g_assert_null(put(set, 1, TX_PROFILE("3", "1", "A", "{\"startPeriod\":0,\"limit\":9}")));
    g_assert_cmpstr(put(set, 1, TX_PROFILE("4", "1", "A", "{\"startPeriod\":0,\"limit\":9}")),
                    ==,
                    "DuplicateProfile");
    /* the same id replaces */
    g_assert_null(put(set, 1, TX_PROFILE("3", "1", "A", "{\"startPeriod\":0,\"limit\":7}")));
    g_assert_cmpuint(set->profiles->len, ==, 1);
    g_assert_cmpfloat(limit(set, TRUE, 1, NULL), ==, 7);
    g_autoptr(JsonNode) node = sim_json_parse(DEFAULT_PROFILE, strlen(DEFAULT_PROFILE), NULL);
    SimProfileRules amperes = rules;
    amperes.takes_watts = FALSE;
    g_autoptr(SimProfileSet) plain = sim_profile_set_new(&amperes);
    g_assert_null(sim_profile_set_put(plain, 0, json_node_get_object(node), NULL));
    g_assert_cmpstr(put(plain, 1, TX_PROFILE("3", "1", "W", "{\"startPeriod\":0,\"limit\":9}")),
                    ==,
                    "UnsupportedRateUnit");
    g_autoptr(JsonNode) tx =
        sim_json_parse(TX_PROFILE("3", "1", "A", "{\"startPeriod\":0,\"limit\":9}"),
                       strlen(TX_PROFILE("3", "1", "A", "{\"startPeriod\":0,\"limit\":9}")),
                       NULL);
    g_assert_cmpstr(
        sim_profile_set_put(plain, 1, json_node_get_object(tx), NULL), ==, "TxNotFound");
}

static void
test_recurring(void)
{
    gint64 next;
    g_autoptr(SimProfileSet) set = sim_profile_set_new(&rules);
    g_assert_null(put(set,
                      0,
                      "{\"id\":2,\"stackLevel\":0,\"chargingProfilePurpose\":\"TxDefaultProfile\","
                      "\"chargingProfileKind\":\"Recurring\",\"recurrencyKind\":\"Daily\","
                      "\"chargingSchedule\":[{\"id\":1,\"startSchedule\":\"2025-09-01T16:00:00Z\","
                      "\"duration\":3600,\"chargingRateUnit\":\"A\",\"chargingSchedulePeriod\":["
                      "{\"startPeriod\":0,\"limit\":10},{\"startPeriod\":1800,\"limit\":8}]}]}"));
    g_assert_cmpfloat(limit(set, FALSE, 0, &next), ==, 10);
    g_assert_cmpint(next, ==, 1800);
    g_assert_cmpfloat(limit(set, FALSE, 1800, &next), ==, 8);
    g_assert_cmpint(next, ==, 3600);
    g_assert_true(isinf(limit(set, FALSE, 3600, &next)));
    g_assert_cmpint(next, ==, 86400);
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/simulator/profile/composite", test_composite);
    g_test_add_func("/simulator/profile/default", test_default_and_end);
    g_test_add_func("/simulator/profile/clear", test_clear);
    g_test_add_func("/simulator/profile/refusals", test_refusals);
    g_test_add_func("/simulator/profile/recurring", test_recurring);
    return g_test_run();
}
