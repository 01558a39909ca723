/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Commands of people: what is refused, what goes to the station, what comes back. */
#include "station-fixture.h"

#include <kit/cfx-json.h>
#include <string.h>

/* a command that waits for its answer */
typedef struct {
    CfxCall call; /* first */
    guint n_finished;
    char *answer;
    GError *error;
} Command;

static void
command_finished(CfxCall *call, GBytes *answer, GError *error)
{
    Command *self = (Command *)call;

    g_assert_cmpuint(self->n_finished++, ==, 0);
    g_assert_true((answer != NULL) != (error != NULL));
    if (answer != NULL)
        self->answer = g_strndup(g_bytes_get_data(answer, NULL), g_bytes_get_size(answer));
    g_clear_pointer(&answer, g_bytes_unref);
    self->error = error;
}

static const CfxCallOps command_ops = { .struct_size = sizeof(CfxCallOps),
                                        .finish = command_finished };

static void
command_clear(Command *self)
{
    g_assert_cmpuint(self->n_finished, ==, 1);
    g_object_unref(self->call.cancellable);
    g_free(self->answer);
    g_clear_error(&self->error);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Command, command_clear)

static void
command(Fixture *fixture, Command *self, const char *name, const char *args)
{
    g_autoptr(GBytes) bytes = args != NULL ? g_bytes_new(args, strlen(args)) : NULL;

    *self = (Command){ .call = { .ops = &command_ops, .cancellable = g_cancellable_new() } };
    fixture->ops->command(fixture->instance, 11, name, bytes, &self->call);
    fake_host_run(fixture->fake);
}

static void
assert_failed(const Command *self, CfxError code, const char *words)
{
    g_assert_error(self->error, CFX_ERROR, (gint)code);
    g_assert_cmpstr(self->error->message, ==, words);
}

static void
test_offered(Fixture *fixture, gconstpointer data)
{
    const CfxCommandInfo *start = NULL;

    /* nine of the protocol, and the log of the wire */
    g_assert_cmpuint(fixture->ops->n_commands, ==, 10);
    for (guint i = 0; i < fixture->ops->n_commands; i++) {
        const CfxCommandInfo *info = fixture->ops->commands[i];
        g_autoptr(GError) error = NULL;

        cfx_json_check(info->schema, strlen(info->schema), 32, &error);
        g_assert_no_error(error);
        g_assert_null(strstr(info->schema, "customData"));
        if (strcmp(info->name, "RequestStartTransaction") == 0)
            start = info;
    }
    g_assert_cmpuint(start->role, ==, CFX_ROLE_OPERATE);
    g_assert_null(strstr(start->schema, "chargingProfile"));
    g_assert_true(g_str_has_prefix(
        start->schema,
        "{\"type\":\"object\",\"required\":[\"idToken\"],\"properties\":{\"evseId\":{\"type\":"
        "\"integer\",\"description\":\"that of the command when left out\"}"));
}

static void
test_refused(Fixture *fixture, gconstpointer data)
{
    static const struct {
        const char *name, *args, *words;
    } cases[] = {
        { "Reset", "nonsense", NULL },
        { "Reset", "[]", "arguments: must be a JSON object, as {\"evseId\": 1}" },
        { "Reset",
          "{\"type\":\"Now\"}",
          "type: not a word of the enumeration; there is: Immediate, OnIdle" },
        { "Reset", "{\"evesId\":1}", "evesId: an unknown member; did you mean \"evseId\"?" },
        { "Reset", "{\"colour\":1}", "colour: an unknown member; there is: type, evseId" },
        { "TriggerMessage",
          "{}",
          "requestedMessage: missing; there is: BootNotification, LogStatusNotification, "
          "FirmwareStatusNotification, Heartbeat, MeterValues, SignChargingStationCertificate, "
          "SignV2GCertificate, StatusNotification, TransactionEvent, SignCombinedCertificate, "
          "PublishFirmwareStatusNotification" },
        { "TriggerMessage",
          "{\"requestedMessage\":\"Heartbeat\",\"evse\":{\"id\":1,\"conectorId\":1}}",
          "evse.conectorId: an unknown member; did you mean \"connectorId\"?" },
        { "RequestStartTransaction",
          "{\"idToken\":{\"idToken\":\"a\",\"type\":\"Central\"},\"chargingProfile\":{\"id\":1,"
          "\"stackLevel\":0,\"chargingProfilePurpose\":\"TxProfile\",\"chargingProfileKind\":"
          "\"Relative\",\"chargingSchedule\":[{\"id\":1,\"chargingRateUnit\":\"A\","
          "\"chargingSchedulePeriod\":[{\"startPeriod\":0,\"limit\":32}]}]}}",
          "chargingProfile: profiles are the planner's; leave it out" },
        { "RequestStopTransaction",
          "{}",
          "transactionId: missing, and we know of no transaction there" },
        { "SetVariables",
          "{\"setVariableData\":[{\"attributeValue\":\"x\",\"component\":{\"name\":"
          "\"SecurityCtrlr\"},\"variable\":{\"name\":\"basicAuthPassword\"}}]}",
          "setVariableData.0.variable: the register has the station's password as well" },
        { "GetVariables", "{\"getVariableData\":[]}", "getVariableData: too few elements" },
        { "GetVariables",
          "{\"getVariableData\":[{\"component\":{\"name\":\"x\"},\"variable\":{\"nam\":\"y\"}}]}",
          "getVariableData.0.variable.nam: an unknown member; did you mean \"name\"?" },
    };

    onboard(fixture);
    for (gsize i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_auto(Command) sent = { { 0 } };

        command(fixture, &sent, cases[i].name, cases[i].args);
        g_test_message("%s: %s", cases[i].args, sent.error->message);
        if (cases[i].words != NULL)
            assert_failed(&sent, CFX_ERROR_INVALID, cases[i].words);
        else
            g_assert_true(g_str_has_prefix(sent.error->message, "arguments: "));
    }
    expect_nothing(fixture);
}

/* what is left out is that of the EVSE */
static void
test_filled(Fixture *fixture, gconstpointer data)
{
    static const struct {
        const char *name, *args, *payload;
    } cases[] = {
        { "Reset", NULL, "{\"type\":\"OnIdle\"}" },
        { "Reset", "{\"type\":\"Immediate\"}", "{\"type\":\"Immediate\"}" },
        { "UnlockConnector", " { } ", "{\"evseId\":1,\"connectorId\":1 }" },
        { "UnlockConnector", "{\"connectorId\":2}", "{\"evseId\":1,\"connectorId\":2}" },
        { "RequestStopTransaction", NULL, "{\"transactionId\":\"t1\"}" },
        { "GetCompositeSchedule",
          "{\"chargingRateUnit\":\"A\"}",
          "{\"duration\":86400,\"evseId\":1,\"chargingRateUnit\":\"A\"}" },
        { "ChangeAvailability",
          "{\"operationalStatus\":\"Inoperative\"}",
          "{\"operationalStatus\":\"Inoperative\"}" },
    };

    onboard(fixture);
    begin_transaction(fixture);
    for (gsize i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_auto(Command) sent = { { 0 } };
        g_autofree char *payload = g_strdup_printf(",%s]", cases[i].payload);
        const char *frame;

        command(fixture, &sent, cases[i].name, cases[i].args);
        g_assert_cmpuint(sent.n_finished, ==, 0);
        frame = answer_call(fixture, cases[i].name, "{\"status\":\"Rejected\"}");
        if (!g_str_has_suffix(frame, payload))
            g_error("%s does not end with %s", frame, payload);
        /* whatever it is, it is the station's own answer */
        g_assert_cmpstr(sent.answer, ==, "{\"status\":\"Rejected\"}");
        g_assert_nonnull(strstr(fake_host_notice(fixture->fake, "ocpp.command")->doc,
                                "\"outcome\":\"answered\",\"words\":\"Rejected\""));
    }
}

static void
test_ends(Fixture *fixture, gconstpointer data)
{
    FakeHost *fake = fixture->fake;
    g_auto(Command) never = { { 0 } }, peer = { { 0 } }, late = { { 0 } }, lost = { { 0 } },
                    unsent = { { 0 } }, away = { { 0 } };
    g_autofree char *error = NULL;
    g_auto(GStrv) parts = NULL;

    fake_host_advance(fake, 3 * CFX_MINUTE);
    command(fixture, &never, "Reset", NULL);
    assert_failed(&never,
                  CFX_ERROR_UNAVAILABLE,
                  "station CP001 has not connected since the system started 3 min ago");
    fake->site_us -= 3 * CFX_MINUTE;
    onboard(fixture);
    command(fixture, &peer, "Reset", NULL);
    parts = g_strsplit(fake_host_next(fake), "\"", 3);
    error = g_strdup_printf("[4,\"%s\",\"NotSupported\",\"I do not reset\",{}]", parts[1]);
    fake_host_receive(fake, error);
    assert_failed(
        &peer, CFX_ERROR_PEER, "station CP001 answers Reset: NotSupported: I do not reset");
    command(fixture, &late, "Reset", NULL);
    g_assert_nonnull(fake_host_next(fake));
    fake_host_advance(fake, 30 * CFX_SECOND);
    assert_failed(&late,
                  CFX_ERROR_UNAVAILABLE,
                  "station CP001 has not answered Reset in 30 s; whether it does it is not known");
    command(fixture, &lost, "Reset", NULL);
    command(fixture, &unsent, "TriggerMessage", "{\"requestedMessage\":\"Heartbeat\"}");
    g_assert_nonnull(fake_host_next(fake));
    expect_nothing(fixture);
    fake_host_disconnect(fake);
    assert_failed(&lost,
                  CFX_ERROR_UNAVAILABLE,
                  "station CP001 went away before it answered Reset; whether it does it is not "
                  "known");
    assert_failed(
        &unsent, CFX_ERROR_UNAVAILABLE, "station CP001 went away before TriggerMessage was sent");
    fake_host_advance(fake, 90 * CFX_SECOND);
    command(fixture, &away, "Reset", NULL);
    assert_failed(&away, CFX_ERROR_UNAVAILABLE, "station CP001 has been away for 90 s");
}

/* who has given up must not wonder later why a station restarts */
static void
test_given_up(Fixture *fixture, gconstpointer data)
{
    g_auto(Command) first = { { 0 } }, second = { { 0 } };

    onboard(fixture);
    command(fixture, &first, "TriggerMessage", "{\"requestedMessage\":\"Heartbeat\"}");
    command(fixture, &second, "Reset", NULL);
    g_cancellable_cancel(second.call.cancellable);
    answer_call(fixture, "TriggerMessage", ACCEPTED);
    expect_nothing(fixture);
    g_assert_cmpstr(first.answer, ==, ACCEPTED);
    g_assert_error(second.error, CFX_ERROR, CFX_ERROR_CANCELLED);
}

/* first the fail-safe power, and profiles before commands */
static void
test_order(Fixture *fixture, gconstpointer data)
{
    g_auto(Command) early = { { 0 } }, reset = { { 0 } }, second = { { 0 } };

    g_assert_cmpuint(fake_host_connect(fixture->fake, "CP001", "ocpp2.0.1"), ==, 101);
    command(fixture, &early, "Reset", NULL);
    assert_failed(
        &early, CFX_ERROR_UNAVAILABLE, "station CP001 is connected and has not booted yet");
    fake_host_disconnect(fixture->fake);
    boot(fixture);
    command(fixture, &reset, "Reset", NULL);
    expect_nothing(fixture);
    apply(fixture, 1, 0, 0, CFX_PLAN_FAIL_SAFE_ONLY);
    answer_call(fixture, "SetChargingProfile", ACCEPTED);
    answer_call(fixture, "GetChargingProfiles", "{\"status\":\"NoProfiles\"}");
    answer_call(fixture, "SetChargingProfile", ACCEPTED);
    command(fixture, &second, "UnlockConnector", NULL);
    answer_call(fixture, "Reset", ACCEPTED);
    g_assert_cmpstr(reset.answer, ==, ACCEPTED);
    fixture->fail_safe_w = 2760;
    apply(fixture, 2, 0, 0, CFX_PLAN_FAIL_SAFE_ONLY);
    answer_call(fixture, "UnlockConnector", "{\"status\":\"Unlocked\"}");
    answer_all(fixture);
    g_assert_cmpstr(second.answer, ==, "{\"status\":\"Unlocked\"}");
}

int
main(int argc, char **argv)
{
    static const FixtureTest tests[] = {
        { "offered", test_offered }, { "refused", test_refused },   { "filled", test_filled },
        { "ends", test_ends },       { "given-up", test_given_up }, { "order", test_order },
    };

    return fixture_run_tests(argc, argv, "/ocpp/command", tests, G_N_ELEMENTS(tests));
}
