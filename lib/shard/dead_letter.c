/* Dead letters: byte-exact copies, kept until the topic has acknowledged them, before base may pass
 * their offsets (rules 4, 15). */

#include "codec/dead_letter.h"

#include <string.h>

#include "base/heap.h"
#include "shard/internal.h"

void seuil_dead_drop(struct seuil_shard *shard)
{
    struct seuil_dead_letters *dead = &shard->dead;

    for (uint64_t i = dead->head; i < dead->tail; i++)
        seuil_heap_free(dead->ring[i & dead->mask].bytes);
    seuil_heap_free(dead->ring);
    /* Numbers go on: a report that comes late must not hit another letter. */
    *dead = (struct seuil_dead_letters){.head = dead->tail, .sent = dead->tail, .tail = dead->tail};
}

bool seuil_dead_full(const struct seuil_shard *shard)
{
    return shard->dead.tail - shard->dead.head >= SEUIL_DEAD_PENDING_MAX ||
           shard->dead.bytes >= SEUIL_DEAD_BYTES_MAX;
}

static int grow(struct seuil_dead_letters *dead)
{
    uint64_t size = dead->ring ? 2 * (dead->mask + 1) : 16;
    struct seuil_dead *ring = seuil_heap_zalloc(size, sizeof(*ring));

    if (!ring)
        return SEUIL_ERR_NOMEM;
    for (uint64_t i = dead->head; i < dead->tail; i++)
        ring[i & (size - 1)] = dead->ring[i & dead->mask];
    seuil_heap_free(dead->ring);
    dead->ring = ring;
    dead->mask = size - 1;
    return 0;
}

void seuil_dead_add(struct seuil_shard *shard, const struct seuil_item *item, bool decoding,
                    const char *name, const char *text)
{
    struct seuil_dead_letters *dead = &shard->dead;
    const struct seuil_record_in *record = item->record;
    struct seuil_header headers[SEUIL_HEADERS_MAX];
    struct seuil_dead_letter_text texts;
    struct seuil_entry_view entry;
    struct seuil_buf packed = {0};
    struct seuil_dead_letter letter = {
        .topic = seuil_str_from(shard->config->inputs[item->topic].name),
        .partition = (int32_t)shard->number,
        .offset = record->offset,
        .time = record->time,
        .key = record->key,
        .value = record->value,
        .value_len = record->value_len,
        .headers = headers,
        .app = shard->config->app,
        .shard = shard->number,
        .stage = decoding ? "VALUE_CONVERTER" : "TRANSFORMATION",
        .error = name,
        .message = text,
    };

    letter.header_count =
        shard->env.source->ops->headers(shard->env.source, record, headers, SEUIL_HEADERS_MAX);
    seuil_dead_letter_build(&letter, SEUIL_DEST_DEAD_LETTERS, &texts, &entry);
    if (seuil_outbox_pack(&entry, &packed) != 0 ||
        ((!dead->ring || dead->tail - dead->head > dead->mask) && grow(dead) != 0)) {
        seuil_buf_done(&packed);
        shard->failed = true;
        return;
    }
    dead->bytes += packed.len;
    dead->ring[dead->tail++ & dead->mask] =
        (struct seuil_dead){packed.ptr, (uint32_t)packed.len, false};
}

bool seuil_dead_run(struct seuil_shard *shard)
{
    struct seuil_dead_letters *dead = &shard->dead;
    struct seuil_sink *sink = shard->env.sink;

    if (shard->state != SEUIL_SHARD_RUN && shard->state != SEUIL_SHARD_DRAIN)
        return false;
    while (dead->sent < dead->tail && !shard->halting) {
        const struct seuil_dead *letter = &dead->ring[dead->sent & dead->mask];
        struct seuil_entry_view entry;
        struct seuil_error err = {0};
        int rc = letter->acked ? 0 : seuil_outbox_unpack(letter->bytes, letter->len, &entry);

        if (rc == 0 && !letter->acked)
            rc = sink->ops->send(sink, shard->number, shard->publish.tenure,
                                 dead->sent << 1 | SEUIL_COOKIE_DEAD, &entry, &err);
        if (rc == SEUIL_ERR_BACKOFF) {
            seuil_shard_wake_at(shard, shard->mono + 20);
            return false;
        }
        if (rc != 0) {
            seuil_shard_halt(shard,
                             "the dead-letter topic does not take a record: %s. Raise its "
                             "max.message.bytes above that of the inputs, then `seuilctl go-on`",
                             err.text);
            return false;
        }
        dead->sent++;
    }
    return false;
}

void seuil_dead_delivery(struct seuil_shard *shard, uint64_t number)
{
    struct seuil_dead_letters *dead = &shard->dead;

    if (number < dead->head || number >= dead->sent)
        return;
    dead->ring[number & dead->mask].acked = true;
    while (dead->head < dead->tail && dead->ring[dead->head & dead->mask].acked) {
        struct seuil_dead *letter = &dead->ring[dead->head & dead->mask];

        dead->bytes -= letter->len;
        seuil_heap_free(letter->bytes);
        letter->bytes = NULL;
        dead->head++;
    }
    if (dead->sent < dead->head)
        dead->sent = dead->head;
    shard->progress = shard->mono;
}
