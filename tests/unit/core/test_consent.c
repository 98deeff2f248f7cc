/* Where consent is asked for, nothing is stored without it (SCORING 7). */

#include "lead_story.h"

static const char *const model =
    "seuil_model: 1\n"
    "name: m\n"
    "version: \"1\"\n"
    "consent: required\n"
    "groups: {g: {}}\n"
    "rules:\n"
    "  - {name: a, group: g, event: activity, when: {name: a}, points: 30,\n"
    "     decay: {expires: 1d}}\n"
    "tiers:\n"
    "  - {name: cold}\n"
    "  - {name: warm, entry: 20}\n";

static enum seuil_verdict says(struct story *s, const char *id, const char *name, bool consent,
                               seuil_time_ms time)
{
    prepare(s, SEUIL_KIND_ACTIVITY, id, time);
    s->event.field[SEUIL_FIELD_NAME] = text_value(name);
    s->event.consent = (struct seuil_value){.type = SEUIL_TYPE_BOOL, .b = consent};
    return step(s);
}

Test(consent, without_it_nothing_is_stored)
{
    struct story *s = story_begin(model);

    cr_assert_eq(act(s, "e1", "a", T0), SEUIL_VERDICT_FILTERED);
    cr_assert_eq(adjust(s, "k1", 50, 0, T0), SEUIL_VERDICT_FILTERED);
    cr_assert_eq(command(s, "k2", "forget", T0), SEUIL_VERDICT_FILTERED);
    cr_assert_eq(says(s, "e2", "a", false, T0), SEUIL_VERDICT_FILTERED);
    cr_assert_eq(s->out.todo, 0);
    cr_assert_eq(s->lead.clock, SEUIL_TIME_NONE);
    story_end(s);
}

Test(consent, with_it_the_event_itself_counts_and_all_that_follow)
{
    struct story *s = story_begin(model);

    cr_assert_eq(says(s, "e1", "a", true, T0), SEUIL_VERDICT_APPLIED);
    cr_assert_eq(tier(s), 1);
    cr_assert_eq(act(s, "e2", "a", T0 + 1), SEUIL_VERDICT_APPLIED);
    cr_assert_eq(says(s, "e2", "a", true, T0 + 1), SEUIL_VERDICT_DUPLICATE);
    cr_assert_float_eq(score(s, T0 + 1), 60, 1e-9);
    story_end(s);
}

Test(consent, given_with_an_event_that_gives_no_points_it_is_kept_for_good)
{
    struct story *s = story_begin(model);
    uint8_t bytes[SEUIL_LEAD_BYTES_MAX];
    size_t len;

    cr_assert_eq(says(s, "e1", "nothing", true, T0), SEUIL_VERDICT_APPLIED);
    cr_assert(s->out.todo & SEUIL_TODO_SAVE);
    cr_assert_eq(s->lead.due, SEUIL_TIME_NEVER);
    len = seuil_lead_write(&s->lead, bytes);
    seuil_lead_init(&s->lead, SEUIL_STR("L1"));
    cr_assert_eq(seuil_lead_read(bytes, len, &s->lead), 0);
    silence(s, T0 + 900 * DAY);
    cr_assert_eq(act(s, "e2", "a", T0 + 900 * DAY), SEUIL_VERDICT_APPLIED);
    story_end(s);
}

Test(consent, taken_back_erases_all_and_a_later_one_starts_anew)
{
    struct story *s = story_begin(model);
    uint32_t ordinal;

    says(s, "e1", "a", true, T0);
    says(s, "e2", "a", false, T0 + 1000);
    cr_assert(s->out.todo & SEUIL_TODO_ERASE);
    cr_assert_not(crossing(s)->up);
    ordinal = crossing(s)->ordinal;
    cr_assert(s->lead.tombstone);
    cr_assert_eq(act(s, "e3", "a", T0 + 2000), SEUIL_VERDICT_FILTERED);
    cr_assert_eq(says(s, "e4", "a", true, T0 + 500), SEUIL_VERDICT_FORGOTTEN, "given before");
    cr_assert_eq(says(s, "e5", "a", true, T0 + 3000), SEUIL_VERDICT_APPLIED);
    cr_assert_float_eq(crossing(s)->explanation.score, 30, 1e-9);
    cr_assert_gt(crossing(s)->ordinal, ordinal);
    story_end(s);
}

static int read_back(const struct seuil_lead *lead)
{
    static struct seuil_lead copy;
    uint8_t bytes[SEUIL_LEAD_BYTES_MAX];

    seuil_lead_init(&copy, SEUIL_STR("L1"));
    return seuil_lead_read(bytes, seuil_lead_write(lead, bytes), &copy);
}

Test(consent, taken_back_by_one_id_of_a_person_it_is_asked_for_again)
{
    struct story *s = story_begin(model);
    static struct seuil_lead other;

    says(s, "e1", "a", true, T0);
    says(s, "e2", "nothing", false, T0 + 20);
    other = s->lead;
    seuil_lead_init(&s->lead, SEUIL_STR("L2"));
    says(s, "x1", "a", true, T0 + 10);
    prepare(s, SEUIL_KIND_ACTIVITY, "x2", T0 + 60000);
    s->event.field[SEUIL_FIELD_NAME] = text_value("nothing");
    s->event.consent = (struct seuil_value){.type = SEUIL_TYPE_BOOL, .b = true};
    s->event.arrival = T0 + 30;
    step(s);
    prepare(s, SEUIL_KIND_COMMAND, "merge", T0 + 40);
    seuil_engine_merge(s->models, s->scratch, &s->event, &other, &s->lead, &s->out);
    cr_assert_not(s->lead.consented);
    cr_assert_eq(read_back(&s->lead), 0);
    cr_assert_eq(act(s, "e3", "a", T0 + 50), SEUIL_VERDICT_FILTERED);
    cr_assert_eq(says(s, "e4", "a", true, T0 + 60), SEUIL_VERDICT_APPLIED);
    story_end(s);
}

/* The other way round: an event that waits for its time is erased like the rest. */
Test(consent, of_a_lead_that_another_one_forgets_no_cause_stays)
{
    struct story *s = story_begin(model);
    static struct seuil_lead other;

    says(s, "x1", "nothing", true, T0 + 10);
    prepare(s, SEUIL_KIND_ACTIVITY, "x2", T0 + 60000);
    s->event.field[SEUIL_FIELD_NAME] = text_value("a");
    s->event.arrival = T0 + 30;
    step(s);
    cr_assert_eq(s->lead.cause_count, 1);
    other = s->lead;
    seuil_lead_init(&s->lead, SEUIL_STR("L2"));
    says(s, "e1", "a", true, T0);
    says(s, "e2", "nothing", false, T0 + 70000);
    prepare(s, SEUIL_KIND_COMMAND, "merge", T0 + 80000);
    seuil_engine_merge(s->models, s->scratch, &s->event, &other, &s->lead, &s->out);
    cr_assert_eq(s->lead.evidence.newest, SEUIL_TIME_NONE);
    cr_assert_eq(read_back(&s->lead), 0);
    story_end(s);
}

/* An automaton that only stood still has nothing left to say. */
Test(consent, a_frozen_lead_without_a_crossing_that_is_forgotten_is_read_back)
{
    struct story *s = story_begin("seuil_model: 1\nname: m\nversion: \"1\"\n"
                                  "fit: {criteria: [{name: f, when: {sector: wood}, points: 5}]}\n"
                                  "tiers: [{name: cold}, {name: warm, entry: 5, exit: 4}]\n");

    profile(s, "1", "sector", "steel", T0);
    command(s, "2", "convert", T0 + 1);
    cr_assert_eq(s->lead.automaton_count, 1);
    command(s, "3", "forget", T0 + 2);
    cr_assert_eq(s->lead.automaton_count, 0);
    cr_assert_eq(read_back(&s->lead), 0);
    story_end(s);
}
