/* Decoding, beside a hand-written decoder, avro-c and jansson, interleaved in one run.
 *
 *     bench_decode [rounds=20]        ratios
 *     bench_decode --only HOW COUNT   that one alone, for callgrind: extractor, decoder, hand, json
 *
 * The machine's speed wanders, so only ratios are printed to be compared: each round runs every
 * way once, and what counts is the median of the rounds. Not a test: nothing fails by time. */

#include <avro.h>
#include <inttypes.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/heap.h"
#include "base/utf8.h"
#include "codec/avro_in.h"
#include "support/avro_write.h"
#include "support/decoding.h"
#include "support/mapped.h"

#define RECORDS    20000
#define ROUNDS_MAX 200

static const struct seuil_rename names[] = {
    {"id", "event_id"}, {"lead", "lead_id"}, {"time", "ts"}};

static const char schema[] =
    "{\"type\":\"record\",\"name\":\"PageView\",\"namespace\":\"seuil.bench\",\"fields\":["
    "{\"name\":\"event_id\",\"type\":\"string\"},{\"name\":\"lead_id\",\"type\":\"string\"},"
    "{\"name\":\"ts\",\"type\":\"long\"},{\"name\":\"url\",\"type\":\"string\"},"
    "{\"name\":\"referrer\",\"type\":[\"null\",\"string\"]},"
    "{\"name\":\"session_id\",\"type\":\"string\"},"
    "{\"name\":\"title\",\"type\":[\"null\",\"string\"]},"
    "{\"name\":\"utm_source\",\"type\":[\"null\",\"string\"]},"
    "{\"name\":\"utm_medium\",\"type\":[\"null\",\"string\"]},"
    "{\"name\":\"utm_campaign\",\"type\":[\"null\",\"string\"]},"
    "{\"name\":\"duration_ms\",\"type\":\"int\"}]}";

struct record {
    uint32_t at, len;
};

static struct seuil_buf avro_text, json_text;
static struct record avro_records[RECORDS], json_records[RECORDS];
static uint64_t state = 42, sum;

static uint32_t draw(uint32_t below)
{
    state = state * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
    return (uint32_t)(state >> 33) % below;
}

/* ---- records as the common job's loader makes them: about 210 bytes; JSON of about 1 kB ----- */

static void make_records(void)
{
    static const char *const pages[] = {"tarifs", "blog/article", "demande-de-devis", "produits"};
    char id[64], lead[64], url[128], session[64], title[64], text[2048];

    for (uint32_t i = 0; i < RECORDS; i++) {
        int64_t ts = INT64_C(1767225600000) + (int64_t)i * 130;
        const char *referrer = draw(2) ? "https://www.google.com/search" : NULL;
        const char *campaign = draw(3) == 0 ? "printemps-2026" : NULL;

        sprintf(id, "%08x-%04x-%04x-%04x-%012x", draw(1u << 31), draw(65536), draw(65536),
                draw(65536), draw(1u << 31));
        sprintf(lead, "lead-%08x%08x", draw(1u << 31), draw(1u << 31));
        sprintf(url, "https://www.exemple.fr/%s/%u?utm_source=x", pages[draw(4)], draw(1000));
        sprintf(session, "s-%08x%08x", draw(1u << 31), draw(1u << 31));
        sprintf(title, "Page %u", draw(1000));

        avro_records[i].at = (uint32_t)avro_text.len;
        avro_write_confluent(&avro_text, 1);
        avro_write_string(&avro_text, id);
        avro_write_string(&avro_text, lead);
        avro_write_long(&avro_text, ts);
        avro_write_string(&avro_text, url);
        avro_write_optional(&avro_text, referrer);
        avro_write_string(&avro_text, session);
        avro_write_optional(&avro_text, title);
        avro_write_optional(&avro_text, campaign ? "newsletter" : NULL);
        avro_write_optional(&avro_text, campaign ? "email" : NULL);
        avro_write_optional(&avro_text, campaign);
        avro_write_long(&avro_text, draw(100000));
        avro_records[i].len = (uint32_t)avro_text.len - avro_records[i].at;

        json_records[i].at = (uint32_t)json_text.len;
        sprintf(
            text,
            "{\"type\":\"page_view\",\"id\":\"%s\",\"lead\":\"%s\",\"time\":%" PRId64
            ",\"url\":\"%s\",\"referrer\":\"%s\",\"session_id\":\"%s\",\"title\":\"%s "
            "\\u00e9t\\u00e9\","
            "\"utm_source\":\"newsletter\",\"utm_medium\":\"email\",\"utm_campaign\":\"%s\","
            "\"duration_ms\":%u,\"user_agent\":\"Mozilla/5.0 (X11; Linux x86_64) "
            "AppleWebKit/537.36 (KHTML, like Gecko) Chrome/120.0.0.0 Safari/537.36\","
            "\"context\":{\"screen\":{\"width\":1920,\"height\":1080,\"density\":1.5},"
            "\"locale\":\"fr-FR\",\"timezone\":\"Europe/Paris\",\"campaign\":{\"name\":\"x\","
            "\"source\":\"y\",\"terms\":[\"a\",\"b\",\"c\"]},\"ip\":\"0.0.0.0\",\"library\":{"
            "\"name\":\"analytics.js\",\"version\":\"2.11.1\"},\"consent\":true,\"page\":{"
            "\"path\":\"/tarifs\",\"search\":\"\",\"hash\":null}},\"experiments\":[1,2,3,4,5,6],"
            "\"sent_at\":\"2026-03-02T08:00:00.123Z\",\"received_at\":\"2026-03-02T08:00:00."
            "456Z\"}",
            id, lead, ts, url, referrer ? referrer : "", session, title, campaign ? campaign : "",
            draw(100000));
        seuil_buf_add_text(&json_text, text);
        json_records[i].len = (uint32_t)json_text.len - json_records[i].at;
    }
}

/* ---- a hand-written decoder of this one record ---------------------------------------------- */

struct view {
    const uint8_t *ptr;
    size_t len;
};

struct page_view {
    struct view id, lead, url, referrer, session, title, source, medium, campaign;
    int64_t ts, duration;
};

struct in {
    const uint8_t *p, *end;
};

static inline bool hand_long(struct in *in, int64_t *value)
{
    uint64_t z = 0;

    for (unsigned shift = 0; shift < 64 && in->p < in->end; shift += 7) {
        uint8_t byte = *in->p++;

        z |= (uint64_t)(byte & 0x7f) << shift;
        if (!(byte & 0x80)) {
            *value = (int64_t)(z >> 1) ^ -(int64_t)(z & 1);
            return true;
        }
    }
    return false;
}

static inline bool hand_string(struct in *in, struct view *view)
{
    int64_t len;

    if (!hand_long(in, &len) || len < 0 || len > in->end - in->p)
        return false;
    view->ptr = in->p;
    view->len = (size_t)len;
    in->p += len;
    return true;
}

static inline bool hand_optional(struct in *in, struct view *view)
{
    int64_t branch;

    if (!hand_long(in, &branch))
        return false;
    if (branch == 0) {
        *view = (struct view){0};
        return true;
    }
    return branch == 1 && hand_string(in, view);
}

static __attribute__((noinline)) bool hand_decode(const uint8_t *bytes, size_t len,
                                                  struct page_view *v)
{
    struct in in = {bytes + 5, bytes + len};

    if (len < 5 || bytes[0] != 0 || bytes[4] != 1)
        return false;
    return hand_string(&in, &v->id) && hand_string(&in, &v->lead) && hand_long(&in, &v->ts) &&
           hand_string(&in, &v->url) && hand_optional(&in, &v->referrer) &&
           hand_string(&in, &v->session) && hand_optional(&in, &v->title) &&
           hand_optional(&in, &v->source) && hand_optional(&in, &v->medium) &&
           hand_optional(&in, &v->campaign) && hand_long(&in, &v->duration) && in.p == in.end;
}

/* The same by hand to the same end: a canonical event, texts checked, derived fields filled. */
static bool hand_text(struct view view, struct seuil_str *ret_text)
{
    *ret_text = (struct seuil_str){(const char *)view.ptr, (uint32_t)view.len};
    return seuil_utf8_check(view.ptr, (uint32_t)view.len);
}

static bool hand_field(struct seuil_event *e, enum seuil_field field, struct view view)
{
    if (!view.ptr)
        return true;
    e->field[field].type = SEUIL_TYPE_STRING;
    return hand_text(view, &e->field[field].s);
}

static __attribute__((noinline)) bool hand_event(const uint8_t *bytes, size_t len,
                                                 struct seuil_event *e)
{
    const char *field;
    struct page_view v;

    memset(e, 0, sizeof(*e));
    if (!hand_decode(bytes, len, &v) || !hand_text(v.id, &e->id) || !hand_text(v.lead, &e->lead) ||
        !hand_field(e, SEUIL_FIELD_URL, v.url) ||
        !hand_field(e, SEUIL_FIELD_REFERRER, v.referrer) ||
        !hand_field(e, SEUIL_FIELD_SESSION_ID, v.session) ||
        !hand_field(e, SEUIL_FIELD_TITLE, v.title) ||
        !hand_field(e, SEUIL_FIELD_UTM_SOURCE, v.source) ||
        !hand_field(e, SEUIL_FIELD_UTM_MEDIUM, v.medium) ||
        !hand_field(e, SEUIL_FIELD_UTM_CAMPAIGN, v.campaign))
        return false;
    e->time = v.ts;
    e->field[SEUIL_FIELD_DURATION_MS] =
        (struct seuil_value){.type = SEUIL_TYPE_INT, .i = v.duration};
    if (seuil_event_check(e, &field))
        return false;
    seuil_event_derive(e);
    return true;
}

/* ---- the ways ------------------------------------------------------------------------------ */

static struct decoding avro_decoding, json_decoding;
static const struct seuil_avro_program *program;
static avro_value_t generic;

static void by_decoder(uint32_t i)
{
    struct seuil_event *e = &avro_decoding.event;

    if (seuil_decode(avro_decoding.decoder, avro_decoding.scratch,
                     avro_text.ptr + avro_records[i].at, avro_records[i].len, e, NULL))
        abort();
    sum += e->id.len + e->field[SEUIL_FIELD_URL].s.len + (uint64_t)e->time;
}

/* The walk alone: what the hand-written decoder does, with texts checked. */
static void by_extractor(uint32_t i)
{
    struct seuil_event *e = &avro_decoding.event;
    struct seuil_fault fault = {0};

    if (seuil_avro_read(program, avro_decoding.scratch, avro_text.ptr + avro_records[i].at + 5,
                        avro_records[i].len - 5, e, &fault))
        abort();
    sum += e->id.len + e->field[SEUIL_FIELD_URL].s.len + (uint64_t)e->time;
}

static void by_hand(uint32_t i)
{
    struct page_view v;

    if (!hand_decode(avro_text.ptr + avro_records[i].at, avro_records[i].len, &v))
        abort();
    sum += v.id.len + v.url.len + (uint64_t)v.ts;
}

static void by_hand_event(uint32_t i)
{
    struct seuil_event *e = &avro_decoding.event;

    if (!hand_event(avro_text.ptr + avro_records[i].at, avro_records[i].len, e))
        abort();
    sum += e->id.len + e->field[SEUIL_FIELD_URL].s.len + (uint64_t)e->time;
}

static void by_avro_c(uint32_t i)
{
    static avro_reader_t reader;
    const char *bytes = (const char *)avro_text.ptr + avro_records[i].at + 5;

    if (!reader)
        reader = avro_reader_memory(bytes, avro_records[i].len - 5);
    avro_reader_memory_set_source(reader, bytes, avro_records[i].len - 5);
    avro_value_reset(&generic);
    if (avro_value_read(reader, &generic))
        abort();
    sum++;
}

static void by_json(uint32_t i)
{
    if (seuil_decode(json_decoding.decoder, json_decoding.scratch,
                     json_text.ptr + json_records[i].at, json_records[i].len, &json_decoding.event,
                     NULL))
        abort();
    sum += json_decoding.event.id.len;
}

/* The same fields by maps: to a document, and from it to an event. */
static const char map_of_json[] =
    "all: {id: id, lead: lead, time: time | time(ms)}\nevents:\n- when: {type: page_view}\n"
    "  kind: page_view\n  url: url\n  referrer: referrer\n  session_id: session_id\n"
    "  title: title\n  utm_source: utm_source\n  utm_medium: utm_medium\n"
    "  utm_campaign: utm_campaign\n  duration_ms: duration_ms\n  user_agent: user_agent\n";
static const char map_of_avro[] =
    "all: {id: event_id, lead: lead_id, time: ts | time(ms)}\nevents:\n- kind: page_view\n"
    "  url: url\n  referrer: referrer\n  session_id: session_id\n  title: title\n"
    "  utm_source: utm_source\n  utm_medium: utm_medium\n  utm_campaign: utm_campaign\n"
    "  duration_ms: duration_ms\n";

static struct mapped mapped_json, mapped_avro;

static void by_map(struct mapped *m, const uint8_t *bytes, uint32_t len)
{
    struct seuil_record_view record = {.bytes = bytes, .len = len};

    if (mapped_first(m, &record, NULL) != 1)
        abort();
    sum += m->decoding.event.id.len + m->decoding.event.field[SEUIL_FIELD_URL].s.len;
}

static void by_json_map(uint32_t i)
{
    by_map(&mapped_json, json_text.ptr + json_records[i].at, json_records[i].len);
}

static void by_avro_map(uint32_t i)
{
    by_map(&mapped_avro, avro_text.ptr + avro_records[i].at, avro_records[i].len);
}

static void by_jansson(uint32_t i)
{
    json_t *json =
        json_loadb((const char *)json_text.ptr + json_records[i].at, json_records[i].len, 0, NULL);

    if (!json)
        abort();
    sum += json_string_length(json_object_get(json, "id"));
    json_decref(json);
}

#ifdef SEUIL_SIMDJSON
uint64_t simdjson_way(const uint8_t *bytes, size_t len);

static void by_simdjson(uint32_t i)
{
    uint64_t found = simdjson_way(json_text.ptr + json_records[i].at, json_records[i].len);

    if (!found)
        abort();
    sum += found;
}
#endif

struct way {
    const char *name;
    void (*run)(uint32_t i);
    uint32_t share; /* of the records: the slow ones need fewer */
    double ns[ROUNDS_MAX];
};

static struct way ways[] = {
    {.name = "hand", .run = by_hand, .share = 1},
    {.name = "decoder", .run = by_decoder, .share = 1},
    {.name = "avro_value_read", .run = by_avro_c, .share = 8},
    {.name = "json", .run = by_json, .share = 2},
    {.name = "jansson", .run = by_jansson, .share = 16},
    {.name = "hand, to an event", .run = by_hand_event, .share = 1},
    {.name = "extractor", .run = by_extractor, .share = 1},
    {.name = "json, mapped", .run = by_json_map, .share = 2},
    {.name = "avro, mapped", .run = by_avro_map, .share = 2},
#ifdef SEUIL_SIMDJSON
    {.name = "simdjson", .run = by_simdjson, .share = 2},
#endif
};
#define WAYS (sizeof(ways) / sizeof(ways[0]))

static int by_size(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;

    return (x > y) - (x < y);
}

static double clock_ns(void)
{
    struct timespec t;

    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
    return (double)t.tv_sec * 1e9 + (double)t.tv_nsec;
}

static void measure(int rounds)
{
    double median[WAYS];

    for (int r = 0; r < rounds; r++) {
        for (size_t w = 0; w < WAYS; w++) {
            uint32_t count = RECORDS / ways[w].share;
            double start = clock_ns();

            for (uint32_t i = 0; i < count; i++)
                ways[w].run(i);
            ways[w].ns[r] = (clock_ns() - start) / count;
        }
    }
    for (size_t w = 0; w < WAYS; w++) {
        qsort(ways[w].ns, (size_t)rounds, sizeof(double), by_size);
        median[w] = ways[w].ns[rounds / 2];
        printf("%-17s %8.1f ns/record (median of %d, best %.1f)\n", ways[w].name, median[w], rounds,
               ways[w].ns[0]);
    }
    printf("extractor / hand           %5.2f   (reach: at most 1.5)\n", median[6] / median[0]);
    printf("decoder / hand             %5.2f   (the hand checks no text and makes no event)\n",
           median[1] / median[0]);
    printf("decoder / hand to an event %5.2f   (the same checks, the same event)\n",
           median[1] / median[5]);
    printf("avro_value_read / decoder %6.2f   (reach: at least 8)\n", median[2] / median[1]);
    printf("avro_value_read / extractor%5.2f   (reach: at least 8)\n", median[2] / median[6]);
    printf("jansson / json            %6.2f   (reach: at least 8)\n", median[4] / median[3]);
    printf("jansson / json, mapped    %6.2f   (by a map of all fields)\n", median[4] / median[7]);
    printf("avro_value_read / mapped  %6.2f\n", median[2] / median[8]);
#ifdef SEUIL_SIMDJSON
    printf(
        "json / simdjson           %6.2f   (four fields on demand, most of the text unchecked)\n",
        median[3] / median[9]);
#endif
}

static const struct seuil_avro_program *compile_program(void)
{
    static struct seuil_arena arena;
    static struct seuil_names wanted;
    struct seuil_writer_schema writer = {
        .path = "bench", .text = schema, .len = sizeof(schema) - 1};
    struct seuil_error err;

    return seuil_names_build(SEUIL_KIND_PAGE_VIEW, false, names, 3, &arena, &wanted, &err)
               ? NULL
               : seuil_avro_compile(&writer, &wanted, &arena, &err);
}

int main(int argc, char **argv)
{
    avro_schema_t parsed;
    uint64_t allocations;

    make_records();
    seuil_buf_reserve(&json_text, 64); /* simdjson reads so far behind a text */
    avro_decoding = decoding_avro(SEUIL_FORMAT_CONFLUENT, SEUIL_KIND_PAGE_VIEW, schema, names, 3);
    json_decoding = decoding_json(-1);
    if (!avro_decoding.decoder ||
        avro_schema_from_json_length(schema, sizeof(schema) - 1, &parsed)) {
        fprintf(stderr, "bench_decode: %s\n", avro_decoding.err.text);
        return 1;
    }
    avro_generic_value_new(avro_generic_class_from_schema(parsed), &generic);
    program = compile_program();
    mapped_json = mapped_make(SEUIL_FORMAT_JSON, map_of_json, NULL);
    mapped_avro = mapped_make(SEUIL_FORMAT_CONFLUENT, map_of_avro, schema);
    if (!program || !mapped_json.decoding.decoder || !mapped_avro.decoding.decoder)
        return 1;

    if (argc == 4 && strcmp(argv[1], "--only") == 0) {
        uint32_t count = (uint32_t)atoi(argv[3]);

        for (size_t w = 0; w < WAYS; w++)
            if (strcmp(ways[w].name, argv[2]) == 0)
                for (uint32_t i = 0; i < count && i < RECORDS; i++)
                    ways[w].run(i);
        return 0;
    }
    printf("%d records, Avro %.0f bytes and JSON %.0f bytes in the mean\n", RECORDS,
           (double)avro_text.len / RECORDS, (double)json_text.len / RECORDS);
    seuil_heap_fail_after(-1);
    for (uint32_t i = 0; i < RECORDS; i++) {
        by_decoder(i);
        by_json(i);
        by_json_map(i);
        by_avro_map(i);
    }
    allocations = seuil_heap_fail_after(-1);
    measure(argc > 1 ? atoi(argv[1]) > ROUNDS_MAX ? ROUNDS_MAX : atoi(argv[1]) : 20);
    printf("allocations               %6" PRIu64 "   (reach: 0)   %s\n", allocations,
           sum ? "" : "no work");
    return 0;
}
