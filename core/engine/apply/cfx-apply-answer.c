/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What became of a slice: what the device may draw now, stored, so that it survives a restart. */
#include "apply/cfx-apply.h"

#include "cfx-outbox.h"
#include "plan/cfx-trigger.h"
#include "report/cfx-story.h"
#include "report/cfx-trace.h"

#define SAME_W 1.0
/* an acceptance that is so much lower than asked narrows the device's bounds */
#define CLAMP_SHARE 0.95

void
cfx_apply_set_allowed(CfxEngineDevice *device, CfxInts at_us, CfxReals w, gsize n)
{
    gint64 last_us = CFX_TIME_MIN;

    cfx_curve_reset(&device->allowed);
    for (gsize i = 0; i < n; i++) {
        gint64 us = cfx_int_at(at_us, i);
        double power_w = cfx_real_at(w, i);
        if (i > 0 && us <= last_us) {
            /* no order, no meaning: it counts with its rating */
            cfx_curve_reset(&device->allowed);
            return;
        }
        /* what is no number permits anything; what is negative permits to give, not to draw */
        cfx_curve_append(&device->allowed, us, isnan(power_w) ? INFINITY : MAX(power_w, 0));
        last_us = us;
    }
}

void
cfx_apply_write_allowed(CfxEngineDevice *device)
{
    gint64 now_us = cfx_now_site(device->site->engine->host);
    g_auto(CfxJsonWriter) doc = { 0 };
    g_auto(CfxCurve) counted = CFX_CURVE_INIT;

    /* an answer that is still out counts after a restart, too */
    if (device->has_allowed)
        cfx_apply_counted(device, now_us, &counted);
    if (device->written_known == (device->has_allowed ? 1 : 0) &&
        device->written_refused == device->is_refused &&
        device->written_state == device->applied_state &&
        device->written_version == device->applied_version &&
        cfx_apply_same(&counted, &device->written_allowed, now_us, SAME_W))
        return;

    cfx_curve_copy(&device->written_allowed, &counted);
    device->written_known = device->has_allowed ? 1 : 0;
    device->written_refused = device->is_refused;
    device->written_state = device->applied_state;
    device->written_version = device->applied_version;
    g_autofree char *key = g_strdup_printf("%" G_GINT64_FORMAT, device->asset);
    const CfxKey keys[] = { { "site", NULL, device->site->asset } };

    cfx_json_writer_init(&doc, NULL, 0);
    cfx_json_begin_object(&doc);
    cfx_json_member_int(&doc, "asset", device->asset);
    cfx_json_member_int(&doc, "epoch", device->site->epoch);
    cfx_json_member_int(&doc, "version", device->applied_version);
    cfx_json_member_int(&doc, "state", device->applied_state);
    cfx_json_member_bool(&doc, "known", device->has_allowed);
    cfx_json_member_bool(&doc, "refused", device->is_refused);
    cfx_json_member_real(&doc, "fail_safe_w", device->fail_safe_accepted_w);
    cfx_json_member_text(&doc, "words", device->words);
    cfx_json_name(&doc, "at_us");
    cfx_json_begin_array(&doc);
    for (gsize i = 0; i < counted.n; i++)
        cfx_json_int(&doc, counted.at_us[i]);
    cfx_json_end_array(&doc);
    cfx_json_name(&doc, "w");
    cfx_json_begin_array(&doc);
    for (gsize i = 0; i < counted.n; i++)
        cfx_json_real(&doc, counted.w[i]); /* null: its rating */
    cfx_json_end_array(&doc);
    cfx_json_end_object(&doc);
    cfx_outbox_record(device->site->engine, CFX_ALLOWED_COLLECTION, key, &doc, keys, 1);
}

static void
count_latencies(CfxEngineDevice *device, const CfxApplied *applied)
{
    if (applied->version != device->sent_version || device->sent_cause.trace == 0)
        return;
    if (applied->answered_real_us != 0 && applied->sent_real_us != 0 && !device->answer_counted) {
        device->answer_counted = TRUE;
        cfx_trace_accepted(
            device, applied->version, applied->sent_real_us, applied->answered_real_us);
    }
}

/* the most that a device took of what it was sent; narrows its bounds for this session */
static void
note_clamp(CfxEngineDevice *device)
{
    gint64 now_us = cfx_now_site(device->site->engine->host);
    double asked_w = 0, got_w = 0;

    for (gint64 us = now_us; us < now_us + CFX_DAY; us += CFX_SLOT) {
        asked_w = fmax(asked_w, cfx_curve_at(&device->sent, us));
        got_w = fmax(got_w, cfx_apply_car_w(device, us));
    }
    if (device->session != NULL && got_w < CLAMP_SHARE * asked_w && !(device->clamp_w <= got_w)) {
        device->clamp_w = got_w;
        cfx_trigger_need(device, "clamped");
    }
}

void
cfx_apply_answer(CfxEngineDevice *device, const CfxApplied *applied)
{
    CfxSite *site = device->site;
    gboolean had_allowed = device->has_allowed;
    gboolean is_of_epoch = applied->epoch == site->epoch || applied->version == 0;
    gboolean is_newest = device->is_sent && is_of_epoch && applied->version == device->sent_version;

    if (!is_of_epoch)
        return;
    cfx_apply_set_allowed(device, applied->allowed_us, applied->allowed_w, applied->n_allowed);
    device->has_allowed = device->allowed.n > 0;
    device->applied_state = applied->state;
    device->applied_version = applied->version;
    device->words = applied->words;
    if (!isnan(applied->fail_safe_w))
        device->fail_safe_accepted_w = applied->fail_safe_w;
    count_latencies(device, applied);

    if (applied->state == CFX_APPLIED_REFUSED && !device->is_refused) {
        device->is_refused = TRUE;
        cfx_story_refused(device);
        cfx_trigger_need(device, "refused");
    } else if (applied->state == CFX_APPLIED_LOST) {
        device->is_sent = FALSE;
    } else if (is_newest && applied->state != CFX_APPLIED_WAITING) {
        /* what was sent before it came to the device before it: that is settled as well */
        device->is_answered = TRUE;
        cfx_curve_reset(&device->doubt);
        device->lowering_us = 0;
        if (device->is_silent)
            cfx_trigger_need(device, "answered");
        device->is_silent = FALSE;
        if (applied->state == CFX_APPLIED_CLAMPED)
            note_clamp(device);
    }
    if (applied->state == CFX_APPLIED_INSTALLED || applied->state == CFX_APPLIED_CLAMPED)
        device->is_refused = FALSE;
    if (!had_allowed && device->has_allowed)
        cfx_trigger_need(device, "accepted"); /* its rating is free for others */
    cfx_apply_write_allowed(device);
    cfx_apply_pump(site);
}
