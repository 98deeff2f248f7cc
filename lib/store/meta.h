/* A shard's meta as the fields of a Redis hash, readable by an operator with HGETALL:
 *
 *   format  2                    seq     decimal          token   32 hex digits
 *   head    outbox index         tail    outbox index     owner   instance name
 *   model   16 hex digits        walk    16 hex digits    cursor  decimal
 *   time    ms or "none"         muted   ms or "none"     cluster Kafka's cluster id
 *   halt    "" or the reason
 *   versions  of the models: "name: version", one a line; a meta of before may not have it
 *   sources what came last through the internal topic, a word for each shard it came from:
 *           "shard/tenure/1-7", or with a gap "shard/tenure/1-7,9-12"; a meta of before may not
 *           have it
 *   counts  "received=9 applied=7 replayed=0 duplicate=1 filtered=1 late=0 dead_lettered=0
 *           in_flight=0 seq=12 since=1700000000000 as_of=1700000010000" ("none": not yet)
 *   t<N>    of input topic N, when in use: "generation=0 base=12 reach=15 time=1700000000000
 *           reach_record=14/1700000000000/16 hex base_record=11/1699999999999/16 hex"
 *           (a record: offset, timestamp, hash; "none" for no instant; offset -1: no record)
 *
 * The parser is strict: each field once, nothing else, every number in its one spelling. */

#ifndef SEUIL_STORE_META_H
#define SEUIL_STORE_META_H

#include "store/store.h"

/* The fixed fields and one for each topic. */
#define SEUIL_META_FIELDS_MAX (16 + SEUIL_TOPICS_MAX)
#define SEUIL_TOKEN_HEX       (2 * SEUIL_TOKEN_BYTES)

struct seuil_meta_field {
    struct seuil_str name, value;
};

struct seuil_meta_text {
    uint32_t count;
    struct seuil_meta_field fields[SEUIL_META_FIELDS_MAX];
    uint32_t len;
    char bytes[17408]; /* what the values point to: the longest meta takes about 15,000 */
};

/* Format @meta; names are literals, values point into @text. A text that is not terminated within
 * its array is an assertion. */
void seuil_meta_format(const struct seuil_meta *meta, struct seuil_meta_text *text);

/* The name of topic @topic's field, a literal. */
struct seuil_str seuil_meta_topic_name(uint32_t topic);

/* 0; SEUIL_ERR_CORRUPT (a field missing, twice, unknown or not as above), SEUIL_ERR_UNSUPPORTED (a
 * format this program does not know). The text names the field and what to do. */
int seuil_meta_parse(const struct seuil_meta_field *fields, uint32_t count,
                     struct seuil_meta *ret_meta, struct seuil_error *err);

/* A token as 32 lower-case hex digits (not terminated), and back: SEUIL_ERR_CORRUPT. */
void seuil_token_format(const struct seuil_token *token, char out[SEUIL_TOKEN_HEX]);
int seuil_token_parse(struct seuil_str text, struct seuil_token *ret_token);

/* Decimal numbers in their one spelling (no sign "+", no leading zeros, no blanks); false when not.
 * Used for what Redis answers, too. */
bool seuil_meta_u64_parse(struct seuil_str text, uint64_t *ret_value);
bool seuil_meta_i64_parse(struct seuil_str text, int64_t *ret_value);

#endif
