/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "station-fixture.h"

static void
call_finished(CfxCall *call, GBytes *answer, GError *error)
{
    g_assert_no_error(error);
    call->deadline_us = 1; /* says that it was finished */
}

static const CfxCallOps call_ops = { .struct_size = sizeof(CfxCallOps), .finish = call_finished };

void
start_instance(Fixture *fixture)
{
    g_autoptr(GError) error = NULL;
    CfxCall call = { .ops = &call_ops };

    fixture->instance = fixture->factory->create(&fixture->fake->host, &fixture->config, &error);
    g_assert_no_error(error);
    fixture->factory->start(fixture->instance, &call);
    fake_host_run(fixture->fake);
    g_assert_cmpint(call.deadline_us, ==, 1);
}

void
stop_instance(Fixture *fixture)
{
    CfxCall call = { .ops = &call_ops };

    fixture->factory->stop(fixture->instance, &call);
    g_assert_cmpint(call.deadline_us, ==, 1);
    if (fixture->fake->socket_ops != NULL)
        fake_host_disconnect(fixture->fake);
    fake_host_run(fixture->fake);
    fixture->factory->destroy(fixture->instance);
    g_array_set_size(fixture->fake->timers, 0);
}

static void
set_up(Fixture *fixture, gconstpointer data)
{
    const CfxPluginInfo *info = cfx_plugin_query_v1();

    fixture->fail_safe_w = 4140;
    fixture->factory = info->factories[0];
    fixture->ops = fixture->factory->ops;
    fixture->values[0].text = "internal";
    fixture->values[1].number = 300 * CFX_SECOND;
    fixture->values[2].number = 60 * CFX_SECOND;
    fixture->values[3].number = 30 * CFX_SECOND;
    fixture->values[4].number = 10 * CFX_SECOND;
    fixture->config = (CfxConfig){ .struct_size = sizeof(CfxConfig),
                                   .keys = fixture->factory->keys,
                                   .key_size = fixture->factory->key_size,
                                   .n_values = fixture->factory->n_keys,
                                   .values = fixture->values };
    fixture->fake = fake_host_new();
    fake_host_add_station(fixture->fake, "CP001");
    start_instance(fixture);
}

static void
tear_down(Fixture *fixture, gconstpointer data)
{
    stop_instance(fixture);
    fake_host_free(fixture->fake);
}

/* --- what a station does -------------------------------------------------------------------- */

void
send_call(Fixture *fixture, const char *action, const char *payload)
{
    g_autofree char *frame =
        g_strdup_printf("[2,\"s%u\",\"%s\",%s]", ++fixture->next_id, action, payload);

    fake_host_receive(fixture->fake, frame);
}

void
expect_result(Fixture *fixture, const char *payload)
{
    g_autofree char *frame = g_strdup_printf("[3,\"s%u\",%s]", fixture->next_id, payload);

    g_assert_cmpstr(fake_host_next(fixture->fake), ==, frame);
}

void
expect_error(Fixture *fixture, const char *id, const char *code)
{
    g_autofree char *start = g_strdup_printf("[4,\"%s\",\"%s\",", id, code);
    const char *frame = fake_host_next(fixture->fake);

    g_assert_nonnull(frame);
    g_assert_true(g_str_has_prefix(frame, start));
}

const char *
answer_call(Fixture *fixture, const char *action, const char *payload)
{
    const char *frame = fake_host_next(fixture->fake);
    g_auto(GStrv) parts = NULL;
    g_autofree char *answer = NULL;

    g_assert_nonnull(frame);
    parts = g_strsplit(frame, "\"", 5);
    g_assert_cmpstr(parts[0], ==, "[2,");
    g_assert_cmpstr(parts[3], ==, action);
    answer = g_strdup_printf("[3,\"%s\",%s]", parts[1], payload);
    fake_host_receive(fixture->fake, answer);
    return frame;
}

void
expect_nothing(Fixture *fixture)
{
    g_assert_cmpstr(fake_host_next(fixture->fake), ==, NULL);
}

void
boot(Fixture *fixture)
{
    g_assert_cmpuint(fake_host_connect(fixture->fake, "CP001", "ocpp2.0.1"), ==, 101);
    send_call(
        fixture,
        "BootNotification",
        "{\"reason\":\"PowerUp\",\"chargingStation\":{\"model\":\"M\",\"vendorName\":\"V\"}}");
    expect_result(fixture,
                  "{\"currentTime\":\"2025-10-01T12:00:00Z\",\"interval\":300,"
                  "\"status\":\"Accepted\"}");
}

void
apply(Fixture *fixture, gint64 version, double first_w, double second_w, gint64 flags)
{
    CfxPlan plan = { .struct_size = sizeof(plan),
                     .kind = CFX_PLAN_APPLIED,
                     .epoch = 1,
                     .version = version,
                     .site = 1,
                     .trace = 77,
                     .n_slots = 2,
                     .edges_us = { fixture->edges, 1 },
                     .n_devices = 1,
                     .asset = { &fixture->asset, 0 },
                     .power_w = { fixture->power, 2, 1 },
                     .fail_safe_w = { fixture->fail_safe, 2, 1 },
                     .flags = { &fixture->flags, 0 } };

    fixture->asset = 11;
    fixture->flags = flags;
    fixture->power[0] = first_w;
    fixture->power[1] = second_w;
    fixture->fail_safe[0] = fixture->fail_safe[1] = fixture->fail_safe_w;
    for (int i = 0; i < 3; i++)
        fixture->edges[i] =
            fixture->fake->site_us / (900 * CFX_SECOND) * (900 * CFX_SECOND) + i * 900 * CFX_SECOND;
    plan.owner = g_bytes_new_static("", 0);
    fixture->ops->apply(fixture->instance, &plan);
    g_bytes_unref(plan.owner);
    fake_host_run(fixture->fake);
}

void
answer_all(Fixture *fixture)
{
    static const struct {
        const char *action, *answer;
    } answers[] = {
        { "SetChargingProfile", ACCEPTED },
        { "ClearChargingProfile", ACCEPTED },
        { "GetVariables", "{\"getVariableResult\":[" UNKNOWN_VARIABLE "]}" },
        { "SetVariables", "{\"setVariableResult\":[" UNKNOWN_VARIABLE "]}" },
        { "GetBaseReport", "{\"status\":\"NotSupported\"}" },
    };
    const char *frame;

    while ((frame = fake_host_next(fixture->fake)) != NULL) {
        g_auto(GStrv) parts = g_strsplit(frame, "\"", 5);
        g_autofree char *answer = g_strdup_printf("[4,\"%s\",\"NotSupported\",\"\",{}]", parts[1]);

        for (gsize i = 0; i < G_N_ELEMENTS(answers); i++) {
            if (strcmp(parts[3], answers[i].action) != 0)
                continue;
            g_free(answer);
            answer = g_strdup_printf("[3,\"%s\",%s]", parts[1], answers[i].answer);
        }
        fake_host_receive(fixture->fake, answer);
    }
}

void
onboard(Fixture *fixture)
{
    boot(fixture);
    apply(fixture, 1, 0, 0, CFX_PLAN_FAIL_SAFE_ONLY);
    answer_all(fixture);
}

void
begin_transaction(Fixture *fixture)
{
    send_call(fixture,
              "TransactionEvent",
              "{\"eventType\":\"Started\",\"timestamp\":\"" AT "\",\"triggerReason\":"
              "\"CablePluggedIn\",\"seqNo\":0,\"transactionInfo\":{\"transactionId\":\"t1\","
              "\"chargingState\":\"EVConnected\"},\"evse\":{\"id\":1,\"connectorId\":1},"
              "\"meterValue\":[{\"timestamp\":\"" AT "\",\"sampledValue\":[{\"value\":1000,"
              "\"context\":\"Transaction.Begin\"}]}]}");
    expect_result(fixture, "{}");
}

double
allowed_now_w(Fixture *fixture)
{
    const FakeApplied *applied = fake_host_applied(fixture->fake);

    return applied->head.n_allowed > 0 ? g_array_index(applied->w, double, 0) : NAN;
}

int
fixture_run_tests(
    int argc, char **argv, const char *prefix, const FixtureTest *tests, gsize n_tests)
{
    g_test_init(&argc, &argv, NULL);
    for (gsize i = 0; i < n_tests; i++) {
        g_autofree char *path = g_strdup_printf("%s/%s", prefix, tests[i].name);

        g_test_add(path, Fixture, NULL, set_up, tests[i].test, tear_down);
    }
    return g_test_run();
}
