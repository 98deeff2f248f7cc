/* Values in YAML: a text is an expression, a list is first-of, a mapping has more to say. */

#include <stdlib.h>

#include "map/load.h"

static const char *const keys[] = {"from", "table", "default", "ignore_case", "in",
                                   "when", "is",    "derive",  "position",    "lenient"};
#define KEYS (sizeof(keys) / sizeof(keys[0]))

/* The first of a list that has a value. */
static void load_first(struct seuil_map_loader *l, const struct seuil_yaml_node *list)
{
    uint32_t jumps[64];

    if (list->count == 0 || list->count > 64) {
        seuil_map_error(l, list, 0, "a list of 1 to 64 values is wanted: the first that is there");
        return;
    }
    for (uint32_t i = 0; i < list->count; i++) {
        seuil_map_load_value(l, &list->items[i]);
        jumps[i] = seuil_map_emit(l, SEUIL_MAP_JUMP_PRESENT, 0);
    }
    for (uint32_t i = 0; i < list->count; i++)
        seuil_map_patch(l, jumps[i]);
}

static int by_key(const void *a, const void *b)
{
    return seuil_str_cmp(((const struct seuil_entry *)a)->key,
                         ((const struct seuil_entry *)b)->key);
}

static bool is_scalar(struct seuil_map_loader *l, const struct seuil_yaml_node *node,
                      const char *what)
{
    if (node->kind == SEUIL_YAML_SCALAR)
        return true;
    seuil_map_error(l, node, 0, "%s is a text, not %s", what, seuil_yaml_kind_text(node));
    return false;
}

static void load_table(struct seuil_map_loader *l, const struct seuil_yaml_node *node,
                       bool ignore_case)
{
    struct seuil_map_table table = {.ignore_case = ignore_case};
    struct seuil_entry *entries;

    if (node->kind != SEUIL_YAML_MAPPING || node->count == 0) {
        seuil_map_error(l, node, 0,
                        "table is a mapping of the source's words to ours, as {open: opened}");
        return;
    }
    entries = seuil_arena_alloc(&l->map->arena, node->count, sizeof(*entries));
    if (!entries) {
        seuil_map_nomem(l);
        return;
    }
    for (uint32_t i = 0; i < node->count; i++) {
        entries[i].key = seuil_map_keep(l, seuil_yaml_str(&node->keys[i]));
        if (ignore_case)
            seuil_text_fold((char *)entries[i].key.ptr, entries[i].key.len);
        entries[i].value.type = SEUIL_TYPE_STRING;
        if (is_scalar(l, &node->items[i], "a value of a table"))
            entries[i].value.s = seuil_map_keep(l, seuil_yaml_str(&node->items[i]));
    }
    qsort(entries, node->count, sizeof(*entries), by_key);
    for (uint32_t i = 1; i < node->count; i++)
        if (by_key(&entries[i - 1], &entries[i]) == 0)
            seuil_map_error(l, node, 0, "\"%s\" stands twice in this table", entries[i].key.ptr);
    table.rows = entries;
    table.count = node->count;
    seuil_map_emit(l, SEUIL_MAP_TABLE, seuil_map_push(l, &l->tables, &table, sizeof(table)));
}

static void load_derive(struct seuil_map_loader *l, const struct seuil_yaml_node *list,
                        bool position)
{
    if (list->kind != SEUIL_YAML_SEQUENCE || (list->count == 0 && !position)) {
        seuil_map_error(l, list, 0,
                        "derive is a list of values that make the event's id, as "
                        "[message-id, event, ts_epoch]");
        return;
    }
    seuil_map_emit(l, SEUIL_MAP_HASH, position);
    for (uint32_t i = 0; i < list->count; i++) {
        seuil_map_load_value(l, &list->items[i]);
        seuil_map_emit(l, SEUIL_MAP_HASH_VALUE, 0);
    }
    seuil_map_emit(l, SEUIL_MAP_HASH_TEXT, 0);
}

bool seuil_map_flag(struct seuil_map_loader *l, const struct seuil_yaml_node *node, const char *key,
                    bool value)
{
    const struct seuil_yaml_node *part = seuil_yaml_find(node, key);

    if (part && seuil_yaml_bool(l->doc, part, key, l->errs, &value))
        return false;
    return value;
}

/* from, derive or is: what makes the value. */
static void load_source(struct seuil_map_loader *l, const struct seuil_yaml_node *node)
{
    const struct seuil_yaml_node *from = seuil_yaml_find(node, "from");
    const struct seuil_yaml_node *derive = seuil_yaml_find(node, "derive");
    const struct seuil_yaml_node *is = seuil_yaml_find(node, "is");

    if (!!from + !!derive + !!is != 1) {
        seuil_map_error(l, node, 0,
                        "a value is made by one of from: (an expression), derive: (an id) and is: "
                        "(a condition)");
    } else if (from) {
        seuil_map_load_value(l, from);
    } else if (derive) {
        load_derive(l, derive, seuil_map_flag(l, node, "position", true));
    } else {
        seuil_map_load_when(l, is);
        seuil_map_emit(l, SEUIL_MAP_FLAG, 0);
    }
}

static void load_mapping(struct seuil_map_loader *l, const struct seuil_yaml_node *node)
{
    const struct seuil_yaml_node *when = seuil_yaml_find(node, "when");
    const struct seuil_yaml_node *in = seuil_yaml_find(node, "in");
    const struct seuil_yaml_node *table = seuil_yaml_find(node, "table");
    const struct seuil_yaml_node *otherwise = seuil_yaml_find(node, "default");
    uint32_t from = seuil_map_here(l), unless = 0, jump;

    seuil_yaml_check_keys(l->doc, node, keys, KEYS, "a value", l->errs);
    if (when) {
        seuil_map_load_when(l, when);
        unless = seuil_map_emit(l, SEUIL_MAP_JUMP_FALSE, 0);
    }
    load_source(l, node);
    if (in) {
        struct seuil_map_test present = {.kind = SEUIL_TEST_PRESENT};

        seuil_map_emit(l, SEUIL_MAP_TEST, seuil_map_push(l, &l->tests, &present, sizeof(present)));
        jump = seuil_map_emit(l, SEUIL_MAP_JUMP_FALSE, 0);
        seuil_map_emit(l, SEUIL_MAP_TEST, seuil_map_load_in(l, in));
        seuil_map_emit(l, SEUIL_MAP_FLAG, 0);
        seuil_map_patch(l, jump);
    }
    if (table)
        load_table(l, table, seuil_map_flag(l, node, "ignore_case", false));
    if (otherwise && is_scalar(l, otherwise, "default")) {
        jump = seuil_map_emit(l, SEUIL_MAP_JUMP_PRESENT, 0);
        seuil_map_emit(l, SEUIL_MAP_CONST,
                       seuil_map_text(l, seuil_map_keep(l, seuil_yaml_str(otherwise))));
        seuil_map_patch(l, jump);
    }
    if (when) {
        jump = seuil_map_emit(l, SEUIL_MAP_JUMP, 0);
        seuil_map_patch(l, unless);
        seuil_map_emit(l, SEUIL_MAP_ABSENT, 0);
        seuil_map_patch(l, jump);
    }
    if (seuil_map_flag(l, node, "lenient", false))
        seuil_map_lenient(l, from);
}

void seuil_map_load_value(struct seuil_map_loader *l, const struct seuil_yaml_node *node)
{
    switch (node->kind) {
    case SEUIL_YAML_SEQUENCE:
        load_first(l, node);
        break;
    case SEUIL_YAML_MAPPING:
        load_mapping(l, node);
        break;
    case SEUIL_YAML_SCALAR:
        seuil_map_load_text(l, node);
        break;
    }
}
