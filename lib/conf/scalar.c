#include "conf/scalar.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/err.h"
#include "base/utf8.h"
#include "core/time_text.h"

struct unit {
    const char *name;
    int64_t factor;
};

/* Ascending, so that formatting finds the largest last. */
static const struct unit durations[] = {
    {"ms", 1},
    {"s", SEUIL_SECOND_MS},
    {"m", SEUIL_MINUTE_MS},
    {"min", SEUIL_MINUTE_MS},
    {"h", SEUIL_HOUR_MS},
    {"d", SEUIL_DAY_MS},
    {"w", 7 * SEUIL_DAY_MS},
};

static const struct unit sizes[] = {
    {"B", 1},     {"KiB", INT64_C(1) << 10}, {"MiB", INT64_C(1) << 20},  {"GiB", INT64_C(1) << 30},
    {"kB", 1000}, {"MB", 1000 * 1000},       {"GB", 1000 * 1000 * 1000},
};

/* Digits with single underscores between them, from @at on; the end goes to @ret_end. */
static int digits(struct seuil_str text, uint32_t at, int64_t *ret_value, uint32_t *ret_end)
{
    int64_t value = 0;
    uint32_t i = at;

    for (; i < text.len; i++) {
        char c = text.ptr[i];

        if (c == '_' && i > at && text.ptr[i - 1] != '_' && i + 1 < text.len)
            continue;
        if (c < '0' || c > '9')
            break;
        if (__builtin_mul_overflow(value, 10, &value) ||
            __builtin_add_overflow(value, c - '0', &value))
            return SEUIL_ERR_LIMIT;
    }
    if (i == at || text.ptr[i - 1] == '_')
        return SEUIL_ERR_FORMAT;
    *ret_value = value;
    *ret_end = i;
    return 0;
}

static int with_unit(struct seuil_str text, const struct unit *units, size_t count, bool bare,
                     int64_t *ret_value)
{
    int64_t value;
    uint32_t end;
    int rc = digits(text, 0, &value, &end);

    if (rc)
        return rc;
    if (end < text.len && text.ptr[end] == ' ')
        end++;
    if (end == text.len && (bare || value == 0)) {
        *ret_value = value;
        return 0;
    }
    for (size_t i = 0; i < count; i++) {
        struct seuil_str name = seuil_str_from(units[i].name);

        if (!seuil_str_eq(name, (struct seuil_str){text.ptr + end, text.len - end}))
            continue;
        if (__builtin_mul_overflow(value, units[i].factor, &value))
            return SEUIL_ERR_LIMIT;
        *ret_value = value;
        return 0;
    }
    return SEUIL_ERR_FORMAT;
}

int seuil_duration_parse(struct seuil_str text, int64_t *ret_ms)
{
    return with_unit(text, durations, sizeof(durations) / sizeof(durations[0]), false, ret_ms);
}

int seuil_size_parse(struct seuil_str text, int64_t *ret_bytes)
{
    return with_unit(text, sizes, sizeof(sizes) / sizeof(sizes[0]), true, ret_bytes);
}

const char *seuil_duration_format(int64_t ms, char *out)
{
    static const struct unit units[] = {
        {"d", SEUIL_DAY_MS}, {"h", SEUIL_HOUR_MS}, {"m", SEUIL_MINUTE_MS}, {"s", SEUIL_SECOND_MS}};

    if (ms == 0)
        return strcpy(out, "0s");
    for (size_t i = 0; i < sizeof(units) / sizeof(units[0]); i++)
        if (ms % units[i].factor == 0) {
            snprintf(out, 32, "%lld%s", (long long)(ms / units[i].factor), units[i].name);
            return out;
        }
    snprintf(out, 32, "%lldms", (long long)ms);
    return out;
}

const char *seuil_size_format(int64_t bytes, char *out)
{
    static const struct unit units[] = {
        {"GiB", INT64_C(1) << 30}, {"MiB", INT64_C(1) << 20}, {"KiB", INT64_C(1) << 10}};

    for (size_t i = 0; bytes && i < sizeof(units) / sizeof(units[0]); i++)
        if (bytes % units[i].factor == 0) {
            snprintf(out, 32, "%lld%s", (long long)(bytes / units[i].factor), units[i].name);
            return out;
        }
    snprintf(out, 32, "%lld", (long long)bytes);
    return out;
}

int seuil_int_parse(struct seuil_str text, int64_t *ret_value)
{
    bool minus = text.len && text.ptr[0] == '-';
    int64_t value;
    uint32_t end;
    int rc = digits(text, minus || (text.len && text.ptr[0] == '+') ? 1 : 0, &value, &end);

    if (rc)
        return rc;
    if (end != text.len)
        return SEUIL_ERR_FORMAT;
    *ret_value = minus ? -value : value;
    return 0;
}

int seuil_number_parse(struct seuil_str text, double *ret_value)
{
    char copy[64];
    uint32_t len = 0;
    double value;
    char *end;

    if (text.len == 0 || text.len >= sizeof(copy))
        return SEUIL_ERR_FORMAT;
    /* Only what JSON and people write: strtod alone takes "inf", "nan" and hexadecimal too. */
    for (uint32_t i = 0; i < text.len; i++) {
        char c = text.ptr[i];

        if (c == '_' && i > 0 && text.ptr[i - 1] >= '0' && text.ptr[i - 1] <= '9')
            continue;
        if (!strchr("0123456789+-.eE", c))
            return SEUIL_ERR_FORMAT;
        copy[len++] = c;
    }
    copy[len] = '\0';
    value = strtod(copy, &end);
    if (end == copy || *end || copy[0] == 'e' || copy[0] == 'E')
        return SEUIL_ERR_FORMAT;
    if (!isfinite(value))
        return SEUIL_ERR_LIMIT;
    *ret_value = value;
    return 0;
}

int seuil_bool_parse(struct seuil_str text, bool *ret_value)
{
    static const char *const names[] = {"false", "true", "no", "yes", "off", "on"};

    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
        if (text.len == strlen(names[i]) && strncasecmp(text.ptr, names[i], text.len) == 0) {
            *ret_value = i % 2 == 1;
            return 0;
        }
    return SEUIL_ERR_FORMAT;
}

int seuil_instant_parse(struct seuil_str text, seuil_time_ms *ret_time)
{
    char day[] = "0000-00-00T00:00:00Z";

    if (text.len != 10)
        return seuil_time_parse(text, ret_time);
    memcpy(day, text.ptr, 10);
    return seuil_time_parse(seuil_str_from(day), ret_time);
}

size_t seuil_text_valid_len(const void *text, size_t len)
{
    const uint8_t *start = text, *end = start + len, *p = start;
    unsigned n;

    for (; p < end && *p != 0 && (n = seuil_utf8_sequence(p, end)) > 0; p += n)
        continue;
    return (size_t)(p - start);
}
