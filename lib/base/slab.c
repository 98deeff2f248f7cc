#include "base/slab.h"

#include <assert.h>
#include <stdbool.h>

#include "base/heap.h"

#define LINE_BYTES  64
#define RUN_BYTES   (16u << 10)
#define CHUNK_FIRST (64u << 10)
#define CHUNK_MAX   (2u << 20)

struct block { /* a free one */
    struct block *next;
};

/* At the begin of its 16 KiB, to which it is aligned. */
struct seuil_slab_run {
    struct seuil_slab_run *next, *before; /* in a list */
    struct block *free;
    uint32_t step;
    uint32_t used;  /* blocks */
    uint32_t fresh; /* where blocks begin that were never used */
};

struct seuil_slab_chunk {
    struct seuil_slab_chunk *next;
    void *pages;
    size_t bytes;
};

_Static_assert(sizeof(struct seuil_slab_run) <= LINE_BYTES, "the head of a run is one line");

/* What sanitizers are told: a block that is free is nobody's. */
#if defined(__SANITIZE_ADDRESS__)
#include <sanitizer/asan_interface.h>
#define HIDE(block, len) ASAN_POISON_MEMORY_REGION(block, len)
#define SHOW(block, len) ASAN_UNPOISON_MEMORY_REGION(block, len)
#else
#define HIDE(block, len) ((void)0)
#define SHOW(block, len) ((void)0)
#endif

static uint32_t step_bytes(uint32_t step)
{
    static const uint16_t bytes[SEUIL_SLAB_STEPS] = {64,  128,  192,  256,  384,  512,
                                                     768, 1024, 1536, 2048, 3072, 4096};

    return bytes[step];
}

static uint32_t step_of(size_t size_bytes)
{
    uint32_t step = 0;

    while (step_bytes(step) < size_bytes)
        step++;
    return step;
}

size_t seuil_slab_room(size_t size_bytes)
{
    size_t room = SEUIL_SLAB_MAX;

    if (size_bytes <= SEUIL_SLAB_MAX)
        return step_bytes(step_of(size_bytes));
    while (room < size_bytes)
        room += room & (room - 1) ? room / 3 : room / 2;
    return room;
}

/* ---- runs -------------------------------------------------------------------------------------
 */

static void push(struct seuil_slab_run **list, struct seuil_slab_run *run)
{
    run->next = *list;
    run->before = NULL;
    if (run->next)
        run->next->before = run;
    *list = run;
}

static void take_out(struct seuil_slab_run **list, struct seuil_slab_run *run)
{
    if (run->before)
        run->before->next = run->next;
    else
        *list = run->next;
    if (run->next)
        run->next->before = run->before;
}

static bool is_full(const struct seuil_slab_run *run)
{
    return !run->free && run->fresh + step_bytes(run->step) > RUN_BYTES;
}

/* Chunks grow with what they are for: many shards have a slab each. */
static bool grow(struct seuil_slab *slab)
{
    size_t bytes = slab->chunks ? 2 * slab->chunks->bytes : CHUNK_FIRST;
    struct seuil_slab_chunk *chunk = seuil_heap_alloc(sizeof(*chunk));

    if (!chunk)
        return false;
    chunk->bytes = bytes < CHUNK_MAX ? bytes : CHUNK_MAX;
    chunk->pages = seuil_heap_pages(chunk->bytes);
    if (!chunk->pages) {
        seuil_heap_free(chunk);
        return false;
    }
    chunk->next = slab->chunks;
    slab->chunks = chunk;
    slab->next = chunk->pages;
    slab->end = slab->next + chunk->bytes;
    return true;
}

static struct seuil_slab_run *open_run(struct seuil_slab *slab, uint32_t step)
{
    struct seuil_slab_run *run = slab->spare;

    if (run) {
        take_out(&slab->spare, run);
    } else {
        if (slab->next == slab->end && !grow(slab))
            return NULL;
        run = (struct seuil_slab_run *)slab->next;
        slab->next += RUN_BYTES;
    }
    *run = (struct seuil_slab_run){.step = step, .fresh = LINE_BYTES};
    HIDE(run + 1, RUN_BYTES - sizeof(*run));
    push(&slab->open[step], run);
    return run;
}

/* ---- blocks -----------------------------------------------------------------------------------
 */

void *seuil_slab_alloc(struct seuil_slab *slab, size_t size_bytes)
{
    struct seuil_slab_run *run;
    struct block *block;
    uint32_t step;

    if (size_bytes > SEUIL_SLAB_MAX) {
        void *large = seuil_heap_alloc(seuil_slab_room(size_bytes));

        slab->large += large != NULL;
        return large;
    }
    step = step_of(size_bytes);
    run = slab->open[step];
    if (!run && !(run = open_run(slab, step)))
        return NULL;
    block = run->free;
    if (block) {
        SHOW(block, step_bytes(step));
        run->free = block->next;
    } else {
        block = (struct block *)((uint8_t *)run + run->fresh);
        SHOW(block, step_bytes(step));
        run->fresh += step_bytes(step);
    }
    run->used++;
    if (is_full(run))
        take_out(&slab->open[step], run);
    return block;
}

void seuil_slab_free(struct seuil_slab *slab, void *block, size_t size_bytes)
{
    struct seuil_slab_run *run;
    struct block *freed = block;

    if (!block)
        return;
    if (size_bytes > SEUIL_SLAB_MAX) {
        seuil_heap_free(block);
        slab->large--;
        return;
    }
    run = (struct seuil_slab_run *)((uintptr_t)block & ~(uintptr_t)(RUN_BYTES - 1));
    assert(run->used > 0 && step_of(size_bytes) == run->step);
    if (is_full(run))
        push(&slab->open[run->step], run);
    freed->next = run->free;
    run->free = freed;
    HIDE(freed, step_bytes(run->step));
    if (--run->used > 0)
        return;
    take_out(&slab->open[run->step], run);
    push(&slab->spare, run);
}

void seuil_slab_done(struct seuil_slab *slab)
{
    assert(slab->large == 0);
    while (slab->chunks) {
        struct seuil_slab_chunk *chunk = slab->chunks;

        slab->chunks = chunk->next;
        SHOW(chunk->pages, chunk->bytes);
        seuil_heap_free(chunk->pages);
        seuil_heap_free(chunk);
    }
    *slab = (struct seuil_slab){0};
}
