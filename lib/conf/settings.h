/* The configuration of seuild: one YAML file, every setting in one table (settings.def).
 *
 * Loading reports all mistakes at once, each with its line and column, and takes nothing half: a
 * file is good or refused. Scalar values may hold ${VAR} and ${VAR:-default}, expanded after
 * parsing ($${ is a literal ${). A secret NAME, and any property under kafka:, may be given as
 * NAME_file: PATH, then it is the content of that file without its last newline. */

#ifndef SEUIL_CONF_SETTINGS_H
#define SEUIL_CONF_SETTINGS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/buf.h"
#include "base/errs.h"
#include "base/str.h"
#include "core/event.h"
#include "core/limits.h"
#include "core/time.h"

/* Blocks with a structure of their own: X(path, doc). */
#define SEUIL_SETTINGS_BLOCKS(X)                                                                   \
    X("kafka", "Any property of librdkafka, verbatim; bootstrap.servers is required.")             \
    X("inputs", "Topics to read, by name. Given, it replaces the six default inputs.")             \
    X("models", "Model files, side by side; relative to this file.")

/* Keys of one input: X(key, doc). */
#define SEUIL_INPUT_KEYS(X)                                                                        \
    X("topic", "Kafka topic. Not set: the input's name.")                                          \
    X("kind", "page_view, email, form, activity, profile or command; default inputs know theirs.") \
    X("format", "How values are framed and written: json, confluent, raw, single_object, ...")     \
    X("schemas", "Avro: writer schemas by id, {1: page_view.avsc}; with a registry not needed.")   \
    X("schema", "raw: the writer schema; relative to this file.")                                  \
    X("fields", "Renamed fields: canonical name: name in the record.")                             \
    X("preset", "A known source's map: its name, as sendgrid, or a file, as ./shop.yaml.")         \
    X("map", "How records become events; beside preset: what goes before it.")                     \
    X("duplicates", "JSON: refuse (the default) or last: of two members of one name.")             \
    X("optional", "true: no error when the topic is not there.")                                   \
    X("start", "earliest, latest or a time: where a new shard begins.")

/* In the order of the choices in settings.def. */
enum seuil_log_format { SEUIL_LOG_LOGFMT, SEUIL_LOG_JSON };
enum seuil_keying { SEUIL_KEYING_MURMUR2, SEUIL_KEYING_CONSISTENT, SEUIL_KEYING_UNCHECKED };
enum seuil_outbound_mode { SEUIL_OUTBOUND_BINARY, SEUIL_OUTBOUND_STRUCTURED };
enum seuil_outbound_format { SEUIL_OUTBOUND_JSON, SEUIL_OUTBOUND_AVRO, SEUIL_OUTBOUND_CONFLUENT };

/* In the order of the names in settings_inputs.c. */
enum seuil_input_format {
    SEUIL_INPUT_JSON,
    SEUIL_INPUT_CONFLUENT,
    SEUIL_INPUT_RAW,
    SEUIL_INPUT_SINGLE_OBJECT,
    SEUIL_INPUT_CONFLUENT_JSON,
    SEUIL_INPUT_CONFLUENT_HEADERS,
    SEUIL_INPUT_APICURIO_HEADERS,
    SEUIL_INPUT_TSV,
    SEUIL_INPUT_FORM,
};
enum seuil_input_start {
    SEUIL_INPUT_START_UNSET,
    SEUIL_INPUT_START_EARLIEST,
    SEUIL_INPUT_START_LATEST,
    SEUIL_INPUT_START_TIME,
};

/* Where a value came from. */
enum seuil_origin_kind {
    SEUIL_ORIGIN_DEFAULT,
    SEUIL_ORIGIN_FILE,        /* line and column of the configuration */
    SEUIL_ORIGIN_ENVIRONMENT, /* the same, by ${VAR} */
    SEUIL_ORIGIN_SECRET_FILE, /* the same, by NAME_file */
};

struct seuil_origin {
    uint8_t kind; /* enum seuil_origin_kind */
    int line, column;
    const char *detail; /* the variable, the secret's file, why a default is what it is; or "" */
};

struct seuil_kafka_property {
    const char *name, *value;
    bool secret;
    struct seuil_origin origin;
};

struct seuil_input_schema {
    uint32_t id; /* 0 for raw */
    const char *path;
};

struct seuil_input_field {
    const char *field; /* canonical */
    const char *name;  /* in the record */
};

struct seuil_input_settings {
    const char *name;
    const char *topic;
    enum seuil_kind kind;
    enum seuil_input_format format;
    bool optional;
    bool last_duplicate; /* of JSON members of one name the last wins; else they are refused */
    bool has_format;     /* it is set: it goes before what a map says */
    bool one_schema;     /* `schema`, not `schemas` */
    const char *preset;  /* a name, or the resolved path of a file; NULL: none */
    const char *map;     /* inputs.NAME.map as YAML in one line; NULL: none */
    enum seuil_input_start start;
    seuil_time_ms start_time;
    uint32_t schema_count, field_count;
    const struct seuil_input_schema *schemas;
    const struct seuil_input_field *fields;
    struct seuil_origin origin;
};

struct seuil_model_file {
    const char *path; /* resolved */
    struct seuil_origin origin;
};

#define SEUIL_SETTING_C_TEXT     const char *
#define SEUIL_SETTING_C_NAME     const char *
#define SEUIL_SETTING_C_PATH     const char *
#define SEUIL_SETTING_C_BOOL     bool
#define SEUIL_SETTING_C_CHOICE   int
#define SEUIL_SETTING_C_INT      int64_t
#define SEUIL_SETTING_C_DURATION int64_t
#define SEUIL_SETTING_C_SIZE     int64_t
#define SEUIL_SETTING_C_TIME     seuil_time_ms

enum seuil_setting_index {
#define SETTING(field, ...) SEUIL_SETTING_##field,
#include "conf/settings.def"
#undef SETTING
    SEUIL_SETTING_COUNT,
};

/* Text is never NULL: "" is "not set", and values that follow from others (instance, group,
 * outbound_source, internal_topic) are filled in. Times not set are SEUIL_TIME_NONE. */
struct seuil_settings {
    struct seuil_arena arena;
    const char *file;
#define SETTING(field, path, type, ...) SEUIL_SETTING_C_##type field;
#include "conf/settings.def"
#undef SETTING
    struct seuil_origin origins[SEUIL_SETTING_COUNT];
    uint32_t kafka_count, input_count, model_count;
    const struct seuil_kafka_property *kafka;
    const struct seuil_input_settings *inputs; /* the topic's number is its index here, until the
                                                  manifest says otherwise */
    const struct seuil_model_file *models;
};

/* The value of an environment variable, or NULL. */
typedef const char *seuil_lookup_fn(void *ctx, const char *name);

/* Load a file; NULL and at least one error in @errs (sorted by place) when anything is wrong.
 * @lookup NULL: the process's environment. */
struct seuil_settings *seuil_settings_open(const char *path, seuil_lookup_fn *lookup, void *ctx,
                                           struct seuil_errs *errs);
struct seuil_settings *seuil_settings_parse(const char *name, const void *bytes, size_t len,
                                            seuil_lookup_fn *lookup, void *ctx,
                                            struct seuil_errs *errs);
void seuil_settings_free(struct seuil_settings *settings);

/* Append the effective configuration as YAML that can be loaded again, each value with its origin
 * in a comment. Secrets are "********". 0 or SEUIL_ERR_NOMEM. */
int seuil_settings_write(const struct seuil_settings *settings, struct seuil_buf *out);

/* The property @name of librdkafka, or NULL. */
const char *seuil_settings_kafka(const struct seuil_settings *settings, const char *name);

#endif
