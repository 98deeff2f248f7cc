/* What a crossing says, gathered; and its two ways to bytes. The names and types are those of
 * schemas/qualification.avsc. */

#ifndef SEUIL_CODEC_QUALIFICATION_H
#define SEUIL_CODEC_QUALIFICATION_H

#include "codec/encode.h"

struct seuil_qualification {
    const char *id;
    struct seuil_str lead;
    const char *model, *model_version;
    const char *direction, *tier_before, *tier, *reason;
    seuil_time_ms effective, until;   /* SEUIL_TIME_NEVER: null */
    seuil_time_ms tier_since;         /* SEUIL_TIME_NONE: null */
    const char *model_version_before; /* "": null */
    const struct seuil_explanation *explanation;
    const struct seuil_cause *cause; /* NULL: nothing but time */
};

/* Append; 0 or SEUIL_ERR_NOMEM. */
int seuil_qualification_json(const struct seuil_qualification *q, struct seuil_buf *out);
int seuil_qualification_avro(const struct seuil_qualification *q, struct seuil_buf *out);

#endif
