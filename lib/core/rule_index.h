/* The layout of the index that finds the rules an event may hit: what lib/conf/rules_compile.c
 * builds in the arena of a set and core/rules.c looks at. Nobody else needs it.
 *
 * Every rule that is not on its kind's `always` list is on at least one posting list that fires
 * whenever its condition holds; firing puts the list's rules among the candidates. A list may also
 * name a rule plus SEUIL_RULE_DENIED: firing takes that rule away again, whatever else fired. */

#ifndef SEUIL_CORE_RULE_INDEX_H
#define SEUIL_CORE_RULE_INDEX_H

#include <stdint.h>

#include "core/condition.h"
#include "core/model.h"

#define SEUIL_RULE_DENIED SEUIL_SET_RULES_MAX

struct seuil_postings {
    uint32_t count;
    const uint16_t *rules; /* or rule + SEUIL_RULE_DENIED */
};

/* Exact strings: open addressing, a power of two of cells, an empty one has postings.count 0. */
struct seuil_exact_cell {
    uint64_t hash;
    struct seuil_str text;
    struct seuil_postings postings;
};

struct seuil_exact {
    uint32_t mask; /* cells - 1; no table when len_max is 0 and cells is NULL */
    uint32_t len_max;
    const struct seuil_exact_cell *cells;
};

/* A trie with a full transition table over classes of bytes: next[state * class_count + class].
 * As prefixes or (walked backwards) suffixes: state 0 is dead, 1 the start. As an Aho-Corasick
 * automaton for substrings: 1 is the start, 0 is never reached. SEUIL_TRIE_FIRES is set in a
 * transition whose target has something to fire. */
#define SEUIL_TRIE_FIRES UINT32_C(0x80000000)

struct seuil_trie_state {
    struct seuil_postings postings;
    uint32_t also; /* the longest proper suffix that fires too; 0: none */
    uint32_t mark; /* of this state in the scratch: it fires once an event */
};

struct seuil_trie {
    uint32_t state_count; /* 0: no trie */
    uint32_t class_count;
    uint8_t class_of[256];
    const uint32_t *next;
    const struct seuil_trie_state *states;
};

/* Numbers: the bounds in use, ascending, cut the line into 2 n + 1 elementary intervals (below the
 * first bound, the bound itself, up to the next, ...); postings has as many. */
struct seuil_intervals {
    uint32_t bound_count;
    const double *bounds;
    const struct seuil_postings *postings;
};

/* All that is known of one field of one kind. [1] of a pair is for tests that ignore case. */
struct seuil_field_index {
    uint8_t field;
    struct seuil_str key; /* of SEUIL_FIELD_MAP */
    const struct seuil_exact *exact[2];
    const struct seuil_trie *prefix[2], *suffix[2], *inner[2];
    const struct seuil_intervals *numbers;
    struct seuil_postings bools[2]; /* false, true */
    struct seuil_postings present, absent;
};

struct seuil_kind_index {
    struct seuil_postings always;
    uint32_t field_count;
    const struct seuil_field_index *fields;
    uint32_t key_count; /* entries of the kind's map that are looked at */
    const struct seuil_field_index *keys;
    uint32_t key_mask;         /* of key_cells */
    const uint32_t *key_cells; /* hash of the key -> index in keys + 1; 0: empty */
    uint32_t absent_count;
    const uint32_t *absent_keys; /* indexes in keys of those that have absent postings */
};

struct seuil_rule_index {
    /* Whether @regex matches @subject: 1 or 0; negative when it gave up at a limit. @context is
     * the thread's own. NULL when no condition of the set has a regular expression. */
    int (*regex_match)(void *context, const struct seuil_regex *regex, struct seuil_str subject);
    struct seuil_kind_index kinds[SEUIL_KINDS];
    /* A bit for each rule whose lists put it among the candidates, and leave it there, only if its
     * condition holds: it need not be evaluated. */
    const uint64_t *sure;
    uint32_t mark_count; /* of trie states that may fire more than once */
};

#endif
