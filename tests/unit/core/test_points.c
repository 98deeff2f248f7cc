/* Points that depend on the event (SCORING 3). */

#include "lead_story.h"

#define HEAD(decay)                                                                                \
    "seuil_model: 1\nname: m\nversion: \"1\"\ndecay: " decay "\ngroups: {g: {}}\nrules:\n"
#define TIERS "tiers:\n  - {name: cold}\n  - {name: warm, entry: 1000}\n"

static void spend(struct story *s, const char *id, double value, seuil_time_ms time)
{
    prepare(s, SEUIL_KIND_ACTIVITY, id, time);
    s->event.field[SEUIL_FIELD_NAME] = text_value("achat");
    s->event.field[SEUIL_FIELD_VALUE] = (struct seuil_value){.type = SEUIL_TYPE_DOUBLE, .d = value};
    step(s);
}

#define SPENT(points)                                                                              \
    "  - {name: r, group: g, event: activity, when: {name: achat}, points: " points "}\n"

Test(points, a_number_times_a_factor_up_to_a_ceiling)
{
    struct story *s =
        story_begin(HEAD("none") SPENT("{field: value, factor: 0.1, ceiling: 20}") TIERS);

    spend(s, "e1", 120, T0);
    cr_assert_float_eq(score(s, T0), 12, 1e-9);
    spend(s, "e2", 5000, T0 + 1);
    cr_assert_float_eq(score(s, T0 + 1), 32, 1e-9);
    spend(s, "e3", -70, T0 + 2);
    cr_assert_float_eq(score(s, T0 + 2), 25, 1e-9);
    act(s, "e4", "achat", T0 + 3);
    cr_assert_float_eq(score(s, T0 + 3), 25, 1e-9, "without the field nothing is given");
    story_end(s);
}

Test(points, they_fade_each_with_its_own_weight_folded_or_not)
{
    static const char *const decays[] = {"{half_life: 10d}", "{linear: 90d}",
                                         "{steps: [[20d, 100], [60d, 40]]}", "{expires: 55d}"};

    for (int k = 0; k < 4; k++) {
        char model[1024];
        struct story *s;
        double expected = 0;

        snprintf(model, sizeof(model), HEAD("%s") "%s" TIERS, decays[k],
                 SPENT("{field: value, factor: 2, floor: -4, ceiling: 30}"));
        s = story_begin(model);
        for (int day = 0; day < 30; day++) {
            double value = day % 7 - 3, points = fmin(fmax(2 * value, -4), 30), age = 50 - day;
            char id[16];

            snprintf(id, sizeof(id), "e%d", day);
            spend(s, id, value, T0 + day * DAY);
            expected += points * (k == 0   ? exp2(-age / 10)
                                  : k == 1 ? 1 - age / 90
                                  : k == 2 ? 0.4
                                           : 1);
        }
        cr_assert_eq(s->lead.evidence.recent_count, 8);
        cr_assert_float_eq(exact_score(s, T0 + 50 * DAY), expected, 1e-8, "%s", decays[k]);
        story_end(s);
    }
}

Test(points, each_optional_field_that_is_filled_counts)
{
    struct story *s = story_begin(
        HEAD("none") "  - {name: r, group: g, event: form, points: {each: 2, of: "
                     "[fields.tel, fields.societe, fields.taille], ceiling: 5}}\n" TIERS);

    prepare(s, SEUIL_KIND_FORM, "f1", T0);
    s->event.map_count = 3;
    s->entries[0] = (struct seuil_entry){SEUIL_STR("tel"), text_value("0102030405")};
    s->entries[1] = (struct seuil_entry){SEUIL_STR("societe"), text_value("  ")};
    s->entries[2] = (struct seuil_entry){SEUIL_STR("nom"), text_value("Martin")};
    step(s);
    cr_assert_float_eq(score(s, T0), 2, 1e-9, "blanks are not filled in");
    s->entries[1].value = text_value("ACME");
    s->entries[2] = (struct seuil_entry){SEUIL_STR("taille"), text_value("50")};
    s->event.id = SEUIL_STR("f2");
    step(s);
    cr_assert_float_eq(score(s, T0), 7, 1e-9, "three filled, up to the ceiling");
    story_end(s);
}

Test(points, a_new_factor_counts_at_once)
{
    struct story *s = story_begin(HEAD("{half_life: 10d}") SPENT("{field: value}") TIERS);
    struct seuil_models *before = s->models;

    spend(s, "e1", 7, T0);
    story_model(s, HEAD("{half_life: 10d}") SPENT("{field: value, factor: 3}") TIERS);
    seuil_models_free(before);
    seuil_engine_remodel(s->models, s->scratch, T0, &s->lead, &s->out);
    cr_assert_float_eq(score(s, T0), 21, 1e-9);
    story_end(s);
}

Test(points, the_lines_say_what_was_given_before_decay)
{
    static struct seuil_explanation explanation;
    struct story *s = story_begin(HEAD("{half_life: 10d}") SPENT("{field: value}") TIERS);

    for (int i = 0; i < 12; i++) {
        char id[16];

        snprintf(id, sizeof(id), "e%d", i);
        spend(s, id, i, T0 + i * DAY);
    }
    seuil_engine_explain(s->models, s->scratch, &s->lead, 0, T0 + 30 * DAY, &explanation);
    cr_assert_eq(explanation.line_count, 1);
    cr_assert_eq(explanation.lines[0].count, 12);
    cr_assert_float_eq(explanation.lines[0].points, 66, 1e-9);
    story_end(s);
}
