/* Retraction by id (SCORING 7). */

#include "core/retract.h"
#include "lead_story.h"

static const char *const model =
    "seuil_model: 1\nname: m\nversion: \"1\"\ngroups: {g: {}}\nrules:\n"
    "  - {name: a, group: g, event: activity, when: {name: a}, points: 10, limit: once}\n"
    "  - {name: b, group: g, event: activity, when: {name: b}, points: 1}\n"
    "tiers: [{name: cold}, {name: warm, entry: 5}]\n";

static enum seuil_verdict retract(struct story *s, const char *id, const char *target,
                                  seuil_time_ms time)
{
    prepare(s, SEUIL_KIND_ACTIVITY, id, time);
    s->event.field[SEUIL_FIELD_NAME] = text_value("b"); /* what it says beside is not looked at */
    s->event.retracts = seuil_str_from(target);
    return step(s);
}

static void expect(struct story *s, seuil_time_ms at, double expected)
{
    double got = exact_score(s, at);

    cr_assert_float_eq(got, expected, 1e-9, "%g, not %g", got, expected);
}

Test(retract, points_and_slots_are_taken_back_and_the_correction_says_so)
{
    struct story *s = story_begin(model);

    act(s, "a1", "a", T0);
    act(s, "a2", "a", T0 + 1);
    cr_assert_eq(retract(s, "r", "a1", T0 + 2), SEUIL_VERDICT_APPLIED);
    expect(s, T0 + 2, 10); /* the second takes the slot */
    cr_assert_eq(s->out.crossing_count, 0);
    retract(s, "r2", "a2", T0 + 3);
    expect(s, T0 + 3, 0);
    cr_assert_eq(crossing(s)->reason, SEUIL_REASON_CORRECTION);
    cr_assert_eq(tier(s), 0);
    cr_assert_eq(act(s, "a1", "a", T0), SEUIL_VERDICT_DUPLICATE);
    story_end(s);
}

Test(retract, before_its_target_arrives_too_but_not_what_is_later_than_itself)
{
    struct story *s = story_begin(model);

    retract(s, "r", "a1", T0 + 5);
    retract(s, "q", "b1", T0 + 5);
    act(s, "a1", "a", T0 + 5); /* of the same millisecond */
    expect(s, T0 + 5, 0);
    act(s, "b1", "b", T0 + 6);
    expect(s, T0 + 6, 1);
    story_end(s);
}

Test(retract, an_adjustment_in_either_order)
{
    struct story *s = story_begin(model);

    adjust(s, "c1", 7, 0, T0);
    retract(s, "r1", "c1", T0 + 1);
    expect(s, T0 + 1, 0);
    retract(s, "r2", "c2", T0 + 3);
    adjust(s, "c2", 7, 0, T0 + 2);
    expect(s, T0 + 3, 0);
    cr_assert_eq(s->lead.evidence.adjustment_count, 0);
    story_end(s);
}

Test(retract, that_met_nothing_is_counted_when_its_mark_is_dropped)
{
    struct story *s = story_begin(model);

    act(s, "b1", "b", T0);
    retract(s, "r1", "b1", T0 + 1);
    retract(s, "r2", "nothing", T0 + 2);
    cr_assert_eq(s->out.notes, 0);
    act(s, "b2", "b", T0 + 7 * DAY + 10001); /* r1 has gone, its target before it */
    cr_assert_eq(s->lead.evidence.recent_count, 3);
    cr_assert_eq(s->out.notes, 0);
    act(s, "b3", "b", T0 + 8 * DAY);
    cr_assert_eq(s->lead.evidence.recent_count, 2);
    cr_assert_eq(s->out.notes, SEUIL_NOTE_RETRACTION_UNMATCHED);
    expect(s, T0 + 8 * DAY, 2);
    story_end(s);
}

Test(retract, what_was_folded_cannot_be_taken_back)
{
    struct story *s = story_begin(model);

    act(s, "b1", "b", T0);
    act(s, "b2", "b", T0 + 30 * DAY);
    cr_assert_eq(retract(s, "r", "b1", T0), SEUIL_VERDICT_LATE);
    retract(s, "r", "b1", T0 + 30 * DAY);
    expect(s, T0 + 30 * DAY, 2);
    act(s, "b3", "b", T0 + 60 * DAY);
    cr_assert_eq(s->out.notes, SEUIL_NOTE_RETRACTION_UNMATCHED);
    story_end(s);
}

/* The mark at @position of recent, voiding @target. */
static void put_mark(struct seuil_evidence *evidence, unsigned position, struct seuil_key key,
                     uint64_t target)
{
    struct seuil_record *record = seuil_evidence_insert(evidence, position, key);

    record->mark = SEUIL_MARK_RETRACT;
    record->operand = target;
}

Test(retract, marks_stay_until_all_of_their_millisecond_is_folded)
{
    struct seuil_evidence *evidence = calloc(1, sizeof(*evidence));
    struct seuil_voids voids;
    bool unmatched = false;
    uint16_t before[5];

    seuil_evidence_clear(evidence);
    put_mark(evidence, 0, (struct seuil_key){4, 1}, 99);
    put_mark(evidence, 1, (struct seuil_key){5, 1}, 5);
    put_mark(evidence, 2, (struct seuil_key){5, 2}, 6);
    seuil_evidence_insert(evidence, 3, (struct seuil_key){5, 3});
    seuil_evidence_insert(evidence, 4, (struct seuil_key){5, 4});
    memcpy(before, evidence->recent, sizeof(before));
    seuil_voids_find(evidence, 5, &voids);
    cr_assert_eq(voids.count, 3);
    cr_assert_eq(seuil_voids_settle(evidence, &voids, 4, (struct seuil_key){5, 4}, &unmatched), 2);
    cr_assert(unmatched, "the one of 4 ms met nothing");
    cr_assert_eq(evidence->recent[0], before[0]);
    cr_assert_eq(evidence->recent[1], before[3]);
    cr_assert_eq(evidence->recent[2], before[1]);
    cr_assert_eq(evidence->recent[3], before[2]);
    cr_assert_eq(evidence->recent[4], before[4]);
    free(evidence);
}

static void retract_many(struct story *s, unsigned count, seuil_time_ms time)
{
    uint8_t bytes[SEUIL_LEAD_BYTES_MAX];

    for (unsigned i = 0; i < count; i++) {
        char id[16], target[16];

        snprintf(id, sizeof(id), "r%u", i);
        snprintf(target, sizeof(target), "t%u", i);
        retract(s, id, target, time);
        cr_assert_leq(s->lead.evidence.recent_count, SEUIL_RECENT_MAX);
        cr_assert_leq(seuil_lead_write(&s->lead, bytes), sizeof(bytes));
    }
}

Test(retract, more_at_one_instant_than_there_is_room_for_fold_the_instant)
{
    struct story *s = story_begin(model);
    unsigned before;

    act(s, "b1", "b", T0);
    act(s, "b2", "b", T0 + DAY);
    act(s, "b3", "b", T0 + DAY + 1);
    retract_many(s, SEUIL_RECENT_MAX - 3, T0 + DAY);
    cr_assert_eq(s->out.notes, 0);
    cr_assert_eq(s->lead.evidence.recent_count, SEUIL_RECENT_MAX);
    retract(s, "one", "too many", T0 + DAY); /* the first event goes */
    cr_assert_eq(s->out.notes, SEUIL_NOTE_HORIZON_SHORTENED);
    cr_assert_eq(s->lead.evidence.recent_count, SEUIL_RECENT_MAX);
    before = s->lead.evidence.recent_count;
    for (int i = 0; s->lead.evidence.recent_count >= before && i < 3; i++) {
        char id[8];

        snprintf(id, sizeof(id), "more%d", i);
        retract(s, id, id, T0 + DAY);
    }
    cr_assert_eq(s->out.notes, SEUIL_NOTE_HORIZON_SHORTENED | SEUIL_NOTE_RETRACTION_UNMATCHED);
    cr_assert_eq(s->lead.evidence.recent_count, 1, "what is later");
    cr_assert_eq(act(s, "b4", "b", T0 + DAY), SEUIL_VERDICT_LATE);
    cr_assert_eq(act(s, "b5", "b", T0 + DAY + 1), SEUIL_VERDICT_APPLIED);
    expect(s, T0 + DAY + 1, 4);
    story_end(s);
}

Test(retract, so_many_at_one_instant_that_the_state_is_too_large_fold_the_instant)
{
    char yaml[8192], value[SEUIL_NOTE_MAX + 1], name[8];
    size_t len = (size_t)snprintf(yaml, sizeof(yaml),
                                  "seuil_model: 1\nname: m\nversion: \"1\"\ngroups: {g: {}}\n"
                                  "rules: [{name: b, group: g, event: activity, points: 1}]\n"
                                  "tiers: [{name: cold}, {name: warm, entry: 90}]\n"
                                  "fit:\n  criteria:\n");
    struct story *s;

    for (int i = 0; i < 60; i++)
        len += (size_t)snprintf(yaml + len, sizeof(yaml) - len,
                                "    - {name: f%d, when: {a%d: x}, points: 1}\n", i, i);
    s = story_begin(yaml);
    memset(value, 'v', SEUIL_NOTE_MAX);
    value[SEUIL_NOTE_MAX] = '\0';
    for (int i = 0; i < 60; i++) {
        snprintf(name, sizeof(name), "a%d", i);
        profile(s, name, name, value, T0);
    }
    retract_many(s, SEUIL_RECENT_MAX, T0);
    cr_assert_eq(s->lead.evidence.attribute_count, 60);
    story_end(s);
}

Test(retract, beside_a_model_without_any_status_waits_for_the_thaw_of_the_other)
{
    static const char *const texts[] = {
        "seuil_model: 1\nname: m\nversion: \"1\"\ngroups: {g: {}}\nstatus: {attribute: state, "
        "frozen: [customer]}\n"
        "rules: [{name: a, group: g, event: activity, points: 10}]\n"
        "tiers: [{name: cold}, {name: warm, entry: 5}]\n",
        "seuil_model: 1\nname: n\nversion: \"1\"\ngroups: {g: {}}\n"
        "rules: [{name: a, group: g, event: activity, points: 10}]\n"
        "tiers: [{name: cold}, {name: warm, entry: 5}]\n"};
    static struct seuil_explanation explanation;
    struct seuil_model_text both[2];
    struct story *s = calloc(1, sizeof(*s));
    struct seuil_errs errs = {0};

    for (int i = 0; i < 2; i++)
        both[i] = (struct seuil_model_text){"m.yaml", texts[i], strlen(texts[i])};
    s->models = seuil_models_parse(both, 2, &errs);
    cr_assert(s->models);
    s->memory = calloc(1, seuil_scratch_size(s->models));
    s->scratch = seuil_scratch_init(s->memory, s->models, NULL);
    seuil_lead_init(&s->lead, SEUIL_STR("L1"));
    act(s, "e1", "a", T0);
    profile(s, "p1", "state", "customer", T0 + 1);
    retract(s, "r1", "e1", T0 + 2);
    for (uint16_t i = 0; i < 2; i++) {
        seuil_engine_explain(s->models, s->scratch, &s->lead, i, T0 + 3, &explanation);
        cr_assert_eq(explanation.exact, i == 0 ? 10 : 0, "the first one stands still");
    }
    story_end(s);
}
