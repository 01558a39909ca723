/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Any bytes as a keyfile, checked against a schema with a key of each type. */
#include "cfx-schema.h"

#include <stdint.h>

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size);

static const CfxConfigKey keys[] = {
    { .name = "text", .type = CFX_KEY_TEXT, .flags = CFX_KEY_REQUIRED },
    { .name = "boolean", .type = CFX_KEY_BOOLEAN },
    { .name = "integer", .type = CFX_KEY_INTEGER, .min = "-5", .max = "5" },
    { .name = "real", .type = CFX_KEY_REAL, .min = "0" },
    { .name = "duration", .type = CFX_KEY_DURATION, .min = "1s", .max = "1h" },
    { .name = "power", .type = CFX_KEY_POWER, .max = "1 MW" },
    { .name = "energy", .type = CFX_KEY_ENERGY },
    { .name = "choice", .type = CFX_KEY_CHOICE, .choices = "a|b" },
    { .name = "list", .type = CFX_KEY_LIST },
    { .name = "file", .type = CFX_KEY_FILE },
    { .name = "url", .type = CFX_KEY_URL },
    { .name = "listener", .type = CFX_KEY_LISTENER },
    { .name = "id", .type = CFX_KEY_ID },
    { .name = "time", .type = CFX_KEY_TIME },
};

int
LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
    const CfxSchema schema = { keys, G_N_ELEMENTS(keys), sizeof keys[0], "the fuzzer", NULL };
    g_autoptr(CfxProblems) problems = cfx_problems_new();
    g_autoptr(CfxSettings) settings = cfx_settings_new();
    cfx_settings_read_text(settings, "/fuzz.conf", (const char *)bytes, size, problems);
    for (guint i = 0; i < settings->groups->len; i++) {
        const CfxSettingsGroup *group = g_ptr_array_index(settings->groups, i);
        g_autoptr(CfxChecked) checked =
            cfx_schema_check(settings, group, group->group, &schema, problems);
        if (checked->config.n_values != G_N_ELEMENTS(keys))
            g_abort();
    }
    g_autofree char *text = cfx_problems_text(problems);
    if (text != NULL && !g_utf8_validate(text, -1, NULL))
        g_abort();
    return 0;
}
