/* What avro_plan.c writes and avro_document.c walks. */

#ifndef SEUIL_CODEC_AVRO_PLAN_H
#define SEUIL_CODEC_AVRO_PLAN_H

#include "codec/avro_program.h"

struct seuil_avro_plan {
    uint32_t start; /* the step of the record */
    struct seuil_avro_step *steps;
    const uint32_t *records; /* first step of each record's sequence that passes over it */
    const uint32_t *wholes;  /* of each record's sequence that takes all of it */
    const struct seuil_str *symbols;
    const struct seuil_str *keys;
};

#endif
