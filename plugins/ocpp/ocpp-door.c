/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "ocpp-door.h"

#include "ocpp-answer.h"
#include "ocpp-call.h"
#include "ocpp-dispatch.h"
#include "ocpp-onboard.h"
#include "ocpp-report.h"

#define PREFIX "/ocpp/"

/* a connection: what the socket knows us by */
typedef struct {
    OcppStation *station; /* a reference; NULL: let in only to be closed */
    OcppInstance *instance;
    guint64 number; /* of the station's connections */
} Connection;

/* --- what a handshake says ------------------------------------------------------------------ */

char *
ocpp_door_identity(const char *path, const char *prefix)
{
    g_autofree char *segment = NULL, *identity = NULL;
    gsize size;

    if (!g_str_has_prefix(path, prefix))
        return NULL;
    segment = g_strdup(path + strlen(prefix));
    size = strlen(segment);
    if (size > 0 && segment[size - 1] == '/')
        segment[--size] = '\0';
    /* the last segment counts, whatever stands between */
    identity = g_uri_unescape_string(
        strrchr(segment, '/') != NULL ? strrchr(segment, '/') + 1 : segment, NULL);
    if (identity == NULL || *identity == '\0' || !g_utf8_validate(identity, -1, NULL) ||
        g_utf8_strlen(identity, -1) > OCPP_IDENTITY_MAX)
        return NULL;
    /* a colon would end the user's name in basic authentication; a slash our records' keys */
    for (const char *at = identity; *at != '\0'; at++) {
        if ((guchar)*at < 0x20 || *at == 0x7f || *at == ':' || *at == '/')
            return NULL;
    }
    return g_steal_pointer(&identity);
}

gboolean
ocpp_door_basic(const char *authorization, char **ret_user, char **ret_password)
{
    g_autofree guchar *decoded = NULL;
    g_autofree char *text = NULL;
    char *colon;
    gsize size;

    if (authorization == NULL || g_ascii_strncasecmp(authorization, "Basic ", 6) != 0)
        return FALSE;
    decoded = g_base64_decode(authorization + 6, &size);
    if (decoded == NULL || memchr(decoded, '\0', size) != NULL ||
        !g_utf8_validate((const char *)decoded, (gssize)size, NULL))
        return FALSE;
    text = g_strndup((const char *)decoded, size);
    colon = strchr(text, ':');
    if (colon == NULL)
        return FALSE;
    *ret_user = g_strndup(text, (gsize)(colon - text));
    *ret_password = g_strdup(colon + 1);
    return TRUE;
}

static gboolean
offers_protocol(const CfxRequest *request)
{
    for (gsize i = 0; request->protocols != NULL && request->protocols[i] != NULL; i++) {
        if (strcmp(request->protocols[i], OCPP_PROTOCOL) == 0)
            return TRUE;
    }
    return FALSE;
}

static void
refuse(OcppInstance *instance, const CfxRequest *request, guint32 status, const char *text)
{
    const CfxPair challenge[] = { { "Content-Type", "text/plain; charset=utf-8" },
                                  { "WWW-Authenticate", "Basic realm=\"ocpp\", charset=\"UTF-8\"" },
                                  { NULL, NULL } };
    const CfxPair retry[] = { { "Content-Type", "text/plain; charset=utf-8" },
                              { "Retry-After", "30" },
                              { NULL, NULL } };
    const CfxPair plain[] = { { "Content-Type", "text/plain; charset=utf-8" }, { NULL, NULL } };
    g_autoptr(GBytes) body = g_bytes_new_static(text, strlen(text));

    instance->host->web->respond(request,
                                 status,
                                 status == 401                    ? challenge
                                 : status == 429 || status == 503 ? retry
                                                                  : plain,
                                 body);
}

/* --- the socket ----------------------------------------------------------------------------- */

static void
note_connection(OcppStation *station, gboolean is_there, const char *words)
{
    OcppInstance *instance = station->instance;
    CfxJsonWriter *doc;

    ocpp_store_begin(&instance->store);
    doc = ocpp_store_notice(&instance->store, "ocpp.connection", station->asset, CFX_TIME_MIN);
    cfx_json_member_text(doc, "station", station->identity);
    cfx_json_member_bool(doc, "connected", is_there);
    if (words != NULL)
        cfx_json_member_text(doc, "words", words);
    ocpp_store_end(&instance->store);
    ocpp_store_commit(&instance->store, instance->host, 0, 0, NULL, NULL);
}

/* what was on the way over a connection that has gone */
static void
leave(OcppStation *station)
{
    OcppInstance *instance = station->instance;

    station->socket = NULL;
    station->left_us = cfx_now_site(instance->host);
    station->is_booting = FALSE;
    station->max_is = OCPP_MAX_UNREAD;
    ocpp_onboard_stop(station);
    ocpp_answers_drop(station);
    ocpp_calls_drop(station);
    instance->n_connected--;
    if (instance->connected_metric != NULL)
        instance->host->base->metric_add(instance->connected_metric, instance->n_connected);
}

static void
closed(gpointer data, CfxSocket *socket, guint32 code, const char *reason)
{
    Connection *connection = data;
    OcppStation *station = connection->station;

    /* another connection may have taken over long before */
    if (station != NULL && station->socket == socket) {
        cfx_log(connection->instance->host,
                CFX_LOG_MESSAGE,
                "station %s is gone (%u%s%s)",
                station->identity,
                code,
                reason != NULL && *reason != '\0' ? ": " : "",
                reason != NULL ? reason : "");
        leave(station);
        if (!connection->instance->is_stopping) {
            note_connection(station, FALSE, reason);
            ocpp_report_station(station);
        }
    }
    if (station != NULL)
        ocpp_station_unref(station);
    g_free(connection);
}

static void
message(gpointer data, CfxSocket *socket, char *text, gsize size)
{
    Connection *connection = data;
    OcppStation *station = connection->station;

    if (station != NULL && station->socket == socket)
        ocpp_dispatch(station, text, size);
}

static const CfxSocketOps socket_ops = {
    .struct_size = sizeof(CfxSocketOps),
    .message = message,
    .closed = closed,
};

void
ocpp_door_close(OcppStation *station, guint32 code, const char *reason)
{
    CfxSocket *socket = station->socket;

    if (socket == NULL)
        return;
    leave(station);
    station->instance->host->web->close(socket, code, reason);
}

/* --- a handshake ---------------------------------------------------------------------------- */

typedef struct {
    OcppInstance *instance;
    const CfxRequest *request;
    char *identity;
} Guest;

static void
guest_free(Guest *guest)
{
    g_free(guest->identity);
    g_free(guest);
}

static void
knock(OcppInstance *instance, const CfxRequest *request, const char *identity)
{
    const CfxKnock knocking = { .struct_size = sizeof(knocking),
                                .kind = "charging-station",
                                .identity = identity,
                                .peer = request->peer };

    instance->host->devices->knock(instance->host, &knocking);
    cfx_log(instance->host,
            CFX_LOG_INFO,
            "unknown station %s at the door, from %s",
            identity,
            request->peer);
}

/* Nothing in common: the handshake is completed without a protocol, then closed (OCPP-J 4.1.5). */
static void
let_in_to_close(OcppInstance *instance, const CfxRequest *request)
{
    Connection *connection = g_new0(Connection, 1);
    CfxSocket *socket;

    connection->instance = instance;
    socket = instance->host->web->upgrade(request, NULL, &socket_ops, connection);
    if (socket == NULL)
        g_free(connection);
    else
        instance->host->web->close(socket, 1002, "this system speaks " OCPP_PROTOCOL);
}

static void
let_in(OcppInstance *instance, const CfxRequest *request, OcppStation *station)
{
    Connection *connection = g_new0(Connection, 1);
    CfxSocket *socket;

    *connection = (Connection){ .instance = instance, .station = ocpp_station_ref(station) };
    socket = instance->host->web->upgrade(request, OCPP_PROTOCOL, &socket_ops, connection);
    if (socket == NULL) {
        ocpp_station_unref(station);
        g_free(connection);
        return;
    }
    /* after a loss of the network the station knows it earlier than our side does */
    if (station->socket != NULL)
        cfx_log(instance->host,
                CFX_LOG_MESSAGE,
                "station %s connects anew and takes over",
                station->identity);
    ocpp_door_close(station, 1000, "another connection takes over");
    station->socket = socket;
    connection->number = ++station->connection;
    instance->n_connected++;
    if (instance->connected_metric != NULL)
        instance->host->base->metric_add(instance->connected_metric, instance->n_connected);
    note_connection(station, TRUE, NULL);
    ocpp_report_station(station);
    /* one that never booted with us must do that first */
    if (station->is_accepted)
        ocpp_onboard_connected(station);
}

static void
logged_in(gpointer data, const CfxLogin *result, const GError *error)
{
    Guest *guest = data;
    OcppInstance *instance = guest->instance;
    OcppStation *station = ocpp_instance_station(instance, guest->identity);

    if (error == NULL && station != NULL && !instance->is_stopping) {
        if (offers_protocol(guest->request))
            let_in(instance, guest->request, station);
        else
            let_in_to_close(instance, guest->request);
    } else if (g_error_matches(error, CFX_ERROR, CFX_ERROR_FULL)) {
        refuse(instance, guest->request, 429, "too many failures, wait\n");
    } else if (g_error_matches(error, CFX_ERROR, CFX_ERROR_NOT_FOUND)) {
        knock(instance, guest->request, guest->identity);
        refuse(instance, guest->request, 404, "no such station\n");
    } else if (g_error_matches(error, CFX_ERROR, CFX_ERROR_AUTH)) {
        cfx_log(instance->host,
                CFX_LOG_WARNING,
                "station %s, from %s: wrong password",
                guest->identity,
                guest->request->peer);
        refuse(instance, guest->request, 401, "wrong user or password\n");
    } else {
        refuse(instance, guest->request, 503, "not now\n");
    }
    guest_free(guest);
}

static void
handle(gpointer data, const CfxRequest *request)
{
    OcppInstance *instance = data;
    g_autofree char *identity = ocpp_door_identity(request->path, PREFIX);
    g_autofree char *user = NULL, *password = NULL;
    Guest *guest;

    if (identity == NULL) {
        refuse(instance, request, 404, "no station's name in the path\n");
        return;
    }
    if (request->protocols == NULL) {
        refuse(instance, request, 426, "this is for WebSockets\n");
        return;
    }
    if (ocpp_instance_station(instance, identity) == NULL) {
        knock(instance, request, identity);
        refuse(instance, request, 404, "no such station\n");
        return;
    }
    if (!ocpp_door_basic(request->authorization, &user, &password) || strcmp(user, identity) != 0) {
        refuse(instance, request, 401, "name and password of the station, please\n");
        return;
    }
    guest = g_new0(Guest, 1);
    *guest = (Guest){ instance, request, g_steal_pointer(&identity) };
    instance->host->web->login(instance->host, user, password, 0, logged_in, guest);
}

gboolean
ocpp_door_open(OcppInstance *instance, GError **error)
{
    const CfxRoute route = { .struct_size = sizeof(route),
                             .role = CFX_ROLE_PLUGIN,
                             .method = "GET",
                             .path = PREFIX,
                             .handle = handle };

    return instance->host->web->route(instance->host, instance->listener, &route, instance, error);
}
