/* Who is it, in letters; what does it do, in digits; and what hangs on that. */

#include "lead_story.h"

static const char *const model =
    "seuil_model: 1\n"
    "name: m\n"
    "version: \"1\"\n"
    "groups: {g: {ceiling: 100, decay: {half_life: 10d}}}\n"
    "rules:\n"
    "  - {name: a, group: g, event: activity, when: {name: a}, points: 40}\n"
    "  - {name: b, group: g, event: activity, when: {name: b}, points: 20,\n"
    "     while: {grade: [A, B], not: {status: [customer, lost]}}}\n"
    "fit:\n"
    "  criteria:\n"
    "    - {name: size, cases: [{when: {size: {at_least: 250}}, points: 30},\n"
    "                           {when: {size: {at_least: 50}}, points: 20}]}\n"
    "    - {name: job, when: {job: {contains: dir}}, points: 15}\n"
    "    - {name: budget, points: {field: budget, factor: 0.001, ceiling: 10}}\n"
    "grades: {fit: {A: 40, B: 20, C: 10}, behaviour: {1: 60, 2: 40, 3: 10}}\n"
    "exclusions: [{name: spam, event: activity, when: {name: spam}, points: -500}]\n"
    "excluded: {mark: -500}\n"
    "status: {attribute: state, frozen: [customer]}\n"
    "tiers:\n"
    "  - {name: cold}\n"
    "  - {name: warm, entry: 40, exit: 30}\n"
    "  - {name: sales, entry: 60, exit: 50, when: {grade: [A, B]}}\n";

static const char *grade(struct story *s, seuil_time_ms at)
{
    return explain(s, at)->grade;
}

Test(grade, letters_come_from_fit_and_digits_from_behaviour_as_it_decays)
{
    struct story *s = story_begin(model);

    act(s, "e1", "a", T0);
    cr_assert_str_eq(grade(s, T0), "D2");
    cr_assert_str_eq(crossing(s)->explanation.grade, "D2");
    profile(s, "p1", "size", "80", T0 + 1);
    cr_assert_str_eq(grade(s, T0 + 1), "B3");
    profile(s, "p2", "size", "300", T0 + 2);
    profile(s, "p3", "job", "directrice", T0 + 3);
    cr_assert_str_eq(grade(s, T0 + 3), "A3");
    cr_assert_str_eq(grade(s, T0 + 20 * DAY), "A3", "10 exactly");
    cr_assert_str_eq(grade(s, T0 + 20 * DAY + 1), "A4");
    act(s, "e2", "spam", T0 + 4);
    cr_assert_str_eq(crossing(s)->explanation.grade, "X");
    story_end(s);
}

Test(grade, a_number_of_the_profile_gives_points_up_to_a_ceiling)
{
    struct story *s = story_begin(model);

    profile(s, "p1", "budget", "4500", T0);
    cr_assert_float_eq(score(s, T0), 4.5, 1e-9);
    profile(s, "p2", "budget", "45000", T0 + 1);
    cr_assert_float_eq(score(s, T0 + 1), 10, 1e-9);
    profile(s, "p3", "budget", "unknown", T0 + 2);
    cr_assert_float_eq(score(s, T0 + 2), 0, 1e-9);
    cr_assert_float_eq(explain(s, T0 + 2)->completeness, 1. / 3, 1e-9);
    story_end(s);
}

Test(grade, a_tier_with_a_condition_is_entered_and_kept_only_while_it_holds)
{
    struct story *s = story_begin(model);

    act(s, "e1", "a", T0);
    act(s, "e2", "a", T0 + 1);
    cr_assert_eq(tier(s), 1, "80 points, but a D");
    cr_assert_eq(s->out.crossing_count, 0);
    profile(s, "p1", "size", "80", T0 + 2);
    cr_assert_eq(tier(s), 2);
    cr_assert(crossing(s)->up);
    cr_assert_float_eq((double)crossing(s)->qualified_until, (double)T0 + 10 * DAY * log2(80. / 30),
                       60000);
    profile(s, "p2", "size", "10", T0 + 3);
    cr_assert_eq(tier(s), 1, "the score would still do");
    cr_assert_not(crossing(s)->up);
    story_end(s);
}

Test(grade, points_count_while_the_condition_of_their_rule_holds)
{
    struct story *s = story_begin(model);

    act(s, "e1", "b", T0);
    cr_assert_float_eq(score(s, T0), 0, 1e-9);
    profile(s, "p1", "size", "80", T0);
    cr_assert_float_eq(score(s, T0), 40, 1e-9);
    profile(s, "p2", "state", "lost", T0 + 1);
    cr_assert_float_eq(score(s, T0 + 1), 20, 0.01);
    command(s, "k1", "reopen", T0 + 2);
    cr_assert_float_eq(score(s, T0 + 2), 40, 0.01);
    story_end(s);
}

Test(grade, fit_may_be_the_weighted_mean_of_its_criteria)
{
    struct story *s = story_begin("seuil_model: 1\n"
                                  "name: m\n"
                                  "version: \"1\"\n"
                                  "fit:\n"
                                  "  mean: true\n"
                                  "  criteria:\n"
                                  "    - {name: mail, when: {mail: ok}, points: 100, weight: 3}\n"
                                  "    - {name: phone, when: {phone: ok}, points: 50}\n"
                                  "grades: {fit: {A: 80, B: 50, C: 20}}\n"
                                  "tiers: [{name: cold}, {name: warm, entry: 87.5}]\n");

    profile(s, "p1", "mail", "ok", T0);
    cr_assert_float_eq(score(s, T0), 75, 1e-9);
    cr_assert_str_eq(grade(s, T0), "B");
    profile(s, "p2", "phone", "ok", T0 + 1);
    cr_assert_float_eq(crossing(s)->explanation.score, 87.5, 1e-9);
    cr_assert_str_eq(crossing(s)->explanation.grade, "A");
    cr_assert_eq(crossing(s)->explanation.line_count, 2);
    cr_assert_float_eq(crossing(s)->explanation.lines[0].now, 75, 1e-9);
    cr_assert_float_eq(crossing(s)->explanation.lines[1].now, 12.5, 1e-9);
    story_end(s);
}

Test(grade, points_that_do_not_count_now_keep_the_lead)
{
    struct story *s = story_begin("seuil_model: 1\n"
                                  "name: m\n"
                                  "version: \"1\"\n"
                                  "groups: {g: {decay: {expires: 90d}}}\n"
                                  "rules:\n"
                                  "  - {name: a, group: g, event: activity, when: {name: a},\n"
                                  "     points: 40, while: {size: big}}\n"
                                  "tiers: [{name: cold}, {name: warm, entry: 30}]\n");

    act(s, "e1", "a", T0);
    silence(s, T0 + 80 * DAY);
    cr_assert_not(s->lead.expired);
    profile(s, "p1", "size", "big", T0 + 80 * DAY);
    cr_assert_eq(tier(s), 1);
    cr_assert_eq(crossing(s)->qualified_until, T0 + 90 * DAY);
    story_end(s);
}

Test(grade, a_criterion_of_several_attributes_is_known_when_all_of_them_are)
{
    struct story *s =
        story_begin("seuil_model: 1\nname: m\nversion: \"1\"\ngroups: {g: {}}\nrules:\n"
                    "  - {name: a, group: g, event: activity, points: 40}\n"
                    "fit: {criteria: [{name: both, points: 5,\n"
                    "  when: {any: [{job: boss}, {sector: industry}, {not: {town: Brest}}]}}]}\n"
                    "tiers: [{name: cold}, {name: warm, entry: 50}]\n");

    act(s, "e", "a", T0);
    profile(s, "p1", "sector", "industry", T0 + 1);
    cr_assert_eq(explain(s, T0 + 1)->completeness, 0);
    profile(s, "p2", "town", "Brest", T0 + 2);
    cr_assert_eq(explain(s, T0 + 2)->completeness, 0);
    profile(s, "p3", "job", "clerk", T0 + 3);
    cr_assert_eq(explain(s, T0 + 3)->completeness, 1);
    profile(s, "p4", "sector", NULL, T0 + 4);
    cr_assert_eq(explain(s, T0 + 4)->completeness, 0);
    story_end(s);
}
