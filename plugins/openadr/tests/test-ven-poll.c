/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The whole VEN against a server that the test plays. */
#include "fake-host.h"
#include "ven-factory.h"

#include <math.h>
#include <string.h>

/* 2025-10-01T16:00:00Z, noon on Martinique */
#define NOON (G_GINT64_CONSTANT(1759334400) * CFX_SECOND)
#define PROGRAMS                                                                                   \
    "[{\"id\":\"p\",\"programName\":\"day\",\"payloadDescriptors\":[{\"objectType\":"              \
    "\"EVENT_PAYLOAD_DESCRIPTOR\",\"payloadType\":\"PRICE\",\"units\":\"KWH\",\"currency\":"       \
    "\"SEK\"}]}]"
#define PRICE(modified, value)                                                                     \
    "{\"id\":\"price\",\"programID\":\"p\",\"modificationDateTime\":\"" modified                   \
    "\",\"intervalPeriod\":{\"start\":\"2025-10-01T16:00:00Z\",\"duration\":\"PT15M\"},"           \
    "\"intervals\":[{\"id\":0,\"payloads\":[{\"type\":\"PRICE\",\"values\":[1]}]},{\"id\":1,"      \
    "\"payloads\":[{\"type\":\"PRICE\",\"values\":[" value "]}]}]}"
#define LOAD                                                                                       \
    "{\"id\":\"load\",\"programID\":\"p\",\"intervalPeriod\":{\"start\":\"2025-10-01T16:10:00Z\"," \
    "\"duration\":\"PT5M\"},\"intervals\":[{\"id\":0,\"payloads\":[{\"type\":"                     \
    "\"x-loadControlCapacity\",\"values\":[0.5]},{\"type\":\"SIMPLE\",\"values\":[2]},{\"type\":"  \
    "\"IMPORT_CAPACITY_LIMIT\",\"values\":[40]}]}]}"

static const char *events, *programs, *token_url;
static gboolean is_silent;
static const char *good_token;

static FakeAnswer
server(const char *method, const char *url, const char *authorization)
{
    g_autofree char *expect = g_strconcat("Bearer ", good_token, NULL);

    if (is_silent)
        return (FakeAnswer){ 0, NULL };
    if (strcmp(url, "http://vtn/base/auth/server") == 0)
        return (FakeAnswer){ 200, token_url };
    if (strcmp(url, "http://vtn/token") == 0)
        return (FakeAnswer){ 200,
                             strcmp(good_token, "t1") == 0
                                 ? "{\"access_token\":\"t1\",\"token_type\":\"Bearer\"}"
                                 : "{\"access_token\":\"t2\",\"token_type\":\"Bearer\"}" };
    if (g_strcmp0(authorization, expect) != 0)
        return (FakeAnswer){ 401, "{}" };
    if (strcmp(url, "http://vtn/base/programs?skip=0&limit=50") == 0)
        return (FakeAnswer){ 200, programs };
    if (strcmp(url, "http://vtn/base/events?skip=0&limit=50") == 0)
        return (FakeAnswer){ 200, events };
    return (FakeAnswer){ 404, "{}" };
}

/* --- a site ----------------------------------------------------------------------------------- */

static const CfxAccount account = { sizeof(account), 0, 2, "site", "UTC", "EUR" };
static const CfxAsset site = {
    .struct_size = sizeof(site),
    .id = 1,
    .account = 2,
    .type = "site",
    .name = "M",
    .attributes = "{\"currency\":\"EUR\",\"sensors\":{\"price\":[84,85],\"load-control\":86,"
                  "\"demand-response\":87,\"import-limit\":107},\"currency-rates\":[{\"currency\":"
                  "\"SEK\",\"rate\":0.1,\"date\":\"2025-10-01\",\"source\":\"x\"}]}",
};
static const CfxSensor sensors[] = {
    { .struct_size = sizeof(CfxSensor), .id = 84, .asset = 1, .unit = "EUR/MWh" },
    { .struct_size = sizeof(CfxSensor), .id = 86, .asset = 1, .unit = "%" },
    { .struct_size = sizeof(CfxSensor), .id = 87, .asset = 1, .unit = "" },
    { .struct_size = sizeof(CfxSensor), .id = 107, .asset = 1, .unit = "kW" },
};
static const CfxSource own = { sizeof(own), CFX_SOURCE_GATEWAY, 1000, 0, "ven", "ven" };
static const CfxAccount *const account_list[] = { &account };
static const CfxAsset *const asset_list[] = { &site };
static const CfxSensor *const sensor_list[] = {
    &sensors[0], &sensors[1], &sensors[2], &sensors[3]
};
static const CfxSource *const source_list[] = { &own };
static CfxModel model, empty;

static void
make_models(void)
{
    model = (CfxModel){ .struct_size = sizeof(model),
                        .accounts = account_list,
                        .assets = asset_list,
                        .sensors = sensor_list,
                        .sources = source_list,
                        .n_accounts = 1,
                        .n_assets = 1,
                        .n_sensors = 4,
                        .n_sources = 1,
                        .owner = g_bytes_new_static("", 1) };
    empty = (CfxModel){ .struct_size = sizeof(empty),
                        .version = 1,
                        .owner = g_bytes_new_static("", 1) };
}

/* --- an instance ------------------------------------------------------------------------------ */

static gpointer ven;
static CfxValue values[32];
static CfxConfig config;

static void
set(const char *name, const char *text, gint64 number)
{
    for (gsize i = 0; i < config.n_values; i++)
        if (strcmp(config.keys[i].name, name) == 0)
            values[i] = (CfxValue){ text, number, NAN };
}

static void
start_ven(void)
{
    g_autoptr(GError) error = NULL;

    config = (CfxConfig){ .struct_size = sizeof(config),
                          .keys = openadr_ven_factory.keys,
                          .key_size = sizeof(CfxConfigKey),
                          .n_values = openadr_ven_factory.n_keys,
                          .values = values };
    memset(values, 0, sizeof(values));
    set("url", "http://vtn/base/", 0);
    set("client-id", "ven-1", 0);
    set("site", NULL, 1);
    set("poll-interval", NULL, CFX_MINUTE);
    set("horizon", NULL, 2 * CFX_HOUR);
    ven = openadr_ven_factory.create(&fake.host, &config, &error);
    g_assert_no_error(error);
    openadr_ven_factory.start(ven, fake_call());
    fake_run();
    g_assert_true(fake.is_finished);
    g_assert_no_error(fake.error);
}

static void
stop_ven(void)
{
    openadr_ven_factory.stop(ven, fake_call());
    g_assert_true(fake.is_finished);
    fake_run();
    openadr_ven_factory.destroy(ven);
}

static void
begin(void)
{
    fake_host_init(server);
    make_models();
    fake.model = &model;
    fake.site_us = NOON + 2 * CFX_MINUTE;
    is_silent = FALSE;
    programs = PROGRAMS;
    token_url = "{\"tokenURL\":\"http://vtn/token\"}";
    good_token = "t1";
    events = "[" PRICE("2025-10-01T15:00:00Z", "2") "," LOAD "]";
}

static void
end(void)
{
    stop_ven();
    fake_host_clear();
    g_bytes_unref(model.owner);
    g_bytes_unref(empty.owner);
}

static gint64
minute(int n)
{
    return NOON + n * CFX_MINUTE;
}

static void
test_day(void)
{
    guint n;

    begin();
    start_ven();
    g_assert_cmpuint(fake.source_type, ==, CFX_SOURCE_SIGNAL);
    g_assert_cmpuint(fake.health, ==, CFX_HEALTH_OK);
    g_assert_cmpfloat(fake_value(84, minute(0)), ==, 100); /* 1 SEK/kWh at 0.1 */
    g_assert_cmpfloat(fake_value(84, minute(15)), ==, 200);
    g_assert_true(isinf(fake_value(84, minute(30))));
    g_assert_true(isinf(fake_value(86, minute(9))));
    g_assert_cmpfloat(fake_value(86, minute(10)), ==, 50);
    g_assert_cmpfloat(fake_value(86, minute(14)), ==, 50);
    g_assert_cmpfloat(fake_value(86, minute(15)), ==, 100);
    g_assert_cmpfloat(fake_value(87, minute(12)), ==, 2);
    g_assert_cmpfloat(fake_value(107, minute(12)), ==, 40e3);
    g_assert_cmpint(fake.received_us, ==, fake.real_us);
    g_assert_cmpint(g_array_index(fake.beliefs, FakeBelief, 0).belief_us, ==, minute(2));
    g_assert_cmpuint(fake.notices->len, ==, 3);
    g_assert_nonnull(strstr(fake.notices->pdata[2], "\"rate\":0.1,\"date\":\"2025-10-01\""));
    g_assert_nonnull(g_hash_table_lookup(fake.records, "openadr.known-event ven/price"));

    /* nothing new: nothing written, and the token is kept */
    n = fake.commits;
    fake_pass(CFX_MINUTE, CFX_SECOND);
    fake_pass(CFX_MINUTE, CFX_SECOND);
    g_assert_cmpuint(fake.commits, ==, n);
    g_assert_cmpstr(
        fake.asked->pdata[fake.asked->len - 1], ==, "GET http://vtn/base/events?skip=0&limit=50");
    g_assert_cmpuint(fake.asked->len, ==, 8);

    /* a changed price: one value */
    n = fake.beliefs->len;
    events = "[" PRICE("2025-10-01T15:30:00Z", "3") "," LOAD "]";
    fake_pass(CFX_MINUTE, CFX_SECOND);
    g_assert_cmpuint(fake.beliefs->len, ==, n + 1);
    g_assert_cmpfloat(fake_value(84, minute(15)), ==, 300);

    /* cancelled in the middle of its time: neutral from this minute on, the past stays */
    fake_pass(7 * CFX_MINUTE, CFX_SECOND);
    g_assert_cmpint(fake.site_us, ==, minute(12));
    events = "[" PRICE("2025-10-01T15:30:00Z", "3") "]";
    fake_pass(CFX_MINUTE, CFX_SECOND);
    g_assert_cmpfloat(fake_value(86, minute(12)), ==, 50);
    g_assert_cmpfloat(fake_value(86, minute(13)), ==, 100);
    g_assert_cmpfloat(fake_value(86, minute(14)), ==, 100);
    g_assert_cmpfloat(fake_value(87, minute(14)), ==, 0);
    g_assert_true(isnan(fake_value(107, minute(14))));
    g_assert_cmpfloat(fake_value(107, minute(12)), ==, 40e3);
    g_assert_null(g_hash_table_lookup(fake.records, "openadr.known-event ven/load"));
    g_assert_nonnull(strstr(fake.notices->pdata[fake.notices->len - 1], "\"cancelled\""));
    end();
}

static void
test_silence(void)
{
    guint n;

    begin();
    start_ven();
    n = fake.beliefs->len;
    is_silent = TRUE;
    for (int i = 0; i < 10; i++)
        fake_pass(CFX_MINUTE, 30 * CFX_SECOND);
    g_assert_cmpuint(fake.health, ==, CFX_HEALTH_DEGRADED);
    g_assert_nonnull(strstr(fake.reason, "silent for PT"));
    g_assert_nonnull(strstr(fake.reason, "connection refused"));
    g_assert_cmpuint(fake.beliefs->len, ==, n); /* known events run on, nothing is invented */
    is_silent = FALSE;
    fake_pass(CFX_MINUTE, 30 * CFX_SECOND);
    g_assert_cmpuint(fake.health, ==, CFX_HEALTH_OK);
    end();
}

static void
test_restart(void)
{
    guint n;

    begin();
    /* endless, so that the horizon has something to move over */
    events = "[" PRICE(
        "2025-10-01T15:00:00Z",
        "2") ",{\"id\":\"load\",\"programID\":\"p\","
             "\"intervalPeriod\":{\"start\":\"0001-01-01T00:00:00Z\",\"duration\":\"P9999Y\","
             "\"randomizeStart\":\"PT5M\"},\"intervals\":[{\"id\":0,\"payloads\":[{\"type\":"
             "\"x-loadControlCapacity\",\"values\":[0.7]}]}]}]";
    start_ven();
    n = fake.beliefs->len;
    g_assert_cmpfloat(fake_value(86, minute(100)), ==, 70);
    stop_ven();
    is_silent = TRUE;
    start_ven();
    g_assert_cmpuint(fake.beliefs->len, ==, n); /* it knows what it has written */
    fake_pass(3 * CFX_MINUTE, CFX_SECOND);
    fake_pass(0, 30 * CFX_SECOND);
    g_assert_cmpuint(fake.beliefs->len, ==, n + 3); /* of the minutes that came into sight */
    g_assert_cmpfloat(fake_value(86, minute(124)), ==, 70);
    is_silent = FALSE;
    fake_pass(CFX_MINUTE, 30 * CFX_SECOND);
    g_assert_cmpuint(fake.beliefs->len, ==, n + 4); /* its random offset was not drawn again */
    end();
}

static void
test_token(void)
{
    guint asked;

    begin();
    start_ven();
    asked = fake.asked->len;
    good_token = "t2"; /* the old one has expired */
    fake_pass(CFX_MINUTE, CFX_SECOND);
    g_assert_cmpuint(fake.health, ==, CFX_HEALTH_OK);
    g_assert_cmpuint(fake.asked->len, ==, asked + 4); /* 401, token, programs, events */
    end();

    begin();
    token_url = "{\"tokenURL\":\"ftp://elsewhere/token\"}";
    start_ven();
    fake_pass(CFX_MINUTE, 30 * CFX_SECOND);
    g_assert_cmpuint(fake.health, ==, CFX_HEALTH_DEGRADED);
    for (guint i = 0; i < fake.asked->len; i++)
        g_assert_cmpstr(fake.asked->pdata[i], ==, "GET http://vtn/base/auth/server");
    end();
}

static void
test_nonsense(void)
{
    static const char *const bodies[] = {
        "",  "{",          "{}", "null",
        "7", "\"events\"", "[",  "[[[[[[[[[[[[[[[[[[[[[[[[]]]]]]]]]]]]]]]]]]]]]]]]",
    };
    guint n;

    begin();
    start_ven();
    n = fake.beliefs->len;
    for (gsize i = 0; i < G_N_ELEMENTS(bodies); i++) {
        events = bodies[i];
        fake_pass(CFX_MINUTE, 30 * CFX_SECOND);
        fake_pass(CFX_MINUTE, 30 * CFX_SECOND);
        g_assert_cmpuint(fake.health, ==, CFX_HEALTH_DEGRADED);
        g_assert_cmpuint(fake.beliefs->len, ==, n); /* nothing is cancelled by nonsense */
    }
    /* an event that cannot be read any more stays as it was; the others are taken */
    events = "[7,{\"id\":\"price\"},{\"id\":\"load\",\"programID\":\"p\"}]";
    fake.site_us = minute(2);
    fake_pass(0, 30 * CFX_SECOND);
    g_assert_cmpuint(fake.health, ==, CFX_HEALTH_DEGRADED);
    g_assert_nonnull(strstr(fake.reason, "cannot be read"));
    g_assert_cmpfloat(fake_value(84, minute(15)), ==, 200);
    g_assert_cmpfloat(fake_value(86, minute(12)), ==, 100);
    end();
}

static void
test_pages(void)
{
    g_autoptr(GString) many = g_string_new("[");

    /* a full page is followed by another, which our server does not have */
    begin();
    for (int i = 0; i < 50; i++)
        g_string_append_printf(many, "%s{\"id\":\"e%d\",\"programID\":\"p\"}", i > 0 ? "," : "", i);
    g_string_append_c(many, ']');
    events = many->str;
    start_ven();
    g_assert_cmpstr(
        fake.asked->pdata[fake.asked->len - 1], ==, "GET http://vtn/base/events?skip=50&limit=50");
    end();
}

static void
test_failing_store(void)
{
    begin();
    fake.failure = g_strdup("the disk is full");
    start_ven();
    g_assert_cmpuint(fake.beliefs->len, ==, 0);
    g_clear_pointer(&fake.failure, g_free);
    fake_pass(CFX_MINUTE, CFX_SECOND);
    g_assert_cmpfloat(fake_value(86, minute(10)), ==, 50);
    g_assert_nonnull(g_hash_table_lookup(fake.records, "openadr.known-event ven/load"));
    g_assert_cmpuint(fake.notices->len, >=, 3);
    end();
}

static void
test_no_site(void)
{
    begin();
    fake.model = &empty;
    start_ven();
    g_assert_cmpuint(fake.health, ==, CFX_HEALTH_DEGRADED);
    g_assert_nonnull(strstr(fake.reason, "there is no asset 1"));
    g_assert_cmpuint(fake.beliefs->len, ==, 0);
    g_assert_nonnull(g_hash_table_lookup(fake.records, "openadr.known-event ven/load"));
    fake.model = &model;
    fake.model_func(fake.model_data, NULL, NULL);
    fake_run();
    g_assert_cmpuint(fake.health, ==, CFX_HEALTH_OK);
    g_assert_cmpfloat(fake_value(86, minute(10)), ==, 50);
    end();
}

/* The site comes while what was written is being read. */
static void
test_site_in_between(void)
{
    static CfxAsset other;
    static const CfxAsset *const others[] = { &other };
    static CfxModel changed;

    begin();
    other = site;
    other.attributes = "{\"currency\":\"EUR\",\"sensors\":{\"load-control\":86}}";
    changed = model;
    changed.assets = others;
    fake.model = &changed;
    start_ven();
    g_assert_cmpfloat(fake_value(86, minute(10)), ==, 50);
    g_assert_true(isinf(fake_value(87, minute(10))));
    fake.model = &empty;
    fake.model_func(fake.model_data, NULL, NULL);
    fake.model = &changed;
    fake.model_func(fake.model_data, NULL, NULL); /* begins to read */
    fake.model = &model;
    fake.model_func(fake.model_data, NULL, NULL); /* and again */
    fake_run();
    g_assert_cmpfloat(fake_value(87, minute(10)), ==, 2);
    g_assert_cmpfloat(fake_value(84, minute(15)), ==, 200);
    end();
}

static void
test_currency(void)
{
    begin();
    programs = "[{\"id\":\"p\",\"programName\":\"day\",\"payloadDescriptors\":[{\"payloadType\":"
               "\"PRICE\",\"units\":\"KWH\",\"currency\":\"USD\"}]}]";
    start_ven();
    g_assert_cmpuint(fake.health, ==, CFX_HEALTH_DEGRADED);
    g_assert_nonnull(strstr(fake.reason, "no rate to EUR"));
    g_assert_true(isinf(fake_value(84, minute(0))));
    g_assert_cmpfloat(fake_value(86, minute(10)), ==, 50);
    end();
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/openadr/ven/day", test_day);
    g_test_add_func("/openadr/ven/silence", test_silence);
    g_test_add_func("/openadr/ven/restart", test_restart);
    g_test_add_func("/openadr/ven/token", test_token);
    g_test_add_func("/openadr/ven/bad-answers", test_nonsense);
    g_test_add_func("/openadr/ven/pages", test_pages);
    g_test_add_func("/openadr/ven/failing-store", test_failing_store);
    g_test_add_func("/openadr/ven/no-site", test_no_site);
    g_test_add_func("/openadr/ven/site-in-between", test_site_in_between);
    g_test_add_func("/openadr/ven/foreign-currency", test_currency);
    return g_test_run();
}
