/* Any text as a configuration file. What is accepted is written and accepted again. */

#include "base/buf.h"
#include "base/errs.h"
#include "conf/settings.h"
#include "fuzz.h"

static const char *lookup(void *ctx, const char *name)
{
    (void)ctx;
    return name[0] == 'H' ? "value" : NULL;
}

static int run(const uint8_t *bytes, size_t len)
{
    static struct seuil_errs errs;
    struct seuil_settings *settings;
    struct seuil_buf out = {0};

    seuil_errs_clear(&errs);
    settings = seuil_settings_parse("fuzz.yaml", bytes, len, lookup, NULL, &errs);
    FUZZ_CHECK(settings || errs.count, "refused without a reason");
    for (uint32_t i = 0; i < errs.count; i++)
        FUZZ_CHECK(errs.list[i].code < 0 && errs.list[i].text[0], "an error without a text");
    if (settings)
        FUZZ_CHECK(seuil_settings_write(settings, &out) == 0, "cannot be written");
    seuil_buf_done(&out);
    seuil_settings_free(settings);
    return settings != NULL;
}

static const char *const words[] = {"\n",
                                    "  ",
                                    "- ",
                                    ": ",
                                    "\"",
                                    "'",
                                    "${HOME}",
                                    "${X",
                                    "kafka:",
                                    "redis:",
                                    "inputs:",
                                    "models:",
                                    "format: json",
                                    "start:",
                                    "10s",
                                    "1MiB",
                                    "{",
                                    "}",
                                    "[",
                                    "]",
                                    "~",
                                    "true",
                                    "-1",
                                    "fields:",
                                    "schemas: {1: x}",
                                    "schema: x",
                                    NULL};

const struct fuzz_target fuzz_target = {
    .name = "settings", .words = words, .max_bytes = 16384, .run = run};
