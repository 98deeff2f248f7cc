/* After the models changed every lead of the shard is judged anew, page by page, the cursor in
 * meta (rule 26): due times of the models before are too late, or missing. Until the last page is
 * written meta keeps the hash of the models before; leads that events touch meanwhile are judged
 * when they are opened. */

#include <assert.h>
#include <string.h>

#include "shard/internal.h"

/* Leads asked for at once: they join the urgent ones, which are bounded. */
#define LOAD_LEADS 256
/* The bound of a second is held in so many parts of it. */
#define RATE_PARTS 10

/* From the first page, whatever meta says of a walk before: Redis may have been started again
 * since, and its cursors mean nothing then; and what is in the cache may have been judged by other
 * models since its page was written. A lead that was judged already is judged to the same. */
void seuil_walk_begin(struct seuil_shard *shard)
{
    struct seuil_walk *walk = &shard->walk;

    seuil_buf_done(&walk->ids);
    /* Leads asked for by a walk before are judged when they come, by the models of that day. */
    *walk = (struct seuil_walk){.active = true,
                                .loading = walk->loading,
                                .after = shard->checkpoint.frozen + 1,
                                .filled = shard->mono};
    shard->model_epoch++; /* what is in the cache was judged by others */
    seuil_shard_tell(shard, SEUIL_LEVEL_INFO, "the models changed: every lead is judged anew");
}

void seuil_walk_judge(struct seuil_shard *shard, struct seuil_cached *entry,
                      struct seuil_lead *lead)
{
    seuil_time_ms frontier = seuil_timers_frontier(shard);
    char before[SEUIL_MODELS_MAX][SEUIL_NAME_MAX + 1];

    entry->model_epoch = shard->model_epoch;
    if (!entry->len)
        return;
    seuil_engine_remodel(shard->env.models, shard->env.scratch,
                         frontier > lead->clock ? frontier : lead->clock, lead, &shard->outcome);
    shard->counters.remodeled++;
    for (uint32_t i = 0; i < shard->outcome.crossing_count; i++) {
        struct seuil_crossing *crossing = &shard->outcome.crossings[i];

        if (crossing->reason == SEUIL_REASON_MODEL_CHANGED &&
            seuil_versions_find(shard->meta.versions,
                                shard->env.models->models[crossing->model].name, before[i]))
            crossing->version_before = before[i];
    }
    seuil_lead_close(shard, entry, lead, seuil_lead_outcome(shard, NULL, NULL, lead));
}

static void ask(struct seuil_shard *shard)
{
    struct seuil_walk *walk = &shard->walk;

    walk->asked = true;
    walk->cookie = ++shard->cookies;
    shard->env.store->ops->walk(shard->env.store, shard->number, walk->cursor, walk->cookie);
}

void seuil_walk_reply(struct seuil_shard *shard, const struct seuil_store_reply *reply)
{
    struct seuil_walk *walk = &shard->walk;

    if (!walk->asked || reply->cookie != walk->cookie ||
        !seuil_shard_accept(shard, reply, "walking the leads"))
        return;
    walk->asked = false;
    walk->page = true;
    walk->cursor = reply->cursor;
    walk->last = reply->cursor == 0;
    walk->at = 0;
    seuil_buf_clear(&walk->ids);
    for (uint32_t i = 0; i < reply->item_count; i++) {
        uint16_t len = (uint16_t)reply->items[i].id.len;

        seuil_buf_add(&walk->ids, &len, sizeof(len));
        seuil_buf_add(&walk->ids, reply->items[i].id.ptr, len);
    }
    if (walk->ids.failed)
        shard->failed = true;
}

/* The id at @at of the page; what follows it. */
static size_t id_at(const struct seuil_walk *walk, size_t at, struct seuil_str *ret_id)
{
    uint16_t len;

    memcpy(&len, walk->ids.ptr + at, sizeof(len));
    *ret_id = (struct seuil_str){(const char *)walk->ids.ptr + at + sizeof(len), len};
    return at + sizeof(len) + len;
}

/* The lead goes with the next transaction, with its due time as the present models see it. */
static void judge(struct seuil_shard *shard, struct seuil_cached *entry)
{
    if (!seuil_lead_open(shard, entry))
        return;
    if (!entry->rearm) { /* its due entry is of the models before: set it, later or earlier */
        entry->rearm = true;
        shard->timers.rearms++;
    }
    seuil_cache_enlist(&shard->cache, entry, SEUIL_LIST_URGENT);
}

void seuil_walk_loaded(struct seuil_shard *shard, struct seuil_cached *entry)
{
    assert(shard->walk.loading > 0);
    shard->walk.loading--;
    judge(shard, entry);
}

/* How many leads may be judged now: as many as the rate gave since, and never more at once than a
 * part of a second gives. */
static void fill_allowance(struct seuil_shard *shard)
{
    struct seuil_walk *walk = &shard->walk;
    uint64_t rate = shard->config->remodel_rate, most, given;

    if (rate == 0) {
        walk->allowed = UINT32_MAX;
        return;
    }
    most = rate / RATE_PARTS ? rate / RATE_PARTS : 1;
    given = (uint64_t)(shard->mono - walk->filled) * rate / SEUIL_SECOND_MS;
    if (walk->allowed + given >= most) {
        walk->allowed = (uint32_t)most;
        walk->filled = shard->mono;
    } else {
        walk->allowed += (uint32_t)given;
        walk->filled += (seuil_time_ms)(given * SEUIL_SECOND_MS / rate);
    }
}

/* Go on with the page: leads in the cache are judged, the others asked for. */
static void step_page(struct seuil_shard *shard)
{
    struct seuil_walk *walk = &shard->walk;
    struct seuil_cached *missing[LOAD_LEADS];
    uint32_t count = 0;

    fill_allowance(shard);
    while (walk->at < walk->ids.len && count < LOAD_LEADS && walk->allowed > 0 &&
           !seuil_apply_paused(shard)) {
        struct seuil_str id;
        size_t next = id_at(walk, walk->at, &id);
        uint64_t hash = seuil_cache_hash(id);
        struct seuil_cached *entry = seuil_cache_find(&shard->cache, hash, id);

        if (entry && entry->loading)
            break; /* asked for by a batch */
        if (entry) {
            judge(shard, entry);
        } else {
            entry = seuil_cache_add(&shard->cache, hash, id);
            if (!entry) {
                shard->failed = true;
                return;
            }
            entry->loading = true;
            missing[count++] = entry;
        }
        walk->at = next;
        walk->allowed--;
    }
    if (walk->at < walk->ids.len && walk->allowed == 0)
        seuil_shard_wake_at(shard, shard->mono + SEUIL_SECOND_MS / RATE_PARTS);
    walk->loading = count;
    if (count)
        seuil_load_ask(shard, SEUIL_FOR_WALK, missing, count);
}

bool seuil_walk_run(struct seuil_shard *shard)
{
    struct seuil_walk *walk = &shard->walk;

    if (!walk->active || walk->asked || seuil_publish_full(shard) ||
        seuil_timers_frontier(shard) == SEUIL_TIME_NONE)
        return false;
    if (shard->checkpoint.done < walk->after && !seuil_checkpoint_idle(shard)) {
        shard->checkpoint.wanted = true;
        return false;
    }
    walk->after = 0;
    if (!walk->page)
        ask(shard);
    else if (walk->loading == 0)
        step_page(shard);
    return false;
}

bool seuil_walk_page_ready(const struct seuil_shard *shard)
{
    const struct seuil_walk *walk = &shard->walk;

    return walk->active && walk->page && walk->at == walk->ids.len && !walk->loading;
}

void seuil_walk_page_written(struct seuil_shard *shard)
{
    struct seuil_walk *walk = &shard->walk;

    walk->page = false;
    if (!walk->last)
        return;
    walk->active = false;
    seuil_shard_tell(shard, SEUIL_LEVEL_INFO, "every lead was judged by the new models");
}
