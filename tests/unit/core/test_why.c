/* Why not yet, and what would do it. */

#include "core/why.h"
#include "lead_story.h"

static const char *const model =
    "seuil_model: 1\n"
    "name: m\n"
    "version: \"1\"\n"
    "groups: {g: {ceiling: 50}, h: {}}\n"
    "rules:\n"
    "  - {name: page, group: g, event: activity, when: {name: page}, points: 10}\n"
    "  - {name: once, group: g, event: activity, when: {name: once}, points: 30, limit: once}\n"
    "  - {name: few, group: h, event: activity, when: {name: few}, points: 20,\n"
    "     limit: {times: 2, within: 1d}}\n"
    "  - {name: bad, group: h, event: activity, when: {name: bad}, points: -5}\n"
    "  - {name: quote, group: h, event: activity, when: {name: quote}, points: 1,\n"
    "     shortcut: {tier: sales, hold: 3d}}\n"
    "fit:\n"
    "  ceiling: 12\n"
    "  criteria:\n"
    "    - {name: job, when: {job: boss}, points: 25}\n"
    "    - {name: size, when: {size: big}, points: 8}\n"
    "tiers:\n"
    "  - {name: cold}\n"
    "  - {name: warm, entry: 40, alert: {for: 10m}}\n"
    "  - {name: sales, entry: 60, when: {job: boss}}\n";

static struct seuil_why *why(struct story *s, seuil_time_ms at)
{
    static struct seuil_why answer;

    cr_assert_eq(seuil_engine_why(s->models, s->scratch, &s->lead, 0, at, &answer), 0);
    return &answer;
}

static const struct seuil_way *way(const struct seuil_why *why, const char *name)
{
    for (uint32_t i = 0; i < why->way_count; i++)
        if (strcmp(why->ways[i].name, name) == 0)
            return &why->ways[i];
    return NULL;
}

Test(why, the_distance_and_what_would_bridge_it_the_least_effort_first)
{
    struct story *s = story_begin(model);
    const struct seuil_why *w;

    act(s, "e1", "page", T0);
    w = why(s, T0);
    cr_assert_eq(w->tier, 1);
    cr_assert_float_eq(w->missing, 30, 1e-9);
    cr_assert_str_eq(w->ways[0].name, "quote");
    cr_assert(w->ways[0].shortcut);
    cr_assert_str_eq(w->ways[1].name, "once");
    cr_assert_eq(w->ways[1].times, 1);
    cr_assert_str_eq(w->ways[2].name, "few");
    cr_assert_eq(w->ways[2].times, 2);
    cr_assert_eq(way(w, "page")->times, 3);
    cr_assert_float_eq(way(w, "job")->gain, 12, 1e-9, "as far as the ceiling of fit");
    cr_assert_null(way(w, "bad"));
    cr_assert(way(w, "job")->profile);
    cr_assert_not(way(w, "page")->profile);
    story_end(s);
}

Test(why, used_limits_and_full_groups_are_no_way)
{
    struct story *s = story_begin(model);
    const struct seuil_why *w;

    act(s, "e1", "once", T0);
    act(s, "e2", "few", T0);
    w = why(s, T0);
    cr_assert_eq(w->tier, 2);
    cr_assert(w->closed, "only a boss gets there, whatever the score");
    cr_assert_null(way(w, "once"));
    cr_assert_eq(w->told_at, T0 + 10 * SEUIL_MINUTE_MS);
    act(s, "e3", "page", T0 + 1);
    act(s, "e4", "page", T0 + 2);
    act(s, "e5", "few", T0 + 3);
    w = why(s, T0 + 3);
    cr_assert_null(way(w, "page"), "the group is full");
    cr_assert_null(way(w, "few"));
    cr_assert_float_eq(way(why(s, T0 + 2 * DAY), "few")->gain, 20, 1e-9);
    story_end(s);
}

Test(why, of_a_frozen_and_of_a_held_lead_the_reason_is_told)
{
    struct story *s = story_begin(model);

    profile(s, "p1", "job", "boss", T0);
    act(s, "e1", "quote", T0);
    cr_assert_eq(why(s, T0)->tier, 0, "it is in the highest");
    cr_assert_eq(why(s, T0)->held_until, T0 + 3 * DAY);
    command(s, "k1", "convert", T0 + DAY);
    cr_assert(why(s, T0 + DAY)->frozen);
    cr_assert_eq(why(s, T0 + DAY)->way_count, 0);
    command(s, "k2", "disqualify", T0 + DAY + 1);
    cr_assert(why(s, T0 + DAY + 1)->excluded);
    story_end(s);
}
