/* Avro's binary encoding to an event, by a program compiled once from (writer schema, wanted
 * fields).
 *
 * Reading walks untrusted bytes: each length is held against the bytes that are left, each count
 * and nesting against the limits, and a counter bounds the steps to 4 a byte and 256 in all, so no
 * record costs more than its size allows. Fields that nobody wants are passed over. */

#ifndef SEUIL_CODEC_AVRO_IN_H
#define SEUIL_CODEC_AVRO_IN_H

#include "base/arena.h"
#include "codec/fault.h"
#include "codec/scratch.h"
#include "codec/target.h"

struct seuil_avro_program;

/* Compile @schema in @arena; NULL and @err with the schema's path. */
const struct seuil_avro_program *seuil_avro_compile(const struct seuil_writer_schema *schema,
                                                    const struct seuil_names *names,
                                                    struct seuil_arena *arena,
                                                    struct seuil_error *err);

/* Fill @event (zeroed, time SEUIL_TIME_NONE) from @len bytes; a code is noted in @fault. */
int seuil_avro_read(const struct seuil_avro_program *program, struct seuil_decode_scratch *scratch,
                    const uint8_t *bytes, uint32_t len, struct seuil_event *event,
                    struct seuil_fault *fault);

#endif
