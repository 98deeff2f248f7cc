/* A record as a decoder is given it: what may be looked at beside the value. */

#ifndef SEUIL_CODEC_RECORD_H
#define SEUIL_CODEC_RECORD_H

#include <stdbool.h>
#include <stdint.h>

#include "base/str.h"
#include "core/time.h"

struct seuil_record_view {
    const uint8_t *bytes; /* the value */
    uint32_t len;
    struct seuil_str key; /* len 0: none */
    /* Where it was written first, for ids derived from it. */
    struct seuil_str topic;
    int32_t partition;
    int64_t offset;
    seuil_time_ms time; /* the record's timestamp */
    /* The last header of this name, as Kafka's clients read it; false when there is none. NULL: the
     * record has no headers at all. */
    bool (*header)(void *ctx, const char *name, struct seuil_str *ret_value);
    void *ctx;
};

static inline bool seuil_record_header(const struct seuil_record_view *record, const char *name,
                                       struct seuil_str *ret_value)
{
    return record->header && record->header(record->ctx, name, ret_value);
}

#endif
