/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "flexmeasures-query.h"

#include <string.h>

#include <cariflex/cfx-types.h>

#include "flexmeasures-body.h"

#define MISSING "Missing data for required field."

void
fm_query_clear(FmQuery *self)
{
    g_clear_pointer(&self->unit, g_free);
}

static gboolean
wrong(const char **ret_field, const char **ret_problem, const char *field, const char *problem)
{
    *ret_field = field;
    *ret_problem = problem;
    return FALSE;
}

static gboolean
read_id(const char *text, gint64 *ret)
{
    return g_ascii_string_to_signed(text, 10, 1, G_MAXINT64, ret, NULL);
}

static guint32
type_of(const char *name)
{
    static const struct {
        const char *name;
        guint32 type;
    } types[] = {
        { "gateway", CFX_SOURCE_GATEWAY },       { "scheduler", CFX_SOURCE_SCHEDULER },
        { "forecaster", CFX_SOURCE_FORECASTER }, { "user", CFX_SOURCE_USER },
        { "signal", CFX_SOURCE_SIGNAL },         { "market", CFX_SOURCE_SIGNAL },
        { "reporter", CFX_SOURCE_REPORTER },
    };

    for (gsize i = 0; i < G_N_ELEMENTS(types); i++) {
        if (strcmp(types[i].name, name) == 0)
            return types[i].type;
    }
    return 0;
}

/* Reads one parameter; FALSE with a problem. Unknown names are passed over, as FlexMeasures does.
 */
static gboolean
read_parameter(FmQuery *self,
               const char *name,
               const char *value,
               const char **ret_field,
               const char **ret_problem)
{
    const char *problem = "Not a valid duration.";
    gsize size = strlen(value);

    if (strcmp(name, "start") == 0 &&
        !fm_time_parse(value, size, &self->start_us, &self->offset_us))
        return wrong(ret_field, ret_problem, "start", "Not a valid aware datetime.");
    if (strcmp(name, "prior") == 0) {
        if (!fm_time_parse(value, size, &self->prior_us, NULL))
            return wrong(ret_field, ret_problem, "prior", "Not a valid aware datetime.");
        self->has_prior = TRUE;
    }
    if (strcmp(name, "duration") == 0 &&
        (!fm_duration_parse(value, size, &self->duration_us, &problem) || self->duration_us <= 0))
        return wrong(ret_field, ret_problem, "duration", problem);
    if (strcmp(name, "resolution") == 0 &&
        (!fm_duration_parse(value, size, &self->resolution_us, &problem) ||
         self->resolution_us <= 0))
        return wrong(ret_field, ret_problem, "resolution", problem);
    if (strcmp(name, "horizon") == 0) {
        if (!fm_duration_parse(value, size, &self->horizon_us, &problem))
            return wrong(ret_field, ret_problem, "horizon", problem);
        self->has_horizon = TRUE;
    }
    if (strcmp(name, "unit") == 0) {
        g_free(self->unit);
        self->unit = g_strdup(value);
    }
    if (strcmp(name, "source") == 0 && !read_id(value, &self->source))
        return wrong(ret_field, ret_problem, "source", "Not a valid integer.");
    if (strcmp(name, "source-account") == 0 && !read_id(value, &self->source_account))
        return wrong(ret_field, ret_problem, "source-account", "Not a valid integer.");
    if (strcmp(name, "source-type") == 0 && (self->source_types = type_of(value)) == 0)
        return wrong(ret_field, ret_problem, "source-type", "No data of that source type.");
    return TRUE;
}

gboolean
fm_query_parse(const char *query, FmQuery *ret, const char **ret_field, const char **ret_problem)
{
    g_auto(GStrv) parts = g_strsplit(query != NULL ? query : "", "&", 32);
    gboolean has_start = FALSE;

    memset(ret, 0, sizeof *ret);
    for (char **part = parts; *part != NULL; part++) {
        char *equals = strchr(*part, '=');
        if (equals == NULL)
            continue;
        *equals = '\0';
        for (char *at = equals + 1; *at != '\0'; at++)
            *at = *at == '+' ? ' ' : *at;
        g_autofree char *value = g_uri_unescape_string(equals + 1, NULL);
        if (value == NULL)
            return wrong(ret_field, ret_problem, "_schema", "The query is not percent-encoded.");
        has_start |= strcmp(*part, "start") == 0;
        /* a plus sign that was not encoded stands where an offset begins */
        if (strcmp(*part, "start") == 0 || strcmp(*part, "prior") == 0) {
            char *space = strrchr(value, ' ');
            if (space != NULL && space - value >= 16)
                *space = '+';
        }
        if (!read_parameter(ret, *part, value, ret_field, ret_problem)) {
            fm_query_clear(ret);
            return FALSE;
        }
    }
    if (!has_start)
        return wrong(ret_field, ret_problem, "start", MISSING);
    if (ret->duration_us == 0)
        return wrong(ret_field, ret_problem, "duration", MISSING);
    if (ret->unit == NULL)
        return wrong(ret_field, ret_problem, "unit", MISSING);
    return TRUE;
}
