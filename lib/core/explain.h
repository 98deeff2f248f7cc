/* The lines that sum to a score (SCORING 8). Private to lib/core. */

#ifndef SEUIL_CORE_EXPLAIN_H
#define SEUIL_CORE_EXPLAIN_H

#include "core/scratch.h"
#include "core/tier.h"

/* Explain the viewed lead's score of @model at @at, not before the view. The score is rounded half
 * up, but stays within @bounds if the exact one is. @excluded: the lead is, at that instant. */
void seuil_explain_view(struct seuil_scratch *scratch, const struct seuil_lead *lead,
                        unsigned model, bool excluded, struct seuil_stay bounds, seuil_time_ms at,
                        struct seuil_explanation *ret_explanation);

#endif
