#include "codec/avro_in.h"

#include <assert.h>
#include <math.h>
#include <string.h>

#include "base/utf8.h"
#include "codec/avro_program.h"
#include "codec/text.h"

/* Steps that a record may cost, 4 a byte and 256: more can only come from values of no bytes,
 * counted by the thousand, or from records in records in records around nothing. The fields of the
 * top record take a byte each, so they need no counting: one of the four is theirs. */
#define STEPS_PER_BYTE 4
#define STEPS_MORE     256

/* Every reader below takes the place where it stands and returns the next one, or NULL when a fault
 * was noted: the place stays in a register. */
struct reader {
    const uint8_t *start, *end;
    const struct seuil_avro_program *program;
    struct seuil_decode_scratch *scratch;
    struct seuil_fault *fault;
    uint64_t work, most;
    const uint8_t *high; /* where the scan for bytes that are not ASCII stands: none before it */
};

static __attribute__((cold, noinline)) void note(struct reader *r, const uint8_t *p, int code,
                                                 const char *why)
{
    assert(p >= r->start && p <= r->end);
    seuil_fault_set(r->fault, code, (uint32_t)(p - r->start), why);
}

/* Inline, so that the compiler sees that it is NULL. */
static inline const uint8_t *fail(struct reader *r, const uint8_t *p, int code, const char *why)
{
    note(r, p, code, why);
    return NULL;
}

static inline const uint8_t *too_short(struct reader *r, const uint8_t *p)
{
    return fail(r, p, SEUIL_ERR_TRUNCATED, "the record ends too early");
}

/* Count one step; false (and a fault) when the record costs more than its size allows. */
static inline bool step_on(struct reader *r, const uint8_t *p)
{
    if (__builtin_expect(++r->work <= r->most, 1))
        return true;
    fail(r, p, SEUIL_ERR_LIMIT, "more empty values are nested or listed than its size allows");
    return false;
}

/* ---- numbers ------------------------------------------------------------------------------ */

static const uint8_t *read_long_slow(struct reader *r, const uint8_t *p, int64_t *ret_value)
{
    const uint8_t *from = p;
    uint64_t z = 0;

    for (unsigned shift = 0; shift < 70; shift += 7) {
        uint8_t byte;

        if (p == r->end)
            return too_short(r, from);
        byte = *p++;
        if (shift == 63 && byte > 1)
            break;
        z |= (uint64_t)(byte & 0x7f) << shift;
        if (!(byte & 0x80)) {
            *ret_value = (int64_t)(z >> 1) ^ -(int64_t)(z & 1);
            return p;
        }
    }
    return fail(r, from, SEUIL_ERR_FORMAT, "a number is longer than 64 bits");
}

static inline const uint8_t *read_long(struct reader *r, const uint8_t *p, int64_t *ret_value)
{
    if (__builtin_expect(p < r->end && !(*p & 0x80), 1)) {
        *ret_value = (int64_t)(*p >> 1) ^ -(int64_t)(*p & 1);
        return p + 1;
    }
    *ret_value = 0; /* the compiler cannot see that no place means no value */
    return read_long_slow(r, p, ret_value);
}

static inline const uint8_t *read_int(struct reader *r, const uint8_t *p, int64_t *ret_value)
{
    const uint8_t *from = p;

    p = read_long(r, p, ret_value);
    if (p && (*ret_value < INT32_MIN || *ret_value > INT32_MAX))
        return fail(r, from, SEUIL_ERR_FORMAT, "an int is longer than 32 bits");
    return p;
}

/* An index below @count: of a branch or a symbol. */
static inline const uint8_t *read_index(struct reader *r, const uint8_t *p, uint32_t count,
                                        const char *why, uint32_t *ret_index)
{
    const uint8_t *from = p;
    int64_t index;

    if (__builtin_expect(p < r->end && *p < 2 * count && !(*p & 0x81), 1)) {
        *ret_index = *p >> 1;
        return p + 1;
    }
    p = read_long(r, p, &index);
    if (!p)
        return NULL;
    if (__builtin_expect((uint64_t)index >= count, 0))
        return fail(r, from, SEUIL_ERR_FORMAT, why);
    *ret_index = (uint32_t)index;
    return p;
}

static const uint8_t *read_float(struct reader *r, const uint8_t *p, unsigned bytes,
                                 struct seuil_value *ret_value)
{
    uint64_t bits = 0;
    double d;

    if (r->end - p < (long)bytes)
        return too_short(r, p);
    for (unsigned i = 0; i < bytes; i++)
        bits |= (uint64_t)p[i] << 8 * i;
    if (bytes == 4) {
        uint32_t half = (uint32_t)bits;
        float f;

        memcpy(&f, &half, 4);
        d = f;
    } else {
        memcpy(&d, &bits, 8);
    }
    if (!isfinite(d))
        return fail(r, p, SEUIL_ERR_FORMAT, "a number is infinite or no number");
    ret_value->type = SEUIL_TYPE_DOUBLE;
    ret_value->d = d;
    return p + bytes;
}

static const uint8_t *read_bool(struct reader *r, const uint8_t *p, bool *ret_value)
{
    if (p == r->end)
        return too_short(r, p);
    if (*p > 1)
        return fail(r, p, SEUIL_ERR_FORMAT, "a boolean is neither 0 nor 1");
    *ret_value = *p;
    return p + 1;
}

/* ---- strings and times -------------------------------------------------------------------- */

static inline const uint8_t *read_bytes(struct reader *r, const uint8_t *p,
                                        struct seuil_str *ret_bytes)
{
    const uint8_t *from = p;
    int64_t len;

    if (__builtin_expect(p < r->end && !(*p & 0x81), 1)) /* 0 to 63 */
        len = *p++ >> 1;
    else if (!(p = read_long(r, p, &len)))
        return NULL;
    if (__builtin_expect((uint64_t)len > (uint64_t)(r->end - p), 0)) {
        if (len < 0)
            return fail(r, from, SEUIL_ERR_FORMAT, "a length is negative");
        return fail(r, from, SEUIL_ERR_TRUNCATED, "a length goes beyond the record's end");
    }
    *ret_bytes = (struct seuil_str){(const char *)p, (uint32_t)len};
    return p + len;
}

static inline const uint8_t *read_text(struct reader *r, const uint8_t *p,
                                       struct seuil_str *ret_text)
{
    const uint8_t *from;

    p = read_bytes(r, p, ret_text);
    if (!p)
        return NULL;
    from = (const uint8_t *)ret_text->ptr;
    if (__builtin_expect(r->high < from, 0))
        r->high = seuil_ascii_end(from, r->end);
    if (__builtin_expect(r->high < p, 0) && !seuil_utf8_check_slow(from, p))
        return fail(r, from, SEUIL_ERR_FORMAT, "a string is not UTF-8");
    return p;
}

/* @units of the source make a millisecond; instants before 1970 round down like those after. */
static inline const uint8_t *read_time(struct reader *r, const uint8_t *p, uint32_t units,
                                       int64_t *ret_time)
{
    const uint8_t *from = p;
    int64_t time;

    p = read_long(r, p, &time);
    if (!p)
        return NULL;
    if (units > 1)
        time = time / units - (time % units < 0);
    if (!seuil_time_sane(time))
        return fail(r, from, SEUIL_ERR_LIMIT,
                    "a time lies outside the years 0 to 9999: it is not in milliseconds");
    *ret_time = time;
    return p;
}

static const uint8_t *read_time_text(struct reader *r, const uint8_t *p, int64_t *ret_time)
{
    const uint8_t *from = p;
    struct seuil_str text;

    p = read_bytes(r, p, &text);
    if (p && seuil_time_parse(text, ret_time))
        return fail(r, from, SEUIL_ERR_FORMAT, "a time is not RFC 3339 with a zone");
    return p;
}

/* ---- passing over ------------------------------------------------------------------------- */

static const uint8_t *skip(struct reader *r, const uint8_t *p, const struct seuil_avro_step *step,
                           unsigned depth);

static const uint8_t *skip_bytes(struct reader *r, const uint8_t *p, uint32_t count)
{
    return r->end - p < (long)count ? too_short(r, p) : p + count;
}

/* A block's header: its items, 0 at the end; @ret_bytes: its size when it is told, else -1. */
static const uint8_t *read_block(struct reader *r, const uint8_t *p, uint64_t *ret_count,
                                 int64_t *ret_bytes)
{
    const uint8_t *from = p;
    int64_t count;

    p = read_long(r, p, &count);
    if (!p)
        return NULL;
    *ret_bytes = -1;
    *ret_count = (uint64_t)count;
    if (count >= 0)
        return p;
    *ret_count = 0 - (uint64_t)count;
    p = read_long(r, p, ret_bytes);
    if (!p)
        return NULL;
    if (*ret_bytes < 0)
        return fail(r, from, SEUIL_ERR_FORMAT, "a block's size is negative");
    if (*ret_bytes > r->end - p)
        return fail(r, from, SEUIL_ERR_TRUNCATED, "a block's size goes beyond the record's end");
    return p;
}

static const uint8_t *skip_blocks(struct reader *r, const uint8_t *p,
                                  const struct seuil_avro_step *item, bool keyed, unsigned depth)
{
    struct seuil_str key;
    uint64_t count;
    int64_t bytes;

    while (step_on(r, p)) {
        p = read_block(r, p, &count, &bytes);
        if (!p || count == 0)
            return p;
        if (bytes >= 0) {
            p += bytes;
            continue;
        }
        while (count-- > 0) {
            if (keyed && !(p = read_bytes(r, p, &key)))
                return NULL;
            if (!step_on(r, p) || !(p = skip(r, p, item, depth)))
                return NULL;
        }
    }
    return NULL;
}

static const uint8_t *skip_record(struct reader *r, const uint8_t *p, uint32_t record,
                                  unsigned depth)
{
    const struct seuil_avro_step *step = r->program->steps + r->program->records[record];

    for (; p && step->op != SEUIL_OP_END; step++) {
        if (!step_on(r, p))
            return NULL;
        p = skip(r, p, step, depth);
    }
    return p;
}

/* Arrays, maps, unions and records in each other: @depth bounds what recursive types may do. */
static const uint8_t *skip_nested(struct reader *r, const uint8_t *p,
                                  const struct seuil_avro_step *step, unsigned depth)
{
    const struct seuil_avro_program *program = r->program;
    uint32_t index;

    if (depth >= SEUIL_DEPTH_MAX && step->op != SEUIL_OP_UNION)
        return fail(r, p, SEUIL_ERR_LIMIT, "values are nested more than 32 deep");
    switch (step->op) {
    case SEUIL_OP_SKIP_ARRAY:
        return skip_blocks(r, p, program->steps + step->arg, false, depth + 1);
    case SEUIL_OP_SKIP_MAP:
        return skip_blocks(r, p, program->steps + step->arg, true, depth + 1);
    case SEUIL_OP_SKIP_RECORD:
        return skip_record(r, p, step->arg, depth + 1);
    default:
        assert(step->op == SEUIL_OP_UNION);
    }
    p = read_index(r, p, step->count, "a union has no such branch", &index);
    if (!p || !step_on(r, p))
        return NULL;
    return skip(r, p, program->steps + step->arg + index, depth);
}

static const uint8_t *skip(struct reader *r, const uint8_t *p, const struct seuil_avro_step *step,
                           unsigned depth)
{
    struct seuil_str bytes;
    uint32_t index;
    int64_t number;
    bool b;

    switch (step->op) {
    case SEUIL_OP_NOTHING:
        return p;
    case SEUIL_OP_SKIP_BOOL:
        return read_bool(r, p, &b);
    case SEUIL_OP_SKIP_INT:
        return read_int(r, p, &number);
    case SEUIL_OP_SKIP_LONG:
        return read_long(r, p, &number);
    case SEUIL_OP_SKIP_BYTES:
        return skip_bytes(r, p, step->count);
    case SEUIL_OP_SKIP_STRING:
        return read_bytes(r, p, &bytes);
    case SEUIL_OP_SKIP_ENUM:
        return read_index(r, p, step->count, "an enum has no such symbol", &index);
    default:
        return skip_nested(r, p, step, depth);
    }
}

/* ---- taking ------------------------------------------------------------------------------- */

/* A single value by its step; what is not single is passed over and leaves @ret_value null. */
static inline __attribute__((always_inline)) const uint8_t *take(struct reader *r, const uint8_t *p,
                                                                 const struct seuil_avro_step *step,
                                                                 struct seuil_value *ret_value)
{
    uint32_t index;

    switch (step->op) {
    case SEUIL_OP_TAKE_STRING:
    case SEUIL_OP_TAKE_ID:
        ret_value->type = SEUIL_TYPE_STRING;
        return read_text(r, p, &ret_value->s);
    case SEUIL_OP_TAKE_ENUM:
        p = read_index(r, p, step->count, "an enum has no such symbol", &index);
        if (p) {
            ret_value->type = SEUIL_TYPE_STRING;
            ret_value->s = r->program->symbols[step->arg + index];
        }
        return p;
    case SEUIL_OP_TAKE_INT:
        ret_value->type = SEUIL_TYPE_INT;
        return read_int(r, p, &ret_value->i);
    case SEUIL_OP_TAKE_LONG:
        ret_value->type = SEUIL_TYPE_INT;
        return read_long(r, p, &ret_value->i);
    case SEUIL_OP_TAKE_TIME:
        ret_value->type = SEUIL_TYPE_INT;
        return read_time(r, p, step->count, &ret_value->i);
    case SEUIL_OP_TAKE_TIME_TEXT:
        ret_value->type = SEUIL_TYPE_INT;
        return read_time_text(r, p, &ret_value->i);
    case SEUIL_OP_TAKE_BOOL:
        ret_value->type = SEUIL_TYPE_BOOL;
        return read_bool(r, p, &ret_value->b);
    case SEUIL_OP_TAKE_FLOAT:
        return read_float(r, p, 4, ret_value);
    case SEUIL_OP_TAKE_DOUBLE:
        return read_float(r, p, 8, ret_value);
    default:
        return skip(r, p, step, 1);
    }
}

static const uint8_t *take_entry(struct reader *r, const uint8_t *p,
                                 const struct seuil_avro_step *step, struct seuil_event *event)
{
    struct seuil_entry *entry = &r->scratch->entries[event->map_count];
    const uint8_t *from = p;
    uint32_t index;
    bool single;

    if (event->map_count == SEUIL_MAP_ENTRIES_MAX)
        return fail(r, p, SEUIL_ERR_LIMIT, "a map has more than 256 entries");
    p = read_text(r, p, &entry->key);
    if (!p)
        return NULL;
    switch (seuil_keyset_add(&r->scratch->inner, entry->key)) {
    case 1:
        break;
    case 0:
        return fail(r, from, SEUIL_ERR_FORMAT, "a key stands twice in one map");
    default:
        return fail(r, from, SEUIL_ERR_LIMIT, "a map has more than 512 entries");
    }
    if (step->op == SEUIL_OP_UNION) {
        p = read_index(r, p, step->count, "a union has no such branch", &index);
        if (!p || !step_on(r, p))
            return NULL;
        step = r->program->steps + step->arg + index;
    }
    memset(&entry->value, 0, sizeof(entry->value));
    single = step->op >= SEUIL_OP_TAKE_STRING ||
             (step->op == SEUIL_OP_NOTHING && event->kind != SEUIL_KIND_FORM);
    p = take(r, p, step, &entry->value);
    if (p && single)
        event->map_count++;
    return p;
}

static const uint8_t *take_map(struct reader *r, const uint8_t *p,
                               const struct seuil_avro_step *step, struct seuil_event *event)
{
    uint64_t count;
    int64_t bytes;

    seuil_keyset_clear(&r->scratch->inner);
    event->map = r->scratch->entries;
    while (step_on(r, p)) {
        p = read_block(r, p, &count, &bytes);
        if (!p || count == 0)
            return p;
        while (count-- > 0) {
            if (!step_on(r, p))
                return NULL;
            p = take_entry(r, p, r->program->steps + step->arg, event);
            if (!p)
                return NULL;
        }
    }
    return NULL;
}

/* What is neither a text nor a number that has its place. */
static const uint8_t *take_other(struct reader *r, const uint8_t *p,
                                 const struct seuil_avro_step *step, struct seuil_event *event)
{
    struct seuil_value spare = {0};

    if (step->op == SEUIL_OP_TAKE_MAP)
        return take_map(r, p, step, event);
    if (step->op < SEUIL_OP_TAKE_STRING)
        return skip(r, p, step, 1);
    p = take(r, p, step, &spare);
    if (!p)
        return NULL;
    if (step->target == SEUIL_TARGET_TIME)
        event->time = spare.i;
    else if (step->target == SEUIL_TARGET_CONSENT)
        event->consent = spare;
    else
        seuil_target_put_string(event, step->target, spare.s);
    return p;
}

/* A field of the top record. Texts are nearly all there is: they go straight to their place. */
static inline __attribute__((always_inline)) const uint8_t *
take_field(struct reader *r, const uint8_t *p, const struct seuil_avro_step *steps,
           const struct seuil_avro_step *step, struct seuil_event *event)
{
    struct seuil_value *value;
    uint32_t index;

    if (step->op == SEUIL_OP_UNION) {
        p = read_index(r, p, step->count, "a union has no such branch", &index);
        if (!p)
            return NULL;
        step = steps + step->arg + index;
        if (step->op == SEUIL_OP_NOTHING)
            return p;
    }
    value = (void *)((char *)event + step->at);
    if (step->op == SEUIL_OP_TAKE_STRING) {
        value->type = SEUIL_TYPE_STRING;
        return read_text(r, p, &value->s);
    }
    if (step->op == SEUIL_OP_TAKE_ID)
        return read_text(r, p, (void *)value);
    if (step->op == SEUIL_OP_TAKE_TIME && step->target == SEUIL_TARGET_TIME)
        return read_time(r, p, step->count, &event->time);
    if (step->op > SEUIL_OP_TAKE_ID && step->target < SEUIL_TARGET_ID)
        return take(r, p, step, value);
    return take_other(r, p, step, event);
}

int seuil_avro_read(const struct seuil_avro_program *program, struct seuil_decode_scratch *scratch,
                    const uint8_t *bytes, uint32_t len, struct seuil_event *event,
                    struct seuil_fault *fault)
{
    struct reader r = {
        .start = bytes,
        .high = seuil_ascii_end(bytes, bytes + len),
        .end = bytes + len,
        .program = program,
        .scratch = scratch,
        .fault = fault,
        .most = (uint64_t)len * (STEPS_PER_BYTE - 1) + STEPS_MORE,
    };
    const struct seuil_avro_step *step = program->steps + program->start;
    const uint8_t *p = bytes;

    for (; step->op != SEUIL_OP_END; step++) {
        p = take_field(&r, p, program->steps, step, event);
        if (__builtin_expect(!p, 0)) {
            if (step->target < SEUIL_TARGET_COUNT)
                fault->field = program->names->name[step->target];
            return fault->code;
        }
    }
    if (p != r.end) {
        fail(&r, p, SEUIL_ERR_FORMAT,
             "bytes are left behind the record: another schema wrote it, or another framing");
        return fault->code;
    }
    r.work += (uint64_t)(step - (program->steps + program->start));
    assert(r.work <= (uint64_t)len * STEPS_PER_BYTE + STEPS_MORE);
    return 0;
}
