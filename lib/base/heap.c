#include "base/heap.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#define HUGE_PAGE_BYTES (2u << 20)

static _Thread_local int64_t countdown = -1;
static _Thread_local uint64_t made;

static bool fails(void)
{
    made++;
    if (countdown < 0)
        return false;
    if (countdown == 0)
        return true;
    countdown--;
    return false;
}

void *seuil_heap_alloc(size_t size_bytes)
{
    return fails() ? NULL : malloc(size_bytes ? size_bytes : 1);
}

void *seuil_heap_zalloc(size_t count, size_t size_bytes)
{
    return fails() ? NULL : calloc(count ? count : 1, size_bytes ? size_bytes : 1);
}

void *seuil_heap_realloc(void *ptr, size_t size_bytes)
{
    return fails() ? NULL : realloc(ptr, size_bytes ? size_bytes : 1);
}

void seuil_heap_free(void *ptr)
{
    free(ptr);
}

void *seuil_heap_pages(size_t size_bytes)
{
    void *ptr = fails() ? NULL : aligned_alloc(size_bytes, size_bytes);

    if (ptr && size_bytes >= HUGE_PAGE_BYTES)
        madvise(ptr, size_bytes, MADV_HUGEPAGE); /* a wish */
    return ptr;
}

char *seuil_heap_strdup(const char *text, size_t len)
{
    char *copy = seuil_heap_alloc(len + 1);

    if (!copy)
        return NULL;
    if (len)
        memcpy(copy, text, len);
    copy[len] = '\0';
    return copy;
}

uint64_t seuil_heap_fail_after(int64_t after)
{
    uint64_t count = made;

    countdown = after;
    made = 0;
    return count;
}
