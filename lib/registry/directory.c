/* A registry that is a folder: for those who have none. */

#include <dirent.h>
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/heap.h"
#include "codec/avro_fingerprint.h"
#include "codec/avro_schema.h"
#include "registry/registry_int.h"

#define PATH_BYTES 4400

struct directory {
    struct seuil_registry registry;
    char path[4096];
};

/* The whole of a file. SEUIL_ERR_MISSING, SEUIL_ERR_LIMIT; SEUIL_ERR_BACKOFF: it cannot be read. */
static int read_file(const char *path, struct seuil_buf *ret_text, struct seuil_error *err)
{
    FILE *file = fopen(path, "rbe");
    size_t n;
    int rc = 0;

    if (!file)
        return seuil_error_set(err, errno == ENOENT ? SEUIL_ERR_MISSING : SEUIL_ERR_BACKOFF,
                               "%s cannot be read: %s", path, strerror(errno));
    seuil_buf_clear(ret_text);
    if (seuil_buf_reserve(ret_text, SEUIL_SCHEMA_BYTES_MAX + 1)) {
        fclose(file);
        return seuil_error_set(err, SEUIL_ERR_NOMEM, "out of memory");
    }
    n = fread(ret_text->ptr, 1, SEUIL_SCHEMA_BYTES_MAX + 1, file);
    if (ferror(file))
        rc =
            seuil_error_set(err, SEUIL_ERR_BACKOFF, "%s cannot be read: %s", path, strerror(errno));
    else if (n > SEUIL_SCHEMA_BYTES_MAX)
        rc = seuil_error_set(err, SEUIL_ERR_LIMIT, "%s is larger than %d KiB", path,
                             SEUIL_SCHEMA_BYTES_MAX / 1024);
    ret_text->len = n;
    fclose(file);
    return rc;
}

static int by_name(const struct directory *directory, const char *name, struct seuil_buf *ret_text,
                   struct seuil_error *err)
{
    char path[PATH_BYTES];
    int rc;

    snprintf(path, sizeof(path), "%s/%s.avsc", directory->path, name);
    rc = read_file(path, ret_text, err);
    if (rc == SEUIL_ERR_MISSING && access(directory->path, R_OK | X_OK) != 0)
        return seuil_error_set(err, SEUIL_ERR_BACKOFF, "%s cannot be read: %s", directory->path,
                               strerror(errno)); /* not mounted now: no word about the file */
    return rc;
}

/* Files that are no schema are passed over: they are another's. */
static int by_fingerprint(const struct directory *directory, uint64_t fingerprint,
                          struct seuil_buf *ret_text, struct seuil_error *err)
{
    DIR *dir = opendir(directory->path);
    int rc = SEUIL_ERR_MISSING;

    if (!dir)
        return seuil_error_set(err, SEUIL_ERR_BACKOFF, "%s cannot be read: %s", directory->path,
                               strerror(errno));
    for (struct dirent *entry; rc == SEUIL_ERR_MISSING && (entry = readdir(dir)) != NULL;) {
        size_t len = strlen(entry->d_name);
        char path[PATH_BYTES];
        uint64_t found;

        if (len < 5 || strcmp(entry->d_name + len - 5, ".avsc") != 0)
            continue;
        snprintf(path, sizeof(path), "%s/%s", directory->path, entry->d_name);
        if (read_file(path, ret_text, err) == 0 &&
            seuil_avro_fingerprint(path, (const char *)ret_text->ptr, ret_text->len, &found, err) ==
                0 &&
            found == fingerprint)
            rc = 0;
    }
    closedir(dir);
    return rc ? seuil_error_set(err, rc, "no schema in %s has the fingerprint %016" PRIx64,
                                directory->path, fingerprint)
              : 0;
}

static int directory_schema(struct seuil_registry *registry, const struct seuil_schema_ref *ref,
                            struct seuil_buf *ret_text, struct seuil_error *err)
{
    const struct directory *directory = (const struct directory *)registry;
    char name[SEUIL_SCHEMA_REF_TEXT];

    if (ref->kind == SEUIL_REF_FINGERPRINT)
        return by_fingerprint(directory, ref->low, ret_text, err);
    if (ref->kind == SEUIL_REF_GUID)
        seuil_schema_ref_format(ref, name);
    else
        snprintf(name, sizeof(name), "%" PRIu64, ref->low);
    return by_name(directory, name, ret_text, err);
}

static int directory_enlist(struct seuil_registry *registry, const char *subject,
                            struct seuil_str text, uint32_t *ret_id, struct seuil_error *err)
{
    (void)registry, (void)subject, (void)text, (void)ret_id;
    return seuil_error_set(err, SEUIL_ERR_UNSUPPORTED,
                           "a folder gives no ids: registering needs registry.url");
}

static void directory_free(struct seuil_registry *registry)
{
    seuil_heap_free(registry);
}

struct seuil_registry *seuil_registry_directory_new(const char *path, struct seuil_error *err)
{
    struct directory *directory = seuil_heap_zalloc(1, sizeof(*directory));
    DIR *dir;

    if (!directory) {
        seuil_error_set(err, SEUIL_ERR_NOMEM, "out of memory");
        return NULL;
    }
    directory->registry =
        (struct seuil_registry){directory_schema, directory_enlist, directory_free};
    snprintf(directory->path, sizeof(directory->path), "%s", path);
    dir = opendir(path);
    if (!dir) {
        seuil_error_set(err, SEUIL_ERR_CONFIG, "registry.directory %s cannot be read: %s", path,
                        strerror(errno));
        seuil_heap_free(directory);
        return NULL;
    }
    closedir(dir);
    return &directory->registry;
}
