/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What the parts of the fixture share: host and stations, the store in memory, the model. */
#pragma once

#include "engine-fixture.h"

extern Fixture *the_fixture;

/* Runs it in a turn of its own. */
void fixture_post(CfxFunc func, gpointer data);

void fixture_store_init(Fixture *self);
void fixture_store_clear(Fixture *self);
GHashTable *fixture_records_new(void);

void fixture_model_init(Fixture *self, const FixtureSetup *setup);
