/* A JSON object to an event: one bounded pass over the bytes, no tree, no allocation. */

#ifndef SEUIL_CODEC_JSON_IN_H
#define SEUIL_CODEC_JSON_IN_H

#include "codec/document.h"
#include "codec/fault.h"
#include "codec/scratch.h"
#include "codec/target.h"

/* Fill @event (zeroed, time SEUIL_TIME_NONE) from @len bytes. @names has one entry for each kind;
 * @kind: the only one, or -1 when the record's `type` says it. A code is noted in @fault. */
int seuil_json_read(const struct seuil_names *names, int kind, enum seuil_duplicates duplicates,
                    struct seuil_decode_scratch *scratch, const uint8_t *bytes, uint32_t len,
                    struct seuil_event *event, struct seuil_fault *fault);

#endif
