/* Commands that are events of the fold: they act at their time, however late they come. */

#include "lead_story.h"

#define HOUR SEUIL_HOUR_MS

static const char *const model =
    "seuil_model: 1\n"
    "name: m\n"
    "version: \"1\"\n"
    "groups: {g: {}, l: {}}\n"
    "rules:\n"
    "  - {name: a, group: g, event: activity, when: {name: a}, points: 30,\n"
    "     decay: {half_life: 14d}}\n"
    "  - {name: b, group: g, event: activity, when: {name: b}, points: 10, limit: once}\n"
    "  - {name: c, group: l, event: activity, when: {name: c}, points: 5,\n"
    "     decay: {expires: 60d}, limit: {times: 2, within: 40d}}\n"
    "exclusions:\n"
    "  - {name: spam, event: activity, when: {name: spam}, points: -500}\n"
    "excluded: {mark: -500}\n"
    "recycle: {floor: 8, decay: {half_life: 10d}, mute: 30d}\n"
    "status: {attribute: state, frozen: [customer, partner]}\n"
    "tiers:\n"
    "  - {name: cold}\n"
    "  - {name: warm, entry: 20}\n";

/* The packed evidence of a story in which @count acts came in the order of @order. */
struct deed {
    const char *id, *name;
    bool is_command;
    seuil_time_ms time;
};

static size_t tell(const struct deed *deeds, const unsigned *order, unsigned count, uint8_t *out,
                   double *ret_score, seuil_time_ms at)
{
    struct story *s = story_begin(model);
    size_t len;

    for (unsigned i = 0; i < count; i++) {
        const struct deed *deed = &deeds[order[i]];

        prepare(s, deed->is_command ? SEUIL_KIND_COMMAND : SEUIL_KIND_ACTIVITY, deed->id,
                deed->time);
        s->event.field[SEUIL_FIELD_NAME] = text_value(deed->name);
        s->event.arrival = T0 + 6 * DAY;
        cr_assert_eq(step(s), SEUIL_VERDICT_APPLIED);
        len = seuil_lead_write(&s->lead, out);
        seuil_lead_init(&s->lead, SEUIL_STR("L1"));
        cr_assert_eq(seuil_lead_read(out, len, &s->lead), 0);
    }
    *ret_score = score(s, at);
    s->lead.clock = s->lead.due = T0 + 400 * DAY; /* what has a history, apart */
    s->lead.due++;
    s->lead.automaton_count = 0;
    s->lead.birth = (struct seuil_birth){0};
    len = seuil_lead_write(&s->lead, out);
    story_end(s);
    return len;
}

Test(mark, in_any_order_of_arrival_commands_act_at_their_time)
{
    static const struct deed deeds[] = {
        {"1", "a", false, T0},
        {"2", "b", false, T0 + 1 * HOUR},
        {"3", "recycle", true, T0 + 2 * HOUR},
        {"4", "a", false, T0 + 3 * HOUR},
        {"5", "convert", true, T0 + 4 * HOUR},
        {"6", "a", false, T0 + 5 * HOUR},
        {"7", "reopen", true, T0 + 6 * HOUR},
        {"8", "b", false, T0 + 7 * HOUR},
        {"9", "a", false, T0 + 7 * HOUR},
    };
    unsigned order[] = {0, 1, 2, 3, 4, 5, 6, 7, 8};
    uint8_t first[SEUIL_LEAD_BYTES_MAX], other[SEUIL_LEAD_BYTES_MAX];
    double expected, told;
    size_t len = tell(deeds, order, 9, first, &expected, T0 + 7 * HOUR);

    /* Two a (after the recycle, and after the thaw), no b: its slot was used before the recycle. */
    cr_assert_float_eq(expected, 30 * exp2(-4.0 / 24 / 14) + 30 + 8 * exp2(-5.0 / 24 / 10), 0.006);
    for (unsigned round = 0; round < 40; round++) {
        for (unsigned i = 8; i > 0; i--) {
            unsigned j = (round * 7919 + i * 104729) % (i + 1), swap = order[i];

            order[i] = order[j];
            order[j] = swap;
        }
        cr_assert_eq(tell(deeds, order, 9, other, &told, T0 + 7 * HOUR), len);
        cr_assert_arr_eq(first, other, len);
        cr_assert_eq(told, expected);
    }
}

Test(mark, a_recycle_retires_behaviour_and_sets_a_floor_that_fades)
{
    struct story *s = story_begin(model);

    act(s, "e1", "a", T0);
    act(s, "e2", "c", T0);
    cr_assert_eq(tier(s), 1);
    command(s, "k1", "recycle", T0 + DAY);
    cr_assert_eq(crossing(s)->reason, SEUIL_REASON_COMMAND);
    cr_assert_not(crossing(s)->up);
    cr_assert_float_eq(score(s, T0 + DAY), 8, 1e-9);
    cr_assert_float_eq(score(s, T0 + 11 * DAY), 4, 1e-9);
    act(s, "e3", "c", T0 + 12 * DAY);
    act(s, "e4", "c", T0 + 13 * DAY);
    cr_assert_float_eq(score(s, T0 + 21 * DAY), 2 + 5, 1e-9, "one slot was used before");
    act(s, "e5", "a", T0 + 31 * DAY);
    silence(s, T0 + 60 * DAY); /* the recycle has been folded */
    command(s, "k2", "recycle", T0 + 61 * DAY);
    cr_assert_float_eq(score(s, T0 + 61 * DAY), 8, 1e-9, "the floor before is retired too");
    story_end(s);
}

Test(mark, a_customer_stands_still_and_goes_on_at_the_true_age)
{
    struct story *s = story_begin(model);

    act(s, "e1", "a", T0);
    command(s, "k1", "convert", T0 + 7 * DAY);
    cr_assert_eq(s->lead.due, SEUIL_TIME_NEVER);
    act(s, "e2", "a", T0 + 8 * DAY);
    act(s, "e3", "b", T0 + 9 * DAY);
    act(s, "e4", "spam", T0 + 9 * DAY);
    adjust(s, "k2", 100, 0, T0 + 10 * DAY);
    cr_assert_eq(tier(s), 1);
    cr_assert_float_eq(score(s, T0 + 100 * DAY), 21.21, 1e-9);
    command(s, "k3", "reopen", T0 + 28 * DAY);
    cr_assert_float_eq(score(s, T0 + 28 * DAY), 7.5 + 100, 1e-9);
    act(s, "e5", "b", T0 + 28 * DAY + 1);
    cr_assert_float_eq(score(s, T0 + 28 * DAY + 1), 117.5, 1e-9, "frozen events take no slots");
    story_end(s);
}

Test(mark, a_status_of_the_profile_freezes_and_thaws)
{
    struct story *s = story_begin(model);

    act(s, "e1", "a", T0);
    profile(s, "p1", "state", "partner", T0 + DAY);
    profile(s, "p2", "state", "customer", T0 + 2 * DAY);
    act(s, "e2", "a", T0 + 3 * DAY);
    cr_assert_float_eq(score(s, T0 + 50 * DAY), 28.55, 1e-9, "frozen since the first of the two");
    profile(s, "p3", "state", "prospect", T0 + 14 * DAY);
    cr_assert_eq(crossing(s)->reason, SEUIL_REASON_EVENT);
    cr_assert_float_eq(score(s, T0 + 14 * DAY), 15, 1e-9);
    profile(s, "p4", "state", NULL, T0 + 15 * DAY);
    act(s, "e3", "a", T0 + 16 * DAY);
    cr_assert_eq(tier(s), 1);
    story_end(s);
}

Test(mark, a_recycle_of_a_customer_takes_effect_at_the_thaw)
{
    struct story *s = story_begin(model);

    act(s, "e1", "a", T0);
    command(s, "k1", "convert", T0 + 1000);
    command(s, "k2", "recycle", T0 + 10 * DAY);
    cr_assert_float_eq(score(s, T0 + 10 * DAY), 30, 1e-9);
    silence(s, T0 + 20 * DAY);
    command(s, "k3", "reopen", T0 + 20 * DAY);
    cr_assert_float_eq(score(s, T0 + 20 * DAY), 4, 1e-9, "the floor since the recycle");
    story_end(s);
}

Test(mark, a_disqualified_lead_is_excluded_until_it_is_reopened_or_recycled)
{
    struct story *s = story_begin(model);

    act(s, "e1", "a", T0);
    command(s, "k1", "disqualify", T0 + DAY);
    cr_assert_eq(crossing(s)->tier, SEUIL_TIER_EXCLUDED);
    cr_assert_eq(crossing(s)->reason, SEUIL_REASON_COMMAND);
    cr_assert_eq(crossing(s)->qualified_until, SEUIL_TIME_NEVER);
    act(s, "e2", "a", T0 + 2 * DAY);
    cr_assert_eq(s->out.crossing_count, 0, "what it does counts beneath");
    silence(s, T0 + 4 * DAY);
    command(s, "k2", "reopen", T0 + 2 * DAY + 1000);
    cr_assert_eq(crossing(s)->tier, 1);
    cr_assert(crossing(s)->up);
    command(s, "k3", "disqualify", T0 + 5 * DAY);
    command(s, "k4", "recycle", T0 + 6 * DAY);
    cr_assert_eq(tier(s), 0);
    story_end(s);
}

Test(mark, marks_count_towards_the_cap_and_are_absorbed)
{
    struct story *s = story_begin(model);
    char id[16];

    for (int i = 0; i < SEUIL_RECENT_MAX + 20; i++) {
        snprintf(id, sizeof(id), "k%d", i);
        command(s, id, i % 2 ? "reopen" : "convert", T0 + i);
    }
    cr_assert_eq(s->lead.evidence.recent_count, SEUIL_RECENT_MAX);
    act(s, "e1", "a", T0 + 40 * DAY);
    cr_assert_eq(s->lead.evidence.recent_count, 1);
    cr_assert_float_eq(score(s, T0 + 40 * DAY), 30, 1e-9, "the last of them was a reopen");
    command(s, "k", "convert", T0 + 41 * DAY);
    silence(s, T0 + 900 * DAY);
    act(s, "e2", "a", T0 + 900 * DAY);
    cr_assert_eq(s->lead.evidence.recent_count, 1);
    cr_assert_float_eq(score(s, T0 + 901 * DAY), 30 * exp2(-1.0 / 14), 0.006);
    cr_assert_not(s->lead.expired, "a customer is not forgotten");
    story_end(s);
}

Test(mark, a_mute_that_ends_before_its_recycle_is_refused)
{
    struct story *s = story_begin(model);

    prepare(s, SEUIL_KIND_COMMAND, "k1", T0);
    s->event.field[SEUIL_FIELD_NAME] = text_value("recycle");
    s->entries[0] = (struct seuil_entry){SEUIL_STR("until"), {.type = SEUIL_TYPE_INT, .i = T0}};
    s->event.map_count = 1;
    cr_assert_eq(step(s), SEUIL_VERDICT_REFUSED);
    story_end(s);
}

Test(mark, what_changes_in_the_profile_of_a_customer_takes_effect_at_the_thaw)
{
    struct story *s = story_begin("seuil_model: 1\n"
                                  "name: m\n"
                                  "version: \"1\"\n"
                                  "groups: {g: {}}\n"
                                  "rules: [{name: a, group: g, event: activity, points: 10}]\n"
                                  "fit: {criteria: [{name: job, when: {job: boss}, points: 25}]}\n"
                                  "tiers: [{name: cold}, {name: warm, entry: 30}]\n");
    uint8_t bytes[SEUIL_LEAD_BYTES_MAX];
    size_t len;

    act(s, "e1", "a", T0);
    command(s, "k1", "convert", T0 + 1);
    profile(s, "p1", "job", "boss", T0 + 2);
    cr_assert_eq(s->out.crossing_count, 0);
    cr_assert_float_eq(score(s, T0 + 2), 10, 1e-9);
    len = seuil_lead_write(&s->lead, bytes);
    seuil_lead_init(&s->lead, SEUIL_STR("L1"));
    cr_assert_eq(seuil_lead_read(bytes, len, &s->lead), 0);
    cr_assert_float_eq(score(s, T0 + 3), 10, 1e-9);
    command(s, "k2", "reopen", T0 + 4);
    cr_assert_float_eq(crossing(s)->explanation.score, 35, 1e-9);
    command(s, "k3", "convert", T0 + 5);
    profile(s, "p2", "job", "clerk", T0 + 6);
    cr_assert_float_eq(score(s, T0 + 6), 35, 1e-9);
    cr_assert_str_eq(explain(s, T0 + 6)->lines[0].rule, "fit");
    cr_assert_eq(tier(s), 1);
    story_end(s);
}

Test(mark, a_lead_that_was_frozen_and_is_in_no_tier_leaves_no_trace_of_it)
{
    struct story *s = story_begin("seuil_model: 1\n"
                                  "name: m\n"
                                  "version: \"1\"\n"
                                  "fit: {criteria: [{name: job, when: {job: boss}, points: 25}]}\n"
                                  "tiers: [{name: cold}, {name: warm, entry: 20}]\n");

    command(s, "k1", "convert", T0);
    cr_assert_eq(s->lead.automaton_count, 1);
    command(s, "k2", "reopen", T0 + 1);
    cr_assert_eq(s->lead.automaton_count, 0);
    story_end(s);
}

Test(mark, an_adjustment_that_would_have_ended_meanwhile_stays_in_the_frozen_score)
{
    struct story *s = story_begin(model);

    adjust(s, "k1", 25, T0 + 2 * DAY, T0);
    command(s, "k2", "convert", T0 + DAY);
    profile(s, "p1", "state", "partner", T0 + 20 * DAY); /* all before is folded */
    cr_assert_float_eq(score(s, T0 + 20 * DAY), 25, 1e-9);
    cr_assert_eq(tier(s), 1);
    command(s, "k3", "reopen", T0 + 21 * DAY);
    cr_assert_eq(tier(s), 0);
    cr_assert_float_eq(score(s, T0 + 21 * DAY), 0, 1e-9);
    story_end(s);
}
