/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The contract suite of cariflex.storage/1: whatever module is named must pass it.
 */
#include "harness.h"

int
main(int argc, char **argv)
{
    g_autoptr(GError) error = NULL;

    g_test_init(&argc, &argv, NULL);
    if (!harness_init(&argc, &argv, &error)) {
        g_printerr("%s\n", error->message);
        return 2;
    }
    test_records_add();
    test_beliefs_add();
    test_notices_add();
    test_groups_add();
    test_life_add();
    return g_test_run();
}
