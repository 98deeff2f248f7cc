/* Leads that are one person, in whatever shards they lie (SCORING 6): what leaves the shard of an
 * id that was merged away, and what its new shard does with it.
 *
 * What leaves rides in the outbox of the transaction that writes the lead it leaves (rule 4), with
 * destination internal; what comes is a record of one more input topic, below or above its lead's
 * stamp as any other. What the outbox sends twice is met twice. The same entry sent again is told
 * by its number: whether it came before is a matter of the internal topic's log alone, so what came
 * last from each shard is kept in meta as of base, and replays find the same. And what is made
 * again, after Redis lost its tail, is told by what it says: a hand-over names the merge command it
 * was made by, which the lead that took it in keeps beside the id; an event has its id. */

#include <assert.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/heap.h"
#include "codec/event_json.h"
#include "codec/handover.h"
#include "codec/origin.h"
#include "core/away.h"
#include "core/ingest.h"
#include "shard/internal.h"
#include "store/meta.h"

static struct seuil_str id_of(const struct seuil_lead *lead)
{
    return (struct seuil_str){lead->id, lead->id_len};
}

/* The number of the next entry for the shard of lead @to; 0: memory is out. */
static uint64_t next_number(struct seuil_shard *shard, struct seuil_str to)
{
    const struct seuil_shard_config *config = shard->config;

    if (!shard->handed)
        shard->handed = seuil_heap_zalloc(config->partitions, sizeof(*shard->handed));
    return shard->handed
               ? ++shard->handed[seuil_partition_of(config->partitioner, to, config->partitions)]
               : 0;
}

/* Into the outbox, for the shard of lead @to. */
static void send(struct seuil_shard *shard, struct seuil_str to,
                 const struct seuil_handover *handover)
{
    struct seuil_entry_view entry = {.destination = SEUIL_DEST_INTERNAL, .key = to};
    struct seuil_buf *value = &shard->value;
    char text[SEUIL_HANDOVER_ENTRY_MAX];
    uint64_t tenure, number;

    if (shard->record.stamp == SEUIL_STAMP_ABOVE)
        return; /* it was sent; only the verdict is judged again */
    number = next_number(shard, to);
    seuil_buf_clear(value);
    if (!number || seuil_handover_write(handover, value) != 0) {
        shard->failed = true;
        return;
    }
    memcpy(&tenure, shard->token.bytes, sizeof(tenure));
    entry.value = value->ptr;
    entry.value_len = (uint32_t)value->len;
    entry.header_count = 1;
    entry.headers[0] = (struct seuil_header){SEUIL_STR(SEUIL_HANDOVER_ENTRY), (const uint8_t *)text,
                                             (uint32_t)snprintf(text, sizeof(text),
                                                                "%" PRIu32 " %" PRIu64 " %" PRIu64,
                                                                shard->number, tenure, number)};
    if (seuil_pending_add(&shard->pending, &entry) != 0)
        shard->failed = true;
}

/* What is made by @event, of which nothing was handed over before. */
static struct seuil_handover made_by(const struct seuil_event *event, enum seuil_handover_kind kind)
{
    unsigned notes = 0;

    return (struct seuil_handover){
        .kind = kind,
        .from = event->position,
        .time = seuil_ingest_time(event, &notes),
        .arrival = event->arrival,
        .lead = event->lead,
        .id = event->id,
    };
}

/* ---- of a lead that is away ------------------------------------------------------------------ */

/* @event, or what was @carried here, goes to where the lead went. */
static int pass_on(struct seuil_shard *shard, const struct seuil_event *event,
                   const struct seuil_handover *carried, struct seuil_lead *lead)
{
    struct seuil_handover handover = made_by(event, SEUIL_HANDOVER_EVENT);
    struct seuil_event clamped = *event;
    struct seuil_buf *body = &shard->body;

    clamped.time = handover.time;
    seuil_buf_clear(body);
    if (carried) {
        handover = *carried;
    } else {
        if (seuil_event_json(&clamped, body) != 0) {
            shard->failed = true;
            return 0;
        }
        handover.body = body->ptr;
        handover.body_len = (uint32_t)body->len;
    }
    if (handover.body_len > SEUIL_SENT_ON_MAX)
        return SEUIL_ERR_LIMIT;
    seuil_handover_pass(&handover, seuil_lead_way(lead));
    send(shard, (struct seuil_str){lead->into, lead->into_len}, &handover);
    seuil_engine_send_on(shard->env.models, shard->env.scratch, event, lead, &shard->outcome);
    shard->counters.sent_on += shard->record.stamp != SEUIL_STAMP_ABOVE;
    return 0;
}

static int step_away(struct seuil_shard *shard, const struct seuil_event *event,
                     const struct seuil_handover *carried, struct seuil_lead *lead)
{
    enum seuil_verdict verdict = SEUIL_VERDICT_APPLIED;

    if (carried && carried->kind == SEUIL_HANDOVER_FORGET) {
        seuil_engine_follow_forget(shard->env.models, shard->env.scratch, event, lead,
                                   &shard->outcome);
        return 0;
    }
    if (!carried || carried->kind == SEUIL_HANDOVER_EVENT)
        verdict = seuil_engine_may_send_on(event, lead);
    if (verdict == SEUIL_VERDICT_APPLIED)
        return pass_on(shard, event, carried, lead);
    seuil_engine_stay(shard->env.scratch, lead, verdict, &shard->outcome);
    return 0;
}

/* ---- of a lead that is here ------------------------------------------------------------------ */

static int leave(struct seuil_shard *shard, const struct seuil_event *event,
                 const struct seuil_merge *merge, struct seuil_lead *lead)
{
    struct seuil_handover handover = made_by(event, SEUIL_HANDOVER_LEAD);
    enum seuil_verdict verdict = seuil_engine_may_leave(shard->env.models, event, merge, lead);

    if (verdict == SEUIL_VERDICT_APPLIED &&
        shard->config->partitioner == SEUIL_PARTITIONER_UNCHECKED)
        return SEUIL_ERR_UNSUPPORTED;
    if (verdict != SEUIL_VERDICT_APPLIED) {
        seuil_engine_stay(shard->env.scratch, lead, verdict, &shard->outcome);
        return 0;
    }
    handover.lead = id_of(lead);
    handover.body = shard->packed;
    handover.body_len =
        (uint32_t)seuil_engine_leave(event, merge->into, lead, shard->packed, &shard->outcome);
    seuil_handover_pass(&handover, seuil_lead_way(lead));
    send(shard, merge->into, &handover);
    shard->counters.handed_over += shard->record.stamp != SEUIL_STAMP_ABOVE;
    return 0;
}

static int take_in(struct seuil_shard *shard, const struct seuil_event *event, seuil_time_ms until,
                   const struct seuil_handover *carried, struct seuil_lead *lead)
{
    struct seuil_lead *from = shard->env.guest;
    struct seuil_birth merged = {true, carried->from.topic, carried->from.generation,
                                 carried->from.offset};

    seuil_lead_init(from, carried->lead);
    if (seuil_lead_read(carried->body, carried->body_len, from) != 0)
        return SEUIL_ERR_CORRUPT;
    seuil_engine_take_in(shard->env.models, shard->env.scratch, event, &merged, until, from, lead,
                         &shard->outcome);
    seuil_handover_stepped(shard, event, lead);
    shard->counters.taken_in +=
        shard->outcome.verdict == SEUIL_VERDICT_APPLIED && shard->record.stamp != SEUIL_STAMP_ABOVE;
    return 0;
}

/* The lead was forgotten: so are the ids that were merged into it. */
static void tell_aliases(struct seuil_shard *shard, const struct seuil_event *event,
                         struct seuil_lead *lead)
{
    for (unsigned i = 0; i < lead->alias_count; i++) {
        struct seuil_handover handover = made_by(event, SEUIL_HANDOVER_FORGET);
        struct seuil_str id = {lead->aliases[i].id, lead->aliases[i].id_len};

        handover.lead = id;
        /* One that came by commands of several topics is told once. */
        if (!seuil_str_eq(id, id_of(lead)) && seuil_alias_find(lead, id) == &lead->aliases[i])
            send(shard, id, &handover);
    }
    lead->alias_count = 0;
}

int seuil_handover_step(struct seuil_shard *shard, const struct seuil_event *event,
                        seuil_time_ms until, const struct seuil_handover *carried,
                        struct seuil_lead *lead)
{
    struct seuil_merge merge;

    if (seuil_lead_is_away(lead)) {
        if (!carried || !seuil_handover_ends_at(carried, seuil_lead_way(lead)))
            return step_away(shard, event, carried, lead);
        seuil_lead_come_back(lead);
    }
    if (carried && carried->kind == SEUIL_HANDOVER_FORGET) {
        seuil_engine_stay(shard->env.scratch, lead, SEUIL_VERDICT_FILTERED, &shard->outcome);
        return 0;
    }
    if (carried && carried->kind == SEUIL_HANDOVER_LEAD)
        return take_in(shard, event, until, carried, lead);
    if (seuil_merge_read(event, &merge))
        return leave(shard, event, &merge, lead);
    return 1;
}

void seuil_handover_stepped(struct seuil_shard *shard, const struct seuil_event *event,
                            struct seuil_lead *lead)
{
    if (!(shard->outcome.todo & SEUIL_TODO_SAVE))
        return;
    /* Who is forgotten has no other names, whatever still comes under them. */
    if (shard->outcome.verdict != SEUIL_VERDICT_FORGOTTEN &&
        !seuil_str_eq(event->lead, id_of(lead)))
        seuil_alias_heard(shard->env.models, lead, event->lead);
    if ((shard->outcome.todo & SEUIL_TODO_ERASE) && lead->alias_count)
        tell_aliases(shard, event, lead);
}

/* ---- entries sent again ---------------------------------------------------------------------- */

/* What a header says of one. */
struct origin {
    uint64_t shard, tenure, number;
};

/* The next number of @rest, before a blank or the end. */
static bool word_parse(struct seuil_str *rest, uint64_t *ret_number)
{
    struct seuil_str text = {rest->ptr, 0};

    while (text.len < rest->len && rest->ptr[text.len] != ' ')
        text.len++;
    rest->ptr += text.len + (text.len < rest->len);
    rest->len -= text.len + (text.len < rest->len);
    return seuil_meta_u64_parse(text, ret_number);
}

static bool origin_of(struct seuil_shard *shard, const struct seuil_item *item,
                      struct origin *ret_origin)
{
    struct seuil_source *source = shard->env.source;
    struct seuil_str text, again;

    return source->ops->header(source, item->record, SEUIL_HANDOVER_ENTRY, &text) &&
           !source->ops->header(source, item->record, SEUIL_ORIGIN_OFFSET, &again) && /* replayed */
           word_parse(&text, &ret_origin->shard) && ret_origin->shard <= UINT32_MAX &&
           word_parse(&text, &ret_origin->tenure) && word_parse(&text, &ret_origin->number) &&
           ret_origin->number > 0;
}

static bool is_of(const struct seuil_meta_run *run, uint64_t number)
{
    return number >= run->first && number <= run->last;
}

/* Note that entry @number of the same tenure came, and whether it had come before. Of one in a gap
 * of before the runs nobody knows: it is no repeat here, and what it says tells. */
static bool came(struct seuil_meta_source *known, uint64_t number)
{
    struct seuil_meta_run *low = &known->low, *high = &known->high;

    if (is_of(low, number) || is_of(high, number))
        return true;
    if (number == high->last + 1) {
        high->last = number;
    } else if (number > high->last) {
        *low = *high;
        *high = (struct seuil_meta_run){number, number};
    } else if (low->last && number == low->last + 1) {
        low->last = number;
    }
    if (low->last && low->last + 1 == high->first) { /* the gap is closed */
        high->first = low->first;
        *low = (struct seuil_meta_run){0};
    }
    return false;
}

bool seuil_handover_repeats(struct seuil_shard *shard, const struct seuil_item *item)
{
    struct seuil_meta_sources *sources = &shard->sources;
    struct seuil_meta_source entry, *known = NULL;
    struct origin origin;

    if (!origin_of(shard, item, &origin))
        return false;
    for (uint32_t i = 0; i < sources->count && !known; i++)
        if (sources->list[i].shard == origin.shard && sources->list[i].tenure == origin.tenure)
            known = &sources->list[i];
    if (known) {
        if (came(known, origin.number))
            return true;
        entry = *known;
    } else {
        entry = (struct seuil_meta_source){.shard = (uint32_t)origin.shard,
                                           .tenure = origin.tenure,
                                           .high = {origin.number, origin.number}};
    }
    if (!known && sources->count == SEUIL_META_SOURCES_MAX)
        known = sources->list;
    if (known)
        memmove(known, known + 1,
                (size_t)(sources->list + --sources->count - known) * sizeof(*known));
    sources->list[sources->count++] = entry;
    return false;
}
