/* What a hostile record may reach for: room, numbers at their ends, texts with a NUL in them. */

#include <criterion/criterion.h>

#include "support/mapping.h"

static char *text_of(char c, uint32_t len)
{
    char *text = malloc(len + 1);

    memset(text, c, len);
    text[len] = '\0';
    return text;
}

/* Parts of any sizes make an id, or are refused: nothing is written beyond the room for them. */
Test(bounds, an_id_is_derived_of_4096_bytes_at_most)
{
    static const char map[] =
        "events: [{kind: page_view, id: {derive: [a, b], position: false}, time: t | time(ms)}]";
    struct mapping m = mapping_of(map, sizeof(map) - 1);

    cr_assert_not_null(m.map);
    for (uint32_t first = 4080; first <= 4097; first++)
        for (uint32_t second = 0; second <= 300000; second = 3 * second + 1) {
            char *a = text_of('a', first), *b = text_of('b', second);
            char *record = malloc(first + second + 64);
            const char *got;

            sprintf(record, "{\"t\":1,\"a\":\"%s\",\"b\":\"%s\"}", a, b);
            got = mapping_text(&m, record);
            if (first + 5 + second + 5 <= 4096)
                cr_assert(got[0] == '{', "%u and %u: %s", first, second, got);
            else
                cr_assert_not_null(strstr(got, "derived of more than 4,096 bytes"), "%u and %u: %s",
                                   first, second, got);
            free(a);
            free(b);
            free(record);
        }
    mapping_done(&m);
}

static void gives(const char *map, const char *record, const char *part)
{
    struct mapping m = mapping_of(map, strlen(map));
    const char *got;

    cr_assert_not_null(m.map, "%s", m.errs.list[0].text);
    got = mapping_text(&m, record);
    cr_assert_not_null(strstr(got, part), "\n got %s\nwant %s", got, part);
    mapping_done(&m);
}

#define TIME(unit) "events: [{kind: page_view, id: '=e', time: t | time(" unit ")}]"

Test(bounds, times_at_the_end_of_64_bits_are_refused)
{
    static const char *const odd[] = {"9223372036854775.999",   "-9223372036854775.999",
                                      "9223372036854775",       "9223372036854776",
                                      "999999999999999999.999", "-999999999999999999"};

    for (size_t i = 0; i < sizeof(odd) / sizeof(odd[0]); i++) {
        char record[96];

        snprintf(record, sizeof(record), "{\"t\":\"%s\"}", odd[i]);
        gives(TIME("s"), record, "error ");
        snprintf(record, sizeof(record), "{\"t\":%s}", odd[i]);
        gives(TIME("s"), record, "error ");
        gives(TIME("ms"), record, "error ");
    }
}

/* What a C library's function takes for the end of a text is a character like others. */
Test(bounds, a_number_with_a_nul_in_it_is_none)
{
#define AMOUNT "events: [{kind: activity, id: '=e', time: '@time', name: '=n', value: v}]"
    gives(AMOUNT, "{\"v\":\"12\"}", "\"value\":12}");
    gives(AMOUNT, "{\"v\":\"12\\u0000abc\"}", "a number is wanted");
    gives(AMOUNT, "{\"v\":\"12\\u0000\"}", "a number is wanted");
}
