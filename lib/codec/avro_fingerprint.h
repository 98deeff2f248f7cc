/* A schema's fingerprint: CRC-64-AVRO (Rabin) of its parsing canonical form, as Avro 1.11 has them
 * under "Parsing Canonical Form for Schemas" and "Schema Fingerprints". */

#ifndef SEUIL_CODEC_AVRO_FINGERPRINT_H
#define SEUIL_CODEC_AVRO_FINGERPRINT_H

#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/err.h"

/* The fingerprint of any bytes. */
uint64_t seuil_avro_rabin(const void *bytes, size_t len);

/* Append the canonical form of @text. It is only put into form: whether it is a good schema is the
 * compiler's to say. SEUIL_ERR_FORMAT, SEUIL_ERR_LIMIT (nested too deep), SEUIL_ERR_NOMEM and @err
 * with @path. */
int seuil_avro_canonical(const char *path, const char *text, size_t len, struct seuil_buf *out,
                         struct seuil_error *err);

/* Both: the fingerprint that single-object encoding names the schema by. */
int seuil_avro_fingerprint(const char *path, const char *text, size_t len,
                           uint64_t *ret_fingerprint, struct seuil_error *err);

#endif
