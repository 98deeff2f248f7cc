/* The story that `seuilctl demo` tells: some forty leads of a software vendor, 25 seconds long.
 *
 * A pure function of the seed: the same seed is the same list of events. Each lead is somebody:
 * buyers who read, compare and ask for a quote; curious readers; candidates who look for a job;
 * people whose mail programs open everything. */

#ifndef SEUIL_CTL_DEMO_STORY_H
#define SEUIL_CTL_DEMO_STORY_H

#include <stdint.h>

#include "core/event.h"

#define SEUIL_STORY_LEADS      40
#define SEUIL_STORY_EVENTS_MAX 1024
#define SEUIL_STORY_JSON_MAX   512

struct seuil_story_event {
    int64_t at_ms; /* since the demo began */
    enum seuil_kind kind;
    uint32_t lead;  /* 0 .. SEUIL_STORY_LEADS - 1 */
    uint32_t order; /* of making: ties stay as told */
};

struct seuil_story {
    uint32_t count;
    struct seuil_story_event events[SEUIL_STORY_EVENTS_MAX]; /* by at_ms */
    char bodies[SEUIL_STORY_EVENTS_MAX]
               [SEUIL_STORY_JSON_MAX]; /* by order: JSON fields after time */
};

void seuil_story_make(uint64_t seed, struct seuil_story *ret_story);

/* The lead's id ("camille.roux") and the name shown. */
const char *seuil_story_lead_id(uint32_t lead);

/* Canonical JSON of event @index, which happens at @start + at_ms; returns its length. */
uint32_t seuil_story_json(const struct seuil_story *story, uint32_t index, seuil_time_ms start,
                          char *out, uint32_t cap);

#endif
