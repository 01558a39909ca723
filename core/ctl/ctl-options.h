/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What all verbs share: --socket, --bus, --json, --help with examples, and the answer. */
#pragma once

#include "ctl-client.h"

typedef struct {
    CtlWhere where;
    gboolean json;
} CtlOptions;

void ctl_options_clear(CtlOptions *options);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(CtlOptions, ctl_options_clear)

typedef struct {
    const char *name;
    const char *arguments; /* "FILE"; marked for translation, like the next two */
    const char *summary;
    const char *examples; /* lines, each a command */
    int (*run)(int argc, char **argv);
} CtlVerb;

extern const CtlVerb ctl_verb_login, ctl_verb_backup;
extern const CtlVerb ctl_verb_approve, ctl_verb_devices, ctl_verb_import, ctl_verb_plan;
extern const CtlVerb ctl_verb_report, ctl_verb_sensors, ctl_verb_session, ctl_verb_stations;
extern const CtlVerb ctl_verb_status, ctl_verb_demo, ctl_verb_assets, ctl_verb_command;
extern const CtlVerb ctl_verb_notices, ctl_verb_plugins, ctl_verb_sync, ctl_verb_doctor, ctl_verb_hold;
/* Ended by NULL, in the order of the help. */
const CtlVerb *const *ctl_verbs_all(void);
const CtlVerb *ctl_verb_find(const char *name);

/*
 * Reads the options of a verb, its own `entries` (nullable) beside the shared ones; what is left in
 * argv behind argv[0] are its arguments.
 * @least, @most: how many arguments it takes
 * Returns: FALSE after it has said what is wrong; the exit status is then 2
 */
gboolean ctl_options_parse(const CtlVerb *verb,
                           const GOptionEntry *entries,
                           int least,
                           int most,
                           int *argc,
                           char ***argv,
                           CtlOptions *options);

/* Says an error on stderr. Returns: the exit status 1 */
int ctl_fail(const CtlVerb *verb, const GError *error);

/*
 * Calls a method and prints its answer: as it is with --json, else by `show` (nullable: nothing).
 * Returns: the exit status
 */
typedef gboolean (*CtlShow)(const char *json, GError **error);
int ctl_run(const CtlVerb *verb,
            const CtlOptions *options,
            const char *method,
            GVariant *arguments,
            CtlShow show);
