#include "rig.h"

/* Leads that are worth nothing any more, on a model where worth ends at once: the tick that lets a
 * lead fall is the one that finds it worthless. */

#define ENDS                                                                                       \
    "seuil_model: 1\nname: rig\nversion: \"1\"\ndecay: {expires: 30d}\n"                           \
    "groups:\n  all: {floor: -50, ceiling: 100}\n"                                                 \
    "tiers:\n  - {name: cold}\n  - {name: warm, entry: 10, exit: 5}\n"                             \
    "rules:\n"                                                                                     \
    "  - {name: big, event: activity, when: {name: big}, points: 20, group: all}\n"

static struct rig *rig_that_ends(void)
{
    struct rig *rig = rig_new();

    seuil_shard_free(rig->shard);
    free(rig->scratch);
    seuil_models_free(rig->models);
    rig->models = rig_models(ENDS);
    rig->scratch = rig_scratch(rig->models);
    rig->shard = rig_shard(rig);
    return rig;
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
