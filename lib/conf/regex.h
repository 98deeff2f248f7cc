/* Regular expressions of conditions and maps: PCRE2, held short.
 *
 * An expression runs only where one of its literals was found, under limits on steps, depth and
 * memory; a subject that exhausts them is counted and does not match. Patterns and subjects are
 * UTF-8, \w, \d and \b know all letters, `$` is the very end. Verbs such as (*LIMIT_MATCH=..) and
 * \C are refused. */

#ifndef SEUIL_CONF_REGEX_H
#define SEUIL_CONF_REGEX_H

#include "base/arena.h"
#include "base/err.h"
#include "core/condition.h"
#include "core/model.h"

/* One step is about 10 ns: a hopeless subject costs at most about a millisecond. */
#define SEUIL_REGEX_STEPS_MAX 100000
#define SEUIL_REGEX_DEPTH_MAX 2000
#define SEUIL_REGEX_HEAP_KIB  256
/* Literals of one expression, for example one for each branch of an alternation. */
#define SEUIL_REGEX_LITERALS_MAX 16

/* Groups whose text can be taken. */
#define SEUIL_REGEX_CAPTURES_MAX 9

/* Depth of nested groups. */
#define SEUIL_REGEX_GROUPS_MAX 50

/* Compile @pattern into @arena. (?i) at its beginning is the same as @ignore_case.
 * SEUIL_ERR_INVALID: what and where is in @err; SEUIL_ERR_NOMEM. */
int seuil_regex_compile(struct seuil_arena *arena, struct seuil_str pattern, bool ignore_case,
                        const struct seuil_regex **ret_regex, struct seuil_error *err);

/* Find literals of which one is in whatever @pattern matches; folded when @ignore_case. Their
 * number goes to @ret_count (0: none), the bytes into @arena. 0, SEUIL_ERR_NOMEM, or
 * SEUIL_ERR_UNSUPPORTED for a verb. */
int seuil_regex_literals(struct seuil_arena *arena, struct seuil_str pattern, bool ignore_case,
                         const struct seuil_str **ret_literals, uint32_t *ret_count);

/* What one thread needs to match: seuil_scratch_init takes it. NULL when memory is out. @models may
 * be NULL. */
void *seuil_models_regex_new(const struct seuil_models *models);
void seuil_models_regex_free(void *context);

/* Fewer steps than SEUIL_REGEX_STEPS_MAX for what is matched with this context. */
void seuil_regex_limit(void *context, uint32_t steps);

/* 1, 0, or negative when a limit was reached. For struct seuil_rule_index. */
int seuil_regex_match(void *context, const struct seuil_regex *regex, struct seuil_str subject);

/* The same, and what group @group took (0: the whole match) in @ret_text, a slice of @subject; len
 * 0 when the group took no part. @group is at most SEUIL_REGEX_CAPTURES_MAX. */
int seuil_regex_capture(void *context, const struct seuil_regex *regex, struct seuil_str subject,
                        unsigned group, struct seuil_str *ret_text);

/* How many groups capture. */
unsigned seuil_regex_groups(const struct seuil_regex *regex);

#endif
