/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* An operator sets a hold, asks for them, ends one. */
#include "hold/cfx-hold.h"

#include "cfx-day.h"
#include "cfx-tree.h"
#include "device/cfx-device-table.h"
#include "report/cfx-story.h"

#include <kit/cfx-json.h>
#include <kit/cfx-quantity.h>
#include <kit/cfx-time.h>

/* beyond these it is a slip of the pen */
#define MAX_W 1e9
#define LONGEST (366 * CFX_DAY)
#define REASON_MAX 300
#define OPEN_MAX 100
/* lower than a bound by less than this is as low */
#define SAME_W 1.0

/* --- on what ----------------------------------------------------------------------------------
 */

typedef struct {
    CfxSite *site;
    gint64 asset;
    char *where;
} Target;

static gboolean
of_asset(CfxEngine *engine, gint64 asset, const char *where, Target *ret)
{
    const CfxAsset *top = cfx_asset_site(engine->model, asset);
    CfxSite *site = top != NULL ? g_hash_table_lookup(engine->sites, &top->id) : NULL;

    if (site == NULL)
        return FALSE;
    *ret = (Target){ site, asset, g_strdup(where) };
    return TRUE;
}

/* the asset above all EVSEs of a station; 0: there is none below the site */
static gint64
station_of(CfxEngine *engine, const char *identity)
{
    const CfxModel *model = engine->model;
    GHashTableIter iter;
    gpointer value;
    gint64 parent = 0;

    g_hash_table_iter_init(&iter, engine->devices);
    while (g_hash_table_iter_next(&iter, NULL, &value)) {
        const CfxEngineDevice *device = value;
        const CfxAsset *above = cfx_asset_parent(model, device->asset);
        if (!g_str_equal(device->identity, identity))
            continue;
        if (above == NULL || above->id == device->site->asset ||
            (parent != 0 && parent != above->id))
            return 0;
        parent = above->id;
    }
    return parent;
}

/* a number that is known to be one: names of stations may be digits too */
static gboolean
find_number(CfxEngine *engine, gint64 asset, Target *ret, GError **error)
{
    const CfxEngineDevice *device = g_hash_table_lookup(engine->devices, &asset);
    const CfxSite *site = g_hash_table_lookup(engine->sites, &asset);
    const char *name = device != NULL ? device->label : site != NULL ? site->name : NULL;

    if (name != NULL && of_asset(engine, asset, name, ret))
        return TRUE;
    g_set_error(error,
                CFX_ERROR,
                CFX_ERROR_NOT_FOUND,
                "%" G_GINT64_FORMAT ": no such site or device",
                asset);
    return FALSE;
}

static gboolean
find(CfxEngine *engine, const char *where, Target *ret, GError **error)
{
    CfxEngineDevice *device = cfx_device_find(engine, where, NULL);
    gint64 station = device == NULL ? station_of(engine, where) : 0;
    GHashTableIter iter;
    gpointer value;

    if (device != NULL)
        return of_asset(engine, device->asset, device->label, ret);
    if (station != 0)
        return of_asset(engine, station, where, ret);
    g_hash_table_iter_init(&iter, engine->sites);
    while (g_hash_table_iter_next(&iter, NULL, &value)) {
        CfxSite *site = value;
        g_autofree char *number = g_strdup_printf("%" G_GINT64_FORMAT, site->asset);
        if (g_str_equal(where, site->name) || g_str_equal(where, number))
            return of_asset(engine, site->asset, site->name, ret);
    }
    g_set_error(error,
                CFX_ERROR,
                CFX_ERROR_NOT_FOUND,
                "%s: no such site or station; of a station with several EVSEs one is named as in "
                "CP003/1",
                where);
    return FALSE;
}

/* --- how long -----------------------------------------------------------------------------------
 */

static gboolean
read_until(const CfxHoldAsk *ask, const CfxSite *site, gint64 now_us, gint64 *ret, GError **error)
{
    const char *length = ask->length, *until = ask->until;
    gint64 us = 0;

    if ((length == NULL) == (until == NULL)) {
        g_set_error_literal(error,
                            CFX_ERROR,
                            CFX_ERROR_INVALID,
                            "a hold has an end: say either for how long or until when");
        return FALSE;
    }
    int minute = until != NULL ? cfx_day_parse_minute(until) : -1;
    if (length != NULL && cfx_duration_parse_us(length, -1, &us) && us > 0 && us <= LONGEST) {
        us += now_us;
    } else if (length != NULL) {
        g_set_error(error,
                    CFX_ERROR,
                    CFX_ERROR_INVALID,
                    "for: \"%s\" is no length of time up to 366 days; write 2h, 30min or PT2H",
                    length);
        return FALSE;
    } else if (minute >= 0) {
        us = cfx_day_next(site->flex->zone, now_us, minute);
    } else if (!cfx_time_parse(until, -1, &us)) {
        g_set_error(error,
                    CFX_ERROR,
                    CFX_ERROR_INVALID,
                    "until: \"%s\" is no time; write 18:00 or 2026-11-24T18:00:00Z",
                    until);
        return FALSE;
    }
    if (us <= now_us || us > now_us + LONGEST) {
        g_set_error(error,
                    CFX_ERROR,
                    CFX_ERROR_INVALID,
                    "until: %s is %s",
                    until,
                    us <= now_us ? "over" : "more than 366 days away");
        return FALSE;
    }
    *ret = us;
    return TRUE;
}

static gboolean
read_max(const char *text, double *ret_w, GError **error)
{
    g_autoptr(GError) problem = NULL;

    if (!cfx_quantity_in(text, -1, "W", ret_w, &problem)) {
        g_set_error(error, CFX_ERROR, CFX_ERROR_INVALID, "max: %s", problem->message);
        return FALSE;
    }
    if (*ret_w >= 0 && *ret_w <= MAX_W)
        return TRUE;
    g_set_error(error, CFX_ERROR, CFX_ERROR_INVALID, "max: %s is not between 0 and 1 GW", text);
    return FALSE;
}

static gboolean
read_reason(const char *text, GError **error)
{
    if (text == NULL || (g_utf8_validate(text, -1, NULL) && g_utf8_strlen(text, -1) <= REASON_MAX))
        return TRUE;
    g_set_error(
        error, CFX_ERROR, CFX_ERROR_INVALID, "reason: at most %d characters of UTF-8", REASON_MAX);
    return FALSE;
}

/* --- what it does -------------------------------------------------------------------------------
 */

/* the most that may be drawn there at some time of the hold without it */
static double
bound_without_w(const CfxSite *site, const CfxHold *hold)
{
    double sum_w = 0;

    if (hold->asset == site->asset)
        return site->limit.n > 0 ? cfx_curve_max(&site->limit,
                                                 MAX(hold->from_us, site->limit.at_us[0]),
                                                 MAX(hold->until_us, site->limit.at_us[0] + 1))
                                 : NAN;
    for (guint i = 0; i < site->devices->len; i++) {
        const CfxEngineDevice *device = g_ptr_array_index(site->devices, i);
        double most_w = cfx_engine_device_rating_w(device);
        if (!cfx_hold_covers(site, hold, device))
            continue;
        for (guint h = 0; h < site->holds->len; h++) {
            const CfxHold *other = g_ptr_array_index(site->holds, h);
            if (cfx_hold_is_on(other, hold->from_us) && other->until_us >= hold->until_us &&
                cfx_hold_covers(site, other, device))
                most_w = fmin(most_w, other->max_w);
        }
        sum_w += most_w;
    }
    return sum_w;
}

/* whom it does not reach now: they draw what they may until they can be told */
static void
put_unreached(const CfxSite *site, const CfxHold *hold, CfxJsonWriter *to)
{
    cfx_json_name(to, "unreached");
    cfx_json_begin_array(to);
    for (guint i = 0; i < site->devices->len; i++) {
        const CfxEngineDevice *device = g_ptr_array_index(site->devices, i);
        gboolean is_under = hold->asset == site->asset ? TRUE : cfx_hold_covers(site, hold, device);
        if (is_under && (device->is_refused || !cfx_engine_device_is(device, CFX_DEVICE_CONNECTED)))
            cfx_json_text(to, device->label);
    }
    cfx_json_end_array(to);
}

static guint
count_open(const CfxSite *site)
{
    guint n = 0;

    for (guint i = 0; i < site->holds->len; i++)
        n += ((const CfxHold *)g_ptr_array_index(site->holds, i))->ended_us == 0;
    return n;
}

static gboolean
may_change(const CfxSite *site, GError **error)
{
    gboolean is_loading = site->state == CFX_SITE_LOADING;

    if (!is_loading && !site->engine->is_stopping)
        return TRUE;
    g_set_error(error,
                CFX_ERROR,
                CFX_ERROR_UNAVAILABLE,
                "%s is being %s",
                site->name,
                is_loading ? "loaded, try again" : "left: the daemon stops");
    return FALSE;
}

char *
cfx_engine_hold_set(CfxEngine *self, const CfxHoldAsk *ask, GError **error)
{
    gint64 now_us = cfx_now_site(self->host);
    g_autofree char *where = NULL;
    Target target = { 0 };
    double max_w = NAN;
    gint64 until_us = 0;

    if (ask->asset != 0 ? !find_number(self, ask->asset, &target, error)
                        : !find(self, ask->where, &target, error))
        return NULL;
    where = target.where;
    CfxSite *site = target.site;
    if (!read_max(ask->max, &max_w, error) || !read_until(ask, site, now_us, &until_us, error) ||
        !read_reason(ask->reason, error))
        return NULL;
    if (!may_change(site, error))
        return NULL;
    if (count_open(site) >= OPEN_MAX) {
        g_set_error(error,
                    CFX_ERROR,
                    CFX_ERROR_FULL,
                    "%s has %d holds already; end some first",
                    site->name,
                    OPEN_MAX);
        return NULL;
    }

    CfxHold *hold = g_new0(CfxHold, 1);
    hold->id = ++self->last_hold;
    hold->site = site->asset;
    hold->asset = target.asset;
    hold->where = g_steal_pointer(&where);
    hold->max_w = max_w;
    hold->from_us = now_us;
    hold->until_us = until_us;
    hold->reason = ask->reason != NULL && *ask->reason != '\0' ? g_strdup(ask->reason) : NULL;
    hold->by = g_strdup(ask->by != NULL ? ask->by : "unknown");
    double without_w = bound_without_w(site, hold);
    g_ptr_array_add(site->holds, hold);
    cfx_hold_write(hold, self);
    cfx_story_hold(site, hold);
    cfx_hold_watch(site);
    cfx_hold_changed(site);

    g_auto(CfxJsonWriter) to = { 0 };
    cfx_json_writer_init(&to, NULL, 0);
    cfx_json_begin_object(&to);
    cfx_json_member_int(&to, "hold", hold->id);
    cfx_json_member_text(&to, "where", hold->where);
    cfx_json_member_real(&to, "max_kw", hold->max_w * 1e-3);
    cfx_json_member_time(&to, "until", hold->until_us);
    /* a hold never raises: above what may be drawn anyway it has no effect */
    cfx_json_member_bool(&to, "effective", !(max_w >= without_w - SAME_W));
    cfx_json_member_real(&to, "bound_kw", without_w * 1e-3);
    put_unreached(site, hold, &to);
    cfx_json_end_object(&to);
    return g_strdup(cfx_json_writer_end(&to));
}

gboolean
cfx_engine_hold_end(CfxEngine *self, gint64 id, gint64 asset, const char *by, GError **error)
{
    gint64 now_us = cfx_now_site(self->host);
    GHashTableIter iter;
    gpointer value;

    g_hash_table_iter_init(&iter, self->sites);
    while (g_hash_table_iter_next(&iter, NULL, &value)) {
        CfxSite *site = value;
        for (guint i = 0; i < site->holds->len; i++) {
            CfxHold *hold = g_ptr_array_index(site->holds, i);
            if (hold->id != id || hold->ended_us != 0 || (asset != 0 && hold->asset != asset))
                continue;
            if (!may_change(site, error))
                return FALSE;
            hold->ended_us = MAX(now_us, hold->from_us);
            hold->ended_by = g_strdup(by != NULL ? by : "unknown");
            cfx_hold_write(hold, self);
            cfx_story_hold(site, hold);
            cfx_hold_watch(site);
            cfx_hold_changed(site);
            return TRUE;
        }
    }
    g_set_error(error,
                CFX_ERROR,
                CFX_ERROR_NOT_FOUND,
                "%" G_GINT64_FORMAT ": no such hold is in force%s; \"hold list\" shows them",
                id,
                asset != 0 ? " there" : "");
    return FALSE;
}

static int
by_id(gconstpointer a, gconstpointer b)
{
    const CfxHold *const *x = a, *const *y = b;

    return (*x)->id < (*y)->id ? -1 : (*x)->id > (*y)->id;
}

char *
cfx_engine_holds_json(CfxEngine *self)
{
    g_auto(CfxJsonWriter) to = { 0 };
    g_autoptr(GPtrArray) all = g_ptr_array_new();
    gint64 now_us = cfx_now_site(self->host);
    GHashTableIter iter;
    gpointer value;

    g_hash_table_iter_init(&iter, self->sites);
    while (g_hash_table_iter_next(&iter, NULL, &value)) {
        const CfxSite *site = value;
        for (guint i = 0; i < site->holds->len; i++)
            g_ptr_array_add(all, g_ptr_array_index(site->holds, i));
    }
    g_ptr_array_sort(all, by_id);
    cfx_json_writer_init(&to, NULL, 0);
    cfx_json_begin_object(&to);
    cfx_json_name(&to, "holds");
    cfx_json_begin_array(&to);
    for (guint i = 0; i < all->len; i++)
        cfx_hold_put(g_ptr_array_index(all, i), &to, now_us);
    cfx_json_end_array(&to);
    cfx_json_end_object(&to);
    return g_strdup(cfx_json_writer_end(&to));
}
