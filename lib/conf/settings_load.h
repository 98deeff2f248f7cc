/* What the files of the settings loader share; nobody else includes it but their tests. */

#ifndef SEUIL_CONF_SETTINGS_LOAD_H
#define SEUIL_CONF_SETTINGS_LOAD_H

#include "conf/settings.h"
#include "conf/yaml.h"

enum seuil_setting_type {
    SEUIL_SETTING_TEXT,
    SEUIL_SETTING_NAME,
    SEUIL_SETTING_PATH,
    SEUIL_SETTING_BOOL,
    SEUIL_SETTING_CHOICE,
    SEUIL_SETTING_INT,
    SEUIL_SETTING_DURATION,
    SEUIL_SETTING_SIZE,
    SEUIL_SETTING_TIME,
};

/* A row of settings.def. */
struct seuil_setting_row {
    const char *field, *path;
    enum seuil_setting_type type;
    int64_t min, max;
    const char *unit; /* of a CHOICE: its choices, parted by '|' */
    const char *fallback;
    bool secret;
    const char *doc;
    size_t offset; /* in struct seuil_settings */
};

/* SEUIL_SETTING_COUNT rows, by enum seuil_setting_index. */
extern const struct seuil_setting_row seuil_setting_rows[SEUIL_SETTING_COUNT];

/* The paths of blocks and the keys of an input, and how many there are. */
#define SEUIL_SETTINGS_BLOCK_COUNT 3
#define SEUIL_INPUT_KEY_COUNT      11
extern const char *const seuil_settings_blocks[SEUIL_SETTINGS_BLOCK_COUNT];
extern const char *const seuil_input_keys[SEUIL_INPUT_KEY_COUNT];

struct seuil_settings_loader {
    struct seuil_settings *settings;
    const struct seuil_yaml *doc;
    struct seuil_errs *errs;
    seuil_lookup_fn *lookup;
    void *ctx;
};

/* A scalar with ${VAR} expanded: the node as if the file said so, and where its value came from.
 * Other kinds of nodes come back as they are. 0, or a reported error. */
int seuil_settings_expand(struct seuil_settings_loader *loader, const struct seuil_yaml_node *node,
                          struct seuil_yaml_node *ret_node, struct seuil_origin *ret_origin);

/* The path @text as seen from the configuration's folder; NULL when memory is out. */
const char *seuil_settings_resolve(struct seuil_settings_loader *loader, struct seuil_str text);

/* The content of the file that scalar @node names, as a node; its origin. 0 or reported. */
int seuil_settings_secret(struct seuil_settings_loader *loader, const struct seuil_yaml_node *node,
                          struct seuil_yaml_node *ret_node, struct seuil_origin *ret_origin);

/* Put the value of @node into the member of @row. 0 or reported. */
int seuil_settings_assign(struct seuil_settings_loader *loader, const struct seuil_setting_row *row,
                          const struct seuil_yaml_node *node);

/* The blocks, from the root of the file; what is missing becomes its default. */
void seuil_settings_load_kafka(struct seuil_settings_loader *loader,
                               const struct seuil_yaml_node *node);
void seuil_settings_load_inputs(struct seuil_settings_loader *loader,
                                const struct seuil_yaml_node *node);
void seuil_settings_load_models(struct seuil_settings_loader *loader,
                                const struct seuil_yaml_node *node);

/* earliest, latest or a time; SEUIL_ERR_FORMAT. "" is UNSET. */
int seuil_settings_start_parse(struct seuil_str text, enum seuil_input_start *ret_start,
                               seuil_time_ms *ret_time);

/* "json", "confluent", ... */
const char *seuil_input_format_name(enum seuil_input_format format);

/* Whether @text may be the name of a topic or group: letters, digits, '.', '_', '-', and neither
 * "." nor "..". */
bool seuil_settings_is_name(struct seuil_str text);

/* What no single value shows; each mistake is reported. */
void seuil_settings_check(struct seuil_settings_loader *loader);

/* Report at the place of a setting's value (of the file as a whole for a default). */
int seuil_settings_error(struct seuil_settings_loader *loader, const struct seuil_origin *origin,
                         int code, const char *format, ...) __attribute__((format(printf, 4, 5)));

/* Out of memory: reported without a place; returns SEUIL_ERR_NOMEM. */
int seuil_settings_nomem(struct seuil_settings_loader *loader);

#endif
