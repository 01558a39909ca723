/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Bodies that clients write to the VTN; what is accepted must survive storing. */
#include <stdint.h>
#include <string.h>

#include "vtn-object.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size < 1)
        return 0;
    g_autoptr(GError) error = NULL;
    VtnKind kind = data[0] % VTN_N_KINDS;
    g_autoptr(VtnObject) object =
        vtn_object_parse(kind, (const char *)data + 1, size - 1, (data[0] & 4) != 0, "ven", &error);
    if (object == NULL)
        return error != NULL ? 0 : (g_abort(), 0);
    object->id = g_strdup("id");
    g_autofree char *doc = vtn_object_doc(object);
    g_autoptr(VtnObject) again = vtn_object_from_doc(kind, doc, strlen(doc), &error);
    if (again == NULL)
        g_error("a stored object cannot be read: %s\n%s", error->message, doc);
    g_autofree char *twice = vtn_object_doc(again);
    if (strcmp(doc, twice) != 0)
        g_error("stored objects differ:\n%s\n%s", doc, twice);
    return 0;
}
