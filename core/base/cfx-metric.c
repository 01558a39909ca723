/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "cfx-metric.h"

#include <math.h>
#include <string.h>

/* metrics of one name share type and help; each set of labels is a CfxMetric */
typedef struct {
    char *name, *help;
    guint32 type;
    GPtrArray *metrics; /* (element-type CfxMetric) */
} Family;

struct _CfxMetric {
    Family *family;
    char *labels; /* `{a="b"}` or "" */
    guint64 bits; /* a double, changed by compare and swap */
};

static GMutex lock;
static GHashTable *families; /* name → Family; never freed, as metrics are held everywhere */
static GPtrArray *order;     /* (element-type Family) */

static gboolean
name_is_valid(const char *name)
{
    if (!g_ascii_isalpha(name[0]) && name[0] != '_')
        return FALSE;
    for (const char *c = name; *c != '\0'; c++) {
        if (!g_ascii_isalnum(*c) && *c != '_' && *c != ':')
            return FALSE;
    }
    return TRUE;
}

static void
append_escaped(GString *to, const char *text, gboolean is_label)
{
    for (const char *c = text; *c != '\0'; c++) {
        if (*c == '\\')
            g_string_append(to, "\\\\");
        else if (*c == '\n')
            g_string_append(to, "\\n");
        else if (*c == '"' && is_label)
            g_string_append(to, "\\\"");
        else
            g_string_append_c(to, *c);
    }
}

static char *
labels_text(const CfxPair *labels)
{
    GString *text = g_string_new(NULL);
    for (; labels != NULL && labels->name != NULL; labels++) {
        g_string_append_printf(text, "%s%s=\"", text->len == 0 ? "{" : ",", labels->name);
        append_escaped(text, labels->value != NULL ? labels->value : "", TRUE);
        g_string_append_c(text, '"');
    }
    if (text->len > 0)
        g_string_append_c(text, '}');
    return g_string_free(text, FALSE);
}

static Family *
family_get(guint32 type, const char *name, const char *help)
{
    if (families == NULL) {
        families = g_hash_table_new(g_str_hash, g_str_equal);
        order = g_ptr_array_new();
    }
    Family *family = g_hash_table_lookup(families, name);
    if (family == NULL) {
        family = g_new0(Family, 1);
        family->name = g_strdup(name);
        family->help = g_strdup(help != NULL ? help : "");
        family->type = type;
        family->metrics = g_ptr_array_new();
        g_hash_table_insert(families, family->name, family);
        g_ptr_array_add(order, family);
    }
    return family->type == type ? family : NULL;
}

CfxMetric *
cfx_metric_get(guint32 type, const char *name, const char *help, const CfxPair *labels)
{
    if (name == NULL || !name_is_valid(name))
        return NULL;
    for (const CfxPair *label = labels; label != NULL && label->name != NULL; label++) {
        if (!name_is_valid(label->name) || strchr(label->name, ':') != NULL)
            return NULL;
    }
    g_autofree char *text = labels_text(labels);
    g_autoptr(GMutexLocker) locker G_GNUC_UNUSED = g_mutex_locker_new(&lock);
    Family *family = family_get(type, name, help);
    if (family == NULL)
        return NULL;
    for (guint i = 0; i < family->metrics->len; i++) {
        CfxMetric *metric = g_ptr_array_index(family->metrics, i);
        if (strcmp(metric->labels, text) == 0)
            return metric;
    }
    CfxMetric *metric = g_new0(CfxMetric, 1);
    metric->family = family;
    metric->labels = g_steal_pointer(&text);
    g_ptr_array_add(family->metrics, metric);
    return metric;
}

void
cfx_metric_add(CfxMetric *metric, double value)
{
    if (metric == NULL)
        return;
    guint64 old = __atomic_load_n(&metric->bits, __ATOMIC_RELAXED), fresh;
    do {
        double sum;
        memcpy(&sum, &old, sizeof sum);
        sum = metric->family->type == CFX_METRIC_GAUGE ? value : sum + value;
        memcpy(&fresh, &sum, sizeof fresh);
    } while (!__atomic_compare_exchange_n(
        &metric->bits, &old, fresh, TRUE, __ATOMIC_RELAXED, __ATOMIC_RELAXED));
}

double
cfx_metric_value(const CfxMetric *metric)
{
    guint64 bits = __atomic_load_n(&metric->bits, __ATOMIC_RELAXED);
    double value;
    memcpy(&value, &bits, sizeof value);
    return value;
}

static void
append_value(GString *to, double value)
{
    char buffer[G_ASCII_DTOSTR_BUF_SIZE];
    if (isnan(value))
        g_string_append(to, "NaN");
    else if (isinf(value))
        g_string_append(to, value > 0 ? "+Inf" : "-Inf");
    else
        g_string_append(to, g_ascii_formatd(buffer, sizeof buffer, "%.15g", value));
}

char *
cfx_metric_text(void)
{
    GString *text = g_string_new(NULL);
    g_autoptr(GMutexLocker) locker G_GNUC_UNUSED = g_mutex_locker_new(&lock);
    for (guint i = 0; order != NULL && i < order->len; i++) {
        const Family *family = g_ptr_array_index(order, i);
        g_string_append_printf(text, "# HELP %s ", family->name);
        append_escaped(text, family->help, FALSE);
        g_string_append_printf(text,
                               "\n# TYPE %s %s\n",
                               family->name,
                               family->type == CFX_METRIC_GAUGE ? "gauge" : "counter");
        for (guint j = 0; j < family->metrics->len; j++) {
            const CfxMetric *metric = g_ptr_array_index(family->metrics, j);
            g_string_append_printf(text, "%s%s ", family->name, metric->labels);
            append_value(text, cfx_metric_value(metric));
            g_string_append_c(text, '\n');
        }
    }
    return g_string_free(text, FALSE);
}
