/* Which rules does an event hit? The answer must not cost a walk over all rules.
 *
 * The index (built by lib/conf/rules_compile.c) knows for each event kind a few cheap lookups over
 * the event's fields: exact values by hash, literals (prefixes, suffixes, substrings, and the
 * required literal of a regular expression) by one pass of an Aho-Corasick automaton, numeric
 * bounds by bisection. Each finds candidate rules; only candidates are evaluated. A rule whose
 * condition has no such handle is a candidate for every event of its kind. */

#ifndef SEUIL_CORE_RULES_H
#define SEUIL_CORE_RULES_H

#include <stdbool.h>
#include <stdint.h>

#include "core/event.h"
#include "core/model.h"

struct seuil_hits {
    uint32_t count;
    bool more;                     /* hits beyond SEUIL_HITS_MAX were left */
    uint16_t rule[SEUIL_HITS_MAX]; /* indexes in the set, ascending */
};

/* Space for one match at a time, sized by the set. */
struct seuil_rules_scratch;
size_t seuil_rules_scratch_size(const struct seuil_models *models);
struct seuil_rules_scratch *
seuil_rules_scratch_init(void *memory, const struct seuil_models *models, void *regex);

/* The rules of all models whose kind and condition @event satisfies. A rule's condition reads only
 * the event itself, so the answer does not depend on what came before. */
void seuil_rules_match(const struct seuil_models *models, struct seuil_rules_scratch *scratch,
                       const struct seuil_event *event, struct seuil_hits *ret_hits);

/* How often a regular expression gave up at its match limit (counted as no match). */
uint64_t seuil_rules_regex_failures(const struct seuil_rules_scratch *scratch);

/* Whether a condition over attributes holds. @values is indexed as models->attributes; a NULL type
 * is an unknown attribute. */
bool seuil_rules_attributes_match(const struct seuil_condition *condition,
                                  struct seuil_rules_scratch *scratch,
                                  const struct seuil_value *values);

#endif
