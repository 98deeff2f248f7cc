#include "conf/tzif.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/heap.h"
#include "conf/tzif_rule.h"

#define ZONE_DIR "/usr/share/zoneinfo/"
/* The largest file of tzdata has less than 4 KiB, or 14 KiB in the fat form. */
#define FILE_BYTES_MAX  (64 * 1024)
#define TRANSITIONS_MAX 4096
#define HEADER_BYTES    44
#define YEAR_LAST       2400
/* RFC 8536, 3.2: offsets should be within a little more than a day. */
#define OFFSET_S_MAX (26 * 3600)

struct header {
    uint8_t version;
    uint32_t isut, isstd, leap, time, type, chars;
};

struct table {
    uint32_t count, cap;
    int64_t *at_s;
    int32_t *offset_s;
};

static uint64_t big(const uint8_t *p, unsigned bytes)
{
    uint64_t value = 0;

    for (unsigned i = 0; i < bytes; i++)
        value = value << 8 | p[i];
    return value;
}

static int damaged(struct seuil_error *err, const char *name, const char *what)
{
    return seuil_error_set(err, SEUIL_ERR_FORMAT,
                           "the time zone file of \"%s\" is damaged (%s): reinstall tzdata", name,
                           what);
}

static bool read_header(const uint8_t *p, size_t len, struct header *ret)
{
    if (len < HEADER_BYTES || memcmp(p, "TZif", 4) != 0)
        return false;
    ret->version = p[4];
    ret->isut = (uint32_t)big(p + 20, 4);
    ret->isstd = (uint32_t)big(p + 24, 4);
    ret->leap = (uint32_t)big(p + 28, 4);
    ret->time = (uint32_t)big(p + 32, 4);
    ret->type = (uint32_t)big(p + 36, 4);
    ret->chars = (uint32_t)big(p + 40, 4);
    return ret->type >= 1 && ret->type <= 256 && ret->chars >= 1 && ret->time <= TRANSITIONS_MAX;
}

/* Bytes of the data block behind @header; 64-bit sums of 32-bit counts cannot overflow. */
static uint64_t block_bytes(const struct header *header, unsigned time_bytes)
{
    return (uint64_t)header->time * (time_bytes + 1) + (uint64_t)header->type * 6 + header->chars +
           (uint64_t)header->leap * (time_bytes + 4) + header->isstd + header->isut;
}

static void append(struct table *table, int64_t at_s, int32_t offset_s)
{
    if (table->count == table->cap)
        return;
    table->at_s[table->count++] = at_s;
    table->offset_s[table->count] = offset_s;
}

/* The transitions of a data block of 64-bit times. */
static int read_block(const uint8_t *p, const struct header *header, struct table *table)
{
    const uint8_t *indexes = p + (size_t)header->time * 8;
    const uint8_t *types = indexes + header->time;

    for (uint32_t i = 0; i < header->type; i++) {
        int32_t offset = (int32_t)(uint32_t)big(types + (size_t)i * 6, 4);

        if (offset < -OFFSET_S_MAX || offset > OFFSET_S_MAX)
            return SEUIL_ERR_FORMAT;
    }
    table->offset_s[0] = (int32_t)(uint32_t)big(types, 4);
    for (uint32_t i = 0; i < header->time; i++) {
        int64_t at_s = (int64_t)big(p + (size_t)i * 8, 8);

        if (indexes[i] >= header->type || (i && at_s <= table->at_s[i - 1]))
            return SEUIL_ERR_FORMAT;
        append(table, at_s, (int32_t)(uint32_t)big(types + (size_t)indexes[i] * 6, 4));
    }
    return 0;
}

/* Spell out the rule for the years after the table. */
static void extend(struct table *table, const struct seuil_tz_rule *rule)
{
    int64_t last = table->count ? table->at_s[table->count - 1] : INT64_MIN;

    if (!rule->has_summer) {
        if (table->offset_s[table->count] != rule->standard_s)
            append(table, table->count ? last + 1 : 0, rule->standard_s);
        return;
    }
    for (int year = 1970; year <= YEAR_LAST; year++) {
        int64_t start = seuil_tz_date_at_s(&rule->start, year, rule->standard_s);
        int64_t end = seuil_tz_date_at_s(&rule->end, year, rule->summer_s);
        bool south = end < start;
        int64_t first = south ? end : start, second = south ? start : end;

        if (first > last) {
            append(table, first, south ? rule->standard_s : rule->summer_s);
            last = first;
        }
        if (second > last) {
            append(table, second, south ? rule->summer_s : rule->standard_s);
            last = second;
        }
    }
}

static int read_footer(const uint8_t *p, size_t len, struct table *table)
{
    const uint8_t *end;
    struct seuil_tz_rule rule;

    if (len < 2 || p[0] != '\n')
        return SEUIL_ERR_TRUNCATED;
    end = memchr(p + 1, '\n', len - 1);
    if (!end)
        return SEUIL_ERR_TRUNCATED;
    if (end == p + 1)
        return 0; /* no rule: the last offset stays */
    if (seuil_tz_rule_parse((struct seuil_str){(const char *)p + 1, (uint32_t)(end - p - 1)},
                            &rule))
        return SEUIL_ERR_FORMAT;
    extend(table, &rule);
    return 0;
}

int seuil_tzif_parse(struct seuil_arena *arena, const char *name, const void *bytes, size_t len,
                     const struct seuil_zone **ret_zone, struct seuil_error *err)
{
    const uint8_t *p = bytes;
    struct header header;
    struct table table = {.cap = TRANSITIONS_MAX + 2 * (YEAR_LAST - 1970 + 1)};
    struct seuil_zone *zone;

    if (len > FILE_BYTES_MAX || !read_header(p, len, &header))
        return damaged(err, name, "header");
    if (header.version < '2')
        return damaged(err, name, "version 1, which ends in 2037");
    if (block_bytes(&header, 4) > len - HEADER_BYTES)
        return damaged(err, name, "first block");
    p += HEADER_BYTES + block_bytes(&header, 4);
    len -= HEADER_BYTES + block_bytes(&header, 4);
    if (!read_header(p, len, &header) || block_bytes(&header, 8) > len - HEADER_BYTES)
        return damaged(err, name, "second header");
    p += HEADER_BYTES;
    len -= HEADER_BYTES;

    table.cap = header.time + 2 * (YEAR_LAST - 1970 + 1);
    zone = seuil_arena_alloc(arena, 1, sizeof(*zone));
    table.at_s = seuil_arena_alloc(arena, table.cap, sizeof(*table.at_s));
    table.offset_s = seuil_arena_alloc(arena, table.cap + 1, sizeof(*table.offset_s));
    if (!zone || !table.at_s || !table.offset_s)
        return seuil_error_set(err, SEUIL_ERR_NOMEM, "out of memory for a time zone");
    if (read_block(p, &header, &table))
        return damaged(err, name, "transitions");
    if (read_footer(p + block_bytes(&header, 8), len - block_bytes(&header, 8), &table))
        return damaged(err, name, "footer");
    zone->name = seuil_arena_strdup(arena, name, strlen(name));
    if (!zone->name)
        return seuil_error_set(err, SEUIL_ERR_NOMEM, "out of memory for a time zone");
    zone->count = table.count;
    zone->at_s = table.at_s;
    zone->offset_s = table.offset_s;
    *ret_zone = zone;
    return 0;
}

/* Names of tzdata, and nothing that could lead out of its folder. */
static bool name_safe(const char *name)
{
    if (name[0] == '\0' || name[0] == '/' || name[0] == '.' || strlen(name) > SEUIL_NAME_MAX ||
        strstr(name, "..") || strstr(name, "//"))
        return false;
    for (const char *p = name; *p; p++)
        if (!((*p >= 'a' && *p <= 'z') || (*p >= 'A' && *p <= 'Z') || (*p >= '0' && *p <= '9') ||
              strchr("/_+-", *p)))
            return false;
    return true;
}

static int unknown(struct seuil_error *err, const char *name)
{
    return seuil_error_set(err, SEUIL_ERR_UNKNOWN,
                           "there is no time zone \"%.64s\" in " ZONE_DIR
                           " (names are like Europe/Paris; the package tzdata has them)",
                           name);
}

int seuil_zone_load(struct seuil_arena *arena, const char *name, const struct seuil_zone **ret_zone,
                    struct seuil_error *err)
{
    char path[sizeof(ZONE_DIR) + SEUIL_NAME_MAX];
    uint8_t *bytes;
    size_t len;
    FILE *file;
    int rc;

    if (!name_safe(name))
        return unknown(err, name);
    snprintf(path, sizeof(path), ZONE_DIR "%s", name);
    bytes = seuil_heap_alloc(FILE_BYTES_MAX + 1);
    if (!bytes)
        return seuil_error_set(err, SEUIL_ERR_NOMEM, "out of memory for a time zone");
    file = fopen(path, "rbe");
    if (!file) {
        seuil_heap_free(bytes);
        return unknown(err, name);
    }
    len = fread(bytes, 1, FILE_BYTES_MAX + 1, file);
    if (ferror(file)) /* a folder, such as "Europe" */
        rc = unknown(err, name);
    else
        rc = seuil_tzif_parse(arena, name, bytes, len, ret_zone, err);
    fclose(file);
    seuil_heap_free(bytes);
    return rc;
}
