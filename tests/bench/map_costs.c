/* Running a map allocates nothing, in our code and in the libraries that it calls.
 *
 *     map_costs [RECORDS]
 *
 * Every step of the language is run over records once for warmth, then counted by an allocator of
 * the program's own, in place of the C library's. The time is told for orientation. */

#include <stdio.h>
#include <time.h>

#include "support/decoding.h"
#include "support/mapping.h"

void *__libc_malloc(size_t size);
void *__libc_calloc(size_t count, size_t size);
void *__libc_realloc(void *ptr, size_t size);

static unsigned long allocations;

void *malloc(size_t size)
{
    allocations++;
    return __libc_malloc(size);
}

void *calloc(size_t count, size_t size)
{
    allocations++;
    return __libc_calloc(count, size);
}

void *realloc(void *ptr, size_t size)
{
    allocations++;
    return __libc_realloc(ptr, size);
}

static const char steps[] = "zone: Europe/Paris\n"
                            "let: {m: text | json}\n"
                            "events:\n"
                            "- when: {a: {regex: '^x+$'}, 'p[key=k].v': {min: 1}}\n"
                            "  kind: page_view\n"
                            "  id: {derive: [a, '@m.b[0]']}\n"
                            "  lead: mail | hmac\n"
                            "  time: t | time\n"
                            "  url: [none, u | url_normal]\n"
                            "  referrer: u | url_host\n"
                            "  title: s | fold | nfc | lower | trim\n"
                            "  session_id: s | regex('(\\w+)') | before('z') | default(x)\n"
                            "  duration_ms: d | times(1000)\n"
                            "  utm_source: mail | company_domain\n"
                            "  utm_medium: mail | free_mail | text\n"
                            "  utm_campaign: {from: a, table: {xx: yy}, ignore_case: true}\n"
                            "  product: u | url_query(q)\n";

static const char record[] =
    "{\"a\":\"xx\",\"p\":[{\"key\":\"j\"},{\"key\":\"k\",\"v\":2}],\"text\":\"{\\\"b\\\":[1,2]}\","
    "\"mail\":\"Marie.Curie@labo.Example.fr\",\"t\":\"2026-03-02 08:00:00\",\"d\":1.25,"
    "\"u\":\"HTTPS://Example.org:443/a/../b?q=%C3%A9+z\",\"s\":\"\\u00c9t\\u00e9 Stra\\u00dfe\"}";

static unsigned long run(struct mapping *m, const char *text, size_t len)
{
    struct seuil_document *document = seuil_map_document(m->scratch);
    struct seuil_fault fault = {0};
    struct seuil_error err;
    struct seuil_event event;
    unsigned long events = 0;

    document->count = 0;
    m->decode->text_len = 0;
    if (seuil_json_document(seuil_map_wanted(m->map), SEUIL_DUPLICATES_REFUSED, m->decode,
                            (const uint8_t *)text, (uint32_t)len, document, &fault))
        return 0;
    seuil_map_begin(m->map, m->scratch, &m->origin);
    for (int rc; (rc = seuil_map_next(m->map, m->scratch, &event, &err)) != 0;)
        if (rc > 0)
            events++;
        else
            fprintf(stderr, "%s\n", err.text);
    return events;
}

static int measure(const char *what, struct mapping *m, const char *text, size_t len,
                   unsigned long records)
{
    unsigned long before, made, events = 0;
    struct timespec a, b;
    double ns;

    for (int i = 0; i < 10; i++)
        events += run(m, text, len);
    before = allocations;
    clock_gettime(CLOCK_MONOTONIC, &a);
    for (unsigned long i = 0; i < records; i++)
        run(m, text, len);
    clock_gettime(CLOCK_MONOTONIC, &b);
    made = allocations - before; /* printf may make a buffer of its own */
    ns = (double)(b.tv_sec - a.tv_sec) * 1e9 + (double)(b.tv_nsec - a.tv_nsec);
    printf("%s: %lu allocations in %lu records, %.0f ns a record of %zu bytes and %lu events\n",
           what, made, records, ns / (double)records, len, events / 10);
    return events == 0 || made != 0;
}

int main(int argc, char **argv)
{
    unsigned long records = argc > 1 ? strtoul(argv[1], NULL, 10) : 20000;
    char *preset = decoding_file("config/presets/segment.yaml");
    char *calls = decoding_file("tests/presets/segment/calls.in");
    struct mapping every = mapping_of(steps, sizeof(steps) - 1);
    struct mapping segment = mapping_of(preset, strlen(preset));
    int failed = 1;

    if (!every.map || !segment.map)
        printf("%s\n", every.errs.count ? every.errs.list[0].text : segment.errs.list[0].text);
    else
        failed = measure("every step", &every, record, sizeof(record) - 1, records) |
                 measure("segment's page", &segment, calls, strcspn(calls, "\n"), records);
    mapping_done(&every);
    mapping_done(&segment);
    seuil_heap_free(preset);
    seuil_heap_free(calls);
    return failed;
}
