/* The loader: walk the file for keys that nobody knows, then take each row of the table, then the
 * blocks, then what follows from other values, then the checks across values. */

#include "conf/settings.h"

#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/heap.h"
#include "conf/settings_load.h"
#include "conf/suggest.h"

/* Mappings that only group settings, as a mistyped key may mean one of them. */
static const char *const groups[] = {"log",      "admin", "outbound",  "scores",   "dead_letters",
                                     "internal", "redis", "redis.tls", "registry", "registry.tls"};
#define GROUP_COUNT (int)(sizeof(groups) / sizeof(groups[0]))
#define NAMES_MAX   (SEUIL_SETTING_COUNT + SEUIL_SETTINGS_BLOCK_COUNT + GROUP_COUNT)
#define PATH_BYTES  256

static bool is_block(const char *path)
{
    for (int i = 0; i < SEUIL_SETTINGS_BLOCK_COUNT; i++)
        if (strcmp(seuil_settings_blocks[i], path) == 0)
            return true;
    return false;
}

/* The row that a path names, or that its _file variant names. */
static const struct seuil_setting_row *row_of(const char *path)
{
    size_t len = strlen(path);

    for (int i = 0; i < SEUIL_SETTING_COUNT; i++) {
        const struct seuil_setting_row *row = &seuil_setting_rows[i];

        if (strcmp(row->path, path) == 0)
            return row;
        if (row->secret && len == strlen(row->path) + 5 && strcmp(path + len - 5, "_file") == 0 &&
            strncmp(row->path, path, len - 5) == 0)
            return row;
    }
    return NULL;
}

static bool is_group(const char *path)
{
    for (int i = 0; i < GROUP_COUNT; i++)
        if (strcmp(groups[i], path) == 0)
            return true;
    return false;
}

/* Every path, so that a key at the wrong place is found too. */
static size_t all_paths(const char *names[NAMES_MAX])
{
    size_t count = 0;

    for (int i = 0; i < SEUIL_SETTING_COUNT; i++)
        names[count++] = seuil_setting_rows[i].path;
    for (int i = 0; i < SEUIL_SETTINGS_BLOCK_COUNT; i++)
        names[count++] = seuil_settings_blocks[i];
    for (int i = 0; i < GROUP_COUNT; i++)
        names[count++] = groups[i];
    return count;
}

static void report_unknown(struct seuil_settings_loader *loader, const struct seuil_yaml_node *key,
                           const char *path)
{
    const char *names[NAMES_MAX];
    size_t count = all_paths(names);
    const char *near = NULL;
    const char *last = strrchr(path, '.') ? strrchr(path, '.') + 1 : path;

    /* The same last word elsewhere ("password" is "redis.password"), else the nearest path. */
    for (size_t i = 0; i < count && !near; i++) {
        const char *dot = strrchr(names[i], '.');

        if (dot && strcmp(dot + 1, last) == 0)
            near = names[i];
    }
    if (!near)
        near = seuil_suggest(seuil_str_from(path), names, count);
    for (size_t i = 0; i < count && !near; i++) {
        const char *dot = strrchr(names[i], '.');

        if (dot)
            near =
                seuil_suggest(seuil_str_from(last), &(const char *){dot + 1}, 1) ? names[i] : NULL;
    }
    seuil_yaml_error(loader->doc, key, loader->errs, SEUIL_ERR_UNKNOWN,
                     "unknown setting \"%.64s\"%s%s%s", path, near ? " (did you mean \"" : "",
                     near ? near : "", near ? "\"?)" : "");
}

static void check_known(struct seuil_settings_loader *loader, const struct seuil_yaml_node *node,
                        const char *prefix)
{
    for (uint32_t i = 0; i < node->count; i++) {
        const struct seuil_yaml_node *key = &node->keys[i], *value = &node->items[i];
        char path[PATH_BYTES];

        snprintf(path, sizeof(path), "%s%s%s", prefix, prefix[0] ? "." : "", key->text);
        if (is_block(path) || row_of(path))
            continue;
        if (!is_group(path))
            report_unknown(loader, key, path);
        else if (value->kind == SEUIL_YAML_MAPPING)
            check_known(loader, value, path);
        else if (!seuil_yaml_is_null(value))
            seuil_yaml_error(loader->doc, value, loader->errs, SEUIL_ERR_INVALID,
                             "%s has settings of its own: it must be a mapping, this is %s", path,
                             seuil_yaml_kind_text(value));
    }
}

/* The node at "redis.tls.ca", with @suffix added to the last word; NULL when absent or null. */
static const struct seuil_yaml_node *at_path(const struct seuil_yaml_node *node, const char *path,
                                             const char *suffix)
{
    char word[PATH_BYTES];

    while (node) {
        size_t len = strcspn(path, ".");

        snprintf(word, sizeof(word), "%.*s%s", (int)len, path, path[len] ? "" : suffix);
        node = seuil_yaml_find(node, word);
        if (!path[len])
            break;
        path += len + 1;
    }
    return node && !seuil_yaml_is_null(node) ? node : NULL;
}

static void load_row(struct seuil_settings_loader *loader, const struct seuil_setting_row *row)
{
    struct seuil_origin *origin = &loader->settings->origins[row - seuil_setting_rows];
    const struct seuil_yaml_node *root = seuil_yaml_root(loader->doc);
    const struct seuil_yaml_node *given = at_path(root, row->path, "");
    const struct seuil_yaml_node *file = row->secret ? at_path(root, row->path, "_file") : NULL;
    struct seuil_yaml_node node = {
        .plain = true, .text = row->fallback, .len = (uint32_t)strlen(row->fallback)};

    *origin = (struct seuil_origin){.kind = SEUIL_ORIGIN_DEFAULT, .detail = ""};
    if (given && file) {
        seuil_yaml_error(loader->doc, file, loader->errs, SEUIL_ERR_INVALID,
                         "%s and %s_file are both given: remove one", row->path, row->path);
        return;
    }
    if (given && seuil_settings_expand(loader, given, &node, origin))
        return;
    if (file && seuil_settings_secret(loader, file, &node, origin))
        return;
    /* An empty default is text like any other, not "nothing". */
    if (!given || (origin->kind == SEUIL_ORIGIN_ENVIRONMENT && node.len == 0))
        node.plain = node.len > 0;
    seuil_settings_assign(loader, row, &node);
}

/* A value that follows from another when it is not set. */
static void derive(struct seuil_settings_loader *loader, enum seuil_setting_index index,
                   const char **text, const char *why, const char *format, const char *from)
{
    struct seuil_buf buf = {0};

    if (**text)
        return;
    if (seuil_buf_printf(&buf, format, from) ||
        !(*text = seuil_arena_strdup(&loader->settings->arena, (const char *)buf.ptr, buf.len))) {
        *text = "";
        seuil_settings_nomem(loader);
    }
    loader->settings->origins[index].detail = why;
    seuil_buf_done(&buf);
}

static void derive_all(struct seuil_settings_loader *loader)
{
    struct seuil_settings *s = loader->settings;
    char host[HOST_NAME_MAX + 1] = "";

    if (gethostname(host, sizeof(host) - 1) || !host[0] ||
        !seuil_settings_is_name(seuil_str_from(host)))
        strcpy(host, "localhost");
    host[63] = '\0';
    derive(loader, SEUIL_SETTING_instance, &s->instance, "the host's name", "%s", host);
    derive(loader, SEUIL_SETTING_group, &s->group, "from app", "%s", s->app);
    derive(loader, SEUIL_SETTING_outbound_source, &s->outbound_source, "from app", "urn:seuil:%s",
           s->app);
    derive(loader, SEUIL_SETTING_internal_topic, &s->internal_topic, "from app",
           "seuil.%s.internal", s->app);
}

/* So that later steps never meet a NULL after a mistake. */
static void preset(struct seuil_settings *settings)
{
    for (int i = 0; i < SEUIL_SETTING_COUNT; i++) {
        const struct seuil_setting_row *row = &seuil_setting_rows[i];

        if (row->type == SEUIL_SETTING_TEXT || row->type == SEUIL_SETTING_NAME ||
            row->type == SEUIL_SETTING_PATH)
            *(const char **)((char *)settings + row->offset) = "";
    }
}

static void load(struct seuil_settings_loader *loader)
{
    const struct seuil_yaml_node *root = seuil_yaml_root(loader->doc);

    preset(loader->settings);
    if (root->kind != SEUIL_YAML_MAPPING && !seuil_yaml_is_null(root)) {
        seuil_yaml_error(loader->doc, root, loader->errs, SEUIL_ERR_INVALID,
                         "a configuration is a mapping of settings, this is %s",
                         seuil_yaml_kind_text(root));
        return;
    }
    check_known(loader, root, "");
    for (int i = 0; i < SEUIL_SETTING_COUNT; i++)
        load_row(loader, &seuil_setting_rows[i]);
    derive_all(loader);
    seuil_settings_load_kafka(loader, at_path(root, "kafka", ""));
    seuil_settings_load_inputs(loader, at_path(root, "inputs", ""));
    seuil_settings_load_models(loader, at_path(root, "models", ""));
    seuil_settings_check(loader);
}

static const char *from_environment(void *ctx, const char *name)
{
    (void)ctx;
    return getenv(name);
}

static struct seuil_settings *load_doc(const struct seuil_yaml *doc, seuil_lookup_fn *lookup,
                                       void *ctx, struct seuil_errs *errs)
{
    struct seuil_settings *settings = seuil_heap_zalloc(1, sizeof(*settings));
    struct seuil_settings_loader loader = {.settings = settings,
                                           .doc = doc,
                                           .errs = errs,
                                           .lookup = lookup ? lookup : from_environment,
                                           .ctx = ctx};
    const char *name = seuil_yaml_name(doc);
    uint32_t before = errs->total;

    if (settings && (settings->file = seuil_arena_strdup(&settings->arena, name, strlen(name))))
        load(&loader);
    else
        seuil_settings_nomem(&loader);
    if (errs->total != before) {
        seuil_errs_sort(errs);
        seuil_settings_free(settings);
        settings = NULL;
    }
    return settings;
}

struct seuil_settings *seuil_settings_parse(const char *name, const void *bytes, size_t len,
                                            seuil_lookup_fn *lookup, void *ctx,
                                            struct seuil_errs *errs)
{
    struct seuil_yaml *doc = seuil_yaml_parse(name, bytes, len, errs);
    struct seuil_settings *settings = doc ? load_doc(doc, lookup, ctx, errs) : NULL;

    seuil_yaml_free(doc);
    return settings;
}

struct seuil_settings *seuil_settings_open(const char *path, seuil_lookup_fn *lookup, void *ctx,
                                           struct seuil_errs *errs)
{
    struct seuil_yaml *doc = seuil_yaml_open(path, errs);
    struct seuil_settings *settings = doc ? load_doc(doc, lookup, ctx, errs) : NULL;

    seuil_yaml_free(doc);
    return settings;
}

void seuil_settings_free(struct seuil_settings *settings)
{
    if (settings)
        seuil_arena_done(&settings->arena);
    seuil_heap_free(settings);
}

const char *seuil_settings_kafka(const struct seuil_settings *settings, const char *name)
{
    for (uint32_t i = 0; i < settings->kafka_count; i++)
        if (strcmp(settings->kafka[i].name, name) == 0)
            return settings->kafka[i].value;
    return NULL;
}
