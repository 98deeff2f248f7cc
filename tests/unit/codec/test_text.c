#include <criterion/criterion.h>
#include <jansson.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "codec/text.h"

static const char *string(struct seuil_buf *buf, const char *text, size_t len)
{
    seuil_buf_clear(buf);
    cr_assert_eq(seuil_json_add_string(buf, (struct seuil_str){text, (uint32_t)len}), 0);
    seuil_buf_add_byte(buf, 0);
    return (const char *)buf->ptr;
}

static const char *cents(struct seuil_buf *buf, double value)
{
    seuil_buf_clear(buf);
    cr_assert_eq(seuil_json_add_cents(buf, value), 0);
    seuil_buf_add_byte(buf, 0);
    return (const char *)buf->ptr;
}

Test(text, a_string_is_quoted_and_escaped_only_where_it_must_be)
{
    struct seuil_buf b = {0};

    cr_assert_str_eq(string(&b, "", 0), "\"\"");
    cr_assert_str_eq(string(&b, "qualifié / vente", 17), "\"qualifié / vente\"");
    cr_assert_str_eq(string(&b, "a\"b\\c\n\t\r\x01\x1f", 10),
                     "\"a\\\"b\\\\c\\n\\t\\r\\u0001\\u001f\"");
    cr_assert_str_eq(string(&b, "a\0b", 3), "\"a\\u0000b\"");
    seuil_buf_done(&b);
}

Test(text, bytes_that_are_no_text_become_the_replacement_character)
{
    struct seuil_buf b = {0};

    cr_assert_str_eq(string(&b,
                            "a\xff"
                            "b",
                            3),
                     "\"a\xef\xbf\xbd"
                     "b\"");
    cr_assert_str_eq(string(&b, "\xe2\x82", 2), "\"\xef\xbf\xbd\xef\xbf\xbd\"");
    seuil_buf_done(&b);
}

Test(text, every_byte_string_is_a_json_string_for_jansson)
{
    struct seuil_buf b = {0};
    unsigned seed = 1;

    for (int i = 0; i < 5000; i++) {
        char text[24];
        size_t len = (size_t)rand_r(&seed) % sizeof(text);
        json_t *json;

        for (size_t k = 0; k < len; k++)
            text[k] = (char)(rand_r(&seed) % 3 ? rand_r(&seed) % 128 : rand_r(&seed));
        string(&b, text, len);
        json = json_loads((const char *)b.ptr, JSON_DECODE_ANY | JSON_ALLOW_NUL, NULL);
        cr_assert(json_is_string(json), "%s", b.ptr);
        json_decref(json);
    }
    seuil_buf_done(&b);
}

Test(text, an_amount_has_at_most_two_decimals_and_no_exponent)
{
    struct seuil_buf b = {0};

    cr_assert_str_eq(cents(&b, 0), "0");
    cr_assert_str_eq(cents(&b, -0.0), "0");
    cr_assert_str_eq(cents(&b, -0.001), "0");
    cr_assert_str_eq(cents(&b, 42), "42");
    cr_assert_str_eq(cents(&b, -42.5), "-42.5");
    cr_assert_str_eq(cents(&b, 0.05), "0.05");
    cr_assert_str_eq(cents(&b, 19.999), "20");
    cr_assert_str_eq(cents(&b, 1234567.89), "1234567.89");
    cr_assert_str_eq(cents(&b, 1e300), "10000000000000");
    cr_assert_str_eq(cents(&b, -INFINITY), "-10000000000000");
    for (int i = -20000; i < 20000; i++) {
        cents(&b, i / 100.0);
        cr_assert_eq(strtod((char *)b.ptr, NULL), i / 100.0, "%s", b.ptr);
    }
    seuil_buf_done(&b);
}
