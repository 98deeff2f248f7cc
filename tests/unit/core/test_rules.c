/* The index finds exactly the rules that a plain walk over all of them finds. */

#include <criterion/criterion.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "conf/regex.h"
#include "conf/rules_compile.h"
#include "core/condition.h"
#include "core/rules.h"

static uint64_t seed;

static uint32_t draw(uint32_t below)
{
    seed = seed * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
    return (uint32_t)(seed >> 33) % below;
}

/* ---- the judge: copies, folds, compares, nothing clever ----------------------------------- */

static void fold_copy(struct seuil_str text, char *out)
{
    for (uint32_t i = 0; i < text.len; i++) {
        unsigned char c = (unsigned char)text.ptr[i];
        unsigned char before = i ? (unsigned char)text.ptr[i - 1] : 0;

        if (c >= 'A' && c <= 'Z')
            c = (unsigned char)(c - 'A' + 'a');
        else if (before == 0xc3 && c >= 0x80 && c <= 0x9e && c != 0x97)
            c = (unsigned char)(c + 0x20);
        else if (before == 0xc5 && c == 0x92)
            c = 0x93;
        out[i] = (char)c;
    }
    out[text.len] = '\0';
}

static bool naive_number(struct seuil_str text, double *ret)
{
    char copy[64];
    bool point = false;
    int digits = 0;

    if (text.len == 0 || text.len >= sizeof(copy))
        return false;
    memcpy(copy, text.ptr, text.len);
    copy[text.len] = '\0';
    for (uint32_t i = 0; i < text.len; i++) {
        if (copy[i] >= '0' && copy[i] <= '9')
            digits++;
        else if (copy[i] == '.' && !point && digits > 0 && i + 1 < text.len)
            point = true;
        else if (i > 0 || (copy[i] != '-' && copy[i] != '+'))
            return false;
    }
    if (digits == 0 || digits > 15)
        return false;
    *ret = strtod(copy, NULL);
    return true;
}

static const struct seuil_value *naive_value(const struct seuil_condition *c,
                                             const struct seuil_event *event)
{
    if (c->field != SEUIL_FIELD_MAP)
        return &event->field[c->field];
    for (uint32_t i = 0; i < event->map_count; i++)
        if (seuil_str_eq(event->map[i].key, c->key))
            return &event->map[i].value;
    return NULL;
}

static bool naive_equal(const struct seuil_value *a, const struct seuil_value *b, bool fold)
{
    char x[128], y[128];
    double number;

    if (b->type == SEUIL_TYPE_STRING) {
        if (a->type != SEUIL_TYPE_STRING || a->s.len != b->s.len)
            return false;
        if (!fold)
            return memcmp(a->s.ptr, b->s.ptr, a->s.len) == 0;
        fold_copy(a->s, x);
        fold_copy(b->s, y);
        return strcmp(x, y) == 0;
    }
    if (b->type == SEUIL_TYPE_BOOL)
        return a->type == SEUIL_TYPE_BOOL && a->b == b->b;
    if (a->type == SEUIL_TYPE_STRING && naive_number(a->s, &number))
        return number == (b->type == SEUIL_TYPE_INT ? (double)b->i : b->d);
    if (a->type != SEUIL_TYPE_INT && a->type != SEUIL_TYPE_DOUBLE)
        return false;
    return (a->type == SEUIL_TYPE_INT ? (double)a->i : a->d) ==
           (b->type == SEUIL_TYPE_INT ? (double)b->i : b->d);
}

static bool naive_text(const struct seuil_condition *c, struct seuil_str s, void *regex)
{
    char x[128];
    struct seuil_str t = c->text;

    if (c->op == SEUIL_COND_REGEX)
        return seuil_regex_match(regex, c->regex, s) == 1;
    if (c->ignore_case) {
        fold_copy(s, x);
        s.ptr = x;
    }
    for (uint32_t i = 0; i + t.len <= s.len; i++) {
        if (memcmp(s.ptr + i, t.ptr, t.len) != 0)
            continue;
        if (c->op == SEUIL_COND_CONTAINS || (c->op == SEUIL_COND_PREFIX && i == 0) ||
            (c->op == SEUIL_COND_SUFFIX && i + t.len == s.len))
            return true;
    }
    return false;
}

static bool naive(const struct seuil_condition *c, const struct seuil_event *event, void *regex)
{
    const struct seuil_value *v;
    double n;

    if (!c)
        return true;
    if (c->op == SEUIL_COND_NOT)
        return !naive(&c->children[0], event, regex);
    if (c->op <= SEUIL_COND_ANY) {
        for (uint32_t i = 0; i < c->count; i++)
            if (naive(&c->children[i], event, regex) == (c->op == SEUIL_COND_ANY))
                return c->op == SEUIL_COND_ANY;
        return c->op == SEUIL_COND_ALL;
    }
    v = naive_value(c, event);
    if (!v || v->type == SEUIL_TYPE_NULL)
        return c->op == SEUIL_COND_ABSENT;
    switch (c->op) {
    case SEUIL_COND_PRESENT:
        return true;
    case SEUIL_COND_ABSENT:
        return false;
    case SEUIL_COND_IN:
        for (uint32_t i = 0; i < c->count; i++)
            if (naive_equal(v, &c->values[i], c->ignore_case))
                return true;
        return false;
    case SEUIL_COND_RANGE:
        if (v->type == SEUIL_TYPE_INT)
            n = (double)v->i;
        else if (v->type == SEUIL_TYPE_DOUBLE)
            n = v->d;
        else if (v->type != SEUIL_TYPE_STRING || !naive_number(v->s, &n))
            return false;
        return !(n < c->low || (n == c->low && c->low_open) || n > c->high ||
                 (n == c->high && c->high_open));
    default:
        return v->type == SEUIL_TYPE_STRING && naive_text(c, v->s, regex);
    }
}

/* ---- random rules and events --------------------------------------------------------------- */

static const char *const letters[] = {"a", "b", "A", "B", "é", "É", "/", "7", "œ", "Œ", "à"};

static struct seuil_str random_text(struct seuil_arena *arena, uint32_t max)
{
    char text[64] = "";

    for (uint32_t n = draw(max + 1); n > 0; n--)
        strcat(text, letters[draw(draw(2) ? 3 : 11)]);
    return seuil_str_from(seuil_arena_strdup(arena, text, strlen(text)));
}

static struct seuil_str random_folded(struct seuil_arena *arena, uint32_t max, bool fold)
{
    struct seuil_str text = random_text(arena, max);

    if (fold)
        seuil_text_fold((char *)text.ptr, text.len);
    return text;
}

static struct seuil_str random_numeral(struct seuil_arena *arena)
{
    char text[32];

    snprintf(text, sizeof(text), draw(3) ? "%d" : "%d.5", (int)draw(12) - 4);
    return seuil_str_from(seuil_arena_strdup(arena, text, strlen(text)));
}

static struct seuil_value random_value(struct seuil_arena *arena, bool any_type)
{
    switch (any_type ? draw(6) : 5) {
    case 0:
        return (struct seuil_value){.type = SEUIL_TYPE_BOOL, .b = draw(2)};
    case 1:
        return (struct seuil_value){.type = SEUIL_TYPE_INT, .i = (int64_t)draw(12) - 4};
    case 2:
        return (struct seuil_value){.type = SEUIL_TYPE_DOUBLE, .d = draw(24) / 2.0 - 4};
    case 3:
        return (struct seuil_value){.type = SEUIL_TYPE_STRING, .s = random_numeral(arena)};
    default:
        return (struct seuil_value){.type = SEUIL_TYPE_STRING, .s = random_text(arena, 6)};
    }
}

static const char *const map_keys[] = {"k0", "k1", "k2", "k3", "k4"};

/* A field of the kind, or an entry of its map. */
static void random_subject(struct seuil_condition *c, enum seuil_kind kind)
{
    /* Profiles have a map and nothing else. */
    if (kind == SEUIL_KIND_PROFILE || (seuil_kind_map_name(kind) && draw(2))) {
        c->field = SEUIL_FIELD_MAP;
        c->key = seuil_str_from(map_keys[draw(5)]);
        return;
    }
    do
        c->field = (uint8_t)draw(SEUIL_FIELD_COUNT);
    while (!seuil_field_of_kind((enum seuil_field)c->field, kind));
}

static int value_cmp(const void *a, const void *b)
{
    return seuil_value_cmp(a, b);
}

static void random_list(struct seuil_arena *arena, struct seuil_condition *c)
{
    uint32_t n = 1 + draw(4), distinct = 0;
    struct seuil_value *values = seuil_arena_alloc(arena, n, sizeof(*values));

    for (uint32_t i = 0; i < n; i++) {
        values[i] = random_value(arena, true);
        if (values[i].type == SEUIL_TYPE_STRING && c->ignore_case)
            seuil_text_fold((char *)values[i].s.ptr, values[i].s.len);
    }
    qsort(values, n, sizeof(*values), value_cmp);
    for (uint32_t i = 0; i < n; i++)
        if (!distinct || seuil_value_cmp(&values[distinct - 1], &values[i]) != 0)
            values[distinct++] = values[i];
    c->count = distinct;
    c->values = values;
}

static void random_test(struct seuil_arena *arena, struct seuil_condition *c, enum seuil_kind kind)
{
    static const char *const patterns[] = {"^a",      "b$",   "a+b",   "(ab|ba)", "^(a|/b)é?",
                                           "[ab]7",   "a.b",  "(?i)é", "ab?a",    "x*",
                                           "(a|b)*A", "a{2}", "\\d"};
    struct seuil_str pattern;

    random_subject(c, kind);
    c->ignore_case = draw(3) == 0;
    c->op = (uint8_t)(SEUIL_COND_IN + draw(SEUIL_COND_ABSENT - SEUIL_COND_IN + 1));
    switch (c->op) {
    case SEUIL_COND_IN:
        random_list(arena, c);
        break;
    case SEUIL_COND_RANGE:
        c->low = draw(4) ? (int)draw(10) - 4 : -INFINITY;
        c->high = draw(4) ? (int)draw(10) - 2 : INFINITY;
        c->low_open = draw(2);
        c->high_open = draw(2);
        break;
    case SEUIL_COND_REGEX:
        pattern = seuil_str_from(patterns[draw(sizeof(patterns) / sizeof(patterns[0]))]);
        cr_assert_eq(seuil_regex_compile(arena, pattern, c->ignore_case, &c->regex, NULL), 0);
        break;
    default:
        c->text = random_folded(arena, 3, c->ignore_case);
        while (c->text.len == 0)
            c->text = random_folded(arena, 3, c->ignore_case);
    }
}

static void random_condition(struct seuil_arena *arena, struct seuil_condition *c,
                             enum seuil_kind kind, unsigned depth)
{
    struct seuil_condition *children;

    if (depth == 0 || draw(3) == 0) {
        random_test(arena, c, kind);
        return;
    }
    c->op = (uint8_t)draw(3);
    c->count = c->op == SEUIL_COND_NOT ? 1 : draw(8) ? 1 + draw(3) : 0;
    children = seuil_arena_alloc(arena, c->count, sizeof(*children));
    for (uint32_t i = 0; i < c->count; i++)
        random_condition(arena, &children[i], kind, depth - 1);
    c->children = children;
}

static void random_event(struct seuil_arena *arena, struct seuil_event *event,
                         struct seuil_entry *map)
{
    memset(event, 0, sizeof(*event));
    event->kind = (enum seuil_kind)draw(SEUIL_KINDS);
    for (int i = 0; i < SEUIL_FIELD_COUNT; i++)
        if (seuil_field_of_kind((enum seuil_field)i, event->kind) && draw(4))
            event->field[i] = random_value(arena, true);
    event->map = map;
    for (uint32_t i = 0; i < 5 && seuil_kind_map_name(event->kind); i++)
        if (draw(2))
            map[event->map_count++] =
                (struct seuil_entry){seuil_str_from(map_keys[i]),
                                     draw(6) ? random_value(arena, true) : (struct seuil_value){0}};
}

static void random_models(struct seuil_models *models, uint32_t rule_count)
{
    struct seuil_rule *rules = seuil_arena_alloc(&models->arena, rule_count, sizeof(*rules));
    struct seuil_error err = {0};
    int rc;

    for (uint32_t i = 0; i < rule_count; i++) {
        rules[i].name = "r";
        rules[i].key = i + 1;
        rules[i].kind = (uint8_t)draw(SEUIL_KINDS);
        if (draw(20)) {
            struct seuil_condition *when = seuil_arena_alloc(&models->arena, 1, sizeof(*when));

            random_condition(&models->arena, when, (enum seuil_kind)rules[i].kind, draw(4));
            rules[i].when = when;
        }
    }
    models->rules = rules;
    models->rule_count = rule_count;
    rc = seuil_rules_compile(models, &err);
    cr_assert_eq(rc, 0, "%s", err.text);
}

static void expect_same(const struct seuil_models *models, struct seuil_rules_scratch *scratch,
                        const struct seuil_event *event, void *regex, uint64_t case_seed)
{
    struct seuil_hits hits;
    uint32_t expected = 0;

    seuil_rules_match(models, scratch, event, &hits);
    for (uint32_t i = 0; i < models->rule_count; i++) {
        if (models->rules[i].kind != event->kind || !naive(models->rules[i].when, event, regex))
            continue;
        if (expected < SEUIL_HITS_MAX)
            cr_assert(expected < hits.count && hits.rule[expected] == i,
                      "seed %llu: rule %u holds and is not found", (unsigned long long)case_seed,
                      i);
        expected++;
    }
    cr_assert_eq(hits.count, expected < SEUIL_HITS_MAX ? expected : SEUIL_HITS_MAX);
    cr_assert_eq(hits.more, expected > SEUIL_HITS_MAX);
}

Test(rules, the_index_finds_what_a_walk_over_all_rules_finds)
{
    uint64_t hits = 0;

    for (uint64_t round = 1; round <= 400; round++) {
        struct seuil_models models = {0};
        struct seuil_arena arena = {0};
        struct seuil_rules_scratch *scratch;
        struct seuil_entry map[5];
        void *regex = seuil_models_regex_new(&models), *memory;

        seed = round * UINT64_C(0x9e3779b97f4a7c15);
        random_models(&models, draw(10) ? 1 + draw(60) : 200 + draw(600));
        memory = malloc(seuil_rules_scratch_size(&models));
        scratch = seuil_rules_scratch_init(memory, &models, regex);
        for (int i = 0; i < 60; i++) {
            struct seuil_event event;
            struct seuil_hits found;

            random_event(&arena, &event, map);
            expect_same(&models, scratch, &event, regex, round);
            seuil_rules_match(&models, scratch, &event, &found);
            hits += found.count;
        }
        cr_assert_eq(seuil_rules_regex_failures(scratch), 0);
        free(memory);
        seuil_models_regex_free(regex);
        seuil_arena_done(&models.arena);
        seuil_arena_done(&arena);
    }
    cr_assert_gt(hits, 10000, "the cases must not be empty: %llu", (unsigned long long)hits);
}

/* Texts within texts within texts, on one field, of two letters. */
static void crowded_models(struct seuil_models *models, uint32_t rule_count)
{
    struct seuil_rule *rules = seuil_arena_alloc(&models->arena, rule_count, sizeof(*rules));

    for (uint32_t i = 0; i < rule_count; i++) {
        struct seuil_condition *when = seuil_arena_alloc(&models->arena, 1, sizeof(*when));
        char text[8] = "";

        for (uint32_t n = 1 + draw(5); n > 0; n--)
            strcat(text, draw(2) ? "a" : "b");
        when->op = (uint8_t)(SEUIL_COND_PREFIX + draw(3));
        when->field = SEUIL_FIELD_TITLE;
        when->text = seuil_str_from(seuil_arena_strdup(&models->arena, text, strlen(text)));
        rules[i] = (struct seuil_rule){
            .name = "r", .key = i + 1, .kind = SEUIL_KIND_PAGE_VIEW, .when = when};
    }
    models->rules = rules;
    models->rule_count = rule_count;
    cr_assert_eq(seuil_rules_compile(models, NULL), 0);
}

Test(rules, texts_within_texts_are_all_found)
{
    for (uint64_t round = 1; round <= 500; round++) {
        struct seuil_models models = {0};
        struct seuil_rules_scratch *scratch;
        void *memory;

        seed = round * UINT64_C(0x9e3779b97f4a7c15);
        crowded_models(&models, 1 + draw(30));
        memory = malloc(seuil_rules_scratch_size(&models));
        scratch = seuil_rules_scratch_init(memory, &models, NULL);
        for (int i = 0; i < 50; i++) {
            struct seuil_event event = {.kind = SEUIL_KIND_PAGE_VIEW};
            char text[16] = "";

            for (uint32_t n = draw(15); n > 0; n--)
                strcat(text, draw(2) ? "a" : "b");
            event.field[SEUIL_FIELD_TITLE] =
                (struct seuil_value){.type = SEUIL_TYPE_STRING, .s = seuil_str_from(text)};
            expect_same(&models, scratch, &event, NULL, round);
        }
        free(memory);
        seuil_arena_done(&models.arena);
    }
}

/* ---- by hand ------------------------------------------------------------------------------- */

static struct seuil_value text_value(const char *text)
{
    return (struct seuil_value){.type = SEUIL_TYPE_STRING, .s = seuil_str_from(text)};
}

/* Whether a rule on page views with this condition hits a page of @url. */
static bool hits_page(const struct seuil_condition *when, const char *url, void *regex)
{
    struct seuil_models models = {0};
    struct seuil_rule rule = {.name = "r", .key = 1, .kind = SEUIL_KIND_PAGE_VIEW, .when = when};
    struct seuil_event event = {.kind = SEUIL_KIND_PAGE_VIEW};
    struct seuil_hits hits;
    struct seuil_error err = {0};
    void *memory;

    models.rules = &rule;
    models.rule_count = 1;
    cr_assert_eq(seuil_rules_compile(&models, &err), 0, "%s", err.text);
    event.field[SEUIL_FIELD_URL] = text_value(url);
    seuil_event_derive(&event);
    memory = malloc(seuil_rules_scratch_size(&models));
    seuil_rules_match(&models, seuil_rules_scratch_init(memory, &models, regex), &event, &hits);
    free(memory);
    seuil_arena_done(&models.arena);
    return hits.count == 1;
}

Test(rules, a_prefix_of_the_path_looks_past_the_host_and_stops_at_the_query)
{
    struct seuil_condition when = {
        .op = SEUIL_COND_PREFIX, .field = SEUIL_FIELD_PATH, .text = SEUIL_STR("/tarifs")};

    cr_assert(hits_page(&when, "https://www.exemple.fr/tarifs/entreprise?x=1", NULL));
    cr_assert(hits_page(&when, "/tarifs", NULL));
    cr_assert_not(hits_page(&when, "https://www.exemple.fr/blog/tarifs", NULL));
    cr_assert_not(hits_page(&when, "https://www.exemple.fr/?p=/tarifs", NULL));
    cr_assert_not(hits_page(&when, "https://www.exemple.fr/Tarifs", NULL));
}

Test(rules, ignoring_case_knows_french_letters)
{
    struct seuil_condition when = {.op = SEUIL_COND_CONTAINS,
                                   .field = SEUIL_FIELD_PATH,
                                   .ignore_case = true,
                                   .text = SEUIL_STR("été-œuvre")};

    cr_assert(hits_page(&when, "/L'ÉTÉ-ŒUVRE", NULL));
    cr_assert(hits_page(&when, "/Été-Œuvre/", NULL));
    cr_assert_not(hits_page(&when, "/ete-oeuvre", NULL));
}

Test(rules, a_regular_expression_that_explodes_is_counted_and_does_not_match)
{
    struct seuil_arena arena = {0};
    struct seuil_models models = {0};
    struct seuil_condition when = {.op = SEUIL_COND_REGEX, .field = SEUIL_FIELD_PATH};
    struct seuil_rule rule = {.name = "r", .key = 1, .kind = SEUIL_KIND_PAGE_VIEW, .when = &when};
    struct seuil_event event = {.kind = SEUIL_KIND_PAGE_VIEW};
    struct seuil_rules_scratch *scratch;
    struct seuil_hits hits;
    char url[400] = "/abc";
    void *regex = seuil_models_regex_new(&models), *memory;

    memset(url + 4, 'a', 300);
    cr_assert_eq(seuil_regex_compile(&arena, SEUIL_STR("^/abc(a|aa)+$"), false, &when.regex, NULL),
                 0);
    models.rules = &rule;
    models.rule_count = 1;
    cr_assert_eq(seuil_rules_compile(&models, NULL), 0);
    memory = malloc(seuil_rules_scratch_size(&models));
    scratch = seuil_rules_scratch_init(memory, &models, regex);
    event.field[SEUIL_FIELD_URL] = text_value(url);
    seuil_event_derive(&event);
    seuil_rules_match(&models, scratch, &event, &hits);
    cr_assert_eq(hits.count, 1, "a subject that matches at once costs nothing");
    strcat(url, "b");
    event.field[SEUIL_FIELD_URL] = text_value(url);
    seuil_event_derive(&event);
    seuil_rules_match(&models, scratch, &event, &hits);
    cr_assert_eq(hits.count, 0);
    cr_assert_eq(seuil_rules_regex_failures(scratch), 1);
    url[1] = 'x';
    seuil_event_derive(&event);
    seuil_rules_match(&models, scratch, &event, &hits);
    cr_assert_eq(seuil_rules_regex_failures(scratch), 1, "it must not run without its literal");
    free(memory);
    seuil_models_regex_free(regex);
    seuil_arena_done(&models.arena);
    seuil_arena_done(&arena);
}

Test(rules, conditions_over_attributes_read_the_profile)
{
    static const struct seuil_value industrie[] = {
        {.type = SEUIL_TYPE_STRING, .s = {"industrie", 9}}};
    static const struct seuil_condition when[] = {
        {.op = SEUIL_COND_IN,
         .field = SEUIL_FIELD_ATTRIBUTE,
         .attribute = 1,
         .count = 1,
         .values = industrie},
        {.op = SEUIL_COND_RANGE,
         .field = SEUIL_FIELD_ATTRIBUTE,
         .attribute = 0,
         .low = 50,
         .low_open = true,
         .high = INFINITY},
        {.op = SEUIL_COND_ABSENT, .field = SEUIL_FIELD_ATTRIBUTE, .attribute = 1}};
    struct seuil_models models = {0};
    struct seuil_value values[2] = {{.type = SEUIL_TYPE_INT, .i = 50}, text_value("industrie")};
    struct seuil_rules_scratch *scratch;
    void *memory;

    cr_assert_eq(seuil_rules_compile(&models, NULL), 0);
    memory = malloc(seuil_rules_scratch_size(&models));
    scratch = seuil_rules_scratch_init(memory, &models, NULL);
    cr_assert(seuil_rules_attributes_match(&when[0], scratch, values));
    cr_assert_not(seuil_rules_attributes_match(&when[1], scratch, values));
    values[0] = text_value("50.5");
    cr_assert(seuil_rules_attributes_match(&when[1], scratch, values));
    cr_assert_not(seuil_rules_attributes_match(&when[2], scratch, values));
    values[1] = (struct seuil_value){0};
    cr_assert_not(seuil_rules_attributes_match(&when[0], scratch, values));
    cr_assert(seuil_rules_attributes_match(&when[2], scratch, values));
    free(memory);
    seuil_arena_done(&models.arena);
}

/* ---- what the compiler refuses ------------------------------------------------------------- */

static int compile_one(const struct seuil_condition *when, enum seuil_kind kind)
{
    struct seuil_models models = {0};
    struct seuil_rule rule = {.name = "r", .key = 1, .kind = (uint8_t)kind, .when = when};
    int rc;

    models.rules = &rule;
    models.rule_count = 1;
    rc = seuil_rules_compile(&models, NULL);
    seuil_arena_done(&models.arena);
    return rc;
}

Test(rules, conditions_that_the_core_could_not_walk_are_refused)
{
    static const struct seuil_value unsorted[] = {{.type = SEUIL_TYPE_STRING, .s = {"b", 1}},
                                                  {.type = SEUIL_TYPE_STRING, .s = {"a", 1}}};
    struct seuil_condition list = {
        .op = SEUIL_COND_IN, .field = SEUIL_FIELD_URL, .count = 2, .values = unsorted};
    struct seuil_condition alien = {.op = SEUIL_COND_PRESENT, .field = SEUIL_FIELD_FORM_ID};
    struct seuil_condition attribute = {.op = SEUIL_COND_PRESENT, .field = SEUIL_FIELD_ATTRIBUTE};
    struct seuil_condition empty = {.op = SEUIL_COND_PREFIX, .field = SEUIL_FIELD_URL};
    struct seuil_condition chain[SEUIL_CONDITION_DEPTH_MAX + 1] = {0};

    cr_assert_eq(compile_one(&list, SEUIL_KIND_PAGE_VIEW), SEUIL_ERR_INVALID);
    cr_assert_eq(compile_one(&alien, SEUIL_KIND_PAGE_VIEW), SEUIL_ERR_INVALID);
    cr_assert_eq(compile_one(&alien, SEUIL_KIND_FORM), 0);
    cr_assert_eq(compile_one(&attribute, SEUIL_KIND_PAGE_VIEW), SEUIL_ERR_INVALID);
    cr_assert_eq(compile_one(&empty, SEUIL_KIND_PAGE_VIEW), SEUIL_ERR_INVALID);
    for (int i = 0; i < SEUIL_CONDITION_DEPTH_MAX; i++)
        chain[i] =
            (struct seuil_condition){.op = SEUIL_COND_NOT, .count = 1, .children = &chain[i + 1]};
    chain[SEUIL_CONDITION_DEPTH_MAX] =
        (struct seuil_condition){.op = SEUIL_COND_PRESENT, .field = SEUIL_FIELD_URL};
    cr_assert_eq(compile_one(&chain[0], SEUIL_KIND_PAGE_VIEW), SEUIL_ERR_INVALID);
    cr_assert_eq(compile_one(&chain[1], SEUIL_KIND_PAGE_VIEW), 0);
}

Test(rules, two_rules_of_one_key_are_refused)
{
    struct seuil_models models = {0};
    struct seuil_rule rules[2] = {{.name = "one", .key = 7}, {.name = "two", .key = 7}};
    struct seuil_error err;

    models.rules = rules;
    models.rule_count = 2;
    cr_assert_eq(seuil_rules_compile(&models, &err), SEUIL_ERR_INVALID);
    cr_assert(strstr(err.text, "\"one\" and \"two\""), "%s", err.text);
    seuil_arena_done(&models.arena);
}

Test(rules, a_number_in_a_string_is_read_exactly_or_not_at_all)
{
    static const struct {
        const char *text;
        bool is;
        double number;
    } rows[] = {{"42", true, 42},
                {"-3.5", true, -3.5},
                {"+7", true, 7},
                {"0.1", true, 0.1},
                {"007", true, 7},
                {"", false, 0},
                {"-", false, 0},
                {"1.", false, 0},
                {".5", false, 0},
                {"1e3", false, 0},
                {" 1", false, 0},
                {"1,5", false, 0},
                {"1.2.3", false, 0},
                {"0x10", false, 0},
                {"nan", false, 0},
                {"123456789012345", true, 123456789012345.0},
                {"1234567890123456", false, 0},
                {"99999.9999999999", true, 99999.9999999999}};

    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        double number = 0;

        cr_assert_eq(seuil_text_number(seuil_str_from(rows[i].text), &number), rows[i].is, "%s",
                     rows[i].text);
        if (rows[i].is)
            cr_assert(number == rows[i].number, "%s", rows[i].text);
    }
}
