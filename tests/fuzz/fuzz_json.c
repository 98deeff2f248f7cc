/* Any text as a canonical event. What is accepted must be an event, and JSON for jansson too. */

#include <jansson.h>
#include <string.h>

#include "fuzz.h"
#include "support/decoding.h"

static struct decoding any, form;

static void setup(void)
{
    any = decoding_json(-1);
    form = decoding_json(SEUIL_KIND_FORM);
}

static int one(struct decoding *d, const uint8_t *bytes, size_t len)
{
    const char *field;
    json_error_t error;
    json_t *json;
    int rc = decoding_run(d, bytes, len);

    if (rc) {
        FUZZ_CHECK(rc < 0 && d->err.code == rc && d->err.text[0], "an error without a text");
        FUZZ_CHECK(seuil_decode(d->decoder, d->scratch, bytes, (uint32_t)len, &d->event, NULL) ==
                       rc,
                   "another answer when nobody asks why");
        return 0;
    }
    FUZZ_CHECK(seuil_event_check(&d->event, &field) == 0, "an event that is none");
    FUZZ_CHECK(d->event.map_count <= SEUIL_MAP_ENTRIES_MAX, "too large a map");
    json = json_loadb((const char *)bytes, len, JSON_ALLOW_NUL, &error);
    /* jansson refuses numbers beyond its types; and keys with NUL. */
    FUZZ_CHECK(json || strstr(error.text, "too big") || strstr(error.text, "overflow") ||
                   strstr(error.text, "NUL byte"),
               "jansson refuses it");
    json_decref(json);
    return 1;
}

static int run(const uint8_t *bytes, size_t len)
{
    int accepted = one(&any, bytes, len);

    return one(&form, bytes, len) || accepted;
}

static const char *const words[] = {"{",
                                    "}",
                                    "[",
                                    "]",
                                    ":",
                                    ",",
                                    "\"",
                                    "\\u0041",
                                    "\\ud83d",
                                    "\\ude00",
                                    "\\n",
                                    "\\\"",
                                    "true",
                                    "false",
                                    "null",
                                    "0",
                                    "-1",
                                    "1e5",
                                    "0.5",
                                    "9223372036854775808",
                                    "\"id\"",
                                    "\"lead\"",
                                    "\"time\"",
                                    "\"type\"",
                                    "\"url\"",
                                    "\"fields\"",
                                    "\"page_view\"",
                                    "\"form\"",
                                    "\"attributes\"",
                                    "\"consent\"",
                                    "\"retracts\"",
                                    "2026-03-02T08:00:00Z",
                                    "\xc3\xa9",
                                    "\xf0\x9f\x98\x80",
                                    "{\"a\":1}",
                                    "[1,2]",
                                    NULL};

const struct fuzz_target fuzz_target = {
    .name = "json", .words = words, .max_bytes = 8192, .setup = setup, .run = run};
