/* Memory for very many small things of a few sizes, which are also freed all at once.
 *
 * Blocks of one size lie in runs of 16 KiB, runs in chunks that grow to 2 MiB, the size of a huge
 * page of the processor, which the kernel is asked for: things met at random cost fewer ways
 * through the page tables, and the first touch of a chunk one fault instead of hundreds. A run
 * without blocks in use serves any size again (Bonwick, "The Slab Allocator", USENIX 1994). What is
 * too large for runs comes from the heap. */

#ifndef SEUIL_BASE_SLAB_H
#define SEUIL_BASE_SLAB_H

#include <stddef.h>
#include <stdint.h>

/* 64, 128, 192, 256 ... 3072, 4096 bytes: 2^n and 3 * 2^n */
#define SEUIL_SLAB_STEPS 12
#define SEUIL_SLAB_MAX   4096 /* what is larger comes from the heap */

struct seuil_slab_run;
struct seuil_slab_chunk;

/* Zero-initialise. */
struct seuil_slab {
    struct seuil_slab_run *open[SEUIL_SLAB_STEPS]; /* runs with free blocks */
    struct seuil_slab_run *spare;                  /* runs without blocks in use */
    struct seuil_slab_chunk *chunks;               /* the newest first */
    uint8_t *next, *end;                           /* what is left of it */
    uint64_t large;                                /* blocks from the heap */
};

/* What a block for @size_bytes really holds. */
size_t seuil_slab_room(size_t size_bytes);

/* Room for seuil_slab_room(@size_bytes) bytes, aligned to a line of the processor's cache, as long
 * as it comes from a run; NULL when memory is out. */
void *seuil_slab_alloc(struct seuil_slab *slab, size_t size_bytes);

/* @size_bytes as it was asked for, or the room that it got. NULL is nothing. */
void seuil_slab_free(struct seuil_slab *slab, void *block, size_t size_bytes);

/* Free what the runs hold, whether given back or not: only the large ones must have been. The slab
 * is as new. */
void seuil_slab_done(struct seuil_slab *slab);

#endif
