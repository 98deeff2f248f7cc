#include "store/memory.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "base/hash.h"
#include "base/heap.h"

void *seuil_memory_alloc(uint64_t count, uint64_t size_bytes)
{
    void *ptr = seuil_heap_zalloc(count, size_bytes);

    if (!ptr)
        abort();
    return ptr;
}

void *seuil_memory_grow(void *ptr, uint64_t *cap, uint64_t need, uint64_t size_bytes)
{
    uint64_t to = *cap ? *cap : 16;

    if (need <= *cap)
        return ptr;
    while (to < need)
        to *= 2;
    ptr = seuil_heap_realloc(ptr, to * size_bytes);
    if (!ptr)
        abort();
    *cap = to;
    return ptr;
}

/* ---- leads by id ----------------------------------------------------------------------------- */

static struct seuil_memory_node **slot_of(const struct seuil_memory_shard *shard,
                                          struct seuil_str id)
{
    uint64_t mask = shard->table_cap - 1;
    uint64_t at = seuil_hash64(id.ptr, id.len) & mask;

    for (;; at = (at + 1) & mask) {
        struct seuil_memory_node *node = shard->table[at];

        if (!node || (node->id_len == id.len && memcmp(node->id, id.ptr, id.len) == 0))
            return &shard->table[at];
    }
}

struct seuil_memory_node *seuil_memory_find(const struct seuil_memory_shard *shard,
                                            struct seuil_str id)
{
    return shard->table_cap ? *slot_of(shard, id) : NULL;
}

static void rehash(struct seuil_memory_shard *shard)
{
    seuil_heap_free(shard->table);
    shard->table_cap = shard->table_cap ? shard->table_cap * 2 : 64;
    shard->table = seuil_memory_alloc(shard->table_cap, sizeof(struct seuil_memory_node *));
    for (uint64_t i = 0; i < shard->node_count; i++) {
        struct seuil_memory_node *node = shard->nodes[i];

        *slot_of(shard, (struct seuil_str){node->id, node->id_len}) = node;
    }
}

static struct seuil_memory_node *find_or_make(struct seuil_memory_shard *shard, struct seuil_str id)
{
    struct seuil_memory_node **slot, *node;

    if (2 * (shard->node_count + 1) > shard->table_cap)
        rehash(shard);
    slot = slot_of(shard, id);
    if (*slot)
        return *slot;
    node = seuil_memory_alloc(1, sizeof(*node));
    node->id = seuil_memory_alloc(id.len + 1, 1);
    memcpy(node->id, id.ptr, id.len);
    node->id_len = id.len;
    shard->nodes = seuil_memory_grow(shard->nodes, &shard->node_cap, shard->node_count + 1,
                                     sizeof(struct seuil_memory_node *));
    shard->nodes[shard->node_count++] = node;
    *slot = node;
    return node;
}

/* ---- due times: a heap with void entries left in it ------------------------------------------ */

static bool before(const struct seuil_memory_due *a, const struct seuil_memory_due *b)
{
    if (a->due != b->due)
        return a->due < b->due;
    return seuil_str_cmp((struct seuil_str){a->node->id, a->node->id_len},
                         (struct seuil_str){b->node->id, b->node->id_len}) < 0;
}

static bool is_void(const struct seuil_memory_due *due)
{
    return !due->node->has_due || due->version != due->node->due_version;
}

static void heap_push(struct seuil_memory_shard *shard, struct seuil_memory_due due)
{
    uint64_t at = shard->heap_count++;

    shard->heap =
        seuil_memory_grow(shard->heap, &shard->heap_cap, shard->heap_count, sizeof(*shard->heap));
    for (; at > 0 && before(&due, &shard->heap[(at - 1) / 2]); at = (at - 1) / 2)
        shard->heap[at] = shard->heap[(at - 1) / 2];
    shard->heap[at] = due;
}

static struct seuil_memory_due heap_pop(struct seuil_memory_shard *shard)
{
    struct seuil_memory_due top = shard->heap[0], last = shard->heap[--shard->heap_count];
    uint64_t at = 0, child;

    while ((child = 2 * at + 1) < shard->heap_count) {
        if (child + 1 < shard->heap_count && before(&shard->heap[child + 1], &shard->heap[child]))
            child++;
        if (!before(&shard->heap[child], &last))
            break;
        shard->heap[at] = shard->heap[child];
        at = child;
    }
    shard->heap[at] = last;
    return top;
}

static void set_due(struct seuil_memory_shard *shard, struct seuil_memory_node *node,
                    seuil_time_ms due)
{
    if (node->has_due && node->due == due)
        return;
    shard->due_count += !node->has_due;
    node->has_due = true;
    node->due = due;
    node->due_version++;
    heap_push(shard, (struct seuil_memory_due){due, node, node->due_version});
    if (shard->heap_count > 2 * shard->due_count + 64) { /* mostly void: build it anew */
        uint64_t count = shard->heap_count, kept = 0;

        shard->heap_count = 0;
        for (uint64_t i = 0; i < count; i++) {
            struct seuil_memory_due entry = shard->heap[i];

            if (!is_void(&entry)) {
                heap_push(shard, entry); /* never beyond i: what it overwrites was read */
                kept++;
            }
        }
        assert(kept == shard->due_count);
    }
}

uint32_t seuil_memory_due(struct seuil_memory_shard *shard, seuil_time_ms until, uint32_t max,
                          struct seuil_memory_due *out)
{
    uint32_t count = 0;

    while (count < max && shard->heap_count > 0 && shard->heap[0].due <= until) {
        struct seuil_memory_due top = heap_pop(shard);

        if (!is_void(&top))
            out[count++] = top;
    }
    for (uint32_t i = 0; i < count; i++)
        heap_push(shard, out[i]);
    return count;
}

/* ---- a transaction's parts ------------------------------------------------------------------- */

void seuil_memory_apply(struct seuil_memory_shard *shard, const struct seuil_tx_lead *lead)
{
    struct seuil_memory_node *node = find_or_make(shard, lead->id);

    assert(!lead->erase || !lead->bytes);
    if (lead->erase || lead->bytes) {
        seuil_heap_free(node->bytes);
        node->bytes = NULL;
        node->len = 0;
    }
    if (lead->bytes) {
        node->bytes = seuil_memory_alloc(lead->len, 1);
        memcpy(node->bytes, lead->bytes, lead->len);
        node->len = lead->len;
    }
    switch (lead->due_op) {
    case SEUIL_DUE_KEEP:
        break;
    case SEUIL_DUE_LOWER:
        if (!node->has_due || lead->due < node->due)
            set_due(shard, node, lead->due);
        break;
    case SEUIL_DUE_SET:
        set_due(shard, node, lead->due);
        break;
    case SEUIL_DUE_REMOVE:
        shard->due_count -= node->has_due;
        node->has_due = false;
        break;
    }
}

void seuil_memory_append(struct seuil_memory_shard *shard, const uint8_t *bytes, uint32_t len)
{
    struct seuil_memory_entry *entry;

    shard->outbox = seuil_memory_grow(shard->outbox, &shard->outbox_cap, shard->outbox_count + 1,
                                      sizeof(*shard->outbox));
    entry = &shard->outbox[shard->outbox_count++];
    entry->bytes = seuil_memory_alloc(len, 1);
    memcpy(entry->bytes, bytes, len);
    entry->len = len;
}

void seuil_memory_trim(struct seuil_memory_shard *shard, uint64_t trim_to)
{
    uint64_t count = trim_to > shard->outbox_first ? trim_to - shard->outbox_first : 0;

    assert(count <= shard->outbox_count);
    if (!count)
        return;
    for (uint64_t i = 0; i < count; i++)
        seuil_heap_free(shard->outbox[i].bytes);
    shard->outbox_count -= count;
    memmove(shard->outbox, shard->outbox + count, shard->outbox_count * sizeof(*shard->outbox));
    shard->outbox_first = trim_to;
}

/* ---- whole data ------------------------------------------------------------------------------ */

static void shard_clear(struct seuil_memory_shard *shard)
{
    for (uint64_t i = 0; i < shard->node_count; i++) {
        seuil_heap_free(shard->nodes[i]->id);
        seuil_heap_free(shard->nodes[i]->bytes);
        seuil_heap_free(shard->nodes[i]);
    }
    for (uint64_t i = 0; i < shard->outbox_count; i++)
        seuil_heap_free(shard->outbox[i].bytes);
    seuil_heap_free(shard->nodes);
    seuil_heap_free(shard->table);
    seuil_heap_free(shard->heap);
    seuil_heap_free(shard->outbox);
    memset(shard, 0, sizeof(*shard));
}

static void shard_copy(struct seuil_memory_shard *to, const struct seuil_memory_shard *from)
{
    shard_clear(to);
    to->made = from->made;
    to->meta = from->meta;
    for (uint64_t i = 0; i < from->node_count; i++) {
        const struct seuil_memory_node *node = from->nodes[i];

        if (node->bytes || node->has_due)
            seuil_memory_apply(to, &(struct seuil_tx_lead){
                                       .id = {node->id, node->id_len},
                                       .bytes = node->bytes,
                                       .len = node->len,
                                       .due_op = node->has_due ? SEUIL_DUE_SET : SEUIL_DUE_KEEP,
                                       .due = node->due,
                                   });
    }
    to->outbox_first = from->outbox_first;
    for (uint64_t i = 0; i < from->outbox_count; i++)
        seuil_memory_append(to, from->outbox[i].bytes, from->outbox[i].len);
}

struct seuil_memory *seuil_memory_new(uint32_t partitions)
{
    struct seuil_memory *memory = seuil_memory_alloc(1, sizeof(*memory));

    assert(partitions > 0 && partitions <= SEUIL_PARTITIONS_MAX);
    memory->partitions = partitions;
    memory->shards = seuil_memory_alloc(partitions, sizeof(*memory->shards));
    return memory;
}

void seuil_memory_restore_shard(struct seuil_memory *memory, const struct seuil_memory *from,
                                uint32_t shard)
{
    assert(shard < memory->partitions && memory->partitions == from->partitions && memory != from);
    shard_copy(&memory->shards[shard], &from->shards[shard]);
}

void seuil_memory_restore(struct seuil_memory *memory, const struct seuil_memory *from)
{
    for (uint32_t i = 0; i < memory->partitions; i++)
        seuil_memory_restore_shard(memory, from, i);
}

struct seuil_memory *seuil_memory_clone(const struct seuil_memory *memory)
{
    struct seuil_memory *copy = seuil_memory_new(memory->partitions);

    seuil_memory_restore(copy, memory);
    return copy;
}

void seuil_memory_free(struct seuil_memory *memory)
{
    if (!memory)
        return;
    for (uint32_t i = 0; i < memory->partitions; i++)
        shard_clear(&memory->shards[i]);
    seuil_heap_free(memory->shards);
    seuil_heap_free(memory);
}

/* ---- looking inside -------------------------------------------------------------------------- */

static const struct seuil_memory_shard *shard_of(const struct seuil_memory *memory, uint32_t shard)
{
    assert(shard < memory->partitions);
    return &memory->shards[shard];
}

const struct seuil_meta *seuil_store_memory_meta(const struct seuil_memory *memory, uint32_t shard)
{
    const struct seuil_memory_shard *data = shard_of(memory, shard);

    return data->made ? &data->meta : NULL;
}

static void view(const struct seuil_memory_node *node, struct seuil_memory_lead *ret_lead)
{
    *ret_lead = (struct seuil_memory_lead){
        {node->id, node->id_len}, node->bytes, node->len, node->has_due, node->due};
}

bool seuil_store_memory_next(const struct seuil_memory *memory, uint32_t shard, uint64_t *cursor,
                             struct seuil_memory_lead *ret_lead)
{
    const struct seuil_memory_shard *data = shard_of(memory, shard);

    while (*cursor < data->node_count) {
        const struct seuil_memory_node *node = data->nodes[(*cursor)++];

        if (node->bytes || node->has_due) {
            view(node, ret_lead);
            return true;
        }
    }
    return false;
}

bool seuil_store_memory_lead(const struct seuil_memory *memory, uint32_t shard, struct seuil_str id,
                             struct seuil_memory_lead *ret_lead)
{
    const struct seuil_memory_node *node = seuil_memory_find(shard_of(memory, shard), id);

    if (!node || (!node->bytes && !node->has_due))
        return false;
    view(node, ret_lead);
    return true;
}

bool seuil_store_memory_entry(const struct seuil_memory *memory, uint32_t shard, uint64_t index,
                              struct seuil_tx_entry *ret_entry)
{
    const struct seuil_memory_shard *data = shard_of(memory, shard);

    if (index < data->outbox_first || index - data->outbox_first >= data->outbox_count)
        return false;
    ret_entry->bytes = data->outbox[index - data->outbox_first].bytes;
    ret_entry->len = data->outbox[index - data->outbox_first].len;
    return true;
}
