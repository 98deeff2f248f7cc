/* Civil time of a named zone: which day, week or month an instant falls in.
 *
 * A zone is a table of the instants at which its offset from UTC changes. lib/conf/tzif.c reads it
 * from the system's time zone files and spells out the rule for the future up to the year 2400;
 * after that the last offset stays. */

#ifndef SEUIL_CORE_ZONE_H
#define SEUIL_CORE_ZONE_H

#include <stdint.h>

#include "core/model.h"

struct seuil_zone {
    const char *name; /* "Europe/Paris" */
    uint32_t count;
    const int64_t *at_s;     /* seconds since 1970, UTC, strictly ascending */
    const int32_t *offset_s; /* count + 1: [0] before the first, [i + 1] from at_s[i] on */
};

/* Seconds to add to UTC at @time. */
int32_t seuil_zone_offset_s(const struct seuil_zone *zone, seuil_time_ms time);

/* The number of the period of @time in @zone; rises with local time. Days begin at local midnight,
 * weeks on Monday (ISO 8601). @zone NULL is UTC. An instant may lie in an earlier period than one
 * before it, where clocks go back over midnight. */
int64_t seuil_zone_period(const struct seuil_zone *zone, enum seuil_period period,
                          seuil_time_ms time);

#endif
