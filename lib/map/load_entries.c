/* The kind's map: a form's fields, an activity's properties, a profile's attributes. */

#include <stdlib.h>

#include "map/load.h"

static int by_text(const void *a, const void *b)
{
    return seuil_str_cmp(*(const struct seuil_str *)a, *(const struct seuil_str *)b);
}

static uint16_t load_filter(struct seuil_map_loader *l, const struct seuil_yaml_node *node)
{
    const struct seuil_yaml_node *only = seuil_yaml_find(node, "only");
    const struct seuil_yaml_node *except = seuil_yaml_find(node, "except");
    const struct seuil_yaml_node *list = only ? only : except;
    struct seuil_map_filter filter = {.only = only != NULL};

    if (only && except)
        seuil_map_error(l, except, 0, "only and except together: leave one of them out");
    if (list) {
        filter.names = seuil_map_texts(l, list, "a name", &filter.count);
        if (filter.count)
            qsort((void *)filter.names, filter.count, sizeof(*filter.names), by_text);
    }
    return (uint16_t)seuil_map_push(l, &l->filters, &filter, sizeof(filter));
}

/* All members of the object at a path. */
static void load_object(struct seuil_map_loader *l, const struct seuil_yaml_node *path,
                        const struct seuil_yaml_node *filter)
{
    struct seuil_map_want *want = NULL;
    int64_t index = seuil_map_load_path(l, path, &want);
    uint32_t at;

    if (index < 0)
        return;
    want->whole = true;
    at = seuil_map_emit(l, SEUIL_MAP_ENTRIES, (uint32_t)index);
    if (!l->nomem)
        ((struct seuil_map_instruction *)l->ops.items)[at].count = load_filter(l, filter);
}

/* One entry for each element of a list: {pairs: answers, name: field.ref, value: [text, email]}. */
static void load_pairs(struct seuil_map_loader *l, const struct seuil_yaml_node *node)
{
    static const char *const keys[] = {"pairs", "name", "value", "only", "except", "lenient"};
    const struct seuil_yaml_node *name = seuil_yaml_find(node, "name");
    const struct seuil_yaml_node *value = seuil_yaml_find(node, "value");
    struct seuil_map_want *item = l->item, *want = NULL;
    struct seuil_map_pairs pairs = {0};
    uint32_t jump;
    int64_t path;

    seuil_yaml_check_keys(l->doc, node, keys, sizeof(keys) / sizeof(keys[0]), "pairs", l->errs);
    path = seuil_map_load_path(l, seuil_yaml_find(node, "pairs"), &want);
    if (path < 0)
        return;
    if (!name || !value) {
        seuil_map_error(l, node, 0,
                        "pairs needs name and value: where they stand in each element of the list");
        return;
    }
    jump = seuil_map_emit(l, SEUIL_MAP_JUMP, 0);
    l->item = want;
    pairs.path = (uint32_t)path;
    pairs.name = seuil_map_here(l);
    seuil_map_load_value(l, name);
    seuil_map_emit(l, SEUIL_MAP_END, 0);
    pairs.value = seuil_map_here(l);
    seuil_map_load_value(l, value);
    seuil_map_emit(l, SEUIL_MAP_END, 0);
    l->item = item;
    pairs.filter = load_filter(l, node);
    seuil_map_patch(l, jump);
    seuil_map_emit(l, SEUIL_MAP_PAIRS, seuil_map_push(l, &l->pairs, &pairs, sizeof(pairs)));
}

static void load_named(struct seuil_map_loader *l, const struct seuil_yaml_node *node)
{
    for (uint32_t i = 0; i < node->count; i++) {
        seuil_map_load_value(l, &node->items[i]);
        seuil_map_emit(l, SEUIL_MAP_ENTRY,
                       seuil_map_text(l, seuil_map_keep(l, seuil_yaml_str(&node->keys[i]))));
    }
}

static void load_mapping(struct seuil_map_loader *l, const struct seuil_yaml_node *node)
{
    static const char *const keys[] = {"from", "only", "except", "lenient"};
    const struct seuil_yaml_node *from = seuil_yaml_find(node, "from");
    uint32_t start = seuil_map_here(l);

    if (from) {
        seuil_yaml_check_keys(l->doc, node, keys, sizeof(keys) / sizeof(keys[0]),
                              "the map of an event", l->errs);
        load_object(l, from, node);
    } else if (seuil_yaml_find(node, "pairs")) {
        load_pairs(l, node);
    } else {
        load_named(l, node);
        return;
    }
    if (seuil_map_flag(l, node, "lenient", false))
        seuil_map_lenient(l, start);
}

void seuil_map_load_entries(struct seuil_map_loader *l, const struct seuil_yaml_node *node)
{
    switch (node->kind) {
    case SEUIL_YAML_SCALAR:
        load_object(l, node, NULL);
        break;
    case SEUIL_YAML_MAPPING:
        load_mapping(l, node);
        break;
    case SEUIL_YAML_SEQUENCE: /* several of them, joined */
        for (uint32_t i = 0; i < node->count; i++)
            if (node->items[i].kind == SEUIL_YAML_SEQUENCE)
                seuil_map_error(l, &node->items[i], 0, "a list within a list");
            else
                seuil_map_load_entries(l, &node->items[i]);
        break;
    }
}
