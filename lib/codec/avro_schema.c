#include "codec/avro_schema.h"

#include <jansson.h>
#include <stdio.h>
#include <string.h>

#include "core/limits.h"

/* Decimals of a decimal: beyond it nothing is left of a double. */
#define SCALE_MAX 1000

struct named {
    struct named *next;
    const struct seuil_avro_type *type;
};

struct parser {
    const char *path;
    struct seuil_arena *arena;
    struct seuil_error *err;
    struct named *named;
    uint32_t parts;
    uint32_t record_count;
    struct seuil_avro_type primitives[SEUIL_AVRO_PRIMITIVES];
};

static const char *const kind_names[] = {"null",   "boolean", "int",    "long",   "float",
                                         "double", "bytes",   "string", "record", "enum",
                                         "fixed",  "array",   "map",    "union"};

const char *seuil_avro_kind_name(enum seuil_avro_kind kind)
{
    return kind_names[kind];
}

int seuil_avro_field_find(const struct seuil_avro_type *type, struct seuil_str name)
{
    for (uint32_t i = 0; i < type->count; i++)
        if (seuil_str_eq(type->names[i], name))
            return (int)i;
    for (uint32_t i = 0; i < type->count; i++)
        for (const struct seuil_str *a = type->aliases[i]; a && a->ptr; a++)
            if (seuil_str_eq(*a, name))
                return (int)i;
    return -1;
}

static const struct seuil_avro_type *parse(struct parser *s, const json_t *json, const char *space,
                                           unsigned depth);

static void *fail(struct parser *s, int code, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

static void *fail(struct parser *s, int code, const char *format, ...)
{
    char text[512];
    va_list args;

    va_start(args, format);
    vsnprintf(text, sizeof(text), format, args);
    va_end(args);
    seuil_error_at(s->err, code, s->path, 0, 0, "%s", text);
    return NULL;
}

static void *no_memory(struct parser *s)
{
    return fail(s, SEUIL_ERR_NOMEM, "out of memory");
}

/* ---- names -------------------------------------------------------------------------------- */

static bool is_name(const char *name)
{
    if (!name || !*name)
        return false;
    for (const char *p = name; *p; p++) {
        bool letter = (*p >= 'a' && *p <= 'z') || (*p >= 'A' && *p <= 'Z') || *p == '_';
        bool digit = *p >= '0' && *p <= '9';

        if (!letter && !(digit && p != name))
            return false;
    }
    return true;
}

/* The full name of @name seen in @space, into the arena. */
static const char *full_name(struct parser *s, const char *name, const char *space)
{
    char text[512];
    int n;

    if (strchr(name, '.') || !space || !*space)
        n = snprintf(text, sizeof(text), "%s", name);
    else
        n = snprintf(text, sizeof(text), "%s.%s", space, name);
    if ((size_t)n >= sizeof(text))
        return fail(s, SEUIL_ERR_LIMIT, "a type's name is longer than 511 bytes");
    name = seuil_arena_strdup(s->arena, text, (size_t)n);
    return name ? name : no_memory(s);
}

static const struct seuil_avro_type *find(const struct parser *s, const char *name)
{
    for (const struct named *n = s->named; n; n = n->next)
        if (strcmp(n->type->name, name) == 0)
            return n->type;
    return NULL;
}

static const struct seuil_avro_type *refer(struct parser *s, const char *name, const char *space)
{
    const struct seuil_avro_type *type;
    const char *full;

    for (int kind = 0; kind < SEUIL_AVRO_PRIMITIVES; kind++)
        if (strcmp(name, kind_names[kind]) == 0)
            return &s->primitives[kind];
    full = full_name(s, name, space);
    if (!full)
        return NULL;
    type = find(s, full);
    if (!type)
        type = find(s, name);
    return type ? type : fail(s, SEUIL_ERR_FORMAT, "type `%s` is nowhere defined before", name);
}

/* Define a named type; @ret_space: the namespace of what stands inside it. */
static struct seuil_avro_type *define(struct parser *s, const json_t *json,
                                      enum seuil_avro_kind kind, const char *space,
                                      const char **ret_space)
{
    const char *name = json_string_value(json_object_get(json, "name"));
    const char *own = json_string_value(json_object_get(json, "namespace"));
    const char *dot = name ? strrchr(name, '.') : NULL;
    struct seuil_avro_type *type;
    struct named *named;

    if (!name || !is_name(dot ? dot + 1 : name))
        return fail(s, SEUIL_ERR_FORMAT, "a %s has no proper `name`", kind_names[kind]);
    type = seuil_arena_alloc(s->arena, 1, sizeof(*type));
    named = seuil_arena_alloc(s->arena, 1, sizeof(*named));
    if (!type || !named)
        return no_memory(s);
    type->kind = kind;
    type->name = full_name(s, name, own ? own : space);
    if (!type->name)
        return NULL;
    if (find(s, type->name))
        return fail(s, SEUIL_ERR_FORMAT, "type `%s` is defined twice", type->name);
    dot = strrchr(type->name, '.');
    *ret_space = dot ? seuil_arena_strdup(s->arena, type->name, (size_t)(dot - type->name)) : "";
    if (!*ret_space)
        return no_memory(s);
    named->type = type;
    named->next = s->named;
    s->named = named;
    return type;
}

/* ---- the kinds of types ------------------------------------------------------------------- */

/* Room for @count parts of @type. */
static bool room(struct parser *s, struct seuil_avro_type *type, size_t count)
{
    if (count > SEUIL_SCHEMA_PARTS_MAX || s->parts + count > SEUIL_SCHEMA_PARTS_MAX) {
        fail(s, SEUIL_ERR_LIMIT, "the schema has more than %d fields, symbols and branches",
             SEUIL_SCHEMA_PARTS_MAX);
        return false;
    }
    s->parts += (uint32_t)count;
    type->count = (uint32_t)count;
    type->names = seuil_arena_alloc(s->arena, count + 1, sizeof(*type->names));
    type->types = seuil_arena_alloc(s->arena, count + 1, sizeof(*type->types));
    if (!type->names || !type->types) {
        no_memory(s);
        return false;
    }
    return true;
}

/* Part @i has @name, like no other before it. */
static bool name_part(struct parser *s, struct seuil_avro_type *type, uint32_t i, const char *name)
{
    const char *what = type->kind == SEUIL_AVRO_ENUM ? "symbol" : "field";

    if (!is_name(name)) {
        fail(s, SEUIL_ERR_FORMAT, "a %s of `%s` has no proper name", what, type->name);
        return false;
    }
    type->names[i] = (struct seuil_str){seuil_arena_strdup(s->arena, name, strlen(name)),
                                        (uint32_t)strlen(name)};
    if (!type->names[i].ptr) {
        no_memory(s);
        return false;
    }
    for (uint32_t j = 0; j < i; j++)
        if (seuil_str_eq(type->names[i], type->names[j])) {
            fail(s, SEUIL_ERR_FORMAT, "%s `%s` stands twice in `%s`", what, name, type->name);
            return false;
        }
    return true;
}

/* The former names of a field; NULL when it has none, or when memory is out (noted). */
static const struct seuil_str *aliases_of(struct parser *s, const json_t *field, bool *ok)
{
    const json_t *list = json_object_get(field, "aliases");
    size_t count = json_array_size(list);
    struct seuil_str *aliases;

    if (count == 0)
        return NULL;
    if (count > SEUIL_SCHEMA_PARTS_MAX || s->parts + count > SEUIL_SCHEMA_PARTS_MAX) {
        *ok = false;
        return fail(s, SEUIL_ERR_LIMIT, "the schema has more than %d names",
                    SEUIL_SCHEMA_PARTS_MAX);
    }
    s->parts += (uint32_t)count;
    aliases = seuil_arena_alloc(s->arena, count + 1, sizeof(*aliases));
    for (size_t i = 0; aliases && i < count; i++) {
        const char *name = json_string_value(json_array_get(list, i));

        if (!is_name(name)) {
            *ok = false;
            return fail(s, SEUIL_ERR_FORMAT, "an alias of a field is no proper name");
        }
        aliases[i] = seuil_str_from(seuil_arena_strdup(s->arena, name, strlen(name)));
        if (!aliases[i].ptr)
            aliases = NULL;
    }
    *ok = aliases != NULL;
    return aliases ? aliases : no_memory(s);
}

static const struct seuil_avro_type *parse_record(struct parser *s, const json_t *json,
                                                  const char *space, unsigned depth)
{
    const json_t *fields = json_object_get(json, "fields");
    struct seuil_avro_type *type = define(s, json, SEUIL_AVRO_RECORD, space, &space);

    if (!type)
        return NULL;
    if (!json_is_array(fields))
        return fail(s, SEUIL_ERR_FORMAT, "record `%s` has no `fields`", type->name);
    type->number = s->record_count++;
    if (!room(s, type, json_array_size(fields)))
        return NULL;
    type->aliases = seuil_arena_alloc(s->arena, type->count + 1, sizeof(*type->aliases));
    if (!type->aliases)
        return no_memory(s);
    for (uint32_t i = 0; i < type->count; i++) {
        const json_t *field = json_array_get(fields, i);
        bool ok = true;

        if (!name_part(s, type, i, json_string_value(json_object_get(field, "name"))))
            return NULL;
        type->types[i] = parse(s, json_object_get(field, "type"), space, depth + 1);
        if (!type->types[i])
            return NULL;
        type->aliases[i] = aliases_of(s, field, &ok);
        if (!ok)
            return NULL;
    }
    return type;
}

static const struct seuil_avro_type *parse_enum(struct parser *s, const json_t *json,
                                                const char *space)
{
    const json_t *symbols = json_object_get(json, "symbols");
    struct seuil_avro_type *type = define(s, json, SEUIL_AVRO_ENUM, space, &space);

    if (!type)
        return NULL;
    if (!json_is_array(symbols) || json_array_size(symbols) == 0)
        return fail(s, SEUIL_ERR_FORMAT, "enum `%s` has no `symbols`", type->name);
    if (!room(s, type, json_array_size(symbols)))
        return NULL;
    for (uint32_t i = 0; i < type->count; i++)
        if (!name_part(s, type, i, json_string_value(json_array_get(symbols, i))))
            return NULL;
    return type;
}

/* A decimal's scale, when it is one: precision above 0, scale from 0 to precision. */
static bool decimal_scale(const json_t *json, uint32_t *ret_scale)
{
    const json_t *precision = json_object_get(json, "precision");
    const json_t *scale = json_object_get(json, "scale");

    if (!json_is_integer(precision) || json_integer_value(precision) <= 0 ||
        (scale && !json_is_integer(scale)))
        return false;
    *ret_scale = 0;
    if (!scale)
        return true;
    if (json_integer_value(scale) < 0 ||
        json_integer_value(scale) > json_integer_value(precision) ||
        json_integer_value(scale) > SCALE_MAX)
        return false;
    *ret_scale = (uint32_t)json_integer_value(scale);
    return true;
}

/* The logical type of what has @kind (and @size, a fixed); none when it does not fit its base, as
 * the specification says. */
static enum seuil_avro_logical logical_of(const json_t *json, enum seuil_avro_kind kind,
                                          uint32_t size, uint32_t *ret_scale)
{
    static const struct {
        const char *name;
        enum seuil_avro_kind base;
        enum seuil_avro_logical logical;
    } rows[] = {
        {"timestamp-millis", SEUIL_AVRO_LONG, SEUIL_LOGICAL_TIMESTAMP_MILLIS},
        {"timestamp-micros", SEUIL_AVRO_LONG, SEUIL_LOGICAL_TIMESTAMP_MICROS},
        {"timestamp-nanos", SEUIL_AVRO_LONG, SEUIL_LOGICAL_TIMESTAMP_NANOS},
        {"local-timestamp-millis", SEUIL_AVRO_LONG, SEUIL_LOGICAL_LOCAL_MILLIS},
        {"local-timestamp-micros", SEUIL_AVRO_LONG, SEUIL_LOGICAL_LOCAL_MICROS},
        {"local-timestamp-nanos", SEUIL_AVRO_LONG, SEUIL_LOGICAL_LOCAL_NANOS},
        {"time-micros", SEUIL_AVRO_LONG, SEUIL_LOGICAL_TIME_OF_DAY},
        {"time-millis", SEUIL_AVRO_INT, SEUIL_LOGICAL_TIME_OF_DAY},
        {"date", SEUIL_AVRO_INT, SEUIL_LOGICAL_DATE},
        {"decimal", SEUIL_AVRO_BYTES, SEUIL_LOGICAL_DECIMAL},
        {"decimal", SEUIL_AVRO_FIXED, SEUIL_LOGICAL_DECIMAL},
        {"uuid", SEUIL_AVRO_FIXED, SEUIL_LOGICAL_UUID},
    };
    const char *name = json_string_value(json_object_get(json, "logicalType"));

    for (unsigned i = 0; name && i < sizeof(rows) / sizeof(rows[0]); i++) {
        if (rows[i].base != kind || strcmp(rows[i].name, name) != 0)
            continue;
        if (rows[i].logical == SEUIL_LOGICAL_DECIMAL &&
            (!decimal_scale(json, ret_scale) || (kind == SEUIL_AVRO_FIXED && size == 0)))
            return SEUIL_LOGICAL_NONE;
        if (rows[i].logical == SEUIL_LOGICAL_UUID && size != 16)
            return SEUIL_LOGICAL_NONE;
        return rows[i].logical;
    }
    return SEUIL_LOGICAL_NONE;
}

static const struct seuil_avro_type *parse_fixed(struct parser *s, const json_t *json,
                                                 const char *space)
{
    const json_t *size = json_object_get(json, "size");
    struct seuil_avro_type *type = define(s, json, SEUIL_AVRO_FIXED, space, &space);

    if (!type)
        return NULL;
    if (!json_is_integer(size) || json_integer_value(size) < 0 ||
        json_integer_value(size) > SEUIL_RECORD_BYTES_MAX)
        return fail(s, SEUIL_ERR_FORMAT, "fixed `%s` has no `size` from 0 to 1 MiB", type->name);
    type->size = (uint32_t)json_integer_value(size);
    type->logical = logical_of(json, SEUIL_AVRO_FIXED, type->size, &type->scale);
    return type;
}

static const struct seuil_avro_type *parse_one(struct parser *s, const json_t *inner,
                                               enum seuil_avro_kind kind, const char *space,
                                               unsigned depth)
{
    struct seuil_avro_type *type = seuil_arena_alloc(s->arena, 1, sizeof(*type));

    if (!type)
        return no_memory(s);
    type->kind = kind;
    if (!room(s, type, 1))
        return NULL;
    type->types[0] = parse(s, inner, space, depth + 1);
    return type->types[0] ? type : NULL;
}

static bool same_branch(const struct seuil_avro_type *a, const struct seuil_avro_type *b)
{
    if (a->kind != b->kind)
        return false;
    return !a->name || strcmp(a->name, b->name) == 0;
}

static const struct seuil_avro_type *parse_union(struct parser *s, const json_t *json,
                                                 const char *space, unsigned depth)
{
    struct seuil_avro_type *type = seuil_arena_alloc(s->arena, 1, sizeof(*type));

    if (!type)
        return no_memory(s);
    type->kind = SEUIL_AVRO_UNION;
    if (json_array_size(json) == 0)
        return fail(s, SEUIL_ERR_FORMAT, "a union has no branch");
    if (!room(s, type, json_array_size(json)))
        return NULL;
    for (uint32_t i = 0; i < type->count; i++) {
        type->types[i] = parse(s, json_array_get(json, i), space, depth + 1);
        if (!type->types[i])
            return NULL;
        if (type->types[i]->kind == SEUIL_AVRO_UNION)
            return fail(s, SEUIL_ERR_FORMAT, "a union stands directly in a union");
        for (uint32_t j = 0; j < i; j++)
            if (same_branch(type->types[i], type->types[j]))
                return fail(s, SEUIL_ERR_FORMAT, "a union has two branches of type %s",
                            type->types[i]->name ? type->types[i]->name
                                                 : kind_names[type->types[i]->kind]);
    }
    return type;
}

/* A primitive with attributes: {"type": "long", "logicalType": "timestamp-millis"}. */
static const struct seuil_avro_type *annotate(struct parser *s, const json_t *json,
                                              const struct seuil_avro_type *base)
{
    struct seuil_avro_type *type;
    uint32_t scale = 0;
    enum seuil_avro_logical logical = logical_of(json, base->kind, 0, &scale);

    if (!logical)
        return base;
    type = seuil_arena_alloc(s->arena, 1, sizeof(*type));
    if (!type)
        return no_memory(s);
    *type = *base;
    type->logical = logical;
    type->scale = scale;
    return type;
}

static const struct seuil_avro_type *parse_object(struct parser *s, const json_t *json,
                                                  const char *space, unsigned depth)
{
    const json_t *inner = json_object_get(json, "type");
    const char *name = json_string_value(inner);
    const struct seuil_avro_type *type;

    if (!inner)
        return fail(s, SEUIL_ERR_FORMAT, "an object has no `type`");
    if (!name) /* {"type": {"type": "string"}}: seen in the wild */
        return parse(s, inner, space, depth + 1);
    if (strcmp(name, "record") == 0)
        return parse_record(s, json, space, depth);
    if (strcmp(name, "error") == 0)
        return fail(s, SEUIL_ERR_FORMAT, "an `error` type has no place in a record of data");
    if (strcmp(name, "enum") == 0)
        return parse_enum(s, json, space);
    if (strcmp(name, "fixed") == 0)
        return parse_fixed(s, json, space);
    if (strcmp(name, "array") == 0)
        return parse_one(s, json_object_get(json, "items"), SEUIL_AVRO_ARRAY, space, depth);
    if (strcmp(name, "map") == 0)
        return parse_one(s, json_object_get(json, "values"), SEUIL_AVRO_MAP, space, depth);
    type = refer(s, name, space);
    return type && type->kind < SEUIL_AVRO_PRIMITIVES ? annotate(s, json, type) : type;
}

static const struct seuil_avro_type *parse(struct parser *s, const json_t *json, const char *space,
                                           unsigned depth)
{
    if (depth > SEUIL_DEPTH_MAX)
        return fail(s, SEUIL_ERR_LIMIT, "types are nested more than %d deep", SEUIL_DEPTH_MAX);
    if (json_is_string(json))
        return refer(s, json_string_value(json), space);
    if (json_is_array(json))
        return parse_union(s, json, space, depth);
    if (json_is_object(json))
        return parse_object(s, json, space, depth);
    return fail(s, SEUIL_ERR_FORMAT, "a type is missing, or is neither name, object nor list");
}

int seuil_avro_schema_parse(const char *path, const char *text, size_t len,
                            struct seuil_arena *arena, struct seuil_avro_schema *ret_schema,
                            struct seuil_error *err)
{
    struct seuil_error local;
    struct parser *s = seuil_arena_alloc(arena, 1, sizeof(*s));
    const struct seuil_avro_type *top;
    json_error_t at;
    json_t *json;

    err = err ? err : &local;
    if (!s)
        return seuil_error_set(err, SEUIL_ERR_NOMEM, "out of memory");
    s->path = path;
    s->arena = arena;
    s->err = err;
    for (int kind = 0; kind < SEUIL_AVRO_PRIMITIVES; kind++)
        s->primitives[kind].kind = kind;
    if (len > SEUIL_SCHEMA_BYTES_MAX)
        return seuil_error_at(err, SEUIL_ERR_LIMIT, path, 0, 0,
                              "the schema is larger than 256 KiB");
    json = json_loadb(text, len, JSON_REJECT_DUPLICATES | JSON_DECODE_ANY, &at);
    if (!json)
        return seuil_error_at(err, SEUIL_ERR_FORMAT, path, at.line > 0 ? at.line : 1,
                              at.column > 0 ? at.column : 1, "the schema is no JSON: %s", at.text);
    top = parse(s, json, "", 0);
    json_decref(json);
    if (!top)
        return err->code;
    ret_schema->top = top;
    ret_schema->record_count = s->record_count;
    return 0;
}
