/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "ctl-options.h"

#include <string.h>

static const CtlVerb *const verbs[] = {
    &ctl_verb_status,
    &ctl_verb_doctor,
    &ctl_verb_plugins,
    &ctl_verb_import,
    &ctl_verb_stations,
    &ctl_verb_approve,
    &ctl_verb_sync,
    &ctl_verb_assets,
    &ctl_verb_sensors,
    &ctl_verb_session,
    &ctl_verb_hold,
    &ctl_verb_devices,
    &ctl_verb_command,
    &ctl_verb_plan,
    &ctl_verb_notices,
    &ctl_verb_report,
    &ctl_verb_backup,
    &ctl_verb_demo,
    &ctl_verb_login,
    NULL,
};

const CtlVerb *const *
ctl_verbs_all(void)
{
    return verbs;
}

const CtlVerb *
ctl_verb_find(const char *name)
{
    for (gsize i = 0; verbs[i] != NULL; i++) {
        if (strcmp(verbs[i]->name, name) == 0)
            return verbs[i];
    }
    return NULL;
}
