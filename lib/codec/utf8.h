/* UTF-8 as RFC 3629 has it: no overlong forms, no surrogates, nothing above U+10FFFF. */

#ifndef SEUIL_CODEC_UTF8_H
#define SEUIL_CODEC_UTF8_H

#include <stdbool.h>
#include <stdint.h>
#include <string.h>

#ifdef __SSE2__
#include <emmintrin.h>
#endif

/* Length of the valid sequence that starts at @p (1 to 4), or 0. @p < @end. */
unsigned seuil_utf8_sequence(const uint8_t *p, const uint8_t *end);

/* The same question for a whole text, from the first byte that is not ASCII. */
bool seuil_utf8_check_slow(const uint8_t *p, const uint8_t *end);

/* Append code point @c (not a surrogate, at most U+10FFFF) at @out; returns the bytes written. */
unsigned seuil_utf8_put(uint32_t c, uint8_t *out);

/* Whether @len bytes at @p are UTF-8, of which all up to @readable may be looked at: nearly all
 * texts are short and ASCII, so one load often sees all of them and a mask forgets what is behind.
 */
static inline bool seuil_utf8_check(const uint8_t *p, uint32_t len, const uint8_t *readable)
{
    const uint8_t *start = p, *end = p + len;

#ifdef __SSE2__
    if (readable - p >= (long)((len + 15) & ~15u)) {
        unsigned high = 0;

        for (; end - p > 16; p += 16)
            high |= (unsigned)_mm_movemask_epi8(_mm_loadu_si128((const void *)p));
        if (p < end)
            high |= (unsigned)_mm_movemask_epi8(_mm_loadu_si128((const void *)p)) &
                    ((2u << (end - p - 1)) - 1);
        return high == 0 || seuil_utf8_check_slow(start, end);
    }
#endif
    (void)readable;
    for (; end - p >= 8; p += 8) {
        uint64_t word;

        memcpy(&word, p, 8);
        if (word & UINT64_C(0x8080808080808080))
            return seuil_utf8_check_slow(p, end);
    }
    for (; p < end; p++)
        if (*p >= 0x80)
            return seuil_utf8_check_slow(p, end);
    return true;
}

#endif
