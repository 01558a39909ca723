/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Bodies of posts, and queries of gets. */
#include <stdint.h>
#include <string.h>

#include "flexmeasures-body.h"
#include "flexmeasures-query.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const char *field = NULL, *problem = NULL;
    g_autofree char *message = NULL;
    g_autofree char *text = g_malloc(size + 1);
    g_autofree char *copy = NULL;
    g_auto(FmBody) body = { 0 };
    g_auto(FmQuery) query = { 0 };

    memcpy(text, data, size);
    text[size] = '\0';
    copy = g_strdup(text);
    if (!fm_body_parse(text, size, &body, &field, &message) && message == NULL)
        g_abort();
    fm_query_parse(copy, &query, &field, &problem);
    return 0;
}
