/* Limits choose the earliest events by time, whatever the order of arrival. */

#include "lead_story.h"

static const char *const model =
    "seuil_model: 1\n"
    "name: m\n"
    "version: \"1\"\n"
    "zone: Europe/Paris\n"
    "decay: {half_life: 1d}\n"
    "groups: {g: {}}\n"
    "rules:\n"
    "  - {name: once, group: g, event: activity, when: {name: once}, points: 8, limit: once}\n"
    "  - {name: each, group: g, event: activity, when: {name: each}, points: 1, decay: none,\n"
    "     limit: {per: object}}\n"
    "  - {name: daily, group: g, event: activity, when: {name: daily}, points: 1, decay: none,\n"
    "     limit: {times: 2, per: day}}\n"
    "  - {name: rolling, group: g, event: activity, when: {name: rolling}, points: 1, decay: "
    "none,\n"
    "     limit: {times: 2, within: 24h}}\n"
    "  - {name: both, group: g, event: activity, when: {name: both}, points: 1, decay: none,\n"
    "     limit: [{per: object}, {times: 2, per: day}]}\n"
    "tiers:\n"
    "  - {name: cold}\n"
    "  - {name: warm, entry: 1000}\n";

Test(limit, a_late_earlier_event_takes_the_slot_of_a_later_one)
{
    struct story *s = story_begin(model);

    act(s, "e2", "once", T0 + DAY);
    cr_assert_float_eq(score(s, T0 + DAY), 8, 1e-9);
    act(s, "e1", "once", T0);
    cr_assert_float_eq(score(s, T0 + DAY), 4, 1e-9, "the award is a day old now");
    cr_assert_str_eq(explain(s, T0 + DAY)->lines[0].limited_by, "lead");
    cr_assert_eq(explain(s, T0 + DAY)->lines[0].count, 1);
    story_end(s);
}

Test(limit, each_object_has_its_own_slot)
{
    struct story *s = story_begin(model);

    act_on(s, "e1", "each", "x", T0);
    act_on(s, "e2", "each", "x", T0 + 1);
    act_on(s, "e3", "each", "y", T0 + 2);
    cr_assert_float_eq(score(s, T0 + 2), 2, 1e-9);
    cr_assert_str_eq(explain(s, T0 + 2)->lines[0].limited_by, "object");
    story_end(s);
}

Test(limit, days_begin_at_local_midnight_and_one_is_23_hours_long)
{
    struct story *s = story_begin(model);
    /* 2026-03-28T23:00Z is midnight in Paris; the next midnight is 23 hours later. */
    seuil_time_ms midnight = T0 + 26 * DAY + 15 * SEUIL_HOUR_MS;

    act(s, "e1", "daily", midnight);
    act(s, "e2", "daily", midnight + 1);
    act(s, "e3", "daily", midnight + 23 * SEUIL_HOUR_MS - 1);
    cr_assert_float_eq(score(s, midnight + DAY), 2, 1e-9);
    act(s, "e4", "daily", midnight + 23 * SEUIL_HOUR_MS);
    cr_assert_float_eq(score(s, midnight + DAY), 3, 1e-9);
    act(s, "e0", "daily", midnight - 1);
    cr_assert_float_eq(score(s, midnight + DAY), 4, 1e-9);
    cr_assert_str_eq(explain(s, midnight + DAY)->lines[0].limited_by, "day");
    story_end(s);
}

Test(limit, a_rolling_window_ends_exactly_at_its_length)
{
    struct story *s = story_begin(model);

    act(s, "e1", "rolling", T0);
    act(s, "e2", "rolling", T0 + 1000);
    act(s, "e3", "rolling", T0 + DAY - 1);
    cr_assert_float_eq(score(s, T0 + 2 * DAY), 2, 1e-9);
    act(s, "e4", "rolling", T0 + DAY);
    cr_assert_float_eq(score(s, T0 + 2 * DAY), 3, 1e-9);
    story_end(s);
}

Test(limit, several_limits_must_all_have_room)
{
    struct story *s = story_begin(model);

    act_on(s, "e1", "both", "x", T0);
    act_on(s, "e2", "both", "x", T0 + 1);
    act_on(s, "e3", "both", "y", T0 + 2);
    act_on(s, "e4", "both", "z", T0 + 3);
    cr_assert_float_eq(score(s, T0 + 3), 2, 1e-9);
    act_on(s, "e5", "both", "z", T0 + DAY);
    cr_assert_float_eq(score(s, T0 + DAY), 3, 1e-9, "an event without room uses no slot");
    story_end(s);
}

Test(limit, slots_stay_used_after_their_events_left_the_horizon)
{
    struct story *s = story_begin(model);

    act(s, "e1", "once", T0);
    act_on(s, "e2", "each", "x", T0);
    act(s, "e3", "daily", T0 + 30 * DAY);
    cr_assert_eq(s->lead.evidence.recent_count, 1, "the rest is folded");
    act(s, "e4", "once", T0 + 31 * DAY);
    act_on(s, "e5", "each", "x", T0 + 31 * DAY);
    cr_assert_float_eq(score(s, T0 + 31 * DAY), 2, 1e-6, "one of each, one daily");
    story_end(s);
}

Test(limit, an_object_that_is_not_there_is_another_than_false)
{
    static const char *const per_machine =
        "seuil_model: 1\nname: m\nversion: \"1\"\ngroups: {g: {}}\nrules:\n"
        "  - {name: each, group: g, event: email, points: 1, limit: {per: machine}}\n"
        "tiers: [{name: cold}, {name: warm, entry: 1000}]\n";
    struct story *s = story_begin(per_machine);

    for (int i = 0; i < 6; i++) {
        char id[8];

        snprintf(id, sizeof(id), "e%d", i);
        prepare(s, SEUIL_KIND_EMAIL, id, T0 + i);
        s->event.field[SEUIL_FIELD_ACTION] = text_value("opened");
        if (i % 3)
            s->event.field[SEUIL_FIELD_MACHINE] =
                (struct seuil_value){.type = SEUIL_TYPE_BOOL, .b = i % 3 == 1};
        step(s);
    }
    cr_assert_float_eq(score(s, T0 + 9), 3, 1e-9);
    story_end(s);
}

static double of_window(const char *limits, int64_t gap)
{
    char yaml[512];
    struct story *s;
    double got;

    snprintf(yaml, sizeof(yaml),
             "seuil_model: 1\nname: m\nversion: \"1\"\ngroups: {g: {}}\nrules:\n"
             "  - {name: a, group: g, event: activity, when: {name: a}, points: 5,\n"
             "     decay: {expires: 1d}, limit: [%s]}\n"
             "  - {name: k, group: g, event: activity, when: {name: k}, points: 1}\n"
             "tiers: [{name: cold}, {name: warm, entry: 100}]\n",
             limits);
    s = story_begin(yaml);
    act(s, "k", "k", T0);
    act(s, "e1", "a", T0);
    act(s, "k2", "k", T0 + 15 * DAY); /* the first one is folded by then, and has ended */
    act(s, "e2", "a", T0 + gap);
    got = score(s, T0 + gap) - 2;
    story_end(s);
    return got;
}

Test(limit, an_award_that_has_ended_holds_its_slot_as_long_as_the_limit_looks_back)
{
    cr_assert_eq(of_window("{times: 1, within: 20d}", 20 * DAY - 1), 0);
    cr_assert_eq(of_window("{times: 1, within: 20d}", 20 * DAY), 5);
    cr_assert_eq(of_window("{times: 1, within: 20d}, {times: 1, within: 1h}", 20 * DAY - 1), 0);
    cr_assert_eq(of_window("{times: 1, within: 1h}, {times: 1, within: 20d}", 20 * DAY - 1), 0);
    cr_assert_eq(of_window("{times: 1, within: 1h}", 16 * DAY), 5);
}
