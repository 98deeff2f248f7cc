#include <criterion/criterion.h>

#include "base/err.h"
#include "conf/scalar.h"
#include "conf/suggest.h"
#include "core/time_text.h"

static struct seuil_str s(const char *text)
{
    return seuil_str_from(text);
}

Test(scalar, durations_have_a_number_and_one_unit)
{
    static const struct {
        const char *text;
        int64_t ms;
    } good[] = {{"0", 0},          {"500ms", 500},     {"10s", 10000},  {"90 s", 90000},
                {"5m", 300000},    {"5min", 300000},   {"2h", 7200000}, {"14d", 1209600000},
                {"1w", 604800000}, {"1_000s", 1000000}};
    static const char *const bad[] = {"",   "10",   "s",   "-1s",   "1.5s", "10 ", "1h30m",
                                      "1S", "1 d ", "_1s", "1__0s", "1_s",  " 1s", "0x1s"};
    int64_t ms = 42;

    for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++) {
        cr_expect_eq(seuil_duration_parse(s(good[i].text), &ms), 0, "%s", good[i].text);
        cr_expect_eq(ms, good[i].ms, "%s", good[i].text);
    }
    ms = 42;
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
        cr_expect_eq(seuil_duration_parse(s(bad[i]), &ms), SEUIL_ERR_FORMAT, "%s", bad[i]);
    cr_expect_eq(seuil_duration_parse(s("99999999999999999999s"), &ms), SEUIL_ERR_LIMIT);
    cr_expect_eq(seuil_duration_parse(s("9223372036854775807s"), &ms), SEUIL_ERR_LIMIT);
    cr_expect_eq(ms, 42);
}

Test(scalar, durations_and_sizes_are_printed_as_they_are_read)
{
    static const int64_t values[] = {0,     1,     999,      1000,    1024,
                                     60000, 90000, 86400000, 1 << 20, 123456789};
    char text[32];
    int64_t back;

    for (size_t i = 0; i < sizeof(values) / sizeof(values[0]); i++) {
        cr_expect_eq(seuil_duration_parse(s(seuil_duration_format(values[i], text)), &back), 0);
        cr_expect_eq(back, values[i], "%s", text);
        cr_expect_eq(seuil_size_parse(s(seuil_size_format(values[i], text)), &back), 0);
        cr_expect_eq(back, values[i], "%s", text);
    }
    cr_expect_str_eq(seuil_duration_format(14 * SEUIL_DAY_MS, text), "14d");
    cr_expect_str_eq(seuil_size_format(512 << 20, text), "512MiB");
}

Test(scalar, sizes_know_binary_and_decimal_units)
{
    int64_t bytes = 0;

    cr_expect_eq(seuil_size_parse(s("512MiB"), &bytes), 0);
    cr_expect_eq(bytes, 512 << 20);
    cr_expect_eq(seuil_size_parse(s("1 GB"), &bytes), 0);
    cr_expect_eq(bytes, 1000000000);
    cr_expect_eq(seuil_size_parse(s("77"), &bytes), 0);
    cr_expect_eq(bytes, 77);
    cr_expect_eq(seuil_size_parse(s("1mib"), &bytes), SEUIL_ERR_FORMAT);
    cr_expect_eq(seuil_size_parse(s("9999999999GiB"), &bytes), SEUIL_ERR_LIMIT);
    cr_expect_eq(bytes, 77);
}

Test(scalar, numbers_are_finite_and_decimal)
{
    static const char *const bad[] = {"",   "nan", "inf", "0x10", "1,5",
                                      "1e", "--1", "1 ",  "e5",   "."};
    double value = 3;
    int64_t whole = 3;

    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
        cr_expect_eq(seuil_number_parse(s(bad[i]), &value), SEUIL_ERR_FORMAT, "%s", bad[i]);
    cr_expect_eq(seuil_number_parse(s("1e999"), &value), SEUIL_ERR_LIMIT);
    cr_expect_eq(value, 3);
    cr_expect_eq(seuil_number_parse(s("-12.5"), &value), 0);
    cr_expect_eq(value, -12.5);
    cr_expect_eq(seuil_number_parse(s("1_000"), &value), 0);
    cr_expect_eq(value, 1000);
    cr_expect_eq(seuil_int_parse(s("-9223372036854775807"), &whole), 0);
    cr_expect_eq(whole, -INT64_MAX);
    cr_expect_eq(seuil_int_parse(s("9223372036854775808"), &whole), SEUIL_ERR_LIMIT);
    cr_expect_eq(seuil_int_parse(s("12a"), &whole), SEUIL_ERR_FORMAT);
    cr_expect_eq(seuil_int_parse(s("-"), &whole), SEUIL_ERR_FORMAT);
}

Test(scalar, booleans_are_words)
{
    bool value = false;

    cr_expect_eq(seuil_bool_parse(s("yes"), &value), 0);
    cr_expect(value);
    cr_expect_eq(seuil_bool_parse(s("OFF"), &value), 0);
    cr_expect_not(value);
    cr_expect_eq(seuil_bool_parse(s("1"), &value), SEUIL_ERR_FORMAT);
    cr_expect_eq(seuil_bool_parse(s(""), &value), SEUIL_ERR_FORMAT);
}

Test(scalar, instants_are_those_of_the_calendar)
{
    static const struct {
        const char *text, *utc;
    } good[] = {{"2026-03-02T08:00:00Z", "2026-03-02T08:00:00.000Z"},
                {"2026-03-02T08:00:00.5Z", "2026-03-02T08:00:00.500Z"},
                {"2026-03-02T08:00:00.123+01:30", "2026-03-02T06:30:00.123Z"},
                {"2026-03-02T08:00:00-05:00", "2026-03-02T13:00:00.000Z"},
                {"2024-02-29", "2024-02-29T00:00:00.000Z"}};
    static const char *const bad[] = {"2026-02-29",
                                      "2026-13-01",
                                      "2026-3-2",
                                      "2026-03-02T08:00:00",
                                      "2026-03-02T24:00:00Z",
                                      "2026-03-02T08:00:00+0100",
                                      "yesterday",
                                      ""};
    seuil_time_ms time = 5;
    char text[32];

    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
        cr_expect_eq(seuil_instant_parse(s(bad[i]), &time), SEUIL_ERR_FORMAT, "%s", bad[i]);
    cr_expect_eq(time, 5);
    for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++) {
        cr_expect_eq(seuil_instant_parse(s(good[i].text), &time), 0, "%s", good[i].text);
        seuil_time_format(time, text);
        cr_expect_str_eq(text, good[i].utc);
    }
}

Test(suggest, slips_are_found_and_other_words_are_not)
{
    static const char *const names[] = {"bootstrap.servers", "points", "half_life", "prefix",
                                        "app"};

    cr_expect_str_eq(seuil_suggest(s("bootstrap.server"), names, 5), "bootstrap.servers");
    cr_expect_str_eq(seuil_suggest(s("bootstrap-servers"), names, 5), "bootstrap.servers");
    cr_expect_str_eq(seuil_suggest(s("pionts"), names, 5), "points");
    cr_expect_str_eq(seuil_suggest(s("Points"), names, 5), "points");
    cr_expect_str_eq(seuil_suggest(s("halflife"), names, 5), "half_life");
    cr_expect_str_eq(seuil_suggest(s("ap"), names, 5), "app");
    cr_expect_str_eq(seuil_suggest(s("pôints"), names, 5), "points", "accents cost nothing");
    cr_expect_null(seuil_suggest(s("redis"), names, 5));
    cr_expect_null(seuil_suggest(s("x"), names, 5));
    cr_expect_null(seuil_suggest(s(""), names, 5));
}
