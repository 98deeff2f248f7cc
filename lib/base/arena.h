/* Memory that is freed all at once: what a configuration, a model or a schema is built in. */

#ifndef SEUIL_BASE_ARENA_H
#define SEUIL_BASE_ARENA_H

#include <stddef.h>

struct seuil_arena_block;

struct seuil_arena {
    struct seuil_arena_block *blocks; /* zero-initialise */
    size_t used_bytes;                /* handed out so far */
};

/* Zeroed memory aligned for any type, valid until seuil_arena_done; NULL when memory is out. */
void *seuil_arena_alloc(struct seuil_arena *arena, size_t count, size_t size_bytes);

/* A terminated copy of @len bytes; NULL when memory is out. */
char *seuil_arena_strdup(struct seuil_arena *arena, const char *text, size_t len);

/* Free everything; the arena may be used again. */
void seuil_arena_done(struct seuil_arena *arena);

#endif
