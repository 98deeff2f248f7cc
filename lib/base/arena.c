#include "base/arena.h"

#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "base/heap.h"

#define BLOCK_BYTES 8192

struct seuil_arena_block {
    struct seuil_arena_block *next;
    size_t len, cap;
    max_align_t bytes[];
};

void *seuil_arena_alloc(struct seuil_arena *arena, size_t count, size_t size_bytes)
{
    struct seuil_arena_block *block = arena->blocks;
    size_t need, cap;
    void *ptr;

    if (size_bytes && count > (SIZE_MAX / 2) / size_bytes)
        return NULL;
    need = count * size_bytes;
    need = (need + _Alignof(max_align_t) - 1) & ~(_Alignof(max_align_t) - 1);
    if (need == 0)
        need = _Alignof(max_align_t);
    if (!block || block->cap - block->len < need) {
        cap = need > BLOCK_BYTES ? need : BLOCK_BYTES;
        block = seuil_heap_zalloc(1, sizeof(*block) + cap);
        if (!block)
            return NULL;
        block->cap = cap;
        block->next = arena->blocks;
        arena->blocks = block;
    }
    ptr = (char *)block->bytes + block->len;
    block->len += need;
    arena->used_bytes += need;
    return ptr;
}

char *seuil_arena_strdup(struct seuil_arena *arena, const char *text, size_t len)
{
    char *copy = seuil_arena_alloc(arena, len + 1, 1);

    if (copy && len)
        memcpy(copy, text, len);
    return copy;
}

void seuil_arena_done(struct seuil_arena *arena)
{
    while (arena->blocks) {
        struct seuil_arena_block *next = arena->blocks->next;

        seuil_heap_free(arena->blocks);
        arena->blocks = next;
    }
    arena->used_bytes = 0;
}
