/* Conditions: a mapping holds when each of its rows does, a list when one of its mappings does. */

#include <math.h>
#include <stdlib.h>

#include "conf/regex.h"
#include "map/load.h"

static int by_text(const void *a, const void *b)
{
    return seuil_str_cmp(*(const struct seuil_str *)a, *(const struct seuil_str *)b);
}

static uint32_t push(struct seuil_map_loader *l, const struct seuil_map_test *test)
{
    return seuil_map_push(l, &l->tests, test, sizeof(*test));
}

uint32_t seuil_map_load_in(struct seuil_map_loader *l, const struct seuil_yaml_node *node)
{
    struct seuil_map_test test = {.kind = SEUIL_TEST_IN};

    test.texts = seuil_map_texts(l, node, "a value to compare with", &test.count);
    if (test.count)
        qsort((void *)test.texts, test.count, sizeof(*test.texts), by_text);
    return push(l, &test);
}

static void one_text(struct seuil_map_loader *l, const struct seuil_yaml_node *node,
                     enum seuil_map_test_kind kind)
{
    struct seuil_map_test test = {.kind = (uint8_t)kind};
    struct seuil_error err = {0};

    if (node->kind != SEUIL_YAML_SCALAR || node->len == 0) {
        seuil_map_error(l, node, 0, "a text is wanted here");
        return;
    }
    test.texts = seuil_map_texts(l, node, "a text", &test.count);
    if (kind == SEUIL_TEST_REGEX && test.count &&
        seuil_regex_compile(&l->map->arena, test.texts[0], false, &test.regex, &err))
        seuil_map_error(l, node, 0, "%s", err.text);
    seuil_map_emit(l, SEUIL_MAP_TEST, push(l, &test));
}

static void load_present(struct seuil_map_loader *l, const struct seuil_yaml_node *node)
{
    struct seuil_map_test test = {.kind = SEUIL_TEST_PRESENT};
    bool present = true;

    if (node)
        seuil_yaml_bool(l->doc, node, "present", l->errs, &present);
    else
        present = false;
    seuil_map_emit(l, SEUIL_MAP_TEST, push(l, &test));
    if (!present)
        seuil_map_emit(l, SEUIL_MAP_NOT, 0);
}

static void load_tests(struct seuil_map_loader *l, const struct seuil_yaml_node *node);

static void load_range(struct seuil_map_loader *l, const struct seuil_yaml_node *min,
                       const struct seuil_yaml_node *max)
{
    struct seuil_map_test test = {.kind = SEUIL_TEST_RANGE, .low = -INFINITY, .high = INFINITY};

    if (min)
        seuil_yaml_number(l->doc, min, "min", l->errs, &test.low);
    if (max)
        seuil_yaml_number(l->doc, max, "max", l->errs, &test.high);
    seuil_map_emit(l, SEUIL_MAP_TEST, push(l, &test));
}

/* One row of {prefix: ..., not: ...}; min and max go together, with the first of them. */
static void load_test(struct seuil_map_loader *l, const struct seuil_yaml_node *node, uint32_t i)
{
    static const struct {
        const char *name;
        enum seuil_map_test_kind kind;
    } rows[] = {{"prefix", SEUIL_TEST_PREFIX},
                {"suffix", SEUIL_TEST_SUFFIX},
                {"contains", SEUIL_TEST_CONTAINS},
                {"regex", SEUIL_TEST_REGEX}};
    const struct seuil_yaml_node *value = &node->items[i];
    struct seuil_str key = seuil_yaml_str(&node->keys[i]);

    for (unsigned k = 0; k < sizeof(rows) / sizeof(rows[0]); k++)
        if (seuil_str_eq(key, seuil_str_from(rows[k].name)))
            one_text(l, value, rows[k].kind);
    if (seuil_str_eq(key, SEUIL_STR("present")))
        load_present(l, value);
    if (seuil_str_eq(key, SEUIL_STR("in")))
        seuil_map_emit(l, SEUIL_MAP_TEST, seuil_map_load_in(l, value));
    if (seuil_str_eq(key, SEUIL_STR("min")) || seuil_str_eq(key, SEUIL_STR("max")))
        load_range(l, seuil_yaml_find(node, "min"), seuil_yaml_find(node, "max"));
    if (seuil_str_eq(key, SEUIL_STR("not"))) {
        load_tests(l, value);
        seuil_map_emit(l, SEUIL_MAP_NOT, 0);
    }
}

/* What the value at hand must be. */
static void load_tests(struct seuil_map_loader *l, const struct seuil_yaml_node *node)
{
    static const char *const keys[] = {"prefix", "suffix", "contains", "regex", "present",
                                       "in",     "min",    "max",      "not"};
    uint32_t jumps[sizeof(keys) / sizeof(keys[0])];

    if (seuil_yaml_is_null(node)) {
        load_present(l, NULL);
        return;
    }
    if (node->kind != SEUIL_YAML_MAPPING) {
        seuil_map_emit(l, SEUIL_MAP_TEST, seuil_map_load_in(l, node));
        return;
    }
    if (seuil_yaml_check_keys(l->doc, node, keys, sizeof(keys) / sizeof(keys[0]), "a condition",
                              l->errs))
        return;
    if (node->count == 0)
        seuil_map_error(l, node, 0, "this condition says nothing");
    for (uint32_t i = 0; i < node->count; i++) {
        load_test(l, node, i);
        jumps[i] = seuil_map_emit(l, SEUIL_MAP_JUMP_FALSE, 0);
    }
    for (uint32_t i = 0; i < node->count; i++)
        seuil_map_patch(l, jumps[i]);
}

static void load_all(struct seuil_map_loader *l, const struct seuil_yaml_node *node)
{
    uint32_t jumps[32];

    for (uint32_t i = 0; i < node->count; i++) {
        seuil_map_load_text(l, &node->keys[i]);
        load_tests(l, &node->items[i]);
        jumps[i] = seuil_map_emit(l, SEUIL_MAP_JUMP_FALSE, 0);
    }
    for (uint32_t i = 0; i < node->count; i++)
        seuil_map_patch(l, jumps[i]);
}

void seuil_map_load_when(struct seuil_map_loader *l, const struct seuil_yaml_node *node)
{
    uint32_t jumps[32];

    if (node->kind == SEUIL_YAML_SCALAR || node->count == 0 || node->count > 32) {
        seuil_map_error(l, node, 0,
                        "a condition is a mapping of paths to what must stand there, as {event: "
                        "open}, or a list of such, of which one must hold; 32 at most");
        return;
    }
    if (node->kind == SEUIL_YAML_MAPPING) {
        load_all(l, node);
        return;
    }
    for (uint32_t i = 0; i < node->count; i++) {
        if (node->items[i].kind != SEUIL_YAML_MAPPING || node->items[i].count == 0 ||
            node->items[i].count > 32)
            seuil_map_error(l, &node->items[i], 0,
                            "each of these conditions is a mapping, as {event: open}");
        else
            load_all(l, &node->items[i]);
        jumps[i] = seuil_map_emit(l, SEUIL_MAP_JUMP_TRUE, 0);
    }
    for (uint32_t i = 0; i < node->count; i++)
        seuil_map_patch(l, jumps[i]);
}
