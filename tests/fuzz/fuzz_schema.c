/* Any text as a writer schema; with what is accepted a few records are read. */

#include "fuzz.h"
#include "support/decoding.h"

static int run(const uint8_t *bytes, size_t len)
{
    static const uint8_t record[64] = {2, 'e', 2, 'l', 2, 4, 6, 8, 1, 1, 3, 0, 2, 2, 2, 2};
    struct seuil_writer_schema writer = {1, "x.avsc", (const char *)bytes, (uint32_t)len};
    struct seuil_decoder_spec spec = {.format = SEUIL_FORMAT_RAW,
                                      .kind = SEUIL_KIND_ACTIVITY,
                                      .schemas = &writer,
                                      .schema_count = 1};
    static struct seuil_decode_scratch *scratch;
    struct seuil_decoder *decoder;
    struct seuil_event event;
    struct seuil_error err = {0};

    if (!scratch)
        scratch = seuil_decode_scratch_new();
    decoder = seuil_decoder_new(&spec, &err);
    FUZZ_CHECK(decoder || (err.code < 0 && err.text[0]), "an error without a text");
    if (!decoder)
        return 0;
    for (uint32_t n = 0; n <= sizeof(record); n++)
        seuil_decode(decoder, scratch, record, n, &event, NULL);
    seuil_decoder_free(decoder);
    return 1;
}

static const char *const words[] = {"\"type\":",
                                    "\"name\":",
                                    "\"fields\":[",
                                    "\"items\":",
                                    "\"values\":",
                                    "\"symbols\":[\"a\"]",
                                    "\"size\":3",
                                    "\"namespace\":\"n\"",
                                    "\"record\"",
                                    "\"enum\"",
                                    "\"fixed\"",
                                    "\"array\"",
                                    "\"map\"",
                                    "\"null\"",
                                    "\"string\"",
                                    "\"long\"",
                                    "\"int\"",
                                    "\"boolean\"",
                                    "\"bytes\"",
                                    "\"double\"",
                                    "\"float\"",
                                    "\"R\"",
                                    "\"N\"",
                                    "[\"null\",",
                                    "{\"type\":\"array\",\"items\":",
                                    "\"logicalType\":\"timestamp-micros\"",
                                    "{",
                                    "}",
                                    "[",
                                    "]",
                                    ",",
                                    NULL};

const struct fuzz_target fuzz_target = {
    .name = "schema", .words = words, .max_bytes = 16384, .run = run};
