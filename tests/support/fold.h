/* The oracle: a plain fold of the topics, record by record, that links the core and the codecs and
 * nothing of store, stream, shard or daemon.
 *
 * The caller decides which records belong to a lead's state and in which order they come; the fold
 * lets silence act before each of them, steps the event, stamps it, and hands out crossings with
 * the bytes that a subscriber must see. The simulation and the kill tests compare against it. */

#ifndef SEUIL_SUPPORT_FOLD_H
#define SEUIL_SUPPORT_FOLD_H

#include <stdint.h>

#include "codec/decode.h"
#include "codec/encode.h"
#include "codec/handover.h"
#include "core/engine.h"
#include "core/lead_codec.h"
#include "map/read.h"

struct seuil_fold_topic {
    const char *name;
    const struct seuil_decoder *decoder; /* NULL: not an input */
    const struct seuil_map *map;         /* NULL: its records are events themselves */
    bool internal;                       /* its records are what shards hand over to each other */
};

/* Everything pointed to stays until seuil_fold_free. */
struct seuil_fold_spec {
    const struct seuil_models *models;
    void *regex; /* as seuil_scratch_init takes it */
    struct seuil_str app;
    enum seuil_out_format format;
    struct seuil_fold_topic topics[SEUIL_TOPICS_MAX];
    /* Told of each crossing, in order; @value: the outbound bytes. NULL: nobody asks. */
    void (*crossing)(void *ctx, const struct seuil_lead *lead,
                     const struct seuil_crossing *crossing, const char *id, const uint8_t *value,
                     uint32_t value_len);
    /* Told of each record that must be in the internal topic, for lead @to. NULL: nobody asks. */
    void (*sent)(void *ctx, struct seuil_str to, const uint8_t *value, uint32_t value_len);
    void *ctx;
};

struct seuil_fold_record {
    struct seuil_position position;
    seuil_time_ms time;   /* of the Kafka record */
    seuil_time_ms stream; /* silence acts up to max(time, stream) first; SEUIL_TIME_NONE: to time */
    const uint8_t *value; /* NULL: a tombstone, which does nothing */
    uint32_t value_len;
};

struct seuil_fold;

/* NULL when memory is out. */
struct seuil_fold *seuil_fold_new(const struct seuil_fold_spec *spec);
void seuil_fold_free(struct seuil_fold *fold);

/* Start with a lead that has no history, or with a packed state (0, or the error of
 * seuil_lead_read). */
void seuil_fold_begin(struct seuil_fold *fold, struct seuil_str lead);
int seuil_fold_resume(struct seuil_fold *fold, struct seuil_str lead, const uint8_t *bytes,
                      size_t len);

/* Apply one record, all of its events. 1: it left something in the lead, and is stamped; 0: it did
 * not (another lead's record is one of these); negative: it cannot be decoded. @ret_verdict, of the
 * last event, may be NULL. */
int seuil_fold_apply(struct seuil_fold *fold, const struct seuil_fold_record *record,
                     enum seuil_verdict *ret_verdict);

/* Let silence act up to and including @until. */
void seuil_fold_until(struct seuil_fold *fold, seuil_time_ms until);

/* The lead as it stands: what a comparison must take as given (the path of the automata where
 * topics came interleaved otherwise) can be put in here. */
struct seuil_lead *seuil_fold_lead(struct seuil_fold *fold);

/* Its packed bytes, into @out of SEUIL_LEAD_BYTES_MAX; returns the length. */
size_t seuil_fold_pack(const struct seuil_fold *fold, uint8_t *out);

/* All in one: @count records in order, silence up to @until (SEUIL_TIME_NONE: none after the last),
 * packed. Records that cannot be decoded do nothing. */
size_t seuil_fold_all(struct seuil_fold *fold, struct seuil_str lead,
                      const struct seuil_fold_record *records, uint32_t count, seuil_time_ms until,
                      uint8_t *out);

#endif
