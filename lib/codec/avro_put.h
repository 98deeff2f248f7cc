/* Avro's binary encoding of what we write, value by value: no allocation but the buffer's, no
 * schema at run time. What fails shows in @out->failed. */

#ifndef SEUIL_CODEC_AVRO_PUT_H
#define SEUIL_CODEC_AVRO_PUT_H

#include <stdbool.h>

#include "base/buf.h"
#include "base/str.h"
#include "core/time.h"

void seuil_avro_put_long(struct seuil_buf *out, int64_t value);
void seuil_avro_put_string(struct seuil_buf *out, struct seuil_str text);
void seuil_avro_put_text(struct seuil_buf *out, const char *text);
/* A double in cents, as JSON has it, so that both say the same. */
void seuil_avro_put_amount(struct seuil_buf *out, double value);
/* A union of null and string: empty is null. */
void seuil_avro_put_optional_text(struct seuil_buf *out, const char *text);
/* A union of null and timestamp-millis. */
void seuil_avro_put_optional_time(struct seuil_buf *out, seuil_time_ms time, bool is_there);

#endif
