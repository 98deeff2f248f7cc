/* Events that can wait: put into their lead later, all at once, with the same result.
 *
 * Most events come in order and move no tier. Stepping each of them reads, judges and writes the
 * whole state of a lead for nothing that anyone can see. So the owner of a packed state keeps a
 * *digest* beside it: how many points may still be awarded before an entry mark could be met. An
 * event that is newer than all before it, repeats none of them, and awards less, leaves the tier
 * where it is; only what it would put into recent is appended to a list of *pendings*. The list is
 * caught up with before the state is looked at by anybody.
 *
 * Why that is exact: evidence does not depend on when it was folded (EVIDENCE 1, 3); clock, due
 * time and score of the last pending are those that stepping it would have left; and none in
 * between could move the automaton: upwards, since the digest bounds the score from above, for ever
 * (what is negative may fade away); downwards, since awards of no less than nothing never lower a
 * score, so that until the due time of the state without them it stays. Only models, rules and
 * leads that are plain take part; everything else is stepped. */

#ifndef SEUIL_CORE_DEFER_H
#define SEUIL_CORE_DEFER_H

#include "core/engine.h"

/* Beside a packed state; zeroed: nothing may be deferred. */
struct seuil_digest {
    seuil_time_ms base;   /* pendings count from it; SEUIL_TIME_NONE: from the first one */
    seuil_time_ms newest; /* only what is newer may be deferred */
    seuil_time_ms until;  /* and only while silence need not act here: not after the due time of
                             state and pendings */
    uint64_t seen;        /* two bits for each id hash of recent and pendings */
    float room;           /* points that may be awarded before an entry mark could be met */
    float fade, fade_max; /* as decay goes on: so many more a millisecond, up to so many */
    bool open;            /* events may be deferred */
    uint8_t count;        /* pendings */
    uint16_t spare;       /* bytes that the packed state may still grow by */
};

/* Pendings of one lead at most; a pending has at most so many bytes. */
#define SEUIL_PENDINGS_MAX      16
#define SEUIL_PENDING_BYTES_MAX (21 + SEUIL_HITS_MAX * 6)

/* The digest of a lead just stepped (todo: SAVE), remodeled or caught up with, while @scratch still
 * knows it; packed it has @size bytes. */
void seuil_engine_digest(const struct seuil_models *models, struct seuil_scratch *scratch,
                         const struct seuil_lead *lead, size_t size,
                         struct seuil_digest *ret_digest);

/* The digest of a lead without history. */
void seuil_engine_digest_new(const struct seuil_scratch *scratch, struct seuil_digest *ret_digest);

enum seuil_deferral {
    SEUIL_DEFERRAL_NONE,     /* it must be stepped, after catching up */
    SEUIL_DEFERRAL_PENDING,  /* APPLIED: appended */
    SEUIL_DEFERRAL_FILTERED, /* FILTERED: it leaves nothing */
};

/* Defer @event, if it can be: then *@ret_len bytes (none if FILTERED) were written to @out of
 * SEUIL_PENDING_BYTES_MAX bytes, which belong behind the pendings before it. @until: up to where
 * silence may act before the event. @held: the packed state and behind it the pendings; @out may
 * lie behind it. The caller has made sure that the event is not below its stamp. What was matched
 * is kept for stepping the same event next. */
enum seuil_deferral seuil_engine_defer(const struct seuil_models *models,
                                       struct seuil_scratch *scratch,
                                       const struct seuil_event *event, seuil_time_ms until,
                                       struct seuil_str held, struct seuil_digest *digest,
                                       uint8_t *out, uint32_t *ret_len);

/* Put the @len bytes of pendings of @digest into @lead, their stamps included. The lead is as if
 * each had been stepped; @ret_outcome has no crossing. */
void seuil_engine_catch_up(const struct seuil_models *models, struct seuil_scratch *scratch,
                           const struct seuil_digest *digest, const uint8_t *pendings, uint32_t len,
                           struct seuil_lead *lead, struct seuil_outcome *ret_outcome);

/* The same for a lead that is stepped next, by an event before which silence need not act (it acts
 * up to an instant before @digest->until): the tier is not judged, and of the due time only known
 * that it is not earlier. If that step has not SAVE to do, @lead is not a state. */
void seuil_engine_put_pendings(const struct seuil_models *models, struct seuil_scratch *scratch,
                               const struct seuil_digest *digest, const uint8_t *pendings,
                               uint32_t len, struct seuil_lead *lead);

#endif
