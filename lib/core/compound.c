#include "core/compound.h"

#include <string.h>

static bool knows(const struct seuil_tally *tally, unsigned i)
{
    return tally->moments >> i & 1;
}

static void set_moment(struct seuil_tally *tally, unsigned i, seuil_time_ms time)
{
    tally->moments |= UINT32_C(1) << i;
    tally->moment[i] = time;
}

/* ---- frequency, recency ------------------------------------------------------------------ */

static unsigned listed(const struct seuil_tally *tally)
{
    return seuil_bits(tally->moments);
}

/* The first of a list of moments go. */
static void drop_first(struct seuil_tally *tally, unsigned gone)
{
    unsigned left = listed(tally) - gone;

    memmove(tally->moment, tally->moment + gone, left * sizeof(tally->moment[0]));
    tally->moments = (uint32_t)((UINT64_C(1) << left) - 1);
}

static void prune_list(struct seuil_tally *tally, const struct seuil_rule *rule, seuil_time_ms now)
{
    int64_t within = rule->recency_ms > rule->frequency_ms ? rule->recency_ms : rule->frequency_ms;
    unsigned gone = 0, count = listed(tally);

    /* "The last one more than D before" asks for the last one, however old. */
    if (rule->recency_after && count > 0)
        count--;
    while (gone < count && now - tally->moment[gone] > within)
        gone++;
    if (gone)
        drop_first(tally, gone);
}

bool seuil_frequency_step(struct seuil_tally *tally, const struct seuil_rule *rule,
                          seuil_time_ms time)
{
    unsigned keep = rule->frequency > 1 ? rule->frequency - 1u : 1, count, recent = 0;
    bool good = true;

    prune_list(tally, rule, time);
    count = listed(tally);
    for (unsigned i = 0; i < count; i++)
        recent += time - tally->moment[i] <= rule->frequency_ms;
    if (rule->frequency > 1 && recent < rule->frequency - 1u)
        good = false;
    if (rule->recency_ms) {
        bool within = count > 0 && time - tally->moment[count - 1] <= rule->recency_ms;

        good = good && count > 0 && within != rule->recency_after;
    }
    if (count == keep)
        drop_first(tally, 1);
    set_moment(tally, listed(tally), time);
    return good;
}

/* ---- legs -------------------------------------------------------------------------------- */

static bool together(struct seuil_tally *tally, const struct seuil_rule *rule, seuil_time_ms time,
                     unsigned legs)
{
    for (unsigned i = 0; i < rule->leg_count; i++)
        if (legs >> i & 1)
            set_moment(tally, i, time);
    for (unsigned i = 0; i < rule->leg_count; i++)
        if (!knows(tally, i) || time - tally->moment[i] > rule->within_ms)
            return false;
    return true;
}

static bool sequence(struct seuil_tally *tally, const struct seuil_rule *rule, seuil_time_ms time,
                     unsigned legs)
{
    bool fires = false;

    for (unsigned i = rule->leg_count; i-- > 0;) {
        seuil_time_ms begin = time;

        if (!(legs >> i & 1))
            continue;
        if (i > 0) {
            if (!knows(tally, i - 1) || time - tally->moment[i - 1] > rule->within_ms)
                continue;
            begin = tally->moment[i - 1];
        }
        if (i + 1u == rule->leg_count)
            fires = true;
        else if (!knows(tally, i) || begin > tally->moment[i])
            set_moment(tally, i, begin);
    }
    return fires;
}

static bool last(struct seuil_tally *tally, const struct seuil_rule *rule, unsigned legs,
                 uint32_t object)
{
    unsigned at = 0, first;

    if (object == 0) /* of nothing that has a name */
        return false;
    while (at < tally->windows && tally->window[at] != object)
        at++;
    if (legs & SEUIL_LEG_OF && at == tally->windows) {
        if (tally->windows == SEUIL_WINDOW_MAX) {
            memmove(tally->window, tally->window + 1,
                    (tally->windows - 1u) * sizeof(tally->window[0]));
            tally->met >>= 1;
            tally->windows--;
        }
        at = tally->windows++;
        tally->window[at] = object;
    }
    if (!(legs & SEUIL_LEG_ANSWER) || at == tally->windows)
        return false;
    tally->met |= (uint16_t)(1 << at);
    first = tally->windows > rule->of ? tally->windows - rule->of : 0;
    return at >= first && seuil_bits(tally->met >> first) >= rule->times;
}

static bool streak(struct seuil_tally *tally, const struct seuil_rule *rule, unsigned legs)
{
    if (legs & SEUIL_LEG_ANSWER)
        tally->streak = 0;
    else if (legs & SEUIL_LEG_OF)
        tally->streak++;
    if (tally->streak < rule->times)
        return false;
    tally->streak = 0;
    return true;
}

/* ---- silence ----------------------------------------------------------------------------- */

static bool silence(struct seuil_tally *tally, const struct seuil_rule *rule, seuil_time_ms time,
                    unsigned legs)
{
    if (legs & SEUIL_LEG_ANSWER) {
        seuil_silence_restart(tally, time);
        return false;
    }
    if (!knows(tally, 0)) /* the first event there is */
        set_moment(tally, 0, time);
    if (!(legs & SEUIL_LEG_OF))
        return false;
    if (tally->streak < rule->times)
        tally->streak++;
    /* It was silent for long enough, and only now enough has been sent. */
    return tally->streak >= rule->times && time - tally->moment[0] >= rule->within_ms;
}

seuil_time_ms seuil_silence_due(const struct seuil_tally *tally, const struct seuil_rule *rule)
{
    if (tally->streak < rule->times || !knows(tally, 0))
        return SEUIL_TIME_NEVER;
    return tally->moment[0] + rule->within_ms;
}

void seuil_silence_restart(struct seuil_tally *tally, seuil_time_ms at)
{
    set_moment(tally, 0, at);
    tally->streak = 0;
}

void seuil_silence_thaw(struct seuil_tally *tally, const struct seuil_rule *rule, seuil_time_ms at)
{
    if (knows(tally, 0) && tally->moment[0] + rule->within_ms < at)
        tally->moment[0] = at - rule->within_ms;
}

/* ---- all --------------------------------------------------------------------------------- */

bool seuil_compound_step(struct seuil_tally *tally, const struct seuil_rule *rule,
                         seuil_time_ms time, unsigned legs, uint32_t object)
{
    switch (rule->role) {
    case SEUIL_ROLE_TOGETHER:
        return together(tally, rule, time, legs);
    case SEUIL_ROLE_SEQUENCE:
        return sequence(tally, rule, time, legs);
    case SEUIL_ROLE_LAST:
        return last(tally, rule, legs, object);
    case SEUIL_ROLE_STREAK:
        return streak(tally, rule, legs);
    default:
        return silence(tally, rule, time, legs);
    }
}

void seuil_compound_prune(struct seuil_tally *tally, const struct seuil_rule *rule,
                          seuil_time_ms now)
{
    if (rule->role == SEUIL_ROLE_POINTS)
        prune_list(tally, rule, now);
    else if (rule->role == SEUIL_ROLE_TOGETHER || rule->role == SEUIL_ROLE_SEQUENCE)
        for (unsigned i = 0; i < rule->leg_count; i++)
            if (knows(tally, i) && now - tally->moment[i] > rule->within_ms)
                tally->moments &= ~(UINT32_C(1) << i);
}

seuil_time_ms seuil_compound_expiry(const struct seuil_tally *tally, const struct seuil_rule *rule,
                                    seuil_time_ms newest)
{
    seuil_time_ms due;

    if (tally->moments == 0 && tally->streak == 0 && tally->windows == 0)
        return SEUIL_TIME_NONE;
    switch (rule->role) {
    case SEUIL_ROLE_POINTS:
        if (rule->recency_after)
            return newest + SEUIL_MEMORY_MS;
        return newest +
               (rule->recency_ms > rule->frequency_ms ? rule->recency_ms : rule->frequency_ms) + 1;
    case SEUIL_ROLE_TOGETHER:
    case SEUIL_ROLE_SEQUENCE:
        return newest + rule->within_ms + 1;
    case SEUIL_ROLE_ABSENCE:
    case SEUIL_ROLE_RESET:
        due = seuil_silence_due(tally, rule);
        newest += SEUIL_MEMORY_MS;
        return due != SEUIL_TIME_NEVER && due + 1 > newest ? due + 1 : newest;
    case SEUIL_ROLE_SCOPE: /* goes with what is under it */
        return SEUIL_TIME_NONE;
    default:
        return newest + SEUIL_MEMORY_MS;
    }
}
