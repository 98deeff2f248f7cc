/* When an upward entry is told: minimum stay, delay, cool-down, mute (SCORING 6, 10.5). */

#include "lead_story.h"

#define MINUTE SEUIL_MINUTE_MS

static const char *const model =
    "seuil_model: 1\n"
    "name: m\n"
    "version: \"1\"\n"
    "groups: {g: {}}\n"
    "rules:\n"
    "  - {name: a, group: g, event: activity, when: {name: a}, points: 40,\n"
    "     decay: {expires: 20m}}\n"
    "  - {name: big, group: g, event: activity, when: {name: big}, points: 100,\n"
    "     decay: {expires: 2d}}\n"
    "  - {name: less, group: g, event: activity, when: {name: less}, points: -40,\n"
    "     decay: {expires: 5m}}\n"
    "exclusions:\n"
    "  - {name: spam, event: activity, when: {name: spam}, points: -500, decay: {expires: 1d}}\n"
    "excluded: {mark: -500}\n"
    "recycle: {mute: 10d}\n"
    "tiers:\n"
    "  - {name: cold}\n"
    "  - {name: warm, entry: 30, alert: {for: 10m}}\n"
    "  - {name: hot, entry: 70, alert: {delay: 15m}}\n"
    "  - {name: sales, entry: 100, alert: {cool_down: 7d}}\n";

/* Whether the only crossing of the last step is told. */
static bool told(struct story *s)
{
    return crossing(s)->publish;
}

Test(alert, a_minimum_stay_tells_the_entry_when_it_is_over)
{
    struct story *s = story_begin(model);

    act(s, "e1", "a", T0);
    cr_assert_eq(tier(s), 1, "the lead itself moves at once");
    cr_assert_not(told(s));
    cr_assert_eq(s->lead.due, T0 + 10 * MINUTE);
    silence(s, T0 + 10 * MINUTE);
    cr_assert(told(s));
    cr_assert_eq(crossing(s)->tier_before, 0);
    cr_assert_eq(crossing(s)->tier, 1);
    cr_assert(crossing(s)->up);
    cr_assert_eq(crossing(s)->reason, SEUIL_REASON_EVENT);
    cr_assert_eq(crossing(s)->since, T0);
    cr_assert_eq(crossing(s)->effective, T0 + 10 * MINUTE);
    cr_assert_eq(crossing(s)->ordinal, 2);
    cr_assert_eq(crossing(s)->qualified_until, T0 + 20 * MINUTE);
    silence(s, T0 + 20 * MINUTE);
    cr_assert(told(s), "what goes down does not wait");
    story_end(s);
}

Test(alert, who_leaves_before_the_minimum_stay_is_over_begins_anew)
{
    struct story *s = story_begin(model);

    act(s, "e1", "a", T0);
    act(s, "e2", "less", T0 + 9 * MINUTE);
    cr_assert_eq(tier(s), 0);
    cr_assert_eq(silence(s, T0 + 14 * MINUTE - 1), 0);
    silence(s, T0 + 14 * MINUTE);
    cr_assert_not(told(s));
    cr_assert_eq(s->lead.due, T0 + 20 * MINUTE, "it leaves before ten minutes are over");
    silence(s, T0 + 20 * MINUTE);
    cr_assert_eq(tier(s), 0);
    cr_assert_eq(silence(s, T0 + DAY), 0);
    story_end(s);
}

Test(alert, a_delay_minds_only_whether_the_lead_is_in_the_tier_at_its_end)
{
    struct story *s = story_begin(model);

    act(s, "e1", "a", T0);
    act(s, "e2", "a", T0 + 1 * MINUTE);
    cr_assert_eq(tier(s), 2);
    cr_assert_not(told(s));
    act(s, "e3", "less", T0 + 3 * MINUTE);
    cr_assert_eq(tier(s), 1);
    cr_assert(told(s));
    silence(s, T0 + 8 * MINUTE);
    cr_assert_eq(tier(s), 2);
    cr_assert_not(told(s));
    silence(s, T0 + 16 * MINUTE - 1);
    cr_assert_not(told(s));
    silence(s, T0 + 16 * MINUTE);
    cr_assert(told(s));
    cr_assert_eq(crossing(s)->since, T0 + 8 * MINUTE);
    story_end(s);
}

Test(alert, an_entry_within_the_cool_down_is_told_at_its_end_if_the_tier_still_holds)
{
    struct story *s = story_begin(model);

    act(s, "e1", "big", T0);
    cr_assert(told(s));
    silence(s, T0 + 2 * DAY);
    act(s, "e2", "big", T0 + 3 * DAY);
    cr_assert_not(told(s));
    silence(s, T0 + 5 * DAY);
    cr_assert_eq(tier(s), 0, "it is over before the cool-down is");
    act(s, "e3", "big", T0 + 6 * DAY);
    cr_assert_not(told(s));
    silence(s, T0 + 7 * DAY);
    cr_assert(told(s));
    cr_assert_eq(crossing(s)->effective, T0 + 7 * DAY);
    cr_assert_eq(crossing(s)->since, T0 + 6 * DAY);
    silence(s, T0 + 8 * DAY);
    act(s, "e4", "big", T0 + 13 * DAY);
    cr_assert_not(told(s), "it began a cool-down");
    story_end(s);
}

Test(alert, a_recycle_mutes_sales_but_nobody_else)
{
    struct story *s = story_begin(model);

    act(s, "e1", "big", T0);
    command(s, "k1", "recycle", T0 + 8 * DAY);
    act(s, "e2", "big", T0 + 16 * DAY);
    cr_assert_eq(tier(s), 3);
    cr_assert_not(told(s));
    cr_assert_eq(s->lead.due, T0 + 18 * DAY);
    act(s, "e3", "big", T0 + 17 * DAY);
    silence(s, T0 + 18 * DAY);
    cr_assert(told(s));
    story_end(s);
}

Test(alert, none_leaves_while_the_lead_is_frozen)
{
    struct story *s = story_begin(model);

    act(s, "e1", "a", T0);
    command(s, "k1", "convert", T0 + 5 * MINUTE);
    cr_assert_eq(silence(s, T0 + 11 * MINUTE), 0);
    command(s, "k2", "reopen", T0 + 12 * MINUTE);
    cr_assert(told(s));
    cr_assert_eq(crossing(s)->tier, 1);
    cr_assert_eq(crossing(s)->effective, T0 + 12 * MINUTE);
    story_end(s);
}

Test(alert, an_exclusion_is_told_at_once_and_the_return_is_an_entry)
{
    struct story *s = story_begin(model);

    act(s, "e1", "big", T0);
    act(s, "e2", "spam", T0 + 1);
    cr_assert(told(s));
    cr_assert_not(crossing(s)->up);
    silence(s, T0 + 1 + DAY);
    cr_assert_eq(tier(s), 3);
    cr_assert(crossing(s)->up);
    cr_assert_not(told(s), "within the cool-down");
    story_end(s);
}

Test(alert, what_waits_and_what_cools_down_survives_a_restart)
{
    struct story *s = story_begin(model);
    uint8_t bytes[SEUIL_LEAD_BYTES_MAX], again[SEUIL_LEAD_BYTES_MAX];
    size_t len;

    act(s, "e1", "big", T0);
    silence(s, T0 + 2 * DAY);
    act(s, "e2", "big", T0 + 6 * DAY);
    len = seuil_lead_write(&s->lead, bytes);
    seuil_lead_init(&s->lead, SEUIL_STR("L1"));
    cr_assert_eq(seuil_lead_read(bytes, len, &s->lead), 0);
    cr_assert_eq(seuil_lead_write(&s->lead, again), len);
    cr_assert_arr_eq(bytes, again, len);
    silence(s, T0 + 7 * DAY);
    cr_assert(told(s));
    story_end(s);
}

/* The id of the event that the only crossing of the last step is due to. */
static bool is_due_to(struct story *s, const char *id)
{
    const struct seuil_crossing *it = crossing(s);

    return it->has_cause && it->cause.id_len == strlen(id) &&
           memcmp(it->cause.id, id, it->cause.id_len) == 0;
}

Test(alert, what_is_told_later_carries_the_event_that_brought_the_lead_there)
{
    struct story *s = story_begin(model);
    uint8_t bytes[SEUIL_LEAD_BYTES_MAX];
    size_t len;

    act(s, "first", "big", T0);
    cr_assert_not(crossing(s)->has_cause, "told at once: it is the event of the step");
    silence(s, T0 + 2 * DAY);
    prepare(s, SEUIL_KIND_ACTIVITY, "again", T0 + 6 * DAY);
    s->event.field[SEUIL_FIELD_NAME] = text_value("big");
    s->event.position = (struct seuil_position){.topic = 2, .partition = 5, .offset = 77};
    step(s);
    cr_assert_not(told(s));
    len = seuil_lead_write(&s->lead, bytes);
    seuil_lead_init(&s->lead, SEUIL_STR("L1"));
    cr_assert_eq(seuil_lead_read(bytes, len, &s->lead), 0);
    act(s, "later", "a", T0 + 6 * DAY + MINUTE); /* moves nothing */
    silence(s, T0 + 7 * DAY);
    cr_assert(told(s) && is_due_to(s, "again"));
    cr_assert(crossing(s)->cause.topic == 2 && crossing(s)->cause.partition == 5 &&
              crossing(s)->cause.offset == 77);
    silence(s, T0 + 8 * DAY);
    cr_assert_not(crossing(s)->has_cause, "time alone");
    story_end(s);
}

Test(alert, an_id_too_long_to_be_kept_is_no_cause_rather_than_another_one)
{
    struct story *s = story_begin(model);
    char id[SEUIL_ALERT_ID_MAX + 2];

    memset(id, 'x', sizeof(id) - 1);
    id[sizeof(id) - 1] = 0;
    prepare(s, SEUIL_KIND_ACTIVITY, "", T0);
    s->event.field[SEUIL_FIELD_NAME] = text_value("a");
    s->event.id = seuil_str_from(id);
    step(s);
    silence(s, T0 + 10 * MINUTE);
    cr_assert(told(s) && !crossing(s)->has_cause);
    id[SEUIL_ALERT_ID_MAX] = 0;
    silence(s, T0 + 20 * MINUTE);
    prepare(s, SEUIL_KIND_ACTIVITY, "", T0 + DAY);
    s->event.field[SEUIL_FIELD_NAME] = text_value("a");
    s->event.id = seuil_str_from(id);
    step(s);
    silence(s, T0 + DAY + 10 * MINUTE);
    cr_assert(told(s) && is_due_to(s, id));
    story_end(s);
}

Test(alert, of_an_entry_by_silence_there_is_no_cause)
{
    struct story *s = story_begin(model);

    act(s, "less", "less", T0);
    act(s, "a", "a", T0 + 1);
    cr_assert_eq(tier(s), 0);
    silence(s, T0 + 5 * MINUTE);
    cr_assert_eq(tier(s), 1, "what was taken away has expired");
    silence(s, T0 + 15 * MINUTE);
    cr_assert(told(s) && !crossing(s)->has_cause);
    story_end(s);
}

Test(alert, a_silent_model_tells_nothing_and_keeps_all)
{
    struct story *s = story_begin("seuil_model: 1\n"
                                  "name: m\n"
                                  "version: \"2\"\n"
                                  "silent: true\n"
                                  "groups: {g: {}}\n"
                                  "rules: [{name: a, group: g, event: activity, points: 40}]\n"
                                  "tiers: [{name: cold}, {name: warm, entry: 30}]\n");

    act(s, "e1", "a", T0);
    cr_assert_eq(tier(s), 1);
    cr_assert_not(told(s));
    cr_assert_eq(crossing(s)->ordinal, 1);
    story_end(s);
}

/* Hot by two `a`, which end after 20 minutes; `less` takes it away for five. */
Test(alert, a_short_absence_ends_before_the_delay_does)
{
    for (seuil_time_ms early = 0; early < 2; early++) {
        struct story *s = story_begin(model);

        act(s, "e1", "a", T0);
        act(s, "e2", "a", T0);
        cr_assert_eq(tier(s), 2);
        act(s, "e3", "less", T0 + 10 * MINUTE - early);
        cr_assert_eq(tier(s), 1);
        silence(s, T0 + 15 * MINUTE - early);
        cr_assert_eq(tier(s), 2);
        cr_assert_not(told(s));
        cr_assert_eq(silence(s, T0 + 15 * MINUTE), early, "back in time, it is told then");
        cr_assert_eq(crossing(s)->publish, early == 1);
        story_end(s);
    }
}
