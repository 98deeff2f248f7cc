#include "codec/avro_bytes.h"

#include <math.h>
#include <string.h>

const uint8_t *seuil_avro_note(struct seuil_avro_reader *r, const uint8_t *p, int code,
                               const char *why)
{
    assert(p >= r->start && p <= r->end);
    seuil_fault_set(r->fault, code, (uint32_t)(p - r->start), why);
    return NULL;
}

/* ---- numbers ------------------------------------------------------------------------------ */

/* Near the record's end, or wrong. Two and three bytes, which most numbers there take that are not
 * one, need no loop. */
static __attribute__((noinline)) const uint8_t *long_at_end(struct seuil_avro_reader *r,
                                                            const uint8_t *p, int64_t *ret_value)
{
    const uint8_t *from = p;
    uint64_t z = 0;

    if (r->end - p >= 3 && (p[0] & 0x80)) {
        z = (uint64_t)(p[0] & 0x7f) | (uint64_t)(p[1] & 0x7f) << 7;
        if (!(p[1] & 0x80)) {
            *ret_value = (int64_t)(z >> 1) ^ -(int64_t)(z & 1);
            return p + 2;
        }
        if (!(p[2] & 0x80)) {
            z |= (uint64_t)p[2] << 14;
            *ret_value = (int64_t)(z >> 1) ^ -(int64_t)(z & 1);
            return p + 3;
        }
        z = 0;
    }
    for (unsigned shift = 0; shift < 70; shift += 7) {
        uint8_t byte;

        if (p == r->end)
            return seuil_avro_short(r, from);
        byte = *p++;
        if (shift == 63 && byte > 1)
            break;
        z |= (uint64_t)(byte & 0x7f) << shift;
        if (!(byte & 0x80)) {
            *ret_value = (int64_t)(z >> 1) ^ -(int64_t)(z & 1);
            return p;
        }
    }
    return seuil_avro_fail(r, from, SEUIL_ERR_FORMAT, "a number is longer than 64 bits");
}

/* Nine bytes that are there need no look at the end. Each is added with its mark, which is taken
 * off again when another follows. */
const uint8_t *seuil_avro_read_long_slow(struct seuil_avro_reader *r, const uint8_t *p,
                                         int64_t *ret_value)
{
    const uint8_t *from = p;
    uint64_t z = 0;

    if (r->end - p < 9)
        return long_at_end(r, p, ret_value);
#pragma GCC unroll 9
    for (unsigned shift = 0; shift < 63; shift += 7) {
        uint64_t byte = *p++;

        z += byte << shift;
        if (!(byte & 0x80)) {
            *ret_value = (int64_t)(z >> 1) ^ -(int64_t)(z & 1);
            return p;
        }
        z -= UINT64_C(0x80) << shift;
    }
    return long_at_end(r, from, ret_value);
}

const uint8_t *seuil_avro_read_float(struct seuil_avro_reader *r, const uint8_t *p, unsigned bytes,
                                     struct seuil_value *ret_value)
{
    uint64_t bits = 0;
    double d;

    if (r->end - p < (long)bytes)
        return seuil_avro_short(r, p);
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
        return seuil_avro_fail(r, p, SEUIL_ERR_FORMAT, "a number is infinite or no number");
    ret_value->type = SEUIL_TYPE_DOUBLE;
    ret_value->d = d;
    return p + bytes;
}

/* ---- blocks, and passing over
 * ------------------------------------------------------------------------- */

static const uint8_t *skip_bytes(struct seuil_avro_reader *r, const uint8_t *p, uint32_t count)
{
    return r->end - p < (long)count ? seuil_avro_short(r, p) : p + count;
}

const uint8_t *seuil_avro_read_block(struct seuil_avro_reader *r, const uint8_t *p,
                                     uint64_t *ret_count, int64_t *ret_bytes)
{
    const uint8_t *from = p;
    int64_t count;

    p = seuil_avro_read_long(r, p, &count);
    if (!p)
        return NULL;
    *ret_bytes = -1;
    *ret_count = (uint64_t)count;
    if (count >= 0)
        return p;
    *ret_count = 0 - (uint64_t)count;
    p = seuil_avro_read_long(r, p, ret_bytes);
    if (!p)
        return NULL;
    if (*ret_bytes < 0)
        return seuil_avro_fail(r, from, SEUIL_ERR_FORMAT, "a block's size is negative");
    if (*ret_bytes > r->end - p)
        return seuil_avro_fail(r, from, SEUIL_ERR_TRUNCATED,
                               "a block's size goes beyond the record's end");
    return p;
}

static const uint8_t *skip_blocks(struct seuil_avro_reader *r, const uint8_t *p,
                                  const struct seuil_avro_step *item, bool keyed, unsigned depth)
{
    struct seuil_str key;
    uint64_t count;
    int64_t bytes;

    while (seuil_avro_step_on(r, p)) {
        p = seuil_avro_read_block(r, p, &count, &bytes);
        if (!p || count == 0)
            return p;
        if (bytes >= 0) {
            p += bytes;
            continue;
        }
        while (count-- > 0) {
            if (keyed && !(p = seuil_avro_read_bytes(r, p, &key)))
                return NULL;
            if (!seuil_avro_step_on(r, p) || !(p = seuil_avro_skip(r, p, item, depth)))
                return NULL;
        }
    }
    return NULL;
}

static const uint8_t *skip_record(struct seuil_avro_reader *r, const uint8_t *p, uint32_t record,
                                  unsigned depth)
{
    const struct seuil_avro_step *step = r->steps + r->records[record];

    for (; p && step->op != SEUIL_OP_END; step++) {
        if (!seuil_avro_step_on(r, p))
            return NULL;
        p = seuil_avro_skip(r, p, step, depth);
    }
    return p;
}

/* Arrays, maps, unions and records in each other: @depth bounds what recursive types may do. */
static const uint8_t *skip_nested(struct seuil_avro_reader *r, const uint8_t *p,
                                  const struct seuil_avro_step *step, unsigned depth)
{
    uint32_t index;

    if (depth >= SEUIL_DEPTH_MAX && step->op != SEUIL_OP_UNION)
        return seuil_avro_fail(r, p, SEUIL_ERR_LIMIT, "values are nested more than 32 deep");
    switch (step->op) {
    case SEUIL_OP_SKIP_ARRAY:
        return skip_blocks(r, p, r->steps + step->arg, false, depth + 1);
    case SEUIL_OP_SKIP_MAP:
        return skip_blocks(r, p, r->steps + step->arg, true, depth + 1);
    case SEUIL_OP_SKIP_RECORD:
        return skip_record(r, p, step->arg, depth + 1);
    default:
        assert(step->op == SEUIL_OP_UNION);
    }
    p = seuil_avro_read_index(r, p, step->count, "a union has no such branch", &index);
    if (!p || !seuil_avro_step_on(r, p))
        return NULL;
    return seuil_avro_skip(r, p, r->steps + step->arg + index, depth);
}

const uint8_t *seuil_avro_skip(struct seuil_avro_reader *r, const uint8_t *p,
                               const struct seuil_avro_step *step, unsigned depth)
{
    struct seuil_str bytes;
    uint32_t index;
    int64_t number;
    bool b;

    switch (step->op) {
    case SEUIL_OP_NOTHING:
        return p;
    case SEUIL_OP_SKIP_BOOL:
        return seuil_avro_read_bool(r, p, &b);
    case SEUIL_OP_SKIP_INT:
        return seuil_avro_read_int(r, p, &number);
    case SEUIL_OP_SKIP_LONG:
        return seuil_avro_read_long(r, p, &number);
    case SEUIL_OP_SKIP_BYTES:
        return skip_bytes(r, p, step->count);
    case SEUIL_OP_SKIP_STRING:
        return seuil_avro_read_bytes(r, p, &bytes);
    case SEUIL_OP_SKIP_ENUM:
        return seuil_avro_read_index(r, p, step->count, "an enum has no such symbol", &index);
    default:
        return skip_nested(r, p, step, depth);
    }
}
