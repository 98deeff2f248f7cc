/* Clicks that wait for a verdict (SCORING 7). */

#include "lead_story.h"

static const char *const model =
    "seuil_model: 1\nname: m\nversion: \"1\"\ngroups: {g: {}}\nrules:\n"
    "  - {name: c, group: g, event: email, when: {action: clicked}, points: 10,\n"
    "     limit: {times: 1, per: message_id}}\n"
    "  - {name: a, group: g, event: activity, points: 3}\n"
    "reset: {silence: 1h, without: {event: email, when: {action: clicked}},\n"
    "        solicited: {event: activity, when: {name: sent}}}\n"
    "quarantine: {wait: 10s, burst: {links: 3, within: 2s}}\n"
    "tiers: [{name: cold}, {name: warm, entry: 10}]\n";

static void click(struct story *s, const char *id, const char *mail, const char *url,
                  seuil_time_ms time)
{
    prepare(s, SEUIL_KIND_EMAIL, id, time);
    s->event.field[SEUIL_FIELD_ACTION] = text_value("clicked");
    s->event.field[SEUIL_FIELD_MESSAGE_ID] = text_value(mail);
    s->event.field[SEUIL_FIELD_URL] = text_value(url);
    step(s);
}

static void expect(struct story *s, seuil_time_ms at, double expected)
{
    double got = exact_score(s, at);

    cr_assert_float_eq(got, expected, 1e-9, "%g, not %g", got, expected);
}

Test(quarantine, a_click_counts_after_the_wait_at_its_own_time)
{
    struct story *s = story_begin(model);

    click(s, "1", "m", "/a", T0);
    expect(s, T0 + 9999, 0);
    cr_assert_eq(s->lead.due, T0 + 10000);
    silence(s, T0 + 10000);
    cr_assert_eq(crossing(s)->reason, SEUIL_REASON_EVENT);
    cr_assert_eq(crossing(s)->effective, T0 + 10000);
    cr_assert(s->out.has_cause && s->out.cause.id_len == 1 && s->out.cause.id[0] == '1');
    cr_assert_eq(s->lead.cause_count, 0, "kept only while it waits");
    expect(s, T0 + 10000, 10);
    story_end(s);
}

Test(quarantine, a_burst_is_a_machine_and_gives_its_slot_back)
{
    struct story *s = story_begin(model);

    click(s, "1", "m", "/a", T0);
    click(s, "2", "m", "/b", T0 + 1000);
    click(s, "3", "m", "/c", T0 + 2000); /* the end is included */
    click(s, "4", "n", "/a", T0 + 2000); /* of another e-mail */
    silence(s, T0 + 60000);
    expect(s, T0 + 60000, 10);
    click(s, "5", "m", "/a", T0 + 70000);
    silence(s, T0 + 80000);
    expect(s, T0 + 80000, 20);
    story_end(s);
}

/* How many are caught from here to @until. */
static unsigned caught(struct story *s, seuil_time_ms until)
{
    unsigned count = s->out.quarantined;

    while (s->lead.due <= until) {
        silence(s, s->lead.due);
        count += s->out.quarantined;
    }
    return count;
}

Test(quarantine, clicks_of_a_burst_are_counted_once_each)
{
    struct story *s = story_begin(model);
    unsigned count = 0;

    click(s, "1", "m", "/a", T0);
    click(s, "2", "m", "/b", T0 + 1000);
    click(s, "3", "m", "/c", T0 + 2000);
    click(s, "3", "m", "/c", T0 + 2000);
    click(s, "4", "n", "/a", T0 + 2000);
    count += caught(s, T0 + 30000);
    cr_assert_eq(count, 3);
    click(s, "5", "m", "/d", T0 + 1500); /* late, and its verdict is past */
    count += caught(s, T0 + 60000);
    cr_assert_eq(count, 4);
    click(s, "6", "m", "/a", T0 + 70000);
    count += caught(s, T0 + 90000);
    cr_assert_eq(count, 4, "nobody clicks so alone but a person");
    story_end(s);
}

Test(quarantine, a_late_click_that_makes_a_burst_of_earlier_ones_counts_them_too)
{
    struct story *s = story_begin(model);
    unsigned count = 0;

    click(s, "1", "m", "/a", T0);
    click(s, "2", "m", "/b", T0 + 1000);
    click(s, "3", "n", "/b", T0 + 1000);
    count += caught(s, T0 + 30000);
    cr_assert_eq(count, 0);
    expect(s, T0 + 30000, 20);
    click(s, "4", "m", "/c", T0 + 500);
    count += caught(s, T0 + 40000);
    cr_assert_eq(count, 3, "%u", count);
    expect(s, T0 + 40000, 10);
    click(s, "5", "m", "/d", T0 + 600); /* nobody is counted twice */
    count += caught(s, T0 + 50000);
    cr_assert_eq(count, 4, "%u", count);
    story_end(s);
}

Test(quarantine, a_millisecond_more_is_no_burst)
{
    struct story *s = story_begin(model);

    click(s, "1", "m", "/a", T0);
    click(s, "2", "n", "/b", T0 + 1);
    click(s, "3", "m", "/b", T0 + 1000);
    click(s, "4", "m", "/c", T0 + 2001);
    silence(s, T0 + 60000);
    expect(s, T0 + 60000, 20);
    story_end(s);
}

Test(quarantine, no_fold_point_cuts_a_burst)
{
    struct story *s = story_begin(model);

    click(s, "1", "m", "/a", T0);
    click(s, "2", "m", "/b", T0 + 1000);
    click(s, "3", "m", "/c", T0 + 1500);
    /* The first one is folded, the others are not. */
    act(s, "x", "x", T0 + 7 * DAY + 10000 + 500);
    cr_assert_eq(s->lead.evidence.recent_count, 3);
    expect(s, T0 + 7 * DAY + 10500, 3);
    act(s, "y", "x", T0 + 8 * DAY);
    expect(s, T0 + 8 * DAY, 6);
    story_end(s);
}

Test(quarantine, a_reset_that_falls_into_the_wait_waits)
{
    struct story *s = story_begin(model);
    seuil_time_ms end = T0 + SEUIL_HOUR_MS;

    act(s, "s", "sent", T0);
    click(s, "1", "m", "/a", end - 5000);
    silence(s, end + 4999);
    expect(s, end + 4999, 3);
    silence(s, end + 5000);
    expect(s, end + 5000, 13); /* it was a human: no silence */
    story_end(s);
    s = story_begin(model);
    act(s, "s", "sent", T0);
    click(s, "1", "m", "/a", end - 5000);
    click(s, "2", "m", "/b", end - 5000);
    click(s, "3", "m", "/c", end - 5000);
    silence(s, end + 4999);
    expect(s, end + 4999, 3);
    silence(s, end + 5000);
    expect(s, end + 5000, 0); /* a machine: there was silence all the while */
    story_end(s);
}

Test(quarantine, a_reset_that_an_event_ends_in_the_wait_waits_too)
{
    struct story *s = story_begin(model);

    act(s, "a", "visit", T0);
    click(s, "1", "m", "/a", T0 + 2 * SEUIL_HOUR_MS);
    act(s, "s", "sent", T0 + 2 * SEUIL_HOUR_MS + 1000); /* only now the silence is one */
    expect(s, T0 + 2 * SEUIL_HOUR_MS + 1000, 6);
    silence(s, T0 + 2 * SEUIL_HOUR_MS + 10000);
    expect(s, T0 + 2 * SEUIL_HOUR_MS + 10000, 16); /* it was none */
    story_end(s);
    s = story_begin(model);
    for (unsigned i = 0; i < 4; i++)
        act(s, (char[]){(char)('a' + i), 0}, "visit", T0);
    cr_assert_eq(tier(s), 1);
    click(s, "1", "m", "/a", T0 + 2 * SEUIL_HOUR_MS);
    click(s, "2", "m", "/b", T0 + 2 * SEUIL_HOUR_MS);
    act(s, "s", "sent", T0 + 2 * SEUIL_HOUR_MS + 1000);
    cr_assert_eq(tier(s), 1);
    click(s, "3", "m", "/c", T0 + 2 * SEUIL_HOUR_MS + 1500);
    silence(s, T0 + 2 * SEUIL_HOUR_MS + 10000);
    cr_assert_eq(crossing(s)->effective, T0 + 2 * SEUIL_HOUR_MS + 10000);
    cr_assert_eq(crossing(s)->reason, SEUIL_REASON_RESET);
    expect(s, T0 + 2 * SEUIL_HOUR_MS + 10000, 3); /* what ended it counts after it */
    story_end(s);
}

Test(quarantine, what_happens_with_the_verdict_over_a_click_names_the_click)
{
    struct story *s =
        story_begin("seuil_model: 1\nname: m\nversion: \"1\"\ngroups: {g: {}}\nrules:\n"
                    "  - {name: a, group: g, event: activity, points: 10, decay: {expires: 10s}}\n"
                    "quarantine: {wait: 10s, burst: {links: 3, within: 2s}}\n"
                    "tiers: [{name: cold}, {name: warm, entry: 10}]\n");

    act(s, "1", "a", T0);
    click(s, "2", "m", "/a", T0); /* which gives nothing itself */
    silence(s, T0 + 10000);
    cr_assert_eq(crossing(s)->tier, 0);
    cr_assert_eq(crossing(s)->reason, SEUIL_REASON_EVENT);
    cr_assert(s->out.has_cause && s->out.cause.id_len == 1 && s->out.cause.id[0] == '2');
    story_end(s);
}
