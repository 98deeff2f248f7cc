/* Values to the fields of an event. */

#include <assert.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "codec/target.h"
#include "codec/text.h"
#include "map/scratch.h"

char *seuil_map_room(struct seuil_map_scratch *s, uint32_t len)
{
    char *room = s->text + s->text_len;

    if (!seuil_map_work(s, 1 + len / 8))
        return NULL;
    if (len > SEUIL_MAP_TEXT_MAX - s->text_len) {
        seuil_map_fail(s, SEUIL_ERR_LIMIT, "the texts of one event take more than 64 KiB");
        return NULL;
    }
    s->text_len += len;
    return room;
}

void seuil_map_set_text(struct seuil_map_scratch *s, struct seuil_str text)
{
    s->value = (struct seuil_map_value){.there = text.len > 0,
                                        .node = SEUIL_NODE_NONE,
                                        .v = {.type = SEUIL_TYPE_STRING, .s = text}};
}

/* ---- scalars as something else ------------------------------------------------------------ */

static bool digits(struct seuil_map_scratch *s, struct seuil_str *ret_text)
{
    const struct seuil_value *v = &s->value.v;
    char text[40], *p = text + sizeof(text), *room;
    uint32_t len;

    if (v->type == SEUIL_TYPE_INT) {
        p = seuil_digits_put(v->i < 0 ? 0 - (uint64_t)v->i : (uint64_t)v->i, p);
        if (v->i < 0)
            *--p = '-';
        len = (uint32_t)(text + sizeof(text) - p);
    } else {
        locale_t before = uselocale(s->locale);

        /* The shortest that reads back as the same number. */
        for (int precision = 15; precision <= 17; precision++) {
            snprintf(text, sizeof(text), "%.*g", precision, v->d);
            if (strtod(text, NULL) == v->d)
                break;
        }
        uselocale(before);
        len = (uint32_t)strlen(text);
        p = text;
    }
    room = seuil_map_room(s, len);
    if (!room)
        return false;
    memcpy(room, p, len);
    *ret_text = (struct seuil_str){room, len};
    return true;
}

bool seuil_map_as_text(struct seuil_map_scratch *s, struct seuil_str *ret_text)
{
    const struct seuil_value *v = &s->value.v;

    switch (v->type) {
    case SEUIL_TYPE_STRING:
        *ret_text = v->s;
        return true;
    case SEUIL_TYPE_BOOL:
        *ret_text = v->b ? SEUIL_STR("true") : SEUIL_STR("false");
        return true;
    case SEUIL_TYPE_INT:
    case SEUIL_TYPE_DOUBLE:
        if (s->value.raw.len == 0)
            return digits(s, ret_text);
        *ret_text = s->value.raw;
        return true;
    default:
        return false;
    }
}

static int wrong(struct seuil_map_scratch *s, const char *why)
{
    struct seuil_str text = {0};

    if (s->value.v.type == SEUIL_TYPE_STRING)
        text = s->value.v.s;
    else if (s->value.raw.len)
        text = s->value.raw;
    seuil_map_fail(s, SEUIL_ERR_FORMAT, why);
    if (s->fault.value.len == 0)
        s->fault.value = text;
    return s->fault.code;
}

int seuil_map_as_number(struct seuil_map_scratch *s)
{
    struct seuil_value *v = &s->value.v;
    char text[64], *end;
    bool plain = true;
    double d;

    if (v->type == SEUIL_TYPE_INT || v->type == SEUIL_TYPE_DOUBLE)
        return 0;
    if (v->type != SEUIL_TYPE_STRING)
        return wrong(s, "a number is wanted");
    for (uint32_t i = 0; i < v->s.len; i++)
        plain &= (v->s.ptr[i] >= '0' && v->s.ptr[i] <= '9') || memchr("+-.eE", v->s.ptr[i], 5);
    if (!plain || v->s.len == 0 || v->s.len >= sizeof(text))
        return wrong(s, "a number is wanted");
    memcpy(text, v->s.ptr, v->s.len);
    text[v->s.len] = '\0';
    d = strtod_l(text, &end, s->locale);
    if (*end || !isfinite(d))
        return wrong(s, "a number is wanted");
    s->value.raw = v->s;
    *v = (struct seuil_value){.type = SEUIL_TYPE_DOUBLE, .d = d};
    if (d == floor(d) && fabs(d) < 9007199254740992.0)
        *v = (struct seuil_value){.type = SEUIL_TYPE_INT, .i = (int64_t)d};
    return 0;
}

static bool is_word(struct seuil_str text, const char *word)
{
    return text.len == strlen(word) && strncasecmp(text.ptr, word, text.len) == 0;
}

int seuil_map_as_bool(struct seuil_map_scratch *s)
{
    struct seuil_value *v = &s->value.v;
    int b = -1;

    if (v->type == SEUIL_TYPE_BOOL)
        return 0;
    if (v->type == SEUIL_TYPE_INT && (v->i == 0 || v->i == 1))
        b = (int)v->i;
    if (v->type == SEUIL_TYPE_STRING)
        b = is_word(v->s, "true") || is_word(v->s, "1")    ? 1
            : is_word(v->s, "false") || is_word(v->s, "0") ? 0
                                                           : -1;
    if (b < 0)
        return wrong(s, "true or false is wanted");
    *v = (struct seuil_value){.type = SEUIL_TYPE_BOOL, .b = b};
    return 0;
}

/* ---- fields ------------------------------------------------------------------------------- */

static int store_time(struct seuil_map_scratch *s)
{
    seuil_time_ms time;
    int rc = seuil_map_as_time(s, &time);

    if (rc)
        return rc;
    if (!seuil_time_sane(time))
        return wrong(s, "a time lies outside the years 0 to 9999: is its unit another one?");
    s->event->time = time;
    return 0;
}

int seuil_map_store(struct seuil_map_scratch *s, unsigned target)
{
    struct seuil_str text;
    int rc;

    switch (seuil_target_class((enum seuil_target)target)) {
    case SEUIL_CLASS_STRING:
        if (!seuil_map_as_text(s, &text))
            return s->fault.code ? s->fault.code
                                 : wrong(s, "a single value is wanted, not an object or a list");
        seuil_target_put_string(s->event, target, text);
        return 0;
    case SEUIL_CLASS_NUMBER:
        rc = seuil_map_as_number(s);
        if (!rc)
            s->event->field[target] = s->value.v;
        return rc;
    case SEUIL_CLASS_BOOL:
        rc = seuil_map_as_bool(s);
        if (rc)
            return rc;
        if (target == SEUIL_TARGET_CONSENT)
            s->event->consent = s->value.v;
        else
            s->event->field[target] = s->value.v;
        return 0;
    case SEUIL_CLASS_TIME:
        return store_time(s);
    case SEUIL_CLASS_TYPE:
    case SEUIL_CLASS_MAP:
        break;
    }
    assert(!"a target of a single value");
    return SEUIL_ERR_INTERNAL;
}

/* ---- entries ------------------------------------------------------------------------------ */

int seuil_map_put_entry(struct seuil_map_scratch *s, struct seuil_str name)
{
    struct seuil_event *event = s->event;
    struct seuil_entry *entry = &s->entries[event->map_count];
    struct seuil_str text;

    if (s->value.v.type == SEUIL_TYPE_NULL) /* lists and objects have no place in it */
        return 0;
    if (name.len > SEUIL_ID_MAX)
        return seuil_map_fail(s, SEUIL_ERR_LIMIT, "an entry's name is longer than 256 bytes");
    if (event->map_count == SEUIL_MAP_ENTRIES_MAX)
        return seuil_map_fail(s, SEUIL_ERR_LIMIT, "a map has more than 256 entries");
    if (seuil_keyset_add(&s->keys, name) != 1)
        return 0; /* the first of a name stays, as in a list of values */
    entry->key = name;
    entry->value = s->value.v;
    if (event->kind == SEUIL_KIND_FORM) {
        if (!seuil_map_as_text(s, &text))
            return s->fault.code;
        entry->value = (struct seuil_value){.type = SEUIL_TYPE_STRING, .s = text};
    }
    event->map_count++;
    return 0;
}

static bool lets_in(const struct seuil_map_filter *filter, struct seuil_str name)
{
    uint32_t low = 0, high = filter->count;

    while (low < high) {
        uint32_t middle = low + (high - low) / 2;
        int order = seuil_str_cmp(filter->names[middle], name);

        if (order == 0)
            return filter->only;
        if (order < 0)
            low = middle + 1;
        else
            high = middle;
    }
    return !filter->only;
}

int seuil_map_put_entries(const struct seuil_map *map, struct seuil_map_scratch *s, uint32_t path,
                          const struct seuil_map_filter *filter)
{
    const struct seuil_node *nodes = s->document.nodes;
    uint32_t object = seuil_map_find(map, s, &map->paths[path]);
    int rc = s->fault.code;

    if (rc || object == SEUIL_NODE_NONE || nodes[object].kind == SEUIL_TYPE_NULL)
        return rc;
    if (nodes[object].kind != SEUIL_NODE_OBJECT)
        return seuil_map_fail(s, SEUIL_ERR_FORMAT, "an object is wanted");
    for (uint32_t i = object + 1; i < nodes[object].end && !rc; i = nodes[i].end) {
        if (!seuil_map_work(s, 1))
            return s->fault.code;
        seuil_map_take_node(s, i);
        if (s->value.there && lets_in(filter, nodes[i].key))
            rc = seuil_map_put_entry(s, nodes[i].key);
    }
    return rc;
}

static int put_pair(const struct seuil_map *map, struct seuil_map_scratch *s,
                    const struct seuil_map_pairs *pairs)
{
    struct seuil_str name;
    int rc = seuil_map_run(map, s, pairs->name);

    if (rc || !s->value.there)
        return rc;
    if (!seuil_map_as_text(s, &name))
        return seuil_map_fail(s, SEUIL_ERR_FORMAT, "the name of an entry is a single value");
    if (!lets_in(&map->filters[pairs->filter], name))
        return 0;
    rc = seuil_map_run(map, s, pairs->value);
    return rc || !s->value.there ? rc : seuil_map_put_entry(s, name);
}

int seuil_map_put_pairs(const struct seuil_map *map, struct seuil_map_scratch *s,
                        const struct seuil_map_pairs *pairs)
{
    const struct seuil_node *nodes = s->document.nodes;
    uint32_t list = seuil_map_find(map, s, &map->paths[pairs->path]), item = s->item_node;
    int rc = s->fault.code;

    if (rc || list == SEUIL_NODE_NONE || nodes[list].kind == SEUIL_TYPE_NULL)
        return rc;
    if (nodes[list].kind != SEUIL_NODE_LIST)
        return seuil_map_fail(s, SEUIL_ERR_FORMAT, "a list of names and values is wanted");
    for (uint32_t i = list + 1; i < nodes[list].end && !rc; i = nodes[i].end) {
        s->item_node = i;
        rc = put_pair(map, s, pairs);
    }
    s->item_node = item;
    return rc;
}
