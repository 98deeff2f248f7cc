/* `limit:` how often a rule may award: `once`, a mapping, or a list of these that all hold. */

#include <string.h>

#include "conf/model_read.h"
#include "conf/suggest.h"
#include "conf/tzif.h"

#define REMEMBER_DEFAULT_MS (90 * SEUIL_DAY_MS)

const struct seuil_zone *seuil_model_zone(struct seuil_model_reader *reader,
                                          const struct seuil_yaml_node *node)
{
    const struct seuil_zone **known = reader->zones.list, **added;
    const struct seuil_zone *zone;
    struct seuil_error err;
    struct seuil_str name;

    if (seuil_yaml_text(reader->doc, node, "zone", SEUIL_NAME_MAX, reader->errs, &name))
        return NULL;
    for (uint32_t i = 0; i < reader->zones.count; i++)
        if (strcmp(known[i]->name, name.ptr) == 0)
            return known[i];
    if (seuil_zone_load(&reader->models->arena, name.ptr, &zone, &err)) {
        if (err.code == SEUIL_ERR_NOMEM)
            reader->nomem = true;
        else
            seuil_model_error(reader, node, err.code, "%s", err.text);
        return NULL;
    }
    added = seuil_vector_add(reader, &reader->zones, sizeof(*added));
    if (added)
        *added = zone;
    return added ? zone : NULL;
}

/* Whether @word is a slip of one of ours, or French, and no field: after saying so. */
static bool is_no_word(struct seuil_model_reader *reader, const struct seuil_yaml_node *node,
                       struct seuil_str word)
{
    static const char *const words[] = {"lead", "day", "week", "month", "jour", "semaine", "mois"};
    const char *meant = seuil_suggest(word, words, sizeof(words) / sizeof(words[0]));

    if (!meant || seuil_field_find(word) >= 0)
        return false;
    for (unsigned i = 4; i < 7; i++)
        meant = meant == words[i] ? words[i - 3] : meant;
    seuil_model_error(reader, node, SEUIL_ERR_UNKNOWN,
                      "\"%s\" is none of lead, day, week, month and no field (did you mean "
                      "\"%s\"?)",
                      word.ptr, meant);
    return true;
}

/* `per:` a word, or a field of the event. */
static bool read_per(struct seuil_model_reader *reader, const struct seuil_yaml_node *node,
                     const struct seuil_rule *rule, struct seuil_limit *limit)
{
    static const char *const periods[] = {"day", "week", "month"};
    struct seuil_subject subject;
    struct seuil_str word;

    if (seuil_yaml_text(reader->doc, node, "per", SEUIL_NAME_MAX, reader->errs, &word))
        return false;
    if (strcmp(word.ptr, "lead") == 0) {
        limit->kind = SEUIL_LIMIT_LEAD;
        return true;
    }
    for (uint8_t i = 0; i < 3; i++)
        if (strcmp(word.ptr, periods[i]) == 0) {
            limit->kind = SEUIL_LIMIT_CALENDAR;
            limit->period = i;
            return true;
        }
    if (is_no_word(reader, node, word))
        return false;
    if (rule->role == SEUIL_ROLE_ABSENCE) {
        seuil_model_error(
            reader, node, SEUIL_ERR_INVALID,
            "an absence is no event and has no object: per is lead, day, week or month "
            "here");
        return false;
    }
    if (rule->role != SEUIL_ROLE_POINTS ? !seuil_model_leg_subject(reader, node, rule, &subject)
                                        : !seuil_model_subject(reader, node, rule->kind, &subject))
        return false;
    limit->kind = SEUIL_LIMIT_OBJECT;
    limit->field = subject.field;
    limit->key = subject.key;
    return true;
}

static bool read_zone(struct seuil_model_reader *reader, const struct seuil_yaml_node *node,
                      struct seuil_limit *limit)
{
    const struct seuil_yaml_node *zone = seuil_yaml_find(node, "zone");

    if (limit->kind != SEUIL_LIMIT_CALENDAR) {
        if (zone)
            seuil_model_error(reader, zone, SEUIL_ERR_INVALID,
                              "a zone belongs to a limit per day, week or month only");
        return !zone;
    }
    if (zone) {
        limit->zone = seuil_model_zone(reader, zone);
        return limit->zone != NULL;
    }
    limit->zone = reader->zone;
    if (!limit->zone && !seuil_yaml_find(reader->root, "zone"))
        seuil_model_error(reader, seuil_yaml_find(node, "per"), SEUIL_ERR_MISSING,
                          "a day, a week or a month begins at midnight of some time zone: add "
                          "\"zone: Europe/Paris\" here or at the top of the model");
    return limit->zone != NULL;
}

static bool read_remember(struct seuil_model_reader *reader, const struct seuil_yaml_node *node,
                          struct seuil_limit *limit)
{
    const struct seuil_yaml_node *remember = seuil_yaml_find(node, "remember");

    if (limit->kind == SEUIL_LIMIT_OBJECT)
        limit->remember_ms = REMEMBER_DEFAULT_MS;
    if (!remember)
        return true;
    if (limit->kind != SEUIL_LIMIT_OBJECT) {
        seuil_model_error(reader, remember, SEUIL_ERR_INVALID,
                          "remember belongs to a limit per object only, such as \"per: url\"");
        return false;
    }
    return seuil_yaml_duration(reader->doc, remember, "remember", SEUIL_SECOND_MS,
                               SEUIL_DURATION_MAX_MS, reader->errs, &limit->remember_ms) == 0;
}

static bool read_times(struct seuil_model_reader *reader, const struct seuil_yaml_node *node,
                       struct seuil_limit *limit)
{
    const struct seuil_yaml_node *times = seuil_yaml_find(node, "times");
    int64_t count = 1;

    if (times && seuil_yaml_int(reader->doc, times, "times", INT64_MIN, SEUIL_LIMIT_COUNT_MAX,
                                reader->errs, &count))
        return false;
    if (count < 1) {
        seuil_model_error(reader, times, SEUIL_ERR_INVALID,
                          "a limit of %lld gives less than one award: the rule would never count",
                          (long long)count);
        return false;
    }
    if (limit->kind == SEUIL_LIMIT_ROLLING && count > SEUIL_INSTANTS_MAX) {
        seuil_model_error(reader, times, SEUIL_ERR_LIMIT,
                          "at most %d times within a duration: a lead keeps as many instants; "
                          "limits per day, week or month may be higher",
                          SEUIL_INSTANTS_MAX);
        return false;
    }
    limit->count = (uint32_t)count;
    return true;
}

static bool read_mapping(struct seuil_model_reader *reader, const struct seuil_yaml_node *node,
                         const struct seuil_rule *rule, struct seuil_limit *limit)
{
    const struct seuil_yaml_node *per = seuil_yaml_find(node, "per");
    const struct seuil_yaml_node *within = seuil_yaml_find(node, "within");
    bool good;

    seuil_model_keys(reader, node, SEUIL_SECTION_LIMIT);
    if (per && within) {
        seuil_model_error(reader, within, SEUIL_ERR_INVALID,
                          "per and within are two limits: write a list of both");
        return false;
    }
    if (!per && !within) {
        seuil_model_error(reader, node, SEUIL_ERR_MISSING,
                          "a limit needs \"per\" (lead, day, week, month or a field) or "
                          "\"within\" (a duration)");
        return false;
    }
    if (within) {
        limit->kind = SEUIL_LIMIT_ROLLING;
        good = seuil_yaml_duration(reader->doc, within, "within", SEUIL_DURATION_MIN_MS,
                                   SEUIL_DURATION_MAX_MS, reader->errs, &limit->duration_ms) == 0;
    } else {
        good = read_per(reader, per, rule, limit);
    }
    /* Each of the others is looked at even when one is wrong, but not without a kind. */
    if (!good)
        return false;
    good = read_times(reader, node, limit);
    good = read_zone(reader, node, limit) && good;
    return read_remember(reader, node, limit) && good;
}

static void read_limit(struct seuil_model_reader *reader, const struct seuil_yaml_node *node,
                       struct seuil_rule *rule)
{
    struct seuil_limit limit = {0};

    if (rule->limit_count == SEUIL_LIMITS_MAX) {
        seuil_model_error(reader, node, SEUIL_ERR_LIMIT, "a rule has at most %d limits",
                          SEUIL_LIMITS_MAX);
        return;
    }
    if (node->kind == SEUIL_YAML_SCALAR && strcmp(node->text, "once") == 0) {
        limit.kind = SEUIL_LIMIT_LEAD;
        limit.count = 1;
    } else if (node->kind != SEUIL_YAML_MAPPING) {
        seuil_model_error(reader, node, SEUIL_ERR_INVALID,
                          "a limit is \"once\" or a mapping such as {times: 3, per: day}");
        return;
    } else if (!read_mapping(reader, node, rule, &limit)) {
        return;
    }
    for (uint8_t i = 0; i < rule->limit_count; i++)
        if (limit.kind == SEUIL_LIMIT_OBJECT && rule->limits[i].kind == SEUIL_LIMIT_OBJECT) {
            seuil_model_error(reader, node, SEUIL_ERR_LIMIT,
                              "a rule has at most one limit per object");
            return;
        }
    rule->limits[rule->limit_count++] = limit;
}

void seuil_model_limits(struct seuil_model_reader *reader, const struct seuil_yaml_node *node,
                        struct seuil_rule *rule)
{
    if (node->kind != SEUIL_YAML_SEQUENCE) {
        read_limit(reader, node, rule);
        return;
    }
    for (uint32_t i = 0; i < node->count; i++)
        read_limit(reader, &node->items[i], rule);
}
