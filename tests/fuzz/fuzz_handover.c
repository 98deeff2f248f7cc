/* Any bytes as a hand-over. What is accepted is written again to the same bytes. */

#include <string.h>

#include "base/buf.h"
#include "codec/handover.h"
#include "fuzz.h"

static int run(const uint8_t *bytes, size_t len)
{
    static struct seuil_buf again;
    struct seuil_handover handover;

    if (seuil_handover_read(bytes, (uint32_t)len, &handover))
        return 0;
    seuil_buf_clear(&again);
    FUZZ_CHECK(seuil_handover_write(&handover, &again) == 0, "cannot be written again");
    FUZZ_CHECK(again.len == len && memcmp(again.ptr, bytes, len) == 0, "written to other bytes");
    return 1;
}

static const char *const words[] = {"\x01\x01\x01", "\x01\x02\x02", "\x01\x03\x01", "a", NULL};

const struct fuzz_target fuzz_target = {
    .name = "handover", .words = words, .max_bytes = 1024, .run = run};
