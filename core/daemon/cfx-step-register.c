/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The register, and the sources of instances. */
#include "cfx-daemon.h"

#include "cfx-register.h"

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
    cfx_register_load(daemon->reg, done, data);
}

static void
register_release(CfxDaemon *daemon)
{
    g_clear_pointer(&daemon->reg, cfx_register_free);
}

const CfxStep cfx_step_register = { "register", register_start, NULL, register_release };
