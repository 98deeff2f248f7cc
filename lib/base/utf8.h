/* UTF-8 as RFC 3629 has it: no overlong forms, no surrogates, nothing above U+10FFFF. */

#ifndef SEUIL_BASE_UTF8_H
#define SEUIL_BASE_UTF8_H

#include <stdbool.h>
#include <stdint.h>
#include <string.h>

#ifdef __SSE2__
#include <emmintrin.h>
#endif

/* Length of the valid sequence that starts at @p (1 to 4), or 0. @p < @end. */
unsigned seuil_utf8_sequence(const uint8_t *p, const uint8_t *end);

/* The same question for a whole text. */
bool seuil_utf8_check_slow(const uint8_t *p, const uint8_t *end);

/* Append code point @c (not a surrogate, at most U+10FFFF) at @out; returns the bytes written. */
unsigned seuil_utf8_put(uint32_t c, uint8_t *out);

/* The first byte from @p on that is not ASCII; @end when there is none. One scan over a record
 * answers for all its texts, most of which are shorter than a test of each would be. */
static inline const uint8_t *seuil_ascii_end(const uint8_t *p, const uint8_t *end)
{
#ifdef __SSE2__
    for (; end - p >= 16; p += 16) {
        int high = _mm_movemask_epi8(_mm_loadu_si128((const void *)p));

        if (high)
            return p + __builtin_ctz((unsigned)high);
    }
#endif
    for (; end - p >= 8; p += 8) {
        uint64_t word;

        memcpy(&word, p, 8);
        if (word & UINT64_C(0x8080808080808080))
            break;
    }
    while (p < end && *p < 0x80)
        p++;
    return p;
}

/* Whether @len bytes at @p are ASCII; bytes up to @end, which is not before their own end, may be
 * read: then a short text costs one look. */
static inline bool seuil_ascii_check(const uint8_t *p, uint32_t len, const uint8_t *end)
{
#ifdef __SSE2__
    __m128i all;

    if (len <= 16 && end - p >= 16)
        return !((uint32_t)_mm_movemask_epi8(_mm_loadu_si128((const void *)p)) &
                 ((UINT32_C(1) << len) - 1));
    if (len > 16) {
        all = _mm_or_si128(_mm_loadu_si128((const void *)p),
                           _mm_loadu_si128((const void *)(p + len - 16)));
        for (uint32_t i = 16; i < len - 16; i += 16)
            all = _mm_or_si128(all, _mm_loadu_si128((const void *)(p + i)));
        return !_mm_movemask_epi8(all);
    }
#endif
    (void)end;
    return seuil_ascii_end(p, p + len) == p + len;
}

/* Whether @len bytes at @p are UTF-8. */
static inline bool seuil_utf8_check(const uint8_t *p, uint32_t len)
{
    const uint8_t *end = p + len;

    p = seuil_ascii_end(p, end);
    return p == end || seuil_utf8_check_slow(p, end);
}

#endif
