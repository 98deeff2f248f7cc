/* The flat form of a writer schema: what avro_compile.c writes and avro_in.c walks; and its kin for
 * documents (avro_plan.c, avro_document.c). */

#ifndef SEUIL_CODEC_AVRO_PROGRAM_H
#define SEUIL_CODEC_AVRO_PROGRAM_H

#include <stdint.h>

#include "codec/target.h"

/* Passing over ends where taking begins: op >= SEUIL_OP_TAKE_STRING makes a value. */
enum seuil_avro_op {
    SEUIL_OP_END,       /* of a sequence */
    SEUIL_OP_NOTHING,   /* a value of no bytes */
    SEUIL_OP_SKIP_BOOL, /* one byte, 0 or 1 */
    SEUIL_OP_SKIP_INT,
    SEUIL_OP_SKIP_LONG,
    SEUIL_OP_SKIP_BYTES,  /* count: so many bytes (fixed, float, double) */
    SEUIL_OP_SKIP_STRING, /* length, then so many bytes */
    SEUIL_OP_SKIP_ENUM,   /* count: symbols */
    SEUIL_OP_SKIP_ARRAY,  /* arg: step of an item */
    SEUIL_OP_SKIP_MAP,    /* arg: step of a value */
    SEUIL_OP_SKIP_RECORD, /* arg: number of the record, whose sequence is run */
    SEUIL_OP_UNION,       /* arg: first of `count` steps, one for each branch */
    SEUIL_OP_NULL_TEXT,   /* a union of null and TAKE_STRING, in this order; as UNION */
    SEUIL_OP_TEXT_NULL,   /* in the other order */
    SEUIL_OP_TAKE_MAP,    /* arg: step of a value */
    /* Of documents only: */
    SEUIL_OP_TAKE_NULL,
    SEUIL_OP_TAKE_RECORD, /* arg: first step of its fields, which are named; count: records met
                             whole: their number + 1 */
    SEUIL_OP_TAKE_LIST,   /* arg: step of an item */
    SEUIL_OP_TAKE_KEYS,   /* arg: step of any other value, behind it one for each of `count` keys */
    SEUIL_OP_TAKE_STRING,
    SEUIL_OP_TAKE_ID,   /* a string that is no field: id, lead, retracts */
    SEUIL_OP_TAKE_ENUM, /* arg: first of `count` symbols */
    SEUIL_OP_TAKE_BOOL,
    SEUIL_OP_TAKE_INT,
    SEUIL_OP_TAKE_LONG,
    SEUIL_OP_TAKE_FLOAT,
    SEUIL_OP_TAKE_DOUBLE,
    SEUIL_OP_TAKE_BYTES,         /* as TAKE_STRING, which may be no text; of documents only */
    SEUIL_OP_TAKE_FIXED,         /* the same of `count` bytes */
    SEUIL_OP_TAKE_DECIMAL,       /* arg: decimals; length, then so many bytes */
    SEUIL_OP_TAKE_FIXED_DECIMAL, /* arg: decimals, count: bytes */
    SEUIL_OP_TAKE_UUID,          /* 16 bytes, as text */
    SEUIL_OP_TAKE_TIME,          /* count: units of the source in a millisecond */
    SEUIL_OP_TAKE_TIME_TEXT,
    SEUIL_OPS,
};

struct seuil_avro_step {
    uint8_t op; /* enum seuil_avro_op */
    /* Of events: enum seuil_target; SEUIL_TARGET_COUNT: nobody wants it. Of documents: the unit of
     * a number, enum seuil_unit. */
    uint8_t target;
    uint16_t at; /* of events: where in the event the value, or the id, lies; of documents: which of
                    the keys the value goes by */
    uint32_t count;
    uint32_t arg;
};

struct seuil_avro_program {
    const struct seuil_names *names;
    uint32_t start; /* the top record's sequence */
    uint32_t step_count;
    struct seuil_avro_step *steps;
    const uint32_t *records; /* first step of each record's own sequence */
    const struct seuil_str *symbols;
};

#endif
