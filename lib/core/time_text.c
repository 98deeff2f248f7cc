#include "core/time_text.h"

#include <assert.h>

#include "base/err.h"

/* Days since 1970-01-01 of a proleptic Gregorian date, and back: H. Hinnant, "chrono-Compatible
 * Low-Level Date Algorithms". Years are counted from March, so the leap day is a year's last. */
static int64_t days_from_civil(int64_t year, unsigned month, unsigned day)
{
    int64_t y = year - (month <= 2);
    int64_t era = (y >= 0 ? y : y - 399) / 400;
    unsigned yoe = (unsigned)(y - era * 400);
    unsigned doy = (153 * (month > 2 ? month - 3 : month + 9) + 2) / 5 + day - 1;
    unsigned doe = yoe * 365 + yoe / 4 - yoe / 100 + doy;

    return era * 146097 + (int64_t)doe - 719468;
}

static void civil_from_days(int64_t days, int64_t *ret_year, unsigned *ret_month, unsigned *ret_day)
{
    int64_t z = days + 719468;
    int64_t era = (z >= 0 ? z : z - 146096) / 146097;
    unsigned doe = (unsigned)(z - era * 146097);
    unsigned yoe = (doe - doe / 1460 + doe / 36524 - doe / 146096) / 365;
    unsigned doy = doe - (365 * yoe + yoe / 4 - yoe / 100);
    unsigned mp = (5 * doy + 2) / 153;

    *ret_day = doy - (153 * mp + 2) / 5 + 1;
    *ret_month = mp < 10 ? mp + 3 : mp - 9;
    *ret_year = (int64_t)yoe + era * 400 + (*ret_month <= 2);
}

static char *put(char *out, unsigned value, unsigned digits, char after)
{
    for (unsigned i = digits; i-- > 0; value /= 10)
        out[i] = (char)('0' + value % 10);
    out[digits] = after;
    return out + digits + 1;
}

int seuil_time_format(seuil_time_ms time, char *out)
{
    int64_t days, year, ms;
    unsigned month, day;
    char *p = out;

    /* Everything decoded lies within; what was computed beyond is shown as the last instant. */
    if (time < SEUIL_TIME_FIRST)
        time = SEUIL_TIME_FIRST;
    if (time > SEUIL_TIME_LAST)
        time = SEUIL_TIME_LAST;
    days = time / SEUIL_DAY_MS - (time % SEUIL_DAY_MS < 0);
    ms = time - days * SEUIL_DAY_MS;
    civil_from_days(days, &year, &month, &day);
    assert(year >= 0 && year <= 9999);

    p = put(p, (unsigned)year, 4, '-');
    p = put(p, month, 2, '-');
    p = put(p, day, 2, 'T');
    p = put(p, (unsigned)(ms / SEUIL_HOUR_MS), 2, ':');
    p = put(p, (unsigned)(ms / SEUIL_MINUTE_MS % 60), 2, ':');
    p = put(p, (unsigned)(ms / SEUIL_SECOND_MS % 60), 2, '.');
    p = put(p, (unsigned)(ms % SEUIL_SECOND_MS), 3, 'Z');
    *p = '\0';
    return (int)(p - out);
}

static bool digits(const char **p, const char *end, unsigned count, unsigned *ret_value)
{
    unsigned value = 0;

    if (end - *p < (long)count)
        return false;
    for (unsigned i = 0; i < count; i++) {
        char c = (*p)[i];

        if (c < '0' || c > '9')
            return false;
        value = value * 10 + (unsigned)(c - '0');
    }
    *p += count;
    *ret_value = value;
    return true;
}

static bool character(const char **p, const char *end, char c)
{
    if (*p == end || **p != c)
        return false;
    ++*p;
    return true;
}

static bool date(const char **p, const char *end, int64_t *ret_days)
{
    static const uint8_t lengths[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
    unsigned year, month, day, last;

    if (!digits(p, end, 4, &year) || !character(p, end, '-') || !digits(p, end, 2, &month) ||
        !character(p, end, '-') || !digits(p, end, 2, &day))
        return false;
    if (month < 1 || month > 12)
        return false;
    last = lengths[month - 1];
    if (month == 2 && year % 4 == 0 && (year % 100 != 0 || year % 400 == 0))
        last = 29;
    if (day < 1 || day > last)
        return false;
    *ret_days = days_from_civil(year, month, day);
    return true;
}

/* Fractions beyond the millisecond are cut, not rounded: 23:59:59.9999 stays in its day. */
static bool fraction(const char **p, const char *end, unsigned *ret_ms)
{
    unsigned ms = 0, count = 0;

    *ret_ms = 0;
    if (!character(p, end, '.'))
        return true;
    while (*p < end && **p >= '0' && **p <= '9' && count < 9) {
        if (count < 3)
            ms = ms * 10 + (unsigned)(**p - '0');
        count++;
        ++*p;
    }
    if (count == 0)
        return false;
    for (; count < 3; count++)
        ms *= 10;
    *ret_ms = ms;
    return true;
}

static bool zone(const char **p, const char *end, int64_t *ret_ms)
{
    unsigned hours, minutes;
    int sign;

    *ret_ms = 0;
    if (*p == end)
        return false;
    if (**p == 'Z' || **p == 'z') {
        ++*p;
        return true;
    }
    if (**p != '+' && **p != '-')
        return false;
    sign = **p == '-' ? -1 : 1;
    ++*p;
    if (!digits(p, end, 2, &hours) || !character(p, end, ':') || !digits(p, end, 2, &minutes))
        return false;
    if (hours > 23 || minutes > 59)
        return false;
    *ret_ms = sign * (hours * SEUIL_HOUR_MS + minutes * SEUIL_MINUTE_MS);
    return true;
}

int seuil_time_parse(struct seuil_str text, seuil_time_ms *ret_time)
{
    const char *p = text.ptr, *end = text.ptr + text.len;
    unsigned hour, minute, second, ms;
    int64_t days, offset_ms;
    seuil_time_ms time;

    if (!date(&p, end, &days))
        return SEUIL_ERR_FORMAT;
    if (p == end || (*p != 'T' && *p != 't' && *p != ' '))
        return SEUIL_ERR_FORMAT;
    p++;
    if (!digits(&p, end, 2, &hour) || !character(&p, end, ':') || !digits(&p, end, 2, &minute) ||
        !character(&p, end, ':') || !digits(&p, end, 2, &second))
        return SEUIL_ERR_FORMAT;
    /* Second 60 is a leap second: it is the first instant of the next minute, as POSIX time has. */
    if (hour > 23 || minute > 59 || second > 60)
        return SEUIL_ERR_FORMAT;
    if (!fraction(&p, end, &ms) || !zone(&p, end, &offset_ms) || p != end)
        return SEUIL_ERR_FORMAT;
    time = days * SEUIL_DAY_MS + hour * SEUIL_HOUR_MS + minute * SEUIL_MINUTE_MS +
           second * SEUIL_SECOND_MS + ms - offset_ms;
    if (!seuil_time_sane(time))
        return SEUIL_ERR_FORMAT;
    *ret_time = time;
    return 0;
}
