/* From a score to a tier (SCORING 6): entry marks upward, exit marks downward. Private to lib/core.
 */

#ifndef SEUIL_CORE_TIER_H
#define SEUIL_CORE_TIER_H

#include "core/model.h"
#include "core/score.h"

/* The tier of a lead in tier @from whose score is @total; @open: the tiers whose condition holds.
 */
unsigned seuil_tier_judge(const struct seuil_model *model, uint32_t open, unsigned from,
                          double total);

/* The scores that leave a lead in @tier, as bounds on the grid: from @low to @high, both included.
 */
struct seuil_stay {
    double low, high;
};
struct seuil_stay seuil_tier_stay(const struct seuil_model *model, uint32_t open, unsigned tier);

/* Those that have just brought a lead from tier @from to @to: on the far side of the mark crossed.
 */
struct seuil_stay seuil_tier_crossed(const struct seuil_model *model, uint32_t open, unsigned from,
                                     unsigned to);

/* The highest tier that a shortcut of the viewed lead holds it in at @at; 0: none. */
unsigned seuil_tier_held(const struct seuil_scratch *scratch, unsigned model, seuil_time_ms at);

/* The first end of such a hold after @at; SEUIL_TIME_NEVER: none. */
seuil_time_ms seuil_tier_hold_end(const struct seuil_scratch *scratch, unsigned model,
                                  seuil_time_ms at);

/* Whether exclusions of @exclusion points exclude. */
bool seuil_tier_is_excluded(const struct seuil_model *model, double exclusion);

#endif
