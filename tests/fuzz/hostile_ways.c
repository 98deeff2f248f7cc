/* The decoders, extractors and maps that hostile messages meet. */

#include "hostile.h"

#include <assert.h>

#include "codec/avro_fingerprint.h"
#include "codec/scratch.h"
#include "support/decoding.h"
#include "support/document.h"
#include "support/mapped.h"

/* Everything that Avro has, itself within itself. */
static const char nested[] =
    "{\"type\":\"record\",\"name\":\"R\",\"fields\":[{\"name\":\"id\",\"type\":\"string\"},"
    "{\"name\":\"lead\",\"type\":[\"string\",\"bytes\",{\"type\":\"enum\",\"name\":\"E\","
    "\"symbols\":[\"a\",\"b\"]}]},{\"name\":\"time\",\"type\":{\"type\":\"long\",\"logicalType\":"
    "\"timestamp-micros\"}},{\"name\":\"n\",\"type\":[\"null\",\"R\"]},{\"name\":\"l\",\"type\":{"
    "\"type\":\"array\",\"items\":[\"null\",\"R\",\"double\"]}},{\"name\":\"z\",\"type\":{\"type\":"
    "\"array\",\"items\":\"null\"}},{\"name\":\"m\",\"type\":{\"type\":\"map\",\"values\":{"
    "\"type\":"
    "\"map\",\"values\":\"E\"}}},{\"name\":\"d\",\"type\":{\"type\":\"bytes\",\"logicalType\":"
    "\"decimal\",\"precision\":30,\"scale\":4}},{\"name\":\"u\",\"type\":{\"type\":\"fixed\","
    "\"name\":\"U\",\"size\":16,\"logicalType\":\"uuid\"}},{\"name\":\"properties\",\"type\":["
    "\"null\",{\"type\":\"map\",\"values\":[\"null\",\"string\",\"boolean\",\"long\"]}]}]}";

enum way_kind {
    EVENT,    /* seuil_decode_record */
    DOCUMENT, /* an extractor alone */
    MAPPED,   /* a decoder and a map, as seuild has them */
};

static struct way {
    struct hostile_way as;
    enum way_kind kind;
    enum seuil_format format;
    struct decoding decoding;
    struct documenting documenting;
    struct mapped mapped;
} ways[HOSTILE_WAYS_MAX];
static unsigned count;

static const uint8_t id_one[5] = {0, 0, 0, 0, 1};
static const uint8_t eight_byte_one[8] = {0, 0, 0, 0, 0, 0, 0, 1};

/* ---- opening ------------------------------------------------------------------------------- */

static struct way *add(const char *name, enum hostile_source source, enum way_kind kind)
{
    struct way *way = &ways[count++];

    assert(count <= HOSTILE_WAYS_MAX);
    way->as.name = name;
    way->as.source = source;
    way->kind = kind;
    return way;
}

/* What stands before a record of @format whose schema is `nested`, number 1. */
static void set_prefix(struct way *way, enum seuil_format format)
{
    uint64_t fingerprint = 0;

    way->format = format;
    if (format == SEUIL_FORMAT_CONFLUENT || format == SEUIL_FORMAT_CONFLUENT_JSON) {
        memcpy(way->as.prefix, id_one, sizeof(id_one));
        way->as.prefix_len = sizeof(id_one);
    } else if (format == SEUIL_FORMAT_SINGLE_OBJECT) {
        assert(!seuil_avro_fingerprint("s", nested, sizeof(nested) - 1, &fingerprint, NULL));
        way->as.prefix[0] = 0xc3;
        way->as.prefix[1] = 0x01;
        for (int i = 0; i < 8; i++)
            way->as.prefix[2 + i] = (uint8_t)(fingerprint >> 8 * i);
        way->as.prefix_len = SEUIL_SINGLE_OBJECT_BYTES;
    }
}

static void add_events(void)
{
    static const char *const names[SEUIL_FORMATS] = {"event, confluent",
                                                     "event, raw",
                                                     "event, json",
                                                     "event, single_object",
                                                     "event, confluent_json",
                                                     "event, confluent_headers",
                                                     "event, apicurio_headers"};

    for (int format = 0; format < SEUIL_FORMATS; format++) {
        bool json = seuil_format_is_json((enum seuil_format)format);
        struct seuil_decoder_spec spec = {
            .format = (enum seuil_format)format, .kind = -1, .duplicates = format % 3 == 1};
        struct way *way;

        if (!names[format])
            continue;
        way = add(names[format], json ? HOSTILE_JSON : HOSTILE_AVRO, EVENT);
        set_prefix(way, spec.format);
        way->decoding = json ? decoding_make(&spec)
                             : decoding_avro(spec.format, SEUIL_KIND_ACTIVITY, nested, NULL, 0);
        assert(way->decoding.decoder);
    }
    add("event, json of forms", HOSTILE_JSON, EVENT)->decoding =
        decoding_json_last(SEUIL_KIND_FORM);
}

static void add_documents(void)
{
    add("document, avro, whole", HOSTILE_AVRO, DOCUMENT)->documenting =
        documenting_avro("*", nested);
    add("document, avro, paths", HOSTILE_AVRO, DOCUMENT)->documenting =
        documenting_avro("n{n{u}},l{d},m{k}", nested);
    add("document, json, whole", HOSTILE_JSON, DOCUMENT)->documenting = documenting_make("*");
    add("document, json, paths", HOSTILE_JSON, DOCUMENT)->documenting =
        documenting_make("a{b{c}},id,fields{x}");
}

static void add_map(const char *name, enum hostile_source source, enum seuil_format format,
                    const char *text)
{
    struct way *way = add(name, source, MAPPED);

    way->mapped = mapped_make(format, text, seuil_format_is_avro(format) ? nested : NULL);
    assert(way->mapped.decoding.decoder);
    set_prefix(way, format);
}

static void add_preset(const char *name, enum hostile_source source, enum seuil_format format)
{
    char path[128], *text;

    snprintf(path, sizeof(path), "config/presets/%s.yaml", name);
    text = decoding_file(path);
    add_map(name, source, format, text);
    seuil_heap_free(text);
}

static void add_maps(void)
{
    static const char avro[] =
        "each: l\nevents:\n- kind: activity\n  id: {derive: ['@record.id', '@record.u', d]}\n"
        "  lead: '@record.lead'\n  time: '@record.time'\n  name: ['@record.n.lead | lower', =x]\n"
        "  value: {from: '@record.d', lenient: true}\n  properties: '@record.properties'\n";

    add_map("mapped, confluent", HOSTILE_AVRO, SEUIL_FORMAT_CONFLUENT, avro);
    add_preset("sendgrid", HOSTILE_JSON, SEUIL_FORMAT_JSON);
    add_preset("ses", HOSTILE_JSON, SEUIL_FORMAT_JSON);
    add_preset("segment", HOSTILE_JSON, SEUIL_FORMAT_CONFLUENT_JSON);
    add_preset("snowplow-tsv", HOSTILE_LINE, SEUIL_FORMAT_TSV);
    add_preset("matomo", HOSTILE_FORM, SEUIL_FORMAT_FORM);
}

unsigned hostile_open(void)
{
    add_events();
    add_documents();
    add_maps();
    return count;
}

void hostile_close(void)
{
    for (unsigned i = 0; i < count; i++) {
        if (ways[i].decoding.scratch)
            decoding_done(&ways[i].decoding);
        if (ways[i].documenting.scratch)
            documenting_done(&ways[i].documenting);
        if (ways[i].mapped.decoding.scratch)
            mapped_done(&ways[i].mapped);
    }
}

const struct hostile_way *hostile_way(unsigned way)
{
    return &ways[way].as;
}

/* ---- running ------------------------------------------------------------------------------- */

/* Headers are right as often as not. */
static bool header_of(void *ctx, const char *name, struct seuil_str *ret_value)
{
    const struct way *way = ctx;
    static const char noise[17] = "\1noise of headers";

    if (hostile_draw(8) == 0) {
        *ret_value = (struct seuil_str){noise, hostile_draw(sizeof(noise) + 1)};
        return true;
    }
    if (way->format == SEUIL_FORMAT_CONFLUENT_HEADERS && strcmp(name, "__value_schema_id") == 0)
        *ret_value = (struct seuil_str){(const char *)id_one, sizeof(id_one)};
    else if (way->format == SEUIL_FORMAT_APICURIO_HEADERS &&
             strcmp(name, "apicurio.value.globalId") == 0)
        *ret_value = (struct seuil_str){(const char *)eight_byte_one, sizeof(eight_byte_one)};
    else
        return false;
    return true;
}

static bool run_event(struct way *way, const struct seuil_record_view *record, uint64_t *ret_steps)
{
    int rc;

    way->decoding.scratch->steps = 0; /* of what is refused for its frame */
    rc = seuil_decode_record(way->decoding.decoder, way->decoding.scratch, record,
                             &way->decoding.event, hostile_draw(4) ? NULL : &way->decoding.err);
    assert(rc <= 0);
    *ret_steps = way->decoding.scratch->steps;
    return rc == 0;
}

static bool run_document(struct way *way, const uint8_t *bytes, uint32_t len, uint64_t *ret_steps)
{
    struct documenting *d = &way->documenting;
    int rc;

    d->document.count = 0;
    d->fault = (struct seuil_fault){0};
    d->scratch->text_len = 0;
    rc = d->plan ? seuil_avro_document(d->plan, d->scratch, bytes, len, &d->document, &d->fault)
                 : seuil_json_document(d->wanted, (enum seuil_duplicates)hostile_draw(2),
                                       d->scratch, bytes, len, &d->document, &d->fault);
    assert(rc <= 0);
    *ret_steps = d->document.steps;
    return rc == 0;
}

/* Every event of the record, as a shard takes them. */
static bool run_mapped(struct way *way, const struct seuil_record_view *record, uint64_t *ret_steps)
{
    struct seuil_error err;
    uint32_t events = 0, answers = 0;
    int rc = mapped_first(&way->mapped, record, &err);

    *ret_steps = seuil_map_document(way->mapped.mapping.scratch)->steps;
    for (; rc != 0; rc = mapped_next(&way->mapped, &err)) {
        events += rc > 0;
        assert(answers++ <= SEUIL_RECORD_EVENTS_MAX);
    }
    return events > 0;
}

bool hostile_run(unsigned number, const uint8_t *bytes, uint32_t len, uint64_t *ret_steps)
{
    struct way *way = &ways[number];
    struct seuil_record_view record = {.bytes = bytes,
                                       .len = len,
                                       .key = SEUIL_STR("K1"),
                                       .topic = SEUIL_STR("topic"),
                                       .offset = 42,
                                       .time = INT64_C(1767261600000)};

    if (way->format == SEUIL_FORMAT_CONFLUENT_HEADERS ||
        way->format == SEUIL_FORMAT_APICURIO_HEADERS) {
        record.header = header_of;
        record.ctx = way;
    }
    switch (way->kind) {
    case EVENT:
        return run_event(way, &record, ret_steps);
    case DOCUMENT:
        return run_document(way, bytes, len, ret_steps);
    default:
        return run_mapped(way, &record, ret_steps);
    }
}
