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
