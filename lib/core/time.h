/* Time as the engine knows it: integer milliseconds since 1970, UTC, always given by the caller. */

#ifndef SEUIL_CORE_TIME_H
#define SEUIL_CORE_TIME_H

#include <stdint.h>

typedef int64_t seuil_time_ms;

#define SEUIL_TIME_NEVER INT64_MAX /* a due time that does not come */
#define SEUIL_TIME_NONE  INT64_MIN /* no instant at all */

#define SEUIL_SECOND_MS INT64_C(1000)
#define SEUIL_MINUTE_MS (60 * SEUIL_SECOND_MS)
#define SEUIL_HOUR_MS   (60 * SEUIL_MINUTE_MS)
#define SEUIL_DAY_MS    (24 * SEUIL_HOUR_MS)

#endif
