#include "core/fold.h"

#include <assert.h>

#include "core/compound.h"
#include "core/idle.h"
#include "core/quarantine.h"

struct seuil_tally *seuil_fold_live(const struct seuil_folding *folding, unsigned slot)
{
    struct seuil_scratch *scratch = folding->scratch;
    uint64_t bit = UINT64_C(1) << (slot % 64);

    if (!(scratch->live_used[slot / 64] & bit)) {
        scratch->live_used[slot / 64] |= bit;
        seuil_tally_copy(&scratch->live[slot], &folding->evidence->tallies[slot]);
    }
    return &scratch->live[slot];
}

const struct seuil_tally *seuil_fold_peek(const struct seuil_folding *folding, unsigned slot)
{
    const struct seuil_scratch *scratch = folding->scratch;

    if (!folding->summary && scratch->live_used[slot / 64] >> (slot % 64) & 1)
        return &scratch->live[slot];
    return &folding->evidence->tallies[slot];
}

/* ---- statuses ---------------------------------------------------------------------------- */

static bool freezes(const struct seuil_model *model, uint32_t status)
{
    for (unsigned i = 0; status && i < model->frozen_count; i++)
        if (model->frozen[i] == status)
            return true;
    return false;
}

/* The tally holds one object, the status and its time, and if the lead is frozen the instant from
 * which on it is. */
struct seuil_status seuil_fold_status(const struct seuil_model *model,
                                      const struct seuil_tally *tally)
{
    struct seuil_status status = {.since = SEUIL_TIME_NONE};

    if (tally->objects == 0)
        return status;
    status.hash = tally->object[0].hash;
    status.since = tally->object[0].last;
    status.frozen = freezes(model, status.hash);
    /* What froze the lead may be another status, or the file may have changed since. */
    status.frozen_since = tally->instants ? tally->instant[0] : status.since;
    status.disqualified = status.hash == seuil_status_hash(SEUIL_STR(SEUIL_STATUS_DISQUALIFIED));
    return status;
}

static void set_status(struct seuil_tally *tally, const struct seuil_model *model, uint32_t hash,
                       seuil_time_ms time)
{
    struct seuil_status before = seuil_fold_status(model, tally);

    seuil_tally_clear(tally);
    if (hash == 0)
        return;
    tally->objects = 1;
    tally->object[0] = (struct seuil_object){.hash = hash, .count = 1, .last = time};
    if (freezes(model, hash)) {
        tally->instants = tally->count = 1;
        tally->instant[0] = before.frozen ? before.frozen_since : time;
    }
}

static struct seuil_status status_of(const struct seuil_folding *folding, unsigned model)
{
    unsigned slot = folding->scratch->status_slot[model];

    if (slot == SEUIL_NO_SLOT)
        return (struct seuil_status){.since = SEUIL_TIME_NONE};
    return seuil_fold_status(&folding->scratch->models->models[model],
                             seuil_fold_peek(folding, slot));
}

seuil_time_ms seuil_fold_stands_at(const struct seuil_folding *folding, unsigned model,
                                   seuil_time_ms at)
{
    struct seuil_status status;

    if (!folding->scratch->has_roles)
        return at;
    status = status_of(folding, model);
    return status.frozen && status.frozen_since < at ? status.frozen_since : at;
}

/* ---- commands ---------------------------------------------------------------------------- */

void seuil_fold_retire(const struct seuil_folding *folding, unsigned model, bool holds)
{
    const struct seuil_scratch *scratch = folding->scratch;
    const struct seuil_evidence *evidence = folding->evidence;

    for (unsigned i = 0; i < evidence->rule_count; i++) {
        unsigned slot = evidence->by_key[i];
        const struct seuil_rule *rule;
        struct seuil_tally *tally;

        if (scratch->rule_of[slot] == SEUIL_NO_RULE)
            continue;
        rule = &scratch->models->rules[scratch->rule_of[slot]];
        if (rule->model != model || rule->role == SEUIL_ROLE_STATUS)
            continue;
        tally = seuil_fold_tally(folding, slot);
        if (rule->group != SEUIL_GROUP_EXCLUSION)
            seuil_tally_retire(tally, rule);
        if (holds) {
            tally->held = false;
            tally->held_from = 0;
        }
    }
}

/* The tally of the hidden rule holds the award that is the floor, and one object: when the recycle
 * was (last), until when it mutes (hash: minutes since 1970; 0: as the model says), and whether it
 * waits for a thaw (count 2). */
static void recycle(const struct seuil_folding *folding, const struct seuil_rule *rule,
                    unsigned slot)
{
    struct seuil_tally *tally = seuil_fold_tally(folding, slot);
    struct seuil_object object = tally->object[0];

    seuil_fold_retire(folding, rule->model, true);
    object.count = 1;
    seuil_tally_clear(tally);
    if (rule->points != 0)
        seuil_tally_fold(tally, rule, object.last, 0, 0);
    tally->objects = 1;
    tally->object[0] = object;
}

seuil_time_ms seuil_recycle_muted_until(const struct seuil_model *model,
                                        const struct seuil_tally *tally)
{
    if (tally->objects == 0)
        return SEUIL_TIME_NONE;
    if (tally->object[0].hash)
        return (seuil_time_ms)tally->object[0].hash * SEUIL_MINUTE_MS;
    return tally->object[0].last + model->recycle_mute_ms;
}

static void pass_recycle(const struct seuil_folding *folding, const struct seuil_rule *rule,
                         unsigned slot, seuil_time_ms time, uint32_t until)
{
    struct seuil_tally *tally = seuil_fold_tally(folding, slot);
    struct seuil_status status = status_of(folding, rule->model);

    tally->objects = 1;
    tally->object[0] =
        (struct seuil_object){.hash = until, .count = status.frozen ? 2 : 1, .last = time};
    if (status.frozen)
        return;
    if (status.disqualified)
        seuil_tally_clear(seuil_fold_tally(folding, folding->scratch->status_slot[rule->model]));
    recycle(folding, rule, slot);
}

static void thaw(const struct seuil_folding *folding, unsigned model, seuil_time_ms time);

/* A thaw lets a recycle act that came in the meantime. */
static void pass_status(const struct seuil_folding *folding, const struct seuil_rule *rule,
                        unsigned slot, seuil_time_ms time, uint32_t hash)
{
    const struct seuil_scratch *scratch = folding->scratch;
    const struct seuil_model *model = &scratch->models->models[rule->model];
    struct seuil_tally *tally = seuil_fold_tally(folding, slot);
    bool frozen = seuil_fold_status(model, tally).frozen;
    struct seuil_status now;

    set_status(tally, model, hash, time);
    now = seuil_fold_status(model, tally);
    if (frozen && !now.frozen)
        for (unsigned i = 0; i < folding->evidence->rule_count; i++) {
            unsigned other = folding->evidence->by_key[i];
            const struct seuil_tally *waits = seuil_fold_peek(folding, other);

            if (scratch->rule_of[other] + 1u == model->recycle_rule && waits->objects &&
                waits->object[0].count == 2)
                recycle(folding, &scratch->models->rules[scratch->rule_of[other]], other);
        }
    if (frozen && !now.frozen)
        thaw(folding, rule->model, time);
    if (now.disqualified)
        seuil_fold_retire(folding, rule->model, true);
}

/* ---- awards ------------------------------------------------------------------------------ */

/* The contributions under the inactivity of @rule shrink up to @time, from where it counts anew. */
static void rebase(const struct seuil_folding *folding, const struct seuil_rule *rule,
                   seuil_time_ms time)
{
    const struct seuil_scratch *scratch = folding->scratch;
    const struct seuil_evidence *evidence = folding->evidence;
    const struct seuil_rule *rules = scratch->models->rules;
    unsigned slot = seuil_evidence_find_rule(evidence, rules[rule->parent].key);
    struct seuil_tally *scope = slot == SEUIL_NO_SLOT ? NULL : seuil_fold_tally(folding, slot);
    seuil_time_ms last = scope && scope->moments ? scope->moment[0] : time;
    double worth = 0, factor;

    if (scope) {
        scope->moments = 1;
        scope->moment[0] = time;
    }
    if (time - last < rule->decay.duration_ms)
        return;
    for (unsigned i = 0; i < evidence->rule_count; i++) {
        unsigned other = evidence->by_key[i], index = scratch->rule_of[other];

        if (index != SEUIL_NO_RULE && rules[index].decay.shape == SEUIL_DECAY_INACTIVITY &&
            rules[index].parent == rule->parent)
            worth += rules[index].points * seuil_fold_peek(folding, other)->sum;
    }
    factor = seuil_idle_factor(&rule->decay, worth, last, time);
    for (unsigned i = 0; i < evidence->rule_count; i++) {
        unsigned other = evidence->by_key[i], index = scratch->rule_of[other];

        if (index != SEUIL_NO_RULE && rules[index].decay.shape == SEUIL_DECAY_INACTIVITY &&
            rules[index].parent == rule->parent)
            seuil_fold_tally(folding, other)->sum *= factor;
    }
}

/* The place of an inactivity is kept from its first event on, since a silence may be what is
 * awarded first, long after the event was folded. While nothing is under it the instant says
 * nothing. */
static void begin_scope(struct seuil_tally *scope, seuil_time_ms time)
{
    if (scope->moments)
        return;
    scope->moments = 1;
    scope->moment[0] = time;
}

void seuil_fold_rest(const struct seuil_folding *folding, const struct seuil_rule *scope,
                     seuil_time_ms time)
{
    const struct seuil_scratch *scratch = folding->scratch;
    const struct seuil_rule *rules = scratch->models->rules;

    for (unsigned i = 0; i < folding->evidence->rule_count; i++) {
        unsigned index = scratch->rule_of[folding->evidence->by_key[i]];

        if (index == SEUIL_NO_RULE || rules[index].decay.shape != SEUIL_DECAY_INACTIVITY ||
            &rules[rules[index].parent] != scope)
            continue;
        rebase(folding, &rules[index], time);
        return;
    }
}

/* An event that a limit refuses fires no shortcut, and ends no inactivity. */
static void award(const struct seuil_folding *folding, unsigned slot, const struct seuil_rule *rule,
                  seuil_time_ms time, uint32_t object, double measure)
{
    struct seuil_tally *tally = seuil_fold_tally(folding, slot);
    bool forgets = folding->summary && seuil_tally_forgets(tally, rule, time, object);

    if (!seuil_tally_fold(tally, rule, time, object, measure))
        return;
    folding->scratch->forgot |= forgets;
    if (rule->decay.shape == SEUIL_DECAY_INACTIVITY) {
        double weight = seuil_rule_weight(rule, measure);

        rebase(folding, rule, time);
        tally->sum += weight;
        tally->total += rule->measure ? weight : 0;
    }
    if (rule->shortcut) {
        tally->held = true;
        tally->held_from = time;
    }
}

/* ---- silence ----------------------------------------------------------------------------- */

static bool is_frozen(const struct seuil_folding *folding, unsigned model)
{
    return folding->scratch->has_roles && status_of(folding, model).frozen;
}

/* The silence of @slot has lasted until @at. */
static void fire(const struct seuil_folding *folding, const struct seuil_rule *rule, unsigned slot,
                 seuil_time_ms at)
{
    struct seuil_tally *tally = seuil_fold_tally(folding, slot);

    seuil_silence_restart(tally, at);
    if (rule->role == SEUIL_ROLE_ABSENCE) {
        award(folding, slot, rule, at, 0, 0);
        return;
    }
    seuil_fold_retire(folding, rule->model, false);
    folding->scratch->reset_at[rule->model] = at;
}

/* The first silence to end: its slot and when; of one instant resets come first, so that what an
 * absence gives then counts. */
static unsigned first_silence(const struct seuil_folding *folding, seuil_time_ms *ret_at)
{
    const struct seuil_scratch *scratch = folding->scratch;
    const struct seuil_evidence *evidence = folding->evidence;
    unsigned found = SEUIL_NO_SLOT;

    *ret_at = SEUIL_TIME_NEVER;
    for (unsigned i = 0; i < evidence->rule_count; i++) {
        unsigned slot = evidence->by_key[i], index = scratch->rule_of[slot];
        const struct seuil_rule *rule = &scratch->models->rules[index];
        seuil_time_ms at;

        if (index == SEUIL_NO_RULE || !seuil_role_is_silence(rule->role))
            continue;
        at = seuil_silence_due(seuil_fold_peek(folding, slot), rule);
        if (scratch->has_quarantine && !folding->summary &&
            (at > scratch->wait_from[rule->model] || scratch->waits[slot / 64] >> (slot % 64) & 1))
            continue; /* until the verdict */
        if (at == SEUIL_TIME_NEVER || at > *ret_at ||
            (at == *ret_at && rule->role != SEUIL_ROLE_RESET) || is_frozen(folding, rule->model))
            continue;
        found = slot;
        *ret_at = at;
    }
    return found;
}

void seuil_fold_pass_timers(const struct seuil_folding *folding, seuil_time_ms until)
{
    const struct seuil_scratch *scratch = folding->scratch;
    seuil_time_ms at;
    unsigned slot;

    while ((slot = first_silence(folding, &at)) != SEUIL_NO_SLOT && at <= until)
        fire(folding, &scratch->models->rules[scratch->rule_of[slot]], slot, at);
}

seuil_time_ms seuil_fold_next(const struct seuil_folding *folding)
{
    seuil_time_ms at = SEUIL_TIME_NEVER;

    if (folding->scratch->has_timers)
        first_silence(folding, &at);
    return at;
}

/* Silences that would have ended while the model was frozen end with the thaw. */
static void thaw(const struct seuil_folding *folding, unsigned model, seuil_time_ms time)
{
    const struct seuil_scratch *scratch = folding->scratch;
    const struct seuil_evidence *evidence = folding->evidence;

    for (unsigned i = 0; scratch->has_timers && i < evidence->rule_count; i++) {
        unsigned slot = evidence->by_key[i], index = scratch->rule_of[slot];

        if (index != SEUIL_NO_RULE && scratch->models->rules[index].model == model &&
            seuil_role_is_silence(scratch->models->rules[index].role))
            seuil_silence_thaw(seuil_fold_tally(folding, slot), &scratch->models->rules[index],
                               time);
    }
}

/* ---- records ----------------------------------------------------------------------------- */

/* Whether the silence of @slot, which an event at @time ends, waits for the verdict over a click.
 */
static bool waits(const struct seuil_folding *folding, const struct seuil_rule *rule, unsigned slot,
                  seuil_time_ms time)
{
    struct seuil_scratch *scratch = folding->scratch;

    if (!scratch->has_quarantine || folding->summary || time <= scratch->wait_from[rule->model])
        return false;
    scratch->waits[slot / 64] |= UINT64_C(1) << (slot % 64);
    return true;
}

/* Resets by an event come before what the same event gives. */
static void pass_resets(const struct seuil_folding *folding, const struct seuil_record *record,
                        unsigned skip)
{
    const struct seuil_scratch *scratch = folding->scratch;

    for (unsigned i = 0; i < record->hit_count; i++) {
        unsigned slot = record->rule[i], index = scratch->rule_of[slot];
        const struct seuil_rule *rule = &scratch->models->rules[index];

        if (index != SEUIL_NO_RULE && rule->role == SEUIL_ROLE_RESET &&
            !(skip >> rule->model & 1) && !is_frozen(folding, rule->model) &&
            seuil_compound_step(seuil_fold_tally(folding, slot), rule, record->key.time,
                                record->legs[i], 0) &&
            !waits(folding, rule, slot, record->key.time))
            fire(folding, rule, slot, record->key.time);
    }
}

/* Hit @i of @record, of a rule of points or a compound. */
static void pass_hit(const struct seuil_folding *folding, const struct seuil_rule *rule,
                     const struct seuil_record *record, unsigned i)
{
    struct seuil_tally *tally = seuil_fold_tally(folding, record->rule[i]);
    seuil_time_ms time = record->key.time;

    if (seuil_role_is_compound(rule->role)) {
        if (!seuil_compound_step(tally, rule, time, record->legs[i], record->object[i]))
            return;
        if (rule->role == SEUIL_ROLE_ABSENCE) {
            if (waits(folding, rule, record->rule[i], time))
                return;
            seuil_silence_restart(tally, time);
        }
    } else if ((rule->frequency > 1 || rule->recency_ms) &&
               !seuil_frequency_step(tally, rule, time)) {
        return;
    }
    award(folding, record->rule[i], rule, time, record->object[i], record->measure[i]);
}

void seuil_fold_record(const struct seuil_folding *folding, const struct seuil_record *record,
                       unsigned skip)
{
    const struct seuil_scratch *scratch = folding->scratch;

    if (scratch->has_timers)
        pass_resets(folding, record, skip);
    for (unsigned i = 0; i < record->hit_count; i++) {
        unsigned slot = record->rule[i], index = scratch->rule_of[slot];
        const struct seuil_rule *rule;

        if (index == SEUIL_NO_RULE)
            continue;
        rule = &scratch->models->rules[index];
        if (scratch->traits[index] & SEUIL_TRAIT_SIMPLE) {
            if (!(skip >> rule->model & 1) && !is_frozen(folding, rule->model))
                seuil_tally_add(seuil_fold_tally(folding, slot), rule, record->key.time);
            continue;
        }
        if (rule->role == SEUIL_ROLE_QUARANTINE) {
            if (folding->summary)
                seuil_quarantine_note(seuil_fold_tally(folding, slot), rule,
                                      (struct seuil_object){.hash = record->object[i],
                                                            .count = (uint32_t)record->measure[i],
                                                            .last = record->key.time});
            continue;
        }
        if (skip >> rule->model & 1)
            continue;
        if (rule->role == SEUIL_ROLE_SCOPE)
            begin_scope(seuil_fold_tally(folding, slot), record->key.time);
        else if (rule->role == SEUIL_ROLE_STATUS)
            pass_status(folding, rule, slot, record->key.time, record->object[i]);
        else if (rule->role == SEUIL_ROLE_RECYCLE)
            pass_recycle(folding, rule, slot, record->key.time, record->object[i]);
        else if (rule->role != SEUIL_ROLE_RESET && !is_frozen(folding, rule->model))
            pass_hit(folding, rule, record, i);
    }
}
