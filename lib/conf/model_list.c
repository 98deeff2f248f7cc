/* `lists:` values that several tests, or several models, share: written in the model, or in a file
 * beside it. `in: {list: concurrents}` takes one. */

#include <stdio.h>
#include <string.h>

#include "base/heap.h"
#include "conf/model_read.h"
#include "conf/suggest.h"

struct list {
    const char *name;                    /* in the arena of lists */
    const struct seuil_yaml_node *items; /* a sequence of scalars; NULL after a report */
};

/* Whether @node of @doc is a list of values. */
static bool check_items(struct seuil_model_reader *reader, const struct seuil_yaml *doc,
                        const struct seuil_yaml_node *node)
{
    if (node->kind != SEUIL_YAML_SEQUENCE) {
        seuil_yaml_error(doc, node, reader->errs, SEUIL_ERR_INVALID,
                         "a shared list must be a list of values, this is %s",
                         seuil_yaml_kind_text(node));
        return false;
    }
    for (uint32_t i = 0; i < node->count; i++)
        if (node->items[i].kind != SEUIL_YAML_SCALAR || seuil_yaml_is_null(&node->items[i])) {
            seuil_yaml_error(doc, &node->items[i], reader->errs, SEUIL_ERR_INVALID,
                             "an item of a shared list must be one value, this is %s",
                             seuil_yaml_kind_text(&node->items[i]));
            return false;
        }
    return true;
}

/* Paths are relative to the folder of the model. */
static const struct seuil_yaml_node *read_file(struct seuil_model_reader *reader,
                                               const struct seuil_yaml_node *node)
{
    const char *model = seuil_yaml_name(reader->doc), *slash = strrchr(model, '/');
    struct seuil_yaml **docs;
    char path[1024];

    if (!reader->from_files) {
        seuil_model_error(reader, node, SEUIL_ERR_UNSUPPORTED,
                          "a list in a file needs a model in a file: write the values here");
        return NULL;
    }
    snprintf(path, sizeof(path), "%.*s%s", slash ? (int)(slash + 1 - model) : 0, model, node->text);
    if (node->text[0] == '/')
        snprintf(path, sizeof(path), "%s", node->text);
    docs = seuil_vector_add(reader, &reader->list_docs, sizeof(*docs));
    if (!docs)
        return NULL;
    *docs = seuil_yaml_open(path, reader->errs);
    if (!*docs) {
        seuil_model_error(reader, node, SEUIL_ERR_IO,
                          "the list %s, beside this model, cannot be used", path);
        return NULL;
    }
    return check_items(reader, *docs, seuil_yaml_root(*docs)) ? seuil_yaml_root(*docs) : NULL;
}

void seuil_model_lists(struct seuil_model_reader *reader)
{
    const struct seuil_yaml_node *node = seuil_yaml_find(reader->root, "lists");

    reader->lists.count = 0;
    if (!node || !seuil_model_mapping(reader, node, "lists"))
        return;
    for (uint32_t i = 0; i < node->count && !reader->nomem; i++) {
        const struct seuil_yaml_node *value = &node->items[i];
        struct list *list = seuil_vector_add(reader, &reader->lists, sizeof(*list));

        if (!list)
            return;
        list->name = node->keys[i].text;
        if (value->kind == SEUIL_YAML_SCALAR && !seuil_yaml_is_null(value))
            list->items = read_file(reader, value);
        else if (check_items(reader, reader->doc, value))
            list->items = value;
    }
}

const struct seuil_yaml_node *seuil_model_list_of(struct seuil_model_reader *reader,
                                                  const struct seuil_yaml_node *node)
{
    const struct list *lists = reader->lists.list;
    const struct seuil_yaml_node *value;
    struct seuil_yaml_node *copy, *items;
    const char *names[64];
    struct seuil_str name;
    uint32_t count = 0, before = reader->errs->total;
    char hint[160];

    if (node->kind != SEUIL_YAML_MAPPING)
        return node;
    seuil_model_keys(reader, node, SEUIL_SECTION_FROM);
    if (reader->errs->total != before)
        return NULL;
    value = seuil_model_need(reader, node, "list", "a shared list");
    if (!value || seuil_yaml_text(reader->doc, value, "list", SEUIL_NAME_MAX, reader->errs, &name))
        return NULL;
    for (uint32_t i = 0; i < reader->lists.count; i++) {
        if (strcmp(lists[i].name, name.ptr) != 0) {
            if (count < 64)
                names[count++] = lists[i].name;
            continue;
        }
        if (!lists[i].items)
            return NULL;
        copy = seuil_arena_alloc(&reader->list_arena, 1, sizeof(*copy));
        items = seuil_arena_alloc(&reader->list_arena, lists[i].items->count, sizeof(*items));
        reader->nomem = reader->nomem || !copy || !items;
        if (reader->nomem)
            return NULL;
        /* What is wrong with a value is told where it is used. */
        *copy = *lists[i].items;
        copy->line = node->line;
        copy->column = node->column;
        copy->items = items;
        for (uint32_t k = 0; k < copy->count; k++) {
            items[k] = lists[i].items->items[k];
            items[k].line = node->line;
            items[k].column = node->column;
        }
        return copy;
    }
    seuil_model_error(reader, value, SEUIL_ERR_UNKNOWN, "there is no list \"%.64s\"%s", name.ptr,
                      seuil_suggest_text(name, names, count, hint, sizeof(hint)));
    return NULL;
}

void seuil_model_lists_done(struct seuil_model_reader *reader)
{
    struct seuil_yaml **docs = reader->list_docs.list;

    for (uint32_t i = 0; i < reader->list_docs.count; i++)
        seuil_yaml_free(docs[i]);
    seuil_heap_free(docs);
    seuil_heap_free(reader->lists.list);
    seuil_arena_done(&reader->list_arena);
}
