/* A decoder and a map together, as an input of seuild has them. */

#ifndef SEUIL_TESTS_SUPPORT_MAPPED_H
#define SEUIL_TESTS_SUPPORT_MAPPED_H

#include "map/read.h"
#include "support/decoding.h"
#include "support/mapping.h"

struct mapped {
    struct mapping mapping;
    struct decoding decoding;
};

/* Records of @format by the map @text; @schema, number 1, of the Avro formats, else NULL. The
 * decoder is NULL when one of them does not compile. @duplicates: of JSON. */
static inline struct mapped mapped_with(enum seuil_format format, const char *text,
                                        const char *schema, enum seuil_duplicates duplicates)
{
    struct seuil_writer_schema writer = {.id = 1, .path = "test.avsc", .text = schema};
    struct seuil_decoder_spec spec = {
        .format = format, .kind = -1, .schemas = &writer, .duplicates = duplicates};
    struct mapped m = {.mapping = mapping_of(text, strlen(text))};

    if (!m.mapping.map)
        return m;
    writer.len = schema ? (uint32_t)strlen(schema) : 0;
    spec.schema_count = schema != NULL;
    spec.wanted = seuil_map_wanted(m.mapping.map);
    spec.columns = seuil_map_columns(m.mapping.map, &spec.column_count);
    m.decoding = decoding_make(&spec);
    return m;
}

static inline struct mapped mapped_make(enum seuil_format format, const char *text,
                                        const char *schema)
{
    return mapped_with(format, text, schema, SEUIL_DUPLICATES_REFUSED);
}

/* The first event of @record, as seuil_read_first. */
static inline int mapped_first(struct mapped *m, const struct seuil_record_view *record,
                               struct seuil_error *err)
{
    struct seuil_intake intake = {m->decoding.decoder, m->mapping.map};
    struct seuil_read_scratch scratch = {m->decoding.scratch, m->mapping.scratch};

    return seuil_read_first(&intake, &scratch, record, &m->decoding.event, err);
}

/* The one after it, as seuil_read_next. */
static inline int mapped_next(struct mapped *m, struct seuil_error *err)
{
    struct seuil_intake intake = {m->decoding.decoder, m->mapping.map};
    struct seuil_read_scratch scratch = {m->decoding.scratch, m->mapping.scratch};

    return seuil_read_next(&intake, &scratch, &m->decoding.event, err);
}

static inline void mapped_done(struct mapped *m)
{
    mapping_done(&m->mapping);
    decoding_done(&m->decoding);
}

#endif
