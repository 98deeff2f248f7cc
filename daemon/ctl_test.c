/* seuilctl test: the examples inside model files, run through the engine. */

#include <string.h>
#include <sysexits.h>

#include "codec/encode.h"
#include "conf/model_load.h"
#include "conf/timeline.h"
#include "ctl.h"
#include "ctl_print.h"

/* Some tests do not hold: what programs that compare exit with. */
#define TESTS_FAILED 1

struct run {
    const char *file;
    const struct seuil_models *models;
    bool json, verbose, color;
    uint32_t failed;
    struct seuil_buf out;
};

static const char *const red = "\033[31m", *const green = "\033[32m", *const plain = "\033[0m";

/* @before is the one told before, or NULL: differences of one place share its line. */
static void tell_difference(struct run *run, const struct seuil_difference *difference,
                            const struct seuil_difference *before)
{
    if (!before || before->place.line != difference->place.line || before->at != difference->at) {
        seuil_buf_printf(&run->out, "  line %d, at ", difference->place.line);
        seuil_print_time(difference->at, &run->out);
        seuil_buf_add_byte(&run->out, '\n');
    }
    seuil_buf_printf(&run->out, "    %s- %s: %s%s\n", run->color ? red : "", difference->what,
                     difference->wanted, run->color ? plain : "");
    seuil_buf_printf(&run->out, "    %s+ %s: %s%s\n", run->color ? green : "", difference->what,
                     difference->got, run->color ? plain : "");
}

static uint32_t kept(const struct seuil_timeline_result *result)
{
    return result->difference_count < SEUIL_DIFFERENCES_MAX ? result->difference_count
                                                            : SEUIL_DIFFERENCES_MAX;
}

static void tell(struct run *run, const struct seuil_timeline *timeline,
                 const struct seuil_timeline_result *result)
{
    const struct seuil_model *model = &run->models->models[timeline->model];

    if (result->difference_count == 0) {
        if (run->verbose)
            seuil_buf_printf(&run->out, "ok     %s:%d: %s (%u bytes)\n", run->file,
                             timeline->place.line, timeline->name, result->bytes);
        return;
    }
    seuil_buf_printf(&run->out, "%sFAILED%s %s:%d: %s\n", run->color ? red : "",
                     run->color ? plain : "", run->file, timeline->place.line, timeline->name);
    for (uint32_t i = 0; i < kept(result); i++)
        tell_difference(run, &result->differences[i], i ? &result->differences[i - 1] : NULL);
    if (result->difference_count > SEUIL_DIFFERENCES_MAX)
        seuil_buf_printf(&run->out, "  and %u more differences\n",
                         result->difference_count - SEUIL_DIFFERENCES_MAX);
    seuil_buf_printf(&run->out, "  at the first of them the lead was \"%s\" with\n",
                     seuil_model_tier_name(model, result->tier));
    seuil_print_lines(model, &result->explanation, &run->out);
}

static void tell_json(struct run *run, const struct seuil_timeline *timeline,
                      const struct seuil_timeline_result *result, bool first)
{
    struct seuil_buf *out = &run->out;

    seuil_buf_add_text(out, first ? "{\"name\":" : ",{\"name\":");
    seuil_json_add_string(out, seuil_str_from(timeline->name));
    seuil_buf_printf(out, ",\"line\":%d,\"passed\":%s,\"bytes\":%u,\"differences\":[",
                     timeline->place.line, result->difference_count ? "false" : "true",
                     result->bytes);
    for (uint32_t i = 0; i < kept(result); i++) {
        const struct seuil_difference *difference = &result->differences[i];

        seuil_buf_printf(out, "%s{\"line\":%d,\"column\":%d,\"time\":", i ? "," : "",
                         difference->place.line, difference->place.column);
        seuil_print_time_json(difference->at, out);
        seuil_buf_add_text(out, ",\"what\":");
        seuil_json_add_string(out, seuil_str_from(difference->what));
        seuil_buf_add_text(out, ",\"expected\":");
        seuil_json_add_string(out, seuil_str_from(difference->wanted));
        seuil_buf_add_text(out, ",\"got\":");
        seuil_json_add_string(out, seuil_str_from(difference->got));
        seuil_buf_add_byte(out, '}');
    }
    seuil_buf_add_byte(out, ']');
    if (result->difference_count) {
        seuil_buf_add_text(out, ",\"explanation\":");
        seuil_print_lines_json(&result->explanation, out);
    }
    seuil_buf_add_byte(out, '}');
}

static int run_all(struct run *run, const struct seuil_timelines *timelines)
{
    struct seuil_timeline_runner *runner = seuil_timeline_runner_new(run->models);
    struct seuil_timeline_result result;

    if (!runner)
        return seuil_ctl_fail("test", EX_OSERR, "out of memory");
    for (uint32_t i = 0; i < timelines->count; i++) {
        const struct seuil_timeline *timeline = &timelines->list[i];

        seuil_timeline_run(runner, timeline, &result);
        run->failed += result.difference_count > 0;
        if (run->json)
            tell_json(run, timeline, &result, i == 0);
        else
            tell(run, timeline, &result);
    }
    seuil_timeline_runner_free(runner);
    return 0;
}

/* One file: 0, TESTS_FAILED, or an exit status after reporting. */
static int test_file(struct run *run)
{
    struct seuil_timelines timelines = {0};
    struct seuil_errs errs = {0};
    struct seuil_models *models = seuil_models_load_tests(&run->file, 1, &timelines, &errs);
    int rc = 0;

    run->models = models;
    run->failed = 0;
    if (run->json) {
        seuil_buf_add_text(&run->out, "{\"file\":");
        seuil_json_add_string(&run->out, seuil_str_from(run->file));
        seuil_buf_printf(&run->out, ",\"good\":%s,\"tests\":[", models ? "true" : "false");
    }
    if (models)
        rc = run_all(run, &timelines);
    if (run->json)
        seuil_buf_printf(&run->out, "],\"failed\":%u", run->failed);
    if (run->json && !models)
        seuil_print_errs_json(&errs, &run->out);
    if (run->json)
        seuil_buf_add_text(&run->out, "}\n");
    else if (!models)
        seuil_print_errs(&errs, run->file, &run->out);
    else if (timelines.count == 0)
        seuil_buf_printf(&run->out, "%s: no tests\n", run->file);
    else
        seuil_buf_printf(&run->out, "%s: %u test%s, %u failed\n", run->file, timelines.count,
                         timelines.count == 1 ? "" : "s", run->failed);
    if (!rc)
        rc = !models ? EX_CONFIG : run->failed ? TESTS_FAILED : 0;
    seuil_timelines_done(&timelines);
    seuil_models_free(models);
    return rc;
}

int seuil_ctl_test(int argc, char **argv)
{
    const char *format = NULL, *verbose = NULL;
    const struct seuil_ctl_option options[] = {
        {"verbose", NULL, "name the tests that hold, too, and the bytes of their lead", &verbose,
         NULL},
        {"format", "text|json", "how to answer; json is one object a file", &format, NULL},
    };
    const struct seuil_ctl_command command = {
        .name = "test",
        .operands = "FILE...",
        .help =
            "Run the tests that model files hold under \"tests:\" and show what differs: lines\n"
            "with - are expected, lines with + are what came. Nothing here needs a network.\n"
            "Exit status 0: all tests hold, 1: some do not, 78: a model is refused.",
        .options = options,
        .option_count = 2,
        .operands_min = 1,
        .operands_max = 1 << 20,
    };
    struct run run = {.color = seuil_ctl_color(stdout)};
    int worst = 0, status, count = seuil_ctl_parse(&command, argc, argv, &status);

    if (count < 0)
        return status;
    if ((status = seuil_ctl_json("test", format, &run.json)))
        return status;
    run.verbose = verbose != NULL;
    for (int i = 0; i < count; i++) {
        run.file = argv[i];
        status = test_file(&run);
        worst = status > worst ? status : worst;
    }
    return seuil_ctl_flush(&run.out, worst);
}
