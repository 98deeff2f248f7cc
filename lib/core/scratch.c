#include "core/scratch.h"

#include <assert.h>
#include <stdalign.h>
#include <string.h>

#include "core/compound.h"
#include "core/fit.h"
#include "core/fold.h"
#include "core/quarantine.h"

static size_t round_up(size_t size)
{
    return (size + alignof(max_align_t) - 1) & ~(alignof(max_align_t) - 1);
}

/* A power of two, at least twice the number of rules. */
static uint32_t key_table_size(const struct seuil_models *models)
{
    uint32_t size = 16;

    while (size < 2 * models->rule_count)
        size *= 2;
    return size;
}

size_t seuil_scratch_size(const struct seuil_models *models)
{
    return round_up(sizeof(struct seuil_scratch)) +
           round_up(key_table_size(models) * sizeof(uint16_t)) + seuil_rules_scratch_size(models);
}

static uint32_t key_place(uint32_t key, uint32_t mask)
{
    return (key * 0x9e3779b1u >> 7) & mask;
}

static void fill_key_table(const struct seuil_models *models, uint16_t *table, uint32_t mask)
{
    memset(table, 0, ((size_t)mask + 1) * sizeof(table[0]));
    for (uint32_t i = 0; i < models->rule_count; i++) {
        uint32_t at = key_place(models->rules[i].key, mask);

        while (table[at])
            at = (at + 1) & mask;
        table[at] = (uint16_t)(i + 1);
    }
}

struct seuil_scratch *seuil_scratch_init(void *memory, const struct seuil_models *models,
                                         void *regex)
{
    struct seuil_scratch *scratch = memory;
    uint8_t *after = (uint8_t *)memory + round_up(sizeof(*scratch));
    uint32_t size = key_table_size(models);

    assert(models->model_count <= SEUIL_MODELS_MAX && models->rule_count <= SEUIL_SET_RULES_MAX);
    assert(models->attribute_count <= SEUIL_ATTRIBUTES_MAX);
    scratch->models = models;
    scratch->key_mask = size - 1;
    scratch->key_table = (uint16_t *)after;
    fill_key_table(models, (uint16_t *)after, size - 1);
    scratch->rules =
        seuil_rules_scratch_init(after + round_up(size * sizeof(uint16_t)), models, regex);
    memset(scratch->values, 0, sizeof(scratch->values));
    memset(scratch->live_used, 0, sizeof(scratch->live_used));
    scratch->hits.count = 0;
    scratch->matched.event = NULL;
    for (unsigned i = 0; i < models->model_count; i++) {
        const struct seuil_model *model = &models->models[i];

        assert(model->group_count <= SEUIL_GROUPS_MAX && model->tier_count <= SEUIL_TIERS_MAX);
        for (unsigned j = 0; j < model->tier_count; j++)
            scratch->tier_keys[i][j] =
                j == 0 ? 0 : seuil_name_hash(seuil_str_from(model->tiers[j].name), SEUIL_STR(""));
        scratch->profile_counts[i] = model->fit_count > 0 || model->exclusion_count > 0;
        seuil_fit_evaluate(scratch, model, &scratch->bare[i]);
    }
    seuil_defer_prepare(scratch);
    return scratch;
}

unsigned seuil_scratch_rule(const struct seuil_scratch *scratch, uint32_t key)
{
    uint32_t at = key_place(key, scratch->key_mask);

    while (scratch->key_table[at]) {
        unsigned rule = scratch->key_table[at] - 1u;

        if (scratch->models->rules[rule].key == key)
            return rule;
        at = (at + 1) & scratch->key_mask;
    }
    return SEUIL_NO_RULE;
}

/* ---- bind -------------------------------------------------------------------------------- */

static unsigned bound_rule(const struct seuil_scratch *scratch, const struct seuil_rule_ref *ref)
{
    unsigned rule = seuil_scratch_rule(scratch, ref->key);

    if (rule != SEUIL_NO_RULE && scratch->models->rules[rule].meaning != ref->meaning &&
        scratch->models->rules[rule].meaning_before != ref->meaning)
        return SEUIL_NO_RULE;
    return rule;
}

/* Take @tally of a rule of another decay, or of a state of format 1, to what @rule is now. */
static void renew(struct seuil_tally *tally, const struct seuil_rule *rule, uint32_t meaning,
                  seuil_time_ms at)
{
    if (meaning != rule->meaning && !seuil_tally_is_empty(tally)) {
        /* Of format 1: its meaning says that the decay is the same. */
        tally->shape = rule->decay.shape;
        tally->span_ms = seuil_decay_window_ms(&rule->decay);
    } else if (seuil_tally_is_redecayed(tally, rule)) {
        seuil_tally_redecay(tally, rule, at);
    }
}

static bool must_renew(const struct seuil_scratch *scratch, const struct seuil_evidence *evidence,
                       unsigned slot)
{
    const struct seuil_rule *rule;

    if (scratch->rule_of[slot] == SEUIL_NO_RULE)
        return false;
    rule = &scratch->models->rules[scratch->rule_of[slot]];
    return evidence->rules[slot].meaning != rule->meaning ||
           seuil_tally_is_redecayed(&evidence->tallies[slot], rule);
}

void seuil_scratch_bind_slot(struct seuil_scratch *scratch, unsigned slot, unsigned rule)
{
    scratch->rule_of[slot] = (uint16_t)rule;
    if (rule == SEUIL_NO_RULE)
        return;
    if (seuil_role_is_silence(scratch->models->rules[rule].role))
        scratch->has_timers = true;
    if (scratch->models->rules[rule].role == SEUIL_ROLE_QUARANTINE)
        scratch->has_quarantine = true;
    if (!seuil_role_is_command(scratch->models->rules[rule].role))
        return;
    if (!scratch->has_roles)
        for (unsigned i = 0; i < SEUIL_MODELS_MAX; i++)
            scratch->status_slot[i] = scratch->recycle_slot[i] = SEUIL_NO_SLOT;
    scratch->has_roles = true;
    if (scratch->models->rules[rule].role == SEUIL_ROLE_STATUS)
        scratch->status_slot[scratch->models->rules[rule].model] = (uint16_t)slot;
    else if (scratch->models->rules[rule].role == SEUIL_ROLE_RECYCLE)
        scratch->recycle_slot[scratch->models->rules[rule].model] = (uint16_t)slot;
}

/* Sums go on from their value at the last judgement. */
static seuil_time_ms renewed_at(const struct seuil_lead *lead)
{
    return lead->clock != SEUIL_TIME_NONE ? lead->clock : lead->evidence.newest;
}

void seuil_scratch_bind_const(struct seuil_scratch *scratch, const struct seuil_lead *lead)
{
    scratch->has_roles = false;
    scratch->has_timers = false;
    scratch->has_quarantine = false;
    scratch->redecays = false;
    for (unsigned i = 0; i < lead->evidence.rule_count; i++) {
        unsigned slot = lead->evidence.by_key[i];

        seuil_scratch_bind_slot(scratch, slot, bound_rule(scratch, &lead->evidence.rules[slot]));
        scratch->redecays |= must_renew(scratch, &lead->evidence, slot);
    }
}

/* Take the hits of rules without a rule in the set out of recent, and records without hits. */
static void drop_unbound(struct seuil_scratch *scratch, struct seuil_evidence *evidence)
{
    unsigned kept = 0;

    for (unsigned i = 0; i < evidence->recent_count; i++) {
        struct seuil_record *record = seuil_evidence_recent(evidence, i);
        unsigned hits = 0;

        for (unsigned j = 0; j < record->hit_count; j++) {
            if (scratch->rule_of[record->rule[j]] == SEUIL_NO_RULE) {
                evidence->rules[record->rule[j]].records--;
                continue;
            }
            record->rule[hits] = record->rule[j];
            record->object[hits] = record->object[j];
            record->legs[hits] = record->legs[j];
            record->measure[hits++] = record->measure[j];
        }
        record->hit_count = (uint8_t)hits;
        if (hits || record->mark)
            evidence->recent[kept++] = evidence->recent[i];
        else
            evidence->free_records[evidence->free_count++] = evidence->recent[i];
    }
    evidence->recent_count = (uint16_t)kept;
    for (unsigned i = 0; i < evidence->rule_count; i++)
        if (scratch->rule_of[evidence->by_key[i]] == SEUIL_NO_RULE)
            seuil_tally_clear(&evidence->tallies[evidence->by_key[i]]);
    seuil_evidence_drop_unused(evidence);
}

bool seuil_scratch_bind(struct seuil_scratch *scratch, struct seuil_lead *lead)
{
    bool unbound = false;

    scratch->has_roles = false;
    scratch->has_timers = false;
    scratch->has_quarantine = false;
    scratch->redecays = false;
    for (unsigned i = 0; i < lead->evidence.rule_count; i++) {
        unsigned slot = lead->evidence.by_key[i];
        struct seuil_rule_ref *ref = &lead->evidence.rules[slot];
        unsigned rule = bound_rule(scratch, ref);

        seuil_scratch_bind_slot(scratch, slot, rule);
        unbound |= rule == SEUIL_NO_RULE;
        if (must_renew(scratch, &lead->evidence, slot)) {
            renew(&lead->evidence.tallies[slot], &scratch->models->rules[rule], ref->meaning,
                  renewed_at(lead));
            ref->meaning = scratch->models->rules[rule].meaning;
        }
    }
    if (unbound)
        drop_unbound(scratch, &lead->evidence);
    return unbound;
}

/* ---- view -------------------------------------------------------------------------------- */

static unsigned half_index(struct seuil_scratch *scratch, int64_t half_life_ms)
{
    unsigned i = 0;

    while (i < scratch->half_count && scratch->halves[i] != half_life_ms)
        i++;
    if (i == scratch->half_count)
        scratch->halves[scratch->half_count++] = half_life_ms;
    return i;
}

static unsigned scope_index(struct seuil_scratch *scratch, const struct seuil_evidence *evidence,
                            const struct seuil_rule *rule)
{
    const struct seuil_folding folding = {.scratch = scratch, .evidence = evidence};
    unsigned i = 0, slot;
    struct seuil_scope *scope;
    const struct seuil_tally *tally;

    while (i < scratch->scope_count && scratch->scopes[i].rule != rule->parent)
        i++;
    if (i < scratch->scope_count)
        return i;
    scope = &scratch->scopes[scratch->scope_count++];
    *scope =
        (struct seuil_scope){.rule = rule->parent, .decay = &rule->decay, .last = SEUIL_TIME_NEVER};
    slot = seuil_evidence_find_rule(evidence, scratch->models->rules[rule->parent].key);
    if (slot == SEUIL_NO_SLOT)
        return i;
    tally = seuil_fold_peek(&folding, slot);
    if (tally->moments)
        scope->last = tally->moment[0];
    return i;
}

static void add_term(struct seuil_scratch *scratch, const struct seuil_evidence *evidence,
                     unsigned slot, const struct seuil_tally *tally)
{
    unsigned index = scratch->rule_of[slot], at = scratch->term_count++;
    struct seuil_term term = {
        .rule = &scratch->models->rules[index], .tally = tally, .index = (uint16_t)index};

    term.is_aged = seuil_decay_is_aged(&term.rule->decay);
    if (term.rule->decay.shape == SEUIL_DECAY_INACTIVITY) {
        term.is_idle = true;
        term.sum = tally->sum;
        term.scope = (uint16_t)scope_index(scratch, evidence, term.rule);
        scratch->scopes[term.scope].worth += term.rule->points * tally->sum;
    }
    if (term.rule->decay.shape == SEUIL_DECAY_HALF_LIFE) {
        term.is_half = true;
        term.half = (uint16_t)half_index(scratch, term.rule->decay.duration_ms);
        term.sum = seuil_tally_half_life_sum(tally, term.rule, &term.landmark);
    }
    while (at > 0 && scratch->terms[at - 1].index > index) {
        scratch->terms[at] = scratch->terms[at - 1];
        at--;
    }
    scratch->terms[at] = term;
}

/* Fold @record for the models for which it is not void. A command that is void is so for all: what
 * it freezes is not frozen. */
static void fold_void(const struct seuil_folding *folding, const struct seuil_record *record,
                      uint32_t voided, uint32_t skip)
{
    const struct seuil_scratch *scratch = folding->scratch;

    for (unsigned i = 0; i < record->hit_count; i++) {
        unsigned index = scratch->rule_of[record->rule[i]];

        if (index != SEUIL_NO_RULE && seuil_role_is_command(scratch->models->rules[index].role))
            return;
    }
    seuil_fold_record(folding, record, skip | voided);
}

/* Whether retractions wait for the thaw of a model. */
static bool voids_wait(struct seuil_scratch *scratch, const struct seuil_evidence *evidence)
{
    const struct seuil_folding folding = {.scratch = scratch, .evidence = evidence};
    bool waits = false;

    for (unsigned i = 0; i < scratch->models->model_count; i++) {
        struct seuil_status status;

        if (scratch->status_slot[i] == SEUIL_NO_SLOT)
            continue;
        status = seuil_fold_status(&scratch->models->models[i],
                                   seuil_fold_peek(&folding, scratch->status_slot[i]));
        if (status.frozen)
            waits |= seuil_voids_wait(evidence, &scratch->voids, i, status.frozen_since);
    }
    return waits;
}

/* The records up to @at on top of the summary, in scratch->live, for the rules that they hit, but
 * those that are void. */
static void fold_records(struct seuil_scratch *scratch, const struct seuil_lead *lead,
                         seuil_time_ms at)
{
    const struct seuil_evidence *evidence = &lead->evidence;
    const struct seuil_folding folding = {.scratch = scratch, .evidence = evidence};

    memset(scratch->live_used, 0, sizeof(scratch->live_used));
    memset(scratch->reset_at, 0, scratch->models->model_count * sizeof(scratch->reset_at[0]));
    for (unsigned i = 0; scratch->redecays && i < evidence->rule_count; i++) {
        unsigned slot = evidence->by_key[i];

        if (must_renew(scratch, evidence, slot))
            renew(seuil_fold_tally(&folding, slot), &scratch->models->rules[scratch->rule_of[slot]],
                  evidence->rules[slot].meaning, renewed_at(lead));
    }
    seuil_quarantine_judge(scratch, evidence, &scratch->voids, evidence->recent_count, at, false);
    for (scratch->seen = 0; scratch->seen < evidence->recent_count; scratch->seen++) {
        const struct seuil_record *record = &evidence->records[evidence->recent[scratch->seen]];
        uint32_t voided, skip;

        if (record->key.time > at)
            break;
        seuil_fold_pass(&folding, record->key.time);
        voided = scratch->voids.count ? seuil_voids_of(evidence, &scratch->voids, record) : 0;
        skip = scratch->has_quarantine ? scratch->skip[scratch->seen] : 0;
        if (voided == 0)
            seuil_fold_record(&folding, record, skip);
        else if (voided != UINT32_MAX)
            fold_void(&folding, record, voided, skip);
    }
    seuil_fold_pass(&folding, at);
    scratch->next_instant = seuil_fold_next(&folding);
    if (scratch->next_verdict < scratch->next_instant)
        scratch->next_instant = scratch->next_verdict;
}

static void fold_recent(struct seuil_scratch *scratch, const struct seuil_lead *lead,
                        seuil_time_ms at)
{
    seuil_voids_find(&lead->evidence, at, &scratch->voids);
    fold_records(scratch, lead, at);
    if (scratch->voids.count && scratch->has_roles && voids_wait(scratch, &lead->evidence))
        fold_records(scratch, lead, at); /* the statuses are the same again */
}

/* Returns the hash of the status. */
static uint32_t view_status(struct seuil_scratch *scratch, const struct seuil_evidence *evidence,
                            unsigned model)
{
    const struct seuil_folding folding = {.scratch = scratch, .evidence = evidence};
    struct seuil_model_view *view = &scratch->model[model];
    unsigned slot = scratch->has_roles ? scratch->status_slot[model] : SEUIL_NO_SLOT;
    struct seuil_status status;

    if (scratch->has_roles && scratch->recycle_slot[model] != SEUIL_NO_SLOT)
        view->muted_until =
            seuil_recycle_muted_until(&scratch->models->models[model],
                                      seuil_fold_peek(&folding, scratch->recycle_slot[model]));
    if (slot == SEUIL_NO_SLOT)
        return 0;
    status = seuil_fold_status(&scratch->models->models[model], seuil_fold_peek(&folding, slot));
    view->barred = status.disqualified;
    if (status.frozen)
        view->still = status.frozen_since;
    return status.hash;
}

static void view_models(struct seuil_scratch *scratch, const struct seuil_evidence *evidence,
                        bool empty)
{
    const struct seuil_models *models = scratch->models;
    unsigned term = 0;
    bool loaded = false;

    for (unsigned i = 0; i < models->model_count; i++) {
        struct seuil_model_view *view = &scratch->model[i];

        if (empty) {
            *view = (struct seuil_model_view){0};
        } else if (!models->models[i].conditional &&
                   (!scratch->profile_counts[i] || evidence->attribute_count == 0)) {
            *view = scratch->bare[i];
        } else {
            if (!loaded)
                seuil_fit_load(scratch, evidence);
            loaded = true;
            seuil_fit_evaluate(scratch, &models->models[i], view);
        }
        view->change_known = false;
        view->barred = false;
        view->still = SEUIL_TIME_NEVER;
        view->muted_until = SEUIL_TIME_NONE;
        view->status = 0;
        view->stands = false;
        if (scratch->has_roles && !empty)
            view->status = view_status(scratch, evidence, i);
        view->term_first = (uint16_t)term;
        while (term < scratch->term_count && scratch->terms[term].rule->model == i)
            term++;
        view->term_count = (uint16_t)(term - view->term_first);
        if (models->models[i].conditional && !empty)
            seuil_fit_conditions(scratch, &models->models[i], view);
    }
}

/* The profile of a frozen lead may have changed since: that takes effect at the thaw. */
static void view_standing_still(struct seuil_scratch *scratch, const struct seuil_lead *lead)
{
    for (unsigned i = 0; i < lead->automaton_count; i++) {
        const struct seuil_automaton *automaton = &lead->automata[i];
        const struct seuil_model *model =
            automaton->stands ? seuil_models_find(scratch->models, automaton->model) : NULL;
        struct seuil_model_view *view = model ? &scratch->model[model->index] : NULL;

        if (!view || view->still == SEUIL_TIME_NEVER)
            continue;
        view->stands = view->fit != automaton->fit || view->exclusion != automaton->exclusion;
        view->fit = automaton->fit;
        view->exclusion = automaton->exclusion;
    }
}

/* A shortcut whose rule has none any more ends at once. */
static void hold(struct seuil_scratch *scratch, const struct seuil_rule *rule, seuil_time_ms from)
{
    seuil_time_ms *until = &scratch->held_until[rule->model][rule->shortcut];

    if (rule->shortcut && from + rule->hold_ms > *until)
        *until = from + rule->hold_ms;
}

void seuil_scratch_view(struct seuil_scratch *scratch, const struct seuil_lead *lead,
                        seuil_time_ms at)
{
    const struct seuil_evidence *evidence = &lead->evidence;

    scratch->at = at;
    scratch->term_count = 0;
    scratch->half_count = 0;
    scratch->scope_count = 0;
    scratch->half_at = SEUIL_TIME_NONE;
    fold_recent(scratch, lead, at);
    for (unsigned i = 0; i < scratch->models->model_count; i++)
        if (scratch->models->models[i].has_shortcuts)
            for (unsigned j = 0; j < SEUIL_TIERS_MAX; j++)
                scratch->held_until[i][j] = SEUIL_TIME_NONE;
    for (unsigned i = 0; i < evidence->rule_count; i++) {
        unsigned slot = evidence->by_key[i];
        const struct seuil_tally *tally = scratch->live_used[slot / 64] >> (slot % 64) & 1
                                              ? &scratch->live[slot]
                                              : &evidence->tallies[slot];

        if (tally->held && scratch->rule_of[slot] != SEUIL_NO_RULE)
            hold(scratch, &scratch->models->rules[scratch->rule_of[slot]], tally->held_from);
        if (scratch->rule_of[slot] != SEUIL_NO_RULE &&
            (tally->count > 0 || tally->instants > 0 || tally->sum != 0) &&
            scratch->models->rules[scratch->rule_of[slot]].role != SEUIL_ROLE_STATUS)
            add_term(scratch, evidence, slot, tally);
    }
    view_models(scratch, evidence, lead->tombstone);
    if (scratch->has_roles)
        view_standing_still(scratch, lead);
}
