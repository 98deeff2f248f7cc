/* Stories of one lead: the clock walks to the millisecond before and after. */

#include "lead_story.h"

static const char *const simple =
    "seuil_model: 1\n"
    "name: m\n"
    "version: \"1\"\n"
    "decay: {half_life: 14d}\n"
    "groups:\n"
    "  g: {ceiling: 60}\n"
    "  r: {decay: none}\n"
    "rules:\n"
    "  - {name: a, group: g, event: activity, when: {name: a}, points: 40}\n"
    "  - {name: b, group: g, event: activity, when: {name: b}, points: 1}\n"
    "  - {name: bad, group: r, event: activity, when: {name: bad}, points: -30,\n"
    "     decay: {half_life: 1d}}\n"
    "  - {name: keep, group: r, event: activity, when: {name: keep}, points: 25}\n"
    "  - {name: trial, group: r, event: activity, when: {name: trial}, points: 30,\n"
    "     decay: {expires: 30d}}\n"
    "tiers:\n"
    "  - {name: cold}\n"
    "  - {name: warm, entry: 20}\n"
    "  - {name: hot, entry: 50, exit: 40}\n";

Test(engine, a_lead_rises_at_the_event_and_falls_by_silence_at_the_exact_millisecond)
{
    struct story *s = story_begin(simple);

    cr_assert_eq(act(s, "e1", "a", T0), SEUIL_VERDICT_APPLIED);
    cr_assert_eq(crossing(s)->tier, 1);
    cr_assert_eq(crossing(s)->reason, SEUIL_REASON_EVENT);
    cr_assert(crossing(s)->up);
    cr_assert_eq(crossing(s)->effective, T0);
    cr_assert_float_eq(crossing(s)->explanation.score, 40, 1e-9);
    /* After one half-life 40 is exactly 20, which still holds; one millisecond later it is less. */
    cr_assert_eq(s->lead.due, T0 + 14 * DAY + 1);
    cr_assert_eq(crossing(s)->qualified_until, T0 + 14 * DAY + 1);
    cr_assert_eq(silence(s, T0 + 14 * DAY), 0);
    cr_assert_eq(silence(s, T0 + 14 * DAY + 1), 1);
    cr_assert_eq(crossing(s)->tier, 0);
    cr_assert_eq(crossing(s)->reason, SEUIL_REASON_DECAY);
    cr_assert_eq(crossing(s)->effective, T0 + 14 * DAY + 1);
    cr_assert_eq(crossing(s)->ordinal, 2);
    cr_assert_float_eq(crossing(s)->explanation.score, 19.99, 1e-9,
                       "never rounded across the mark just crossed");
    story_end(s);
}

Test(engine, a_negative_contribution_decays_and_the_lead_rises_by_silence)
{
    struct story *s = story_begin(simple);

    act(s, "e1", "keep", T0);
    act(s, "e2", "bad", T0 + 1000);
    cr_assert_eq(tier(s), 0);
    /* 25 - 30 f = 20 at f = 1/6 */
    silence(s, T0 + 1000 + (int64_t)floor(log2(6) * (double)DAY) - 1);
    cr_assert_eq(tier(s), 0);
    silence(s, T0 + 1000 + (int64_t)ceil(log2(6) * (double)DAY) + 1);
    cr_assert_eq(tier(s), 1);
    cr_assert_eq(crossing(s)->reason, SEUIL_REASON_DECAY);
    cr_assert(crossing(s)->up);
    cr_assert_eq(crossing(s)->qualified_until, SEUIL_TIME_NEVER);
    story_end(s);
}

Test(engine, a_contribution_that_expires_holds_while_its_age_is_below_the_bound)
{
    struct story *s = story_begin(simple);

    act(s, "e1", "trial", T0);
    cr_assert_eq(tier(s), 1);
    cr_assert_eq(s->lead.due, T0 + 30 * DAY);
    cr_assert_float_eq(score(s, T0 + 30 * DAY - 1), 30, 1e-9);
    cr_assert_float_eq(score(s, T0 + 30 * DAY), 0, 1e-9);
    story_end(s);
}

Test(engine, hysteresis_keeps_a_tier_down_to_its_exit_mark)
{
    struct story *s = story_begin(simple);

    act(s, "e1", "keep", T0);
    act(s, "e2", "trial", T0);
    cr_assert_eq(tier(s), 2);
    /* 55 is hot; without the trial 25 is below the exit of hot, but warm. */
    silence(s, T0 + 30 * DAY);
    cr_assert_eq(crossing(s)->tier_before, 2);
    cr_assert_eq(crossing(s)->tier, 1);
    act(s, "e3", "b", T0 + 31 * DAY);
    cr_assert_eq(s->out.crossing_count, 0);
    story_end(s);
}

Test(engine, a_ceiling_is_applied_after_decay)
{
    struct story *s = story_begin(simple);

    act(s, "e1", "a", T0);
    act(s, "e2", "a", T0);
    act(s, "e3", "a", T0);
    cr_assert_float_eq(score(s, T0), 60, 1e-9);
    /* 120 undecayed: after a half-life it is still 60, the ceiling hid what was above. */
    cr_assert_float_eq(score(s, T0 + 14 * DAY), 60, 1e-9);
    cr_assert_float_eq(score(s, T0 + 28 * DAY), 30, 1e-9);
    cr_assert_eq(s->lead.due, T0 + (int64_t)floor(14 * (double)DAY * log2(3)) + 1,
                 "below 40, the exit of hot");
    story_end(s);
}

Test(engine, the_same_id_counts_once_and_the_same_time_twice)
{
    struct story *s = story_begin(simple);

    act(s, "e1", "b", T0);
    cr_assert_eq(act(s, "e1", "b", T0), SEUIL_VERDICT_DUPLICATE);
    cr_assert_eq(s->out.todo, 0);
    act(s, "e2", "b", T0);
    cr_assert_float_eq(score(s, T0), 2, 1e-9);
    story_end(s);
}

Test(engine, an_event_nobody_looks_at_leaves_nothing)
{
    struct story *s = story_begin(simple);

    cr_assert_eq(act(s, "e1", "else", T0), SEUIL_VERDICT_FILTERED);
    cr_assert_eq(s->out.todo, 0);
    cr_assert_eq(s->lead.clock, SEUIL_TIME_NONE);
    cr_assert_not(s->lead.birth.known);
    story_end(s);
}

Test(engine, late_is_strictly_older_than_newest_minus_horizon)
{
    struct story *s = story_begin(simple);

    act(s, "e1", "b", T0);
    cr_assert_eq(act(s, "e2", "b", T0 - 7 * DAY), SEUIL_VERDICT_APPLIED);
    cr_assert_eq(act(s, "e3", "b", T0 - 7 * DAY - 1), SEUIL_VERDICT_LATE);
    cr_assert_eq(s->out.todo, 0);
    cr_assert_eq(act(s, "e2", "b", T0 - 7 * DAY), SEUIL_VERDICT_DUPLICATE);
    story_end(s);
}

Test(engine, an_old_event_of_a_lead_that_has_nothing_newer_is_welcome)
{
    struct story *s = story_begin(simple);

    prepare(s, SEUIL_KIND_ACTIVITY, "e1", T0 - 900 * DAY);
    s->event.field[SEUIL_FIELD_NAME] = text_value("a");
    s->event.arrival = T0;
    cr_assert_eq(step(s), SEUIL_VERDICT_APPLIED);
    story_end(s);
}

Test(engine, a_late_event_corrects_the_score_at_the_clock)
{
    struct story *s = story_begin(simple);

    act(s, "e1", "b", T0);
    prepare(s, SEUIL_KIND_ACTIVITY, "e2", T0 - DAY);
    s->event.field[SEUIL_FIELD_NAME] = text_value("a");
    s->event.arrival = T0 + 1;
    step(s);
    cr_assert_eq(crossing(s)->reason, SEUIL_REASON_CORRECTION);
    cr_assert_eq(crossing(s)->effective, T0);
    cr_assert_eq(s->lead.clock, T0);
    story_end(s);
}

Test(engine, an_event_more_than_five_minutes_ahead_happened_when_it_arrived)
{
    struct story *s = story_begin(simple);

    prepare(s, SEUIL_KIND_ACTIVITY, "e1", T0 + 5 * SEUIL_MINUTE_MS + 1);
    s->event.field[SEUIL_FIELD_NAME] = text_value("a");
    s->event.arrival = T0;
    cr_assert_eq(step(s), SEUIL_VERDICT_APPLIED);
    cr_assert(s->out.notes & SEUIL_NOTE_TIME_CLAMPED);
    cr_assert_eq(crossing(s)->tier, 1);
    cr_assert_eq(crossing(s)->effective, T0);
    story_end(s);
}

Test(engine, an_event_up_to_five_minutes_ahead_waits_for_its_time)
{
    struct story *s = story_begin(simple);

    prepare(s, SEUIL_KIND_ACTIVITY, "e1", T0 + 5 * SEUIL_MINUTE_MS);
    s->event.field[SEUIL_FIELD_NAME] = text_value("a");
    s->event.arrival = T0;
    cr_assert_eq(step(s), SEUIL_VERDICT_APPLIED);
    cr_assert_not(s->out.notes & SEUIL_NOTE_TIME_CLAMPED);
    cr_assert_eq(tier(s), 0);
    cr_assert_eq(s->lead.clock, T0);
    cr_assert_eq(s->lead.due, T0 + 5 * SEUIL_MINUTE_MS);
    silence(s, T0 + 5 * SEUIL_MINUTE_MS);
    cr_assert_eq(crossing(s)->tier, 1);
    cr_assert_eq(crossing(s)->effective, T0 + 5 * SEUIL_MINUTE_MS);
    story_end(s);
}

Test(engine, a_tick_before_the_due_time_is_void)
{
    struct story *s = story_begin(simple);
    struct seuil_event tick = {.kind = SEUIL_KIND_TICK, .time = T0 + DAY};

    act(s, "e1", "a", T0);
    seuil_engine_step(s->models, s->scratch, &tick, &s->lead, &s->out);
    cr_assert_eq(s->out.todo, 0);
    cr_assert_eq(s->lead.clock, T0);
    story_end(s);
}

Test(engine, birth_is_the_position_of_the_event_that_created_the_state)
{
    struct story *s = story_begin(simple);

    act(s, "e0", "else", T0);
    act(s, "e1", "b", T0);
    cr_assert(s->lead.birth.known);
    cr_assert_eq(s->lead.birth.offset, 2);
    act(s, "e2", "b", T0 + 1);
    cr_assert_eq(s->lead.birth.offset, 2);
    story_end(s);
}

Test(engine, a_lead_worth_nothing_expires_and_begins_anew)
{
    struct story *s = story_begin(simple);
    seuil_time_ms due;

    act(s, "e1", "b", T0);
    due = s->lead.due;
    cr_assert_lt(score(s, due), 0.001);
    cr_assert_gt(due, T0 + 7 * DAY);
    silence(s, due);
    cr_assert(s->out.todo & SEUIL_TODO_EXPIRED);
    cr_assert(s->lead.expired);
    cr_assert_eq(s->lead.due, SEUIL_TIME_NEVER);
    act(s, "e2", "b", due + DAY);
    cr_assert_not(s->lead.expired);
    cr_assert_eq(s->lead.birth.offset, 2);
    cr_assert_float_eq(score(s, due + DAY), 1, 1e-12);
    story_end(s);
}

Test(engine, what_never_decays_never_expires)
{
    struct story *s = story_begin(simple);

    act(s, "e1", "keep", T0);
    cr_assert_eq(s->lead.due, SEUIL_TIME_NEVER);
    story_end(s);
}

static const char *const excluding =
    "seuil_model: 1\n"
    "name: m\n"
    "version: \"1\"\n"
    "decay: none\n"
    "groups: {g: {}}\n"
    "rules:\n"
    "  - {name: a, group: g, event: activity, when: {name: a}, points: 30}\n"
    "fit:\n"
    "  criteria:\n"
    "    - {name: sector, when: {sector: industry}, points: 10}\n"
    "exclusions:\n"
    "  - {name: rival, when: {employer: rival}, points: -1000}\n"
    "  - {name: complaint, event: activity, when: {name: complaint}, points: -500, decay: "
    "{expires: 10d}}\n"
    "excluded: {mark: -500, name: out}\n"
    "tiers:\n"
    "  - {name: cold}\n"
    "  - {name: warm, entry: 20}\n"
    "  - {name: hot, entry: 50}\n";

Test(engine, an_exclusion_beats_every_tier_and_lifting_it_restores_what_the_rest_says)
{
    struct story *s = story_begin(excluding);

    act(s, "e1", "a", T0);
    cr_assert_eq(tier(s), 1);
    profile(s, "p1", "employer", "rival", T0 + 1);
    cr_assert_eq(crossing(s)->tier, SEUIL_TIER_EXCLUDED);
    cr_assert_eq(crossing(s)->reason, SEUIL_REASON_EXCLUSION);
    cr_assert_not(crossing(s)->up);
    cr_assert_float_eq(crossing(s)->explanation.score, -970, 1e-9);
    /* Beneath it the automaton runs on, unseen. */
    act(s, "e2", "a", T0 + 2);
    cr_assert_eq(s->out.crossing_count, 0);
    profile(s, "p2", "employer", NULL, T0 + 3);
    cr_assert_eq(crossing(s)->tier_before, SEUIL_TIER_EXCLUDED);
    cr_assert_eq(crossing(s)->tier, 2);
    cr_assert(crossing(s)->up);
    story_end(s);
}

Test(engine, an_exclusion_by_an_event_ends_by_silence)
{
    struct story *s = story_begin(excluding);

    act(s, "e1", "a", T0);
    act(s, "e2", "complaint", T0 + 1000);
    cr_assert_eq(tier(s), SEUIL_TIER_EXCLUDED);
    cr_assert_eq(crossing(s)->qualified_until, T0 + 1000 + 10 * DAY);
    silence(s, T0 + 1000 + 10 * DAY - 1);
    cr_assert_eq(tier(s), SEUIL_TIER_EXCLUDED);
    silence(s, T0 + 1000 + 10 * DAY);
    cr_assert_eq(tier(s), 1);
    cr_assert_eq(crossing(s)->reason, SEUIL_REASON_EXCLUSION);
    story_end(s);
}

Test(engine, the_profile_is_last_writer_wins_by_event_time)
{
    struct story *s = story_begin(excluding);

    profile(s, "p2", "sector", "farming", T0 + 10);
    profile(s, "p1", "sector", "industry", T0);
    cr_assert_float_eq(score(s, T0 + 20), 0, 1e-9);
    profile(s, "p3", "sector", "industry", T0 + 11);
    cr_assert_float_eq(score(s, T0 + 20), 10, 1e-9);
    profile(s, "p4", "sector", NULL, T0 + 12);
    cr_assert_float_eq(score(s, T0 + 20), 0, 1e-9);
    cr_assert_eq(profile(s, "p5", "hobby", "chess", T0 + 13), SEUIL_VERDICT_FILTERED);
    story_end(s);
}

Test(engine, an_attribute_too_long_becomes_unknown)
{
    struct story *s = story_begin(excluding);
    char text[100];

    memset(text, 'x', sizeof(text) - 1);
    text[sizeof(text) - 1] = 0;
    profile(s, "p1", "sector", "industry", T0);
    profile(s, "p2", "sector", text, T0 + 1);
    cr_assert(s->out.notes & SEUIL_NOTE_VALUE_CUT);
    cr_assert_float_eq(score(s, T0 + 1), 0, 1e-9);
    story_end(s);
}

Test(engine, a_lead_that_rises_and_falls_again_by_silence_does_both)
{
    struct story *s =
        story_begin("seuil_model: 1\nname: m\nversion: \"1\"\ndecay: {half_life: 10d}\n"
                    "groups: {g: {ceiling: 60}, h: {}}\nrules:\n"
                    "  - {name: a, group: g, event: activity, when: {name: a}, points: 120}\n"
                    "  - {name: b, group: h, event: activity, when: {name: b}, points: -50}\n"
                    "tiers:\n  - {name: cold}\n  - {name: warm, entry: 20}\n");
    seuil_time_ms up = T0 + (int64_t)ceil(log2(50.0 / 40) * 10 * (double)DAY);

    act(s, "e1", "b", T0);
    act(s, "e2", "a", T0);
    cr_assert_eq(tier(s), 0, "60 - 50");
    /* 60 - 50 f = 20 at f = 0.8; from f = 0.5 on it is 70 f, 20 at f = 2/7. */
    cr_assert_eq(s->lead.due, up);
    silence(s, up);
    cr_assert_eq(tier(s), 1);
    cr_assert_eq(s->lead.due, T0 + (int64_t)floor(log2(70.0 / 20) * 10 * (double)DAY) + 1);
    silence(s, s->lead.due);
    cr_assert_eq(tier(s), 0);
    story_end(s);
}

Test(engine, an_event_ahead_of_its_arrival_is_the_cause_of_what_it_does_when_its_time_comes)
{
    struct story *s = story_begin(simple);
    uint8_t bytes[SEUIL_LEAD_BYTES_MAX];
    size_t len;

    prepare(s, SEUIL_KIND_ACTIVITY, "ahead", T0 + 60000);
    s->event.field[SEUIL_FIELD_NAME] = text_value("a");
    s->event.arrival = T0;
    s->event.position =
        (struct seuil_position){.topic = SEUIL_TOPICS_MAX - 1, .partition = 7, .offset = 42};
    cr_assert_eq(step(s), SEUIL_VERDICT_APPLIED);
    cr_assert_eq(tier(s), 0);
    len = seuil_lead_write(&s->lead, bytes);
    seuil_lead_init(&s->lead, SEUIL_STR("L1"));
    cr_assert_eq(seuil_lead_read(bytes, len, &s->lead), 0);
    silence(s, T0 + 60000);
    cr_assert_eq(crossing(s)->reason, SEUIL_REASON_EVENT);
    cr_assert(s->out.has_cause);
    cr_assert_eq(s->out.cause.id_len, 5);
    cr_assert_eq(memcmp(s->out.cause.id, "ahead", 5), 0);
    cr_assert_eq(s->out.cause.topic, SEUIL_TOPICS_MAX - 1);
    cr_assert(s->out.cause.partition == 7 && s->out.cause.offset == 42);
    cr_assert_eq(s->lead.cause_count, 0, "kept only while it waits");
    silence(s, T0 + 40 * DAY);
    cr_assert_not(s->out.has_cause);
    story_end(s);
}

static const char *const cooling =
    "seuil_model: 1\n"
    "name: m\n"
    "version: \"1\"\n"
    "groups: {g: {}}\n"
    "rules:\n"
    "  - {name: a, group: g, event: activity, when: {name: a}, points: 40, decay: {expires: 1d}}\n"
    "recycle: {mute: 50d}\n"
    "tiers:\n"
    "  - {name: cold}\n"
    "  - {name: warm, entry: 20, alert: {cool_down: 90d}}\n";

Test(engine, a_lead_does_not_expire_within_a_cool_down_or_a_mute)
{
    struct story *s = story_begin(cooling);

    act(s, "e1", "a", T0);
    silence(s, T0 + DAY);
    cr_assert_eq(s->lead.due, T0 + 90 * DAY);
    silence(s, T0 + 90 * DAY);
    cr_assert(s->lead.expired);
    command(s, "c1", "recycle", T0 + 100 * DAY);
    silence(s, T0 + 150 * DAY - 1);
    cr_assert_not(s->lead.expired);
    silence(s, T0 + 150 * DAY);
    cr_assert(s->lead.expired);
    story_end(s);
}

Test(engine, what_rests_under_an_inactivity_expires_when_nothing_is_left)
{
    struct story *s =
        story_begin("seuil_model: 1\nname: m\nversion: \"1\"\ngroups: {g: {}}\n"
                    "decay: {inactivity: {every: 1d, keep: 0.5}}\nrules:\n"
                    "  - {name: a, group: g, event: activity, when: {name: a}, points: 8}\n"
                    "tiers: [{name: cold}, {name: warm, entry: 5}]\n");

    act(s, "e1", "a", T0);
    silence(s, T0 + 6 * DAY);
    cr_assert_not(s->lead.expired);
    silence(s, T0 + 60 * DAY);
    cr_assert(s->lead.expired);
    story_end(s);
}

static seuil_time_ms expiry_of(const char *limit, const char *other)
{
    char yaml[512];
    struct story *s;
    seuil_time_ms due;

    snprintf(yaml, sizeof(yaml),
             "seuil_model: 1\nname: m\nversion: \"1\"\ngroups: {g: {}}\nzone: Europe/Paris\n"
             "decay: {inactivity: {every: 1d, keep: 0.5}}\nrules:\n"
             "  - {name: a, group: g, event: activity, points: 8, limit: [%s%s]}\n"
             "tiers: [{name: cold}, {name: warm, entry: 50}]\n",
             limit, other);
    s = story_begin(yaml);
    act_on(s, "e1", "a", "x", T0);
    due = s->lead.due;
    story_end(s);
    return due;
}

Test(engine, what_rests_under_an_inactivity_is_kept_as_long_as_a_limit_looks_at_it)
{
    cr_assert_eq(expiry_of("{times: 2, within: 60d}", ""), T0 + 60 * DAY);
    cr_assert_eq(expiry_of("{per: object, remember: 80d}", ""), T0 + 80 * DAY);
    cr_assert_eq(expiry_of("{times: 2, per: month}", ""), T0 + 32 * DAY);
    cr_assert_eq(expiry_of("{times: 2, within: 60d}", ", {times: 1, within: 1h}"), T0 + 60 * DAY);
    cr_assert_eq(expiry_of("{times: 2, within: 1h}", ", {times: 8, within: 50d}"), T0 + 50 * DAY);
    cr_assert_eq(expiry_of("{times: 2, within: 1h}", ""), T0 + 13 * DAY,
                 "8 of 2 to the power of 13 is less than a thousandth");
}

Test(engine, objects_are_remembered_for_longer_than_what_they_gave)
{
    struct story *s = story_begin(
        "seuil_model: 1\nname: m\nversion: \"1\"\ngroups: {g: {}}\ndecay: {expires: 1d}\nrules:\n"
        "  - {name: a, group: g, event: activity, when: {name: a}, points: 8,\n"
        "     limit: {per: object, remember: 40d}}\n"
        "  - {name: b, group: g, event: activity, when: {name: b}, points: 1}\n"
        "tiers: [{name: cold}, {name: warm, entry: 5}]\n");

    act_on(s, "e1", "a", "x", T0);
    act(s, "e2", "b", T0 + 20 * DAY);
    silence(s, T0 + 40 * DAY - 1);
    cr_assert_not(s->lead.expired);
    silence(s, T0 + 60 * DAY);
    cr_assert(s->lead.expired);
    story_end(s);
}

Test(engine, a_status_is_for_good)
{
    struct story *s = story_begin(cooling);

    command(s, "c1", "convert", T0);
    command(s, "c2", "disqualify", T0 + 1);
    command(s, "c3", "reopen", T0 + 2);
    command(s, "c4", "convert", T0 + 3);
    cr_assert_eq(s->lead.due, SEUIL_TIME_NEVER);
    story_end(s);
}

/* More rules than an event may hit. */
Test(engine, hits_beyond_the_bound_are_left_in_the_order_of_rules_and_noted)
{
    char yaml[8192];
    size_t len = (size_t)snprintf(
        yaml, sizeof(yaml), "seuil_model: 1\nname: m\nversion: \"1\"\ngroups: {g: {}}\nrules:\n");
    struct story *s;

    for (int i = 0; i < SEUIL_HITS_MAX + 1; i++)
        len += (size_t)snprintf(
            yaml + len, sizeof(yaml) - len,
            "  - {name: r%d, group: g, event: activity, when: {name: %s}, points: %d}\n", i,
            i == 0                ? "[a, b]"
            : i == SEUIL_HITS_MAX ? "a"
                                  : "[a, b]",
            i == SEUIL_HITS_MAX ? 1000 : 1);
    snprintf(yaml + len, sizeof(yaml) - len, "tiers: [{name: cold}, {name: warm, entry: 500}]\n");
    s = story_begin(yaml);
    act(s, "e1", "b", T0);
    cr_assert_eq(s->out.notes & SEUIL_NOTE_HITS_LEFT, 0);
    cr_assert_float_eq(score(s, T0), SEUIL_HITS_MAX, 1e-9);
    act(s, "e2", "a", T0);
    cr_assert(s->out.notes & SEUIL_NOTE_HITS_LEFT);
    cr_assert_float_eq(score(s, T0), 2 * SEUIL_HITS_MAX, 1e-9);
    story_end(s);
}

/* The first instant from T0 on at which the score is below @mark, if it only falls. */
static seuil_time_ms fall_below(struct story *s, double mark)
{
    seuil_time_ms low = T0, high = T0 + 1000 * DAY;

    while (high - low > 1) {
        seuil_time_ms middle = low + (high - low) / 2;

        if (exact_score(s, middle) >= mark)
            low = middle;
        else
            high = middle;
    }
    return high;
}

/* More half-lives than are added up across rules, in two groups; one fades faster. */
Test(engine, a_lead_of_many_half_lives_falls_at_the_exact_millisecond)
{
    for (int fast = 1; fast <= 12; fast++) {
        char yaml[4096];
        size_t len = (size_t)snprintf(yaml, sizeof(yaml),
                                      "seuil_model: 1\nname: m\nversion: \"1\"\n"
                                      "groups: {g: {}, h: {}}\nrules:\n");
        struct story *s;

        for (int i = 1; i <= 12; i++)
            len += (size_t)snprintf(yaml + len, sizeof(yaml) - len,
                                    "  - {name: r%d, group: %s, event: activity, points: %d,\n"
                                    "     decay: {half_life: %dh}}\n",
                                    i, i % 2 ? "g" : "h", i == fast ? 60 : 8,
                                    i == fast ? 10 : 2000 + i);
        snprintf(yaml + len, sizeof(yaml) - len,
                 "tiers: [{name: cold}, {name: warm, entry: 100}]\n");
        s = story_begin(yaml);
        act(s, "e1", "a", T0);
        cr_assert_eq(tier(s), 1);
        cr_assert_eq(s->lead.due, fall_below(s, 100));
        silence(s, s->lead.due);
        cr_assert_eq(tier(s), 0);
        story_end(s);
    }
}

/* What the profile takes off lies beside what fades. */
Test(engine, an_exclusion_short_of_its_mark_counts_when_a_fall_is_foreseen)
{
    struct story *s = story_begin(
        "seuil_model: 1\nname: m\nversion: \"1\"\ngroups: {g: {}}\nrules:\n"
        "  - {name: a, group: g, event: activity, points: 47, decay: {half_life: 20d}}\n"
        "  - {name: b, group: g, event: activity, points: 47, decay: {half_life: 30d}}\n"
        "exclusions:\n  - {name: student, when: {job: student}, points: -20}\n"
        "  - {name: rival, when: {job: rival}, points: -1000}\n"
        "excluded: {mark: -500, name: out}\n"
        "tiers: [{name: cold}, {name: warm, entry: 50}]\n");

    profile(s, "p1", "job", "student", T0);
    act(s, "e1", "a", T0);
    cr_assert_eq(tier(s), 1);
    cr_assert_eq(s->lead.due, fall_below(s, 50));
    story_end(s);
}

Test(engine, an_explanation_of_the_future_is_of_the_tier_of_then)
{
    struct story *s = story_begin(excluding);

    act(s, "e1", "a", T0);
    act(s, "e2", "complaint", T0 + 1);
    cr_assert_eq(tier(s), SEUIL_TIER_EXCLUDED);
    silence(s, T0 + 11 * DAY);
    cr_assert_eq(tier(s), 1);
    story_end(s);
    s = story_begin("seuil_model: 1\nname: m\nversion: \"1\"\ndecay: {half_life: 10d}\n"
                    "groups: {g: {}}\nrules:\n"
                    "  - {name: a, group: g, event: activity, when: {name: a}, points: 40}\n"
                    "exclusions:\n  - {name: c, event: activity, when: {name: c}, points: -500,\n"
                    "     decay: {expires: 10d}}\n"
                    "grades: {behaviour: {1: 60, 2: 30, 3: 10}}\n"
                    "excluded: {mark: -500, name: out}\n"
                    "tiers: [{name: cold}, {name: warm, entry: 20}]\n");
    act(s, "e1", "a", T0);
    act(s, "e2", "c", T0 + 1);
    cr_assert_str_eq(explain(s, T0 + 1)->grade, "X");
    cr_assert_str_eq(explain(s, T0 + 10 * DAY)->grade, "X");
    cr_assert_str_eq(explain(s, T0 + 10 * DAY + 1)->grade, "3");
    /* 20 points are told as 19.99 when the mark of 20 has just been left, not before. */
    cr_assert_eq(explain(s, T0 + 10 * DAY + 1)->score, 19.99);
    story_end(s);
}

Test(engine, of_more_events_ahead_than_are_kept_the_first_ones_are_named)
{
    struct story *s = story_begin(simple);
    char id[8];

    for (int i = 0; i < SEUIL_CAUSES_MAX + 2; i++) {
        snprintf(id, sizeof(id), "e%d", i);
        prepare(s, SEUIL_KIND_ACTIVITY, id, T0 + 60000 + i);
        s->event.field[SEUIL_FIELD_NAME] = text_value("b");
        s->event.arrival = T0;
        step(s);
    }
    cr_assert_eq(s->lead.cause_count, SEUIL_CAUSES_MAX);
    for (int i = 0; i < SEUIL_CAUSES_MAX + 2; i++) {
        silence(s, T0 + 60000 + i);
        cr_assert_eq(s->out.has_cause, i < SEUIL_CAUSES_MAX);
        cr_assert(i >= SEUIL_CAUSES_MAX || s->out.cause.id[1] == '0' + i);
    }
    story_end(s);
}

/* A lead's table of rules, and the slots that are in use. */
static void check_slots(const struct seuil_evidence *evidence)
{
    unsigned used = 0;

    for (unsigned i = 0; i < SEUIL_LEAD_RULES_MAX; i++)
        used += evidence->rule_used[i / 64] >> i % 64 & 1;
    cr_assert_eq(used, evidence->rule_count);
    for (unsigned i = 0; i < evidence->rule_count; i++) {
        unsigned slot = evidence->by_key[i];

        cr_assert(evidence->rule_used[slot / 64] >> slot % 64 & 1);
        cr_assert(i == 0 ||
                  evidence->rules[evidence->by_key[i - 1]].key < evidence->rules[slot].key);
    }
}

/* As many rules as an event may hit, of event e@event; what odd ones award ends after a day. One of
 * them is hit by e8, too, if there is @more. */
static size_t write_rules(char *yaml, size_t cap, int event, int more)
{
    size_t len = 0;

    for (int i = 0; i < SEUIL_HITS_MAX; i++)
        len += (size_t)snprintf(
            yaml + len, cap - len,
            "  - {name: r%d_%d, group: g, event: activity, when: {name: [e%d%s]}, points: 1%s}\n",
            event, i, event, i == 0 && more ? ", e8" : "",
            event % 2 ? ", decay: {expires: 1d}" : "");
    return len;
}

Test(engine, when_a_lead_has_evidence_of_as_many_rules_as_it_may_others_are_left_and_noted)
{
    static char yaml[65536];
    size_t len = (size_t)snprintf(yaml, sizeof(yaml),
                                  "seuil_model: 1\nname: m\nversion: \"1\"\ngroups: {g: {}}\n"
                                  "tiers: [{name: cold}, {name: warm, entry: 9999}]\nrules:\n");
    struct seuil_evidence *evidence;
    struct story *s;
    char name[4] = "e0";

    for (int event = 0; event < 9; event++)
        len += write_rules(yaml + len, sizeof(yaml) - len, event, event == 7);
    s = story_begin(yaml);
    evidence = &s->lead.evidence;
    for (int event = 0; event < 8; event++, name[1]++)
        act(s, name, name, T0 + event);
    cr_assert_eq(evidence->rule_count, SEUIL_LEAD_RULES_MAX);
    cr_assert_eq(s->out.notes, 0);
    check_slots(evidence);
    cr_assert_eq(act(s, "f1", "e8", T0 + 9), SEUIL_VERDICT_APPLIED, "one of its rules is there");
    cr_assert_eq(s->out.notes & SEUIL_NOTE_RULES_DROPPED, SEUIL_NOTE_RULES_DROPPED);
    cr_assert_float_eq(exact_score(s, T0 + 9), 257, 1e-9);
    act(s, "f2", "e0", T0 + 20 * DAY); /* half of them have ended, and their events are folded */
    check_slots(evidence);
    cr_assert_eq(evidence->rule_count, SEUIL_LEAD_RULES_MAX / 2);
    act(s, "f3", "e8", T0 + 21 * DAY);
    check_slots(evidence);
    cr_assert_eq(evidence->rule_count, SEUIL_LEAD_RULES_MAX / 2 + 31 + 1);
    story_end(s);
}

static void give(struct story *s, const char *id, double value, seuil_time_ms time)
{
    prepare(s, SEUIL_KIND_ACTIVITY, id, time);
    s->event.field[SEUIL_FIELD_NAME] = text_value("v");
    s->event.field[SEUIL_FIELD_VALUE] = (struct seuil_value){.type = SEUIL_TYPE_DOUBLE, .d = value};
    step(s);
}

Test(engine, steps_of_awards_below_one_point_are_foreseen)
{
    struct story *s = story_begin(
        "seuil_model: 1\nname: m\nversion: \"1\"\ngroups: {g: {}}\nrules:\n"
        "  - {name: v, group: g, event: activity, points: {field: value, ceiling: 99},\n"
        "     decay: {steps: [[1d, 100], [3d, 10]]}}\n"
        "tiers: [{name: cold}, {name: warm, entry: 0.5}]\n");

    give(s, "e1", 30, T0);
    give(s, "e2", 0.8, T0);
    cr_assert_eq(tier(s), 1);
    cr_assert_eq(s->lead.due, T0 + 3 * DAY);
    story_end(s);
}

/* Eight awards are kept as one bucket, and are worth something for a day only, twenty days on. */
Test(engine, a_step_up_and_down_of_folded_awards_is_foreseen)
{
    struct story *s =
        story_begin("seuil_model: 1\nname: m\nversion: \"1\"\ngroups: {g: {}}\nrules:\n"
                    "  - {name: a, group: g, event: activity, when: {name: a}, points: 10,\n"
                    "     decay: {steps: [[20d, 0], [21d, 100], [60d, 1]]}}\n"
                    "  - {name: k, group: g, event: activity, when: {name: k}, points: 1}\n"
                    "tiers: [{name: cold}, {name: warm, entry: 50}]\n");
    seuil_time_ms low = T0 + 15 * DAY, high = T0 + 20 * DAY + DAY / 2;
    char id[8];

    for (int i = 0; i < 40; i++) {
        snprintf(id, sizeof(id), "e%d", i);
        act(s, id, "a", i < 8 ? T0 + i : T0 + 3 * DAY + i);
    }
    act(s, "k", "k", T0 + 12 * DAY);
    cr_assert_gt(s->lead.evidence.tallies[s->lead.evidence.by_key[0]].buckets +
                     s->lead.evidence.tallies[s->lead.evidence.by_key[1]].buckets,
                 0);
    cr_assert(exact_score(s, low) < 50 && exact_score(s, high) > 50);
    while (high - low > 1) {
        seuil_time_ms middle = low + (high - low) / 2;

        if (exact_score(s, middle) < 50)
            low = middle;
        else
            high = middle;
    }
    cr_assert_eq(s->lead.due, high);
    story_end(s);
}
