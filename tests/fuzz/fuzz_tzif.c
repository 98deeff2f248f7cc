/* Any bytes as a time zone file; what is accepted answers for instants of all times. */

#include "base/arena.h"
#include "conf/tzif.h"
#include "fuzz.h"

static int run(const uint8_t *bytes, size_t len)
{
    static const seuil_time_ms times[] = {INT64_MIN / 2, 0, INT64_C(1772438400000), INT64_MAX / 2};
    struct seuil_arena arena = {0};
    const struct seuil_zone *zone;
    struct seuil_error err = {0};
    int rc = seuil_tzif_parse(&arena, "Fuzz/Zone", bytes, len, &zone, &err);

    FUZZ_CHECK(rc == 0 || (err.code == rc && err.text[0]), "an error without a text");
    for (unsigned i = 0; rc == 0 && i < sizeof(times) / sizeof(times[0]); i++) {
        seuil_zone_offset_s(zone, times[i]);
        for (int period = SEUIL_PERIOD_DAY; period <= SEUIL_PERIOD_MONTH; period++)
            seuil_zone_period(zone, period, times[i]);
    }
    for (uint32_t i = 1; rc == 0 && i < zone->count; i++)
        FUZZ_CHECK(zone->at_s[i - 1] < zone->at_s[i], "changes that do not ascend");
    seuil_arena_done(&arena);
    return rc == 0;
}

static const char *const words[] = {"TZif2",       "TZif3", "\nCET-1CEST,M3.5.0,M10.5.0/3\n",
                                    "\n<+03>-3\n", "J60",   "M13.6.7",
                                    ",",           "/",     NULL};

const struct fuzz_target fuzz_target = {
    .name = "tzif", .words = words, .max_bytes = 8192, .run = run};
