#include "core/explain.h"

#include <math.h>

#include "core/fit.h"
#include "core/score.h"

/* The lines that are shown, the largest first; what does not fit is summed up in a last one. */
struct gather {
    struct seuil_explanation *out;
    double now[SEUIL_LINES_MAX + 1]; /* exact, by line */
    uint32_t rest_count, rest_lines;
    double rest_points, rest_now;
};

static void fold_into_rest(struct gather *gather, const struct seuil_line *line, double now)
{
    gather->rest_lines++;
    gather->rest_count += line->count;
    gather->rest_points += line->points;
    gather->rest_now += now;
}

/* Lines of equal size stay in the order they came. */
static void add_line(struct gather *gather, struct seuil_line line, double now)
{
    struct seuil_explanation *out = gather->out;
    unsigned at = out->line_count;

    if (at == SEUIL_LINES_MAX) {
        if (fabs(gather->now[at - 1]) >= fabs(now)) {
            fold_into_rest(gather, &line, now);
            return;
        }
        at--;
        fold_into_rest(gather, &out->lines[at], gather->now[at]);
    } else {
        out->line_count++;
    }
    while (at > 0 && fabs(gather->now[at - 1]) < fabs(now)) {
        out->lines[at] = out->lines[at - 1];
        gather->now[at] = gather->now[at - 1];
        at--;
    }
    out->lines[at] = line;
    gather->now[at] = now;
}

static const char *limit_name(const struct seuil_rule *rule, unsigned limited)
{
    static const char *const periods[] = {"day", "week", "month"};
    const struct seuil_limit *limit;

    if (!limited)
        return "";
    limit = &rule->limits[__builtin_ctz(limited)];
    switch (limit->kind) {
    case SEUIL_LIMIT_LEAD:
        return "lead";
    case SEUIL_LIMIT_OBJECT:
        return "object";
    case SEUIL_LIMIT_CALENDAR:
        return periods[limit->period];
    default:
        return "rolling";
    }
}

static void add_clamp(struct gather *gather, const char *name, const char *label, double raw,
                      double low, double high)
{
    if (raw >= low && raw <= high)
        return;
    add_line(gather,
             (struct seuil_line){
                 .rule = name, .label = label, .limited_by = raw < low ? "floor" : "ceiling"},
             seuil_clamp(raw, low, high) - raw);
}

static void add_rules(struct gather *gather, struct seuil_scratch *scratch, unsigned model,
                      seuil_time_ms at)
{
    const struct seuil_model *rules = &scratch->models->models[model];
    const struct seuil_model_view *view = &scratch->model[model];
    double group[SEUIL_GROUPS_MAX] = {0};

    for (unsigned i = 0; i < view->term_count; i++) {
        const struct seuil_term *term = &scratch->terms[view->term_first + i];
        const struct seuil_rule *rule = term->rule;
        double now = rule->points * seuil_term_value(scratch, term, at);
        uint32_t awards = seuil_tally_awards(term->tally, rule, at);

        if (rule->group < rules->group_count)
            group[rule->group] += now;
        if (awards > 0 || now != 0)
            add_line(gather,
                     (struct seuil_line){.rule = rule->name,
                                         .label = rule->label,
                                         .count = awards,
                                         .points = seuil_tally_points(term->tally, rule, at),
                                         .limited_by = limit_name(rule, term->tally->limited)},
                     now);
    }
    for (unsigned i = 0; i < rules->group_count; i++)
        add_clamp(gather, rules->groups[i].name, rules->groups[i].label, group[i],
                  rules->groups[i].floor, rules->groups[i].ceiling);
}

static void add_criteria(struct gather *gather, struct seuil_scratch *scratch,
                         const struct seuil_criterion *criteria, unsigned count)
{
    for (unsigned i = 0; i < count; i++)
        if (seuil_rules_attributes_match(criteria[i].when, scratch->rules, scratch->values))
            add_line(gather,
                     (struct seuil_line){.rule = criteria[i].name,
                                         .label = criteria[i].label,
                                         .points = criteria[i].points,
                                         .limited_by = ""},
                     criteria[i].points);
}

static void add_fit(struct gather *gather, struct seuil_scratch *scratch,
                    const struct seuil_model *model)
{
    for (unsigned i = 0; i < model->fit_count; i++) {
        const struct seuil_criterion *criterion = &model->fit[i];
        double points = seuil_fit_value(scratch, criterion) * seuil_fit_share(model, criterion);

        if (points != 0 ||
            (criterion->when && criterion->case_count == 0 && criterion->number == 0 &&
             criterion->points == 0 &&
             seuil_rules_attributes_match(criterion->when, scratch->rules, scratch->values)))
            add_line(gather,
                     (struct seuil_line){.rule = criterion->name,
                                         .label = criterion->label,
                                         .points = points,
                                         .limited_by = ""},
                     points);
    }
}

/* Of a lead that stands still only the sum is known. */
static void add_whole(struct gather *gather, const char *name, double points)
{
    if (points != 0)
        add_line(
            gather,
            (struct seuil_line){.rule = name, .label = name, .points = points, .limited_by = ""},
            points);
}

static void add_adjustments(struct gather *gather, const struct seuil_evidence *evidence,
                            seuil_time_ms at)
{
    struct seuil_line line = {.rule = "adjustment", .label = "adjustment", .limited_by = ""};

    for (unsigned i = 0; i < evidence->adjustment_count; i++)
        if (evidence->adjustments[i].key.time <= at && at < evidence->adjustments[i].until)
            line.count++;
    line.points = seuil_manual_at(evidence, at);
    if (line.count)
        add_line(gather, line, line.points);
}

/* ---- rounding ---------------------------------------------------------------------------- */

/* Whether a mark lies between @a and @b, both on the grid. */
static bool is_parted(double a, double b, struct seuil_stay stay)
{
    return (a < stay.low) != (b < stay.low) || (a > stay.high) != (b > stay.high);
}

/* @total in cents: half up, unless a mark lies between it and the rounded one. */
static double round_score(double total, struct seuil_stay stay)
{
    double exact = seuil_on_grid(total), cents = floor(total * 100 + 0.5), other;

    if (!is_parted(exact, seuil_on_grid(cents / 100), stay))
        return cents;
    other = cents > total * 100 ? cents - 1 : cents + 1;
    return is_parted(exact, seuil_on_grid(other / 100), stay) ? cents : other;
}

/* Give each line its cents: rounded down, then what is missing goes to the largest remainders, or
 * what is too much comes from the smallest. */
static void round_lines(const struct gather *gather, double total_cents)
{
    struct seuil_explanation *out = gather->out;
    double remainder[SEUIL_LINES_MAX + 1], sum = 0;
    int missing;

    for (unsigned i = 0; i < out->line_count; i++) {
        double cents = gather->now[i] * 100, down = floor(cents);

        remainder[i] = cents - down;
        out->lines[i].now = down;
        sum += down;
    }
    /* Beyond a few cents the numbers are too large for cents to mean anything. */
    missing = fabs(total_cents - sum) <= 2 * (SEUIL_LINES_MAX + 1) ? (int)(total_cents - sum) : 0;
    while (missing != 0 && out->line_count > 0) {
        unsigned chosen = 0;

        for (unsigned i = 1; i < out->line_count; i++)
            if (missing > 0 ? remainder[i] > remainder[chosen] : remainder[i] < remainder[chosen])
                chosen = i;
        out->lines[chosen].now += missing > 0 ? 1 : -1;
        remainder[chosen] += missing > 0 ? -1 : 1;
        missing += missing > 0 ? -1 : 1;
    }
    for (unsigned i = 0; i < out->line_count; i++)
        out->lines[i].now = out->lines[i].now / 100 + 0.0; /* no -0 */
}

void seuil_explain_view(struct seuil_scratch *scratch, const struct seuil_lead *lead,
                        unsigned model, bool excluded, struct seuil_stay bounds, seuil_time_ms at,
                        struct seuil_explanation *ret_explanation)
{
    const struct seuil_model *rules = &scratch->models->models[model];
    const struct seuil_model_view *view = &scratch->model[model];
    struct gather gather = {.out = ret_explanation};
    struct seuil_score score;
    double cents;

    ret_explanation->line_count = 0;
    if (at > view->still)
        at = view->still;
    seuil_score_at(scratch, lead, model, at, &score);
    if (!lead->tombstone) {
        seuil_fit_load(scratch, &lead->evidence);
        if (view->stands) {
            add_whole(&gather, "fit", view->fit);
        } else {
            add_fit(&gather, scratch, rules);
            add_clamp(&gather, "fit", "fit", view->fit_raw, rules->fit_floor, rules->fit_ceiling);
        }
        add_rules(&gather, scratch, model, at);
        if (view->stands)
            add_whole(&gather, "exclusions", view->exclusion);
        else
            add_criteria(&gather, scratch, rules->exclusions, rules->exclusion_count);
        add_adjustments(&gather, &lead->evidence, at);
    }
    if (gather.rest_lines > 0) {
        ret_explanation->lines[ret_explanation->line_count] =
            (struct seuil_line){.rule = "others",
                                .label = "others",
                                .count = gather.rest_count,
                                .points = gather.rest_points,
                                .limited_by = ""};
        gather.now[ret_explanation->line_count++] = gather.rest_now;
    }
    ret_explanation->exact = seuil_score_total(&score) + 0.0;
    cents = ret_explanation->line_count ? round_score(ret_explanation->exact, bounds) : 0;
    ret_explanation->score = cents / 100 + 0.0;
    ret_explanation->fit = floor(score.fit * 100 + 0.5) / 100 + 0.0;
    ret_explanation->completeness = lead->tombstone ? 0 : seuil_fit_completeness(scratch, rules);
    seuil_fit_grade(rules, excluded, score.fit, score.behaviour, ret_explanation->grade);
    round_lines(&gather, cents);
}
