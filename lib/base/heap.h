/* The allocator of everything outside the core, so that tests can let the n-th allocation fail. */

#ifndef SEUIL_BASE_HEAP_H
#define SEUIL_BASE_HEAP_H

#include <stddef.h>
#include <stdint.h>

/* As malloc, calloc, realloc, free; NULL when memory is out (or a test says so). */
void *seuil_heap_alloc(size_t size_bytes);
void *seuil_heap_zalloc(size_t count, size_t size_bytes);
void *seuil_heap_realloc(void *ptr, size_t size_bytes);
void seuil_heap_free(void *ptr);

/* @size_bytes, a power of two, aligned to themselves. From 2 MiB on the kernel is asked for huge
 * pages. Free with seuil_heap_free. */
void *seuil_heap_pages(size_t size_bytes);

/* A terminated copy of @len bytes of @text; NULL when memory is out. Free with seuil_heap_free. */
char *seuil_heap_strdup(const char *text, size_t len);

/* Tests only, per thread: let the allocation after @countdown successful ones fail (-1: none
 * fails, the normal state). Returns how many allocations this thread made since the last call. */
uint64_t seuil_heap_fail_after(int64_t countdown);

#endif
