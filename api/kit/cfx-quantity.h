/* SPDX-License-Identifier: MIT */
/*
 * Quantities and units as people and APIs write them: "22 kW", "230 EUR/MWh", "20kWh", "15 %".
 *
 * A unit is a scale, an offset (temperatures only) and the exponents of its dimensions; currencies
 * are dimensions of which a unit has at most one kind. Unknown words are refused, not guessed.
 * All functions may be called from any thread.
 */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

typedef enum {
    CFX_DIMENSION_ENERGY, /* Wh */
    CFX_DIMENSION_TIME,   /* h, so that W is Wh/h */
    CFX_DIMENSION_MONEY,  /* one of `currency` */
    CFX_DIMENSION_CURRENT,
    CFX_DIMENSION_VOLTAGE,
    CFX_DIMENSION_LENGTH,
    CFX_DIMENSION_TEMPERATURE, /* K */
    CFX_DIMENSION_APPARENT,    /* VA and var do not mix with W */
    CFX_N_DIMENSIONS
} CfxDimension;

typedef struct {
    double scale;  /* value in base units = value * scale + offset */
    double offset; /* not 0 for °C and °F only */
    gint8 power[CFX_N_DIMENSIONS];
    char currency[8]; /* "EUR", or "" */
} CfxUnit;

typedef struct {
    double value; /* as written */
    CfxUnit unit;
} CfxQuantity;

/*
 * Reads a unit: "kW", "EUR/MWh", "€/kWh", "W/m²", "%", "°C", "kW*h", "" (a plain number).
 * @size: bytes of @text, or -1 if it ends with NUL
 * Returns: FALSE with an error of the domain CFX_KIT_ERROR if a part of it is unknown
 */
gboolean cfx_unit_parse(const char *text, gssize size, CfxUnit *ret, GError **error);

/* Whether both measure the same thing (and, for money, in the same currency). */
gboolean cfx_unit_is_same_kind(const CfxUnit *a, const CfxUnit *b);

/*
 * How values in @from become values in @to: value * scale + offset.
 * @resolution_us: length of the event that a value belongs to; with it energy per event and mean
 *   power convert into each other. 0: they do not.
 * Returns: FALSE with an error that names both units if they measure different things
 */
gboolean cfx_unit_convert(const char *from,
                          const char *to,
                          gint64 resolution_us,
                          double *ret_scale,
                          double *ret_offset,
                          GError **error);

/* Reads a number and its unit, with or without a space between them. The number is finite. */
gboolean cfx_quantity_parse(const char *text, gssize size, CfxQuantity *ret, GError **error);

/*
 * Reads a quantity and returns it in @unit: cfx_quantity_in("22 kW", -1, "W", &w, &error).
 * A number without a unit is refused unless @unit has no dimension; write the unit.
 */
gboolean
cfx_quantity_in(const char *text, gssize size, const char *unit, double *ret, GError **error);

/* Errors of the kit. They say what is wrong with a text that somebody wrote. */
#define CFX_KIT_ERROR (cfx_kit_error_quark())
typedef enum {
    CFX_KIT_ERROR_INVALID, /* the text is not what it should be */
    CFX_KIT_ERROR_UNIT,    /* well formed, of another kind than asked for */
} CfxKitError;
GQuark cfx_kit_error_quark(void);

G_END_DECLS
