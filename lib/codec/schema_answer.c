#include "codec/schema_answer.h"

#include <jansson.h>
#include <stdio.h>
#include <string.h>

#include "base/utf8.h"
#include "codec/avro_schema.h"

static int no_memory(struct seuil_error *err)
{
    return seuil_error_set(err, SEUIL_ERR_NOMEM, "out of memory");
}

static json_t *load(const void *bytes, size_t len, json_error_t *why)
{
    return len > SEUIL_ANSWER_BYTES_MAX ? NULL : json_loadb(bytes, len, 0, why);
}

static int read_references(const json_t *list, struct seuil_arena *arena,
                           struct seuil_schema_answer *answer, struct seuil_error *err)
{
    size_t count = json_array_size(list);
    struct seuil_schema_reference *references;

    if (count > SEUIL_SCHEMA_REFERENCES_MAX)
        return seuil_error_set(err, SEUIL_ERR_LIMIT, "the schema refers to more than %d others",
                               SEUIL_SCHEMA_REFERENCES_MAX);
    references = seuil_arena_alloc(arena, count + 1, sizeof(*references));
    if (!references)
        return no_memory(err);
    for (size_t i = 0; i < count; i++) {
        const json_t *item = json_array_get(list, i);
        const char *name = json_string_value(json_object_get(item, "name"));
        const char *subject = json_string_value(json_object_get(item, "subject"));
        json_int_t version = json_integer_value(json_object_get(item, "version"));

        if (!name || !subject || version < 1 || version > INT32_MAX)
            return seuil_error_set(err, SEUIL_ERR_FORMAT,
                                   "a reference has no name, subject and version");
        references[i].name = seuil_arena_strdup(arena, name, strlen(name));
        references[i].subject = seuil_arena_strdup(arena, subject, strlen(subject));
        references[i].version = (int)version;
        if (!references[i].name || !references[i].subject)
            return no_memory(err);
    }
    answer->references = references;
    answer->reference_count = (uint32_t)count;
    return 0;
}

int seuil_schema_answer_read(const void *bytes, size_t len, struct seuil_arena *arena,
                             struct seuil_schema_answer *ret_answer, struct seuil_error *err)
{
    struct seuil_schema_answer answer = {0};
    json_error_t why = {.text = "larger than 4 MiB"};
    json_t *json = load(bytes, len, &why);
    const json_t *schema = json_object_get(json, "schema");
    const char *type = json_string_value(json_object_get(json, "schemaType"));
    int rc = 0;

    /* The page of a proxy or of a login: no word about the schema. */
    if (!json)
        return seuil_error_set(err, SEUIL_ERR_BACKOFF, "the registry's answer is no JSON: %s",
                               why.text);
    if (!json_is_string(schema))
        rc = seuil_error_set(err, SEUIL_ERR_BACKOFF, "the registry's answer has no `schema`");
    else if (json_string_length(schema) > SEUIL_SCHEMA_BYTES_MAX)
        rc = seuil_error_set(err, SEUIL_ERR_LIMIT, "the schema is larger than %d KiB",
                             SEUIL_SCHEMA_BYTES_MAX / 1024);
    else
        rc = read_references(json_object_get(json, "references"), arena, &answer, err);
    if (!rc) {
        answer.len = (uint32_t)json_string_length(schema);
        answer.text = seuil_arena_strdup(arena, json_string_value(schema), answer.len);
        type = type ? type : "AVRO";
        answer.type = seuil_arena_strdup(arena, type, strlen(type));
        if (!answer.text || !answer.type)
            rc = no_memory(err);
    }
    json_decref(json);
    if (!rc)
        *ret_answer = answer;
    return rc;
}

/* Confluent's 40401 (subject), 40402 (version), 40403 (schema); Apicurio's own interface says 404
 * beside the name of a class that ends in NotFoundException. */
bool seuil_schema_is_missing(const void *bytes, size_t len)
{
    json_error_t why;
    json_t *json = load(bytes, len, &why);
    json_int_t code = json_integer_value(json_object_get(json, "error_code"));
    const char *name = json_string_value(json_object_get(json, "name"));
    bool missing = code >= 40400 && code <= 40499;

    if (name && strlen(name) > 17 && strcmp(name + strlen(name) - 17, "NotFoundException") == 0)
        missing = true;
    json_decref(json);
    return missing;
}

bool seuil_schema_is_json(const void *bytes, size_t len)
{
    json_error_t why;
    json_t *json =
        len > SEUIL_ANSWER_BYTES_MAX ? NULL : json_loadb(bytes, len, JSON_DECODE_ANY, &why);
    bool is = json != NULL;

    json_decref(json);
    return is;
}

const char *seuil_schema_complaint(const void *bytes, size_t len, char *out, size_t cap)
{
    json_error_t why;
    json_t *json = load(bytes, len, &why);
    const char *message = json_string_value(json_object_get(json, "message"));
    const char *title = json_string_value(json_object_get(json, "title"));
    const char *text = message ? message : title ? title : bytes;
    size_t count = text == bytes ? len : strlen(text), n = 0;

    while (n < count && n + 1 < cap && (unsigned char)text[n] >= ' ' && text[n] != 0x7f) {
        out[n] = text[n];
        n++;
    }
    /* A sequence that was cut, or was none, goes. */
    while (n > 0 && !seuil_utf8_check((const uint8_t *)out, (uint32_t)n))
        n--;
    out[n] = '\0';
    json_decref(json);
    return out;
}

int seuil_schema_id_read(const void *bytes, size_t len, uint32_t *ret_id)
{
    json_error_t why;
    json_t *json = load(bytes, len, &why);
    const json_t *id = json_object_get(json, "id");
    json_int_t value = json_integer_value(id);
    bool good = json_is_integer(id) && value >= 0 && value <= UINT32_MAX;

    json_decref(json);
    if (!good)
        return SEUIL_ERR_FORMAT;
    *ret_id = (uint32_t)value;
    return 0;
}

static int append(const char *bytes, size_t len, void *out)
{
    return seuil_buf_add(out, bytes, len) ? -1 : 0;
}

int seuil_schema_request_write(const char *text, size_t len, struct seuil_buf *out)
{
    json_t *json = json_pack("{s:o}", "schema", json_stringn(text, len));
    int rc;

    if (!json)
        return SEUIL_ERR_FORMAT;
    rc = json_dump_callback(json, append, out, JSON_COMPACT);
    json_decref(json);
    return rc ? SEUIL_ERR_NOMEM : 0;
}
