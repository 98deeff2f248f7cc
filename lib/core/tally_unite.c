/* Two folds of one rule, of two leads that are one. All is symmetric: which of the two is united
 * into the other does not matter. */

#include <math.h>
#include <string.h>

#include "core/compound.h"
#include "core/tally_parts.h"
#include "core/unite.h"

/* Instants of both, ascending; those before `retired` give nothing. */
struct instants {
    unsigned count, retired;
    seuil_time_ms time[2 * SEUIL_AGED_INSTANTS_MAX];
    double measure[2 * SEUIL_AGED_INSTANTS_MAX];
};

static double weight_of(const struct instants *all, const struct seuil_rule *rule, unsigned i)
{
    return rule->measure ? seuil_rule_weight(rule, all->measure[i]) : 1;
}

static bool sums_points(const struct seuil_rule *rule)
{
    return rule->measure && rule->decay.shape == SEUIL_DECAY_NONE;
}

/* Awards of an age-bounded decay are counted only while they are kept. */
static bool counts_kept(const struct seuil_rule *rule)
{
    return seuil_decay_is_aged(&rule->decay) && !seuil_rule_has_limit(rule, SEUIL_LIMIT_LEAD);
}

static uint32_t add_counts(uint32_t a, uint32_t b)
{
    return a > UINT32_MAX - b ? UINT32_MAX : a + b;
}

static void discount(struct seuil_tally *tally, uint32_t count)
{
    tally->count = tally->count > count ? tally->count - count : 0;
}

/* ---- statuses, recycles: by time --------------------------------------------------------- */

static bool is_later(const struct seuil_tally *a, const struct seuil_tally *b)
{
    const struct seuil_object *x = &a->object[0], *y = &b->object[0];

    if (a->objects == 0 || b->objects == 0)
        return a->objects > b->objects;
    if (x->last != y->last)
        return x->last > y->last;
    if (x->hash != y->hash || x->count != y->count)
        return x->hash != y->hash ? x->hash > y->hash : x->count < y->count;
    if (a->count != b->count || a->instants != b->instants) /* what else has come since */
        return a->count != b->count ? a->count < b->count : a->instants < b->instants;
    return a->retired != b->retired ? a->retired > b->retired : a->sum < b->sum;
}

static void unite_command(struct seuil_tally *tally, const struct seuil_tally *from,
                          const struct seuil_rule *rule)
{
    bool status = rule->role == SEUIL_ROLE_STATUS;
    seuil_time_ms since = SEUIL_TIME_NEVER;

    /* Frozen by either of them: since the earlier. */
    if (status && tally->instants && from->instants)
        since = tally->instant[0] < from->instant[0] ? tally->instant[0] : from->instant[0];
    if (is_later(from, tally))
        seuil_tally_copy(tally, from);
    if (tally->instants && since != SEUIL_TIME_NEVER)
        tally->instant[0] = since;
}

/* ---- what compounds remember ------------------------------------------------------------- */

/* The newest instants of two ascending lists. */
static void unite_list(struct seuil_tally *tally, const struct seuil_tally *from, unsigned keep)
{
    seuil_time_ms all[2 * SEUIL_MOMENTS_MAX];
    unsigned a = seuil_bits(tally->moments), b = seuil_bits(from->moments), count = a + b, first;

    for (unsigned i = 0, j = 0; i + j < count;)
        if (j == b || (i < a && tally->moment[i] <= from->moment[j])) {
            all[i + j] = tally->moment[i];
            i++;
        } else {
            all[i + j] = from->moment[j];
            j++;
        }
    first = count > keep ? count - keep : 0;
    memcpy(tally->moment, all + first, (count - first) * sizeof(all[0]));
    tally->moments = (uint32_t)((UINT64_C(1) << (count - first)) - 1);
}

static void unite_moments(struct seuil_tally *tally, const struct seuil_tally *from)
{
    for (unsigned i = 0; i < SEUIL_MOMENTS_MAX; i++) {
        if (!(from->moments >> i & 1))
            continue;
        if (!(tally->moments >> i & 1) || from->moment[i] > tally->moment[i])
            tally->moment[i] = from->moment[i];
        tally->moments |= UINT32_C(1) << i;
    }
}

/* Silence runs from the later human action; what was sent to either before it does not count. */
static void unite_silence(struct seuil_tally *tally, const struct seuil_tally *from)
{
    bool a = tally->moments & 1, b = from->moments & 1;

    if (a == b && (!a || tally->moment[0] == from->moment[0])) {
        if (from->streak > tally->streak)
            tally->streak = from->streak;
    } else if (!a || (b && from->moment[0] > tally->moment[0])) {
        tally->streak = from->streak;
        tally->moments |= from->moments;
        tally->moment[0] = from->moment[0];
    }
}

/* The place of @hash among the @count of @window, or @count. */
static unsigned find_window(const uint32_t *window, unsigned count, uint32_t hash)
{
    unsigned i = 0;

    while (i < count && window[i] != hash)
        i++;
    return i;
}

/* When each came is not known: they are taken by turns, from the newest on. */
static void unite_window(struct seuil_tally *tally, const struct seuil_tally *from)
{
    uint32_t window[2 * SEUIL_WINDOW_MAX];
    unsigned count = 0, kept, met = 0;
    const struct seuil_tally *first = tally, *second = from;

    for (unsigned i = 0; i < tally->windows && i < from->windows; i++) {
        uint32_t a = tally->window[tally->windows - 1 - i], b = from->window[from->windows - 1 - i];

        if (a == b)
            continue;
        first = a > b ? tally : from;
        second = a > b ? from : tally;
        break;
    }
    for (unsigned i = 0; i < 2 * SEUIL_WINDOW_MAX; i++) {
        const struct seuil_tally *of = i % 2 ? second : first;
        unsigned at, back = i / 2 + 1;

        if (back > of->windows)
            continue;
        at = find_window(window, count, of->window[of->windows - back]);
        if (at == count)
            window[count++] = of->window[of->windows - back];
        met |= (unsigned)(of->met >> (of->windows - back) & 1) << at;
    }
    kept = count < SEUIL_WINDOW_MAX ? count : SEUIL_WINDOW_MAX;
    for (unsigned i = 0; i < kept; i++)
        tally->window[kept - 1 - i] = window[i];
    tally->met = 0;
    for (unsigned i = 0; i < kept; i++)
        tally->met |= (uint16_t)((met >> i & 1) << (kept - 1 - i));
    tally->windows = (uint8_t)kept;
}

static void unite_compound(struct seuil_tally *tally, const struct seuil_tally *from,
                           const struct seuil_rule *rule)
{
    switch (rule->role) {
    case SEUIL_ROLE_POINTS:
        unite_list(tally, from, rule->frequency > 1 ? rule->frequency - 1u : 1);
        break;
    case SEUIL_ROLE_ABSENCE:
    case SEUIL_ROLE_RESET:
        unite_silence(tally, from);
        break;
    case SEUIL_ROLE_STREAK:
        if (from->streak > tally->streak)
            tally->streak = from->streak;
        break;
    case SEUIL_ROLE_LAST:
        unite_window(tally, from);
        break;
    default:
        unite_moments(tally, from);
    }
}

/* ---- awards ------------------------------------------------------------------------------ */

/* The order of arrival of what is of one instant is not kept: by measure, in both ways of uniting.
 */
static void put_instant(struct instants *all, seuil_time_ms time, double measure)
{
    unsigned at = all->count++;

    for (; at > 0 && all->time[at - 1] == time && all->measure[at - 1] > measure; at--) {
        all->time[at] = all->time[at - 1];
        all->measure[at] = all->measure[at - 1];
    }
    all->time[at] = time;
    all->measure[at] = measure;
}

/* What retired some awards of one lead retires those of the other that are older than they. */
static void unite_instants(struct seuil_tally *tally, const struct seuil_tally *from,
                           const struct seuil_rule *rule, struct instants *all)
{
    unsigned a = tally->instants, b = from->instants, i = 0, j = 0;
    unsigned before = tally->retired_instants + from->retired_instants;
    seuil_time_ms until = SEUIL_TIME_NONE;

    if (tally->retired_instants)
        until = tally->instant[tally->retired_instants - 1];
    if (from->retired_instants && from->instant[from->retired_instants - 1] > until)
        until = from->instant[from->retired_instants - 1];
    all->count = all->retired = 0;
    while (i < a || j < b) {
        bool own = j == b || (i < a && tally->instant[i] <= from->instant[j]);
        const struct seuil_tally *of = own ? tally : from;
        unsigned place = own ? i++ : j++;
        double measure = rule->measure ? of->measure[place] : 0;

        put_instant(all, of->instant[place], measure);
        if (before == 0 || of->instant[place] > until)
            continue;
        all->retired++;
        if (place < of->retired_instants)
            continue;
        if (!seuil_decay_is_aged(&rule->decay))
            tally->retired++;
        if (sums_points(rule))
            tally->sum -= seuil_weight_at(of, rule, place);
    }
}

static void unite_sums(struct seuil_tally *tally, const struct seuil_tally *from,
                       const struct seuil_rule *rule)
{
    double sum = from->sum;
    int64_t span = rule->decay.duration_ms, moved;

    if (rule->decay.shape == SEUIL_DECAY_HALF_LIFE && sum != 0 && tally->sum != 0) {
        moved = seuil_floor_div(from->landmark, span) - seuil_floor_div(tally->landmark, span);
        if (moved > 0)
            tally->sum = moved > 2000 ? 0 : ldexp(tally->sum, -(int)moved);
        else if (moved < 0)
            sum = moved < -2000 ? 0 : ldexp(sum, (int)moved);
    }
    if (tally->landmark < from->landmark || tally->sum == 0)
        tally->landmark = from->sum != 0 ? from->landmark : tally->landmark;
    tally->sum += sum;
    if (tally->sum == 0)
        tally->landmark = 0;
    tally->total += from->total;
}

/* At its place; where there is none left, with the one before. */
static void put_bucket(struct seuil_tally *tally, struct seuil_bucket bucket)
{
    unsigned at = tally->buckets;

    while (at > 0 && tally->bucket[at - 1].index > bucket.index)
        at--;
    if (at > 0 &&
        (tally->bucket[at - 1].index == bucket.index || tally->buckets == SEUIL_BUCKETS_MAX)) {
        tally->bucket[at - 1].count = add_counts(tally->bucket[at - 1].count, bucket.count);
        tally->bucket[at - 1].points += bucket.points;
        return;
    }
    if (tally->buckets == SEUIL_BUCKETS_MAX) {
        tally->bucket[0].count = add_counts(tally->bucket[0].count, bucket.count);
        tally->bucket[0].points += bucket.points;
        return;
    }
    memmove(tally->bucket + at + 1, tally->bucket + at,
            (tally->buckets - at) * sizeof(tally->bucket[0]));
    tally->bucket[at] = bucket;
    tally->buckets++;
}

static void take_instant(struct instants *all, unsigned at)
{
    all->count--;
    all->retired -= at < all->retired;
    memmove(all->time + at, all->time + at + 1, (all->count - at) * sizeof(all->time[0]));
    memmove(all->measure + at, all->measure + at + 1, (all->count - at) * sizeof(all->measure[0]));
}

/* An award at @time has no room after all. */
static void undo_award(struct seuil_tally *tally, struct instants *all,
                       const struct seuil_rule *rule, seuil_time_ms time)
{
    unsigned at = all->count;

    discount(tally, 1);
    while (at > 0 && all->time[at - 1] != time)
        at--;
    if (at-- > 0) {
        if (at < all->retired)
            tally->retired -= tally->retired > 0;
        else if (sums_points(rule))
            tally->sum -= weight_of(all, rule, at);
        take_instant(all, at);
        return;
    }
    if (rule->decay.shape == SEUIL_DECAY_HALF_LIFE && !rule->measure && tally->sum != 0) {
        double gone = exp2((double)(time - tally->landmark) / (double)rule->decay.duration_ms);

        tally->sum = tally->sum > gone ? tally->sum - gone : 0;
        tally->landmark = tally->sum > 0 ? tally->landmark : 0;
    } else if (rule->decay.shape == SEUIL_DECAY_NONE && rule->measure) {
        tally->sum -= tally->sum / (tally->count + 1.0); /* one like the others */
    }
}

static bool is_before(struct seuil_object a, struct seuil_object b)
{
    if (a.last != b.last)
        return a.last < b.last;
    return a.hash != b.hash ? a.hash < b.hash : a.count < b.count;
}

static void put_object(struct seuil_object *list, unsigned *count, struct seuil_object object)
{
    unsigned at = *count;

    while (at > 0 && is_before(object, list[at - 1]))
        at--;
    memmove(list + at + 1, list + at, (*count - at) * sizeof(list[0]));
    list[at] = object;
    ++*count;
}

/* Clicks that may still belong to a burst (quarantine.h): those of both; of each link of an e-mail
 * the latest. */
static void unite_clicks(struct seuil_tally *tally, const struct seuil_tally *from)
{
    struct seuil_object list[2 * SEUIL_OBJECTS_MAX];
    unsigned count = 0, first;

    for (unsigned i = 0; i < from->objects; i++) {
        struct seuil_object click = from->object[i];
        unsigned at = 0;

        while (at < tally->objects &&
               (tally->object[at].hash != click.hash || tally->object[at].count != click.count))
            at++;
        if (at == tally->objects)
            put_object(list, &count, click);
        else if (tally->object[at].last < click.last)
            tally->object[at].last = click.last;
    }
    for (unsigned i = 0; i < tally->objects; i++)
        put_object(list, &count, tally->object[i]);
    first = count > SEUIL_OBJECTS_MAX ? count - SEUIL_OBJECTS_MAX : 0;
    tally->objects = (uint8_t)(count - first);
    memcpy(tally->object, list + first, tally->objects * sizeof(list[0]));
}

/* Of one object the earlier awards stay. */
static void unite_objects(struct seuil_tally *tally, const struct seuil_tally *from,
                          struct instants *all, const struct seuil_rule *rule, unsigned limit)
{
    struct seuil_object list[2 * SEUIL_OBJECTS_MAX];
    unsigned count = 0, first;

    for (unsigned i = 0; i < from->objects; i++) {
        struct seuil_object other = from->object[i];
        unsigned at = 0;

        while (at < tally->objects && tally->object[at].hash != other.hash)
            at++;
        if (at < tally->objects) {
            struct seuil_object own = tally->object[at];
            seuil_time_ms later = own.last > other.last ? own.last : other.last;
            seuil_time_ms earlier = own.last > other.last ? other.last : own.last;
            uint32_t room = rule->limits[limit].count;

            other.count = add_counts(own.count, other.count);
            other.last = other.count > room ? earlier : later;
            if (other.count > room) {
                tally->limited |= (uint8_t)(1 << limit);
                undo_award(tally, all, rule, later);
                for (uint32_t more = other.count - room; more > 1 && more <= room; more--)
                    undo_award(tally, all, rule, earlier);
                other.count = room;
            }
            tally->objects--;
            memmove(tally->object + at, tally->object + at + 1,
                    (tally->objects - at) * sizeof(tally->object[0]));
        }
        put_object(list, &count, other);
    }
    for (unsigned i = 0; i < tally->objects; i++)
        put_object(list, &count, tally->object[i]);
    first = count > SEUIL_OBJECTS_MAX ? count - SEUIL_OBJECTS_MAX : 0;
    tally->objects = (uint8_t)(count - first);
    memcpy(tally->object, list + first, tally->objects * sizeof(list[0]));
}

static void put_period(struct seuil_period_count *highest, struct seuil_period_count period)
{
    if (period.count == 0)
        return;
    for (unsigned i = 0; i < 2; i++) {
        if (highest[i].count && highest[i].period == period.period) {
            highest[i].count = add_counts(highest[i].count, period.count);
            return;
        }
        if (highest[i].count == 0 || period.period > highest[i].period) {
            if (i == 0)
                highest[1] = highest[0];
            highest[i] = period;
            return;
        }
    }
}

static void unite_periods(struct seuil_tally *tally, const struct seuil_tally *from)
{
    for (unsigned i = 0; i < SEUIL_LIMITS_MAX; i++) {
        if (!(from->periods >> i & 1))
            continue;
        if (!(tally->periods >> i & 1))
            memset(tally->period[i], 0, sizeof(tally->period[i]));
        tally->periods |= (uint8_t)(1 << i);
        put_period(tally->period[i], from->period[i][0]);
        put_period(tally->period[i], from->period[i][1]);
    }
}

/* The earliest of both stay. */
static void apply_lead_limit(struct seuil_tally *tally, struct instants *all,
                             const struct seuil_rule *rule, unsigned limit)
{
    uint32_t room = rule->limits[limit].count;

    if (tally->count <= room)
        return;
    tally->limited |= (uint8_t)(1 << limit);
    while (tally->count > room && all->count > 0)
        undo_award(tally, all, rule, all->time[all->count - 1]);
    if (tally->count > room)
        tally->count = room;
}

/* Keep the newest exactly, take the others into the coarser part. */
static void put_instants(struct seuil_tally *tally, struct instants *all,
                         const struct seuil_rule *rule, seuil_time_ms now)
{
    unsigned kept = seuil_tally_kept(rule), first = all->count > kept ? all->count - kept : 0;
    bool aged = seuil_decay_is_aged(&rule->decay);
    int64_t width = seuil_bucket_width_ms(rule);

    for (unsigned i = 0; i < first; i++) {
        double weight = weight_of(all, rule, i);

        if (aged && (i < all->retired || now - all->time[i] >= seuil_decay_span_ms(&rule->decay)))
            discount(tally, counts_kept(rule));
        else if (aged)
            put_bucket(tally, (struct seuil_bucket){.index = seuil_floor_div(all->time[i], width),
                                                    .count = 1,
                                                    .points = rule->measure ? weight : 0});
        if (i < all->retired || rule->decay.shape != SEUIL_DECAY_HALF_LIFE)
            continue;
        seuil_tally_add_to_sum(tally, rule->decay.duration_ms, all->time[i], weight);
        tally->total += rule->measure ? weight : 0;
    }
    tally->instants = (uint8_t)(all->count - first);
    tally->retired_instants = (uint8_t)(all->retired > first ? all->retired - first : 0);
    memcpy(tally->instant, all->time + first, tally->instants * sizeof(tally->instant[0]));
    memcpy(tally->measure, all->measure + first, tally->instants * sizeof(tally->measure[0]));
}

static void unite_awards(struct seuil_tally *tally, const struct seuil_tally *from,
                         const struct seuil_rule *rule, seuil_time_ms now)
{
    struct instants all;

    tally->count = add_counts(tally->count, from->count);
    tally->retired = add_counts(tally->retired, from->retired);
    tally->limited |= from->limited;
    if (from->held && (!tally->held || from->held_from > tally->held_from))
        tally->held_from = from->held_from;
    tally->held |= from->held;
    if (tally->shape == 0) {
        tally->shape = from->shape;
        tally->span_ms = from->span_ms;
    }
    unite_sums(tally, from, rule);
    unite_instants(tally, from, rule, &all);
    for (unsigned i = 0; i < from->buckets; i++)
        put_bucket(tally, from->bucket[i]);
    unite_periods(tally, from);
    for (unsigned i = 0; i < rule->limit_count; i++)
        if (rule->limits[i].kind == SEUIL_LIMIT_OBJECT)
            unite_objects(tally, from, &all, rule, i);
    for (unsigned i = 0; i < rule->limit_count; i++)
        if (rule->limits[i].kind == SEUIL_LIMIT_LEAD)
            apply_lead_limit(tally, &all, rule, i);
    put_instants(tally, &all, rule, now);
    if (tally->retired > tally->count)
        tally->retired = tally->count;
}

void seuil_tally_unite(struct seuil_tally *tally, const struct seuil_tally *from,
                       const struct seuil_rule *rule, seuil_time_ms now)
{
    if (seuil_tally_is_empty(from))
        return;
    if (seuil_tally_is_empty(tally)) {
        seuil_tally_copy(tally, from);
        return;
    }
    if (seuil_role_is_command(rule->role)) {
        unite_command(tally, from, rule);
        return;
    }
    if (rule->role == SEUIL_ROLE_QUARANTINE) {
        unite_clicks(tally, from);
        return;
    }
    unite_compound(tally, from, rule);
    unite_awards(tally, from, rule, now);
}

/* ---- what a command of the other lead does ----------------------------------------------- */

static unsigned instants_until(const struct seuil_tally *tally, seuil_time_ms until)
{
    unsigned count = 0;

    while (count < tally->instants && tally->instant[count] <= until)
        count++;
    return count;
}

void seuil_tally_retire_until(struct seuil_tally *tally, const struct seuil_rule *rule,
                              seuil_time_ms until)
{
    unsigned count = instants_until(tally, until), gone = 0;
    int64_t width = seuil_bucket_width_ms(rule);

    if (tally->held && tally->held_from <= until)
        tally->held = false;
    tally->held_from = tally->held ? tally->held_from : 0;
    while (gone < tally->buckets && seuil_bucket_time(&tally->bucket[gone], width) <= until) {
        if (counts_kept(rule))
            discount(tally, tally->bucket[gone].count);
        gone++;
    }
    tally->buckets = (uint8_t)(tally->buckets - gone);
    memmove(tally->bucket, tally->bucket + gone, tally->buckets * sizeof(tally->bucket[0]));
    if (count == 0)
        return;
    /* What was added up is older than the instants. */
    tally->retired_instants = (uint8_t)count;
    tally->sum = tally->total = 0;
    tally->landmark = 0;
    if (!seuil_decay_is_aged(&rule->decay))
        tally->retired = tally->count - (tally->instants - count);
    for (unsigned i = count; i < tally->instants && sums_points(rule); i++)
        tally->sum += seuil_weight_at(tally, rule, i);
}

void seuil_tally_undo_since(struct seuil_tally *tally, const struct seuil_rule *rule,
                            seuil_time_ms since)
{
    unsigned count = instants_until(tally, since), kept = 0;
    int64_t width = seuil_bucket_width_ms(rule);

    for (unsigned i = count; i < tally->instants; i++) {
        discount(tally, 1);
        if (sums_points(rule) && i >= tally->retired_instants)
            tally->sum -= seuil_weight_at(tally, rule, i);
    }
    tally->instants = (uint8_t)count;
    if (tally->retired_instants > count)
        tally->retired_instants = (uint8_t)count;
    if (tally->retired > tally->count)
        tally->retired = tally->count;
    while (tally->buckets > 0 &&
           seuil_bucket_time(&tally->bucket[tally->buckets - 1], width) > since) {
        tally->buckets--;
        discount(tally, tally->bucket[tally->buckets].count);
    }
    for (unsigned i = 0; i < tally->objects; i++)
        if (tally->object[i].last <= since)
            tally->object[kept++] = tally->object[i];
    tally->objects = (uint8_t)kept;
    /* A sum that is told for a later instant is worth no more than that then. */
    if (rule->decay.shape == SEUIL_DECAY_HALF_LIFE && tally->sum != 0 && tally->landmark > since)
        tally->landmark = seuil_floor_div(since, rule->decay.duration_ms) * rule->decay.duration_ms;
}
