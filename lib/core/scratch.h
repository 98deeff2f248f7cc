/* What the engine's parts share beside the lead: one for each thread and model set.
 *
 * A lead is *bound* (seuil_scratch_bind): the rules of its table are found in the set. Then it is
 * *viewed* at an instant (seuil_scratch_view): the records up to it are folded on top of the
 * summary, and what is left is a list of terms, one for each rule with awards, from which score
 * (score.h), due time (due.h) and explanation (explain.h) are read. Private to lib/core. */

#ifndef SEUIL_CORE_SCRATCH_H
#define SEUIL_CORE_SCRATCH_H

#include "core/defer.h"
#include "core/engine.h"
#include "core/retract.h"
#include "core/tally.h"

/* Awards of one rule, ready to be evaluated at any instant from the view's on. */
struct seuil_term {
    const struct seuil_rule *rule;
    const struct seuil_tally *tally;
    uint16_t index; /* of the rule in the set */
    uint16_t half;  /* index in halves, for a half-life */
    bool is_half;
    bool is_aged;
    bool is_idle;     /* under inactivity */
    uint16_t scope;   /* if so: index in scopes */
    double sum;       /* half-life: of 2^((t - landmark) / H) */
    int64_t landmark; /* in half-lives */
};

/* What is under one inactivity. */
struct seuil_scope {
    uint16_t rule; /* the SCOPE: index in the set */
    const struct seuil_decay *decay;
    seuil_time_ms last; /* the last scoring event */
    double worth;       /* of all contributions then */
};

/* What does not decay, of one model. */
struct seuil_model_view {
    double fit;                /* clamped */
    double fit_raw;            /* before the clamp */
    double exclusion;          /* by attributes */
    uint32_t status;           /* its hash; 0: none */
    uint32_t open;             /* tiers whose condition holds, as bits */
    bool stands;               /* frozen: fit and exclusion are not those of the present profile */
    bool barred;               /* excluded by a command */
    seuil_time_ms muted_until; /* a recycle mutes the tiers of sales; SEUIL_TIME_NONE: none does */
    seuil_time_ms still; /* frozen: the instant at which the value stands; else SEUIL_TIME_NEVER */
    uint16_t term_first, term_count;
    bool change_known; /* the instant of its next change was looked for already */
    seuil_time_ms change;
};

struct seuil_scratch {
    const struct seuil_models *models;
    struct seuil_rules_scratch *rules;
    uint32_t key_mask;         /* of key_table: its size - 1 */
    const uint16_t *key_table; /* open addressing by rule key: index in the set + 1 */
    uint32_t tier_keys[SEUIL_MODELS_MAX][SEUIL_TIERS_MAX];
    struct seuil_model_view bare[SEUIL_MODELS_MAX]; /* of a lead without a profile */
    bool profile_counts[SEUIL_MODELS_MAX];          /* the model has fit criteria or exclusions */

    /* of the models, for deferring (defer.h) */
    bool plain; /* no model has a feature that forbids it */
    uint8_t traits[SEUIL_SET_RULES_MAX];
    double marks_up[SEUIL_MODELS_MAX][SEUIL_TIERS_MAX]; /* the highest score that stays */
    struct seuil_digest fresh;                          /* of a lead without history */

    struct seuil_hits hits;
    struct { /* `hits` are this event's, which is stepped next */
        const struct seuil_event *event;
        struct seuil_str id;
        struct seuil_position position;
    } matched;
    /* Of the profile, by the set's attributes; behind them what else conditions may ask for. */
    struct seuil_value values[SEUIL_ATTRIBUTES_MAX + SEUIL_STANDINGS];

    /* the bound lead */
    uint16_t rule_of[SEUIL_LEAD_RULES_MAX];  /* by slot: index in the set */
    bool has_roles;                          /* it has evidence of commands */
    bool has_timers;                         /* and of rules with instants of their own */
    bool has_quarantine;                     /* and of clicks that wait */
    uint16_t status_slot[SEUIL_MODELS_MAX];  /* if so: of the status rule, or SEUIL_NO_SLOT */
    uint16_t recycle_slot[SEUIL_MODELS_MAX]; /* likewise */

    /* the view */
    seuil_time_ms at;
    seuil_time_ms next_instant;               /* the first computed one after the view */
    seuil_time_ms reset_at[SEUIL_MODELS_MAX]; /* the last reset by silence in the view; 0: none */
    uint16_t seen; /* records of recent that are in the view; later ones wait */
    uint16_t term_count, half_count;
    /* Of models with shortcuts: until when one holds the lead in the tier. */
    seuil_time_ms held_until[SEUIL_MODELS_MAX][SEUIL_TIERS_MAX];
    struct seuil_model_view model[SEUIL_MODELS_MAX];
    struct seuil_term terms[SEUIL_LEAD_RULES_MAX]; /* by index of the rule */
    struct seuil_voids voids;                      /* of the view */
    /* Of a lead with clicks that wait: */
    uint16_t skip[SEUIL_RECENT_MAX + 1];       /* by place in recent: models it is no event for */
    seuil_time_ms next_verdict;                /* SEUIL_TIME_NEVER: none */
    seuil_time_ms wait_from[SEUIL_MODELS_MAX]; /* silences that end later wait */
    uint64_t waits[SEUIL_LEAD_RULES_MAX / 64]; /* slots of those that an event ended meanwhile */
    uint16_t scope_count;
    struct seuil_scope scopes[SEUIL_LEAD_RULES_MAX]; /* the inactivities in play */
    int64_t halves[SEUIL_LEAD_RULES_MAX];            /* the half-lives in play */
    double half_factor[SEUIL_LEAD_RULES_MAX];        /* at half_at: 2^-frac(t / H) */
    int64_t half_whole[SEUIL_LEAD_RULES_MAX];        /* floor(t / H) */
    seuil_time_ms half_at;
    uint64_t live_used[SEUIL_LEAD_RULES_MAX / 64];
    bool forgot;   /* of an absorption: objects of a rule that a lead has no room for */
    bool redecays; /* the bound lead must not change, and has tallies folded under another decay */
    struct seuil_tally live[SEUIL_LEAD_RULES_MAX]; /* by slot */
};

#define SEUIL_NO_RULE 0xffff

/* What is known of a rule. */
enum {
    SEUIL_TRAIT_BOUNDED = 1 << 0, /* its awards only fade, and do nothing else */
    SEUIL_TRAIT_PLAIN = 1 << 1,   /* bounded, and never negative: its events may be deferred */
    SEUIL_TRAIT_OBJECT = 1 << 2,  /* its records have an object */
    SEUIL_TRAIT_AGED = 1 << 3,    /* its awards end at an age */
    SEUIL_TRAIT_SIMPLE = 1 << 4,  /* all its events are awarded alike: seuil_tally_add */
};

/* Find the rules of @lead in the set. Evidence of rules that are gone, or whose meaning changed, is
 * dropped: whether there was any. That of rules whose decay changed goes on under the new one. */
bool seuil_scratch_bind(struct seuil_scratch *scratch, struct seuil_lead *lead);

/* The same for a lead that must not change: what would be dropped is passed over. */
void seuil_scratch_bind_const(struct seuil_scratch *scratch, const struct seuil_lead *lead);

/* The rule of @slot, which was added after the bind. */
void seuil_scratch_bind_slot(struct seuil_scratch *scratch, unsigned slot, unsigned rule);

/* Fold the records of the bound @lead up to @at. A tombstone is viewed as an empty lead. */
void seuil_scratch_view(struct seuil_scratch *scratch, const struct seuil_lead *lead,
                        seuil_time_ms at);

/* The index in the set of the rule of @key, or SEUIL_NO_RULE. */
unsigned seuil_scratch_rule(const struct seuil_scratch *scratch, uint32_t key);

/* The hits are those of @event; were they? */
static inline void seuil_scratch_matched(struct seuil_scratch *scratch,
                                         const struct seuil_event *event)
{
    scratch->matched.event = event;
    scratch->matched.id = event->id;
    scratch->matched.position = event->position;
}

static inline bool seuil_scratch_has_matched(const struct seuil_scratch *scratch,
                                             const struct seuil_event *event)
{
    const struct seuil_position *a = &scratch->matched.position, *b = &event->position;

    return scratch->matched.event == event && scratch->matched.id.ptr == event->id.ptr &&
           scratch->matched.id.len == event->id.len && a->offset == b->offset &&
           a->topic == b->topic && a->generation == b->generation && a->partition == b->partition;
}

/* Fill what deferring needs of the models (defer.c). */
void seuil_defer_prepare(struct seuil_scratch *scratch);

/* Go on from a lead's clock with a tier that is known to stay as it is: of pendings (engine.c). */
void seuil_engine_go_on(struct seuil_scratch *scratch, struct seuil_lead *lead,
                        struct seuil_outcome *ret_outcome);

#endif
