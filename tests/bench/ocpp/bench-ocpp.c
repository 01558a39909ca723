/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What one TransactionEvent with meter values costs the adapter itself: the host is one of tests,
 * which keeps everything in memory. Prints one line. */
#include "fake-host.h"

#define N 20000

static void
finished(CfxCall *call, GBytes *answer, GError *error)
{
    if (error != NULL)
        g_error("%s", error->message);
}

static const CfxCallOps call_ops = { .struct_size = sizeof(CfxCallOps), .finish = finished };

static char *
event(int i)
{
    const char *kind = i == 0 ? "Started" : "Updated";

    return g_strdup_printf(
        "[2,\"m%d\",\"TransactionEvent\",{\"eventType\":\"%s\",\"timestamp\":\"2025-10-01T12:00:"
        "00Z\","
        "\"triggerReason\":\"MeterValuePeriodic\",\"seqNo\":%d,\"transactionInfo\":"
        "{\"transactionId\":\"t1\",\"chargingState\":\"Charging\"},\"evse\":{\"id\":1},"
        "\"meterValue\":[{\"timestamp\":\"2025-10-01T12:00:00Z\",\"sampledValue\":["
        "{\"value\":%d,\"measurand\":\"Energy.Active.Import.Register\"},"
        "{\"value\":10800,\"measurand\":\"Power.Active.Import\"},"
        "{\"value\":15.6,\"measurand\":\"Current.Import\",\"phase\":\"L1\"},"
        "{\"value\":15.7,\"measurand\":\"Current.Import\",\"phase\":\"L2\"},"
        "{\"value\":15.8,\"measurand\":\"Current.Import\",\"phase\":\"L3\"}]}]}]",
        i,
        kind,
        i,
        1000 + i);
}

int
main(void)
{
    const CfxFactory *factory = cfx_plugin_query_v1()->factories[0];
    FakeHost *fake = fake_host_new();
    CfxValue values[] = { { .text = "internal" },
                          { .number = 300 * CFX_SECOND },
                          { .number = 60 * CFX_SECOND },
                          { .number = 30 * CFX_SECOND },
                          { .number = 10 * CFX_SECOND } };
    const CfxConfig config = { .struct_size = sizeof(config),
                               .keys = factory->keys,
                               .key_size = factory->key_size,
                               .n_values = factory->n_keys,
                               .values = values };
    CfxCall call = { .ops = &call_ops };
    gpointer instance;
    gint64 start;

    fake_host_add_station(fake, "CP001");
    instance = factory->create(&fake->host, &config, NULL);
    factory->start(instance, &call);
    fake_host_run(fake);
    fake_host_connect(fake, "CP001", "ocpp2.0.1");
    fake_host_receive(fake,
                      "[2,\"b\",\"BootNotification\",{\"reason\":\"PowerUp\",\"chargingStation\":"
                      "{\"model\":\"M\",\"vendorName\":\"V\"}}]");
    start = g_get_monotonic_time();
    for (int i = 0; i < N; i++) {
        g_autofree char *frame = event(i);

        fake_host_receive(fake, frame);
        g_ptr_array_set_size(fake->sent, 0);
    }
    g_print("TransactionEvent: %.2f us each, host of tests included\n",
            (double)(g_get_monotonic_time() - start) / N);
    return 0;
}
