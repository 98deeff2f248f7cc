/* A record's items and variants, and the event that each of them makes. */

#include <stdio.h>

#include "base/heap.h"
#include "codec/origin.h"
#include "codec/target.h"
#include "conf/regex.h"
#include "map/read.h"
#include "map/scratch.h"

/* Work that any record may cost, and for each of its nodes: a thousand events of twenty fields,
 * each looked for among twenty members, take 20 for each node. */
#define BUDGET          65536
#define BUDGET_PER_NODE 512

struct seuil_map_scratch *seuil_map_scratch_new(void)
{
    struct seuil_map_scratch *s = seuil_heap_zalloc(1, sizeof(*s));

    if (!s)
        return NULL;
    s->document.cap = SEUIL_DOCUMENT_NODES_MAX;
    s->document.nodes = seuil_heap_alloc(s->document.cap * sizeof(*s->document.nodes));
    s->inner = seuil_decode_scratch_new();
    s->regex = seuil_models_regex_new(NULL);
    if (s->regex)
        seuil_regex_limit(s->regex, SEUIL_MAP_MATCH_STEPS);
    s->locale = newlocale(LC_ALL_MASK, "C", (locale_t)0);
    if (!s->document.nodes || !s->inner || !s->regex || !s->locale) {
        seuil_map_scratch_free(s);
        return NULL;
    }
    return s;
}

void seuil_map_scratch_free(struct seuil_map_scratch *s)
{
    if (!s)
        return;
    if (s->locale)
        freelocale(s->locale);
    seuil_models_regex_free(s->regex);
    seuil_decode_scratch_free(s->inner);
    seuil_heap_free(s->document.nodes);
    seuil_heap_free(s);
}

struct seuil_document *seuil_map_document(struct seuil_map_scratch *s)
{
    return &s->document;
}

void seuil_map_duplicates(struct seuil_map_scratch *s, enum seuil_duplicates duplicates)
{
    s->duplicates = duplicates;
}

/* ---- let ---------------------------------------------------------------------------------- */

static int parse_let(struct seuil_map_scratch *s, const struct seuil_map_let *let,
                     uint32_t *ret_node)
{
    struct seuil_fault fault = {0};
    struct seuil_str text;
    uint32_t node = s->document.count;
    int rc;

    if (!seuil_map_as_text(s, &text))
        return s->fault.code;
    if (text.len > SEUIL_RECORD_BYTES_MAX - s->inner->text_len)
        return seuil_map_fail(s, SEUIL_ERR_LIMIT, "the texts in `let` are too long together");
    rc = seuil_json_document(let->wanted, s->duplicates, s->inner, (const uint8_t *)text.ptr,
                             text.len, &s->document, &fault);
    if (rc)
        return seuil_map_fail(s, rc, fault.why);
    *ret_node = node;
    return 0;
}

/* The first of its paths that leads to something; JSON in a text may stand there as an object too.
 */
static int make_let(const struct seuil_map *map, struct seuil_map_scratch *s,
                    const struct seuil_map_let *let, uint32_t *ret_node)
{
    *ret_node = SEUIL_NODE_NONE;
    for (uint32_t i = 0; i < let->count; i++) {
        s->flag = true;
        if (let->has_when[i] && seuil_map_run(map, s, let->when[i]))
            return s->fault.code;
        if (!s->flag)
            continue;
        seuil_map_take_node(s, seuil_map_find(map, s, &map->paths[let->path[i]]));
        if (s->fault.code)
            return s->fault.code;
        if (!s->value.there)
            continue;
        if (let->json[i] && s->value.v.type != SEUIL_TYPE_NULL)
            return parse_let(s, let, ret_node);
        *ret_node = s->value.node;
        return 0;
    }
    return 0;
}

static int make_lets(const struct seuil_map *map, struct seuil_map_scratch *s)
{
    int rc = 0;

    s->item_node = 0;
    for (uint32_t i = 0; i < map->let_count && !rc; i++)
        rc = make_let(map, s, &map->lets[i], &s->lets[i]);
    return rc;
}

/* ---- items -------------------------------------------------------------------------------- */

/* The elements of the list at @node; anything else is one item; nothing is none. */
static struct seuil_map_items items_of(const struct seuil_map_scratch *s, uint32_t node)
{
    const struct seuil_node *nodes = s->document.nodes;
    struct seuil_map_items items = {.item = SEUIL_NODE_NONE};

    if (node == SEUIL_NODE_NONE || nodes[node].kind == SEUIL_TYPE_NULL)
        return items;
    if (nodes[node].kind == SEUIL_NODE_LIST) {
        items.next = node + 1;
        items.end = nodes[node].end;
    } else {
        items.next = node;
        items.end = nodes[node].end;
    }
    return items;
}

static bool next_item(const struct seuil_map_scratch *s, struct seuil_map_items *items)
{
    if (items->next >= items->end)
        return false;
    items->item = items->next;
    items->index = items->count++;
    items->next = s->document.nodes[items->next].end;
    return true;
}

/* Count what was left out for @reason, number @why of the reasons. */
static int drop(const struct seuil_map *map, struct seuil_map_scratch *s, uint32_t why,
                const char *reason)
{
    uint64_t *count = &map->drops[why];

    __atomic_store_n(count, __atomic_load_n(count, __ATOMIC_RELAXED) + 1, __ATOMIC_RELAXED);
    s->reason = reason;
    return 0;
}

void seuil_map_begin(const struct seuil_map *map, struct seuil_map_scratch *s,
                     const struct seuil_record_view *record)
{
    s->record = *record;
    if (map->asks_place)
        seuil_origin_restore(&s->record);
    s->record_count = s->document.count;
    s->inner->text_len = 0;
    s->text_len = 0;
    s->fault = (struct seuil_map_fault){0};
    s->broken = s->spent = false;
    s->events = 0;
    s->variant = NULL;
    s->dropped = 0;
    s->reason = "no_items";
    s->target = SEUIL_TARGET_COUNT;
    s->budget = BUDGET + (uint64_t)BUDGET_PER_NODE * s->document.count;
    s->outer = s->items = (struct seuil_map_items){.item = SEUIL_NODE_NONE};
    if (s->document.count == 0)
        return;
    if (make_lets(map, s) == 0) {
        uint32_t node = 0;

        if (map->has_each)
            node = seuil_map_find(map, s, &map->paths[map->each]);
        if (!map->has_each)
            s->outer = (struct seuil_map_items){.next = 0, .end = s->document.nodes[0].end};
        else
            s->outer = items_of(s, node);
        if (!s->fault.code && s->outer.next >= s->outer.end)
            drop(map, s, map->variant_count + 1, "no_items");
    }
    s->broken = s->fault.code != 0;
}

/* ---- events ------------------------------------------------------------------------------- */

/* "map of input, events[2] (email), item 3, field `time`: why, not "value"". */
static int explain(const struct seuil_map *map, const struct seuil_map_scratch *s,
                   struct seuil_error *err)
{
    const struct seuil_map_fault *f = &s->fault;
    char variant[48] = "", item[24] = "", field[48] = "", value[80] = "";
    const char *name = NULL;

    if (!err)
        return f->code;
    if (s->variant) {
        snprintf(variant, sizeof(variant), ", events[%u] (%s)", s->variant->number - 1,
                 seuil_kind_name((enum seuil_kind)s->variant->kind));
        name = seuil_map_target_name(s->target, (enum seuil_kind)s->variant->kind);
    }
    if (s->outer.count > 1 || s->items.count > 1)
        snprintf(item, sizeof(item), ", item %u",
                 s->items.count > 1 ? s->items.index : s->outer.index);
    if (name)
        snprintf(field, sizeof(field), ", field `%s`", name);
    if (f->value.len)
        snprintf(value, sizeof(value), ", not \"%.*s\"",
                 (int)(f->value.len < 60 ? f->value.len : 60), f->value.ptr);
    return seuil_error_set(err, f->code, "map of %s%s%s%s: %s%s", map->name, variant, item, field,
                           f->why, value);
}

static void begin_event(struct seuil_map_scratch *s)
{
    s->text_len = 0;
    s->fault = (struct seuil_map_fault){0};
    s->target = SEUIL_TARGET_COUNT;
    s->value = (struct seuil_map_value){.node = SEUIL_NODE_NONE};
}

/* What every event must have. */
static int check(struct seuil_map_scratch *s)
{
    const struct seuil_event *event = s->event;

    if (event->id.len == 0)
        s->target = SEUIL_TARGET_ID;
    else if (event->lead.len == 0)
        s->target = SEUIL_TARGET_LEAD;
    else if (event->time == SEUIL_TIME_NONE)
        s->target = SEUIL_TARGET_TIME;
    else
        s->target = SEUIL_TARGET_COUNT;
    if (s->target != SEUIL_TARGET_COUNT)
        return seuil_map_fail(s, SEUIL_ERR_MISSING, "the record has nothing for it");
    if (event->id.len > SEUIL_ID_MAX)
        s->target = SEUIL_TARGET_ID;
    else if (event->lead.len > SEUIL_ID_MAX)
        s->target = SEUIL_TARGET_LEAD;
    else if (event->retracts.len > SEUIL_ID_MAX)
        s->target = SEUIL_TARGET_RETRACTS;
    else
        return 0;
    return seuil_map_fail(s, SEUIL_ERR_LIMIT, "an identifier is longer than 256 bytes");
}

static int make_event(const struct seuil_map *map, struct seuil_map_scratch *s)
{
    struct seuil_event *event = s->event;
    int rc;

    begin_event(s);
    memset(event, 0, sizeof(*event));
    event->kind = (enum seuil_kind)s->variant->kind;
    event->time = SEUIL_TIME_NONE;
    event->map = s->entries;
    seuil_keyset_clear(&s->keys);
    s->item_node = s->items.item;
    rc = seuil_map_run(map, s, s->variant->start);
    if (!rc)
        rc = check(s);
    if (!rc)
        seuil_event_derive(event);
    return rc;
}

/* The variant of the outer item at hand: 1 and its items, 0 when it makes no event, or a fault. */
static int choose(const struct seuil_map *map, struct seuil_map_scratch *s)
{
    begin_event(s);
    s->item_node = s->outer.item;
    for (uint32_t i = 0; i < map->variant_count; i++) {
        const struct seuil_map_variant *v = &map->variants[i];

        s->flag = true;
        if (v->has_when && seuil_map_run(map, s, v->when))
            return s->fault.code;
        if (!s->flag)
            continue;
        if (v->kind < 0)
            return drop(map, s, i, v->reason);
        s->items = (struct seuil_map_items){.next = s->outer.item,
                                            .end = s->document.nodes[s->outer.item].end,
                                            .item = SEUIL_NODE_NONE};
        if (v->has_each)
            s->items = items_of(s, seuil_map_find(map, s, &map->paths[v->each]));
        if (s->fault.code)
            return s->fault.code;
        s->variant = v;
        return s->items.next < s->items.end ? 1 : drop(map, s, map->variant_count + 1, "no_items");
    }
    return drop(map, s, map->variant_count, "unmatched");
}

static int give_up(const struct seuil_map *map, struct seuil_map_scratch *s,
                   struct seuil_error *err)
{
    int rc = explain(map, s, err);

    if (s->spent || s->broken) /* for this record there is nothing more to be had */
        s->outer.next = s->outer.end = s->items.next = s->items.end = 0;
    s->broken = false;
    return rc;
}

int seuil_map_next(const struct seuil_map *map, struct seuil_map_scratch *s,
                   struct seuil_event *event, struct seuil_error *err)
{
    s->event = event;
    if (s->broken)
        return give_up(map, s, err);
    for (;;) {
        int rc;

        if (s->variant && next_item(s, &s->items)) {
            if (s->events++ == SEUIL_RECORD_EVENTS_MAX) {
                begin_event(s);
                seuil_map_fail(s, SEUIL_ERR_LIMIT, "a record has more than 4,096 events");
                s->spent = true;
                return give_up(map, s, err);
            }
            rc = make_event(map, s);
            if (rc)
                return give_up(map, s, err);
            if (!map->drops_others || seuil_str_eq(event->lead, s->record.key))
                return 1;
            drop(map, s, map->variant_count + 2, "other_lead");
            s->dropped++;
            continue;
        }
        s->variant = NULL;
        s->items = (struct seuil_map_items){.item = SEUIL_NODE_NONE};
        if (!next_item(s, &s->outer))
            return 0;
        rc = choose(map, s);
        if (rc < 0)
            return give_up(map, s, err);
        if (rc == 0) {
            s->variant = NULL;
            s->dropped++;
        }
    }
}

uint32_t seuil_map_variant(const struct seuil_map_scratch *s)
{
    return s->variant ? s->variant->number : 0;
}

uint32_t seuil_map_dropped(const struct seuil_map_scratch *s)
{
    return s->dropped;
}

const char *seuil_map_reason(const struct seuil_map_scratch *s)
{
    return s->reason;
}

int seuil_map_alarm(const struct seuil_map *map, struct seuil_map_watch *ret_watch)
{
    for (uint32_t i = 0; seuil_map_watched(map, i, ret_watch); i++) {
        bool vanished = seuil_map_vanished(ret_watch);

        if (vanished == map->counters[i].told)
            continue;
        map->counters[i].told = vanished;
        return vanished ? 1 : -1;
    }
    return 0;
}

bool seuil_map_dropped_for(const struct seuil_map *map, uint32_t i, const char **ret_reason,
                           uint64_t *ret_count)
{
    static const char *const common[] = {"unmatched", "no_items", "other_lead"};

    if (i >= map->variant_count + 2 + map->drops_others)
        return false;
    *ret_reason = i < map->variant_count ? map->variants[i].reason : common[i - map->variant_count];
    *ret_count = __atomic_load_n(&map->drops[i], __ATOMIC_RELAXED);
    return true;
}

bool seuil_map_watched(const struct seuil_map *map, uint32_t i, struct seuil_map_watch *ret_watch)
{
    if (i >= map->watch_count)
        return false;
    *ret_watch = map->watches[i];
    ret_watch->present = __atomic_load_n(&map->counters[i].present, __ATOMIC_RELAXED);
    ret_watch->absent = __atomic_load_n(&map->counters[i].absent, __ATOMIC_RELAXED);
    ret_watch->silent = __atomic_load_n(&map->counters[i].silent, __ATOMIC_RELAXED);
    return true;
}
