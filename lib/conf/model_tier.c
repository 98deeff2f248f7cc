/* `groups:`, `tiers:` and `excluded:`. */

#include <math.h>
#include <string.h>

#include "conf/model_read.h"

static void read_group(struct seuil_model_reader *reader, const struct seuil_yaml_node *key,
                       const struct seuil_yaml_node *node, struct seuil_group *group,
                       uint16_t scope, struct seuil_decay *decay)
{
    const struct seuil_yaml_node *own;

    group->floor = -INFINITY;
    group->ceiling = INFINITY;
    *decay = reader->decay;
    if (key->len == 0 || key->len > SEUIL_NAME_MAX)
        seuil_model_error(reader, key, SEUIL_ERR_LIMIT, "the name of a group has 1 to %d bytes",
                          SEUIL_NAME_MAX);
    group->name = seuil_model_strdup(reader, seuil_yaml_str(key));
    group->label = group->name;
    if (seuil_yaml_is_null(node) || !seuil_model_mapping(reader, node, "a group"))
        return; /* `pages:` alone is a group without bounds */
    seuil_model_keys(reader, node, SEUIL_SECTION_GROUP);
    group->label = seuil_model_label(reader, node, group->name);
    seuil_model_bounds(reader, node, &group->floor, &group->ceiling);
    own = seuil_yaml_find(node, "decay");
    if (own)
        seuil_model_scoped_decay(reader, own, scope, decay);
}

void seuil_model_groups(struct seuil_model_reader *reader)
{
    const struct seuil_yaml_node *node = seuil_yaml_find(reader->root, "groups");
    struct seuil_group *groups;

    if (!node || !seuil_model_mapping(reader, node, "groups"))
        return;
    if (node->count > SEUIL_GROUPS_MAX) {
        seuil_model_error(reader, node, SEUIL_ERR_LIMIT, "%u groups: at most %d are allowed",
                          node->count, SEUIL_GROUPS_MAX);
        return;
    }
    groups = seuil_model_alloc(reader, node->count, sizeof(*groups));
    reader->group_decay = seuil_model_alloc(reader, node->count, sizeof(*reader->group_decay));
    if (!groups || !reader->group_decay)
        return;
    reader->model->groups = groups;
    reader->model->group_count = (uint16_t)node->count;
    for (uint32_t i = 0; i < node->count; i++)
        read_group(reader, &node->keys[i], &node->items[i], &groups[i], (uint16_t)(i + 1),
                   &reader->group_decay[i]);
}

/* Marks of a tier above the first. */
static void read_marks(struct seuil_model_reader *reader, const struct seuil_yaml_node *node,
                       const struct seuil_tier *below, struct seuil_tier *tier)
{
    const struct seuil_yaml_node *entry = seuil_model_need(reader, node, "entry", "a tier");
    const struct seuil_yaml_node *strict = seuil_yaml_find(node, "strict");
    bool marked;

    if (strict)
        seuil_yaml_bool(reader->doc, strict, "strict", reader->errs, &tier->strict);
    seuil_model_number(reader, node, "exit", &tier->exit);
    marked = entry && seuil_model_number(reader, node, "entry", &tier->entry);
    if (!marked)
        return;
    if (tier->entry <= below->entry)
        seuil_model_error(reader, entry, SEUIL_ERR_INVALID,
                          "tiers go up: entry %g is not above entry %g of tier \"%s\"", tier->entry,
                          below->entry, below->name);
    if (tier->exit > tier->entry)
        seuil_model_error(reader, seuil_yaml_find(node, "exit"), SEUIL_ERR_INVALID,
                          "exit %g is above entry %g: a lead would leave the tier as it enters",
                          tier->exit, tier->entry);
}

static void read_duration(struct seuil_model_reader *reader, const struct seuil_yaml_node *node,
                          const char *key, int64_t *ret_ms)
{
    const struct seuil_yaml_node *value = seuil_yaml_find(node, key);

    if (value)
        seuil_yaml_duration(reader->doc, value, key, SEUIL_DURATION_MIN_MS, SEUIL_DURATION_MAX_MS,
                            reader->errs, ret_ms);
}

static void read_alert(struct seuil_model_reader *reader, const struct seuil_yaml_node *node,
                       struct seuil_tier *tier)
{
    if (!seuil_model_mapping(reader, node, "alert"))
        return;
    seuil_model_keys(reader, node, SEUIL_SECTION_ALERT);
    read_duration(reader, node, "for", &tier->for_ms);
    read_duration(reader, node, "delay", &tier->delay_ms);
    read_duration(reader, node, "cool_down", &tier->cool_down_ms);
    if (!tier->publish)
        seuil_model_error(reader, node, SEUIL_ERR_INVALID,
                          "crossings into tier \"%s\" are not published: there is nothing to alert",
                          tier->name);
}

/* Who may be in a tier above the first, and when that is told. */
static void read_policy(struct seuil_model_reader *reader, const struct seuil_yaml_node *node,
                        struct seuil_tier *tier)
{
    const struct seuil_yaml_node *when = seuil_yaml_find(node, "when");

    if (when) {
        tier->when = seuil_model_condition(reader, when, SEUIL_OF_STANDING);
        reader->model->conditional = true;
    }
    if (seuil_yaml_find(node, "alert"))
        read_alert(reader, seuil_yaml_find(node, "alert"), tier);
}

static void read_sales(struct seuil_model_reader *reader, const struct seuil_yaml_node *node,
                       uint32_t index)
{
    const struct seuil_yaml_node *value = seuil_yaml_find(node, "sales");
    struct seuil_model *model = reader->model;
    bool sales = false;

    if (!value || seuil_yaml_bool(reader->doc, value, "sales", reader->errs, &sales) || !sales)
        return;
    if (model->sales_tier)
        seuil_model_error(reader, value, SEUIL_ERR_INVALID,
                          "one tier is marked with sales: all above it are those of sales too");
    model->sales_tier = (uint8_t)index;
}

static void read_tier(struct seuil_model_reader *reader, const struct seuil_yaml_node *node,
                      struct seuil_tier *tiers, uint32_t index)
{
    static const char *const marks[] = {"entry", "exit", "strict", "when", "alert", "sales"};
    const struct seuil_yaml_node *publish, *mark;
    struct seuil_tier *tier = &tiers[index];
    const char *name;

    tier->name = "";
    tier->label = "";
    tier->entry = index ? INFINITY : -INFINITY;
    tier->exit = NAN;
    tier->publish = true;
    if (!seuil_model_mapping(reader, node, "a tier"))
        return;
    seuil_model_keys(reader, node, SEUIL_SECTION_TIER);
    name = seuil_model_name(reader, node, "a tier");
    seuil_model_unique(reader, node, name, tiers, index, sizeof(*tiers), "tier");
    tier->name = name ? name : "";
    tier->label = seuil_model_label(reader, node, tier->name);
    publish = seuil_yaml_find(node, "publish");
    if (publish)
        seuil_yaml_bool(reader->doc, publish, "publish", reader->errs, &tier->publish);
    if (index > 0) {
        read_marks(reader, node, &tiers[index - 1], tier);
        read_policy(reader, node, tier);
        read_sales(reader, node, index);
        return;
    }
    for (int i = 0; i < 6; i++)
        if ((mark = seuil_yaml_find(node, marks[i])))
            seuil_model_error(reader, mark, SEUIL_ERR_INVALID,
                              "the first tier is where every lead is that is in no other: it has "
                              "no \"%s\"",
                              marks[i]);
}

void seuil_model_tiers(struct seuil_model_reader *reader)
{
    const struct seuil_yaml_node *node = seuil_model_need(reader, reader->root, "tiers", "a model");
    struct seuil_tier *tiers;

    if (!node || !seuil_model_list(reader, node, "tiers"))
        return;
    if (node->count < 2 || node->count > SEUIL_TIERS_MAX) {
        seuil_model_error(reader, node, SEUIL_ERR_LIMIT, "%u tiers: a model has 2 to %d",
                          node->count, SEUIL_TIERS_MAX);
        return;
    }
    tiers = seuil_model_alloc(reader, node->count, sizeof(*tiers));
    if (!tiers)
        return;
    for (uint32_t i = 0; i < node->count; i++)
        read_tier(reader, &node->items[i], tiers, i);
    reader->model->tiers = tiers;
    reader->model->tier_count = (uint16_t)node->count;
    if (!reader->model->sales_tier)
        reader->model->sales_tier = (uint8_t)(node->count - 1);
}

void seuil_model_excluded(struct seuil_model_reader *reader)
{
    const struct seuil_yaml_node *node = seuil_yaml_find(reader->root, "excluded");
    struct seuil_model *model = reader->model;
    const char *name;

    model->exclusion_mark = -INFINITY;
    model->excluded_name = "excluded";
    model->excluded_label = "excluded";
    if (!node || !seuil_model_mapping(reader, node, "excluded"))
        return;
    seuil_model_keys(reader, node, SEUIL_SECTION_EXCLUDED);
    if (seuil_model_need(reader, node, "mark", "excluded") &&
        seuil_model_number(reader, node, "mark", &model->exclusion_mark) &&
        model->exclusion_mark >= 0)
        seuil_model_error(reader, seuil_yaml_find(node, "mark"), SEUIL_ERR_INVALID,
                          "the mark must be below 0, or every lead would be excluded");
    name = seuil_yaml_find(node, "name") ? seuil_model_name(reader, node, "excluded") : NULL;
    if (name)
        model->excluded_name = name;
    model->excluded_label = seuil_model_label(reader, node, model->excluded_name);
    seuil_model_unique(reader, node, model->excluded_name, model->tiers, model->tier_count,
                       sizeof(*model->tiers), "tier");
}
