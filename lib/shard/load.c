/* Leads from Redis into the cache, each asked once, answered in the order asked. */

#include <assert.h>
#include <string.h>

#include "shard/internal.h"

bool seuil_load_ask(struct seuil_shard *shard, enum seuil_purpose purpose,
                    struct seuil_cached **entries, uint32_t count)
{
    struct seuil_str ids[SEUIL_CHUNK_MAX];
    struct seuil_load *load = NULL;

    assert(count > 0 && count <= SEUIL_CHUNK_MAX);
    for (uint32_t i = 0; i < SEUIL_LOADS && !load; i++)
        if (!shard->loads[i].cookie)
            load = &shard->loads[i];
    if (!load) { /* cannot be: each user keeps to its share */
        shard->failed = true;
        return false;
    }
    load->cookie = ++shard->cookies;
    load->purpose = purpose;
    load->count = count;
    for (uint32_t i = 0; i < count; i++) {
        assert(entries[i]->loading);
        load->entries[i] = entries[i];
        ids[i] = (struct seuil_str){entries[i]->id, entries[i]->id_len};
    }
    shard->env.store->ops->load(shard->env.store, shard->number, ids, count, load->cookie);
    return true;
}

/* A state as it stands in Redis. Its due entry there is not later than the due time in it (rule
 * 13), so that is what counts as armed. */
static int fill(struct seuil_shard *shard, struct seuil_cached *entry,
                const struct seuil_store_item *item)
{
    seuil_time_ms due = SEUIL_TIME_NEVER;

    entry->loading = false;
    entry->model_epoch = shard->model_epoch;
    if (!item->bytes || item->len == 0)
        return 0;
    if (item->len > SEUIL_LEAD_BYTES_MAX ||
        seuil_lead_peek_due(item->bytes, item->len, &due) != 0) {
        seuil_shard_halt(
            shard,
            "the state of lead %.*s in Redis cannot be read: it was written by a newer "
            "version, or is damaged. Restore it, or `seuilctl rebuild` the shard",
            (int)entry->id_len, entry->id);
        return SEUIL_ERR_HALTED;
    }
    entry->due = entry->armed = entry->sent_armed = due;
    if (shard->walk.active)
        entry->model_epoch = shard->model_epoch - 1; /* not judged by the present models yet */
    return seuil_cache_set(&shard->cache, entry, item->bytes, item->len);
}

void seuil_load_reply(struct seuil_shard *shard, const struct seuil_store_reply *reply)
{
    struct seuil_load *load = NULL;

    for (uint32_t i = 0; i < SEUIL_LOADS && !load; i++)
        if (shard->loads[i].cookie == reply->cookie)
            load = &shard->loads[i];
    if (!load || !seuil_shard_accept(shard, reply, "reading leads"))
        return;
    if (reply->item_count != load->count) {
        seuil_shard_doubt(shard, "reading leads: %u asked, %u answered", load->count,
                          reply->item_count);
        return;
    }
    load->cookie = 0;
    for (uint32_t i = 0; i < load->count; i++) {
        int rc = fill(shard, load->entries[i], &reply->items[i]);

        if (rc == SEUIL_ERR_NOMEM)
            shard->failed = true;
        if (rc)
            return;
    }
    for (uint32_t i = 0; i < load->count && !shard->halting; i++) {
        struct seuil_cached *entry = load->entries[i];

        if (load->purpose == SEUIL_FOR_WALK)
            seuil_walk_loaded(shard, entry);
        if (entry->waking) {
            entry->waking = false;
            shard->timers.waking--;
            seuil_timers_fire(shard, entry);
        }
    }
}
