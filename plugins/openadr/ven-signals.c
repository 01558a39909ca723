/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "ven-signals.h"

#include <math.h>
#include <string.h>

void
oadr_known_free(OadrKnown *self)
{
    if (self == NULL)
        return;
    oadr_event_free(self->event);
    g_free(self->raw);
    g_free(self->offsets);
    g_free(self);
}

void
oadr_rate_clear(OadrRate *self)
{
    g_clear_pointer(&self->date, g_free);
    g_clear_pointer(&self->source, g_free);
}

gboolean
oadr_rate_parse(const char *text, OadrRate *ret, GError **error)
{
    g_auto(GStrv) parts = g_strsplit(text, ":", 5);
    char *end = NULL;

    if (g_strv_length(parts) == 5 && strlen(parts[0]) == 3 && strlen(parts[1]) == 3 &&
        *parts[4] != '\0' && strlen(parts[3]) == 10) {
        double rate = g_ascii_strtod(parts[2], &end);

        if (end != parts[2] && *end == '\0' && rate > 0 && isfinite(rate)) {
            *ret = (OadrRate){ .rate = rate,
                               .date = g_strdup(parts[3]),
                               .source = g_strdup(parts[4]) };
            g_strlcpy(ret->from, parts[0], sizeof(ret->from));
            g_strlcpy(ret->to, parts[1], sizeof(ret->to));
            return TRUE;
        }
    }
    g_set_error(error,
                CFX_ERROR,
                CFX_ERROR_CONFIG,
                "rate \"%s\" is not FROM:TO:RATE:YYYY-MM-DD:SOURCE",
                text);
    return FALSE;
}

/* --- payloads to values ----------------------------------------------------------------------- */

static const struct {
    const char *type;
    OadrOutput output;
} types[] = {
    { "PRICE", OADR_PRICE },
    { "x-loadControlCapacity", OADR_LOAD_CONTROL },
    { "CONTROL_LEVEL_OFFSET_PERCENT", OADR_LOAD_CONTROL },
    { "SIMPLE", OADR_RESPONSE },
    { "IMPORT_CAPACITY_LIMIT", OADR_IMPORT_LIMIT },
};

static gboolean
is_for(const char *type, OadrOutput output)
{
    for (gsize i = 0; i < G_N_ELEMENTS(types); i++)
        if (types[i].output == output && strcmp(types[i].type, type) == 0)
            return TRUE;
    return FALSE;
}

typedef struct {
    const OadrRules *rules;
    GPtrArray *problems;
    const OadrKnown *known;
} Reading;

static void problem(const Reading *self, const char *format, ...) G_GNUC_PRINTF(2, 3);

static void
problem(const Reading *self, const char *format, ...)
{
    g_autofree char *what = NULL;
    g_autofree char *text = NULL;
    va_list arguments;

    if (self->problems == NULL)
        return;
    va_start(arguments, format);
    what = g_strdup_vprintf(format, arguments);
    va_end(arguments);
    text = g_strdup_printf(
        "event %s: %s", self->known->event->id != NULL ? self->known->event->id : "?", what);
    if (!g_ptr_array_find_with_equal_func(self->problems, text, g_str_equal, NULL))
        g_ptr_array_add(self->problems, g_steal_pointer(&text));
}

/* The event's own descriptor, else its program's. */
static const OadrDescriptor *
descriptor_of(const OadrKnown *known, const char *type)
{
    const OadrDescriptor *own = oadr_descriptor_find(known->event->descriptors, type);

    return own != NULL ? own : oadr_descriptor_find(known->descriptors, type);
}

/* What a published price is multiplied with; NAN: it cannot be used. */
static double
price_scale(const Reading *self)
{
    const OadrDescriptor *about = descriptor_of(self->known, "PRICE");
    const char *units = about != NULL && about->units != NULL ? about->units : "KWH";
    const char *currency =
        about != NULL && about->currency != NULL ? about->currency : self->rules->currency;
    double scale;

    if (strcmp(units, "KWH") == 0) {
        scale = 1000;
    } else if (strcmp(units, "MWH") == 0) {
        scale = 1;
    } else {
        problem(self, "a price per %s is not understood", units);
        return NAN;
    }
    if (strcmp(currency, self->rules->currency) == 0)
        return scale;
    for (guint i = 0; self->rules->rates != NULL && i < self->rules->rates->len; i++) {
        const OadrRate *rate = &g_array_index(self->rules->rates, OadrRate, i);

        if (strcmp(rate->from, currency) != 0 || strcmp(rate->to, self->rules->currency) != 0)
            continue;
        if (self->rules->used != NULL && !g_ptr_array_find(self->rules->used, rate, NULL))
            g_ptr_array_add(self->rules->used, (gpointer)rate);
        return scale * rate->rate;
    }
    problem(self,
            "its prices are in %s and there is no rate to %s: they are refused",
            currency,
            self->rules->currency);
    return NAN;
}

static double
limit_scale(const Reading *self)
{
    const OadrDescriptor *about = descriptor_of(self->known, "IMPORT_CAPACITY_LIMIT");

    if (about == NULL || about->units == NULL || strcmp(about->units, "KW") == 0)
        return 1000;
    problem(self, "a limit in %s is not understood", about->units);
    return NAN;
}

/* The scale of all values of a payload; NAN: they cannot be used. */
static double
scale_of(const Reading *self, OadrOutput output)
{
    if (output == OADR_PRICE)
        return price_scale(self);
    if (output == OADR_IMPORT_LIMIT)
        return limit_scale(self);
    return 1;
}

/* 0.55 × 100 is 55, not a hair above it */
static double
rounded(double value)
{
    return round(value * 1e9) / 1e9;
}

/* One value in the sensor's unit; NAN: it is nonsense, and no limit is made of nonsense. */
static double
value_of(const Reading *self, const char *type, double raw, double scale)
{
    if (!isfinite(raw))
        return NAN;
    if (strcmp(type, "x-loadControlCapacity") == 0)
        return rounded(CLAMP(raw * 100, 0, 100));
    if (strcmp(type, "CONTROL_LEVEL_OFFSET_PERCENT") == 0)
        return rounded(CLAMP(100 * (1 + self->rules->offset_sign * raw), 0, 100));
    if (strcmp(type, "SIMPLE") == 0)
        return raw >= 0 && raw <= 3 && raw == floor(raw) ? raw : NAN;
    if (strcmp(type, "IMPORT_CAPACITY_LIMIT") == 0 && raw < 0)
        return NAN;
    return raw * scale;
}

static void
add_segment(const Reading *self,
            GArray *segments,
            const OadrSpan *span,
            const OadrPayload *payload,
            double scale)
{
    const OadrEvent *event = self->known->event;

    for (guint i = 0; i < payload->n && segments->len < OADR_SEGMENTS_MAX; i++) {
        OadrSegment segment = { span->start_us,
                                span->end_us,
                                value_of(self, payload->type, payload->values[i], scale),
                                event->priority,
                                event->modified_us };

        if (isnan(segment.value)) {
            problem(self, "a value of %s is no value of that type", payload->type);
            continue;
        }
        /* several values divide the interval */
        if (payload->n > 1 && span->end_us == OADR_FOREVER) {
            problem(self, "several values in an endless interval");
            return;
        }
        if (payload->n > 1) {
            gint64 length_us = span->end_us - span->start_us;

            segment.start_us = span->start_us + (gint64)((double)length_us * i / payload->n);
            segment.end_us = span->start_us + (gint64)((double)length_us * (i + 1) / payload->n);
        }
        g_array_append_val(segments, segment);
    }
}

static void
add_event(const Reading *self, OadrOutput output, gint64 from_us, gint64 until_us, GArray *segments)
{
    const OadrKnown *known = self->known;
    g_autoptr(GArray) spans =
        oadr_event_spans(known->event, known->known_us, known->offsets, from_us, until_us);
    double scale = 0;

    if (spans->len == OADR_SPANS_MAX)
        problem(self, "it has too many intervals; the last ones are left out");
    for (guint i = 0; i < spans->len; i++) {
        const OadrSpan *span = &g_array_index(spans, OadrSpan, i);
        const GArray *payloads =
            g_array_index(known->event->intervals, OadrInterval, span->interval).payloads;

        for (guint j = 0; j < payloads->len; j++) {
            const OadrPayload *payload = &g_array_index(payloads, OadrPayload, j);

            if (!is_for(payload->type, output))
                continue;
            if (scale == 0)
                scale = scale_of(self, output);
            if (!isnan(scale))
                add_segment(self, segments, span, payload, scale);
        }
    }
}

GArray *
oadr_segments(const GPtrArray *known,
              OadrOutput output,
              const OadrRules *rules,
              gint64 from_us,
              gint64 until_us,
              GPtrArray *problems)
{
    GArray *segments = g_array_new(FALSE, FALSE, sizeof(OadrSegment));

    for (guint i = 0; i < known->len; i++) {
        Reading reading = { rules, problems, known->pdata[i] };

        add_event(&reading, output, from_us, until_us, segments);
        if (segments->len >= OADR_SEGMENTS_MAX) {
            problem(&reading, "there are too many intervals at once; the rest is left out");
            break;
        }
    }
    return segments;
}

/* --- grids ------------------------------------------------------------------------------------ */

gint64
oadr_output_step(OadrOutput output)
{
    return output == OADR_PRICE ? 15 * CFX_MINUTE : CFX_MINUTE;
}

gboolean
oadr_output_neutral(OadrOutput output, double *ret)
{
    *ret = output == OADR_LOAD_CONTROL ? 100 : 0;
    return output == OADR_LOAD_CONTROL || output == OADR_RESPONSE;
}

void
oadr_grid_init(OadrGrid *self, gint64 start_us, gint64 step_us, gsize n)
{
    self->start_us = start_us;
    self->step_us = step_us;
    self->n = n;
    self->value = g_new0(double, n + 1);
    self->state = g_new0(guint8, n + 1);
}

void
oadr_grid_clear(OadrGrid *self)
{
    g_clear_pointer(&self->value, g_free);
    g_clear_pointer(&self->state, g_free);
    self->n = 0;
}

void
oadr_grid_move(OadrGrid *self, gint64 start_us)
{
    gint64 by = (start_us - self->start_us) / self->step_us;
    gsize keep = by >= 0 && (gsize)by < self->n ? self->n - (gsize)by : 0;

    self->start_us = start_us;
    if (by == 0)
        return;
    if (keep > 0) {
        memmove(self->value, self->value + by, keep * sizeof(*self->value));
        memmove(self->state, self->state + by, keep);
    }
    memset(self->state + keep, OADR_NONE, self->n - keep);
}

void
oadr_grid_set(OadrGrid *self, gint64 us, double value)
{
    gint64 i = (us - self->start_us) / self->step_us;

    if (us < self->start_us || (gsize)i >= self->n)
        return;
    self->value[i] = value;
    self->state[i] = isnan(value) ? OADR_WITHDRAWN : OADR_VALUE;
}

/* Steps that a segment touches: [first, last). */
static void
steps_of(const OadrGrid *self, const OadrSegment *segment, gsize *ret_first, gsize *ret_last)
{
    gint64 end_us = self->start_us + (gint64)self->n * self->step_us;
    gint64 from_us = CLAMP(segment->start_us, self->start_us, end_us);
    gint64 to_us = CLAMP(segment->end_us, self->start_us, end_us);

    *ret_first = (gsize)((from_us - self->start_us) / self->step_us);
    *ret_last = (gsize)((to_us - self->start_us + self->step_us - 1) / self->step_us);
}

static void
fill_strictest(OadrGrid *self, OadrOutput output, const GArray *segments)
{
    double neutral;
    gboolean has_neutral = oadr_output_neutral(output, &neutral);

    for (guint i = 0; i < segments->len; i++) {
        const OadrSegment *segment = &g_array_index(segments, OadrSegment, i);
        gsize first, last;

        steps_of(self, segment, &first, &last);
        for (gsize j = first; j < last; j++) {
            gboolean is_first = self->state[j] == OADR_NONE;
            gboolean is_stricter = output == OADR_RESPONSE ? segment->value > self->value[j]
                                                           : segment->value < self->value[j];

            if (is_first || is_stricter)
                self->value[j] = segment->value;
            self->state[j] = OADR_VALUE;
        }
    }
    /* the end of a signal is told */
    for (gsize j = 1; has_neutral && j < self->n; j++) {
        if (self->state[j] != OADR_NONE || self->state[j - 1] != OADR_VALUE ||
            self->value[j - 1] == neutral)
            continue;
        self->value[j] = neutral;
        self->state[j] = OADR_VALUE;
    }
}

/* Whether @a goes before @b: the smaller priority, then the newer. */
static gboolean
is_before(const OadrSegment *a, const OadrSegment *b)
{
    if (a->priority != b->priority)
        return a->priority < b->priority;
    return a->modified_us >= b->modified_us;
}

static gint
by_start(gconstpointer a, gconstpointer b)
{
    gint64 one = ((const OadrSegment *)a)->start_us, other = ((const OadrSegment *)b)->start_us;

    return one < other ? -1 : one > other;
}

static gint
by_time(gconstpointer a, gconstpointer b)
{
    gint64 one = *(const gint64 *)a, other = *(const gint64 *)b;

    return one < other ? -1 : one > other;
}

typedef struct {
    double *sum;     /* value × time, a step */
    gint64 *covered; /* time, a step */
} Means;

static void
add_mean(const OadrGrid *self, Means *means, gint64 start_us, gint64 end_us, double value)
{
    OadrSegment segment = { start_us, end_us, value, 0, 0 };
    gsize first, last;

    steps_of(self, &segment, &first, &last);
    for (gsize i = first; i < last; i++) {
        gint64 from_us = MAX(start_us, self->start_us + (gint64)i * self->step_us);
        gint64 to_us = MIN(end_us, self->start_us + (gint64)(i + 1) * self->step_us);

        means->sum[i] += value * (double)(to_us - from_us);
        means->covered[i] += to_us - from_us;
    }
}

/* Walks from edge to edge; between two edges the best of the active segments holds. */
static void
sweep(const OadrGrid *self, GArray *segments, const GArray *edges, Means *means)
{
    g_autoptr(GPtrArray) active = g_ptr_array_new();
    guint next = 0;

    for (guint i = 0; i + 1 < edges->len; i++) {
        gint64 at_us = g_array_index(edges, gint64, i), to_us = g_array_index(edges, gint64, i + 1);
        const OadrSegment *best = NULL;

        while (next < segments->len && g_array_index(segments, OadrSegment, next).start_us <= at_us)
            g_ptr_array_add(active, &g_array_index(segments, OadrSegment, next++));
        for (guint j = 0; j < active->len;) {
            const OadrSegment *segment = active->pdata[j];

            if (segment->end_us <= at_us) {
                g_ptr_array_remove_index_fast(active, j);
                continue;
            }
            if (best == NULL || is_before(segment, best))
                best = segment;
            j++;
        }
        if (best != NULL && to_us > at_us)
            add_mean(self, means, at_us, to_us, best->value);
    }
}

static void
fill_price(OadrGrid *self, const GArray *from)
{
    g_autoptr(GArray) segments = g_array_sized_new(FALSE, FALSE, sizeof(OadrSegment), from->len);
    g_autoptr(GArray) edges = g_array_new(FALSE, FALSE, sizeof(gint64));
    g_autofree double *sum = g_new0(double, self->n + 1);
    g_autofree gint64 *covered = g_new0(gint64, self->n + 1);
    Means means = { sum, covered };
    gint64 end_us = self->start_us + (gint64)self->n * self->step_us;

    g_array_append_vals(segments, from->data, from->len);
    g_array_sort(segments, by_start);
    for (guint i = 0; i < segments->len; i++) {
        OadrSegment *segment = &g_array_index(segments, OadrSegment, i);

        segment->start_us = CLAMP(segment->start_us, self->start_us, end_us);
        segment->end_us = CLAMP(segment->end_us, self->start_us, end_us);
        g_array_append_val(edges, segment->start_us);
        g_array_append_val(edges, segment->end_us);
    }
    g_array_sort(edges, by_time);
    sweep(self, segments, edges, &means);
    for (gsize i = 0; i < self->n; i++) {
        if (covered[i] == 0)
            continue;
        self->state[i] = OADR_VALUE;
        self->value[i] = rounded(sum[i] / (double)covered[i]);
    }
}

void
oadr_grid_fill(OadrGrid *self, OadrOutput output, const GArray *segments)
{
    if (output == OADR_PRICE)
        fill_price(self, segments);
    else
        fill_strictest(self, output, segments);
}

GArray *
oadr_changes(OadrOutput output, const OadrGrid *wanted, const OadrGrid *written, gint64 now_us)
{
    GArray *changes = g_array_new(FALSE, FALSE, sizeof(OadrChange));
    gint64 present_us = cfx_time_floor(now_us, wanted->step_us);
    double neutral;
    gboolean has_neutral = oadr_output_neutral(output, &neutral);

    for (gsize i = 0; i < wanted->n; i++) {
        OadrChange change = { wanted->start_us + (gint64)i * wanted->step_us, wanted->value[i] };
        gboolean is_past = change.start_us < present_us;

        if (is_past) {
            if (output != OADR_PRICE || wanted->state[i] != OADR_VALUE ||
                written->state[i] != OADR_NONE)
                continue;
        } else if (wanted->state[i] == OADR_VALUE) {
            if (written->state[i] == OADR_VALUE && written->value[i] == wanted->value[i])
                continue;
        } else {
            if (written->state[i] != OADR_VALUE)
                continue;
            if (has_neutral && written->value[i] == neutral)
                continue;
            change.value = has_neutral ? neutral : NAN;
        }
        g_array_append_val(changes, change);
    }
    return changes;
}
