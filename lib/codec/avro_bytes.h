/* Reading Avro's binary encoding, the inner part: numbers, texts and blocks out of untrusted bytes.
 *
 * Every reader takes the place where it stands and returns the next one, or NULL when a fault was
 * noted: the place stays in a register. Steps are counted: a record may cost 4 a byte and 256 in
 * all. More can only come from values of no bytes, listed by the thousand, or from records in
 * records around nothing. */

#ifndef SEUIL_CODEC_AVRO_BYTES_H
#define SEUIL_CODEC_AVRO_BYTES_H

#include <assert.h>
#include <stdint.h>

#include "base/utf8.h"
#include "codec/avro_program.h"
#include "codec/fault.h"
#include "codec/scratch.h"

struct seuil_avro_reader {
    const uint8_t *start, *end;
    const struct seuil_avro_step *steps; /* of the program */
    const uint32_t *records;             /* first step of each record's own sequence */
    struct seuil_decode_scratch *scratch;
    struct seuil_fault *fault;
    uint64_t work, most;
};

/* Note a fault at @p and return NULL. */
const uint8_t *seuil_avro_note(struct seuil_avro_reader *r, const uint8_t *p, int code,
                               const char *why) __attribute__((cold, noinline));

/* Inline, so that the compiler sees that it is NULL. */
static inline const uint8_t *seuil_avro_fail(struct seuil_avro_reader *r, const uint8_t *p,
                                             int code, const char *why)
{
    seuil_avro_note(r, p, code, why);
    return NULL;
}

static inline const uint8_t *seuil_avro_short(struct seuil_avro_reader *r, const uint8_t *p)
{
    return seuil_avro_fail(r, p, SEUIL_ERR_TRUNCATED, "the record ends too early");
}

/* Count @steps; false (and a fault) when the record costs more than its size allows. */
static inline bool seuil_avro_steps_on(struct seuil_avro_reader *r, const uint8_t *p,
                                       uint32_t steps)
{
    r->work += steps;
    if (__builtin_expect(r->work <= r->most, 1))
        return true;
    r->work = r->most;
    seuil_avro_fail(r, p, SEUIL_ERR_LIMIT,
                    "more empty values are nested or listed than its size allows");
    return false;
}

static inline bool seuil_avro_step_on(struct seuil_avro_reader *r, const uint8_t *p)
{
    return seuil_avro_steps_on(r, p, 1);
}

/* ---- numbers ------------------------------------------------------------------------------ */

/* A number of more than one byte, or one that is wrong. */
const uint8_t *seuil_avro_read_long_slow(struct seuil_avro_reader *r, const uint8_t *p,
                                         int64_t *ret_value) __attribute__((noinline));

static inline const uint8_t *seuil_avro_read_long(struct seuil_avro_reader *r, const uint8_t *p,
                                                  int64_t *ret_value)
{
    if (__builtin_expect(p < r->end && !(*p & 0x80), 1)) {
        *ret_value = (int64_t)(*p >> 1) ^ -(int64_t)(*p & 1);
        return p + 1;
    }
    *ret_value = 0; /* the compiler cannot see that no place means no value */
    return seuil_avro_read_long_slow(r, p, ret_value);
}

static inline const uint8_t *seuil_avro_read_int(struct seuil_avro_reader *r, const uint8_t *p,
                                                 int64_t *ret_value)
{
    const uint8_t *from = p;

    p = seuil_avro_read_long(r, p, ret_value);
    if (p && (*ret_value < INT32_MIN || *ret_value > INT32_MAX))
        return seuil_avro_fail(r, from, SEUIL_ERR_FORMAT, "an int is longer than 32 bits");
    return p;
}

/* An index below @count: of a branch or a symbol. */
static inline const uint8_t *seuil_avro_read_index(struct seuil_avro_reader *r, const uint8_t *p,
                                                   uint32_t count, const char *why,
                                                   uint32_t *ret_index)
{
    const uint8_t *from = p;
    int64_t index;

    if (__builtin_expect(p < r->end && *p < 2 * count && !(*p & 0x81), 1)) {
        *ret_index = *p >> 1;
        return p + 1;
    }
    p = seuil_avro_read_long(r, p, &index);
    if (!p)
        return NULL;
    if (__builtin_expect((uint64_t)index >= count, 0))
        return seuil_avro_fail(r, from, SEUIL_ERR_FORMAT, why);
    *ret_index = (uint32_t)index;
    return p;
}

static inline const uint8_t *seuil_avro_read_bool(struct seuil_avro_reader *r, const uint8_t *p,
                                                  bool *ret_value)
{
    if (p == r->end)
        return seuil_avro_short(r, p);
    if (*p > 1)
        return seuil_avro_fail(r, p, SEUIL_ERR_FORMAT, "a boolean is neither 0 nor 1");
    *ret_value = *p;
    return p + 1;
}

/* A float (4 @bytes) or double (8); infinite ones are refused. */
const uint8_t *seuil_avro_read_float(struct seuil_avro_reader *r, const uint8_t *p, unsigned bytes,
                                     struct seuil_value *ret_value);

/* @len bytes, big endian, two's complement, with @scale decimals: an INT when that is exact, else
 * the nearest DOUBLE. */
const uint8_t *seuil_avro_read_decimal(struct seuil_avro_reader *r, const uint8_t *p, uint32_t len,
                                       uint32_t scale, struct seuil_value *ret_value);

/* 16 bytes as the text of a UUID, in the scratch. */
const uint8_t *seuil_avro_read_uuid(struct seuil_avro_reader *r, const uint8_t *p,
                                    struct seuil_str *ret_text);

/* ---- texts -------------------------------------------------------------------------------- */

static inline const uint8_t *seuil_avro_read_bytes(struct seuil_avro_reader *r, const uint8_t *p,
                                                   struct seuil_str *ret_bytes)
{
    const uint8_t *from = p;
    int64_t len;

    if (__builtin_expect(p < r->end && !(*p & 0x81), 1)) /* 0 to 63 */
        len = *p++ >> 1;
    else if (!(p = seuil_avro_read_long(r, p, &len)))
        return NULL;
    if (__builtin_expect((uint64_t)len > (uint64_t)(r->end - p), 0)) {
        if (len < 0)
            return seuil_avro_fail(r, from, SEUIL_ERR_FORMAT, "a length is negative");
        return seuil_avro_fail(r, from, SEUIL_ERR_TRUNCATED,
                               "a length goes beyond the record's end");
    }
    *ret_bytes = (struct seuil_str){(const char *)p, (uint32_t)len};
    return p + len;
}

static inline const uint8_t *seuil_avro_read_text(struct seuil_avro_reader *r, const uint8_t *p,
                                                  struct seuil_str *ret_text)
{
    p = seuil_avro_read_bytes(r, p, ret_text);
    if (p && !seuil_ascii_check((const uint8_t *)ret_text->ptr, ret_text->len, r->end) &&
        !seuil_utf8_check_slow((const uint8_t *)ret_text->ptr, p))
        return seuil_avro_fail(r, (const uint8_t *)ret_text->ptr, SEUIL_ERR_FORMAT,
                               "a string is not UTF-8");
    return p;
}

/* ---- blocks, and passing over ------------------------------------------------------------- */

/* A block's header: its items, 0 at the end; @ret_bytes: its size when it is told, else -1. */
const uint8_t *seuil_avro_read_block(struct seuil_avro_reader *r, const uint8_t *p,
                                     uint64_t *ret_count, int64_t *ret_bytes);

/* Pass over a value by its step, which takes nothing; @depth of nested values so far. */
const uint8_t *seuil_avro_skip(struct seuil_avro_reader *r, const uint8_t *p,
                               const struct seuil_avro_step *step, unsigned depth);

#endif
