/* SPDX-License-Identifier: MIT */
/**
 * @file cfx-web.h
 * Routes and WebSockets on the host's listeners, calls to other servers, logins.
 *
 * No plugin stores or reads the secrets of its peers: login() checks them, may() says what they
 * allow.
 */
#pragma once

#include <cariflex/cfx-host.h>

G_BEGIN_DECLS

typedef struct _CfxSocket CfxSocket;

/** A request, read only, alive until it is answered. The host's. */
typedef struct {
    guint32 struct_size, flags;
    const char *method;        /**< "GET" */
    const char *path;          /**< raw, still percent-encoded, without query */
    const char *query;         /**< (nullable) raw */
    const char *listener;      /**< name of the listener it came in by */
    const char *peer;          /**< address of the client, "127.0.0.1" */
    const char *identity;      /**< (nullable) name of the principal that the host knows it by */
    gint64 principal, account; /**< 0: none */
    guint32 role, reserved;    /**< CFX_ROLE_… of that principal */
    const char *authorization; /**< (nullable) the header; only on routes of CFX_ROLE_PLUGIN */
    const char *certificate;   /**< (nullable) the peer's certificate, PEM */
    const char *fingerprint;   /**< (nullable) of our own leaf certificate, SHA-256 hex */
    const CfxPair *headers;    /**< ended by one whose name is NULL; names in lower case */
    GBytes *body;              /**< never NULL */
    const char *const *protocols; /**< WebSocket protocols offered, in order; NULL: not a handshake */
} CfxRequest;
CFX_ASSERT_TIGHT(CfxRequest, protocols);

/** A path that an instance serves. */
typedef struct {
    guint32 struct_size, role; /**< role: the least CFX_ROLE_… */
    const char *method;        /**< "GET"; "*": any */
    const char *path;          /**< "/api/v3_0/sensors/"; a last slash: and all below */
    gsize body_max;            /**< larger bodies get 413; 0: 64 KiB */
    /** [home] Answer once, now or later, by respond() or upgrade(). */
    void (*handle)(gpointer data, const CfxRequest *request);
    /** [home] (nullable) Body of the host's own 401, 403, 404, 405, 413, 429, 503 in the protocol's
     *  shape. (transfer full); *type gets a static content type. */
    GBytes *(*refuse)(gpointer data, const CfxRequest *request, guint32 status, const char *reason,
                      const char **type);
    const char *page; /**< (nullable) title: a page that people open, told with the host's status */
} CfxRoute;
CFX_ASSERT_TIGHT(CfxRoute, page);

/** What a WebSocket tells. All [home]. */
typedef struct {
    guint32 struct_size, flags;
    /** A text message: UTF-8 checked, NUL-terminated, yours to change, gone on return. */
    void (*message)(gpointer data, CfxSocket *socket, char *text, gsize size);
    /** (nullable) All that was sent has been handed to the network. */
    void (*drained)(gpointer data, CfxSocket *socket);
    /** The last call, exactly once, never inside another web call. */
    void (*closed)(gpointer data, CfxSocket *socket, guint32 code, const char *reason);
    /** (nullable: close with 1003) A binary message. */
    void (*binary)(gpointer data, CfxSocket *socket, const guint8 *bytes, gsize size);
} CfxSocketOps;
CFX_ASSERT_TIGHT(CfxSocketOps, binary);

/** @name CfxHttpCall.flags @{ */
#define CFX_HTTP_PUBLIC_ONLY 1u /**< refuse addresses that are not public */
/** @} */

/** A call to another server. Redirects are not followed. */
typedef struct {
    guint32 struct_size, flags;
    const char *method;     /**< "GET" */
    const char *url;        /**< absolute */
    const CfxPair *headers; /**< (nullable) ended by one whose name is NULL */
    GBytes *body;           /**< (nullable) */
    const char *body_type;  /**< (nullable) content type of the body */
    gint64 timeout_us;      /**< REAL, whole call; 0: 30 s */
    gsize answer_max;       /**< larger answers fail with FULL; 0: 1 MiB */
    const char *tls;        /**< (nullable) name of a [tls:…] group */
} CfxHttpCall;
CFX_ASSERT_TIGHT(CfxHttpCall, tls);

/** Its answer, lent. */
typedef struct {
    guint32 struct_size, status; /**< status: of HTTP */
    const CfxPair *headers; /**< ended by one whose name is NULL; names in lower case */
    GBytes *body;           /**< never NULL */
} CfxHttpAnswer;
CFX_ASSERT_TIGHT(CfxHttpAnswer, body);

/** Who logged in. */
typedef struct {
    guint32 struct_size, role; /**< role: CFX_ROLE_… */
    gint64 principal, account; /**< who, and whose */
    const char *identity;      /**< name of the principal */
    const char *token;   /**< (nullable) a new bearer token, when a lifetime was asked for */
    gint64 source;       /**< source id of that principal's beliefs; 0: none */
    gint64 asset;        /**< asset the principal stands for (station, site of a VEN); 0: none */
    gint64 expires_us;   /**< the token's end, UTC of the system; 0: no token, or it has no end */
} CfxLogin;
CFX_ASSERT_TIGHT(CfxLogin, expires_us);

typedef void (*CfxHttpDone)(gpointer data, const CfxHttpAnswer *result, const GError *error);
typedef void (*CfxLoginDone)(gpointer data, const CfxLogin *result, const GError *error);

struct _CfxWebApi {
    guint32 struct_size, flags;
    /** Serves a path until the instance stops. [home] CONFLICT if it is taken. */
    gboolean (*route)(const CfxHost *host, const char *listener, const CfxRoute *route,
                      gpointer data, GError **error);
    /** Answers. [any] headers (nullable), ended by one whose name is NULL; body (nullable), a
     *  reference is taken. Content-Type is among the headers. The request is gone afterwards. */
    void (*respond)(const CfxRequest *request, guint32 status, const CfxPair *headers,
                    GBytes *body);
    /** Answers 101 and takes the socket over; `protocol` NULL: none agreed. [home] NULL: the peer
     *  has gone. The request is gone afterwards. Host's; lives until closed() returns. */
    CfxSocket *(*upgrade)(const CfxRequest *request, const char *protocol, const CfxSocketOps *ops,
                          gpointer data);
    /** Sends a text message. [home] Copied; written at the end of the turn; returns bytes waiting. */
    gsize (*send)(CfxSocket *socket, const char *text, gsize size);
    /** Closes with a code and a reason; closed() follows. [home] */
    void (*close)(CfxSocket *socket, guint32 code, const char *reason);
    /** Calls another server. [home] An answer of any status is no error. */
    void (*http)(const CfxHost *host, const CfxHttpCall *call, CfxHttpDone done, gpointer data);
    /** Checks credentials of any principal; password NULL: `user` is a bearer token. lifetime > 0:
     *  also makes a bearer token. [home] done never comes before login() has returned. AUTH: wrong
     *  password; NOT_FOUND: nobody of that name; FULL: too many failures, wait. A token that works
     *  once (the host makes it for a sign-in link) needs a lifetime and is used up by it. */
    void (*login)(const CfxHost *host, const char *user, const char *password, gint64 lifetime_us,
                  CfxLoginDone done, gpointer data);
    /** Whether who asks may do that (CFX_RIGHT_…) with that asset. [any] */
    gboolean (*may)(const CfxHost *host, gint64 principal, guint32 right, gint64 asset);
    /** Makes a bearer token that login() has made worthless. [home] Unknown ones: nothing. */
    void (*logout)(const CfxHost *host, const char *token);
};
CFX_ASSERT_TIGHT(CfxWebApi, logout);

G_END_DECLS
