/* Packs: one entry of `due` that wakes many leads (rule 13). */

#include "rig.h"
#include "shard/pack.h"

/* Days: `big` lifts a lead for thirty of them, `small` is forgotten after as many. */
#define DAYS                                                                                       \
    "seuil_model: 1\nname: rig\nversion: \"1\"\ndecay: {expires: 30d}\n"                           \
    "groups:\n  all: {floor: -50, ceiling: 100}\n"                                                 \
    "tiers:\n  - {name: cold}\n  - {name: warm, entry: 10, exit: 5}\n"                             \
    "rules:\n"                                                                                     \
    "  - {name: big, event: activity, when: {name: big}, points: 20, group: all}\n"                \
    "  - {name: small, event: activity, when: {name: small}, points: 2, group: all}\n"

#define LEADS 600

static struct rig *rig_of_days(void)
{
    struct rig *rig = rig_new();

    seuil_shard_free(rig->shard);
    free(rig->scratch);
    seuil_models_free(rig->models);
    rig->models = rig_models(DAYS);
    rig->scratch = rig_scratch(rig->models);
    rig->shard = rig_shard(rig);
    return rig;
}

struct entries {
    uint32_t alone, packs, packed; /* entries of one lead, of many, leads in those */
    uint32_t states;
    seuil_time_ms first; /* the earliest pack */
};

static struct entries entries_of(struct rig *rig)
{
    struct entries entries = {.first = SEUIL_TIME_NEVER};
    struct seuil_memory_lead found;
    uint64_t cursor = 0;

    while (seuil_store_memory_next(rig->memory, 0, &cursor, &found)) {
        entries.states += found.bytes != NULL;
        if (found.has_due && seuil_pack_is(found.id)) {
            entries.packs++;
            entries.packed += seuil_pack_count(found.id);
            if (found.due < entries.first)
                entries.first = found.due;
        } else {
            entries.alone += found.has_due;
        }
    }
    return entries;
}

static void produce(struct rig *rig, seuil_time_ms time, const char *what)
{
    char id[20];

    for (int i = 0; i < LEADS; i++) {
        snprintf(id, sizeof(id), "lead-%d", i);
        rig_event(rig, VIEWS, time + i, id, what, 0);
    }
}

static void skip(struct rig *rig, int64_t ms)
{
    rig->wall += ms;
    rig->mono += ms;
    rig->source.confirmed = rig->mono;
    rig_pass(rig, 3000);
}

Test(pack, a_name_holds_its_ids_and_nothing_else_is_one)
{
    struct seuil_buf name = {0};
    struct seuil_str pack, id;
    size_t at = 0;

    seuil_pack_begin(&name, UINT64_C(0x1122334455667788), 3);
    seuil_pack_add(&name, SEUIL_STR("a"));
    seuil_pack_add(&name, SEUIL_STR("bcd"));
    pack = (struct seuil_str){(const char *)name.ptr, (uint32_t)name.len};
    cr_assert(seuil_pack_is(pack));
    cr_assert_eq(seuil_pack_count(pack), 2);
    cr_assert(seuil_pack_next(pack, &at, &id) && seuil_str_eq(id, SEUIL_STR("a")));
    cr_assert(seuil_pack_next(pack, &at, &id) && seuil_str_eq(id, SEUIL_STR("bcd")));
    cr_assert_not(seuil_pack_next(pack, &at, &id));
    for (pack.len = 1; pack.len < name.len; pack.len++)
        cr_assert(seuil_pack_count(pack) == (pack.len == 14 ? 1 : 0), "cut at %u", pack.len);
    cr_assert_not(seuil_pack_is(SEUIL_STR("lead-1")));
    cr_assert_eq(seuil_pack_count(SEUIL_STR("lead-1")), 0);
    seuil_buf_done(&name);
}

Test(pack, new_leads_that_end_about_the_same_time_are_armed_together_and_all_end)
{
    struct rig *rig = rig_of_days();
    struct entries entries;

    rig_start(rig);
    produce(rig, RIG_WALL, "small");
    rig_pass(rig, 15000);
    entries = entries_of(rig);
    cr_assert_eq(entries.states, LEADS);
    cr_assert_eq(entries.packed, LEADS);
    cr_assert_eq(entries.alone, 0);
    cr_assert_leq(entries.packs, LEADS / 100);
    cr_assert_leq(entries.first, RIG_WALL + 30 * SEUIL_DAY_MS);
    skip(rig, 30 * SEUIL_DAY_MS + SEUIL_HOUR_MS);
    entries = entries_of(rig);
    cr_assert_eq(entries.states + entries.packs + entries.alone, 0, "%u states, %u packs, %u alone",
                 entries.states, entries.packs, entries.alone);
    rig_free(rig);
}

Test(pack, woken_too_early_leads_are_armed_anew_and_only_once)
{
    struct rig *rig = rig_of_days();
    struct entries entries;

    rig_start(rig);
    produce(rig, RIG_WALL, "small");
    rig_pass(rig, 15000);
    skip(rig, 29 * SEUIL_DAY_MS);
    produce(rig, rig->wall, "small"); /* they end later, their packs stay */
    rig_pass(rig, 15000);
    cr_assert_lt(entries_of(rig).first, RIG_WALL + 31 * SEUIL_DAY_MS);
    skip(rig, 2 * SEUIL_DAY_MS);
    entries = entries_of(rig);
    cr_assert_gt(entries.first, RIG_WALL + 50 * SEUIL_DAY_MS);
    cr_assert_eq(entries.packed, LEADS);
    cr_assert_eq(entries.alone, 0);
    rig_free(rig);
}

Test(pack, a_lead_due_earlier_than_its_pack_falls_at_its_own_instant)
{
    struct rig *rig = rig_of_days();
    struct seuil_lead lead;
    struct entries entries;

    rig_start(rig);
    produce(rig, RIG_WALL, "small");
    rig_pass(rig, 15000);
    /* Twenty points of 25 days ago: up now, down in five days. */
    rig_event(rig, VIEWS, rig->wall, "lead-7", "big", 6 * SEUIL_DAY_MS);
    rig_pass(rig, 1000);
    cr_assert(rig_stored(rig, "lead-7", &lead));
    cr_assert_lt(lead.due, RIG_WALL + 25 * SEUIL_DAY_MS);
    cr_assert_eq(rig_due(rig, "lead-7"), lead.due);
    skip(rig, 25 * SEUIL_DAY_MS);
    cr_assert_eq(rig_status(rig).counters.crossings, 2, "up, down");
    skip(rig, 6 * SEUIL_DAY_MS);
    entries = entries_of(rig);
    cr_assert_eq(entries.states + entries.packs + entries.alone, 0);
    rig_free(rig);
}

Test(pack, far_behind_nothing_is_armed_one_by_one_and_silence_is_made_up_for_when_near)
{
    struct rig *rig = rig_of_days();
    uint32_t alone = 0;

    rig->config.checkpoint_ms = 0;
    rig->config.batch_events = 50;
    seuil_shard_free(rig->shard);
    rig->shard = rig_shard(rig);
    rig_event(rig, FORMS, RIG_WALL - 90 * SEUIL_DAY_MS, "first", "small", 0);
    produce(rig, RIG_WALL - 80 * SEUIL_DAY_MS, "big");
    produce(rig, RIG_WALL - 70 * SEUIL_DAY_MS, "big");
    rig_event(rig, FORMS, RIG_WALL - SEUIL_DAY_MS, "last", "small", 0);
    rig_start(rig);
    for (int i = 0; i < 400 && rig_status(rig).counters.received < 2 * LEADS; i++) {
        rig_turn(rig);
        if (entries_of(rig).alone > alone)
            alone = entries_of(rig).alone;
    }
    cr_assert_leq(alone, 2);
    rig_pass(rig, 5000);
    cr_assert_eq(rig_status(rig).counters.crossings, 2 * LEADS, "every lead went up and down");
    cr_assert_eq(entries_of(rig).states, 1, "and ended, but for the last");
    cr_assert_eq(entries_of(rig).packs, 0);
    rig_free(rig);
}

static void expect_halt(struct seuil_str name)
{
    struct rig *rig = rig_of_days();
    struct seuil_meta meta;
    struct seuil_tx_lead lead = {.id = name, .due_op = SEUIL_DUE_SET, .due = RIG_WALL - 1000};
    struct seuil_tx tx = {.meta = &meta, .leads = &lead, .lead_count = 1};

    rig_start(rig);
    rig_pass(rig, 100);
    meta = *rig_meta(rig);
    tx.token = meta.token;
    tx.seq = meta.seq++;
    tx.trim_to = meta.outbox_head;
    rig->store->ops->commit(rig->store, 0, &tx, 0);
    rig_crash(rig);
    rig_start(rig);
    rig_pass(rig, 3000);
    rig_is(rig, SEUIL_SHARD_HALT);
    cr_assert(strstr(rig->said, "due times"), "%s", rig->said);
    rig_free(rig);
}

Test(pack, a_damaged_one_halts)
{
    expect_halt(SEUIL_STR("\xff"
                          "damaged"));
}

Test(pack, an_entry_that_is_nobodys_id_halts)
{
    char name[SEUIL_ID_MAX + 1];

    memset(name, 'x', sizeof(name));
    expect_halt((struct seuil_str){name, sizeof(name)});
}

/* The next reply of the store; others before it are handed on. */
static void await_reply(struct rig *rig, enum seuil_store_verb verb, struct seuil_store_reply *ret)
{
    for (int i = 0; i < 100; i++) {
        rig->mono += 100;
        rig->wall += 100;
        rig_turn(rig);
        while (rig->store->ops->poll(rig->store, rig->mono, 0, ret) == 1) {
            if (ret->verb == verb)
                return;
            seuil_shard_reply(rig->shard, ret, rig->wall, rig->mono);
        }
    }
    cr_assert_fail("no such reply");
}

/* What expired leads that wait for base let a read of due times bring at most: single ones, then a
 * whole pack; and meanwhile as many leads cross as may. */
Test(pack, what_wakes_at_once_and_what_crosses_fit_into_a_transaction)
{
    enum { ALONE = 511 };
    struct rig *rig = rig_of_days();
    struct seuil_store_item items[ALONE + 1];
    static char ids[ALONE + 1][16];
    struct seuil_store_reply reply;
    struct seuil_buf name = {0};
    char id[24];

    rig_start(rig);
    rig->hold = 1;
    await_reply(rig, SEUIL_STORE_DUE, &reply);
    for (int i = 0; i < ALONE; i++) {
        snprintf(ids[i], sizeof(ids[i]), "alone-%d", i);
        items[i] = (struct seuil_store_item){.id = seuil_str_from(ids[i]), .due = RIG_WALL - 2000};
    }
    seuil_pack_begin(&name, 1, 1);
    for (int i = 0; i < SEUIL_PACK_LEADS; i++) {
        snprintf(id, sizeof(id), "packed-%d", i);
        seuil_pack_add(&name, seuil_str_from(id));
    }
    items[ALONE] = (struct seuil_store_item){.id = {(const char *)name.ptr, (uint32_t)name.len},
                                             .due = RIG_WALL - 1000};
    reply.items = items;
    reply.item_count = ALONE + 1;
    seuil_shard_reply(rig->shard, &reply, rig->wall, rig->mono);

    produce(rig, rig->wall, "big");
    for (int i = 0; i < LEADS; i++) {
        snprintf(id, sizeof(id), "more-%d", i);
        rig_event(rig, VIEWS, rig->wall, id, "big", 0);
    }
    rig_turns(rig, 10); /* a transaction is under way; others cross meanwhile */
    rig->hold = 0;
    rig_pass(rig, 1000);
    rig_is(rig, SEUIL_SHARD_RUN);
    cr_assert_eq(rig_status(rig).counters.crossings, 2 * LEADS);
    seuil_buf_done(&name);
    rig_free(rig);
}
