#include <assert.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include "codec/avro_build.h"
#include "codec/avro_in.h"

struct compiler {
    const char *path;
    const struct seuil_names *names;
    struct seuil_error *err;
    struct seuil_avro_build build;
};

static int fail(struct compiler *c, const char *field, const char *text)
{
    return seuil_error_at(c->err, SEUIL_ERR_INVALID, c->path, 0, 0, "field `%s` %s", field, text);
}

/* ---- taking ------------------------------------------------------------------------------- */

static int take_step(struct compiler *c, const struct seuil_avro_type *type, unsigned target,
                     const char *field, struct seuil_avro_step *ret_step);

/* Where the value of a target lies: of id, lead and retracts a string, else a value. */
static uint16_t place(unsigned target)
{
    switch (target) {
    case SEUIL_TARGET_ID:
        return offsetof(struct seuil_event, id);
    case SEUIL_TARGET_LEAD:
        return offsetof(struct seuil_event, lead);
    case SEUIL_TARGET_RETRACTS:
        return offsetof(struct seuil_event, retracts);
    case SEUIL_TARGET_CONSENT:
        return offsetof(struct seuil_event, consent);
    default:
        return target < SEUIL_TARGET_ID ? (uint16_t)(offsetof(struct seuil_event, field) +
                                                     target * sizeof(struct seuil_value))
                                        : 0;
    }
}

static int take_branches(struct compiler *c, const struct seuil_avro_type *type, unsigned target,
                         const char *field, uint32_t *ret_at)
{
    struct seuil_avro_sequence s = {0};
    int rc = 0;

    for (uint32_t i = 0; i < type->count && !rc; i++) {
        struct seuil_avro_step step;

        rc = take_step(c, type->types[i], target, field, &step);
        if (!rc)
            rc = seuil_buf_add(&s.steps, &step, sizeof(step));
    }
    if (!rc)
        *ret_at = seuil_avro_build_append(&c->build, (const void *)s.steps.ptr, type->count);
    seuil_buf_done(&s.steps);
    return rc;
}

static int take_string(struct compiler *c, const struct seuil_avro_type *type, const char *field,
                       struct seuil_avro_step *step)
{
    if (type->logical == SEUIL_LOGICAL_UUID) {
        step->op = SEUIL_OP_TAKE_UUID;
        return 0;
    }
    if (type->kind == SEUIL_AVRO_ENUM) {
        step->op = SEUIL_OP_TAKE_ENUM;
        step->count = type->count;
        step->arg = seuil_avro_build_symbols(&c->build, type);
        return 0;
    }
    if ((type->kind != SEUIL_AVRO_STRING && type->kind != SEUIL_AVRO_BYTES) || type->logical)
        return fail(c, field, "must be a string, bytes or an enum, or a union of these with null");
    step->op = SEUIL_OP_TAKE_STRING;
    return 0;
}

static int take_number(struct compiler *c, const struct seuil_avro_type *type, const char *field,
                       struct seuil_avro_step *step)
{
    if (type->logical == SEUIL_LOGICAL_DECIMAL) {
        step->op =
            type->kind == SEUIL_AVRO_FIXED ? SEUIL_OP_TAKE_FIXED_DECIMAL : SEUIL_OP_TAKE_DECIMAL;
        step->count = type->size;
        step->arg = type->scale;
        return 0;
    }
    switch (type->kind) {
    case SEUIL_AVRO_INT:
        step->op = SEUIL_OP_TAKE_INT;
        break;
    case SEUIL_AVRO_LONG:
        step->op = SEUIL_OP_TAKE_LONG;
        break;
    case SEUIL_AVRO_FLOAT:
        step->op = SEUIL_OP_TAKE_FLOAT;
        break;
    case SEUIL_AVRO_DOUBLE:
        step->op = SEUIL_OP_TAKE_DOUBLE;
        break;
    default:
        return fail(c, field,
                    "must be an int, long, float, double or decimal, or a union of these with "
                    "null");
    }
    return 0;
}

static int take_time(struct compiler *c, const struct seuil_avro_type *type, const char *field,
                     struct seuil_avro_step *step)
{
    step->op = SEUIL_OP_TAKE_TIME;
    step->count = 1;
    if (type->kind == SEUIL_AVRO_STRING) {
        step->op = SEUIL_OP_TAKE_TIME_TEXT;
        return 0;
    }
    if (type->kind != SEUIL_AVRO_LONG || type->logical == SEUIL_LOGICAL_TIME_OF_DAY)
        return fail(c, field,
                    "must be a long (milliseconds, UTC, unless logicalType says "
                    "timestamp-micros) or a string (RFC 3339)");
    if (type->logical >= SEUIL_LOGICAL_LOCAL_MILLIS && type->logical <= SEUIL_LOGICAL_LOCAL_NANOS)
        return fail(c, field, "is a local timestamp: without a zone it is no instant");
    if (type->logical == SEUIL_LOGICAL_TIMESTAMP_MICROS)
        step->count = 1000;
    if (type->logical == SEUIL_LOGICAL_TIMESTAMP_NANOS)
        step->count = 1000000;
    return 0;
}

static bool is_scalar(const struct seuil_avro_type *type)
{
    if (type->logical == SEUIL_LOGICAL_DATE || type->logical == SEUIL_LOGICAL_TIME_OF_DAY)
        return false; /* numbers that nobody would read as such */
    return type->kind < SEUIL_AVRO_PRIMITIVES || type->kind == SEUIL_AVRO_ENUM ||
           type->logical == SEUIL_LOGICAL_DECIMAL || type->logical == SEUIL_LOGICAL_UUID;
}

/* A value of the kind's map. What is no single value is left out, as in JSON; but a form's fields
 * are texts. */
static int value_step(struct compiler *c, const struct seuil_avro_type *type, const char *field,
                      struct seuil_avro_step *ret_step)
{
    struct seuil_avro_step step = {.op = SEUIL_OP_NOTHING};
    struct seuil_avro_sequence s = {0};
    int rc = 0;

    if (type->kind == SEUIL_AVRO_UNION) {
        step.op = SEUIL_OP_UNION;
        step.count = type->count;
        for (uint32_t i = 0; i < type->count && !rc; i++) {
            struct seuil_avro_step branch;

            rc = value_step(c, type->types[i], field, &branch);
            if (!rc)
                rc = seuil_buf_add(&s.steps, &branch, sizeof(branch));
        }
        if (!rc)
            step.arg = seuil_avro_build_append(&c->build, (const void *)s.steps.ptr, type->count);
        seuil_buf_done(&s.steps);
    } else if (!is_scalar(type)) {
        step = seuil_avro_build_skip(&c->build, type);
    } else if (type->logical == SEUIL_LOGICAL_UUID ||
               (type->logical != SEUIL_LOGICAL_DECIMAL &&
                (type->kind == SEUIL_AVRO_STRING || type->kind == SEUIL_AVRO_BYTES ||
                 type->kind == SEUIL_AVRO_ENUM))) {
        rc = take_string(c, type, field, &step);
    } else if (c->names->kind == SEUIL_KIND_FORM && type->kind != SEUIL_AVRO_NULL) {
        rc = fail(c, field, "must be a map of strings: a form's fields are texts");
    } else if (type->kind == SEUIL_AVRO_BOOLEAN) {
        step.op = SEUIL_OP_TAKE_BOOL;
    } else if (type->kind != SEUIL_AVRO_NULL) {
        rc = take_number(c, type, field, &step);
    }
    if (!rc)
        *ret_step = step;
    return rc;
}

static int take_map(struct compiler *c, const struct seuil_avro_type *type, const char *field,
                    struct seuil_avro_step *step)
{
    struct seuil_avro_step value;
    int rc;

    if (type->kind != SEUIL_AVRO_MAP)
        return fail(c, field, "must be a map, or a union of one with null");
    rc = value_step(c, type->types[0], field, &value);
    if (rc)
        return rc;
    step->op = SEUIL_OP_TAKE_MAP;
    step->arg = seuil_avro_build_append(&c->build, &value, 1);
    return 0;
}

static int take_step(struct compiler *c, const struct seuil_avro_type *type, unsigned target,
                     const char *field, struct seuil_avro_step *ret_step)
{
    struct seuil_avro_step step = {
        .op = SEUIL_OP_NOTHING, .target = (uint8_t)target, .at = place(target)};
    int rc = 0;

    if (type->kind == SEUIL_AVRO_UNION) {
        step.op = SEUIL_OP_UNION;
        step.count = type->count;
        rc = take_branches(c, type, target, field, &step.arg);
    } else if (type->kind != SEUIL_AVRO_NULL) {
        switch (seuil_target_class(target)) {
        case SEUIL_CLASS_STRING:
            rc = take_string(c, type, field, &step);
            if (step.op == SEUIL_OP_TAKE_STRING && target >= SEUIL_TARGET_ID)
                step.op = SEUIL_OP_TAKE_ID;
            break;
        case SEUIL_CLASS_NUMBER:
            rc = take_number(c, type, field, &step);
            break;
        case SEUIL_CLASS_BOOL:
            step.op = SEUIL_OP_TAKE_BOOL;
            if (type->kind != SEUIL_AVRO_BOOLEAN)
                rc = fail(c, field, "must be a boolean, or a union of one with null");
            break;
        case SEUIL_CLASS_TIME:
            rc = take_time(c, type, field, &step);
            break;
        case SEUIL_CLASS_MAP:
            rc = take_map(c, type, field, &step);
            break;
        case SEUIL_CLASS_TYPE:
            assert(!"Avro records have no type field to take");
        }
    }
    if (!rc)
        *ret_step = step;
    return rc;
}

/* A text that may be null is what most fields are: a step of its own. */
static void join_union(struct compiler *c, struct seuil_avro_step *step)
{
    const struct seuil_avro_step *branch;

    if (step->op != SEUIL_OP_UNION || step->count != 2 || c->build.steps.failed)
        return;
    branch = (const struct seuil_avro_step *)c->build.steps.ptr + step->arg;
    if (branch[0].op == SEUIL_OP_NOTHING && branch[1].op == SEUIL_OP_TAKE_STRING)
        step->op = SEUIL_OP_NULL_TEXT;
    else if (branch[1].op == SEUIL_OP_NOTHING && branch[0].op == SEUIL_OP_TAKE_STRING)
        step->op = SEUIL_OP_TEXT_NULL;
}

/* The target of field @i: by its name, or by a former one when no field has that name now. */
static int find_target(const struct compiler *c, const struct seuil_avro_type *top, uint32_t i)
{
    int target = seuil_names_find(c->names, top->names[i]);

    for (const struct seuil_str *a = top->aliases[i]; target < 0 && a && a->ptr; a++)
        if (seuil_avro_field_find(top, *a) == (int)i)
            target = seuil_names_find(c->names, *a);
    return target;
}

/* ---- the whole ---------------------------------------------------------------------------- */

/* A record without id, lead or time is of no use: say which fields it has. */
static int check_wanted(struct compiler *c, const struct seuil_avro_type *top, uint64_t seen)
{
    static const uint8_t needed[] = {SEUIL_TARGET_ID, SEUIL_TARGET_LEAD, SEUIL_TARGET_TIME};
    static const char *const canonical[] = {"id", "lead", "time"};
    char list[256] = "";
    size_t n = 0;

    for (unsigned i = 0; i < sizeof(needed); i++) {
        if (seen >> needed[i] & 1)
            continue;
        for (uint32_t f = 0; f < top->count && n < sizeof(list); f++)
            n += (size_t)snprintf(list + n, sizeof(list) - n, "%s%s", f ? ", " : "",
                                  top->names[f].ptr);
        return seuil_error_at(c->err, SEUIL_ERR_MISSING, c->path, 0, 0,
                              "record `%s` has no field `%s`; name the one that is the %s in "
                              "`fields`, as {%s: NAME}; it has: %s",
                              top->name, c->names->name[needed[i]].ptr, canonical[i], canonical[i],
                              list);
    }
    return 0;
}

static int compile_top(struct compiler *c, const struct seuil_avro_type *top, uint32_t *ret_start)
{
    struct seuil_avro_sequence s = {0};
    uint64_t seen = 0;
    int rc = 0;

    for (uint32_t i = 0; i < top->count && !rc; i++) {
        int target = find_target(c, top, i);
        struct seuil_avro_step step;

        /* Two fields once had one name: the first is it. */
        if (target < 0 || target == SEUIL_TARGET_TYPE || seen >> target & 1) {
            seuil_avro_build_skip_into(&c->build, top->types[i], &s);
            continue;
        }
        seen |= UINT64_C(1) << target;
        rc = take_step(c, top->types[i], (unsigned)target, top->names[i].ptr, &step);
        if (!rc)
            join_union(c, &step);
        if (!rc && step.op != SEUIL_OP_NOTHING)
            rc = seuil_buf_add(&s.steps, &step, sizeof(step));
    }
    if (!rc)
        rc = check_wanted(c, top, seen);
    *ret_start = seuil_avro_build_finish(&c->build, &s);
    return rc;
}

const struct seuil_avro_program *seuil_avro_compile(const struct seuil_writer_schema *schema,
                                                    const struct seuil_names *names,
                                                    struct seuil_arena *arena,
                                                    struct seuil_error *err)
{
    struct seuil_avro_program *program = seuil_arena_alloc(arena, 1, sizeof(*program));
    struct compiler c = {.path = schema->path, .names = names, .err = err};
    struct seuil_avro_schema parsed;
    int rc = seuil_avro_schema_parse(schema->path, schema->text, schema->len, arena, &parsed, err);

    if (rc)
        return NULL;
    if (parsed.top->kind != SEUIL_AVRO_RECORD) {
        seuil_error_at(err, SEUIL_ERR_INVALID, schema->path, 0, 0,
                       "the schema is a %s; an event must be a record",
                       seuil_avro_kind_name(parsed.top->kind));
        return NULL;
    }
    rc = seuil_avro_build_init(&c.build, parsed.record_count, arena);
    if (!rc && !program)
        rc = SEUIL_ERR_NOMEM;
    if (!rc)
        rc = compile_top(&c, parsed.top, &program->start);
    if (!rc) {
        seuil_avro_build_called(&c.build);
        program->names = names;
        program->records = c.build.records;
        program->step_count = (uint32_t)(c.build.steps.len / sizeof(*program->steps));
        program->steps = seuil_avro_build_copy(arena, &c.build.steps, &rc);
        program->symbols = seuil_avro_build_copy(arena, &c.build.symbols, &rc);
    }
    seuil_avro_build_done(&c.build);
    if (rc == SEUIL_ERR_NOMEM)
        seuil_error_set(err, SEUIL_ERR_NOMEM, "out of memory");
    return rc ? NULL : program;
}
