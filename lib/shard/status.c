#include <assert.h>
#include <stdio.h>

#include "shard/internal.h"

static const char *const names[] = {
    [SEUIL_SHARD_OFF] = "off",         [SEUIL_SHARD_CONFIRM] = "confirm",
    [SEUIL_SHARD_ACQUIRE] = "acquire", [SEUIL_SHARD_CHECK] = "check",
    [SEUIL_SHARD_WITNESS] = "witness", [SEUIL_SHARD_SEEK] = "seek",
    [SEUIL_SHARD_RUN] = "run",         [SEUIL_SHARD_DRAIN] = "drain",
    [SEUIL_SHARD_BACKOFF] = "backoff", [SEUIL_SHARD_HALT] = "halt",
};

const char *seuil_shard_state_name(enum seuil_shard_state state)
{
    return (unsigned)state < sizeof(names) / sizeof(names[0]) ? names[state] : "unknown";
}

enum seuil_shard_state seuil_shard_state(const struct seuil_shard *shard)
{
    return shard->state;
}

void seuil_shard_status(const struct seuil_shard *shard, struct seuil_shard_status *ret_status)
{
    const struct seuil_cache *cache = &shard->cache;
    const struct seuil_shard_counters *c = &shard->counters;
    struct seuil_shard_status s = {0};

    s.shard = shard->number;
    s.state = shard->state;
    s.token = shard->token;
    s.seq = shard->meta.seq;
    for (uint32_t i = 0; i < SEUIL_TOPICS_MAX; i++) {
        const struct seuil_lane *lane = shard->topics[i].lane;

        s.base[i] = shard->meta.topics[i].base;
        s.position[i] = lane ? shard->topics[i].applied.next : -1;
        s.end[i] = lane ? lane->end : -1;
        s.unusable[i] = seuil_breaker_unusable(shard, i);
        s.tripped[i] = shard->topics[i].tripped && shard->state == SEUIL_SHARD_HALT;
    }
    s.outbox = shard->meta.outbox_tail - shard->publish.head + shard->pending.count;
    s.dead_letters_pending = shard->dead.tail - shard->dead.head;
    s.cached = cache->count;
    s.dirty = cache->in_flight;
    for (int i = 0; i < SEUIL_LISTS; i++)
        s.dirty += cache->lists[i].count;
    s.cache_bytes = cache->bytes;
    s.in_flight = shard->batch.count - shard->batch.done;
    s.watermark = shard->state == SEUIL_SHARD_RUN ? seuil_merge_watermark(shard) : SEUIL_TIME_NONE;
    s.stream_time = shard->stream_applied;
    s.progress = shard->progress;
    s.text = shard->text;
    snprintf(s.waits, sizeof(s.waits), "%s", shard->schema_wait.text);
    s.counters = *c;
    s.counters.received += s.in_flight;
    assert(s.counters.received == c->applied + c->replayed + c->duplicate + c->filtered + c->late +
                                      c->dead_lettered + s.in_flight);
    *ret_status = s;
}

void seuil_status_begin(struct seuil_shard *shard)
{
    assert(shard->batch.count == shard->batch.done);
    shard->before = shard->counters;
    shard->owned_since = shard->wall;
}

void seuil_status_counts(const struct seuil_shard *shard, struct seuil_meta_counts *ret_counts)
{
    const struct seuil_shard_counters *now = &shard->counters, *then = &shard->before;
    uint64_t in_flight = shard->batch.count - shard->batch.done;

    *ret_counts = (struct seuil_meta_counts){
        .since = shard->owned_since,
        .as_of = shard->wall,
        .received = now->received - then->received + in_flight,
        .applied = now->applied - then->applied,
        .replayed = now->replayed - then->replayed,
        .duplicate = now->duplicate - then->duplicate,
        .filtered = now->filtered - then->filtered,
        .late = now->late - then->late,
        .dead_lettered = now->dead_lettered - then->dead_lettered,
        .in_flight = in_flight,
    };
}
