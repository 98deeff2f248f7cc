/* What stands around a record's value: how it names its writer schema, and where the value begins.
 *
 * The framing is set for each input and never guessed: bytes of naked Avro may begin with 00 as a
 * Confluent frame does. What does not fit is refused, and described for the one who must change
 * the setting.
 *
 * Sources: Confluent's wire format (00, id; 01, GUID; the header __value_schema_id holds either) as
 * in io.confluent.kafka.serializers.schema.id.SchemaId; Apicurio's headers apicurio.value.globalId,
 * .contentId (8 bytes, big endian) and .encoding as in io.apicurio.registry.serde; Avro 1.11
 * "Single-object encoding" (c3 01, CRC-64-AVRO of the schema, little endian). */

#ifndef SEUIL_CODEC_FRAMING_H
#define SEUIL_CODEC_FRAMING_H

#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "codec/fault.h"
#include "codec/record.h"

enum seuil_format {
    SEUIL_FORMAT_CONFLUENT,         /* 00, schema id as 4 bytes big endian (or 01, GUID), Avro */
    SEUIL_FORMAT_RAW,               /* Avro alone, one writer schema */
    SEUIL_FORMAT_JSON,              /* an object, nothing around it */
    SEUIL_FORMAT_SINGLE_OBJECT,     /* c3 01, fingerprint of the schema, Avro */
    SEUIL_FORMAT_CONFLUENT_JSON,    /* 00, schema id (or 01, GUID), a JSON object */
    SEUIL_FORMAT_CONFLUENT_HEADERS, /* Avro alone, the schema's id or GUID in __value_schema_id */
    SEUIL_FORMAT_APICURIO_HEADERS,  /* Avro alone, the id in apicurio.value.globalId/contentId */
    SEUIL_FORMAT_TSV,               /* text, columns parted by tabs */
    SEUIL_FORMAT_FORM,              /* application/x-www-form-urlencoded: a query string */
    SEUIL_FORMATS,
};

#define SEUIL_CONFLUENT_BYTES      5  /* 00, then the schema id, big endian */
#define SEUIL_CONFLUENT_GUID_BYTES 17 /* 01, then the GUID */
#define SEUIL_SINGLE_OBJECT_BYTES  10 /* c3 01, then the fingerprint, little endian */

/* How a record names its writer schema. */
enum seuil_schema_ref_kind {
    SEUIL_REF_NONE,        /* the format needs none, or has only one */
    SEUIL_REF_ID,          /* of a Confluent registry: 32 bits */
    SEUIL_REF_GUID,        /* the same schema under every registry: 128 bits */
    SEUIL_REF_FINGERPRINT, /* CRC-64-AVRO of the canonical form */
    SEUIL_REF_GLOBAL_ID,   /* Apicurio's: of one version of an artifact */
    SEUIL_REF_CONTENT_ID,  /* Apicurio's: of a text */
};

struct seuil_schema_ref {
    uint8_t kind; /* enum seuil_schema_ref_kind */
    uint64_t high, low;
};

struct seuil_frame {
    struct seuil_schema_ref ref;
    uint32_t at; /* of the bytes: where the value begins */
};

static inline bool seuil_schema_ref_eq(const struct seuil_schema_ref *a,
                                       const struct seuil_schema_ref *b)
{
    return a->low == b->low && a->kind == b->kind && a->high == b->high;
}

/* "7", "content id 7", "2b6f0c4e-…", "fingerprint 63dd24e7cc258f8a" for messages; returns @out. */
#define SEUIL_SCHEMA_REF_TEXT 64
const char *seuil_schema_ref_format(const struct seuil_schema_ref *ref,
                                    char out[SEUIL_SCHEMA_REF_TEXT]);

/* The setting's word: "confluent", "raw", ... */
const char *seuil_format_name(enum seuil_format format);
/* Whether records of @format are Avro (with a writer schema), or JSON. */
bool seuil_format_is_avro(enum seuil_format format);
bool seuil_format_is_json(enum seuil_format format);

/* Whether each record names its schema, which then may be learned while records come. */
bool seuil_format_names_schema(enum seuil_format format);

/* The frame of nearly all records that have one, 00 and an id, where it is cheap; false: let
 * seuil_framing_open say what it is. */
static inline bool seuil_framing_open_id(enum seuil_format format,
                                         const struct seuil_record_view *record,
                                         struct seuil_frame *ret_frame)
{
    const uint8_t *bytes = record->bytes;

    if (format != SEUIL_FORMAT_CONFLUENT || record->len < SEUIL_CONFLUENT_BYTES || bytes[0] != 0)
        return false;
    ret_frame->ref.kind = SEUIL_REF_ID;
    ret_frame->ref.high = 0;
    ret_frame->ref.low = (uint32_t)bytes[1] << 24 | (uint32_t)bytes[2] << 16 |
                         (uint32_t)bytes[3] << 8 | (uint32_t)bytes[4];
    ret_frame->at = SEUIL_CONFLUENT_BYTES;
    return true;
}

/* Take the frame off. 0; SEUIL_ERR_TRUNCATED, SEUIL_ERR_FORMAT, SEUIL_ERR_MISSING (a header), noted
 * in @fault. Of TSV and FORM it is only checked that the bytes are text that can be one. */
int seuil_framing_open(enum seuil_format format, const struct seuil_record_view *record,
                       struct seuil_frame *ret_frame, struct seuil_fault *fault);

/* The schema id of a Confluent frame. 0; SEUIL_ERR_TRUNCATED; SEUIL_ERR_FORMAT: byte 0 is not 0. */
int seuil_framing_confluent(const uint8_t *bytes, uint32_t len, uint32_t *ret_id);

/* Append such a frame. 0 or SEUIL_ERR_NOMEM. */
int seuil_framing_confluent_write(uint32_t id, struct seuil_buf *out);

/* Whether the bytes begin as a JSON object or array does. */
bool seuil_framing_looks_json(const uint8_t *bytes, uint32_t len);
/* The same, and they end so, and are text from end to end, as hardly any Avro is. */
bool seuil_framing_is_json(const uint8_t *bytes, uint32_t len);

/* Describe the record for an input set to @format, for the one who must change the setting: "byte 0
 * is 7b: looks like JSON; set `format: json`". Nothing to say: "". */
const char *seuil_framing_describe(enum seuil_format format, const struct seuil_record_view *record,
                                   char *out, size_t cap);

#endif
