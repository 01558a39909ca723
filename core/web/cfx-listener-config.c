/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "cfx-web-private.h"

#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>

static const CfxConfigKey KEYS[] = {
    { "zone",
      CFX_KEY_CHOICE,
      0,
      "internal",
      NULL,
      NULL,
      "public|internal|grid",
      "Which network it faces: people and tools, devices, or the grid operator." },
    { "address",
      CFX_KEY_TEXT,
      CFX_KEY_REQUIRED,
      NULL,
      NULL,
      NULL,
      NULL,
      "Address and port, as 127.0.0.1:8080 or [::1]:8080; * is all addresses, port 0 a free one." },
    { "allow",
      CFX_KEY_LIST,
      0,
      NULL,
      NULL,
      NULL,
      NULL,
      "Networks whose peers are served, as 192.168.7.0/24; others are turned away. Not given: "
      "all." },
    { "connections",
      CFX_KEY_INTEGER,
      0,
      "20000",
      "1",
      "1000000",
      NULL,
      "Most connections at a time; further ones wait." },
    { "connections-per-peer",
      CFX_KEY_INTEGER,
      0,
      "2000",
      "1",
      "1000000",
      NULL,
      "Most connections of one address; requests on further ones are answered with 503." },
    { "rate",
      CFX_KEY_REAL,
      0,
      "0",
      "0",
      NULL,
      NULL,
      "Most requests a second of one address, on average; others are answered with 429. 0: any." },
    { "burst",
      CFX_KEY_REAL,
      0,
      "100",
      "1",
      NULL,
      NULL,
      "How many requests of one address may come at once before rate counts." },
    { "header-size",
      CFX_KEY_INTEGER,
      0,
      "16384",
      "1024",
      "65536",
      NULL,
      "Most bytes of a request's headers; larger ones are answered with 431." },
    { "headers",
      CFX_KEY_INTEGER,
      0,
      "100",
      "10",
      "1000",
      NULL,
      "Most headers of a request; more are answered with 431." },
    { "request-time",
      CFX_KEY_DURATION,
      0,
      "30s",
      "1s",
      "10min",
      NULL,
      "Longest that a request may take to come in, in real time." },
    { "answer-time",
      CFX_KEY_DURATION,
      0,
      "60s",
      "1s",
      "10min",
      NULL,
      "Longest that an answer may take before 503 is sent, in real time." },
    { "message-size",
      CFX_KEY_INTEGER,
      0,
      "1048576",
      "1024",
      "67108864",
      NULL,
      "Most bytes of a WebSocket message; larger ones end the connection with 1009." },
    { "send-size",
      CFX_KEY_INTEGER,
      0,
      "8388608",
      "65536",
      "1073741824",
      NULL,
      "Most bytes that may wait for a WebSocket peer that reads slowly, before it is dropped." },
    { "ping",
      CFX_KEY_DURATION,
      0,
      "60s",
      "0s",
      "1h",
      NULL,
      "How long a WebSocket may be silent before it is pinged, in real time; 0s: never." },
    { "ping-answer",
      CFX_KEY_DURATION,
      0,
      "30s",
      "1s",
      "10min",
      NULL,
      "How long a pinged peer may stay silent before it counts as gone, in real time." },
    { "health",
      CFX_KEY_BOOLEAN,
      0,
      "yes",
      NULL,
      NULL,
      NULL,
      "Whether /health/live and /health/ready are served here." },
    { "metrics",
      CFX_KEY_BOOLEAN,
      0,
      "no",
      NULL,
      NULL,
      NULL,
      "Whether /metrics is served here, to everybody whom allow lets in." },
};

const CfxConfigKey *
cfx_web_listener_keys(gsize *ret_n)
{
    *ret_n = G_N_ELEMENTS(KEYS);
    return KEYS;
}

static gboolean
parse_port(const char *text, guint16 *ret)
{
    if (!g_ascii_isdigit(text[0]) || strlen(text) > 5)
        return FALSE;
    char *end;
    gulong port = strtoul(text, &end, 10);
    if (*end != 0 || port > G_MAXUINT16)
        return FALSE;
    *ret = (guint16)port;
    return TRUE;
}

static gboolean
parse_address(CfxListenerHow *how, const char *text)
{
    const char *colon = strrchr(text, ':');
    guint16 port;
    if (colon == NULL || !parse_port(colon + 1, &port))
        return FALSE;
    g_autofree char *host = g_strndup(text, (gsize)(colon - text));
    gsize size = strlen(host);
    if (size > 2 && host[0] == '[' && host[size - 1] == ']') {
        memmove(host, host + 1, size - 2);
        host[size - 2] = 0;
    } else if (strchr(host, ':') != NULL) {
        return FALSE; /* 1::2:80: which colon is the port's? */
    }
    const char *literal = strcmp(host, "*") == 0           ? "::"
                          : strcmp(host, "localhost") == 0 ? "127.0.0.1"
                                                           : host;
    g_autoptr(GSocketAddress) address = g_inet_socket_address_new_from_string(literal, port);
    if (address == NULL)
        return FALSE;
    how->address_size = (socklen_t)g_socket_address_get_native_size(address);
    return g_socket_address_to_native(address, &how->address, sizeof how->address, NULL);
}

static gboolean
read_address(CfxListenerHow *how, const CfxConfig *config, GError **error)
{
    how->text = g_strdup(cfx_config_text(config, "address"));
    if (parse_address(how, how->text))
        return TRUE;
    g_set_error(
        error,
        CFX_ERROR,
        CFX_ERROR_CONFIG,
        "address=%s is no address with a port; write it as 127.0.0.1:8080, [::1]:8080 or *:8080",
        how->text);
    return FALSE;
}

static gboolean
read_allow(CfxListenerHow *how, const CfxConfig *config, GError **error)
{
    const char *allow = cfx_config_text(config, "allow");
    how->allow = cfx_cidr_list_parse(allow != NULL ? allow : "", error);
    if (how->allow == NULL)
        g_prefix_error(error, "allow: ");
    return how->allow != NULL;
}

static void
read_socket(CfxSocketHow *how, const CfxConfig *config)
{
    how->limits.message_max = (gsize)cfx_config_number(config, "message-size");
    how->limits.frame_max = how->limits.message_max;
    how->send_max = (gsize)cfx_config_number(config, "send-size");
    how->ping_us = cfx_config_number(config, "ping");
    how->pong_us = cfx_config_number(config, "ping-answer");
    how->close_us = 5 * G_USEC_PER_SEC;
}

CfxListenerHow *
cfx_listener_how_new(const CfxConfig *config, GError **error)
{
    g_autoptr(CfxListenerHow) how = g_new0(CfxListenerHow, 1);
    if (!read_address(how, config, error) || !read_allow(how, config, error))
        return NULL;
    how->connections = (guint)cfx_config_number(config, "connections");
    how->connections_per_peer = (guint)cfx_config_number(config, "connections-per-peer");
    how->rate = cfx_config_real(config, "rate");
    how->burst = cfx_config_real(config, "burst");
    how->header_size = (gsize)cfx_config_number(config, "header-size");
    how->headers = (guint)cfx_config_number(config, "headers");
    how->request_us = cfx_config_number(config, "request-time");
    how->answer_us = cfx_config_number(config, "answer-time");
    how->has_health = cfx_config_number(config, "health") != 0;
    how->has_metrics = cfx_config_number(config, "metrics") != 0;
    static const char *const ZONES[] = { "public", "internal", "grid" };
    how->zone = ZONES[CLAMP(cfx_config_number(config, "zone"), 0, 2)];
    read_socket(&how->socket, config);
    return g_steal_pointer(&how);
}

void
cfx_listener_how_free(CfxListenerHow *self)
{
    if (self == NULL)
        return;
    g_clear_pointer(&self->allow, g_array_unref);
    g_free(self->text);
    g_free(self);
}

gboolean
cfx_listener_how_is_loopback(const CfxListenerHow *self)
{
    CfxAddress address;
    return cfx_address_from_native(&address, (const struct sockaddr *)&self->address) &&
           cfx_address_is_loopback(&address);
}

char **
cfx_web_listener_problems(const CfxConfig *config, gboolean is_simulated)
{
    g_autoptr(GStrvBuilder) problems = g_strv_builder_new();
    g_autoptr(CfxListenerHow) how = g_new0(CfxListenerHow, 1);
    g_autoptr(GError) error = NULL, of_allow = NULL;
    if (!read_address(how, config, &error))
        g_strv_builder_add(problems, error->message);
    if (!read_allow(how, config, &of_allow))
        g_strv_builder_add(problems, of_allow->message);
    if (is_simulated && error == NULL && !cfx_listener_how_is_loopback(how)) {
        g_autofree char *text =
            g_strdup_printf("address=%s can be reached from other machines, and the clock is "
                            "simulated; listen on 127.0.0.1 or [::1], or remove page= of [clock]",
                            how->text);
        g_strv_builder_add(problems, text);
    }
    return g_strv_builder_end(problems);
}
