#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/heap.h"
#include "conf/tzif.h"
#include "conf/tzif_rule.h"

static uint8_t file[65536];

static size_t read_zone(const char *path)
{
    FILE *in = fopen(path, "rb");
    size_t len;

    cr_assert_not_null(in);
    len = fread(file, 1, sizeof(file), in);
    fclose(in);
    return len;
}

/* Parse a copy of exactly @len bytes, so that ASan sees any byte read beyond them. */
static int parse(const uint8_t *bytes, size_t len)
{
    struct seuil_arena arena = {0};
    const struct seuil_zone *zone = NULL;
    uint8_t *copy = malloc(len ? len : 1);
    int rc;

    memcpy(copy, bytes, len);
    rc = seuil_tzif_parse(&arena, "Test/Zone", copy, len, &zone, NULL);
    if (rc == 0) {
        for (uint32_t i = 1; i < zone->count; i++)
            cr_assert_lt(zone->at_s[i - 1], zone->at_s[i]);
        seuil_zone_period(zone, SEUIL_PERIOD_DAY, INT64_C(1767225600000));
    }
    free(copy);
    seuil_arena_done(&arena);
    return rc;
}

Test(tzif, a_file_cut_anywhere_is_refused)
{
    size_t len = read_zone("/usr/share/zoneinfo/Europe/Paris");

    cr_assert_eq(parse(file, len), 0);
    for (size_t i = 0; i < len; i++)
        cr_assert_neq(parse(file, i), 0, "cut at %zu of %zu", i, len);
}

Test(tzif, damaged_bytes_are_refused_or_give_an_ordered_table)
{
    size_t len = read_zone("/usr/share/zoneinfo/Europe/Paris");
    uint64_t state = 7;

    for (int round = 0; round < 20000; round++) {
        size_t at[3];
        uint8_t was[3];

        for (int k = 0; k < 3; k++) {
            state = state * UINT64_C(6364136223846793005) + 1;
            at[k] = (state >> 33) % (round % 2 ? 2 * len / 3 : len);
            if (round % 3 == 0)
                at[k] = (state >> 33) % 50;
            was[k] = file[at[k]];
            file[at[k]] = (uint8_t)(state >> 56);
        }
        parse(file, len);
        for (int k = 2; k >= 0; k--)
            file[at[k]] = was[k];
    }
    cr_assert_eq(parse(file, len), 0, "the file must be whole again");
}

Test(tzif, names_that_lead_elsewhere_are_unknown_zones)
{
    static const char *const names[] = {"",        "/etc/passwd", "../../../etc/passwd",
                                        "Europe",  "Europe/Pari", "Europe//Paris",
                                        ".hidden", "a b",         "Europe/Paris\n"};
    struct seuil_arena arena = {0};
    const struct seuil_zone *zone;
    struct seuil_error err;

    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
        cr_assert_eq(seuil_zone_load(&arena, names[i], &zone, &err), SEUIL_ERR_UNKNOWN, "%s",
                     names[i]);
    cr_assert_eq(seuil_zone_load(&arena, "zone.tab", &zone, &err), SEUIL_ERR_UNKNOWN,
                 "a dot is in no name");
    cr_assert_eq(seuil_zone_load(&arena, "tzdata/zi", &zone, &err), SEUIL_ERR_UNKNOWN);
    seuil_arena_done(&arena);
}

Test(tzif, the_footer_is_the_grammar_of_posix_and_nothing_else)
{
    static const struct {
        const char *text;
        bool good;
        int32_t standard_s, summer_s;
    } rows[] = {
        {"CET-1CEST,M3.5.0,M10.5.0/3", true, 3600, 7200},
        {"UTC0", true, 0, 0},
        {"<+1030>-10:30<+11>-11,M10.1.0,M4.1.0", true, 37800, 39600},
        {"IST-1GMT0,M10.5.0,M3.5.0/1", true, 3600, 0},
        {"EST5EDT,M3.2.0,M11.1.0", true, -18000, -14400},
        {"<-02>2<-01>,M3.5.0/-1,M10.5.0/0", true, -7200, -3600},
        {"AAA3BBB,J60,300/167", true, -10800, -7200},
        {"CET-1CEST", false, 0, 0},
        {"CET", false, 0, 0},
        {"CE-1", false, 0, 0},
        {"CET-1CEST,M13.5.0,M10.5.0", false, 0, 0},
        {"CET-1CEST,M3.6.0,M10.5.0", false, 0, 0},
        {"CET-1CEST,M3.5.7,M10.5.0", false, 0, 0},
        {"CET-1CEST,M3.5.0,M10.5.0,", false, 0, 0},
        {"CET-168", false, 0, 0},
        {"CET-1CEST,J0,J1", false, 0, 0},
        {"CET-1CEST,M3.5.0/168,M10.5.0", false, 0, 0},
        {"<CET-1", false, 0, 0},
        {"", false, 0, 0},
    };

    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct seuil_tz_rule rule;
        int rc = seuil_tz_rule_parse(seuil_str_from(rows[i].text), &rule);

        cr_assert_eq(rc == 0, rows[i].good, "%s", rows[i].text);
        if (!rows[i].good)
            continue;
        cr_assert_eq(rule.standard_s, rows[i].standard_s, "%s", rows[i].text);
        if (rule.has_summer)
            cr_assert_eq(rule.summer_s, rows[i].summer_s, "%s", rows[i].text);
    }
}

Test(tzif, failing_allocations_leak_nothing)
{
    for (int64_t n = 0; n < 50; n++) {
        struct seuil_arena arena = {0};
        const struct seuil_zone *zone;
        int rc;

        seuil_heap_fail_after(n);
        rc = seuil_zone_load(&arena, "Europe/Paris", &zone, NULL);
        seuil_heap_fail_after(-1);
        seuil_arena_done(&arena);
        if (rc == 0)
            return;
        cr_assert_eq(rc, SEUIL_ERR_NOMEM);
    }
    cr_assert_fail("50 allocations are too many");
}
