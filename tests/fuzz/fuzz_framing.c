/* Any bytes, as a value and as its headers, under every framing: what is taken off lies within, and
 * what is told is text. The first two bytes say which header there is and how long it is. */

#include <string.h>

#include "base/utf8.h"
#include "codec/framing.h"
#include "fuzz.h"

static const char *const header_names[] = {NULL, "__value_schema_id", "apicurio.value.globalId",
                                           "apicurio.value.contentId", "apicurio.value.encoding"};

struct place {
    const char *name;
    struct seuil_str value;
};

static bool header(void *ctx, const char *name, struct seuil_str *ret_value)
{
    const struct place *place = ctx;

    if (!place->name || strcmp(name, place->name) != 0)
        return false;
    *ret_value = place->value;
    return true;
}

static int run(const uint8_t *bytes, size_t len)
{
    struct place place = {0};
    struct seuil_record_view record = {.header = header, .ctx = &place};
    int accepted = 0;
    size_t head;

    if (len < 2)
        return 0;
    head = bytes[1] % 24u < len - 2 ? bytes[1] % 24u : len - 2;
    place.name = header_names[bytes[0] % 5u];
    place.value = (struct seuil_str){(const char *)bytes + 2, (uint32_t)head};
    record.bytes = bytes + 2 + head;
    record.len = (uint32_t)(len - 2 - head);
    for (int format = 0; format < SEUIL_FORMATS; format++) {
        struct seuil_fault fault = {0};
        struct seuil_frame frame = {.at = UINT32_MAX};
        char text[200], name[SEUIL_SCHEMA_REF_TEXT];
        int rc = seuil_framing_open((enum seuil_format)format, &record, &frame, &fault);

        FUZZ_CHECK(rc ? fault.code == rc && fault.why && frame.at == UINT32_MAX
                      : frame.at <= record.len,
                   "a frame beyond its record, or a code without a reason");
        FUZZ_CHECK(rc || (frame.ref.kind != SEUIL_REF_NONE) ==
                             (seuil_format_names_schema((enum seuil_format)format) ||
                              format == SEUIL_FORMAT_CONFLUENT_JSON),
                   "a schema where there is none, or none where there is one");
        if (!rc && frame.ref.kind)
            FUZZ_CHECK(seuil_schema_ref_format(&frame.ref, name)[0], "a schema without a name");
        seuil_framing_describe((enum seuil_format)format, &record, text, sizeof(text));
        FUZZ_CHECK(strlen(text) < sizeof(text), "a description without an end");
        accepted |= !rc && format != SEUIL_FORMAT_RAW && format != SEUIL_FORMAT_JSON;
    }
    return accepted;
}

static const char *const words[] = {
    "\xc3\x01",     "{\"id\":\"e\"}", "\t",  "=",  "&",      "Obj\x01",
    "\xef\xbb\xbf", "\x1f\x8b\x08",   "%20", "[{", "BINARY", NULL};

const struct fuzz_target fuzz_target = {
    .name = "framing", .words = words, .max_bytes = 512, .run = run};
