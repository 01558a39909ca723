/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What people see of the wire: newest first, answers named by their calls, no passwords. */
#include "station-fixture.h"

#include "ocpp-log.h"

#include <string.h>

#define BEAT "\"id\":\"h7\",\"action\":\"Heartbeat\",\"cut\":false,\"text\":\"{"

static GBytes *
told(Fixture *fixture)
{
    return ocpp_log_json(fixture->instance, ocpp_instance_station(fixture->instance, "CP001"));
}

static const char *
find(GBytes *told_bytes, const char *text)
{
    gsize size;
    const char *all = g_bytes_get_data(told_bytes, &size);

    return g_strstr_len(all, (gssize)size, text);
}

static void
test_frames(Fixture *fixture, gconstpointer data)
{
    onboard(fixture);
    fake_host_receive(fixture->fake, "[2,\"h7\",\"Heartbeat\",{}]");
    g_autoptr(GBytes) bytes = told(fixture);
    const char *call = find(bytes, "\"direction\":\"in\",\"type\":\"call\"," BEAT "}\"");
    const char *answer = find(bytes, "\"direction\":\"out\",\"type\":\"result\"," BEAT "\\\"currentTime");

    g_test_message("%.400s", (const char *)g_bytes_get_data(bytes, NULL));
    g_assert_nonnull(call);
    g_assert_nonnull(answer);
    g_assert_true(answer < call);
    fake_host_receive(fixture->fake, "[2,\"e\",\"MakeCoffee\",{}]");
    g_autoptr(GBytes) refused = told(fixture);
    g_assert_nonnull(find(refused, "\"type\":\"error\",\"id\":\"e\",\"action\":\"MakeCoffee\""));
}

static void
test_bounds(Fixture *fixture, gconstpointer data)
{
    static const char secret[] = "[2,\"p\",\"SetVariables\",{\"name\":\"BasicAuthPassword\",\"v\":\"s3cret\"}]";
    static const char head[] = "[2,\"q\",\"DataTransfer\",{\"data\":\"";
    g_autofree char *huge = g_strnfill(9000, 'x');

    onboard(fixture);
    OcppStation *station = ocpp_instance_station(fixture->instance, "CP001");
    memcpy(huge, head, strlen(head));
    ocpp_log_add(station, FALSE, secret, strlen(secret));
    ocpp_log_add(station, TRUE, huge, 9000);
    ocpp_log_add(station, TRUE, "\xff{", 2);
    g_autoptr(GBytes) bytes = told(fixture);
    gsize size;
    const char *text = g_bytes_get_data(bytes, &size);
    g_assert_true(cfx_json_check(text, size, 8, NULL));
    g_assert_null(find(bytes, "s3cret"));
    g_assert_nonnull(find(bytes, "\"SetVariables\",\"cut\":true,\"text\":\"\""));
    g_assert_nonnull(find(bytes, "\"DataTransfer\",\"cut\":true,\"text\":\"{"));
    /* the ring turns: nothing older than its size, and no more than a reader can use */
    for (int i = 0; i < 3 * OCPP_LOG_SIZE; i++)
        ocpp_log_add(station, TRUE, huge, 9000);
    g_autoptr(GBytes) many = told(fixture);
    g_assert_cmpuint(g_bytes_get_size(many), <, 200 * 2500);
    g_assert_null(find(many, "SetVariables"));
}

int
main(int argc, char **argv)
{
    static const FixtureTest tests[] = {
        { "frames", test_frames },
        { "bounds", test_bounds },
    };

    return fixture_run_tests(argc, argv, "/ocpp/log", tests, G_N_ELEMENTS(tests));
}
