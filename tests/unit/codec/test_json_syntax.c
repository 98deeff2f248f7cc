/* Strictness, one case or more for each class of JSONTestSuite, written anew. Each value stands
 * under a name that nobody wants, so what is tested is the scan and not the meaning. */

#include <criterion/criterion.h>
#include <jansson.h>
#include <locale.h>
#include <string.h>

#include "support/decoding.h"
#include "support/document.h"

#define EVENT(member) "{\"id\":\"e\",\"lead\":\"l\",\"time\":1," member "}"

static const char *const accepted[] = {
    /* structure */
    EVENT("\"x\":[]"),
    EVENT("\"x\":{}"),
    EVENT("\"x\":[[],{},[{}]]"),
    EVENT("\"x\":{\"a\":{\"b\":[1,2,{\"c\":null}]}}"),
    EVENT("\"x\":{\"a\":1,\"a\":2}"), /* nested repetition is nobody's business */
    " \t\r\n" EVENT("\"x\" : [ 1 , 2 ] ") " \n\r\t ",
    /* literals */
    EVENT("\"x\":true"),
    EVENT("\"x\":[false,null]"),
    /* numbers */
    EVENT("\"x\":0"),
    EVENT("\"x\":-0"),
    EVENT("\"x\":0.0"),
    EVENT("\"x\":1e5"),
    EVENT("\"x\":1E+5"),
    EVENT("\"x\":1.5e-5"),
    EVENT("\"x\":0e1"),
    EVENT("\"x\":123456789012345678901234567890"),
    EVENT("\"x\":1e999"), /* a number all the same; out of range only for who wants it */
    /* strings */
    EVENT("\"x\":\"\""),
    EVENT("\"x\":\"\\\"\\\\\\/\\b\\f\\n\\r\\t\""),
    EVENT("\"x\":\"\\u0041\\u00e9\\u20ac\\ud83d\\ude00\""),
    EVENT("\"x\":\"\\u0000\""),
    EVENT("\"x\":\"\x7f\""),
    EVENT("\"x\":\"é€\xf0\x9f\x98\x80\""),
    EVENT("\"x\":\"\xef\xbf\xbf\""), /* a noncharacter is a scalar value */
    EVENT("\"\":1"),
    EVENT("\"\\u0078\":1"),
};

static const char *const refused[] = {
    /* structure */
    "[]",
    "1",
    "\"x\"",
    "null",
    "{",
    "}",
    "{]",
    EVENT("\"x\":1,"),
    EVENT(",\"x\":1"),
    EVENT("\"x\":1,,\"y\":2"),
    EVENT("\"x\" 1"),
    EVENT("\"x\":"),
    EVENT("\"x\"::1"),
    EVENT("\"x\":1 2"),
    EVENT("\"x\":1 \"y\":2"),
    EVENT("x:1"),
    EVENT("'x':1"),
    EVENT("1:1"),
    EVENT("null:1"),
    EVENT("\"x\":[1,]"),
    EVENT("\"x\":[,1]"),
    EVENT("\"x\":[,]"),
    EVENT("\"x\":[1,,2]"),
    EVENT("\"x\":[1:2]"),
    EVENT("\"x\":[*]"),
    EVENT("\"x\":1]"),
    EVENT("\"x\":[[1]"),
    EVENT("\"x\":{,}"),
    EVENT("\"x\":{\"a\":1]]"),
    EVENT("\"x\":{\"a\" 1}"),
    EVENT("\"x\":{\"a\":1 \"b\":2}"),
    EVENT("\"x\":{a:1}"),
    EVENT("\"x\":{\"a\":\"b\"}}"),
    EVENT("\"x\":{[:1}"),
    EVENT("\"x\":\"a\" \"b\""),
    EVENT("\"x\":<null>"),
    "\xe2\x81\xa0" EVENT("\"x\":1"), /* a word joiner */
    EVENT("\"x\":\xc3\xa5"),
    EVENT("\"x\":[1 2]"),
    EVENT("\"x\":[1"),
    EVENT("\"x\":[1}"),
    EVENT("\"x\":{\"a\":1]"),
    EVENT("\"x\":{\"a\"}"),
    EVENT("\"x\":{\"a\":1,}"),
    EVENT("\"x\":1") "x",
    EVENT("\"x\":1") "{}",
    EVENT("\"x\":1") ",",
    EVENT("\"x\":1 /* c */"),
    EVENT("\"x\":1 // c\n"),
    "\xef\xbb\xbf" EVENT("\"x\":1"),
    "\xc2\xa0" EVENT("\"x\":1"),
    "\v" EVENT("\"x\":1"),
    EVENT("\f\"x\":1"),
    /* literals */
    EVENT("\"x\":True"),
    EVENT("\"x\":tru"),
    EVENT("\"x\":truee"),
    EVENT("\"x\":nul"),
    EVENT("\"x\":nan"),
    EVENT("\"x\":undefined"),
    /* numbers */
    EVENT("\"x\":01"),
    EVENT("\"x\":-01"),
    EVENT("\"x\":+1"),
    EVENT("\"x\":.5"),
    EVENT("\"x\":1."),
    EVENT("\"x\":1.e5"),
    EVENT("\"x\":-"),
    EVENT("\"x\":--1"),
    EVENT("\"x\":1e"),
    EVENT("\"x\":1e+"),
    EVENT("\"x\":1ee5"),
    EVENT("\"x\":0x10"),
    EVENT("\"x\":1_000"),
    EVENT("\"x\":Infinity"),
    EVENT("\"x\":-Infinity"),
    EVENT("\"x\":NaN"),
    EVENT("\"x\":1a"),
    EVENT("\"x\":- 1"),
    EVENT("\"x\":1 000"),
    EVENT("\"x\":-.5"),
    EVENT("\"x\":-2."),
    EVENT("\"x\":0.1.2"),
    EVENT("\"x\":0.3e+"),
    EVENT("\"x\":2.e3"),
    EVENT("\"x\":1e1.5"),
    EVENT("\"x\":1+2"),
    EVENT("\"x\":-foo"),
    EVENT("\"x\":1\xe5"),
    EVENT("\"x\":+Inf"),
    EVENT("\"x\":\xef\xbc\x91"), /* a full-width digit */
    /* strings */
    EVENT("\"x\":\"abc"),
    EVENT("\"x\":\"a\nb\""),
    EVENT("\"x\":\"a\tb\""),
    EVENT("\"x\":\"\x01\""),
    EVENT("\"x\":\"\\x41\""),
    EVENT("\"x\":\"\\a\""),
    EVENT("\"x\":\"\\'\""),
    EVENT("\"x\":\"\\U0041\""),
    EVENT("\"x\":\"\\u004\""),
    EVENT("\"x\":\"\\u004g\""),
    EVENT("\"x\":\"\\u 041\""),
    EVENT("\"x\":\"\\"),
    EVENT("\"x\":\"\\\\\\\""),
    EVENT("\"x\":\"\\uqqqq\""),
    EVENT("\"x\":\"\\ud800\\u\""),
    EVENT("\"x\":\"\\ud800\\u1x\""),
    EVENT("\"x\":\"\\\xf0\x9f\x8c\x80\""), /* an escaped character that needs none */
    EVENT("\"x\":\\u0041"),
    EVENT("\"x\":abc"),
    EVENT("\"x\":\"\\ud800\""),
    EVENT("\"x\":\"\\ud800\\u0041\""),
    EVENT("\"x\":\"\\ud800\\n\""),
    EVENT("\"x\":\"\\ud800\\ud800\""),
    EVENT("\"x\":\"\\udc00\""),
    EVENT("\"x\":\"\xff\""),
    EVENT("\"x\":\"\xc0\x80\""),
    EVENT("\"x\":\"\xed\xa0\x80\""),
    EVENT("\"x\":\"\xf4\x90\x80\x80\""),
    EVENT("\"x\":\"\xe2\x82\""),
    EVENT("\"x\":\x80"),
};

Test(json_syntax, what_is_json_is_accepted)
{
    struct decoding d = decoding_json(SEUIL_KIND_EMAIL);

    for (size_t i = 0; i < sizeof(accepted) / sizeof(accepted[0]); i++)
        cr_assert_eq(decoding_text(&d, accepted[i]), 0, "%s: %s", accepted[i], d.err.text);
    decoding_done(&d);
}

/* A NUL is a control character like others, wherever it stands. */
Test(json_syntax, a_nul_has_no_place_in_it)
{
    static const char text[] = "{\"id\":\"e\",\"lead\":\"l\",\"time\":1,\"x\":[1 ,\"y\"]}";
    struct decoding d = decoding_json(SEUIL_KIND_EMAIL);
    char with[sizeof(text) + 1];

    for (size_t at = 0; at < sizeof(text); at++) {
        memcpy(with, text, at);
        with[at] = '\0';
        memcpy(with + at + 1, text + at, sizeof(text) - at);
        cr_assert_eq(decoding_run(&d, with, sizeof(text)), SEUIL_ERR_FORMAT, "at %zu", at);
    }
    decoding_done(&d);
}

Test(json_syntax, what_is_not_is_refused)
{
    struct decoding d = decoding_json(SEUIL_KIND_EMAIL);

    for (size_t i = 0; i < sizeof(refused) / sizeof(refused[0]); i++) {
        int rc = decoding_text(&d, refused[i]);

        cr_assert(rc == SEUIL_ERR_FORMAT || rc == SEUIL_ERR_TRUNCATED, "%d: %s", rc, refused[i]);
    }
    decoding_done(&d);
}

/* The same of documents, which take what stands under `x`, or pass over it, or take everything. */
Test(json_syntax, documents_accept_and_refuse_the_same)
{
    static const char *const names[] = {"x", "nothing", "*"};

    for (size_t way = 0; way < sizeof(names) / sizeof(names[0]); way++) {
        struct documenting d = documenting_make(names[way]);

        for (size_t i = 0; i < sizeof(accepted) / sizeof(accepted[0]); i++) {
            int rc = documenting_json(&d, SEUIL_DUPLICATES_LAST, accepted[i], strlen(accepted[i]));

            if (way != 1 && strstr(accepted[i], "1e999"))
                cr_assert_eq(rc, SEUIL_ERR_LIMIT, "who wants it meets its range");
            else
                cr_assert_eq(rc, 0, "%s: %s", accepted[i], d.fault.why);
        }
        for (size_t i = 0; i < sizeof(refused) / sizeof(refused[0]); i++) {
            int rc = documenting_json(&d, SEUIL_DUPLICATES_LAST, refused[i], strlen(refused[i]));

            if (i < 4) /* a document need not be an object */
                cr_assert_eq(rc, 0, "%s", refused[i]);
            else
                cr_assert(rc == SEUIL_ERR_FORMAT || rc == SEUIL_ERR_TRUNCATED, "%d: %s", rc,
                          refused[i]);
        }
        documenting_done(&d);
    }
}

/* jansson refuses no more than we do and no less, but for what is said here. */
Test(json_syntax, jansson_agrees)
{
    for (size_t i = 0; i < sizeof(accepted) / sizeof(accepted[0]); i++) {
        json_t *json = json_loads(accepted[i], JSON_ALLOW_NUL, NULL);

        /* jansson has no numbers beyond its types */
        cr_assert(json || strstr(accepted[i], "1e999") || strstr(accepted[i], "1234567890123"),
                  "%s", accepted[i]);
        json_decref(json);
    }
    for (size_t i = 0; i < sizeof(refused) / sizeof(refused[0]); i++) {
        json_t *json = json_loads(refused[i], JSON_ALLOW_NUL, NULL);

        cr_assert(!json || json_is_array(json), "%s", refused[i]);
        json_decref(json);
    }
}

Test(json_syntax, a_text_cut_anywhere_is_truncated_and_never_an_event)
{
    const char whole[] =
        "{\"type\":\"form\",\"id\":\"e\\u00e9\\n\",\"lead\":\"l\",\"time\":"
        "\"2026-03-02T08:00:00Z\",\"fields\":{\"a\":\"b\",\"n\":-1.5e3,\"t\":true},"
        "\"x\":[{\"y\":[null,\"\\ud83d\\ude00\xc3\xa9\"]}],\"form_id\":\"f\"}";
    struct decoding d = decoding_json(-1);

    for (size_t n = 0; n < sizeof(whole) - 1; n++) {
        char *exact = seuil_heap_alloc(n + 1); /* so that a byte too far is seen by ASan */
        int rc;

        memcpy(exact, whole, n);
        rc = decoding_run(&d, exact, n);
        /* A sequence of bytes cut in two is no UTF-8: the one place that reads as malformed. */
        cr_assert(rc == SEUIL_ERR_TRUNCATED || (rc == SEUIL_ERR_FORMAT && exact[n - 1] == '\xc3'),
                  "prefix %zu: %d %s", n, rc, d.err.text);
        seuil_heap_free(exact);
    }
    cr_assert_eq(decoding_text(&d, whole), 0);
    decoding_done(&d);
}

Test(json_syntax, nesting_is_bounded_whether_closed_or_not)
{
    struct decoding d = decoding_json(SEUIL_KIND_EMAIL);
    static char text[400000];

    for (size_t depth = 1; depth < 40; depth++) {
        size_t n = (size_t)sprintf(text, "{\"id\":\"e\",\"lead\":\"l\",\"time\":1,\"x\":");

        memset(text + n, '[', depth);
        memset(text + n + depth, ']', depth);
        strcpy(text + n + 2 * depth, "}");
        cr_assert_eq(decoding_text(&d, text), depth <= 31 ? 0 : SEUIL_ERR_LIMIT, "%zu", depth);
    }
    strcpy(text, "{\"x\":");
    memset(text + 5, '[', 300000);
    cr_assert_eq(decoding_run(&d, text, 300005), SEUIL_ERR_LIMIT);
    strcpy(text, "{");
    for (size_t i = 0; i < 60000; i++)
        memcpy(text + 1 + 5 * i, "\"a\":{", 5);
    cr_assert_eq(decoding_run(&d, text, 300001), SEUIL_ERR_LIMIT);
    decoding_done(&d);
}

Test(json_syntax, a_string_of_any_length_with_a_quote_escape_or_fault_at_any_place_is_seen)
{
    struct decoding d = decoding_json(SEUIL_KIND_EMAIL);
    char text[128];

    for (int len = 1; len < 40; len++) {
        for (int at = 0; at < len; at++) {
            int n = sprintf(text, "{\"id\":\"e\",\"lead\":\"");
            char *body = text + n;

            memset(body, 'a', (size_t)len);
            strcpy(body + len, "\",\"time\":1}");
            body[at] = '\x1f';
            cr_assert_eq(decoding_text(&d, text), SEUIL_ERR_FORMAT, "control %d of %d", at, len);
            body[at] = '\x80';
            cr_assert_eq(decoding_text(&d, text), SEUIL_ERR_FORMAT, "byte %d of %d", at, len);
            body[at] = '"';
            cr_assert_eq(decoding_text(&d, text), SEUIL_ERR_FORMAT, "quote %d of %d", at, len);
            if (at + 1 == len)
                continue;
            body[at] = '\\';
            body[at + 1] = 'n';
            cr_assert_eq(decoding_text(&d, text), 0, "escape %d of %d", at, len);
            cr_assert_eq(d.event.lead.len, (uint32_t)len - 1);
            cr_assert_eq(d.event.lead.ptr[at], '\n');
        }
    }
    decoding_done(&d);
}
