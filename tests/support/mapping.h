/* Maps for tests: a map's text and a record in, canonical JSON Lines out. */

#ifndef SEUIL_TESTS_SUPPORT_MAPPING_H
#define SEUIL_TESTS_SUPPORT_MAPPING_H

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/heap.h"
#include "codec/decode.h"
#include "codec/event_json.h"
#include "map/map.h"

struct mapping {
    struct seuil_yaml *doc, *own;
    struct seuil_map *map; /* NULL: see errs */
    struct seuil_map_scratch *scratch;
    struct seuil_decode_scratch *decode;
    struct seuil_record_view origin;
    struct seuil_errs errs;
    struct seuil_buf out; /* of the last record, terminated */
    char *copy;
};

/* A preset with an input's own map before it; @own is NULL where there is none. */
static inline struct mapping mapping_with(const char *own, const char *text, size_t len)
{
    struct mapping m = {.origin = {.key = SEUIL_STR("K1"),
                                   .topic = SEUIL_STR("topic"),
                                   .partition = 3,
                                   .offset = 42,
                                   .time = INT64_C(1767261600000)}};

    m.doc = seuil_yaml_parse("map.yaml", text, len, &m.errs);
    if (own)
        m.own = seuil_yaml_parse("own.yaml", own, strlen(own), &m.errs);
    if (m.doc && (!own || m.own)) {
        struct seuil_map_spec spec = {
            .name = "test", .preset = m.doc, .secret = SEUIL_STR("a secret of tests")};

        if (own) {
            spec.doc = m.own;
            spec.own = seuil_yaml_root(m.own);
        }
        m.map = seuil_map_new(&spec, &m.errs);
    }
    m.scratch = seuil_map_scratch_new();
    m.decode = seuil_decode_scratch_new();
    return m;
}

static inline struct mapping mapping_of(const char *text, size_t len)
{
    return mapping_with(NULL, text, len);
}

static inline void mapping_done(struct mapping *m)
{
    seuil_map_free(m->map);
    seuil_map_scratch_free(m->scratch);
    seuil_decode_scratch_free(m->decode);
    seuil_yaml_free(m->doc);
    seuil_yaml_free(m->own);
    seuil_buf_done(&m->out);
    free(m->copy);
}

/* One line for each event: canonical JSON, "error CODE TEXT", or, for none, "filtered REASON". */
static inline const char *mapping_run(struct mapping *m, const void *bytes, size_t len)
{
    struct seuil_document *document = seuil_map_document(m->scratch);
    const char *format = seuil_map_format(m->map);
    const struct seuil_column *columns;
    struct seuil_fault fault = {0};
    struct seuil_error err = {0};
    struct seuil_event event;
    struct seuil_tsv_column places[SEUIL_TSV_COLUMNS_MAX];
    uint32_t column_count, events = 0;
    char line[1200];
    int rc;

    seuil_buf_clear(&m->out);
    free(m->copy);
    m->copy = malloc(len + 1); /* exactly these bytes: one read too far is seen */
    memcpy(m->copy + 1, bytes, len);
    bytes = m->copy + 1;
    document->count = 0;
    m->decode->text_len = 0;
    columns = seuil_map_columns(m->map, &column_count);
    if (strcmp(format, "tsv") == 0)
        rc = seuil_tsv_document(
            places, seuil_tsv_columns(seuil_map_wanted(m->map), columns, column_count, places),
            bytes, (uint32_t)len, document, &fault);
    else if (strcmp(format, "form") == 0)
        rc = seuil_form_document(seuil_map_wanted(m->map), m->decode, bytes, (uint32_t)len,
                                 document, &fault);
    else
        rc = seuil_json_document(seuil_map_wanted(m->map), SEUIL_DUPLICATES_LAST, m->decode, bytes,
                                 (uint32_t)len, document, &fault);
    if (rc) {
        snprintf(line, sizeof(line), "record %d %s", rc, fault.why);
        seuil_buf_add(&m->out, line, strlen(line) + 1);
        return (const char *)m->out.ptr;
    }
    seuil_map_begin(m->map, m->scratch, &m->origin);
    while ((rc = seuil_map_next(m->map, m->scratch, &event, &err)) != 0) {
        if (events++)
            seuil_buf_add(&m->out, "\n", 1);
        if (rc > 0) {
            seuil_event_json(&event, &m->out);
            continue;
        }
        snprintf(line, sizeof(line), "error %d %s", rc, err.text);
        seuil_buf_add(&m->out, line, strlen(line));
    }
    if (events == 0) {
        snprintf(line, sizeof(line), "filtered %s", seuil_map_reason(m->scratch));
        seuil_buf_add(&m->out, line, strlen(line));
    }
    seuil_buf_add(&m->out, "", 1);
    return (const char *)m->out.ptr;
}

static inline const char *mapping_text(struct mapping *m, const char *text)
{
    return mapping_run(m, text, strlen(text));
}

#endif
