#include "core/zone.h"

#include <assert.h>
#include <stddef.h>

static int64_t floor_div(int64_t a, int64_t b)
{
    return a / b - (a % b < 0);
}

int32_t seuil_zone_offset_s(const struct seuil_zone *zone, seuil_time_ms time)
{
    int64_t second = floor_div(time, SEUIL_SECOND_MS);
    uint32_t low = 0, high = zone->count;

    /* The number of changes at or before the second. */
    while (low < high) {
        uint32_t middle = low + (high - low) / 2;

        if (zone->at_s[middle] <= second)
            low = middle + 1;
        else
            high = middle;
    }
    return zone->offset_s[low];
}

/* Months since year 0 of a day counted from 1970-01-01 (proleptic Gregorian). Years are taken to
 * begin in March, so that the leap day is their last. */
static int64_t month_of_day(int64_t day)
{
    int64_t since = day + 719468; /* 0000-03-01 */
    int64_t era = floor_div(since, 146097);
    int64_t doe = since - era * 146097;
    int64_t yoe = (doe - doe / 1460 + doe / 36524 - doe / 146096) / 365;
    int64_t doy = doe - (365 * yoe + yoe / 4 - yoe / 100);
    int64_t month = (5 * doy + 2) / 153; /* 0 is March */

    assert(doe >= 0 && yoe >= 0 && yoe < 400 && doy >= 0 && month < 12);
    return (era * 400 + yoe) * 12 + month + 2;
}

int64_t seuil_zone_period(const struct seuil_zone *zone, enum seuil_period period,
                          seuil_time_ms time)
{
    int64_t offset_s = zone ? seuil_zone_offset_s(zone, time) : 0;
    int64_t second = floor_div(time, SEUIL_SECOND_MS) + offset_s;
    int64_t day = floor_div(second, 86400);

    switch (period) {
    case SEUIL_PERIOD_DAY:
        return day;
    case SEUIL_PERIOD_WEEK:
        return floor_div(day + 3, 7); /* 1970-01-01 was a Thursday */
    case SEUIL_PERIOD_MONTH:
        return month_of_day(day);
    }
    assert(!"a period");
    return 0;
}
