#include "collect.h"

#include <assert.h>
#include <inttypes.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include "admin/metrics.h"
#include "base/heap.h"

struct seuil_collector {
    const struct seuil_opened *opened;
    const struct seuil_shard_config *config;
    struct seuil_worker *const *workers;
    uint32_t worker_count;
    /* of the answer that is being written */
    struct seuil_metrics metrics;
    struct seuil_shard_counters counters; /* of all shards */
    uint64_t in_flight, outbox, dead_letters, cached, dirty, cache_bytes, waiting;
    uint64_t states[SEUIL_SHARD_HALT + 1];
    uint64_t lag[SEUIL_TOPICS_MAX], unusable[SEUIL_TOPICS_MAX], tripped[SEUIL_TOPICS_MAX];
    int64_t turn_age_ms;
    struct seuil_shard_status statuses[SEUIL_PARTITIONS_MAX];
};

struct seuil_collector *seuil_collector_new(const struct seuil_opened *opened,
                                            const struct seuil_shard_config *config,
                                            struct seuil_worker *const *workers, uint32_t count)
{
    struct seuil_collector *c = seuil_heap_zalloc(1, sizeof(*c));

    if (c) {
        c->opened = opened;
        c->config = config;
        c->workers = workers;
        c->worker_count = count;
    }
    return c;
}

void seuil_collector_free(struct seuil_collector *collector)
{
    seuil_heap_free(collector);
}

/* ---- adding up ----------------------------------------------------------------------------- */

static void add_topics(struct seuil_collector *c, const struct seuil_shard_status *status)
{
    for (uint32_t t = 0; t < SEUIL_TOPICS_MAX; t++) {
        if (status->end[t] > status->position[t])
            c->lag[t] += (uint64_t)(status->end[t] - status->position[t]);
        if (status->unusable[t] > c->unusable[t])
            c->unusable[t] = status->unusable[t];
        c->tripped[t] += status->tripped[t];
    }
}

/* What it counted stays counted when the shard is another's. */
static void add_shard(struct seuil_collector *c, const struct seuil_shard_status *status)
{
#define X(name, help) c->counters.name += status->counters.name;
    SEUIL_SHARD_COUNTERS(X)
#undef X
    c->in_flight += status->in_flight;
    c->states[status->state]++;
    if (status->state == SEUIL_SHARD_OFF)
        return;
    c->outbox += status->outbox;
    c->dead_letters += status->dead_letters_pending;
    c->cached += status->cached;
    c->dirty += status->dirty;
    c->cache_bytes += status->cache_bytes;
    c->waiting += status->waits[0] != '\0';
    add_topics(c, status);
}

static void add_up(struct seuil_collector *c)
{
    seuil_time_ms mono = seuil_clock_mono_ms();
    size_t from = offsetof(struct seuil_collector, metrics);

    memset((char *)c + from, 0, offsetof(struct seuil_collector, statuses) - from);
    for (uint32_t w = 0; w < c->worker_count; w++) {
        uint32_t n = seuil_worker_snapshot(c->workers[w], c->statuses, SEUIL_PARTITIONS_MAX);
        int64_t age_ms = mono - seuil_worker_heartbeat(c->workers[w]);

        if (age_ms > c->turn_age_ms)
            c->turn_age_ms = age_ms;
        for (uint32_t i = 0; i < n; i++)
            add_shard(c, &c->statuses[i]);
    }
    /* Those in flight are taken, and those that a doubt dropped were: so it only rises. */
    c->counters.received += c->counters.retaken;
}

/* ---- telling ------------------------------------------------------------------------------- */

static void tell_topics(struct seuil_collector *c, enum seuil_metric metric, const uint64_t *values)
{
    for (uint32_t t = 0; t < SEUIL_TOPICS_MAX; t++) {
        struct seuil_str topic;

        if (!c->config->inputs[t].used)
            continue;
        topic = seuil_str_from(c->config->inputs[t].name);
        seuil_metrics_add(&c->metrics, metric, &topic, (double)values[t]);
    }
}

static void tell_states(struct seuil_collector *c)
{
    for (int s = SEUIL_SHARD_OFF + 1; s <= SEUIL_SHARD_HALT; s++) {
        struct seuil_str name = seuil_str_from(seuil_shard_state_name((enum seuil_shard_state)s));

        seuil_metrics_add(&c->metrics, SEUIL_METRIC_shards, &name, (double)c->states[s]);
    }
}

/* Whether an earlier field of the map has the labels of field @n: one sample is enough. */
static bool told_field(const struct seuil_map *map, uint32_t n, const struct seuil_map_watch *watch)
{
    struct seuil_map_watch other;

    for (uint32_t i = 0; i < n && seuil_map_watched(map, i, &other); i++)
        if (other.variant == watch->variant && strcmp(other.field, watch->field) == 0)
            return true;
    return false;
}

static void tell_fields(struct seuil_collector *c, enum seuil_metric metric)
{
    for (uint32_t i = 0; i < c->opened->settings->input_count; i++) {
        struct seuil_map_watch watch;

        for (uint32_t n = 0; c->opened->maps[i] && seuil_map_watched(c->opened->maps[i], n, &watch);
             n++) {
            char variant[16];
            struct seuil_str labels[] = {seuil_str_from(c->opened->settings->inputs[i].name),
                                         {0},
                                         seuil_str_from(watch.field)};

            snprintf(variant, sizeof(variant), "%" PRIu32, watch.variant);
            labels[1] = seuil_str_from(variant);
            if (told_field(c->opened->maps[i], n, &watch))
                continue;
            seuil_metrics_add(&c->metrics, metric, labels,
                              metric == SEUIL_METRIC_field_missing ? seuil_map_vanished(&watch)
                                                                   : (double)watch.silent);
        }
    }
}

/* What was left out for @reason, which several parts of a map may name; false when one before the
 * @n-th does, so that it was told with that. */
static bool left_out_for(const struct seuil_map *map, uint32_t n, const char *reason,
                         uint64_t *ret_count)
{
    const char *other;
    uint64_t count, sum = 0;

    for (uint32_t i = 0; seuil_map_dropped_for(map, i, &other, &count); i++) {
        if (strcmp(other, reason) != 0)
            continue;
        if (i < n)
            return false;
        sum += count;
    }
    *ret_count = sum;
    return true;
}

static void tell_left_out(struct seuil_collector *c)
{
    for (uint32_t i = 0; i < c->opened->settings->input_count; i++) {
        const struct seuil_map *map = c->opened->maps[i];
        const char *reason;
        uint64_t count;

        for (uint32_t n = 0; map && seuil_map_dropped_for(map, n, &reason, &count); n++) {
            struct seuil_str labels[] = {seuil_str_from(c->opened->settings->inputs[i].name),
                                         seuil_str_from(reason)};

            /* What makes events has no reason. */
            if (reason[0] && left_out_for(map, n, reason, &count))
                seuil_metrics_add(&c->metrics, SEUIL_METRIC_map_left_out, labels, (double)count);
        }
    }
}

/* The metrics that are no counter of a shard; true when @metric is one of them. */
static bool tell_other(struct seuil_collector *c, enum seuil_metric metric)
{
    struct seuil_str version = SEUIL_STR(SEUIL_VERSION);

    switch (metric) {
    case SEUIL_METRIC_lag:
        tell_topics(c, metric, c->lag);
        return true;
    case SEUIL_METRIC_breaker_recent:
        tell_topics(c, metric, c->unusable);
        return true;
    case SEUIL_METRIC_breaker_tripped:
        tell_topics(c, metric, c->tripped);
        return true;
    case SEUIL_METRIC_field_missing:
    case SEUIL_METRIC_field_silent:
        tell_fields(c, metric);
        return true;
    case SEUIL_METRIC_map_left_out:
        tell_left_out(c);
        return true;
    case SEUIL_METRIC_shards:
        tell_states(c);
        return true;
    case SEUIL_METRIC_turn_age:
        seuil_metrics_add(&c->metrics, metric, NULL, (double)c->turn_age_ms / 1000);
        return true;
    case SEUIL_METRIC_build_info:
        seuil_metrics_add(&c->metrics, metric, &version, 1);
        return true;
    default:
        return false;
    }
}

static uint64_t count_of(const struct seuil_collector *c, enum seuil_metric metric)
{
    switch (metric) {
#define X(name, help)                                                                              \
    case SEUIL_METRIC_##name:                                                                      \
        return c->counters.name;
        SEUIL_SHARD_COUNTERS(X)
#undef X
    case SEUIL_METRIC_in_flight:
        return c->in_flight;
    case SEUIL_METRIC_breaker_limit:
        return SEUIL_BREAKER_MOST(c->config);
    case SEUIL_METRIC_outbox:
        return c->outbox;
    case SEUIL_METRIC_dead_letters:
        return c->dead_letters;
    case SEUIL_METRIC_shards_waiting:
        return c->waiting;
    case SEUIL_METRIC_cached:
        return c->cached;
    case SEUIL_METRIC_dirty:
        return c->dirty;
    case SEUIL_METRIC_cache_bytes:
        return c->cache_bytes;
    default:
        assert(!"a metric that nobody tells");
        return 0;
    }
}

int seuil_collector_write(void *collector, struct seuil_buf *out)
{
    struct seuil_collector *c = collector;

    add_up(c);
    seuil_metrics_begin(&c->metrics, out);
    for (int m = 0; m < SEUIL_METRICS; m++)
        if (!tell_other(c, (enum seuil_metric)m))
            seuil_metrics_count(&c->metrics, (enum seuil_metric)m,
                                count_of(c, (enum seuil_metric)m));
    return out->failed;
}
