/* Paths over a document. */

#include "map/scratch.h"

static uint32_t member(struct seuil_map_scratch *s, uint32_t object, struct seuil_str name)
{
    const struct seuil_node *nodes = s->document.nodes;

    if (nodes[object].kind != SEUIL_NODE_OBJECT)
        return SEUIL_NODE_NONE;
    for (uint32_t i = object + 1; i < nodes[object].end; i = nodes[i].end) {
        if (!seuil_map_work(s, 1))
            break;
        if (seuil_str_eq(nodes[i].key, name))
            return i;
    }
    return SEUIL_NODE_NONE;
}

static uint32_t element(struct seuil_map_scratch *s, uint32_t list, int32_t index)
{
    const struct seuil_node *nodes = s->document.nodes;
    int32_t count = 0;

    if (nodes[list].kind != SEUIL_NODE_LIST)
        return SEUIL_NODE_NONE;
    for (uint32_t i = list + 1; index < 0 && i < nodes[list].end; i = nodes[i].end) {
        if (!seuil_map_work(s, 1))
            return SEUIL_NODE_NONE;
        count++;
    }
    if (index < 0)
        index += count;
    if (index < 0)
        return SEUIL_NODE_NONE;
    for (uint32_t i = list + 1; i < nodes[list].end; i = nodes[i].end) {
        if (!seuil_map_work(s, 1))
            break;
        if (index-- == 0)
            return i;
    }
    return SEUIL_NODE_NONE;
}

static struct seuil_str node_text(const struct seuil_node *node)
{
    return node->kind == SEUIL_TYPE_STRING ? node->value.s : node->raw;
}

/* The first element whose member is, or has in it, the value. */
static uint32_t select_element(struct seuil_map_scratch *s, uint32_t list,
                               const struct seuil_map_segment *segment)
{
    const struct seuil_node *nodes = s->document.nodes;

    if (nodes[list].kind != SEUIL_NODE_LIST)
        return SEUIL_NODE_NONE;
    for (uint32_t i = list + 1; i < nodes[list].end; i = nodes[i].end) {
        uint32_t at = member(s, i, segment->name);
        struct seuil_str text;

        if (s->fault.code)
            break;
        if (at == SEUIL_NODE_NONE)
            continue;
        text = node_text(&nodes[at]);
        if (!seuil_map_work(s, 1 + text.len / 8))
            break;
        if (segment->kind == SEUIL_SEGMENT_EQUAL
                ? seuil_str_eq(text, segment->value)
                : text.len && memmem(text.ptr, text.len, segment->value.ptr, segment->value.len))
            return i;
    }
    return SEUIL_NODE_NONE;
}

uint32_t seuil_map_find(const struct seuil_map *map, struct seuil_map_scratch *s,
                        const struct seuil_map_path *path)
{
    uint32_t at = s->item_node;

    switch ((enum seuil_map_base)path->base) {
    case SEUIL_BASE_ITEM:
        break;
    case SEUIL_BASE_OUTER:
        at = s->outer.item;
        break;
    case SEUIL_BASE_RECORD:
        at = 0;
        break;
    case SEUIL_BASE_LET:
        at = s->lets[path->let];
        break;
    }
    for (uint32_t i = 0; i < path->count && at != SEUIL_NODE_NONE; i++) {
        const struct seuil_map_segment *segment = &map->segments[path->first + i];

        switch ((enum seuil_map_segment_kind)segment->kind) {
        case SEUIL_SEGMENT_NAME:
            at = member(s, at, segment->name);
            break;
        case SEUIL_SEGMENT_INDEX:
            at = element(s, at, segment->index);
            break;
        case SEUIL_SEGMENT_EQUAL:
        case SEUIL_SEGMENT_CONTAINS:
            at = select_element(s, at, segment);
            break;
        }
    }
    return at;
}

/* Null and an empty text are absent: a source that writes "" says nothing. */
void seuil_map_take_node(struct seuil_map_scratch *s, uint32_t node)
{
    const struct seuil_node *n;

    s->value = (struct seuil_map_value){.node = node};
    if (node == SEUIL_NODE_NONE)
        return;
    n = &s->document.nodes[node];
    s->value.there =
        n->kind != SEUIL_TYPE_NULL && !(n->kind == SEUIL_TYPE_STRING && n->value.s.len == 0);
    s->value.unit = n->unit;
    s->value.raw = n->raw;
    if (n->kind < SEUIL_NODE_LIST)
        s->value.v = n->value;
}
