/* The score of a viewed lead at an instant (SCORING 2): T = F + X + B + M. Private to lib/core. */

#ifndef SEUIL_CORE_SCORE_H
#define SEUIL_CORE_SCORE_H

#include <math.h>
#include <string.h>

#include "core/scratch.h"

struct seuil_score {
    double fit, exclusion, behaviour, manual;
};

/* With the exclusions, and what the automaton beneath an exclusion goes by. */
static inline double seuil_score_total(const struct seuil_score *score)
{
    return score->fit + score->behaviour + score->manual + score->exclusion;
}

static inline double seuil_score_beneath(const struct seuil_score *score)
{
    return score->fit + score->behaviour + score->manual;
}

/* @at is not before the view's instant. */
void seuil_score_at(struct seuil_scratch *scratch, const struct seuil_lead *lead, unsigned model,
                    seuil_time_ms at, struct seuil_score *ret_score);

/* 2^exponent, exact; out of the range of doubles: 0 or infinity. */
static inline double seuil_power_of_two(int64_t exponent)
{
    uint64_t bits = (uint64_t)(exponent + 1023) << 52;
    double value;

    if (exponent < -1022 || exponent > 1023)
        return ldexp(1, exponent < -3000 ? -3000 : exponent > 3000 ? 3000 : (int)exponent);
    memcpy(&value, &bits, sizeof(value));
    return value;
}

/* What one term gives at @at: awards times decay, without the points. */
double seuil_term_look(struct seuil_scratch *scratch, const struct seuil_term *term,
                       seuil_time_ms at);
static inline double seuil_term_value(struct seuil_scratch *scratch, const struct seuil_term *term,
                                      seuil_time_ms at)
{
    if (!term->is_half || scratch->half_at != at)
        return seuil_term_look(scratch, term, at);
    return term->sum * scratch->half_factor[term->half] *
           seuil_power_of_two(term->landmark - scratch->half_whole[term->half]);
}

/* The sum of the adjustments that count at @at. */
double seuil_manual_at(const struct seuil_evidence *evidence, seuil_time_ms at);

static inline double seuil_clamp(double value, double low, double high)
{
    return value < low ? low : value > high ? high : value;
}

/* Scores are compared with marks on a grid of 2^-36, far below a cent and above the rounding of
 * sums: so a score that stands on a mark does not flicker across it by rounding. */
#define SEUIL_GRID 68719476736.0

static inline double seuil_on_grid(double value)
{
    double scaled = value * SEUIL_GRID;

    /* As rint does, without a call: beside 1.5 * 2^52 there is no room for a fraction. */
    if (fabs(scaled) < 0x1p51)
        return (scaled + 0x1.8p52) - 0x1.8p52;
    return rint(scaled);
}

#endif
