/* Bytes of a packed state: little-endian words and varints, written and read within bounds.
 *
 * Varints have one encoding (no padding), so that equal states are equal bytes. Signed numbers are
 * zigzag: 0, -1, 1, -2, ... are 0, 1, 2, 3, ... */

#ifndef SEUIL_CORE_PACK_H
#define SEUIL_CORE_PACK_H

#include <endian.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

/* Whole numbers that doubles hold exactly. */
#define SEUIL_PACK_WHOLE_MAX 9007199254740992.0

/* Beyond @end nothing is stored, but @at goes on counting: so a size can be asked. */
struct seuil_pack {
    uint8_t *out;
    size_t at, end;
};

static inline void seuil_pack_byte(struct seuil_pack *pack, uint8_t byte)
{
    if (pack->at < pack->end)
        pack->out[pack->at] = byte;
    pack->at++;
}

static inline void seuil_pack_bytes(struct seuil_pack *pack, const void *bytes, size_t len)
{
    if (len && pack->at + len <= pack->end)
        memcpy(pack->out + pack->at, bytes, len);
    pack->at += len;
}

static inline void seuil_pack_u32(struct seuil_pack *pack, uint32_t value)
{
    uint32_t little = htole32(value);

    seuil_pack_bytes(pack, &little, sizeof(little));
}

static inline void seuil_pack_u64(struct seuil_pack *pack, uint64_t value)
{
    uint64_t little = htole64(value);

    seuil_pack_bytes(pack, &little, sizeof(little));
}

static inline void seuil_pack_double(struct seuil_pack *pack, double value)
{
    uint64_t bits;

    memcpy(&bits, &value, sizeof(bits));
    seuil_pack_u64(pack, bits);
}

static inline void seuil_pack_varint(struct seuil_pack *pack, uint64_t value)
{
    if (value < 0x80 && pack->at < pack->end) {
        pack->out[pack->at++] = (uint8_t)value;
        return;
    }
    if (pack->at + 10 <= pack->end) { /* room for any: no check of each byte */
        uint8_t *out = pack->out + pack->at;

        while (value >= 0x80) {
            *out++ = (uint8_t)(value | 0x80);
            value >>= 7;
        }
        *out++ = (uint8_t)value;
        pack->at = (size_t)(out - pack->out);
        return;
    }
    while (value >= 0x80) {
        seuil_pack_byte(pack, (uint8_t)(value | 0x80));
        value >>= 7;
    }
    seuil_pack_byte(pack, (uint8_t)value);
}

static inline void seuil_pack_signed(struct seuil_pack *pack, int64_t value)
{
    seuil_pack_varint(pack, ((uint64_t)value << 1) ^ (value < 0 ? UINT64_MAX : 0));
}

/* A finite number that often is whole: a varint then, else eight bytes behind a 1. */
static inline void seuil_pack_number(struct seuil_pack *pack, double value)
{
    if (value >= -SEUIL_PACK_WHOLE_MAX && value <= SEUIL_PACK_WHOLE_MAX &&
        (double)(int64_t)value == value) {
        int64_t whole = (int64_t)value;

        seuil_pack_varint(pack, (((uint64_t)whole << 1) ^ (whole < 0 ? UINT64_MAX : 0)) << 1);
        return;
    }
    seuil_pack_varint(pack, 1);
    seuil_pack_double(pack, value);
}

/* Reading never goes beyond @end; what is missing or not canonical sets @bad and reads as 0. */
struct seuil_unpack {
    const uint8_t *at, *end;
    bool bad;
};

static inline const uint8_t *seuil_unpack_bytes(struct seuil_unpack *unpack, size_t len)
{
    const uint8_t *bytes = unpack->at;

    if (unpack->bad || len > (size_t)(unpack->end - unpack->at)) {
        unpack->bad = true;
        return NULL;
    }
    unpack->at += len;
    return bytes;
}

static inline uint8_t seuil_unpack_byte(struct seuil_unpack *unpack)
{
    const uint8_t *b = seuil_unpack_bytes(unpack, 1);

    return b ? *b : 0;
}

static inline uint32_t seuil_unpack_u32(struct seuil_unpack *unpack)
{
    const uint8_t *b = seuil_unpack_bytes(unpack, sizeof(uint32_t));
    uint32_t little = 0;

    if (b)
        memcpy(&little, b, sizeof(little));
    return le32toh(little);
}

static inline uint64_t seuil_unpack_u64(struct seuil_unpack *unpack)
{
    const uint8_t *b = seuil_unpack_bytes(unpack, sizeof(uint64_t));
    uint64_t little = 0;

    if (b)
        memcpy(&little, b, sizeof(little));
    return le64toh(little);
}

static inline double seuil_unpack_double(struct seuil_unpack *unpack)
{
    uint64_t bits = seuil_unpack_u64(unpack);
    double value;

    memcpy(&value, &bits, sizeof(value));
    return value;
}

/* The lower seven bits of each byte of @word, pushed together. */
static inline uint64_t seuil_unpack_sevens(uint64_t word)
{
    word = (word & UINT64_C(0x007f007f007f007f)) | (word & UINT64_C(0x7f007f007f007f00)) >> 1;
    word = (word & UINT64_C(0x00003fff00003fff)) | (word & UINT64_C(0x3fff00003fff0000)) >> 2;
    return (word & UINT64_C(0x0fffffff)) | (word & UINT64_C(0x0fffffff00000000)) >> 4;
}

static inline uint64_t seuil_unpack_varint(struct seuil_unpack *unpack)
{
    uint64_t value = 0;

    if (unpack->at < unpack->end && *unpack->at < 0x80 && !unpack->bad)
        return *unpack->at++;
    if (unpack->end - unpack->at >= 8 && !unpack->bad) { /* most are of four to six bytes */
        uint64_t word, last;

        memcpy(&word, unpack->at, sizeof(word));
        word = le64toh(word);
        last = ~word & UINT64_C(0x8080808080808080); /* the lowest of these bits ends it */
        last &= 0 - last;
        if (last && (word & (last - (last >> 7)))) { /* its last byte is not 0 */
            unpack->at += (__builtin_ctzll(last) >> 3) + 1;
            return seuil_unpack_sevens(word & (last - 1));
        }
    }
    for (unsigned shift = 0; shift < 64; shift += 7) {
        uint8_t byte = seuil_unpack_byte(unpack);

        if ((shift == 63 && byte > 1) || (shift > 0 && byte == 0))
            break;
        value |= (uint64_t)(byte & 0x7f) << shift;
        if (byte < 0x80)
            return value;
    }
    unpack->bad = true;
    return 0;
}

static inline int64_t seuil_unpack_signed(struct seuil_unpack *unpack)
{
    uint64_t value = seuil_unpack_varint(unpack);

    return (int64_t)(value >> 1 ^ (value & 1 ? UINT64_MAX : 0));
}

static inline double seuil_unpack_number(struct seuil_unpack *unpack)
{
    uint64_t word = seuil_unpack_varint(unpack);
    double value;

    if (!(word & 1)) {
        word >>= 1;
        value = (double)(int64_t)(word >> 1 ^ (word & 1 ? UINT64_MAX : 0));
        unpack->bad |= !(value >= -SEUIL_PACK_WHOLE_MAX && value <= SEUIL_PACK_WHOLE_MAX);
        return unpack->bad ? 0 : value;
    }
    value = seuil_unpack_double(unpack);
    /* Not finite, or written the long way. */
    if (word != 1 || !(value - value == 0) ||
        (value >= -SEUIL_PACK_WHOLE_MAX && value <= SEUIL_PACK_WHOLE_MAX &&
         (double)(int64_t)value == value))
        unpack->bad = true;
    return unpack->bad ? 0 : value;
}

#endif
