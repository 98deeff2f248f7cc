/* What the shard of a lead tells that of another: records of the internal topic, keyed by the lead
 * they are for. When ids turn out to be one person, the old id's shard hands over what it remembers
 * (the state, as the lead codec packs it: with keys and meanings of its rules), then each later
 * event of that id, as canonical JSON; and one that was forgotten tells the ids merged into it.
 *
 * A record says by which event it was made: the shard (a partition of the inputs) and the position
 * of that event in its log. That is the same whenever the shard makes it again, also after Redis
 * lost the end of its history, when the index in the outbox may be another one. So the receiver
 * knows a hand-over by it, and an event by its lead and id, as always.
 *
 *     version, kind, hops
 *     shard, topic, generation, offset; time, arrival
 *     length and bytes of the lead's id, of the event's id
 *     8 bytes for each hop: the way it went from a lead
 *     the body, to the end
 */

#ifndef SEUIL_CODEC_HANDOVER_H
#define SEUIL_CODEC_HANDOVER_H

#include <stdbool.h>
#include <stdint.h>

#include "base/buf.h"
#include "core/event.h"
#include "core/limits.h"

/* A header beside it: "shard tenure number". What a shard hands to another is numbered without gaps
 * as long as its tenure lasts, for which a number is drawn with each token. So an outbox entry sent
 * twice, which at-least-once does, is known. */
#define SEUIL_HANDOVER_ENTRY     "seuil.entry"
#define SEUIL_HANDOVER_ENTRY_MAX 64

enum seuil_handover_kind {
    SEUIL_HANDOVER_LEAD = 1, /* body: a packed state */
    SEUIL_HANDOVER_EVENT,    /* body: canonical JSON */
    SEUIL_HANDOVER_FORGET,   /* the lead that this one was merged into was forgotten; no body */
    SEUIL_HANDOVER_KINDS,
};

/* Texts and body are borrowed. */
struct seuil_handover {
    enum seuil_handover_kind kind;
    struct seuil_position from; /* of the event; partition: the shard */
    seuil_time_ms time;         /* of the event, as it counts */
    seuil_time_ms arrival;      /* of its record */
    struct seuil_str lead;      /* the id that it is, or was, of */
    struct seuil_str id;        /* of the event */
    uint32_t hops;
    uint64_t path[SEUIL_HOPS_MAX];
    const uint8_t *body;
    uint32_t body_len;
};

/* Append the record's value to @out: 0 or SEUIL_ERR_NOMEM. */
int seuil_handover_write(const struct seuil_handover *handover, struct seuil_buf *out);

/* Views into @bytes. SEUIL_ERR_UNSUPPORTED: of a newer version; SEUIL_ERR_CORRUPT. */
int seuil_handover_read(const uint8_t *bytes, uint32_t len, struct seuil_handover *ret_handover);

/* It goes on by @way (seuil_lead_way). There is room unless it ends there. */
void seuil_handover_pass(struct seuil_handover *handover, uint64_t way);

/* Whether it ends at a lead from which it would go on by @way: it went through as many leads as it
 * may; or merges went in a circle, so that it has gone this way before, and of the ways round the
 * circle this one is the least number. So all that goes round a circle ends at the same lead. */
bool seuil_handover_ends_at(const struct seuil_handover *handover, uint64_t way);

#endif
