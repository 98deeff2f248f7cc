/* A model file that changed between two starts (SCORING 8, PROTOCOL 26). */

#include "lead_story.h"

#define HEAD                                                                                       \
    "seuil_model: 1\nname: m\nversion: \"1\"\ndecay: {half_life: 14d}\ngroups: {g: {}}\nrules:\n"
#define TIERS "tiers:\n  - {name: cold}\n  - {name: warm, entry: 20}\n"

static void change(struct story *s, const char *yaml, seuil_time_ms at)
{
    struct seuil_models *before = s->models;
    uint8_t bytes[SEUIL_LEAD_BYTES_MAX];
    size_t len = seuil_lead_write(&s->lead, bytes);

    story_model(s, yaml);
    seuil_models_free(before);
    cr_assert_eq(
        seuil_lead_read(bytes, len, (seuil_lead_init(&s->lead, SEUIL_STR("L1")), &s->lead)), 0);
    seuil_engine_remodel(s->models, s->scratch, at, &s->lead, &s->out);
}

Test(remodel, new_points_count_at_once_for_old_events)
{
    struct story *s = story_begin(
        HEAD "  - {name: a, group: g, event: activity, when: {name: a}, points: 10}\n" TIERS);

    act(s, "e1", "a", T0);
    cr_assert_eq(tier(s), 0);
    change(s, HEAD "  - {name: a, group: g, event: activity, when: {name: a}, points: 50}\n" TIERS,
           T0 + 14 * DAY);
    cr_assert_eq(crossing(s)->reason, SEUIL_REASON_MODEL_CHANGED);
    cr_assert_eq(crossing(s)->tier, 1);
    cr_assert_eq(crossing(s)->effective, T0 + 14 * DAY);
    cr_assert_float_eq(crossing(s)->explanation.score, 25, 1e-9);
    story_end(s);
}

Test(remodel, evidence_of_a_rule_that_is_gone_or_means_another_thing_is_dropped)
{
    struct story *s = story_begin(
        HEAD "  - {name: a, group: g, event: activity, when: {name: a}, points: 10}\n"
             "  - {name: b, group: g, event: activity, when: {name: [a, b]}, points: 10}\n" TIERS);

    act(s, "e1", "a", T0);
    act(s, "e2", "b", T0);
    cr_assert_float_eq(score(s, T0), 30, 1e-9);
    change(s,
           HEAD
           "  - {name: z, group: g, event: activity, when: {name: z}, points: 7}\n"
           "  - {name: b, group: g, event: activity, when: {name: [a, c]}, points: 10}\n" TIERS,
           T0);
    cr_assert_eq(tier(s), 0);
    cr_assert_eq(s->lead.evidence.rule_count, 0);
    cr_assert_eq(s->lead.evidence.recent_count, 0);
    cr_assert_float_eq(score(s, T0), 0, 1e-9);
    story_end(s);
}

Test(remodel, the_order_of_rules_in_the_file_does_not_matter)
{
    struct story *s = story_begin(
        HEAD "  - {name: a, group: g, event: activity, when: {name: a}, points: 10}\n"
             "  - {name: b, group: g, event: activity, when: {name: b}, points: 15}\n" TIERS);

    act(s, "e1", "a", T0);
    act(s, "e2", "b", T0);
    change(s,
           HEAD "  - {name: new, group: g, event: activity, when: {name: n}, points: 1}\n"
                "  - {name: b, group: g, event: activity, when: {name: b}, points: 15}\n"
                "  - {name: a, group: g, event: activity, when: {name: a}, points: 10}\n" TIERS,
           T0);
    cr_assert_eq(s->out.crossing_count, 0);
    cr_assert_float_eq(score(s, T0), 25, 1e-9);
    story_end(s);
}

Test(remodel, a_tier_put_in_between_does_not_move_the_lead)
{
    struct story *s = story_begin(
        HEAD "  - {name: a, group: g, event: activity, when: {name: a}, points: 60}\n" TIERS);

    act(s, "e1", "a", T0);
    change(s,
           HEAD "  - {name: a, group: g, event: activity, when: {name: a}, points: 60}\n"
                "tiers:\n  - {name: cold}\n  - {name: tepid, entry: 10}\n"
                "  - {name: warm, entry: 20}\n",
           T0);
    cr_assert_eq(s->out.crossing_count, 0);
    cr_assert_eq(tier(s), 2);
    story_end(s);
}
