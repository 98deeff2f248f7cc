/* What the parts of tallies share. Used by tally*.c only. */

#ifndef SEUIL_CORE_TALLY_PARTS_H
#define SEUIL_CORE_TALLY_PARTS_H

#include "core/tally.h"

static inline int64_t seuil_bucket_width_ms(const struct seuil_rule *rule)
{
    int64_t width = seuil_decay_span_ms(&rule->decay) / 64;

    return width > 0 ? width : 1;
}

/* The instant that stands for all awards of a bucket: off by half a width at most. */
static inline seuil_time_ms seuil_bucket_time(const struct seuil_bucket *bucket, int64_t width_ms)
{
    seuil_time_ms time;

    /* Only damaged bytes have such an index. */
    if (__builtin_mul_overflow(bucket->index, width_ms, &time) || time > SEUIL_TIME_BOUND_MS ||
        time < -SEUIL_TIME_BOUND_MS)
        return bucket->index < 0 ? -SEUIL_TIME_BOUND_MS : SEUIL_TIME_BOUND_MS;
    return time + width_ms / 2;
}

static inline double seuil_weight_at(const struct seuil_tally *tally, const struct seuil_rule *rule,
                                     unsigned i)
{
    return rule->measure ? seuil_rule_weight(rule, tally->measure[i]) : 1;
}

static inline double seuil_bucket_weight(const struct seuil_bucket *bucket,
                                         const struct seuil_rule *rule)
{
    return rule->measure ? bucket->points : bucket->count;
}

/* A sum has an instant that it is told for: half-lives, and what age-bounded decay was given by
 * another one (tally_decay.c). */
static inline bool seuil_shape_has_landmark(uint8_t shape)
{
    return shape != SEUIL_DECAY_NONE && shape != SEUIL_DECAY_INACTIVITY;
}

/* Add @weight of an instant at @time to the sum of a half-life. */
void seuil_tally_add_to_sum(struct seuil_tally *tally, int64_t half_life, seuil_time_ms time,
                            double weight);

/* Add awards of one bucket; buckets ascend. */
void seuil_tally_add_to_buckets(struct seuil_tally *tally, struct seuil_bucket bucket);

/* How many of the newest awards of @rule are kept exactly. */
unsigned seuil_tally_kept(const struct seuil_rule *rule);

/* Take the oldest instants beyond those that @rule keeps exactly into the coarser part. */
void seuil_tally_trim(struct seuil_tally *tally, const struct seuil_rule *rule, seuil_time_ms now);

#endif
