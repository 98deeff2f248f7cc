/* Compiled programs by the reference that records name: what a decoder knows of writer schemas.
 *
 * It grows while records are read: one thread at a time adds (under a lock of its caller's), any
 * number look up without one. A table that became too small is kept until the end, since a reader
 * may stand in it; their sizes double, so all of them are less than the last one. */

#ifndef SEUIL_CODEC_PROGRAMS_H
#define SEUIL_CODEC_PROGRAMS_H

#include <stdatomic.h>

#include "codec/framing.h"

/* Writer schemas of one input. Topics with more have a new schema for each record, which is a
 * mistake of the producer. */
#define SEUIL_PROGRAMS_MAX 4096

struct seuil_programs_table;

struct seuil_programs {
    struct seuil_programs_table *_Atomic table; /* zero-initialise */
    uint32_t count;
};

void seuil_programs_done(struct seuil_programs *programs);

/* Add @program under @ref, which is not there. 0; SEUIL_ERR_LIMIT; SEUIL_ERR_NOMEM. What @program
 * points to stays its owner's, until after seuil_programs_done. */
int seuil_programs_add(struct seuil_programs *programs, const struct seuil_schema_ref *ref,
                       const void *program);

/* NULL: not known (yet). */
const void *seuil_programs_find(const struct seuil_programs *programs,
                                const struct seuil_schema_ref *ref);

#endif
