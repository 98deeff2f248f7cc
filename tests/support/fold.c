#include "support/fold.h"

#include <assert.h>

#include "base/heap.h"

struct seuil_fold {
    struct seuil_fold_spec spec;
    struct seuil_scratch *scratch;
    struct seuil_decode_scratch *decode;
    struct seuil_map_scratch *map;
    struct seuil_buf out;
    struct seuil_lead lead;
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

/* 1 when it left something in the lead. */
static int apply_event(struct seuil_fold *fold, const struct seuil_fold_record *record,
                       struct seuil_event *event, enum seuil_verdict *ret_verdict)
{
    if (!seuil_str_eq(event->lead, (struct seuil_str){fold->lead.id, fold->lead.id_len}))
        return 0;
    event->arrival = record->time;
    event->position = record->position;
    seuil_fold_until(fold, record->stream > record->time ? record->stream : record->time);
    seuil_engine_step(fold->spec.models, fold->scratch, event, &fold->lead, &fold->outcome);
    fold_tell(fold, event);
    if (ret_verdict)
        *ret_verdict = fold->outcome.verdict;
    return (fold->outcome.todo & SEUIL_TODO_SAVE) != 0;
}

int seuil_fold_apply(struct seuil_fold *fold, const struct seuil_fold_record *record,
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

    if (!record->value || !topic->decoder)
        return 0;
    rc = seuil_read_first(&reader, &scratch, &view, &event, NULL);
    for (; rc != 0; rc = seuil_read_next(&reader, &scratch, &event, NULL)) {
        if (rc < 0)
            why = rc;
        else
            left |= apply_event(fold, record, &event, ret_verdict);
    }
    if (!left)
        return why;
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
