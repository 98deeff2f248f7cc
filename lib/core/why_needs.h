/* What would have to be otherwise: conditions on a lead's standing, exclusions. Of why.h, and
 * private to lib/core. */

#ifndef SEUIL_CORE_WHY_NEEDS_H
#define SEUIL_CORE_WHY_NEEDS_H

#include "core/scratch.h"
#include "core/why.h"

/* @when does not hold for the values of the view: what would make it hold. */
void seuil_why_needs(const struct seuil_scratch *scratch, const struct seuil_condition *when,
                     struct seuil_needs *ret_needs);

/* The exclusions of model @index in the view at @at, and their sum. */
void seuil_why_bars(struct seuil_scratch *scratch, const struct seuil_lead *lead, unsigned index,
                    seuil_time_ms at, struct seuil_why *why);

#endif
