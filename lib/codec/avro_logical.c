/* Values that Avro writes as bytes and means as something else: decimals and UUIDs. */

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "codec/avro_bytes.h"
#include "codec/text.h"

/* Longer than any decimal of a database: 38 digits take 16 bytes. */
#define DECIMAL_BYTES_MAX 128
#define LIMBS_MAX         (DECIMAL_BYTES_MAX / 4)

/* Decimal digits of the @count limbs of @limbs (the lowest first), which are used up, before @end;
 * returns where they begin. */
static char *digits_of(uint32_t *limbs, unsigned count, char *end)
{
    char *p = end;

    while (count && limbs[count - 1] == 0)
        count--;
    while (count) {
        uint64_t rest = 0;
        char *from = p - 9;

        for (unsigned i = count; i-- > 0;) {
            rest = rest << 32 | limbs[i];
            limbs[i] = (uint32_t)(rest / 1000000000);
            rest %= 1000000000;
        }
        p = seuil_digits_put(rest, p);
        while (p > from)
            *--p = '0';
        while (count && limbs[count - 1] == 0)
            count--;
    }
    if (p == end)
        *--p = '0';
    return p;
}

/* Any length: by its decimal text, which the C library rounds correctly. */
static double big_decimal(locale_t locale, const uint8_t *p, uint32_t len, uint32_t scale)
{
    char text[LIMBS_MAX * 10 + 32], *end = text + LIMBS_MAX * 10 + 8, *from;
    uint32_t limbs[LIMBS_MAX] = {0};
    bool negative = p[0] & 0x80;
    uint32_t carry = negative;

    for (uint32_t i = 0; i < len; i++) { /* the magnitude: complement and one */
        uint32_t byte = p[len - 1 - i];

        if (negative) {
            byte = (byte ^ 0xff) + carry;
            carry = byte >> 8;
            byte &= 0xff;
        }
        limbs[i / 4] |= byte << 8 * (i % 4);
    }
    from = digits_of(limbs, LIMBS_MAX, end);
    if (negative)
        *--from = '-';
    *end++ = 'e';
    *end++ = '-';
    for (uint32_t ten = 1000; ten; ten /= 10)
        *end++ = (char)('0' + scale / ten % 10);
    *end = '\0';
    return strtod_l(from, NULL, locale);
}

const uint8_t *seuil_avro_read_decimal(struct seuil_avro_reader *r, const uint8_t *p, uint32_t len,
                                       uint32_t scale, struct seuil_value *ret_value)
{
    static const double tens[] = {1e0,  1e1,  1e2,  1e3,  1e4,  1e5,  1e6,  1e7,
                                  1e8,  1e9,  1e10, 1e11, 1e12, 1e13, 1e14, 1e15,
                                  1e16, 1e17, 1e18, 1e19, 1e20, 1e21, 1e22};
    const uint8_t *end = p + len;
    int64_t value;

    if (len > (uint32_t)(r->end - p))
        return seuil_avro_short(r, p);
    if (len == 0 || len > DECIMAL_BYTES_MAX)
        return seuil_avro_fail(r, p, len ? SEUIL_ERR_LIMIT : SEUIL_ERR_FORMAT,
                               len ? "a decimal is longer than 128 bytes"
                                   : "a decimal has no bytes");
    while (end - p > 8 && (p[0] == 0 || p[0] == 0xff) && !((p[0] ^ p[1]) & 0x80))
        p++; /* only the sign */
    if (end - p <= 8) {
        uint64_t bits = p[0] & 0x80 ? UINT64_MAX : 0;

        for (const uint8_t *q = p; q < end; q++)
            bits = bits << 8 | *q;
        value = (int64_t)bits;
        if (scale == 0) {
            *ret_value = (struct seuil_value){.type = SEUIL_TYPE_INT, .i = value};
            return end;
        }
        if (scale < sizeof(tens) / sizeof(tens[0]) && value > -(INT64_C(1) << 53) &&
            value < INT64_C(1) << 53) { /* both are exact, so the quotient is rounded once */
            *ret_value =
                (struct seuil_value){.type = SEUIL_TYPE_DOUBLE, .d = (double)value / tens[scale]};
            return end;
        }
    }
    *ret_value =
        (struct seuil_value){.type = SEUIL_TYPE_DOUBLE,
                             .d = big_decimal(r->scratch->locale, p, (uint32_t)(end - p), scale)};
    if (!isfinite(ret_value->d))
        return seuil_avro_fail(r, p, SEUIL_ERR_LIMIT, "a decimal is beyond the range of a double");
    return end;
}

const uint8_t *seuil_avro_read_uuid(struct seuil_avro_reader *r, const uint8_t *p,
                                    struct seuil_str *ret_text)
{
    static const char hex[] = "0123456789abcdef";
    uint8_t *to = seuil_decode_scratch_text(r->scratch, 36);

    if (r->end - p < 16)
        return seuil_avro_short(r, p);
    if (!to)
        return seuil_avro_fail(r, p, SEUIL_ERR_LIMIT, "texts made of the record take over 2 MiB");
    *ret_text = (struct seuil_str){(const char *)to, 36};
    for (unsigned i = 0; i < 16; i++) {
        if (i == 4 || i == 6 || i == 8 || i == 10)
            *to++ = '-';
        *to++ = (uint8_t)hex[p[i] >> 4];
        *to++ = (uint8_t)hex[p[i] & 15];
    }
    return p + 16;
}
