/* The packed state: one encoding, bounded, hostile bytes refused. */

#include "lead_story.h"

static const char *const model =
    "seuil_model: 1\n"
    "name: m\n"
    "version: \"1\"\n"
    "decay: {half_life: 14d}\n"
    "groups: {g: {}}\n"
    "rules:\n"
    "  - {name: a, group: g, event: activity, when: {name: a}, points: 20}\n"
    "  - {name: b, group: g, event: activity, when: {name: b}, points: 2}\n"
    "  - {name: c, group: g, event: activity, when: {name: c}, points: 3}\n"
    "  - {name: d, group: g, event: activity, when: {name: d}, points: 4}\n"
    "  - {name: e, group: g, event: activity, when: {name: e}, points: 5}\n"
    "  - {name: o, group: g, event: activity, when: {name: o}, points: 1, limit: {per: object}}\n"
    "tiers:\n"
    "  - {name: cold}\n"
    "  - {name: warm, entry: 10}\n";

Test(lead_codec, a_usual_lead_takes_less_than_190_bytes)
{
    static const char *const names[] = {"a", "b", "c", "d", "e"};
    struct story *s = story_begin(model);
    uint8_t bytes[SEUIL_LEAD_BYTES_MAX];
    char id[8];

    for (int i = 0; i < 10; i++) {
        snprintf(id, sizeof(id), "e%d", i);
        act(s, id, names[i % 5], T0 + (i < 6 ? i * 4 : 30 + i) * DAY + i * 12345678);
    }
    for (unsigned i = 0; i < 3; i++)
        seuil_lead_set_stamp(&s->lead, i, 0, 123456789);
    cr_assert_eq(s->lead.evidence.recent_count, 4);
    cr_assert_leq(seuil_lead_write(&s->lead, bytes), 190, "%zu bytes", seuil_lead_size(&s->lead));
    story_end(s);
}

Test(lead_codec, the_bytes_of_a_new_lead_are_read_back)
{
    struct seuil_lead *lead = malloc(sizeof(*lead));
    uint8_t bytes[SEUIL_LEAD_BYTES_MAX];
    size_t len;

    seuil_lead_init(lead, SEUIL_STR("L"));
    len = seuil_lead_write(lead, bytes);
    cr_assert_eq(seuil_lead_read(bytes, len, lead), 0);
    cr_assert_eq(lead->due, SEUIL_TIME_NEVER);
    cr_assert_eq(lead->clock, SEUIL_TIME_NONE);
    free(lead);
}

Test(lead_codec, stamp_and_due_time_are_read_without_the_rest)
{
    struct story *s = story_begin(model);
    uint8_t bytes[SEUIL_LEAD_BYTES_MAX];
    seuil_time_ms due = 0;
    int64_t next = -1;
    size_t len;

    act(s, "e1", "a", T0);
    len = seuil_lead_write(&s->lead, bytes);
    cr_assert_eq(seuil_lead_peek_stamp(bytes, len, 3, 2, &next), 0);
    cr_assert_eq(next, 0, "it has none at all");
    seuil_lead_set_stamp(&s->lead, 3, 2, 4711);
    len = seuil_lead_write(&s->lead, bytes);
    cr_assert_eq(seuil_lead_peek_due(bytes, len, &due), 0);
    cr_assert_eq(due, s->lead.due);
    cr_assert_eq(seuil_lead_peek_stamp(bytes, len, 3, 2, &next), 0);
    cr_assert_eq(next, 4711);
    cr_assert_eq(seuil_lead_peek_stamp(bytes, len, 3, 1, &next), 0);
    cr_assert_eq(next, 0, "of another generation");
    cr_assert_eq(seuil_lead_peek_stamp(bytes, len, 4, 2, &next), 0);
    cr_assert_eq(next, 0);
    cr_assert_eq(seuil_lead_peek_due(bytes, 1, &due), SEUIL_ERR_CORRUPT);
    story_end(s);
}

Test(lead_codec, the_last_topic_and_the_greatest_ordinal_have_their_place)
{
    struct story *s = story_begin(model);
    uint8_t bytes[SEUIL_LEAD_BYTES_MAX];
    size_t len;

    act(s, "e1", "a", T0);
    s->lead.automata[0].ordinal = UINT32_MAX;
    seuil_lead_set_stamp(&s->lead, SEUIL_TOPICS_MAX - 1, 0, 4711);
    len = seuil_lead_write(&s->lead, bytes);
    seuil_lead_init(&s->lead, SEUIL_STR("L1"));
    cr_assert_eq(seuil_lead_read(bytes, len, &s->lead), 0);
    cr_assert_eq(s->lead.automata[0].ordinal, UINT32_MAX);
    cr_assert_eq(seuil_lead_stamp(&s->lead, SEUIL_TOPICS_MAX - 1, 0), 4711);
    story_end(s);
}

Test(lead_codec, a_newer_format_is_refused_as_such)
{
    struct story *s = story_begin(model);
    uint8_t bytes[SEUIL_LEAD_BYTES_MAX];
    size_t len;

    act(s, "e1", "a", T0);
    len = seuil_lead_write(&s->lead, bytes);
    bytes[0]++;
    cr_assert_eq(seuil_lead_read(bytes, len, &s->lead), SEUIL_ERR_UNSUPPORTED);
    bytes[0] = 0;
    cr_assert_eq(seuil_lead_read(bytes, len, &s->lead), SEUIL_ERR_CORRUPT);
    bytes[0] = SEUIL_LEAD_FORMAT;
    bytes[len] = 0;
    seuil_lead_init(&s->lead, SEUIL_STR("L1"));
    cr_assert_eq(seuil_lead_read(bytes, len + 1, &s->lead), SEUIL_ERR_CORRUPT, "a byte too many");
    story_end(s);
}

Test(lead_codec, beyond_256_records_the_horizon_is_shorter_and_nothing_is_lost)
{
    struct story *s = story_begin(model);
    char id[16];

    for (int i = 0; i < 300; i++) {
        snprintf(id, sizeof(id), "e%d", i);
        cr_assert_eq(act(s, id, "b", T0 + i * 1000), SEUIL_VERDICT_APPLIED);
        cr_assert_eq((s->out.notes & SEUIL_NOTE_HORIZON_SHORTENED) != 0, i >= 256);
    }
    cr_assert_eq(s->lead.evidence.recent_count, SEUIL_RECENT_MAX);
    cr_assert_float_eq(explain(s, T0 + 299000)->exact, 600, 0.1);
    cr_assert_eq(explain(s, T0 + 299000)->lines[0].count, 300);
    cr_assert_eq(act(s, "old", "b", T0), SEUIL_VERDICT_LATE);
    story_end(s);
}

Test(lead_codec, a_lead_with_too_much_of_everything_stays_within_8_kib)
{
    struct story *s = story_begin(model);
    uint8_t bytes[SEUIL_LEAD_BYTES_MAX];
    char id[16], object[16];

    for (int i = 0; i < 2000; i++) {
        snprintf(id, sizeof(id), "e%d", i);
        snprintf(object, sizeof(object), "o%d", i);
        act_on(s, id, "o", object, T0 + i * SEUIL_MINUTE_MS);
        cr_assert_leq(seuil_lead_size(&s->lead), SEUIL_LEAD_BYTES_MAX);
        if (i % 50 == 0) {
            size_t len = seuil_lead_write(&s->lead, bytes);

            seuil_lead_init(&s->lead, SEUIL_STR("L1"));
            cr_assert_eq(seuil_lead_read(bytes, len, &s->lead), 0);
        }
    }
    story_end(s);
}

Test(lead_codec, rules_out_of_order_are_refused)
{
    struct story *s = story_begin(model);
    uint8_t bytes[SEUIL_LEAD_BYTES_MAX], *first, *second;
    uint32_t keys[2];
    size_t len;

    act(s, "e1", "a", T0);
    act(s, "e2", "b", T0);
    len = seuil_lead_write(&s->lead, bytes);
    for (unsigned i = 0; i < 2; i++)
        keys[i] = s->lead.evidence.rules[s->lead.evidence.by_key[i]].key;
    first = memmem(bytes, len, &keys[0], 4);
    second = memmem(bytes, len, &keys[1], 4);
    cr_assert(first && second);
    memcpy(first, &keys[1], 4);
    memcpy(second, &keys[0], 4);
    cr_assert_eq(seuil_lead_read(bytes, len, &s->lead), SEUIL_ERR_CORRUPT);
    story_end(s);
}

/* A sum of exactly one award, at its landmark. */
Test(lead_codec, a_sum_that_is_a_whole_number_is_read_back)
{
    struct story *s = story_begin(model);
    seuil_time_ms landmark = T0 / (14 * DAY) * (14 * DAY);
    uint8_t bytes[SEUIL_LEAD_BYTES_MAX];
    char id[8];
    size_t len;

    for (int i = 0; i < 10; i++) {
        snprintf(id, sizeof(id), "e%d", i);
        act(s, id, "a", landmark + (i < 9 ? i : 30 * DAY));
    }
    cr_assert_eq(s->lead.evidence.tallies[s->lead.evidence.by_key[0]].sum, 1);
    len = seuil_lead_write(&s->lead, bytes);
    seuil_lead_init(&s->lead, SEUIL_STR("L1"));
    cr_assert_eq(seuil_lead_read(bytes, len, &s->lead), 0);
    cr_assert_eq(s->lead.evidence.tallies[s->lead.evidence.by_key[0]].landmark, landmark);
    story_end(s);
}

Test(lead_codec, awards_by_sixty_fourths_of_an_age_are_read_back)
{
    struct story *s = story_begin(
        "seuil_model: 1\nname: m\nversion: \"1\"\ngroups: {g: {}}\nrules:\n"
        "  - {name: a, group: g, event: activity, when: {name: a}, points: 1,\n"
        "     decay: {expires: 64d}}\n"
        "  - {name: b, group: g, event: activity, when: {name: b}, decay: {linear: 64d},\n"
        "     points: {field: value, ceiling: 9}}\n"
        "tiers: [{name: cold}, {name: warm, entry: 999}]\n");
    uint8_t bytes[SEUIL_LEAD_BYTES_MAX], again[SEUIL_LEAD_BYTES_MAX];
    const struct seuil_evidence *evidence = &s->lead.evidence;
    double score;
    char id[8];
    size_t len;

    for (int i = 0; i < 60; i++) {
        snprintf(id, sizeof(id), "a%d", i);
        act(s, id, "a", T0 + i * DAY);
        id[0] = 'b';
        prepare(s, SEUIL_KIND_ACTIVITY, id, T0 + i * DAY + 1);
        s->event.field[SEUIL_FIELD_NAME] = text_value("b");
        s->event.field[SEUIL_FIELD_VALUE] =
            (struct seuil_value){.type = SEUIL_TYPE_DOUBLE, .d = i % 10 + 0.25};
        step(s);
    }
    cr_assert_gt(evidence->tallies[evidence->by_key[0]].buckets, 10);
    cr_assert_gt(evidence->tallies[evidence->by_key[1]].buckets, 10);
    score = exact_score(s, T0 + 70 * DAY);
    len = seuil_lead_write(&s->lead, bytes);
    seuil_lead_init(&s->lead, SEUIL_STR("L1"));
    cr_assert_eq(seuil_lead_read(bytes, len, &s->lead), 0);
    cr_assert_eq(seuil_lead_write(&s->lead, again), len);
    cr_assert_arr_eq(bytes, again, len);
    cr_assert_eq(exact_score(s, T0 + 70 * DAY), score);
    story_end(s);
}

/* As many texts as may stay beside anything else, numbers, and adjustments with long reasons. */
Test(lead_codec, a_lead_that_is_too_large_without_events_gives_up_adjustments_but_not_its_status)
{
    char yaml[16384], name[8], note[SEUIL_NOTE_MAX + 1];
    size_t len =
        (size_t)snprintf(yaml, sizeof(yaml),
                         "seuil_model: 1\nname: m\nversion: \"1\"\ngroups: {g: {}}\nrules:\n"
                         "  - {name: a, group: g, event: activity, points: 1}\n"
                         "status: {frozen: [customer]}\n"
                         "tiers: [{name: cold}, {name: warm, entry: 10}]\n"
                         "fit:\n  criteria:\n");
    struct story *s;
    unsigned notes = 0;

    memset(note, 'n', SEUIL_NOTE_MAX);
    note[SEUIL_NOTE_MAX] = '\0';
    for (int i = 0; i < 120; i++)
        len += (size_t)snprintf(yaml + len, sizeof(yaml) - len,
                                "    - {name: f%d, when: {a%d: x}, points: 1}\n", i, i);
    s = story_begin(yaml);
    command(s, "c", "convert", T0);
    for (int i = 0; i < 120; i++) {
        snprintf(name, sizeof(name), "a%d", i);
        prepare(s, SEUIL_KIND_PROFILE, name, T0 + 30 * DAY + i);
        s->event.map_count = 1;
        s->entries[0].key = seuil_str_from(name);
        s->entries[0].value =
            i < SEUIL_LEAD_BYTES_MAX / 2 / SEUIL_NOTE_MAX
                ? text_value(note)
                : (struct seuil_value){.type = SEUIL_TYPE_DOUBLE, .d = 1.0 / (i + 1)};
        step(s);
    }
    cr_assert_eq(s->lead.evidence.recent_count, 0, "the status was folded");
    for (int i = 0; i < 16; i++) {
        snprintf(name, sizeof(name), "c%d", i);
        prepare(s, SEUIL_KIND_COMMAND, name, T0 + 30 * DAY + i);
        s->event.field[SEUIL_FIELD_NAME] = text_value("adjust");
        s->event.field[SEUIL_FIELD_AUTHOR] = s->event.field[SEUIL_FIELD_REASON] = text_value(note);
        s->event.map_count = 1;
        s->entries[0] = (struct seuil_entry){SEUIL_STR("points"), {.type = SEUIL_TYPE_INT, .i = 1}};
        step(s);
        notes |= s->out.notes;
    }
    cr_assert_eq(notes, SEUIL_NOTE_ADJUSTMENT_DROPPED);
    cr_assert_lt(s->lead.evidence.adjustment_count, 16);
    cr_assert_gt(s->lead.evidence.adjustment_count, 0);
    cr_assert_eq(s->lead.evidence.rule_count, 1, "it is a customer still");
    cr_assert_eq(s->lead.evidence.attribute_count, 120);
    story_end(s);
}

Test(lead_codec, of_objects_that_are_too_many_the_oldest_half_is_forgotten)
{
    char yaml[4096], name[8];
    size_t len = (size_t)snprintf(yaml, sizeof(yaml),
                                  "seuil_model: 1\nname: m\nversion: \"1\"\ngroups: {g: {}}\n"
                                  "tiers: [{name: cold}, {name: warm, entry: 9999}]\nrules:\n");
    const struct seuil_evidence *evidence;
    unsigned least = 60;
    struct story *s;

    for (int i = 0; i < 24; i++)
        len += (size_t)snprintf(yaml + len, sizeof(yaml) - len,
                                "  - {name: r%d, group: g, event: activity, points: 1,\n"
                                "     limit: {per: object, remember: 900d}}\n",
                                i);
    s = story_begin(yaml);
    evidence = &s->lead.evidence;
    for (int day = 0; day < 60; day++) {
        snprintf(name, sizeof(name), "o%d", day);
        act_on(s, name, "a", name, T0 + day * DAY);
    }
    for (unsigned i = 0; i < evidence->rule_count; i++) {
        const struct seuil_tally *tally = &evidence->tallies[evidence->by_key[i]];
        seuil_time_ms newest = seuil_evidence_recent(&s->lead.evidence, 0)->key.time - DAY;

        least = tally->objects < least ? tally->objects : least;
        for (unsigned j = tally->objects; j-- > 0; newest -= DAY)
            cr_assert_eq(tally->object[j].last, newest);
    }
    cr_assert(least > 8 && least < 32, "%u", least);
    cr_assert_float_eq(exact_score(s, T0 + 60 * DAY), 24 * 60, 1e-9, "what was given stays");
    story_end(s);
}

Test(lead_codec, two_periods_that_lie_too_far_apart_are_refused)
{
    for (int64_t days = INT32_MAX; days <= INT64_C(1) + INT32_MAX; days++) {
        struct story *s =
            story_begin("seuil_model: 1\nname: m\nversion: \"1\"\ngroups: {g: {}}\nzone: UTC\n"
                        "rules: [{name: a, group: g, event: activity, points: 1,\n"
                        "         limit: {times: 2, per: day}}]\n"
                        "tiers: [{name: cold}, {name: warm, entry: 9}]\n");
        uint8_t bytes[SEUIL_LEAD_BYTES_MAX];
        struct seuil_tally *tally;
        size_t len;

        act(s, "e1", "a", T0);
        act(s, "e2", "a", T0 + DAY);
        act(s, "e3", "a", T0 + 30 * DAY);
        tally = &s->lead.evidence.tallies[s->lead.evidence.by_key[0]];
        cr_assert_eq(tally->period[0][1].count, 1);
        tally->period[0][1].period = tally->period[0][0].period - days;
        len = seuil_lead_write(&s->lead, bytes);
        seuil_lead_init(&s->lead, SEUIL_STR("L1"));
        cr_assert_eq(seuil_lead_read(bytes, len, &s->lead),
                     days <= INT32_MAX ? 0 : SEUIL_ERR_CORRUPT);
        story_end(s);
    }
}

/* Written by the last version that wrote format 1: forty awards of an age, a sum, two objects. */
static const char of_format_1[] = "011c82c0bde6ae67ff87f7d9110101004d0000000103c9c64a22fd2bae3c0220"
                                  "828097930580f0b25280f0b25280f0b2"
                                  "5280f0b25280f0b25280f0b25280f0b25280f0b25280f0b25280f0b25280f0b2"
                                  "5280f0b25280f0b25280f0b25280f0b2"
                                  "5280f0b25280f0b25280f0b25280f0b25280f0b25280f0b25280f0b25280f0b2"
                                  "5280f0b25280f0b25280f0b25280f0b2"
                                  "5280f0b25280f0b25280f0b25280f0b252752ea7222dc14ba5a10202077f2abd"
                                  "01fecfc69d0ca07203fd0180c0f9ef0c"
                                  "fbfcf38edddc3ca7070b0880f0c9e50580d098f70180d098f70180d098f70180"
                                  "d098f70180d098f70180d098f70180d0"
                                  "98f701cee981424c61114082a0c7f21b0b8188b2a0029e97ad5b23e4ed460080"
                                  "b89929e428536a9db722de0001181910"
                                  "2893df277904ffb799291e06734048c909360080b8992907d3f9f2f050525000"
                                  "80b8992905654ca903f16936000114d2"
                                  "cebae09ea19c04ffb799293b503f2a033320b10080b89929ae61a866f1231c6b"
                                  "0080b899299105657186eeba7c0001ac"
                                  "3cb102a931e18b0401d38d0ec102260ddfa101";

#define FORMER(decay)                                                                              \
    "seuil_model: 1\nname: m\nversion: \"1\"\ndecay: {half_life: " decay "}\ngroups: {g: {}}\n"    \
    "rules:\n  - {name: half, group: g, event: activity, when: {name: half}, points: 10}\n"        \
    "  - {name: aged, group: g, event: activity, when: {name: aged}, points: 1,\n"                 \
    "     decay: {expires: 64d}}\n"                                                                \
    "  - {name: each, group: g, event: activity, when: {name: each}, points: 3, decay: none,\n"    \
    "     limit: {per: object}}\n"                                                                 \
    "tiers: [{name: cold}, {name: warm, entry: 20}]\n"

Test(lead_codec, a_state_of_format_1_goes_on)
{
    struct story *s = story_begin(FORMER("14d"));
    uint8_t bytes[sizeof(of_format_1) / 2], again[SEUIL_LEAD_BYTES_MAX];
    double half = 0;

    for (size_t i = 0; i < sizeof(bytes); i++)
        sscanf(of_format_1 + 2 * i, "%2hhx", &bytes[i]);
    for (int day = 0; day < 40; day += 3)
        half += exp2(-(double)(40 * DAY - day * DAY - 1) / (14.0 * DAY));
    cr_assert_eq(seuil_lead_read(bytes, sizeof(bytes), &s->lead), 0);
    cr_assert_eq(seuil_lead_stamp(&s->lead, 1, 0), 77);
    cr_assert_eq(s->lead.due, T0 + INT64_C(8121600000));
    cr_assert_float_eq(exact_score(s, T0 + 40 * DAY), 40 + 2 * 3 + 10 * half, 1e-9);
    s->offset = 1000;
    act_on(s, "f1", "each", "e20", T0 + 40 * DAY);
    cr_assert_float_eq(exact_score(s, T0 + 40 * DAY), 40 + 2 * 3 + 10 * half, 1e-9, "known");
    act(s, "f2", "half", T0 + 60 * DAY); /* all is folded under what it means now */
    cr_assert_eq(seuil_lead_write(&s->lead, again), seuil_lead_size(&s->lead));
    cr_assert_eq(again[0], SEUIL_LEAD_FORMAT);
    cr_assert_float_eq(exact_score(s, T0 + 60 * DAY),
                       40 + 2 * 3 + 10 * half * exp2(-20.0 / 14) + 10, 1e-9);
    story_end(s);
}

Test(lead_codec, what_was_retired_of_a_rule_that_is_not_there_is_refused)
{
    struct story *s =
        story_begin("seuil_model: 1\nname: m\nversion: \"1\"\ngroups: {g: {}}\nrules:\n"
                    "  - {name: a, group: g, event: activity, points: 9, limit: once}\n"
                    "  - {name: b, group: g, event: activity, points: 9, limit: once}\n"
                    "recycle: {floor: 0}\n"
                    "tiers: [{name: cold}, {name: warm, entry: 9}]\n");
    static struct seuil_lead copy;
    uint8_t bytes[SEUIL_LEAD_BYTES_MAX], again[SEUIL_LEAD_BYTES_MAX];
    size_t len;

    act(s, "e1", "a", T0);
    command(s, "c", "recycle", T0 + 1);
    act(s, "e2", "a", T0 + 30 * DAY);
    len = seuil_lead_write(&s->lead, bytes);
    for (size_t i = 12, retired = 0; i < 12 * len; i++) {
        size_t at = i / 12, more = i % 4 + 1;

        seuil_lead_init(&copy, SEUIL_STR("L1"));
        cr_assert_eq(seuil_lead_read(bytes, len, &copy), 0);
        cr_assert_eq(copy.evidence.rule_count, 3);
        for (unsigned j = 3; j < SEUIL_LEAD_RULES_MAX; j++)
            copy.evidence.by_key[j] = (uint8_t)(i / 4 % 3); /* of a lead that was there before */
        for (unsigned j = 0; j < 3; j++)
            retired += copy.evidence.tallies[j].retired;
        cr_assert_gt(retired, 0);
        seuil_lead_init(&copy, SEUIL_STR("L1"));
        bytes[at] = (uint8_t)(bytes[at] + more);
        if (seuil_lead_read(bytes, len, &copy) == 0) {
            cr_assert_eq(seuil_lead_write(&copy, again), len, "byte %zu", at);
            cr_assert_arr_eq(bytes, again, len, "byte %zu", at);
        }
        bytes[at] = (uint8_t)(bytes[at] - more);
    }
    story_end(s);
}
