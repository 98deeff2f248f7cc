/* Decay by inactivity (SCORING 3, 10.7): what a group or all of behaviour had at its last scoring
 * event shrinks with every period without one.
 *
 * The rules under it are its scope; a hidden rule keeps when the last of them was awarded
 * (moment[0]), their tallies keep what their awards are worth since then (sum). Factors multiply
 * each contribution, so the groups clamp afterwards. An award first lets what is there shrink up to
 * its own time.
 *
 * Private to lib/core. */

#ifndef SEUIL_CORE_IDLE_H
#define SEUIL_CORE_IDLE_H

#include "core/evidence.h"
#include "core/model.h"

/* What is worth less, in all, is nothing: parts that cancel out may leave the last bits of doubles.
 */
#define SEUIL_IDLE_LEAST 1e-9

/* What is left at @at of one part of contributions that were worth @worth in all at @last. */
double seuil_idle_factor(const struct seuil_decay *decay, double worth, seuil_time_ms last,
                         seuil_time_ms at);

/* After so many periods no more than @least is left of a part of @own, or nothing shrinks any more
 * (what is subtracted from: parts that cancel out, together worth nothing, stay as they are); at
 * most 2^40. */
int64_t seuil_idle_periods(const struct seuil_decay *decay, double worth, double own, double least);

#endif
