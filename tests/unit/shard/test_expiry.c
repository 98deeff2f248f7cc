#include "rig.h"

/* Leads that are worth nothing any more, on a model where worth ends at once: the tick that lets a
 * lead fall is the one that finds it worthless. */

#define ENDS                                                                                       \
    "seuil_model: 1\nname: rig\nversion: \"1\"\ndecay: {expires: 30d}\n"                           \
    "groups:\n  all: {floor: -50, ceiling: 100}\n"                                                 \
    "tiers:\n  - {name: cold}\n  - {name: warm, entry: 10, exit: 5}\n"                             \
    "rules:\n"                                                                                     \
    "  - {name: big, event: activity, when: {name: big}, points: 20, group: all}\n"

static struct rig *rig_of(const char *model)
{
    struct rig *rig = rig_new();

    seuil_shard_free(rig->shard);
    free(rig->scratch);
    seuil_models_free(rig->models);
    rig->models = rig_models(model);
    rig->scratch = rig_scratch(rig->models);
    rig->shard = rig_shard(rig);
    return rig;
}

static struct rig *rig_that_ends(void)
{
    return rig_of(ENDS);
}

Test(expiry, a_lead_that_falls_and_ends_in_one_instant_is_deleted_once_base_allows)
{
    struct rig *rig = rig_that_ends();
    struct seuil_lead lead;

    /* Forty days in one batch: base is still before all of it when the lead ends. */
    rig_event(rig, VIEWS, RIG_WALL - 40 * SEUIL_DAY_MS, "gone", "big", 0);
    rig_event(rig, VIEWS, RIG_WALL - SEUIL_DAY_MS, "here", "big", 0);
    rig_start(rig);
    rig_pass(rig, 2000);
    cr_assert_eq(rig_status(rig).counters.crossings, 3, "up, up, down");
    rig_pass(rig, 30 * SEUIL_SECOND_MS);
    cr_assert(rig_stored(rig, "here", &lead));
    cr_assert_not(rig_stored(rig, "gone", &lead), "an ended lead stays for ever");
    cr_assert_eq(rig_due(rig, "gone"), SEUIL_TIME_NEVER);
    rig_free(rig);
}

Test(expiry, an_event_that_nobody_looks_at_does_not_keep_an_ended_lead)
{
    struct rig *rig = rig_that_ends();
    struct seuil_lead lead;

    rig_event(rig, VIEWS, RIG_WALL - 40 * SEUIL_DAY_MS, "gone", "big", 0);
    rig_event(rig, VIEWS, RIG_WALL - SEUIL_DAY_MS, "gone", "other", 0);
    rig_start(rig);
    rig_pass(rig, 30 * SEUIL_SECOND_MS);
    cr_assert_eq(rig_status(rig).counters.crossings, 2);
    cr_assert_not(rig_stored(rig, "gone", &lead), "an ended lead stays for ever");
    cr_assert_eq(rig_due(rig, "gone"), SEUIL_TIME_NEVER);
    rig_free(rig);
}

Test(expiry, a_crash_between_the_fall_and_the_deletion_leaves_nothing_behind)
{
    struct rig *rig = rig_that_ends();
    struct seuil_lead lead;

    rig_event(rig, VIEWS, RIG_WALL - 40 * SEUIL_DAY_MS, "gone", "big", 0);
    rig_event(rig, VIEWS, RIG_WALL - SEUIL_DAY_MS, "here", "big", 0);
    rig_start(rig);
    for (int i = 0; i < 400 && rig_status(rig).counters.crossings < 3; i++)
        rig_pass(rig, 10);
    cr_assert(rig_stored(rig, "gone", &lead));
    rig_crash(rig);
    rig_start(rig);
    rig_pass(rig, 30 * SEUIL_SECOND_MS);
    cr_assert_not(rig_stored(rig, "gone", &lead), "an ended lead stays for ever");
    rig_free(rig);
}

/* ---- what left nothing, so no stamp either, and what its lead is has turned since -------------
 */

/* Event @id of lead "gone", of @days ago, in a record of @since days ago. */
static void gone(struct rig *rig, uint32_t topic, double since, const char *id, double days,
                 const char *more)
{
    char value[300];

    snprintf(value, sizeof(value),
             "{\"type\":\"activity\",\"id\":\"%s\",\"lead\":\"gone\",\"time\":%lld,"
             "\"name\":\"big\"%s}",
             id, (long long)(RIG_WALL - (int64_t)(days * SEUIL_DAY_MS)), more);
    fake_produce(&rig->source, topic, RIG_WALL - (int64_t)(since * SEUIL_DAY_MS), "gone", value);
}

/* The state of "gone" is written with @ordinal, base is not, since a dead letter is not
 * acknowledged: then the process dies. */
static void die_before_base(struct rig *rig, uint32_t ordinal)
{
    struct seuil_lead lead;

    fake_produce(&rig->source, VIEWS, RIG_WALL, "gone", "no event");
    rig->sink.full = true;
    rig_start(rig);
    for (int i = 0; i < 400; i++) {
        if (rig_stored(rig, "gone", &lead) && lead.automaton_count &&
            lead.automata[0].ordinal == ordinal)
            break;
        rig_turn(rig);
    }
    cr_assert_eq(lead.automata[0].ordinal, ordinal);
    cr_assert_eq(rig_meta(rig)->topics[VIEWS].base, 0);
    rig_crash(rig);
    rig->sink.full = false;
    rig_start(rig);
}

Test(expiry, what_came_twice_begins_no_other_life_when_it_is_replayed_to_a_lead_that_ended)
{
    struct rig *rig = rig_that_ends();

    gone(rig, VIEWS, 40, "a", 40, "");
    gone(rig, FORMS, 39, "a", 40, "");
    die_before_base(rig, 2);
    rig_pass(rig, 30 * SEUIL_SECOND_MS);
    cr_assert_eq(rig_status(rig).counters.crossings, 0, "it counted anew");
    rig_free(rig);
}

Test(expiry, nor_when_it_ended_on_the_way_to_an_event_that_nobody_looks_at)
{
    struct rig *rig = rig_that_ends();

    gone(rig, VIEWS, 40, "a", 40, "");
    gone(rig, FORMS, 39, "a", 40, "");
    rig_event(rig, VIEWS, RIG_WALL - SEUIL_DAY_MS, "gone", "other", 0);
    die_before_base(rig, 2);
    rig_pass(rig, 30 * SEUIL_SECOND_MS);
    cr_assert_eq(rig_status(rig).counters.crossings, 0, "it counted anew");
    rig_free(rig);
}

Test(expiry, what_came_twice_is_no_part_of_the_next_life_when_it_is_replayed)
{
    struct rig *rig = rig_that_ends();

    gone(rig, VIEWS, 36, "a", 36, "");
    gone(rig, FORMS, 35, "a", 36, "");
    /* The first life has ended: an event so old is late to none, and begins another. */
    gone(rig, VIEWS, 5, "b", 29.5, "");
    die_before_base(rig, 1);
    rig_pass(rig, 30 * SEUIL_SECOND_MS);
    cr_assert_eq(rig_status(rig).counters.applied, 0, "it counted anew");
    rig_free(rig);
}

Test(expiry, a_late_event_that_was_told_nobody_is_told_when_it_is_replayed_to_a_lead_that_ended)
{
    struct rig *rig = rig_that_ends();

    gone(rig, VIEWS, 40, "a", 40, "");
    gone(rig, FORMS, 39, "b", 69, "");
    die_before_base(rig, 2);
    rig_pass(rig, 2000);
    cr_assert_eq(rig_status(rig).counters.late, 1);
    cr_assert_eq(rig_sent(rig, SEUIL_DEST_DEAD_LETTERS), 2);
    rig_free(rig);
}

Test(expiry, what_came_before_consent_was_given_does_not_count_when_it_is_replayed_behind_it)
{
    struct rig *rig = rig_of("seuil_model: 1\nname: rig\nversion: \"1\"\nconsent: required\n"
                             "groups:\n  all: {ceiling: 100}\n"
                             "tiers:\n  - {name: cold}\n  - {name: warm, entry: 10, exit: 5}\n"
                             "rules:\n  - {name: big, event: activity, points: 20, group: all}\n");
    struct seuil_lead lead;

    gone(rig, FORMS, 2, "a", 2, "");
    gone(rig, VIEWS, 1, "b", 1, ",\"consent\":true");
    die_before_base(rig, 1);
    rig_pass(rig, 15 * SEUIL_SECOND_MS);
    cr_assert(rig_stored(rig, "gone", &lead));
    cr_assert_eq(rig_status(rig).counters.applied, 0, "it counts although it came before");
    cr_assert_eq(lead.evidence.recent_count, 1);
    rig_free(rig);
}

/* Killed right after a crossing, its stamp above base; then that input is taken out of the
 * configuration, and its base moves no more. */
Test(expiry, an_input_that_is_none_any_more_does_not_keep_an_ended_lead)
{
    struct rig *rig = rig_that_ends();
    struct seuil_lead lead;
    uint64_t checkpoints;

    rig_start(rig);
    rig_event(rig, FORMS, rig->wall, "gone", "big", 0);
    rig_turns(rig, 6);
    cr_assert(rig_stored(rig, "gone", &lead));
    cr_assert_eq(rig_meta(rig)->topics[FORMS].base, 0);
    rig->config.inputs[FORMS].used = false;
    rig_crash(rig);
    rig_start(rig);
    rig->wall += 31 * SEUIL_DAY_MS;
    rig->mono += 31 * SEUIL_DAY_MS;
    rig->source.confirmed = rig->mono;
    rig_pass(rig, 30 * SEUIL_SECOND_MS);
    cr_assert_not(rig_stored(rig, "gone", &lead), "an ended lead stays for ever");
    checkpoints = rig_status(rig).counters.checkpoints;
    rig_pass(rig, 30 * SEUIL_SECOND_MS);
    cr_assert_leq(rig_status(rig).counters.checkpoints, checkpoints + 3, "nothing waits for base");
    rig_free(rig);
}
