/* Kafka as a source, a group and a sink, over librdkafka: one consumer for each process, its
 * partition queues as lanes, witnesses as group commits, and one idempotent producer a thread.
 *
 * Threads: `poll`, `assign`, `unassign` and `close` belong to the main thread; a shard's lanes to
 * the one thread that owns the shard; a sink to the thread that uses it. One thread of its own asks
 * for the ends of the logs and collects the answers of the group.
 *
 *   new ─▶ check ─▶ join ─▶ poll … ASSIGNED ─▶ seek each shard ─▶ assign ─▶ fill …
 *                             ▲                                              │
 *                             └── unassign ◀── REVOKED or LOST ◀─────────────┘        close ─▶ free
 */

#ifndef SEUIL_STREAM_KAFKA_H
#define SEUIL_STREAM_KAFKA_H

#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"
#include "core/limits.h"
#include "core/time.h"
#include "stream/sink.h"
#include "stream/source.h"
#include "stream/tools.h" /* struct seuil_property */

struct seuil_kafka_input {
    const char *name; /* of the topic; NULL: this topic number is not in use */
    bool optional;    /* while it does not exist it is an empty topic */
};

enum seuil_kafka_level { /* of a log line, as syslog numbers them, folded to three */
                         SEUIL_KAFKA_ERROR,
                         SEUIL_KAFKA_WARNING,
                         SEUIL_KAFKA_INFO,
};

/* Everything is copied, but what log_ctx points to. */
struct seuil_kafka_config {
    const struct seuil_property *properties; /* of librdkafka, verbatim, from `kafka:` */
    uint32_t property_count;
    const char *group;    /* group.id */
    const char *instance; /* group.instance.id, NULL: dynamic membership */
    struct seuil_kafka_input inputs[SEUIL_TOPICS_MAX];
    const char *internal;     /* an input, too: number SEUIL_TOPIC_INTERNAL, which no other has */
    const char *outbound;     /* NULL: this process sends nothing there */
    const char *scores;       /* the same */
    const char *dead_letters; /* the same */
    uint32_t partitions;      /* of each input and of the internal topic */
    bool consistent;          /* keys are placed by CRC-32, not by murmur2 */
    uint64_t queue_bytes;     /* memory for records fetched ahead, all lanes; 0: 256 MiB */
    uint64_t peak_bytes_s;    /* the most that one partition brings in a second: its queue holds two
                                 seconds of it at least; 0: 512 KiB */
    /* Called from any thread of librdkafka, must not block. NULL: silence. */
    void (*log)(void *log_ctx, enum seuil_kafka_level level, const char *text);
    void *log_ctx;
};

struct seuil_kafka;

/* Make the clients; nothing is asked of the network yet. NULL and SEUIL_ERR_CONFIG when a property
 * is unknown to librdkafka, has a bad value, or would break the protocol (the text says why). */
struct seuil_kafka *seuil_kafka_new(const struct seuil_kafka_config *config,
                                    struct seuil_error *err);

/* Are all topics there, with as many partitions as set? 0; SEUIL_ERR_MISSING (a topic that is not
 * optional: `seuilctl init`), SEUIL_ERR_CONFIG (partitions), SEUIL_ERR_BACKOFF (no answer within
 * @timeout_ms). Blocks. To be called before join. */
int seuil_kafka_check(struct seuil_kafka *kafka, int timeout_ms, struct seuil_error *err);

/* The id of the cluster, "" when the broker does not tell it in time. */
const char *seuil_kafka_cluster_id(struct seuil_kafka *kafka, int timeout_ms);

/* Subscribe; 0 or SEUIL_ERR_CONFIG. */
int seuil_kafka_join(struct seuil_kafka *kafka, struct seuil_error *err);

enum seuil_kafka_event_type {
    SEUIL_KAFKA_ASSIGNED, /* shards are ours: seek them (it only notes where), then assign() */
    SEUIL_KAFKA_REVOKED,  /* finish them, then unassign(): the group waits for it */
    SEUIL_KAFKA_LOST,     /* they are another's already: drop them, write nothing, unassign() */
    SEUIL_KAFKA_HALTED,   /* the topics or the assignment do not fit the configuration: `error`; no
                             shard was given out, the process should halt and say so */
    SEUIL_KAFKA_FATAL,    /* the client is of no more use (fenced static member …): `error` */
};

struct seuil_kafka_event {
    enum seuil_kafka_event_type type;
    uint32_t count; /* of shards, ascending */
    uint32_t shards[SEUIL_PARTITIONS_MAX];
    struct seuil_error error;
};

/* The next event: 1; 0 when none came within @timeout_ms. To be called often, also while shards
 * drain: nothing new comes before unassign() or assign(), but a loss may. */
int seuil_kafka_poll(struct seuil_kafka *kafka, int timeout_ms,
                     struct seuil_kafka_event *ret_event);

/* Start fetching everything that ASSIGNED told: lanes that were sought from where they said; the
 * others stay silent until their first seek. 0 or SEUIL_ERR_IO. */
int seuil_kafka_assign(struct seuil_kafka *kafka, struct seuil_error *err);

/* Answer REVOKED or LOST. From here on the lanes are silent. */
void seuil_kafka_unassign(struct seuil_kafka *kafka);

/* After FATAL, once no thread uses a lane any more: a new consumer in place of the one that is of
 * no use, which joins the group again. 0, SEUIL_ERR_CONFIG or SEUIL_ERR_NOMEM. librdkafka 2.0.2
 * makes FENCED_INSTANCE_ID fatal, which a static member also hears when its session ran out during
 * an outage and its own return was answered twice. */
int seuil_kafka_renew(struct seuil_kafka *kafka, struct seuil_error *err);

/* Make @fd (an eventfd) readable when records arrive for @shard. To be called by the thread that
 * owns the shard or before it does; it stays until called again. -1: no more. Read @fd before the
 * lanes are filled: a lane wakes once, then not before it was filled. */
void seuil_kafka_wake_fd(struct seuil_kafka *kafka, uint32_t shard, int fd);

/* The lanes. Borrowed. */
struct seuil_source *seuil_kafka_source(struct seuil_kafka *kafka);

/* A sink for one thread; NULL and @err. Free it (its op) before @kafka. */
struct seuil_sink *seuil_kafka_sink_new(struct seuil_kafka *kafka, struct seuil_error *err);

/* Leave the group: 0, or SEUIL_ERR_TIMEOUT when librdkafka hangs (then end the process with _exit,
 * do not free). No worker may use the source any more. */
int seuil_kafka_close(struct seuil_kafka *kafka, int timeout_ms);

/* Free everything; close() came first (or join() never). */
void seuil_kafka_free(struct seuil_kafka *kafka);

#endif
