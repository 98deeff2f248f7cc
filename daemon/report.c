#include "report.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/buf.h"
#include "log.h"

static void add(struct seuil_report *report, const struct seuil_shard_status *status)
{
#define X(name, help) report->counters.name += status->counters.name;
    SEUIL_SHARD_COUNTERS(X)
#undef X
    if (status->state == SEUIL_SHARD_OFF)
        return;
    report->shards++;
    report->running += status->state == SEUIL_SHARD_RUN;
    report->backing_off += status->state == SEUIL_SHARD_BACKOFF;
    report->outbox += status->outbox;
    report->dirty += status->dirty;
    report->cached += status->cached;
    report->cache_bytes += status->cache_bytes;
    report->in_flight += status->in_flight;
    for (int t = 0; t < SEUIL_TOPICS_MAX; t++)
        if (status->end[t] > status->position[t])
            report->lag += (uint64_t)(status->end[t] - status->position[t]);
    if (status->waits[0] && report->waiting++ == 0) {
        report->waiting_shard = status->shard;
        memcpy(report->wait, status->waits, sizeof(report->wait));
    }
    if (status->state == SEUIL_SHARD_HALT) {
        if (report->halted++ == 0) {
            report->halted_shard = status->shard;
            snprintf(report->halt, sizeof(report->halt), "%s", status->text);
        }
    }
}

void seuil_report_take(struct seuil_worker *const *workers, uint32_t count, seuil_time_ms mono_ms,
                       struct seuil_report *ret_report)
{
    static struct seuil_shard_status statuses[SEUIL_PARTITIONS_MAX]; /* main thread only */

    memset(ret_report, 0, sizeof(*ret_report));
    for (uint32_t w = 0; w < count; w++) {
        uint32_t n = seuil_worker_snapshot(workers[w], statuses, SEUIL_PARTITIONS_MAX);
        int64_t still_ms = mono_ms - seuil_worker_heartbeat(workers[w]);

        if (still_ms > ret_report->oldest_turn_ms)
            ret_report->oldest_turn_ms = still_ms;
        for (uint32_t i = 0; i < n; i++)
            add(ret_report, &statuses[i]);
    }
}

void seuil_report_log(const struct seuil_report *report)
{
    static struct seuil_buf text; /* of the main thread, which reports */

    seuil_buf_clear(&text);
    seuil_buf_printf(&text, "report: shards=%u running=%u halted=%u waiting=%u lag=%" PRIu64,
                     report->shards, report->running, report->halted, report->waiting, report->lag);
#define X(name, help)                                                                              \
    if (report->counters.name)                                                                     \
        seuil_buf_printf(&text, " " #name "=%" PRIu64, report->counters.name);
    SEUIL_SHARD_COUNTERS(X)
#undef X
    seuil_buf_printf(&text,
                     " in_flight=%" PRIu64 " outbox=%" PRIu64 " cached=%" PRIu64 " dirty=%" PRIu64
                     " cache_bytes=%" PRIu64,
                     report->in_flight, report->outbox, report->cached, report->dirty,
                     report->cache_bytes);
    if (!text.failed)
        seuil_logf(SEUIL_LOG_INFO, "%.*s", (int)text.len, (const char *)text.ptr);
}

bool seuil_report_adds_up(const struct seuil_report *report)
{
    const struct seuil_shard_counters *c = &report->counters;

    return c->received == c->applied + c->replayed + c->duplicate + c->filtered + c->late +
                              c->dead_lettered + report->in_flight;
}
