/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Instants, durations, quantities: what is read is written and read again. */
#include <kit/cfx-quantity.h>
#include <kit/cfx-time.h>

int LLVMFuzzerTestOneInput(const guint8 *data, size_t size);

int
LLVMFuzzerTestOneInput(const guint8 *data, size_t size)
{
    g_autofree char *text = g_strndup((const char *)data, size);
    char written[CFX_DURATION_TEXT_SIZE];
    CfxDuration duration, duration_again;
    CfxQuantity quantity;
    gint64 us, again = 0;

    if (cfx_time_parse(text, (gssize)size, &us)) {
        gsize length = cfx_time_format(us, written);

        g_assert_true(cfx_time_parse(written, (gssize)length, &again));
        g_assert_cmpint(us, ==, again);
    }
    if (cfx_duration_parse(text, (gssize)size, &duration)) {
        gsize length = cfx_duration_format(&duration, written);

        g_assert_cmpuint(length, <, sizeof(written));
        g_assert_true(cfx_duration_parse(written, (gssize)length, &duration_again));
        g_assert_cmpint(duration.us, ==, duration_again.us);
        g_assert_cmpint(duration.months, ==, duration_again.months);
        cfx_duration_add(us = 0, &duration, 3);
    }
    if (size < 1000) {
        g_autoptr(GError) error = NULL;

        if (!cfx_quantity_parse(text, (gssize)size, &quantity, &error))
            g_assert_nonnull(error);
    }
    return 0;
}
