#include "core/why.h"

#include <assert.h>
#include <math.h>

#include "base/err.h"
#include "core/alert.h"
#include "core/compound.h"
#include "core/condition.h"
#include "core/fit.h"
#include "core/fold.h"
#include "core/ingest.h"
#include "core/judge.h"
#include "core/score.h"
#include "core/tier.h"
#include "core/why_needs.h"

/* More of the same event at once than this is no advice. */
#define TIMES_MAX 20

struct asker {
    struct seuil_scratch *scratch;
    const struct seuil_lead *lead;
    const struct seuil_model *model;
    unsigned index;
    seuil_time_ms at;
    double group[SEUIL_GROUPS_MAX]; /* before the clamp */
    struct seuil_why *why;
};

/* ---- what is best ------------------------------------------------------------------------ */

static unsigned rank_of(const struct seuil_way *way)
{
    if (way->waits || way->from != SEUIL_TIME_NONE)
        return way->waits ? 4 : 3;
    return way->shortcut ? 0 : way->times ? 1 : 2;
}

static bool better(const struct seuil_way *a, const struct seuil_way *b)
{
    if (rank_of(a) != rank_of(b))
        return rank_of(a) < rank_of(b);
    return a->times != b->times ? a->times < b->times : a->gain > b->gain;
}

static void add_way(struct seuil_why *why, struct seuil_way way)
{
    unsigned at = why->way_count;

    if (at == SEUIL_WAYS_MAX) {
        if (!better(&way, &why->ways[at - 1]))
            return;
        at--;
    } else {
        why->way_count++;
    }
    while (at > 0 && better(&way, &why->ways[at - 1])) {
        why->ways[at] = why->ways[at - 1];
        at--;
    }
    why->ways[at] = way;
}

/* ---- rules ------------------------------------------------------------------------------- */

static double group_now(const struct asker *asker, const struct seuil_rule *rule, double more)
{
    const struct seuil_group *group = &asker->model->groups[rule->group];

    return seuil_clamp(asker->group[rule->group] + more, group->floor, group->ceiling);
}

/* The points of one event as it happens; of one whose points depend on it nothing is known. */
static double points_of(const struct seuil_rule *rule)
{
    double first = rule->decay.shape == SEUIL_DECAY_STEPS ? rule->decay.steps[0].factor : 1;

    return rule->measure == SEUIL_MEASURE_NONE ? rule->points * first : 0;
}

static bool matches(const struct asker *asker, const struct seuil_condition *when)
{
    return seuil_rules_attributes_match(when, asker->scratch->rules, asker->scratch->values);
}

/* Of a hidden rule nobody has heard. */
static bool counts(const struct asker *asker, const struct seuil_rule *rule)
{
    return (rule->role == SEUIL_ROLE_POINTS ||
            (rule->role >= SEUIL_ROLE_TOGETHER && rule->role <= SEUIL_ROLE_ABSENCE)) &&
           rule->group < asker->model->group_count;
}

/* Not before when @rule can be awarded: a silence must go on, someone who comes back must have been
 * away. NONE: now; NEVER: nobody can say. */
static seuil_time_ms awarded_from(const struct seuil_tally *tally, const struct seuil_rule *rule,
                                  seuil_time_ms at)
{
    unsigned known = seuil_bits(tally->moments);
    seuil_time_ms from;

    if (rule->role == SEUIL_ROLE_ABSENCE) {
        from = seuil_silence_due(tally, rule);
        return from > at ? from : SEUIL_TIME_NEVER;
    }
    if (rule->role != SEUIL_ROLE_POINTS || !rule->recency_after || known == 0)
        return SEUIL_TIME_NONE;
    from = tally->moment[known - 1] + rule->recency_ms + 1;
    return from > at ? from : SEUIL_TIME_NONE;
}

/* The newest of the last objects that was not met yet; 0: there is none. */
static uint32_t unmet(const struct seuil_tally *tally, const struct seuil_rule *rule)
{
    for (unsigned i = tally->windows; i-- > 0 && i + rule->of >= tally->windows;)
        if (!(tally->met >> i & 1))
            return tally->window[i];
    return 0;
}

/* The legs that are missing, each once. */
static uint32_t ask_together(struct seuil_tally *tally, const struct seuil_rule *rule,
                             seuil_time_ms at)
{
    unsigned missing = 0;

    for (unsigned i = 0; i < rule->leg_count; i++)
        if (!(tally->moments >> i & 1) || at - tally->moment[i] > rule->within_ms)
            missing |= 1u << i;
    missing = missing ? missing : 1;
    return seuil_compound_step(tally, rule, at, missing, 0) ? seuil_bits(missing) : 0;
}

/* The fewest legs at its end. */
static uint32_t ask_sequence(struct seuil_tally *tally, const struct seuil_rule *rule,
                             seuil_time_ms at)
{
    struct seuil_tally tried;

    for (unsigned begin = rule->leg_count; begin-- > 0;) {
        bool fires = false;

        seuil_tally_clear(&tried);
        seuil_tally_copy(&tried, tally);
        for (unsigned i = begin; i < rule->leg_count; i++)
            fires = seuil_compound_step(&tried, rule, at, 1u << i, 0);
        if (!fires)
            continue;
        seuil_tally_copy(tally, &tried);
        return rule->leg_count - begin;
    }
    return 0;
}

/* Events until @rule may be awarded once more, all of them now; 0: none would do. @fresh: an object
 * that it does not know. */
static uint32_t ask_award(struct seuil_tally *tally, const struct seuil_rule *rule,
                          seuil_time_ms at, uint32_t fresh)
{
    uint32_t events = 0, most = rule->frequency > 2 ? rule->frequency : 2, object;

    switch (rule->role) {
    case SEUIL_ROLE_TOGETHER:
        return ask_together(tally, rule, at);
    case SEUIL_ROLE_SEQUENCE:
        return ask_sequence(tally, rule, at);
    case SEUIL_ROLE_LAST:
        while (events++ < rule->of) {
            object = unmet(tally, rule);
            if (seuil_compound_step(tally, rule, at,
                                    object ? SEUIL_LEG_ANSWER : SEUIL_LEG_OF | SEUIL_LEG_ANSWER,
                                    object ? object : fresh - events))
                return events;
        }
        return 0;
    case SEUIL_ROLE_ABSENCE:
        return 1;
    case SEUIL_ROLE_STREAK:
        while (events++ < rule->times)
            if (seuil_compound_step(tally, rule, at, SEUIL_LEG_OF, 0))
                return events;
        return 0;
    default:
        if (rule->frequency <= 1 && !rule->recency_ms)
            return 1;
        while (events++ < most)
            if (seuil_frequency_step(tally, rule, at))
                return events;
        return 0;
    }
}

/* Awards of @rule at once, each on an object of its own, until the limits refuse one or the mark is
 * met. */
static void ask_rule(struct asker *asker, const struct seuil_rule *rule)
{
    const struct seuil_folding folding = {.scratch = asker->scratch,
                                          .evidence = &asker->lead->evidence};
    unsigned slot = seuil_evidence_find_rule(&asker->lead->evidence, rule->key);
    double points = points_of(rule), now = group_now(asker, rule, 0);
    struct seuil_way way = {.name = rule->name, .label = rule->label};
    struct seuil_tally tally;
    seuil_time_ms at = asker->at;
    uint32_t events = 0;

    way.waits = rule->counts_while && !matches(asker, rule->counts_while);
    if (way.waits)
        seuil_why_needs(asker->scratch, rule->counts_while, &way.needs);
    seuil_tally_clear(&tally);
    if (slot != SEUIL_NO_SLOT && asker->scratch->rule_of[slot] != SEUIL_NO_RULE)
        seuil_tally_copy(&tally, seuil_fold_peek(&folding, slot));
    way.from = awarded_from(&tally, rule, at);
    way.silent = rule->role == SEUIL_ROLE_ABSENCE;
    if (way.from == SEUIL_TIME_NEVER)
        return;
    if (way.from != SEUIL_TIME_NONE)
        at = way.from;
    for (unsigned i = 1; i <= (at == asker->at ? TIMES_MAX : 1) && way.times == 0; i++) {
        uint32_t more = ask_award(&tally, rule, at, UINT32_MAX - 64 * i);

        if (more == 0 || !seuil_tally_fold(&tally, rule, at, UINT32_MAX - i, 0))
            break;
        events += more;
        if (i == 1) {
            way.events = way.silent ? 0 : more;
            way.gain = group_now(asker, rule, points) - now;
            way.shortcut = rule->shortcut >= asker->why->tier;
        }
        if (way.shortcut || (!way.waits && !asker->why->closed && points > 0 &&
                             group_now(asker, rule, points * i) - now >= asker->why->missing))
            way.times = events;
    }
    if (way.gain > 0 || way.shortcut)
        add_way(asker->why, way);
}

/* ---- fit --------------------------------------------------------------------------------- */

/* The most that @criterion could give. */
static double most_of(const struct seuil_criterion *criterion)
{
    double most = criterion->points;

    if (criterion->number)
        return criterion->ceiling;
    for (unsigned i = 0; i < criterion->case_count; i++)
        most = criterion->cases[i].points > most ? criterion->cases[i].points : most;
    return most;
}

static void ask_criterion(struct asker *asker, const struct seuil_criterion *criterion)
{
    const struct seuil_model *model = asker->model;
    const struct seuil_model_view *view = &asker->scratch->model[asker->index];
    double more = (most_of(criterion) - seuil_fit_value(asker->scratch, criterion)) *
                  seuil_fit_share(model, criterion);
    struct seuil_way way = {.name = criterion->name,
                            .label = criterion->label,
                            .profile = true,
                            .from = SEUIL_TIME_NONE};

    way.gain = seuil_clamp(view->fit_raw + more, model->fit_floor, model->fit_ceiling) - view->fit;
    if (way.gain > 0)
        add_way(asker->why, way);
}

/* ---- the answer -------------------------------------------------------------------------- */

static void ask_all(struct asker *asker)
{
    const struct seuil_models *models = asker->scratch->models;
    const struct seuil_model_view *view = &asker->scratch->model[asker->index];

    for (unsigned i = 0; i < asker->model->group_count; i++)
        asker->group[i] = 0;
    for (unsigned i = 0; i < view->term_count; i++) {
        const struct seuil_term *term = &asker->scratch->terms[view->term_first + i];

        if (term->rule->group < asker->model->group_count)
            asker->group[term->rule->group] +=
                term->rule->points * seuil_term_value(asker->scratch, term, asker->at);
    }
    seuil_fit_load(asker->scratch, &asker->lead->evidence);
    if (asker->model->conditional)
        seuil_fit_conditions(asker->scratch, asker->model, &asker->scratch->model[asker->index]);
    for (unsigned i = 0; i < asker->model->rule_count; i++) {
        const struct seuil_rule *rule = &models->rules[asker->model->rule_first + i];

        if (counts(asker, rule))
            ask_rule(asker, rule);
    }
    for (unsigned i = 0; i < asker->model->fit_count; i++)
        ask_criterion(asker, &asker->model->fit[i]);
}

/* What would make the condition of the tier hold. */
static void ask_condition(struct asker *asker, const struct seuil_tier *tier)
{
    static const char letters[] = "ABCD";
    struct seuil_value *grade = &asker->scratch->values[SEUIL_STANDING_GRADE];
    struct seuil_value *status = &asker->scratch->values[SEUIL_STANDING_STATUS];
    const struct seuil_value was = *grade,
                             open = {.type = SEUIL_TYPE_STRING, .s = SEUIL_STR(SEUIL_STATUS_OPEN)};
    double fit = asker->scratch->model[asker->index].fit;

    if (!tier->when)
        return;
    seuil_why_needs(asker->scratch, tier->when, &asker->why->needs);
    for (unsigned i = SEUIL_GRADES - 1;
         i-- > 0 && asker->model->has_letters && !asker->why->letter;) {
        if (fit >= asker->model->letters[i])
            continue;
        *grade = (struct seuil_value){.type = SEUIL_TYPE_STRING, .s = {letters + i, 1}};
        if (!matches(asker, tier->when))
            continue;
        asker->why->letter = letters[i];
        asker->why->letter_missing = asker->model->letters[i] - fit;
    }
    *grade = was;
    *status = open;
    asker->why->reopened = asker->scratch->model[asker->index].status && matches(asker, tier->when);
}

static void find_next(struct asker *asker, struct seuil_standing standing)
{
    struct seuil_why *why = asker->why;
    const struct seuil_model *model = asker->model;
    uint32_t open = asker->scratch->model[asker->index].open;
    struct seuil_score score;
    unsigned next = standing.under + 1u;

    if (why->excluded || why->frozen || next >= model->tier_count)
        return;
    while (next + 1 < model->tier_count && !(open >> next & 1))
        next++;
    if (!(open >> next & 1)) {
        next = standing.under + 1u;
        why->closed = true;
    }
    seuil_score_at(asker->scratch, asker->lead, asker->index, asker->at, &score);
    why->tier = (uint8_t)next;
    why->missing = model->tiers[next].entry - seuil_score_total(&score);
    if (model->tiers[next].strict && why->missing == 0)
        why->missing = 1 / SEUIL_GRID;
    ask_all(asker);
    if (why->closed)
        ask_condition(asker, &model->tiers[next]);
}

int seuil_engine_why(const struct seuil_models *models, struct seuil_scratch *scratch,
                     const struct seuil_lead *lead, uint16_t model, seuil_time_ms at,
                     struct seuil_why *ret_why)
{
    struct asker asker = {.scratch = scratch,
                          .lead = lead,
                          .model = &models->models[model],
                          .index = model,
                          .why = ret_why};
    seuil_time_ms floor = seuil_fold_point(&lead->evidence, models->horizon_ms).time;
    struct seuil_standing standing;
    unsigned held;

    assert(scratch->models == models && model < models->model_count);
    asker.at = at < floor ? floor : at;
    *ret_why = (struct seuil_why){.held_until = SEUIL_TIME_NONE, .told_at = SEUIL_TIME_NEVER};
    if (lead->tombstone)
        return 0;
    seuil_scratch_bind_const(scratch, lead);
    seuil_scratch_view(scratch, lead, asker.at);
    standing = seuil_judge_standing(scratch, lead, model);
    if (at != lead->clock)
        standing = seuil_judge_next(scratch, lead, model, standing, asker.at);
    ret_why->excluded = standing.excluded;
    ret_why->frozen = scratch->model[model].still != SEUIL_TIME_NEVER;
    held = seuil_tier_held(scratch, model, asker.at);
    if (held > 0 && held == standing.under)
        ret_why->held_until = scratch->held_until[model][held];
    for (unsigned i = 0; i < lead->automaton_count; i++)
        if (lead->automata[i].model == asker.model->key)
            ret_why->told_at = seuil_alert_due(scratch, model, &lead->automata[i]);
    if (standing.excluded)
        seuil_why_bars(scratch, lead, model, asker.at, ret_why);
    find_next(&asker, standing);
    return at < floor ? SEUIL_ERR_LATE : 0;
}
