/* The effective configuration, as YAML that can be loaded again, each value with its origin. */

#include <stdio.h>
#include <string.h>

#include "conf/scalar.h"
#include "conf/settings_load.h"
#include "core/time_text.h"

#define MASK "********"

/* Double quotes with escapes: valid YAML for every text, and ${ stays itself. */
static void add_quoted(struct seuil_buf *out, const char *text)
{
    seuil_buf_add_byte(out, '"');
    for (const char *p = text; *p; p++) {
        if (*p == '"' || *p == '\\')
            seuil_buf_printf(out, "\\%c", *p);
        else if ((unsigned char)*p < 0x20 || *p == 0x7f)
            seuil_buf_printf(out, "\\x%02x", (unsigned char)*p);
        else if (p[0] == '$' && p[1] == '{')
            seuil_buf_add_text(out, "$$");
        else
            seuil_buf_add_byte(out, (uint8_t)*p);
    }
    seuil_buf_add_byte(out, '"');
}

static void add_origin(const struct seuil_settings *settings, const struct seuil_origin *origin,
                       struct seuil_buf *out)
{
    const char *detail = origin->detail ? origin->detail : "";

    seuil_buf_add_text(out, "  # ");
    if (origin->kind == SEUIL_ORIGIN_DEFAULT)
        seuil_buf_printf(out, "default%s%s", detail[0] ? ", " : "", detail);
    else
        seuil_buf_printf(out, "%s:%d", settings->file, origin->line);
    if (origin->kind == SEUIL_ORIGIN_ENVIRONMENT)
        seuil_buf_printf(out, ", from ${%s}", detail);
    else if (origin->kind == SEUIL_ORIGIN_SECRET_FILE)
        seuil_buf_printf(out, ", from file %s", detail);
    seuil_buf_add_byte(out, '\n');
}

static void add_choice(struct seuil_buf *out, const char *choices, int choice)
{
    const char *p = choices;

    for (int i = 0; i < choice; i++)
        p = strchr(p, '|') + 1;
    seuil_buf_printf(out, "%.*s", (int)strcspn(p, "|"), p);
}

static void add_value(const struct seuil_settings *settings, const struct seuil_setting_row *row,
                      struct seuil_buf *out)
{
    const void *field = (const char *)settings + row->offset;
    char text[32];

    switch (row->type) {
    case SEUIL_SETTING_TEXT:
    case SEUIL_SETTING_NAME:
    case SEUIL_SETTING_PATH: {
        const char *value = *(const char *const *)field;

        add_quoted(out, row->secret && value[0] ? MASK : value);
        break;
    }
    case SEUIL_SETTING_BOOL:
        seuil_buf_add_text(out, *(const bool *)field ? "true" : "false");
        break;
    case SEUIL_SETTING_CHOICE:
        add_choice(out, row->unit, *(const int *)field);
        break;
    case SEUIL_SETTING_INT:
        seuil_buf_printf(out, "%lld", (long long)*(const int64_t *)field);
        break;
    case SEUIL_SETTING_DURATION:
        seuil_buf_add_text(out, seuil_duration_format(*(const int64_t *)field, text));
        break;
    case SEUIL_SETTING_SIZE:
        seuil_buf_add_text(out, seuil_size_format(*(const int64_t *)field, text));
        break;
    case SEUIL_SETTING_TIME:
        text[0] = '\0';
        if (*(const int64_t *)field != SEUIL_TIME_NONE)
            seuil_time_format(*(const int64_t *)field, text);
        add_quoted(out, text);
        break;
    }
}

/* "redis.tls.ca" after "redis.url": open tls: with two blanks, then ca: with four. */
static void add_key(struct seuil_buf *out, const char *path, const char *before)
{
    const char *word = path;
    int depth = 0;

    for (const char *dot; (dot = strchr(word, '.')); word = dot + 1, depth++) {
        size_t prefix = (size_t)(dot - path) + 1;

        if (strncmp(path, before, prefix) != 0)
            seuil_buf_printf(out, "%*s%.*s:\n", 2 * depth, "", (int)(dot - word), word);
    }
    seuil_buf_printf(out, "%*s%s: ", 2 * depth, "", word);
}

static void add_kafka(const struct seuil_settings *settings, struct seuil_buf *out)
{
    seuil_buf_add_text(out, settings->kafka_count ? "kafka:\n" : "kafka: {}\n");
    for (uint32_t i = 0; i < settings->kafka_count; i++) {
        const struct seuil_kafka_property *property = &settings->kafka[i];

        seuil_buf_add_text(out, "  ");
        add_quoted(out, property->name);
        seuil_buf_add_text(out, ": ");
        add_quoted(out, property->secret ? MASK : property->value);
        add_origin(settings, &property->origin, out);
    }
}

static void add_start(const struct seuil_input_settings *input, struct seuil_buf *out)
{
    char text[32];

    if (input->start == SEUIL_INPUT_START_EARLIEST)
        seuil_buf_add_text(out, "    start: earliest\n");
    else if (input->start == SEUIL_INPUT_START_LATEST)
        seuil_buf_add_text(out, "    start: latest\n");
    else if (input->start == SEUIL_INPUT_START_TIME) {
        seuil_time_format(input->start_time, text);
        seuil_buf_printf(out, "    start: \"%s\"\n", text);
    }
}

static void add_schemas(const struct seuil_input_settings *input, struct seuil_buf *out)
{
    if (input->schema_count && !input->one_schema)
        seuil_buf_add_text(out, "    schemas:\n");
    for (uint32_t i = 0; i < input->schema_count; i++) {
        if (input->one_schema)
            seuil_buf_add_text(out, "    schema: ");
        else if (input->format == SEUIL_INPUT_SINGLE_OBJECT)
            seuil_buf_add_text(out, "      - ");
        else
            seuil_buf_printf(out, "      %u: ", input->schemas[i].id);
        add_quoted(out, input->schemas[i].path);
        seuil_buf_add_byte(out, '\n');
    }
}

static void add_input(const struct seuil_settings *settings,
                      const struct seuil_input_settings *input, struct seuil_buf *out)
{
    seuil_buf_add_text(out, "  ");
    add_quoted(out, input->name);
    seuil_buf_add_text(out, ":");
    add_origin(settings, &input->origin, out);
    seuil_buf_add_text(out, "    topic: ");
    add_quoted(out, input->topic);
    if (!input->preset && !input->map)
        seuil_buf_printf(out, "\n    kind: %s", seuil_kind_name(input->kind));
    if (input->has_format || (!input->preset && !input->map))
        seuil_buf_printf(out, "\n    format: %s", seuil_input_format_name(input->format));
    if (input->preset) {
        seuil_buf_add_text(out, "\n    preset: ");
        add_quoted(out, input->preset);
    }
    if (input->map)
        seuil_buf_printf(out, "\n    map: %s", input->map);
    seuil_buf_printf(out, "\n    duplicates: %s", input->last_duplicate ? "last" : "refuse");
    seuil_buf_printf(out, "\n    optional: %s\n", input->optional ? "true" : "false");
    add_start(input, out);
    add_schemas(input, out);
    if (input->field_count)
        seuil_buf_add_text(out, "    fields:\n");
    for (uint32_t i = 0; i < input->field_count; i++) {
        seuil_buf_printf(out, "      %s: ", input->fields[i].field);
        add_quoted(out, input->fields[i].name);
        seuil_buf_add_byte(out, '\n');
    }
}

int seuil_settings_write(const struct seuil_settings *settings, struct seuil_buf *out)
{
    const char *before = "";

    for (int i = 0; i < SEUIL_SETTING_COUNT; i++) {
        const struct seuil_setting_row *row = &seuil_setting_rows[i];

        add_key(out, row->path, before);
        add_value(settings, row, out);
        add_origin(settings, &settings->origins[i], out);
        before = row->path;
    }
    add_kafka(settings, out);
    seuil_buf_add_text(out, "inputs:\n");
    for (uint32_t i = 0; i < settings->input_count; i++)
        add_input(settings, &settings->inputs[i], out);
    seuil_buf_add_text(out, "models:\n");
    for (uint32_t i = 0; i < settings->model_count; i++) {
        seuil_buf_add_text(out, "  - ");
        add_quoted(out, settings->models[i].path);
        add_origin(settings, &settings->models[i].origin, out);
    }
    return out->failed;
}
