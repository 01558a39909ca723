/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* openadr-vtn: an OpenADR 3.1 server. */
#include "vtn-factory.h"

#include "vtn-server.h"

static const CfxConfigKey keys[] = {
    { .name = "listener",
      .type = CFX_KEY_LISTENER,
      .flags = CFX_KEY_REQUIRED,
      .summary = "The listener on which the VTN is served." },
    { .name = "path",
      .type = CFX_KEY_TEXT,
      .def = "/openadr3/3.1.0",
      .summary = "Path below which the VTN is served." },
    { .name = "url",
      .type = CFX_KEY_URL,
      .summary = "Address of that path as clients reach it, where a proxy stands before; else the "
                 "Host header tells it." },
    { .name = "account",
      .type = CFX_KEY_ID,
      .def = "0",
      .summary = "Account of the grid operator: only its principals may publish. 0: whoever may "
                 "change all of an account." },
    { .name = "token-lifetime",
      .type = CFX_KEY_DURATION,
      .def = "1h",
      .min = "1s",
      .max = "30d",
      .flags = CFX_KEY_LIVE,
      .summary = "How long a token is good." },
};

static gpointer
vtn_create(const CfxHost *host, const CfxConfig *config, GError **error)
{
    const char *path = cfx_config_text(config, "path");

    if (host->data == NULL || host->web == NULL || host->model == NULL) {
        g_set_error(error,
                    CFX_ERROR,
                    CFX_ERROR_CONFIG,
                    "needs a host with a [storage:…] group: there is nowhere to keep events");
        return NULL;
    }
    if (*path != '/' || g_str_has_suffix(path, "/")) {
        g_set_error(error,
                    CFX_ERROR,
                    CFX_ERROR_CONFIG,
                    "path=%s: begins with a slash and does not end with one",
                    path);
        return NULL;
    }
    VtnServer *self = g_new0(VtnServer, 1);
    self->host = host;
    self->base = path;
    self->listener = cfx_config_text(config, "listener");
    self->url = cfx_config_text(config, "url");
    self->account = cfx_config_number(config, "account");
    self->token_lifetime_us = cfx_config_number(config, "token-lifetime");
    for (guint kind = 0; kind < VTN_N_KINDS; kind++)
        self->objects[kind] = g_ptr_array_new_with_free_func((GDestroyNotify)vtn_object_unref);
    self->by_id = g_hash_table_new(g_str_hash, g_str_equal);
    self->tokens = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, g_free);
    g_queue_init(&self->writes);
    self->text = g_string_new(NULL);
    return self;
}

typedef struct {
    VtnServer *server;
    CfxCall *call;
} Starting;

/* A site's owner may change all of the site's account, and is no grid operator. */
static void
warn_of_account(const VtnServer *self)
{
    const CfxModel *model = self->host->model->get(self->host);

    if (self->account == 0 && model->n_accounts > 1)
        cfx_log(self->host,
                CFX_LOG_WARNING,
                "account= is not given: whoever may change all of an account may publish; name the "
                "account of the grid operator");
    g_bytes_unref(model->owner);
}

static void
loaded_cb(gpointer data, const GError *error)
{
    g_autofree Starting *starting = data;
    GError *problem = error != NULL ? g_error_copy(error) : NULL;

    if (problem == NULL)
        warn_of_account(starting->server);
    if (problem == NULL)
        vtn_server_mount(starting->server, &problem);
    cfx_call_finish(starting->call, NULL, problem);
}

static void
vtn_start(gpointer self, CfxCall *call)
{
    Starting *starting = g_new0(Starting, 1);

    starting->server = self;
    starting->call = call;
    vtn_server_load(self, loaded_cb, starting);
}

static void
vtn_stop(gpointer self, CfxCall *call)
{
    cfx_call_finish(call, NULL, NULL);
}

static void
vtn_destroy(gpointer data)
{
    VtnServer *self = data;

    vtn_server_drop_writes(self);
    g_hash_table_unref(self->by_id);
    g_hash_table_unref(self->tokens);
    for (guint kind = 0; kind < VTN_N_KINDS; kind++)
        g_ptr_array_unref(self->objects[kind]);
    g_string_free(self->text, TRUE);
    g_free(self);
}

static gboolean
vtn_reload(gpointer data, const CfxConfig *config, GError **error)
{
    VtnServer *self = data;

    self->token_lifetime_us = cfx_config_number(config, "token-lifetime");
    return TRUE;
}

static const CfxAdapterOps ops = {
    .struct_size = sizeof ops,
};

const CfxFactory openadr_vtn_factory = {
    .struct_size = sizeof openadr_vtn_factory,
    .threading = CFX_THREAD_LOOP,
    .kind = CFX_KIND_ADAPTER,
    .name = "openadr-vtn",
    .summary = "OpenADR 3.1 server: programs, events, vens, resources",
    .keys = keys,
    .n_keys = G_N_ELEMENTS(keys),
    .key_size = sizeof(CfxConfigKey),
    .ops = &ops,
    .create = vtn_create,
    .start = vtn_start,
    .stop = vtn_stop,
    .destroy = vtn_destroy,
    .reload = vtn_reload,
};
