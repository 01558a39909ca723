/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <math.h>
#include <stdlib.h>

#include "simulator-prices.h"

int LLVMFuzzerTestOneInput(const guint8 *data, gsize size);

int
LLVMFuzzerTestOneInput(const guint8 *data, gsize size)
{
    SimPrices prices;
    g_autoptr(GError) error = NULL;
    gboolean good = sim_prices_parse(&prices, (const char *)data, size, &error);
    if (good == (error != NULL))
        abort();
    for (int minute = 0; good && minute < 24 * 60; minute += 15)
        if (!isfinite(sim_prices_at(&prices, minute)))
            abort();
    return 0;
}
