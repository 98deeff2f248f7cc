/* Every preset of config/presets, on its samples: tests/presets/NAME/WHAT.in has a record a line,
 * WHAT.expected what each of them becomes, WHAT.map, where there is one, the map that an input
 * would have beside the preset. Lines that start with '#' are passed over, but for "#key TEXT": the
 * key of the records below it. A preset without samples, and samples without a preset, fail; so
 * does a line of tests/presets/quirks.tsv that no sample, or no test, bears out. */

#include <criterion/criterion.h>
#include <dirent.h>
#include <limits.h>
#include <unistd.h>

#include "support/decoding.h"
#include "support/mapping.h"

static char *file_of(const char *path)
{
    char relative[PATH_MAX];

    snprintf(relative, sizeof(relative), "%s", path);
    return decoding_file(relative);
}

/* What the map makes of all records of @in, in @out. */
static void run_all(struct mapping *m, char *in, struct seuil_buf *out)
{
    for (char *line = in, *end; *line; line = end + 1) {
        end = strchr(line, '\n');
        cr_assert_not_null(end, "the last line has no end");
        if (strncmp(line, "#key", 4) == 0)
            m->origin.key = (struct seuil_str){line + 5, (uint32_t)(end - line - 5)};
        if (*line == '#')
            continue;
        seuil_buf_add_text(out, mapping_run(m, line, (size_t)(end - line)));
        seuil_buf_add(out, "\n", 1);
        m->origin.offset++;
    }
    seuil_buf_add(out, "", 1);
}

/* WHAT.map beside WHAT.in; NULL when there is none. */
static char *own_map(const char *name, const char *what, size_t len)
{
    char path[PATH_MAX];

    snprintf(path, sizeof(path), "%s/tests/presets/%s/%.*s.map", SEUIL_SOURCE_DIR, name, (int)len,
             what);
    return access(path, F_OK) == 0 ? file_of(path + strlen(SEUIL_SOURCE_DIR) + 1) : NULL;
}

static void compare(const char *path, const char *got, const char *expected)
{
    unsigned line = 1;
    size_t i = 0, start = 0;

    for (; got[i] && got[i] == expected[i]; i++)
        if (got[i] == '\n') {
            line++;
            start = i + 1;
        }
    cr_assert_str_eq(got, expected, "%s differs at line %u:\n got %.*s\nwant %.*s", path, line,
                     (int)strcspn(got + start, "\n"), got + start,
                     (int)strcspn(expected + start, "\n"), expected + start);
}

/* The samples of one preset; how many there are. */
static unsigned try_preset(const char *name)
{
    char folder[PATH_MAX], path[PATH_MAX + 300];
    struct dirent *entry;
    unsigned count = 0;
    DIR *dir;

    snprintf(folder, sizeof(folder), "%s/tests/presets/%s", SEUIL_SOURCE_DIR, name);
    dir = opendir(folder);
    cr_assert_not_null(dir, "preset %s has no samples in tests/presets/%s", name, name);
    while ((entry = readdir(dir))) {
        char *end = strstr(entry->d_name, ".in"), *text, *own, *in, *expected;
        struct seuil_buf out = {0};
        struct mapping m;

        if (!end || end[3])
            continue;
        snprintf(path, sizeof(path), "config/presets/%s.yaml", name);
        text = file_of(path);
        own = own_map(name, entry->d_name, (size_t)(end - entry->d_name));
        m = mapping_with(own, text, strlen(text));
        cr_assert_not_null(m.map, "%s:%d: %s", path, m.errs.list[0].line, m.errs.list[0].text);
        snprintf(path, sizeof(path), "tests/presets/%s/%s", name, entry->d_name);
        in = file_of(path);
        snprintf(path, sizeof(path), "tests/presets/%s/%.*s.expected", name,
                 (int)(end - entry->d_name), entry->d_name);
        run_all(&m, in, &out);
        if (getenv("SEUIL_SHOW_PRESETS"))
            fprintf(stderr, "== %s\n%s", path, (char *)out.ptr);
        else {
            expected = file_of(path);
            compare(path, (char *)out.ptr, expected);
            seuil_heap_free(expected);
        }
        seuil_heap_free(in);
        seuil_heap_free(text);
        seuil_heap_free(own);
        seuil_buf_done(&out);
        mapping_done(&m);
        count++;
    }
    closedir(dir);
    return count;
}

Test(presets, each_makes_of_its_samples_what_is_expected)
{
    struct dirent *entry;
    unsigned count = 0;
    DIR *dir = opendir(SEUIL_SOURCE_DIR "/config/presets");

    cr_assert_not_null(dir);
    while ((entry = readdir(dir))) {
        char name[300];
        char *end = strstr(entry->d_name, ".yaml");

        if (!end || end[5])
            continue;
        snprintf(name, sizeof(name), "%.*s", (int)(end - entry->d_name), entry->d_name);
        cr_assert(try_preset(name) > 0, "preset %s has no sample", name);
        count++;
    }
    closedir(dir);
    cr_assert(count >= 2, "%u presets", count);
}

Test(presets, samples_belong_to_a_preset)
{
    DIR *dir = opendir(SEUIL_SOURCE_DIR "/tests/presets");
    struct dirent *entry;

    cr_assert_not_null(dir);
    while ((entry = readdir(dir))) {
        char path[PATH_MAX + 300];
        FILE *file;

        if (entry->d_name[0] == '.' || strcmp(entry->d_name, "quirks.tsv") == 0)
            continue;
        snprintf(path, sizeof(path), "%s/config/presets/%s.yaml", SEUIL_SOURCE_DIR, entry->d_name);
        file = fopen(path, "re");
        cr_assert_not_null(file, "%s is missing", path);
        fclose(file);
    }
    closedir(dir);
}

/* ---- the list of quirks -------------------------------------------------------------------- */

static char *part_of(char **line)
{
    char *part = *line, *tab = strchr(part, '\t');

    *line = tab ? tab + 1 : part + strlen(part);
    if (tab)
        *tab = '\0';
    return part;
}

/* Whether a record with @in in it becomes something with @out in it. */
static bool sample_shows(const char *preset, const char *what, const char *in, const char *out)
{
    char path[PATH_MAX], *text, *records, *own;
    struct mapping m;
    bool shows = false;

    snprintf(path, sizeof(path), "config/presets/%s.yaml", preset);
    text = file_of(path);
    own = own_map(preset, what, strlen(what));
    m = mapping_with(own, text, strlen(text));
    cr_assert_not_null(m.map, "%s: %s", path, m.errs.list[0].text);
    snprintf(path, sizeof(path), "tests/presets/%s/%s.in", preset, what);
    records = file_of(path);
    for (char *line = records, *end; !shows && (end = strchr(line, '\n')); line = end + 1) {
        *end = '\0';
        if (strncmp(line, "#key", 4) == 0)
            m.origin.key = seuil_str_from(line + 5);
        if (*line != '#' && strstr(line, in))
            shows = strstr(mapping_text(&m, line), out) != NULL;
    }
    seuil_heap_free(records);
    seuil_heap_free(own);
    seuil_heap_free(text);
    mapping_done(&m);
    return shows;
}

/* Whether a test of @name stands in a file called @file. */
static bool test_is_there(const char *file, const char *name)
{
    static const char *const folders[] = {"unit/codec", "unit/map", "unit/registry", "integration",
                                          "oracle"};

    for (size_t i = 0; i < sizeof(folders) / sizeof(folders[0]); i++) {
        char path[PATH_MAX], *text;
        bool there;

        snprintf(path, sizeof(path), "%s/tests/%s/%s", SEUIL_SOURCE_DIR, folders[i], file);
        if (access(path, F_OK) != 0)
            continue;
        text = file_of(path + strlen(SEUIL_SOURCE_DIR) + 1);
        there = strstr(text, name) != NULL;
        seuil_heap_free(text);
        return there;
    }
    return false;
}

Test(presets, every_known_quirk_of_sources_has_a_sample_or_a_test)
{
    char *list = file_of("tests/presets/quirks.tsv");
    unsigned count = 0, wrong = 0;

    for (char *line = list, *end; (end = strchr(line, '\n')); line = end + 1) {
        char *rest = line, *slash;
        const char *quirk, *where, *in, *out;
        bool shown;

        *end = '\0';
        if (*line == '#')
            continue;
        part_of(&rest);
        quirk = part_of(&rest);
        slash = strchr(rest, '/');
        where = part_of(&rest);
        in = part_of(&rest);
        out = part_of(&rest);
        if (slash && slash < in) {
            *slash = '\0';
            shown = in[0] && out[0] && sample_shows(where, slash + 1, in, out);
        } else {
            shown = in[0] && !out[0] && test_is_there(where, in);
        }
        cr_expect(shown, "%s: nothing in %s%s%s shows it", quirk, where, slash ? "/" : "",
                  slash && slash < in ? slash + 1 : "");
        wrong += !shown;
        count++;
    }
    seuil_heap_free(list);
    cr_assert(count > 100 && wrong == 0, "%u quirks, %u of them not shown", count, wrong);
}
