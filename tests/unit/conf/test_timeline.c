/* The tests inside model files: what they read, that they can fail, what is refused. */

#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/heap.h"
#include "conf/model_load.h"
#include "conf/timeline.h"

#define MODEL                                                                                      \
    "seuil_model: 1\n"                                                                             \
    "name: m\n"                                                                                    \
    "version: \"1\"\n"                                                                             \
    "zone: Europe/Paris\n"                                                                         \
    "decay: {half_life: 10d}\n"                                                                    \
    "groups: {pages: {ceiling: 60}, formulaires: {}}\n"                                            \
    "rules:\n"                                                                                     \
    "  - {name: tarifs, event: page_view, when: {path: {prefix: /tarifs}}, group: pages,\n"        \
    "     points: 40, limit: {times: 2, per: day}}\n"                                              \
    "  - {name: devis, event: form, when: {fields.effectif: {above: 50}}, group: formulaires,\n"   \
    "     points: 10, decay: none}\n"                                                              \
    "fit: {criteria: [{name: secteur, when: {secteur: [industrie]}, points: 20}]}\n"               \
    "exclusions: [{name: concurrent, when: {domaine: rival.fr}, points: -1000}]\n"                 \
    "excluded: {mark: -500, name: exclu}\n"                                                        \
    "grades: {fit: {A: 20, B: 10, C: 5}}\n"                                                        \
    "tiers: [{name: froid}, {name: chaud, entry: 30, exit: 20}, {name: vente, entry: 60}]\n"       \
    "tests:\n"

/* The line behind it. */
#define MODEL_LINES 18

struct loaded {
    struct seuil_timelines timelines;
    struct seuil_models *models;
    struct seuil_errs errs;
};

/* Through a file: that is the one way to get at tests. */
static void load(struct loaded *l, const char *text)
{
    char path[] = "/tmp/seuil-timeline.XXXXXX";
    const char *paths[] = {path};
    int fd = mkstemp(path);

    cr_assert_geq(fd, 0);
    cr_assert_eq(write(fd, text, strlen(text)), (ssize_t)strlen(text));
    close(fd);
    memset(l, 0, sizeof(*l));
    l->models = seuil_models_load_tests(paths, 1, &l->timelines, &l->errs);
    unlink(path);
}

static void unload(struct loaded *l)
{
    seuil_timelines_done(&l->timelines);
    seuil_models_free(l->models);
}

static void run_one(struct loaded *l, struct seuil_timeline_result *result)
{
    struct seuil_timeline_runner *runner;

    cr_assert_not_null(l->models, "line %d: %s", l->errs.list[0].line, l->errs.list[0].text);
    cr_assert_eq(l->timelines.count, 1);
    runner = seuil_timeline_runner_new(l->models);
    cr_assert_not_null(runner);
    seuil_timeline_run(runner, &l->timelines.list[0], result);
    seuil_timeline_runner_free(runner);
}

/* A timeline of flow steps that all hold. */
static void holds(const char *steps)
{
    struct seuil_timeline_result result;
    char text[4096];
    struct loaded l;

    snprintf(text, sizeof(text), MODEL "  - {name: t, timeline: [%s]}\n", steps);
    load(&l, text);
    run_one(&l, &result);
    cr_assert_eq(result.difference_count, 0, "%s: %s, not %s", result.differences[0].what,
                 result.differences[0].got, result.differences[0].wanted);
    unload(&l);
}

/* One of which exactly one expectation fails. */
static void fails(const char *steps, const char *what, const char *wanted, const char *got)
{
    struct seuil_timeline_result result;
    char text[4096];
    struct loaded l;

    snprintf(text, sizeof(text), MODEL "  - {name: t, timeline: [%s]}\n", steps);
    load(&l, text);
    run_one(&l, &result);
    cr_assert_eq(result.difference_count, 1, "%u differences", result.difference_count);
    cr_assert_str_eq(result.differences[0].what, what);
    cr_assert_str_eq(result.differences[0].wanted, wanted);
    cr_assert_str_eq(result.differences[0].got, got);
    cr_assert_eq(result.differences[0].place.line, MODEL_LINES);
    unload(&l);
}

#define PAGE "{type: page_view, url: 'https://a.fr/tarifs'}"

Test(timeline, events_clock_and_expectations_go_through_the_engine)
{
    holds(PAGE ", {expect: {score: 40, fit: 0, tier: chaud, events: [chaud]}},"
               "'après 10 jours', {expect: {score: 20, tier: chaud, events: []}},"
               "{after: 1 s, expect: {tier: froid, events: [{tier: froid, from: chaud,"
               "  direction: down, reason: decay, at: '2026-01-15T08:00:00.001Z'}]}}");
    holds("{type: profile, attributes: {secteur: industrie}},"
          "{type: page_view, url: /tarifs, after: 1h, expect: {score: 60, fit: 20, tier: vente,"
          " lines: {tarifs: 40, secteur: {now: 20, points: 20, count: 0, limited_by: none},"
          " devis: null, pages: ~}}}");
    holds("{type: profile, attributes: {domaine: rival.fr}},"
          "{expect: {tier: exclu, score: -1000, until: never, events: [exclu]}}");
    holds("{type: form, form_id: f, action: submitted, fields: {effectif: 51, autre: ~}},"
          "{expect: {score: 10, verdict: applied}},"
          "{type: form, form_id: f, action: submitted, fields: {effectif: \"50\"}},"
          "{expect: {score: 10, verdict: filtered}}");
}

Test(timeline, two_leads_live_side_by_side)
{
    holds("{type: page_view, url: /tarifs, lead: a}, {type: page_view, url: /tarifs, lead: b},"
          "{type: page_view, url: /tarifs, lead: b},"
          "{lead: a, expect: {score: 40, events: [chaud]}},"
          "{lead: b, expect: {score: 60, events: [chaud, vente]}}, {expect: {score: 0}}");
}

Test(timeline, a_late_event_arrives_at_the_clock_with_a_time_of_its_own)
{
    holds("{at: '2026-02-01 12:00'}, " PAGE ", {expect: {lines: {tarifs: 40}}},"
          "{type: page_view, url: /tarifs, time: -1d, expect: {score: 60, verdict: applied,"
          "  lines: {tarifs: {points: 80, count: 2}}}},"
          "{type: page_view, url: /tarifs, time: '2026-01-20', expect: {verdict: late}},"
          "{type: page_view, id: x, url: /tarifs}, {type: page_view, id: x, url: /tarifs,"
          "  expect: {verdict: duplicate}}");
}

Test(timeline, local_times_are_those_of_the_zone_on_both_sides_of_a_change)
{
    struct seuil_timeline_result result;
    struct loaded l;

    /* 02:30 does not exist on that night: 90 minutes after 01:00 it is 03:30. */
    load(&l, MODEL "  - name: t\n    begin: 2026-03-29 01:00\n    timeline:\n"
                   "      - {at: 2026-03-29 03:30}\n      - {type: page_view, url: /tarifs}\n"
                   "      - expect: {events: [{tier: chaud, at: '2026-03-29T01:30:00Z'}]}\n");
    run_one(&l, &result);
    cr_assert_eq(result.difference_count, 0, "%s", result.differences[0].got);
    cr_assert_eq(l.timelines.list[0].steps[0].clock - INT64_C(1774742400000), 90 * 60000);
    unload(&l);
}

Test(timeline, each_expectation_can_fail)
{
    fails(PAGE ", {expect: {score: 40.01}}", "score", "40.01", "40.00");
    fails(PAGE ", {expect: {fit: 1}}", "fit", "1.00", "0.00");
    fails(PAGE ", {expect: {grade: A}}", "grade", "A", "D");
    fails(PAGE ", {expect: {completeness: 1}}", "completeness", "1.00", "0.00");
    fails(PAGE ", {expect: {events: [{tier: chaud, grade: B}]}}", "event 1", "chaud, grade B",
          "chaud from froid, up, reason event, score 40.00, grade D, at 2026-01-05T08:00:00.000Z");
    fails(PAGE ", {expect: {events: [{tier: chaud, since: '2026-01-05T08:00:00Z'}]}}", "event 1",
          "chaud, since 2026-01-05T08:00:00.000Z",
          "chaud from froid, up, reason event, score 40.00, grade D, at 2026-01-05T08:00:00.000Z");
    fails(PAGE ", {expect: {events: [{tier: chaud, from: vente}]}}", "event 1", "chaud from vente",
          "chaud from froid, up, reason event, score 40.00, grade D, at 2026-01-05T08:00:00.000Z");
    fails(PAGE ", {expect: {events: [{tier: chaud, score: 39.99}]}}", "event 1",
          "chaud, score 39.99",
          "chaud from froid, up, reason event, score 40.00, grade D, at 2026-01-05T08:00:00.000Z");
    fails(PAGE ", {expect: {tier: froid}}", "tier", "froid", "chaud");
    fails(PAGE ", {expect: {events: []}}", "event 1", "none",
          "chaud from froid, up, reason event, score 40.00, grade D, at 2026-01-05T08:00:00.000Z");
    fails(PAGE ", {expect: {events: [chaud, vente]}}", "event 2", "vente", "none");
    fails(PAGE ", {expect: {events: [{tier: chaud, direction: down}]}}", "event 1", "chaud, down",
          "chaud from froid, up, reason event, score 40.00, grade D, at 2026-01-05T08:00:00.000Z");
    fails(PAGE ", {expect: {lines: {tarifs: 39.99}}}", "line tarifs", "39.99", "40.00");
    fails(PAGE ", {expect: {lines: {tarifs: ~}}}", "line tarifs", "none", "a line");
    fails(PAGE ", {expect: {lines: {devis: 10}}}", "line devis", "a line", "none");
    fails(PAGE ", {expect: {lines: {tarifs: {points: 41}}}}", "line tarifs, points", "41.00",
          "40.00");
    fails(PAGE ", {expect: {lines: {tarifs: {count: 2}}}}", "line tarifs, count", "2", "1");
    fails(PAGE ", {expect: {lines: {tarifs: {limited_by: day}}}}", "line tarifs, limited_by", "day",
          "none");
    fails(PAGE ", {expect: {until: never}}", "until", "never", "2026-01-15T08:00:00.001Z");
    fails(PAGE ", {expect: {verdict: filtered}}", "verdict", "filtered", "applied");
}

Test(timeline, an_ideal_profile_below_the_sales_mark_refuses_the_model)
{
    struct loaded l;

    load(&l, MODEL "  - {name: idéal, ideal: true, timeline: [" PAGE "]}\n");
    cr_assert_null(l.models);
    cr_assert_eq(l.errs.total, 1);
    cr_assert(strstr(l.errs.list[0].text, "stays below the sales mark"), "%s", l.errs.list[0].text);
    cr_assert(strstr(l.errs.list[0].text, "\"chaud\", never to \"vente\""), "%s",
              l.errs.list[0].text);
    cr_assert_eq(l.errs.list[0].line, MODEL_LINES);
    unload(&l);
    load(&l, MODEL "  - {name: idéal, ideal: true, timeline: [" PAGE ", " PAGE "]}\n");
    cr_assert_not_null(l.models, "%s", l.errs.list[0].text);
    unload(&l);
}

Test(timeline, mistakes_are_told_at_their_places)
{
    static const struct {
        const char *text, *step; /* @ marks the column */
    } cases[] = {
        {"there is no tier \"tiede\"", "{expect: {tier: @tiede}}"},
        {"did you mean \"chaud\"", "{expect: {tier: @chaut}}"},
        {"did you mean \"tarifs\"", "{expect: {lines: {@tarif: 40}}}"},
        {"page_view events have no field \"urll\" (did you mean \"url\"?)",
         "{type: page_view, @urll: /a}, {expect: {score: 0}}"},
        {"page_view events have no field \"attributes\"",
         "{type: page_view, @attributes: {a: b}}, {expect: {score: 0}}"},
        {"\"pageview\" is no kind of event (did you mean \"page_view\"?)",
         "{type: @pageview}, {expect: {score: 0}}"},
        {"\"url\" belongs to an event: its kind is missing", "{@url: /a, expect: {score: 0}}"},
        {"unknown key \"expects\" of a step (did you mean \"expect\"?)",
         "{@expects: {score: 0}}, {expect: {score: 0}}"},
        {"unknown key \"scor\" of expect (did you mean \"score\"?)", "{expect: {@scor: 0}}"},
        {"there is no reason \"decai\" (did you mean \"decay\"?)",
         "{expect: {events: [{tier: chaud, reason: @decai}]}}"},
        {"there is no verdict \"dupe\"", "{expect: {verdict: @dupe}}"},
        {"is no stretch of time", "{after: @soon}, {expect: {score: 0}}"},
        {"a step is an event", "@bonjour, {expect: {score: 0}}"},
        {"the clock is past this already", "{at: @2025-12-31, expect: {score: 0}}"},
        {"at must be a time like", "{at: @demain, expect: {score: 0}}"},
        {"machine must be true or false", "{type: email, machine: @perhaps}, {expect: {score: 0}}"},
        {"duration_ms must be a number",
         "{type: page_view, duration_ms: @long}, {expect: {score: 0}}"},
        {"\"E\" is no grade", "{expect: {grade: @E}}"},
        {"an expectation of nothing", "{expect: @{}}"},
        {"score must be a number", "{expect: {score: @much}}"},
        {"a direction is up or down", "{expect: {events: [{tier: chaud, direction: @left}]}}"},
        {"a crossing needs \"tier\"", "{expect: {events: [@{reason: decay}]}}"},
    };

    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        char text[4096], *at;
        struct loaded l;
        int column;

        snprintf(text, sizeof(text), MODEL "  - {name: t, timeline: [%s]}\n", cases[i].step);
        at = strchr(strstr(text, "tests:"), '@');
        memmove(at, at + 1, strlen(at));
        column = (int)(at - strstr(text, "  - {name: t,")) + 1;
        load(&l, text);
        cr_assert_null(l.models, "%s", cases[i].step);
        cr_assert_eq(l.errs.total, 1, "%s: %u: %s", cases[i].step, l.errs.total,
                     l.errs.list[0].text);
        cr_assert(strstr(l.errs.list[0].text, cases[i].text), "not \"%s\" but \"%s\"",
                  cases[i].text, l.errs.list[0].text);
        cr_assert_eq(l.errs.list[0].line, MODEL_LINES);
        cr_assert_eq(l.errs.list[0].column, column, "%s: %d, not %d", cases[i].step,
                     l.errs.list[0].column, column);
        unload(&l);
    }
}

Test(timeline, a_test_that_expects_nothing_is_refused)
{
    struct loaded l;

    load(&l, MODEL "  - {name: t, timeline: [" PAGE "]}\n");
    cr_assert_null(l.models);
    cr_assert(strstr(l.errs.list[0].text, "expects nothing"), "%s", l.errs.list[0].text);
    unload(&l);
}

/* What a file with all sorts of things in it takes out of the heap may fail at any point. */
Test(timeline, memory_that_runs_out_anywhere_is_told)
{
    static const char steps[] = "  - name: t\n    ideal: true\n    timeline:\n"
                                "      - {type: profile, attributes: {secteur: industrie}}\n"
                                "      - {type: form, action: submitted, fields: {effectif: 51}}\n"
                                "      - " PAGE "\n      - " PAGE "\n"
                                "      - expect: {score: 70, tier: vente, grade: A, lines: "
                                "{tarifs: 60, devis: {count: 1}},\n"
                                "                 events: [chaud, {tier: vente, reason: event}]}\n";
    char path[] = "/tmp/seuil-timeline.XXXXXX";
    const char *paths[] = {path};
    int fd = mkstemp(path);
    FILE *file = fdopen(fd, "w");
    int64_t n = 0;
    struct loaded l;

    cr_assert_not_null(file);
    fputs(MODEL, file);
    fputs(steps, file);
    fclose(file);
    for (; n < 5000; n++) {
        memset(&l, 0, sizeof(l));
        seuil_heap_fail_after(n);
        l.models = seuil_models_load_tests(paths, 1, &l.timelines, &l.errs);
        seuil_heap_fail_after(-1);
        if (l.models)
            break;
        cr_assert_gt(l.errs.total, 0, "at allocation %lld", (long long)n);
        unload(&l);
    }
    unlink(path);
    cr_assert_not_null(l.models, "5000 allocations are too many");
    cr_assert_gt(n, 50);
    unload(&l);
}
