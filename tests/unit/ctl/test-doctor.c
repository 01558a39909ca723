/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Findings from answers, and the chart of the terminal. */
#include "ctl-chart.h"
#include "ctl-doctor.h"
#include "ctl-json.h"

#include <math.h>
#include <string.h>

#define INSTANCES                                                                                  \
    "\"instances\":[{\"name\":\"main\",\"plugin\":\"x\",\"state\":\"running\",\"reason\":null}]"
#define STORE                                                                                      \
    "\"store\":{\"commits\":5,\"queued\":0,\"pressure\":false,\"failure\":null,"                    \
    "\"last_commit_age_s\":1,\"last_group_us\":900}"
#define SITE(more)                                                                                 \
    "\"engine\":{\"sites\":[{\"name\":\"Depot\",\"state\":\"steered\",\"problem\":null,"            \
    "\"currency\":\"EUR\",\"price_per_kwh\":0.2,\"price_assumed\":false,\"signal_percent\":100,"    \
    "\"limit_kw\":70,\"power_kw\":20," more "\"age_s\":{\"price\":600000,\"load_control\":null,"    \
    "\"live_power\":5,\"import_register\":60}}]}"
#define WELL "{" INSTANCES "," STORE "," SITE("") "}"

static JsonObject *
parse(const char *json)
{
    g_autoptr(GError) error = NULL;
    JsonObject *object = json != NULL ? ctl_json_object(json, &error) : NULL;
    g_assert_no_error(error);
    return object;
}

typedef struct {
    const char *status, *devices, *stations, *sessions, *plan;
} Case;

static GPtrArray *
walk(const Case *from)
{
    g_autoptr(JsonObject) status = parse(from->status), devices = parse(from->devices);
    g_autoptr(JsonObject) stations = parse(from->stations), sessions = parse(from->sessions);
    g_autoptr(JsonObject) plan = parse(from->plan);
    CtlAnswers answers = { status, devices, stations, sessions, plan };
    return ctl_doctor_walk(&answers);
}

/* Whether a finding of that kind holds those words, and has a remedy. */
static void
assert_found(const Case *from, CtlFindingKind kind, const char *link, const char *words)
{
    g_autoptr(GPtrArray) findings = walk(from);
    for (guint i = 0; i < findings->len; i++) {
        const CtlFinding *finding = g_ptr_array_index(findings, i);
        if (finding->kind == kind && strcmp(finding->link, link) == 0 &&
            strstr(finding->text, words) != NULL) {
            g_assert_nonnull(finding->remedy);
            return;
        }
    }
    for (guint i = 0; i < findings->len; i++) {
        const CtlFinding *finding = g_ptr_array_index(findings, i);
        g_test_message("%d %s: %s", finding->kind, finding->link, finding->text);
    }
    g_error("nothing says \"%s\"", words);
}

static const char plan[] = "{\"plan\":7,\"cause\":\"price\",\"solve_us\":900,\"breach_kwh\":0,"
                           "\"shortfall_kwh\":0,\"gap\":1e-5}";

static void
test_all_well(void)
{
    /* prices that were posted long ago, and reach far enough */
    Case well = { "{" INSTANCES "," STORE "," SITE("\"prices_end\":\"2025-10-02T12:00:00Z\","
                                                   "\"horizon_end\":\"2025-10-02T12:00:00Z\",") "}",
                  "{\"devices\":[{\"station\":\"A\",\"reported\":\"2025-10-01T00:00:00Z\","
                  "\"connected\":true,\"faulted\":false,\"installed\":\"installed\"}]}",
                  "{\"stations\":[],\"unknown\":[]}",
                  "{\"sessions\":[]}",
                  plan };
    g_autoptr(GPtrArray) findings = walk(&well);
    for (guint i = 0; i < findings->len; i++)
        g_assert_cmpint(
            ((CtlFinding *)g_ptr_array_index(findings, i))->kind, ==, CTL_FINDING_GOOD);
    g_assert_cmpuint(findings->len, ==, 9);
}

static void
test_daemon(void)
{
    assert_found(&(Case){ "{\"instances\":[{\"name\":\"ven\",\"plugin\":\"openadr-ven\","
                          "\"state\":\"failed\",\"reason\":\"no address\"}]}" },
                 CTL_FINDING_BROKEN,
                 "plugins",
                 "no address");
    assert_found(&(Case){ "{}" }, CTL_FINDING_BROKEN, "storage", "there is no storage");
    assert_found(&(Case){ "{" INSTANCES ",\"store\":{\"failure\":\"disk full\"}}" },
                 CTL_FINDING_BROKEN,
                 "storage",
                 "disk full");
    assert_found(&(Case){ "{" INSTANCES "," STORE "}" }, CTL_FINDING_BROKEN, "sites", "no site");
}

static void
test_site(void)
{
    assert_found(&(Case){ "{" SITE("\"problem\":\"site-power-capacity is missing\",") "}" },
                 CTL_FINDING_BROKEN,
                 "sites",
                 "site-power-capacity is missing");
    assert_found(
        &(Case){ "{" SITE("\"power_kw\":90,") "}" }, CTL_FINDING_BROKEN, "sites", "draws 90.0 kW");
    assert_found(&(Case){ "{" SITE("\"price_per_kwh\":null,") "}" },
                 CTL_FINDING_BROKEN,
                 "prices",
                 "no price");
    assert_found(&(Case){ "{" SITE("\"price_assumed\":true,") "}" },
                 CTL_FINDING_DOUBT,
                 "prices",
                 "assumed");
    g_setenv("TZ", "UTC", TRUE);
    assert_found(&(Case){ "{" SITE("\"prices_end\":\"2025-10-02T00:00:00Z\","
                                   "\"horizon_end\":\"2025-10-02T12:00:00Z\",") "}" },
                 CTL_FINDING_DOUBT,
                 "prices",
                 "Depot: prices are known to 2025-10-02 00:00, and planned is to 2025-10-02 12:00");
    assert_found(&(Case){ "{\"engine\":{\"sites\":[{\"name\":\"D\",\"price_per_kwh\":1,\"age_s\":{"
                          "\"price\":200000}}]}}" },
                 CTL_FINDING_DOUBT,
                 "prices",
                 "is 56 h old");
    assert_found(&(Case){ "{\"engine\":{\"sites\":[{\"name\":\"D\",\"price_per_kwh\":1,\"age_s\":{"
                          "\"live_power\":500}}]}}" },
                 CTL_FINDING_DOUBT,
                 "site meter",
                 "is 8 min old");
    assert_found(&(Case){ "{\"engine\":{\"sites\":[{\"name\":\"D\",\"price_per_kwh\":1,\"age_s\":{"
                          "\"import_register\":null}}]}}" },
                 CTL_FINDING_DOUBT,
                 "site meter",
                 "never come");
}

static void
test_plan(void)
{
    assert_found(&(Case){ .status = WELL, .plan = "{\"breach_kwh\":1.5}" },
                 CTL_FINDING_BROKEN,
                 "plan",
                 "1.50 kWh above");
    assert_found(&(Case){ .status = WELL, .plan = "{\"shortfall_kwh\":3}" },
                 CTL_FINDING_DOUBT,
                 "plan",
                 "3.0 kWh are missing");
    assert_found(
        &(Case){ .status = WELL, .plan = "{\"gap\":0.02}" }, CTL_FINDING_DOUBT, "plan", "2.00 %");
    assert_found(
        &(Case){ .status = WELL, .plan = NULL }, CTL_FINDING_DOUBT, "plan", "no plan is in force");
    assert_found(&(Case){ .status = WELL,
                          .sessions = "{\"sessions\":[{\"station\":\"A\",\"asked_wh\":20000,"
                                      "\"promised_wh\":12000,\"cause\":\"load-control\"}]}" },
                 CTL_FINDING_DOUBT,
                 "sessions",
                 "load-control");
}

static void
test_stations(void)
{
    assert_found(&(Case){ .status = WELL, .devices = "{\"devices\":[{\"station\":\"A\"}]}" },
                 CTL_FINDING_DOUBT,
                 "stations",
                 "never been here");
    assert_found(&(Case){ .status = WELL,
                          .devices = "{\"devices\":[{\"station\":\"A\",\"reported\":\"x\","
                                     "\"connected\":false,\"counted_kw\":4.14}]}" },
                 CTL_FINDING_BROKEN,
                 "stations",
                 "A is offline; 4.14 kW");
    assert_found(&(Case){ .status = WELL,
                          .devices = "{\"devices\":[{\"station\":\"A\",\"reported\":\"x\","
                                     "\"connected\":true,\"installed\":\"refused\","
                                     "\"words\":\"no schedules\",\"counted_kw\":22}]}" },
                 CTL_FINDING_BROKEN,
                 "stations",
                 "\"no schedules\"");
    assert_found(&(Case){ .status = WELL,
                          .devices = "{\"devices\":[{\"station\":\"A\",\"reported\":\"x\","
                                     "\"connected\":true,\"faulted\":true,\"words\":\"RCD\"}]}" },
                 CTL_FINDING_BROKEN,
                 "stations",
                 "RCD");
    assert_found(&(Case){ .status = WELL, .stations = "{\"unknown\":[{\"identity\":\"CP77\"}]}" },
                 CTL_FINDING_DOUBT,
                 "stations",
                 "\"CP77\" knocked");
}

static void
test_chart(void)
{
    const double values[] = { 0, 1, 2, NAN, 4 };
    g_autofree char *chart = ctl_chart(values, G_N_ELEMENTS(values), 5, 2);
    g_assert_cmpstr(chart, ==, "         4 ┤    █\n         0 ┤ ▄█ █\n");
    g_autofree char *gaps = ctl_chart(&(const double){ NAN }, 1, 5, 2);
    g_assert_cmpstr(gaps, ==, "");
    g_autofree char *none = ctl_chart(NULL, 0, 5, 2);
    g_assert_cmpstr(none, ==, "");
    const double flat[] = { -3, -3 };
    g_autofree char *below = ctl_chart(flat, 2, 40, 3);
    g_assert_nonnull(strstr(below, "-3"));
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/doctor/all-well", test_all_well);
    g_test_add_func("/doctor/daemon", test_daemon);
    g_test_add_func("/doctor/site", test_site);
    g_test_add_func("/doctor/plan", test_plan);
    g_test_add_func("/doctor/stations", test_stations);
    g_test_add_func("/chart", test_chart);
    return g_test_run();
}
