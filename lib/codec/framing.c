#include "codec/framing.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/utf8.h"

static const char *const names[SEUIL_FORMATS] = {
    [SEUIL_FORMAT_CONFLUENT] = "confluent",
    [SEUIL_FORMAT_RAW] = "raw",
    [SEUIL_FORMAT_JSON] = "json",
    [SEUIL_FORMAT_SINGLE_OBJECT] = "single_object",
    [SEUIL_FORMAT_CONFLUENT_JSON] = "confluent_json",
    [SEUIL_FORMAT_CONFLUENT_HEADERS] = "confluent_headers",
    [SEUIL_FORMAT_APICURIO_HEADERS] = "apicurio_headers",
    [SEUIL_FORMAT_TSV] = "tsv",
    [SEUIL_FORMAT_FORM] = "form",
};

const char *seuil_format_name(enum seuil_format format)
{
    return names[format];
}

bool seuil_format_is_json(enum seuil_format format)
{
    return format == SEUIL_FORMAT_JSON || format == SEUIL_FORMAT_CONFLUENT_JSON;
}

bool seuil_format_names_schema(enum seuil_format format)
{
    return format == SEUIL_FORMAT_CONFLUENT || format == SEUIL_FORMAT_SINGLE_OBJECT ||
           format == SEUIL_FORMAT_CONFLUENT_HEADERS || format == SEUIL_FORMAT_APICURIO_HEADERS;
}

bool seuil_format_is_avro(enum seuil_format format)
{
    return format == SEUIL_FORMAT_RAW || seuil_format_names_schema(format);
}

const char *seuil_schema_ref_format(const struct seuil_schema_ref *ref,
                                    char out[SEUIL_SCHEMA_REF_TEXT])
{
    uint64_t high = ref->high, low = ref->low;

    switch ((enum seuil_schema_ref_kind)ref->kind) {
    case SEUIL_REF_GUID:
        snprintf(out, SEUIL_SCHEMA_REF_TEXT, "%08x-%04x-%04x-%04x-%012" PRIx64,
                 (unsigned)(high >> 32), (unsigned)(high >> 16 & 0xffff), (unsigned)(high & 0xffff),
                 (unsigned)(low >> 48), low & UINT64_C(0xffffffffffff));
        break;
    case SEUIL_REF_FINGERPRINT:
        snprintf(out, SEUIL_SCHEMA_REF_TEXT, "fingerprint %016" PRIx64, low);
        break;
    case SEUIL_REF_GLOBAL_ID:
        snprintf(out, SEUIL_SCHEMA_REF_TEXT, "global id %" PRIu64, low);
        break;
    case SEUIL_REF_CONTENT_ID:
        snprintf(out, SEUIL_SCHEMA_REF_TEXT, "content id %" PRIu64, low);
        break;
    case SEUIL_REF_ID:
    case SEUIL_REF_NONE:
        snprintf(out, SEUIL_SCHEMA_REF_TEXT, "%" PRIu64, low);
    }
    return out;
}

/* ---- taking the frame off ------------------------------------------------------------------ */

static uint64_t big_endian(const uint8_t *bytes, unsigned len)
{
    uint64_t value = 0;

    for (unsigned i = 0; i < len; i++)
        value = value << 8 | bytes[i];
    return value;
}

int seuil_framing_confluent(const uint8_t *bytes, uint32_t len, uint32_t *ret_id)
{
    if (len > 0 && bytes[0] != 0)
        return SEUIL_ERR_FORMAT;
    if (len < SEUIL_CONFLUENT_BYTES)
        return SEUIL_ERR_TRUNCATED;
    *ret_id = (uint32_t)big_endian(bytes + 1, 4);
    return 0;
}

int seuil_framing_confluent_write(uint32_t id, struct seuil_buf *out)
{
    uint8_t frame[SEUIL_CONFLUENT_BYTES] = {0, (uint8_t)(id >> 24), (uint8_t)(id >> 16),
                                            (uint8_t)(id >> 8), (uint8_t)id};

    return seuil_buf_add(out, frame, sizeof(frame));
}

/* 00 and the id, or 01 and the GUID, before a value or in a header. */
static int open_confluent(const uint8_t *bytes, uint32_t len, struct seuil_frame *ret_frame)
{
    uint32_t id;
    int rc;

    if (len >= 1 && bytes[0] == 1) {
        if (len < SEUIL_CONFLUENT_GUID_BYTES)
            return SEUIL_ERR_TRUNCATED;
        ret_frame->ref = (struct seuil_schema_ref){SEUIL_REF_GUID, big_endian(bytes + 1, 8),
                                                   big_endian(bytes + 9, 8)};
        ret_frame->at = SEUIL_CONFLUENT_GUID_BYTES;
        return 0;
    }
    rc = seuil_framing_confluent(bytes, len, &id);
    if (rc)
        return rc;
    ret_frame->ref = (struct seuil_schema_ref){SEUIL_REF_ID, 0, id};
    ret_frame->at = SEUIL_CONFLUENT_BYTES;
    return 0;
}

static int open_single_object(const uint8_t *bytes, uint32_t len, struct seuil_frame *ret_frame)
{
    uint64_t fingerprint = 0;

    if ((len > 0 && bytes[0] != 0xc3) || (len > 1 && bytes[1] != 0x01))
        return SEUIL_ERR_FORMAT;
    if (len < SEUIL_SINGLE_OBJECT_BYTES)
        return SEUIL_ERR_TRUNCATED;
    for (int i = 9; i >= 2; i--)
        fingerprint = fingerprint << 8 | bytes[i];
    ret_frame->ref = (struct seuil_schema_ref){SEUIL_REF_FINGERPRINT, 0, fingerprint};
    ret_frame->at = SEUIL_SINGLE_OBJECT_BYTES;
    return 0;
}

static int open_confluent_header(const struct seuil_record_view *record,
                                 struct seuil_frame *ret_frame, struct seuil_fault *fault)
{
    struct seuil_str value;

    if (!seuil_record_header(record, "__value_schema_id", &value))
        return seuil_fault_set(fault, SEUIL_ERR_MISSING, 0,
                               "the record has no header __value_schema_id");
    if (open_confluent((const uint8_t *)value.ptr, value.len, ret_frame) ||
        ret_frame->at != value.len)
        return seuil_fault_set(fault, SEUIL_ERR_FORMAT, 0,
                               "the header __value_schema_id is neither 00 and an id of 4 bytes "
                               "nor 01 and a GUID of 16");
    ret_frame->at = 0;
    return 0;
}

/* Numbers are 8 bytes, big endian. The encoding is BINARY unless said otherwise. */
static int open_apicurio_headers(const struct seuil_record_view *record,
                                 struct seuil_frame *ret_frame, struct seuil_fault *fault)
{
    uint8_t kind = SEUIL_REF_GLOBAL_ID;
    struct seuil_str value;

    if (seuil_record_header(record, "apicurio.value.encoding", &value) &&
        !seuil_str_eq(value, SEUIL_STR("BINARY")))
        return seuil_fault_set(fault, SEUIL_ERR_FORMAT, 0,
                               "the header apicurio.value.encoding is not BINARY: if it is JSON, "
                               "and plain JSON, set `format: json`");
    if (!seuil_record_header(record, "apicurio.value.globalId", &value)) {
        kind = SEUIL_REF_CONTENT_ID;
        if (!seuil_record_header(record, "apicurio.value.contentId", &value))
            return seuil_fault_set(fault, SEUIL_ERR_MISSING, 0,
                                   "the record has neither the header apicurio.value.globalId nor "
                                   "apicurio.value.contentId");
    }
    if (value.len != 8)
        return seuil_fault_set(fault, SEUIL_ERR_FORMAT, 0,
                               "the header with Apicurio's id is not a number of 8 bytes");
    *ret_frame =
        (struct seuil_frame){.ref = {kind, 0, big_endian((const uint8_t *)value.ptr, 8)}, .at = 0};
    return 0;
}

/* A record of `raw` that names its schema all the same was not written by the one that is set, or
 * will not be tomorrow. */
static int open_raw(const struct seuil_record_view *record, struct seuil_fault *fault)
{
    static const char *const headers[] = {"__value_schema_id", "apicurio.value.globalId",
                                          "apicurio.value.contentId"};
    struct seuil_str value;

    for (size_t i = 0; record->header && i < sizeof(headers) / sizeof(headers[0]); i++)
        if (seuil_record_header(record, headers[i], &value))
            return seuil_fault_set(fault, SEUIL_ERR_FORMAT, 0,
                                   "a header names the writer schema, which `format: raw` would "
                                   "pass over");
    return 0;
}

bool seuil_framing_looks_json(const uint8_t *bytes, uint32_t len)
{
    uint32_t i = 0;

    while (i < len && memchr(" \n\r\t", bytes[i], 4))
        i++;
    /* '{' alone is also the varint of -62, '[' that of -46: look at what follows. */
    return i + 1 < len && ((bytes[i] == '{' && memchr("\"} \n\r\t", bytes[i + 1], 6)) ||
                           (bytes[i] == '[' && memchr("{[\"] \n\r\t", bytes[i + 1], 8)));
}

/* The first byte that is a control character but a tab, or a line's end behind which nothing but
 * its like comes; @len when there is none. */
static uint32_t control_at(const uint8_t *bytes, uint32_t len)
{
    uint32_t end = len;

    while (end > 0 && (bytes[end - 1] == '\n' || bytes[end - 1] == '\r'))
        end--;
    for (uint32_t i = 0; i < end; i++)
        if ((bytes[i] < ' ' && bytes[i] != '\t') || bytes[i] == 0x7f)
            return i;
    return len;
}

bool seuil_framing_is_json(const uint8_t *bytes, uint32_t len)
{
    if (!seuil_framing_looks_json(bytes, len))
        return false;
    while (len > 0 && memchr(" \n\r\t", bytes[len - 1], 4))
        len--;
    for (uint32_t i = 0; i < len; i++)
        if (bytes[i] < ' ' && !memchr("\n\r\t", bytes[i], 3))
            return false;
    return (bytes[len - 1] == '}' || bytes[len - 1] == ']') && seuil_utf8_check(bytes, len);
}

static int open_tsv(const uint8_t *bytes, uint32_t len, struct seuil_fault *fault)
{
    uint32_t control = control_at(bytes, len);

    if (control < len)
        return seuil_fault_set(fault, SEUIL_ERR_FORMAT, control,
                               "a control character: this is no line of columns");
    if (seuil_framing_looks_json(bytes, len))
        return seuil_fault_set(fault, SEUIL_ERR_FORMAT, 0, "this is JSON, no line of columns");
    if (!memchr(bytes, '\t', len))
        return seuil_fault_set(fault, SEUIL_ERR_FORMAT, 0, "no tab: this is no line of columns");
    if (!seuil_utf8_check(bytes, len))
        return seuil_fault_set(fault, SEUIL_ERR_FORMAT, 0, "the line is not UTF-8");
    return 0;
}

/* A query string is ASCII without spaces once it is encoded; what is above is let through, since
 * relays undo more than they should. */
static int open_form(const uint8_t *bytes, uint32_t len, struct seuil_fault *fault)
{
    uint32_t control = control_at(bytes, len);

    for (uint32_t i = 0; i < control; i++)
        if (bytes[i] == '\t')
            control = i;
    if (control < len)
        return seuil_fault_set(fault, SEUIL_ERR_FORMAT, control,
                               "a control character: this is no query string");
    if (seuil_framing_looks_json(bytes, len))
        return seuil_fault_set(fault, SEUIL_ERR_FORMAT, 0, "this is JSON, no query string");
    if (!memchr(bytes, '=', len))
        return seuil_fault_set(fault, SEUIL_ERR_FORMAT, 0, "no `=`: this is no query string");
    if (!seuil_utf8_check(bytes, len))
        return seuil_fault_set(fault, SEUIL_ERR_FORMAT, 0, "the query string is not UTF-8");
    return 0;
}

int seuil_framing_open(enum seuil_format format, const struct seuil_record_view *record,
                       struct seuil_frame *ret_frame, struct seuil_fault *fault)
{
    struct seuil_frame frame = {{SEUIL_REF_NONE, 0, 0}, 0};
    int rc = 0;

    switch (format) {
    case SEUIL_FORMAT_CONFLUENT:
    case SEUIL_FORMAT_CONFLUENT_JSON:
        rc = open_confluent(record->bytes, record->len, &frame);
        if (rc)
            seuil_fault_set(fault, rc, 0, "no Confluent framing");
        break;
    case SEUIL_FORMAT_SINGLE_OBJECT:
        rc = open_single_object(record->bytes, record->len, &frame);
        if (rc)
            seuil_fault_set(fault, rc, 0, "no single-object encoding");
        break;
    case SEUIL_FORMAT_CONFLUENT_HEADERS:
        rc = open_confluent_header(record, &frame, fault);
        break;
    case SEUIL_FORMAT_APICURIO_HEADERS:
        rc = open_apicurio_headers(record, &frame, fault);
        break;
    case SEUIL_FORMAT_TSV:
        rc = open_tsv(record->bytes, record->len, fault);
        break;
    case SEUIL_FORMAT_FORM:
        rc = open_form(record->bytes, record->len, fault);
        break;
    case SEUIL_FORMAT_RAW:
        rc = open_raw(record, fault);
        break;
    case SEUIL_FORMAT_JSON:
    case SEUIL_FORMATS:
        break;
    }
    if (!rc)
        *ret_frame = frame;
    return rc;
}
