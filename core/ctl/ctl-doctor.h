/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Walks the chain from the grid's signal to the charging station in what the daemon says of
 * itself, and names the links that are broken, with the remedy. Pure: answers in, findings out.
 */
#pragma once

#include <json-glib/json-glib.h>

typedef enum {
    CTL_FINDING_GOOD,
    CTL_FINDING_DOUBT,
    CTL_FINDING_BROKEN,
} CtlFindingKind;

typedef struct {
    CtlFindingKind kind;
    const char *link; /* "grid signal"; not translated: for programs */
    char *text;       /* what is so */
    char *remedy;     /* (nullable) what to do about it */
} CtlFinding;

/* Answers of Status, Devices, Stations, Sessions and Plan; each may be NULL: not told. */
typedef struct {
    JsonObject *status, *devices, *stations, *sessions, *plan;
} CtlAnswers;

/* (element-type CtlFinding) in the order of the chain; each link has one at least. (transfer full)
 */
GPtrArray *ctl_doctor_walk(const CtlAnswers *answers);
