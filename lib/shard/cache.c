#include "shard/cache.h"

#include <assert.h>
#include <string.h>

#include "base/err.h"
#include "base/heap.h"

#define FIRST_SLOTS 1024
/* States begin small, then grow by a few bytes an event and shrink again: the steps of a slab's
 * sizes keep nearly all of that in one place. */
#define FIRST_BYTES 128
#define LARGE_BYTES (2u << 20)

static uint64_t weight(const struct seuil_cached *entry)
{
    return seuil_slab_room(sizeof(*entry) + entry->id_len) + entry->cap;
}

static void free_entry(struct seuil_cache *cache, struct seuil_cached *entry)
{
    seuil_slab_free(&cache->slab, entry->bytes, entry->cap);
    seuil_slab_free(&cache->slab, entry, sizeof(*entry) + entry->id_len);
}

void seuil_cache_done(struct seuil_cache *cache)
{
    for (uint64_t i = 0; cache->slab.large && i <= cache->mask; i++)
        if (cache->slots[i].entry && cache->slots[i].entry->cap > SEUIL_SLAB_MAX)
            free_entry(cache, cache->slots[i].entry);
    seuil_slab_done(&cache->slab);
    seuil_heap_free(cache->slots);
    seuil_heap_free(cache->heap);
    for (int i = 0; i < SEUIL_LISTS; i++)
        seuil_heap_free(cache->lists[i].items);
    memset(cache, 0, sizeof(*cache));
}

struct seuil_cached *seuil_cache_find(const struct seuil_cache *cache, uint64_t hash,
                                      struct seuil_str id)
{
    if (!cache->slots)
        return NULL;
    for (uint64_t i = hash & cache->mask;; i = (i + 1) & cache->mask) {
        struct seuil_cached *entry = cache->slots[i].entry;

        if (!entry)
            return NULL;
        if (cache->slots[i].hash == hash && entry->id_len == id.len &&
            memcmp(entry->id, id.ptr, id.len) == 0)
            return entry;
    }
}

static void place(struct seuil_cache_slot *slots, uint64_t mask, struct seuil_cached *entry)
{
    uint64_t i = entry->hash & mask;

    while (slots[i].entry)
        i = (i + 1) & mask;
    slots[i] = (struct seuil_cache_slot){entry->hash, entry};
}

/* Looked at at random: a large table in large pages of the processor. */
static struct seuil_cache_slot *slots_new(uint64_t count)
{
    struct seuil_cache_slot *slots;

    if (count * sizeof(*slots) < LARGE_BYTES)
        return seuil_heap_zalloc(count, sizeof(*slots));
    slots = seuil_heap_pages(count * sizeof(*slots));
    if (slots)
        memset(slots, 0, count * sizeof(*slots));
    return slots;
}

static int grow(struct seuil_cache *cache)
{
    uint64_t size = cache->slots ? 2 * (cache->mask + 1) : FIRST_SLOTS;
    struct seuil_cache_slot *slots = slots_new(size);

    if (!slots)
        return SEUIL_ERR_NOMEM;
    for (uint64_t i = 0; cache->slots && i <= cache->mask; i++)
        if (cache->slots[i].entry)
            place(slots, size - 1, cache->slots[i].entry);
    if (cache->slots)
        cache->bytes -= (cache->mask + 1) * sizeof(*slots);
    cache->bytes += size * sizeof(*slots);
    seuil_heap_free(cache->slots);
    cache->slots = slots;
    cache->mask = size - 1;
    cache->hand = 0;
    return 0;
}

struct seuil_cached *seuil_cache_add(struct seuil_cache *cache, uint64_t hash, struct seuil_str id)
{
    struct seuil_cached *entry;

    if ((!cache->slots || cache->count * 3 >= (cache->mask + 1) * 2) && grow(cache))
        return NULL;
    entry = seuil_slab_alloc(&cache->slab, sizeof(*entry) + id.len);
    if (!entry)
        return NULL;
    memset(entry, 0, sizeof(*entry));
    entry->hash = hash;
    entry->due = entry->armed = entry->sent_armed = SEUIL_TIME_NEVER;
    entry->list = SEUIL_LIST_NONE;
    entry->referenced = true;
    entry->judged = cache->judged;
    entry->id_len = (uint16_t)id.len;
    memcpy(entry->id, id.ptr, id.len);
    place(cache->slots, cache->mask, entry);
    cache->count++;
    cache->bytes += weight(entry);
    return entry;
}

static int make_room(struct seuil_cache *cache, struct seuil_cached *entry, uint32_t len)
{
    uint32_t cap;
    uint8_t *ptr;

    if (len <= entry->cap)
        return 0;
    cap = (uint32_t)seuil_slab_room(len < FIRST_BYTES ? FIRST_BYTES : len);
    ptr = seuil_slab_alloc(&cache->slab, cap);
    if (!ptr)
        return SEUIL_ERR_NOMEM;
    if (entry->cap)
        memcpy(ptr, entry->bytes, entry->cap);
    seuil_slab_free(&cache->slab, entry->bytes, entry->cap);
    cache->bytes += cap - entry->cap;
    entry->bytes = ptr;
    entry->cap = cap;
    return 0;
}

int seuil_cache_set(struct seuil_cache *cache, struct seuil_cached *entry, const uint8_t *bytes,
                    uint32_t len)
{
    if (make_room(cache, entry, len))
        return SEUIL_ERR_NOMEM;
    if (len)
        memcpy(entry->bytes, bytes, len);
    entry->len = len;
    entry->tail = 0;
    entry->digest = (struct seuil_digest){0};
    return 0;
}

int seuil_cache_append(struct seuil_cache *cache, struct seuil_cached *entry, const uint8_t *bytes,
                       uint32_t len)
{
    if (make_room(cache, entry, entry->len + entry->tail + len))
        return SEUIL_ERR_NOMEM;
    memcpy(entry->bytes + entry->len + entry->tail, bytes, len);
    entry->tail += len;
    return 0;
}

/* Empty slot @i and close the gap: whoever was pushed past it by a collision moves back. */
static void vacate(struct seuil_cache *cache, uint64_t i)
{
    uint64_t hole = i;

    for (uint64_t k = (i + 1) & cache->mask; cache->slots[k].entry; k = (k + 1) & cache->mask) {
        uint64_t home = cache->slots[k].hash & cache->mask;

        if (((k - home) & cache->mask) >= ((k - hole) & cache->mask)) {
            cache->slots[hole] = cache->slots[k];
            hole = k;
        }
    }
    cache->slots[hole].entry = NULL;
}

static bool pinned(const struct seuil_cached *entry)
{
    assert(!entry->tail || entry->list != SEUIL_LIST_NONE);
    return entry->pins || entry->loading || entry->in_flight || entry->list != SEUIL_LIST_NONE;
}

bool seuil_cache_evict(struct seuil_cache *cache, uint64_t limit)
{
    uint64_t listed = 0, steps;

    for (int i = 0; i < SEUIL_LISTS; i++)
        listed += cache->lists[i].count;
    if (cache->bytes <= limit || !cache->slots || listed >= cache->count)
        return cache->bytes <= limit;
    /* Twice around: the first time may only take the reference marks away. */
    for (steps = 2 * (cache->mask + 1); steps && cache->bytes > limit; steps--) {
        struct seuil_cached *entry = cache->slots[cache->hand].entry;

        if (entry && !pinned(entry) && !entry->referenced) {
            seuil_cache_unschedule(cache, entry);
            cache->bytes -= weight(entry);
            cache->count--;
            cache->evicted = true;
            if (entry->judged > cache->judged)
                cache->judged = entry->judged;
            free_entry(cache, entry);
            vacate(cache, cache->hand); /* the hand stays: another entry may have moved here */
            continue;
        }
        if (entry)
            entry->referenced = false;
        cache->hand = (cache->hand + 1) & cache->mask;
    }
    return cache->bytes <= limit;
}

/* Room for one more at the end: gaps are closed when they are many, else the list grows. */
static int list_room(struct seuil_cache *cache, struct seuil_cache_list *list)
{
    uint32_t cap = list->cap ? 2 * list->cap : 64, to = 0;
    struct seuil_cached **items;

    if (list->end < list->cap)
        return 0;
    if (list->count > list->cap / 2 || list->cap == 0) {
        items = seuil_heap_realloc(list->items, cap * sizeof(struct seuil_cached *));
        if (!items)
            return SEUIL_ERR_NOMEM;
        cache->bytes += (cap - list->cap) * sizeof(struct seuil_cached *);
        list->items = items;
        list->cap = cap;
        return 0;
    }
    for (uint32_t i = list->first; i < list->end; i++) {
        if (!list->items[i])
            continue;
        list->items[to] = list->items[i];
        list->items[to]->list_at = to;
        to++;
    }
    list->first = 0;
    list->end = to;
    return 0;
}

void seuil_cache_unlist(struct seuil_cache *cache, struct seuil_cached *entry)
{
    struct seuil_cache_list *list;

    if (entry->list == SEUIL_LIST_NONE)
        return;
    list = &cache->lists[entry->list];
    assert(list->count > 0 && list->items[entry->list_at] == entry);
    list->items[entry->list_at] = NULL;
    list->count--;
    while (list->first < list->end && !list->items[list->first])
        list->first++;
    if (list->first == list->end)
        list->first = list->end = 0;
    entry->list = SEUIL_LIST_NONE;
}

void seuil_cache_enlist(struct seuil_cache *cache, struct seuil_cached *entry, enum seuil_list to)
{
    struct seuil_cache_list *list = &cache->lists[to];

    assert(to < SEUIL_LISTS);
    if (entry->list == to)
        return;
    seuil_cache_unlist(cache, entry);
    if (list_room(cache, list) != 0) {
        cache->failed = true;
        return;
    }
    entry->list_at = list->end;
    list->items[list->end++] = entry;
    list->count++;
    entry->list = (uint8_t)to;
}
