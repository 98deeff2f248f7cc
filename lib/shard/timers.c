/* Silence: due times that have come are stepped as ticks (rules 13, 14).
 *
 * Redis' `due` holds an entry for each lead, never later than the due time of the state beside it,
 * often earlier (raising it waits until it is met). Due times that only the cache knows, of leads
 * that were not written yet, are in a heap. Both are stepped up to the frontier, which no record
 * still to come lies below. */

#include <assert.h>

#include "shard/internal.h"

/* A due time further ahead than this will have been written before it comes. */
#define NEAR_MS (10 * SEUIL_SECOND_MS)
/* Due entries are read so far ahead: whether one is near says how often to ask for ends. */
#define AHEAD_MS (2 * SEUIL_SECOND_MS)
/* A shard so far behind walks through days in seconds: most due entries would be met, raised and
 * met again. Until it is nearer they are looked at once in a while; an event lets the silence
 * before it act in any case. */
#define FAR_MS      SEUIL_HOUR_MS
#define BEHIND_MS   (10 * SEUIL_SECOND_MS)
#define FAR_LOOK_MS (60 * SEUIL_SECOND_MS)
/* What a shard that has come near has slept through is late already, by hours or months: it waits
 * so long for the records of others that are still far, which would only be later by it. */
#define YIELD_MS (5 * SEUIL_SECOND_MS)
/* Fired from the heap in one run. */
#define FIRE_MAX 256
/* Due entries read at once when the last ones were packs. */
#define PACKED_READ 4

seuil_time_ms seuil_timers_frontier(const struct seuil_shard *shard)
{
    seuil_time_ms mark = seuil_merge_watermark(shard);

    if (mark == SEUIL_TIME_NONE)
        return SEUIL_TIME_NONE;
    return (mark < shard->wall ? mark : shard->wall) - shard->config->grace_ms;
}

static bool reads_far(const struct seuil_shard *shard, seuil_time_ms frontier)
{
    return frontier != SEUIL_TIME_NONE && shard->wall - frontier > FAR_MS;
}

bool seuil_timers_far(const struct seuil_shard *shard, seuil_time_ms frontier)
{
    return reads_far(shard, frontier) ||
           (shard->timers.far && shard->others_far && shard->mono < shard->timers.yields_until);
}

bool seuil_shard_far(const struct seuil_shard *shard)
{
    return shard->state == SEUIL_SHARD_RUN && reads_far(shard, seuil_timers_frontier(shard));
}

void seuil_shard_others_far(struct seuil_shard *shard, bool others)
{
    shard->others_far = others;
}

bool seuil_timers_behind(const struct seuil_shard *shard)
{
    seuil_time_ms frontier = seuil_timers_frontier(shard);

    return frontier != SEUIL_TIME_NONE &&
           shard->wall - frontier > shard->config->grace_ms + BEHIND_MS;
}

void seuil_timers_note(struct seuil_shard *shard, struct seuil_cached *entry)
{
    seuil_time_ms armed =
        entry->in_flight && entry->sent_armed < entry->armed ? entry->sent_armed : entry->armed;

    if (entry->due < armed && entry->due <= shard->timers.horizon && !shard->timers.far) {
        if (seuil_cache_schedule(&shard->cache, entry) != 0)
            shard->failed = true;
    } else {
        seuil_cache_unschedule(&shard->cache, entry);
    }
}

/* An ended lead stays, and is met again, until base has passed its stamps. */
static bool wait_for_base(struct seuil_shard *shard, struct seuil_cached *entry)
{
    seuil_cache_unschedule(&shard->cache, entry);
    shard->timers.blocked++;
    shard->timers.scanned = SEUIL_TIME_NONE;
    shard->checkpoint.wanted = true;
    return false;
}

/* Tick by tick, since the one that finds the lead without worth may have to wait: then the lead
 * stays as it was before it, and its due entry where it is; unless that tick is also a crossing,
 * which does not wait. */
static bool step_silence(struct seuil_shard *shard, struct seuil_cached *entry,
                         struct seuil_lead *lead, seuil_time_ms frontier)
{
    while (lead->due <= frontier && !shard->failed) {
        bool urgent = false, expired = false;

        seuil_lead_advance(shard, NULL, lead, lead->due, &urgent, &expired);
        if (expired && !seuil_commit_expirable(shard, entry)) {
            if (!urgent)
                return wait_for_base(shard, entry);
            seuil_lead_seal(shard, lead);
        }
        seuil_lead_close(shard, entry, lead, urgent);
    }
    if (!lead->expired)
        return true;
    if (!seuil_commit_expirable(shard, entry))
        return wait_for_base(shard, entry);
    entry->expired = true;
    seuil_cache_enlist(&shard->cache, entry, SEUIL_LIST_URGENT);
    return true;
}

void seuil_timers_fire(struct seuil_shard *shard, struct seuil_cached *entry)
{
    seuil_time_ms frontier = seuil_timers_frontier(shard);

    /* Never: it may have ended before it was loaded. */
    if (entry->due <= frontier || entry->due == SEUIL_TIME_NEVER ||
        entry->model_epoch != shard->model_epoch) {
        struct seuil_lead *lead = seuil_lead_open(shard, entry);

        if (!lead || (!step_silence(shard, entry, lead, frontier) && !entry->woken))
            return;
    }
    if (entry->rearm)
        return;
    entry->rearm = true;
    shard->timers.rearms++;
    seuil_cache_enlist(&shard->cache, entry, SEUIL_LIST_URGENT);
}

static bool fire_cached(struct seuil_shard *shard, seuil_time_ms frontier)
{
    struct seuil_cached *entry;
    uint32_t count = 0;

    while (count < FIRE_MAX && !seuil_apply_paused(shard) &&
           (entry = seuil_cache_first_due(&shard->cache)) && entry->due <= frontier) {
        struct seuil_lead *lead = seuil_lead_open(shard, entry);

        if (!lead)
            return false;
        step_silence(shard, entry, lead, frontier);
        count++;
    }
    return count == FIRE_MAX;
}

static void read_due(struct seuil_shard *shard, seuil_time_ms frontier)
{
    struct seuil_timers *timers = &shard->timers;
    uint32_t max = (timers->packed ? PACKED_READ : SEUIL_DUE_READ) + timers->blocked;

    timers->asked = true;
    timers->cookie = ++shard->cookies;
    timers->looked = shard->mono;
    timers->reading = frontier;
    timers->read_max = max > SEUIL_DUE_READ_MAX ? SEUIL_DUE_READ_MAX : max;
    shard->env.store->ops->due(shard->env.store, shard->number, frontier + AHEAD_MS,
                               timers->read_max, timers->cookie);
}

/* The watermark of quiet topics moves only when their ends are asked for. */
static void ask_ends(struct seuil_shard *shard)
{
    struct seuil_cached *first = seuil_cache_first_due(&shard->cache);
    seuil_time_ms soon = shard->wall + SEUIL_SECOND_MS;
    bool near = (first && first->due <= soon) || shard->timers.next <= soon;
    int64_t every_ms = near ? SEUIL_LOOK_MS : SEUIL_SECOND_MS;

    if (shard->mono - shard->timers.ends_asked < every_ms)
        return;
    shard->timers.ends_asked = shard->mono;
    shard->env.source->ops->ask_ends(shard->env.source, shard->number);
}

/* Far behind, the next read of due times is long after the next checkpoint, and the heap would only
 * be kept in order for every event. Near again, it is made from the leads that Redis does not know.
 */
static void come_near(struct seuil_shard *shard, seuil_time_ms frontier)
{
    bool far = seuil_timers_far(shard, frontier), before = shard->timers.far;

    if (frontier == SEUIL_TIME_NONE)
        return;
    if (reads_far(shard, frontier))
        shard->timers.yields_until = shard->mono + YIELD_MS;
    shard->timers.far = far;
    if (!before || far)
        return;
    for (int l = 0; l < SEUIL_LISTS; l++) {
        const struct seuil_cache_list *list = &shard->cache.lists[l];

        for (uint32_t i = list->first; i < list->end; i++)
            if (list->items[i])
                seuil_timers_note(shard, list->items[i]);
    }
}

bool seuil_timers_run(struct seuil_shard *shard)
{
    struct seuil_timers *timers = &shard->timers;
    seuil_time_ms frontier;
    bool more;

    ask_ends(shard);
    seuil_shard_wake_at(shard, shard->mono + SEUIL_LOOK_MS);
    frontier = seuil_timers_frontier(shard);
    timers->horizon = (frontier > shard->wall ? frontier : shard->wall) +
                      2 * shard->config->checkpoint_ms + NEAR_MS;
    come_near(shard, frontier);
    if (frontier == SEUIL_TIME_NONE || shard->walk.active || seuil_publish_full(shard))
        return false;
    more = fire_cached(shard, frontier);
    if (!timers->asked && !timers->rearms && !shard->flight.rearms && !timers->waking &&
        !timers->pack_count && frontier > timers->scanned && !seuil_apply_paused(shard) &&
        (timers->more || shard->mono - timers->looked >=
                             (seuil_timers_far(shard, frontier) ? FAR_LOOK_MS : SEUIL_LOOK_MS)))
        read_due(shard, frontier);
    return more;
}
