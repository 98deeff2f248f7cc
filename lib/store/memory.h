/* The data behind store_memory.h: leads by id, due times, outbox. Private to the memory store. */

#ifndef SEUIL_STORE_MEMORY_H
#define SEUIL_STORE_MEMORY_H

#include "store/store_memory.h"

struct seuil_memory_node { /* stays once made: due entries and walks point to it */
    char *id;
    uint32_t id_len;
    uint32_t len;
    uint8_t *bytes; /* NULL: no key */
    bool has_due;
    seuil_time_ms due;
    uint64_t due_version; /* raised by each change: older heap entries are void */
};

struct seuil_memory_due {
    seuil_time_ms due;
    struct seuil_memory_node *node;
    uint64_t version;
};

struct seuil_memory_entry {
    uint8_t *bytes;
    uint32_t len;
};

struct seuil_memory_shard {
    bool made;
    struct seuil_meta meta;

    struct seuil_memory_node **nodes; /* in order of arrival */
    uint64_t node_count, node_cap;
    struct seuil_memory_node **table; /* open addressing, a power of two */
    uint64_t table_cap;

    struct seuil_memory_due *heap; /* earliest first */
    uint64_t heap_count, heap_cap, due_count;

    struct seuil_memory_entry *outbox; /* outbox[i] has index outbox_first + i */
    uint64_t outbox_first, outbox_count, outbox_cap;
};

struct seuil_memory {
    uint32_t partitions;
    struct seuil_memory_shard *shards;
};

/* As the functions of base/heap.h, aborting when memory is out. */
void *seuil_memory_alloc(uint64_t count, uint64_t size_bytes);
void *seuil_memory_grow(void *ptr, uint64_t *cap, uint64_t need, uint64_t size_bytes);

/* NULL when there is none. */
struct seuil_memory_node *seuil_memory_find(const struct seuil_memory_shard *shard,
                                            struct seuil_str id);
/* Write, erase, set the due time as a transaction says. */
void seuil_memory_apply(struct seuil_memory_shard *shard, const struct seuil_tx_lead *lead);
void seuil_memory_append(struct seuil_memory_shard *shard, const uint8_t *bytes, uint32_t len);
void seuil_memory_trim(struct seuil_memory_shard *shard, uint64_t trim_to);
/* Up to @max valid entries at or before @until into @out, earliest first; returns how many. */
uint32_t seuil_memory_due(struct seuil_memory_shard *shard, seuil_time_ms until, uint32_t max,
                          struct seuil_memory_due *out);

#endif
