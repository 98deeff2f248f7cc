/* Rules of several events, frequency, silence (SCORING 4, 5, 6, 10.6, 10.8). */

#include "lead_story.h"

#define HOUR       SEUIL_HOUR_MS
#define HEAD       "seuil_model: 1\nname: m\nversion: \"1\"\ngroups: {g: {}}\nrules:\n"
#define TIERS      "tiers:\n  - {name: cold}\n  - {name: warm, entry: 1000}\n"
#define RULE(text) HEAD "  - {name: r, group: g, points: 1, " text "}\n" TIERS
#define NAMED(n)   "{event: activity, when: {name: " n "}}"

/* The score right after; the times are hours after T0. */
static double after(struct story *s, const char *id, const char *name, double hours)
{
    seuil_time_ms time = T0 + (int64_t)(hours * (double)HOUR);

    act(s, id, name, time);
    return exact_score(s, time);
}

static double after_mail(struct story *s, const char *id, const char *action, const char *mail,
                         double hours)
{
    seuil_time_ms time = T0 + (int64_t)(hours * (double)HOUR);

    prepare(s, SEUIL_KIND_EMAIL, id, time);
    s->event.field[SEUIL_FIELD_ACTION] = text_value(action);
    s->event.field[SEUIL_FIELD_MESSAGE_ID] = text_value(mail);
    step(s);
    return exact_score(s, time);
}

static void expect(double value, double expected)
{
    cr_assert_float_eq(value, expected, 1e-9, "%g, not %g", value, expected);
}

Test(compound, a_frequency_counts_from_the_nth_event_within_its_duration_on)
{
    struct story *s =
        story_begin(RULE("event: activity, when: {name: a}, frequency: {times: 3, within: 10h}"));

    expect(after(s, "1", "a", 0), 0);
    expect(after(s, "2", "a", 5), 0);
    expect(after(s, "3", "a", 10), 1); /* "within" includes its end */
    expect(after(s, "4", "a", 15), 2);
    expect(after(s, "5", "a", 15.1), 3);
    expect(after(s, "6", "a", 25.2), 3); /* only two others within ten hours: at 15.1 */
    story_end(s);
}

Test(compound, recency_asks_for_another_event_not_long_before_or_long_before)
{
    struct story *s = story_begin(RULE("event: activity, when: {name: a}, recency: {within: 2h}"));

    expect(after(s, "1", "a", 0), 0);
    expect(after(s, "2", "a", 2), 1);
    expect(after(s, "3", "a", 5), 1);
    story_end(s);
    s = story_begin(RULE("event: activity, when: {name: a}, recency: {after: 2h}"));
    expect(after(s, "1", "a", 0), 0); /* nobody comes back who has not been there */
    expect(after(s, "2", "a", 2), 0);
    expect(after(s, "3", "a", 5), 1);
    story_end(s);
}

Test(compound, a_frequency_of_one_beside_a_recency_is_the_recency)
{
    struct story *s = story_begin(RULE("event: activity, when: {name: a}, "
                                       "frequency: {times: 1, within: 1h}, recency: {within: 2h}"));

    expect(after(s, "1", "a", 0), 0);
    expect(after(s, "2", "a", 2), 1);
    expect(after(s, "3", "a", 5), 1);
    story_end(s);
}

Test(compound, all_legs_within_a_duration_in_any_order)
{
    struct story *s = story_begin(RULE("together: {within: 10h, of: [" NAMED("a") ", " NAMED(
        "b") ", [" NAMED("c") ", " NAMED("d") "]]}"));

    expect(after(s, "1", "c", 0), 0);
    expect(after(s, "2", "a", 5), 0);
    expect(after(s, "3", "b", 10), 1);
    expect(after(s, "4", "b", 10.5), 1); /* the c is too far */
    expect(after(s, "5", "d", 11), 2);
    expect(after(s, "6", "a", 12), 3); /* events are not consumed */
    story_end(s);
}

Test(compound, one_then_the_other_within_a_duration)
{
    struct story *s =
        story_begin(RULE("sequence: {within: 10h, of: [" NAMED("a") ", " NAMED("b") "]}"));

    expect(after(s, "1", "b", 0), 0);
    expect(after(s, "2", "a", 1), 0);
    expect(after(s, "3", "b", 11), 1);
    expect(after(s, "4", "b", 11.5), 1);
    expect(after(s, "5", "a", 12), 1);
    /* A late earlier event takes part at its own time. */
    after(s, "6", "a", 6);
    expect(exact_score(s, T0 + 12 * HOUR), 2);
    story_end(s);
}

Test(compound, a_sequence_of_three_keeps_the_latest_beginning)
{
    struct story *s = story_begin(
        RULE("sequence: {within: 10h, of: [" NAMED("a") ", " NAMED("b") ", " NAMED("c") "]}"));

    expect(after(s, "1", "a", 0), 0);
    expect(after(s, "2", "b", 2), 0);
    expect(after(s, "3", "a", 6), 0);
    expect(after(s, "4", "c", 9), 1);
    expect(after(s, "5", "c", 11), 1); /* a at 0 is too far, and no b has come after a at 6 */
    expect(after(s, "6", "b", 12), 1);
    expect(after(s, "7", "c", 16), 2);
    story_end(s);
}

Test(compound, an_event_does_not_follow_itself)
{
    struct story *s =
        story_begin(RULE("sequence: {within: 10h, of: [" NAMED("a") ", " NAMED("a") "]}"));

    expect(after(s, "1", "a", 0), 0);
    expect(after(s, "2", "a", 1), 1);
    story_end(s);
}

#define SENT     "{event: email, when: {action: delivered}}"
#define CLICKED  "{event: email, when: {action: clicked}}"
#define ANSWERED "{event: email, when: {action: [opened, clicked]}}"

Test(compound, clicked_in_each_of_the_last_three)
{
    struct story *s =
        story_begin(RULE("last: {of: 3, among: " SENT ", having: " CLICKED ", by: message_id}"));

    after_mail(s, "s1", "delivered", "m1", 0);
    after_mail(s, "c1", "clicked", "m1", 1);
    after_mail(s, "s2", "delivered", "m2", 2);
    after_mail(s, "s3", "delivered", "m3", 3);
    expect(after_mail(s, "c3", "clicked", "m3", 4), 0);
    expect(after_mail(s, "c2", "clicked", "m2", 5), 1);
    expect(after_mail(s, "c2b", "clicked", "m2", 6), 2);
    after_mail(s, "s4", "delivered", "m4", 7);
    expect(after_mail(s, "c1b", "clicked", "m1", 8), 2); /* m1 is none of the last three */
    expect(after_mail(s, "c4", "clicked", "m4", 9), 3);
    story_end(s);
}

/* What was pushed out of the last is not new when it is met again. */
Test(compound, an_object_keeps_its_place_whatever_of_is)
{
    struct story *s = story_begin(
        RULE("last: {of: 1, among: " ANSWERED ", having: " CLICKED ", by: message_id}"));
    char id[8], mail[8];

    expect(after_mail(s, "c1", "clicked", "m1", 0), 1);
    expect(after_mail(s, "o2", "opened", "m2", 1), 1);
    expect(after_mail(s, "c1b", "clicked", "m1", 2), 1); /* m2 is the last still */
    expect(after_mail(s, "c2", "clicked", "m2", 3), 2);
    for (unsigned i = 3; i <= 16; i++) {
        snprintf(id, sizeof(id), "o%u", i);
        snprintf(mail, sizeof(mail), "m%u", i);
        after_mail(s, id, "opened", mail, 4);
    }
    expect(after_mail(s, "c1c", "clicked", "m1", 5), 2);
    after_mail(s, "o17", "opened", "m17", 6); /* m1 is forgotten */
    expect(after_mail(s, "c1d", "clicked", "m1", 7), 3);
    story_end(s);
}

Test(compound, so_many_in_a_row_without_an_answer_and_the_count_starts_again)
{
    struct story *s = story_begin(RULE("streak: {times: 3, of: " SENT ", without: " ANSWERED "}"));

    after_mail(s, "s1", "delivered", "m1", 0);
    after_mail(s, "s2", "delivered", "m2", 1);
    after_mail(s, "o1", "opened", "m1", 2);
    after_mail(s, "s3", "delivered", "m3", 3);
    after_mail(s, "s4", "delivered", "m4", 4);
    expect(after_mail(s, "s5", "delivered", "m5", 5), 1);
    after_mail(s, "s6", "delivered", "m6", 6);
    expect(after_mail(s, "s7", "delivered", "m7", 7), 1);
    expect(after_mail(s, "s8", "delivered", "m8", 8), 2);
    story_end(s);
}

#define SILENCE                                                                                    \
    "{silence: 30d, without: " ANSWERED                                                            \
    ", solicited: {times: 2, event: email, when: {action: delivered}}}"

Test(compound, absence_is_a_timer_of_those_who_were_solicited)
{
    struct story *s = story_begin(HEAD "  - {name: r, group: g, points: 1, absence: " SILENCE "}\n"
                                       "tiers: [{name: cold}, {name: warm, entry: 1}]\n");

    after_mail(s, "s1", "delivered", "m1", 0);
    cr_assert_eq(s->lead.due, T0 + 400 * DAY, "one e-mail is too few: nothing is to come");
    after_mail(s, "o1", "opened", "m1", 24);
    after_mail(s, "s2", "delivered", "m2", 48);
    after_mail(s, "s3", "delivered", "m3", 72);
    cr_assert_eq(s->lead.due, T0 + 31 * DAY, "thirty days after the opening");
    silence(s, T0 + 31 * DAY);
    cr_assert_eq(tier(s), 1);
    cr_assert_eq(crossing(s)->reason, SEUIL_REASON_DECAY);
    cr_assert_eq(crossing(s)->effective, T0 + 31 * DAY);
    /* Clock and count start again: nothing more without two more. */
    silence(s, T0 + 200 * DAY);
    expect(exact_score(s, T0 + 200 * DAY), 1);
    after_mail(s, "s4", "delivered", "m4", 24 * 201);
    expect(after_mail(s, "s5", "delivered", "m5", 24 * 202), 2);
    story_end(s);
}

#define ESCAPE                                                                                     \
    HEAD "  - {name: a, group: g, event: activity, when: {name: a}, points: 50, limit: once}\n"    \
         "  - {name: b, group: g, event: activity, when: {name: b}, points: 5}\n"                  \
         "reset: " SILENCE "\ntiers: [{name: cold}, {name: warm, entry: 50}]\n"

Test(reset, silence_of_a_solicited_lead_zeroes_behaviour_and_slots_stay_used)
{
    struct story *s = story_begin(ESCAPE);

    after(s, "a1", "a", 0);
    adjust(s, "adj", 7, 0, T0 + HOUR);
    after_mail(s, "s1", "delivered", "m1", 24);
    expect(after_mail(s, "s2", "delivered", "m2", 48), 57);
    /* Silence runs from the first event, since there was no human action. */
    cr_assert_eq(s->lead.due, T0 + 30 * DAY);
    silence(s, T0 + 30 * DAY);
    cr_assert_eq(crossing(s)->reason, SEUIL_REASON_RESET);
    cr_assert_eq(crossing(s)->effective, T0 + 30 * DAY);
    expect(exact_score(s, T0 + 30 * DAY), 7);
    expect(after(s, "a2", "a", 24 * 31), 7); /* once is once */
    expect(after(s, "b1", "b", 24 * 32), 12);
    story_end(s);
}

Test(reset, no_reset_without_enough_deliveries_and_at_once_when_they_come)
{
    struct story *s = story_begin(ESCAPE);

    after(s, "a1", "a", 0);
    after_mail(s, "s1", "delivered", "m1", 24);
    silence(s, T0 + 90 * DAY);
    expect(exact_score(s, T0 + 90 * DAY), 50);
    expect(after_mail(s, "s2", "delivered", "m2", 24 * 91), 0);
    cr_assert_eq(crossing(s)->reason, SEUIL_REASON_RESET);
    story_end(s);
}

Test(reset, an_answer_that_comes_late_undoes_it)
{
    struct story *s = story_begin(ESCAPE);

    after(s, "a1", "a", 0);
    after_mail(s, "s1", "delivered", "m1", 24);
    after_mail(s, "s2", "delivered", "m2", 24 * 27);
    silence(s, T0 + 30 * DAY);
    expect(exact_score(s, T0 + 30 * DAY), 0);
    after_mail(s, "o1", "opened", "m2", 24 * 28);
    cr_assert_eq(tier(s), 1);
    cr_assert_eq(crossing(s)->reason, SEUIL_REASON_CORRECTION);
    expect(exact_score(s, T0 + 30 * DAY), 50);
    story_end(s);
}

Test(compound, of_the_last_objects_those_without_a_name_are_none)
{
    struct story *s = story_begin(RULE("last: {of: 2, at_least: 2, by: message_id,\n"
                                       "     among: {event: email, when: {action: delivered}},\n"
                                       "     having: {event: email, when: {action: clicked}}}"));

    for (int i = 0; i < 2; i++) {
        prepare(s, SEUIL_KIND_EMAIL, i ? "c0" : "d0", T0 + i);
        s->event.field[SEUIL_FIELD_ACTION] = text_value(i ? "clicked" : "delivered");
        step(s);
    }
    after_mail(s, "d1", "delivered", "m1", 1);
    expect(after_mail(s, "c1", "clicked", "m1", 2), 0);
    after_mail(s, "d2", "delivered", "m2", 3);
    expect(after_mail(s, "c2", "clicked", "m2", 4), 1);
    story_end(s);
}
