#include "core/rules.h"

#include <assert.h>
#include <stdalign.h>
#include <stddef.h>
#include <string.h>

#include "base/hash.h"
#include "core/condition.h"
#include "core/rule_eval.h"
#include "core/rule_index.h"

#define WORDS (SEUIL_SET_RULES_MAX / 64)
_Static_assert(SEUIL_SET_RULES_MAX % 64 == 0 && SEUIL_RULE_DENIED == 64 * WORDS &&
                   SEUIL_RULE_DENIED + SEUIL_SET_RULES_MAX <= UINT16_MAX + 1,
               "what is denied stands in words of its own");

struct seuil_rules_scratch {
    const struct seuil_models *models;
    struct seuil_regex_use regex;
    uint32_t word_count;
    uint32_t epoch; /* of this event; a mark that equals it has fired */
    /* A bit for each rule, then one for each denied; those in use are clear between events. */
    uint64_t candidates[2 * WORDS];
    uint32_t marks[];
};

size_t seuil_rules_scratch_size(const struct seuil_models *models)
{
    uint32_t marks = models->index ? models->index->mark_count : 0;
    size_t size = offsetof(struct seuil_rules_scratch, marks) + marks * sizeof(uint32_t);

    if (size < sizeof(struct seuil_rules_scratch))
        size = sizeof(struct seuil_rules_scratch);
    return (size + alignof(max_align_t) - 1) & ~(alignof(max_align_t) - 1);
}

struct seuil_rules_scratch *seuil_rules_scratch_init(void *memory,
                                                     const struct seuil_models *models, void *regex)
{
    struct seuil_rules_scratch *scratch = memory;

    assert(models->rule_count <= SEUIL_SET_RULES_MAX);
    memset(memory, 0, seuil_rules_scratch_size(models));
    scratch->models = models;
    scratch->regex.match = models->index ? models->index->regex_match : NULL;
    scratch->regex.context = regex;
    scratch->word_count = (models->rule_count + 63) / 64;
    return scratch;
}

uint64_t seuil_rules_regex_failures(const struct seuil_rules_scratch *scratch)
{
    return scratch->regex.failures;
}

static inline void fire(struct seuil_rules_scratch *scratch, struct seuil_postings postings)
{
    for (uint32_t i = 0; i < postings.count; i++)
        scratch->candidates[postings.rules[i] / 64] |= UINT64_C(1) << postings.rules[i] % 64;
}

static inline uint8_t byte_at(struct seuil_str text, uint32_t at, bool fold)
{
    return fold ? seuil_text_fold_at(text.ptr, at) : (uint8_t)text.ptr[at];
}

static void probe_exact(struct seuil_rules_scratch *scratch, const struct seuil_exact *exact,
                        struct seuil_str text, bool fold)
{
    char folded[SEUIL_PATTERN_MAX];
    uint64_t hash;

    if (text.len > exact->len_max)
        return;
    if (fold) {
        assert(exact->len_max <= sizeof(folded));
        for (uint32_t i = 0; i < text.len; i++)
            folded[i] = (char)seuil_text_fold_at(text.ptr, i);
        text.ptr = folded;
    }
    hash = seuil_hash64(text.ptr, text.len);
    for (uint32_t at = (uint32_t)hash & exact->mask;; at = (at + 1) & exact->mask) {
        const struct seuil_exact_cell *cell = &exact->cells[at];

        if (cell->postings.count == 0)
            return;
        if (cell->hash == hash && seuil_str_eq(cell->text, text)) {
            fire(scratch, cell->postings);
            return;
        }
    }
}

/* Walk from the start, or from the end, until no text of the trie can match. */
static void probe_anchored(struct seuil_rules_scratch *scratch, const struct seuil_trie *trie,
                           struct seuil_str text, bool fold, bool backwards)
{
    uint32_t state = 1;

    for (uint32_t i = 0; i < text.len; i++) {
        uint8_t byte = byte_at(text, backwards ? text.len - 1 - i : i, fold);
        uint32_t next = trie->next[state * trie->class_count + trie->class_of[byte]];

        state = next & ~SEUIL_TRIE_FIRES;
        if (state == 0)
            return;
        if (next & SEUIL_TRIE_FIRES)
            fire(scratch, trie->states[state].postings);
    }
}

static void probe_inner(struct seuil_rules_scratch *scratch, const struct seuil_trie *trie,
                        struct seuil_str text, bool fold)
{
    uint32_t state = 1;

    for (uint32_t i = 0; i < text.len; i++) {
        uint8_t byte = byte_at(text, i, fold);
        uint32_t next = trie->next[state * trie->class_count + trie->class_of[byte]];

        state = next & ~SEUIL_TRIE_FIRES;
        if (!(next & SEUIL_TRIE_FIRES))
            continue;
        /* A state that fired has fired its suffixes too. */
        for (uint32_t s = state; s; s = trie->states[s].also) {
            uint32_t *mark = &scratch->marks[trie->states[s].mark];

            if (*mark == scratch->epoch)
                break;
            *mark = scratch->epoch;
            fire(scratch, trie->states[s].postings);
        }
    }
}

static void probe_number(struct seuil_rules_scratch *scratch,
                         const struct seuil_intervals *intervals, double number)
{
    uint32_t low = 0, high = intervals->bound_count;

    /* The first bound that is not below the number. */
    while (low < high) {
        uint32_t middle = low + (high - low) / 2;

        if (intervals->bounds[middle] < number)
            low = middle + 1;
        else
            high = middle;
    }
    if (low < intervals->bound_count && intervals->bounds[low] == number)
        fire(scratch, intervals->postings[2 * low + 1]);
    else
        fire(scratch, intervals->postings[2 * low]);
}

static void probe_string(struct seuil_rules_scratch *scratch, const struct seuil_field_index *field,
                         struct seuil_str text)
{
    double number;

    for (int fold = 0; fold < 2; fold++) {
        if (field->exact[fold])
            probe_exact(scratch, field->exact[fold], text, fold);
        if (field->prefix[fold])
            probe_anchored(scratch, field->prefix[fold], text, fold, false);
        if (field->suffix[fold])
            probe_anchored(scratch, field->suffix[fold], text, fold, true);
        if (field->inner[fold])
            probe_inner(scratch, field->inner[fold], text, fold);
    }
    if (field->numbers && seuil_text_number(text, &number))
        probe_number(scratch, field->numbers, number);
}

static void probe(struct seuil_rules_scratch *scratch, const struct seuil_field_index *field,
                  const struct seuil_value *value)
{
    switch (value->type) {
    case SEUIL_TYPE_NULL:
        fire(scratch, field->absent);
        return;
    case SEUIL_TYPE_BOOL:
        fire(scratch, field->bools[value->b]);
        break;
    case SEUIL_TYPE_INT:
        if (field->numbers)
            probe_number(scratch, field->numbers, (double)value->i);
        break;
    case SEUIL_TYPE_DOUBLE:
        if (field->numbers)
            probe_number(scratch, field->numbers, value->d);
        break;
    case SEUIL_TYPE_STRING:
        probe_string(scratch, field, value->s);
        break;
    default:
        assert(!"a type of value");
    }
    fire(scratch, field->present);
}

static const struct seuil_field_index *find_key(const struct seuil_kind_index *kind,
                                                struct seuil_str key)
{
    uint32_t at = (uint32_t)seuil_hash64(key.ptr, key.len) & kind->key_mask;

    for (; kind->key_cells[at]; at = (at + 1) & kind->key_mask) {
        const struct seuil_field_index *field = &kind->keys[kind->key_cells[at] - 1];

        if (seuil_str_eq(field->key, key))
            return field;
    }
    return NULL;
}

static void probe_map(struct seuil_rules_scratch *scratch, const struct seuil_kind_index *kind,
                      const struct seuil_event *event)
{
    for (uint32_t i = 0; i < event->map_count; i++) {
        const struct seuil_field_index *field = find_key(kind, event->map[i].key);

        if (field)
            probe(scratch, field, &event->map[i].value);
    }
    for (uint32_t i = 0; i < kind->absent_count; i++) {
        const struct seuil_field_index *field = &kind->keys[kind->absent_keys[i]];

        if (!seuil_event_entry(event, field->key))
            fire(scratch, field->absent);
    }
}

static void next_epoch(struct seuil_rules_scratch *scratch)
{
    if (++scratch->epoch != 0)
        return;
    memset(scratch->marks, 0, scratch->models->index->mark_count * sizeof(scratch->marks[0]));
    scratch->epoch = 1;
}

void seuil_rules_match(const struct seuil_models *models, struct seuil_rules_scratch *scratch,
                       const struct seuil_event *event, struct seuil_hits *ret_hits)
{
    const struct seuil_kind_index *kind;

    assert(scratch->models == models);
    ret_hits->count = 0;
    ret_hits->more = false;
    if (event->kind >= SEUIL_KINDS || !models->index)
        return;
    kind = &models->index->kinds[event->kind];
    next_epoch(scratch);
    fire(scratch, kind->always);
    for (uint32_t i = 0; i < kind->field_count; i++)
        probe(scratch, &kind->fields[i], &event->field[kind->fields[i].field]);
    if (kind->key_count)
        probe_map(scratch, kind, event);

    for (uint32_t word = 0; word < scratch->word_count; word++) {
        uint64_t bits = scratch->candidates[word] & ~scratch->candidates[WORDS + word];

        scratch->candidates[word] = scratch->candidates[WORDS + word] = 0;
        for (; bits; bits &= bits - 1) {
            uint32_t rule = word * 64 + (uint32_t)__builtin_ctzll(bits);

            if (!(models->index->sure[word] >> rule % 64 & 1) &&
                !seuil_condition_holds(models->rules[rule].when, &scratch->regex, event, NULL))
                continue;
            if (ret_hits->count == SEUIL_HITS_MAX) {
                ret_hits->more = true;
                break; /* of this word; the others are cleared all the same */
            }
            ret_hits->rule[ret_hits->count++] = (uint16_t)rule;
        }
    }
}

bool seuil_rules_attributes_match(const struct seuil_condition *condition,
                                  struct seuil_rules_scratch *scratch,
                                  const struct seuil_value *values)
{
    return seuil_condition_holds(condition, &scratch->regex, NULL, values);
}
