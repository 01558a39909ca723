/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Sizes and last members of everything that crosses the line, as ABI 1.0 has them on 64-bit
 * machines. A size that grows is a new minor; a place that moves is a broken promise. */
#include <cariflex/cfx-scheduler.h>
#include <cariflex/cfx.h>

typedef struct {
    const char *name;
    gsize size, pinned_size;
    gsize last, pinned_last; /* offset of the last member of 1.0 */
} Pin;

#define PIN(type, member, size, offset)                                                            \
    {                                                                                              \
#type "." #member, sizeof(type), size, G_STRUCT_OFFSET(type, member), offset               \
    }

static const Pin pins[] = {
#include "pins.inc"
};

static void
test_pins(void)
{
    if (sizeof(gpointer) != 8) {
        g_test_skip("the promise is for 64-bit machines");
        return;
    }
    for (gsize i = 0; i < G_N_ELEMENTS(pins); i++) {
        g_test_message("%s", pins[i].name);
        g_assert_cmpuint(pins[i].last, ==, pins[i].pinned_last);
        g_assert_cmpuint(pins[i].size, ==, pins[i].pinned_size);
    }
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/abi/layout", test_pins);
    return g_test_run();
}
