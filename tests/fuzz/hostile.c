/* Hostile messages by the million against the decoders: Avro and JSON, to events and to documents.
 *
 *     hostile [COUNT=1,000,000, 10,000,000 when SEUIL_TEST_LONG is set] [SEED=1]
 *
 * Each message ends where memory ends: one byte read too far is a fault, without sanitizers too. No
 * message may cost more than 4 steps a byte and 256, and the process must not grow after its first
 * tenth: the resident set by 1 MiB at the most. Times are only told. */

#include <assert.h>
#include <inttypes.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>

#include "codec/scratch.h"
#include "support/avro_write.h"
#include "support/decoding.h"
#include "support/document.h"

#define MESSAGE_MAX 4096
#define SOURCES_MAX 32

static uint64_t state;

static uint32_t draw(uint32_t below)
{
    state = state * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
    return (uint32_t)(state >> 33) % below;
}

/* ---- what messages are made of -------------------------------------------------------------- */

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

struct source {
    uint8_t bytes[MESSAGE_MAX / 2];
    size_t len;
};

static struct source avro_sources[SOURCES_MAX], json_sources[SOURCES_MAX];
static unsigned avro_count, json_count;

static void add_avro(const struct seuil_buf *b)
{
    struct source *s = &avro_sources[avro_count++];

    assert(avro_count <= SOURCES_MAX && b->len <= sizeof(s->bytes));
    memcpy(s->bytes, b->ptr, b->len);
    s->len = b->len;
}

static void add_json(const char *text)
{
    struct source *s = &json_sources[json_count++];

    assert(json_count <= SOURCES_MAX && strlen(text) <= sizeof(s->bytes));
    s->len = strlen(text);
    memcpy(s->bytes, text, s->len);
}

/* A record of the nested schema, itself within itself @depth times. */
static void write_nested(struct seuil_buf *b, unsigned depth)
{
    avro_write_string(b, "event-1");
    avro_write_long(b, 0);
    avro_write_string(b, "lead-\xc3\xa9");
    avro_write_long(b, INT64_C(1767225600000000));
    avro_write_long(b, depth > 0);
    if (depth)
        write_nested(b, depth - 1);
    avro_write_long(b, 2);
    avro_write_long(b, 0);
    avro_write_long(b, 2);
    avro_write_double(b, 0.5);
    avro_write_long(b, 0);
    avro_write_long(b, 3);
    avro_write_long(b, 0);
    avro_write_long(b, 1);
    avro_write_string(b, "k");
    avro_write_long(b, 1);
    avro_write_string(b, "kk");
    avro_write_long(b, 1);
    avro_write_long(b, 0);
    avro_write_long(b, 0);
    avro_write_bytes(b, "\x01\x02\x03", 3);
    seuil_buf_add(b, "0123456789abcdef", 16);
    avro_write_long(b, 1);
    avro_write_long(b, 2);
    avro_write_string(b, "p");
    avro_write_long(b, 1);
    avro_write_string(b, "v");
    avro_write_string(b, "q");
    avro_write_long(b, 3);
    avro_write_long(b, -5);
    avro_write_long(b, 0);
}

static void make_sources(void)
{
    struct seuil_buf b = {0};

    for (unsigned depth = 0; depth < 6; depth++) {
        seuil_buf_clear(&b);
        write_nested(&b, depth);
        add_avro(&b);
    }
    seuil_buf_done(&b);
    add_json("{\"type\":\"page_view\",\"id\":\"e1\",\"lead\":\"l\",\"time\":1767225600000,"
             "\"url\":\"https://www.exemple.fr/tarifs?x=1\",\"title\":\"\\u00e9t\xc3\xa9\"}");
    add_json("{\"type\":\"form\",\"id\":\"e1\",\"lead\":\"l\",\"time\":\"2026-03-02T08:00:00.5Z\","
             "\"fields\":{\"a\":\"b\",\"n\":-1.5e3,\"t\":true,\"x\":[1,{\"y\":null}]}}");
    add_json("{\"a\":{\"b\":[{\"c\":1,\"d\":[[]]},{\"c\":\"\\ud83d\\ude00\",\"c\":2}],\"b\":null},"
             "\"id\":[0.1,1e308,9223372036854775808]}");
    add_json("[[[[[[{\"a\":{\"a\":{\"a\":{\"a\":\"x\"}}}}]]]]]]");
}

/* ---- a message ------------------------------------------------------------------------------ */

static uint8_t *memory_end; /* behind it nothing may be read */

static size_t mutate(uint8_t *m, size_t len, const struct source *other)
{
    static const uint8_t odd[] = {0, 1, 2, 0x7f, 0x80, 0xff, 0xfe, '"', '\\', '{', '[', ',', ':'};
    static const char *const words[] = {"\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01",
                                        "\x80\x80\x80\x80\x10",
                                        "\xfe\xff\xff\x0f",
                                        "{\"a\":",
                                        "\\ud800",
                                        "1e999",
                                        "\"id\":",
                                        "[[[[[[[["};
    size_t at = len ? draw((uint32_t)len) : 0, n;
    const char *word;

    switch (draw(8)) {
    case 0:
        if (len)
            m[at] ^= (uint8_t)(1u << draw(8));
        return len;
    case 1:
        if (len)
            m[at] = odd[draw(sizeof(odd))];
        return len;
    case 2:
        if (len)
            m[at] = (uint8_t)draw(256);
        return len;
    case 3: /* cut */
        return at;
    case 4: /* take some out */
        n = 1 + draw(8);
        n = n > len - at ? len - at : n;
        memmove(m + at, m + at + n, len - at - n);
        return len - n;
    case 5: /* the end of another */
        n = draw((uint32_t)other->len + 1);
        n = n > MESSAGE_MAX - at ? MESSAGE_MAX - at : n;
        memcpy(m + at, other->bytes + other->len - n, n);
        return at + n;
    case 6: /* the same byte many times */
        n = draw(600);
        n = n > MESSAGE_MAX - at ? MESSAGE_MAX - at : n;
        memset(m + at, odd[draw(sizeof(odd))], n);
        return at + n > len ? at + n : len;
    default:
        word = words[draw(sizeof(words) / sizeof(words[0]))];
        n = strlen(word);
        if (len + n > MESSAGE_MAX)
            return len;
        memmove(m + at + n, m + at, len - at);
        memcpy(m + at, word, n);
        return len + n;
    }
}

/* The next message, its last byte the last of memory. */
static const uint8_t *make_message(bool avro, size_t *ret_len)
{
    const struct source *sources = avro ? avro_sources : json_sources;
    unsigned count = avro ? avro_count : json_count;
    const struct source *from = &sources[draw(count)];
    static uint8_t message[MESSAGE_MAX];
    size_t len = from->len;

    memcpy(message, from->bytes, len);
    if (draw(20) == 0) { /* nothing but chance */
        len = draw(200);
        for (size_t i = 0; i < len; i++)
            message[i] = (uint8_t)draw(256);
    }
    for (uint32_t times = 1 + draw(4); times > 0; times--)
        len = mutate(message, len, &sources[draw(count)]);
    memcpy(memory_end - len, message, len);
    *ret_len = len;
    return memory_end - len;
}

/* ---- the ways ------------------------------------------------------------------------------- */

enum { AVRO_EVENT, AVRO_WHOLE, AVRO_PATHS, JSON_EVENT, JSON_FORM, JSON_WHOLE, JSON_PATHS, WAYS };

static struct decoding events[WAYS];
static struct documenting documents[WAYS];
static uint64_t accepted[WAYS], dearest_steps;
static double slowest;

static void open_ways(void)
{
    events[AVRO_EVENT] = decoding_avro(SEUIL_FORMAT_RAW, SEUIL_KIND_ACTIVITY, nested, NULL, 0);
    documents[AVRO_WHOLE] = documenting_avro("*", nested);
    documents[AVRO_PATHS] = documenting_avro("n{n{u}},l{d},m{k}", nested);
    events[JSON_EVENT] = decoding_json(-1);
    events[JSON_FORM] = decoding_json(SEUIL_KIND_FORM);
    documents[JSON_WHOLE] = documenting_make("*");
    documents[JSON_PATHS] = documenting_make("a{b{c}},id,fields{x}");
    assert(events[AVRO_EVENT].decoder && documents[AVRO_WHOLE].plan && documents[AVRO_PATHS].plan);
}

static void close_ways(void)
{
    for (int way = 0; way < WAYS; way++) {
        if (events[way].scratch)
            decoding_done(&events[way]);
        else
            documenting_done(&documents[way]);
    }
}

static void one(int way, const uint8_t *bytes, uint32_t len)
{
    struct documenting *d = &documents[way];
    uint64_t steps;
    int rc;

    if (events[way].scratch) {
        rc = seuil_decode(events[way].decoder, events[way].scratch, bytes, len, &events[way].event,
                          NULL);
        steps = way == AVRO_EVENT ? events[way].scratch->steps : 0;
    } else {
        d->document.count = 0;
        d->fault = (struct seuil_fault){0};
        d->scratch->text_len = 0;
        rc = way < JSON_EVENT
                 ? seuil_avro_document(d->plan, d->scratch, bytes, len, &d->document, &d->fault)
                 : seuil_json_document(d->wanted, draw(2), d->scratch, bytes, len, &d->document,
                                       &d->fault);
        steps = d->document.steps;
    }
    assert(rc <= 0);
    assert(steps <= 4 * (uint64_t)len + 256 + (rc != 0)); /* refused at the one too many */
    accepted[way] += rc == 0;
    if (steps > dearest_steps)
        dearest_steps = steps;
}

static double now(void)
{
    struct timespec t;

    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static long resident_kib(void)
{
    long pages = 0, resident = 0;
    FILE *file = fopen("/proc/self/statm", "r");

    if (!file || fscanf(file, "%ld %ld", &pages, &resident) != 2)
        abort();
    fclose(file);
    return resident * (sysconf(_SC_PAGESIZE) / 1024);
}

int main(int argc, char **argv)
{
    uint64_t count = argc > 1                    ? strtoull(argv[1], NULL, 10)
                     : getenv("SEUIL_TEST_LONG") ? 10000000
                                                 : 1000000;
    size_t page = (size_t)sysconf(_SC_PAGESIZE), room = MESSAGE_MAX + page;
    uint8_t *memory =
        mmap(NULL, room + page, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    double start = now();
    long early = 0, grown;

    assert(memory != MAP_FAILED && mprotect(memory + room, page, PROT_NONE) == 0);
    memory_end = memory + room;
    state = argc > 2 ? strtoull(argv[2], NULL, 10) : 1;
    make_sources();
    open_ways();
    for (uint64_t n = 0; n < count; n++) {
        int way = (int)draw(WAYS);
        size_t len;
        const uint8_t *bytes = make_message(way < JSON_EVENT, &len);
        double before = n % 64 ? 0 : now();

        one(way, bytes, (uint32_t)len);
        if (before > 0 && now() - before > slowest)
            slowest = now() - before;
        if (n == count / 10)
            early = resident_kib();
    }
    grown = resident_kib() - early;
    printf("hostile: %" PRIu64 " messages in %.1f s, %" PRIu64 " steps the dearest, %.0f us the "
           "slowest of a sample, resident %+ld KiB after the first tenth\n",
           count, now() - start, dearest_steps, slowest * 1e6, grown);
    for (int way = 0; way < WAYS; way++) {
        printf("  way %d: %" PRIu64 " accepted\n", way, accepted[way]);
        assert(accepted[way] > 0); /* or nothing behind the first check was tried */
    }
    close_ways();
    munmap(memory, room + page);
    if (grown > 1024) {
        fprintf(stderr, "hostile: the process grew by more than 1 MiB\n");
        return 1;
    }
    return 0;
}
