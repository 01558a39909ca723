/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "report/cfx-trace.h"

#include "cfx-outbox.h"

static const char *const names[CFX_N_LINKS] = { "event_to_profile",
                                                "received_to_stored",
                                                "stored_to_solved",
                                                "solved_to_wire",
                                                "wire_to_accepted" };

const char *
cfx_link_name(CfxLink link)
{
    return names[link];
}

static int
compare(gconstpointer a, gconstpointer b)
{
    double x = *(const double *)a, y = *(const double *)b;

    return x < y ? -1 : x > y;
}

double
cfx_link_quantile(GArray *ms, double share)
{
    if (ms->len == 0)
        return NAN;

    g_array_sort(ms, compare);
    /* the smallest sample that at least that share does not exceed */
    guint rank = (guint)ceil(share * ms->len);
    return g_array_index(ms, double, rank > 0 ? rank - 1 : 0);
}

static void
put_ms(CfxJsonWriter *doc, const char *name, gint64 from_us, gint64 to_us)
{
    cfx_json_member_real(
        doc, name, from_us != 0 && to_us != 0 ? (double)(to_us - from_us) / 1000 : NAN);
}

void
cfx_trace_accepted(const CfxEngineDevice *device,
                   gint64 version,
                   gint64 sent_us,
                   gint64 answered_us)
{
    const CfxSite *site = device->site;
    const CfxCause *cause = &device->sent_cause;
    CfxJsonWriter doc;

    cfx_json_writer_init(&doc, NULL, 0);
    cfx_json_begin_object(&doc);
    cfx_json_member_text(&doc, "site", site->name);
    cfx_json_member_int(&doc, "site_id", site->asset);
    cfx_json_member_text(&doc, "station", device->label);
    cfx_json_member_int(&doc, "trace", cause->trace);
    cfx_json_member_text(&doc, "cause", cause->cause);
    cfx_json_member_bool(&doc, "event", cause->is_event);
    cfx_json_member_int(&doc, "version", version);
    put_ms(&doc, "received_to_stored_ms", cause->received_us, cause->stored_us);
    put_ms(&doc, "received_to_wire_ms", cause->received_us, sent_us);
    put_ms(&doc, "solved_to_wire_ms", device->sent_solved_us, sent_us);
    put_ms(&doc, "wire_to_accepted_ms", sent_us, answered_us);
    cfx_json_end_object(&doc);
    cfx_outbox_notice(site->engine, "cfx.trace", device->asset, &doc);
    cfx_json_writer_clear(&doc);
}
