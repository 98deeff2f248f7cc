/* Inactivity (SCORING 3, 10.7) of contributions that cancel out. */

#include "lead_story.h"

#define HEAD(decay)                                                                                \
    "seuil_model: 1\nname: m\nversion: \"1\"\ndecay: {inactivity: {every: 2d, " decay "}}\n"       \
    "groups: {good: {}, bad: {floor: 0}}\nrules:\n"                                                \
    "  - {name: a, group: good, event: activity, when: {name: a}, points: 20}\n"                   \
    "  - {name: b, group: bad, event: activity, when: {name: b}, points: -20}\n"                   \
    "tiers: [{name: cold}, {name: warm, entry: 10}]\n"

/* Together they are worth nothing; but the one is clamped away, and the other fades alone. */
Test(idle, what_cancels_out_fades_all_the_same)
{
    struct story *s = story_begin(HEAD("keep: 0.5"));

    act(s, "1", "a", T0);
    act(s, "2", "b", T0);
    cr_assert_eq(tier(s), 1);
    cr_assert_eq(s->lead.due, T0 + 4 * DAY);
    silence(s, T0 + 4 * DAY);
    cr_assert_eq(tier(s), 0);
    cr_assert_float_eq(score(s, T0 + 4 * DAY), 5, 1e-9);
    silence(s, T0 + 20 * DAY);
    cr_assert_not(s->lead.expired);
    silence(s, T0 + 100 * DAY);
    cr_assert(s->lead.expired);
    story_end(s);
}

Test(idle, of_what_cancels_out_nothing_can_be_subtracted)
{
    struct story *s = story_begin(HEAD("subtract: 5"));

    act(s, "1", "a", T0);
    act(s, "2", "b", T0);
    cr_assert_eq(s->lead.due, SEUIL_TIME_NEVER);
    cr_assert_float_eq(score(s, T0 + 100 * DAY), 20, 1e-9);
    story_end(s);
}

/* 0.1 + 0.2 - 0.3 is not quite 0. */
Test(idle, the_last_bits_of_what_cancels_out_are_nothing)
{
    struct story *s = story_begin(
        "seuil_model: 1\nname: m\nversion: \"1\"\ndecay: {inactivity: {every: 2d, subtract: 5}}\n"
        "groups: {good: {}, bad: {floor: 0}}\nrules:\n"
        "  - {name: a, group: good, event: activity, when: {name: a}, points: 0.1}\n"
        "  - {name: b, group: good, event: activity, when: {name: b}, points: 0.2}\n"
        "  - {name: c, group: bad, event: activity, when: {name: c}, points: -0.3}\n"
        "tiers: [{name: cold}, {name: warm, entry: 0.3}]\n");

    act(s, "1", "a", T0);
    act(s, "2", "b", T0);
    act(s, "3", "c", T0);
    silence(s, T0 + 100 * DAY);
    cr_assert_float_eq(score(s, T0 + 100 * DAY), 0.30, 1e-9);
    cr_assert_not(s->lead.expired);
    story_end(s);
}
