/* A rule puts the lead straight into a tier, and holds it there (SCORING 6, 10.4). */

#include "lead_story.h"

static const char *const model =
    "seuil_model: 1\n"
    "name: m\n"
    "version: \"1\"\n"
    "decay: {half_life: 10d}\n"
    "groups: {g: {}}\n"
    "rules:\n"
    "  - {name: a, group: g, event: activity, when: {name: a}, points: 40}\n"
    "  - {name: quote, group: g, event: activity, when: {name: quote}, points: 10,\n"
    "     limit: {times: 1, within: 20d}, shortcut: {tier: sales, hold: 14d}}\n"
    "  - {name: call, group: g, event: activity, when: {name: call},\n"
    "     shortcut: {tier: warm, hold: 5d}}\n"
    "exclusions:\n"
    "  - {name: spam, event: activity, when: {name: spam}, points: -500, decay: {expires: 3d}}\n"
    "excluded: {mark: -500}\n"
    "tiers:\n"
    "  - {name: cold}\n"
    "  - {name: warm, entry: 30, exit: 20}\n"
    "  - {name: sales, entry: 100, exit: 5, alert: {cool_down: 30d}}\n";

Test(shortcut, it_puts_the_lead_into_the_tier_and_the_exit_mark_decides_at_the_end_of_the_hold)
{
    struct story *s = story_begin(model);

    act(s, "e1", "quote", T0);
    cr_assert_eq(crossing(s)->tier, 2);
    cr_assert_eq(crossing(s)->reason, SEUIL_REASON_SHORTCUT);
    cr_assert(crossing(s)->publish);
    cr_assert_eq(crossing(s)->qualified_until, T0 + 14 * DAY);
    cr_assert_eq(s->lead.due, T0 + 14 * DAY);
    silence(s, T0 + 14 * DAY - 1);
    cr_assert_eq(tier(s), 2);
    silence(s, T0 + 14 * DAY);
    cr_assert_eq(tier(s), 0, "3.79 points: less than any exit mark");
    cr_assert_eq(crossing(s)->reason, SEUIL_REASON_HOLD_ENDED);
    cr_assert_eq(crossing(s)->effective, T0 + 14 * DAY);
    story_end(s);
}

Test(shortcut, who_is_in_the_tier_stays_while_its_exit_mark_holds)
{
    struct story *s = story_begin(model);

    act(s, "e1", "quote", T0);
    act(s, "e2", "a", T0 + DAY);
    cr_assert_eq(silence(s, T0 + 14 * DAY), 0, "20.04 points: the end of the hold changes nothing");
    silence(s, T0 + 60 * DAY);
    cr_assert_eq(tier(s), 0);
    cr_assert_eq(crossing(s)->reason, SEUIL_REASON_DECAY);
    story_end(s);
}

Test(shortcut, the_hold_of_each_rule_ends_by_itself_and_the_highest_counts)
{
    struct story *s = story_begin(model);

    act(s, "e1", "quote", T0);
    act(s, "e2", "call", T0 + 12 * DAY);
    cr_assert_eq(s->out.crossing_count, 0);
    silence(s, T0 + 14 * DAY);
    cr_assert_eq(tier(s), 1);
    cr_assert_eq(crossing(s)->qualified_until, T0 + 17 * DAY);
    act(s, "e3", "call", T0 + 15 * DAY);
    silence(s, T0 + 20 * DAY - 1);
    cr_assert_eq(tier(s), 1);
    silence(s, T0 + 20 * DAY);
    cr_assert_eq(tier(s), 0);
    story_end(s);
}

Test(shortcut, an_exclusion_beats_it_and_lifted_within_the_hold_releases_it)
{
    struct story *s = story_begin(model);

    act(s, "e1", "spam", T0);
    act(s, "e2", "quote", T0 + 1);
    cr_assert_eq(tier(s), SEUIL_TIER_EXCLUDED);
    silence(s, T0 + 3 * DAY);
    cr_assert_eq(tier(s), 2);
    cr_assert_eq(crossing(s)->reason, SEUIL_REASON_EXCLUSION);
    cr_assert(crossing(s)->up);
    silence(s, T0 + 14 * DAY + 1);
    cr_assert_eq(tier(s), 0);
    story_end(s);
}

Test(shortcut, a_capped_event_fires_none_and_a_recycle_ends_all)
{
    struct story *s = story_begin(model);

    act(s, "e1", "quote", T0);
    act(s, "e2", "quote", T0 + 10 * DAY);
    silence(s, T0 + 14 * DAY);
    cr_assert_eq(tier(s), 0, "the second did not count");
    act(s, "e3", "quote", T0 + 21 * DAY);
    cr_assert_eq(tier(s), 2);
    command(s, "k1", "recycle", T0 + 22 * DAY);
    cr_assert_eq(tier(s), 0);
    cr_assert_eq(crossing(s)->reason, SEUIL_REASON_COMMAND);
    story_end(s);
}

Test(shortcut, it_ignores_a_cool_down_once_and_starts_the_next)
{
    struct story *s = story_begin(model);

    act(s, "e1", "quote", T0);
    cr_assert(crossing(s)->publish);
    silence(s, T0 + 14 * DAY);
    act(s, "e2", "quote", T0 + 20 * DAY);
    cr_assert(crossing(s)->publish, "within the cool-down");
    silence(s, T0 + 34 * DAY);
    cr_assert_eq(tier(s), 0);
    for (int i = 0; i < 3; i++) {
        char id[8];

        snprintf(id, sizeof(id), "a%d", i);
        act(s, id, "a", T0 + 35 * DAY + i);
    }
    cr_assert_eq(tier(s), 2);
    cr_assert_not(crossing(s)->publish, "the second started a cool-down of its own");
    story_end(s);
}

Test(shortcut, a_frozen_lead_keeps_its_tier_and_the_hold_ends_at_the_thaw)
{
    struct story *s = story_begin(model);

    act(s, "e1", "quote", T0);
    command(s, "k1", "convert", T0 + DAY);
    cr_assert_eq(s->lead.due, SEUIL_TIME_NEVER);
    command(s, "k2", "reopen", T0 + 30 * DAY);
    cr_assert_eq(tier(s), 0);
    story_end(s);
}

Test(shortcut, states_with_holds_are_saved_and_folded)
{
    struct story *s = story_begin(model);
    uint8_t bytes[SEUIL_LEAD_BYTES_MAX], again[SEUIL_LEAD_BYTES_MAX];
    size_t len;

    act(s, "e1", "quote", T0);
    act(s, "e2", "a", T0 + 9 * DAY); /* the first is folded */
    cr_assert_eq(s->lead.evidence.recent_count, 1);
    len = seuil_lead_write(&s->lead, bytes);
    seuil_lead_init(&s->lead, SEUIL_STR("L1"));
    cr_assert_eq(seuil_lead_read(bytes, len, &s->lead), 0);
    cr_assert_eq(seuil_lead_write(&s->lead, again), len);
    cr_assert_arr_eq(bytes, again, len);
    cr_assert_eq(seuil_engine_qualified_until(s->models, s->scratch, &s->lead, 0) > T0 + 20 * DAY,
                 true);
    story_end(s);
}

/* The tier it leaves has a mark that the score is just below: it is told on that side. */
Test(shortcut, a_score_in_a_hold_is_not_rounded_across_the_mark_it_left)
{
    struct story *s = story_begin(
        "seuil_model: 1\nname: m\nversion: \"1\"\ngroups: {g: {}}\nrules:\n"
        "  - {name: a, group: g, event: activity, when: {name: a}, points: 60,\n"
        "     decay: {half_life: 30d}}\n"
        "  - {name: b, group: g, event: activity, when: {name: b}, points: 0,\n"
        "     shortcut: {tier: warm, hold: 90d}}\n"
        "tiers: [{name: cold}, {name: warm, entry: 40}, {name: hot, entry: 50, exit: 30}]\n");

    act(s, "1", "a", T0);
    act(s, "2", "b", T0 + 1);
    silence(s, T0 + 31 * DAY);
    cr_assert_eq(tier(s), 1);
    cr_assert_lt(crossing(s)->explanation.exact, 30);
    cr_assert_float_eq(crossing(s)->explanation.score, 29.99, 1e-9);
    story_end(s);
    s = story_begin("seuil_model: 1\nname: m\nversion: \"1\"\ngroups: {g: {}}\nrules:\n"
                    "  - {name: b, group: g, event: activity, when: {name: b}, points: 39.996,\n"
                    "     shortcut: {tier: warm, hold: 90d}}\n"
                    "tiers: [{name: cold}, {name: warm, entry: 40}]\n");
    act(s, "1", "b", T0);
    cr_assert_eq(tier(s), 1);
    cr_assert_float_eq(crossing(s)->explanation.score, 39.99, 1e-9); /* it never was at 40 */
    story_end(s);
}

Test(shortcut, of_a_rule_of_absence_it_is_told_as_one)
{
    struct story *s =
        story_begin("seuil_model: 1\nname: m\nversion: \"1\"\ngroups: {g: {}}\nrules:\n"
                    "  - {name: gone, group: g, points: 1, shortcut: {tier: warm, hold: 3d},\n"
                    "     absence: {silence: 2d, without: {event: page_view},\n"
                    "               solicited: {event: activity, when: {name: sent}}}}\n"
                    "tiers: [{name: cold}, {name: warm, entry: 40}]\n");

    act(s, "1", "sent", T0);
    silence(s, T0 + 2 * DAY);
    cr_assert_eq(tier(s), 1);
    cr_assert_eq(crossing(s)->reason, SEUIL_REASON_SHORTCUT);
    story_end(s);
}
