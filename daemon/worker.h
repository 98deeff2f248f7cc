/* One thread and the shards it owns: it gives them time, answers and records, and tells nobody's
 * story but its own. What a shard does is lib/shard's affair; here are only the loop, the mailbox
 * and a snapshot for those who want to know. */

#ifndef SEUIL_WORKER_H
#define SEUIL_WORKER_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include "shard/shard.h"

struct seuil_schemas;
struct seuil_worker;

struct seuil_worker_env {
    uint32_t number;
    const struct seuil_shard_config *config;
    const struct seuil_models *models;
    struct seuil_source *source;
    struct seuil_store *store; /* owned by the worker from then on */
    struct seuil_sink *sink;   /* the same */
    /* Tell the source to make @fd readable when something arrives for @shard. */
    void (*watch)(void *ctx, uint32_t shard, int fd);
    void (*say)(void *ctx, uint32_t shard, enum seuil_level level, const char *text);
    void *ctx;
    struct seuil_schemas *schemas; /* NULL: no registry */
    atomic_uint *far;              /* shards of all workers that are (seuil_shard_far) */
};

enum seuil_worker_order {
    SEUIL_ORDER_ASSIGN,
    SEUIL_ORDER_REVOKE, /* finish, then give up */
    SEUIL_ORDER_LOSE,   /* give up at once */
};

/* Start the thread; NULL and @err on failure (then store and sink are still the caller's). */
struct seuil_worker *seuil_worker_start(const struct seuil_worker_env *env,
                                        struct seuil_error *err);

/* Put an order for @shard into the mailbox. */
void seuil_worker_order(struct seuil_worker *worker, uint32_t shard, enum seuil_worker_order order);

/* Let the worker go over to @models between two batches. The worker holds them until it has done
 * so with every shard and stopped using those before; seuil_worker_models tells. */
void seuil_worker_remodel(struct seuil_worker *worker, const struct seuil_models *models);
const struct seuil_models *seuil_worker_models(struct seuil_worker *worker);

/* Copy the states of the shards that this worker knows, at most @max; returns how many. The
 * snapshot is at most a quarter of a second old. */
uint32_t seuil_worker_snapshot(struct seuil_worker *worker, struct seuil_shard_status *ret_status,
                               uint32_t max);

/* The state of one shard as of the worker's last turn: cheap, for waiting on it. */
enum seuil_shard_state seuil_worker_shard_state(struct seuil_worker *worker, uint32_t shard);

/* Monotonic time of the last turn of its loop: older than some seconds means it hangs. */
seuil_time_ms seuil_worker_heartbeat(struct seuil_worker *worker);

/* End the thread and free everything; shards that are not OFF are dropped as by a crash. */
void seuil_worker_stop(struct seuil_worker *worker);

/* The clocks of the daemon, in ms. */
seuil_time_ms seuil_clock_wall_ms(void);
seuil_time_ms seuil_clock_mono_ms(void);

#endif
