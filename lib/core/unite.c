#include "core/unite.h"

#include <string.h>

#include "core/fold.h"
#include "core/ingest.h"
#include "core/retract.h"

/* ---- the fold point ---------------------------------------------------------------------- */

static struct seuil_key newest_key(const struct seuil_evidence *evidence, unsigned back)
{
    return evidence->records[evidence->recent[evidence->recent_count - back]].key;
}

/* The fold point that a bound pushed: the later one, or what the number of records asks for. */
static struct seuil_key raised_of_both(const struct seuil_evidence *a,
                                       const struct seuil_evidence *b)
{
    struct seuil_key raised = seuil_key_less(a->raised, b->raised) ? b->raised : a->raised;
    struct seuil_key key = raised;

    if (a->recent_count + b->recent_count <= SEUIL_RECENT_MAX)
        return raised;
    for (unsigned i = 1, j = 1; i + j <= SEUIL_RECENT_MAX + 1;) {
        bool own = j > b->recent_count ||
                   (i <= a->recent_count && seuil_key_less(newest_key(b, j), newest_key(a, i)));

        key = own ? newest_key(a, i++) : newest_key(b, j++);
    }
    return seuil_key_less(raised, key) ? key : raised;
}

/* Fold what is older than the fold point of both. */
static void align(struct seuil_scratch *scratch, struct seuil_lead *lead, seuil_time_ms newest,
                  struct seuil_key raised, unsigned *notes)
{
    seuil_scratch_bind(scratch, lead);
    seuil_ingest_drop_unnamed(scratch, &lead->evidence);
    lead->evidence.newest = newest;
    lead->evidence.raised = raised;
    seuil_ingest_settle(scratch, lead, notes);
}

/* ---- tallies ----------------------------------------------------------------------------- */

static const struct seuil_tally *tally_of(const struct seuil_evidence *evidence, uint32_t key)
{
    unsigned slot = seuil_evidence_find_rule(evidence, key);

    return slot == SEUIL_NO_SLOT || seuil_tally_is_empty(&evidence->tallies[slot])
               ? NULL
               : &evidence->tallies[slot];
}

static const struct seuil_rule *rule_of(const struct seuil_scratch *scratch,
                                        const struct seuil_evidence *evidence, unsigned slot)
{
    unsigned index = seuil_scratch_rule(scratch, evidence->rules[slot].key);

    return index == SEUIL_NO_RULE ? NULL : &scratch->models->rules[index];
}

/* Values under an inactivity are added as they stand at the later of both last scoring events:
 * let those of @lead shrink up to it. */
static void rest(struct seuil_scratch *scratch, struct seuil_lead *lead,
                 const struct seuil_evidence *other)
{
    const struct seuil_evidence *evidence = &lead->evidence;
    const struct seuil_folding folding = {
        .scratch = scratch, .evidence = evidence, .summary = lead->evidence.tallies};

    seuil_scratch_bind(scratch, lead);
    for (unsigned i = 0; i < evidence->rule_count; i++) {
        const struct seuil_rule *rule = rule_of(scratch, evidence, evidence->by_key[i]);
        const struct seuil_tally *own, *theirs;

        if (!rule || rule->role != SEUIL_ROLE_SCOPE)
            continue;
        own = tally_of(evidence, rule->key);
        theirs = tally_of(other, rule->key);
        if (own && theirs && theirs->moments && own->moments && theirs->moment[0] > own->moment[0])
            seuil_fold_rest(&folding, rule, theirs->moment[0]);
    }
}

/* A recycle of @other retires what @evidence has of the model up to then; if @other is frozen, what
 * @evidence has of later does not count. */
static void obey(const struct seuil_scratch *scratch, struct seuil_evidence *evidence,
                 const struct seuil_evidence *other)
{
    const struct seuil_models *models = scratch->models;

    for (unsigned i = 0; i < evidence->rule_count; i++) {
        unsigned slot = evidence->by_key[i];
        const struct seuil_rule *rule = rule_of(scratch, evidence, slot);
        const struct seuil_model *model = rule ? &models->models[rule->model] : NULL;
        const struct seuil_tally *command;
        struct seuil_tally *tally = &evidence->tallies[slot];

        if (!rule || seuil_role_is_command(rule->role) || seuil_tally_is_empty(tally))
            continue;
        command = model->recycle_rule ? tally_of(other, models->rules[model->recycle_rule - 1].key)
                                      : NULL;
        if (command && command->objects && command->object[0].count == 1 &&
            rule->group != SEUIL_GROUP_EXCLUSION)
            seuil_tally_retire_until(tally, rule, command->object[0].last);
        command =
            model->status_rule ? tally_of(other, models->rules[model->status_rule - 1].key) : NULL;
        if (command && seuil_fold_status(model, command).frozen)
            seuil_tally_undo_since(tally, rule, seuil_fold_status(model, command).frozen_since);
    }
}

/* The slot of @into for the rule of @slot of @from; SEUIL_NO_SLOT: the table is full. */
static unsigned slot_in(struct seuil_scratch *scratch, const struct seuil_evidence *from,
                        unsigned slot, struct seuil_evidence *into, unsigned *notes)
{
    struct seuil_rule_ref ref = from->rules[slot];
    unsigned found = seuil_evidence_find_rule(into, ref.key);

    if (found != SEUIL_NO_SLOT)
        return found;
    ref.records = 0;
    found = seuil_evidence_add_rule(into, ref);
    if (found == SEUIL_NO_SLOT)
        *notes |= SEUIL_NOTE_RULES_DROPPED;
    else
        seuil_scratch_bind_slot(scratch, found, seuil_scratch_rule(scratch, ref.key));
    return found;
}

static void unite_tallies(struct seuil_scratch *scratch, const struct seuil_evidence *from,
                          struct seuil_evidence *into, unsigned *notes)
{
    seuil_time_ms now = seuil_fold_point(into, scratch->models->horizon_ms).time;

    for (unsigned i = 0; i < from->rule_count; i++) {
        unsigned slot = from->by_key[i], found;
        const struct seuil_rule *rule = rule_of(scratch, from, slot);

        if (!rule || seuil_tally_is_empty(&from->tallies[slot]))
            continue;
        found = slot_in(scratch, from, slot, into, notes);
        if (found != SEUIL_NO_SLOT)
            seuil_tally_unite(&into->tallies[found], &from->tallies[slot], rule, now);
    }
}

/* ---- records ----------------------------------------------------------------------------- */

/* Of two marks that void one event the later stays. Whether @record is still to be put in. */
static bool unite_mark(struct seuil_evidence *into, const struct seuil_record *record,
                       uint8_t *ret_mark)
{
    struct seuil_record *other =
        record->mark == SEUIL_MARK_NONE ? NULL : seuil_retraction_of(into, record->operand);

    *ret_mark = record->mark;
    if (!other)
        return true;
    if (other->mark == SEUIL_MARK_RETRACTED)
        *ret_mark = SEUIL_MARK_RETRACTED;
    if (seuil_key_less(record->key, other->key)) {
        other->mark = *ret_mark;
        return false;
    }
    if (other->hit_count == 0)
        seuil_evidence_remove(into, seuil_evidence_position(into, other->key));
    return true;
}

static void unite_record(struct seuil_scratch *scratch, const struct seuil_evidence *from,
                         const struct seuil_record *record, struct seuil_evidence *into,
                         unsigned *notes)
{
    struct seuil_record *copy;
    unsigned position;
    uint8_t mark;

    if (seuil_ingest_repeat(scratch, into, record->key) || !unite_mark(into, record, &mark))
        return;
    position = seuil_evidence_position(into, record->key);
    copy = seuil_evidence_insert(into, position, record->key);
    copy->mark = mark;
    copy->operand = record->operand;
    for (unsigned i = 0; i < record->hit_count; i++) {
        unsigned slot = slot_in(scratch, from, record->rule[i], into, notes);
        struct seuil_hit hit = {
            .object = record->object[i], .legs = record->legs[i], .measure = record->measure[i]};

        if (slot != SEUIL_NO_SLOT)
            seuil_evidence_add_hit(into, copy, slot, hit);
    }
    if (copy->hit_count == 0 && mark == SEUIL_MARK_NONE)
        seuil_evidence_remove(into, position);
}

/* ---- all --------------------------------------------------------------------------------- */

void seuil_unite_evidence(struct seuil_scratch *scratch, struct seuil_lead *from,
                          struct seuil_lead *into, unsigned *notes)
{
    struct seuil_evidence *a = &from->evidence, *b = &into->evidence;
    seuil_time_ms newest = a->newest > b->newest ? a->newest : b->newest;
    struct seuil_key raised = raised_of_both(a, b);

    if (a->recent_count + b->recent_count > SEUIL_RECENT_MAX)
        *notes |= SEUIL_NOTE_HORIZON_SHORTENED;
    align(scratch, from, newest, raised, notes);
    align(scratch, into, newest, raised, notes);
    /* Bytes that pushed the fold point of the one push it for the other. */
    if (seuil_key_less(b->raised, a->raised))
        align(scratch, into, newest, a->raised, notes);
    else if (seuil_key_less(a->raised, b->raised))
        align(scratch, from, newest, b->raised, notes);
    rest(scratch, from, b);
    rest(scratch, into, a);
    obey(scratch, a, b);
    obey(scratch, b, a);
    unite_tallies(scratch, a, b, notes);
    for (unsigned i = 0; i < a->recent_count; i++) {
        if (b->recent_count > SEUIL_RECENT_MAX)
            seuil_ingest_settle(scratch, into, notes);
        unite_record(scratch, a, seuil_evidence_recent(a, i), b, notes);
    }
    for (unsigned i = 0; i < a->attribute_count; i++)
        seuil_ingest_attribute(b, &a->attributes[i]);
    for (unsigned i = 0; i < a->adjustment_count; i++)
        seuil_ingest_united_adjustment(b, &a->adjustments[i], notes);
    seuil_evidence_drop_unused(b);
}

/* Where alerts of @model were told: an automaton keeps its ordinal, one that there was none of
 * goes on from the other's, so that no crossing's id comes twice. */
static struct seuil_automaton *automaton_for(struct seuil_lead *into,
                                             const struct seuil_automaton *from)
{
    struct seuil_automaton *own = seuil_lead_automaton(into, from->model);
    unsigned at = into->automaton_count;

    if (own || from->ordinal == 0 || at == SEUIL_MODELS_MAX)
        return own;
    while (at > 0 && into->automata[at - 1].model > from->model)
        at--;
    memmove(into->automata + at + 1, into->automata + at,
            (into->automaton_count - at) * sizeof(into->automata[0]));
    into->automaton_count++;
    into->automata[at] = (struct seuil_automaton){.model = from->model, .ordinal = from->ordinal};
    return &into->automata[at];
}

static void unite_cause(struct seuil_lead *into, const struct seuil_waiting_cause *cause)
{
    unsigned at = into->cause_count;

    while (at > 0 && seuil_key_less(cause->key, into->causes[at - 1].key))
        at--;
    if (into->cause_count == SEUIL_CAUSES_MAX ||
        (at > 0 && !seuil_key_less(into->causes[at - 1].key, cause->key)))
        return;
    memmove(into->causes + at + 1, into->causes + at,
            (into->cause_count - at) * sizeof(into->causes[0]));
    into->causes[at] = *cause;
    into->cause_count++;
}

void seuil_unite_told(const struct seuil_scratch *scratch, const struct seuil_lead *from,
                      struct seuil_lead *into)
{
    for (unsigned i = 0; i < from->automaton_count; i++) {
        const struct seuil_automaton *other = &from->automata[i];
        struct seuil_automaton *own;

        if (other->told_count == 0 || !seuil_models_find(scratch->models, other->model))
            continue;
        own = automaton_for(into, other);
        for (unsigned j = 0; own && j < other->told_count; j++) {
            unsigned at = 0;

            while (at < own->told_count && own->told[at].tier_key < other->told[j].tier_key)
                at++;
            if (at == own->told_count || own->told[at].tier_key != other->told[j].tier_key) {
                if (own->told_count == SEUIL_TIERS_MAX)
                    break;
                memmove(own->told + at + 1, own->told + at,
                        (own->told_count - at) * sizeof(own->told[0]));
                own->told_count++;
                own->told[at] = other->told[j];
            } else if (own->told[at].at < other->told[j].at) {
                own->told[at].at = other->told[j].at;
            }
        }
    }
    for (unsigned i = 0; i < from->cause_count; i++)
        unite_cause(into, &from->causes[i]);
}
