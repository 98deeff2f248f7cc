#include "core/ingest.h"

#include <assert.h>
#include <string.h>

#include "base/hash.h"
#include "core/away.h"
#include "core/command.h"
#include "core/compound.h"
#include "core/condition.h"
#include "core/fold.h"
#include "core/lead_codec.h"
#include "core/quarantine.h"
#include "core/retract.h"
#include "core/rule_eval.h"
#include "core/score.h"

static seuil_time_ms within_bounds(seuil_time_ms time)
{
    return time > SEUIL_TIME_BOUND_MS    ? SEUIL_TIME_BOUND_MS
           : time < -SEUIL_TIME_BOUND_MS ? -SEUIL_TIME_BOUND_MS
                                         : time;
}

seuil_time_ms seuil_ingest_time(const struct seuil_event *event, unsigned *notes)
{
    seuil_time_ms time = within_bounds(event->time), arrival = within_bounds(event->arrival);

    if (time - arrival <= SEUIL_AHEAD_MAX_MS)
        return time;
    *notes |= SEUIL_NOTE_TIME_CLAMPED;
    return arrival;
}

uint64_t seuil_ingest_hash(const struct seuil_event *event)
{
    return seuil_hash64_seed(event->id.ptr, event->id.len,
                             seuil_hash64(event->lead.ptr, event->lead.len));
}

uint64_t seuil_ingest_target(const struct seuil_event *event)
{
    return seuil_hash64_seed(event->retracts.ptr, event->retracts.len,
                             seuil_hash64(event->lead.ptr, event->lead.len));
}

struct seuil_key seuil_fold_point(const struct seuil_evidence *evidence, int64_t horizon_ms)
{
    struct seuil_key point = evidence->raised, by_horizon;

    if (evidence->newest == SEUIL_TIME_NONE || horizon_ms > 2 * SEUIL_TIME_BOUND_MS)
        return point;
    by_horizon = (struct seuil_key){.time = evidence->newest - horizon_ms};
    return seuil_key_less(point, by_horizon) ? by_horizon : point;
}

static bool is_late(const struct seuil_scratch *scratch, const struct seuil_evidence *evidence,
                    struct seuil_key key)
{
    return seuil_key_less(key, seuil_fold_point(evidence, scratch->models->horizon_ms));
}

static void record_time(struct seuil_evidence *evidence, seuil_time_ms time, bool *ret_changed)
{
    if (time > evidence->newest) {
        evidence->newest = time;
        *ret_changed = true;
    }
}

/* ---- records ----------------------------------------------------------------------------- */

/* The event of @position of recent came again with another time: the earlier one stays. */
static void repeat(struct seuil_scratch *scratch, struct seuil_evidence *evidence,
                   unsigned position, struct seuil_key key, bool *ret_changed)
{
    uint16_t at = evidence->recent[position];
    struct seuil_record *record = &evidence->records[at];
    unsigned to = position;

    if (key.time < record->key.time && !is_late(scratch, evidence, key)) {
        while (to > 0 && seuil_key_less(key, evidence->records[evidence->recent[to - 1]].key)) {
            evidence->recent[to] = evidence->recent[to - 1];
            to--;
        }
        evidence->recent[to] = at;
        record->key = key;
        *ret_changed = true;
    }
    record_time(evidence, key.time, ret_changed);
}

bool seuil_ingest_repeat(struct seuil_scratch *scratch, struct seuil_evidence *evidence,
                         struct seuil_key key)
{
    bool changed;

    for (unsigned i = 0; i < evidence->recent_count; i++)
        if (evidence->records[evidence->recent[i]].key.hash == key.hash) {
            repeat(scratch, evidence, i, key, &changed);
            return true;
        }
    return false;
}

enum seuil_verdict seuil_ingest_record(struct seuil_scratch *scratch,
                                       const struct seuil_event *event, struct seuil_key key,
                                       struct seuil_evidence *evidence, unsigned *notes,
                                       bool *ret_changed)
{
    unsigned position;
    struct seuil_record *record;

    for (unsigned i = 0; i < evidence->recent_count; i++)
        if (evidence->records[evidence->recent[i]].key.hash == key.hash) {
            repeat(scratch, evidence, i, key, ret_changed);
            return SEUIL_VERDICT_DUPLICATE;
        }
    if (is_late(scratch, evidence, key))
        return SEUIL_VERDICT_LATE;
    position = seuil_evidence_position(evidence, key);
    record = seuil_evidence_insert(evidence, position, key);
    *ret_changed = true;
    if (!seuil_ingest_event_hits(scratch, event, evidence, record, notes)) {
        /* All its rules found the table full. Nothing refers to it: take it out again. */
        seuil_evidence_remove(evidence, position);
        *ret_changed = false;
        return SEUIL_VERDICT_FILTERED;
    }
    record_time(evidence, key.time, ret_changed);
    return SEUIL_VERDICT_APPLIED;
}

enum seuil_verdict seuil_ingest_mark(struct seuil_scratch *scratch, enum seuil_mark mark,
                                     uint64_t operand, struct seuil_key key,
                                     struct seuil_evidence *evidence, bool *ret_changed)
{
    struct seuil_record *record;

    for (unsigned i = 0; i < evidence->recent_count; i++)
        if (evidence->records[evidence->recent[i]].key.hash == key.hash) {
            repeat(scratch, evidence, i, key, ret_changed);
            return SEUIL_VERDICT_DUPLICATE;
        }
    if (is_late(scratch, evidence, key))
        return SEUIL_VERDICT_LATE;
    record = seuil_evidence_insert(evidence, seuil_evidence_position(evidence, key), key);
    record->mark = (uint8_t)mark;
    record->operand = operand;
    *ret_changed = true;
    record_time(evidence, key.time, ret_changed);
    return SEUIL_VERDICT_APPLIED;
}

void seuil_ingest_consent(struct seuil_key key, struct seuil_evidence *evidence)
{
    bool changed;

    record_time(evidence, key.time, &changed);
}

/* ---- profile ----------------------------------------------------------------------------- */

bool seuil_ingest_looks_at(const struct seuil_scratch *scratch, const struct seuil_event *event)
{
    for (unsigned i = 0; i < event->map_count; i++)
        if (seuil_models_attribute(scratch->models, event->map[i].key) >= 0)
            return true;
    return false;
}

static void set_value(struct seuil_attribute_value *to, const struct seuil_value *from,
                      unsigned *notes)
{
    to->type = from->type;
    switch (from->type) {
    case SEUIL_TYPE_BOOL:
        to->b = from->b;
        break;
    case SEUIL_TYPE_INT:
        to->i = from->i;
        break;
    case SEUIL_TYPE_DOUBLE:
        to->d = from->d + 0.0;
        break;
    case SEUIL_TYPE_STRING:
        if (from->s.len > SEUIL_NOTE_MAX) {
            to->type = SEUIL_TYPE_NULL; /* unknown is better than the value before or a part */
            *notes |= SEUIL_NOTE_VALUE_CUT;
            break;
        }
        to->len = (uint8_t)from->s.len;
        if (from->s.len)
            memcpy(to->s, from->s.ptr, from->s.len);
        break;
    default:
        to->type = SEUIL_TYPE_NULL;
    }
}

/* The place of attribute @key if what was written at @written wins there, else NULL: the last
 * writer does. */
static struct seuil_attribute_value *place_of(struct seuil_evidence *evidence, uint32_t key,
                                              struct seuil_key written)
{
    unsigned at = 0;
    struct seuil_attribute_value *to;

    while (at < evidence->attribute_count && evidence->attributes[at].key < key)
        at++;
    to = &evidence->attributes[at];
    if (at == evidence->attribute_count || to->key != key) {
        assert(evidence->attribute_count < SEUIL_ATTRIBUTES_MAX);
        memmove(to + 1, to, (evidence->attribute_count - at) * sizeof(*to));
        evidence->attribute_count++;
        to->key = key;
    } else if (!seuil_key_less(to->written, written)) {
        return NULL;
    }
    to->written = written;
    return to;
}

static void write_attribute(struct seuil_evidence *evidence, uint32_t key, struct seuil_key written,
                            const struct seuil_value *value, unsigned *notes, bool *ret_changed)
{
    struct seuil_attribute_value *to = place_of(evidence, key, written);

    if (!to)
        return;
    set_value(to, value, notes);
    *ret_changed = true;
}

void seuil_ingest_attribute(struct seuil_evidence *evidence,
                            const struct seuil_attribute_value *value)
{
    struct seuil_attribute_value *to = place_of(evidence, value->key, value->written);

    if (to)
        *to = *value;
}

/* Attributes that no model names any more make room for those that one does. */
void seuil_ingest_drop_unnamed(const struct seuil_scratch *scratch, struct seuil_evidence *evidence)
{
    unsigned kept = 0;

    for (unsigned i = 0; i < evidence->attribute_count; i++)
        for (unsigned j = 0; j < scratch->models->attribute_count; j++)
            if (scratch->models->attributes[j].key == evidence->attributes[i].key) {
                if (kept != i)
                    evidence->attributes[kept] = evidence->attributes[i];
                kept++;
                break;
            }
    evidence->attribute_count = (uint16_t)kept;
}

enum seuil_verdict seuil_ingest_profile(struct seuil_scratch *scratch,
                                        const struct seuil_event *event, struct seuil_key key,
                                        struct seuil_evidence *evidence, unsigned *notes,
                                        bool *ret_changed)
{
    bool repeated = false;

    for (unsigned i = 0; i < evidence->attribute_count; i++)
        repeated |= evidence->attributes[i].written.hash == key.hash;
    if (!repeated && is_late(scratch, evidence, key))
        return SEUIL_VERDICT_LATE;
    if (evidence->attribute_count + scratch->models->attribute_count > SEUIL_ATTRIBUTES_MAX)
        seuil_ingest_drop_unnamed(scratch, evidence);
    for (unsigned i = 0; i < event->map_count; i++) {
        int index = seuil_models_attribute(scratch->models, event->map[i].key);

        if (index >= 0)
            write_attribute(evidence, scratch->models->attributes[index].key, key,
                            &event->map[i].value, notes, ret_changed);
    }
    record_time(evidence, key.time, ret_changed);
    return repeated ? SEUIL_VERDICT_DUPLICATE : SEUIL_VERDICT_APPLIED;
}

/* ---- adjustments ------------------------------------------------------------------------- */

static void remove_adjustment(struct seuil_evidence *evidence, unsigned at)
{
    evidence->adjustment_count--;
    memmove(evidence->adjustments + at, evidence->adjustments + at + 1,
            (evidence->adjustment_count - at) * sizeof(evidence->adjustments[0]));
}

static void insert_adjustment(struct seuil_evidence *evidence,
                              const struct seuil_adjustment *adjustment)
{
    unsigned at = evidence->adjustment_count;

    assert(at <= SEUIL_ADJUSTMENTS_MAX);
    while (at > 0 && seuil_key_less(adjustment->key, evidence->adjustments[at - 1].key))
        at--;
    memmove(evidence->adjustments + at + 1, evidence->adjustments + at,
            (evidence->adjustment_count - at) * sizeof(evidence->adjustments[0]));
    evidence->adjustments[at] = *adjustment;
    evidence->adjustment_count++;
}

/* If it is one too many, an ended one goes, else the oldest. */
static void add_adjustment(struct seuil_evidence *evidence,
                           const struct seuil_adjustment *adjustment, unsigned *notes)
{
    unsigned out = 0;

    insert_adjustment(evidence, adjustment);
    if (evidence->adjustment_count <= SEUIL_ADJUSTMENTS_MAX)
        return;
    for (unsigned i = SEUIL_ADJUSTMENTS_MAX + 1; i-- > 0;)
        if (evidence->adjustments[i].until <= evidence->newest)
            out = i;
    if (evidence->adjustments[out].until > evidence->newest)
        *notes |= SEUIL_NOTE_ADJUSTMENT_DROPPED;
    remove_adjustment(evidence, out);
}

enum seuil_verdict seuil_ingest_adjustment(struct seuil_scratch *scratch,
                                           const struct seuil_adjustment *adjustment,
                                           struct seuil_evidence *evidence, unsigned *notes,
                                           bool *ret_changed)
{
    struct seuil_record *mark;

    for (unsigned i = 0; i < evidence->adjustment_count; i++) {
        if (evidence->adjustments[i].key.hash != adjustment->key.hash)
            continue;
        if (adjustment->key.time < evidence->adjustments[i].key.time &&
            !is_late(scratch, evidence, adjustment->key)) {
            remove_adjustment(evidence, i);
            insert_adjustment(evidence, adjustment);
            *ret_changed = true;
        }
        record_time(evidence, adjustment->key.time, ret_changed);
        return SEUIL_VERDICT_DUPLICATE;
    }
    if (is_late(scratch, evidence, adjustment->key))
        return SEUIL_VERDICT_LATE;
    record_time(evidence, adjustment->key.time, ret_changed);
    mark = seuil_retraction_of(evidence, adjustment->key.hash);
    if (mark && adjustment->key.time <= mark->key.time) {
        *ret_changed |= mark->mark != SEUIL_MARK_RETRACTED;
        mark->mark = SEUIL_MARK_RETRACTED;
        return SEUIL_VERDICT_APPLIED;
    }
    add_adjustment(evidence, adjustment, notes);
    *ret_changed = true;
    return SEUIL_VERDICT_APPLIED;
}

void seuil_ingest_united_adjustment(struct seuil_evidence *evidence,
                                    const struct seuil_adjustment *adjustment, unsigned *notes)
{
    for (unsigned i = 0; i < evidence->adjustment_count; i++)
        if (evidence->adjustments[i].key.hash == adjustment->key.hash)
            return;
    add_adjustment(evidence, adjustment, notes);
}

/* ---- retractions ------------------------------------------------------------------------- */

/* An adjustment that is void is none at all. */
static void void_adjustment(struct seuil_evidence *evidence, struct seuil_record *mark,
                            bool *ret_changed)
{
    for (unsigned i = 0; i < evidence->adjustment_count; i++)
        if (evidence->adjustments[i].key.hash == mark->operand &&
            evidence->adjustments[i].key.time <= mark->key.time) {
            remove_adjustment(evidence, i);
            mark->mark = SEUIL_MARK_RETRACTED;
            *ret_changed = true;
            return;
        }
}

enum seuil_verdict seuil_ingest_retraction(struct seuil_scratch *scratch, uint64_t target,
                                           struct seuil_key key, struct seuil_evidence *evidence,
                                           bool *ret_changed)
{
    struct seuil_record *other = seuil_retraction_of(evidence, target);
    enum seuil_verdict verdict;
    uint8_t mark = SEUIL_MARK_RETRACT;

    if (other && other->key.hash != key.hash && !is_late(scratch, evidence, key)) {
        record_time(evidence, key.time, ret_changed);
        if (seuil_key_less(key, other->key))
            return SEUIL_VERDICT_APPLIED;
        mark = other->mark;
        seuil_evidence_remove(evidence, seuil_evidence_position(evidence, other->key));
        *ret_changed = true;
    }
    verdict = seuil_ingest_mark(scratch, mark, target, key, evidence, ret_changed);
    if (verdict == SEUIL_VERDICT_APPLIED)
        void_adjustment(evidence, seuil_retraction_of(evidence, target), ret_changed);
    return verdict;
}

/* ---- settling ---------------------------------------------------------------------------- */

/* Fold the records below @point into the tallies, then drop what no later instant can ask for. */
static void absorb(struct seuil_scratch *scratch, struct seuil_evidence *evidence,
                   struct seuil_key point, unsigned *notes)
{
    const struct seuil_folding folding = {
        .scratch = scratch, .evidence = evidence, .summary = evidence->tallies};
    unsigned count = 0;
    struct seuil_voids voids;
    bool unmatched = false;

    scratch->forgot = false;
    seuil_voids_find(evidence, SEUIL_TIME_NEVER, &voids);
    seuil_quarantine_judge(scratch, evidence, &voids, evidence->recent_count, point.time, true);

    for (; count < evidence->recent_count; count++) {
        const struct seuil_record *record = seuil_evidence_recent(evidence, count);

        if (!seuil_key_less(record->key, point))
            break;
        seuil_fold_pass(&folding, record->key.time);
        if (!voids.count || !seuil_voids_of(evidence, &voids, record))
            seuil_fold_record(&folding, record, scratch->has_quarantine ? scratch->skip[count] : 0);
    }
    if (voids.count)
        count = seuil_voids_settle(evidence, &voids, count, point, &unmatched);
    if (unmatched)
        *notes |= SEUIL_NOTE_RETRACTION_UNMATCHED;
    if (scratch->forgot)
        *notes |= SEUIL_NOTE_OBJECTS_FORGOTTEN;
    if (count)
        seuil_evidence_remove_first(evidence, count);
    if (point.time == SEUIL_TIME_NONE)
        return;
    seuil_fold_pass(&folding, point.time);
    for (unsigned i = 0; i < evidence->rule_count; i++) {
        unsigned slot = evidence->by_key[i], index = scratch->rule_of[slot];
        const struct seuil_rule *rule = &scratch->models->rules[index];
        struct seuil_tally *tally = &evidence->tallies[slot];

        if (scratch->traits[index] & SEUIL_TRAIT_SIMPLE && seuil_tally_has_awards(tally))
            continue; /* nothing ends */
        seuil_tally_prune(tally, rule, seuil_fold_stands_at(&folding, rule->model, point.time));
    }
    seuil_evidence_drop_unused(evidence);
}

/* The key below which records are folded: the fold point, less the quarantine unless a bound
 * pushed it. */
static struct seuil_key absorb_point(const struct seuil_evidence *evidence, int64_t horizon_ms)
{
    return seuil_fold_point(evidence, horizon_ms > 2 * SEUIL_TIME_BOUND_MS
                                          ? horizon_ms
                                          : horizon_ms + SEUIL_QUARANTINE_MS);
}

/* A bound pushes the fold point: fold the oldest @gone records, at least one. Of more retractions
 * of one millisecond than there is room for, their whole millisecond goes. */
static void push(struct seuil_scratch *scratch, struct seuil_evidence *evidence, unsigned gone,
                 unsigned *notes)
{
    int64_t horizon = scratch->models->horizon_ms;
    unsigned before = evidence->recent_count;

    evidence->raised = seuil_evidence_recent(evidence, gone)->key;
    absorb(scratch, evidence, absorb_point(evidence, horizon), notes);
    if (evidence->recent_count == before) {
        evidence->raised.hash = UINT64_MAX;
        absorb(scratch, evidence, absorb_point(evidence, horizon), notes);
    }
    *notes |= SEUIL_NOTE_HORIZON_SHORTENED;
}

static void remove_attribute(struct seuil_evidence *evidence, unsigned at)
{
    evidence->attribute_count--;
    memmove(evidence->attributes + at, evidence->attributes + at + 1,
            (evidence->attribute_count - at) * sizeof(evidence->attributes[0]));
}

/* What is older than the fold point by its own rules. */
static void drop_ended(struct seuil_scratch *scratch, struct seuil_evidence *evidence,
                       struct seuil_key late, struct seuil_key folded)
{
    const struct seuil_folding folding = {
        .scratch = scratch, .evidence = evidence, .summary = evidence->tallies};
    seuil_time_ms stands = folded.time;

    for (unsigned i = evidence->attribute_count; i-- > 0;) {
        const struct seuil_attribute_value *value = &evidence->attributes[i];

        if (value->type == SEUIL_TYPE_NULL && seuil_key_less(value->written, late))
            remove_attribute(evidence, i);
    }
    /* A frozen lead's score is that of the instant since which it stands still. */
    for (unsigned i = 0; i < scratch->models->model_count; i++)
        stands = seuil_fold_stands_at(&folding, i, stands);
    for (unsigned i = evidence->adjustment_count; i-- > 0;)
        if (evidence->adjustments[i].until <= stands)
            remove_adjustment(evidence, i);
}

/* An upper bound of the packed size, cheap: also of what a step may add behind the evidence, an
 * automaton of each of @models with an entry to be told later, its cause, and one that was told. */
static size_t size_bound(const struct seuil_lead *lead, unsigned models)
{
    const struct seuil_evidence *evidence = &lead->evidence;
    size_t bound = 64 + SEUIL_TOPICS_MAX * 16 + 72 + (lead->keyed ? 4 + lead->id_len : 0);
    unsigned per_hit = 6;

    models += lead->automaton_count; /* which may be of others */
    bound += (models < SEUIL_MODELS_MAX ? models : SEUIL_MODELS_MAX) * (106u + SEUIL_ALERT_ID_MAX);
    for (unsigned i = 0; i < lead->automaton_count; i++)
        bound += lead->automata[i].told_count * 12u;

    for (unsigned i = 0; i < evidence->rule_count; i++) {
        const struct seuil_tally *tally = &evidence->tallies[evidence->by_key[i]];
        unsigned measure = evidence->rules[evidence->by_key[i]].has_measure ? 10 : 0;

        per_hit = measure ? 6 + measure : per_hit;
        bound += 82 + measure + tally->instants * (8u + measure) + tally->objects * 17u +
                 tally->buckets * (13u + measure) + (tally->periods ? SEUIL_LIMITS_MAX * 24u : 0);
    }
    for (unsigned i = 0; i < evidence->recent_count; i++)
        bound += 30 + per_hit * evidence->records[evidence->recent[i]].hit_count;
    for (unsigned i = 0; i < lead->cause_count; i++)
        bound += 40u + lead->causes[i].id_len;
    bound += lead->into_len + lead->alias_count * 27u + seuil_alias_bytes(lead);
    return bound + evidence->attribute_count * (24u + SEUIL_NOTE_MAX) +
           evidence->adjustment_count * (36u + 2 * SEUIL_NOTE_MAX);
}

/* The longest text becomes unknown; where there is none, one without value goes, or the last. */
static void give_up_attribute(struct seuil_evidence *evidence)
{
    struct seuil_attribute_value *largest = NULL;
    unsigned at = evidence->attribute_count - 1u;

    for (unsigned i = 0; i < evidence->attribute_count; i++) {
        struct seuil_attribute_value *value = &evidence->attributes[i];

        if (value->type == SEUIL_TYPE_STRING && (!largest || value->len > largest->len))
            largest = value;
    }
    if (largest) {
        largest->type = SEUIL_TYPE_NULL;
        return;
    }
    while (at > 0 && evidence->attributes[at].type != SEUIL_TYPE_NULL)
        at--;
    if (evidence->attributes[at].type != SEUIL_TYPE_NULL)
        at = evidence->attribute_count - 1u;
    remove_attribute(evidence, at);
}

static size_t text_bytes(const struct seuil_evidence *evidence)
{
    size_t bytes = 0;

    for (unsigned i = 0; i < evidence->attribute_count; i++)
        if (evidence->attributes[i].type == SEUIL_TYPE_STRING)
            bytes += evidence->attributes[i].len;
    return bytes;
}

/* The slot of the rule whose tally takes most room; SEUIL_NO_SLOT when all are empty. */
static unsigned largest_tally(const struct seuil_scratch *scratch,
                              const struct seuil_evidence *evidence)
{
    unsigned found = SEUIL_NO_SLOT, most = 0;

    for (unsigned i = 0; i < evidence->rule_count; i++) {
        unsigned slot = evidence->by_key[i];
        const struct seuil_tally *tally = &evidence->tallies[slot];
        bool stays = seuil_role_is_command(scratch->models->rules[scratch->rule_of[slot]].role);
        unsigned size = stays || seuil_tally_is_empty(tally)
                            ? 0
                            : 1u + tally->instants * 5u + tally->windows * 4u +
                                  seuil_bits(tally->moments) * 5u + tally->buckets * 2u +
                                  tally->objects * 8u;

        if (size > most) {
            found = slot;
            most = size;
        }
    }
    return found;
}

/* Give up something of a lead that is too large, the cheapest loss first. What is chosen depends on
 * nothing but the state. */
static void shrink(struct seuil_scratch *scratch, struct seuil_lead *lead, unsigned *notes)
{
    struct seuil_evidence *evidence = &lead->evidence;
    unsigned slot;

    if (evidence->recent_count > 1) {
        push(scratch, evidence, 1 + (evidence->recent_count - 1u) / 16, notes);
        return;
    }
    slot = largest_tally(scratch, evidence);
    if (slot != SEUIL_NO_SLOT && evidence->tallies[slot].objects > 1) {
        struct seuil_tally *tally = &evidence->tallies[slot];
        unsigned objects = tally->objects;

        tally->objects = (uint8_t)(objects / 2);
        memmove(tally->object, tally->object + objects - objects / 2,
                tally->objects * sizeof(tally->object[0]));
        *notes |= SEUIL_NOTE_OBJECTS_FORGOTTEN;
    } else if (text_bytes(evidence) > SEUIL_LEAD_BYTES_MAX / 2) {
        give_up_attribute(evidence);
        *notes |= SEUIL_NOTE_VALUE_CUT;
    } else if (slot != SEUIL_NO_SLOT) {
        seuil_tally_clear(&evidence->tallies[slot]);
        seuil_evidence_drop_unused(evidence);
        *notes |= SEUIL_NOTE_RULES_DROPPED;
    } else if (evidence->adjustment_count > 0) {
        remove_adjustment(evidence, 0);
        *notes |= SEUIL_NOTE_ADJUSTMENT_DROPPED;
    } else if (lead->alias_count > 1) {
        seuil_alias_drop_first(lead);
    } else if (evidence->attribute_count > 0) {
        give_up_attribute(evidence);
        *notes |= SEUIL_NOTE_VALUE_CUT;
    } else {
        assert(lead->cause_count > 0); /* what else is left stays far below the bound */
        lead->cause_count--;
    }
}

void seuil_ingest_absorb(struct seuil_scratch *scratch, struct seuil_lead *lead, unsigned *notes)
{
    struct seuil_evidence *evidence = &lead->evidence;
    int64_t horizon = scratch->models->horizon_ms;
    struct seuil_key point;

    if (evidence->recent_count > SEUIL_RECENT_MAX)
        push(scratch, evidence, evidence->recent_count - SEUIL_RECENT_MAX, notes);
    else
        absorb(scratch, evidence, absorb_point(evidence, horizon), notes);
    point = absorb_point(evidence, horizon);
    if (seuil_key_less(evidence->raised, point))
        evidence->raised = (struct seuil_key){.time = SEUIL_TIME_NONE}; /* overtaken */
    if (evidence->attribute_count || evidence->adjustment_count)
        drop_ended(scratch, evidence, seuil_fold_point(evidence, horizon), point);
    if (!lead->tombstone && lead->cut != SEUIL_TIME_NONE &&
        seuil_fold_point(evidence, horizon).time > lead->cut)
        lead->cut = SEUIL_TIME_NONE; /* what it refuses is late by now */
}

void seuil_ingest_settle(struct seuil_scratch *scratch, struct seuil_lead *lead, unsigned *notes)
{
    seuil_ingest_absorb(scratch, lead, notes);
    while (size_bound(lead, scratch->models->model_count) > SEUIL_LEAD_BYTES_MAX &&
           seuil_lead_size(lead) > SEUIL_LEAD_BYTES_SETTLED(scratch->models->model_count))
        shrink(scratch, lead, notes);
}
