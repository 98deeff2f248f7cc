/* The metrics of the process, and their text: Prometheus' exposition format 0.0.4.
 *
 * metrics.def is the table; nothing is told that is not in it. A text is written metric by metric
 * in the table's order, each with all of its samples. */

#ifndef SEUIL_ADMIN_METRICS_H
#define SEUIL_ADMIN_METRICS_H

#include <stdint.h>

#include "base/buf.h"
#include "base/str.h"

enum seuil_metric_type { SEUIL_METRIC_COUNTER, SEUIL_METRIC_GAUGE };

enum seuil_metric {
#define METRIC(id, name, type, unit, labels, help) SEUIL_METRIC_##id,
#include "admin/metrics.def"
#undef METRIC
    SEUIL_METRICS,
};

#define SEUIL_METRIC_LABELS_MAX 3

struct seuil_metric_row {
    const char *name;
    enum seuil_metric_type type;
    const char *unit;
    const char *labels; /* names, parted by spaces */
    const char *help;
};

extern const struct seuil_metric_row seuil_metric_rows[SEUIL_METRICS];

#define SEUIL_METRICS_TYPE "text/plain; version=0.0.4; charset=utf-8"

struct seuil_metrics {
    struct seuil_buf *out;
    int last; /* the metric begun last; -1: none */
};

/* Begin a text at the end of @out. What memory did not hold shows in @out->failed. */
void seuil_metrics_begin(struct seuil_metrics *metrics, struct seuil_buf *out);

/* A sample of @metric: one value for each of its labels, in order. Samples of a metric follow each
 * other, metrics the table; no two of one metric have the same labels. */
void seuil_metrics_add(struct seuil_metrics *metrics, enum seuil_metric metric,
                       const struct seuil_str *labels, double value);

/* The same of a metric without labels, whose value is a whole number. */
void seuil_metrics_count(struct seuil_metrics *metrics, enum seuil_metric metric, uint64_t value);

#endif
