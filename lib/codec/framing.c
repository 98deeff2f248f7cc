#include "codec/framing.h"

#include <stdio.h>

int seuil_framing_confluent(const uint8_t *bytes, uint32_t len, uint32_t *ret_id)
{
    if (len > 0 && bytes[0] != 0)
        return SEUIL_ERR_FORMAT;
    if (len < SEUIL_CONFLUENT_BYTES)
        return SEUIL_ERR_TRUNCATED;
    *ret_id = (uint32_t)bytes[1] << 24 | (uint32_t)bytes[2] << 16 | (uint32_t)bytes[3] << 8 |
              (uint32_t)bytes[4];
    return 0;
}

static bool looks_like_json(const uint8_t *bytes, uint32_t len)
{
    uint32_t i = 0;

    while (i < len && (bytes[i] == ' ' || bytes[i] == '\n' || bytes[i] == '\r' || bytes[i] == '\t'))
        i++;
    /* An object goes on with a name or ends at once; '{' alone is also the varint of -62. */
    return i + 1 < len && bytes[i] == '{' &&
           (bytes[i + 1] == '"' || bytes[i + 1] == '}' || bytes[i + 1] == ' ' ||
            bytes[i + 1] == '\n' || bytes[i + 1] == '\r' || bytes[i + 1] == '\t');
}

const char *seuil_framing_describe(enum seuil_format format, const uint8_t *bytes, uint32_t len,
                                   char *out, size_t cap)
{
    uint32_t id;

    out[0] = '\0';
    if (len == 0) {
        snprintf(out, cap, "the value is empty");
    } else if (format != SEUIL_FORMAT_JSON && looks_like_json(bytes, len)) {
        snprintf(out, cap, "byte 0 is %02x: looks like JSON; set `format: json`", bytes[0]);
    } else if (len >= 10 && bytes[0] == 0xc3 && bytes[1] == 0x01) {
        snprintf(out, cap,
                 "bytes 0 and 1 are c3 01: looks like Avro's single-object encoding, which this "
                 "version does not read");
    } else if (len >= 3 && bytes[0] == 0xef && bytes[1] == 0xbb && bytes[2] == 0xbf) {
        snprintf(out, cap,
                 "bytes 0 to 2 are ef bb bf: a byte order mark, which JSON must not have");
    } else if (format != SEUIL_FORMAT_CONFLUENT && seuil_framing_confluent(bytes, len, &id) == 0) {
        snprintf(out, cap,
                 "byte 0 is 00: looks like Confluent framing with schema id %u; set "
                 "`format: confluent`",
                 id);
    } else if (format == SEUIL_FORMAT_CONFLUENT && bytes[0] != 0) {
        snprintf(out, cap,
                 "byte 0 is %02x, not 00: no Confluent framing; set `format: raw` if this is Avro "
                 "alone",
                 bytes[0]);
    } else if (format == SEUIL_FORMAT_JSON && bytes[0] != '{' && bytes[0] > ' ') {
        snprintf(out, cap, "byte 0 is %02x: no JSON object", bytes[0]);
    }
    return out;
}
