/* `exclusive:` of rules and criteria that carry the same name there, at most one shall ever hold:
 * sizes of companies, sectors, levels. Each pair is searched for a witness, values with which both
 * hold, and refused with it. What is found is true; regular expressions are not searched, so with
 * them an overlap may stay unseen. */

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "conf/model_read.h"
#include "conf/suggest.h"
#include "core/rule_eval.h"

/* Tests of one way to make both conditions true; ways that are tried for a pair; values that are
 * tried for a file. Beyond them an overlap stays unseen. */
#define LITERALS_MAX 64
#define WAYS_MAX     4096
#define VALUES_MAX   (1000 * 1000)
#define TEXT_MAX     2048

struct member {
    struct seuil_str set;
    const struct seuil_yaml_node *node; /* of the rule */
    const struct seuil_condition *when; /* NULL: always holds */
    int kind;                           /* < 0: over attributes */
};

struct literal {
    const struct seuil_condition *test;
    bool negated;
};

/* What must still be made true, as a list on the stack. */
struct goal {
    const struct seuil_condition *condition;
    bool negated;
    const struct goal *next;
};

struct search {
    const struct seuil_model_reader *reader;
    struct literal literals[LITERALS_MAX];
    unsigned count;
    unsigned ways;    /* tried so far, for this pair */
    uint32_t *values; /* for the file */
    char witness[256];
};

void seuil_model_exclusive_add(struct seuil_model_reader *reader,
                               const struct seuil_yaml_node *node,
                               const struct seuil_condition *when, int kind)
{
    const struct seuil_yaml_node *set = seuil_yaml_find(node, "exclusive");
    struct member *member;
    struct seuil_str name;

    if (!set || (!when && seuil_yaml_find(node, "when")) || /* what is wrong with it was told */
        seuil_yaml_text(reader->doc, set, "exclusive", SEUIL_NAME_MAX, reader->errs, &name))
        return;
    member = seuil_vector_add(reader, &reader->exclusive, sizeof(*member));
    if (member)
        *member = (struct member){name, node, when, kind};
}

/* ---- values of one field ------------------------------------------------------------------ */

static bool same_subject(const struct seuil_condition *a, const struct seuil_condition *b)
{
    return a->field == b->field && a->attribute == b->attribute && seuil_str_eq(a->key, b->key);
}

/* Whether all literals about the field of @of hold for @value (of type NULL: absent). */
static bool all_hold(const struct search *search, const struct seuil_condition *of,
                     const struct seuil_value *value)
{
    struct seuil_regex_use none = {0};

    if (*search->values >= VALUES_MAX)
        return false;
    ++*search->values;
    for (unsigned i = 0; i < search->count; i++) {
        const struct literal *literal = &search->literals[i];
        struct seuil_condition test = *literal->test;

        if (!same_subject(literal->test, of))
            continue;
        if (test.op == SEUIL_COND_REGEX)
            return false;
        test.field = SEUIL_FIELD_ATTRIBUTE;
        test.attribute = 0;
        if (seuil_condition_holds(&test, &none, NULL, value) == literal->negated)
            return false;
    }
    return true;
}

static bool try_number(const struct search *search, const struct seuil_condition *of, double number,
                       struct seuil_value *ret_value)
{
    *ret_value = (struct seuil_value){.type = SEUIL_TYPE_DOUBLE, .d = number};
    return isfinite(number) && all_hold(search, of, ret_value);
}

/* The ends of all ranges about the field, what lies between two and beyond. */
static bool try_numbers(const struct search *search, const struct seuil_condition *of,
                        struct seuil_value *ret_value)
{
    double ends[2 * LITERALS_MAX];
    unsigned count = 0;

    for (unsigned i = 0; i < search->count; i++) {
        const struct seuil_condition *test = search->literals[i].test;

        if (test->op != SEUIL_COND_RANGE || !same_subject(test, of))
            continue;
        ends[count++] = test->low;
        ends[count++] = test->high;
    }
    for (unsigned i = 0; i < count; i++) {
        if (try_number(search, of, ends[i], ret_value) ||
            try_number(search, of, ends[i] + 1, ret_value) ||
            try_number(search, of, ends[i] - 1, ret_value))
            return true;
        for (unsigned k = 0; k < i; k++)
            if (try_number(search, of, (ends[i] + ends[k]) / 2, ret_value))
                return true;
    }
    return false;
}

/* The values of the shortest list about the field: with a list, no others can do. */
static bool try_list(const struct search *search, const struct seuil_condition *of,
                     struct seuil_value *ret_value, bool *ret_listed)
{
    const struct seuil_condition *shortest = NULL;

    for (unsigned i = 0; i < search->count; i++) {
        const struct seuil_condition *test = search->literals[i].test;

        if (test->op == SEUIL_COND_IN && !search->literals[i].negated && same_subject(test, of) &&
            (!shortest || test->count < shortest->count))
            shortest = test;
    }
    *ret_listed = shortest != NULL;
    for (uint32_t k = 0; shortest && k < shortest->count; k++) {
        *ret_value = shortest->values[k];
        if (all_hold(search, of, ret_value))
            return true;
    }
    return false;
}

static void append(char text[TEXT_MAX], uint32_t *len, struct seuil_str part)
{
    if (*len + part.len <= TEXT_MAX) {
        memcpy(text + *len, part.ptr, part.len);
        *len += part.len;
    }
}

/* The longest beginning, @between and all that must be contained, the longest end. */
static bool try_text(const struct search *search, const struct seuil_condition *of,
                     struct seuil_str between, char text[TEXT_MAX], struct seuil_value *ret_value)
{
    struct seuil_str begin = SEUIL_STR(""), end = SEUIL_STR("");
    uint32_t len = 0;

    for (unsigned i = 0; i < search->count; i++) {
        const struct seuil_condition *test = search->literals[i].test;

        if (search->literals[i].negated || !same_subject(test, of))
            continue;
        if (test->op == SEUIL_COND_PREFIX && test->text.len > begin.len)
            begin = test->text;
        if (test->op == SEUIL_COND_SUFFIX && test->text.len > end.len)
            end = test->text;
    }
    append(text, &len, begin);
    for (unsigned i = 0; i < search->count; i++) {
        const struct seuil_condition *test = search->literals[i].test;

        if (search->literals[i].negated || !same_subject(test, of) ||
            test->op != SEUIL_COND_CONTAINS)
            continue;
        append(text, &len, between);
        append(text, &len, test->text);
    }
    append(text, &len, between);
    append(text, &len, end);
    *ret_value = (struct seuil_value){.type = SEUIL_TYPE_STRING, .s = {text, len}};
    return all_hold(search, of, ret_value);
}

static bool find_value(const struct search *search, const struct seuil_condition *of,
                       char text[TEXT_MAX], struct seuil_value *ret_value)
{
    static const struct seuil_value others[] = {
        {.type = SEUIL_TYPE_NULL},
        {.type = SEUIL_TYPE_BOOL, .b = true},
        {.type = SEUIL_TYPE_BOOL, .b = false},
        {.type = SEUIL_TYPE_DOUBLE, .d = 0},
    };
    bool listed;

    if (try_list(search, of, ret_value, &listed))
        return true;
    if (listed)
        return false;
    if (try_numbers(search, of, ret_value) ||
        try_text(search, of, SEUIL_STR(""), text, ret_value) ||
        try_text(search, of, SEUIL_STR("-"), text, ret_value) ||
        try_text(search, of, SEUIL_STR("x"), text, ret_value))
        return true;
    for (size_t i = 0; i < sizeof(others) / sizeof(others[0]); i++) {
        *ret_value = others[i];
        if (all_hold(search, of, ret_value))
            return true;
    }
    return false;
}

/* ---- ways to make both true --------------------------------------------------------------- */

static const char *subject_of(const struct search *search, const struct seuil_condition *test)
{
    if (test->field == SEUIL_FIELD_ATTRIBUTE)
        return ((struct seuil_attribute *)search->reader->attributes.list)[test->attribute].name;
    if (test->field == SEUIL_FIELD_MAP)
        return test->key.ptr;
    return seuil_field_name((enum seuil_field)test->field);
}

static void describe(struct search *search, const struct seuil_condition *test,
                     const struct seuil_value *value)
{
    size_t at = strlen(search->witness), room = sizeof(search->witness) - at;
    const char *name = subject_of(search, test), *and = at ? " and " : "";
    char *out = search->witness + at;

    switch (value->type) {
    case SEUIL_TYPE_NULL:
        snprintf(out, room, "%s%s is not there", and, name);
        break;
    case SEUIL_TYPE_BOOL:
        snprintf(out, room, "%s%s is %s", and, name, value->b ? "true" : "false");
        break;
    case SEUIL_TYPE_INT:
        snprintf(out, room, "%s%s is %lld", and, name, (long long)value->i);
        break;
    case SEUIL_TYPE_DOUBLE:
        snprintf(out, room, "%s%s is %.15g", and, name, value->d);
        break;
    default:
        snprintf(out, room, "%s%s is \"%.*s\"", and, name, (int)value->s.len, value->s.ptr);
    }
}

/* Whether one value for each field makes all literals true; describes them. */
static bool solve(struct search *search)
{
    char text[TEXT_MAX];
    struct seuil_value value;

    search->witness[0] = '\0';
    for (unsigned i = 0; i < search->count; i++) {
        const struct seuil_condition *test = search->literals[i].test;
        bool done = false;

        for (unsigned k = 0; k < i && !done; k++)
            done = same_subject(search->literals[k].test, test);
        if (done)
            continue;
        if (!find_value(search, test, text, &value))
            return false;
        describe(search, test, &value);
    }
    return true;
}

static bool reach(struct search *search, const struct goal *goal)
{
    const struct seuil_condition *condition;
    struct seuil_condition others;
    struct goal rest, behind;

    if (!goal)
        return search->ways++ < WAYS_MAX && solve(search);
    if (search->ways >= WAYS_MAX)
        return false;
    condition = goal->condition;
    rest = (struct goal){.negated = goal->negated, .next = goal->next};
    if (!condition)
        return !goal->negated && reach(search, goal->next);
    if (condition->op == SEUIL_COND_NOT) {
        rest.condition = &condition->children[0];
        rest.negated = !goal->negated;
        return reach(search, &rest);
    }
    if (condition->op > SEUIL_COND_NOT) {
        if (search->count == LITERALS_MAX)
            return false;
        search->literals[search->count++] = (struct literal){condition, goal->negated};
        if (reach(search, goal->next))
            return true;
        search->count--;
        return false;
    }
    if ((condition->op == SEUIL_COND_ANY) != goal->negated) {
        for (uint32_t i = 0; i < condition->count; i++) {
            rest.condition = &condition->children[i];
            if (reach(search, &rest))
                return true;
        }
        return false;
    }
    /* All of them: the first, with the others behind it. */
    if (condition->count == 0)
        return reach(search, goal->next);
    if (condition->count == 1) {
        rest.condition = &condition->children[0];
        return reach(search, &rest);
    }
    others = *condition;
    behind = (struct goal){&others, goal->negated, goal->next};
    others.children++;
    others.count--;
    rest.condition = &condition->children[0];
    rest.next = &behind;
    return reach(search, &rest);
}

static const char *name_of(const struct member *member)
{
    const struct seuil_yaml_node *name = seuil_yaml_find(member->node, "name");

    return name && name->kind == SEUIL_YAML_SCALAR ? name->text : "";
}

static void check_pair(struct seuil_model_reader *reader, const struct member *a,
                       const struct member *b, uint32_t *values)
{
    struct goal second = {b->when, false, NULL}, first = {a->when, false, &second};
    struct search search = {.reader = reader, .values = values};

    if (!reach(&search, &first))
        return;
    seuil_model_error(reader, seuil_yaml_find(b->node, "exclusive"), SEUIL_ERR_INVALID,
                      "\"%.64s\" and \"%.64s\" exclude each other by \"%.64s\", but overlap: both "
                      "hold when %s",
                      name_of(a), name_of(b), a->set.ptr,
                      search.witness[0] ? search.witness : "anything happens");
}

static void check_alone(struct seuil_model_reader *reader, const struct member *list, uint32_t at)
{
    const char *names[64];
    uint32_t count = 0;
    char hint[160];

    for (uint32_t i = 0; i < reader->exclusive.count; i++) {
        if (i == at)
            continue;
        if (seuil_str_eq(list[i].set, list[at].set) && list[i].kind == list[at].kind)
            return;
        if (count < 64)
            names[count++] = list[i].set.ptr;
    }
    seuil_model_error(reader, seuil_yaml_find(list[at].node, "exclusive"), SEUIL_ERR_UNKNOWN,
                      "nothing else of its kind is exclusive by \"%.64s\"%s", list[at].set.ptr,
                      seuil_suggest_text(list[at].set, names, count, hint, sizeof(hint)));
}

void seuil_model_exclusive(struct seuil_model_reader *reader)
{
    const struct member *list = reader->exclusive.list;
    uint32_t values = 0;

    for (uint32_t i = 0; i < reader->exclusive.count; i++) {
        check_alone(reader, list, i);
        for (uint32_t k = 0; k < i; k++)
            if (seuil_str_eq(list[i].set, list[k].set) && list[i].kind == list[k].kind)
                check_pair(reader, &list[k], &list[i], &values);
    }
}

uint32_t seuil_model_exclusive_set(const struct seuil_model_reader *reader,
                                   const struct seuil_condition *when)
{
    const struct member *list = reader->exclusive.list;
    uint32_t at = 0, first = 0;

    while (at < reader->exclusive.count && list[at].when != when)
        at++;
    if (!when || at == reader->exclusive.count)
        return UINT32_MAX;
    while (list[first].kind != list[at].kind || !seuil_str_eq(list[first].set, list[at].set))
        first++;
    return first;
}
