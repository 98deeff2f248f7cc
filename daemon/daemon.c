/* The order in which things begin: Kafka's topics, Redis' manifest, workers, the group; they end
 * the other way round. A shard goes to worker (number mod workers), always. */

#include "daemon.h"

#include <errno.h>
#include <inttypes.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/signalfd.h>
#include <sysexits.h>
#include <unistd.h>

#include "base/heap.h"
#include "clients.h"
#include "codec/scores.h"
#include "conf/model_load.h"
#include "log.h"
#include "notify.h"
#include "report.h"
#include "report_maps.h"
#include "schemas.h"
#include "serve.h"
#include "stream/kafka.h"
#include "worker.h"

#define POLL_MS        20
#define ACQUIRE_MAX_MS 1500 /* shards not ready by then begin later, by a seek of their own */
#define LOSE_MAX_MS    2000
#define CLOSE_MAX_MS   8000
#define RENEW_EVERY_MS (2 * SEUIL_MINUTE_MS)
#define STATUS_MS      10000
#define REPORT_MS      60000
#define HEARTBEAT_MS   1000

enum phase {
    PHASE_IDLE,      /* nothing is assigned */
    PHASE_ACQUIRING, /* workers take the shards; then assign() */
    PHASE_OWNING,
    PHASE_GIVING_UP, /* workers finish; then unassign() */
};

struct daemon {
    struct seuil_opened *opened;
    const struct seuil_settings *settings;
    struct seuil_clients clients;
    struct seuil_schemas *schemas; /* NULL: no registry */
    struct seuil_serve *serve;     /* NULL: nobody listens */
    struct seuil_shard_config shard_config;
    struct seuil_worker *workers[SEUIL_WORKERS_MAX];
    atomic_uint far; /* shards of theirs, see worker.h */
    uint32_t worker_count;
    const struct seuil_models *models;  /* wanted by all workers */
    struct seuil_models *models_before; /* freed when no worker uses them any more */
    struct seuil_kafka_event event;
    uint32_t shards[SEUIL_PARTITIONS_MAX]; /* assigned */
    uint32_t shard_count;
    enum phase phase;
    seuil_time_ms deadline;
    bool lost;              /* giving up what another owns already */
    bool renewing, renewed; /* the consumer has failed: another takes its place */
    seuil_time_ms renewed_at;
    bool stopping, ready;
    int exit_status;
    int signals;
    seuil_time_ms status_at, report_at, heartbeat_at;
    bool hung; /* said once */
};

/* ---- signals ------------------------------------------------------------------------------- */

static void signal_set(sigset_t *set)
{
    sigemptyset(set);
    sigaddset(set, SIGTERM);
    sigaddset(set, SIGINT);
    sigaddset(set, SIGHUP);
    sigaddset(set, SIGUSR1);
}

void seuil_daemon_block_signals(void)
{
    sigset_t set;

    signal_set(&set);
    pthread_sigmask(SIG_BLOCK, &set, NULL);
    signal(SIGPIPE, SIG_IGN);
}

static void reload(struct daemon *daemon)
{
    struct seuil_errs errs = {0};
    struct seuil_models *models;

    if (daemon->models_before) {
        seuil_logf(SEUIL_LOG_WARNING, "SIGHUP: models are still being changed, ignoring");
        return;
    }
    models = seuil_open_models(daemon->settings, &errs);
    if (!models) {
        seuil_log_errs(&errs);
        seuil_logf(SEUIL_LOG_ERROR, "SIGHUP: the models are refused, the old ones stay in force");
        return;
    }
    seuil_logf(SEUIL_LOG_INFO, "SIGHUP: models %016" PRIx64 " replace %016" PRIx64, models->hash,
               daemon->models->hash);
    daemon->models_before = daemon->opened->models;
    daemon->opened->models = models;
    daemon->models = models;
    for (uint32_t i = 0; i < daemon->worker_count; i++)
        seuil_worker_remodel(daemon->workers[i], models);
}

static void release_models(struct daemon *daemon)
{
    for (uint32_t i = 0; daemon->models_before && i < daemon->worker_count; i++)
        if (seuil_worker_models(daemon->workers[i]) != daemon->models)
            return;
    seuil_models_free(daemon->models_before);
    daemon->models_before = NULL;
}

static void give_up(struct daemon *daemon, bool lost);

static void stop(struct daemon *daemon, int exit_status)
{
    if (daemon->stopping)
        return;
    daemon->stopping = true;
    daemon->exit_status = exit_status;
    seuil_notify("STOPPING=1\nSTATUS=writing what is not yet written");
    if (daemon->phase != PHASE_GIVING_UP)
        give_up(daemon, exit_status != 0);
}

static void obey_signals(struct daemon *daemon)
{
    struct signalfd_siginfo info;

    while (read(daemon->signals, &info, sizeof(info)) == (ssize_t)sizeof(info)) {
        switch (info.ssi_signo) {
        case SIGHUP:
            reload(daemon);
            break;
        case SIGUSR1:
            daemon->report_at = 0;
            break;
        default:
            if (daemon->stopping) {
                seuil_logf(SEUIL_LOG_WARNING, "%s again: ending at once, the log is replayed",
                           strsignal((int)info.ssi_signo));
                _exit(EX_TEMPFAIL);
            }
            seuil_logf(SEUIL_LOG_INFO, "%s: stopping; again: ending at once",
                       strsignal((int)info.ssi_signo));
            stop(daemon, 0);
        }
    }
}

/* ---- workers ------------------------------------------------------------------------------- */

static void say_shard(void *ctx, uint32_t shard, enum seuil_level level, const char *text)
{
    (void)ctx;
    seuil_log_shard((enum seuil_log_level)level, shard, text);
}

static void watch_shard(void *ctx, uint32_t shard, int fd)
{
    seuil_kafka_wake_fd(ctx, shard, fd);
}

static struct seuil_worker *worker_of(struct daemon *daemon, uint32_t shard)
{
    return daemon->workers[shard % daemon->worker_count];
}

static int start_workers(struct daemon *daemon, struct seuil_error *err)
{
    long processors = sysconf(_SC_NPROCESSORS_ONLN);
    uint32_t wanted = daemon->settings->workers ? (uint32_t)daemon->settings->workers
                      : processors > 0          ? (uint32_t)processors
                                                : 1;

    if (wanted > SEUIL_WORKERS_MAX)
        wanted = SEUIL_WORKERS_MAX;
    if (wanted > daemon->shard_config.partitions)
        wanted = daemon->shard_config.partitions;
    for (uint32_t i = 0; i < wanted; i++) {
        struct seuil_worker_env env = {
            .number = i,
            .config = &daemon->shard_config,
            .models = daemon->models,
            .source = seuil_kafka_source(daemon->clients.kafka),
            .watch = watch_shard,
            .say = say_shard,
            .ctx = daemon->clients.kafka,
            .schemas = daemon->schemas,
            .far = &daemon->far,
        };

        env.store = seuil_clients_store(&daemon->clients, err);
        env.sink = env.store ? seuil_kafka_sink_new(daemon->clients.kafka, err) : NULL;
        daemon->workers[i] = env.sink ? seuil_worker_start(&env, err) : NULL;
        if (!daemon->workers[i]) {
            if (env.sink)
                env.sink->ops->free(env.sink);
            if (env.store)
                env.store->ops->free(env.store);
            return err->code;
        }
        daemon->worker_count++;
    }
    return 0;
}

/* ---- the group ----------------------------------------------------------------------------- */

static bool all_in(struct daemon *daemon, unsigned states)
{
    for (uint32_t i = 0; i < daemon->shard_count; i++) {
        uint32_t shard = daemon->shards[i];
        enum seuil_shard_state state = seuil_worker_shard_state(worker_of(daemon, shard), shard);

        if (!(states >> state & 1))
            return false;
    }
    return true;
}

static void order_all(struct daemon *daemon, enum seuil_worker_order order)
{
    for (uint32_t i = 0; i < daemon->shard_count; i++)
        seuil_worker_order(worker_of(daemon, daemon->shards[i]), daemon->shards[i], order);
}

static void take(struct daemon *daemon, const struct seuil_kafka_event *event)
{
    daemon->shard_count = event->count;
    memcpy(daemon->shards, event->shards, event->count * sizeof(event->shards[0]));
    seuil_logf(SEUIL_LOG_INFO, "assigned: %u shards", event->count);
    order_all(daemon, SEUIL_ORDER_ASSIGN);
    daemon->phase = PHASE_ACQUIRING;
    daemon->deadline = seuil_clock_mono_ms() + ACQUIRE_MAX_MS;
}

static void give_up(struct daemon *daemon, bool lost)
{
    int64_t max_ms = lost ? LOSE_MAX_MS : daemon->settings->shutdown_timeout_ms - 2000;

    if (max_ms < 1000)
        max_ms = 1000;
    daemon->lost = lost;
    order_all(daemon, lost ? SEUIL_ORDER_LOSE : SEUIL_ORDER_REVOKE);
    daemon->phase = PHASE_GIVING_UP;
    daemon->deadline = seuil_clock_mono_ms() + max_ms;
}

/* The consumer has failed for good. Most often it is our own return after an outage; if it happens
 * again at once, another process runs under our name, and one of the two must end. */
static void fail(struct daemon *daemon)
{
    seuil_time_ms mono = seuil_clock_mono_ms();

    if (daemon->stopping || (daemon->renewed && mono - daemon->renewed_at < RENEW_EVERY_MS)) {
        stop(daemon, EX_TEMPFAIL);
        return;
    }
    daemon->renewing = daemon->renewed = true;
    daemon->renewed_at = mono;
    give_up(daemon, true);
}

/* @off: no shard uses the old one any more. */
static void renew(struct daemon *daemon, bool off)
{
    struct seuil_error err = {0};

    daemon->renewing = false;
    if (daemon->stopping)
        return;
    if (!off || seuil_kafka_renew(daemon->clients.kafka, &err)) {
        if (err.code)
            seuil_log_error(&err, "a new consumer");
        stop(daemon, EX_TEMPFAIL);
        return;
    }
    seuil_logf(SEUIL_LOG_INFO, "a new consumer joins the group");
}

/* Advance the phase when the workers have done their part, or took too long. */
static void advance(struct daemon *daemon)
{
    const unsigned off = 1u << SEUIL_SHARD_OFF;
    const unsigned ready =
        1u << SEUIL_SHARD_RUN | 1u << SEUIL_SHARD_HALT | 1u << SEUIL_SHARD_BACKOFF;
    bool late = seuil_clock_mono_ms() > daemon->deadline;
    struct seuil_error err;

    if (daemon->phase == PHASE_ACQUIRING && (late || all_in(daemon, ready))) {
        if (seuil_kafka_assign(daemon->clients.kafka, &err)) {
            seuil_log_error(&err, "taking up the assigned partitions");
            stop(daemon, EX_TEMPFAIL);
            return;
        }
        daemon->phase = PHASE_OWNING;
        if (!daemon->ready) {
            daemon->ready = true;
            seuil_notify("READY=1\nSTATUS=%u shards", daemon->shard_count);
            seuil_logf(SEUIL_LOG_INFO, "ready");
        }
    } else if (daemon->phase == PHASE_GIVING_UP && (late || all_in(daemon, off))) {
        bool done = all_in(daemon, off);

        if (!done) {
            if (!daemon->lost)
                seuil_logf(SEUIL_LOG_WARNING, "not everything was written in time: what is missing "
                                              "is replayed from the log by the next owner");
            order_all(daemon, SEUIL_ORDER_LOSE);
        }
        seuil_kafka_unassign(daemon->clients.kafka);
        daemon->shard_count = 0;
        daemon->phase = PHASE_IDLE;
        if (daemon->renewing)
            renew(daemon, done);
    }
}

static void obey_group(struct daemon *daemon)
{
    struct seuil_kafka_event *event = &daemon->event;

    if (seuil_kafka_poll(daemon->clients.kafka, POLL_MS, event) != 1)
        return;
    switch (event->type) {
    case SEUIL_KAFKA_ASSIGNED:
        if (daemon->stopping)
            seuil_kafka_unassign(daemon->clients.kafka);
        else
            take(daemon, event);
        break;
    case SEUIL_KAFKA_REVOKED:
        seuil_logf(SEUIL_LOG_INFO, "revoked: %u shards", daemon->shard_count);
        give_up(daemon, false);
        break;
    case SEUIL_KAFKA_LOST:
        seuil_logf(SEUIL_LOG_WARNING, "lost: %u shards belong to another member",
                   daemon->shard_count);
        give_up(daemon, true);
        break;
    case SEUIL_KAFKA_HALTED:
        seuil_log_error(&event->error, "halted");
        seuil_notify("STATUS=halted: %s", event->error.text);
        break;
    case SEUIL_KAFKA_FATAL:
        seuil_log_error(&event->error, "the consumer has failed");
        fail(daemon);
        break;
    }
}

/* ---- telling ------------------------------------------------------------------------------- */

static void tell(struct daemon *daemon)
{
    seuil_time_ms mono = seuil_clock_mono_ms();
    int64_t watchdog_ms = seuil_notify_watchdog_ms();
    struct seuil_report report;
    bool alive;

    if (mono < daemon->heartbeat_at && mono < daemon->report_at)
        return;
    daemon->heartbeat_at =
        mono + (watchdog_ms && watchdog_ms < 3 * HEARTBEAT_MS ? watchdog_ms / 3 : HEARTBEAT_MS);
    seuil_report_take(daemon->workers, daemon->worker_count, mono, &report);
    seuil_report_fields(daemon->opened);
    alive = report.oldest_turn_ms < daemon->settings->watchdog_ms;
    if (alive)
        seuil_notify("WATCHDOG=1");
    if (!alive && !daemon->hung)
        seuil_logf(SEUIL_LOG_ERROR,
                   "nothing has moved for %" PRId64
                   " ms; systemd's watchdog is not fed until it does",
                   report.oldest_turn_ms);
    daemon->hung = !alive;
    if (mono >= daemon->status_at) {
        daemon->status_at = mono + STATUS_MS;
        if (report.halted)
            seuil_notify("STATUS=%u of %u shards halted; shard %u: %s", report.halted,
                         report.shards, report.halted_shard, report.halt);
        else if (report.waiting)
            seuil_notify("STATUS=%u of %u shards wait; shard %u: %s", report.waiting, report.shards,
                         report.waiting_shard, report.wait);
        else
            seuil_notify("STATUS=%u shards, lag %" PRIu64 " records, %" PRIu64
                         " crossings published",
                         report.shards, report.lag, report.counters.published);
    }
    if (mono >= daemon->report_at) {
        daemon->report_at = mono + REPORT_MS;
        seuil_report_log(&report);
        seuil_report_maps(daemon->opened);
    }
}

/* ---- life ---------------------------------------------------------------------------------- */

/* Wait for a signal or @ms: true when we are to stop. */
static bool stopped_while_waiting(struct daemon *daemon, int ms)
{
    struct pollfd fd = {.fd = daemon->signals, .events = POLLIN};

    poll(&fd, 1, ms);
    obey_signals(daemon);
    return daemon->stopping;
}

/* Register @text, that of the records of @topic, at the registry, which is waited for: without its
 * id none can be published. 0; SEUIL_ERR_CONFIG when it refuses the schema, SEUIL_ERR_BACKOFF after
 * a signal. */
static int enlist_schema(struct daemon *daemon, struct seuil_registry *registry, const char *topic,
                         const char *text, uint32_t *ret_id, struct seuil_error *err)
{
    const struct seuil_settings *settings = daemon->settings;
    int wait_ms = (int)settings->registry_backoff_min_ms, rc = SEUIL_ERR_BACKOFF;
    char subject[256 + 8];

    snprintf(subject, sizeof(subject), "%s-value", topic);
    while (rc == SEUIL_ERR_BACKOFF && !daemon->stopping) {
        rc = seuil_registry_register(registry, subject, seuil_str_from(text), ret_id, err);
        if (rc != SEUIL_ERR_BACKOFF)
            break;
        seuil_log_error(err, "waiting");
        seuil_notify("STATUS=waiting: %s", err->text);
        stopped_while_waiting(daemon, wait_ms);
        wait_ms = 2 * wait_ms < settings->registry_backoff_max_ms
                      ? 2 * wait_ms
                      : (int)settings->registry_backoff_max_ms;
    }
    if (!rc)
        seuil_logf(SEUIL_LOG_INFO, "%s is schema %u at the registry", subject, *ret_id);
    return rc == 0 || rc == SEUIL_ERR_BACKOFF ? rc : SEUIL_ERR_CONFIG;
}

/* What is published behind Confluent's framing. */
static int enlist_schemas(struct daemon *daemon, struct seuil_error *err)
{
    const struct seuil_settings *settings = daemon->settings;
    struct seuil_shard_config *config = &daemon->shard_config;
    struct seuil_registry *registry = seuil_clients_registry(settings, true, NULL, err);
    int rc;

    if (!registry)
        return SEUIL_ERR_CONFIG;
    rc = enlist_schema(daemon, registry, settings->outbound_topic, seuil_crossing_schema(),
                       &config->out_schema_id, err);
    if (!rc && config->scores)
        rc = enlist_schema(daemon, registry, settings->scores_topic, seuil_scores_schema(),
                           &config->scores_schema_id, err);
    seuil_registry_free(registry);
    config->out_framed = rc == 0;
    return rc;
}

/* Topics and manifest: what must be right before the first shard. Servers that do not answer are
 * waited for; what a person must mend ends the start. */
static int begin(struct daemon *daemon)
{
    struct seuil_error err = {0};
    int wait_ms = 250, rc;

    rc = seuil_clients_open(daemon->opened, &daemon->clients, &err);
    if (rc) {
        seuil_log_error(&err, "starting");
        return EX_CONFIG;
    }
    while ((rc = seuil_clients_check(&daemon->clients, &err)) == SEUIL_ERR_BACKOFF ||
           rc == SEUIL_ERR_DOUBT) {
        seuil_log_error(&err, "waiting");
        seuil_notify("STATUS=waiting: %s", err.text);
        if (stopped_while_waiting(daemon, wait_ms))
            return EX_TEMPFAIL;
        wait_ms = wait_ms < 4000 ? wait_ms * 2 : 4000;
    }
    if (rc) {
        seuil_log_error(&err, "starting");
        return EX_CONFIG;
    }
    seuil_open_shard_config(daemon->opened, daemon->clients.numbers,
                            daemon->opened->settings->partitions, &daemon->shard_config);
    daemon->shard_config.cluster_id = daemon->clients.cluster_id;
    daemon->shard_config.must_exist = daemon->clients.made;
    daemon->models = daemon->opened->models;
    if (daemon->settings->outbound_format == SEUIL_OUTBOUND_CONFLUENT) {
        rc = enlist_schemas(daemon, &err);
        if (rc)
            seuil_log_error(&err, "starting");
        if (rc)
            return rc == SEUIL_ERR_CONFIG ? EX_CONFIG : EX_TEMPFAIL;
    }
    rc = seuil_schemas_start(daemon->opened, daemon->clients.numbers, &daemon->schemas, &err);
    if (rc) {
        seuil_log_error(&err, "starting");
        return rc == SEUIL_ERR_CONFIG ? EX_CONFIG : EX_OSERR;
    }
    if (start_workers(daemon, &err)) {
        seuil_log_error(&err, "starting");
        return EX_OSERR;
    }
    rc = seuil_serve_start(daemon->opened, &daemon->shard_config, daemon->workers,
                           daemon->worker_count, &daemon->serve, &err);
    if (rc) {
        seuil_log_error(&err, "starting");
        return rc == SEUIL_ERR_CONFIG ? EX_CONFIG : EX_TEMPFAIL;
    }
    if (seuil_kafka_join(daemon->clients.kafka, &err)) {
        seuil_log_error(&err, "starting");
        return EX_OSERR;
    }
    return 0;
}

static void finish(struct daemon *daemon)
{
    struct seuil_report report;

    seuil_report_take(daemon->workers, daemon->worker_count, seuil_clock_mono_ms(), &report);
    seuil_report_log(&report);
    seuil_report_maps(daemon->opened);
    seuil_serve_stop(daemon->serve);
    for (uint32_t i = 0; i < daemon->worker_count; i++)
        seuil_worker_stop(daemon->workers[i]);
    seuil_schemas_stop(daemon->schemas);
    if (daemon->clients.kafka && seuil_kafka_close(daemon->clients.kafka, CLOSE_MAX_MS)) {
        seuil_logf(SEUIL_LOG_WARNING, "the consumer did not leave the group in time");
        _exit(daemon->exit_status);
    }
    seuil_clients_done(&daemon->clients);
    seuil_models_free(daemon->models_before);
    close(daemon->signals);
}

int seuil_daemon_run(struct seuil_opened *opened)
{
    struct daemon *daemon = seuil_heap_zalloc(1, sizeof(*daemon));
    sigset_t set;
    int status;

    if (!daemon)
        return EX_OSERR;
    daemon->opened = opened;
    daemon->settings = opened->settings;
    daemon->report_at = seuil_clock_mono_ms() + REPORT_MS;
    signal_set(&set);
    daemon->signals = signalfd(-1, &set, SFD_NONBLOCK | SFD_CLOEXEC);
    status = begin(daemon);
    if (status)
        daemon->exit_status = daemon->stopping ? 0 : status;
    while (!status && !(daemon->stopping && daemon->phase == PHASE_IDLE)) {
        obey_signals(daemon);
        obey_group(daemon);
        advance(daemon);
        release_models(daemon);
        tell(daemon);
    }
    finish(daemon);
    status = daemon->exit_status;
    seuil_heap_free(daemon);
    return status;
}
