/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A register on a loop of its own with a fake clock and records in memory. */
#pragma once

#include "cfx-instance.h"
#include "cfx-register.h"
#include "fake-data.h"

typedef struct {
    CfxClock *clock;
    CfxLoop *loop;
    CfxInstance *host;
    CfxRegister *reg;
    /* what the last completion said */
    gboolean is_done;
    char *text;
    GError *error;
    CfxLogin login;
    char *token;
} Fixture;

void fixture_open(Fixture *self);  /* register loaded */
void fixture_close(Fixture *self); /* records stay: open it again to restart */
void fixture_wait(Fixture *self);  /* until is_done, which it clears */
void fixture_import(Fixture *self, const char *json, const CfxPair *secrets);
void fixture_import_ok(Fixture *self, const char *json, const CfxPair *secrets);
void fixture_login(Fixture *self, const char *user, const char *password, gint64 lifetime_us);
/* text answers */
void fixture_text(gpointer data, const char *json, const GError *error);
