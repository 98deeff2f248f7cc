/* One lead, one event, one answer: the scoring engine.
 *
 * The engine is a pure function. It reads no clock, opens nothing, allocates nothing and logs
 * nothing, so live traffic, `seuilctl replay`, the simulation and the tests run this same code.
 * What the outside world must do next is returned as data in an outcome; the shard carries it out.
 *
 * Time is given. The owner of a lead first lets silence act: while the lead's due time is at or
 * before the instant it wants to reach, it steps a tick stamped with that due time. Then it steps
 * the event. So one step judges the tier once for each model, and live running, replay and tests
 * are one code path. Dues at exactly t come before events at t. */

#ifndef SEUIL_CORE_ENGINE_H
#define SEUIL_CORE_ENGINE_H

#include <stdbool.h>
#include <stdint.h>

#include "core/event.h"
#include "core/lead.h"
#include "core/limits.h"
#include "core/model.h"
#include "core/rules.h"

/* The fate of an event (the promise, clause 6). */
enum seuil_verdict {
    SEUIL_VERDICT_APPLIED,     /* it left evidence */
    SEUIL_VERDICT_DUPLICATE,   /* its id is known for this lead */
    SEUIL_VERDICT_FILTERED,    /* no rule, attribute or command looks at it: no record is kept */
    SEUIL_VERDICT_LATE,        /* older than the lead's horizon: dead-letter it */
    SEUIL_VERDICT_UNSUPPORTED, /* a command this version does not apply: dead-letter it */
    SEUIL_VERDICT_FORGOTTEN,   /* at or before the cut-off of a tombstone: counted as filtered */
    SEUIL_VERDICT_REFUSED,     /* malformed command arguments: dead-letter it */
    SEUIL_VERDICT_KNOWN,       /* a known lead, to be merged by a shared browser alone: likewise */
};
#define SEUIL_VERDICTS (SEUIL_VERDICT_KNOWN + 1)

enum seuil_todo {
    SEUIL_TODO_PUBLISH = 1 << 0,    /* crossings[] holds something to announce */
    SEUIL_TODO_SAVE = 1 << 1,       /* the lead changed */
    SEUIL_TODO_RESCHEDULE = 1 << 2, /* its due time moved */
    SEUIL_TODO_ERASE = 1 << 3,      /* forgotten: must be written at once, with its tombstone */
    SEUIL_TODO_EXPIRED = 1 << 4,    /* nothing of worth is left: the key may be deleted once every
                                       stamp is at or below base (PROTOCOL 7) */
};

enum seuil_reason {
    SEUIL_REASON_EVENT,
    SEUIL_REASON_DECAY, /* silence: decay, expiry */
    SEUIL_REASON_EXCLUSION,
    SEUIL_REASON_COMMAND,
    SEUIL_REASON_MODEL_CHANGED,
    SEUIL_REASON_CORRECTION, /* a late or retracting event changed the score at the clock */
    /* for the whole language: */
    SEUIL_REASON_SHORTCUT,
    SEUIL_REASON_HOLD_ENDED,
    SEUIL_REASON_RESET,
};
#define SEUIL_REASONS (SEUIL_REASON_RESET + 1)

/* A line of an explanation. Strings belong to the model set or are literals. */
struct seuil_line {
    const char
        *rule; /* rule, criterion or group name; "adjustment"; "others" for the folded rest */
    const char *label;
    uint32_t count;         /* events awarded; 0 where it makes no sense */
    double points;          /* before decay */
    double now;             /* after decay, in cents (two decimals); the lines sum to the score */
    const char *limited_by; /* "" or "lead", "object", "day", "week", "month", "rolling",
                               "floor", "ceiling" */
};

struct seuil_explanation {
    double score;                /* two decimals, never rounded across the mark just crossed */
    double exact;                /* unrounded */
    double fit;                  /* two decimals */
    double completeness;         /* known criteria of fit by all of them */
    char grade[SEUIL_GRADE_MAX]; /* "A" to "D", "1" to "4", "A1", "X"; "": the model has none */
    uint32_t line_count;
    struct seuil_line lines[SEUIL_LINES_MAX + 1];
};

struct seuil_crossing {
    uint16_t model;      /* index in the set */
    uint8_t tier_before; /* tier index, or SEUIL_TIER_EXCLUDED */
    uint8_t tier;
    bool up;
    bool publish; /* the policy of the tier entered, or downwards of the one left, allows it */
    enum seuil_reason reason;
    uint32_t ordinal;                     /* 1, 2, ... of this lead in this model, for the id */
    seuil_time_ms effective;              /* the instant it is true from */
    seuil_time_ms since;                  /* told later: when the tier was entered; else
                                             SEUIL_TIME_NONE */
    bool has_cause;                       /* told later: this event brought the lead there */
    struct seuil_alert_cause cause;       /* if it is known */
    const char *version_before;           /* model_changed: of the model before; "": not known */
    seuil_time_ms qualified_until;        /* when the lead leaves the tier if nothing more happens;
                                             SEUIL_TIME_NEVER: not within five years */
    struct seuil_explanation explanation; /* at `effective` */
};

/* Counted oddities of one step, as a bit set. */
enum seuil_note {
    SEUIL_NOTE_TIME_CLAMPED = 1 << 0,      /* event time too far ahead of its arrival */
    SEUIL_NOTE_HORIZON_SHORTENED = 1 << 1, /* more records than a lead may hold */
    SEUIL_NOTE_HITS_LEFT = 1 << 2,         /* more than SEUIL_HITS_MAX rules hit */
    SEUIL_NOTE_RETRACTION_UNMATCHED = 1 << 3,
    SEUIL_NOTE_VALUE_CUT = 1 << 4, /* an attribute value longer than SEUIL_NOTE_MAX was not kept */
    SEUIL_NOTE_ADJUSTMENT_DROPPED = 1 << 5,
    SEUIL_NOTE_RULES_DROPPED = 1 << 6,     /* a lead with evidence of too many rules */
    SEUIL_NOTE_OBJECTS_FORGOTTEN = 1 << 7, /* more objects of a rule than a lead remembers */
    /* A filter of a model took the event from it: machine, robot, internal, other, in the order of
     * enum seuil_filter. */
    SEUIL_NOTE_FILTERED = 1 << 8,
};
#define SEUIL_NOTES 12

struct seuil_outcome {
    enum seuil_verdict verdict;
    unsigned todo;        /* set of enum seuil_todo */
    unsigned notes;       /* set of enum seuil_note */
    uint32_t quarantined; /* clicks that came out of a quarantine as a machine's */
    bool has_cause; /* of a tick: it is the time of an event that waited, and this is the event */
    struct seuil_waiting_cause cause;
    uint32_t crossing_count;
    struct seuil_crossing crossings[SEUIL_MODELS_MAX]; /* at most one for each model, by model */
};

/* What a thread needs beside the lead: matching and folding space. Opaque; one for each thread and
 * model set. Made by seuil_scratch_init in memory of the caller. */
struct seuil_scratch;

/* Bytes of a scratch for @models, aligned as max_align_t. */
size_t seuil_scratch_size(const struct seuil_models *models);

/* Prepare @memory of seuil_scratch_size bytes. @regex is what core/rules.h hands to the regular
 * expression matcher of the set (NULL when no rule has one). */
struct seuil_scratch *seuil_scratch_init(void *memory, const struct seuil_models *models,
                                         void *regex);

/* Apply @event to @lead under @models and judge the tier of each model.
 *
 * The caller has let silence act up to max(record timestamp, stream time) before (see above);
 * an event at or before the automaton's clock inserts its evidence and is judged at the clock
 * (reason correction when its time is strictly before). A tick at or before the clock is void.
 *
 * A lead that is new is one from seuil_lead_init. Its birth is set from @event->position by the
 * first event that leaves anything in it. Stamps are the caller's affair.
 *
 * Fills @ret_outcome and returns 0; the lead is changed only if todo says SAVE. It cannot fail:
 * every limit is an outcome. */
int seuil_engine_step(const struct seuil_models *models, struct seuil_scratch *scratch,
                      const struct seuil_event *event, struct seuil_lead *lead,
                      struct seuil_outcome *ret_outcome);

/* What a command named "merge" asks for: its lead and that of argument `into` are one person. */
struct seuil_merge {
    struct seuil_str into; /* in the event; empty: there is none, or it is no id */
    bool by_browser;       /* argument `by`: a shared browser is all that says so */
};

/* Whether @event is such a command. */
bool seuil_merge_read(const struct seuil_event *event, struct seuil_merge *ret_merge);

/* Merge lead @from into @into, as @event, a merge command, asks (SCORING 6, 10.9, 10.10): the
 * evidence is united, then limits choose; @into keeps its tier, and the alerts of both count for
 * its cool-downs. A cut-off of either erases what both have up to it.
 *
 * The caller has let silence act on both up to the same instant. From now on @from is an alias of
 * @into, which is the caller's affair: it steps its events on @into, still with the lead's own id,
 * so that equal event ids of both count. What is left of @from is no state.
 *
 * APPLIED, or FILTERED when @from has nothing to give (@into is unchanged). Score and tier are
 * judged at the command's time, but at neither's clock before; reason command. */
int seuil_engine_merge(const struct seuil_models *models, struct seuil_scratch *scratch,
                       const struct seuil_event *event, struct seuil_lead *from,
                       struct seuil_lead *into, struct seuil_outcome *ret_outcome);

/* The first instant after the lead's clock at which silence alone changes something that must be
 * acted upon: a tier, an expiry of the whole lead, an event ahead of the clock. Exact to the
 * millisecond, never late; SEUIL_TIME_NEVER when there is none. */
seuil_time_ms seuil_engine_due_at(const struct seuil_models *models, struct seuil_scratch *scratch,
                                  const struct seuil_lead *lead);

/* Judge a lead anew under a changed model set at @at (PROTOCOL 26): evidence of rules that are
 * gone is dropped, the tier is judged at max(@at, clock), crossings have reason model_changed. But
 * never at or after the due time of before: what silence was to do from there on is told as that,
 * by the ticks that the caller steps next. */
int seuil_engine_remodel(const struct seuil_models *models, struct seuil_scratch *scratch,
                         seuil_time_ms at, struct seuil_lead *lead,
                         struct seuil_outcome *ret_outcome);

/* Score and lines of model @model at @at. @at before the fold point is clamped to it and
 * SEUIL_ERR_LATE is returned; otherwise 0. */
int seuil_engine_explain(const struct seuil_models *models, struct seuil_scratch *scratch,
                         const struct seuil_lead *lead, uint16_t model, seuil_time_ms at,
                         struct seuil_explanation *ret_explanation);

/* When the lead leaves its present tier of @model if nothing more happens, seen from its clock. */
seuil_time_ms seuil_engine_qualified_until(const struct seuil_models *models,
                                           struct seuil_scratch *scratch,
                                           const struct seuil_lead *lead, uint16_t model);

/* "event", "decay", ... */
const char *seuil_reason_name(enum seuil_reason reason);
/* "applied", "duplicate", ... */
const char *seuil_verdict_name(enum seuil_verdict verdict);
/* Of the note 1 << @bit: "time_clamped", "filtered_machine", ..., what it is counted by. */
const char *seuil_note_name(unsigned bit);

#endif
