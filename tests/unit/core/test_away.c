/* A lead that was merged into another, and the one that took it in, in different shards. */

#include "core/away.h"
#include "lead_story.h"

static const char *const model =
    "seuil_model: 1\nname: m\nversion: \"1\"\nknown_by: [email]\ngroups: {g: {}}\n"
    "fit: {criteria: [{name: fr, when: {country: FR}, points: 5},\n"
    "                 {name: de, when: {country: DE}, points: 6}]}\nrules:\n"
    "  - {name: all, group: g, event: activity, when: {name: all}, points: 1}\n"
    "  - {name: big, group: g, event: activity, when: {name: big}, points: 100}\n"
    "tiers: [{name: cold}, {name: warm, entry: 50}]\n";

#define NOW (T0 + 60 * DAY)

static struct seuil_lead other;
static uint8_t packed[SEUIL_LEAD_BYTES_MAX];
static size_t packed_len;
static struct seuil_birth first = {true, 3, 0, 70}, second = {true, 3, 0, 71};

static void command_merge(struct story *s, const char *into, const char *by, seuil_time_ms time)
{
    prepare(s, SEUIL_KIND_COMMAND, "merge", time);
    s->event.field[SEUIL_FIELD_NAME] = text_value("merge");
    s->entries[0] = (struct seuil_entry){SEUIL_STR("into"), text_value(into)};
    s->entries[1] = (struct seuil_entry){SEUIL_STR("by"), text_value(by)};
    s->event.map_count = by[0] ? 2 : 1;
}

static enum seuil_verdict may_leave(struct story *s, const char *into, const char *by)
{
    struct seuil_merge merge;

    command_merge(s, into, by, NOW);
    cr_assert(seuil_merge_read(&s->event, &merge));
    return seuil_engine_may_leave(s->models, &s->event, &merge, &s->lead);
}

static void leave(struct story *s, const char *into)
{
    command_merge(s, into, "", NOW);
    packed_len = seuil_engine_leave(&s->event, seuil_str_from(into), &s->lead, packed, &s->out);
}

/* What was packed comes to the lead of the story. */
static enum seuil_verdict take_in(struct story *s, const char *from,
                                  const struct seuil_birth *merged)
{
    prepare(s, SEUIL_KIND_COMMAND, "merge", NOW);
    s->event.lead = seuil_str_from(from);
    seuil_lead_init(&other, s->event.lead);
    cr_assert_eq(seuil_lead_read(packed, packed_len, &other), 0);
    silence(s, NOW);
    seuil_engine_take_in(s->models, s->scratch, &s->event, merged, NOW, &other, &s->lead, &s->out);
    return s->out.verdict;
}

static void expect(struct story *s, double expected)
{
    double got = exact_score(s, NOW);

    cr_assert_float_eq(got, expected, 1e-9, "%g, not %g", got, expected);
}

/* The lead is another one from here on. */
static void another(struct story *s, const char *id)
{
    seuil_lead_init(&s->lead, seuil_str_from(id));
}

Test(away, what_is_left_is_where_it_went_stamps_and_ordinals)
{
    struct story *s = story_begin(model);
    struct seuil_lead copy;
    uint8_t bytes[SEUIL_LEAD_BYTES_MAX];
    size_t len;

    act(s, "1", "big", NOW - DAY);
    seuil_lead_set_stamp(&s->lead, 2, 0, 9);
    leave(s, "ana");
    cr_assert_eq(s->out.verdict, SEUIL_VERDICT_APPLIED);
    cr_assert(s->out.todo & SEUIL_TODO_ERASE && s->out.todo & SEUIL_TODO_SAVE);
    cr_assert(seuil_lead_is_away(&s->lead));
    cr_assert_eq(s->lead.evidence.recent_count, 0);
    cr_assert_eq(s->lead.evidence.rule_count, 0);
    cr_assert_eq(s->lead.automata[0].ordinal, 1);
    cr_assert_eq(s->lead.automata[0].under, 0);
    cr_assert_eq(s->lead.due, NOW + SEUIL_AWAY_MS);
    cr_assert_eq(seuil_engine_due_at(s->models, s->scratch, &s->lead), s->lead.due);
    len = seuil_lead_write(&s->lead, bytes);
    seuil_lead_init(&copy, SEUIL_STR("L1"));
    cr_assert_eq(seuil_lead_read(bytes, len, &copy), 0);
    cr_assert(seuil_lead_is_away(&copy) && copy.away_since == NOW && copy.stamps[2].next == 9);
    cr_assert(seuil_str_eq((struct seuil_str){copy.into, copy.into_len}, SEUIL_STR("ana")));
    seuil_lead_init(&copy, SEUIL_STR("L1"));
    cr_assert_eq(seuil_lead_read(packed, packed_len, &copy), 0);
    cr_assert_eq(copy.stamps[2].next, 0, "stamps are nobody else's affair");
    story_end(s);
}

Test(away, the_same_hand_over_again_adds_nothing_though_it_was_folded)
{
    struct story *s = story_begin(model);
    char id[8];

    for (int i = 0; i < 30; i++) {
        snprintf(id, sizeof(id), "%d", i);
        act(s, id, "all", T0 + i * DAY); /* most of them have left the horizon */
    }
    leave(s, "ana");
    another(s, "ana");
    act(s, "a", "all", NOW - DAY);
    cr_assert_eq(take_in(s, "L1", &first), SEUIL_VERDICT_APPLIED);
    expect(s, 31);
    cr_assert_eq(take_in(s, "L1", &first), SEUIL_VERDICT_DUPLICATE);
    expect(s, 31);
    cr_assert_eq(s->lead.alias_count, 1);
    cr_assert(s->lead.aliases[0].merged.offset == 70);
    story_end(s);
}

Test(away, handed_over_anew_by_a_shard_that_was_rebuilt_it_adds_nothing)
{
    const struct seuil_birth rebuilt = {true, 3, 1, 70}, made_again = {true, 3, 2, 5};
    struct story *s = story_begin(model);
    char id[8];

    for (int i = 0; i < 30; i++) {
        snprintf(id, sizeof(id), "%d", i);
        act(s, id, "all", T0 + i * DAY);
    }
    leave(s, "ana");
    another(s, "ana");
    act(s, "a", "all", NOW - DAY);
    cr_assert_eq(take_in(s, "L1", &first), SEUIL_VERDICT_APPLIED);
    cr_assert_eq(take_in(s, "L1", &rebuilt), SEUIL_VERDICT_DUPLICATE, "the log read once more");
    expect(s, 31);

    /* A later command in a topic that was made again is another one, wherever it lies. */
    another(s, "L1");
    for (int i = 30; i < 40; i++) {
        snprintf(id, sizeof(id), "%d", i);
        act(s, id, "all", T0 + i * DAY);
    }
    leave(s, "ana");
    seuil_lead_init(&s->lead, SEUIL_STR("ana"));
    seuil_alias_add(&s->lead, SEUIL_STR("L1"), &first, NOW - DAY);
    cr_assert_eq(take_in(s, "L1", &made_again), SEUIL_VERDICT_APPLIED);
    expect(s, 10);
    story_end(s);
}

Test(away, the_ids_of_the_one_that_comes_are_ids_of_the_other)
{
    struct story *s = story_begin(model);

    act(s, "1", "all", NOW - DAY);
    leave(s, "b");
    another(s, "b");
    take_in(s, "a", &first);
    leave(s, "c");
    another(s, "c");
    cr_assert_eq(take_in(s, "b", &second), SEUIL_VERDICT_APPLIED);
    cr_assert(seuil_alias_find(&s->lead, SEUIL_STR("a")));
    cr_assert(seuil_alias_find(&s->lead, SEUIL_STR("b")));
    cr_assert(seuil_alias_came(&s->lead, SEUIL_STR("a"), &first, NOW));
    cr_assert_not(seuil_alias_came(&s->lead, SEUIL_STR("a"), &second, NOW));
    expect(s, 1);
    story_end(s);
}

Test(away, a_known_lead_is_not_merged_by_a_shared_browser_alone)
{
    struct story *s = story_begin(model);

    act(s, "1", "all", NOW - DAY);
    profile(s, "2", "country", "FR", NOW - DAY);
    cr_assert_eq(may_leave(s, "ana", "browser"), SEUIL_VERDICT_APPLIED, "a country is no name");
    profile(s, "3", "email", "l@a.fr", NOW - DAY);
    cr_assert_eq(may_leave(s, "ana", "browser"), SEUIL_VERDICT_KNOWN);
    cr_assert_eq(may_leave(s, "ana", ""), SEUIL_VERDICT_APPLIED);
    cr_assert_eq(may_leave(s, "ana", "sales"), SEUIL_VERDICT_APPLIED);
    profile(s, "4", "email", NULL, NOW - DAY + 1);
    cr_assert_eq(may_leave(s, "ana", "browser"), SEUIL_VERDICT_APPLIED);
    story_end(s);
}

Test(away, without_known_by_any_attribute_makes_a_lead_known)
{
    struct story *s =
        story_begin("seuil_model: 1\nname: m\nversion: \"1\"\ngroups: {g: {}}\n"
                    "fit: {criteria: [{name: fr, when: {country: FR}, points: 5},\n"
                    "                 {name: de, when: {country: DE}, points: 6}]}\nrules:\n"
                    "  - {name: all, group: g, event: activity, points: 1}\n"
                    "tiers: [{name: cold}, {name: warm, entry: 5}]\n");

    act(s, "1", "all", NOW - DAY);
    cr_assert_eq(may_leave(s, "ana", "browser"), SEUIL_VERDICT_APPLIED);
    profile(s, "2", "country", "ES", NOW - DAY);
    cr_assert_eq(may_leave(s, "ana", "browser"), SEUIL_VERDICT_KNOWN);
    story_end(s);
}

Test(away, into_nobody_itself_or_one_of_its_own_ids_nobody_leaves)
{
    struct story *s = story_begin(model);

    act(s, "1", "all", NOW - DAY);
    cr_assert_eq(may_leave(s, "", ""), SEUIL_VERDICT_REFUSED);
    cr_assert_eq(may_leave(s, "L1", ""), SEUIL_VERDICT_REFUSED);
    seuil_alias_add(&s->lead, SEUIL_STR("a"), &first, NOW);
    cr_assert_eq(may_leave(s, "a", ""), SEUIL_VERDICT_DUPLICATE);
    seuil_engine_stay(s->scratch, &s->lead, SEUIL_VERDICT_DUPLICATE, &s->out);
    cr_assert_eq(s->out.todo, SEUIL_TODO_SAVE, "its stamp tells a replay");
    story_end(s);
}

Test(away, an_event_is_sent_on_and_a_bad_command_is_not)
{
    struct story *s = story_begin(model);

    act(s, "1", "all", NOW - DAY);
    leave(s, "ana");
    prepare(s, SEUIL_KIND_ACTIVITY, "2", NOW + DAY);
    cr_assert_eq(seuil_engine_may_send_on(&s->event, &s->lead), SEUIL_VERDICT_APPLIED);
    seuil_engine_send_on(s->models, s->scratch, &s->event, &s->lead, &s->out);
    cr_assert_eq(s->lead.due, NOW + DAY + SEUIL_AWAY_MS);
    command_merge(s, "ana", "", NOW);
    cr_assert_eq(seuil_engine_may_send_on(&s->event, &s->lead), SEUIL_VERDICT_DUPLICATE);
    command_merge(s, "bob", "", NOW);
    cr_assert_eq(seuil_engine_may_send_on(&s->event, &s->lead), SEUIL_VERDICT_APPLIED);
    command_merge(s, "", "", NOW);
    cr_assert_eq(seuil_engine_may_send_on(&s->event, &s->lead), SEUIL_VERDICT_REFUSED);
    prepare(s, SEUIL_KIND_COMMAND, "3", NOW);
    s->event.field[SEUIL_FIELD_NAME] = text_value("promote");
    cr_assert_eq(seuil_engine_may_send_on(&s->event, &s->lead), SEUIL_VERDICT_UNSUPPORTED);
    story_end(s);
}

Test(away, it_ends_long_after_the_last_event_and_begins_anew)
{
    struct story *s = story_begin(model);

    act(s, "1", "all", NOW - DAY);
    leave(s, "ana");
    silence(s, NOW + SEUIL_AWAY_MS - 1);
    cr_assert_not(s->lead.expired);
    silence(s, NOW + SEUIL_AWAY_MS);
    cr_assert(s->lead.expired && s->out.todo & SEUIL_TODO_EXPIRED);
    cr_assert_not(seuil_lead_is_away(&s->lead));
    cr_assert_eq(act(s, "2", "all", NOW + SEUIL_AWAY_MS + 1), SEUIL_VERDICT_APPLIED);
    cr_assert_eq(s->lead.into_len, 0);
    story_end(s);
}

Test(away, forgotten_it_is_a_tombstone_whoever_was_asked)
{
    struct story *s = story_begin(model);

    act(s, "1", "all", NOW - DAY);
    leave(s, "ana");
    prepare(s, SEUIL_KIND_COMMAND, "2", NOW - 1);
    seuil_engine_follow_forget(s->models, s->scratch, &s->event, &s->lead, &s->out);
    cr_assert_eq(s->out.verdict, SEUIL_VERDICT_FILTERED, "that was before it went there");
    cr_assert(seuil_lead_is_away(&s->lead));
    prepare(s, SEUIL_KIND_COMMAND, "3", NOW);
    seuil_engine_follow_forget(s->models, s->scratch, &s->event, &s->lead, &s->out);
    cr_assert(s->lead.tombstone && !seuil_lead_is_away(&s->lead) && s->lead.cut == NOW);
    another(s, "L2");
    act(s, "1", "all", NOW - DAY);
    leave(s, "ana");
    prepare(s, SEUIL_KIND_COMMAND, "4", NOW + 5);
    s->event.field[SEUIL_FIELD_NAME] = text_value("forget");
    seuil_engine_send_on(s->models, s->scratch, &s->event, &s->lead, &s->out);
    cr_assert(s->lead.tombstone && s->lead.cut == NOW + 5);
    story_end(s);
}

/* The outcome is that of the event before, as in a shard, which has one for all. */
static void expect_no_machines(struct story *s, const char *after)
{
    cr_assert_eq(s->out.quarantined, 0, "%s", after);
    s->out.quarantined = 2;
}

Test(away, machines_of_the_event_before_are_not_counted_again)
{
    struct story *s = story_begin(model);

    act(s, "1", "all", NOW - DAY);
    s->out.quarantined = 2;
    seuil_engine_stay(s->scratch, &s->lead, SEUIL_VERDICT_DUPLICATE, &s->out);
    expect_no_machines(s, "stay");
    leave(s, "ana");
    expect_no_machines(s, "leave");
    prepare(s, SEUIL_KIND_ACTIVITY, "2", NOW);
    seuil_engine_send_on(s->models, s->scratch, &s->event, &s->lead, &s->out);
    expect_no_machines(s, "send_on");
    prepare(s, SEUIL_KIND_COMMAND, "3", NOW - DAY);
    seuil_engine_follow_forget(s->models, s->scratch, &s->event, &s->lead, &s->out);
    expect_no_machines(s, "follow_forget");
    story_end(s);
}

Test(away, of_many_ids_the_oldest_are_forgotten_within_the_bounds)
{
    struct story *s = story_begin(model);
    char id[SEUIL_ID_MAX];
    uint8_t bytes[SEUIL_LEAD_BYTES_MAX];

    act(s, "1", "all", NOW - DAY);
    memset(id, 'x', sizeof(id));
    for (int i = 0; i < 40; i++) {
        int len = snprintf(id, 12, "%d", i);

        id[len] = 'x';
        seuil_alias_add(&s->lead, (struct seuil_str){id, i % 2 ? SEUIL_ID_MAX : (uint32_t)len},
                        &first, NOW);
        cr_assert_leq(s->lead.alias_count, SEUIL_ALIASES_MAX);
        cr_assert_leq(seuil_alias_bytes(&s->lead), SEUIL_ALIAS_BYTES_MAX);
    }
    cr_assert(seuil_alias_find(&s->lead, SEUIL_STR("38")));
    cr_assert_not(seuil_alias_find(&s->lead, SEUIL_STR("0")));
    seuil_lead_init(&other, SEUIL_STR("L1"));
    cr_assert_eq(seuil_lead_read(bytes, seuil_lead_write(&s->lead, bytes), &other), 0);
    cr_assert_eq(other.alias_count, s->lead.alias_count);
    cr_assert_eq(other.aliases[0].merged_time, NOW);
    story_end(s);
}

Test(away, into_a_lead_that_was_worth_nothing_its_clock_is_that_of_the_other)
{
    struct story *s = story_begin(model);

    act(s, "1", "all", T0);
    leave(s, "ana");
    another(s, "ana");
    act(s, "a", "all", NOW - DAY);
    s->lead.expired = true;
    cr_assert_eq(take_in(s, "L1", &first), SEUIL_VERDICT_APPLIED);
    expect(s, 1);
    cr_assert_not(s->lead.expired);
    story_end(s);
}

Test(away, the_ids_of_a_life_that_has_ended_are_no_reason_to_stay)
{
    struct story *s = story_begin(model);

    act(s, "1", "all", NOW - DAY);
    seuil_alias_add(&s->lead, SEUIL_STR("a"), &first, NOW);
    cr_assert_eq(may_leave(s, "a", ""), SEUIL_VERDICT_DUPLICATE);
    s->lead.expired = true; /* its key may or may not be deleted already */
    cr_assert_eq(may_leave(s, "a", ""), SEUIL_VERDICT_APPLIED);
    story_end(s);
}
