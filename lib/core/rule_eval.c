#include "core/rule_eval.h"

#include <assert.h>
#include <string.h>

bool seuil_event_names(const struct seuil_event *event, const char *key)
{
    for (uint32_t i = 0; i < event->map_count; i++)
        if (seuil_str_eq(event->map[i].key, seuil_str_from(key)))
            return true;
    return false;
}

const struct seuil_value *seuil_event_entry(const struct seuil_event *event, struct seuil_str key)
{
    for (uint32_t i = 0; i < event->map_count; i++)
        if (seuil_str_eq(event->map[i].key, key))
            return event->map[i].value.type == SEUIL_TYPE_NULL ? NULL : &event->map[i].value;
    return NULL;
}

/* The value that a test looks at; NULL when it is absent. */
static const struct seuil_value *value_of(const struct seuil_condition *test,
                                          const struct seuil_event *event,
                                          const struct seuil_value *values)
{
    const struct seuil_value *value;

    if (test->field == SEUIL_FIELD_ATTRIBUTE) {
        value = &values[test->attribute];
    } else if (test->field == SEUIL_FIELD_MAP) {
        return seuil_event_entry(event, test->key);
    } else {
        assert(test->field < SEUIL_FIELD_COUNT);
        value = &event->field[test->field];
    }
    return value->type == SEUIL_TYPE_NULL ? NULL : value;
}

static bool equal_at(struct seuil_str subject, uint32_t at, struct seuil_str text, bool fold)
{
    if (text.len == 0)
        return true;
    if (!fold)
        return memcmp(subject.ptr + at, text.ptr, text.len) == 0;
    for (uint32_t i = 0; i < text.len; i++)
        if (seuil_text_fold_at(subject.ptr, at + i) != (uint8_t)text.ptr[i])
            return false;
    return true;
}

static bool contains(struct seuil_str subject, struct seuil_str text, bool fold)
{
    if (text.len == 0)
        return true;
    if (!fold)
        return subject.len >= text.len &&
               memmem(subject.ptr, subject.len, text.ptr, text.len) != NULL;
    for (uint32_t i = 0; i + text.len <= subject.len; i++)
        if (seuil_text_fold_at(subject.ptr, i) == (uint8_t)text.ptr[0] &&
            equal_at(subject, i, text, true))
            return true;
    return false;
}

/* The order of lists, with the subject folded on the way. */
static int folded_cmp(struct seuil_str subject, struct seuil_str text)
{
    uint32_t len = subject.len < text.len ? subject.len : text.len;

    for (uint32_t i = 0; i < len; i++) {
        uint8_t a = seuil_text_fold_at(subject.ptr, i), b = (uint8_t)text.ptr[i];

        if (a != b)
            return a < b ? -1 : 1;
    }
    return (subject.len > text.len) - (subject.len < text.len);
}

static bool in_list(const struct seuil_condition *test, const struct seuil_value *value)
{
    bool fold = test->ignore_case && value->type == SEUIL_TYPE_STRING;
    uint32_t low = 0, high = test->count;

    while (low < high) {
        uint32_t middle = low + (high - low) / 2;
        const struct seuil_value *other = &test->values[middle];
        int c = fold && other->type == SEUIL_TYPE_STRING ? folded_cmp(value->s, other->s)
                                                         : seuil_value_cmp(value, other);

        if (c == 0)
            return true;
        if (c > 0)
            low = middle + 1;
        else
            high = middle;
    }
    return false;
}

static bool test_in(const struct seuil_condition *test, const struct seuil_value *value)
{
    struct seuil_value number = {.type = SEUIL_TYPE_DOUBLE};

    if (in_list(test, value))
        return true;
    /* A string that is a number equals that number. */
    return value->type == SEUIL_TYPE_STRING && seuil_text_number(value->s, &number.d) &&
           in_list(test, &number);
}

static bool test_range(const struct seuil_condition *test, const struct seuil_value *value)
{
    double number;

    if (value->type == SEUIL_TYPE_INT)
        number = (double)value->i;
    else if (value->type == SEUIL_TYPE_DOUBLE)
        number = value->d;
    else if (value->type != SEUIL_TYPE_STRING || !seuil_text_number(value->s, &number))
        return false;
    return (test->low_open ? number > test->low : number >= test->low) &&
           (test->high_open ? number < test->high : number <= test->high);
}

static bool test_regex(const struct seuil_regex *regex, struct seuil_regex_use *use,
                       struct seuil_str subject)
{
    bool found = regex->literal_count == 0;
    int matched;

    for (uint32_t i = 0; !found && i < regex->literal_count; i++)
        found = contains(subject, regex->literals[i], regex->ignore_case);
    if (!found || !use->match)
        return false;
    matched = use->match(use->context, regex, subject);
    use->failures += matched < 0;
    return matched > 0;
}

static bool test_text(const struct seuil_condition *test, struct seuil_regex_use *regex,
                      struct seuil_str subject)
{
    struct seuil_str text = test->text;

    switch (test->op) {
    case SEUIL_COND_PREFIX:
        return subject.len >= text.len && equal_at(subject, 0, text, test->ignore_case);
    case SEUIL_COND_SUFFIX:
        return subject.len >= text.len &&
               equal_at(subject, subject.len - text.len, text, test->ignore_case);
    case SEUIL_COND_CONTAINS:
        return contains(subject, text, test->ignore_case);
    default:
        assert(test->op == SEUIL_COND_REGEX);
        return test_regex(test->regex, regex, subject);
    }
}

static bool test_holds(const struct seuil_condition *test, struct seuil_regex_use *regex,
                       const struct seuil_value *value)
{
    if (!value)
        return test->op == SEUIL_COND_ABSENT;
    switch (test->op) {
    case SEUIL_COND_PRESENT:
        return true;
    case SEUIL_COND_ABSENT:
        return false;
    case SEUIL_COND_IN:
        return test_in(test, value);
    case SEUIL_COND_RANGE:
        return test_range(test, value);
    default:
        return value->type == SEUIL_TYPE_STRING && test_text(test, regex, value->s);
    }
}

bool seuil_condition_holds(const struct seuil_condition *condition, struct seuil_regex_use *regex,
                           const struct seuil_event *event, const struct seuil_value *values)
{
    if (!condition)
        return true;
    switch (condition->op) {
    case SEUIL_COND_ALL:
        for (uint32_t i = 0; i < condition->count; i++)
            if (!seuil_condition_holds(&condition->children[i], regex, event, values))
                return false;
        return true;
    case SEUIL_COND_ANY:
        for (uint32_t i = 0; i < condition->count; i++)
            if (seuil_condition_holds(&condition->children[i], regex, event, values))
                return true;
        return false;
    case SEUIL_COND_NOT:
        return !seuil_condition_holds(&condition->children[0], regex, event, values);
    default:
        return test_holds(condition, regex, value_of(condition, event, values));
    }
}
