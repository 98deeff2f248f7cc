/* One lead's state: what is remembered of its events, and where its tiers stand (EVIDENCE.md).
 *
 *     lead = stamps + birth + profile + recent (a sorted set) + summary (the fold of the older
 *            events, per rule) + adjustments + one automaton for each model
 *
 * A `struct seuil_lead` is a workspace of fixed size: a thread has one, reads a packed state into
 * it (lead_codec.h), steps it, writes it back. What is stored and cached is the packed form. */

#ifndef SEUIL_CORE_LEAD_H
#define SEUIL_CORE_LEAD_H

#include <stdbool.h>
#include <stdint.h>

#include "core/event.h"
#include "core/evidence.h"
#include "core/limits.h"
#include "core/time.h"

struct seuil_model;

/* The next offset of a topic that is not yet in this state, and the generation it counts in. A
 * stamp of another generation than the topic's counts as 0 (PROTOCOL 24). */
struct seuil_stamp {
    uint32_t generation;
    int64_t next;
};

/* The event that created the state; part of every crossing's id (PROTOCOL 8). */
struct seuil_birth {
    bool known;
    uint32_t topic;
    uint32_t generation;
    int64_t offset;
};

/* Where an event came from whose time has not come yet. */
struct seuil_waiting_cause {
    struct seuil_key key;
    uint32_t topic; /* number in the manifest */
    int32_t partition;
    int64_t offset;
    uint16_t id_len;
    char id[SEUIL_ID_MAX];
};

/* The event of an entry that is told later. */
struct seuil_alert_cause {
    uint32_t topic;
    int32_t partition;
    int64_t offset;
    uint8_t id_len; /* 0: time alone brought the lead there, or it is not known */
    char id[SEUIL_ALERT_ID_MAX];
};

/* Another id that is this lead: it was merged into it. */
struct seuil_alias {
    struct seuil_birth merged; /* the merge command, in the log of the shard of that id; known
                                  false: only events of it have come yet */
    seuil_time_ms merged_time; /* of that command */
    uint16_t id_len;
    char id[SEUIL_ID_MAX];
};

/* An upward entry that is told later. */
struct seuil_alert {
    uint32_t tier_key;   /* hash of the name of the tier entered; 0: there is none */
    uint8_t before;      /* the tier before: index, or SEUIL_TIER_EXCLUDED */
    uint8_t reason;      /* enum seuil_reason */
    bool away;           /* the lead left the tier before its delay was over */
    seuil_time_ms since; /* when it entered, last */
    seuil_time_ms asked; /* what a delay counts from */
    struct seuil_alert_cause cause;
};

/* What a cool-down counts from. */
struct seuil_told {
    uint32_t tier_key;
    seuil_time_ms at;
};

/* Where a model's tier stands. Kept only when it is not at rest: it has crossed, or stands still.
 */
struct seuil_automaton {
    uint32_t model;    /* key of the model's name */
    uint32_t tier_key; /* hash of the name of tier `under`, so that a changed list of tiers does not
                          move the lead; 0 for tier 0 */
    uint8_t under;     /* tier index beneath an exclusion, else the tier itself */
    bool excluded;
    uint32_t ordinal; /* crossings so far */
    /* Frozen by its status: what the profile gave when that was first seen. Only the newest value
     * of an attribute is kept, so the score could not stand still without. */
    bool stands;
    double fit, exclusion;
    struct seuil_alert alert;
    uint8_t told_count;
    struct seuil_told told[SEUIL_TIERS_MAX]; /* the last entry told of each tier, by key */
};

struct seuil_lead {
    char id[SEUIL_ID_MAX];
    uint32_t id_len; /* 0: not known: the key is a hash, and the lead is new or forgotten */
    bool keyed;      /* its key is a hash of the id: the state tells the id, unless forgotten */

    struct seuil_stamp stamps[SEUIL_TOPICS_MAX]; /* by topic number; next 0: nothing */
    struct seuil_birth birth;
    bool tombstone;      /* forgotten: nothing but cut-off, stamps, birth and ordinals is left */
    seuil_time_ms cut;   /* evidence at or before it is refused; SEUIL_TIME_NONE: no cut-off */
    seuil_time_ms clock; /* the automata's clock: the instant of the last judgement */
    seuil_time_ms due;   /* seuil_engine_due_at after the last step */
    bool consented;      /* it consents to be scored; only where models ask for it */
    bool expired;        /* worth nothing any more: the owner may delete the key */

    uint16_t automaton_count;
    struct seuil_automaton automata[SEUIL_MODELS_MAX]; /* by model key; those not at rest */

    /* Merged into another lead, to whose shard all went (core/away.h): nothing but stamps, birth
     * and ordinals is left. 0: it was not. */
    uint16_t into_len;
    char into[SEUIL_ID_MAX];
    seuil_time_ms away_since;

    uint8_t alias_count;
    struct seuil_alias aliases[SEUIL_ALIASES_MAX]; /* in the order they came */

    uint8_t cause_count;
    struct seuil_waiting_cause causes[SEUIL_CAUSES_MAX]; /* by key */

    struct seuil_evidence evidence;
};

/* A lead without history, named @id (at most SEUIL_ID_MAX bytes). */
void seuil_lead_init(struct seuil_lead *lead, struct seuil_str id);

/* The same but for its name and its stamps, which go on. */
void seuil_lead_begin(struct seuil_lead *lead);

/* A keyed lead that is new or forgotten has the id that a record comes for. */
void seuil_lead_name_id(struct seuil_lead *lead, struct seuil_str id);

/* The stamp of @topic, if it is of @generation; else 0. */
int64_t seuil_lead_stamp(const struct seuil_lead *lead, uint32_t topic, uint32_t generation);

/* Say that everything of @topic below @next is in the state. */
void seuil_lead_set_stamp(struct seuil_lead *lead, uint32_t topic, uint32_t generation,
                          int64_t next);

/* The automaton of @model, or NULL when it is at rest. */
struct seuil_automaton *seuil_lead_automaton(struct seuil_lead *lead, uint32_t model);

/* The tier of @lead in @model as its automaton has it: index, or SEUIL_TIER_EXCLUDED. A lead that
 * was never judged is in the lowest. */
uint8_t seuil_lead_tier(const struct seuil_lead *lead, const struct seuil_model *model);

#endif
