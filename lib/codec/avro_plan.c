/* A writer schema and wanted names to a plan. */

#include <string.h>

#include "codec/avro_build.h"
#include "codec/avro_document.h"
#include "codec/avro_plan.h"

/* What was compiled already: a record under a wanted name. */
struct known {
    const struct seuil_avro_type *type;
    const struct seuil_wanted *wanted;
    uint32_t at;
};

struct planner {
    struct seuil_avro_build build;
    struct seuil_buf keys;                /* of struct seuil_str */
    struct seuil_buf known;               /* of struct known */
    const struct seuil_avro_type **whole; /* records that are taken whole, by number, or NULL */
    uint32_t *wholes;                     /* first step of each one's sequence */
    struct seuil_arena *arena;
};

static struct seuil_avro_step take_step(struct planner *p, const struct seuil_avro_type *type,
                                        const struct seuil_wanted *wanted, bool whole);

static uint16_t add_key(struct planner *p, struct seuil_str name)
{
    size_t count = p->keys.len / sizeof(name);

    if (count == UINT16_MAX) {
        p->build.steps.failed = SEUIL_ERR_LIMIT;
        return 0;
    }
    name.ptr = seuil_arena_strdup(p->arena, name.ptr, name.len);
    if (!name.ptr || seuil_buf_add(&p->keys, &name, sizeof(name)))
        p->build.steps.failed = SEUIL_ERR_NOMEM;
    return (uint16_t)count;
}

/* ---- records ------------------------------------------------------------------------------ */

/* The wanted child that field @i of @type is; NULL: none. */
static const struct seuil_wanted *child_of(const struct seuil_avro_type *type, uint32_t i,
                                           const struct seuil_wanted *wanted)
{
    const struct seuil_wanted *child;

    if (!wanted)
        return NULL;
    child = seuil_wanted_find(wanted, type->names[i]);
    for (const struct seuil_str *a = type->aliases[i]; !child && a && a->ptr; a++)
        if (seuil_avro_field_find(type, *a) == (int)i)
            child = seuil_wanted_find(wanted, *a);
    return child;
}

static uint32_t record_sequence(struct planner *p, const struct seuil_avro_type *type,
                                const struct seuil_wanted *wanted, bool whole)
{
    struct seuil_avro_sequence s = {0};

    for (uint32_t i = 0; i < type->count && !p->build.steps.failed; i++) {
        const struct seuil_wanted *child = child_of(type, i, wanted);
        struct seuil_avro_step step;

        if (!whole && !child) {
            seuil_avro_build_skip_into(&p->build, type->types[i], &s);
            continue;
        }
        step = take_step(p, type->types[i], child, whole);
        step.at = add_key(p, child ? child->name : type->names[i]);
        seuil_buf_add(&s.steps, &step, sizeof(step));
    }
    if (p->build.steps.len / sizeof(struct seuil_avro_step) > SEUIL_AVRO_STEPS_MAX)
        p->build.steps.failed = SEUIL_ERR_LIMIT;
    return seuil_avro_build_finish(&p->build, &s);
}

/* Unions lead to one record under one name on many ways: it is compiled once. */
static uint32_t record_of(struct planner *p, const struct seuil_avro_type *type,
                          const struct seuil_wanted *wanted, bool whole)
{
    struct known known = {type, wanted, 0};
    const struct known *rows = (const void *)p->known.ptr;

    for (size_t i = 0; i < p->known.len / sizeof(known); i++)
        if (rows[i].type == type && rows[i].wanted == wanted)
            return rows[i].at;
    known.at = record_sequence(p, type, wanted, whole);
    if (seuil_buf_add(&p->known, &known, sizeof(known)))
        p->build.steps.failed = SEUIL_ERR_NOMEM;
    return known.at;
}

/* A record that is taken whole may contain itself: it is run by its number. */
static void compile_wholes(struct planner *p, bool *done)
{
    bool more = true;

    while (more && !p->build.steps.failed) {
        more = false;
        for (uint32_t r = 0; r < p->build.record_count; r++) {
            if (!p->whole[r] || done[r])
                continue;
            done[r] = more = true;
            p->wholes[r] = record_sequence(p, p->whole[r], NULL, true);
        }
    }
}

/* ---- values ------------------------------------------------------------------------------- */

static uint8_t unit_of(const struct seuil_avro_type *type)
{
    switch (type->logical) {
    case SEUIL_LOGICAL_TIMESTAMP_MILLIS:
        return SEUIL_UNIT_MS;
    case SEUIL_LOGICAL_TIMESTAMP_MICROS:
        return SEUIL_UNIT_US;
    case SEUIL_LOGICAL_TIMESTAMP_NANOS:
        return SEUIL_UNIT_NS;
    case SEUIL_LOGICAL_LOCAL_MILLIS:
        return SEUIL_UNIT_MS | SEUIL_UNIT_LOCAL;
    case SEUIL_LOGICAL_LOCAL_MICROS:
        return SEUIL_UNIT_US | SEUIL_UNIT_LOCAL;
    case SEUIL_LOGICAL_LOCAL_NANOS:
        return SEUIL_UNIT_NS | SEUIL_UNIT_LOCAL;
    case SEUIL_LOGICAL_DATE:
        return SEUIL_UNIT_DAY | SEUIL_UNIT_LOCAL;
    default:
        return SEUIL_UNIT_NONE;
    }
}

static struct seuil_avro_step scalar_step(struct planner *p, const struct seuil_avro_type *type)
{
    static const uint8_t ops[] = {SEUIL_OP_TAKE_NULL,  SEUIL_OP_TAKE_BOOL,   SEUIL_OP_TAKE_INT,
                                  SEUIL_OP_TAKE_LONG,  SEUIL_OP_TAKE_FLOAT,  SEUIL_OP_TAKE_DOUBLE,
                                  SEUIL_OP_TAKE_BYTES, SEUIL_OP_TAKE_STRING, 0,
                                  SEUIL_OP_TAKE_ENUM,  SEUIL_OP_TAKE_FIXED};
    struct seuil_avro_step step = {.op = ops[type->kind], .target = unit_of(type)};

    _Static_assert(SEUIL_AVRO_BYTES == 6 && SEUIL_AVRO_STRING == 7, "ops are in this order");
    _Static_assert(SEUIL_AVRO_ENUM == 9 && SEUIL_AVRO_FIXED == 10, "ops are in this order");
    if (type->logical == SEUIL_LOGICAL_DECIMAL) {
        step.op =
            type->kind == SEUIL_AVRO_FIXED ? SEUIL_OP_TAKE_FIXED_DECIMAL : SEUIL_OP_TAKE_DECIMAL;
        step.count = type->size;
        step.arg = type->scale;
    } else if (type->logical == SEUIL_LOGICAL_UUID) {
        step.op = SEUIL_OP_TAKE_UUID;
    } else if (type->kind == SEUIL_AVRO_ENUM) {
        step.count = type->count;
        step.arg = seuil_avro_build_symbols(&p->build, type);
    } else if (type->kind == SEUIL_AVRO_FIXED) {
        step.count = type->size;
    }
    return step;
}

static struct seuil_avro_step union_step(struct planner *p, const struct seuil_avro_type *type,
                                         const struct seuil_wanted *wanted, bool whole)
{
    struct seuil_avro_step step = {.op = SEUIL_OP_UNION, .count = type->count};
    struct seuil_avro_sequence s = {0};

    for (uint32_t i = 0; i < type->count; i++) {
        struct seuil_avro_step branch = take_step(p, type->types[i], wanted, whole);

        seuil_buf_add(&s.steps, &branch, sizeof(branch));
    }
    if (s.steps.failed)
        p->build.steps.failed = s.steps.failed;
    else
        step.arg = seuil_avro_build_append(&p->build, (const void *)s.steps.ptr, type->count);
    seuil_buf_done(&s.steps);
    return step;
}

/* Of a map the entries of the wanted keys, or all of them. */
static struct seuil_avro_step map_step(struct planner *p, const struct seuil_avro_type *type,
                                       const struct seuil_wanted *wanted, bool whole)
{
    struct seuil_avro_step step = {.op = SEUIL_OP_TAKE_KEYS}, value;
    struct seuil_avro_sequence s = {0};

    value = whole ? take_step(p, type->types[0], NULL, true)
                  : seuil_avro_build_skip(&p->build, type->types[0]);
    seuil_buf_add(&s.steps, &value, sizeof(value));
    for (uint32_t i = 0; wanted && i < wanted->child_count && i < UINT16_MAX; i++) {
        value = take_step(p, type->types[0], &wanted->children[i], whole);
        value.at = add_key(p, wanted->children[i].name);
        seuil_buf_add(&s.steps, &value, sizeof(value));
        step.count++;
    }
    if (s.steps.failed)
        p->build.steps.failed = s.steps.failed;
    else
        step.arg = seuil_avro_build_append(&p->build, (const void *)s.steps.ptr, step.count + 1);
    seuil_buf_done(&s.steps);
    return step;
}

/* One step that takes of a value of @type what @wanted says, or all of it. */
static struct seuil_avro_step take_step(struct planner *p, const struct seuil_avro_type *type,
                                        const struct seuil_wanted *wanted, bool whole)
{
    struct seuil_avro_step step = {.op = SEUIL_OP_NOTHING}, item;

    if (p->build.steps.failed)
        return step;
    whole = whole || (wanted && wanted->whole);
    switch (type->kind) {
    case SEUIL_AVRO_RECORD:
        step.op = SEUIL_OP_TAKE_RECORD;
        if (whole && (!wanted || wanted->child_count == 0)) {
            step.count = type->number + 1;
            p->whole[type->number] = type;
        } else {
            step.arg = record_of(p, type, wanted, whole);
        }
        return step;
    case SEUIL_AVRO_ARRAY:
        step.op = SEUIL_OP_TAKE_LIST;
        item = take_step(p, type->types[0], wanted, whole);
        step.arg = seuil_avro_build_append(&p->build, &item, 1);
        return step;
    case SEUIL_AVRO_MAP:
        return map_step(p, type, wanted, whole);
    case SEUIL_AVRO_UNION:
        return union_step(p, type, wanted, whole);
    default:
        return scalar_step(p, type);
    }
}

/* ---- the whole ---------------------------------------------------------------------------- */

static int plan_schema(struct planner *p, const struct seuil_avro_schema *schema,
                       const struct seuil_wanted *wanted, struct seuil_avro_plan *plan)
{
    uint32_t count = schema->record_count;
    struct seuil_avro_step start;
    bool *done = seuil_arena_alloc(p->arena, count, sizeof(*done));
    int rc = seuil_avro_build_init(&p->build, count, p->arena);

    p->whole = seuil_arena_alloc(p->arena, count, sizeof(*p->whole));
    p->wholes = seuil_arena_alloc(p->arena, count, sizeof(*p->wholes));
    if (rc || !p->whole || !p->wholes || !done)
        return SEUIL_ERR_NOMEM;
    add_key(p, (struct seuil_str){0}); /* of what has no name */
    start = take_step(p, schema->top, wanted, false);
    plan->start = seuil_avro_build_append(&p->build, &start, 1);
    compile_wholes(p, done);
    if (p->build.steps.failed)
        return p->build.steps.failed;
    seuil_avro_build_called(&p->build);
    plan->records = p->build.records;
    plan->wholes = p->wholes;
    plan->steps = seuil_avro_build_copy(p->arena, &p->build.steps, &rc);
    plan->symbols = seuil_avro_build_copy(p->arena, &p->build.symbols, &rc);
    plan->keys = seuil_avro_build_copy(p->arena, &p->keys, &rc);
    return rc;
}

const struct seuil_avro_plan *seuil_avro_compile_document(const struct seuil_writer_schema *schema,
                                                          const struct seuil_wanted *wanted,
                                                          struct seuil_arena *arena,
                                                          struct seuil_error *err)
{
    struct seuil_avro_plan *plan = seuil_arena_alloc(arena, 1, sizeof(*plan));
    struct planner p = {.arena = arena};
    struct seuil_avro_schema parsed;
    int rc = seuil_avro_schema_parse(schema->path, schema->text, schema->len, arena, &parsed, err);

    if (rc)
        return NULL;
    rc = plan ? plan_schema(&p, &parsed, wanted, plan) : SEUIL_ERR_NOMEM;
    seuil_avro_build_done(&p.build);
    seuil_buf_done(&p.keys);
    seuil_buf_done(&p.known);
    if (rc == SEUIL_ERR_LIMIT)
        seuil_error_at(err, rc, schema->path, 0, 0,
                       "the schema and the wanted names make a plan of more than %d steps",
                       SEUIL_AVRO_STEPS_MAX);
    else if (rc)
        seuil_error_set(err, rc, "out of memory");
    return rc ? NULL : plan;
}
