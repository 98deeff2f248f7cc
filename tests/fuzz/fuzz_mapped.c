/* Any bytes as a record of a source with a map, in each of the formats. What is accepted is an
 * event, and the same bytes give the same events. */

#include <dirent.h>

#include "fuzz.h"
#include "support/decoding.h"
#include "support/mapping.h"

#define PRESETS_MAX 64

static struct mapping maps[2], presets[PRESETS_MAX];
static unsigned preset_count;

static int is_yaml(const struct dirent *entry)
{
    return strstr(entry->d_name, ".yaml") != NULL;
}

static struct mapping map_of(const char *path)
{
    char *text = decoding_file(path);
    struct mapping m = mapping_of(text, strlen(text));

    FUZZ_CHECK(m.map, m.errs.list[0].text);
    seuil_heap_free(text);
    return m;
}

static void setup(void)
{
    static const char form[] =
        "format: form\nevents: [{kind: page_view, id: '1', time: t | time(s), url: u | url_normal, "
        "title: u | url_query(x)}]";
    struct dirent **files;
    int count = scandir(SEUIL_SOURCE_DIR "/config/presets", &files, is_yaml, alphasort);

    maps[0] = map_of("tests/fuzz/corpus/map/all.yaml");
    maps[1] = mapping_of(form, sizeof(form) - 1);
    FUZZ_CHECK(maps[1].map, "the form's map");
    FUZZ_CHECK(count > 0 && count <= PRESETS_MAX, "the presets");
    for (; preset_count < (unsigned)count; preset_count++) {
        char path[sizeof("config/presets/") + sizeof(files[0]->d_name)];

        snprintf(path, sizeof(path), "config/presets/%s", files[preset_count]->d_name);
        presets[preset_count] = map_of(path);
        free(files[preset_count]);
    }
    free(files);
}

/* Whether it gave an event; the same bytes give the same ones. */
static int twice(struct mapping *m, const uint8_t *bytes, size_t len)
{
    char *first = strdup(mapping_run(m, bytes, len));
    int accepted = first[0] == '{';

    FUZZ_CHECK(strcmp(first, mapping_run(m, bytes, len)) == 0, "another answer");
    free(first);
    return accepted;
}

/* All presets in turn would take long: a text meets two of them, others when it is a byte longer.
 */
static int run(const uint8_t *bytes, size_t len)
{
    int accepted = twice(&maps[0], bytes, len);

    accepted |= twice(&presets[len % preset_count], bytes, len);
    accepted |= twice(&presets[(len / 3 + 7) % preset_count], bytes, len);
    twice(&maps[1], bytes, len);
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
