/* What an operator may decide about a halted shard, as changes of its meta and nothing else (rules
 * 21, 23, 24). seuilctl takes the shard's token, applies one of these to the meta it was given,
 * and commits the result under the guard; the halted owner sees the reason gone and takes the shard
 * anew. */

#ifndef SEUIL_SHARD_OPERATOR_H
#define SEUIL_SHARD_OPERATOR_H

#include <stdint.h>

#include "base/err.h"
#include "store/store.h"

/* Lift the halt. Where the log now begins after base (@first, by topic number, -1: unknown or not
 * in use) base moves there: the gap is accepted, generation and stamps stay. Returns the number of
 * offsets given up. */
int64_t seuil_operator_go_on(struct seuil_meta *meta, const int64_t *first);

/* Take a topic that was deleted and made again, or whose log lost its tail, for what it is now: it
 * counts in a new generation and resumes at @start; the other topics keep base and stamps. The halt
 * is lifted. @cluster_id: of the Kafka it lies in, NULL to leave it. SEUIL_ERR_UNKNOWN: the shard
 * has no such topic. */
int seuil_operator_adopt(struct seuil_meta *meta, uint32_t topic, int64_t start,
                         const char *cluster_id);

struct seuil_operator_rebuild {
    int64_t start[SEUIL_TOPICS_MAX]; /* where to read from; -1: not in use */
    seuil_time_ms muted_until;   /* crossings effective before it are counted, not published: the
                                    time up to which the witness says they were;
                                    SEUIL_TIME_NONE: all are published */
    uint64_t witness_seq;        /* of the witness, 0: none */
    uint32_t witness_generation; /* the highest that the witness names; the new one is above it */
    uint64_t model_hash;         /* of the models that will read */
    const char *cluster_id;      /* or NULL */
};

/* Begin anew from the log. @meta: as it stood, or zeroed when it is lost. The caller has deleted
 * the leads and due times that were left: their stamps count no more. */
void seuil_operator_rebuild(struct seuil_meta *meta, const struct seuil_operator_rebuild *order);

#endif
