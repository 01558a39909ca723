/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The register, and the sources of instances. */
#include "cfx-daemon.h"

#include "cfx-register.h"

/* Each instance that may write beliefs has a source of its own; so has the host. */
static void
loaded(gpointer data, const GError *error)
{
    CfxDaemon *daemon = data;
    if (error == NULL) {
        daemon->self->source =
            cfx_register_source_for(daemon->reg, daemon->self->name, CFX_SOURCE_REPORTER);
        for (guint i = 0; i < daemon->schedulers->len; i++) {
            CfxInstance *instance = g_ptr_array_index(daemon->schedulers, i);
            instance->source =
                cfx_register_source_for(daemon->reg, instance->name, CFX_SOURCE_SCHEDULER);
        }
        for (guint i = 0; i < daemon->adapters->len; i++) {
            CfxInstance *instance = g_ptr_array_index(daemon->adapters, i);
            const CfxSetupGroup *group = g_ptr_array_index(daemon->setup->adapters, i);
            instance->source =
                cfx_register_source_for(daemon->reg, instance->name, group->source_type);
        }
    }
    daemon->step_done(daemon->step_data, error);
}

static void
register_start(CfxDaemon *daemon, CfxDone done, gpointer data)
{
    if (daemon->store == NULL) {
        done(data, NULL);
        return;
    }
    daemon->reg = cfx_register_new(daemon->self, daemon->store);
    daemon->self->host.model = cfx_register_api();
    for (guint i = 0; i < daemon->adapters->len; i++) {
        CfxInstance *instance = g_ptr_array_index(daemon->adapters, i);
        instance->host.model = cfx_register_api();
    }
    daemon->step_done = done;
    daemon->step_data = data;
    cfx_register_load(daemon->reg, loaded, daemon);
}

static void
register_release(CfxDaemon *daemon)
{
    g_clear_pointer(&daemon->reg, cfx_register_free);
}

const CfxStep cfx_step_register = { "register", register_start, NULL, register_release };
