/* A lead between its packed state in the cache and the thread's workspace, and what silence does
 * to it. */

#include <assert.h>

#include "shard/internal.h"

static struct seuil_str id_of(const struct seuil_cached *entry)
{
    return (struct seuil_str){entry->id, entry->id_len};
}

/* The state without its pendings. Where names are keyed hashes the state tells the id, if the lead
 * is not new or forgotten. */
static int read_state(struct seuil_shard *shard, const struct seuil_cached *entry)
{
    bool keyed = shard->config->names.keyed;
    int rc;

    assert(!entry->loading);
    seuil_lead_init(shard->env.lead, keyed ? (struct seuil_str){0} : id_of(entry));
    rc = entry->len ? seuil_lead_read(entry->bytes, entry->len, shard->env.lead) : 0;
    shard->env.lead->keyed = keyed;
    return rc;
}

static void catch_up(struct seuil_shard *shard, const struct seuil_cached *entry)
{
    assert(entry->model_epoch == shard->model_epoch);
    seuil_engine_catch_up(shard->env.models, shard->env.scratch, &entry->digest,
                          entry->bytes + entry->len, entry->tail, shard->env.lead, &shard->outcome);
}

static bool put_back(struct seuil_shard *shard, struct seuil_cached *entry,
                     const struct seuil_lead *lead)
{
    size_t len = seuil_lead_write(lead, shard->packed);

    assert(len <= sizeof(shard->packed));
    if (seuil_cache_set(&shard->cache, entry, shard->packed, (uint32_t)len) != 0) {
        shard->failed = true; /* the next turn drops everything: nothing was written */
        return false;
    }
    /* An ended lead has no due time; it is met where it ended until base allows to delete it. */
    entry->expired = lead->expired;
    entry->due = lead->expired ? lead->clock : lead->due;
    return true;
}

void seuil_lead_settle(struct seuil_shard *shard, struct seuil_cached *entry)
{
    int rc;

    if (!entry->tail)
        return;
    rc = read_state(shard, entry);
    assert(rc == 0); /* pendings come behind a state that was stepped here */
    (void)rc;
    catch_up(shard, entry);
    if (put_back(shard, entry, shard->env.lead))
        seuil_lead_digest(shard, entry, shard->env.lead);
}

struct seuil_lead *seuil_lead_take(struct seuil_shard *shard, struct seuil_cached *entry,
                                   seuil_time_ms until)
{
    if (read_state(shard, entry) != 0) {
        seuil_shard_halt(shard,
                         "the state of lead %.*s is damaged. Restore it, or `seuilctl rebuild` the "
                         "shard",
                         (int)entry->id_len, entry->id);
        return NULL;
    }
    if (entry->tail && until < entry->digest.until)
        seuil_engine_put_pendings(shard->env.models, shard->env.scratch, &entry->digest,
                                  entry->bytes + entry->len, entry->tail, shard->env.lead);
    else if (entry->tail)
        catch_up(shard, entry);
    if (entry->model_epoch != shard->model_epoch)
        seuil_walk_judge(shard, entry, shard->env.lead);
    return shard->env.lead;
}

struct seuil_lead *seuil_lead_open(struct seuil_shard *shard, struct seuil_cached *entry)
{
    seuil_lead_settle(shard, entry);
    return seuil_lead_take(shard, entry, SEUIL_TIME_NEVER);
}

void seuil_lead_close(struct seuil_shard *shard, struct seuil_cached *entry,
                      const struct seuil_lead *lead, bool urgent)
{
    if (!put_back(shard, entry, lead))
        return;
    seuil_lead_touched(shard, entry, urgent);
    seuil_timers_note(shard, entry);
}

void seuil_lead_touched(struct seuil_shard *shard, struct seuil_cached *entry, bool urgent)
{
    entry->version++;
    if (urgent)
        seuil_cache_enlist(&shard->cache, entry, SEUIL_LIST_URGENT);
    else if (entry->list == SEUIL_LIST_NONE)
        seuil_cache_enlist(&shard->cache, entry,
                           shard->checkpoint.list == SEUIL_LIST_A ? SEUIL_LIST_B : SEUIL_LIST_A);
}

void seuil_lead_digest(struct seuil_shard *shard, struct seuil_cached *entry,
                       const struct seuil_lead *lead)
{
    if (entry->len)
        seuil_engine_digest(shard->env.models, shard->env.scratch, lead, entry->len,
                            &entry->digest);
}

void seuil_lead_seal(const struct seuil_shard *shard, struct seuil_lead *lead)
{
    for (uint32_t i = 0; i < shard->topic_count; i++) {
        uint32_t generation = shard->meta.topics[i].generation;
        int64_t next = shard->topics[i].applied.next;

        if (shard->topics[i].lane && next > seuil_lead_stamp(lead, i, generation))
            seuil_lead_set_stamp(lead, i, generation, next);
    }
}

static void count_notes(struct seuil_shard *shard, unsigned notes)
{
    if (!notes)
        return;
    shard->counters.time_clamped += !!(notes & SEUIL_NOTE_TIME_CLAMPED);
    shard->counters.horizon_shortened += !!(notes & SEUIL_NOTE_HORIZON_SHORTENED);
    shard->counters.hits_left += !!(notes & SEUIL_NOTE_HITS_LEFT);
    shard->counters.value_cut += !!(notes & SEUIL_NOTE_VALUE_CUT);
    shard->counters.adjustment_dropped += !!(notes & SEUIL_NOTE_ADJUSTMENT_DROPPED);
    shard->counters.rules_dropped += !!(notes & SEUIL_NOTE_RULES_DROPPED);
    shard->counters.objects_forgotten += !!(notes & SEUIL_NOTE_OBJECTS_FORGOTTEN);
    shard->counters.filtered_machine += !!(notes & SEUIL_NOTE_FILTERED << SEUIL_FILTER_MACHINE);
    shard->counters.filtered_robot += !!(notes & SEUIL_NOTE_FILTERED << SEUIL_FILTER_ROBOT);
    shard->counters.filtered_internal += !!(notes & SEUIL_NOTE_FILTERED << SEUIL_FILTER_INTERNAL);
    shard->counters.filtered_other += !!(notes & SEUIL_NOTE_FILTERED << SEUIL_FILTER_OTHER);
    shard->counters.retraction_unmatched += !!(notes & SEUIL_NOTE_RETRACTION_UNMATCHED);
}

bool seuil_lead_outcome(struct seuil_shard *shard, const struct seuil_item *item,
                        const struct seuil_event *event, const struct seuil_lead *lead)
{
    const struct seuil_outcome *outcome = &shard->outcome;

    count_notes(shard, outcome->notes);
    shard->counters.quarantined += outcome->quarantined;
    for (uint32_t i = 0; i < outcome->crossing_count; i++)
        seuil_crossing_add(shard, item, event, lead, &outcome->crossings[i]);
    if (outcome->todo & SEUIL_TODO_ERASE)
        seuil_scores_forget(shard, lead);
    return outcome->crossing_count > 0 || (outcome->todo & SEUIL_TODO_ERASE);
}

bool seuil_lead_advance(struct seuil_shard *shard, const struct seuil_item *item,
                        struct seuil_lead *lead, seuil_time_ms until, bool *ret_urgent,
                        bool *ret_expired)
{
    bool changed = false;

    while (lead->due <= until) {
        struct seuil_event tick = {.kind = SEUIL_KIND_TICK};
        seuil_time_ms due = lead->due;

        tick.lead = (struct seuil_str){lead->id, lead->id_len};
        tick.time = tick.arrival = due;
        seuil_engine_step(shard->env.models, shard->env.scratch, &tick, lead, &shard->outcome);
        assert(lead->due > due);
        shard->counters.ticks++;
        if (seuil_lead_outcome(shard, item, NULL, lead))
            *ret_urgent = true;
        *ret_expired = (shard->outcome.todo & SEUIL_TODO_EXPIRED) != 0;
        changed = true;
    }
    return changed;
}
