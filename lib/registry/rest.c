/* A registry behind HTTP. What an answer means:
 *   200                     what was asked for, when it is such an answer
 *   404 with 404xx inside   the registry's word that it is not there
 *   409, 422                what we sent is refused (registration only)
 *   all else                no word about the schema: the next URL, then back off. A 404 without
 *                           the registry's own code is a proxy's or a wrong path. */

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/heap.h"
#include "codec/schema_answer.h"
#include "registry/registry_int.h"

#define PATH_MAX_BYTES 1024
#define DEPTH_MAX      8 /* references of references */

struct rest {
    struct seuil_registry registry;
    struct seuil_http *http;
    struct seuil_http_answer answer;
    char *urls; /* the texts below */
    const char *url[SEUIL_REGISTRY_URLS_MAX];
    uint32_t url_count, current;
};

/* ---- asking -------------------------------------------------------------------------------- */

/* What @status of the answer at hand says; @url for messages. */
static int judge(struct rest *rest, const char *url, struct seuil_error *err)
{
    const struct seuil_buf *body = &rest->answer.body;
    int status = rest->answer.status;
    char text[200];

    if (status == 200)
        return 0;
    if (status == 404 && seuil_schema_is_missing(body->ptr, body->len))
        return seuil_error_set(err, SEUIL_ERR_MISSING, "%s says: %s", url,
                               seuil_schema_complaint(body->ptr, body->len, text, sizeof(text)));
    if (status == 409 || status == 422)
        return seuil_error_set(err, SEUIL_ERR_INVALID, "%s refuses the schema: %s", url,
                               seuil_schema_complaint(body->ptr, body->len, text, sizeof(text)));
    if (status == 401 || status == 403)
        return seuil_error_set(err, SEUIL_ERR_BACKOFF,
                               "%s refuses us with status %d: look at registry.user and "
                               "registry.password, or registry.token",
                               url, status);
    if (status == 404)
        return seuil_error_set(err, SEUIL_ERR_BACKOFF,
                               "%s has no such page, and does not say so as a registry does: look "
                               "at the path of registry.url",
                               url);
    return seuil_error_set(err, SEUIL_ERR_BACKOFF, "%s answers with status %d: %s", url, status,
                           seuil_schema_complaint(body->ptr, body->len, text, sizeof(text)));
}

/* Ask the servers in turn until one says something of what is asked. */
static int ask(struct rest *rest, const char *path, const struct seuil_buf *body,
               struct seuil_error *err)
{
    char url[SEUIL_REGISTRY_URLS_MAX * 256 + PATH_MAX_BYTES];
    int rc = SEUIL_ERR_BACKOFF;

    for (uint32_t i = 0; i < rest->url_count && rc == SEUIL_ERR_BACKOFF; i++) {
        const char *base = rest->url[rest->current];

        snprintf(url, sizeof(url), "%s%s", base, path);
        rc = rest->http->ask(rest->http, url, body ? (const char *)body->ptr : NULL,
                             body ? body->len : 0, &rest->answer, err);
        if (!rc)
            rc = judge(rest, base, err);
        /* One that has not heard of a schema yet is not asked for it again before the others. */
        if (rc == SEUIL_ERR_BACKOFF || rc == SEUIL_ERR_MISSING)
            rest->current = (rest->current + 1) % rest->url_count;
    }
    return rc;
}

/* ---- Confluent's ---------------------------------------------------------------------------- */

/* %XX for all but what stands in a path as itself. */
static void add_escaped(char *path, size_t cap, const char *text)
{
    size_t n = strlen(path);

    for (; *text && n + 4 < cap; text++) {
        unsigned char c = (unsigned char)*text;

        if ((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
            strchr("-_.~", c))
            path[n++] = (char)c;
        else
            n += (size_t)snprintf(path + n, cap - n, "%%%02X", c);
    }
    path[n] = '\0';
}

struct gathered { /* the parts that a schema refers to, all in @arena */
    struct seuil_arena *arena;
    struct seuil_schema_part parts[SEUIL_SCHEMA_REFERENCES_MAX];
    uint32_t count;
};

static int ask_schema(struct rest *rest, const char *path, struct seuil_arena *arena,
                      struct seuil_schema_answer *ret_answer, struct seuil_error *err)
{
    int rc = ask(rest, path, NULL, err);

    if (!rc)
        rc = seuil_schema_answer_read(rest->answer.body.ptr, rest->answer.body.len, arena,
                                      ret_answer, err);
    if (!rc && strcmp(ret_answer->type, "AVRO") != 0)
        rc = seuil_error_set(err, SEUIL_ERR_UNSUPPORTED, "the schema is %.40s, not Avro",
                             ret_answer->type);
    return rc;
}

static bool is_gathered(const struct gathered *gathered, const char *name)
{
    for (uint32_t i = 0; i < gathered->count; i++)
        if (strcmp(gathered->parts[i].name, name) == 0)
            return true;
    return false;
}

static int gather(struct rest *rest, const struct seuil_schema_answer *answer,
                  struct gathered *gathered, unsigned depth, struct seuil_error *err)
{
    int rc = 0;

    if (depth == 0 && answer->reference_count)
        return seuil_error_set(err, SEUIL_ERR_LIMIT, "references are more than %d deep", DEPTH_MAX);
    for (uint32_t i = 0; i < answer->reference_count && !rc; i++) {
        const struct seuil_schema_reference *reference = &answer->references[i];
        struct seuil_schema_answer part;
        char path[PATH_MAX_BYTES] = "/subjects/";

        if (is_gathered(gathered, reference->name))
            continue;
        if (gathered->count == SEUIL_SCHEMA_REFERENCES_MAX)
            return seuil_error_set(err, SEUIL_ERR_LIMIT, "the schema refers to more than %d others",
                                   SEUIL_SCHEMA_REFERENCES_MAX);
        add_escaped(path, sizeof(path) - 64, reference->subject);
        snprintf(path + strlen(path), 64, "/versions/%d?deleted=true", reference->version);
        rc = ask_schema(rest, path, gathered->arena, &part, err);
        if (rc == SEUIL_ERR_MISSING) /* the schema is there, so what it refers to must be */
            rc = SEUIL_ERR_BACKOFF;
        if (!rc) {
            gathered->parts[gathered->count++] =
                (struct seuil_schema_part){reference->name, part.text, part.len};
            rc = gather(rest, &part, gathered, depth - 1, err);
        }
    }
    return rc;
}

static int confluent_schema(struct rest *rest, const struct seuil_schema_ref *ref,
                            struct seuil_buf *ret_text, struct seuil_error *err)
{
    struct seuil_arena arena = {0};
    struct gathered *gathered = seuil_arena_alloc(&arena, 1, sizeof(*gathered));
    char path[PATH_MAX_BYTES], name[SEUIL_SCHEMA_REF_TEXT];
    struct seuil_schema_answer answer;
    int rc;

    if (!gathered)
        return seuil_error_set(err, SEUIL_ERR_NOMEM, "out of memory");
    gathered->arena = &arena;
    snprintf(path, sizeof(path), "/schemas/%s/%s", ref->kind == SEUIL_REF_GUID ? "guids" : "ids",
             seuil_schema_ref_format(ref, name));
    rc = ask_schema(rest, path, &arena, &answer, err);
    if (!rc)
        rc = gather(rest, &answer, gathered, DEPTH_MAX, err);
    if (!rc && gathered->count)
        rc = seuil_schema_inline(answer.text, answer.len, gathered->parts, gathered->count,
                                 ret_text, err);
    else if (!rc && seuil_buf_add(ret_text, answer.text, answer.len))
        rc = seuil_error_set(err, SEUIL_ERR_NOMEM, "out of memory");
    seuil_arena_done(&arena);
    return rc;
}

/* ---- Apicurio's ----------------------------------------------------------------------------- */

/* The text itself is the answer. */
static int apicurio_schema(struct rest *rest, const struct seuil_schema_ref *ref,
                           struct seuil_buf *ret_text, struct seuil_error *err)
{
    char path[PATH_MAX_BYTES];
    int rc;

    snprintf(path, sizeof(path), "/ids/%s/%" PRIu64,
             ref->kind == SEUIL_REF_GLOBAL_ID ? "globalIds" : "contentIds", ref->low);
    rc = ask(rest, path, NULL, err);
    if (!rc && !seuil_schema_is_json(rest->answer.body.ptr, rest->answer.body.len))
        rc = seuil_error_set(err, SEUIL_ERR_BACKOFF, "the registry's answer is no JSON");
    if (!rc && seuil_buf_add(ret_text, rest->answer.body.ptr, rest->answer.body.len))
        rc = seuil_error_set(err, SEUIL_ERR_NOMEM, "out of memory");
    return rc;
}

/* ---- the interface -------------------------------------------------------------------------- */

static int rest_schema(struct seuil_registry *registry, const struct seuil_schema_ref *ref,
                       struct seuil_buf *ret_text, struct seuil_error *err)
{
    struct rest *rest = (struct rest *)registry;

    switch ((enum seuil_schema_ref_kind)ref->kind) {
    case SEUIL_REF_ID:
    case SEUIL_REF_GUID:
        return confluent_schema(rest, ref, ret_text, err);
    case SEUIL_REF_GLOBAL_ID:
    case SEUIL_REF_CONTENT_ID:
        return apicurio_schema(rest, ref, ret_text, err);
    case SEUIL_REF_FINGERPRINT:
    case SEUIL_REF_NONE:
        break;
    }
    return seuil_error_set(err, SEUIL_ERR_UNSUPPORTED,
                           "registries do not know schemas by fingerprint: name the files in "
                           "`schemas`, or set registry.directory");
}

/* Looked up first: who may only read a subject can still write what is there. */
static int rest_enlist(struct seuil_registry *registry, const char *subject, struct seuil_str text,
                       uint32_t *ret_id, struct seuil_error *err)
{
    struct rest *rest = (struct rest *)registry;
    char path[PATH_MAX_BYTES] = "/subjects/";
    struct seuil_buf body = {0};
    int rc = seuil_schema_request_write(text.ptr, text.len, &body);

    add_escaped(path, sizeof(path) - 16, subject);
    if (!rc)
        rc = ask(rest, path, &body, err);
    if (rc == SEUIL_ERR_MISSING) {
        strcat(path, "/versions");
        rc = ask(rest, path, &body, err);
    }
    seuil_buf_done(&body);
    if (!rc && seuil_schema_id_read(rest->answer.body.ptr, rest->answer.body.len, ret_id))
        rc = seuil_error_set(err, SEUIL_ERR_BACKOFF, "the registry's answer has no id");
    return rc;
}

static void rest_free(struct seuil_registry *registry)
{
    struct rest *rest = (struct rest *)registry;

    rest->http->free(rest->http);
    seuil_buf_done(&rest->answer.body);
    seuil_heap_free(rest->urls);
    seuil_heap_free(rest);
}

/* "http://a/,https://b" in place: ends at commas, without the last slash. */
static void split(struct rest *rest)
{
    char *next;

    for (char *url = rest->urls; url && *url && rest->url_count < SEUIL_REGISTRY_URLS_MAX;
         url = next) {
        size_t len;

        next = strchr(url, ',');
        if (next)
            *next++ = '\0';
        len = strlen(url);
        while (len > 0 && url[len - 1] == '/')
            url[--len] = '\0';
        if (len > 0)
            rest->url[rest->url_count++] = url;
    }
}

struct seuil_registry *seuil_registry_new(const char *urls, struct seuil_http *http,
                                          struct seuil_error *err)
{
    struct rest *rest = seuil_heap_zalloc(1, sizeof(*rest));

    if (rest)
        rest->urls = seuil_heap_strdup(urls, strlen(urls));
    if (!rest || !rest->urls) {
        http->free(http);
        seuil_heap_free(rest);
        seuil_error_set(err, SEUIL_ERR_NOMEM, "out of memory");
        return NULL;
    }
    rest->registry = (struct seuil_registry){rest_schema, rest_enlist, rest_free};
    rest->http = http;
    split(rest);
    if (rest->url_count == 0) {
        rest_free(&rest->registry);
        seuil_error_set(err, SEUIL_ERR_CONFIG, "registry.url names no server");
        return NULL;
    }
    return &rest->registry;
}

int seuil_registry_schema(struct seuil_registry *registry, const struct seuil_schema_ref *ref,
                          struct seuil_buf *ret_text, struct seuil_error *err)
{
    seuil_buf_clear(ret_text);
    return registry->schema(registry, ref, ret_text, err);
}

int seuil_registry_register(struct seuil_registry *registry, const char *subject,
                            struct seuil_str text, uint32_t *ret_id, struct seuil_error *err)
{
    return registry->enlist(registry, subject, text, ret_id, err);
}

void seuil_registry_free(struct seuil_registry *registry)
{
    if (registry)
        registry->free(registry);
}
