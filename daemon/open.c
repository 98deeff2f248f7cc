#include "open.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/heap.h"
#include "codec/avro_lacking.h"
#include "conf/model_load.h"
#include "registry/registry.h"

/* A schema of 4,000 fields takes about this. */
#define SCHEMA_BYTES_MAX (1024 * 1024)

/* Characters. */
#define SECRET_MIN 16

/* The files of one decoder while it is compiled. */
struct schema_texts {
    uint32_t count;
    struct seuil_writer_schema *list;
};

static void free_texts(struct schema_texts *texts)
{
    for (uint32_t i = 0; i < texts->count; i++)
        seuil_heap_free((void *)texts->list[i].text);
    seuil_heap_free(texts->list);
}

/* The whole of a file, terminated; NULL with errno, EFBIG when it is too long. */
static char *read_text(const char *path, uint32_t *ret_len)
{
    FILE *file = fopen(path, "rbe");
    char *text = file ? seuil_heap_alloc(SCHEMA_BYTES_MAX + 1) : NULL;
    size_t len = text ? fread(text, 1, SCHEMA_BYTES_MAX + 1, file) : 0;
    int why = errno;

    if (text && (ferror(file) || len > SCHEMA_BYTES_MAX)) {
        why = ferror(file) ? EIO : EFBIG;
        seuil_heap_free(text);
        text = NULL;
    }
    if (file)
        fclose(file);
    if (text) {
        text[len] = '\0';
        *ret_len = (uint32_t)len;
    }
    errno = why;
    return text;
}

static int read_texts(const struct seuil_settings *settings,
                      const struct seuil_input_settings *input, struct schema_texts *texts,
                      struct seuil_errs *errs)
{
    int rc = 0;

    texts->list = seuil_heap_zalloc(input->schema_count, sizeof(*texts->list));
    if (!texts->list)
        return seuil_errs_at(errs, SEUIL_ERR_NOMEM, NULL, 0, 0, "out of memory");
    for (uint32_t i = 0; i < input->schema_count; i++) {
        struct seuil_writer_schema *schema = &texts->list[i];

        schema->id = input->schemas[i].id;
        schema->path = input->schemas[i].path;
        schema->text = read_text(schema->path, &schema->len);
        texts->count = i + 1;
        if (!schema->text)
            rc = seuil_errs_at(errs, SEUIL_ERR_CONFIG, settings->file, input->origin.line,
                               input->origin.column, "input %s: schema %s cannot be read: %s",
                               input->name, schema->path, strerror(errno));
    }
    return rc;
}

static enum seuil_format format_of(enum seuil_input_format format)
{
    static const enum seuil_format formats[] = {
        [SEUIL_INPUT_JSON] = SEUIL_FORMAT_JSON,
        [SEUIL_INPUT_CONFLUENT] = SEUIL_FORMAT_CONFLUENT,
        [SEUIL_INPUT_RAW] = SEUIL_FORMAT_RAW,
        [SEUIL_INPUT_SINGLE_OBJECT] = SEUIL_FORMAT_SINGLE_OBJECT,
        [SEUIL_INPUT_CONFLUENT_JSON] = SEUIL_FORMAT_CONFLUENT_JSON,
        [SEUIL_INPUT_CONFLUENT_HEADERS] = SEUIL_FORMAT_CONFLUENT_HEADERS,
        [SEUIL_INPUT_APICURIO_HEADERS] = SEUIL_FORMAT_APICURIO_HEADERS,
        [SEUIL_INPUT_TSV] = SEUIL_FORMAT_TSV,
        [SEUIL_INPUT_FORM] = SEUIL_FORMAT_FORM,
    };

    return formats[format];
}

/* What a map says of its source holds where the input says nothing. */
static int map_format(const struct seuil_input_settings *input, const struct seuil_map *map)
{
    const char *format = seuil_map_format(map);

    if (input->has_format || format[0] == '\0')
        return (int)format_of(input->format);
    for (int i = 0; i < SEUIL_FORMATS; i++)
        if (strcmp(seuil_format_name((enum seuil_format)i), format) == 0)
            return i;
    return -1;
}

static struct seuil_decoder *open_decoder(const struct seuil_settings *settings,
                                          const struct seuil_input_settings *input,
                                          const struct seuil_map *map, struct seuil_errs *errs)
{
    struct seuil_rename renames[SEUIL_FIELD_COUNT + 8];
    struct schema_texts texts = {0};
    struct seuil_decoder *decoder = NULL;
    struct seuil_error err = {0};
    struct seuil_decoder_spec spec = {
        .format = format_of(input->format),
        .kind = (int)input->kind,
        .renames = renames,
        .duplicates = input->last_duplicate ? SEUIL_DUPLICATES_LAST : SEUIL_DUPLICATES_REFUSED,
        .learns = settings->registry_url[0] || settings->registry_directory[0],
    };

    if (map) {
        int format = map_format(input, map);

        if (format < 0) {
            seuil_errs_at(errs, SEUIL_ERR_CONFIG, settings->file, input->origin.line,
                          input->origin.column, "input %s: its map has an unknown format, %s",
                          input->name, seuil_map_format(map));
            return NULL;
        }
        spec.format = (enum seuil_format)format;
        if (input->one_schema ? format != SEUIL_FORMAT_RAW
                              : input->schema_count > 0 &&
                                    !seuil_format_names_schema((enum seuil_format)format)) {
            seuil_errs_at(errs, SEUIL_ERR_CONFIG, settings->file, input->origin.line,
                          input->origin.column,
                          "input %s: its map is of format: %s, to which %s does not belong; for "
                          "records in Avro set its format",
                          input->name, seuil_format_name((enum seuil_format)format),
                          input->one_schema ? "schema" : "schemas");
            return NULL;
        }
        spec.wanted = seuil_map_wanted(map);
        spec.columns = seuil_map_columns(map, &spec.column_count);
    }
    /* The loader of settings let only names of the kind through, each once. */
    for (; spec.rename_count < input->field_count; spec.rename_count++)
        renames[spec.rename_count] = (struct seuil_rename){input->fields[spec.rename_count].field,
                                                           input->fields[spec.rename_count].name};
    if (!read_texts(settings, input, &texts, errs)) {
        spec.schemas = texts.list;
        spec.schema_count = texts.count;
        decoder = seuil_decoder_new(&spec, &err);
        if (!decoder && err.file[0]) /* in a schema */
            seuil_errs_at(errs, err.code, err.file, err.line, err.column, "input %s: %s",
                          input->name, err.text);
        else if (!decoder)
            seuil_errs_at(errs, err.code, settings->file, input->origin.line, input->origin.column,
                          "input %s: %s", input->name, err.text);
    }
    free_texts(&texts);
    return decoder;
}

struct seuil_models *seuil_open_models(const struct seuil_settings *settings,
                                       struct seuil_errs *errs)
{
    const char *paths[SEUIL_MODELS_MAX];
    struct seuil_models *models;

    for (uint32_t i = 0; i < settings->model_count; i++)
        paths[i] = settings->models[i].path;
    models = seuil_models_load(paths, settings->model_count, errs);
    if (models)
        seuil_models_set_horizon(models, settings->horizon_ms);
    return models;
}

static void open_inputs(struct seuil_opened *opened, struct seuil_errs *errs)
{
    const struct seuil_settings *settings = opened->settings;
    struct seuil_yaml *doc = NULL;

    for (uint32_t i = 0; i < settings->input_count; i++) {
        const struct seuil_input_settings *input = &settings->inputs[i];

        if (input->map || input->preset) {
            if (!doc)
                doc = seuil_yaml_open(settings->file, errs);
            if (!doc)
                return;
            opened->maps[i] = seuil_open_map(settings, input, doc, errs);
            if (!opened->maps[i])
                continue;
        }
        opened->decoders[i] = open_decoder(settings, input, opened->maps[i], errs);
    }
    seuil_yaml_free(doc);
}

static void open_canonical(struct seuil_opened *opened, struct seuil_errs *errs)
{
    const struct seuil_decoder_spec spec = {.format = SEUIL_FORMAT_JSON, .kind = -1};
    struct seuil_error err = {0};

    opened->canonical = seuil_decoder_new(&spec, &err);
    if (!opened->canonical)
        seuil_errs_at(errs, err.code, NULL, 0, 0, "%s", err.text);
}

/* A folder of schemas is looked at as soon as it is named. */
static void check_directory(const struct seuil_settings *settings, struct seuil_errs *errs)
{
    const struct seuil_origin *at = &settings->origins[SEUIL_SETTING_registry_directory];
    struct seuil_registry *registry;
    struct seuil_error err;

    if (!settings->registry_directory[0])
        return;
    registry = seuil_registry_directory_new(settings->registry_directory, &err);
    if (!registry)
        seuil_errs_at(errs, err.code, settings->file, at->line, at->column, "%s", err.text);
    seuil_registry_free(registry);
}

/* Here and not with the other settings, since what `seuilctl check --print` masks must be one, too.
 */
static void check_secrets(const struct seuil_settings *settings, struct seuil_errs *errs)
{
    const struct {
        const char *name, *value, *what;
        enum seuil_setting_index at;
    } secrets[] = {
        {"redis.key_secret", settings->redis_key_secret, "ids", SEUIL_SETTING_redis_key_secret},
        {"lead_secret", settings->lead_secret, "addresses", SEUIL_SETTING_lead_secret},
    };

    for (size_t i = 0; i < sizeof(secrets) / sizeof(secrets[0]); i++) {
        const struct seuil_origin *at = &settings->origins[secrets[i].at];
        size_t len = strlen(secrets[i].value);

        if (len > 0 && len < SECRET_MIN)
            seuil_errs_at(errs, SEUIL_ERR_INVALID, settings->file, at->line, at->column,
                          "%s has fewer than %d characters: %s could be guessed", secrets[i].name,
                          SECRET_MIN, secrets[i].what);
    }
}

/* Told once, also when no map needs it yet. */
static void check_free_mail(const struct seuil_settings *settings, struct seuil_errs *errs)
{
    const struct seuil_origin *at = &settings->origins[SEUIL_SETTING_free_mail];

    if (settings->free_mail[0] && access(settings->free_mail, R_OK) != 0)
        seuil_errs_at(errs, SEUIL_ERR_CONFIG, settings->file, at->line, at->column,
                      "free_mail: %s cannot be read: %s", settings->free_mail, strerror(errno));
}

int seuil_open(const char *path, struct seuil_opened *ret_opened, struct seuil_errs *errs)
{
    struct seuil_opened opened = {0};
    uint32_t before = errs->total;

    opened.settings = seuil_settings_open(path, NULL, NULL, errs);
    if (opened.settings) {
        opened.models = seuil_open_models(opened.settings, errs);
        open_inputs(&opened, errs);
        open_canonical(&opened, errs);
        check_directory(opened.settings, errs);
        check_secrets(opened.settings, errs);
        check_free_mail(opened.settings, errs);
    }
    if (errs->total != before) {
        seuil_opened_done(&opened);
        return errs->count && errs->list[errs->count - 1].code == SEUIL_ERR_NOMEM
                   ? SEUIL_ERR_NOMEM
                   : SEUIL_ERR_CONFIG;
    }
    *ret_opened = opened;
    return 0;
}

static void remark(const struct seuil_settings *settings, const struct seuil_input_settings *input,
                   const struct seuil_map *map, struct seuil_buf *out)
{
    struct schema_texts texts = {0};
    struct seuil_errs errs = {0};

    if (input->schema_count == 0 || read_texts(settings, input, &texts, &errs)) {
        free_texts(&texts);
        return;
    }
    for (uint32_t i = 0; i < texts.count; i++) {
        struct seuil_buf names = {0};
        struct seuil_error err;

        if (seuil_avro_lacking(&texts.list[i], seuil_map_wanted(map), &names, &err) == 0 &&
            names.len)
            seuil_buf_printf(out,
                             "%s:%d:%d: remark: input %s: %s has no %.*s, which its map names\n",
                             settings->file, input->origin.line, input->origin.column, input->name,
                             texts.list[i].path, (int)names.len, (const char *)names.ptr);
        seuil_buf_done(&names);
    }
    free_texts(&texts);
}

void seuil_open_remarks(const struct seuil_opened *opened, struct seuil_buf *out)
{
    const struct seuil_settings *settings = opened->settings;

    for (uint32_t i = 0; i < settings->input_count; i++)
        if (opened->maps[i])
            remark(settings, &settings->inputs[i], opened->maps[i], out);
}

void seuil_opened_done(struct seuil_opened *opened)
{
    for (int i = 0; i < SEUIL_TOPICS_MAX; i++) {
        seuil_decoder_free(opened->decoders[i]);
        seuil_map_free(opened->maps[i]);
    }
    seuil_decoder_free(opened->canonical);
    seuil_models_free(opened->models);
    seuil_settings_free(opened->settings);
    memset(opened, 0, sizeof(*opened));
}

static enum seuil_partitioner partitioner_of(int keying)
{
    if (keying == SEUIL_KEYING_CONSISTENT)
        return SEUIL_PARTITIONER_CONSISTENT;
    return keying == SEUIL_KEYING_UNCHECKED ? SEUIL_PARTITIONER_UNCHECKED
                                            : SEUIL_PARTITIONER_MURMUR2;
}

static enum seuil_start start_of(enum seuil_input_start start)
{
    switch (start) {
    case SEUIL_INPUT_START_EARLIEST:
        return SEUIL_START_EARLIEST;
    case SEUIL_INPUT_START_LATEST:
        return SEUIL_START_LATEST;
    case SEUIL_INPUT_START_TIME:
        return SEUIL_START_TIME;
    case SEUIL_INPUT_START_UNSET:
        break;
    }
    return SEUIL_START_UNSET;
}

void seuil_open_shard_config(const struct seuil_opened *opened, const uint32_t *numbers,
                             uint32_t shards, struct seuil_shard_config *ret_config)
{
    const struct seuil_settings *s = opened->settings;
    struct seuil_shard_config config = {
        .app = seuil_str_from(s->app),
        .owner = s->instance,
        .partitions = (uint32_t)s->partitions,
        .partitioner = partitioner_of(s->partitioner),
        .outbound = s->outbound_topic,
        .dead_letters = s->dead_letters_topic,
        .source = s->outbound_source,
        .scores = s->scores_topic[0] != '\0',
        .out_structured = s->outbound_mode == SEUIL_OUTBOUND_STRUCTURED,
        .out_format = s->outbound_format == SEUIL_OUTBOUND_JSON ? SEUIL_OUT_JSON : SEUIL_OUT_AVRO,
        .checkpoint_ms = s->checkpoint_interval_ms,
        .merge_wait_ms = s->merge_wait_ms,
        .grace_ms = s->grace_ms,
        .stale_after_ms = s->stale_after_ms,
        .witness_ms = s->witness_interval_ms,
        .backoff_min_ms = s->backoff_min_ms,
        .backoff_max_ms = s->backoff_max_ms,
        .request_timeout_ms = s->redis_timeout_ms,
        .cache_bytes = (uint64_t)s->cache_bytes / (shards ? shards : 1),
        .publish_from = s->publish_from,
        .model_alerts = s->model_alerts,
        .remodel_rate = (uint32_t)s->remodel_rate,
        .batch_events = (uint32_t)s->batch_events,
        .misrouted_halt = (uint32_t)s->misrouted_halt,
        .breaker_percent = (uint32_t)s->breaker_percent,
        .breaker_window = (uint32_t)s->breaker_window,
    };

    for (uint32_t i = 0; i < s->input_count; i++) {
        struct seuil_input *input = &config.inputs[numbers ? numbers[i] : i];

        *input = (struct seuil_input){.used = true,
                                      .name = s->inputs[i].topic,
                                      .decoder = opened->decoders[i],
                                      .map = opened->maps[i],
                                      .start = start_of(s->inputs[i].start),
                                      .start_time = s->inputs[i].start_time};
    }
    seuil_lead_names_init(&config.names, seuil_str_from(s->redis_key_secret));
    config.inputs[SEUIL_TOPIC_INTERNAL] = (struct seuil_input){.used = true,
                                                               .name = s->internal_topic,
                                                               .decoder = opened->canonical,
                                                               .start = SEUIL_START_EARLIEST,
                                                               .internal = true};
    *ret_config = config;
}
