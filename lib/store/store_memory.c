#include "store/store_memory.h"

#include <assert.h>
#include <stdio.h>
#include <string.h>

#include "base/heap.h"
#include "store/memory.h"

/* Leads of one answer to walk: small enough that a walk of a test takes several turns. */
#define WALK_LEADS 256

struct pending {
    struct pending *next;
    struct seuil_store_reply reply;
    struct seuil_meta meta;
    struct seuil_store_item *items;
    uint8_t *bytes; /* ids and states of the items */
};

struct memory_store {
    struct seuil_store base;
    struct seuil_memory *memory;
    struct pending *first, **last; /* answered, not yet told */
    struct pending *told;          /* its pointers are in the caller's hands until the next poll */
};

static struct memory_store *self_of(struct seuil_store *store)
{
    return (struct memory_store *)store;
}

static struct seuil_memory_shard *shard_of(struct memory_store *self, uint32_t shard)
{
    assert(shard < self->memory->partitions);
    return &self->memory->shards[shard];
}

static void pending_free(struct pending *pending)
{
    if (!pending)
        return;
    seuil_heap_free(pending->items);
    seuil_heap_free(pending->bytes);
    seuil_heap_free(pending);
}

static struct pending *answer(struct memory_store *self, uint32_t shard, enum seuil_store_verb verb,
                              uint64_t cookie, enum seuil_store_status status)
{
    struct pending *pending = seuil_memory_alloc(1, sizeof(*pending));

    pending->reply.shard = shard;
    pending->reply.verb = verb;
    pending->reply.status = status;
    pending->reply.cookie = cookie;
    pending->reply.text = "";
    *self->last = pending;
    self->last = &pending->next;
    return pending;
}

static void give_meta(struct pending *pending, const struct seuil_memory_shard *data)
{
    pending->meta = data->meta;
    pending->reply.meta = &pending->meta;
}

/* ---- items: the data may change before the reply is read, so they are copies ------------------
 */

static void items_begin(struct pending *pending, uint64_t count, uint64_t bytes)
{
    pending->items = seuil_memory_alloc(count, sizeof(*pending->items));
    pending->bytes = seuil_memory_alloc(bytes, 1);
    pending->reply.items = pending->items;
}

static const uint8_t *item_copy(uint8_t **at, const void *bytes, uint64_t len)
{
    const uint8_t *copy = *at;

    if (len)
        memcpy(*at, bytes, len);
    *at += len;
    return copy;
}

/* ---- the requests ---------------------------------------------------------------------------- */

static void memory_acquire(struct seuil_store *store, uint32_t shard,
                           const struct seuil_token *token, const char *owner, uint64_t cookie)
{
    struct memory_store *self = self_of(store);
    struct seuil_memory_shard *data = shard_of(self, shard);

    if (!data->made) {
        answer(self, shard, SEUIL_STORE_ACQUIRE, cookie, SEUIL_STORE_MISSING);
        return;
    }
    data->meta.token = *token;
    data->meta.seq++;
    snprintf(data->meta.owner, sizeof(data->meta.owner), "%s", owner);
    give_meta(answer(self, shard, SEUIL_STORE_ACQUIRE, cookie, SEUIL_STORE_OK), data);
}

static void memory_create(struct seuil_store *store, uint32_t shard, const struct seuil_meta *meta,
                          uint64_t cookie)
{
    struct memory_store *self = self_of(store);
    struct seuil_memory_shard *data = shard_of(self, shard);

    if (data->made) {
        answer(self, shard, SEUIL_STORE_CREATE, cookie, SEUIL_STORE_FENCED);
        return;
    }
    assert(meta->outbox_head == meta->outbox_tail);
    data->made = true;
    data->meta = *meta;
    data->outbox_first = meta->outbox_head;
    give_meta(answer(self, shard, SEUIL_STORE_CREATE, cookie, SEUIL_STORE_OK), data);
}

static void memory_read_meta(struct seuil_store *store, uint32_t shard, uint64_t cookie)
{
    struct memory_store *self = self_of(store);
    struct seuil_memory_shard *data = shard_of(self, shard);

    if (data->made)
        give_meta(answer(self, shard, SEUIL_STORE_READ_META, cookie, SEUIL_STORE_OK), data);
    else
        answer(self, shard, SEUIL_STORE_READ_META, cookie, SEUIL_STORE_MISSING);
}

static void memory_load(struct seuil_store *store, uint32_t shard, const struct seuil_str *ids,
                        uint32_t count, uint64_t cookie)
{
    struct memory_store *self = self_of(store);
    struct seuil_memory_shard *data = shard_of(self, shard);
    struct pending *pending = answer(self, shard, SEUIL_STORE_LOAD, cookie, SEUIL_STORE_OK);
    uint64_t bytes = 0;
    uint8_t *at;

    assert(count <= SEUIL_CHUNK_MAX);
    for (uint32_t i = 0; i < count; i++) {
        const struct seuil_memory_node *node = seuil_memory_find(data, ids[i]);

        bytes += ids[i].len + (node ? node->len : 0);
    }
    items_begin(pending, count, bytes);
    at = pending->bytes;
    for (uint32_t i = 0; i < count; i++) {
        const struct seuil_memory_node *node = seuil_memory_find(data, ids[i]);
        struct seuil_store_item *item = &pending->items[i];

        item->id.ptr = (const char *)item_copy(&at, ids[i].ptr, ids[i].len);
        item->id.len = ids[i].len;
        if (node && node->bytes) {
            item->bytes = item_copy(&at, node->bytes, node->len);
            item->len = node->len;
        }
    }
    pending->reply.item_count = count;
}

static void memory_due(struct seuil_store *store, uint32_t shard, seuil_time_ms until, uint32_t max,
                       uint64_t cookie)
{
    struct memory_store *self = self_of(store);
    struct seuil_memory_shard *data = shard_of(self, shard);
    struct pending *pending = answer(self, shard, SEUIL_STORE_DUE, cookie, SEUIL_STORE_OK);
    uint32_t cap = max < data->due_count ? max : (uint32_t)data->due_count;
    struct seuil_memory_due *found = seuil_memory_alloc(cap, sizeof(*found));
    uint32_t count = seuil_memory_due(data, until, cap, found);
    uint64_t bytes = 0;
    uint8_t *at;

    for (uint32_t i = 0; i < count; i++)
        bytes += found[i].node->id_len;
    items_begin(pending, count, bytes);
    at = pending->bytes;
    for (uint32_t i = 0; i < count; i++) {
        const struct seuil_memory_node *node = found[i].node;

        pending->items[i].id.ptr = (const char *)item_copy(&at, node->id, node->id_len);
        pending->items[i].id.len = node->id_len;
        pending->items[i].due = found[i].due;
    }
    pending->reply.item_count = count;
    seuil_heap_free(found);
}

static void memory_outbox(struct seuil_store *store, uint32_t shard, uint64_t from, uint32_t max,
                          uint64_t cookie)
{
    struct memory_store *self = self_of(store);
    struct seuil_memory_shard *data = shard_of(self, shard);
    struct pending *pending = answer(self, shard, SEUIL_STORE_OUTBOX, cookie, SEUIL_STORE_OK);
    uint64_t skip = from > data->outbox_first ? from - data->outbox_first : 0;
    uint64_t left = skip < data->outbox_count ? data->outbox_count - skip : 0, bytes = 0;
    uint32_t count = left < max ? (uint32_t)left : max;
    uint8_t *at;

    for (uint32_t i = 0; i < count; i++)
        bytes += data->outbox[skip + i].len;
    items_begin(pending, count, bytes);
    at = pending->bytes;
    for (uint32_t i = 0; i < count; i++) {
        const struct seuil_memory_entry *entry = &data->outbox[skip + i];

        pending->items[i].bytes = item_copy(&at, entry->bytes, entry->len);
        pending->items[i].len = entry->len;
        pending->items[i].index = data->outbox_first + skip + i;
    }
    pending->reply.item_count = count;
}

static void memory_walk(struct seuil_store *store, uint32_t shard, uint64_t cursor, uint64_t cookie)
{
    struct memory_store *self = self_of(store);
    struct seuil_memory_shard *data = shard_of(self, shard);
    struct pending *pending = answer(self, shard, SEUIL_STORE_WALK, cookie, SEUIL_STORE_OK);
    uint64_t end = cursor + WALK_LEADS < data->node_count ? cursor + WALK_LEADS : data->node_count;
    uint64_t bytes = 0;
    uint32_t count = 0;
    uint8_t *at;

    for (uint64_t i = cursor; i < end; i++)
        bytes += data->nodes[i]->id_len;
    items_begin(pending, WALK_LEADS, bytes);
    at = pending->bytes;
    for (uint64_t i = cursor; i < end; i++) {
        const struct seuil_memory_node *node = data->nodes[i];

        if (!node->bytes)
            continue;
        pending->items[count].id.ptr = (const char *)item_copy(&at, node->id, node->id_len);
        pending->items[count++].id.len = node->id_len;
    }
    pending->reply.item_count = count;
    pending->reply.cursor = end < data->node_count ? end : 0;
}

static enum seuil_store_status guard(const struct seuil_memory_shard *data,
                                     const struct seuil_tx *tx)
{
    if (!data->made)
        return SEUIL_STORE_MISSING;
    if (memcmp(&data->meta.token, &tx->token, sizeof(tx->token)) != 0)
        return SEUIL_STORE_FENCED;
    return data->meta.seq == tx->seq ? SEUIL_STORE_OK : SEUIL_STORE_STALE;
}

static void memory_commit(struct seuil_store *store, uint32_t shard, const struct seuil_tx *tx,
                          uint64_t cookie)
{
    struct memory_store *self = self_of(store);
    struct seuil_memory_shard *data = shard_of(self, shard);
    enum seuil_store_status status = guard(data, tx);

    assert(tx->lead_count <= SEUIL_TX_LEADS_MAX);
    assert(tx->meta->seq == tx->seq + 1 && tx->meta->outbox_head == tx->trim_to);
    answer(self, shard, SEUIL_STORE_COMMIT, cookie, status);
    if (status != SEUIL_STORE_OK)
        return;
    for (uint32_t i = 0; i < tx->lead_count; i++)
        seuil_memory_apply(data, &tx->leads[i]);
    for (uint32_t i = 0; i < tx->entry_count; i++)
        seuil_memory_append(data, tx->entries[i].bytes, tx->entries[i].len);
    seuil_memory_trim(data, tx->trim_to);
    data->meta = *tx->meta;
    assert(data->outbox_first + data->outbox_count == data->meta.outbox_tail);
}

/* ---- answers --------------------------------------------------------------------------------- */

static void memory_forget(struct seuil_store *store, uint32_t shard)
{
    struct memory_store *self = self_of(store);
    struct pending **link = &self->first;

    while (*link) {
        struct pending *pending = *link;

        if (pending->reply.shard == shard) {
            *link = pending->next;
            pending_free(pending);
        } else {
            link = &pending->next;
        }
    }
    self->last = link;
}

static int memory_poll(struct seuil_store *store, seuil_time_ms now_ms, int timeout_ms,
                       struct seuil_store_reply *ret_reply)
{
    struct memory_store *self = self_of(store);

    (void)now_ms;
    (void)timeout_ms;
    pending_free(self->told);
    self->told = self->first;
    if (!self->told)
        return 0;
    self->first = self->told->next;
    if (!self->first)
        self->last = &self->first;
    *ret_reply = self->told->reply;
    return 1;
}

static int memory_fd(struct seuil_store *store)
{
    (void)store;
    return -1;
}

static void memory_free(struct seuil_store *store)
{
    struct memory_store *self = self_of(store);

    while (self->first) {
        struct pending *pending = self->first;

        self->first = pending->next;
        pending_free(pending);
    }
    pending_free(self->told);
    seuil_heap_free(self);
}

static const struct seuil_store_ops memory_ops = {
    .acquire = memory_acquire,
    .create = memory_create,
    .load = memory_load,
    .due = memory_due,
    .outbox = memory_outbox,
    .walk = memory_walk,
    .commit = memory_commit,
    .read_meta = memory_read_meta,
    .forget = memory_forget,
    .poll = memory_poll,
    .fd = memory_fd,
    .free = memory_free,
};

struct seuil_store *seuil_store_memory_new(struct seuil_memory *memory)
{
    struct memory_store *self = seuil_memory_alloc(1, sizeof(*self));

    self->base.ops = &memory_ops;
    self->memory = memory;
    self->last = &self->first;
    return &self->base;
}
