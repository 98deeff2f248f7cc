/* Random small models and histories, from one seed, for the properties of the core. */

#ifndef SEUIL_PROPERTY_WORLD_H
#define SEUIL_PROPERTY_WORLD_H

#include "core/engine.h"
#include "core/lead_codec.h"

#define WORLD_EVENTS_MAX 400
#define WORLD_NAMES      8
#define WORLD_ATTRIBUTES 4

struct world_event {
    struct seuil_event event;
    struct seuil_entry entries[3];
    char id[24];
    char name[8], object[8];
};

/* How a world is drawn. */
struct world_options {
    bool fast;          /* durations of milliseconds to seconds, for walks by 1 ms */
    bool exact;         /* only decays whose folded part is exact */
    int64_t horizon_ms; /* 0: 7 days */
    unsigned events;    /* at most */
    int64_t span_ms;    /* event times lie in so much */
    bool profile, adjust, ties, ahead;
    bool sales;      /* commands, statuses, shortcuts, alerts, grades, conditions on them */
    bool retract;    /* some events void others */
    bool quarantine; /* some models have one */
    bool calm;       /* mostly decays whose events may be deferred, and marks far apart */
    bool mixed;      /* calm, but for rules of several events, frequencies, silences, quarantines */
    bool plain;      /* no limits but those per lead, nothing of several events: a union is exact */
    bool lasting;    /* and each rule has one, and no age bound ends: every award is kept */
};

struct world {
    uint64_t random;
    struct seuil_models models;
    struct seuil_model model[2];
    struct seuil_rule *rules;
    struct seuil_scratch *scratch;
    void *scratch_memory;
    bool sales;
    unsigned event_count;
    struct world_event events[WORLD_EVENTS_MAX];
    struct seuil_lead *lead, *other;
    unsigned expiries; /* of whole leads so far: they forget what is worth nothing */
};

#define WORLD_START INT64_C(1767225600000)

uint64_t world_random(struct world *world);
/* In [0, below). */
uint64_t world_below(struct world *world, uint64_t below);
bool world_chance(struct world *world, unsigned percent);

void world_init(struct world *world, uint64_t seed, const struct world_options *options);
void world_done(struct world *world);

/* Another decay for every rule, as when a model file has changed. */
void world_redecay(struct world *world, const struct world_options *options);

/* Step @event after letting silence act up to its time; NULL: silence alone up to @until. Crossings
 * are checked (sums of lines, marks). The outcome of the event is returned. */
const struct seuil_outcome *world_step(struct world *world, struct seuil_lead *lead,
                                       const struct seuil_event *event, seuil_time_ms until);
const struct seuil_outcome *world_step_raw(struct world *world, struct seuil_lead *lead,
                                           const struct seuil_event *event);

/* The bytes of the lead's evidence: the state without what has a history. */
size_t world_evidence(struct world *world, const struct seuil_lead *lead, uint8_t *out);

/* The score by SCORING.md, literally, from the whole history: no fold, no horizon. */
double world_literal_score(const struct world *world, unsigned model, seuil_time_ms at);

/* Save and load. */
void world_repack(struct world *world, struct seuil_lead *lead);

/* Print a failure and exit. */
_Noreturn void world_fail(const struct world *world, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

extern uint64_t world_seed; /* of the case that runs */

#endif
