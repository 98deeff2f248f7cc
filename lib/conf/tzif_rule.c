#include "conf/tzif_rule.h"

#include "base/err.h"

#define DAY_S 86400

static bool take(struct seuil_str *in, char c)
{
    if (in->len == 0 || in->ptr[0] != c)
        return false;
    in->ptr++;
    in->len--;
    return true;
}

static bool peek_digit(const struct seuil_str *in)
{
    return in->len > 0 && in->ptr[0] >= '0' && in->ptr[0] <= '9';
}

static bool read_number(struct seuil_str *in, int max, int *ret_number)
{
    int number = 0;

    if (!peek_digit(in))
        return false;
    while (peek_digit(in)) {
        number = number * 10 + (in->ptr[0] - '0');
        if (number > max)
            return false;
        take(in, in->ptr[0]);
    }
    *ret_number = number;
    return true;
}

/* A name: letters, or anything but '>' in angle brackets. */
static bool skip_name(struct seuil_str *in)
{
    uint32_t letters = 0;

    if (take(in, '<')) {
        while (in->len && in->ptr[0] != '>')
            take(in, in->ptr[0]);
        return take(in, '>');
    }
    while (in->len && ((in->ptr[0] | 32) >= 'a' && (in->ptr[0] | 32) <= 'z')) {
        take(in, in->ptr[0]);
        letters++;
    }
    return letters >= 3;
}

/* [+-]h[:m[:s]], hours up to 167. */
static bool read_time(struct seuil_str *in, int32_t *ret_s)
{
    int hours, minutes = 0, seconds = 0, sign = 1;

    if (take(in, '-'))
        sign = -1;
    else
        take(in, '+');
    if (!read_number(in, 167, &hours))
        return false;
    if (take(in, ':') && !read_number(in, 59, &minutes))
        return false;
    if (take(in, ':') && !read_number(in, 59, &seconds))
        return false;
    *ret_s = sign * (hours * 3600 + minutes * 60 + seconds);
    return true;
}

static bool read_date(struct seuil_str *in, struct seuil_tz_date *date)
{
    int number, week, day;

    date->time_s = 2 * 3600;
    if (take(in, 'M')) {
        if (!read_number(in, 12, &number) || !take(in, '.') || !read_number(in, 5, &week) ||
            !take(in, '.') || !read_number(in, 6, &day) || number < 1 || week < 1)
            return false;
        date->form = 'M';
        date->month = (uint8_t)number;
        date->week = (uint8_t)week;
        date->day = (uint16_t)day;
    } else {
        date->form = take(in, 'J') ? 'J' : 'D';
        if (!read_number(in, 365, &number) || (date->form == 'J' && number < 1))
            return false;
        date->day = (uint16_t)number;
    }
    return !take(in, '/') || read_time(in, &date->time_s);
}

int seuil_tz_rule_parse(struct seuil_str text, struct seuil_tz_rule *ret_rule)
{
    struct seuil_tz_rule rule = {0};
    struct seuil_str in = text;

    if (!skip_name(&in) || !read_time(&in, &rule.standard_s))
        return SEUIL_ERR_FORMAT;
    rule.standard_s = -rule.standard_s; /* POSIX counts west */
    if (in.len > 0) {
        rule.has_summer = true;
        if (!skip_name(&in))
            return SEUIL_ERR_FORMAT;
        rule.summer_s = rule.standard_s + 3600;
        if (in.len > 0 && in.ptr[0] != ',') {
            if (!read_time(&in, &rule.summer_s))
                return SEUIL_ERR_FORMAT;
            rule.summer_s = -rule.summer_s;
        }
        if (!take(&in, ',') || !read_date(&in, &rule.start) || !take(&in, ',') ||
            !read_date(&in, &rule.end) || in.len > 0)
            return SEUIL_ERR_FORMAT;
    }
    *ret_rule = rule;
    return 0;
}

static bool is_leap(int year)
{
    return (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
}

/* Days from 1970-01-01 to the first of January of @year >= 1. */
static int64_t year_start(int year)
{
    int64_t before = year - 1;

    return before * 365 + before / 4 - before / 100 + before / 400 - 719162;
}

int64_t seuil_tz_date_at_s(const struct seuil_tz_date *date, int year, int32_t offset_s)
{
    static const int starts[] = {0, 31, 59, 90, 120, 151, 181, 212, 243, 273, 304, 334, 365};
    int64_t day = year_start(year);
    bool leap = is_leap(year);

    if (date->form == 'J') {
        day += date->day - 1 + (leap && date->day >= 60);
    } else if (date->form == 'D') {
        day += date->day;
    } else {
        int first = starts[date->month - 1] + (leap && date->month > 2);
        int length = starts[date->month] + (leap && date->month >= 2) - first;
        int weekday = (int)((day + first + 4) % 7); /* 1970-01-01 was a Thursday */
        int at;

        if (weekday < 0)
            weekday += 7;
        at = (date->day - weekday + 7) % 7 + 7 * (date->week - 1);
        if (at >= length)
            at -= 7;
        day += first + at;
    }
    return day * DAY_S + date->time_s - offset_s;
}
