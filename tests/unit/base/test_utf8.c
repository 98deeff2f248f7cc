#include <criterion/criterion.h>
#include <string.h>

#include "base/utf8.h"

static bool check(const char *text, size_t len)
{
    return seuil_utf8_check((const uint8_t *)text, (uint32_t)len);
}

#define VALID(literal)   cr_assert(check(literal, sizeof(literal) - 1), "refused: %s", literal)
#define INVALID(literal) cr_assert(!check(literal, sizeof(literal) - 1), "accepted: %s", #literal)

Test(utf8, every_length_of_ascii_is_valid_and_one_high_byte_anywhere_is_not)
{
    char text[40];

    for (size_t len = 0; len <= sizeof(text); len++) {
        memset(text, 'a', sizeof(text));
        cr_assert(check(text, len));
        for (size_t i = 0; i < len; i++) {
            text[i] = (char)0x80;
            cr_assert(!check(text, len), "length %zu, byte %zu", len, i);
            text[i] = 'a';
        }
    }
}

Test(utf8, the_end_of_ascii_is_found_wherever_it_is)
{
    uint8_t text[70];

    for (size_t len = 0; len <= sizeof(text); len++) {
        for (size_t at = 0; at <= len; at++) {
            memset(text, 0x7f, sizeof(text));
            memset(text + at, 0x80, sizeof(text) - at);
            cr_assert_eq(seuil_ascii_end(text, text + len), text + at, "%zu of %zu", at, len);
        }
    }
}

Test(utf8, the_first_and_last_of_each_length_are_valid)
{
    VALID("\xc2\x80");
    VALID("\xdf\xbf");
    VALID("\xe0\xa0\x80");
    VALID("\xed\x9f\xbf");
    VALID("\xee\x80\x80");
    VALID("\xef\xbf\xbf");
    VALID("\xf0\x90\x80\x80");
    VALID("\xf4\x8f\xbf\xbf");
    VALID("qualifié pour la vente");
}

Test(utf8, overlong_forms_surrogates_and_beyond_are_refused)
{
    INVALID("\xc0\x80");
    INVALID("\xc1\xbf");
    INVALID("\xe0\x9f\xbf");
    INVALID("\xf0\x8f\xbf\xbf");
    INVALID("\xed\xa0\x80");
    INVALID("\xed\xbf\xbf");
    INVALID("\xf4\x90\x80\x80");
    INVALID("\xf5\x80\x80\x80");
    INVALID("\xff");
    INVALID("\x80");
}

Test(utf8, a_sequence_cut_short_is_refused)
{
    INVALID("abcdefgh\xc3");
    INVALID("\xe2\x82");
    INVALID("\xf0\x9f\x98");
    INVALID("\xe2\x82z");
    INVALID("\xf0\x9fz\x98");
}

Test(utf8, each_code_point_written_is_read_back_with_its_length)
{
    uint8_t out[4];

    for (uint32_t c = 0; c <= 0x10ffff; c += c < 0x11000 ? 1 : 97) {
        unsigned n;

        if (c >= 0xd800 && c <= 0xdfff)
            continue;
        n = seuil_utf8_put(c, out);
        cr_assert_eq(seuil_utf8_sequence(out, out + n), n, "U+%04x", c);
        cr_assert(n == 1 || seuil_utf8_sequence(out, out + n - 1) == 0, "U+%04x cut", c);
    }
}
