/* Two ids are one lead (SCORING 6, 10.9, 10.10): what has been folded already. What has not is in
 * tests/property (merge) and tests/stories/langage/26-fusion.yaml. */

#include "lead_story.h"

static const char *const model =
    "seuil_model: 1\nname: m\nversion: \"1\"\ngroups: {g: {}}\nrules:\n"
    "  - {name: once, group: g, event: activity, when: {name: once}, points: 10, limit: once}\n"
    "  - {name: all, group: g, event: activity, when: {name: all}, points: 1}\n"
    "  - {name: object, group: g, event: activity, when: {name: object}, points: 3,\n"
    "     limit: {per: object}}\n"
    "  - {name: half, group: g, event: activity, when: {name: half}, points: 8,\n"
    "     decay: {half_life: 7d}}\n"
    "  - {name: aged, group: g, event: activity, when: {name: aged}, points: 2,\n"
    "     decay: {expires: 64d}}\n"
    "recycle: {floor: 0}\n"
    "status: {frozen: [customer]}\n"
    "tiers: [{name: cold}, {name: warm, entry: 500}]\n";

#define NOW (T0 + 60 * DAY)

/* The lead of @story and another one, which is merged into it. */
static struct seuil_lead other;

static void swap(struct story *story)
{
    static struct seuil_lead lead;

    lead = story->lead;
    story->lead = other;
    other = lead;
}

/* Tell the other lead. */
#define OTHER(story, call)                                                                         \
    do {                                                                                           \
        swap(story);                                                                               \
        call;                                                                                      \
        swap(story);                                                                               \
    } while (0)

static struct story *begin(void)
{
    struct story *story = story_begin(model);

    seuil_lead_init(&other, SEUIL_STR("cookie-1"));
    return story;
}

static enum seuil_verdict merge(struct story *story)
{
    static struct seuil_lead copy;
    uint8_t bytes[SEUIL_LEAD_BYTES_MAX];

    prepare(story, SEUIL_KIND_COMMAND, "merge", NOW);
    silence(story, NOW);
    OTHER(story, silence(story, NOW));
    seuil_engine_merge(story->models, story->scratch, &story->event, &other, &story->lead,
                       &story->out);
    seuil_lead_init(&copy, SEUIL_STR("L1"));
    cr_assert_eq(seuil_lead_read(bytes, seuil_lead_write(&story->lead, bytes), &copy), 0);
    return story->out.verdict;
}

static void expect(struct story *story, double expected)
{
    double got = exact_score(story, NOW);

    cr_assert_float_eq(got, expected, 1e-6, "%g, not %g", got, expected);
}

static const char *const waiting =
    "seuil_model: 1\nname: m\nversion: \"1\"\ngroups: {g: {}}\nrules:\n"
    "  - {name: page, group: g, event: activity, when: {name: page}, points: 10}\n"
    "  - {name: quote, group: g, event: activity, when: {name: quote}, points: 0,\n"
    "     shortcut: {tier: hot, hold: 30d}}\n"
    "recycle: {mute: 10d}\n"
    "tiers: [{name: cold}, {name: warm, entry: 30},\n"
    "        {name: hot, entry: 50, alert: {delay: 2d, cool_down: 60d}}]\n";

static void begin_waiting(struct story **ret_story)
{
    *ret_story = story_begin(waiting);
    seuil_lead_init(&other, SEUIL_STR("cookie-1"));
}

/* A person's quote request: it is told in spite of the cool-down, by its own event, and the delay
 * does not begin anew because the browser turned out to be a known person's. */
Test(merge, an_entry_that_waits_goes_on_waiting)
{
    struct story *s;
    const struct seuil_crossing *told;

    begin_waiting(&s);
    act(s, "1", "page", NOW - 30 * DAY);
    act(s, "2", "quote", NOW - 50 * DAY);
    silence(s, NOW - 5 * DAY); /* told, and the hold is over: the cool-down is not */
    OTHER(s, act(s, "q", "quote", NOW - DAY));
    cr_assert_eq(merge(s), SEUIL_VERDICT_APPLIED);
    cr_assert(!crossing(s)->publish);
    cr_assert_eq(crossing(s)->reason, SEUIL_REASON_COMMAND);
    cr_assert_eq(s->lead.due, NOW + DAY);
    cr_assert(s->out.todo & SEUIL_TODO_RESCHEDULE);
    silence(s, NOW + DAY);
    told = crossing(s);
    cr_assert(told->publish);
    cr_assert_eq(told->reason, SEUIL_REASON_SHORTCUT);
    cr_assert_eq(told->since, NOW - DAY);
    cr_assert(told->has_cause && told->cause.id_len == 1 && told->cause.id[0] == 'q');
    story_end(s);
}

Test(merge, what_the_person_was_told_in_is_not_told_again)
{
    struct story *s;

    begin_waiting(&s);
    act(s, "1", "quote", NOW - 3 * DAY);
    OTHER(s, act(s, "q", "quote", NOW - DAY));
    cr_assert_eq(merge(s), SEUIL_VERDICT_APPLIED);
    cr_assert_eq(s->out.crossing_count, 0);
    cr_assert_eq(s->lead.automata[0].alert.tier_key, 0, "the survivor's stands, told two days ago");
    story_end(s);
}

Test(merge, once_for_both_although_both_have_folded_it)
{
    struct story *s = begin();

    act(s, "1", "once", T0 + DAY);
    act(s, "2", "all", T0 + 30 * DAY);
    OTHER(s, act(s, "x1", "once", T0));
    OTHER(s, act(s, "x2", "all", T0 + 30 * DAY));
    OTHER(s, act(s, "x3", "all", T0 + 31 * DAY));
    cr_assert_eq(merge(s), SEUIL_VERDICT_APPLIED);
    expect(s, 10 + 3);
    cr_assert_str_eq(explain(s, NOW)->lines[0].limited_by, "lead");
    story_end(s);
}

Test(merge, an_object_of_both_counts_once)
{
    struct story *s = begin();

    act_on(s, "1", "object", "mail-1", T0);
    act_on(s, "2", "object", "mail-2", T0 + 1);
    act(s, "3", "all", T0 + 30 * DAY);
    OTHER(s, act_on(s, "x1", "object", "mail-2", T0 + DAY));
    OTHER(s, act_on(s, "x2", "object", "mail-3", T0 + DAY));
    OTHER(s, act(s, "x3", "all", T0 + 30 * DAY));
    merge(s);
    expect(s, 3 * 3 + 2);
    cr_assert_eq(act_on(s, "4", "object", "mail-3", NOW), SEUIL_VERDICT_APPLIED);
    expect(s, 3 * 3 + 2);
    story_end(s);
}

Test(merge, half_lives_and_awards_that_end_are_added)
{
    struct story *s = begin();
    double wanted = 0;
    char id[8];

    for (int i = 0; i < 40; i++) {
        snprintf(id, sizeof(id), "h%d", i);
        act(s, id, "half", T0 + i * DAY);
        OTHER(s, act(s, id, "half", T0 + i * DAY / 2));
        snprintf(id, sizeof(id), "a%d", i);
        act(s, id, "aged", T0 + i * DAY);
        OTHER(s, act(s, id, "aged", T0 + i * DAY / 2));
        wanted += 8 * exp2(-(60.0 - i) / 7) + 8 * exp2(-(60.0 - i / 2.0) / 7) + 4;
    }
    merge(s);
    expect(s, wanted);
    story_end(s);
}

Test(merge, a_recycle_of_one_retires_what_the_other_did_before)
{
    struct story *s = begin();

    act(s, "1", "half", T0);
    act(s, "2", "half", T0 + 20 * DAY);
    OTHER(s, command(s, "x1", "recycle", T0 + 10 * DAY));
    OTHER(s, act(s, "x2", "all", T0 + 11 * DAY)); /* else the lead would be worth nothing */
    OTHER(s, act(s, "x3", "all", T0 + 40 * DAY));
    act(s, "3", "all", T0 + 40 * DAY);
    merge(s);
    expect(s, 8 * exp2(-40.0 / 7) + 3);
    story_end(s);
}

Test(merge, with_a_frozen_lead_is_frozen_since_that_date)
{
    struct story *s = begin();

    act(s, "1", "half", T0);
    act(s, "2", "half", T0 + 20 * DAY);
    OTHER(s, command(s, "x1", "convert", T0 + 7 * DAY));
    OTHER(s, act(s, "x2", "all", T0 + 40 * DAY));
    act(s, "3", "all", T0 + 40 * DAY);
    merge(s);
    expect(s, 4);
    story_end(s);
}

Test(merge, of_more_events_than_a_lead_may_hold_folds_the_older_ones)
{
    struct story *s = begin();
    char id[8];

    for (int i = 0; i < 200; i++) {
        snprintf(id, sizeof(id), "%d", i);
        act(s, id, "all", NOW - 200 + i);
        snprintf(id, sizeof(id), "x%d", i);
        OTHER(s, act(s, id, "all", NOW - 200 + i));
    }
    merge(s);
    cr_assert(s->out.notes & SEUIL_NOTE_HORIZON_SHORTENED);
    cr_assert_leq(s->lead.evidence.recent_count, SEUIL_RECENT_MAX);
    expect(s, 400);
    story_end(s);
}

Test(merge, a_lead_without_history_has_nothing_to_give)
{
    struct story *s = begin();

    act(s, "1", "all", T0);
    cr_assert_eq(merge(s), SEUIL_VERDICT_FILTERED);
    cr_assert_eq(s->out.todo, 0);
    expect(s, 1);
    story_end(s);
}

Test(merge, into_a_lead_that_is_not_there_moves_everything)
{
    struct story *s = begin();

    OTHER(s, act(s, "x1", "once", T0));
    OTHER(s, act(s, "x2", "all", T0 + 30 * DAY));
    merge(s);
    expect(s, 11);
    cr_assert(s->lead.birth.known);
    story_end(s);
}

Test(merge, what_is_forgotten_under_one_id_is_forgotten)
{
    struct story *s = begin();

    act(s, "1", "all", NOW - 5);
    act(s, "2", "all", NOW - 1);
    OTHER(s, act(s, "x3", "once", NOW - 4));
    OTHER(s, command(s, "x4", "forget", NOW - 3));
    merge(s);
    expect(s, 1);
    cr_assert_eq(act(s, "5", "all", NOW - 4), SEUIL_VERDICT_FORGOTTEN);
    story_end(s);
}

Test(merge, the_command_says_into_whom)
{
    struct story *s = begin();
    struct seuil_merge asked;

    prepare(s, SEUIL_KIND_COMMAND, "1", T0);
    s->event.field[SEUIL_FIELD_NAME] = text_value("recycle");
    cr_assert_not(seuil_merge_read(&s->event, &asked));
    s->event.field[SEUIL_FIELD_NAME] = text_value("merge");
    cr_assert(seuil_merge_read(&s->event, &asked));
    cr_assert_eq(asked.into.len, 0);
    s->entries[0] = (struct seuil_entry){SEUIL_STR("into"), text_value("personne")};
    s->event.map_count = 1;
    cr_assert(seuil_merge_read(&s->event, &asked));
    cr_assert(seuil_str_eq(asked.into, SEUIL_STR("personne")));
    story_end(s);
}

Test(merge, the_birth_is_of_the_lead_that_was_there_first_under_this_id)
{
    struct story *s = begin();

    act(s, "1", "all", T0);
    OTHER(s, act(s, "x1", "all", T0 + 1));
    merge(s);
    cr_assert_eq(s->lead.birth.offset, 1, "it lives on");
    story_end(s);
    s = begin();
    OTHER(s, act(s, "x1", "all", T0));
    merge(s);
    cr_assert(s->lead.birth.known);
    cr_assert_eq(s->lead.birth.offset, s->event.position.offset, "it begins with the merge");
    story_end(s);
    s = begin();
    act(s, "1", "all", NOW - 5);
    command(s, "2", "forget", NOW - 4);
    OTHER(s, act(s, "x1", "all", NOW - 3));
    merge(s);
    cr_assert_not(s->lead.tombstone);
    cr_assert_eq(s->lead.birth.offset, s->event.position.offset, "another life");
    story_end(s);
    s = begin();
    act(s, "1", "all", NOW - 5);
    command(s, "2", "forget", NOW - 4);
    OTHER(s, act(s, "x1", "all", NOW - 4));
    merge(s);
    cr_assert(s->lead.tombstone, "the other's evidence is older than the cut");
    story_end(s);
}

static void act_ahead(struct story *s, const char *id, seuil_time_ms ahead_ms)
{
    prepare(s, SEUIL_KIND_ACTIVITY, id, NOW + ahead_ms);
    s->event.field[SEUIL_FIELD_NAME] = text_value("high");
    s->event.arrival = NOW;
    step(s);
}

Test(merge, events_that_wait_for_their_time_keep_where_they_came_from)
{
    struct story *s =
        story_begin("seuil_model: 1\nname: m\nversion: \"1\"\ngroups: {g: {}}\nrules:\n"
                    "  - {name: all, group: g, event: activity, when: {name: all}, points: 1}\n"
                    "  - {name: high, group: g, event: activity, when: {name: high}, points: 10}\n"
                    "tiers: [{name: cold}, {name: warm, entry: 10}, {name: hot, entry: 20},\n"
                    "        {name: hotter, entry: 30}]\n");
    static const char *const order[] = {"x1", "1", "x2"};

    seuil_lead_init(&other, SEUIL_STR("cookie-1"));
    act(s, "0", "all", T0);
    OTHER(s, act(s, "x0", "all", T0));
    act_ahead(s, "1", 2000);
    OTHER(s, act_ahead(s, "x1", 1000));
    OTHER(s, act_ahead(s, "x2", 3000));
    merge(s);
    cr_assert_eq(s->lead.cause_count, 3);
    for (int i = 0; i < 3; i++) {
        silence(s, NOW + 1000 * (i + 1));
        cr_assert_eq(crossing(s)->tier, i + 1);
        cr_assert(s->out.has_cause);
        cr_assert_eq(s->out.cause.id_len, strlen(order[i]));
        cr_assert_eq(memcmp(s->out.cause.id, order[i], strlen(order[i])), 0);
    }
    story_end(s);
}

Test(merge, clicks_that_both_have_folded_may_still_make_a_burst)
{
    static const char *const clicks =
        "seuil_model: 1\nname: m\nversion: \"1\"\ngroups: {g: {}}\nrules:\n"
        "  - {name: c, group: g, event: email, when: {action: clicked}, points: 10}\n"
        "  - {name: a, group: g, event: activity, points: 3}\n"
        "quarantine: {wait: 10s, burst: {links: 3, within: 2s}}\n"
        "tiers: [{name: cold}, {name: warm, entry: 500}]\n";
    struct story *s = story_begin(clicks);
    /* The first click of each has left recent then, the third not yet. */
    seuil_time_ms now = T0 + 700 + 7 * DAY + 10 * SEUIL_SECOND_MS;

    seuil_lead_init(&other, SEUIL_STR("cookie-1"));
    for (int i = 0; i < 3; i++) {
        char id[8], url[8];

        snprintf(id, sizeof(id), "c%d", i);
        snprintf(url, sizeof(url), "/%d", i);
        prepare(s, SEUIL_KIND_EMAIL, id, T0 + 500 * i);
        s->event.field[SEUIL_FIELD_ACTION] = text_value("clicked");
        s->event.field[SEUIL_FIELD_MESSAGE_ID] = text_value("m");
        s->event.field[SEUIL_FIELD_URL] = text_value(url);
        if (i == 1)
            OTHER(s, step(s));
        else
            step(s);
    }
    act(s, "1", "x", now);
    OTHER(s, act(s, "2", "x", now));
    cr_assert_eq(s->lead.evidence.recent_count, 2, "the third click and the activity");
    cr_assert_eq(other.evidence.recent_count, 1);
    cr_assert_float_eq(exact_score(s, now), 23, 1e-9);
    prepare(s, SEUIL_KIND_COMMAND, "merge", now);
    seuil_engine_merge(s->models, s->scratch, &s->event, &other, &s->lead, &s->out);
    /* The third one makes a burst of all; what was folded before stays accepted. */
    cr_assert_float_eq(exact_score(s, now), 26, 1e-9, "%g", exact_score(s, now));
    story_end(s);
}

static void retract(struct story *s, const char *id, const char *target, seuil_time_ms time)
{
    prepare(s, SEUIL_KIND_ACTIVITY, id, time);
    s->event.retracts = seuil_str_from(target);
    step(s);
}

Test(merge, of_two_retractions_of_one_event_the_later_stays)
{
    for (int first = 0; first < 2; first++) {
        struct story *s = begin();

        act(s, "1", "all", NOW - 9);
        OTHER(s, act(s, "1", "all", NOW - 9)); /* of an id that both leads were once */
        retract(s, "r1", "1", NOW - (first ? 8 : 7));
        OTHER(s, retract(s, "r2", "1", NOW - (first ? 7 : 8)));
        merge(s);
        cr_assert_eq(s->lead.evidence.recent_count, 2, "the event and one mark");
        cr_assert_eq(seuil_evidence_recent(&s->lead.evidence, 1)->key.time, NOW - 7);
        expect(s, 0);
        story_end(s);
    }
}

Test(merge, of_two_statuses_the_later_stays_although_the_other_lead_was_frozen_before)
{
    for (int first = 0; first < 2; first++) {
        struct story *s = begin();

        if (first) {
            command(s, "1", "convert", T0 + 7 * DAY);
            OTHER(s, command(s, "x1", "disqualify", T0 + 20 * DAY));
        } else {
            command(s, "1", "disqualify", T0 + 20 * DAY);
            OTHER(s, command(s, "x1", "convert", T0 + 7 * DAY));
        }
        act(s, "2", "all", T0 + 40 * DAY); /* both statuses are folded */
        OTHER(s, act(s, "x2", "all", T0 + 40 * DAY));
        merge(s);
        cr_assert_eq(tier(s), SEUIL_TIER_EXCLUDED);
        story_end(s);
    }
}
