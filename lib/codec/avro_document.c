#include "codec/avro_document.h"

#include <string.h>

#include "codec/avro_bytes.h"
#include "codec/avro_plan.h"
#include "codec/members.h"

struct walk {
    struct seuil_avro_reader r;
    const struct seuil_avro_plan *plan;
    struct seuil_document *document;
};

static const uint8_t *walk(struct walk *w, const uint8_t *p, const struct seuil_avro_step *step,
                           struct seuil_str key, unsigned depth);

/* ---- single values ------------------------------------------------------------------------ */

/* Bytes without a meaning: a text if they can be one. */
static void put_bytes(struct seuil_value *value, struct seuil_str bytes)
{
    if (!seuil_utf8_check((const uint8_t *)bytes.ptr, bytes.len))
        return;
    value->type = SEUIL_TYPE_STRING;
    value->s = bytes;
}

static const uint8_t *read_string(struct walk *w, const uint8_t *p,
                                  const struct seuil_avro_step *step, struct seuil_value *value)
{
    struct seuil_str bytes;
    uint32_t index;

    switch (step->op) {
    case SEUIL_OP_TAKE_STRING:
        value->type = SEUIL_TYPE_STRING;
        return seuil_avro_read_text(&w->r, p, &value->s);
    case SEUIL_OP_TAKE_ENUM:
        p = seuil_avro_read_index(&w->r, p, step->count, "an enum has no such symbol", &index);
        value->type = SEUIL_TYPE_STRING;
        if (p)
            value->s = w->plan->symbols[step->arg + index];
        return p;
    case SEUIL_OP_TAKE_UUID:
        value->type = SEUIL_TYPE_STRING;
        return seuil_avro_read_uuid(&w->r, p, &value->s);
    case SEUIL_OP_TAKE_FIXED:
        if (step->count > (uint32_t)(w->r.end - p))
            return seuil_avro_short(&w->r, p);
        put_bytes(value, (struct seuil_str){(const char *)p, step->count});
        return p + step->count;
    case SEUIL_OP_TAKE_DECIMAL:
        p = seuil_avro_read_bytes(&w->r, p, &bytes);
        return p ? seuil_avro_read_decimal(&w->r, (const uint8_t *)bytes.ptr, bytes.len, step->arg,
                                           value)
                 : NULL;
    default:
        assert(step->op == SEUIL_OP_TAKE_BYTES);
        p = seuil_avro_read_bytes(&w->r, p, &bytes);
        if (p)
            put_bytes(value, bytes);
        return p;
    }
}

static const uint8_t *read_scalar(struct walk *w, const uint8_t *p,
                                  const struct seuil_avro_step *step, struct seuil_value *value)
{
    switch (step->op) {
    case SEUIL_OP_TAKE_NULL:
        return p;
    case SEUIL_OP_TAKE_BOOL:
        value->type = SEUIL_TYPE_BOOL;
        return seuil_avro_read_bool(&w->r, p, &value->b);
    case SEUIL_OP_TAKE_INT:
        value->type = SEUIL_TYPE_INT;
        return seuil_avro_read_int(&w->r, p, &value->i);
    case SEUIL_OP_TAKE_LONG:
        value->type = SEUIL_TYPE_INT;
        return seuil_avro_read_long(&w->r, p, &value->i);
    case SEUIL_OP_TAKE_FLOAT:
        return seuil_avro_read_float(&w->r, p, 4, value);
    case SEUIL_OP_TAKE_DOUBLE:
        return seuil_avro_read_float(&w->r, p, 8, value);
    case SEUIL_OP_TAKE_FIXED_DECIMAL:
        return seuil_avro_read_decimal(&w->r, p, step->count, step->arg, value);
    default:
        return read_string(w, p, step, value);
    }
}

static const uint8_t *no_room(struct walk *w, const uint8_t *p)
{
    return seuil_avro_fail(&w->r, p, SEUIL_ERR_LIMIT,
                           "the record has more than 65,536 wanted values");
}

static const uint8_t *take_scalar(struct walk *w, const uint8_t *p,
                                  const struct seuil_avro_step *step, struct seuil_str key)
{
    struct seuil_value value = {.type = SEUIL_TYPE_NULL};
    const uint8_t *next = read_scalar(w, p, step, &value);
    struct seuil_node *node;

    if (!next)
        return NULL;
    node = seuil_document_add(w->document, value.type, key);
    if (!node)
        return no_room(w, p);
    node->value = value;
    node->unit = step->target;
    return next;
}

/* ---- records, lists, maps ----------------------------------------------------------------- */

static const uint8_t *take_fields(struct walk *w, const uint8_t *p,
                                  const struct seuil_avro_step *step, unsigned depth)
{
    step = w->plan->steps + (step->count ? w->plan->wholes[step->count - 1] : step->arg);
    for (; p && step->op != SEUIL_OP_END; step++) {
        if (!seuil_avro_step_on(&w->r, p))
            return NULL;
        p = walk(w, p, step, w->plan->keys[step->at], depth);
    }
    return p;
}

static const uint8_t *take_items(struct walk *w, const uint8_t *p,
                                 const struct seuil_avro_step *item, unsigned depth)
{
    uint64_t count;
    int64_t bytes;

    while (seuil_avro_step_on(&w->r, p)) {
        p = seuil_avro_read_block(&w->r, p, &count, &bytes);
        if (!p || count == 0)
            return p;
        while (count-- > 0) {
            if (!seuil_avro_step_on(&w->r, p))
                return NULL;
            p = walk(w, p, item, (struct seuil_str){0}, depth);
            if (!p)
                return NULL;
        }
    }
    return NULL;
}

/* The step of @key: one of those behind @first, ascending by their keys, or @first. */
static const struct seuil_avro_step *step_of(const struct walk *w,
                                             const struct seuil_avro_step *first, uint32_t count,
                                             struct seuil_str key)
{
    uint32_t low = 1, high = count + 1;

    while (low < high) {
        uint32_t middle = low + (high - low) / 2;
        int order = seuil_str_cmp(w->plan->keys[first[middle].at], key);

        if (order == 0)
            return &first[middle];
        if (order < 0)
            low = middle + 1;
        else
            high = middle;
    }
    return first;
}

/* An entry: by the step of its key, or by that of any other. Taken keys are distinct. */
static const uint8_t *take_entry(struct walk *w, const uint8_t *p,
                                 const struct seuil_avro_step *map, struct seuil_members *members,
                                 unsigned depth)
{
    const struct seuil_avro_step *step;
    const uint8_t *from = p;
    struct seuil_str key;
    int64_t there;

    p = seuil_avro_read_text(&w->r, p, &key);
    if (!p)
        return NULL;
    step = step_of(w, w->plan->steps + map->arg, map->count, key);
    if (step->op < SEUIL_OP_UNION)
        return seuil_avro_skip(&w->r, p, step, depth);
    there = seuil_members_add(members, key);
    if (!seuil_avro_steps_on(&w->r, from, members->cost))
        return NULL;
    if (there > 0)
        return seuil_avro_fail(&w->r, from, SEUIL_ERR_FORMAT, "a key stands twice in one map");
    if (there < 0)
        return seuil_avro_fail(&w->r, from, SEUIL_ERR_LIMIT, "a map has more than 512 entries");
    return walk(w, p, step, key, depth);
}

static const uint8_t *take_map(struct walk *w, const uint8_t *p, const struct seuil_avro_step *step,
                               unsigned depth)
{
    struct seuil_members members;
    uint64_t count;
    int64_t bytes;

    seuil_members_begin(&members, w->document, w->r.scratch);
    while (seuil_avro_step_on(&w->r, p)) {
        p = seuil_avro_read_block(&w->r, p, &count, &bytes);
        if (!p || count == 0)
            break;
        while (p && count-- > 0)
            p = seuil_avro_step_on(&w->r, p) ? take_entry(w, p, step, &members, depth) : NULL;
        if (!p)
            break;
    }
    seuil_members_end(&members);
    return p;
}

static const uint8_t *take_nested(struct walk *w, const uint8_t *p,
                                  const struct seuil_avro_step *step, struct seuil_str key,
                                  unsigned depth)
{
    uint32_t index = w->document->count;
    bool list = step->op == SEUIL_OP_TAKE_LIST;

    if (depth >= SEUIL_DEPTH_MAX)
        return seuil_avro_fail(&w->r, p, SEUIL_ERR_LIMIT, "values are nested more than 32 deep");
    if (!seuil_document_add(w->document, list ? SEUIL_NODE_LIST : SEUIL_NODE_OBJECT, key))
        return no_room(w, p);
    if (list)
        p = take_items(w, p, w->plan->steps + step->arg, depth + 1);
    else if (step->op == SEUIL_OP_TAKE_KEYS)
        p = take_map(w, p, step, depth + 1);
    else
        p = take_fields(w, p, step, depth + 1);
    w->document->nodes[index].end = w->document->count;
    return p;
}

static const uint8_t *walk(struct walk *w, const uint8_t *p, const struct seuil_avro_step *step,
                           struct seuil_str key, unsigned depth)
{
    uint32_t index;

    while (step->op == SEUIL_OP_UNION) { /* it has no union as a branch: twice at most */
        p = seuil_avro_read_index(&w->r, p, step->count, "a union has no such branch", &index);
        if (!p)
            return NULL;
        step = w->plan->steps + step->arg + index;
    }
    switch (step->op) {
    case SEUIL_OP_TAKE_RECORD:
    case SEUIL_OP_TAKE_LIST:
    case SEUIL_OP_TAKE_KEYS:
        return take_nested(w, p, step, key, depth);
    default:
        return step->op < SEUIL_OP_TAKE_NULL ? seuil_avro_skip(&w->r, p, step, depth)
                                             : take_scalar(w, p, step, key);
    }
}

int seuil_avro_document(const struct seuil_avro_plan *plan, struct seuil_decode_scratch *scratch,
                        const uint8_t *bytes, uint32_t len, struct seuil_document *document,
                        struct seuil_fault *fault)
{
    struct walk w = {
        .r = {.start = bytes,
              .end = bytes + len,
              .steps = plan->steps,
              .records = plan->records,
              .scratch = scratch,
              .fault = fault,
              .most = SEUIL_STEPS_MOST(len)},
        .plan = plan,
        .document = document,
    };
    const uint8_t *p;

    seuil_members_reset(scratch);
    p = walk(&w, bytes, plan->steps + plan->start, (struct seuil_str){0}, 0);
    document->steps = w.r.work;
    if (p && p != w.r.end)
        seuil_avro_note(
            &w.r, p, SEUIL_ERR_FORMAT,
            "bytes are left behind the record: another schema wrote it, or another framing");
    return p && p == w.r.end ? 0 : fault->code;
}
