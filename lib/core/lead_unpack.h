/* What the readers of a packed state share: numbers within bounds, times as differences. Whatever
 * is not so makes the state a bad one. Private to lead_read.c and lead_sections.c. */

#ifndef SEUIL_CORE_LEAD_UNPACK_H
#define SEUIL_CORE_LEAD_UNPACK_H

#include <math.h>

#include "core/lead.h"
#include "core/pack.h"

/* The sections behind the automata, to the end. */
void seuil_lead_read_sections(struct seuil_unpack *unpack, struct seuil_lead *lead);

static inline bool require(struct seuil_unpack *unpack, bool condition)
{
    if (!condition)
        unpack->bad = true;
    return !unpack->bad;
}

/* A time at @difference from @base, within the bounds of times. */
static inline seuil_time_ms time_at(struct seuil_unpack *unpack, seuil_time_ms base,
                                    int64_t difference)
{
    seuil_time_ms time;

    if (__builtin_add_overflow(base, difference, &time) || time > SEUIL_TIME_BOUND_MS ||
        time < -SEUIL_TIME_BOUND_MS) {
        unpack->bad = true;
        return 0;
    }
    return time;
}

static inline seuil_time_ms read_time(struct seuil_unpack *unpack, seuil_time_ms base)
{
    return time_at(unpack, base, seuil_unpack_signed(unpack));
}

static inline seuil_time_ms read_time_before(struct seuil_unpack *unpack, seuil_time_ms base)
{
    int64_t difference = seuil_unpack_signed(unpack);

    return difference == INT64_MIN ? time_at(unpack, base, INT64_MAX)
                                   : time_at(unpack, base, -difference);
}

/* At least @min and at most @max. */
static inline uint32_t read_number(struct seuil_unpack *unpack, uint32_t min, uint32_t max)
{
    uint64_t number = seuil_unpack_varint(unpack);

    return require(unpack, number >= min && number <= max) ? (uint32_t)number : min;
}

static inline double read_finite(struct seuil_unpack *unpack)
{
    double value = seuil_unpack_double(unpack);

    return require(unpack, isfinite(value) && !(value == 0 && signbit(value))) ? value : 0;
}

#endif
