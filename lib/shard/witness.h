/* The witness: what a group commit says of a shard, for lag tools (the offsets) and for the next
 * owner (the metadata): "v1 seq=12 base=0:345,2:67@1", topic numbers, decimal offsets and, above 0,
 * the topic's generation (PROTOCOL 22). It never says where to resume. */

#ifndef SEUIL_SHARD_WITNESS_H
#define SEUIL_SHARD_WITNESS_H

#include <stdbool.h>
#include <stdint.h>

#include "store/store.h"

#define SEUIL_WITNESS_MAX 256 /* bytes, the terminating 0 included */

struct seuil_witness_text {
    uint64_t seq;
    int64_t base[SEUIL_TOPICS_MAX]; /* -1: not told */
    uint32_t generation[SEUIL_TOPICS_MAX];
};

/* @meta's seq and bases; topics for which there is no room are left out. */
void seuil_witness_format(const struct seuil_meta *meta, char ret_text[SEUIL_WITNESS_MAX]);

/* False when @text is not a witness: of another program, or only a sign of life. */
bool seuil_witness_parse(const char *text, struct seuil_witness_text *ret_witness);

/* Whether @meta, read after its token was taken (which raised its seq by one), is behind what the
 * group was told: Redis lost its tail. A base of an earlier generation says nothing: an operator
 * made that topic begin anew (PROTOCOL 24). */
bool seuil_witness_ahead(const struct seuil_witness_text *witness, const struct seuil_meta *meta);

#endif
