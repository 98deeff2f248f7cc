/* When does silence change something? (EVIDENCE 5). Private to lib/core.
 *
 * All functions look from a viewed lead (scratch.h) into the time after the view, as if no record
 * waited: the caller takes the first of these instants and of the waiting records'. */

#ifndef SEUIL_CORE_DUE_H
#define SEUIL_CORE_DUE_H

#include "core/scratch.h"

/* Where a model's automaton stands. */
struct seuil_standing {
    uint8_t under; /* the tier beneath an exclusion, else the tier */
    bool excluded;
};

/* The first instant after @from (at or after the view) at which the automaton of @model would not
 * stay as @standing, if shortcuts hold it as they do at @from; SEUIL_TIME_NEVER when it stays.
 * Exact to the millisecond; when the search is too long, an earlier instant. */
seuil_time_ms seuil_due_change(struct seuil_scratch *scratch, const struct seuil_lead *lead,
                               unsigned model, struct seuil_standing standing, seuil_time_ms from);

/* A lead whose awards give less than this together is worth nothing. */
#define SEUIL_WORTH_LEAST 0.001

/* The instant from which the viewed lead is worth nothing, given that all its tiers are 0;
 * SEUIL_TIME_NEVER when there is none. May lie in the past. */
seuil_time_ms seuil_due_expiry(struct seuil_scratch *scratch, const struct seuil_lead *lead);

#endif
