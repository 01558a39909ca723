/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "register-fixture.h"

#include "cfx-register-secret.h"

#include <string.h>

static const char site[] =
    "{\"format\":\"cariflex-import\",\"version\":1,\"accounts\":[{\"id\":1,\"name\":\"grid\","
    "\"zone\":\"UTC\"},{\"id\":2,\"name\":\"site\",\"zone\":\"UTC\"}],\"assets\":[{\"id\":1,"
    "\"name\":\"M\",\"account\":2,\"type\":\"site\"},{\"id\":110,\"name\":\"CP1\",\"account\":2,"
    "\"type\":\"charging-station\",\"parent\":1},{\"id\":3,\"name\":\"grid\",\"account\":1,"
    "\"type\":\"building\"}],\"principals\":[{\"name\":\"CP1\",\"kind\":\"station\",\"account\":2,"
    "\"credentials\":[{\"kind\":\"password\",\"secret\":\"m\"}],\"grants\":[{\"right\":\"post\","
    "\"asset\":110}]},{\"name\":\"eve\",\"kind\":\"person\",\"account\":2,\"credentials\":[{"
    "\"kind\":\"password\",\"secret\":\"p\"}],\"grants\":[{\"right\":\"control\",\"asset\":1}]},{"
    "\"name\":\"grid\",\"kind\":\"business\",\"account\":1,\"credentials\":[{\"kind\":"
    "\"password\",\"secret\":\"m\"}],\"grants\":[{\"right\":\"change\",\"account\":1}]},{\"name\":"
    "\"ven\",\"kind\":\"ven\",\"account\":2,\"credentials\":[{\"kind\":\"password\",\"secret\":"
    "\"m\"}]}]}";
#define MACHINE "0123456789abcdefghijkl"
static const CfxPair secrets[] = { { "m", MACHINE }, { "p", "hunter2" }, { NULL, NULL } };

static void
open_site(Fixture *f)
{
    fake_data_reset();
    fixture_open(f);
    fixture_import_ok(f, site, secrets);
}

static void
test_machine(void)
{
    Fixture f;

    open_site(&f);
    fixture_login(&f, "CP1", MACHINE, 0);
    g_assert_no_error(f.error);
    g_assert_cmpstr(f.login.identity, ==, "CP1");
    g_assert_cmpint(f.login.account, ==, 2);
    g_assert_cmpint(f.login.asset, ==, 110);
    g_assert_cmpint(f.login.source, ==, 0);
    g_assert_null(f.token);
    fixture_login(&f, "CP1", MACHINE "x", 0);
    g_assert_error(f.error, CFX_ERROR, CFX_ERROR_AUTH);
    fixture_login(&f, "CP2", MACHINE, 0);
    g_assert_error(f.error, CFX_ERROR, CFX_ERROR_NOT_FOUND);
    fixture_login(&f, "", "", 0);
    g_assert_error(f.error, CFX_ERROR, CFX_ERROR_NOT_FOUND);
    fixture_close(&f);
}

static void
test_person(void)
{
    Fixture f;

    open_site(&f);
    fixture_login(&f, "eve", "hunter2", 0);
    g_assert_no_error(f.error);
    g_assert_cmpuint(f.login.role, ==, CFX_ROLE_OPERATE);
    fixture_login(&f, "eve", "hunter3", 0);
    g_assert_error(f.error, CFX_ERROR, CFX_ERROR_AUTH);
    fixture_close(&f);
}

static void
test_failures(void)
{
    Fixture f;

    open_site(&f);
    for (int i = 0; i < 9; i++) {
        fixture_login(&f, "eve", "no", 0);
        g_assert_error(f.error, CFX_ERROR, CFX_ERROR_AUTH);
        fixture_login(&f, "CP1", "no", 0);
        g_assert_error(f.error, CFX_ERROR, CFX_ERROR_AUTH);
    }
    fixture_login(&f, "eve", "no", 0);
    fixture_login(&f, "CP1", "no", 0);
    g_assert_error(f.error, CFX_ERROR, CFX_ERROR_FULL);
    fixture_login(&f, "eve", "hunter2", 0); /* a person has to wait */
    g_assert_error(f.error, CFX_ERROR, CFX_ERROR_FULL);
    fixture_login(&f, "CP1", MACHINE, 0); /* nobody can lock a machine out */
    g_assert_no_error(f.error);
    cfx_clock_fake_set(f.clock, 1759320000 * CFX_SECOND, CFX_HOUR + 61 * CFX_SECOND);
    fixture_login(&f, "eve", "hunter2", 0);
    g_assert_no_error(f.error);
    fixture_close(&f);
}

static void
test_tokens(void)
{
    g_autofree char *token = NULL, *other = NULL;
    CfxLogin login;
    Fixture f;

    open_site(&f);
    fixture_login(&f, "ven", MACHINE, CFX_HOUR);
    g_assert_no_error(f.error);
    g_assert_nonnull(f.token);
    g_assert_cmpuint(strlen(f.token), >=, 32);
    token = g_strdup(f.token);
    fixture_login(&f, "ven", MACHINE, CFX_HOUR);
    other = g_strdup(f.token);
    g_assert_cmpstr(token, !=, other);
    g_assert_true(cfx_register_bearer(f.reg, token, &login));
    g_assert_cmpstr(login.identity, ==, "ven");
    fixture_login(&f, token, NULL, 0);
    g_assert_no_error(f.error);
    g_assert_cmpstr(f.login.identity, ==, "ven");
    fixture_login(&f, "nonsense", NULL, 0);
    g_assert_error(f.error, CFX_ERROR, CFX_ERROR_AUTH);
    cfx_register_revoke(f.reg, other);
    g_assert_false(cfx_register_bearer(f.reg, other, &login));
    fixture_close(&f);

    fixture_open(&f); /* tokens outlive the process, in no readable form */
    g_assert_true(cfx_register_bearer(f.reg, token, &login));
    g_assert_false(cfx_register_bearer(f.reg, other, &login));
    fixture_login(&f, "ven", MACHINE, 1); /* over at once */
    g_assert_no_error(f.error);
    g_assert_false(cfx_register_bearer(f.reg, f.token, &login));
    for (int i = 0; i < 70; i++)
        fixture_login(&f, "ven", MACHINE, 2 * CFX_HOUR);
    g_assert_false(cfx_register_bearer(f.reg, token, &login)); /* the first to end went */
    g_assert_true(cfx_register_bearer(f.reg, f.token, &login));
    fixture_close(&f);
}

static void
test_rights(void)
{
    gint64 station, eve, grid, ven;
    Fixture f;

    open_site(&f);
    fixture_login(&f, "CP1", MACHINE, 0);
    station = f.login.principal;
    fixture_login(&f, "eve", "hunter2", 0);
    eve = f.login.principal;
    fixture_login(&f, "grid", MACHINE, 0);
    grid = f.login.principal;
    fixture_login(&f, "ven", MACHINE, 0);
    ven = f.login.principal;
    g_assert_true(cfx_register_may(f.reg, station, CFX_RIGHT_POST, 110));
    g_assert_false(cfx_register_may(f.reg, station, CFX_RIGHT_POST, 1));
    g_assert_false(cfx_register_may(f.reg, station, CFX_RIGHT_READ, 110));
    g_assert_true(cfx_register_may(f.reg, eve, CFX_RIGHT_CONTROL, 110)); /* below the site */
    g_assert_true(cfx_register_may(f.reg, eve, CFX_RIGHT_READ, 110));
    g_assert_false(cfx_register_may(f.reg, eve, CFX_RIGHT_CHANGE, 110));
    g_assert_false(cfx_register_may(f.reg, eve, CFX_RIGHT_CONTROL | CFX_RIGHT_CHANGE, 110));
    g_assert_false(cfx_register_may(f.reg, eve, CFX_RIGHT_CONTROL, 0));
    g_assert_true(cfx_register_may(f.reg, grid, CFX_RIGHT_CHANGE, 3)); /* its account's */
    g_assert_false(cfx_register_may(f.reg, grid, CFX_RIGHT_READ, 1));
    g_assert_true(cfx_register_may(f.reg, grid, CFX_RIGHT_CHANGE, 0));
    g_assert_false(cfx_register_may(f.reg, grid, CFX_RIGHT_READ, 12345));
    g_assert_false(cfx_register_may(f.reg, ven, CFX_RIGHT_READ, 1));
    g_assert_false(cfx_register_may(f.reg, 12345, CFX_RIGHT_READ, 1));
    g_assert_false(cfx_register_may(f.reg, eve, 0, 1));
    g_assert_cmpuint(cfx_register_role(f.reg, station), ==, CFX_ROLE_READ);
    g_assert_cmpuint(cfx_register_role(f.reg, ven), ==, CFX_ROLE_ANY);
    fixture_close(&f);
}

static void
test_secrets(void)
{
    g_autofree char *a = cfx_secret_new(16), *b = cfx_secret_new(16);
    g_autofree char *hash = cfx_secret_hash_fast("salt", "secret");
    g_autofree char *other = cfx_secret_hash_fast("salt2", "secret");

    g_assert_cmpuint(strlen(a), ==, CFX_SECRET_MACHINE_LENGTH);
    g_assert_cmpstr(a, !=, b);
    g_assert_cmpstr(hash, !=, other);
    g_assert_true(cfx_secret_check_fast("salt", hash, "secret"));
    g_assert_false(cfx_secret_check_fast("salt", hash, "secrets"));
    g_assert_true(cfx_secret_equal("", ""));
    g_assert_false(cfx_secret_equal("a", ""));
    g_assert_false(cfx_secret_equal("", "a"));
    g_assert_false(cfx_secret_equal("aa", "a"));
    g_assert_false(cfx_secret_equal("a", "aa"));
}

static void
test_link(void)
{
    g_autofree char *token = NULL, *bearer = NULL;
    CfxLogin login;
    Fixture f;

    open_site(&f);
    cfx_register_link(f.reg, "operator", 60 * CFX_SECOND, fixture_text, &f);
    fixture_wait(&f);
    g_assert_no_error(f.error);
    g_assert_true(g_str_has_prefix(f.text, "{\"token\":\""));
    token = g_strndup(f.text + strlen("{\"token\":\""), 32);
    /* it survives a restart, is no bearer token, and nothing for a login without a lifetime */
    fixture_close(&f);
    fixture_open(&f);
    g_assert_false(cfx_register_bearer(f.reg, token, &login));
    fixture_login(&f, token, NULL, 0);
    g_assert_error(f.error, CFX_ERROR, CFX_ERROR_AUTH);
    fixture_login(&f, token, NULL, 3600 * CFX_SECOND);
    g_assert_no_error(f.error);
    g_assert_cmpuint(f.login.role, ==, CFX_ROLE_OPERATE);
    g_assert_cmpint(f.login.expires_us, >, g_get_real_time() + 3590 * CFX_SECOND);
    bearer = g_strdup(f.token);
    g_assert_true(cfx_register_bearer(f.reg, bearer, &login));
    g_assert_cmpstr(login.identity, ==, "operator (by link)");
    g_assert_true(cfx_register_may(f.reg, login.principal, CFX_RIGHT_CONTROL, 110));
    g_assert_true(cfx_register_may(f.reg, login.principal, CFX_RIGHT_READ, 3));
    g_assert_false(cfx_register_may(f.reg, login.principal, CFX_RIGHT_CHANGE, 110));
    /* once */
    fixture_login(&f, token, NULL, 3600 * CFX_SECOND);
    g_assert_error(f.error, CFX_ERROR, CFX_ERROR_AUTH);
    fixture_close(&f);
    fixture_open(&f);
    fixture_login(&f, token, NULL, 3600 * CFX_SECOND);
    g_assert_error(f.error, CFX_ERROR, CFX_ERROR_AUTH);
    g_assert_true(cfx_register_bearer(f.reg, bearer, &login));
    cfx_register_revoke(f.reg, bearer);
    g_assert_false(cfx_register_bearer(f.reg, bearer, &login));
    /* the name is nobody's who could log in */
    fixture_login(&f, "operator (by link)", "x", 0);
    g_assert_error(f.error, CFX_ERROR, CFX_ERROR_NOT_FOUND);
    cfx_register_link(f.reg, "king", 60 * CFX_SECOND, fixture_text, &f);
    fixture_wait(&f);
    g_assert_error(f.error, CFX_ERROR, CFX_ERROR_INVALID);
    cfx_register_link(f.reg, "viewer", 2 * CFX_DAY, fixture_text, &f);
    fixture_wait(&f);
    g_assert_error(f.error, CFX_ERROR, CFX_ERROR_INVALID);
    fixture_close(&f);
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/register/login/machine", test_machine);
    g_test_add_func("/register/login/person", test_person);
    g_test_add_func("/register/login/failures", test_failures);
    g_test_add_func("/register/login/tokens", test_tokens);
    g_test_add_func("/register/login/rights", test_rights);
    g_test_add_func("/register/login/secrets", test_secrets);
    g_test_add_func("/register/login/link", test_link);
    return g_test_run();
}
