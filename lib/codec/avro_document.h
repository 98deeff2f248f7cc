/* Avro's binary encoding to a document, by a plan compiled once from (writer schema, wanted names).
 *
 * The wanted name of a record's field is its name, or a former one (an alias in the writer's
 * schema) when no field is called so: a source may rename a field overnight. Names that the schema
 * has not are absent, as in JSON. Unions are transparent: what is there is the branch's value.
 *
 * Values: enums are their symbol's text. Timestamps and dates are integers with their unit, a date
 * and a local timestamp civil time. A decimal is an integer when it is one of 64 bits, else the
 * nearest double. A UUID of 16 bytes is its text. Other bytes are a string if they are UTF-8, else
 * null. Infinite numbers are refused. */

#ifndef SEUIL_CODEC_AVRO_DOCUMENT_H
#define SEUIL_CODEC_AVRO_DOCUMENT_H

#include "base/arena.h"
#include "codec/decode.h"
#include "codec/document.h"

struct seuil_avro_plan;

/* Compile @schema, of any type, in @arena; @wanted is needed during the call only. NULL and @err
 * with the schema's path. */
const struct seuil_avro_plan *seuil_avro_compile_document(const struct seuil_writer_schema *schema,
                                                          const struct seuil_wanted *wanted,
                                                          struct seuil_arena *arena,
                                                          struct seuil_error *err);

/* Append the wanted parts of @len bytes to @document, as codec/document.h says. */
int seuil_avro_document(const struct seuil_avro_plan *plan, struct seuil_decode_scratch *scratch,
                        const uint8_t *bytes, uint32_t len, struct seuil_document *document,
                        struct seuil_fault *fault);

#endif
