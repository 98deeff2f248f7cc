/* Where a lead stands in every model: a record of the compacted `scores` topic, of which the last
 * one of a lead is all that counts.
 *
 * The bytes depend on nothing but the lead's state and the models. The score is that of the lead's
 * clock, the instant of its last judgement: time goes on, so it decays from there on as its model
 * says, and nothing is written for that alone until a tier changes. */

#ifndef SEUIL_CODEC_SCORES_H
#define SEUIL_CODEC_SCORES_H

#include <stdbool.h>
#include <stdint.h>

#include "base/buf.h"
#include "codec/encode.h"
#include "core/engine.h"
#include "core/lead.h"

/* Whether there is nothing to tell of @lead: forgotten, merged into another, or worth nothing. Its
 * record is null, which is how a compacted topic forgets a key. */
bool seuil_scores_gone(const struct seuil_lead *lead);

/* Append the value: lead, as_of, models[{model, model_version, tier, score, fit, grade}], by
 * schemas/scores.avsc. @lead is not gone. 0 or SEUIL_ERR_NOMEM. */
int seuil_scores_write(enum seuil_out_format format, const struct seuil_models *models,
                       struct seuil_scratch *scratch, const struct seuil_lead *lead,
                       struct seuil_buf *out);

/* The id of the record, which is the same only for the same content. @len 0: of a null one. */
void seuil_scores_id(const struct seuil_lead *lead, const uint8_t *value, uint32_t len,
                     char ret_id[SEUIL_CROSSING_ID_MAX]);

/* The text of schemas/scores.avsc: what a registry is told. */
const char *seuil_scores_schema(void);

#endif
