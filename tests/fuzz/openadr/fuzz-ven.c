/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A page of events as a VTN may answer it: whatever it holds, the timelines end, and stay inside
 * their bounds. */
#include "ven-json.h"
#include "ven-signals.h"

#include <math.h>

int LLVMFuzzerTestOneInput(const guint8 *data, gsize size);

#define NOON (G_GINT64_CONSTANT(1759334400) * CFX_SECOND)

static void
add_event(GPtrArray *to, JsonNode *node)
{
    OadrKnown *known;
    OadrEvent *event;

    if (!JSON_NODE_HOLDS_OBJECT(node) || to->len >= 20)
        return;
    event = oadr_event_parse(json_node_get_object(node), NULL);
    if (event == NULL)
        return;
    known = g_new0(OadrKnown, 1);
    known->event = event;
    known->known_us = NOON;
    known->n_offsets = oadr_event_n_random(event);
    known->offsets = g_new0(gint64, known->n_offsets + 1);
    for (guint i = 0; i < known->n_offsets; i++)
        known->offsets[i] = oadr_event_random_bound(event, i);
    oadr_event_end(event, NOON, known->offsets);
    g_ptr_array_add(to, known);
}

static void
check(OadrOutput output, const OadrGrid *grid)
{
    for (gsize i = 0; i < grid->n; i++) {
        if (grid->state[i] != OADR_VALUE)
            continue;
        if (isnan(grid->value[i]) ||
            (output == OADR_LOAD_CONTROL && (grid->value[i] < 0 || grid->value[i] > 100)))
            g_error("output %d step %zu: %g", output, i, grid->value[i]);
    }
}

int
LLVMFuzzerTestOneInput(const guint8 *data, gsize size)
{
    g_autofree char *text = g_strndup((const char *)data, size);
    g_autoptr(JsonNode) node = oadr_json_parse(text, size, NULL);
    g_autoptr(GPtrArray) known = g_ptr_array_new_with_free_func((GDestroyNotify)oadr_known_free);
    g_autoptr(GPtrArray) problems = g_ptr_array_new_with_free_func(g_free);
    OadrRules rules = { "EUR", NULL, 1, NULL };

    if (node == NULL || !JSON_NODE_HOLDS_ARRAY(node))
        return 0;
    for (guint i = 0; i < json_array_get_length(json_node_get_array(node)); i++)
        add_event(known, json_array_get_element(json_node_get_array(node), i));
    for (int output = 0; output < OADR_N_OUTPUTS; output++) {
        g_autoptr(GArray) segments =
            oadr_segments(known, output, &rules, NOON, NOON + CFX_DAY, problems);
        OadrGrid grid, written;
        gint64 step_us = oadr_output_step(output);

        oadr_grid_init(&grid, NOON, step_us, (gsize)(CFX_DAY / step_us));
        oadr_grid_init(&written, NOON, step_us, (gsize)(CFX_DAY / step_us));
        oadr_grid_fill(&grid, output, segments);
        check(output, &grid);
        g_array_unref(oadr_changes(output, &grid, &written, NOON + CFX_HOUR));
        oadr_grid_clear(&grid);
        oadr_grid_clear(&written);
    }
    return 0;
}
