#include "codec/handover.h"

#include <assert.h>

#include "base/err.h"
#include "core/evidence.h"
#include "core/pack.h"

#define VERSION 1
/* Of all before the body. */
#define HEAD_MAX (2 * (SEUIL_ID_MAX + 10) + 8 * SEUIL_HOPS_MAX + 80)

static void put_text(struct seuil_pack *pack, struct seuil_str text)
{
    seuil_pack_varint(pack, text.len);
    seuil_pack_bytes(pack, text.ptr, text.len);
}

int seuil_handover_write(const struct seuil_handover *handover, struct seuil_buf *out)
{
    uint8_t head[HEAD_MAX];
    struct seuil_pack pack = {.out = head, .end = sizeof(head)};

    assert(handover->hops <= SEUIL_HOPS_MAX && handover->from.offset >= 0);
    seuil_pack_byte(&pack, VERSION);
    seuil_pack_byte(&pack, (uint8_t)handover->kind);
    seuil_pack_byte(&pack, (uint8_t)handover->hops);
    seuil_pack_varint(&pack, (uint32_t)handover->from.partition);
    seuil_pack_varint(&pack, handover->from.topic);
    seuil_pack_varint(&pack, handover->from.generation);
    seuil_pack_varint(&pack, (uint64_t)handover->from.offset);
    seuil_pack_signed(&pack, handover->time);
    seuil_pack_signed(&pack, handover->arrival);
    put_text(&pack, handover->lead);
    put_text(&pack, handover->id);
    for (uint32_t i = 0; i < handover->hops; i++)
        seuil_pack_u64(&pack, handover->path[i]);
    assert(pack.at <= sizeof(head));
    seuil_buf_add(out, head, pack.at);
    if (handover->body_len)
        seuil_buf_add(out, handover->body, handover->body_len);
    return out->failed;
}

static bool get_number(struct seuil_unpack *unpack, uint64_t max, uint64_t *ret_number)
{
    *ret_number = seuil_unpack_varint(unpack);
    if (*ret_number > max)
        unpack->bad = true;
    return !unpack->bad;
}

static bool get_time(struct seuil_unpack *unpack, seuil_time_ms *ret_time)
{
    *ret_time = seuil_unpack_signed(unpack);
    if (*ret_time > SEUIL_TIME_BOUND_MS || *ret_time < -SEUIL_TIME_BOUND_MS)
        unpack->bad = true;
    return !unpack->bad;
}

static bool get_id(struct seuil_unpack *unpack, uint64_t least, struct seuil_str *ret_text)
{
    uint64_t len;
    const uint8_t *bytes;

    if (!get_number(unpack, SEUIL_ID_MAX, &len) || len < least)
        return false;
    bytes = seuil_unpack_bytes(unpack, len);
    *ret_text = (struct seuil_str){(const char *)bytes, (uint32_t)len};
    return !unpack->bad;
}

static bool get_from(struct seuil_unpack *unpack, struct seuil_position *ret_from)
{
    uint64_t shard, topic, generation, offset;

    if (!get_number(unpack, INT32_MAX, &shard) ||
        !get_number(unpack, SEUIL_TOPICS_MAX - 1, &topic) ||
        !get_number(unpack, UINT32_MAX, &generation) || !get_number(unpack, INT64_MAX, &offset))
        return false;
    *ret_from = (struct seuil_position){(uint32_t)topic, (uint32_t)generation, (int32_t)shard,
                                        (int64_t)offset};
    return true;
}

int seuil_handover_read(const uint8_t *bytes, uint32_t len, struct seuil_handover *ret_handover)
{
    struct seuil_unpack unpack = {.at = bytes, .end = bytes + len};
    struct seuil_handover handover = {0};
    uint8_t version, kind;

    if (len < 3)
        return SEUIL_ERR_CORRUPT;
    version = seuil_unpack_byte(&unpack);
    if (version != VERSION)
        return version > VERSION ? SEUIL_ERR_UNSUPPORTED : SEUIL_ERR_CORRUPT;
    kind = seuil_unpack_byte(&unpack);
    handover.hops = seuil_unpack_byte(&unpack);
    if (kind < SEUIL_HANDOVER_LEAD || kind >= SEUIL_HANDOVER_KINDS ||
        handover.hops > SEUIL_HOPS_MAX)
        return SEUIL_ERR_CORRUPT;
    handover.kind = (enum seuil_handover_kind)kind;
    if (!get_from(&unpack, &handover.from) || !get_time(&unpack, &handover.time) ||
        !get_time(&unpack, &handover.arrival) || !get_id(&unpack, 1, &handover.lead) ||
        !get_id(&unpack, 0, &handover.id))
        return SEUIL_ERR_CORRUPT;
    for (uint32_t i = 0; i < handover.hops; i++)
        handover.path[i] = seuil_unpack_u64(&unpack);
    if (unpack.bad)
        return SEUIL_ERR_CORRUPT;
    handover.body = unpack.at;
    handover.body_len = (uint32_t)(unpack.end - unpack.at);
    *ret_handover = handover;
    return 0;
}

void seuil_handover_pass(struct seuil_handover *handover, uint64_t way)
{
    assert(handover->hops < SEUIL_HOPS_MAX);
    handover->path[handover->hops++] = way;
}

bool seuil_handover_ends_at(const struct seuil_handover *handover, uint64_t way)
{
    uint32_t i = 0;

    if (handover->hops == SEUIL_HOPS_MAX)
        return true;
    while (i < handover->hops && handover->path[i] != way)
        i++;
    if (i == handover->hops)
        return false;
    for (; i < handover->hops; i++)
        if (handover->path[i] < way)
            return false;
    return true;
}
