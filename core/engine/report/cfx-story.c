/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "report/cfx-story.h"

#include "cfx-day.h"
#include "cfx-outbox.h"
#include "hold/cfx-hold.h"
#include "session/cfx-session.h"

#define KWH 1e-3

/* "07:00" on the site's clock (transfer full) */
static char *
clock_text(const CfxSite *site, gint64 us)
{
    int minute = cfx_day_minute(site->flex->zone, us);

    return g_strdup_printf("%02d:%02d", minute / 60, minute % 60);
}

/* 22 kWh, 7.5 kWh */
static char *
energy_text(double wh)
{
    double kwh = wh * KWH;

    return fabs(kwh - round(kwh)) < 0.05 ? g_strdup_printf("%.0f kWh", kwh)
                                         : g_strdup_printf("%.1f kWh", kwh);
}

static void
begin(CfxSite *site, CfxJsonWriter *doc, const char *station)
{
    cfx_json_writer_init(doc, NULL, 0);
    cfx_json_begin_object(doc);
    cfx_json_member_text(doc, "site", site->name);
    if (station != NULL)
        cfx_json_member_text(doc, "station", station);
}

static void
end(CfxSite *site, CfxJsonWriter *doc, const char *topic, gint64 asset, const char *text)
{
    cfx_json_member_text(doc, "text", text);
    cfx_json_end_object(doc);
    cfx_outbox_notice(site->engine, topic, asset, doc);
    cfx_json_writer_clear(doc);
    cfx_log(site->engine->host, CFX_LOG_MESSAGE, "site %s: %s", site->name, text);
}

static void
session_members(CfxJsonWriter *doc, const CfxSession *session)
{
    gboolean is_stated = cfx_from_is_stated(session->need_wh.from);

    cfx_json_member_text(doc, "session", session->id);
    cfx_json_member_text(doc, "need", cfx_from_grade(session->need_wh.from));
    cfx_json_member_real(doc, "need_kwh", session->need_wh.value * KWH);
    cfx_json_member_real(doc, "asked_kwh", is_stated ? session->need_wh.value * KWH : NAN);
    cfx_json_member_real(doc, "promised_kwh", session->promised_wh * KWH);
    cfx_json_name(doc, "by");
    if (session->departure_us != 0)
        cfx_json_time(doc, session->departure_us);
    else
        cfx_json_null(doc);
    cfx_json_member_text(doc, "cause", session->cause);
}

void
cfx_story_plugged(CfxSite *site, const CfxSession *session)
{
    CfxJsonWriter doc;
    g_autoptr(GString) text = g_string_new(session->label);
    g_autofree char *need = energy_text(session->need_wh.value);

    if (cfx_from_is_stated(session->need_wh.from)) {
        g_string_append_printf(text, " plugged in, asks %s", need);
        if (session->departure_us != 0) {
            g_autofree char *by = clock_text(site, session->departure_us);
            g_string_append_printf(text, " by %s", by);
        }
        if (session->promised_wh >= session->need_wh.value) {
            g_string_append(text, ", promised");
        } else if (isfinite(session->promised_wh)) {
            g_autofree char *promised = energy_text(session->promised_wh);
            g_string_append_printf(text, ", promised %s", promised);
            if (session->cause != NULL)
                g_string_append_printf(text, " (%s)", session->cause);
        }
    } else if (isfinite(session->need_wh.value)) {
        g_string_append_printf(text, " plugged in, says nothing: %s assumed", need);
    } else {
        g_string_append(text, " plugged in, says nothing");
    }
    begin(site, &doc, session->label);
    session_members(&doc, session);
    end(site, &doc, "cfx.story.plugged", session->asset, text->str);
}

void
cfx_story_promise(CfxSite *site, const CfxSession *session, double before_wh)
{
    CfxJsonWriter doc;
    g_autofree char *now = energy_text(session->promised_wh);
    g_autofree char *asked = energy_text(session->need_wh.value);
    g_autofree char *text = NULL;

    if (session->promised_wh < before_wh)
        text = g_strdup_printf("%s: the promise falls to %s of %s (%s)",
                               session->label,
                               now,
                               asked,
                               session->cause != NULL ? session->cause : "need changed");
    else
        text = g_strdup_printf("%s: promised %s of %s", session->label, now, asked);
    begin(site, &doc, session->label);
    session_members(&doc, session);
    end(site, &doc, "cfx.story.promised", session->asset, text);
}

void
cfx_story_full(CfxSite *site, const CfxSession *session)
{
    CfxJsonWriter doc;
    g_autofree char *got = energy_text(session->stock_wh);
    g_autofree char *text = g_strdup_printf("%s is full with %s", session->label, got);

    begin(site, &doc, session->label);
    session_members(&doc, session);
    end(site, &doc, "cfx.story.full", session->asset, text);
}

void
cfx_story_left(CfxSite *site, const CfxSession *session)
{
    CfxJsonWriter doc;
    g_autofree char *got = energy_text(session->delivered_wh);
    g_autoptr(GString) text = g_string_new(session->label);

    g_string_append_printf(text, " left with %s", got);
    if (cfx_from_is_stated(session->need_wh.from)) {
        g_autofree char *asked = energy_text(session->need_wh.value);
        g_string_append_printf(text, " of %s", asked);
    }
    if (session->cause != NULL)
        g_string_append_printf(text, " (%s)", session->cause);
    begin(site, &doc, session->label);
    session_members(&doc, session);
    cfx_json_member_real(&doc, "delivered_kwh", session->delivered_wh * KWH);
    cfx_json_member_real(&doc, "shortfall_kwh", cfx_session_shortfall_wh(session) * KWH);
    end(site, &doc, "cfx.story.left", session->asset, text->str);
}

void
cfx_story_lost(CfxEngineDevice *device, gboolean is_back)
{
    CfxSite *site = device->site;
    CfxJsonWriter doc;
    double may_w = device->has_allowed
                       ? cfx_curve_at(&device->allowed, cfx_now_site(site->engine->host))
                       : NAN;
    g_autofree char *text =
        is_back ? g_strdup_printf("%s is back", device->label)
        : isfinite(may_w)
            ? g_strdup_printf("%s is offline: it counts with %.1f kW", device->label, may_w * KWH)
            : g_strdup_printf("%s is offline", device->label);

    begin(site, &doc, device->label);
    cfx_json_member_real(&doc, "allowed_kw", may_w * KWH);
    end(site, &doc, is_back ? "cfx.story.back" : "cfx.story.lost", device->asset, text);
}

void
cfx_story_refused(CfxEngineDevice *device)
{
    CfxJsonWriter doc;
    g_autofree char *text = g_strdup_printf("%s cannot be steered, it counts with its rating: %s",
                                            device->label,
                                            device->words != NULL ? device->words : "it refuses");

    begin(device->site, &doc, device->label);
    cfx_json_member_text(&doc, "words", device->words);
    end(device->site, &doc, "cfx.story.refused", device->asset, text);
    cfx_log(device->site->engine->host, CFX_LOG_WARNING, "%s", text);
}

/* how many cars get less after @us than before it */
static guint
count_lowered(CfxSite *site, gint64 us)
{
    guint n = 0;

    for (guint i = 0; i < site->devices->len; i++) {
        const CfxEngineDevice *device = g_ptr_array_index(site->devices, i);
        if (device->session == NULL)
            continue;
        double before_w = cfx_curve_at(&device->desired, us - CFX_MINUTE);
        double after_w = cfx_curve_at(&device->desired, us + CFX_MINUTE);
        n += after_w < before_w - 100;
    }
    return n;
}

void
cfx_story_limit(CfxSite *site, double before_w, double percent)
{
    static const char *const words[] = { "no",  "one",   "two",   "three", "four", "five",
                                         "six", "seven", "eight", "nine",  "ten" };
    CfxJsonWriter doc;
    double now_w = site->signal_now_w;
    g_autoptr(GString) text = g_string_new(NULL);
    guint n = count_lowered(site, cfx_now_site(site->engine->host));

    if (now_w < before_w) {
        g_string_append_printf(text,
                               "the grid asks for %.0f %%: %.0f → %.0f kW",
                               percent,
                               before_w * KWH,
                               now_w * KWH);
        if (n > 0 && n < G_N_ELEMENTS(words))
            g_string_append_printf(text, ", %s %s lowered", words[n], n == 1 ? "car" : "cars");
        else if (n > 0)
            g_string_append_printf(text, ", %u cars lowered", n);
    } else {
        g_string_append_printf(
            text, "the grid gives back: %.0f → %.0f kW", before_w * KWH, now_w * KWH);
    }
    begin(site, &doc, NULL);
    cfx_json_member_real(&doc, "percent", percent);
    cfx_json_member_real(&doc, "before_kw", before_w * KWH);
    cfx_json_member_real(&doc, "limit_kw", now_w * KWH);
    cfx_json_member_int(&doc, "lowered", n);
    end(site, &doc, "cfx.story.limit", site->asset, text->str);
}

void
cfx_story_hold(CfxSite *site, const CfxHold *hold)
{
    CfxJsonWriter doc;
    g_autoptr(GString) text = g_string_new(NULL);

    if (hold->ended_us == 0) {
        g_autofree char *until = cfx_day_text(site->flex->zone, hold->until_us);
        g_string_append_printf(text,
                               "%s is held to %.1f kW until %s by %s",
                               hold->where,
                               hold->max_w * KWH,
                               until,
                               hold->by);
        if (hold->reason != NULL)
            g_string_append_printf(text, ": %s", hold->reason);
    } else if (hold->ended_by != NULL) {
        g_string_append_printf(text,
                               "the hold of %s to %.1f kW was ended by %s",
                               hold->where,
                               hold->max_w * KWH,
                               hold->ended_by);
    } else {
        g_string_append_printf(
            text, "the hold of %s to %.1f kW is over", hold->where, hold->max_w * KWH);
    }
    begin(site, &doc, NULL);
    cfx_json_member_int(&doc, "hold", hold->id);
    cfx_json_member_text(&doc, "where", hold->where);
    cfx_json_member_real(&doc, "max_kw", hold->max_w * KWH);
    cfx_json_name(&doc, "until");
    cfx_json_time(&doc, hold->until_us);
    cfx_json_member_text(&doc, "by", hold->by);
    cfx_json_member_text(&doc, "reason", hold->reason);
    cfx_json_member_text(&doc, "ended_by", hold->ended_by);
    end(site,
        &doc,
        hold->ended_us == 0 ? "cfx.story.hold" : "cfx.story.hold-over",
        hold->asset,
        text->str);
}
