#include "registry/cache.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/hash.h"
#include "base/heap.h"
#include "codec/avro_schema.h"
#include "registry/cache_folder.h"
#include "registry/registry_int.h"

#define HEAD_BYTES 48 /* "seuil schema 1 ", the hash, a newline */
#define NAME_BYTES 96

struct cached {
    struct seuil_registry registry;
    struct seuil_registry *inner;
    struct seuil_cache_folder folder;
    uint64_t urls; /* a hash of them */
    bool away;     /* what is kept is used, and no question was answered since */
    bool reads_only;
    bool silent; /* that nothing can be written was told */
    void (*tell)(const char *text);
    struct seuil_buf file;
};

static void tell(const struct cached *cached, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

static void tell(const struct cached *cached, const char *format, ...)
{
    char text[1024];
    va_list args;

    va_start(args, format);
    vsnprintf(text, sizeof(text), format, args);
    va_end(args);
    if (cached->tell)
        cached->tell(text);
}

/* ---- files ---------------------------------------------------------------------------------- */

/* The first line of a file of that name with that text. */
static void head_of(const char *name, const void *text, size_t len, char out[HEAD_BYTES + 1])
{
    struct seuil_hash128 whole = seuil_hash128(text, len);
    uint64_t seed = seuil_hash64(name, strlen(name));

    snprintf(out, HEAD_BYTES + 1, "seuil schema 1 %016" PRIx64 "%016" PRIx64 "\n",
             seuil_hash64_seed(&whole.high, sizeof(whole.high), seed),
             seuil_hash64_seed(&whole.low, sizeof(whole.low), seed));
}

/* The text that is kept under @name into @ret_text; false: there is none. */
static bool recall(struct cached *cached, const char *name, struct seuil_buf *ret_text)
{
    struct seuil_buf *file = &cached->file;
    char head[HEAD_BYTES + 1];
    int rc =
        seuil_cache_folder_read(&cached->folder, name, HEAD_BYTES + SEUIL_SCHEMA_BYTES_MAX, file);

    if (rc == SEUIL_ERR_MISSING || rc == SEUIL_ERR_NOMEM)
        return false;
    if (!rc && file->len > HEAD_BYTES) {
        head_of(name, file->ptr + HEAD_BYTES, file->len - HEAD_BYTES, head);
        if (memcmp(head, file->ptr, HEAD_BYTES) == 0)
            return seuil_buf_add(ret_text, file->ptr + HEAD_BYTES, file->len - HEAD_BYTES) == 0;
    }
    tell(cached, "%s/%s is damaged or not to be read: it is left aside", cached->folder.path, name);
    if (!cached->reads_only)
        seuil_cache_folder_remove(&cached->folder, name);
    return false;
}

/* Keep @text under @name, where it may be already. */
static void keep(struct cached *cached, const char *name, const void *text, size_t len)
{
    struct seuil_buf *file = &cached->file;
    char head[HEAD_BYTES + 1];
    struct seuil_error err;

    if (cached->reads_only || len == 0 || len > SEUIL_SCHEMA_BYTES_MAX)
        return;
    head_of(name, text, len, head);
    if (seuil_cache_folder_read(&cached->folder, name, HEAD_BYTES + SEUIL_SCHEMA_BYTES_MAX, file) ==
            0 &&
        file->len == HEAD_BYTES + len && memcmp(file->ptr, head, HEAD_BYTES) == 0 &&
        memcmp(file->ptr + HEAD_BYTES, text, len) == 0) {
        seuil_cache_folder_touch(&cached->folder, name);
        return;
    }
    seuil_buf_clear(file);
    if (seuil_buf_add(file, head, HEAD_BYTES) || seuil_buf_add(file, text, len))
        return;
    if (seuil_cache_folder_write(&cached->folder, name, file, &err) == 0) {
        cached->silent = false;
    } else if (!cached->silent) {
        cached->silent = true;
        tell(cached, "%s; schemas that are not kept are not there when the registry is away",
             err.text);
    }
}

/* ---- the interface -------------------------------------------------------------------------- */

static int cached_schema(struct seuil_registry *registry, const struct seuil_schema_ref *ref,
                         struct seuil_buf *ret_text, struct seuil_error *err)
{
    static const char kinds[] = {
        [SEUIL_REF_NONE] = 'n',        [SEUIL_REF_ID] = 'i',        [SEUIL_REF_GUID] = 'u',
        [SEUIL_REF_FINGERPRINT] = 'f', [SEUIL_REF_GLOBAL_ID] = 'g', [SEUIL_REF_CONTENT_ID] = 'c'};
    struct cached *cached = (struct cached *)registry;
    char name[NAME_BYTES], shown[SEUIL_SCHEMA_REF_TEXT];
    int rc;

    snprintf(name, sizeof(name), "%016" PRIx64 "-%c%" PRIx64 "-%" PRIx64 SEUIL_CACHE_SUFFIX,
             cached->urls, kinds[ref->kind], ref->high, ref->low);
    if (cached->away && recall(cached, name, ret_text))
        return 0;
    rc = seuil_registry_schema(cached->inner, ref, ret_text, err);
    if (rc != SEUIL_ERR_BACKOFF)
        cached->away = false;
    if (rc == 0)
        keep(cached, name, ret_text->ptr, ret_text->len);
    if (rc != SEUIL_ERR_BACKOFF || !recall(cached, name, ret_text))
        return rc;
    cached->away = true;
    tell(cached, "schema %s, and what else is kept in %s, is taken from there: %s",
         seuil_schema_ref_format(ref, shown), cached->folder.path, err->text);
    return 0;
}

/* The id of a text of ours is kept as a text, "7". */
static int cached_enlist(struct seuil_registry *registry, const char *subject,
                         struct seuil_str text, uint32_t *ret_id, struct seuil_error *err)
{
    struct cached *cached = (struct cached *)registry;
    struct seuil_hash128 hash = seuil_hash128(text.ptr, text.len);
    struct seuil_buf kept = {0};
    char name[NAME_BYTES], number[16];
    int rc = seuil_registry_register(cached->inner, subject, text, ret_id, err);

    if (rc != SEUIL_ERR_BACKOFF)
        cached->away = false;
    snprintf(name, sizeof(name), "%016" PRIx64 "-s%016" PRIx64 "-%016" PRIx64 SEUIL_CACHE_SUFFIX,
             cached->urls, seuil_hash64(subject, strlen(subject)), hash.high ^ hash.low);
    if (rc == 0) {
        snprintf(number, sizeof(number), "%" PRIu32, *ret_id);
        keep(cached, name, number, strlen(number));
    } else if (rc == SEUIL_ERR_BACKOFF && recall(cached, name, &kept) &&
               seuil_buf_add_byte(&kept, 0) == 0) {
        *ret_id = (uint32_t)strtoul((const char *)kept.ptr, NULL, 10);
        tell(cached, "the id of %s, %" PRIu32 ", is taken from %s: %s", subject, *ret_id,
             cached->folder.path, err->text);
        rc = 0;
    }
    seuil_buf_done(&kept);
    return rc;
}

static void cached_free(struct seuil_registry *registry)
{
    struct cached *cached = (struct cached *)registry;

    seuil_registry_free(cached->inner);
    seuil_cache_folder_done(&cached->folder);
    seuil_buf_done(&cached->file);
    seuil_heap_free(cached);
}

struct seuil_registry *seuil_registry_cache_new(const struct seuil_registry_cache *cache,
                                                struct seuil_registry *registry,
                                                struct seuil_error *err)
{
    struct cached *cached = seuil_heap_zalloc(1, sizeof(*cached));

    if (!cached) {
        seuil_error_set(err, SEUIL_ERR_NOMEM, "out of memory");
        return NULL;
    }
    cached->registry = (struct seuil_registry){cached_schema, cached_enlist, cached_free};
    cached->reads_only = cache->reads_only;
    cached->tell = cache->tell;
    cached->urls = seuil_hash64(cache->urls, strlen(cache->urls));
    if (seuil_cache_folder_open(&cached->folder, cache->path, !cache->reads_only,
                                cache->files_max ? cache->files_max : SEUIL_CACHE_FILES_MAX,
                                cache->bytes_max ? cache->bytes_max : SEUIL_CACHE_BYTES_MAX, err)) {
        cached_free(&cached->registry);
        return NULL;
    }
    cached->inner = registry;
    return &cached->registry;
}
