/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "flexmeasures-body.h"

#include <math.h>
#include <string.h>

#include <kit/cfx-json.h>
#include <kit/cfx-time.h>

void
fm_body_clear(FmBody *self)
{
    g_clear_pointer(&self->values, g_free);
    g_clear_pointer(&self->unit, g_free);
}

gboolean
fm_duration_parse(const char *text, gsize size, gint64 *ret_us, const char **ret_problem)
{
    gboolean is_negative = size > 0 && text[0] == '-';
    gint64 us = 0;

    if (!cfx_duration_parse_us(text + is_negative, (gssize)size - is_negative, &us) ||
        (size > (gsize)is_negative && text[is_negative] != 'P')) {
        *ret_problem = "Not a valid duration.";
        return FALSE;
    }
    if (us % CFX_TIME_MINUTE != 0) {
        *ret_problem = "FlexMeasures only support multiples of 1 minute.";
        return FALSE;
    }
    *ret_us = is_negative ? -us : us;
    return TRUE;
}

gboolean
fm_time_parse(const char *text, gsize size, gint64 *ret_us, gint64 *ret_offset_us)
{
    gboolean has_offset = FALSE;
    gint64 us = 0, bare_us = 0;

    if (!cfx_time_parse_local(text, (gssize)size, &us, &has_offset) || !has_offset)
        return FALSE;
    *ret_us = us;
    if (ret_offset_us != NULL) {
        /* the offset is what lies between the wall clock that was written and UTC */
        const char *at = size > 19 ? g_strrstr_len(text + 19, (gssize)size - 19, "+") : NULL;
        const char *minus = size > 19 ? g_strrstr_len(text + 19, (gssize)size - 19, "-") : NULL;
        gsize length =
            at != NULL ? (gsize)(at - text) : (minus != NULL ? (gsize)(minus - text) : size);
        *ret_offset_us = 0;
        if (length < size && cfx_time_parse_local(text, (gssize)length, &bare_us, &has_offset))
            *ret_offset_us = bare_us - us;
    }
    return TRUE;
}

typedef struct {
    FmBody *body;
    gboolean has_start, has_duration, has_values, has_unit;
    const char *field;
    char *message;
} Reading;

static gboolean
wrong(Reading *reading, const char *field, const char *message)
{
    if (reading->message == NULL) {
        reading->field = field;
        reading->message = g_strdup(message);
    }
    return FALSE;
}

static gboolean
read_time(Reading *reading, CfxJsonReader *json, const char *field, gint64 *ret_us)
{
    CfxJsonText text;

    if (cfx_json_peek(json) != CFX_JSON_KIND_TEXT || !cfx_json_read_text(json, &text) ||
        !fm_time_parse(text.text, text.size, ret_us, NULL))
        return wrong(reading, field, "Not a valid aware datetime.");
    return TRUE;
}

static gboolean
read_duration(Reading *reading, CfxJsonReader *json, const char *field, gint64 *ret_us)
{
    CfxJsonText text;
    const char *problem = "Not a valid duration.";

    if (cfx_json_peek(json) != CFX_JSON_KIND_TEXT || !cfx_json_read_text(json, &text) ||
        !fm_duration_parse(text.text, text.size, ret_us, &problem))
        return wrong(reading, field, problem);
    return TRUE;
}

static gboolean
read_value(Reading *reading, CfxJsonReader *json, double *ret)
{
    CfxJsonKind kind = cfx_json_peek(json);

    *ret = NAN;
    if (kind == CFX_JSON_KIND_NULL)
        return cfx_json_read_null(json);
    if (kind != CFX_JSON_KIND_NUMBER || !cfx_json_read_real(json, ret) || !isfinite(*ret))
        return wrong(reading, "values", "Not a valid number.");
    return TRUE;
}

static gboolean
read_values(Reading *reading, CfxJsonReader *json)
{
    FmBody *body = reading->body;

    if (cfx_json_peek(json) != CFX_JSON_KIND_ARRAY) {
        body->values = g_new(double, 1);
        body->n_values = 1;
        return read_value(reading, json, body->values);
    }
    body->is_list = TRUE;
    if (!cfx_json_enter_array(json))
        return FALSE;
    g_autoptr(GArray) values = g_array_new(FALSE, FALSE, sizeof(double));
    while (cfx_json_next_element(json)) {
        double value;
        if (!read_value(reading, json, &value))
            return FALSE;
        if (values->len >= FM_BODY_VALUES_MAX)
            return wrong(reading, "values", "Longer than maximum length 600000.");
        g_array_append_val(values, value);
    }
    if (values->len == 0)
        return wrong(reading, "values", "Shorter than minimum length 1.");
    body->values = g_array_steal(values, &body->n_values);
    return TRUE;
}

static gboolean
read_type(Reading *reading, CfxJsonReader *json)
{
    static const char *const known[] = { "PostSensorDataRequest",  "PostMeterDataRequest",
                                         "PostPrognosisRequest",   "PostPriceDataRequest",
                                         "PostWeatherDataRequest", NULL };
    CfxJsonText text;

    if (cfx_json_peek(json) == CFX_JSON_KIND_TEXT && cfx_json_read_text(json, &text)) {
        g_autofree char *type = g_strndup(text.text, text.size);
        if (g_strv_contains(known, type))
            return TRUE;
    }
    return wrong(reading, "type", "Must be a type of request to post sensor data.");
}

static gboolean
read_member(Reading *reading, CfxJsonReader *json, const CfxJsonText *name)
{
    FmBody *body = reading->body;
    g_autofree char *member = g_strndup(name->text, name->size);

    if (strcmp(member, "start") == 0)
        return reading->has_start = read_time(reading, json, "start", &body->start_us);
    if (strcmp(member, "duration") == 0)
        return reading->has_duration = read_duration(reading, json, "duration", &body->duration_us);
    if (strcmp(member, "values") == 0) {
        if (reading->has_values)
            return wrong(reading, "values", "Given twice.");
        return reading->has_values = read_values(reading, json);
    }
    if (strcmp(member, "prior") == 0)
        return body->has_prior = read_time(reading, json, "prior", &body->prior_us);
    if (strcmp(member, "horizon") == 0)
        return body->has_horizon = read_duration(reading, json, "horizon", &body->horizon_us);
    if (strcmp(member, "type") == 0)
        return read_type(reading, json);
    if (strcmp(member, "unit") == 0) {
        CfxJsonText text;
        if (cfx_json_peek(json) != CFX_JSON_KIND_TEXT || !cfx_json_read_text(json, &text))
            return wrong(reading, "unit", "Not a valid string.");
        g_free(body->unit);
        body->unit = g_strndup(text.text, text.size);
        return reading->has_unit = TRUE;
    }
    return wrong(reading, "_schema", "Unknown field.");
}

static gboolean
read_body(Reading *reading, CfxJsonReader *json)
{
    CfxJsonText name;

    if (cfx_json_peek(json) != CFX_JSON_KIND_OBJECT || !cfx_json_enter_object(json))
        return FALSE;
    while (cfx_json_next_member(json, &name)) {
        if (!read_member(reading, json, &name))
            return FALSE;
    }
    if (!cfx_json_finish(json))
        return FALSE;
    if (!reading->has_start)
        return wrong(reading, "start", "Missing data for required field.");
    if (!reading->has_duration)
        return wrong(reading, "duration", "Missing data for required field.");
    if (!reading->has_values)
        return wrong(reading, "values", "Missing data for required field.");
    if (!reading->has_unit)
        return wrong(reading, "unit", "Missing data for required field.");
    if (reading->body->duration_us < 0)
        return wrong(reading, "duration", "Must not be negative.");
    return TRUE;
}

gboolean
fm_body_parse(char *text, gsize size, FmBody *ret, const char **ret_field, char **ret_message)
{
    Reading reading = { .body = ret };
    CfxJsonReader json;

    memset(ret, 0, sizeof *ret);
    cfx_json_reader_init(&json, text, size, 8, CFX_JSON_READ_STRICT);
    if (read_body(&reading, &json)) {
        *ret_field = NULL;
        *ret_message = NULL;
        return TRUE;
    }
    *ret_field = reading.field;
    *ret_message = reading.message != NULL
                       ? reading.message
                       : g_strdup_printf("%s%s%s (about byte %" G_GSIZE_FORMAT ")",
                                         json.error.path,
                                         json.error.path[0] != '\0' ? ": " : "",
                                         json.error.message[0] != '\0' ? json.error.message
                                                                       : "not a JSON object",
                                         json.error.offset);
    fm_body_clear(ret);
    return FALSE;
}
