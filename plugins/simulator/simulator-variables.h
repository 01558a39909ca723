/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Device model of a station: what GetBaseReport, GetVariables and SetVariables speak of. */
#pragma once

#include <json-glib/json-glib.h>

#include "simulator-scene.h"

typedef struct _SimVariables SimVariables;

SimVariables *sim_variables_new(const SimStationData *station);
void sim_variables_free(SimVariables *self);

/* Value by the station's own name of it; NULL: there is none. */
const char *
sim_variables_get(const SimVariables *self, const char *component, const char *variable);
gint64 sim_variables_number(const SimVariables *self,
                            const char *component,
                            const char *variable,
                            gint64 otherwise);
gboolean sim_variables_lists(const SimVariables *self,
                             const char *component,
                             const char *variable,
                             const char *item);
void sim_variables_put(SimVariables *self,
                       const char *component,
                       const char *variable,
                       const char *value);

/* Payload of the answer to a request. */
void sim_variables_answer_get(const SimVariables *self, JsonObject *request, GString *answer);
void sim_variables_answer_set(SimVariables *self, JsonObject *request, GString *answer);
/* reportData of one part of a report; returns the index after its last variable. 0 of the length:
 * the end. */
guint sim_variables_report(const SimVariables *self, guint first, gboolean all, GString *to);
guint sim_variables_count(const SimVariables *self);
