/* One test of one field: a value, a list of values, or a mapping of operators. */

#include <assert.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "conf/model_read.h"
#include "conf/regex.h"
#include "conf/scalar.h"
#include "conf/suggest.h"

/* A literal shorter than this is in almost every text: looking for it saves nothing. */
#define LITERAL_MIN 3

/* ---- what is tested ----------------------------------------------------------------------- */

/* What a condition on the standing of a lead knows beside attributes. */
static bool standing_subject(struct seuil_str name, struct seuil_subject *ret_subject)
{
    uint16_t place = seuil_str_eq(name, SEUIL_STR("grade"))    ? SEUIL_STANDING_GRADE
                     : seuil_str_eq(name, SEUIL_STR("status")) ? SEUIL_STANDING_STATUS
                                                               : 0;

    if (place == 0)
        return false;
    *ret_subject = (struct seuil_subject){
        .field = SEUIL_FIELD_ATTRIBUTE, .attribute = place, .kind = SEUIL_OF_STANDING};
    return true;
}

static bool attribute_subject(struct seuil_model_reader *reader, const struct seuil_yaml_node *node,
                              struct seuil_subject *ret_subject)
{
    struct seuil_attribute *list = reader->attributes.list, *added;
    uint32_t count = reader->attributes.count, i = 0;

    if (node->len == 0 || node->len > SEUIL_NAME_MAX) {
        seuil_model_error(reader, node, SEUIL_ERR_LIMIT,
                          "the name of an attribute has 1 to %d bytes", SEUIL_NAME_MAX);
        return false;
    }
    while (i < count && strcmp(list[i].name, node->text) != 0)
        i++;
    if (i == SEUIL_ATTRIBUTES_MAX) {
        seuil_model_error(reader, node, SEUIL_ERR_LIMIT,
                          "more than %d attributes: each may be kept for each lead",
                          SEUIL_ATTRIBUTES_MAX);
        return false;
    }
    if (i == count) {
        added = seuil_vector_add(reader, &reader->attributes, sizeof(*added));
        if (!added)
            return false;
        added->name = seuil_model_strdup(reader, seuil_yaml_str(node));
        added->key = seuil_name_hash(SEUIL_STR("attribute"), seuil_yaml_str(node));
        if (!added->name) {
            reader->attributes.count--;
            return false;
        }
        for (uint32_t k = 0; k < i; k++) {
            list = reader->attributes.list;
            if (list[k].key == added->key)
                seuil_model_error(reader, node, SEUIL_ERR_INVALID,
                                  "attributes \"%s\" and \"%s\" have the same key: rename one",
                                  list[k].name, added->name);
        }
    }
    *ret_subject = (struct seuil_subject){
        .field = SEUIL_FIELD_ATTRIBUTE, .attribute = (uint16_t)i, .kind = -1};
    return true;
}

static bool unknown_field(struct seuil_model_reader *reader, const struct seuil_yaml_node *node,
                          enum seuil_kind kind)
{
    const char *names[SEUIL_FIELD_COUNT + 3], *map = seuil_kind_map_name(kind);
    size_t count = 0;
    char hint[400];

    for (int i = 0; i < SEUIL_FIELD_COUNT; i++)
        if (seuil_field_of_kind((enum seuil_field)i, kind))
            names[count++] = seuil_field_name((enum seuil_field)i);
    names[count++] = "any";
    names[count++] = "not";
    seuil_model_error(reader, node, SEUIL_ERR_UNKNOWN, "%s events have no field \"%.64s\"%s%s%s%s",
                      seuil_kind_name(kind), node->text,
                      seuil_suggest_or_list(seuil_yaml_str(node), names, count, hint, sizeof(hint)),
                      map ? "; an entry of its map is written \"" : "", map ? map : "",
                      map ? ".NAME\"" : "");
    return false;
}

bool seuil_model_subject(struct seuil_model_reader *reader, const struct seuil_yaml_node *node,
                         int kind, struct seuil_subject *ret_subject)
{
    struct seuil_str name = seuil_yaml_str(node);
    const char *map;
    int field;

    if (kind == SEUIL_OF_STANDING && standing_subject(name, ret_subject))
        return true;
    if (kind < 0)
        return attribute_subject(reader, node, ret_subject);
    map = seuil_kind_map_name((enum seuil_kind)kind);
    if (map && seuil_str_starts(name, seuil_str_from(map)) && name.len > strlen(map) + 1 &&
        name.ptr[strlen(map)] == '.') {
        const char *key = name.ptr + strlen(map) + 1;

        key = seuil_model_strdup(reader, seuil_str_from(key));
        *ret_subject = (struct seuil_subject){
            .field = SEUIL_FIELD_MAP, .kind = kind, .key = seuil_str_from(key)};
        return key != NULL;
    }
    field = seuil_field_find(name);
    if (field < 0 || !seuil_field_of_kind((enum seuil_field)field, (enum seuil_kind)kind))
        return unknown_field(reader, node, (enum seuil_kind)kind);
    *ret_subject = (struct seuil_subject){.field = (uint8_t)field, .kind = kind};
    return true;
}

static uint8_t field_type(const struct seuil_subject *subject)
{
    return (uint8_t)(subject->field < SEUIL_FIELD_COUNT
                         ? seuil_field_type((enum seuil_field)subject->field)
                         : SEUIL_TYPE_NULL);
}

static const char *subject_name(const struct seuil_model_reader *reader,
                                const struct seuil_subject *subject)
{
    if (subject->field == SEUIL_FIELD_ATTRIBUTE && subject->attribute >= SEUIL_ATTRIBUTES_MAX)
        return subject->attribute == SEUIL_STANDING_GRADE ? "grade" : "status";
    if (subject->field == SEUIL_FIELD_ATTRIBUTE)
        return ((struct seuil_attribute *)reader->attributes.list)[subject->attribute].name;
    if (subject->field == SEUIL_FIELD_MAP)
        return subject->key.ptr;
    return seuil_field_name((enum seuil_field)subject->field);
}

/* Fields that stay short, so that an expression without a literal costs little. */
static bool subject_short(const struct seuil_subject *subject)
{
    switch (subject->field) {
    case SEUIL_FIELD_URL:
    case SEUIL_FIELD_PATH:
    case SEUIL_FIELD_REFERRER:
    case SEUIL_FIELD_TITLE:
    case SEUIL_FIELD_USER_AGENT:
    case SEUIL_FIELD_OBJECT:
    case SEUIL_FIELD_REASON:
    case SEUIL_FIELD_MAP:
        return false;
    default:
        return true;
    }
}

/* ---- values ------------------------------------------------------------------------------- */

static bool known_grade(struct seuil_model_reader *reader, const struct seuil_yaml_node *node)
{
    if (node->len != 1 || node->text[0] < 'A' || node->text[0] > 'D') {
        seuil_model_error(reader, node, SEUIL_ERR_UNKNOWN,
                          "there is no grade \"%.64s\" by fit: the letters are A, B, C, D",
                          node->text);
        return false;
    }
    if (reader->model->has_letters)
        return true;
    seuil_model_error(
        reader, node, SEUIL_ERR_MISSING,
        "this model has no letters to test: give them marks under grades: {fit: ...}");
    return false;
}

/* A word of a field that knows only some. */
static bool known_word(struct seuil_model_reader *reader, const struct seuil_yaml_node *node,
                       const struct seuil_subject *subject)
{
    static const char *const email[] = {"delivered",  "opened",       "clicked",    "bounced",
                                        "complained", "unsubscribed", "subscribed", NULL};
    static const char *const form[] = {"viewed", "abandoned", "submitted", NULL};
    const char *const *words = subject->kind == SEUIL_KIND_EMAIL ? email : form;
    char known[160] = "";

    if (subject->field == SEUIL_FIELD_ATTRIBUTE && subject->attribute == SEUIL_STANDING_GRADE)
        return known_grade(reader, node);
    if (subject->field != SEUIL_FIELD_ACTION)
        return true;
    for (size_t i = 0; words[i]; i++) {
        if (strcmp(words[i], node->text) == 0)
            return true;
        snprintf(known + strlen(known), sizeof(known) - strlen(known), "%s%s", i ? ", " : "",
                 words[i]);
    }
    seuil_model_error(reader, node, SEUIL_ERR_UNKNOWN,
                      "%s events have no action \"%.64s\" (their actions are %s)",
                      seuil_kind_name((enum seuil_kind)subject->kind), node->text, known);
    return false;
}

/* A text to compare with, folded when case is ignored. */
static bool read_text(struct seuil_model_reader *reader, const struct seuil_yaml_node *node,
                      bool fold, struct seuil_str *ret_text)
{
    struct seuil_str text;
    char *copy;

    if (seuil_yaml_text(reader->doc, node, "the text", SEUIL_PATTERN_MAX, reader->errs, &text))
        return false;
    copy = (char *)seuil_model_strdup(reader, text);
    if (!copy)
        return false;
    if (fold)
        seuil_text_fold(copy, text.len);
    *ret_text = (struct seuil_str){copy, text.len};
    return true;
}

/* Plain 42 and -1.5 are numbers; 042, 1e3 and "42" are texts: codes keep their zeros. */
static bool plain_number(const struct seuil_yaml_node *node, double *ret_number)
{
    const char *p = node->text + (node->text[0] == '-');

    if (!node->plain || *p == '+' || (p[0] == '0' && p[1] >= '0' && p[1] <= '9'))
        return false;
    return seuil_text_number(seuil_yaml_str(node), ret_number);
}

static bool read_value(struct seuil_model_reader *reader, const struct seuil_yaml_node *node,
                       const struct seuil_subject *subject, bool fold,
                       struct seuil_value *ret_value)
{
    struct seuil_value value = {0};
    uint8_t type = field_type(subject);

    if (node->kind != SEUIL_YAML_SCALAR || seuil_yaml_is_null(node)) {
        seuil_model_error(reader, node, SEUIL_ERR_INVALID,
                          "a value to compare with must be text, a number, true or false, this is "
                          "%s",
                          seuil_yaml_kind_text(node));
        return false;
    }
    if (type == SEUIL_TYPE_BOOL) {
        value.type = SEUIL_TYPE_BOOL;
        if (seuil_yaml_bool(reader->doc, node, subject_name(reader, subject), reader->errs,
                            &value.b))
            return false;
    } else if (type == SEUIL_TYPE_NUMBER) {
        value.type = SEUIL_TYPE_DOUBLE;
        if (seuil_yaml_number(reader->doc, node, subject_name(reader, subject), reader->errs,
                              &value.d))
            return false;
    } else if (type == SEUIL_TYPE_NULL && plain_number(node, &value.d)) {
        value.type = SEUIL_TYPE_DOUBLE;
    } else if (type == SEUIL_TYPE_NULL && node->plain &&
               (strcmp(node->text, "true") == 0 || strcmp(node->text, "false") == 0)) {
        value.type = SEUIL_TYPE_BOOL;
        value.b = node->text[0] == 't';
    } else {
        value.type = SEUIL_TYPE_STRING;
        if (!known_word(reader, node, subject) || !read_text(reader, node, fold, &value.s))
            return false;
    }
    *ret_value = value;
    return true;
}

static int value_cmp(const void *a, const void *b)
{
    return seuil_value_cmp(a, b);
}

/* One value or a list of them. */
static bool read_in(struct seuil_model_reader *reader, const struct seuil_yaml_node *node,
                    const struct seuil_subject *subject, bool fold, struct seuil_condition *into)
{
    bool list = node->kind == SEUIL_YAML_SEQUENCE, good = true;
    uint32_t count = list ? node->count : 1, distinct = 0;
    struct seuil_value *values;

    if (count == 0 || count > SEUIL_LIST_MAX) {
        seuil_model_error(reader, node, count ? SEUIL_ERR_LIMIT : SEUIL_ERR_INVALID,
                          "a list of values holds 1 to %d of them", SEUIL_LIST_MAX);
        return false;
    }
    values = seuil_model_alloc(reader, count, sizeof(*values));
    if (!values)
        return false;
    for (uint32_t i = 0; i < count; i++)
        good = read_value(reader, list ? &node->items[i] : node, subject, fold, &values[i]) && good;
    if (!good)
        return false;
    qsort(values, count, sizeof(*values), value_cmp);
    for (uint32_t i = 0; i < count; i++)
        if (distinct == 0 || seuil_value_cmp(&values[distinct - 1], &values[i]) != 0)
            values[distinct++] = values[i];
    into->op = SEUIL_COND_IN;
    into->ignore_case = fold;
    into->count = distinct;
    into->values = values;
    return true;
}

/* ---- operators ---------------------------------------------------------------------------- */

static bool read_regex(struct seuil_model_reader *reader, const struct seuil_yaml_node *node,
                       const struct seuil_subject *subject, bool fold, struct seuil_condition *into)
{
    struct seuil_error err;
    struct seuil_str text;
    uint32_t shortest = UINT32_MAX;

    if (!read_text(reader, node, false, &text))
        return false;
    if (seuil_regex_compile(&reader->models->arena, text, fold, &into->regex, &err)) {
        reader->nomem = reader->nomem || err.code == SEUIL_ERR_NOMEM;
        if (err.code != SEUIL_ERR_NOMEM)
            seuil_model_error(reader, node, err.code, "%s", err.text);
        return false;
    }
    for (uint32_t i = 0; i < into->regex->literal_count; i++)
        if (into->regex->literals[i].len < shortest)
            shortest = into->regex->literals[i].len;
    if ((into->regex->literal_count == 0 || shortest < LITERAL_MIN) && !subject_short(subject)) {
        seuil_model_error(reader, node, SEUIL_ERR_INVALID,
                          "this expression has no text of %d or more characters that must be there "
                          "whenever it matches, so it would run on every %s: put such a text in, "
                          "or use prefix, suffix or contains",
                          LITERAL_MIN, subject_name(reader, subject));
        return false;
    }
    into->op = SEUIL_COND_REGEX;
    into->ignore_case = fold;
    return true;
}

static bool read_pattern(struct seuil_model_reader *reader, const struct seuil_yaml_node *node,
                         const struct seuil_subject *subject, uint8_t op, bool fold,
                         struct seuil_condition *into)
{
    if (op == SEUIL_COND_REGEX)
        return read_regex(reader, node, subject, fold, into);
    if (!read_text(reader, node, fold, &into->text))
        return false;
    if (into->text.len == 0) {
        seuil_model_error(reader, node, SEUIL_ERR_INVALID,
                          "an empty text is in everything: write present: true");
        return false;
    }
    into->op = op;
    into->ignore_case = fold;
    return true;
}

static void set_subject(struct seuil_condition *condition, const struct seuil_subject *subject)
{
    condition->field = subject->field;
    condition->attribute = subject->attribute;
    condition->key = subject->key;
}

/* Patterns of one operator: any of a list. */
static bool read_patterns(struct seuil_model_reader *reader, const struct seuil_yaml_node *node,
                          const struct seuil_subject *subject, uint8_t op, bool fold,
                          struct seuil_condition *into)
{
    struct seuil_condition *children;
    uint8_t type = field_type(subject);
    bool good = true;

    if (type == SEUIL_TYPE_NUMBER || type == SEUIL_TYPE_BOOL) {
        seuil_model_error(reader, node, SEUIL_ERR_INVALID, "%s is %s, not text",
                          subject_name(reader, subject),
                          type == SEUIL_TYPE_BOOL ? "true or false" : "a number");
        return false;
    }
    set_subject(into, subject);
    if (node->kind != SEUIL_YAML_SEQUENCE)
        return read_pattern(reader, node, subject, op, fold, into);
    if (node->count == 0 || node->count > SEUIL_LIST_MAX) {
        seuil_model_error(reader, node, node->count ? SEUIL_ERR_LIMIT : SEUIL_ERR_INVALID,
                          "a list of texts holds 1 to %d of them", SEUIL_LIST_MAX);
        return false;
    }
    children = seuil_model_alloc(reader, node->count, sizeof(*children));
    if (!children)
        return false;
    for (uint32_t i = 0; i < node->count; i++) {
        set_subject(&children[i], subject);
        good = read_pattern(reader, &node->items[i], subject, op, fold, &children[i]) && good;
    }
    into->op = SEUIL_COND_ANY;
    into->count = node->count;
    into->children = children;
    return good;
}

/* `above`, `at_least`, `below`, `at_most` are one range. */
static bool read_range(struct seuil_model_reader *reader, const struct seuil_yaml_node *node,
                       const struct seuil_subject *subject, struct seuil_condition *into)
{
    static const char *const bounds[] = {"above", "at_least", "below", "at_most"};
    uint8_t type = field_type(subject);
    bool good = true;
    int seen[2] = {0, 0};

    set_subject(into, subject);
    into->op = SEUIL_COND_RANGE;
    into->low = -INFINITY;
    into->high = INFINITY;
    for (int i = 0; i < 4; i++) {
        const struct seuil_yaml_node *value = seuil_yaml_find(node, bounds[i]);

        if (!value)
            continue;
        if (seuil_yaml_number(reader->doc, value, bounds[i], reader->errs,
                              i < 2 ? &into->low : &into->high)) {
            good = false;
            continue;
        }
        if (seen[i / 2]++) {
            seuil_model_error(reader, value, SEUIL_ERR_INVALID, "%s and %s are one bound: keep one",
                              bounds[i - 1], bounds[i]);
            good = false;
        }
        if (i < 2)
            into->low_open = i == 0;
        else
            into->high_open = i == 2;
    }
    if (type == SEUIL_TYPE_STRING || type == SEUIL_TYPE_BOOL) {
        seuil_model_error(reader, node, SEUIL_ERR_INVALID, "%s is %s, not a number",
                          subject_name(reader, subject),
                          type == SEUIL_TYPE_BOOL ? "true or false" : "text");
        return false;
    }
    if (good && (into->low > into->high ||
                 (into->low == into->high && (into->low_open || into->high_open)))) {
        seuil_model_error(reader, node, SEUIL_ERR_INVALID,
                          "no number lies between these bounds: the test can never hold");
        return false;
    }
    return good;
}

static bool read_present(struct seuil_model_reader *reader, const struct seuil_yaml_node *node,
                         const struct seuil_subject *subject, bool negate,
                         struct seuil_condition *into)
{
    bool present;

    if (seuil_yaml_bool(reader->doc, node, negate ? "absent" : "present", reader->errs, &present))
        return false;
    set_subject(into, subject);
    into->op = present != negate ? SEUIL_COND_PRESENT : SEUIL_COND_ABSENT;
    return true;
}

static bool read_not(struct seuil_model_reader *reader, const struct seuil_yaml_node *node,
                     const struct seuil_subject *subject, unsigned depth,
                     struct seuil_condition *into)
{
    struct seuil_condition *child = seuil_model_alloc(reader, 1, sizeof(*child));

    if (!child || !seuil_model_test(reader, node, subject, depth + 1, child))
        return false;
    into->op = SEUIL_COND_NOT;
    into->count = 1;
    into->children = child;
    return true;
}

/* Operators that take a shared list for theirs. */
static bool takes_list(const char *key)
{
    static const char *const keys[] = {"in", "prefix", "suffix", "contains", "matches"};

    for (size_t i = 0; i < sizeof(keys) / sizeof(keys[0]); i++)
        if (strcmp(keys[i], key) == 0)
            return true;
    return false;
}

/* One operator of the mapping; bounds of a range are read once, by the first of them. */
static bool read_operator(struct seuil_model_reader *reader, const struct seuil_yaml_node *node,
                          uint32_t i, const struct seuil_subject *subject, bool fold,
                          unsigned depth, struct seuil_condition *into)
{
    const char *key = node->keys[i].text;
    const struct seuil_yaml_node *value = &node->items[i];

    if (takes_list(key) && !(value = seuil_model_list_of(reader, value)))
        return false;
    if (strcmp(key, "equals") == 0 || strcmp(key, "in") == 0) {
        set_subject(into, subject);
        if ((key[0] == 'i') == (value->kind == SEUIL_YAML_SEQUENCE))
            return read_in(reader, value, subject, fold, into);
        seuil_model_error(reader, value, SEUIL_ERR_INVALID,
                          key[0] == 'i' ? "in needs a list: [a, b]"
                                        : "equals needs one value; write in: for a list");
        return false;
    }
    if (strcmp(key, "prefix") == 0)
        return read_patterns(reader, value, subject, SEUIL_COND_PREFIX, fold, into);
    if (strcmp(key, "suffix") == 0)
        return read_patterns(reader, value, subject, SEUIL_COND_SUFFIX, fold, into);
    if (strcmp(key, "contains") == 0)
        return read_patterns(reader, value, subject, SEUIL_COND_CONTAINS, fold, into);
    if (strcmp(key, "matches") == 0)
        return read_patterns(reader, value, subject, SEUIL_COND_REGEX, fold, into);
    if (strcmp(key, "present") == 0 || strcmp(key, "absent") == 0)
        return read_present(reader, value, subject, key[0] == 'a', into);
    if (strcmp(key, "not") == 0)
        return read_not(reader, value, subject, depth, into);
    return read_range(reader, node, subject, into);
}

static bool is_bound(const char *key)
{
    return strcmp(key, "above") == 0 || strcmp(key, "at_least") == 0 || strcmp(key, "below") == 0 ||
           strcmp(key, "at_most") == 0;
}

static bool read_operators(struct seuil_model_reader *reader, const struct seuil_yaml_node *node,
                           const struct seuil_subject *subject, unsigned depth,
                           struct seuil_condition *ret_condition)
{
    const struct seuil_yaml_node *ignore = seuil_yaml_find(node, "ignore_case");
    struct seuil_condition *children;
    uint32_t before = reader->errs->total, count = 0;
    bool fold = false, good = true, range = false;

    seuil_model_keys(reader, node, SEUIL_SECTION_TEST);
    if (reader->errs->total != before)
        return false;
    if (ignore && seuil_yaml_bool(reader->doc, ignore, "ignore_case", reader->errs, &fold))
        return false;
    children = seuil_model_alloc(reader, node->count, sizeof(*children));
    if (!children)
        return false;
    for (uint32_t i = 0; i < node->count; i++) {
        bool bound = is_bound(node->keys[i].text);

        if (&node->items[i] == ignore || (bound && range))
            continue;
        range = range || bound;
        good = read_operator(reader, node, i, subject, fold, depth + 1, &children[count]) && good;
        count++;
    }
    if (count == 0) {
        seuil_model_error(reader, node, SEUIL_ERR_INVALID,
                          "a test needs an operator, such as equals, prefix or at_least");
        return false;
    }
    if (count == 1) {
        *ret_condition = children[0];
        return good;
    }
    ret_condition->op = SEUIL_COND_ALL;
    ret_condition->count = count;
    ret_condition->children = children;
    return good;
}

/* Written like a range or a pattern of other tools: as a value it would never be met. */
static bool is_no_value(struct seuil_model_reader *reader, const struct seuil_yaml_node *node)
{
    const char *text = node->kind == SEUIL_YAML_SCALAR ? node->text : "", *number = text;
    double value;

    if (*number == '<' || *number == '>') {
        number += 1 + (number[1] == '=');
        number += strspn(number, " ");
        if (seuil_number_parse(seuil_str_from(number), &value) == 0) {
            seuil_model_error(reader, node, SEUIL_ERR_INVALID,
                              "\"%.64s\" is compared as it stands: write {%s: %.64s}, or {equals: "
                              "\"%.64s\"} if the text itself is meant",
                              text,
                              text[1] == '=' ? (text[0] == '<' ? "at_most" : "at_least")
                                             : (text[0] == '<' ? "below" : "above"),
                              number, text);
            return true;
        }
    }
    if (!strchr(text, '*'))
        return false;
    seuil_model_error(reader, node, SEUIL_ERR_INVALID,
                      "\"%.64s\" is compared as it stands, with its star: write {prefix: ...}, "
                      "{suffix: ...} or {contains: ...}, or {equals: \"%.64s\"} if the text itself "
                      "is meant",
                      text, text);
    return true;
}

/* A value, or any of a list. */
static bool read_values(struct seuil_model_reader *reader, const struct seuil_yaml_node *node,
                        const struct seuil_subject *subject, struct seuil_condition *into)
{
    bool good = !is_no_value(reader, node);

    for (uint32_t i = 0; i < node->count && node->kind == SEUIL_YAML_SEQUENCE; i++)
        good = !is_no_value(reader, &node->items[i]) && good;
    set_subject(into, subject);
    return good && read_in(reader, node, subject, false, into);
}

bool seuil_model_test(struct seuil_model_reader *reader, const struct seuil_yaml_node *node,
                      const struct seuil_subject *subject, unsigned depth,
                      struct seuil_condition *ret_condition)
{
    if (depth + 3 > SEUIL_CONDITION_DEPTH_MAX) {
        seuil_model_error(reader, node, SEUIL_ERR_LIMIT,
                          "conditions within conditions go deeper than %d levels",
                          SEUIL_CONDITION_DEPTH_MAX);
        return false;
    }
    if (node->kind == SEUIL_YAML_MAPPING)
        return read_operators(reader, node, subject, depth, ret_condition);
    return read_values(reader, node, subject, ret_condition);
}
