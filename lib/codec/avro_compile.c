#include <assert.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include "base/buf.h"
#include "codec/avro_in.h"
#include "codec/avro_program.h"
#include "codec/avro_schema.h"

struct compiler {
    const char *path;
    const struct seuil_names *names;
    struct seuil_error *err;
    struct seuil_buf steps;   /* of struct seuil_avro_step: whole sequences and tables */
    struct seuil_buf symbols; /* of struct seuil_str */
    const struct seuil_avro_type **called; /* records that are run by number, or NULL */
    uint32_t *records;
    bool *inlined; /* by record number: its fields stand in another's sequence already */
    uint32_t record_count;
};

/* Steps that belong together, until they are appended to the program in one piece. */
struct sequence {
    struct seuil_buf steps;
};

static int fail(struct compiler *c, const char *field, const char *text)
{
    return seuil_error_at(c->err, SEUIL_ERR_INVALID, c->path, 0, 0, "field `%s` %s", field, text);
}

static uint32_t append(struct compiler *c, const struct seuil_avro_step *steps, uint32_t count)
{
    uint32_t at = (uint32_t)(c->steps.len / sizeof(*steps));

    seuil_buf_add(&c->steps, steps, count * sizeof(*steps));
    return at;
}

static uint32_t append_symbols(struct compiler *c, const struct seuil_avro_type *type)
{
    uint32_t at = (uint32_t)(c->symbols.len / sizeof(type->names[0]));

    seuil_buf_add(&c->symbols, type->names, type->count * sizeof(type->names[0]));
    return at;
}

/* ---- passing over ------------------------------------------------------------------------- */

static struct seuil_avro_step skip_step(struct compiler *c, const struct seuil_avro_type *type);

static uint32_t skip_branches(struct compiler *c, const struct seuil_avro_type *type)
{
    struct sequence s = {0};
    uint32_t at;

    for (uint32_t i = 0; i < type->count; i++) {
        struct seuil_avro_step step = skip_step(c, type->types[i]);

        seuil_buf_add(&s.steps, &step, sizeof(step));
    }
    if (s.steps.failed)
        c->steps.failed = s.steps.failed;
    at = s.steps.failed ? 0 : append(c, (const void *)s.steps.ptr, type->count);
    seuil_buf_done(&s.steps);
    return at;
}

/* One step that passes over a value of @type, whatever it is. */
static struct seuil_avro_step skip_step(struct compiler *c, const struct seuil_avro_type *type)
{
    struct seuil_avro_step step = {.op = SEUIL_OP_NOTHING, .target = SEUIL_TARGET_COUNT}, item;

    switch (type->kind) {
    case SEUIL_AVRO_NULL:
        break;
    case SEUIL_AVRO_BOOLEAN:
        step.op = SEUIL_OP_SKIP_BOOL;
        break;
    case SEUIL_AVRO_INT:
        step.op = SEUIL_OP_SKIP_INT;
        break;
    case SEUIL_AVRO_LONG:
        step.op = SEUIL_OP_SKIP_LONG;
        break;
    case SEUIL_AVRO_FLOAT:
    case SEUIL_AVRO_DOUBLE:
        step.op = SEUIL_OP_SKIP_BYTES;
        step.count = type->kind == SEUIL_AVRO_FLOAT ? 4 : 8;
        break;
    case SEUIL_AVRO_BYTES:
    case SEUIL_AVRO_STRING:
        step.op = SEUIL_OP_SKIP_STRING;
        break;
    case SEUIL_AVRO_ENUM:
        step.op = SEUIL_OP_SKIP_ENUM;
        step.count = type->count;
        break;
    case SEUIL_AVRO_FIXED:
        step.op = type->size ? SEUIL_OP_SKIP_BYTES : SEUIL_OP_NOTHING;
        step.count = type->size;
        break;
    case SEUIL_AVRO_ARRAY:
    case SEUIL_AVRO_MAP:
        step.op = type->kind == SEUIL_AVRO_ARRAY ? SEUIL_OP_SKIP_ARRAY : SEUIL_OP_SKIP_MAP;
        item = skip_step(c, type->types[0]);
        step.arg = append(c, &item, 1);
        break;
    case SEUIL_AVRO_UNION:
        step.op = SEUIL_OP_UNION;
        step.count = type->count;
        step.arg = skip_branches(c, type);
        break;
    case SEUIL_AVRO_RECORD:
        step.op = SEUIL_OP_SKIP_RECORD;
        step.arg = type->number;
        c->called[type->number] = type;
        break;
    }
    return step;
}

/* Append what passes over @type to @s. A record met for the first time is flattened into it, so
 * nesting costs nothing; met again it is called, so the program stays linear in the schema. */
static void skip_into(struct compiler *c, const struct seuil_avro_type *type, struct sequence *s)
{
    struct seuil_avro_step step;

    if (type->kind == SEUIL_AVRO_RECORD && !c->inlined[type->number]) {
        c->inlined[type->number] = true;
        for (uint32_t i = 0; i < type->count; i++)
            skip_into(c, type->types[i], s);
        return;
    }
    step = skip_step(c, type);
    if (step.op != SEUIL_OP_NOTHING)
        seuil_buf_add(&s->steps, &step, sizeof(step));
}

/* End @s and append it to the program; returns its first step. */
static uint32_t finish(struct compiler *c, struct sequence *s)
{
    struct seuil_avro_step end = {.op = SEUIL_OP_END};
    uint32_t at = 0;

    seuil_buf_add(&s->steps, &end, sizeof(end));
    if (s->steps.failed)
        c->steps.failed = s->steps.failed;
    else
        at = append(c, (const void *)s->steps.ptr, (uint32_t)(s->steps.len / sizeof(end)));
    seuil_buf_done(&s->steps);
    return at;
}

/* Give each record that is called a sequence of its own; that may call others. */
static void compile_called(struct compiler *c)
{
    bool *done = c->inlined; /* flattening is over: reused for "has its sequence" */
    bool more = true;

    memset(done, 0, c->record_count * sizeof(*done));
    while (more) {
        more = false;
        for (uint32_t r = 0; r < c->record_count; r++) {
            struct sequence s = {0};

            if (!c->called[r] || done[r])
                continue;
            done[r] = more = true;
            for (uint32_t i = 0; i < c->called[r]->count; i++) {
                struct seuil_avro_step step = skip_step(c, c->called[r]->types[i]);

                if (step.op != SEUIL_OP_NOTHING)
                    seuil_buf_add(&s.steps, &step, sizeof(step));
            }
            c->records[r] = finish(c, &s);
        }
    }
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
    struct sequence s = {0};
    int rc = 0;

    for (uint32_t i = 0; i < type->count && !rc; i++) {
        struct seuil_avro_step step;

        rc = take_step(c, type->types[i], target, field, &step);
        if (!rc)
            rc = seuil_buf_add(&s.steps, &step, sizeof(step));
    }
    if (!rc)
        *ret_at = append(c, (const void *)s.steps.ptr, type->count);
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
        step->arg = append_symbols(c, type);
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
    struct sequence s = {0};
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
            step.arg = append(c, (const void *)s.steps.ptr, type->count);
        seuil_buf_done(&s.steps);
    } else if (!is_scalar(type)) {
        step = skip_step(c, type);
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
    step->arg = append(c, &value, 1);
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

    if (step->op != SEUIL_OP_UNION || step->count != 2 || c->steps.failed)
        return;
    branch = (const struct seuil_avro_step *)c->steps.ptr + step->arg;
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
    struct sequence s = {0};
    uint64_t seen = 0;
    int rc = 0;

    for (uint32_t i = 0; i < top->count && !rc; i++) {
        int target = find_target(c, top, i);
        struct seuil_avro_step step;

        /* Two fields once had one name: the first is it. */
        if (target < 0 || target == SEUIL_TARGET_TYPE || seen >> target & 1) {
            skip_into(c, top->types[i], &s);
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
    *ret_start = finish(c, &s);
    return rc;
}

static void *copy(struct seuil_arena *arena, const struct seuil_buf *buf, int *rc)
{
    void *to = *rc ? NULL : seuil_arena_alloc(arena, buf->len + 1, 1);

    if (!to || buf->failed)
        *rc = *rc ? *rc : SEUIL_ERR_NOMEM;
    else if (buf->len)
        memcpy(to, buf->ptr, buf->len);
    return to;
}

const struct seuil_avro_program *seuil_avro_compile(const struct seuil_writer_schema *schema,
                                                    const struct seuil_names *names,
                                                    struct seuil_arena *arena,
                                                    struct seuil_error *err)
{
    struct seuil_avro_program *program = seuil_arena_alloc(arena, 1, sizeof(*program));
    struct compiler c = {.path = schema->path, .names = names, .err = err};
    struct seuil_avro_schema parsed;
    size_t records;
    int rc = seuil_avro_schema_parse(schema->path, schema->text, schema->len, arena, &parsed, err);

    if (rc)
        return NULL;
    if (parsed.top->kind != SEUIL_AVRO_RECORD) {
        seuil_error_at(err, SEUIL_ERR_INVALID, schema->path, 0, 0,
                       "the schema is a %s; an event must be a record",
                       seuil_avro_kind_name(parsed.top->kind));
        return NULL;
    }
    c.record_count = parsed.record_count;
    records = parsed.record_count;
    c.called = seuil_arena_alloc(arena, records, sizeof(*c.called));
    c.records = seuil_arena_alloc(arena, records, sizeof(*c.records));
    c.inlined = seuil_arena_alloc(arena, records, sizeof(*c.inlined));
    rc = program && c.called && c.records && c.inlined ? 0 : SEUIL_ERR_NOMEM;
    if (!rc)
        rc = compile_top(&c, parsed.top, &program->start);
    if (!rc) {
        compile_called(&c);
        program->names = names;
        program->records = c.records;
        program->step_count = (uint32_t)(c.steps.len / sizeof(*program->steps));
        program->steps = copy(arena, &c.steps, &rc);
        program->symbols = copy(arena, &c.symbols, &rc);
    }
    seuil_buf_done(&c.steps);
    seuil_buf_done(&c.symbols);
    if (rc == SEUIL_ERR_NOMEM)
        seuil_error_set(err, SEUIL_ERR_NOMEM, "out of memory");
    return rc ? NULL : program;
}
