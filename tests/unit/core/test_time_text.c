#include <criterion/criterion.h>
#include <string.h>
#include <time.h>

#include "base/err.h"
#include "core/time_text.h"

static seuil_time_ms parse(const char *text)
{
    seuil_time_ms time = SEUIL_TIME_NONE;
    int rc = seuil_time_parse(seuil_str_from(text), &time);

    cr_assert_eq(rc == 0, time != SEUIL_TIME_NONE, "%s: output touched on failure", text);
    return time;
}

Test(time_text, an_instant_is_written_with_milliseconds_and_z)
{
    char out[32];

    cr_assert_eq(seuil_time_format(INT64_C(1772438400000), out), 24);
    cr_assert_str_eq(out, "2026-03-02T08:00:00.000Z");
    seuil_time_format(-1, out);
    cr_assert_str_eq(out, "1969-12-31T23:59:59.999Z");
    seuil_time_format(SEUIL_TIME_NEVER, out);
    cr_assert_str_eq(out, "9999-12-31T23:59:59.999Z");
    seuil_time_format(SEUIL_TIME_NONE, out);
    cr_assert_str_eq(out, "0000-01-01T00:00:00.000Z");
}

Test(time_text, each_day_of_ten_thousand_years_is_read_back_as_it_was_written)
{
    for (int64_t day = -719528; day < 2932897; day += 1 + (day & 7)) {
        seuil_time_ms time =
            day * SEUIL_DAY_MS + (day * 7919 % SEUIL_DAY_MS + SEUIL_DAY_MS) % SEUIL_DAY_MS;
        char out[32];

        seuil_time_format(time, out);
        cr_assert_eq(parse(out), time, "%s", out);
    }
}

Test(time_text, dates_agree_with_the_c_library)
{
    for (time_t s = -5000000000; s < 50000000000; s += 86399 * 17) {
        char out[32], libc[32];
        struct tm tm;

        gmtime_r(&s, &tm);
        strftime(libc, sizeof(libc), "%Y-%m-%dT%H:%M:%S.000Z", &tm);
        seuil_time_format(s * 1000, out);
        cr_assert_str_eq(out, libc);
    }
}

Test(time_text, zones_and_fractions_are_understood)
{
    cr_assert_eq(parse("2026-03-02T08:00:00Z"), INT64_C(1772438400000));
    cr_assert_eq(parse("2026-03-02t09:00:00+01:00"), INT64_C(1772438400000));
    cr_assert_eq(parse("2026-03-02 02:30:00-05:30"), INT64_C(1772438400000));
    cr_assert_eq(parse("2026-03-02T08:00:00.5z"), INT64_C(1772438400500));
    cr_assert_eq(parse("2026-03-02T08:00:00.123456789Z"), INT64_C(1772438400123));
    cr_assert_eq(parse("2026-03-02T08:00:00.9999Z"), INT64_C(1772438400999));
    cr_assert_eq(parse("2026-12-31T23:59:60Z"), parse("2027-01-01T00:00:00Z"));
    cr_assert_eq(parse("2024-02-29T00:00:00Z"), INT64_C(1709164800000));
}

Test(time_text, what_is_no_instant_is_refused)
{
    static const char *const texts[] = {
        "",
        "2026-03-02",
        "2026-03-02T08:00:00",
        "2026-03-02T08:00Z",
        "2026-3-02T08:00:00Z",
        "2026-02-29T00:00:00Z",
        "2100-02-29T00:00:00Z",
        "2026-00-01T00:00:00Z",
        "2026-13-01T00:00:00Z",
        "2026-01-32T00:00:00Z",
        "2026-01-00T00:00:00Z",
        "2026-01-01T24:00:00Z",
        "2026-01-01T00:60:00Z",
        "2026-01-01T00:00:61Z",
        "2026-01-01T00:00:00.Z",
        "2026-01-01T00:00:00.1234567890Z",
        "2026-01-01T00:00:00+0100",
        "2026-01-01T00:00:00+24:00",
        "2026-01-01T00:00:00+01:60",
        "2026-01-01T00:00:00Zx",
        " 2026-01-01T00:00:00Z",
        "0000-01-01T00:00:00+00:01",
        "9999-12-31T23:59:59-00:01",
        "+2026-01-01T00:00:00Z",
    };

    for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++)
        cr_assert_eq(parse(texts[i]), SEUIL_TIME_NONE, "accepted: %s", texts[i]);
}

Test(time_text, a_text_cut_anywhere_is_refused)
{
    const char whole[] = "2026-03-02T09:00:00.123+01:00";
    seuil_time_ms time;

    for (uint32_t n = 0; n < sizeof(whole) - 1; n++)
        cr_assert_eq(seuil_time_parse((struct seuil_str){whole, n}, &time), SEUIL_ERR_FORMAT);
}
