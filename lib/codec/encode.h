/* A crossing to the bytes of an outgoing record: CloudEvents 1.0, Kafka binding, binary mode.
 *
 * The bytes depend on nothing but the crossing and its cause: no clock, no version of the daemon,
 * so the same crossing made again is the same record. Processing time and input lag travel in
 * headers that the shard adds to the entry when it is made. */

#ifndef SEUIL_CODEC_ENCODE_H
#define SEUIL_CODEC_ENCODE_H

#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/err.h"
#include "codec/text.h"
#include "core/engine.h"
#include "core/lead.h"

enum seuil_out_format {
    SEUIL_OUT_JSON, /* application/json */
    SEUIL_OUT_AVRO, /* application/avro, raw: the text of schemas/qualification.avsc is the contract
                     */
};

/* What a crossing was caused by; kind TICK (or id len 0): nothing but time. */
struct seuil_cause {
    struct seuil_str id;
    struct seuil_str topic; /* name */
    int32_t partition;
    int64_t offset;
};

#define SEUIL_CROSSING_ID_MAX 40

/* 128-bit XXH3 of @bytes as 32 hex digits, terminated. */
void seuil_id_write(const void *bytes, size_t len, char ret_id[SEUIL_CROSSING_ID_MAX]);

/* The stable id: 128-bit XXH3 of (app, model name, lead id, birth, ordinal) as 32 hex digits,
 * terminated (PROTOCOL 8). */
void seuil_crossing_id(struct seuil_str app, const struct seuil_model *model,
                       const struct seuil_lead *lead, uint32_t ordinal,
                       char ret_id[SEUIL_CROSSING_ID_MAX]);

/* Append the value: id, lead, model, model_version, direction, tier_before, tier, score, fit,
 * reason, effective_time, qualified_until, cause{id,topic,partition,offset},
 * explanation[{rule,label,count,points,now,limited_by}]. 0 or SEUIL_ERR_NOMEM. */
int seuil_crossing_write(enum seuil_out_format format, struct seuil_str app,
                         const struct seuil_models *models, const struct seuil_lead *lead,
                         const struct seuil_crossing *crossing, const struct seuil_cause *cause,
                         struct seuil_buf *out);

/* The text of schemas/qualification.avsc, the contract of SEUIL_OUT_AVRO: what a registry is told.
 */
const char *seuil_crossing_schema(void);

#endif
