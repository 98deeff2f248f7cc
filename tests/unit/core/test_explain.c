/* Lines that add up. */

#include "lead_story.h"

static double sum_cents(const struct seuil_explanation *explanation)
{
    double cents = 0;

    for (unsigned i = 0; i < explanation->line_count; i++)
        cents += rint(explanation->lines[i].now * 100);
    return cents;
}

static const struct seuil_line *line(const struct seuil_explanation *explanation, const char *rule)
{
    for (unsigned i = 0; i < explanation->line_count; i++)
        if (strcmp(explanation->lines[i].rule, rule) == 0)
            return &explanation->lines[i];
    return NULL;
}

Test(explain, clamps_criteria_and_adjustments_are_lines_of_their_own)
{
    struct story *s = story_begin(
        "seuil_model: 1\n"
        "name: m\n"
        "version: \"1\"\n"
        "decay: {half_life: 10d}\n"
        "groups: {g: {ceiling: 30}}\n"
        "rules:\n"
        "  - {name: a, label: Tarifs, group: g, event: activity, when: {name: a}, points: 20}\n"
        "fit:\n"
        "  ceiling: 12\n"
        "  criteria:\n"
        "    - {name: sector, when: {sector: industry}, points: 10}\n"
        "    - {name: size, when: {sector: {present: true}}, points: 5}\n"
        "tiers:\n"
        "  - {name: cold}\n"
        "  - {name: warm, entry: 20}\n");
    struct seuil_explanation *e;

    profile(s, "p", "sector", "industry", T0);
    act(s, "e1", "a", T0);
    act(s, "e2", "a", T0);
    adjust(s, "c", -3.5, 0, T0);
    e = explain(s, T0);
    cr_assert_float_eq(e->score, 38.5, 1e-9);
    cr_assert_float_eq(e->fit, 12, 1e-9);
    cr_assert_eq(e->line_count, 6);
    cr_assert_float_eq(line(e, "a")->points, 40, 1e-9);
    cr_assert_eq(line(e, "a")->count, 2);
    cr_assert_str_eq(line(e, "a")->label, "Tarifs");
    cr_assert_float_eq(line(e, "g")->now, -10, 1e-9);
    cr_assert_str_eq(line(e, "g")->limited_by, "ceiling");
    cr_assert_float_eq(line(e, "sector")->now, 10, 1e-9);
    cr_assert_float_eq(line(e, "fit")->now, -3, 1e-9);
    cr_assert_float_eq(line(e, "adjustment")->now, -3.5, 1e-9);
    e = explain(s, T0 + 10 * DAY);
    cr_assert_float_eq(e->score, 28.5, 1e-9);
    cr_assert_float_eq(line(e, "a")->now, 20, 1e-9);
    cr_assert_null(line(e, "g"), "nothing is clamped any more");
    story_end(s);
}

Test(explain, beyond_24_lines_the_rest_is_one_and_cents_still_add_up)
{
    char yaml[8192];
    int len = snprintf(yaml, sizeof(yaml),
                       "seuil_model: 1\nname: m\nversion: \"1\"\ndecay: {half_life: 7d}\n"
                       "groups: {g: {}}\nrules:\n");
    struct story *s;
    struct seuil_explanation *e;

    for (int i = 0; i < 30; i++)
        len += snprintf(yaml + len, sizeof(yaml) - (size_t)len,
                        "  - {name: r%d, group: g, event: activity, when: {name: [x, n%d]}, "
                        "points: %d.1}\n",
                        i, i, i + 1);
    snprintf(yaml + len, sizeof(yaml) - (size_t)len,
             "tiers:\n  - {name: cold}\n  - {name: warm, entry: 20}\n");
    s = story_begin(yaml);
    act(s, "e1", "x", T0);
    e = explain(s, T0);
    cr_assert_eq(e->line_count, SEUIL_LINES_MAX + 1);
    cr_assert_str_eq(e->lines[0].rule, "r29");
    cr_assert_str_eq(e->lines[SEUIL_LINES_MAX].rule, "others");
    cr_assert_eq(e->lines[SEUIL_LINES_MAX].count, 6);
    cr_assert_float_eq(e->lines[SEUIL_LINES_MAX].now, 21.6, 1e-9);
    cr_assert_float_eq(e->lines[SEUIL_LINES_MAX].points, 21.6, 1e-9);
    for (int i = 0; i < 500; i++) {
        e = explain(s, T0 + (int64_t)i * 7654321);
        cr_assert_float_eq(sum_cents(e), rint(e->score * 100), 1e-9);
    }
    story_end(s);
}

Test(explain, before_the_fold_point_the_score_is_told_there_and_marked)
{
    struct story *s =
        story_begin("seuil_model: 1\nname: m\nversion: \"1\"\ndecay: none\ngroups: {g: {}}\n"
                    "rules:\n  - {name: a, group: g, event: activity, when: {name: a}, points: 1}\n"
                    "tiers:\n  - {name: cold}\n  - {name: warm, entry: 20}\n");
    struct seuil_explanation e;

    act(s, "e1", "a", T0);
    act(s, "e2", "a", T0 + 10 * DAY);
    cr_assert_eq(seuil_engine_explain(s->models, s->scratch, &s->lead, 0, T0 + 2 * DAY, &e),
                 SEUIL_ERR_LATE);
    cr_assert_float_eq(e.score, 1, 1e-9);
    cr_assert_eq(seuil_engine_explain(s->models, s->scratch, &s->lead, 0, T0 + 3 * DAY, &e), 0);
    story_end(s);
}
