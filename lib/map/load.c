/* A map's text to its program. */

#include "map/load.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/heap.h"
#include "codec/target.h"
#include "conf/tzif.h"
#include "map/keyed.h"

/* Fewer could be tried one after the other. */

/* ---- what all files of the loader use ----------------------------------------------------- */

int seuil_map_error(struct seuil_map_loader *l, const struct seuil_yaml_node *node, uint32_t offset,
                    const char *format, ...)
{
    char text[sizeof(((struct seuil_error *)0)->text)];
    va_list args;

    va_start(args, format);
    vsnprintf(text, sizeof(text), format, args);
    va_end(args);
    return seuil_errs_at(l->errs, SEUIL_ERR_INVALID, seuil_yaml_name(l->doc), node->line,
                         node->column + (int)offset + (node->plain || !offset ? 0 : 1), "%s", text);
}

void seuil_map_nomem(struct seuil_map_loader *l)
{
    if (!l->nomem)
        seuil_errs_at(l->errs, SEUIL_ERR_NOMEM, NULL, 0, 0, "out of memory");
    l->nomem = true;
}

uint32_t seuil_map_push(struct seuil_map_loader *l, struct seuil_map_list *list, const void *item,
                        size_t size_bytes)
{
    if (list->count == list->cap) {
        uint32_t cap = list->cap ? 2 * list->cap : 16;
        void *items = seuil_heap_realloc(list->items, cap * size_bytes);

        if (!items) {
            seuil_map_nomem(l);
            return 0;
        }
        list->items = items;
        list->cap = cap;
    }
    memcpy((char *)list->items + list->count * size_bytes, item, size_bytes);
    return list->count++;
}

struct seuil_str seuil_map_keep(struct seuil_map_loader *l, struct seuil_str text)
{
    char *copy = seuil_arena_strdup(&l->map->arena, text.len ? text.ptr : "", text.len);

    if (!copy) {
        seuil_map_nomem(l);
        return (struct seuil_str){"", 0};
    }
    return (struct seuil_str){copy, text.len};
}

uint32_t seuil_map_text(struct seuil_map_loader *l, struct seuil_str text)
{
    return seuil_map_push(l, &l->texts, &text, sizeof(text));
}

const struct seuil_str *seuil_map_texts(struct seuil_map_loader *l,
                                        const struct seuil_yaml_node *list, const char *what,
                                        uint32_t *ret_count)
{
    const struct seuil_yaml_node *items = list->kind == SEUIL_YAML_SCALAR ? list : list->items;
    uint32_t count = list->kind == SEUIL_YAML_SCALAR ? 1 : list->count;
    struct seuil_str *texts;

    *ret_count = 0;
    if (list->kind == SEUIL_YAML_MAPPING || count == 0) {
        seuil_map_error(l, list, 0, "%s, or a list of such, is wanted here", what);
        return NULL;
    }
    texts = seuil_arena_alloc(&l->map->arena, count, sizeof(*texts));
    if (!texts) {
        seuil_map_nomem(l);
        return NULL;
    }
    for (uint32_t i = 0; i < count; i++) {
        if (items[i].kind != SEUIL_YAML_SCALAR)
            seuil_map_error(l, &items[i], 0, "%s is wanted here", what);
        else
            texts[i] = seuil_map_keep(l, seuil_yaml_str(&items[i]));
    }
    *ret_count = count;
    return texts;
}

const struct seuil_zone *seuil_map_zone(struct seuil_map_loader *l,
                                        const struct seuil_yaml_node *node, uint32_t offset,
                                        struct seuil_str name)
{
    const struct seuil_zone *zone = NULL;
    struct seuil_error err = {0};

    if (seuil_zone_load(&l->map->arena, seuil_map_keep(l, name).ptr, &zone, &err))
        seuil_map_error(l, node, offset, "%s", err.text);
    return zone;
}

uint32_t seuil_map_emit(struct seuil_map_loader *l, enum seuil_map_op op, uint32_t arg)
{
    struct seuil_map_instruction instruction = {.op = (uint8_t)op, .arg = arg};

    l->map->asks_place |= op == SEUIL_MAP_TIME || (op == SEUIL_MAP_HASH && arg);
    return seuil_map_push(l, &l->ops, &instruction, sizeof(instruction));
}

uint32_t seuil_map_here(const struct seuil_map_loader *l)
{
    return l->ops.count;
}

void seuil_map_patch(struct seuil_map_loader *l, uint32_t jump)
{
    if (!l->nomem)
        ((struct seuil_map_instruction *)l->ops.items)[jump].arg = l->ops.count;
}

void seuil_map_lenient(struct seuil_map_loader *l, uint32_t from)
{
    for (uint32_t i = from; i < l->ops.count && !l->nomem; i++)
        ((struct seuil_map_instruction *)l->ops.items)[i].lenient = true;
}

/* ---- the parts of the text ---------------------------------------------------------------- */

static struct seuil_map_part find_part(const struct seuil_map_sources *s, const char *key)
{
    struct seuil_map_part part = {s->own.doc, seuil_yaml_find(s->own.node, key)};

    if (!part.node)
        part = (struct seuil_map_part){s->preset.doc, seuil_yaml_find(s->preset.node, key)};
    return part;
}

static const char *const top_keys[] = {"format", "columns", "zone", "each",  "let",
                                       "where",  "others",  "all",  "events"};
#define TOP_KEYS (sizeof(top_keys) / sizeof(top_keys[0]))

static bool check_top(struct seuil_map_loader *l, struct seuil_map_part part)
{
    if (!part.node)
        return true;
    l->doc = part.doc;
    if (part.node->kind != SEUIL_YAML_MAPPING) {
        seuil_map_error(l, part.node, 0, "a map is a mapping with events:, this is %s",
                        seuil_yaml_kind_text(part.node));
        return false;
    }
    return seuil_yaml_check_keys(l->doc, part.node, top_keys, TOP_KEYS, "a map", l->errs) == 0;
}

static int by_column(const void *a, const void *b)
{
    return seuil_str_cmp(((const struct seuil_column *)a)->name,
                         ((const struct seuil_column *)b)->name);
}

static void load_columns(struct seuil_map_loader *l, struct seuil_map_part part)
{
    struct seuil_column *columns;
    const struct seuil_yaml_node *node = part.node;

    if (!node)
        return;
    l->doc = part.doc;
    if (node->kind == SEUIL_YAML_SCALAR || node->count == 0) {
        seuil_map_error(l, node, 0,
                        "columns is a list of all names in order, or a mapping of names to "
                        "numbers from 1, as {event_id: 7}");
        return;
    }
    columns = seuil_arena_alloc(&l->map->arena, node->count, sizeof(*columns));
    if (!columns) {
        seuil_map_nomem(l);
        return;
    }
    for (uint32_t i = 0; i < node->count; i++) {
        bool named = node->kind == SEUIL_YAML_MAPPING;
        const struct seuil_yaml_node *name = named ? &node->keys[i] : &node->items[i];
        int64_t number = i + 1;

        if (name->kind != SEUIL_YAML_SCALAR) {
            seuil_map_error(l, name, 0, "the name of a column is a text");
            continue;
        }
        if (named)
            seuil_yaml_int(l->doc, &node->items[i], "the number of a column", 1,
                           SEUIL_TSV_COLUMNS_MAX, l->errs, &number);
        columns[i] =
            (struct seuil_column){seuil_map_keep(l, seuil_yaml_str(name)), (uint32_t)number};
    }
    qsort(columns, node->count, sizeof(*columns), by_column);
    for (uint32_t i = 1; i < node->count; i++)
        if (by_column(&columns[i - 1], &columns[i]) == 0)
            seuil_map_error(l, node, 0, "the column %s stands twice", columns[i].name.ptr);
    l->map->columns = columns;
    l->map->column_count = node->count;
}

static void load_format(struct seuil_map_loader *l, struct seuil_map_part part)
{
    struct seuil_str text;

    l->map->format = "";
    if (!part.node)
        return;
    l->doc = part.doc;
    if (!seuil_yaml_text(l->doc, part.node, "format", 32, l->errs, &text))
        l->map->format = seuil_map_keep(l, text).ptr;
}

/* One of the paths of a let: a text, or {from: text, when: condition}. */
static void load_let_path(struct seuil_map_loader *l, const struct seuil_yaml_node *node,
                          struct seuil_map_let *let, struct seuil_map_let_name *name, uint32_t i)
{
    static const char *const keys[] = {"from", "when"};
    const struct seuil_yaml_node *when = seuil_yaml_find(node, "when");
    const struct seuil_yaml_node *from = seuil_yaml_find(node, "from");
    struct seuil_map_want *want = NULL;
    int64_t path;

    if (node->kind == SEUIL_YAML_MAPPING &&
        (seuil_yaml_check_keys(l->doc, node, keys, 2, "a path of let", l->errs) || !from)) {
        if (!from)
            seuil_map_error(l, node, 0, "a path of let with a condition is {from: PATH, when: …}");
        return;
    }
    if (when) {
        let->has_when[i] = true;
        let->when[i] = seuil_map_here(l);
        seuil_map_load_when(l, when);
        seuil_map_emit(l, SEUIL_MAP_END, 0);
    }
    path = seuil_map_load_let(l, from ? from : node, &want, &let->json[i]);
    let->path[i] = path < 0 ? 0 : (uint32_t)path;
    name->at[i] = path < 0 ? NULL : want;
}

/* A path, or several of which the first that is there counts. Names in it begin anew: what is
 * wanted below it is put where it lies when all is known. */
static void load_let(struct seuil_map_loader *l, const struct seuil_yaml_node *key,
                     const struct seuil_yaml_node *node)
{
    bool list = node->kind == SEUIL_YAML_SEQUENCE;
    struct seuil_map_let_name *name = &l->let_names[l->let_count];
    struct seuil_map_let let = {.count = list ? node->count : 1};

    name->want = seuil_arena_alloc(&l->map->arena, 1, sizeof(*name->want));
    if (!name->want) {
        seuil_map_nomem(l);
        return;
    }
    if (let.count == 0 || let.count > SEUIL_MAP_LET_PATHS_MAX) {
        seuil_map_error(l, node, 0, "a name of let is a path, or a list of 1 to %d of them",
                        SEUIL_MAP_LET_PATHS_MAX);
        let.count = 0;
    }
    for (uint32_t i = 0; i < let.count; i++)
        load_let_path(l, list ? &node->items[i] : node, &let, name, i);
    name->name = seuil_map_keep(l, seuil_yaml_str(key));
    l->let_count++;
    seuil_map_push(l, &l->lets, &let, sizeof(let));
}

static void load_lets(struct seuil_map_loader *l, struct seuil_map_part part)
{
    const struct seuil_yaml_node *node = part.node;

    if (!node)
        return;
    l->doc = part.doc;
    if (node->kind != SEUIL_YAML_MAPPING || node->count == 0 || node->count > SEUIL_MAP_LETS_MAX) {
        seuil_map_error(l, node, 0,
                        "let is a mapping of 1 to %d names to paths, as {message: Message | json}",
                        SEUIL_MAP_LETS_MAX);
        return;
    }
    for (uint32_t i = 0; i < node->count; i++)
        load_let(l, &node->keys[i], &node->items[i]);
}

/* Names in `all` that no kind of the map has. */
static void check_all(struct seuil_map_loader *l, struct seuil_map_part part)
{
    const char *names[SEUIL_TARGET_COUNT * 2];
    size_t count = 0;

    if (!part.node)
        return;
    l->doc = part.doc;
    for (unsigned t = 0; t < SEUIL_TARGET_COUNT; t++)
        for (int kind = 0; kind < SEUIL_KINDS; kind++) {
            const char *name = seuil_map_target_name(t, (enum seuil_kind)kind);

            if (name && (count == 0 || names[count - 1] != name) &&
                count < sizeof(names) / sizeof(names[0]))
                names[count++] = name;
        }
    if (part.node->kind != SEUIL_YAML_MAPPING)
        seuil_map_error(l, part.node, 0, "all is a mapping of the fields that all events have");
    else
        seuil_yaml_check_keys(l->doc, part.node, names, count, "all", l->errs);
}

static void load_each(struct seuil_map_loader *l, struct seuil_map_part part)
{
    struct seuil_map_want *want = NULL;
    int64_t path;

    if (!part.node)
        return;
    l->doc = part.doc;
    path = seuil_map_load_path(l, part.node, &want);
    if (path < 0)
        return;
    l->map->has_each = true;
    l->map->each = (uint32_t)path;
    l->outer = l->item = want;
}

/* Items for which the condition does not hold are left out before any event is chosen. */
static void load_where(struct seuil_map_loader *l, struct seuil_map_part part)
{
    struct seuil_map_variant variant = {.kind = -1, .reason = "where", .has_when = true};
    const struct seuil_yaml_node *where;

    if (!part.node)
        return;
    where = seuil_yaml_find(part.node, "where");
    if (!where)
        return;
    l->doc = part.doc;
    variant.when = seuil_map_here(l);
    seuil_map_load_when(l, where);
    seuil_map_emit(l, SEUIL_MAP_NOT, 0);
    seuil_map_emit(l, SEUIL_MAP_END, 0);
    seuil_map_push(l, &l->variants, &variant, sizeof(variant));
}

static void load_others(struct seuil_map_loader *l, struct seuil_map_part part)
{
    struct seuil_str text;

    if (!part.node)
        return;
    l->doc = part.doc;
    if (seuil_yaml_text(l->doc, part.node, "others", SEUIL_NAME_MAX, l->errs, &text))
        return;
    if (seuil_str_eq(text, SEUIL_STR("drop")))
        l->map->drops_others = true;
    else if (!seuil_str_eq(text, SEUIL_STR("refuse")))
        seuil_map_error(l, part.node, 0,
                        "others is what becomes of events of other leads than the record's key: "
                        "drop, or refuse");
}

static void load_parts(struct seuil_map_loader *l, const struct seuil_map_sources *s)
{
    struct seuil_map_part zone = find_part(s, "zone"), events;
    struct seuil_str name;

    load_format(l, find_part(s, "format"));
    load_columns(l, find_part(s, "columns"));
    if (zone.node) {
        l->doc = zone.doc;
        if (!seuil_yaml_text(l->doc, zone.node, "zone", SEUIL_NAME_MAX, l->errs, &name))
            l->zone = seuil_map_zone(l, zone.node, 0, name);
    }
    load_lets(l, find_part(s, "let"));
    load_each(l, find_part(s, "each"));
    load_where(l, s->own);
    load_where(l, s->preset);
    load_others(l, find_part(s, "others"));
    check_all(l, (struct seuil_map_part){s->own.doc, seuil_yaml_find(s->own.node, "all")});
    check_all(l, (struct seuil_map_part){s->preset.doc, seuil_yaml_find(s->preset.node, "all")});
    events = find_part(s, "events");
    l->doc = events.node ? events.doc : s->own.node ? s->own.doc : s->preset.doc;
    if (!events.node || events.node->kind != SEUIL_YAML_SEQUENCE || events.node->count == 0 ||
        events.node->count > SEUIL_MAP_VARIANTS_MAX) {
        seuil_map_error(l,
                        events.node   ? events.node
                        : s->own.node ? s->own.node
                                      : s->preset.node,
                        0,
                        "a map needs events: a list of 1 to %d mappings with a kind; the first "
                        "whose when: holds makes the event",
                        SEUIL_MAP_VARIANTS_MAX);
        return;
    }
    for (uint32_t i = 0; i < events.node->count; i++)
        seuil_map_load_event(l, &events.node->items[i], s, i + 1);
}

/* ---- the whole ---------------------------------------------------------------------------- */

static void *settle(struct seuil_map_loader *l, struct seuil_map_list *list, size_t size_bytes)
{
    void *copy = seuil_arena_alloc(&l->map->arena, list->count ? list->count : 1, size_bytes);

    if (!copy)
        seuil_map_nomem(l);
    else if (list->count)
        memcpy(copy, list->items, list->count * size_bytes);
    seuil_heap_free(list->items);
    *list = (struct seuil_map_list){.count = list->count};
    return copy;
}

static void settle_all(struct seuil_map_loader *l)
{
    struct seuil_map *map = l->map;

    map->let_count = l->lets.count;
    map->variant_count = l->variants.count;
    map->watch_count = l->watches.count;
    map->segments = settle(l, &l->segments, sizeof(*map->segments));
    map->paths = settle(l, &l->paths, sizeof(*map->paths));
    map->ops = settle(l, &l->ops, sizeof(*map->ops));
    map->steps = settle(l, &l->steps, sizeof(*map->steps));
    map->tables = settle(l, &l->tables, sizeof(*map->tables));
    map->tests = settle(l, &l->tests, sizeof(*map->tests));
    map->filters = settle(l, &l->filters, sizeof(*map->filters));
    map->pairs = settle(l, &l->pairs, sizeof(*map->pairs));
    map->texts = settle(l, &l->texts, sizeof(*map->texts));
    map->variants = settle(l, &l->variants, sizeof(*map->variants));
    map->watches = settle(l, &l->watches, sizeof(*map->watches));
    map->lets = settle(l, &l->lets, sizeof(*map->lets));
    map->counters = seuil_arena_alloc(&map->arena, map->watch_count + 1, sizeof(*map->counters));
    map->drops = seuil_arena_alloc(&map->arena, map->variant_count + 3, sizeof(*map->drops));
    if (!map->counters || !map->drops)
        seuil_map_nomem(l);
    /* The last first: one may lie below another. A text may also be an object already. */
    for (uint32_t i = map->let_count; i-- > 0 && !l->nomem;) {
        for (uint32_t k = 0; k < map->lets[i].count; k++)
            if (l->let_names[i].at[k])
                seuil_map_want_graft(l, l->let_names[i].want, l->let_names[i].at[k]);
        ((struct seuil_map_let *)map->lets)[i].wanted =
            seuil_map_want_freeze(l, l->let_names[i].want);
    }
    map->wanted = seuil_map_want_freeze(l, &l->record);
}

static int by_name(const void *a, const void *b)
{
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

static void take_free_mail(struct seuil_map_loader *l, const struct seuil_map_spec *spec)
{
    const char **domains;

    if (spec->free_mail_count == 0)
        return;
    domains = seuil_arena_alloc(&l->map->arena, spec->free_mail_count, sizeof(*domains));
    if (!domains) {
        seuil_map_nomem(l);
        return;
    }
    for (uint32_t i = 0; i < spec->free_mail_count; i++)
        domains[i] = seuil_map_keep(l, seuil_str_from(spec->free_mail[i])).ptr;
    qsort(domains, spec->free_mail_count, sizeof(*domains), by_name);
    l->map->free_mail = domains;
    l->map->free_mail_count = spec->free_mail_count;
}

struct seuil_map *seuil_map_new(const struct seuil_map_spec *spec, struct seuil_errs *errs)
{
    struct seuil_map_sources s = {
        {spec->doc, spec->own},
        {spec->preset, spec->preset ? seuil_yaml_root(spec->preset) : NULL}};
    struct seuil_map_loader l = {.errs = errs};
    uint32_t before = errs->total;

    l.map = seuil_heap_zalloc(1, sizeof(*l.map));
    if (!l.map) {
        seuil_errs_at(errs, SEUIL_ERR_NOMEM, NULL, 0, 0, "out of memory");
        return NULL;
    }
    l.outer = l.item = &l.record;
    l.map->name = seuil_map_keep(&l, seuil_str_from(spec->name)).ptr;
    l.map->secret = seuil_map_keep(&l, spec->secret);
    seuil_keyed_pads(l.map->secret, l.map->inner_pad, l.map->outer_pad);
    take_free_mail(&l, spec);
    if (check_top(&l, s.own) && check_top(&l, s.preset))
        load_parts(&l, &s);
    if (l.ops.count > SEUIL_MAP_OPS_MAX)
        seuil_map_error(&l, s.own.node ? s.own.node : s.preset.node, 0,
                        "the map is too large: %u operations, %d at most", l.ops.count,
                        SEUIL_MAP_OPS_MAX);
    settle_all(&l);
    if (errs->total != before) {
        seuil_map_free(l.map);
        return NULL;
    }
    return l.map;
}

void seuil_map_free(struct seuil_map *map)
{
    if (!map)
        return;
    explicit_bzero(map->inner_pad, sizeof(map->inner_pad));
    explicit_bzero(map->outer_pad, sizeof(map->outer_pad));
    if (map->secret.len)
        explicit_bzero((void *)map->secret.ptr, map->secret.len);
    seuil_arena_done(&map->arena);
    seuil_heap_free(map);
}

const struct seuil_wanted *seuil_map_wanted(const struct seuil_map *map)
{
    return map->wanted;
}

const struct seuil_column *seuil_map_columns(const struct seuil_map *map, uint32_t *ret_count)
{
    *ret_count = map->column_count;
    return map->columns;
}

const char *seuil_map_format(const struct seuil_map *map)
{
    return map->format;
}
