#include "codec/outbox.h"

#include <assert.h>
#include <stdbool.h>
#include <stddef.h>
#include <string.h>

#include "base/err.h"

/* version, destination, number of headers; key; value; then name and value of each header.
 * A length is 4 bytes, little endian; the length of a null is NULL_LENGTH. */
#define VERSION     1
#define NULL_LENGTH UINT32_MAX

static void put_length(struct seuil_buf *out, uint32_t len)
{
    uint8_t bytes[4] = {(uint8_t)len, (uint8_t)(len >> 8), (uint8_t)(len >> 16),
                        (uint8_t)(len >> 24)};

    seuil_buf_add(out, bytes, sizeof(bytes));
}

static void put(struct seuil_buf *out, const void *bytes, uint32_t len)
{
    assert(len != NULL_LENGTH);
    put_length(out, bytes ? len : NULL_LENGTH);
    if (bytes)
        seuil_buf_add(out, bytes, len);
}

int seuil_outbox_pack(const struct seuil_entry_view *entry, struct seuil_buf *out)
{
    uint8_t head[] = {VERSION, entry->destination, (uint8_t)entry->header_count};

    assert(entry->header_count <= SEUIL_HEADERS_MAX);
    seuil_buf_add(out, head, sizeof(head));
    put(out, entry->key.ptr, entry->key.len);
    put(out, entry->value, entry->value_len);
    for (uint32_t i = 0; i < entry->header_count; i++) {
        put(out, entry->headers[i].name.ptr, entry->headers[i].name.len);
        put(out, entry->headers[i].value, entry->headers[i].value_len);
    }
    return out->failed;
}

/* The next length and its bytes; false when they are not all there. */
static bool get(const uint8_t **p, const uint8_t *end, const uint8_t **ret_bytes, uint32_t *ret_len)
{
    uint32_t len;

    if (end - *p < 4)
        return false;
    len = (uint32_t)(*p)[0] | (uint32_t)(*p)[1] << 8 | (uint32_t)(*p)[2] << 16 |
          (uint32_t)(*p)[3] << 24;
    *p += 4;
    *ret_bytes = NULL;
    *ret_len = 0;
    if (len == NULL_LENGTH)
        return true;
    if (len > (size_t)(end - *p))
        return false;
    *ret_bytes = *p;
    *ret_len = len;
    *p += len;
    return true;
}

static bool get_text(const uint8_t **p, const uint8_t *end, struct seuil_str *ret_text)
{
    const uint8_t *bytes;

    if (!get(p, end, &bytes, &ret_text->len))
        return false;
    ret_text->ptr = (const char *)bytes;
    return true;
}

int seuil_outbox_unpack(const uint8_t *bytes, uint32_t len, struct seuil_entry_view *ret_entry)
{
    const uint8_t *p, *end;
    struct seuil_entry_view entry; /* the headers that are not there are not worth their copying */

    if (len > 0 && bytes[0] != VERSION)
        return bytes[0] > VERSION ? SEUIL_ERR_UNSUPPORTED : SEUIL_ERR_CORRUPT;
    if (len < 3 || bytes[2] > SEUIL_HEADERS_MAX)
        return SEUIL_ERR_CORRUPT;
    p = bytes + 3;
    end = bytes + len;
    entry.destination = bytes[1];
    entry.header_count = bytes[2];
    if (!get_text(&p, end, &entry.key) || !get(&p, end, &entry.value, &entry.value_len))
        return SEUIL_ERR_CORRUPT;
    for (uint32_t i = 0; i < entry.header_count; i++) {
        struct seuil_header *header = &entry.headers[i];

        if (!get_text(&p, end, &header->name) ||
            !get(&p, end, &header->value, &header->value_len) || !header->name.ptr)
            return SEUIL_ERR_CORRUPT;
    }
    if (p != end)
        return SEUIL_ERR_CORRUPT;
    memcpy(ret_entry, &entry,
           offsetof(struct seuil_entry_view, headers) +
               entry.header_count * sizeof(entry.headers[0]));
    return 0;
}

uint8_t seuil_outbox_destination(const uint8_t *bytes, uint32_t len)
{
    return len > 1 ? bytes[1] : UINT8_MAX;
}
