/* Runs the tests of model files through the engine, and says what differs. */

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/heap.h"
#include "conf/regex.h"
#include "conf/timeline.h"
#include "core/away.h"
#include "core/lead_codec.h"
#include "core/time_text.h"

/* Instants at which silence acts, in one timeline: centuries of hundredths of seconds end here. */
#define TICKS_MAX 100000

/* A crossing that went out and that no expectation has taken yet. */
struct out {
    uint8_t lead, tier, from;
    bool up;
    enum seuil_reason reason;
    seuil_time_ms at, since;
    double score;
    char grade[SEUIL_GRADE_MAX];
};

struct seuil_timeline_runner {
    const struct seuil_models *models;
    const struct seuil_model *model;
    const struct seuil_timeline *timeline;
    struct seuil_timeline_result *result;
    void *regex, *scratch_memory;
    struct seuil_scratch *scratch;
    struct seuil_lead *leads[SEUIL_TIMELINE_LEADS_MAX];
    uint8_t person[SEUIL_TIMELINE_LEADS_MAX]; /* the lead that it is; itself, until it is merged */
    struct seuil_outcome outcome;
    struct seuil_explanation explanation;
    struct seuil_difference beyond; /* counted, not kept */
    struct out *outs;
    uint32_t out_count, out_cap;
    enum seuil_verdict verdict; /* of the last event */
    uint32_t ticks;             /* of this timeline */
    bool stuck, nomem;
};

struct seuil_timeline_runner *seuil_timeline_runner_new(const struct seuil_models *models)
{
    struct seuil_timeline_runner *runner = seuil_heap_zalloc(1, sizeof(*runner));

    if (!runner)
        return NULL;
    runner->models = models;
    runner->regex = seuil_models_regex_new(models);
    if (!runner->regex || posix_memalign(&runner->scratch_memory, 64, seuil_scratch_size(models))) {
        runner->scratch_memory = NULL;
        seuil_timeline_runner_free(runner);
        return NULL;
    }
    runner->scratch = seuil_scratch_init(runner->scratch_memory, models, runner->regex);
    return runner;
}

void seuil_timeline_runner_free(struct seuil_timeline_runner *runner)
{
    if (!runner)
        return;
    for (int i = 0; i < SEUIL_TIMELINE_LEADS_MAX; i++)
        seuil_heap_free(runner->leads[i]);
    seuil_heap_free(runner->outs);
    seuil_models_regex_free(runner->regex);
    free(runner->scratch_memory);
    seuil_heap_free(runner);
}

/* ---- differences -------------------------------------------------------------------------- */

static struct seuil_difference *differs(struct seuil_timeline_runner *runner,
                                        struct seuil_place place, seuil_time_ms at)
{
    struct seuil_timeline_result *result = runner->result;
    struct seuil_difference *difference;

    result->difference_count++;
    if (result->difference_count > SEUIL_DIFFERENCES_MAX)
        return &runner->beyond;
    difference = &result->differences[result->difference_count - 1];
    *difference = (struct seuil_difference){.place = place, .at = at};
    return difference;
}

/* Never "-0.00". */
static void format_cents(double value, char *out, size_t cap)
{
    snprintf(out, cap, "%.2f", fabs(value) < 0.005 ? 0.0 : value);
}

static void compare_cents(struct seuil_timeline_runner *runner, struct seuil_place place,
                          seuil_time_ms at, const char *what, double wanted, double got)
{
    struct seuil_difference *difference;

    if (fabs(wanted - got) < 0.005)
        return;
    difference = differs(runner, place, at);
    snprintf(difference->what, sizeof(difference->what), "%s", what);
    format_cents(wanted, difference->wanted, sizeof(difference->wanted));
    format_cents(got, difference->got, sizeof(difference->got));
}

static void compare_text(struct seuil_timeline_runner *runner, struct seuil_place place,
                         seuil_time_ms at, const char *what, const char *wanted, const char *got)
{
    struct seuil_difference *difference;

    if (strcmp(wanted, got) == 0)
        return;
    difference = differs(runner, place, at);
    snprintf(difference->what, sizeof(difference->what), "%s", what);
    snprintf(difference->wanted, sizeof(difference->wanted), "%s", wanted);
    snprintf(difference->got, sizeof(difference->got), "%s", got);
}

static void format_time(seuil_time_ms time, char out[32])
{
    if (time == SEUIL_TIME_NEVER || time == SEUIL_TIME_NONE)
        strcpy(out, "never");
    else
        seuil_time_format(time, out);
}

static void compare_time(struct seuil_timeline_runner *runner, struct seuil_place place,
                         seuil_time_ms at, const char *what, seuil_time_ms wanted,
                         seuil_time_ms got)
{
    char a[32], b[32];

    format_time(wanted, a);
    format_time(got, b);
    compare_text(runner, place, at, what, a, b);
}

/* ---- running ------------------------------------------------------------------------------ */

static uint8_t tier_of(const struct seuil_timeline_runner *runner, const struct seuil_lead *lead,
                       bool beneath)
{
    for (uint16_t i = 0; i < lead->automaton_count; i++)
        if (lead->automata[i].model == runner->model->key)
            return lead->automata[i].excluded && !beneath ? SEUIL_TIER_EXCLUDED
                                                          : lead->automata[i].under;
    return 0;
}

static void keep_out(struct seuil_timeline_runner *runner, uint8_t lead,
                     const struct seuil_crossing *crossing)
{
    struct out *out;

    if (runner->out_count == runner->out_cap) {
        uint32_t cap = runner->out_cap ? 2 * runner->out_cap : 16;
        void *outs = seuil_heap_realloc(runner->outs, cap * sizeof(*runner->outs));

        if (!outs) {
            runner->nomem = true;
            return;
        }
        runner->outs = outs;
        runner->out_cap = cap;
    }
    out = &runner->outs[runner->out_count++];
    *out = (struct out){.lead = lead,
                        .tier = crossing->tier,
                        .from = crossing->tier_before,
                        .up = crossing->up,
                        .reason = crossing->reason,
                        .at = crossing->effective,
                        .since = crossing->since,
                        .score = crossing->explanation.score};
    memcpy(out->grade, crossing->explanation.grade, sizeof(out->grade));
}

/* What was asked of the lead @index came to pass, as the outcome says. */
static void told(struct seuil_timeline_runner *runner, uint8_t index)
{
    struct seuil_lead *lead = runner->leads[index];
    struct seuil_timeline_result *result = runner->result;
    uint8_t tier;

    for (uint32_t i = 0; i < runner->outcome.crossing_count; i++)
        if (runner->outcome.crossings[i].model == runner->timeline->model &&
            runner->outcome.crossings[i].publish)
            keep_out(runner, index, &runner->outcome.crossings[i]);
    tier = tier_of(runner, lead, false);
    if (index == 0 && tier != SEUIL_TIER_EXCLUDED && tier > result->highest)
        result->highest = tier;
}

static void step(struct seuil_timeline_runner *runner, uint8_t index,
                 const struct seuil_event *event)
{
    seuil_engine_step(runner->models, runner->scratch, event, runner->leads[index],
                      &runner->outcome);
    told(runner, index);
}

/* From now on all that is of lead @from is of @into, also what was merged into it before. */
static void merge(struct seuil_timeline_runner *runner, uint8_t from,
                  const struct seuil_event *event, const struct seuil_merge *asked)
{
    uint8_t to = 0;

    runner->outcome = (struct seuil_outcome){.verdict = SEUIL_VERDICT_REFUSED};
    while (to < runner->timeline->lead_count &&
           !seuil_str_eq(asked->into, seuil_str_from(runner->timeline->leads[to])))
        to++;
    if (to == runner->timeline->lead_count)
        return;
    to = runner->person[to];
    if (to == from) {
        runner->outcome.verdict = SEUIL_VERDICT_DUPLICATE; /* they are one already */
        return;
    }
    runner->outcome.verdict =
        seuil_engine_may_leave(runner->models, event, asked, runner->leads[from]);
    if (runner->outcome.verdict != SEUIL_VERDICT_APPLIED)
        return;
    seuil_engine_merge(runner->models, runner->scratch, event, runner->leads[from],
                       runner->leads[to], &runner->outcome);
    for (uint8_t i = 0; i < runner->timeline->lead_count; i++)
        if (runner->person[i] == from)
            runner->person[i] = to;
    seuil_lead_init(runner->leads[from],
                    (struct seuil_str){runner->leads[from]->id, runner->leads[from]->id_len});
    told(runner, to);
}

/* Let silence act on all leads up to @time, each on its own. */
static void advance(struct seuil_timeline_runner *runner, seuil_time_ms time)
{
    for (uint8_t i = 0; i < runner->timeline->lead_count; i++) {
        struct seuil_lead *lead = runner->leads[i];

        while (lead->due <= time && !runner->stuck) {
            seuil_time_ms due = lead->due;
            struct seuil_event tick = {.kind = SEUIL_KIND_TICK,
                                       .lead = {lead->id, lead->id_len},
                                       .time = due,
                                       .arrival = due};

            step(runner, i, &tick);
            runner->stuck = lead->due <= due || ++runner->ticks > TICKS_MAX;
        }
    }
}

/* ---- comparing ---------------------------------------------------------------------------- */

static const struct seuil_line *find_line(const struct seuil_explanation *explanation,
                                          const char *rule)
{
    for (uint32_t i = 0; i < explanation->line_count; i++)
        if (strcmp(explanation->lines[i].rule, rule) == 0)
            return &explanation->lines[i];
    return NULL;
}

static void compare_line(struct seuil_timeline_runner *runner,
                         const struct seuil_expect_line *wanted, seuil_time_ms at,
                         const struct seuil_explanation *explanation)
{
    const struct seuil_line *line = find_line(explanation, wanted->rule);
    char what[96], a[32], b[32];

    snprintf(what, sizeof(what), "line %s", wanted->rule);
    if (!line || !(wanted->given & SEUIL_EXPECT_LINE)) {
        if (!line != !(wanted->given & SEUIL_EXPECT_LINE))
            compare_text(runner, wanted->place, at, what, line ? "none" : "a line",
                         line ? "a line" : "none");
        return;
    }
    if (wanted->given & SEUIL_EXPECT_SCORE)
        compare_cents(runner, wanted->place, at, what, wanted->now, line->now);
    snprintf(what, sizeof(what), "line %s, points", wanted->rule);
    if (wanted->given & SEUIL_EXPECT_POINTS)
        compare_cents(runner, wanted->place, at, what, wanted->points, line->points);
    snprintf(what, sizeof(what), "line %s, count", wanted->rule);
    snprintf(a, sizeof(a), "%u", wanted->count);
    snprintf(b, sizeof(b), "%u", line->count);
    if (wanted->given & SEUIL_EXPECT_COUNT)
        compare_text(runner, wanted->place, at, what, a, b);
    snprintf(what, sizeof(what), "line %s, limited_by", wanted->rule);
    if (wanted->given & SEUIL_EXPECT_LIMITED)
        compare_text(runner, wanted->place, at, what,
                     wanted->limited_by[0] ? wanted->limited_by : "none",
                     line->limited_by[0] ? line->limited_by : "none");
}

static bool same_crossing(const struct seuil_expect_crossing *wanted, const struct out *out)
{
    unsigned given = wanted->given;

    return (!(given & SEUIL_EXPECT_TIER) || wanted->tier == out->tier) &&
           (!(given & SEUIL_EXPECT_FROM) || wanted->from == out->from) &&
           (!(given & SEUIL_EXPECT_UP) || wanted->up == out->up) &&
           (!(given & SEUIL_EXPECT_REASON) || wanted->reason == out->reason) &&
           (!(given & SEUIL_EXPECT_AT) || wanted->at == out->at) &&
           (!(given & SEUIL_EXPECT_SINCE) || wanted->since == out->since) &&
           (!(given & SEUIL_EXPECT_SCORE) || fabs(wanted->score - out->score) < 0.005) &&
           (!(given & SEUIL_EXPECT_GRADE) || strcmp(wanted->grade, out->grade) == 0);
}

/* As the expectation writes it, with what it asks for. */
static void format_wanted(const struct seuil_timeline_runner *runner,
                          const struct seuil_expect_crossing *wanted, char *out, size_t cap)
{
    size_t n = (size_t)snprintf(out, cap, "%s", seuil_model_tier_name(runner->model, wanted->tier));
    char text[32];

#define ADD(...) n += n < cap ? (size_t)snprintf(out + n, cap - n, __VA_ARGS__) : 0
    if (wanted->given & SEUIL_EXPECT_FROM)
        ADD(" from %s", seuil_model_tier_name(runner->model, wanted->from));
    if (wanted->given & SEUIL_EXPECT_UP)
        ADD(", %s", wanted->up ? "up" : "down");
    if (wanted->given & SEUIL_EXPECT_REASON)
        ADD(", reason %s", seuil_reason_name(wanted->reason));
    if (wanted->given & SEUIL_EXPECT_SCORE)
        ADD(", score %.2f", wanted->score);
    if (wanted->given & SEUIL_EXPECT_GRADE && wanted->grade[0])
        ADD(", grade %s", wanted->grade);
    if (wanted->given & SEUIL_EXPECT_AT) {
        format_time(wanted->at, text);
        ADD(", at %s", text);
    }
    if (wanted->given & SEUIL_EXPECT_SINCE && wanted->since != SEUIL_TIME_NONE) {
        format_time(wanted->since, text);
        ADD(", since %s", text);
    }
#undef ADD
}

static void format_out(const struct seuil_timeline_runner *runner, const struct out *crossing,
                       char *out, size_t cap)
{
    struct seuil_expect_crossing all = {.given = ~0u,
                                        .tier = crossing->tier,
                                        .from = crossing->from,
                                        .up = crossing->up,
                                        .reason = crossing->reason,
                                        .at = crossing->at,
                                        .since = crossing->since,
                                        .score = crossing->score,
                                        .grade = crossing->grade};

    format_wanted(runner, &all, out, cap);
}

/* In their order, one by one; what is missing or too much is told at the end. */
static void compare_crossings(struct seuil_timeline_runner *runner,
                              const struct seuil_expect *expect, uint8_t lead, seuil_time_ms at)
{
    uint32_t taken = 0, kept = 0;

    for (uint32_t i = 0; i < runner->out_count; i++) {
        const struct out *out = &runner->outs[i];
        bool more = taken < expect->crossing_count;
        struct seuil_difference *difference;

        if (out->lead != lead) {
            runner->outs[kept++] = *out;
            continue;
        }
        if (!more || !same_crossing(&expect->crossings[taken], out)) {
            difference = differs(runner, more ? expect->crossings[taken].place : expect->place, at);
            snprintf(difference->what, sizeof(difference->what), "event %u", taken + 1);
            strcpy(difference->wanted, "none");
            if (more)
                format_wanted(runner, &expect->crossings[taken], difference->wanted,
                              sizeof(difference->wanted));
            format_out(runner, out, difference->got, sizeof(difference->got));
        }
        taken++;
    }
    for (; taken < expect->crossing_count; taken++) {
        struct seuil_difference *difference = differs(runner, expect->crossings[taken].place, at);

        snprintf(difference->what, sizeof(difference->what), "event %u", taken + 1);
        format_wanted(runner, &expect->crossings[taken], difference->wanted,
                      sizeof(difference->wanted));
        strcpy(difference->got, "none");
    }
    runner->out_count = kept;
}

static void compare(struct seuil_timeline_runner *runner, const struct seuil_expect *expect,
                    uint8_t index, seuil_time_ms clock)
{
    struct seuil_timeline_result *result = runner->result;
    struct seuil_lead *lead = runner->leads[index];
    uint8_t tier = tier_of(runner, lead, false);
    seuil_time_ms at = clock > lead->clock ? clock : lead->clock;
    struct seuil_explanation *explanation = &runner->explanation;
    uint32_t before = result->difference_count;

    seuil_engine_explain(runner->models, runner->scratch, lead, runner->timeline->model, at,
                         explanation);
    if (expect->given & SEUIL_EXPECT_SCORE)
        compare_cents(runner, expect->place, at, "score", expect->score, explanation->score);
    if (expect->given & SEUIL_EXPECT_FIT)
        compare_cents(runner, expect->place, at, "fit", expect->fit, explanation->fit);
    if (expect->given & SEUIL_EXPECT_GRADE)
        compare_text(runner, expect->place, at, "grade", expect->grade, explanation->grade);
    if (expect->given & SEUIL_EXPECT_COMPLETENESS)
        compare_cents(runner, expect->place, at, "completeness", expect->completeness,
                      explanation->completeness);
    if (expect->given & SEUIL_EXPECT_TIER)
        compare_text(runner, expect->place, at, "tier",
                     seuil_model_tier_name(runner->model, expect->tier),
                     seuil_model_tier_name(runner->model, tier));
    if (expect->given & SEUIL_EXPECT_VERDICT)
        compare_text(runner, expect->place, at, "verdict", seuil_verdict_name(expect->verdict),
                     seuil_verdict_name(runner->verdict));
    if (expect->given & SEUIL_EXPECT_UNTIL)
        compare_time(runner, expect->place, at, "until", expect->until,
                     seuil_engine_qualified_until(runner->models, runner->scratch, lead,
                                                  runner->timeline->model));
    for (uint32_t i = 0; i < expect->line_count; i++)
        compare_line(runner, &expect->lines[i], at, explanation);
    if (expect->given & SEUIL_EXPECT_EVENTS)
        compare_crossings(runner, expect, index, at);
    if (before == 0 && result->difference_count > 0) {
        result->at = at;
        result->tier = tier;
        result->explanation = *explanation;
    }
}

static bool begin(struct seuil_timeline_runner *runner, const struct seuil_timeline *timeline,
                  struct seuil_timeline_result *result)
{
    memset(result, 0, sizeof(*result));
    runner->timeline = timeline;
    runner->model = &runner->models->models[timeline->model];
    runner->result = result;
    runner->out_count = 0;
    runner->verdict = SEUIL_VERDICT_APPLIED;
    runner->stuck = false;
    runner->ticks = 0;
    for (uint8_t i = 0; i < timeline->lead_count; i++) {
        if (!runner->leads[i])
            runner->leads[i] = seuil_heap_zalloc(1, sizeof(*runner->leads[i]));
        if (!runner->leads[i])
            return false;
        seuil_lead_init(runner->leads[i], seuil_str_from(timeline->leads[i]));
        runner->person[i] = i;
    }
    return true;
}

void seuil_timeline_run(struct seuil_timeline_runner *runner, const struct seuil_timeline *timeline,
                        struct seuil_timeline_result *ret_result)
{
    runner->nomem = !begin(runner, timeline, ret_result);
    for (uint32_t i = 0; i < timeline->step_count && !runner->nomem && !runner->stuck; i++) {
        const struct seuil_step_of_time *item = &timeline->steps[i];

        advance(runner, item->clock);
        if (item->event) {
            struct seuil_merge asked;

            if (seuil_merge_read(item->event, &asked))
                merge(runner, runner->person[item->lead], item->event, &asked);
            else
                step(runner, runner->person[item->lead], item->event);
            runner->verdict = runner->outcome.verdict;
        }
        if (item->expect)
            compare(runner, item->expect, runner->person[item->lead], item->clock);
    }
    for (uint8_t i = 0; i < timeline->lead_count && !runner->nomem; i++) {
        uint32_t bytes = (uint32_t)seuil_lead_size(runner->leads[i]);

        ret_result->bytes = bytes > ret_result->bytes ? bytes : ret_result->bytes;
    }
    if (runner->stuck)
        compare_text(runner, timeline->place, 0, "time", "goes on",
                     runner->ticks > TICKS_MAX
                         ? "silence alone changes something too often: make the timeline shorter"
                         : "stands still, which is a mistake of Seuil");
    if (runner->nomem)
        compare_text(runner, timeline->place, 0, "memory", "enough", "out of memory");
}
