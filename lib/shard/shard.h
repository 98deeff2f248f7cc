/* One shard's life, from assignment to loss: partition p of every input topic, one owner.
 *
 * A state machine without threads or clocks: it is told the time, asks its store, source and sink
 * (all of which may answer later), and says when it wants to run again. daemon/worker.c drives it,
 * so does the simulation in tests/sim. PROTOCOL.md is its rule book; the numbers in the code are
 * those of its rules.
 *
 *   OFF ──assign──▶ CONFIRM ─▶ ACQUIRE ─▶ CHECK ─▶ WITNESS ─▶ SEEK ─▶ RUN ──revoke──▶ DRAIN ─▶ OFF
 *                     ▲  any doubt: drop the memory, back off  │
 *                     └───────────────────────────────────────┘        HALT: until an operator acts
 */

#ifndef SEUIL_SHARD_SHARD_H
#define SEUIL_SHARD_SHARD_H

#include <stdbool.h>
#include <stdint.h>

#include "codec/decode.h"
#include "codec/encode.h"
#include "core/engine.h"
#include "map/map.h"
#include "shard/name.h"
#include "store/store.h"
#include "stream/sink.h"
#include "stream/source.h"

enum seuil_partitioner {
    SEUIL_PARTITIONER_MURMUR2,    /* Java's default */
    SEUIL_PARTITIONER_CONSISTENT, /* CRC-32: librdkafka's default for keyed records */
    SEUIL_PARTITIONER_UNCHECKED,
};

enum seuil_start { SEUIL_START_UNSET, SEUIL_START_EARLIEST, SEUIL_START_LATEST, SEUIL_START_TIME };

struct seuil_input {
    bool used;        /* this topic number is an input */
    const char *name; /* of the topic */
    const struct seuil_decoder *decoder;
    const struct seuil_map *map; /* NULL: its records are events themselves */
    enum seuil_start start;      /* where a new shard begins */
    seuil_time_ms start_time;
    bool internal; /* what shards tell each other: its records are hand-overs (codec/handover.h),
                      the decoder is that of canonical JSON */
};

/* So many dead letters among the last breaker_window records halt a shard; 0: never. */
#define SEUIL_BREAKER_MOST(config)                                                                 \
    (((uint64_t)(config)->breaker_percent * (config)->breaker_window + 99) / 100)

/* Immutable while shards run, but for `models`, which changes between batches only. */
struct seuil_shard_config {
    struct seuil_str app;
    const char *owner; /* instance name */
    const char *cluster_id;
    uint32_t partitions;
    enum seuil_partitioner partitioner;
    struct seuil_input inputs[SEUIL_TOPICS_MAX];
    const char *outbound; /* names, for headers of dead letters */
    const char *dead_letters;
    const char *source; /* ce_source */
    enum seuil_out_format out_format;
    bool out_structured;    /* CloudEvents in structured mode: out_format is JSON */
    bool out_framed;        /* Confluent's framing stands before the value */
    uint32_t out_schema_id; /* of it */
    bool scores;            /* tell the scores topic of every state written */
    uint32_t scores_schema_id;
    int64_t checkpoint_ms;  /* 0: every batch is a checkpoint */
    int64_t merge_wait_ms;  /* how long a topic at its end is waited for */
    int64_t grace_ms;       /* timers stay so far behind the watermark */
    int64_t stale_after_ms; /* a crossing with more input lag is marked stale */
    int64_t witness_ms;     /* interval of the group commit */
    int64_t backoff_min_ms, backoff_max_ms;
    int64_t request_timeout_ms;
    uint64_t cache_bytes;       /* for this shard */
    seuil_time_ms publish_from; /* crossings effective before are counted, not published;
                                   SEUIL_TIME_NONE: all are published */
    bool model_alerts;          /* publish model_changed entries into tiers of sales, too */
    uint32_t remodel_rate; /* leads judged anew in a second after a model change; 0: no bound */
    struct seuil_lead_names names; /* of leads, in Redis and in the cache */
    bool must_exist; /* the manifest says that every shard was made: a missing meta halts even when
                        the group's commit has expired (PROTOCOL 21) */
    uint32_t batch_events;   /* events applied in one run */
    uint32_t misrouted_halt; /* this many misrouted among the last 1,000 records halt the shard */
    uint32_t breaker_percent, breaker_window; /* so many dead letters among the last records of a
                                                 topic halt the shard; 0: never */
};

enum seuil_shard_state {
    SEUIL_SHARD_OFF,
    SEUIL_SHARD_CONFIRM, /* waits for a group response newer than its last doubt (rule 18) */
    SEUIL_SHARD_ACQUIRE, /* takes the token, or makes meta */
    SEUIL_SHARD_CHECK,   /* log against base and reach, witness against meta (rules 21-23) */
    SEUIL_SHARD_WITNESS, /* first witness, before the first record is applied (rule 21) */
    SEUIL_SHARD_SEEK,    /* lanes to base */
    SEUIL_SHARD_RUN,
    SEUIL_SHARD_DRAIN,   /* revoked or stopping: a whole checkpoint, then off */
    SEUIL_SHARD_BACKOFF, /* after a doubt */
    SEUIL_SHARD_HALT,
};

/* X(name, "help") counters of one shard since it was made; they only rise. */
#define SEUIL_SHARD_COUNTERS(X)                                                                    \
    X(received, "records taken from the input topics, by events: a record of none counts one")     \
    X(applied, "events that left evidence")                                                        \
    X(replayed, "events below their lead's stamp, already in its state")                           \
    X(duplicate, "events whose id the lead knows")                                                 \
    X(filtered, "events that no rule, attribute or command looks at, and tombstones")              \
    X(handed_over, "of the applied: merge commands that took a lead to another one")               \
    X(sent_on, "of the applied: events of leads that were merged into another, sent there")        \
    X(taken_in, "of the applied: leads that were handed over and united with another")             \
    X(known_refused, "of the dead letters: merges of a known lead by a shared browser alone")      \
    X(late, "events older than their lead's horizon")                                              \
    X(dead_lettered, "records that could not be used, lateness not counted again")                 \
    X(misrouted, "of the dead letters: key or partition is not the lead's")                        \
    X(crossings, "tier changes committed")                                                         \
    X(published, "crossings acknowledged by the outbound topic")                                   \
    X(scores, "records of leads acknowledged by the scores topic")                                 \
    X(muted, "crossings not published: before publish_from, or by policy")                         \
    X(stale, "crossings published with more input lag than stale_after")                           \
    X(time_clamped, "event times too far ahead of their arrival")                                  \
    X(horizon_shortened, "events that pushed a lead over its bound of records")                    \
    X(hits_left, "events that hit more rules than a record holds")                                 \
    X(value_cut, "events with an attribute value that is too long or has no room: not kept")       \
    X(adjustment_dropped, "adjustments that newer ones pushed out")                                \
    X(rules_dropped, "events that left a lead without room for the evidence of a rule")            \
    X(objects_forgotten, "events with which a rule forgot an object of a lead before its time")    \
    X(filtered_machine, "events that a filter of a model took from it: flagged as a machine's")    \
    X(filtered_robot, "likewise: robots, scanners of links")                                       \
    X(filtered_internal, "likewise: our own people")                                               \
    X(filtered_other, "likewise: for another reason")                                              \
    X(quarantined, "clicks of e-mails that came out of a quarantine as a machine's")               \
    X(retraction_unmatched, "retractions of events that were not there, or no longer")             \
    X(ticks, "due times stepped")                                                                  \
    X(commits, "transactions that took effect")                                                    \
    X(leads_written, "lead states written")                                                        \
    X(checkpoints, "checkpoints completed")                                                        \
    X(doubts, "times the shard's memory was dropped")                                              \
    X(fenced, "of the doubts: another owner had the token")                                        \
    X(backoffs, "refused commands")                                                                \
    X(rewinds, "times Redis was found behind the witness")                                         \
    X(producer_resets, "times the outbox was sent again after a failed delivery")                  \
    X(cache_hits, "leads found in the cache")                                                      \
    X(cache_misses, "leads asked from Redis")                                                      \
    X(remodeled, "leads judged anew after a model change")                                         \
    X(schema_waits, "times a record waited for its writer schema")                                 \
    X(retaken, "events taken and dropped by a doubt before their fate: they are taken again")

struct seuil_shard_counters {
#define X(name, help) uint64_t name;
    SEUIL_SHARD_COUNTERS(X)
#undef X
};

struct seuil_shard_status {
    uint32_t shard;
    enum seuil_shard_state state;
    struct seuil_token token;
    uint64_t seq;
    int64_t base[SEUIL_TOPICS_MAX], position[SEUIL_TOPICS_MAX], end[SEUIL_TOPICS_MAX];
    uint64_t outbox; /* entries not yet acknowledged */
    uint64_t dead_letters_pending;
    uint32_t unusable[SEUIL_TOPICS_MAX]; /* among the last breaker_window records */
    bool tripped[SEUIL_TOPICS_MAX];      /* the breaker halted it */
    uint64_t cached, dirty;              /* leads */
    uint64_t cache_bytes;
    uint64_t in_flight; /* events taken but waiting for their lead's state: part of `received`,
                           which falls by them when a doubt drops the batch */
    seuil_time_ms watermark, stream_time;
    seuil_time_ms progress; /* monotonic: the last time something moved or all was idle */
    const char *text;       /* why it halts or backs off; "" */
    char waits[256];        /* for what, while it runs: a writer schema; "" */
    struct seuil_shard_counters counters;
};

/* Things worth a log line, told once each; the daemon logs them. */
enum seuil_level { SEUIL_LEVEL_DEBUG, SEUIL_LEVEL_INFO, SEUIL_LEVEL_WARNING, SEUIL_LEVEL_ERROR };

struct seuil_shard_env {
    const struct seuil_shard_config *config;
    const struct seuil_models *models;
    struct seuil_scratch *scratch;       /* of the thread */
    struct seuil_decode_scratch *decode; /* of the thread */
    struct seuil_map_scratch *map;       /* of the thread; NULL when no input has a map */
    struct seuil_lead *lead;             /* workspace of the thread */
    struct seuil_lead *guest;            /* another, for leads that are handed over */
    struct seuil_store *store;
    struct seuil_source *source;
    struct seuil_sink *sink;
    void (*random)(void *ctx, void *bytes, size_t len); /* tokens */
    void (*say)(void *ctx, uint32_t shard, enum seuil_level level, const char *text);
    void *ctx;
    /* The decoder of input @topic does not know the schema that a record names. 0: now it does;
     * SEUIL_ERR_BACKOFF: the record waits; SEUIL_ERR_MISSING: there is none, SEUIL_ERR_INVALID: it
     * cannot be used: a dead letter; all with a sentence in @err. Never blocks. NULL: nobody can be
     * asked, a dead letter. */
    int (*schema)(void *ctx, uint32_t topic, const struct seuil_schema_ref *ref,
                  struct seuil_error *err);
    void *schema_ctx;
};

struct seuil_shard;

/* A shard in state OFF; NULL when memory is out. @env is copied, what it points to must stay. */
struct seuil_shard *seuil_shard_new(const struct seuil_shard_env *env, uint32_t number);
void seuil_shard_free(struct seuil_shard *shard);

/* The group gave us the partitions / will take them back. After revoke, run until OFF (bounded by
 * the caller); after lose, memory is dropped at once and nothing more is written. */
void seuil_shard_assign(struct seuil_shard *shard);
void seuil_shard_revoke(struct seuil_shard *shard);
void seuil_shard_lose(struct seuil_shard *shard);

/* Swap the model set (between runs): the walk of rule 26 begins. */
void seuil_shard_remodel(struct seuil_shard *shard, const struct seuil_models *models,
                         struct seuil_scratch *scratch);

/* Do what can be done now without waiting: at most one batch of events, timers, one transaction,
 * deliveries. @wall_ms: UTC. @mono_ms: monotonic. Returns the monotonic time at which it wants to
 * run again at the latest; @mono_ms itself when there is more to do at once. */
seuil_time_ms seuil_shard_run(struct seuil_shard *shard, seuil_time_ms wall_ms,
                              seuil_time_ms mono_ms);

/* Answers from the outside, for this shard. */
void seuil_shard_reply(struct seuil_shard *shard, const struct seuil_store_reply *reply,
                       seuil_time_ms wall_ms, seuil_time_ms mono_ms);
void seuil_shard_delivery(struct seuil_shard *shard, const struct seuil_delivery *delivery);

void seuil_shard_status(const struct seuil_shard *shard, struct seuil_shard_status *ret_status);
/* The state alone, cheaply. */
enum seuil_shard_state seuil_shard_state(const struct seuil_shard *shard);
const char *seuil_shard_state_name(enum seuil_shard_state state);

/* Whether it reads records so old that their silences wait until it is nearer; and, for each of
 * those that share its processors, whether another one is. */
bool seuil_shard_far(const struct seuil_shard *shard);
void seuil_shard_others_far(struct seuil_shard *shard, bool others);

/* Where Java's and librdkafka's partitioners put @key among @partitions. */
uint32_t seuil_partition_of(enum seuil_partitioner partitioner, struct seuil_str key,
                            uint32_t partitions);

#endif
