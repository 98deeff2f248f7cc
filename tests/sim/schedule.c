/* Random schedules: one seed, one schedule. Mostly small steps of one worker, so that crashes,
 * lost answers and reassignments fall between any two of them. */

#include "sim.h"

#include <assert.h>

const char *const sim_profile_names[SIM_PROFILES] = {
    "core", "loss", "adopt", "expiry", "jitter", "model", "drain", "merge", "union",
};

struct maker {
    uint64_t random;
    enum sim_profile profile;
    struct sim_schedule *schedule;
    int topic, lead; /* of the last record: the next one often follows it */
};

static int below(struct maker *m, int n)
{
    return (int)(sim_random(&m->random) % (uint64_t)n);
}

static int chance(struct maker *m, int percent)
{
    return below(m, 100) < percent;
}

#define PICK(m, ...)                                                                               \
    ((const int[]){__VA_ARGS__})[below(m, (int)(sizeof((int[]){__VA_ARGS__}) / sizeof(int)))]

static void add(struct maker *m, enum sim_op op, int a, int b, int c, int d, int e, int f)
{
    if (m->schedule->count < SIM_ACTIONS_MAX)
        m->schedule->actions[m->schedule->count++] =
            (struct sim_action){(uint8_t)op, {a, b, c, d, e, f}};
}

#define ADD1(m, op, a)    add(m, op, a, 0, 0, 0, 0, 0)
#define ADD2(m, op, a, b) add(m, op, a, b, 0, 0, 0, 0)

static bool time_order(const struct maker *m)
{
    return m->profile == SIM_DRAIN || m->profile == SIM_JITTER || m->profile == SIM_MERGE;
}

static bool merges(const struct maker *m)
{
    return m->profile == SIM_MERGE || m->profile == SIM_UNION;
}

/* Merges are frequent where there are any, and events that come again: they leave no stamp. Late
 * events of a lead that is another's are that one's affair; and what was forgotten is in no lead.
 */
static char merge_kind(struct maker *m, char kind)
{
    if (chance(m, 18))
        return chance(m, 75) ? 'W' : 'B';
    if (chance(m, 10))
        return 'D';
    return kind == 'L' || (kind == 'F' && m->profile == SIM_UNION) ? 'E' : kind;
}

static void add_record(struct maker *m)
{
    static const struct {
        char kind;
        int percent;
    } kinds[] = {{'P', 4}, {'L', 4}, {'F', 4}, {'U', 2}, {'M', 2},
                 {'D', 4}, {'A', 3}, {'X', 2}, {'Y', 2}, {'G', 2}};
    int x = below(m, 100);
    char kind = 'E';

    for (unsigned i = 0; i < sizeof(kinds) / sizeof(*kinds); i++) {
        if (x >= 0 && x < kinds[i].percent)
            kind = kinds[i].kind;
        x -= kinds[i].percent;
    }
    if (kind == 'G' && m->profile == SIM_ADOPT)
        kind = 'E'; /* a hole may lie where the fingerprint was taken */
    if (kind == 'L' && (m->profile == SIM_EXPIRY || m->profile == SIM_ADOPT))
        kind = 'E'; /* a lead deleted, or a log replaced: nothing is late for certain */
    if (merges(m))
        kind = merge_kind(m, kind);
    if (chance(m, 65)) {
        m->topic = below(m, SIM_INPUTS);
        m->lead = chance(m, 85) ? below(m, 2) : 2;
    }
    add(m, SIM_DO_PROD, m->topic, m->lead, below(m, 4), kind, PICK(m, 0, 0, 0, 1, 3, 5),
        m->profile != SIM_ADOPT && chance(m, 4) ? 1 + below(m, 3) : 0);
}

/* One worker goes on, its group, its store and nobody else: no broker takes what it sends. */
static void add_walk(struct maker *m, int turns)
{
    while (turns-- > 0) {
        ADD1(m, SIM_DO_POLL, 0);
        ADD2(m, SIM_DO_GO, 0, 1);
        ADD1(m, SIM_DO_GCOMMIT, 0);
        ADD2(m, SIM_DO_NET, 0, 8);
        ADD2(m, SIM_DO_RECV, 0, 8);
    }
}

/* Redis loses crossings that were sent and have not landed. A record that its broker held back
 * before comes in its place now, so others have their indexes when the old reports come. */
static void add_other_order(struct maker *m)
{
    int held = below(m, SIM_TOPICS), lead = below(m, 2);

    ADD2(m, SIM_DO_RUN, 0, 6);
    ADD1(m, SIM_DO_STALL, held);
    add(m, SIM_DO_PROD, held, lead, 3, 'E', 0, 0);
    ADD1(m, SIM_DO_TIME, 500); /* more would be a stall of the process */
    add(m, SIM_DO_PROD, (held + 1) % SIM_TOPICS, 1 - lead, 3, 'E', 0, 0);
    add_walk(m, 3);
    ADD1(m, SIM_DO_STALL, held);
    add_walk(m, 3);
    ADD1(m, SIM_DO_LOSE, 1 + below(m, 2));
    add_walk(m, 2);
    ADD1(m, SIM_DO_TIME, 2000);
    add_walk(m, 11);
    ADD1(m, SIM_DO_BROKER, 0);
    ADD2(m, SIM_DO_REPORT, 0, 1);
    if (chance(m, 70))
        ADD2(m, SIM_DO_PFAIL, 0, 0);
    else
        ADD2(m, SIM_DO_CRASH, 0, 0);
}

static void add_start(struct maker *m)
{
    if (time_order(m)) {
        if (chance(m, 70)) { /* who made the shard reads no leads: most are to be its heirs */
            ADD2(m, SIM_DO_RUN, 0, 4);
            ADD2(m, SIM_DO_CRASH, 0, 0);
        }
        for (int n = 4 + below(m, 12); n > 0; n--) {
            add_record(m);
            if (chance(m, 60))
                ADD1(m, SIM_DO_TIME, 1000 * PICK(m, 1, 1, 2, 3, 7, 15));
        }
        ADD1(m, SIM_DO_TIME, 1000 * PICK(m, 1, 30, 300, 10000)); /* the last: far behind */
        if (chance(m, 30))
            ADD1(m, SIM_DO_STALL, below(m, SIM_INPUTS));
        ADD2(m, SIM_DO_RUN, 0, 1 + below(m, 6));
    } else if (m->profile == SIM_LOSS && chance(m, 10)) {
        /* Redis is lost while the shard is new. */
        for (int n = 1 + below(m, 4); n > 0; n--)
            add_record(m);
        ADD2(m, SIM_DO_RUN, 0, 1 + below(m, 3));
        for (int n = below(m, 12); n > 0; n--) {
            ADD2(m, SIM_DO_GO, 0, 1);
            ADD2(m, SIM_DO_NET, 0, 1 + below(m, 2));
            ADD2(m, SIM_DO_RECV, 0, 1 + below(m, 2));
        }
        ADD1(m, SIM_DO_LOSE, 99);
        if (chance(m, 60))
            ADD2(m, SIM_DO_CRASH, 0, below(m, 4));
        ADD2(m, SIM_DO_RUN, 0, 6);
    } else if (m->profile == SIM_LOSS && chance(m, 10)) {
        add_other_order(m);
    } else {
        bool far = chance(m, 25);

        for (int n = below(m, far ? 12 : 4); n > 0; n--)
            add_record(m);
        if (far)
            ADD1(m, SIM_DO_TIME, 10000 * 1000);
        ADD2(m, SIM_DO_RUN, 0, chance(m, 80) ? 6 : 1 + below(m, 5));
    }
}

static void add_rare(struct maker *m, int worker, int x)
{
    int topic = below(m, merges(m) ? SIM_TOPICS : SIM_INPUTS);

    if (time_order(m)) {
        if (chance(m, 60))
            ADD2(m, SIM_DO_CRASH, worker, below(m, 4));
        else
            ADD1(m, SIM_DO_STALL, topic);
    } else if (m->profile == SIM_LOSS && x < 15) {
        if (chance(m, 15))
            ADD1(m, SIM_DO_GO_ON, 0);
        else if (chance(m, 70))
            ADD1(m, SIM_DO_LOSE, PICK(m, 1, 1, 1, 1, 2, 2, 3, 3, 5, 99));
        else
            ADD2(m, SIM_DO_RETAIN, topic, PICK(m, 0, 0, 0, 0, 1, 3));
    } else if (m->profile == SIM_UNION && x < 8) {
        ADD1(m, SIM_DO_LOSE, PICK(m, 1, 1, 2, 3));
    } else if (m->profile == SIM_ADOPT && x < 12) {
        if (chance(m, 50))
            ADD1(m, SIM_DO_RECREATE, topic);
        else
            ADD1(m, SIM_DO_ADOPT, 0);
    } else if (m->profile == SIM_MODEL && x < 12) {
        ADD1(m, SIM_DO_MODEL, chance(m, 60));
    } else if (m->profile == SIM_EXPIRY && x < 15) {
        ADD1(m, SIM_DO_TIME, 1000 * PICK(m, 60, 120, 600, 1700000));
    } else if (x < 20 ||
               m->profile == SIM_UNION) { /* a command that is lost cannot be made again */
        ADD1(m, SIM_DO_STALL, topic);
    } else {
        ADD2(m, SIM_DO_RETAIN, topic, 0);
    }
}

/* In per mille, cumulative. */
static void add_action(struct maker *m)
{
    int x = below(m, 1000);
    int worker = chance(m, 35) ? below(m, m->schedule->setup.workers) : 0;

    if (m->profile == SIM_LOSS && chance(m, 1)) {
        ADD1(m, SIM_DO_LOSE, 1 + below(m, 3));
        return;
    }

    if (m->profile == SIM_MODEL && chance(m, 4)) {
        ADD1(m, SIM_DO_MODEL, chance(m, 60));
        return;
    }
    if (x < 150) {
        if (!time_order(m))
            add_record(m);
        else
            ADD2(m, SIM_DO_GO, worker, 1 + below(m, 3));
    } else if (x < 240) {
        ADD1(m, SIM_DO_TIME, chance(m, 90) ? 1000 * PICK(m, 1, 1, 2, 3, 6, 12) : 40000);
    } else if (x < 330) {
        ADD2(m, SIM_DO_RUN, worker, 1 + below(m, 3));
    } else if (x < 530) {
        ADD2(m, SIM_DO_GO, worker, 1 + below(m, 3));
    } else if (x < 640) {
        ADD2(m, SIM_DO_NET, worker, 1 + below(m, 3));
    } else if (x < 740) {
        ADD2(m, SIM_DO_RECV, worker, 1 + below(m, 3));
    } else if (x < 770) {
        ADD2(m, SIM_DO_REPORT, worker, 1 + below(m, 2));
    } else if (x < 800) {
        ADD1(m, SIM_DO_BROKER, below(m, 3));
    } else if (x < 820) {
        ADD2(m, SIM_DO_PFAIL, worker, chance(m, 50));
    } else if (x < 840) {
        ADD2(m, SIM_DO_CUT, worker, chance(m, 60));
    } else if (x < 850) {
        ADD2(m, SIM_DO_REFUSE, worker, 1 + below(m, 2));
    } else if (x < 860) {
        ADD1(m, SIM_DO_GCOMMIT, worker);
    } else if (x < 885) {
        ADD1(m, SIM_DO_POLL, worker);
    } else if (x < 915) {
        ADD2(m, SIM_DO_CRASH, worker, below(m, 4));
    } else if (x < 940) {
        ADD2(m, SIM_DO_ASSIGN, below(m, m->schedule->setup.workers), chance(m, 30));
    } else if (x < 970) {
        ADD1(m, chance(m, 70) ? SIM_DO_LAND : SIM_DO_DROP, below(m, 3));
    } else {
        add_rare(m, worker, x - 970);
    }
}

void sim_generate(uint64_t seed, enum sim_profile profile, struct sim_schedule *ret_schedule)
{
    struct maker m = {seed * UINT64_C(1000003) + (uint64_t)profile, profile, ret_schedule, 0, 0};
    struct sim_setup *setup = &ret_schedule->setup;
    int n;

    ret_schedule->count = 0;
    *setup = (struct sim_setup){
        .profile = (int32_t)profile,
        .workers = PICK(&m, 2, 2, 3),
        .batch = PICK(&m, 1, 2, 3, 8),
        .fill = PICK(&m, 1, 2, 5),
        .checkpoint_ms = PICK(&m, 0, 5, 500, 4000, 10000),
        .cache_bytes = PICK(&m, 1, 1500, 1 << 20),
        .witness_ms = PICK(&m, 1, 200, 5000),
        .queue = PICK(&m, 1, 2, 100),
        .seed = (int32_t)(sim_random(&m.random) & 0x7fffffff),
    };
    assert(setup->workers <= SIM_WORKERS);
    add_start(&m);
    n = time_order(&m) ? 10 + below(&m, 30) : 15 + below(&m, 60);
    while (n-- > 0)
        add_action(&m);
}
