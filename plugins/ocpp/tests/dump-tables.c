/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Prints every message table as JSON, for compare-schemas.py. */
#include "ocpp-messages.h"

#include <math.h>

static void dump_table(CfxJsonWriter *to, const CfxJsonTable *table);

static void
dump_bounds(CfxJsonWriter *to, const CfxJsonField *field)
{
    if (field->type == CFX_JSON_TYPE_TEXT && field->max > 0)
        cfx_json_member_real(to, "maxLength", field->max);
    if (field->type != CFX_JSON_TYPE_TEXT && field->min < field->max) {
        cfx_json_member_real(to, "minimum", field->min);
        if (field->max < G_MAXDOUBLE)
            cfx_json_member_real(to, "maximum", field->max);
    }
    if (field->min_items > 0)
        cfx_json_member_int(to, "minItems", field->min_items);
    if (field->max_items > 0)
        cfx_json_member_int(to, "maxItems", field->max_items);
}

static void
dump_field(CfxJsonWriter *to, const CfxJsonField *field)
{
    static const char *const types[] = { "boolean", "integer", "number", "string", "time",
                                         "enum",    "object",  "any",    "object" };

    cfx_json_begin_object(to);
    cfx_json_member_text(to, "name", field->name);
    cfx_json_member_text(to, "type", types[field->type]);
    cfx_json_member_bool(to, "required", (field->flags & CFX_JSON_REQUIRED) != 0);
    cfx_json_member_bool(to, "array", (field->flags & CFX_JSON_ARRAY) != 0);
    dump_bounds(to, field);
    if (field->words != NULL) {
        cfx_json_name(to, "enum");
        cfx_json_begin_array(to);
        for (gsize i = 0; field->words[i] != NULL; i++)
            cfx_json_text(to, field->words[i]);
        cfx_json_end_array(to);
    }
    if (field->table != NULL) {
        cfx_json_name(to, "object");
        dump_table(to, field->table);
    }
    cfx_json_end_object(to);
}

static void
dump_table(CfxJsonWriter *to, const CfxJsonTable *table)
{
    cfx_json_begin_object(to);
    cfx_json_member_bool(to, "open", (table->flags & CFX_JSON_OPEN) != 0);
    cfx_json_name(to, "fields");
    cfx_json_begin_array(to);
    for (guint i = 0; i < table->n_fields; i++)
        dump_field(to, &table->fields[i]);
    cfx_json_end_array(to);
    cfx_json_end_object(to);
}

int
main(void)
{
    g_auto(CfxJsonWriter) out = { 0 };

    cfx_json_writer_init(&out, NULL, 0);
    cfx_json_begin_object(&out);
    for (gsize i = 0; ocpp_action_lists[i] != NULL; i++) {
        for (const OcppAction *action = ocpp_action_lists[i]; action->action != NULL; action++) {
            cfx_json_name(&out, action->action);
            cfx_json_begin_object(&out);
            cfx_json_name(&out, "Request");
            dump_table(&out, action->request);
            cfx_json_name(&out, "Response");
            dump_table(&out, action->answer);
            cfx_json_end_object(&out);
        }
    }
    cfx_json_end_object(&out);
    g_print("%s\n", cfx_json_writer_end(&out));
    return 0;
}
