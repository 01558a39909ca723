/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Addresses of peers, and networks that hold them. IPv4 is kept as IPv4-mapped IPv6. */
#pragma once

#include <glib.h>
#include <sys/socket.h>

G_BEGIN_DECLS

typedef struct {
    guint8 bytes[16];
} CfxAddress;

typedef struct {
    CfxAddress address;
    guint bits; /**< of 128 */
} CfxCidr;

/** FALSE: another family than IPv4 and IPv6. */
gboolean cfx_address_from_native(CfxAddress *self, const struct sockaddr *native);
/** "10.1.2.3", "fe80::1"; no names. */
gboolean cfx_address_parse(CfxAddress *self, const char *text);
/** (transfer full) "10.1.2.3", "fe80::1" */
char *cfx_address_text(const CfxAddress *self);

gboolean cfx_address_is_loopback(const CfxAddress *self);
/** Whether it is one of the open internet: not loopback, private, link-local, shared, multicast,
 *  documentation or otherwise reserved. */
gboolean cfx_address_is_public(const CfxAddress *self);

/** "10.0.0.0/8", "::1", "192.0.2.7" */
gboolean cfx_cidr_parse(CfxCidr *self, const char *text, GError **error);
gboolean cfx_cidr_holds(const CfxCidr *self, const CfxAddress *address);

/** Items joined by semicolons. (transfer full) (element-type CfxCidr); NULL with `error`. */
GArray *cfx_cidr_list_parse(const char *text, GError **error);
/** Whether one of them holds it. */
gboolean cfx_cidr_list_holds(const GArray *list, const CfxAddress *address);

G_END_DECLS
