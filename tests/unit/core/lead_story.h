/* A lead, a model from YAML, and events by name: what the stories of the core are told with. */

#ifndef SEUIL_UNIT_LEAD_STORY_H
#define SEUIL_UNIT_LEAD_STORY_H

#include <criterion/criterion.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/err.h"
#include "conf/model_load.h"
#include "core/engine.h"
#include "core/lead_codec.h"

#define T0  INT64_C(1772438400000) /* 2026-03-02T08:00:00Z */
#define DAY SEUIL_DAY_MS

struct story {
    struct seuil_models *models;
    struct seuil_scratch *scratch;
    void *memory;
    struct seuil_lead lead;
    struct seuil_outcome out;
    struct seuil_event event;
    struct seuil_entry entries[4];
    char id[32];
    int64_t offset;
};

static inline void story_model(struct story *story, const char *yaml)
{
    struct seuil_model_text text = {.name = "model.yaml", .bytes = yaml, .len = strlen(yaml)};
    struct seuil_errs errs = {0};

    story->models = seuil_models_parse(&text, 1, &errs);
    cr_assert(story->models, "the model is refused: %s", errs.count ? errs.list[0].text : "");
    free(story->memory);
    story->memory = calloc(1, seuil_scratch_size(story->models));
    story->scratch = seuil_scratch_init(story->memory, story->models, NULL);
}

static inline struct story *story_begin(const char *yaml)
{
    struct story *story = calloc(1, sizeof(*story));

    cr_assert(story);
    story_model(story, yaml);
    seuil_lead_init(&story->lead, SEUIL_STR("L1"));
    return story;
}

static inline void story_end(struct story *story)
{
    seuil_models_free(story->models);
    free(story->memory);
    free(story);
}

/* Let silence act up to @until; what came last stays in story->out. Returns the ticks. */
static inline unsigned silence(struct story *story, seuil_time_ms until)
{
    unsigned ticks = 0;

    while (story->lead.due <= until) {
        struct seuil_event tick = {.kind = SEUIL_KIND_TICK, .time = story->lead.due};

        seuil_engine_step(story->models, story->scratch, &tick, &story->lead, &story->out);
        ticks++;
        cr_assert(ticks < 1000);
    }
    return ticks;
}

static inline enum seuil_verdict step(struct story *story)
{
    silence(story, story->event.arrival);
    seuil_engine_step(story->models, story->scratch, &story->event, &story->lead, &story->out);
    return story->out.verdict;
}

static inline void prepare(struct story *story, enum seuil_kind kind, const char *id,
                           seuil_time_ms time)
{
    memset(&story->event, 0, sizeof(story->event));
    snprintf(story->id, sizeof(story->id), "%s", id);
    story->event.kind = kind;
    story->event.id = seuil_str_from(story->id);
    story->event.lead = SEUIL_STR("L1");
    story->event.time = story->event.arrival = time;
    story->event.position.offset = ++story->offset;
    story->event.map = story->entries;
}

static inline struct seuil_value text_value(const char *text)
{
    return (struct seuil_value){.type = SEUIL_TYPE_STRING, .s = seuil_str_from(text)};
}

/* An activity @name on @object (NULL: none). */
static inline enum seuil_verdict act_on(struct story *story, const char *id, const char *name,
                                        const char *object, seuil_time_ms time)
{
    prepare(story, SEUIL_KIND_ACTIVITY, id, time);
    story->event.field[SEUIL_FIELD_NAME] = text_value(name);
    if (object)
        story->event.field[SEUIL_FIELD_OBJECT] = text_value(object);
    return step(story);
}

static inline enum seuil_verdict act(struct story *story, const char *id, const char *name,
                                     seuil_time_ms time)
{
    return act_on(story, id, name, NULL, time);
}

static inline enum seuil_verdict profile(struct story *story, const char *id, const char *name,
                                         const char *value, seuil_time_ms time)
{
    prepare(story, SEUIL_KIND_PROFILE, id, time);
    story->event.map_count = 1;
    story->entries[0].key = seuil_str_from(name);
    story->entries[0].value = value ? text_value(value) : (struct seuil_value){0};
    return step(story);
}

static inline enum seuil_verdict command(struct story *story, const char *id, const char *name,
                                         seuil_time_ms time)
{
    prepare(story, SEUIL_KIND_COMMAND, id, time);
    story->event.field[SEUIL_FIELD_NAME] = text_value(name);
    story->event.field[SEUIL_FIELD_AUTHOR] = text_value("claire");
    return step(story);
}

static inline enum seuil_verdict adjust(struct story *story, const char *id, double points,
                                        seuil_time_ms until, seuil_time_ms time)
{
    prepare(story, SEUIL_KIND_COMMAND, id, time);
    story->event.field[SEUIL_FIELD_NAME] = text_value("adjust");
    story->entries[0] =
        (struct seuil_entry){SEUIL_STR("points"), {.type = SEUIL_TYPE_DOUBLE, .d = points}};
    story->entries[1] =
        (struct seuil_entry){SEUIL_STR("until"), {.type = SEUIL_TYPE_INT, .i = until}};
    story->event.map_count = until ? 2 : 1;
    return step(story);
}

static inline struct seuil_explanation *explain(struct story *story, seuil_time_ms at)
{
    static struct seuil_explanation explanation;

    seuil_engine_explain(story->models, story->scratch, &story->lead, 0, at, &explanation);
    return &explanation;
}

/* Unrounded, of the first model. */
static inline double exact_score(struct story *story, seuil_time_ms at)
{
    static struct seuil_explanation explanation;

    seuil_engine_explain(story->models, story->scratch, &story->lead, 0, at, &explanation);
    return explanation.exact;
}

static inline double score(struct story *story, seuil_time_ms at)
{
    return explain(story, at)->score;
}

static inline uint8_t tier(struct story *story)
{
    struct seuil_automaton *automaton =
        seuil_lead_automaton(&story->lead, story->models->models[0].key);

    return !automaton ? 0 : automaton->excluded ? SEUIL_TIER_EXCLUDED : automaton->under;
}

/* The only crossing of the last step. */
static inline const struct seuil_crossing *crossing(struct story *story)
{
    cr_assert_eq(story->out.crossing_count, 1, "%u crossings", story->out.crossing_count);
    return &story->out.crossings[0];
}

#endif
