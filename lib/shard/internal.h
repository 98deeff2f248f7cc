/* What the files of lib/shard share: the shard itself and one section for each of its ideas. */

#ifndef SEUIL_SHARD_INTERNAL_H
#define SEUIL_SHARD_INTERNAL_H

#include "base/buf.h"
#include "codec/handover.h"
#include "core/lead_codec.h"
#include "shard/cache.h"
#include "shard/shard.h"

/* Leads that a transaction takes at once; the rest of SEUIL_CHUNK_MAX is left to the checkpoint, so
 * that neither starves the other. Applying pauses when so many wait. */
#define SEUIL_URGENT_MAX 512
/* Leads of a checkpoint in one transaction while records flow. The reads of a batch wait behind the
 * transactions of all shards of the connection, so a batch comes with each turn of these: the chunk
 * decides how much is applied while a checkpoint is written. */
#define SEUIL_CHUNK_RUNNING 256
/* The same when nothing else waits: Redis serves nobody meanwhile, 3 ms at most is what it may. */
#define SEUIL_CHUNK_RESTING 512
/* Bytes of outbox entries in one transaction. */
#define SEUIL_ENTRY_BYTES_MAX (4u << 20)
/* Outbox entries not yet acknowledged, and dead letters not yet acknowledged: a broker that does
 * not answer stops the flow here, not memory. */
#define SEUIL_OUTBOX_PENDING_MAX 16384
#define SEUIL_DEAD_PENDING_MAX   8192
/* The same in bytes of the outbox: events that are sent on may be large. */
#define SEUIL_OUTBOX_BYTES_MAX (32u << 20)
/* A canonical event larger than this is not sent on: brokers take 1 MiB unless told otherwise. */
#define SEUIL_SENT_ON_MAX (896u << 10)
/* While so many are not acknowledged, no more leads of a checkpoint are told to the scores topic:
 * a crossing waits behind these at most, some ten milliseconds of a producer. */
#define SEUIL_SCORES_PENDING_MAX 4096
#define SEUIL_DEAD_BYTES_MAX     (16u << 20)
/* Records of one batch at most, and LOAD requests that it may need, two more for timers and walk.
 */
#define SEUIL_BATCH_MAX 8192
#define SEUIL_LOADS     (SEUIL_BATCH_MAX / SEUIL_CHUNK_MAX + 2)
/* Due entries read at once. */
#define SEUIL_DUE_READ 256
/* The same when expired leads, which stay until base allows, fill the front. */
#define SEUIL_DUE_READ_MAX 512
/* Window of the audit of keys. */
#define SEUIL_AUDIT_WINDOW 1000
/* While idle: how often due times, log ends and a halted meta are looked at. */
#define SEUIL_LOOK_MS      200
#define SEUIL_HALT_LOOK_MS 1000
/* While nothing is written: how often meta is looked at, for an operator, or an emptied Redis. */
#define SEUIL_OWN_LOOK_MS 5000
/* What is only acknowledged may wait so long for the transaction that trims it. */
#define SEUIL_TRIM_MS 1000

/* How far into a topic: `taken` into a batch, or `applied` to leads. */
struct seuil_cursor {
    int64_t next;            /* offset */
    seuil_time_ms last_time; /* highest timestamp so far; SEUIL_TIME_NONE */
};

struct seuil_finger { /* a record recognised again (rule 23) */
    int64_t offset;   /* -1: none */
    seuil_time_ms time;
    uint64_t hash;
};

struct seuil_breaker { /* of a topic */
    uint64_t records;  /* applied in this tenure */
    uint64_t count;    /* of them, those that cannot be used */
    uint64_t *last;    /* the numbers of the last few of these; NULL: none yet */
};

struct seuil_topic {
    struct seuil_lane *lane; /* NULL: not an input */
    struct seuil_cursor taken, applied;
    const struct seuil_record_in *last; /* applied last, its hash not yet taken; valid until the
                                           lane is filled */
    struct seuil_finger finger;         /* of the record applied last */
    int64_t reach0;                     /* meta's reach when the token was taken: no stamp of a
                                           tenure before is higher */
    struct seuil_breaker breaker;
    bool tripped;                /* it halted the shard */
    bool sought;                 /* the lane stands at base */
    seuil_time_ms believed_from; /* what was asked about its end before is not believed */
};

enum seuil_item_fault {
    SEUIL_FAULT_NONE,
    SEUIL_FAULT_KEY,
    SEUIL_FAULT_PARTITION,
    SEUIL_FAULT_FUTURE
};

struct seuil_item { /* of a batch */
    const struct seuil_record_in *record;
    struct seuil_cached *lead; /* NULL with a fault or a tombstone */
    uint64_t hash;
    seuil_time_ms stream; /* stream time before this record */
    uint8_t topic;
    uint8_t fault;
};

struct seuil_batch {
    struct seuil_item *items;
    char (*names)[SEUIL_NAME_DIGITS]; /* of their leads, by item; NULL: keys are names */
    uint32_t cap, count;
    uint32_t done; /* items[done .. count) are not applied yet */
};

enum seuil_purpose { SEUIL_FOR_BATCH, SEUIL_FOR_TIMERS, SEUIL_FOR_WALK };

struct seuil_load {  /* a LOAD under way */
    uint64_t cookie; /* 0: free */
    enum seuil_purpose purpose;
    uint32_t count;
    struct seuil_cached *entries[SEUIL_CHUNK_MAX];
};

struct seuil_checkpoint {
    bool active;
    uint64_t frozen, done; /* how many began; the last one that was completed */
    bool wanted;           /* as soon as one can begin, whatever the interval */
    bool hurried;          /* that is why it began: it is not spread over time */
    seuil_time_ms begun;   /* monotonic, of the last one */
    uint32_t total;        /* leads it began with */
    uint8_t list;          /* leads still to be written; the other one takes new dirty leads */
    uint64_t dead_mark;    /* dead letters below are of offsets below P (rule 15) */
    int64_t next[SEUIL_TOPICS_MAX]; /* P */
    seuil_time_ms last_time[SEUIL_TOPICS_MAX];
    struct seuil_finger finger[SEUIL_TOPICS_MAX];
    seuil_time_ms stream_time;
    struct seuil_meta_sources sources;
};

struct seuil_timers {
    bool asked; /* a DUE request is under way */
    uint64_t cookie;
    seuil_time_ms scanned;    /* frontier of the last read that found nothing more */
    seuil_time_ms looked;     /* monotonic: last read */
    seuil_time_ms ends_asked; /* monotonic */
    seuil_time_ms reading;    /* the frontier of the read under way */
    uint32_t read_max;
    bool more;              /* the last read came back full */
    seuil_time_ms next;     /* the earliest due time that it found beyond the frontier */
    uint32_t rearms;        /* leads whose new due time is not in Redis yet */
    uint32_t waking;        /* leads that are looked at when they are loaded */
    struct seuil_buf packs; /* woken: length and bytes of each; removed when all their leads are
                               armed anew */
    uint32_t pack_count;
    bool packed;                /* the last read met packs: read few entries */
    bool far;                   /* so far behind that the heap is not kept */
    seuil_time_ms yields_until; /* monotonic: come near, it waits for others that are far */
    uint32_t blocked;           /* expired leads that wait for base */
    seuil_time_ms horizon;      /* dues up to here are kept in the heap */
};

struct seuil_schema_wait {
    seuil_time_ms since; /* monotonic; SEUIL_TIME_NONE: nothing is waited for */
    bool told;
    char text[SEUIL_HALT_MAX]; /* "": nothing is waited for */
};

struct seuil_arm { /* a lead of a transaction that may go into a pack */
    seuil_time_ms wake;
    uint32_t at; /* among the leads of the transaction */
};

struct seuil_arming { /* of the transaction that is being made */
    seuil_time_ms frontier;
    bool far;
    struct seuil_arm *list;
    uint32_t count;
    struct seuil_buf names; /* of its packs */
};

struct seuil_walk {
    bool active;
    uint64_t after; /* begins when this checkpoint is done: leads that were only in the cache when
                       the models changed are in Redis then */
    bool asked;
    bool page; /* a page was read and is not wholly written */
    bool last; /* that page is the last one */
    uint64_t cookie;
    uint64_t cursor;      /* after the page */
    uint32_t loading;     /* leads of the page still asked for */
    struct seuil_buf ids; /* of the page: length and bytes of each */
    size_t at;            /* into ids: judged or asked for up to here */
    uint32_t allowed;     /* leads that may be judged now (remodel_rate) */
    seuil_time_ms filled; /* when that was true, on the monotonic clock */
};

struct seuil_outgoing { /* an outbox entry that the topic has not acknowledged */
    uint64_t at;        /* where its bytes begin, counted from the first one of this tenure */
    uint32_t len;
    bool acked;
};

struct seuil_publish {
    struct seuil_outgoing *ring; /* index i at ring[i & mask] */
    uint64_t mask;
    uint64_t head;            /* first not acknowledged */
    uint64_t sent;            /* next to be sent in this tenure of the producer */
    uint64_t tail;            /* next to be read or committed */
    uint64_t read_to;         /* entries below were in Redis when the token was taken */
    struct seuil_buf bytes;   /* of the entries not acknowledged, and some before them */
    uint64_t begins;          /* `at` of its first byte */
    seuil_time_ms held_since; /* monotonic: something waits to be sent */
    bool asked;
    uint64_t cookie;
    uint64_t tenure;       /* of sink->send; a new one for each token and each producer */
    seuil_time_ms trim_at; /* monotonic: trim by itself from then on; SEUIL_TIME_NEVER */
};

struct seuil_dead { /* a dead letter that is not acknowledged */
    uint8_t *bytes; /* an outbox entry */
    uint32_t len;
    bool acked;
};

struct seuil_dead_letters {
    struct seuil_dead *ring; /* number n at ring[n & mask] */
    uint64_t mask;
    uint64_t head, sent, tail;
    uint64_t bytes;
};

struct seuil_pending { /* outbox entries made, waiting for their transaction */
    struct seuil_buf bytes;
    struct seuil_tx_entry *entries; /* lengths; pointers once `bytes` stands still */
    uint32_t count, cap;
    uint64_t crossings, muted, stale; /* counted when it took effect */
};

struct seuil_flight { /* the transaction under way */
    bool busy;
    uint64_t cookie;
    seuil_time_ms since;    /* monotonic */
    struct seuil_meta meta; /* as it shall be */
    struct seuil_cached **leads;
    uint32_t count;
    uint32_t rearms;
    uint32_t packs; /* removed */
    uint64_t written;
    struct seuil_pending pending;
    bool base, halt, walk_page;
};

struct seuil_witness {
    bool final;                          /* the one before the shard is let go */
    uint64_t ticket;                     /* 0: none under way */
    seuil_time_ms asked;                 /* monotonic */
    int64_t positions[SEUIL_TOPICS_MAX]; /* of the last one accepted */
    uint64_t seq;
};

/* Of the record that is applied: whether its lead has it already is judged by its first event,
 * since that one may set the stamp that the next one would be held against. */
struct seuil_record_state {
    enum {
        SEUIL_STAMP_UNKNOWN,
        SEUIL_STAMP_BELOW, /* the record is new */
        SEUIL_STAMP_ABOVE, /* it is in */
    } stamp;
    bool lettered; /* a copy is among the dead letters */
};

struct seuil_shard {
    struct seuil_shard_env env;
    const struct seuil_shard_config *config;
    uint32_t number;
    enum seuil_shard_state state;
    seuil_time_ms wall, mono; /* as told last */
    seuil_time_ms wake;       /* monotonic: when it wants to run again */
    seuil_time_ms ran;        /* monotonic: when it ran last; SEUIL_TIME_NONE: not yet */
    seuil_time_ms progress;   /* monotonic */

    uint64_t cookies;     /* of requests: only rise */
    uint64_t waiting;     /* the request that the state waits for; 0: none */
    seuil_time_ms since;  /* monotonic: it waits since */
    seuil_time_ms looked; /* monotonic: meta was looked at, while it runs */
    uint64_t looked_seq;  /* meta's seq then */
    struct seuil_token token;
    struct seuil_meta meta; /* as last acknowledged */
    bool grown;             /* it names a topic that Redis does not know yet */
    bool made_here;         /* in this tenure, before which there were no leads */
    bool draining;          /* revoked: run until OFF */
    bool others_far;        /* as told */

    bool doubted;             /* a newer confirmation is needed (rule 18) */
    seuil_time_ms doubt_at;   /* monotonic */
    seuil_time_ms back_until; /* monotonic */
    int64_t backoff_ms;
    uint64_t confirm_ticket;

    bool halting; /* the reason is to be written to meta, then HALT */
    bool failed;  /* memory is out: doubt at the next turn */
    char text[SEUIL_HALT_MAX];

    struct seuil_topic topics[SEUIL_TOPICS_MAX];
    uint32_t topic_count; /* no lane from here on */
    seuil_time_ms stream_taken, stream_applied;
    struct seuil_meta_sources sources; /* as of the applied positions */
    uint64_t *handed;                  /* how many entries were made for each shard */
    seuil_time_ms waits_since;         /* monotonic: a topic behind its end is waited for since */
    bool alarmed;
    uint32_t model_epoch;

    struct seuil_cache cache;
    struct seuil_batch batch;
    struct seuil_schema_wait schema_wait;
    struct seuil_record_state record;
    struct seuil_load loads[SEUIL_LOADS];
    struct seuil_checkpoint checkpoint;
    struct seuil_timers timers;
    struct seuil_arming arming;
    struct seuil_walk walk;
    struct seuil_publish publish;
    struct seuil_dead_letters dead;
    struct seuil_pending pending;
    struct seuil_flight flight;
    struct seuil_witness witness;
    struct seuil_tx_lead *tx_leads;

    uint64_t audit[(SEUIL_AUDIT_WINDOW + 63) / 64]; /* misrouted, by record */
    uint32_t audit_at, audit_sum;

    struct seuil_shard_counters counters;
    struct seuil_shard_counters before; /* the same when the token was taken */
    seuil_time_ms owned_since;          /* wall: then */
    struct seuil_outcome outcome;
    struct seuil_buf value;  /* of an outgoing record while it is made */
    struct seuil_buf scores; /* the data of one */
    struct seuil_buf body;   /* of what is sent on */
    uint8_t packed[SEUIL_LEAD_BYTES_MAX];
};

/* ---- shard.c: the life cycle */
void seuil_shard_enter(struct seuil_shard *shard, enum seuil_shard_state state);
/* Any doubt (rule 20): forget everything, wait a while, then CONFIRM. */
void seuil_shard_doubt(struct seuil_shard *shard, const char *format, ...)
    __attribute__((format(printf, 2, 3)));
/* Stand still until an operator acts: the reason goes into meta if the token is ours. */
void seuil_shard_halt(struct seuil_shard *shard, const char *format, ...)
    __attribute__((format(printf, 2, 3)));
void seuil_shard_drop(struct seuil_shard *shard);
void seuil_shard_tell(struct seuil_shard *shard, enum seuil_level level, const char *format, ...)
    __attribute__((format(printf, 3, 4)));
/* Run again at @mono_ms at the latest. */
void seuil_shard_wake_at(struct seuil_shard *shard, seuil_time_ms mono_ms);

/* ---- reply.c: true when the store did what was asked; else the shard was dropped or halts */
bool seuil_shard_accept(struct seuil_shard *shard, const struct seuil_store_reply *reply,
                        const char *what);

/* ---- acquire.c: CONFIRM, ACQUIRE, CHECK, WITNESS, SEEK */
void seuil_acquire_run(struct seuil_shard *shard);
void seuil_acquire_reply(struct seuil_shard *shard, const struct seuil_store_reply *reply);
/* ---- check.c: what meta says against log and witness (rules 21-23); true: all is well */
bool seuil_check_run(struct seuil_shard *shard);
/* A meta for a shard that never was, resuming where the settings say. 0, SEUIL_ERR_BACKOFF, or
 * SEUIL_ERR_HALTED with the reason told. */
int seuil_check_first_meta(struct seuil_shard *shard, struct seuil_meta *ret_meta);

/* ---- merge.c: which record comes next (rules 1-3) */
/* At each turn: when the last one is long ago, what is known of the ends is no more. */
void seuil_merge_awake(struct seuil_shard *shard);
/* Bring the lanes up to date; false when one of them halts the shard. */
bool seuil_merge_fill(struct seuil_shard *shard);
/* Take a batch off the lanes, in merge order, and ask for the leads that are not cached. */
void seuil_merge_collect(struct seuil_shard *shard);
bool seuil_merge_behind(const struct seuil_topic *topic, int64_t next);
/* The highest timestamp below which nothing more comes, over all topics (rules 2, 14);
 * SEUIL_TIME_NONE while it is unknown. */
seuil_time_ms seuil_merge_watermark(const struct seuil_shard *shard);
/* Stream time as of the applied positions. */
seuil_time_ms seuil_merge_stream_time(struct seuil_shard *shard);
/* Take the fingerprint of the record applied last, before its lane is filled. */
void seuil_merge_fingers(struct seuil_shard *shard);

/* ---- load.c: leads from Redis into the cache */
/* Ask for @entries (loading). False when memory or slots are out. */
bool seuil_load_ask(struct seuil_shard *shard, enum seuil_purpose purpose,
                    struct seuil_cached **entries, uint32_t count);
void seuil_load_reply(struct seuil_shard *shard, const struct seuil_store_reply *reply);

/* ---- apply.c: one record to its lead */
/* Go on with the batch; whether anything was applied. */
bool seuil_apply_run(struct seuil_shard *shard);
/* Whether leads and entries wait that must be written before more is applied. */
bool seuil_apply_paused(const struct seuil_shard *shard);
/* ---- schema.c: records whose writer schema is not known yet */
/* Ask for the schema that @record names. 0: it is known now; SEUIL_ERR_BACKOFF: the record waits,
 * and its shard; else the record is given up, with a sentence in @err. */
int seuil_schema_ask(struct seuil_shard *shard, const struct seuil_item *item,
                     const struct seuil_record_view *record, struct seuil_error *err);
/* The record that waited met its fate. */
void seuil_schema_end(struct seuil_shard *shard);
/* ---- lead_io.c: a lead between cache and workspace */
/* The state of @entry into the workspace, judged by the present models; NULL after a halt. */
struct seuil_lead *seuil_lead_open(struct seuil_shard *shard, struct seuil_cached *entry);
/* The same to step an event before which silence acts up to @until. Pendings are only put into the
 * workspace; if the step has not SAVE to do and silence did nothing, it is not to be put back. */
struct seuil_lead *seuil_lead_take(struct seuil_shard *shard, struct seuil_cached *entry,
                                   seuil_time_ms until);
/* Put the pendings of @entry into its state. Not a change: they were told when they came. The
 * workspace is used. */
void seuil_lead_settle(struct seuil_shard *shard, struct seuil_cached *entry);
/* The workspace back into the cache. @urgent: something became visible, write it at once. */
void seuil_lead_close(struct seuil_shard *shard, struct seuil_cached *entry,
                      const struct seuil_lead *lead, bool urgent);
/* A new version of @entry is in the cache: it joins the leads to be written. */
void seuil_lead_touched(struct seuil_shard *shard, struct seuil_cached *entry, bool urgent);
/* What may be deferred from now on, of the lead that the last step, not one on a copy, was made
 * with, and that was put back. */
void seuil_lead_digest(struct seuil_shard *shard, struct seuil_cached *entry,
                       const struct seuil_lead *lead);
/* Let silence act up to and including @until; whether the lead changed. @item: the record that it
 * makes way for, or NULL. *ret_urgent is raised when something became visible; *ret_expired says
 * what the last tick left. */
bool seuil_lead_advance(struct seuil_shard *shard, const struct seuil_item *item,
                        struct seuil_lead *lead, seuil_time_ms until, bool *ret_urgent,
                        bool *ret_expired);
/* What @lead is has turned: it ended, began anew, left, was forgotten, or consented. A record that
 * came for it before and left nothing, so no stamp either, would be judged otherwise if it were
 * replayed. So what is written then is stamped with all that was applied, in every topic. */
void seuil_lead_seal(const struct seuil_shard *shard, struct seuil_lead *lead);
/* Crossings and notes of the step just made; true when the lead must be written at once. @event
 * NULL: silence or the models did it. */
bool seuil_lead_outcome(struct seuil_shard *shard, const struct seuil_item *item,
                        const struct seuil_event *event, const struct seuil_lead *lead);

/* ---- handover.c: leads that are one person, in different shards */
/* What @event does to @lead when one of them has to do with another lead: it was merged into one,
 * or is now, or comes from one, which @carried says (else NULL). 1: nothing of that, it is to be
 * stepped; 0: done, the outcome says what; SEUIL_ERR_LIMIT: too large to be sent on;
 * SEUIL_ERR_UNSUPPORTED: nobody knows the shard of the other lead; SEUIL_ERR_CORRUPT: what was
 * handed over cannot be read. Below its stamp it is judged on a copy, and nothing leaves. */
int seuil_handover_step(struct seuil_shard *shard, const struct seuil_event *event,
                        seuil_time_ms until, const struct seuil_handover *carried,
                        struct seuil_lead *lead);
/* Whether the record of @item came before, as the outbox entry that made it says; else it is noted.
 */
bool seuil_handover_repeats(struct seuil_shard *shard, const struct seuil_item *item);
/* After the step: the lead is known by the event's id; forgotten, it tells its other ids. */
void seuil_handover_stepped(struct seuil_shard *shard, const struct seuil_event *event,
                            struct seuil_lead *lead);

/* ---- crossing.c: outbox entries */
void seuil_crossing_add(struct seuil_shard *shard, const struct seuil_item *item,
                        const struct seuil_event *event, const struct seuil_lead *lead,
                        const struct seuil_crossing *crossing);
/* Append @entry to what the next transaction takes: 0 or SEUIL_ERR_NOMEM. */
int seuil_pending_add(struct seuil_pending *pending, const struct seuil_entry_view *entry);
void seuil_pending_clear(struct seuil_pending *pending);
void seuil_pending_done(struct seuil_pending *pending);

/* ---- scores.c: the scores topic; only where config->scores */
/* The state of @entry goes with the transaction that is being made, or @erased: it goes. */
void seuil_scores_add(struct seuil_shard *shard, struct seuil_cached *entry, bool erased);
/* @lead was forgotten. If its state does not tell its id any more, the next transaction, which
 * writes it, tells that it is gone. */
void seuil_scores_forget(struct seuil_shard *shard, const struct seuil_lead *lead);
/* Leads of a checkpoint wait: too much was told that the topics have not acknowledged. */
bool seuil_scores_held(const struct seuil_shard *shard);

/* ---- commit.c: transactions (rules 10-13) */
/* Send one if there is something to send; whether one was sent. */
bool seuil_commit_run(struct seuil_shard *shard);
/* Whether every stamp of the cached state is at or below base (rule 7). */
bool seuil_commit_expirable(const struct seuil_shard *shard, const struct seuil_cached *entry);
void seuil_commit_reply(struct seuil_shard *shard, const struct seuil_store_reply *reply);

/* ---- checkpoint.c (rules 11, 12, 15) */
void seuil_checkpoint_run(struct seuil_shard *shard);
/* How many of its leads the next transaction may take, @chunk at most: while records flow they are
 * spread over time. */
uint32_t seuil_checkpoint_share(const struct seuil_shard *shard, uint32_t chunk);
/* A chunk of them is worth a transaction by now. */
bool seuil_checkpoint_pending(const struct seuil_shard *shard);
/* The leads are written, or will be with the transaction now being built, and dead letters are
 * acknowledged: base may move. */
bool seuil_checkpoint_complete(const struct seuil_shard *shard);
/* Whether base stands at the applied positions and every lead is written. */
bool seuil_checkpoint_idle(const struct seuil_shard *shard);

/* ---- arm.c: due entries of a transaction (rule 13) */
void seuil_arm_begin(struct seuil_shard *shard);
/* What happens to the due entry of @entry, lead number @at of the transaction. */
void seuil_arm_lead(struct seuil_shard *shard, struct seuil_cached *entry, uint32_t at);
/* Pack what can be packed: packs follow the @count leads; how many it is with them. */
uint32_t seuil_arm_end(struct seuil_shard *shard, uint32_t count);

/* ---- wake.c: what the read of due times brought (rule 13) */
void seuil_wake_reply(struct seuil_shard *shard, const struct seuil_store_reply *reply);
/* Whether packs are to be removed, since all their leads are armed anew, or are being; the names
 * follow the @count leads of the transaction: how many it is with them. */
bool seuil_wake_emptied(const struct seuil_shard *shard);
uint32_t seuil_wake_remove(struct seuil_shard *shard, uint32_t count);

/* ---- timers.c (rules 13, 14) */
/* Due times up to here may be stepped; SEUIL_TIME_NONE: none. */
seuil_time_ms seuil_timers_frontier(const struct seuil_shard *shard);
/* Whether that is so long ago that due entries are left as they are for now. */
bool seuil_timers_far(const struct seuil_shard *shard, seuil_time_ms frontier);
/* Whether the shard is so much behind that nobody waits for what it says. */
bool seuil_timers_behind(const struct seuil_shard *shard);
bool seuil_timers_run(struct seuil_shard *shard);
/* A lead whose due entry was read is in the cache now: silence acts, then it is armed anew. */
void seuil_timers_fire(struct seuil_shard *shard, struct seuil_cached *entry);
/* Keep the due time of @entry in mind if Redis may be told too late. */
void seuil_timers_note(struct seuil_shard *shard, struct seuil_cached *entry);

/* ---- walk.c (rule 26) */
void seuil_walk_begin(struct seuil_shard *shard);
bool seuil_walk_run(struct seuil_shard *shard);
/* A lead of the page came from Redis. */
void seuil_walk_loaded(struct seuil_shard *shard, struct seuil_cached *entry);
void seuil_walk_reply(struct seuil_shard *shard, const struct seuil_store_reply *reply);
/* The versions of @models as meta keeps them, and that of the model @name in them; false when it is
 * not told. */
void seuil_versions_write(const struct seuil_models *models, char out[SEUIL_VERSIONS_MAX]);
bool seuil_versions_find(const char *versions, const char *name, char out[SEUIL_NAME_MAX + 1]);

/* Judge @lead, opened from @entry, under the present models, and write it back. */
void seuil_walk_judge(struct seuil_shard *shard, struct seuil_cached *entry,
                      struct seuil_lead *lead);
/* Every lead of the page is judged: its cursor may go with the next transaction. */
bool seuil_walk_page_ready(const struct seuil_shard *shard);
void seuil_walk_page_written(struct seuil_shard *shard);

/* ---- publish.c (rule 17) */
void seuil_publish_begin(struct seuil_shard *shard);
bool seuil_publish_run(struct seuil_shard *shard);
void seuil_publish_reply(struct seuil_shard *shard, const struct seuil_store_reply *reply);
void seuil_publish_add(struct seuil_shard *shard, struct seuil_pending *pending);
void seuil_publish_delivery(struct seuil_shard *shard, uint64_t index);
void seuil_publish_drop(struct seuil_shard *shard);
/* A failed delivery: everything not acknowledged is sent again, dead letters too. */
void seuil_publish_again(struct seuil_shard *shard);
/* So much is not acknowledged that no more is to be made. */
bool seuil_publish_full(const struct seuil_shard *shard);

/* ---- dead_letter.c (rules 4, 15) */
/* @decoding: the bytes cannot be read; else it is what they say that cannot be used. */
void seuil_dead_add(struct seuil_shard *shard, const struct seuil_item *item, bool decoding,
                    const char *name, const char *text);
bool seuil_dead_run(struct seuil_shard *shard);
void seuil_dead_delivery(struct seuil_shard *shard, uint64_t number);
bool seuil_dead_full(const struct seuil_shard *shard);
void seuil_dead_drop(struct seuil_shard *shard);

/* ---- breaker.c: a topic that is all dead letters */
/* @item, of the topic's next record, cannot be used: @name and @text say why. May halt. */
void seuil_breaker_count(struct seuil_shard *shard, const struct seuil_item *item, const char *name,
                         const char *text);
/* How many of the last records of @topic cannot be used. */
uint32_t seuil_breaker_unusable(const struct seuil_shard *shard, uint32_t topic);
void seuil_breaker_drop(struct seuil_shard *shard);

/* ---- status.c */
/* A token was taken: what is counted from here on is its tenure's. */
void seuil_status_begin(struct seuil_shard *shard);
/* The counts of the tenure as of now, as meta carries them. */
void seuil_status_counts(const struct seuil_shard *shard, struct seuil_meta_counts *ret_counts);

/* ---- witness.c (rules 21, 22) */
void seuil_witness_send(struct seuil_shard *shard);
void seuil_witness_run(struct seuil_shard *shard);

/* ---- audit.c: keys and partitions */
void seuil_audit_count(struct seuil_shard *shard, const struct seuil_item *item, bool misrouted);
void seuil_audit_drop(struct seuil_shard *shard);

#define SEUIL_COOKIE_DEAD 1u /* lowest bit of a delivery's cookie */

#endif
