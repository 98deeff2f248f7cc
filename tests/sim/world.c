/* The world of one schedule: its memory, its processes, its actions. */

#include "sim.h"

#include <stdarg.h>
#include <string.h>

const char *const sim_leads[SIM_LEADS] = {"x", "y", "z"};

int sim_lead_of(struct seuil_str id)
{
    for (int l = 0; l < SIM_LEADS; l++)
        if (seuil_str_eq(id, seuil_str_from(sim_leads[l])))
            return l;
    return -1;
}

/* What Redis calls the leads of this world. */
static struct seuil_lead_names lead_names;
static char rooms[SIM_LEADS][SEUIL_NAME_DIGITS];

struct seuil_str sim_lead_name(int lead)
{
    return seuil_lead_name(&lead_names, seuil_str_from(sim_leads[lead]), rooms[lead]);
}

int sim_lead_named(struct seuil_str name)
{
    for (int l = 0; l < SIM_LEADS; l++)
        if (seuil_str_eq(name, sim_lead_name(l)))
            return l;
    return -1;
}

void sim_trace(const char *format, ...)
{
    va_list args;

    if (!sim.verbose)
        return;
    va_start(args, format);
    vprintf(format, args);
    va_end(args);
    putchar('\n');
    fflush(stdout);
}

/* A property does not hold: the first one counts. */
void sim_bad(struct sim_world *world, const char *format, ...)
{
    va_list args;

    if (world->failed)
        return;
    world->failed = true;
    va_start(args, format);
    vsnprintf(world->why, sizeof(world->why), format, args);
    va_end(args);
    sim_trace("  BAD: %s", world->why);
}

void *sim_alloc(struct sim_world *world, size_t bytes)
{
    void *ptr = seuil_arena_alloc(&world->arena, 1, bytes ? bytes : 1);

    if (!ptr)
        abort();
    return ptr;
}

void *sim_copy(struct sim_world *world, const void *bytes, size_t len)
{
    void *ptr = sim_alloc(world, len);

    if (len)
        memcpy(ptr, bytes, len);
    return ptr;
}

void *sim_grow(struct sim_world *world, void *items, int count, int *cap, size_t size)
{
    void *more;

    if (count < *cap)
        return items;
    *cap = *cap ? *cap * 2 : 8;
    more = sim_alloc(world, (size_t)*cap * size);
    if (count)
        memcpy(more, items, (size_t)count * size);
    return more;
}

uint64_t sim_random(uint64_t *state)
{
    uint64_t z = (*state += UINT64_C(0x9e3779b97f4a7c15));

    z = (z ^ (z >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
    z = (z ^ (z >> 27)) * UINT64_C(0x94d049bb133111eb);
    return z ^ (z >> 31);
}

/* ---- processes ---------------------------------------------------------------------------- */

static void env_random(void *ctx, void *bytes, size_t len)
{
    struct sim_worker *worker = ctx;

    for (size_t i = 0; i < len; i++)
        ((uint8_t *)bytes)[i] = (uint8_t)sim_random(&worker->world->random);
}

static void env_say(void *ctx, uint32_t shard, enum seuil_level level, const char *text)
{
    struct sim_worker *worker = ctx;

    (void)shard;
    (void)level;
    sim_trace("  worker %d says: %s", worker->number, text);
}

static void worker_start(struct sim_world *world, int number)
{
    struct sim_worker *worker = sim_alloc(world, sizeof(*worker));
    struct seuil_shard_env env = {
        .config = &world->config,
        .models = sim.models[world->model],
        .scratch = sim.scratch[world->model],
        .decode = sim.decode,
        .lead = sim.lead,
        .guest = sim.guest,
        .store = &worker->store.base,
        .source = &worker->source.base,
        .sink = &worker->sink.base,
        .random = env_random,
        .say = env_say,
        .ctx = worker,
    };

    worker->world = world;
    worker->number = number;
    worker->confirmed = SEUIL_TIME_NONE;
    sim_store_init(worker);
    sim_source_init(worker);
    sim_sink_init(worker);
    world->workers[number] = worker;
    worker->shard = seuil_shard_new(&env, 0);
    if (!worker->shard)
        abort();
}

/* The process dies; bits: 1 what its producer held lands later, 2 so do its requests. */
static void worker_kill(struct sim_world *world, int number, int bits)
{
    struct sim_worker *worker = world->workers[number];

    sim_sink_leave(world, worker, bits & 1);
    sim_cut(world, worker, bits & 2);
    seuil_shard_free(worker->shard);
    worker->shard = NULL;
}

static void change_model(struct sim_world *world, bool live)
{
    if (world->setup.profile != SIM_MODEL)
        return;
    world->model = !world->model;
    for (int w = 0; w < world->setup.workers; w++) {
        if (live) {
            seuil_shard_remodel(world->workers[w]->shard, sim.models[world->model],
                                sim.scratch[world->model]);
        } else {
            worker_kill(world, w, 0);
            worker_start(world, w);
        }
    }
}

/* The group gives the partition to @to. Graceful: its owner finishes first, if it can. */
static void assign(struct sim_world *world, int to, bool graceful)
{
    struct sim_worker *owner = world->workers[world->assigned];

    if (graceful && owner->believed && to != world->assigned) {
        seuil_shard_revoke(owner->shard);
        for (int i = 0; i < 12 && seuil_shard_state(owner->shard) != SEUIL_SHARD_OFF; i++) {
            sim_step(world, owner);
            world->now += 20;
        }
        if (seuil_shard_state(owner->shard) != SEUIL_SHARD_OFF)
            seuil_shard_lose(owner->shard);
        owner->believed = false;
    }
    world->assigned = to;
    sim_lift(world); /* people look when something moves */
}

static void setup_config(struct sim_world *world)
{
    struct seuil_shard_config *config = &world->config;

    *config = (struct seuil_shard_config){
        .app = SEUIL_STR("sim"),
        .owner = "sim",
        .cluster_id = "fake",
        .partitions = 1,
        .partitioner = SEUIL_PARTITIONER_MURMUR2,
        .outbound = "qualifications",
        .dead_letters = "seuil.dead_letters",
        .source = "/sim",
        .out_format = SEUIL_OUT_JSON,
        .checkpoint_ms = world->setup.checkpoint_ms,
        .merge_wait_ms = 0,
        .grace_ms = SIM_GRACE_MS,
        .stale_after_ms = 3600 * SEUIL_SECOND_MS,
        .witness_ms = world->setup.witness_ms,
        .backoff_min_ms = 5,
        .backoff_max_ms = 50,
        .request_timeout_ms = 60 * SEUIL_SECOND_MS,
        .cache_bytes = (uint64_t)world->setup.cache_bytes,
        .publish_from = SEUIL_TIME_NONE,
        .model_alerts = true,
        .batch_events = (uint32_t)world->setup.batch,
        .misrouted_halt = world->setup.seed % 5 == 1 ? 1 : 900,
        .breaker_percent = world->setup.seed % 5 < 3 ? 20 : 0,
        .breaker_window = 10,
        .scores = world->setup.seed % 3 == 0,
    };
    for (int t = 0; t < SIM_TOPICS; t++)
        config->inputs[t] = (struct seuil_input){
            .used = true,
            .name = sim_topic_names[t],
            .decoder = sim.decoder,
            .start = SEUIL_START_EARLIEST,
            .internal = t == SIM_INTERNAL,
        };
    /* Each fifth world calls its leads by keyed hashes. */
    seuil_lead_names_init(&lead_names, world->setup.seed % 5 == 3 ? SEUIL_STR("a secret of sixteen")
                                                                  : SEUIL_STR(""));
    config->names = lead_names;
}

/* ---- actions ------------------------------------------------------------------------------ */

static void act_on_worker(struct sim_world *world, const struct sim_action *action)
{
    int number = action->a[0] % world->setup.workers;
    struct sim_worker *worker = world->workers[number];
    int n = action->a[1];

    switch (action->op) {
    case SIM_DO_RUN:
        for (int i = 0; i < n && !world->failed; i++)
            sim_step(world, worker);
        break;
    case SIM_DO_GO:
        for (int i = 0; i < n && !world->failed; i++) {
            worker->wake = seuil_shard_run(worker->shard, world->now, sim_mono(world));
            sim_identity(world, worker);
            world->now++;
        }
        break;
    case SIM_DO_NET:
        sim_net(world, worker, n);
        break;
    case SIM_DO_RECV:
        sim_receive(world, worker, n);
        break;
    case SIM_DO_CUT:
        sim_cut(world, worker, n);
        break;
    case SIM_DO_REFUSE:
        worker->store.refuse += n;
        break;
    case SIM_DO_REPORT:
        sim_report(world, worker, n);
        break;
    case SIM_DO_PFAIL:
        sim_producer_fails(world, worker, n);
        break;
    case SIM_DO_POLL:
        sim_group_poll(world, worker);
        break;
    case SIM_DO_GCOMMIT:
        sim_group_commit(world, worker);
        break;
    case SIM_DO_CRASH:
        worker_kill(world, number, n);
        worker_start(world, number);
        break;
    default:
        assign(world, number, n);
        break;
    }
}

static void act(struct sim_world *world, const struct sim_action *action)
{
    const int32_t *a = action->a;

    switch (action->op) {
    case SIM_DO_PROD:
        sim_produce(world, a);
        break;
    case SIM_DO_TIME:
        world->now += a[0];
        break;
    case SIM_DO_BROKER:
        sim_broker(world, a[0]);
        break;
    case SIM_DO_LAND:
        sim_land(world, a[0], false);
        break;
    case SIM_DO_DROP:
        sim_land(world, a[0], true);
        break;
    case SIM_DO_STALL:
        world->topics[a[0]].stalled = !world->topics[a[0]].stalled;
        break;
    case SIM_DO_LOSE:
        sim_lose(world, a[0]);
        break;
    case SIM_DO_RETAIN:
        sim_retain(world, a[0], a[1]);
        break;
    case SIM_DO_RECREATE:
        sim_recreate(world, a[0]);
        break;
    case SIM_DO_ADOPT:
        sim_adopt(world);
        break;
    case SIM_DO_GO_ON:
        sim_go_on(world);
        break;
    case SIM_DO_MODEL:
        change_model(world, a[0]);
        break;
    default:
        act_on_worker(world, action);
        break;
    }
    /* Records and due times may share a millisecond. */
    if (action->op != SIM_DO_PROD && action->op != SIM_DO_TIME)
        world->now++;
}

static void trace_action(const struct sim_world *world, const struct sim_action *action)
{
    static const char *const names[SIM_OPS] = {
#define X(name, text) text,
        SIM_ACTIONS(X)
#undef X
    };

    if (sim.verbose)
        sim_trace("%lld %s %d %d %d %d %d %d", (long long)(world->now - SIM_EPOCH_MS),
                  names[action->op], action->a[0], action->a[1], action->a[2], action->a[3],
                  action->a[4], action->a[5]);
}

static void play(struct sim_world *world, const struct sim_schedule *schedule)
{
    for (int w = 0; w < world->setup.workers; w++)
        worker_start(world, w);
    for (int i = 0; i < schedule->count && !world->failed; i++) {
        trace_action(world, &schedule->actions[i]);
        act(world, &schedule->actions[i]);
    }
    sim_trace("settle");
    if (!world->failed)
        sim_settle(world);
    if (!world->failed)
        sim_check_end(world);
}

/* Run a schedule; false and the property that broke. */
bool sim_execute(const struct sim_schedule *schedule, char *ret_why, size_t cap)
{
    static struct sim_world world; /* static: it must outlive a jump out of an assertion */

    world = (struct sim_world){.setup = schedule->setup};
    memset(world.generations, 0xff, sizeof(world.generations));
    world.now = SIM_EPOCH_MS;
    world.random = (uint64_t)schedule->setup.seed;
    world.model = schedule->setup.profile == SIM_EXPIRY ||
                          (schedule->setup.profile == SIM_MERGE && schedule->setup.seed % 2)
                      ? 2
                      : 0;
    setup_config(&world);
    world.history = sim_grow(&world, NULL, 0, &world.history_cap, sizeof(*world.history));
    world.history[world.history_count++] = sim_alloc(&world, sizeof(struct sim_state));
    if (sigsetjmp(sim.escape, 1) == 0) {
        sim.escapable = true;
        play(&world, schedule);
        for (int w = 0; w < world.setup.workers; w++)
            seuil_shard_free(world.workers[w]->shard);
    } else {
        sim_bad(&world, "%s", sim.assertion);
    }
    sim.escapable = false;
    sim.total_commits += world.commits;
    sim.total_crossings += world.crossings;
    sim.total_published += (uint64_t)world.published_count;
    snprintf(ret_why, cap, "%s", world.why);
    seuil_arena_done(&world.arena);
    return !world.failed;
}
