/* `rules:`, and `exclusions:` that look at events, which are rules of a kind. */

#include <string.h>

#include "conf/model_read.h"
#include "conf/suggest.h"

/* `event:` a kind that rules may look at. */
static bool read_kind(struct seuil_model_reader *reader, const struct seuil_yaml_node *node,
                      uint8_t *ret_kind)
{
    static const char *const kinds[] = {"page_view", "email", "form", "activity"};
    char hint[160];
    struct seuil_str name;

    if (seuil_yaml_text(reader->doc, node, "event", SEUIL_NAME_MAX, reader->errs, &name))
        return false;
    for (uint8_t i = 0; i < 4; i++)
        if (strcmp(name.ptr, kinds[i]) == 0) {
            *ret_kind = (uint8_t)seuil_kind_find(name);
            return true;
        }
    if (strcmp(name.ptr, "profile") == 0)
        seuil_model_error(reader, node, SEUIL_ERR_INVALID,
                          "attributes of the profile give points under fit: and exclusions:, not "
                          "by rules");
    else
        seuil_model_error(reader, node, SEUIL_ERR_UNKNOWN,
                          "\"%.64s\" is none of page_view, email, form, activity%s", name.ptr,
                          seuil_suggest_text(name, kinds, 4, hint, sizeof(hint)));
    return false;
}

/* The model's own condition, over the fields of a kind. A mistake in it is reported once. */
static const struct seuil_condition *only_of(struct seuil_model_reader *reader, uint8_t kind)
{
    const struct seuil_yaml_node *node = seuil_yaml_find(reader->root, "only");

    if (!node || reader->only_bad)
        return NULL;
    if (!reader->only_read[kind]) {
        reader->only_read[kind] = true;
        reader->only[kind] = seuil_model_condition(reader, node, kind);
        reader->only_bad = !reader->only[kind];
    }
    return reader->only[kind];
}

const struct seuil_condition *seuil_model_with_only(struct seuil_model_reader *reader,
                                                    const struct seuil_condition *own, uint8_t kind)
{
    const struct seuil_condition *only = only_of(reader, kind);
    struct seuil_condition *both, *children;

    if (!own || !only)
        return own ? own : only;
    both = seuil_model_alloc(reader, 1, sizeof(*both));
    children = seuil_model_alloc(reader, 2, sizeof(*children));
    if (!both || !children)
        return NULL;
    children[0] = *only;
    children[1] = *own;
    both->op = SEUIL_COND_ALL;
    both->count = 2;
    both->children = children;
    return both;
}

/* `when:` and `only:` together. */
static void read_when(struct seuil_model_reader *reader, const struct seuil_yaml_node *node,
                      struct seuil_rule *rule)
{
    const struct seuil_yaml_node *when = seuil_yaml_find(node, "when");
    const struct seuil_condition *own =
        when ? seuil_model_condition(reader, when, rule->kind) : NULL;

    rule->when = seuil_model_with_only(reader, own, rule->kind);
}

static void read_exclusion_points(struct seuil_model_reader *reader,
                                  const struct seuil_yaml_node *node, double *ret_points)
{
    if (seuil_model_need(reader, node, "points", "an exclusion"))
        seuil_model_number(reader, node, "points", ret_points);
    if (*ret_points > 0)
        seuil_model_error(reader, seuil_yaml_find(node, "points"), SEUIL_ERR_INVALID,
                          "an exclusion takes points away: they must not be above 0");
}

static void read_group(struct seuil_model_reader *reader, const struct seuil_yaml_node *node,
                       struct seuil_rule *rule)
{
    const struct seuil_model *model = reader->model;
    const struct seuil_yaml_node *group = seuil_yaml_find(node, "group");
    const char *names[SEUIL_GROUPS_MAX];
    struct seuil_str name;
    char hint[160];

    if (!group) {
        seuil_model_error(reader, node, SEUIL_ERR_MISSING,
                          "a rule needs \"group\": the one of groups: that its points go to");
        return;
    }
    if (seuil_yaml_text(reader->doc, group, "group", SEUIL_NAME_MAX, reader->errs, &name))
        return;
    for (uint16_t i = 0; i < model->group_count; i++) {
        names[i] = model->groups[i].name ? model->groups[i].name : "";
        if (strcmp(names[i], name.ptr) == 0) {
            rule->group = i;
            rule->decay = reader->group_decay[i];
            return;
        }
    }
    seuil_model_error(reader, group, SEUIL_ERR_UNKNOWN, "there is no group \"%s\"%s", name.ptr,
                      seuil_suggest_text(name, names, model->group_count, hint, sizeof(hint)));
}

/* Each model before has added its hidden ones. */
static uint32_t own_rules(const struct seuil_model_reader *reader)
{
    return reader->rules.count - 2u * reader->model->index;
}

/* Add a rule under @name; NULL when there is no room. */
static struct seuil_rule *add_rule(struct seuil_model_reader *reader,
                                   const struct seuil_yaml_node *node, const char *name)
{
    struct seuil_rule *rule;

    if (own_rules(reader) == SEUIL_RULES_MAX) {
        seuil_model_error(reader, node, SEUIL_ERR_LIMIT,
                          "more than %d rules in all models together", SEUIL_RULES_MAX);
        return NULL;
    }
    rule = seuil_vector_add(reader, &reader->rules, sizeof(*rule));
    if (!rule)
        return NULL;
    rule->name = name ? name : "";
    rule->label = seuil_model_label(reader, node, rule->name);
    rule->model = reader->model->index;
    if (name && reader->model->name)
        rule->key = seuil_name_hash(seuil_str_from(reader->model->name), seuil_str_from(name));
    reader->model->rule_count++;
    return rule;
}

/* Whether no rule and no exclusion of the model has the name yet. */
static bool unique(struct seuil_model_reader *reader, const struct seuil_yaml_node *node,
                   const char *name)
{
    const struct seuil_rule *rules = reader->rules.list;

    return seuil_model_unique(reader, node, name, rules + reader->model->rule_first,
                              reader->model->rule_count, sizeof(*rules), "rule or exclusion") &&
           seuil_model_unique(reader, node, name, reader->model->exclusions,
                              reader->model->exclusion_count, sizeof(struct seuil_criterion),
                              "rule or exclusion");
}

bool seuil_model_event(struct seuil_model_reader *reader, const struct seuil_yaml_node *node,
                       const char *what, struct seuil_rule *rule)
{
    const struct seuil_yaml_node *event = seuil_model_need(reader, node, "event", what);

    if (!event || !read_kind(reader, event, &rule->kind))
        return false;
    read_when(reader, node, rule);
    return true;
}

static void read_event_part(struct seuil_model_reader *reader, const struct seuil_yaml_node *node,
                            const char *what, struct seuil_rule *rule)
{
    const struct seuil_yaml_node *limit = seuil_yaml_find(node, "limit");
    const struct seuil_yaml_node *decay = seuil_yaml_find(node, "decay");

    if (decay)
        seuil_model_decay(reader, decay, &rule->decay);
    if (seuil_model_event(reader, node, what, rule) && limit)
        seuil_model_limits(reader, limit, rule);
}

static void read_shortcut(struct seuil_model_reader *reader, const struct seuil_yaml_node *node,
                          struct seuil_rule *rule)
{
    const struct seuil_yaml_node *shortcut = seuil_yaml_find(node, "shortcut"), *tier, *hold;
    const struct seuil_model *model = reader->model;
    const char *names[SEUIL_TIERS_MAX];
    struct seuil_str name;
    char hint[160];

    if (!shortcut || !seuil_model_mapping(reader, shortcut, "a shortcut"))
        return;
    seuil_model_keys(reader, shortcut, SEUIL_SECTION_SHORTCUT);
    hold = seuil_model_need(reader, shortcut, "hold", "a shortcut");
    if (hold)
        seuil_yaml_duration(reader->doc, hold, "hold", SEUIL_DURATION_MIN_MS, SEUIL_DURATION_MAX_MS,
                            reader->errs, &rule->hold_ms);
    tier = seuil_model_need(reader, shortcut, "tier", "a shortcut");
    if (!tier || seuil_yaml_text(reader->doc, tier, "tier", SEUIL_NAME_MAX, reader->errs, &name))
        return;
    for (uint16_t i = 0; i < model->tier_count; i++) {
        names[i] = model->tiers[i].name ? model->tiers[i].name : "";
        if (strcmp(names[i], name.ptr) == 0)
            rule->shortcut = (uint8_t)i;
    }
    reader->model->has_shortcuts = true;
    if (rule->shortcut > 0)
        return;
    if (model->tier_count && strcmp(names[0], name.ptr) == 0)
        seuil_model_error(reader, tier, SEUIL_ERR_INVALID,
                          "the first tier is where every lead is that is in no other: nothing can "
                          "put one there");
    else
        seuil_model_error(reader, tier, SEUIL_ERR_UNKNOWN, "there is no tier \"%s\"%s", name.ptr,
                          seuil_suggest_text(name, names, model->tier_count, hint, sizeof(hint)));
}

static void read_while(struct seuil_model_reader *reader, const struct seuil_yaml_node *node,
                       struct seuil_rule *rule)
{
    const struct seuil_yaml_node *when = seuil_yaml_find(node, "while");

    if (!when)
        return;
    rule->counts_while = seuil_model_condition(reader, when, SEUIL_OF_STANDING);
    reader->model->conditional = true;
}

static void read_compound(struct seuil_model_reader *reader, const struct seuil_yaml_node *node,
                          struct seuil_rule *rule)
{
    static const char *const single[] = {"frequency", "recency"};
    const struct seuil_yaml_node *decay = seuil_yaml_find(node, "decay");

    for (size_t i = 0; i < 2; i++)
        if (seuil_yaml_find(node, single[i]))
            seuil_model_error(reader, seuil_yaml_find(node, single[i]), SEUIL_ERR_INVALID,
                              "%s belongs to a rule with an event of its own", single[i]);
    if (decay)
        seuil_model_decay(reader, decay, &rule->decay);
    if (seuil_yaml_find(node, "shortcut") || seuil_model_need(reader, node, "points", "a rule"))
        seuil_model_number(reader, node, "points", &rule->points);
    seuil_model_compound(reader, node, rule);
}

static void read_rule(struct seuil_model_reader *reader, const struct seuil_yaml_node *node)
{
    struct seuil_rule *rule;
    const char *name;

    if (!seuil_model_mapping(reader, node, "a rule"))
        return;
    seuil_model_keys(reader, node, SEUIL_SECTION_RULE);
    name = seuil_model_name(reader, node, "a rule");
    unique(reader, node, name);
    rule = add_rule(reader, node, name);
    if (!rule)
        return;
    rule->decay = reader->decay;
    read_group(reader, node, rule);
    read_shortcut(reader, node, rule);
    read_while(reader, node, rule);
    if (seuil_model_compound_of(reader, node)) {
        read_compound(reader, node, rule);
        return;
    }
    read_event_part(reader, node, "a rule", rule);
    seuil_model_frequency(reader, node, rule);
    if (seuil_yaml_find(node, "points") || !seuil_yaml_find(node, "shortcut"))
        seuil_model_points(reader, node, rule);
    seuil_model_exclusive_add(reader, node, rule->when, rule->kind);
}

void seuil_model_rules(struct seuil_model_reader *reader)
{
    const struct seuil_yaml_node *node = seuil_yaml_find(reader->root, "rules");

    if (!node || !seuil_model_list(reader, node, "rules"))
        return;
    for (uint32_t i = 0; i < node->count && !reader->nomem; i++) {
        if (own_rules(reader) == SEUIL_RULES_MAX && i + 1 < node->count) {
            add_rule(reader, &node->items[i], NULL); /* reports it once */
            return;
        }
        read_rule(reader, &node->items[i]);
    }
}

static void read_attribute_exclusion(struct seuil_model_reader *reader,
                                     const struct seuil_yaml_node *node, const char *name,
                                     struct seuil_criterion *list)
{
    const struct seuil_yaml_node *when = seuil_model_need(reader, node, "when", "an exclusion");
    struct seuil_criterion *criterion = &list[reader->model->exclusion_count++];

    for (uint32_t i = 0; i < node->count; i++)
        if (strcmp(node->keys[i].text, "limit") == 0 || strcmp(node->keys[i].text, "decay") == 0)
            seuil_model_error(reader, &node->keys[i], SEUIL_ERR_INVALID,
                              "\"%s\" belongs to exclusions by event: this one names none and "
                              "holds as long as the attributes do",
                              node->keys[i].text);
    criterion->name = name ? name : "";
    criterion->label = seuil_model_label(reader, node, criterion->name);
    read_exclusion_points(reader, node, &criterion->points);
    if (when)
        criterion->when = seuil_model_condition(reader, when, -1);
}

static void read_event_exclusion(struct seuil_model_reader *reader,
                                 const struct seuil_yaml_node *node, const char *name)
{
    struct seuil_rule *rule = add_rule(reader, node, name);

    if (!rule)
        return;
    rule->group = SEUIL_GROUP_EXCLUSION;
    read_exclusion_points(reader, node, &rule->points);
    read_event_part(reader, node, "an exclusion", rule);
}

void seuil_model_exclusions(struct seuil_model_reader *reader)
{
    const struct seuil_yaml_node *node = seuil_yaml_find(reader->root, "exclusions");
    struct seuil_criterion *list;

    if (!node || !seuil_model_list(reader, node, "exclusions"))
        return;
    if (node->count > SEUIL_FIT_MAX) {
        seuil_model_error(reader, node, SEUIL_ERR_LIMIT, "more than %d exclusions", SEUIL_FIT_MAX);
        return;
    }
    list = seuil_model_alloc(reader, node->count, sizeof(*list));
    reader->model->exclusions = list;
    for (uint32_t i = 0; list && i < node->count && !reader->nomem; i++) {
        const struct seuil_yaml_node *item = &node->items[i];
        const char *name;

        if (!seuil_model_mapping(reader, item, "an exclusion"))
            continue;
        seuil_model_keys(reader, item, SEUIL_SECTION_EXCLUSION);
        name = seuil_model_name(reader, item, "an exclusion");
        unique(reader, item, name);
        if (seuil_yaml_find(item, "event"))
            read_event_exclusion(reader, item, name);
        else
            read_attribute_exclusion(reader, item, name, list);
    }
}
