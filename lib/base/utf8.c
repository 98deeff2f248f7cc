#include "base/utf8.h"

static bool is_tail(uint8_t byte)
{
    return (byte & 0xc0) == 0x80;
}

unsigned seuil_utf8_sequence(const uint8_t *p, const uint8_t *end)
{
    long left = end - p;

    if (p[0] < 0x80)
        return 1;
    if (p[0] < 0xc2) /* a tail byte, or an overlong pair */
        return 0;
    if (p[0] < 0xe0)
        return left >= 2 && is_tail(p[1]) ? 2 : 0;
    if (p[0] < 0xf0) {
        if (left < 3 || !is_tail(p[1]) || !is_tail(p[2]))
            return 0;
        if (p[0] == 0xe0 && p[1] < 0xa0) /* overlong */
            return 0;
        if (p[0] == 0xed && p[1] >= 0xa0) /* surrogate */
            return 0;
        return 3;
    }
    if (p[0] < 0xf5) {
        if (left < 4 || !is_tail(p[1]) || !is_tail(p[2]) || !is_tail(p[3]))
            return 0;
        if (p[0] == 0xf0 && p[1] < 0x90) /* overlong */
            return 0;
        if (p[0] == 0xf4 && p[1] >= 0x90) /* above U+10FFFF */
            return 0;
        return 4;
    }
    return 0;
}

bool seuil_utf8_check_slow(const uint8_t *p, const uint8_t *end)
{
    for (p = seuil_ascii_end(p, end); p < end; p = seuil_ascii_end(p, end)) {
        unsigned n = seuil_utf8_sequence(p, end);

        if (n == 0)
            return false;
        p += n;
    }
    return true;
}

unsigned seuil_utf8_put(uint32_t c, uint8_t *out)
{
    if (c < 0x80) {
        out[0] = (uint8_t)c;
        return 1;
    }
    if (c < 0x800) {
        out[0] = (uint8_t)(0xc0 | c >> 6);
        out[1] = (uint8_t)(0x80 | (c & 0x3f));
        return 2;
    }
    if (c < 0x10000) {
        out[0] = (uint8_t)(0xe0 | c >> 12);
        out[1] = (uint8_t)(0x80 | (c >> 6 & 0x3f));
        out[2] = (uint8_t)(0x80 | (c & 0x3f));
        return 3;
    }
    out[0] = (uint8_t)(0xf0 | c >> 18);
    out[1] = (uint8_t)(0x80 | (c >> 12 & 0x3f));
    out[2] = (uint8_t)(0x80 | (c >> 6 & 0x3f));
    out[3] = (uint8_t)(0x80 | (c & 0x3f));
    return 4;
}
