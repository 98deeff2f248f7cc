/* An outbox entry: the final bytes of one outgoing record. Nothing is filled in when it is sent, so
 * an entry sent again is the same record (PROTOCOL, "Keys"). */

#ifndef SEUIL_CODEC_OUTBOX_H
#define SEUIL_CODEC_OUTBOX_H

#include <stdint.h>

#include "base/buf.h"
#include "base/str.h"

/* Headers of one record. A dead letter keeps those of the record it came from (tracing, schema ids,
 * a gateway's: real ones have less than 20) and adds 13; what is beyond is counted in a header. */
#define SEUIL_HEADERS_MAX 64

struct seuil_header {
    struct seuil_str name;
    const uint8_t *value; /* NULL: a null header */
    uint32_t value_len;
};

struct seuil_entry_view {
    uint8_t destination; /* enum seuil_destination of stream/sink.h */
    struct seuil_str key;
    const uint8_t *value; /* NULL: a tombstone */
    uint32_t value_len;
    uint32_t header_count; /* the others are not looked at */
    struct seuil_header headers[SEUIL_HEADERS_MAX];
};

/* Append the packed form of @entry to @out; 0 or SEUIL_ERR_NOMEM. The first byte is the version of
 * the format: a reader refuses one that it does not know, never guesses. */
int seuil_outbox_pack(const struct seuil_entry_view *entry, struct seuil_buf *out);

/* A view of packed bytes, valid as long as they are. SEUIL_ERR_UNSUPPORTED: written by a newer
 * version; SEUIL_ERR_CORRUPT: anything else that is not one whole entry. */
int seuil_outbox_unpack(const uint8_t *bytes, uint32_t len, struct seuil_entry_view *ret_entry);

/* Where packed bytes go to. */
uint8_t seuil_outbox_destination(const uint8_t *bytes, uint32_t len);

#endif
