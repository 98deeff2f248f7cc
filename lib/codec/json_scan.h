/* The words of JSON, strictly as RFC 8259 has them, over untrusted bytes: one pass, no tree. */

#ifndef SEUIL_CODEC_JSON_SCAN_H
#define SEUIL_CODEC_JSON_SCAN_H

#include <stdbool.h>
#include <stdint.h>

#include "codec/fault.h"
#include "codec/scratch.h"
#include "core/event.h"

struct seuil_json {
    const uint8_t *start, *p, *end;
    struct seuil_decode_scratch *scratch;
    struct seuil_fault *fault;
    uint64_t steps, most; /* codec/fault.h */
};

/* A text of @len bytes from its beginning. */
static inline struct seuil_json seuil_json_of(const uint8_t *bytes, uint32_t len,
                                              struct seuil_decode_scratch *scratch,
                                              struct seuil_fault *fault)
{
    return (struct seuil_json){bytes, bytes, bytes + len, scratch, fault, 0, SEUIL_STEPS_MOST(len)};
}

/* All return 0 or a code that is noted in the fault, with p where it went wrong. What each member
 * and value goes through is inline: half of a scan was calls. */

/* Note a fault where the scan stands. */
int seuil_json_fail(struct seuil_json *j, int code, const char *why)
    __attribute__((cold, noinline));

/* Count @steps: 0, or SEUIL_ERR_LIMIT when the text costs more than its size allows. */
static inline int seuil_json_steps(struct seuil_json *j, uint32_t steps)
{
    j->steps += steps;
    if (__builtin_expect(j->steps <= j->most, 1))
        return 0;
    j->steps = j->most;
    return seuil_json_fail(j, SEUIL_ERR_LIMIT,
                           "names that are chosen to collide cost more than the size allows");
}

static inline void seuil_json_space(struct seuil_json *j)
{
    while (j->p < j->end && *j->p <= ' ' &&
           (*j->p == ' ' || *j->p == '\n' || *j->p == '\r' || *j->p == '\t'))
        j->p++;
}

/* The next byte after space, not taken; SEUIL_ERR_TRUNCATED at the end. */
static inline int seuil_json_peek(struct seuil_json *j, uint8_t *ret_byte)
{
    seuil_json_space(j);
    *ret_byte = 0; /* the compiler cannot see that a fault's code is none of a byte */
    if (__builtin_expect(j->p == j->end, 0))
        return seuil_json_fail(j, SEUIL_ERR_TRUNCATED, "the JSON text ends too early");
    *ret_byte = *j->p;
    return 0;
}

/* Take @byte, after space; @why otherwise. */
int seuil_json_expect(struct seuil_json *j, uint8_t byte, const char *why);

/* A string at its opening quote: a slice of the record, or of the scratch where an escape had to
 * be undone. Lone surrogates are refused: they are no text. */
int seuil_json_string(struct seuil_json *j, struct seuil_str *ret_text);

/* A number: INT when it is written as one and fits 64 bits, else DOUBLE, correctly rounded;
 * SEUIL_ERR_LIMIT beyond the range of double or 256 characters. @ret_raw: as written. */
int seuil_json_number(struct seuil_json *j, struct seuil_value *ret_value,
                      struct seuil_str *ret_raw);

/* true, false or null, taken by the first byte. */
int seuil_json_literal(struct seuil_json *j, struct seuil_value *ret_value);

/* Any value, checked and passed over; @depth of it, SEUIL_ERR_LIMIT beyond SEUIL_DEPTH_MAX. */
int seuil_json_skip(struct seuil_json *j, unsigned depth);

/* Walk the members of an object (at its brace) or the like: before each member call
 *     while ((rc = seuil_json_next(j, '}', &first)) > 0) ...
 * 1: a member follows, 0: the closing byte was taken, or a code. */
static inline int seuil_json_next(struct seuil_json *j, uint8_t closing, bool *first)
{
    uint8_t next;
    int rc = seuil_json_peek(j, &next);

    if (__builtin_expect(rc, 0))
        return rc;
    if (next == closing) {
        j->p++;
        return 0;
    }
    if (!*first) {
        if (__builtin_expect(next != ',', 0))
            return seuil_json_fail(j, SEUIL_ERR_FORMAT,
                                   "a comma or the closing bracket is missing");
        j->p++;
    }
    *first = false;
    return 1;
}

/* A member's name and its colon. */
int seuil_json_name(struct seuil_json *j, struct seuil_str *ret_name);

#endif
