/* The tests inside a model file: timelines of events and moves of the clock, with what must be true
 * at their end or on the way. They run through the engine as everything else does: silence acts up
 * to each instant first, then the event is applied.
 *
 * A clock goes forward only. Each event arrives at the clock; its own time is the clock too unless
 * `time` says another (an event that was late, or one from a clock that runs ahead). */

#ifndef SEUIL_CONF_TIMELINE_H
#define SEUIL_CONF_TIMELINE_H

#include "base/arena.h"
#include "base/errs.h"
#include "core/engine.h"

/* Leads of one timeline: two that merge, and one to compare with. */
#define SEUIL_TIMELINE_LEADS_MAX 8
/* Where the clock of a timeline stands at first: Monday 2026-01-05, 08:00 UTC. */
#define SEUIL_TIMELINE_BEGIN_MS (INT64_C(20458) * SEUIL_DAY_MS + 8 * SEUIL_HOUR_MS)

struct seuil_place {
    int line, column;
};

/* Which of the numbers and texts of an expectation are given. */
enum seuil_expected {
    SEUIL_EXPECT_SCORE = 1 << 0,
    SEUIL_EXPECT_FIT = 1 << 1,
    SEUIL_EXPECT_TIER = 1 << 2,
    SEUIL_EXPECT_EVENTS = 1 << 3,
    SEUIL_EXPECT_VERDICT = 1 << 4,
    SEUIL_EXPECT_UNTIL = 1 << 5,
    SEUIL_EXPECT_COUNT = 1 << 6,
    SEUIL_EXPECT_POINTS = 1 << 7,
    SEUIL_EXPECT_REASON = 1 << 8,
    SEUIL_EXPECT_FROM = 1 << 9,
    SEUIL_EXPECT_UP = 1 << 10,
    SEUIL_EXPECT_AT = 1 << 11,
    SEUIL_EXPECT_LIMITED = 1 << 12,
    SEUIL_EXPECT_GRADE = 1 << 13,
    SEUIL_EXPECT_COMPLETENESS = 1 << 14,
    SEUIL_EXPECT_SINCE = 1 << 15,
    SEUIL_EXPECT_LINE = 1 << 16, /* the line is there; without it: it is not */
};

/* A line of the explanation. */
struct seuil_expect_line {
    struct seuil_place place;
    const char *rule;
    unsigned given; /* set of enum seuil_expected: LINE, SCORE (its points now), POINTS, ... */
    double now, points;
    uint32_t count;
    const char *limited_by;
};

/* A crossing that went out. */
struct seuil_expect_crossing {
    struct seuil_place place;
    unsigned given;
    uint8_t tier, from;
    bool up;
    enum seuil_reason reason;
    seuil_time_ms at, since;
    double score;
    const char *grade;
};

struct seuil_expect {
    struct seuil_place place;
    unsigned given;
    double score, fit, completeness;
    const char *grade;
    uint8_t tier;
    enum seuil_verdict verdict; /* of the last event */
    seuil_time_ms until;        /* SEUIL_TIME_NEVER: it stays */
    /* All that went out since the last expectation of events, in their order; none: nothing did. */
    const struct seuil_expect_crossing *crossings;
    uint32_t crossing_count;
    const struct seuil_expect_line *lines;
    uint32_t line_count;
};

/* One item: the clock moves, then the event, then the expectation; each may be missing. */
struct seuil_step_of_time {
    struct seuil_place place;
    seuil_time_ms clock;
    uint8_t lead; /* index in the timeline's leads, of event and expectation */
    const struct seuil_event *event;
    const struct seuil_expect *expect;
};

struct seuil_timeline {
    struct seuil_place place;
    const char *name;
    bool ideal; /* the ideal profile: it must reach the tier from which on sales is told */
    uint16_t model;
    const char *leads[SEUIL_TIMELINE_LEADS_MAX];
    uint8_t lead_count;
    const struct seuil_step_of_time *steps;
    uint32_t step_count;
};

/* Zero-initialise. */
struct seuil_timelines {
    struct seuil_arena arena;
    struct seuil_timeline *list; /* of all models of the set, in their order */
    uint32_t count, cap;
};

void seuil_timelines_done(struct seuil_timelines *timelines);

/* What was expected and what was. */
struct seuil_difference {
    struct seuil_place place;
    seuil_time_ms at; /* the clock */
    char what[96];    /* "score", "tier", "events", "line tarifs" */
    char wanted[192];
    char got[192];
};

/* What is kept of one timeline that failed. */
#define SEUIL_DIFFERENCES_MAX 16

struct seuil_timeline_result {
    uint32_t difference_count; /* more than the list's size when it was full */
    struct seuil_difference differences[SEUIL_DIFFERENCES_MAX];
    uint32_t bytes;  /* of the largest lead's packed state at the end */
    uint8_t highest; /* tier that the first lead ever was in, without exclusions */
    /* Where the lead of the first difference (none: the first lead) stood, to show why. */
    seuil_time_ms at;
    uint8_t tier;
    struct seuil_explanation explanation;
};

/* Runs timelines, one after the other. */
struct seuil_timeline_runner;

/* For @models, which must outlive it; NULL when memory is out. */
struct seuil_timeline_runner *seuil_timeline_runner_new(const struct seuil_models *models);
void seuil_timeline_runner_free(struct seuil_timeline_runner *runner);

/* Run one and say what differs. */
void seuil_timeline_run(struct seuil_timeline_runner *runner, const struct seuil_timeline *timeline,
                        struct seuil_timeline_result *ret_result);

#endif
