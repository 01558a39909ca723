/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "cfx-model-builder.h"
#include "cfx-tree.h"

#include <math.h>

static void
put_sensor(CfxModelBuilder *builder, gint64 id, gint64 asset, const char *name)
{
    CfxSensor sensor = { .struct_size = sizeof(sensor),
                         .id = id,
                         .asset = asset,
                         .name = name,
                         .unit = "kW",
                         .zone = "UTC" };

    cfx_model_builder_put(builder, CFX_MODEL_SENSOR, &sensor);
}

static void
put_asset(CfxModelBuilder *builder, gint64 id, gint64 parent, const char *type, const char *name)
{
    CfxAsset asset = { .struct_size = sizeof(asset),
                       .id = id,
                       .parent = parent,
                       .account = 1,
                       .type = type,
                       .name = name,
                       .latitude = NAN,
                       .longitude = NAN };

    cfx_model_builder_put(builder, CFX_MODEL_ASSET, &asset);
}

static void
test_shared(void)
{
    g_autoptr(CfxModelBuilder) builder = cfx_model_builder_new(NULL);
    const CfxModel *first, *second, *third;
    const CfxSensor *kept;

    for (gint64 id = 10; id > 0; id--)
        put_sensor(builder, id, 1, "a");
    first = cfx_model_builder_end(builder);
    g_assert_cmpuint(first->n_sensors, ==, 10);
    for (gsize i = 0; i < 10; i++)
        g_assert_cmpint(first->sensors[i]->id, ==, (gint64)i + 1);

    put_sensor(builder, 5, 1, "b");
    put_sensor(builder, 5, 1, "c"); /* the middle one was never seen by anybody */
    g_assert_true(cfx_model_builder_remove(builder, CFX_MODEL_SENSOR, 7));
    g_assert_false(cfx_model_builder_remove(builder, CFX_MODEL_SENSOR, 7));
    second = cfx_model_builder_end(builder);
    g_assert_cmpuint(second->version, ==, first->version + 1);
    g_assert_cmpuint(second->n_sensors, ==, 9);
    g_assert_cmpstr(cfx_model_sensor(first, 5)->name, ==, "a");
    g_assert_cmpstr(cfx_model_sensor(second, 5)->name, ==, "c");
    g_assert_null(cfx_model_sensor(second, 7));
    g_assert_nonnull(cfx_model_sensor(first, 7));
    g_assert_true(cfx_model_sensor(first, 1) == cfx_model_sensor(second, 1));

    /* what an old reader keeps stays readable when all newer versions are gone or there */
    kept = cfx_model_sensor(first, 5);
    put_sensor(builder, 1, 1, "z");
    third = cfx_model_builder_end(builder);
    cfx_model_unref(second);
    g_assert_cmpstr(kept->name, ==, "a");
    g_assert_cmpstr(cfx_model_sensor(first, 1)->name, ==, "a");
    cfx_model_unref(third);
    g_assert_cmpint(cfx_model_builder_free_id(builder, CFX_MODEL_SENSOR, 1000), ==, 1000);
    put_sensor(builder, 1000, 1, "new");
    g_assert_cmpint(cfx_model_builder_free_id(builder, CFX_MODEL_SENSOR, 1000), ==, 1001);
    cfx_model_unref(first);
}

static void
test_branch(void)
{
    g_autoptr(CfxModelBuilder) one = cfx_model_builder_new(NULL);
    g_autoptr(CfxModelBuilder) other = NULL;
    const CfxModel *base, *a, *b;

    put_sensor(one, 1, 1, "a");
    put_sensor(one, 2, 1, "b");
    base = cfx_model_builder_end(one);
    other = cfx_model_builder_new(base);
    put_sensor(one, 1, 1, "c");
    put_sensor(other, 1, 1, "d");
    a = cfx_model_builder_end(one);
    b = cfx_model_builder_end(other);
    cfx_model_unref(base);
    cfx_model_unref(a);
    g_clear_pointer(&one, cfx_model_builder_free);
    g_assert_cmpstr(cfx_model_sensor(b, 1)->name, ==, "d");
    g_assert_cmpstr(cfx_model_sensor(b, 2)->name, ==, "b");
    cfx_model_unref(b);
}

static gpointer
reader(gpointer data)
{
    const CfxModel *model = data;
    gint64 sum = 0;

    for (gsize i = 0; i < model->n_sensors; i++)
        sum += (gint64)strlen(model->sensors[i]->name);
    cfx_model_unref(model);
    return GSIZE_TO_POINTER((gsize)sum);
}

static void
test_threads(void)
{
    g_autoptr(CfxModelBuilder) builder = cfx_model_builder_new(NULL);
    GThread *threads[50];

    for (int i = 0; i < 50; i++) {
        const CfxModel *model;

        put_sensor(builder, 1 + i % 7, 1, "x");
        model = cfx_model_builder_end(builder);
        threads[i] = g_thread_new("reader", reader, (gpointer)model);
    }
    for (int i = 0; i < 50; i++)
        g_assert_cmpuint(GPOINTER_TO_SIZE(g_thread_join(threads[i])), ==, MIN(i + 1, 7));
}

static void
test_tree(void)
{
    g_autoptr(CfxModelBuilder) builder = cfx_model_builder_new(NULL);
    g_autoptr(GPtrArray) problems = g_ptr_array_new_with_free_func(g_free);
    g_autofree char *path = NULL;
    const CfxModel *model;

    put_asset(builder, 1, 0, "site", "Martinique");
    put_asset(builder, 110, 1, "charging-station", "CP001");
    put_asset(builder, 111, 110, "evse", "EVSE 1");
    put_asset(builder, 200, 201, "building", "loop");
    put_asset(builder, 201, 200, "building", "loop");
    put_sensor(builder, 61, 111, "power");
    put_sensor(builder, 62, 999, "lost");
    model = cfx_model_builder_end(builder);
    g_assert_cmpint(cfx_asset_site(model, 111)->id, ==, 1);
    g_assert_null(cfx_asset_site(model, 200));
    g_assert_true(cfx_asset_is_below(model, 111, 1));
    g_assert_true(cfx_asset_is_below(model, 111, 111));
    g_assert_false(cfx_asset_is_below(model, 1, 111));
    g_assert_false(cfx_asset_is_below(model, 200, 1));
    path = cfx_asset_path(model, 111);
    g_assert_cmpstr(path, ==, "Martinique/CP001/EVSE 1");
    g_assert_cmpint(cfx_sensor_named(model, 111, "power")->id, ==, 61);
    g_assert_cmpint(cfx_asset_child(model, 1, 1, "CP001")->id, ==, 110);

    cfx_model_check(model, problems);
    g_assert_true(g_ptr_array_find_with_equal_func(
        problems, "sensor 62: asset: 999 does not exist", g_str_equal, NULL));
    g_assert_true(g_ptr_array_find_with_equal_func(
        problems, "asset 200: parent: it is above itself, or too deep", g_str_equal, NULL));
    g_assert_true(g_ptr_array_find_with_equal_func(
        problems, "asset 111: attributes.fail-safe-power: it is missing", g_str_equal, NULL));
    cfx_model_unref(model);
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/model/builder/shared", test_shared);
    g_test_add_func("/model/builder/branch", test_branch);
    g_test_add_func("/model/builder/threads", test_threads);
    g_test_add_func("/model/builder/tree", test_tree);
    return g_test_run();
}
