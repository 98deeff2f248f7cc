/* Events that wait behind a packed state, and those that cannot. */

#include "core/defer.h"
#include "lead_story.h"

static const char *const model =
    "seuil_model: 1\n"
    "name: m\n"
    "version: \"1\"\n"
    "decay: {half_life: 14d}\n"
    "groups:\n"
    "  g: {ceiling: 60}\n"
    "rules:\n"
    "  - {name: a, group: g, event: activity, when: {name: a}, points: 8}\n"
    "  - {name: once, group: g, event: activity, when: {name: once}, points: 3,\n"
    "     limit: {per: object}}\n"
    "  - {name: bad, group: g, event: activity, when: {name: bad}, points: -2}\n"
    "  - {name: trial, group: g, event: activity, when: {name: trial}, points: 1,\n"
    "     decay: {steps: [[30d, 100%]]}}\n"
    "tiers:\n"
    "  - {name: cold}\n"
    "  - {name: warm, entry: 20}\n";

struct waiting {
    struct seuil_digest digest;
    uint8_t bytes[SEUIL_LEAD_BYTES_MAX + SEUIL_PENDINGS_MAX * SEUIL_PENDING_BYTES_MAX];
    uint32_t state; /* bytes of the state, before the pendings */
    uint32_t len;   /* of those */
};

/* The event that the story has prepared: deferred, or not. */
static enum seuil_deferral wait(struct story *s, struct waiting *w)
{
    uint32_t len = 0;
    struct seuil_str held = {(const char *)w->bytes, w->state + w->len};
    enum seuil_deferral deferral =
        seuil_engine_defer(s->models, s->scratch, &s->event, s->event.arrival, held, &w->digest,
                           w->bytes + held.len, &len);

    w->len += len;
    return deferral;
}

static enum seuil_deferral wait_act(struct story *s, struct waiting *w, const char *id,
                                    const char *name, seuil_time_ms time)
{
    prepare(s, SEUIL_KIND_ACTIVITY, id, time);
    s->event.field[SEUIL_FIELD_NAME] = text_value(name);
    s->event.field[SEUIL_FIELD_OBJECT] = text_value("o");
    return wait(s, w);
}

static void digest(struct story *s, struct waiting *w)
{
    *w = (struct waiting){0};
    w->state = (uint32_t)seuil_lead_write(&s->lead, w->bytes);
    seuil_engine_digest(s->models, s->scratch, &s->lead, w->state, &w->digest);
}

static void compare(struct story *waited, struct story *stepped)
{
    uint8_t a[SEUIL_LEAD_BYTES_MAX], b[SEUIL_LEAD_BYTES_MAX];
    size_t len = seuil_lead_write(&stepped->lead, a);

    cr_assert_eq(seuil_lead_write(&waited->lead, b), len);
    cr_assert_arr_eq(a, b, len);
}

static void stamped_act(struct story *s, const char *id, const char *name, seuil_time_ms time)
{
    act_on(s, id, name, "o", time);
    seuil_lead_set_stamp(&s->lead, 0, 0, s->offset + 1);
}

Test(defer, events_that_waited_leave_the_bytes_that_stepping_them_leaves)
{
    struct story *waited = story_begin(model), *stepped = story_begin(model);
    struct waiting w = {0};

    seuil_engine_digest_new(waited->scratch, &w.digest);
    cr_assert_eq(wait_act(waited, &w, "e1", "a", T0), SEUIL_DEFERRAL_PENDING);
    cr_assert_eq(wait_act(waited, &w, "e2", "once", T0 + 1), SEUIL_DEFERRAL_PENDING);
    cr_assert_eq(wait_act(waited, &w, "e3", "once", T0 + 9 * DAY), SEUIL_DEFERRAL_PENDING);
    cr_assert_eq(w.digest.count, 3);
    seuil_engine_catch_up(waited->models, waited->scratch, &w.digest, w.bytes + w.state, w.len,
                          &waited->lead, &waited->out);
    cr_assert_eq(waited->out.crossing_count, 0);
    cr_assert(waited->out.todo & SEUIL_TODO_SAVE);
    stamped_act(stepped, "e1", "a", T0);
    stamped_act(stepped, "e2", "once", T0 + 1);
    stamped_act(stepped, "e3", "once", T0 + 9 * DAY);
    compare(waited, stepped);
    story_end(waited);
    story_end(stepped);
}

Test(defer, an_event_that_could_reach_a_mark_is_stepped)
{
    struct story *s = story_begin(model);
    struct waiting w;

    act(s, "e1", "a", T0);
    digest(s, &w);
    cr_assert_eq(wait_act(s, &w, "e2", "a", T0 + 1), SEUIL_DEFERRAL_PENDING);
    cr_assert_eq(wait_act(s, &w, "e3", "a", T0 + 2), SEUIL_DEFERRAL_NONE, "24");
    cr_assert_eq(wait_act(s, &w, "e4", "once", T0 + 3), SEUIL_DEFERRAL_PENDING, "19");
    cr_assert_eq(wait_act(s, &w, "e5", "once", T0 + 4), SEUIL_DEFERRAL_NONE, "22");
    cr_assert_eq(wait_act(s, &w, "e6", "once", T0 + 14 * DAY), SEUIL_DEFERRAL_PENDING,
                 "the first 8 points are no more than 4 by then");
    story_end(s);
}

/* Thirty rules that each event hits, with a limit each. */
static void write_thirty(char *yaml, size_t cap)
{
    size_t len =
        (size_t)snprintf(yaml, cap,
                         "seuil_model: 1\nname: m\nversion: \"1\"\n"
                         "decay: {half_life: 14d}\ngroups:\n  g: {ceiling: 60}\n"
                         "tiers:\n  - {name: cold}\n  - {name: warm, entry: 50}\nrules:\n");

    for (int i = 0; i < 30; i++)
        len += (size_t)snprintf(yaml + len, cap - len,
                                "  - {name: r%d, group: g, event: activity, when: {name: a},\n"
                                "     points: 0.01, limit: {per: object}}\n",
                                i);
}

Test(defer, events_that_could_fill_a_state_are_stepped)
{
    char yaml[8192];
    struct story *waited, *stepped;
    struct waiting w = {0};

    write_thirty(yaml, sizeof(yaml));
    waited = story_begin(yaml);
    stepped = story_begin(yaml);
    seuil_engine_digest_new(waited->scratch, &w.digest);
    cr_assert_eq(wait_act(waited, &w, "e1", "a", T0), SEUIL_DEFERRAL_PENDING);
    cr_assert_eq(wait_act(waited, &w, "e2", "a", T0 + 8 * DAY), SEUIL_DEFERRAL_PENDING);
    cr_assert_eq(wait_act(waited, &w, "e3", "a", T0 + 9 * DAY), SEUIL_DEFERRAL_NONE,
                 "each may leave an instant, an object and a period with every rule");
    seuil_engine_catch_up(waited->models, waited->scratch, &w.digest, w.bytes + w.state, w.len,
                          &waited->lead, &waited->out);
    stamped_act(stepped, "e1", "a", T0);
    stamped_act(stepped, "e2", "a", T0 + 8 * DAY);
    compare(waited, stepped);
    story_end(waited);
    story_end(stepped);
}

Test(defer, events_that_are_to_be_folded_yet_take_room_as_well)
{
    char yaml[8192];
    struct story *s;
    struct waiting w;

    write_thirty(yaml, sizeof(yaml));
    s = story_begin(yaml);
    act_on(s, "e1", "a", "o", T0);
    digest(s, &w);
    cr_assert_eq(wait_act(s, &w, "e2", "a", T0 + 1), SEUIL_DEFERRAL_PENDING);
    act_on(s, "e2", "a", "o", T0 + 1);
    digest(s, &w);
    cr_assert_eq(wait_act(s, &w, "e3", "a", T0 + 2), SEUIL_DEFERRAL_NONE);
    story_end(s);
}

/* The filter of the digest is full with some thirty events. */
#define MANY (SEUIL_RECENT_MAX - SEUIL_PENDINGS_MAX)
Test(defer, a_lead_with_hundreds_of_events_knows_each_of_them_and_lets_others_wait)
{
    static const char small[] = "seuil_model: 1\nname: m\nversion: \"1\"\ndecay: {half_life: 14d}\n"
                                "groups:\n  g: {ceiling: 60}\ntiers:\n  - {name: cold}\n"
                                "  - {name: warm, entry: 50}\nrules:\n"
                                "  - {name: a, group: g, event: activity, when: {name: a},"
                                " points: 0.01}\n";
    struct story *waited = story_begin(small), *stepped = story_begin(small);
    struct waiting w = {0};
    unsigned steps = 0;
    char id[16];

    seuil_engine_digest_new(waited->scratch, &w.digest);
    for (int i = 0; i < MANY; i++) {
        snprintf(id, sizeof(id), "e%d", i);
        stamped_act(stepped, id, "a", T0 + i);
        if (wait_act(waited, &w, id, "a", T0 + i) == SEUIL_DEFERRAL_PENDING)
            continue;
        steps++;
        seuil_engine_put_pendings(waited->models, waited->scratch, &w.digest, w.bytes + w.state,
                                  w.len, &waited->lead);
        waited->offset--; /* the same event again */
        stamped_act(waited, id, "a", T0 + i);
        digest(waited, &w);
    }
    cr_assert_leq(steps, MANY / SEUIL_PENDINGS_MAX, "%u steps", steps);
    cr_assert_gt(w.digest.count, 0);
    for (int i = 0; i < MANY; i++) {
        snprintf(id, sizeof(id), "e%d", i);
        cr_assert_eq(wait_act(waited, &w, id, "a", T0 + DAY), SEUIL_DEFERRAL_NONE, "%s again", id);
    }
    seuil_engine_catch_up(waited->models, waited->scratch, &w.digest, w.bytes + w.state, w.len,
                          &waited->lead, &waited->out);
    compare(waited, stepped);
    story_end(waited);
    story_end(stepped);
}

Test(defer, an_event_that_does_not_come_in_order_is_stepped)
{
    struct story *s = story_begin(model);
    struct waiting w;

    act(s, "e1", "a", T0);
    digest(s, &w);
    cr_assert_eq(wait_act(s, &w, "e2", "once", T0), SEUIL_DEFERRAL_NONE, "of the same instant");
    cr_assert_eq(wait_act(s, &w, "e3", "once", T0 - 1), SEUIL_DEFERRAL_NONE);
    cr_assert_eq(wait_act(s, &w, "e1", "once", T0 + 1), SEUIL_DEFERRAL_NONE, "a repetition");
    prepare(s, SEUIL_KIND_ACTIVITY, "e4", T0 + 2);
    s->event.field[SEUIL_FIELD_NAME] = text_value("once");
    s->event.arrival = T0 + 1;
    cr_assert_eq(wait(s, &w), SEUIL_DEFERRAL_NONE, "ahead of its arrival");
    cr_assert_eq(w.digest.count, 0);
    story_end(s);
}

Test(defer, what_may_lower_a_score_is_stepped)
{
    struct story *s = story_begin(model);
    struct waiting w;

    act(s, "e1", "a", T0);
    digest(s, &w);
    cr_assert_eq(wait_act(s, &w, "e2", "bad", T0 + 1), SEUIL_DEFERRAL_NONE);
    cr_assert_eq(wait_act(s, &w, "e3", "trial", T0 + 2), SEUIL_DEFERRAL_NONE);
    act(s, "e4", "trial", T0 + 3);
    digest(s, &w);
    cr_assert_not(w.digest.open, "nor anything after what falls in steps");
    story_end(s);
}

Test(defer, nothing_waits_once_silence_may_act)
{
    struct story *s = story_begin(model);
    struct waiting w;

    for (int i = 0; i < 3; i++)
        act(s, (const char *[]){"e1", "e2", "e3"}[i], "a", T0 + i);
    cr_assert_eq(tier(s), 1);
    digest(s, &w);
    cr_assert_eq(wait_act(s, &w, "e4", "once", s->lead.due - 1), SEUIL_DEFERRAL_PENDING);
    digest(s, &w);
    cr_assert_eq(wait_act(s, &w, "e5", "once", s->lead.due), SEUIL_DEFERRAL_NONE);
    story_end(s);
}

Test(defer, an_event_that_no_rule_looks_at_needs_no_lead)
{
    struct story *s = story_begin(model);
    struct waiting w = {0};

    seuil_engine_digest_new(s->scratch, &w.digest);
    cr_assert_eq(wait_act(s, &w, "e1", "nobody", T0), SEUIL_DEFERRAL_FILTERED);
    cr_assert_eq(w.len, 0);
    cr_assert_eq(w.digest.count, 0);
    story_end(s);
}

Test(defer, a_lead_with_something_else_to_remember_is_stepped)
{
    struct story *s = story_begin(model);
    struct waiting w;

    act(s, "e1", "a", T0);
    adjust(s, "e2", 1, 0, T0 + 1);
    digest(s, &w);
    cr_assert_not(w.digest.open);
    command(s, "e3", "forget", T0 + 2);
    digest(s, &w);
    cr_assert_not(w.digest.open);
    story_end(s);
}

#define ONE(rule)                                                                                  \
    "seuil_model: 1\nname: m\nversion: \"1\"\ngroups: {g: {}}\nrules:\n  - {name: a, group: g,"    \
    " event: activity, " rule "}\ntiers: [{name: cold}, {name: warm, entry: 40}]\n"

Test(defer, what_meets_the_mark_exactly_is_stepped)
{
    struct story *s = story_begin(ONE("points: 40"));
    struct waiting w = {0};

    seuil_engine_digest_new(s->scratch, &w.digest);
    cr_assert_eq(wait_act(s, &w, "e1", "a", T0), SEUIL_DEFERRAL_NONE);
    story_end(s);
    s = story_begin(ONE("points: 20"));
    seuil_engine_digest_new(s->scratch, &w.digest);
    cr_assert_eq(wait_act(s, &w, "e1", "a", T0), SEUIL_DEFERRAL_PENDING);
    cr_assert_eq(wait_act(s, &w, "e2", "a", T0 + 1), SEUIL_DEFERRAL_NONE);
    act(s, "e1", "a", T0);
    digest(s, &w);
    cr_assert_eq(wait_act(s, &w, "e2", "a", T0 + 1), SEUIL_DEFERRAL_NONE);
    story_end(s);
}

Test(defer, an_award_of_a_thousandth_waits_and_a_smaller_one_does_not)
{
    struct story *s = story_begin(ONE("points: 0.001"));
    struct waiting w = {0};

    seuil_engine_digest_new(s->scratch, &w.digest);
    cr_assert_eq(wait_act(s, &w, "e1", "a", T0), SEUIL_DEFERRAL_PENDING);
    story_end(s);
    s = story_begin(ONE("points: 0.00099"));
    seuil_engine_digest_new(s->scratch, &w.digest);
    cr_assert_eq(wait_act(s, &w, "e1", "a", T0), SEUIL_DEFERRAL_NONE);
    story_end(s);
}

/* Within the bounds of what is kept of a model: seen under sanitizers. */
Test(defer, as_many_groups_as_a_model_may_have_are_added_up)
{
    char yaml[8192] = "seuil_model: 1\nname: m\nversion: \"1\"\ndecay: {half_life: 14d}\n"
                      "tiers: [{name: cold}, {name: warm, entry: 50}]\ngroups:\n";
    size_t len = strlen(yaml);
    struct waiting w;
    struct story *s;

    for (int i = 0; i < SEUIL_GROUPS_MAX; i++)
        len += (size_t)snprintf(yaml + len, sizeof(yaml) - len, "  g%d: {ceiling: 60}\n", i);
    len += (size_t)snprintf(yaml + len, sizeof(yaml) - len, "rules:\n");
    for (int i = 0; i < SEUIL_GROUPS_MAX; i++)
        len += (size_t)snprintf(yaml + len, sizeof(yaml) - len,
                                "  - {name: r%d, group: g%d, event: activity, points: 1}\n", i, i);
    s = story_begin(yaml);
    act(s, "e1", "a", T0);
    digest(s, &w);
    cr_assert(w.digest.open);
    cr_assert_eq(wait_act(s, &w, "e2", "a", T0 + 1), SEUIL_DEFERRAL_NONE, "64");
    cr_assert_eq(wait_act(s, &w, "e3", "a", T0 + 14 * DAY), SEUIL_DEFERRAL_PENDING, "48");
    story_end(s);
}

Test(defer, what_fades_lifts_a_group_above_its_floor)
{
    struct story *s = story_begin(
        "seuil_model: 1\nname: m\nversion: \"1\"\ngroups: {g: {floor: 0}, h: {}}\nrules:\n"
        "  - {name: low, group: g, event: activity, when: {name: low}, points: -10}\n"
        "  - {name: up, group: g, event: activity, when: {name: up}, points: 15,\n"
        "     decay: {half_life: 14d}}\n"
        "  - {name: a, group: h, event: activity, when: {name: a}, points: 16}\n"
        "  - {name: b, group: h, event: activity, when: {name: b}, points: 14}\n"
        "tiers: [{name: cold}, {name: warm, entry: 20}]\n");
    struct waiting w;

    act(s, "e1", "low", T0);
    act(s, "e2", "up", T0 + 1);
    digest(s, &w);
    cr_assert(w.digest.open);
    cr_assert_eq(wait_act(s, &w, "e3", "a", T0 + 2), SEUIL_DEFERRAL_NONE, "5 and 16");
    cr_assert_eq(wait_act(s, &w, "e4", "b", T0 + 3), SEUIL_DEFERRAL_PENDING, "5 and 14");
    story_end(s);
}
