#include <criterion/criterion.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/heap.h"
#include "base/slab.h"

#define BLOCKS 3000

Test(slab, room_is_the_next_power_of_two_or_three_quarters_of_it)
{
    cr_assert_eq(seuil_slab_room(1), 64);
    cr_assert_eq(seuil_slab_room(129), 192);
    cr_assert_eq(seuil_slab_room(192), 192);
    cr_assert_eq(seuil_slab_room(193), 256);
    cr_assert_eq(seuil_slab_room(SEUIL_SLAB_MAX), SEUIL_SLAB_MAX);
    cr_assert_eq(seuil_slab_room(SEUIL_SLAB_MAX + 1), 6144);
    cr_assert_eq(seuil_slab_room(6145), 8192);
}

Test(slab, blocks_in_use_never_overlap_and_keep_what_is_in_them)
{
    struct seuil_slab slab = {0};
    uint8_t *blocks[BLOCKS] = {0};
    size_t sizes[BLOCKS] = {0};

    srand(7);
    for (int turn = 0; turn < 40000; turn++) {
        int i = rand() % BLOCKS;

        for (size_t k = 0; k < sizes[i]; k++)
            cr_assert_eq(blocks[i][k], (uint8_t)i);
        seuil_slab_free(&slab, blocks[i], sizes[i]);
        sizes[i] = rand() % 100 == 0 ? 5000 : (size_t)(1 + rand() % 400);
        blocks[i] = seuil_slab_alloc(&slab, sizes[i]);
        cr_assert(blocks[i]);
        cr_assert(sizes[i] > SEUIL_SLAB_MAX || (uintptr_t)blocks[i] % 64 == 0);
        memset(blocks[i], i, sizes[i]);
    }
    for (int i = 0; i < BLOCKS; i++)
        if (sizes[i] > SEUIL_SLAB_MAX)
            seuil_slab_free(&slab, blocks[i], sizes[i]);
    seuil_slab_done(&slab);
}

Test(slab, what_one_size_gave_back_serves_another)
{
    struct seuil_slab slab = {0};
    static void *blocks[BLOCKS];
    uint64_t made;

    for (int i = 0; i < BLOCKS; i++)
        cr_assert(blocks[i] = seuil_slab_alloc(&slab, 256));
    for (int i = 0; i < BLOCKS; i++)
        seuil_slab_free(&slab, blocks[i], 256);
    seuil_heap_fail_after(-1);
    for (int i = 0; i < BLOCKS / 2; i++)
        cr_assert(seuil_slab_alloc(&slab, 384));
    made = seuil_heap_fail_after(-1);
    cr_assert_eq(made, 0, "%llu allocations", (unsigned long long)made);
    seuil_slab_done(&slab);
}

Test(slab, without_memory_there_is_no_block_and_what_was_is_whole)
{
    struct seuil_slab slab = {0};
    uint8_t *first;

    for (int after = 0; after < 2; after++) {
        seuil_heap_fail_after(after);
        cr_assert_null(seuil_slab_alloc(&slab, 100));
        seuil_heap_fail_after(-1);
    }
    cr_assert(first = seuil_slab_alloc(&slab, 100));
    memset(first, 9, 100);
    seuil_heap_fail_after(0);
    while (seuil_slab_alloc(&slab, 4000))
        ;
    cr_assert_null(seuil_slab_alloc(&slab, 5000));
    seuil_heap_fail_after(-1);
    cr_assert_eq(first[99], 9);
    cr_assert(seuil_slab_alloc(&slab, 4000));
    seuil_slab_done(&slab);
}
