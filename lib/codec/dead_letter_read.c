#include "base/err.h"
#include "codec/dead_letter.h"
#include "codec/origin.h"

static struct seuil_str value_of(const struct seuil_header *header)
{
    return (struct seuil_str){(const char *)header->value, header->value_len};
}

/* Our header @name, in headers[from .. count); false when it is not there. */
static bool find(const struct seuil_header *headers, uint32_t from, uint32_t count,
                 const char *name, struct seuil_str *ret_value)
{
    for (uint32_t i = from; i < count; i++)
        if (seuil_str_eq(headers[i].name, seuil_str_from(name))) {
            *ret_value = value_of(&headers[i]);
            return true;
        }
    return false;
}

static bool find_number(const struct seuil_header *headers, uint32_t from, uint32_t count,
                        const char *name, int64_t *ret_number)
{
    struct seuil_str text;

    return find(headers, from, count, name, &text) && seuil_origin_number(text, ret_number) == 0;
}

/* Where ours begin: a record that came from somebody's dead letters has such headers too, but ours
 * come after them. */
static bool find_ours(const struct seuil_header *headers, uint32_t count, uint32_t *ret_from)
{
    for (uint32_t i = count; i-- > 0;)
        if (seuil_str_eq(headers[i].name, SEUIL_STR("__connect.errors.topic"))) {
            *ret_from = i;
            return true;
        }
    return false;
}

struct of_letter { /* the record's own headers */
    const struct seuil_header *headers;
    uint32_t count;
};

static bool own_header(void *ctx, const char *name, struct seuil_str *ret_value)
{
    const struct of_letter *own = ctx;

    for (uint32_t i = own->count; i-- > 0;)
        if (seuil_str_eq(own->headers[i].name, seuil_str_from(name))) {
            *ret_value = value_of(&own->headers[i]);
            return true;
        }
    return false;
}

int seuil_dead_letter_read(const struct seuil_header *headers, uint32_t count,
                           struct seuil_dead_letter_view *ret_letter)
{
    struct seuil_dead_letter_view letter = {0};
    struct of_letter own = {.headers = headers};
    struct seuil_record_view first = {.header = own_header, .ctx = &own};
    int64_t partition;
    uint32_t from;

    if (!find_ours(headers, count, &from))
        return SEUIL_ERR_MISSING;
    if (!find(headers, from, count, "__connect.errors.topic", &letter.topic) ||
        !find_number(headers, from, count, "__connect.errors.partition", &partition) ||
        partition < 0 || partition > INT32_MAX ||
        !find_number(headers, from, count, "__connect.errors.offset", &letter.offset) ||
        !find_number(headers, from, count, "seuil.timestamp", &letter.time) ||
        !find(headers, from, count, "seuil.error", &letter.error))
        return SEUIL_ERR_FORMAT;
    letter.partition = (int32_t)partition;
    find(headers, from, count, "__connect.errors.connector.name", &letter.app);
    find(headers, from, count, "__connect.errors.exception.message", &letter.message);
    find_number(headers, from, count, "seuil.headers_dropped", &letter.headers_dropped);
    letter.own_headers = own.count = from;
    letter.first = (struct seuil_place){letter.topic, letter.partition, letter.offset, letter.time};
    letter.again = seuil_origin_restore(&first);
    if (letter.again)
        letter.first = (struct seuil_place){first.topic, first.partition, first.offset, first.time};
    *ret_letter = letter;
    return 0;
}

bool seuil_dead_letter_is_ours(struct seuil_str name)
{
    static const char *const names[] = {SEUIL_ORIGIN_TOPIC, SEUIL_ORIGIN_PARTITION,
                                        SEUIL_ORIGIN_OFFSET, SEUIL_ORIGIN_TIME, SEUIL_ACCEPT_LATE};

    for (unsigned i = 0; i < sizeof(names) / sizeof(names[0]); i++)
        if (seuil_str_eq(name, seuil_str_from(names[i])))
            return true;
    return false;
}
