/* A tally under another decay than the one it was folded under (EVIDENCE 3, the end): instants that
 * are kept are exact under the new one, buckets to a 64th of the age bound they were made for, and
 * a sum goes on from its value. */

#include <math.h>
#include <string.h>

#include "core/tally_parts.h"

bool seuil_tally_is_redecayed(const struct seuil_tally *tally, const struct seuil_rule *rule)
{
    if (tally->count == 0 && tally->instants == 0 && tally->buckets == 0 && tally->sum == 0 &&
        tally->total == 0)
        return false;
    if (tally->shape != rule->decay.shape)
        return true;
    /* Instants alone hang on nothing. */
    return tally->span_ms != seuil_decay_window_ms(&rule->decay) &&
           (tally->buckets ||
            (tally->shape == SEUIL_DECAY_HALF_LIFE && (tally->sum != 0 || tally->total != 0)));
}

/* The awards that give something and are kept exactly: how many, and their weights. */
static unsigned kept_exactly(const struct seuil_tally *tally, const struct seuil_rule *rule,
                             double *ret_weight)
{
    *ret_weight = 0;
    for (unsigned i = tally->retired_instants; i < tally->instants; i++)
        *ret_weight += seuil_weight_at(tally, rule, i);
    return tally->instants - tally->retired_instants;
}

/* What was added up, taken out of @tally: its value at @at, or at *ret_time. */
static double take_sum(struct seuil_tally *tally, const struct seuil_rule *rule, seuil_time_ms at,
                       seuil_time_ms *ret_time)
{
    double kept, value = tally->sum;
    unsigned exact = kept_exactly(tally, rule, &kept);

    *ret_time = at;
    switch (tally->shape) {
    case SEUIL_DECAY_HALF_LIFE:
        if (value != 0)
            value *= exp2((double)(tally->landmark - at) / (double)tally->span_ms);
        break;
    case SEUIL_DECAY_NONE:
        value = rule->measure ? value - kept
                              : value + (double)(tally->count - tally->retired) - (double)exact;
        break;
    case SEUIL_DECAY_INACTIVITY: /* instants were kept for limits only */
        tally->retired_instants = tally->instants;
        break;
    default:
        *ret_time = tally->landmark;
    }
    tally->sum = 0;
    tally->landmark = 0;
    tally->total = 0;
    return value;
}

/* The instant of a bucket of width @width_ms. */
static seuil_time_ms middle_of(const struct seuil_bucket *bucket, int64_t span_ms)
{
    int64_t width = span_ms / 64 > 0 ? span_ms / 64 : 1;
    seuil_time_ms time;

    if (__builtin_mul_overflow(bucket->index, width, &time) || time > SEUIL_TIME_BOUND_MS ||
        time < -SEUIL_TIME_BOUND_MS)
        return bucket->index < 0 ? -SEUIL_TIME_BOUND_MS : SEUIL_TIME_BOUND_MS;
    return time + width / 2;
}

/* Give the buckets made for @span_ms, and @value at @time, to the decay of @rule. */
static void give(struct seuil_tally *tally, const struct seuil_rule *rule, int64_t span_ms,
                 double value, seuil_time_ms time)
{
    uint8_t count = tally->buckets, shape = rule->decay.shape;
    int64_t half_life = rule->decay.duration_ms;

    tally->buckets = 0;
    for (unsigned i = 0; i < count; i++) {
        struct seuil_bucket bucket = tally->bucket[i];
        seuil_time_ms middle = middle_of(&bucket, span_ms);
        double weight = seuil_bucket_weight(&bucket, rule);

        if (seuil_decay_is_aged(&rule->decay)) {
            bucket.index = seuil_floor_div(middle, seuil_bucket_width_ms(rule));
            seuil_tally_add_to_buckets(tally, bucket);
        } else if (shape == SEUIL_DECAY_HALF_LIFE) {
            seuil_tally_add_to_sum(tally, half_life, middle, weight);
            tally->total += rule->measure ? weight : 0;
        } else {
            tally->sum += weight;
        }
    }
    if (value == 0)
        return;
    if (shape == SEUIL_DECAY_HALF_LIFE) {
        seuil_tally_add_to_sum(tally, half_life, time, value);
        tally->total += rule->measure ? value : 0;
    } else {
        tally->sum += value;
        tally->landmark = seuil_shape_has_landmark(shape) ? time : 0;
    }
}

void seuil_tally_redecay(struct seuil_tally *tally, const struct seuil_rule *rule, seuil_time_ms at)
{
    uint8_t before = tally->shape;
    bool aged = seuil_decay_is_aged(&rule->decay);
    bool was_aged = before == SEUIL_DECAY_EXPIRES || before == SEUIL_DECAY_LINEAR ||
                    before == SEUIL_DECAY_STEPS;
    seuil_time_ms time;
    double value = take_sum(tally, rule, at, &time), kept;
    unsigned exact = kept_exactly(tally, rule, &kept);
    uint32_t buckets = 0;

    for (unsigned i = 0; i < tally->buckets; i++)
        buckets += tally->bucket[i].count;
    give(tally, rule, tally->span_ms, value, time);
    /* Of an age-bounded decay the count is of what is left, unless a limit per lead needs all. */
    if (aged && !seuil_rule_has_limit(rule, SEUIL_LIMIT_LEAD))
        tally->count = tally->instants + buckets;
    if (aged)
        tally->retired = 0;
    else if (rule->decay.shape == SEUIL_DECAY_NONE)
        tally->retired = tally->count - exact;
    else if (was_aged)
        tally->retired = tally->count > exact + buckets ? tally->count - exact - buckets : 0;
    if (rule->decay.shape == SEUIL_DECAY_INACTIVITY ||
        (rule->decay.shape == SEUIL_DECAY_NONE && rule->measure))
        tally->sum += kept;
    tally->shape = rule->decay.shape;
    tally->span_ms = seuil_decay_window_ms(&rule->decay);
    seuil_tally_trim(tally, rule, at);
    if (seuil_tally_is_empty(tally))
        seuil_tally_clear(tally);
}
