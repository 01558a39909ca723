/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A plugin of a later minor, built against headers in which every struct has a member `of_tomorrow`. It fills
 * them with addresses that nobody may touch, asks whether the host has what is new, and lives without.
 */
#include <cariflex/cfx.h>

#define JUNK ((gpointer)1)

typedef struct {
    const CfxHost *host;
    GString *said;
} Newer;

static void
say(Newer *self, const char *text)
{
    g_string_append_printf(self->said, "%s%s", self->said->len > 0 ? "; " : "", text);
    self->host->base->health(self->host, CFX_HEALTH_DEGRADED, self->said->str);
}

static void
was_read(gpointer data, const CfxRecords *result, const GError *error)
{
    say(data, error != NULL ? error->message : result->n == 1 ? result->records[0]->doc : "no record");
}

static void
was_stored(gpointer data, const CfxCommitted *result, const GError *error)
{
    Newer *self = data;
    const CfxRecordQuery query = {
        .struct_size = sizeof query, .collection = "newer.thing", .of_tomorrow = JUNK
    };
    say(self, error != NULL ? error->message : "stored");
    self->host->data->read_records(self->host, &query, was_read, self);
}

static void
store(gpointer data)
{
    Newer *self = data;
    const CfxRecord record = { .struct_size = sizeof record,
                               .collection = "newer.thing",
                               .key = "new/1",
                               .doc = "{\"a\":1}",
                               .doc_size = 7,
                               .expect = CFX_EXPECT_ANY,
                               .of_tomorrow = JUNK };
    const CfxNotice notice = { .struct_size = sizeof notice,
                               .topic = "newer.news",
                               .at_us = CFX_TIME_MIN,
                               .of_tomorrow = JUNK };
    const CfxDevice device = { .struct_size = sizeof device, .asset = 77, .of_tomorrow = JUNK };
    const CfxKnock knock = {
        .struct_size = sizeof knock, .kind = "device", .identity = "newcomer", .peer = "here", .of_tomorrow = JUNK
    };
    const CfxRecord *const records[] = { &record };
    const CfxNotice *const notices[] = { &notice };
    const CfxDevice *const devices[] = { &device };
    const CfxCommit commit = { .struct_size = sizeof commit,
                               .records = records,
                               .n_records = 1,
                               .notices = notices,
                               .n_notices = 1,
                               .of_tomorrow = JUNK };
    say(self, CFX_HAS(self->host->base, of_tomorrow) ? "the host is of tomorrow" : "without of_tomorrow");
    self->host->devices->report(self->host, devices, 1);
    self->host->devices->knock(self->host, &knock);
    cfx_commit(self->host, &commit, was_stored, self);
}

static gpointer
create(const CfxHost *host, const CfxConfig *config, GError **error)
{
    Newer *self = g_new0(Newer, 1);
    self->host = host;
    self->said = g_string_new(cfx_config_text(config, "word"));
    return self;
}

static void
start(gpointer self, CfxCall *call)
{
    cfx_timer_after(((Newer *)self)->host, CFX_CLOCK_REAL, CFX_SECOND / 10, store, self);
    cfx_call_finish(call, NULL, NULL);
}

static void
stop(gpointer self, CfxCall *call)
{
    cfx_call_finish(call, NULL, NULL);
}

static void
destroy(gpointer self)
{
    g_string_free(((Newer *)self)->said, TRUE);
    g_free(self);
}

static const CfxConfigKey keys[] = {
    { .name = "number", .type = CFX_KEY_INTEGER, .def = "3", .summary = "A number.", .of_tomorrow = JUNK },
    { .name = "word", .type = CFX_KEY_TEXT, .def = "yes", .summary = "A word.", .of_tomorrow = JUNK },
};
static const CfxAdapterOps ops = { .struct_size = sizeof ops, .of_tomorrow = JUNK };
static const CfxFactory factory = { .struct_size = sizeof factory,
                                    .threading = CFX_THREAD_LOOP,
                                    .kind = CFX_KIND_ADAPTER,
                                    .name = "newer",
                                    .summary = "Of a later minor",
                                    .keys = keys,
                                    .n_keys = G_N_ELEMENTS(keys),
                                    .key_size = sizeof(CfxConfigKey),
                                    .ops = &ops,
                                    .create = create,
                                    .start = start,
                                    .stop = stop,
                                    .destroy = destroy,
                                    .of_tomorrow = JUNK };
static const CfxFactory future = { .struct_size = sizeof future,
                                   .threading = 9,
                                   .kind = "cariflex.teapot/1",
                                   .name = "newer-teapot" };
static const CfxFactory *const factories[] = { &factory, &future, NULL };
static const CfxPluginInfo info = { .struct_size = sizeof info,
                                    .abi = CFX_ABI_VERSION,
#if defined(NEEDS_ITS_OWN)
                                    .min_host_abi = CFX_ABI_VERSION,
#else
                                    .min_host_abi = CFX_ABI_MAJOR << 16,
#endif
                                    .id = "newer",
                                    .name = "Newer",
                                    .version = "9",
                                    .license = "MIT",
                                    .factories = factories,
                                    .of_tomorrow = JUNK };

const CfxPluginInfo *
cfx_plugin_query_v1(void)
{
    return &info;
}
