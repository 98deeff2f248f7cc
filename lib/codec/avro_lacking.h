/* Which wanted names a schema has no place for: nothing is wrong with that, since sources rename
 * their fields and maps name several, but a person who writes a map wants to know. */

#ifndef SEUIL_CODEC_AVRO_LACKING_H
#define SEUIL_CODEC_AVRO_LACKING_H

#include "base/buf.h"
#include "codec/decode.h"
#include "codec/document.h"

/* Append to @ret_names the paths of @wanted that no record of @schema can have, as "whenn,
 * page.ur". 0; or a code of seuil_avro_schema_parse and @err. */
int seuil_avro_lacking(const struct seuil_writer_schema *schema, const struct seuil_wanted *wanted,
                       struct seuil_buf *ret_names, struct seuil_error *err);

#endif
