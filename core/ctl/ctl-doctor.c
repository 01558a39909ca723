/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "ctl-doctor.h"

#include "ctl-json.h"

#include <glib/gi18n-lib.h>
#include <math.h>
#include <string.h>

/* Ages in seconds of the site's clock from which an input is called old. */
#define PRICE_OLD (26 * 3600.0)
#define METER_OLD 30.0 /* from here on the guard counts with the cautious base load */
#define REGISTER_OLD 1800.0
#define COMMIT_OLD 600.0

typedef struct {
    const CtlAnswers *answers;
    GPtrArray *findings;
    const char *link;
    guint n_before;
} Walk;

static void
finding_free(gpointer data)
{
    CtlFinding *finding = data;
    g_free(finding->text);
    g_free(finding->remedy);
    g_free(finding);
}

/* text and remedy: (transfer full) */
static void
add(Walk *walk, CtlFindingKind kind, char *text, char *remedy)
{
    CtlFinding *finding = g_new(CtlFinding, 1);
    *finding = (CtlFinding){ kind, walk->link, text, remedy };
    g_ptr_array_add(walk->findings, finding);
}

static void
begin(Walk *walk, const char *link)
{
    walk->link = link;
    walk->n_before = walk->findings->len;
}

/* Says that the link is good where nothing was found. text: (transfer full) */
static void
end(Walk *walk, char *text)
{
    if (walk->findings->len == walk->n_before)
        add(walk, CTL_FINDING_GOOD, text, NULL);
    else
        g_free(text);
}

static JsonObject *
item(JsonArray *list, guint i)
{
    JsonNode *node = json_array_get_element(list, i);
    return JSON_NODE_HOLDS_OBJECT(node) ? json_node_get_object(node) : NULL;
}

static guint
length(JsonArray *list)
{
    return list != NULL ? json_array_get_length(list) : 0;
}

static const char *
text_of(JsonObject *object, const char *name)
{
    const char *text = ctl_json_text(object, name);
    return text != NULL ? text : "";
}

static char *
age_text(double seconds)
{
    if (seconds < 120)
        return g_strdup_printf(_("%.0f s"), seconds);
    if (seconds < 2 * 3600)
        return g_strdup_printf(_("%.0f min"), seconds / 60);
    return g_strdup_printf(_("%.0f h"), seconds / 3600);
}

/* --- links ---------------------------------------------------------------------------------- */

static void
walk_instances(Walk *walk)
{
    JsonArray *list = ctl_json_list(walk->answers->status, "instances");
    guint n = length(list);
    begin(walk, "plugins");
    for (guint i = 0; i < n; i++) {
        JsonObject *instance = item(list, i);
        const char *state = text_of(instance, "state"), *reason = text_of(instance, "reason");
        const char *name = text_of(instance, "name");
        if (strcmp(state, "running") == 0)
            continue;
        add(walk,
            strcmp(state, "failed") == 0 || strcmp(state, "waiting") == 0 ? CTL_FINDING_BROKEN
                                                                          : CTL_FINDING_DOUBT,
            g_strdup_printf(_("%s (%s) is %s: %s"),
                            name,
                            text_of(instance, "plugin"),
                            state,
                            *reason != '\0' ? reason : _("it has not said why")),
            g_strdup(_("mend what it names; after a change of its keyfile \"systemctl reload "
                       "cariflexd\"")));
    }
    if (n == 0)
        add(walk,
            CTL_FINDING_BROKEN,
            g_strdup(_("no plugin is configured")),
            g_strdup(_("add groups [storage:…], [adapter:…] and [scheduler:…] to the keyfile; see "
                       "cariflex.conf(5)")));
    end(walk, g_strdup_printf(_("all %u instances run"), n));
}

static void
walk_store(Walk *walk)
{
    JsonObject *store = ctl_json_in(walk->answers->status, "store");
    begin(walk, "storage");
    if (store == NULL) {
        add(walk,
            CTL_FINDING_BROKEN,
            g_strdup(_("there is no storage: nothing is kept, nothing is planned")),
            g_strdup(_("add a group [storage:main] with plugin=sqlite and path=…")));
        return;
    }
    const char *failure = ctl_json_text(store, "failure");
    if (failure != NULL)
        add(walk,
            CTL_FINDING_BROKEN,
            g_strdup_printf(_("writing fails: %s"), failure),
            g_strdup(_("look at space and rights of the database's folder; what is acknowledged is "
                       "stored, what waits is tried again by itself")));
    if (ctl_json_real(store, "pressure") > 0)
        add(walk,
            CTL_FINDING_DOUBT,
            g_strdup_printf(_("the disk is too slow: %.0f commits wait"),
                            ctl_json_real(store, "queued")),
            g_strdup(
                _("a faster disk, or durability=process (survives kill -9, not a power cut)")));
    if (ctl_json_real(store, "last_commit_age_s") > COMMIT_OLD)
        add(walk,
            CTL_FINDING_DOUBT,
            g_strdup_printf(_("nothing was stored for %.0f s: nobody sends anything"),
                            ctl_json_real(store, "last_commit_age_s")),
            g_strdup(_("see the links below for who is silent")));
    end(walk,
        g_strdup_printf(_("%.0f commits, the last group took %.1f ms"),
                        ctl_json_real(store, "commits"),
                        ctl_json_real(store, "last_group_us") / 1000));
}

static JsonArray *
sites_of(Walk *walk)
{
    return ctl_json_list(ctl_json_in(walk->answers->status, "engine"), "sites");
}

static void
old_input(Walk *walk,
          JsonObject *site,
          const char *member,
          double limit_s,
          const char *what,
          const char *remedy)
{
    JsonObject *ages = ctl_json_in(site, "age_s");
    if (ages == NULL || !json_object_has_member(ages, member))
        return;
    double age_s = ctl_json_real(ages, member);
    if (isnan(age_s)) {
        add(walk,
            CTL_FINDING_DOUBT,
            g_strdup_printf(_("%s: %s has never come"), text_of(site, "name"), what),
            g_strdup(remedy));
    } else if (age_s > limit_s) {
        g_autofree char *age = age_text(age_s);
        add(walk,
            CTL_FINDING_DOUBT,
            g_strdup_printf(_("%s: %s is %s old"), text_of(site, "name"), what, age),
            g_strdup(remedy));
    }
}

/* Without an event there is no news: how old it is says nothing of the VTN, which the VEN's own
 * state tells. */
static void
walk_signal(Walk *walk)
{
    JsonArray *sites = sites_of(walk);
    begin(walk, "grid signal");
    for (guint i = 0; i < length(sites); i++) {
        JsonObject *site = item(sites, i);
        double age_s = ctl_json_real(ctl_json_in(site, "age_s"), "load_control");
        g_autofree char *age = isnan(age_s) ? NULL : age_text(age_s);
        g_autofree char *news =
            age != NULL ? g_strdup_printf(_("last news %s ago"), age) : g_strdup(_("no event yet"));
        add(walk,
            CTL_FINDING_GOOD,
            g_strdup_printf(_("%s may draw %.0f %% of its contract; %s"),
                            text_of(site, "name"),
                            ctl_json_real(site, "signal_percent"),
                            news),
            NULL);
    }
    end(walk, g_strdup(_("there is no site that it could be for")));
}

/* "2025-10-02 00:00" of an instant in ISO 8601, at the machine's clock as in all tables; NULL */
static GDateTime *
instant_of(JsonObject *object, const char *name)
{
    const char *text = ctl_json_text(object, name);
    g_autoptr(GDateTime) utc = text != NULL ? g_date_time_new_from_iso8601(text, NULL) : NULL;
    return utc != NULL ? g_date_time_to_local(utc) : NULL;
}

/* Known prices are to reach as far as is planned; of those that hold until another comes, the age
 * tells. */
static void
known_prices(Walk *walk, JsonObject *site)
{
    g_autoptr(GDateTime) end = instant_of(site, "prices_end");
    g_autoptr(GDateTime) horizon = instant_of(site, "horizon_end");
    if (end == NULL) {
        old_input(walk,
                  site,
                  "price",
                  PRICE_OLD,
                  _("the newest price"),
                  _("the prices of tomorrow have not come; see that the operator's prices arrive"));
    } else if (horizon != NULL && g_date_time_compare(end, horizon) < 0) {
        g_autofree char *end_text = g_date_time_format(end, "%Y-%m-%d %H:%M");
        g_autofree char *horizon_text = g_date_time_format(horizon, "%Y-%m-%d %H:%M");
        add(walk,
            CTL_FINDING_DOUBT,
            g_strdup_printf(_("%s: prices are known to %s, and planned is to %s"),
                            text_of(site, "name"),
                            end_text,
                            horizon_text),
            g_strdup(_("what is missing is assumed as on other days; if the operator has published "
                       "those of tomorrow already, see that they arrive")));
    }
}

static void
walk_price(Walk *walk)
{
    JsonArray *sites = sites_of(walk);
    begin(walk, "prices");
    for (guint i = 0; i < length(sites); i++) {
        JsonObject *site = item(sites, i);
        if (isnan(ctl_json_real(site, "price_per_kwh")))
            add(walk,
                CTL_FINDING_BROKEN,
                g_strdup_printf(_("%s: there is no price for now"), text_of(site, "name")),
                g_strdup(_("post one to the price sensor, or set price-fallback at the site")));
        else if (ctl_json_real(site, "price_assumed") > 0)
            add(walk,
                CTL_FINDING_DOUBT,
                g_strdup_printf(
                    _("%s: the price of now is assumed (%.4g %s/kWh, from another day or "
                      "the fallback)"),
                    text_of(site, "name"),
                    ctl_json_real(site, "price_per_kwh"),
                    text_of(site, "currency")),
                g_strdup(_("costs are as good as the assumption; see that the operator's prices "
                           "arrive")));
        else
            known_prices(walk, site);
    }
    end(walk, g_strdup(_("there are prices")));
}

static void
walk_meter(Walk *walk)
{
    JsonArray *sites = sites_of(walk);
    begin(walk, "site meter");
    for (guint i = 0; i < length(sites); i++) {
        JsonObject *site = item(sites, i);
        old_input(walk,
                  site,
                  "live_power",
                  METER_OLD,
                  _("the meter's live power"),
                  _("only the limit less a cautious base load is handed out; look at the gateway "
                    "that posts it"));
        old_input(
            walk,
            site,
            "import_register",
            REGISTER_OLD,
            _("the meter's register"),
            _("energy and cost of the site are not known; look at the gateway that posts it"));
    }
    end(walk, g_strdup(_("the meter reports")));
}

static void
walk_sites(Walk *walk)
{
    JsonArray *sites = sites_of(walk);
    begin(walk, "sites");
    if (length(sites) == 0)
        add(walk,
            CTL_FINDING_BROKEN,
            g_strdup(_("there is no site")),
            g_strdup(_("bring one in: \"cariflexctl import FILE\"; its format is in "
                       "import-format.md")));
    for (guint i = 0; i < length(sites); i++) {
        JsonObject *site = item(sites, i);
        const char *problem = ctl_json_text(site, "problem");
        if (problem != NULL)
            add(walk,
                CTL_FINDING_BROKEN,
                g_strdup_printf(_("%s is not steered: %s"), text_of(site, "name"), problem),
                g_strdup(
                    _("each device keeps its fail-safe power until then; change the site by an "
                      "import")));
        else if (strcmp(text_of(site, "state"), "empty") == 0)
            add(walk,
                CTL_FINDING_DOUBT,
                g_strdup_printf(_("%s has no devices"), text_of(site, "name")),
                g_strdup(_("let stations connect, then \"cariflexctl stations\" and \"cariflexctl "
                           "approve\"")));
        else if (ctl_json_real(site, "power_kw") > 1.05 * ctl_json_real(site, "limit_kw"))
            add(walk,
                CTL_FINDING_BROKEN,
                g_strdup_printf(_("%s draws %.1f kW over its limit of %.1f kW"),
                                text_of(site, "name"),
                                ctl_json_real(site, "power_kw"),
                                ctl_json_real(site, "limit_kw")),
                g_strdup(_("\"cariflexctl devices\" shows who draws more than allowed, and what is "
                           "not steered")));
    }
    end(walk, g_strdup_printf(_("%u site(s), all steered"), length(sites)));
}

/* whether a device that could draw has never said anything */
static gboolean
is_one_missing(Walk *walk)
{
    JsonArray *devices = ctl_json_list(walk->answers->devices, "devices");

    for (guint i = 0; i < length(devices); i++)
        if (ctl_json_text(item(devices, i), "reported") == NULL &&
            ctl_json_real(item(devices, i), "counted_kw") > 0)
            return TRUE;
    return FALSE;
}

static void
walk_plan(Walk *walk)
{
    JsonObject *plan = walk->answers->plan;
    begin(walk, "plan");
    if (plan == NULL) {
        add(walk,
            length(sites_of(walk)) > 0 ? CTL_FINDING_DOUBT : CTL_FINDING_GOOD,
            g_strdup(_("no plan is in force yet")),
            g_strdup(_("the first comes when a steered device has reported and there is a price")));
        return;
    }
    if (ctl_json_real(plan, "breach_kwh") > 0.01 && is_one_missing(walk))
        add(walk,
            CTL_FINDING_DOUBT,
            g_strdup(_("stations that have never been here count with all that they could draw: "
                       "the others get what is left of the limit")),
            g_strdup(_("connect them; those that are not installed need the attribute "
                       "\"in-service\": false")));
    else if (ctl_json_real(plan, "breach_kwh") > 0.01)
        add(walk,
            CTL_FINDING_BROKEN,
            g_strdup_printf(_("the limits cannot be kept: %.2f kWh above them cannot be avoided"),
                            ctl_json_real(plan, "breach_kwh")),
            g_strdup(_("base load and what must not be lowered are more than the limit; raise the "
                       "contract or lower fail-safe powers")));
    if (ctl_json_real(plan, "shortfall_kwh") > 0.05)
        add(walk,
            CTL_FINDING_DOUBT,
            g_strdup_printf(_("needs cannot be met: %.1f kWh are missing"),
                            ctl_json_real(plan, "shortfall_kwh")),
            g_strdup(_("\"cariflexctl session\" names the cause of each")));
    if (ctl_json_real(plan, "gap") > 1e-3)
        add(walk,
            CTL_FINDING_DOUBT,
            g_strdup_printf(_("the plan may cost %.2f %% more than the best"),
                            100 * ctl_json_real(plan, "gap")),
            g_strdup(_("the scheduler ran out of time; see its budget in cariflex.conf(5)")));
    end(walk,
        g_strdup_printf(_("plan %.0f, because of %s, solved in %.1f ms"),
                        ctl_json_real(plan, "plan"),
                        text_of(plan, "cause"),
                        ctl_json_real(plan, "solve_us") / 1000));
}

static void
walk_knocks(Walk *walk)
{
    JsonArray *unknown = ctl_json_list(walk->answers->stations, "unknown");
    for (guint i = 0; i < length(unknown); i++) {
        const char *identity = text_of(item(unknown, i), "identity");
        add(walk,
            CTL_FINDING_DOUBT,
            g_strdup_printf(_("\"%s\" knocked and is not known"), identity),
            g_strdup_printf(_("if it is yours: \"cariflexctl approve %s\"; if it should be in, its "
                              "name or password is set wrongly at the station"),
                            identity));
    }
}

static void
walk_device(Walk *walk, JsonObject *device)
{
    const char *name = text_of(device, "station"), *words = text_of(device, "words");
    const char *installed = text_of(device, "installed");
    if (ctl_json_text(device, "reported") == NULL)
        add(walk,
            CTL_FINDING_DOUBT,
            g_strdup_printf(_("%s has never been here"), name),
            g_strdup(_(
                "see that it is on, that it calls the address of its adapter's listener, and that "
                "its name and password are right")));
    else if (!(ctl_json_real(device, "connected") > 0))
        add(walk,
            CTL_FINDING_BROKEN,
            g_strdup_printf(_("%s is offline; %.2f kW stay reserved for it"),
                            name,
                            ctl_json_real(device, "counted_kw")),
            g_strdup(_("look at its network; it follows its last profile to the end, and its share "
                       "is free again when it is back")));
    if (ctl_json_real(device, "faulted") > 0)
        add(walk,
            CTL_FINDING_BROKEN,
            g_strdup_printf(_("%s reports a fault: %s"), name, words),
            g_strdup_printf(
                _("\"cariflexctl command %s\" shows what can be asked of it; else ask its maker"),
                name));
    if (strcmp(installed, "refused") == 0)
        add(walk,
            CTL_FINDING_BROKEN,
            g_strdup_printf(_("%s refuses charging profiles: \"%s\"; it counts with %.2f kW"),
                            name,
                            words,
                            ctl_json_real(device, "counted_kw")),
            g_strdup(_("all ways were tried; look whether it is set to take profiles, and for "
                       "newer firmware")));
}

static void
walk_stations(Walk *walk)
{
    JsonArray *devices = ctl_json_list(walk->answers->devices, "devices");
    begin(walk, "stations");
    for (guint i = 0; i < length(devices); i++)
        walk_device(walk, item(devices, i));
    walk_knocks(walk);
    end(walk, g_strdup_printf(_("all %u devices are here and take profiles"), length(devices)));
}

static void
walk_needs(Walk *walk)
{
    JsonArray *sessions = ctl_json_list(walk->answers->sessions, "sessions");
    guint open = 0;
    begin(walk, "sessions");
    for (guint i = 0; i < length(sessions); i++) {
        JsonObject *session = item(sessions, i);
        double asked = ctl_json_real(session, "asked_wh");
        double promised = ctl_json_real(session, "promised_wh");
        if (ctl_json_text(session, "ended") != NULL)
            continue;
        open++;
        if (promised < asked - 100)
            add(walk,
                CTL_FINDING_DOUBT,
                g_strdup_printf(_("%s asks for %.1f kWh and is promised %.1f (%s)"),
                                text_of(session, "station"),
                                asked / 1000,
                                promised / 1000,
                                text_of(session, "cause")),
                g_strdup(_("a later departure, a smaller need or a higher limit would help")));
    }
    end(walk, g_strdup_printf(_("%u open, each is promised what it asks"), open));
}

GPtrArray *
ctl_doctor_walk(const CtlAnswers *answers)
{
    Walk walk = { answers, g_ptr_array_new_with_free_func(finding_free), NULL, 0 };
    walk_instances(&walk);
    walk_store(&walk);
    walk_sites(&walk);
    walk_signal(&walk);
    walk_price(&walk);
    walk_meter(&walk);
    walk_plan(&walk);
    walk_stations(&walk);
    walk_needs(&walk);
    return walk.findings;
}
