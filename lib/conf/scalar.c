#include "conf/scalar.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <time.h>

#include "base/err.h"
#include "core/time.h"

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

/* The number written with exactly @len digits at @p, or -1. */
static int number_at(const char *p, int len)
{
    int value = 0;

    for (int i = 0; i < len; i++) {
        if (p[i] < '0' || p[i] > '9')
            return -1;
        value = 10 * value + p[i] - '0';
    }
    return value;
}

/* "Z", "+01:00" or "-05:30" as minutes east of UTC. */
static int zone_parse(const char *p, int *ret_minutes)
{
    int hours, minutes;

    *ret_minutes = 0;
    if (strcmp(p, "Z") == 0)
        return 0;
    if ((*p != '+' && *p != '-') || strlen(p) != 6 || p[3] != ':')
        return SEUIL_ERR_FORMAT;
    hours = number_at(p + 1, 2);
    minutes = number_at(p + 4, 2);
    if (hours < 0 || hours > 23 || minutes < 0 || minutes > 59)
        return SEUIL_ERR_FORMAT;
    *ret_minutes = (*p == '-' ? -1 : 1) * (60 * hours + minutes);
    return 0;
}

int seuil_instant_parse(struct seuil_str text, seuil_time_ms *ret_time)
{
    char copy[40] = "";
    struct tm tm, again;
    const char *p = copy + 19;
    int ms = 0, east;
    time_t s;

    if (text.len < 10 || text.len >= sizeof(copy))
        return SEUIL_ERR_FORMAT;
    memcpy(copy, text.ptr, text.len);
    if (text.len == 10)
        strcat(copy, "T00:00:00Z");
    if (copy[4] != '-' || copy[7] != '-' || copy[10] != 'T' || copy[13] != ':' || copy[16] != ':')
        return SEUIL_ERR_FORMAT;
    tm = (struct tm){.tm_year = number_at(copy, 4) - 1900,
                     .tm_mon = number_at(copy + 5, 2) - 1,
                     .tm_mday = number_at(copy + 8, 2),
                     .tm_hour = number_at(copy + 11, 2),
                     .tm_min = number_at(copy + 14, 2),
                     .tm_sec = number_at(copy + 17, 2)};
    if (tm.tm_year < 70)
        return SEUIL_ERR_FORMAT;
    again = tm;
    s = timegm(&again);
    /* timegm mends what no calendar has, like the 30th of February. */
    if (again.tm_year != tm.tm_year || again.tm_mon != tm.tm_mon || again.tm_mday != tm.tm_mday ||
        again.tm_hour != tm.tm_hour || again.tm_min != tm.tm_min || again.tm_sec != tm.tm_sec)
        return SEUIL_ERR_FORMAT;
    if (*p == '.')
        for (int unit = 100; *++p >= '0' && *p <= '9'; unit /= 10) {
            if (unit == 0)
                return SEUIL_ERR_FORMAT;
            ms += unit * (*p - '0');
        }
    if (zone_parse(p, &east))
        return SEUIL_ERR_FORMAT;
    *ret_time = s * SEUIL_SECOND_MS + ms - east * SEUIL_MINUTE_MS;
    return 0;
}

const char *seuil_instant_format(seuil_time_ms time, char *out)
{
    time_t s = (time_t)(time / SEUIL_SECOND_MS - (time % SEUIL_SECOND_MS < 0));
    struct tm tm;
    size_t len;

    if (!gmtime_r(&s, &tm) || !(len = strftime(out, 24, "%Y-%m-%dT%H:%M:%S", &tm)))
        return strcpy(out, "?");
    snprintf(out + len, 32 - len, ".%03dZ", (int)(time - s * SEUIL_SECOND_MS));
    return out;
}

/* The length of the valid character at @p, or 0 (RFC 3629). */
static size_t utf8_character(const uint8_t *p, size_t left)
{
    uint8_t low = 0x80, high = 0xbf;
    size_t len;

    if (p[0] < 0x80)
        return p[0] != 0;
    if (p[0] < 0xc2 || p[0] > 0xf4)
        return 0;
    len = p[0] < 0xe0 ? 2 : p[0] < 0xf0 ? 3 : 4;
    if (p[0] == 0xe0)
        low = 0xa0;
    else if (p[0] == 0xed)
        high = 0x9f;
    else if (p[0] == 0xf0)
        low = 0x90;
    else if (p[0] == 0xf4)
        high = 0x8f;
    if (left < len || p[1] < low || p[1] > high)
        return 0;
    for (size_t i = 2; i < len; i++)
        if ((p[i] & 0xc0) != 0x80)
            return 0;
    return len;
}

bool seuil_utf8_check(const void *text, size_t len, size_t *ret_offset)
{
    const uint8_t *bytes = text;
    size_t at = 0;

    while (at < len) {
        size_t n = utf8_character(bytes + at, len - at);

        if (n == 0) {
            if (ret_offset)
                *ret_offset = at;
            return false;
        }
        at += n;
    }
    return true;
}
