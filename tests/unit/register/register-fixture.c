/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "register-fixture.h"

#include <string.h>

static void
on_done(gpointer data, const GError *error)
{
    Fixture *self = data;

    g_clear_error(&self->error);
    if (error != NULL)
        self->error = g_error_copy(error);
    self->is_done = TRUE;
}

void
fixture_text(gpointer data, const char *json, const GError *error)
{
    Fixture *self = data;

    g_free(self->text);
    self->text = g_strdup(json);
    on_done(self, error);
}

static void
on_login(gpointer data, const CfxLogin *result, const GError *error)
{
    Fixture *self = data;

    g_clear_pointer(&self->token, g_free);
    memset(&self->login, 0, sizeof(self->login));
    if (result != NULL) {
        self->login = *result;
        self->token = g_strdup(result->token);
    }
    on_done(self, error);
}

void
fixture_wait(Fixture *self)
{
    while (!self->is_done)
        g_main_context_iteration(cfx_loop_context(self->loop), TRUE);
    self->is_done = FALSE;
}

void
fixture_open(Fixture *self)
{
    memset(self, 0, sizeof(*self));
    self->clock = cfx_clock_new_fake(1759320000 * CFX_SECOND, CFX_HOUR);
    self->loop = cfx_loop_new(self->clock, g_main_context_new());
    self->host = cfx_instance_new_internal("host", self->loop);
    self->host->host.data = fake_data_api();
    self->reg = cfx_register_new_full(self->host, NULL, NULL);
    cfx_register_load(self->reg, on_done, self);
    fixture_wait(self);
    g_assert_no_error(self->error);
}

void
fixture_close(Fixture *self)
{
    while (g_main_context_iteration(cfx_loop_context(self->loop), FALSE))
        ;
    cfx_register_free(self->reg);
    cfx_instance_free(self->host);
    cfx_loop_free(self->loop);
    cfx_clock_free(self->clock);
    g_free(self->text);
    g_free(self->token);
    g_clear_error(&self->error);
}

void
fixture_import(Fixture *self, const char *json, const CfxPair *secrets)
{
    cfx_register_import(self->reg, json, strlen(json), secrets, fixture_text, self);
    fixture_wait(self);
}

void
fixture_import_ok(Fixture *self, const char *json, const CfxPair *secrets)
{
    fixture_import(self, json, secrets);
    g_assert_no_error(self->error);
}

void
fixture_login(Fixture *self, const char *user, const char *password, gint64 lifetime_us)
{
    cfx_register_login(self->reg, user, password, lifetime_us, on_login, self);
    g_assert_false(self->is_done); /* never before it has returned */
    fixture_wait(self);
}
