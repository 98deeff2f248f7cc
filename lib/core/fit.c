#include "core/fit.h"

#include <math.h>
#include <string.h>

#include "core/condition.h"
#include "core/score.h"

void seuil_fit_load(struct seuil_scratch *scratch, const struct seuil_evidence *evidence)
{
    const struct seuil_models *models = scratch->models;

    for (unsigned i = 0; i < models->attribute_count; i++) {
        struct seuil_value *value = &scratch->values[i];

        value->type = SEUIL_TYPE_NULL;
        for (unsigned j = 0; j < evidence->attribute_count; j++) {
            const struct seuil_attribute_value *from = &evidence->attributes[j];

            if (from->key != models->attributes[i].key)
                continue;
            value->type = from->type;
            if (from->type == SEUIL_TYPE_STRING)
                value->s = (struct seuil_str){from->s, from->len};
            else if (from->type == SEUIL_TYPE_BOOL)
                value->b = from->b;
            else if (from->type == SEUIL_TYPE_INT)
                value->i = from->i;
            else if (from->type == SEUIL_TYPE_DOUBLE)
                value->d = from->d;
            break;
        }
    }
}

static bool matches(struct seuil_scratch *scratch, const struct seuil_condition *when)
{
    return seuil_rules_attributes_match(when, scratch->rules, scratch->values);
}

/* A number of the profile, or a text that is one. */
static bool number_of(const struct seuil_value *value, double *ret_number)
{
    if (value->type == SEUIL_TYPE_INT)
        *ret_number = (double)value->i;
    else if (value->type == SEUIL_TYPE_DOUBLE)
        *ret_number = value->d;
    else if (value->type != SEUIL_TYPE_STRING || !seuil_text_number(value->s, ret_number))
        return false;
    return true;
}

double seuil_fit_value(struct seuil_scratch *scratch, const struct seuil_criterion *criterion)
{
    double number;

    if (criterion->when && !matches(scratch, criterion->when))
        return 0;
    for (unsigned i = 0; i < criterion->case_count; i++)
        if (matches(scratch, criterion->cases[i].when))
            return criterion->cases[i].points;
    if (criterion->case_count > 0)
        return 0;
    if (criterion->number == 0)
        return criterion->points;
    if (!number_of(&scratch->values[criterion->number - 1], &number))
        return 0;
    number *= criterion->factor;
    return seuil_clamp(number, -criterion->ceiling, criterion->ceiling);
}

double seuil_fit_share(const struct seuil_model *model, const struct seuil_criterion *criterion)
{
    return model->weights > 0 ? criterion->weight / model->weights : 1;
}

void seuil_fit_evaluate(struct seuil_scratch *scratch, const struct seuil_model *model,
                        struct seuil_model_view *view)
{
    double fit = 0, exclusion = 0;

    for (unsigned i = 0; i < model->fit_count; i++)
        fit += seuil_fit_value(scratch, &model->fit[i]) * seuil_fit_share(model, &model->fit[i]);
    for (unsigned i = 0; i < model->exclusion_count; i++)
        if (matches(scratch, model->exclusions[i].when))
            exclusion += model->exclusions[i].points;
    view->fit_raw = fit;
    view->fit = seuil_clamp(fit, model->fit_floor, model->fit_ceiling);
    view->exclusion = exclusion;
    view->open = UINT32_MAX;
}

/* ---- completeness ------------------------------------------------------------------------ */

static bool known(const struct seuil_scratch *scratch, const struct seuil_condition *when)
{
    if (!when)
        return true;
    if (when->op > SEUIL_COND_NOT)
        return scratch->values[when->attribute].type != SEUIL_TYPE_NULL;
    for (uint32_t i = 0; i < when->count; i++)
        if (!known(scratch, &when->children[i]))
            return false;
    return true;
}

static bool criterion_known(const struct seuil_scratch *scratch,
                            const struct seuil_criterion *criterion)
{
    for (unsigned i = 0; i < criterion->case_count; i++)
        if (!known(scratch, criterion->cases[i].when))
            return false;
    return known(scratch, criterion->when) &&
           (criterion->number == 0 ||
            scratch->values[criterion->number - 1].type != SEUIL_TYPE_NULL);
}

double seuil_fit_completeness(const struct seuil_scratch *scratch, const struct seuil_model *model)
{
    unsigned count = 0;

    for (unsigned i = 0; i < model->fit_count; i++)
        count += criterion_known(scratch, &model->fit[i]);
    return model->fit_count ? (double)count / model->fit_count : 1;
}

/* ---- grades ------------------------------------------------------------------------------ */

/* How many of the three marks, from the highest down, @value stays below. */
static unsigned below(const double *marks, double value)
{
    unsigned i = 0;

    while (i < SEUIL_GRADES - 1 && seuil_on_grid(value) < seuil_on_grid(marks[i]))
        i++;
    return i;
}

void seuil_fit_grade(const struct seuil_model *model, bool excluded, double fit, double behaviour,
                     char ret_grade[SEUIL_GRADE_MAX])
{
    char *at = ret_grade;

    if (excluded && (model->has_letters || model->has_digits)) {
        *at++ = 'X';
    } else {
        if (model->has_letters)
            *at++ = (char)('A' + below(model->letters, fit));
        if (model->has_digits)
            *at++ = (char)('1' + below(model->digits, behaviour));
    }
    *at = '\0';
}

/* ---- conditions on the standing ---------------------------------------------------------- */

static struct seuil_value text_of(const char *text, uint32_t len)
{
    return (struct seuil_value){.type = SEUIL_TYPE_STRING, .s = {text, len}};
}

/* A status is kept as its hash: its text is one of the commands', or the attribute's as it is. */
static struct seuil_value status_text(const struct seuil_scratch *scratch,
                                      const struct seuil_model *model, uint32_t status)
{
    static const char *const given[] = {SEUIL_STATUS_OPEN, SEUIL_STATUS_CUSTOMER,
                                        SEUIL_STATUS_DISQUALIFIED};
    const struct seuil_value *value;

    for (unsigned i = 0; i < sizeof(given) / sizeof(given[0]); i++)
        if (seuil_status_hash(seuil_str_from(given[i])) == status)
            return text_of(given[i], seuil_str_from(given[i]).len);
    value = model->status_rule && model->status_attribute >= 0
                ? &scratch->values[model->status_attribute]
                : NULL;
    if (value && value->type == SEUIL_TYPE_STRING && seuil_status_hash(value->s) == status)
        return *value;
    return (struct seuil_value){0};
}

void seuil_fit_conditions(struct seuil_scratch *scratch, const struct seuil_model *model,
                          struct seuil_model_view *view)
{
    struct seuil_term *terms = &scratch->terms[view->term_first];
    static const char letters[] = "ABCD";
    const char *letter = &letters[below(model->letters, view->fit)];
    unsigned kept = 0;

    scratch->values[SEUIL_STANDING_GRADE] =
        model->has_letters ? text_of(letter, 1) : (struct seuil_value){0};
    scratch->values[SEUIL_STANDING_STATUS] = status_text(scratch, model, view->status);
    view->open = UINT32_MAX;
    for (unsigned i = 0; i < model->tier_count; i++)
        if (model->tiers[i].when && !matches(scratch, model->tiers[i].when))
            view->open &= ~(UINT32_C(1) << i);
    for (unsigned i = 0; i < view->term_count; i++) {
        struct seuil_term term = terms[i];

        if (term.rule->counts_while && !matches(scratch, term.rule->counts_while))
            continue;
        /* Those that do not count now go behind: the lead's expiry minds them. */
        if (kept != i)
            memmove(terms + kept + 1, terms + kept, (i - kept) * sizeof(*terms));
        terms[kept++] = term;
    }
    view->term_count = (uint16_t)kept;
}
