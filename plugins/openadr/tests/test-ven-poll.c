/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The whole VEN against a server that the test plays. */
#include "ven-factory.h"

#include <harness/cfx-harness.h>
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
static GPtrArray *asked; /* utf8: "GET http://…" */
static CfxHarness *fake;

static const char *
authorization_of(const CfxHttpCall *call)
{
    for (const CfxPair *pair = call->headers; pair != NULL && pair->name != NULL; pair++) {
        if (g_ascii_strcasecmp(pair->name, "Authorization") == 0)
            return pair->value;
    }
    return NULL;
}

static CfxHarnessAnswer
server(gpointer data, const CfxHttpCall *call)
{
    const char *url = call->url;
    g_autofree char *expect = g_strconcat("Bearer ", good_token, NULL);

    g_ptr_array_add(asked, g_strdup_printf("%s %s", call->method, url));
    if (is_silent)
        return (CfxHarnessAnswer){ 0, NULL };
    if (strcmp(url, "http://vtn/base/auth/server") == 0)
        return (CfxHarnessAnswer){ 200, token_url };
    if (strcmp(url, "http://vtn/token") == 0)
        return (CfxHarnessAnswer){ 200,
                                   strcmp(good_token, "t1") == 0
                                       ? "{\"access_token\":\"t1\",\"token_type\":\"Bearer\"}"
                                       : "{\"access_token\":\"t2\",\"token_type\":\"Bearer\"}" };
    if (g_strcmp0(authorization_of(call), expect) != 0)
        return (CfxHarnessAnswer){ 401, "{}" };
    if (strcmp(url, "http://vtn/base/programs?skip=0&limit=50") == 0)
        return (CfxHarnessAnswer){ 200, programs };
    if (strcmp(url, "http://vtn/base/events?skip=0&limit=50") == 0)
        return (CfxHarnessAnswer){ 200, events };
    return (CfxHarnessAnswer){ 404, "{}" };
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

static void
add_site(const CfxAsset *asset)
{
    cfx_harness_add_account(fake, &account);
    for (gsize i = 0; i < G_N_ELEMENTS(sensors); i++)
        cfx_harness_add_sensor(fake, &sensors[i]);
    cfx_harness_add_asset(fake, asset);
}

static void
remove_site(void)
{
    const CfxModelChange change = { .struct_size = sizeof(change),
                                    .flags = CFX_MODEL_DELETE,
                                    .kind = CFX_MODEL_ASSET,
                                    .item = &site };
    const CfxModelChange *const changes[] = { &change };
    const CfxHost *host = cfx_harness_host(fake);

    host->model->change(host, changes, 1, NULL, NULL);
}

static guint32
source_type(void)
{
    const CfxHost *host = cfx_harness_host(fake);
    const CfxModel *model = host->model->get(host);
    guint32 type = cfx_model_source(model, own.id)->type;

    g_bytes_unref(model->owner);
    return type;
}

/* --- an instance ------------------------------------------------------------------------------ */

static const CfxFactory *const factories[] = { &openadr_ven_factory, NULL };
static const CfxPluginInfo info = { .struct_size = sizeof(info),
                                    .abi = CFX_ABI_VERSION,
                                    .id = "openadr",
                                    .name = "OpenADR",
                                    .version = "1",
                                    .license = "MIT",
                                    .factories = factories };

static void
start_ven(void)
{
    g_autoptr(GError) error = NULL;

    cfx_harness_start(fake,
                      &info,
                      "openadr-ven",
                      "url=http://vtn/base/\nclient-id=ven-1\nsite=1\npoll-interval=1min\n"
                      "horizon=2h\n",
                      &error);
    g_assert_no_error(error);
}

static void
stop_ven(void)
{
    cfx_harness_stop(fake);
}

static void
begin_without_site(void)
{
    asked = g_ptr_array_new_with_free_func(g_free);
    fake = cfx_harness_new("ven");
    cfx_harness_set_server(fake, server, NULL);
    cfx_harness_set_secret(fake, "client-secret-file", "s3cret");
    cfx_harness_set_site_us(fake, NOON + 2 * CFX_MINUTE);
    cfx_harness_add_source(fake, &own);
    is_silent = FALSE;
    programs = PROGRAMS;
    token_url = "{\"tokenURL\":\"http://vtn/token\"}";
    good_token = "t1";
    events = "[" PRICE("2025-10-01T15:00:00Z", "2") "," LOAD "]";
}

static void
begin(void)
{
    begin_without_site();
    add_site(&site);
}

static void
end(void)
{
    cfx_harness_free(fake);
    g_ptr_array_unref(asked);
}

/* Lets both clocks go on, with the timers that are due. */
static void
pass(gint64 site_us, gint64 real_us)
{
    cfx_harness_jump(fake, site_us, real_us);
}

/* The newest value of a sensor at that start; INFINITY: there is none. */
static double
value_of(gint64 sensor, gint64 start_us)
{
    const CfxHarnessBelief *belief = cfx_harness_belief(fake, sensor, start_us);

    return belief != NULL ? belief->value : INFINITY;
}

static guint
n_beliefs(void)
{
    guint n;

    cfx_harness_beliefs(fake, &n);
    return n;
}

static guint
n_notices(void)
{
    guint n;

    cfx_harness_notice(fake, NULL, &n);
    return n;
}

static const char *
last_notice(void)
{
    return cfx_harness_notice(fake, NULL, NULL)->doc;
}

static gboolean
is_well(void)
{
    return cfx_harness_health(fake, NULL) == CFX_HEALTH_OK;
}

static gboolean
complains_of(const char *words)
{
    const char *reason;

    return cfx_harness_health(fake, &reason) == CFX_HEALTH_DEGRADED &&
           strstr(reason, words) != NULL;
}

static gint64
minute(int n)
{
    return NOON + n * CFX_MINUTE;
}

static void
test_day(void)
{
    gint64 received_us;
    guint n;

    begin();
    start_ven();
    g_assert_cmpuint(source_type(), ==, CFX_SOURCE_SIGNAL);
    g_assert_true(is_well());
    g_assert_cmpfloat(value_of(84, minute(0)), ==, 100); /* 1 SEK/kWh at 0.1 */
    g_assert_cmpfloat(value_of(84, minute(15)), ==, 200);
    g_assert_true(isinf(value_of(84, minute(30))));
    g_assert_true(isinf(value_of(86, minute(9))));
    g_assert_cmpfloat(value_of(86, minute(10)), ==, 50);
    g_assert_cmpfloat(value_of(86, minute(14)), ==, 50);
    g_assert_cmpfloat(value_of(86, minute(15)), ==, 100);
    g_assert_cmpfloat(value_of(87, minute(12)), ==, 2);
    g_assert_cmpfloat(value_of(107, minute(12)), ==, 40e3);
    cfx_harness_last_commit(fake, NULL, &received_us);
    g_assert_cmpint(received_us, ==, cfx_now_real(cfx_harness_host(fake)));
    g_assert_cmpint(cfx_harness_beliefs(fake, &n)[0].belief_us, ==, minute(2));
    g_assert_cmpuint(n_notices(), ==, 3);
    g_assert_nonnull(strstr(last_notice(), "\"rate\":0.1,\"date\":\"2025-10-01\""));
    const char *told = cfx_harness_record(fake, "openadr.known-event", "ven/load");
    g_assert_nonnull(told);
    g_assert_nonnull(
        strstr(told, "\"start\":\"2025-10-01T16:10:00Z\",\"end\":\"2025-10-01T16:15:00Z\""));
    g_assert_nonnull(strstr(told, "\"type\":\"SIMPLE\",\"values\":[2]"));
    g_assert_nonnull(strstr(told, "\"more\":false"));
    g_assert_nonnull(cfx_harness_record(fake, "openadr.known-event", "ven/price"));

    /* nothing new: nothing written, and the token is kept */
    n = cfx_harness_n_commits(fake);
    pass(CFX_MINUTE, CFX_SECOND);
    pass(CFX_MINUTE, CFX_SECOND);
    g_assert_cmpuint(cfx_harness_n_commits(fake), ==, n);
    g_assert_cmpstr(asked->pdata[asked->len - 1], ==, "GET http://vtn/base/events?skip=0&limit=50");
    g_assert_cmpuint(asked->len, ==, 8);

    /* a changed price: one value */
    n = n_beliefs();
    events = "[" PRICE("2025-10-01T15:30:00Z", "3") "," LOAD "]";
    pass(CFX_MINUTE, CFX_SECOND);
    g_assert_cmpuint(n_beliefs(), ==, n + 1);
    g_assert_cmpfloat(value_of(84, minute(15)), ==, 300);

    /* cancelled in the middle of its time: neutral from this minute on, the past stays */
    pass(7 * CFX_MINUTE, CFX_SECOND);
    g_assert_cmpint(cfx_now_site(cfx_harness_host(fake)), ==, minute(12));
    events = "[" PRICE("2025-10-01T15:30:00Z", "3") "]";
    pass(CFX_MINUTE, CFX_SECOND);
    g_assert_cmpfloat(value_of(86, minute(12)), ==, 50);
    g_assert_cmpfloat(value_of(86, minute(13)), ==, 100);
    g_assert_cmpfloat(value_of(86, minute(14)), ==, 100);
    g_assert_cmpfloat(value_of(87, minute(14)), ==, 0);
    g_assert_true(isnan(value_of(107, minute(14))));
    g_assert_cmpfloat(value_of(107, minute(12)), ==, 40e3);
    g_assert_null(cfx_harness_record(fake, "openadr.known-event", "ven/load"));
    g_assert_nonnull(strstr(last_notice(), "\"cancelled\""));
    end();
}

static void
test_silence(void)
{
    guint n;

    begin();
    start_ven();
    n = n_beliefs();
    is_silent = TRUE;
    for (int i = 0; i < 10; i++)
        pass(CFX_MINUTE, 30 * CFX_SECOND);
    g_assert_false(is_well());
    g_assert_true(complains_of("silent for PT"));
    g_assert_true(complains_of("connection refused"));
    g_assert_cmpuint(n_beliefs(), ==, n); /* known events run on, nothing is invented */
    is_silent = FALSE;
    pass(CFX_MINUTE, 30 * CFX_SECOND);
    g_assert_true(is_well());
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
    n = n_beliefs();
    g_assert_cmpfloat(value_of(86, minute(100)), ==, 70);
    stop_ven();
    is_silent = TRUE;
    start_ven();
    g_assert_cmpuint(n_beliefs(), ==, n); /* it knows what it has written */
    pass(3 * CFX_MINUTE, CFX_SECOND);
    pass(0, 30 * CFX_SECOND);
    g_assert_cmpuint(n_beliefs(), ==, n + 3); /* of the minutes that came into sight */
    g_assert_cmpfloat(value_of(86, minute(124)), ==, 70);
    is_silent = FALSE;
    pass(CFX_MINUTE, 30 * CFX_SECOND);
    g_assert_cmpuint(n_beliefs(), ==, n + 4); /* its random offset was not drawn again */
    end();
}

static void
test_token(void)
{
    guint before;

    begin();
    start_ven();
    before = asked->len;
    good_token = "t2"; /* the old one has expired */
    pass(CFX_MINUTE, CFX_SECOND);
    g_assert_true(is_well());
    g_assert_cmpuint(asked->len, ==, before + 4); /* 401, token, programs, events */
    end();

    begin();
    token_url = "{\"tokenURL\":\"ftp://elsewhere/token\"}";
    start_ven();
    pass(CFX_MINUTE, 30 * CFX_SECOND);
    g_assert_false(is_well());
    for (guint i = 0; i < asked->len; i++)
        g_assert_cmpstr(asked->pdata[i], ==, "GET http://vtn/base/auth/server");
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
    n = n_beliefs();
    for (gsize i = 0; i < G_N_ELEMENTS(bodies); i++) {
        events = bodies[i];
        pass(CFX_MINUTE, 30 * CFX_SECOND);
        pass(CFX_MINUTE, 30 * CFX_SECOND);
        g_assert_false(is_well());
        g_assert_cmpuint(n_beliefs(), ==, n); /* nothing is cancelled by nonsense */
    }
    /* an event that cannot be read any more stays as it was; the others are taken */
    events = "[7,{\"id\":\"price\"},{\"id\":\"load\",\"programID\":\"p\"}]";
    cfx_harness_set_site_us(fake, minute(2));
    pass(0, 30 * CFX_SECOND);
    g_assert_false(is_well());
    g_assert_true(complains_of("cannot be read"));
    g_assert_cmpfloat(value_of(84, minute(15)), ==, 200);
    g_assert_cmpfloat(value_of(86, minute(12)), ==, 100);
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
        asked->pdata[asked->len - 1], ==, "GET http://vtn/base/events?skip=50&limit=50");
    end();
}

static void
test_failing_store(void)
{
    begin();
    cfx_harness_fail_commits(fake, "the disk is full");
    start_ven();
    g_assert_cmpuint(n_beliefs(), ==, 0);
    cfx_harness_fail_commits(fake, NULL);
    pass(CFX_MINUTE, CFX_SECOND);
    g_assert_cmpfloat(value_of(86, minute(10)), ==, 50);
    g_assert_nonnull(cfx_harness_record(fake, "openadr.known-event", "ven/load"));
    g_assert_cmpuint(n_notices(), >=, 3);
    end();
}

static void
test_no_site(void)
{
    begin_without_site();
    start_ven();
    g_assert_false(is_well());
    g_assert_true(complains_of("there is no asset 1"));
    g_assert_cmpuint(n_beliefs(), ==, 0);
    g_assert_nonnull(cfx_harness_record(fake, "openadr.known-event", "ven/load"));
    add_site(&site);
    cfx_harness_run(fake);
    g_assert_true(is_well());
    g_assert_cmpfloat(value_of(86, minute(10)), ==, 50);
    end();
}

/* The site comes while what was written is being read. */
static void
test_site_in_between(void)
{
    CfxAsset other = site;

    other.attributes = "{\"currency\":\"EUR\",\"sensors\":{\"load-control\":86}}";
    begin_without_site();
    add_site(&other);
    start_ven();
    g_assert_cmpfloat(value_of(86, minute(10)), ==, 50);
    g_assert_true(isinf(value_of(87, minute(10))));
    remove_site();
    cfx_harness_add_asset(fake, &other); /* begins to read */
    cfx_harness_add_asset(fake, &site);  /* and again */
    cfx_harness_run(fake);
    g_assert_cmpfloat(value_of(87, minute(10)), ==, 2);
    g_assert_cmpfloat(value_of(84, minute(15)), ==, 200);
    end();
}

static void
test_currency(void)
{
    begin();
    programs = "[{\"id\":\"p\",\"programName\":\"day\",\"payloadDescriptors\":[{\"payloadType\":"
               "\"PRICE\",\"units\":\"KWH\",\"currency\":\"USD\"}]}]";
    start_ven();
    g_assert_false(is_well());
    g_assert_true(complains_of("no rate to EUR"));
    g_assert_true(isinf(value_of(84, minute(0))));
    g_assert_cmpfloat(value_of(86, minute(10)), ==, 50);
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
