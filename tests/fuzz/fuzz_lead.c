/* Any bytes as a packed lead. What is accepted is packed again to the same bytes: a state has one
 * encoding, in the newest format. The short ways to stamp and due time agree with the long one. */

#include <stdlib.h>
#include <string.h>

#include "core/lead_codec.h"
#include "fuzz.h"

/* A state of an older format is written in the newest, and that is its one encoding. */
static void check_newest(const uint8_t *bytes, size_t len)
{
    static uint8_t again[SEUIL_LEAD_BYTES_MAX];
    static struct seuil_lead *lead;

    if (!lead)
        lead = malloc(sizeof(*lead));
    seuil_lead_init(lead, (struct seuil_str){"lead-1", 6});
    FUZZ_CHECK(seuil_lead_read(bytes, len, lead) == 0, "an older state is written unreadably");
    FUZZ_CHECK(seuil_lead_write(lead, again) == len && memcmp(again, bytes, len) == 0,
               "an older state has two encodings");
}

static int run(const uint8_t *bytes, size_t len)
{
    static uint8_t again[SEUIL_LEAD_BYTES_MAX];
    static struct seuil_lead *lead;
    seuil_time_ms due;
    int64_t next;
    size_t n;
    int rc;

    if (!lead)
        lead = malloc(sizeof(*lead));
    seuil_lead_init(lead, (struct seuil_str){"lead-1", 6});
    rc = seuil_lead_read(bytes, len, lead);
    if (rc) {
        seuil_lead_peek_due(bytes, len, &due);
        seuil_lead_peek_stamp(bytes, len, 0, 0, &next);
        return 0;
    }
    n = seuil_lead_write(lead, again);
    if (bytes[0] == SEUIL_LEAD_FORMAT)
        FUZZ_CHECK(n == len && memcmp(again, bytes, len) == 0, "packed to other bytes");
    else
        check_newest(again, n);
    FUZZ_CHECK(seuil_lead_peek_due(bytes, len, &due) == 0 && due == lead->due, "another due time");
    for (uint32_t topic = 0; topic < SEUIL_TOPICS_MAX; topic++) {
        uint32_t generation = lead->stamps[topic].generation;

        FUZZ_CHECK(seuil_lead_peek_stamp(bytes, len, topic, generation, &next) == 0 &&
                       next == seuil_lead_stamp(lead, topic, generation),
                   "another stamp");
    }
    return 1;
}

static const char *const words[] = {"\x01", "\xff\xff\xff\xff\xff\xff\xff\xff\x7f", "\x80\x80\x01",
                                    NULL};

const struct fuzz_target fuzz_target = {
    .name = "lead", .words = words, .max_bytes = SEUIL_LEAD_BYTES_MAX + 64, .run = run};
