/* What a registry said, kept in a folder: whoever starts while the registry is away goes on with
 * it.
 *
 * The registry is asked first, always; what it answers is kept, and only when it has no answer is
 * what was kept used instead. So a registry that was emptied and filled anew is never contradicted,
 * and one that says that a schema is missing is believed. After a question without an answer the
 * next ones are not asked for what is kept, until one is answered: starting anew costs one
 * time-out, not one for each schema.
 *
 * One file for each text: a line with a hash (XXH3) of its name and text, then the text. A file is
 * written beside its place and renamed, so that a reader sees all of it or none; one that is not as
 * it was written counts as none and is removed. Several processes and threads may share a folder.
 * Nothing is flushed to the disk: what a power cut damages is asked for again. */

#ifndef SEUIL_REGISTRY_CACHE_H
#define SEUIL_REGISTRY_CACHE_H

#include "registry/registry.h"

/* Beyond either, the files that were used longest ago are removed. */
#define SEUIL_CACHE_FILES_MAX 8192
#define SEUIL_CACHE_BYTES_MAX (64 << 20)

struct seuil_registry_cache {
    const char *path; /* of the folder, which is made when it is not there; copied */
    const char *urls; /* of the registry: what another one said is not believed; copied */
    bool reads_only;  /* nothing is written, made or removed */
    uint32_t files_max, bytes_max; /* 0: as above */
    /* What a person should know: that something kept is used, and why; damaged files. NULL: nobody
     * is told. */
    void (*tell)(const char *text);
};

/* @registry with a folder before it; it is taken over when this succeeds. NULL and @err: the folder
 * cannot be made or read (SEUIL_ERR_MISSING: not there, and reads_only). */
struct seuil_registry *seuil_registry_cache_new(const struct seuil_registry_cache *cache,
                                                struct seuil_registry *registry,
                                                struct seuil_error *err);

#endif
