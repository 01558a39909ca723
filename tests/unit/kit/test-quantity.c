/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <kit/cfx-quantity.h>
#include <kit/cfx-time.h>

static void
test_in(void)
{
    static const struct {
        const char *text, *unit;
        double value;
    } good[] = {
        { "22 kW", "W", 22000 },
        { "20kWh", "Wh", 20000 },
        { "0.5 MW", "kW", 500 },
        { "-3e3 W", "kW", -3 },
        { "230 EUR/MWh", "EUR/kWh", 0.23 },
        { "0.23 €/kWh", "EUR/MWh", 230 },
        { "15 %", "%", 15 },
        { "15 %", "", 0.15 },
        { "7", "", 7 },
        { "1 kEUR", "EUR", 1000 },
        { "6 A", "A", 6 },
        { " 230 V ", "V", 230 },
        { "800 W/m²", "kW/m2", 0.8 },
        { "25 °C", "K", 298.15 },
        { "212 °F", "°C", 100 },
        { "2 kW*h", "kWh", 2 },
        { "90 min", "h", 1.5 },
    };
    static const struct {
        const char *text, *unit, *message;
    } bad[] = {
        { "22", "W", "\"22\" is not a quantity in \"W\"" },
        { "22 kw", "W", "\"kw\" is not a unit" },
        { "kW", "W", "\"kW\" does not begin with a number" },
        { "", "W", "\"\" does not begin with a number" },
        { "22 kWh", "W", "\"22 kWh\" is not a quantity in \"W\"" },
        { "230 SEK/MWh", "EUR/MWh", "\"230 SEK/MWh\" is not a quantity in \"EUR/MWh\"" },
        { "1e999 W", "W", "1e999 is too large" },
        { "nan W", "W", "\"nan W\" does not begin with a number" },
        { "22 kW/", "W", "\"kW/\" is not a unit" },
        { "1 EUR*SEK", "EUR", "\"EUR*SEK\" is not a unit" },
    };

    for (gsize i = 0; i < G_N_ELEMENTS(good); i++) {
        g_autoptr(GError) error = NULL;
        double value = 0;

        g_test_message("%s", good[i].text);
        g_assert_true(cfx_quantity_in(good[i].text, -1, good[i].unit, &value, &error));
        g_assert_no_error(error);
        g_assert_cmpfloat_with_epsilon(value, good[i].value, 1e-9);
    }
    for (gsize i = 0; i < G_N_ELEMENTS(bad); i++) {
        g_autoptr(GError) error = NULL;
        double value = 5;

        g_assert_false(cfx_quantity_in(bad[i].text, -1, bad[i].unit, &value, &error));
        g_assert_nonnull(error);
        g_assert_cmpstr(error->message, ==, bad[i].message);
        g_assert_cmpfloat(value, ==, 5);
    }
}

static void
test_exact(void)
{
    double value = 0;

    /* what needs no conversion must come back bit by bit */
    g_assert_true(cfx_quantity_in("0.1 EUR/kWh", -1, "EUR/kWh", &value, NULL));
    g_assert_cmpfloat(value, ==, 0.1);
}

static void
test_convert(void)
{
    g_autoptr(GError) error = NULL;
    double scale = 0, offset = 0;

    g_assert_true(cfx_unit_convert("kWh", "kW", 15 * CFX_TIME_MINUTE, &scale, &offset, &error));
    g_assert_cmpfloat_with_epsilon(scale, 4, 1e-12);
    g_assert_true(cfx_unit_convert("MW", "kWh", 15 * CFX_TIME_MINUTE, &scale, &offset, &error));
    g_assert_cmpfloat_with_epsilon(scale, 250, 1e-9);
    g_assert_true(cfx_unit_convert("°C", "K", 0, &scale, &offset, &error));
    g_assert_cmpfloat_with_epsilon(scale, 1, 1e-12);
    g_assert_cmpfloat_with_epsilon(offset, 273.15, 1e-12);
    g_assert_false(cfx_unit_convert("kWh", "kW", 0, &scale, &offset, &error));
    g_assert_error(error, CFX_KIT_ERROR, CFX_KIT_ERROR_UNIT);
    g_assert_cmpstr(error->message, ==, "\"kWh\" does not convert to \"kW\"");
}

static void
test_sized(void)
{
    CfxQuantity quantity;

    g_assert_true(cfx_quantity_parse("22 kW, then", 5, &quantity, NULL));
    g_assert_cmpfloat(quantity.value, ==, 22);
    g_assert_cmpfloat(quantity.unit.scale, ==, 1000);
    g_assert_false(cfx_quantity_parse("22 kW, then", 6, &quantity, NULL));
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/kit/quantity/in", test_in);
    g_test_add_func("/kit/quantity/exact", test_exact);
    g_test_add_func("/kit/quantity/convert", test_convert);
    g_test_add_func("/kit/quantity/sized", test_sized);
    return g_test_run();
}
