/* Times as sources write them: counts of some unit, or text with and without a zone. */

#include <math.h>

#include "core/time_text.h"
#include "map/scratch.h"

static int fault(struct seuil_map_scratch *s, const char *why)
{
    seuil_map_fail(s, SEUIL_ERR_FORMAT, why);
    if (s->fault.value.len == 0)
        s->fault.value = s->value.v.type == SEUIL_TYPE_STRING ? s->value.v.s : s->value.raw;
    return s->fault.code;
}

/* Milliseconds in a unit, or units in a millisecond. */
static void ratio(enum seuil_map_time_form form, int64_t *ret_up, int64_t *ret_down)
{
    *ret_up = form == SEUIL_TIME_FORM_S ? 1000 : 1;
    *ret_down = form == SEUIL_TIME_FORM_US ? 1000 : form == SEUIL_TIME_FORM_NS ? 1000000 : 1;
}

static int64_t floor_div(int64_t a, int64_t b)
{
    return a / b - (a % b < 0);
}

/* "1700000000.123" exactly: whole units, then digits of the fraction, cut at the millisecond. */
static bool count_of(struct seuil_str text, int64_t up, int64_t down, seuil_time_ms *ret_time)
{
    bool negative = text.len && text.ptr[0] == '-', point = false;
    int64_t whole = 0, part = 0, scale = 1;
    uint32_t digits = 0;

    for (uint32_t i = negative; i < text.len; i++) {
        char c = text.ptr[i];

        if (c == '.' && !point && digits) {
            point = true;
        } else if (c < '0' || c > '9') {
            return false;
        } else if (point) {
            if (scale < 1000000) {
                part = part * 10 + (c - '0');
                scale *= 10;
            }
        } else if (++digits > 18) {
            return false;
        } else {
            whole = whole * 10 + (c - '0');
        }
    }
    if (digits == 0 || text.ptr[text.len - 1] == '.' || __builtin_mul_overflow(whole, up, &whole) ||
        __builtin_add_overflow(whole, down == 1 ? part * up / scale : 0, &whole))
        return false;
    *ret_time = floor_div(negative ? -whole : whole, down);
    return true;
}

static int from_count(struct seuil_map_scratch *s, enum seuil_map_time_form form,
                      seuil_time_ms *ret_time)
{
    const struct seuil_value *v = &s->value.v;
    struct seuil_str text = v->type == SEUIL_TYPE_STRING ? v->s : s->value.raw;
    int64_t up, down;
    double ms;

    ratio(form, &up, &down);
    if (v->type != SEUIL_TYPE_STRING && v->type != SEUIL_TYPE_INT && v->type != SEUIL_TYPE_DOUBLE)
        return fault(s, "a time is a number or a text");
    if (text.len && count_of(text, up, down, ret_time))
        return 0;
    if (v->type == SEUIL_TYPE_STRING)
        return fault(s, "a number of s, ms, us or ns is wanted, as its time step says");
    if (v->type == SEUIL_TYPE_INT) {
        int64_t count;

        if (__builtin_mul_overflow(v->i, up, &count))
            return fault(s, "a time lies outside the years 0 to 9999: is its unit another one?");
        *ret_time = floor_div(count, down);
        return 0;
    }
    ms = round(v->d * (double)up / (double)down);
    if (!(fabs(ms) < 9e15))
        return fault(s, "a time lies outside the years 0 to 9999: is its unit another one?");
    *ret_time = (int64_t)ms;
    return 0;
}

/* Civil time @local_ms of @zone to UTC. A time that comes twice is the first one; one that a change
 * of clocks leaves out is read with the offset before it (as in RFC 5545, 3.3.5). */
static seuil_time_ms from_local(const struct seuil_zone *zone, int64_t local_ms)
{
    int64_t before = INT64_C(1000) * seuil_zone_offset_s(zone, local_ms - SEUIL_DAY_MS);
    int64_t after = INT64_C(1000) * seuil_zone_offset_s(zone, local_ms + SEUIL_DAY_MS);
    seuil_time_ms time = local_ms - before;

    if (INT64_C(1000) * seuil_zone_offset_s(zone, time) == before)
        return time;
    if (INT64_C(1000) * seuil_zone_offset_s(zone, local_ms - after) == after)
        return local_ms - after;
    return time;
}

static int local(struct seuil_map_scratch *s, const struct seuil_zone *zone, int64_t local_ms,
                 seuil_time_ms *ret_time)
{
    if (!zone)
        return fault(s, "a time has no zone: set zone: in the map, as zone: Europe/Paris");
    *ret_time = from_local(zone, local_ms);
    return 0;
}

/* The forms of a date and time that lack their zone are completed with a Z and read as such. */
static int from_text(struct seuil_map_scratch *s, struct seuil_str text,
                     const struct seuil_zone *zone, seuil_time_ms *ret_time)
{
    char copy[48];
    seuil_time_ms time;

    while (text.len && text.ptr[0] == ' ') {
        text.ptr++;
        text.len--;
    }
    while (text.len && text.ptr[text.len - 1] == ' ')
        text.len--;
    if (seuil_time_parse(text, ret_time) == 0)
        return 0;
    if (text.len < 10 || text.len > 32)
        return fault(s, "a time is wanted, as 2026-03-02T08:00:00Z");
    memcpy(copy, text.ptr, text.len);
    if (text.len == 10) /* a day */
        memcpy(copy + text.len, "T00:00:00Z", 10), text.len += 10;
    else if (text.len == 16) /* no seconds */
        memcpy(copy + text.len, ":00Z", 4), text.len += 4;
    else
        copy[text.len++] = 'Z';
    if (seuil_time_parse((struct seuil_str){copy, text.len}, &time) == 0)
        return local(s, zone, time, ret_time);
    /* "+0100", PostgreSQL's "+01" and "2026-03-02 08:00:00 UTC" are as common as the standard's
     * forms. */
    text.len--;
    if (text.len > 4 && memcmp(copy + text.len - 4, " UTC", 4) == 0) {
        copy[text.len - 4] = 'Z';
        text.len -= 3;
    } else if (text.len > 20 && (copy[text.len - 5] == '+' || copy[text.len - 5] == '-')) {
        memmove(copy + text.len - 1, copy + text.len - 2, 2);
        copy[text.len - 2] = ':';
        text.len++;
    } else if (text.len > 20 && (copy[text.len - 3] == '+' || copy[text.len - 3] == '-')) {
        memcpy(copy + text.len, ":00", 3);
        text.len += 3;
    }
    if (seuil_time_parse((struct seuil_str){copy, text.len}, ret_time) == 0)
        return 0;
    return fault(s, "a time is wanted, as 2026-03-02T08:00:00Z");
}

static int from_unit(struct seuil_map_scratch *s, const struct seuil_zone *zone,
                     seuil_time_ms *ret_time)
{
    int64_t i = s->value.v.i, ms;

    switch (s->value.unit & ~SEUIL_UNIT_LOCAL) {
    case SEUIL_UNIT_US:
        ms = floor_div(i, 1000);
        break;
    case SEUIL_UNIT_NS:
        ms = floor_div(i, 1000000);
        break;
    case SEUIL_UNIT_DAY:
        if (__builtin_mul_overflow(i, SEUIL_DAY_MS, &ms))
            return fault(s, "a day lies outside the years 0 to 9999");
        break;
    default:
        ms = i;
    }
    if (!(s->value.unit & SEUIL_UNIT_LOCAL)) {
        *ret_time = ms;
        return 0;
    }
    if (!seuil_time_sane(ms))
        return fault(s, "a time lies outside the years 0 to 9999");
    return local(s, zone, ms, ret_time);
}

int seuil_map_step_time(struct seuil_map_scratch *s, const struct seuil_map_step *step)
{
    const struct seuil_value *v = &s->value.v;
    seuil_time_ms time = 0;
    int rc;

    if (v->type == SEUIL_TYPE_INT && s->value.unit != SEUIL_UNIT_NONE)
        rc = from_unit(s, step->zone, &time);
    else if (step->form != SEUIL_TIME_FORM_TEXT)
        rc = from_count(s, (enum seuil_map_time_form)step->form, &time);
    else if (v->type == SEUIL_TYPE_STRING)
        rc = from_text(s, v->s, step->zone, &time);
    else
        rc = fault(s, "a time is a number here: say its unit, as time(ms) or time(s)");
    if (!rc && !seuil_time_sane(time))
        rc = fault(s, "a time lies outside the years 0 to 9999: is its unit another one?");
    if (rc)
        return rc;
    s->value = (struct seuil_map_value){.there = true,
                                        .unit = SEUIL_UNIT_MS,
                                        .node = SEUIL_NODE_NONE,
                                        .v = {.type = SEUIL_TYPE_INT, .i = time}};
    return 0;
}

int seuil_map_as_time(struct seuil_map_scratch *s, seuil_time_ms *ret_time)
{
    const struct seuil_value *v = &s->value.v;

    if (v->type == SEUIL_TYPE_INT && s->value.unit != SEUIL_UNIT_NONE)
        return from_unit(s, NULL, ret_time);
    if (v->type == SEUIL_TYPE_STRING)
        return from_text(s, v->s, NULL, ret_time);
    return from_count(s, SEUIL_TIME_FORM_MS, ret_time);
}
