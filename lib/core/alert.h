/* When is an upward entry told? (SCORING 6 and 10.5)
 *
 * The tier itself moves at once; what may wait is the record of it: until the lead has been in the
 * tier for a while, until a delay is over, until a cool-down or the mute after a recycle ends. It
 * leaves then if the tier still holds. One entry at a time waits, the last. Downward crossings
 * never wait. Private to lib/core. */

#ifndef SEUIL_CORE_ALERT_H
#define SEUIL_CORE_ALERT_H

#include "core/scratch.h"

/* @crossing, upward, has just happened: true when it is told now, else it is kept. */
bool seuil_alert_enter(const struct seuil_scratch *scratch, unsigned model,
                       struct seuil_automaton *automaton, const struct seuil_crossing *crossing);

/* The lead has left the tier downward. */
void seuil_alert_leave(const struct seuil_scratch *scratch, unsigned model,
                       struct seuil_automaton *automaton);

/* When the entry that waits is to be told; SEUIL_TIME_NEVER: none waits, or its tier does not hold.
 */
seuil_time_ms seuil_alert_due(const struct seuil_scratch *scratch, unsigned model,
                              const struct seuil_automaton *automaton);

/* The entry that waited is told at the view's instant. */
void seuil_alert_told(const struct seuil_scratch *scratch, unsigned model,
                      struct seuil_automaton *automaton);

/* When the last cool-down ends; SEUIL_TIME_NONE: none runs. */
seuil_time_ms seuil_alert_cool(const struct seuil_scratch *scratch, unsigned model,
                               const struct seuil_automaton *automaton);

#endif
