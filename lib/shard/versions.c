/* Which version of each model meta's hash stands for, so that a record of a changed model can tell
 * both: lines of "name: version". Names have no control characters; a version that has one, or that
 * does not fit any more, is not told. */

#include <stdio.h>
#include <string.h>

#include "shard/internal.h"

static bool is_plain(const char *text)
{
    for (; *text; text++)
        if ((unsigned char)*text < 0x20)
            return false;
    return true;
}

void seuil_versions_write(const struct seuil_models *models, char out[SEUIL_VERSIONS_MAX])
{
    size_t len = 0;

    out[0] = '\0';
    for (uint16_t i = 0; i < models->model_count; i++) {
        const struct seuil_model *model = &models->models[i];
        const char *version = model->version ? model->version : "";
        size_t more = strlen(model->name) + strlen(version) + 3;

        if (!is_plain(version) || len + more >= SEUIL_VERSIONS_MAX)
            continue;
        len += (size_t)snprintf(out + len, SEUIL_VERSIONS_MAX - len, "%s%s: %s", len ? "\n" : "",
                                model->name, version);
    }
}

bool seuil_versions_find(const char *versions, const char *name, char out[SEUIL_NAME_MAX + 1])
{
    size_t len = strlen(name);

    while (*versions) {
        size_t line = strcspn(versions, "\n");

        if (line > len + 2 && strncmp(versions, name, len) == 0 && versions[len] == ':' &&
            line - len - 2 <= SEUIL_NAME_MAX) {
            memcpy(out, versions + len + 2, line - len - 2);
            out[line - len - 2] = '\0';
            return true;
        }
        versions += line + (versions[line] == '\n');
    }
    return false;
}
