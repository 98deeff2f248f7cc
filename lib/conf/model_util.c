#include <assert.h>
#include <math.h>
#include <string.h>

#include "base/heap.h"
#include "conf/model_read.h"
#include "conf/suggest.h"

void *seuil_vector_add(struct seuil_model_reader *reader, struct seuil_vector *vector, size_t size)
{
    if (vector->count == vector->cap) {
        uint32_t cap = vector->cap ? 2 * vector->cap : 16;
        void *list = seuil_heap_realloc(vector->list, cap * size);

        if (!list) {
            reader->nomem = true;
            return NULL;
        }
        vector->list = list;
        vector->cap = cap;
    }
    return memset((char *)vector->list + vector->count++ * size, 0, size);
}

void *seuil_model_alloc(struct seuil_model_reader *reader, size_t count, size_t size)
{
    void *ptr = seuil_arena_alloc(&reader->models->arena, count, size);

    reader->nomem = reader->nomem || !ptr;
    return ptr;
}

const char *seuil_model_strdup(struct seuil_model_reader *reader, struct seuil_str text)
{
    const char *copy = seuil_arena_strdup(&reader->models->arena, text.ptr, text.len);

    reader->nomem = reader->nomem || !copy;
    return copy;
}

bool seuil_model_mapping(struct seuil_model_reader *reader, const struct seuil_yaml_node *node,
                         const char *what)
{
    if (node->kind == SEUIL_YAML_MAPPING)
        return true;
    seuil_model_error(reader, node, SEUIL_ERR_INVALID, "%s must be a mapping, this is %s", what,
                      seuil_yaml_kind_text(node));
    return false;
}

bool seuil_model_list(struct seuil_model_reader *reader, const struct seuil_yaml_node *node,
                      const char *what)
{
    if (node->kind == SEUIL_YAML_SEQUENCE)
        return true;
    seuil_model_error(reader, node, SEUIL_ERR_INVALID, "%s must be a list, this is %s", what,
                      seuil_yaml_kind_text(node));
    return false;
}

/* Nothing at all, not even the word null. */
static bool is_nothing(const struct seuil_yaml_node *node)
{
    return seuil_yaml_is_null(node) && node->len == 0;
}

void seuil_model_keys(struct seuil_model_reader *reader, const struct seuil_yaml_node *node,
                      enum seuil_section section)
{
    const char *what = seuil_section_what(section), *names[SEUIL_KEYS_MAX];
    uint32_t count = seuil_keys_names(section, names);
    char hint[400];

    assert(node->kind == SEUIL_YAML_MAPPING);
    for (uint32_t i = 0; i < node->count; i++) {
        struct seuil_str key = seuil_yaml_str(&node->keys[i]);
        const struct seuil_model_key *known = seuil_key_find(section, key);

        if (known && known->need != SEUIL_NEED_LATER)
            continue;
        if (is_nothing(&node->items[i]))
            seuil_suggest_text(key, names, count, hint, sizeof(hint));
        else
            seuil_suggest_or_list(key, names, count, hint, sizeof(hint));
        if (known)
            seuil_model_error(reader, &node->keys[i], SEUIL_ERR_UNSUPPORTED,
                              "\"%s\" of %s is not supported yet", key.ptr, what);
        else
            seuil_model_error(
                reader, &node->keys[i], SEUIL_ERR_UNKNOWN, "unknown key \"%.64s\" of %s%s%s",
                key.ptr, what, hint,
                hint[0] || !is_nothing(&node->items[i])
                    ? ""
                    : "; within {} a text with a comma needs quotes, and a number has a "
                      "decimal point");
    }
}

const struct seuil_yaml_node *seuil_model_need(struct seuil_model_reader *reader,
                                               const struct seuil_yaml_node *node, const char *key,
                                               const char *what)
{
    const struct seuil_yaml_node *value = seuil_yaml_find(node, key);

    if (!value)
        seuil_model_error(reader, node, SEUIL_ERR_MISSING, "%s needs \"%s\"", what, key);
    return value;
}

/* Names go into keys, metrics and files: no control characters, no blanks at the ends. */
static bool name_usable(struct seuil_str name)
{
    if (name.len == 0 || name.ptr[0] == ' ' || name.ptr[name.len - 1] == ' ')
        return false;
    for (uint32_t i = 0; i < name.len; i++)
        if ((unsigned char)name.ptr[i] < 0x20 || name.ptr[i] == 0x7f)
            return false;
    return true;
}

const char *seuil_model_name(struct seuil_model_reader *reader, const struct seuil_yaml_node *node,
                             const char *what)
{
    const struct seuil_yaml_node *value = seuil_model_need(reader, node, "name", what);
    struct seuil_str name;

    if (!value || seuil_yaml_text(reader->doc, value, "name", SEUIL_NAME_MAX, reader->errs, &name))
        return NULL;
    if (!name_usable(name)) {
        seuil_model_error(reader, value, SEUIL_ERR_INVALID,
                          "a name must not be empty, begin or end with a blank, or hold control "
                          "characters");
        return NULL;
    }
    return seuil_model_strdup(reader, name);
}

const char *seuil_model_label(struct seuil_model_reader *reader, const struct seuil_yaml_node *node,
                              const char *name)
{
    const struct seuil_yaml_node *value = seuil_yaml_find(node, "label");
    struct seuil_str label;

    if (!value ||
        seuil_yaml_text(reader->doc, value, "label", SEUIL_LABEL_MAX, reader->errs, &label))
        return name;
    if (!name_usable(label)) {
        seuil_model_error(reader, value, SEUIL_ERR_INVALID,
                          "a label must not be empty, begin or end with a blank, or hold control "
                          "characters");
        return name;
    }
    return seuil_model_strdup(reader, label);
}

bool seuil_model_number(struct seuil_model_reader *reader, const struct seuil_yaml_node *node,
                        const char *key, double *ret_number)
{
    const struct seuil_yaml_node *value = seuil_yaml_find(node, key);
    double number;

    if (!value || seuil_yaml_number(reader->doc, value, key, reader->errs, &number))
        return false;
    if (!isfinite(number) || fabs(number) > SEUIL_POINTS_MAX) {
        seuil_model_error(reader, value, SEUIL_ERR_LIMIT,
                          "%s must be between -1000000000 and 1000000000", key);
        return false;
    }
    *ret_number = number == 0 ? 0 : number; /* no negative zero: it has other bytes */
    return true;
}

void seuil_model_bounds(struct seuil_model_reader *reader, const struct seuil_yaml_node *node,
                        double *ret_floor, double *ret_ceiling)
{
    *ret_floor = -INFINITY;
    *ret_ceiling = INFINITY;
    seuil_model_number(reader, node, "floor", ret_floor);
    seuil_model_number(reader, node, "ceiling", ret_ceiling);
    if (*ret_floor > *ret_ceiling)
        seuil_model_error(reader, seuil_yaml_find(node, "floor"), SEUIL_ERR_INVALID,
                          "floor %g is above ceiling %g", *ret_floor, *ret_ceiling);
}

bool seuil_model_unique(struct seuil_model_reader *reader, const struct seuil_yaml_node *node,
                        const char *name, const void *list, uint32_t count, size_t size,
                        const char *what)
{
    for (uint32_t i = 0; name && i < count; i++) {
        const char *other;

        memcpy(&other, (const char *)list + i * size, sizeof(other));
        if (!other || strcmp(name, other) != 0)
            continue;
        seuil_model_error(reader, seuil_model_name_node(node), SEUIL_ERR_INVALID,
                          "there is a %s called \"%s\" already", what, name);
        return false;
    }
    return true;
}

const struct seuil_yaml_node *seuil_model_name_node(const struct seuil_yaml_node *node)
{
    const struct seuil_yaml_node *name = seuil_yaml_find(node, "name");

    return name ? name : node;
}
