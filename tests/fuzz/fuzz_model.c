/* Any text as a model file, and as YAML before that. What is wrong is said with its line. */

#include "base/errs.h"
#include "conf/model_load.h"
#include "conf/yaml.h"
#include "fuzz.h"

static int run(const uint8_t *bytes, size_t len)
{
    struct seuil_model_text text = {"fuzz.yaml", bytes, len};
    static struct seuil_errs errs;
    struct seuil_models *models;
    struct seuil_yaml *yaml;

    seuil_errs_clear(&errs);
    yaml = seuil_yaml_parse("fuzz.yaml", bytes, len, &errs);
    FUZZ_CHECK(yaml || errs.count, "refused without a reason");
    seuil_errs_clear(&errs);
    models = seuil_models_parse(&text, 1, &errs);
    FUZZ_CHECK(models || errs.count, "refused without a reason");
    FUZZ_CHECK(!models || yaml, "a model that is no YAML");
    for (uint32_t i = 0; i < errs.count; i++)
        FUZZ_CHECK(errs.list[i].code < 0 && errs.list[i].text[0], "an error without a text");
    seuil_models_free(models);
    seuil_yaml_free(yaml);
    return yaml != NULL; /* accepted as YAML is worth keeping: few mutants stay models */
}

static const char *const words[] = {"\n",
                                    "  ",
                                    "- ",
                                    ": ",
                                    "#",
                                    "\"",
                                    "'",
                                    "|",
                                    ">",
                                    "&a",
                                    "*a",
                                    "!!str",
                                    "%YAML 1.2",
                                    "---",
                                    "...",
                                    "{",
                                    "}",
                                    "[",
                                    "]",
                                    "~",
                                    "null",
                                    "true",
                                    "1e999",
                                    "-1",
                                    "0x10",
                                    ".inf",
                                    "14d",
                                    "1h",
                                    "\t",
                                    "rules:",
                                    "groups:",
                                    "tiers:",
                                    "when:",
                                    "points:",
                                    "half_life:",
                                    "expires:",
                                    "limit:",
                                    "name:",
                                    "equals:",
                                    "in:",
                                    "regex: '(a+)+$'",
                                    "prefix:",
                                    "floor:",
                                    "ceiling:",
                                    "fit:",
                                    "%\xa3",
                                    NULL};

const struct fuzz_target fuzz_target = {
    .name = "model", .words = words, .max_bytes = 16384, .run = run};
