/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "cfx-cidr.h"

#include <arpa/inet.h>
#include <cariflex/cfx-abi.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>

static const guint8 MAPPED[12] = { 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xFF, 0xFF };

static gboolean
is_mapped(const CfxAddress *self)
{
    return memcmp(self->bytes, MAPPED, sizeof MAPPED) == 0;
}

static void
set_v4(CfxAddress *self, const void *four)
{
    memcpy(self->bytes, MAPPED, sizeof MAPPED);
    memcpy(self->bytes + 12, four, 4);
}

gboolean
cfx_address_from_native(CfxAddress *self, const struct sockaddr *native)
{
    if (native->sa_family == AF_INET) {
        set_v4(self, &((const struct sockaddr_in *)(gconstpointer)native)->sin_addr);
        return TRUE;
    }
    if (native->sa_family != AF_INET6)
        return FALSE;
    memcpy(self->bytes, &((const struct sockaddr_in6 *)(gconstpointer)native)->sin6_addr, 16);
    return TRUE;
}

gboolean
cfx_address_parse(CfxAddress *self, const char *text)
{
    struct in_addr four;
    if (inet_pton(AF_INET, text, &four) == 1) {
        set_v4(self, &four);
        return TRUE;
    }
    return inet_pton(AF_INET6, text, self->bytes) == 1;
}

char *
cfx_address_text(const CfxAddress *self)
{
    char text[INET6_ADDRSTRLEN];
    if (is_mapped(self))
        inet_ntop(AF_INET, self->bytes + 12, text, sizeof text);
    else
        inet_ntop(AF_INET6, self->bytes, text, sizeof text);
    return g_strdup(text);
}

static gboolean
is_in(const CfxAddress *self, const char *const *networks)
{
    for (guint i = 0; networks[i] != NULL; i++) {
        CfxCidr network;
        if (cfx_cidr_parse(&network, networks[i], NULL) && cfx_cidr_holds(&network, self))
            return TRUE;
    }
    return FALSE;
}

gboolean
cfx_address_is_loopback(const CfxAddress *self)
{
    static const char *const NETWORKS[] = { "127.0.0.0/8", "::1", NULL };
    return is_in(self, NETWORKS);
}

/* The special-purpose registries of IANA. Of IPv6 only 2000::/3 is given out; what carries an IPv4
 * address inside (NAT64, 6to4, Teredo) could be a way round this check. */
gboolean
cfx_address_is_public(const CfxAddress *self)
{
    static const char *const RESERVED[] = {
        "0.0.0.0/8",     "10.0.0.0/8",      "100.64.0.0/10",  "127.0.0.0/8",    "169.254.0.0/16",
        "172.16.0.0/12", "192.0.0.0/24",    "192.0.2.0/24",   "192.88.99.0/24", "192.168.0.0/16",
        "198.18.0.0/15", "198.51.100.0/24", "203.0.113.0/24", "224.0.0.0/3",    NULL,
    };
    static const char *const GLOBAL[] = { "2000::/3", NULL };
    static const char *const NOT_GLOBAL[] = {
        "2001::/23", "2001:db8::/32", "2002::/16", "3fff::/20", NULL
    };
    if (is_mapped(self))
        return !is_in(self, RESERVED);
    return is_in(self, GLOBAL) && !is_in(self, NOT_GLOBAL);
}

static gboolean
parse_bits(const char *text, guint most, guint *ret)
{
    if (!g_ascii_isdigit(text[0]) || strlen(text) > 3)
        return FALSE;
    char *end;
    gulong bits = strtoul(text, &end, 10);
    if (*end != 0 || bits > most)
        return FALSE;
    *ret = (guint)bits;
    return TRUE;
}

gboolean
cfx_cidr_parse(CfxCidr *self, const char *text, GError **error)
{
    const char *slash = strchr(text, '/');
    g_autofree char *address =
        slash == NULL ? g_strdup(text) : g_strndup(text, (gsize)(slash - text));
    g_strstrip(address);
    CfxCidr made = { .bits = 128 };
    gboolean is_good = cfx_address_parse(&made.address, address);
    if (is_good && slash != NULL) {
        gboolean is_v4 = strchr(address, ':') == NULL;
        is_good = parse_bits(slash + 1, is_v4 ? 32 : 128, &made.bits);
        if (is_v4)
            made.bits += 96;
    }
    if (!is_good) {
        g_set_error(error,
                    CFX_ERROR,
                    CFX_ERROR_CONFIG,
                    "\"%s\" is no network; write it as 192.168.7.0/24, 2001:db8::/32 or 10.1.2.3",
                    text);
        return FALSE;
    }
    *self = made;
    return TRUE;
}

gboolean
cfx_cidr_holds(const CfxCidr *self, const CfxAddress *address)
{
    guint whole = self->bits / 8;
    if (memcmp(self->address.bytes, address->bytes, whole) != 0)
        return FALSE;
    guint rest = self->bits % 8;
    if (rest == 0)
        return TRUE;
    guint8 mask = (guint8)(0xFF << (8 - rest));
    return ((self->address.bytes[whole] ^ address->bytes[whole]) & mask) == 0;
}

GArray *
cfx_cidr_list_parse(const char *text, GError **error)
{
    g_autoptr(GArray) list = g_array_new(FALSE, FALSE, sizeof(CfxCidr));
    g_auto(GStrv) items = g_strsplit(text, ";", -1);
    for (guint i = 0; items[i] != NULL; i++) {
        CfxCidr network;
        if (*g_strstrip(items[i]) == 0)
            continue;
        if (!cfx_cidr_parse(&network, items[i], error))
            return NULL;
        g_array_append_val(list, network);
    }
    return g_steal_pointer(&list);
}

gboolean
cfx_cidr_list_holds(const GArray *list, const CfxAddress *address)
{
    for (guint i = 0; i < list->len; i++) {
        if (cfx_cidr_holds(&g_array_index(list, CfxCidr, i), address))
            return TRUE;
    }
    return FALSE;
}
