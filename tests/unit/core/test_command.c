/* What sales and the law may ask for. */

#include "lead_story.h"

static const char *const model =
    "seuil_model: 1\n"
    "name: m\n"
    "version: \"1\"\n"
    "decay: {half_life: 14d}\n"
    "groups: {g: {}}\n"
    "rules:\n"
    "  - {name: a, group: g, event: activity, when: {name: a}, points: 30}\n"
    "fit:\n"
    "  criteria:\n"
    "    - {name: sector, when: {sector: industry}, points: 10}\n"
    "tiers:\n"
    "  - {name: cold}\n"
    "  - {name: warm, entry: 20}\n";

Test(command, an_adjustment_counts_until_its_end_and_no_longer)
{
    struct story *s = story_begin(model);

    adjust(s, "c1", 25, T0 + 3 * DAY, T0);
    cr_assert_eq(crossing(s)->reason, SEUIL_REASON_COMMAND);
    cr_assert_eq(crossing(s)->qualified_until, T0 + 3 * DAY);
    cr_assert_eq(s->lead.due, T0 + 3 * DAY);
    cr_assert_float_eq(score(s, T0 + 3 * DAY - 1), 25, 1e-9);
    silence(s, T0 + 3 * DAY);
    cr_assert_eq(tier(s), 0);
    cr_assert_float_eq(crossing(s)->explanation.score, 0, 1e-9);
    story_end(s);
}

Test(command, adjustments_do_not_decay_and_count_once)
{
    struct story *s = story_begin(model);

    adjust(s, "c1", -5, 0, T0);
    cr_assert_eq(adjust(s, "c1", -5, 0, T0), SEUIL_VERDICT_DUPLICATE);
    adjust(s, "c2", 7.5, 0, T0 + 1);
    cr_assert_float_eq(score(s, T0 + 400 * DAY), 2.5, 1e-9);
    story_end(s);
}

Test(command, an_adjustment_that_comes_again_with_an_earlier_time_begins_then)
{
    struct story *s = story_begin(model);

    act(s, "e1", "a", T0);
    adjust(s, "c1", 5, 0, T0 + 2000);
    prepare(s, SEUIL_KIND_COMMAND, "c1", T0 + 1000);
    s->event.arrival = T0 + 3000;
    s->event.field[SEUIL_FIELD_NAME] = text_value("adjust");
    s->event.map_count = 1; /* the points of before */
    cr_assert_eq(step(s), SEUIL_VERDICT_DUPLICATE);
    cr_assert(s->out.todo & SEUIL_TODO_SAVE);
    cr_assert_eq(s->lead.evidence.adjustment_count, 1);
    cr_assert_eq(s->lead.evidence.adjustments[0].key.time, T0 + 1000);
    cr_assert_eq(step(s), SEUIL_VERDICT_DUPLICATE);
    cr_assert_eq(s->out.todo, 0, "nothing is new any more");
    story_end(s);
}

Test(command, the_seventeenth_adjustment_pushes_out_the_oldest)
{
    struct story *s = story_begin(model);
    char id[16];

    for (int i = 0; i < 17; i++) {
        snprintf(id, sizeof(id), "c%d", i);
        adjust(s, id, i == 0 ? 100 : 1, 0, T0 + i);
        cr_assert_eq((s->out.notes & SEUIL_NOTE_ADJUSTMENT_DROPPED) != 0, i == 16);
    }
    cr_assert_float_eq(score(s, T0 + 17), 16, 1e-9);
    story_end(s);
}

Test(command, an_adjustment_that_has_ended_makes_room_before_the_oldest_does)
{
    struct story *s = story_begin(model);
    char id[8];

    for (int i = 0; i < 16; i++) {
        snprintf(id, sizeof(id), "c%d", i);
        adjust(s, id, 1 << i, i == 5 ? T0 + 50 : 0, T0 + i);
    }
    cr_assert_eq(s->lead.evidence.adjustment_count, 16);
    cr_assert_float_eq(score(s, T0 + 16), 0xffff, 1e-9, "sixteen have their place");
    adjust(s, "c16", 1 << 16, 0, T0 + 100);
    cr_assert_float_eq(score(s, T0 + 100), 0x1ffff - (1 << 5), 1e-9);
    story_end(s);
}

Test(command, malformed_and_unknown_commands_are_told_apart_and_change_nothing)
{
    struct story *s = story_begin(model);

    cr_assert_eq(command(s, "c1", "adjust", T0), SEUIL_VERDICT_REFUSED);
    cr_assert_eq(adjust(s, "c2", NAN, 0, T0), SEUIL_VERDICT_REFUSED);
    cr_assert_eq(adjust(s, "c3", 5, T0, T0), SEUIL_VERDICT_REFUSED, "it ends before it begins");
    cr_assert_eq(command(s, "c4", "merge", T0), SEUIL_VERDICT_UNSUPPORTED);
    cr_assert_eq(s->lead.clock, SEUIL_TIME_NONE);
    story_end(s);
}

static enum seuil_verdict recycle_until(struct story *s, const char *id, const char *until,
                                        seuil_time_ms time)
{
    prepare(s, SEUIL_KIND_COMMAND, id, time);
    s->event.field[SEUIL_FIELD_NAME] = text_value("recycle");
    s->entries[0] = (struct seuil_entry){SEUIL_STR("until"), text_value(until)};
    s->event.map_count = 1;
    return step(s);
}

Test(command, a_recycle_says_in_numbers_or_as_a_date_until_when_it_mutes)
{
    struct story *s = story_begin("seuil_model: 1\nname: m\nversion: \"1\"\ngroups: {g: {}}\n"
                                  "rules: [{name: a, group: g, event: activity, points: 3}]\n"
                                  "recycle: {floor: 1}\n"
                                  "tiers: [{name: cold}, {name: warm, entry: 20}]\n");

    cr_assert_eq(recycle_until(s, "c1", "2026-05-02T08:00:00Z", T0), SEUIL_VERDICT_APPLIED);
    cr_assert_eq(recycle_until(s, "c2", "1777708800000", T0 + 1), SEUIL_VERDICT_APPLIED);
    cr_assert_eq(recycle_until(s, "c3", "demain", T0 + 2), SEUIL_VERDICT_REFUSED);
    cr_assert_eq(recycle_until(s, "c4", "1e300", T0 + 3), SEUIL_VERDICT_REFUSED);
    cr_assert_eq(recycle_until(s, "c5", "2026-03-02T08:00:00Z", T0 + 4), SEUIL_VERDICT_REFUSED,
                 "it ends before it begins");
    story_end(s);
}

Test(command, forget_erases_all_says_so_and_leaves_a_tombstone_for_thirty_days)
{
    struct story *s = story_begin(model);
    seuil_time_ms cut = T0 + DAY;

    act(s, "e1", "a", T0);
    profile(s, "p1", "sector", "industry", T0 + 1);
    adjust(s, "c1", 3, 0, T0 + 2);
    seuil_lead_set_stamp(&s->lead, 2, 0, 77);
    command(s, "c2", "forget", cut);
    cr_assert(s->out.todo & SEUIL_TODO_ERASE);
    cr_assert_eq(crossing(s)->tier, 0);
    cr_assert_eq(crossing(s)->reason, SEUIL_REASON_COMMAND);
    cr_assert_float_eq(crossing(s)->explanation.score, 0, 1e-12);
    cr_assert_eq(crossing(s)->explanation.line_count, 0);
    cr_assert(s->lead.tombstone);
    cr_assert_eq(s->lead.evidence.recent_count, 0);
    cr_assert_eq(s->lead.evidence.attribute_count, 0);
    cr_assert_eq(s->lead.evidence.adjustment_count, 0);
    cr_assert_eq(seuil_lead_stamp(&s->lead, 2, 0), 77);
    cr_assert_eq(act(s, "e2", "a", cut), SEUIL_VERDICT_FORGOTTEN);
    cr_assert_eq(command(s, "c2", "forget", cut), SEUIL_VERDICT_FORGOTTEN);
    cr_assert_eq(s->lead.due, cut + 30 * DAY);
    silence(s, cut + 30 * DAY);
    cr_assert(s->out.todo & SEUIL_TODO_EXPIRED);
    cr_assert_eq(s->lead.due, SEUIL_TIME_NEVER);
    story_end(s);
}

Test(command, evidence_after_the_cut_off_starts_anew_with_another_birth)
{
    struct story *s = story_begin(model);

    act(s, "e1", "a", T0);
    command(s, "c1", "forget", T0 + DAY);
    act(s, "e2", "a", T0 + DAY + 1);
    cr_assert_not(s->lead.tombstone);
    cr_assert_eq(s->lead.birth.offset, 3);
    cr_assert_eq(crossing(s)->ordinal, 3, "ordinals go on");
    cr_assert_float_eq(score(s, T0 + DAY + 1), 30, 1e-9);
    cr_assert_eq(act(s, "e3", "a", T0 + DAY), SEUIL_VERDICT_FORGOTTEN);
    story_end(s);
}

Test(command, a_forget_that_comes_after_later_evidence_keeps_that)
{
    struct story *s = story_begin(model);

    act(s, "e1", "a", T0);
    act(s, "e2", "a", T0 + 2 * DAY);
    prepare(s, SEUIL_KIND_COMMAND, "c1", T0 + DAY);
    s->event.field[SEUIL_FIELD_NAME] = text_value("forget");
    s->event.arrival = T0 + 2 * DAY;
    step(s);
    cr_assert(s->out.todo & SEUIL_TODO_ERASE);
    cr_assert_not(s->lead.tombstone);
    cr_assert_float_eq(score(s, T0 + 2 * DAY), 30, 1e-9);
    story_end(s);
}

Test(command, what_a_frozen_lead_stood_at_is_forgotten_with_it)
{
    struct story *s = story_begin(model);

    profile(s, "p1", "sector", "industry", T0);
    act(s, "e1", "a", T0);
    command(s, "c1", "convert", T0 + 1);
    profile(s, "p2", "sector", "health", T0 + 2);
    cr_assert(s->lead.automata[0].stands);
    command(s, "c2", "forget", T0 + DAY);
    for (unsigned i = 0; i < s->lead.automaton_count; i++)
        cr_assert_not(s->lead.automata[i].stands);
    story_end(s);
}
