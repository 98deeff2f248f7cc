/* inputs: what is read, from which topic, and how its records are written. */

#include <stdio.h>
#include <string.h>

#include "conf/scalar.h"
#include "conf/settings_load.h"
#include "conf/suggest.h"

/* The default inputs. A file's own inputs of these names know their kind. */
static const struct {
    const char *name;
    enum seuil_kind kind;
} defaults[] = {
    {"page_views", SEUIL_KIND_PAGE_VIEW}, {"emails", SEUIL_KIND_EMAIL},
    {"forms", SEUIL_KIND_FORM},           {"activities", SEUIL_KIND_ACTIVITY},
    {"profiles", SEUIL_KIND_PROFILE},     {"commands", SEUIL_KIND_COMMAND},
};
#define DEFAULT_COUNT (sizeof(defaults) / sizeof(defaults[0]))

/* One topic number is the internal topic's. */
#define INPUTS_MAX (SEUIL_TOPICS_MAX - 1)

static const char *const formats[] = {"json",
                                      "confluent",
                                      "raw",
                                      "single_object",
                                      "confluent_json",
                                      "confluent_headers",
                                      "apicurio_headers",
                                      "tsv",
                                      "form"};
#define FORMAT_COUNT (sizeof(formats) / sizeof(formats[0]))

const char *seuil_input_format_name(enum seuil_input_format format)
{
    return formats[format];
}

/* Avro whose records name their schema, by id but for single_object. */
static bool names_schema(enum seuil_input_format format)
{
    return format == SEUIL_INPUT_CONFLUENT || format == SEUIL_INPUT_SINGLE_OBJECT ||
           format == SEUIL_INPUT_CONFLUENT_HEADERS || format == SEUIL_INPUT_APICURIO_HEADERS;
}

/* What is common to all keys of one input: whose they are, for messages. */
struct input_loader {
    struct seuil_settings_loader *loader;
    const struct seuil_yaml_node *node; /* the input's mapping */
    struct seuil_input_settings *input;
    char what[128];
};

static const char *what(struct input_loader *in, const char *key)
{
    snprintf(in->what, sizeof(in->what), "%s of input %.64s", key, in->input->name);
    return in->what;
}

static const char *keep(struct seuil_settings_loader *loader, struct seuil_str text)
{
    const char *copy = seuil_arena_strdup(&loader->settings->arena, text.ptr, text.len);

    if (!copy)
        seuil_settings_nomem(loader);
    return copy ? copy : "";
}

/* The expanded text of @key: 1, 0 when it is absent, or a reported error. */
static int text_of(struct input_loader *in, const char *key, struct seuil_yaml_node *ret_node)
{
    const struct seuil_yaml_node *node = seuil_yaml_find(in->node, key);
    struct seuil_origin origin;
    struct seuil_str text;
    int rc;

    if (!node || seuil_yaml_is_null(node))
        return 0;
    rc = seuil_settings_expand(in->loader, node, ret_node, &origin);
    if (!rc)
        rc = seuil_yaml_text(in->loader->doc, ret_node, what(in, key), 4096, in->loader->errs,
                             &text);
    return rc ? rc : 1;
}

static void load_topic(struct input_loader *in)
{
    struct seuil_yaml_node node;

    if (text_of(in, "topic", &node) != 1)
        return;
    in->input->topic = keep(in->loader, seuil_yaml_str(&node));
    if (node.len == 0 || node.len > 249 || !seuil_settings_is_name(seuil_yaml_str(&node)))
        seuil_yaml_error(in->loader->doc, &node, in->loader->errs, SEUIL_ERR_INVALID,
                         "\"%.64s\" cannot be a topic: letters, digits, '.', '_' and '-', at most "
                         "249",
                         node.text);
}

static int default_kind(const char *name)
{
    for (size_t i = 0; i < DEFAULT_COUNT; i++)
        if (strcmp(name, defaults[i].name) == 0)
            return defaults[i].kind;
    return -1;
}

static void load_kind(struct input_loader *in, const struct seuil_yaml_node *key)
{
    struct seuil_settings_loader *loader = in->loader;
    int fixed = default_kind(in->input->name), kind, given;
    const char *names[SEUIL_KINDS];
    struct seuil_yaml_node node;
    char hint[160];

    given = text_of(in, "kind", &node);
    if (given < 0)
        return;
    if (in->input->preset || in->input->map) {
        if (given)
            seuil_yaml_error(loader->doc, &node, loader->errs, SEUIL_ERR_INVALID,
                             "input %.64s has a map, which says the kind of each event: leave kind "
                             "out",
                             in->input->name);
        return;
    }
    if (!given && fixed < 0) {
        seuil_yaml_error(loader->doc, key, loader->errs, SEUIL_ERR_MISSING,
                         "input %.64s needs a kind: page_view, email, form, activity, profile or "
                         "command",
                         in->input->name);
        return;
    }
    kind = given ? seuil_kind_find(seuil_yaml_str(&node)) : fixed;
    for (int i = 0; i < SEUIL_KINDS; i++)
        names[i] = seuil_kind_name((enum seuil_kind)i);
    if (kind < 0 || kind >= SEUIL_KINDS)
        seuil_yaml_error(
            loader->doc, &node, loader->errs, SEUIL_ERR_UNKNOWN,
            "unknown kind \"%.64s\"%s: page_view, email, form, activity, profile or command",
            node.text,
            seuil_suggest_text(seuil_yaml_str(&node), names, SEUIL_KINDS, hint, sizeof(hint)));
    else if (fixed >= 0 && kind != fixed)
        seuil_yaml_error(loader->doc, &node, loader->errs, SEUIL_ERR_INVALID,
                         "input %s is of kind %s; give an input of another kind another name",
                         in->input->name, seuil_kind_name((enum seuil_kind)fixed));
    else
        in->input->kind = (enum seuil_kind)kind;
}

static void load_format(struct input_loader *in)
{
    struct seuil_yaml_node node;
    char hint[160];

    if (text_of(in, "format", &node) != 1)
        return;
    in->input->has_format = true;
    for (size_t i = 0; i < FORMAT_COUNT; i++)
        if (strcmp(node.text, formats[i]) == 0) {
            in->input->format = (enum seuil_input_format)i;
            return;
        }
    seuil_yaml_error(
        in->loader->doc, &node, in->loader->errs, SEUIL_ERR_UNKNOWN,
        "%s must be json, confluent, raw, single_object, confluent_json, "
        "confluent_headers, apicurio_headers, tsv or form, not \"%.64s\"%s",
        what(in, "format"), node.text,
        seuil_suggest_text(seuil_yaml_str(&node), formats, FORMAT_COUNT, hint, sizeof(hint)));
}

static void load_duplicates(struct input_loader *in)
{
    struct seuil_yaml_node node;

    if (text_of(in, "duplicates", &node) != 1)
        return;
    in->input->last_duplicate = strcmp(node.text, "last") == 0;
    if (!in->input->last_duplicate && strcmp(node.text, "refuse") != 0)
        seuil_yaml_error(in->loader->doc, &node, in->loader->errs, SEUIL_ERR_UNKNOWN,
                         "%s must be refuse or last, not \"%.64s\"", what(in, "duplicates"),
                         node.text);
}

static void load_start(struct input_loader *in)
{
    struct seuil_settings_loader *loader = in->loader;
    struct seuil_settings *settings = loader->settings;
    struct seuil_yaml_node node;
    int given = text_of(in, "start", &node);

    if (given < 0)
        return;
    if (!given) {
        /* A mistake in the common `start` is reported where that stands. */
        seuil_settings_start_parse(seuil_str_from(settings->start), &in->input->start,
                                   &in->input->start_time);
        return;
    }
    if (seuil_settings_start_parse(seuil_yaml_str(&node), &in->input->start,
                                   &in->input->start_time))
        seuil_yaml_error(loader->doc, &node, loader->errs, SEUIL_ERR_FORMAT,
                         "%s must be earliest, latest or a time like 2026-03-02T08:00:00Z, not "
                         "\"%.64s\"",
                         what(in, "start"), node.text);
}

/* schemas: {1: page_view.avsc}; of single_object, whose ids are in the schemas: [page_view.avsc] */
static void load_schemas(struct input_loader *in, const struct seuil_yaml_node *map)
{
    bool listed = in->input->format == SEUIL_INPUT_SINGLE_OBJECT;
    struct seuil_settings_loader *loader = in->loader;
    struct seuil_input_schema *list;

    if (map->kind != (listed ? SEUIL_YAML_SEQUENCE : SEUIL_YAML_MAPPING)) {
        seuil_yaml_error(loader->doc, map, loader->errs, SEUIL_ERR_INVALID,
                         listed ? "%s must be a list of files, like [page_view.avsc]"
                                : "%s must be a mapping of schema ids to files, like {1: "
                                  "page_view.avsc}",
                         what(in, "schemas"));
        return;
    }
    list = seuil_arena_alloc(&loader->settings->arena, map->count, sizeof(*list));
    if (!list) {
        seuil_settings_nomem(loader);
        return;
    }
    for (uint32_t i = 0; i < map->count; i++) {
        struct seuil_yaml_node node;
        struct seuil_origin origin;
        struct seuil_str path;
        int64_t id = 0;

        list[i].path = "";
        if (!listed)
            seuil_yaml_int(loader->doc, &map->keys[i], "a schema id", 0, UINT32_MAX, loader->errs,
                           &id);
        list[i].id = (uint32_t)id;
        if (seuil_settings_expand(loader, &map->items[i], &node, &origin) ||
            seuil_yaml_text(loader->doc, &node, "the name of a schema file", 4096, loader->errs,
                            &path))
            continue;
        list[i].path = seuil_settings_resolve(loader, path);
        if (!list[i].path)
            seuil_settings_nomem(loader);
    }
    in->input->schemas = list;
    in->input->schema_count = map->count;
}

static void load_schema(struct input_loader *in)
{
    struct seuil_input_schema *one;
    struct seuil_yaml_node node;

    if (text_of(in, "schema", &node) != 1)
        return;
    one = seuil_arena_alloc(&in->loader->settings->arena, 1, sizeof(*one));
    if (one)
        one->path = seuil_settings_resolve(in->loader, seuil_yaml_str(&node));
    if (!one || !one->path) {
        seuil_settings_nomem(in->loader);
        return;
    }
    in->input->schemas = one;
    in->input->schema_count = 1;
    in->input->one_schema = true;
}

/* Whether the format is what a map says of its source. */
static bool says_map(const struct input_loader *in)
{
    return !in->input->has_format && (in->input->preset || in->input->map);
}

/* Which of schemas and schema belongs to the format. */
static void check_schemas(struct input_loader *in, const struct seuil_yaml_node *key)
{
    const struct seuil_settings *settings = in->loader->settings;
    const struct seuil_yaml_node *schemas = seuil_yaml_find(in->node, "schemas");
    const struct seuil_yaml_node *schema = seuil_yaml_find(in->node, "schema");
    enum seuil_input_format format = in->input->format;
    /* Registries know ids; fingerprints are found among files. */
    bool listed = format == SEUIL_INPUT_SINGLE_OBJECT;
    bool registry = settings->registry_directory[0] || (settings->registry_url[0] && !listed);

    if (says_map(in)) /* and the decoder says what its format lacks */
        return;
    if (schemas && !names_schema(format))
        seuil_yaml_error(in->loader->doc, schemas, in->loader->errs, SEUIL_ERR_INVALID,
                         "schemas belongs to Avro that names its schema, as format: confluent; "
                         "input %.64s has format: %s",
                         in->input->name, formats[format]);
    if (schema && format != SEUIL_INPUT_RAW)
        seuil_yaml_error(in->loader->doc, schema, in->loader->errs, SEUIL_ERR_INVALID,
                         "schema belongs to format: raw; input %.64s has format: %s",
                         in->input->name, formats[format]);
    if (format == SEUIL_INPUT_RAW && in->input->schema_count == 0 && !schema)
        seuil_yaml_error(in->loader->doc, key, in->loader->errs, SEUIL_ERR_MISSING,
                         "input %.64s has format: raw and needs schema", in->input->name);
    if (names_schema(format) && in->input->schema_count == 0 && !schemas && !registry)
        seuil_yaml_error(
            in->loader->doc, key, in->loader->errs, SEUIL_ERR_MISSING,
            "input %.64s has format: %s and needs schemas, or %s", in->input->name, formats[format],
            listed ? "registry.directory" : "a registry (registry.url or registry.directory)");
}

/* The names that a record of @kind may rename. */
static size_t field_names(enum seuil_kind kind, const char *names[SEUIL_FIELD_COUNT + 8])
{
    const char *map = seuil_kind_map_name(kind);
    size_t count = 0;

    names[count++] = "id";
    names[count++] = "lead";
    names[count++] = "time";
    names[count++] = "retracts";
    names[count++] = "consent";
    if (map)
        names[count++] = map;
    for (int i = 0; i < SEUIL_FIELD_HOST; i++)
        if (seuil_field_of_kind((enum seuil_field)i, kind))
            names[count++] = seuil_field_name((enum seuil_field)i);
    return count;
}

static void load_fields(struct input_loader *in, const struct seuil_yaml_node *map)
{
    struct seuil_settings_loader *loader = in->loader;
    const char *names[SEUIL_FIELD_COUNT + 8];
    size_t count = field_names(in->input->kind, names);
    struct seuil_input_field *list;

    if (map->kind != SEUIL_YAML_MAPPING) {
        seuil_yaml_error(loader->doc, map, loader->errs, SEUIL_ERR_INVALID,
                         "%s must be a mapping of our names to the record's, like {id: event_id}",
                         what(in, "fields"));
        return;
    }
    seuil_yaml_check_keys(loader->doc, map, names, count, what(in, "fields"), loader->errs);
    list = seuil_arena_alloc(&loader->settings->arena, map->count, sizeof(*list));
    if (!list) {
        seuil_settings_nomem(loader);
        return;
    }
    for (uint32_t i = 0; i < map->count; i++) {
        struct seuil_yaml_node node;
        struct seuil_origin origin;
        struct seuil_str name;

        list[i].field = keep(loader, seuil_yaml_str(&map->keys[i]));
        list[i].name = "";
        if (!seuil_settings_expand(loader, &map->items[i], &node, &origin) &&
            !seuil_yaml_text(loader->doc, &node, "the name of a field", 256, loader->errs, &name))
            list[i].name = keep(loader, name);
    }
    in->input->fields = list;
    in->input->field_count = map->count;
}

/* A preset by its name is looked for where presets are; a file is one by its looks. */
static void load_preset(struct input_loader *in)
{
    struct seuil_yaml_node node;
    struct seuil_str name;

    if (text_of(in, "preset", &node) != 1)
        return;
    name = seuil_yaml_str(&node);
    if (memchr(name.ptr, '/', name.len) ||
        (name.len > 5 && memcmp(name.ptr + name.len - 5, ".yaml", 5) == 0)) {
        in->input->preset = seuil_settings_resolve(in->loader, name);
        if (!in->input->preset)
            seuil_settings_nomem(in->loader);
    } else if (name.len == 0 || !seuil_settings_is_name(name)) {
        seuil_yaml_error(in->loader->doc, &node, in->loader->errs, SEUIL_ERR_INVALID,
                         "%s must be the name of a preset, as sendgrid, or a file, as ./shop.yaml",
                         what(in, "preset"));
    } else {
        in->input->preset = keep(in->loader, name);
    }
}

static void load_map(struct input_loader *in)
{
    const struct seuil_yaml_node *map = seuil_yaml_find(in->node, "map");
    const struct seuil_yaml_node *fields = seuil_yaml_find(in->node, "fields");
    struct seuil_buf text = {0};

    if (map && !seuil_yaml_is_null(map)) {
        if (map->kind != SEUIL_YAML_MAPPING)
            seuil_yaml_error(in->loader->doc, map, in->loader->errs, SEUIL_ERR_INVALID,
                             "%s must be a mapping with events:, this is %s; a file is named by "
                             "preset:",
                             what(in, "map"), seuil_yaml_kind_text(map));
        if (seuil_yaml_write(map, &text))
            seuil_settings_nomem(in->loader);
        in->input->map =
            keep(in->loader, (struct seuil_str){(const char *)text.ptr, (uint32_t)text.len});
        seuil_buf_done(&text);
    }
    if (fields && !seuil_yaml_is_null(fields) && (in->input->map || in->input->preset))
        seuil_yaml_error(in->loader->doc, fields, in->loader->errs, SEUIL_ERR_INVALID,
                         "input %.64s has a map, which names its fields: leave fields out",
                         in->input->name);
}

/* What has no names of its own can only be read with a map. */
static void check_map(struct input_loader *in, const struct seuil_yaml_node *key)
{
    enum seuil_input_format format = in->input->format;

    if ((format == SEUIL_INPUT_TSV || format == SEUIL_INPUT_FORM) && !in->input->map &&
        !in->input->preset)
        seuil_yaml_error(in->loader->doc, key, in->loader->errs, SEUIL_ERR_MISSING,
                         "input %.64s has format: %s and needs a map or a preset", in->input->name,
                         formats[format]);
}

static void load_input(struct seuil_settings_loader *loader, const struct seuil_yaml_node *key,
                       const struct seuil_yaml_node *node, struct seuil_input_settings *ret_input)
{
    struct input_loader in = {.loader = loader, .node = node, .input = ret_input};
    const struct seuil_yaml_node *part;

    ret_input->name = ret_input->topic = keep(loader, seuil_yaml_str(key));
    ret_input->origin = (struct seuil_origin){SEUIL_ORIGIN_FILE, key->line, key->column, ""};
    if (key->len == 0 || key->len > SEUIL_NAME_MAX || !seuil_settings_is_name(seuil_yaml_str(key)))
        seuil_yaml_error(loader->doc, key, loader->errs, SEUIL_ERR_INVALID,
                         "\"%.64s\" cannot name an input: letters, digits, '.', '_' and '-', at "
                         "most %d",
                         key->text, SEUIL_NAME_MAX);
    if (node->kind != SEUIL_YAML_MAPPING && !seuil_yaml_is_null(node)) {
        seuil_yaml_error(loader->doc, node, loader->errs, SEUIL_ERR_INVALID,
                         "input %.64s must be a mapping, like {topic: web.pages}, this is %s",
                         key->text, seuil_yaml_kind_text(node));
        return;
    }
    seuil_yaml_check_keys(loader->doc, node, seuil_input_keys, SEUIL_INPUT_KEY_COUNT, "an input",
                          loader->errs);
    load_topic(&in);
    load_preset(&in);
    load_map(&in);
    load_kind(&in, key);
    load_format(&in);
    check_map(&in, key);
    load_duplicates(&in);
    load_start(&in);
    part = seuil_yaml_find(node, "optional");
    if (part)
        seuil_yaml_bool(loader->doc, part, what(&in, "optional"), loader->errs,
                        &ret_input->optional);
    part = seuil_yaml_find(node, "schemas");
    if (part && !seuil_yaml_is_null(part))
        load_schemas(&in, part);
    if (ret_input->format == SEUIL_INPUT_RAW || says_map(&in))
        load_schema(&in);
    check_schemas(&in, key);
    part = seuil_yaml_find(node, "fields");
    if (part && !seuil_yaml_is_null(part) && !ret_input->map && !ret_input->preset)
        load_fields(&in, part);
}

static void load_defaults(struct seuil_settings_loader *loader, struct seuil_input_settings *list)
{
    for (size_t i = 0; i < DEFAULT_COUNT; i++) {
        list[i].name = list[i].topic = defaults[i].name;
        list[i].kind = defaults[i].kind;
        list[i].origin = (struct seuil_origin){.kind = SEUIL_ORIGIN_DEFAULT, .detail = ""};
        seuil_settings_start_parse(seuil_str_from(loader->settings->start), &list[i].start,
                                   &list[i].start_time);
    }
}

void seuil_settings_load_inputs(struct seuil_settings_loader *loader,
                                const struct seuil_yaml_node *node)
{
    struct seuil_input_settings *list;
    uint32_t count = node ? node->count : DEFAULT_COUNT;

    if (node && (node->kind != SEUIL_YAML_MAPPING || count == 0 || count > INPUTS_MAX)) {
        seuil_yaml_error(loader->doc, node, loader->errs, SEUIL_ERR_INVALID,
                         "inputs must be a mapping of 1 to %d inputs by name, like {page_views: "
                         "{topic: web.pages}}",
                         INPUTS_MAX);
        return;
    }
    list = seuil_arena_alloc(&loader->settings->arena, count, sizeof(*list));
    if (!list) {
        seuil_settings_nomem(loader);
        return;
    }
    if (!node)
        load_defaults(loader, list);
    for (uint32_t i = 0; node && i < count; i++)
        load_input(loader, &node->keys[i], &node->items[i], &list[i]);
    loader->settings->inputs = list;
    loader->settings->input_count = count;
}

int seuil_settings_start_parse(struct seuil_str text, enum seuil_input_start *ret_start,
                               seuil_time_ms *ret_time)
{
    enum seuil_input_start start = SEUIL_INPUT_START_TIME;
    seuil_time_ms time = SEUIL_TIME_NONE;

    if (text.len == 0)
        start = SEUIL_INPUT_START_UNSET;
    else if (seuil_str_eq(text, SEUIL_STR("earliest")))
        start = SEUIL_INPUT_START_EARLIEST;
    else if (seuil_str_eq(text, SEUIL_STR("latest")))
        start = SEUIL_INPUT_START_LATEST;
    else if (seuil_instant_parse(text, &time))
        return SEUIL_ERR_FORMAT;
    *ret_start = start;
    *ret_time = time;
    return 0;
}
