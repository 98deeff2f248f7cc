/* What the files of the Kafka port share. Not for others. librdkafka's types by their tags, so that
 * its header stays in the sources. */

#ifndef SEUIL_STREAM_KAFKA_INT_H
#define SEUIL_STREAM_KAFKA_INT_H

#include <pthread.h>
#include <stdatomic.h>

#include "stream/kafka.h"

struct rd_kafka_s;
struct rd_kafka_conf_s;
struct rd_kafka_queue_s;
struct rd_kafka_topic_s;
struct rd_kafka_message_s;
struct rd_kafka_topic_partition_list_s;

/* ---- configuration: kafka_conf.c ----------------------------------------------------------- */

enum kafka_role {                  /* bits */
                  KAFKA_GROUP = 1, /* the consumer in the group */
                  KAFKA_SIDE = 2,  /* a consumer without group, for questions */
                  KAFKA_PRODUCER = 4,
};

/* The properties that the configuration computes, beside the user's. */
struct kafka_conf {
    const struct seuil_property *properties;
    uint32_t property_count;
    const char *group, *instance; /* of KAFKA_GROUP */
    uint32_t subscription;        /* of KAFKA_GROUP: a hash of the topics' names */
    bool consistent;              /* of KAFKA_PRODUCER */
    uint32_t lanes;               /* of KAFKA_GROUP: over which the memory is shared */
    uint64_t queue_bytes, peak_bytes_s;
};

/* NULL and SEUIL_ERR_CONFIG. */
struct rd_kafka_conf_s *seuil_kafka_conf_new(const struct kafka_conf *conf, enum kafka_role role,
                                             struct seuil_error *err);

/* ---- destroying without waiting: reaper.c -------------------------------------------------- */

/* Destroy a handle in a thread of its own: librdkafka may block there for long. A producer is
 * purged first. */
void seuil_kafka_reap(struct rd_kafka_s *rk, bool producer);

/* Wait until everything reaped is gone: true, or false after @timeout_ms. */
bool seuil_kafka_reaped(int timeout_ms);

/* ---- one lane ------------------------------------------------------------------------------ */

enum kafka_lane_state {
    KAFKA_LANE_OFF,
    KAFKA_LANE_OFFERED, /* assigned by the group, not fetched yet: a seek is noted */
    KAFKA_LANE_ON,
    KAFKA_LANE_STOPPED, /* a broken fetch waits for the main thread to start all anew */
};

#define KAFKA_NOWHERE INT64_MIN /* no start was noted */

struct kafka_lane {
    pthread_mutex_t lock; /* for all but messages and held, which are the lane's thread's */
    struct rd_kafka_queue_s *queue; /* NULL while OFF */
    enum kafka_lane_state state;
    uint32_t opened; /* how often it was assigned: a seek that met an assign is void */
    int64_t start;   /* where to fetch from at assign */
    int64_t next;    /* no record below it may come */
    bool sought;     /* records may be taken */
    bool first;      /* nothing has come since the seek */
    bool astray;     /* it must go back to `next` before anything is taken */
    bool broken;     /* librdkafka gave the fetch up: only a new assign starts it */
    bool at_eof;     /* the last thing that came was EOF */
    int64_t eof;
    int64_t answer; /* of the last question for the end, -1 */
    seuil_time_ms answer_asked;
    int wake_fd;
    size_t longest; /* of the queue since it was nudged; the asking thread's */
    uint32_t held;
    struct rd_kafka_message_s *messages[SEUIL_LANE_BATCH];
};

/* ---- the whole ----------------------------------------------------------------------------- */

#define KAFKA_TICKETS 8 /* witnesses of one shard that may be under way */

struct kafka_ticket {
    uint64_t number; /* 0: free */
    int state;
};

struct kafka_shard {
    _Atomic(seuil_time_ms) confirmed;           /* SEUIL_TIME_NONE: not ours */
    atomic_bool asked;                          /* its ends are wanted */
    struct kafka_ticket tickets[KAFKA_TICKETS]; /* under kafka->lock */
};

struct kafka_topic {
    char *name; /* NULL: not in use */
    bool optional;
    atomic_bool exists;
    struct rd_kafka_topic_s *rkt;      /* of the group consumer, for seeking */
    struct rd_kafka_topic_s *side_rkt; /* of the side consumer, for reading back */
    struct kafka_lane *lanes;          /* [partitions] */
};

struct seuil_kafka {
    struct seuil_source source; /* first: the ops' `source` is this */
    char *group, *instance, *outbound, *scores, *dead_letters;
    struct seuil_property *properties; /* owned, deep */
    uint32_t property_count;
    uint32_t partitions;
    bool consistent;
    uint64_t queue_bytes, peak_bytes_s;
    void (*log)(void *log_ctx, enum seuil_kafka_level level, const char *text);
    void *log_ctx;
    char cluster_id[64];
    uint32_t destination_partitions[SEUIL_DESTINATIONS]; /* by enum; 0: unknown */

    struct rd_kafka_s *rk;   /* in the group */
    struct rd_kafka_s *side; /* for questions: its answers do not queue behind long polls */
    struct rd_kafka_queue_s *events;
    struct kafka_topic topics[SEUIL_TOPICS_MAX];
    struct kafka_shard *shards; /* [partitions] */

    /* the main thread's */
    bool joined;
    bool unverified; /* an assignment is offered whose topics could not be looked at yet */
    seuil_time_ms verify_at;
    seuil_time_ms quiet_ms; /* the event queue was last seen empty, monotonic */
    seuil_time_ms offered_ms;
    _Atomic(seuil_time_ms) troubled_ms; /* wall clock: the last error that Kafka told */
    _Atomic(seuil_time_ms) quiet_until; /* monotonic: nothing is asked that waits for an answer */
    uint32_t *offered;                  /* [partitions]: bits of the topics that the group gave */
    bool *owned;                        /* [partitions]: told by ASSIGNED, not yet unassigned */
    atomic_bool restart;

    /* the asking thread's (kafka_ask.c) */
    pthread_t asker;
    bool asker_runs;
    atomic_bool stop;
    struct rd_kafka_queue_s *answers;
    seuil_time_ms asked_ms; /* monotonic */
    seuil_time_ms nudged_ms;

    pthread_mutex_t lock; /* tickets, probe */
    uint64_t last_ticket;
    _Atomic(seuil_time_ms) seen; /* the last accepted commit was sent then, monotonic */
    atomic_bool probe_wanted;
    atomic_bool probe_under_way;
    seuil_time_ms probe_ms; /* monotonic, when the last was sent */
};

static inline struct seuil_kafka *kafka_of(struct seuil_source *source)
{
    return (struct seuil_kafka *)source;
}

/* The lane of a topic number and partition; NULL when there is none. */
struct kafka_lane *seuil_kafka_lane(struct seuil_kafka *kafka, uint32_t topic, uint32_t shard);

void seuil_kafka_say(struct seuil_kafka *kafka, enum seuil_kafka_level level, const char *format,
                     ...) __attribute__((format(printf, 3, 4)));

seuil_time_ms seuil_kafka_wall_ms(void);
seuil_time_ms seuil_kafka_mono_ms(void);

/* A client of the configured cluster. NULL and @err. */
struct rd_kafka_s *seuil_kafka_client(struct seuil_kafka *kafka, enum kafka_role role,
                                      struct seuil_error *err);

/* kafka_source.c */
int seuil_kafka_fill(struct seuil_source *source, struct seuil_lane *lane);
int seuil_kafka_seek(struct seuil_source *source, struct seuil_lane *lane, int64_t offset);
bool seuil_kafka_header(struct seuil_source *source, const struct seuil_record_in *record,
                        const char *name, struct seuil_str *ret_value);
uint32_t seuil_kafka_headers(struct seuil_source *source, const struct seuil_record_in *record,
                             struct seuil_header *ret_headers, uint32_t max);
/* A record's timestamp; -1 when it has none, or one before 1970, which only a hostile producer
 * gives and no clock could be compared with. */
seuil_time_ms seuil_kafka_record_ms(const struct rd_kafka_message_s *message);
/* Give the records of a lane back. By the lane's thread, or when there is none any more. */
void seuil_kafka_release(struct kafka_lane *lane);

/* kafka_log.c: questions to the log, from any thread */
/* Before a question that waits for its answer: false while one was not answered a moment ago; then
 * it is SEUIL_ERR_BACKOFF. After it: whether it was answered, and since when it was asked. */
bool seuil_kafka_may_ask(struct seuil_kafka *kafka);
void seuil_kafka_asked(struct seuil_kafka *kafka, seuil_time_ms since, bool answered);
int seuil_kafka_watermarks(struct seuil_source *source, uint32_t shard, uint32_t topic,
                           int64_t *ret_start, int64_t *ret_end);
int seuil_kafka_read_back(struct seuil_source *source, uint32_t shard, uint32_t topic,
                          int64_t offset, seuil_time_ms *ret_time, uint64_t *ret_hash);
int seuil_kafka_offset_of_time(struct seuil_source *source, uint32_t shard, uint32_t topic,
                               seuil_time_ms time, int64_t *ret_offset);
/* The offset of the first record at or after @offset. 0, SEUIL_ERR_MISSING, SEUIL_ERR_BACKOFF. */
int seuil_kafka_first_from(struct seuil_kafka *kafka, uint32_t shard, uint32_t topic,
                           int64_t offset, int64_t *ret_first);

/* kafka_ask.c: the ends of the logs, asked once for all */
void seuil_kafka_ask_ends(struct seuil_source *source, uint32_t shard);
int seuil_kafka_asker_start(struct seuil_kafka *kafka);
void seuil_kafka_asker_stop(struct seuil_kafka *kafka);

/* kafka_witness.c: group commits */
uint64_t seuil_kafka_witness(struct seuil_source *source, uint32_t shard, const int64_t *positions,
                             const char *metadata);
int seuil_kafka_witness_state(struct seuil_source *source, uint32_t shard, uint64_t ticket);
int seuil_kafka_read_witness(struct seuil_source *source, uint32_t shard, int64_t *ret_positions,
                             char *ret_metadata, uint32_t cap);
seuil_time_ms seuil_kafka_confirmed(struct seuil_source *source, uint32_t shard);
/* By the asking thread: take the answers of at most @timeout_ms; send the probe when wanted. */
void seuil_kafka_witness_serve(struct seuil_kafka *kafka, int timeout_ms);

#endif
