/* What a schema registry says, and what it is asked: JSON as the REST interface of Confluent's
 * Schema Registry has it. Bytes from a network: bounded, and never trusted to be what they say. */

#ifndef SEUIL_CODEC_SCHEMA_ANSWER_H
#define SEUIL_CODEC_SCHEMA_ANSWER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/buf.h"
#include "base/err.h"

#define SEUIL_ANSWER_BYTES_MAX      (4u << 20)
#define SEUIL_SCHEMA_REFERENCES_MAX 64

/* A named type that stands in a schema of its own. */
struct seuil_schema_reference {
    const char *name; /* full name of the type */
    const char *subject;
    int version;
};

struct seuil_schema_answer {
    const char *text;
    uint32_t len;
    const char *type; /* "AVRO", "JSON", "PROTOBUF" */
    uint32_t reference_count;
    const struct seuil_schema_reference *references;
};

/* The answer to /schemas/ids/{id} or /subjects/{subject}/versions/{version}; everything in @arena.
 * SEUIL_ERR_BACKOFF: it is no such answer; SEUIL_ERR_FORMAT (its references), SEUIL_ERR_LIMIT,
 * SEUIL_ERR_NOMEM; and @err. */
int seuil_schema_answer_read(const void *bytes, size_t len, struct seuil_arena *arena,
                             struct seuil_schema_answer *ret_answer, struct seuil_error *err);

/* Whether the body of a 404 is the registry's own word that there is no such schema, subject or
 * version (404xx), and not the page of a server that knows nothing of schemas. */
bool seuil_schema_is_missing(const void *bytes, size_t len);

/* Whether @bytes are JSON of any kind, as every schema is. */
bool seuil_schema_is_json(const void *bytes, size_t len);

/* The message of an error's body, else its first line; terminated, printable, cut to @cap. */
const char *seuil_schema_complaint(const void *bytes, size_t len, char *out, size_t cap);

/* The id in the answer to a registration. SEUIL_ERR_FORMAT. */
int seuil_schema_id_read(const void *bytes, size_t len, uint32_t *ret_id);

/* {"schema": text}: what a registration sends. SEUIL_ERR_NOMEM; SEUIL_ERR_FORMAT: no UTF-8. */
int seuil_schema_request_write(const char *text, size_t len, struct seuil_buf *out);

struct seuil_schema_part {
    const char *name; /* full name of the type that it defines */
    const char *text;
    uint32_t len;
};

/* Put parts where their names are used first, so that one text says all; what is used nowhere is
 * left out. SEUIL_ERR_FORMAT (a part is no JSON), SEUIL_ERR_LIMIT (nested too deep),
 * SEUIL_ERR_NOMEM and @err. */
int seuil_schema_inline(const char *text, size_t len, const struct seuil_schema_part *parts,
                        uint32_t count, struct seuil_buf *out, struct seuil_error *err);

#endif
