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
