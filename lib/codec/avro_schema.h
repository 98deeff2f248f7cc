/* An Avro schema as a graph of types, read from its JSON text when a configuration is loaded.
 *
 * Own reading of the JSON (by jansson) instead of avro-c's, which parses logical types away and
 * accepts unions with a branch twice. Texts are bounded: 256 KiB, 32 deep, 1,000 fields and
 * symbols and branches in all. */

#ifndef SEUIL_CODEC_AVRO_SCHEMA_H
#define SEUIL_CODEC_AVRO_SCHEMA_H

#include <stdbool.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/err.h"
#include "base/str.h"

#define SEUIL_SCHEMA_BYTES_MAX (256 * 1024)
#define SEUIL_SCHEMA_PARTS_MAX 1000

enum seuil_avro_kind {
    SEUIL_AVRO_NULL,
    SEUIL_AVRO_BOOLEAN,
    SEUIL_AVRO_INT,
    SEUIL_AVRO_LONG,
    SEUIL_AVRO_FLOAT,
    SEUIL_AVRO_DOUBLE,
    SEUIL_AVRO_BYTES,
    SEUIL_AVRO_STRING,
    SEUIL_AVRO_PRIMITIVES,
    SEUIL_AVRO_RECORD = SEUIL_AVRO_PRIMITIVES,
    SEUIL_AVRO_ENUM,
    SEUIL_AVRO_FIXED,
    SEUIL_AVRO_ARRAY,
    SEUIL_AVRO_MAP,
    SEUIL_AVRO_UNION,
};

enum seuil_avro_logical {
    SEUIL_LOGICAL_NONE, /* also those that say nothing to us: a time of day is a number */
    SEUIL_LOGICAL_TIMESTAMP_MILLIS,
    SEUIL_LOGICAL_TIMESTAMP_MICROS,
    SEUIL_LOGICAL_TIMESTAMP_NANOS,
    SEUIL_LOGICAL_LOCAL_MILLIS, /* of a clock on a wall: no instant without a zone */
    SEUIL_LOGICAL_LOCAL_MICROS,
    SEUIL_LOGICAL_LOCAL_NANOS,
    SEUIL_LOGICAL_DATE, /* days since 1970, of a calendar on a wall */
    SEUIL_LOGICAL_TIME_OF_DAY,
    SEUIL_LOGICAL_DECIMAL, /* of bytes or fixed, two's complement, `scale` decimals */
    SEUIL_LOGICAL_UUID,    /* of fixed(16); that of a string is a string */
};

struct seuil_avro_type {
    enum seuil_avro_kind kind;
    enum seuil_avro_logical logical;
    const char *name;                     /* full name of a record, enum or fixed */
    uint32_t number;                      /* of a record: 0, 1, ... in the schema */
    uint32_t size;                        /* of a fixed, bytes */
    uint32_t scale;                       /* of a decimal */
    uint32_t count;                       /* fields, symbols, branches; 1 for array and map */
    struct seuil_str *names;              /* of fields, symbols */
    const struct seuil_avro_type **types; /* of fields, branches, items, values */
    const struct seuil_str **aliases; /* of fields: former names, ptr NULL at the end; or NULL */
};

struct seuil_avro_schema {
    const struct seuil_avro_type *top;
    uint32_t record_count;
};

/* Parse @len bytes of @text; everything is in @arena. SEUIL_ERR_FORMAT, SEUIL_ERR_LIMIT,
 * SEUIL_ERR_NOMEM and @err with @path. */
int seuil_avro_schema_parse(const char *path, const char *text, size_t len,
                            struct seuil_arena *arena, struct seuil_avro_schema *ret_schema,
                            struct seuil_error *err);

/* The field of record @type that is called @name or, when none is, was once called so; -1. */
int seuil_avro_field_find(const struct seuil_avro_type *type, struct seuil_str name);

/* "string", "record", ... */
const char *seuil_avro_kind_name(enum seuil_avro_kind kind);

#endif
