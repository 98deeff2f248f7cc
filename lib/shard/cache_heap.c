/* The due times of cached leads that Redis does not know yet, least first: a binary heap whose
 * entries know their place.
 *
 * Most events raise the due time of their lead, so raising costs nothing: the entry stays where the
 * earlier one put it and sinks when it comes to the top. */

#include <assert.h>

#include "base/err.h"
#include "base/heap.h"
#include "shard/cache.h"

static void put(struct seuil_cache *cache, uint32_t at, struct seuil_cache_due due)
{
    cache->heap[at] = due;
    due.entry->heap_at = at + 1;
}

static void rise(struct seuil_cache *cache, uint32_t at, struct seuil_cache_due due)
{
    while (at && cache->heap[(at - 1) / 2].at > due.at) {
        put(cache, at, cache->heap[(at - 1) / 2]);
        at = (at - 1) / 2;
    }
    put(cache, at, due);
}

static void sink(struct seuil_cache *cache, uint32_t at, struct seuil_cache_due due)
{
    for (;;) {
        uint32_t child = 2 * at + 1;

        if (child >= cache->heap_count)
            break;
        if (child + 1 < cache->heap_count && cache->heap[child + 1].at < cache->heap[child].at)
            child++;
        if (cache->heap[child].at >= due.at)
            break;
        put(cache, at, cache->heap[child]);
        at = child;
    }
    put(cache, at, due);
}

int seuil_cache_schedule(struct seuil_cache *cache, struct seuil_cached *entry)
{
    struct seuil_cache_due due = {entry->due, entry};

    if (entry->heap_at) {
        assert(cache->heap[entry->heap_at - 1].entry == entry);
        if (due.at < cache->heap[entry->heap_at - 1].at)
            rise(cache, entry->heap_at - 1, due);
        return 0;
    }
    if (cache->heap_count == cache->heap_cap) {
        uint32_t cap = cache->heap_cap ? 2 * cache->heap_cap : 64;
        struct seuil_cache_due *heap = seuil_heap_realloc(cache->heap, cap * sizeof(*heap));

        if (!heap)
            return SEUIL_ERR_NOMEM;
        cache->bytes += (cap - cache->heap_cap) * sizeof(*heap);
        cache->heap = heap;
        cache->heap_cap = cap;
    }
    rise(cache, cache->heap_count++, due);
    return 0;
}

void seuil_cache_unschedule(struct seuil_cache *cache, struct seuil_cached *entry)
{
    uint32_t at = entry->heap_at;
    struct seuil_cache_due last;

    if (!at--)
        return;
    entry->heap_at = 0;
    last = cache->heap[--cache->heap_count];
    if (at == cache->heap_count)
        return;
    if (at && cache->heap[(at - 1) / 2].at > last.at)
        rise(cache, at, last);
    else
        sink(cache, at, last);
}

struct seuil_cached *seuil_cache_first_due(struct seuil_cache *cache)
{
    while (cache->heap_count) {
        struct seuil_cached *entry = cache->heap[0].entry;

        if (cache->heap[0].at >= entry->due)
            return entry;
        sink(cache, 0, (struct seuil_cache_due){entry->due, entry});
    }
    return NULL;
}
