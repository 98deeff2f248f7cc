/* Any bytes as Avro of many schemas, framed and raw. The work counter is asserted inside. */

#include <string.h>

#include "fuzz.h"
#include "support/decoding.h"

static const char nested[] =
    "{\"type\":\"record\",\"name\":\"R\",\"fields\":[{\"name\":\"id\",\"type\":\"string\"},"
    "{\"name\":\"n\",\"type\":{\"type\":\"record\",\"name\":\"N\",\"fields\":[{\"name\":\"next\","
    "\"type\":[\"null\",\"N\"]},{\"name\":\"l\",\"type\":{\"type\":\"array\",\"items\":\"N\"}},"
    "{\"name\":\"z\",\"type\":{\"type\":\"array\",\"items\":\"null\"}}]}},"
    "{\"name\":\"lead\",\"type\":[\"string\",\"bytes\",{\"type\":\"enum\",\"name\":\"E\","
    "\"symbols\":[\"a\",\"b\"]}]},{\"name\":\"time\",\"type\":{\"type\":\"long\",\"logicalType\":"
    "\"timestamp-micros\"}},{\"name\":\"m\",\"type\":{\"type\":\"map\",\"values\":{\"type\":"
    "\"map\",\"values\":\"E\"}}},{\"name\":\"f\",\"type\":{\"type\":\"fixed\",\"name\":\"F\","
    "\"size\":3}},{\"name\":\"value\",\"type\":[\"null\",\"int\",\"long\",\"float\",\"double\"]},"
    "{\"name\":\"properties\",\"type\":[\"null\",{\"type\":\"map\",\"values\":[\"null\",\"string\","
    "\"boolean\",\"int\",\"double\",\"bytes\",{\"type\":\"array\",\"items\":[\"null\",\"N\"]}]}]}"
    "]}";

#define DECODERS 4
static struct decoding decoders[DECODERS];

static void setup(void)
{
    char *page_view = decoding_file("schemas/page_view.avsc");
    char *form = decoding_file("schemas/form.avsc");
    char *profile = decoding_file("schemas/profile.avsc");

    decoders[0] = decoding_avro(SEUIL_FORMAT_CONFLUENT, SEUIL_KIND_PAGE_VIEW, page_view, NULL, 0);
    decoders[1] = decoding_avro(SEUIL_FORMAT_RAW, SEUIL_KIND_FORM, form, NULL, 0);
    decoders[2] = decoding_avro(SEUIL_FORMAT_RAW, SEUIL_KIND_PROFILE, profile, NULL, 0);
    decoders[3] = decoding_avro(SEUIL_FORMAT_RAW, SEUIL_KIND_ACTIVITY, nested, NULL, 0);
    for (int i = 0; i < DECODERS; i++)
        FUZZ_CHECK(decoders[i].decoder, decoders[i].err.text);
    seuil_heap_free(page_view);
    seuil_heap_free(form);
    seuil_heap_free(profile);
}

static int run(const uint8_t *bytes, size_t len)
{
    int accepted = 0;

    for (int i = 0; i < DECODERS; i++) {
        struct decoding *d = &decoders[i];
        const char *field;
        int rc = decoding_run(d, bytes, len);

        if (rc) {
            FUZZ_CHECK(rc < 0 && d->err.code == rc && d->err.text[0], "an error without a text");
            continue;
        }
        FUZZ_CHECK(seuil_event_check(&d->event, &field) == 0, "an event that is none");
        FUZZ_CHECK(d->event.map_count <= SEUIL_MAP_ENTRIES_MAX, "too large a map");
        accepted = 1;
    }
    return accepted;
}

static const char *const words[] = {"\x02",
                                    "\x04"
                                    "e1",
                                    "\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01",
                                    "\xfe\xff\xff\xff\xff\xff\xff\xff\xff\x01",
                                    "\x80\x80\x80\x80\x10",
                                    "\x80\x89\x7a",
                                    "\x01",
                                    "\xff\xff\xff\x0f",
                                    "\x0a"
                                    "/abc?",
                                    NULL};

const struct fuzz_target fuzz_target = {
    .name = "avro", .words = words, .max_bytes = 8192, .setup = setup, .run = run};
