/* The fold of a lead's events in the order of (time, id hash), one record after the other: into the
 * summary when they leave recent, and on top of it, in the scratch, for a view (EVIDENCE 1).
 *
 * A hit of an ordinary rule is an award of its tally. A hit of a hidden rule (enum seuil_role) is a
 * command of sales, or a status: what came before it is dropped, what comes after it is let in or
 * not. So commands obey the same order as everything else, however late they come.
 *
 * Private to lib/core. */

#ifndef SEUIL_CORE_FOLD_H
#define SEUIL_CORE_FOLD_H

#include "core/scratch.h"

/* Where to fold to, for a bound lead. */
struct seuil_folding {
    struct seuil_scratch *scratch;
    const struct seuil_evidence *evidence;
    struct seuil_tally *summary; /* the evidence's own tallies; NULL: the live ones */
};

/* The tally of @slot to write to; a live one is copied from the summary when it is first asked for.
 */
struct seuil_tally *seuil_fold_live(const struct seuil_folding *folding, unsigned slot);
static inline struct seuil_tally *seuil_fold_tally(const struct seuil_folding *folding,
                                                   unsigned slot)
{
    return folding->summary ? &folding->summary[slot] : seuil_fold_live(folding, slot);
}

/* As it stands. */
const struct seuil_tally *seuil_fold_peek(const struct seuil_folding *folding, unsigned slot);

/* Let the computed instants up to @until act that come before any event of theirs: resets by
 * silence, rules of absence. The caller does so before each record, up to its time, and at the end.
 */
void seuil_fold_pass_timers(const struct seuil_folding *folding, seuil_time_ms until);
static inline void seuil_fold_pass(const struct seuil_folding *folding, seuil_time_ms until)
{
    if (folding->scratch->has_timers)
        seuil_fold_pass_timers(folding, until);
}

/* The first that is still to come; SEUIL_TIME_NEVER: none. */
seuil_time_ms seuil_fold_next(const struct seuil_folding *folding);

/* Fold @record: seuil_evidence order is the caller's. It is no event for the models in @skip, as
 * bits. */
void seuil_fold_record(const struct seuil_folding *folding, const struct seuil_record *record,
                       unsigned skip);

/* Behaviour of @model so far gives nothing more, exclusions stay; with @holds, its shortcuts end
 * too. Slots of limits stay used (SCORING 10.3). */
void seuil_fold_retire(const struct seuil_folding *folding, unsigned model, bool holds);

/* What is under the inactivity of the hidden rule @scope shrinks up to @time, and counts anew from
 * there. */
void seuil_fold_rest(const struct seuil_folding *folding, const struct seuil_rule *scope,
                     seuil_time_ms time);

/* What the status rule's tally says of the lead. */
struct seuil_status {
    uint32_t hash;       /* 0: none */
    seuil_time_ms since; /* of the status */
    bool frozen;         /* it is one that freezes leads of this model */
    seuil_time_ms frozen_since;
    bool disqualified;
};
struct seuil_status seuil_fold_status(const struct seuil_model *model,
                                      const struct seuil_tally *tally);

/* @at, or the instant before it at which @model is frozen. */
seuil_time_ms seuil_fold_stands_at(const struct seuil_folding *folding, unsigned model,
                                   seuil_time_ms at);

/* Until when a recycle mutes, by the tally of its rule; SEUIL_TIME_NONE: there was none. */
seuil_time_ms seuil_recycle_muted_until(const struct seuil_model *model,
                                        const struct seuil_tally *tally);

#endif
