/* The parts of the index: built from triggers, each "when this is seen in that field, this rule is
 * a candidate". Used by rules_compile.c only. */

#ifndef SEUIL_CONF_RULES_BUILD_H
#define SEUIL_CONF_RULES_BUILD_H

#include "base/err.h"
#include "core/model.h"
#include "core/rule_index.h"

enum seuil_trigger_part {
    SEUIL_TRIGGER_EXACT,
    SEUIL_TRIGGER_PREFIX,
    SEUIL_TRIGGER_SUFFIX, /* text is reversed */
    SEUIL_TRIGGER_INNER,
    SEUIL_TRIGGER_NUMBER,
    SEUIL_TRIGGER_BOOL,
    SEUIL_TRIGGER_PRESENT,
    SEUIL_TRIGGER_ABSENT,
    SEUIL_TRIGGER_ALWAYS, /* no field */
};

struct seuil_trigger {
    uint8_t kind;  /* enum seuil_kind */
    uint8_t field; /* 0xff: none */
    uint8_t part;
    bool fold; /* texts; the value of a BOOL */
    bool low_open, high_open;
    uint16_t rule; /* or rule + SEUIL_RULE_DENIED: it cannot hold then */
    struct seuil_str key, text;
    double low, high;
};

struct seuil_build {
    struct seuil_arena *arena;
    struct seuil_error *err;
    uint32_t state_count; /* of all tries so far */
    uint64_t cell_count;
    uint64_t interval_postings;
    uint32_t mark_count;
};

/* Each builds one part from @count >= 1 triggers of one field and part, sorted by text, then rule;
 * 0 or a code with @build->err filled. */
int seuil_build_postings(struct seuil_build *build, const struct seuil_trigger *triggers,
                         uint32_t count, struct seuil_postings *ret_postings);
int seuil_build_exact(struct seuil_build *build, const struct seuil_trigger *triggers,
                      uint32_t count, const struct seuil_exact **ret_exact);
int seuil_build_trie(struct seuil_build *build, const struct seuil_trigger *triggers,
                     uint32_t count, const struct seuil_trie **ret_trie);
int seuil_build_intervals(struct seuil_build *build, const struct seuil_trigger *triggers,
                          uint32_t count, const struct seuil_intervals **ret_intervals);

int seuil_build_nomem(struct seuil_build *build);

#endif
