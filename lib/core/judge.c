#include "core/judge.h"

#include <assert.h>
#include <string.h>

#include "core/explain.h"
#include "core/score.h"
#include "core/tier.h"

/* Steps of one look into the future: an automaton beneath an exclusion may move often unseen. */
#define UNTIL_STEPS_MAX 64

static const struct seuil_automaton *find(const struct seuil_lead *lead, uint32_t model)
{
    for (unsigned i = 0; i < lead->automaton_count; i++)
        if (lead->automata[i].model == model)
            return &lead->automata[i];
    return NULL;
}

struct seuil_standing seuil_judge_standing(const struct seuil_scratch *scratch,
                                           const struct seuil_lead *lead, unsigned model)
{
    const struct seuil_model *rules = &scratch->models->models[model];
    const struct seuil_automaton *automaton = find(lead, rules->key);
    const uint32_t *keys = scratch->tier_keys[model];
    struct seuil_standing standing = {0};
    unsigned tier;

    if (!automaton)
        return standing;
    standing.excluded = automaton->excluded;
    tier = automaton->under;
    if (tier >= rules->tier_count || keys[tier] != automaton->tier_key) {
        /* The list of tiers is another: go by the name; if it is gone, by the place. */
        for (tier = rules->tier_count - 1u; tier > 0; tier--)
            if (keys[tier] == automaton->tier_key)
                break;
        if (tier == 0 && automaton->under > 0)
            tier = automaton->under < rules->tier_count ? automaton->under : rules->tier_count - 1u;
    }
    standing.under = (uint8_t)tier;
    return standing;
}

struct seuil_standing seuil_judge_next(struct seuil_scratch *scratch, const struct seuil_lead *lead,
                                       unsigned model, struct seuil_standing standing,
                                       seuil_time_ms at)
{
    const struct seuil_model *rules = &scratch->models->models[model];
    struct seuil_score score;

    if (lead->tombstone)
        return (struct seuil_standing){0};
    if (scratch->model[model].still != SEUIL_TIME_NEVER)
        return standing; /* frozen */
    seuil_score_at(scratch, lead, model, at, &score);
    standing.excluded =
        scratch->model[model].barred || seuil_tier_is_excluded(rules, score.exclusion);
    standing.under = (uint8_t)seuil_tier_judge(rules, scratch->model[model].open, standing.under,
                                               standing.excluded ? seuil_score_beneath(&score)
                                                                 : seuil_score_total(&score));
    return standing;
}

/* ---- the automata of a lead -------------------------------------------------------------- */

/* A place for @model's automaton, in the order of keys; those of models that are gone give way. */
static struct seuil_automaton *make(const struct seuil_models *models, struct seuil_lead *lead,
                                    uint32_t model)
{
    unsigned at = 0;

    if (lead->automaton_count == SEUIL_MODELS_MAX) {
        while (at < SEUIL_MODELS_MAX && seuil_models_find(models, lead->automata[at].model))
            at++;
        assert(at < SEUIL_MODELS_MAX);
        lead->automaton_count--;
        memmove(lead->automata + at, lead->automata + at + 1,
                (lead->automaton_count - at) * sizeof(lead->automata[0]));
    }
    at = lead->automaton_count;
    while (at > 0 && lead->automata[at - 1].model > model)
        at--;
    memmove(lead->automata + at + 1, lead->automata + at,
            (lead->automaton_count - at) * sizeof(lead->automata[0]));
    lead->automaton_count++;
    lead->automata[at] = (struct seuil_automaton){.model = model};
    return &lead->automata[at];
}

static uint8_t published_tier(struct seuil_standing standing)
{
    return standing.excluded ? SEUIL_TIER_EXCLUDED : standing.under;
}

static bool publishes(const struct seuil_model *model, uint8_t tier)
{
    return tier == SEUIL_TIER_EXCLUDED || model->tiers[tier].publish;
}

/* Write down where the model stands now; returns its crossing's ordinal, 0: no crossing. */
static uint32_t move(const struct seuil_scratch *scratch, struct seuil_lead *lead, unsigned model,
                     struct seuil_standing from, struct seuil_standing to)
{
    uint32_t key = scratch->models->models[model].key;
    struct seuil_automaton *automaton = seuil_lead_automaton(lead, key);
    bool crossed = published_tier(from) != published_tier(to);

    if (!automaton) {
        if (!to.excluded && to.under == 0 && !crossed)
            return 0;
        automaton = make(scratch->models, lead, key);
    }
    automaton->excluded = to.excluded;
    automaton->under = to.under;
    automaton->tier_key = scratch->tier_keys[model][to.under];
    if (crossed && automaton->ordinal < UINT32_MAX)
        automaton->ordinal++;
    return crossed ? automaton->ordinal : 0;
}

/* The list of tiers may be another than the one the automaton was written under. */
static void renumber(const struct seuil_scratch *scratch, struct seuil_lead *lead, unsigned model,
                     struct seuil_standing standing)
{
    struct seuil_automaton *automaton =
        seuil_lead_automaton(lead, scratch->models->models[model].key);

    if (!automaton)
        return;
    automaton->under = standing.under;
    automaton->tier_key = scratch->tier_keys[model][standing.under];
}

bool seuil_judge_all(struct seuil_scratch *scratch, struct seuil_lead *lead,
                     enum seuil_reason reason, struct seuil_outcome *ret_outcome)
{
    const struct seuil_models *models = scratch->models;
    seuil_time_ms at = scratch->at;
    bool moved = false;

    for (unsigned i = 0; i < models->model_count; i++) {
        struct seuil_standing from = seuil_judge_standing(scratch, lead, i);
        struct seuil_standing to = seuil_judge_next(scratch, lead, i, from, at);
        struct seuil_crossing *crossing;
        uint32_t ordinal;

        renumber(scratch, lead, i, from);
        if (from.under == to.under && from.excluded == to.excluded)
            continue;
        moved = true;
        ordinal = move(scratch, lead, i, from, to);
        if (ordinal == 0)
            continue;
        crossing = &ret_outcome->crossings[ret_outcome->crossing_count++];
        crossing->model = (uint16_t)i;
        crossing->tier_before = published_tier(from);
        crossing->tier = published_tier(to);
        crossing->up = from.excluded || (!to.excluded && to.under > from.under);
        crossing->publish = publishes(&models->models[i], crossing->tier_before) &&
                            publishes(&models->models[i], crossing->tier);
        crossing->reason = from.excluded != to.excluded && reason != SEUIL_REASON_COMMAND &&
                                   reason != SEUIL_REASON_MODEL_CHANGED
                               ? SEUIL_REASON_EXCLUSION
                               : reason;
        crossing->ordinal = ordinal;
        crossing->effective = at;
        crossing->since = SEUIL_TIME_NONE;
        crossing->version_before = "";
        seuil_explain_view(scratch, lead, i, to.excluded,
                           from.excluded || to.excluded
                               ? (struct seuil_stay){.low = -INFINITY, .high = INFINITY}
                               : seuil_tier_crossed(&models->models[i], scratch->model[i].open,
                                                    from.under, to.under),
                           at, &crossing->explanation);
        crossing->qualified_until = seuil_judge_until(scratch, lead, i, to, at);
        if (scratch->at != at)
            seuil_scratch_view(scratch, lead, at);
    }
    return moved;
}

/* ---- the future -------------------------------------------------------------------------- */

/* The first record that waits after the view; SEUIL_TIME_NEVER: none. */
static seuil_time_ms waiting(const struct seuil_scratch *scratch, const struct seuil_lead *lead)
{
    const struct seuil_evidence *evidence = &lead->evidence;

    return scratch->seen < evidence->recent_count
               ? evidence->records[evidence->recent[scratch->seen]].key.time
               : SEUIL_TIME_NEVER;
}

/* The next change of @model after the view, wherever it lies; looked for once. */
static seuil_time_ms next_change(struct seuil_scratch *scratch, const struct seuil_lead *lead,
                                 unsigned model, struct seuil_standing standing)
{
    struct seuil_model_view *view = &scratch->model[model];

    if (!view->change_known) {
        view->change = seuil_due_change(scratch, lead, model, standing, scratch->at);
        view->change_known = true;
    }
    return view->change;
}

seuil_time_ms seuil_judge_until(struct seuil_scratch *scratch, const struct seuil_lead *lead,
                                unsigned model, struct seuil_standing standing, seuil_time_ms from)
{
    seuil_time_ms limit = from + SEUIL_UNTIL_MAX_MS + 1;
    uint8_t tier = published_tier(standing);

    if (lead->tombstone)
        return SEUIL_TIME_NEVER;
    for (unsigned i = 0; i < UNTIL_STEPS_MAX; i++) {
        seuil_time_ms next = waiting(scratch, lead), at;

        at = from == scratch->at ? next_change(scratch, lead, model, standing)
                                 : seuil_due_change(scratch, lead, model, standing, from);
        if (at >= next || at >= limit) {
            if (next >= limit)
                return SEUIL_TIME_NEVER;
            at = next;
            seuil_scratch_view(scratch, lead, at);
        }
        standing = seuil_judge_next(scratch, lead, model, standing, at);
        if (published_tier(standing) != tier)
            return at;
        from = at;
    }
    return SEUIL_TIME_NEVER;
}

bool seuil_judge_at_rest(const struct seuil_lead *lead)
{
    for (unsigned i = 0; i < lead->automaton_count; i++)
        if (lead->automata[i].excluded || lead->automata[i].under > 0)
            return false;
    return true;
}

seuil_time_ms seuil_judge_due(struct seuil_scratch *scratch, const struct seuil_lead *lead)
{
    seuil_time_ms due = waiting(scratch, lead);

    if (lead->tombstone) {
        seuil_time_ms end = lead->expired ? SEUIL_TIME_NEVER : seuil_due_expiry(scratch, lead);

        return end > scratch->at ? end : scratch->at + 1;
    }
    for (unsigned i = 0; i < scratch->models->model_count; i++) {
        seuil_time_ms at = next_change(scratch, lead, i, seuil_judge_standing(scratch, lead, i));

        due = at < due ? at : due;
    }
    if (seuil_judge_at_rest(lead)) {
        seuil_time_ms end = seuil_due_expiry(scratch, lead);

        end = end > scratch->at ? end : scratch->at + 1;
        due = end < due ? end : due;
    }
    return due;
}
