#include "support/fold.h"

#include <assert.h>

#include "base/heap.h"
#include "codec/event_json.h"
#include "core/away.h"
#include "core/ingest.h"

struct seuil_fold {
    struct seuil_fold_spec spec;
    struct seuil_scratch *scratch;
    struct seuil_decode_scratch *decode;
    struct seuil_map_scratch *map;
    struct seuil_buf out, body;
    struct seuil_lead lead, guest;
    struct seuil_outcome outcome;
};

struct seuil_fold *seuil_fold_new(const struct seuil_fold_spec *spec)
{
    struct seuil_fold *fold = seuil_heap_zalloc(1, sizeof(*fold));
    void *memory;

    if (!fold)
        return NULL;
    fold->spec = *spec;
    memory = seuil_heap_alloc(seuil_scratch_size(spec->models));
    fold->decode = seuil_decode_scratch_new();
    fold->map = seuil_map_scratch_new();
    if (!memory || !fold->decode || !fold->map) {
        seuil_heap_free(memory);
        seuil_fold_free(fold);
        return NULL;
    }
    fold->scratch = seuil_scratch_init(memory, spec->models, spec->regex);
    assert((void *)fold->scratch == memory);
    return fold;
}

void seuil_fold_free(struct seuil_fold *fold)
{
    if (!fold)
        return;
    seuil_heap_free(fold->scratch);
    seuil_decode_scratch_free(fold->decode);
    seuil_map_scratch_free(fold->map);
    seuil_buf_done(&fold->out);
    seuil_buf_done(&fold->body);
    seuil_heap_free(fold);
}

void seuil_fold_begin(struct seuil_fold *fold, struct seuil_str lead)
{
    seuil_lead_init(&fold->lead, lead);
}

int seuil_fold_resume(struct seuil_fold *fold, struct seuil_str lead, const uint8_t *bytes,
                      size_t len)
{
    seuil_lead_init(&fold->lead, lead);
    return seuil_lead_read(bytes, len, &fold->lead);
}

/* Hand out the crossings of the last step; @event NULL: silence made them. */
static void fold_tell(struct seuil_fold *fold, const struct seuil_event *event)
{
    struct seuil_cause cause = {0};

    if (!fold->spec.crossing)
        return;
    if (event) {
        cause.id = event->id;
        cause.topic = seuil_str_from(fold->spec.topics[event->position.topic].name);
        cause.partition = event->position.partition;
        cause.offset = event->position.offset;
    } else if (fold->outcome.has_cause) {
        const struct seuil_waiting_cause *waited = &fold->outcome.cause;

        cause.id = (struct seuil_str){waited->id, waited->id_len};
        if (fold->spec.topics[waited->topic].name)
            cause.topic = seuil_str_from(fold->spec.topics[waited->topic].name);
        cause.partition = waited->partition;
        cause.offset = waited->offset;
    }
    for (uint32_t i = 0; i < fold->outcome.crossing_count; i++) {
        const struct seuil_crossing *crossing = &fold->outcome.crossings[i];
        char id[SEUIL_CROSSING_ID_MAX];
        struct seuil_cause own =
            crossing->since == SEUIL_TIME_NONE ? cause : (struct seuil_cause){0};

        if (crossing->has_cause) {
            own.id = (struct seuil_str){crossing->cause.id, crossing->cause.id_len};
            if (fold->spec.topics[crossing->cause.topic].name)
                own.topic = seuil_str_from(fold->spec.topics[crossing->cause.topic].name);
            own.partition = crossing->cause.partition;
            own.offset = crossing->cause.offset;
        }
        seuil_crossing_id(fold->spec.app, &fold->spec.models->models[crossing->model], &fold->lead,
                          crossing->ordinal, id);
        seuil_buf_clear(&fold->out);
        if (seuil_crossing_write(fold->spec.format, fold->spec.app, fold->spec.models, &fold->lead,
                                 crossing, &own, &fold->out) == 0)
            fold->spec.crossing(fold->spec.ctx, &fold->lead, crossing, id, fold->out.ptr,
                                (uint32_t)fold->out.len);
    }
}

void seuil_fold_until(struct seuil_fold *fold, seuil_time_ms until)
{
    while (fold->lead.due <= until) {
        struct seuil_event tick = {.kind = SEUIL_KIND_TICK};
        seuil_time_ms due = fold->lead.due;

        tick.lead = (struct seuil_str){fold->lead.id, fold->lead.id_len};
        tick.time = tick.arrival = due;
        seuil_engine_step(fold->spec.models, fold->scratch, &tick, &fold->lead, &fold->outcome);
        assert(fold->lead.due > due);
        fold_tell(fold, NULL);
    }
}

/* ---- leads that are one person ------------------------------------------------------------- */

static void send(struct seuil_fold *fold, struct seuil_str to,
                 const struct seuil_handover *handover)
{
    seuil_buf_clear(&fold->out);
    if (fold->spec.sent && seuil_handover_write(handover, &fold->out) == 0)
        fold->spec.sent(fold->spec.ctx, to, fold->out.ptr, (uint32_t)fold->out.len);
}

/* A merged lead sends on what comes for it, with its own hash behind those of the way. */
static void send_on(struct seuil_fold *fold, const struct seuil_event *event,
                    struct seuil_handover handover, bool fresh)
{
    struct seuil_str into = {fold->lead.into, fold->lead.into_len};
    struct seuil_event copy = *event;

    if (fresh) {
        copy.time = handover.time;
        seuil_buf_clear(&fold->body);
        seuil_event_json(&copy, &fold->body);
        handover.body = fold->body.ptr;
        handover.body_len = (uint32_t)fold->body.len;
    }
    seuil_handover_pass(&handover, seuil_lead_way(&fold->lead));
    send(fold, into, &handover);
    seuil_engine_send_on(fold->spec.models, fold->scratch, event, &fold->lead, &fold->outcome);
}

static void leave(struct seuil_fold *fold, const struct seuil_event *event,
                  const struct seuil_merge *merge, struct seuil_handover handover)
{
    static uint8_t packed[SEUIL_LEAD_BYTES_MAX];

    seuil_engine_stay(fold->scratch, &fold->lead,
                      seuil_engine_may_leave(fold->spec.models, event, merge, &fold->lead),
                      &fold->outcome);
    if (fold->outcome.verdict != SEUIL_VERDICT_APPLIED)
        return;
    handover.kind = SEUIL_HANDOVER_LEAD;
    handover.lead = (struct seuil_str){fold->lead.id, fold->lead.id_len};
    handover.body = packed;
    handover.body_len =
        (uint32_t)seuil_engine_leave(event, merge->into, &fold->lead, packed, &fold->outcome);
    seuil_handover_pass(&handover, seuil_lead_way(&fold->lead));
    send(fold, merge->into, &handover);
}

static void tell_aliases(struct seuil_fold *fold, struct seuil_handover handover)
{
    struct seuil_lead *lead = &fold->lead;

    for (unsigned i = 0; i < lead->alias_count; i++) {
        handover.kind = SEUIL_HANDOVER_FORGET;
        handover.lead = (struct seuil_str){lead->aliases[i].id, lead->aliases[i].id_len};
        if (!seuil_str_eq(handover.lead, (struct seuil_str){lead->id, lead->id_len}) &&
            seuil_alias_find(lead, handover.lead) == &lead->aliases[i])
            send(fold, handover.lead, &handover);
    }
    lead->alias_count = 0;
}

/* Whatever @event does to the lead; @carried: it came from another lead's shard, or NULL. */
static void act(struct seuil_fold *fold, const struct seuil_event *event, seuil_time_ms until,
                const struct seuil_handover *carried)
{
    const struct seuil_models *models = fold->spec.models;
    struct seuil_lead *lead = &fold->lead;
    struct seuil_str own = {lead->id, lead->id_len};
    enum seuil_handover_kind kind = carried ? carried->kind : SEUIL_HANDOVER_EVENT;
    unsigned notes = 0;
    struct seuil_handover fresh = {.kind = SEUIL_HANDOVER_EVENT,
                                   .from = event->position,
                                   .time = seuil_ingest_time(event, &notes),
                                   .arrival = event->arrival,
                                   .lead = event->lead,
                                   .id = event->id};
    struct seuil_merge merge;
    uint16_t into_len = lead->into_len;
    bool merges = kind == SEUIL_HANDOVER_EVENT && seuil_merge_read(event, &merge);

    if (seuil_lead_is_away(lead) && carried &&
        seuil_handover_ends_at(carried, seuil_lead_way(lead)))
        seuil_lead_come_back(lead);
    fold->outcome = (struct seuil_outcome){.verdict = SEUIL_VERDICT_FILTERED};
    if (kind == SEUIL_HANDOVER_FORGET) {
        seuil_engine_follow_forget(models, fold->scratch, event, lead, &fold->outcome);
    } else if (seuil_lead_is_away(lead)) {
        if (kind == SEUIL_HANDOVER_EVENT)
            seuil_engine_stay(fold->scratch, lead, seuil_engine_may_send_on(event, lead),
                              &fold->outcome);
        if (kind == SEUIL_HANDOVER_LEAD || fold->outcome.verdict == SEUIL_VERDICT_APPLIED)
            send_on(fold, event, carried ? *carried : fresh, !carried);
    } else if (kind == SEUIL_HANDOVER_LEAD) {
        struct seuil_birth merged = {true, carried->from.topic, carried->from.generation,
                                     carried->from.offset};

        seuil_lead_init(&fold->guest, carried->lead);
        if (seuil_lead_read(carried->body, carried->body_len, &fold->guest) == 0)
            seuil_engine_take_in(models, fold->scratch, event, &merged, until, &fold->guest, lead,
                                 &fold->outcome);
        if (fold->outcome.todo & SEUIL_TODO_ERASE)
            tell_aliases(fold, fresh);
    } else if (merges) {
        leave(fold, event, &merge, fresh);
    } else {
        seuil_engine_step(models, fold->scratch, event, lead, &fold->outcome);
        if ((fold->outcome.todo & SEUIL_TODO_SAVE) && !seuil_str_eq(event->lead, own) &&
            fold->outcome.verdict != SEUIL_VERDICT_FORGOTTEN)
            seuil_alias_heard(models, lead, event->lead);
        if (fold->outcome.todo & SEUIL_TODO_ERASE)
            tell_aliases(fold, fresh);
    }
    if (!(fold->outcome.todo & SEUIL_TODO_SAVE))
        lead->into_len = into_len;
}

/* ---- records ------------------------------------------------------------------------------- */

/* 1 when it left something in the lead. */
static int apply_event(struct seuil_fold *fold, const struct seuil_fold_record *record,
                       struct seuil_event *event, const struct seuil_handover *carried,
                       enum seuil_verdict *ret_verdict)
{
    seuil_time_ms until = record->stream > record->time ? record->stream : record->time;

    if (!carried &&
        !seuil_str_eq(event->lead, (struct seuil_str){fold->lead.id, fold->lead.id_len}))
        return 0;
    event->arrival = carried ? carried->arrival : record->time;
    event->position = record->position;
    seuil_fold_until(fold, until);
    act(fold, event, until, carried);
    fold_tell(fold, event);
    if (ret_verdict)
        *ret_verdict = fold->outcome.verdict;
    return (fold->outcome.todo & SEUIL_TODO_SAVE) != 0;
}

/* A record of the internal topic: negative when it cannot be read. */
static int apply_handover(struct seuil_fold *fold, const struct seuil_fold_record *record,
                          enum seuil_verdict *ret_verdict)
{
    const struct seuil_fold_topic *topic = &fold->spec.topics[record->position.topic];
    struct seuil_handover carried;
    struct seuil_event event;
    int rc = seuil_handover_read(record->value, record->value_len, &carried);

    seuil_event_clear(&event, SEUIL_KIND_COMMAND);
    if (rc == 0 && carried.kind == SEUIL_HANDOVER_EVENT)
        rc = seuil_decode(topic->decoder, fold->decode, carried.body, carried.body_len, &event,
                          NULL);
    if (rc != 0)
        return rc;
    event.lead = carried.lead;
    event.id = carried.id;
    event.time = carried.time;
    return apply_event(fold, record, &event, &carried, ret_verdict);
}

/* The events of a record of an input. */
static int apply_events(struct seuil_fold *fold, const struct seuil_fold_record *record,
                        enum seuil_verdict *ret_verdict)
{
    const struct seuil_fold_topic *topic = &fold->spec.topics[record->position.topic];
    struct seuil_intake reader = {topic->decoder, topic->map};
    struct seuil_read_scratch scratch = {fold->decode, fold->map};
    struct seuil_record_view view = {
        .bytes = record->value,
        .len = record->value_len,
        .key = {fold->lead.id, fold->lead.id_len},
        .topic = seuil_str_from(topic->name),
        .partition = record->position.partition,
        .offset = record->position.offset,
        .time = record->time,
    };
    struct seuil_event event;
    int rc, left = 0, why = 0;

    rc = seuil_read_first(&reader, &scratch, &view, &event, NULL);
    for (; rc != 0; rc = seuil_read_next(&reader, &scratch, &event, NULL)) {
        if (rc < 0)
            why = rc;
        else
            left |= apply_event(fold, record, &event, NULL, ret_verdict);
    }
    return left ? 1 : why;
}

int seuil_fold_apply(struct seuil_fold *fold, const struct seuil_fold_record *record,
                     enum seuil_verdict *ret_verdict)
{
    const struct seuil_fold_topic *topic = &fold->spec.topics[record->position.topic];
    int rc;

    if (!record->value || !topic->decoder)
        return 0;
    rc = topic->internal ? apply_handover(fold, record, ret_verdict)
                         : apply_events(fold, record, ret_verdict);
    if (rc != 1)
        return rc;
    seuil_lead_set_stamp(&fold->lead, record->position.topic, record->position.generation,
                         record->position.offset + 1);
    return 1;
}

struct seuil_lead *seuil_fold_lead(struct seuil_fold *fold)
{
    return &fold->lead;
}

size_t seuil_fold_pack(const struct seuil_fold *fold, uint8_t *out)
{
    return seuil_lead_write(&fold->lead, out);
}

size_t seuil_fold_all(struct seuil_fold *fold, struct seuil_str lead,
                      const struct seuil_fold_record *records, uint32_t count, seuil_time_ms until,
                      uint8_t *out)
{
    seuil_fold_begin(fold, lead);
    for (uint32_t i = 0; i < count; i++)
        seuil_fold_apply(fold, &records[i], NULL);
    if (until != SEUIL_TIME_NONE)
        seuil_fold_until(fold, until);
    return seuil_fold_pack(fold, out);
}
