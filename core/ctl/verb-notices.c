/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "ctl-client.h"
#include "ctl-json.h"
#include "ctl-options.h"
#include "ctl-table.h"

#include <glib/gi18n-lib.h>
#include <stdio.h>
#include <string.h>

#define FOLLOW_US (G_USEC_PER_SEC / 2)

typedef struct {
    char *topic, *start, *end;
    gint64 asset;
    int limit;
    gboolean follow;
} Which;

static void
which_clear(Which *which)
{
    g_free(which->topic);
    g_free(which->start);
    g_free(which->end);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Which, which_clear)

static GVariant *
options_of(const Which *which, gint64 after)
{
    GVariantBuilder options = G_VARIANT_BUILDER_INIT(G_VARIANT_TYPE("a{sv}"));
    if (which->topic != NULL)
        g_variant_builder_add(&options, "{sv}", "topic", g_variant_new_string(which->topic));
    if (which->start != NULL)
        g_variant_builder_add(&options, "{sv}", "start", g_variant_new_string(which->start));
    if (which->end != NULL)
        g_variant_builder_add(&options, "{sv}", "end", g_variant_new_string(which->end));
    if (which->asset != 0)
        g_variant_builder_add(&options, "{sv}", "asset", g_variant_new_int64(which->asset));
    if (which->limit > 0)
        g_variant_builder_add(&options, "{sv}", "limit", g_variant_new_uint32((guint)which->limit));
    if (after > 0)
        g_variant_builder_add(&options, "{sv}", "after", g_variant_new_int64(after));
    return g_variant_new("(a{sv})", &options);
}

/* The sentence of a notice where it has one, else its members. */
static void
print_notice(JsonObject *notice, gboolean as_json)
{
    JsonObject *doc = ctl_json_in(notice, "doc");
    const char *text = ctl_json_text(doc, "text");
    g_autoptr(JsonNode) node = json_node_alloc();
    json_node_init_object(node, as_json ? notice : doc != NULL ? doc : notice);
    g_autofree char *json = json_to_string(node, FALSE);
    if (as_json) {
        printf("%s\n", json);
        return;
    }
    g_autofree char *at = ctl_cell(notice, "at", CTL_TIME);
    printf("%s  %-18s %s\n", at, ctl_json_text(notice, "topic"), text != NULL ? text : json);
}

/* Prints what there is; *after moves behind the last one. */
static gboolean
print_some(const CtlOptions *options, const Which *which, gint64 *after, GError **error)
{
    g_autofree char *json = ctl_call(&options->where, "Notices", options_of(which, *after), error);
    if (json == NULL)
        return FALSE;
    if (options->json && !which->follow) {
        printf("%s\n", json);
        return TRUE;
    }
    g_autoptr(JsonObject) answer = ctl_json_object(json, error);
    if (answer == NULL)
        return FALSE;
    JsonArray *notices = ctl_json_list(answer, "notices");
    guint n = notices != NULL ? json_array_get_length(notices) : 0;
    for (guint i = 0; i < n; i++) {
        JsonObject *notice = json_array_get_object_element(notices, i);
        *after = json_object_get_int_member_with_default(notice, "sequence", *after);
        print_notice(notice, options->json);
    }
    if (n == 0 && !which->follow)
        printf("%s\n", _("no notices"));
    fflush(stdout);
    return TRUE;
}

static int
run(int argc, char **argv)
{
    g_auto(CtlOptions) options = { 0 };
    g_auto(Which) which = { 0 };
    const GOptionEntry entries[] = {
        { "topic",
          0,
          0,
          G_OPTION_ARG_STRING,
          &which.topic,
          N_("Only this topic; with a dot at its end all that begin so: cfx.story."),
          N_("TOPIC") },
        { "asset", 0, 0, G_OPTION_ARG_INT64, &which.asset, N_("Only about this asset"), N_("ID") },
        { "start",
          0,
          0,
          G_OPTION_ARG_STRING,
          &which.start,
          N_("From this instant on, ISO 8601"),
          N_("TIME") },
        { "end",
          0,
          0,
          G_OPTION_ARG_STRING,
          &which.end,
          N_("Before this instant, ISO 8601"),
          N_("TIME") },
        { "limit",
          0,
          0,
          G_OPTION_ARG_INT,
          &which.limit,
          N_("At most so many, the last ones (50)"),
          N_("N") },
        { "follow",
          'f',
          0,
          G_OPTION_ARG_NONE,
          &which.follow,
          N_("Go on with what comes, until Ctrl-C"),
          NULL },
        { NULL, 0, 0, 0, NULL, NULL, NULL },
    };
    gint64 after = 0;
    g_autoptr(GError) error = NULL;
    if (!ctl_options_parse(&ctl_verb_notices, entries, 0, 0, &argc, &argv, &options))
        return 2;
    while (print_some(&options, &which, &after, &error)) {
        if (!which.follow)
            return 0;
        g_usleep(FOLLOW_US);
    }
    return ctl_fail(&ctl_verb_notices, error);
}

const CtlVerb ctl_verb_notices = {
    "notices",
    "",
    N_("Shows news that are no numbers: plugged in, faulted, registered"),
    "  cariflexctl notices --topic cfx.story. --follow\n"
    "  cariflexctl notices --topic ocpp.status --limit 20",
    run,
};
