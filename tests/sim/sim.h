/* The deterministic simulation: lib/shard's real code in several fake processes, over a fake Kafka,
 * a fake Redis and a virtual clock. A *schedule* is a list of small actions; running one is
 * deterministic, so a failing one is shrunk by deleting its actions and kept as a case.
 *
 * One shard (partition 0 of three topics and the internal one), a few leads, durations of seconds:
 * what matters are the interleavings of processes, transactions, answers and deliveries, not
 * volume.
 *
 *   world.c     the actions            kafka.c  topics, source, group     sink.c   deliveries
 *   redis.c     history, store         check.c  properties                drain.c  time-order
 * oracle schedule.c  random schedules       shrink.c smaller ones, text        models.c the model
 * sets scores.c    the scores topic */

#ifndef SEUIL_TESTS_SIM_H
#define SEUIL_TESTS_SIM_H

#include <setjmp.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/arena.h"
#include "shard/shard.h"
#include "support/fold.h"

#define SIM_INPUTS      3
#define SIM_INTERNAL    SIM_INPUTS /* the topic of what shards hand over to each other */
#define SIM_TOPICS      (SIM_INPUTS + 1)
#define SIM_LEADS       3
#define SIM_WORKERS     3
#define SIM_EPOCH_MS    INT64_C(1700000000000) /* the virtual clock starts here */
#define SIM_MONO_MS     INT64_C(1000000)       /* monotonic clock at that instant */
#define SIM_GRACE_MS    1000
#define SIM_ACTIONS_MAX 128
#define SIM_EPOCHS      SIM_ACTIONS_MAX
#define SIM_UNKNOWN     UINT32_MAX
#define SIM_MODELS      3 /* the first, the second, the first with a horizon of SIM_HORIZON_MS */
#define SIM_HORIZON_MS  (30 * SEUIL_SECOND_MS)

enum sim_profile {
    SIM_CORE,
    SIM_LOSS,
    SIM_ADOPT,
    SIM_EXPIRY,
    SIM_JITTER,
    SIM_MODEL,
    SIM_DRAIN,
    SIM_MERGE, /* a backlog with merges: time order says what is handed over */
    SIM_UNION, /* merges in whatever order: each event is in one lead */
    SIM_PROFILES,
};

/* X(NAME, "text"): what an action is called in a case file. Arguments are small integers. */
#define SIM_ACTIONS(X)                                                                             \
    X(PROD, "prod")         /* topic lead points-index kind lateness-s offset-gap */               \
    X(TIME, "time")         /* ms */                                                               \
    X(RUN, "run")           /* worker times: everything, answers included */                       \
    X(GO, "go")             /* worker times: only the shard's own run */                           \
    X(NET, "net")           /* worker n: Redis executes n requests */                              \
    X(RECV, "recv")         /* worker n: n replies arrive */                                       \
    X(CUT, "cut")           /* worker delayed: the connection breaks */                            \
    X(REFUSE, "refuse")     /* worker n: Redis refuses n requests */                               \
    X(REPORT, "report")     /* worker n: delivery reports arrive */                                \
    X(BROKER, "broker")     /* k: one message of some producer lands */                            \
    X(PFAIL, "pfail")       /* worker late: a delivery fails, what was queued lands late or not */ \
    X(POLL, "poll")         /* worker: a group response arrives */                                 \
    X(GCOMMIT, "gcommit")   /* worker: its group commits arrive */                                 \
    X(CRASH, "crash")       /* worker bits: 1 messages land later, 2 requests land later */        \
    X(ASSIGN, "assign")     /* worker graceful */                                                  \
    X(LAND, "land")         /* k: a delayed request lands */                                       \
    X(DROP, "drop")         /* k: a delayed request is gone */                                     \
    X(STALL, "stall")       /* topic: its broker stops answering, or answers again */              \
    X(LOSE, "lose")         /* k: Redis comes back without its last k transactions */              \
    X(RETAIN, "retain")     /* topic k: the log starts k above base */                             \
    X(RECREATE, "recreate") /* topic */                                                            \
    X(ADOPT, "adopt")       /* the operator adopts what was recreated */                           \
    X(GO_ON, "go-on")       /* the operator accepts a gap between base and the log's start */      \
    X(MODEL, "model")       /* live: the other model, by restart or while running */

enum sim_op {
#define X(name, text) SIM_DO_##name,
    SIM_ACTIONS(X)
#undef X
        SIM_OPS,
};

struct sim_action {
    uint8_t op;
    int32_t a[6];
};

/* What is fixed for the whole schedule. */
struct sim_setup {
    int32_t profile;
    int32_t workers;
    int32_t batch;         /* events of one run */
    int32_t fill;          /* records a fill brings */
    int32_t checkpoint_ms; /* 0: every batch */
    int32_t cache_bytes;
    int32_t witness_ms;
    int32_t queue; /* messages a producer takes */
    int32_t seed;  /* of the tokens */
};

struct sim_schedule {
    struct sim_setup setup;
    int count;
    struct sim_action actions[SIM_ACTIONS_MAX];
};

/* ---- Kafka -------------------------------------------------------------------------------- */

/* kinds: E event, D the topic's last event again, F forget, A adjust, X profile that excludes,
 * Y profile that lifts it, P poison, U unusable command, M misrouted, L late, W merge into another
 * lead, B the same by a shared browser; H what was handed over */
struct sim_record {
    int topic, lead;
    uint32_t epoch;
    int64_t offset;
    seuil_time_ms time, event_time;
    uint32_t event_id;
    char kind;
    bool dead;    /* its dead letter was written */
    bool kept;    /* of a topic since recreated: it was in its lead's state at the adoption */
    bool lost;    /* the operator accepted a gap that it lies in */
    bool expired; /* it was in a state that expired and was deleted */
    struct seuil_str key;
    const uint8_t *value;
    uint32_t value_len;
    const struct seuil_entry_view *view; /* of H: with its headers */
};

struct sim_topic {
    struct sim_record **records; /* of this epoch, by offset */
    int count, cap;
    int64_t start, next; /* offsets */
    uint32_t epoch;
    bool stalled;
    uint64_t since; /* ghost: acquires before this epoch began */
};

struct sim_witness {
    bool present;
    int64_t positions[SEUIL_TOPICS_MAX];
    char metadata[256];
};

struct sim_ticket {
    struct sim_ticket *next;
    uint64_t number;
    int state; /* as witness_state */
    struct sim_witness witness;
};

struct sim_source {
    struct seuil_source base;
    struct sim_worker *worker;
    int64_t position[SIM_TOPICS];
    bool gone[SIM_TOPICS]; /* the topic was recreated under us */
    bool asking[SIM_TOPICS];
    bool answered[SIM_TOPICS];
    seuil_time_ms asked[SIM_TOPICS];
    int64_t answer[SIM_TOPICS];
    struct sim_ticket *tickets;
    uint64_t ticket_count;
    int dups_delivered; /* records of kind D handed out, each time */
};

/* ---- deliveries --------------------------------------------------------------------------- */

struct sim_message {
    uint32_t shard;
    uint64_t tenure, cookie;
    struct seuil_entry_view view;
    const uint8_t *packed;
    uint32_t packed_len;
};

struct sim_session {
    struct sim_message *messages;
    int count, cap;
    int landed, reported;
    bool failed; /* what is not reported yet is reported as lost */
    bool closed; /* nothing of it lands any more */
    struct sim_worker *worker;
};

struct sim_sink {
    struct seuil_sink base;
    struct sim_worker *worker;
    struct sim_session *session;
};

struct sim_published {
    char id[SEUIL_CROSSING_ID_MAX];
    const uint8_t *bytes; /* packed */
    uint32_t len;
    struct seuil_str value;
};

/* ---- Redis: a linear history of atomic states ----------------------------------------------- */

struct sim_entry { /* of the outbox; the list of all that the surviving history ever had */
    const struct sim_entry *before;
    uint64_t index;
    const uint8_t *bytes;
    uint32_t len;
    bool scores; /* no crossing */
    char id[SEUIL_CROSSING_ID_MAX];
};

struct sim_told { /* scores of a lead that arrived */
    const struct sim_told *before;
    const struct sim_message *message;
    uint64_t seq;
};

struct sim_key {
    const uint8_t *bytes; /* NULL: no such key */
    uint32_t len;
    bool due_known;
    seuil_time_ms due;
};

struct sim_pack { /* an entry of `due` that wakes several leads */
    struct seuil_str name;
    seuil_time_ms due;
    unsigned leads; /* bits */
};

#define SIM_PACKS 64

struct sim_state {
    bool present;
    uint64_t owner;   /* ghost: which acquire made the token */
    uint64_t applied; /* ghost: transactions in this history */
    struct seuil_meta meta;
    struct sim_key leads[SIM_LEADS];
    struct sim_pack packs[SIM_PACKS];
    int pack_count;
    const struct sim_entry *last;
};

struct sim_request {
    struct sim_request *next;
    enum seuil_store_verb verb;
    uint64_t cookie;
    seuil_time_ms sent; /* monotonic */
    uint64_t incarnation;
    uint64_t owner; /* ghost: the acquire under which it was sent */
    bool executed, broken;
    enum seuil_store_status status;
    struct seuil_token token;
    const char *name;
    struct seuil_meta meta;
    struct seuil_tx tx;
    struct seuil_str *ids;
    uint32_t count;
    seuil_time_ms until;
    uint64_t from;
    struct seuil_store_item *items;
    uint32_t item_count;
    uint64_t cursor;
    bool delayed;
};

struct sim_store {
    struct seuil_store base;
    struct sim_worker *worker;
    struct sim_request *head, *tail;
    bool open;
    uint64_t incarnation;
    uint64_t owner;
    int refuse;
};

struct sim_id { /* a crossing that some transaction ever committed */
    char id[SEUIL_CROSSING_ID_MAX];
    int lead;
    uint32_t ordinal;
    int serial; /* among the lead's */
};

/* ---- processes ---------------------------------------------------------------------------- */

struct sim_worker {
    struct sim_world *world;
    int number;
    bool believed; /* it thinks the shard is its own */
    seuil_time_ms confirmed;
    struct seuil_shard *shard;
    struct sim_store store;
    struct sim_source source;
    struct sim_sink sink;
    seuil_time_ms wake; /* monotonic */
};

struct sim_world {
    struct sim_setup setup;
    struct seuil_arena arena; /* everything of this schedule */
    seuil_time_ms now;
    uint64_t random;
    struct seuil_shard_config config;
    int model;
    struct sim_topic topics[SIM_TOPICS];
    struct sim_record **old; /* of topics that were recreated */
    int old_count, old_cap;
    uint32_t event_ids;
    struct sim_witness witness;
    int assigned;
    struct sim_worker *workers[SIM_WORKERS];
    struct sim_session **sessions;
    int session_count, session_cap;
    /* Redis */
    struct sim_state **history;
    int history_count, history_cap;
    uint64_t incarnation, owners;
    struct sim_request **delayed;
    int delayed_count, delayed_cap;
    /* ghosts */
    int lost_tails;
    bool recreated;
    int64_t first[SIM_TOPICS]; /* where the shard's state began */
    bool worked;               /* some transaction wrote a lead */
    /* What the records of each epoch of a topic count in; SIM_UNKNOWN before it is adopted. */
    uint32_t generations[SIM_TOPICS][SIM_EPOCHS];
    struct sim_id *ids;
    int id_count, id_cap;
    const struct sim_told *told[SIM_LEADS];
    struct seuil_str *handed; /* outbox entries for the internal topic that were ever committed */
    int handed_count, handed_cap;
    struct sim_published *published;
    int published_count, published_cap;
    uint32_t last_ordinal_count;
    uint64_t commits, crossings, doubts;
    bool failed;
    char why[2000];
};

/* What is made once for all schedules. */
struct sim_common {
    struct seuil_models *models[SIM_MODELS];
    struct seuil_scratch *scratch[SIM_MODELS];
    struct seuil_fold *state_fold[SIM_MODELS], *fold[SIM_MODELS], *drain_fold[SIM_MODELS];
    struct seuil_decoder *decoder;
    struct seuil_decode_scratch *decode;
    struct seuil_lead *lead, *guest;
    bool verbose;
    sigjmp_buf escape; /* from a failed assertion of the code under test */
    bool escapable;
    char assertion[400];
    struct sim_world *drain; /* whose oracle is running */
    uint64_t total_commits, total_crossings, total_published, total_halts, total_rewinds;
    uint64_t total_packs, total_lifts;
};
extern struct sim_common sim;

/* models.c: 0, or an explanation on standard error */
int sim_models_load(void);
void sim_models_free(void);

/* world.c */
bool sim_execute(const struct sim_schedule *schedule, char *ret_why, size_t cap);
void sim_bad(struct sim_world *world, const char *format, ...)
    __attribute__((format(printf, 2, 3)));
void *sim_alloc(struct sim_world *world, size_t bytes);
void *sim_copy(struct sim_world *world, const void *bytes, size_t len);
void *sim_grow(struct sim_world *world, void *items, int count, int *cap, size_t size);
uint64_t sim_random(uint64_t *state);
void sim_trace(const char *format, ...) __attribute__((format(printf, 1, 2)));
static inline seuil_time_ms sim_mono(const struct sim_world *world)
{
    return world->now - SIM_EPOCH_MS + SIM_MONO_MS;
}
extern const char *const sim_leads[SIM_LEADS];
extern const char *const sim_topic_names[SIM_TOPICS];
int sim_lead_of(struct seuil_str id);
struct seuil_str sim_lead_name(int lead); /* in Redis */
int sim_lead_named(struct seuil_str name);

/* settle.c */
void sim_step(struct sim_world *world, struct sim_worker *worker);
void sim_settle(struct sim_world *world);
void sim_identity(struct sim_world *world, struct sim_worker *worker);

/* kafka.c */
void sim_source_init(struct sim_worker *worker);
void sim_produce(struct sim_world *world, const int32_t *a);
/* What was handed over lands in the internal topic. */
void sim_land_handover(struct sim_world *world, const struct seuil_entry_view *view);
void sim_recreate(struct sim_world *world, int topic);
void sim_retain(struct sim_world *world, int topic, int above);
void sim_group_poll(struct sim_world *world, struct sim_worker *worker);
void sim_group_commit(struct sim_world *world, struct sim_worker *worker);
uint32_t sim_generation(const struct sim_world *world, int topic, uint32_t epoch);
struct sim_record *sim_record_find(const struct sim_topic *topic, int64_t offset);

/* redis.c */
void sim_store_init(struct sim_worker *worker);
struct sim_state *sim_redis(struct sim_world *world);
struct sim_state *sim_redis_next(struct sim_world *world);
int sim_net(struct sim_world *world, struct sim_worker *worker, int n);
int sim_receive(struct sim_world *world, struct sim_worker *worker, int n);
void sim_cut(struct sim_world *world, struct sim_worker *worker, bool delayed);
void sim_land(struct sim_world *world, int k, bool drop);
void sim_lose(struct sim_world *world, int k);
void sim_adopt(struct sim_world *world);
void sim_go_on(struct sim_world *world);
bool sim_lift(struct sim_world *world);

/* sink.c */
void sim_sink_init(struct sim_worker *worker);
bool sim_broker(struct sim_world *world, int k);
int sim_report(struct sim_world *world, struct sim_worker *worker, int n);
void sim_producer_fails(struct sim_world *world, struct sim_worker *worker, bool late);
void sim_sink_leave(struct sim_world *world, struct sim_worker *worker, bool late);

/* check.c */
void sim_check_commit(struct sim_world *world, const struct sim_state *before,
                      const struct sim_state *after, const struct sim_request *request);
void sim_check_landed(struct sim_world *world, const struct sim_message *message);
void sim_check_end(struct sim_world *world);
const char *sim_entry_id(const struct seuil_entry_view *view, char ret_id[SEUIL_CROSSING_ID_MAX]);

/* scores.c */
void sim_scores_commit(struct sim_world *world, const struct sim_state *before,
                       const struct sim_state *after);
void sim_scores_landed(struct sim_world *world, const struct sim_message *message);
void sim_scores_end(struct sim_world *world, const struct sim_state *state);

/* drain.c */
void sim_check_drain(struct sim_world *world);
static inline bool sim_merges(const struct sim_world *world)
{
    return world->setup.profile == SIM_MERGE || world->setup.profile == SIM_UNION;
}
/* What the folds tell what is sent. */
void sim_drain_sent(void *ctx, struct seuil_str to, const uint8_t *value, uint32_t value_len);
/* What the folds tell crossings to. */
void sim_drain_crossing(void *ctx, const struct seuil_lead *lead,
                        const struct seuil_crossing *crossing, const char *id, const uint8_t *value,
                        uint32_t value_len);

/* schedule.c, shrink.c */
extern const char *const sim_profile_names[SIM_PROFILES];
void sim_generate(uint64_t seed, enum sim_profile profile, struct sim_schedule *ret_schedule);
void sim_shrink(struct sim_schedule *schedule);
void sim_print(FILE *out, const struct sim_schedule *schedule);
int sim_parse(FILE *in, struct sim_schedule *ret_schedule);

#endif
