/* What a read of due times brought: each lead is looked at, and armed anew; packs are removed with
 * the last of theirs (rule 13). */

#include <string.h>

#include "shard/internal.h"
#include "shard/pack.h"

/* Leads that one read wakes: each may join the urgent ones, of which applying leaves so much room
 * in a transaction. */
#define WAKE_MAX (SEUIL_CHUNK_MAX - SEUIL_URGENT_MAX)

_Static_assert(SEUIL_PACK_LEADS <= WAKE_MAX, "a pack is woken as a whole");

struct waking {
    struct seuil_cached *missing[WAKE_MAX];
    uint32_t count;
    uint32_t woken;
    seuil_time_ms due; /* of the entry that wakes */
    bool pack;         /* it is one */
};

/* Woken by a pack, although something later and known wakes it too: an old pack. */
static bool armed_otherwise(const struct seuil_cached *entry, const struct waking *waking)
{
    if (!waking->pack || entry->loading || entry->in_flight || entry->armed > entry->due)
        return false;
    return entry->armed_by == SEUIL_ARMED_ALONE ||
           (entry->armed_by == SEUIL_ARMED_PACK && entry->armed > waking->due);
}

static void wake(struct seuil_shard *shard, struct waking *waking, struct seuil_str id)
{
    uint64_t hash = seuil_cache_hash(id);
    struct seuil_cached *entry = seuil_cache_find(&shard->cache, hash, id);

    waking->woken++;
    if (!entry) {
        entry = seuil_cache_add(&shard->cache, hash, id);
        if (!entry) {
            shard->failed = true;
            return;
        }
        entry->loading = true;
        waking->missing[waking->count++] = entry;
    }
    if (armed_otherwise(entry, waking))
        return;
    entry->woken = waking->pack;
    if (!entry->loading) {
        seuil_timers_fire(shard, entry);
    } else if (!entry->waking) { /* by us now, or asked for by a batch */
        entry->waking = true;
        shard->timers.waking++;
    }
}

static void wake_pack(struct seuil_shard *shard, struct waking *waking, struct seuil_str pack)
{
    struct seuil_timers *timers = &shard->timers;
    struct seuil_str id;
    size_t at = 0;

    timers->pack_count++;
    seuil_buf_add(&timers->packs, &pack.len, sizeof(pack.len));
    seuil_buf_add(&timers->packs, pack.ptr, pack.len);
    if (timers->packs.failed)
        shard->failed = true;
    while (seuil_pack_next(pack, &at, &id) && !shard->failed && !shard->halting)
        wake(shard, waking, id);
}

/* The leads that an entry wakes; 0: it is damaged. */
static uint32_t leads_of(struct seuil_str name, bool pack)
{
    if (pack)
        return seuil_pack_count(name);
    return name.len > 0 && name.len <= SEUIL_ID_MAX;
}

/* False when it is to be read again, or not at all. */
static bool wake_entry(struct seuil_shard *shard, struct waking *waking, struct seuil_str name)
{
    uint32_t count = leads_of(name, waking->pack);

    if (count == 0) {
        seuil_shard_halt(shard,
                         "due times in Redis are damaged. Restore them, or `seuilctl rebuild` "
                         "the shard");
        return false;
    }
    shard->timers.packed |= waking->pack;
    if (waking->woken + count > WAKE_MAX)
        return false;
    if (waking->pack)
        wake_pack(shard, waking, name);
    else
        wake(shard, waking, name);
    return true;
}

void seuil_wake_reply(struct seuil_shard *shard, const struct seuil_store_reply *reply)
{
    struct seuil_timers *timers = &shard->timers;
    struct waking waking = {.count = 0};

    if (!timers->asked || reply->cookie != timers->cookie ||
        !seuil_shard_accept(shard, reply, "reading due times"))
        return;
    timers->asked = timers->packed = false;
    timers->more = reply->item_count >= timers->read_max;
    timers->blocked = 0;
    timers->next = SEUIL_TIME_NEVER;
    if (!timers->more)
        timers->scanned = timers->reading;
    for (uint32_t i = 0; i < reply->item_count && i < SEUIL_DUE_READ_MAX; i++) {
        struct seuil_str id = reply->items[i].id;

        if (shard->halting || shard->failed)
            return;
        waking.due = reply->items[i].due;
        waking.pack = seuil_pack_is(id);
        if (waking.due > timers->reading) { /* earliest first: the others are later */
            timers->next = waking.due;
            timers->more = false;
            if (!timers->blocked)
                timers->scanned = timers->reading;
            break;
        }
        if (!wake_entry(shard, &waking, id)) {
            timers->more = true;
            timers->scanned = SEUIL_TIME_NONE;
            break;
        }
    }
    if (waking.count && !shard->halting && !shard->failed)
        seuil_load_ask(shard, SEUIL_FOR_TIMERS, waking.missing, waking.count);
}

bool seuil_wake_emptied(const struct seuil_shard *shard)
{
    const struct seuil_timers *timers = &shard->timers;

    return timers->pack_count && !timers->waking && !timers->rearms;
}

uint32_t seuil_wake_remove(struct seuil_shard *shard, uint32_t count)
{
    const struct seuil_buf *packs = &shard->timers.packs;
    uint32_t len;

    if (!seuil_wake_emptied(shard))
        return count;
    for (size_t at = 0; at < packs->len; at += sizeof(len) + len) {
        memcpy(&len, packs->ptr + at, sizeof(len));
        shard->tx_leads[count++] = (struct seuil_tx_lead){
            .id = {(const char *)packs->ptr + at + sizeof(len), len}, .due_op = SEUIL_DUE_REMOVE};
    }
    shard->flight.packs = shard->timers.pack_count;
    return count;
}
