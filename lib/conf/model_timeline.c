/* `tests:` timelines of events and what must come of them. */

#include <stdio.h>
#include <string.h>

#include "conf/model_read.h"
#include "conf/suggest.h"

#define NAME_MAX_BYTES 240

void seuil_timelines_done(struct seuil_timelines *timelines)
{
    seuil_arena_done(&timelines->arena);
    *timelines = (struct seuil_timelines){0};
}

void *seuil_timeline_alloc(struct seuil_timeline_reader *reader, size_t count, size_t size)
{
    void *ptr = seuil_arena_alloc(reader->arena, count, size);

    reader->model->nomem = reader->model->nomem || !ptr;
    return ptr;
}

const char *seuil_timeline_strdup(struct seuil_timeline_reader *reader, struct seuil_str text)
{
    const char *copy = seuil_arena_strdup(reader->arena, text.ptr, text.len);

    reader->model->nomem = reader->model->nomem || !copy;
    return copy;
}

int seuil_timeline_tier(struct seuil_timeline_reader *reader, const struct seuil_yaml_node *node)
{
    const struct seuil_model *model = reader->model->model;
    const char *names[SEUIL_TIERS_MAX + 1];
    uint16_t count = 0;
    struct seuil_str name;
    char hint[160];

    if (seuil_yaml_text(reader->model->doc, node, "tier", SEUIL_NAME_MAX, reader->model->errs,
                        &name))
        return -1;
    for (; count < model->tier_count; count++) {
        names[count] = model->tiers[count].name ? model->tiers[count].name : "";
        if (strcmp(names[count], name.ptr) == 0)
            return count;
    }
    names[count] = model->excluded_name;
    if (strcmp(names[count++], name.ptr) == 0)
        return SEUIL_TIER_EXCLUDED;
    seuil_model_error(reader->model, node, SEUIL_ERR_UNKNOWN, "there is no tier \"%.64s\"%s",
                      name.ptr, seuil_suggest_text(name, names, count, hint, sizeof(hint)));
    return -1;
}

static bool move_on(struct seuil_timeline_reader *reader, const struct seuil_yaml_node *node,
                    struct seuil_str text)
{
    int64_t stretch;

    if (!seuil_stretch_parse(text, &stretch)) {
        seuil_model_error(reader->model, node, SEUIL_ERR_FORMAT,
                          "\"%.64s\" is no stretch of time: write 3d, 3 jours, 2 h or 90 min",
                          text.ptr);
        return false;
    }
    reader->clock += stretch;
    return true;
}

static bool move_to(struct seuil_timeline_reader *reader, const struct seuil_yaml_node *node)
{
    seuil_time_ms time;

    if (!seuil_timeline_instant(reader, node, "at", &time))
        return false;
    if (time < reader->clock) {
        seuil_model_error(reader->model, node, SEUIL_ERR_INVALID,
                          "the clock is past this already, and goes forward only; the time of a "
                          "late event is written \"time\"");
        return false;
    }
    reader->clock = time;
    return true;
}

/* "après 3 jours", "after 3d": a step that is text. */
static bool read_words(struct seuil_timeline_reader *reader, const struct seuil_yaml_node *node)
{
    static const char *const words[] = {"après ", "apres ", "after "};
    struct seuil_str text = seuil_yaml_str(node);

    for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
        struct seuil_str word = seuil_str_from(words[i]);

        if (seuil_str_starts(text, word))
            return move_on(reader, node,
                           (struct seuil_str){text.ptr + word.len, text.len - word.len});
    }
    seuil_model_error(reader->model, node, SEUIL_ERR_FORMAT,
                      "a step is an event ({type: page_view, ...}), {expect: ...}, or a move of "
                      "the clock: \"après 3 jours\", {after: 3d}, {at: 2026-03-02 09:00}");
    return false;
}

static bool read_clock(struct seuil_timeline_reader *reader, const struct seuil_yaml_node *node)
{
    static const char *const moves[] = {"after", "après"};
    const struct seuil_yaml_node *at = seuil_yaml_find(node, "at");
    struct seuil_str text;

    for (int i = 0; i < 2; i++) {
        const struct seuil_yaml_node *move = seuil_yaml_find(node, moves[i]);

        if (move &&
            (seuil_yaml_text(reader->model->doc, move, moves[i], 64, reader->model->errs, &text) ||
             !move_on(reader, move, text)))
            return false;
    }
    return !at || move_to(reader, at);
}

/* The index of the lead that @node names, of the first one when it names none. */
static bool read_lead(struct seuil_timeline_reader *reader, const struct seuil_yaml_node *node,
                      uint8_t *ret_lead)
{
    const struct seuil_yaml_node *lead = seuil_yaml_find(node, "lead");
    struct seuil_timeline *timeline = reader->timeline;
    struct seuil_str name = SEUIL_STR("lead");

    if (lead &&
        seuil_yaml_text(reader->model->doc, lead, "lead", SEUIL_ID_MAX, reader->model->errs, &name))
        return false;
    if (!lead && timeline->lead_count) {
        *ret_lead = 0;
        return true;
    }
    for (uint8_t i = 0; i < timeline->lead_count; i++)
        if (strcmp(timeline->leads[i], name.ptr) == 0) {
            *ret_lead = i;
            return true;
        }
    if (name.len == 0 || timeline->lead_count == SEUIL_TIMELINE_LEADS_MAX) {
        seuil_model_error(reader->model, lead ? lead : node, SEUIL_ERR_LIMIT,
                          "a timeline has at most %d leads, and their ids are not empty",
                          SEUIL_TIMELINE_LEADS_MAX);
        return false;
    }
    *ret_lead = timeline->lead_count;
    timeline->leads[timeline->lead_count] = seuil_timeline_strdup(reader, name);
    return timeline->leads[timeline->lead_count++] != NULL;
}

/* Keys of events are looked at with their kind. */
static bool check_keys(struct seuil_timeline_reader *reader, const struct seuil_yaml_node *node)
{
    const char *names[SEUIL_KEYS_MAX];
    uint32_t count = seuil_keys_names(SEUIL_SECTION_STEP, names);
    bool good = true;
    char hint[160];

    for (uint32_t i = 0; i < node->count; i++) {
        struct seuil_str key = seuil_yaml_str(&node->keys[i]);

        if (seuil_key_find(SEUIL_SECTION_STEP, key) && strcmp(key.ptr, "id") != 0 &&
            strcmp(key.ptr, "time") != 0 && strcmp(key.ptr, "attributes") != 0)
            continue;
        seuil_model_error(reader->model, &node->keys[i], SEUIL_ERR_UNKNOWN,
                          seuil_field_find(key) >= 0 || seuil_key_find(SEUIL_SECTION_STEP, key)
                              ? "\"%.64s\" belongs to an event: its kind is missing, write "
                                "\"type: page_view\" or another%s"
                              : "unknown key \"%.64s\" of a step%s",
                          key.ptr, seuil_suggest_text(key, names, count, hint, sizeof(hint)));
        good = false;
    }
    return good;
}

static bool read_step(struct seuil_timeline_reader *reader, const struct seuil_yaml_node *node,
                      struct seuil_step_of_time *step)
{
    const struct seuil_yaml_node *type = seuil_yaml_find(node, "type");
    const struct seuil_yaml_node *expect = seuil_yaml_find(node, "expect");
    bool good = true;

    step->place = (struct seuil_place){node->line, node->column};
    if (node->kind == SEUIL_YAML_SCALAR && !seuil_yaml_is_null(node)) {
        good = read_words(reader, node);
        step->clock = reader->clock;
        return good;
    }
    if (!seuil_model_mapping(reader->model, node, "a step") ||
        (!type && !check_keys(reader, node)) || !read_clock(reader, node) ||
        !read_lead(reader, node, &step->lead))
        return false;
    step->clock = reader->clock;
    if (type) {
        step->event = seuil_timeline_event(reader, node, type);
        good = step->event != NULL;
        if (good)
            ((struct seuil_event *)step->event)->lead =
                seuil_str_from(reader->timeline->leads[step->lead]);
    }
    if (expect) {
        step->expect = seuil_timeline_expect(reader, expect);
        good = good && step->expect;
    }
    return good;
}

static void read_steps(struct seuil_timeline_reader *reader, const struct seuil_yaml_node *node)
{
    struct seuil_step_of_time *steps;
    bool expects = false;

    if (!seuil_model_list(reader->model, node, "timeline"))
        return;
    steps = seuil_timeline_alloc(reader, node->count, sizeof(*steps));
    if (!steps)
        return;
    reader->timeline->steps = steps;
    for (uint32_t i = 0; i < node->count && !reader->model->nomem; i++) {
        expects = expects || seuil_yaml_find(&node->items[i], "expect");
        if (read_step(reader, &node->items[i], &steps[reader->timeline->step_count]))
            reader->timeline->step_count++;
    }
    if (!expects && !reader->timeline->ideal)
        seuil_model_error(reader->model, node, SEUIL_ERR_MISSING,
                          "this test expects nothing, so it cannot fail: add {expect: {score: 40, "
                          "tier: chaud}}");
}

static struct seuil_timeline *add_timeline(struct seuil_model_reader *reader)
{
    struct seuil_timelines *timelines = reader->timelines;

    if (timelines->count == timelines->cap) {
        uint32_t cap = timelines->cap ? 2 * timelines->cap : 16;
        struct seuil_timeline *list =
            seuil_arena_alloc(&timelines->arena, cap, sizeof(*timelines->list));

        if (!list) {
            reader->nomem = true;
            return NULL;
        }
        if (timelines->count)
            memcpy(list, timelines->list, timelines->count * sizeof(*list));
        timelines->list = list;
        timelines->cap = cap;
    }
    return &timelines->list[timelines->count++];
}

/* A sentence: longer than names are. */
static void read_name(struct seuil_timeline_reader *reader, const struct seuil_yaml_node *node)
{
    const struct seuil_yaml_node *name =
        seuil_model_need(reader->model, node, "name", "a test of the model");
    struct seuil_str text;

    reader->timeline->name = "";
    if (name && !seuil_yaml_text(reader->model->doc, name, "name", NAME_MAX_BYTES,
                                 reader->model->errs, &text))
        reader->timeline->name = seuil_timeline_strdup(reader, text);
}

static void read_timeline(struct seuil_model_reader *model, const struct seuil_yaml_node *node,
                          uint32_t first)
{
    struct seuil_timeline *timeline;
    struct seuil_timeline_reader reader = {
        .model = model, .arena = &model->timelines->arena, .clock = SEUIL_TIMELINE_BEGIN_MS};
    const struct seuil_yaml_node *ideal, *begin, *steps;
    uint8_t lead;

    if (!seuil_model_mapping(model, node, "a test of the model"))
        return;
    seuil_model_keys(model, node, SEUIL_SECTION_TIMELINE);
    timeline = add_timeline(model);
    if (!timeline)
        return;
    reader.timeline = timeline;
    timeline->place = (struct seuil_place){node->line, node->column};
    timeline->model = model->model->index;
    read_name(&reader, node);
    for (uint32_t i = first; timeline->name && timeline->name[0] && i + 1 < model->timelines->count;
         i++)
        if (model->timelines->list[i].name &&
            strcmp(model->timelines->list[i].name, timeline->name) == 0)
            seuil_model_error(model, seuil_model_name_node(node), SEUIL_ERR_INVALID,
                              "there is a test called \"%s\" already", timeline->name);
    ideal = seuil_yaml_find(node, "ideal");
    begin = seuil_yaml_find(node, "begin");
    if (ideal)
        seuil_yaml_bool(model->doc, ideal, "ideal", model->errs, &timeline->ideal);
    if (begin)
        seuil_timeline_instant(&reader, begin, "begin", &reader.clock);
    if (!read_lead(&reader, node, &lead))
        return;
    steps = seuil_model_need(model, node, "timeline", "a test of the model");
    if (steps)
        read_steps(&reader, steps);
}

void seuil_model_timelines(struct seuil_model_reader *reader)
{
    const struct seuil_yaml_node *node = seuil_yaml_find(reader->root, "tests");
    uint32_t first = reader->timelines->count;

    if (!node || !seuil_model_list(reader, node, "tests"))
        return;
    for (uint32_t i = 0; i < node->count && !reader->nomem; i++)
        read_timeline(reader, &node->items[i], first);
}
