/* Maps: presets by name, and what an input's own settings say. */

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/heap.h"
#include "open.h"

/* Domains of free mail that a file may add. */
#define DOMAINS_MAX 100000

struct domains {
    char *text;
    const char **list;
    uint32_t count;
};

/* The folder of this program; "" when it is not known. */
static void own_folder(char folder[PATH_MAX / 2])
{
    ssize_t n = readlink("/proc/self/exe", folder, PATH_MAX / 2 - 1);
    char *slash;

    folder[n > 0 ? n : 0] = '\0';
    slash = strrchr(folder, '/');
    if (slash)
        *slash = '\0';
}

/* The file of a preset: as it is named; or by its name beside the configuration, where this program
 * was installed, in the sources that it was built from, or where it was to be installed. */
static void preset_path(const struct seuil_settings *settings, const char *preset,
                        char path[PATH_MAX])
{
    static const char *const folders[] = {"../share/seuil/presets", "../../../config/presets"};
    const char *slash = strrchr(settings->file, '/');
    char own[PATH_MAX / 2];

    if (strchr(preset, '/') || strstr(preset, ".yaml")) {
        snprintf(path, PATH_MAX, "%s", preset);
        return;
    }
    snprintf(path, PATH_MAX, "%.*spresets/%s.yaml", slash ? (int)(slash - settings->file + 1) : 0,
             settings->file, preset);
    own_folder(own);
    for (size_t i = 0; *own && access(path, F_OK) != 0 && i < sizeof(folders) / sizeof(folders[0]);
         i++)
        snprintf(path, PATH_MAX, "%s/%s/%s.yaml", own, folders[i], preset);
    if (access(path, F_OK) != 0)
        snprintf(path, PATH_MAX, "%s/%s.yaml", SEUIL_PRESETS_DIR, preset);
}

static int read_domains(const struct seuil_settings *settings, struct domains *domains,
                        struct seuil_errs *errs)
{
    FILE *file = fopen(settings->free_mail, "rbe");
    size_t len = 0;

    if (!file)
        return SEUIL_ERR_CONFIG; /* seuil_open tells it */
    domains->text = seuil_heap_alloc(SEUIL_FILE_BYTES_MAX + 1);
    domains->list = seuil_heap_zalloc(DOMAINS_MAX, sizeof(*domains->list));
    if (domains->text && domains->list)
        len = fread(domains->text, 1, SEUIL_FILE_BYTES_MAX, file);
    fclose(file);
    if (!domains->text || !domains->list)
        return seuil_errs_at(errs, SEUIL_ERR_NOMEM, NULL, 0, 0, "out of memory");
    domains->text[len] = '\0';
    for (char *at = domains->text, *line; (line = strsep(&at, "\r\n"));)
        if (*line && *line != '#' && domains->count < DOMAINS_MAX)
            domains->list[domains->count++] = line;
    return 0;
}

static struct seuil_map *compile(const struct seuil_settings *settings,
                                 const struct seuil_input_settings *input,
                                 const struct seuil_yaml *doc, const struct seuil_yaml *preset,
                                 struct seuil_errs *errs)
{
    const struct seuil_yaml_node *inputs = seuil_yaml_find(seuil_yaml_root(doc), "inputs");
    const struct seuil_yaml_node *own = seuil_yaml_find(inputs, input->name);
    struct domains domains = {0};
    struct seuil_map_spec spec = {
        .name = input->name,
        .preset = preset,
        .doc = doc,
        .own = input->map ? seuil_yaml_find(own, "map") : NULL,
        .secret = seuil_str_from(settings->lead_secret),
    };
    struct seuil_map *map = NULL;

    if (!settings->free_mail[0] || read_domains(settings, &domains, errs) == 0) {
        spec.free_mail = domains.list;
        spec.free_mail_count = domains.count;
        map = seuil_map_new(&spec, errs);
    }
    seuil_heap_free(domains.list);
    seuil_heap_free(domains.text);
    return map;
}

struct seuil_map *seuil_open_map(const struct seuil_settings *settings,
                                 const struct seuil_input_settings *input,
                                 const struct seuil_yaml *doc, struct seuil_errs *errs)
{
    struct seuil_yaml *preset = NULL;
    struct seuil_map *map;
    char path[PATH_MAX];

    if (input->preset) {
        preset_path(settings, input->preset, path);
        if (access(path, R_OK) != 0) {
            seuil_errs_at(errs, SEUIL_ERR_CONFIG, settings->file, input->origin.line,
                          input->origin.column,
                          "input %s: preset %s cannot be read (%s: %s); presets lie in the folder "
                          "presets beside this file or in %s, and seuil-mapping(5) has a list",
                          input->name, input->preset, path, strerror(errno), SEUIL_PRESETS_DIR);
            return NULL;
        }
        preset = seuil_yaml_open(path, errs);
        if (!preset)
            return NULL;
    }
    map = compile(settings, input, doc, preset, errs);
    seuil_yaml_free(preset);
    return map;
}
