/* A record that cannot be used, as it goes to the dead-letter topic: key, value and headers byte
 * for byte, then where it came from and why it is here, under the names that Kafka Connect uses and
 * three of ours: seuil.error (a name of the metrics), seuil.timestamp (the record's, in ms),
 * seuil.version. */

#ifndef SEUIL_CODEC_DEAD_LETTER_H
#define SEUIL_CODEC_DEAD_LETTER_H

#include <stdbool.h>
#include <stdint.h>

#include "base/str.h"
#include "codec/outbox.h"
#include "core/time.h"

struct seuil_dead_letter {
    /* the record */
    struct seuil_str topic;
    int32_t partition;
    int64_t offset;
    seuil_time_ms time;   /* its timestamp */
    struct seuil_str key; /* ptr NULL: none */
    const uint8_t *value; /* NULL: a tombstone */
    uint32_t value_len;
    const struct seuil_header *headers;
    uint32_t header_count;
    /* why */
    struct seuil_str app;
    uint32_t shard;
    const char *stage;   /* "VALUE_CONVERTER": decoding; "TRANSFORMATION": everything behind it */
    const char *error;   /* "truncated", "misrouted", "late", ... */
    const char *message; /* one sentence for a person */
};

/* What the headers of ours point to, beside the letter itself. */
struct seuil_dead_letter_text {
    char partition[16], offset[24], task[16], time[24], dropped[16];
};

/* How many headers of ours a dead letter may have at most. */
#define SEUIL_DEAD_LETTER_HEADERS 13

/* Fill @ret_entry with views into @letter and @text, which must stay as they are while it is used.
 * Original headers beyond SEUIL_HEADERS_MAX - SEUIL_DEAD_LETTER_HEADERS are left out and counted in
 * the header seuil.headers_dropped. @destination: of stream/sink.h. */
void seuil_dead_letter_build(const struct seuil_dead_letter *letter, uint8_t destination,
                             struct seuil_dead_letter_text *text,
                             struct seuil_entry_view *ret_entry);

/* ---- reading one back ---------------------------------------------------------------------- */

struct seuil_place { /* of a record */
    struct seuil_str topic;
    int32_t partition;
    int64_t offset;
    seuil_time_ms time; /* its timestamp */
};

struct seuil_dead_letter_view {
    struct seuil_str topic; /* where the record was read */
    int32_t partition;
    int64_t offset;
    seuil_time_ms time;
    struct seuil_place first; /* where it stood before it was ever sent again; else the same */
    bool again;
    struct seuil_str app, error, message; /* views into the headers */
    uint32_t own_headers;                 /* the first so many headers are the record's own */
    int64_t headers_dropped;
};

/* What the @count headers of a dead letter say. SEUIL_ERR_MISSING: it is not one of ours;
 * SEUIL_ERR_FORMAT: it is, but cannot be read. */
int seuil_dead_letter_read(const struct seuil_header *headers, uint32_t count,
                           struct seuil_dead_letter_view *ret_letter);

/* Whether a header is one that sending again adds (codec/origin.h). */
bool seuil_dead_letter_is_ours(struct seuil_str name);

#endif
