#include "core/tally.h"

#include <math.h>
#include <string.h>

#include "core/compound.h"
#include "core/quarantine.h"
#include "core/tally_parts.h"
#include "core/zone.h"

bool seuil_rule_has_limit(const struct seuil_rule *rule, enum seuil_limit_kind kind)
{
    for (unsigned i = 0; i < rule->limit_count; i++)
        if (rule->limits[i].kind == kind)
            return true;
    return false;
}

int64_t seuil_decay_span_ms(const struct seuil_decay *decay)
{
    switch (decay->shape) {
    case SEUIL_DECAY_EXPIRES:
    case SEUIL_DECAY_LINEAR:
        return decay->duration_ms;
    case SEUIL_DECAY_STEPS:
        return decay->step_count ? decay->steps[decay->step_count - 1].age_ms : 0;
    default:
        return SEUIL_TIME_NEVER;
    }
}

int64_t seuil_decay_window_ms(const struct seuil_decay *decay)
{
    return decay->shape == SEUIL_DECAY_HALF_LIFE ? decay->duration_ms
           : seuil_decay_is_aged(decay)          ? seuil_decay_span_ms(decay)
                                                 : 0;
}

/* For how long the rolling limits look at past awards. */
static int64_t rolling_window_ms(const struct seuil_rule *rule)
{
    int64_t window = 0;

    for (unsigned i = 0; i < rule->limit_count; i++)
        if (rule->limits[i].kind == SEUIL_LIMIT_ROLLING && rule->limits[i].duration_ms > window)
            window = rule->limits[i].duration_ms;
    return window;
}

unsigned seuil_tally_kept(const struct seuil_rule *rule)
{
    unsigned kept = 0;

    if (seuil_decay_is_aged(&rule->decay))
        return SEUIL_AGED_INSTANTS_MAX;
    if (rule->decay.shape == SEUIL_DECAY_HALF_LIFE)
        kept = SEUIL_INSTANTS_MAX;
    for (unsigned i = 0; i < rule->limit_count; i++) {
        const struct seuil_limit *limit = &rule->limits[i];
        unsigned wanted = limit->kind == SEUIL_LIMIT_LEAD      ? SEUIL_INSTANTS_MAX
                          : limit->kind == SEUIL_LIMIT_ROLLING ? limit->count
                                                               : 0;

        if (wanted > kept)
            kept = wanted;
    }
    return kept < SEUIL_AGED_INSTANTS_MAX ? kept : SEUIL_AGED_INSTANTS_MAX;
}

static void discount(struct seuil_tally *tally, uint32_t count)
{
    tally->count = tally->count > count ? tally->count - count : 0;
}

static void drop_instants(struct seuil_tally *tally, const struct seuil_rule *rule, unsigned gone)
{
    tally->instants = (uint8_t)(tally->instants - gone);
    memmove(tally->instant, tally->instant + gone, tally->instants * sizeof(tally->instant[0]));
    tally->retired_instants =
        (uint8_t)(tally->retired_instants > gone ? tally->retired_instants - gone : 0);
    if (rule->measure)
        memmove(tally->measure, tally->measure + gone, tally->instants * sizeof(tally->measure[0]));
}

static void prune_aged(struct seuil_tally *tally, const struct seuil_rule *rule, seuil_time_ms now)
{
    int64_t span = seuil_decay_span_ms(&rule->decay), width = seuil_bucket_width_ms(rule);
    int64_t window = rolling_window_ms(rule);
    bool counted = !seuil_rule_has_limit(rule, SEUIL_LIMIT_LEAD);
    unsigned gone = 0;

    if (window < span)
        window = span;
    while (gone < tally->instants && now - tally->instant[gone] >= window)
        gone++;
    if (gone)
        drop_instants(tally, rule, gone);
    if (counted)
        discount(tally, gone);
    for (gone = 0; gone < tally->buckets; gone++) {
        if (now - seuil_bucket_time(&tally->bucket[gone], width) < span)
            break;
        if (counted)
            discount(tally, tally->bucket[gone].count);
    }
    if (tally->sum != 0 && now - tally->landmark >= span) {
        tally->sum = 0;
        tally->landmark = 0;
    }
    if (gone) {
        tally->buckets = (uint8_t)(tally->buckets - gone);
        memmove(tally->bucket, tally->bucket + gone, tally->buckets * sizeof(tally->bucket[0]));
    }
}

static void prune_objects(struct seuil_tally *tally, const struct seuil_rule *rule,
                          seuil_time_ms now)
{
    unsigned gone = 0;

    for (unsigned i = 0; i < rule->limit_count; i++)
        if (rule->limits[i].kind == SEUIL_LIMIT_OBJECT)
            while (gone < tally->objects &&
                   now - tally->object[gone].last >= rule->limits[i].remember_ms)
                gone++;
    if (!gone)
        return;
    tally->objects = (uint8_t)(tally->objects - gone);
    memmove(tally->object, tally->object + gone, tally->objects * sizeof(tally->object[0]));
}

/* That a limit refused something is of interest as long as awards are. */
static void forget_refusals(struct seuil_tally *tally)
{
    if (tally->count == 0 && tally->instants == 0 && tally->objects == 0 && tally->periods == 0)
        tally->limited = 0;
}

void seuil_tally_prune(struct seuil_tally *tally, const struct seuil_rule *rule, seuil_time_ms now)
{
    if (seuil_decay_is_aged(&rule->decay) && (tally->instants || tally->buckets || tally->sum != 0))
        prune_aged(tally, rule, now);
    if (tally->objects && rule->role == SEUIL_ROLE_QUARANTINE)
        seuil_quarantine_prune(tally, rule, now);
    else if (tally->objects)
        prune_objects(tally, rule, now);
    if (tally->moments)
        seuil_compound_prune(tally, rule, now);
    forget_refusals(tally);
    if (!seuil_tally_has_awards(tally)) {
        tally->shape = 0; /* what else is left hangs on no decay */
        tally->span_ms = 0;
    }
}

static unsigned find_object(const struct seuil_tally *tally, uint32_t hash)
{
    unsigned i = tally->objects;

    while (i > 0 && tally->object[i - 1].hash != hash)
        i--;
    return i - 1; /* UINT_MAX: not there */
}

static uint32_t period_count(const struct seuil_tally *tally, unsigned limit, int64_t period)
{
    if (tally->periods >> limit & 1)
        for (unsigned i = 0; i < 2; i++)
            if (tally->period[limit][i].count && tally->period[limit][i].period == period)
                return tally->period[limit][i].count;
    return 0;
}

static bool has_room(const struct seuil_tally *tally, const struct seuil_rule *rule, unsigned i,
                     seuil_time_ms time, uint32_t object, int64_t period)
{
    const struct seuil_limit *limit = &rule->limits[i];
    unsigned at;

    switch (limit->kind) {
    case SEUIL_LIMIT_LEAD:
        return tally->count < limit->count;
    case SEUIL_LIMIT_OBJECT:
        at = find_object(tally, object);
        return at >= tally->objects || tally->object[at].count < limit->count;
    case SEUIL_LIMIT_CALENDAR:
        return period_count(tally, i, period) < limit->count;
    default:
        at = limit->count < SEUIL_AGED_INSTANTS_MAX ? limit->count : SEUIL_AGED_INSTANTS_MAX;
        return tally->instants < at ||
               time - tally->instant[tally->instants - at] >= limit->duration_ms;
    }
}

bool seuil_tally_forgets(const struct seuil_tally *tally, const struct seuil_rule *rule,
                         seuil_time_ms time, uint32_t object)
{
    if (tally->objects < SEUIL_OBJECTS_MAX || find_object(tally, object) < tally->objects)
        return false;
    for (unsigned i = 0; i < rule->limit_count; i++)
        if (rule->limits[i].kind == SEUIL_LIMIT_OBJECT)
            return time - tally->object[0].last < rule->limits[i].remember_ms;
    return false;
}

static void note_object(struct seuil_tally *tally, uint32_t hash, seuil_time_ms time)
{
    unsigned at = find_object(tally, hash);
    struct seuil_object object = {.hash = hash, .count = 1, .last = time};

    if (at < tally->objects) {
        object.count += tally->object[at].count;
    } else if (tally->objects < SEUIL_OBJECTS_MAX) {
        at = tally->objects++;
    } else {
        at = 0; /* full: the oldest is forgotten first */
    }
    memmove(tally->object + at, tally->object + at + 1,
            (tally->objects - at - 1u) * sizeof(tally->object[0]));
    at = tally->objects - 1u;
    while (at > 0 && tally->object[at - 1].last == time && tally->object[at - 1].hash > hash) {
        tally->object[at] = tally->object[at - 1];
        at--;
    }
    tally->object[at] = object;
}

static void note_period(struct seuil_tally *tally, unsigned limit, int64_t period)
{
    struct seuil_period_count *highest = tally->period[limit];

    if (!(tally->periods >> limit & 1)) {
        tally->periods |= (uint8_t)(1 << limit);
        highest[0] = (struct seuil_period_count){.period = period, .count = 1};
        highest[1] = (struct seuil_period_count){0};
        return;
    }
    for (unsigned i = 0; i < 2; i++)
        if (highest[i].count && highest[i].period == period) {
            highest[i].count++;
            return;
        }
    if (period > highest[0].period) {
        highest[1] = highest[0];
        highest[0] = (struct seuil_period_count){.period = period, .count = 1};
    } else if (highest[1].count == 0 || period > highest[1].period) {
        highest[1] = (struct seuil_period_count){.period = period, .count = 1};
    }
}

void seuil_tally_add_to_sum(struct seuil_tally *tally, int64_t half_life, seuil_time_ms time,
                            double weight)
{
    int64_t whole = seuil_floor_div(time, half_life), moved;

    if (tally->sum == 0) {
        tally->landmark = whole * half_life;
    } else {
        moved = whole - seuil_floor_div(tally->landmark, half_life);
        if (moved > 0) {
            tally->sum = moved > 2000 ? 0 : ldexp(tally->sum, -(int)moved);
            tally->landmark = whole * half_life;
        }
    }
    tally->sum += weight * exp2((double)(time - tally->landmark) / (double)half_life);
    if (tally->sum == 0) /* points of both signs */
        tally->landmark = 0;
}

void seuil_tally_add_to_buckets(struct seuil_tally *tally, struct seuil_bucket bucket)
{
    unsigned last = tally->buckets;

    if (last > 0 && (tally->bucket[last - 1].index >= bucket.index || last == SEUIL_BUCKETS_MAX)) {
        tally->bucket[last - 1].count += bucket.count;
        tally->bucket[last - 1].points += bucket.points;
        return;
    }
    tally->bucket[last] = bucket;
    tally->buckets++;
}

/* An award leaves the instants: what decay still needs of it goes into the coarser part. */
static void fold_oldest(struct seuil_tally *tally, const struct seuil_rule *rule, seuil_time_ms now)
{
    seuil_time_ms time = tally->instant[0];
    double weight = rule->measure ? seuil_rule_weight(rule, tally->measure[0]) : 1;

    bool retired = tally->retired_instants > 0;

    drop_instants(tally, rule, 1);
    if (retired) {
        if (seuil_decay_is_aged(&rule->decay) && !seuil_rule_has_limit(rule, SEUIL_LIMIT_LEAD))
            discount(tally, 1);
    } else if (rule->decay.shape == SEUIL_DECAY_HALF_LIFE) {
        seuil_tally_add_to_sum(tally, rule->decay.duration_ms, time, weight);
        if (rule->measure)
            tally->total += weight;
    } else if (seuil_decay_is_aged(&rule->decay)) {
        if (now - time < seuil_decay_span_ms(&rule->decay))
            seuil_tally_add_to_buckets(
                tally,
                (struct seuil_bucket){.index = seuil_floor_div(time, seuil_bucket_width_ms(rule)),
                                      .count = 1,
                                      .points = rule->measure ? weight : 0});
        else if (!seuil_rule_has_limit(rule, SEUIL_LIMIT_LEAD))
            discount(tally, 1); /* it was kept for a rolling limit only */
    }
}

void seuil_tally_trim(struct seuil_tally *tally, const struct seuil_rule *rule, seuil_time_ms now)
{
    while (tally->instants > seuil_tally_kept(rule))
        fold_oldest(tally, rule, now);
}

/* Events come in order, but for one case: the operator made the horizon longer, and an event is
 * older than what was folded under the shorter one. */
static void add_instant(struct seuil_tally *tally, seuil_time_ms time, double measure)
{
    unsigned at = tally->instants++;

    for (; at > tally->retired_instants && tally->instant[at - 1] > time; at--) {
        tally->instant[at] = tally->instant[at - 1];
        tally->measure[at] = tally->measure[at - 1];
    }
    tally->instant[at] = time;
    tally->measure[at] = measure;
}

/* An award: what decay needs to remember of it. */
static void add_award(struct seuil_tally *tally, const struct seuil_rule *rule, seuil_time_ms time,
                      double measure)
{
    unsigned kept = seuil_tally_kept(rule);

    tally->shape = rule->decay.shape;
    tally->span_ms = seuil_decay_window_ms(&rule->decay);
    if (tally->count < UINT32_MAX)
        tally->count++;
    if (rule->measure && rule->decay.shape == SEUIL_DECAY_NONE)
        tally->sum += seuil_rule_weight(rule, measure);
    if (kept == 0)
        return;
    while (tally->instants >= kept)
        fold_oldest(tally, rule, time);
    add_instant(tally, time, measure);
}

void seuil_tally_add(struct seuil_tally *tally, const struct seuil_rule *rule, seuil_time_ms time)
{
    add_award(tally, rule, time, 0);
}

bool seuil_tally_fold(struct seuil_tally *tally, const struct seuil_rule *rule, seuil_time_ms time,
                      uint32_t object, double measure)
{
    int64_t period[SEUIL_LIMITS_MAX] = {0};
    unsigned refused = 0;

    seuil_tally_prune(tally, rule, time);
    for (unsigned i = 0; i < rule->limit_count; i++) {
        if (rule->limits[i].kind == SEUIL_LIMIT_CALENDAR)
            period[i] = seuil_zone_period(rule->limits[i].zone, rule->limits[i].period, time);
        if (!has_room(tally, rule, i, time, object, period[i]))
            refused |= 1u << i;
    }
    tally->limited |= (uint8_t)refused;
    if (refused)
        return false;
    for (unsigned i = 0; i < rule->limit_count; i++) {
        if (rule->limits[i].kind == SEUIL_LIMIT_OBJECT)
            note_object(tally, object, time);
        else if (rule->limits[i].kind == SEUIL_LIMIT_CALENDAR)
            note_period(tally, i, period[i]);
    }
    add_award(tally, rule, time, measure);
    return true;
}

void seuil_tally_retire(struct seuil_tally *tally, const struct seuil_rule *rule)
{
    bool aged = seuil_decay_is_aged(&rule->decay);
    bool per_lead = seuil_rule_has_limit(rule, SEUIL_LIMIT_LEAD);

    tally->sum = 0;
    tally->landmark = 0;
    tally->total = 0;
    for (unsigned i = 0; aged && !per_lead && i < tally->buckets; i++)
        discount(tally, tally->bucket[i].count);
    tally->buckets = 0;
    if (!per_lead && !seuil_rule_has_limit(rule, SEUIL_LIMIT_ROLLING)) {
        tally->count = 0;
        tally->instants = 0;
    }
    tally->retired_instants = tally->instants;
    tally->retired = aged ? 0 : tally->count;
    forget_refusals(tally);
}

void seuil_tally_copy(struct seuil_tally *to, const struct seuil_tally *from)
{
    memcpy(to, from, offsetof(struct seuil_tally, period));
    to->periods = from->periods;
    if (from->periods)
        memcpy(to->period, from->period, sizeof(to->period));
    if (from->instants) {
        memcpy(to->instant, from->instant, from->instants * sizeof(to->instant[0]));
        memcpy(to->measure, from->measure, from->instants * sizeof(to->measure[0]));
    }
    if (from->moments)
        memcpy(to->moment, from->moment, sizeof(to->moment));
    if (from->windows)
        memcpy(to->window, from->window, from->windows * sizeof(to->window[0]));
    if (from->objects)
        memcpy(to->object, from->object, from->objects * sizeof(to->object[0]));
    if (from->buckets)
        memcpy(to->bucket, from->bucket, from->buckets * sizeof(to->bucket[0]));
}
