/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Where an EVSE's register stood at the beginning of the slot that runs, so that the slot's mean
 * survives a restart. */
#include "ingest/cfx-ingest.h"

#include "cfx-outbox.h"

#include <json-glib/json-glib.h>

void
cfx_register_write(const CfxEngineDevice *device)
{
    g_auto(CfxJsonWriter) doc = { 0 };
    g_autofree char *key = g_strdup_printf("%" G_GINT64_FORMAT, device->asset);
    const CfxKey keys[] = { { "site", NULL, device->site->asset } };

    cfx_json_writer_init(&doc, NULL, 0);
    cfx_json_begin_object(&doc);
    cfx_json_member_int(&doc, "asset", device->asset);
    cfx_json_member_int(&doc, "slot_us", device->register_slot_us);
    cfx_json_member_real(&doc, "wh", device->register_wh);
    cfx_json_end_object(&doc);
    cfx_outbox_record(
        device->site->engine, CFX_REGISTER_COLLECTION, key, &doc, keys, G_N_ELEMENTS(keys));
}

void
cfx_register_read(CfxEngine *engine, JsonObject *object)
{
    CfxEngineDevice *device =
        cfx_engine_device(engine, json_object_get_int_member_with_default(object, "asset", 0));
    gint64 slot_us = json_object_get_int_member_with_default(object, "slot_us", 0);
    JsonNode *wh = json_object_get_member(object, "wh");

    /* what was reported since is newer */
    if (device == NULL || device->register_last_us != 0 || slot_us == 0 || wh == NULL ||
        !JSON_NODE_HOLDS_VALUE(wh))
        return;
    device->register_slot_us = device->register_at_us = device->register_last_us = slot_us;
    device->register_wh = device->register_last_wh = json_node_get_double(wh);
}
