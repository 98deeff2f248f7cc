/* A compiled, immutable set of scoring models, as the engine sees it (SCORING.md).
 *
 * Models are read from YAML and compiled by lib/conf; the engine only looks. Everything here lives
 * in the arena of the set. Several models run side by side over the same lead: each has its own
 * groups, tiers and automaton; their rules are numbered together, since one event is matched
 * against all of them at once and its record names the rules it hit.
 *
 * Names are identities: evidence is kept under `key` (a hash of model name and rule name) with
 * `meaning` beside it, never under a position in the file. */

#ifndef SEUIL_CORE_MODEL_H
#define SEUIL_CORE_MODEL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/str.h"
#include "core/event.h"
#include "core/limits.h"
#include "core/time.h"

struct seuil_condition;  /* core/condition.h */
struct seuil_rule_index; /* core/rules.h: finds the rules an event may hit */
struct seuil_zone;       /* core/zone.h: civil time of a named zone */

/* Decay of a contribution (SCORING 3). */
enum seuil_decay_shape {
    SEUIL_DECAY_NONE,
    SEUIL_DECAY_HALF_LIFE,  /* duration_ms: the half-life */
    SEUIL_DECAY_EXPIRES,    /* duration_ms: whole until that age, then 0 */
    SEUIL_DECAY_LINEAR,     /* duration_ms: 0 from that age on */
    SEUIL_DECAY_STEPS,      /* steps: first step whose age bound is not passed */
    SEUIL_DECAY_INACTIVITY, /* idle.h */
};

struct seuil_step {
    int64_t age_ms; /* holds while age < age_ms */
    double factor;
};

struct seuil_decay {
    uint8_t shape; /* enum seuil_decay_shape */
    uint8_t step_count;
    int64_t duration_ms; /* > 0 unless the shape has none */
    uint16_t scope;      /* of inactivity: group + 1 whose decay it is; 0: the model's */
    double keep;         /* of inactivity: what is left after each duration_ms */
    double subtract;     /* or what is taken away; 0: keep counts */
    const struct seuil_step *steps;
};

/* The three kinds of "once" (SCORING 4). The earliest events by (time, id hash) are awarded. */
enum seuil_limit_kind {
    SEUIL_LIMIT_LEAD,     /* count times per lead, ever */
    SEUIL_LIMIT_OBJECT,   /* count times per value of a field */
    SEUIL_LIMIT_CALENDAR, /* count times per day, week or month in a zone */
    SEUIL_LIMIT_ROLLING,  /* count times within duration_ms, greedy from the earliest */
};

enum seuil_period { SEUIL_PERIOD_DAY, SEUIL_PERIOD_WEEK, SEUIL_PERIOD_MONTH };

struct seuil_limit {
    uint8_t kind;         /* enum seuil_limit_kind */
    uint8_t period;       /* enum seuil_period */
    uint8_t field;        /* enum seuil_field of the object */
    uint32_t count;       /* >= 1 */
    struct seuil_str key; /* of the object, when field is SEUIL_FIELD_MAP */
    int64_t duration_ms;  /* rolling */
    int64_t remember_ms;  /* object: forgotten so long after its last award */
    const struct seuil_zone *zone;
};

/* What a rule is to the fold (fold.h). Some are hidden: a model file does not write them as rules;
 * commands, attributes and legs of others hit them. The numbers are part of meanings. */
enum seuil_role {
    SEUIL_ROLE_POINTS,  /* each event that hits it may be awarded */
    SEUIL_ROLE_RECYCLE, /* hidden: retires what behaviour gave; its points are the floor */
    SEUIL_ROLE_STATUS,  /* hidden: the object of its hits is the status from then on */
    SEUIL_ROLE_LEG,     /* hidden: only finds events for its parent; it is in no record */
    /* Compounds (compound.h): events hit their legs. */
    SEUIL_ROLE_TOGETHER,   /* all legs within within_ms, in any order */
    SEUIL_ROLE_SEQUENCE,   /* in their order */
    SEUIL_ROLE_LAST,       /* leg 1 met `times` of the last `of` objects of leg 0 */
    SEUIL_ROLE_STREAK,     /* leg 0 `times` in a row without leg 1 */
    SEUIL_ROLE_ABSENCE,    /* within_ms without leg 1 though leg 0 came `times` */
    SEUIL_ROLE_RESET,      /* hidden: so too; retires behaviour */
    SEUIL_ROLE_FILTER,     /* hidden: what hits it is no event for its model; it is in no record */
    SEUIL_ROLE_QUARANTINE, /* hidden: clicks of e-mails that wait (quarantine.h) */
    SEUIL_ROLE_SCOPE,      /* hidden: when a rule under an inactivity was last awarded (idle.h) */
};

/* Why events are filtered: what they are counted by. */
enum seuil_filter {
    SEUIL_FILTER_MACHINE,
    SEUIL_FILTER_ROBOT,
    SEUIL_FILTER_INTERNAL,
    SEUIL_FILTER_OTHER,
};

/* Commands and attributes hit it: the object of a hit is what they say. */
static inline bool seuil_role_is_command(uint8_t role)
{
    return role == SEUIL_ROLE_RECYCLE || role == SEUIL_ROLE_STATUS;
}

/* Statuses that commands give. Any other is the value of an attribute; 0 is no status: open. */
#define SEUIL_STATUS_CUSTOMER     "customer"
#define SEUIL_STATUS_DISQUALIFIED "disqualified"
#define SEUIL_STATUS_OPEN         "open"

/* What the points of a rule depend on (SCORING 3). */
enum seuil_measure {
    SEUIL_MEASURE_NONE,   /* nothing: points */
    SEUIL_MEASURE_NUMBER, /* factor times the number in a field */
    SEUIL_MEASURE_FILLED, /* factor times how many of some fields are filled */
};

struct seuil_measured {
    uint8_t field;        /* enum seuil_field, SEUIL_FIELD_MAP with key */
    struct seuil_str key; /* of the map's entry */
};

#define SEUIL_GROUP_EXCLUSION UINT16_MAX       /* rule->group of an exclusion: X, not B */
#define SEUIL_GROUP_NONE      (UINT16_MAX - 1) /* of a hidden rule: B, without bounds */

struct seuil_rule {
    const char *name;  /* unique in its model */
    const char *label; /* for people; the name when the file has none */
    uint32_t key;      /* hash of (model name, rule name), unique in the set */
    uint32_t meaning;  /* fingerprint of kind, conditions, limits and what points depend on; not of
                          points, labels and decay */
    uint32_t meaning_before; /* with the decay: what states of format 1 name */
    uint16_t model;          /* index in the set */
    uint16_t group;          /* index in the model, or SEUIL_GROUP_EXCLUSION */
    uint8_t kind;            /* enum seuil_kind of the events it looks at */
    uint8_t limit_count;
    uint8_t role;           /* enum seuil_role */
    uint8_t measure;        /* enum seuil_measure */
    uint8_t measured_count; /* fields it looks at */
    uint8_t shortcut;       /* an award puts the lead into this tier; 0: into none */
    int64_t hold_ms;        /* and holds it there so long */
    uint8_t leg;            /* of a LEG: its place in its parent's hits */
    uint8_t leg_count;
    uint8_t frequency;  /* the so many-th event within frequency_ms may be awarded; 0, 1: any */
    bool recency_after; /* the last event must be more than recency_ms before, else at most */
    uint8_t of;         /* of LAST; of FILTER: enum seuil_filter */
    uint16_t parent;    /* of a LEG: index in the set; of a rule under inactivity: its SCOPE's */
    uint32_t times;     /* of LAST, STREAK, ABSENCE, RESET */
    int64_t frequency_ms, recency_ms; /* 0: none */
    int64_t within_ms;                /* of compounds; of QUARANTINE: a burst */
    int64_t wait_ms;                  /* of QUARANTINE */
    double points; /* finite; <= 0 for an exclusion; 1 when measured: awards are points then */
    double factor, floor, ceiling; /* measured: an award is factor times the measure, clamped */
    const struct seuil_measured *measured;
    struct seuil_decay decay;
    struct seuil_limit limits[SEUIL_LIMITS_MAX];
    const struct seuil_condition *when; /* NULL: every event of the kind. The model's own condition
                                           on events is part of it. */
    const struct seuil_condition *counts_while; /* on attributes, grade, status: its points count
                                                   only while it holds; NULL: always */
};

struct seuil_group {
    const char *name;
    const char *label;
    double floor;   /* -INFINITY: none */
    double ceiling; /* INFINITY: none */
};

/* A fit criterion, or an exclusion by attribute: reads the profile only. */
struct seuil_case {
    const struct seuil_condition *when;
    double points;
};

struct seuil_criterion {
    const char *name;
    const char *label;
    double points;
    const struct seuil_condition *when; /* tests on attributes (index in the set); of fit NULL: it
                                           always holds */
    double weight;                      /* of fit by a weighted mean */
    uint16_t case_count; /* of fit, in place of points: those of the first case that holds */
    const struct seuil_case *cases;
    uint16_t number; /* of fit, in place of points: index of an attribute + 1, a number, times the
                        factor, as far as the ceiling; 0: none */
    double factor, ceiling;
};

struct seuil_tier {
    const char *name;
    const char *label;
    double entry; /* tier 0: -INFINITY */
    double exit;  /* <= entry; NAN: none, the entry condition is the exit condition */
    bool strict;  /* entry needs T > entry, else T >= entry */
    bool publish; /* entering it from below and leaving it downwards are told (default) */
    /* When an entry upwards is told (0: at once): when the lead has been in the tier for so long;
     * so much after the entry, if it is in it then; at most once in so long. */
    int64_t for_ms, delay_ms, cool_down_ms;
    const struct seuil_condition
        *when; /* on attributes, grade, status: else nobody is in it; NULL */
};

struct seuil_model {
    const char *name;
    const char *label;
    const char *version; /* as the file says */
    uint32_t key;        /* hash of the name: the automaton is kept under it */
    uint16_t index;      /* in the set */
    uint16_t group_count, tier_count, fit_count, exclusion_count;
    uint32_t rule_first, rule_count; /* its rules in the set */
    uint16_t recycle_rule;           /* index of its hidden rules + 1; 0: it has none */
    uint16_t status_rule;
    uint16_t silence_count;   /* of its rules are ABSENCE or RESET: they look at any event */
    const uint16_t *silences; /* index in the set */
    int64_t recycle_mute_ms;  /* no alerts so long after a recycle; 0: none */
    uint16_t frozen_count;    /* statuses that freeze a lead */
    const uint32_t *frozen;   /* seuil_status_hash of each */
    int32_t status_attribute; /* index in the set; -1: only commands give a status */
    const struct seuil_group *groups;
    const struct seuil_tier *tiers; /* ascending */
    const struct seuil_criterion *fit;
    const struct seuil_criterion *exclusions; /* by attribute */
    double fit_floor, fit_ceiling;
    double weights; /* the sum of the criteria's weights; 0: fit is their sum */
    bool has_letters, has_digits;
    double letters[SEUIL_GRADES - 1]; /* the marks of A, B, C by fit, descending */
    double digits[SEUIL_GRADES - 1];  /* of 1, 2, 3 by behaviour */
    uint8_t sales_tier;               /* from it on sales is told: a recycle mutes it; 0: no tier */
    bool has_shortcuts;
    bool silent;               /* its crossings are counted and kept, never published */
    bool conditional;          /* a tier has `when`, or a rule `counts_while` */
    double exclusion_mark;     /* X <= mark: excluded; -INFINITY: this model excludes nobody */
    const char *excluded_name; /* name and label of the excluded tier */
    const char *excluded_label;
};

/* The index of the excluded tier, beside those of seuil_model.tiers. */
#define SEUIL_TIER_EXCLUDED 0xff

struct seuil_attribute {
    const char *name;
    uint32_t key;   /* hash of the name, unique in the set */
    bool tells_who; /* a model names it under `known_by` */
};

struct seuil_models {
    struct seuil_arena arena;
    uint64_t hash; /* of everything that changes a score, a tier, a due time or an outgoing byte:
                      the model hash of meta (PROTOCOL 26) */
    int64_t horizon_ms;
    bool consent;  /* a model asks for it: without it nothing is stored of a lead */
    bool known_by; /* a model says which attributes tell who a lead is; else all of them do */
    uint16_t model_count;
    uint16_t attribute_count;
    uint32_t rule_count;
    const struct seuil_model *models;
    const struct seuil_rule *rules;           /* of all models, in file order */
    const struct seuil_attribute *attributes; /* those that a model names, by name */
    const struct seuil_rule_index *index;
};

/* Rules of the files, without hidden ones. */
uint32_t seuil_models_own_rules(const struct seuil_models *models);

/* The model of @key, or NULL. */
const struct seuil_model *seuil_models_find(const struct seuil_models *models, uint32_t key);

/* The index of the attribute of @name, or -1. */
int seuil_models_attribute(const struct seuil_models *models, struct seuil_str name);

/* Name or label of a tier index of @model, SEUIL_TIER_EXCLUDED included. */
const char *seuil_model_tier_name(const struct seuil_model *model, uint8_t tier);
const char *seuil_model_tier_label(const struct seuil_model *model, uint8_t tier);

/* The hash that stands for a status; 0 for SEUIL_STATUS_OPEN and for an empty text. */
uint32_t seuil_status_hash(struct seuil_str status);

/* XXH3, the low half: the hash of names (keys), never 0. */
uint32_t seuil_name_hash(struct seuil_str a, struct seuil_str b);

#endif
