#include <stddef.h>

#include "conf/settings_load.h"

const struct seuil_setting_row seuil_setting_rows[SEUIL_SETTING_COUNT] = {
#define SETTING(field, path, type, min, max, unit, fallback, secret, doc)                          \
    {#field,                                                                                       \
     path,                                                                                         \
     SEUIL_SETTING_##type,                                                                         \
     min,                                                                                          \
     max,                                                                                          \
     unit,                                                                                         \
     fallback,                                                                                     \
     secret,                                                                                       \
     doc,                                                                                          \
     offsetof(struct seuil_settings, field)},
#include "conf/settings.def"
#undef SETTING
};

const char *const seuil_settings_blocks[SEUIL_SETTINGS_BLOCK_COUNT] = {
#define X(path, doc) path,
    SEUIL_SETTINGS_BLOCKS(X)
#undef X
};

const char *const seuil_input_keys[SEUIL_INPUT_KEY_COUNT] = {
#define X(key, doc) key,
    SEUIL_INPUT_KEYS(X)
#undef X
};
