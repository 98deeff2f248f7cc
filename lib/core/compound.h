/* Rules that look at more than one event (SCORING 4, 5; EVIDENCE 3): what they remember, in the
 * tally of their slot, and when they fire.
 *
 *     frequency, recency   of an ordinary rule: `moment` has the last instants of its events
 *     TOGETHER             moment[i]: the last event of leg i
 *     SEQUENCE             moment[i]: the latest beginning of a chain that has come to leg i
 *     LAST                 window: the last objects of leg 0, and which of them leg 1 has met; more
 *                          than the rule's `of`, so that one that is met again keeps its place
 *     STREAK               streak: events of leg 0 since it fired or leg 1 came
 *     ABSENCE, RESET       moment[0]: since when there is silence; streak: events of leg 0 since
 *
 * All look at events, not at awards, and consume none: each event that completes the condition is
 * a candidate for an award, bounded by the rule's own limits. Events come in the order of (time,
 * id hash); of one event that hits several legs the later leg of a sequence looks first, so that
 * no event follows itself.
 *
 * Private to lib/core. */

#ifndef SEUIL_CORE_COMPOUND_H
#define SEUIL_CORE_COMPOUND_H

#include "core/evidence.h"
#include "core/model.h"

/* Legs of the compounds that have fixed ones, as bits of a hit. */
enum {
    SEUIL_LEG_OF = 1 << 0,     /* what is counted: e-mails sent */
    SEUIL_LEG_ANSWER = 1 << 1, /* a human action */
};

/* Whether @role is one of those above with legs. */
static inline bool seuil_role_is_compound(uint8_t role)
{
    return role >= SEUIL_ROLE_TOGETHER && role <= SEUIL_ROLE_RESET;
}

/* Whether it has an instant of its own. */
static inline bool seuil_role_is_silence(uint8_t role)
{
    return role == SEUIL_ROLE_ABSENCE || role == SEUIL_ROLE_RESET;
}

/* An event of an ordinary rule with a frequency or a recency at @time: whether it may be awarded.
 */
bool seuil_frequency_step(struct seuil_tally *tally, const struct seuil_rule *rule,
                          seuil_time_ms time);

/* An event at @time that hit @legs of a compound: whether it fires. @object: of LAST. */
bool seuil_compound_step(struct seuil_tally *tally, const struct seuil_rule *rule,
                         seuil_time_ms time, unsigned legs, uint32_t object);

/* When a silence fires if nothing more happens; SEUIL_TIME_NEVER: too little was sent. */
seuil_time_ms seuil_silence_due(const struct seuil_tally *tally, const struct seuil_rule *rule);

/* It fired at @at: clock and count start again. */
void seuil_silence_restart(struct seuil_tally *tally, seuil_time_ms at);

/* A model was frozen up to @at: a silence that ended before ends there. */
void seuil_silence_thaw(struct seuil_tally *tally, const struct seuil_rule *rule, seuil_time_ms at);

/* Drop what no event at or after @now can ask for. */
void seuil_compound_prune(struct seuil_tally *tally, const struct seuil_rule *rule,
                          seuil_time_ms now);

/* From when on what is remembered is worth nothing; SEUIL_TIME_NONE: it is nothing already. */
seuil_time_ms seuil_compound_expiry(const struct seuil_tally *tally, const struct seuil_rule *rule,
                                    seuil_time_ms newest);

#endif
