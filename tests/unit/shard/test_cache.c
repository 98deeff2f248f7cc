#include "shard/cache.h"

#include <criterion/criterion.h>
#include <stdio.h>

#include "base/err.h"
#include "base/heap.h"

static struct seuil_cached *put(struct seuil_cache *cache, int n, uint32_t bytes)
{
    uint8_t state[600] = {0};
    char id[20];
    struct seuil_str name = {id, (uint32_t)snprintf(id, sizeof(id), "lead-%d", n)};
    struct seuil_cached *entry = seuil_cache_add(cache, seuil_cache_hash(name), name);

    cr_assert(entry);
    state[0] = (uint8_t)n;
    cr_assert_eq(seuil_cache_set(cache, entry, state, bytes), 0);
    return entry;
}

static struct seuil_cached *find(struct seuil_cache *cache, int n)
{
    char id[20];
    struct seuil_str name = {id, (uint32_t)snprintf(id, sizeof(id), "lead-%d", n)};

    return seuil_cache_find(cache, seuil_cache_hash(name), name);
}

Test(cache, finds_what_was_put_and_nothing_else)
{
    struct seuil_cache cache = {0};

    cr_assert_null(find(&cache, 1));
    for (int i = 0; i < 5000; i++)
        put(&cache, i, 100);
    for (int i = 0; i < 5000; i++) {
        cr_assert(find(&cache, i));
        cr_assert_eq(find(&cache, i)->bytes[0], (uint8_t)i);
    }
    cr_assert_null(find(&cache, 5000));
    cr_assert_eq(cache.count, 5000);
    seuil_cache_done(&cache);
    cr_assert_eq(cache.bytes, 0);
}

Test(cache, keeps_to_its_bytes_by_evicting_what_was_not_looked_at)
{
    struct seuil_cache cache = {0};
    uint64_t limit;

    for (int i = 0; i < 1000; i++)
        put(&cache, i, 300)->referenced = i % 2 == 0;
    limit = cache.bytes - 100 * 300;
    cr_assert(seuil_cache_evict(&cache, limit));
    cr_assert_leq(cache.bytes, limit);
    for (int i = 0; i < 1000; i += 2)
        cr_assert(find(&cache, i), "lead %d was looked at", i);
    cr_assert_lt(cache.count, 1000);
    seuil_cache_done(&cache);
}

Test(cache, an_eviction_leaves_every_other_entry_findable)
{
    struct seuil_cache cache = {0};
    uint32_t found = 0;

    for (int i = 0; i < 3000; i++)
        put(&cache, i, 200)->referenced = false;
    cr_assert(seuil_cache_evict(&cache, cache.bytes / 2));
    for (int i = 0; i < 3000; i++)
        found += find(&cache, i) != NULL;
    cr_assert_eq(found, cache.count);
    seuil_cache_done(&cache);
}

Test(cache, never_evicts_what_is_listed_pinned_in_flight_or_being_loaded)
{
    struct seuil_cache cache = {0};

    for (int i = 0; i < 100; i++)
        put(&cache, i, 300)->referenced = false;
    seuil_cache_enlist(&cache, find(&cache, 1), SEUIL_LIST_A);
    seuil_cache_enlist(&cache, find(&cache, 2), SEUIL_LIST_URGENT);
    find(&cache, 3)->pins = 1;
    find(&cache, 4)->in_flight = true;
    find(&cache, 5)->loading = true;
    cr_assert_not(seuil_cache_evict(&cache, 1));
    cr_assert_eq(cache.count, 5);
    for (int i = 1; i <= 5; i++)
        cr_assert(find(&cache, i));
    seuil_cache_done(&cache);
}

Test(cache, an_entry_is_on_one_list_at_a_time)
{
    struct seuil_cache cache = {0};
    struct seuil_cached *entry[3];

    for (int i = 0; i < 3; i++) {
        entry[i] = put(&cache, i, 10);
        seuil_cache_enlist(&cache, entry[i], SEUIL_LIST_A);
    }
    seuil_cache_enlist(&cache, entry[1], SEUIL_LIST_B);
    cr_assert_eq(cache.lists[SEUIL_LIST_A].count, 2);
    cr_assert_eq(cache.lists[SEUIL_LIST_B].items[cache.lists[SEUIL_LIST_B].first], entry[1]);
    cr_assert_eq(cache.lists[SEUIL_LIST_A].items[cache.lists[SEUIL_LIST_A].end - 1], entry[2]);
    seuil_cache_unlist(&cache, entry[0]);
    seuil_cache_unlist(&cache, entry[2]);
    seuil_cache_unlist(&cache, entry[2]);
    cr_assert_eq(cache.lists[SEUIL_LIST_A].count, 0);
    seuil_cache_done(&cache);
}

Test(cache, a_list_keeps_its_order_whoever_leaves_it)
{
    struct seuil_cache cache = {0};
    struct seuil_cache_list *list = &cache.lists[SEUIL_LIST_A];
    struct seuil_cached *entry[300];

    for (int i = 0; i < 300; i++)
        entry[i] = put(&cache, i, 10);
    for (int round = 0; round < 20; round++) {
        for (int i = 0; i < 300; i++)
            seuil_cache_enlist(&cache, entry[i], SEUIL_LIST_A);
        for (int i = 0; i < 300; i++) /* most of them leave from the middle */
            if (i % 7)
                seuil_cache_unlist(&cache, entry[i]);
        cr_assert_eq(list->count, 43);
        for (int i = 1; i < 100; i += 7)
            seuil_cache_enlist(&cache, entry[i], SEUIL_LIST_A);
        for (int i = 0; i < 300; i += 7) {
            cr_assert_eq(list->items[list->first], entry[i]);
            seuil_cache_unlist(&cache, entry[i]);
        }
        for (int i = 1; i < 100; i += 7) {
            cr_assert_eq(list->items[list->first], entry[i]);
            seuil_cache_unlist(&cache, entry[i]);
        }
        cr_assert_eq(list->count, 0);
    }
    cr_assert_leq(list->cap, 1024);
    seuil_cache_done(&cache);
}

Test(cache, the_heap_gives_the_least_due_time_whatever_moves)
{
    struct seuil_cache cache = {0};
    struct seuil_cached *entry[500];
    uint32_t seed = 7;

    for (int i = 0; i < 500; i++)
        entry[i] = put(&cache, i, 10);
    for (int round = 0; round < 5000; round++) {
        struct seuil_cached *e = entry[(seed = seed * 1103515245 + 12345) % 500], *first;

        if (seed >> 16 & 1) {
            e->due = (seed >> 8) % 10000;
            cr_assert_eq(seuil_cache_schedule(&cache, e), 0);
        } else {
            seuil_cache_unschedule(&cache, e);
        }
        first = seuil_cache_first_due(&cache);
        for (int i = 0; i < 500; i++)
            cr_assert(!entry[i]->heap_at || first->due <= entry[i]->due);
    }
    seuil_cache_done(&cache);
}

Test(cache, running_out_of_memory_leaves_it_as_it_was)
{
    struct seuil_cache cache = {0};
    struct seuil_cached *entry = put(&cache, 1, 50);
    uint8_t state[SEUIL_SLAB_MAX + 1] = {9};
    uint64_t hash = 77;

    seuil_heap_fail_after(0);
    cr_assert_eq(seuil_cache_set(&cache, entry, state, sizeof(state)), SEUIL_ERR_NOMEM);
    while (hash < 1000 && seuil_cache_add(&cache, hash, SEUIL_STR("another")))
        hash++; /* what the slab has left */
    cr_assert_lt(hash, 1000);
    cr_assert_eq(seuil_cache_set(&cache, entry, state, 300), SEUIL_ERR_NOMEM);
    seuil_heap_fail_after(-1);
    cr_assert_eq(entry->len, 50);
    cr_assert_eq(entry->bytes[0], 1);
    seuil_cache_done(&cache);
}
