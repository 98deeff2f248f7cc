/* `when:` a mapping of fields to tests, all of which must hold, with `all`, `any` (lists of
 * conditions) and `not` (a condition) among them. */

#include <string.h>

#include "conf/model_read.h"

static bool read_condition(struct seuil_model_reader *reader, const struct seuil_yaml_node *node,
                           int kind, unsigned depth, struct seuil_condition *ret_condition);

static bool is_key(const struct seuil_yaml_node *node, const char *word)
{
    return seuil_str_eq(seuil_yaml_str(node), seuil_str_from(word));
}

/* The items of `all` or `any`. */
static bool read_items(struct seuil_model_reader *reader, const struct seuil_yaml_node *node,
                       int kind, unsigned depth, const char *what, struct seuil_condition *into)
{
    struct seuil_condition *children;
    bool good = true;

    if (!seuil_model_list(reader, node, what))
        return false;
    if (node->count == 0) {
        seuil_model_error(reader, node, SEUIL_ERR_INVALID, "%s must list at least one condition",
                          what);
        return false;
    }
    children = seuil_model_alloc(reader, node->count, sizeof(*children));
    if (!children)
        return false;
    for (uint32_t i = 0; i < node->count; i++)
        good = read_condition(reader, &node->items[i], kind, depth + 1, &children[i]) && good;
    into->count = node->count;
    into->children = children;
    return good;
}

/* One pair of the mapping. */
static bool read_pair(struct seuil_model_reader *reader, const struct seuil_yaml_node *key,
                      const struct seuil_yaml_node *value, int kind, unsigned depth,
                      struct seuil_condition *into)
{
    struct seuil_subject subject;
    struct seuil_condition *child;

    if (is_key(key, "all") || is_key(key, "any")) {
        into->op = is_key(key, "all") ? SEUIL_COND_ALL : SEUIL_COND_ANY;
        return read_items(reader, value, kind, depth, key->text, into);
    }
    if (is_key(key, "not")) {
        child = seuil_model_alloc(reader, 1, sizeof(*child));
        if (!child || !read_condition(reader, value, kind, depth + 1, child))
            return false;
        into->op = SEUIL_COND_NOT;
        into->count = 1;
        into->children = child;
        return true;
    }
    return seuil_model_subject(reader, key, kind, &subject) &&
           seuil_model_test(reader, value, &subject, depth, into);
}

static bool read_condition(struct seuil_model_reader *reader, const struct seuil_yaml_node *node,
                           int kind, unsigned depth, struct seuil_condition *ret_condition)
{
    struct seuil_condition *children;
    bool good = true;

    if (!seuil_model_mapping(reader, node, "a condition"))
        return false;
    if (node->count == 0) {
        seuil_model_error(reader, node, SEUIL_ERR_INVALID,
                          "an empty condition: name a field and what it must be, or leave it out");
        return false;
    }
    if (depth + 2 > SEUIL_CONDITION_DEPTH_MAX) {
        seuil_model_error(reader, node, SEUIL_ERR_LIMIT,
                          "conditions within conditions go deeper than %d levels",
                          SEUIL_CONDITION_DEPTH_MAX);
        return false;
    }
    if (node->count == 1)
        return read_pair(reader, &node->keys[0], &node->items[0], kind, depth, ret_condition);
    children = seuil_model_alloc(reader, node->count, sizeof(*children));
    if (!children)
        return false;
    for (uint32_t i = 0; i < node->count; i++)
        good = read_pair(reader, &node->keys[i], &node->items[i], kind, depth + 1, &children[i]) &&
               good;
    ret_condition->op = SEUIL_COND_ALL;
    ret_condition->count = node->count;
    ret_condition->children = children;
    return good;
}

const struct seuil_condition *seuil_model_condition(struct seuil_model_reader *reader,
                                                    const struct seuil_yaml_node *node, int kind)
{
    struct seuil_condition *condition = seuil_model_alloc(reader, 1, sizeof(*condition));

    /* One level is left for the model's own condition above. */
    if (!condition || !read_condition(reader, node, kind, 2, condition))
        return NULL;
    return condition;
}
