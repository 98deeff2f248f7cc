/* What a tally is worth at an instant. */

#include <math.h>

#include "core/tally_parts.h"

double seuil_tally_half_life_sum(const struct seuil_tally *tally, const struct seuil_rule *rule,
                                 int64_t *ret_landmark)
{
    int64_t half_life_ms = rule->decay.duration_ms;
    int64_t whole = seuil_floor_div(
        tally->instants ? tally->instant[tally->instants - 1] : tally->landmark, half_life_ms);
    double sum = 0;

    if (tally->sum != 0) {
        int64_t moved = whole - seuil_floor_div(tally->landmark, half_life_ms);

        sum = moved > 2000 ? 0 : ldexp(tally->sum, moved < -2000 ? 2000 : -(int)moved);
    }
    for (unsigned i = tally->retired_instants; i < tally->instants; i++)
        sum += seuil_weight_at(tally, rule, i) *
               exp2((double)(tally->instant[i] - whole * half_life_ms) / (double)half_life_ms);
    *ret_landmark = whole;
    return sum;
}

static double factor(const struct seuil_decay *decay, int64_t age_ms)
{
    if (decay->shape == SEUIL_DECAY_STEPS) {
        for (unsigned i = 0; i < decay->step_count; i++)
            if (age_ms < decay->steps[i].age_ms)
                return decay->steps[i].factor;
        return 0;
    }
    if (age_ms >= decay->duration_ms)
        return 0;
    return decay->shape == SEUIL_DECAY_LINEAR ? 1 - (double)age_ms / (double)decay->duration_ms : 1;
}

double seuil_tally_value(const struct seuil_tally *tally, const struct seuil_rule *rule,
                         seuil_time_ms now)
{
    int64_t width;
    double value = 0;

    if (!seuil_decay_is_aged(&rule->decay))
        return rule->measure || rule->decay.shape == SEUIL_DECAY_INACTIVITY
                   ? tally->sum
                   : tally->count - tally->retired + tally->sum;
    width = seuil_bucket_width_ms(rule);
    for (unsigned i = 0; i < tally->buckets; i++)
        value += seuil_bucket_weight(&tally->bucket[i], rule) *
                 factor(&rule->decay, now - seuil_bucket_time(&tally->bucket[i], width));
    for (unsigned i = tally->retired_instants; i < tally->instants; i++)
        value += seuil_weight_at(tally, rule, i) * factor(&rule->decay, now - tally->instant[i]);
    if (tally->sum != 0)
        value += tally->sum * factor(&rule->decay, now - tally->landmark);
    return value;
}

uint32_t seuil_tally_awards(const struct seuil_tally *tally, const struct seuil_rule *rule,
                            seuil_time_ms now)
{
    int64_t width, span;
    uint32_t awards = 0;

    if (!seuil_decay_is_aged(&rule->decay))
        return tally->count - tally->retired;
    width = seuil_bucket_width_ms(rule);
    span = seuil_decay_span_ms(&rule->decay);
    for (unsigned i = 0; i < tally->buckets; i++)
        if (now - seuil_bucket_time(&tally->bucket[i], width) < span)
            awards += tally->bucket[i].count;
    for (unsigned i = tally->retired_instants; i < tally->instants; i++)
        awards += now - tally->instant[i] < span;
    return awards;
}

double seuil_tally_points(const struct seuil_tally *tally, const struct seuil_rule *rule,
                          seuil_time_ms now)
{
    int64_t width, span;
    double points = 0;

    if (!rule->measure)
        return rule->points * seuil_tally_awards(tally, rule, now);
    if (rule->decay.shape == SEUIL_DECAY_NONE)
        return tally->sum;
    if (rule->decay.shape == SEUIL_DECAY_INACTIVITY)
        return tally->total;
    if (!seuil_decay_is_aged(&rule->decay)) {
        for (unsigned i = tally->retired_instants; i < tally->instants; i++)
            points += seuil_weight_at(tally, rule, i);
        return tally->total + points;
    }
    width = seuil_bucket_width_ms(rule);
    span = seuil_decay_span_ms(&rule->decay);
    if (tally->sum != 0 && now - tally->landmark < span)
        points += tally->sum;
    for (unsigned i = 0; i < tally->buckets; i++)
        if (now - seuil_bucket_time(&tally->bucket[i], width) < span)
            points += tally->bucket[i].points;
    for (unsigned i = tally->retired_instants; i < tally->instants; i++)
        if (now - tally->instant[i] < span)
            points += seuil_weight_at(tally, rule, i);
    return points;
}

void seuil_tally_extent(const struct seuil_tally *tally, const struct seuil_rule *rule,
                        seuil_time_ms now, double *ret_low, double *ret_high)
{
    int64_t width = seuil_bucket_width_ms(rule), span = seuil_decay_span_ms(&rule->decay);
    double low = 0, high = 0;

    if (tally->sum != 0 && now - tally->landmark < span)
        *(tally->sum < 0 ? &low : &high) += tally->sum;
    for (unsigned i = 0; i < tally->buckets; i++) {
        double weight = seuil_bucket_weight(&tally->bucket[i], rule);

        if (now - seuil_bucket_time(&tally->bucket[i], width) < span)
            *(weight < 0 ? &low : &high) += weight;
    }
    for (unsigned i = tally->retired_instants; i < tally->instants; i++) {
        double weight = seuil_weight_at(tally, rule, i);

        if (now - tally->instant[i] < span)
            *(weight < 0 ? &low : &high) += weight;
    }
    *ret_low = low;
    *ret_high = high;
}

/* The first instant after @now at which an award of @time jumps or bends. */
static seuil_time_ms break_of(const struct seuil_decay *decay, seuil_time_ms time,
                              seuil_time_ms now)
{
    if (decay->shape != SEUIL_DECAY_STEPS)
        return time + decay->duration_ms > now ? time + decay->duration_ms : SEUIL_TIME_NEVER;
    for (unsigned i = 0; i < decay->step_count; i++)
        if (time + decay->steps[i].age_ms > now)
            return time + decay->steps[i].age_ms;
    return SEUIL_TIME_NEVER;
}

seuil_time_ms seuil_tally_break(const struct seuil_tally *tally, const struct seuil_rule *rule,
                                seuil_time_ms now)
{
    seuil_time_ms first = SEUIL_TIME_NEVER, at;
    int64_t width;

    if (!seuil_decay_is_aged(&rule->decay))
        return SEUIL_TIME_NEVER;
    width = seuil_bucket_width_ms(rule);
    if (tally->sum != 0)
        first = break_of(&rule->decay, tally->landmark, now);
    for (unsigned i = 0; i < tally->buckets; i++) {
        at = break_of(&rule->decay, seuil_bucket_time(&tally->bucket[i], width), now);
        first = at < first ? at : first;
    }
    for (unsigned i = tally->retired_instants; i < tally->instants; i++) {
        at = break_of(&rule->decay, tally->instant[i], now);
        first = at < first ? at : first;
    }
    return first;
}
