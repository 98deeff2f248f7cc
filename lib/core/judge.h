/* The automaton: one tier for each model, stepped by the score as seen now. Private to lib/core. */

#ifndef SEUIL_CORE_JUDGE_H
#define SEUIL_CORE_JUDGE_H

#include "core/due.h"

/* Where the automaton of model @model (index in the set) stands, under the set's tiers. */
struct seuil_standing seuil_judge_standing(const struct seuil_scratch *scratch,
                                           const struct seuil_lead *lead, unsigned model);

/* What the viewed score of @model at @at makes of @standing. */
struct seuil_standing seuil_judge_next(struct seuil_scratch *scratch, const struct seuil_lead *lead,
                                       unsigned model, struct seuil_standing standing,
                                       seuil_time_ms at);

/* Judge all models of the viewed @lead at the view's instant. Crossings, with @reason or one that
 * says more, and alerts that were deferred to now go to @ret_outcome. */
void seuil_judge_all(struct seuil_scratch *scratch, struct seuil_lead *lead,
                     enum seuil_reason reason, struct seuil_outcome *ret_outcome);

/* When the published tier of @model changes if nothing more happens than what waits; the view is
 * lost. SEUIL_TIME_NEVER: not within five years. */
seuil_time_ms seuil_judge_until(struct seuil_scratch *scratch, const struct seuil_lead *lead,
                                unsigned model, struct seuil_standing standing, seuil_time_ms from);

/* The due time of the viewed lead, after the view's instant. */
seuil_time_ms seuil_judge_due(struct seuil_scratch *scratch, const struct seuil_lead *lead);

/* From when on the viewed lead, which is at rest, is worth nothing: as seuil_due_expiry, but not
 * before its cool-downs are over. */
seuil_time_ms seuil_judge_expiry(struct seuil_scratch *scratch, const struct seuil_lead *lead);

/* Whether no model has the lead in a tier. */
bool seuil_judge_at_rest(const struct seuil_lead *lead);

#endif
