#include "codec/decode.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "base/heap.h"
#include "codec/avro_in.h"
#include "codec/fault.h"
#include "codec/framing.h"
#include "codec/json_in.h"
#include "codec/scratch.h"
#include "codec/target.h"

struct program_row {
    uint32_t id;
    const struct seuil_avro_program *program;
};

struct seuil_decoder {
    struct seuil_arena arena;
    enum seuil_format format;
    int kind;
    uint32_t program_count;
    struct program_row *programs; /* by id; one for RAW */
    struct seuil_names names[SEUIL_KINDS];
};

/* ---- compiling ---------------------------------------------------------------------------- */

static int by_id(const void *a, const void *b)
{
    const struct program_row *x = a, *y = b;

    return (x->id > y->id) - (x->id < y->id);
}

static int compile_schemas(struct seuil_decoder *decoder, const struct seuil_decoder_spec *spec,
                           struct seuil_error *err)
{
    uint32_t n = spec->schema_count;

    if (n == 0 || (spec->format == SEUIL_FORMAT_RAW && n != 1))
        return seuil_error_set(err, SEUIL_ERR_CONFIG,
                               spec->format == SEUIL_FORMAT_RAW
                                   ? "`format: raw` needs exactly one writer schema in `schemas`"
                                   : "`format: confluent` needs the writer schemas by id in "
                                     "`schemas`, as {1: page_view.avsc}");
    decoder->programs = seuil_arena_alloc(&decoder->arena, n, sizeof(*decoder->programs));
    if (!decoder->programs)
        return seuil_error_set(err, SEUIL_ERR_NOMEM, "out of memory");
    for (uint32_t i = 0; i < n; i++) {
        decoder->programs[i].id = spec->schemas[i].id;
        decoder->programs[i].program = seuil_avro_compile(
            &spec->schemas[i], &decoder->names[spec->kind], &decoder->arena, err);
        if (!decoder->programs[i].program)
            return SEUIL_ERR_INVALID;
    }
    decoder->program_count = n;
    qsort(decoder->programs, n, sizeof(*decoder->programs), by_id);
    for (uint32_t i = 1; i < n; i++)
        if (decoder->programs[i].id == decoder->programs[i - 1].id)
            return seuil_error_set(err, SEUIL_ERR_CONFIG, "schema id %u stands twice in `schemas`",
                                   decoder->programs[i].id);
    return 0;
}

static int compile(struct seuil_decoder *decoder, const struct seuil_decoder_spec *spec,
                   struct seuil_error *err)
{
    bool any_kind = spec->kind < 0;
    int rc = 0;

    decoder->format = spec->format;
    decoder->kind = spec->kind;
    if (any_kind && spec->format != SEUIL_FORMAT_JSON)
        return seuil_error_set(err, SEUIL_ERR_CONFIG,
                               "an Avro input needs a kind of event: its records do not say it");
    assert(spec->kind < SEUIL_KINDS);
    for (int kind = 0; kind < SEUIL_KINDS && !rc; kind++)
        if (any_kind || kind == spec->kind)
            rc = seuil_names_build(kind, any_kind, spec->renames, spec->rename_count,
                                   &decoder->arena, &decoder->names[kind], err);
    if (!rc && spec->format != SEUIL_FORMAT_JSON)
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
    seuil_arena_done(&decoder->arena);
    seuil_heap_free(decoder);
}

/* ---- decoding ----------------------------------------------------------------------------- */

static const struct seuil_avro_program *find_program(const struct seuil_decoder *decoder,
                                                     uint32_t id)
{
    uint32_t low = 0, high = decoder->program_count;

    while (low < high) {
        uint32_t middle = low + (high - low) / 2;

        if (decoder->programs[middle].id < id)
            low = middle + 1;
        else
            high = middle;
    }
    return low < decoder->program_count && decoder->programs[low].id == id
               ? decoder->programs[low].program
               : NULL;
}

static int read_confluent(const struct seuil_decoder *decoder, struct seuil_decode_scratch *scratch,
                          const uint8_t *bytes, uint32_t len, struct seuil_event *event,
                          struct seuil_fault *fault)
{
    const struct seuil_avro_program *program;
    uint32_t id;
    int rc = seuil_framing_confluent(bytes, len, &id);

    if (rc)
        return seuil_fault_set(fault, rc, 0, "no Confluent framing");
    program = find_program(decoder, id);
    if (!program)
        return seuil_fault_set(fault, SEUIL_ERR_UNKNOWN, 1,
                               "the schema id is none of the input's `schemas`");
    rc = seuil_avro_read(program, scratch, bytes + SEUIL_CONFLUENT_BYTES,
                         len - SEUIL_CONFLUENT_BYTES, event, fault);
    if (rc)
        fault->at += SEUIL_CONFLUENT_BYTES;
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

static void explain(const struct seuil_decoder *decoder, const uint8_t *bytes, uint32_t len,
                    const struct seuil_fault *fault, struct seuil_error *err)
{
    static const char *const formats[] = {"Confluent Avro", "raw Avro", "JSON"};
    char hint[160], field[SEUIL_NAME_MAX + 16] = "", number[40] = "";
    uint32_t id;

    if (!err)
        return;
    seuil_framing_describe(decoder->format, bytes, len, hint, sizeof(hint));
    if (fault->field.len)
        snprintf(field, sizeof(field), " in field `%.*s`",
                 (int)(fault->field.len < SEUIL_NAME_MAX ? fault->field.len : SEUIL_NAME_MAX),
                 fault->field.ptr);
    if (fault->code == SEUIL_ERR_UNKNOWN && seuil_framing_confluent(bytes, len, &id) == 0)
        snprintf(number, sizeof(number), " (%u)", id);
    seuil_error_set(err, fault->code, "%s, byte %u of %u%s: %s%s%s%s", formats[decoder->format],
                    fault->at, len, field, fault->why, number, hint[0] ? "; " : "", hint);
}

int seuil_decode(const struct seuil_decoder *decoder, struct seuil_decode_scratch *scratch,
                 const uint8_t *bytes, uint32_t len, struct seuil_event *event,
                 struct seuil_error *err)
{
    struct seuil_fault fault = {0};
    int rc;

    memset(event, 0, sizeof(*event));
    event->kind = decoder->kind < 0 ? SEUIL_KIND_PAGE_VIEW : (enum seuil_kind)decoder->kind;
    event->time = SEUIL_TIME_NONE;
    if (len > SEUIL_RECORD_BYTES_MAX)
        rc = seuil_fault_set(&fault, SEUIL_ERR_LIMIT, 0, "the record is larger than 1 MiB");
    else if (decoder->format == SEUIL_FORMAT_JSON)
        rc = seuil_json_read(decoder->names, decoder->kind, scratch, bytes, len, event, &fault);
    else if (decoder->format == SEUIL_FORMAT_RAW)
        rc = seuil_avro_read(decoder->programs[0].program, scratch, bytes, len, event, &fault);
    else
        rc = read_confluent(decoder, scratch, bytes, len, event, &fault);
    if (!rc)
        rc = check(decoder, event, &fault);
    if (rc) {
        explain(decoder, bytes, len, &fault, err);
        return rc;
    }
    seuil_event_derive(event);
    return 0;
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
