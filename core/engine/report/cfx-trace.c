/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "report/cfx-trace.h"

#include "cfx-outbox.h"

/* newest samples of each link; older ones give way */
#define SAMPLES 8192

struct _CfxTraces {
    gint64 *us[CFX_N_LINKS];
    guint64 n[CFX_N_LINKS];
};

static const char *const names[CFX_N_LINKS] = { "event_to_profile",
                                                "received_to_stored",
                                                "stored_to_solved",
                                                "solved_to_wire",
                                                "wire_to_accepted" };

CfxTraces *
cfx_traces_new(void)
{
    CfxTraces *self = g_new0(CfxTraces, 1);

    for (int i = 0; i < CFX_N_LINKS; i++)
        self->us[i] = g_new0(gint64, SAMPLES);
    return self;
}

void
cfx_traces_free(CfxTraces *self)
{
    for (int i = 0; i < CFX_N_LINKS; i++)
        g_free(self->us[i]);
    g_free(self);
}

const char *
cfx_link_name(CfxLink link)
{
    return names[link];
}

void
cfx_traces_add(CfxTraces *self, CfxLink link, gint64 us)
{
    self->us[link][self->n[link]++ % SAMPLES] = MAX(us, 0);
}

guint64
cfx_traces_count(const CfxTraces *self, CfxLink link)
{
    return self->n[link];
}

static int
compare(gconstpointer a, gconstpointer b)
{
    gint64 x = *(const gint64 *)a, y = *(const gint64 *)b;

    return x < y ? -1 : x > y;
}

double
cfx_traces_quantile(CfxTraces *self, CfxLink link, double share)
{
    gsize n = (gsize)MIN(self->n[link], (guint64)SAMPLES);
    if (n == 0)
        return NAN;

    g_autofree gint64 *sorted = g_memdup2(self->us[link], n * sizeof(gint64));
    qsort(sorted, n, sizeof *sorted, compare);
    /* the smallest sample that at least that share does not exceed */
    gsize rank = (gsize)ceil(share * (double)n);
    return (double)sorted[rank > 0 ? rank - 1 : 0] / 1000;
}

void
cfx_trace_plan(CfxEngine *engine, const CfxCause *cause, gint64 solved_us)
{
    gint64 from_us = cause->stored_us != 0 ? cause->stored_us : cause->received_us;

    if (cause->stored_us != 0 && cause->received_us != 0)
        cfx_traces_add(
            engine->traces, CFX_LINK_RECEIVED_TO_STORED, cause->stored_us - cause->received_us);
    if (from_us != 0)
        cfx_traces_add(engine->traces, CFX_LINK_STORED_TO_SOLVED, solved_us - from_us);
}

void
cfx_trace_wire(CfxEngine *engine, const CfxCause *cause, gint64 solved_us, gint64 sent_us)
{
    if (solved_us != 0)
        cfx_traces_add(engine->traces, CFX_LINK_SOLVED_TO_WIRE, sent_us - solved_us);
    if (cause->is_event && cause->received_us != 0)
        cfx_traces_add(engine->traces, CFX_LINK_EVENT_TO_PROFILE, sent_us - cause->received_us);
}

static void
ms(CfxJsonWriter *doc, const char *name, gint64 from_us, gint64 to_us)
{
    cfx_json_member_real(
        doc, name, from_us != 0 && to_us != 0 ? (double)(to_us - from_us) / 1000 : NAN);
}

void
cfx_trace_accepted(CfxEngine *engine,
                   const CfxCause *cause,
                   gint64 asset,
                   gint64 version,
                   gint64 sent_us,
                   gint64 answered_us)
{
    CfxJsonWriter doc;

    cfx_traces_add(engine->traces, CFX_LINK_WIRE_TO_ACCEPTED, answered_us - sent_us);
    cfx_json_writer_init(&doc, NULL, 0);
    cfx_json_begin_object(&doc);
    cfx_json_member_int(&doc, "trace", cause->trace);
    cfx_json_member_text(&doc, "cause", cause->cause);
    cfx_json_member_int(&doc, "version", version);
    ms(&doc, "received_to_stored_ms", cause->received_us, cause->stored_us);
    ms(&doc, "received_to_wire_ms", cause->received_us, sent_us);
    ms(&doc, "wire_to_accepted_ms", sent_us, answered_us);
    cfx_json_end_object(&doc);
    cfx_outbox_notice(engine, "cfx.trace", asset, &doc);
    cfx_json_writer_clear(&doc);
}
