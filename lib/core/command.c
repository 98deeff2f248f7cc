#include "core/command.h"

#include <math.h>
#include <string.h>

#include "core/condition.h"
#include "core/rule_eval.h"

static bool read_digits(const char **at, const char *end, unsigned count, int *ret_number)
{
    int number = 0;

    if (end - *at < (int)count)
        return false;
    for (unsigned i = 0; i < count; i++, (*at)++) {
        if (**at < '0' || **at > '9')
            return false;
        number = number * 10 + (**at - '0');
    }
    *ret_number = number;
    return true;
}

static bool read_char(const char **at, const char *end, char wanted)
{
    if (*at == end || (**at | 0x20) != (wanted | 0x20))
        return false;
    (*at)++;
    return true;
}

/* Days from 1970-01-01 in the proleptic Gregorian calendar, the year beginning in March. */
static int64_t days_of(int year, int month, int day)
{
    int64_t y = year - (month <= 2), era = (y >= 0 ? y : y - 399) / 400, of_era = y - era * 400;
    int64_t of_year = (153 * (month + (month > 2 ? -3 : 9)) + 2) / 5 + day - 1;

    return era * 146097 + of_era * 365 + of_era / 4 - of_era / 100 + of_year - 719468;
}

static int days_in_month(int year, int month)
{
    static const uint8_t days[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
    bool leap = (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;

    return days[month - 1] + (month == 2 && leap);
}

static bool read_offset(const char **at, const char *end, int64_t *ret_offset_s)
{
    int hour, minute, sign;

    *ret_offset_s = 0;
    if (read_char(at, end, 'Z'))
        return true;
    if (*at == end || (**at != '+' && **at != '-'))
        return false;
    sign = *(*at)++ == '-' ? -1 : 1;
    if (!read_digits(at, end, 2, &hour) || !read_char(at, end, ':') ||
        !read_digits(at, end, 2, &minute) || hour > 23 || minute > 59)
        return false;
    *ret_offset_s = sign * (hour * 3600 + minute * 60);
    return true;
}

bool seuil_time_parse(struct seuil_str text, seuil_time_ms *ret_time)
{
    const char *at = text.ptr, *end = text.ptr + text.len;
    int year, month, day, hour, minute, second, milli = 0, scale = 100;
    int64_t offset_s;

    if (!read_digits(&at, end, 4, &year) || !read_char(&at, end, '-') ||
        !read_digits(&at, end, 2, &month) || !read_char(&at, end, '-') ||
        !read_digits(&at, end, 2, &day) || !read_char(&at, end, 'T') ||
        !read_digits(&at, end, 2, &hour) || !read_char(&at, end, ':') ||
        !read_digits(&at, end, 2, &minute) || !read_char(&at, end, ':') ||
        !read_digits(&at, end, 2, &second))
        return false;
    if (month < 1 || month > 12 || day < 1 || day > days_in_month(year, month) || hour > 23 ||
        minute > 59 || second > 60)
        return false;
    if (at < end && *at == '.') {
        at++;
        if (at == end || *at < '0' || *at > '9')
            return false;
        for (; at < end && *at >= '0' && *at <= '9'; at++, scale /= 10)
            milli += (*at - '0') * scale;
    }
    if (!read_offset(&at, end, &offset_s) || at != end)
        return false;
    *ret_time =
        (days_of(year, month, day) * 86400 + hour * 3600 + minute * 60 + second - offset_s) * 1000 +
        milli;
    return true;
}

/* A number, or a text that is one: the arguments of some senders are all texts. */
static bool read_number(const struct seuil_value *value, double *ret_number)
{
    if (value->type == SEUIL_TYPE_INT)
        *ret_number = (double)value->i;
    else if (value->type == SEUIL_TYPE_DOUBLE)
        *ret_number = value->d;
    else if (value->type != SEUIL_TYPE_STRING || !seuil_text_number(value->s, ret_number))
        return false;
    *ret_number += 0.0; /* no -0 */
    return isfinite(*ret_number);
}

static bool read_until(const struct seuil_value *value, seuil_time_ms *ret_until)
{
    double number;

    if (value->type == SEUIL_TYPE_STRING && seuil_time_parse(value->s, ret_until))
        return true;
    if (!read_number(value, &number) || fabs(number) > (double)SEUIL_TIME_BOUND_MS)
        return false;
    *ret_until = (seuil_time_ms)number;
    return true;
}

/* At most SEUIL_NOTE_MAX bytes, not cut within a character of UTF-8. */
static uint8_t copy_note(const struct seuil_value *value, char *note)
{
    uint32_t len;

    if (value->type != SEUIL_TYPE_STRING)
        return 0;
    len = value->s.len;
    if (len > SEUIL_NOTE_MAX) {
        len = SEUIL_NOTE_MAX;
        while (len > 0 && ((uint8_t)value->s.ptr[len] & 0xc0) == 0x80)
            len--;
    }
    if (len)
        memcpy(note, value->s.ptr, len);
    return (uint8_t)len;
}

static enum seuil_command read_adjust(const struct seuil_event *event, seuil_time_ms time,
                                      struct seuil_adjustment *adjustment)
{
    const struct seuil_value *points = seuil_event_entry(event, SEUIL_STR("points"));
    const struct seuil_value *until = seuil_event_entry(event, SEUIL_STR("until"));

    if (!points || !read_number(points, &adjustment->points) || fabs(adjustment->points) > 1e9)
        return SEUIL_COMMAND_MALFORMED;
    adjustment->until = SEUIL_TIME_NEVER;
    if (until && (!read_until(until, &adjustment->until) || adjustment->until <= time ||
                  adjustment->until > SEUIL_TIME_BOUND_MS))
        return SEUIL_COMMAND_MALFORMED;
    adjustment->author_len = copy_note(&event->field[SEUIL_FIELD_AUTHOR], adjustment->author);
    adjustment->reason_len = copy_note(&event->field[SEUIL_FIELD_REASON], adjustment->reason);
    return SEUIL_COMMAND_ADJUST;
}

enum seuil_command seuil_command_read(const struct seuil_event *event, seuil_time_ms time,
                                      struct seuil_adjustment *ret_adjustment)
{
    const struct seuil_value *name = &event->field[SEUIL_FIELD_NAME];

    if (name->type != SEUIL_TYPE_STRING || name->s.len == 0)
        return SEUIL_COMMAND_MALFORMED;
    if (seuil_str_eq(name->s, SEUIL_STR("adjust")))
        return read_adjust(event, time, ret_adjustment);
    if (seuil_str_eq(name->s, SEUIL_STR("forget")))
        return SEUIL_COMMAND_FORGET;
    return SEUIL_COMMAND_UNSUPPORTED;
}
