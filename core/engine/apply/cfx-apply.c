/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "apply/cfx-apply.h"

#include "cfx-outbox.h"
#include "guard/cfx-guard.h"
#include "hold/cfx-hold.h"
#include "plan/cfx-trigger.h"

#define SAME_W 1.0
/* a tenth of an ampere on three phases, and then some: what a station rounds away */
#define GRAIN_W 150.0
/* what is unanswered so long is sent again (REAL) */
#define REPEAT_AFTER (30 * G_USEC_PER_SEC)
#define REPEAT_PERIOD (5 * G_USEC_PER_SEC)
/* who has not answered a decrease for so long (REAL) is not counted on any more */
#define SILENT_AFTER (10 * G_USEC_PER_SEC)
/* a decrease that lies further ahead may wait for a station's pause */
#define SILENT_SOON CFX_MINUTE
/* versions are stored in steps, ahead of their use */
#define VERSIONS 1000

/* --- versions --------------------------------------------------------------------------------- */

static void
write_site(CfxSite *site)
{
    g_auto(CfxJsonWriter) doc;
    g_autofree char *key = g_strdup_printf("%" G_GINT64_FORMAT, site->asset);

    cfx_json_writer_init(&doc, NULL, 0);
    cfx_json_begin_object(&doc);
    cfx_json_member_int(&doc, "site", site->asset);
    cfx_json_member_int(&doc, "epoch", site->epoch);
    cfx_json_member_int(&doc, "version", site->version_reserved);
    cfx_json_end_object(&doc);
    cfx_outbox_record(site->engine, CFX_SITE_COLLECTION, key, &doc, NULL, 0);
}

gint64
cfx_apply_next_version(CfxSite *site)
{
    site->version++;
    if (site->version + VERSIONS / 2 > site->version_reserved) {
        site->version_reserved = site->version + VERSIONS;
        write_site(site);
    }
    return site->version;
}

/* --- the pump ----------------------------------------------------------------------------------
 */

typedef struct {
    CfxSite *site;
    gint64 now_us;
    CfxCurve *counted; /* of each device */
    CfxCurve total, room;
    GArray *entries; /* (element-type CfxSliceEntry) */
} Pump;

static gboolean
wants_sending(const CfxEngineDevice *device, gint64 now_us)
{
    if (!device->has_desired || device->is_refused || device->instance == NULL ||
        !cfx_engine_device_is(device, CFX_DEVICE_CONNECTED))
        return FALSE;
    if (!device->is_sent || device->sent_plan != device->desires_plan)
        return TRUE;
    return !cfx_apply_same(&device->desired, &device->sent, now_us, SAME_W) ||
           !cfx_apply_same(&device->desired_fail_safe, &device->sent_fail_safe, now_us, SAME_W);
}

static void
add_entry(Pump *pump,
          CfxEngineDevice *device,
          const CfxCurve *curve,
          const CfxCurve *fail_safe,
          gint64 flags)
{
    CfxSliceEntry entry = { .device = device, .flags = flags };

    cfx_curve_copy(&entry.curve, curve);
    cfx_curve_copy(&entry.fail_safe, fail_safe);
    if (!device->desires_plan)
        entry.flags |= CFX_PLAN_FAIL_SAFE_ONLY;
    if (!device->site->flex->offline_start)
        entry.flags |= CFX_PLAN_NO_DEFAULT;
    if (device->is_urgent)
        entry.flags |= CFX_PLAN_URGENT;
    g_array_append_val(pump->entries, entry);
}

/* what rises must fit beside all that others may draw meanwhile, at each instant where it rises */
static gboolean
fits(const Pump *pump, guint i, const CfxCurve *top)
{
    const CfxCurve *counted = &pump->counted[i];
    gint64 us = pump->now_us;

    while (us != CFX_TIME_MAX) {
        double wanted_w = cfx_apply_value_at(top, us), has_w = cfx_curve_at(counted, us);
        double others_w = cfx_curve_at(&pump->total, us) - has_w;
        if (!(wanted_w <= has_w + SAME_W) &&
            !(others_w + wanted_w <= cfx_curve_at(&pump->room, us) + SAME_W))
            return FALSE;
        if (!(wanted_w <= has_w + SAME_W) &&
            !cfx_hold_fits(pump->site, pump->counted, i, us, wanted_w))
            return FALSE;
        us = MIN(MIN(cfx_curve_next(top, us), cfx_curve_next(counted, us)),
                 MIN(cfx_curve_next(&pump->total, us), cfx_curve_next(&pump->room, us)));
    }
    return TRUE;
}

static void
recount(Pump *pump)
{
    cfx_curve_reset(&pump->total);
    cfx_curve_append(&pump->total, pump->now_us, 0);
    for (guint i = 0; i < pump->site->devices->len; i++)
        cfx_curve_add(&pump->total, &pump->counted[i]);
}

/* Whether the lower part of @desired is what it was @sent. What it has made of that may begin some
 * seconds later and be rounded down: to send that back would go on for ever. */
static gboolean
is_known(const Pump *pump, guint i, const CfxCurve *desired, const CfxCurve *sent)
{
    g_auto(CfxCurve) part = CFX_CURVE_INIT, has = CFX_CURVE_INIT;

    cfx_apply_higher(&pump->counted[i], sent, pump->now_us, &has);
    cfx_apply_copy_from(&part, desired, pump->now_us);
    cfx_curve_lower(&part, &has);
    return cfx_apply_same(&part, sent, pump->now_us, GRAIN_W);
}

/* a curve that rises: all of it if it fits, else its lower part first */
static void
send_raise(Pump *pump, guint i, const CfxCurve *top)
{
    CfxEngineDevice *device = g_ptr_array_index(pump->site->devices, i);
    g_auto(CfxCurve) desired = CFX_CURVE_INIT, fail_safe = CFX_CURVE_INIT;

    if (pump->site->state == CFX_SITE_READY && fits(pump, i, top)) {
        add_entry(pump, device, &device->desired, &device->desired_fail_safe, 0);
        cfx_curve_raise(&pump->counted[i], top);
        recount(pump);
        return;
    }
    if (device->is_sent && device->sent_plan == device->desires_plan &&
        is_known(pump, i, &device->desired, &device->sent) &&
        is_known(pump, i, &device->desired_fail_safe, &device->sent_fail_safe))
        return;
    cfx_apply_copy_from(&desired, &device->desired, pump->now_us);
    cfx_apply_copy_from(&fail_safe, &device->desired_fail_safe, pump->now_us);
    cfx_curve_lower(&desired, &pump->counted[i]);
    cfx_curve_lower(&fail_safe, &pump->counted[i]);
    add_entry(pump, device, &desired, &fail_safe, CFX_PLAN_LOWERS);
}

static void
send_all(Pump *pump)
{
    CfxSite *site = pump->site;
    guint n = site->devices->len;
    g_autofree CfxCurve *top = g_new0(CfxCurve, n);
    g_autofree gboolean *rises = g_new0(gboolean, n);

    /* decreases first: they need no room and make some */
    for (guint i = 0; i < n; i++) {
        CfxEngineDevice *device = g_ptr_array_index(site->devices, i);
        if (!wants_sending(device, pump->now_us))
            continue;
        cfx_apply_desired(device, pump->now_us, &top[i]);
        rises[i] = !cfx_apply_is_under(&top[i], &pump->counted[i], pump->now_us);
        if (!rises[i])
            add_entry(pump, device, &device->desired, &device->desired_fail_safe, CFX_PLAN_LOWERS);
    }
    for (guint i = 0; i < n; i++) {
        if (rises[i])
            send_raise(pump, i, &top[i]);
        cfx_curve_clear(&top[i]);
    }
}

static void
entry_clear(gpointer data)
{
    CfxSliceEntry *entry = data;

    cfx_curve_clear(&entry->curve);
    cfx_curve_clear(&entry->fail_safe);
}

void
cfx_apply_pump_now(CfxSite *site)
{
    CfxEngine *engine = site->engine;
    guint n = site->devices->len;

    if (site->state == CFX_SITE_LOADING || engine->is_stopping || n == 0)
        return;
    Pump pump = { .site = site, .now_us = cfx_now_site(engine->host) };
    pump.counted = g_new0(CfxCurve, n);
    pump.entries = g_array_new(FALSE, TRUE, sizeof(CfxSliceEntry));
    g_array_set_clear_func(pump.entries, entry_clear);
    for (guint i = 0; i < n; i++)
        cfx_apply_counted(g_ptr_array_index(site->devices, i), pump.now_us, &pump.counted[i]);
    cfx_apply_room(site, &pump.room);
    recount(&pump);
    send_all(&pump);
    if (pump.entries->len > 0)
        cfx_slice_send(site, pump.entries);

    for (guint i = 0; i < n; i++)
        cfx_curve_clear(&pump.counted[i]);
    g_free(pump.counted);
    cfx_curve_clear(&pump.total);
    cfx_curve_clear(&pump.room);
    g_array_free(pump.entries, TRUE);
}

static void
pump_posted(CfxSite *site)
{
    site->pump_posted = FALSE;
    cfx_apply_pump_now(site);
}

void
cfx_apply_pump(CfxSite *site)
{
    if (site->pump_posted)
        return;
    site->pump_posted = TRUE;
    cfx_engine_post(site, pump_posted);
}

/* --- again -------------------------------------------------------------------------------------
 */

/* it may still draw more than is desired of it, and has not answered for too long */
static gboolean
is_silent(const CfxEngineDevice *device, gint64 now_us, gint64 real_us)
{
    g_auto(CfxCurve) counted = CFX_CURVE_INIT, top = CFX_CURVE_INIT;

    if (device->lowering_us == 0 || real_us - device->lowering_us < SILENT_AFTER ||
        !device->has_desired || !cfx_engine_device_is(device, CFX_DEVICE_CONNECTED))
        return FALSE;
    cfx_apply_counted(device, now_us, &counted);
    cfx_apply_desired(device, now_us, &top);
    for (gint64 us = now_us; us < now_us + SILENT_SOON;
         us = MIN(cfx_curve_next(&counted, us), cfx_curve_next(&top, us)))
        if (cfx_curve_at(&counted, us) > cfx_curve_at(&top, us) + GRAIN_W)
            return TRUE;
    return FALSE;
}

/* others make room for one that does not answer, and get it back when it does */
static void
look_for_silent(CfxSite *site, gint64 real_us)
{
    CfxCause cause = { .cause = "silent" };
    gint64 now_us = cfx_now_site(site->engine->host);
    gboolean is_changed = FALSE;

    for (guint i = 0; i < site->devices->len; i++) {
        CfxEngineDevice *device = g_ptr_array_index(site->devices, i);
        gboolean was_silent = device->is_silent;
        device->is_silent = is_silent(device, now_us, real_us);
        if (device->is_silent == was_silent)
            continue;
        is_changed = TRUE;
        if (device->is_silent)
            cfx_log(site->engine->host,
                    CFX_LOG_WARNING,
                    "site %s: %s does not answer that it was told to draw less: it counts with "
                    "what it may draw, others make room",
                    site->name,
                    device->label);
    }
    if (!is_changed)
        return;
    cfx_guard_clip(site, &cause);
    cfx_trigger(site, &cause, FALSE);
}

static void
repeat(gpointer data)
{
    CfxSite *site = data;
    gint64 real_us = cfx_now_real(site->engine->host);

    site->repeat_timer = 0;
    for (guint i = 0; i < site->devices->len; i++) {
        CfxEngineDevice *device = g_ptr_array_index(site->devices, i);
        if (device->is_sent && !device->is_answered && real_us - device->sent_us > REPEAT_AFTER &&
            cfx_engine_device_is(device, CFX_DEVICE_CONNECTED))
            device->is_sent = FALSE; /* it is sent again; what it may have taken stays in doubt */
    }
    look_for_silent(site, real_us);
    cfx_apply_pump(site);
    cfx_apply_repeat_start(site);
}

void
cfx_apply_repeat_start(CfxSite *site)
{
    const CfxHost *host = site->engine->host;

    cfx_timer_clear(host, &site->repeat_timer);
    if (!site->engine->is_stopping)
        site->repeat_timer = cfx_timer_after(host, CFX_CLOCK_REAL, REPEAT_PERIOD, repeat, site);
}

void
cfx_apply_device(CfxEngineDevice *device, const CfxDevice *before, gboolean is_first)
{
    gboolean was_connected = !is_first && (before->flags & CFX_DEVICE_CONNECTED) != 0;
    gboolean is_connected = (device->state.flags & CFX_DEVICE_CONNECTED) != 0;

    if (device->session == NULL && device->desires_plan) {
        /* the car has left: what was planned for it ends, the place is idle */
        device->desires_plan = FALSE;
        cfx_curve_copy(&device->desired, &device->desired_fail_safe);
        device->is_urgent = FALSE;
    }
    if (is_connected && !was_connected && !device->is_answered)
        device->is_sent = FALSE; /* it is sent again; the answer may be lost, or the question */
    if (is_connected && !was_connected && device->site->state == CFX_SITE_REFUSED)
        cfx_guard_clip(device->site, &(CfxCause){ .cause = "device" }); /* no plan will come */
    cfx_apply_pump(device->site);
}
