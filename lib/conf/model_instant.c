/* Times and stretches of time in tests, as people write them. */

#include <stdio.h>
#include <string.h>

#include "conf/model_read.h"
#include "conf/scalar.h"
#include "core/time_text.h"
#include "core/zone.h"

static const struct {
    const char *word;
    int64_t ms;
} units[] = {
    {"ms", 1},
    {"s", SEUIL_SECOND_MS},
    {"second", SEUIL_SECOND_MS},
    {"seconds", SEUIL_SECOND_MS},
    {"seconde", SEUIL_SECOND_MS},
    {"secondes", SEUIL_SECOND_MS},
    {"m", SEUIL_MINUTE_MS},
    {"min", SEUIL_MINUTE_MS},
    {"minute", SEUIL_MINUTE_MS},
    {"minutes", SEUIL_MINUTE_MS},
    {"h", SEUIL_HOUR_MS},
    {"hour", SEUIL_HOUR_MS},
    {"hours", SEUIL_HOUR_MS},
    {"heure", SEUIL_HOUR_MS},
    {"heures", SEUIL_HOUR_MS},
    {"d", SEUIL_DAY_MS},
    {"day", SEUIL_DAY_MS},
    {"days", SEUIL_DAY_MS},
    {"j", SEUIL_DAY_MS},
    {"jour", SEUIL_DAY_MS},
    {"jours", SEUIL_DAY_MS},
    {"w", 7 * SEUIL_DAY_MS},
    {"week", 7 * SEUIL_DAY_MS},
    {"weeks", 7 * SEUIL_DAY_MS},
    {"semaine", 7 * SEUIL_DAY_MS},
    {"semaines", 7 * SEUIL_DAY_MS},
};

static const char *skip_blanks(const char *p, const char *end)
{
    while (p < end && *p == ' ')
        p++;
    return p;
}

/* A number and its unit at *@at. */
static bool read_part(const char **at, const char *end, int64_t *ret_ms)
{
    const char *p = *at, *word;
    int64_t number = 0;

    if (p == end || *p < '0' || *p > '9')
        return false;
    for (; p < end && *p >= '0' && *p <= '9'; p++)
        if (number > SEUIL_DURATION_MAX_MS)
            return false;
        else
            number = number * 10 + (*p - '0');
    word = p = skip_blanks(p, end);
    while (p < end && *p >= 'a' && *p <= 'z')
        p++;
    *at = skip_blanks(p, end);
    for (size_t i = 0; i < sizeof(units) / sizeof(units[0]); i++)
        if (seuil_str_eq(seuil_str_from(units[i].word),
                         (struct seuil_str){word, (uint32_t)(p - word)})) {
            if (number > SEUIL_DURATION_MAX_MS / units[i].ms)
                return false;
            *ret_ms = number * units[i].ms;
            return true;
        }
    return false;
}

bool seuil_stretch_parse(struct seuil_str text, int64_t *ret_ms)
{
    const char *p = text.ptr, *end = p + text.len;
    int64_t sum = 0, part;

    do {
        if (!read_part(&p, end, &part))
            return false;
        sum += part;
        if (sum > SEUIL_DURATION_MAX_MS)
            return false;
    } while (p < end);
    *ret_ms = sum;
    return true;
}

/* The instant at which clocks of @zone show @local (counted as if it were UTC). */
static seuil_time_ms from_local(const struct seuil_zone *zone, seuil_time_ms local)
{
    int64_t before, after;

    if (!zone)
        return local;
    /* Offsets change by less than a day, and not twice in two days. */
    before = seuil_zone_offset_s(zone, local - SEUIL_DAY_MS) * SEUIL_SECOND_MS;
    after = seuil_zone_offset_s(zone, local + SEUIL_DAY_MS) * SEUIL_SECOND_MS;
    if (seuil_zone_offset_s(zone, local - before) * SEUIL_SECOND_MS != before &&
        seuil_zone_offset_s(zone, local - after) * SEUIL_SECOND_MS == after)
        return local - after;
    return local - before;
}

int seuil_local_time_parse(struct seuil_str text, const struct seuil_zone *zone,
                           seuil_time_ms *ret_time)
{
    char whole[32];
    seuil_time_ms local;

    if (seuil_time_parse(text, ret_time) == 0)
        return 0;
    if (text.len < 10 || text.len > 23 ||
        (text.len > 10 && text.ptr[10] != ' ' && text.ptr[10] != 'T'))
        return SEUIL_ERR_FORMAT;
    snprintf(whole, sizeof(whole), "%.10sT%.*s%sZ", text.ptr,
             text.len > 11 ? (int)text.len - 11 : 5, text.len > 11 ? text.ptr + 11 : "00:00",
             text.len > 16 ? "" : ":00");
    if (seuil_time_parse(seuil_str_from(whole), &local))
        return SEUIL_ERR_FORMAT;
    *ret_time = from_local(zone, local);
    return 0;
}

bool seuil_timeline_instant(struct seuil_timeline_reader *reader,
                            const struct seuil_yaml_node *node, const char *what,
                            seuil_time_ms *ret_time)
{
    struct seuil_str text;

    if (seuil_yaml_text(reader->model->doc, node, what, 64, reader->model->errs, &text))
        return false;
    if (seuil_local_time_parse(text, reader->model->zone, ret_time) == 0)
        return true;
    seuil_model_error(reader->model, node, SEUIL_ERR_FORMAT,
                      "%s must be a time like 2026-03-02T08:00:00Z, or 2026-03-02 09:00 in the "
                      "model's zone, not \"%.64s\"",
                      what, text.ptr);
    return false;
}
