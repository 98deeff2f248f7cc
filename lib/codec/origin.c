#include "codec/origin.h"

#include "base/err.h"

int seuil_origin_number(struct seuil_str text, int64_t *ret_number)
{
    bool negative = text.len > 0 && text.ptr[0] == '-';
    uint32_t i = negative;
    int64_t number = 0;

    if (i == text.len)
        return SEUIL_ERR_FORMAT;
    for (; i < text.len; i++) {
        int digit = text.ptr[i] - '0';

        if (digit < 0 || digit > 9 || __builtin_mul_overflow(number, 10, &number) ||
            __builtin_sub_overflow(number, digit, &number))
            return SEUIL_ERR_FORMAT;
    }
    if (!negative && number == INT64_MIN)
        return SEUIL_ERR_FORMAT;
    *ret_number = negative ? number : -number; /* gathered below zero, where there is more room */
    return 0;
}

static bool number_of(const struct seuil_record_view *record, const char *name, int64_t *ret_number)
{
    struct seuil_str text;

    return seuil_record_header(record, name, &text) && seuil_origin_number(text, ret_number) == 0;
}

bool seuil_origin_restore(struct seuil_record_view *record)
{
    struct seuil_str topic;
    int64_t partition, offset, time;

    if (!seuil_record_header(record, SEUIL_ORIGIN_TOPIC, &topic) ||
        !number_of(record, SEUIL_ORIGIN_PARTITION, &partition) || partition < 0 ||
        partition > INT32_MAX || !number_of(record, SEUIL_ORIGIN_OFFSET, &offset) || offset < 0 ||
        !number_of(record, SEUIL_ORIGIN_TIME, &time))
        return false;
    record->topic = topic;
    record->partition = (int32_t)partition;
    record->offset = offset;
    record->time = time;
    return true;
}

bool seuil_origin_accepts_late(const struct seuil_record_view *record)
{
    struct seuil_str text;

    return seuil_record_header(record, SEUIL_ACCEPT_LATE, &text) &&
           seuil_str_eq(text, SEUIL_STR("true"));
}
