/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "ctl-client.h"
#include "ctl-doctor.h"
#include "ctl-json.h"
#include "ctl-options.h"

#include <glib/gi18n-lib.h>
#include <stdio.h>
#include <unistd.h>

/* A method's answer; NULL where it has none, as a plan before the first. (transfer full) */
static JsonObject *
ask(const CtlOptions *options, const char *method, GVariant *arguments)
{
    g_autofree char *json = ctl_call(&options->where, method, arguments, NULL);
    return json != NULL && *json != '\0' ? ctl_json_object(json, NULL) : NULL;
}

static const char *
mark(CtlFindingKind kind)
{
    static const char *const plain[] = { "ok    ", "look  ", "BROKEN" };
    static const char *const colours[] = { "\x1b[32mok    \x1b[0m",
                                           "\x1b[33mlook  \x1b[0m",
                                           "\x1b[31mBROKEN\x1b[0m" };
    return isatty(STDOUT_FILENO) ? colours[kind] : plain[kind];
}

static void
print_text(GPtrArray *findings)
{
    for (guint i = 0; i < findings->len; i++) {
        const CtlFinding *finding = g_ptr_array_index(findings, i);
        printf("%s %-12s %s\n", mark(finding->kind), finding->link, finding->text);
        if (finding->remedy != NULL && finding->kind != CTL_FINDING_GOOD)
            printf("       %-12s → %s\n", "", finding->remedy);
    }
}

static void
print_json(GPtrArray *findings)
{
    static const char *const names[] = { "good", "doubt", "broken" };
    g_autoptr(JsonBuilder) to = json_builder_new();
    json_builder_begin_object(to);
    json_builder_set_member_name(to, "findings");
    json_builder_begin_array(to);
    for (guint i = 0; i < findings->len; i++) {
        const CtlFinding *finding = g_ptr_array_index(findings, i);
        json_builder_begin_object(to);
        json_builder_set_member_name(to, "kind");
        json_builder_add_string_value(to, names[finding->kind]);
        json_builder_set_member_name(to, "link");
        json_builder_add_string_value(to, finding->link);
        json_builder_set_member_name(to, "text");
        json_builder_add_string_value(to, finding->text);
        json_builder_set_member_name(to, "remedy");
        if (finding->remedy != NULL)
            json_builder_add_string_value(to, finding->remedy);
        else
            json_builder_add_null_value(to);
        json_builder_end_object(to);
    }
    json_builder_end_array(to);
    json_builder_end_object(to);
    g_autoptr(JsonNode) root = json_builder_get_root(to);
    g_autofree char *text = json_to_string(root, FALSE);
    printf("%s\n", text);
}

static gboolean
is_broken(GPtrArray *findings)
{
    for (guint i = 0; i < findings->len; i++)
        if (((CtlFinding *)g_ptr_array_index(findings, i))->kind == CTL_FINDING_BROKEN)
            return TRUE;
    return FALSE;
}

static int
run(int argc, char **argv)
{
    g_auto(CtlOptions) options = { 0 };
    g_autoptr(GError) error = NULL;
    if (!ctl_options_parse(&ctl_verb_doctor, NULL, 0, 0, &argc, &argv, &options))
        return 2;
    g_autofree char *json = ctl_call(&options.where, "Status", NULL, &error);
    g_autoptr(JsonObject) status = json != NULL ? ctl_json_object(json, &error) : NULL;
    if (status == NULL) {
        ctl_fail(&ctl_verb_doctor, error);
        fprintf(stderr,
                "%s\n",
                _("→ \"systemctl status cariflexd\" says whether it runs, \"journalctl -u "
                  "cariflexd\" why not, \"cariflexd --check-config\" what is wrong in its "
                  "keyfiles"));
        return 1;
    }
    g_autoptr(JsonObject) devices = ask(&options, "Devices", NULL);
    g_autoptr(JsonObject) stations = ask(&options, "Stations", NULL);
    g_autoptr(JsonObject) sessions = ask(&options, "Sessions", NULL);
    g_autoptr(JsonObject) plan = ask(&options, "Plan", g_variant_new("(x)", (gint64)0));
    CtlAnswers answers = { status, devices, stations, sessions, plan };
    g_autoptr(GPtrArray) findings = ctl_doctor_walk(&answers);
    if (options.json)
        print_json(findings);
    else
        print_text(findings);
    return is_broken(findings) ? 1 : 0;
}

const CtlVerb ctl_verb_doctor = {
    "doctor",
    "",
    N_("Walks the chain, and says which link is broken and what to do"),
    "  cariflexctl doctor\n"
    "  cariflexctl doctor --json",
    run,
};
