#include "codec/avro_lacking.h"

#include <stdio.h>

#include "codec/avro_schema.h"

#define PATH_BYTES 512

/* The record whose fields stand for @type; NULL: there is none, or several, or any name will do. */
static const struct seuil_avro_type *record_of(const struct seuil_avro_type *type)
{
    const struct seuil_avro_type *only = NULL;

    while (type->kind == SEUIL_AVRO_ARRAY)
        type = type->types[0];
    if (type->kind == SEUIL_AVRO_RECORD)
        return type;
    if (type->kind != SEUIL_AVRO_UNION)
        return NULL;
    for (uint32_t i = 0; i < type->count; i++) {
        const struct seuil_avro_type *branch = type->types[i];

        while (branch->kind == SEUIL_AVRO_ARRAY)
            branch = branch->types[0];
        if (branch->kind < SEUIL_AVRO_PRIMITIVES)
            continue;
        if (only || branch->kind != SEUIL_AVRO_RECORD)
            return NULL;
        only = branch;
    }
    return only;
}

/* As deep as paths are. */
static void lack(const struct seuil_avro_type *type, const struct seuil_wanted *wanted,
                 const char *path, struct seuil_buf *out)
{
    const struct seuil_avro_type *record = record_of(type);

    for (uint32_t i = 0; record && i < wanted->child_count; i++) {
        const struct seuil_wanted *child = &wanted->children[i];
        int field = seuil_avro_field_find(record, child->name);
        char name[PATH_BYTES];

        snprintf(name, sizeof(name), "%s%s%.*s", path, *path ? "." : "", (int)child->name.len,
                 child->name.ptr);
        if (field < 0)
            seuil_buf_printf(out, "%s%s", out->len ? ", " : "", name);
        else
            lack(record->types[field], child, name, out);
    }
}

int seuil_avro_lacking(const struct seuil_writer_schema *schema, const struct seuil_wanted *wanted,
                       struct seuil_buf *ret_names, struct seuil_error *err)
{
    struct seuil_arena arena = {0};
    struct seuil_avro_schema parsed;
    int rc = seuil_avro_schema_parse(schema->path, schema->text, schema->len, &arena, &parsed, err);

    if (!rc)
        lack(parsed.top, wanted, "", ret_names);
    seuil_arena_done(&arena);
    return rc;
}
