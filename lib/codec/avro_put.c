#include "codec/avro_put.h"

#include <assert.h>
#include <math.h>
#include <string.h>

void seuil_avro_put_long(struct seuil_buf *out, int64_t value)
{
    uint64_t z = (uint64_t)value << 1 ^ (value < 0 ? UINT64_MAX : 0);
    uint8_t bytes[10];
    unsigned n = 0;

    for (; z >= 0x80; z >>= 7)
        bytes[n++] = (uint8_t)(z | 0x80);
    bytes[n++] = (uint8_t)z;
    assert(n <= sizeof(bytes));
    seuil_buf_add(out, bytes, n);
}

void seuil_avro_put_string(struct seuil_buf *out, struct seuil_str text)
{
    seuil_avro_put_long(out, text.len);
    seuil_buf_add(out, text.ptr, text.len);
}

void seuil_avro_put_text(struct seuil_buf *out, const char *text)
{
    seuil_avro_put_string(out, seuil_str_from(text));
}

void seuil_avro_put_amount(struct seuil_buf *out, double value)
{
    double cents = round(value * 100) / 100 + 0.0; /* no negative zero */
    uint8_t bytes[8];
    uint64_t bits;

    memcpy(&bits, &cents, sizeof(bits));
    for (unsigned i = 0; i < 8; i++)
        bytes[i] = (uint8_t)(bits >> 8 * i);
    seuil_buf_add(out, bytes, sizeof(bytes));
}

void seuil_avro_put_optional_text(struct seuil_buf *out, const char *text)
{
    seuil_avro_put_long(out, text[0] != '\0');
    if (text[0])
        seuil_avro_put_text(out, text);
}

void seuil_avro_put_optional_time(struct seuil_buf *out, seuil_time_ms time, bool is_there)
{
    seuil_avro_put_long(out, is_there);
    if (is_there)
        seuil_avro_put_long(out, time);
}
