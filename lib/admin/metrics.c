#include "admin/metrics.h"

#include <assert.h>
#include <inttypes.h>
#include <math.h>
#include <string.h>

const struct seuil_metric_row seuil_metric_rows[SEUIL_METRICS] = {
#define METRIC(id, name, type, unit, labels, help) {name, SEUIL_METRIC_##type, unit, labels, help},
#include "admin/metrics.def"
#undef METRIC
};

void seuil_metrics_begin(struct seuil_metrics *metrics, struct seuil_buf *out)
{
    *metrics = (struct seuil_metrics){.out = out, .last = -1};
}

/* HELP and TYPE stand once, before a metric's first sample. */
static const struct seuil_metric_row *open_metric(struct seuil_metrics *metrics,
                                                  enum seuil_metric metric)
{
    const struct seuil_metric_row *row = &seuil_metric_rows[metric];

    assert((int)metric >= metrics->last && metric < SEUIL_METRICS);
    if ((int)metric != metrics->last)
        seuil_buf_printf(metrics->out, "# HELP %s %s\n# TYPE %s %s\n", row->name, row->help,
                         row->name, row->type == SEUIL_METRIC_COUNTER ? "counter" : "gauge");
    metrics->last = (int)metric;
    return row;
}

static void add_value(struct seuil_buf *out, struct seuil_str value)
{
    seuil_buf_add_byte(out, '"');
    for (uint32_t i = 0; i < value.len; i++) {
        if (value.ptr[i] == '\\' || value.ptr[i] == '"')
            seuil_buf_add_byte(out, '\\');
        if (value.ptr[i] == '\n')
            seuil_buf_add_text(out, "\\n");
        else
            seuil_buf_add_byte(out, (uint8_t)value.ptr[i]);
    }
    seuil_buf_add_byte(out, '"');
}

static void add_labels(struct seuil_buf *out, const char *names, const struct seuil_str *values)
{
    for (unsigned i = 0; *names; i++) {
        size_t len = strcspn(names, " ");

        assert(i < SEUIL_METRIC_LABELS_MAX);
        seuil_buf_printf(out, "%c%.*s=", i ? ',' : '{', (int)len, names);
        add_value(out, values[i]);
        names += len + (names[len] == ' ');
        if (!*names)
            seuil_buf_add_byte(out, '}');
    }
}

void seuil_metrics_add(struct seuil_metrics *metrics, enum seuil_metric metric,
                       const struct seuil_str *labels, double value)
{
    const struct seuil_metric_row *row = open_metric(metrics, metric);

    assert(isfinite(value));
    seuil_buf_add_text(metrics->out, row->name);
    add_labels(metrics->out, row->labels, labels);
    seuil_buf_printf(metrics->out, " %.17g\n", value);
}

void seuil_metrics_count(struct seuil_metrics *metrics, enum seuil_metric metric, uint64_t value)
{
    const struct seuil_metric_row *row = open_metric(metrics, metric);

    assert(row->labels[0] == '\0');
    seuil_buf_printf(metrics->out, "%s %" PRIu64 "\n", row->name, value);
}
