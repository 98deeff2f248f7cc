/* The fold of one rule's events (EVIDENCE 3): limits that choose the earliest, and what decay needs
 * to remember of the awards.
 *
 * Events are folded in the order of (time, id hash). The fold of a list is the same whether it is
 * done at once or in parts, and whether or not seuil_tally_prune ran between: what pruning at an
 * instant drops, folding any later event drops too. */

#ifndef SEUIL_CORE_TALLY_H
#define SEUIL_CORE_TALLY_H

#include "core/evidence.h"
#include "core/model.h"

/* Whether an award for @object at @time makes @rule forget another object, of which it still knows
 * that it counted: it remembers SEUIL_OBJECTS_MAX of them. */
bool seuil_tally_forgets(const struct seuil_tally *tally, const struct seuil_rule *rule,
                         seuil_time_ms time, uint32_t object);

/* Fold an event at @time with the hash of its object and what its points depend on into @tally of
 * @rule. Whether it is awarded: every limit had room; else the limits without room are noted. */
bool seuil_tally_fold(struct seuil_tally *tally, const struct seuil_rule *rule, seuil_time_ms time,
                      uint32_t object, double measure);

/* The same for a rule that awards each of its events alike: without limits, and of no decay that
 * ends at an age. */
void seuil_tally_add(struct seuil_tally *tally, const struct seuil_rule *rule, seuil_time_ms time);

/* What one award of @rule counts: 1, or its points where they depend on the event. */
static inline double seuil_rule_weight(const struct seuil_rule *rule, double measure)
{
    double points = rule->factor * measure;

    if (rule->measure == SEUIL_MEASURE_NONE)
        return 1;
    return points < rule->floor ? rule->floor : points > rule->ceiling ? rule->ceiling : points;
}

/* Drop what no evaluation and no fold at or after @now can ask for. */
void seuil_tally_prune(struct seuil_tally *tally, const struct seuil_rule *rule, seuil_time_ms now);

/* Give up what the awards so far are worth; the slots they took stay used. */
void seuil_tally_retire(struct seuil_tally *tally, const struct seuil_rule *rule);

/* @rule has another decay than the one @tally was folded under: what is kept exactly is read under
 * the new one, what was added up goes on from its value at @at. */
void seuil_tally_redecay(struct seuil_tally *tally, const struct seuil_rule *rule,
                         seuil_time_ms at);

/* Whether that is so. */
bool seuil_tally_is_redecayed(const struct seuil_tally *tally, const struct seuil_rule *rule);

/* Copy what is in use. */
void seuil_tally_copy(struct seuil_tally *to, const struct seuil_tally *from);

/* Of a half-life: the sum of 2^((t - landmark) / H) times its weight over all awards, and the
 * landmark in whole half-lives: it is that of the newest award, so the same tally gives the same
 * bits. */
double seuil_tally_half_life_sum(const struct seuil_tally *tally, const struct seuil_rule *rule,
                                 int64_t *ret_landmark);

/* The awards of any other decay at @now, each times its factor. */
double seuil_tally_value(const struct seuil_tally *tally, const struct seuil_rule *rule,
                         seuil_time_ms now);

/* Awards that still give something at @now. */
uint32_t seuil_tally_awards(const struct seuil_tally *tally, const struct seuil_rule *rule,
                            seuil_time_ms now);

/* Their points before decay. */
double seuil_tally_points(const struct seuil_tally *tally, const struct seuil_rule *rule,
                          seuil_time_ms now);

/* The sums of the negative and of the positive weights of an age-bounded decay's awards that still
 * give something at @now. */
void seuil_tally_extent(const struct seuil_tally *tally, const struct seuil_rule *rule,
                        seuil_time_ms now, double *ret_low, double *ret_high);

/* The first instant after @now at which the value of an age-bounded decay jumps or bends;
 * SEUIL_TIME_NEVER when there is none. */
seuil_time_ms seuil_tally_break(const struct seuil_tally *tally, const struct seuil_rule *rule,
                                seuil_time_ms now);

/* The age from which a contribution is 0 for good; SEUIL_TIME_NEVER when there is none. */
int64_t seuil_decay_span_ms(const struct seuil_decay *decay);

/* What sums and buckets hang on: the half-life, or the age bound; 0 for other decays. */
int64_t seuil_decay_window_ms(const struct seuil_decay *decay);

/* Whether decay ends at an age (expires, linear, steps). */
static inline bool seuil_decay_is_aged(const struct seuil_decay *decay)
{
    return decay->shape == SEUIL_DECAY_EXPIRES || decay->shape == SEUIL_DECAY_LINEAR ||
           decay->shape == SEUIL_DECAY_STEPS;
}

/* Whether the rule has a limit of @kind. */
bool seuil_rule_has_limit(const struct seuil_rule *rule, enum seuil_limit_kind kind);

/* floor(a / b) for b > 0. */
static inline int64_t seuil_floor_div(int64_t a, int64_t b)
{
    int64_t quotient = a / b;

    return quotient - (a % b < 0);
}

#endif
