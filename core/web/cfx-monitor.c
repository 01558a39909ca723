/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* /health/live, /health/ready and /metrics, and the web's part of the status. */
#include "cfx-metric.h"
#include "cfx-web-private.h"

#include <json-glib/json-glib.h>
#include <string.h>

static const CfxPair JSON_TYPE[] = { { "Content-Type", "application/json" },
                                     { "Cache-Control", "no-store" },
                                     { NULL, NULL } };
static const CfxPair TEXT_TYPE[] = { { "Content-Type", "text/plain; version=0.0.4; charset=utf-8" },
                                     { NULL, NULL } };

static void
answer(const CfxRequest *request, guint status, const CfxPair *headers, char *text)
{
    g_autoptr(GBytes) body = g_bytes_new_take(text, strlen(text));
    cfx_request_respond(request, status, headers, body);
}

static void
live_cb(gpointer data, const CfxRequest *request)
{
    answer(request, 200, JSON_TYPE, g_strdup("{\"live\":true}\n"));
}

/* What runs here, and in which version, is for those inside. */
static gboolean
is_inside(const CfxWeb *web, const CfxRequest *request)
{
    const CfxListener *listener = cfx_web_listener(web, request->listener);
    return strcmp(listener->how->zone, "internal") == 0;
}

static void
ready_cb(gpointer data, const CfxRequest *request)
{
    CfxWeb *web = data;
    char *json = NULL;
    gboolean is_ready = web->monitor.ready != NULL && web->monitor.ready(web->monitor.data, &json);
    if (!is_inside(web, request))
        g_clear_pointer(&json, g_free);
    if (json == NULL)
        json = g_strdup_printf("{\"ready\":%s}\n", is_ready ? "true" : "false");
    answer(request, is_ready ? 200 : 503, JSON_TYPE, json);
}

/* A counter of ours, told to the metric as what was added since the last time. */
static void
count(const char *name, const char *help, const CfxPair *labels, double now)
{
    CfxMetric *metric = cfx_metric_get(CFX_METRIC_COUNTER, name, help, labels);
    if (metric != NULL)
        cfx_metric_add(metric, now - cfx_metric_value(metric));
}

static void
gauge(const char *name, const char *help, const CfxPair *labels, double now)
{
    cfx_metric_add(cfx_metric_get(CFX_METRIC_GAUGE, name, help, labels), now);
}

static CfxSocketCounts
all_sockets(CfxWeb *web)
{
    CfxSocketCounts sum = { 0 };
    GHashTableIter iter;
    gpointer sockets;
    g_autoptr(GMutexLocker) G_GNUC_UNUSED locker = g_mutex_locker_new(&web->lock);
    g_hash_table_iter_init(&iter, web->engines);
    while (g_hash_table_iter_next(&iter, NULL, &sockets)) {
        CfxSocketCounts counts = cfx_sockets_counts(sockets);
        sum.opened += counts.opened;
        sum.open += counts.open;
        sum.messages_in += counts.messages_in;
        sum.messages_out += counts.messages_out;
        sum.bytes_in += counts.bytes_in;
        sum.bytes_out += counts.bytes_out;
    }
    return sum;
}

static void
refresh(CfxWeb *web)
{
    for (guint i = 0; i < web->listeners->len; i++) {
        const CfxListener *listener = web->listeners->pdata[i];
        const CfxPair labels[] = { { "listener", listener->name }, { NULL, NULL } };
        gauge("cariflex_web_connections", "Open connections", labels, listener->connections);
        count("cariflex_web_accepted_total",
              "Accepted connections",
              labels,
              (double)listener->accepted);
        count("cariflex_web_requests_total", "HTTP requests", labels, (double)listener->requests);
        count("cariflex_web_refused_total",
              "Connections and requests refused by the host",
              labels,
              (double)listener->refused);
    }
    CfxSocketCounts sum = all_sockets(web);
    gauge("cariflex_websockets", "Open WebSockets", NULL, sum.open);
    count("cariflex_websocket_messages_in_total",
          "WebSocket messages received",
          NULL,
          (double)sum.messages_in);
    count("cariflex_websocket_messages_out_total",
          "WebSocket messages sent",
          NULL,
          (double)sum.messages_out);
    if (web->monitor.refresh != NULL)
        web->monitor.refresh(web->monitor.data);
}

static void
metrics_cb(gpointer data, const CfxRequest *request)
{
    refresh(data);
    answer(request, 200, TEXT_TYPE, cfx_metric_text());
}

static gboolean
mount(CfxWeb *web,
      CfxListener *listener,
      const char *path,
      void (*handle)(gpointer data, const CfxRequest *request),
      GError **error)
{
    CfxRoute route = { .struct_size = sizeof route,
                       .role = CFX_ROLE_ANY,
                       .method = "GET",
                       .path = path,
                       .handle = handle };
    return cfx_web_api()->route(&web->self_instance->host, listener->name, &route, web, error);
}

gboolean
cfx_monitor_mount(CfxWeb *web, CfxListener *listener, GError **error)
{
    if (listener->how->has_health && (!mount(web, listener, "/health/live", live_cb, error) ||
                                      !mount(web, listener, "/health/ready", ready_cb, error)))
        return FALSE;
    return !listener->how->has_metrics || mount(web, listener, "/metrics", metrics_cb, error);
}

static void
add_listener(JsonBuilder *builder, const CfxListener *listener)
{
    g_autofree char *address =
        g_socket_connectable_to_string(G_SOCKET_CONNECTABLE(listener->local));
    json_builder_begin_object(builder);
    json_builder_set_member_name(builder, "name");
    json_builder_add_string_value(builder, listener->name);
    json_builder_set_member_name(builder, "zone");
    json_builder_add_string_value(builder, listener->how->zone);
    json_builder_set_member_name(builder, "address");
    json_builder_add_string_value(builder, address);
    json_builder_set_member_name(builder, "connections");
    json_builder_add_int_value(builder, listener->connections);
    json_builder_set_member_name(builder, "accepted");
    json_builder_add_int_value(builder, (gint64)listener->accepted);
    json_builder_set_member_name(builder, "requests");
    json_builder_add_int_value(builder, (gint64)listener->requests);
    json_builder_set_member_name(builder, "refused");
    json_builder_add_int_value(builder, (gint64)listener->refused);
    json_builder_end_object(builder);
}

typedef struct {
    const CfxListener *listener;
    CfxWebPageFunc func;
    gpointer data;
} Pages;

static void
tell_page(gpointer data, const CfxMount *mount)
{
    const Pages *pages = data;
    GInetSocketAddress *local = G_INET_SOCKET_ADDRESS(pages->listener->local);
    GInetAddress *address = g_inet_socket_address_get_address(local);
    g_autofree char *host = g_inet_address_get_is_any(address) ? g_strdup(g_get_host_name())
                                                               : g_inet_address_to_string(address);
    gboolean is_v6 = strchr(host, ':') != NULL;
    g_autofree char *url = g_strdup_printf("http://%s%s%s:%u%s",
                                           is_v6 ? "[" : "",
                                           host,
                                           is_v6 ? "]" : "",
                                           g_inet_socket_address_get_port(local),
                                           mount->route.path);
    pages->func(pages->data, mount->route.page, url);
}

void
cfx_web_pages(CfxWeb *self, CfxWebPageFunc func, gpointer data)
{
    for (guint i = 0; i < self->listeners->len; i++) {
        const CfxListener *listener = self->listeners->pdata[i];
        Pages pages = { listener, func, data };
        cfx_routes_pages(listener->routes, tell_page, &pages);
    }
}

static void
add_page(gpointer data, const char *title, const char *url)
{
    JsonBuilder *builder = data;
    json_builder_begin_object(builder);
    json_builder_set_member_name(builder, "title");
    json_builder_add_string_value(builder, title);
    json_builder_set_member_name(builder, "url");
    json_builder_add_string_value(builder, url);
    json_builder_end_object(builder);
}

char *
cfx_web_status_json(CfxWeb *self)
{
    g_autoptr(JsonBuilder) builder = json_builder_new();
    CfxSocketCounts sum = all_sockets(self);
    json_builder_begin_object(builder);
    json_builder_set_member_name(builder, "listeners");
    json_builder_begin_array(builder);
    for (guint i = 0; i < self->listeners->len; i++)
        add_listener(builder, self->listeners->pdata[i]);
    json_builder_end_array(builder);
    json_builder_set_member_name(builder, "pages");
    json_builder_begin_array(builder);
    cfx_web_pages(self, add_page, builder);
    json_builder_end_array(builder);
    json_builder_set_member_name(builder, "websockets");
    json_builder_add_int_value(builder, sum.open);
    json_builder_set_member_name(builder, "messages_in");
    json_builder_add_int_value(builder, (gint64)sum.messages_in);
    json_builder_set_member_name(builder, "messages_out");
    json_builder_add_int_value(builder, (gint64)sum.messages_out);
    json_builder_end_object(builder);
    g_autoptr(JsonNode) root = json_builder_get_root(builder);
    return json_to_string(root, FALSE);
}
