/* What stands around a record's value, and what bytes look like when they are something else. */

#ifndef SEUIL_CODEC_FRAMING_H
#define SEUIL_CODEC_FRAMING_H

#include <stddef.h>
#include <stdint.h>

#include "codec/decode.h"

#define SEUIL_CONFLUENT_BYTES 5 /* 0, then the schema id, big endian */

/* The schema id of a Confluent frame. 0; SEUIL_ERR_TRUNCATED; SEUIL_ERR_FORMAT: byte 0 is not 0. */
int seuil_framing_confluent(const uint8_t *bytes, uint32_t len, uint32_t *ret_id);

/* Describe the start of @bytes for an input set to @format, for the one who must change the
 * setting: "byte 0 is 7b: looks like JSON; set `format: json`". Nothing to say: "". */
const char *seuil_framing_describe(enum seuil_format format, const uint8_t *bytes, uint32_t len,
                                   char *out, size_t cap);

#endif
