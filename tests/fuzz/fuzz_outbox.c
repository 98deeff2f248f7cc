/* Any bytes as an outbox entry. What is accepted is packed again to the same bytes. */

#include <string.h>

#include "base/buf.h"
#include "codec/outbox.h"
#include "fuzz.h"

static int run(const uint8_t *bytes, size_t len)
{
    static struct seuil_buf again;
    struct seuil_entry_view view;

    if (seuil_outbox_unpack(bytes, (uint32_t)len, &view))
        return 0;
    seuil_buf_clear(&again);
    FUZZ_CHECK(seuil_outbox_pack(&view, &again) == 0, "cannot be packed again");
    FUZZ_CHECK(again.len == len && memcmp(again.ptr, bytes, len) == 0, "packed to other bytes");
    return 1;
}

static const char *const words[] = {"\x02\x01\x01", "\xff\xff\xff\xff\x0f", "\x80", "ce_id", NULL};

const struct fuzz_target fuzz_target = {
    .name = "outbox", .words = words, .max_bytes = 4096, .run = run};
