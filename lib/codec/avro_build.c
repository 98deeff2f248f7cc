#include "codec/avro_build.h"

#include <string.h>

int seuil_avro_build_init(struct seuil_avro_build *build, uint32_t record_count,
                          struct seuil_arena *arena)
{
    *build = (struct seuil_avro_build){.record_count = record_count};
    build->called = seuil_arena_alloc(arena, record_count, sizeof(*build->called));
    build->records = seuil_arena_alloc(arena, record_count, sizeof(*build->records));
    build->inlined = seuil_arena_alloc(arena, record_count, sizeof(*build->inlined));
    return build->called && build->records && build->inlined ? 0 : SEUIL_ERR_NOMEM;
}

void seuil_avro_build_done(struct seuil_avro_build *build)
{
    seuil_buf_done(&build->steps);
    seuil_buf_done(&build->symbols);
}

uint32_t seuil_avro_build_append(struct seuil_avro_build *build,
                                 const struct seuil_avro_step *steps, uint32_t count)
{
    uint32_t at = (uint32_t)(build->steps.len / sizeof(*steps));

    seuil_buf_add(&build->steps, steps, count * sizeof(*steps));
    return at;
}

uint32_t seuil_avro_build_symbols(struct seuil_avro_build *build,
                                  const struct seuil_avro_type *type)
{
    uint32_t at = (uint32_t)(build->symbols.len / sizeof(type->names[0]));

    seuil_buf_add(&build->symbols, type->names, type->count * sizeof(type->names[0]));
    return at;
}

/* ---- passing over ------------------------------------------------------------------------- */

static uint32_t skip_branches(struct seuil_avro_build *build, const struct seuil_avro_type *type)
{
    struct seuil_avro_sequence s = {0};
    uint32_t at;

    for (uint32_t i = 0; i < type->count; i++) {
        struct seuil_avro_step step = seuil_avro_build_skip(build, type->types[i]);

        seuil_buf_add(&s.steps, &step, sizeof(step));
    }
    if (s.steps.failed)
        build->steps.failed = s.steps.failed;
    at =
        s.steps.failed ? 0 : seuil_avro_build_append(build, (const void *)s.steps.ptr, type->count);
    seuil_buf_done(&s.steps);
    return at;
}

struct seuil_avro_step seuil_avro_build_skip(struct seuil_avro_build *build,
                                             const struct seuil_avro_type *type)
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
        item = seuil_avro_build_skip(build, type->types[0]);
        step.arg = seuil_avro_build_append(build, &item, 1);
        break;
    case SEUIL_AVRO_UNION:
        step.op = SEUIL_OP_UNION;
        step.count = type->count;
        step.arg = skip_branches(build, type);
        break;
    case SEUIL_AVRO_RECORD:
        step.op = SEUIL_OP_SKIP_RECORD;
        step.arg = type->number;
        build->called[type->number] = type;
        break;
    }
    return step;
}

void seuil_avro_build_skip_into(struct seuil_avro_build *build, const struct seuil_avro_type *type,
                                struct seuil_avro_sequence *s)
{
    struct seuil_avro_step step;

    if (type->kind == SEUIL_AVRO_RECORD && !build->inlined[type->number]) {
        build->inlined[type->number] = true;
        for (uint32_t i = 0; i < type->count; i++)
            seuil_avro_build_skip_into(build, type->types[i], s);
        return;
    }
    step = seuil_avro_build_skip(build, type);
    if (step.op != SEUIL_OP_NOTHING)
        seuil_buf_add(&s->steps, &step, sizeof(step));
}

uint32_t seuil_avro_build_finish(struct seuil_avro_build *build, struct seuil_avro_sequence *s)
{
    struct seuil_avro_step end = {.op = SEUIL_OP_END};
    uint32_t at = 0;

    seuil_buf_add(&s->steps, &end, sizeof(end));
    if (s->steps.failed)
        build->steps.failed = s->steps.failed;
    else
        at = seuil_avro_build_append(build, (const void *)s->steps.ptr,
                                     (uint32_t)(s->steps.len / sizeof(end)));
    seuil_buf_done(&s->steps);
    return at;
}

void seuil_avro_build_called(struct seuil_avro_build *build)
{
    bool *done = build->inlined; /* flattening is over: reused for "has its sequence" */
    bool more = true;

    memset(done, 0, build->record_count * sizeof(*done));
    while (more) {
        more = false;
        for (uint32_t r = 0; r < build->record_count; r++) {
            struct seuil_avro_sequence s = {0};

            if (!build->called[r] || done[r])
                continue;
            done[r] = more = true;
            for (uint32_t i = 0; i < build->called[r]->count; i++) {
                struct seuil_avro_step step =
                    seuil_avro_build_skip(build, build->called[r]->types[i]);

                if (step.op != SEUIL_OP_NOTHING)
                    seuil_buf_add(&s.steps, &step, sizeof(step));
            }
            build->records[r] = seuil_avro_build_finish(build, &s);
        }
    }
}

void *seuil_avro_build_copy(struct seuil_arena *arena, const struct seuil_buf *buf, int *rc)
{
    void *to = *rc ? NULL : seuil_arena_alloc(arena, buf->len + 1, 1);

    if (!to || buf->failed)
        *rc = *rc ? *rc : SEUIL_ERR_NOMEM;
    else if (buf->len)
        memcpy(to, buf->ptr, buf->len);
    return to;
}
