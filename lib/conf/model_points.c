/* `points:` a number; or what of the event they depend on. */

#include <math.h>
#include <string.h>

#include "conf/model_read.h"

/* Fields of one `of` list: forms have no more that are optional. */
#define FILLED_MAX 64

static bool read_field(struct seuil_model_reader *reader, const struct seuil_yaml_node *node,
                       uint8_t kind, struct seuil_measured *into)
{
    struct seuil_subject subject;

    if (!seuil_model_subject(reader, node, kind, &subject))
        return false;
    *into = (struct seuil_measured){.field = subject.field, .key = subject.key};
    return true;
}

static void read_bounds(struct seuil_model_reader *reader, const struct seuil_yaml_node *node,
                        struct seuil_rule *rule)
{
    seuil_model_bounds(reader, node, &rule->floor, &rule->ceiling);
    /* What is not there gives nothing: 0 must lie within. */
    if (rule->floor > 0 || rule->ceiling < 0)
        seuil_model_error(reader, seuil_yaml_find(node, rule->floor > 0 ? "floor" : "ceiling"),
                          SEUIL_ERR_INVALID,
                          "points of a field that is not there are 0: floor must not be above 0, "
                          "nor ceiling below");
    rule->floor = fmax(rule->floor, -SEUIL_POINTS_MAX);
    rule->ceiling = fmin(rule->ceiling, SEUIL_POINTS_MAX);
}

/* {field: value, factor: 0.1, ceiling: 20} */
static void read_number_of(struct seuil_model_reader *reader, const struct seuil_yaml_node *node,
                           struct seuil_rule *rule)
{
    const struct seuil_yaml_node *field = seuil_yaml_find(node, "field");
    const struct seuil_yaml_node *of = seuil_yaml_find(node, "of");
    const struct seuil_yaml_node *each = seuil_yaml_find(node, "each");
    struct seuil_measured *measured = seuil_model_alloc(reader, 1, sizeof(*measured));

    if (of || each)
        seuil_model_error(reader, of ? of : each, SEUIL_ERR_INVALID,
                          "points are either {field, factor} or {each, of}");
    rule->measure = SEUIL_MEASURE_NUMBER;
    rule->factor = 1;
    seuil_model_number(reader, node, "factor", &rule->factor);
    if (!measured || !read_field(reader, field, rule->kind, measured))
        return;
    rule->measured = measured;
    rule->measured_count = 1;
}

/* {each: 2, of: [fields.telephone, fields.societe], ceiling: 6} */
static void read_filled(struct seuil_model_reader *reader, const struct seuil_yaml_node *node,
                        struct seuil_rule *rule)
{
    const struct seuil_yaml_node *each = seuil_model_need(reader, node, "each", "points");
    const struct seuil_yaml_node *of = seuil_model_need(reader, node, "of", "points");
    const struct seuil_yaml_node *factor = seuil_yaml_find(node, "factor");
    struct seuil_measured *measured;

    rule->measure = SEUIL_MEASURE_FILLED;
    if (factor)
        seuil_model_error(reader, factor, SEUIL_ERR_INVALID,
                          "factor belongs to {field, factor}: each is the points of one field");
    if (each)
        seuil_model_number(reader, node, "each", &rule->factor);
    if (!of || !seuil_model_list(reader, of, "of"))
        return;
    if (of->count == 0 || of->count > FILLED_MAX) {
        seuil_model_error(reader, of, SEUIL_ERR_LIMIT, "of lists 1 to %d fields, not %u",
                          FILLED_MAX, of->count);
        return;
    }
    measured = seuil_model_alloc(reader, of->count, sizeof(*measured));
    if (!measured)
        return;
    for (uint32_t i = 0; i < of->count; i++)
        if (!read_field(reader, &of->items[i], rule->kind, &measured[i]))
            return;
    rule->measured = measured;
    rule->measured_count = (uint8_t)of->count;
}

void seuil_model_points(struct seuil_model_reader *reader, const struct seuil_yaml_node *node,
                        struct seuil_rule *rule)
{
    const struct seuil_yaml_node *points = seuil_model_need(reader, node, "points", "a rule");

    if (!points)
        return;
    if (points->kind != SEUIL_YAML_MAPPING) {
        seuil_model_number(reader, node, "points", &rule->points);
        return;
    }
    seuil_model_keys(reader, points, SEUIL_SECTION_POINTS);
    rule->points = 1;
    read_bounds(reader, points, rule);
    if (seuil_yaml_find(points, "field"))
        read_number_of(reader, points, rule);
    else
        read_filled(reader, points, rule);
}
