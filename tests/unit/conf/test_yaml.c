#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/heap.h"
#include "conf/yaml.h"
#include "core/limits.h"

static struct seuil_errs errs;

static struct seuil_yaml *parse(const char *text)
{
    seuil_errs_clear(&errs);
    return seuil_yaml_parse("f.yaml", text, strlen(text), &errs);
}

/* Exactly one error, at @line:@column, that says @part. */
static void expect_refused(const void *bytes, size_t len, int line, int column, const char *part)
{
    struct seuil_yaml *doc;

    seuil_errs_clear(&errs);
    doc = seuil_yaml_parse("f.yaml", bytes, len, &errs);
    cr_assert_null(doc, "accepted: %s", part);
    cr_assert_eq(errs.total, 1, "%u errors for: %s", errs.total, part);
    cr_expect_eq(errs.list[0].line, line, "line %d for: %s", errs.list[0].line, part);
    cr_expect_eq(errs.list[0].column, column, "column %d for: %s", errs.list[0].column, part);
    cr_expect_not_null(strstr(errs.list[0].text, part), "\"%s\" does not say \"%s\"",
                       errs.list[0].text, part);
    cr_expect_str_eq(errs.list[0].file, "f.yaml");
}

static void expect_refused_text(const char *text, int line, int column, const char *part)
{
    expect_refused(text, strlen(text), line, column, part);
}

static void expect_place(const struct seuil_yaml_node *node, int line, int column)
{
    cr_assert_not_null(node);
    cr_expect(node->line == line && node->column == column, "%d:%d instead of %d:%d", node->line,
              node->column, line, column);
}

Test(yaml, every_node_knows_its_line_and_column)
{
    struct seuil_yaml *doc =
        parse("# first\na: 1\nbé: {c: [x, \"y\"], d:  z}\ne:\n  - f: |\n      g\n");
    const struct seuil_yaml_node *root, *flow, *block;

    cr_assert_not_null(doc);
    root = seuil_yaml_root(doc);
    cr_assert_eq(root->kind, SEUIL_YAML_MAPPING);
    cr_assert_eq(root->count, 3);
    expect_place(&root->keys[0], 2, 1);
    expect_place(&root->items[0], 2, 4);
    expect_place(&root->keys[1], 3, 1);
    flow = seuil_yaml_find(root, "bé");
    expect_place(flow, 3, 5);
    expect_place(seuil_yaml_find(flow, "c"), 3, 9);
    expect_place(&seuil_yaml_find(flow, "c")->items[1], 3, 13);
    expect_place(seuil_yaml_find(flow, "d"), 3, 23);
    block = seuil_yaml_find(root, "e");
    expect_place(block, 5, 3);
    expect_place(&block->items[0].keys[0], 5, 5);
    cr_expect_str_eq(seuil_yaml_find(&block->items[0], "f")->text, "g\n");
    seuil_yaml_free(doc);
}

Test(yaml, plain_scalars_are_told_from_quoted_ones)
{
    struct seuil_yaml *doc = parse("[1, \"1\", '1', ~, null, \"null\", , ]");
    const struct seuil_yaml_node *root;

    cr_assert_null(doc, "an empty item is a mistake of syntax");
    doc = parse("[1, \"1\", '1', ~, null, \"null\"]\n");
    cr_assert_not_null(doc);
    root = seuil_yaml_root(doc);
    cr_assert_eq(root->count, 6);
    cr_expect(root->items[0].plain);
    cr_expect_not(root->items[1].plain);
    cr_expect_not(root->items[2].plain);
    cr_expect(seuil_yaml_is_null(&root->items[3]));
    cr_expect(seuil_yaml_is_null(&root->items[4]));
    cr_expect_not(seuil_yaml_is_null(&root->items[5]));
    seuil_yaml_free(doc);
}

Test(yaml, an_empty_file_is_a_null)
{
    struct seuil_yaml *doc = parse("");

    cr_assert_not_null(doc);
    cr_expect(seuil_yaml_is_null(seuil_yaml_root(doc)));
    seuil_yaml_free(doc);
}

Test(yaml, an_absent_key_is_not_found)
{
    struct seuil_yaml *doc = parse("a: {b: c}\n");

    cr_assert_not_null(doc);
    cr_expect_null(seuil_yaml_find(seuil_yaml_root(doc), "b"));
    cr_expect_null(seuil_yaml_find(NULL, "b"));
    cr_expect_null(
        seuil_yaml_find(seuil_yaml_find(seuil_yaml_find(seuil_yaml_root(doc), "a"), "b"), "c"));
    seuil_yaml_free(doc);
}

Test(yaml, mistakes_are_reported_at_their_place)
{
    expect_refused_text("a: 1\nb: 2\na: 3\n", 3, 1, "given twice, first on line 1");
    expect_refused_text("x: {k: 1, l: 2, k: 3}\n", 1, 17, "given twice");
    expect_refused_text("a: &x 1\n", 1, 5, "anchors");
    expect_refused_text("a: 1\nb: *x\n", 2, 5, "aliases");
    expect_refused_text("a: !!int 1\n", 1, 4, "tags");
    expect_refused_text("? [a, b]\n: c\n", 1, 3, "a key must be text, this is a list");
    expect_refused_text("a: 1\n---\nb: 2\n", 2, 1, "second document");
    expect_refused_text("a: \"\\0\"\n", 1, 4, "stands for NUL");
    expect_refused_text("a: 1\n b: 2\n", 1, 4, "not valid YAML");
    expect_refused_text("a: [1\nb: 2\n", 3, 1, "not valid YAML");
    expect_refused_text("a:\n\t- b\n", 2, 1, "indent with blanks");
    expect_refused_text("a: 1\n\tb: 2\n", 2, 1, "a tab before the text; indent with blanks");
}

/* libfyaml 0.7.12 loops for ever on the bytes 25 a3: they must not reach it. */
Test(yaml, directives_are_refused_before_the_library_sees_them, .timeout = 10)
{
    struct seuil_yaml *doc;

    expect_refused("\x25\xa3", 2, 1, 2, "0xa3");
    expect_refused_text("%\xc2\xa3", 1, 1, "directive");
    expect_refused_text("%TAG ! x\n---\na: 1\n", 1, 1, "directive");
    expect_refused_text("\xef\xbb\xbf%x\n", 1, 1, "directive");
    expect_refused_text("a: 1\n...\n%x y\n---\n", 3, 1, "directive");
    expect_refused_text("a: 1\r%x\r", 2, 1, "directive");
    expect_refused_text("%YAML 1.2x\n---\n", 1, 1, "directive");
    doc = parse("%YAML 1.2 # why not\n---\na: 1\n");
    cr_expect_not_null(doc);
    seuil_yaml_free(doc);
    doc = parse("a:\n  %x\n");
    cr_expect_null(doc, "a plain scalar cannot begin with %%");
    doc = parse("a: \"100 %\"\n");
    cr_expect_not_null(doc);
    seuil_yaml_free(doc);
}

Test(yaml, bytes_that_are_no_text_are_refused)
{
    expect_refused("a: 1\nb: \xff\n", 9, 2, 4, "0xff");
    expect_refused("a: x\0y\n", 7, 1, 5, "0x00");
    expect_refused("a: \xed\xa0\x80\n", 7, 1, 4, "UTF-8");     /* a surrogate */
    expect_refused("a: \xc0\xaf\n", 6, 1, 4, "UTF-8");         /* overlong */
    expect_refused("a: \xf4\x90\x80\x80\n", 8, 1, 4, "UTF-8"); /* beyond U+10FFFF */
    expect_refused("a: \xe2\x82", 5, 1, 4, "UTF-8");           /* cut */
}

Test(yaml, depth_and_number_of_nodes_are_bounded)
{
    char *text = malloc(SEUIL_FILE_BYTES_MAX + 2);
    struct seuil_yaml *doc;
    size_t len = 0;

    memset(text, '[', 40);
    memset(text + 40, ']', 40);
    expect_refused(text, 80, 1, SEUIL_YAML_DEPTH_MAX + 1, "nested too deeply");
    memset(text + SEUIL_YAML_DEPTH_MAX, ']', SEUIL_YAML_DEPTH_MAX);
    seuil_errs_clear(&errs);
    doc = seuil_yaml_parse("f.yaml", text, 2 * SEUIL_YAML_DEPTH_MAX, &errs);
    cr_expect_not_null(doc);
    seuil_yaml_free(doc);

    for (int i = 0; i < SEUIL_YAML_NODES_MAX; i++)
        len += (size_t)sprintf(text + len, "- %d\n", i % 1000);
    expect_refused(text, len, 1, 1, "too many values");
    memset(text, ' ', SEUIL_FILE_BYTES_MAX + 1);
    expect_refused(text, SEUIL_FILE_BYTES_MAX + 1, 0, 0, "larger than 4 MiB");
    free(text);
}

Test(yaml, a_file_that_cannot_be_read_says_why)
{
    seuil_errs_clear(&errs);
    cr_expect_null(seuil_yaml_open("/nonexistent/a.yaml", &errs));
    cr_expect_null(seuil_yaml_open("/", &errs));
    cr_assert_eq(errs.count, 2);
    cr_expect_not_null(strstr(errs.list[0].text, "No such file"));
    cr_expect_not_null(strstr(errs.list[1].text, "directory"));
}

Test(yaml, unknown_keys_are_reported_all_with_the_nearest_name)
{
    static const char *const names[] = {"points", "half_life"};
    struct seuil_yaml *doc = parse("point: 1\nhalf_life: 2\nhalf-life: 3\nzzz: 4\n");

    cr_assert_not_null(doc);
    cr_expect_eq(seuil_yaml_check_keys(doc, seuil_yaml_root(doc), names, 2, "a rule", &errs),
                 SEUIL_ERR_UNKNOWN);
    cr_assert_eq(errs.count, 3);
    cr_expect_str_eq(errs.list[0].text,
                     "unknown key \"point\" of a rule (did you mean \"points\"?)");
    cr_expect_str_eq(errs.list[1].text,
                     "unknown key \"half-life\" of a rule (did you mean \"half_life\"?)");
    cr_expect_str_eq(errs.list[2].text, "unknown key \"zzz\" of a rule: write points or half_life");
    cr_expect_eq(errs.list[1].line, 3);
    seuil_yaml_free(doc);
}

Test(yaml, values_of_the_wrong_kind_leave_the_output_as_it_was)
{
    struct seuil_yaml *doc = parse("[x, \"5\", {a: b}, 11, 1.5, ]\n");
    const struct seuil_yaml_node *items;
    int64_t number = 7;
    bool flag = true;
    double real = 2;

    cr_assert_not_null(doc);
    items = seuil_yaml_root(doc)->items;
    cr_expect_eq(seuil_yaml_int(doc, &items[0], "n", 0, 10, &errs, &number), SEUIL_ERR_FORMAT);
    cr_expect_eq(seuil_yaml_int(doc, &items[1], "n", 0, 10, &errs, &number), SEUIL_ERR_FORMAT);
    cr_expect_eq(seuil_yaml_int(doc, &items[2], "n", 0, 10, &errs, &number), SEUIL_ERR_INVALID);
    cr_expect_eq(seuil_yaml_int(doc, &items[3], "n", 0, 10, &errs, &number), SEUIL_ERR_LIMIT);
    cr_expect_eq(seuil_yaml_bool(doc, &items[0], "b", &errs, &flag), SEUIL_ERR_FORMAT);
    cr_expect_eq(seuil_yaml_number(doc, &items[0], "r", &errs, &real), SEUIL_ERR_FORMAT);
    cr_expect_eq(seuil_yaml_duration(doc, &items[3], "d", 0, 10, &errs, &number), SEUIL_ERR_FORMAT);
    cr_expect(number == 7 && flag && real == 2);
    cr_expect_eq(errs.total, 7);
    cr_expect_eq(seuil_yaml_number(doc, &items[4], "r", &errs, &real), 0);
    cr_expect_eq(real, 1.5);
    seuil_yaml_free(doc);
}

/* Whatever is done to a file's bytes, it is read or refused, and soon. */
Test(yaml, damaged_files_are_read_or_refused, .timeout = 60)
{
    static const char good[] = "%YAML 1.2\n---\na: [1, {b: \"c\\n\"}, 'd']\n"
                               "e:\n  - f: |\n      g\n  - ? h\n    : i\n# j\nk: >-\n  l\n\n  m\n";
    static const char odd[] = "%&*!|>{}[],?:-#\"'\n\t \\@`~\xc2\xa3";
    uint64_t seed = 12345;
    char text[sizeof(good)];

    for (int round = 0; round < 20000; round++) {
        struct seuil_yaml *doc;

        memcpy(text, good, sizeof(good));
        for (int change = 0; change < 1 + round % 4; change++) {
            seed = seed * 6364136223846793005u + 1442695040888963407u;
            text[(seed >> 33) % (sizeof(good) - 1)] = odd[(seed >> 20) % (sizeof(odd) - 1)];
        }
        seuil_errs_clear(&errs);
        doc = seuil_yaml_parse("f", text, sizeof(good) - 1, &errs);
        cr_assert_eq(doc == NULL, errs.total > 0);
        seuil_yaml_free(doc);
    }
}

Test(yaml, memory_that_runs_out_is_an_error_and_nothing_leaks)
{
    static const char text[] = "a: [1, 2, 3]\nb: {c: d}\n";
    int failures = 0;

    for (int n = 0; n < 100; n++) {
        struct seuil_yaml *doc;

        seuil_errs_clear(&errs);
        seuil_heap_fail_after(n);
        doc = seuil_yaml_parse("f", text, sizeof(text) - 1, &errs);
        seuil_heap_fail_after(-1);
        if (doc) {
            seuil_yaml_free(doc);
            break;
        }
        cr_assert_eq(errs.total, 1);
        cr_assert_eq(errs.list[0].code, SEUIL_ERR_NOMEM);
        failures++;
    }
    cr_expect_gt(failures, 3);
    cr_expect_lt(failures, 100);
}
