/* Decoders for tests: made in one line, with what they need. */

#ifndef SEUIL_TESTS_SUPPORT_DECODING_H
#define SEUIL_TESTS_SUPPORT_DECODING_H

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/heap.h"
#include "codec/decode.h"

struct decoding {
    struct seuil_decoder *decoder;
    struct seuil_decode_scratch *scratch;
    struct seuil_event event; /* of the last success */
    struct seuil_error err;   /* of the last failure */
};

static inline struct decoding decoding_make(const struct seuil_decoder_spec *spec)
{
    struct decoding d = {0};

    d.decoder = seuil_decoder_new(spec, &d.err);
    d.scratch = seuil_decode_scratch_new();
    return d;
}

/* A JSON decoder for @kind (-1: the record says it). */
static inline struct decoding decoding_json(int kind)
{
    struct seuil_decoder_spec spec = {.format = SEUIL_FORMAT_JSON, .kind = kind};

    return decoding_make(&spec);
}

/* The same, where of members of one name the last wins. */
static inline struct decoding decoding_json_last(int kind)
{
    struct seuil_decoder_spec spec = {
        .format = SEUIL_FORMAT_JSON, .kind = kind, .duplicates = SEUIL_DUPLICATES_LAST};

    return decoding_make(&spec);
}

/* An Avro decoder with one writer schema, id 1; decoder NULL and err when it does not compile. */
static inline struct decoding decoding_avro(enum seuil_format format, int kind, const char *schema,
                                            const struct seuil_rename *renames,
                                            uint32_t rename_count)
{
    struct seuil_writer_schema writer = {
        .id = 1, .path = "test.avsc", .text = schema, .len = (uint32_t)strlen(schema)};
    struct seuil_decoder_spec spec = {.format = format,
                                      .kind = kind,
                                      .schemas = &writer,
                                      .schema_count = 1,
                                      .renames = renames,
                                      .rename_count = rename_count};

    return decoding_make(&spec);
}

static inline int decoding_run(struct decoding *d, const void *bytes, size_t len)
{
    return seuil_decode(d->decoder, d->scratch, bytes, (uint32_t)len, &d->event, &d->err);
}

static inline int decoding_text(struct decoding *d, const char *text)
{
    return decoding_run(d, text, strlen(text));
}

static inline void decoding_done(struct decoding *d)
{
    seuil_decoder_free(d->decoder);
    seuil_decode_scratch_free(d->scratch);
}

/* The text of a file of the source tree, terminated, for seuil_heap_free; aborts without it. */
static inline char *decoding_file(const char *path)
{
    char whole[512];
    FILE *file;
    char *text;
    size_t n;

    snprintf(whole, sizeof(whole), "%s/%s", SEUIL_SOURCE_DIR, path);
    file = fopen(whole, "rb");
    if (!file) {
        fprintf(stderr, "%s: cannot be opened\n", whole);
        abort();
    }
    text = seuil_heap_zalloc(1, 256 * 1024);
    n = fread(text, 1, 256 * 1024 - 1, file);
    assert(n > 0);
    fclose(file);
    return text;
}

#endif
