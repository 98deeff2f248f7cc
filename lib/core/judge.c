#include "core/judge.h"

#include <assert.h>
#include <string.h>

#include "core/alert.h"
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
    unsigned held, under;

    if (lead->tombstone)
        return (struct seuil_standing){0};
    if (scratch->model[model].still != SEUIL_TIME_NEVER)
        return standing; /* frozen */
    seuil_score_at(scratch, lead, model, at, &score);
    standing.excluded =
        scratch->model[model].barred || seuil_tier_is_excluded(rules, score.exclusion);
    /* A shortcut puts the lead into its tier, as if it had been there: see SCORING 10.4. */
    held = seuil_tier_held(scratch, model, at);
    under = seuil_tier_judge(
        rules, scratch->model[model].open, standing.under > held ? standing.under : held,
        standing.excluded ? seuil_score_beneath(&score) : seuil_score_total(&score));
    standing.under = (uint8_t)(under > held ? under : held);
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

/* Keep what the profile gives while the lead is frozen, and no longer. */
static void stand_still(const struct seuil_scratch *scratch, struct seuil_lead *lead,
                        unsigned model)
{
    const struct seuil_model_view *view = &scratch->model[model];
    uint32_t key = scratch->models->models[model].key;
    struct seuil_automaton *automaton = seuil_lead_automaton(lead, key);
    bool stands = view->still != SEUIL_TIME_NEVER && scratch->profile_counts[model];

    if (stands == (automaton && automaton->stands))
        return;
    if (!automaton)
        automaton = make(scratch->models, lead, key);
    automaton->stands = stands;
    automaton->fit = view->fit + 0.0;
    automaton->exclusion = view->exclusion + 0.0;
    if (!stands && !automaton->excluded && automaton->under == 0 && automaton->ordinal == 0) {
        unsigned at = (unsigned)(automaton - lead->automata);

        lead->automaton_count--;
        memmove(automaton, automaton + 1, (lead->automaton_count - at) * sizeof(lead->automata[0]));
    }
}

/* What the score alone would make of it, were there no shortcut. */
static unsigned without_shortcut(struct seuil_scratch *scratch, const struct seuil_lead *lead,
                                 unsigned model, struct seuil_standing from, bool excluded)
{
    struct seuil_score score;

    seuil_score_at(scratch, lead, model, scratch->at, &score);
    return seuil_tier_judge(&scratch->models->models[model], scratch->model[model].open, from.under,
                            excluded ? seuil_score_beneath(&score) : seuil_score_total(&score));
}

/* Whether the last reset acts at this instant. One that waited for the verdict over a click lies
 * before it, and was not to be seen until now. */
static bool resets_now(struct seuil_scratch *scratch, const struct seuil_lead *lead, unsigned model)
{
    seuil_time_ms at = scratch->at, reset = scratch->reset_at[model];
    bool seen;

    if (reset == at || reset == 0)
        return reset == at;
    if (!scratch->has_quarantine || reset < at - SEUIL_QUARANTINE_MS)
        return false;
    seuil_scratch_view(scratch, lead, at - 1);
    seen = scratch->reset_at[model] == reset;
    seuil_scratch_view(scratch, lead, at);
    return !seen;
}

static enum seuil_reason reason_of(struct seuil_scratch *scratch, const struct seuil_lead *lead,
                                   unsigned model, struct seuil_standing from,
                                   struct seuil_standing to, enum seuil_reason reason)
{
    unsigned held = seuil_tier_held(scratch, model, scratch->at);

    if (reason == SEUIL_REASON_COMMAND || reason == SEUIL_REASON_MODEL_CHANGED)
        return reason;
    if (from.excluded != to.excluded)
        return SEUIL_REASON_EXCLUSION;
    if (reason != SEUIL_REASON_CORRECTION && held > from.under && held == to.under &&
        without_shortcut(scratch, lead, model, from, to.excluded) < held)
        return SEUIL_REASON_SHORTCUT;
    if (reason == SEUIL_REASON_DECAY && to.under < from.under &&
        seuil_tier_hold_end(scratch, model, scratch->at - 1) == scratch->at)
        return SEUIL_REASON_HOLD_ENDED;
    if ((reason == SEUIL_REASON_DECAY || reason == SEUIL_REASON_EVENT) && to.under < from.under &&
        resets_now(scratch, lead, model))
        return SEUIL_REASON_RESET;
    return reason;
}

/* Fill in what is the same of all crossings, and the score. The view stays. */
static struct seuil_crossing *tell(struct seuil_scratch *scratch, const struct seuil_lead *lead,
                                   unsigned model, struct seuil_standing to,
                                   struct seuil_stay bounds, struct seuil_outcome *outcome)
{
    struct seuil_crossing *crossing = &outcome->crossings[outcome->crossing_count++];
    seuil_time_ms at = scratch->at;

    crossing->model = (uint16_t)model;
    crossing->tier = published_tier(to);
    crossing->effective = at;
    crossing->since = SEUIL_TIME_NONE;
    crossing->has_cause = false;
    crossing->version_before = "";
    seuil_explain_view(scratch, lead, model, to.excluded, bounds, at, &crossing->explanation);
    crossing->qualified_until = seuil_judge_until(scratch, lead, model, to, at);
    if (scratch->at != at)
        seuil_scratch_view(scratch, lead, at);
    return crossing;
}

static void cross(struct seuil_scratch *scratch, struct seuil_lead *lead, unsigned model,
                  struct seuil_standing from, struct seuil_standing to, enum seuil_reason reason,
                  uint32_t ordinal, struct seuil_outcome *outcome)
{
    const struct seuil_model *rules = &scratch->models->models[model];
    struct seuil_automaton *automaton = seuil_lead_automaton(lead, rules->key);
    struct seuil_crossing *crossing =
        tell(scratch, lead, model, to,
             from.excluded || to.excluded
                 ? (struct seuil_stay){.low = -INFINITY, .high = INFINITY}
                 : seuil_tier_crossed(rules, scratch->model[model].open, from.under, to.under),
             outcome);

    crossing->tier_before = published_tier(from);
    crossing->up = from.excluded || (!to.excluded && to.under > from.under);
    crossing->reason = reason_of(scratch, lead, model, from, to, reason);
    crossing->ordinal = ordinal;
    /* Upwards it is the tier entered that is told, downwards the one left: what lies below a tier
     * that nobody hears of must not hide it. */
    crossing->publish =
        !rules->silent && publishes(rules, crossing->up ? crossing->tier : crossing->tier_before);
    if (!crossing->up)
        seuil_alert_leave(scratch, model, automaton);
    else if (crossing->publish)
        crossing->publish = seuil_alert_enter(scratch, model, automaton, crossing);
    else
        automaton->alert = (struct seuil_alert){0};
}

/* The deferred alert of an automaton that did not move. */
static void tell_later(struct seuil_scratch *scratch, struct seuil_lead *lead, unsigned model,
                       struct seuil_standing standing, struct seuil_outcome *outcome)
{
    const struct seuil_model *rules = &scratch->models->models[model];
    struct seuil_automaton *automaton = seuil_lead_automaton(lead, rules->key);
    struct seuil_crossing *crossing;

    if (!automaton || seuil_alert_due(scratch, model, automaton) > scratch->at)
        return;
    crossing = tell(scratch, lead, model, standing,
                    seuil_tier_stay(rules, scratch->model[model].open, standing.under), outcome);
    crossing->tier_before = automaton->alert.before;
    if (crossing->tier_before >= rules->tier_count && crossing->tier_before != SEUIL_TIER_EXCLUDED)
        crossing->tier_before = 0; /* the tiers are others by now */
    crossing->up = true;
    crossing->publish = true;
    crossing->reason = (enum seuil_reason)automaton->alert.reason;
    crossing->since = automaton->alert.since;
    crossing->has_cause = automaton->alert.cause.id_len > 0;
    crossing->cause = automaton->alert.cause;
    if (automaton->ordinal < UINT32_MAX)
        automaton->ordinal++;
    crossing->ordinal = automaton->ordinal;
    seuil_alert_told(scratch, model, automaton);
}

void seuil_judge_all(struct seuil_scratch *scratch, struct seuil_lead *lead,
                     enum seuil_reason reason, struct seuil_outcome *ret_outcome)
{
    const struct seuil_models *models = scratch->models;

    for (unsigned i = 0; i < models->model_count; i++) {
        struct seuil_standing from = seuil_judge_standing(scratch, lead, i);
        struct seuil_standing to = seuil_judge_next(scratch, lead, i, from, scratch->at);
        uint32_t ordinal;

        renumber(scratch, lead, i, from);
        stand_still(scratch, lead, i);
        if (from.under == to.under && from.excluded == to.excluded) {
            tell_later(scratch, lead, i, to, ret_outcome);
            continue;
        }
        ordinal = move(scratch, lead, i, from, to);
        if (ordinal != 0)
            cross(scratch, lead, i, from, to, reason, ordinal, ret_outcome);
    }
}

/* ---- the future -------------------------------------------------------------------------- */

/* The first record that waits after the view, or computed instant; SEUIL_TIME_NEVER: none. */
static seuil_time_ms waiting(const struct seuil_scratch *scratch, const struct seuil_lead *lead)
{
    const struct seuil_evidence *evidence = &lead->evidence;
    seuil_time_ms at = scratch->next_instant;

    if (scratch->seen < evidence->recent_count) {
        seuil_time_ms next = evidence->records[evidence->recent[scratch->seen]].key.time;

        at = next < at ? next : at;
    }
    return at;
}

static bool same(struct seuil_standing a, struct seuil_standing b)
{
    return a.under == b.under && a.excluded == b.excluded;
}

/* The first instant after @from at which the automaton would not stay: by its score, or because a
 * shortcut holds it no longer. */
static seuil_time_ms change_after(struct seuil_scratch *scratch, const struct seuil_lead *lead,
                                  unsigned model, struct seuil_standing standing,
                                  seuil_time_ms from)
{
    for (;;) {
        seuil_time_ms end = seuil_tier_hold_end(scratch, model, from);
        seuil_time_ms at = seuil_due_change(scratch, lead, model, standing, from);

        if (at < end || end == SEUIL_TIME_NEVER)
            return at;
        if (!same(seuil_judge_next(scratch, lead, model, standing, end), standing))
            return end;
        from = end;
    }
}

/* The next change of @model after the view, wherever it lies; looked for once. */
static seuil_time_ms next_change(struct seuil_scratch *scratch, const struct seuil_lead *lead,
                                 unsigned model, struct seuil_standing standing)
{
    struct seuil_model_view *view = &scratch->model[model];

    if (!view->change_known) {
        view->change = change_after(scratch, lead, model, standing, scratch->at);
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
                                 : change_after(scratch, lead, model, standing, from);
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

static seuil_time_ms alert_due(const struct seuil_scratch *scratch, const struct seuil_lead *lead,
                               unsigned model)
{
    const struct seuil_automaton *automaton = find(lead, scratch->models->models[model].key);

    return automaton ? seuil_alert_due(scratch, model, automaton) : SEUIL_TIME_NEVER;
}

seuil_time_ms seuil_judge_expiry(struct seuil_scratch *scratch, const struct seuil_lead *lead)
{
    seuil_time_ms end = seuil_due_expiry(scratch, lead);

    for (unsigned i = 0; i < scratch->models->model_count && !lead->tombstone; i++) {
        const struct seuil_automaton *automaton = find(lead, scratch->models->models[i].key);
        seuil_time_ms cool = automaton ? seuil_alert_cool(scratch, i, automaton) : SEUIL_TIME_NONE;

        end = cool > end ? cool : end;
    }
    return end;
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
        at = alert_due(scratch, lead, i);
        due = at < due ? at : due;
    }
    if (seuil_judge_at_rest(lead)) {
        seuil_time_ms end = seuil_judge_expiry(scratch, lead);

        end = end > scratch->at ? end : scratch->at + 1;
        due = end < due ? end : due;
    }
    return due;
}
