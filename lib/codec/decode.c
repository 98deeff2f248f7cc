#include "codec/decode.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "base/heap.h"
#include "codec/avro_document.h"
#include "codec/avro_fingerprint.h"
#include "codec/avro_in.h"
#include "codec/fault.h"
#include "codec/json_in.h"
#include "codec/programs.h"
#include "codec/scratch.h"
#include "codec/target.h"

struct learned { /* a schema that came while records were decoded */
    struct learned *before;
    struct seuil_arena arena;
};

struct seuil_decoder {
    struct seuil_arena arena;
    enum seuil_format format;
    int kind;
    const struct seuil_wanted *wanted; /* NULL: no map */
    const struct seuil_tsv_column *columns;
    uint32_t column_count;
    enum seuil_duplicates duplicates;
    const void *only; /* of RAW: as in programs */
    uint64_t only_fingerprint;
    /* Of formats whose records name their schema: struct seuil_avro_program, or with `wanted`
     * struct seuil_avro_plan. */
    struct seuil_programs programs;
    struct learned *learned;
    struct seuil_names names[SEUIL_KINDS];
};

/* ---- compiling ---------------------------------------------------------------------------- */

static int check_count(const struct seuil_decoder_spec *spec, struct seuil_error *err)
{
    if (spec->format == SEUIL_FORMAT_RAW && spec->schema_count != 1)
        return seuil_error_set(err, SEUIL_ERR_CONFIG,
                               "`format: raw` needs exactly one writer schema in `schema`");
    if (spec->schema_count == 0 && !spec->learns)
        return seuil_error_set(err, SEUIL_ERR_CONFIG,
                               "`format: %s` needs a registry, or the writer schemas in `schemas`, "
                               "as {1: page_view.avsc}",
                               seuil_format_name(spec->format));
    return 0;
}

static int add(struct seuil_decoder *decoder, const struct seuil_schema_ref *ref,
               const void *program, struct seuil_error *err)
{
    int rc = seuil_programs_add(&decoder->programs, ref, program);

    if (rc == SEUIL_ERR_LIMIT)
        return seuil_error_set(err, rc, "more than %d writer schemas in one topic",
                               SEUIL_PROGRAMS_MAX);
    return rc ? seuil_error_set(err, rc, "out of memory") : 0;
}

/* A schema of the list under what records call it. Apicurio's two numbers are told apart by their
 * header only, so a file stands for both. */
static int enlist(struct seuil_decoder *decoder, const struct seuil_writer_schema *schema,
                  const void *program, struct seuil_error *err)
{
    struct seuil_schema_ref ref = {SEUIL_REF_ID, 0, schema->id};
    int rc;

    if (decoder->format == SEUIL_FORMAT_RAW) {
        decoder->only = program;
        return seuil_avro_fingerprint(schema->path, schema->text, schema->len,
                                      &decoder->only_fingerprint, err);
    }
    if (decoder->format == SEUIL_FORMAT_SINGLE_OBJECT) {
        ref.kind = SEUIL_REF_FINGERPRINT;
        rc = seuil_avro_fingerprint(schema->path, schema->text, schema->len, &ref.low, err);
        if (rc)
            return rc;
        if (seuil_programs_find(&decoder->programs, &ref))
            return 0; /* the same schema in two files */
    } else if (decoder->format == SEUIL_FORMAT_APICURIO_HEADERS) {
        ref.kind = SEUIL_REF_CONTENT_ID;
    }
    if (seuil_programs_find(&decoder->programs, &ref))
        return seuil_error_set(err, SEUIL_ERR_CONFIG, "schema id %u stands twice in `schemas`",
                               schema->id);
    rc = add(decoder, &ref, program, err);
    if (!rc && ref.kind == SEUIL_REF_CONTENT_ID) {
        ref.kind = SEUIL_REF_GLOBAL_ID;
        rc = add(decoder, &ref, program, err);
    }
    return rc;
}

static const void *compile_schema(const struct seuil_decoder *decoder,
                                  const struct seuil_writer_schema *schema,
                                  struct seuil_arena *arena, struct seuil_error *err)
{
    if (decoder->wanted)
        return seuil_avro_compile_document(schema, decoder->wanted, arena, err);
    return seuil_avro_compile(schema, &decoder->names[decoder->kind], arena, err);
}

static int compile_schemas(struct seuil_decoder *decoder, const struct seuil_decoder_spec *spec,
                           struct seuil_error *err)
{
    int rc = check_count(spec, err);

    for (uint32_t i = 0; i < spec->schema_count && !rc; i++) {
        const void *program = compile_schema(decoder, &spec->schemas[i], &decoder->arena, err);

        rc = program ? enlist(decoder, &spec->schemas[i], program, err) : SEUIL_ERR_INVALID;
    }
    return rc;
}

static int compile_columns(struct seuil_decoder *decoder, const struct seuil_decoder_spec *spec,
                           struct seuil_error *err)
{
    struct seuil_tsv_column *columns =
        seuil_arena_alloc(&decoder->arena, spec->wanted->child_count + 1, sizeof(*columns));
    const struct seuil_wanted *unknown =
        seuil_tsv_unknown(spec->wanted, spec->columns, spec->column_count);

    if (!columns)
        return seuil_error_set(err, SEUIL_ERR_NOMEM, "out of memory");
    if (unknown)
        return seuil_error_set(err, SEUIL_ERR_CONFIG,
                               "`format: tsv` has no column `%.*s`: name it in the map's columns, "
                               "as columns: {%.*s: 7}, or write its number, from 1 to %d",
                               (int)unknown->name.len, unknown->name.ptr, (int)unknown->name.len,
                               unknown->name.ptr, SEUIL_TSV_COLUMNS_MAX);
    decoder->column_count =
        seuil_tsv_columns(spec->wanted, spec->columns, spec->column_count, columns);
    decoder->columns = columns;
    return 0;
}

static int compile(struct seuil_decoder *decoder, const struct seuil_decoder_spec *spec,
                   struct seuil_error *err)
{
    bool any_kind = spec->kind < 0;
    int rc = 0;

    decoder->format = spec->format;
    decoder->kind = spec->kind;
    decoder->wanted = spec->wanted;
    decoder->duplicates = spec->duplicates;
    if (spec->wanted && spec->format == SEUIL_FORMAT_TSV)
        return compile_columns(decoder, spec, err);
    if (spec->wanted)
        return seuil_format_is_avro(spec->format) ? compile_schemas(decoder, spec, err) : 0;
    if (spec->format == SEUIL_FORMAT_TSV || spec->format == SEUIL_FORMAT_FORM)
        return seuil_error_set(err, SEUIL_ERR_CONFIG, "`format: %s` needs a map or a preset",
                               seuil_format_name(spec->format));
    if (any_kind && !seuil_format_is_json(spec->format))
        return seuil_error_set(err, SEUIL_ERR_CONFIG,
                               "an Avro input needs a kind of event: its records do not say it");
    assert(spec->kind < SEUIL_KINDS);
    for (int kind = 0; kind < SEUIL_KINDS && !rc; kind++)
        if (any_kind || kind == spec->kind)
            rc = seuil_names_build(kind, any_kind, spec->renames, spec->rename_count,
                                   &decoder->arena, &decoder->names[kind], err);
    if (!rc && seuil_format_is_avro(spec->format))
        rc = compile_schemas(decoder, spec, err);
    return rc;
}

struct seuil_decoder *seuil_decoder_new(const struct seuil_decoder_spec *spec,
                                        struct seuil_error *err)
{
    struct seuil_decoder *decoder = seuil_heap_zalloc(1, sizeof(*decoder));

    if (!decoder) {
        seuil_error_set(err, SEUIL_ERR_NOMEM, "out of memory");
        return NULL;
    }
    if (compile(decoder, spec, err)) {
        seuil_decoder_free(decoder);
        return NULL;
    }
    return decoder;
}

void seuil_decoder_free(struct seuil_decoder *decoder)
{
    if (!decoder)
        return;
    seuil_programs_done(&decoder->programs);
    while (decoder->learned) {
        struct learned *before = decoder->learned->before;

        seuil_arena_done(&decoder->learned->arena);
        seuil_heap_free(decoder->learned);
        decoder->learned = before;
    }
    seuil_arena_done(&decoder->arena);
    seuil_heap_free(decoder);
}

enum seuil_format seuil_decoder_format(const struct seuil_decoder *decoder)
{
    return decoder->format;
}

enum seuil_duplicates seuil_decoder_duplicates(const struct seuil_decoder *decoder)
{
    return decoder->duplicates;
}

int seuil_decoder_learn(struct seuil_decoder *decoder, const struct seuil_schema_ref *ref,
                        const char *path, const char *text, uint32_t len, struct seuil_error *err)
{
    struct seuil_writer_schema schema = {.path = path, .text = text, .len = len};
    struct seuil_error local;
    struct learned *learned;
    const void *program;
    int rc;

    assert(seuil_format_names_schema(decoder->format));
    err = err ? err : &local;
    if (seuil_programs_find(&decoder->programs, ref))
        return 0;
    learned = seuil_heap_zalloc(1, sizeof(*learned));
    if (!learned)
        return seuil_error_set(err, SEUIL_ERR_NOMEM, "out of memory");
    program = compile_schema(decoder, &schema, &learned->arena, err);
    rc = program ? add(decoder, ref, program, err) : SEUIL_ERR_INVALID;
    if (!program && err->code == SEUIL_ERR_NOMEM)
        rc = SEUIL_ERR_NOMEM; /* no fault of the schema's: it may be tried again */
    if (rc) {
        seuil_arena_done(&learned->arena);
        seuil_heap_free(learned);
        return rc;
    }
    learned->before = decoder->learned;
    decoder->learned = learned;
    return 0;
}

/* ---- decoding ----------------------------------------------------------------------------- */

/* Why bytes for `raw` are something else, whatever the schema makes of them; NULL: they may be
 * Avro alone. A schema that begins with numbers takes nearly any bytes for its first fields. */
static const char *raw_doubt(const struct seuil_decoder *decoder, const uint8_t *bytes,
                             uint32_t len)
{
    struct seuil_record_view record = {.bytes = bytes, .len = len};
    struct seuil_fault fault = {0};
    struct seuil_frame frame;

    if (len >= SEUIL_SINGLE_OBJECT_BYTES && bytes[0] == 0xc3 &&
        seuil_framing_open(SEUIL_FORMAT_SINGLE_OBJECT, &record, &frame, &fault) == 0 &&
        frame.ref.low == decoder->only_fingerprint)
        return "the fingerprint of the schema stands before the record";
    if (seuil_framing_is_json(bytes, len))
        return "the value is JSON";
    if (len > SEUIL_CONFLUENT_BYTES && bytes[0] == 0 &&
        seuil_framing_is_json(bytes + SEUIL_CONFLUENT_BYTES, len - SEUIL_CONFLUENT_BYTES))
        return "JSON stands behind what looks like Confluent's prefix";
    return NULL;
}

/* The program for the writer schema of a record; NULL and a fault. */
static const void *find_program(const struct seuil_decoder *decoder,
                                const struct seuil_record_view *record,
                                const struct seuil_frame *frame, struct seuil_fault *fault)
{
    const void *program = decoder->only;

    if (decoder->format == SEUIL_FORMAT_RAW) {
        const char *doubt = raw_doubt(decoder, record->bytes, record->len);

        if (doubt) {
            seuil_fault_set(fault, SEUIL_ERR_FORMAT, 0, doubt);
            return NULL;
        }
    }
    if (frame->ref.kind != SEUIL_REF_NONE)
        program = seuil_programs_find(&decoder->programs, &frame->ref);
    if (!program)
        seuil_fault_set(fault, SEUIL_ERR_UNKNOWN, 0, "the writer schema is not known");
    return program;
}

/* The value behind the frame. */
static int read_value(const struct seuil_decoder *decoder, struct seuil_decode_scratch *scratch,
                      const struct seuil_record_view *record, const struct seuil_frame *frame,
                      struct seuil_event *event, struct seuil_fault *fault)
{
    const uint8_t *bytes = record->bytes + frame->at;
    uint32_t len = record->len - frame->at;
    const void *program;

    if (seuil_format_is_json(decoder->format))
        return seuil_json_read(decoder->names, decoder->kind, decoder->duplicates, scratch, bytes,
                               len, event, fault);
    program = find_program(decoder, record, frame, fault);
    return program ? seuil_avro_read(program, scratch, bytes, len, event, fault) : fault->code;
}

/* The same for a map. */
static int read_parts(const struct seuil_decoder *decoder, struct seuil_decode_scratch *scratch,
                      const struct seuil_record_view *record, const struct seuil_frame *frame,
                      struct seuil_document *document, struct seuil_fault *fault)
{
    const uint8_t *bytes = record->bytes + frame->at;
    uint32_t len = record->len - frame->at;
    const void *program;

    if (seuil_format_is_json(decoder->format))
        return seuil_json_document(decoder->wanted, decoder->duplicates, scratch, bytes, len,
                                   document, fault);
    if (decoder->format == SEUIL_FORMAT_TSV)
        return seuil_tsv_document(decoder->columns, decoder->column_count, bytes, len, document,
                                  fault);
    if (decoder->format == SEUIL_FORMAT_FORM)
        return seuil_form_document(decoder->wanted, scratch, bytes, len, document, fault);
    program = find_program(decoder, record, frame, fault);
    return program ? seuil_avro_document(program, scratch, bytes, len, document, fault)
                   : fault->code;
}

static int read_record(const struct seuil_decoder *decoder, struct seuil_decode_scratch *scratch,
                       const struct seuil_record_view *record, struct seuil_event *event,
                       struct seuil_fault *fault)
{
    struct seuil_frame frame;
    int rc = 0;

    if (!seuil_framing_open_id(decoder->format, record, &frame))
        rc = seuil_framing_open(decoder->format, record, &frame, fault);
    if (rc)
        return rc;
    rc = read_value(decoder, scratch, record, &frame, event, fault);
    if (rc && rc != SEUIL_ERR_UNKNOWN)
        fault->at += frame.at;
    return rc;
}

/* What every record must have, whatever it was written in. */
static int check(const struct seuil_decoder *decoder, struct seuil_event *event,
                 struct seuil_fault *fault)
{
    const struct seuil_names *names = &decoder->names[event->kind];
    const char *field = "";
    int rc = seuil_event_check(event, &field);

    if (!rc && event->time == SEUIL_TIME_NONE) {
        rc = SEUIL_ERR_MISSING;
        field = "time";
    }
    if (!rc)
        return 0;
    seuil_fault_set(fault, rc, 0,
                    rc == SEUIL_ERR_MISSING ? "a field that every event must have is missing"
                                            : "an identifier is longer than 256 bytes");
    fault->field = field[0] == 'i'   ? names->name[SEUIL_TARGET_ID]
                   : field[0] == 'l' ? names->name[SEUIL_TARGET_LEAD]
                   : field[0] == 't' ? names->name[SEUIL_TARGET_TIME]
                                     : names->name[SEUIL_TARGET_RETRACTS];
    return rc;
}

static void explain(const struct seuil_decoder *decoder, const struct seuil_record_view *record,
                    const struct seuil_fault *fault, struct seuil_error *err)
{
    static const char *const formats[SEUIL_FORMATS] = {"Confluent Avro",
                                                       "raw Avro",
                                                       "JSON",
                                                       "single-object Avro",
                                                       "Confluent JSON",
                                                       "Avro with a header id",
                                                       "Apicurio Avro",
                                                       "TSV",
                                                       "form"};
    char hint[200], field[SEUIL_NAME_MAX + 16] = "", name[SEUIL_SCHEMA_REF_TEXT + 4] = "";
    char text[SEUIL_SCHEMA_REF_TEXT];
    struct seuil_schema_ref ref;

    if (!err)
        return;
    seuil_framing_describe(decoder->format, record, hint, sizeof(hint));
    if (fault->field.len)
        snprintf(field, sizeof(field), " in field `%.*s`",
                 (int)(fault->field.len < SEUIL_NAME_MAX ? fault->field.len : SEUIL_NAME_MAX),
                 fault->field.ptr);
    if (fault->code == SEUIL_ERR_UNKNOWN && seuil_decode_schema(decoder, record, &ref) == 0)
        snprintf(name, sizeof(name), " (%s)", seuil_schema_ref_format(&ref, text));
    seuil_error_set(err, fault->code, "%s, byte %u of %u%s: %s%s%s%s", formats[decoder->format],
                    fault->at, record->len, field, fault->why, name, hint[0] ? "; " : "", hint);
}

int seuil_decode_record(const struct seuil_decoder *decoder, struct seuil_decode_scratch *scratch,
                        const struct seuil_record_view *record, struct seuil_event *event,
                        struct seuil_error *err)
{
    struct seuil_fault fault = {0};
    int rc;

    seuil_event_clear(event,
                      decoder->kind < 0 ? SEUIL_KIND_PAGE_VIEW : (enum seuil_kind)decoder->kind);
    if (record->len > SEUIL_RECORD_BYTES_MAX)
        rc = seuil_fault_set(&fault, SEUIL_ERR_LIMIT, 0, "the record is larger than 1 MiB");
    else
        rc = read_record(decoder, scratch, record, event, &fault);
    if (!rc)
        rc = check(decoder, event, &fault);
    if (rc) {
        explain(decoder, record, &fault, err);
        return rc;
    }
    seuil_event_derive(event);
    return 0;
}

int seuil_decode_document(const struct seuil_decoder *decoder, struct seuil_decode_scratch *scratch,
                          const struct seuil_record_view *record, struct seuil_document *document,
                          struct seuil_error *err)
{
    struct seuil_fault fault = {0};
    struct seuil_frame frame;
    int rc;

    assert(decoder->wanted);
    document->count = 0;
    document->steps = 0;
    scratch->text_len = 0;
    if (record->len > SEUIL_RECORD_BYTES_MAX)
        rc = seuil_fault_set(&fault, SEUIL_ERR_LIMIT, 0, "the record is larger than 1 MiB");
    else
        rc = seuil_framing_open(decoder->format, record, &frame, &fault);
    if (!rc) {
        rc = read_parts(decoder, scratch, record, &frame, document, &fault);
        if (rc && rc != SEUIL_ERR_UNKNOWN)
            fault.at += frame.at;
    }
    if (rc)
        explain(decoder, record, &fault, err);
    return rc;
}

int seuil_decode(const struct seuil_decoder *decoder, struct seuil_decode_scratch *scratch,
                 const uint8_t *bytes, uint32_t len, struct seuil_event *event,
                 struct seuil_error *err)
{
    struct seuil_record_view record = {.bytes = bytes, .len = len};

    return seuil_decode_record(decoder, scratch, &record, event, err);
}

int seuil_decode_schema(const struct seuil_decoder *decoder, const struct seuil_record_view *record,
                        struct seuil_schema_ref *ret_ref)
{
    struct seuil_fault fault = {0};
    struct seuil_frame frame;
    int rc = seuil_framing_open(decoder->format, record, &frame, &fault);

    if (!rc)
        *ret_ref = frame.ref;
    return rc;
}

const char *seuil_decode_error_name(int code)
{
    switch (code) {
    case SEUIL_ERR_FORMAT:
        return "malformed";
    case SEUIL_ERR_TRUNCATED:
        return "truncated";
    case SEUIL_ERR_UNKNOWN:
        return "unknown_schema";
    case SEUIL_ERR_UNSUPPORTED:
        return "unknown_type";
    case SEUIL_ERR_MISSING:
        return "missing_field";
    case SEUIL_ERR_LIMIT:
        return "too_large";
    default:
        return "undecodable";
    }
}
