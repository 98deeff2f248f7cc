/* Can the marks of a model be reached at all? Bounds from above, so that only what is certain is
 * refused. Points given by hand are left out: a model must work without them. */

#include <math.h>

#include "conf/model_read.h"

/* The most that limits of a rule allow it to award while nothing has decayed. */
static double most_awards(const struct seuil_rule *rule)
{
    double most = INFINITY;

    for (uint8_t i = 0; i < rule->limit_count; i++)
        if (rule->limits[i].kind == SEUIL_LIMIT_LEAD && rule->limits[i].count < most)
            most = rule->limits[i].count;
    return most;
}

/* The most that one award gives. */
static double most_points(const struct seuil_rule *rule)
{
    switch (rule->measure) {
    case SEUIL_MEASURE_NUMBER:
        return rule->factor == 0 ? 0 : rule->ceiling;
    case SEUIL_MEASURE_FILLED:
        return fmin(fmax(rule->factor, 0) * rule->measured_count, rule->ceiling);
    default:
        return rule->points;
    }
}

static double clamp(double value, double floor, double ceiling)
{
    return value < floor ? floor : value > ceiling ? ceiling : value;
}

static double most_of(const struct seuil_model *model, const struct seuil_criterion *criterion)
{
    double most = fmax(criterion->points, 0);

    for (uint16_t i = 0; i < criterion->case_count; i++)
        most = fmax(most, criterion->cases[i].points);
    if (criterion->number)
        most = criterion->ceiling;
    return model->weights > 0 ? most * criterion->weight / model->weights : most;
}

/* The most that fit adds up to. Of criteria that exclude each other only one counts: the best, and
 * the first of equals. */
static double most_fit(const struct seuil_model_reader *reader)
{
    const struct seuil_model *model = reader->model;
    uint32_t sets[SEUIL_FIT_MAX];
    double sum = 0;

    for (uint16_t i = 0; i < model->fit_count; i++)
        sets[i] = seuil_model_exclusive_set(reader, model->fit[i].when);
    for (uint16_t i = 0; i < model->fit_count; i++) {
        double most = most_of(model, &model->fit[i]);
        bool best = true;

        for (uint16_t k = 0; best && sets[i] != UINT32_MAX && k < model->fit_count; k++) {
            double other = sets[k] == sets[i] ? most_of(model, &model->fit[k]) : -INFINITY;

            best = k == i || other < most || (other == most && k > i);
        }
        sum += best ? most : 0;
    }
    return sum;
}

static double highest_score(const struct seuil_model_reader *reader)
{
    const struct seuil_model *model = reader->model;
    const struct seuil_rule *rules = reader->rules.list;
    double sum, total = clamp(most_fit(reader), model->fit_floor, model->fit_ceiling);

    for (uint16_t g = 0; g < model->group_count; g++) {
        sum = 0;
        for (uint32_t i = model->rule_first; i < model->rule_first + model->rule_count; i++)
            if (rules[i].group == g && most_points(&rules[i]) > 0)
                sum += most_points(&rules[i]) * most_awards(&rules[i]);
        total += clamp(sum, model->groups[g].floor, model->groups[g].ceiling);
    }
    return total;
}

/* Whether a rule puts leads into tier @at, or into a higher one, from which they may fall to it at
 * the end of the hold with the score @highest. */
static bool by_shortcut(const struct seuil_model_reader *reader, uint16_t at, double highest)
{
    const struct seuil_model *model = reader->model;
    const struct seuil_rule *rules = reader->rules.list;
    bool held = highest >= model->tiers[at].exit; /* no exit mark: not a number, so not */

    for (uint32_t i = model->rule_first; i < model->rule_first + model->rule_count; i++)
        if (rules[i].shortcut == at || (rules[i].shortcut > at && held))
            return true;
    return false;
}

static double lowest_exclusion(const struct seuil_model_reader *reader)
{
    const struct seuil_model *model = reader->model;
    const struct seuil_rule *rules = reader->rules.list;
    double sum = 0;

    for (uint16_t i = 0; i < model->exclusion_count; i++)
        sum += fmin(model->exclusions[i].points, 0);
    for (uint32_t i = model->rule_first; i < model->rule_first + model->rule_count; i++)
        if (rules[i].group == SEUIL_GROUP_EXCLUSION && rules[i].points < 0)
            sum += rules[i].points * most_awards(&rules[i]);
    return sum;
}

void seuil_model_reach(struct seuil_model_reader *reader)
{
    const struct seuil_model *model = reader->model;
    const struct seuil_yaml_node *tiers = seuil_yaml_find(reader->root, "tiers");
    const struct seuil_yaml_node *excluded = seuil_yaml_find(reader->root, "excluded");
    double highest = highest_score(reader), lowest = lowest_exclusion(reader);

    for (uint16_t i = 1; i < model->tier_count; i++) {
        const struct seuil_tier *tier = &model->tiers[i];

        if ((tier->strict ? highest > tier->entry : highest >= tier->entry) ||
            by_shortcut(reader, i, highest))
            continue;
        seuil_model_error(reader, seuil_yaml_find(&tiers->items[i], "entry"), SEUIL_ERR_INVALID,
                          "no lead can reach tier \"%s\": the highest score that rules, ceilings "
                          "and fit allow is %g%s",
                          tier->name, highest,
                          highest == tier->entry ? ", and strict wants more than the mark" : "");
    }
    if (excluded && lowest > model->exclusion_mark)
        seuil_model_error(reader, seuil_yaml_find(excluded, "mark"), SEUIL_ERR_INVALID,
                          "no lead can be excluded: all exclusions together give %g, the mark is "
                          "%g",
                          lowest, model->exclusion_mark);
}
