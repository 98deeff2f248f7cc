/* The life cycle: who calls what, in which order. The ideas have files of their own. */

#include "shard/shard.h"

#include <assert.h>
#include <stdio.h>
#include <string.h>

#include "base/heap.h"
#include "shard/internal.h"

static bool lanes_new(struct seuil_shard *shard)
{
    for (uint32_t i = 0; i < SEUIL_TOPICS_MAX; i++) {
        struct seuil_lane *lane;

        if (!shard->config->inputs[i].used)
            continue;
        lane = seuil_heap_zalloc(1, sizeof(*lane));
        if (!lane)
            return false;
        lane->shard = shard->number;
        lane->topic = i;
        lane->end = -1;
        lane->end_asked = SEUIL_TIME_NONE;
        shard->topics[i].believed_from = SEUIL_TIME_NONE;
        shard->topics[i].lane = lane;
        shard->topic_count = i + 1;
    }
    return true;
}

struct seuil_shard *seuil_shard_new(const struct seuil_shard_env *env, uint32_t number)
{
    struct seuil_shard *shard = seuil_heap_zalloc(1, sizeof(*shard));
    uint32_t cap = env->config->batch_events;

    if (!shard)
        return NULL;
    shard->env = *env;
    shard->config = env->config;
    shard->number = number;
    shard->state = SEUIL_SHARD_OFF;
    shard->doubt_at = SEUIL_TIME_NONE;
    shard->back_until = SEUIL_TIME_NONE;
    shard->mono = SEUIL_TIME_NONE;
    shard->ran = SEUIL_TIME_NONE;
    shard->waits_since = SEUIL_TIME_NONE;
    shard->schema_wait.since = SEUIL_TIME_NONE;
    shard->model_epoch = 1;
    shard->batch.cap = cap == 0 ? 1 : cap > SEUIL_BATCH_MAX ? SEUIL_BATCH_MAX : cap;
    shard->batch.items = seuil_heap_zalloc(shard->batch.cap, sizeof(*shard->batch.items));
    if (shard->config->names.keyed)
        shard->batch.names = seuil_heap_zalloc(shard->batch.cap, sizeof(*shard->batch.names));
    shard->tx_leads = seuil_heap_zalloc(SEUIL_TX_LEADS_MAX, sizeof(*shard->tx_leads));
    shard->arming.list = seuil_heap_zalloc(SEUIL_CHUNK_MAX, sizeof(*shard->arming.list));
    shard->flight.leads = seuil_heap_zalloc(SEUIL_CHUNK_MAX, sizeof(struct seuil_cached *));
    if (!shard->batch.items || (shard->config->names.keyed && !shard->batch.names) ||
        !shard->tx_leads || !shard->arming.list || !shard->flight.leads || !lanes_new(shard)) {
        seuil_shard_free(shard);
        return NULL;
    }
    return shard;
}

void seuil_shard_free(struct seuil_shard *shard)
{
    if (!shard)
        return;
    if (shard->state != SEUIL_SHARD_OFF)
        seuil_shard_drop(shard);
    seuil_publish_drop(shard);
    seuil_dead_drop(shard);
    seuil_breaker_drop(shard);
    seuil_cache_done(&shard->cache);
    seuil_pending_done(&shard->pending);
    seuil_pending_done(&shard->flight.pending);
    seuil_buf_done(&shard->value);
    seuil_buf_done(&shard->scores);
    seuil_buf_done(&shard->body);
    seuil_buf_done(&shard->walk.ids);
    seuil_buf_done(&shard->timers.packs);
    seuil_buf_done(&shard->arming.names);
    for (uint32_t i = 0; i < SEUIL_TOPICS_MAX; i++)
        seuil_heap_free(shard->topics[i].lane);
    seuil_heap_free(shard->arming.list);
    seuil_heap_free(shard->flight.leads);
    seuil_heap_free(shard->tx_leads);
    seuil_heap_free(shard->batch.items);
    seuil_heap_free(shard->batch.names);
    seuil_heap_free(shard->handed);
    seuil_heap_free(shard);
}

void seuil_shard_tell(struct seuil_shard *shard, enum seuil_level level, const char *format, ...)
{
    char text[SEUIL_HALT_MAX];
    va_list args;

    va_start(args, format);
    vsnprintf(text, sizeof(text), format, args);
    va_end(args);
    if (shard->env.say)
        shard->env.say(shard->env.ctx, shard->number, level, text);
}

void seuil_shard_wake_at(struct seuil_shard *shard, seuil_time_ms mono_ms)
{
    if (mono_ms < shard->wake)
        shard->wake = mono_ms;
}

void seuil_shard_enter(struct seuil_shard *shard, enum seuil_shard_state state)
{
    seuil_shard_tell(shard, SEUIL_LEVEL_DEBUG, "%s -> %s", seuil_shard_state_name(shard->state),
                     seuil_shard_state_name(state));
    shard->state = state;
    for (uint32_t i = 0; i < SEUIL_TOPICS_MAX && state != SEUIL_SHARD_HALT; i++)
        shard->topics[i].tripped = false;
    shard->since = shard->mono;
    shard->waiting = 0;
    shard->progress = shard->mono;
}

/* Everything that is only in memory goes; what was sent to the store may still take effect. */
void seuil_shard_drop(struct seuil_shard *shard)
{
    shard->env.store->ops->forget(shard->env.store, shard->number);
    seuil_cache_done(&shard->cache);
    shard->counters.retaken += shard->batch.count - shard->batch.done;
    shard->batch.count = shard->batch.done = 0;
    for (uint32_t i = 0; i < SEUIL_LOADS; i++)
        shard->loads[i].cookie = 0;
    shard->checkpoint = (struct seuil_checkpoint){0};
    seuil_buf_done(&shard->timers.packs);
    shard->timers = (struct seuil_timers){.next = SEUIL_TIME_NEVER};
    seuil_buf_done(&shard->walk.ids);
    shard->walk = (struct seuil_walk){0};
    seuil_publish_drop(shard);
    seuil_dead_drop(shard);
    seuil_breaker_drop(shard);
    seuil_audit_drop(shard);
    seuil_pending_clear(&shard->pending);
    seuil_pending_clear(&shard->flight.pending);
    shard->flight.busy = false;
    shard->flight.count = shard->flight.rearms = shard->flight.packs = 0;
    shard->waits_since = SEUIL_TIME_NONE;
    shard->schema_wait = (struct seuil_schema_wait){.since = SEUIL_TIME_NONE};
    shard->alarmed = false;
    shard->witness = (struct seuil_witness){0};
    shard->confirm_ticket = 0;
    shard->grown = shard->made_here = false;
    shard->halting = false;
    shard->failed = false;
    for (uint32_t i = 0; i < SEUIL_TOPICS_MAX; i++) {
        struct seuil_topic *topic = &shard->topics[i];

        topic->last = NULL;
        topic->sought = false;
        if (topic->lane)
            topic->lane->head = topic->lane->count;
    }
}

void seuil_shard_doubt(struct seuil_shard *shard, const char *format, ...)
{
    int64_t least = shard->config->backoff_min_ms > 0 ? shard->config->backoff_min_ms : 1;
    va_list args;
    uint8_t jitter = 0;

    va_start(args, format);
    vsnprintf(shard->text, sizeof(shard->text), format, args);
    va_end(args);
    seuil_shard_tell(shard, SEUIL_LEVEL_WARNING, "shard dropped, taken again from base: %s",
                     shard->text);
    shard->counters.doubts++;
    seuil_shard_drop(shard);
    if (shard->draining) { /* what was not written is written by the next owner, from base */
        seuil_shard_enter(shard, SEUIL_SHARD_OFF);
        return;
    }
    shard->backoff_ms = shard->backoff_ms < least ? least : 2 * shard->backoff_ms;
    if (shard->backoff_ms > shard->config->backoff_max_ms && shard->config->backoff_max_ms >= least)
        shard->backoff_ms = shard->config->backoff_max_ms;
    shard->env.random(shard->env.ctx, &jitter, 1);
    shard->doubted = true;
    shard->doubt_at = shard->mono;
    shard->back_until = shard->mono + shard->backoff_ms * (192 + jitter % 64) / 256;
    seuil_shard_enter(shard, SEUIL_SHARD_BACKOFF);
}

void seuil_shard_halt(struct seuil_shard *shard, const char *format, ...)
{
    bool owned = shard->state >= SEUIL_SHARD_CHECK && shard->state <= SEUIL_SHARD_DRAIN;
    va_list args;

    if (shard->halting)
        return;
    va_start(args, format);
    vsnprintf(shard->text, sizeof(shard->text), format, args);
    va_end(args);
    seuil_shard_tell(shard, SEUIL_LEVEL_ERROR, "halted: %s", shard->text);
    if (owned) {
        shard->halting = true;
        return;
    }
    seuil_shard_drop(shard);
    seuil_shard_enter(shard, shard->draining ? SEUIL_SHARD_OFF : SEUIL_SHARD_HALT);
}

void seuil_shard_assign(struct seuil_shard *shard)
{
    if (shard->state != SEUIL_SHARD_OFF)
        seuil_shard_drop(shard); /* revoked and given back: the lanes start anew */
    shard->draining = false;
    shard->doubted = false; /* the assignment is the confirmation */
    shard->back_until = SEUIL_TIME_NONE;
    shard->backoff_ms = 0;
    shard->text[0] = '\0';
    seuil_shard_enter(shard, SEUIL_SHARD_CONFIRM);
}

void seuil_shard_revoke(struct seuil_shard *shard)
{
    if (shard->state == SEUIL_SHARD_OFF || shard->draining)
        return;
    shard->draining = true;
    if (shard->state == SEUIL_SHARD_RUN) {
        shard->checkpoint.wanted = true;
        seuil_shard_enter(shard, SEUIL_SHARD_DRAIN);
    } else {
        seuil_shard_drop(shard);
        seuil_shard_enter(shard, SEUIL_SHARD_OFF);
    }
}

void seuil_shard_lose(struct seuil_shard *shard)
{
    if (shard->state == SEUIL_SHARD_OFF)
        return;
    seuil_shard_drop(shard);
    seuil_shard_enter(shard, SEUIL_SHARD_OFF);
}

/* Events that wait were matched by the models of their day. */
static void settle_all(struct seuil_shard *shard)
{
    for (int i = 0; i < SEUIL_LISTS; i++)
        for (uint32_t k = shard->cache.lists[i].first; k < shard->cache.lists[i].end; k++)
            if (shard->cache.lists[i].items[k])
                seuil_lead_settle(shard, shard->cache.lists[i].items[k]);
}

void seuil_shard_remodel(struct seuil_shard *shard, const struct seuil_models *models,
                         struct seuil_scratch *scratch)
{
    /* One that drains walks no more; what its last page was judged by must not be told as these. */
    bool owned = shard->state == SEUIL_SHARD_RUN || shard->state == SEUIL_SHARD_DRAIN;
    /* Models that mean the same judge nobody anew; but leads may have been judged by others. */
    bool other =
        models->hash != shard->meta.model_hash || shard->meta.walk_model_hash || shard->walk.active;

    settle_all(shard);
    shard->env.models = models;
    shard->env.scratch = scratch;
    if (owned && other)
        seuil_walk_begin(shard);
}

/* Halting waits for the transaction under way, then writes the reason. */
static bool run_halting(struct seuil_shard *shard)
{
    if (!shard->flight.busy)
        seuil_commit_run(shard);
    return false;
}

/* A halted shard looks whether an operator acted: then the token in meta is another, the reason is
 * gone, or there is a meta at all. */
static void run_halted(struct seuil_shard *shard)
{
    if (!shard->waiting && shard->mono - shard->since >= SEUIL_HALT_LOOK_MS) {
        shard->waiting = ++shard->cookies;
        shard->since = shard->mono;
        shard->env.store->ops->read_meta(shard->env.store, shard->number, shard->waiting);
    } else if (shard->waiting && shard->mono - shard->since > 2 * SEUIL_HALT_LOOK_MS) {
        shard->waiting = 0;
    }
    shard->progress = shard->mono;
    seuil_shard_wake_at(shard, shard->mono + SEUIL_HALT_LOOK_MS);
}

static void halted_reply(struct seuil_shard *shard, const struct seuil_store_reply *reply)
{
    shard->waiting = 0;
    shard->since = shard->mono;
    if (reply->status == SEUIL_STORE_OK && !reply->meta->halt[0]) {
        seuil_shard_tell(shard, SEUIL_LEVEL_INFO, "an operator lifted the halt");
        shard->text[0] = '\0';
        shard->doubted = true; /* it may be another's by now */
        shard->doubt_at = shard->mono;
        shard->back_until = SEUIL_TIME_NONE;
        seuil_shard_enter(shard, SEUIL_SHARD_CONFIRM);
    }
}

/* Everything is written, published and acknowledged: tell the group, then let go. */
static void run_drained(struct seuil_shard *shard)
{
    struct seuil_witness *witness = &shard->witness;
    bool idle = seuil_checkpoint_idle(shard) && !shard->flight.busy &&
                shard->publish.head == shard->meta.outbox_tail &&
                shard->meta.outbox_head == shard->publish.head &&
                shard->dead.head == shard->dead.tail;
    int rc;

    if (!idle || shard->halting)
        return;
    if (!witness->final) {
        witness->final = true;
        seuil_witness_send(shard);
    }
    rc = shard->env.source->ops->witness_state(shard->env.source, shard->number, witness->ticket);
    if (rc == 0) {
        seuil_shard_wake_at(shard, shard->mono + 10);
        return;
    }
    seuil_shard_drop(shard);
    seuil_shard_enter(shard, SEUIL_SHARD_OFF);
}

/* Transactions find out that meta is another's, or is gone; an idle shard has none and asks. */
static void look_at_meta(struct seuil_shard *shard)
{
    if (shard->flight.busy || shard->waiting)
        return;
    if (shard->mono - shard->looked < SEUIL_OWN_LOOK_MS ||
        shard->mono - shard->flight.since < SEUIL_OWN_LOOK_MS) {
        seuil_shard_wake_at(shard, shard->mono + SEUIL_OWN_LOOK_MS);
        return;
    }
    shard->looked = shard->mono;
    shard->looked_seq = shard->meta.seq;
    shard->waiting = ++shard->cookies;
    shard->env.store->ops->read_meta(shard->env.store, shard->number, shard->waiting);
}

static void look_reply(struct seuil_shard *shard, const struct seuil_store_reply *reply)
{
    shard->waiting = 0;
    if (!seuil_shard_accept(shard, reply, "looking at the shard"))
        return;
    if (memcmp(&reply->meta->token, &shard->token, sizeof(shard->token)) != 0) {
        shard->counters.fenced++;
        seuil_shard_doubt(shard, "looking at the shard: another owner holds the token");
    } else if (reply->meta->seq < shard->looked_seq) {
        seuil_shard_doubt(shard, "looking at the shard: Redis has lost its newest writes");
    }
}

static bool run_owned(struct seuil_shard *shard)
{
    bool more = false;

    if (shard->flight.busy && shard->config->request_timeout_ms > 0 &&
        shard->mono - shard->flight.since > 2 * shard->config->request_timeout_ms) {
        seuil_shard_doubt(shard, "no answer to a commit");
        return true;
    }
    if (shard->state == SEUIL_SHARD_RUN) {
        if (shard->batch.done == shard->batch.count) {
            if (!seuil_merge_fill(shard))
                return true;
            seuil_merge_collect(shard);
        }
        more |= seuil_apply_run(shard);
        if (!shard->halting) {
            more |= seuil_walk_run(shard);
            more |= seuil_timers_run(shard);
        }
    }
    seuil_checkpoint_run(shard);
    seuil_commit_run(shard);
    more |= seuil_publish_run(shard);
    more |= seuil_dead_run(shard);
    if (shard->state == SEUIL_SHARD_RUN) {
        seuil_witness_run(shard);
        look_at_meta(shard);
    } else if (shard->state == SEUIL_SHARD_DRAIN) {
        run_drained(shard);
    }
    return more;
}

seuil_time_ms seuil_shard_run(struct seuil_shard *shard, seuil_time_ms wall_ms,
                              seuil_time_ms mono_ms)
{
    bool more = false;

    shard->wall = wall_ms;
    shard->mono = mono_ms;
    shard->wake = mono_ms + SEUIL_SECOND_MS;
    seuil_merge_awake(shard);
    if (shard->failed || shard->cache.failed)
        seuil_shard_doubt(shard, "out of memory");
    if (shard->halting) {
        more = run_halting(shard);
    } else {
        switch (shard->state) {
        case SEUIL_SHARD_OFF:
            shard->progress = mono_ms;
            break;
        case SEUIL_SHARD_HALT:
            run_halted(shard);
            break;
        case SEUIL_SHARD_RUN:
        case SEUIL_SHARD_DRAIN:
            more = run_owned(shard);
            break;
        default:
            seuil_acquire_run(shard);
            break;
        }
    }
    if (more || (shard->state == SEUIL_SHARD_RUN && !shard->flight.busy &&
                 shard->batch.done == shard->batch.count && seuil_checkpoint_idle(shard)))
        shard->progress = mono_ms;
    return more ? mono_ms : shard->wake;
}

void seuil_shard_reply(struct seuil_shard *shard, const struct seuil_store_reply *reply,
                       seuil_time_ms wall_ms, seuil_time_ms mono_ms)
{
    shard->wall = wall_ms;
    shard->mono = mono_ms;
    if (shard->waiting && reply->cookie == shard->waiting) {
        if (shard->state == SEUIL_SHARD_HALT)
            halted_reply(shard, reply);
        else if (shard->state == SEUIL_SHARD_RUN || shard->state == SEUIL_SHARD_DRAIN)
            look_reply(shard, reply);
        else
            seuil_acquire_reply(shard, reply);
        return;
    }
    switch (reply->verb) {
    case SEUIL_STORE_COMMIT:
        seuil_commit_reply(shard, reply);
        break;
    case SEUIL_STORE_LOAD:
        seuil_load_reply(shard, reply);
        break;
    case SEUIL_STORE_DUE:
        seuil_wake_reply(shard, reply);
        break;
    case SEUIL_STORE_OUTBOX:
        seuil_publish_reply(shard, reply);
        break;
    case SEUIL_STORE_WALK:
        seuil_walk_reply(shard, reply);
        break;
    default:
        break; /* an answer to a question given up meanwhile */
    }
}

void seuil_shard_delivery(struct seuil_shard *shard, const struct seuil_delivery *delivery)
{
    if (delivery->tenure != shard->publish.tenure || !shard->publish.tenure)
        return; /* rule 17: of an earlier tenure */
    if (!delivery->ok)
        seuil_publish_again(shard);
    else if (delivery->cookie & SEUIL_COOKIE_DEAD)
        seuil_dead_delivery(shard, delivery->cookie >> 1);
    else
        seuil_publish_delivery(shard, delivery->cookie >> 1);
}
