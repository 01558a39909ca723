/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "register-fixture.h"

#include "cfx-tree.h"

#include <math.h>
#include <string.h>

static const char site[] =
    "{\"format\":\"cariflex-import\",\"version\":1,\"accounts\":[{\"id\":2,\"name\":\"site\","
    "\"zone\":\"UTC\",\"currency\":\"EUR\"}],\"assets\":[{\"id\":1,\"name\":\"M\",\"account\":2,"
    "\"type\":\"site\",\"attributes\":{\"base-load-max\":\"16 kW\"},\"flex_context\":{\"site-power-"
    "capacity\":\"100 kW\",\"site-consumption-capacity\":\"70 kW\"}}]}";

typedef struct {
    Fixture f;
    CfxInstance *instance;
    guint told;
    guint64 version;
    gint64 id;
} Change;

static void
on_told(gpointer data, const CfxModelChanged *result, const GError *error)
{
    Change *self = data;

    g_assert_no_error(error);
    self->told++;
    self->version = result->model->version;
}

static void
on_changed(gpointer data, const CfxModelChanged *result, const GError *error)
{
    Change *self = data;

    self->id = result != NULL && result->n > 0 ? result->ids[0] : 0;
    g_clear_error(&self->f.error);
    self->f.error = error != NULL ? g_error_copy(error) : NULL;
    self->f.is_done = TRUE;
}

static void
open_change(Change *self)
{
    memset(self, 0, sizeof(*self));
    fake_data_reset();
    fixture_open(&self->f);
    fixture_import_ok(&self->f, site, NULL);
    self->instance = cfx_instance_new_internal("depot", self->f.loop);
    self->instance->host.model = cfx_register_api();
}

static void
close_change(Change *self)
{
    cfx_instance_run_stop_hooks(self->instance);
    fixture_close(&self->f);
    cfx_instance_free(self->instance);
}

static void
change_asset(Change *self, gint64 id, gint64 parent, const char *name, guint32 flags)
{
    CfxAsset asset = { .struct_size = sizeof(asset),
                       .id = id,
                       .parent = parent,
                       .account = 2,
                       .type = "battery",
                       .name = name,
                       .latitude = NAN,
                       .longitude = NAN };
    CfxModelChange change = {
        .struct_size = sizeof(change), .flags = flags, .kind = CFX_MODEL_ASSET, .item = &asset
    };
    const CfxModelChange *changes[] = { &change };
    const CfxHost *host = &self->instance->host;

    host->model->change(host, changes, 1, on_changed, self);
    g_assert_false(self->f.is_done);
    fixture_wait(&self->f);
}

static void
test_change(void)
{
    Change c;
    const CfxHost *host;
    const CfxModel *before;
    guint64 watch;
    gint64 battery;

    open_change(&c);
    host = &c.instance->host;
    before = host->model->get(host);
    watch = host->model->watch(host, on_told, &c);
    change_asset(&c, 0, 1, "Battery", 0);
    g_assert_no_error(c.f.error);
    battery = c.id;
    g_assert_cmpint(battery, ==, 1000);
    g_assert_nonnull(fake_data_doc("cfx.asset", "1000"));
    g_assert_nonnull(cfx_model_asset(cfx_register_model(c.f.reg), battery));
    g_assert_null(cfx_model_asset(before, battery));
    while (g_main_context_iteration(cfx_loop_context(c.f.loop), FALSE))
        ;
    g_assert_cmpuint(c.told, ==, 1);
    g_assert_cmpuint(c.version, >, before->version);
    g_bytes_unref(before->owner);

    change_asset(&c, 0, 1, "Battery", 0);
    g_assert_error(c.f.error, CFX_ERROR, CFX_ERROR_INVALID);
    change_asset(&c, 0, 77, "B", 0);
    g_assert_error(c.f.error, CFX_ERROR, CFX_ERROR_INVALID);
    change_asset(&c, 4711, 1, "B", CFX_MODEL_DELETE);
    g_assert_error(c.f.error, CFX_ERROR, CFX_ERROR_NOT_FOUND);
    change_asset(&c, battery, 1, "Battery", CFX_MODEL_DELETE);
    g_assert_no_error(c.f.error);
    g_assert_null(fake_data_doc("cfx.asset", "1000"));
    host->model->unwatch(host, watch);
    change_asset(&c, 0, 1, "Again", 0);
    g_assert_cmpint(c.id, >, battery); /* ids do not come back */
    close_change(&c);
    g_assert_cmpuint(c.told, ==, 2);
}

static void
test_sources(void)
{
    Change c;
    gint64 depot;

    open_change(&c);
    depot = cfx_register_source_for(c.f.reg, "depot", CFX_SOURCE_GATEWAY);
    g_assert_cmpint(depot, >=, 1000);
    g_assert_cmpint(cfx_register_source_for(c.f.reg, "depot", CFX_SOURCE_GATEWAY), ==, depot);
    g_assert_cmpint(cfx_register_source_for(c.f.reg, "ven", CFX_SOURCE_SIGNAL), !=, depot);
    g_assert_cmpint(cfx_source_of_instance(cfx_register_model(c.f.reg), "depot")->id, ==, depot);
    close_change(&c);
    fixture_open(&c.f);
    g_assert_cmpint(cfx_register_source_for(c.f.reg, "depot", CFX_SOURCE_GATEWAY), ==, depot);
    fixture_close(&c.f);
}

static void
knock(Change *c, const char *identity)
{
    CfxKnock knock = { .struct_size = sizeof(knock),
                       .evses = 2,
                       .kind = "charging-station",
                       .identity = identity,
                       .vendor = "ACME" };

    cfx_register_knock(c->f.reg, "ocpp", &knock);
}

static void
test_approve(void)
{
    Change c;
    g_autofree char *stations = NULL, *password = NULL;
    CfxApproveHow how = { .power_max_w = 11e3, .fail_safe_w = NAN, .max_current_a = 16 };
    const CfxModel *model;
    const CfxBinding *binding;

    open_change(&c);
    knock(&c, "CP9");
    knock(&c, "CP9");
    knock(&c, "");
    stations = cfx_register_stations_json(c.f.reg);
    g_assert_nonnull(strstr(stations, "\"identity\":\"CP9\""));
    g_assert_nonnull(strstr(stations, "\"count\":2"));

    cfx_register_approve(c.f.reg, NULL, "nobody", NULL, fixture_text, &c.f);
    fixture_wait(&c.f);
    g_assert_error(c.f.error, CFX_ERROR, CFX_ERROR_NOT_FOUND);
    cfx_register_approve(c.f.reg, NULL, "CP9", &how, fixture_text, &c.f);
    fixture_wait(&c.f);
    g_assert_no_error(c.f.error);
    password = g_strndup(strstr(c.f.text, "\"password\":\"") + 12, 22);
    model = cfx_register_model(c.f.reg);
    binding = cfx_binding_find(model, "ocpp", "CP9", 2);
    g_assert_nonnull(binding);
    g_assert_cmpstr(cfx_model_sensor(model, binding->power_sensor)->unit, ==, "kW");
    g_assert_cmpint(cfx_asset_site(model, binding->asset)->id, ==, 1);
    g_free(stations);
    stations = cfx_register_stations_json(c.f.reg);
    g_assert_null(strstr(stations, "\"unknown\":[{"));
    g_assert_null(fake_data_doc("cfx.knock", "ocpp/CP9"));
    fixture_login(&c.f, "CP9", password, 0);
    g_assert_no_error(c.f.error);
    g_assert_cmpint(c.f.login.asset, ==, cfx_asset_parent(model, binding->asset)->id);
    cfx_register_approve(c.f.reg, "ocpp", "CP9", NULL, fixture_text, &c.f);
    fixture_wait(&c.f);
    g_assert_error(c.f.error, CFX_ERROR, CFX_ERROR_CONFLICT);
    close_change(&c);
}

static void
test_many_knocks(void)
{
    Change c;
    g_autofree char *stations = NULL;
    guint count = 0;

    open_change(&c);
    for (int i = 0; i < 1000; i++) {
        g_autofree char *identity = g_strdup_printf("CP%d", i);

        knock(&c, identity);
    }
    stations = cfx_register_stations_json(c.f.reg);
    for (const char *at = stations; (at = strstr(at, "\"vendor\"")) != NULL; at++)
        count++;
    g_assert_cmpuint(count, ==, 256);
    g_assert_nonnull(strstr(stations, "\"CP999\""));
    g_assert_null(fake_data_doc("cfx.knock", "ocpp/CP1"));
    close_change(&c);
    fixture_open(&c.f);
    stations = (g_free(stations), cfx_register_stations_json(c.f.reg));
    g_assert_nonnull(strstr(stations, "\"CP999\""));
    fixture_close(&c.f);
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/register/change/model", test_change);
    g_test_add_func("/register/change/sources", test_sources);
    g_test_add_func("/register/change/approve", test_approve);
    g_test_add_func("/register/change/knocks", test_many_knocks);
    return g_test_run();
}
