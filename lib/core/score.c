#include "core/score.h"

#include "core/idle.h"

/* The fractional part of the age is one exp2 for each half-life; the whole part is exact. */
static void set_half_factors(struct seuil_scratch *scratch, seuil_time_ms at)
{
    for (unsigned i = 0; i < scratch->half_count; i++) {
        int64_t half_life = scratch->halves[i], whole = seuil_floor_div(at, half_life);

        scratch->half_whole[i] = whole;
        scratch->half_factor[i] = exp2(-(double)(at - whole * half_life) / (double)half_life);
    }
    scratch->half_at = at;
}

double seuil_term_look(struct seuil_scratch *scratch, const struct seuil_term *term,
                       seuil_time_ms at)
{
    if (term->is_idle) {
        const struct seuil_scope *scope = &scratch->scopes[term->scope];

        return term->sum * seuil_idle_factor(scope->decay, scope->worth, scope->last, at);
    }
    if (!term->is_half)
        return seuil_tally_value(term->tally, term->rule, at);
    set_half_factors(scratch, at);
    return seuil_term_value(scratch, term, at);
}

double seuil_manual_at(const struct seuil_evidence *evidence, seuil_time_ms at)
{
    double sum = 0;

    for (unsigned i = 0; i < evidence->adjustment_count; i++)
        if (evidence->adjustments[i].key.time <= at && at < evidence->adjustments[i].until)
            sum += evidence->adjustments[i].points;
    return sum;
}

void seuil_score_at(struct seuil_scratch *scratch, const struct seuil_lead *lead, unsigned model,
                    seuil_time_ms at, struct seuil_score *ret_score)
{
    const struct seuil_model *rules = &scratch->models->models[model];
    const struct seuil_model_view *view = &scratch->model[model];
    double group[SEUIL_GROUPS_MAX], behaviour = 0, exclusion = view->exclusion;

    if (at > view->still)
        at = view->still;
    for (unsigned i = 0; i < rules->group_count; i++)
        group[i] = 0;
    for (unsigned i = 0; i < view->term_count; i++) {
        const struct seuil_term *term = &scratch->terms[view->term_first + i];
        double points = term->rule->points * seuil_term_value(scratch, term, at);

        if (term->rule->group == SEUIL_GROUP_EXCLUSION)
            exclusion += points;
        else if (term->rule->group == SEUIL_GROUP_NONE)
            behaviour += points;
        else
            group[term->rule->group] += points;
    }
    for (unsigned i = 0; i < rules->group_count; i++)
        behaviour += seuil_clamp(group[i], rules->groups[i].floor, rules->groups[i].ceiling);
    ret_score->fit = view->fit;
    ret_score->exclusion = exclusion;
    ret_score->behaviour = behaviour;
    ret_score->manual = lead->tombstone ? 0 : seuil_manual_at(&lead->evidence, at);
}
