/* Where records come from: one lane for each (shard, input topic), filled in batches.
 *
 * A source belongs to a process; the lanes of a shard are used by the one thread that owns it. The
 * Kafka source keeps a partition queue behind each lane; the file source and the simulation's have
 * arrays. Back-pressure is not filling. */

#ifndef SEUIL_STREAM_SOURCE_H
#define SEUIL_STREAM_SOURCE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"
#include "base/hash.h"
#include "base/str.h"
#include "codec/outbox.h"
#include "core/time.h"

struct seuil_record_in {
    int64_t offset;
    seuil_time_ms time;   /* the record's timestamp */
    struct seuil_str key; /* len 0 and ptr NULL: no key */
    const uint8_t *value; /* NULL: a tombstone */
    uint32_t value_len;
    void *handle; /* of the source */
};

#define SEUIL_LANE_BATCH 1024

struct seuil_lane {
    uint32_t shard;       /* the partition */
    uint32_t topic;       /* number */
    uint32_t head, count; /* records[head .. count) are still to be taken */
    struct seuil_record_in records[SEUIL_LANE_BATCH]; /* valid until the next fill or seek */
    /* What is known of the log's end: the next offset to be written, -1: unknown. */
    int64_t end;
    /* The end was `end` at this instant (wall clock, when the question was *sent*);
     * SEUIL_TIME_NONE: no answer yet. An EOF event moves `end` but not this (PROTOCOL 2). */
    seuil_time_ms end_asked;
    /* The offset of the last partition-EOF event since the seek, 0: none yet. Once every record was
     * taken the position is here, though the last record lies further back: what is between
     * (control records, holes of compaction) is never delivered. */
    int64_t eof;
    int error; /* 0, or why the lane stands still: SEUIL_ERR_HALTED (the log no longer has the
                  offset: text), SEUIL_ERR_BACKOFF (the broker is away) */
    char text[256];
};

/* The fingerprint of a record, as meta keeps it and read_back answers it. */
static inline uint64_t seuil_record_hash(struct seuil_str key, const uint8_t *value,
                                         uint32_t value_len)
{
    return seuil_hash64_seed(value, value ? value_len : 0, seuil_hash64(key.ptr, key.len));
}

struct seuil_source {
    const struct seuil_source_ops *ops;
};

struct seuil_source_ops {
    /* Release the records of @lane and take what has arrived, without waiting: 0, lane->count may
     * be 0. lane->end is brought up to date. */
    int (*fill)(struct seuil_source *source, struct seuil_lane *lane);
    /* Start anew at @offset: what was fetched is dropped; after it the first record has this
     * offset, or a higher one if the log has a gap. May take some hundred ms. SEUIL_ERR_BACKOFF:
     * not now, try again. */
    int (*seek)(struct seuil_source *source, struct seuil_lane *lane, int64_t offset);
    /* Ask for the log's end of all lanes of @shard; the answer shows in `end` and `end_asked` after
     * a later fill. Cheap to call often: one question is under way at a time. */
    void (*ask_ends)(struct seuil_source *source, uint32_t shard);
    /* First and next offset of the log, asked from the broker (may block some 100 ms):
     * SEUIL_ERR_BACKOFF when it does not answer. For the checks at acquire (PROTOCOL 23). */
    int (*watermarks)(struct seuil_source *source, uint32_t shard, uint32_t topic,
                      int64_t *ret_start, int64_t *ret_end);
    /* Read one record back, outside of any lane: 0; SEUIL_ERR_MISSING: the log does not have it
     * (any more, or yet); SEUIL_ERR_BACKOFF. Its hash is
     * seuil_record_hash. */
    int (*read_back)(struct seuil_source *source, uint32_t shard, uint32_t topic, int64_t offset,
                     seuil_time_ms *ret_time, uint64_t *ret_hash);
    /* First offset whose timestamp is at or after @time (the end when there is none). */
    int (*offset_of_time)(struct seuil_source *source, uint32_t shard, uint32_t topic,
                          seuil_time_ms time, int64_t *ret_offset);
    /* The header @name of a record of a lane; false when it has none. */
    bool (*header)(struct seuil_source *source, const struct seuil_record_in *record,
                   const char *name, struct seuil_str *ret_value);
    /* All headers of a record, at most @max; returns how many. */
    uint32_t (*headers)(struct seuil_source *source, const struct seuil_record_in *record,
                        struct seuil_header *ret_headers, uint32_t max);

    /* ---- the group (PROTOCOL 18, 21, 22) ---- */
    /* Commit the witness of @shard: positions by topic number (-1: topic not in use) and ASCII
     * metadata of at most 255 bytes. Not waited for: see group_seen. Returns a ticket > 0. */
    uint64_t (*witness)(struct seuil_source *source, uint32_t shard, const int64_t *positions,
                        const char *metadata);
    /* 1: that commit was accepted by the group; 0: no answer yet; negative: refused or lost. */
    int (*witness_state)(struct seuil_source *source, uint32_t shard, uint64_t ticket);
    /* The witness that the group holds for @shard: 1 and positions, metadata; 0: none;
     * SEUIL_ERR_BACKOFF. */
    int (*read_witness)(struct seuil_source *source, uint32_t shard, int64_t *ret_positions,
                        char *ret_metadata, uint32_t cap);
    /* When (monotonic) the group last confirmed that @shard is ours; SEUIL_TIME_NONE: it is not
     * assigned to us. The assignment itself is a confirmation, so is an accepted commit. */
    seuil_time_ms (*confirmed)(struct seuil_source *source, uint32_t shard);
};

#endif
