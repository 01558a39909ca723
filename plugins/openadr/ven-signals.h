/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * From all events that are known to one timeline per sensor: prices by priority, then the newer;
 * limits by the stricter. Pure: no clock, no I/O.
 */
#pragma once

#include "ven-event.h"

typedef enum {
    OADR_PRICE,        /* 84: currency/MWh, 15 min, time-weighted mean */
    OADR_LOAD_CONTROL, /* 86: per cent that remains, 1 min, strictest */
    OADR_RESPONSE,     /* 87: level 0…3, 1 min, strictest */
    OADR_IMPORT_LIMIT, /* 107: W, 1 min, strictest */
    OADR_N_OUTPUTS
} OadrOutput;

#define OADR_SEGMENTS_MAX 5000

/* an event as the VEN keeps it */
typedef struct {
    OadrEvent *event;
    char *raw;       /* JSON as it was received */
    gint64 known_us; /* SITE */
    gint64 *offsets; /* (nullable) random ones, drawn once */
    guint n_offsets;
    const GArray *descriptors; /* (nullable) of its program, lent */
    gboolean is_missing;       /* the last poll did not name it, and had several pages */
} OadrKnown;

void oadr_known_free(OadrKnown *self);

/* units of `to` for one of `from` */
typedef struct {
    char from[8], to[8];
    double rate;
    char *date, *source;
} OadrRate;

/* "SEK:EUR:0.0905:2025-10-01:source" */
gboolean oadr_rate_parse(const char *text, OadrRate *ret, GError **error);
void oadr_rate_clear(OadrRate *self);

typedef struct {
    char currency[8];    /* of the site */
    const GArray *rates; /* (element-type OadrRate) (nullable) */
    double offset_sign;  /* of CONTROL_LEVEL_OFFSET_PERCENT: +1 or -1 */
    GPtrArray *used;     /* (element-type OadrRate) (nullable) lent: rates that were used */
} OadrRules;

typedef struct {
    gint64 start_us, end_us; /* end may be OADR_FOREVER */
    double value;
    gint64 priority, modified_us;
} OadrSegment;

/* All that concerns an output in [from, until). @problems (element-type utf8, nullable) gets what
 * was left out, and why. (transfer full) */
GArray *oadr_segments(const GPtrArray *known,
                      OadrOutput output,
                      const OadrRules *rules,
                      gint64 from_us,
                      gint64 until_us,
                      GPtrArray *problems);

/* values of a sensor on its grid */
typedef enum { OADR_NONE, OADR_VALUE, OADR_WITHDRAWN } OadrState;

typedef struct {
    gint64 start_us, step_us;
    gsize n;
    double *value;
    guint8 *state; /* OadrState */
} OadrGrid;

gint64 oadr_output_step(OadrOutput output);
/* TRUE: *ret is the value that means nothing; FALSE: "no value" means it */
gboolean oadr_output_neutral(OadrOutput output, double *ret);

void oadr_grid_init(OadrGrid *self, gint64 start_us, gint64 step_us, gsize n);
void oadr_grid_clear(OadrGrid *self);
/* The grid begins at @start_us from now on; what falls out is forgotten. */
void oadr_grid_move(OadrGrid *self, gint64 start_us);
void oadr_grid_set(OadrGrid *self, gint64 us, double value); /* NAN: withdrawn */

/* Fills a grid that is empty. */
void oadr_grid_fill(OadrGrid *self, OadrOutput output, const GArray *segments);

typedef struct {
    gint64 start_us;
    double value; /* NAN: no value */
} OadrChange;

/*
 * What has to be written so that what was written becomes what is wanted. The past (before the step
 * that holds @now_us) stays; a price of the past that was never written is filled in.
 * Both grids have the same steps. (element-type OadrChange) (transfer full)
 */
GArray *
oadr_changes(OadrOutput output, const OadrGrid *wanted, const OadrGrid *written, gint64 now_us);
