/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "cfx-host-keys.h"

#include "cfx-web.h"

#include <string.h>

static const CfxConfigKey host_keys[] = {
    { .name = "run-dir",
      .type = CFX_KEY_FILE,
      .def = "/run/cariflex",
      .summary = "folder of the control socket" },
    { .name = "state-dir",
      .type = CFX_KEY_FILE,
      .def = "/var/lib/cariflex",
      .summary = "folder of what outlives a restart" },
    { .name = "log-level",
      .type = CFX_KEY_CHOICE,
      .flags = CFX_KEY_LIVE,
      .def = "message",
      .choices = "debug|info|message|warning|critical",
      .summary = "lowest level that is logged" },
};

static const CfxConfigKey clock_keys[] = {
    { .name = "page",
      .type = CFX_KEY_FILE,
      .summary = "page of a simulated clock that a world writes; without it SITE time is the "
                 "system's" },
};

static const CfxConfigKey dbus_keys[] = {
    { .name = "bus",
      .type = CFX_KEY_CHOICE,
      .def = "none",
      .choices = "none|system|session",
      .summary = "message bus where the objects of the control socket are served too; while there "
                 "is none, it is waited for" },
};

static const CfxConfigKey planner_keys[] = {
    { .name = "scheduler",
      .type = CFX_KEY_TEXT,
      .flags = CFX_KEY_REQUIRED,
      .summary = "NAME of the [scheduler:NAME] whose plans are applied" },
    { .name = "shadow",
      .type = CFX_KEY_TEXT,
      .summary = "NAME of a second scheduler, which is compared and never applied" },
};

static const char *const instance_keys[] = { "plugin", CFX_SOURCE_TYPE_KEY, NULL };

static CfxGroupKind kinds[] = {
    { "host", FALSE, FALSE, host_keys, G_N_ELEMENTS(host_keys) },
    { "clock", FALSE, FALSE, clock_keys, G_N_ELEMENTS(clock_keys) },
    { "dbus", FALSE, FALSE, dbus_keys, G_N_ELEMENTS(dbus_keys) },
    { "planner", FALSE, FALSE, planner_keys, G_N_ELEMENTS(planner_keys) },
    { "listener", TRUE, FALSE, NULL, 0 },
    { "storage", TRUE, TRUE, NULL, 0 },
    { "adapter", TRUE, TRUE, NULL, 0 },
    { "scheduler", TRUE, TRUE, NULL, 0 },
    { NULL, FALSE, FALSE, NULL, 0 },
};

const CfxGroupKind *
cfx_group_kinds(void)
{
    for (CfxGroupKind *kind = kinds; kind->kind != NULL; kind++) {
        if (strcmp(kind->kind, "listener") == 0)
            kind->keys = cfx_web_listener_keys(&kind->n_keys);
    }
    return kinds;
}

const CfxGroupKind *
cfx_group_kind(const char *kind)
{
    for (const CfxGroupKind *k = cfx_group_kinds(); k->kind != NULL; k++) {
        if (strcmp(k->kind, kind) == 0)
            return k;
    }
    return NULL;
}

const char *const *
cfx_instance_keys(void)
{
    return instance_keys;
}
