/* kafka: and models:, the blocks that are lists of text. */

#include <string.h>
#include <strings.h>

#include "conf/settings_load.h"

/* Properties that the daemon must set itself, and what to do instead. */
static const struct {
    const char *name, *instead;
} reserved[] = {
    {"group.id", "use the setting group"},
    {"partitioner", "use the setting partitioner"},
    {"enable.auto.commit", "positions are in Redis, the group is told by seuild itself"},
    {"enable.auto.offset.store", "positions are in Redis, the group is told by seuild itself"},
    {"auto.offset.reset", "use start: of the input; a lost position halts instead"},
    {"partition.assignment.strategy", "it is range, so that a shard's topics stay together"},
    {"enable.partition.eof", "it is on: silence is judged by it"},
    {"enable.idempotence", "it is on: crossings keep their order"},
    {"acks", "it is all: an acknowledged crossing must not be lost"},
    {"request.required.acks", "it is all: an acknowledged crossing must not be lost"},
    {"transactional.id", "transactions are not used"},
};

static bool is_secret(const char *name)
{
    return strcasestr(name, "password") || strcasestr(name, "secret") ||
           strcasestr(name, "key.pem") || strcasestr(name, "jaas") ||
           strcasestr(name, "oauthbearer.config");
}

static int check_reserved(struct seuil_settings_loader *loader, const struct seuil_yaml_node *key,
                          const char *name)
{
    for (size_t i = 0; i < sizeof(reserved) / sizeof(reserved[0]); i++)
        if (strcmp(name, reserved[i].name) == 0)
            return seuil_yaml_error(loader->doc, key, loader->errs, SEUIL_ERR_UNSUPPORTED,
                                    "kafka: %s cannot be set: %s", name, reserved[i].instead);
    return 0;
}

/* The name without _file, when a property is given by a file. */
static struct seuil_str property_name(const struct seuil_yaml_node *key, bool *ret_file)
{
    struct seuil_str name = seuil_yaml_str(key);

    *ret_file = name.len > 5 && strcmp(name.ptr + name.len - 5, "_file") == 0;
    if (*ret_file)
        name.len -= 5;
    return name;
}

static void load_property(struct seuil_settings_loader *loader, const struct seuil_yaml_node *key,
                          const struct seuil_yaml_node *value,
                          struct seuil_kafka_property *ret_property)
{
    struct seuil_arena *arena = &loader->settings->arena;
    struct seuil_yaml_node node;
    bool from_file;
    struct seuil_str name = property_name(key, &from_file), text = {0};

    ret_property->value = "";
    ret_property->name = seuil_arena_strdup(arena, name.ptr, name.len);
    if (!ret_property->name) {
        ret_property->name = "";
        seuil_settings_nomem(loader);
        return;
    }
    ret_property->secret = from_file || is_secret(ret_property->name);
    if (check_reserved(loader, key, ret_property->name))
        return;
    if (value->kind == SEUIL_YAML_MAPPING) {
        seuil_yaml_error(loader->doc, value, loader->errs, SEUIL_ERR_INVALID,
                         "properties of librdkafka have dots in their names: write \"%s.%s: ...\" "
                         "on one line",
                         ret_property->name, value->count ? value->keys[0].text : "name");
        return;
    }
    if (from_file ? seuil_settings_secret(loader, value, &node, &ret_property->origin)
                  : seuil_settings_expand(loader, value, &node, &ret_property->origin))
        return;
    if (seuil_yaml_text(loader->doc, &node, ret_property->name, 64 * 1024, loader->errs, &text))
        return;
    ret_property->value = seuil_arena_strdup(arena, text.ptr, text.len);
    if (!ret_property->value) {
        ret_property->value = "";
        seuil_settings_nomem(loader);
    }
}

void seuil_settings_load_kafka(struct seuil_settings_loader *loader,
                               const struct seuil_yaml_node *node)
{
    struct seuil_kafka_property *list;

    if (!node)
        return;
    if (node->kind != SEUIL_YAML_MAPPING) {
        seuil_yaml_error(loader->doc, node, loader->errs, SEUIL_ERR_INVALID,
                         "kafka must be a mapping of librdkafka's properties, this is %s",
                         seuil_yaml_kind_text(node));
        return;
    }
    list = seuil_arena_alloc(&loader->settings->arena, node->count, sizeof(*list));
    if (!list) {
        seuil_settings_nomem(loader);
        return;
    }
    for (uint32_t i = 0; i < node->count; i++) {
        load_property(loader, &node->keys[i], &node->items[i], &list[i]);
        for (uint32_t k = 0; k < i; k++)
            if (list[i].name[0] && strcmp(list[i].name, list[k].name) == 0)
                seuil_yaml_error(loader->doc, &node->keys[i], loader->errs, SEUIL_ERR_INVALID,
                                 "%s and %s_file are both given: remove one", list[i].name,
                                 list[i].name);
    }
    loader->settings->kafka = list;
    loader->settings->kafka_count = node->count;
}

static void load_model(struct seuil_settings_loader *loader, const struct seuil_yaml_node *item,
                       struct seuil_model_file *ret_file)
{
    struct seuil_yaml_node node;
    struct seuil_str text;

    ret_file->path = "";
    if (seuil_settings_expand(loader, item, &node, &ret_file->origin) ||
        seuil_yaml_text(loader->doc, &node, "the name of a model file", 4096, loader->errs, &text))
        return;
    ret_file->path = seuil_settings_resolve(loader, text);
    if (!ret_file->path) {
        ret_file->path = "";
        seuil_settings_nomem(loader);
    }
}

void seuil_settings_load_models(struct seuil_settings_loader *loader,
                                const struct seuil_yaml_node *node)
{
    struct seuil_model_file *list;
    /* One file may stand without the dash. */
    bool alone = node && node->kind == SEUIL_YAML_SCALAR;
    uint32_t count = alone ? 1 : node ? node->count : 0;

    if (node && node->kind == SEUIL_YAML_MAPPING) {
        seuil_yaml_error(loader->doc, node, loader->errs, SEUIL_ERR_INVALID,
                         "models must be a list of files, this is a mapping");
        return;
    }
    if (count > SEUIL_MODELS_MAX) {
        seuil_yaml_error(loader->doc, node, loader->errs, SEUIL_ERR_LIMIT,
                         "%u models are named, at most %d can run side by side", count,
                         SEUIL_MODELS_MAX);
        return;
    }
    list = seuil_arena_alloc(&loader->settings->arena, count, sizeof(*list));
    if (!list) {
        seuil_settings_nomem(loader);
        return;
    }
    for (uint32_t i = 0; i < count; i++)
        load_model(loader, alone ? node : &node->items[i], &list[i]);
    loader->settings->models = list;
    loader->settings->model_count = count;
}
