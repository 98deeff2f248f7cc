#include <stdlib.h>
#include <string.h>

#include <criterion/criterion.h>

#include "store/meta.h"

static struct seuil_meta full(void)
{
    struct seuil_meta meta = {
        .format = SEUIL_META_FORMAT,
        .seq = UINT64_MAX,
        .stream_time = -1,
        .outbox_head = 7,
        .outbox_tail = UINT64_MAX,
        .model_hash = UINT64_MAX,
        .walk_model_hash = 1,
        .walk_cursor = UINT64_MAX,
        .muted_until = SEUIL_TIME_NONE,
        .counts = {INT64_MIN + 1, INT64_MIN + 1, UINT64_MAX, UINT64_MAX, UINT64_MAX, UINT64_MAX,
                   UINT64_MAX, UINT64_MAX, UINT64_MAX, UINT64_MAX, UINT64_MAX},
    };

    memset(meta.token.bytes, 0xa5, sizeof(meta.token.bytes));
    memset(meta.cluster_id, 'c', sizeof(meta.cluster_id) - 1);
    memset(meta.owner, 'o', sizeof(meta.owner) - 1);
    memset(meta.halt, '\xff', sizeof(meta.halt) - 1);
    memset(meta.versions, 'v', sizeof(meta.versions) - 1);
    meta.sources.count = SEUIL_META_SOURCES_MAX;
    for (uint32_t i = 0; i < SEUIL_META_SOURCES_MAX; i++)
        meta.sources.list[i] = (struct seuil_meta_source){UINT32_MAX - i,
                                                          UINT64_MAX - i,
                                                          {UINT64_MAX - 6, UINT64_MAX - 5},
                                                          {UINT64_MAX - 2, UINT64_MAX - 1}};
    for (uint32_t i = 0; i < SEUIL_TOPICS_MAX; i++)
        meta.topics[i] = (struct seuil_meta_topic){true,      UINT32_MAX,    INT64_MAX,  INT64_MAX,
                                                   INT64_MAX, INT64_MIN + 1, UINT64_MAX, INT64_MAX,
                                                   INT64_MAX, INT64_MIN + 1, UINT64_MAX};
    return meta;
}

static int again(const struct seuil_meta_text *text, struct seuil_meta *meta)
{
    return seuil_meta_parse(text->fields, text->count, meta, NULL);
}

Test(meta, the_longest_one_fits_and_comes_back_whole)
{
    static struct seuil_meta_text text;
    struct seuil_meta meta = full(), back;

    seuil_meta_format(&meta, &text);
    cr_assert_eq(text.count, SEUIL_META_FIELDS_MAX);
    cr_assert_eq(again(&text, &back), 0);
    cr_assert(memcmp(&meta.topics, &back.topics, sizeof(meta.topics)) == 0);
    cr_assert(meta.seq == back.seq && meta.stream_time == back.stream_time &&
              meta.outbox_tail == back.outbox_tail && meta.model_hash == back.model_hash &&
              meta.walk_cursor == back.walk_cursor && meta.muted_until == back.muted_until);
    cr_assert(memcmp(&meta.counts, &back.counts, sizeof(meta.counts)) == 0);
    cr_assert_str_eq(meta.halt, back.halt);
    cr_assert_str_eq(meta.cluster_id, back.cluster_id);
    cr_assert_str_eq(meta.versions, back.versions);
    cr_assert_eq(back.sources.count, SEUIL_META_SOURCES_MAX);
    for (uint32_t i = 0; i < SEUIL_META_SOURCES_MAX; i++)
        cr_assert(back.sources.list[i].shard == UINT32_MAX - i &&
                  back.sources.list[i].tenure == UINT64_MAX - i &&
                  back.sources.list[i].low.first == UINT64_MAX - 6 &&
                  back.sources.list[i].low.last == UINT64_MAX - 5 &&
                  back.sources.list[i].high.first == UINT64_MAX - 2 &&
                  back.sources.list[i].high.last == UINT64_MAX - 1);
    cr_assert(memcmp(&meta.token, &back.token, sizeof(meta.token)) == 0);
}

Test(meta, what_came_last_from_each_shard_is_one_word_each)
{
    static const char *const bad[] = {" ",
                                      "1",
                                      "1/2",
                                      "1/2/",
                                      "1/2/3",
                                      "1/2/3-4 ",
                                      " 1/2/3-4",
                                      "1/2/x-4",
                                      "01/2/3-4",
                                      "1//3-4",
                                      "1/2/3-4  4/5/6-7",
                                      "1/2/3-4/5",
                                      "4294967296/2/3-4",
                                      "-1/2/3-4",
                                      "1/2/3-",
                                      "1/2/-4",
                                      "1/2/4-3",
                                      "1/2/0-3",
                                      "1/2/3-4,",
                                      "1/2/,3-4",
                                      "1/2/3-4,5-6",
                                      "1/2/3-4,4-6",
                                      "1/2/7-8,3-4",
                                      "1/2/1-2,4-5,7-8"};
    static struct seuil_meta_text text;
    struct seuil_meta meta = full(), back;
    uint32_t at = 0;

    seuil_meta_format(&meta, &text);
    while (!seuil_str_eq(text.fields[at].name, SEUIL_STR("sources")))
        at++;
    for (unsigned i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        text.fields[at].value = seuil_str_from(bad[i]);
        cr_assert_eq(again(&text, &back), SEUIL_ERR_CORRUPT, "'%s'", bad[i]);
    }
    text.fields[at].value = SEUIL_STR("1/2/3-3 4/5/6-8,10-11");
    cr_assert_eq(again(&text, &back), 0);
    cr_assert(back.sources.count == 2 && back.sources.list[1].shard == 4 &&
              back.sources.list[1].tenure == 5);
    cr_assert(back.sources.list[0].high.first == 3 && back.sources.list[0].high.last == 3);
    cr_assert_eq(back.sources.list[0].low.last, 0);
    cr_assert(back.sources.list[1].low.first == 6 && back.sources.list[1].low.last == 8);
    cr_assert(back.sources.list[1].high.first == 10 && back.sources.list[1].high.last == 11);
    text.fields[at] = text.fields[--text.count];
    cr_assert_eq(again(&text, &back), 0, "written before shards told each other anything");
    cr_assert_eq(back.sources.count, 0);
}

Test(meta, fields_may_come_in_any_order)
{
    static struct seuil_meta_text text;
    struct seuil_meta meta = full(), back;

    seuil_meta_format(&meta, &text);
    for (uint32_t i = 0; i < text.count / 2; i++) {
        struct seuil_meta_field field = text.fields[i];

        text.fields[i] = text.fields[text.count - 1 - i];
        text.fields[text.count - 1 - i] = field;
    }
    cr_assert_eq(again(&text, &back), 0);
    cr_assert(back.topics[3].base == INT64_MAX);
}

Test(meta, a_missing_a_double_and_an_unknown_field_are_refused)
{
    static struct seuil_meta_text text;
    struct seuil_meta meta = full(), back = {.seq = 77};

    for (uint32_t i = 0; i < 14; i++) {
        seuil_meta_format(&meta, &text);
        text.fields[i] = text.fields[--text.count];
        cr_assert_eq(again(&text, &back), SEUIL_ERR_CORRUPT, "without field %u", i);
    }
    seuil_meta_format(&meta, &text);
    text.fields[14] = text.fields[--text.count];
    cr_assert_eq(again(&text, &back), 0, "written before versions were told");
    cr_assert_str_eq(back.versions, "");
    back.seq = 77;
    seuil_meta_format(&meta, &text);
    text.fields[0] = text.fields[1];
    cr_assert_eq(again(&text, &back), SEUIL_ERR_CORRUPT);
    seuil_meta_format(&meta, &text);
    text.fields[text.count - 1].name = SEUIL_STR("t16");
    cr_assert_eq(again(&text, &back), SEUIL_ERR_CORRUPT);
    text.fields[text.count - 1].name = SEUIL_STR("t03");
    cr_assert_eq(again(&text, &back), SEUIL_ERR_CORRUPT);
    cr_assert_eq(back.seq, 77, "outputs stay untouched");
}

Test(meta, another_format_is_unsupported_whatever_else_it_holds)
{
    struct seuil_meta_field fields[2] = {{SEUIL_STR("new"), SEUIL_STR("x")},
                                         {SEUIL_STR("format"), SEUIL_STR("3")}};
    struct seuil_error err;
    struct seuil_meta back;

    cr_assert_eq(seuil_meta_parse(fields, 2, &back, &err), SEUIL_ERR_UNSUPPORTED);
    cr_assert(strstr(err.text, "'3'"), "%s", err.text);
    cr_assert_eq(seuil_meta_parse(fields, 1, &back, &err), SEUIL_ERR_CORRUPT);
    cr_assert_eq(seuil_meta_parse(fields, 0, &back, &err), SEUIL_ERR_CORRUPT);
}

/* Before, each outbox entry was an element of a list. */
Test(meta, the_format_before_is_read_while_the_outbox_is_empty)
{
    static struct seuil_meta_text text;
    struct seuil_meta meta = full(), back;
    struct seuil_error err;

    meta.format = 1;
    meta.outbox_tail = meta.outbox_head + 3;
    seuil_meta_format(&meta, &text);
    cr_assert_eq(seuil_meta_parse(text.fields, text.count, &back, &err), SEUIL_ERR_UNSUPPORTED);
    cr_assert(strstr(err.text, "3 crossings wait"), "%s", err.text);
    meta.outbox_tail = meta.outbox_head;
    seuil_meta_format(&meta, &text);
    cr_assert_eq(seuil_meta_parse(text.fields, text.count, &back, &err), 0, "%s", err.text);
    cr_assert_eq(back.format, SEUIL_META_FORMAT, "and written as today's from then on");
}

static bool refused(const char *name, const char *value)
{
    static struct seuil_meta_text text;
    struct seuil_meta meta = full(), back;

    seuil_meta_format(&meta, &text);
    for (uint32_t i = 0; i < text.count; i++)
        if (seuil_str_eq(text.fields[i].name, seuil_str_from(name)))
            text.fields[i].value = seuil_str_from(value);
    return again(&text, &back) == SEUIL_ERR_CORRUPT;
}

#define TOPIC                                                                                      \
    "generation=1 base=5 reach=6 time=9 reach_record=5/8/00000000000000ff base_record=4/none/"

#define COUNTS                                                                                     \
    "received=7 applied=1 replayed=2 duplicate=1 filtered=1 late=1 dead_lettered=1 in_flight=0 "

Test(meta, values_have_one_spelling)
{
    static const char *const wrong[][2] = {
        {"seq", ""},
        {"seq", "-1"},
        {"seq", "+1"},
        {"seq", "01"},
        {"seq", " 1"},
        {"seq", "1 "},
        {"seq", "18446744073709551616"},
        {"seq", "99999999999999999999"},
        {"seq", "1e3"},
        {"token", ""},
        {"token", "A5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5"},
        {"token", "a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5"},
        {"model", "1"},
        {"model", "000000000000000G"},
        {"time", ""},
        {"time", "-0"},
        {"time", "--1"},
        {"time", "9223372036854775808"},
        {"time", "-9223372036854775808"},
        {"time", "None"},
        {"head", "18446744073709551615x"},
        {"format", "01"},
        {"t0", ""},
        {"t0", "generation=1"},
        {"t0", TOPIC},
        {"t0", TOPIC "00000000000000f"},
        {"t0", TOPIC "00000000000000fff"},
        {"t0", TOPIC "00000000000000ff "},
        {"t0", " " TOPIC "00000000000000ff"},
        {"t0", "generation=-1 base=5 reach=6 time=9 reach_record=5/8/00000000000000ff "
               "base_record=4/7/00000000000000ff"},
        {"t0", "generation=4294967296 base=5 reach=6 time=9 reach_record=5/8/00000000000000ff "
               "base_record=4/7/00000000000000ff"},
        {"t0", "generation=1 base=-5 reach=6 time=9 reach_record=5/8/00000000000000ff "
               "base_record=4/7/00000000000000ff"},
        {"t0", "generation=1 base=7 reach=6 time=9 reach_record=5/8/00000000000000ff "
               "base_record=4/7/00000000000000ff"},
        {"t0", "generation=1 base=5 reach=6 time=9 reach_record=-2/8/00000000000000ff "
               "base_record=4/7/00000000000000ff"},
        {"counts", ""},
        {"counts", COUNTS},
        {"counts", COUNTS "seq=3 since=1"},
        {"counts", COUNTS "seq=3 since=1 as_of=2 "},
        {"counts", COUNTS "seq=-3 since=1 as_of=2"},
        {"counts", COUNTS "seq=3 since=1 as_of=02"},
        {"counts", " " COUNTS "seq=3 since=1 as_of=2"},
        {"counts", "applied=1 received=1 replayed=0 duplicate=0 filtered=0 late=0 dead_lettered=0 "
                   "in_flight=0 seq=3 since=1 as_of=2"},
    };

    for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++)
        if (strcmp(wrong[i][0], "format") != 0)
            cr_assert(refused(wrong[i][0], wrong[i][1]), "%s '%s'", wrong[i][0], wrong[i][1]);
    cr_assert_not(refused("t0", TOPIC "00000000000000ff"));
    cr_assert_not(refused("time", "none"));
    cr_assert_not(refused("counts", COUNTS "seq=3 since=1 as_of=2"));
    cr_assert_not(refused("counts", COUNTS "seq=0 since=none as_of=none"));
    cr_assert_not(refused("head", "0"));
}

Test(meta, texts_are_bounded_and_have_no_nul)
{
    static struct seuil_meta_text text;
    static char bytes[SEUIL_HALT_MAX + 1];
    struct seuil_meta meta = full(), back;

    memset(bytes, 'x', sizeof(bytes));
    seuil_meta_format(&meta, &text);
    text.fields[12].value = (struct seuil_str){bytes, SEUIL_HALT_MAX};
    cr_assert_eq(again(&text, &back), SEUIL_ERR_CORRUPT);
    text.fields[12].value.len--;
    cr_assert_eq(again(&text, &back), 0);
    bytes[3] = '\0';
    cr_assert_eq(again(&text, &back), SEUIL_ERR_CORRUPT);
}

Test(meta, an_outbox_that_ends_before_it_begins_is_refused)
{
    cr_assert(refused("tail", "6"));
    cr_assert_not(refused("tail", "7"));
}

Test(meta, changed_bytes_are_read_back_as_they_stand_or_refused)
{
    static struct seuil_meta_text text, then;
    struct seuil_meta meta = full(), back;
    uint32_t accepted = 0;

    srand(7);
    for (int round = 0; round < 20000; round++) {
        seuil_meta_format(&meta, &text);
        for (int i = rand() % 3; i >= 0; i--) {
            uint32_t at = (uint32_t)rand() % text.len;

            text.bytes[at] = rand() % 2 ? (char)rand() : text.bytes[(uint32_t)rand() % text.len];
        }
        if (again(&text, &back))
            continue;
        accepted++;
        seuil_meta_format(&back, &then);
        cr_assert(then.len == text.len && memcmp(then.bytes, text.bytes, text.len) == 0);
    }
    cr_assert_gt(accepted, 100);
}
