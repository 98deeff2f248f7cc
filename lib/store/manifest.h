/* What all shards of an application must agree on for good, in one hash beside them:
 *
 *   format 1   partitions 48   partitioner murmur2   topics 2   topic:page_views 0   topic:emails 1
 *   keys 0123456789abcdef (a mark of the secret, when keys of leads are keyed hashes)
 *   made 1 (once every shard has had its meta)
 *
 * A lead's shard follows from partitions and partitioner, its key from the secret, and stamps carry
 * topic numbers: changing any of them would scatter leads, lose them all, or attribute offsets to
 * the wrong topic. A number is never given
 * to another topic. These calls wait for Redis (at most the configured time-outs).
 *
 * Common errors: SEUIL_ERR_BACKOFF and SEUIL_ERR_DOUBT (retriable): Redis does not answer or
 * refuses for now; SEUIL_ERR_CONFIG: it cannot be used as configured; SEUIL_ERR_CORRUPT: the
 * manifest is damaged; SEUIL_ERR_UNSUPPORTED: its format is unknown, or it has as many topics as
 * versions before the internal topic took. */

#ifndef SEUIL_STORE_MANIFEST_H
#define SEUIL_STORE_MANIFEST_H

#include "store/store_redis.h"

#define SEUIL_MANIFEST_TOPIC_MAX 249 /* Kafka's own bound of a topic's name */
#define SEUIL_MANIFEST_KEYS_MAX  16  /* hex digits */

struct seuil_manifest {
    uint32_t partitions;
    int partitioner;                        /* enum seuil_partitioner of shard/shard.h */
    char keys[SEUIL_MANIFEST_KEYS_MAX + 1]; /* "": keys of leads are their ids */
    bool made; /* every shard has had its meta: one without it has lost it (PROTOCOL 21) */
    uint32_t topic_count;
    /* By number. The internal topic has the number that is left, SEUIL_TOPIC_INTERNAL. */
    char topics[SEUIL_TOPICS_MAX][SEUIL_MANIFEST_TOPIC_MAX + 1]; /* by number */
};

/* SEUIL_ERR_MISSING: there is none yet. */
int seuil_manifest_read(const struct seuil_redis_config *config,
                        struct seuil_manifest *ret_manifest, struct seuil_error *err);

/* Make the manifest if there is none, with @topic_names numbered from 0 in their order; else
 * compare (the partitions of @config, too) and fill @ret_numbers. @keys: the mark of the secret of
 * keys, "" without one. SEUIL_ERR_HALTED: it differs, or
 * a topic is new to it: nothing was changed, the text says what to do. */
int seuil_manifest_agree(const struct seuil_redis_config *config, int partitioner, const char *keys,
                         const char *const *topic_names, uint32_t count, uint32_t *ret_numbers,
                         struct seuil_error *err);

/* For the operator: give numbers to those of @topic_names that have none; their numbers go to
 * @ret_numbers. SEUIL_ERR_LIMIT: more than SEUIL_TOPIC_INTERNAL; SEUIL_ERR_MISSING as above. */
int seuil_manifest_add(const struct seuil_redis_config *config, const char *const *topic_names,
                       uint32_t count, uint32_t *ret_numbers, struct seuil_error *err);

/* Has every shard had its meta? Looks for them and, when all are there, notes it for good. To be
 * asked at each start: what it says then tells a new shard from one that lost its keys. */
int seuil_manifest_made(const struct seuil_redis_config *config, bool *ret_made,
                        struct seuil_error *err);

#endif
