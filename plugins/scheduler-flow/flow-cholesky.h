/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Dense symmetric positive definite systems. */
#pragma once

#include <glib.h>

/* Factors the upper triangle of `matrix` (n × n, row after row of `stride`) in place. */
void flow_cholesky_factor(double *matrix, guint32 n, guint32 stride);
void flow_cholesky_solve(const double *matrix, guint32 n, guint32 stride, double *vector);
