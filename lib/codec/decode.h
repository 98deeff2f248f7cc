/* A record's bytes to a canonical event, as one input's settings say.
 *
 * A decoder is compiled once from (format, kind, writer schemas, renamed fields) and may be shared
 * by threads; each thread has its own scratch. It changes in one way only: while records are
 * decoded, writer schemas that a registry knows may be learned. Nothing is allocated for an event:
 * its strings are slices of the record, or of the scratch where JSON escapes had to be undone.
 * Bytes are untrusted: every length, count, depth and total work is bounded. */

#ifndef SEUIL_CODEC_DECODE_H
#define SEUIL_CODEC_DECODE_H

#include <stdint.h>

#include "base/err.h"
#include "codec/document.h"
#include "codec/framing.h"
#include "core/event.h"

struct seuil_writer_schema {
    uint32_t id;      /* ignored for RAW and SINGLE_OBJECT */
    const char *path; /* for messages */
    const char *text; /* the .avsc */
    uint32_t len;
};

struct seuil_rename {
    const char *field; /* canonical: "id", "lead", "time", "url", ... */
    const char *name;  /* as the source writes it */
};

struct seuil_decoder_spec {
    enum seuil_format format;
    int kind; /* enum seuil_kind; -1: the record's `type` says it (JSON only) */
    const struct seuil_writer_schema *schemas;
    uint32_t schema_count;
    const struct seuil_rename *renames;
    uint32_t rename_count;
    bool learns; /* a registry is there: a format whose records name their schema needs no list */
    /* For a map: what it reads of a record (codec/document.h); NULL: the record is an event itself,
     * and what is above says how. They outlive the decoder. */
    const struct seuil_wanted *wanted;
    const struct seuil_column *columns; /* of TSV */
    uint32_t column_count;
    enum seuil_duplicates duplicates; /* of JSON */
};

struct seuil_decoder;
struct seuil_decode_scratch;

/* Compile; NULL and @err (a schema that is no schema, names no wanted field, lacks id, lead or
 * time, has a type that cannot become the field's ...). */
struct seuil_decoder *seuil_decoder_new(const struct seuil_decoder_spec *spec,
                                        struct seuil_error *err);
void seuil_decoder_free(struct seuil_decoder *decoder);

enum seuil_format seuil_decoder_format(const struct seuil_decoder *decoder);
enum seuil_duplicates seuil_decoder_duplicates(const struct seuil_decoder *decoder);

/* Compile one more writer schema, for records that name it as @ref; by one thread at a time while
 * others decode. 0, also when it is known already; SEUIL_ERR_NOMEM; else the errors of
 * seuil_decoder_new. The decoder then is as before. */
int seuil_decoder_learn(struct seuil_decoder *decoder, const struct seuil_schema_ref *ref,
                        const char *path, const char *text, uint32_t len, struct seuil_error *err);

struct seuil_decode_scratch *seuil_decode_scratch_new(void);
void seuil_decode_scratch_free(struct seuil_decode_scratch *scratch);

/* Decode @record into @event. On success 0: it has everything but arrival and position, its
 * derived fields are filled, seuil_event_check holds. Otherwise @event is void (it is filled as the
 * bytes are walked: staging its 700 bytes would cost a quarter of the walk), and a code is
 * returned, with the reason in @err as one sentence (what, at which byte or field, what the bytes
 * look like): SEUIL_ERR_FORMAT wrong framing, malformed, a value of the wrong type;
 * SEUIL_ERR_TRUNCATED; SEUIL_ERR_UNKNOWN schema (seuil_decode_schema
 * tells which: it may be learned, and the record tried again); SEUIL_ERR_UNSUPPORTED a `type` that
 * is no kind; SEUIL_ERR_MISSING id, lead, time, type; SEUIL_ERR_LIMIT. @err may be NULL: the hot
 * path of a replay.
 *
 * Of the kind's map, lists and objects among the values are left out; a form's fields are texts,
 * so numbers and booleans there are kept as they are written (and null ones left out). */
int seuil_decode_record(const struct seuil_decoder *decoder, struct seuil_decode_scratch *scratch,
                        const struct seuil_record_view *record, struct seuil_event *event,
                        struct seuil_error *err);

/* For a decoder with `wanted`: the wanted parts of @record in @document, which is emptied. The
 * codes and @err are those of seuil_decode_record. */
int seuil_decode_document(const struct seuil_decoder *decoder, struct seuil_decode_scratch *scratch,
                          const struct seuil_record_view *record, struct seuil_document *document,
                          struct seuil_error *err);

/* The same as seuil_decode_record for a value without key and headers. */
int seuil_decode(const struct seuil_decoder *decoder, struct seuil_decode_scratch *scratch,
                 const uint8_t *bytes, uint32_t len, struct seuil_event *event,
                 struct seuil_error *err);

/* The schema that @record names: 0, or the code of its frame. */
int seuil_decode_schema(const struct seuil_decoder *decoder, const struct seuil_record_view *record,
                        struct seuil_schema_ref *ret_ref);

/* A name for the dead letter's headers and the metrics: "truncated", "unknown_schema", ... */
const char *seuil_decode_error_name(int code);

#endif
