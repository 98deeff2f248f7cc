/* Any bytes as what a schema registry says; and as the texts of schemas that refer to each other,
 * parted by a byte 0. */

#include <string.h>

#include "base/utf8.h"
#include "codec/avro_fingerprint.h"
#include "codec/schema_answer.h"
#include "fuzz.h"

static int read_answer(const uint8_t *bytes, size_t len)
{
    struct seuil_arena arena = {0};
    struct seuil_schema_answer answer;
    struct seuil_error err = {0};
    char text[64];
    uint32_t id;
    int rc = seuil_schema_answer_read(bytes, len, &arena, &answer, &err);

    FUZZ_CHECK(rc == 0 || (rc == err.code && err.text[0]), "a code without a sentence");
    if (!rc) {
        FUZZ_CHECK(strlen(answer.text) <= answer.len && answer.type[0] != '\1', "no text");
        FUZZ_CHECK(answer.reference_count <= SEUIL_SCHEMA_REFERENCES_MAX, "too many references");
        for (uint32_t i = 0; i < answer.reference_count; i++)
            FUZZ_CHECK(answer.references[i].version >= 1, "a version that is none");
    }
    seuil_schema_is_missing(bytes, len);
    seuil_schema_id_read(bytes, len, &id);
    seuil_schema_complaint(bytes, len, text, sizeof(text));
    FUZZ_CHECK(strlen(text) < sizeof(text) &&
                   seuil_utf8_check((const uint8_t *)text, (uint32_t)strlen(text)),
               "a complaint that is no text");
    seuil_arena_done(&arena);
    return rc == 0;
}

/* The first text is the schema, the others are parts, named as the first of them in turn. */
static int put_together(const uint8_t *bytes, size_t len)
{
    static const char *const names[] = {"Money", "shop.Item", "Item", "a.b.C"};
    struct seuil_schema_part parts[4];
    uint32_t count = 0;
    size_t first = strnlen((const char *)bytes, len), at = first;
    struct seuil_buf out = {0};
    struct seuil_error err = {0};
    uint64_t fingerprint;
    int rc;

    while (at < len && count < 4) {
        size_t n = strnlen((const char *)bytes + at + 1, len - at - 1);

        parts[count] =
            (struct seuil_schema_part){names[count], (const char *)bytes + at + 1, (uint32_t)n};
        count++;
        at += 1 + n;
    }
    rc = seuil_schema_inline((const char *)bytes, first, parts, count, &out, &err);
    FUZZ_CHECK(rc == 0 || (rc == err.code && err.text[0]), "a code without a sentence");
    FUZZ_CHECK(rc || out.len > 0, "a schema of nothing");
    FUZZ_CHECK(out.len <= 16 * len + 64, "a schema that grows beyond its parts");
    seuil_avro_fingerprint("x", (const char *)bytes, first, &fingerprint, &err);
    seuil_buf_done(&out);
    return rc == 0;
}

static int run(const uint8_t *bytes, size_t len)
{
    return read_answer(bytes, len) | put_together(bytes, len);
}

static const char *const words[] = {"\"schema\":",
                                    "\"schemaType\":\"AVRO\"",
                                    "\"references\":[",
                                    "{\"name\":\"Money\",\"subject\":\"m\",\"version\":1}",
                                    "\"error_code\":40403",
                                    "\"message\":\"x\"",
                                    "\"id\":7",
                                    "\"Money\"",
                                    "\"Item\"",
                                    "\"shop.Item\"",
                                    "\"namespace\":\"shop\"",
                                    "{\"type\":\"record\",\"name\":\"Money\",\"fields\":[]}",
                                    "\"type\":",
                                    "\"fields\":[",
                                    "\"items\":",
                                    "{",
                                    "}",
                                    "[",
                                    "]",
                                    ",",
                                    NULL};

const struct fuzz_target fuzz_target = {
    .name = "answer", .words = words, .max_bytes = 16384, .run = run};
