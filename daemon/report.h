/* How things are, added up over all shards: for the log, for systemd's status line, and to see
 * whether work goes on. */

#ifndef SEUIL_REPORT_H
#define SEUIL_REPORT_H

#include <stdbool.h>
#include <stdint.h>

#include "shard/shard.h"
#include "worker.h"

struct seuil_report {
    uint32_t shards, running, halted, backing_off;
    uint64_t lag; /* records between position and end, where the end is known */
    uint64_t outbox, dirty, cached, cache_bytes, in_flight;
    struct seuil_shard_counters counters;
    int64_t oldest_turn_ms; /* how long ago the least lively worker began a turn: our own progress.
                               A shard that waits for its broker or for Redis says so itself; ending
                               the process would not help it */
    char halt[SEUIL_HALT_MAX]; /* of the first halted shard: why */
    uint32_t halted_shard;
    uint32_t waiting; /* shards that wait for a writer schema */
    char wait[256];   /* of the first of them: for what */
    uint32_t waiting_shard;
};

/* Add up the snapshots of @count workers. */
void seuil_report_take(struct seuil_worker *const *workers, uint32_t count, seuil_time_ms mono_ms,
                       struct seuil_report *ret_report);

/* A line for the log: every counter that is not zero. */
void seuil_report_log(const struct seuil_report *report);

/* received = applied + replayed + duplicate + filtered + late + dead-lettered + in flight. */
bool seuil_report_adds_up(const struct seuil_report *report);

#endif
