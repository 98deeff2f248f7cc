/* UTF-8 as RFC 3629 has it: no overlong forms, no surrogates, nothing above U+10FFFF. */

#ifndef SEUIL_CODEC_UTF8_H
#define SEUIL_CODEC_UTF8_H

#include <stdbool.h>
#include <stdint.h>
#include <string.h>

/* Length of the valid sequence that starts at @p (1 to 4), or 0. @p < @end. */
unsigned seuil_utf8_sequence(const uint8_t *p, const uint8_t *end);

/* The same question for a whole text, from the first byte that is not ASCII. */
bool seuil_utf8_check_slow(const uint8_t *p, const uint8_t *end);

/* Append code point @c (not a surrogate, at most U+10FFFF) at @out; returns the bytes written. */
unsigned seuil_utf8_put(uint32_t c, uint8_t *out);

/* Whether @len bytes at @p are UTF-8. Nearly all are ASCII: eight at a time, inline. */
static inline bool seuil_utf8_check(const uint8_t *p, uint32_t len)
{
    const uint8_t *end = p + len;
    const uint8_t *start = p;
    uint64_t word, all = 0;

    for (; end - p >= 8; p += 8) {
        memcpy(&word, p, 8);
        all |= word;
    }
    if (p < end) {
        if (len >= 8) {
            memcpy(&word, end - 8, 8);
            all |= word;
        } else {
            while (p < end)
                all |= *p++;
        }
    }
    return (all & UINT64_C(0x8080808080808080)) == 0 || seuil_utf8_check_slow(start, end);
}

#endif
