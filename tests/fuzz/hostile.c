/* Hostile messages by the million against the decoders: every framing, Avro, JSON, lines and forms,
 * to events, to documents, and through maps (hostile_ways.c).
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

#include "codec/fault.h"
#include "hostile.h"
#include "support/avro_write.h"
#include "support/decoding.h"

#define MESSAGE_MAX 4096
#define SOURCES_MAX 32

static uint64_t state;

uint32_t hostile_draw(uint32_t below)
{
    state = state * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
    return (uint32_t)(state >> 33) % below;
}

/* ---- what messages are made of -------------------------------------------------------------- */

struct source {
    uint8_t bytes[MESSAGE_MAX / 2];
    size_t len;
};

static struct {
    unsigned count;
    struct source list[SOURCES_MAX];
} sources[HOSTILE_SOURCES];

static void add_source(enum hostile_source of, const void *bytes, size_t len)
{
    struct source *s = &sources[of].list[sources[of].count++];

    assert(sources[of].count <= SOURCES_MAX && len <= sizeof(s->bytes));
    memcpy(s->bytes, bytes, len);
    s->len = len;
}

static void add_json(const char *text)
{
    add_source(HOSTILE_JSON, text, strlen(text));
}

/* The records of a file of samples. */
static void add_samples(enum hostile_source of, const char *path, unsigned most)
{
    char *text = decoding_file(path), *end;

    for (char *line = text; most > 0 && (end = strchr(line, '\n')); line = end + 1)
        if (*line != '#' && end - line <= MESSAGE_MAX / 2) {
            add_source(of, line, (size_t)(end - line));
            most--;
        }
    seuil_heap_free(text);
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
        add_source(HOSTILE_AVRO, b.ptr, b.len);
    }
    seuil_buf_done(&b);
    add_json("{\"type\":\"page_view\",\"id\":\"e1\",\"lead\":\"l\",\"time\":1767225600000,"
             "\"url\":\"https://www.exemple.fr/tarifs?x=1\",\"title\":\"\\u00e9t\xc3\xa9\"}");
    add_json("{\"type\":\"form\",\"id\":\"e1\",\"lead\":\"l\",\"time\":\"2026-03-02T08:00:00.5Z\","
             "\"fields\":{\"a\":\"b\",\"n\":-1.5e3,\"t\":true,\"x\":[1,{\"y\":null}]}}");
    add_json("{\"a\":{\"b\":[{\"c\":1,\"d\":[[]]},{\"c\":\"\\ud83d\\ude00\",\"c\":2}],\"b\":null},"
             "\"id\":[0.1,1e308,9223372036854775808]}");
    add_json("[[[[[[{\"a\":{\"a\":{\"a\":{\"a\":\"x\"}}}}]]]]]]");
    add_samples(HOSTILE_JSON, "tests/presets/sendgrid/batch.in", 3);
    add_samples(HOSTILE_JSON, "tests/presets/ses/notifications.in", 6);
    add_samples(HOSTILE_JSON, "tests/presets/segment/calls.in", 6);
    add_samples(HOSTILE_LINE, "tests/presets/snowplow-tsv/enriched.in", 12);
    add_samples(HOSTILE_FORM, "tests/presets/matomo/requests.in", 12);
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
    size_t at = len ? hostile_draw((uint32_t)len) : 0, n;
    const char *word;

    switch (hostile_draw(8)) {
    case 0:
        if (len)
            m[at] ^= (uint8_t)(1u << hostile_draw(8));
        return len;
    case 1:
        if (len)
            m[at] = odd[hostile_draw(sizeof(odd))];
        return len;
    case 2:
        if (len)
            m[at] = (uint8_t)hostile_draw(256);
        return len;
    case 3: /* cut */
        return at;
    case 4: /* take some out */
        n = 1 + hostile_draw(8);
        n = n > len - at ? len - at : n;
        memmove(m + at, m + at + n, len - at - n);
        return len - n;
    case 5: /* the end of another */
        n = hostile_draw((uint32_t)other->len + 1);
        n = n > MESSAGE_MAX - at ? MESSAGE_MAX - at : n;
        memcpy(m + at, other->bytes + other->len - n, n);
        return at + n;
    case 6: /* the same byte many times */
        n = hostile_draw(600);
        n = n > MESSAGE_MAX - at ? MESSAGE_MAX - at : n;
        memset(m + at, odd[hostile_draw(sizeof(odd))], n);
        return at + n > len ? at + n : len;
    default:
        word = words[hostile_draw(sizeof(words) / sizeof(words[0]))];
        n = strlen(word);
        if (len + n > MESSAGE_MAX)
            return len;
        memmove(m + at + n, m + at, len - at);
        memcpy(m + at, word, n);
        return len + n;
    }
}

/* The next message behind @prefix bytes of a frame, its last byte the last of memory. */
static const uint8_t *make_message(const struct hostile_way *way, size_t *ret_len)
{
    const struct source *list = sources[way->source].list;
    unsigned count = sources[way->source].count;
    const struct source *from = &list[hostile_draw(count)];
    static uint8_t message[MESSAGE_MAX];
    size_t len = way->prefix_len + from->len;

    memcpy(message, way->prefix, way->prefix_len);
    memcpy(message + way->prefix_len, from->bytes, from->len);
    if (hostile_draw(20) == 0) { /* nothing but chance */
        len = hostile_draw(200);
        for (size_t i = 0; i < len; i++)
            message[i] = (uint8_t)hostile_draw(256);
    }
    for (uint32_t times = hostile_draw(5); times > 0; times--)
        len = mutate(message, len, &list[hostile_draw(count)]);
    memcpy(memory_end - len, message, len);
    *ret_len = len;
    return memory_end - len;
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
    double start = now(), slowest = 0;
    uint64_t dearest = 0, accepted[HOSTILE_WAYS_MAX] = {0};
    unsigned ways;
    long early = 0, grown;

    assert(memory != MAP_FAILED && mprotect(memory + room, page, PROT_NONE) == 0);
    memory_end = memory + room;
    state = argc > 2 ? strtoull(argv[2], NULL, 10) : 1;
    make_sources();
    ways = hostile_open();
    for (uint64_t n = 0; n < count; n++) {
        unsigned way = hostile_draw(ways);
        size_t len;
        const uint8_t *bytes = make_message(hostile_way(way), &len);
        double before = n % 64 ? 0 : now();
        uint64_t steps;

        accepted[way] += hostile_run(way, bytes, (uint32_t)len, &steps);
        assert(steps <= SEUIL_STEPS_MOST(len));
        dearest = steps > dearest ? steps : dearest;
        if (before > 0 && now() - before > slowest)
            slowest = now() - before;
        if (n == count / 10)
            early = resident_kib();
    }
    grown = resident_kib() - early;
    printf("hostile: %" PRIu64 " messages in %.1f s, %" PRIu64 " steps the dearest, %.0f us the "
           "slowest of a sample, resident %+ld KiB after the first tenth\n",
           count, now() - start, dearest, slowest * 1e6, grown);
    for (unsigned way = 0; way < ways; way++) {
        printf("  %-28s %" PRIu64 " accepted\n", hostile_way(way)->name, accepted[way]);
        assert(accepted[way] > 0); /* or nothing behind the first check was tried */
    }
    hostile_close();
    munmap(memory, room + page);
    if (grown > 1024) {
        fprintf(stderr, "hostile: the process grew by more than 1 MiB\n");
        return 1;
    }
    return 0;
}
