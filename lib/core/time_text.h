/* Times as people read them: RFC 3339. Own code: the C library's depends on locale and time zone.
 */

#ifndef SEUIL_CORE_TIME_TEXT_H
#define SEUIL_CORE_TIME_TEXT_H

#include <stdbool.h>
#include <stdint.h>

#include "base/str.h"
#include "core/time.h"

/* Times that mean something: years 0 to 9999, what RFC 3339 can write. Beyond it arithmetic on
 * times could overflow, and the usual cause is another unit. */
#define SEUIL_TIME_FIRST (-INT64_C(62167219200000))
#define SEUIL_TIME_LAST  INT64_C(253402300799999)

static inline bool seuil_time_sane(seuil_time_ms time)
{
    return time >= SEUIL_TIME_FIRST && time <= SEUIL_TIME_LAST;
}

/* With milliseconds, UTC ("2026-03-02T08:00:00.000Z"), clamped to those years. @out holds at least
 * 32 bytes; returns its length. */
int seuil_time_format(seuil_time_ms time, char *out);

/* The other way: RFC 3339 with offset or Z and up to 9 fraction digits; SEUIL_ERR_FORMAT. */
int seuil_time_parse(struct seuil_str text, seuil_time_ms *ret_time);

#endif
