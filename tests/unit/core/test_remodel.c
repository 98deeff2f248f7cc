/* A model file that changed between two starts (SCORING 8, PROTOCOL 26). */

#include "core/away.h"
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

/* ---- another decay, the same meaning ----------------------------------------------------- */

#define FADING(decay)                                                                              \
    "seuil_model: 1\nname: m\nversion: \"1\"\ngroups: {g: {}}\nrules:\n"                           \
    "  - {name: a, group: g, event: activity, when: {name: a}, points: 10, decay: " decay "}\n"    \
    "tiers:\n  - {name: cold}\n  - {name: warm, entry: 1000}\n"

/* The sum of halvings by @half_life days of the awards of days @first to @last, seen on day @now.
 */
static double halved(int first, int last, double now, double half_life)
{
    double sum = 0;

    for (int day = first; day <= last; day++)
        sum += exp2((day - now) / half_life);
    return sum;
}

/* Thirty days with an event each: on the last one the last eight are in recent, 22 are folded. */
static struct story *thirty_days(const char *model)
{
    struct story *s = story_begin(model);
    char id[16];

    for (int day = 0; day < 30; day++) {
        snprintf(id, sizeof(id), "e%d", day);
        act(s, id, "a", T0 + day * DAY);
    }
    cr_assert_eq(s->lead.evidence.recent_count, 8);
    return s;
}

static void expect_score(struct story *s, double days, double expected)
{
    double got = exact_score(s, T0 + (int64_t)(days * (double)DAY));

    cr_assert_float_eq(got, 10 * expected, 1e-8, "%.12g, not %.12g", got, 10 * expected);
}

Test(remodel, kept_instants_are_exact_under_another_half_life_and_the_folded_sum_goes_on)
{
    struct story *s = thirty_days(FADING("{half_life: 14d}"));

    expect_score(s, 29, halved(0, 29, 29, 14));
    /* Even before the lead is stepped an explanation sees it so. */
    change(s, FADING("{half_life: 7d}"), T0 + 29 * DAY);
    expect_score(s, 29, halved(0, 13, 29, 14) + halved(14, 29, 29, 7));
    expect_score(s, 36, (halved(0, 13, 29, 14) + halved(14, 29, 29, 7)) / 2);
    cr_assert_eq(explain(s, T0 + 29 * DAY)->lines[0].count, 30);
    story_end(s);
}

Test(remodel, decay_is_given_up_and_taken_up)
{
    struct story *s = thirty_days(FADING("{half_life: 14d}"));
    double value = halved(0, 13, 29, 14);

    change(s, FADING("none"), T0 + 29 * DAY);
    expect_score(s, 29, value + 16);
    expect_score(s, 99, value + 16);
    act(s, "e30", "a", T0 + 30 * DAY);
    expect_score(s, 30, value + 17);
    change(s, FADING("{half_life: 7d}"), T0 + 30 * DAY);
    /* Nothing exact was kept of what was folded: it goes on from its value. Days 23 to 30 are in
     * recent. */
    expect_score(s, 30, value + 9 + halved(23, 30, 30, 7));
    expect_score(s, 37, (value + 9 + halved(23, 30, 30, 7)) / 2);
    story_end(s);
}

Test(remodel, what_ends_at_an_age_takes_a_sum_for_an_award_of_the_day_of_the_change)
{
    struct story *s = thirty_days(FADING("{half_life: 14d}"));
    double value = halved(0, 13, 29, 14);

    change(s, FADING("{expires: 10d}"), T0 + 29 * DAY);
    expect_score(s, 29, value + 10);
    expect_score(s, 38.5, value + 1);
    expect_score(s, 39, 0);
    change(s, FADING("{linear: 20d}"), T0 + 29 * DAY);
    cr_assert_float_eq(exact_score(s, T0 + 39 * DAY), 10 * (value / 2 + 10 * 0.5 - 4.5 * 0.5),
                       1e-8);
    story_end(s);
}

#define KEEPING(decay)                                                                             \
    "seuil_model: 1\nname: m\nversion: \"1\"\ngroups: {g: {}}\nrules:\n"                           \
    "  - {name: a, group: g, event: activity, when: {name: a}, points: 10, decay: " decay "}\n"    \
    "  - {name: k, group: g, event: activity, when: {name: k}, points: 10}\n"                      \
    "tiers:\n  - {name: cold}\n  - {name: warm, entry: 1000}\n"

Test(remodel, a_sum_that_became_an_award_of_one_day_is_forgotten_with_its_age)
{
    struct story *s = story_begin(KEEPING("{half_life: 14d}"));

    act(s, "e1", "a", T0);
    act(s, "e2", "k", T0);
    for (int i = 0; i < 9; i++) /* more than are kept one by one */
        act(s, (const char *[]){"f1", "f2", "f3", "f4", "f5", "f6", "f7", "f8", "f9"}[i], "a",
            T0 + (20 + i) * DAY);
    act(s, "e3", "k", T0 + 38 * DAY);
    change(s, KEEPING("{expires: 10d}"), T0 + 38 * DAY);
    expect_score(s, 38, 2 + exp2(-38.0 / 14) + exp2(-18.0 / 14));
    act(s, "e4", "k", T0 + 60 * DAY); /* what ended on the 48th day is folded */
    change(s, KEEPING("none"), T0 + 60 * DAY);
    expect_score(s, 60, 3);
    story_end(s);
}

Test(remodel, instants_of_an_age_bound_live_on_under_a_half_life)
{
    struct story *s = thirty_days(FADING("{expires: 60d}"));

    expect_score(s, 29, 30);
    change(s, FADING("{half_life: 7d}"), T0 + 29 * DAY);
    expect_score(s, 29, halved(0, 29, 29, 7));
    expect_score(s, 50, halved(0, 29, 50, 7));
    story_end(s);
}

Test(remodel, an_explanation_sees_the_new_decay_before_the_lead_is_stepped)
{
    struct story *s = thirty_days(FADING("{half_life: 14d}"));
    struct seuil_models *before = s->models;

    story_model(s, FADING("{half_life: 7d}"));
    seuil_models_free(before);
    expect_score(s, 29, halved(0, 13, 29, 14) + halved(14, 29, 29, 7));
    story_end(s);
}

Test(remodel, silence_that_falls_while_leads_are_judged_anew_is_told_as_decay_at_its_instant)
{
    static const char *const a =
        HEAD "  - {name: a, group: g, event: activity, when: {name: a}, points: 40}\n" TIERS;
    struct story *s = story_begin(a);

    act(s, "e1", "a", T0);
    /* The walk comes to this lead two minutes after it was due. */
    change(s,
           HEAD "  - {name: a, group: g, event: activity, when: {name: a}, points: 40}\n"
                "  - {name: b, group: g, event: activity, when: {name: b}, points: 1}\n" TIERS,
           T0 + 14 * DAY + 120000);
    cr_assert_eq(s->out.crossing_count, 0, "the new model alone does not move it");
    cr_assert_eq(silence(s, T0 + 14 * DAY + 120000), 1);
    cr_assert_eq(crossing(s)->reason, SEUIL_REASON_DECAY);
    cr_assert_eq(crossing(s)->effective, T0 + 14 * DAY + 1);
    story_end(s);
}

#define LIMITED(decay)                                                                             \
    "seuil_model: 1\nname: m\nversion: \"1\"\ngroups: {g: {}}\nrules:\n"                           \
    "  - {name: a, group: g, event: activity, when: {name: a}, points: 10,\n"                      \
    "     limit: {times: 5, per: lead}, decay: " decay "}\n"                                       \
    "  - {name: b, group: g, event: activity, when: {name: b}, points: 1,\n"                       \
    "     decay: {expires: 1d}}\n"                                                                 \
    "tiers: [{name: cold}, {name: warm, entry: 1000}]\n"

/* The limit remembers two awards of which the decay had nothing left. */
Test(remodel, awards_that_had_ended_count_for_limits_and_for_nothing_else)
{
    struct story *s = story_begin(LIMITED("{expires: 10d}"));

    act(s, "e1", "a", T0);
    act(s, "e2", "a", T0 + DAY);
    act(s, "e3", "a", T0 + 25 * DAY);
    act(s, "e4", "b", T0 + 34 * DAY);
    change(s, LIMITED("{half_life: 7d}"), T0 + 34 * DAY);
    expect_score(s, 36, halved(25, 25, 36, 7));
    cr_assert_eq(explain(s, T0 + 36 * DAY)->lines[0].count, 1);
    change(s, LIMITED("none"), T0 + 34 * DAY);
    expect_score(s, 36, 1);
    cr_assert_eq(explain(s, T0 + 36 * DAY)->lines[0].count, 1);
    for (int i = 0; i < 3; i++)
        act(s, (const char *[]){"f1", "f2", "f3"}[i], "a", T0 + 37 * DAY + i);
    expect_score(s, 38, 3);
    story_end(s);
}

/* One award is folded: a sum of exactly 1, of the lead's last judgement. */
Test(remodel, what_a_sum_becomes_ends_at_its_own_instant)
{
    static const char *const before =
        "seuil_model: 1\nname: m\nversion: \"1\"\ngroups: {g: {}}\nrules:\n"
        "  - {name: a, group: g, event: activity, when: {name: a}, points: 10}\n"
        "  - {name: b, group: g, event: activity, when: {name: b}, points: 0.5}\n"
        "tiers: [{name: cold}, {name: warm, entry: 10}]\n";
    static const char *const after =
        "seuil_model: 1\nname: m\nversion: \"1\"\ngroups: {g: {}}\nrules:\n"
        "  - {name: a, group: g, event: activity, when: {name: a}, points: 10,\n"
        "     decay: {expires: 10d}}\n"
        "  - {name: b, group: g, event: activity, when: {name: b}, points: 0.5}\n"
        "tiers: [{name: cold}, {name: warm, entry: 10}]\n";
    struct story *s = story_begin(before);

    act(s, "e1", "a", T0);
    act(s, "e2", "a", T0 + 30 * DAY);
    act(s, "e3", "b", T0 + 32 * DAY);
    change(s, after, T0 + 32 * DAY);
    cr_assert_eq(tier(s), 1);
    silence(s, T0 + 42 * DAY - 1);
    cr_assert_eq(tier(s), 1);
    silence(s, T0 + 42 * DAY);
    cr_assert_eq(tier(s), 0);
    cr_assert_eq(crossing(s)->effective, T0 + 42 * DAY);
    story_end(s);
}

/* ---- models that are gone ---------------------------------------------------------------- */

/* One model for each name. */
static void take_models(struct story *s, const char *const *names, unsigned count)
{
    static char yaml[SEUIL_MODELS_MAX][256];
    struct seuil_model_text texts[SEUIL_MODELS_MAX];
    struct seuil_models *before = s->models;
    struct seuil_errs errs = {0};

    for (unsigned i = 0; i < count; i++) {
        snprintf(yaml[i], sizeof(yaml[i]),
                 "seuil_model: 1\nname: %s\nversion: \"1\"\ngroups: {g: {}}\nrules:\n"
                 "  - {name: a, group: g, event: activity, points: 40}\n"
                 "tiers: [{name: cold}, {name: warm, entry: 30}]\n",
                 names[i]);
        texts[i] = (struct seuil_model_text){"m.yaml", yaml[i], strlen(yaml[i])};
    }
    s->models = seuil_models_parse(texts, count, &errs);
    cr_assert(s->models);
    seuil_models_free(before);
    free(s->memory);
    s->memory = calloc(1, seuil_scratch_size(s->models));
    s->scratch = seuil_scratch_init(s->memory, s->models, NULL);
}

Test(remodel, a_new_model_takes_the_place_of_one_that_is_gone_and_of_nothing_else)
{
    static const char *const names[] = {"m1", "m2",  "m3",  "m4",  "m5",  "m6",  "m7",  "m8",
                                        "m9", "m10", "m11", "m12", "m13", "m14", "m15", "m16"};

    for (unsigned stays = 0; stays < SEUIL_MODELS_MAX; stays++) {
        struct story *s = calloc(1, sizeof(*s));
        char name[8];
        const char *later[] = {names[stays], name};
        char alias[SEUIL_ID_MAX];
        uint32_t key;

        snprintf(name, sizeof(name), "new%u", stays); /* before some of the others, behind some */
        take_models(s, names, SEUIL_MODELS_MAX);
        seuil_lead_init(&s->lead, SEUIL_STR("L1"));
        act(s, "e1", "a", T0);
        cr_assert_eq(s->lead.automaton_count, SEUIL_MODELS_MAX);
        memset(alias, 'x', sizeof(alias));
        for (alias[0] = 'a'; alias[0] < 'd'; alias[0]++)
            seuil_alias_heard(s->models, &s->lead, (struct seuil_str){alias, sizeof(alias)});
        cr_assert_eq(s->lead.alias_count, 3);
        take_models(s, later, 2);
        key = s->models->models[0].key;
        act(s, "e2", "a", T0 + 1);
        cr_assert_eq(s->lead.automaton_count, SEUIL_MODELS_MAX);
        for (unsigned i = 1; i < SEUIL_MODELS_MAX; i++)
            cr_assert_lt(s->lead.automata[i - 1].model, s->lead.automata[i].model);
        cr_assert(seuil_lead_automaton(&s->lead, key));
        cr_assert_eq(seuil_lead_automaton(&s->lead, s->models->models[1].key)->ordinal, 1);
        cr_assert_eq(s->lead.into_len, 0, "what lies behind is as it was");
        cr_assert_eq(s->lead.alias_count, 3);
        story_end(s);
    }
}
