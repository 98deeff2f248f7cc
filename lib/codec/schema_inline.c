/* References between schemas: each named type is put where it is used first. */

#include <jansson.h>
#include <stdio.h>
#include <string.h>

#include "codec/avro_schema.h"
#include "codec/schema_answer.h"
#include "core/limits.h"

#define FULL_NAME_MAX 512

struct inliner {
    const struct seuil_schema_part *parts;
    uint32_t count;
    bool defined[SEUIL_SCHEMA_REFERENCES_MAX];
    struct seuil_error *err;
    int code; /* of the first error */
};

static json_t *expand(struct inliner *in, json_t *json, const char *space, unsigned depth);

static json_t *fail(struct inliner *in, int code, const char *text, const char *name)
{
    if (!in->code)
        in->code = seuil_error_set(in->err, code, "%s%s", text, name);
    return NULL;
}

static bool full_name(const char *name, const char *space, char out[FULL_NAME_MAX])
{
    int n = strchr(name, '.') || !space[0] ? snprintf(out, FULL_NAME_MAX, "%s", name)
                                           : snprintf(out, FULL_NAME_MAX, "%s.%s", space, name);

    return n < FULL_NAME_MAX;
}

/* The part that defines @full; -1: none. */
static int part_of(const struct inliner *in, const char *full)
{
    for (uint32_t i = 0; i < in->count; i++)
        if (strcmp(in->parts[i].name, full) == 0)
            return (int)i;
    return -1;
}

/* The definition of part @i, to be put anywhere: a name without a namespace says so, lest it takes
 * that of its new surroundings. */
static json_t *define(struct inliner *in, int i, unsigned depth)
{
    const struct seuil_schema_part *part = &in->parts[i];
    json_error_t why;
    json_t *json = json_loadb(part->text, part->len, JSON_REJECT_DUPLICATES, &why), *whole;
    const char *name = json_string_value(json_object_get(json, "name"));

    if (!json_is_object(json)) {
        json_decref(json);
        return fail(in, SEUIL_ERR_FORMAT, "a referred schema defines no type: ", part->name);
    }
    if (name && !strchr(name, '.') && !json_object_get(json, "namespace"))
        json_object_set_new(json, "namespace", json_string(""));
    whole = expand(in, json, "", depth);
    json_decref(json);
    return whole;
}

static json_t *expand_name(struct inliner *in, json_t *json, const char *space, unsigned depth)
{
    const char *name = json_string_value(json);
    char full[FULL_NAME_MAX];
    int i = full_name(name, space, full) ? part_of(in, full) : -1;

    /* A name without dots may also be one of the null namespace. */
    if (i < 0)
        i = part_of(in, name);
    if (i < 0 || in->defined[i])
        return json_incref(json);
    in->defined[i] = true;
    return define(in, i, depth + 1);
}

/* Put what @key of @object became in its place; false after an error. */
static bool expand_key(struct inliner *in, json_t *object, const char *key, const char *space,
                       unsigned depth)
{
    json_t *old = json_object_get(object, key), *whole;

    if (!old)
        return true;
    whole = expand(in, old, space, depth + 1);
    if (!whole)
        return false;
    if (json_object_set_new(object, key, whole))
        fail(in, SEUIL_ERR_NOMEM, "out of memory", "");
    return !in->code;
}

static json_t *expand_object(struct inliner *in, json_t *json, const char *space, unsigned depth)
{
    const char *name = json_string_value(json_object_get(json, "name"));
    const char *own = json_string_value(json_object_get(json, "namespace"));
    json_t *fields = json_object_get(json, "fields");
    char full[FULL_NAME_MAX];
    int i;

    if (name) {
        char *dot;

        if (!full_name(name, own ? own : space, full))
            return fail(in, SEUIL_ERR_LIMIT, "a type's name is too long", "");
        i = part_of(in, full);
        if (i >= 0)
            in->defined[i] = true;
        dot = strrchr(full, '.');
        *(dot ? dot : full) = '\0';
        space = full;
    }
    if (!expand_key(in, json, "type", space, depth) ||
        !expand_key(in, json, "items", space, depth) ||
        !expand_key(in, json, "values", space, depth))
        return NULL;
    for (size_t k = 0; k < json_array_size(fields); k++)
        if (!expand_key(in, json_array_get(fields, k), "type", space, depth))
            return NULL;
    return json_incref(json);
}

static json_t *expand(struct inliner *in, json_t *json, const char *space, unsigned depth)
{
    if (depth > 2 * SEUIL_DEPTH_MAX)
        return fail(in, SEUIL_ERR_LIMIT, "the schema is nested too deep", "");
    if (json_is_string(json))
        return expand_name(in, json, space, depth);
    if (json_is_object(json))
        return expand_object(in, json, space, depth);
    for (size_t i = 0; i < json_array_size(json); i++) {
        json_t *whole = expand(in, json_array_get(json, i), space, depth + 1);

        if (!whole)
            return NULL;
        if (json_array_set_new(json, i, whole))
            return fail(in, SEUIL_ERR_NOMEM, "out of memory", "");
    }
    return json_incref(json);
}

static int append(const char *bytes, size_t len, void *out)
{
    return seuil_buf_add(out, bytes, len) ? -1 : 0;
}

int seuil_schema_inline(const char *text, size_t len, const struct seuil_schema_part *parts,
                        uint32_t count, struct seuil_buf *out, struct seuil_error *err)
{
    struct inliner in = {.parts = parts, .count = count, .err = err};
    json_error_t why;
    json_t *json, *whole;

    if (count > SEUIL_SCHEMA_REFERENCES_MAX)
        return seuil_error_set(err, SEUIL_ERR_LIMIT, "the schema refers to more than %d others",
                               SEUIL_SCHEMA_REFERENCES_MAX);
    json = json_loadb(text, len, JSON_REJECT_DUPLICATES | JSON_DECODE_ANY, &why);
    if (!json)
        return seuil_error_set(err, SEUIL_ERR_FORMAT, "the schema is no JSON: %s", why.text);
    whole = expand(&in, json, "", 0);
    json_decref(json);
    if (!whole)
        return in.code;
    if (json_dump_callback(whole, append, out, JSON_COMPACT | JSON_ENCODE_ANY))
        in.code = seuil_error_set(err, SEUIL_ERR_NOMEM, "out of memory");
    json_decref(whole);
    return in.code;
}
