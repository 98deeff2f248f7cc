/* `fit:` and `grades:`. */

#include <math.h>
#include <string.h>

#include "conf/model_read.h"

/* ---- fit ---------------------------------------------------------------------------------- */

/* `points: {field: budget, factor: 0.001, ceiling: 100}`. */
static void read_number_points(struct seuil_model_reader *reader,
                               const struct seuil_yaml_node *node,
                               struct seuil_criterion *criterion)
{
    const struct seuil_yaml_node *field = seuil_model_need(reader, node, "field", "points");
    const struct seuil_yaml_node *ceiling;
    struct seuil_subject subject;

    seuil_model_keys(reader, node, SEUIL_SECTION_FIT_POINTS);
    criterion->factor = 1;
    criterion->ceiling = 0;
    seuil_model_number(reader, node, "factor", &criterion->factor);
    ceiling = seuil_model_need(reader, node, "ceiling", "points");
    if (ceiling && seuil_model_number(reader, node, "ceiling", &criterion->ceiling) &&
        criterion->ceiling <= 0)
        seuil_model_error(reader, ceiling, SEUIL_ERR_INVALID,
                          "the ceiling must be above 0: it is the most points, in both directions");
    if (field && seuil_model_subject(reader, field, SEUIL_OF_ATTRIBUTES, &subject))
        criterion->number = (uint16_t)(subject.attribute + 1);
}

/* `cases:` a list of when and points; the first that holds. */
static void read_cases(struct seuil_model_reader *reader, const struct seuil_yaml_node *node,
                       struct seuil_criterion *criterion)
{
    struct seuil_case *cases;

    if (!seuil_model_list(reader, node, "cases"))
        return;
    if (node->count == 0 || node->count > SEUIL_CASES_MAX) {
        seuil_model_error(reader, node, SEUIL_ERR_LIMIT, "a criterion has 1 to %d cases, not %u",
                          SEUIL_CASES_MAX, node->count);
        return;
    }
    cases = seuil_model_alloc(reader, node->count, sizeof(*cases));
    if (!cases)
        return;
    for (uint32_t i = 0; i < node->count; i++) {
        const struct seuil_yaml_node *item = &node->items[i], *when;

        if (!seuil_model_mapping(reader, item, "a case"))
            continue;
        seuil_model_keys(reader, item, SEUIL_SECTION_CASE);
        if (seuil_model_need(reader, item, "points", "a case"))
            seuil_model_number(reader, item, "points", &cases[i].points);
        when = seuil_model_need(reader, item, "when", "a case");
        if (when)
            cases[i].when = seuil_model_condition(reader, when, SEUIL_OF_ATTRIBUTES);
    }
    criterion->cases = cases;
    criterion->case_count = (uint16_t)node->count;
}

static void read_weight(struct seuil_model_reader *reader, const struct seuil_yaml_node *node,
                        bool mean, struct seuil_criterion *criterion)
{
    const struct seuil_yaml_node *weight = seuil_yaml_find(node, "weight");

    criterion->weight = mean;
    if (!weight)
        return;
    if (!mean) {
        seuil_model_error(reader, weight, SEUIL_ERR_INVALID,
                          "a weight needs a mean: write \"mean: true\" in fit");
        return;
    }
    if (seuil_model_number(reader, node, "weight", &criterion->weight) && criterion->weight <= 0)
        seuil_model_error(reader, weight, SEUIL_ERR_INVALID, "a weight is above 0");
}

static void read_criterion(struct seuil_model_reader *reader, const struct seuil_yaml_node *node,
                           bool mean, struct seuil_criterion *list, uint32_t index)
{
    struct seuil_criterion *criterion = &list[index];
    const struct seuil_yaml_node *when, *points, *cases;
    const char *name;

    criterion->name = criterion->label = "";
    if (!seuil_model_mapping(reader, node, "a criterion"))
        return;
    seuil_model_keys(reader, node, SEUIL_SECTION_CRITERION);
    name = seuil_model_name(reader, node, "a criterion");
    seuil_model_unique(reader, node, name, list, index, sizeof(*list), "criterion");
    criterion->name = name ? name : "";
    criterion->label = seuil_model_label(reader, node, criterion->name);
    read_weight(reader, node, mean, criterion);
    when = seuil_yaml_find(node, "when");
    if (when)
        criterion->when = seuil_model_condition(reader, when, SEUIL_OF_ATTRIBUTES);
    if (when)
        seuil_model_exclusive_add(reader, node, criterion->when, SEUIL_OF_ATTRIBUTES);
    points = seuil_yaml_find(node, "points");
    cases = seuil_yaml_find(node, "cases");
    if (cases && points)
        seuil_model_error(reader, cases, SEUIL_ERR_INVALID,
                          "points or cases: a criterion has one of them");
    if (cases) {
        read_cases(reader, cases, criterion);
        return;
    }
    if (points && points->kind == SEUIL_YAML_MAPPING) {
        read_number_points(reader, points, criterion);
        return;
    }
    if (seuil_model_need(reader, node, "points", "a criterion"))
        seuil_model_number(reader, node, "points", &criterion->points);
    if (!when)
        seuil_model_need(reader, node, "when", "a criterion");
}

void seuil_model_fit(struct seuil_model_reader *reader)
{
    const struct seuil_yaml_node *node = seuil_yaml_find(reader->root, "fit"), *criteria, *mean;
    struct seuil_criterion *list;
    bool is_mean = false;

    reader->model->fit_floor = -INFINITY;
    reader->model->fit_ceiling = INFINITY;
    if (!node || !seuil_model_mapping(reader, node, "fit"))
        return;
    seuil_model_keys(reader, node, SEUIL_SECTION_FIT);
    seuil_model_bounds(reader, node, &reader->model->fit_floor, &reader->model->fit_ceiling);
    mean = seuil_yaml_find(node, "mean");
    if (mean)
        seuil_yaml_bool(reader->doc, mean, "mean", reader->errs, &is_mean);
    criteria = seuil_model_need(reader, node, "criteria", "fit");
    if (!criteria || !seuil_model_list(reader, criteria, "criteria"))
        return;
    if (criteria->count > SEUIL_FIT_MAX) {
        seuil_model_error(reader, criteria, SEUIL_ERR_LIMIT, "%u criteria: at most %d are allowed",
                          criteria->count, SEUIL_FIT_MAX);
        return;
    }
    list = seuil_model_alloc(reader, criteria->count, sizeof(*list));
    if (!list)
        return;
    for (uint32_t i = 0; i < criteria->count; i++) {
        read_criterion(reader, &criteria->items[i], is_mean, list, i);
        reader->model->weights += list[i].weight;
    }
    reader->model->fit = list;
    reader->model->fit_count = (uint16_t)criteria->count;
}

/* ---- grades ------------------------------------------------------------------------------- */

/* Three marks, each below the one before. */
static bool read_marks(struct seuil_model_reader *reader, const struct seuil_yaml_node *node,
                       const char *key, enum seuil_section section, const char *const names[],
                       double marks[SEUIL_GRADES - 1])
{
    const struct seuil_yaml_node *mapping = seuil_yaml_find(node, key);

    if (!mapping || !seuil_model_mapping(reader, mapping, key))
        return false;
    seuil_model_keys(reader, mapping, section);
    for (unsigned i = 0; i < SEUIL_GRADES - 1; i++) {
        const struct seuil_yaml_node *mark = seuil_model_need(reader, mapping, names[i], key);

        if (!mark || !seuil_model_number(reader, mapping, names[i], &marks[i]))
            return false;
        if (i > 0 && marks[i] >= marks[i - 1]) {
            seuil_model_error(reader, mark, SEUIL_ERR_INVALID,
                              "grades go down: the mark %g of %s is not below the mark %g of %s",
                              marks[i], names[i], marks[i - 1], names[i - 1]);
            return false;
        }
    }
    return true;
}

void seuil_model_grades(struct seuil_model_reader *reader)
{
    static const char *const letters[] = {"A", "B", "C"}, *const digits[] = {"1", "2", "3"};
    const struct seuil_yaml_node *node = seuil_yaml_find(reader->root, "grades");
    struct seuil_model *model = reader->model;

    if (!node || !seuil_model_mapping(reader, node, "grades"))
        return;
    seuil_model_keys(reader, node, SEUIL_SECTION_GRADES);
    model->has_letters =
        read_marks(reader, node, "fit", SEUIL_SECTION_LETTERS, letters, model->letters);
    model->has_digits =
        read_marks(reader, node, "behaviour", SEUIL_SECTION_DIGITS, digits, model->digits);
    if (node->count == 0)
        seuil_model_error(reader, node, SEUIL_ERR_MISSING,
                          "grades need \"fit\" (letters), \"behaviour\" (digits), or both");
}
