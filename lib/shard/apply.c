/* One record to its lead (rules 3-9).
 *
 * The order of judgements is part of the protocol. What must leave the shard whether or not the
 * lead knows the record already is judged first and anew on every replay: dead letters, lateness
 * among them. Then the stamp: below it the record is in. Then silence, up to the record's timestamp
 * or stream time. Then the event. */

#include <assert.h>

#include "codec/origin.h"
#include "core/ingest.h"
#include "map/read.h"
#include "shard/internal.h"

bool seuil_apply_paused(const struct seuil_shard *shard)
{
    return shard->cache.lists[SEUIL_LIST_URGENT].count >= SEUIL_URGENT_MAX ||
           shard->pending.bytes.len >= SEUIL_ENTRY_BYTES_MAX || shard->failed || shard->halting;
}

/* Of a record with several events one copy is enough, with the reason of its first fault: replayed,
 * the events that were good are known already. */
static void letter(struct seuil_shard *shard, const struct seuil_item *item, bool decoding,
                   const char *name, const char *text)
{
    if (!shard->record.lettered)
        seuil_dead_add(shard, item, decoding, name, text);
    shard->record.lettered = true;
}

/* The same of what can be of no use to any lead. */
static void poison(struct seuil_shard *shard, const struct seuil_item *item, bool decoding,
                   const char *name, const char *text)
{
    if (!shard->record.lettered)
        seuil_breaker_count(shard, item, name, text);
    letter(shard, item, decoding, name, text);
}

static void dead_letter(struct seuil_shard *shard, const struct seuil_item *item, const char *name,
                        const char *text)
{
    shard->counters.dead_lettered++;
    poison(shard, item, false, name, text);
}

static void misrouted(struct seuil_shard *shard, const struct seuil_item *item, const char *text)
{
    dead_letter(shard, item, "misrouted", text);
    seuil_audit_count(shard, item, true);
}

/* Faults that the record itself shows: true when it has gone to the dead letters. */
static bool faulty(struct seuil_shard *shard, const struct seuil_item *item)
{
    switch ((enum seuil_item_fault)item->fault) {
    case SEUIL_FAULT_FUTURE:
        dead_letter(shard, item, "future",
                    "the record's timestamp lies more than five minutes ahead of the clock");
        return true;
    case SEUIL_FAULT_KEY:
        misrouted(shard, item, "the record has no key, or one longer than a lead's id can be");
        return true;
    case SEUIL_FAULT_PARTITION:
        misrouted(shard, item, "the partitioner does not put this key into this partition");
        return true;
    case SEUIL_FAULT_NONE:
        break;
    }
    return false;
}

struct header_place { /* where the headers of a record are */
    struct seuil_source *source;
    const struct seuil_record_in *record;
};

static bool header_of(void *ctx, const char *name, struct seuil_str *ret_value)
{
    const struct header_place *place = ctx;

    return place->source->ops->header(place->source, place->record, name, ret_value);
}

/* An event that cannot be had. A writer schema that is not known is asked for: 0 when it was
 * learned and the record is to be read again, SEUIL_ERR_BACKOFF when the record waits; otherwise
 * @rc, and it has gone to the dead letters. */
static int undecodable(struct seuil_shard *shard, const struct seuil_item *item,
                       const struct seuil_record_view *record, int rc, struct seuil_error *err)
{
    struct seuil_error why = {0};
    int asked =
        rc == SEUIL_ERR_UNKNOWN ? seuil_schema_ask(shard, item, record, &why) : SEUIL_ERR_UNKNOWN;

    if (asked == 0 || asked == SEUIL_ERR_BACKOFF)
        return asked;
    if (why.text[0])
        seuil_error_wrap(err, "%s", why.text);
    shard->counters.dead_lettered++;
    poison(shard, item, true,
           asked == SEUIL_ERR_INVALID ? "unusable_schema" : seuil_decode_error_name(rc), err->text);
    return rc;
}

/* The fate of an event after its step; true when the record goes to the dead letters. */
static bool fate(struct seuil_shard *shard, const struct seuil_item *item, bool replayed)
{
    struct seuil_shard_counters *counters = &shard->counters;

    switch (shard->outcome.verdict) {
    case SEUIL_VERDICT_LATE:
        counters->late++;
        letter(shard, item, false, "late", "the event is older than its lead's horizon");
        return true;
    case SEUIL_VERDICT_UNSUPPORTED:
        dead_letter(shard, item, "unsupported_command", "this version does not apply this command");
        return true;
    case SEUIL_VERDICT_REFUSED:
        dead_letter(shard, item, "refused_command", "the command's arguments cannot be used");
        return true;
    case SEUIL_VERDICT_KNOWN:
        counters->dead_lettered++;
        counters->known_refused++;
        letter(shard, item, false, "known_lead",
               "a known lead is not merged into another by a shared browser alone: it has an "
               "attribute that says who it is (known_by of the model)");
        return true;
    case SEUIL_VERDICT_APPLIED:
        counters->applied += !replayed;
        break;
    case SEUIL_VERDICT_DUPLICATE:
        counters->duplicate += !replayed;
        break;
    case SEUIL_VERDICT_FILTERED:
    case SEUIL_VERDICT_FORGOTTEN:
        counters->filtered += !replayed;
        break;
    }
    counters->replayed += replayed;
    return false;
}

/* Step @event. Late, it may be one that the operator lets in (seuilctl dlq replay --accept-late):
 * what it would change below the fold point is not kept any more, so it counts at the fold point,
 * the earliest instant that is (EVIDENCE 1). Not so a profile, whose older value would replace a
 * newer one, a command, which would undo what came after it, or a retraction. */
static void step(struct seuil_shard *shard, const struct seuil_item *item,
                 const struct seuil_event *event, struct seuil_lead *lead)
{
    const struct seuil_models *models = shard->env.models;
    struct header_place place = {shard->env.source, item->record};
    const struct seuil_record_view view = {.header = header_of, .ctx = &place};
    struct seuil_event let_in;

    seuil_engine_step(models, shard->env.scratch, event, lead, &shard->outcome);
    if (shard->outcome.verdict != SEUIL_VERDICT_LATE || event->kind == SEUIL_KIND_PROFILE ||
        event->kind == SEUIL_KIND_COMMAND || event->retracts.len ||
        !seuil_origin_accepts_late(&view))
        return;
    let_in = *event;
    let_in.time = seuil_fold_point(&lead->evidence, models->horizon_ms).time + 1;
    seuil_engine_step(models, shard->env.scratch, &let_in, lead, &shard->outcome);
}

/* Step @event on its lead, or do what it asks for between leads. False when that cannot be: the
 * record has gone to the dead letters. */
static bool act(struct seuil_shard *shard, const struct seuil_item *item,
                const struct seuil_event *event, seuil_time_ms until,
                const struct seuil_handover *carried, struct seuil_lead *lead)
{
    uint16_t into_len = lead->into_len;
    int rc = seuil_handover_step(shard, event, until, carried, lead);

    if (rc == 1) {
        step(shard, item, event, lead);
        seuil_handover_stepped(shard, event, lead);
    }
    if (rc < 0 || !(shard->outcome.todo & SEUIL_TODO_SAVE))
        lead->into_len = into_len; /* for nothing it does not come back */
    if (rc >= 0)
        return true;
    shard->outcome = (struct seuil_outcome){.verdict = SEUIL_VERDICT_REFUSED};
    dead_letter(shard, item,
                rc == SEUIL_ERR_LIMIT         ? "too_large_to_send_on"
                : rc == SEUIL_ERR_UNSUPPORTED ? "merge_not_placed"
                                              : "bad_handover",
                rc == SEUIL_ERR_LIMIT ? "the event of a lead that was merged into another is too "
                                        "large to be sent there"
                : rc == SEUIL_ERR_UNSUPPORTED
                    ? "with partitioner: unchecked nobody knows the partition of the other lead"
                    : "what was handed over cannot be read, or was written by a newer version");
    return false;
}

/* Below its stamp the record is in the state. Only whether it is a dead letter is judged again
 * (rule 4), on a copy that is thrown away. If the lead has ended since, the record came before. */
static void replay(struct seuil_shard *shard, const struct seuil_item *item,
                   const struct seuil_event *event, seuil_time_ms until,
                   const struct seuil_handover *carried, struct seuil_lead *lead)
{
    lead->expired = false;
    if (act(shard, item, event, until, carried, lead))
        fate(shard, item, true);
}

/* An event that moves nothing is appended to its lead's pendings (core/defer.h). No stamp of a
 * tenure before is above reach0, and those of this one are below all that is still to come. */
static bool defer(struct seuil_shard *shard, const struct seuil_item *item,
                  const struct seuil_event *event, seuil_time_ms until)
{
    struct seuil_cached *entry = item->lead;
    uint8_t pending[SEUIL_PENDING_BYTES_MAX];
    uint32_t len;

    if (entry->model_epoch != shard->model_epoch ||
        (shard->config->names.keyed && !entry->len) || /* pendings do not tell its id */
        event->position.offset < shard->topics[item->topic].reach0)
        return false;
    if (!entry->len && !entry->tail)
        seuil_engine_digest_new(shard->env.scratch, &entry->digest);
    switch (
        seuil_engine_defer(shard->env.models, shard->env.scratch, event, until,
                           (struct seuil_str){(const char *)entry->bytes, entry->len + entry->tail},
                           &entry->digest, pending, &len)) {
    case SEUIL_DEFERRAL_NONE:
        return false;
    case SEUIL_DEFERRAL_FILTERED:
        shard->counters.filtered++;
        return true;
    case SEUIL_DEFERRAL_PENDING:
        break;
    }
    if (seuil_cache_append(&shard->cache, entry, pending, len) != 0)
        shard->failed = true;
    seuil_lead_touched(shard, entry, false);
    if (entry->digest.until < entry->due) { /* a lead that begins */
        entry->due = entry->digest.until;
        seuil_timers_note(shard, entry);
    }
    shard->counters.applied++;
    return true;
}

/* @carried: what brought the event from another shard, or NULL. False after a halt: the event keeps
 * waiting. */
static bool apply_event(struct seuil_shard *shard, const struct seuil_item *item,
                        const struct seuil_event *event, const struct seuil_handover *carried)
{
    struct seuil_cached *entry = item->lead;
    seuil_time_ms until = item->record->time > item->stream ? item->record->time : item->stream;
    bool urgent = false, expired = false, changed, told;
    struct seuil_lead *lead;
    bool ended, consented;

    entry->judged = (uint32_t)shard->checkpoint.frozen + 1;
    if (event->kind == SEUIL_KIND_COMMAND)
        seuil_lead_settle(shard, entry); /* it may be handed over as it stands */
    if (!carried && shard->record.stamp != SEUIL_STAMP_ABOVE && defer(shard, item, event, until)) {
        shard->record.stamp = SEUIL_STAMP_BELOW;
        return true;
    }
    lead = seuil_lead_take(shard, entry, until);
    if (!lead)
        return false;
    seuil_lead_name_id(lead, item->record->key);
    if (shard->record.stamp == SEUIL_STAMP_UNKNOWN)
        shard->record.stamp =
            event->position.offset < seuil_lead_stamp(lead, item->topic, event->position.generation)
                ? SEUIL_STAMP_ABOVE
                : SEUIL_STAMP_BELOW;
    if (shard->record.stamp == SEUIL_STAMP_ABOVE) {
        replay(shard, item, event, until, carried, lead);
        return true;
    }
    changed = seuil_lead_advance(shard, item, lead, until, &urgent, &expired);
    ended = lead->expired;
    consented = lead->consented;
    told = act(shard, item, event, until, carried, lead);
    urgent |= seuil_lead_outcome(shard, item, event, lead);
    if (shard->outcome.todo & SEUIL_TODO_SAVE) {
        if (ended || consented != lead->consented || (shard->outcome.todo & SEUIL_TODO_ERASE))
            seuil_lead_seal(shard, lead);
        seuil_lead_set_stamp(lead, item->topic, event->position.generation,
                             event->position.offset + 1);
        changed = true;
    }
    if (told)
        fate(shard, item, false);
    /* A tick that found the lead without worth, and an event that left nothing: the tick comes
     * again when base allows to delete the lead. */
    if (expired && !urgent && !(shard->outcome.todo & SEUIL_TODO_SAVE))
        changed = false;
    if (changed) {
        if (lead->expired)
            seuil_lead_seal(shard, lead);
        seuil_lead_close(shard, entry, lead, urgent);
        seuil_lead_digest(shard, entry, lead);
    } else {
        seuil_lead_settle(shard, entry); /* so that the next one finds less to do */
    }
    return true;
}

/* One event of the record: false after a halt. */
static bool apply_read(struct seuil_shard *shard, const struct seuil_item *item,
                       struct seuil_event *event)
{
    const struct seuil_record_in *record = item->record;

    if (!seuil_str_eq(event->lead, record->key)) {
        misrouted(shard, item, "the record's key is not the id of its lead");
        return true;
    }
    event->arrival = record->time;
    event->position = (struct seuil_position){
        .topic = item->topic,
        .generation = shard->meta.topics[item->topic].generation,
        .partition = (int32_t)shard->number,
        .offset = record->offset,
    };
    seuil_audit_count(shard, item, false);
    return apply_event(shard, item, event, NULL);
}

/* A record of the internal topic: what another shard, or this one, handed over. */
static bool apply_handover(struct seuil_shard *shard, const struct seuil_item *item)
{
    const struct seuil_record_in *record = item->record;
    const struct seuil_input *input = &shard->config->inputs[item->topic];
    struct seuil_handover carried;
    struct seuil_event event;
    struct seuil_error err = {0};
    int rc = seuil_handover_read(record->value, record->value_len, &carried);

    if (seuil_handover_repeats(shard, item)) {
        shard->counters.received++;
        shard->counters.duplicate++;
        return true;
    }
    seuil_event_clear(&event, SEUIL_KIND_COMMAND);
    if (rc == 0 && carried.kind == SEUIL_HANDOVER_EVENT)
        rc = seuil_decode(input->decoder, shard->env.decode, carried.body, carried.body_len, &event,
                          &err);
    if (rc == SEUIL_ERR_NOMEM) {
        shard->failed = true; /* no fault of the record's: it is read again */
        return true;
    }
    if (rc != 0) {
        shard->counters.dead_lettered++;
        poison(shard, item, true, "bad_handover",
               "what was handed over cannot be read, or was written by a newer version");
        shard->counters.received++;
        return true;
    }
    event.lead = carried.lead;
    event.id = carried.id;
    event.time = carried.time;
    event.arrival = carried.arrival;
    event.position = (struct seuil_position){
        .topic = item->topic,
        .generation = shard->meta.topics[item->topic].generation,
        .partition = (int32_t)shard->number,
        .offset = record->offset,
    };
    if (!apply_event(shard, item, &event, &carried))
        return false;
    shard->counters.received++;
    return true;
}

/* The events of a record, one after the other and all of them before anything is written: its stamp
 * covers them together. False when the record waits, or after a halt. */
static bool apply_events(struct seuil_shard *shard, const struct seuil_item *item)
{
    const struct seuil_record_in *record = item->record;
    const struct seuil_input *input = &shard->config->inputs[item->topic];
    struct seuil_intake reader = {input->decoder, input->map};
    struct seuil_read_scratch scratch = {shard->env.decode, shard->env.map};
    struct header_place place = {shard->env.source, record};
    struct seuil_record_view view = {
        .bytes = record->value,
        .len = record->value_len,
        .key = record->key,
        .topic = seuil_str_from(input->name),
        .partition = (int32_t)shard->number,
        .offset = record->offset,
        .time = record->time,
        .header = header_of,
        .ctx = &place,
    };
    struct seuil_event event;
    struct seuil_error err;
    uint64_t count = 0;
    int rc = seuil_read_first(&reader, &scratch, &view, &event, &err);

    while (rc != 0) {
        if (rc < 0) {
            rc = undecodable(shard, item, &view, rc, &err);
            if (rc == SEUIL_ERR_BACKOFF)
                return false;
            if (rc == 0) {
                rc = seuil_read_first(&reader, &scratch, &view, &event, &err);
                continue;
            }
        } else if (!apply_read(shard, item, &event)) {
            return false;
        }
        count++;
        rc = seuil_read_next(&reader, &scratch, &event, &err);
    }
    if (shard->schema_wait.since != SEUIL_TIME_NONE)
        seuil_schema_end(shard);
    shard->counters.filtered += count == 0;
    shard->counters.received += count ? count : 1;
    return true;
}

/* Whether the record has met its fate. */
static bool apply_one(struct seuil_shard *shard, const struct seuil_item *item)
{
    shard->record = (struct seuil_record_state){0};
    if (!faulty(shard, item)) {
        if (item->record->value && shard->config->inputs[item->topic].internal)
            return apply_handover(shard, item);
        if (item->record->value)
            return apply_events(shard, item);
        shard->counters.filtered++;
    }
    shard->counters.received++;
    return true;
}

/* The record is behind us: what it did is in the cache, in the pending entries, or among the dead
 * letters. */
static void advance_cursor(struct seuil_shard *shard, const struct seuil_item *item)
{
    struct seuil_topic *topic = &shard->topics[item->topic];
    struct seuil_cursor *applied = &topic->applied;

    assert(item->record->offset >= applied->next);
    applied->next = item->record->offset + 1;
    if (item->fault != SEUIL_FAULT_FUTURE && item->record->time > applied->last_time)
        applied->last_time = item->record->time;
    topic->last = item->record;
    topic->breaker.records++;
    if (item->stream > shard->stream_applied)
        shard->stream_applied = item->stream;
}

/* Records whose states are touched together. */
#define AHEAD 16

static void touch(const struct seuil_batch *batch)
{
    uint32_t end = batch->done + AHEAD < batch->count ? batch->done + AHEAD : batch->count;

    for (uint32_t i = batch->done; i < end; i++)
        if (batch->items[i].lead)
            seuil_cache_touch_bytes(batch->items[i].lead);
    for (uint32_t i = batch->done; i < end; i++)
        if (batch->items[i].lead)
            seuil_cache_prefetch_bytes(batch->items[i].lead);
}

bool seuil_apply_run(struct seuil_shard *shard)
{
    struct seuil_batch *batch = &shard->batch;
    uint32_t before = batch->done;

    if (seuil_publish_full(shard)) { /* a run adds what a transaction may take, at most */
        seuil_shard_wake_at(shard, shard->mono + 20);
        return false;
    }
    while (batch->done < batch->count && !seuil_apply_paused(shard) && !seuil_dead_full(shard)) {
        const struct seuil_item *item = &batch->items[batch->done];

        if (item->lead && item->lead->loading)
            break;
        if (batch->done % AHEAD == 0)
            touch(batch);
        if (!apply_one(shard, item))
            break;
        advance_cursor(shard, item);
        if (item->lead)
            item->lead->pins--;
        batch->done++;
    }
    /* After the last record others may be there; a pause ends with the transaction. */
    return batch->done > before && batch->done == batch->count;
}
