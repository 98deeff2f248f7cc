#include "conf/model_keys.h"

#include <string.h>

static const struct {
    const char *id, *what, *doc;
} sections[] = {
#define SECTION(id, what, doc)              {#id, what, doc},
#define KEY(section, key, need, shape, doc) /* rows of keys below */
#include "conf/model_keys.def"
};

static const struct seuil_model_key keys[] = {
#define SECTION(id, what, doc) /* sections above */
#define KEY(section, key, need, shape, doc)                                                        \
    {key, shape, doc, SEUIL_SECTION_##section, SEUIL_NEED_##need},
#include "conf/model_keys.def"
};

const struct seuil_model_key *seuil_keys_all(uint32_t *ret_count)
{
    *ret_count = sizeof(keys) / sizeof(keys[0]);
    return keys;
}

const char *seuil_section_id(enum seuil_section section)
{
    return sections[section].id;
}

const char *seuil_section_what(enum seuil_section section)
{
    return sections[section].what;
}

const char *seuil_section_doc(enum seuil_section section)
{
    return sections[section].doc;
}

const struct seuil_model_key *seuil_key_find(enum seuil_section section, struct seuil_str key)
{
    for (size_t i = 0; i < sizeof(keys) / sizeof(keys[0]); i++)
        if (keys[i].section == section && seuil_str_eq(key, seuil_str_from(keys[i].key)))
            return &keys[i];
    return NULL;
}

uint32_t seuil_keys_names(enum seuil_section section, const char **ret_names)
{
    uint32_t count = 0;

    for (size_t i = 0; i < sizeof(keys) / sizeof(keys[0]); i++)
        if (keys[i].section == section && keys[i].need != SEUIL_NEED_LATER &&
            count < SEUIL_KEYS_MAX)
            ret_names[count++] = keys[i].key;
    return count;
}
