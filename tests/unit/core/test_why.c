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

static const char *const composed =
    "seuil_model: 1\n"
    "name: m\n"
    "version: \"1\"\n"
    "groups: {g: {}}\n"
    "rules:\n"
    "  - {name: often, group: g, event: activity, when: {name: a}, points: 10,\n"
    "     frequency: {times: 3, within: 7d}}\n"
    "  - {name: back, group: g, event: activity, when: {name: b}, points: 10,\n"
    "     recency: {after: 30d}}\n"
    "  - {name: both, group: g, points: 12, together: {within: 2d, of: [\n"
    "      {event: activity, when: {name: a}}, {event: activity, when: {name: b}}]}}\n"
    "  - {name: then, group: g, points: 30, sequence: {within: 2d, of: [\n"
    "      {event: activity, when: {name: a}}, {event: activity, when: {name: c}}]}}\n"
    "  - {name: clicked, group: g, points: 14, last: {of: 3, at_least: 3, by: message_id,\n"
    "     among: {event: email, when: {action: delivered}},\n"
    "     having: {event: email, when: {action: clicked}}}}\n"
    "  - {name: bored, group: g, points: -5, streak: {times: 2,\n"
    "     of: {event: email, when: {action: delivered}},\n"
    "     without: {event: email, when: {action: clicked}}}}\n"
    "grades: {fit: {A: 20, B: 10, C: 5}}\n"
    "fit: {criteria: [{name: size, when: {size: big}, points: 12}]}\n"
    "tiers:\n"
    "  - {name: cold}\n"
    "  - {name: warm, entry: 30, when: {grade: [A, B]}}\n";

static void mail(struct story *s, const char *id, const char *action, const char *message,
                 seuil_time_ms time)
{
    prepare(s, SEUIL_KIND_EMAIL, id, time);
    s->event.field[SEUIL_FIELD_ACTION] = text_value(action);
    s->event.field[SEUIL_FIELD_MESSAGE_ID] = text_value(message);
    step(s);
}

Test(why, of_rules_of_several_events_it_says_how_many_are_missing)
{
    struct story *s = story_begin(composed);
    const struct seuil_why *w;

    profile(s, "p", "size", "big", T0);
    w = why(s, T0);
    cr_assert(!w->closed && w->missing == 18);
    cr_assert(way(w, "often")->events == 3 && way(w, "often")->times == 4, "3 for 10, 1 for 10");
    cr_assert(way(w, "both")->events == 2 && way(w, "both")->times == 3);
    cr_assert(way(w, "then")->events == 2 && way(w, "then")->times == 2);
    cr_assert_null(way(w, "back"), "nobody comes back who was never there");
    cr_assert_null(way(w, "bored"));
    act(s, "a", "a", T0 + 1);
    mail(s, "m1", "delivered", "m1", T0 + 2);
    mail(s, "m2", "delivered", "m2", T0 + 3);
    mail(s, "m3", "clicked", "m2", T0 + 4);
    w = why(s, T0 + 5);
    cr_assert_eq(way(w, "often")->events, 2);
    cr_assert_eq(way(w, "both")->events, 1);
    cr_assert_eq(way(w, "then")->events, 1);
    cr_assert_eq(way(w, "then")->times, 1);
    cr_assert_eq(way(w, "clicked")->events, 2, "the one that was sent, and another one");
    w = why(s, T0 + 3 * DAY);
    cr_assert_eq(way(w, "both")->events, 2, "a is too long ago");
    story_end(s);
}

Test(why, a_condition_that_does_not_hold_is_told_with_the_grade_that_would_do)
{
    struct story *s = story_begin(composed);
    const struct seuil_why *w;

    act(s, "a", "a", T0);
    w = why(s, T0);
    cr_assert(w->closed && w->letter == 'B');
    cr_assert_float_eq(w->letter_missing, 10, 1e-9);
    cr_assert_eq(way(w, "then")->times, 0, "no points open the tier");
    cr_assert_not(w->reopened);
    story_end(s);
}

Test(why, a_status_that_forbids_and_points_that_wait_for_a_condition_are_told)
{
    struct story *s =
        story_begin("seuil_model: 1\nname: m\nversion: \"1\"\ngroups: {g: {}}\nrules:\n"
                    "  - {name: a, group: g, event: activity, points: 10}\n"
                    "  - {name: vip, group: g, event: form, points: 40, while: {vip: true}}\n"
                    "status: {attribute: status, frozen: [client]}\n"
                    "tiers: [{name: cold}, {name: warm, entry: 30, when: {status: open}}]\n");
    const struct seuil_why *w;

    profile(s, "p", "status", "partner", T0);
    act(s, "e", "x", T0 + 1);
    w = why(s, T0 + 1);
    cr_assert(w->closed && w->reopened && w->letter == 0);
    cr_assert_eq(w->way_count, 2);
    cr_assert_str_eq(w->ways[0].name, "a");
    cr_assert(w->ways[1].waits && w->ways[1].times == 0 && w->ways[1].gain == 40);
    story_end(s);
}

Test(why, of_a_frequency_of_two_the_first_event_says_nothing_yet)
{
    struct story *s = story_begin(
        "seuil_model: 1\nname: m\nversion: \"1\"\ngroups: {g: {}}\nrules:\n"
        "  - {name: again, group: g, event: activity, when: {name: again}, points: 10,\n"
        "     frequency: {times: 2, within: 7d}}\n"
        "  - {name: a, group: g, event: activity, when: {name: a}, points: 1}\n"
        "tiers: [{name: cold}, {name: warm, entry: 20}]\n");

    act(s, "e1", "a", T0);
    cr_assert_eq(way(why(s, T0), "again")->events, 2);
    cr_assert_eq(way(why(s, T0), "again")->times, 3);
    act(s, "e2", "again", T0);
    cr_assert_eq(way(why(s, T0), "again")->events, 1);
    cr_assert_eq(way(why(s, T0), "again")->times, 2);
    story_end(s);
}

Test(why, of_a_forgotten_lead_nothing_is_said)
{
    struct story *s = story_begin(model);
    const struct seuil_why *w;

    act(s, "e1", "page", T0);
    command(s, "c1", "forget", T0 + 1);
    w = why(s, T0 + 2);
    cr_assert_eq(w->tier, 0);
    cr_assert_eq(w->way_count, 0);
    cr_assert_eq(w->told_at, SEUIL_TIME_NEVER);
    story_end(s);
}

Test(why, a_condition_on_attributes_is_told_by_the_fewest_tests_that_would_open_the_tier)
{
    struct story *s = story_begin(
        "seuil_model: 1\nname: m\nversion: \"1\"\ngroups: {g: {}}\nrules:\n"
        "  - {name: a, group: g, event: activity, points: 10}\n"
        "  - {name: vip, group: g, event: form, points: 40, while: {vip: true, size: big}}\n"
        "tiers: [{name: cold}, {name: warm, entry: 30, when: {budget: {at_least: 1000},\n"
        "  not: {country: IT}, any: [{job: boss, size: big}, {sector: [x, y]}]}}]\n");
    const struct seuil_why *w;
    const struct seuil_way *vip;

    profile(s, "p", "country", "IT", T0);
    profile(s, "q", "size", "big", T0 + 1);
    w = why(s, T0 + 1);
    cr_assert(w->closed && w->letter == 0 && !w->reopened);
    cr_assert_eq(w->needs.count, 3);
    for (unsigned i = 0; i < 3; i++) {
        const struct seuil_need *need = &w->needs.list[i];

        if (strcmp(need->name, "country") == 0)
            cr_assert(need->against && !need->unknown);
        else
            cr_assert(!need->against && need->unknown);
        cr_assert(strcmp(need->name, "size") != 0, "it is big already");
    }
    vip = way(w, "vip");
    cr_assert(vip->waits && vip->needs.count == 1);
    cr_assert_str_eq(vip->needs.list[0].name, "vip");
    profile(s, "r", "country", "FR", T0 + 2);
    cr_assert_eq(why(s, T0 + 2)->needs.count, 2);
    story_end(s);
}

Test(why, an_excluded_lead_is_told_by_what_and_what_would_be_enough)
{
    struct story *s =
        story_begin("seuil_model: 1\nname: m\nversion: \"1\"\ngroups: {g: {}}\nrules:\n"
                    "  - {name: a, group: g, event: activity, when: {name: a}, points: 10}\n"
                    "exclusions:\n"
                    "  - {name: rival, when: {domain: rival}, points: -1000}\n"
                    "  - {name: plain, when: {tone: bad}, points: -50}\n"
                    "  - {name: spam, event: activity, when: {name: spam}, points: -600, decay: "
                    "{linear: 10d}}\n"
                    "excluded: {mark: -500}\n"
                    "tiers: [{name: cold}, {name: warm, entry: 30}]\n");
    const struct seuil_why *w;

    profile(s, "p", "domain", "rival", T0);
    w = why(s, T0);
    cr_assert(w->excluded && !w->barred && w->bar_count == 1);
    cr_assert(w->bars[0].profile && w->bars[0].enough && w->bars[0].points == -1000);
    act(s, "s", "spam", T0 + 1);
    w = why(s, T0 + DAY + 1);
    cr_assert_eq(w->bar_count, 2);
    cr_assert_float_eq(w->exclusion, -1540, 1e-6);
    cr_assert(!w->bars[0].enough && !w->bars[1].enough, "each is enough to keep it there");
    w = why(s, T0 + 2 * DAY + 1);
    cr_assert(w->bars[0].enough && !w->bars[1].enough && !w->bars[1].profile);
    command(s, "k", "disqualify", T0 + 3 * DAY);
    w = why(s, T0 + 3 * DAY);
    cr_assert(w->barred && !w->bars[0].enough, "the command bars it, too");
    story_end(s);
}

Test(why, who_comes_back_must_have_been_away_and_a_silence_must_last)
{
    struct story *s =
        story_begin("seuil_model: 1\nname: m\nversion: \"1\"\ngroups: {g: {}}\nrules:\n"
                    "  - {name: back, group: g, event: activity, when: {name: b}, points: 30,\n"
                    "     recency: {after: 30d}}\n"
                    "  - {name: calm, group: g, points: 12, absence: {silence: 20d,\n"
                    "     without: {event: activity, when: {name: b}},\n"
                    "     solicited: {event: activity, when: {name: sent}}}}\n"
                    "tiers: [{name: cold}, {name: warm, entry: 30}]\n");
    const struct seuil_why *w;

    act(s, "b", "b", T0);
    w = why(s, T0 + DAY);
    cr_assert_eq(w->way_count, 1, "nobody was asked anything");
    cr_assert_eq(way(w, "back")->from, T0 + 30 * DAY + 1);
    cr_assert(way(w, "back")->times == 1 && way(w, "back")->events == 1);
    cr_assert_eq(way(why(s, T0 + 30 * DAY + 1), "back")->from, SEUIL_TIME_NONE, "now it counts");
    act(s, "s", "sent", T0 + DAY);
    w = why(s, T0 + 2 * DAY);
    cr_assert(way(w, "calm")->silent && way(w, "calm")->from == T0 + 20 * DAY);
    cr_assert_float_eq(way(w, "calm")->gain, 12, 1e-9);
    cr_assert_eq(way(w, "calm")->times, 0, "it is not enough");
    story_end(s);
}
