/* What is remembered of a lead's events (EVIDENCE.md): a set, and the fold of what left the set.
 *
 * The events of the lateness horizon are kept as a set sorted by (time, id hash), so their order of
 * arrival leaves no trace. What is older has been folded, rule by rule, into tallies. The profile
 * is last-writer-wins by (time, id hash); manual adjustments are a set of their own.
 *
 * Rules are named by key and meaning in a table of the lead, never by their place in a file. A
 * record names a rule by its slot in that table; slots have no order, `by_key` has.
 *
 * Nothing here is cleared beyond the counts that say how much is in use: the workspace is large,
 * a lead is small. */

#ifndef SEUIL_CORE_EVIDENCE_H
#define SEUIL_CORE_EVIDENCE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/limits.h"
#include "core/time.h"

/* Times in a state lie within this distance of 1970, so that no sum of a few of them overflows. */
#define SEUIL_TIME_BOUND_MS (INT64_C(1) << 50)

/* An order of events: by time, then by the hash of (lead id, event id). */
struct seuil_key {
    seuil_time_ms time;
    uint64_t hash;
};

static inline bool seuil_key_less(struct seuil_key a, struct seuil_key b)
{
    return a.time != b.time ? a.time < b.time : a.hash < b.hash;
}

/* What an event of recent is to the lead as a whole, beside the rules it hit: the fold passes it at
 * its time (fold.h). The numbers are part of the packed format. */
enum seuil_mark {
    SEUIL_MARK_NONE,
    SEUIL_MARK_RETRACT,   /* operand: the hash of the event that it voids */
    SEUIL_MARK_RETRACTED, /* likewise, and that has been passed over in a fold for good */
    SEUIL_MARKS,
};

/* An event of recent: the rules it hit, or a mark, or both. */
struct seuil_record {
    struct seuil_key key;
    uint64_t operand; /* of the mark; unused without one */
    uint8_t mark;     /* enum seuil_mark */
    uint8_t hit_count;
    uint8_t rule[SEUIL_HITS_MAX];    /* slots in the table of rules */
    uint32_t object[SEUIL_HITS_MAX]; /* hash of the object, where the rule asks for one */
    uint8_t legs[SEUIL_HITS_MAX];    /* of a compound: which it hit, as bits */
    double measure[SEUIL_HITS_MAX];  /* what its points depend on, where they do */
};

/* What a hit carries beside its rule. */
struct seuil_hit {
    uint32_t object; /* where the rule asks for one */
    uint8_t legs;    /* of a compound: which it hit */
    double measure;  /* where its points depend on one */
};

/* Awards to one object of a rule with a limit per object. */
struct seuil_object {
    uint32_t hash;
    uint32_t count;
    seuil_time_ms last;
};

/* Awards in one calendar period. */
struct seuil_period_count {
    int64_t period;
    uint32_t count; /* 0: not in use */
};

/* Instants beyond those kept exactly, by 64ths of the age bound. */
#define SEUIL_BUCKETS_MAX 66
struct seuil_bucket {
    int64_t index; /* floor(time / width) */
    uint32_t count;
    double points; /* of a rule whose points depend on the event: their sum */
};

/* The fold of one rule's events, earliest first (EVIDENCE 3). Which parts a rule needs follows from
 * its decay and limits (tally.h). */
struct seuil_tally {
    uint32_t count;   /* awarded; of age-bounded decay only when a limit per lead asks for it */
    uint8_t limited;  /* bit i: the rule's limit i left an event without award */
    uint8_t instants; /* in use, below */
    uint8_t objects;
    uint8_t buckets;
    uint8_t shape;   /* enum seuil_decay_shape it was folded under; 0 when it is empty */
    int64_t span_ms; /* half-life, or age bound, of sum and buckets */
    double sum;      /* half-life: of older awards, 2^((t - landmark) / H) each; without decay,
                        where points depend on the event: of all points; else 0 */
    seuil_time_ms landmark; /* of a half-life, a multiple of H; 0 when sum is 0 */
    double total;           /* half-life, where points depend on the event: of the awards in sum,
                               before decay; else 0 */
    /* Awards from before a recycle or a reset: they hold their slots and give nothing more. */
    uint32_t retired;         /* of count */
    uint8_t retired_instants; /* the first of instant[] */
    bool held;                /* an award put the lead into a tier, and holds it there */
    seuil_time_ms held_from;  /* when the latest such award was */
    /* Of compounds, frequency and recency (compound.h). */
    uint32_t moments; /* bit i: moment[i] is known */
    uint32_t streak;
    uint8_t windows;                                       /* in use of window[] */
    uint16_t met;                                          /* bit i: of window[i] */
    struct seuil_period_count period[SEUIL_LIMITS_MAX][2]; /* by limit; the highest first */
    uint8_t periods;                                       /* bit i: period[i] is in use */
    seuil_time_ms instant[SEUIL_AGED_INSTANTS_MAX];        /* ascending */
    double measure[SEUIL_AGED_INSTANTS_MAX];               /* parallel, where points depend on it */
    seuil_time_ms moment[SEUIL_MOMENTS_MAX];
    uint32_t window[SEUIL_WINDOW_MAX];             /* objects, the oldest first */
    struct seuil_object object[SEUIL_OBJECTS_MAX]; /* by (last, hash) */
    struct seuil_bucket bucket[SEUIL_BUCKETS_MAX]; /* ascending */
};

/* A rule that this lead has evidence of. */
struct seuil_rule_ref {
    uint32_t key;
    uint32_t meaning;
    bool has_object;  /* its records carry an object */
    bool has_legs;    /* it is a compound */
    bool has_measure; /* its records, and the instants of its tally, carry a measure */
    uint16_t records; /* hits of recent that name it */
};

/* A profile attribute. Null keeps its place until it is older than the fold point, so that an
 * older value that comes late does not win. */
struct seuil_attribute_value {
    uint32_t key; /* of the attribute's name */
    struct seuil_key written;
    uint8_t type; /* enum seuil_type */
    uint8_t len;  /* of a string */
    union {
        bool b;
        int64_t i;
        double d;
        char s[SEUIL_NOTE_MAX];
    };
};

/* Points given by hand. */
struct seuil_adjustment {
    struct seuil_key key;
    double points;
    seuil_time_ms until; /* counts before it; SEUIL_TIME_NEVER: for good */
    uint8_t author_len, reason_len;
    char author[SEUIL_NOTE_MAX];
    char reason[SEUIL_NOTE_MAX];
};

#define SEUIL_NO_SLOT 0xffff

struct seuil_evidence {
    seuil_time_ms newest;    /* tau: newest time ever recorded; SEUIL_TIME_NONE: nothing */
    struct seuil_key raised; /* the fold point where a bound pushed it; time SEUIL_TIME_NONE: not */

    uint16_t rule_count;
    uint64_t rule_used[SEUIL_LEAD_RULES_MAX / 64]; /* slots in use, as bits */
    uint8_t by_key[SEUIL_LEAD_RULES_MAX];          /* slots in use, by rule key */
    struct seuil_rule_ref rules[SEUIL_LEAD_RULES_MAX];
    struct seuil_tally tallies[SEUIL_LEAD_RULES_MAX]; /* by slot: the fold before recent */

    uint16_t recent_count;
    uint16_t recent[SEUIL_RECENT_MAX + 1]; /* indexes into records, by key: ascending */
    uint16_t free_count;                   /* of free_records */
    uint16_t record_top;                   /* records at or above it were never used */
    uint16_t free_records[SEUIL_RECENT_MAX + 1];
    struct seuil_record records[SEUIL_RECENT_MAX + 1];

    uint16_t attribute_count;
    struct seuil_attribute_value attributes[SEUIL_ATTRIBUTES_MAX]; /* by key */

    uint8_t adjustment_count;
    struct seuil_adjustment adjustments[SEUIL_ADJUSTMENTS_MAX + 1]; /* by key; one to spare */
};

/* Nothing recorded. */
void seuil_evidence_clear(struct seuil_evidence *evidence);

/* The slot of rule @key, or SEUIL_NO_SLOT. */
unsigned seuil_evidence_find_rule(const struct seuil_evidence *evidence, uint32_t key);

/* A slot for the rule of @ref, which has none yet, with an empty tally; SEUIL_NO_SLOT when all are
 * used. */
unsigned seuil_evidence_add_rule(struct seuil_evidence *evidence, struct seuil_rule_ref ref);

/* Give the slot back. No record may name it any more. */
void seuil_evidence_remove_rule(struct seuil_evidence *evidence, unsigned slot);

/* Where a record of @key is or would be in recent[]. */
unsigned seuil_evidence_position(const struct seuil_evidence *evidence, struct seuil_key key);

/* Put a record without hits at @position of recent[] and return it; there must be room (one more
 * than SEUIL_RECENT_MAX). Add its hits with seuil_evidence_add_hit. */
struct seuil_record *seuil_evidence_insert(struct seuil_evidence *evidence, unsigned position,
                                           struct seuil_key key);
void seuil_evidence_add_hit(struct seuil_evidence *evidence, struct seuil_record *record,
                            unsigned slot, struct seuil_hit hit);

/* Take the record at @position of recent[] away; it has no hits. */
void seuil_evidence_remove(struct seuil_evidence *evidence, unsigned position);

/* Take the first @count records of recent[] away. Rules they named keep their slots, even when
 * nothing is left of them: see seuil_evidence_drop_unused. */
void seuil_evidence_remove_first(struct seuil_evidence *evidence, unsigned count);

/* Give back the slots of rules that no record and no tally needs. */
void seuil_evidence_drop_unused(struct seuil_evidence *evidence);

static inline unsigned seuil_bits(uint32_t word)
{
    unsigned count = 0;

    for (; word; word &= word - 1)
        count++;
    return count;
}

static inline bool seuil_tally_is_empty(const struct seuil_tally *tally)
{
    return tally->count == 0 && tally->instants == 0 && tally->objects == 0 &&
           tally->buckets == 0 && tally->periods == 0 && tally->sum == 0 && tally->total == 0 &&
           tally->limited == 0 && !tally->held && tally->moments == 0 && tally->streak == 0 &&
           tally->windows == 0;
}

/* Whether anything in it hangs on the decay it was folded under. */
static inline bool seuil_tally_has_awards(const struct seuil_tally *tally)
{
    return tally->count > 0 || tally->instants > 0 || tally->buckets > 0 || tally->sum != 0 ||
           tally->total != 0;
}

static inline void seuil_tally_clear(struct seuil_tally *tally)
{
    tally->count = 0;
    tally->limited = 0;
    tally->instants = 0;
    tally->objects = 0;
    tally->buckets = 0;
    tally->periods = 0;
    tally->shape = 0;
    tally->span_ms = 0;
    tally->sum = 0;
    tally->landmark = 0;
    tally->total = 0;
    tally->retired = 0;
    tally->retired_instants = 0;
    tally->held = false;
    tally->held_from = 0;
    tally->moments = 0;
    tally->streak = 0;
    tally->windows = 0;
    tally->met = 0;
}

static inline struct seuil_record *seuil_evidence_recent(struct seuil_evidence *evidence,
                                                         unsigned position)
{
    return &evidence->records[evidence->recent[position]];
}

#endif
