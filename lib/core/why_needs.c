#include "core/why_needs.h"

#include "core/condition.h"
#include "core/fit.h"
#include "core/score.h"

/* ---- conditions -------------------------------------------------------------------------- */

static bool holds(const struct seuil_scratch *scratch, const struct seuil_condition *when)
{
    return seuil_rules_attributes_match(when, scratch->rules, scratch->values);
}

static void add_need(const struct seuil_scratch *scratch, const struct seuil_condition *test,
                     bool against, struct seuil_needs *needs)
{
    if (needs->count == SEUIL_NEEDS_MAX)
        return;
    needs->list[needs->count++] =
        (struct seuil_need){.name = test->attribute == SEUIL_STANDING_GRADE ? "grade"
                                    : test->attribute == SEUIL_STANDING_STATUS
                                        ? "status"
                                        : scratch->models->attributes[test->attribute].name,
                            .test = test,
                            .against = against,
                            .unknown = scratch->values[test->attribute].type == SEUIL_TYPE_NULL};
}

static void turn(const struct seuil_scratch *scratch, const struct seuil_condition *when,
                 bool wanted, struct seuil_needs *needs);

/* One child is enough: that with the fewest tests. */
static void turn_one(const struct seuil_scratch *scratch, const struct seuil_condition *when,
                     bool wanted, struct seuil_needs *needs)
{
    struct seuil_needs best = {.count = SEUIL_NEEDS_MAX + 1};

    for (uint32_t i = 0; i < when->count; i++) {
        struct seuil_needs tried = {0};

        turn(scratch, &when->children[i], wanted, &tried);
        if (tried.count < best.count)
            best = tried;
    }
    for (uint32_t i = 0; i < best.count && best.count <= SEUIL_NEEDS_MAX; i++)
        if (needs->count < SEUIL_NEEDS_MAX)
            needs->list[needs->count++] = best.list[i];
}

static void turn(const struct seuil_scratch *scratch, const struct seuil_condition *when,
                 bool wanted, struct seuil_needs *needs)
{
    if (holds(scratch, when) == wanted)
        return;
    if (when->op > SEUIL_COND_NOT) {
        add_need(scratch, when, !wanted, needs);
    } else if (when->op == SEUIL_COND_NOT) {
        turn(scratch, &when->children[0], !wanted, needs);
    } else if ((when->op == SEUIL_COND_ANY) == wanted) {
        turn_one(scratch, when, wanted, needs);
    } else {
        for (uint32_t i = 0; i < when->count; i++)
            turn(scratch, &when->children[i], wanted, needs);
    }
}

void seuil_why_needs(const struct seuil_scratch *scratch, const struct seuil_condition *when,
                     struct seuil_needs *ret_needs)
{
    ret_needs->count = 0;
    turn(scratch, when, true, ret_needs);
}

/* ---- exclusions -------------------------------------------------------------------------- */

static void add_bar(struct seuil_why *why, struct seuil_bar bar)
{
    unsigned at = why->bar_count;

    if (at == SEUIL_WAYS_MAX) {
        if (why->bars[at - 1].points <= bar.points)
            return;
        at--;
    } else {
        why->bar_count++;
    }
    while (at > 0 && bar.points < why->bars[at - 1].points) {
        why->bars[at] = why->bars[at - 1];
        at--;
    }
    why->bars[at] = bar;
}

void seuil_why_bars(struct seuil_scratch *scratch, const struct seuil_lead *lead, unsigned index,
                    seuil_time_ms at, struct seuil_why *why)
{
    const struct seuil_model *model = &scratch->models->models[index];
    const struct seuil_model_view *view = &scratch->model[index];

    why->barred = view->barred;
    why->exclusion = view->exclusion;
    seuil_fit_load(scratch, &lead->evidence);
    for (unsigned i = 0; i < model->exclusion_count; i++) {
        const struct seuil_criterion *bar = &model->exclusions[i];

        if (bar->points < 0 && holds(scratch, bar->when))
            add_bar(why, (struct seuil_bar){.name = bar->name,
                                            .label = bar->label,
                                            .points = bar->points,
                                            .profile = true});
    }
    for (unsigned i = 0; i < view->term_count; i++) {
        const struct seuil_term *term = &scratch->terms[view->term_first + i];
        double points;

        if (term->rule->group != SEUIL_GROUP_EXCLUSION)
            continue;
        points = term->rule->points * seuil_term_value(scratch, term, at);
        why->exclusion += points;
        if (points < 0)
            add_bar(why, (struct seuil_bar){.name = term->rule->name,
                                            .label = term->rule->label,
                                            .points = points});
    }
    for (unsigned i = 0; i < why->bar_count; i++)
        why->bars[i].enough =
            !why->barred && why->exclusion - why->bars[i].points > model->exclusion_mark;
}
