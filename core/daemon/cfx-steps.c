/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "cfx-steps.h"

/* Devices are let in last, when all that they can ask for is there. */
const CfxStep *const cfx_steps_start[] = {
    &cfx_step_socket,     &cfx_step_store,  &cfx_step_register,
    &cfx_step_schedulers, &cfx_step_engine, &cfx_step_web,
    &cfx_step_adapters,   &cfx_step_bus,    NULL,
};

/* Nobody new, then who talks to devices, then the planner, then the queue of the store. */
const CfxStep *const cfx_steps_stop[] = {
    &cfx_step_web,      &cfx_step_adapters, &cfx_step_engine, &cfx_step_schedulers,
    &cfx_step_register, &cfx_step_store,    &cfx_step_socket, NULL,
};
