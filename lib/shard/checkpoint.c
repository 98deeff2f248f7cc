/* Checkpoints: positions and dirty leads are frozen, the leads' current states are written in
 * chunks while work goes on, and with the last of them, or later, base moves (rules 11, 12, 15).
 *
 * They are spread over a part of the interval, and the checkpoints of a process' shards over the
 * interval: a crossing meets one chunk on its way to Redis, not one of each shard, and its thread
 * is not busy with them for seconds. It is no less work, only evenly done.
 *
 * Two lists take turns: one holds the leads of the checkpoint that are still to be written, the
 * other collects those that become dirty meanwhile. */

#include "shard/internal.h"

/* The part of the interval in which a checkpoint is written. What is read again after a crash is
 * one interval and this part of another, at most. */
#define SPREAD 4

static uint32_t listed(const struct seuil_shard *shard)
{
    const struct seuil_cache_list *lists = shard->cache.lists;

    return lists[SEUIL_LIST_A].count + lists[SEUIL_LIST_B].count + lists[SEUIL_LIST_URGENT].count;
}

bool seuil_checkpoint_idle(const struct seuil_shard *shard)
{
    if (shard->checkpoint.active || listed(shard) || shard->cache.in_flight)
        return false;
    for (uint32_t i = 0; i < SEUIL_TOPICS_MAX; i++)
        if (shard->topics[i].lane && shard->topics[i].applied.next != shard->meta.topics[i].base)
            return false;
    return true;
}

static uint32_t least(uint32_t a, uint32_t b)
{
    return a < b ? a : b;
}

static bool spread(const struct seuil_shard *shard)
{
    const struct seuil_checkpoint *checkpoint = &shard->checkpoint;

    return !checkpoint->hurried && !checkpoint->wanted && shard->state == SEUIL_SHARD_RUN;
}

uint32_t seuil_checkpoint_share(const struct seuil_shard *shard, uint32_t chunk)
{
    const struct seuil_checkpoint *checkpoint = &shard->checkpoint;
    uint32_t left = shard->cache.lists[checkpoint->list].count;
    seuil_time_ms gone = shard->mono - checkpoint->begun;
    seuil_time_ms all = shard->config->checkpoint_ms / SPREAD;
    uint64_t until, done;

    if (!checkpoint->active)
        return 0;
    if (!spread(shard) || gone >= all)
        return least(left, chunk);
    done = checkpoint->total - least(left, checkpoint->total);
    until = (uint64_t)checkpoint->total * (uint64_t)gone / (uint64_t)all + chunk;
    return until <= done ? 0 : least(least(left, chunk), (uint32_t)(until - done));
}

bool seuil_checkpoint_pending(const struct seuil_shard *shard)
{
    uint32_t left = shard->cache.lists[shard->checkpoint.list].count;

    return left &&
           seuil_checkpoint_share(shard, SEUIL_CHUNK_RUNNING) == least(left, SEUIL_CHUNK_RUNNING);
}

/* The next chunk may be written a chunk's part of that time later. */
static void wake_for_chunk(struct seuil_shard *shard)
{
    const struct seuil_checkpoint *checkpoint = &shard->checkpoint;
    seuil_time_ms all = shard->config->checkpoint_ms / SPREAD;

    if (checkpoint->total > SEUIL_CHUNK_RUNNING && spread(shard) &&
        shard->cache.lists[checkpoint->list].count)
        seuil_shard_wake_at(shard, shard->mono + 1 + all * SEUIL_CHUNK_RUNNING / checkpoint->total);
}

static void freeze(struct seuil_shard *shard)
{
    struct seuil_checkpoint *checkpoint = &shard->checkpoint;

    seuil_merge_fingers(shard);
    for (uint32_t i = 0; i < SEUIL_TOPICS_MAX; i++) {
        checkpoint->next[i] = shard->topics[i].applied.next;
        checkpoint->last_time[i] = shard->topics[i].applied.last_time;
        checkpoint->finger[i] = shard->topics[i].finger;
    }
    checkpoint->stream_time = seuil_merge_stream_time(shard);
    checkpoint->sources = shard->sources;
    checkpoint->dead_mark = shard->dead.tail;
    checkpoint->list = checkpoint->list == SEUIL_LIST_A ? SEUIL_LIST_B : SEUIL_LIST_A;
    checkpoint->begun = shard->mono;
    checkpoint->total = shard->cache.lists[checkpoint->list].count;
    checkpoint->hurried = checkpoint->wanted;
    checkpoint->wanted = false;
    checkpoint->frozen++;
    checkpoint->active = true;
}

/* Shards that were given to a process together begin their first checkpoints together. The second
 * ones come earlier, each by another part of the interval: multiples of the golden ratio lie evenly
 * whichever shards these are. */
static seuil_time_ms next_at(const struct seuil_shard *shard)
{
    const struct seuil_checkpoint *checkpoint = &shard->checkpoint;
    seuil_time_ms interval = shard->config->checkpoint_ms;
    seuil_time_ms next = checkpoint->begun + interval;

    if (checkpoint->frozen == 1)
        next -= interval * (seuil_time_ms)(shard->number * 40503u % 65536u) / 65536;
    return next;
}

void seuil_checkpoint_run(struct seuil_shard *shard)
{
    struct seuil_checkpoint *checkpoint = &shard->checkpoint;
    seuil_time_ms next = next_at(shard);
    bool batch_open = shard->batch.done < shard->batch.count;

    if (checkpoint->active)
        wake_for_chunk(shard);
    if (checkpoint->active || shard->halting || seuil_checkpoint_idle(shard))
        return;
    /* Half of the cache dirty: begin now, so that there is room while it is written. */
    if ((uint64_t)listed(shard) * 2 > shard->cache.count &&
        shard->cache.bytes * 2 > shard->config->cache_bytes)
        checkpoint->wanted = true;
    if (shard->config->checkpoint_ms == 0
            ? !batch_open || checkpoint->wanted
            : checkpoint->wanted || shard->mono >= next || shard->state == SEUIL_SHARD_DRAIN)
        freeze(shard);
    else
        seuil_shard_wake_at(shard, next);
}

bool seuil_checkpoint_complete(const struct seuil_shard *shard)
{
    const struct seuil_checkpoint *checkpoint = &shard->checkpoint;

    return checkpoint->active && shard->cache.lists[checkpoint->list].count == 0 &&
           shard->dead.head >= checkpoint->dead_mark;
}
