/* seuilctl check: are these files good? Nothing here needs a network. */

#include <stdio.h>
#include <string.h>
#include <sysexits.h>

#include "codec/encode.h"
#include "conf/model_load.h"
#include "conf/yaml.h"
#include "ctl.h"
#include "ctl_print.h"
#include "ctl_sample.h"
#include "open.h"

/* Keys that only a model has at its top. */
static const char *const model_keys[] = {"seuil_model", "rules", "tiers",
                                         "groups",      "fit",   "exclusions"};

struct found {
    bool is_model;
    bool good;
    uint32_t inputs, models, rules, tiers;
};

static bool looks_like_model(const struct seuil_yaml *doc)
{
    for (size_t i = 0; i < sizeof(model_keys) / sizeof(model_keys[0]); i++)
        if (seuil_yaml_find(seuil_yaml_root(doc), model_keys[i]))
            return true;
    return false;
}

static void check_model(const char *path, struct found *found, struct seuil_errs *errs)
{
    struct seuil_models *models = seuil_models_load(&path, 1, errs);

    found->is_model = true;
    found->good = models != NULL;
    if (models) {
        found->models = models->model_count;
        found->rules = seuil_models_own_rules(models);
        found->tiers = models->models[0].tier_count;
    }
    seuil_models_free(models);
}

struct wishes {
    struct seuil_buf *print; /* the effective configuration; NULL: not */
    const char *sample, *input;
    struct seuil_buf sampled; /* what the sample's fields became */
    struct seuil_buf remarks;
    int status; /* of the sample */
};

static void check_settings(const char *path, struct wishes *wishes, struct found *found,
                           struct seuil_errs *errs)
{
    struct seuil_opened opened;

    if (seuil_open(path, &opened, errs))
        return;
    found->good = true;
    found->inputs = opened.settings->input_count;
    found->models = opened.models->model_count;
    found->rules = seuil_models_own_rules(opened.models);
    seuil_open_remarks(&opened, &wishes->remarks);
    if (wishes->print)
        seuil_settings_write(opened.settings, wishes->print);
    if (wishes->sample)
        wishes->status = seuil_ctl_sample(&opened, wishes->input, wishes->sample, &wishes->sampled);
    seuil_opened_done(&opened);
}

static void check_file(const char *path, struct wishes *wishes, struct found *found,
                       struct seuil_errs *errs)
{
    struct seuil_yaml *doc = seuil_yaml_open(path, errs);
    bool is_model = doc && looks_like_model(doc);
    bool empty = doc && seuil_yaml_is_null(seuil_yaml_root(doc));

    if (empty)
        seuil_errs_at(errs, SEUIL_ERR_MISSING, seuil_yaml_name(doc), 1, 1,
                      "the file is empty: a model begins with \"seuil_model: 1\", a configuration "
                      "says where Kafka is; samples are in /usr/share/seuil");
    seuil_yaml_free(doc);
    if (!doc || empty)
        return;
    if (is_model)
        check_model(path, found, errs);
    else
        check_settings(path, wishes, found, errs);
}

static void text_report(struct seuil_buf *out, const char *path, const struct found *found,
                        const struct seuil_errs *errs)
{
    if (!found->good)
        seuil_print_errs(errs, path, out);
    else if (found->is_model)
        seuil_buf_printf(out, "%s: good: a model of %u rules and %u tiers\n", path, found->rules,
                         found->tiers);
    else
        seuil_buf_printf(out, "%s: good: a configuration of %u inputs and %u model%s, %u rules\n",
                         path, found->inputs, found->models, found->models == 1 ? "" : "s",
                         found->rules);
}

static void json_report(struct seuil_buf *out, const char *path, const struct found *found,
                        const struct seuil_errs *errs)
{
    seuil_buf_add_text(out, "{\"file\":");
    seuil_json_add_string(out, seuil_str_from(path));
    seuil_buf_printf(out, ",\"good\":%s", found->good ? "true" : "false");
    if (found->good)
        seuil_buf_printf(out, ",\"kind\":\"%s\",\"models\":%u,\"rules\":%u",
                         found->is_model ? "model" : "configuration", found->models, found->rules);
    seuil_print_errs_json(errs, out);
    seuil_buf_add_text(out, "}\n");
}

int seuil_ctl_check(int argc, char **argv)
{
    const char *config = NULL, *format = NULL, *print = NULL, *sample = NULL, *input = NULL;
    const struct seuil_ctl_option options[] = {
        {"config", "FILE", "one more file", &config, NULL},
        {"format", "text|json", "how to answer; json is one object a file", &format, NULL},
        {"print", NULL, "show the effective configuration and where each value comes from", &print,
         NULL},
        {"sample", "FILE", "show what each field of these records becomes; with --input", &sample,
         NULL},
        {"input", "NAME", "the input that the sample is one of", &input, NULL},
    };
    const struct seuil_ctl_command command = {
        .name = "check",
        .operands = "[FILE...]",
        .help = "Say whether configurations and models are good, with every mistake at its place.\n"
                "A configuration is checked with the models and schemas that it names. No "
                "FILE:\n" SEUIL_CTL_CONFIG ". Exit status 0: all are good, 78: some are not.",
        .options = options,
        .option_count = 5,
        .operands_max = 1 << 20,
    };
    struct seuil_buf out = {0};
    struct wishes wishes;
    bool json, all_good = true;
    int status, count = seuil_ctl_parse(&command, argc, argv, &status);

    if (count < 0)
        return status;
    if ((status = seuil_ctl_json("check", format, &json)))
        return status;
    if (!sample != !input)
        return seuil_ctl_fail("check", EX_USAGE, "--sample and --input go together");
    wishes =
        (struct wishes){.print = print && !json ? &out : NULL, .sample = sample, .input = input};
    if (count == 0 && !config)
        config = SEUIL_CTL_CONFIG;
    for (int i = config ? -1 : 0; i < count; i++) {
        const char *file = i < 0 ? config : argv[i];
        struct found found = {0};
        struct seuil_errs errs = {0};

        check_file(file, &wishes, &found, &errs);
        (json ? json_report : text_report)(&out, file, &found, &errs);
        all_good = all_good && found.good;
    }
    if (!json)
        seuil_buf_add(&out, wishes.remarks.ptr, wishes.remarks.len);
    seuil_buf_done(&wishes.remarks);
    seuil_buf_add(&out, wishes.sampled.ptr, wishes.sampled.len);
    seuil_buf_done(&wishes.sampled);
    return seuil_ctl_flush(&out, all_good ? wishes.status : EX_CONFIG);
}
