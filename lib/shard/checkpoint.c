/* Checkpoints: positions and dirty leads are frozen, the leads' current states are written in
 * chunks while work goes on, and with the last of them, or later, base moves (rules 11, 12, 15).
 *
 * Two lists take turns: one holds the leads of the checkpoint that are still to be written, the
 * other collects those that become dirty meanwhile. */

#include "shard/internal.h"

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
    checkpoint->wanted = false;
    checkpoint->frozen++;
    checkpoint->active = true;
}

void seuil_checkpoint_run(struct seuil_shard *shard)
{
    struct seuil_checkpoint *checkpoint = &shard->checkpoint;
    seuil_time_ms next = checkpoint->begun + shard->config->checkpoint_ms;
    bool batch_open = shard->batch.done < shard->batch.count;

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
