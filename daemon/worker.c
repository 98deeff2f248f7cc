/* The order of one turn: orders from the mailbox, answers of the store, delivery reports, then each
 * shard runs once. A turn that moved nothing sleeps until a record, an answer, an order or the
 * earliest instant that a shard asked for. */

#include "worker.h"

#include <assert.h>
#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/random.h>
#include <time.h>
#include <unistd.h>

#include "base/heap.h"
#include "conf/regex.h"
#include "schemas.h"

#define MAILBOX_MAX (4 * SEUIL_PARTITIONS_MAX)
#define IDLE_MAX_MS 50 /* the longest sleep: heartbeats, time-outs of requests */
#define SNAPSHOT_MS 250
#define REPLIES_MAX 256 /* answers taken in one turn, so that shards get their turn too */

struct order {
    uint32_t shard;
    enum seuil_worker_order order;
};

struct seuil_worker {
    struct seuil_worker_env env;
    struct seuil_shard *shards[SEUIL_PARTITIONS_MAX];
    uint32_t known[SEUIL_PARTITIONS_MAX]; /* numbers of the shards made so far */
    uint32_t known_count;
    uint32_t far; /* of the shards, those that are */
    _Atomic int states[SEUIL_PARTITIONS_MAX];
    void *scratch_memory;
    void *regex;
    struct seuil_scratch *scratch;
    struct seuil_decode_scratch *decode;
    struct seuil_map_scratch *map;
    struct seuil_lead *lead, *guest;
    pthread_t thread;
    int wake_fd;
    _Atomic bool stop;
    _Atomic int64_t heartbeat;

    pthread_mutex_t lock; /* guards what follows */
    struct order mailbox[MAILBOX_MAX];
    uint32_t mailbox_count;
    const struct seuil_models *models, *models_wanted;
    struct seuil_shard_status *snapshot;
    uint32_t snapshot_count;
};

static seuil_time_ms clock_ms(clockid_t id)
{
    struct timespec t;

    clock_gettime(id, &t);
    return (seuil_time_ms)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

seuil_time_ms seuil_clock_wall_ms(void)
{
    return clock_ms(CLOCK_REALTIME);
}

seuil_time_ms seuil_clock_mono_ms(void)
{
    return clock_ms(CLOCK_MONOTONIC);
}

static void random_bytes(void *ctx, void *bytes, size_t len)
{
    uint8_t *at = bytes;

    (void)ctx;
    while (len > 0) {
        ssize_t n = getrandom(at, len, 0);

        if (n < 0) {
            if (errno == EINTR)
                continue;
            abort(); /* a token that is not random could be another owner's */
        }
        at += n;
        len -= (size_t)n;
    }
}

static void wake(struct seuil_worker *worker)
{
    uint64_t one = 1;

    (void)!write(worker->wake_fd, &one, sizeof(one));
}

/* ---- what the thread thinks with, for a model set ---------------------------------------- */

static int think_with(struct seuil_worker *worker, const struct seuil_models *models)
{
    void *regex = seuil_models_regex_new(models);
    void *memory = NULL;

    if (regex && posix_memalign(&memory, 64, seuil_scratch_size(models)) != 0)
        memory = NULL;
    if (!regex || !memory) {
        seuil_models_regex_free(regex);
        return SEUIL_ERR_NOMEM;
    }
    worker->regex = regex;
    worker->scratch_memory = memory;
    worker->scratch = seuil_scratch_init(memory, models, regex);
    return 0;
}

/* Shards finish what they do with the old scratch when they are told of the new one. */
static void change_models(struct seuil_worker *worker, const struct seuil_models *wanted)
{
    void *regex = worker->regex, *memory = worker->scratch_memory;
    bool changed = think_with(worker, wanted) == 0;

    if (!changed)
        worker->env.say(worker->env.ctx, 0, SEUIL_LEVEL_ERROR,
                        "out of memory for the new models: the old ones stay in force");
    for (uint32_t i = 0; changed && i < worker->known_count; i++)
        seuil_shard_remodel(worker->shards[worker->known[i]], wanted, worker->scratch);
    if (changed) {
        seuil_models_regex_free(regex);
        free(memory);
    }
    pthread_mutex_lock(&worker->lock);
    worker->models = changed ? wanted : worker->models;
    worker->models_wanted = worker->models;
    pthread_mutex_unlock(&worker->lock);
}

/* ---- orders -------------------------------------------------------------------------------- */

static struct seuil_shard *shard_of(struct seuil_worker *worker, uint32_t number)
{
    struct seuil_shard_env env = {
        .config = worker->env.config,
        .models = worker->models,
        .scratch = worker->scratch,
        .decode = worker->decode,
        .map = worker->map,
        .lead = worker->lead,
        .guest = worker->guest,
        .store = worker->env.store,
        .source = worker->env.source,
        .sink = worker->env.sink,
        .random = random_bytes,
        .say = worker->env.say,
        .ctx = worker->env.ctx,
        .schema = worker->env.schemas ? seuil_schemas_ask : NULL,
        .schema_ctx = worker->env.schemas,
    };

    assert(number < SEUIL_PARTITIONS_MAX);
    if (worker->shards[number])
        return worker->shards[number];
    worker->shards[number] = seuil_shard_new(&env, number);
    if (!worker->shards[number]) {
        worker->env.say(worker->env.ctx, number, SEUIL_LEVEL_ERROR,
                        "out of memory: the shard stays unowned until it is assigned again");
        return NULL;
    }
    worker->known[worker->known_count++] = number;
    if (worker->env.watch)
        worker->env.watch(worker->env.ctx, number, worker->wake_fd);
    return worker->shards[number];
}

static void obey(struct seuil_worker *worker)
{
    struct order orders[64];
    const struct seuil_models *wanted;
    uint32_t count;

    do {
        pthread_mutex_lock(&worker->lock);
        count = worker->mailbox_count < 64 ? worker->mailbox_count : 64;
        memcpy(orders, worker->mailbox, count * sizeof(orders[0]));
        memmove(worker->mailbox, worker->mailbox + count,
                (worker->mailbox_count - count) * sizeof(orders[0]));
        worker->mailbox_count -= count;
        wanted = worker->models_wanted;
        pthread_mutex_unlock(&worker->lock);
        for (uint32_t i = 0; i < count; i++) {
            struct seuil_shard *shard = shard_of(worker, orders[i].shard);

            if (!shard)
                continue;
            if (orders[i].order == SEUIL_ORDER_ASSIGN)
                seuil_shard_assign(shard);
            else if (orders[i].order == SEUIL_ORDER_REVOKE)
                seuil_shard_revoke(shard);
            else
                seuil_shard_lose(shard);
        }
    } while (count > 0);

    if (wanted != worker->models)
        change_models(worker, wanted);
}

/* ---- a turn -------------------------------------------------------------------------------- */

static bool take_answers(struct seuil_worker *worker)
{
    struct seuil_store *store = worker->env.store;
    struct seuil_sink *sink = worker->env.sink;
    struct seuil_store_reply reply;
    struct seuil_delivery delivery;
    bool moved = false;

    for (int i = 0; i < REPLIES_MAX; i++) {
        seuil_time_ms mono = seuil_clock_mono_ms();

        if (store->ops->poll(store, mono, 0, &reply) != 1)
            break;
        moved = true;
        if (reply.shard < SEUIL_PARTITIONS_MAX && worker->shards[reply.shard])
            seuil_shard_reply(worker->shards[reply.shard], &reply, seuil_clock_wall_ms(), mono);
    }
    while (sink->ops->poll(sink, &delivery) == 1) {
        moved = true;
        if (delivery.shard < SEUIL_PARTITIONS_MAX && worker->shards[delivery.shard])
            seuil_shard_delivery(worker->shards[delivery.shard], &delivery);
    }
    return moved;
}

static void take_snapshot(struct seuil_worker *worker)
{
    pthread_mutex_lock(&worker->lock);
    for (uint32_t i = 0; i < worker->known_count; i++)
        seuil_shard_status(worker->shards[worker->known[i]], &worker->snapshot[i]);
    worker->snapshot_count = worker->known_count;
    pthread_mutex_unlock(&worker->lock);
}

/* What has been slept through waits a little while others are far behind. */
static void tell_far(struct seuil_worker *worker)
{
    uint32_t far = 0, all;

    for (uint32_t i = 0; i < worker->known_count; i++)
        far += seuil_shard_far(worker->shards[worker->known[i]]);
    if (far != worker->far)
        atomic_fetch_add(worker->env.far, far - worker->far);
    worker->far = far;
    all = atomic_load_explicit(worker->env.far, memory_order_relaxed);
    for (uint32_t i = 0; i < worker->known_count; i++) {
        struct seuil_shard *shard = worker->shards[worker->known[i]];

        seuil_shard_others_far(shard, all > (uint32_t)seuil_shard_far(shard));
    }
}

static void sleep_until(struct seuil_worker *worker, seuil_time_ms mono, seuil_time_ms wanted)
{
    struct seuil_store *store = worker->env.store;
    struct pollfd fds[2] = {
        {.fd = worker->wake_fd, .events = POLLIN},
        {.fd = store->ops->fd(store), .events = POLLIN},
    };
    int64_t wait_ms = wanted - mono;
    uint64_t count;

    if (wait_ms > IDLE_MAX_MS)
        wait_ms = IDLE_MAX_MS;
    if (wait_ms > 0)
        poll(fds, 2, (int)wait_ms);
    (void)!read(worker->wake_fd, &count, sizeof(count));
}

static void *run(void *arg)
{
    struct seuil_worker *worker = arg;
    seuil_time_ms snapshot_at = 0;

    while (!atomic_load(&worker->stop)) {
        seuil_time_ms mono, wanted = SEUIL_TIME_NEVER;
        bool moved, changed = false;

        obey(worker);
        moved = take_answers(worker);
        tell_far(worker);
        mono = seuil_clock_mono_ms();
        for (uint32_t i = 0; i < worker->known_count; i++) {
            uint32_t number = worker->known[i];
            struct seuil_shard *shard = worker->shards[number];
            seuil_time_ms want;

            /* Each its own instant: one before may have waited for Kafka, and a doubt must not be
             * dated back (PROTOCOL 18). */
            mono = seuil_clock_mono_ms();
            atomic_store(&worker->heartbeat, mono);
            want = seuil_shard_run(shard, seuil_clock_wall_ms(), mono);
            if (want < wanted)
                wanted = want;
            changed |= (int)seuil_shard_state(shard) != atomic_load(&worker->states[number]);
        }
        atomic_store(&worker->heartbeat, mono);
        if (changed || mono >= snapshot_at) {
            take_snapshot(worker);
            snapshot_at = mono + SNAPSHOT_MS;
        }
        /* Told last: who waits for a state, as the last report does, finds its counts there. */
        for (uint32_t i = 0; i < worker->known_count; i++)
            atomic_store(&worker->states[worker->known[i]],
                         (int)seuil_shard_state(worker->shards[worker->known[i]]));
        if (!moved && wanted > mono)
            sleep_until(worker, mono, wanted);
    }
    return NULL;
}

/* ---- from other threads -------------------------------------------------------------------- */

struct seuil_worker *seuil_worker_start(const struct seuil_worker_env *env, struct seuil_error *err)
{
    struct seuil_worker *worker = seuil_heap_zalloc(1, sizeof(*worker));

    if (!worker) {
        seuil_error_set(err, SEUIL_ERR_NOMEM, "out of memory for worker %u", env->number);
        return NULL;
    }
    worker->env = *env;
    worker->models = worker->models_wanted = env->models;
    worker->wake_fd = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
    worker->snapshot = seuil_heap_zalloc(SEUIL_PARTITIONS_MAX, sizeof(*worker->snapshot));
    worker->decode = seuil_decode_scratch_new();
    worker->map = seuil_map_scratch_new();
    worker->lead = seuil_heap_zalloc(1, sizeof(*worker->lead));
    worker->guest = seuil_heap_zalloc(1, sizeof(*worker->guest));
    pthread_mutex_init(&worker->lock, NULL);
    atomic_store(&worker->heartbeat, seuil_clock_mono_ms());
    if (worker->wake_fd >= 0 && env->sink->ops->watch)
        env->sink->ops->watch(env->sink, worker->wake_fd);
    if (worker->wake_fd >= 0 && worker->snapshot && worker->decode && worker->map && worker->lead &&
        worker->guest && think_with(worker, env->models) == 0 &&
        pthread_create(&worker->thread, NULL, run, worker) == 0)
        return worker;

    seuil_error_set(err, SEUIL_ERR_NOMEM, "worker %u could not be made: %s", env->number,
                    strerror(errno));
    if (worker->wake_fd >= 0)
        close(worker->wake_fd);
    seuil_models_regex_free(worker->regex);
    free(worker->scratch_memory);
    seuil_decode_scratch_free(worker->decode);
    seuil_map_scratch_free(worker->map);
    seuil_heap_free(worker->lead);
    seuil_heap_free(worker->guest);
    seuil_heap_free(worker->snapshot);
    seuil_heap_free(worker);
    return NULL;
}

void seuil_worker_order(struct seuil_worker *worker, uint32_t shard, enum seuil_worker_order order)
{
    pthread_mutex_lock(&worker->lock);
    assert(worker->mailbox_count < MAILBOX_MAX);
    worker->mailbox[worker->mailbox_count++] = (struct order){shard, order};
    pthread_mutex_unlock(&worker->lock);
    /* Who waits for the shard must not see the state from before the order. */
    if (order == SEUIL_ORDER_ASSIGN)
        atomic_store(&worker->states[shard], SEUIL_SHARD_CONFIRM);
    wake(worker);
}

void seuil_worker_remodel(struct seuil_worker *worker, const struct seuil_models *models)
{
    pthread_mutex_lock(&worker->lock);
    worker->models_wanted = models;
    pthread_mutex_unlock(&worker->lock);
    wake(worker);
}

const struct seuil_models *seuil_worker_models(struct seuil_worker *worker)
{
    const struct seuil_models *models;

    pthread_mutex_lock(&worker->lock);
    models = worker->models;
    pthread_mutex_unlock(&worker->lock);
    return models;
}

uint32_t seuil_worker_snapshot(struct seuil_worker *worker, struct seuil_shard_status *ret_status,
                               uint32_t max)
{
    uint32_t count;

    pthread_mutex_lock(&worker->lock);
    count = worker->snapshot_count < max ? worker->snapshot_count : max;
    memcpy(ret_status, worker->snapshot, count * sizeof(*ret_status));
    pthread_mutex_unlock(&worker->lock);
    return count;
}

enum seuil_shard_state seuil_worker_shard_state(struct seuil_worker *worker, uint32_t shard)
{
    return (enum seuil_shard_state)atomic_load(&worker->states[shard]);
}

seuil_time_ms seuil_worker_heartbeat(struct seuil_worker *worker)
{
    return atomic_load(&worker->heartbeat);
}

void seuil_worker_stop(struct seuil_worker *worker)
{
    if (!worker)
        return;
    atomic_store(&worker->stop, true);
    wake(worker);
    pthread_join(worker->thread, NULL);
    for (uint32_t i = 0; i < worker->known_count; i++)
        seuil_shard_free(worker->shards[worker->known[i]]);
    worker->env.sink->ops->free(worker->env.sink);
    worker->env.store->ops->free(worker->env.store);
    seuil_models_regex_free(worker->regex);
    free(worker->scratch_memory);
    seuil_decode_scratch_free(worker->decode);
    seuil_map_scratch_free(worker->map);
    seuil_heap_free(worker->lead);
    seuil_heap_free(worker->guest);
    seuil_heap_free(worker->snapshot);
    close(worker->wake_fd);
    pthread_mutex_destroy(&worker->lock);
    seuil_heap_free(worker);
}
