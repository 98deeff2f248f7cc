/* Any bytes as a record of a source with a map, in each of the formats. What is accepted is an
 * event, and the same bytes give the same events. */

#include "fuzz.h"
#include "support/decoding.h"
#include "support/mapping.h"

static struct mapping maps[4];

static void setup(void)
{
    static const char *const files[] = {"tests/fuzz/corpus/map/all.yaml",
                                        "config/presets/segment.yaml",
                                        "config/presets/sendgrid.yaml"};
    static const char form[] =
        "format: form\nevents: [{kind: page_view, id: '1', time: t | time(s), url: u | url_normal, "
        "title: u | url_query(x)}]";

    for (unsigned i = 0; i < 3; i++) {
        char *text = decoding_file(files[i]);

        maps[i] = mapping_of(text, strlen(text));
        FUZZ_CHECK(maps[i].map, maps[i].errs.list[0].text);
        seuil_heap_free(text);
    }
    maps[3] = mapping_of(form, sizeof(form) - 1);
    FUZZ_CHECK(maps[3].map, "the form's map");
}

static int run(const uint8_t *bytes, size_t len)
{
    int accepted = 0;

    for (unsigned i = 0; i < 4; i++) {
        const char *got = mapping_run(&maps[i], bytes, len);
        char *first = strdup(got);

        FUZZ_CHECK(strcmp(first, mapping_run(&maps[i], bytes, len)) == 0, "another answer");
        accepted |= i < 3 && first[0] == '{';
        free(first);
    }
    return accepted;
}

static const char *const words[] = {"{",
                                    "}",
                                    "[",
                                    "]",
                                    ":",
                                    ",",
                                    "\"",
                                    "\\u00e9",
                                    "\\ud83d\\ude00",
                                    "null",
                                    "true",
                                    "1e300",
                                    "-1",
                                    "1700000000000",
                                    "\"items\"",
                                    "\"k\"",
                                    "\"a\"",
                                    "\"c\"",
                                    "\"list\"",
                                    "\"text\"",
                                    "\"mail\"",
                                    "\"event\"",
                                    "\"open\"",
                                    "\"type\"",
                                    "\"page\"",
                                    "\"timestamp\"",
                                    "\"2026-03-29 02:30:00\"",
                                    "https://[::1]:99999/%",
                                    "a@b.co.uk",
                                    "\xc3\x9f",
                                    "\xcc\x81",
                                    "u=%2e%2e/&t=1",
                                    NULL};

const struct fuzz_target fuzz_target = {
    .name = "mapped", .words = words, .max_bytes = 8192, .setup = setup, .run = run};
