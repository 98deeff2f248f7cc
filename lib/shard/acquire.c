/* From assignment to the first record: confirmation by the group, token, checks, witness, seek
 * (rules 18-23). */

#include <assert.h>
#include <stdio.h>
#include <string.h>

#include "shard/internal.h"
#include "shard/witness.h"

static void take_token(struct seuil_shard *shard)
{
    shard->env.random(shard->env.ctx, shard->token.bytes, sizeof(shard->token.bytes));
    seuil_shard_enter(shard, SEUIL_SHARD_ACQUIRE);
    shard->waiting = ++shard->cookies;
    shard->env.store->ops->acquire(shard->env.store, shard->number, &shard->token,
                                   shard->config->owner, shard->waiting);
}

/* Nothing tells when the group's heartbeat was answered, so ask for a confirmation: commit what the
 * group holds already. It is refused if we are no longer a member. */
static void ask_confirmation(struct seuil_shard *shard)
{
    struct seuil_source *source = shard->env.source;
    int64_t positions[SEUIL_TOPICS_MAX];
    char text[SEUIL_WITNESS_MAX];
    int rc = source->ops->read_witness(source, shard->number, positions, text, sizeof(text));

    if (rc < 0) {
        seuil_shard_wake_at(shard, shard->mono + SEUIL_LOOK_MS);
        return;
    }
    if (rc == 0) { /* a sign of life; not a witness, for there may be no meta yet */
        snprintf(text, sizeof(text), "v1 none");
        for (uint32_t i = 0; i < SEUIL_TOPICS_MAX; i++)
            positions[i] = shard->topics[i].lane ? 0 : -1;
    }
    shard->confirm_ticket = source->ops->witness(source, shard->number, positions, text);
    shard->since = shard->mono;
}

static void run_confirm(struct seuil_shard *shard)
{
    struct seuil_source *source = shard->env.source;
    seuil_time_ms confirmed = source->ops->confirmed(source, shard->number);
    int rc;

    seuil_shard_wake_at(shard, shard->mono + 50);
    if (confirmed == SEUIL_TIME_NONE) {
        shard->progress =
            shard->mono; /* the assignment is under way, or lost and about to say so */
        return;
    }
    if (!shard->doubted || confirmed > shard->doubt_at) {
        shard->confirm_ticket = 0;
        take_token(shard);
        return;
    }
    if (!shard->confirm_ticket) {
        ask_confirmation(shard);
        return;
    }
    rc = source->ops->witness_state(source, shard->number, shard->confirm_ticket);
    if (rc == 1)
        shard->doubted = false; /* it was asked for after the doubt */
    if (rc < 0 || shard->mono - shard->since > 10 * SEUIL_SECOND_MS)
        shard->confirm_ticket = 0;
    if (rc < 0)
        seuil_shard_doubt(shard, "the group did not confirm the assignment");
}

static void make_shard(struct seuil_shard *shard)
{
    struct seuil_meta meta;
    int rc = seuil_check_first_meta(shard, &meta);

    if (rc == SEUIL_ERR_BACKOFF) { /* Kafka does not answer: from the start, a little later */
        seuil_shard_wake_at(shard, shard->mono + SEUIL_LOOK_MS);
        shard->back_until = shard->mono + SEUIL_LOOK_MS;
        seuil_shard_enter(shard, SEUIL_SHARD_CONFIRM);
        return;
    }
    if (rc)
        return;
    shard->waiting = ++shard->cookies;
    shard->env.store->ops->create(shard->env.store, shard->number, &meta, shard->waiting);
}

void seuil_acquire_reply(struct seuil_shard *shard, const struct seuil_store_reply *reply)
{
    shard->waiting = 0;
    if (reply->verb == SEUIL_STORE_ACQUIRE && reply->status == SEUIL_STORE_MISSING) {
        make_shard(shard);
        return;
    }
    if (reply->verb == SEUIL_STORE_CREATE && reply->status == SEUIL_STORE_FENCED) {
        seuil_shard_doubt(shard, "another owner made the shard's meta");
        return;
    }
    if (!seuil_shard_accept(shard, reply, "taking the shard"))
        return;
    shard->meta = *reply->meta;
    if (memcmp(&shard->meta.token, &shard->token, sizeof(shard->token)) != 0) {
        seuil_shard_doubt(shard, "taking the shard: meta came with another token");
        return;
    }
    seuil_status_begin(shard);
    shard->made_here = reply->verb == SEUIL_STORE_CREATE;
    seuil_shard_enter(shard, shard->made_here ? SEUIL_SHARD_WITNESS : SEUIL_SHARD_CHECK);
}

/* Cursors at base, with the times that were true there (rule 3). */
static void resume_at_base(struct seuil_shard *shard)
{
    for (uint32_t i = 0; i < SEUIL_TOPICS_MAX; i++) {
        struct seuil_topic *topic = &shard->topics[i];
        const struct seuil_meta_topic *meta = &shard->meta.topics[i];

        if (!topic->lane)
            continue;
        topic->applied = (struct seuil_cursor){meta->base, meta->base_time};
        topic->taken = topic->applied;
        topic->last = NULL;
        topic->finger = (struct seuil_finger){meta->base_finger_offset, meta->base_finger_time,
                                              meta->base_finger_hash};
        topic->reach0 = meta->reach;
    }
    shard->stream_taken = shard->stream_applied = shard->meta.stream_time;
    shard->sources = shard->meta.sources;
}

static void run_witness(struct seuil_shard *shard)
{
    struct seuil_source *source = shard->env.source;
    struct seuil_witness *witness = &shard->witness;
    int rc;

    if (!witness->ticket) {
        resume_at_base(shard);
        seuil_witness_send(shard);
    }
    rc = source->ops->witness_state(source, shard->number, witness->ticket);
    if (rc == 1) {
        witness->ticket = 0;
        seuil_shard_enter(shard, SEUIL_SHARD_SEEK);
        seuil_shard_wake_at(shard, shard->mono);
    } else if (rc < 0 || shard->mono - witness->asked > 30 * SEUIL_SECOND_MS) {
        seuil_shard_doubt(shard, "the group did not take the shard's witness");
    } else {
        seuil_shard_wake_at(shard, shard->mono + 20);
    }
}

static void run_seek(struct seuil_shard *shard)
{
    for (uint32_t i = 0; i < SEUIL_TOPICS_MAX; i++) {
        struct seuil_topic *topic = &shard->topics[i];
        struct seuil_lane *lane = topic->lane;
        struct seuil_source *source = shard->env.source;

        if (!lane || topic->sought)
            continue;
        lane->end = -1; /* what was known of the end may be of another life */
        lane->end_asked = SEUIL_TIME_NONE;
        lane->eof = 0;
        lane->error = 0;
        if (source->ops->seek(source, lane, shard->meta.topics[i].base) != 0) {
            seuil_shard_wake_at(shard, shard->mono + 50);
            return;
        }
        lane->head = lane->count = 0;
        topic->sought = true;
    }
    seuil_publish_begin(shard);
    shard->checkpoint.begun = shard->mono;
    shard->timers.scanned = SEUIL_TIME_NONE;
    seuil_shard_enter(shard, SEUIL_SHARD_RUN);
    /* A walk under way has judged some leads by other models, even if those of before are back. */
    if (shard->meta.model_hash != shard->env.models->hash || shard->meta.walk_model_hash)
        seuil_walk_begin(shard);
    else
        seuil_versions_write(shard->env.models, shard->meta.versions);
    seuil_shard_wake_at(shard, shard->mono);
}

void seuil_acquire_run(struct seuil_shard *shard)
{
    switch (shard->state) {
    case SEUIL_SHARD_BACKOFF:
        if (shard->mono < shard->back_until) {
            seuil_shard_wake_at(shard, shard->back_until);
            shard->progress = shard->mono;
            return;
        }
        seuil_shard_enter(shard, SEUIL_SHARD_CONFIRM);
        run_confirm(shard);
        return;
    case SEUIL_SHARD_CONFIRM:
        if (shard->back_until != SEUIL_TIME_NONE && shard->mono < shard->back_until)
            seuil_shard_wake_at(shard, shard->back_until);
        else
            run_confirm(shard);
        return;
    case SEUIL_SHARD_ACQUIRE:
        if (shard->config->request_timeout_ms > 0 &&
            shard->mono - shard->since > 2 * shard->config->request_timeout_ms)
            seuil_shard_doubt(shard, "no answer while taking the shard");
        return;
    case SEUIL_SHARD_CHECK:
        if (!seuil_check_run(shard))
            return;
        seuil_shard_enter(shard, SEUIL_SHARD_WITNESS);
        run_witness(shard);
        return;
    case SEUIL_SHARD_WITNESS:
        run_witness(shard);
        return;
    case SEUIL_SHARD_SEEK:
        run_seek(shard);
        return;
    default:
        assert(!"a state that runs elsewhere");
    }
}
