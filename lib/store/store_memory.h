/* The store in memory: what Redis would hold, with the same statuses and the same guard. For
 * replay, back-tests and the simulation; nothing outlives the process.
 *
 * A `seuil_memory` is the data, as a Redis server holds it; stores are clients of it, so several
 * owners can race for a shard. A request takes effect when it is made; its reply waits for poll.
 * Running out of memory aborts the process: half a transaction must never be seen. */

#ifndef SEUIL_STORE_STORE_MEMORY_H
#define SEUIL_STORE_STORE_MEMORY_H

#include "store/store.h"

struct seuil_memory;

/* The data of @partitions shards (at most SEUIL_PARTITIONS_MAX), none of them made yet. */
struct seuil_memory *seuil_memory_new(uint32_t partitions);
/* A deep copy: what a replica or a backup would hold at this instant. */
struct seuil_memory *seuil_memory_clone(const struct seuil_memory *memory);
/* Put @from's data in place of @memory's, as a restored backup or FLUSHALL (a new one) would. */
void seuil_memory_restore(struct seuil_memory *memory, const struct seuil_memory *from);
/* The same for one shard. */
void seuil_memory_restore_shard(struct seuil_memory *memory, const struct seuil_memory *from,
                                uint32_t shard);
void seuil_memory_free(struct seuil_memory *memory);

/* A client of @memory, which stays the caller's and must outlive it. */
struct seuil_store *seuil_store_memory_new(struct seuil_memory *memory);

/* ---- looking inside, for tests and tools: pointers stay until the data changes ----------------
 */

/* NULL when the shard has no meta. */
const struct seuil_meta *seuil_store_memory_meta(const struct seuil_memory *memory, uint32_t shard);

struct seuil_memory_lead {
    struct seuil_str id;
    const uint8_t *bytes; /* NULL: no key, only a due entry */
    uint32_t len;
    bool has_due;
    seuil_time_ms due;
};

/* The @index-th lead with a key or a due entry, in the order in which they came; false at the end.
 * Start with *cursor = 0. */
bool seuil_store_memory_next(const struct seuil_memory *memory, uint32_t shard, uint64_t *cursor,
                             struct seuil_memory_lead *ret_lead);
/* One lead; false when it has neither key nor due entry. */
bool seuil_store_memory_lead(const struct seuil_memory *memory, uint32_t shard, struct seuil_str id,
                             struct seuil_memory_lead *ret_lead);
/* An outbox entry; false when @index is not in [head, tail). */
bool seuil_store_memory_entry(const struct seuil_memory *memory, uint32_t shard, uint64_t index,
                              struct seuil_tx_entry *ret_entry);

#endif
