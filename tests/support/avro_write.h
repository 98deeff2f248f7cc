/* Avro's binary encoding, written by hand: for records that avro-c would not write. */

#ifndef SEUIL_TESTS_SUPPORT_AVRO_WRITE_H
#define SEUIL_TESTS_SUPPORT_AVRO_WRITE_H

#include <stdint.h>
#include <string.h>

#include "base/buf.h"

static inline void avro_write_long(struct seuil_buf *out, int64_t value)
{
    uint64_t z = (uint64_t)value << 1 ^ (value < 0 ? UINT64_MAX : 0);

    for (; z >= 0x80; z >>= 7)
        seuil_buf_add_byte(out, (uint8_t)(z | 0x80));
    seuil_buf_add_byte(out, (uint8_t)z);
}

static inline void avro_write_bytes(struct seuil_buf *out, const void *bytes, size_t len)
{
    avro_write_long(out, (int64_t)len);
    seuil_buf_add(out, bytes, len);
}

static inline void avro_write_string(struct seuil_buf *out, const char *text)
{
    avro_write_bytes(out, text, strlen(text));
}

/* A union of null and string; NULL: null. */
static inline void avro_write_optional(struct seuil_buf *out, const char *text)
{
    avro_write_long(out, text != NULL);
    if (text)
        avro_write_string(out, text);
}

static inline void avro_write_double(struct seuil_buf *out, double value)
{
    uint64_t bits;

    memcpy(&bits, &value, sizeof(bits));
    for (int i = 0; i < 8; i++)
        seuil_buf_add_byte(out, (uint8_t)(bits >> 8 * i));
}

static inline void avro_write_float(struct seuil_buf *out, float value)
{
    uint32_t bits;

    memcpy(&bits, &value, sizeof(bits));
    for (int i = 0; i < 4; i++)
        seuil_buf_add_byte(out, (uint8_t)(bits >> 8 * i));
}

static inline void avro_write_confluent(struct seuil_buf *out, uint32_t id)
{
    for (int i = 4; i >= 0; i--)
        seuil_buf_add_byte(out, i == 4 ? 0 : (uint8_t)(id >> 8 * i));
}

#endif
