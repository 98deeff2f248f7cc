#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "admin/metrics.h"

static bool ends_with(const char *text, const char *end)
{
    size_t len = strlen(text), n = strlen(end);

    return len >= n && strcmp(text + len - n, end) == 0;
}

Test(metrics, have_names_that_prometheus_recommends_each_once)
{
    for (int i = 0; i < SEUIL_METRICS; i++) {
        const struct seuil_metric_row *row = &seuil_metric_rows[i];
        char bare[128], unit[64];

        cr_assert(strncmp(row->name, "seuil_", 6) == 0, "%s", row->name);
        cr_assert_eq(strspn(row->name, "abcdefghijklmnopqrstuvwxyz_"), strlen(row->name), "%s",
                     row->name);
        cr_assert_eq(ends_with(row->name, "_total"), row->type == SEUIL_METRIC_COUNTER, "%s",
                     row->name);
        snprintf(bare, sizeof(bare), "%s", row->name);
        if (ends_with(bare, "_total"))
            bare[strlen(bare) - 6] = '\0';
        snprintf(unit, sizeof(unit), "_%s", row->unit);
        cr_assert(!row->unit[0] || ends_with(bare, unit), "%s", row->name);
        cr_assert(row->unit[0] || (!ends_with(bare, "_bytes") && !ends_with(bare, "_seconds")),
                  "%s", row->name);
        for (const char *const *bad = (const char *const[]){"_ms", "_milliseconds", "_percent",
                                                            "_count", "_sum", "_bucket", NULL};
             *bad; bad++)
            cr_assert_not(ends_with(bare, *bad), "%s", row->name);
        cr_assert(row->help[0] && ends_with(row->help, ".") == !ends_with(row->help, "?") &&
                      !strpbrk(row->help, "\\\n"),
                  "%s: %s", row->name, row->help);
        for (int k = 0; k < i; k++)
            cr_assert_str_neq(row->name, seuil_metric_rows[k].name);
    }
}

Test(metrics, have_labels_of_letters_few_and_parted_by_one_space)
{
    for (int i = 0; i < SEUIL_METRICS; i++) {
        const char *labels = seuil_metric_rows[i].labels;
        unsigned count = labels[0] != '\0';

        cr_assert_eq(strspn(labels, "abcdefghijklmnopqrstuvwxyz_ "), strlen(labels));
        cr_assert_not(strstr(labels, "  ") || labels[0] == ' ' || ends_with(labels, " "));
        for (const char *p = labels; *p; p++)
            count += *p == ' ';
        cr_assert_leq(count, SEUIL_METRIC_LABELS_MAX);
    }
}

Test(metrics, are_told_with_help_and_type_once_and_their_samples_together)
{
    const struct seuil_str one[] = {SEUIL_STR("page_views")}, two[] = {SEUIL_STR("e\"mails\\\n")};
    struct seuil_metrics metrics;
    struct seuil_buf out = {0};

    seuil_metrics_begin(&metrics, &out);
    seuil_metrics_count(&metrics, SEUIL_METRIC_received, UINT64_MAX);
    seuil_metrics_add(&metrics, SEUIL_METRIC_lag, one, 0);
    seuil_metrics_add(&metrics, SEUIL_METRIC_lag, two, 12345678901.0);
    seuil_metrics_add(&metrics, SEUIL_METRIC_turn_age, NULL, 0.25);
    seuil_buf_add_byte(&out, '\0');
    cr_assert_str_eq(
        (char *)out.ptr,
        "# HELP seuil_events_received_total Events taken from the input topics; a record of none "
        "counts one.\n"
        "# TYPE seuil_events_received_total counter\n"
        "seuil_events_received_total 18446744073709551615\n"
        "# HELP seuil_lag_records Records between the position and the end of the topic, where the "
        "end is known.\n"
        "# TYPE seuil_lag_records gauge\n"
        "seuil_lag_records{topic=\"page_views\"} 0\n"
        "seuil_lag_records{topic=\"e\\\"mails\\\\\\n\"} 12345678901\n"
        "# HELP seuil_worker_turn_age_seconds How long ago the least lively worker began a turn.\n"
        "# TYPE seuil_worker_turn_age_seconds gauge\n"
        "seuil_worker_turn_age_seconds 0.25\n");
    seuil_buf_done(&out);
}

Test(metrics, are_named_in_the_manual_page_each_with_its_help)
{
    FILE *file = fopen(SEUIL_SOURCE_DIR "/deploy/man/seuild.8", "re");
    static char page[200000];
    size_t len = file ? fread(page, 1, sizeof(page) - 1, file) : 0;
    bool all = true;

    cr_assert_gt(len, 0);
    fclose(file);
    for (int i = 0; i < SEUIL_METRICS; i++) {
        const struct seuil_metric_row *row = &seuil_metric_rows[i];
        char entry[700], labels[200] = "";

        if (row->labels[0])
            snprintf(labels, sizeof(labels), "{%s}", row->labels);
        snprintf(entry, sizeof(entry), ".TP\n.B %s%s\n%s\n", row->name, labels, row->help);
        if (!strstr(page, entry)) {
            cr_log_error("seuild.8 should have:\n%s", entry);
            all = false;
        }
    }
    cr_assert(all);
}
