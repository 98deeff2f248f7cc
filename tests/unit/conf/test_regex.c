#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>

#include "base/heap.h"
#include "conf/regex.h"

/* The literals of @pattern, joined by commas. */
static const char *literals_of(const char *pattern, bool ignore_case)
{
    static char out[1024];
    struct seuil_arena arena = {0};
    const struct seuil_str *list;
    uint32_t count;
    int rc = seuil_regex_literals(&arena, seuil_str_from(pattern), ignore_case, &list, &count);

    if (rc) {
        seuil_arena_done(&arena);
        return rc == SEUIL_ERR_UNSUPPORTED ? "verb" : "error";
    }
    out[0] = '\0';
    for (uint32_t i = 0; i < count; i++)
        sprintf(out + strlen(out), "%s%.*s", i ? "," : "", (int)list[i].len, list[i].ptr);
    seuil_arena_done(&arena);
    return out;
}

Test(regex, the_longest_text_that_must_be_there_is_found)
{
    static const struct {
        const char *pattern, *literals;
    } rows[] = {
        {"^/tarifs(/.*)?$", "/tarifs"},
        {"tarifs?", "tarif"},
        {"/blog/.*(temoignage|cas-client)", "temoignage,cas-client"},
        {"^/(fr|en)/produits/\\d+", "/produits/"},
        {"ab|cd", "ab,cd"},
        {"ab|.*", ""},
        {"(abc)*", ""},
        {"(abc)+d", "abc"},
        {"(abc){0,3}de", "de"},
        {"(abc){2}", "abc"},
        {"abc{2}d", "abc"},
        {"a{,3}", ""},
        {"x{y}", "x{y}"},
        {"a\\.pdf$", "a.pdf"},
        {"[abc]def", "def"},
        {"[]a]bcd", "bcd"},
        {"[^]a]bcd", "bcd"},
        {"[[:alpha:]]bcd", "bcd"},
        {"[\\]]bcd", "bcd"},
        {"\\bdevis\\b", "devis"},
        {"(?:devis|tarif)s", "devis,tarif"},
        {"(?<nom>abc)", "abc"},
        {"(?=abc)d", "d"},
        {"(?!abc)de", "de"},
        {"(?<!abc)de", "de"},
        {"(?i:abc)", ""},
        {"a(?#abc)b", ""},
        {"\\Qa.b\\E", ""},
        {"\\x41bcd", "bcd"},
        {"\\p{Lu}bcd", "bcd"},
        {"\\pLbcd", "bcd"},
        {"(a)\\1bcd", ""},
        {"été.*œuf", "été"},
        {"étés?.*", "été"},
        {"(*LIMIT_MATCH=1)a", "verb"},
        {"a(*COMMIT)b", "verb"},
        {"", ""},
        {"a)", ""},
        {"(a", ""},
        {"a\\", ""},
    };

    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
        cr_assert_str_eq(literals_of(rows[i].pattern, false), rows[i].literals, "%s",
                         rows[i].pattern);
    cr_assert_str_eq(literals_of("DÉMO", true), "démo");
    cr_assert_str_eq(literals_of("straße-xyz", true), "e-xyz");
}

/* ---- property: what matches has one of the literals ------------------------------------------ */

static uint64_t state = 1;

static uint32_t draw(uint32_t below)
{
    state = state * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
    return (uint32_t)(state >> 33) % below;
}

static void random_pattern(char *out)
{
    static const char *const pieces[] = {
        "a",   "b", "ab", "(",   ")", "|", "*",   "+",   "?",     "{2}",  "[ab]", ".",
        "\\b", "^", "$",  "(?:", "é", "É", "(?=", "(?!", "{0,1}", "[^a]", "\\.",  "{1,}"};

    out[0] = '\0';
    for (uint32_t n = 1 + draw(10); n > 0; n--)
        strcat(out, pieces[draw(sizeof(pieces) / sizeof(pieces[0]))]);
}

static bool has_literal(const struct seuil_regex *regex, const char *subject)
{
    char folded[64];

    strcpy(folded, subject);
    if (regex->ignore_case)
        seuil_text_fold(folded, (uint32_t)strlen(folded));
    for (uint32_t i = 0; i < regex->literal_count; i++) {
        char literal[64] = "";

        memcpy(literal, regex->literals[i].ptr, regex->literals[i].len);
        if (strstr(folded, literal))
            return true;
    }
    return regex->literal_count == 0;
}

Test(regex, whatever_matches_has_one_of_the_literals)
{
    static const char *const letters[] = {"a", "b", "A", "é", "É", "."};
    struct seuil_models models = {0};
    void *context = seuil_models_regex_new(&models);
    unsigned matched = 0;

    for (int round = 0; round < 20000; round++) {
        struct seuil_arena arena = {0};
        const struct seuil_regex *regex;
        char pattern[128];

        random_pattern(pattern);
        if (seuil_regex_compile(&arena, seuil_str_from(pattern), draw(2), &regex, NULL) == 0) {
            for (int k = 0; k < 8; k++) {
                char subject[64] = "";

                for (uint32_t n = draw(8); n > 0; n--)
                    strcat(subject, letters[draw(6)]);
                if (seuil_regex_match(context, regex, seuil_str_from(subject)) != 1)
                    continue;
                matched += regex->literal_count > 0;
                cr_assert(has_literal(regex, subject), "%s matches %s", pattern, subject);
            }
        }
        seuil_arena_done(&arena);
    }
    cr_assert_gt(matched, 1000);
    seuil_models_regex_free(context);
}

Test(regex, mistakes_are_explained_with_their_place)
{
    struct seuil_arena arena = {0};
    const struct seuil_regex *regex;
    struct seuil_error err;

    cr_assert_eq(seuil_regex_compile(&arena, SEUIL_STR("ab(cd"), false, &regex, &err),
                 SEUIL_ERR_INVALID);
    cr_assert(strstr(err.text, "missing closing parenthesis (at its byte 6)"), "%s", err.text);
    cr_assert_eq(seuil_regex_compile(&arena, SEUIL_STR("a\\Cb"), false, &regex, &err),
                 SEUIL_ERR_INVALID);
    cr_assert_eq(seuil_regex_compile(&arena, SEUIL_STR("(*UTF)a"), false, &regex, &err),
                 SEUIL_ERR_INVALID);
    cr_assert(strstr(err.text, "verb"), "%s", err.text);
    seuil_arena_done(&arena);
}

Test(regex, groups_nested_too_deep_are_refused_not_recursed_into)
{
    struct seuil_arena arena = {0};
    const struct seuil_regex *regex;
    char pattern[SEUIL_PATTERN_MAX + 1];

    memset(pattern, '(', 512);
    memset(pattern + 512, ')', 512);
    pattern[1024] = '\0';
    cr_assert_eq(seuil_regex_compile(&arena, seuil_str_from(pattern), false, &regex, NULL),
                 SEUIL_ERR_INVALID);
    seuil_arena_done(&arena);
}

Test(regex, bytes_that_are_no_utf_8_do_not_crash_and_do_not_hide_what_is)
{
    struct seuil_arena arena = {0};
    const struct seuil_regex *regex;
    struct seuil_models models = {0};
    void *context = seuil_models_regex_new(&models);

    cr_assert_eq(seuil_regex_compile(&arena, SEUIL_STR("devis"), false, &regex, NULL), 0);
    cr_assert_eq(seuil_regex_match(context, regex, SEUIL_STR("\xff\xc3 devis \xed\xa0\x80")), 1);
    cr_assert_eq(seuil_regex_match(context, regex, SEUIL_STR("dev\xffis")), 0);
    cr_assert_eq(seuil_regex_match(context, regex, (struct seuil_str){NULL, 0}), 0);
    seuil_models_regex_free(context);
    seuil_arena_done(&arena);
}

Test(regex, failing_allocations_leak_nothing)
{
    for (int64_t n = 0; n < 200; n++) {
        struct seuil_arena arena = {0};
        struct seuil_models models = {0};
        const struct seuil_regex *regex;
        void *context;
        int rc;

        seuil_heap_fail_after(n);
        rc = seuil_regex_compile(&arena, SEUIL_STR("^/a(b|c)+d[e-g]{2,9}"), true, &regex, NULL);
        context = seuil_models_regex_new(&models);
        seuil_heap_fail_after(-1);
        cr_assert(rc == 0 || rc == SEUIL_ERR_NOMEM, "%d", rc);
        seuil_models_regex_free(context);
        seuil_arena_done(&arena);
        if (rc == 0 && context)
            return;
    }
    cr_assert_fail("200 allocations are too many");
}
