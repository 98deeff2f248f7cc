/* The folder behind registry/cache.h: files that are whole or not there, bounded in number and
 * size.
 *
 * Only names with the suffix are looked at; what else lies in the folder is another's. */

#ifndef SEUIL_REGISTRY_CACHE_FOLDER_H
#define SEUIL_REGISTRY_CACHE_FOLDER_H

#include "base/buf.h"
#include "base/err.h"

#define SEUIL_CACHE_SUFFIX ".schema"

struct seuil_cache_folder {
    char *path;
    int fd;
    uint32_t files_max, bytes_max;
    uint64_t files, bytes; /* as last counted, and what was written since */
};

/* 0; SEUIL_ERR_MISSING: not there, and @make is false; SEUIL_ERR_CONFIG: it cannot be made or is no
 * folder; SEUIL_ERR_NOMEM. After a failure, too, _done is called. */
int seuil_cache_folder_open(struct seuil_cache_folder *folder, const char *path, bool make,
                            uint32_t files_max, uint32_t bytes_max, struct seuil_error *err);
void seuil_cache_folder_done(struct seuil_cache_folder *folder);

/* The bytes of a file, @max at most, into @ret_bytes. 0; SEUIL_ERR_MISSING; SEUIL_ERR_IO: larger,
 * not a plain file, not readable; SEUIL_ERR_NOMEM. */
int seuil_cache_folder_read(const struct seuil_cache_folder *folder, const char *name, size_t max,
                            struct seuil_buf *ret_bytes);

/* Put a file there, in place of one of that name; then, beyond the bounds, remove the oldest until
 * a quarter of them is free. 0; SEUIL_ERR_IO and @err. */
int seuil_cache_folder_write(struct seuil_cache_folder *folder, const char *name,
                             const struct seuil_buf *bytes, struct seuil_error *err);

/* It was used now. */
void seuil_cache_folder_touch(const struct seuil_cache_folder *folder, const char *name);
void seuil_cache_folder_remove(const struct seuil_cache_folder *folder, const char *name);

#endif
