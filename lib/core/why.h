/* Why is a lead not in the next tier yet, and what would bring it there? (SCORING 9, explain) */

#ifndef SEUIL_CORE_WHY_H
#define SEUIL_CORE_WHY_H

#include "core/engine.h"

/* More tests than these in one answer help nobody. */
#define SEUIL_NEEDS_MAX 6

/* A test of an attribute, of the grade or of the status that would have to turn out otherwise. */
struct seuil_need {
    const char *name; /* of the attribute, "grade" or "status" */
    const struct seuil_condition *test;
    bool against; /* it must not hold, and does */
    bool unknown; /* the lead has no value for it */
};

/* Of a condition that does not hold: the fewest tests which, turned round, would make it hold. */
struct seuil_needs {
    uint32_t count;
    struct seuil_need list[SEUIL_NEEDS_MAX];
};

/* An exclusion that counts now. */
struct seuil_bar {
    const char *name;
    const char *label;
    double points;
    bool profile; /* by an attribute, else by events */
    bool enough;  /* without this one alone the lead would not be excluded */
};

/* What would bring the lead nearer. */
struct seuil_way {
    const char *name; /* of a rule or a criterion */
    const char *label;
    double gain; /* points that the next award, or the profile, gives now; floors, ceilings,
                    limits and the model's other parts as they stand */
    uint32_t
        events;     /* so many events make that award: of a frequency, of several that belong
                       together, of a series those that are still missing; 0: the profile is meant */
    uint32_t times; /* so many events at once would do; 0: not by itself, or the profile is meant */
    bool profile;   /* a criterion of fit */
    bool shortcut;  /* the rule puts the lead straight into the tier, or a higher one */
    bool silent;    /* a silence gives it, if it goes on until `from` */
    seuil_time_ms from; /* not before: of a silence, or a recency that asks for a pause;
                           SEUIL_TIME_NONE: now */
    bool waits;         /* its points count only while a condition holds that does not hold now */
    struct seuil_needs needs; /* if so: what would make it hold */
};

struct seuil_why {
    uint8_t tier;       /* the next tier above; 0: there is none, or nothing can be said */
    bool excluded;      /* no score lifts the lead out */
    bool barred;        /* by a command, which another one has to take back */
    double exclusion;   /* excluded: the sum of the exclusions, which must rise above the mark */
    uint32_t bar_count; /* excluded: the exclusions, the gravest first */
    struct seuil_bar bars[SEUIL_WAYS_MAX];
    bool frozen;              /* it stands still because of its status */
    bool closed;              /* the condition of the tier does not hold, whatever the score */
    struct seuil_needs needs; /* closed: what would make it hold */
    char letter; /* closed: with this letter, the least better one, it would hold; 0: with none */
    double letter_missing; /* points of fit to that letter */
    bool reopened;         /* closed: without its status it would hold */
    double missing; /* points to its mark, exact; 0 or less: a strict mark is met exactly, or only
                       the condition is missing */
    seuil_time_ms held_until; /* a shortcut holds the present tier; SEUIL_TIME_NONE: none does */
    seuil_time_ms told_at;    /* the entry into the present tier is told then; SEUIL_TIME_NEVER: no
                                 entry waits */
    uint32_t way_count;
    struct seuil_way ways[SEUIL_WAYS_MAX]; /* shortcuts, what does it by itself, the rest, what
                                              counts later only, what waits for a condition; the
                                              least effort first */
};

/* As seuil_engine_explain: 0, or SEUIL_ERR_LATE when @at was moved up to the fold point. */
int seuil_engine_why(const struct seuil_models *models, struct seuil_scratch *scratch,
                     const struct seuil_lead *lead, uint16_t model, seuil_time_ms at,
                     struct seuil_why *ret_why);

#endif
