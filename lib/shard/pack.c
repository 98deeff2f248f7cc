#include "shard/pack.h"

#include "core/limits.h"

#define MARK       0xff
#define HEAD_BYTES 11

static void add_number(struct seuil_buf *out, uint64_t value, unsigned bytes)
{
    for (unsigned i = 0; i < bytes; i++)
        seuil_buf_add_byte(out, (uint8_t)(value >> 8 * i));
}

void seuil_pack_begin(struct seuil_buf *out, uint64_t seq, uint32_t number)
{
    seuil_buf_add_byte(out, MARK);
    add_number(out, seq, 8);
    add_number(out, number, 2);
}

void seuil_pack_add(struct seuil_buf *out, struct seuil_str id)
{
    add_number(out, id.len, 2);
    seuil_buf_add(out, id.ptr, id.len);
}

bool seuil_pack_is(struct seuil_str name)
{
    return name.len > 0 && (uint8_t)name.ptr[0] == MARK;
}

bool seuil_pack_next(struct seuil_str pack, size_t *at, struct seuil_str *ret_id)
{
    size_t from = *at ? *at : HEAD_BYTES;
    uint32_t len;

    if (from + 2 > pack.len)
        return false;
    len = (uint32_t)(uint8_t)pack.ptr[from] | (uint32_t)(uint8_t)pack.ptr[from + 1] << 8;
    if (len == 0 || len > SEUIL_ID_MAX || len > pack.len - from - 2)
        return false;
    *ret_id = (struct seuil_str){pack.ptr + from + 2, len};
    *at = from + 2 + len;
    return true;
}

uint32_t seuil_pack_count(struct seuil_str pack)
{
    struct seuil_str id;
    uint32_t count = 0;
    size_t at = 0;

    if (!seuil_pack_is(pack))
        return 0;
    while (seuil_pack_next(pack, &at, &id))
        count++;
    return at == pack.len && count <= SEUIL_PACK_LEADS ? count : 0;
}
