/* `expect:` what must be true at a point of a timeline. */

#include <stdio.h>
#include <string.h>

#include "conf/model_read.h"
#include "conf/suggest.h"

typedef const char *(*name_of)(unsigned);

static const char *verdict_of(unsigned i)
{
    return seuil_verdict_name((enum seuil_verdict)i);
}

static const char *reason_of(unsigned i)
{
    return seuil_reason_name((enum seuil_reason)i);
}

/* One word of a list; -1 after a report. */
static int read_word(struct seuil_timeline_reader *reader, const struct seuil_yaml_node *node,
                     const char *what, name_of name, unsigned count)
{
    const char *names[32];
    struct seuil_str word;
    char hint[160];

    if (seuil_yaml_text(reader->model->doc, node, what, SEUIL_NAME_MAX, reader->model->errs, &word))
        return -1;
    for (unsigned i = 0; i < count; i++) {
        names[i] = name(i);
        if (strcmp(names[i], word.ptr) == 0)
            return (int)i;
    }
    seuil_model_error(reader->model, node, SEUIL_ERR_UNKNOWN, "there is no %s \"%.64s\"%s", what,
                      word.ptr, seuil_suggest_text(word, names, count, hint, sizeof(hint)));
    return -1;
}

static bool read_number(struct seuil_timeline_reader *reader, const struct seuil_yaml_node *node,
                        const char *key, unsigned bit, double *ret_number, unsigned *given)
{
    const struct seuil_yaml_node *value = seuil_yaml_find(node, key);

    if (!value)
        return true;
    *given |= bit;
    return seuil_yaml_number(reader->model->doc, value, key, reader->model->errs, ret_number) == 0;
}

static bool read_tier(struct seuil_timeline_reader *reader, const struct seuil_yaml_node *node,
                      const char *key, unsigned bit, uint8_t *ret_tier, unsigned *given)
{
    const struct seuil_yaml_node *value = seuil_yaml_find(node, key);
    int tier;

    if (!value)
        return true;
    tier = seuil_timeline_tier(reader, value);
    *given |= bit;
    *ret_tier = (uint8_t)tier;
    return tier >= 0;
}

/* A grade that can be: a letter, a digit, both, X. */
static bool read_grade(struct seuil_timeline_reader *reader, const struct seuil_yaml_node *node,
                       const char **ret_grade, unsigned *given)
{
    const struct seuil_yaml_node *value = seuil_yaml_find(node, "grade");
    const char *p;
    struct seuil_str text;

    if (!value)
        return true;
    *given |= SEUIL_EXPECT_GRADE;
    if (seuil_yaml_text(reader->model->doc, value, "grade", SEUIL_NAME_MAX, reader->model->errs,
                        &text))
        return false;
    p = text.ptr;
    p += *p >= 'A' && *p <= 'D';
    p += *p >= '1' && *p <= '4';
    if (text.len == 0 || (*p && strcmp(text.ptr, "X") != 0)) {
        seuil_model_error(reader->model, value, SEUIL_ERR_UNKNOWN,
                          "\"%.16s\" is no grade: they are A to D, 1 to 4, A1 to D4, and X",
                          text.ptr);
        return false;
    }
    *ret_grade = seuil_timeline_strdup(reader, text);
    return *ret_grade != NULL;
}

/* ---- lines of the explanation ------------------------------------------------------------- */

/* Lines that stand for no rule of the file. */
static bool is_own_line(const char *name)
{
    return strcmp(name, "fit") == 0 || strcmp(name, "adjustment") == 0 ||
           strcmp(name, "others") == 0 || strcmp(name, "recycle") == 0 ||
           strcmp(name, "exclusions") == 0;
}

/* Whether the model can have a line called @node; a report when not. */
static bool check_line(struct seuil_timeline_reader *reader, const struct seuil_yaml_node *node)
{
    static const char *const lists[] = {"rules", "exclusions"};
    const struct seuil_yaml_node *root = reader->model->root;
    const struct seuil_yaml_node *groups = seuil_yaml_find(root, "groups");
    const struct seuil_yaml_node *fit = seuil_yaml_find(seuil_yaml_find(root, "fit"), "criteria"),
                                 *list;
    const char *names[512];
    uint32_t count = 0;
    char hint[160];

    for (int k = 0; k < 3; k++) {
        list = k < 2 ? seuil_yaml_find(root, lists[k]) : fit;
        for (uint32_t i = 0; list && i < list->count && list->kind == SEUIL_YAML_SEQUENCE; i++) {
            const struct seuil_yaml_node *name = seuil_yaml_find(&list->items[i], "name");

            if (!name || name->kind != SEUIL_YAML_SCALAR)
                continue;
            if (strcmp(name->text, node->text) == 0)
                return true;
            if (count < 512)
                names[count++] = name->text;
        }
    }
    for (uint32_t i = 0; groups && groups->kind == SEUIL_YAML_MAPPING && i < groups->count; i++) {
        if (strcmp(groups->keys[i].text, node->text) == 0)
            return true;
        if (count < 512)
            names[count++] = groups->keys[i].text;
    }
    if (is_own_line(node->text))
        return true;
    seuil_model_error(reader->model, node, SEUIL_ERR_UNKNOWN,
                      "no rule, criterion, exclusion or group is called \"%.64s\"%s", node->text,
                      seuil_suggest_text(seuil_yaml_str(node), names, count, hint, sizeof(hint)));
    return false;
}

static bool read_line(struct seuil_timeline_reader *reader, const struct seuil_yaml_node *key,
                      const struct seuil_yaml_node *node, struct seuil_expect_line *line)
{
    const struct seuil_yaml_node *count = seuil_yaml_find(node, "count");
    const struct seuil_yaml_node *limited = seuil_yaml_find(node, "limited_by");
    struct seuil_model_reader *model = reader->model;
    struct seuil_str text;
    int64_t number = 0;
    bool good;

    line->place = (struct seuil_place){key->line, key->column};
    line->rule = seuil_timeline_strdup(reader, seuil_yaml_str(key));
    if (!line->rule || !check_line(reader, key))
        return false;
    if (seuil_yaml_is_null(node))
        return true;
    line->given = SEUIL_EXPECT_LINE;
    if (node->kind == SEUIL_YAML_SCALAR) {
        line->given |= SEUIL_EXPECT_SCORE;
        return seuil_yaml_number(model->doc, node, key->text, model->errs, &line->now) == 0;
    }
    if (!seuil_model_mapping(model, node, "a line"))
        return false;
    seuil_model_keys(model, node, SEUIL_SECTION_LINE);
    good = read_number(reader, node, "now", SEUIL_EXPECT_SCORE, &line->now, &line->given);
    good = read_number(reader, node, "points", SEUIL_EXPECT_POINTS, &line->points, &line->given) &&
           good;
    if (count) {
        line->given |= SEUIL_EXPECT_COUNT;
        good = !seuil_yaml_int(model->doc, count, "count", 0, UINT32_MAX, model->errs, &number) &&
               good;
        line->count = (uint32_t)number;
    }
    if (limited) {
        line->given |= SEUIL_EXPECT_LIMITED;
        if (seuil_yaml_text(model->doc, limited, "limited_by", SEUIL_NAME_MAX, model->errs, &text))
            return false;
        line->limited_by = strcmp(text.ptr, "none") == 0 ? "" : seuil_timeline_strdup(reader, text);
        good = good && line->limited_by;
    }
    return good;
}

static bool read_lines(struct seuil_timeline_reader *reader, const struct seuil_yaml_node *node,
                       struct seuil_expect *expect)
{
    struct seuil_expect_line *lines;
    bool good = true;

    if (!seuil_model_mapping(reader->model, node, "lines"))
        return false;
    lines = seuil_timeline_alloc(reader, node->count, sizeof(*lines));
    if (!lines)
        return false;
    for (uint32_t i = 0; i < node->count; i++)
        good = read_line(reader, &node->keys[i], &node->items[i], &lines[i]) && good;
    expect->lines = lines;
    expect->line_count = node->count;
    return good;
}

/* ---- crossings ---------------------------------------------------------------------------- */

static bool read_direction(struct seuil_timeline_reader *reader, const struct seuil_yaml_node *node,
                           struct seuil_expect_crossing *crossing)
{
    struct seuil_str word;

    if (seuil_yaml_text(reader->model->doc, node, "direction", SEUIL_NAME_MAX, reader->model->errs,
                        &word))
        return false;
    crossing->given |= SEUIL_EXPECT_UP;
    crossing->up = strcmp(word.ptr, "up") == 0;
    if (crossing->up || strcmp(word.ptr, "down") == 0)
        return true;
    seuil_model_error(reader->model, node, SEUIL_ERR_UNKNOWN, "a direction is up or down");
    return false;
}

static bool read_crossing(struct seuil_timeline_reader *reader, const struct seuil_yaml_node *node,
                          struct seuil_expect_crossing *crossing)
{
    const struct seuil_yaml_node *direction, *reason, *at, *since;
    bool good = true;
    int word;

    crossing->place = (struct seuil_place){node->line, node->column};
    if (node->kind == SEUIL_YAML_SCALAR) {
        word = seuil_timeline_tier(reader, node);
        crossing->given = SEUIL_EXPECT_TIER;
        crossing->tier = (uint8_t)word;
        return word >= 0;
    }
    if (!seuil_model_mapping(reader->model, node, "a crossing"))
        return false;
    seuil_model_keys(reader->model, node, SEUIL_SECTION_CROSSING);
    if (seuil_model_need(reader->model, node, "tier", "a crossing"))
        good =
            read_tier(reader, node, "tier", SEUIL_EXPECT_TIER, &crossing->tier, &crossing->given);
    good = read_tier(reader, node, "from", SEUIL_EXPECT_FROM, &crossing->from, &crossing->given) &&
           good;
    good = read_number(reader, node, "score", SEUIL_EXPECT_SCORE, &crossing->score,
                       &crossing->given) &&
           good;
    good = read_grade(reader, node, &crossing->grade, &crossing->given) && good;
    direction = seuil_yaml_find(node, "direction");
    reason = seuil_yaml_find(node, "reason");
    at = seuil_yaml_find(node, "at");
    since = seuil_yaml_find(node, "since");
    if (direction)
        good = read_direction(reader, direction, crossing) && good;
    if (reason) {
        word = read_word(reader, reason, "reason", reason_of, SEUIL_REASONS);
        crossing->given |= SEUIL_EXPECT_REASON;
        crossing->reason = (enum seuil_reason)word;
        good = good && word >= 0;
    }
    if (at) {
        crossing->given |= SEUIL_EXPECT_AT;
        good = seuil_timeline_instant(reader, at, "at", &crossing->at) && good;
    }
    if (since) {
        crossing->given |= SEUIL_EXPECT_SINCE;
        good = seuil_timeline_instant(reader, since, "since", &crossing->since) && good;
    }
    return good;
}

static bool read_crossings(struct seuil_timeline_reader *reader, const struct seuil_yaml_node *node,
                           struct seuil_expect *expect)
{
    struct seuil_expect_crossing *crossings;
    bool good = true;

    expect->given |= SEUIL_EXPECT_EVENTS;
    if (!seuil_model_list(reader->model, node, "events"))
        return false;
    crossings = seuil_timeline_alloc(reader, node->count, sizeof(*crossings));
    if (!crossings)
        return false;
    for (uint32_t i = 0; i < node->count; i++)
        good = read_crossing(reader, &node->items[i], &crossings[i]) && good;
    expect->crossings = crossings;
    expect->crossing_count = node->count;
    return good;
}

/* ---- the whole ---------------------------------------------------------------------------- */

static bool read_until(struct seuil_timeline_reader *reader, const struct seuil_yaml_node *node,
                       struct seuil_expect *expect)
{
    expect->given |= SEUIL_EXPECT_UNTIL;
    expect->until = SEUIL_TIME_NEVER;
    if (node->kind == SEUIL_YAML_SCALAR && strcmp(node->text, "never") == 0)
        return true;
    return seuil_timeline_instant(reader, node, "until", &expect->until);
}

const struct seuil_expect *seuil_timeline_expect(struct seuil_timeline_reader *reader,
                                                 const struct seuil_yaml_node *node)
{
    struct seuil_expect *expect = seuil_timeline_alloc(reader, 1, sizeof(*expect));
    const struct seuil_yaml_node *events = seuil_yaml_find(node, "events");
    const struct seuil_yaml_node *lines = seuil_yaml_find(node, "lines");
    const struct seuil_yaml_node *until = seuil_yaml_find(node, "until");
    const struct seuil_yaml_node *verdict = seuil_yaml_find(node, "verdict");
    bool good;
    int word;

    if (!expect || !seuil_model_mapping(reader->model, node, "expect"))
        return NULL;
    if (node->count == 0) {
        seuil_model_error(
            reader->model, node, SEUIL_ERR_INVALID,
            "an expectation of nothing cannot fail: name a score, a tier, events ...");
        return NULL;
    }
    seuil_model_keys(reader->model, node, SEUIL_SECTION_EXPECT);
    expect->place = (struct seuil_place){node->line, node->column};
    good = read_number(reader, node, "score", SEUIL_EXPECT_SCORE, &expect->score, &expect->given);
    good = read_number(reader, node, "fit", SEUIL_EXPECT_FIT, &expect->fit, &expect->given) && good;
    good =
        read_tier(reader, node, "tier", SEUIL_EXPECT_TIER, &expect->tier, &expect->given) && good;
    good = read_grade(reader, node, &expect->grade, &expect->given) && good;
    good = read_number(reader, node, "completeness", SEUIL_EXPECT_COMPLETENESS,
                       &expect->completeness, &expect->given) &&
           good;
    if (events)
        good = read_crossings(reader, events, expect) && good;
    if (lines)
        good = read_lines(reader, lines, expect) && good;
    if (until)
        good = read_until(reader, until, expect) && good;
    if (verdict) {
        word = read_word(reader, verdict, "verdict", verdict_of, SEUIL_VERDICTS);
        expect->given |= SEUIL_EXPECT_VERDICT;
        expect->verdict = (enum seuil_verdict)word;
        good = good && word >= 0;
    }
    return good ? expect : NULL;
}
