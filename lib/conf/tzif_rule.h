/* The footer of a time zone file: a rule for all years after the table, as in the POSIX TZ
 * variable with the extension of RFC 8536 ("CET-1CEST,M3.5.0,M10.5.0/3"). Used by tzif.c only. */

#ifndef SEUIL_CONF_TZIF_RULE_H
#define SEUIL_CONF_TZIF_RULE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/str.h"

struct seuil_tz_date {
    uint8_t form;   /* 'J' (1 to 365, no leap day), 'D' (0 to 365), 'M' */
    uint8_t month;  /* M: 1 to 12 */
    uint8_t week;   /* M: 1 to 5, 5 is the last */
    uint16_t day;   /* of the year, or M: 0 (Sunday) to 6 */
    int32_t time_s; /* local, may be negative or beyond a day */
};

struct seuil_tz_rule {
    int32_t standard_s; /* offsets to add to UTC */
    int32_t summer_s;
    bool has_summer;
    struct seuil_tz_date start, end; /* of summer time */
};

/* The whole of @text, or SEUIL_ERR_FORMAT. */
int seuil_tz_rule_parse(struct seuil_str text, struct seuil_tz_rule *ret_rule);

/* When @date comes in @year, for clocks that are @offset_s ahead of UTC: seconds since 1970. */
int64_t seuil_tz_date_at_s(const struct seuil_tz_date *date, int year, int32_t offset_s);

#endif
