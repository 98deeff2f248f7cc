#include "codec/outbox.h"

#include <assert.h>
#include <stdbool.h>
#include <stddef.h>
#include <string.h>

#include "base/err.h"

/* version, destination, number of headers; key; value; then name and value of each header.
 * A length is a varint, of one more than it: 0 is a null. A name is its number in the table below,
 * or a 0 and the name. There is one way to write an entry: others are refused. */
#define VERSION 2

/* The names that nearly every record has, a byte each instead of fifteen. The numbers are part of
 * the format: what is added is added at the end. */
#define NAME(text)                                                                                 \
    {                                                                                              \
        text, sizeof(text) - 1                                                                     \
    }
static const struct seuil_str names[] = {
    NAME("ce_specversion"),
    NAME("ce_id"),
    NAME("ce_source"),
    NAME("ce_type"),
    NAME("ce_time"),
    NAME("ce_subject"),
    NAME("content-type"),
    NAME("traceparent"),
    NAME("tracestate"),
    NAME("seuil_processed_at"),
    NAME("seuil_input_lag_ms"),
    NAME("seuil_stale"),
};
#define NAMES ((uint32_t)(sizeof(names) / sizeof(names[0])))

/* The number of @name, 0 if it has none. They mostly come in the order of the table. */
static uint32_t number_of(struct seuil_str name, uint32_t after)
{
    for (uint32_t i = 0; i < NAMES; i++) {
        uint32_t number = (after + i) % NAMES;

        if (seuil_str_eq(name, names[number]))
            return number + 1;
    }
    return 0;
}

/* ---- writing --------------------------------------------------------------------------------- */

static uint8_t *put_varint(uint8_t *at, uint64_t value)
{
    for (; value >= 0x80; value >>= 7)
        *at++ = (uint8_t)(value | 0x80);
    *at++ = (uint8_t)value;
    return at;
}

#define VARINT_MAX 5

static void put(struct seuil_buf *out, const void *bytes, uint32_t len)
{
    uint8_t *at;

    if (seuil_buf_reserve(out, VARINT_MAX + (size_t)len))
        return;
    at = put_varint(out->ptr + out->len, bytes ? (uint64_t)len + 1 : 0);
    if (bytes && len)
        memcpy(at, bytes, len);
    out->len = (size_t)(at - out->ptr) + (bytes ? len : 0);
}

int seuil_outbox_pack(const struct seuil_entry_view *entry, struct seuil_buf *out)
{
    uint8_t head[] = {VERSION, entry->destination, (uint8_t)entry->header_count};
    uint32_t number = 0;

    assert(entry->header_count <= SEUIL_HEADERS_MAX);
    seuil_buf_add(out, head, sizeof(head));
    put(out, entry->key.ptr, entry->key.len);
    put(out, entry->value, entry->value_len);
    for (uint32_t i = 0; i < entry->header_count; i++) {
        const struct seuil_header *header = &entry->headers[i];

        number = number_of(header->name, number);
        seuil_buf_add_byte(out, (uint8_t)number);
        if (!number)
            put(out, header->name.ptr, header->name.len);
        put(out, header->value, header->value_len);
    }
    return out->failed;
}

/* ---- reading --------------------------------------------------------------------------------- */

static bool get_length(const uint8_t **p, const uint8_t *end, uint64_t *ret_value)
{
    uint64_t value = 0;

    for (unsigned shift = 0; *p < end && shift < 7 * VARINT_MAX; shift += 7) {
        uint8_t byte = *(*p)++;

        value |= (uint64_t)(byte & 0x7f) << shift;
        if (byte & 0x80)
            continue;
        *ret_value = value;
        return byte || shift == 0; /* not longer than it must be */
    }
    return false;
}

/* The next length and its bytes; false when they are not all there. */
static bool get(const uint8_t **p, const uint8_t *end, const uint8_t **ret_bytes, uint32_t *ret_len)
{
    uint64_t len;

    if (!get_length(p, end, &len) || (len && len - 1 > (uint64_t)(end - *p)))
        return false;
    *ret_bytes = len ? *p : NULL;
    *ret_len = len ? (uint32_t)(len - 1) : 0;
    *p += *ret_len;
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

static bool get_name(const uint8_t **p, const uint8_t *end, struct seuil_str *ret_name)
{
    uint32_t number;

    if (*p == end)
        return false;
    number = *(*p)++;
    if (number) {
        if (number > NAMES)
            return false;
        *ret_name = names[number - 1];
        return true;
    }
    return get_text(p, end, ret_name) && ret_name->ptr && !number_of(*ret_name, 0);
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

        if (!get_name(&p, end, &header->name) || !get(&p, end, &header->value, &header->value_len))
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
