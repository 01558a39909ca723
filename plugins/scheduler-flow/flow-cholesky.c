/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "flow-cholesky.h"
#include "flow-vector.h"

#include <math.h>

/* row −= Σ factor[q] · source[q], four sources at once: one pass over the row instead of four */
FLOW_VECTOR static void
subtract_four(double *restrict row,
              const double *restrict a,
              const double *restrict b,
              const double *restrict c,
              const double *restrict d,
              const double *factor,
              guint32 n)
{
    double fa = factor[0], fb = factor[1], fc = factor[2], fd = factor[3];
    for (guint32 k = 0; k < n; k++)
        row[k] -= (fa * a[k] + fb * b[k]) + (fc * c[k] + fd * d[k]);
}

FLOW_VECTOR static void
subtract_one(double *restrict row, const double *restrict a, double factor, guint32 n)
{
    for (guint32 k = 0; k < n; k++)
        row[k] -= factor * a[k];
}

/* Makes row i final, given that all rows before its block are subtracted already. */
static void
finish_row(double *matrix, guint32 i, guint32 n, guint32 stride)
{
    double *row = matrix + (gsize)i * stride;
    double pivot = row[i];
    /* rounding can take a pivot below what the diagonal had: such a row fixes nothing */
    pivot = pivot > 1e-300 ? sqrt(pivot) : 1e150;
    row[i] = pivot;
    for (guint32 k = i + 1; k < n; k++)
        row[k] /= pivot;
}

void
flow_cholesky_factor(double *matrix, guint32 n, guint32 stride)
{
    for (guint32 i = 0; i < n; i++)
        matrix[(gsize)i * stride + i] *= 1 + 1e-13;
    for (guint32 block = 0; block < n; block += 4) {
        guint32 end = MIN(block + 4, n);
        for (guint32 i = block; i < end; i++) {
            finish_row(matrix, i, n, stride);
            const double *done = matrix + (gsize)i * stride;
            for (guint32 r = i + 1; r < end; r++)
                subtract_one(matrix + (gsize)r * stride + r, done + r, done[r], n - r);
        }
        const double *rows = matrix + (gsize)block * stride;
        for (guint32 r = end; r < n; r++) {
            double *row = matrix + (gsize)r * stride + r;
            if (end - block == 4) {
                double factor[4] = {
                    rows[r], rows[stride + r], rows[2 * stride + r], rows[3 * stride + r]
                };
                subtract_four(row,
                              rows + r,
                              rows + stride + r,
                              rows + 2 * (gsize)stride + r,
                              rows + 3 * (gsize)stride + r,
                              factor,
                              n - r);
            }
        }
    }
}

void
flow_cholesky_solve(const double *matrix, guint32 n, guint32 stride, double *vector)
{
    for (guint32 i = 0; i < n; i++) {
        const double *row = matrix + (gsize)i * stride;
        vector[i] /= row[i];
        subtract_one(vector + i + 1, row + i + 1, vector[i], n - i - 1);
    }
    for (guint32 i = n; i-- > 0;) {
        const double *row = matrix + (gsize)i * stride;
        double sum = vector[i];
        for (guint32 k = i + 1; k < n; k++)
            sum -= row[k] * vector[k];
        vector[i] = sum / row[i];
    }
}
