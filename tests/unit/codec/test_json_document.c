#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>

#include "support/document.h"

static const char *taken(struct documenting *d, const char *text)
{
    int rc = documenting_json(d, SEUIL_DUPLICATES_REFUSED, text, strlen(text));

    cr_assert_eq(rc, 0, "%s: %s", text, d->fault.why);
    return (const char *)d->text.ptr;
}

static void is(const char *names, const char *text, const char *expected)
{
    struct documenting d = documenting_make(names);

    /* While the bytes are there: strings are slices of them. */
    d.fault = (struct seuil_fault){0};
    cr_assert_eq(seuil_json_document(d.wanted, SEUIL_DUPLICATES_REFUSED, d.scratch,
                                     (const uint8_t *)text, (uint32_t)strlen(text), &d.document,
                                     &d.fault),
                 0, "%s: %s", text, d.fault.why);
    cr_assert_str_eq(documenting_text(&d), expected, "%s of %s", names, text);
    documenting_done(&d);
}

Test(json_document, what_is_wanted_is_taken_and_the_rest_passed_over)
{
    is("b{d},e", "{\"a\":1,\"b\":{\"c\":[1,2,{\"d\":3}],\"d\":\"x\"},\"e\":null,\"f\":{\"d\":9}}",
       "{b={d='x'} e=null}");
    is("a", "{\"a\":{\"b\":[1,true,{}],\"c\":-0.5}}", "{a={b=[1 true {}] c=-0.5}}");
    is("*", "[1,[\"x\"],{\"y\":2}]", "[1 ['x'] {y=2}]");
    is("*", "\"x\"", "'x'");
    is("a", "[]", "[]");
    is("a", "{}", "{}");
}

Test(json_document, lists_are_transparent_and_what_is_no_object_keeps_its_place)
{
    is("l{a}", "{\"l\":[{\"a\":1,\"b\":2},[{\"a\":3}],4,null,{\"b\":5}]}",
       "{l=[{a=1} [{a=3}] 4 null {}]}");
    is("a{b{c}}", "{\"a\":\"text\"}", "{a='text'}");
    is("a{b}", "[{\"a\":{\"b\":1}},{\"a\":[{\"b\":2}]}]", "[{a={b=1}} {a=[{b=2}]}]");
}

Test(json_document, a_name_is_compared_after_its_escapes_are_undone)
{
    is("a.b,\xc3\xa9", "{\"a\\u002eb\":1,\"\\u00e9\":2}", "{a.b=1 \xc3\xa9=2}");
    is("t", "{\"t\":\"\\ud83d\\ude00\\n\\\"\"}", "{t='\xf0\x9f\x98\x80\n\"'}");
    is("", "{\"\":1}", "{}");
}

Test(json_document, whole_numbers_of_64_bits_are_exact_and_others_the_nearest_double)
{
    is("*", "[1767225600000,9007199254740993,-9223372036854775808,9223372036854775807]",
       "[1767225600000 9007199254740993 -9223372036854775808 9223372036854775807]");
    is("*", "[9223372036854775808,1e3,1767225600.123,4.9e-324,0.1]",
       "[9.2233720368547758e+18 1000 1767225600.1229999 4.9406564584124654e-324 "
       "0.10000000000000001]");
}

Test(json_document, a_number_keeps_its_own_spelling)
{
    struct documenting d = documenting_make("*");

    cr_assert_eq(seuil_json_document(d.wanted, SEUIL_DUPLICATES_REFUSED, d.scratch,
                                     (const uint8_t *)"1.50e1", 6, &d.document, &d.fault),
                 0);
    cr_assert_eq(d.document.nodes[0].raw.len, 6);
    cr_assert_eq(memcmp(d.document.nodes[0].raw.ptr, "1.50e1", 6), 0);
    documenting_done(&d);
}

Test(json_document, a_name_that_stands_twice_is_refused_or_the_last_wins_as_configured)
{
    static const struct {
        const char *names, *text, *last;
    } rows[] = {
        {"a", "{\"a\":1,\"a\":2}", "{a=2}"},
        {"a,b", "{\"a\":{\"x\":[1,2]},\"b\":3,\"a\":{\"y\":4}}", "{b=3 a={y=4}}"},
        {"a{x},b", "{\"a\":{\"x\":1,\"x\":{\"z\":2}},\"b\":3}", "{a={x={z=2}} b=3}"},
        {"*", "[{\"a\":1,\"\\u0061\":2,\"b\":[{\"c\":0,\"c\":1}],\"a\":3}]", "[{b=[{c=1}] a=3}]"},
        {"*", "{\"a\":{\"b\":1,\"b\":2},\"c\":1,\"a\":null,\"c\":2}", "{a=null c=2}"},
    };

    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct documenting d = documenting_make(rows[i].names);
        size_t len = strlen(rows[i].text);

        cr_assert_eq(documenting_json(&d, SEUIL_DUPLICATES_REFUSED, rows[i].text, len),
                     SEUIL_ERR_FORMAT, "%s", rows[i].text);
        cr_assert(strstr(d.fault.why, "twice"));
        cr_assert_eq(documenting_json(&d, SEUIL_DUPLICATES_LAST, rows[i].text, len), 0);
        cr_assert_str_eq((const char *)d.text.ptr, rows[i].last);
        documenting_done(&d);
    }
    is("a", "{\"b\":1,\"b\":2,\"a\":3}", "{a=3}"); /* nobody wants it: nobody is misled */
}

/* Members by the number, each value its own last digits; @repeat: each name that often. */
static size_t many_members(char *text, int count, int repeat)
{
    size_t n = 0;

    text[n++] = '{';
    for (int r = 0; r < repeat; r++)
        for (int i = 0; i < count; i++)
            n += (size_t)sprintf(text + n, "%s\"k%d\":{\"v\":%d}", n > 1 ? "," : "", i, r);
    text[n++] = '}';
    return n;
}

Test(json_document, of_many_members_each_is_known_and_512_are_the_most)
{
    static char text[2000000];
    struct documenting d = documenting_make("*");

    for (int count = 1; count <= 520; count += count < 40 ? 1 : 60) {
        int expected = count <= 512 ? 0 : SEUIL_ERR_LIMIT;

        cr_assert_eq(
            documenting_json(&d, SEUIL_DUPLICATES_REFUSED, text, many_members(text, count, 1)),
            expected, "%d", count);
        cr_assert_eq(
            documenting_json(&d, SEUIL_DUPLICATES_REFUSED, text, many_members(text, count, 2)),
            count <= 512 ? SEUIL_ERR_FORMAT : SEUIL_ERR_LIMIT, "%d twice", count);
        if (count > 512)
            continue;
        cr_assert_eq(
            documenting_json(&d, SEUIL_DUPLICATES_LAST, text, many_members(text, count, 3)), 0);
        cr_assert_eq(d.document.count, 1 + 2 * (uint32_t)count);
        for (uint32_t i = 1; i < d.document.count; i += 2)
            cr_assert_eq(d.document.nodes[i + 1].value.i, 2);
    }
    documenting_done(&d);
}

Test(json_document, objects_within_objects_do_not_mix_their_names)
{
    static char text[100000];
    struct documenting d = documenting_make("*");
    size_t n = 0;

    /* Twenty members are held in the set: at each level the same names, and again behind. */
    for (int level = 0; level < 10; level++) {
        n += (size_t)sprintf(text + n, "{");
        for (int i = 0; i < 20; i++)
            n += (size_t)sprintf(text + n, "\"k%d\":%d,", i, level);
        n += (size_t)sprintf(text + n, "\"in\":");
    }
    n += (size_t)sprintf(text + n, "0");
    for (int level = 0; level < 10; level++)
        n += (size_t)sprintf(text + n, ",\"z\":{\"k0\":1}}");
    cr_assert_eq(documenting_json(&d, SEUIL_DUPLICATES_REFUSED, text, n), 0, "%s", d.fault.why);
    n -= strlen("\"z\":{\"k0\":1}}");
    n += (size_t)sprintf(text + n, "\"k7\":1}");
    cr_assert_eq(documenting_json(&d, SEUIL_DUPLICATES_REFUSED, text, n), SEUIL_ERR_FORMAT);
    documenting_done(&d);
}

Test(json_document, depth_and_values_are_bounded)
{
    static char text[400000];
    struct documenting d = documenting_make("*");

    for (size_t depth = 1; depth < 40; depth++) {
        memset(text, '[', depth);
        memset(text + depth, ']', depth);
        cr_assert_eq(documenting_json(&d, SEUIL_DUPLICATES_REFUSED, text, 2 * depth),
                     depth <= 32 ? 0 : SEUIL_ERR_LIMIT, "%zu", depth);
    }
    memset(text, '0', sizeof(text));
    for (size_t i = 0; i < 140000; i += 2)
        text[i + 2] = ',';
    text[0] = '[';
    text[140000] = ']';
    cr_assert_eq(documenting_json(&d, SEUIL_DUPLICATES_REFUSED, text, 140001), SEUIL_ERR_LIMIT);
    documenting_done(&d);
}

Test(json_document, a_document_within_a_string_goes_behind_the_first)
{
    struct documenting d = documenting_make("*");
    const char *text = "{\"m\":\"{\\\"a\\\":[1,\\\"\\\\u00e9\\\"]}\"}";
    const struct seuil_node *node;
    uint32_t inner;

    cr_assert_str_eq(taken(&d, text), "{m='{\"a\":[1,\"\\u00e9\"]}'}");
    node = &d.document.nodes[1];
    inner = d.document.count;
    cr_assert_eq(seuil_json_document(d.wanted, SEUIL_DUPLICATES_REFUSED, d.scratch,
                                     (const uint8_t *)node->value.s.ptr, node->value.s.len,
                                     &d.document, &d.fault),
                 0);
    seuil_buf_clear(&d.text);
    documenting_put(&d, inner);
    seuil_buf_add_byte(&d.text, 0);
    cr_assert_str_eq((const char *)d.text.ptr, "{a=[1 '\xc3\xa9']}");
    documenting_done(&d);
}

Test(json_document, unescaped_texts_have_their_bound)
{
    static char text[1024 * 1024];
    struct documenting d = documenting_make("*");

    memset(text, 'a', sizeof(text));
    memcpy(text, "[\"\\n", 4);
    memcpy(text + sizeof(text) - 2, "\"]", 2);
    for (int i = 0; i < 3; i++) { /* as texts within texts would */
        int rc = seuil_json_document(d.wanted, SEUIL_DUPLICATES_REFUSED, d.scratch,
                                     (const uint8_t *)text, sizeof(text), &d.document, &d.fault);

        cr_assert_eq(rc, i < 2 ? 0 : SEUIL_ERR_LIMIT, "%d", i);
    }
    documenting_done(&d);
}
