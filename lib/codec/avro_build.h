/* What both compilers of writer schemas share: steps in the making, and how values are passed over.
 */

#ifndef SEUIL_CODEC_AVRO_BUILD_H
#define SEUIL_CODEC_AVRO_BUILD_H

#include "base/buf.h"
#include "codec/avro_program.h"
#include "codec/avro_schema.h"

/* Steps of one program: a schema of 1,000 parts under a map of 100 names stays far below. */
#define SEUIL_AVRO_STEPS_MAX (256 * 1024)

struct seuil_avro_build {
    struct seuil_buf steps;   /* of struct seuil_avro_step: whole sequences and tables */
    struct seuil_buf symbols; /* of struct seuil_str */
    const struct seuil_avro_type **called; /* records that are run by number, or NULL */
    uint32_t *records;                     /* first step of each one's sequence */
    bool *inlined; /* by record number: its fields stand in another's sequence already */
    uint32_t record_count;
};

/* Steps that belong together, until they are appended to the program in one piece. */
struct seuil_avro_sequence {
    struct seuil_buf steps;
};

/* SEUIL_ERR_NOMEM or 0; the arrays are in @arena. */
int seuil_avro_build_init(struct seuil_avro_build *build, uint32_t record_count,
                          struct seuil_arena *arena);
void seuil_avro_build_done(struct seuil_avro_build *build);

/* Memory that is out is noted in build->steps.failed, once for all. */

uint32_t seuil_avro_build_append(struct seuil_avro_build *build,
                                 const struct seuil_avro_step *steps, uint32_t count);
uint32_t seuil_avro_build_symbols(struct seuil_avro_build *build,
                                  const struct seuil_avro_type *type);

/* One step that passes over a value of @type, whatever it is. */
struct seuil_avro_step seuil_avro_build_skip(struct seuil_avro_build *build,
                                             const struct seuil_avro_type *type);

/* Append what passes over @type to @s. A record met for the first time is flattened into it, so
 * nesting costs nothing; met again it is called, so the program stays linear in the schema. */
void seuil_avro_build_skip_into(struct seuil_avro_build *build, const struct seuil_avro_type *type,
                                struct seuil_avro_sequence *s);

/* End @s and append it to the program; returns its first step. */
uint32_t seuil_avro_build_finish(struct seuil_avro_build *build, struct seuil_avro_sequence *s);

/* At the end: give each record that is called a sequence of its own; that may call others. */
void seuil_avro_build_called(struct seuil_avro_build *build);

/* A copy of @buf in @arena; *rc becomes SEUIL_ERR_NOMEM when there is no memory. */
void *seuil_avro_build_copy(struct seuil_arena *arena, const struct seuil_buf *buf, int *rc);

#endif
