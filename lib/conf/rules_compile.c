#include "conf/rules_compile.h"

#include <assert.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/hash.h"
#include "base/heap.h"
#include "conf/regex.h"
#include "conf/rules_build.h"
#include "core/condition.h"

#define NO_FIELD 0xff

/* In place of a kind: over attributes, and over grade and status too. */
enum { ATTRIBUTES = -1, STANDING = -2 };

struct triggers {
    struct seuil_trigger *list; /* heap */
    uint32_t count, cap;
    struct seuil_arena *arena; /* of the set: for texts that must stay */
};

/* ---- conditions as the core expects them ------------------------------------------------- */

static bool list_sorted(const struct seuil_condition *test)
{
    for (uint32_t i = 0; i < test->count; i++) {
        if (test->values[i].type == SEUIL_TYPE_NULL || test->values[i].type == SEUIL_TYPE_NUMBER ||
            (test->values[i].type == SEUIL_TYPE_STRING &&
             test->values[i].s.len > SEUIL_PATTERN_MAX))
            return false;
        if (i > 0 && seuil_value_cmp(&test->values[i - 1], &test->values[i]) >= 0)
            return false;
    }
    return true;
}

static bool test_valid(const struct seuil_models *models, const struct seuil_condition *test,
                       int kind)
{
    if (test->field == SEUIL_FIELD_ATTRIBUTE) {
        if (kind >= 0 || (test->attribute >= models->attribute_count &&
                          (kind != STANDING || test->attribute < SEUIL_ATTRIBUTES_MAX ||
                           test->attribute >= SEUIL_ATTRIBUTES_MAX + SEUIL_STANDINGS)))
            return false;
    } else if (kind < 0 || test->field > SEUIL_FIELD_MAP) {
        return false;
    } else if (test->field == SEUIL_FIELD_MAP) {
        if (!seuil_kind_map_name((enum seuil_kind)kind))
            return false;
    } else if (!seuil_field_of_kind((enum seuil_field)test->field, (enum seuil_kind)kind)) {
        return false;
    }
    switch (test->op) {
    case SEUIL_COND_IN:
        return list_sorted(test);
    case SEUIL_COND_PREFIX:
    case SEUIL_COND_SUFFIX:
    case SEUIL_COND_CONTAINS:
        return test->text.len > 0 && test->text.len <= SEUIL_PATTERN_MAX;
    case SEUIL_COND_REGEX:
        return test->regex && test->regex->code;
    case SEUIL_COND_RANGE:
        return !isnan(test->low) && !isnan(test->high);
    default:
        return test->op == SEUIL_COND_PRESENT || test->op == SEUIL_COND_ABSENT;
    }
}

/* Whether the core may walk the tree. @kind < 0: over attributes. */
static bool condition_valid(const struct seuil_models *models,
                            const struct seuil_condition *condition, int kind, unsigned depth)
{
    if (depth > SEUIL_CONDITION_DEPTH_MAX)
        return false;
    if (condition->op > SEUIL_COND_NOT)
        return test_valid(models, condition, kind);
    if (condition->op == SEUIL_COND_NOT && condition->count != 1)
        return false;
    for (uint32_t i = 0; i < condition->count; i++)
        if (!condition_valid(models, &condition->children[i], kind, depth + 1))
            return false;
    return true;
}

/* ---- which events can make a condition hold ---------------------------------------------- */

/* How much a test leaves out: the higher, the better a handle; 0: no handle at all. */
#define RANK_NEVER   1000 /* cannot hold */
#define RANK_EXACT   200
#define RANK_TEXT    60 /* and a point for each byte */
#define RANK_NUMBER  50
#define RANK_RANGE   30
#define RANK_BOOL    5
#define RANK_PRESENT 2
#define RANK_ABSENT  1

static int rank_text(struct seuil_str text)
{
    return RANK_TEXT + (text.len < 60 ? (int)text.len : 60);
}

static int rank_list(const struct seuil_condition *test)
{
    int worst = RANK_NEVER;

    for (uint32_t i = 0; i < test->count; i++) {
        int rank = test->values[i].type == SEUIL_TYPE_STRING ? RANK_EXACT
                   : test->values[i].type == SEUIL_TYPE_BOOL ? RANK_BOOL
                                                             : RANK_NUMBER;
        worst = rank < worst ? rank : worst;
    }
    return worst;
}

static int rank_regex(const struct seuil_regex *regex)
{
    int worst = RANK_NEVER;

    if (regex->literal_count == 0)
        return RANK_PRESENT;
    for (uint32_t i = 0; i < regex->literal_count; i++) {
        int rank = rank_text(regex->literals[i]);

        worst = rank < worst ? rank : worst;
    }
    return worst;
}

static int rank_of(const struct seuil_condition *condition);

/* @best: the highest rank of the children, else the lowest. */
static int rank_children(const struct seuil_condition *condition, bool best)
{
    int rank = best ? 0 : RANK_NEVER;

    for (uint32_t i = 0; i < condition->count; i++) {
        int child = rank_of(&condition->children[i]);

        if (best ? child > rank : child < rank)
            rank = child;
    }
    return rank;
}

static int rank_of(const struct seuil_condition *condition)
{
    switch (condition->op) {
    case SEUIL_COND_ALL:
        return rank_children(condition, true);
    case SEUIL_COND_ANY:
        return rank_children(condition, false);
    case SEUIL_COND_IN:
        return rank_list(condition);
    case SEUIL_COND_PREFIX:
    case SEUIL_COND_SUFFIX:
    case SEUIL_COND_CONTAINS:
        return rank_text(condition->text);
    case SEUIL_COND_REGEX:
        return rank_regex(condition->regex);
    case SEUIL_COND_RANGE:
        return RANK_RANGE;
    case SEUIL_COND_PRESENT:
        return RANK_PRESENT;
    case SEUIL_COND_ABSENT:
        return RANK_ABSENT;
    default:
        return 0; /* NOT: what is not there is no handle */
    }
}

/* ---- triggers ---------------------------------------------------------------------------- */

static int add(struct triggers *triggers, struct seuil_trigger trigger)
{
    if (triggers->count == triggers->cap) {
        uint32_t cap = triggers->cap ? 2 * triggers->cap : 64;
        void *list = seuil_heap_realloc(triggers->list, cap * sizeof(*triggers->list));

        if (!list)
            return SEUIL_ERR_NOMEM;
        triggers->list = list;
        triggers->cap = cap;
    }
    triggers->list[triggers->count++] = trigger;
    return 0;
}

static int add_reversed(struct triggers *triggers, struct seuil_trigger trigger)
{
    char *copy = seuil_arena_alloc(triggers->arena, trigger.text.len, 1);

    if (!copy)
        return SEUIL_ERR_NOMEM;
    for (uint32_t i = 0; i < trigger.text.len; i++)
        copy[i] = trigger.text.ptr[trigger.text.len - 1 - i];
    trigger.text.ptr = copy;
    return add(triggers, trigger);
}

static int add_list(struct triggers *triggers, struct seuil_trigger trigger,
                    const struct seuil_condition *test)
{
    int rc = 0;

    for (uint32_t i = 0; !rc && i < test->count; i++) {
        const struct seuil_value *value = &test->values[i];

        switch (value->type) {
        case SEUIL_TYPE_STRING:
            trigger.part = SEUIL_TRIGGER_EXACT;
            trigger.fold = test->ignore_case;
            trigger.text = value->s;
            break;
        case SEUIL_TYPE_BOOL:
            trigger.part = SEUIL_TRIGGER_BOOL;
            trigger.fold = value->b;
            trigger.text = (struct seuil_str){NULL, 0};
            break;
        default:
            trigger.part = SEUIL_TRIGGER_NUMBER;
            trigger.fold = false;
            trigger.text = (struct seuil_str){NULL, 0};
            trigger.low = value->type == SEUIL_TYPE_INT ? (double)value->i : value->d;
            trigger.high = trigger.low;
        }
        rc = add(triggers, trigger);
    }
    return rc;
}

static int add_regex(struct triggers *triggers, struct seuil_trigger trigger,
                     const struct seuil_regex *regex)
{
    int rc = 0;

    if (regex->literal_count == 0) {
        trigger.part = SEUIL_TRIGGER_PRESENT;
        trigger.fold = false;
        return add(triggers, trigger);
    }
    trigger.part = SEUIL_TRIGGER_INNER;
    trigger.fold = regex->ignore_case;
    for (uint32_t i = 0; !rc && i < regex->literal_count; i++) {
        trigger.text = regex->literals[i];
        rc = add(triggers, trigger);
    }
    return rc;
}

static int add_test(struct triggers *triggers, struct seuil_trigger trigger,
                    const struct seuil_condition *test)
{
    trigger.field = test->field;
    trigger.key = test->key;
    trigger.fold = test->ignore_case;
    trigger.text = test->text;
    switch (test->op) {
    case SEUIL_COND_IN:
        return add_list(triggers, trigger, test);
    case SEUIL_COND_PREFIX:
        trigger.part = SEUIL_TRIGGER_PREFIX;
        return add(triggers, trigger);
    case SEUIL_COND_SUFFIX:
        trigger.part = SEUIL_TRIGGER_SUFFIX;
        return add_reversed(triggers, trigger);
    case SEUIL_COND_CONTAINS:
        trigger.part = SEUIL_TRIGGER_INNER;
        return add(triggers, trigger);
    case SEUIL_COND_REGEX:
        return add_regex(triggers, trigger, test->regex);
    default:
        trigger.fold = false;
        trigger.text = (struct seuil_str){NULL, 0};
    }
    if (test->op == SEUIL_COND_RANGE) {
        if (test->low == INFINITY || test->high == -INFINITY)
            return 0; /* cannot hold */
        trigger.part = SEUIL_TRIGGER_NUMBER;
        trigger.low = test->low;
        trigger.high = test->high;
        trigger.low_open = test->low_open;
        trigger.high_open = test->high_open;
    } else {
        trigger.part =
            test->op == SEUIL_COND_PRESENT ? SEUIL_TRIGGER_PRESENT : SEUIL_TRIGGER_ABSENT;
    }
    return add(triggers, trigger);
}

/* The condition cannot hold unless one of the triggers added here fires. Its rank is above 0. */
static int add_condition(struct triggers *triggers, struct seuil_trigger trigger,
                         const struct seuil_condition *condition)
{
    const struct seuil_condition *best = NULL;
    int best_rank = 0, rc = 0;

    assert(condition->op != SEUIL_COND_NOT);
    if (condition->op == SEUIL_COND_ANY) {
        for (uint32_t i = 0; !rc && i < condition->count; i++)
            rc = add_condition(triggers, trigger, &condition->children[i]);
        return rc;
    }
    if (condition->op != SEUIL_COND_ALL)
        return add_test(triggers, trigger, condition);
    for (uint32_t i = 0; i < condition->count; i++) {
        int rank = rank_of(&condition->children[i]);

        if (rank > best_rank) {
            best_rank = rank;
            best = &condition->children[i];
        }
    }
    return add_condition(triggers, trigger, best);
}

/* Whether the triggers of @condition fire only if it holds: tests of texts do. */
static bool is_sure(const struct seuil_condition *condition)
{
    if (!condition)
        return true;
    switch (condition->op) {
    case SEUIL_COND_ALL:
        return condition->count == 0 || (condition->count == 1 && is_sure(&condition->children[0]));
    case SEUIL_COND_ANY:
        for (uint32_t i = 0; i < condition->count; i++)
            if (!is_sure(&condition->children[i]))
                return false;
        return condition->count > 0;
    case SEUIL_COND_IN:
        for (uint32_t i = 0; i < condition->count; i++)
            if (condition->values[i].type != SEUIL_TYPE_STRING)
                return false;
        return true;
    default:
        return condition->op == SEUIL_COND_PREFIX || condition->op == SEUIL_COND_SUFFIX ||
               condition->op == SEUIL_COND_CONTAINS;
    }
}

/* A test that must not hold, and whose triggers say whether it does. */
static bool is_denial(const struct seuil_condition *condition)
{
    return condition->op == SEUIL_COND_NOT && rank_of(&condition->children[0]) > 0 &&
           is_sure(&condition->children[0]);
}

/* Whether triggers and denials together say whether the condition of a rule holds. */
static bool is_decided(const struct seuil_condition *when)
{
    uint32_t asked = 0;

    if (!when || is_sure(when) || is_denial(when))
        return true;
    for (uint32_t i = 0; when->op == SEUIL_COND_ALL && i < when->count; i++) {
        if (is_denial(&when->children[i]))
            continue;
        if (!is_sure(&when->children[i]) || ++asked > 1)
            return false;
    }
    return when->op == SEUIL_COND_ALL;
}

static int add_denials(struct triggers *triggers, struct seuil_trigger trigger,
                       const struct seuil_condition *when)
{
    const struct seuil_condition *tests = when->op == SEUIL_COND_ALL ? when->children : when;
    uint32_t count = when->op == SEUIL_COND_ALL ? when->count : 1;
    int rc = 0;

    trigger.rule += SEUIL_RULE_DENIED;
    for (uint32_t i = 0; !rc && i < count; i++)
        if (is_denial(&tests[i]))
            rc = add_condition(triggers, trigger, &tests[i].children[0]);
    return rc;
}

static int add_rule(struct triggers *triggers, const struct seuil_rule *rule, uint32_t index)
{
    struct seuil_trigger trigger = {.kind = rule->kind, .field = NO_FIELD, .rule = (uint16_t)index};
    int rc = rule->when ? add_denials(triggers, trigger, rule->when) : 0;

    if (rc)
        return rc;
    if (rule->when && rank_of(rule->when) > 0)
        return add_condition(triggers, trigger, rule->when);
    trigger.part = SEUIL_TRIGGER_ALWAYS;
    return add(triggers, trigger);
}

static uint64_t *build_sure(struct seuil_models *models)
{
    uint64_t *sure = seuil_arena_alloc(&models->arena, models->rule_count / 64 + 1, sizeof(*sure));

    if (!sure)
        return NULL;
    memset(sure, 0, (models->rule_count / 64 + 1) * sizeof(*sure));
    for (uint32_t i = 0; i < models->rule_count; i++)
        if (is_decided(models->rules[i].when))
            sure[i / 64] |= UINT64_C(1) << i % 64;
    return sure;
}

static int same_field_cmp(const struct seuil_trigger *a, const struct seuil_trigger *b)
{
    if (a->kind != b->kind)
        return a->kind < b->kind ? -1 : 1;
    if (a->field != b->field)
        return a->field < b->field ? -1 : 1;
    return seuil_str_cmp(a->key, b->key);
}

static int same_part_cmp(const struct seuil_trigger *a, const struct seuil_trigger *b)
{
    int c = same_field_cmp(a, b);

    if (c)
        return c;
    if (a->part != b->part)
        return a->part < b->part ? -1 : 1;
    return a->fold - b->fold;
}

static int trigger_cmp(const void *left, const void *right)
{
    const struct seuil_trigger *a = left, *b = right;
    int c = same_part_cmp(a, b);

    if (!c)
        c = seuil_str_cmp(a->text, b->text);
    return c ? c : (a->rule > b->rule) - (a->rule < b->rule);
}

/* ---- the index --------------------------------------------------------------------------- */

static int build_part(struct seuil_build *build, const struct seuil_trigger *t, uint32_t count,
                      struct seuil_field_index *field)
{
    /* One run for each part: folding belongs to texts, and to the value of bools. */
    assert(!t->fold || t->part <= SEUIL_TRIGGER_INNER || t->part == SEUIL_TRIGGER_BOOL);
    switch (t->part) {
    case SEUIL_TRIGGER_EXACT:
        return seuil_build_exact(build, t, count, &field->exact[t->fold]);
    case SEUIL_TRIGGER_PREFIX:
        return seuil_build_trie(build, t, count, &field->prefix[t->fold]);
    case SEUIL_TRIGGER_SUFFIX:
        return seuil_build_trie(build, t, count, &field->suffix[t->fold]);
    case SEUIL_TRIGGER_INNER:
        return seuil_build_trie(build, t, count, &field->inner[t->fold]);
    case SEUIL_TRIGGER_NUMBER:
        return seuil_build_intervals(build, t, count, &field->numbers);
    case SEUIL_TRIGGER_BOOL:
        return seuil_build_postings(build, t, count, &field->bools[t->fold]);
    case SEUIL_TRIGGER_PRESENT:
        return seuil_build_postings(build, t, count, &field->present);
    default:
        assert(t->part == SEUIL_TRIGGER_ABSENT);
        return seuil_build_postings(build, t, count, &field->absent);
    }
}

/* How many of @t from the first on are equal to it by @cmp. */
static uint32_t run(const struct seuil_trigger *t, uint32_t count,
                    int (*cmp)(const struct seuil_trigger *, const struct seuil_trigger *))
{
    uint32_t n = 1;

    while (n < count && cmp(&t[0], &t[n]) == 0)
        n++;
    return n;
}

static int build_field(struct seuil_build *build, const struct seuil_trigger *t, uint32_t count,
                       struct seuil_field_index *field)
{
    field->field = t->field;
    field->key = t->key;
    for (uint32_t at = 0, n; at < count; at += n) {
        int rc;

        n = run(t + at, count - at, same_part_cmp);
        rc = build_part(build, t + at, n, field);
        if (rc)
            return rc;
    }
    return 0;
}

/* The hash of the keys, and those whose absence matters. */
static int build_keys(struct seuil_build *build, struct seuil_kind_index *kind)
{
    uint32_t size = 4, *cells, *absent;

    while (size < 2 * kind->key_count)
        size *= 2;
    cells = seuil_arena_alloc(build->arena, size, sizeof(*cells));
    absent = seuil_arena_alloc(build->arena, kind->key_count, sizeof(*absent));
    if (!cells || !absent)
        return seuil_build_nomem(build);
    kind->key_mask = size - 1;
    kind->key_cells = cells;
    kind->absent_keys = absent;
    for (uint32_t i = 0; i < kind->key_count; i++) {
        struct seuil_str key = kind->keys[i].key;
        uint32_t at = (uint32_t)seuil_hash64(key.ptr, key.len) & kind->key_mask;

        while (cells[at])
            at = (at + 1) & kind->key_mask;
        cells[at] = i + 1;
        if (kind->keys[i].absent.count)
            absent[kind->absent_count++] = i;
    }
    return 0;
}

static int build_kind(struct seuil_build *build, const struct seuil_trigger *t, uint32_t count,
                      struct seuil_kind_index *kind)
{
    uint32_t distinct = 0, n;
    struct seuil_field_index *fields;
    int rc = 0;

    for (uint32_t at = 0; at < count; at += run(t + at, count - at, same_field_cmp))
        distinct++;
    fields = seuil_arena_alloc(build->arena, distinct, sizeof(*fields));
    if (!fields)
        return seuil_build_nomem(build);
    kind->fields = fields;
    for (uint32_t at = 0; !rc && at < count; at += n) {
        n = run(t + at, count - at, same_field_cmp);
        if (t[at].field == NO_FIELD) {
            rc = seuil_build_postings(build, t + at, n, &kind->always);
        } else if (t[at].field == SEUIL_FIELD_MAP) {
            /* Sorted last but one, so the keys lie behind the fields. */
            if (kind->key_count == 0)
                kind->keys = fields + kind->field_count;
            rc = build_field(build, t + at, n, &fields[kind->field_count + kind->key_count++]);
        } else {
            rc = build_field(build, t + at, n, &fields[kind->field_count++]);
        }
    }
    return rc || kind->key_count == 0 ? rc : build_keys(build, kind);
}

static int build_index(struct seuil_models *models, struct triggers *triggers,
                       struct seuil_error *err)
{
    struct seuil_rule_index *index = seuil_arena_alloc(&models->arena, 1, sizeof(*index));
    struct seuil_build build = {.arena = &models->arena, .err = err};
    const struct seuil_trigger *t = triggers->list;
    uint32_t count = triggers->count;
    int rc = 0;

    if (!index || !(index->sure = build_sure(models)))
        return seuil_build_nomem(&build);
    if (count)
        qsort(triggers->list, count, sizeof(*t), trigger_cmp);
    while (!rc && count) {
        uint32_t n = 1;

        while (n < count && t[n].kind == t[0].kind)
            n++;
        rc = build_kind(&build, t, n, &index->kinds[t[0].kind]);
        t += n;
        count -= n;
    }
    index->mark_count = build.mark_count;
    index->regex_match = seuil_regex_match;
    models->index = index;
    return rc;
}

static int pair_cmp(const void *a, const void *b)
{
    uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;

    return (x > y) - (x < y);
}

/* A state names a rule by its key alone. */
static int check_keys(const struct seuil_models *models, struct seuil_error *err)
{
    uint32_t count = models->rule_count;
    uint64_t *pairs = seuil_heap_alloc(count * sizeof(*pairs));
    int rc = 0;

    if (!pairs)
        return seuil_build_nomem(&(struct seuil_build){.err = err});
    for (uint32_t i = 0; i < count; i++)
        pairs[i] = (uint64_t)models->rules[i].key << 32 | i;
    qsort(pairs, count, sizeof(*pairs), pair_cmp);
    for (uint32_t i = 1; i < count; i++)
        if (pairs[i] >> 32 == pairs[i - 1] >> 32)
            rc = seuil_error_set(err, SEUIL_ERR_INVALID,
                                 "rules \"%s\" and \"%s\" have the same key: give one of them "
                                 "another name",
                                 models->rules[(uint32_t)pairs[i - 1]].name,
                                 models->rules[(uint32_t)pairs[i]].name);
    seuil_heap_free(pairs);
    return rc;
}

static bool criterion_valid(const struct seuil_models *models,
                            const struct seuil_criterion *criterion, bool excludes)
{
    if (!criterion->when && (excludes || (criterion->case_count == 0 && criterion->number == 0)))
        return false;
    if (criterion->when && !condition_valid(models, criterion->when, ATTRIBUTES, 1))
        return false;
    for (uint32_t i = 0; i < criterion->case_count; i++)
        if (!criterion->cases[i].when ||
            !condition_valid(models, criterion->cases[i].when, ATTRIBUTES, 1))
            return false;
    return criterion->number <= models->attribute_count;
}

static int check(const struct seuil_models *models, struct seuil_error *err)
{
    if (models->rule_count > SEUIL_SET_RULES_MAX)
        return seuil_error_set(err, SEUIL_ERR_LIMIT, "%u rules: at most %d are allowed",
                               models->rule_count, SEUIL_RULES_MAX);
    for (uint32_t i = 0; i < models->rule_count; i++) {
        const struct seuil_rule *rule = &models->rules[i];

        if (rule->kind >= SEUIL_KINDS ||
            (rule->when && !condition_valid(models, rule->when, rule->kind, 1)) ||
            (rule->counts_while && !condition_valid(models, rule->counts_while, STANDING, 1)))
            return seuil_error_set(err, SEUIL_ERR_INVALID,
                                   "the condition of rule \"%s\" is not well-formed", rule->name);
    }
    for (uint32_t m = 0; m < models->model_count; m++) {
        const struct seuil_model *model = &models->models[m];

        for (uint32_t i = 0; i < (uint32_t)model->fit_count + model->exclusion_count; i++) {
            const struct seuil_criterion *criterion =
                i < model->fit_count ? &model->fit[i] : &model->exclusions[i - model->fit_count];

            if (!criterion_valid(models, criterion, i >= model->fit_count))
                return seuil_error_set(err, SEUIL_ERR_INVALID,
                                       "the condition of criterion \"%s\" is not well-formed",
                                       criterion->name);
        }
        for (uint32_t i = 0; i < model->tier_count; i++)
            if (model->tiers[i].when && !condition_valid(models, model->tiers[i].when, STANDING, 1))
                return seuil_error_set(err, SEUIL_ERR_INVALID,
                                       "the condition of tier \"%s\" is not well-formed",
                                       model->tiers[i].name);
    }
    return 0;
}

int seuil_rules_compile(struct seuil_models *models, struct seuil_error *err)
{
    struct triggers triggers = {.arena = &models->arena};
    int rc = check(models, err);

    for (uint32_t i = 0; !rc && i < models->rule_count; i++) {
        rc = add_rule(&triggers, &models->rules[i], i);
        if (rc)
            seuil_error_set(err, rc, "out of memory while compiling rules");
    }
    if (!rc)
        rc = build_index(models, &triggers, err);
    if (!rc)
        rc = check_keys(models, err);
    seuil_heap_free(triggers.list);
    return rc;
}
