/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Metrics of the host and of its instances, and their text for Prometheus. All functions [any]. */
#pragma once

#include <cariflex/cfx-host.h>

/*
 * The metric of that name and labels, made when it is new. It lives as long as the process.
 * @labels: (nullable) ended by one whose name is NULL
 * Returns: NULL if the name is not one of Prometheus, or exists with another type
 */
CfxMetric *cfx_metric_get(guint32 type, const char *name, const char *help, const CfxPair *labels);

/* Adds to a counter, or sets a gauge. NULL is ignored. */
void cfx_metric_add(CfxMetric *metric, double value);
double cfx_metric_value(const CfxMetric *metric);

/* All metrics in Prometheus' text format, version 0.0.4. (transfer full) */
char *cfx_metric_text(void);
