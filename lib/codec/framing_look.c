/* What the bytes of a record look like: never a decision, only a sentence for the one who reads a
 * dead letter. The surest signs come first. */

#include <stdio.h>
#include <string.h>

#include "base/utf8.h"
#include "codec/framing.h"

static bool is_text(const uint8_t *bytes, uint32_t len)
{
    for (uint32_t i = 0; i < len; i++)
        if ((bytes[i] < ' ' && !memchr("\n\r\t", bytes[i], 3)) || bytes[i] == 0x7f)
            return false;
    return seuil_utf8_check(bytes, len);
}

/* "set `format: x`", unless that is what is set. */
static void advise(enum seuil_format set, enum seuil_format better, const char *sign, char *out,
                   size_t cap)
{
    if (set != better)
        snprintf(out, cap, "%s; set `format: %s`", sign, seuil_format_name(better));
}

static void look_at_headers(enum seuil_format format, const struct seuil_record_view *record,
                            char *out, size_t cap)
{
    static const struct {
        const char *name;
        enum seuil_format format;
        const char *sign;
    } signs[] = {
        {"__value_schema_id", SEUIL_FORMAT_CONFLUENT_HEADERS,
         "the header __value_schema_id is there"},
        {"apicurio.value.globalId", SEUIL_FORMAT_APICURIO_HEADERS,
         "the header apicurio.value.globalId is there"},
        {"apicurio.value.contentId", SEUIL_FORMAT_APICURIO_HEADERS,
         "the header apicurio.value.contentId is there"},
    };
    struct seuil_str value;

    for (size_t i = 0; i < sizeof(signs) / sizeof(signs[0]) && !out[0]; i++)
        if (seuil_record_header(record, signs[i].name, &value))
            advise(format, signs[i].format, signs[i].sign, out, cap);
}

/* Signs that nothing else has by chance. */
static void look_at_magic(enum seuil_format format, const uint8_t *bytes, uint32_t len, char *out,
                          size_t cap)
{
    if (len >= SEUIL_SINGLE_OBJECT_BYTES && bytes[0] == 0xc3 && bytes[1] == 0x01)
        advise(format, SEUIL_FORMAT_SINGLE_OBJECT,
               "bytes 0 and 1 are c3 01: looks like Avro's single-object encoding", out, cap);
    else if (len >= 4 && memcmp(bytes, "Obj\x01", 4) == 0)
        snprintf(out, cap, "begins with \"Obj\" and 01: an Avro file, not a record");
    else if (len >= 3 && memcmp(bytes, "\xef\xbb\xbf", 3) == 0)
        snprintf(out, cap,
                 "bytes 0 to 2 are ef bb bf: a byte order mark, which JSON must not have");
    else if (len >= 3 && bytes[0] == 0x1f && bytes[1] == 0x8b && bytes[2] == 8)
        snprintf(out, cap, "bytes 0 and 1 are 1f 8b: compressed by gzip before it was sent");
}

static void look_at_confluent(enum seuil_format format, const uint8_t *bytes, uint32_t len,
                              char *out, size_t cap)
{
    bool framed = format == SEUIL_FORMAT_CONFLUENT || format == SEUIL_FORMAT_CONFLUENT_JSON;
    char sign[96];
    uint32_t id;

    if (seuil_framing_confluent(bytes, len, &id) == 0) {
        snprintf(sign, sizeof(sign), "byte 0 is 00: looks like Confluent framing with schema id %u",
                 id);
        if (seuil_framing_looks_json(bytes + SEUIL_CONFLUENT_BYTES, len - SEUIL_CONFLUENT_BYTES))
            advise(format, SEUIL_FORMAT_CONFLUENT_JSON, sign, out, cap);
        else if (id == 0 && len >= 9)
            snprintf(out, cap,
                     "bytes 0 to 4 are 00: perhaps the frame of Apicurio's older clients, 00 and "
                     "an id of 8 bytes; let them write headers, or ids as Confluent does");
        else if (!framed || format == SEUIL_FORMAT_CONFLUENT_JSON)
            advise(format, SEUIL_FORMAT_CONFLUENT, sign, out, cap);
    } else if (framed && bytes[0] != 0) {
        snprintf(out, cap,
                 "byte 0 is %02x, not 00: no Confluent framing; set `format: raw` if this is Avro "
                 "alone",
                 bytes[0]);
    }
}

static void look_at_text(enum seuil_format format, const uint8_t *bytes, uint32_t len, char *out,
                         size_t cap)
{
    if (len < 3 || !is_text(bytes, len))
        return;
    if (memchr(bytes, '\t', len))
        advise(format, SEUIL_FORMAT_TSV, "looks like text in columns parted by tabs", out, cap);
    else if (memchr(bytes, '=', len) && !memchr(bytes, ' ', len))
        advise(format, SEUIL_FORMAT_FORM, "looks like a query string", out, cap);
}

const char *seuil_framing_describe(enum seuil_format format, const struct seuil_record_view *record,
                                   char *out, size_t cap)
{
    const uint8_t *bytes = record->bytes;
    uint32_t len = record->len;
    char sign[64];

    out[0] = '\0';
    if (len == 0) {
        snprintf(out, cap, "the value is empty");
        return out;
    }
    look_at_magic(format, bytes, len, out, cap);
    if (!out[0] && seuil_framing_looks_json(bytes, len)) {
        snprintf(sign, sizeof(sign), "byte 0 is %02x: looks like JSON", bytes[0]);
        advise(format, SEUIL_FORMAT_JSON, sign, out, cap);
        return out;
    }
    if (!out[0])
        look_at_headers(format, record, out, cap);
    if (!out[0])
        look_at_text(format, bytes, len, out, cap);
    if (!out[0])
        look_at_confluent(format, bytes, len, out, cap);
    if (!out[0] && format == SEUIL_FORMAT_JSON && bytes[0] != '{' && bytes[0] > ' ')
        snprintf(out, cap, "byte 0 is %02x: no JSON object", bytes[0]);
    return out;
}
