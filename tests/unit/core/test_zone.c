#include <criterion/criterion.h>
#include <stdlib.h>
#include <time.h>

#include "base/arena.h"
#include "conf/tzif.h"
#include "core/zone.h"

static struct seuil_arena arena;

static const struct seuil_zone *zone_of(const char *name)
{
    const struct seuil_zone *zone = NULL;
    struct seuil_error err = {0};

    cr_assert_eq(seuil_zone_load(&arena, name, &zone, &err), 0, "%s", err.text);
    return zone;
}

/* A UTC instant; @ms may be negative. */
static seuil_time_ms utc(int year, int month, int day, int hour, int minute, int second, int ms)
{
    struct tm tm = {.tm_year = year - 1900,
                    .tm_mon = month - 1,
                    .tm_mday = day,
                    .tm_hour = hour,
                    .tm_min = minute,
                    .tm_sec = second};

    return (seuil_time_ms)timegm(&tm) * 1000 + ms;
}

static void expect_step(const struct seuil_zone *zone, enum seuil_period period, seuil_time_ms at)
{
    cr_assert_eq(seuil_zone_period(zone, period, at), seuil_zone_period(zone, period, at - 1) + 1);
}

Test(zone, the_day_in_paris_begins_at_local_midnight_on_both_sides_of_both_changes)
{
    const struct seuil_zone *paris = zone_of("Europe/Paris");

    /* Winter is UTC+1, summer UTC+2; 2026 changes on 29 March and 25 October at 1:00 UTC. */
    expect_step(paris, SEUIL_PERIOD_DAY, utc(2026, 3, 28, 23, 0, 0, 0));
    expect_step(paris, SEUIL_PERIOD_DAY, utc(2026, 3, 29, 22, 0, 0, 0));
    expect_step(paris, SEUIL_PERIOD_DAY, utc(2026, 10, 24, 22, 0, 0, 0));
    expect_step(paris, SEUIL_PERIOD_DAY, utc(2026, 10, 25, 23, 0, 0, 0));
    cr_assert_eq(seuil_zone_offset_s(paris, utc(2026, 3, 29, 0, 59, 59, 999)), 3600);
    cr_assert_eq(seuil_zone_offset_s(paris, utc(2026, 3, 29, 1, 0, 0, 0)), 7200);
    cr_assert_eq(seuil_zone_offset_s(paris, utc(2026, 10, 25, 0, 59, 59, 999)), 7200);
    cr_assert_eq(seuil_zone_offset_s(paris, utc(2026, 10, 25, 1, 0, 0, 0)), 3600);
    /* A day of 23 hours, one of 25. */
    cr_assert_eq(utc(2026, 3, 29, 22, 0, 0, 0) - utc(2026, 3, 28, 23, 0, 0, 0), 23 * 3600000);
    cr_assert_eq(seuil_zone_period(paris, SEUIL_PERIOD_DAY, utc(2026, 10, 24, 22, 0, 0, 0)),
                 seuil_zone_period(paris, SEUIL_PERIOD_DAY, utc(2026, 10, 25, 22, 59, 59, 999)));
}

Test(zone, weeks_begin_on_monday_and_months_on_the_first)
{
    const struct seuil_zone *paris = zone_of("Europe/Paris");

    expect_step(paris, SEUIL_PERIOD_WEEK, utc(2026, 3, 29, 22, 0, 0, 0)); /* Monday 30 March */
    cr_assert_eq(seuil_zone_period(paris, SEUIL_PERIOD_WEEK, utc(2026, 3, 22, 23, 0, 0, 0)),
                 seuil_zone_period(paris, SEUIL_PERIOD_WEEK, utc(2026, 3, 29, 21, 59, 59, 999)));
    expect_step(paris, SEUIL_PERIOD_MONTH, utc(2026, 3, 31, 22, 0, 0, 0));
    expect_step(paris, SEUIL_PERIOD_MONTH, utc(2026, 12, 31, 23, 0, 0, 0));
    expect_step(NULL, SEUIL_PERIOD_MONTH, utc(2024, 3, 1, 0, 0, 0, 0));
    expect_step(NULL, SEUIL_PERIOD_MONTH, utc(1969, 3, 1, 0, 0, 0, 0));
    expect_step(NULL, SEUIL_PERIOD_WEEK, utc(1969, 12, 29, 0, 0, 0, 0));
    expect_step(NULL, SEUIL_PERIOD_DAY, 0);
    cr_assert_eq(seuil_zone_period(NULL, SEUIL_PERIOD_DAY, -1), -1);
}

/* Each day from 1600 to 2400, counted by hand. */
Test(zone, months_count_twelve_a_year_over_eight_centuries)
{
    static const int days[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
    seuil_time_ms at = utc(1600, 1, 1, 0, 0, 0, 0);

    for (int year = 1600; year < 2400; year++)
        for (int month = 1; month <= 12; month++) {
            bool leap = month == 2 && (year % 400 == 0 || (year % 4 == 0 && year % 100 != 0));

            for (int day = days[month - 1] + leap; day > 0; day--, at += SEUIL_DAY_MS)
                if (seuil_zone_period(NULL, SEUIL_PERIOD_MONTH, at) != year * 12 + month - 1)
                    cr_assert_fail("%d days before the end of %d/%d", day, month, year);
        }
    cr_assert_eq(at, utc(2400, 1, 1, 0, 0, 0, 0));
}

Test(zone, offsets_agree_with_the_c_library_in_odd_zones)
{
    static const char *const names[] = {"Europe/Paris",
                                        "Europe/Dublin",
                                        "America/New_York",
                                        "America/Sao_Paulo",
                                        "Africa/Casablanca",
                                        "Australia/Lord_Howe",
                                        "Pacific/Chatham",
                                        "Asia/Kolkata",
                                        "Asia/Tehran",
                                        "America/Nuuk",
                                        "Antarctica/Troll",
                                        "Pacific/Apia",
                                        "UTC",
                                        "Africa/Cairo",
                                        "Asia/Gaza",
                                        "Pacific/Kiritimati"};
    uint64_t state = 1;

    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        const struct seuil_zone *zone = zone_of(names[i]);

        setenv("TZ", names[i], 1);
        tzset();
        for (int k = 0; k < 4000; k++) {
            struct tm tm;
            time_t second;
            bool near = k % 2 && zone->count;

            state = state * UINT64_C(6364136223846793005) + 1;
            second = (time_t)(state >> 33) - 500000000; /* 1954 to 2090 */
            if (near)                                   /* around a change */
                second =
                    (time_t)zone->at_s[(state >> 20) % zone->count] - 1 + (time_t)(state >> 60) % 3;
            if (second < -2000000000 || second > INT64_C(3900000000))
                continue;
            cr_assert(localtime_r(&second, &tm));
            cr_assert_eq(seuil_zone_offset_s(zone, (seuil_time_ms)second * 1000 + 999),
                         tm.tm_gmtoff, "%s at %lld: %d, not %ld", names[i], (long long)second,
                         seuil_zone_offset_s(zone, (seuil_time_ms)second * 1000), tm.tm_gmtoff);
        }
    }
    seuil_arena_done(&arena);
}

Test(zone, extreme_instants_have_a_period)
{
    const struct seuil_zone *paris = zone_of("Europe/Paris");
    const seuil_time_ms far = INT64_C(1) << 50;

    cr_assert_lt(seuil_zone_period(paris, SEUIL_PERIOD_MONTH, -far),
                 seuil_zone_period(paris, SEUIL_PERIOD_MONTH, far));
    cr_assert_lt(seuil_zone_period(paris, SEUIL_PERIOD_DAY, INT64_MIN),
                 seuil_zone_period(paris, SEUIL_PERIOD_DAY, INT64_MAX));
}
