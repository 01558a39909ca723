/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Networks, peers and the route table, without sockets. */
#include "cfx-web-private.h"

#include <string.h>

static CfxAddress
address_of(const char *text)
{
    CfxAddress address;
    g_assert_true(cfx_address_parse(&address, text));
    return address;
}

static void
test_networks(void)
{
    static const struct {
        const char *network, *address;
        gboolean is_in;
    } CASES[] = {
        { "10.0.0.0/8", "10.255.1.2", TRUE },
        { "10.0.0.0/8", "11.0.0.0", FALSE },
        { "192.168.7.128/25", "192.168.7.200", TRUE },
        { "192.168.7.128/25", "192.168.7.127", FALSE },
        { "10.1.2.3", "10.1.2.3", TRUE },
        { "10.1.2.3", "10.1.2.4", FALSE },
        { "0.0.0.0/0", "8.8.8.8", TRUE },
        { "0.0.0.0/0", "2001:db8::1", FALSE },
        { "::/0", "8.8.8.8", TRUE },
        { "2001:db8::/32", "2001:db8:1::1", TRUE },
        { "2001:db8::/32", "2001:db9::1", FALSE },
        { "::1", "::1", TRUE },
        { "127.0.0.0/8", "::ffff:127.0.0.1", TRUE },
        { "127.0.0.1/32", "::1", FALSE },
    };
    for (guint i = 0; i < G_N_ELEMENTS(CASES); i++) {
        CfxCidr network;
        CfxAddress address = address_of(CASES[i].address);
        g_test_message("%s in %s", CASES[i].address, CASES[i].network);
        g_assert_true(cfx_cidr_parse(&network, CASES[i].network, NULL));
        g_assert_cmpint(cfx_cidr_holds(&network, &address), ==, CASES[i].is_in);
    }
    static const char *const BAD[] = {
        "",     "10",      "10.0.0.0/33", "10.0.0.0/",   "10.0.0/8",
        "here", "::1/129", "10.0.0.0/-1", "10.0.0.0/8x", "1.2.3.4/ 8"
    };
    for (guint i = 0; i < G_N_ELEMENTS(BAD); i++) {
        CfxCidr network;
        g_autoptr(GError) error = NULL;
        g_assert_false(cfx_cidr_parse(&network, BAD[i], &error));
        g_assert_error(error, CFX_ERROR, CFX_ERROR_CONFIG);
    }
}

static void
test_public(void)
{
    static const char *const PUBLIC[] = { "8.8.8.8",    "1.1.1.1",         "100.63.255.255",
                                          "172.32.0.1", "2606:4700::1111", "::ffff:8.8.8.8" };
    static const char *const OTHER[] = {
        "0.0.0.0",         "10.0.0.1",        "127.0.0.1",       "127.9.9.9",   "169.254.169.254",
        "172.16.0.1",      "172.31.255.255",  "192.168.1.1",     "100.64.0.1",  "192.0.2.1",
        "198.18.0.1",      "224.0.0.1",       "255.255.255.255", "::",          "::1",
        "fe80::1",         "fc00::1",         "ff02::1",         "2001:db8::1", "2002:7f00:1::",
        "64:ff9b::7f00:1", "::ffff:127.0.0.1"
    };
    for (guint i = 0; i < G_N_ELEMENTS(PUBLIC); i++) {
        CfxAddress address = address_of(PUBLIC[i]);
        g_test_message("%s", PUBLIC[i]);
        g_assert_true(cfx_address_is_public(&address));
    }
    for (guint i = 0; i < G_N_ELEMENTS(OTHER); i++) {
        CfxAddress address = address_of(OTHER[i]);
        g_test_message("%s", OTHER[i]);
        g_assert_false(cfx_address_is_public(&address));
    }
}

static void
test_bucket(void)
{
    g_autoptr(CfxPeers) peers = cfx_peers_new(2, 3);
    CfxAddress one = address_of("10.0.0.1"), other = address_of("10.0.0.2");
    gint64 wait = 0, now = 1000000;
    for (guint i = 0; i < 3; i++)
        g_assert_true(cfx_peers_take(peers, &one, now, &wait));
    g_assert_false(cfx_peers_take(peers, &one, now, &wait));
    g_assert_cmpint(wait, ==, 500000);
    g_assert_true(cfx_peers_take(peers, &other, now, &wait));
    g_assert_false(cfx_peers_take(peers, &one, now + 499000, &wait));
    g_assert_true(cfx_peers_take(peers, &one, now + 500000, &wait));
    /* it never holds more than the burst */
    now += G_GINT64_CONSTANT(3600) * G_USEC_PER_SEC;
    for (guint i = 0; i < 3; i++)
        g_assert_true(cfx_peers_take(peers, &one, now, &wait));
    g_assert_false(cfx_peers_take(peers, &one, now, &wait));
}

static void
test_peers(void)
{
    g_autoptr(CfxPeers) peers = cfx_peers_new(10, 10);
    CfxAddress one = address_of("2001:db8::1"), near = address_of("2001:db8::2:3:4:5"),
               far = address_of("2001:db8:0:1::1");
    gint64 wait;
    g_assert_cmpuint(cfx_peers_connect(peers, &one, 0), ==, 1);
    g_assert_cmpuint(cfx_peers_connect(peers, &near, 0), ==, 2); /* the same /64 */
    g_assert_cmpuint(cfx_peers_connect(peers, &far, 0), ==, 1);
    cfx_peers_disconnect(peers, &one);
    g_assert_cmpuint(cfx_peers_connect(peers, &near, 0), ==, 2);
    /* who does nothing any more is forgotten, who is connected is not */
    for (guint i = 0; i < 10000; i++) {
        g_autofree char *text = g_strdup_printf("10.0.%u.%u", i / 256, i % 256);
        CfxAddress address = address_of(text);
        cfx_peers_take(peers, &address, (gint64)i * G_USEC_PER_SEC, &wait);
    }
    g_assert_cmpuint(cfx_peers_count(peers), <, 600);
    g_assert_cmpuint(cfx_peers_connect(peers, &one, 0), ==, 3);
}

static void
handle_cb(gpointer data, const CfxRequest *request)
{
}

static void
test_routes(void)
{
    static const char *const MOUNTED[][2] = {
        { "GET", "/" },
        { "GET", "/a" },
        { "POST", "/a" },
        { "GET", "/a/" },
        { "*", "/a/b/" },
        { "GET", "/a/b/c" },
        { "GET", "/api/v3_0/sensors/" },
        { "POST", "/api/v3_0/sensors/" },
    };
    static const struct {
        const char *method, *path, *found, *allow;
    } CASES[] = {
        { "GET", "/", "/", NULL },
        { "GET", "/nowhere", "/", NULL },
        { "GET", "/a", "/a", NULL },
        { "HEAD", "/a", "/a", NULL },
        { "DELETE", "/a", NULL, "GET, HEAD, POST, OPTIONS" },
        { "GET", "/a/", "/a/", NULL },
        { "GET", "/a/x/y/z", "/a/", NULL },
        { "POST", "/a/x", NULL, "GET, HEAD, OPTIONS" },
        { "BREW", "/a/b/x", "/a/b/", NULL },
        { "GET", "/a/b/c", "/a/b/c", NULL },
        { "GET", "/a/b/cc", "/a/b/", NULL },
        { "GET", "/a/b", "/a/", NULL },
        { "GET", "/a/b/c/d", "/a/b/", NULL },
        { "POST", "/api/v3_0/sensors/84/data", "/api/v3_0/sensors/", NULL },
        { "GET", "//", "/", NULL },
        /* about as long as the longest that is mounted, and longer */
        { "GET", "/api/v3_0/sensors", "/", NULL },
        { "GET", "/api/v3_0/sensor/x", "/", NULL },
        { "GET", "/api/v3_0/sensors////////////////////////", "/api/v3_0/sensors/", NULL },
        { "GET", "/////////////////////////////////////////", "/", NULL },
        { "GET", "*", NULL, NULL },
    };
    g_autoptr(CfxClock) clock = cfx_clock_new_fake(0, 0);
    g_autoptr(CfxLoop) loop = cfx_loop_new_main(clock);
    CfxInstance *owner = cfx_instance_new("adapter", "one", loop);
    CfxRoutes *routes = cfx_routes_new();
    const char *other = NULL;
    for (guint i = 0; i < G_N_ELEMENTS(MOUNTED); i++) {
        CfxRoute route = { .struct_size = sizeof route,
                           .method = MOUNTED[i][0],
                           .path = MOUNTED[i][1],
                           .handle = handle_cb };
        g_autoptr(CfxMount) mount = cfx_mount_new(owner, &route, NULL);
        g_assert_true(cfx_routes_add(routes, mount, &other));
        g_assert_false(cfx_routes_add(routes, mount, &other));
        g_assert_cmpstr(other, ==, "one");
    }
    for (guint i = 0; i < G_N_ELEMENTS(CASES); i++) {
        g_autofree char *allow = NULL;
        g_test_message("%s %s", CASES[i].method, CASES[i].path);
        g_autoptr(CfxMount) mount = cfx_routes_find(routes, CASES[i].method, CASES[i].path, &allow);
        g_assert_cmpstr(mount != NULL ? mount->route.path : NULL, ==, CASES[i].found);
        g_assert_cmpstr(allow, ==, CASES[i].allow);
    }
    g_autofree char *allow = NULL;
    cfx_routes_remove_owner(routes, owner);
    g_assert_null(cfx_routes_find(routes, "GET", "/a", &allow));
    g_assert_null(allow);
    cfx_routes_free(routes);
    cfx_instance_free(owner);
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/web/parts/networks", test_networks);
    g_test_add_func("/web/parts/public", test_public);
    g_test_add_func("/web/parts/bucket", test_bucket);
    g_test_add_func("/web/parts/peers", test_peers);
    g_test_add_func("/web/parts/routes", test_routes);
    return g_test_run();
}
