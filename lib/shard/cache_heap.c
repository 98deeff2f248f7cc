/* The due times of cached leads that Redis does not know yet, least first: a binary heap whose
 * entries know their place. */

#include <assert.h>

#include "base/err.h"
#include "base/heap.h"
#include "shard/cache.h"

static void put(struct seuil_cache *cache, uint32_t at, struct seuil_cached *entry)
{
    cache->heap[at] = entry;
    entry->heap_at = at + 1;
}

static void rise(struct seuil_cache *cache, uint32_t at)
{
    struct seuil_cached *entry = cache->heap[at];

    while (at && cache->heap[(at - 1) / 2]->due > entry->due) {
        put(cache, at, cache->heap[(at - 1) / 2]);
        at = (at - 1) / 2;
    }
    put(cache, at, entry);
}

static void sink(struct seuil_cache *cache, uint32_t at)
{
    struct seuil_cached *entry = cache->heap[at];

    for (;;) {
        uint32_t child = 2 * at + 1;

        if (child >= cache->heap_count)
            break;
        if (child + 1 < cache->heap_count && cache->heap[child + 1]->due < cache->heap[child]->due)
            child++;
        if (cache->heap[child]->due >= entry->due)
            break;
        put(cache, at, cache->heap[child]);
        at = child;
    }
    put(cache, at, entry);
}

int seuil_cache_schedule(struct seuil_cache *cache, struct seuil_cached *entry)
{
    if (!entry->heap_at) {
        if (cache->heap_count == cache->heap_cap) {
            uint32_t cap = cache->heap_cap ? 2 * cache->heap_cap : 64;
            struct seuil_cached **heap =
                seuil_heap_realloc(cache->heap, cap * sizeof(struct seuil_cached *));

            if (!heap)
                return SEUIL_ERR_NOMEM;
            cache->bytes += (cap - cache->heap_cap) * sizeof(struct seuil_cached *);
            cache->heap = heap;
            cache->heap_cap = cap;
        }
        put(cache, cache->heap_count++, entry);
    }
    assert(cache->heap[entry->heap_at - 1] == entry);
    rise(cache, entry->heap_at - 1);
    sink(cache, entry->heap_at - 1);
    return 0;
}

void seuil_cache_unschedule(struct seuil_cache *cache, struct seuil_cached *entry)
{
    uint32_t at = entry->heap_at;

    if (!at)
        return;
    entry->heap_at = 0;
    cache->heap_count--;
    if (at - 1 == cache->heap_count)
        return;
    put(cache, at - 1, cache->heap[cache->heap_count]);
    rise(cache, at - 1);
    sink(cache, cache->heap[at - 1]->heap_at - 1);
}

struct seuil_cached *seuil_cache_first_due(const struct seuil_cache *cache)
{
    return cache->heap_count ? cache->heap[0] : NULL;
}
