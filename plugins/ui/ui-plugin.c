/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The plugin `ui`: a page for people. Descriptor, schema, life. */
#include "ui-files.h"
#include "ui-pages.h"
#include "ui-site.h"

static const CfxConfigKey keys[] = {
    { "listener",
      CFX_KEY_LISTENER,
      CFX_KEY_REQUIRED,
      NULL,
      NULL,
      NULL,
      NULL,
      "Listener that serves the page, below /ui/." },
    { "session-time",
      CFX_KEY_DURATION,
      CFX_KEY_LIVE,
      "12h",
      "5min",
      "30d",
      NULL,
      "How long a sign-in lasts, in real time." },
    { "cookie-secure",
      CFX_KEY_CHOICE,
      CFX_KEY_LIVE,
      "auto",
      NULL,
      NULL,
      "auto|yes|no",
      "Whether the cookie is sent by TLS only; auto: where the listener speaks TLS itself. Say yes "
      "behind a proxy that does." },
    { "origins",
      CFX_KEY_LIST,
      CFX_KEY_LIVE,
      NULL,
      NULL,
      NULL,
      NULL,
      "Addresses by which a proxy serves the page, as https://grid.example; the host's own is always "
      "allowed." },
    { "pages-max",
      CFX_KEY_INTEGER,
      CFX_KEY_LIVE,
      "100",
      "1",
      "10000",
      NULL,
      "Most pages that are open at a time." },
};

static void
configure(Ui *self, const CfxConfig *config)
{
    const char *origins = cfx_config_text(config, "origins");

    self->session_us = cfx_config_number(config, "session-time");
    self->secure = (UiCookieSecure)cfx_config_number(config, "cookie-secure");
    self->pages_max = (guint)cfx_config_number(config, "pages-max");
    g_strfreev(self->origins);
    self->origins = g_strsplit(origins != NULL ? origins : "", ";", -1);
}

static gpointer
ui_create(const CfxHost *host, const CfxConfig *config, GError **error)
{
    if (host->data == NULL || host->web == NULL || host->model == NULL || host->devices == NULL) {
        g_set_error_literal(error,
                            CFX_ERROR,
                            CFX_ERROR_CONFIG,
                            "plugin: the page needs a daemon with storage: add a [storage:NAME] group");
        return NULL;
    }
    Ui *self = g_new0(Ui, 1);
    self->host = host;
    self->listener = cfx_config_text(config, "listener");
    self->failures = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, g_free);
    self->sites = g_hash_table_new_full(
        g_int64_hash, g_int64_equal, NULL, (GDestroyNotify)ui_site_unref);
    self->pages = ui_pages_new(self);
    configure(self, config);
    return self;
}

/* --- watches ----------------------------------------------------------------------------------- */

static void
model_cb(gpointer data, const CfxModelChanged *changed, const GError *error)
{
    ui_pages_renew(data);
}

static void
stories_cb(gpointer data, const CfxNotices *notices, const GError *error)
{
    Ui *self = data;
    GHashTableIter iter;
    gpointer site;

    g_hash_table_iter_init(&iter, self->sites);
    while (g_hash_table_iter_next(&iter, NULL, &site))
        ui_site_stories_take(site, notices);
}

static void
event_cb(gpointer data, const CfxNotices *notices, const GError *error)
{
    Ui *self = data;
    GHashTableIter iter;
    gpointer site;

    g_hash_table_iter_init(&iter, self->sites);
    while (g_hash_table_iter_next(&iter, NULL, &site))
        ((UiSite *)site)->dirty |= UI_DIRTY_EVENTS;
}

static void
plan_cb(gpointer data, const CfxPlan *plan, const GError *error)
{
    Ui *self = data;
    UiSite *site = plan != NULL ? g_hash_table_lookup(self->sites, &plan->site) : NULL;

    if (site != NULL)
        ui_site_plan_take(site, plan);
}

/* --- life -------------------------------------------------------------------------------------- */

static void
ui_start(gpointer data, CfxCall *call)
{
    Ui *self = data;
    const CfxHost *host = self->host;
    GError *error = NULL;

    self->files = ui_files_new();
    if (ui_door_open(self, &error)) {
        self->model_watch = host->model->watch(host, model_cb, self);
        self->story_watch = host->data->watch_notices(host, "cfx.story.", stories_cb, self);
        self->event_watch = host->data->watch_notices(host, "openadr.event", event_cb, self);
        self->plan_watch = host->devices->watch(host, 0, plan_cb, self);
    }
    cfx_call_finish(call, NULL, error);
}

static void
ui_stop(gpointer data, CfxCall *call)
{
    Ui *self = data;
    const CfxHost *host = self->host;
    g_autoptr(GList) sites = g_hash_table_get_values(self->sites);

    if (self->plan_watch != 0) {
        host->model->unwatch(host, self->model_watch);
        host->data->unwatch(host, self->story_watch);
        host->data->unwatch(host, self->event_watch);
        host->devices->unwatch(host, self->plan_watch);
    }
    ui_pages_close(self->pages);
    for (GList *link = sites; link != NULL; link = link->next)
        ui_site_close(link->data);
    cfx_call_finish(call, NULL, NULL);
}

static void
ui_destroy(gpointer data)
{
    Ui *self = data;

    g_hash_table_unref(self->sites);
    ui_pages_free(self->pages);
    ui_files_free(self->files);
    g_hash_table_unref(self->failures);
    g_strfreev(self->origins);
    g_free(self);
}

static gboolean
ui_reload(gpointer data, const CfxConfig *config, GError **error)
{
    configure(data, config);
    return TRUE;
}

static const CfxAdapterOps ops = { .struct_size = sizeof ops };

static const CfxFactory factory = {
    .struct_size = sizeof factory,
    .threading = CFX_THREAD_LOOP,
    .kind = CFX_KIND_ADAPTER,
    .name = "ui",
    .summary = "A page for people: what goes on, live, and commands",
    .keys = keys,
    .n_keys = G_N_ELEMENTS(keys),
    .key_size = sizeof(CfxConfigKey),
    .ops = &ops,
    .create = ui_create,
    .start = ui_start,
    .stop = ui_stop,
    .destroy = ui_destroy,
    .reload = ui_reload,
};

static const CfxFactory *const factories[] = { &factory, NULL };

static const CfxPluginInfo info = {
    .struct_size = sizeof info,
    .abi = CFX_ABI_VERSION,
    .min_host_abi = CFX_ABI_VERSION,
    .id = "ui",
    .name = "Page",
    .version = "0.1.0",
    .license = "LGPL-2.1-or-later",
    .factories = factories,
};

const CfxPluginInfo *
cfx_plugin_query_v1(void)
{
    return &info;
}
